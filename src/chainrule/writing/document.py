"""A page of headed blocks: sentences, equations, matrices of numbers, lines of an algorithm; as text, as LaTeX, as HTML.

It says what is on the page, not how it looks: `str(sheet)`, `sheet.latex()` and `sheet.html()` write the same blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from chainrule.writing.formula import LEFT_OUT, Formula, Numeral, Row, Sign, opened, row
from chainrule.writing.numbers import number

Array = np.ndarray
Words = tuple[str | Formula, ...]  # a sentence: words, and formulas among them


@dataclass(frozen=True, eq=False)
class Cells(Formula):
    """A matrix of numbers, alone or in a formula; of a large one the first rows and columns and the last, and its shape."""

    array: Array
    most: int = 6

    @property
    def rows(self) -> list[int | None]:
        """The rows that are shown, None where some are left out."""
        return _kept(self.array.shape[0], self.most)

    @property
    def columns(self) -> list[int | None]:
        return _kept(self.array.shape[1], self.most)

    @property
    def whole(self) -> bool:
        """True where nothing is left out."""
        return None not in self.rows and None not in self.columns

    @property
    def shape(self) -> str:
        return f"{self.array.shape[0]:,} × {self.array.shape[1]:,}"

    def entries(self) -> list[list[Formula]]:
        """What is printed, cell by cell."""
        return [[self._entry(r, c) for c in self.columns] for r in self.rows]

    def _entry(self, r: int | None, c: int | None) -> Formula:
        if r is None or c is None:
            return Sign("⋮") if r is None else LEFT_OUT
        return Numeral(number(float(self.array[r, c])))


def _kept(count: int, most: int) -> list[int | None]:
    return list(range(count)) if count <= most else [*range(most - 1), None, count - 1]


NOTHING = Row(())


@dataclass(frozen=True)
class DisplayLine:
    """left = cell · cell · …, with the numbers of the cells below them; an empty `left` goes on from the line above.

    A term of a sum has no equation: its `left` names it, `value` is what its numbers come to. `note` stands behind the last
    number; `check` says that it is a comparison.
    """

    left: Formula
    cells: tuple[Formula, ...]
    numbers: tuple[str, ...] = ()
    value: str = ""
    note: Row = NOTHING
    term: bool = False
    check: bool = False


@dataclass(frozen=True)
class Aligned:
    """Equations and terms one below the other: equals signs below each other, and factors in columns."""

    lines: tuple[DisplayLine, ...]

    def displays(self) -> Iterator[tuple[DisplayLine, ...]]:
        """The lines in parts, each of which ends where a comparison stands behind a line."""
        begun = 0
        for end, line in enumerate(self.lines, 1):
            if line.check or end == len(self.lines):
                yield self.lines[begun:end]
                begun = end


@dataclass(frozen=True)
class Heading:
    """The head of what follows."""

    text: str


@dataclass(frozen=True)
class Sentence:
    """Words, and formulas among them."""

    words: Words


@dataclass(frozen=True)
class Equation:
    """left = right, its name, why it holds, and the numbers of its two sides where they were computed, each by its own method.

    An empty `left` goes on from the equation before.
    """

    left: Formula
    right: Formula
    name: str = ""
    why: Words = ()
    sides: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Values:
    """Symbols and matrices of numbers in one line: z = w a + b = [ ] [ ] + [ ] = [ ]."""

    pieces: tuple[Formula, ...]

    @classmethod
    def of(cls, *pieces: str | Formula) -> Values:
        """The line of some formulas, with the signs between them."""
        return cls(tuple(each for piece in pieces for each in (opened(piece) if isinstance(piece, str) else (piece,))))

    def cells(self) -> list[Cells]:
        return [piece for piece in self.pieces if isinstance(piece, Cells)]


@dataclass(frozen=True)
class Code:
    """Lines of an algorithm: how far each is moved in, what it says, and a remark beside it."""

    lines: tuple[tuple[int, Words, str], ...]


@dataclass(frozen=True)
class Program:
    """The text of a program."""

    text: str


Printed = Heading | Sentence | Values | Aligned | Code | Program
Block = Printed | Equation


def sentence(*words: str | Formula) -> Sentence:
    """A sentence from its words and formulas."""
    return Sentence(words)


def line(indent: int, *words: str | Formula, remark: str = "") -> tuple[int, Words, str]:
    """One line of an algorithm."""
    return indent, words, remark


# what its writers share ---------------------------------------------------------------------------------------------
def together(blocks: Sequence[Block]) -> Iterator[Printed | list[Equation]]:
    """The blocks in order, equations that follow each other as one, for their equals signs."""
    for _, group in groupby(blocks, key=type):
        alike = list(group)
        equations = [block for block in alike if isinstance(block, Equation)]
        yield from [equations] if equations else [block for block in alike if not isinstance(block, Equation)]


def sides_of(equation: Equation) -> Formula:
    """The numbers of both sides, with ≈ where they round to different digits."""
    assert equation.sides is not None
    left, right = map(number, equation.sides)
    return row(left, " = " if left == right else " ≈ ", right)
