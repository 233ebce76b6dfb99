"""Targets: labels as the numbers of classes, numbers as rows, and which of the two a column is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data.coercion import as_target, plain
from chainrule.data.conversions import Where, gap_text, places
from chainrule.data.table import Table
from chainrule.data.values import gaps
from chainrule.errors import DataError, ShapeError, listed

Array = np.ndarray
TASKS = ("auto", "classification", "regression")
MOST_INTEGER_CLASSES = 20  # an integer target with more distinct values than this is taken for a number


def target_of(table: Table) -> Array:
    """The target of a table. Raises DataError where it has none, and for gaps, with their row."""
    if table.target is None:
        raise DataError(f"{table.name} has no target column to learn")
    if table.target.dtype.kind in "fO":
        missing = gaps(table.target)
        if missing.any():
            raise DataError(gap_text(f"column {table.target_name!r}", missing, table.where))
    return as_target(table.target, table.target_name)


def guess_task(target: Array) -> str:
    """Texts, truth values and few distinct integers are classes; everything else is a number to predict."""
    target = as_target(target)
    if target.ndim != 1:
        return "regression"
    if target.dtype.kind in "Ub":
        return "classification"
    whole = np.all(target == np.round(target))
    return "classification" if whole and np.unique(target).size <= MOST_INTEGER_CLASSES else "regression"


def find_labels(target: Array, name: str = "y") -> tuple[Any, ...]:
    """The distinct values of a target, sorted. Raises DataError where there are fewer than two."""
    target = as_target(target, name)
    if target.ndim != 1:
        raise DataError(f"the target {name!r} has the shape {target.shape}: classes come as one column of labels")
    values = np.unique(target)
    if values.size < 2:
        if target.size == 1:
            raise DataError(
                f"a network needs rows of at least two classes, and the target {name!r} has one row: add rows"
            )
        only = f"{values[0]:g}" if values.size and values.dtype.kind in "fiu" else listed(map(plain, values))
        raise DataError(
            f"the target {name!r} holds one class only, {only}, and a network needs two to tell apart: add rows of another, "
            "or learn another column, as with --target NAME"
        )
    if values.dtype.kind == "f" and np.all(values == np.round(values)):
        values = values.astype(np.int64)
    return tuple(values.tolist())


def class_numbers(target: Any, labels: Sequence[Any], name: str = "y", where: Where = "row {}".format) -> Array:
    """Labels (rows,) as their numbers in `labels`. Raises DataError, with its row, for a label that is not among them."""
    target, keys = as_target(target, name), np.array(labels)
    if target.ndim != 1:
        raise ShapeError(f"the target {name!r} is one label per row (rows,), got an array of shape {target.shape}")
    if keys.dtype.kind == "U":
        found = places(labels, target)
        wrong = found < 0
    elif target.dtype.kind == "U":
        raise DataError(
            f"the target {name!r} holds texts such as {str(target[0])!r}, and the classes are {listed(labels, 8)}"
        )
    else:
        order = np.argsort(keys)
        found = order[np.clip(np.searchsorted(keys, target, sorter=order), 0, keys.size - 1)]
        wrong = keys[found] != target
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise DataError(
            f"{where(row)} has the target {name} = {plain(target[row])!r}, which is not one of the classes {listed(labels, 8)}"
        )
    return found


def class_of(outputs: Array, threshold: float) -> Array:
    """The class number each row of outputs stands for: the largest output, or one output against the threshold."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > threshold).astype(np.int64)
    return outputs.argmax(axis=1)


def target_rows(target: Array, name: str) -> Array:
    """A target of numbers as rows (rows, k) in float64. Raises DataError where it holds texts."""
    if target.dtype.kind == "U":
        raise DataError(f"the target {name!r} holds texts such as {str(target.flat[0])!r}: regression needs numbers")
    if target.ndim not in (1, 2) or target.size == 0:
        raise ShapeError(f"the target {name!r} is numbers (rows,) or (rows, k), got an array of shape {target.shape}")
    return target.reshape(len(target), -1).astype(np.float64)


def are_labels(labels: Sequence[Any]) -> bool:
    """True for two or more different values: all texts, or all finite numbers or truth values."""
    values = [plain(label) for label in labels]
    texts = all(isinstance(value, str) for value in values)
    numbers = all(isinstance(value, (int, float)) and math.isfinite(value) for value in values)
    return (texts or numbers) and len(set(values)) == len(values) >= 2


def encode_targets(targets: Any, outputs: int, rows: int) -> tuple[Array, tuple[Any, ...] | None]:
    """Targets as rows (rows, outputs), and the labels of the classes where targets were labels.

    Rows of numbers stay as they are. One column of numbers serves one output. Labels become one-hot rows: whole numbers
    are the classes 0…outputs−1 themselves, texts are numbered in sorted order; two labels also serve one output, as 0 and 1.
    """
    y = as_target(targets)
    if y.ndim == 2 and y.shape == (rows, outputs) and y.dtype.kind in "fiub":
        return y, None
    if y.ndim == 2 and y.dtype.kind == "U":
        raise DataError(f"targets of shape {y.shape} are rows of numbers, got texts; labels come as ({rows},)")
    if y.shape != (rows,):
        hint = f" or class labels ({rows},)" if outputs > 1 else f" or ({rows},)"
        raise ShapeError(
            f"{rows:,} rows and {outputs} outputs need targets of shape ({rows}, {outputs}){hint}, got {y.shape}"
        )
    if y.dtype.kind == "U":
        labels = find_labels(y)
        numbers = class_numbers(y, labels)
    elif outputs == 1:
        return y.reshape(rows, 1), None
    else:
        labels, numbers = tuple(range(outputs)), _whole_labels(y, outputs)
    if outputs == 1 and len(labels) == 2:
        return numbers.reshape(rows, 1), labels
    if len(labels) != outputs:
        raise DataError(f"the targets have {len(labels)} classes ({listed(labels)}) and the network {outputs} outputs")
    return np.eye(outputs)[numbers], labels


def _whole_labels(y: Array, outputs: int) -> Array:
    """Numbers as the classes 0…outputs−1. Raises DataError for fractions and for other classes."""
    if not np.all(y == np.round(y)):
        raise DataError(
            f"{outputs} outputs need class labels 0…{outputs - 1} or rows ({len(y)}, {outputs}), got one column of fractions"
        )
    wrong = (y < 0) | (y >= outputs)
    if wrong.any():
        row = int(np.argmax(wrong))
        from_one = y.min() == 1 and y.max() == outputs
        write = (
            "subtract 1 from all of them"
            if from_one
            else f"number the classes from 0, or give the network {int(y.max()) + 1} outputs"
        )
        raise DataError(
            f"row {row} has the label {y[row]:g}, and {outputs} outputs stand for the labels 0…{outputs - 1}: {write}"
        )
    return y.astype(np.int64)
