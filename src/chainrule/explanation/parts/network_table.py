"""The numbers of a network that is shown, as a table: every quantity with its value and ∂C by it, the rest as exact sums."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.shown_network import LayerColumn, ShownNetwork
from chainrule.ids import Id
from chainrule.writing.numbers import number, short

Array = np.ndarray


def network_table(shown: ShownNetwork, more: Iterable[tuple[str, ...]] = ()) -> tuple[tuple[str, ...], ...]:
    """Every quantity that is shown with its value and ∂C by it, and the exact sums of those that are not; then `more` rows."""
    rows: list[tuple[str, ...]] = [("quantity", "value", f"∂{shown.how.letter}/∂ of it")]
    for column in shown.columns:
        rows += _neuron_rows(shown, column)
    for before, after in shown.gaps:
        rows += _edge_rows(shown, before, after)
    return (*rows, *more)


def _neuron_rows(shown: ShownNetwork, column: LayerColumn) -> Iterator[tuple[str, ...]]:
    seen, layer, rest = shown.seen, column.layer, list(column.rest)
    quantities = [("z", seen.trace.z[layer], seen.into_z[layer])] if layer else []
    quantities += [("a", seen.trace.a[layer], seen.into_a[layer])]
    for j in column.shown:
        if layer and j < shown.network.biases[layer].size:  # one for the whole layer stands with its first neuron
            bias = Id("b", layer, j)
            value = float(shown.network.biases[layer][j])
            yield str(seen.quantity(bias)), number(value), _cell(seen.value(bias))
        for letter, values, slopes in quantities:
            yield str(seen.letter(letter, layer, j)), number(float(values[j])), _cell(float(slopes[j]))
    for letter, values, slopes in reversed(quantities) if rest else ():
        yield (
            f"{len(rest):,} more {shown.how.symbol(letter, layer)}, Σ",
            *(_cell(_sum(v[rest])) for v in (values, slopes)),
        )


def _edge_rows(shown: ShownNetwork, before: LayerColumn, after: LayerColumn) -> Iterator[tuple[str, ...]]:
    seen, layer = shown.seen, after.layer
    here = np.ix_(after.shown, before.shown)
    for j, weights, slopes in zip(
        after.shown, shown.network.weights[layer][here].tolist(), shown.slopes(layer)[here].tolist()
    ):
        for k, weight, slope in zip(before.shown, weights, slopes):
            yield str(seen.weight(layer, j, k)), number(weight), number(slope)
    if layer in shown.not_drawn:
        left = shown.not_drawn[layer]
        yield f"{left.edges:,} more {shown.how.symbol('w', layer)}, Σ", number(left.weights), number(left.slopes)


def _sum(terms: Array) -> float:
    return exact_sum(terms) if np.isfinite(terms).all() else float(sum(terms))


def _cell(value: float) -> str:
    """A number for the table; a cost without a slope at its output has ∞ or none there."""
    return number(value) if math.isfinite(value) else "—" if math.isnan(value) else short(value)
