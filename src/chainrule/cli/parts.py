"""The rows of a table in parts: to learn from, to watch and to test."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from chainrule.data import Choices, Dataset, Preprocessing, Table, find_labels, own_division, split_rows, target_of
from chainrule.defaults import WATCHED, watches
from chainrule.errors import DataError, DataWarning, SettingError, counted

FEWEST_TO_SPLIT = 50  # with fewer rows none is held out unless asked: a test on nine rows says little


@dataclass(frozen=True)
class Parts:
    """A table's rows to learn from and to test, as the user has them; those, and the rows to watch, as a network takes them."""

    table: Table
    train: Table
    test: Table | None
    learning: Dataset
    watched: Dataset | None
    testing: Dataset | None
    terms: Preprocessing
    remarks: tuple[str, ...]


def divide(
    table: Table,
    task: str,
    choices: Choices,
    test: float | None,
    validation: float | None,
    seed: int,
    dtype: str,
    in_order: bool = False,
) -> Parts:
    """Means, scales and levels are those of the rows to learn from; whatever would stop the others is reported now.

    Without a share for `validation` the number of the others decides it. The rows to learn from are shuffled, or stand as in
    the table, `in_order`.
    """
    watched = None
    with _option("--test"):
        train, kept = _split(table, test, seed, task, in_order)
    share = validation if validation is not None else WATCHED if watches(len(train)) else 0.0
    if share:
        with _option("--validation"):
            train, watched = _split(train, share, seed, task, in_order)
    labels = find_labels(target_of(table), table.target_name) if task == "classification" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the table of the columns tells all of it
        terms = Preprocessing.fit_table(train, task=task, labels=labels, **vars(choices))
    learning = Dataset.from_table(train, terms, dtype)
    remarks: list[str] = []
    testing = _encoded(kept, terms, dtype, remarks, "test", "--test 0")
    watching = _encoded(watched, terms, dtype, remarks, "validation", "--validation 0")
    return Parts(table, train, kept, learning, watching, testing, terms, tuple(remarks))


def _split(table: Table, share: float | None, seed: int, task: str, in_order: bool) -> tuple[Table, Table | None]:
    own = own_division(table) if share is None else None
    if own is not None:
        return table.take(own[0]), table.take(own[1])
    if share is None:
        share = 0.2 if len(table) >= FEWEST_TO_SPLIT else 0.0
    if share == 0:
        return table, None
    labels = table.target if task == "classification" and table.target is not None and table.target.ndim == 1 else None
    rest, part = split_rows(len(table), share, seed, labels)
    return table.take(np.sort(rest) if in_order else rest), table.take(part)


def _encoded(
    rows: Table | None, terms: Preprocessing, dtype: str, remarks: list[str], what: str, without: str
) -> Dataset | None:
    """The rows held out as `terms` makes them; `remarks` gets what the rows to learn from had not.

    Raises DataError where they cannot be used, as at an infinity.
    """
    if rows is None:
        return None
    place = f"of the {counted(len(rows), 'row')} held out for the {what}"
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", DataWarning)
            found = Dataset.from_table(rows, terms, dtype)
    except DataError as error:
        raise DataError(
            f"{place}, {error}. Remove that column or those rows, or hold none out with {without}"
        ) from None
    remarks += [f"{place}, {str(each.message).removeprefix(rows.name + ': ')}" for each in told]
    return found


@contextmanager
def _option(name: str) -> Iterator[None]:
    """Errors in here are about that option, and say so."""
    try:
        yield
    except (SettingError, DataError) as error:
        raise type(error)(f"{name}: {error}") from None
