"""Scores of predictions: accuracy for classes, R² for numbers."""

from __future__ import annotations

import numpy as np

from chainrule.errors import ShapeError

Array = np.ndarray


def accuracy(predicted: Array, true: Array) -> float:
    """The share of predicted classes that are right, 0…1."""
    predicted, true = _paired(predicted, true)
    return float(np.mean(predicted == true))


def r_squared(predicted: Array, true: Array) -> float:
    """1 − Σ(y − ŷ)² / Σ(y − ȳ)², averaged over the outputs: 1 is perfect, 0 no better than the mean.

    An output whose true values are all equal counts 1 if it is met exactly, else 0.
    """
    predicted, true = (np.asarray(v, dtype=np.float64).reshape(len(v), -1) for v in _paired(predicted, true))
    left = ((true - predicted) ** 2).sum(axis=0)
    spread = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    exact = np.where(left == 0, 1.0, 0.0)
    return float(np.mean(np.where(spread > 0, 1 - left / np.where(spread > 0, spread, 1), exact)))


def _paired(predicted: Array, true: Array) -> tuple[Array, Array]:
    predicted, true = np.asarray(predicted), np.asarray(true)
    if predicted.shape != true.shape or predicted.size == 0:
        raise ShapeError(f"a score compares two arrays of one shape, got {predicted.shape} and {true.shape}")
    return predicted, true
