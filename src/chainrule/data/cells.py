"""The cells of a text file's rows, column by column, in chunks: numbers as soon as there are many, else codes of texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

import numpy as np

from chainrule.data.values import EXACT, Values, column_of_cells, texts_of_cells

Array = np.ndarray
CHUNK = 1024  # rows at a time
LEADING_ZERO = re.compile(r"^[+-]?0\d", re.MULTILINE)
MANY = 4096  # distinct cells from which on a column of numbers keeps the numbers alone


def columns_of_rows(
    rows: Iterator[Sequence[str]], count: int, labels: int | None, texts: set[int], literal: Set[int] = frozenset()
) -> list[Values] | None:
    """The columns that rows of `count` cells make; `labels` is the place of the target's, and `texts` those to keep as codes.

    The cells of columns at the places `literal` are texts whatever is written in them.
    None, and more of the `texts`, where a column that began with thousands of numbers goes on otherwise: begin again.
    """
    columns = [
        _GrowingColumn(place == labels, place in texts or place in literal, place in literal) for place in range(count)
    ]
    chunk: list[Sequence[str]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            _add(columns, chunk)
            chunk = []
    if chunk:
        _add(columns, chunk)
    wrong = {place for place, column in enumerate(columns) if column.broken}
    texts |= wrong
    return None if wrong else [column.values() for column in columns]


def _add(columns: Sequence[_GrowingColumn], chunk: Sequence[Sequence[str]]) -> None:
    for column, cells in zip(columns, zip(*chunk)):
        column.add(cells)


class _Places(dict[str, int]):
    """The distinct cells so far, numbered as they come: most look-ups are of known ones, and need no Python code here."""

    def __missing__(self, cell: str) -> int:
        place = self[cell] = len(self)
        return place

    def of(self, cells: Sequence[str]) -> Array:
        """The number of each cell (rows,)."""
        return np.fromiter(map(self.__getitem__, cells), dtype=np.int32, count=len(cells))


class _GrowingColumn:
    """A column that grows: the place of each cell among its distinct cells, or numbers alone."""

    def __init__(self, labels: bool, codes_only: bool, literal: bool) -> None:
        self.labels, self.codes_only, self.literal = labels, codes_only, literal
        self.places = _Places()
        self.parts: list[Array] = []
        self.numbers = self.broken = False

    def add(self, cells: Sequence[str]) -> None:
        if self.broken:
            return
        if self.numbers:
            self._add_numbers(cells)
            return
        self.parts.append(self.places.of(cells))
        if len(self.places) > MANY and not self.codes_only:
            found = self.values()
            self.codes_only = not _is_float(found)
            if not self.codes_only:
                self.numbers, self.parts, self.places = True, [np.asarray(found)], _Places()

    def _add_numbers(self, cells: Sequence[str]) -> None:
        numbers = _plain_numbers(cells)
        if numbers is not None:
            self.parts.append(numbers)
            return
        places = _Places()
        codes = places.of(cells)
        found = column_of_cells(codes, list(places), labels=self.labels)
        self.broken = not _is_float(found)
        self.parts.append(np.asarray(found) if not self.broken else np.empty(0))

    def values(self) -> Values:
        whole = np.concatenate(self.parts) if self.parts else np.empty(0, dtype=np.int32)
        if self.literal:
            return texts_of_cells(whole, list(self.places))
        return whole if self.numbers else column_of_cells(whole, list(self.places), labels=self.labels)


def _plain_numbers(cells: Sequence[str]) -> Array | None:
    """Cells as float64 where each is a number as most are; None where `column_of_cells` must look closer."""
    joined = "\n".join(cells)
    if not joined.isascii() or joined.encode().translate(None, b"0123456789+-.eE\n") or LEADING_ZERO.search(joined):
        return None
    try:
        numbers = np.array(cells, dtype=np.float64)
    except ValueError:  # a gap, or letters in another order
        return None
    return numbers if (np.abs(numbers) < EXACT).all() else None


def _is_float(values: Values) -> bool:
    return isinstance(values, np.ndarray) and values.dtype == np.float64
