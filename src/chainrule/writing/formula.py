"""Formulas as trees: symbols with their marks, products, sums, ratios, matrices. Each prints itself as one line of text.

`latex(formula)` and `mathml(formula)` write the same tree for a page; no formula is ever written down twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

SUPERSCRIPT = str.maketrans("0123456789()+-−lLnTs", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻⁻ˡᴸⁿᵀˢ")
SUBSCRIPT = str.maketrans("0123456789aijkmnprstuv+-=", "₀₁₂₃₄₅₆₇₈₉ₐᵢⱼₖₘₙₚᵣₛₜᵤᵥ₊₋₌")
LATEX = {
    "δ": r"\delta ", "σ": r"\sigma ", "Σ": r"\Sigma ", "∇": r"\nabla ", "∂": r"\partial ", "·": r"\cdot ", "−": "-", "′": "'",
    "⊙": r"\odot ", "…": r"\ldots ", "η": r"\eta ", "←": r"\leftarrow ", "→": r"\to ", "ℓ": r"\ell ", "±": r"\pm ",
    "≈": r"\approx ", "∞": r"\infty ", "≠": r"\ne ", "½": r"\tfrac12 ", "×": r"\times ", "Δ": r"\Delta ", "τ": r"\tau ",
    "\u2009": r"\,", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "≤": r"\le ", "∈": r"\in ",
    "⋮": r"\vdots ", "ᵀ": "^{T}", "ε": r"\varepsilon ", "≡": r"\equiv ", "^": r"\hat{}", "²": "^{2}", "\u207b": "^{-}",
}  # fmt: skip
ESCAPED = {character: "\\" + character for character in "{}$&#%_"} | {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "–": "--", "’": "'", "✓": r"$\surd$",
}  # fmt: skip
OPERATORS = set("+−·=(),[]⊙…←→±≈×<>|∑≤≠∈⋮≡:;{}")
WORD = re.compile(r"([A-Za-z]{2,}(?: [A-Za-z]+)* ?)")
NUMBER = re.compile(r"[−-]?\d+(\.\d+)?(e[−-]?\d+)?")


class Formula:
    """One formula. `str` is a line of text with raised and lowered digits, as in w⁽²⁾₀₁."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, repr=False)
class Symbol(Formula):
    """A letter with its layer above and its neurons below: δ²₀. Marks are the plain characters "(2)" and "0,11"."""

    letter: str
    above: str = ""
    below: str = ""

    def __str__(self) -> str:
        return self.letter + self.above.translate(SUPERSCRIPT) + self.below.translate(SUBSCRIPT)


@dataclass(frozen=True, repr=False)
class Numeral(Formula):
    """A number as it is printed: 0.5, −2, 4.1e−11."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Text(Formula):
    """Words, upright; anybody's text, so that each format escapes it."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Row(Formula):
    """Pieces one after the other: formulas, and text such as " · " or "2(" between them."""

    pieces: tuple[Formula | str, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))


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
    below: Formula | str

    def __str__(self) -> str:
        return str(self.body)


def row(*pieces: Formula | str) -> Row:
    """Pieces one after the other, rows among them opened, neighbouring texts joined."""
    flat: list[Formula | str] = []
    for piece in pieces:
        for each in piece.pieces if isinstance(piece, Row) else (piece,):
            if isinstance(each, str) and flat and isinstance(flat[-1], str):
                flat[-1] += each
            elif each != "":
                flat.append(each)
    return Row(tuple(flat))


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


def inline(formula: Formula) -> Formula:
    """The formula for one line, its fractions with a stroke: ∂C/∂w."""
    match formula:
        case Ratio(top, bottom):
            return row(inline(top), "/", inline(bottom))
        case Row(pieces):
            return row(*(piece if isinstance(piece, str) else inline(piece) for piece in pieces))
    return formula


def raised(text: str) -> Row:
    """A formula written in a line of text, its powers as marks: "1 / (1 + e^−z)"."""
    pieces = re.split(r"(\w\^−?\w)", text)
    return row(*(Symbol(*piece.split("^")) if i % 2 else piece for i, piece in enumerate(pieces)))


# LaTeX --------------------------------------------------------------------------------------------------------------
def latex(formula: Formula | str) -> str:
    """The formula for LaTeX's mathematics mode."""
    match formula:
        case str(text) | Numeral(text):
            return _latex_text(text)
        case Text(text):
            return rf"\text{{{words_in_latex(text)}}}"
        case Symbol(letter, above, below):
            up, down = (
                f"{mark}{{{_latex_marks(each)}}}" if each else "" for mark, each in (("^", above), ("_", below))
            )
            if "′" in letter:  # a prime is a superscript already
                base = letter.replace("′", "")
                return f"{{{_latex_letter(base)}'}}{up}{down}" if up or down else f"{_latex_letter(base)}'"
            return _latex_letter(letter) + up + down
        case Row(pieces):
            return "".join(map(latex, pieces))
        case Ratio(top, bottom):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}"
        case Sum(index, body):
            return rf"\sum_{{{_latex_marks(index)}}} {latex(body)}"
        case Transposed(base):
            return f"({latex(base)})^T"
        case Matrix(rows):
            return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(map(latex, each)) for each in rows) + r"\end{bmatrix}"
        case Underbraced(body, below):
            return rf"\underbrace{{{latex(body)}}}_{{{latex(below)}}}"
    raise TypeError(f"{type(formula).__name__} has no LaTeX")


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


def _latex_letter(letter: str) -> str:
    return _latex_text(letter) if len(letter) < 2 else rf"\mathrm{{{_latex_text(letter).strip()}}}"


def _latex_text(text: str) -> str:
    """Words stand upright, letters lean, numbers get their power of ten."""
    if NUMBER.fullmatch(text) and "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{_latex_marks(mantissa)} \cdot 10^{{{_latex_marks(exponent)}}}"
    pieces = WORD.split(text)
    return "".join(rf"\text{{{piece}}}" if i % 2 else _latex_marks(piece) for i, piece in enumerate(pieces))


def _latex_marks(text: str) -> str:
    """Letter by letter: jk is j beside k."""
    return "".join(LATEX.get(character, character) for character in text)


# MathML Core --------------------------------------------------------------------------------------------------------
BRACKETS = {"<mo>(</mo>": "<mo>)</mo>", "<mo>[</mo>": "<mo>]</mo>", "<mo>|</mo>": "<mo>|</mo>"}
TALL = ("<mfrac", "<munder", "<mtable")  # what brackets grow around
RAISED = {"<mn>²</mn>": "<mn>2</mn>", "<mi>ᵀ</mi>": "<mi>T</mi>"}
SPACED = {f"<mo>{escape(sign)}</mo>" for sign in "+−·=⊙←→±≈×<>≤≠∈≡,"}  # these bring their own spaces
SPACE, MINUS = '<mspace width="0.2em"/>', "<mo>−</mo>"


def mathml(formula: Formula | str) -> str:
    """The formula as MathML Core, without its <math> element."""
    match formula:
        case str(text):
            return _in_a_row(_tokens(text))
        case Numeral(text):
            return _number_with_sign(text)
        case Text(text):
            words = f"<mtext>{escape(text.strip())}</mtext>" if text.strip() else ""
            return f"{SPACE if text[:1] == ' ' else ''}{words}{SPACE if text[-1:] == ' ' else ''}"
        case Symbol(letter, above, below):
            return _scripts(_letter(letter), above, below)
        case Row():
            return f"<mrow>{_in_a_row(_elements(formula))}</mrow>"
        case Ratio(top, bottom):
            return f"<mfrac>{mathml(top)}{mathml(bottom)}</mfrac>"
        case Sum(index, body):
            below = f"<mrow>{_mathml_marks(index)}</mrow>"
            return f"<mrow><munder><mo>∑</mo>{below}</munder>{mathml(body)}</mrow>"
        case Transposed(base):
            return f"<msup>{_in_a_row(['<mo>(</mo>', mathml(base), '<mo>)</mo>'])}<mi>T</mi></msup>"
        case Matrix(rows):
            cells = "".join(f"<mtr>{''.join(f'<mtd>{mathml(c)}</mtd>' for c in each)}</mtr>" for each in rows)
            return f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"
        case Underbraced(body, below):
            brace = f"<munder>{mathml(body)}<mo>⏟</mo></munder>"
            return f"<munder>{brace}<mrow>{mathml(below)}</mrow></munder>"
    raise TypeError(f"{type(formula).__name__} has no MathML")


Element = str | Symbol  # a symbol without a letter is the marks of what stands before it


def _elements(formula: Row) -> list[Element]:
    found: list[Element] = []
    for piece in formula.pieces:
        if isinstance(piece, str):
            found += _tokens(piece)
        else:
            found.append(piece if isinstance(piece, Symbol) and not piece.letter else mathml(piece))
    return found


def _in_a_row(elements: Sequence[Element]) -> str:
    """Elements one after the other. What two brackets hold is a row of its own: they are as tall as that, and no taller."""
    rows: list[list[str]] = [[]]
    for each in elements:
        inside = rows[-1]
        if isinstance(each, Symbol):
            inside.append(_scripts(inside.pop() if inside else "<mrow/>", each.above, each.below))
        elif not each:
            continue
        elif len(rows) > 1 and each == BRACKETS[inside[0]]:
            rows.pop()
            rows[-1].append(_bracketed(inside[0], inside[1:], each))
        elif each in BRACKETS:
            rows.append([each])
        elif each in RAISED and inside:
            inside.append(f"<msup>{inside.pop()}{RAISED[each]}</msup>")
        else:
            inside.append(each)
    return "".join(_spaced([each for inside in rows for each in inside]))


def _bracketed(left: str, inside: Sequence[str], right: str) -> str:
    """Brackets around a row. A stretched one is as wide as the widest of its glyphs, so only around what is tall."""
    body = "".join(_spaced(inside))
    if not any(mark in body for mark in TALL):
        left, right = (each.replace("<mo>", '<mo stretchy="false">') for each in (left, right))
    return f"<mrow>{left}{body if len(inside) == 1 else f'<mrow>{body}</mrow>'}{right}</mrow>"


def _spaced(elements: Sequence[str]) -> list[str]:
    """No space beside a sign that brings its own, and a minus behind such a sign stands close to its number."""
    found: list[str] = []
    for each, after in zip(elements, [*elements[1:], ""]):
        before = found[-1] if found else ""
        if each == SPACE and (before in SPACED or after in SPACED):
            continue
        found.append('<mo form="prefix">−</mo>' if each == MINUS and before in SPACED else each)
    return found


def _scripts(base: str, above: str, below: str) -> str:
    """An element with its marks."""
    up, down = (f"<mrow>{_mathml_marks(each)}</mrow>" for each in (above, below))
    if above and below:
        return f"<msubsup>{base}{down}{up}</msubsup>"
    return f"<msup>{base}{up}</msup>" if above else f"<msub>{base}{down}</msub>" if below else base


def _letter(letter: str) -> str:
    if letter.endswith("′"):
        return f"<msup>{_letter(letter[:-1])}<mo>′</mo></msup>"
    return f'<mi mathvariant="normal">{escape(letter)}</mi>' if letter in "Σ∇" else f"<mi>{escape(letter)}</mi>"


def _mathml_marks(text: str) -> str:
    """Letter by letter: jk is j beside k; digits of one number stay together, and brackets do not stretch."""
    marks = "".join("".join(_tokens(each)) for each in re.findall(r"\d+|\s+|.", text))
    return re.sub(r"<mo>([()])</mo>", r'<mo stretchy="false">\1</mo>', marks)


def _tokens(text: str) -> list[str]:
    """Numbers, words, letters and operators of a text, an element each."""
    found = []
    for token in re.findall(r"\d[\d.,]*(?:e[−-]?\d+)?|[^\W\d_]{2,}(?: [^\W\d_]{2,})*|\s+|.", text):
        if token.isspace():
            found.append(SPACE if len(text) > 1 else "")
        elif token[0].isdigit():
            found.append(_number(token))
        elif len(token) > 1:
            found.append(f"<mtext>{escape(token)}</mtext>")
        elif token == "-":
            found.append(MINUS)
        elif token == "/":
            found.append('<mo lspace="0" rspace="0">/</mo>')
        elif token == "½":
            found.append('<mfrac displaystyle="false"><mn>1</mn><mn>2</mn></mfrac>')
        elif token in OPERATORS:
            found.append(f"<mo>{escape(token)}</mo>")
        else:
            found.append(f"<mi>{escape(token)}</mi>")
    return found


def _number_with_sign(text: str) -> str:
    sign, digits = (MINUS, text[1:]) if text[:1] in "−-" else ("", text)
    return f"<mrow>{sign}{_number(digits) if digits[:1].isdigit() else f'<mi>{digits}</mi>'}</mrow>"


def _number(token: str) -> str:
    mantissa, mark, exponent = token.partition("e")
    if not mark:
        return f"<mn>{mantissa}</mn>"
    power = f"<msup><mn>10</mn><mrow>{''.join(_tokens(exponent))}</mrow></msup>"
    return f"<mn>{mantissa}</mn><mo>·</mo>{power}"
