"""A sum in one line, what each number is behind it: 0.1 (8 shown) − 0.2 (776 more) + 0.3 (b) = 0.2."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.explanation.noise import exact_sum
from chainrule.writing.formula import Formula, row
from chainrule.writing.numbers import written

Term = tuple[float, Formula | str]  # a number and where it comes from


def sum_of(products: Sequence[float], shown: Sequence[int]) -> list[Term]:
    """The terms that are shown as one number, and all others as another; both sums are exact."""
    left = [each for i, each in enumerate(products) if i not in shown]
    if not left:
        return [(exact_sum(products), "row · column" if len(products) > 1 else "")]
    return [(exact_sum(products[i] for i in shown), f"{len(shown)} shown"), (exact_sum(left), f"{len(left):,} more")]


def terms_of(terms: Sequence[Term]) -> Formula:
    """0.1 (8 shown) − 0.2 (776 more) + 0.3 (b)."""
    pieces: list[Formula | str] = []
    for n, (term, what) in enumerate(terms):
        sign = "" if n == 0 else " − " if term < 0 else " + "
        pieces += [sign + written(abs(term) if n else term), *([" (", what, ")"] if what else [])]
    return row(*pieces)


def summed(name: Formula, terms: Sequence[Term], value: float) -> Formula:
    return row(name, " = ", terms_of(terms), f" = {written(value)}")


def bracketed(value: float) -> str:
    return f"({written(value)})" if value < 0 else written(value)
