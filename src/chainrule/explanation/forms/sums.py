"""Products and their sums, with the largest terms first and the rest in one line."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.explanation.document import Factor, Product, Terms
from chainrule.explanation.noise import exact_sum
from chainrule.writing.formula import Formula

LISTED = 8  # terms of a sum that are spelled out
SPELLED = 3  # of a sum inside a factor


def multiplied(left: Formula, factors: Sequence[Factor]) -> Product:
    """left = the product of these factors."""
    return Product(left, tuple(factors), math.prod(f.value for f in factors))


def added(left: Formula, summary: Formula, terms: Sequence[Product]) -> Terms:
    """left = the sum of these products, the largest first, spelled out as far as a reader wants."""
    ranked = sorted(terms, key=lambda term: -abs(term.value))
    rest = ranked[LISTED:]
    total = exact_sum(term.value for term in ranked)
    return Terms(left, summary, tuple(ranked[:LISTED]), len(rest), exact_sum(term.value for term in rest), total)
