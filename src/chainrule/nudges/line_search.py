"""A line of steps, searched: a grid that sees every size of step, and golden sections between its points."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Array = np.ndarray
GRID = 257  # points of a range that are looked at before anything is refined
ROUNDS = 12  # of adding points to a grid
SECTIONS = 75  # of an interval: to the last digit


def first_grid(low: float, high: float) -> Array:
    """Where a range is looked at first: evenly, in every decade of size on both sides of 0, and at the step nearest to 0."""
    shares = np.linspace(0, 1, GRID)
    largest = max(abs(low), abs(high))
    decades = largest * 10.0 ** -np.arange(0, math.log10(max(largest, 1.0)) + 12, 0.25)
    points = np.concatenate([low * (1 - shares) + high * shares, decades, -decades, [0.0, low, high]])
    return np.union1d(points[(points >= low) & (points <= high)], [min(max(0.0, low), high)])


def golden(f: Callable[[Array], Array], left: Array, right: Array) -> Array:
    """The lowest point of f between left[i] and right[i], for all i at once, by golden sections (Kiefer 1953)."""
    one, two = _between(left, right)
    at_one, at_two = f(one), f(two)
    for _ in range(SECTIONS):
        low = at_one <= at_two
        left, right = np.where(low, left, one), np.where(low, two, right)
        new = np.where(low, *_between(left, right))
        at_new = f(new)
        one, two = np.where(low, new, two), np.where(low, one, new)
        at_one, at_two = np.where(low, at_new, at_two), np.where(low, at_one, at_new)
    return np.where(at_one <= at_two, one, two)


def _between(left: Array, right: Array) -> tuple[Array, Array]:
    """The two golden sections of each interval, written so that the widest does not overflow."""
    share = (3 - math.sqrt(5)) / 2
    return (1 - share) * left + share * right, share * left + (1 - share) * right
