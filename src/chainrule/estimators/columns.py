"""The columns of rows of numbers: each less its mean, divided by its deviation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainrule.data.columns import Column, Number

Array = np.ndarray
NUMBERS = 2**17  # that are worked on at a time, so that no second table of float64 is needed


def standardised(names: Sequence[str], X: Array, weight: Array | None) -> tuple[Column, ...]:
    """Columns that standardise rows (rows, features) by their weighted means and deviations; constant ones are only shifted."""
    mean, scale = moments(X, weight)
    return tuple(Number(name, mean=m, scale=s) for name, m, s in zip(names, mean.tolist(), scale.tolist()))


def moments(X: Array, weight: Array | None) -> tuple[Array, Array]:
    """The weighted mean and deviation of each column, in float64.

    The deviation of a constant column is 1, or what rounding can make of it where its numbers are large. The squares of numbers
    beyond 1e±150 would overflow or vanish: such columns are taken in a unit of their own, a power of 2, which rounds nothing.
    """
    share = np.full(len(X), 1 / len(X)) if weight is None else weight / weight.sum(dtype=np.float64)
    some = max(1, NUMBERS // X.shape[1])
    parts = [slice(start, start + some) for start in range(0, len(X), some)]
    mean, scale = _moments(lambda part: X[part].astype(np.float64, copy=False), parts, share)
    odd = ~((scale > 1e-150) & (scale < 1e150))
    if odd.any():
        unit = np.frexp(np.max([np.abs(X[part][:, odd]).max(axis=0) for part in parts], axis=0).astype(np.float64))[1]
        found = _moments(lambda part: np.ldexp(X[part][:, odd].astype(np.float64), -unit), parts, share)
        mean[odd], scale[odd] = (np.ldexp(each, unit) for each in found)
    rounding = 10 * np.finfo(X.dtype).eps * np.abs(mean)
    return mean, np.where(scale > rounding, scale, np.maximum(1.0, rounding))


def _moments(rows: Callable[[slice], Array], parts: Sequence[slice], share: Array) -> tuple[Array, Array]:
    """The mean and deviation of each column of rows that are read in parts; of a constant one exactly its value and 0."""
    first = rows(slice(0, 1))[0]
    with np.errstate(all="ignore"):
        mean = first + np.sum([share[part] @ (rows(part) - first) for part in parts], axis=0)
        return mean, np.sqrt(np.sum([share[part] @ np.square(rows(part) - mean) for part in parts], axis=0))
