"""What each column became, as lines of text: equal ones together, so that 784 pixels take one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chainrule.aligned import Table
from chainrule.data.columns import Category, Column, Dates, Dropped, Number
from chainrule.data.conversions import shown

ORDER = ("number", "truth value", "category", "date", "dropped")
MOST_NAMES = 12  # of more equal columns the first and the last are named


def are_plain(columns: Sequence[Column]) -> bool:
    """Whether all columns are numbers of which nothing is to be said."""
    return all(isinstance(column, Number) and not (column.boolean or column.gaps or column.note) for column in columns)


def groups(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """An entry for each group of columns that became the same: what they became, inputs, gaps, names and notes."""
    alike: dict[tuple[str, str], list[Column]] = {}
    for column in columns:
        said = _said(column)
        alike.setdefault((_title(column), said if isinstance(column, Dropped) or not said else column.name), []).append(
            column
        )
    ordered = sorted(alike.values(), key=lambda group: ORDER.index(_title(group[0])))
    return [
        {
            "became": _title(group[0]),
            "inputs": sum(column.width for column in group),
            "gaps": sum(column.gaps for column in group),
            "columns": _text(group),
        }
        for group in ordered
    ]


def overview_rows(told: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Such entries as a table below its head."""
    rows = [["became", "inputs", "gaps", "columns"]]
    for each in told:
        counts = [f"{each[key]:,}" if each[key] else "–" for key in ("inputs", "gaps")]
        rows.append([str(each["became"]), *counts, str(each["columns"])])
    return rows


def overview(columns: Sequence[Column], width: int = 80) -> list[str]:
    """A heading, and a line for each group of columns that became the same."""
    return Table(overview_rows(groups(columns)), "<>><").lines(width)


def _title(column: Column) -> str:
    return "truth value" if isinstance(column, Number) and column.boolean else column.title


def _text(group: Sequence[Column]) -> str:
    names = [repr(column.name) if not column.name.strip() else column.name for column in group]
    if len(names) > MOST_NAMES:
        names = [f"{names[0]}, {names[1]}, {names[2]} … {names[-1]} ({len(names):,} columns)"]
    said = _said(group[0])
    return ", ".join(names) + (f": {said}" if said else "")


def _said(column: Column) -> str:
    """What is to be said of a column beside its kind."""
    found = []
    match column:
        case Category():
            found.append(f"{len(column.levels):,} levels" if len(column.levels) != 1 else f"level {column.levels[0]}")
            if column.rare:
                found[0] += f", and other for {len(column.rare):,} rare {'one' if len(column.rare) == 1 else 'ones'}"
        case Dates():
            found.append(", ".join(part for part, _, _ in column.parts))
    if column.indicator and isinstance(column, Category):
        found.append("an input for gaps")
    elif column.gaps and not isinstance(column, Dropped):
        found.append(
            f"gaps become {shown(getattr(column, 'fill', None))}"
            + (", and an input tells them" if column.indicator else "")
        )
    return "; ".join([*found, *([column.note] if column.note else [])])
