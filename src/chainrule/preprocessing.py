"""From a user's columns and labels to rows of numbers and back: fitted once, stored with the network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import DataError, SettingError, ShapeError, unknown_name

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

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.scale) and self.scale > 0):
            raise SettingError(
                f"the column {self.name!r} has the mean {self.mean} and the scale {self.scale}: needed are a finite mean and "
                "a finite scale > 0"
            )
        if self.levels is not None and len(set(self.levels)) < max(len(self.levels), 1):
            raise SettingError(f"the column {self.name!r} has the levels {self.levels}: different texts are needed")

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

    def __post_init__(self) -> None:
        if self.columns is not None:
            _check_names([column.name for column in self.columns])
        if self.labels is not None and not _are_labels(self.labels):
            raise SettingError(f"labels are two or more different texts or numbers, all of one kind, got {self.labels}")
        means, scales = self.target_mean, self.target_scale
        if (
            len(means) != len(scales)
            or not all(map(math.isfinite, (*means, *scales, self.threshold)))
            or min(scales, default=1) <= 0
        ):
            raise SettingError(
                f"a target needs finite means and as many finite scales > 0, got {means} and {scales}, and a finite "
                f"threshold, got {self.threshold}"
            )

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
        labels: tuple[Any, ...] | None = None,
    ) -> Preprocessing:
        """Learn means, scales, levels and labels from training rows: inputs (rows, columns), target (rows,) or (rows, k).

        `labels` are the classes where they are known already, and all of them need not be among the rows.
        """
        if task not in TASKS:
            raise unknown_name("task", task, TASKS)
        if scale not in SCALES:
            raise unknown_name("scale", scale, SCALES)
        if inputs.ndim != 2 or inputs.shape[1] != len(names) or inputs.size == 0:
            raise ShapeError(
                f"{len(names)} names of columns need rows (rows, {len(names)}), got an array of shape {inputs.shape}"
            )
        columns = tuple(_fit_column(name, inputs[:, i], scale) for i, name in enumerate(names))
        if target is None:
            return cls(columns)
        target = as_target(target, target_name)
        if target.shape[:1] != inputs.shape[:1]:
            raise ShapeError(f"{len(inputs):,} rows need as many targets, got an array of shape {target.shape}")
        if task == "auto":
            task = "classification" if labels is not None else guess_task(target)
        if task == "classification":
            return cls(columns, labels=labels or find_labels(target, target_name), target_name=target_name)
        rows = _target_rows(target, target_name)
        mean, spread = _mean_and_scale(target_name, rows, scale)
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
        inputs = as_array(inputs, "inputs")
        if self.columns is None:
            return inputs
        if names is not None:
            inputs = self._in_order(inputs, names)
        if inputs.ndim != 2 or inputs.shape[1] != len(self.columns):
            raise ShapeError(
                f"the network takes rows of {len(self.columns)} columns ({_some(c.name for c in self.columns)}), "
                f"got an array of shape {inputs.shape}"
            )
        with np.errstate(over="ignore"):  # the network refuses, in words, what is too large for it
            if all(column.levels is None for column in self.columns):
                mean, scale = (np.array([getattr(c, key) for c in self.columns]) for key in ("mean", "scale"))
                return (_as_numbers(inputs, self.columns) - mean) / scale
            return np.concatenate([_encode(column, inputs[:, i]) for i, column in enumerate(self.columns)], axis=1)

    def _in_order(self, inputs: Array, names: Sequence[str]) -> Array:
        """The columns that the network was trained on, of inputs whose columns have these names."""
        wanted, given = [column.name for column in self.columns or ()], list(names)
        if inputs.ndim != 2 or inputs.shape[1] != len(given):
            raise ShapeError(
                f"{len(given)} names of columns need as many columns, got an array of shape {inputs.shape}"
            )
        missing = [name for name in wanted if name not in given]
        if missing:
            raise DataError(
                f"the network was trained on {_some(wanted)}; the data lacks {_some(missing)} and has {_some(given)}"
            )
        _check_names([name for name in given if name in wanted])
        return inputs[:, [given.index(name) for name in wanted]]

    def targets(self, target: Any) -> Array:
        """A user's target as the network's: labels to class numbers (rows,), numbers to scaled rows (rows, k)."""
        if self.labels is not None:
            return class_numbers(target, self.labels, self.target_name)
        rows = _target_rows(as_target(target, self.target_name), self.target_name)
        if not self.target_mean:
            return rows
        if rows.shape[1] != len(self.target_mean):
            raise ShapeError(
                f"the target {self.target_name!r} is {len(self.target_mean)} numbers a row, got an array of shape {rows.shape}"
            )
        return (rows - np.array(self.target_mean)) / np.array(self.target_scale)

    def check_outputs(self, count: int) -> None:
        """Raises ShapeError where a network with this number of outputs cannot answer in these terms."""
        if self.labels is not None:
            fits = count == len(self.labels) or (count == 1 and len(self.labels) == 2)
            terms = f"{len(self.labels)} labels ({_some(self.labels)})"
        else:
            fits = count == (len(self.target_mean) or count)
            terms = f"{len(self.target_mean)} numbers"
        if not fits:
            raise ShapeError(f"the network has {count} outputs, and the target {self.target_name!r} is {terms}")

    def classes(self, outputs: Array) -> Array:
        """The class number that each row of a network's outputs (rows, out) speaks for."""
        self.check_outputs(outputs.shape[1])
        return class_of(outputs, self.threshold)

    def answers(self, outputs: Array) -> Array:
        """A network's outputs (rows, out) in the user's terms: labels (rows,), or numbers (rows,) or (rows, k)."""
        if self.labels is not None:
            return np.array(self.labels)[self.classes(outputs)]
        self.check_outputs(outputs.shape[1])
        rows = outputs * np.array(self.target_scale) + np.array(self.target_mean) if self.target_mean else outputs
        return rows[:, 0] if rows.shape[1] == 1 else rows

    def to_json(self) -> dict[str, Any]:
        """As plain lists and numbers, for a file's header."""
        return {
            "columns": None if self.columns is None else [_column_json(column) for column in self.columns],
            "labels": None if self.labels is None else [_plain(label) for label in self.labels],
            "threshold": float(self.threshold),
            "target_name": self.target_name,
            "target_mean": [float(mean) for mean in self.target_mean],
            "target_scale": [float(scale) for scale in self.target_scale],
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
    return {"name": column.name, "mean": float(column.mean), "scale": float(column.scale)}


def _column_from_json(given: Mapping[str, Any]) -> Column:
    if "levels" in given:
        return Column(str(given["name"]), levels=tuple(str(level) for level in given["levels"]))
    return Column(str(given["name"]), float(given["mean"]), float(given["scale"]))


def as_array(given: Any, what: str) -> Array:
    """An array of what was given. Raises ShapeError where it makes none, as rows of different lengths."""
    try:
        return np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:  # the latter two are what torch says of its tensors
        raise ShapeError(
            f"the {what} make no array; rows of one length are needed ({str(error).split('. ')[0]})"
        ) from None


def as_target(given: Any, name: str = "y") -> Array:
    """A target as an array of finite numbers, truth values or texts. Raises DataError for gaps and everything else."""
    target = as_array(given, f"targets {name!r}")
    if target.dtype.kind == "S":
        try:
            target = np.strings.decode(target, "utf-8")
        except UnicodeDecodeError:
            raise DataError(f"the target {name!r} holds bytes that are no text in UTF-8: decode them first") from None
    if target.dtype.kind == "O" and target.ndim == 0:
        raise DataError(f"the target {name!r} is {type(given).__name__}: targets are numbers, truth values or texts")
    if target.dtype.kind == "O":
        target = _from_objects(target, name)
    if target.dtype.kind not in "fiubU":
        raise DataError(f"the target {name!r} is {target.dtype}: targets are numbers, truth values or texts")
    if target.dtype.kind == "f" and not np.isfinite(target).all():
        row = int(np.argwhere(~np.isfinite(target))[0][0])
        raise DataError(
            f"row {row} has the target {name} = {target[row]}, and finite numbers are needed: fill or remove such rows"
        )
    return target


def _from_objects(values: Array, name: str) -> Array:
    """An array of Python objects as one of numbers, truth values or texts, whichever they are."""
    flat = [_plain(value) for value in values.ravel()]
    gaps = [i for i, value in enumerate(flat) if _is_gap(value)]
    if gaps:
        row = gaps[0] // max(values.size // len(values), 1)
        raise DataError(f"row {row} has the target {name} = {flat[gaps[0]]}: fill or remove such rows")
    kinds = {type(value) for value in flat}
    if kinds <= {int, float} or kinds == {bool}:
        return np.array(flat, dtype=None if float not in kinds else np.float64).reshape(values.shape)
    return np.array([str(value) for value in flat]).reshape(values.shape)


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
        raise DataError(f"the target {name!r} holds one class only ({_some(values)}): there is nothing to tell apart")
    if values.dtype.kind == "f" and np.all(values == np.round(values)):
        values = values.astype(np.int64)
    return tuple(values.tolist())


def class_numbers(target: Any, labels: Sequence[Any], name: str = "y") -> Array:
    """Labels (rows,) as their numbers in `labels`. Raises DataError for a label that is not among them."""
    target, keys = as_target(target, name), np.array(labels)
    if target.ndim != 1:
        raise ShapeError(f"the target {name!r} is one label a row (rows,), got an array of shape {target.shape}")
    if keys.dtype.kind == "U":
        found = _places(labels, target)
        wrong = found < 0
    elif target.dtype.kind == "U":
        raise DataError(
            f"the target {name!r} holds texts such as {str(target[0])!r}, and the classes are {_some(labels)}"
        )
    else:
        order = np.argsort(keys)
        found = order[np.clip(np.searchsorted(keys, target, sorter=order), 0, keys.size - 1)]
        wrong = keys[found] != target
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise DataError(
            f"row {row} has the target {name} = {_plain(target[row])!r}, which is none of the classes {_some(labels)}"
        )
    return found


def class_of(outputs: Array, threshold: float) -> Array:
    """The class number each row of outputs speaks for: the largest output, or one output against the threshold."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > threshold).astype(np.int64)
    return outputs.argmax(axis=1)


def _fit_column(name: str, values: Array, scale: str) -> Column:
    numbers = _floats(values)
    if numbers is not None:
        mean, spread = _mean_and_scale(name, _finite(name, numbers)[:, None], scale)
        return Column(name, float(mean[0]), float(spread[0]))
    if values.dtype.kind not in "OUS":
        raise DataError(f"the column {name!r} is {values.dtype}: columns are numbers or texts")
    gaps = [row for row, value in enumerate(values) if _is_gap(value)]
    if gaps:
        raise DataError(f"row {gaps[0]}: the column {name!r} is {values[gaps[0]]}: fill or remove such rows")
    levels = tuple(sorted({str(value) for value in values}))
    if len(levels) > MOST_LEVELS:
        raise DataError(
            f"the column {name!r} holds {len(levels):,} different texts ({_some(levels)}): too many for a category; "
            "remove the column from the file"
        )
    return Column(name, levels=levels)


def _mean_and_scale(name: str, rows: Array, scale: str) -> tuple[Array, Array]:
    """What to subtract from the columns of `rows`, and what to divide them by."""
    if scale == "none":
        return np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = rows.mean(axis=0), rows.std(axis=0)
    if not (np.isfinite(mean).all() and np.isfinite(spread).all()):
        raise DataError(f"{name!r} holds numbers up to {np.abs(rows).max():.3g}, too large to scale: use another unit")
    # a spread that is rounding noise, as for a constant column, is nothing to divide by
    return mean, np.where(spread > 1e-10 * np.abs(rows).max(axis=0), spread, 1.0)


def _floats(values: Array) -> Array | None:
    """Values as float64, or None where one of them is no number."""
    if values.dtype.kind not in "fiubOUS":
        return None
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return None


def _finite(name: str, numbers: Array) -> Array:
    """The same numbers. Raises DataError with the first row that holds NaN or an infinity."""
    bad = ~np.isfinite(numbers)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"row {row}: the column {name!r} is {numbers[row]} ({int(bad.sum()):,} such values in all): "
            "fill or remove those rows; a network needs finite numbers"
        )
    return numbers


def _target_rows(target: Array, name: str) -> Array:
    """A target of numbers as rows (rows, k) in float64. Raises DataError where it holds texts."""
    if target.dtype.kind == "U":
        raise DataError(f"the target {name!r} holds texts such as {str(target.flat[0])!r}: regression needs numbers")
    if target.ndim not in (1, 2) or target.size == 0:
        raise ShapeError(f"the target {name!r} is numbers (rows,) or (rows, k), got an array of shape {target.shape}")
    return target.reshape(len(target), -1).astype(np.float64)


def _as_numbers(inputs: Array, columns: Sequence[Column]) -> Array:
    """Columns of finite numbers, all at once; where that fails, one by one, to find the one that is to blame."""
    numbers = _floats(inputs)
    if numbers is None or not np.isfinite(numbers).all():
        return np.stack([_numbers(column, inputs[:, i]) for i, column in enumerate(columns)], axis=1)
    return numbers


def _numbers(column: Column, values: Array) -> Array:
    numbers = _floats(values)
    if numbers is None:
        row = next(row for row in range(len(values)) if _floats(values[row : row + 1]) is None)
        raise DataError(
            f"row {row}: the column {column.name!r} holds {_plain(values[row])!r}, and the network was trained on numbers there"
        )
    return _finite(column.name, numbers)


def _encode(column: Column, values: Array) -> Array:
    if column.levels is None:
        return ((_numbers(column, values) - column.mean) / column.scale)[:, None]
    found = _places(column.levels, values)
    if np.any(found < 0):
        row = int(np.argmax(found < 0))
        raise DataError(
            f"row {row}: the column {column.name!r} holds {_plain(values[row])!r}, which the training data did not: known are "
            f"{_some(column.levels)}"
        )
    return np.eye(len(column.levels))[found]


def _places(texts: Sequence[str], values: Array) -> Array:
    """Where each value stands among these texts, −1 for nowhere.

    A file whose texts happen to be numbers, as "1" and "2" of the levels "1", "2", "3+", is read as numbers: 1.0 is "1".
    """
    exact = {text: place for place, text in enumerate(texts)}
    by_number = {number: place for text, place in exact.items() if (number := _number(text)) is not None}

    def place(value: Any) -> int:
        found, number = exact.get(str(value)), _number(value)
        if found is not None:
            return found
        return -1 if number is None else by_number.get(number, -1)

    return np.array([place(value) for value in values.tolist()], dtype=np.int64)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _is_gap(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _plain(value: Any) -> Any:
    """A NumPy scalar as the Python value that it is."""
    return value.item() if isinstance(value, np.generic) else value


def _are_labels(labels: Sequence[Any]) -> bool:
    """True for two or more different values: all texts, or all finite numbers or truth values."""
    plain = [_plain(label) for label in labels]
    texts = all(isinstance(label, str) for label in plain)
    numbers = all(isinstance(label, (int, float)) and math.isfinite(label) for label in plain)
    return (texts or numbers) and len(set(plain)) == len(plain) >= 2


def _check_names(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise DataError(f"two columns are named {twice!r}")


def _some(names: Iterable[Any], most: int = 8) -> str:
    shown = [str(name) for name in names]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")
