"""What of a network is shown: its columns of neurons and the edges between them, and which of them are lit.

Of a large layer those neurons are shown that do most on this example; all others stand in one place, and so do their edges,
with exact sums.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from chainrule.conventions import Convention
from chainrule.errors import IdError
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.view import View
from chainrule.ids import Id, parse
from chainrule.network import Network
from chainrule.writing.formula import Formula, row

Array = np.ndarray
Point = tuple[float, float]
FEW_LAYERS = 7  # columns without a gap
OUTPUTS = 12  # that are shown whole: which of them wins is what the network says
FEW = 8  # neurons of a layer that are asked for as a rule; who asks for fewer gets fewer outputs
UNIT_SOURCE, REST = -1, -2  # in place of a neuron: the bias as a unit, and all the others


class Edge(NamedTuple):
    """A line from `source` of the layer before to `neuron` of `layer`; either may stand for all the others.

    The value of a bundle is the exact sum over its edges where it is lit, and so printed; else NaN, for not computed.
    """

    layer: int
    neuron: int
    source: int
    value: float
    lit: bool
    bundle: bool

    @property
    def size(self) -> float:
        """How wide it is drawn: |value|, and 0 of a bundle."""
        return 0.0 if self.bundle else abs(self.value)

    @property
    def id(self) -> str:
        """The id of the weight or the bias that it is; none of several."""
        if self.bundle:
            return ""
        unit = self.source == UNIT_SOURCE
        return f"b/{self.layer}/{self.neuron}" if unit else f"w/{self.layer}/{self.neuron}/{self.source}"


@dataclass(frozen=True)
class LayerColumn:
    """A layer: the neurons that are shown, the others, and whether the next layer's biases stand below them as a unit."""

    layer: int
    shown: tuple[int, ...]
    rest: tuple[int, ...]
    unit: bool

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """What stands below each other."""
        return self.shown + (REST,) * bool(self.rest) + (UNIT_SOURCE,) * self.unit

    @property
    def height(self) -> int:
        """How many of them are neurons, all others counting as one."""
        return len(self.slots) - self.unit


@dataclass(frozen=True)
class NotDrawn:
    """Edges into a layer that have no line of their own, `hidden` in its matrix: how many, and exact sums over them."""

    shown: ShownNetwork
    layer: int
    hidden: Array

    @cached_property
    def edges(self) -> int:
        return int(np.count_nonzero(self.hidden))

    @property
    def weights(self) -> float:
        """Σ w."""
        return exact_sum(self.shown.network.weights[self.layer][self.hidden])

    @property
    def slopes(self) -> float:
        """Σ ∂C/∂w."""
        return exact_sum(self.shown.slopes(self.layer)[self.hidden])


@dataclass(frozen=True)
class ShownNetwork:
    """The network on one example, and what is asked for: what is lit, a layer in the middle, what edges are drawn by."""

    seen: View
    lit: list[Id]
    middle: int | None
    by_gradient: bool
    bias_units: bool
    most: int
    fixed: tuple[LayerColumn, ...] = ()  # the columns of a picture before this one
    focused: bool = False  # of a large layer nothing but what is lit, and of the next the most that it leads to

    @property
    def network(self) -> Network:
        return self.seen.network

    @property
    def how(self) -> Convention:
        return self.seen.how

    def values(self, layer: int) -> Array:
        """What the edges into a layer are drawn by: w, or ∂C/∂w, (out, in)."""
        return self.slopes(layer) if self.by_gradient else self.network.weights[layer]

    def slopes(self, layer: int) -> Array:
        """∂C/∂w of a layer, (out, in)."""
        return np.outer(self.seen.into_z[layer], self.seen.trace.a[layer - 1])

    def unit_values(self, layer: int) -> Array:
        """The same of the edges from the unit that stands for the biases, (out,)."""
        if self.by_gradient:
            return self.seen.into_z[layer]
        return np.broadcast_to(self.network.biases[layer], (self.network.sizes[layer],))

    @cached_property
    def layers(self) -> list[int]:
        """The layers that have a column."""
        last = self.network.depth
        if self.middle is not None:
            return list(range(self.middle - 1, min(self.middle + 1, last) + 1))
        if last < FEW_LAYERS:
            return list(range(last + 1))
        near = {l for id in self.lit for l in (id.layer - 1, id.layer, id.layer + 1)}
        return sorted({0, 1, last - 1, last} | {l for l in near if 0 <= l <= last})

    @cached_property
    def columns(self) -> list[LayerColumn]:
        """Layer by layer what is shown of it."""
        return list(self.fixed) or [
            LayerColumn(layer, *self._chosen(layer), self._unit_in(layer)) for layer in self.layers
        ]

    @property
    def large(self) -> bool:
        """Whether there are neurons that are not shown, in a picture of the whole network without its biases as units."""
        return self.middle is None and not self.bias_units and not all(map(self._whole, self.layers))

    def _unit_in(self, layer: int) -> bool:
        """Whether the unit stands in this column that is the next layer's biases."""
        return self.bias_units and layer + 1 in self.layers and self.network.biases[layer + 1].size > 0

    def _chosen(self, layer: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The neurons of a layer that are shown, those that are lit among them, and the others."""
        if self._whole(layer):
            return tuple(range(self.network.sizes[layer])), ()
        strength = self._strength(layer)
        for id in self.lit:
            if id.layer == layer:
                strength[id.neuron] = np.inf
            if id.kind == "w" and id.layer - 1 == layer:
                strength[id.source] = np.inf
        order = np.lexsort((-self._largest_weight(layer), -strength))  # of equals those with the largest weight
        most = (self.focused and int(np.isinf(strength).sum())) or self.most
        return tuple(sorted(map(int, order[:most]))), tuple(sorted(map(int, order[most:])))

    def _whole(self, layer: int) -> bool:
        """Whether all neurons of a layer are shown; "1 more" takes as much room as that one."""
        size = self.network.sizes[layer]
        return size <= (FEW if self.focused else self.most) + 1 or (
            layer == self.network.depth and size <= OUTPUTS and self.most >= FEW
        )

    def _strength(self, layer: int) -> Array:
        """What each neuron of a layer does on this example: the largest |w a| it sends on, or |δ|, each of its layer's largest.

        Of outputs |a| stands in place of |w a|. What is lit asks for its own part: |w a| into it, or |w δ| out of it.
        """
        above = [id.neuron for id in self.lit if id.layer == layer + 1]
        below = [id.neuron for id in self.lit if id.layer == layer - 1]
        if above:
            return np.asarray(self._sent(layer)[above].max(axis=0))
        if below:
            back = self._delta(layer)[:, None] * self.network.weights[layer]
            return np.abs(back[:, below]).max(axis=1)
        found = np.zeros(self.network.sizes[layer])
        if layer > 0:
            found = _of_largest(self._delta(layer))
        if layer < self.network.depth:
            return np.maximum(found, _of_largest(self._sent(layer).max(axis=0)))
        return np.maximum(found, _of_largest(np.abs(self.seen.trace.a[layer])))

    def _sent(self, layer: int) -> Array:
        """|w a| of what the neurons of a layer send to those of the next, (next, here)."""
        return np.abs(self.network.weights[layer + 1] * self.seen.trace.a[layer])

    def _delta(self, layer: int) -> Array:
        return np.abs(self.seen.into_z[layer])

    def _largest_weight(self, layer: int) -> Array:
        """The largest |w| at each neuron of a layer."""
        found, weights = np.zeros(self.network.sizes[layer]), self.network.weights
        if layer > 0:
            found = np.maximum(found, np.abs(weights[layer]).max(axis=1))
        if layer < self.network.depth:
            found = np.maximum(found, np.abs(weights[layer + 1]).max(axis=0))
        return found

    @cached_property
    def gaps(self) -> list[tuple[LayerColumn, LayerColumn]]:
        """Neighbouring columns with edges between them."""
        return [(a, b) for a, b in zip(self.columns, self.columns[1:]) if b.layer == a.layer + 1]

    @cached_property
    def edges(self) -> list[Edge]:
        """Every line between the columns."""
        return [edge for before, after in self.gaps for edge in self._between(before, after)]

    def _between(self, before: LayerColumn, after: LayerColumn) -> Iterator[Edge]:
        layer, values = after.layer, self.values(after.layer)
        if before.unit:
            values = np.column_stack([values, self.unit_values(layer)])  # UNIT_SOURCE, the last column
        for neuron in (*after.shown, *(REST,) * bool(after.rest)):
            to = list(after.rest) if neuron == REST else [neuron]
            for source in before.slots:
                lit, bundle = self._is_lit(layer, neuron, source), REST in (neuron, source)
                value = math.nan if bundle else float(values[neuron, source])
                if bundle and lit:
                    value = exact_sum(values[to][:, before.rest if source == REST else [source]])
                yield Edge(layer, neuron, source, value, lit, bundle)

    def _is_lit(self, layer: int, neuron: int, source: int) -> bool:
        for id in self.lit:
            into = id.layer == layer and id.neuron == neuron
            if id.kind == "z" and into:
                return True
            if id.kind == "w" and into and id.source == source:
                return True
            if id.kind == "b" and id.layer == layer and source == UNIT_SOURCE and (into or self.seen.shared(id)):
                return True
            onward = self.middle == id.layer and layer == id.layer + 1 and source == id.neuron
            if id.kind in "wb" and onward:
                return True
        return False

    @cached_property
    def not_drawn(self) -> dict[int, NotDrawn]:
        """The edges into each layer that have no line of their own; a layer whose edges all have one is left out."""
        found = {}
        for before, after in self.gaps:
            left = self.without(after.layer, np.ix_(after.shown, before.shown))
            if left.edges:
                found[after.layer] = left
        return found

    def without(self, layer: int, drawn: Any) -> NotDrawn:
        """The edges into a layer but for those at some places of its matrix."""
        hidden = np.ones(self.network.weights[layer].shape, bool)
        hidden[drawn] = False
        return NotDrawn(self, layer, hidden)

    def edge_symbol(self, layer: int) -> Formula:
        """w of a layer, or ∂C/∂w."""
        w = self.how.symbol("w", layer)
        return row("∂", self.how.letter, "/∂", w) if self.by_gradient else w

    def edge_name(self, edge: Edge) -> Formula:
        """The weight of an edge, or ∂C/∂w of it."""
        weight = self.seen.weight(edge.layer, edge.neuron, edge.source)
        return row("∂", self.how.letter, "/∂", weight) if self.by_gradient else weight


def _of_largest(sizes: Array) -> Array:
    """Sizes as shares of the largest."""
    largest = float(sizes.max())
    return sizes / largest if largest else np.zeros(len(sizes))


def lit_of(by: str | Id | Sequence[str | Id] | None, seen: View) -> list[Id]:
    """What is lit; a neuron is named by any quantity of its own."""
    given = [] if by is None else [by] if isinstance(by, (str, Id)) else list(by)
    found = [parse(each, seen.network.parameters) for each in given]
    for id in found:
        if id.kind in "Cx" or (id.kind == "a" and id.layer == 0):
            raise IdError(
                f"by={str(id)!r}: lit are weights w/l/j/k, biases b/l/j and neurons z/l/j, and no edge leads here"
            )
    return [id if id.kind in "wb" else Id("z", id.layer, id.neuron) for id in found]
