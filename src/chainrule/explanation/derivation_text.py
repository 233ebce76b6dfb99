"""Derivations as plain text: aligned columns, a number under its symbol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap
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
    Product,
    Stages,
    Statement,
    Terms,
)
from chainrule.explanation.noise import exact_sum
from chainrule.writing.formula import Matrix
from chainrule.writing.numbers import (
    BETWEEN,
    cost_text,
    factor_numbers,
    factor_rows,
    in_lines,
    number,
    reaches,
    with_bar,
)

MOST_ENTRIES = 8
WIDE = 100  # characters of a line, at most, where a product can be broken
LONG_NAME = 30  # of a path, which then has a line of its own


def as_text(parts: Sequence[Part], checks: Checks, total: CostValue | None) -> str:
    """The whole derivation; the part whose value is the derivative ends in the check. The last line names the cost."""
    blocks = []
    for i, part in enumerate(parts):
        closing = _check(checks) if i == 0 else ""
        blocks.append(WRITERS[type(part)](part, closing))
    if total is not None:
        blocks.append(cost_text(total.letter, total.name, total.value))
    return "\n".join(blocks)


def product_text(part: Product, closing: str = "") -> str:
    """left = symbols / = numbers / = value, with numbers under their symbols."""
    left, symbols = str(part.left), [str(factor.symbol) for factor in part.factors]
    numbers = factor_numbers(part.factors, part.value)
    widths = [max(map(len, column)) for column in zip(symbols, numbers)]
    pad = " " * len(left)
    rows = []
    for line in in_lines(widths, WIDE - len(left) - 3):
        sign = "·" if line.start else "="
        rows.append(f"{pad if line.start else left} {sign} {_row(symbols[line], widths[line])}")
        if len(numbers) > 1:
            rows.append(f"{pad} {sign} {_row(numbers[line], widths[line])}")
    if symbols != [number(part.value)]:
        rows.append(f"{pad} = {number(part.value)}")
    rows[-1] += closing
    return "\n".join(rows)


def terms_text(part: Terms, closing: str = "") -> str:
    """left = summary, then a line a term with the running sum, and the rest in one line."""
    left = str(part.left)
    rows = [f"{left} = {part.summary}"]
    columns = [[str(factor.symbol) for factor in term.factors] for term in part.terms]
    values = factor_rows([(term.factors, term.value) for term in part.terms])
    count = max((len(each) for each in columns), default=0)
    widths = [max((len(row[i]) for row in [*columns, *values] if i < len(row)), default=0) for i in range(count)]
    totals = [number(term.value) for term in part.terms] + ([number(part.rest_sum)] if part.rest else [])
    wide = max(map(len, totals), default=0)
    sums = [number(exact_sum(term.value for term in part.terms[: i + 1])) for i in range(len(part.terms))]
    head = max((len(str(term.left)) for term in part.terms), default=0)
    named = head > LONG_NAME
    head = 0 if named else head
    lines = in_lines(widths, WIDE - head - 4)
    for term, symbols, numbers, total, running_text in zip(part.terms, columns, values, totals, sums):
        name = "" if named else str(term.left)
        if named:
            rows += [f"  {line}" for line in wrap(str(term.left), WIDE)]
        ending = f" = {total:>{wide}}   sum {running_text}"
        below = len(lines) > 1 and sum(widths[lines[-1]]) + BETWEEN * len(widths[lines[-1]]) + len(ending) > WIDE
        for line in lines:
            dot = "· " if line.start else "  " if len(lines) > 1 else ""
            rows.append(f"  {'' if line.start else name:<{head}}  {dot}{_row(symbols[line], widths[line])}")
            last = line is lines[-1] and not below
            rows.append(f"  {'':<{head}}  {dot}{_row(numbers[line], widths[line], full=last)}{ending if last else ''}")
        if below:
            rows.append(f"  {'':<{head}} {ending}")
    if part.rest:
        rows.append(f"  {part.rest:,} more of them, together {number(part.rest_sum)}")
    rows.append(f"{' ' * len(left)} = {number(part.value)}{closing}")
    return "\n".join(rows)


def stages_text(part: Stages, closing: str = "") -> str:
    """left = formula, then a line a stage with its vector."""
    names = [str(name) for name, _ in part.stages]
    width = max(map(len, names))
    rows = [f"{part.left} = {part.formula}"]
    rows += [f"  {name:<{width}} = {vector_text(values)}" for name, (_, values) in zip(names, part.stages)]
    rows[-1] += closing
    return "\n".join(rows)


def dot_text(part: Dot, closing: str = "") -> str:
    """left = σ′(z) · (row)ᵀ column, the two vectors one below the other, and the numbers."""
    left, across = str(part.left), str(part.across)
    factor = "" if part.factor is None else f"{part.factor.symbol} · "
    width = max(len(across), len(str(part.down)))
    pad = " " * len(left)
    rows = [f"{left} = {factor}{across} {part.down}"]
    rows += [
        f"  {name:<{width}} = {vector_text(values)}"
        for name, values in ((across, part.first), (str(part.down), part.second))
    ]
    if part.factor is not None:
        rows.append(f"{pad} = {' · '.join(factor_numbers([part.factor, Factor(part.across, part.dot)], part.value))}")
    return "\n".join([*rows, f"{pad} = {number(part.value)}{closing}"])


def matrix_text(part: MatrixProduct, closing: str = "") -> str:
    """The matrix, the column and what comes out, row by row, times σ′; an arrow at the row that is asked for."""
    assert isinstance(part.entries, Matrix)
    product = f"{part.matrix} {part.column}"
    rows = [f"{part.left} = {product}" if part.slope is None else f"{part.left} = ({product}) ⊙ {part.slope}"]
    symbols = [[str(cell) for cell in row] for row in part.entries.rows]
    cells = [["…" if r is None or c is None else number(part.cells[r][c]) for c in part.columns] for r in part.rows]
    wide = max(len(cell) for row in [*symbols, *cells] for cell in row)
    widths = [1 if c is None else wide for c in part.columns]
    results = ["…" if r is None else number(part.result[r]) for r in part.rows]
    values = ["…" if r is None else number(part.value[r]) for r in part.rows]
    right, last = max(map(len, results)), max(map(len, values))
    steep = max((len(number(part.slopes[r])) for r in part.rows if r is not None and part.slopes), default=0)
    for r, names, line, result, value in zip(part.rows, symbols, cells, results, values):
        if r is None:
            rows.append(f"  [{' '.join(f'{name:^{width}}' for name, width in zip(names, widths))}]")
            continue
        slope = "" if part.slope is None else f", times {number(part.slopes[r]):>{steep}} = {value:>{last}}"
        mark = "  ←" if r == part.row else ""
        rows.append(f"  [{' '.join(f'{name:^{width}}' for name, width in zip(names, widths))}]")
        cells_text = " ".join(f"{cell:>{width}}" for cell, width in zip(line, widths))
        rows.append(f"  [{cells_text}] {part.column} = {result:>{right}}{slope}{mark}")
    vector = ", ".join("…" if c is None else number(part.vector[c]) for c in part.columns)
    rows.append(f"  with {part.column} = ({vector}){closing}")
    return "\n".join(rows)


def entries_text(part: Entries, closing: str = "") -> str:
    """left = the symbols in rows and columns, and the numbers below them."""
    symbols = [[str(cell) for cell in row] for row in part.symbols.rows]
    cells = [[number(cell) for cell in row] for row in part.cells]
    wide = max(len(cell) for row in [*symbols, *cells] for cell in row)
    rows = [f"[{'  '.join(f'{name:^{wide}}' for name in names)}]" for names in symbols]
    values = [f"[{'  '.join(f'{cell:>{wide}}' for cell in line)}]" for line in cells]
    pad = " " * len(str(part.left))
    first, second = (
        [f"{pad} {'=' if i == 0 else ' '} {each}" for i, each in enumerate(block)] for block in (rows, values)
    )
    return "\n".join([f"{part.left}{first[0][len(pad) :]}", *first[1:], *second]) + closing


def kept(count: int, shown: int) -> list[int | None]:
    """`count` places in `shown` cells: all, or the first ones, None for …, and the last."""
    return list(range(count)) if shown == count else [*range(shown - 2), None, count - 1]


def lines_text(part: Lines, closing: str = "") -> str:
    """One equation a line, equals signs below each other, numbers where a line has come to one."""
    lefts = [str(left) for left, _, _ in part.lines]
    width = max(map(len, lefts))
    rows = []
    for left, (_, right, value) in zip(lefts, part.lines):
        rows.append(f"{left:<{width}} = {right}")
        if value is not None:
            rows.append(f"{'':<{width}} = {number(value)}{closing}")
            closing = ""  # the first number is the derivative
    return "\n".join([*rows, *([f"({part.note})"] if part.note else [])])


def statement_text(part: Statement, closing: str = "") -> str:
    """left = value, and why."""
    return f"{part.left} = {number(part.value)}   {part.words}{closing}"


WRITERS: dict[type, Callable[[Any, str], str]] = {
    Product: product_text,
    Terms: terms_text,
    Stages: stages_text,
    Dot: dot_text,
    MatrixProduct: matrix_text,
    Entries: entries_text,
    Lines: lines_text,
    Statement: statement_text,
}


def _row(cells: Sequence[str], widths: Sequence[int], full: bool = False) -> str:
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths)]
    line = " · ".join(padded)
    return line if full else line.rstrip()


def _check(checks: Checks) -> str:
    """What independent methods say, and ✓ where the comparison could have failed; the error bar where it reaches a digit."""
    check = checks.check
    if check.kink:
        return f"      at a kink: one-sided slopes {number(check.left)} and {number(check.right)}  ✓"
    exact, found = number(checks.exact), with_bar(checks.difference, check.error)
    if checks.confirmed_by == "dual numbers":
        return f"      dual numbers {exact}  ✓ (central difference {found})"
    if not checks.confirmed_by:
        return f"      dual numbers {exact}, central difference {found}: neither is fine enough to confirm it"
    if reaches(check.error, checks.difference):
        return f"      dual numbers {exact}, central difference {found}  ✓"
    return f"      central difference {number(checks.difference)}  ✓"


def vector_text(values: Sequence[float]) -> str:
    """(v₀, v₁, …), at most eight entries of it."""
    shown = ", ".join(number(value) for value in values[:MOST_ENTRIES])
    more = f", … {len(values) - MOST_ENTRIES:,} more" if len(values) > MOST_ENTRIES else ""
    return f"({shown}{more})"
