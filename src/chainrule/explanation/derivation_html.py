"""Derivations as HTML: mathematics in MathML Core, numbers below their symbols, no script and no outside resource."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from textwrap import wrap
from typing import Any

from chainrule.explanation.derivation_text import LONG_NAME, MOST_ENTRIES, WIDE, kept
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
from chainrule.names import printable
from chainrule.writing.formula import SUPERSCRIPT, Formula, Symbol, mathml
from chainrule.writing.html import FONTS
from chainrule.writing.numbers import factor_numbers, factor_rows, in_lines, number, with_bar

STYLE = (  # every colour is mixed with that of the text around it: a notebook's dark theme is no prefers-color-scheme
    f"<style>.chainrule-derivation math{{font-size:1.1em;font-family:{FONTS};"
    "display:block math;width:fit-content;margin:.7em 0}"
    ".chainrule-derivation mtd{text-align:left;padding:.25em;math-style:normal}"
    ".chainrule-derivation .number{text-align:right;text-align:-webkit-right}.chainrule-derivation p{margin:.3em 0}"
    ".chainrule-derivation .check{color:inherit;color:color-mix(in srgb,currentColor 40%,#00a39c)}"
    ".chainrule-derivation .asked{background:#8a63d233}</style>"
)
SPACE = '<mspace width="0.4em"/>'
Cells = list[str]


def as_html(left: Formula, parts: Sequence[Part], checks: Checks, total: CostValue | None) -> str:
    """A <section> with the derivation, to put into any page."""
    blocks = "".join(WRITERS[type(part)](part) for part in parts)
    last = "" if total is None else _total(total)
    label = escape(f"{left} = {number(checks.value)}", quote=True)
    section = (
        f'<section class="chainrule-derivation" aria-label="{label}">{STYLE}{blocks}{_check(checks)}{last}</section>'
    )
    return printable(section)


def _total(total: CostValue) -> str:
    return (
        f"{_math([[*_equals(Symbol(total.letter), _number(total.value)), f'<mtext>({escape(total.name)})</mtext>']])}"
    )


def _across(cell: str) -> str:
    """A cell that reaches across the columns, and so makes none of them wider."""
    return f'<mtd columnspan="99">{cell}</mtd>'


def _math(rows: Sequence[Cells]) -> str:
    """Rows of cells as one table of mathematics, so that what belongs together stands below each other."""
    body = "".join("<mtr>" + "".join(map(_mtd, row)) + "</mtr>" for row in rows)
    return f'<math display="block"><mtable>{body}</mtable></math>'


def _mtd(cell: str) -> str:
    return cell if cell.startswith("<mtd") else f"<mtd>{cell}</mtd>"


def _equals(left: Formula | None, *cells: str) -> Cells:
    return ["" if left is None else mathml(left), "<mo>=</mo>", *cells]


def _number(value: float) -> str:
    return f"<mrow>{mathml(number(value))}</mrow>"


def _cell(value: float | None, left_out: str) -> str:
    """A number of a matrix, ending where those above and below it end; or the mark of those that are left out."""
    return f'<mtd class="number">{f"<mo>{left_out}</mo>" if value is None else _number(value)}</mtd>'


def _between(cells: Sequence[str]) -> Cells:
    """Cells with a dot between them."""
    return [each for i, cell in enumerate(cells) for each in (("<mo>·</mo>", cell) if i else (cell,))]


def _written(texts: Sequence[str]) -> list[str]:
    found = []
    for i, text in enumerate(texts):
        found.append(f"<mrow>{mathml(f'({text})' if text.startswith('−') and i else text)}</mrow>")
    return found


def _product(part: Product) -> str:
    numbers = factor_numbers(part.factors, part.value)
    rows, texts = [], _written(numbers)
    for line in _lines_of(part.factors, numbers):
        left, sign = (None, "<mo>·</mo>") if line.start else (part.left, "<mo>=</mo>")
        rows.append(["" if left is None else mathml(left), sign, *_between(_symbols(part.factors[line]))])
        if len(part.factors) > 1:
            rows.append(["", sign, *_between(texts[line])])
    return _math([*rows, _equals(None, _number(part.value))])


def _symbols(factors: Sequence[Factor]) -> list[str]:
    return [mathml(factor.symbol) for factor in factors]


def _lines_of(factors: Sequence[Factor], numbers: Sequence[str]) -> list[slice]:
    """The lines that a product takes on a page; of several all have as many columns, each as wide as the widest."""
    widths = [max(len(str(f.symbol)), len(text)) for f, text in zip(factors, numbers)]
    lines = in_lines(widths, WIDE)
    return lines if len(lines) == 1 else in_lines([max(widths)] * len(widths), WIDE)


def _terms(part: Terms) -> str:
    rows = [[mathml(part.left), "<mo>=</mo>", f"<mtext>{escape(part.summary)}</mtext>"]]
    running = 0.0
    lines = []
    numbers = factor_rows([(term.factors, term.value) for term in part.terms])
    for term, texts in zip(part.terms, numbers):
        running += term.value
        name = f"<mrow>{mathml(term.left)}</mrow>"
        ending = ["<mo>=</mo>", _number(term.value), f"<mrow><mtext>sum</mtext>{SPACE}{_number(running)}</mrow>"]
        pieces, written = _lines_of(term.factors, texts), _written(texts)
        if len(str(term.left)) > LONG_NAME:
            lines += [[_across(f"<mtext>{escape(each)}</mtext>")] for each in wrap(str(term.left), WIDE)]
            name = ""
        for piece in pieces:
            dot = [] if len(pieces) == 1 else ["<mo>·</mo>" if piece.start else ""]
            lines.append(["" if piece.start else name, *dot, *_between(_symbols(term.factors[piece]))])
            lines.append(["", *dot, *_between(written[piece]), *(ending if len(pieces) == 1 else [])])
        if len(pieces) > 1:
            lines.append([_across(f"<mrow>{SPACE.join(ending)}</mrow>")])
    if part.rest:
        rest = f"<mrow><mtext>{part.rest:,} more of them, together</mtext>{SPACE}{_number(part.rest_sum)}</mrow>"
        lines.append([_across(rest)])
    return _math(rows) + _math(lines) + _math([_equals(part.left, _number(part.value))])


def _column(values: Sequence[float], rows: Sequence[int | None] | None = None, asked: int = -1) -> str:
    """A column between brackets, with ⋮ where it is long, and its row `asked` marked."""
    if rows is None:
        rows = kept(len(values), min(len(values), MOST_ENTRIES))
    cells = "".join(f"<mtr{_asked(r == asked)}>{_cell(None if r is None else values[r], '⋮')}</mtr>" for r in rows)
    return f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"


def _stages(part: Stages) -> str:
    rows = [_equals(name, _column(values)) for name, values in part.stages]
    return _math([_equals(part.left, mathml(part.formula))]) + _math(rows)


def _dot(part: Dot) -> str:
    factor = "" if part.factor is None else f"{mathml(part.factor.symbol)}<mo>·</mo>"
    vectors = [
        _equals(part.across, f"<msup>{_column(part.first)}<mi>T</mi></msup>"),
        _equals(part.down, _column(part.second)),
    ]
    rows = [_equals(part.left, f"<mrow>{factor}{mathml(part.across)}{mathml(part.down)}</mrow>")]
    if part.factor is not None:
        numbers = _between(_written(factor_numbers([part.factor, Factor(part.across, part.dot)], part.value)))
        rows.append(_equals(None, f"<mrow>{''.join(numbers)}</mrow>"))
    return _math([*rows, _equals(None, _number(part.value))]) + _math(vectors)


def _matrix(part: MatrixProduct) -> str:
    rows, across = part.rows, part.columns
    cells = "".join(
        f"<mtr{_asked(r == part.row)}>"
        + "".join(_cell(None if r is None or c is None else part.cells[r][c], "…") for c in across)
        + "</mtr>"
        for r in rows
    )
    grid = f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"
    slope = "" if part.slope is None else f"<mo>⊙</mo>{_column(part.slopes, rows, part.row)}"
    symbols = "" if part.slope is None else f"<mo>⊙</mo>{mathml(part.slope)}"
    return _math(
        [
            _equals(part.left, f"<mrow>{mathml(part.matrix)}{mathml(part.column)}{symbols}</mrow>"),
            _equals(None, f"<mrow>{mathml(part.entries)}{mathml(part.column)}{symbols}</mrow>"),
            _equals(None, f"<mrow>{grid}{_column(part.vector, across)}{slope}</mrow>"),
            _equals(None, _column(part.value, rows, part.row)),
        ]
    )


def _entries(part: Entries) -> str:
    cells = "".join(f"<mtr>{''.join(_cell(cell, '…') for cell in line)}</mtr>" for line in part.cells)
    grid = f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"
    return _math([_equals(part.left, mathml(part.symbols)), _equals(None, grid)])


def _asked(asked: bool) -> str:
    return ' class="asked"' if asked else ""


def _lines(part: Lines) -> str:
    rows: list[Cells] = []
    for left, right, value in part.lines:
        rows.append([mathml(left) if str(left) else "", "<mo>=</mo>", mathml(right)])
        if value is not None:
            rows.append(_equals(None, _number(value)))
    return _math(rows) + (f"<p><small>{escape(part.note)}</small></p>" if part.note else "")


def _statement(part: Statement) -> str:
    return _math([_equals(part.left, _number(part.value))]) + f"<p>{escape(part.words)}</p>"


WRITERS: dict[type, Callable[[Any], str]] = {
    Product: _product,
    Terms: _terms,
    Stages: _stages,
    Dot: _dot,
    MatrixProduct: _matrix,
    Entries: _entries,
    Lines: _lines,
    Statement: _statement,
}


def _check(checks: Checks) -> str:
    check = checks.check
    if check.kink:
        found = f"at a kink: one-sided slopes {number(check.left)} and {number(check.right)}"
    else:
        found = f"central difference {with_bar(checks.difference, check.error)}"
    mark = "✓ " if checks.confirmed_by else "not confirmed: "
    return f'<p class="check">{mark}{_powers(f"dual numbers {number(checks.exact)}, {found}")}</p>'


def _powers(text: str) -> str:
    """A line of words with the powers of ten of its numbers as mathematics has them: 4.1e−11 is 4.1 · 10⁻¹¹."""
    return re.sub(r"(?<=\d)e(−?\d+)", lambda found: f" · 10{found[1].translate(SUPERSCRIPT)}", text)
