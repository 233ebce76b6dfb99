"""Formulas as trees: letters with their marks, numbers, signs, brackets, sums, ratios, matrices. `str` is a line of text.

Text between formulas is read into nodes once, where a row is made. `tex.py` and `mathml.py` write the same nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

SUPERSCRIPT = str.maketrans("0123456789()+-−lLnTs", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻⁻ˡᴸⁿᵀˢ")
SUBSCRIPT = str.maketrans("0123456789aijkmnprstuv+-=", "₀₁₂₃₄₅₆₇₈₉ₐᵢⱼₖₘₙₚᵣₛₜᵤᵥ₊₋₌")
BRACKETS = {"(": ")", "[": "]", "|": "|"}


class Formula:
    """One formula. `str` is a line of text with raised and lowered digits, as in w⁽²⁾₀₁."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, repr=False)
class Symbol(Formula):
    """A letter with its layer above and its neurons below: δ²₀. Marks are the plain characters "(2)" and "0,11".

    Without a letter it is the marks of what stands before it in a row.
    """

    letter: str
    above: str = ""
    below: str = ""

    def __str__(self) -> str:
        return self.letter + self.above.translate(SUPERSCRIPT) + self.below.translate(SUBSCRIPT)


@dataclass(frozen=True, repr=False)
class Written(Formula):
    """What is written as it is."""

    text: str

    def __str__(self) -> str:
        return self.text


class Numeral(Written):
    """A number as it is printed: 0.5, −2, 4.1e−11."""


class Text(Written):
    """Words, upright; any text, so that each format escapes it."""


class Space(Written):
    """A space between two factors, or before brackets."""


class Sign(Written):
    """A sign with the spaces that it has on a line of text: " = ", "−", ", "."""

    @property
    def sign(self) -> str:
        """The sign alone."""
        return self.text.strip()


@dataclass(frozen=True, repr=False)
class Row(Formula):
    """Formulas one after the other."""

    pieces: tuple[Formula, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))


@dataclass(frozen=True, repr=False)
class Bracket(Formula):
    """A row in brackets: (a − y), [δ], |e|."""

    left: str
    inside: Row
    right: str

    def __str__(self) -> str:
        return f"{self.left}{self.inside}{self.right}"


@dataclass(frozen=True, repr=False)
class Marked(Formula):
    """A formula of several letters with marks of its own: (a − y)²."""

    base: Formula
    above: str = ""
    below: str = ""

    def __str__(self) -> str:
        return f"{self.base}{Symbol('', self.above, self.below)}"


@dataclass(frozen=True, repr=False)
class Ratio(Formula):
    """top over bottom; on a line of text top/bottom."""

    top: Formula
    bottom: Formula

    def __str__(self) -> str:
        return f"{self.top}/{self.bottom}"


@dataclass(frozen=True, repr=False)
class Root(Formula):
    """The square root of a letter."""

    base: Symbol

    def __str__(self) -> str:
        return f"√{self.base}"


@dataclass(frozen=True, repr=False)
class Sum(Formula):
    """Σ over an index of what follows."""

    index: str
    body: Formula

    def __str__(self) -> str:
        return f"Σ{self.index.translate(SUBSCRIPT)} {self.body}"


@dataclass(frozen=True, repr=False)
class Transposed(Formula):
    """A matrix or vector, turned around."""

    base: Formula

    def __str__(self) -> str:
        return f"({self.base})ᵀ"


@dataclass(frozen=True, repr=False)
class Matrix(Formula):
    """Rows of symbols or of numbers between brackets, … where some are left out; the row that is `asked` for is marked."""

    rows: tuple[tuple[Formula, ...], ...]
    asked: int = -1

    @property
    def of_numbers(self) -> bool:
        """True where entries are numbers, which end below each other."""
        return any(isinstance(each, Numeral) for entries in self.rows for each in entries)

    def __str__(self) -> str:
        texts = [list(map(str, entries)) for entries in self.rows]
        widths = [max(map(len, column)) for column in zip(*texts)]
        side = ">" if self.of_numbers else "^"
        lines = ["  ".join(f"{text:{side}{width}}" for text, width in zip(line, widths)) for line in texts]
        return "\n".join(f"[{line}]{'  ←' if i == self.asked else ''}" for i, line in enumerate(lines))


@dataclass(frozen=True, repr=False)
class Vector(Formula):
    """A column of numbers, … where some are left out; on a line of text one after the other."""

    entries: tuple[Formula, ...]

    @property
    def column(self) -> Matrix:
        """The same as a matrix."""
        return Matrix(tuple((Sign("⋮") if each == LEFT_OUT else each,) for each in self.entries))

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.entries))})"


@dataclass(frozen=True, repr=False)
class Underbraced(Formula):
    """A formula with what it amounts to below it; on a line of text the formula alone."""

    body: Formula
    below: Formula

    def __str__(self) -> str:
        return str(self.body)


LEFT_OUT = Sign("…")


# made of text and formulas ------------------------------------------------------------------------------------------
def row(*pieces: Formula | str) -> Row:
    """Pieces one after the other: rows among them are opened, and texts such as " · " or "2(" are read."""
    return Row(_grouped([each for piece in pieces for each in opened(piece)]))


def joined(pieces: Sequence[Formula], between: str) -> Row:
    """Pieces with a text between them: a · b · c."""
    return row(*(each for i, piece in enumerate(pieces) for each in ((between, piece) if i else (piece,))))


def partial(of: Formula, by: Formula) -> Ratio:
    """∂of/∂by."""
    return Ratio(row("∂", of), row("∂", by))


def filled(template: str, **symbols: Formula) -> Row:
    """A text with formulas in the place of its {names}: filled("2({a} − {y})", a=…, y=…)."""
    pieces = re.split(r"\{(\w+)\}", template)
    return row(*(symbols[piece] if i % 2 else piece for i, piece in enumerate(pieces)))


def alone(formula: Formula) -> Formula:
    """A formula without the brackets around the whole of it, which it needs in a product only."""
    match formula:
        case Row((Bracket("(", inside),)):
            return inside
    return formula


def inline(formula: Formula) -> Formula:
    """The formula for one line, its fractions with a stroke: ∂C/∂w."""
    match formula:
        case Ratio(top, bottom):
            return row(inline(top), "/", inline(bottom))
        case Row(pieces):
            return row(*map(inline, pieces))
        case Bracket(left, inside, right):
            return Bracket(left, row(inline(inside)), right)
    return formula


def opened(piece: Formula | str) -> tuple[Formula, ...]:
    """The formulas that a piece of a row consists of; those of a text are read."""
    if isinstance(piece, str):
        return _read(piece)
    return piece.pieces if isinstance(piece, Row) else (piece,)


SPACED = "+−·=⊙←→±≈×<>≤≠∈≡,-"  # signs that bring their own spaces
CLOSE = r"()\[\]|{}…∑⋮:;/^"  # and signs that do not
ARTICLE = r"[Aa] (?=[a-z]{2})(?!(?:log|exp|a?tanh|cosh|sinh|sin|cos|max|min|sqrt|abs|erf|where)\b)"  # the a of words
TOKEN = re.compile(
    rf"(?P<number>\d+(?:[.,]\d+)*(?:e[−-]?\d+)?|½)|(?P<words>(?:{ARTICLE})?[A-Za-zÀ-ɏ]{{2,}}(?: [A-Za-zÀ-ɏ]{{2,}})* ?)|"
    rf"(?P<power>\w\^−?\w)|(?P<sign> ?[{SPACED}] ?|[{CLOSE}])|(?P<space>\s+)|(?P<mark>[²ᵀ])|(?P<letter>.′?)"
)
MARK = re.compile(rf"(?P<number>\d+)|(?P<sign>[{CLOSE}{SPACED}])|(?P<letter>.)")  # letter by letter: jk is j beside k
NODES: dict[str, Callable[[str], Formula]] = {
    "number": Numeral,
    "words": Text,
    "power": lambda text: Symbol(*text.split("^")),
    "sign": Sign,
    "space": Space,
    "mark": lambda text: Symbol("", {"²": "2", "ᵀ": "T"}[text]),
    "letter": Symbol,
}


def _nodes(pattern: re.Pattern[str], text: str) -> tuple[Formula, ...]:
    return tuple(NODES[token.lastgroup or ""](token[0]) for token in pattern.finditer(text))


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[Formula, ...]:
    """The nodes of a text; its brackets are matched in the row that it becomes part of."""
    return _nodes(TOKEN, text)


@lru_cache(maxsize=4096)
def marks(text: str) -> Row:
    """The nodes of a mark: of "(l+1)" a sum in brackets."""
    return Row(_grouped(_nodes(MARK, text)))


def _grouped(nodes: Sequence[Formula]) -> tuple[Formula, ...]:
    """Brackets around what they hold, and marks at what they stand behind."""
    rows: list[list[Formula]] = [[]]
    opening: list[str] = []
    for each in nodes:
        inside = rows[-1]
        if isinstance(each, Sign) and opening and each.text == BRACKETS[opening[-1]]:
            rows.pop()
            rows[-1].append(Bracket(opening.pop(), Row(tuple(inside[1:])), each.text))
        elif isinstance(each, Sign) and each.text in BRACKETS:
            opening.append(each.text)
            rows.append([each])
        elif isinstance(each, Symbol) and not each.letter and inside and not isinstance(inside[-1], Sign):
            inside.append(Marked(inside.pop(), each.above, each.below))
        else:
            inside.append(each)
    return tuple(each for inside in rows for each in inside)
