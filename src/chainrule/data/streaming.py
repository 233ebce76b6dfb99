"""Rows to be predicted, read in parts: a table after the other, so that a file may be larger than memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from chainrule.data.columns import Category, Number
from chainrule.data.csv_stream import Wanted, csv_tables
from chainrule.data.mapped import stamp_of
from chainrule.data.optional_files import batches_of
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.reading import read_table
from chainrule.data.table import Table
from chainrule.errors import FileError

ROWS = 2**14  # of a part, where a file is read whole or is mapped
TEXT, ARROW = (".csv", ".tsv", ".txt"), (".parquet", ".feather", ".arrow")


def read_parts(source: str, terms: Preprocessing | None) -> Iterator[Table]:
    """The tables of what `read_table(source, target, optional=True)` reads, one after the other, for a network of these terms.

    CSV, Parquet and Feather files are read in parts, NPY and uncompressed NPZ files of a gigabyte too; others are read whole.
    Of a file with names only the columns are read that the network takes.
    """
    path, target = Path(source), None if terms is None else terms.target_name
    streamed = _streamed(path, target, terms) if path.is_file() else iter(())
    first = next(streamed, None)
    if first is not None and first.columns:
        yield first
        yield from streamed
        return
    table = read_table(source, target, optional=True)  # or the error, also for a file without rows
    for start in range(0, len(table), ROWS):
        yield table.take(slice(start, start + ROWS))


def _streamed(path: Path, target: str | None, terms: Preprocessing | None) -> Iterator[Table]:
    """The parts of a file that can be read in parts; none of any other."""
    name, before = path.name.lower().removesuffix(".gz").removesuffix(".zip"), stamp_of(path)
    try:
        if name.endswith(TEXT) or path.suffix.lower() == ".zip":
            yield from csv_tables(path, target, _wanted(terms))
        elif path.suffix.lower() in ARROW:
            yield from batches_of(path, target, _wanted(terms).names)
        if stamp_of(path) != before:
            raise FileError(f"{path} was changed while its rows were read: begin again once nothing is written to it")
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _wanted(terms: Preprocessing | None) -> Wanted:
    used = [] if terms is None or terms.columns is None else [column for column in terms.columns if column.width]
    numbers = frozenset(column.name for column in used if isinstance(column, Number) and not column.boolean)
    texts = frozenset(column.name for column in used if isinstance(column, Category))
    return Wanted(numbers, texts, frozenset(column.name for column in used))
