"""Derivatives as vectors and matrices: ⊙ layer by layer, the Σ′ product, a dot product, (W)ᵀδ entry by entry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.explanation.document import Dot, Factor, MatrixProduct, Part, Places, Product, Stages
from chainrule.explanation.forms.factors import in_times_delta
from chainrule.explanation.forms.layers import by_matrix, entry, moved, whole
from chainrule.explanation.forms.softmax import entries
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.writing.formula import LEFT_OUT, Formula, Matrix, Transposed, row

Array = np.ndarray
SHOWN = 3  # rows and columns of a large matrix


def hadamard(view: View, v: Id) -> list[Part]:
    """δ^L = ∇_a C ⊙ σ′(z^L), δ^l = ((w)ᵀδ) ⊙ σ′(z^l), a stage each, down to the layer of v (S2.5, S2.8)."""
    stages, by_slope = _top_stages(view)
    stop = v.layer
    for l in range(view.top - 1, stop - 1, -1):
        back = moved(view, l)
        stages.append((back, numbers(view.into_a[l])))
        if l == stop and v.kind in "ax":
            break
        if view.network.activations[l].full_slope:
            by_slope = by_matrix(view, l, back)
        else:
            by_slope = row("(", back, ") ⊙ ", view.slope_symbol_of_layer(l))
            stages.append((view.slope_symbol_of_layer(l), numbers(view.slopes(l))))
        stages.append((row(whole(view, l), " = ", by_slope), numbers(view.into_z[l])))
    if v.kind in "ax":
        return _ending(view, v, stages, stages[-1][0])
    return _ending(view, v, stages, by_slope)


def sigma(view: View, v: Id) -> list[Part]:
    """δ^l as one product of matrices, applied one after another from the right (S2.20)."""
    formula, stages = _sigma_top(view)
    for l in range(view.top - 1, v.layer - 1, -1):
        back = moved(view, l)
        stages.append((back, numbers(view.into_a[l])))
        if l == v.layer and v.kind in "ax":
            formula = view.how.product(view.how.back(l + 1), formula)
            break
        formula = by_matrix(view, l, view.how.product(view.how.back(l + 1), formula))
        stages.append((row(by_matrix(view, l, back), " = ", whole(view, l)), numbers(view.into_z[l])))
    return _ending(view, v, stages, formula)


def dot(view: View, v: Id) -> list[Part]:
    """δ_j = σ′(z_j) (δ^(l+1))ᵀ w_.j (S3.13); of an activation the dot product alone (S3.11)."""
    layer, j = v.layer, v.neuron
    above = layer + 1
    first, second = view.into_z[above], view.network.weights[above][:, j]
    delta = whole(view, above)
    across: Formula = Transposed(delta) if view.how.orientation == "columns" else delta  # a row already
    column = view.how.symbol("w", above) if view.bare else view.weight(above, "·", j)
    total = float(view.into_a[layer][j])
    if v.kind in "ax":
        return [Dot(view.by(v), None, across, numbers(first), column, numbers(second), total, total)]
    value = float(view.into_z[layer][j])
    part = Dot(
        view.sensitivity(layer, j), view.slope(layer, j), across, numbers(first), column, numbers(second), total, value
    )
    return [part] if v.kind == "z" else [*in_times_delta(view, v), part]


def matrix(view: View, v: Id) -> list[Part]:
    """(W^(l+1))ᵀ δ^(l+1), entry by entry as a matrix times a column, and then ⊙ σ′ (S4.12)."""
    layer = v.layer
    above, activation = layer + 1, v.kind in "ax"
    terms = view.network.weights[above].T * view.into_z[above]
    rows, columns = _rows(len(terms), v.neuron), _columns(terms[v.neuron])
    part = MatrixProduct(
        row("∂", view.quantity(view.u), "/∂", view.how.symbol("a", layer)) if activation else whole(view, layer),
        view.how.back(above),
        _entries(view, above, rows, columns),
        tuple(numbers(each) for each in view.network.weights[above].T),
        whole(view, above),
        numbers(view.into_z[above]),
        numbers(view.into_a[layer]),
        None if activation else view.slope_symbol_of_layer(layer),
        () if activation else numbers(view.slopes(layer)),
        numbers(view.into_a[layer] if activation else view.into_z[layer]),
        v.neuron,
        rows,
        columns,
    )
    return [part] if v.kind in "axz" else [*in_times_delta(view, v), part]


def numbers(values: Array) -> tuple[float, ...]:
    """An array of numbers as plain ones."""
    return tuple(float(value) for value in np.atleast_1d(values))


Stage = tuple[Formula, tuple[float, ...]]


def _top_stages(view: View) -> tuple[list[Stage], Formula]:
    """∂u/∂z of the top layer in stages, and how it is written."""
    top = view.top
    name, vector = whole(view, top), numbers(view.into_z[top])
    if not _passes_the_top(view):
        return [(name, vector)], name
    gradient = _gradient(view)
    stages = [(gradient, numbers(view.into_a[top]))]
    if view.network.activations[top].full_slope:
        formula = by_matrix(view, top, gradient)
    else:
        formula = row(gradient, " ⊙ ", view.slope_symbol_of_layer(top))
        stages.append((view.slope_symbol_of_layer(top), numbers(view.slopes(top))))
    return [*stages, (row(name, " = ", formula), vector)], formula


def _sigma_top(view: View) -> tuple[Formula, list[Stage]]:
    top = view.top
    name, vector = whole(view, top), numbers(view.into_z[top])
    if not _passes_the_top(view):
        return name, [(name, vector)]
    formula = by_matrix(view, top, _gradient(view))
    return formula, [(_gradient(view), numbers(view.into_a[top])), (row(formula, " = ", name), vector)]


def _gradient(view: View) -> Formula:
    """∇_a C, or ∂u/∂a of u's own layer: 1 at u and else 0."""
    if view.u.kind == "C":
        return view.gradient_symbol()
    return row("∂", view.quantity(view.u), "/∂", view.how.symbol("a", view.top))


def _ending(view: View, v: Id, stages: Sequence[tuple[Formula, tuple[float, ...]]], formula: Formula) -> list[Part]:
    """The derivative picked from the last vector, and the stages that lead to it."""
    if v.kind in "ax":
        left: Formula = row("∂", view.quantity(view.u), "/∂", view.how.symbol("a", v.layer))
        first: list[Part] = [Product(view.by(v), (Factor(entry(left, view, v.neuron), view.value(v)),), view.value(v))]
    else:
        left = whole(view, v.layer)
        z = Factor(entry(left, view, v.neuron), float(view.into_z[v.layer][v.neuron]))
        first = [Product(view.by(v), (z,), z.value)] if v.kind == "z" else in_times_delta(view, v)
    lowest = v.layer + 1 if v.kind in "ax" else v.layer
    used = range(view.top if _passes_the_top(view) else view.top - 1, lowest - 1, -1)
    return [*first, Stages(left, formula, tuple(stages)), *entries(view, used)]


def _passes_the_top(view: View) -> bool:
    """True where Σ′ of the top layer is used."""
    return view.u.kind == "a" or (view.u.kind == "C" and view.pair.delta is None)


def _rows(count: int, asked: int) -> Places:
    """The rows that are shown: all of a few; else the one that is asked for, the first, the last and what fits."""
    return _places(count, {0, asked, count - 1} if 0 < asked < count - 1 else {0, 1, count - 1})


def _columns(terms: Array) -> Places:
    """The columns that are shown: all of a few; else those of the largest terms, where the number comes from."""
    return _places(terms.size, {int(m) for m in np.argsort(-np.abs(terms), kind="stable")[:SHOWN]})


def _places(count: int, wanted: set[int]) -> Places:
    """All places of a few; else those that are wanted, and None wherever others are left out."""
    if count <= SHOWN + 1:
        return tuple(range(count))
    places: list[int | None] = []
    for place in range(count):
        if place in wanted:
            places.append(place)
        elif not places or places[-1] is not None:
            places.append(None)
    return tuple(places)


def _entries(view: View, layer: int, rows: Places, columns: Places) -> Matrix:
    """The symbols of (W^l)ᵀ at these places, … between them."""
    return Matrix(
        tuple(tuple(LEFT_OUT if m is None or k is None else view.weight(layer, m, k) for m in columns) for k in rows)
    )
