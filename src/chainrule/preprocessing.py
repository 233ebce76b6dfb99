"""From a user's columns and labels to rows of numbers and back: fitted once, stored with the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import DataError, ShapeError, unknown_name

Array = np.ndarray
SCALES = ("standard", "none")
TASKS = ("auto", "classification", "regression")
MOST_INTEGER_CLASSES = 20  # an integer target with more distinct values than this is taken for a number
MOST_LEVELS = 1000  # a text column with more distinct values than this is no category (an id, a free text)


@dataclass(frozen=True)
class Column:
    """One column of a table: a number, shifted by `mean` and divided by `scale`; or a category, one input a level."""

    name: str
    mean: float = 0.0
    scale: float = 1.0
    levels: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        """How many inputs of the network the column becomes."""
        return 1 if self.levels is None else len(self.levels)


@dataclass(frozen=True)
class Preprocessing:
    """What lies between a user's terms and the network's: columns in; class labels, or numbers with units, out.

    `labels` are the classes in the order of the outputs, or None for numbers; with one output, the second label is
    answered above `threshold`. Numbers are shifted by `target_mean` and divided by `target_scale` for training.
    """

    columns: tuple[Column, ...] | None = None
    labels: tuple[Any, ...] | None = None
    threshold: float = 0.5
    target_name: str = "y"
    target_mean: tuple[float, ...] = ()
    target_scale: tuple[float, ...] = ()

    @classmethod
    def fit(
        cls,
        names: Sequence[str],
        inputs: Array,
        target: Array | None,
        *,
        target_name: str = "y",
        task: str = "auto",
        scale: str = "standard",
    ) -> Preprocessing:
        """Learn means, scales, levels and labels from training rows: inputs (rows, columns), target (rows,) or (rows, k)."""
        if task not in TASKS:
            raise unknown_name("task", task, TASKS)
        if scale not in SCALES:
            raise unknown_name("scale", scale, SCALES)
        columns = tuple(_fit_column(name, inputs[:, i], scale) for i, name in enumerate(names))
        if target is None:
            return cls(columns)
        if task == "auto":
            task = guess_task(target)
        if task == "classification":
            return cls(columns, labels=find_labels(target, target_name), target_name=target_name)
        if target.dtype.kind in "OUS":
            raise DataError(
                f"the target {target_name!r} holds texts such as {target.flat[0]!r}: regression needs numbers"
            )
        rows = target.reshape(len(target), -1).astype(np.float64)
        if scale == "none":
            mean, spread = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
        else:
            mean, spread = rows.mean(axis=0), _safe_scale(rows.std(axis=0), rows)
        return cls(columns, None, 0.5, target_name, tuple(mean.tolist()), tuple(spread.tolist()))

    @property
    def width(self) -> int | None:
        """How many inputs the network needs for these columns; None where any rows of numbers will do."""
        return None if self.columns is None else sum(column.width for column in self.columns)

    def rows(self, inputs: Any, names: Sequence[str] | None = None) -> Array:
        """A user's inputs as the network's: (rows, columns) to (rows, inputs).

        With `names`, columns are found by name, in any order, and others are passed over. Raises DataError for an
        unknown column or level, with the known ones.
        """
        inputs = np.asarray(inputs)
        if self.columns is None:
            return inputs
        if names is not None:
            missing = [column.name for column in self.columns if column.name not in names]
            if missing:
                raise DataError(
                    f"the network was trained on {_some([c.name for c in self.columns])}; the data lacks {_some(missing)} "
                    f"and has {_some(list(names))}"
                )
            inputs = inputs[:, [list(names).index(column.name) for column in self.columns]]
        if inputs.ndim != 2 or inputs.shape[1] != len(self.columns):
            raise ShapeError(
                f"the network takes rows of {len(self.columns)} columns ({_some([c.name for c in self.columns])}), "
                f"got an array of shape {inputs.shape}"
            )
        if all(column.levels is None for column in self.columns):
            numbers = _as_numbers(inputs, self.columns)
            mean, scale = (np.array([getattr(c, key) for c in self.columns]) for key in ("mean", "scale"))
            return (numbers - mean) / scale
        return np.concatenate([_encode(column, inputs[:, i]) for i, column in enumerate(self.columns)], axis=1)

    def targets(self, target: Array) -> Array:
        """A user's target as the network's: labels to class numbers (rows,), numbers to scaled rows (rows, k)."""
        if self.labels is None:
            rows = target.reshape(len(target), -1).astype(np.float64)
            return (rows - np.array(self.target_mean)) / np.array(self.target_scale) if self.target_mean else rows
        return class_numbers(target, self.labels, self.target_name)

    def answers(self, outputs: Array) -> Array:
        """A network's outputs (rows, out) in the user's terms: labels (rows,), or numbers (rows,) or (rows, k)."""
        if self.labels is not None:
            return np.array(self.labels)[class_of(outputs, self.threshold)]
        rows = outputs * np.array(self.target_scale) + np.array(self.target_mean) if self.target_mean else outputs
        return rows[:, 0] if rows.shape[1] == 1 else rows

    def to_json(self) -> dict[str, Any]:
        """As plain lists and numbers, for a file's header."""
        return {
            "columns": None if self.columns is None else [_column_json(column) for column in self.columns],
            "labels": None if self.labels is None else list(self.labels),
            "threshold": self.threshold,
            "target_name": self.target_name,
            "target_mean": list(self.target_mean),
            "target_scale": list(self.target_scale),
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Preprocessing:
        """The way back from `to_json`. Raises KeyError, TypeError or ValueError where the text is not one of ours."""
        columns = given["columns"]
        return cls(
            None if columns is None else tuple(_column_from_json(column) for column in columns),
            None if given["labels"] is None else tuple(given["labels"]),
            float(given["threshold"]),
            str(given["target_name"]),
            tuple(float(v) for v in given["target_mean"]),
            tuple(float(v) for v in given["target_scale"]),
        )


def _column_json(column: Column) -> dict[str, Any]:
    if column.levels is not None:
        return {"name": column.name, "levels": list(column.levels)}
    return {"name": column.name, "mean": column.mean, "scale": column.scale}


def _column_from_json(given: Mapping[str, Any]) -> Column:
    if "levels" in given:
        return Column(str(given["name"]), levels=tuple(str(level) for level in given["levels"]))
    return Column(str(given["name"]), float(given["mean"]), float(given["scale"]))


def guess_task(target: Array) -> str:
    """Texts, truth values and few distinct integers are classes; everything else is a number to predict."""
    if target.ndim == 1 and target.dtype.kind in "OUSb":
        return "classification"
    if target.ndim == 1 and np.all(target == np.round(target)) and np.unique(target).size <= MOST_INTEGER_CLASSES:
        return "classification"
    return "regression"


def find_labels(target: Array, name: str = "y") -> tuple[Any, ...]:
    """The distinct values of a target, sorted. Raises DataError where there are fewer than two."""
    if target.ndim != 1:
        raise DataError(f"the target {name!r} has the shape {target.shape}: classes come as one column of labels")
    values = np.unique(target.astype(str) if target.dtype.kind == "O" else target)
    if values.size < 2:
        raise DataError(f"the target {name!r} holds one class only ({values[0]!r}): there is nothing to tell apart")
    if values.dtype.kind == "f" and np.all(values == np.round(values)):
        values = values.astype(np.int64)
    return tuple(values.tolist())


def class_numbers(target: Array, labels: Sequence[Any], name: str = "y") -> Array:
    """Labels as their numbers in `labels`, shape (rows,). Raises DataError for a label that is not among them."""
    target = np.asarray(target)
    keys = np.array(labels)
    if keys.dtype.kind in "US":
        target = target.astype(str)
    elif target.dtype.kind in "OUS":
        raise DataError(
            f"the target {name!r} holds texts such as {target.flat[0]!r}, and the classes are {_some(labels)}"
        )
    order = np.argsort(keys)
    found = order[np.clip(np.searchsorted(keys, target, sorter=order), 0, keys.size - 1)]
    wrong = keys[found] != target
    if np.any(wrong):
        at = int(np.argmax(wrong))
        raise DataError(
            f"row {at} has the target {name} = {target[at]!r}, which is none of the classes {_some(labels)}"
        )
    return found


def class_of(outputs: Array, threshold: float) -> Array:
    """The class number each row of outputs speaks for: the largest output, or one output against the threshold."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > threshold).astype(np.int64)
    return outputs.argmax(axis=1)


def _fit_column(name: str, values: Array, scale: str) -> Column:
    if values.dtype.kind in "OUS" and not _all_numbers(values):
        levels = tuple(sorted({str(value) for value in values}))
        if len(levels) > MOST_LEVELS:
            raise DataError(
                f"the column {name!r} holds {len(levels):,} different texts ({_some(levels)}): too many for a category; "
                "remove the column from the file"
            )
        return Column(name, levels=levels)
    numbers = values.astype(np.float64)
    if scale == "none":
        return Column(name)
    return Column(name, float(numbers.mean()), float(_safe_scale(numbers.std(), numbers)))


def _safe_scale(spread: Any, values: Array) -> Any:
    """A spread to divide by: 1 where it is rounding noise, as for a constant column."""
    return np.where(spread > 1e-10 * np.abs(values).max(initial=1e-300, axis=0), spread, 1.0)


def _all_numbers(values: Array) -> bool:
    return all(isinstance(value, (int, float, np.number)) for value in values)


def _as_numbers(inputs: Array, columns: Sequence[Column]) -> Array:
    try:
        return inputs.astype(np.float64)
    except (TypeError, ValueError):
        for i, column in enumerate(columns):
            _encode(column, inputs[:, i])  # finds the one that is to blame
        raise


def _encode(column: Column, values: Array) -> Array:
    if column.levels is None:
        try:
            return ((values.astype(np.float64) - column.mean) / column.scale)[:, None]
        except (TypeError, ValueError):
            bad = next(value for value in values if not isinstance(value, (int, float, np.number)))
            raise DataError(
                f"the column {column.name!r} holds {bad!r}, and the network was trained on numbers there"
            ) from None
    found = _level_numbers(column, values)
    return np.eye(len(column.levels))[found]


def _level_numbers(column: Column, values: Array) -> Array:
    """The level number of each text of a category column. Raises DataError for a level not seen in training."""
    levels = {level: i for i, level in enumerate(column.levels or ())}
    try:
        return np.array([levels[str(value)] for value in values], dtype=np.int64)
    except KeyError as error:
        raise DataError(
            f"the column {column.name!r} holds {error.args[0]!r}, which the training data did not: known are {_some(levels)}"
        ) from None


def _some(names: Any, most: int = 8) -> str:
    names = [str(name) for name in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
