"""One neuron as gates: multiply, Σ, bias, σ, with values above the wires and gradients below them (S3.5–S3.12)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.explanation.parts.gates import Numbers, backward_too, gate, tall_gate
from chainrule.explanation.parts.unit import Input, Unit, Wire
from chainrule.explanation.shown import neuron_of, whole_number
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, width_of
from chainrule.writing.formula import Row, Symbol, row
from chainrule.writing.numbers import written

MARGIN, RADIUS, SIZE, SMALL = 28.0, 17.0, 13.0, 11.5
ABOVE = 14.0  # of a number from its wire


def unit_circuit(
    seen: View,
    *,
    by: str | Id | None = None,
    layer: int | None = None,
    neuron: int = 0,
    phase: str = "both",
    most: int = 8,
) -> Scene:
    """The gates of one neuron for one example x (in,), y (out,) or its label, in this convention (S3.6, S3.12).

    The neuron is that of an id, by="z/2/0", or neuron 0 … of a layer 1 … L; else the first of the last hidden layer. Of more
    than `most` inputs those with the largest |w a| have gates of their own, and one gate stands for all others. `phase` is
    "forward" for values alone. Raises IdError for a neuron that is not there, UnknownNameError for another phase.
    """
    here, pinned = neuron_of(seen.network, by, layer, neuron)
    both, inputs = backward_too(phase), whole_number(most, "most")
    unit = Unit.of(seen, here.layer, here.neuron, inputs, pinned)
    return _Picture(unit, Numbers(seen.how, both, SIZE, ABOVE, written)).scene()


@dataclass(frozen=True)
class _Picture:
    """The circuit from left to right: sources, multiply gates, Σ, bias, σ, and where a goes."""

    unit: Unit
    numbers: Numbers

    @property
    def both(self) -> bool:
        return self.numbers.both

    @property
    def pitch(self) -> float:
        """From one input to the next."""
        return 122.0 if self.both else 88.0

    @property
    def apart(self) -> float:
        """Of an input's two wires from the middle between them."""
        return 29.0 if self.both else 21.0

    def scene(self) -> Scene:
        u, x = self.unit, self._columns()
        first, middle, last = self._heights()
        elements: list[Element] = []
        for r, each in enumerate(u.inputs):
            elements += self._row(each, first + r * self.pitch, x)
        if u.others is not None:
            elements += self._others(u.others, last, x)
        elements += tall_gate(x["sum"], first - RADIUS, last + RADIUS, "Σ", RADIUS, 17)
        if u.bias is not None:
            elements += self._bias(u.bias, middle, x)
        elements += self._output(middle, x)
        bottom = max(last + (self.apart if u.others is None else 0.0), middle + 34) + 2 * ABOVE + 20
        for i, line in enumerate(self._notes()):
            elements.append(Label(MARGIN, bottom + i * 19, line, "faint", SMALL, "start"))
        name = f"neuron {u.j + u.seen.how.base} of layer {u.layer}"
        return Scene.around(
            elements, MARGIN, f"{name} as gates".capitalize(), self._description(name), self._table(), "unit-circuit"
        ).headed(self.numbers.reading, MARGIN)

    # places
    def _columns(self) -> dict[str, float]:
        """x of each gate and of each end of a wire, as wide as what stands on the wires."""
        u = self.unit
        source = max([2 * RADIUS, *(width_of(each.weight.name, 15) for each in u.inputs)])
        if u.others is not None:
            source = max(source, width_of(self._more(), SIZE))
        x = {"source": MARGIN + source / 2, "from": MARGIN + source + 6}
        x["multiply"] = (
            x["from"] + self._room(*(each for i in u.inputs for each in (i.weight, i.activation))) + 34 + RADIUS
        )
        x["sum"] = x["multiply"] + RADIUS + self._room(*(i.product for i in u.inputs), u.others) + RADIUS
        x["add"] = x["sum"] + RADIUS + max(self._room(u.total), self._room(u.bias) + 40) + RADIUS
        if u.bias is None:
            x["add"] = x["sum"]
            x["sigma"] = x["sum"] + RADIUS + self._room(u.z) + 30 + RADIUS
        else:
            x["sigma"] = x["add"] + RADIUS + max(self._room(u.z), 96) + RADIUS
        x["end"] = x["sigma"] + RADIUS + self._room(u.a) + 78 if u.activated else x["sigma"] + 30
        return x

    def _room(self, *wires: Wire | None) -> float:
        """The length of a wire for the longest of these."""
        return self.numbers.room([wire for wire in wires if wire is not None]) + 26

    def _heights(self) -> tuple[float, float, float]:
        """y of the first row, of the middle, and of the last row."""
        rows = len(self.unit.inputs)
        span = (rows - 1) * self.pitch + (self.apart + 62 if self.unit.others is not None else 0.0)
        need = self.apart + ABOVE + 18
        if self.unit.bias is not None:
            need = max(need, 84 + ABOVE + 18 - span / 2)
        first = MARGIN + max(need, 56 - span / 2)
        return first, first + span / 2, first + span

    # parts
    def _wire(self, wire: Wire, start: float, end: float, y: float, arrow: bool = True) -> list[Element]:
        """A level wire with its numbers at its middle."""
        line = Line(((start, y), (end, y)), width=1.1, arrow=arrow)
        return [line, *self.numbers.at(wire, (start + end) / 2, y)]

    def _row(self, each: Input, y: float, x: dict[str, float]) -> list[Element]:
        """A weight and an activation into their multiply gate, and on to Σ."""
        start, meet = x["from"], x["multiply"]
        bend = meet - RADIUS - 34
        found: list[Element] = []
        for wire, at, named in ((each.weight, y - self.apart, False), (each.activation, y + self.apart, True)):
            end = (meet - RADIUS * 0.82, y + math.copysign(RADIUS * 0.62, at - y))
            path = ((bend, at), (bend + 18, at), (end[0] - 12, at), end)
            found.append(Line(((start, at), (bend, at)), width=1.1))
            found.append(Line(path, width=1.1, arrow=True, curved=True))
            found += self.numbers.at(wire, (start + bend) / 2, at, named)
        found.append(Label(x["source"], y - self.apart, each.weight.name, role_of(self.unit.seen.how, "w"), 15))
        found += self._source(each, x["source"], y + self.apart)
        found += gate(meet, y, "×", RADIUS, 15)
        return [*found, *self._wire(each.product, meet + RADIUS, x["sum"] - RADIUS, y)]

    def _source(self, each: Input, x: float, y: float) -> list[Element]:
        """The activation gate of the level before (S3.6), or an input."""
        seen, layer = self.unit.seen, self.unit.layer - 1
        if layer:
            return gate(x, y, Symbol("σ", seen.how.above(layer)), RADIUS, 15)
        name = Symbol("x", below="" if seen.bare else seen.how.below(each.k))
        return [Label(x, y, name, role_of(self.unit.seen.how, "a"), 15)]

    def _others(self, wire: Wire, y: float, x: dict[str, float]) -> list[Element]:
        """All other multiply gates at once: their sum goes into Σ."""
        meet = x["multiply"]
        behind: list[Element] = [Circle(meet + 5 * i, y - 5 * i, RADIUS, "faint", "paper", 1.0) for i in (2, 1)]
        return [
            Label(x["source"], y, self._more(), "faint", SIZE),
            Line(((x["from"], y), (meet - RADIUS, y)), "faint", 1.0, arrow=True),
            *behind,
            *gate(meet, y, "×", RADIUS, 15),
            Line(((meet + RADIUS, y), (x["sum"] - RADIUS, y)), width=1.1, arrow=True),
            *self.numbers.at(wire, (meet + 10 + x["sum"]) / 2, y),
        ]

    def _more(self) -> str:
        return f"{self.unit.left:,} more"

    def _bias(self, wire: Wire, middle: float, x: dict[str, float]) -> list[Element]:
        """The second add gate, which takes the sum and the bias from above."""
        y, start, bend = middle - 84, x["sum"] + RADIUS + 46, x["add"] - 26
        path = ((bend, y), (bend + 18, y), (x["add"], y + 14), (x["add"], middle - RADIUS))
        return [
            *self._wire(self.unit.total, x["sum"] + RADIUS, x["add"] - RADIUS, middle),
            Label(start - 20, y, wire.name, role_of(self.unit.seen.how, "b"), 15),
            Line(((start, y), (bend, y)), width=1.1),
            Line(path, width=1.1, arrow=True, curved=True),
            *self.numbers.at(wire, (start + bend) / 2, y, False),
            *gate(x["add"], middle, "+", RADIUS, 15),
        ]

    def _output(self, middle: float, x: dict[str, float]) -> list[Element]:
        """z into the activation gate, and a on to the next level."""
        u, start = self.unit, (x["add"] if self.unit.bias is not None else x["sum"]) + RADIUS
        goal = x["sigma"] - RADIUS if u.activated else x["sigma"]
        found = self._wire(u.z, start, goal, middle)
        if not u.activated:
            return found + gate(goal + RADIUS, middle, Symbol(u.seen.how.letter), RADIUS, 14)
        sigma = u.seen.network.activations[u.layer]
        found += gate(x["sigma"], middle, Symbol("σ", u.seen.how.above(u.layer)), RADIUS, 15)
        found.append(Label(x["sigma"], middle - RADIUS - 13, sigma.name, "faint", SMALL))
        if self.both and not u.whole:
            slope = row(u.slope.name, " = ", written(u.slope.value))
            found.append(Label(x["sigma"], middle + RADIUS + 22, slope, "faint", SMALL, slanted=True))
        end, last = x["end"] - 78, u.layer == u.seen.network.depth
        return found + self._wire(u.a, x["sigma"] + RADIUS, end, middle, arrow=last) + self._onward(end, middle)

    def _onward(self, x: float, y: float) -> list[Element]:
        """The multiply gates of the next level, which all take a (S3.11), or the cost."""
        u = self.unit
        if u.layer == u.seen.network.depth:
            return gate(x + RADIUS, y, Symbol(u.seen.how.letter), RADIUS, 14)
        count = u.seen.network.sizes[u.layer + 1]
        shown = min(count, 3)
        found: list[Element] = []
        for i in range(shown):
            at = y + 34 * (i - (shown - 1) / 2)
            path = ((x, y), (x + 22, y), (x + 22, at), (x + 50, at))
            found += [Line(path, "faint", 1.0, curved=True), Circle(x + 60, at, 10, "faint", "paper", 1.0)]
            found.append(Label(x + 60, at, "×", "faint", 12))
        if count > 1:
            found.append(Circle(x, y, 2.5, "ink", "ink"))
        more = f"and {count - shown:,} more" if count > shown else ""
        return [*found, Label(x + 60, y + 34 * (shown - 1) / 2 + 22, more, "faint", 10.5)] if more else found

    # words
    def _notes(self) -> list[str | Row]:
        u = self.unit
        if not self.both:
            return ["Above each wire: its name and its value."]
        count = u.seen.network.sizes[u.layer]
        source = Symbol("σ", u.seen.how.above(u.layer - 1)) if u.layer > 1 else Symbol("x")
        lines: list[str | Row] = []
        if count > 1:
            lines.append(row("Below the wires from ", source, f": only the share through this gate. {_all(count)} neurons of "
                             f"layer {u.layer} send one, and they add up."))  # fmt: skip
        else:
            lines.append(row("Below the wires from ", source, ": all that it receives, as layer ", str(u.layer),
                             " is this neuron alone."))  # fmt: skip
        if u.bias is not None and u.seen.network.shared_bias(u.layer):
            lines.append(row("One bias serves the whole layer: below its wire is the share through this gate."))
        if u.whole:
            lines.append(
                "The softmax is one gate for the whole layer: it takes every z, and each output sends a share to this z."
            )
        slope = "; σ multiplies by its slope" if u.activated and not u.whole else ""
        return [*lines, f"× sends to each input the other one times δ; Σ and + hand δ on as it is{slope}."]

    def _description(self, name: str) -> str:
        u = self.unit
        many = f"{len(u.inputs) + u.left:,} multiply gates" if len(u.inputs) + u.left > 1 else "One multiply gate"
        strongest_ones = f", of which the {len(u.inputs)} with the largest |w a| are drawn" if u.left else ""
        gates = "a first add gate" + (", a second that adds the bias" if u.bias is not None else "")
        gates += ", and the activation gate" if u.activated else ""
        text = f"{name.capitalize()} as a circuit. {many}{strongest_ones}, {gates}. "
        text += f"It computes {u.z.name} = {written(u.z.value)}"
        text += f" and {u.a.name} = {written(u.a.value)}." if u.activated else "."
        if self.both:
            text += f" Backward, {u.z.sent} = {written(u.z.gradient)} passes both add gates unchanged."
        return text

    def _table(self) -> tuple[tuple[str, ...], ...]:
        if not self.both:
            return (("gate", "wire", "value"), *((g, str(w.name), written(w.value)) for g, w in self.unit.wires()))
        rows = [(g, str(w.name), written(w.value), str(w.sent), written(w.gradient)) for g, w in self.unit.wires()]
        for each in self.unit.inputs:  # what all neurons of the layer send together (S3.11)
            name, before = each.activation.name, self.unit.seen.into_a[self.unit.layer - 1]
            whole, together = f"∂{self.unit.seen.how.letter}/∂{name}", written(float(before[each.k]))
            rows.append(("all shares", str(name), written(each.activation.value), whole, together))
        return (("gate", "wire", "value", "gradient", "its value"), *rows)


def _all(count: int) -> str:
    return "Both" if count == 2 else f"All {count:,}"
