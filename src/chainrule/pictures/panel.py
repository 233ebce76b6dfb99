"""A panel: curves over a common x in one rectangle, its y axis in equal steps or in powers of ten."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.pictures.plot import Plot, Scale, ticks
from chainrule.pictures.shapes import Circle, Element, Label, Line, width_of
from chainrule.writing.numbers import short

SPREAD = 10.0  # the largest value by the smallest, above which the axis is in powers of ten
MARKS = (1.0, 2.0, 5.0)  # on an axis in powers of ten
PLAIN = 4  # digits: from this power of ten on it is written as one
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
NEAR = 1.3  # of their size: between the names at the ends of two curves, at least
ENDS = 0.06  # of its height that is left free above and below the curves


@dataclass(frozen=True)
class Curve:
    """One curve: its name, its role among the colours, its points, which of them is circled, and what stands at its end."""

    name: str
    role: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False
    marked: int | None = None
    end: str = ""

    @property
    def finite(self) -> list[float]:
        return [y for _, y in self.points if math.isfinite(y)]


@dataclass(frozen=True)
class Panel:
    """Curves in a rectangle between the pixels `up` and `up + height`; `level` is a y with a line of its own.

    The axis is in powers of ten where all values are above 0 and spread over more than a factor of ten; or always, `by_tens`,
    and then values that are not above 0 are left out.
    """

    across: Scale
    up: float
    height: float
    curves: Sequence[Curve]
    by_tens: bool = False
    level: float | None = None
    least: float | None = None  # where the axis begins, unless in powers of ten
    most: int = 800  # points of a curve that are drawn
    size: float = 11.0  # of the numbers on its axis

    @cached_property
    def _values(self) -> list[float]:
        levels = [] if self.level is None else [self.level]
        return [y for each in self.curves for y in each.finite if y > 0 or not self.by_tens] + levels or [1.0]

    @cached_property
    def by_powers(self) -> bool:
        """Whether the axis is in powers of ten."""
        spread = min(self._values) > 0 and max(self._values) > SPREAD * min(self._values)
        return self.by_tens or (spread and self.least is None)

    def height_of(self, value: float) -> float:
        """A value as the axis has it; NaN where it has no place there."""
        if not math.isfinite(value) or (self.by_powers and value <= 0):
            return math.nan
        return math.log10(value) if self.by_powers else value

    @cached_property
    def plot(self) -> Plot:
        """The rectangle, a little higher than the curves."""
        low, high = (self.height_of(extreme(self._values)) for extreme in (min, max))
        margin = ENDS * (high - low) or (0.5 if self.by_powers else 0.5 * abs(high)) or 1.0
        foot = low - margin if self.least is None or self.by_powers else self.least
        return Plot(self.across, Scale(foot, high + margin, self.up + self.height, self.up))

    def elements(self) -> list[Element]:
        """Level lines, curves, circles, and names at the ends."""
        plot = self.plot
        found = self._rules() if self.by_powers else plot.rules(5, self.size)
        if self.level is not None:
            y = plot.y.at(self.height_of(self.level))
            found.append(Line(((plot.x.start, y), (plot.x.end, y)), "ink", 1.0, dashed=True, opacity=0.55))
        for each in self.curves:
            found += self._curve(each)
        return found + self._ends()

    def _curve(self, curve: Curve) -> list[Element]:
        drawn = [*self._drawn(curve)]
        found = self.plot.curve(drawn, curve.role, 2.0, curve.dashed)
        alone = [] if found else [point for point in drawn if math.isfinite(point[1])]
        found += [Circle(*self._at(point), 2.5, curve.role, curve.role) for point in alone]
        if curve.marked is not None and curve.finite:
            x, y = curve.points[curve.marked]
            found.append(Circle(*self._at((x, self.height_of(y))), 4, curve.role, "paper", 2.0))
        return found

    def _at(self, point: tuple[float, float]) -> tuple[float, float]:
        return self.plot.x.at(point[0]), self.plot.y.at(point[1])

    def _drawn(self, curve: Curve) -> Iterator[tuple[float, float]]:
        """Its points; of very many the lowest and the highest of each run of them, so that no peak is lost."""
        heights = [self.height_of(y) for _, y in curve.points]
        every = max(1, math.ceil(2 * len(heights) / self.most)) if len(heights) > self.most else 1
        for start in range(0, len(heights), every):
            places = range(start, min(start + every, len(heights)))
            there = [place for place in places if math.isfinite(heights[place])]
            ends = {extreme(there, key=heights.__getitem__) for extreme in (min, max)} if there else {start}
            ends |= {place for place in (curve.marked, len(heights) - 1) if place is not None and place in places}
            for place in sorted(ends):
                yield curve.points[place][0], heights[place]

    def _ends(self) -> list[Element]:
        """The names at the ends of the curves, moved apart where they would touch; of too many, evenly chosen ones."""
        placed = ((self._last(each), each) for each in self.curves if each.end)
        ends = [(self.plot.y.at(height), each) for height, each in placed if math.isfinite(height)]
        ends.sort(key=lambda pair: pair[0])
        near = NEAR * self.size
        room = max(1, int(self.height // near))
        if len(ends) > room:
            ends = [ends[round(i * (len(ends) - 1) / max(room - 1, 1))] for i in range(room)]
        ys = [y for y, _ in ends]
        for i in range(1, len(ys)):
            ys[i] = max(ys[i], ys[i - 1] + near)
        for i in reversed(range(len(ys))):
            below = self.up + self.height if i == len(ys) - 1 else ys[i + 1] - near
            ys[i] = min(ys[i], below)
        right = self.plot.x.end + 7
        return [Label(right, y, each.end, each.role, self.size, "start", bold=True) for y, (_, each) in zip(ys, ends)]

    def _last(self, curve: Curve) -> float:
        """The height of its last point that has one."""
        heights = [height for _, y in curve.points if math.isfinite(height := self.height_of(y))]
        return heights[-1] if heights else math.nan

    def _rules(self) -> list[Element]:
        """Level lines at powers of ten, and between them where there are few."""
        plot = self.plot
        low, high = math.floor(plot.y.low), math.ceil(plot.y.high)
        every = max(1, (high - low) // 6)
        marks = MARKS if high - low <= 2 else (1.0,)
        found: list[Element] = []
        for power in range(low, high + 1, every):
            for mark in marks:
                at = power + math.log10(mark)
                if plot.y.low <= at <= plot.y.high:
                    y = plot.y.at(at)
                    text = power_text(power) if mark == 1.0 else short(mark * 10.0**power)
                    found += [plot.across(y, 0.6, 0.3), Label(plot.x.start - 8, y, text, "faint", self.size, "end")]
        return found


def power_text(power: int) -> str:
    """A power of ten as an axis has it: 0.01, 100, 10⁻⁴."""
    return short(10.0**power) if abs(power) < PLAIN else "10" + str(power).translate(RAISED)


def whole_foot(across: Scale, y: float, most: int = 8, size: float = 11.0) -> list[Element]:
    """The axis of x at pixel y, whole numbers below it."""
    found: list[Element] = [Line(((across.start, y), (across.end, y)), "faint")]
    for place in ticks(across.low, across.high, most):
        if place == round(place):
            x = across.at(place)
            found += [Line(((x, y), (x, y + 5)), "faint"), Label(x, y + 5 + size, f"{place:,.0f}", "faint", size)]
    return found


def legend(
    curves: Sequence[Curve], left: float, right: float, y: float, size: float = 12.0
) -> tuple[list[Element], float]:
    """The names of curves beside a piece of each, in lines from pixel y on; and the y of the last of these lines."""
    found: list[Element] = []
    x = left
    for each in curves:
        width = 26 + width_of(each.name, size)
        if x > left and x + width > right:
            x, y = left, y + 1.5 * size
        found.append(Line(((x, y), (x + 20, y)), each.role, 2.4, dashed=each.dashed))
        found.append(Label(x + 26, y, each.name, "ink", size, "start"))
        x += width + 18
    return found, y
