"""CSV and TSV files: their separator, header and rows, read into typed columns."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import DataError, FileError
from chainrule.tables.columns import GAPS, column_of_cells, is_number
from chainrule.tables.frames import as_labels, target_place
from chainrule.tables.table import Table

Array = np.ndarray
Column = tuple[Array, list[str]]  # for each row the place of its cell among the distinct cells, and those


def read_csv(path: Path, target: str | None, optional: bool) -> Table:
    """The table of a CSV file. `optional`: the target may be absent, or its column empty."""
    text = _text(path)
    delimiter = _delimiter(path, text)
    header, first = _header(path, text, delimiter)
    columns = _columns(path, text, delimiter, header, first)
    return _table(path, header, columns, target, optional, Lines(path, first))


def _table(
    path: Path, header: list[str], columns: list[Column], target: str | None, optional: bool, lines: Lines
) -> Table:
    at = target_place(header, target, optional)
    if at is not None and optional and all(cell.strip().lower() in GAPS for cell in columns[at][1]):
        header, columns, at = header[:at] + header[at + 1 :], columns[:at] + columns[at + 1 :], None  # answers to come
    if at is None:
        return Table(path.name, header, [column_of_cells(*each) for each in columns], None, target or "y", place=lines)
    learnt = column_of_cells(*columns[at], labels=True)
    kept = [place for place in range(len(header)) if place != at]
    inputs = [column_of_cells(*columns[place]) for place in kept]
    return Table(path.name, [header[place] for place in kept], inputs, as_labels(learnt), header[at], place=lines)


@dataclass(frozen=True)
class Lines:
    """Where the rows of a CSV file stand in it, found by reading it again: only an error asks."""

    path: Path
    first: int

    def __call__(self, row: int) -> str:
        try:
            text = _text(self.path)
            for place, (line, _) in enumerate(_rows(self.path, text, _delimiter(self.path, text))):
                if place == row + self.first:
                    return f"{self.path}, line {line}"
        except (OSError, EOFError):
            pass  # it is not there any more
        return f"{self.path}, row {row}"


def _text(path: Path) -> str:
    opener: Callable[..., Any] = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            text: str = stream.read()
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path} is no text in UTF-8 (byte {error.start:,}): if it is a CSV file, save it in UTF-8"
        ) from None
    if "\0" in text:
        raise FileError(f"{path} is no text, for it holds the character 0: is it a CSV file?")
    return text


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a text, without the empty ones, each after the line on which it ends."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise FileError(f"{path}, line {reader.line_num}: {error}; is a quotation mark left open?") from None


def _header(path: Path, text: str, delimiter: str) -> tuple[list[str], int]:
    """The names of the columns, and which row is the first with data."""
    rows = _rows(path, text, delimiter)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path} is empty: a CSV file has a header line and rows below it")
    names = [name.strip() for name in first[1]]
    kinds = [is_number(name) for name in names]
    if all(kinds):
        return [f"column {i}" for i in range(len(names))], 0
    second = next(rows, None) if any(kinds) else None
    if second is not None and kinds == [is_number(value.strip()) for value in second[1]]:
        raise DataError(
            f"{path}: the first line ({', '.join(names[:8])}) looks like the rows below it: put a line above it that names "
            "the columns, or, if it is that line, give them names that are no numbers"
        )
    if len(set(names)) < len(names):
        seen: set[str] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise DataError(f"{path}: two columns are named {twice!r}")
    return names, 1


def _delimiter(path: Path, text: str) -> str:
    """The separator that the first line holds most often, outside of quotation marks."""
    if path.name.lower().removesuffix(".gz").endswith(".tsv"):
        return "\t"
    first = re.search(r"[^\r\n]+", text)
    bare = re.sub(r'"[^"]*"', "", first.group()) if first else ""
    return max(",;\t|", key=bare.count)


def _columns(path: Path, text: str, delimiter: str, header: list[str], first: int) -> list[Column]:
    """Each column of the text as the places of its cells among its distinct cells."""
    places: list[dict[str, int]] = [{} for _ in header]
    codes: list[list[int]] = [[] for _ in header]
    for number, (line, row) in enumerate(_rows(path, text, delimiter)):
        if number < first:
            continue
        if len(row) != len(header):
            raise DataError(
                f"{path}, line {line}: the number of values is {len(row)}, and the first line has {len(header)}"
            )
        for column, known, cell in zip(codes, places, row):
            column.append(known.setdefault(cell, len(known)))
    return [(np.array(column, dtype=np.int32), list(known)) for column, known in zip(codes, places)]
