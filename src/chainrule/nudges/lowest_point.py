"""The lowest point of u within a range of steps: a grid that holds every kink, made finer where u bends, and its valleys."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule.errors import DataError
from chainrule.nudges.line_search import ROUNDS, first_grid, golden
from chainrule.nudges.question import NudgeQuestion
from chainrule.verification.differences import EPSILON
from chainrule.writing.numbers import short

Array = np.ndarray
PLACES = 64  # low places that are refined
WITHIN = 1e-6  # where in a cell its tangents are taken, in parts of it


def lowest_point(question: NudgeQuestion, low: float, high: float, kinks: Sequence[float]) -> float:
    """The step within low…high at which u is lowest; of those equal to rounding none, a kink or an end, else the smallest."""
    nearest = min(max(0.0, low), high)
    grid = np.union1d(first_grid(low, high), kinks)
    values = question.values(grid)
    if not np.isfinite(values).any():
        raise DataError(
            f"{question.u} is not a number between {short(low)} and {short(high)}: take a smaller range of {question.v}"
        )
    left, right = _valleys(question, grid)
    places = grid[np.lexsort((np.abs(grid), values))][:PLACES]
    refined = golden(question.values, left, right) if left.size else left
    found = {float(t): question.change(float(t)).after for t in [*places, *refined, nearest, low, high]}
    best = min(value for value in found.values() if math.isfinite(value))
    equal = [t for t, value in found.items() if abs(value - best) <= 4 * EPSILON * abs(best)]
    marked = [t for t in equal if t in (nearest, low, high, *kinks)]  # rather the end itself than a hair before it
    return min(marked or equal, key=abs)


def _valleys(question: NudgeQuestion, grid: Array) -> tuple[Array, Array]:
    """The cells, from left to right, that u goes down into and comes up from, the most promising of them.

    A cell in which u is not the cubic that its ends and their tangents make, by so much that it might go below all that has
    been seen, is halved first. Tangents are taken within the cell: at a kink they differ on the two sides.
    """
    for _ in range(ROUNDS):
        left, right, middle = grid[:-1], grid[1:], grid[:-1] / 2 + grid[1:] / 2
        with np.errstate(all="ignore"):
            width = right - left
            (one, down), (two, up) = question.tangents(left + WITHIN * width), question.tangents(right - WITHIN * width)
            half = question.values(middle)
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
