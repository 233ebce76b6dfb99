"""The columns of rows of numbers: each less its mean, divided by its deviation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.data.columns import Column, Number

Array = np.ndarray
NUMBERS = 2**17  # that are worked on at a time, so that no second table of float64 is needed


def standardised(names: Sequence[str], X: Array, weight: Array | None) -> tuple[Column, ...]:
    """Columns that standardise rows (rows, features) by their weighted means and deviations; constant ones are only shifted."""
    mean, scale = moments(X, weight)
    return tuple(Number(name, mean=m, scale=s) for name, m, s in zip(names, mean.tolist(), scale.tolist()))


def moments(X: Array, weight: Array | None) -> tuple[Array, Array]:
    """The weighted mean and deviation of each column, in float64; a deviation that is 0, or infinite, is 1."""
    share = np.full(len(X), 1 / len(X)) if weight is None else weight / weight.sum(dtype=np.float64)
    some = max(1, NUMBERS // X.shape[1])
    parts = [slice(start, start + some) for start in range(0, len(X), some)]
    with np.errstate(all="ignore"):
        mean = np.sum([share[part] @ X[part].astype(np.float64, copy=False) for part in parts], axis=0)
        scale = np.sqrt(np.sum([share[part] @ np.square(X[part] - mean) for part in parts], axis=0))
    within = np.isfinite(mean) & np.isfinite(scale) & (scale > 10 * np.finfo(X.dtype).eps * np.abs(mean))
    return np.where(np.isfinite(mean), mean, 0.0), np.where(within, scale, 1.0)
