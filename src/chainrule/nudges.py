"""Nudges: one quantity moved, what its tangent promises for another, and what then happens.

nudge      one step, and the change of everything on the way           (S1.6, S1.7)
sweep      several steps, a row each: predicted, actual, miss          (S2.2)
best_move  the step within a range that lowers a quantity most         (S2.3)
demon      each neuron of a layer in turn, or all weights together     (S0.16, S2.3, S2.4)

Slopes are made by dual numbers, values by the forms of σ and C in float64. On the way may lie kinks, where a unit's z passes a
kink of its σ or the hinge of a cost sets in: there the tangent's promise ends (S3.4). Those of an own cost are not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.aligned import aligned
from chainrule.backward import gradient
from chainrule.costs import Cost, as_cost, natural
from chainrule.dual import Dual, dual
from chainrule.errors import DataError, FormError, IdError, SettingError, ShapeError, unknown_name
from chainrule.forward import target_rows
from chainrule.ids import Id, parse
from chainrule.network import Network, as_network
from chainrule.parameters import Layers, Parameters
from chainrule.report import as_json
from chainrule.verification.moved import Followed, follow, largest_term, movable, slope_by_dual

Array = np.ndarray
Margins = Callable[[Array], Array]
DEMONS = ("good", "activation", "gradient")
NEAR = 1e-3  # of the cost: a neuron whose step promises less is near optimal, as far as the demon can tell
LISTED = 8  # kinks that are printed; the rest are counted
HINGE = "multiclass_hinge"
GRID = 257  # points of a range that are looked at before anything is refined
SECTIONS = 75  # of an interval: to the last digit
SMALLEST = 1e-30  # a step that no z feels: what is crossed before it is crossed at 0
PLACES = 64  # low places that are refined
ROUNDS = 12  # of adding points to a grid
WITHIN = 1e-6  # where in a cell its tangents are taken, in parts of it
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Change:
    """One step of v: u before and after it, and the slope ∂u/∂v from which the change was predicted.

    `terms` is the size of the numbers summed on the way to u, whose rounding may hide a small change; `left` is True where a z
    or an a left the floating point numbers.
    """

    step: float
    before: float
    after: float
    slope: float
    terms: float = 1.0
    left: bool = False

    @property
    def predicted(self) -> float:
        """What the tangent promises: ∂u/∂v · Δ."""
        return self.slope * self.step + 0.0

    @property
    def actual(self) -> float:
        """What happens."""
        return self.after - self.before

    @property
    def note(self) -> str:
        """Why there is no miss to speak of; empty where there is one."""
        if math.isnan(self.after) and not self.left:
            return "undefined"  # as the logarithm of an output that was moved below 0
        if not (math.isfinite(self.actual) and math.isfinite(self.predicted)):
            return "overflow"
        if self.slope == 0 or self.step == 0:
            return "nothing predicted"
        rounding = 8 * EPSILON * max(abs(self.before), abs(self.after), self.terms)
        if self.predicted == 0 and abs(self.actual) <= rounding:
            return "underflow"
        if rounding > 1e-3 * max(abs(self.predicted), abs(self.actual)):
            return "lost in rounding"
        return ""

    @property
    def miss(self) -> float | None:
        """(actual − predicted) / predicted; None where nothing was predicted or the change is hidden (see `note`)."""
        if self.note:
            return None
        return (self.actual - self.predicted) / self.predicted if self.predicted else math.inf

    def to_json(self) -> dict[str, Any]:
        """The step, both changes, the miss (null where there is none) and why."""
        names = ("step", "before", "after", "slope", "predicted", "actual", "miss", "note")
        return as_json({name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class Kink:
    """Where on the way a unit passes a kink: its id, the Δ of v at which it does, the z it passes, and of which function."""

    unit: str
    at: float
    passes: float
    of: str

    def __str__(self) -> str:
        if self.of == HINGE:
            return f"{self.unit} meets the margin of the right class at Δ = {signed(self.at)}"
        return f"{self.unit} passes {_minus(f'{self.passes:g}')}, the kink of {self.of}, at Δ = {signed(self.at)}"


@dataclass(frozen=True)
class Link:
    """One place on the way from v to u: a quantity, or a whole layer of them, with its change and the tangent's.

    Of a layer `change` and `predicted` are Euclidean norms, and before and after are None. `ratio` is this change over the one
    before it on the way: the derivative as a ratio of nudges (S1.7).
    """

    name: str
    neurons: int
    before: float | None
    after: float | None
    change: float
    predicted: float
    ratio: float | None

    @property
    def single(self) -> bool:
        """True for one quantity, False for a layer."""
        return self.before is not None


@dataclass(frozen=True)
class Nudge:
    """One step of v and what followed, up to u; prints as a table of the links on the way."""

    by: str
    of: str
    cost: str
    change: Change
    links: tuple[Link, ...]
    kinks: tuple[Kink, ...]

    @property
    def predicted(self) -> float:
        """∂u/∂v · Δ."""
        return self.change.predicted

    @property
    def actual(self) -> float:
        """What happened to u."""
        return self.change.actual

    @property
    def miss(self) -> float | None:
        """(actual − predicted) / predicted, None where there is none to speak of."""
        return self.change.miss

    def __str__(self) -> str:
        head = ["", "before", "after", "change", "predicted", "ratio"]
        rows = [head, *map(_link_cells, self.links)]
        title = f"{self.by} moved by {step_text(self.change.step)}, and what follows up to {_named(self.of, self.cost)}"
        return "\n".join([title, *aligned(rows), _verdict(self.change), *_kink_lines(self.kinks)])

    def to_json(self) -> dict[str, Any]:
        """Everything in the table, and all kinks."""
        links = [{**link.__dict__, "single": link.single} for link in self.links]
        kinks = [kink.__dict__ for kink in self.kinks]
        head = {"by": self.by, "of": self.of, "cost": self.cost}
        return as_json({**head, **self.change.to_json(), "links": links, "kinks": kinks})


@dataclass(frozen=True)
class Sweep:
    """Several steps of v, a row each; `kinks` are those between the lowest and the highest step, 0 included."""

    by: str
    of: str
    cost: str
    before: float
    slope: float
    rows: tuple[Change, ...]
    kinks: tuple[Kink, ...]

    def __str__(self) -> str:
        cells = [[step_text(r.step), signed(r.predicted), signed(r.actual), miss_text(r)] for r in self.rows]
        title = (
            f"{_named(self.of, self.cost)} when {self.by} is moved: before {number(self.before)}, "
            f"slope ∂{self.of}/∂{self.by} = {number(self.slope)}"
        )
        return "\n".join(
            [title, *aligned([["Δ", "predicted", "actual", "miss"], *cells], ">"), *_kink_lines(self.kinks)]
        )

    def to_json(self) -> dict[str, Any]:
        """Everything in the table, and all kinks."""
        rows, kinks = [row.to_json() for row in self.rows], [kink.__dict__ for kink in self.kinks]
        return as_json({**self.__dict__, "rows": rows, "kinks": kinks})


@dataclass(frozen=True)
class BestMove:
    """The step between `lowest` and `highest` that lowers u most, beside the one that the tangent would have taken."""

    by: str
    of: str
    cost: str
    lowest: float
    highest: float
    change: Change
    tangent: Change
    kinks: tuple[Kink, ...]

    @property
    def step(self) -> float:
        """The best Δ."""
        return self.change.step

    @property
    def at_end(self) -> bool:
        """True where the range ends the search: beyond it there may be more to gain."""
        return self.step in (self.lowest, self.highest)

    def __str__(self) -> str:
        rows = [["", "Δ", "predicted", "actual", "miss"]]
        for name, each in (("best move", self.change), ("the tangent's", self.tangent)):
            step = step_text(float(f"{each.step:.7g}"))
            rows.append([name, step, signed(each.predicted), signed(each.actual), miss_text(each)])
        title = (
            f"{_named(self.of, self.cost)} when {self.by} is moved between {step_text(self.lowest)} and "
            f"{step_text(self.highest)}: before {number(self.change.before)}, at best {number(self.change.after)}"
        )
        said = []
        if not self.change.actual < 0:
            said.append(f"no move in this range lowers {self.of}")
        elif self.at_end:
            said.append("the best is at the end of the range: further out there may be more")
        return "\n".join([title, *aligned(rows), *said, *_kink_lines(self.kinks)])

    def to_json(self) -> dict[str, Any]:
        """Both moves, and all kinks in the range."""
        parts = {"change": self.change.to_json(), "tangent": self.tangent.to_json(), "at_end": self.at_end}
        return as_json({**self.__dict__, **parts, "kinks": [kink.__dict__ for kink in self.kinks]})


@dataclass(frozen=True)
class Deed:
    """What the demon did at one place: the change of C, and the units that it left on another side of a kink."""

    at: str
    change: Change
    crossed: tuple[str, ...]

    @property
    def near_optimal(self) -> bool:
        """True where the slope promises next to nothing: as far as the demon can tell, this is near optimal (S2.3)."""
        return abs(self.change.predicted) <= NEAR * abs(self.change.before)

    @property
    def remark(self) -> str:
        """What a reader should see at once."""
        risen = self.change.actual > 0 and self.change.note != "lost in rounding"
        words = ["near optimal"] if self.near_optimal else ["overshot"] if risen else []
        if self.crossed:
            words.append(f"over {len(self.crossed)} kink{'s' if len(self.crossed) > 1 else ''}")
        return ", ".join(words)


@dataclass(frozen=True)
class Demon:
    """What the demon can do for C, the most promising place first; prints as a table."""

    kind: str
    layer: int | None
    size: float
    cost: str
    deeds: tuple[Deed, ...]

    @property
    def before(self) -> float:
        """C before anything is moved."""
        return self.deeds[0].change.before

    @property
    def best(self) -> Deed:
        """The deed that lowered C most in fact, which need not be the one that promised most."""
        return min(self.deeds, key=lambda deed: deed.change.actual if math.isfinite(deed.change.actual) else math.inf)

    def __str__(self) -> str:
        slope = {"good": "δ = ∂C/∂z", "activation": "∂C/∂a", "gradient": "−‖∇C‖"}[self.kind]
        rows = [["", slope, "Δ", "predicted", "actual", "miss", ""]]
        for deed in self.deeds:
            c = deed.change
            rows.append(
                [
                    deed.at,
                    signed(c.slope),
                    step_text(c.step),
                    signed(c.predicted),
                    signed(c.actual),
                    miss_text(c),
                    deed.remark,
                ]
            )
        said = []
        if self.best.change.actual < 0 and self.best.at != self.deeds[0].at:
            said.append(f"most was promised at {self.deeds[0].at}, most gained at {self.best.at}")
        if any(deed.near_optimal for deed in self.deeds):
            said.append(f"near optimal: the tangent promises less than {NEAR:.1%} of C, as far as the demon can tell")
        return "\n".join([self._title(), *aligned(rows, "<>>>>><"), *said])

    def _title(self) -> str:
        steps = f"by {step_text(self.size).removeprefix('+')}"
        whose = "all weights and biases" if self.layer is None else f"the weights and biases of layer {self.layer}"
        doing = {
            "good": f"the good demon at layer {self.layer} moves each z {steps} against its δ",
            "activation": f"the demon on the activations of layer {self.layer} moves each {steps} against its ∂C/∂a",
            "gradient": f"the demon of the gradient moves {whose} {steps} along −∇C",
        }[self.kind]
        return f"{doing}; C ({self.cost}) before {number(self.before)}"

    def to_json(self) -> dict[str, Any]:
        """Everything in the table."""
        deeds = [
            {"at": deed.at, **deed.change.to_json(), "near_optimal": deed.near_optimal, "crossed": deed.crossed}
            for deed in self.deeds
        ]
        return as_json({**self.__dict__, "before": self.before, "deeds": deeds, "best": self.best.at})


# the doors ----------------------------------------------------------------------------------------------------------
def nudge(
    network: Network,
    x: Any,
    y: Any,
    v: str | Id,
    step: float,
    of: str | Id = "C",
    cost: str | Cost | None = None,
) -> Nudge:
    """Move v of one example by `step`: the change of u = `of` as predicted and as it is, and of all on the way (S1.7).

    x (in,), y (out,) or a label; v and u are ids (w/l/j/k, b/l/j, z/l/j, a/l/j, x/k; u also C). The cost is the natural one
    of the output unless it is given. Raises IdError, ShapeError, SettingError for what cannot be asked, FormError where u or
    its slope is no number before anything is moved.
    """
    ask = _asked(network, x, y, v, of, cost)
    by = _finite(step, "a step")
    return Nudge(str(ask.v), str(ask.u), repr(ask.cost), ask.change(by), tuple(_links(ask, by)), ask.kinks([by]))


def sweep(
    network: Network,
    x: Any,
    y: Any,
    v: str | Id,
    steps: Any,
    of: str | Id = "C",
    cost: str | Cost | None = None,
) -> Sweep:
    """Move v of one example by each of a list of `steps`: predicted and actual change of u = `of`, and the miss (S2.2).

    Arguments and errors as for `nudge`.
    """
    ask = _asked(network, x, y, v, of, cost)
    if isinstance(steps, (str, bytes)) or not hasattr(steps, "__len__") or len(steps) == 0:
        raise SettingError(f"steps are a list of numbers such as [0.01, 0.1, 1], got {steps!r}")
    by = [_finite(step, "a step") for step in steps]
    rows = tuple(ask.change(step) for step in by)
    return Sweep(str(ask.v), str(ask.u), repr(ask.cost), ask.before, ask.slope, rows, ask.kinks(by))


def best_move(
    network: Network,
    x: Any,
    y: Any,
    v: str | Id,
    lowest: float,
    highest: float,
    of: str | Id = "C",
    cost: str | Cost | None = None,
) -> BestMove:
    """The step of v within lowest…highest that lowers u = `of` most, and what the tangent promised for it.

    The range is searched on a grid that holds every kink, made finer where u bends, and then within each valley. Where nothing
    is gained but rounding it is no step at all. Arguments and errors as for `nudge`; DataError where u is nowhere a number.
    """
    ask = _asked(network, x, y, v, of, cost)
    low, high = _finite(lowest, "the lowest step"), _finite(highest, "the highest step")
    if not low < high:
        raise SettingError(f"a range goes from a lower to a higher step, got {low:g} to {high:g}")
    kinks = ask.kinks_between(low, high)
    step = _lowest(ask, low, high, [kink.at for kink in kinks])
    nearest = min(max(0.0, low), high)  # where the tangent stays if it promises nothing
    towards = nearest if ask.slope == 0 else min((low, high), key=lambda end: ask.slope * end)
    return BestMove(
        str(ask.v), str(ask.u), repr(ask.cost), low, high, ask.change(step), ask.change(towards), tuple(kinks)
    )


def demon(
    network: Network,
    x: Any,
    y: Any,
    layer: int | None = None,
    size: float = 0.1,
    cost: str | Cost | None = None,
    kind: str = "good",
) -> Demon:
    """What small moves can do for the cost of one example: predicted and actual, the most promising first.

    good        each z of the layer alone, Δz = −size · sign δ                (S2.3, S0.16)
    activation  each a of the layer alone, Δa = −size · sign ∂C/∂a; layer 0 is x   (S2.4)
    gradient    all weights and biases, or those of the layer, by a step of norm `size` along −∇C
    """
    if kind not in DEMONS:
        raise unknown_name("demon", kind, DEMONS)
    length = _finite(size, "the demon's size")
    if length <= 0:
        raise SettingError(f"the demon's size is > 0, its sign is the demon's choice; got {length:g}")
    if layer is not None or kind != "gradient":
        _check_layer(as_network(network, "demon(network, x, y)"), layer, kind)
    if kind == "gradient":
        deeds = [_along_the_gradient(network, x, y, layer, length, cost)]
    else:
        assert layer is not None
        letter = "x" if layer == 0 else f"{'z' if kind == 'good' else 'a'}/{layer}"
        names = [f"{letter}/{j}" for j in range(network.sizes[layer])]
        deeds = [_against_the_slope(_asked(network, x, y, name, "C", cost), length) for name in names]
    deeds.sort(key=lambda deed: deed.change.predicted)
    return Demon(kind, layer, length, repr(_cost_of(network, cost)), tuple(deeds))


# what is asked ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Asked:
    """u as a function of a step of v, for one example in float64, with u and its slope before any step."""

    network: Network
    x: Array
    y: Array
    cost: Cost
    u: Id
    v: Id
    before: float
    slope: float
    terms: float

    def followed(self, by: Any) -> Followed:
        return follow(self.network, self.x, self.y, self.cost, self.v, by)

    def change(self, step: float) -> Change:
        there = self.followed(step)
        return Change(step, self.before, float(there.value(self.u)), self.slope, self.terms, _left(there))

    def values(self, steps: Array) -> Array:
        """u at several steps, for a search; what is not finite counts as worst."""
        return self.tangents(steps)[0]

    def tangents(self, steps: Array) -> tuple[Array, Array]:
        """u and its slope at several steps."""
        there = [dual(self.followed(Dual(part, 1.0)).value(self.u)) for part in _parts(steps)]
        values, slopes = (
            np.concatenate(
                [np.broadcast_to(getattr(each, name), part.shape) for each, part in zip(there, _parts(steps))]
            )
            for name in ("value", "slope")
        )
        return np.where(np.isfinite(values), values, np.inf), slopes

    def kinks(self, steps: Sequence[float]) -> tuple[Kink, ...]:
        """The kinks between the start and all of these steps."""
        return tuple(self.kinks_between(min(0.0, *steps), max(0.0, *steps)))

    def kinks_between(self, low: float, high: float) -> list[Kink]:
        """Where units of the way from v to u pass a kink, in the order of Δ."""
        units = list(_units(self.network, self.cost, self.v, self.u, self.y))

        def margins(steps: Array) -> Array:
            there = (self.followed(part) for part in _parts(steps))
            return np.concatenate([_margins(each.a, each.z, self.y, units) for each in there])

        found = crossings(margins, low, high) if units and low < high else []
        return [Kink(str(units[i].id), at, units[i].kink, units[i].of) for at, i in found]


def _asked(network: Network, x: Any, y: Any, v: str | Id, of: str | Id, cost: str | Cost | None) -> _Asked:
    """The question once looked at."""
    exact, row, target, the_cost = _one_example(network, x, y, cost)
    source, u = movable(v, exact.parameters), parse(of, exact.parameters)
    if u.kind == "d":
        raise IdError(f"of={str(u)!r}: δ is itself a slope; what changes is a value, C, z/l/j or a/l/j")
    slope = slope_by_dual(exact, row, target, the_cost, u, source)
    here = follow(exact, row, target, the_cost, source, 0.0)
    return _Asked(exact, row, target, the_cost, u, source, float(here.value(u)), slope, largest_term(here))


def _one_example(network: Network, x: Any, y: Any, cost: str | Cost | None) -> tuple[Network, Array, Array, Cost]:
    """The network in float64, x (in,), y (out,) and the cost. Raises ShapeError for rows."""
    given = as_network(network, "nudge(network, x, y, v, step)")
    exact = given if given.dtype == np.float64 else given.astype("float64")
    if len(exact.rows(x)) > 1 or np.ndim(x) != 1:
        raise ShapeError(f"one example is nudged, x of shape ({exact.sizes[0]},), got {np.shape(x)}: pass x[i], y[i]")
    the_cost = _cost_of(exact, cost)
    rows, targets, _ = target_rows(exact, x, y, the_cost)
    return exact, rows[0], targets[0], the_cost


def _cost_of(network: Network, cost: str | Cost | None) -> Cost:
    return natural(network.output) if cost is None else as_cost(cost)


def _left(there: Followed) -> bool:
    """Whether a z or an a is no finite number."""
    return not all(bool(np.isfinite(each).all()) for each in [*there.z, *there.a])


def _finite(given: Any, what: str) -> float:
    if isinstance(given, (int, float, np.integer, np.floating)) and math.isfinite(given):
        return float(given)
    raise SettingError(f"{what} is a finite number such as 0.1, got {given!r}")


def _check_layer(network: Network, layer: Any, kind: str) -> None:
    first = 0 if kind == "activation" else 1
    if isinstance(layer, (int, np.integer)) and first <= layer <= network.depth:
        return
    zero = " (0 is the input)" if first == 0 else ""
    raise SettingError(f"the demon {kind!r} sits at a layer {first}…{network.depth}{zero}, got layer={layer!r}")


def _parts(steps: Array) -> list[Array]:
    """Steps in blocks, so that no layer has more than a few hundred rows at a time."""
    return np.array_split(steps, max(1, math.ceil(steps.size / 256)))


# the way from v to u ------------------------------------------------------------------------------------------------
def _links(ask: _Asked, step: float) -> Iterator[Link]:
    """Every place from v to u with what it changes by; a place is one quantity, or those of a layer."""
    start, end, rates = ask.followed(0.0), ask.followed(step), ask.followed(Dual(0.0, 1.0))
    last: float | None = None
    for ids in _way(ask.network, ask.v, ask.u):
        before, after = (np.array([float(each.value(id)) for id in ids]) for each in (start, end))
        rate = np.array([float(dual(rates.value(id)).slope) for id in ids])
        with np.errstate(all="ignore"):
            change, predicted = _size(after - before), _size(rate * step)
        single = len(ids) == 1
        name = str(ids[0]) if single else f"{ids[0].kind}/{ids[0].layer}"
        shown = (float(before[0]), float(after[0])) if single else (None, None)
        ratio = change / last if last and math.isfinite(change / last) else None
        yield Link(name, len(ids), shown[0], shown[1], change, predicted, ratio)
        last = change


def _size(change: Array) -> float:
    return float(change[0]) + 0.0 if change.size == 1 else float(np.linalg.norm(change))


def _way(network: Network, v: Id, u: Id) -> Iterator[list[Id]]:
    """v, then what it reaches of each layer below u, z and a in turn, then u."""
    yield [v]
    for kind, layer, neurons in _reached(network, v):
        if u.kind not in "zaC" or (u.kind != "C" and (layer, kind == "a") >= (u.layer, u.kind == "a")):
            break
        if layer == u.layer and not network.activations[layer].full_slope:
            neurons = [j for j in neurons if j == u.neuron]  # σ takes each z to its own a
        if neurons:
            yield [Id(kind, layer, j) for j in neurons]
    if u != v:
        yield [u]


def _reached(network: Network, v: Id) -> Iterator[tuple[str, int, list[int]]]:
    """(z or a, layer, neurons) that v reaches, from below: one neuron of its own layer, and all of those above."""
    if v.kind in "wbz":
        whole = list(range(network.sizes[v.layer]))
        shared = v.kind == "b" and network.biases[v.layer].size < len(whole)
        neurons = whole if shared else [v.neuron]
        if v.kind != "z":
            yield "z", v.layer, neurons
        yield "a", v.layer, whole if network.activations[v.layer].full_slope else neurons
    for layer in range(v.layer + 1, network.depth + 1):
        for kind in "za":
            yield kind, layer, list(range(network.sizes[layer]))


# kinks --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Unit:
    """What has a kink: z/l/j at a kink of its σ, or an output at the margin of the hinge."""

    id: Id
    kink: float
    of: str


def _units(network: Network, cost: Cost, v: Id, u: Id, y: Array) -> Iterator[_Unit]:
    """All units between v and u that have a kink."""
    for id in (each for stage in _way(network, v, u) for each in stage if each.kind == "z"):
        if u.kind == "C" or id.layer < u.layer or (u.kind, u.layer, u.neuron) == ("a", id.layer, id.neuron):
            sigma = network.activations[id.layer]
            yield from (_Unit(id, kink, repr(sigma)) for kink in sigma.kinks)
    if u.kind == "C" and cost.name == HINGE and not cost.own:
        yield from (_Unit(Id("z", network.depth, j), 0.0, HINGE) for j in np.flatnonzero(y == 0).tolist())


def _margins(a: Layers[Any], z: Layers[Any], y: Array, units: Sequence[_Unit]) -> Array:
    """How far each unit is beyond its kink, the units as the last axis."""
    out = a[a.last]  # a linear output, where the cost is the hinge
    right = 1 - out[..., int(y.argmax())]
    return np.stack(
        [
            out[..., unit.id.neuron] + right if unit.of == HINGE else z[unit.id.layer][..., unit.id.neuron] - unit.kink
            for unit in units
        ],
        axis=-1,
    )


def crossings(margins: Margins, low: float, high: float) -> list[tuple[float, int]]:
    """(t, unit) wherever a margin changes between > 0 and ≤ 0 within low…high, in order of t.

    `margins` answers (steps, units) for steps (steps,). The points of a grid, and turning points that reach over 0 between
    them, bracket the crossings, which bisection then places; these join the grid until nothing new turns up.
    """
    grid, count = _grid(low, high), -1
    for _ in range(ROUNDS):
        over = margins(grid)
        i, unit = np.nonzero((over[:-1] > 0) != (over[1:] > 0))
        real = np.isfinite(over[i, unit]) & np.isfinite(over[i + 1, unit])
        i, unit = i[real], unit[real]
        at = _bisected(margins, grid[i], grid[i + 1], unit, over[i + 1, unit] > 0)
        turned = _turning_points(margins, grid, over)
        if at.size == count and not turned.size:
            break
        grid, count = np.union1d(grid, np.concatenate([at, turned])), at.size
    return sorted(zip(at.tolist(), unit.tolist()))


def _bisected(margins: Margins, left: Array, right: Array, unit: Array, rising: Array) -> Array:
    """The t at which each unit's margin enters (rising) or leaves > 0 between left and right, on the side where it is not."""
    while np.any(np.abs(right - left) > np.maximum(2 * EPSILON * np.maximum(np.abs(left), np.abs(right)), SMALLEST)):
        middle = left / 2 + right / 2
        goes_right = (_of_each(margins, middle, unit) > 0) == rising
        left, right = np.where(goes_right, left, middle), np.where(goes_right, middle, right)
    return np.where(rising, left, right)


def _turning_points(margins: Margins, grid: Array, over: Array) -> Array:
    """Where a margin that has one sign on neighbouring points of the grid has the other sign between them."""
    side, height = np.pad(over > 0, ((1, 1), (0, 0)), "edge"), np.pad(np.abs(over), ((1, 1), (0, 0)), "edge")
    with np.errstate(invalid="ignore"):
        here, rise = height[1:-1], np.maximum(height[:-2], height[2:]) - height[1:-1]
        low = (here <= height[:-2]) & (here <= height[2:]) & (rise > 0) & (here <= 4 * rise)
    i, unit = np.nonzero(low & (side[:-2] == side[1:-1]) & (side[2:] == side[1:-1]))
    if not i.size:
        return grid[:0]
    sign = np.where(over[i, unit] > 0, 1.0, -1.0)
    left, right = grid[np.maximum(i - 1, 0)], grid[np.minimum(i + 1, grid.size - 1)]
    at = golden(lambda t: sign * _of_each(margins, t, unit), left, right)
    return at[(_of_each(margins, at, unit) > 0) != (sign > 0)]


def _of_each(margins: Margins, t: Array, unit: Array) -> Array:
    """The margin of unit[i] at t[i]."""
    return margins(t)[np.arange(t.size), unit] if t.size else t


def _grid(low: float, high: float) -> Array:
    """Where a range is looked at first: evenly, in every decade of size on both sides of 0, and at the step nearest to 0."""
    shares = np.linspace(0, 1, GRID)
    largest = max(abs(low), abs(high))
    decades = largest * 10.0 ** -np.arange(0, math.log10(max(largest, 1.0)) + 12, 0.25)
    points = np.concatenate([low * (1 - shares) + high * shares, decades, -decades, [0.0, low, high]])
    return np.union1d(points[(points >= low) & (points <= high)], [min(max(0.0, low), high)])


# searching ----------------------------------------------------------------------------------------------------------
def golden(f: Callable[[Array], Array], left: Array, right: Array) -> Array:
    """The lowest point of f between left[i] and right[i], for all i at once, by golden sections (Kiefer 1953)."""
    one, two = _between(left, right)
    at_one, at_two = f(one), f(two)
    for _ in range(SECTIONS):
        low = at_one <= at_two
        left, right = np.where(low, left, one), np.where(low, two, right)
        new = np.where(low, *_between(left, right))
        at_new = f(new)
        one, two = np.where(low, new, two), np.where(low, one, new)
        at_one, at_two = np.where(low, at_new, at_two), np.where(low, at_one, at_new)
    return np.where(at_one <= at_two, one, two)


def _between(left: Array, right: Array) -> tuple[Array, Array]:
    """The two golden sections of each interval, written so that the widest does not overflow."""
    share = (3 - math.sqrt(5)) / 2
    return (1 - share) * left + share * right, share * left + (1 - share) * right


def _lowest(ask: _Asked, low: float, high: float, kinks: Sequence[float]) -> float:
    """The step within low…high at which u is lowest; of those equal to rounding none, a kink or an end, else the smallest."""
    nearest = min(max(0.0, low), high)
    grid = np.union1d(_grid(low, high), kinks)
    values = ask.values(grid)
    if not np.isfinite(values).any():
        raise DataError(f"{ask.u} is no number anywhere between {low:g} and {high:g}: take a smaller range of {ask.v}")
    left, right = _valleys(ask, grid)
    places = grid[np.lexsort((np.abs(grid), values))][:PLACES]
    refined = golden(ask.values, left, right) if left.size else left
    found = {float(t): ask.change(float(t)).after for t in [*places, *refined, nearest, low, high]}
    best = min(value for value in found.values() if math.isfinite(value))
    equal = [t for t, value in found.items() if abs(value - best) <= 4 * EPSILON * abs(best)]
    marked = [t for t in equal if t in (nearest, low, high, *kinks)]  # rather the end itself than a hair before it
    return min(marked or equal, key=abs)


def _valleys(ask: _Asked, grid: Array) -> tuple[Array, Array]:
    """The cells, from left to right, that u goes down into and comes up from, the most promising of them.

    A cell in which u is not the cubic that its ends and their tangents make, by so much that it might go below all that has
    been seen, is halved first. Tangents are taken within the cell: at a kink they differ on the two sides.
    """
    for _ in range(ROUNDS):
        left, right, middle = grid[:-1], grid[1:], grid[:-1] / 2 + grid[1:] / 2
        with np.errstate(all="ignore"):
            width = right - left
            (one, down), (two, up) = ask.tangents(left + WITHIN * width), ask.tangents(right - WITHIN * width)
            half = ask.values(middle)
            off = np.abs(half - (one + two) / 2 - width * (down - up) / 8)
            lowest, highest = np.minimum.reduce([one, two, half]), np.maximum.reduce([one, two, half])
            valley = (down < 0) & (up > 0)
            depth = lowest - np.where(valley, width * (up - down) / 4, 0) - 8 * off
            split = (depth < lowest.min()) & (off > (highest - lowest) / 100)
        if not split.any():
            break
        grid = np.union1d(grid, middle[split])
    chosen = np.flatnonzero(valley)
    chosen = chosen[np.argsort(depth[chosen])][:PLACES]
    return left[chosen], right[chosen]


# the demons ---------------------------------------------------------------------------------------------------------
def _against_the_slope(ask: _Asked, size: float) -> Deed:
    """One place moved by `size` in the direction that lowers C, not at all where the slope is 0."""
    step = -size * float(np.sign(ask.slope)) + 0.0
    start, end = ask.followed(0.0), ask.followed(step)
    units = list(_units(ask.network, ask.cost, ask.v, ask.u, ask.y))
    return Deed(str(ask.v), ask.change(step), _crossed(start, end, ask.y, units))


def _along_the_gradient(
    network: Network, x: Any, y: Any, layer: int | None, size: float, cost: str | Cost | None
) -> Deed:
    """All weights and biases, or those of a layer, moved by a step of norm `size` along −∇C: promised is −size ‖∇C‖."""
    exact, row, target, the_cost = _one_example(network, x, y, cost)
    slopes = gradient(exact, row, target, the_cost)
    if layer is not None:
        kept = range(layer, layer + 1)
        slopes = Parameters(
            [w if l in kept else 0 * w for l, w in slopes.weights.items()],
            [b if l in kept else 0 * b for l, b in slopes.biases.items()],
        )
    steepness = slopes.norm()
    start = follow(exact, row, target, the_cost, "x/0", 0.0)
    if not (math.isfinite(steepness) and math.isfinite(start.C)):
        raise FormError(f"the cost is {start.C:g} and its gradient has the length {steepness:g}: take smaller weights")
    moved = exact if steepness == 0 else exact.with_parameters(exact.parameters - slopes / steepness * size)
    end = follow(moved, row, target, the_cost, "x/0", 0.0)
    units = list(_units(exact, the_cost, Id("x"), Id("C"), target))
    change = Change(size, start.C, end.C, -steepness, largest_term(start), _left(end))
    return Deed("all" if layer is None else f"layer {layer}", change, _crossed(start, end, target, units))


def _crossed(start: Followed, end: Followed, y: Array, units: Sequence[_Unit]) -> tuple[str, ...]:
    """The units that stand on different sides of a kink at the start and at the end."""
    if not units:
        return ()
    sides = [_margins(each.a, each.z, y, units) > 0 for each in (start, end)]
    return tuple(dict.fromkeys(str(unit.id) for unit, before, after in zip(units, *sides) if before != after))


# text ---------------------------------------------------------------------------------------------------------------
def signed(value: float) -> str:
    """A change with its sign: six decimals, or six digits with a power of ten where those would hide it; 0 is 0."""
    if value == 0:
        return "0"
    if math.isnan(value):
        return "no number"
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    if 1e-4 <= abs(value) < 1e5:
        return _minus(f"{value:+.6f}")
    mantissa, exponent = f"{value:+.5e}".split("e")
    return _minus(f"{mantissa}e{int(exponent)}")


def number(value: float) -> str:
    """A value, as `signed` writes it but without a plus."""
    return signed(value).removeprefix("+")


def step_text(step: float) -> str:
    """A step with its sign, as short as it is."""
    return "0" if step == 0 else _minus(f"{step:+.12g}")


def miss_text(change: Change) -> str:
    """The miss in percent; — where nothing was predicted, and in words where it is hidden."""
    if change.miss is None:
        return "—" if change.note == "nothing predicted" else change.note
    if change.miss == 0:
        return "0 %"
    percent = 100 * change.miss
    text = f"{percent:+.1f}" if abs(percent) < 1e5 else signed(percent)
    return f"{'0.0' if text in ('+0.0', '-0.0') else _minus(text)} %"


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _named(of: str, cost: str) -> str:
    return f"C ({cost})" if of == "C" else of


def _link_cells(link: Link) -> list[str]:
    ratio = "—" if link.ratio is None else number(link.ratio)
    if link.before is None or link.after is None:
        of_layer = [f"‖{number(each)}‖" for each in (link.change, link.predicted)]
        return [f"{link.name}, {link.neurons} neurons", "", "", *of_layer, ratio]
    return [link.name, number(link.before), number(link.after), signed(link.change), signed(link.predicted), ratio]


def _verdict(change: Change) -> str:
    said = f"predicted {signed(change.predicted)}, actual {signed(change.actual)}: "
    return (
        said
        + {
            "": f"miss {miss_text(change)}",
            "nothing predicted": "a slope or a step of 0 promises nothing, so there is nothing to miss",
            "underflow": "the prediction is too small for a floating point number",
            "lost in rounding": "both are lost in the rounding of the values",
            "overflow": "the step leaves the floating point numbers",
            "undefined": "after this step there is no value",
        }[change.note]
    )


def _kink_lines(kinks: Sequence[Kink]) -> list[str]:
    if not kinks:
        return []
    shown = sorted(sorted(kinks, key=lambda kink: abs(kink.at))[:LISTED], key=lambda kink: kink.at)
    rest = [f"  and {len(kinks) - LISTED:,} more, further out"] if len(kinks) > LISTED else []
    return [f"{len(kinks):,} kink{'s' if len(kinks) > 1 else ''} on the way:", *(f"  {kink}" for kink in shown), *rest]
