"""Which of several ways is the faster one, by trying each in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from quick import QUICK

Way = TypeVar("Way")
TRIES, TRIED = 1 if QUICK else 3, 0.1  # how often each is tried, for about so many seconds
ENOUGH = 1.5  # seconds of trying, after which no further try is begun


def faster(ways: Mapping[Way, Callable[[], float]]) -> tuple[Way, float]:
    """(the way whose median is the least, that median); each way is a function that gives the seconds it took."""
    found: dict[Way, list[float]] = {way: [] for way in ways}
    for _ in range(TRIES):
        for way, timed in ways.items():
            ends = time.perf_counter() + TRIED
            found[way].append(timed())
            while time.perf_counter() < ends:
                found[way].append(timed())
        if sum(map(sum, found.values())) > ENOUGH:
            break
    medians = {way: statistics.median(times) for way, times in found.items()}
    chosen = min(medians, key=medians.__getitem__)
    return chosen, medians[chosen]
