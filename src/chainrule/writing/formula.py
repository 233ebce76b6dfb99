"""Formulas as trees: letters with their marks, numbers, signs, brackets, sums, ratios, matrices. `str` is a line of text.

Text between formulas is read into nodes once, where a row is made; `latex(formula)` and `mathml(formula)` write the same nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

SUPERSCRIPT = str.maketrans("0123456789()+-−lLnTs", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻⁻ˡᴸⁿᵀˢ")
SUBSCRIPT = str.maketrans("0123456789aijkmnprstuv+-=", "₀₁₂₃₄₅₆₇₈₉ₐᵢⱼₖₘₙₚᵣₛₜᵤᵥ₊₋₌")
LATEX = {
    "δ": r"\delta ", "σ": r"\sigma ", "Σ": r"\Sigma ", "∇": r"\nabla ", "∂": r"\partial ", "·": r"\cdot ", "−": "-", "′": "'",
    "⊙": r"\odot ", "…": r"\ldots ", "η": r"\eta ", "←": r"\leftarrow ", "→": r"\to ", "ℓ": r"\ell ", "±": r"\pm ",
    "≈": r"\approx ", "∞": r"\infty ", "≠": r"\ne ", "½": r"\tfrac12 ", "×": r"\times ", "Δ": r"\Delta ", "τ": r"\tau ",
    "\u2009": r"\,", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "≤": r"\le ", "∈": r"\in ",
    "⋮": r"\vdots ", "ᵀ": "^{T}", "ε": r"\varepsilon ", "≡": r"\equiv ", "^": r"\hat{}", "²": "^{2}",
}  # fmt: skip
ESCAPED = {character: "\\" + character for character in "{}$&#%_"} | {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "–": "--", "’": "'", "✓": r"$\surd$",
}  # fmt: skip
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
    """What is written as it stands on a line of text."""

    text: str

    def __str__(self) -> str:
        return self.text


class Numeral(Written):
    """A number as it is printed: 0.5, −2, 4.1e−11."""


class Text(Written):
    """Words, upright; anybody's text, so that each format escapes it."""


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
    """Rows of entries between brackets; a column has rows of one entry."""

    rows: tuple[tuple[Formula, ...], ...]

    def __str__(self) -> str:
        return "[" + "; ".join(" ".join(map(str, row)) for row in self.rows) + "]"


@dataclass(frozen=True, repr=False)
class Underbraced(Formula):
    """A formula with what it amounts to below it; on a line of text the formula alone."""

    body: Formula
    below: Formula

    def __str__(self) -> str:
        return str(self.body)


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


def factors(numbers: Sequence[str]) -> list[Formula]:
    """Numbers as factors of a product: brackets around a negative one, but for the first."""
    return [
        row("(", Numeral(each), ")") if i and each.startswith("−") else Numeral(each) for i, each in enumerate(numbers)
    ]


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
TOKEN = re.compile(
    rf"(?P<number>\d+(?:[.,]\d+)*(?:e[−-]?\d+)?|½)|(?P<words>[A-Za-zÀ-ɏ]{{2,}}(?: [A-Za-zÀ-ɏ]{{2,}})* ?)|(?P<power>\w\^−?\w)|"
    rf"(?P<sign> ?[{SPACED}] ?|[{CLOSE}])|(?P<space>\s+)|(?P<mark>[²ᵀ])|(?P<letter>.′?)"
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
def _marks(text: str) -> Row:
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


# LaTeX --------------------------------------------------------------------------------------------------------------
def latex(formula: Formula) -> str:
    """The formula for LaTeX's mathematics mode."""
    match formula:
        case Symbol(letter, above, below):
            name = (
                _in_latex(letter) if len(letter) < 2 or letter[1] == "′" else rf"\mathrm{{{_in_latex(letter).strip()}}}"
            )
            up, down = (
                f"{mark}{{{latex(_marks(each))}}}" if each else "" for mark, each in (("^", above), ("_", below))
            )
            return f"{{{name}}}{up}{down}" if "′" in letter and (up or down) else name + up + down
        case Numeral(text):
            mantissa, mark, exponent = text.partition("e")
            return _in_latex(mantissa) + (rf" \cdot 10^{{{_in_latex(exponent)}}}" if mark else "")
        case Text(text):
            return rf"\text{{{words_in_latex(text)}}}"
        case Sign(text) | Space(text):
            return _in_latex(text)
        case Row(pieces):
            return "".join(map(latex, pieces))
        case Bracket(left, inside, right):
            return f"{left}{latex(inside)}{right}"
        case Marked(base, above, below):
            return latex(base) + latex(Symbol("", above, below))
        case Ratio(top, bottom):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}"
        case Sum(index, body):
            return rf"\sum_{{{latex(_marks(index))}}} {latex(body)}"
        case Transposed(base):
            return f"({latex(base)})^T"
        case Matrix(rows):
            return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(map(latex, each)) for each in rows) + r"\end{bmatrix}"
        case Underbraced(body, below):
            return rf"\underbrace{{{latex(body)}}}_{{{latex(below)}}}"
    raise TypeError(f"{type(formula).__name__} has no LaTeX")


def _in_latex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in text)


def words_in_latex(text: str) -> str:
    """Words with their special characters escaped, the letters of mathematics in mathematics mode."""
    found = []
    for character in text:
        if character in ESCAPED:
            found.append(ESCAPED[character])
        elif character in LATEX and not character.isascii():
            found.append(f"${LATEX[character].strip()}$")
        else:
            found.append(character)
    return "".join(found)


# MathML Core --------------------------------------------------------------------------------------------------------
TALL = ("<mfrac", "<munder", "<mtable")  # what brackets grow around
SPACE = '<mspace width="0.2em"/>'


def mathml(formula: Formula) -> str:
    """The formula as MathML Core, without its <math> element."""
    match formula:
        case Symbol(letter, above, below):
            return _scripts(_letter(letter), above, below)
        case Numeral("½"):
            return '<mfrac displaystyle="false"><mn>1</mn><mn>2</mn></mfrac>'
        case Numeral(text):
            return _number(text)
        case Text(text):
            words = f"<mtext>{escape(text.strip())}</mtext>" if text.strip() else ""
            return f"{SPACE if text[:1] == ' ' else ''}{words}{SPACE if text[-1:] == ' ' else ''}"
        case Sign(sign="/"):
            return '<mo lspace="0" rspace="0">/</mo>'
        case Sign(sign=sign):
            return f"<mo>{escape(sign)}</mo>"
        case Space():
            return SPACE
        case Row(pieces):
            return _grouping(_elements(pieces))
        case Bracket(left, inside, right):
            return _bracketed(left, mathml(inside), right)
        case Marked(base, above, below):
            return _scripts(mathml(base), above, below)
        case Ratio(top, bottom):
            return f"<mfrac>{mathml(top)}{mathml(bottom)}</mfrac>"
        case Sum(index, body):
            return f"<mrow><munder><mo>∑</mo>{mathml(_marks(index))}</munder>{mathml(body)}</mrow>"
        case Transposed(base):
            return f"<msup>{_bracketed('(', mathml(base), ')')}<mi>T</mi></msup>"
        case Matrix(rows):
            cells = "".join(f"<mtr>{''.join(f'<mtd>{mathml(c)}</mtd>' for c in each)}</mtr>" for each in rows)
            return f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"
        case Underbraced(body, below):
            return f"<munder><munder>{mathml(body)}<mo>⏟</mo></munder>{mathml(below)}</munder>"
    raise TypeError(f"{type(formula).__name__} has no MathML")


def _elements(pieces: Sequence[Formula]) -> list[str]:
    """The elements of a row. A minus behind a sign is the sign of its number; letters beside each other need no space."""
    found = []
    for before, each, after in zip((None, *pieces), pieces, (*pieces[1:], None)):
        if each == Sign("−") and isinstance(before, Sign):
            found.append('<mo form="prefix">−</mo>')
        elif not (isinstance(each, Space) and _is_letter(before) and _is_letter(after)):
            found.append(mathml(each))
    return found


def _is_letter(formula: Formula | None) -> bool:
    """True for what needs no space beside another, as w¹ a⁰; the name of a function, which has no marks, does."""
    return isinstance(formula, Transposed | Underbraced) or (
        isinstance(formula, Symbol) and formula.letter != str(formula)
    )


def _grouping(elements: Sequence[str]) -> str:
    """Elements as one."""
    return elements[0] if len(elements) == 1 else f"<mrow>{''.join(elements)}</mrow>"


def _bracketed(left: str, inside: str, right: str) -> str:
    """Brackets around a row. A stretched one is as wide as the widest of its glyphs, so only around what is tall."""
    stretched = "" if any(mark in inside for mark in TALL) else ' stretchy="false"'
    return f"<mrow><mo{stretched}>{left}</mo>{inside}<mo{stretched}>{right}</mo></mrow>"


def _scripts(base: str, above: str, below: str) -> str:
    """An element with its marks."""
    up, down = (mathml(_marks(each)) for each in (above, below))
    if above and below:
        return f"<msubsup>{base}{down}{up}</msubsup>"
    return f"<msup>{base}{up}</msup>" if above else f"<msub>{base}{down}</msub>" if below else base


def _letter(letter: str) -> str:
    if letter.endswith("′"):
        return f"<msup>{_letter(letter[:-1])}<mo>′</mo></msup>"
    return f'<mi mathvariant="normal">{escape(letter)}</mi>' if letter in "Σ∇" else f"<mi>{escape(letter)}</mi>"


def _number(text: str) -> str:
    """A number, its sign and its power of ten as one element."""
    mantissa, mark, exponent = text.partition("e")
    sign, digits = ("<mo>−</mo>", mantissa[1:]) if mantissa[:1] == "−" else ("", mantissa)
    power = f"<mo>·</mo><msup><mn>10</mn>{_number(exponent)}</msup>" if mark else ""
    return f"<mrow>{sign}<mn>{digits}</mn>{power}</mrow>" if sign or mark else f"<mn>{digits}</mn>"
