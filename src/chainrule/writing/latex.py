"""Sheets as LaTeX: sections, displays aligned at their equals signs, arrays of numbers. It needs amsmath alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.names import without_controls
from chainrule.writing.document import (
    Block,
    Cells,
    Code,
    Equation,
    Heading,
    Piece,
    Program,
    Sentence,
    Values,
    Words,
    lowered,
    sides_of,
)
from chainrule.writing.formula import LATEX, Formula, inline, latex
from chainrule.writing.text import broken, sign, width

PAGE, TIGHT = 76, 56  # letters in a line of matrices: what fits a page in small type, and in type of ordinary size
SIZES = ((72, ""), (84, r"\small"), (94, r"\footnotesize"))  # of type, for equations of so many letters
ESCAPED = {character: "\\" + character for character in "{}$&#%_"} | {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "–": "--", "’": "'",
}  # fmt: skip


def as_latex(title: str, blocks: Sequence[Block]) -> str:
    """The page as a fragment of LaTeX that needs amsmath alone."""
    head = rf"\section*{{{_words((title,))}}}"
    return without_controls("\n".join([head, *lowered(blocks, _equations, WRITERS)]) + "\n")


def document(*bodies: str) -> str:
    """A document of its own that compiles, for a look at what `latex()` gives."""
    head = "\\documentclass{article}\n\\usepackage{amsmath}\n\\allowdisplaybreaks\n\\begin{document}\n"
    return head + "\n\n".join(bodies) + "\n\\end{document}\n"


def _words(words: Words) -> str:
    """Words with their special characters escaped, the letters of mathematics in mathematics mode."""
    return "".join(f"${_latex(inline(each))}$" if isinstance(each, Formula) else _plain(each) for each in words)


def _plain(text: str) -> str:
    found = []
    for character in text:
        if character in ESCAPED:
            found.append(ESCAPED[character])
        elif character in LATEX and not character.isascii():
            found.append(f"${LATEX[character].strip()}$")
        else:
            found.append(character)
    return "".join(found)


def _heading(block: Heading) -> str:
    return rf"\subsection*{{{_words((block.text,))}}}"


def _sentence(block: Sentence) -> str:
    return _words(block.words) + "\n"


def _equations(group: Sequence[Equation]) -> str:
    """One aligned display; why a line holds stands above it (\\intertext)."""
    lines = []
    for i, each in enumerate(group):
        why = rf"\intertext{{{_words(each.why)}}}" + "\n" if each.why and i else ""
        sides = ""
        if each.sides:
            sides = rf" && \text{{\footnotesize ${_latex(sides_of(each))}$}}"
        tag = rf" \tag{{{each.name}}}" if each.name else ""
        lines.append(f"{why}{_latex(each.left)} &= {_latex(each.right)}{sides}{tag}")
    first = _words(group[0].why) + "\n" if group[0].why else ""
    longest = max(len(f"{each.left} = {each.right}") for each in group)
    size = next((size for wide, size in SIZES if longest <= wide), r"\scriptsize")
    return f"{first}{{{size}\n\\begin{{align*}}\n" + " \\\\[2pt]\n".join(lines) + "\n\\end{align*}}"


def _values(block: Values) -> str:
    """One display, small where the numbers are many, its lines begun at their signs where it takes several."""
    parts = broken(block, PAGE)
    lines = []
    for i, part in enumerate(parts):
        at = 0 if i else next((n for n, piece in enumerate(part) if sign(piece, "=←")), 0)
        mark = "&" if len(parts) > 1 else ""
        lines.append("".join(map(_piece, part[:at])) + mark + "".join(map(_piece, part[at:])))
    body = " \\\\\n".join(lines)
    if len(lines) > 1:
        body = "\\begin{aligned}\n" + body + "\n\\end{aligned}"
    tight = max(map(width, parts)) > TIGHT
    size = r"\scriptsize\setlength{\arraycolsep}{2pt}" if tight else r"\small\setlength{\arraycolsep}{3pt}"
    return "{" + size + "\n\\[\n" + body + "\n\\]}"


def _piece(piece: Piece) -> str:
    if not isinstance(piece, Cells):
        return _latex(piece)
    names = {"⋮": r"\vdots", "…": r"\cdots"}
    rows = [" & ".join(names.get(cell, _latex(cell)) for cell in cells) for cells in piece.texts()]
    columns = "r" * len(piece.columns)  # numbers end below each other, which bmatrix would centre
    matrix = rf"\left[\begin{{array}}{{{columns}}}" + r" \\ ".join(rows) + r"\end{array}\right]"
    size = r" \times ".join(f"{n:,}".replace(",", "{,}") for n in piece.array.shape)
    return matrix if piece.whole else rf"\underset{{{size}}}{{{matrix}}}"


def _code(block: Code) -> str:
    lines = [
        rf"\hspace*{{{1.5 * indent:g}em}}{_words(words)} & \textit{{{_words((remark,))}}}"
        for indent, words, remark in block.lines
    ]
    return (
        "\\begin{center}\\small\\renewcommand{\\arraystretch}{1.25}\n\\begin{tabular}{@{}ll@{}}\n"
        + " \\\\\n".join(lines)
        + "\n\\end{tabular}\n\\end{center}"
    )


def _program(block: Program) -> str:
    return "{\\footnotesize\n\\begin{verbatim}\n" + block.text.rstrip("\n") + "\n\\end{verbatim}}"


WRITERS: dict[type, Callable[[Any], str]] = {
    Heading: _heading,
    Sentence: _sentence,
    Values: _values,
    Code: _code,
    Program: _program,
}


def _latex(formula: str | Formula) -> str:
    """The formula, no name of a letter run into the letter after it: ∇C is no command of its own."""
    return re.sub(r"(\\(?:delta|sigma|Sigma|nabla))(?=[A-Za-z])", r"\1 ", latex(formula))
