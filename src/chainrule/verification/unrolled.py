"""Every road to the gradient of a recurrent network, compared: through time, gates, dual numbers, complex step, differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.activations import Activation
from chainrule.circuits.unrolled.recurrent import SHARED, Recurrent
from chainrule.circuits.unrolled.task import Task, task
from chainrule.circuits.unrolled.through_time import RecurrentBackward, backward_of, length
from chainrule.circuits.unrolled.wiring import wired
from chainrule.costs import Cost
from chainrule.dual import DUALS, Dual, dual
from chainrule.elementary import ARRAYS, Elementary
from chainrule.errors import ChainruleError, FormError, SettingError, ShapeError
from chainrule.parameters import Parameters
from chainrule.verification.agreement import compare
from chainrule.verification.complex_step import COMPLEXES, STEP, analytic
from chainrule.verification.differences import derivative

Array = np.ndarray
EXACT = 1e-10  # of the norm of a part, between roads where only rounding differs
TELLING = 1e-3  # of that norm: where rounding could move it by more, agreement within rounding tells nothing
NUDGE = 2.0**-46  # 64 ε, in which rounding in every road is contained
DRAWS = 3
JUMP = 1e-6  # of an entry: what no smooth gradient moves by under such a change
ABATED = 1e-100  # below it the complex step's imaginary parts are no numbers any more
AT_ONCE = 256  # directions
LIMIT = 20_000_000  # entries × steps of a road that takes every direction: some ten seconds
OURS, YOURS = "through_time", "yours"
Gradient = Callable[[Recurrent, Any, Any, Cost], Parameters]


@dataclass(frozen=True)
class RoadRow:
    """One road's answer beside the one that most roads share: ‖Δ‖ / ‖g‖ in each part W, b, U, V, c, h0, x.

    `refused` says why the road did not go; then there is nothing else. `untold` names the parts that are within rounding
    where rounding is not small; `worst` tells where it differs most, with both values, if it does; `kinks` counts the entries
    that it leaves out since they are at one.
    """

    road: str
    holds: bool = True
    distances: Mapping[str, float] | None = None
    untold: tuple[str, ...] = ()
    worst: str = ""
    refused: str = ""
    kinks: int = 0

    @property
    def mark(self) -> str:
        """✓ it agrees, ? it may, ✗ it does not, – it did not go."""
        return "–" if self.refused else "✗" if not self.holds else "?" if self.untold else "✓"


@dataclass(frozen=True)
class RecurrentCheck:
    """Every road's answer to one gradient: true in a condition where all that went agree; printed, the table."""

    about: str
    rows: tuple[RoadRow, ...]

    def __bool__(self) -> bool:
        went = [row for row in self.rows if not row.refused]
        return len(went) > 1 and all(row.mark == "✓" for row in went)

    @property
    def wrong(self) -> tuple[RoadRow, ...]:
        """The rows that disagree."""
        return tuple(row for row in self.rows if not row.refused and not row.holds)

    def __str__(self) -> str:
        head = f"{'road':<14}" + "".join(f"{part:>9}" for part in (*SHARED, "h0", "x"))
        return "\n".join([self.about, head, *(_line(row) for row in self.rows)])


def _line(row: RoadRow) -> str:
    if row.refused:
        return f"{row.road:<14}  – {row.refused}"
    found = row.distances or {}
    numbers = (f"{found[part]:>9.1e}" if part in found else f"{'':>9}" for part in (*SHARED, "h0", "x"))
    untold = f"  cannot tell {', '.join(row.untold)}: rounding" if row.untold else ""
    kinks = f"  but {row.kinks} at a kink" if row.kinks else ""
    return f"{row.road:<14}{''.join(numbers)}  {row.mark}{untold}{kinks}{row.worst and chr(10) + '  ' + row.worst}"


def check(
    recurrent: Recurrent,
    xs: Any,
    ys: Any,
    cost: str | Cost = "quadratic",
    cost_at: str = "every",
    h0: Any = None,
    gradient: Gradient | None = None,
    most: int | None = None,
    seed: int = 0,
) -> RecurrentCheck:
    """∂C by W, b, U, V, c, h_0 and every x_t, by every road: through time, gates, dual numbers, complex step, differences.

    `gradient(recurrent, xs, ys, cost)` is one of your own, answering five arrays: it goes beside them as "yours". Differences
    go to all entries, or to `most` of them, drawn with `seed`. Two roads agree in a part where ‖Δ‖ ≤ 1e-10 ‖g‖, or where Δ is
    within what a change of the numbers by 64 ε does; differences agree within their error bars, and leave kinks out.
    """
    given = task(recurrent, xs, ys, cost, cost_at, h0)
    if most is not None and most < 1:
        raise SettingError(f"most={most}: at least one entry is compared")
    here = backward_of(given)  # what fails here, fails on every road
    answers: dict[str, Array] = {OURS: _of_time(here)}
    refused: dict[str, str] = {}
    for name, road in {"circuit": _of_gates, "forward_mode": _of_duals, "complex_step": _of_complex}.items():
        try:
            answers[name] = road(given)
        except ChainruleError as error:
            refused[name] = str(error)
    if gradient is not None:
        answers[YOURS] = _yours(gradient(recurrent, xs, ys, given.cost), recurrent)
    leeway, noise = _leeway(given, here)
    parts = _parts(given)
    shared = _most_shared(answers, parts, leeway)
    rows = {name: _row(name, answer, answers[shared], parts, leeway) for name, answer in answers.items()}
    rows.update({name: RoadRow(name, refused=reason) for name, reason in refused.items()})
    entries = _entries(len(answers[shared]), most, seed)
    rows["differences"] = _differences(given, answers[shared], leeway, noise, entries, _jumps(given, answers[OURS]))
    about = f"{recurrent!r}, {len(given)} steps, {given.cost} at {cost_at}: ‖Δ‖/‖g‖ beside {shared}"
    order = (OURS, "circuit", "forward_mode", "complex_step", "differences", YOURS)
    return RecurrentCheck(about, tuple(rows[name] for name in order if name in rows))


@dataclass(frozen=True)
class Part:
    """One of the arrays in the one vector that every road answers: its name, shape and place there."""

    name: str
    shape: tuple[int, ...]
    place: slice

    def __contains__(self, entry: int) -> bool:
        return bool(self.place.start <= entry < self.place.stop)

    def name_of(self, entry: int) -> str:
        """An entry in words: U[0, 1], or x_3[0] for the inputs of step 3."""
        at = [int(i) for i in np.unravel_index(entry - self.place.start, self.shape)]
        return f"x_{at[0] + 1}[{at[1]}]" if self.name == "x" else f"{self.name}{at}"


def _parts(given: Task) -> dict[str, Part]:
    """W, b, U, V, c, h_0 and x_1…x_T, in the order of the vector."""
    r, parts, start = given.recurrent, {}, 0
    shapes = {**{name: getattr(r, name).shape for name in SHARED}, "h0": given.h0.shape, "x": given.xs.shape}
    for name, shape in shapes.items():
        stop = start + int(np.prod(shape))
        parts[name] = Part(name, shape, slice(start, stop))
        start = stop
    return parts


def _point(given: Task) -> Array:
    return np.concatenate([given.recurrent.parameters.flat(), given.h0, given.xs.ravel()])


def _cut(given: Task, vectors: Array) -> dict[str, Array]:
    """Vectors (many, entries) as their parts, each (many, …)."""
    return {name: vectors[:, part.place].reshape(-1, *part.shape) for name, part in _parts(given).items()}


def evaluate(given: Task, point: Mapping[str, Any], m: Elementary = ARRAYS) -> Any:
    """C at many points at once, for any kind of number: the network as its definition reads, by the forms of σ, τ and C.

    Each part of `point` has an axis of points before its own.
    """
    r, h, total = given.recurrent, point["h0"], 0.0
    targets = dict(zip(given.reads.tolist(), given.targets))

    def through(weights: Any, a: Any) -> Any:
        return m.sum(weights * a[:, None, :])[..., 0]

    for t in range(len(given)):
        z = through(point["W"], point["x"][:, t]) + through(point["U"], h) + point["b"]
        h = r.activation.form(z, m)
        if t in targets:
            s = through(point["V"], h) + point["c"]
            read = s if given.pair.of == "z" else r.output.form(s, m)
            target = np.broadcast_to(targets[t], read.shape)
            total = total + given.share * given.pair.form(read, target, m)
    return total


def _of_time(back: RecurrentBackward) -> Array:
    return np.concatenate([back.gradient.flat(), back.dh0, back.dx.rows.ravel()])


def _of_gates(given: Task) -> Array:
    n = wired(given)
    back = n.run().backward(n.cost)
    wires = (n.W, n.b, n.U, n.V, n.c, n.h[0], n.x.rows)
    return np.concatenate([np.ravel(back[each]) for each in wires])


def _in_every_direction(given: Task, along: Callable[[Array, Array], Array]) -> Array:
    """A slope for each entry of the vector: `along(points, directions)` answers some at once."""
    point, found = _point(given), []
    if point.size * len(given) > LIMIT:
        raise SettingError(f"{point.size * len(given):,} entries × steps, and the limit is {LIMIT:,}")
    with np.errstate(all="ignore"):  # what leaves the numbers is refused below, in words
        for start in range(0, point.size, AT_ONCE):
            directions = np.eye(min(AT_ONCE, point.size - start), point.size, start)
            found.append(along(np.broadcast_to(point, directions.shape), directions))
    slopes = np.concatenate(found)
    if not np.isfinite(slopes).all():
        raise FormError("a form of the network leaves the floating point numbers here: take smaller weights or inputs")
    return slopes


def _of_duals(given: Task) -> Array:
    """C(θ + ε e_i) on dual numbers, from the first step to the last: nothing is sent backward (S1.21)."""

    def along(points: Array, directions: Array) -> Array:
        moved = _cut(given, directions)
        at = {name: Dual(value, moved[name]) for name, value in _cut(given, points).items()}
        return dual(evaluate(given, at, DUALS)).slope.reshape(len(points))

    return _in_every_direction(given, along)


def _of_complex(given: Task) -> Array:
    """Im C(θ + ih e_i) / h; where σ, τ or C is not analytic the numbers refuse it."""

    def along(points: Array, directions: Array) -> Array:
        at = {name: analytic(each) for name, each in _cut(given, points + 1j * STEP * directions).items()}
        found, true = (
            np.asarray(evaluate(given, where, m), np.complex128).view(np.ndarray).reshape(-1)
            for where, m in ((at, COMPLEXES), (_cut(given, points[:1]), ARRAYS))
        )
        if not np.allclose(found.real, true.real, rtol=1e-8, atol=1e-8):
            raise FormError("a form overflows here, or takes a root, power or logarithm of a negative number")
        return found.imag / STEP

    try:
        return _in_every_direction(given, along)
    except ChainruleError:
        raise
    except Exception as error:  # a user's own form may fail in its own way
        raise FormError(f"a form fails on complex numbers, {type(error).__name__}: {error}") from error


def _yours(answer: Any, recurrent: Recurrent) -> Array:
    if not isinstance(answer, Parameters):
        raise ShapeError(f"your gradient answers RecurrentParameters(W, U, b, V, c), got {type(answer).__name__}")
    return recurrent.parameters.map(lambda _, mine: mine, answer).flat().astype(np.float64)


def _leeway(given: Task, here: RecurrentBackward) -> tuple[Array, float]:
    """How far rounding may move each entry of a gradient, and how large the numbers are that C sums: by trying.

    Rounding is as a change of every number by some ε, given or on the way. Here they change by 64 ε, at random (a bound
    over |U| would grow without end along the steps, where U itself does not).
    """
    rng, point, answer = np.random.default_rng(0), _point(given), _of_time(here)
    moved, rounded = np.zeros_like(answer), 0.0
    for _ in range(DRAWS):
        there = backward_of(_jolted(given, point * (1 + NUDGE * rng.uniform(-1, 1, point.size)), rng))
        moved = np.maximum(moved, np.abs(_of_time(there) - answer))
        rounded = max(rounded, abs(there.cost - here.cost))
    read = here.trace.s.rows[given.reads]
    return moved, max(rounded / NUDGE, given.share * float(np.abs(read).max(axis=1).sum()))


def _jolted(given: Task, point: Array, rng: np.random.Generator) -> Task:
    """The task at another point, with σ, τ, C and their slopes each off by 64 ε."""

    def off(number: Array, floor: Any) -> Array:
        return number + NUDGE * rng.uniform(-1, 1, number.shape) * (np.abs(number) + floor)

    def sigma(exact: Activation) -> Activation:
        # where no digits cancel inside, rounding is relative: what is exactly at a kink stays there
        floor = 0.0 if exact.kinks or exact.name == "identity" else 1.0
        value, slope = exact.value, exact.slope
        return replace(exact, value=lambda z: off(value(z), floor), slope=lambda z: off(slope(z), floor))

    moved, pair = _at(given, point), given.pair
    slope, delta = pair.slope, pair.delta
    cost = replace(
        pair,
        slope=lambda a, y: off(slope(a, y), 1 + np.abs(a) + np.abs(y)),
        delta=None if delta is None else lambda z, y: off(delta(z, y), 1 + np.abs(y)),
    )
    r = moved.recurrent
    return replace(moved, recurrent=Recurrent(r.W, r.U, r.b, r.V, r.c, sigma(r.activation), sigma(r.output)), pair=cost)


def _at(given: Task, point: Array) -> Task:
    """The task with other numbers in its network, start and sequence."""
    W, b, U, V, c, h0, xs = (part[0] for part in _cut(given, point[None]).values())
    r = given.recurrent
    return replace(given, recurrent=Recurrent(W, U, b, V, c, r.activation, r.output), xs=xs, h0=h0)


def _jumps(given: Task, answer: Array) -> Array:
    """Which entries jump as everything moves by next to nothing: the network is at a kink there (S3.4).

    Zero is such a place: a relu without biases, at a first x of zeros. Several units at a kink bend C along one entry in more
    ways than its two one-sided slopes tell, so that differences have nothing to say there.
    """
    rng, point = np.random.default_rng(1), _point(given)
    jumped, size = np.zeros(answer.shape, bool), length(answer)
    for _ in range(DRAWS):
        step = NUDGE * rng.uniform(-1, 1, point.size) * (1 + np.abs(point))
        for side in (step, -step):  # whatever z is at a kink crosses it on one of them
            gap = np.abs(_of_time(backward_of(_at(given, point + side))) - answer)
            jumped |= gap > JUMP * np.abs(answer) + JUMP / 1000 * size
    return jumped


def _most_shared(answers: Mapping[str, Array], parts: Mapping[str, Part], leeway: Array) -> str:
    """The road whose answer most others share; yours is measured, and measures none."""
    roads = [name for name in answers if name != YOURS]
    return max(roads, key=lambda mine: sum(_row(n, answers[n], answers[mine], parts, leeway).holds for n in roads))


def _row(road: str, answer: Array, other: Array, parts: Mapping[str, Part], leeway: Array) -> RoadRow:
    distances, untold, apart = {}, [], []
    for name, part in parts.items():
        if part.place.stop > answer.size:
            continue  # yours is asked for the five arrays alone
        gap, size, allowed = (length(each) for each in _beside(answer, other, leeway, part.place))
        distances[name] = 0.0 if size <= ABATED else gap / size
        if distances[name] <= EXACT:
            continue
        if not gap <= allowed:
            apart.append(part)
        elif allowed > TELLING * size:
            untold.append(name)
    return RoadRow(road, not apart, distances, tuple(untold), _worst(apart[0], answer, other) if apart else "")


def _beside(answer: Array, other: Array, leeway: Array, place: slice) -> tuple[Array, Array, Array]:
    """Δ, the longer of the two, and the leeway, in one part."""
    mine, theirs = answer[place], other[place]
    return mine - theirs, mine if length(mine) > length(theirs) else theirs, leeway[place]


def _worst(part: Part, answer: Array, other: Array) -> str:
    entry = part.place.start + int(np.argmax(np.abs(answer[part.place] - other[part.place])))
    return f"worst at {part.name_of(entry)}: it says {answer[entry]:.9g}, the others {other[entry]:.9g}"


def _entries(total: int, most: int | None, seed: int) -> Array:
    if most is None or most >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, most, replace=False))


def _differences(given: Task, other: Array, leeway: Array, noise: float, entries: Array, jumps: Array) -> RoadRow:
    """The others' answer against central differences of C, but for entries at a kink."""

    point, parts = _point(given), _parts(given)
    kinks, entries = int(jumps[entries].sum()), entries[~jumps[entries]]
    if not entries.size:
        return RoadRow("differences", refused="every entry that it was to compare is at a kink")

    def along(entry: int) -> Callable[[float], float]:
        def value(at: float) -> float:
            moved = point.copy()
            moved[entry] = at
            return float(np.ravel(evaluate(given, _cut(given, moved[None])))[0])

        return value

    with np.errstate(all="ignore"):  # a value that leaves the numbers is found by `compare`
        found = [derivative(along(entry), float(point[entry]), noise) for entry in entries.tolist()]
    names = [part.name_of(entry) for entry in entries.tolist() for part in parts.values() if entry in part]
    verdict = compare(other[entries], found, names, point.size, leeway[entries])
    distances = {}
    for name, part in parts.items():
        here = (entries >= part.place.start) & (entries < part.place.stop)
        if here.any():
            gap, size, _ = _beside(np.array([d.value for d in found])[here], other[entries][here], leeway, slice(None))
            distances[name] = length(gap) / length(size) if length(size) > ABATED else 0.0
    worst = "" if verdict else str(verdict).split("\n", 1)[1].replace("the gradient says", "the others say")
    return RoadRow("differences", bool(verdict), distances, (), worst, kinks=kinks)
