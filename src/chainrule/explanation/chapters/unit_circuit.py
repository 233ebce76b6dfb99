"""One neuron as gates: multiply, Σ, bias, σ, with values above the wires and gradients below them (S3.5–S3.12)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from chainrule.explanation.parts.drawn_unit import DrawnUnit
from chainrule.explanation.parts.gates import WireNumbers, backward_too, gate
from chainrule.explanation.parts.unit import Input, Unit, Wire
from chainrule.explanation.shown import neuron_of, whole_number
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, moved, width_of
from chainrule.writing.formula import Row, Symbol, row
from chainrule.writing.numbers import brief, written

MARGIN, SIZE, SMALL, WIDEST = 28.0, 13.0, 11.5, 680.0  # the last: of the wires, where that can be
FEW = 3  # so many inputs have what is on their wires written out; more of them stand close together
ABOVE = 14.0  # of a number from its wire


def unit_circuit(
    seen: View,
    *,
    by: str | Id | None = None,
    layer: int | None = None,
    neuron: int | None = None,
    phase: str = "both",
    most: int = 8,
) -> Scene:
    """The gates of one neuron for one example x (in,), y (out,) or its label, in this convention (S3.6, S3.12).

    The neuron is that of an id, by="z/2/0", or neuron 0 … of a layer 1 … L; else the one with the largest |δ| of the last
    hidden layer, or of `layer`. Of more than `most` inputs those with the largest |w a| have gates of their own, and one gate
    stands for all others. `phase` is "forward" for values alone. Raises IdError for a neuron that is not there,
    UnknownNameError for another phase.
    """
    here, pinned = neuron_of(seen.network, by, layer, neuron, seen.into_z)
    both, inputs = backward_too(phase), whole_number(most, "most")
    unit = Unit.of(seen, here.layer, here.neuron, inputs, pinned)
    return _Picture(unit, _close(unit, both) if len(unit.inputs) > FEW else _wide(unit, both)).scene()


def _wide(unit: Unit, both: bool) -> DrawnUnit:
    """Room for what is on each wire, above and below its number."""
    numbers = WireNumbers(unit.seen.how, both, SIZE, ABOVE, _plain, stacked=True)
    drawn = DrawnUnit(numbers, 16.0, 53.0 if both else 31.0, 104.0 if both else 84.0, {})
    return drawn.within([unit], MARGIN + max(_sources(unit, 2 * drawn.radius)) + 6)


def _plain(value: float) -> str:
    """A number as in the table, but −2 and 0.9 without zeros behind them."""
    return brief(value, 6) if value == round(value, 3) else written(value)


def _close(unit: Unit, both: bool) -> DrawnUnit:
    """Numbers alone, of as many digits as there is room for."""
    for digits in (4, 3):
        numbers = WireNumbers(unit.seen.how, both, SIZE - 0.5, 10.5, partial(brief, digits=digits), terse=True)
        drawn = DrawnUnit(numbers, 13.0, 10.5 if both else 8.0, 44.0, {}).within(
            [unit], MARGIN + max(_sources(unit, 26)) + 6
        )
        if drawn.x["end"] <= WIDEST:
            break
    return drawn


def _sources(unit: Unit, gate_width: float) -> list[float]:
    """The widths of what stands before the wires."""
    named = [each.weight if unit.layer > 1 else each.activation for each in unit.inputs]
    found = [gate_width, *(width_of(each.name, SIZE + 1) for each in named)]
    return [*found, width_of(_more(unit), SIZE)] if unit.others is not None else found


def _more(unit: Unit) -> str:
    return f"{unit.left:,} more"


@dataclass(frozen=True)
class _Picture:
    """The circuit from left to right: sources, the unit, and where a goes."""

    unit: Unit
    drawn: DrawnUnit

    @property
    def both(self) -> bool:
        return self.drawn.numbers.both

    def scene(self) -> Scene:
        u, drawn = self.unit, self.drawn
        pitch = (50.0 if self.both else 40.0) if drawn.numbers.terse else 204.0 if self.both else 124.0
        last = (len(u.inputs) - 1) * pitch
        ys = [i * pitch for i in range(len(u.inputs))] + [last + drawn.apart + (38 if drawn.numbers.terse else 62)] * (
            u.others is not None
        )
        middle = ys[-1] / 2
        elements = drawn.draw(u, ys)
        for each, y in zip(u.inputs, ys):
            elements += self._source(each, y + drawn.apart)
        if u.others is not None:
            elements += self._others(u.others, ys[-1])
        elements += self._output(middle)
        elements = [*moved(elements, 0, MARGIN - min(each.box.top for each in elements))]
        bottom = max(each.box.bottom for each in elements) + 24
        for i, line in enumerate(self._notes()):
            elements.append(Label(MARGIN, bottom + i * 19, line, "faint", SMALL, "start"))
        name = f"neuron {u.j + u.seen.how.base} of layer {u.layer}"
        return Scene.around(
            elements, MARGIN, f"{name} as gates".capitalize(), self._description(name), self._table(), "unit-circuit"
        ).headed(drawn.numbers.reading, MARGIN)

    # parts
    def _source(self, each: Input, y: float) -> list[Element]:
        """The activation gate of the level before (S3.6), or an input."""
        seen, layer, x, radius = self.unit.seen, self.unit.layer - 1, self.drawn.x["a"] - 6, self.drawn.radius
        if layer and self.drawn.numbers.terse:
            return [Label(x, y, each.activation.name, role_of(seen.how, "a"), SIZE, "end", of=each.activation.of)]
        if layer:
            return gate(x - radius, y, Symbol("σ", seen.how.above(layer)), radius, SIZE + 2)
        name = Symbol("x", below="" if seen.bare else seen.how.below(each.k))
        return [Label(x, y, name, role_of(seen.how, "a"), SIZE + 1, "end")]

    def _others(self, wire: Wire, y: float) -> list[Element]:
        """All other multiply gates at once: their sum goes into Σ."""
        x, radius = self.drawn.x, self.drawn.radius
        meet, end = x["×"], x["Σ"] - radius
        behind: list[Element] = [Circle(meet - 4 * i, y - 4 * i, radius, "faint", "paper", 1.0) for i in (2, 1)]
        named = [Label((x["a"] + meet) / 2, y - 11, row("Σ = ", written(wire.value)), "faint", SMALL)]
        return [
            *(named if self.drawn.numbers.terse else []),
            Label(x["a"] - 6, y, _more(self.unit), "faint", SIZE, "end"),
            Line(((x["a"], y), (meet - radius, y)), "faint", 1.0, arrow=True),
            *behind,
            *gate(meet, y, "×", radius, SIZE + 2),
            *self.drawn.wire(wire, meet + radius, end, y),
        ]

    def _output(self, y: float) -> list[Element]:
        """σ, and a on to the next level; without σ the cost."""
        u, x, radius = self.unit, self.drawn.x, self.drawn.radius
        if not u.activated:
            at = x["end"] + radius if self.drawn.numbers.terse else x["σ"]
            return gate(at, y, Symbol(u.seen.how.letter), radius, SIZE + 2)
        found = gate(x["σ"], y, Symbol("σ", u.seen.how.above(u.layer)), radius, SIZE + 2)
        found.append(
            Label(
                x["σ"],
                y - radius - (38 if self.drawn.numbers.stacked else 18),
                u.seen.network.activations[u.layer].name,
                "faint",
                SMALL,
            )
        )
        if self.both and not u.whole:
            slope = row(u.slope.name, " = ", self.drawn.numbers.text(u.slope.value))
            found.append(
                Label(
                    x["σ"], y + radius + (42 if self.drawn.numbers.stacked else 24), slope, "faint", SMALL, slanted=True
                )
            )
        last = u.layer == u.seen.network.depth
        return [
            *found,
            *self.drawn.wire(u.a, x["σ"] + radius, x["end"], y, arrow=last, named=True),
            *self._onward(x["end"], y),
        ]

    def _onward(self, x: float, y: float) -> list[Element]:
        """The multiply gates of the next level, which all take a (S3.11), or the cost."""
        u = self.unit
        if u.layer == u.seen.network.depth:
            return gate(x + self.drawn.radius, y, Symbol(u.seen.how.letter), self.drawn.radius, SIZE + 2)
        count = u.seen.network.sizes[u.layer + 1]
        shown = min(count, 3)
        found: list[Element] = []
        for i in range(shown):
            at = y + 34 * (i - (shown - 1) / 2)
            path = ((x, y), (x + 16, y), (x + 16, at), (x + 36, at))
            found += [Line(path, "faint", 1.0, curved=True), Circle(x + 46, at, 10, "faint", "paper", 1.0)]
            found.append(Label(x + 46, at, "×", "faint", 12))
        if count > 1:
            found.append(Circle(x, y, 2.5, "ink", "ink"))
        more = f"and {count - shown:,} more" if count > shown else ""
        return [*found, Label(x + 46, y + 34 * (shown - 1) / 2 + 22, more, "faint", 11)] if more else found

    # words
    def _notes(self) -> list[str | Row]:
        u = self.unit
        if not self.both:
            return ["Above each wire: its name and its value."] * self.drawn.numbers.stacked
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
        adds = " and ".join(["Σ"] * u.summed + ["+"] * (u.bias is not None))
        passed = f"; δ passes {adds} unchanged" if adds else ""
        slope = "; σ multiplies by its slope" if u.activated and not u.whole else ""
        return [*lines, row(f"× sends to each input the other one times δ{passed}{slope}.")]

    def _description(self, name: str) -> str:
        u = self.unit
        many = f"{len(u.inputs) + u.left:,} multiply gates" if len(u.inputs) + u.left > 1 else "One multiply gate"
        strongest_ones = f", of which the {len(u.inputs)} with the largest |w a| are drawn" if u.left else ""
        gates = ", an add gate" * u.summed + ", an add gate for the bias" * (u.bias is not None)
        gates += ", and the activation gate" * u.activated
        text = f"{name.capitalize()} as a circuit. {many}{strongest_ones}{gates}. "
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
