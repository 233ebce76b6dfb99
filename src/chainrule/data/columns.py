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
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from chainrule.data.conversions import (
    Where,
    check_finite,
    dates_of_column,
    gap_text,
    numbers_of_column,
    part_of,
    places,
    shown,
    value_of,
)
from chainrule.data.values import Values, gaps
from chainrule.errors import DataError, SettingError, counted, listed

Array = np.ndarray
PERIODS = {"month": 12, "weekday": 7, "hour": 24}  # parts of a date that come round again
NAMED = 50  # rows with unseen values that are looked at for their names
PARTS = ("year", "month", "day", "weekday", "hour")


@dataclass(frozen=True)
class Strange:
    """What rows hold that a column's training rows did not: gaps, unseen values, and the first of these as they are written."""

    gaps: int = 0
    unseen: int = 0
    first: tuple[str, ...] = ()

    def __add__(self, other: Strange) -> Strange:
        first = (*self.first, *other.first)[:NAMED]
        return Strange(self.gaps + other.gaps, self.unseen + other.unseen, first)


class Input(NamedTuple):
    """What an input of the network is called, and how it is scaled: the value in the table is input · scale + mean."""

    name: str
    mean: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Column:
    """What every kind has: the column's name, how many gaps the training rows had, and its note.

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

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The inputs that the column becomes, `width` of them."""
        return (*self._inputs(), *([Input(f"{self.name} missing")] if self.indicator else []))

    def _inputs(self) -> Iterable[Input]:
        """Those without the one that says that there is a gap."""
        return ()

    def encode(self, values: Values, out: Array, where: Where) -> Strange:
        """Write a column (rows,) into `out` (rows, width), which holds zeros; what was not seen in training."""
        raise NotImplementedError

    def said(self, strange: Strange) -> str:
        """The sentence about what was not seen in training, and what it is taken for; "" for nothing."""
        if not strange.gaps:
            return ""
        fill = shown(getattr(self, "fill", None))
        return f"{self.name!r} has {counted(strange.gaps, 'gap')}, and had none in training: taken for {fill}"

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a file's header."""
        settings = {"gaps": self.gaps, "indicator": self.indicator, "note": self.note}
        return {"name": self.name} | {key: value for key, value in settings.items() if value}

    def _missing(self, values: Values, fill: object, out: Array, where: Where) -> tuple[Array, Strange]:
        """Which rows have a gap (rows,), the indicator of them written; and how many gaps are new."""
        missing = gaps(values)
        count = int(missing.sum())
        if not count:
            return missing, Strange()
        if fill is None:
            raise DataError(gap_text(f"column {self.name!r}", missing, where))
        if self.indicator:
            out[:, -1] = missing
            return missing, Strange()
        return missing, Strange(gaps=count)


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

    def _inputs(self) -> Iterable[Input]:
        return (Input(self.name, self.mean, self.scale),)

    def encode(self, values: Values, out: Array, where: Where) -> Strange:
        numbers = numbers_of_column(self.name, values, where)
        missing, strange = self._missing(numbers, self.fill, out, where)
        if strange.gaps or self.indicator:
            numbers = np.where(missing, self.fill or 0.0, numbers)
        check_finite(self.name, numbers, where)
        out[:, 0] = (numbers - self.mean) / self.scale
        return strange

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
            raise SettingError(
                f"the column {self.name!r} fills gaps with {self.fill!r}, which is not one of its levels"
            )

    @property
    def width(self) -> int:
        return len(self.levels) + bool(self.rare) + self.indicator

    def _inputs(self) -> Iterable[Input]:
        levels = (*self.levels, *(["other"] if self.rare else []))
        return (Input(f"{self.name} = {level}") for level in levels)

    def encode(self, values: Values, out: Array, where: Where) -> Strange:
        missing, strange = self._missing(values, self.fill, out, where)
        known = (*self.levels, *self.rare)
        found = places(known, values)
        unseen = (found < 0) & ~missing
        if strange.gaps:
            found[missing] = known.index(self.fill or "")
        other = len(self.levels)
        if self.rare:
            found[unseen | (found > other)] = other
        rows = np.flatnonzero(found >= 0)
        out[rows, found[rows]] = 1
        if not unseen.any():
            return strange
        first = tuple(str(value_of(values, row)) for row in np.flatnonzero(unseen)[:NAMED].tolist())
        return strange + Strange(unseen=int(unseen.sum()), first=first)

    def said(self, strange: Strange) -> str:
        if not strange.unseen:
            return super().said(strange)
        names = listed(list(dict.fromkeys(strange.first)), 3)
        taken = "taken for other" if self.rare else "taken for none of its levels"
        unseen = f"{self.name!r} has {counted(strange.unseen, 'value')} not seen in training ({names}): {taken}"
        return "; ".join(filter(None, (super().said(strange), unseen)))

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

    def _inputs(self) -> Iterable[Input]:
        for part, mean, scale in self.parts:
            if part in PERIODS:
                yield from (Input(f"{self.name}, {part} {wave}") for wave in ("sin", "cos"))
            else:
                yield Input(f"{self.name}, {part}", mean, scale)

    def encode(self, values: Values, out: Array, where: Where) -> Strange:
        dates = dates_of_column(self.name, values, where)
        missing, strange = self._missing(dates, self.fill, out, where)
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
        return strange

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

    def encode(self, values: Values, out: Array, where: Where) -> Strange:
        return Strange()

    def to_json(self) -> dict[str, Any]:
        return {"dropped": True} | super().to_json()


def column_from_json(given: Mapping[str, Any]) -> Column:
    """The way back from `to_json`. Raises KeyError, TypeError or ValueError where the values are not such a column."""
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
