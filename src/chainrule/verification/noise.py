"""How exact the values of a function are, measured from values alone: what differences of them can show depends on it.

Values at equal steps along a line are a smooth part plus noise; each difference of neighbours takes away a degree of the smooth
part and keeps the noise, so that the sixth differences are noise alone (Hamming 1962; Moré and Wild 2011, "Estimating
computational noise"). Values that all fit into float32, such as PyTorch's `.item()`, are at best exact to its last digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray
SPACINGS = (2.0**-18, 2.0**-13, 2.0**-8, 2.0**-4)  # of a number: the first at which the values move
POINTS = 10
LINES = 3
ORDERS = range(3, 7)


def noise_of(value: Callable[[Array], float], at: Array) -> float:
    """The standard deviation of the noise in value(θ) near θ = `at`; 0.0 where none is seen."""
    rng = np.random.default_rng(0)
    found, seen = [], []
    for _ in range(LINES):
        way = rng.uniform(0.5, 1.5, at.shape) * rng.choice([-1.0, 1.0], at.shape) * np.where(at == 0, 1, np.abs(at))
        values = _moving(value, at, way)
        seen += values
        found.append(_of_values(values))
    return max(float(np.median(found)), _last_digit(seen))


def _moving(value: Callable[[Array], float], at: Array, way: Array) -> list[float]:
    """Values along a line, at the smallest spacing at which most of them differ."""
    values: list[float] = []
    for spacing in SPACINGS:
        there = [value(at + spacing * k * way) for k in range(POINTS)]
        if not all(map(math.isfinite, there)):
            break
        values = there
        if len(set(values)) > POINTS // 2:
            break
    return values


def _of_values(values: Sequence[float]) -> float:
    """The smallest estimate that differences of third to sixth order give: the higher hold less of what is smooth."""
    largest = max(map(abs, values), default=0.0)
    if not largest:
        return 0.0
    table, found = np.array(values) / largest, []
    for order in ORDERS:
        differences = np.diff(table, order)
        scale = math.factorial(order) ** 2 / math.factorial(2 * order)  # noise of variance 1 gives 1
        found.append(math.sqrt(scale * float(np.mean(differences**2))))
    return largest * min(found)


def _last_digit(values: Sequence[float]) -> float:
    """Half of the last digit of float32 where values that differ all fit into it, else 0."""
    with np.errstate(over="ignore"):
        single = np.array(values, np.float32)
    if len(set(values)) < 2 or not np.array_equal(single.astype(np.float64), values):
        return 0.0
    return float(np.spacing(np.abs(single).max())) / 2


def precision_of(values: Array) -> np.dtype[Any]:
    """The dtype in which numbers were computed: float32 where all of them fit into it, though they are stored in float64."""
    with np.errstate(over="ignore"):
        single = values.dtype == np.float64 and np.array_equal(values.astype(np.float32), values)
    return np.dtype(np.float32) if single and values.any() else values.dtype
