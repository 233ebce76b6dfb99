"""Means and deviations of the columns of a mapped file, in one pass over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.data.mapped import MappedRows

Array = np.ndarray
SAMPLE = 1000  # rows that tell the middle value of a column


@dataclass(frozen=True)
class Moments:
    """Of each column (columns,): how many values and gaps, mean, deviation, largest absolute value, a middle value.

    `infinite` is the place (row of the file, column) of a value that is infinite, None where there is none. The middle is the
    median of about 1,000 rows; NaN where all of these are gaps.
    """

    counts: Array
    gaps: Array
    mean: Array
    deviation: Array
    largest: Array
    middle: Array
    infinite: tuple[int, int] | None


def moments(rows: MappedRows) -> Moments:
    """The moments of rows, read in the order of their file.

    Each part's mean and sum of squared deviations are taken by themselves and then combined (Chan, Golub and LeVeque, 1979):
    as accurate as two passes, and the same bits each time.
    """
    rows, columns = rows.in_file_order(), rows.width
    counts, gaps = np.zeros(columns, dtype=np.int64), np.zeros(columns, dtype=np.int64)
    mean, squares, largest = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    infinite, before = None, 0
    for part in rows.chunks():
        block = part.astype(np.float64)
        missing = np.isnan(block)
        if infinite is None and np.isinf(block).any():
            row, column = np.argwhere(np.isinf(block))[0].tolist()
            infinite = before + row if rows.numbers is None else int(rows.numbers[before + row]), column
        with np.errstate(all="ignore"):
            count, own, around = _part(block, missing)
            total = counts + count
            share = np.divide(count, total, out=np.zeros(columns), where=total > 0)
            away = np.where(count > 0, own - mean, 0.0)
            mean = mean + away * share
            squares = squares + around + away * away * (counts * share)
            largest = np.maximum(largest, np.abs(np.where(missing, 0.0, block)).max(axis=0))
        counts, gaps, before = total, gaps + missing.sum(axis=0), before + len(block)
    with np.errstate(all="ignore"):
        deviation = np.sqrt(squares / np.maximum(counts, 1))
    return Moments(counts, gaps, mean, deviation, largest, _middle(rows), infinite)


def _part(block: Array, missing: Array) -> tuple[Array, Array, Array]:
    """(values, their mean, the sum of their squared distances from it) of each column."""
    if not missing.any():
        mean = block.mean(axis=0)
        return np.full(block.shape[1], len(block)), mean, ((block - mean) ** 2).sum(axis=0)
    count = (~missing).sum(axis=0)
    mean = np.where(missing, 0.0, block).sum(axis=0) / np.maximum(count, 1)
    return count, mean, (np.where(missing, 0.0, block - mean) ** 2).sum(axis=0)


def _middle(rows: MappedRows) -> Array:
    """The median of the values of some rows, evenly spaced."""
    some = rows[np.arange(0, len(rows), max(1, len(rows) // SAMPLE))].astype(np.float64)
    present = np.sort(some, axis=0)  # NaN come last
    counts = (~np.isnan(some)).sum(axis=0)
    at = np.arange(rows.width)
    low, high = (present[np.maximum(place, 0), at] for place in ((counts - 1) // 2, counts // 2))
    return np.where(counts > 0, (low + high) / 2, np.nan)
