"""A circuit: built by ordinary expressions, values forward, gradients backward, a tangent forward (S3.1).

    c = Circuit()
    x, y = c.input("x", 2.0), c.input("y", -3.0)
    f = (x * y + x) ** 2
    run = c.forward()                 # every value; forward(x=…) for others
    run[f]                            # 16.0
    run.backward(f)[x]                # ∂f/∂x; asked again, the same answer
    run.tangent(x=1.0)[f]             # the same derivative the other way round: forward mode

Wires come in arrays: `c.input("w", np.ones((3, 4)))` are twelve wires, and `w * a` is a multiply gate for each. Gates lie in
flat arrays in topological order, so that no expression is too deep, and gates that can work at the same time do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.circuits import gates
from chainrule.circuits.gates import Gate
from chainrule.errors import CircuitError

Array = np.ndarray


class Wires:
    """An array of wires of one circuit; arithmetic on it adds gates. A single wire has the shape ()."""

    __slots__ = ("circuit", "numbers")

    def __init__(self, circuit: Circuit, numbers: Any) -> None:
        self.circuit = circuit
        self.numbers = np.asarray(numbers)

    def __repr__(self) -> str:
        return f"Wires{self.shape}"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Wires:
        """np.exp(wires), array * wires and the like: a gate, as m.exp(wires) and wires * array are."""
        gate = _UFUNCS.get(ufunc)
        if gate is None or method != "__call__" or settings:
            known = ", ".join(f"np.{each.__name__}" for each in _UFUNCS)
            raise CircuitError(f"np.{ufunc.__name__} is no gate: there are {known}, and ** with a number")
        return _circuit_of(*inputs).gate(gate, *inputs)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.numbers.shape

    def __getitem__(self, index: Any) -> Wires:
        return Wires(self.circuit, self.numbers[index])

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Wires]:
        return (self[i] for i in range(len(self)))

    def sum(self) -> Wires:
        """One add gate for each row: the sum over the last axis (S3.5, the first add gate)."""
        if not self.shape or not self.shape[-1]:
            raise CircuitError(f"a sum runs over the last axis of an array of wires, got the shape {self.shape}")
        return self.circuit.gate(gates.ADD, *(Wires(self.circuit, each) for each in np.moveaxis(self.numbers, -1, 0)))

    def __add__(self, other: Any) -> Wires:
        return self.circuit.gate(gates.ADD, self, other)

    def __radd__(self, other: Any) -> Wires:
        return self.circuit.gate(gates.ADD, other, self)

    def __mul__(self, other: Any) -> Wires:
        return self.circuit.gate(gates.MULTIPLY, self, other)

    def __rmul__(self, other: Any) -> Wires:
        return self.circuit.gate(gates.MULTIPLY, other, self)

    def __sub__(self, other: Any) -> Wires:
        return self.circuit.gate(gates.SUBTRACT, self, other)

    def __rsub__(self, other: Any) -> Wires:
        return self.circuit.gate(gates.SUBTRACT, other, self)

    def __truediv__(self, other: Any) -> Wires:
        return self.circuit.gate(gates.DIVIDE, self, other)

    def __rtruediv__(self, other: Any) -> Wires:
        return self.circuit.gate(gates.DIVIDE, other, self)

    def __pow__(self, exponent: Any) -> Wires:
        if isinstance(exponent, Wires):  # x^y = e^(y log x)
            return MATHS.exp(exponent * MATHS.log(self))
        return self.circuit.gate(gates.POWER, self, exponent)

    def __rpow__(self, base: Any) -> Wires:
        if not (isinstance(base, (int, float, np.number)) and base > 0):
            raise CircuitError(f"a power with a wire in its exponent has a base above 0, got {base!r}")
        return MATHS.exp(self * math.log(base))

    def __neg__(self) -> Wires:
        return self.circuit.gate(gates.NEGATE, self)

    def __abs__(self) -> Wires:
        return self.circuit.gate(gates.ABS, self)


class Maths:
    """The elementary functions of wires: the namespace in which forms of activations and costs become gates."""

    def __init__(self) -> None:
        for gate in (gates.EXP, gates.LOG, gates.TANH, gates.ERF, gates.SIN, gates.COS, gates.SQRT, gates.ABS):
            setattr(self, gate.name, self._unary(gate))

    @staticmethod
    def _unary(gate: Gate) -> Any:
        return lambda x: x.circuit.gate(gate, x)

    def maximum(self, x: Any, y: Any) -> Wires:
        return _circuit_of(x, y).gate(gates.MAXIMUM, x, y)

    def minimum(self, x: Any, y: Any) -> Wires:
        return _circuit_of(x, y).gate(gates.MINIMUM, x, y)

    def constant(self, x: Any) -> Any:
        return x.circuit.gate(gates.HOLD, x) if isinstance(x, Wires) else x

    def sum(self, x: Wires) -> Wires:
        return x.sum()[..., None]

    def largest(self, x: Wires) -> Wires:
        """The largest of each row, by max gates in pairs."""
        while x.shape[-1] > 1:
            half = x.shape[-1] // 2
            pairs = self.maximum(x[..., :half], x[..., half : 2 * half])
            x = Wires(x.circuit, np.concatenate([pairs.numbers, x.numbers[..., 2 * half :]], axis=-1))
        return x


MATHS: Any = Maths()
_UFUNCS: dict[np.ufunc, Gate] = {
    np.add: gates.ADD, np.subtract: gates.SUBTRACT, np.multiply: gates.MULTIPLY, np.divide: gates.DIVIDE,
    np.negative: gates.NEGATE, np.absolute: gates.ABS, np.exp: gates.EXP, np.log: gates.LOG, np.tanh: gates.TANH,
    np.sin: gates.SIN, np.cos: gates.COS, np.sqrt: gates.SQRT, np.maximum: gates.MAXIMUM, np.minimum: gates.MINIMUM,
}  # fmt: skip


def _circuit_of(*wires: Any) -> Circuit:
    for each in wires:
        if isinstance(each, Wires):
            return each.circuit
    raise CircuitError("at least one wire is needed: between two numbers use max and min")


@dataclass(frozen=True)
class Group:
    """Gates of one kind that can work at the same time: their places, and those of their inputs, an array an input."""

    gate: Gate
    start: int
    stop: int
    inputs: Array  # (inputs, gates)
    edges: Array  # where each of them is in the list of edges, the same shape


@dataclass(frozen=True)
class Plan:
    """A circuit laid out to run: gates ordered by level and kind, edges ordered by the gate that they leave."""

    place: Array  # of each gate
    groups: tuple[Group, ...]
    leaving: Array  # edges leaving the gate at place p are leaving[p]…leaving[p + 1]


class Circuit:
    """Gates and wires. Named inputs have a value to begin with; `forward` computes every wire for these or other values."""

    def __init__(self) -> None:
        self._blocks: list[tuple[Gate, Array]] = []  # kind, numbers of inputs (inputs, gates)
        self._starts: list[int] = []
        self._levels: list[Array] = []
        self._level_of = np.zeros(1024, np.int64)
        self._count = 0
        self._inputs: dict[str, tuple[Wires, Array]] = {}
        self._constants: list[tuple[Array, Array]] = []
        self._plan: Plan | None = None

    def __len__(self) -> int:
        """How many gates there are; inputs and constants are wires, and no gates."""
        return self._count - sum(values.size for _, values in [*self._inputs.values(), *self._constants])

    def __repr__(self) -> str:
        return f"Circuit({len(self):,} gates, inputs {', '.join(self._inputs) or 'none'})"

    # building -------------------------------------------------------------------------------------------------------
    def input(self, name: str, value: Any) -> Wires:
        """Wires of that name, an array of them where the value is one. Raises CircuitError for a name that is taken."""
        if name in self._inputs:
            raise CircuitError(f"this circuit has an input {name!r} already")
        values = _numbers(value, f"input {name!r}")
        wires = self._source(values.shape)
        self._inputs[name] = (wires, values)
        return wires

    def constant(self, value: Any) -> Wires:
        """Wires that keep one value."""
        values = _numbers(value, "a constant")
        wires = self._source(values.shape)
        self._constants.append((wires.numbers, values))
        return wires

    def gate(self, gate: Gate, *inputs: Any) -> Wires:
        """A gate of that kind for each element of its inputs, which broadcast. Numbers among them become constants."""
        given = [self._wires(each) for each in inputs]
        try:
            numbers = np.broadcast_arrays(*given)
        except ValueError:
            shapes = " and ".join(str(each.shape) for each in given)
            raise CircuitError(f"wires of the shapes {shapes} do not go together in {gate.name} gates") from None
        shape = numbers[0].shape
        return Wires(self, self._block(gate, np.stack([each.ravel() for each in numbers])).reshape(shape))

    def _wires(self, given: Any) -> Array:
        if isinstance(given, Wires):
            if given.circuit is not self:
                raise CircuitError("these wires belong to two circuits: build both in one Circuit()")
            return given.numbers
        return self.constant(given).numbers

    def _source(self, shape: tuple[int, ...]) -> Wires:
        count = int(np.prod(shape, dtype=np.int64))
        return Wires(self, self._block(gates.INPUT, np.zeros((0, count), np.int64)).reshape(shape))

    def _block(self, gate: Gate, inputs: Array) -> Array:
        start, stop = self._count, self._count + inputs.shape[1]
        while stop > len(self._level_of):
            self._level_of = np.concatenate([self._level_of, np.zeros_like(self._level_of)])
        if len(inputs):
            self._level_of[start:stop] = self._level_of[inputs].max(axis=0) + 1
        self._blocks.append((gate, inputs))
        self._starts.append(start)
        self._count, self._plan = stop, None
        return np.arange(start, stop)

    # running --------------------------------------------------------------------------------------------------------
    def forward(self, **inputs: Any) -> Run:
        """Every wire's value. Inputs not named keep theirs; a leading axis (batch, …) runs many values at once."""
        batch: int | None = None
        given: dict[str, Array] = {}
        for name, value in inputs.items():
            if name not in self._inputs:
                raise CircuitError(f"there is no input {name!r}: inputs are {', '.join(self._inputs) or 'none'}")
            wires, _ = self._inputs[name]
            given[name] = _numbers(value, f"input {name!r}")
            extra = given[name].ndim - len(wires.shape)
            if given[name].shape[extra if extra == 1 else 0 :] != wires.shape:
                raise CircuitError(
                    f"input {name!r} has the shape {wires.shape}, or (batch, …) before it; got {given[name].shape}"
                )
            if extra:
                if len(given[name]) == 0:
                    raise CircuitError(f"input {name!r} holds no values")
                if batch not in (None, len(given[name])):
                    raise CircuitError(
                        f"inputs come in batches of {batch} and of {len(given[name])}: one size is needed"
                    )
                batch = len(given[name])
        plan = self._layout()
        values = np.zeros((self._count,) if batch is None else (self._count, batch))
        for name, (wires, usual) in self._inputs.items():
            value = given.get(name, usual)
            flat = value.reshape(batch, -1).T if name in given and value.ndim > len(wires.shape) else value.ravel()
            values[plan.place[wires.numbers.ravel()]] = flat if values.ndim == flat.ndim else flat[:, None]
        for numbers, value in self._constants:
            values[plan.place[numbers.ravel()]] = value.ravel() if batch is None else value.ravel()[:, None]
        with np.errstate(all="ignore"):
            for group in plan.groups:
                arrived = [values[places] for places in group.inputs]
                _check_defined(group.gate, arrived)
                values[group.start : group.stop] = made = group.gate.value(*arrived)
                if np.isnan(made).any():
                    raise CircuitError(
                        f"{_first(group.gate, arrived, np.isnan(made))}, give no number: ∞ − ∞, 0 · ∞ or ∞ / ∞"
                    )
        return Run(self, plan, values)

    def _layout(self) -> Plan:
        if self._plan is None:
            self._plan = _lay_out(self._blocks, self._starts, self._level_of[: self._count])
        return self._plan

    def input_wires(self, name: str) -> Wires:
        """The wires of a named input."""
        if name not in self._inputs:
            raise CircuitError(f"there is no input {name!r}: inputs are {', '.join(self._inputs) or 'none'}")
        return self._inputs[name][0]


class Run:
    """A circuit with a value on every wire: `run[wires]`, shape of the wires, with (…, batch) where a batch was run."""

    def __init__(self, circuit: Circuit, plan: Plan, values: Array) -> None:
        self.circuit = circuit
        self._plan = plan
        self._values = values

    def __getitem__(self, wires: Wires) -> Any:
        return _look_up(self, self._values, wires)

    def _check_known(self, wires: Wires) -> None:
        if wires.circuit is not self.circuit:
            raise CircuitError("this wire belongs to another circuit")
        if wires.numbers.size and wires.numbers.max() >= len(self._plan.place):
            raise CircuitError("this wire is newer than the run: call forward again")

    def backward(self, of: Wires) -> Gradients:
        """∂of/∂wire for every wire: one pass back, gates in reverse, every gate's shares added up (S3.11)."""
        if of.circuit is not self.circuit or of.numbers.size != 1:
            raise CircuitError("a backward phase starts from one wire of this circuit")
        self._check_known(of)
        values, plan = self._values, self._plan
        seed = int(plan.place[of.numbers.ravel()[0]])
        sent = np.zeros((plan.leaving[-1], *values.shape[1:]))
        gradient = np.zeros_like(values)
        with np.errstate(all="ignore"):
            for group in reversed(plan.groups):
                received = _collect(sent, plan.leaving, group.start, group.stop)
                if group.start <= seed < group.stop:
                    received[seed - group.start] += 1.0
                gradient[group.start : group.stop] = received
                if len(group.inputs):
                    out = values[group.start : group.stop]
                    slopes = group.gate.slopes(out, *(values[places] for places in group.inputs))
                    for edges, slope in zip(group.edges, slopes):
                        sent[edges] = _times(received, slope)
        sources = _sources(plan)
        gradient[:sources] = _collect(sent, plan.leaving, 0, sources)
        if seed < sources:
            gradient[seed] += 1.0
        return Gradients(self, gradient)

    def tangent(self, **directions: Any) -> Gradients:
        """The rate at which every wire changes when the inputs move in these directions: forward mode (S1.21)."""
        plan, values = self._plan, self._values
        rates = np.zeros_like(values)
        for name, direction in directions.items():
            wires = self.circuit.input_wires(name)
            self._check_known(wires)
            given = _numbers(direction, f"direction {name!r}")
            if given.shape not in ((), wires.shape):
                raise CircuitError(f"direction {name!r} has the shape {wires.shape} of its input, got {given.shape}")
            moved = np.broadcast_to(given, wires.shape).ravel()
            rates[plan.place[wires.numbers.ravel()]] = moved if values.ndim == 1 else moved[:, None]
        with np.errstate(all="ignore"):
            for group in plan.groups:
                out = values[group.start : group.stop]
                slopes = group.gate.slopes(out, *(values[places] for places in group.inputs))
                shares = [_times(rates[places], slope) for places, slope in zip(group.inputs, slopes)]
                rates[group.start : group.stop] = np.add.reduce(shares)
        return Gradients(self, rates)


class Gradients:
    """A derivative on every wire: `gradients[wires]`, shape of the wires, with (…, batch) where a batch was run."""

    def __init__(self, run: Run, values: Array) -> None:
        self._run = run
        self._values = values

    def __getitem__(self, wires: Wires) -> Any:
        return _look_up(self._run, self._values, wires)


def _look_up(run: Run, values: Array, wires: Wires) -> Any:
    run._check_known(wires)
    found = values[run._plan.place[wires.numbers]]
    return found if found.ndim else float(found)


def _numbers(value: Any, what: str) -> Array:
    try:
        values = np.array(value, dtype=np.float64)  # its own: the caller's array may change
    except (TypeError, ValueError):
        raise CircuitError(f"{what} is a real number or an array of them, got {value!r}") from None
    if not np.isfinite(values).all():
        raise CircuitError(f"{what} holds {values[~np.isfinite(values)].flat[0]}: finite numbers are needed")
    return values


def _check_defined(gate: Gate, inputs: Sequence[Array]) -> None:
    if gate.defined is not None:
        bad = ~gate.defined(*inputs)
        if bad.any():
            raise CircuitError(f"{gate.domain}: {_first(gate, inputs, bad)}")


def _first(gate: Gate, inputs: Sequence[Array], bad: Array) -> str:
    """How many gates are meant, and the inputs of the first."""
    at = ", ".join(str(float(np.broadcast_to(each, bad.shape)[bad].flat[0])) for each in inputs)
    return f"{int(bad.sum()):,} {gate.name} gate(s), the first with {at}"


def _times(received: Array, slope: Any) -> Array:
    """The gradient sent on. Nothing times anything is nothing, be it infinite: e^800 under a quotient weighs nothing."""
    if isinstance(slope, float):
        return received if slope == 1.0 else received * slope
    product = received * slope
    if np.isnan(product).any():
        product[(received == 0) | (slope == 0)] = 0.0
    return product


def _sources(plan: Plan) -> int:
    """Inputs and constants lie first, before every group."""
    return plan.groups[0].start if plan.groups else len(plan.place)


def _collect(sent: Array, leaving: Array, start: int, stop: int) -> Array:
    """What the gates at start…stop are sent, each over all the edges that leave it: fan-out adds up (S3.11)."""
    first, last = leaving[start], leaving[stop]
    if last - first == stop - start and np.array_equal(leaving[start : stop + 1], np.arange(first, last + 1)):
        return sent[first:last].copy()  # every gate feeds exactly one other
    received = np.zeros((stop - start, *sent.shape[1:]))
    used = np.flatnonzero(leaving[start + 1 : stop + 1] > leaving[start:stop])
    if used.size:
        received[used] = np.add.reduceat(sent[first:last], leaving[start:stop][used] - first, axis=0)
    return received


def _lay_out(blocks: Sequence[tuple[Gate, Array]], starts: Sequence[int], levels: Array) -> Plan:
    """Order gates by level, then kind; order edges by the gate that they leave."""
    kinds = {id(gate): i for i, (gate, _) in enumerate(blocks)}
    by_group: dict[tuple[int, int, int], list[tuple[Array, Array]]] = {}
    count = len(levels)
    sources: list[Array] = []
    for (gate, inputs), start in zip(blocks, starts):
        numbers = np.arange(start, start + inputs.shape[1])
        if gate is gates.INPUT:
            sources.append(numbers)
            continue
        block_levels = levels[numbers]
        if numbers.size == 1 or block_levels.min() == block_levels.max():
            parts = [(int(block_levels[0]), slice(None))]
        else:
            parts = [(int(level), block_levels == level) for level in np.unique(block_levels)]
        for level, part in parts:
            key = (level, kinds[id(gate)], len(inputs))
            by_group.setdefault(key, []).append((numbers[part], inputs[:, part]))
    place = np.empty(count, np.int64)
    at = 0
    for numbers in sources:
        place[numbers] = np.arange(at, at + numbers.size)
        at += numbers.size
    laid: list[tuple[Gate, int, int, Array]] = []
    for key in sorted(by_group):
        members = by_group[key]
        numbers = np.concatenate([each for each, _ in members]) if len(members) > 1 else members[0][0]
        inputs = np.concatenate([each for _, each in members], axis=1) if len(members) > 1 else members[0][1]
        place[numbers] = np.arange(at, at + numbers.size)
        laid.append((blocks[key[1]][0], at, at + numbers.size, inputs))
        at += numbers.size
    return _with_edges(place, [(gate, start, stop, place[inputs]) for gate, start, stop, inputs in laid])


def _with_edges(place: Array, laid: Sequence[tuple[Gate, int, int, Array]]) -> Plan:
    ends = np.concatenate([inputs.ravel() for *_, inputs in laid]) if laid else np.zeros(0, np.int64)
    leaving = np.zeros(len(place) + 1, np.int64)
    np.cumsum(np.bincount(ends, minlength=len(place)), out=leaving[1:])
    rank = np.empty(ends.size, np.int64)
    rank[np.argsort(ends, kind="stable")] = np.arange(ends.size)
    groups, at = [], 0
    for gate, start, stop, inputs in laid:
        edges = rank[at : at + inputs.size].reshape(inputs.shape)
        groups.append(Group(gate, start, stop, inputs, edges))
        at += inputs.size
    return Plan(place, tuple(groups), leaving)
