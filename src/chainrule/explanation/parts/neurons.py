"""Neurons as they are drawn: a above and δ below, or split into z and a (S4.7); all the others as one, biases as a unit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.shown_network import REST, UNIT_SOURCE, Edge, LayerColumn, Point, ShownNetwork
from chainrule.explanation.typeset import role_of
from chainrule.ids import Id, activation
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, width_of
from chainrule.writing.formula import row
from chainrule.writing.numbers import short

RADIUS, WIDE = 17.0, 36.0  # of a neuron, and of one that shows z and a
FILLED, RINGED = 0.55, 5.0  # opacity of the largest |a|, width of the largest |δ|
UNIT, HANGS = 26.0, 54.0  # the side of a bias drawn as a unit, and its room below a column


@dataclass(frozen=True)
class Neurons:
    """The neurons of what is shown, each drawn around the place it is given."""

    shown: ShownNetwork
    size: ClassVar[float] = RADIUS  # of a neuron
    reach: ClassVar[float] = RADIUS  # from the middle of all the others to their upper edge
    head_room: ClassVar[float] = 36.0  # for what stands above the tallest column

    @cached_property
    def above(self) -> float:
        """The room for what stands above each of them."""
        return 46.0 if any(b.size for b in self.shown.network.biases) and not self.shown.bias_units else 32.0

    def pitch(self, column: LayerColumn) -> float:
        """From neuron to neuron of a column."""
        return self.above + 2 * (WIDE if column.layer == self.shown.middle else RADIUS) + 26

    def tall(self, column: LayerColumn) -> float:
        """The height of a column, without the unit that hangs below it."""
        return self.pitch(column) * column.height

    def at(self, column: LayerColumn, slot: int) -> Point:
        """The middle of a neuron, of the others, or of the bias unit, from the upper end of the middle of its column."""
        if slot == UNIT_SOURCE:
            return 0.0, self.tall(column) + UNIT / 2 + 6
        pitch = self.pitch(column)
        return 0.0, pitch * column.slots.index(slot) + (pitch + self.above - 26) / 2

    def sides(self, column: LayerColumn) -> tuple[float, float]:
        """The room a column needs to its left, and more than others to its right."""
        return 46.0, 0.0

    def apart(self, before: LayerColumn, after: LayerColumn) -> float:
        """From one column to the next, further where more numbers are between them."""
        edges = len(before.slots) * min(self.shown.network.sizes[after.layer], self.shown.most)
        found = 160.0 if edges <= 4 else 190.0 if edges <= 12 else 230.0
        if after.layer > before.layer + 1:  # layers are left out in between
            found = 190.0
        return found + 50.0 * (self.shown.middle is not None) + 40.0 * self.shown.by_gradient

    def pictured(self, column: LayerColumn) -> bool:
        """Whether this is the input, drawn as a picture."""
        return False

    def leader(self, column: LayerColumn, slot: int, place: Point, to: Point) -> tuple[Point, Point] | None:
        """From where a line to `to` leaves a pixel to where it leaves the picture; None of a neuron."""
        return None

    def faint(self, edge: Edge) -> bool:
        """Whether an edge without a number is drawn at all."""
        return True

    def reading(self) -> list[str]:
        """How what is drawn beside numbers is read."""
        return ["neurons filled by |a|, ringed by |δ|"] if self.shown.middle is None else []

    def behind(self, column: LayerColumn, x: float, top: float) -> list[Element]:
        """What of a column stands behind the edges."""
        return []

    def half(self, column: LayerColumn, slot: int) -> float:
        """From the middle to where edges begin and end."""
        if slot == UNIT_SOURCE:
            return UNIT / 2
        if slot == REST:
            return _half_pill(column)
        return WIDE if column.layer == self.shown.middle else self.size

    def head(self, column: LayerColumn, x: float, top: float) -> Iterator[Element]:
        """What stands above a layer: its name, its activation, and the bias that all its neurons share."""
        layer = column.layer
        said = "input" if layer == 0 else f"layer {layer}"
        said = "output" if layer == self.shown.network.depth and self.shown.middle is None else said
        yield Label(x, top + 6, said, size=12.5, bold=True)
        if layer > 0:
            yield Label(x, top + 24, repr(self.shown.network.activations[layer]), "faint", 11)
            bias = self.shown.network.biases[layer]
            if bias.size == 1 and self.shown.network.sizes[layer] > 1 and not self.shown.bias_units:
                text = row(self.shown.how.symbol("b", layer), f" = {short(float(bias[0]))}")
                yield Label(x, top + 40, text, role_of(self.shown.how, "b"), 11)

    def draw(self, column: LayerColumn, slot: int, x: float, y: float) -> list[Element]:
        """A neuron of a column, all its others, or its unit."""
        if slot == UNIT_SOURCE:
            return self._unit(column, x, y)
        if slot == REST:
            return self._others(column, x, y)
        draw = self._split if column.layer == self.shown.middle else self._neuron
        return draw(column.layer, slot, x, y)

    def _neuron(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        seen, size = self.shown.seen, self.size
        found: list[Element] = [
            *self._disc(layer, j, x, y),
            Label(x, y, seen.a(layer, j), role_of(self.shown.how, "a"), 12),
            number_at(x, y - size - 9, seen.trace.a[layer][j], "forward", of=str(activation(layer, j))),
        ]
        if layer > 0:
            found.append(number_at(x, y + size + 10, seen.into_z[layer][j], "backward", of=f"d/{layer}/{j}"))
        found += self._bias(layer, j, x, y - size - 24)
        return [*found, *self._target(layer, j, x + size + 8, y)]

    def _disc(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        """A neuron filled by |a| and ringed by |δ|, as shares of the largest of all; beside split ones a plain ring."""
        if self.shown.middle is not None:
            return [self._ring(layer, j, x, y, self.size)]
        filled, ringed = self.shares[layer][j]
        role = "accent" if Id("z", layer, j) in self.shown.lit else "backward" if layer else "ink"
        ring = 1.0 + (RINGED - 1.0) * ringed
        return [
            Circle(x, y, self.size, role, "paper", ring, of=str(activation(layer, j))),
            *([Circle(x, y, self.size - ring / 2, "forward", "forward", 0.0, FILLED * filled)] if filled else []),
        ]

    def plain(self, column: LayerColumn) -> bool:
        """Whether the neurons of this layer are drawn as such."""
        return True

    @cached_property
    def shares(self) -> dict[int, list[tuple[float, float]]]:
        """|a| and |δ| of the neurons of each layer as shares of the largest in all layers; the inputs have no δ."""
        layers = [column.layer for column in self.shown.columns if self.plain(column)]
        a = _shares([self.shown.seen.trace.a[l] for l in layers])
        errors = _shares([self.shown.seen.into_z[l] if l else np.zeros_like(self.shown.seen.x) for l in layers])
        return {l: list(zip(*shares)) for l, *shares in zip(layers, a, errors)}

    def _split(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        """A neuron that shows z in its left half and a in its right one, with ∂C/∂z and ∂C/∂a below (S4.7)."""
        seen = self.shown.seen
        top, bottom = y - WIDE - 9, y + WIDE + 10
        return [
            self._ring(layer, j, x, y, WIDE),
            Line(((x, y - WIDE), (x, y + WIDE)), "ink", 1.0),
            Label(x - WIDE / 2, y, seen.letter("z", layer, j), role_of(self.shown.how, "z"), 13),
            Label(x + WIDE / 2, y, seen.a(layer, j), role_of(self.shown.how, "a"), 13),
            number_at(x - 5, top, seen.trace.z[layer][j], "forward", "end", of=f"z/{layer}/{j}"),
            number_at(x + 5, top, seen.trace.a[layer][j], "forward", "start", of=str(activation(layer, j))),
            number_at(x - 5, bottom, seen.into_z[layer][j], "backward", "end", of=f"d/{layer}/{j}"),
            number_at(x + 5, bottom, seen.into_a[layer][j], "backward", "start", of=str(activation(layer, j))),
            *self._bias(layer, j, x, top - 15),
            *self._target(layer, j, x + WIDE + 8, y),
        ]

    def _ring(self, layer: int, j: int, x: float, y: float, radius: float) -> Circle:
        """The outline of a neuron."""
        role, width = ("accent", 2.4) if Id("z", layer, j) in self.shown.lit else ("ink", 1.1)
        return Circle(x, y, radius, role, "paper", width, of=str(activation(layer, j)))

    def _bias(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        """The bias as a number above its neuron; one for the whole layer stands at its head."""
        network, lit = self.shown.network, Id("b", layer, j) in self.shown.lit
        if layer == 0 or self.shown.bias_units or network.biases[layer].size != network.sizes[layer]:
            return []
        text, role = f"b = {short(float(network.biases[layer][j]))}", role_of(self.shown.how, "b", "faint")
        return [Label(x, y, text, "accent" if lit else role, 10.5, bold=lit, halo=True, of=f"b/{layer}/{j}")]

    def _target(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        if layer < self.shown.network.depth:
            return []
        text = row(self.shown.seen.target(j), f" = {short(float(self.shown.seen.y[j]))}")
        return [Label(x, y, text, role_of(self.shown.how, "y", "faint"), 11.5, "start")]

    def _others(self, column: LayerColumn, x: float, y: float) -> list[Element]:
        """All neurons that are not shown: how many, Σ a above and Σ δ below."""
        rest, layer, seen = list(column.rest), column.layer, self.shown.seen
        found: list[Element] = [
            Rect(x - _half_pill(column), y - 12, 2 * _half_pill(column), 24, "faint", "panel", 0.9, 12),
            Label(x, y, _more(column), "ink", 10.5),
            number_at(x, y - self.reach - 9, exact_sum(seen.trace.a[layer][rest]), "forward", sign="Σ "),
        ]
        if layer > 0:
            found.append(number_at(x, y + self.reach + 10, exact_sum(seen.into_z[layer][rest]), "backward", sign="Σ "))
        return found

    def _unit(self, column: LayerColumn, x: float, y: float) -> list[Element]:
        """A square that is always 1: the biases of the next layer are the weights of its edges."""
        half, how = UNIT / 2, self.shown.how
        return [
            Rect(x - half, y - half, UNIT, UNIT, "ink", "paper", 1.1, 2),
            Label(x, y, "1", size=12),
            Label(x, y + half + 10, how.symbol("b", column.layer + 1), role_of(how, "b", "faint"), 11),
        ]


def _shares(values: list[np.ndarray]) -> list[list[float]]:
    """|values| as shares of the largest of all; 0 where that is 0, or not finite."""
    sizes = [np.abs(each).tolist() for each in values]
    largest = max(map(max, sizes), default=0.0)
    usual = largest > 0 and all(math.isfinite(size) for each in sizes for size in each)
    return [[size / largest if usual else 0.0 for size in each] for each in sizes]


def number_at(
    x: float, y: float, value: float, role: str, anchor: str = "middle", sign: str = "", of: str = ""
) -> Label:
    """A number above or below a neuron, on paper; a cost without a slope at its output has none there."""
    text = "—" if math.isnan(value) else sign + short(float(value))
    return Label(x, y, text, role, 11.5, anchor, slanted=role == "backward", halo=True, of=of)


def _more(column: LayerColumn) -> str:
    return f"{len(column.rest):,} more"


def _half_pill(column: LayerColumn) -> float:
    """Half the width of the shape that stands for all others."""
    return max(26.0, width_of(_more(column), 10.5) / 2 + 5)
