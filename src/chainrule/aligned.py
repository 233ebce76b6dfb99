"""Text in lines: sentences wrapped at words, tables in columns, in a given width or as wide as they are."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

NARROWEST = 24  # characters: a column of words that would be narrower has lines of its own
LABELLED = 16  # characters that a label may take however narrow the terminal is
LABEL = re.compile(r" *\S+(?: \S+)*?  +")  # words with two spaces or more behind them
EQUATION = re.compile(r" [=≤≥≈→] |\b[Cc] \(")  # x = 0.6 and C (cross_entropy) stay on one line
TIED = "\u00a0"  # the no-break space
GAP = 2  # between two columns, and how far a line is moved in that goes on from the one above


class Heading(str):
    """A line that stands above others, such as the names of a table's columns; a terminal shows it bold."""

    __slots__ = ()


class Paragraph(str):
    """A sentence, or several, whose lines all begin at the margin."""

    __slots__ = ()


def wrapped(text: str, width: int | None) -> list[str]:
    """The lines of a text, each broken between words where it is wider. No word is broken.

    What follows is moved in by two, or stands below the text behind a label with two spaces: "cost      0.1 of the mean …".
    A no-break space keeps two words on one line, where it is a space.
    """
    lines = []
    for line in text.split("\n"):
        if width is None or len(line) <= width:
            lines.append(line.replace(TIED, " "))
            continue
        start = len(line) - len(line.lstrip())
        label = LABEL.match(line)
        hang = label.end() if label and label.end() <= max(width // 3, LABELLED) else start + GAP
        hang = start if isinstance(text, Paragraph) else hang
        lines += [line[:start] + part for part in _words(line[start:], width - start, " " * (hang - start))]
    return lines


def _words(text: str, width: int, indent: str = "") -> list[str]:
    tied = EQUATION.sub(lambda found: found[0].replace(" ", TIED), text)
    if max(map(len, tied.split(" "))) > width - len(indent):
        tied = text
    lines = textwrap.wrap(tied, max(width, 1), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(TIED, " ") for line in lines] or [""]


def aligned(rows: Sequence[Sequence[str]], sides: str = "<>", indent: int = 0) -> list[str]:
    """One line per row, each column as wide as its widest cell; a row may end early, and no line ends in blanks.

    `sides` tells where the cells of each column stand, < left or > right; its last serves all columns that follow.
    """
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    sides = sides.ljust(len(widths), sides[-1])
    padded = [
        [cell.ljust(width) if side == "<" else cell.rjust(width) for cell, side, width in zip(row, sides, widths)]
        for row in rows
    ]
    return [(" " * indent + "  ".join(cells)).rstrip() for cells in padded]


@dataclass(frozen=True)
class Table:
    """Rows of cells, the first of them the names of the columns if it is a `head`.

    Where it is too wide its widest column of words is wrapped; if that is not enough, each cell has a line of its own.
    """

    rows: Sequence[Sequence[str]]
    sides: str = "<>"
    indent: int = 0
    head: bool = True

    def lines(self, width: int | None = None) -> list[str]:
        """The table in lines of at most so many characters."""
        lines = aligned(self.rows, self.sides, self.indent)
        if width is not None and max(map(len, lines), default=0) > width:
            return self._folded(width) or self._stacked(width)
        return [Heading(lines[0]), *lines[1:]] if self.head and lines else lines

    def _folded(self, width: int) -> list[str]:
        """The table with one column wrapped; none if that would make it too narrow to be read."""
        columns = list(zip_longest(*self.rows, fillvalue=""))
        widths = [max(map(len, column)) for column in columns]
        sides = self.sides.ljust(len(widths), self.sides[-1])
        words = [i for i, side in enumerate(sides[: len(widths)]) if side == "<" and any(" " in c for c in columns[i])]
        if not words:
            return []
        wide = max(words, key=lambda i: widths[i])
        room = width - self.indent - sum(widths) + widths[wide] - GAP * (len(widths) - 1)
        if room < max(NARROWEST, *(len(word) for cell in columns[wide] for word in cell.split())):
            return []
        rows: list[list[str]] = []
        for row in self.rows:
            cells = _words(row[wide], room) if wide < len(row) else [""]
            rows.append([*row[:wide], cells[0], *row[wide + 1 :]])
            rows += [[*[""] * wide, cell] for cell in cells[1:]]
        return Table(rows, self.sides, self.indent, self.head).lines()

    def _stacked(self, width: int) -> list[str]:
        """Each row by itself: its first cell, and below it a line for each other cell, with its column's name."""
        names, rows = (self.rows[0], self.rows[1:]) if self.head else ([""] * len(self.rows[0]), self.rows)
        lines: list[str] = []
        for row in rows:
            cells = [(name, cell) for name, cell in zip_longest(names[: len(row)], row, fillvalue="") if cell.strip()]
            first = [f"{name} {cell}".strip() for name, cell in cells[:1]]
            unnamed = [cell for name, cell in cells[1:] if not name]
            alone = wrapped(" " * self.indent + "  ".join(first + unnamed), width)
            lines += map(Heading, alone) if self.head else alone
            named = [(name, cell) for name, cell in cells[1:] if name]
            pairs = Table(named, "<<", self.indent + GAP, head=False)
            fits = named and max(map(len, aligned(named, "<<", pairs.indent))) <= width
            lines += pairs.lines() if fits else [
                each for name, cell in named for each in wrapped(f"{' ' * pairs.indent}{name} {cell}", width)
            ]  # fmt: skip
        return lines


def laid_out(parts: Iterable[str | Table], width: int | None = None) -> list[str]:
    """Sentences and tables below each other, in lines of at most so many characters."""
    lines: list[str] = []
    for part in parts:
        if isinstance(part, Table):
            lines += part.lines(width)
        else:
            kind = type(part)  # a heading is one on each of its lines
            lines += map(kind, wrapped(part, width))
    return lines


class Printed:
    """A result that prints as lines: `str(it)` as wide as they are, `it.lines(80)` in 80 characters."""

    __slots__ = ()

    def _parts(self) -> Iterable[str | Table]:
        """Its sentences and tables, in order."""
        raise NotImplementedError

    def lines(self, width: int | None = None) -> list[str]:
        """What it says, in lines of at most so many characters; without a width each sentence is one line."""
        return laid_out(self._parts(), width)

    def __str__(self) -> str:
        return "\n".join(self.lines())
