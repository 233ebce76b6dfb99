"""A whole small network as one circuit, its passes numbered: values above the wires, gradients below (S3.1, S3.17)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from chainrule.conventions import Convention
from chainrule.errors import SettingError
from chainrule.explanation.parts.drawn_unit import NAME, DrawnUnit
from chainrule.explanation.parts.gates import WireNumbers, backward_too, gate, tall_gate
from chainrule.explanation.parts.unit import Unit, Wire
from chainrule.explanation.view import View
from chainrule.network import Network
from chainrule.pictures.scene import Scene, Table
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, moved, width_of
from chainrule.writing.formula import Symbol, row
from chainrule.writing.numbers import brief, written

LIMIT = 300
MARGIN, PAD, WIDEST = 18.0, 12.0, 724.0  # of the page; inside a band; the right end of the wires, where that can be
SIZE, ABOVE, RADIUS, APART, LIFT = 12.0, 10.5, 12.0, 10.0, 38.0
GAP = 5.0  # from neuron to neuron


def whole_circuit(seen: View, *, phase: str = "both") -> Scene:
    """Every gate of a small network for one example x (in,), y (out,) or its label, from the inputs to C.

    Gates that can work at the same time stand in one column, a pass; σ and C are one gate each. Raises SettingError with the
    number of gates beyond 300, UnknownNameError for another phase than "forward" or "both".
    """
    both, network = backward_too(phase), seen.network
    sizes, count = network.sizes, gate_count(network, seen.how)
    if count > LIMIT:
        raise SettingError(
            f"the network {'-'.join(map(str, sizes))} has {count:,} gates, and at most {LIMIT} are drawn at once: draw one of "
            "its neurons with unit_circuit(network, x, y, by='z/1/0'), or take a smaller network"
        )
    layers = [[Unit.of(seen, l, j, sizes[l - 1]) for j in range(sizes[l])] for l in network.weights.numbers]
    return _Picture(seen, layers, _drawn(seen, both, [unit for units in layers for unit in units])).scene(count)


def passes(network: Network, how: Convention) -> tuple[tuple[int, str], ...]:
    """The columns of gates in the order in which they work forward, each (layer, kind); backward it is the other way round.

    A sum of one product has no gate, nor the last σ of an author who leaves it out (S3.14).
    """
    found = []
    for layer in network.weights.numbers:
        summed, biased = network.sizes[layer - 1] > 1, network.biases[layer].size > 0
        kinds = {"×": True, "Σ": summed, "+": biased, "σ": not how.linear_output or layer < network.depth}
        found += [(layer, kind) for kind, there in kinds.items() if there]
    return (*found, (network.depth + 1, "C"))


def gate_count(network: Network, how: Convention) -> int:
    """How many gates all passes have; a softmax is one gate for its layer."""
    count = 0
    for layer, kind in passes(network, how):
        whole = kind == "C" or (kind == "σ" and network.activations[layer].full_slope)
        count += 1 if whole else network.weights[layer].size if kind == "×" else network.sizes[layer]
    return count


def _drawn(seen: View, both: bool, units: Sequence[Unit]) -> DrawnUnit:
    """All layers in the same columns, with as many digits as there is room for."""
    names = [each.activation.name for unit in units for each in unit.inputs]
    start = MARGIN + PAD + max(width_of(name, SIZE + 1) for name in names) + NAME
    for digits in (4, 3, 2, 1):
        numbers = WireNumbers(seen.how, both, SIZE, ABOVE, partial(brief, digits=digits), terse=True)
        drawn = DrawnUnit(numbers, RADIUS, APART, LIFT, {}).within(units, start)
        if drawn.x["end"] <= WIDEST:
            break
    return drawn


@dataclass(frozen=True)
class _Picture:
    """The inputs, a band for each layer below that of the layer before, and the cost."""

    seen: View
    layers: list[list[Unit]]
    drawn: DrawnUnit

    @property
    def both(self) -> bool:
        return self.drawn.numbers.both

    @property
    def pitch(self) -> float:
        """From one multiply gate to the next."""
        return 48.0 if self.both else 34.0

    @cached_property
    def inputs(self) -> list[Wire]:
        """x_k with the whole of its derivative: below the wires into gates stand its shares."""
        names = [Symbol("x", below="" if self.seen.bare else self.seen.how.below(k)) for k in range(len(self.seen.x))]
        values, slopes = self.seen.trace.a[0].tolist(), self.seen.into_a[0].tolist()
        return [Wire(x, values[k], x, slopes[k], "a", f"x/{k}") for k, x in enumerate(names)]

    @cached_property
    def targets(self) -> list[Wire]:
        names = map(self.seen.target, range(len(self.seen.y)))
        return [Wire(name, y, name, math.nan, "y") for name, y in zip(names, self.seen.y.tolist())]

    @cached_property
    def cost(self) -> Wire:
        name = Symbol(self.seen.how.letter)
        return Wire(name, self.seen.cost_value, name, 1.0, "C", "C")

    # the picture
    def scene(self, count: int) -> Scene:
        network, elements = self.seen.network, list[Element]()
        bands = [(0, "inputs", "", self._sources())] if len(self.layers[0]) > 1 else []
        for l, units in enumerate(self.layers, 1):
            bands.append((l, f"layer {l}", network.activations[l].name * units[0].activated, self._neurons(units)))
        for band in [*bands, (network.depth + 1, "cost", self.seen.cost.name, self._cost())]:
            elements += self._band(*band, _bottom(elements) + PAD if elements else MARGIN)
        if self.both and any(len(units) > 1 for units in self.layers):
            says = "Below a wire into ×: the share through that gate. All shares of a source add up to its derivative."
            elements.append(Label(MARGIN, _bottom(elements) + 16, says, "faint", SIZE, "start"))
        sizes = "-".join(map(str, network.sizes))
        title, description = f"The network {sizes} as a circuit", self._description(sizes, count)
        scene = Scene.around(elements, MARGIN, title, description, self._table(), "whole-circuit")
        return scene.headed(self.reading, MARGIN)

    @property
    def reading(self) -> str:
        """How the picture is read."""
        return f"{self.drawn.numbers.reading}; gates of one column work at the same time"

    @cached_property
    def right(self) -> float:
        """Where the arrows of the passes end: as far right as the wires, or as what stands above."""
        return max(self.drawn.x["end"] + 6, MARGIN + width_of(self.reading, 12) - PAD)

    def _band(self, layer: int, title: str, kind: str, body: Sequence[Element], top: float) -> list[Element]:
        """A layer on a panel: the numbers of its passes forward above its gates, backward below them."""
        body = moved(body, 0, top + (32 if layer else 8) - min(each.box.top for each in body))
        bottom, right = _bottom(body) + 8 + 24 * (self.both and layer > 0), self.right
        found = [Label(MARGIN + PAD, top + 18, title, size=SIZE + 1, anchor="start", bold=True), *body]
        if layer:
            says = Label(right, top + 18, kind if len(kind) <= 13 else f"{kind[:12]}…", "faint", SIZE, "end")
            found += [says, *self._passes(layer, "forward", found[0].box.right + 12, says.box.left - 6, top + 18)]
        if layer and self.both:
            found += self._passes(layer, "backward", MARGIN + PAD, right, bottom - 16)
        return [Rect(MARGIN, top, right + PAD - MARGIN, bottom - top, "panel", "panel", 0.0, 8.0), *found]

    def _passes(self, layer: int, role: str, left: float, right: float, y: float) -> list[Element]:
        """The numbers of a layer's passes along an arrow, each above or below its column of gates."""
        plan, back = passes(self.seen.network, self.seen.how), role == "backward"
        name = Label(left, y, role, role, SIZE, "start", slanted=back)
        ends = ((name.box.right + 6, y), (right, y))
        found: list[Element] = [name, Line(ends[::-1] if back else ends, role, 1.0, dashed=back, arrow=True)]
        for i, (l, kind) in enumerate(plan):
            if l == layer:
                x, number = self.drawn.x["×" if kind == "C" else kind], 2 * len(plan) - i if back else i + 1
                found += [Circle(x, y, 10, role, "paper", 1.0), Label(x, y, str(number), role, SIZE, slanted=back)]
        return found

    def _sources(self) -> list[Element]:
        """The inputs, which are a^0 (S3.15), in as many lines as they need."""
        drawn, found = self.drawn, list[Element]()
        wide, left = drawn.numbers.room(self.inputs) + 16, drawn.x["a"] + 56
        step = wide + max(width_of(wire.name, SIZE + 1) for wire in self.inputs) + 24
        each = max(1, int((drawn.x["end"] - left + step - wide) // step))
        for k, wire in enumerate(self.inputs):
            x, y = left + k % each * step, k // each * self.pitch
            found += [drawn.source(wire, x, y, "a"), *drawn.wire(wire, x, x + wide, y, arrow=False)]
        return found

    def _neurons(self, units: Sequence[Unit]) -> list[Element]:
        """A layer's neurons below each other; a softmax is one gate for all of them."""
        drawn, end, at = self.drawn, self.drawn.x["end"], self.drawn.x["σ"]
        found: list[Element] = []
        middles = []
        for unit in units:
            ys = [i * self.pitch for i in range(len(unit.inputs))]
            made = drawn.draw(unit, ys)
            for each, y in zip(unit.inputs, ys):
                wire = each.activation if unit.layer > 1 else self.inputs[each.k]
                made.append(drawn.source(wire, drawn.x["a"], y + APART, "a"))
            down = _bottom(found) + GAP - min(each.box.top for each in made)
            middles.append(ys[-1] / 2 + down)
            found += moved(made, 0, down)
            if unit.activated:
                found += drawn.wire(unit.a, at + RADIUS, end, middles[-1], named=True)
        if not units[0].activated:
            return found
        sigma = Symbol("σ", self.seen.how.above(units[0].layer))
        if units[0].whole:
            return [*found, *tall_gate(at, middles[0] - RADIUS, middles[-1] + RADIUS, sigma, RADIUS, SIZE)]
        return found + [piece for y in middles for piece in gate(at, y, sigma, RADIUS, SIZE)]

    def _cost(self) -> list[Element]:
        """The cost gate: each output and its target from the left, C to the right."""
        drawn, x, goal = self.drawn, self.drawn.x, self.drawn.x["×"] - RADIUS
        found: list[Element] = []
        outputs = [unit.a if unit.activated else unit.z for unit in self.layers[-1]]  # z where σ is left out (S3.14)
        bend = max(x["a end"], x["a"] + drawn.numbers.room(outputs) + drawn.space)
        start = x["w"] + bend - x["a end"]  # of the targets
        for j, (out, target) in enumerate(zip(outputs, self.targets)):
            above, below = j * self.pitch - APART, j * self.pitch + APART
            found += [
                drawn.source(target, start, above, "y"),
                *drawn.wire(target, start, goal, above, named=False),
                drawn.source(out, x["a"], below, out.letter),
                *drawn.wire(out, x["a"], bend, below, arrow=False),
                Line(((bend, below), (goal, below)), width=1.1, arrow=True),
            ]
        top, bottom, start = -APART - 8, below + 8, goal + 2 * RADIUS
        end = start + drawn.numbers.room([self.cost], named=True) + 30
        gate_ = tall_gate(goal + RADIUS, top, bottom, self.cost.name, RADIUS, SIZE + 2)
        return [*found, *gate_, *drawn.wire(self.cost, start, end, (top + bottom) / 2, named=True)]

    # words
    def _table(self) -> Table:
        plan = passes(self.seen.network, self.seen.how)
        rows = [("leaves", "pass", "wire", "value", "gradient")]
        for leaves, layer, wire in self._wires():
            number = str(plan.index((layer, leaves)) + 1) if (layer, leaves) in plan else ""
            gradient = "" if math.isnan(wire.gradient) else written(wire.gradient)
            rows.append((leaves, number, str(wire.name), written(wire.value), gradient))
        return tuple(each if self.both else each[:4] for each in rows)

    def _wires(self) -> Iterator[tuple[str, int, Wire]]:
        """Every wire with the gate that it leaves and its layer; what leaves no gate is there before the first pass."""
        yield from (("input", 0, wire) for wire in self.inputs)
        for unit in (unit for units in self.layers for unit in units):
            l, z = unit.layer, unit.z
            for each in unit.inputs:
                yield "weight", l, each.weight
                yield "×", l, each.product
                if self.both:
                    share = row(each.activation.name, ", share of ", z.name)
                    yield "activation", l, replace(each.activation, name=share)
            if unit.summed and unit.bias is not None:
                yield "Σ", l, replace(unit.total, name=row("Σ w a of ", z.name))
            if unit.bias is not None:
                shared = " (the share of this neuron)" * self.seen.network.shared_bias(l)
                yield "bias", l, replace(unit.bias, name=row(unit.bias.name, shared))
            yield "+" if unit.bias is not None else "Σ" if unit.summed else "×", l, z
            if unit.activated:
                yield "σ", l, unit.a
        yield from (("target", 0, wire) for wire in self.targets)
        yield "C", self.seen.network.depth + 1, self.cost

    def _description(self, sizes: str, count: int) -> str:
        last = len(passes(self.seen.network, self.seen.how))
        back = (
            f" Backward, passes {last + 1} to {2 * last} send the gradients the other way; what the multiply gates of a layer "
            "send to an activation adds up."
        )
        return (
            f"The whole network {sizes} as a circuit of {count} gates in {last} columns, layer below layer, then the cost. "
            f"Forward, passes 1 to {last} compute every value, up to {self.seen.how.letter}.{back * self.both}"
        )


def _bottom(elements: Sequence[Element]) -> float:
    """Where what is drawn ends; of nothing, 0."""
    return max((each.box.bottom for each in elements), default=0.0)
