"""A layer as one vector, and how it is written: δ^l, (w^(l+1))ᵀ δ^(l+1), Σ′(z^l) times a vector, one entry of it."""

from __future__ import annotations

from chainrule.explanation.view import View
from chainrule.writing.formula import Formula, Symbol, row


def whole(view: View, layer: int) -> Formula:
    """δ^l as a vector, or ∂u/∂z^l."""
    if view.u.kind == "C":
        return view.how.symbol("δ", layer)
    return row("∂", view.quantity(view.u), "/∂", view.how.symbol("z", layer))


def moved(view: View, layer: int) -> Formula:
    """(w^(l+1))ᵀ δ^(l+1)."""
    return view.how.product(view.how.back(layer + 1), whole(view, layer + 1))


def by_matrix(view: View, layer: int, vector: Formula) -> Formula:
    """Σ′(z^l) applied to a vector, from the side on which this author has matrices. (Σ′ is symmetric.)"""
    matrix = view.matrix_symbol(layer)
    return row(matrix, " ", vector) if view.how.orientation == "columns" else row(vector, " ", matrix)


def entry(vector: Formula, view: View, neuron: int) -> Formula:
    """Entry j of a vector: [vector]_j."""
    return row("[", vector, "]", Symbol("", below=view.how.below(neuron)))
