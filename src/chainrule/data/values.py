"""What a column is: the typed values of cells in a text file, or of Python's and NumPy's own values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from chainrule.data.coercion import decoded, is_gap, numbers_of, plain

Array = np.ndarray
GAPS = {"", "na", "n/a", "#n/a", "<na>", "nan", "+nan", "-nan", "nat", "null", "none", "?"}
NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity)", re.ASCII | re.IGNORECASE)
WHOLE = re.compile(r"[+-]?(\d+)", re.ASCII)
DATE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE
)
EXACT = 2**53  # below, float64 holds every whole number


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of texts: for each row the place of its text among `levels`, −1 for a gap.

    `codes` is int32 (rows,). The levels are distinct and sorted; after `take` some of them may occur in no row.
    `numpy.asarray` gives the texts themselves, with None for a gap.
    """

    codes: Array
    levels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Array | slice) -> Texts:
        return Texts(self.codes[rows], self.levels)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.array([*self.levels, None], dtype=object)[self.codes]  # −1 is the last, None

    @property
    def counts(self) -> Array:
        """How many rows hold each level (levels,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))

    @property
    def used(self) -> tuple[str, ...]:
        """The levels that occur, sorted."""
        return tuple(level for level, count in zip(self.levels, self.counts.tolist()) if count)


Values = Array | Texts  # a column (rows,): numbers, truth values, dates (datetime64) or texts


def gaps(values: Values) -> Array:
    """Which rows of a column, or of a target (rows,) or (rows, k), have no value: truth values (rows,)."""
    if isinstance(values, Texts):
        return values.codes < 0
    missing: Array
    if values.dtype.kind == "O":
        missing = np.array([value is None for value in values.ravel()], dtype=bool).reshape(values.shape)
    elif values.dtype.kind == "f":
        missing = np.isnan(values)
    elif values.dtype.kind == "M":
        missing = np.isnat(values)
    else:
        missing = np.zeros(len(values), dtype=bool)
    return missing if missing.ndim == 1 else np.asarray(missing.any(axis=1))


# cells of a text file -----------------------------------------------------------------------------------------------
def column_of_cells(codes: Array, cells: Sequence[str], *, labels: bool = False) -> Values:
    """The column that a text file's cells make: `codes` (rows,) say which of the distinct `cells` each row holds.

    Numbers where every cell is one, as 1, -2.5 or 1e-3; else dates (ISO 8601), truth values (true and false), or texts.
    Identifiers stay texts: whole numbers with leading zeros, such as 007, and those too long for any number type.
    Spaces around a cell are no part of it, and a cell such as NA or an empty one is a gap. The cells of a target are
    numbers or texts (`labels`), as they are written.
    """
    places: dict[str, int] = {}
    move = np.array([_level(cell.strip(), places) for cell in cells], dtype=np.int32)
    codes, texts = move[codes], list(places)
    if not texts:
        return np.full(len(codes), np.nan)
    numbers = numbers_of_texts(texts)
    if numbers is not None and not _are_identifiers(texts, numbers, bool((codes < 0).any())):
        return _numbers(codes, texts, numbers)
    if not labels:
        if {text.lower() for text in texts} <= {"true", "false"}:
            return _truth_values(codes, np.array([text.lower() == "true" for text in texts]))
        dates = _dates(texts)
        if dates is not None:
            return np.append(dates, np.datetime64("NaT"))[codes]
    return sorted_texts(codes, texts)


def texts_of_cells(codes: Array, cells: Sequence[str]) -> Texts:
    """The same as a column of texts, also where all of them are numbers or dates."""
    places: dict[str, int] = {}
    move = np.array([_level(cell.strip(), places) for cell in cells], dtype=np.int32)
    return sorted_texts(move[codes], list(places))


def _level(text: str, places: dict[str, int]) -> int:
    return -1 if text.lower() in GAPS else places.setdefault(text, len(places))


def is_number(text: str) -> bool:
    """Whether a text is a number as data files write them; Python's own would be 1_000 and ١ too."""
    return NUMBER.fullmatch(text) is not None


def numbers_of_texts(texts: Sequence[str]) -> Array | None:
    """Texts as float64, or None where one of them is not a number."""
    joined = "\n".join(texts)
    plain_digits = joined.isascii() and not joined.encode().translate(None, b"0123456789+-.eE\n")
    if not plain_digits and not all(map(is_number, texts)):
        return None
    try:
        return np.array(texts, dtype=np.float64)
    except ValueError:
        return None


def _are_identifiers(texts: Sequence[str], numbers: Array, gaps: bool) -> bool:
    """Whether whole numbers are names rather than amounts: to read them as numbers would make two of them one."""
    whole = [match.group(1) for match in map(WHOLE.fullmatch, texts) if match]
    if any(digits[0] == "0" and len(digits) > 1 for digits in whole):
        return True
    too_long = len(whole) == len(texts) and bool((np.abs(numbers) >= EXACT).any())
    return too_long and (gaps or _int64(texts) is None)


def _int64(texts: Sequence[str]) -> Array | None:
    try:
        return np.array([int(text) for text in texts], dtype=np.int64)
    except (ValueError, OverflowError):  # Python's int takes a few thousand digits at most
        return None


def _numbers(codes: Array, texts: Sequence[str], numbers: Array) -> Array:
    if (np.abs(numbers) >= EXACT).any() and all(map(WHOLE.fullmatch, texts)):
        exact = _int64(texts)
        if exact is not None:
            return exact[codes]
    return np.append(numbers, np.nan)[codes]


def _truth_values(codes: Array, values: Array) -> Array:
    return values[codes] if (codes >= 0).all() else np.append(values.astype(np.float64), np.nan)[codes]


def _dates(texts: Sequence[str]) -> Array | None:
    """Dates or times as datetime64 in microseconds, those with a time zone in UTC; None where one of them is none."""
    matches = [DATE.fullmatch(text) for text in texts]
    zones = {bool(match and match.group(1)) for match in matches}
    if not all(matches) or len(zones) > 1:
        return None
    try:
        if zones == {False}:
            return np.array([text.replace(" ", "T") for text in texts], dtype="M8[us]")
        return _utc([datetime.fromisoformat(text.upper()) for text in texts])
    except (ValueError, OverflowError):  # a thirteenth month
        return None


def dates_of_texts(texts: Sequence[str]) -> list[Any]:
    """Each text as datetime64, NaT where it is not a date."""
    whole = _dates(texts)
    if whole is not None:
        return list(whole)
    return [found[0] if (found := _dates([text])) is not None else np.datetime64("NaT") for text in texts]


def _utc(times: Sequence[datetime]) -> Array:
    return np.array([time.astimezone(UTC).replace(tzinfo=None) for time in times], dtype="M8[us]")


def sorted_texts(codes: Array, texts: Sequence[str]) -> Texts:
    """A column of texts whose distinct texts come in any order."""
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.empty(len(texts) + 1, dtype=np.int32)
    place[order], place[-1] = np.arange(len(texts)), -1
    return Texts(place[codes], tuple(texts[i] for i in order))


# values of Python and NumPy -----------------------------------------------------------------------------------------
def column_of(values: Array, *, cells: bool = True) -> Values:
    """The column that an array's values (rows,) make. With `cells`, texts are read as a text file's cells are."""
    values = decoded(values, "a column")
    kind = values.dtype.kind
    if kind == "U":
        return _of_texts(values.tolist(), cells)
    if kind == "O":
        return _of_objects(values, cells)
    if kind == "M":
        return values.astype("M8[us]")
    return native(values)


def native(values: Array) -> Array:
    """Numbers in a type that this machine computes in: float32, float64, or the integers and truth values they are."""
    wide = {"e": np.float32, "g": np.float64}.get(values.dtype.char, values.dtype.newbyteorder("="))
    with np.errstate(over="ignore"):  # of a long double, refused as an infinity
        return values.astype(wide, copy=False)


def _of_texts(values: Sequence[str | None], cells: bool) -> Values:
    places: dict[str, int] = {}
    codes = np.array([-1 if v is None else places.setdefault(v, len(places)) for v in values], dtype=np.int32)
    texts = list(places)
    if not cells:
        return sorted_texts(codes, texts)
    return column_of_cells(np.where(codes < 0, len(texts), codes), [*texts, ""])


def _of_objects(objects: Array, cells: bool) -> Values:
    values = [
        None if is_gap(value) else value if isinstance(value, np.datetime64) else plain(value) for value in objects
    ]
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, bool) for value in present):
        codes = np.array([-1 if value is None else int(value) for value in values])
        return _truth_values(codes, np.array([False, True]))
    numbers = numbers_of(objects)
    if numbers is not None:
        whole = len(present) == len(values) and all(type(value) is int for value in present)
        exact = whole and EXACT <= np.abs(numbers).max() < 2**63
        return np.array(present, dtype=np.int64) if exact else numbers
    if all(isinstance(value, (date, np.datetime64)) for value in present):
        return np.array([_naive(value) for value in values], dtype="M8[us]")
    return _of_texts([None if value is None else _text(value) for value in values], cells)


def _naive(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if getattr(value, "tzinfo", None) else value


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
