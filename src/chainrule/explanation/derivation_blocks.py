"""A derivation as lines of a page: what is said is decided here, once, for text, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from chainrule.explanation.document import (
    Checks,
    CostValue,
    Dot,
    Entries,
    Factor,
    Lines,
    MatrixProduct,
    Part,
    Places,
    Product,
    Stages,
    Statement,
    Terms,
)
from chainrule.explanation.noise import exact_sum
from chainrule.writing.document import NOTHING, Aligned, Block, DisplayLine, sentence
from chainrule.writing.formula import LEFT_OUT, Formula, Matrix, Numeral, Row, Symbol, Text, Transposed, Vector, row
from chainrule.writing.numbers import factor_numbers, factor_rows, number, reaches, with_bar

MOST_ENTRIES = 8  # of a vector


def blocks_of(
    left: Formula, parts: Sequence[Part], checks: Checks, total: CostValue | None, check: bool = True
) -> list[Block]:
    """A block for each part, the check behind the derivative itself, which is `left`; the last line names the cost.

    Without `check` it is left unsaid.
    """
    blocks: list[Block] = []
    for part in parts:
        lines = LINES[type(part)](part)
        if part is parts[0]:
            lines = _checked(left, part, lines, checks, check)
        blocks.append(Aligned(tuple(lines)))
        if isinstance(part, Lines) and part.note:
            blocks.append(sentence(f"({part.note})"))
    if total is not None:
        blocks.append(Aligned((_equals(row(Symbol(total.letter), Text(f" ({total.name})")), total.value),)))
    return blocks


def _checked(left: Formula, part: Part, lines: list[DisplayLine], checks: Checks, said: bool) -> list[DisplayLine]:
    """The lines with the check behind the derivative, which has a line of its own where a vector holds it among others."""
    if isinstance(part, Stages | MatrixProduct | Entries):
        lines = [*lines, _equals(left, checks.value)]
    if not said:
        return lines
    place = len(lines) - 1
    if isinstance(part, Lines | Dot):  # the first number alone is the derivative
        place = next((i for i, line in enumerate(lines) if isinstance(line.cells[0], Numeral)), place)
    note = [lines[place].note, Text("; ")] if lines[place].note.pieces else []
    lines[place] = replace(lines[place], note=row(*note, said_by(checks)), check=True)
    return lines


def _equals(left: Formula, right: Formula | float) -> DisplayLine:
    return DisplayLine(left, (numeral(right) if isinstance(right, float) else right,))


def _product(part: Product) -> list[DisplayLine]:
    """left = symbols = numbers = value."""
    symbols = tuple(factor.symbol for factor in part.factors)
    numbers = factor_numbers(part.factors, part.value) if len(symbols) > 1 else []
    lines = [DisplayLine(part.left, symbols, tuple(numbers))]
    return lines if [str(each) for each in symbols] == [number(part.value)] else [*lines, _equals(NOTHING, part.value)]


def _terms(part: Terms) -> list[DisplayLine]:
    """left = what is added up, then a line for each term with the sum so far, and the rest in one line."""
    lines = [DisplayLine(part.left, (part.summary,))]
    for i, numbers in enumerate(factor_rows([(term.factors, term.value) for term in part.terms])):
        term = part.terms[i]
        so_far = number(exact_sum(each.value for each in part.terms[: i + 1]))
        symbols = tuple(factor.symbol for factor in term.factors)
        note = row(Text("sum "), Numeral(so_far))
        lines.append(DisplayLine(term.left, symbols, tuple(numbers), number(term.value), note, term=True))
    if part.rest:
        rest = row(Text(f"{part.rest:,} more of them, together "), Numeral(number(part.rest_sum)))
        lines.append(DisplayLine(NOTHING, (rest,), term=True))
    return [*lines, _equals(NOTHING, part.value)]


def _stages(part: Stages) -> list[DisplayLine]:
    """left = formula, then the vector of each stage."""
    return [DisplayLine(part.left, (part.formula,)), *(_equals(name, vector(values)) for name, values in part.stages)]


def _dot(part: Dot) -> list[DisplayLine]:
    """left = σ′(z) · (row)ᵀ column, the numbers of both factors, and the two vectors."""
    factors = [Factor(row(part.across, " ", part.down), part.dot)]
    if part.factor is not None:
        factors.insert(0, part.factor)
    across = part.across.base if isinstance(part.across, Transposed) else part.across
    return [
        *_product(Product(part.left, tuple(factors), part.value)),
        _equals(across, vector(part.first)),
        _equals(part.down, vector(part.second)),
    ]


def _matrix(part: MatrixProduct) -> list[DisplayLine]:
    """The matrix, in symbols and in numbers, the column, their product, and that ⊙ σ′; the row that is asked for is marked."""
    asked = part.rows.index(part.row)
    cells = tuple(
        tuple(LEFT_OUT if r is None or c is None else numeral(part.cells[r][c]) for c in part.columns)
        for r in part.rows
    )
    product = row(part.matrix, " ", part.column)
    left = product if part.slope is None else row("(", product, ") ⊙ ", part.slope)
    lines = [
        DisplayLine(part.left, (left,)),
        _equals(part.matrix, part.entries),
        _equals(NOTHING, Matrix(cells, asked)),
        _equals(part.column, _picked(part.vector, part.columns)),
    ]
    if part.slope is not None:
        lines.append(_equals(product, _picked(part.result, part.rows)))
        lines.append(_equals(part.slope, _picked(part.slopes, part.rows)))
    return [*lines, _equals(part.left, _picked(part.value, part.rows))]


def _entries(part: Entries) -> list[DisplayLine]:
    """left = the symbols in rows and columns, and the numbers."""
    numbers = Matrix(tuple(tuple(map(numeral, cells)) for cells in part.cells))
    return [_equals(part.left, part.symbols), _equals(NOTHING, numbers)]


def _lines(part: Lines) -> list[DisplayLine]:
    """Equations, and what a line has come to where that is a number."""
    lines = []
    for left, right, value in part.lines:
        lines.append(DisplayLine(left, (right,)))
        if value is not None:
            lines.append(_equals(NOTHING, value))
    return lines


def _statement(part: Statement) -> list[DisplayLine]:
    """left = value, and why."""
    words = [Text(each) if isinstance(each, str) else each for said in part.said for each in (": ", *said)][1:]
    return [replace(_equals(part.left, part.value), note=row(*words))]


LINES: dict[type, Callable[[Any], list[DisplayLine]]] = {
    Product: _product,
    Terms: _terms,
    Stages: _stages,
    Dot: _dot,
    MatrixProduct: _matrix,
    Entries: _entries,
    Lines: _lines,
    Statement: _statement,
}


def vector(values: Sequence[float]) -> Vector:
    """A vector, at most eight entries of it."""
    more = [Text(f"… {len(values) - MOST_ENTRIES:,} more")] if len(values) > MOST_ENTRIES else []
    return Vector((*map(numeral, values[:MOST_ENTRIES]), *more))


def _picked(values: Sequence[float], places: Places) -> Vector:
    return Vector(tuple(LEFT_OUT if place is None else numeral(values[place]) for place in places))


def numeral(value: float) -> Numeral:
    """A number as everywhere."""
    return Numeral(number(value))


def said_by(checks: Checks) -> Row:
    """What independent methods say, and ✓ where the comparison could have failed; the error bar where it reaches a digit."""
    check, exact = checks.check, row(Text("dual numbers "), Numeral(number(checks.exact)))
    if checks.beside_kinks:
        several = Text("  ✓ (several units are at their kinks and bend the central difference, ")
        return row(exact, several, Numeral(number(checks.difference)), Text(")"))
    if check.kink:
        slopes = Numeral(number(check.left)), Text(" and "), Numeral(number(check.right))
        return row(Text("at a kink: one-sided slopes "), *slopes, Text("  ✓"))
    measured = with_bar(checks.difference, check.error).split(" ± ")
    bar: list[Formula | str] = [Text("central difference "), Numeral(measured[0]), " ± ", Numeral(measured[1])]
    if checks.confirmed_by == "dual numbers":
        return row(exact, Text("  ✓ ("), *bar, Text(")"))
    if not checks.confirmed_by:
        return row(exact, Text(", "), *bar, Text(": neither is fine enough to confirm it"))
    if reaches(check.error, checks.difference):
        return row(exact, Text(", "), *bar, Text("  ✓"))
    return row(Text("central difference "), Numeral(number(checks.difference)), Text("  ✓"))
