"""What an activation does to learning: where σ′ is flat, how small and large it gets, its kinks, what would help (S2.16).

Everything is measured on a grid and refined between its points, so each statement names its range: "on [−50, 50]", never
"everywhere". A zone is flat where |σ′| is below 5 % of the largest |σ′|, the same line that `why` calls saturated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from chainrule.activations import Activation, as_activation, named
from chainrule.diagnostics.numbers import digits
from chainrule.errors import DataError, FormError, SettingError
from chainrule.preprocessing import as_array
from chainrule.report import as_json

Array = np.ndarray
FLAT = 0.05  # of the largest |σ′|
WIDE = 50.0  # how far out the tails are followed
FINE, COARSE = 8001, 20001  # points on the range asked for, and on the wide one
HELD = 0.999  # a bound that the outer half of the wide range moves by less is taken to hold
AIM = 0.01  # the least slope that the advice builds in
SATURATED, ONE_SIDED = 0.2, 0.75  # shares of given z in flat zones that are worth a word: on both sides, on one
MANY = 8  # extrema refined, zones and points listed


@dataclass(frozen=True)
class Interval:
    """low ≤ z ≤ high; a point where the two are equal."""

    low: float
    high: float

    def __str__(self) -> str:
        return digits(self.low) if self.low == self.high else f"[{digits(self.low)}, {digits(self.high)}]"


@dataclass(frozen=True)
class Bounds:
    """The least and the largest σ′, with its sign, on an interval."""

    on: Interval
    least: float
    most: float

    def __str__(self) -> str:
        return f"from {digits(self.least)} to {digits(self.most)} on {self.on}"


@dataclass(frozen=True)
class Kink:
    """Where σ′ jumps: its slopes on either side, and whether the activation names the place itself (S3.4)."""

    at: float
    left: float
    right: float
    declared: bool

    def __str__(self) -> str:
        said = "" if self.declared else ", which the activation does not name: activation(form, kinks=(…))"
        if self.left == self.right:
            return f"named at {digits(self.at)}, where σ′ does not jump"
        return f"at {digits(self.at)}, σ′ from {digits(self.left)} to {digits(self.right)}{said}"


@dataclass(frozen=True)
class Rug:
    """The slopes at given weighted inputs z: their mean |σ′|, and the shares that lie in a flat zone and where σ′ is 0."""

    count: int
    low: float
    high: float
    mean: float
    flat: float
    zero: float

    def __str__(self) -> str:
        zero = f", {self.zero:.1%} where σ′ is 0" if self.zero else ""
        return (
            f"the {self.count:,} z given, {digits(self.low)} … {digits(self.high)}: "
            f"mean |σ′| = {digits(self.mean)}, {self.flat:.1%} in a flat zone{zero}"
        )


@dataclass(frozen=True)
class Design:
    """One activation, measured; printed, a line a property and then the advice.

    near, wide   bounds of σ′ on the range asked for, and with the tails
    scale        what |σ′| is held against: its largest value, or 1 where it grows without a bound that can be seen
    flat         the zones of the range where |σ′| < 5 % of scale
    slowest      where |σ′| is least on the range, and `least`, its value there
    away         the bound that keeps σ′ from 0 as far as the tails tell; 0 where there is none
    """

    name: str
    formula: str
    near: Bounds
    wide: Bounds
    scale: float
    bounded: bool
    flat: tuple[Interval, ...]
    slowest: tuple[Interval, ...]
    least: float
    away: float
    monotone: str
    turns: tuple[float, ...]
    kinks: tuple[Kink, ...]
    jumps: tuple[float, ...]
    rug: Rug | None
    advice: tuple[str, ...]

    def __str__(self) -> str:
        against = digits(self.scale) if self.bounded else "1, for σ′ grows"
        flat = _listed(self.flat) if self.flat else f"nowhere on {self.near.on}"
        turning = f", turning at {_listed(self.turns)}" if self.turns else ""
        return "\n".join(
            [
                f"{self.name}: σ(z) = {self.formula}",
                f"σ′       {self.near}, {self.wide}",
                f"flat     {flat} (|σ′| below {FLAT:.0%} of {against})",
                f"slowest  {_listed(self.slowest)}, |σ′| = {digits(self.least)}",
                f"monotone {self.monotone} on {self.near.on}{turning}",
                f"kinks    {'; '.join(map(str, self.kinks)) or f'none on {self.near.on}'}",
                *([f"jumps    σ itself jumps at {_listed(self.jumps)}"] if self.jumps else []),
                *([f"given    {self.rug}"] if self.rug else []),
                *self.advice,
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """Everything, with the share of the largest |σ′| that counts as flat."""
        return as_json({**asdict(self), "flat_below": FLAT * self.scale})


def design(sigma: str | Activation, z: Any = None, low: float = -8.0, high: float = 8.0) -> Design:
    """Measure an activation, a named one or your own from `activation(form)`, on low ≤ z ≤ high and in its tails.

    `z`, of any shape, are the weighted inputs that a network gives it (`trace.z[l]`); they are laid over the curve. Raises
    SettingError for softmax, which is no function of one z, and for a range that is none; FormError where σ′ is not finite.
    """
    given = as_activation(sigma)
    _refuse_vectors(given)
    curve = _Curve(given, *_range(low, high))
    near, wide = curve.bounds(curve.near), curve.bounds(curve.finite)
    scale, bounded = curve.scale
    zones = curve.zones(FLAT * scale)
    least, slowest = curve.slowest()
    rug = None if z is None else _rug(given, _inputs(z), FLAT * scale)
    made = Design(
        repr(given), given.formula, near, wide, scale, bounded, zones, slowest, least, curve.away(), curve.monotone(),
        curve.turns, curve.kinks, curve.jumps(), rug, (),
    )  # fmt: skip
    return replace(made, advice=tuple(_advice(made)))


def steepest(sigma: Activation) -> tuple[float, bool]:
    """(the largest |σ′| as far as |z| ≤ 50, True), or (1, False) where |σ′| grows without a bound that can be seen."""
    return _Curve(sigma, -8.0, 8.0).scale if sigma.own else _steepest(sigma.name, tuple(sigma.settings.items()))


@lru_cache(maxsize=64)
def _steepest(name: str, settings: tuple[tuple[str, float], ...]) -> tuple[float, bool]:
    """That of a named activation, measured once."""
    return _Curve(named(name, **dict(settings)), -8.0, 8.0).scale


def _refuse_vectors(sigma: Activation) -> None:
    if sigma.full_slope:
        raise SettingError(
            "softmax is no function of one z: each output depends on every z of its layer, and Σ′ is a matrix. Its diagonal "
            "a(1 − a) is a sigmoid's slope: design('sigmoid') tells how that behaves"
        )


def _range(low: float, high: float) -> tuple[float, float]:
    numbers = all(isinstance(each, (int, float, np.number)) and math.isfinite(each) for each in (low, high))
    if not numbers or not low < high:
        raise SettingError(f"an activation is measured on low < high, finite numbers; got low={low!r}, high={high!r}")
    return float(low), float(high)


def _inputs(z: Any) -> Array:
    numbers = as_array(z, "weighted inputs z")
    if numbers.dtype.kind not in "fiu" or numbers.size == 0 or not np.isfinite(numbers).all():
        what = "none" if numbers.size == 0 else f"{numbers.dtype} of shape {numbers.shape}"
        raise DataError(f"z are finite numbers, such as trace.z[1]; got {what} with values that are not, or no values")
    return numbers.astype(np.float64).ravel()


# the curve ----------------------------------------------------------------------------------------------------------
class _Curve:
    """σ′ on a grid over the range asked for and its tails, with every kink met from both sides."""

    def __init__(self, sigma: Activation, low: float, high: float) -> None:
        self.sigma, self.low, self.high = sigma, low, high
        self.out = (min(low, -WIDE), max(high, WIDE))
        sides = [place for kink in sigma.kinks for place in _sides(kink)]
        grid = [np.linspace(*self.out, COARSE), np.linspace(low, high, FINE), np.array([0.0, *sides])]
        z = np.unique(np.concatenate(grid))
        self.z = z[(z >= self.out[0]) & (z <= self.out[1])]
        self.slope = self.at(self.z)
        self.near = (self.z >= low) & (self.z <= high)
        if not np.isfinite(self.slope[self.near]).all():
            where = self.z[self.near & ~np.isfinite(self.slope)][0]
            raise FormError(f"{sigma.name}: σ′ is not finite at z = {where:g}; choose a range where it is")

    def at(self, z: Array) -> Array:
        """σ′ at numbers in any shape."""
        return _taken(self.sigma.slope, z)

    def value(self, z: Array) -> Array:
        """σ at numbers in any shape."""
        return _taken(self.sigma.value, z)

    def one(self, z: float) -> float:
        return float(self.at(np.array([z]))[0])

    @cached_property
    def finite(self) -> Array:
        """The stretch around the range on which σ′ is finite."""
        bad = np.flatnonzero(~np.isfinite(self.slope))
        first, last = np.flatnonzero(self.near)[[0, -1]]
        start = bad[bad < first].max(initial=-1) + 1
        stop = bad[bad > last].min(initial=self.z.size)
        return (np.arange(self.z.size) >= start) & (np.arange(self.z.size) < stop)

    def bounds(self, where: Array) -> Bounds:
        z, slope = self.z[where], self.slope[where]
        least = self._refined(z, slope, lambda value: value)[1]
        most = -self._refined(z, -slope, lambda value: -value)[1]
        return Bounds(Interval(float(z[0]), float(z[-1])), least, most)

    @cached_property
    def scale(self) -> tuple[float, bool]:
        """The largest |σ′| (1 where that is 0), and True; or 1 and False where the outer half of the tails still raises it."""
        most = _largest(self.bounds(self.finite))
        inner = _largest(self.bounds(self.finite & self._inner))
        if not self.finite.all() or inner < HELD * most:
            return 1.0, False
        return most or 1.0, True

    @property
    def _inner(self) -> Array:
        """The range itself, and the inner half of the tails."""
        return self.near | (np.abs(self.z) <= WIDE / 2)

    def away(self) -> float:
        """The least σ′ on the wide range, where it is above 0 and the outer half of the tails does not lower it; else 0."""
        if not self.finite.all():
            return 0.0
        least, inner = self.bounds(self.finite).least, self.bounds(self.finite & self._inner).least
        return least if least > 0 and least >= HELD * inner else 0.0

    def zones(self, level: float) -> tuple[Interval, ...]:
        """The intervals of the range where |σ′| < level, their ends found by halving."""
        z, slope = self.z[self.near], self.slope[self.near]
        low = np.abs(slope) < level
        found = []
        for first, last in _runs(low):
            start = float(z[0]) if first == 0 else self._edge(z[first], z[first - 1], level)
            stop = float(z[-1]) if last == z.size - 1 else self._edge(z[last], z[last + 1], level)
            found.append(Interval(start, stop))
        return tuple(found)

    def _edge(self, inside: float, outside: float, level: float) -> float:
        return _last_place(float(inside), float(outside), lambda z: np.abs(self.at(z)) < level)

    def slowest(self) -> tuple[float, tuple[Interval, ...]]:
        """The least |σ′| on the range, and where it is: points, or intervals where it does not change."""
        zeros = self.zeros()
        if zeros:
            return 0.0, zeros
        z, size = self.z[self.near], np.abs(self.slope[self.near])
        place, least = self._refined(z, size, np.abs)
        spans = [(float(z[first]), float(z[last])) for first, last in _runs(size <= least * (1 + 1e-9))]
        return least, tuple(Interval(*span) for span in spans or [(place, place)])

    def zeros(self) -> tuple[Interval, ...]:
        """Where σ′ is 0 on the range: stretches, points, and the places where it changes its sign without a jump."""
        z, slope = self.z[self.near], self.slope[self.near]
        spans = [(float(z[first]), float(z[last])) for first, last in _runs(slope == 0)]
        inside = [any(low <= turn <= high for low, high in spans) for turn in self.turns]
        spans += [(t, t) for t, known in zip(self.turns, inside) if not known and not self._jumping(t)]
        return tuple(Interval(*span) for span in sorted(spans))

    def _jumping(self, place: float) -> bool:
        return any(kink.left != kink.right and abs(kink.at - place) < 1e-6 for kink in self.kinks)

    def monotone(self) -> str:
        """rising, falling or neither, on the range; that σ′ = 0 for a while is said."""
        slope = self.slope[self.near]
        rests = any(last - first > 1 for first, last in _runs(slope == 0))
        if not slope.any():
            return "constant"
        if (slope >= 0).all() or (slope <= 0).all():
            return ("rising" if slope.max() > 0 else "falling") + (", constant where σ′ = 0" if rests else "")
        return "neither rising nor falling"

    @cached_property
    def turns(self) -> tuple[float, ...]:
        """Where σ′ changes its sign on the range; of a stretch of zeros in between, its middle."""
        z, slope = self.z[self.near], self.slope[self.near]
        sign = np.sign(slope)
        telling = np.flatnonzero(sign)
        before, after = telling[:-1], telling[1:]
        found = []
        for i in np.flatnonzero(sign[before] != sign[after]):
            if after[i] - before[i] > 1:
                found.append(float(z[before[i] + 1] + z[after[i] - 1]) / 2)
                continue
            left, right, same = float(z[before[i]]), float(z[after[i]]), float(sign[before[i]])
            found.append(_last_place(left, right, lambda z, s=same: s * self.at(z) > 0))  # type: ignore[misc]
        return tuple(found)

    @cached_property
    def kinks(self) -> tuple[Kink, ...]:
        """The kinks that the activation names, and the jumps of σ′ that it does not."""
        named = [kink for kink in self.sigma.kinks if self.low <= kink <= self.high]
        made = [Kink(float(kink), self.one(_sides(kink)[0]), self.one(_sides(kink)[1]), True) for kink in named]
        for left, right in self._jumps(self.slope, self.at):
            if not any(left - 1e-6 <= kink <= right + 1e-6 for kink in named):
                made.append(Kink((left + right) / 2, self.one(left), self.one(right), False))
        return tuple(sorted(made, key=lambda kink: kink.at))

    def jumps(self) -> tuple[float, ...]:
        """Where σ itself jumps on the range, which no slope tells."""
        return tuple((left + right) / 2 for left, right in self._jumps(self.value(self.z), self.value))

    def _jumps(self, values: Array, of: Callable[[Array], Array]) -> list[tuple[float, float]]:
        """Neighbouring numbers between which a function jumps: however small the step, half of its change is left."""
        z, values = self.z[self.near], values[self.near]
        change = np.abs(np.diff(values))
        most = np.argsort(-change)[: 4 * MANY]
        most = most[change[most] > 0.001 * float(np.ptp(values))]
        left, right = z[most], z[most + 1]
        for _ in range(60):
            middle = (left + right) / 2
            low, mid, high = of(left), of(middle), of(right)
            first = np.abs(mid - low) >= np.abs(high - mid)
            left, right = np.where(first, left, middle), np.where(first, middle, right)
            if np.all(right - left < 1e-12 * np.maximum(1.0, np.abs(left))):
                break
        there = np.abs(of(right) - of(left)) > change[most] / 2
        return list(zip(left[there].tolist(), right[there].tolist()))

    def _refined(self, z: Array, values: Array, of: Callable[[Array], Array]) -> tuple[float, float]:
        """(where, the least) of a function of σ′: the lowest grid points, and between their neighbours ever finer grids."""
        best = int(np.argmin(values))
        inner = np.flatnonzero((values[1:-1] < values[:-2]) & (values[1:-1] <= values[2:])) + 1
        inner = inner[np.argsort(values[inner])][:MANY]
        if inner.size == 0:
            return float(z[best]), float(values[best])
        low, high, rows = z[inner - 1], z[inner + 1], np.arange(inner.size)
        for _ in range(9):
            grid = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, 17)
            found = of(self.at(grid))
            dip = np.argmin(found, axis=1)
            low, high = grid[rows, np.maximum(dip - 1, 0)], grid[rows, np.minimum(dip + 1, 16)]
        at = int(np.argmin(found[rows, dip]))
        if not found[at, dip[at]] < values[best] - 1e-14 * abs(values[best]):  # by more than rounding
            return float(z[best]), float(values[best])
        return float(grid[at, dip[at]]), float(found[at, dip[at]])


def _sides(kink: float) -> tuple[float, float]:
    step = 1e-9 * max(1.0, abs(kink))
    return kink - step, kink + step


def _largest(bounds: Bounds) -> float:
    return max(abs(bounds.least), abs(bounds.most))


def _runs(mask: Array) -> list[tuple[int, int]]:
    """(first, last) of every stretch of True."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), (np.flatnonzero(edges == -1) - 1).tolist()))


def _last_place(inside: float, outside: float, holds: Callable[[Array], Array]) -> float:
    """The last number on the way from `inside` to `outside` up to which something holds."""
    for _ in range(12):
        grid = inside + (outside - inside) * np.linspace(0, 1, 33)
        broken = np.flatnonzero(~holds(grid[1:]))
        last = int(broken[0]) if broken.size else 32
        inside, outside = float(grid[last]), float(grid[min(last + 1, 32)])
        if inside == outside:
            break
    return inside


@np.errstate(all="ignore")
def _taken(of: Callable[[Array], Array], z: Array) -> Array:
    return np.asarray(of(z.ravel()), dtype=np.float64).reshape(z.shape)


def _rug(sigma: Activation, z: Array, level: float) -> Rug:
    slope = np.abs(_taken(sigma.slope, z))
    shares = (float(each.mean()) for each in (slope, slope < level, slope == 0))
    return Rug(z.size, float(z.min()), float(z.max()), *shares)


# the advice ---------------------------------------------------------------------------------------------------------
def _advice(made: Design) -> list[str]:
    """What the measurements mean for learning, and what would help."""
    said, on = [], made.wide.on
    least, most = made.wide.least, made.wide.most
    if made.away > 0:
        pace = f", but where it is flat it learns at {made.away / made.scale:.2g} of its pace" if made.flat else ""
        said.append(
            f"σ′ ≥ {digits(made.away)} on {on}, and the tails do not lower it: no neuron can saturate fully{pace}"
        )
    else:
        said += _about_zero(made)
        said += _about_tails(made)
        if made.bounded and least >= -made.scale / 4:
            line = _up(AIM - min(least, 0.0))
            said.append(
                f"σ(z) + {digits(line)} z would keep σ′ ≥ {digits(least + line)} on {on}: no neuron could saturate fully then"
            )
    if not made.bounded:
        said.append(f"|σ′| still grows at the ends of {on}: errors may explode on their way back")
    elif made.scale < 0.5:
        said.append(
            f"|σ′| is at most {digits(made.scale)}: {_layers(made.scale)} layers of it shrink an error at least tenfold, "
            "unless the weights make up for it"
        )
    elif max(abs(least), abs(most)) > 1 + 1e-6:
        said.append(f"|σ′| reaches {digits(made.scale)}: there it makes errors larger on their way back")
    if any(kink.left != kink.right for kink in made.kinks):
        said.append("at a kink any slope between those of its two sides is right; differences across it tell nothing")
    if made.jumps:
        said.append("where σ itself jumps no gradient sees it: descent cannot learn across it")
    if made.rug:
        said += _about_rug(made, made.rug)
    return said


def _about_rug(made: Design, rug: Rug) -> list[str]:
    """Whether too many of the given z lie in a flat zone; half of them do where one side alone is flat, as with relu."""
    on = made.near.on
    both = any(zone.low == on.low for zone in made.flat) and any(zone.high == on.high for zone in made.flat)
    if rug.flat <= (SATURATED if both else ONE_SIDED):
        return []
    out = "smaller weights, or scaled inputs" if both else "other biases, or a smaller learning rate"
    return [f"{rug.flat:.0%} of the given z lie in a flat zone: {out}, would keep them out of it"]


def _about_zero(made: Design) -> list[str]:
    """Where σ′ is 0, for a while or at a point, and where its sign changes."""
    zeros = made.slowest if made.least == 0 else ()
    stretches = [each for each in zeros if each.low < each.high]
    points = [each for each in zeros if each.low == each.high]
    turned = [turn for turn in made.turns if not any(each.low <= turn <= each.high for each in zeros)]
    said = []
    if stretches:
        said.append(f"σ′ is 0 in float64 on {_listed(stretches)}: a neuron whose z stays there for every row is dead")
    if points:
        said.append(f"σ′ = 0 at {_listed(points)}: a neuron there passes nothing back")
    if turned:
        said.append(f"σ′ jumps from one sign to the other at {_listed(turned)}")
    return said


def _about_tails(made: Design) -> list[str]:
    """The flat zones at the ends of the range, where σ′ is not 0 altogether."""
    ends = (made.near.on.low, made.near.on.high)
    zeros = made.slowest if made.least == 0 else ()
    tails = [zone for zone in made.flat if (zone.low in ends or zone.high in ends) and zone not in zeros]
    if not tails and not zeros:
        far = f"σ′ is {digits(made.wide.least)} at its least on {made.wide.on}"
        return [f"{far}: it is not kept away from 0, and a z far out may saturate a neuron"]
    if not tails:
        return []
    return [f"σ′ is small in {_listed(tails)}: a neuron with its z there is saturated, and its weights learn slowly"]


def _up(value: float) -> float:
    """The next number of two digits, not below."""
    digits = 1 - math.floor(math.log10(value))
    return math.ceil(round(value * 10.0**digits, 9)) / 10.0**digits


def _layers(scale: float) -> int:
    """How many factors of this size make less than a tenth."""
    return math.ceil(-1 / math.log10(scale) - 1e-9)


def _listed(places: Sequence[Any]) -> str:
    shown = [digits(each) if isinstance(each, float) else str(each) for each in places]
    more = f" and {len(shown) - MANY} more" if len(shown) > MANY else ""
    return ", ".join(shown[:MANY]) + more
