"""Sheets as LaTeX: sections, displays aligned at their equals signs, arrays of numbers. It needs amsmath alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from chainrule.names import without_controls
from chainrule.writing import document as doc
from chainrule.writing.formula import Formula, Numeral, Sign, Text, inline, row
from chainrule.writing.numbers import bracketed, in_lines
from chainrule.writing.tex import entries_in_latex, latex, words_in_latex
from chainrule.writing.text import LONG_NAME, broken, sign, width

PAGE, TIGHT = 76, 56  # letters in a line of matrices: what fits a page in small type, and in type of ordinary size
ARTICLE = 52  # letters of a product in a line of an article
SHORT = 32  # letters of a note that stands behind a number
CONTINUED = r"&\quad \cdot "  # how a broken product goes on
SIZES = ((72, ""), (84, r"\small"), (94, r"\footnotesize"))  # of type, for equations of so many letters


def as_latex(title: str, blocks: Sequence[doc.Block]) -> str:
    """The page as a fragment of LaTeX that needs amsmath alone."""
    head = rf"\section*{{{_words((title,))}}}"
    return without_controls("\n".join([head, *map(_block, doc.together(blocks))]) + "\n")


def without_title(blocks: Sequence[doc.Block]) -> str:
    """Some blocks as LaTeX, below each other."""
    return without_controls("\n".join(map(_block, doc.together(blocks))))


def document(*bodies: str) -> str:
    """A document of its own that compiles, for a look at what `latex()` gives."""
    head = "\\documentclass{article}\n\\usepackage{amsmath}\n\\allowdisplaybreaks\n\\begin{document}\n"
    return head + "\n\n".join(bodies) + "\n\\end{document}\n"


def _block(block: doc.Printed | list[doc.Equation]) -> str:
    match block:
        case doc.Heading(text):
            return rf"\subsection*{{{words_in_latex(text)}}}"
        case doc.Sentence(words):
            return _words(words) + "\n"
        case doc.Values():
            return _values(block)
        case doc.Aligned():
            return "\n".join(map(_display, block.displays()))
        case doc.Code():
            return _code(block)
        case doc.Program(text):
            return "{\\footnotesize\n\\begin{verbatim}\n" + text.rstrip("\n") + "\n\\end{verbatim}}"
    return _equations(block)


def _words(words: doc.Words) -> str:
    """Words with their special characters escaped, the letters of mathematics in mathematics mode."""
    return "".join(map(_word, words))


def _word(word: str | Formula) -> str:
    if isinstance(word, str | Text | Sign):
        return words_in_latex(str(word))
    return f"${latex(inline(word))}$"


def _equations(group: Sequence[doc.Equation]) -> str:
    """One aligned display; why a line holds stands above it (\\intertext)."""
    lines = []
    for i, each in enumerate(group):
        why = rf"\intertext{{{_words(each.why)}}}" + "\n" if each.why and i else ""
        sides = ""
        if each.sides:
            sides = rf" && \text{{\footnotesize ${latex(doc.sides_of(each))}$}}"
        tag = rf" \tag{{{each.name}}}" if each.name else ""
        lines.append(f"{why}{latex(each.left)} &= {latex(each.right)}{sides}{tag}")
    first = _words(group[0].why) + "\n" if group[0].why else ""
    longest = max(len(f"{each.left} = {each.right}") for each in group)
    size = next((size for wide, size in SIZES if longest <= wide), r"\scriptsize")
    return f"{first}{{{size}\n\\begin{{align*}}\n" + " \\\\[2pt]\n".join(lines) + "\n\\end{align*}}"


def _display(group: Sequence[doc.DisplayLine]) -> str:
    """One aligned display, lines that are too long for a page broken between two factors."""
    lines: list[str] = []
    below = ""
    for line in group:
        note = latex(line.note) if line.note.pieces else ""
        numbers, symbols = [latex(row(each)) for each in bracketed(line.numbers)], list(map(latex, line.cells))
        texts = list(map(str, line.cells))
        if not line.term:
            lines += _broken(f"{latex(line.left)} &= ".lstrip(), symbols, texts)
            lines += _broken("&= ", numbers, line.numbers)
            if note and len(str(line.note)) > SHORT:
                below = "\n" + _words(line.note.pieces)
            elif note:
                lines[-1] += rf" \qquad {note}"
        elif not line.numbers:
            lines.append(rf"&\quad {''.join(symbols)}")
        else:
            name = str(line.left)
            if len(name) > LONG_NAME:
                lines += [rf"&\quad {latex(row(each))}" for each in wrap(name, ARTICLE)]
            lines += _broken(r"&\quad " + (f"{latex(line.left)}:\\ " if len(name) <= LONG_NAME else ""), symbols, texts)
            lines += _broken(r"&\qquad = ", numbers, line.numbers)
            if sum(map(len, line.numbers)) + len(line.value) < ARTICLE:
                lines[-1] += rf" = {latex(Numeral(line.value))} \quad ({note})"
            else:
                lines.append(rf"&\qquad = {latex(Numeral(line.value))} \quad ({note})")
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}" + below


def _broken(lead: str, cells: Sequence[str], texts: Iterable[str]) -> list[str]:
    """A product, where there is one, in lines that fit between the margins, the first behind its lead."""
    if not cells:
        return []
    lines = [r" \cdot ".join(cells[chunk]) for chunk in in_lines([len(text) for text in texts], ARTICLE)]
    return [(lead if i == 0 else CONTINUED) + line for i, line in enumerate(lines)]


def _values(block: doc.Values) -> str:
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


def _piece(piece: Formula) -> str:
    if not isinstance(piece, doc.Cells):
        return latex(piece)
    columns = "r" * len(piece.columns)  # numbers end below each other, which bmatrix would centre
    matrix = rf"\left[\begin{{array}}{{{columns}}}" + entries_in_latex(piece.entries()) + r"\end{array}\right]"
    size = r" \times ".join(f"{n:,}".replace(",", "{,}") for n in piece.array.shape)
    return matrix if piece.whole else rf"\underset{{{size}}}{{{matrix}}}"


def _code(block: doc.Code) -> str:
    lines = [
        rf"\hspace*{{{1.5 * indent:g}em}}{_words(words)} & \textit{{{_words((remark,))}}}"
        for indent, words, remark in block.lines
    ]
    return (
        "\\begin{center}\\small\\renewcommand{\\arraystretch}{1.25}\n\\begin{tabular}{@{}ll@{}}\n"
        + " \\\\\n".join(lines)
        + "\n\\end{tabular}\n\\end{center}"
    )
