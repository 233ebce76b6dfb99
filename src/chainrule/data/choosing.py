"""Which kind each column of the training rows becomes, unless a user says otherwise, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data.choices import Choices
from chainrule.data.columns import PARTS, PERIODS, Category, Column, Dates, Dropped, Number
from chainrule.data.conversions import (
    check_finite,
    date_texts,
    dates_of_column,
    gap_text,
    numbers_of_column,
    part_of,
    strange_rows,
    value_of,
)
from chainrule.data.mapped import MappedRows
from chainrule.data.moments import moments
from chainrule.data.table import Table
from chainrule.data.values import Texts, Values, gaps, is_number, sorted_texts
from chainrule.errors import DataError, counted
from chainrule.writing.numbers import minus

Array = np.ndarray
BLOCK = 64  # columns of a matrix that are worked on at a time

MOST_LEVELS = 1000  # a column with more different texts is an identifier or free text, and no category by itself
RARE = 0.001  # a level of a smaller share of the rows is a rare one: with the others of its kind it becomes "other"
FEW = 50  # with fewer rows nothing is concluded from every row having its own value
SEVERAL = 5  # rows from which a text of its own in each is worth a note
ENOUGH = 10  # rows from which a correlation says something
MOST_IDS = 100  # whole numbers of a column named as an id are a category up to so many
SAMPLE = 20_000  # rows that tell a correlation well enough
LEAK = 0.9  # a column that correlates more with the target may be known no sooner than the target

ID_NAME = re.compile(
    r"|index|idx|i?ds?|rows?|nr|key|uuid|guid|(unnamed|level)[:_ ]*\d+|.*[_ .-](ids?|idx|index|uuid|guid|key)"
)
CAMEL_ID = re.compile(r".*[a-z](Id|ID|Uuid|UUID|Key|Idx|Index)")
OTHER_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b.*")


def choose_columns(table: Table, choices: Choices) -> tuple[Column, ...]:
    """The kind of each column of a table of training rows, with its means, scales and levels."""
    choices.check(table)
    target = _numeric_target(table)
    chosen: dict[str, Column] = {}
    if isinstance(table.matrix, MappedRows):
        chosen = _of_mapped(table, table.matrix, choices)
    elif table.matrix is not None:
        chosen = _of_matrix(table, table.matrix, choices)
    columns = [
        chosen.get(name) or _choose_by_values(table, place, name, target, choices)
        for place, name in enumerate(table.columns)
    ]
    if not any(column.width for column in columns):
        if len(table) == 1:
            raise DataError(f"{table.name} holds 1 row, and a network learns from how rows differ: add rows")
        reasons = "; ".join(f"{column.name!r}: {column.note or column.title}" for column in columns[:8])
        raise DataError(f"{table.name}: no column is left to learn from ({reasons})")
    return tuple(columns)


def _choose_by_values(table: Table, place: int, name: str, target: Array | None, choices: Choices) -> Column:
    if choices.of(name) == "drop":
        return Dropped(name, note="as asked")
    return _choose(_Seen(table, name, table.values(place), target, choices))


def _of_mapped(table: Table, matrix: MappedRows, choices: Choices) -> dict[str, Column]:
    """The columns of a mapped file, in one pass over it, but those of which a kind is asked for. Fills are about the median."""
    chosen: dict[str, Column] = {}
    found = moments(matrix)
    if found.infinite is not None:
        row, column = found.infinite
        raise DataError(
            f"{table.name}, row {row:,}: the column {table.columns[column]!r} is infinite, and a network needs "
            "finite numbers: fill or remove such rows"
        )
    means, scales = scaling(table.columns, found.mean, found.deviation, found.largest, choices.scale)
    middles = np.where(np.isnan(found.middle), found.mean, found.middle).tolist()
    for place, name in enumerate(table.columns):
        if choices.of(name) is not None:
            continue
        count = int(found.gaps[place])
        if count and choices.gaps == "refuse":
            raise DataError(
                f"{table.name}: the column {name!r} has {counted(count, 'gap')}: fill them, or remove those rows"
            )
        if not found.counts[place]:
            chosen[name] = Dropped(name, gaps=count, note="empty")
            continue
        fill = None if choices.gaps == "refuse" else middles[place]
        marked = bool(count) and choices.gaps == "impute"
        mean, scale = float(means[place]), float(scales[place])
        chosen[name] = Number(name, gaps=count, indicator=marked, mean=mean, scale=scale, fill=fill)
    return chosen


def _of_matrix(table: Table, matrix: Array, choices: Choices) -> dict[str, Column]:
    """A matrix of numbers stays one: its columns, some at a time, but those that have gaps or of which a kind is asked for."""
    chosen: dict[str, Column] = {}
    for start in range(0, len(table.columns), BLOCK):
        names = table.columns[start : start + BLOCK]
        block = np.ascontiguousarray(matrix[:, start : start + BLOCK].T, dtype=np.float64)
        whole = np.atleast_1d(np.isfinite(block).all(axis=1))
        plain = [i for i, name in enumerate(names) if whole[i] and choices.of(name) is None]
        means, scales = means_and_scales([names[i] for i in plain], block[plain], choices.scale)
        step = max(1, block.shape[1] // 1000)  # a middle value of some rows will do where none of them had a gap
        middles = np.median(block[plain][:, ::step], axis=1).tolist() if plain else []
        for i, mean, scale, middle in zip(plain, means.tolist(), scales.tolist(), middles):
            fill = None if choices.gaps == "refuse" else middle
            chosen[names[i]] = Number(names[i], mean=mean, scale=scale, fill=fill)
        for i in np.flatnonzero(~whole).tolist():
            if choices.of(names[i]) is None:
                chosen[names[i]] = _number(_Seen(table, names[i], block[i], None, choices), block[i])
    return chosen


class _Seen:
    """A column of the training rows, looked at once: its gaps, and how many different values the other rows have."""

    def __init__(self, table: Table, name: str, values: Values, target: Array | None, choices: Choices) -> None:
        self.table, self.name, self.values, self.target, self.choices = table, name, values, target, choices
        self.missing = gaps(values)
        self.gaps = int(self.missing.sum())
        self.rows = len(values) - self.gaps
        self.indicator = bool(self.gaps) and choices.gaps == "impute"
        self.named_as_id = bool(ID_NAME.fullmatch(name.lower()) or CAMEL_ID.fullmatch(name))
        if isinstance(values, Texts):
            self.different = len(values.used)
        else:
            self.different = len(np.unique(values[~self.missing]))

    @property
    def each_its_own(self) -> bool:
        return self.different == self.rows > 1

    def said(self, note: str = "") -> dict[str, Any]:
        return {"gaps": self.gaps, "indicator": self.indicator, "note": note}


def _choose(seen: _Seen) -> Column:
    match seen.choices.of(seen.name):
        case "drop":
            return Dropped(seen.name, note="as asked")
        case "category":
            return _category(seen, _as_texts(seen))
        case "date":
            return _dates(seen, dates_of_column(seen.name, seen.values, seen.table.where))
        case "number":
            return _number(seen, numbers_of_column(seen.name, seen.values, seen.table.where))
    if seen.gaps and seen.choices.gaps == "refuse":
        raise DataError(gap_text(f"column {seen.name!r}", seen.missing, seen.table.where))
    if seen.rows == 0:
        return Dropped(seen.name, gaps=seen.gaps, note="empty")
    if seen.different == 1 and not seen.gaps:
        return Dropped(seen.name, note=f"constant ({_first(seen)})")
    if isinstance(seen.values, Texts):
        return _of_texts(seen, seen.values)
    if seen.values.dtype.kind == "M":
        return _dates(seen, seen.values)
    return _of_numbers(seen, seen.values)


def _of_texts(seen: _Seen, texts: Texts) -> Column:
    if seen.each_its_own and (seen.named_as_id or seen.rows >= FEW):
        return Dropped(seen.name, gaps=seen.gaps, note="every row has its own text")
    if seen.different > MOST_LEVELS or (seen.rows >= FEW and seen.different > seen.rows / 2):
        return Dropped(seen.name, gaps=seen.gaps, note=f"{seen.different:,} different texts: names or free text")
    dates = all(OTHER_DATE.fullmatch(level) for level in texts.used)
    if dates:
        return _category(seen, texts, "dates? their parts are read where they are written as 2013-01-31")
    named = seen.each_its_own and seen.rows >= SEVERAL
    return _category(seen, texts, "every row has its own text: a name?" if named else "")


def _of_numbers(seen: _Seen, values: Array) -> Column:
    if values.dtype.kind not in "fiub":
        raise DataError(f"the column {seen.name!r} is {values.dtype}: columns are numbers, texts or dates")
    numbers = values.astype(np.float64, copy=False)
    check_finite(seen.name, numbers[~seen.missing], seen.table.where)
    present = numbers[~seen.missing]
    whole = values.dtype.kind != "b" and bool((present == np.round(present)).all())
    if whole and seen.named_as_id:
        if seen.each_its_own:
            return Dropped(seen.name, gaps=seen.gaps, note="every row has its own number: an index or identifier")
        if 2 < seen.different <= MOST_IDS:
            return _category(seen, _as_texts(seen), "named as an identifier")
    return _number(seen, numbers, _note_on(seen, present, whole))


def _note_on(seen: _Seen, present: Array, whole: bool) -> str:
    if whole and seen.named_as_id and seen.different > 2:
        return "named as an identifier, whose size means nothing"
    if whole and seen.each_its_own and seen.rows >= FEW and np.ptp(present) < 2 * seen.rows:
        return "counts the rows? an index tells a sorted file's target"
    if whole and seen.different > 2 and _are_dates(present):
        return "dates? their parts are read where they are written as 2013-01-31"
    if seen.target is not None and seen.different > 1 and present.size >= ENOUGH:
        every = max(1, present.size // SAMPLE)
        r = _correlation(present[::every], seen.target[~seen.missing][::every])
        if abs(r) > LEAK:
            target = seen.table.target_name
            return f"correlates {minus(f'{r:.2f}')} with {target}: leave it out if it is known only with {target}"
    return ""


def _are_dates(numbers: Array) -> bool:
    """Whether whole numbers are all dates as 20130131."""
    if numbers.size == 0 or numbers.min() < 1800_00_00 or numbers.max() > 2200_00_00:
        return False
    month, day = numbers // 100 % 100, numbers % 100
    return bool(((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())


def _correlation(one: Array, other: Array) -> float:
    with np.errstate(all="ignore"):
        one, other = one - one.mean(), other - other.mean()
        r = (one @ other) / np.sqrt((one @ one) * (other @ other))
    return float(r) if np.isfinite(r) else 0.0


def _number(seen: _Seen, numbers: Array, note: str = "") -> Column:
    if seen.gaps and seen.choices.gaps == "refuse":
        raise DataError(gap_text(f"column {seen.name!r}", seen.missing, seen.table.where))
    present = numbers[~seen.missing] if seen.gaps else numbers
    check_finite(seen.name, numbers if not seen.gaps else np.where(seen.missing, 0, numbers), seen.table.where)
    if not present.size:
        return Dropped(seen.name, gaps=seen.gaps, note="empty")
    mean, scale = means_and_scales([seen.name], present[None], seen.choices.scale)
    fill = None if seen.choices.gaps == "refuse" else float(np.median(present))
    boolean = not isinstance(seen.values, Texts) and seen.values.dtype.kind == "b"
    return Number(seen.name, **seen.said(note), mean=float(mean[0]), scale=float(scale[0]), fill=fill, boolean=boolean)


def _category(seen: _Seen, texts: Texts, note: str = "") -> Column:
    counts = texts.counts
    order = np.argsort(-counts, kind="stable")
    kept = {i for i in order[:MOST_LEVELS].tolist() if counts[i] >= RARE * len(texts)}
    levels = tuple(level for i, level in enumerate(texts.levels) if i in kept)
    rare = tuple(level for i, level in enumerate(texts.levels) if counts[i] and i not in kept)
    fill = None if seen.choices.gaps == "refuse" else texts.levels[order[0]]
    if not levels:
        return Dropped(seen.name, gaps=seen.gaps, note=f"all of its {len(rare):,} texts are rare")
    return Category(seen.name, **seen.said(note), levels=levels, rare=rare, fill=fill)


def _dates(seen: _Seen, dates: Array) -> Column:
    present = np.sort(dates[~gaps(dates)])
    parts = []
    for part in PARTS:
        numbers = part_of(present, part)
        if np.ptp(numbers) > 0:
            scaled = seen.choices.scale if part not in PERIODS else "none"
            mean, scale = means_and_scales([seen.name], numbers[None], scaled)
            parts.append((part, float(mean[0]), float(scale[0])))
    if not parts:
        return Dropped(seen.name, gaps=seen.gaps, note=f"constant ({_first(seen)})")
    fill = None if seen.choices.gaps == "refuse" else str(present[len(present) // 2])
    return Dates(seen.name, **seen.said(), parts=tuple(parts), fill=fill)


def _as_texts(seen: _Seen) -> Texts:
    """The values of a column as texts: whole numbers without a point, dates to the second."""
    if isinstance(seen.values, Texts):
        return seen.values
    distinct, codes = np.unique(seen.values[~seen.missing], return_inverse=True)
    if distinct.dtype.kind == "M":
        texts = date_texts(distinct).tolist()
    elif distinct.dtype.kind == "f" and np.array_equal(distinct, np.round(distinct)):
        texts = [f"{value:.0f}" for value in distinct.tolist()]
    else:
        texts = [str(value) for value in distinct.tolist()]
    every = np.full(len(seen.values), -1, dtype=np.int32)
    every[~seen.missing] = codes
    return sorted_texts(every, texts)


def _first(seen: _Seen) -> str:
    value = value_of(seen.values, int(np.argmin(seen.missing)))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _numeric_target(table: Table) -> Array | None:
    """The target as float64 where it is a number, to see which columns give it away."""
    if table.target is None or table.target.ndim != 1 or table.target.dtype.kind != "f":
        return None
    return table.target.astype(np.float64)


def refuse_slips(table: Table, name: str, values: Values) -> None:
    """A column of numbers with a slip in it, or of numbers written in another way, is not a category."""
    if not isinstance(values, Texts):
        return
    strange = strange_rows(values)
    count = int(strange.sum())
    if not count:
        return
    written = [each for each in values.used if not is_number(each)]
    if all(is_number(each.replace(",", "").rstrip("%")) for each in written):
        cure = ": write numbers with a point, and without commas and %, as 1.5 or 1000"
    elif count <= max(1, len(values) // 20) and 2 * count < len(values):
        cure = " among numbers: correct it or remove the line; a category has texts throughout"
    else:
        return
    row = int(np.argmax(strange))
    raise DataError(f"{table.where(row)}: the column {name!r} holds {values.levels[values.codes[row]]!r}{cure}")


def means_and_scales(names: Sequence[str], block: Array, scale: str) -> tuple[Array, Array]:
    """What to subtract from the numbers of each column, a row of `block` (columns, rows), and what to divide them by."""
    if scale == "none":
        return np.zeros(len(block)), np.ones(len(block))
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = block.mean(axis=1), block.std(axis=1)
    return scaling(names, mean, spread, np.abs(block).max(axis=1, initial=0), scale)


def scaling(names: Sequence[str], mean: Array, spread: Array, largest: Array, scale: str) -> tuple[Array, Array]:
    """The same, of columns with these means, deviations and largest absolute values (columns,)."""
    if scale == "none":
        return np.zeros(len(mean)), np.ones(len(mean))
    too_large = ~(np.isfinite(mean) & np.isfinite(spread))
    if too_large.any():
        at = int(np.argmax(too_large))
        raise DataError(f"{names[at]!r} holds numbers up to {largest[at]:.3g}, too large to scale: use another unit")
    # a spread that is rounding noise, as for a constant column, is nothing to divide by
    return mean, np.where(spread > 1e-10 * largest, spread, 1.0)
