"""One neuron as gates: multiply, Σ, bias, σ, with values above the wires and gradients below them (S3.5–S3.12)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.errors import SettingError, unknown_name
from chainrule.explanation.numbers import written
from chainrule.explanation.scene import Circle, Element, Label, Line, Rect, Scene
from chainrule.explanation.shown import neuron_of, strongest
from chainrule.explanation.view import View, view
from chainrule.ids import Id
from chainrule.network import Network, as_network
from chainrule.notation import Formula, Row, Symbol, Transposed, row

PHASES = ("forward", "both")
MARGIN, RADIUS, SIZE, SMALL = 28.0, 17.0, 13.0, 11.5
ABOVE = 14.0  # of a number from its wire


def unit_circuit(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
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
    how = as_convention(convention)
    here, pinned = neuron_of(as_network(network, "unit_circuit(network, x, y)"), by, layer, neuron)
    if phase not in PHASES:
        raise unknown_name("phase", phase, PHASES)
    if not isinstance(most, int) or most < 1:
        raise SettingError(f"most={most!r}: at least one input is shown")
    seen = view(network, x, y, how.cost_for(network, cost), Id("C"), how)
    return _Picture(Unit.of(seen, here.layer, here.neuron, most, pinned), phase == "both").scene()


def reading(how: Convention, both: bool) -> str:
    """How the numbers at the wires are read (S3.6, S3.12)."""
    return "values forward above the wires" + (f", derivatives of {how.letter} backward below" if both else "")


# what it shows ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Wire:
    """A wire: its name, the value above it, and the gradient below it with how that is written; `letter` colours it."""

    name: Formula
    value: float
    sent: Formula
    gradient: float
    letter: str = "ink"


@dataclass(frozen=True)
class Input:
    """One multiply gate: the wires of its weight and of its activation, and of their product."""

    k: int
    weight: Wire
    activation: Wire
    product: Wire


@dataclass(frozen=True)
class Unit:
    """The wires of one neuron (S3.7): the inputs that are shown, all others as one, then Σ w a, b, z and a.

    `others` is Σ w a over the inputs that are not shown, `left` of them; without a bias z is the sum itself.
    """

    seen: View
    layer: int
    j: int
    inputs: tuple[Input, ...]
    left: int
    others: Wire | None
    total: Wire
    bias: Wire | None
    z: Wire
    a: Wire
    slope: Wire

    @classmethod
    def of(cls, seen: View, layer: int, j: int, most: int, pinned: int | None = None) -> Unit:
        network, trace = seen.network, seen.trace
        delta = float(seen.into_z[layer][j])
        back = seen.letter("δ", layer, j)
        products = [float(each) for each in network.weights[layer][j] * trace.a[layer - 1]]
        shown = strongest(products, most, pinned)
        left = [each for k, each in enumerate(products) if k not in shown]
        total = Wire(_sum_symbol(seen, layer, j), math.fsum(products), back, delta, "z")
        bias = network.biases[layer]
        z_name, z_value = seen.letter("z", layer, j), float(trace.z[layer][j])
        b = None
        if bias.size:
            id = Id("b", layer, j if bias.size > 1 else 0)
            b = Wire(seen.quantity(id), float(bias[id.neuron]), back, delta, "b")
        a = Wire(seen.a(layer, j), float(trace.a[layer][j]), *_onto_output(seen, layer, j), "a")
        slope = seen.slopes(layer)
        own = float(slope[j] if slope.ndim == 1 else slope[j, j])
        return cls(
            seen,
            layer,
            j,
            tuple(_input(seen, layer, j, k) for k in shown),
            len(left),
            Wire(row("Σ"), math.fsum(left), back, delta) if left else None,
            total,
            b,
            Wire(z_name if b else row(z_name, " = ", total.name), z_value, back, delta, "z"),
            a,
            Wire(seen.slope_symbol(layer, j), own, back, delta),
        )

    @property
    def activated(self) -> bool:
        """False on the last layer of an author who leaves it without an activation gate (S3.14)."""
        return not (self.seen.how.linear_output and self.layer == self.seen.network.depth)

    @property
    def whole(self) -> bool:
        """True for an activation that takes every z of its layer (softmax)."""
        return self.seen.network.activations[self.layer].full_slope

    def wires(self) -> list[tuple[str, Wire]]:
        """Every wire with the gate that it leaves, from the inputs on."""
        before = "input" if self.layer == 1 else f"σ of layer {self.layer - 1}"
        found = [
            pair
            for each in self.inputs
            for pair in (("weight", each.weight), (before, each.activation), ("multiply", each.product))
        ]
        if self.others is not None:
            found.append((f"{self.left:,} more multiply gates", self.others))
        if self.bias is None:
            found.append(("first add", self.z))
        else:
            found += [("first add", self.total), ("bias", self.bias), ("second add", self.z)]
        return [*found, ("activation gate", self.a)] if self.activated else found


def _input(seen: View, layer: int, j: int, k: int) -> Input:
    """The wires around one multiply gate: it switches its inputs and multiplies them with δ (S3.10)."""
    w, a = float(seen.network.weights[layer][j, k]), float(seen.trace.a[layer - 1][k])
    delta, back = float(seen.into_z[layer][j]), seen.letter("δ", layer, j)
    w_name, a_name = seen.weight(layer, j, k), seen.a(layer - 1, k)
    return Input(
        k,
        Wire(w_name, w, row(back, a_name), delta * a, "w"),
        Wire(a_name, a, row(back, w_name), delta * w, "a"),
        Wire(row(w_name, a_name), w * a, back, delta),
    )


def _sum_symbol(seen: View, layer: int, j: int) -> Formula:
    """Σ_k w_jk a_k, the name of the wire between the two add gates (S3.7)."""
    if seen.bare:
        return row(seen.weight(layer, 0, 0), seen.a(layer - 1, 0))
    k = seen.how.from_letter
    return row(Symbol("Σ", below=k), " ", seen.how.weight(layer, j, k), seen.how.symbol("a", layer - 1, k))


def _onto_output(seen: View, layer: int, j: int) -> tuple[Formula, float]:
    """What the gates after it send to a^l_j: (δ^{l+1})ᵀ w^{l+1}_.j, or the cost's own slope (S3.11)."""
    if layer == seen.network.depth:
        return row("∂", Symbol(seen.how.letter), "/∂", seen.a(layer, j)), float(seen.into_a[layer][j])
    value = float(seen.into_a[layer][j])
    if seen.bare:
        return row(seen.letter("δ", layer + 1), seen.weight(layer + 1, 0, 0)), value
    return row(Transposed(seen.how.symbol("δ", layer + 1)), seen.how.weight(layer + 1, ".", j)), value


# how it is drawn ----------------------------------------------------------------------------------------------------
def gate(x: float, y: float, symbol: str | Formula, radius: float = RADIUS, size: float = 15.0) -> list[Element]:
    """A gate: a circle with what it does."""
    return [Circle(x, y, radius, "ink", "paper", 1.2), Label(x, y, symbol, size=size)]


@dataclass(frozen=True)
class _Picture:
    """The circuit from left to right: sources, multiply gates, Σ, bias, σ, and where a goes."""

    unit: Unit
    both: bool

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
        elements += self._sum(x, first, middle, last)
        if u.bias is not None:
            elements += self._bias(u.bias, middle, x)
        elements += self._output(middle, x)
        bottom = max(last + (self.apart if u.others is None else 0.0), middle + 34) + 2 * ABOVE + 20
        for i, line in enumerate(self._notes()):
            elements.append(Label(MARGIN, bottom + i * 19, line, "faint", SMALL, "start"))
        labels = [each for each in elements if isinstance(each, Label)]
        width = max(x["end"] + MARGIN, *(label.box.right + MARGIN for label in labels))
        height = bottom + 19 * len(self._notes()) + 8
        name = f"neuron {u.j + u.seen.how.base} of layer {u.layer}"
        return Scene(
            round(width), round(height), tuple(elements), f"{name} as gates".capitalize(), self._description(name),
            self._table(), "unit-circuit",
        ).headed(reading(u.seen.how, self.both), MARGIN)  # fmt: skip

    # places
    def _columns(self) -> dict[str, float]:
        """x of each gate and of each end of a wire, as wide as what stands on the wires."""
        u = self.unit
        source = max([2 * RADIUS, *(_width(Label(0, 0, each.weight.name, size=15)) for each in u.inputs)])
        if u.others is not None:
            source = max(source, _width(Label(0, 0, self._more(), size=SIZE)))
        x = {"source": MARGIN + source / 2, "from": MARGIN + source + 6}
        wires = [each for i in u.inputs for each in (i.weight, i.activation)]
        x["multiply"] = x["from"] + self._room(wires, named=(False, True)) + 34 + RADIUS
        x["sum"] = (
            x["multiply"] + RADIUS + self._room([i.product for i in u.inputs] + [u.others] * bool(u.others)) + RADIUS
        )
        x["add"] = x["sum"] + RADIUS + max(self._room([u.total]), self._room([u.bias] * bool(u.bias)) + 40) + RADIUS
        if u.bias is None:
            x["add"] = x["sum"]
            x["sigma"] = x["sum"] + RADIUS + self._room([u.z]) + 30 + RADIUS
        else:
            x["sigma"] = x["add"] + RADIUS + max(self._room([u.z]), 96) + RADIUS
        x["end"] = x["sigma"] + RADIUS + self._room([u.a]) + 78 if u.activated else x["sigma"] + 30
        return x

    def _room(self, wires: Sequence[Wire | None], named: Sequence[bool] = (True,)) -> float:
        """The length of a wire for the longest of these."""
        labels = [
            each for wire in wires if wire is not None for name in named for each in self._numbers(wire, 0, 0, name)
        ]
        return max((_width(each) for each in labels), default=0.0) + 26

    def _heights(self) -> tuple[float, float, float]:
        """y of the first row, of the middle, and of the last row."""
        rows = len(self.unit.inputs)
        span = (rows - 1) * self.pitch + (self.apart + 62 if self.unit.others is not None else 0.0)
        need = (
            self.apart + ABOVE + 18
            if self.unit.bias is None
            else max(self.apart + ABOVE + 18, 84 + ABOVE + 18 - span / 2)
        )
        first = MARGIN + max(need, 56 - span / 2)
        return first, first + span / 2, first + span

    # parts
    def _numbers(self, wire: Wire, x: float, y: float, named: bool = True) -> list[Label]:
        """The value above the middle of a wire, and the gradient below it."""
        role = wire.letter if self.unit.seen.how.colours == "symbol" and wire.letter in "wbza" else "forward"
        above = row(wire.name, " = ", written(wire.value)) if named else row(written(wire.value))
        found = [Label(x, y - ABOVE, above, role, SIZE)]
        if self.both:
            found.append(
                Label(x, y + ABOVE, row(wire.sent, " = ", written(wire.gradient)), "backward", SIZE, slanted=True)
            )
        return found

    def _row(self, each: Input, y: float, x: dict[str, float]) -> list[Element]:
        """A weight and an activation into their multiply gate, and on to Σ."""
        start, meet = x["from"], x["multiply"]
        bend = meet - RADIUS - 34
        found: list[Element] = []
        for wire, at, named in ((each.weight, y - self.apart, False), (each.activation, y + self.apart, True)):
            end = (meet - RADIUS * 0.82, y + math.copysign(RADIUS * 0.62, at - y))
            found.append(Line(((start, at), (bend, at)), width=1.1))
            found.append(
                Line(((bend, at), (bend + 18, at), (end[0] - 12, at), end), width=1.1, arrow=True, curved=True)
            )
            found += self._numbers(wire, (start + bend) / 2, at, named)
        found.append(Label(x["source"], y - self.apart, each.weight.name, self._role("w"), 15))
        found += self._source(each, x["source"], y + self.apart)
        found += gate(meet, y, "×")
        found.append(Line(((meet + RADIUS, y), (x["sum"] - RADIUS, y)), width=1.1, arrow=True))
        return [*found, *self._numbers(each.product, (meet + x["sum"]) / 2, y)]

    def _source(self, each: Input, x: float, y: float) -> list[Element]:
        """The activation gate of the level before (S3.6), or an input."""
        seen, layer = self.unit.seen, self.unit.layer - 1
        if layer:
            return gate(x, y, Symbol("σ", seen.how.above(layer)))
        name = Symbol("x", below="" if seen.bare else seen.how.below(each.k))
        return [Label(x, y, name, self._role("a"), 15)]

    def _others(self, wire: Wire, y: float, x: dict[str, float]) -> list[Element]:
        """All other multiply gates at once: their sum goes into Σ."""
        meet = x["multiply"]
        behind: list[Element] = [Circle(meet + 5 * i, y - 5 * i, RADIUS, "faint", "paper", 1.0) for i in (2, 1)]
        return [
            Label(x["source"], y, self._more(), "faint", SIZE),
            Line(((x["from"], y), (meet - RADIUS, y)), "faint", 1.0, arrow=True),
            *behind,
            *gate(meet, y, "×"),
            Line(((meet + RADIUS, y), (x["sum"] - RADIUS, y)), width=1.1, arrow=True),
            *self._numbers(wire, (meet + 10 + x["sum"]) / 2, y),
        ]

    def _more(self) -> str:
        return f"{self.unit.left:,} more"

    def _sum(self, x: dict[str, float], first: float, middle: float, last: float) -> list[Element]:
        """The first add gate, as high as all that it takes; and its wire."""
        top, bottom = first - RADIUS, last + RADIUS
        found: list[Element] = [
            Rect(x["sum"] - RADIUS, top, 2 * RADIUS, bottom - top, "ink", "paper", 1.2, RADIUS),
            Label(x["sum"], middle, "Σ", size=17),
        ]
        if self.unit.bias is None:
            return found
        found.append(Line(((x["sum"] + RADIUS, middle), (x["add"] - RADIUS, middle)), width=1.1, arrow=True))
        return [*found, *self._numbers(self.unit.total, (x["sum"] + x["add"]) / 2, middle)]

    def _bias(self, wire: Wire, middle: float, x: dict[str, float]) -> list[Element]:
        """The second add gate, with the bias from above."""
        y, start, bend = middle - 84, x["sum"] + RADIUS + 46, x["add"] - 26
        path = ((bend, y), (bend + 18, y), (x["add"], y + 14), (x["add"], middle - RADIUS))
        return [
            Label(start - 20, y, wire.name, self._role("b"), 15),
            Line(((start, y), (bend, y)), width=1.1),
            Line(path, width=1.1, arrow=True, curved=True),
            *self._numbers(wire, (start + bend) / 2, y, False),
            *gate(x["add"], middle, "+"),
        ]

    def _output(self, middle: float, x: dict[str, float]) -> list[Element]:
        """z into the activation gate, and a on to the next level."""
        u, start = self.unit, (x["add"] if self.unit.bias is not None else x["sum"]) + RADIUS
        goal = x["sigma"] - RADIUS if u.activated else x["sigma"]
        found: list[Element] = [Line(((start, middle), (goal, middle)), width=1.1, arrow=True)]
        found += self._numbers(u.z, (start + goal) / 2, middle)
        if not u.activated:
            return found + gate(goal + RADIUS, middle, Symbol(u.seen.how.letter), size=14)
        sigma = u.seen.network.activations[u.layer]
        found += gate(x["sigma"], middle, Symbol("σ", u.seen.how.above(u.layer)))
        found.append(Label(x["sigma"], middle - RADIUS - 13, sigma.name, "faint", SMALL))
        if self.both and not u.whole:
            slope = row(u.slope.name, " = ", written(u.slope.value))
            found.append(Label(x["sigma"], middle + RADIUS + 22, slope, "faint", SMALL, slanted=True))
        end = x["end"] - 78
        found.append(
            Line(((x["sigma"] + RADIUS, middle), (end, middle)), width=1.1, arrow=u.layer == u.seen.network.depth)
        )
        found += self._numbers(u.a, (x["sigma"] + RADIUS + end) / 2, middle)
        return found + self._onward(end, middle)

    def _onward(self, x: float, y: float) -> list[Element]:
        """The multiply gates of the next level, which all take a (S3.11), or the cost."""
        u = self.unit
        if u.layer == u.seen.network.depth:
            return gate(x + RADIUS, y, Symbol(u.seen.how.letter), size=14)
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

    def _role(self, letter: str) -> str:
        return letter if self.unit.seen.how.colours == "symbol" else "ink"

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
        if u.bias is not None and u.seen.shared(Id("b", u.layer, 0)):
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
            whole = f"∂{self.unit.seen.how.letter}/∂{name}"
            rows.append(
                ("all shares", str(name), written(each.activation.value), whole, written(float(before[each.k])))
            )
        return (("gate", "wire", "value", "gradient", "its value"), *rows)


def _width(label: Label) -> float:
    return label.box.right - label.box.left


def _all(count: int) -> str:
    return "Both" if count == 2 else f"All {count:,}"
