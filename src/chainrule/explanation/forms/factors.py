"""Derivatives as products of numbers: a_in δ_out, the chain rule's factors, sums over paths, the recursion of ∂C/∂a."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as every

from chainrule.explanation.document import Factor, Part, Product, Terms
from chainrule.explanation.forms.layers import by_matrix, entry, moved
from chainrule.explanation.forms.softmax import is_worked_out, origin, origins, strongest
from chainrule.explanation.forms.sums import SPELLED, added, multiplied
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.writing.formula import Formula, Text, joined, row
from chainrule.writing.formula import Sum as SumOver


def delta(view: View, v: Id) -> list[Part]:
    """a_in · δ_out (S2.9), and that δ by BP1 or BP2."""
    if v.kind in "ax":
        return [_back_through_weights(view, v)]
    if v.kind == "z":
        return _origin(view, v.layer, v.neuron)
    if view.shared(v):
        return in_times_delta(view, v)
    return [*in_times_delta(view, v), *_origin(view, v.layer, v.neuron)]


def in_times_delta(view: View, v: Id) -> list[Part]:
    """∂u/∂w = a_in δ_out, ∂u/∂b = δ; of a bias for a whole layer the sum of its δ (S0.4)."""
    layer = v.layer
    if view.shared(v):
        words = f"the {view.how.words} δ" if view.u.kind == "C" else "the ∂u/∂z"
        terms = [
            Product(row(str(j + view.how.base)), (view.error(layer, j),), view.error(layer, j).value)
            for j in view.entrances(v)
        ]
        return [added(view.by(v), Text(f"the sum of {words} of layer {layer}, which share this bias"), terms)]
    out = view.error(layer, v.neuron)
    return [multiplied(view.by(v), (view.incoming(v), out) if v.kind == "w" else (out,))]


def _back_through_weights(view: View, v: Id) -> Terms:
    """∂u/∂a_k = Σ_m w_mk δ_m (S0.8, S1.17, S3.11)."""
    layer = v.layer + 1
    neurons = view.exits() if layer == view.top and view.u.kind != "C" else range(view.network.sizes[layer])
    terms = [
        Product(row(str(m + view.how.base)), pair, pair[0].value * pair[1].value)
        for m in neurons
        for pair in [(view.onward(layer, m, v.neuron), view.error(layer, m))]
    ]
    count = "the one neuron" if len(terms) == 1 else f"the {len(terms):,} neurons"
    return added(view.by(v), Text(f"the sum over {count} of layer {layer} that this activation feeds"), terms)


def _origin(view: View, layer: int, j: int) -> list[Part]:
    """δ^L by BP1, δ^l by BP2 for one neuron; of a softmax the entry of Σ′(z) ((w)ᵀδ), and its sum."""
    left, value = view.sensitivity(layer, j), float(view.into_z[layer][j])
    if is_worked_out(view, layer):
        terms = origin(view, layer, j, named_delta=True)
        if layer == view.top:
            return [terms]
        component = entry(by_matrix(view, layer, moved(view, layer)), view, j)
        return [Product(left, (Factor(component, value),), value), terms]
    if layer == view.top:
        return [Product(left, tuple(view.written_out(j)) or (Factor(row("1"), 1.0),), value)]
    factors = (Factor(sum_back(view, layer, j), float(view.into_a[layer][j])), view.slope(layer, j))
    return [Product(left, factors, value)]


def sum_back(view: View, layer: int, j: int | str) -> Formula:
    """Σ_m w_mj δ_m over the layer above, spelled out where it is short."""
    count = view.network.sizes[layer + 1]
    if count > SPELLED or isinstance(j, str):
        return row("(", SumOver("m", row(view.weight(layer + 1, "m", j), " ", view.sensitivity(layer + 1, "m"))), ")")
    terms = [row(view.weight(layer + 1, m, j), " ", view.sensitivity(layer + 1, m)) for m in range(count)]
    return terms[0] if count == 1 else row("(", joined(terms, " + "), ")")


def product(view: View, v: Id) -> list[Part]:
    """The factors of the one way from v to u."""
    if v.kind == "z" and is_worked_out(view, v.layer):
        return [origin(view, v.layer, v.neuron)]
    chain = multiplied(view.by(v), view.chain(v, [stop[0] for stop in view.stops(v)]).factors)
    return [chain, *origins(view, view.top, view.stops(v)[-1])]


def paths(view: View, v: Id) -> list[Part]:
    """One product for every way from v to u, and their sum (S1.17)."""
    count = view.path_count(v)
    if v.kind == "z" and is_worked_out(view, v.layer):
        return [origin(view, v.layer, v.neuron)]
    count = view.path_count(v)
    chains = [view.chain(v, route) for route in every(*view.stops(v))]
    first = view.first_layer(v)
    layers = f"layer {first}" + (f"…{view.top}" if view.top > first else "")
    summary = f"the sum over {count:,} path{'s' if count > 1 else ''}, named by their neurons in {layers}"
    return [added(view.by(v), Text(summary), chains), *origins(view, view.top, view.stops(v)[-1])]


def raw(view: View, v: Id) -> list[Part]:
    """∂u/∂w = ∂u/∂a_j · σ′(z_j) · a_k, and ∂u/∂a_j as a sum over the layer above: no δ is named (S0.8, S0.12)."""
    if v.kind in "ax":
        return _raw_sums(view, v.layer, [v.neuron])
    if view.shared(v):
        terms = [multiplied(row(str(j + view.how.base)), _raw_error(view, v.layer, j)) for j in view.entrances(v)]
        summary = f"the sum over the neurons of layer {v.layer}, which share this bias"
        return [added(view.by(v), Text(summary), terms), *origins(view, v.layer, view.entrances(v))]
    incoming = [view.incoming(v)] if v.kind == "w" else []
    first: list[Part] = [multiplied(view.by(v), [*_raw_error(view, v.layer, v.neuron), *incoming])]
    found = origins(view, v.layer, [v.neuron])
    if found and v.kind == "z":
        first = []  # it would say that ∂u/∂z is ∂u/∂z
    if v.layer == view.top:
        return [*first, *found]
    read = range(view.network.sizes[v.layer]) if found else [v.neuron]
    return [*first, *found, *_raw_sums(view, v.layer, strongest(read, view.into_a[v.layer]))]


def _raw_sums(view: View, layer: int, neurons: Sequence[int]) -> list[Part]:
    """∂u/∂a of these neurons as sums over the layer above, and what a softmax there makes of its ∂u/∂z."""
    sums = [_raw_sum(view, Id("a" if layer else "x", layer, j)) for j in neurons]
    return [*sums, *origins(view, layer + 1, range(view.network.sizes[layer + 1]))]


def _raw_error(view: View, layer: int, j: int) -> list[Factor]:
    """∂u/∂a_j · σ′(z_j), or one factor where it is no such product: ∂u/∂z_j of a softmax, p − y of a cost of z (S3.14)."""
    whole = view.network.activations[layer].full_slope
    if layer == view.top:
        if view.u.kind == "C" and view.pair.delta is not None:
            return view.arriving(j)
        whole |= view.u.kind == "z"
        if view.u.kind == "a":
            return view.written_out(j) if whole or j == view.u.neuron else [Factor(row("0"), 0.0)]
    if not whole:
        return [view.of_activation(layer, j), view.slope(layer, j)]
    return [Factor(view.by(Id("z", layer, j)), float(view.into_z[layer][j]))]


def _raw_sum(view: View, v: Id) -> Terms:
    """∂u/∂a_j = Σ_r ∂u/∂a_r σ′(z_r) w_rj."""
    layer = v.layer + 1
    neurons = view.exits() if layer == view.top and view.u.kind != "C" else range(view.network.sizes[layer])
    terms = [
        multiplied(row(str(r + view.how.base)), [*_raw_error(view, layer, r), view.onward(layer, r, v.neuron)])
        for r in neurons
    ]
    count = "the one neuron" if len(terms) == 1 else f"the {len(terms):,} neurons"
    return added(view.by(v), Text(f"the sum over {count} of layer {layer}"), terms)
