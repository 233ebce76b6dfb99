"""Where margins cross 0 along a line of steps: bracketed on a grid, then placed by bisection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.nudges.line_search import ROUNDS, first_grid, golden
from chainrule.verification.differences import EPSILON

Array = np.ndarray
Margins = Callable[[Array], Array]
SMALLEST = 1e-30  # a step that no z feels: what is crossed before it is crossed at 0


def crossings(margins: Margins, low: float, high: float) -> list[tuple[float, int]]:
    """(t, unit) wherever a margin changes between > 0 and ≤ 0 within low…high, in order of t.

    `margins` answers (steps, units) for steps (steps,). The points of a grid, and turning points that reach over 0 between
    them, bracket the crossings, which bisection then places; these join the grid until nothing new turns up.
    """
    grid, count = first_grid(low, high), -1
    for _ in range(ROUNDS):
        over = margins(grid)
        i, unit = np.nonzero((over[:-1] > 0) != (over[1:] > 0))
        real = np.isfinite(over[i, unit]) & np.isfinite(over[i + 1, unit])
        i, unit = i[real], unit[real]
        at = _bisected(margins, grid[i], grid[i + 1], unit, over[i + 1, unit] > 0)
        turned = _turning_points(margins, grid, over)
        if at.size == count and not turned.size:
            break
        grid, count = np.union1d(grid, np.concatenate([at, turned])), at.size
    return sorted(zip(at.tolist(), unit.tolist()))


def _bisected(margins: Margins, left: Array, right: Array, unit: Array, rising: Array) -> Array:
    """The t at which each unit's margin enters (rising) or leaves > 0 between left and right, on the side where it is not."""
    while np.any(np.abs(right - left) > np.maximum(2 * EPSILON * np.maximum(np.abs(left), np.abs(right)), SMALLEST)):
        middle = left / 2 + right / 2
        goes_right = (_of_each(margins, middle, unit) > 0) == rising
        left, right = np.where(goes_right, left, middle), np.where(goes_right, middle, right)
    return np.where(rising, left, right)


def _turning_points(margins: Margins, grid: Array, over: Array) -> Array:
    """Where a margin that has one sign on neighbouring points of the grid has the other sign between them."""
    side, height = np.pad(over > 0, ((1, 1), (0, 0)), "edge"), np.pad(np.abs(over), ((1, 1), (0, 0)), "edge")
    with np.errstate(invalid="ignore"):
        here, rise = height[1:-1], np.maximum(height[:-2], height[2:]) - height[1:-1]
        low = (here <= height[:-2]) & (here <= height[2:]) & (rise > 0) & (here <= 4 * rise)
    i, unit = np.nonzero(low & (side[:-2] == side[1:-1]) & (side[2:] == side[1:-1]))
    if not i.size:
        return grid[:0]
    sign = np.where(over[i, unit] > 0, 1.0, -1.0)
    left, right = grid[np.maximum(i - 1, 0)], grid[np.minimum(i + 1, grid.size - 1)]
    at = golden(lambda t: sign * _of_each(margins, t, unit), left, right)
    return at[(_of_each(margins, at, unit) > 0) != (sign > 0)]


def _of_each(margins: Margins, t: Array, unit: Array) -> Array:
    """The margin of unit[i] at t[i]."""
    return margins(t)[np.arange(t.size), unit] if t.size else t
