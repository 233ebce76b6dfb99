"""CSV and TSV files: their separator, header and rows, read into typed columns."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import DataError, FileError
from chainrule.tables.columns import column_of_cells, is_number
from chainrule.tables.table import Table
from chainrule.tables.targets import learning_table, target_place

Array = np.ndarray
Column = tuple[Array, list[str]]  # for each row the place of its cell among the distinct cells, and those


def read_csv(path: Path, target: str | None, optional: bool) -> Table:
    """The table of a CSV file. `optional`: the target may be absent, or its column empty."""
    text = _text(path)
    delimiter = _delimiter(path, text)
    header, first = _header(path, text, delimiter)
    at = target_place(header, target, optional)
    cells = _columns(path, text, delimiter, header, first)
    values = [column_of_cells(*each, labels=place == at) for place, each in enumerate(cells)]
    return learning_table(path.name, header, values, target, optional, place=Lines(path, first), named=first > 0)


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


def unpacked(path: Path) -> bytes:
    """The bytes of a file, or of the one file that is packed in it (.gz, .zip)."""
    if path.suffix.lower() == ".zip":
        return _unzipped(path)
    opener: Callable[..., Any] = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rb") as stream:
        content: bytes = stream.read()
    return content


def _unzipped(path: Path) -> bytes:
    if not zipfile.is_zipfile(path):
        raise FileError(f"{path} is no ZIP file, or a damaged one")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".csv", ".tsv", ".txt"))]
        names = [name for name in names if not name.startswith("__MACOSX/")]
        if len(names) != 1:
            found = ", ".join(names[:8]) or "none"
            raise FileError(
                f"{path} must hold one file of rows (.csv, .tsv or .txt) and holds {found}: unpack it first"
            )
        try:
            return archive.read(names[0])
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error) as error:  # damaged; with a password
            raise FileError(f"cannot read {names[0]} in {path}: {error}") from error


def _text(path: Path) -> str:
    try:
        text = unpacked(path).decode("utf-8-sig")
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
    if re.search(r"\.tsv(\.gz|\.zip)?$", path.name.lower()):
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
