"""A page of headed blocks: sentences, equations, matrices of numbers, lines of an algorithm; as text, as LaTeX, as HTML.

It says what stands on the page, not how it looks: `str(sheet)`, `sheet.latex()` and `sheet.html()` write the same blocks.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

import numpy as np

from chainrule.errors import SettingError
from chainrule.explanation.html import FONTS, in_a_cell
from chainrule.explanation.numbers import number
from chainrule.notation import LATEX, Formula, Row, inline, latex, mathml, row

Array = np.ndarray
Words = tuple[str | Formula, ...]  # a sentence: words, and formulas among them
WIDE = 100  # letters in a line of text
PAGE, TIGHT = (
    76,
    56,
)  # letters beside each other: what fits on a page of LaTeX in small type, and in type of ordinary size


@dataclass(frozen=True, eq=False)
class Cells:
    """A matrix of numbers. Of a large one the first rows and columns and the last are shown, and its exact shape."""

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

    def texts(self) -> list[list[str]]:
        """What is printed, cell by cell."""
        return [
            ["⋮" if r is None else "…" if c is None else number(float(self.array[r, c])) for c in self.columns]
            for r in self.rows
        ]


def _kept(count: int, most: int) -> list[int | None]:
    return list(range(count)) if count <= most else [*range(most - 1), None, count - 1]


Piece = str | Formula | Cells


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
    """left = right, its name, why it holds, and the numbers of its two sides where they were computed, each by its own road.

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

    pieces: tuple[Piece, ...]

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


Block = Heading | Sentence | Equation | Values | Code | Program


@dataclass(frozen=True, repr=False)
class Sheet:
    """A page: its title, the name of the convention it is written in, and its blocks."""

    title: str
    convention: str
    blocks: tuple[Block, ...]

    def __str__(self) -> str:
        return as_text(self)

    def __repr__(self) -> str:  # what a prompt shows
        return str(self)

    def latex(self) -> str:
        """The page as a fragment of LaTeX, for any document with amsmath."""
        return as_latex(self)

    def html(self) -> str:
        """The page as a <section> with MathML, to put into any page."""
        return as_html(self)

    def _repr_html_(self) -> str:
        return in_a_cell(self.html())

    def to_json(self) -> dict[str, Any]:
        """Title, convention and text."""
        return {"title": self.title, "convention": self.convention, "text": str(self)}

    def equations(self) -> Iterator[Equation]:
        """Every equation, in order."""
        return (block for block in self.blocks if isinstance(block, Equation))

    def values(self) -> Iterator[Values]:
        """Every line of numbers, in order."""
        return (block for block in self.blocks if isinstance(block, Values))


def sentence(*words: str | Formula) -> Sentence:
    """A sentence from its words and formulas."""
    return Sentence(words)


def line(indent: int, *words: str | Formula, remark: str = "") -> tuple[int, Words, str]:
    """One line of an algorithm."""
    return indent, words, remark


def check_most(most: int) -> int:
    """`most` as it was given. Raises SettingError where it is no whole number of at least 2."""
    if isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 2:
        raise SettingError(
            f"most={most!r}: how many rows and columns of a matrix are shown, a whole number of at least 2"
        )
    return int(most)


# text ---------------------------------------------------------------------------------------------------------------
def as_text(sheet: Sheet) -> str:
    """The page as text, at most some hundred letters wide."""
    blocks = [sheet.title, "=" * len(sheet.title)]
    for kind, group in _grouped(sheet.blocks):
        if kind is Equation:
            blocks += ["", _equations_text([each for each in group if isinstance(each, Equation)])]
        else:
            blocks += [each for block in group for each in ("", TEXT[kind](block))]
    return "\n".join(blocks).rstrip()


def _grouped(blocks: Sequence[Block]) -> Iterator[tuple[type, list[Block]]]:
    """Neighbouring blocks of one kind together: equations that follow each other share their equals signs."""
    for kind, group in groupby(blocks, key=type):
        yield kind, list(group)


def _words_text(words: Words) -> str:
    return "".join(map(str, words))


def _heading_text(block: Heading) -> str:
    return f"{block.text}\n{'-' * len(block.text)}"


def _sentence_text(block: Sentence) -> str:
    return textwrap.fill(_words_text(block.words), WIDE, break_long_words=False, break_on_hyphens=False)


def _equations_text(group: Sequence[Equation]) -> str:
    """Equals signs below each other; why a line holds stands above it, the numbers of its sides beside it."""
    left_width = max(len(str(each.left)) for each in group)
    written = [f"  {each.left!s:>{left_width}} = {each.right}" for each in group]
    wide = max(map(len, written))
    names = [f"   ({each.name})" if each.name else "" for each in group]
    named = max(map(len, names))
    lines = []
    for each, text, name in zip(group, written, [f"{name:<{named}}" for name in names]):
        if each.why:
            lines += textwrap.wrap(_words_text(each.why), WIDE, break_on_hyphens=False)
        sides = f"   {_sides(each)}" if each.sides else ""
        lines.append(f"{text:<{wide}}{name}{sides}".rstrip())
    return "\n".join(lines)


def _sides(equation: Equation) -> Formula:
    """The numbers of both sides, with ≈ where they round to different digits."""
    assert equation.sides is not None
    left, right = map(number, equation.sides)
    return Row((row(left), " = " if left == right else " ≈ ", row(right)))


def _values_text(block: Values) -> str:
    """Matrices beside each other, symbols at half their height; a new line before an equals sign where it gets wide."""
    lines: list[str] = []
    for part in _broken(block, WIDE):
        lines += _beside([_piece_text(piece) for piece in part])
    return "\n".join(f"  {each}".rstrip() for each in lines)


def _broken(block: Values, wide: int) -> list[list[Piece]]:
    """The pieces in as many lines as they need: broken before =, else before + − ⊙, else between two factors."""
    lines: list[list[Piece]] = [[]]
    for part in _parts(block.pieces, wide):
        if lines[-1] and _width([*lines[-1], *part]) > wide:
            lines.append([])
        lines[-1] += part
    return [[" · ", *line[1:]] if line[0] == " " else line for line in lines]


def _parts(pieces: Sequence[Piece], wide: int) -> list[list[Piece]]:
    """What a line may be broken between: the sides of an equation, but for sides too wide for any line."""
    parts = _split(pieces, "=←")
    for signs in ("+−⊙", ""):
        parts = [each for part in parts for each in ([part] if _width(part) <= wide else _split(part, signs))]
    return parts


def _split(pieces: Sequence[Piece], signs: str) -> list[list[Piece]]:
    """The pieces in parts that each begin with one of the signs, or where none are given with a space, but for the first."""
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if parts[-1] and _sign(piece, signs):
            parts.append([])
        parts[-1].append(piece)
    return parts


def _sign(piece: Piece, signs: str) -> bool:
    return isinstance(piece, str) and (piece.strip()[:1] in tuple(signs) if signs else piece == " ")


def _width(pieces: Sequence[Piece]) -> int:
    return sum(max(map(len, _piece_text(piece)), default=0) for piece in pieces)


def _piece_text(piece: Piece) -> list[str]:
    if not isinstance(piece, Cells):
        return [str(piece)]
    columns = [_aligned(column) for column in zip(*piece.texts())]
    lines = [f"[ {'  '.join(cells)} ]" for cells in zip(*columns)]
    return lines if piece.whole else [*lines, f"{piece.shape:^{len(lines[0])}}"]


def _aligned(column: Sequence[str]) -> list[str]:
    """Numbers with their points below each other, all of one width."""
    places = [cell.find(".") if "." in cell else len(cell) for cell in column]
    moved = [" " * (max(places) - place) + cell for cell, place in zip(column, places)]
    return [f"{cell:<{max(map(len, moved))}}" for cell in moved]


def _beside(blocks: Sequence[list[str]]) -> list[str]:
    """Blocks of lines beside each other, their middles at one height."""
    heights = [len(block) for block in blocks]
    tallest = max(heights)
    columns = []
    for block, height in zip(blocks, heights):
        above = (tallest - height) // 2
        width = max(map(len, block))
        padded = [""] * above + block + [""] * (tallest - height - above)
        columns.append([f"{each:<{width}}" for each in padded])
    return ["".join(cells).rstrip() for cells in zip(*columns)]


def _code_text(block: Code) -> str:
    written = ["    " * indent + _words_text(words) for indent, words, _ in block.lines]
    wide = max(map(len, written))
    return "\n".join(f"  {text:<{wide}}   {remark}".rstrip() for text, (_, _, remark) in zip(written, block.lines))


def _program_text(block: Program) -> str:
    return textwrap.indent(block.text.rstrip("\n"), "    ")


TEXT: dict[type, Callable[[Any], str]] = {
    Heading: _heading_text,
    Sentence: _sentence_text,
    Values: _values_text,
    Code: _code_text,
    Program: _program_text,
}


# LaTeX --------------------------------------------------------------------------------------------------------------
SIZES = ((72, ""), (84, r"\small"), (94, r"\footnotesize"))  # of type, for equations of so many letters
ESCAPED = {character: "\\" + character for character in "{}$&#%_"} | {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "–": "--", "’": "'",
}  # fmt: skip


def as_latex(sheet: Sheet) -> str:
    """The page as a fragment of LaTeX that needs amsmath alone."""
    blocks = [rf"\section*{{{_latex_words((sheet.title,))}}}"]
    for kind, group in _grouped(sheet.blocks):
        if kind is Equation:
            blocks.append(_equations_latex([each for each in group if isinstance(each, Equation)]))
        else:
            blocks += [AS_LATEX[kind](block) for block in group]
    return "\n".join(blocks) + "\n"


def _latex_words(words: Words) -> str:
    """Words with their special characters escaped, the letters of mathematics in mathematics mode."""
    return "".join(f"${_latex(inline(each))}$" if isinstance(each, Formula) else _latex_plain(each) for each in words)


def _latex_plain(text: str) -> str:
    found = []
    for character in text:
        if character in ESCAPED:
            found.append(ESCAPED[character])
        elif character in LATEX and not character.isascii():
            found.append(f"${LATEX[character].strip()}$")
        else:
            found.append(character)
    return "".join(found)


def _heading_latex(block: Heading) -> str:
    return rf"\subsection*{{{_latex_words((block.text,))}}}"


def _sentence_latex(block: Sentence) -> str:
    return _latex_words(block.words) + "\n"


def _equations_latex(group: Sequence[Equation]) -> str:
    """One aligned display; why a line holds stands above it (\\intertext)."""
    lines = []
    for i, each in enumerate(group):
        why = rf"\intertext{{{_latex_words(each.why)}}}" + "\n" if each.why and i else ""
        sides = ""
        if each.sides:
            sides = rf" && \text{{\footnotesize ${_latex(_sides(each))}$}}"
        tag = rf" \tag{{{each.name}}}" if each.name else ""
        lines.append(f"{why}{_latex(each.left)} &= {_latex(each.right)}{sides}{tag}")
    first = _latex_words(group[0].why) + "\n" if group[0].why else ""
    longest = max(len(f"{each.left} = {each.right}") for each in group)
    size = next((size for wide, size in SIZES if longest <= wide), r"\scriptsize")
    return f"{first}{{{size}\n\\begin{{align*}}\n" + " \\\\[2pt]\n".join(lines) + "\n\\end{align*}}"


def _values_latex(block: Values) -> str:
    """One display, small where the numbers are many, its lines begun at their signs where it takes several."""
    parts = _broken(block, PAGE)
    lines = []
    for i, part in enumerate(parts):
        at = 0 if i else next((n for n, piece in enumerate(part) if _sign(piece, "=←")), 0)
        mark = "&" if len(parts) > 1 else ""
        lines.append("".join(map(_piece_latex, part[:at])) + mark + "".join(map(_piece_latex, part[at:])))
    body = " \\\\\n".join(lines)
    if len(lines) > 1:
        body = "\\begin{aligned}\n" + body + "\n\\end{aligned}"
    tight = max(map(_width, parts)) > TIGHT
    size = r"\scriptsize\setlength{\arraycolsep}{2pt}" if tight else r"\small\setlength{\arraycolsep}{3pt}"
    return "{" + size + "\n\\[\n" + body + "\n\\]}"


def _piece_latex(piece: Piece) -> str:
    if not isinstance(piece, Cells):
        return _latex(piece)
    names = {"⋮": r"\vdots", "…": r"\cdots"}
    rows = [" & ".join(names.get(cell, _latex(cell)) for cell in cells) for cells in piece.texts()]
    columns = "r" * len(piece.columns)  # numbers end below each other, which bmatrix would centre
    matrix = rf"\left[\begin{{array}}{{{columns}}}" + r" \\ ".join(rows) + r"\end{array}\right]"
    size = r" \times ".join(f"{n:,}".replace(",", "{,}") for n in piece.array.shape)
    return matrix if piece.whole else rf"\underset{{{size}}}{{{matrix}}}"


def _code_latex(block: Code) -> str:
    lines = [
        rf"\hspace*{{{1.5 * indent:g}em}}{_latex_words(words)} & \textit{{{_latex_words((remark,))}}}"
        for indent, words, remark in block.lines
    ]
    return (
        "\\begin{center}\\small\\renewcommand{\\arraystretch}{1.25}\n\\begin{tabular}{@{}ll@{}}\n"
        + " \\\\\n".join(lines)
        + "\n\\end{tabular}\n\\end{center}"
    )


def _program_latex(block: Program) -> str:
    return "{\\footnotesize\n\\begin{verbatim}\n" + block.text.rstrip("\n") + "\n\\end{verbatim}}"


AS_LATEX: dict[type, Callable[[Any], str]] = {
    Heading: _heading_latex,
    Sentence: _sentence_latex,
    Values: _values_latex,
    Code: _code_latex,
    Program: _program_latex,
}


def _latex(formula: str | Formula) -> str:
    """The formula, no name of a letter run into the letter after it: ∇C is no command of its own."""
    return re.sub(r"(\\(?:delta|sigma|Sigma|nabla))(?=[A-Za-z])", r"\1 ", latex(formula))


# HTML ---------------------------------------------------------------------------------------------------------------
STYLE = (
    "<style>.chainrule-sheet{max-width:60em;line-height:1.5}"
    f".chainrule-sheet math{{font-family:{FONTS}}}"
    ".chainrule-sheet h2{font-size:1.5em;margin:0 0 .6em}"
    ".chainrule-sheet h3{font-size:1.1em;margin:1.6em 0 .4em}.chainrule-sheet table{border-collapse:collapse;margin:.8em 1em}"
    ".chainrule-sheet td{padding:.3em .1em;vertical-align:baseline}.chainrule-sheet .left{text-align:right}"
    ".chainrule-sheet .side,.chainrule-sheet .remark,.chainrule-sheet .name{padding-left:2em;opacity:.75}"
    ".chainrule-sheet .why{padding-top:.9em}.chainrule-sheet .values{overflow-x:auto;margin:.8em 1em}"
    ".chainrule-sheet .number{text-align:right;text-align:-webkit-right;padding:.15em .35em}"
    ".chainrule-sheet pre{overflow-x:auto;padding:1em;"
    "border-left:3px solid #9994}</style>"
)


def as_html(sheet: Sheet) -> str:
    """The page as one <section>: headings, paragraphs, MathML; no script and nothing from outside."""
    blocks = []
    for kind, group in _grouped(sheet.blocks):
        if kind is Equation:
            blocks.append(_equations_html([each for each in group if isinstance(each, Equation)]))
        else:
            blocks += [AS_HTML[kind](block) for block in group]
    title = escape(sheet.title, quote=True)
    head = f"{STYLE}<h2>{escape(sheet.title)}</h2>"
    return f'<section class="chainrule-sheet" aria-label="{title}">{head}{"".join(blocks)}</section>\n'


def _mathml(formula: str | Formula) -> str:
    return mathml(formula).replace("<mi>-</mi>", "<mo>−</mo>")  # the hyphen of a layer's mark, l-1, is a minus


def _math(inside: str) -> str:
    return f'<math displaystyle="true">{inside}</math>'


def _words_html(words: Words) -> str:
    return "".join(
        f"<math>{_mathml(inline(each))}</math>" if isinstance(each, Formula) else escape(each) for each in words
    )


def _equations_html(group: Sequence[Equation]) -> str:
    rows = []
    for each in group:
        if each.why:
            rows.append(f'<tr><td class="why" colspan="4">{_words_html(each.why)}</td></tr>')
        sides = ""
        if each.sides:
            sides = _math(_mathml(_sides(each)))
        name = f"({escape(each.name)})" if each.name else ""
        rows.append(
            f'<tr><td class="left">{_math(_mathml(each.left)) if str(each.left) else ""}</td>'
            f"<td>{_math('<mo>=</mo>' + _mathml(each.right))}</td>"
            f'<td class="side">{sides}</td><td class="name">{name}</td></tr>'
        )
    return f'<table role="presentation">{"".join(rows)}</table>'


def _heading_html(block: Heading) -> str:
    return f"<h3>{escape(block.text)}</h3>"


def _sentence_html(block: Sentence) -> str:
    return f"<p>{_words_html(block.words)}</p>"


def _values_html(block: Values) -> str:
    lines = ["".join(map(_piece_html, part)) for part in _broken(block, WIDE)]
    return "".join(f'<div class="values">{_math(f"<mrow>{each}</mrow>")}</div>' for each in lines)


def _piece_html(piece: Piece) -> str:
    if not isinstance(piece, Cells):
        return _mathml(piece)
    cells = "".join(
        "<mtr>" + "".join(f'<mtd class="number">{_mathml(row(cell))}</mtd>' for cell in cells) + "</mtr>"
        for cells in piece.texts()
    )
    matrix = f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"
    return matrix if piece.whole else f"<munder>{matrix}<mtext>{piece.shape}</mtext></munder>"


def _code_html(block: Code) -> str:
    rows = "".join(
        f'<tr><td style="padding-left:{2 * indent}em">{_words_html(words)}</td><td class="remark">{escape(remark)}</td></tr>'
        for indent, words, remark in block.lines
    )
    return f'<table role="presentation">{rows}</table>'


def _program_html(block: Program) -> str:
    return f"<pre><code>{escape(block.text)}</code></pre>"


AS_HTML: dict[type, Callable[[Any], str]] = {
    Heading: _heading_html,
    Sentence: _sentence_html,
    Values: _values_html,
    Code: _code_html,
    Program: _program_html,
}
