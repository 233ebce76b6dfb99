"""A network as columns of neurons: a above and δ below each one, edges as wide as |w| or |∂C/∂w|, sign by hue and in print.

What is lit stands out: one weight, or the edges into a neuron with its row of W (S4.3, S4.4), or a weight between three layers
whose middle neurons show z and a (S4.7). A large layer shows the neurons that do most on this example, by |w a| and |δ|, and
exact sums of the others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

from chainrule.errors import IdError, SettingError, unknown_name
from chainrule.explanation.parts.edge_numbers import EdgeNumbers, in_order, paper
from chainrule.explanation.parts.grid import laid_out
from chainrule.explanation.parts.layer_equations import Focus, derivative_line, forward_band
from chainrule.explanation.parts.network_table import network_table
from chainrule.explanation.parts.neurons import HANGS, Neurons
from chainrule.explanation.parts.shown_network import (
    FEW,
    REST,
    UNIT_SOURCE,
    Edge,
    LayerColumn,
    Point,
    ShownNetwork,
    lit_of,
)
from chainrule.explanation.parts.small_neurons import SmallNeurons
from chainrule.explanation.parts.tug_of_war import TugOfWar
from chainrule.explanation.shown import whole_number
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, heading, hue, width_of
from chainrule.writing.formula import Formula, Row, joined, row
from chainrule.writing.numbers import cost_text, number, short

EDGES = ("weight", "gradient")
MOST, FOCUSED = 64, 4  # neurons of a layer, at most and around a weight
MARGIN, TOP = 28.0, 84.0
THIN, THICK = 0.7, 5.5  # lines, by size


def network_figure(
    seen: View,
    *,
    by: str | Id | Sequence[str | Id] | None = None,
    layer: int | None = None,
    edges: str | None = None,
    bias_units: bool = False,
    most: int | None = None,
    frame: Any = None,
) -> Scene:
    """The network on one example x (in,), y (out,) or its label, forward and backward.

    by          what is lit: "w/2/0/1", a bias, or neurons as "z/1/2", one or several; a single neuron has its row of W below
    layer       this layer and its neighbours alone, its neurons split into z and a (S4.7)
    edges       "weight" or "gradient": what their width and numbers are; else those of a network too large to be shown whole
                are its gradient on this example, unless something is lit, and all others its weights
    bias_units  biases as edges from a square unit of the layer before, which is always 1 (S4.7)
    most        neurons of a layer that are shown where there are more, those that do most on this example: 8, and of the
                outputs up to 12, unless most is less than 8; around a weight in `layer` the 4 neurons that it does most to
    frame       that of another picture of this network, `scene.frame`: the same neurons in the same places, edges as wide for
                the same value; for pictures one after the other, of several rows or of a network in training

    Raises IdError for a quantity or layer that is not there, UnknownNameError for other edges.
    """
    if edges not in (None, *EDGES):
        raise unknown_name("edges", edges, EDGES)
    if most is not None and most > MOST:
        raise SettingError(f"most={most}: at most {MOST} neurons of a layer are drawn, more could not be read")
    if layer is not None and (isinstance(layer, bool) or layer not in range(1, seen.network.depth + 1)):
        raise IdError(f"layer={layer!r}: the layer in the middle is one of 1…{seen.network.depth}")
    lit = lit_of(by, seen)
    for id in lit:
        if layer is not None and id.layer not in (layer, layer + 1):
            raise IdError(f"by={str(id)!r}: no edge of it is shown around layer={layer}; give layer={id.layer}")
    focused = most is None and layer is not None and bool(lit) and all(id.kind in "wb" for id in lit)
    most = whole_number(most, "most") if most is not None else FOCUSED if focused else FEW
    shown = ShownNetwork(seen, lit, layer, edges == "gradient", bias_units, most, focused=focused)
    if edges is None:
        gradient = frame.by_gradient if isinstance(frame, Frame) else shown.large and not lit
        shown = replace(shown, by_gradient=gradient)
    if frame is not None:
        if not isinstance(frame, Frame) or frame.kind != _kind(shown):
            raise SettingError(
                "frame: that of a picture of a network with these sizes, drawn with the same layer, edges and bias_units"
            )
        shown = replace(shown, fixed=frame.columns)
    return _Picture(shown, frame).scene()


@dataclass(frozen=True)
class Frame:
    """What stays from one picture of a network to the next: the neurons shown, and which |value| is the widest edge."""

    kind: tuple[object, ...]
    by_gradient: bool
    columns: tuple[LayerColumn, ...]
    largest: dict[int, float]


def _kind(shown: ShownNetwork) -> tuple[object, ...]:
    return shown.network.sizes, shown.middle, shown.by_gradient, shown.bias_units


def _is_cell(each: Element) -> bool:
    """Whether this is a pixel of the input or a bar, on which a number may stand."""
    return isinstance(each, Rect) and not each.stroke


class _Picture:
    """The columns, the edges between them, and what is printed at each."""

    def __init__(self, shown: ShownNetwork, frame: Frame | None = None) -> None:
        self.shown, self.seen, self.lit = shown, shown.seen, shown.lit
        self.network, self.how = shown.network, shown.how
        self.columns, self.edges = shown.columns, shown.edges
        self.neurons = SmallNeurons(shown) if shown.large else Neurons(shown)
        self.top = TOP + self.neurons.head_room
        self.largest = self._largest() if frame is None else frame.largest
        self.xs = self._xs()
        self.tallest = max(map(self.neurons.tall, self.columns))
        self.height = max(
            self._above(column) + self.neurons.tall(column) + HANGS * column.unit for column in self.columns
        )
        slots = [(column, slot) for column in self.columns for slot in column.slots]
        self.places = {(column.layer, slot): self._place(column, slot) for column, slot in slots}
        self.halves = {(column.layer, slot): self.neurons.half(column, slot) for column, slot in slots}
        self.ends = {edge: self._ends(edge) for edge in in_order(self.edges)}

    def _largest(self) -> dict[int, float]:
        """The |value| of the widest edge into each layer; of a large network each layer's own, else one for all."""
        found = {after.layer: 0.0 for _, after in self.shown.gaps}
        for edge in self.edges:
            found[edge.layer] = max(found[edge.layer], edge.size)
        return found if self.shown.large else dict.fromkeys(found, max(found.values(), default=0.0))

    # places ----------------------------------------------------------------------------------------------------------
    def _xs(self) -> dict[int, float]:
        """Where the column of each layer stands, further from the one before where more numbers are between them."""
        xs = {self.columns[0].layer: MARGIN + self.neurons.sides(self.columns[0])[0]}
        for before, after in pairwise(self.columns):
            xs[after.layer] = xs[before.layer] + self.neurons.apart(before, after) + self.neurons.sides(before)[1]
        return xs

    def _place(self, column: LayerColumn, slot: int) -> Point:
        """The middle of a neuron, of the others, or of the bias unit."""
        dx, dy = self.neurons.at(column, slot)
        return self.xs[column.layer] + dx, self.top + self._above(column) + dy

    def _above(self, column: LayerColumn) -> float:
        """What stays free above a column, for the neurons of all columns to have one middle; a unit hangs below its own."""
        return (self.tallest - self.neurons.tall(column)) / 2

    def _ends(self, edge: Edge) -> tuple[Point, Point]:
        """Where an edge leaves one neuron, or the picture that the input is, and meets the next."""
        start, end = (edge.layer - 1, edge.source), (edge.layer, edge.neuron)
        (x, y), (to, down) = self.places[start], self.places[end]
        meets = to - self.halves[end], down
        leader = self._leader(edge, meets)
        return leader[1] if leader else (x + self.halves[start], y), meets

    def _leader(self, edge: Edge, meets: Point) -> tuple[Point, Point] | None:
        """Of an edge out of a picture its way within it, from a pixel to its side."""
        first = self.columns[0]
        if edge.layer != first.layer + 1:
            return None
        return self.neurons.leader(first, edge.source, self.places[first.layer, edge.source], meets)

    # the picture -----------------------------------------------------------------------------------------------------
    def scene(self) -> Scene:
        drawn = [self._column(column) for column in self.columns]
        neurons = [element for column in drawn for element in column]
        behind = [
            element
            for column in self.columns
            for element in self.neurons.behind(column, self.xs[column.layer], self.top + self._above(column))
        ]
        lines, numbers, placed = self._wires([*behind, *neurons])
        bottom = self.top + self.height + 8
        sums = self._sums(bottom, placed)
        if sums:
            bottom = max(label.box.bottom for label in sums) + 12
        tug: list[Element] = []
        if self.tug is not None:
            right = max(each.box.right for each in drawn[-1])
            tug, bottom = self.tug.draw(MARGIN, right, bottom + 24), bottom + 24 + self.tug.height + 18
        below, bottom = self._below(bottom)
        legend = self._legend(bottom + 16)
        title = self._title()
        cost = cost_text(self.how.letter, self.seen.cost, self.seen.cost_value)
        says = f"{self.network.activations_text()}, {cost}"
        elements = [
            *heading(title, says, MARGIN),
            *behind,
            *lines,
            *neurons,
            *numbers,
            *sums,
            *tug,
            *below,
            *legend,
        ]
        table = partial(network_table, self.shown, [] if self.tug is None else self.tug.rows())
        scene = Scene.around(elements, MARGIN, str(title), self._says(), table, "network")
        frame = Frame(_kind(self.shown), self.shown.by_gradient, tuple(self.columns), self.largest)
        return replace(scene, frame=frame)

    @cached_property
    def tug(self) -> TugOfWar | None:
        """How the last hidden layer decides, where the outputs of a large network are those of a softmax."""
        barred = isinstance(self.neurons, SmallNeurons) and self.neurons.barred(self.columns[-1])
        return TugOfWar.of(self.seen) if barred else None

    def _title(self) -> Row:
        layer = "" if self.shown.middle is None else f"layer {self.shown.middle} of "
        head = f"{layer}the network {'-'.join(map(str, self.network.sizes))}"
        names: list[Formula] = [self.seen.quantity(id) for id in self.lit]
        if self.tug is not None and not names:
            answer = self.tug.other if self.tug.missed else self.tug.target
            names = [row(f"target {self.tug.name(self.tug.target)}, answer {self.tug.name(answer)}")]
        return row(head[0].upper() + head[1:], ": " if names else " on one example", joined(names, ", "))

    # neurons and edges -----------------------------------------------------------------------------------------------
    def _column(self, column: LayerColumn) -> list[Element]:
        """A layer's head, its neurons with their numbers, the others, the unit for the biases above it."""
        found: list[Element] = list(self.neurons.head(column, self.xs[column.layer], TOP))
        for slot in column.slots:
            found += self.neurons.draw(column, slot, *self.places[column.layer, slot])
        return found

    def _wires(self, neurons: Sequence[Element]) -> tuple[list[Element], list[Element], Collection[Edge]]:
        """The edges, and the numbers on them: whatever has a hue has its number, sign and all."""
        taken = [each.box for each in neurons if not (isinstance(each, Line) or _is_cell(each))]
        pictured = self.neurons.pictured(self.columns[0])
        placed = EdgeNumbers(self.shown, self.ends, pictured).placed(taken)
        numbers: list[Element] = [element for label in placed.values() for element in (paper(label), label)]
        drawn = [edge for edge in self.ends if edge in placed or self._faint(edge)]
        lines = [self._line(edge, edge in placed) for edge in drawn]
        return [*self._ellipses(), *self._leaders(drawn), *lines], numbers, placed

    def _leaders(self, drawn: Sequence[Edge]) -> list[Element]:
        """Thin lines within the picture that the input is, from a pixel to where its edge leaves the picture."""
        found = [self._leader(edge, self.ends[edge][1]) for edge in drawn]
        return [Line(each, "accent", 0.8) for each in found if each is not None and each[0] != each[1]]

    def _faint(self, edge: Edge) -> bool:
        """Whether it is drawn without a number: not beside what is lit where there are too many to be seen."""
        return self.neurons.faint(edge) and (edge.lit or edge.layer not in self.bare)

    @cached_property
    def bare(self) -> set[int]:
        """The layers with nothing but lit edges into them: those that have some, and neurons that are not shown."""
        return {edge.layer for edge in self.edges if edge.lit and edge.layer in self.shown.not_drawn}

    def _line(self, edge: Edge, printed: bool) -> Line:
        size = edge.size / largest if (largest := self.largest[edge.layer]) else 0.0
        printed = printed and (edge.lit or not self.lit)
        width = THIN + (THICK - THIN) * size
        role = hue(edge.value) if printed else "faint"
        quiet = 0.13 if self.lit and size else 0.22
        dashed = self.shown.by_gradient and (printed or not self.shown.large)
        return Line(self.ends[edge], role, width, dashed, opacity=0.9 if printed else quiet, of=edge.id)

    def _ellipses(self) -> list[Element]:
        """Three dots where layers are left out."""
        found: list[Element] = []
        for a, b in pairwise(self.columns):
            if b.layer > a.layer + 1:
                x, y = (self.xs[a.layer] + self.xs[b.layer]) / 2, self.top + self.height / 2
                found += [Circle(x + 12 * i, y, 2.2, "faint", "faint", 0) for i in (-1, 0, 1)]
                left_out = b.layer - a.layer - 1
                found.append(Label(x, y + 20, f"{left_out} more layer" + ("s" if left_out > 1 else ""), "faint", 11))
        return found

    def _sums(self, y: float, placed: Collection[Edge]) -> list[Label]:
        """How many edges are not drawn one by one, and what they come to."""
        found: list[Label] = []
        for before, after in self.shown.gaps:
            if after.layer in self.shown.not_drawn:
                left = self.shown.not_drawn[after.layer]
                own = [edge for edge in placed if edge.layer == after.layer and edge.source != UNIT_SOURCE]
                if own and (after.layer in self.bare or not self.neurons.faint(own[0])):
                    places = [
                        (j, k)
                        for edge in own
                        for j in (after.rest if edge.neuron == REST else [edge.neuron])
                        for k in (before.rest if edge.source == REST else [edge.source])
                    ]
                    left = self.shown.without(after.layer, tuple(zip(*places)))
                total = left.slopes if self.shown.by_gradient else left.weights
                text = row(f"{left.edges:,} more ", self.shown.edge_symbol(after.layer), f", Σ = {short(total)}")
                middle = (self.xs[before.layer] + self.xs[after.layer]) / 2
                lines = [Label(middle, y + 10 + 19 * i, text, "faint", 11) for i in range(len(found) + 1)]
                found.append(next(each for each in lines if not any(each.box.overlaps(one.box, 2) for one in found)))
        return found

    # below -----------------------------------------------------------------------------------------------------------
    def _legend(self, y: float) -> list[Element]:
        """What stands where, in two lines."""
        how = self.how
        split = self.shown.middle is not None
        of_w: Formula = row("|∂", how.letter, "/∂w|") if self.shown.by_gradient else row("|w|")
        z, slope = f", {how.input_word} z" if split else "", row("∂", how.letter, "/∂z")
        below = row(f"below: {how.word} δ = ", slope, *((", ∂", how.letter, "/∂a") if split else ()))
        scales = dict.fromkeys(short(largest, 3) for largest in self.largest.values())
        each = f", layer by layer up to {', '.join(scales)}" if len(scales) > 1 else f", up to {''.join(scales)}"
        width = row("edges as wide as ", of_w, each)
        lines: list[list[tuple[Formula, str]]] = [
            [(row(f"above: {how.activation_word} a{z}"), "forward"), (below, "backward")],
            [(width, "ink"), (row("positive"), "positive"), (row("negative"), "negative")],
            [(row(text), "faint") for text in self.neurons.reading()],
        ]
        found: list[Element] = []
        for i, line in enumerate(lines):
            x = MARGIN
            for text, role in line:
                found.append(Label(x, y + 19 * i, text, role, 11.5, "start", slanted=role == "backward"))
                x += width_of(text, 11.5) + 8
        return found

    def _below(self, y: float) -> tuple[list[Element], float]:
        """z = W a + b with the row of the one neuron that is lit (S4.3), or the product of the one weight that is."""
        if len(self.lit) != 1:
            return [], y
        id = self.lit[0]
        if id.kind == "z":
            band = forward_band(Focus(self.seen, id.layer, id.neuron, None, self.shown.most))
            found, _, bottom = laid_out(band.lines[0], MARGIN, y + 16)
            return [*found, Label(MARGIN, bottom + 8, band.entry, band.role, 12, "start")], bottom + 24
        return [
            Label(
                MARGIN, y + 24, derivative_line(self.seen, id, self.shown.middle), "backward", 14, "start", slanted=True
            )
        ], y + 44

    # words and numbers -----------------------------------------------------------------------------------------------
    def _says(self) -> str:
        letter, how = self.how.letter, self.how
        layers = ", ".join(
            f"{'the input' if c.layer == 0 else f'layer {c.layer}'} with {self.network.sizes[c.layer]:,}"
            + (f" ({len(c.shown)} shown)" if c.rest else "")
            for c in self.columns
        )
        drawn = [edge for edge in self.edges if not edge.bundle and edge.source != UNIT_SOURCE]
        widest = max(drawn, key=lambda edge: edge.size)
        says = (
            f"Columns of neurons from left to right: {layers}. Above each neuron its {how.activation_word}, below it its "
            f"{how.word} δ. Edges are as wide as {f'|∂{letter}/∂w|' if self.shown.by_gradient else '|w|'}; the widest is "
            f"{self.shown.edge_name(widest)} = {number(widest.value)}. {letter} = {number(self.seen.cost_value)}."
        )
        if not self.lit:
            return says
        names = ", ".join(str(self.seen.quantity(id)) for id in self.lit)
        return f"{says} Lit: {names}, {sum(edge.lit for edge in self.edges)} edges."
