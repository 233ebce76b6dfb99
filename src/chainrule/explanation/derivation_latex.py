"""Derivations as LaTeX: an aligned display for each part, the numbers below their symbols. It needs amsmath alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from chainrule.explanation.derivation_text import MOST_ENTRIES
from chainrule.explanation.document import (
    Checks,
    CostValue,
    Dot,
    Entries,
    Factor,
    Lines,
    MatrixProduct,
    Part,
    Product,
    Stages,
    Statement,
    Terms,
)
from chainrule.names import without_controls
from chainrule.writing.formula import Formula, Symbol, latex
from chainrule.writing.numbers import factor_numbers, factor_rows, in_lines, number, with_bar

WIDE = 52  # characters of a line of text that fill one between the margins of an article
CONTINUED = r"&\quad \cdot "  # how a broken product goes on
T = TypeVar("T")
ESCAPED = str.maketrans(  # a name is anybody's text
    {c: f"\\{c}" for c in "_%&#${}"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    | {"δ": r"$\delta$"}
)


def as_latex(parts: Sequence[Part], checks: Checks, total: CostValue | None) -> str:
    """The whole derivation, a display for each part, then the checks and the cost."""
    blocks = [_display(WRITERS[type(part)](part)) for part in parts]
    last = [] if total is None else [_display(_total(total))]
    return without_controls("\n".join([*blocks, _display(_check(checks)), *last]))


def _display(lines: Sequence[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _total(total: CostValue) -> list[str]:
    return [rf"{latex(Symbol(total.letter))} &= {latex(number(total.value))} \quad {_text(f'({total.name})')}"]


def _times(cells: Sequence[str]) -> str:
    return r" \cdot ".join(cells)


def _numbers(texts: Sequence[str]) -> str:
    written = [latex(each) for each in texts]
    return _times([rf"({each})" if each.startswith("-") and i else each for i, each in enumerate(written)])


def _text(words: str) -> str:
    return rf"\text{{{words.translate(ESCAPED)}}}"


def _product(part: Product) -> list[str]:
    numbers = factor_numbers(part.factors, part.value)
    lines = _broken(f"{latex(part.left)} &= ", [f.symbol for f in part.factors], latex)
    if len(part.factors) > 1:
        lines += _broken("&= ", numbers, _bracketed)
    return [*lines, f"&= {latex(number(part.value))}"]


def _broken(first: str, cells: Sequence[T], written: Callable[[T], str]) -> list[str]:
    """A product in lines that fit between the margins, the first behind a sign of its own."""
    lines = in_lines([len(str(cell)) for cell in cells], WIDE)
    dots = [_times([written(cell) for cell in cells[line]]) for line in lines]
    return [f"{first if i == 0 else CONTINUED}{each}" for i, each in enumerate(dots)]


def _bracketed(text: str) -> str:
    """A number as a factor: with brackets where it is negative."""
    return f"({latex(text)})" if text.startswith("−") else latex(text)


def _terms(part: Terms) -> list[str]:
    lines = []
    numbers = factor_rows([(term.factors, term.value) for term in part.terms])
    for i, (term, texts) in enumerate(zip(part.terms, numbers)):
        head = f"{latex(part.left)} &= " if i == 0 else "&\\quad + "
        if len(in_lines([max(len(str(f.symbol)), len(text)) for f, text in zip(term.factors, texts)], WIDE)) > 1:
            lines += _broken(head, [f.symbol for f in term.factors], latex)
            lines += _broken("&\\qquad \\bigl(= ", texts, _bracketed)
            lines.append(rf"&\qquad \hphantom{{\bigl(}}= {latex(number(term.value))}\bigr)")
            continue
        symbols = _times([latex(f.symbol) for f in term.factors])
        lines.append(rf"{head}\underbrace{{{symbols}}}_{{{_numbers(texts)} = {latex(number(term.value))}}}")
    if part.rest:
        lines.append(rf"&\quad + \underbrace{{\cdots}}_{{{part.rest}\ \text{{more}}}} {latex(_signed(part.rest_sum))}")
    return [*lines, f"&= {latex(number(part.value))}"]


def _signed(value: float) -> str:
    return number(value) if value < 0 else f"+{number(value)}"


def vector(values: Sequence[float]) -> str:
    """A column, with … where it is long."""
    shown = [latex(number(value)) for value in values[:MOST_ENTRIES]]
    if len(values) > MOST_ENTRIES:
        shown.append(rf"\vdots\ ({len(values) - MOST_ENTRIES})")
    return r"\begin{bmatrix}" + r" \\ ".join(shown) + r"\end{bmatrix}"


def _stages(part: Stages) -> list[str]:
    head = f"{latex(part.left)} &= {latex(part.formula)}"
    return [head, *(f"{latex(name)} &= {vector(values)}" for name, values in part.stages)]


def _dot(part: Dot) -> list[str]:
    factor = "" if part.factor is None else rf"{latex(part.factor.symbol)} \cdot "
    lines = [
        rf"{latex(part.left)} &= {factor}{latex(part.across)} {latex(part.down)}",
        f"{latex(part.across)} &= {vector(part.first)}^T, \\quad {latex(part.down)} = {vector(part.second)}",
    ]
    if part.factor is not None:
        lines.append(
            f"{latex(part.left)} &= {_numbers(factor_numbers([part.factor, Factor(part.across, part.dot)], part.value))}"
        )
    return [*lines, f"{latex(part.left)} &= {latex(number(part.value))}"]


def _matrix(part: MatrixProduct) -> list[str]:
    rows, across = part.rows, part.columns
    cells = [
        " & ".join(r"\cdots" if r is None or c is None else latex(number(part.cells[r][c])) for c in across)
        for r in rows
    ]
    grid = r"\begin{bmatrix}" + r" \\ ".join(cells) + r"\end{bmatrix}"
    column = _picked(part.vector, across)
    slope = "" if part.slope is None else rf" \odot {_picked(part.slopes, rows)}"
    symbols = "" if part.slope is None else rf" \odot {latex(part.slope)}"
    first = f"{latex(part.left)} &= {latex(part.matrix)} {latex(part.column)}{symbols}"
    named = f"{latex(part.matrix)} &= {latex(part.entries)}"
    value = f"{_picked(part.value, rows)} {_arrow(part)}"
    if None not in across:
        return [first, named, f"{latex(part.left)} &= {grid} {column}{slope} = {value}"]
    result = f"{_picked(part.result, rows)}{slope} = " if slope else ""  # beside each other they are wider than a page
    return [first, named, f"&= {grid}", f"{latex(part.column)} &= {column}", f"{latex(part.left)} &= {result}{value}"]


def _entries(part: Entries) -> list[str]:
    cells = r" \\ ".join(" & ".join(latex(number(cell)) for cell in line) for line in part.cells)
    return [
        f"{latex(part.left)} &= {latex(part.symbols)}",
        rf"&= \begin{{bmatrix}}{cells}\end{{bmatrix}}",
    ]


def _arrow(part: MatrixProduct) -> str:
    """A column without brackets that points at the row which is asked for."""
    marks = [r"\leftarrow" if r == part.row else r"\vphantom{\vdots}" if r is None else "" for r in part.rows]
    return r"\begin{matrix}" + r" \\ ".join(marks) + r"\end{matrix}"


def _picked(values: Sequence[float], rows: Sequence[int | None]) -> str:
    shown = [r"\vdots" if r is None else latex(number(values[r])) for r in rows]
    return r"\begin{bmatrix}" + r" \\ ".join(shown) + r"\end{bmatrix}"


def _lines(part: Lines) -> list[str]:
    lines = []
    for left, right, value in part.lines:
        lines.append(f"{latex(left)} &= {latex(right)}")
        if value is not None:
            lines.append(f"&= {latex(number(value))}")
    return [*lines, *([rf"&\text{{({part.note.replace('δ', '$' + chr(92) + 'delta$')})}}"] if part.note else [])]


def _statement(part: Statement) -> list[str]:
    lines = [f"{latex(part.left)} &= {latex(number(part.value))}"]
    for i, said in enumerate(part.said):
        colon = r"\text{:}" if i + 1 < len(part.said) else ""
        words = [_text(piece) if isinstance(piece, str) else latex(piece) for piece in said.pieces]
        lines.append(f"&{''.join(words)}{colon}")
    return lines


WRITERS: dict[type, Callable[[Any], list[str]]] = {
    Product: _product,
    Terms: _terms,
    Stages: _stages,
    Dot: _dot,
    MatrixProduct: _matrix,
    Entries: _entries,
    Lines: _lines,
    Statement: _statement,
}


def _check(checks: Checks) -> list[str]:
    check = checks.check
    if check.kink:
        found = rf"\text{{one-sided slopes }} {latex(number(check.left))},\ {latex(number(check.right))}"
    else:
        found = r" \pm ".join(latex(each) for each in with_bar(checks.difference, check.error).split(" ± "))
        found = rf"\text{{central difference }} {found}"
    exact = rf"&\text{{dual numbers }} {latex(number(checks.exact))}"
    if "e" in number(checks.difference):  # powers of ten: both are wider than a line
        return [exact, f"&{found}"]
    return [rf"{exact}, \quad {found}"]


def inline(formula: Formula) -> str:
    """$formula$."""
    return f"${latex(formula)}$"
