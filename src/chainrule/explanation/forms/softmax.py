"""A softmax worked out: its slopes as products of its activations, ∂u/∂z_j as a sum over them, and Σ′(z) entry by entry."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from chainrule.explanation.document import Entries, Part, Terms
from chainrule.explanation.forms.sums import SPELLED, added, multiplied
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.writing.formula import Formula, Matrix, Text, joined, row

FEW = 4  # neurons whose Σ′ is written out


def is_worked_out(view: View, layer: int) -> bool:
    """True where ∂u/∂z of that layer is a sum over the activations of a softmax, which the cost's own δ may spare (S3.14)."""
    if layer == view.top and (view.u.kind != "C" or view.pair.delta is not None):
        return False
    return view.network.activations[layer].full_slope


def origins(view: View, layer: int, neurons: Iterable[int], *, named_delta: bool = False) -> list[Part]:
    """Where ∂u/∂z of a softmax comes from, neuron by neuron; of more than a few neurons the one with the largest."""
    if not is_worked_out(view, layer):
        return []
    return [origin(view, layer, j, named_delta=named_delta) for j in strongest(neurons, view.into_z[layer])]


def strongest(neurons: Iterable[int], values: np.ndarray) -> list[int]:
    """A few neurons as they are; of more the one with the largest value."""
    found = list(neurons)
    return found if len(found) <= SPELLED else [max(found, key=lambda j: abs(values[j]))]


def origin(view: View, layer: int, j: int, *, named_delta: bool = False) -> Terms:
    """∂u/∂z_j = Σ_i ∂u/∂a_i ∂a_i/∂z_j, where every activation depends on z_j."""
    terms = []
    for i in range(view.network.sizes[layer]):
        factors = [view.of_activation(layer, i), *view.softmax_slope(layer, i, j)]
        terms.append(multiplied(row(str(i + view.how.base)), factors))
    left = view.sensitivity(layer, j) if named_delta else view.by(Id("z", layer, j))
    summary = f"the sum over the {len(terms):,} activations of layer {layer}, a softmax, which all depend on "
    return added(left, row(Text(summary), view.letter("z", layer, j)), terms)


def entries(view: View, layers: Iterable[int]) -> list[Part]:
    """Σ′(z^l) of each of these layers that is a softmax of few neurons: a_i(1 − a_i) on its diagonal, −a_i a_j beside it."""
    sizes, activations = view.network.sizes, view.network.activations
    return [_entries(view, l) for l in layers if activations[l].full_slope and sizes[l] <= FEW]


def _entries(view: View, layer: int) -> Entries:
    neurons = range(view.network.sizes[layer])

    def written(i: int, j: int) -> Formula:
        return joined([factor.symbol for factor in view.softmax_slope(layer, i, j)], " ")

    cells = tuple(tuple(float(cell) for cell in line) for line in view.slopes(layer))
    symbols = Matrix(tuple(tuple(written(i, j) for j in neurons) for i in neurons))
    return Entries(view.matrix_symbol(layer), symbols, cells, layer)
