"""What the options of `chainrule train` decide about columns: --drop, --columns, --as and --gaps."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.data import Choices, Table
from chainrule.errors import SettingError


def choices_of(
    table: Table, scale: str, gaps: str, drop: Sequence[str], only: Sequence[str], kinds: Sequence[str]
) -> Choices:
    """The options as `Choices`; names of columns may be repeated options, or separated by commas."""
    chosen = Choices(scale, gaps, dict(map(_kind, kinds)), _names(table, drop), _names(table, only) if only else None)
    chosen.check(table)
    return chosen


def _names(table: Table, given: Sequence[str]) -> list[str]:
    """Names as they are typed: one with a comma in it is one name where the table has such a column."""
    return [name.strip() for each in given for name in ([each] if each in table.columns else each.split(","))]


def _kind(given: str) -> tuple[str, str]:
    name, equals, kind = given.rpartition("=")
    if not equals:
        raise SettingError(f"--as takes a column and what it becomes, as --as {given or 'zip'}=category")
    return name, kind
