"""CSV and TSV files: their separator, header and rows, read into typed columns."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np

from chainrule.data.arrow_csv import LARGE, columns_by_arrow
from chainrule.data.cells import columns_of_rows
from chainrule.data.packed import opened, unpacked
from chainrule.data.table import Table, check_names, learning_table, target_place
from chainrule.data.values import Texts, Values, is_number
from chainrule.errors import DataError, FileError, listed
from chainrule.memory import check_memory

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
FIRST = 1000  # lines that surely hold the header and the row below it
TIMES = 3  # of its size that a file needs while it is read
SAMPLE = 100  # rows that tell which columns begin as numbers


def read_csv(path: Path, target: str | None, optional: bool) -> Table:
    """The table of a CSV file. `optional`: the target may be absent, or its column empty."""
    size = path.stat().st_size
    instead = "save its numbers by numpy.save, and they are read batch by batch; or take fewer rows"
    check_memory(size * TIMES, f"reading {path}", instead)
    text = _text(path)
    delimiter = delimiter_of(path, text)
    header, start = header_of(path, text, delimiter)
    at = target_place(header, target, optional)
    values = _values(path, text, delimiter, header, start, at)
    return learning_table(path.name, header, values, target, optional, place=LineNumbers(path), named=start > 0)


def _values(path: Path, text: str, delimiter: str, header: list[str], start: int, labels: int | None) -> list[Values]:
    """The columns of a text whose rows begin at the character `start`."""

    def rows(most: int | None = None) -> Iterator[list[str]]:
        return map(itemgetter(1), itertools.islice(_rows(path, text, delimiter, start, len(header)), most))

    texts: set[int] = set()
    if len(text) > LARGE:
        sample = columns_of_rows(rows(SAMPLE), len(header), labels, texts) or []
        numbers = [
            place for place, each in enumerate(sample) if not isinstance(each, Texts) and each.dtype == np.float64
        ]
        values = columns_by_arrow(text[start:].encode(), delimiter, len(header), numbers, labels)
        if values is not None:
            return values
    while True:
        found = columns_of_rows(rows(), len(header), labels, texts)
        if found is not None:
            return found


@dataclass(frozen=True)
class LineNumbers:
    """Where the rows of a CSV file stand in it, found by reading it again: only an error asks."""

    path: Path

    def __call__(self, row: int) -> str:
        try:
            with opened(self.path) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as lines:
                first = "".join(itertools.islice(lines, FIRST))
                delimiter = delimiter_of(self.path, first)
                _, start = header_of(self.path, first, delimiter)
                left = itertools.chain(map(re.Match.group, LINE.finditer(first, start)), lines)
                rows = rows_of(self.path, left, delimiter, len(LINE.findall(first, 0, start)))
                for line, _ in itertools.islice(rows, row, None):
                    return f"{self.path}, line {line}"
        except (OSError, EOFError, ValueError, DataError):
            pass  # it is not there any more, or another one is
        return f"{self.path}, row {row}"


def _text(path: Path) -> str:
    try:
        text = unpacked(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path} is not UTF-8 text (byte {error.start:,}): if it is a CSV file, save it in UTF-8"
        ) from None
    if "\0" in text:
        raise FileError(f"{path} is not a text file, for it holds the character 0: is it a CSV file?")
    return text


def _rows(
    path: Path, text: str, delimiter: str, start: int = 0, width: int | None = None
) -> Iterator[tuple[int, list[str]]]:
    """The rows of a text from a character on, without the empty ones, each after the line on which it ends.

    Raises DataError for a row that has not this many values.
    """
    lines = map(re.Match.group, LINE.finditer(text, start))
    return rows_of(path, lines, delimiter, len(LINE.findall(text, 0, start)) if start else 0, width)


def rows_of(
    path: Path, lines: Iterable[str], delimiter: str, before: int, width: int | None = None
) -> Iterator[tuple[int, list[str]]]:
    """The same of lines with their ends, before which there were so many."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            if not row:
                continue
            if width is not None and len(row) != width:
                line = before + reader.line_num
                raise DataError(
                    f"{path}, line {line}: the number of values is {len(row)}, and the first line has {width}"
                )
            yield before + reader.line_num, row
    except csv.Error as error:
        line = before + reader.line_num
        raise FileError(f"{path}, line {line}: {error}; is a quotation mark left open?") from None


def header_of(path: Path, text: str, delimiter: str) -> tuple[list[str], int]:
    """The names of the columns, and the character at which the rows below them begin, 0 where there are no names."""
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
            f"{path}: the first line ({listed(names, 8)}) looks like the rows below it: put a line above it that names "
            "the columns, or, if it is that line, give them names that are not numbers"
        )
    check_names(names, f"{path}: ")
    lines = itertools.islice(LINE.finditer(text), first[0])
    return names, max((line.end() for line in lines), default=0)


def delimiter_of(path: Path, text: str) -> str:
    """The separator that the first line holds most often, outside of quotation marks."""
    if re.search(r"\.tsv(\.gz|\.zip)?$", path.name.lower()):
        return "\t"
    first = re.search(r"[^\r\n]+", text)
    bare = re.sub(r'"[^"]*"', "", first.group()) if first else ""
    return max(",;\t|", key=bare.count)
