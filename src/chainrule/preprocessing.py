"""From a user's columns and labels to rows of numbers and back: fitted once, stored with the network."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.coercion import as_array, as_target, plain
from chainrule.errors import DataError, SettingError, ShapeError, unknown_name
from chainrule.tables.columns import Texts, Values, column_of, dates_of_texts, gaps, is_number
from chainrule.tables.table import Table

Array = np.ndarray
SCALES = ("standard", "none")
TASKS = ("auto", "classification", "regression")
MOST_INTEGER_CLASSES = 20  # an integer target with more distinct values than this is taken for a number
CHUNK, BLOCK = 4096, 64  # rows, and columns, that are worked on at a time
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
        inputs = as_array(inputs, "inputs", gaps=True)
        if inputs.ndim != 2 or inputs.shape[1] != len(names) or inputs.size == 0:
            raise ShapeError(
                f"{len(names)} names of columns need rows (rows, {len(names)}), got an array of shape {inputs.shape}"
            )
        if target is not None:
            target = as_target(target, target_name)
            if target.shape[:1] != inputs.shape[:1]:
                raise ShapeError(f"{len(inputs):,} rows need as many targets, got an array of shape {target.shape}")
        return cls._fit(Table("inputs", names, inputs, target, target_name), task, scale, labels)

    @classmethod
    def fit_table(
        cls, table: Table, *, task: str = "auto", scale: str = "standard", labels: tuple[Any, ...] | None = None
    ) -> Preprocessing:
        """Learn means, scales, levels and labels from a table of training rows, as `fit` does from arrays.

        Raises DataError for gaps and for slips in columns of numbers, with their place in the file.
        """
        for name, values in [(name, table.values(i)) for i, name in enumerate(table.columns)]:
            _refuse_slips(table, name, values)
        if table.target is not None and table.target.dtype.kind == "O" and table.target.ndim == 1:
            _refuse_slips(table, table.target_name, column_of(table.target, cells=False))
        return cls._fit(table, task, scale, labels)

    @classmethod
    def _fit(cls, table: Table, task: str, scale: str, labels: tuple[Any, ...] | None) -> Preprocessing:
        if task not in TASKS:
            raise unknown_name("task", task, TASKS)
        if scale not in SCALES:
            raise unknown_name("scale", scale, SCALES)
        columns = _fit_columns(table, scale)
        if table.target is None:
            return cls(columns)
        name, target = table.target_name, target_of(table)
        if task == "auto":
            task = "classification" if labels is not None else guess_task(target)
        if task == "classification":
            return cls(columns, labels=labels or find_labels(target, name), target_name=name)
        rows = _target_rows(target, name)
        mean, spread = _means_and_scales([name] * rows.shape[1], np.ascontiguousarray(rows.T), scale)
        return cls(columns, None, 0.5, name, tuple(mean.tolist()), tuple(spread.tolist()))

    @property
    def speaks(self) -> bool:
        """Whether it says what the outputs mean: labels, or numbers with a mean and a scale."""
        return self.labels is not None or bool(self.target_mean)

    @property
    def width(self) -> int | None:
        """How many inputs the network needs for these columns; None where any rows of numbers will do."""
        return None if self.columns is None else sum(column.width for column in self.columns)

    def rows(self, inputs: Any, names: Sequence[str] | None = None, dtype: Any = np.float64) -> Array:
        """A user's inputs, a Table or an array (rows, columns), as the network's rows (rows, inputs), computed in float64.

        The columns of a Table, or of an array with `names`, are found by name, in any order, and others are passed over.
        Raises DataError for a missing column, a gap or an unknown level, with the row and the known ones.
        """
        if self.columns is None:
            return inputs.inputs if isinstance(inputs, Table) else as_array(inputs, "inputs")
        wanted = [column.name for column in self.columns]
        if isinstance(inputs, Table):
            table = inputs
        else:
            array, given = as_array(inputs, "inputs", gaps=True), wanted if names is None else list(names)
            if names is not None and (array.ndim != 2 or array.shape[1] != len(given)):
                raise ShapeError(
                    f"{len(given)} names of columns need as many columns, got an array of shape {array.shape}"
                )
            if array.ndim != 2 or array.shape[1] != len(given):
                raise ShapeError(
                    f"the network takes rows of {len(wanted)} columns ({_some(wanted)}), got an array of shape {array.shape}"
                )
            table = Table("inputs", given, array)
        if not table.named and set(wanted).isdisjoint(table.columns) and len(wanted) == len(table.columns):
            return self._encoded(table.renamed(wanted), dtype)
        known = set(table.columns)
        missing = [name for name in wanted if name not in known]
        if missing:
            raise DataError(
                f"the network was trained on {_some(wanted)}; the data lacks {_some(missing)} and has {_some(table.columns)}"
            )
        return self._encoded(table.select(wanted), dtype)

    def _encoded(self, table: Table, dtype: Any) -> Array:
        """The rows of a table that has these columns, in this order."""
        columns = self.columns or ()
        rows = np.empty((len(table), sum(column.width for column in columns)), dtype)
        with np.errstate(over="ignore"):  # the network refuses, in words, what is too large for it
            if table.matrix is not None and all(column.levels is None for column in columns):
                mean, scale = (np.array([getattr(column, key) for column in columns]) for key in ("mean", "scale"))
                for start in range(0, len(rows), CHUNK):
                    part = slice(start, start + CHUNK)
                    rows[part] = (table.matrix[part] - mean) / scale
                if not np.isfinite(rows).all():
                    for place, column in enumerate(columns):
                        _numbers(table, column.name, table.values(place))
                return rows
            at = 0
            for place, column in enumerate(columns):
                _encode(table, column, table.values(place), rows[:, at : at + column.width])
                at += column.width
        return rows

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
            "labels": None if self.labels is None else [plain(label) for label in self.labels],
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


def target_of(table: Table) -> Array:
    """The target of a table. Raises DataError where it has none, and for gaps, with their row."""
    if table.target is None:
        raise DataError(f"{table.name} has no target column to learn")
    if table.target.dtype.kind in "fO":
        missing = gaps(table.target)
        if missing.any():
            raise DataError(_gap(table, f"column {table.target_name!r}", missing))
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
            f"row {row} has the target {name} = {plain(target[row])!r}, which is none of the classes {_some(labels)}"
        )
    return found


def class_of(outputs: Array, threshold: float) -> Array:
    """The class number each row of outputs speaks for: the largest output, or one output against the threshold."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > threshold).astype(np.int64)
    return outputs.argmax(axis=1)


def _fit_columns(table: Table, scale: str) -> tuple[Column, ...]:
    if table.matrix is None:
        return tuple(_fit_column(table, name, table.values(i), scale) for i, name in enumerate(table.columns))
    columns: list[Column] = []
    for start in range(0, len(table.columns), BLOCK):  # columns laid side by side, some at a time
        names = table.columns[start : start + BLOCK]
        block = np.ascontiguousarray(table.matrix[:, start : start + BLOCK].T, dtype=np.float64)
        if not np.isfinite(block).all():
            for name, values in zip(names, block):
                _finite(table, name, values)
        means, spreads = _means_and_scales(names, block, scale)
        columns += [Column(*each) for each in zip(names, means.tolist(), spreads.tolist())]
    return tuple(columns)


def _fit_column(table: Table, name: str, values: Values, scale: str) -> Column:
    if isinstance(values, Texts):
        _refuse_gaps(table, name, values)
        return Column(name, levels=_few(name, values.used))
    if values.dtype.kind == "M":
        _refuse_gaps(table, name, values)
        return Column(name, levels=_few(name, [str(text) for text in np.unique(_date_texts(values))]))
    if values.dtype.kind not in "fiub":
        raise DataError(f"the column {name!r} is {values.dtype}: columns are numbers or texts")
    numbers = _finite(table, name, values.astype(np.float64))
    mean, spread = _means_and_scales([name], numbers[None], scale)
    return Column(name, float(mean[0]), float(spread[0]))


def _date_texts(values: Array) -> Array:
    return np.datetime_as_string(values.astype("M8[s]"))


def _few(name: str, levels: Sequence[str]) -> tuple[str, ...]:
    if len(levels) > MOST_LEVELS:
        raise DataError(
            f"the column {name!r} holds {len(levels):,} different texts ({_some(levels)}): too many for a category; "
            "remove the column from the file"
        )
    return tuple(levels)


def _gap(table: Table, what: str, missing: Array) -> str:
    """The sentence about the rows in which a column or the target has no value."""
    count = int(missing.sum())
    cure = "remove the column" if count == len(missing) else "fill them, or remove those rows"
    return (
        f"{table.where(int(np.argmax(missing)))}: the {what} has no value ({count:,} such gaps in the column): {cure}"
    )


def _refuse_gaps(table: Table, name: str, values: Values) -> None:
    missing = gaps(values)
    if missing.any():
        raise DataError(_gap(table, f"column {name!r}", missing))


def _refuse_slips(table: Table, name: str, values: Values) -> None:
    """A column of numbers with a slip in it, or of numbers written in another way, is no category."""
    if not isinstance(values, Texts):
        return
    strange = _strange(values)
    count = int(strange.sum())
    if not count:
        return
    row = int(np.argmax(strange))
    where = f"{table.where(row)}: the column {name!r} holds {values.levels[values.codes[row]]!r}"
    if all(is_number(each.replace(",", "").rstrip("%")) for each in values.used if not is_number(each)):
        raise DataError(f"{where}: write numbers with a point, and without commas and %, as 1.5 or 1000")
    if count <= max(1, len(values) // 20) and 2 * count < len(values):
        raise DataError(f"{where} among numbers: correct it or remove the line; a category has texts throughout")


def _means_and_scales(names: Sequence[str], block: Array, scale: str) -> tuple[Array, Array]:
    """What to subtract from the numbers of each column, a row of `block` (columns, rows), and what to divide them by."""
    if scale == "none":
        return np.zeros(len(block)), np.ones(len(block))
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = block.mean(axis=1), block.std(axis=1)
    largest = np.abs(block).max(axis=1)
    too_large = ~(np.isfinite(mean) & np.isfinite(spread))
    if too_large.any():
        at = int(np.argmax(too_large))
        raise DataError(f"{names[at]!r} holds numbers up to {largest[at]:.3g}, too large to scale: use another unit")
    # a spread that is rounding noise, as for a constant column, is nothing to divide by
    return mean, np.where(spread > 1e-10 * largest, spread, 1.0)


def _finite(table: Table, name: str, numbers: Array) -> Array:
    """The same numbers. Raises DataError with the first row that holds NaN, which is a gap, or an infinity."""
    _refuse_gaps(table, name, numbers)
    if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
        bad = ~np.isfinite(numbers)
        row = int(np.argmax(bad))
        raise DataError(
            f"{table.where(row)}: the column {name!r} is {numbers[row]} ({int(bad.sum()):,} such values in all): "
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


def _encode(table: Table, column: Column, values: Values, out: Array) -> None:
    """Write a column as the network takes it into `out` (rows, width)."""
    if column.levels is None:
        out[:, 0] = (_numbers(table, column.name, values) - column.mean) / column.scale
        return
    _refuse_gaps(table, column.name, values)
    found = _places(column.levels, values)
    if np.any(found < 0):
        row = int(np.argmax(found < 0))
        raise DataError(
            f"{table.where(row)}: the column {column.name!r} holds {_value(values, row)!r}, which the training data did not: "
            f"known are {_some(column.levels)}"
        )
    out[:] = 0
    out[np.arange(len(out)), found] = 1


def _numbers(table: Table, name: str, values: Values) -> Array:
    """A column that was numbers in training as finite float64."""
    if isinstance(values, Texts):
        strange = _strange(values)
        if strange.any():
            raise _no_number(table, name, values, strange)
        levels = [level if is_number(level) else "nan" for level in values.levels]  # those that no row holds any more
        numbers = np.array([*levels, "nan"], dtype=np.float64)[values.codes]
    elif values.dtype.kind in "fiub":
        numbers = values.astype(np.float64, copy=False)
    else:
        raise _no_number(table, name, values, np.ones(len(values), dtype=bool))
    return _finite(table, name, numbers)


def _strange(values: Texts) -> Array:
    """Which rows hold a text that is no number."""
    return np.array([*(not is_number(level) for level in values.levels), False])[values.codes]


def _no_number(table: Table, name: str, values: Values, strange: Array) -> DataError:
    row = int(np.argmax(strange))
    return DataError(
        f"{table.where(row)}: the column {name!r} holds {_value(values, row)!r}, and the network was trained on numbers there"
    )


def _value(values: Values, row: int) -> Any:
    if isinstance(values, Texts):
        return values.levels[values.codes[row]]
    return str(_date_texts(values[row])) if values.dtype.kind == "M" else plain(values[row])


def _places(levels: Sequence[str], values: Values) -> Array:
    """Where the value of each row stands among these texts, −1 for nowhere.

    A file whose texts happen to be numbers, as "1" and "2" of the levels "1", "2", "3+", is read as numbers: 1.0 is "1".
    So it is with truth values and dates, which a level may write in another way.
    """
    if isinstance(values, Texts):
        return _matched(levels, values.levels)[values.codes]
    distinct, codes = np.unique(values, return_inverse=True)
    if values.dtype.kind == "M":
        by_date = {date: place for place, date in enumerate(dates_of_texts(levels)) if not np.isnat(date)}
        return np.array([by_date.get(date, -1) for date in distinct], dtype=np.int64)[codes]
    return _matched(levels, [str(plain(value)) for value in distinct])[codes]


def _matched(levels: Sequence[str], texts: Sequence[str]) -> Array:
    exact = {level: place for place, level in enumerate(levels)}
    by_number = {float(level): place for level, place in exact.items() if is_number(level)}
    by_truth = {level.lower(): place for level, place in exact.items() if level.lower() in ("true", "false")}

    def place(text: str) -> int:
        if text in exact:
            return exact[text]
        return by_number.get(float(text), -1) if is_number(text) else by_truth.get(text.lower(), -1)

    return np.array([*map(place, texts), -1], dtype=np.int64)


def _are_labels(labels: Sequence[Any]) -> bool:
    """True for two or more different values: all texts, or all finite numbers or truth values."""
    values = [plain(label) for label in labels]
    texts = all(isinstance(value, str) for value in values)
    numbers = all(isinstance(value, (int, float)) and math.isfinite(value) for value in values)
    return (texts or numbers) and len(set(values)) == len(values) >= 2


def _check_names(names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"two columns are named {twice[0]!r}")


def _some(names: Iterable[Any], most: int = 8) -> str:
    shown = [str(name) for name in names]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")
