"""One row in a user's terms as a network's inputs, without a table: what most rows hold; any other takes the long way."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.data.columns import PERIODS, Category, Column, Dates, Number, Strange
from chainrule.data.frames import single
from chainrule.errors import DataError

Array = np.ndarray
NUMBERS = frozenset({float, int, bool, np.float64, np.float32, np.int64, np.int32, np.bool_})
SINGLE = NUMBERS | {str, np.str_, np.datetime64}


class OneRow:
    """How one row becomes the inputs of a network that was trained on these columns; prepared once.

    Both calls write into `out`, a row of inputs, and return it. They give the bits of `Preprocessing.rows`, which has the
    answer, the warning or the error where they return None: for a gap, a value that was not seen in training or is of a rare
    type, a column that is not there.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        used = [column for column in columns if column.width]
        starts = np.cumsum([0, *(column.width for column in used)]).tolist()
        placed = list(zip(used, starts))
        numbers = [(column, start) for column, start in placed if isinstance(column, Number)]
        self._names = [column.name for column, _ in numbers]
        self._mean = np.array([column.mean for column, _ in numbers])
        self._scale = np.array([column.scale for column, _ in numbers])
        self._at = _places([start for _, start in numbers])
        self._texts = [(column, start, _inputs(column)) for column, start in placed if isinstance(column, Category)]
        self._dates = [(OneDate(column), start) for column, start in placed if isinstance(column, Dates)]
        self._width = starts[-1]
        # the width of rows without names that are all numbers, one per column of training
        self.numbers = len(columns) if len(numbers) == len(columns) == self._width else None

    def of_numbers(self, values: Array, out: Array) -> Array:
        """A row of numbers (columns,) without names, where all columns are numbers: then `numbers` says how many."""
        with np.errstate(over="ignore"):
            out[:] = (values - self._mean) / self._scale
        return out

    def of_named(self, values: Mapping[str, Any], out: Array) -> Array | None:
        """A row of values by the names of their columns, in any order; others are passed over."""
        if set(map(type, values)) != {str} or not all(map(_is_single, set(map(type, values.values())))):
            return None
        try:
            with np.errstate(over="ignore"):
                return out if self._write(values, out) else None
        except (KeyError, OverflowError, DataError):
            return None

    def _write(self, values: Mapping[str, Any], out: Array) -> bool:
        """The same of values by texts. Raises KeyError, OverflowError or DataError for those that are strange."""
        numbers = [values[name] for name in self._names]
        if not NUMBERS.issuperset(map(type, numbers)):
            return False
        out[:] = 0
        out[self._at] = (np.array(numbers, np.float64) - self._mean) / self._scale
        for column, start, inputs in self._texts:
            place = inputs.get(values[column.name])
            if place is not None:
                out[start + place] = 1
            elif not _encoded(column, values[column.name], out[start : start + column.width]):
                return False
        return all(date.write(values[date.column.name], out, start) for date, start in self._dates)


class OneDate:
    """One date as the inputs of its column: sine and cosine are looked up in what the column makes of a whole period."""

    def __init__(self, column: Dates) -> None:
        self.column = column
        self._waves = {part: _waves(PERIODS[part]) for part, _, _ in column.parts if part in PERIODS}

    def write(self, value: Any, out: Array, start: int) -> bool:
        """Whether nothing about the value is strange, which is then written to `out` from `start` on."""
        date = _date(value)
        if date is None:
            return _encoded(self.column, value, out[start : start + self.column.width])
        for part, mean, scale in self.column.parts:
            number = _part_of(date, part)
            if part in PERIODS:
                out[start], out[start + 1] = self._waves[part][number]
                start += 2
            else:
                out[start] = (number - mean) / scale
                start += 1
        return True


def _date(value: Any) -> datetime.date | None:
    """A date, or a text such as 2013-01-31, without a time of day; None for anything else."""
    if type(value) is str and len(value) == 10 and value[4] == value[7] == "-":
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime.datetime):
        midnight = value.tzinfo is None and value == value and value.time() == datetime.time.min
        return value if midnight else None
    return value if isinstance(value, datetime.date) else None


def _part_of(date: datetime.date, part: str) -> int:
    """The part of a date as `conversions.part_of` counts it."""
    if part in ("year", "day"):
        return int(getattr(date, part))
    return date.month - 1 if part == "month" else date.weekday() if part == "weekday" else 0


def _waves(period: int) -> list[tuple[float, float]]:
    """Sine and cosine of each whole number of a period."""
    angles = np.arange(float(period)) * (2 * math.pi / period)
    return list(zip(np.sin(angles).tolist(), np.cos(angles).tolist()))


def _is_single(kind: type) -> bool:
    return kind in SINGLE or issubclass(kind, datetime.date)


def _encoded(column: Column, value: Any, out: Array) -> bool:
    """Whether nothing about the value is strange, which is then encoded by its column."""
    return column.encode(single(value), out[None], "row {}".format) == Strange()


def _inputs(column: Category) -> dict[str, int]:
    """Which of the column's inputs is 1 for each of its texts."""
    return dict.fromkeys(column.rare, len(column.levels)) | {level: at for at, level in enumerate(column.levels)}


def _places(starts: Sequence[int]) -> slice | Array:
    """These places, as a slice where they follow one another, which is faster."""
    if list(starts) == list(range(len(starts))):
        return slice(0, len(starts))
    return np.array(starts, dtype=np.intp)
