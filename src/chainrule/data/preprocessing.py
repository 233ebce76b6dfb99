"""From a user's columns and labels to rows of numbers and back: fitted once, stored with the network."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from chainrule.data.choices import Choices
from chainrule.data.choosing import choose_columns, means_and_scales, refuse_slips
from chainrule.data.coercion import are_finite, as_target, plain
from chainrule.data.columns import Column, Input, Number, Strange, column_from_json
from chainrule.data.conversions import Where
from chainrule.data.labels import (
    TASKS,
    are_labels,
    class_numbers,
    class_of,
    find_labels,
    guess_task,
    target_of,
    target_rows,
)
from chainrule.data.mapped import Inputs, MappedRows, as_inputs
from chainrule.data.moments import moments
from chainrule.data.one_row import OneRow
from chainrule.data.overview import overview
from chainrule.data.table import Table, check_names
from chainrule.data.values import column_of
from chainrule.errors import DataError, DataWarning, SettingError, ShapeError, listed, unknown_name
from chainrule.memory import check_memory

Array = np.ndarray
NUMBERS = 2**18  # that are worked on at a time, so that they stay in the processor's cache
MOST_TOLD = 12  # columns of which a warning of their own tells


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
            check_names([column.name for column in self.columns])
        if self.labels is not None and not are_labels(self.labels):
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
        inputs: Inputs,
        target: Array | None,
        *,
        target_name: str = "y",
        task: str = "auto",
        labels: tuple[Any, ...] | None = None,
        **choices: Any,
    ) -> Preprocessing:
        """Learn means, scales, levels and labels from training rows: inputs (rows, columns), target (rows,) or (rows, k).

        `labels` are the classes where they are known already, and all of them need not be among the rows. What each column
        becomes is decided by its values (`print(preprocessing)` shows it) unless `choices` say otherwise: scale="none",
        gaps="refuse" (or "drop"), kinds={"flight": "category"} (number, category, date or drop), drop=["id"], columns=[…],
        as `Choices` explains them. Warns (DataWarning) of columns that are left out or look like an identifier.
        """
        inputs = as_inputs(inputs, "inputs", gaps=True)
        if inputs.ndim != 2 or inputs.shape[1] != len(names) or inputs.size == 0:
            raise ShapeError(
                f"{len(names)} names of columns need rows (rows, {len(names)}), got an array of shape {inputs.shape}"
            )
        if target is not None:
            target = as_target(target, target_name)
            if target.shape[:1] != inputs.shape[:1]:
                raise ShapeError(f"{len(inputs):,} rows need as many targets, got an array of shape {target.shape}")
        return cls._fit(Table("inputs", names, inputs, target, target_name), task, labels, Choices.checked(choices))

    @classmethod
    def fit_table(
        cls, table: Table, *, task: str = "auto", labels: tuple[Any, ...] | None = None, **choices: Any
    ) -> Preprocessing:
        """Learn means, scales, levels and labels from a table of training rows, as `fit` does from arrays.

        Raises DataError for slips in columns of numbers, and for gaps in the target, with their place in the file.
        """
        chosen = Choices.checked(choices)
        for place, name in enumerate(table.columns if table.matrix is None else ()):
            if chosen.of(name) is None:
                refuse_slips(table, name, table.values(place))
        if table.target is not None and table.target.dtype.kind == "O" and table.target.ndim == 1:
            refuse_slips(table, table.target_name, column_of(table.target, cells=False))
        return cls._fit(table, task, labels, chosen)

    @classmethod
    def _fit(cls, table: Table, task: str, labels: tuple[Any, ...] | None, choices: Choices) -> Preprocessing:
        if task not in TASKS:
            raise unknown_name("task", task, TASKS)
        check_names(table.columns)
        columns = choose_columns(table := choices.complete(table), choices)
        noted = [f"{c.name!r}: {c.note}" for c in columns if c.note and choices.of(c.name) is None]
        _warn(table.name, noted, "have such notes: print(preprocessing) shows them", stacklevel=5)
        if table.target is None:
            return cls(columns)
        name, target = table.target_name, target_of(table)
        if task == "auto":
            task = "classification" if labels is not None else guess_task(target)
        if task == "classification":
            return cls(columns, labels=labels or find_labels(target, name), target_name=name)
        rows = target_rows(target, name)
        mean, spread = means_and_scales([name] * rows.shape[1], np.ascontiguousarray(rows.T), choices.scale)
        return cls(columns, None, 0.5, name, tuple(mean.tolist()), tuple(spread.tolist()))

    def __str__(self) -> str:
        return "\n".join(overview(self.columns or ()))

    @property
    def speaks(self) -> bool:
        """Whether it says what the outputs mean: labels, or numbers with a mean and a scale."""
        return self.labels is not None or bool(self.target_mean)

    @property
    def width(self) -> int | None:
        """How many inputs the network needs for these columns; None where any rows of numbers will do."""
        return None if self.columns is None else sum(column.width for column in self.columns)

    @property
    def inputs(self) -> tuple[Input, ...] | None:
        """What each input is called and how it is scaled; None where any rows of numbers will do."""
        return None if self.columns is None else tuple(each for column in self.columns for each in column.inputs)

    @cached_property
    def one_row(self) -> OneRow | None:
        """One row encoded without a table; None where any rows of numbers will do."""
        return None if self.columns is None else OneRow(self.columns)

    @cached_property
    def _arrays(self) -> tuple[Array, Array, Array]:
        """The labels, and the means and scales of numbers, as arrays."""
        return np.array(self.labels or ()), np.array(self.target_mean), np.array(self.target_scale)

    def rows(
        self, inputs: Any, names: Sequence[str] | None = None, dtype: str | type | np.dtype[Any] = np.float64
    ) -> Inputs:
        """A user's inputs, a Table or an array (rows, columns), as the network's rows (rows, inputs) of this dtype.

        The columns of a Table, or of an array with `names`, are found by name, in any order, and others are passed over. An
        array without names has all the columns of training, or those that were not dropped. Values not seen in training
        become "other", and gaps are filled: a DataWarning counts them. Raises DataError for a missing column, for texts
        among numbers, and for gaps in a column that refuses them, with the row. Rows of a memory-mapped file are made
        when they are read.
        """
        if self.columns is None:
            return inputs.inputs if isinstance(inputs, Table) else as_inputs(inputs, "inputs")
        table = inputs if isinstance(inputs, Table) else self._table(inputs, names)
        rows, strange = self.encoded(table, dtype)
        self.warn(table.name, strange, stacklevel=4)
        return rows

    def encoded(self, table: Table, dtype: Any) -> tuple[Inputs, list[Strange]]:
        """The same of a Table, without a warning; and what in each column that is used was not seen in training."""
        used = [column for column in self.columns or () if column.width]
        table = self._named(table)
        known, wanted = set(table.columns), [column.name for column in used]
        missing = [name for name in wanted if name not in known]
        if missing:
            raise DataError(
                f"the network was trained on {listed(wanted, 8)}; the data lacks {listed(missing, 8)} and has "
                f"{listed(table.columns, 8)}: name its columns as in training"
            )
        table = table.select(wanted)
        mapped = isinstance(table.matrix, MappedRows)
        return _of_mapped(table, used, dtype) if mapped else _encoded(table, used, dtype)

    def warn(self, name: str, strange: Sequence[Strange], stacklevel: int = 2) -> None:
        """A DataWarning for each column that is used in which something was not seen in training."""
        used = [column for column in self.columns or () if column.width]
        said = [said for column, found in zip(used, strange) if (said := column.said(found))]
        _warn(name, said, "have gaps or values not seen in training", stacklevel=stacklevel + 1)

    def _named(self, table: Table) -> Table:
        """A table; one whose columns have no names of their own, as a matrix in a file, gets those of training."""
        every = [column.name for column in self.columns or ()]
        used = [column.name for column in self.columns or () if column.width]
        names = {len(used): used, len(every): every}.get(len(table.columns))
        return table.renamed(names) if names and not table.named and set(every).isdisjoint(table.columns) else table

    def _table(self, inputs: Any, names: Sequence[str] | None) -> Table:
        """An array (rows, columns) as a table."""
        array = as_inputs(inputs, "inputs", gaps=True)
        width = array.shape[1] if array.ndim == 2 else None
        if names is not None:
            if width != len(names):
                raise ShapeError(
                    f"{len(names)} names of columns need as many columns, got an array of shape {array.shape}"
                )
            return Table("inputs", names, array)
        every = [column.name for column in self.columns or ()]
        used = [column.name for column in self.columns or () if column.width]
        if width not in (len(every), len(used)):
            raise ShapeError(
                f"the network takes rows of {len(used)} columns ({listed(used, 8)}), got an array of shape {array.shape}"
            )
        return Table("inputs", every if width == len(every) else used, array)

    def targets(self, target: Any, where: Where = "row {}".format) -> Array:
        """A user's target as the network's: labels to class numbers (rows,), numbers to scaled rows (rows, k).

        `where` says where a row stood that has another label.
        """
        if self.labels is not None:
            return class_numbers(target, self.labels, self.target_name, where)
        rows = target_rows(as_target(target, self.target_name), self.target_name)
        if not self.target_mean:
            return rows
        if rows.shape[1] != len(self.target_mean):
            raise ShapeError(
                f"the target {self.target_name!r} is {len(self.target_mean)} numbers a row, got an array of shape {rows.shape}"
            )
        return (rows - self._arrays[1]) / self._arrays[2]

    def check_outputs(self, count: int) -> None:
        """Raises ShapeError where a network with this number of outputs cannot answer in these terms."""
        numbers = len(self.target_mean)
        if self.labels is None:
            fits = count == (numbers or count)
        else:
            fits = count == len(self.labels) or (count == 1 and len(self.labels) == 2)
        if not fits:
            terms = (
                f"{numbers} numbers" if self.labels is None else f"{len(self.labels)} labels ({listed(self.labels, 8)})"
            )
            raise ShapeError(f"the network has {count} outputs, and the target {self.target_name!r} is {terms}")

    def classes(self, outputs: Array) -> Array:
        """The class number that each row of a network's outputs (rows, out) stands for."""
        self.check_outputs(outputs.shape[1])
        return class_of(outputs, self.threshold)

    def answers(self, outputs: Array) -> Array:
        """A network's outputs (rows, out) in the user's terms: labels (rows,), or numbers (rows,) or (rows, k)."""
        if self.labels is not None:
            return self._arrays[0][self.classes(outputs)]
        self.check_outputs(outputs.shape[1])
        _, mean, scale = self._arrays
        rows = outputs * scale + mean if self.target_mean else outputs
        return rows[:, 0] if rows.shape[1] == 1 else rows

    def to_json(self) -> dict[str, Any]:
        """As plain lists and numbers, for a file's header."""
        return {
            "columns": None if self.columns is None else [column.to_json() for column in self.columns],
            "labels": None if self.labels is None else [plain(label) for label in self.labels],
            "threshold": float(self.threshold),
            "target_name": self.target_name,
            "target_mean": [float(mean) for mean in self.target_mean],
            "target_scale": [float(scale) for scale in self.target_scale],
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Preprocessing:
        """The way back from `to_json`. Raises KeyError, TypeError or ValueError where the text is not a preprocessing."""
        columns = given["columns"]
        return cls(
            None if columns is None else tuple(column_from_json(column) for column in columns),
            None if given["labels"] is None else tuple(given["labels"]),
            float(given["threshold"]),
            str(given["target_name"]),
            tuple(float(v) for v in given["target_mean"]),
            tuple(float(v) for v in given["target_scale"]),
        )


def _of_mapped(table: Table, columns: Sequence[Column], dtype: Any) -> tuple[Inputs, list[Strange]]:
    """The rows of a mapped file, which are made when they are read; and what in them was not seen in training."""
    matrix, strange = cast(MappedRows, table.matrix), [Strange() for _ in columns]
    if matrix.dtype.kind == "f" and not matrix.file.is_finite:  # one pass that finds what would stop them, or be new
        found = moments(matrix)
        if found.infinite is not None:
            name = columns[found.infinite[1]].name
            raise DataError(
                f"{table.name}, row {found.infinite[0]:,}: the column {name!r} is infinite, and a network needs finite numbers"
            )
        for place, (column, gaps) in enumerate(zip(columns, found.gaps.tolist())):
            if gaps:  # what one of them is taken for, all are
                new = column.encode(np.array([np.nan]), np.zeros((1, column.width)), table.where).gaps
                strange[place] = Strange(gaps=gaps * new)
    return matrix.then(Encoding(table.columns, columns, dtype), sum(column.width for column in columns), dtype), strange


class Encoding:
    """Rows (rows, columns) of numbers as these columns make them."""

    def __init__(self, names: Sequence[str], columns: Sequence[Column], dtype: Any) -> None:
        self.names, self.columns, self.dtype = names, columns, np.dtype(dtype)
        self.scaling = scaling_of(columns)

    def __call__(self, rows: Array) -> Array:
        if self.scaling is not None:
            mean, scale = self.scaling
            scaled = rows - mean  # in float64, whatever the rows are
            scaled /= scale
            scaled = scaled.astype(self.dtype, copy=False)
            if are_finite(scaled):
                return scaled
        return _encoded(Table("rows", self.names, rows), self.columns, self.dtype)[0]


def scaling_of(columns: Sequence[Column]) -> tuple[Array, Array] | None:
    """The means and scales of columns that are all numbers without an indicator; else None."""
    numbers = [column for column in columns if isinstance(column, Number) and not column.indicator]
    if len(numbers) < len(columns):
        return None
    return np.array([column.mean for column in numbers]), np.array([column.scale for column in numbers])


def _encoded(table: Table, columns: Sequence[Column], dtype: Any) -> tuple[Array, list[Strange]]:
    """The rows of a table that has these columns, in this order; and what in them was not seen in training."""
    with np.errstate(over="ignore"):  # the network refuses what is too large for it
        width = sum(column.width for column in columns)
        size = len(table) * width * np.dtype(dtype).itemsize
        instead = "take fewer rows" if width <= len(columns) else "leave out columns of many levels, or take fewer rows"
        check_memory(size, f"{table.name} as {len(table):,} rows of {width:,} inputs", instead)
        rows = _scaled(table, columns, dtype)
        if rows is not None and are_finite(rows):
            return rows, [Strange() for _ in columns]
        rows, strange, at = np.zeros((len(table), width), dtype), [], 0
        for place, column in enumerate(columns):
            strange.append(column.encode(table.values(place), rows[:, at : at + column.width], table.where))
            at += column.width
    return rows, strange


def _scaled(table: Table, columns: Sequence[Column], dtype: Any) -> Array | None:
    """The rows where all columns are numbers without an indicator, scaled many columns at a time; None where they are not."""
    found = scaling_of(columns)
    values = [] if table.matrix is not None else [table.values(place) for place in range(len(columns))]
    if found is None or not all(isinstance(v, np.ndarray) and v.dtype.kind in "fiub" for v in values):
        return None
    mean, scale = found
    rows = np.empty((len(table), len(columns)), dtype)
    some = max(1, NUMBERS // max(1, len(columns)))
    for start in range(0, len(rows), some):
        here = slice(start, start + some)
        part = np.array([v[here] for v in values]).T if table.matrix is None else table.matrix[here]
        shifted = part - mean
        shifted /= scale
        rows[here] = shifted
    return rows


def _warn(name: str, said: Sequence[str], rest: str, stacklevel: int) -> None:
    """A DataWarning for each of the first columns, and one for the rest."""
    for each in said[:MOST_TOLD]:
        warnings.warn(f"{name}: the column {each}", DataWarning, stacklevel=stacklevel)
    if len(said) > MOST_TOLD:
        more = len(said) - MOST_TOLD
        warnings.warn(f"{name}: and {more:,} more columns {rest}", DataWarning, stacklevel=stacklevel)
