"""The scale of an axis: where its ticks are and what stands at them, and how far small things are enlarged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from chainrule.writing.numbers import short

ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # first digits of a zoom


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
