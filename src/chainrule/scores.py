"""Scores of predictions: accuracy and confusions of classes, subset accuracy of several labels a row, R² and errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.coercion import as_array, contents
from chainrule.errors import DataError, ShapeError, brief, listed
from chainrule.writing.numbers import minus

Array = np.ndarray
TITLES = {"accuracy": "accuracy", "subset_accuracy": "subset accuracy", "r_squared": "R²"}


@dataclass(frozen=True)
class Score:
    """A score and the measure it is of: accuracy, subset_accuracy or r_squared."""

    value: float
    measure: str

    def __str__(self) -> str:
        return (
            f"{self.title} {minus(f'{self.value:.4f}')}"
            if math.isfinite(self.value)
            else f"{self.title} (none of one row)"
        )

    @property
    def title(self) -> str:
        """The measure as it is printed: accuracy, subset accuracy, R²."""
        return TITLES[self.measure]


def accuracy(predicted: Any, true: Any, weight: Array | None = None) -> float:
    """The share of predicted classes (rows,) that are right, 0…1; with weights (rows,) ≥ 0, the share of the weight."""
    predicted, true = _paired(predicted, true)
    if true.ndim != 1:
        raise ShapeError(f"accuracy compares labels (rows,), got arrays of shape {true.shape}")
    if (predicted.dtype.kind in "US") != (true.dtype.kind in "US") and "O" not in (
        predicted.dtype.kind,
        true.dtype.kind,
    ):
        raise DataError(f"accuracy compares labels of one kind, got {contents(predicted)} and {contents(true)}")
    return float(np.average(predicted == true, weights=_relative(weight, len(true))))


def subset_accuracy(predicted: Any, true: Any, weight: Array | None = None) -> float:
    """The share of rows (rows, labels) that are right in every label, 0…1: scikit-learn's accuracy for several labels a row."""
    predicted, true = _paired(predicted, true)
    if true.ndim != 2:
        raise ShapeError(f"subset accuracy compares rows of labels (rows, labels), got arrays of shape {true.shape}")
    return float(np.average((predicted == true).all(axis=1), weights=_relative(weight, len(true))))


def r_squared(predicted: Any, true: Any, weight: Array | None = None) -> float:
    """1 − Σ(y − ŷ)² / Σ(y − ȳ)², averaged over the outputs: 1 is perfect, 0 no better than the mean.

    An output whose true values are all equal counts 1 if it is met exactly, else 0. One row alone has no spread to compare
    with, and gives NaN. With weights (rows,) ≥ 0 both sums and ȳ are weighted, and a row of weight 0 is left out.
    """
    predicted, true = (_rows(values) for values in _paired(predicted, true))
    w = None if weight is None else _relative(weight, len(true))
    if w is not None:
        predicted, true, w = predicted[w > 0], true[w > 0], w[w > 0]
    if len(true) == 1:
        return math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        constant = np.ptp(true, axis=0) == 0  # not its variance, which is rounding noise there
        away = true - np.average(true, axis=0, weights=w)
        unit = np.where(constant, 1, np.abs(away).max(axis=0))  # squares of its multiples neither overflow nor vanish
        left = _weighted(((true - predicted) / unit) ** 2, w).sum(axis=0)
        spread = np.where(constant, 1, _weighted((away / unit) ** 2, w).sum(axis=0))
    return float(np.mean(np.where(constant, left == 0, 1 - left / spread)))


def mean_absolute_error(predicted: Any, true: Any, weight: Array | None = None) -> float:
    """The mean of |y − ŷ|, averaged over the outputs, in the unit of the numbers."""
    w, away = _away(predicted, true, weight)
    return float(np.average(np.abs(away), axis=0, weights=w).mean())


def root_mean_squared_error(predicted: Any, true: Any, weight: Array | None = None) -> float:
    """The root of the mean of (y − ŷ)² of each output, averaged over the outputs, in the unit of the numbers."""
    w, away = _away(predicted, true, weight)
    unit = np.abs(away).max(axis=0)
    unit[unit == 0] = 1  # squares of its multiples neither overflow nor vanish
    return float((unit * np.sqrt(np.average((away / unit) ** 2, axis=0, weights=w))).mean())


def _away(predicted: Any, true: Any, weight: Array | None) -> tuple[Array, Array]:
    """Weights (rows,) and y − ŷ (rows, outputs) of the rows that have weight."""
    predicted, true = (_rows(values, "an error") for values in _paired(predicted, true))
    w = _relative(weight, len(true))
    with np.errstate(over="ignore"):
        return w[w > 0], (true - predicted)[w > 0]


def confusion(predicted: Any, true: Any, labels: Sequence[Any] | None = None) -> Array:
    """How often each class (row) was answered as each class (column): counts (classes, classes).

    Classes stand in the order of `labels`, or sorted. Raises DataError for a label that is not among them.
    """
    predicted, true = _paired(predicted, true)
    if true.ndim != 1:
        raise ShapeError(f"confusions are of labels (rows,), got arrays of shape {true.shape}")
    known = np.unique(np.concatenate([true, predicted])) if labels is None else np.array(labels)
    order = np.argsort(known)
    places = []
    for values in (true, predicted):
        found = order[np.clip(np.searchsorted(known, values, sorter=order), 0, len(known) - 1)]
        wrong = known[found] != values
        if wrong.any():
            raise DataError(f"{brief(values[wrong].tolist()[0])} is not one of the labels {listed(known.tolist(), 8)}")
        places.append(found)
    counts = np.bincount(places[0] * len(known) + places[1], minlength=len(known) ** 2)
    return counts.reshape(len(known), len(known))


def precision_and_recall(confusions: Array) -> tuple[Array, Array]:
    """Of each class (classes,): the share of its answers that are right, and the share of its rows that are found.

    NaN where there are no such answers or rows.
    """
    right = np.diag(confusions)
    with np.errstate(invalid="ignore"):
        return right / confusions.sum(axis=0), right / confusions.sum(axis=1)


def _relative(weight: Array | None, rows: int) -> Array:
    """Weights as shares of the largest, so that those of 1e308 have a sum; ones where there are none."""
    return np.ones(rows) if weight is None else weight / weight.max()


def _weighted(values: Array, w: Array | None) -> Array:
    return values if w is None else w[:, None] * values


def _paired(predicted: Any, true: Any) -> tuple[Array, Array]:
    predicted, true = as_array(predicted, "predictions"), as_array(true, "targets")
    if predicted.shape != true.shape or predicted.size == 0 or true.ndim == 0:
        raise ShapeError(f"a score compares two arrays of one shape, got {predicted.shape} and {true.shape}")
    return predicted, true


def _rows(values: Array, what: str = "R²") -> Array:
    """Values as rows (rows, outputs) in float64. Raises DataError for texts, NaN and infinities."""
    try:
        if values.dtype.kind not in "fiubO":
            raise ValueError
        numbers = values.astype(np.float64).reshape(len(values), -1)
    except (TypeError, ValueError):
        raise DataError(f"{what} compares numbers, got {contents(values)}") from None
    if not np.isfinite(numbers).all():
        raise DataError(f"{what} compares finite numbers, got {numbers[~np.isfinite(numbers)][0]} among them")
    return numbers


def interval(share: float, rows: int, z: float = 1.96) -> tuple[float, float]:
    """Where the true accuracy lies with 95 %, if `share` of `rows` independent rows were right (Wilson, 1927)."""
    middle, width = share + z * z / (2 * rows), z * math.sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2)
    return (middle - width) / (1 + z * z / rows), (middle + width) / (1 + z * z / rows)
