"""A whole small network as one circuit, its passes numbered: values above the wires, gradients below (S3.1, S3.17)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chainrule.conventions import Convention
from chainrule.errors import SettingError
from chainrule.explanation.parts.gates import Numbers, backward_too, gate, tall_gate
from chainrule.explanation.parts.unit import Input, Unit, Wire
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View
from chainrule.network import Network
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, width_of
from chainrule.writing.formula import Symbol, row
from chainrule.writing.numbers import brief, written

LIMIT = 300
DIGITS = 4  # of the numbers on the wires
MARGIN, SIZE, ABOVE = 30.0, 11.0, 10.5
PITCH, LANE = 66.0, 25.0  # from one multiply gate to the next; from it down to the wire of its activation


def whole_circuit(seen: View, *, phase: str = "both") -> Scene:
    """Every gate of a small network for one example x (in,), y (out,) or its label, from the inputs to C.

    Gates that can work at the same time stand in one column, a pass; σ and C are one gate each. Raises SettingError with the
    number of gates beyond 300, UnknownNameError for another phase than "forward" or "both".
    """
    both, count = backward_too(phase), gate_count(seen.network, seen.how)
    if count > LIMIT:
        sizes = "-".join(map(str, seen.network.sizes))
        raise SettingError(
            f"the network {sizes} has {count:,} gates, and at most {LIMIT} are drawn at once: draw one of its neurons with "
            "unit_circuit(network, x, y, by='z/1/0'), or take a smaller network"
        )
    return _Picture(seen, Numbers(seen.how, both, SIZE, ABOVE, lambda value: brief(value, DIGITS))).scene(count)


def passes(network: Network, how: Convention) -> tuple[tuple[int, str], ...]:
    """The columns of gates in the order in which they work forward, each (layer, kind); backward it is the other way round."""
    found = []
    for layer in network.weights.numbers:
        kinds = ["×", "Σ", "+", "σ"]
        if not network.biases[layer].size:
            kinds.remove("+")
        if not _activated(network, how, layer):
            kinds.remove("σ")
        found += [(layer, kind) for kind in kinds]
    return (*found, (network.depth, "C"))


def gate_count(network: Network, how: Convention) -> int:
    """Multiply gates, two add gates a neuron (one without biases), σ, which for a softmax is one gate a layer, and C."""
    count = 1
    for layer, w in network.weights.items():
        count += w.size + len(w) * (2 if network.biases[layer].size else 1)
        if _activated(network, how, layer):
            count += 1 if network.activations[layer].full_slope else len(w)
    return count


def _activated(network: Network, how: Convention, layer: int) -> bool:
    """False on the last layer of an author who leaves it without an activation gate (S3.14)."""
    return not (how.linear_output and layer == network.depth)


@dataclass(frozen=True)
class _Place:
    """Where the gates of one layer stand: x by the kind of gate, y of each neuron and of its first multiply gate."""

    x: dict[str, float]
    y: tuple[float, ...]
    first: tuple[float, ...]


def _z(unit: Unit) -> Wire:
    """z of a neuron by its letter alone: without a bias it is the sum itself, which stands beside it."""
    return replace(unit.z, name=unit.seen.letter("z", unit.layer, unit.j))


@dataclass
class _Picture:
    """Layer after layer from left to right; elements, rows of the table and columns gather on the way."""

    seen: View
    numbers: Numbers
    elements: list[Element] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    columns: list[float] = field(default_factory=list)  # x of each pass

    @property
    def both(self) -> bool:
        return self.numbers.both

    def scene(self, count: int) -> Scene:
        network = self.seen.network
        groups = {l: self._groups(l) for l in network.weights.numbers}
        spans = {l: (network.sizes[l] - 1) * sum(groups[l]) / 2 for l in groups}
        above = max([spans[l] + groups[l][0] for l in groups] + [27.0 * network.sizes[0]])
        below = max([spans[l] + groups[l][1] for l in groups] + [27.0 * network.sizes[0]])
        middle = MARGIN + 56 + above
        x, outputs = self._inputs(middle, above + below)
        for layer in network.weights.numbers:
            units = [Unit.of(self.seen, layer, j, network.sizes[layer - 1]) for j in range(network.sizes[layer])]
            place = self._places(units, x, middle, groups[layer])
            self._layer(units, place, outputs)
            x, outputs = place.x["end"], tuple((place.x["end"], y) for y in place.y)
        x = self._cost(x, [y for _, y in outputs])
        bottom = middle + below + 34
        self._passes(x, MARGIN + 10, bottom)
        sizes = "-".join(map(str, network.sizes))
        head = ("leaves", "pass", "wire", "value", "gradient")
        table = tuple(row_[: 5 if self.both else 4] for row_ in [head, *self.rows])
        description = self._description(sizes, count)
        scene = Scene.around(
            self.elements, MARGIN, f"The network {sizes} as a circuit", description, table, "whole-circuit"
        )
        return scene.headed(f"{self.numbers.reading}; gates of one column work at the same time", MARGIN)

    # places
    def _groups(self, layer: int) -> tuple[float, float]:
        """The room that each neuron of a layer takes above and below its middle."""
        rows = (self.seen.network.sizes[layer - 1] - 1) * PITCH / 2
        last = layer == self.seen.network.depth
        return max(rows + 24, 76.0), max(rows + 54, 74.0 if last else 0.0)

    def _fan(self, layer: int) -> float:
        """The width in which the wires of the activations before a layer part; more of them need more."""
        return min(54.0 + 8 * self.seen.network.sizes[layer - 1], 150.0)

    def _places(self, units: Sequence[Unit], start: float, middle: float, group: tuple[float, float]) -> _Place:
        room, inputs = self.numbers.room, [each for unit in units for each in unit.inputs]
        x = {"name": start + self._fan(units[0].layer) + max(width_of(each.weight.name, SIZE) for each in inputs)}
        onto_gates = room((wire for each in inputs for wire in (each.weight, each.activation)), False, False)
        x["×"] = x["name"] + onto_gates + 30
        x["Σ"] = x["×"] + 10 + room((each.product for each in inputs), False, False) + 30
        at = x["Σ"] + 11
        if units[0].bias is not None:
            x["+"] = at + room((w for u in units for w in (u.bias, u.total) if w is not None), False, False) + 64
            at = x["+"] + 11
        x["z"] = at
        at += room(_z(unit) for unit in units) + 26
        if units[0].activated:
            x["σ"] = at + 15
            at = x["σ"] + 15 + room((unit.a for unit in units), sent=False) + 22
        x["end"] = at
        count = len(units[0].inputs)
        y = tuple(middle + sum(group) * (j - (len(units) - 1) / 2) for j in range(len(units)))
        return _Place(x, y, tuple(at - (count - 1) * PITCH / 2 for at in y))

    # parts
    def _inputs(self, middle: float, height: float) -> tuple[float, tuple[tuple[float, float], ...]]:
        """The inputs, which are a^0 (S3.15): where the first wires begin to part."""
        seen, count = self.seen, self.seen.network.sizes[0]
        gap = min(height / count, 150.0)
        ys = [middle + gap * (k - (count - 1) / 2) for k in range(count)]
        names = [Symbol("x", below="" if seen.bare else seen.how.below(k)) for k in range(count)]
        values, slopes = seen.trace.a[0].tolist(), seen.into_a[0].tolist()
        wires = [Wire(name, a, name, slope, "a") for name, a, slope in zip(names, values, slopes)]
        start = MARGIN + max(width_of(name, 13) for name in names) + 6
        end = start + self.numbers.room(wires, False, False) + 18
        for wire, y in zip(wires, ys):
            self.elements.append(Label(start - 6, y, wire.name, role_of(seen.how, "a"), 13, "end"))
            self._wire(wire, start, end, y, arrow=False)
            self._row("input", 0, wire)
        return end, tuple((end, y) for y in ys)

    def _layer(self, units: Sequence[Unit], place: _Place, sources: Sequence[tuple[float, float]]) -> None:
        layer, x = units[0].layer, place.x
        self.columns += [x[kind] for kind in "×Σ+σ" if kind in x]
        if len(units) > 1 or layer > 1:
            self.elements += [Circle(end, y, 2, "ink", "ink") for end, y in sources]
        for unit, middle, first in zip(units, place.y, place.first):
            for i, (each, source) in enumerate(zip(unit.inputs, sources)):
                self._multiply(unit, each, x, first + i * PITCH, source)
            last = first + (len(unit.inputs) - 1) * PITCH
            self.elements += tall_gate(x["Σ"], first - 12, last + 12, "Σ", 11, 13)
            if unit.bias is not None:
                self._bias(unit.bias, unit.layer, x, middle)
                self._wire(unit.total, x["Σ"] + 11, x["+"] - 11, middle)
                self._row("Σ", layer, replace(unit.total, name=row("Σ w a of ", _z(unit).name)))
        self._into_sigma(units, place)

    def _multiply(self, unit: Unit, each: Input, x: dict[str, float], y: float, source: tuple[float, float]) -> None:
        """One multiply gate: its weight from the left, its activation from below, the product to Σ."""
        how, at, lane = self.seen.how, x["×"], y + LANE
        bend = source[0] + self._fan(unit.layer)
        half = (source[0] + bend) / 2
        path = (source, (half, source[1]), (half, lane), (bend, lane))
        rise = ((bend, lane), (at - 16, lane), (at - 16, lane), (at - 16, lane),
                (at - 4, lane), (at, lane - 4), (at, y + 9))  # fmt: skip
        self.elements += [
            Line(path, "faint", 0.8, curved=True),
            Line(rise, "faint", 0.8, arrow=True, curved=True),
            Label(x["name"], y, each.weight.name, role_of(how, "w"), SIZE + 1, "end"),
        ]
        self._wire(each.weight, x["name"] + 5, at - 9, y)
        if self.both:
            share = brief(each.activation.gradient, DIGITS)
            self.elements.append(Label((x["name"] + at) / 2 - 2, lane + ABOVE, share, "backward", SIZE, slanted=True))
        self.elements += gate(at, y, "×", 9, 11)
        self._wire(each.product, at + 9, x["Σ"] - 11, y)
        self._row("weight", unit.layer, each.weight)
        self._row("×", unit.layer, each.product)
        if self.both:
            name = row(each.activation.name, ", share of ", _z(unit).name)
            self._row("activation", unit.layer, replace(each.activation, name=name))

    def _bias(self, wire: Wire, layer: int, x: dict[str, float], middle: float) -> None:
        """A bias comes from above into the second add gate."""
        y, start, end = middle - 46, x["Σ"] + 38, x["+"] - 12
        self.elements.append(Label(start, y, wire.name, role_of(self.seen.how, "b"), SIZE + 1, "end"))
        self._wire(wire, start + 5, end, y, arrow=False)
        path = ((end, y), (end + 8, y), (x["+"], y + 6), (x["+"], middle - 11))
        self.elements += [Line(path, width=0.9, arrow=True, curved=True), *gate(x["+"], middle, "+", 11, 13)]
        shared = " (the share of this neuron)" if self.seen.network.shared_bias(layer) else ""
        self._row("bias", layer, replace(wire, name=row(wire.name, shared)))

    def _into_sigma(self, units: Sequence[Unit], place: _Place) -> None:
        """z into the activation gates, and a on; where there is none, z goes on."""
        x, layer, active, whole = place.x, units[0].layer, units[0].activated, units[0].whole
        goal = x["σ"] - 15 if active else x["end"]
        for unit, y in zip(units, place.y):
            self._wire(_z(unit), x["z"], goal, y, active, named=True, sent=True)
            self._row("Σ" if unit.bias is None else "+", layer, _z(unit))
        if not active:
            return
        name = Symbol("σ", self.seen.how.above(layer))
        if whole:
            self.elements += tall_gate(x["σ"], place.y[0] - 15, place.y[-1] + 15, name, 15, 13)
        for unit, y in zip(units, place.y):
            self.elements += [] if whole else gate(x["σ"], y, name, 15, 13)
            self._wire(unit.a, x["σ"] + 15, x["end"], y, arrow=False, named=True)
            self._row("σ", layer, unit.a)

    def _cost(self, x: float, ys: Sequence[float]) -> float:
        """The cost gate: the outputs from the left, the targets from below each, C to the right."""
        seen, at = self.seen, x + 34
        self.columns.append(at)
        targets, forward = seen.y.tolist(), replace(self.numbers, both=False)
        wires = [Wire(seen.target(j), y, seen.target(j), math.nan, "y") for j, y in enumerate(targets)]
        start = at - 29 - forward.room(wires, False)
        for wire, y in zip(wires, ys):
            self.elements += [
                Line(((x, y), (at - 15, y)), width=0.9, arrow=True),
                Line(((start, y + 46), (at - 15, y + 46)), width=0.9, arrow=True),
                *forward.at(wire, (start + at - 15) / 2 - 3, y + 46, False),
                Label(start - 5, y + 46, wire.name, role_of(seen.how, "y"), SIZE + 1, "end"),
            ]
            self._row("target", 0, wire)
        top, bottom, name = ys[0] - 16, ys[-1] + 62, Symbol(seen.how.letter)
        self.elements += tall_gate(at, top, bottom, name, 15, 14)
        cost = Wire(name, seen.cost_value, name, 1.0, "C")
        end = at + 15 + forward.room([cost]) + 30
        self._wire(cost, at + 15, end, (top + bottom) / 2, named=True)
        self._row("C", seen.network.depth, cost)
        return end

    def _wire(
        self,
        wire: Wire,
        start: float,
        end: float,
        y: float,
        arrow: bool = True,
        named: bool = False,
        sent: bool = False,
    ) -> None:
        """A wire with its value above and its gradient below."""
        self.elements.append(Line(((start, y), (end, y)), width=0.9, arrow=arrow))
        self.elements += self.numbers.at(wire, (start + end) / 2 - (3 if arrow else 0), y, named, sent)

    # passes
    def _passes(self, right: float, top: float, bottom: float) -> None:
        """The passes, numbered: forward above, backward below; gates in one column work at the same time."""
        last = len(self.columns)
        lines = [(top, "forward", False)] + [(bottom, "backward", True)] * self.both
        for y, role, back in lines:
            name = Label(MARGIN, y, role, role, SIZE + 1, "start", slanted=back)
            self.elements.append(name)
            start = name.box.right + 6
            ends = ((right, y), (start, y)) if back else ((start, y), (right, y))
            self.elements.append(Line(ends, role, 1.0, dashed=back, arrow=True))
            for i, x in enumerate(self.columns):
                text = str(2 * last - i if back else i + 1)
                self.elements.append(Circle(x, y, 10, role, "paper", 1.0))
                self.elements.append(Label(x, y, text, role, SIZE, slanted=back))

    def _row(self, leaves: str, layer: int, wire: Wire) -> None:
        """A row of the table: a wire, the gate it leaves and the pass in which that works; sources are there before."""
        plan = passes(self.seen.network, self.seen.how)
        number_of = str(plan.index((layer, leaves)) + 1) if (layer, leaves) in plan else ""
        gradient = "" if math.isnan(wire.gradient) else written(wire.gradient)
        self.rows.append((leaves, number_of, str(wire.name), written(wire.value), gradient))

    def _description(self, sizes: str, count: int) -> str:
        seen, last = self.seen, len(self.columns)
        text = (
            f"The whole network {sizes} as a circuit of {count} gates in {last} columns: in each layer multiply gates, "
            "Σ gates, add gates for the biases and activation gates, at the end the cost. "
            f"Forward, passes 1 to {last} compute every value, up to {seen.how.letter}."
        )
        if self.both:
            text += (
                f" Backward, passes {last + 1} to {2 * last} send the gradients the other way; where the wire of an "
                "activation parts, what its multiply gates send adds up."
            )
        return text
