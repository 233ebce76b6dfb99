"""The numbers of a network that is shown, as a table: every quantity with its value and ∂C by it, the rest as exact sums."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.shown_network import Column, ShownNetwork, hidden_in
from chainrule.ids import Id
from chainrule.writing.numbers import number, short


def network_table(shown: ShownNetwork) -> tuple[tuple[str, ...], ...]:
    """Every quantity that is shown with its value and ∂C by it, and the exact sums of those that are not."""
    rows: list[tuple[str, ...]] = [("quantity", "value", f"∂{shown.how.letter}/∂ of it")]
    for column in shown.columns:
        rows += _neuron_rows(shown, column)
    for before, after in shown.gaps:
        rows += _edge_rows(shown, before, after)
    return tuple(rows)


def _neuron_rows(shown: ShownNetwork, column: Column) -> Iterator[tuple[str, ...]]:
    seen, layer, rest = shown.seen, column.layer, list(column.rest)
    for j in column.shown:
        for id in _of_neuron(shown, layer, j):
            yield str(seen.quantity(id)), number(_value(shown, id)), _cell([seen.value(id)])
    if rest:
        sums = [("a", seen.trace.a[layer], seen.into_a[layer])]
        sums += [("z", seen.trace.z[layer], seen.into_z[layer])] if layer else []
        for letter, values, slopes in sums:
            yield (
                f"{len(rest):,} more {shown.how.symbol(letter, layer)}, Σ",
                _cell(values[rest]),
                _cell(slopes[rest]),
            )


def _edge_rows(shown: ShownNetwork, before: Column, after: Column) -> Iterator[tuple[str, ...]]:
    seen, layer = shown.seen, after.layer
    w, slopes = shown.network.weights[layer], np.outer(seen.into_z[layer], seen.trace.a[before.layer])
    for j in after.shown:
        for k in before.shown:
            yield str(seen.weight(layer, j, k)), number(float(w[j, k])), number(float(slopes[j, k]))
    hidden = hidden_in(w, before, after)
    if hidden.any():
        name = f"{int(hidden.sum()):,} more {shown.how.symbol('w', layer)}, Σ"
        yield name, number(exact_sum(w[hidden])), number(exact_sum(slopes[hidden]))


def _of_neuron(shown: ShownNetwork, layer: int, j: int) -> list[Id]:
    if layer == 0:
        return [Id("x", 0, j)]
    size = shown.network.biases[layer].size
    bias = [Id("b", layer, j)] if size == shown.network.sizes[layer] or (size and j == 0) else []
    return [*bias, Id("z", layer, j), Id("a", layer, j)]


def _value(shown: ShownNetwork, id: Id) -> float:
    if id.kind == "b":
        return float(shown.network.biases[id.layer][id.neuron])
    return float((shown.seen.trace.z if id.kind == "z" else shown.seen.trace.a)[id.layer][id.neuron])


def _cell(terms: Any) -> str:
    """An exact sum for the table; a cost without a slope at its output has ∞ or none there."""
    if np.isfinite(terms).all():
        return number(exact_sum(terms))
    total = sum(map(float, terms))
    return "—" if math.isnan(total) else short(total)
