"""Plots: scales with their ticks, curves, and how far small things are enlarged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chainrule.pictures.shapes import Element, Label, Line
from chainrule.writing.numbers import short

ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # first digits of a zoom
TICK = 11.0  # size of the numbers at ticks


@dataclass(frozen=True)
class Scale:
    """Numbers from `low` to `high` along a line from pixel `start` to pixel `end`; what is written at a tick is less `base`."""

    low: float
    high: float
    start: float
    end: float
    base: float = 0.0

    def at(self, value: float) -> float:
        """The pixel of a number."""
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """The pixels of round numbers, `most` at most, and how these are written."""
        places = ticks(self.low - self.base, self.high - self.base, most)
        return [(self.at(place + self.base), text) for place, text in zip(places, tick_texts(places))]


@dataclass(frozen=True)
class Plot:
    """A rectangle of numbers: x to the right, y up."""

    x: Scale
    y: Scale

    @property
    def up(self) -> float:
        """Its upper edge."""
        return self.y.end

    @property
    def down(self) -> float:
        """Its lower edge."""
        return self.y.start

    def across(self, y: float, width: float = 1.0, opacity: float = 1.0) -> Line:
        """A thin line from the left edge to the right one, at a pixel."""
        return Line(((self.x.start, y), (self.x.end, y)), "faint", width, opacity=opacity)

    def upright(self, x: float, width: float = 1.0, opacity: float = 1.0) -> Line:
        """A thin line from the lower edge to the upper one, at a pixel."""
        return Line(((x, self.up), (x, self.down)), "faint", width, opacity=opacity)

    def rules(self, most: int = 6, size: float = TICK) -> list[Element]:
        """Level lines at round numbers, and the numbers to the left of them."""
        found: list[Element] = []
        for y, text in self.y.ticks(most):
            found += [self.across(y, 0.6, 0.3), Label(self.x.start - 8, y, text, "faint", size, "end")]
        return found

    def foot(self, y: float, most: int = 6) -> list[Element]:
        """The axis of x: a level line at pixel y, with ticks and numbers below it."""
        found: list[Element] = [self.across(y)]
        for x, text in self.x.ticks(most):
            found += [Line(((x, y), (x, y + 5)), "faint"), Label(x, y + 16, text, "faint", TICK)]
        return found

    def curve(
        self, points: Iterable[tuple[float, float]], role: str, width: float = 2.0, dashed: bool = False
    ) -> list[Element]:
        """A curve through points, broken where a number is infinite or none."""
        pieces: list[list[tuple[float, float]]] = [[]]
        for x, y in points:
            if math.isfinite(y):
                pieces[-1].append((self.x.at(x), self.y.at(y)))
            elif pieces[-1]:
                pieces.append([])
        return [Line(tuple(piece), role, width, dashed=dashed) for piece in pieces if len(piece) > 1]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high, `most` at most: multiples of 1, 2 or 5 times a power of ten."""
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    apart = next(first * power for first in (1, 2, 5, 10) if first * power >= least * (1 - 1e-9))
    return [apart * i + 0.0 for i in range(math.ceil(low / apart - 1e-9), math.floor(high / apart + 1e-9) + 1)]


def tick_texts(places: Sequence[float]) -> list[str]:
    """The places as numbers, with as many digits as it takes to tell them apart."""
    apart = min((abs(b - a) for a, b in pairwise(places)), default=1.0)
    largest = max(map(abs, places), default=1.0)
    digits = max(3, 1 + math.ceil(math.log10(largest / apart))) if largest else 3
    return [short(place, digits) for place in places]


def round_down(value: float) -> float:
    """The next smaller round number, as zooms are."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(first * power for first in ROUND if first * power <= value * (1 + 1e-12) or first == 1)
