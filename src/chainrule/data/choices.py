"""What a user may decide about columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.data.mapped import MappedRows
from chainrule.data.table import Table
from chainrule.data.values import Texts, Values, gaps
from chainrule.errors import DataError, SettingError, unknown_name

Array = np.ndarray
SCALES = ("standard", "none")
GAPS = ("impute", "drop", "refuse")
KINDS = ("number", "category", "date", "drop")


@dataclass(frozen=True)
class Choices:
    """What a user may decide about columns.

    scale    standard: each number to mean 0 and deviation 1; none: as it is
    gaps     impute: the median or the most frequent level, with an input that says so; drop: rows with gaps are left out of
             training; refuse: a gap is an error
    kinds    by name, number, category, date or drop, where the kind chosen for a column is not the one that is meant
    drop     columns to leave out;  columns  the only ones to learn from
    """

    scale: str = "standard"
    gaps: str = "impute"
    kinds: Mapping[str, str] = field(default_factory=dict)
    drop: Sequence[str] = ()
    columns: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise unknown_name("scale", self.scale, SCALES)
        if self.gaps not in GAPS:
            raise unknown_name("treatment of gaps", self.gaps, GAPS)
        for kind in self.kinds.values():
            if kind not in KINDS:
                raise unknown_name("kind of column", kind, KINDS)
        for name in ("drop", "columns"):
            if isinstance(getattr(self, name), str):
                raise SettingError(f"{name} takes the names of columns, as {name}=[{getattr(self, name)!r}]")

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Choices:
        """The choices of a call. Raises UnknownNameError for one that there is not."""
        for name in given:
            if name not in cls.__dataclass_fields__:
                raise unknown_name("choice about columns", name, cls.__dataclass_fields__)
        return cls(**given)

    def check(self, table: Table) -> None:
        """Raises UnknownNameError where a column is named that the table has not."""
        for name in (*self.kinds, *self.drop, *(self.columns or ())):
            if name not in table.columns:
                raise unknown_name("column", name, table.columns)

    def of(self, name: str) -> str | None:
        """The kind that is asked for, if one is."""
        left_out = name in self.drop or (self.columns is not None and name not in self.columns)
        return "drop" if left_out else self.kinds.get(name)

    def complete(self, table: Table) -> Table:
        """With gaps="drop" the rows that have no gap in any column that is used, and else all rows."""
        if self.gaps != "drop":
            return table
        if isinstance(table.matrix, MappedRows):
            return self._complete_of_mapped(table, table.matrix)
        kept = np.ones(len(table), dtype=bool)
        for place, name in enumerate(table.columns):
            missing = gaps(table.values(place))
            if self.of(name) != "drop" and not missing.all():
                kept &= ~missing
        return _kept(table, kept)

    def _complete_of_mapped(self, table: Table, matrix: MappedRows) -> Table:
        """The same in two passes over a mapped file."""
        if matrix.dtype.kind != "f" or matrix.file.is_finite:
            return table
        used = np.array([self.of(name) != "drop" for name in table.columns])
        used &= ~np.logical_and.reduce([np.isnan(part).all(axis=0) for part in matrix.chunks()])
        return _kept(table, np.concatenate([~np.isnan(part[:, used]).any(axis=1) for part in matrix.chunks()]))


def _kept(table: Table, kept: Array) -> Table:
    if not kept.any():
        raise DataError(f'{table.name}: no row is without a gap; fill them instead (gaps="impute")')
    return table if kept.all() else table.take(kept)


def kinds_as_they_stand(table: Table) -> dict[str, str]:
    """The kind of each column by its type alone, so that none is left out."""
    if table.matrix is not None:
        return {}

    def kind(values: Values) -> str:
        return "category" if isinstance(values, Texts) else "date" if values.dtype.kind == "M" else "number"

    return {name: kind(table.values(place)) for place, name in enumerate(table.columns)}
