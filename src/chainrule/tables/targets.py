"""Which column of a table is the target, and the table without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainrule.errors import unknown_name
from chainrule.tables.columns import Texts, Values, gaps
from chainrule.tables.table import Table


def target_place(names: Sequence[str], target: str | None, optional: bool) -> int | None:
    """Which of the columns is the target, or None for none. Raises UnknownNameError for a name that none of them has."""
    if target is None:
        return None if optional else len(names) - 1
    if target in names:
        return list(names).index(target)
    if optional:
        return None
    raise unknown_name("target column", target, names)


def learning_table(
    name: str,
    names: Sequence[str],
    values: Sequence[Values],
    target: str | None,
    optional: bool,
    *,
    place: Callable[[int], str] | None = None,
    named: bool = True,
) -> Table:
    """The table of these columns, one of which is the target: the last one unless it is named.

    With `optional` it may be absent, or a column of gaps alone, for the answers to come.
    """
    at = target_place(names, target, optional)
    if at is None:
        return Table(name, names, values, None, target or "y", place=place, named=named)
    learnt, target = values[at], names[at]
    names, values = [*names[:at], *names[at + 1 :]], [*values[:at], *values[at + 1 :]]
    if optional and gaps(learnt).all():
        return Table(name, names, values, None, target, place=place, named=named)
    return Table(name, names, values, as_labels(learnt), target, place=place, named=named)


def as_labels(learnt: Values) -> np.ndarray:
    """A target's column as an array: numbers, or texts as objects with None for a gap."""
    return np.asarray(learnt) if isinstance(learnt, Texts) else learnt


def with_target_column(table: Table, target: str) -> Table:
    """The table with one of its columns as the target."""
    others = [name for name in table.columns if name != target]
    return table.select(others).with_target(as_labels(table.column(target)), target)
