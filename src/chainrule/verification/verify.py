"""Every road to one gradient, compared: a table of distances, a verdict, and where roads disagree the likely cause.

Two answers agree in an entry where |Δ| ≤ 1e-10 |g|, or where rounding and kinks explain the rest (leeway.py: from dtype,
depth and magnitudes). Differences bring their own error bars and one-sided slopes. The answer that most roads share is the
one the others are measured against. What explains a gap must itself be small: where rounding could move a layer by more than
a thousandth of its gradient, agreement within rounding proves nothing, and the verdict is that nothing can be told there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.aligned import aligned
from chainrule.backward import gradient as river
from chainrule.costs import Cost
from chainrule.errors import ChainruleError, DataError, SettingError, ShapeError, listed, unknown_name
from chainrule.forward import cost as cost_of
from chainrule.forward import target_rows
from chainrule.ids import of_entry
from chainrule.json_text import as_json
from chainrule.network import Network, as_network, cost_for
from chainrule.parameters import Parameters
from chainrule.verification.causes import Causes, causes
from chainrule.verification.complex_step import STEP as STEP_OF_COMPLEX
from chainrule.verification.differences import FIRST_STEP, Difference, of_entries
from chainrule.verification.leeway import leeway
from chainrule.verification.roads import ROADS

Array = np.ndarray
Gradient = Callable[[Network, Any, Any, Cost], Parameters]
EXACT = 1e-10  # of an entry, between roads where only rounding differs
MEASURED = 1e-6  # of the norm, from differences
TELLING = {
    8: 1e-6,
    4: 1e-3,
    2: 1e-1,
}  # of a layer's norm, by bytes: where rounding may move it by more, it tells nothing
STEP = 4 * FIRST_STEP  # how far the largest of their steps reaches, and so what kinks may bend them
YOURS = "yours"
LOW = "delta float32"  # the river as it runs; the others compute in float64
LEFT = "it left the numbers of {}: NaN or infinities"
SLOW = {"symbolic": "it takes seconds, and goes when it is named"}
UNDERFLOW = float(np.finfo(np.float64).tiny) / STEP_OF_COMPLEX
NO_CAUSES = Causes()


@dataclass(frozen=True)
class Row:
    """One road's answer beside the others': ‖Δ^l‖/‖g^l‖ by layer, without what a kink explains, and its worst entry.

    `refused` says why the road did not go; then there is nothing else. `kinks` counts the entries where it differs by a kink,
    `untold` names the layers where it is within rounding, and rounding is not small beside the gradient.
    """

    road: str
    holds: bool = True
    distances: tuple[float, ...] = ()
    worst: str = ""
    given: float = math.nan
    expected: float = math.nan
    kinks: int = 0
    untold: tuple[int, ...] = ()
    refused: str = ""
    causes: Causes = NO_CAUSES

    @property
    def distance(self) -> float:
        """The largest of its layers."""
        return max(self.distances, default=0.0)

    @property
    def mark(self) -> str:
        """✓ it agrees, ? it may, ✗ it does not."""
        return "✗" if not self.holds else "?" if self.untold else "✓"


@dataclass(frozen=True)
class Verification:
    """The verdict on one network: true in a condition where all roads agree and that tells something; printed, the table."""

    about: str
    rows: tuple[Row, ...]
    reference: str
    rounding: float
    total: int
    kinks: int
    advice: str

    def __bool__(self) -> bool:
        """No road is wrong; and of a gradient of yours that this could be told."""
        return not self.wrong and not (self.untold and any(row.road == YOURS for row in self.rows))

    @property
    def went(self) -> list[Row]:
        """The roads that gave an answer."""
        return [row for row in self.rows if not row.refused]

    @property
    def wrong(self) -> list[Row]:
        """The roads that disagree with most."""
        return [row for row in self.rows if not row.holds]

    @property
    def untold(self) -> list[int]:
        """The layers where the river, or yours, agrees but within rounding that is not small; or, without them, every road."""
        others = [row for row in self.went if row.road != self.reference]
        judged = [row for row in others if row.road in ("delta", YOURS)]
        layers = range(1, len(others[0].distances) + 1)
        if judged:
            return [l for l in layers if any(l in row.untold for row in judged)]
        return [l for l in layers if all(l in row.untold for row in others)]

    def __str__(self) -> str:
        layers = max(len(row.distances) for row in self.rows)
        cells = [["road", *(f"layer {l}" for l in range(1, layers + 1)), ""]]
        for row in self.went:
            cells.append([row.road, *(f"{d:.1e}" for d in row.distances), row.mark])
        lines, width = aligned(cells, "<"), max(len(row[0]) for row in cells)
        lines += [f"{row.road.ljust(width)}  did not go: {row.refused}" for row in self.rows if row.refused]
        notes = [*self._kinks_said(), *self._marks_said(), self._verdict()]
        return "\n".join([self.about, *lines, *notes, *map(self._said, self.wrong)])

    def _kinks_said(self) -> list[str]:
        if not self.kinks:
            return []
        return [
            f"{self.kinks:,} of {self.total:,} entries at a kink: any slope between the one-sided ones is right there"
        ]

    def _marks_said(self) -> list[str]:
        if not any(row.mark == "?" for row in self.went):
            return []
        return ["?  within rounding, which is not small beside the gradient of some layer: that tells little"]

    def _verdict(self) -> str:
        went = len(self.went)
        explained = f"|Δ| ≤ {EXACT:.0e} |g|, or within rounding"
        if not self.wrong and not self.untold:
            return f"{went} roads agree over {self.total:,} derivatives ({explained}) ✓"
        if not self.wrong:
            layers = f"layer{'s' if len(self.untold) > 1 else ''} {' and '.join(map(str, self.untold))}"
            return f"? cannot tell in {layers}: rounding hides the gradient there\n{self.advice}"
        wrong = ", ".join(row.road for row in self.wrong)
        return f"✗ {wrong} of {went} roads {'differs' if len(self.wrong) == 1 else 'differ'} ({explained})"

    def _said(self, row: Row) -> str:
        there = f"{row.road} is off most at {row.worst}: {row.given:.9g}, and {self.reference} says {row.expected:.9g}"
        return f"{there}\n{row.causes}"

    def to_json(self) -> dict[str, Any]:
        """Everything in the table."""
        rows = [{**row.__dict__, "causes": row.causes.to_json()} for row in self.rows]
        return as_json({"agree": bool(self), "untold": self.untold, **self.__dict__, "rows": rows})


@dataclass(frozen=True)
class _Answer:
    """A road's gradient as one vector, the differences it came from, if any, and the dtype it was computed in."""

    road: str
    flat: Array
    differences: Sequence[Difference] = ()
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.float64))

    @property
    def kinks(self) -> Array:
        """The entries where differences saw two slopes."""
        return np.array([d.kink for d in self.differences] or [False] * self.flat.size)

    @property
    def bars(self) -> Array:
        """How far each entry may be off: the error bars of differences, else nothing."""
        return np.array([d.error for d in self.differences] or [0.0] * self.flat.size)


def verify(
    network: Network,
    x: Any,
    y: Any,
    cost: str | Cost | None = None,
    roads: Sequence[str] | None = None,
    gradient: Parameters | Gradient | None = None,
) -> Verification:
    """Go to ∂C/∂θ by every road that can (symbolic only if named), or by those named, and compare; C is the mean over rows,
    of the network's own cost unless one is named.

    x (in,) or (batch, in), y as for `gradient`. A gradient of your own, Parameters or a function (network, x, y, cost), is
    one more road. All compute in float64; the river of a float32 network goes once more as it runs. Raises DataError where
    the cost is not finite, SettingError where fewer than two roads are named, UnknownNameError for a road that is unknown.
    """
    the_cost = cost_for(as_network(network, "verify(network, x, y)"), cost)
    names = _names(roads, gradient is not None)
    rows, targets, _ = target_rows(network, x, y, the_cost)
    with np.errstate(all="ignore"):
        value = float(cost_of(network, rows, targets, the_cost))
        if not math.isfinite(value):
            raise DataError(
                f"the cost is {value} in {network.dtype}: there is no gradient to verify; smaller weights will do"
            )
        found: dict[str, _Answer | str] = {name: _go(name, network, rows, targets, the_cost) for name in names}
        if "delta" in names and network.dtype != np.float64:
            found[LOW] = _answer(LOW, river(network, rows, targets, the_cost))
        found |= SLOW if roads is None else {}
        if gradient is not None:
            found[YOURS] = _own(gradient, network, rows, targets, the_cost)
        answers = [each for each in found.values() if isinstance(each, _Answer)]
        if len(answers) < 2:
            reasons = "; ".join(f"{name}: {each}" for name, each in found.items() if isinstance(each, str))
            raise DataError(f"fewer than two roads could go: {reasons}")
        judge = _Judge(network, rows, targets, the_cost)
        if not math.isfinite(_norm(judge.rounding)):
            raise DataError(
                f"nothing can be told here: with weights up to {_largest(network):.1e} rounding alone may move the gradient "
                "by more than any number; smaller weights will do"
            )
        reference = judge.most_shared(answers)
        made = [
            Row(name, refused=each) if isinstance(each, str) else judge.row(each, reference, rows, targets)
            for name, each in found.items()
        ]
    batch = f"{len(rows)} row{'s' if len(rows) > 1 else ''}"
    about = f"{network!r}, {batch}, C ({the_cost!r}) = {value:.6g}"
    reached = judge.spread > 0
    reached |= np.logical_or.reduce([each.kinks for each in answers])
    return Verification(
        about,
        tuple(made),
        reference.road,
        _norm(judge.rounding),
        network.parameters.size,
        int(reached.sum()),
        _advice(network),
    )


def _names(roads: Sequence[str] | None, own: bool) -> list[str]:
    if roads is None:
        return [name for name in ROADS if name not in SLOW]
    given = [roads] if isinstance(roads, str) else list(dict.fromkeys(roads))
    for name in given:
        if name not in ROADS:
            raise unknown_name("road", name, ROADS)
    if len(given) + own < 2:
        raise SettingError(f"a comparison takes two roads, got {listed(given) or 'none'}; there are {', '.join(ROADS)}")
    return given


def _largest(network: Network) -> float:
    return max(float(np.abs(each).max(initial=0)) for each in network.parameters.arrays())


def _advice(network: Network) -> str:
    """What to do where rounding hides the gradient."""
    if network.dtype == np.float64:
        return "the gradient is nearly 0 there, or its terms cancel: other rows, or smaller weights, will tell"
    return f"in {network.dtype} little is left of it: network.astype('float64'), or scaled rows, will tell"


def _go(name: str, network: Network, x: Array, y: Array, cost: Cost) -> _Answer | str:
    """A road's answer, or why there is none."""
    exact, rows, targets = network.astype("float64"), x.astype(np.float64), y.astype(np.float64)
    reason = ROADS[name].refuses(exact, rows, targets, cost)
    if reason is not None:
        return reason.removeprefix(f"{name}: ")
    if name == "differences":
        found = of_entries(exact, rows, targets, cost, range(exact.parameters.size))
        if not all(np.isfinite(each.value) for each in found):
            return LEFT.format("float64")
        return _Answer(name, np.array([each.value for each in found]), found)
    try:
        return _answer(name, ROADS[name].gradient(exact, rows, targets, cost))
    except ChainruleError as error:
        return str(error).removeprefix(f"{name}: ")


def _answer(name: str, found: Parameters) -> _Answer | str:
    flat = found.astype(np.float64).flat()
    return _Answer(name, flat, (), found.dtype) if np.isfinite(flat).all() else LEFT.format(found.dtype)


def _own(gradient: Parameters | Gradient, network: Network, x: Array, y: Array, cost: Cost) -> _Answer:
    """Yours, computed in float64 where it is a function; it gets arrays of its own, which it may write into."""
    given = gradient
    if callable(gradient) and not isinstance(gradient, Parameters):
        exact = network.astype("float64")
        given = gradient(exact, x.astype(np.float64), y.astype(np.float64), cost)
    if not isinstance(given, Parameters):
        raise ShapeError(
            f"a gradient is chainrule.Parameters of the network's shapes, or a function that gives such, got "
            f"{type(given).__name__}: cr.Parameters([∂C/∂w¹, …], [∂C/∂b¹, …])"
        )
    given = Parameters([np.asarray(w) for w in given.weights], [np.asarray(b) for b in given.biases])
    network.parameters._same_space(given)
    if given.dtype.kind != "f":
        raise DataError(f"a gradient is real numbers in float64 or float32, got {given.dtype}")
    return _Answer(YOURS, given.astype(np.float64).flat(), (), given.dtype)


class _Judge:
    """What may lie between two right answers on this network: rounding, kinks, error bars."""

    def __init__(self, network: Network, x: Array, y: Array, cost: Cost) -> None:
        self.network, self.cost, self.space = network, cost, network.parameters.astype(np.float64)
        found = leeway(network, x, y, cost)
        self.rounding, self.epsilon = found.rounding.flat(), float(np.finfo(network.dtype).eps)
        self.near, self.stepped = found, leeway(network, x, y, cost, STEP)
        self.spread = found.kinks.flat()

    def most_shared(self, answers: Sequence[_Answer]) -> _Answer:
        """The exact answer that most others agree with; of equals the first independent one."""
        order = ["differences", "delta", LOW, YOURS]
        ranked = sorted(answers, key=lambda each: order.index(each.road) + 1 if each.road in order else 0)
        if all(self.agree(ranked[0], other) for other in answers):
            return ranked[0]  # nearly always, and then nobody need vote
        exact = [each for each in ranked if each.road not in ("differences", LOW, YOURS)]
        exact = (
            exact if len(exact) > 1 else ranked
        )  # the differences' wide bars fit many, so they judge only if they must
        votes = [sum(self.agree(each, other) for other in answers) for each in exact]
        return exact[int(np.argmax(votes))]

    def agree(self, one: _Answer, other: _Answer) -> bool:
        """Whether the other is right, if one is."""
        return bool(self._layers(other, one)[1].all())

    def row(self, answer: _Answer, reference: _Answer, x: Array, y: Array) -> Row:
        """The line of the table for one answer."""
        gap, right, untold, distances = self._layers(answer, reference)
        plain = np.abs(answer.flat - reference.flat)
        worst = int(np.argmax(np.where(np.isfinite(gap), gap, np.inf)))
        found = NO_CAUSES
        if not right.all():
            given, trusted = self.space.like(answer.flat), self.space.like(reference.flat)
            found = causes(given, trusted, self.network.astype(str(answer.dtype)), x, y, self.cost)
        reached = (self.spread > 0) | answer.kinks | reference.kinks
        return Row(
            answer.road,
            bool(right.all()),
            tuple(distances.tolist()),
            str(of_entry(self.space, worst)),
            float(answer.flat[worst]),
            float(reference.flat[worst]),
            int((reached & (gap == 0) & (plain > EXACT * np.abs(reference.flat))).sum()),
            tuple((np.flatnonzero(untold) + 1).tolist()),
            causes=found,
        )

    def _layers(self, one: _Answer, other: _Answer) -> tuple[Array, Array, Array, Array]:
        """By entry what no kink explains; by layer: is it explained, by what tells nothing, and ‖Δ^l‖/‖g^l‖."""
        gap, each = self._gap(one, other), np.maximum(np.abs(one.flat), np.abs(other.flat))
        dtype = min(one.dtype, other.dtype, key=lambda each: each.itemsize)  # the coarser of the two
        bars = one.bars + other.bars + self.rounding * (float(np.finfo(dtype).eps) / self.epsilon)
        if "complex_step" in (one.road, other.road):  # whose imaginary parts underflow first
            bars = bars + UNDERFLOW
        measured = bool(one.differences or other.differences)
        allowed = MEASURED * _norm(each) if measured else 0.0
        close = gap <= (MEASURED if measured else EXACT) * each  # two roads to the same digits: that tells
        beyond = np.where(close, 0, np.maximum(gap - bars, 0))
        right, untold, distances = [], [], []
        for part in self._parts():
            size, off = _norm(each[part]), _norm(gap[part])
            right.append(not _norm(beyond[part]) > allowed and math.isfinite(off))
            untold.append(
                _norm(np.where(close, 0, bars)[part]) > (1e-3 if measured else TELLING[min(dtype.itemsize, 8)]) * size
            )
            distances.append((off / size if size else off) if math.isfinite(off) else math.inf)
        return gap, np.array(right), np.array(untold), np.array(distances)

    def _gap(self, one: _Answer, other: _Answer) -> Array:
        """|Δ| of each entry; of one that a kink reaches, by how much it leaves the interval of the slopes there.

        Between the one-sided slopes of differences nothing is wrong either.
        """
        open_ = self.stepped if one.differences or other.differences else self.near
        base, below, above = open_.base.flat(), open_.below.flat(), open_.above.flat()
        beyond = np.maximum(np.maximum(one.flat - (base + above), base + below - one.flat), 0)
        gap = np.where(below < above, beyond, np.abs(one.flat - other.flat))
        for each, rest in ((one, other), (other, one)):
            if each.differences:
                gap[[d.kink and d.holds(g) for d, g in zip(each.differences, rest.flat.tolist())]] = 0
        return gap

    def _parts(self) -> list[slice]:
        """Where the flat vector holds each layer."""
        sizes = [w.size + b.size for w, b in zip(self.space.weights, self.space.biases)]
        ends = np.cumsum(sizes).tolist()
        return [slice(end - size, end) for size, end in zip(sizes, ends)]


def _norm(values: Array) -> float:
    """The length, safe from overflow and underflow."""
    largest = float(np.abs(values).max(initial=0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(values / largest))
