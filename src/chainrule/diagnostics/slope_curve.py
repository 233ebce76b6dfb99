"""σ′ as a curve: measured on a grid over a range and its tails, refined between its points, met at kinks from both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.activations import Activation
from chainrule.errors import FormError
from chainrule.writing.numbers import short

Array = np.ndarray
WIDE = 50.0  # how far out the tails are followed
FINE, COARSE = 8001, 20001  # points on the range asked for, and on the wide one
HELD = 0.999  # a bound that the outer half of the wide range moves by less is taken to hold
MANY = 8  # extrema refined; four times as many steps are tried for jumps


@dataclass(frozen=True)
class Interval:
    """low ≤ z ≤ high; a point where the two are equal."""

    low: float
    high: float

    def __str__(self) -> str:
        return short(self.low) if self.low == self.high else f"[{short(self.low)}, {short(self.high)}]"


@dataclass(frozen=True)
class Bounds:
    """The least and the largest σ′, with its sign, on an interval."""

    on: Interval
    least: float
    most: float

    def __str__(self) -> str:
        return f"from {short(self.least)} to {short(self.most)} on {self.on}"


@dataclass(frozen=True)
class SlopeKink:
    """Where σ′ jumps: its slopes on either side, and whether the activation names the place itself (S3.4)."""

    at: float
    left: float
    right: float
    declared: bool

    def __str__(self) -> str:
        said = "" if self.declared else ", which the activation does not name: activation(form, kinks=(…))"
        if self.left == self.right:
            return f"named at {short(self.at)}, where σ′ does not jump"
        return f"at {short(self.at)}, σ′ from {short(self.left)} to {short(self.right)}{said}"


class Curve:
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
        return taken(self.sigma.slope, z)

    def value(self, z: Array) -> Array:
        """σ at numbers in any shape."""
        return taken(self.sigma.value, z)

    def one(self, z: float) -> float:
        """σ′ at one number."""
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
        """The least and the largest σ′ over a part of the grid, refined between its points."""
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
    def kinks(self) -> tuple[SlopeKink, ...]:
        """The kinks that the activation names, and the jumps of σ′ that it does not."""
        named = [kink for kink in self.sigma.kinks if self.low <= kink <= self.high]
        made = [SlopeKink(float(kink), self.one(_sides(kink)[0]), self.one(_sides(kink)[1]), True) for kink in named]
        for left, right in self._jumps(self.slope, self.at):
            if not any(left - 1e-6 <= kink <= right + 1e-6 for kink in named):
                made.append(SlopeKink((left + right) / 2, self.one(left), self.one(right), False))
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
def taken(of: Callable[[Array], Array], z: Array) -> Array:
    """A function at numbers in any shape, in float64; infinities and NaN stay."""
    return np.asarray(of(z.ravel()), dtype=np.float64).reshape(z.shape)
