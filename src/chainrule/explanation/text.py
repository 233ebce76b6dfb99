"""Derivations as plain text: aligned columns, a number under its symbol."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.explanation.document import Derivation, Factor, Product, Stages, Terms
from chainrule.verification.differences import Difference

MOST_ENTRIES = 8
DIGITS = 6  # of a factor; more where the product of the printed factors would miss the printed value


def as_text(derivation: Derivation) -> str:
    """The whole derivation; the part whose value is the derivative ends in the check."""
    blocks = []
    for i, part in enumerate(derivation.parts):
        closing = check_text(derivation.check) if i == 0 else ""
        blocks.append({Product: product_text, Terms: terms_text, Stages: stages_text}[type(part)](part, closing))  # type: ignore[operator]
    return "\n".join(blocks)


def product_text(part: Product, closing: str = "") -> str:
    """left = symbols / = numbers / = value, with numbers under their symbols."""
    symbols = [factor.symbol for factor in part.factors]
    numbers = factor_numbers(part.factors, part.value)
    widths = [max(map(len, column)) for column in zip(symbols, numbers)]
    pad = " " * len(part.left)
    rows = [f"{part.left} = {_row(symbols, widths)}"]
    if len(numbers) > 1:
        rows.append(f"{pad} = {_row(numbers, widths)}")
    rows.append(f"{pad} = {number(part.value)}{closing}")
    return "\n".join(rows)


def terms_text(part: Terms, closing: str = "") -> str:
    """left = summary, then a line a term with the running sum, and the rest in one line."""
    rows = [f"{part.left} = {part.summary}"]
    columns = [[factor.symbol for factor in term.factors] for term in part.terms]
    values = [factor_numbers(term.factors, term.value) for term in part.terms]
    widths = [max(map(len, column)) for column in zip(*columns, *values)] if part.terms else []
    totals = [number(term.value) for term in part.terms] + ([number(part.rest_sum)] if part.rest else [])
    wide = max(map(len, totals), default=0)
    running, sums = 0.0, []
    for term in part.terms:
        running += term.value
        sums.append(number(running))
    head = max((len(term.left) for term in part.terms), default=0)
    for term, symbols, numbers, total, running_text in zip(part.terms, columns, values, totals, sums):
        rows.append(f"  {term.left:<{head}}  {_row(symbols, widths)}")
        rows.append(f"  {'':<{head}}  {_row(numbers, widths, full=True)} = {total:>{wide}}   sum {running_text}")
    if part.rest:
        rows.append(f"  {part.rest:,} more of them, together {number(part.rest_sum)}")
    rows.append(f"{' ' * len(part.left)} = {number(part.value)}{closing}")
    return "\n".join(rows)


def stages_text(part: Stages, closing: str = "") -> str:
    """left = formula, then a line a stage with its vector."""
    width = max(len(name) for name, _ in part.stages)
    rows = [f"{part.left} = {part.formula}"]
    rows += [f"  {name:<{width}} = {vector_text(values)}" for name, values in part.stages]
    return "\n".join(rows)


def _row(cells: Sequence[str], widths: Sequence[int], full: bool = False) -> str:
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths)]
    line = " · ".join(padded)
    return line if full else line.rstrip()


def check_text(check: Difference) -> str:
    """What the independent road says."""
    if check.kink:
        return f"      at a kink: one-sided slopes {number(check.left)} and {number(check.right)}  ✓"
    return f"      central difference {number(check.value)}  ✓"


def vector_text(values: Sequence[float]) -> str:
    """(v₀, v₁, …), at most eight entries of it."""
    shown = ", ".join(number(value) for value in values[:MOST_ENTRIES])
    more = f", … {len(values) - MOST_ENTRIES:,} more" if len(values) > MOST_ENTRIES else ""
    return f"({shown}{more})"


def number(value: float) -> str:
    """A value to six decimals, or to six digits with a power of ten where those would hide it; −, not a hyphen."""
    if value == 0:
        return "0"
    if math.isfinite(value) and 1e-3 <= abs(value) < 1e5:
        return _minus(f"{value:.6f}")
    return _minus(_short_exponent(f"{value:.5e}"))


def unit(value: float) -> float:
    """One unit of the last digit that `number` prints."""
    if 1e-3 <= abs(value) < 1e5 or value == 0:
        return 1e-6
    return float(10.0 ** (math.floor(math.log10(abs(value))) - 5))


def factor_numbers(factors: Sequence[Factor], value: float) -> list[str]:
    """The factors' numbers, six digits each, or as many more as it takes for their product to be the printed value.

    The product of what is printed is within one unit of the last digit of the value that is printed.
    """
    for digits in range(DIGITS, 18):
        texts = [f"{factor.value:.{digits}g}" for factor in factors]
        if abs(math.prod(map(float, texts)) - float(_plain(number(value)))) <= unit(value):
            break
    return ["0" if float(text) == 0 else _minus(_short_exponent(text)) for text in texts]


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _plain(text: str) -> str:
    return text.replace("−", "-")


def _short_exponent(text: str) -> str:
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"
