"""CSV files in parts of whole rows, read from beginning to end: a file of rows to be predicted may be larger than memory."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from typing import Any

from chainrule.data.arrow_csv import columns_of_block
from chainrule.data.cells import columns_of_rows
from chainrule.data.csv import LineNumbers, delimiter_of, header_of, rows_of
from chainrule.data.packed import opened
from chainrule.data.table import Table, learning_table, target_place
from chainrule.data.values import Values
from chainrule.errors import FileError

BLOCK = 2**23  # bytes that are read at a time
ROWS = 2**14  # rows at a time where the standard library reads them
LONGEST = 2**26  # bytes of a row


@dataclass(frozen=True)
class Wanted:
    """The columns that a network takes, by name: those of numbers, those whose cells are texts whatever they hold, and all."""

    numbers: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def csv_tables(path: Path, target: str | None, wanted: Wanted) -> Iterator[Table]:
    """The tables of a CSV file's rows, one after the other; the target may be absent.

    Raises as `read_csv` does, with the line, where the rows come to what is wrong.
    """
    with opened(path) as stream:
        parts = _Parts(path, stream)
        plan = _Plan.of(path, parts.first, target, wanted)
        parts.skip(plan.start)
        done = 0
        for values in _values(parts, plan):
            count = len(values[plan.places[0]])
            yield plan.table(values, done)
            done += count


@dataclass(frozen=True)
class _Plan:
    """What the first lines tell: the names, where the rows begin, and the places of the columns that are read."""

    path: Path
    delimiter: str
    names: list[str]
    start: int  # bytes
    target: str | None
    at: int | None  # the place of the target
    places: list[int]
    numbers: set[int]
    texts: set[int]

    @classmethod
    def of(cls, path: Path, first: bytes, target: str | None, wanted: Wanted) -> _Plan:
        text = _decoded(path, first, 0)
        delimiter = delimiter_of(path, text)
        names, start = header_of(path, text, delimiter)
        at = target_place(names, target, optional=True)
        named = bool(wanted.names) and start > 0 and wanted.names <= set(names)
        places = [i for i, name in enumerate(names) if not named or name in wanted.names or i == at]
        # only a column that is found by its name is known to be what it was in training
        kinds = [{i for i in places if names[i] in kind} if named else set() for kind in (wanted.numbers, wanted.texts)]
        bom = 3 if first.startswith(b"\xef\xbb\xbf") else 0
        start = bom + len(text[:start].encode())
        return cls(path, delimiter, names, start, target, at, places, kinds[0] - {at}, kinds[1] - {at})

    def table(self, values: dict[int, Values], done: int) -> Table:
        lines = LineNumbers(self.path)
        names, found = [self.names[i] for i in self.places], [values[i] for i in self.places]
        has_names = self.names != [f"column {i}" for i in range(len(self.names))]
        return learning_table(
            self.path.name, names, found, self.target, True, place=lambda row: lines(done + row), named=has_names
        )


def _values(parts: _Parts, plan: _Plan) -> Iterator[dict[int, Values]]:
    """The columns of one part after the other, each by its place: by pyarrow as far as it reads them as we do."""
    if find_spec("pyarrow") is not None:
        for block in parts.blocks():
            found = columns_of_block(
                block, plan.delimiter, len(plan.names), plan.places, plan.numbers, plan.texts, plan.at
            )
            if found is None:
                parts.put_back(block)
                break
            yield found
            parts.lines += block.count(b"\n")
    rows = _rows(plan.path, parts, plan.delimiter, len(plan.names))
    while some := list(itertools.islice(rows, ROWS)):
        again: set[int] = set()  # columns that begin as numbers, and go on otherwise
        while (columns := columns_of_rows(iter(some), len(plan.names), plan.at, again, plan.texts)) is None:
            pass
        yield {place: columns[place] for place in plan.places}


class _Parts:
    """The bytes of an open file in blocks of whole rows, and how many lines lie before the next."""

    def __init__(self, path: Path, stream: Any) -> None:
        self.path, self.stream, self.lines, self.bytes = path, stream, 0, 0
        self.rest = b""
        self.first = next(self.blocks(), b"")
        self.put_back(self.first)

    def put_back(self, block: bytes) -> None:
        self.rest = block + self.rest
        self.bytes -= len(block)

    def skip(self, count: int) -> None:
        """Leave out the header, which ends after so many bytes."""
        self.lines, self.bytes = self.rest[:count].count(b"\n"), count
        self.rest = self.rest[count:]

    def blocks(self) -> Iterator[bytes]:
        """Blocks that end with a line that is outside of quotation marks; after the last one nothing is left."""
        while True:
            part = self.stream.read(max(BLOCK - len(self.rest), len(self.rest)))
            whole = self.rest + part
            cut = _end_of_rows(whole) if part else len(whole)
            if part and cut == 0:
                if len(whole) > LONGEST:
                    raise FileError(
                        f"{self.path}, line {self.lines + 1:,}: this row has more than {LONGEST:,} bytes; is a quotation mark "
                        "left open?"
                    )
                self.rest = whole
                continue
            block, self.rest = whole[:cut], whole[cut:]
            self.bytes += len(block)
            if not block:
                return
            yield block

    def text(self) -> io.TextIOWrapper:
        """What is left, as text with its line ends as they are."""
        left = io.BufferedReader(_Chained(self.rest, self.stream))
        self.rest = b""
        return io.TextIOWrapper(left, encoding="utf-8-sig" if self.bytes <= 0 else "utf-8", newline="")


class _Chained(io.RawIOBase):
    """Bytes, and then those of a stream."""

    def __init__(self, first: bytes, then: Any) -> None:
        self.first, self.then = memoryview(first), then

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self.first[: len(buffer)] if self.first else self.then.read(len(buffer))
        buffer[: len(part)] = part
        self.first = self.first[len(part) :] if self.first else self.first
        return len(part)


def _end_of_rows(block: bytes) -> int:
    """How many bytes of a block, which begins with a row, are whole rows: up to the last line end that no quotes enclose."""
    quotes, end = block.count(b'"'), len(block)
    while True:
        at = block.rfind(b"\n", 0, end)
        if at < 0:
            return 0
        if quotes == 0 or (quotes - block.count(b'"', at)) % 2 == 0:
            return at + 1
        end = at


def _rows(path: Path, parts: _Parts, delimiter: str, width: int) -> Iterator[list[str]]:
    """The rows that are left, by the standard library."""
    with parts.text() as text:
        try:
            yield from map(itemgetter(1), rows_of(path, text, delimiter, parts.lines, width))
        except UnicodeDecodeError as error:
            raise FileError(
                f"{path} is not UTF-8 text (after line {parts.lines:,}: {error.reason}): if it is a CSV file, save it in UTF-8"
            ) from None


def _decoded(path: Path, block: bytes, before: int) -> str:
    try:
        text = block.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path} is not UTF-8 text (byte {before + error.start:,}): if it is a CSV file, save it in UTF-8"
        ) from None
    if "\0" in text:
        raise FileError(f"{path} is not a text file, for it holds the character 0: is it a CSV file?")
    return text
