"""Activations and costs as JavaScript: what their Python asks NumPy for is recorded as gates, and written as text.

Nothing is written a second time by hand: `value`, `slope` and `delta` give the numbers that the page shows, and `form`, with
its rates of change as dual numbers have them, gives those that they are checked with (S2.16, S3.14). The text is a module:

    activations[key]   value(z, out) · slope(z, out), and of a softmax, where `full` is true, through(v, z, out) instead, which
                       is Σ′ᵀ v · form(z, out) · dual(z, dz, out, dout) · kinks
    costs[name]        of, "a" or "z" · value(v, y) · slope(a, y, out), which is ∇_a C · delta(z, y, out) or null ·
                       targetSlope(v, y, out), which is ∂C/∂y · form(v, y) · dual(v, dv, y, dy), which is [C, its rate] ·
                       margins(v, y, out) of a hinge or of absolute errors, or null · ofActivation, where `of` is "z": the
                       same C as a function of a^L, { form(v, y), dual(v, dv, y, dy) }, or null
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.activations import Activation, softmax
from chainrule.circuits import gates
from chainrule.circuits.gates import Gate
from chainrule.costs import Cost, Pair
from chainrule.elementary import Composed, erfc
from chainrule.engines.native import recorded
from chainrule.engines.native.recorded import Entry, Recorded, RecordedMaths, Recording, Unrecorded
from chainrule.errors import FormError
from chainrule.network import Network, cost_for
from chainrule.nudges.kinks import HINGE
from chainrule.own_forms import FAR
from chainrule.verification.kinks import ABSOLUTE
from chainrule.verification.moved import BY_ACTIVATION

Array = np.ndarray
ANY_WIDTH = 3  # of the layer on which a softmax is recorded: nothing in it depends on that number
HEAD = "// The activations and the costs of one network, traced from Python by explorer/traced.py."
ADVICE = "write it with + − × ÷ **, comparisons, np.where, and the functions of m or NumPy's of the same names"


# what is recorded besides forms: the NumPy of values and slopes ------------------------------------------------------------
ERFC = Gate("erfc", "erfc", erfc, lambda out, x: (-2 / math.sqrt(math.pi) * np.exp(-x * x),), "")
BY_NAME: dict[str, Gate] = {"erf": gates.ERF, "erfc": ERFC}  # SciPy's, which is not imported to be compared with
REDUCED: dict[Any, Gate] = {np.add: recorded.SUM, np.maximum: recorded.LARGEST}
OVER_A_ROW: dict[Gate, Callable[..., Any]] = {
    recorded.SUM: np.sum, recorded.LARGEST: np.max, recorded.PLACE_OF_LARGEST: np.argmax,
}  # fmt: skip


class Traced(Recorded):
    """A number of each output of one row: what a value or a slope, written for arrays (batch, out) or (n,), may do with it.

    It passes for an array where the types of arguments are checked. (No method says super(), which reads __class__ too.)
    """

    dtype = np.dtype(np.float64)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        outputs = self.recording.outputs
        if outputs is None or self.flat:
            return (1,)
        return (1, outputs if self.recording.entries[self.number].wide else 1)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:  # type: ignore[override]
        return 1

    def astype(self, dtype: Any) -> Traced:
        if np.dtype(dtype).kind != "f":
            raise Unrecorded(f"turns numbers into {np.dtype(dtype)}")
        return self

    def argmax(self, axis: int) -> Recorded:
        if axis not in (1, -1):
            raise Unrecorded(f"takes argmax over the axis {axis}")
        found = self.recording.over_a_row(recorded.PLACE_OF_LARGEST, self)
        return self.recording.numbers(found.number, flat=True)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        out = (settings.pop("out", None) or (None,))[0]
        if method == "reduce" and ufunc in REDUCED and settings in ({"axis": -1, "keepdims": True},):
            found = self.recording.over_a_row(REDUCED[ufunc], inputs[0])
        elif ufunc.__name__ in BY_NAME and method == "__call__" and not settings:
            found = self.recording.gate(BY_NAME[ufunc.__name__], *inputs)
        else:
            found = Recorded.__array_ufunc__(self, ufunc, method, *inputs, **settings)
        found = self.recording.wire(found)
        if out is None:
            return self.recording.numbers(found.number, found.flat)
        if not isinstance(out, Traced):
            raise Unrecorded("writes into an array of its own")
        out.number, out.flat = found.number, found.flat  # every name of that array sees what was written
        return out

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.clip and len(args) == 3 and not kwargs:
            return np.minimum(np.maximum(args[0], args[1]), args[2])
        if function is np.ones_like:
            return self.recording.wire(1.0)
        return Recorded.__array_function__(self, function, types, args, kwargs)


class Tracing(Recording):
    """A recording whose numbers know more of NumPy."""

    def numbers(self, place: int, flat: bool = False) -> Recorded:
        return Traced(self, place, flat)


class TracedMaths(RecordedMaths):
    """The namespace m of a form; composed functions are left as they are composed, other than in any value."""

    softplus = Composed.softplus


# what is traced ----------------------------------------------------------------------------------------------------------
def keys_of(network: Network) -> tuple[str, ...]:
    """By layer, the key of its activation in `activations`: its name, and a number where another has the same."""
    known: list[tuple[Any, ...]] = []
    found: list[str] = []
    for sigma in network.activations:
        mine = (sigma.name, *sigma.settings.items(), *([id(sigma.form)] if sigma.own else []))
        if mine not in known:
            known.append(mine)
        same = [each for each in known if each[0] == sigma.name]
        place = same.index(mine)
        found.append(f"{sigma.name} {place + 1}" if place else sigma.name)
    return tuple(found)


def forms_of(network: Network, *costs: str | Cost | None) -> str:
    """The module of a network's activations and of costs, the network's own unless some are named.

    Raises FormError where a user's own form does something that cannot be traced, and PairError where output and cost do
    not fit each other.
    """
    parts = [*_activations(network), "", *_costs(network, [cost_for(network, each) for each in costs or (None,)])]
    used = [name for name in BY_NAME if any(f"{name}(" in line for line in parts)]
    imports = [f"import {{ {', '.join(used)} }} from './erf.js';", ""] if used else []
    return "\n".join([HEAD, *imports, *parts, ""])


def _activations(network: Network) -> list[str]:
    lines, written = ["export const activations = {"], set()
    for key, sigma in zip(keys_of(network), network.activations):
        if key not in written:
            written.add(key)
            lines += [f"  [{_quoted(key)}]: {{", *_indented(_activation(sigma), 2), "  },"]
    return [*lines, "};"]


def _activation(sigma: Activation) -> list[str]:
    try:
        kinks = ", ".join(map(_literal, sigma.kinks))
        facts = [f"full: {str(sigma.full_slope).lower()},", f"kinks: [{kinks}],"]
        return [*facts, *(_softmax() if sigma.full_slope else _elementwise(sigma)), *_forms(sigma)]
    except Unrecorded as reason:
        raise FormError(
            f"the activation {sigma.name!r} cannot be part of a page: its form {reason}; {ADVICE}"
        ) from reason


def _elementwise(sigma: Activation) -> list[str]:
    """value and slope of an activation that acts on each neuron alone."""
    recording = Tracing()
    z = recording.given("z")
    if sigma.own:
        value, slope = _own_activation(recording, sigma, z)
    else:
        value, slope = (recorded.called(recording, each, z) for each in (sigma.value, sigma.slope))
    return [*_method("value", "z, out", recording, out=value), *_method("slope", "z, out", recording, out=slope)]


def _own_activation(recording: Recording, sigma: Activation, z: Recorded) -> tuple[Recorded, Recorded]:
    """The value and the slope of a user's own form, and that they are what it gives when it is called."""
    value = recorded.called(recording, sigma.form, z, RecordedMaths(recording))
    slope = recorded.slope(recording, value, z)
    points = np.concatenate([np.linspace(-6, 6, 49) + 0.0137, FAR, [0.0, *sigma.kinks]])
    for traced, right in ((value, sigma.value(points)), (slope, sigma.slope(points))):
        _check_same(_computed(recording, traced, z=points), right)
    return value, slope


def _through_softmax(v: Any, z: Any) -> Any:
    """Σ′ᵀ v of Σ′ = a_i (δ_ij − a_j), without the matrix: a ⊙ (v − Σ v·a) (S2.18).

    v counts from where a is largest, which changes nothing and keeps the digits where that a is near 1.
    """
    a = softmax.value(z)
    first = np.arange(a.shape[1]) == a.argmax(axis=1)[:, None]
    v = v - np.where(first, v, 0.0).sum(axis=-1, keepdims=True)
    return a * (v - (v * a).sum(axis=-1, keepdims=True))


def _softmax() -> list[str]:
    recording = Tracing(ANY_WIDTH)
    z, v = recording.given("z"), recording.given("v")
    return [
        *_method("value", "z, out", recording, out=recorded.called(recording, softmax.value, z)),
        *_method("through", "v, z, out", recording, out=recorded.called(recording, _through_softmax, v, z)),
    ]


def _forms(sigma: Activation) -> list[str]:
    """form and dual of an activation."""
    recording = Tracing(ANY_WIDTH if sigma.full_slope else None)
    z, dz = recording.given("z"), recording.given("dz")
    form = recorded.called(recording, sigma.form, z, TracedMaths(recording))
    moved = recorded.rate(recording, form, {z.number: dz})
    return [
        *_method("form", "z, out", recording, out=form),
        *_method("dual", "z, dz, out, dout", recording, out=form, dout=moved),
    ]


def _costs(network: Network, costs: Sequence[Cost]) -> list[str]:
    lines = ["export const costs = {"]
    for cost in costs:
        inside = _cost(cost, cost.on(network.output), network.output, network.sizes[-1])
        lines += [f"  [{_quoted(str(cost))}]: {{", *_indented(inside, 2), "  },"]
    return [*lines, "};"]


def _cost(cost: Cost, pair: Pair, output: Activation, outputs: int) -> list[str]:
    try:
        values = _own_cost(pair, outputs) if cost.own else _known_cost(pair, outputs)
        bent = MARGINS.get(cost.name) if not cost.own else None
        margins = ["margins: null,"] if bent is None else _margins(bent, outputs)
        forms = [*_cost_forms(pair.form, outputs), *_of_activation(cost, pair, output, outputs)]
        return [f"of: {_quoted(pair.of)},", *values, *_target_slope(pair.form, outputs), *margins, *forms]
    except Unrecorded as reason:
        raise FormError(f"the cost {cost.name!r} cannot be part of a page: its form {reason}; {ADVICE}") from reason


def _known_cost(pair: Pair, outputs: int) -> list[str]:
    """value, slope and delta of a cost of the table."""
    recording = Tracing(outputs)
    v, y, a, z = (recording.given(name) for name in ("v", "y", "a", "z"))
    value = recorded.of_a_row(recording, recorded.called(recording, pair.value, v, y))
    lines = _method("value", "v, y", recording, value)
    lines += _method("slope", "a, y, out", recording, out=recorded.called(recording, pair.slope, a, y))
    if pair.delta is None:
        return [*lines, "delta: null,"]
    return [*lines, *_method("delta", "z, y, out", recording, out=recorded.called(recording, pair.delta, z, y))]


def _own_cost(pair: Pair, outputs: int) -> list[str]:
    """The same of a user's own, whose slope is made from the form."""
    recording = Tracing(outputs)
    v, y = recording.given("v"), recording.given("y")
    value = recorded.of_a_row(recording, recorded.called(recording, pair.form, v, y, RecordedMaths(recording)))
    slope = recorded.slope(recording, value, v)
    rng = np.random.default_rng(0)
    for a in (*rng.random((4, outputs)), *(3 * rng.standard_normal((4, outputs)))):
        for target in (np.eye(outputs)[rng.integers(outputs)], rng.random(outputs)):
            found = _computed(recording, value, v=a, y=target)
            _check_same(found, pair.value(a[None], target[None])[0])
            _check_same(_computed(recording, slope, v=a, y=target), pair.slope(a[None], target[None])[0])
    slopes = _method("slope", "v, y, out", recording, out=slope)
    return [*_method("value", "v, y", recording, value), *slopes, "delta: null,"]


# how far each output is beyond the kink of a cost: a wrong class beyond its margin, 0 for the right one; or a_j beyond y_j
MARGINS: dict[str, Callable[[Any, Any], Any]] = {
    HINGE: lambda z, y: (1 - y) * (1 + z - (y * z).sum(axis=1, keepdims=True)),
    ABSOLUTE: lambda a, y: a - y,
}


def _margins(bent: Callable[[Any, Any], Any], outputs: int) -> list[str]:
    """Where a cost has kinks (S3.4, S3.14)."""
    recording = Tracing(outputs)
    v, y = recording.given("v"), recording.given("y")
    return _method("margins", "v, y, out", recording, out=recording.wire(bent(v, y)))


def _cost_forms(form: Callable[..., Any], outputs: int) -> list[str]:
    """form and dual of a cost."""
    recording = Tracing(outputs)
    v, y, dv, dy = (recording.given(name) for name in ("v", "y", "dv", "dy"))
    value = recorded.of_a_row(recording, recorded.called(recording, form, v, y, TracedMaths(recording)))
    moved = recorded.rate(recording, value, {v.number: dv, y.number: dy})
    return [
        *_method("form", "v, y", recording, value),
        *_method("dual", "v, dv, y, dy", recording, value, moved),
    ]


def _target_slope(form: Callable[..., Any], outputs: int) -> list[str]:
    """∂C/∂y, which no cost has by itself: from the form."""
    recording = Tracing(outputs)
    v, y = recording.given("v"), recording.given("y")
    value = recorded.of_a_row(recording, recorded.called(recording, form, v, y, TracedMaths(recording)))
    return _method("targetSlope", "v, y, out", recording, out=recorded.slope(recording, value, y))


def _of_activation(cost: Cost, pair: Pair, output: Activation, outputs: int) -> list[str]:
    """C as a function of a^L where it is computed from z^L: what follows when an output is moved by itself."""
    known = pair.form if output.name == "identity" else BY_ACTIVATION.get((cost.name, output.name))
    if pair.of == "a" or known is None:
        return ["ofActivation: null,"]
    return ["ofActivation: {", *_indented(_cost_forms(known, outputs), 1), "},"]


# whether what was traced is what the function does -------------------------------------------------------------------------
def _check_same(found: Any, right: Any) -> None:
    """A form may do something else each time it is called."""
    found, size = np.asarray(found), np.abs(right).max(initial=0)
    if not np.allclose(found, right, rtol=1e-9, atol=1e-9 * (size if math.isfinite(size) else 1), equal_nan=True):
        raise Unrecorded("gives other numbers when it is traced")


def _computed(recording: Recording, wanted: Recorded, **given: Array) -> Any:
    """What a recording comes to in Python, for the numbers of one row."""
    values: dict[int, Any] = {}
    count = len(next(iter(given.values())))
    with np.errstate(all="ignore"):
        for number in recording.needed(wanted.number):
            entry = recording.entries[number]
            values[number] = _value_of(entry, [values[each] for each in entry.inputs], count, given)
    return values[wanted.number]


def _value_of(entry: Entry, inputs: Sequence[Any], count: int, given: Mapping[str, Array]) -> Any:
    gate = entry.gate
    if gate in (recorded.CONSTANT, recorded.TABLE):
        return np.array(entry.detail, float)
    if gate is recorded.GIVEN:
        return given[entry.detail]
    if gate is recorded.PLACE:
        return np.arange(count, dtype=float)
    if gate is recorded.ELEMENT:
        return inputs[0][entry.detail]
    if gate is recorded.TIMES:
        none = np.equal(inputs[0], 0) | np.equal(inputs[1], 0)
        return np.where(none, 0.0, inputs[0] * inputs[1])
    value: Callable[..., Any] = OVER_A_ROW.get(gate, gate.value)
    return np.asarray(value(*inputs), float)


# gates as text -------------------------------------------------------------------------------------------------------------
EXPRESSIONS: dict[Gate, str] = {
    gates.ADD: "{0} + {1}", gates.SUBTRACT: "{0} - {1}", gates.MULTIPLY: "{0} * {1}", gates.DIVIDE: "{0} / {1}",
    gates.NEGATE: "-{0}", gates.HOLD: "{0}", gates.POWER: "Math.pow({0}, {1})", gates.EXP: "Math.exp({0})",
    gates.EXPM1: "Math.expm1({0})", gates.LOG: "Math.log({0})", gates.LOG1P: "Math.log1p({0})",
    gates.TANH: "Math.tanh({0})", gates.ERF: "erf({0})", ERFC: "erfc({0})", gates.SIN: "Math.sin({0})",
    gates.COS: "Math.cos({0})", gates.SQRT: "Math.sqrt({0})", gates.ABS: "Math.abs({0})",
    gates.MAXIMUM: "Math.max({0}, {1})", gates.MINIMUM: "Math.min({0}, {1})",  # NaN where one is; z > 0 ? z : 0 loses it
    gates.SELECT: "{0} > 0 ? {1} : {2}",
    recorded.EQUAL: "{0} === {1} ? 1 : 0", recorded.LESS: "{0} < {1} ? 1 : 0",
    recorded.LESS_EQUAL: "{0} <= {1} ? 1 : 0", recorded.SIGN: "Math.sign({0})",
    recorded.TIMES: "{0} === 0 || {1} === 0 ? 0 : {0} * {1}",  # 0 · ∞ is 0
    recorded.LOG_ADD_EXP: "Math.max({0}, {1}) + Math.log1p(Math.exp(-Math.abs({0} - {1})))",
    recorded.GIVEN: "{detail}[j]", recorded.TABLE: "{detail}[j]",
}  # fmt: skip


def _method(name: str, arguments: str, recording: Recording, *results: Recorded, **arrays: Recorded) -> list[str]:
    """A method that returns results, one number of the row each, or fills arrays with a number of each output."""
    writer = _Writer(recording, arguments.split(",")[0])
    body = list(writer.rows(*results, *arrays.values()))
    if arrays:
        fill = [f"{array}[j] = {{}};" for array in arrays]
        body += [*writer.loop(fill, *(each.number for each in arrays.values())), f"return {next(iter(arrays))};"]
    else:
        names = [writer.name(each.number) for each in results]
        body.append(f"return {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'};")
    return [f"{name}({arguments}) {{", *_indented([*writer.tables(), *body], 1), "},"]


class _Writer:
    """Writes gates as constants of JavaScript; those with a number for each output inside loops, where they are used."""

    def __init__(self, recording: Recording, first: str) -> None:
        self.entries, self.needed, self.first = recording.entries, recording.needed, first
        self._names: dict[int, str] = {}
        self._tables: dict[tuple[float, ...], str] = {}

    def name(self, number: int) -> str:
        """What a gate is called; a constant is its number."""
        entry = self.entries[number]
        if entry.gate is recorded.CONSTANT:
            return _literal(entry.detail)
        if _is_place(entry):
            return "j"
        return self._names.setdefault(number, f"t{len(self._names)}")

    def tables(self) -> list[str]:
        """The lists of numbers that the lines written so far read."""
        return [f"const {name} = [{', '.join(map(_literal, numbers))}];" for numbers, name in self._tables.items()]

    def rows(self, *wanted: Recorded) -> Iterator[str]:
        """The lines of gates with one number of the row, in order."""
        for number in self.needed(*(each.number for each in wanted)):
            entry = self.entries[number]
            if entry.gate in recorded.OVER_A_ROW:
                yield from self._over_a_row(number, entry)
            elif not entry.wide and entry.gate is not recorded.CONSTANT:
                yield f"const {self.name(number)} = {self._expression(entry)};"

    def loop(self, last: Sequence[str], *wanted: int) -> list[str]:
        """A loop over the outputs: the gates with a number of each, then lines that use those that are wanted."""
        body = [*self._wide(*wanted), *(line.format(self.name(each)) for line, each in zip(last, wanted))]
        return [f"for (let j = 0; j < {self.first}.length; j += 1) {{", *_indented(body, 1), "}"]

    def _wide(self, *wanted: int) -> list[str]:
        """The gates with a number of each output that lead to these; what has one number of the row is there already."""
        found, ahead = set[int](), list(wanted)
        while ahead:
            number = ahead.pop()
            if number not in found and self.entries[number].wide:
                found.add(number)
                ahead.extend(self.entries[number].inputs)
        written = [(number, self.entries[number]) for number in sorted(found) if not _is_place(self.entries[number])]
        return [f"const {self.name(number)} = {self._expression(entry)};" for number, entry in written]

    def _over_a_row(self, number: int, entry: Entry) -> list[str]:
        made, (source,) = self.name(number), entry.inputs
        first = [f"let {made} = {'-Infinity' if entry.gate is recorded.LARGEST else '0'};"]
        if entry.gate is recorded.SUM:
            return [*first, *self.loop([f"{made} += {{}};"], source)]
        if entry.gate is recorded.LARGEST:
            return [*first, *self.loop([f"{made} = Math.max({made}, {{}});"], source)]
        if entry.gate is recorded.ELEMENT:
            body = [f"const j = {entry.detail};", *self._wide(source), f"{made} = {self.name(source)};"]
            return [*first, "{", *_indented(body, 1), "}"]
        best, value = f"best{made}", "{0}"
        larger = f"if ({value} > {best}) {{{{ {best} = {value}; {made} = j; }}}}"
        return [*first, f"let {best} = -Infinity;", *self.loop([larger], source)]

    def _is_finite(self, number: int) -> bool:
        """Whether it is a constant that is a number, times which 0 is 0."""
        entry = self.entries[number]
        return entry.gate is recorded.CONSTANT and math.isfinite(entry.detail)

    def _expression(self, entry: Entry) -> str:
        detail = entry.detail
        if entry.gate is recorded.TIMES and any(map(self._is_finite, entry.inputs)):
            return EXPRESSIONS[gates.MULTIPLY].format(*map(self.name, entry.inputs))
        if entry.gate is recorded.TABLE:
            detail = self._tables.setdefault(detail, f"table{len(self._tables)}")
        return EXPRESSIONS[entry.gate].format(*map(self.name, entry.inputs), detail=detail)


def _is_place(entry: Entry) -> bool:
    """Whether it is 0, 1, … of the outputs."""
    return entry.gate is recorded.PLACE or (
        entry.gate is recorded.TABLE and entry.detail == tuple(range(len(entry.detail)))
    )


def _literal(number: float) -> str:
    """A number as JavaScript writes it; in brackets where it is negative."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "(-Infinity)"
    text = repr(float(number)).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text


def _quoted(text: str) -> str:
    """A text of JavaScript in ASCII, which ends no script either."""
    return json.dumps(text).replace("<", "\\u003c")


def _indented(lines: Sequence[str], by: int) -> list[str]:
    return ["  " * by + line for line in lines]
