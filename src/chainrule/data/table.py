"""Table: rows of a data set as typed columns, or as one matrix of numbers; and which of the columns is learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.data.mapped import Inputs, MappedRows, taken
from chainrule.data.values import Texts, Values, column_of, gaps
from chainrule.errors import DataError, ShapeError, unknown_name

Array = np.ndarray


class Table:
    """Rows of a data set: named columns of inputs and, where there is one, a target.

    `columns` are the names, and `column(name)` gives the values of one (rows,):

        numbers         float64, with NaN for a gap; float32, integers and bytes stay what they were
        truth values    bool; with gaps, float64 of 0, 1 and NaN
        dates, times    datetime64 in microseconds, with NaT for a gap
        texts           a `Texts`: codes and levels, with −1 for a gap

    A table made from one matrix of numbers keeps that matrix uncopied in `matrix`, and its columns are views of it, or are read
    from its file where it is memory-mapped (`MappedRows`); otherwise `matrix` is None.
    `inputs` is the whole as one array (rows, columns): the numbers, or an array of objects
    where a column holds texts or dates. Gaps are recorded, not judged: `gaps(values)` tells which rows have one.

    The `target` is an array (rows,) or (rows, k) of numbers (gaps NaN), truth values, or texts as objects (gaps None).
    `take` gives the table of some rows, `select` that of some columns, both without touching the values that are left;
    `where(row)` says where a row stood in what was read ("flights.csv, line 7"), also after `take`.

    `named` is False where the columns had no names of their own, as those of a matrix: then their order counts.
    `test` marks, in a set that comes with a division of its own, the rows that are for the test (rows,); else it is None.
    `note` is a sentence on how the set was read.
    `inputs` may be given as a matrix, an array of objects (rows, columns), or a sequence with the values of each column.
    Raises ShapeError where lengths do not fit.
    """

    def __init__(
        self,
        name: str,
        columns: Iterable[str],
        inputs: Inputs | Sequence[Values],
        target: Array | None = None,
        target_name: str = "y",
        *,
        origin: Array | None = None,
        place: Callable[[int], str] | None = None,
        named: bool = True,
        test: Array | None = None,
        note: str = "",
    ) -> None:
        self.name, self.columns, self.target, self.target_name = name, tuple(columns), target, target_name
        self.matrix: Inputs | None = None
        if isinstance(inputs, (np.ndarray, MappedRows)):
            if inputs.ndim != 2 or inputs.shape[1] != len(self.columns):
                raise ShapeError(
                    f"{name}: {len(self.columns)} columns need inputs (rows, {len(self.columns)}), got {inputs.shape}"
                )
            self._rows = len(inputs)
            if inputs.dtype.kind in "fiub" or isinstance(inputs, MappedRows):
                self.matrix, self._values = inputs, None
            else:
                self._values = tuple(column_of(inputs[:, i]) for i in range(inputs.shape[1]))
        else:
            self._values = tuple(inputs)
            self._rows = len(self._values[0]) if self._values else 0 if target is None else len(target)
            if len(self._values) != len(self.columns) or any(len(each) != self._rows for each in self._values):
                raise ShapeError(
                    f"{name}: {len(self.columns)} columns of one length are needed, got the lengths "
                    f"{', '.join(str(len(each)) for each in self._values[:8])}"
                )
        if target is not None and (target.ndim not in (1, 2) or len(target) != self._rows):
            raise ShapeError(f"{name}: {self._rows:,} rows need a target (rows,) or (rows, k), got {target.shape}")
        if test is not None and test.shape != (self._rows,):
            raise ShapeError(f"{name}: {self._rows:,} rows need as many marks for the test, got {test.shape}")
        self._origin, self._place, self.named = origin, place, named
        self.test, self.note = test, note

    def __len__(self) -> int:
        return self._rows

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns), the target not counted."""
        return self._rows, len(self.columns)

    def __repr__(self) -> str:
        target = "" if self.target is None else f", target {self.target_name!r}"
        return f"<Table {self.name}: {self._rows:,} rows × {len(self.columns):,} columns{target}>"

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, name in enumerate(self.columns):
            places.setdefault(name, []).append(place)
        return places

    def _place_of(self, name: str) -> int:
        places = self._places.get(name)
        if places is None:
            raise unknown_name("column", name, self.columns)
        if len(places) > 1:
            raise DataError(f"{self.name}: two columns are named {name!r}")
        return places[0]

    def column(self, name: str) -> Values:
        """The values of the column of this name. Raises UnknownNameError where there is none, DataError for two."""
        return self.values(self._place_of(name))

    def values(self, place: int) -> Values:
        """The values of the column at this place."""
        if self._values is not None:
            return self._values[place]
        return self.matrix.column(place) if isinstance(self.matrix, MappedRows) else self.matrix[:, place]  # type: ignore[index]

    @cached_property
    def inputs(self) -> Inputs:
        """All columns side by side (rows, columns): numbers if all are numbers, else an array of objects."""
        if self._values is None:
            return self.matrix  # type: ignore[return-value]
        numbers = all(isinstance(each, np.ndarray) and each.dtype.kind in "fiub" for each in self._values)
        dtype = np.result_type(*self._values, np.bool_) if numbers else object
        inputs = np.empty((self._rows, len(self.columns)), dtype=dtype)
        for place, values in enumerate(self._values):
            inputs[:, place] = values
        return inputs

    def _like(self, **changed: Any) -> Table:
        kept = {
            "name": self.name, "columns": self.columns, "inputs": self._values if self.matrix is None else self.matrix,
            "target": self.target, "target_name": self.target_name, "origin": self._origin, "place": self._place,
            "named": self.named, "test": self.test, "note": self.note,
        }  # fmt: skip
        return Table(**{**kept, **changed})

    def take(self, rows: Array | slice) -> Table:
        """The table of these rows (numbers, truth values or a slice), in this order."""
        inputs = (
            taken(self.matrix, rows) if self.matrix is not None else tuple(each[rows] for each in self._values or ())
        )
        origin = np.arange(self._rows)[rows] if self._origin is None else self._origin[rows]
        target, test = (None if each is None else each[rows] for each in (self.target, self.test))
        return self._like(inputs=inputs, target=target, origin=origin, test=test)

    def select(self, names: Sequence[str]) -> Table:
        """The table of these columns, in this order. Raises as `column` does."""
        if tuple(names) == self.columns and len(set(names)) == len(names):
            return self
        places = [self._place_of(name) for name in names]
        inputs: Any
        if isinstance(self.matrix, MappedRows):
            inputs = self.matrix.then(lambda part: part[:, places], len(places), self.matrix.dtype)
        else:
            inputs = self.matrix[:, places] if self.matrix is not None else tuple(map(self.values, places))
        return self._like(columns=names, inputs=inputs)

    def renamed(self, names: Sequence[str]) -> Table:
        """The table with other names for its columns."""
        return self._like(columns=names, named=True)

    def with_target(self, target: Array | None, name: str = "y") -> Table:
        """The table of these inputs with another target, or with none."""
        return self._like(target=target, target_name=name)

    def behind(self, rows: int) -> Table:
        """The table as the part of a larger one before which so many rows were read."""
        place = self._place or (lambda row: f"row {row}")
        return self._like(place=lambda row: place(rows + row))

    def where(self, row: int) -> str:
        """Where a row of this table stood in what was read: "flights.csv, line 7", or "row 5" counted from 0."""
        read = row if self._origin is None else int(self._origin[row])
        return f"row {read}" if self._place is None else self._place(read)


def check_names(names: Sequence[str], where: str = "") -> None:
    """Raises DataError, with where the columns are, for the first name that two of them have."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{where}two columns are named {twice[0]!r}")


# which of its columns is learnt ------------------------------------------------------------------------------------
def target_place(names: Sequence[str], target: str | None, optional: bool) -> int | None:
    """Which of the columns is the target, or None for none. Raises UnknownNameError for a name that none of them has."""
    if target is None:
        return None if optional else len(names) - 1
    if target in names:
        return list(names).index(target)
    if optional:
        return None
    raise unknown_name("target column", target, names)


def learning_table(
    name: str,
    names: Sequence[str],
    values: Sequence[Values],
    target: str | None,
    optional: bool,
    *,
    place: Callable[[int], str] | None = None,
    named: bool = True,
) -> Table:
    """The table of these columns, one of which is the target: the last one unless it is named.

    With `optional` it may be absent, or a column of gaps alone, for the answers to come.
    """
    if not names:
        raise DataError(f"{name} has no columns: a column of inputs is needed, and to learn another, the target")
    at = target_place(names, target, optional)
    if at is None:
        return Table(name, names, values, None, target or "y", place=place, named=named)
    learnt, target = values[at], names[at]
    names, values = [*names[:at], *names[at + 1 :]], [*values[:at], *values[at + 1 :]]
    if optional and gaps(learnt).all():
        return Table(name, names, values, None, target, place=place, named=named)
    return Table(name, names, values, as_labels(learnt), target, place=place, named=named)


def as_labels(learnt: Values) -> Array:
    """A target's column as an array: numbers, or texts as objects with None for a gap."""
    return np.asarray(learnt) if isinstance(learnt, Texts) else learnt


def with_target_column(table: Table, target: str) -> Table:
    """The table with one of its columns as the target."""
    others = [name for name in table.columns if name != target]
    return table.select(others).with_target(as_labels(table.column(target)), target)
