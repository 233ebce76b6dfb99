"""A network as columns of neurons: a above and δ below each one, edges as wide as |w| or |∂C/∂w|, sign by hue and in print.

What is lit stands out: one weight, or the edges into a neuron with its row of W (S4.3, S4.4), or a weight between three layers
whose middle neurons show z and a (S4.7). A large layer shows its strongest neurons, and exact sums of the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.errors import IdError, SettingError, unknown_name
from chainrule.explanation.document import Factor
from chainrule.explanation.numbers import factor_numbers, number, short
from chainrule.explanation.scene import Box, Circle, Element, Label, Line, Rect, Scene, width_of
from chainrule.explanation.shown import whole_number
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View, view
from chainrule.ids import Id, parse
from chainrule.network import Network, as_network
from chainrule.notation import Formula, Row, Symbol, Transposed, inline, joined, row

Array = np.ndarray
EDGES = ("weight", "gradient")
MOST = 64  # neurons of a layer
MARGIN, TOP = 28.0, 84.0
RADIUS, WIDE = 17.0, 36.0  # of a neuron, and of one that shows z and a
CELL = 20.0  # from line to line of a matrix
UNIT = 26.0  # the side of a bias drawn as a unit
THIN, THICK = 0.7, 5.5  # lines, by size
WHOLE = 24  # edges between two layers that may all be printed
FEW_LAYERS = 7  # columns without a gap
PLACES = tuple(
    0.5 + side * 0.06 * i for i in range(7) for side in ((1, -1) if i else (1,))
)  # of a number along its edge
UNIT_SOURCE, REST = -1, -2  # in place of a neuron: the bias as a unit, and all the others


@dataclass(frozen=True)
class Edge:
    """A line from `source` of the layer before to `neuron` of `layer`; either may stand for all the others."""

    layer: int
    neuron: int
    source: int
    value: float
    lit: bool

    @property
    def bundle(self) -> bool:
        return REST in (self.neuron, self.source)


@dataclass(frozen=True)
class Column:
    """A layer: the neurons that are shown, the others, and whether the next layer's biases stand below them as a unit."""

    layer: int
    shown: tuple[int, ...]
    rest: tuple[int, ...]
    unit: bool
    x: float

    @property
    def slots(self) -> tuple[int, ...]:
        """What stands below each other."""
        return self.shown + (REST,) * bool(self.rest) + (UNIT_SOURCE,) * self.unit


def network_figure(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
    by: str | Id | Sequence[str | Id] | None = None,
    layer: int | None = None,
    edges: str = "weight",
    bias_units: bool = False,
    most: int = 8,
) -> Scene:
    """The network on one example x (in,), y (out,) or its label, forward and backward.

    by          what is lit: "w/2/0/1", a bias, or neurons as "z/1/2", one or several; a single neuron has its row of W below
    layer       this layer and its neighbours alone, its neurons split into z and a (S4.7)
    edges       "weight" or "gradient": what their width and numbers are
    bias_units  biases as edges from a square unit of the layer before, which is always 1 (S4.7)
    most        neurons of a layer that are shown where there are more, the strongest

    Raises IdError for a quantity or layer that is not there, UnknownNameError for other edges.
    """
    how = as_convention(convention)
    as_network(network, "network_figure(network, x, y)")
    if edges not in EDGES:
        raise unknown_name("edges", edges, EDGES)
    if most > MOST:
        raise SettingError(f"most={most}: at most {MOST} neurons of a layer are drawn, nobody could read more")
    seen = view(network, x, y, how.cost_for(network, cost), Id("C"), how)
    if layer is not None and (isinstance(layer, bool) or layer not in range(1, seen.network.depth + 1)):
        raise IdError(f"layer={layer!r}: the layer in the middle is one of 1…{seen.network.depth}")
    lit = _lit(by, seen)
    for id in lit:
        if layer is not None and id.layer not in (layer, layer + 1):
            raise IdError(f"by={str(id)!r}: no edge of it is shown around layer={layer}; give layer={id.layer}")
    return _Picture(seen, lit, layer, edges, bias_units, whole_number(most, "most")).scene()


def _lit(by: str | Id | Sequence[str | Id] | None, seen: View) -> list[Id]:
    """What is lit; a neuron is named by any quantity of its own."""
    given = [] if by is None else [by] if isinstance(by, (str, Id)) else list(by)
    found = [parse(each, seen.network.parameters) for each in given]
    for id in found:
        if id.kind in "Cx" or (id.kind == "a" and id.layer == 0):
            raise IdError(
                f"by={str(id)!r}: lit are weights w/l/j/k, biases b/l/j and neurons z/l/j, and no edge leads here"
            )
    return [id if id.kind in "wb" else Id("z", id.layer, id.neuron) for id in found]


class _Picture:
    """The columns, the edges between them, and what is printed at each."""

    def __init__(self, seen: View, lit: list[Id], middle: int | None, edges: str, bias_units: bool, most: int) -> None:
        self.seen, self.lit, self.middle, self.most = seen, lit, middle, most
        self.network, self.how = seen.network, seen.how
        self.by_gradient, self.bias_units = edges == "gradient", bias_units
        self.above = 46.0 if any(b.size for b in self.network.biases) and not bias_units else 32.0
        self.columns = self._columns()
        self.edges = [edge for before, after in self._gaps() for edge in self._edges(before, after)]
        sizes = [abs(edge.value) for edge in self.edges if not edge.bundle]
        self.largest = max(sizes, default=0.0)
        self.height = self.pitch * max(len(column.slots) for column in self.columns)
        self.ends = {edge: self._ends(edge) for edge in self.edges}
        self.wanted = self._wanted()
        self.taken: list[Box] = []

    # what is shown ---------------------------------------------------------------------------------------------------
    def values(self, layer: int) -> Array:
        """What the edges into a layer are drawn by: w, or ∂C/∂w, (out, in)."""
        if self.by_gradient:
            return np.outer(self.seen.into_z[layer], self.seen.trace.a[layer - 1])
        return self.network.weights[layer]

    def unit_values(self, layer: int) -> Array:
        """The same of the edges from the unit that stands for the biases, (out,)."""
        if self.by_gradient:
            return self.seen.into_z[layer]
        return np.broadcast_to(self.network.biases[layer], (self.network.sizes[layer],))

    def _layers(self) -> list[int]:
        """The layers that have a column."""
        last = self.network.depth
        if self.middle is not None:
            return list(range(self.middle - 1, min(self.middle + 1, last) + 1))
        if last < FEW_LAYERS:
            return list(range(last + 1))
        near = {l for id in self.lit for l in (id.layer - 1, id.layer, id.layer + 1)}
        return sorted({0, 1, last - 1, last} | {l for l in near if 0 <= l <= last})

    def _columns(self) -> list[Column]:
        found: list[Column] = []
        x = MARGIN + 46.0
        for before, layer in zip([None, *self._layers()], self._layers()):
            if before is not None:
                shown = len(found[-1].slots) * min(self.network.sizes[layer], self.most)
                x += 190.0 if layer > before + 1 else 160.0 if shown <= 4 else 190.0 if shown <= 12 else 230.0
                x += 50.0 * (self.middle is not None) + 40.0 * self.by_gradient
            following = (
                layer + 1 in self._layers() and self.network.biases[layer + 1].size > 0
                if layer < self.network.depth
                else False
            )
            found.append(Column(layer, *self._chosen(layer), self.bias_units and following, x))
        return found

    def _chosen(self, layer: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The neurons of a layer that are shown, those that are lit among them, and the others."""
        size = self.network.sizes[layer]
        if size <= self.most + 1:  # "1 more" takes as much room as that one
            return tuple(range(size)), ()
        strength = self._strength(layer)
        for id in self.lit:
            if id.layer == layer:
                strength[id.neuron] = np.inf
            if id.kind == "w" and id.layer - 1 == layer:
                strength[id.source] = np.inf
        order = np.argsort(-strength, kind="stable")
        return tuple(sorted(map(int, order[: self.most]))), tuple(sorted(map(int, order[self.most :])))

    def _strength(self, layer: int) -> Array:
        """By which neurons are chosen: their largest edge, into what is lit where something is."""
        above = [id.neuron for id in self.lit if id.layer == layer + 1]
        below = [id.neuron for id in self.lit if id.layer == layer - 1]
        if above:
            return np.abs(self.values(layer + 1)[above]).max(axis=0)
        if below:
            return np.abs(self.values(layer)[:, below]).max(axis=1)
        found = np.zeros(self.network.sizes[layer])
        if layer > 0:
            found = np.maximum(found, np.abs(self.values(layer)).max(axis=1))
        if layer < self.network.depth:
            found = np.maximum(found, np.abs(self.values(layer + 1)).max(axis=0))
        return found

    def _gaps(self) -> list[tuple[Column, Column]]:
        """Neighbouring columns with edges between them."""
        return [(a, b) for a, b in zip(self.columns, self.columns[1:]) if b.layer == a.layer + 1]

    def _edges(self, before: Column, after: Column) -> Iterator[Edge]:
        layer, values = after.layer, self.values(after.layer)
        for neuron in (*after.shown, *(REST,) * bool(after.rest)):
            to = list(after.rest) if neuron == REST else [neuron]
            for source in before.slots:
                if source == UNIT_SOURCE:
                    terms = self.unit_values(layer)[to]
                else:
                    terms = values[np.ix_(to, list(before.rest) if source == REST else [source])]
                yield Edge(layer, neuron, source, math.fsum(terms.ravel()), self._is_lit(layer, neuron, source))

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

    # places ----------------------------------------------------------------------------------------------------------
    def _radius(self, column: Column) -> float:
        return WIDE if column.layer == self.middle else RADIUS

    @property
    def pitch(self) -> float:
        """From neuron to neuron."""
        return self.above + 2 * (WIDE if self.middle is not None else RADIUS) + 26

    @property
    def top(self) -> float:
        return TOP + 36.0

    def place(self, column: Column, slot: int) -> tuple[float, float]:
        """The middle of a neuron, of the others, or of the bias unit."""
        free = (self.height - self.pitch * len(column.slots)) / 2
        i = column.slots.index(slot)
        return column.x, self.top + free + self.pitch * i + (self.pitch + self.above - 26) / 2

    def _half(self, column: Column, slot: int) -> float:
        """From the middle to where edges begin and end."""
        if slot == UNIT_SOURCE:
            return UNIT / 2
        return _half_pill(column) if slot == REST else self._radius(column)

    # the picture -----------------------------------------------------------------------------------------------------
    def scene(self) -> Scene:
        neurons = [element for column in self.columns for element in self._column(column)]
        self.taken = [_box(element) for element in neurons if not isinstance(element, Line)]
        lines, numbers = self._wires()
        bottom = self.top + self.height + 8
        sums = self._sums(bottom)
        if sums:
            bottom = max(label.box.bottom for label in sums) + 12
        legend, bottom = self._legend(bottom + 16)
        elements = [*self._head(), *lines, *neurons, *numbers, *sums, *legend]
        below = self._below(bottom)
        elements += below
        boxes = [each.box for each in elements if isinstance(each, Label)]
        boxes += [_box(each) for each in elements if isinstance(each, Rect)]
        width = max(box.right for box in boxes) + MARGIN
        height = max(max(box.bottom for box in boxes), bottom) + MARGIN - 8
        return Scene(width, height, tuple(elements), str(self._heading()), self._says(), self._table(), "network")

    def _heading(self) -> Row:
        sizes = "-".join(map(str, self.network.sizes))
        head = f"The network {sizes}" if self.middle is None else f"Layer {self.middle} of the network {sizes}"
        names = [self.seen.quantity(id) for id in self.lit]
        return row(head, ": " if names else " on one example", joined(names, ", "))

    def _head(self) -> list[Element]:
        cost = short(self._cost(), 6)
        words = f"{self.network.activations_text()}, {self.how.letter} = {cost}"
        return [
            Label(MARGIN, 32, self._heading(), size=16, anchor="start", bold=True),
            Label(MARGIN, 56, words, "faint", 11.5, "start"),
        ]

    def _cost(self) -> float:
        seen = self.seen
        given = seen.trace.z if seen.pair.of == "z" else seen.trace.a
        return float(seen.pair.value(given[self.network.depth][None], seen.y[None])[0])

    # neurons ---------------------------------------------------------------------------------------------------------
    def _column(self, column: Column) -> list[Element]:
        """A layer's head, its neurons with their numbers, the others, the unit for the biases above it."""
        found: list[Element] = list(self._column_head(column))
        for slot in column.slots:
            x, y = self.place(column, slot)
            if slot == UNIT_SOURCE:
                found += self._unit(column, x, y)
            elif slot == REST:
                found += self._others(column, x, y)
            elif column.layer == self.middle:
                found += self._split(column.layer, slot, x, y)
            else:
                found += self._neuron(column.layer, slot, x, y)
        return found

    def _column_head(self, column: Column) -> Iterator[Element]:
        layer, x = column.layer, column.x
        said = "input" if layer == 0 else f"layer {layer}"
        said = "output" if layer == self.network.depth and self.middle is None else said
        yield Label(x, TOP + 6, said, size=12.5, bold=True)
        if layer > 0:
            yield Label(x, TOP + 24, repr(self.network.activations[layer]), "faint", 11)
            bias = self.network.biases[layer]
            if bias.size == 1 and self.network.sizes[layer] > 1 and not self.bias_units:
                yield Label(
                    x,
                    TOP + 40,
                    row(self.how.symbol("b", layer), f" = {short(float(bias[0]))}"),
                    role_of(self.how, "b"),
                    11,
                )

    def _neuron(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        seen = self.seen
        lit = Id("z", layer, j) in self.lit
        found: list[Element] = [
            Circle(x, y, RADIUS, "accent" if lit else "ink", "paper", 2.4 if lit else 1.1),
            Label(x, y, seen.a(layer, j), role_of(self.how, "a"), 12),
            Label(x, y - RADIUS - 9, short(float(seen.trace.a[layer][j])), "forward", 11.5, halo=True),
        ]
        if layer > 0:
            delta = short(float(seen.into_z[layer][j]))
            found.append(Label(x, y + RADIUS + 10, delta, "backward", 11.5, slanted=True, halo=True))
        found += self._bias(layer, j, x, y - RADIUS - 24)
        return [*found, *self._target(layer, j, x + RADIUS + 8, y)]

    def _split(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        """A neuron that shows z in its left half and a in its right one, with ∂C/∂z and ∂C/∂a below (S4.7)."""
        seen = self.seen
        lit = any(id.kind == "z" and id == Id("z", layer, j) for id in self.lit)
        top, bottom = y - WIDE - 9, y + WIDE + 10
        of_a = self._printed(float(seen.into_a[layer][j]))
        return [
            Circle(x, y, WIDE, "accent" if lit else "ink", "paper", 2.4 if lit else 1.1),
            Line(((x, y - WIDE), (x, y + WIDE)), "ink", 1.0),
            Label(x - WIDE / 2, y, seen.letter("z", layer, j), role_of(self.how, "z"), 13),
            Label(x + WIDE / 2, y, seen.a(layer, j), role_of(self.how, "a"), 13),
            Label(x - 5, top, short(float(seen.trace.z[layer][j])), "forward", 11.5, "end"),
            Label(x + 5, top, short(float(seen.trace.a[layer][j])), "forward", 11.5, "start"),
            Label(x - 5, bottom, short(float(seen.into_z[layer][j])), "backward", 11.5, "end", slanted=True),
            Label(x + 5, bottom, of_a, "backward", 11.5, "start", slanted=True),
            *self._bias(layer, j, x, top - 15),
            *self._target(layer, j, x + WIDE + 8, y),
        ]

    def _printed(self, value: float) -> str:
        return "—" if math.isnan(value) else short(value)

    def _bias(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        """The bias as a number above its neuron; one for the whole layer stands at its head."""
        if layer == 0 or self.bias_units or self.network.biases[layer].size != self.network.sizes[layer]:
            return []
        lit = Id("b", layer, j) in self.lit
        text = f"b = {short(float(self.network.biases[layer][j]))}"
        return [Label(x, y, text, "accent" if lit else role_of(self.how, "b", "faint"), 10.5, bold=lit, halo=True)]

    def _target(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        if layer < self.network.depth:
            return []
        text = row(self.seen.target(j), f" = {short(float(self.seen.y[j]))}")
        return [Label(x, y, text, role_of(self.how, "y", "faint"), 11.5, "start")]

    def _others(self, column: Column, x: float, y: float) -> list[Element]:
        """All neurons that are not shown: how many, Σ a above and Σ δ below."""
        rest, layer = list(column.rest), column.layer
        sum_a = math.fsum(self.seen.trace.a[layer][rest])
        found: list[Element] = [
            Rect(x - _half_pill(column), y - 12, 2 * _half_pill(column), 24, "faint", "panel", 0.9, 12),
            Label(x, y, _more(column), "ink", 10.5),
            Label(x, y - RADIUS - 9, f"Σ {short(sum_a)}", "forward", 11.5),
        ]
        if layer > 0:
            sum_delta = math.fsum(self.seen.into_z[layer][rest])
            found.append(Label(x, y + RADIUS + 10, f"Σ {short(sum_delta)}", "backward", 11.5, slanted=True))
        return found

    def _unit(self, column: Column, x: float, y: float) -> list[Element]:
        """A square that is always 1: the biases of the next layer are the weights of its edges."""
        half = UNIT / 2
        return [
            Rect(x - half, y - half, UNIT, UNIT, "ink", "paper", 1.1, 2),
            Label(x, y, "1", size=12),
            Label(x, y + half + 10, self.how.symbol("b", column.layer + 1), role_of(self.how, "b", "faint"), 11),
        ]

    # edges -----------------------------------------------------------------------------------------------------------
    def _wires(self) -> tuple[list[Element], list[Element]]:
        """The edges, and the numbers on them: whatever has a hue has its number, sign and all."""
        lines: list[Element] = []
        numbers: list[Element] = []
        order = sorted(self.edges, key=lambda edge: (edge.lit, not edge.bundle, abs(edge.value)))
        printed: set[Edge] = set()
        for edge in reversed(order):
            if edge in self.wanted:
                label = self._number(edge)
                if label is not None:
                    numbers += [_paper(label), label]
                    printed.add(edge)
        for edge in order:
            lines.append(self._line(edge, edge in printed))
        return [*self._ellipses(), *lines], numbers

    def _wanted(self) -> set[Edge]:
        """The edges that are to have a number: those lit, or all of a few, or the strongest."""
        if self.lit:
            return {edge for edge in self.edges if edge.lit}
        found: set[Edge] = set()
        for _, after in self._gaps():
            here = [edge for edge in self.edges if edge.layer == after.layer and not edge.bundle]
            whole = len(here) <= WHOLE and not any(column.rest for column in self.columns)
            here.sort(key=lambda edge: -abs(edge.value))
            found.update(here if whole else here[: self.most])
        return found

    def _ends(self, edge: Edge) -> tuple[tuple[float, float], tuple[float, float]]:
        before, after = next(gap for gap in self._gaps() if gap[1].layer == edge.layer)
        x, y = self.place(before, edge.source)
        to, down = self.place(after, edge.neuron)
        return (x + self._half(before, edge.source), y), (to - self._half(after, edge.neuron), down)

    def _line(self, edge: Edge, printed: bool) -> Line:
        size = abs(edge.value) / self.largest if self.largest and not edge.bundle else 0.0
        width = THIN + (THICK - THIN) * size
        role = _hue(edge.value) if printed else "faint"
        quiet = 0.13 if self.lit and size else 0.22
        return Line(self.ends[edge], role, width, self.by_gradient, opacity=0.9 if printed else quiet)

    def _number(self, edge: Edge) -> Label | None:
        """The number of an edge, on it, where no label stands and the fewest other edges pass; None without a place."""
        (x, y), (to, down) = self.ends[edge]
        value = ("Σ " if edge.bundle else "") + short(edge.value, 4 if edge.lit else 3)
        texts = [row(self._edge_name(edge), f" = {value}")] * self._named(edge) + [row(value)]
        for text in texts:
            free: list[tuple[int, Label]] = []
            for t in PLACES:
                at = (x + t * (to - x), y + t * (down - y))
                label = Label(*at, text, _hue(edge.value), 10.5, slanted=self.by_gradient, bold=edge.lit)
                box = label.box
                if not any(box.overlaps(other, 1.0) for other in self.taken):
                    free.append((self._crossed(edge, box), label))
            if free:
                best = min(free, key=lambda place: place[0])[1]
                self.taken.append(best.box)
                return best
        return None

    def _crossed(self, edge: Edge, box: Box) -> int:
        """How many other edges that are to have a number pass through a box."""
        count = 0
        for other in self.wanted:
            if other.layer == edge.layer and other != edge:
                (x, y), (to, down) = self.ends[other]
                heights = sorted(y + (down - y) * (side - x) / (to - x) for side in (box.left, box.right))
                count += heights[0] < box.bottom and box.top < heights[1]
        return count

    def _named(self, edge: Edge) -> bool:
        """True for a weight that is lit by its own name."""
        return Id("w", edge.layer, edge.neuron, edge.source) in self.lit

    def _edge_name(self, edge: Edge) -> Formula:
        weight = self.seen.weight(edge.layer, edge.neuron, edge.source)
        return row("∂", self.how.letter, "/∂", weight) if self.by_gradient else weight

    def _ellipses(self) -> list[Element]:
        """Three dots where layers are left out."""
        found: list[Element] = []
        for a, b in zip(self.columns, self.columns[1:]):
            if b.layer > a.layer + 1:
                x, y = (a.x + b.x) / 2, self.top + self.height / 2
                found += [Circle(x + 12 * i, y, 2.2, "faint", "faint", 0) for i in (-1, 0, 1)]
                left_out = b.layer - a.layer - 1
                found.append(Label(x, y + 20, f"{left_out} more layer" + ("s" if left_out > 1 else ""), "faint", 11))
        return found

    def _sums(self, y: float) -> list[Label]:
        """How many edges are not drawn one by one, and what they come to."""
        found: list[Label] = []
        for before, after in self._gaps():
            count, total = self.not_drawn(before, after)
            if count:
                text = row(f"{count:,} more ", self._edge_symbol(after.layer), f", Σ = {short(total)}")
                label = Label((before.x + after.x) / 2, y + 10, text, "faint", 11)
                found.append(
                    label if not found or not found[-1].box.overlaps(label.box, 8) else replace(label, y=y + 27)
                )
        return found

    def not_drawn(self, before: Column, after: Column) -> tuple[int, float]:
        """The edges between two columns that have no line of their own: how many, and their exact sum."""
        values = self.values(after.layer)
        hidden = _hidden(values, before, after)
        return int(hidden.sum()), math.fsum(values[hidden])

    def _edge_symbol(self, layer: int) -> Formula:
        w = self.how.symbol("w", layer)
        return row("∂", self.how.letter, "/∂", w) if self.by_gradient else w

    # below -----------------------------------------------------------------------------------------------------------
    def _legend(self, y: float) -> tuple[list[Element], float]:
        """What stands where, in two lines."""
        how = self.how
        split = self.middle is not None
        of_w: Formula = row("|∂", how.letter, "/∂w|") if self.by_gradient else row("|w|")
        z, slope = f", {how.input_word} z" if split else "", row("∂", how.letter, "/∂z")
        lines: list[list[tuple[Formula, str, bool]]] = [
            [
                (row(f"above: {how.activation_word} a{z}"), "forward", False),
                (
                    row(f"below: {how.word} δ = ", slope, *((", ∂", how.letter, "/∂a") if split else ())),
                    "backward",
                    True,
                ),
            ],
            [
                (row("edges as wide as ", of_w, f", up to {short(self.largest, 3)}"), "ink", False),
                (row("positive"), "positive", False),
                (row("negative"), "negative", False),
            ],
        ]
        found: list[Element] = []
        for i, line in enumerate(lines):
            x = MARGIN
            for text, role, slanted in line:
                found.append(Label(x, y + 19 * i, text, role, 11.5, "start", slanted=slanted))
                x += width_of(text, 11.5) + 8
        return found, y + 31

    def _below(self, y: float) -> list[Element]:
        """The row of W of the one neuron that is lit, or the product of the one weight that is."""
        if len(self.lit) != 1:
            return []
        id = self.lit[0]
        if id.kind == "z":
            return _MatrixRow(self.seen, id, *self._rows_and_columns(id)).elements(MARGIN, y + 34)
        return [Label(MARGIN, y + 34, self._derivative(id), "backward", 14, "start", slanted=True)]

    def _rows_and_columns(self, id: Id) -> tuple[Column, Column]:
        before, after = next(gap for gap in self._gaps() if gap[1].layer == id.layer)
        return before, after

    def _derivative(self, id: Id) -> Formula:
        """∂C/∂w = δ_out a_in, and in the picture of three layers where that δ comes from (S4.9)."""
        seen, value = self.seen, self.seen.value(id)
        left = inline(seen.by(id))
        if seen.shared(id):
            return row(left, " = Σ ", self.how.symbol("δ", id.layer), f" = {number(value)}")
        factors = [*self._error(id), *([seen.incoming(id)] if id.kind == "w" else [])]
        symbols = joined([factor.symbol for factor in factors], " ")
        numbers = " ".join(f"({text})" for text in factor_numbers(factors, value))
        return row(left, " = ", symbols, f" = {numbers}" if len(factors) > 1 else "", f" = {number(value)}")

    def _error(self, id: Id) -> list[Factor]:
        """δ of a neuron, or of the layer in the middle Σ_m δ_m w_mk and σ′(z)."""
        seen, layer = self.seen, id.layer
        whole = layer == self.network.depth or self.network.activations[layer].full_slope
        if self.middle != layer or whole:
            return [seen.error(layer, id.neuron)]
        terms = row(seen.letter("δ", layer + 1, "m"), " ", seen.weight(layer + 1, "m", id.neuron))
        onward = terms if seen.bare else row("(", Symbol("Σ", below="m"), " ", terms, ")")
        return [Factor(onward, float(seen.into_a[layer][id.neuron])), seen.slope(layer, id.neuron)]

    # words and numbers -----------------------------------------------------------------------------------------------
    def _says(self) -> str:
        letter, how = self.how.letter, self.how
        layers = ", ".join(
            f"{'the input' if c.layer == 0 else f'layer {c.layer}'} with {self.network.sizes[c.layer]:,}"
            + (f" ({len(c.shown)} shown)" if c.rest else "")
            for c in self.columns
        )
        drawn = [edge for edge in self.edges if not edge.bundle and edge.source != UNIT_SOURCE]
        widest = max(drawn, key=lambda edge: abs(edge.value))
        says = (
            f"Columns of neurons from left to right: {layers}. Above each neuron its {how.activation_word}, below it its "
            f"{how.word} δ. Edges are as wide as {f'|∂{letter}/∂w|' if self.by_gradient else '|w|'}; the widest is "
            f"{self._edge_name(widest)} = {number(widest.value)}. {letter} = {number(self._cost())}."
        )
        if not self.lit:
            return says
        names = ", ".join(str(self.seen.quantity(id)) for id in self.lit)
        return f"{says} Lit: {names}, {sum(edge.lit for edge in self.edges)} edges."

    def _table(self) -> tuple[tuple[str, ...], ...]:
        """Every quantity that is shown with its value and ∂C by it, and the exact sums of those that are not."""
        rows: list[tuple[str, ...]] = [("quantity", "value", f"∂{self.how.letter}/∂ of it")]
        for column in self.columns:
            rows += self._neuron_rows(column)
        for before, after in self._gaps():
            rows += self._edge_rows(before, after)
        return tuple(rows)

    def _neuron_rows(self, column: Column) -> Iterator[tuple[str, ...]]:
        seen, layer, rest = self.seen, column.layer, list(column.rest)
        for j in column.shown:
            for id in self._of_neuron(layer, j):
                yield str(seen.quantity(id)), number(self._value(id)), _cell([seen.value(id)])
        if rest:
            sums = [("a", seen.trace.a[layer], seen.into_a[layer])]
            sums += [("z", seen.trace.z[layer], seen.into_z[layer])] if layer else []
            for letter, values, slopes in sums:
                yield (
                    f"{len(rest):,} more {self.how.symbol(letter, layer)}, Σ",
                    _cell(values[rest]),
                    _cell(slopes[rest]),
                )

    def _edge_rows(self, before: Column, after: Column) -> Iterator[tuple[str, ...]]:
        seen, layer = self.seen, after.layer
        w, slopes = self.network.weights[layer], np.outer(seen.into_z[layer], seen.trace.a[before.layer])
        for j in after.shown:
            for k in before.shown:
                yield str(seen.weight(layer, j, k)), number(float(w[j, k])), number(float(slopes[j, k]))
        hidden = _hidden(w, before, after)
        if hidden.any():
            name = f"{int(hidden.sum()):,} more {self.how.symbol('w', layer)}, Σ"
            yield name, number(math.fsum(w[hidden])), number(math.fsum(slopes[hidden]))

    def _of_neuron(self, layer: int, j: int) -> list[Id]:
        if layer == 0:
            return [Id("x", 0, j)]
        size = self.network.biases[layer].size
        bias = [Id("b", layer, j)] if size == self.network.sizes[layer] or (size and j == 0) else []
        return [*bias, Id("z", layer, j), Id("a", layer, j)]

    def _value(self, id: Id) -> float:
        if id.kind == "b":
            return float(self.network.biases[id.layer][id.neuron])
        return float((self.seen.trace.z if id.kind == "z" else self.seen.trace.a)[id.layer][id.neuron])


@dataclass(frozen=True)
class _Block:
    """A matrix or vector: the sign before it, its name, its cells, and whether the neuron has a line in it."""

    sign: str
    name: Formula
    cells: list[list[str]]
    made: bool

    def turned(self) -> _Block:
        return _Block(self.sign, self.name, [list(line) for line in zip(*self.cells)], self.made)


@dataclass(frozen=True)
class _MatrixRow:
    """z = W a + b with one neuron's row of W lit (S4.3); of large layers the neurons that the figure shows."""

    seen: View
    id: Id
    before: Column
    after: Column

    def elements(self, x: float, y: float) -> list[Element]:
        blocks = self._blocks()
        wide = max(width_of(text, 11) for block in blocks for line in block.cells for text in line) + 14
        tall = CELL * max(len(block.cells) for block in blocks)
        middle = y + 24 + tall / 2
        found: list[Element] = []
        for block in blocks:
            across, down = wide * len(block.cells[0]), CELL * len(block.cells)
            if block.sign:
                found.append(Label(x + 10, middle, block.sign, size=14))
                x += 26
            top = middle - down / 2
            found.append(Label(x + across / 2, top - 17, block.name, size=13))
            found += self._lit(block, x, top, wide)
            found += _brackets(x, top, across, down)
            for i, line in enumerate(block.cells):
                for k, text in enumerate(line):
                    role = "faint" if block.made and (k if self._turned else i) != self._place else "ink"
                    found.append(Label(x + wide * (k + 0.5), top + CELL * (i + 0.5), text, role, 11))
            x += across + 12
        return [*found, *self._rest(MARGIN, middle + tall / 2 + 24)]

    @property
    def _turned(self) -> bool:
        return self.seen.how.orientation == "rows"

    @property
    def _place(self) -> int:
        """Where the lit neuron stands among those shown."""
        return self.after.shown.index(self.id.neuron)

    def _blocks(self) -> list[_Block]:
        """z = W a + b, or of an author who writes rows z = a Wᵀ + b."""
        seen, how, layer = self.seen, self.seen.how, self.id.layer
        rows, columns = list(self.after.shown), list(self.before.shown)
        weights, bias = seen.network.weights[layer], seen.network.biases[layer]
        dots = ["…"] * bool(self.before.rest)
        matrix = [[short(float(weights[j, k])) for k in columns] + dots for j in rows]
        z = [[short(float(seen.trace.z[layer][j]))] for j in rows]
        a = [[short(float(seen.trace.a[layer - 1][k]))] for k in columns] + [["⋮"]] * bool(self.before.rest)
        b = [[short(float(bias[j if bias.size > 1 else 0]))] for j in rows] if bias.size else []
        if self.after.rest:
            matrix.append(["⋮"] * len(matrix[0]))
            z.append(["⋮"])
            b += [["⋮"]] * bool(b)
        w: Formula = how.symbol("w", layer)
        if (how.order == "from,to") != self._turned:
            w = Transposed(w)
        left, last = _Block("", how.symbol("z", layer), z, True), _Block("+", how.symbol("b", layer), b, True)
        weight, vector = _Block("", w, matrix, True), _Block("", how.symbol("a", layer - 1), a, False)
        middle = [vector, weight] if self._turned else [weight, vector]
        blocks = [left, replace(middle[0], sign="="), middle[1], *([last] if b else [])]
        return [block.turned() for block in blocks] if self._turned else blocks

    def _lit(self, block: _Block, x: float, top: float, wide: float) -> list[Element]:
        """A frame around the line that belongs to the neuron."""
        if not block.made:
            return []
        if self._turned:
            return [Rect(x + wide * self._place + 2, top, wide - 4, CELL * len(block.cells), "accent", "panel", 1.2, 4)]
        return [
            Rect(
                x + 1, top + CELL * self._place + 1, wide * len(block.cells[0]) - 2, CELL - 2, "accent", "panel", 1.2, 4
            )
        ]

    def _rest(self, x: float, y: float) -> list[Element]:
        """What the inputs that are not shown bring."""
        rest = list(self.before.rest)
        if not rest:
            return []
        seen, id = self.seen, self.id
        total = math.fsum(seen.network.weights[id.layer][id.neuron, rest] * seen.trace.a[id.layer - 1][rest])
        text = row(f"{len(rest):,} more inputs bring ", seen.quantity(id), f" another Σ w a = {number(total)}")
        return [Label(x, y, text, "faint", 12, "start")]


def _brackets(x: float, top: float, across: float, down: float) -> list[Element]:
    """[ and ] around a block."""
    left, right, bottom = x - 3, x + across + 3, top + down + 2
    top -= 2
    return [
        Line(((left + 5, top), (left, top), (left, bottom), (left + 5, bottom)), "ink", 1.0),
        Line(((right - 5, top), (right, top), (right, bottom), (right - 5, bottom)), "ink", 1.0),
    ]


def _box(element: Label | Circle | Rect) -> Box:
    """The room an element takes."""
    if isinstance(element, Label):
        return element.box
    if isinstance(element, Rect):
        return Box(element.x, element.y, element.x + element.width, element.y + element.height)
    x, y, radius = element.x, element.y, element.radius
    return Box(x - radius, y - radius, x + radius, y + radius)


def _cell(terms: Any) -> str:
    """An exact sum for the table; a cost without a slope at its output has ∞ or none there."""
    if np.isfinite(terms).all():
        return number(math.fsum(terms))
    total = sum(map(float, terms))
    return "—" if math.isnan(total) else short(total)


def _hidden(values: Array, before: Column, after: Column) -> Array:
    """Which entries of a matrix (out, in) have no line of their own."""
    hidden = np.ones(values.shape, bool)
    hidden[np.ix_(after.shown, before.shown)] = False
    return hidden


def _more(column: Column) -> str:
    return f"{len(column.rest):,} more"


def _half_pill(column: Column) -> float:
    """Half the width of the shape that stands for all others."""
    return max(26.0, width_of(_more(column), 10.5) / 2 + 5)


def _paper(label: Label) -> Rect:
    """Paper behind a number that stands on a line."""
    box = label.box
    return Rect(box.left, box.top + 1, box.right - box.left, box.bottom - box.top - 2, "paper", "paper", 0, 3, 0.92)


def _hue(value: float) -> str:
    return "positive" if value > 0 else "negative" if value < 0 else "faint"
