"""What a column becomes: a number, a category, the parts of a date, or nothing; each encodes all rows at once.

| kind     | inputs                                                                   | a gap is taken for      |
|----------|--------------------------------------------------------------------------|-------------------------|
| Number   | (value − mean) / scale                                                   | the median              |
| Category | one per level, and one for all rare levels                               | the most frequent level |
| Dates    | year and day as numbers; month, weekday and hour each as sine and cosine | the median date         |
| Dropped  | none                                                                     |                         |

Where the training rows had gaps, one more input says so: it is 1 in a row with a gap, and a category's levels are all 0 there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.data.coercion import plain
from chainrule.data.values import Texts, Values, dates_of_texts, gaps, is_number
from chainrule.errors import DataError, SettingError, listed

Array = np.ndarray
Where = Callable[[int], str]  # where a row stood in what was read
PERIODS = {"month": 12, "weekday": 7, "hour": 24}  # parts of a date that come round again
PARTS = ("year", "month", "day", "weekday", "hour")


@dataclass(frozen=True)
class Column:
    """What every kind has: the column's name, how many gaps the training rows had, and what is to be said of it.

    With `indicator` an input is 1 where there is a gap. `fill` is what else a gap is taken for; None refuses it.
    """

    name: str
    _: KW_ONLY
    gaps: int = 0
    indicator: bool = False
    note: str = ""
    title: ClassVar[str] = ""

    @property
    def width(self) -> int:
        """How many inputs of the network the column becomes."""
        raise NotImplementedError

    def encode(self, values: Values, out: Array, where: Where) -> str:
        """Write a column (rows,) into `out` (rows, width), which holds zeros; what was met that training had not, or ""."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a file's header."""
        settings = {"gaps": self.gaps, "indicator": self.indicator, "note": self.note}
        return {"name": self.name} | {key: value for key, value in settings.items() if value}

    def _missing(self, values: Values, fill: object, out: Array, where: Where) -> tuple[Array, str]:
        """Which rows have a gap (rows,), the indicator of them written; and the sentence about gaps that training had not."""
        missing = gaps(values)
        count = int(missing.sum())
        if not count:
            return missing, ""
        if fill is None:
            raise DataError(gap_text(f"column {self.name!r}", missing, where))
        if self.indicator:
            out[:, -1] = missing
            return missing, ""
        return missing, f"{self.name!r} has {_counted(count, 'gap')}, and had none in training: taken for {shown(fill)}"


@dataclass(frozen=True)
class Number(Column):
    """A number, shifted by `mean` and divided by `scale`; truth values are the numbers 0 and 1."""

    mean: float = 0.0
    scale: float = 1.0
    fill: float | None = None
    boolean: bool = False
    title: ClassVar[str] = "number"

    def __post_init__(self) -> None:
        if not (all(map(math.isfinite, (self.mean, self.scale, self.fill or 0.0))) and self.scale > 0):
            raise SettingError(
                f"the column {self.name!r} has the mean {self.mean} and the scale {self.scale}: needed are a finite mean and "
                "a finite scale > 0"
            )

    @property
    def width(self) -> int:
        return 1 + self.indicator

    def encode(self, values: Values, out: Array, where: Where) -> str:
        numbers = numbers_of_column(self.name, values, where)
        missing, said = self._missing(numbers, self.fill, out, where)
        if said or self.indicator:
            numbers = np.where(missing, self.fill or 0.0, numbers)
        check_finite(self.name, numbers, where)
        out[:, 0] = (numbers - self.mean) / self.scale
        return said

    def to_json(self) -> dict[str, Any]:
        more = {"fill": self.fill} if self.fill is not None else {}
        return (
            {"mean": self.mean, "scale": self.scale}
            | more
            | ({"boolean": True} if self.boolean else {})
            | super().to_json()
        )


@dataclass(frozen=True)
class Category(Column):
    """One of several texts: an input for each level, and one for the `rare` ones, which stands for unseen ones too."""

    levels: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    fill: str | None = None
    title: ClassVar[str] = "category"

    def __post_init__(self) -> None:
        if len({*self.levels, *self.rare}) < max(len(self.levels) + len(self.rare), 1):
            raise SettingError(f"the column {self.name!r} has the levels {self.levels}: different texts are needed")
        if self.fill is not None and self.fill not in (*self.levels, *self.rare):
            raise SettingError(f"the column {self.name!r} fills gaps with {self.fill!r}, which is none of its levels")

    @property
    def width(self) -> int:
        return len(self.levels) + bool(self.rare) + self.indicator

    def encode(self, values: Values, out: Array, where: Where) -> str:
        missing, said = self._missing(values, self.fill, out, where)
        known = (*self.levels, *self.rare)
        found = places(known, values)
        unseen = (found < 0) & ~missing
        if said:
            found[missing] = known.index(self.fill or "")
        other = len(self.levels)
        if self.rare:
            found[unseen | (found > other)] = other
        rows = np.flatnonzero(found >= 0)
        out[rows, found[rows]] = 1
        return "; ".join(filter(None, (said, self._of_unseen(values, unseen))))

    def _of_unseen(self, values: Values, unseen: Array) -> str:
        if not unseen.any():
            return ""
        rows = np.flatnonzero(unseen)
        names = list(dict.fromkeys(str(value_of(values, row)) for row in rows[:50].tolist()))
        taken = "taken for other" if self.rare else "taken for none of its levels"
        return f"{self.name!r} has {_counted(rows.size, 'value')} that training had not ({listed(names, 3)}): {taken}"

    def to_json(self) -> dict[str, Any]:
        more: dict[str, Any] = {"levels": list(self.levels)}
        if self.rare:
            more["rare"] = list(self.rare)
        return more | ({} if self.fill is None else {"fill": self.fill}) | super().to_json()


@dataclass(frozen=True)
class Dates(Column):
    """The parts of a date or time that vary: (part, mean, scale) for year and day; sine and cosine for the others."""

    parts: tuple[tuple[str, float, float], ...] = ()
    fill: str | None = None
    title: ClassVar[str] = "date"

    def __post_init__(self) -> None:
        if not self.parts or not all(
            part in PARTS and math.isfinite(mean) and math.isfinite(scale) and scale > 0
            for part, mean, scale in self.parts
        ):
            raise SettingError(
                f"the column {self.name!r} has the parts of a date {self.parts}: needed are {', '.join(PARTS)}"
            )

    @property
    def width(self) -> int:
        return sum(2 if part in PERIODS else 1 for part, _, _ in self.parts) + self.indicator

    def encode(self, values: Values, out: Array, where: Where) -> str:
        dates = dates_of_column(self.name, values, where)
        missing, said = self._missing(dates, self.fill, out, where)
        if missing.any():
            dates = np.where(missing, np.datetime64(self.fill or "NaT", "us"), dates)
        at = 0
        for part, mean, scale in self.parts:
            numbers = part_of(dates, part)
            if part in PERIODS:
                angle = numbers * (2 * math.pi / PERIODS[part])
                out[:, at], out[:, at + 1] = np.sin(angle), np.cos(angle)
            else:
                out[:, at] = (numbers - mean) / scale
            at += 2 if part in PERIODS else 1
        return said

    def to_json(self) -> dict[str, Any]:
        more = {"parts": [list(part) for part in self.parts]}
        return more | ({} if self.fill is None else {"fill": self.fill}) | super().to_json()


@dataclass(frozen=True)
class Dropped(Column):
    """A column that is left out, for the reason in its note."""

    title: ClassVar[str] = "dropped"

    @property
    def width(self) -> int:
        return 0

    def encode(self, values: Values, out: Array, where: Where) -> str:
        return ""

    def to_json(self) -> dict[str, Any]:
        return {"dropped": True} | super().to_json()


def column_from_json(given: Mapping[str, Any]) -> Column:
    """The way back from `to_json`. Raises KeyError, TypeError or ValueError where the values are none of ours."""
    name, fill = str(given["name"]), given.get("fill")
    shared: dict[str, Any] = {
        "gaps": int(given.get("gaps", 0)),
        "indicator": bool(given.get("indicator", False)),
        "note": str(given.get("note", "")),
    }
    if given.get("dropped"):
        return Dropped(name, **shared)
    if "levels" in given:
        levels, rare = (tuple(str(level) for level in given.get(key, ())) for key in ("levels", "rare"))
        return Category(name, levels, rare, None if fill is None else str(fill), **shared)
    if "parts" in given:
        parts = tuple((str(part), float(mean), float(scale)) for part, mean, scale in given["parts"])
        return Dates(name, parts, None if fill is None else str(fill), **shared)
    filled, boolean = None if fill is None else float(fill), bool(given.get("boolean", False))
    return Number(name, float(given["mean"]), float(given["scale"]), filled, boolean, **shared)


# the values of columns ----------------------------------------------------------------------------------------------
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
    """Which rows hold a text that is no number."""
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


def gap_text(what: str, missing: Array, where: Where) -> str:
    """The sentence about the rows in which a column or the target has no value."""
    count = int(missing.sum())
    cure = "remove the column" if count == len(missing) else "fill them, or remove those rows"
    return f"{where(int(np.argmax(missing)))}: the {what} has no value ({count:,} such gaps in the column): {cure}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
