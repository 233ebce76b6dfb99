"""A column's values read as numbers, as dates or as places among texts, and what is said of them where they are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.data.coercion import plain
from chainrule.data.values import Texts, Values, dates_of_texts, gaps, is_number
from chainrule.errors import DataError

Array = np.ndarray
Where = Callable[[int], str]  # where a row stood in what was read


def numbers_of_column(name: str, values: Values, where: Where) -> Array:
    """A column that was numbers in training as float64, with NaN for gaps. Raises DataError where it holds something else."""
    if isinstance(values, Texts):
        strange = strange_rows(values)
        if strange.any():
            raise _no_number(name, values, strange, where)
        levels = [level if is_number(level) else "nan" for level in values.levels]  # those that no row holds any more
        return np.array([*levels, "nan"], dtype=np.float64)[values.codes]
    if values.dtype.kind not in "fiub":
        raise _no_number(name, values, np.ones(len(values), dtype=bool), where)
    return values.astype(np.float64, copy=False)


def dates_of_column(name: str, values: Values, where: Where) -> Array:
    """A column that was dates in training as datetime64 in microseconds. Raises DataError where it holds something else."""
    if isinstance(values, Texts):
        found = np.array([*dates_of_texts(values.levels), np.datetime64("NaT")], dtype="M8[us]")[values.codes]
        strange = np.isnat(found) & ~gaps(values)
    elif values.dtype.kind == "M" or gaps(values).all():
        return values.astype("M8[us]") if values.dtype.kind == "M" else np.full(len(values), "NaT", dtype="M8[us]")
    else:
        found, strange = values, np.ones(len(values), dtype=bool)
    if strange.any():
        row = int(np.argmax(strange))
        raise DataError(
            f"{where(row)}: the column {name!r} holds {value_of(values, row)!r}, and the network was trained on dates there, "
            "written as 2013-01-31 or 2013-01-31T10:00"
        )
    return found


def part_of(dates: Array, part: str) -> Array:
    """The year, month (0…11), day (1…31), weekday (Monday 0 … Sunday 6) or hour (0…24, with its minutes) of each date."""
    days = dates.astype("M8[D]")
    match part:
        case "year":
            found = dates.astype("M8[Y]").astype(np.int64) + 1970
        case "month":
            found = dates.astype("M8[M]").astype(np.int64) % 12
        case "day":
            found = (days - dates.astype("M8[M]").astype("M8[D]")).astype(np.int64) + 1
        case "weekday":
            found = (days.astype(np.int64) + 3) % 7  # the first of January 1970 was a Thursday
        case _:
            found = (dates - days).astype("m8[us]").astype(np.int64) / 3.6e9
    return found.astype(np.float64)


def strange_rows(values: Texts) -> Array:
    """Which rows hold a text that is not a number."""
    return np.array([*(not is_number(level) for level in values.levels), False])[values.codes]


def _no_number(name: str, values: Values, strange: Array, where: Where) -> DataError:
    row = int(np.argmax(strange))
    return DataError(
        f"{where(row)}: the column {name!r} holds {value_of(values, row)!r}, and the network was trained on numbers there"
    )


def check_finite(name: str, numbers: Array, where: Where) -> None:
    """Raises DataError with the first row that holds an infinity."""
    if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
        bad = ~np.isfinite(numbers)
        row = int(np.argmax(bad))
        raise DataError(
            f"{where(row)}: the column {name!r} is {numbers[row]} ({int(bad.sum()):,} such values in all): "
            "fill or remove those rows; a network needs finite numbers"
        )


def value_of(values: Values, row: int) -> Any:
    """The value of a row as a user wrote it."""
    if isinstance(values, Texts):
        return values.levels[values.codes[row]]
    return shown(date_texts(values[row : row + 1])[0]) if values.dtype.kind == "M" else plain(values[row])


def date_texts(values: Array) -> Array:
    """Dates as texts, to the second."""
    return np.datetime_as_string(values.astype("M8[s]"))


def shown(fill: object) -> str:
    """What gaps are filled with: a number in a few digits, a text, a date without a time of day that is midnight."""
    text = f"{fill:.4g}" if isinstance(fill, float) else str(fill)
    return text.removesuffix(".000000").removesuffix("T00:00:00")


def places(levels: Sequence[str], values: Values) -> Array:
    """Where the value of each row stands among these texts, −1 for nowhere.

    A file whose texts happen to be numbers, as "1" and "2" of the levels "1", "2", "3+", is read as numbers: 1.0 is "1".
    So it is with truth values and dates, which may be written otherwise than a level.
    """
    if isinstance(values, Texts):
        return _matched(levels, values.levels)[values.codes]
    if values.dtype.kind == "U":
        texts = values.tolist()
        distinct_texts = list(dict.fromkeys(texts))
        found = dict(zip(distinct_texts, _matched(levels, distinct_texts).tolist()))
        return np.fromiter(map(found.__getitem__, texts), dtype=np.int64, count=len(texts))
    distinct, codes = np.unique(values, return_inverse=True)
    if values.dtype.kind == "M":
        by_date = {date: place for place, date in enumerate(dates_of_texts(levels)) if not np.isnat(date)}
        return np.array([by_date.get(date, -1) for date in distinct], dtype=np.int64)[codes]
    return _matched(levels, [str(plain(value)) for value in distinct])[codes]


def _matched(levels: Sequence[str], texts: Sequence[str]) -> Array:
    exact = {level: place for place, level in enumerate(levels)}
    by_number = {float(level): place for level, place in exact.items() if is_number(level)}
    by_date = {date: place for place, date in enumerate(dates_of_texts(levels)) if not np.isnat(date)}
    by_truth = {level.lower(): place for level, place in exact.items() if level.lower() in ("true", "false")}

    def place(text: str) -> int:
        if text in exact:
            return exact[text]
        if is_number(text):
            return by_number.get(float(text), -1)
        at = by_truth.get(text.lower(), -1)
        return by_date.get(dates_of_texts([text])[0], -1) if at < 0 and by_date else at

    return np.array([*map(place, texts), -1], dtype=np.int64)


def gap_text(what: str, missing: Array, where: Where) -> str:
    """The sentence about the rows in which a column or the target has no value."""
    count = int(missing.sum())
    cure = "remove the column" if count == len(missing) else "fill them, or remove those rows"
    return f"{where(int(np.argmax(missing)))}: the {what} has no value ({count:,} such gaps in the column): {cure}"
