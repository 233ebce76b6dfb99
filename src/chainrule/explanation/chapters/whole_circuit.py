"""A whole small network as one circuit, its passes numbered: values above the wires, gradients below (S3.1, S3.17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.errors import SettingError
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.phase import backward_too, reading
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View, view
from chainrule.ids import Id
from chainrule.network import Network, as_network
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect
from chainrule.writing.formula import Formula, Symbol, row
from chainrule.writing.numbers import brief, written

LIMIT = 300
DIGITS = 4  # of the numbers on the wires
MARGIN, SIZE, ABOVE = 30.0, 11.0, 10.5
PITCH, LANE = 66.0, 25.0  # from one multiply gate to the next; from it down to the wire of its activation


def whole_circuit(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
    phase: str = "both",
) -> Scene:
    """Every gate of a small network for one example x (in,), y (out,) or its label, from the inputs to C.

    Gates that can work at the same time stand in one column, a pass; σ and C are one gate each. Raises SettingError with the
    number of gates beyond 300, UnknownNameError for another phase than "forward" or "both".
    """
    how = as_convention(convention)
    the_cost = how.cost_for(as_network(network, "whole_circuit(network, x, y)"), cost)
    both = backward_too(phase)
    count = gate_count(network, how)
    if count > LIMIT:
        raise SettingError(
            f"{network!r} has {count:,} gates, and at most {LIMIT} are drawn at once: draw one of its neurons with "
            "unit_circuit(network, x, y, by='z/1/0'), or take a smaller network"
        )
    return _Picture(view(network, x, y, the_cost, Id("C"), how), both).scene(count)


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


@dataclass
class _Picture:
    """Layer after layer from left to right; elements, rows of the table and columns gather on the way."""

    seen: View
    both: bool
    elements: list[Element] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    columns: list[float] = field(default_factory=list)  # x of each pass

    def scene(self, count: int) -> Scene:
        network = self.seen.network
        groups = {l: self._groups(l) for l in network.weights.numbers}
        spans = {l: (network.sizes[l] - 1) * sum(groups[l]) / 2 for l in groups}
        above = max([spans[l] + groups[l][0] for l in groups] + [27.0 * network.sizes[0]])
        below = max([spans[l] + groups[l][1] for l in groups] + [27.0 * network.sizes[0]])
        middle = MARGIN + 56 + above
        x, outputs = self._inputs(middle, above + below)
        for layer in network.weights.numbers:
            place = self._places(layer, x, middle, groups[layer])
            self._layer(layer, place, outputs)
            x, outputs = place.x["end"], tuple((place.x["end"], y) for y in place.y)
        x = self._cost(x, [y for _, y in outputs])
        bottom = middle + below + 34
        self._passes(x, MARGIN + 10, bottom)
        width = max(x + MARGIN, *(e.box.right + MARGIN for e in self.elements if isinstance(e, Label)))
        sizes = "-".join(map(str, network.sizes))
        head = ("leaves", "pass", "wire", "value", "gradient")
        table = tuple(row_[: 5 if self.both else 4] for row_ in [head, *self.rows])
        return Scene(
            round(width), round(bottom + (30 if self.both else 0)), tuple(self.elements), f"The network {sizes} as a circuit",
            self._description(sizes, count), table, "whole-circuit",
        ).headed(f"{reading(self.seen.how, self.both)}; gates of one column work at the same time", MARGIN)  # fmt: skip

    # places
    def _groups(self, layer: int) -> tuple[float, float]:
        """The room that each neuron of a layer takes above and below its middle."""
        rows = (self.seen.network.sizes[layer - 1] - 1) * PITCH / 2
        last = layer == self.seen.network.depth
        return max(rows + 24, 76.0), max(rows + 54, 74.0 if last else 0.0)

    def _fan(self, layer: int) -> float:
        """The width in which the wires of the activations before a layer part; more of them need more."""
        return min(54.0 + 8 * self.seen.network.sizes[layer - 1], 150.0)

    def _places(self, layer: int, start: float, middle: float, group: tuple[float, float]) -> _Place:
        network, seen = self.seen.network, self.seen
        w, delta = network.weights[layer], seen.into_z[layer]
        before = seen.trace.a[layer - 1]
        fed = [seen.weight(layer, j, k) for j in range(w.shape[0]) for k in range(w.shape[1])]
        x = {"name": start + self._fan(layer) + self._widest([(name,) for name in fed])}
        on_w = [brief(v, DIGITS) for v in [*w.ravel(), *(d * a for d in delta for a in before)]]
        on_w += [brief(v, DIGITS) for v in (delta[:, None] * w).ravel()]
        x["×"] = x["name"] + self._widest([(text,) for text in on_w]) + 30
        products = [brief(v, DIGITS) for v in [*(w * before).ravel(), *delta]]
        x["Σ"] = x["×"] + 10 + self._widest([(text,) for text in products]) + 30
        names: list[tuple[Formula | str, ...]] = [
            (seen.letter("z", layer, j), " = ", brief(v, DIGITS)) for j, v in enumerate(seen.trace.z[layer])
        ]
        names += [(seen.letter("δ", layer, j), " = ", brief(v, DIGITS)) for j, v in enumerate(delta)]
        at = x["Σ"] + 11
        if network.biases[layer].size:
            b = [brief(v, DIGITS) for v in [*network.biases[layer], *delta, *(w @ before)]]
            x["+"] = at + self._widest([(text,) for text in b]) + 64
            at = x["+"] + 11
        x["z"] = at
        at += self._widest(names) + 26
        if _activated(network, seen.how, layer):
            x["σ"] = at + 15
            names = [(seen.a(layer, j), " = ", brief(v, DIGITS)) for j, v in enumerate(seen.trace.a[layer])]
            names += [(brief(v, DIGITS),) for v in seen.into_a[layer]]
            at = x["σ"] + 15 + self._widest(names) + 22
        x["end"] = at
        y = tuple(middle + sum(group) * (j - (len(w) - 1) / 2) for j in range(len(w)))
        return _Place(x, y, tuple(at - (w.shape[1] - 1) * PITCH / 2 for at in y))

    def _widest(self, texts: Sequence[tuple[Formula | str, ...]]) -> float:
        boxes = [Label(0, 0, row(*text), size=SIZE).box for text in texts]
        return max(box.right - box.left for box in boxes)

    # parts
    def _inputs(self, middle: float, height: float) -> tuple[float, tuple[tuple[float, float], ...]]:
        """The inputs, which are a^0 (S3.15): where the first wires begin to part."""
        count, values = self.seen.network.sizes[0], self.seen.trace.a[0]
        gap = min(height / count, 150.0)
        ys = [middle + gap * (k - (count - 1) / 2) for k in range(count)]
        names = [Symbol("x", below="" if self.seen.bare else self.seen.how.below(k)) for k in range(count)]
        room = self._widest([(brief(v, DIGITS),) for v in [*values, *self.seen.into_a[0]]])
        start = MARGIN + self._widest([(name,) for name in names]) * 13 / SIZE + 6
        for k, y in enumerate(ys):
            self.elements.append(Label(start - 6, y, names[k], role_of(self.seen.how, "a"), 13, "end"))
            self._wire(start, start + room + 18, y, values[k], self.seen.into_a[0][k], letter="a")
            self._row("input", 0, names[k], values[k], self.seen.into_a[0][k])
        end = start + room + 18
        return end, tuple((end, y) for y in ys)

    def _layer(self, layer: int, place: _Place, sources: Sequence[tuple[float, float]]) -> None:
        network, seen, x = self.seen.network, self.seen, place.x
        w, before, delta = network.weights[layer], seen.trace.a[layer - 1], seen.into_z[layer]
        biased = network.biases[layer].size > 0
        self.columns += [x[kind] for kind in "×Σ+σ" if kind in x]
        for end, y in sources:
            if len(w) > 1 or layer > 1:
                self.elements.append(Circle(end, y, 2, "ink", "ink"))
        for j, middle in enumerate(place.y):
            for k in range(w.shape[1]):
                self._multiply(layer, j, k, place, place.first[j] + k * PITCH, sources[k])
            total = exact_sum(w[j] * before)
            high = (w.shape[1] - 1) * PITCH / 2 + 12
            self.elements.append(Rect(x["Σ"] - 11, middle - high, 22, 2 * high, "ink", "paper", 1.1, 11))
            self.elements.append(Label(x["Σ"], middle, "Σ", size=13))
            if biased:
                self._bias(layer, j, x, middle)
                self._wire(x["Σ"] + 11, x["+"] - 11, middle, total, delta[j], arrow=True)
                self._row("Σ", layer, row("Σ w a of ", seen.letter("z", layer, j)), total, delta[j])
        self._into_sigma(layer, place)

    def _multiply(self, layer: int, j: int, k: int, place: _Place, y: float, source: tuple[float, float]) -> None:
        """One multiply gate: its weight from the left, its activation from below, the product to Σ."""
        seen, x = self.seen, place.x
        w, a = float(seen.network.weights[layer][j, k]), float(seen.trace.a[layer - 1][k])
        delta, gate = float(seen.into_z[layer][j]), place.x["×"]
        name, lane = seen.weight(layer, j, k), y + LANE
        bend = source[0] + self._fan(layer)
        path = (
            (source[0], source[1]),
            ((source[0] + bend) / 2, source[1]),
            ((source[0] + bend) / 2, lane),
            (bend, lane),
        )
        self.elements.append(Line(path, "faint", 0.8, curved=True))
        rise = ((bend, lane), (gate - 16, lane), (gate - 16, lane), (gate - 16, lane),
                (gate - 4, lane), (gate, lane - 4), (gate, y + 9))  # fmt: skip
        self.elements.append(Line(rise, "faint", 0.8, arrow=True, curved=True))
        self.elements.append(Label(x["name"], y, name, role_of(self.seen.how, "w"), SIZE + 1, "end"))
        self._wire(x["name"] + 5, gate - 9, y, w, delta * a, arrow=True, letter="w")
        if self.both:
            middle = (x["name"] + gate) / 2 - 2
            self.elements.append(Label(middle, lane + ABOVE, brief(delta * w, DIGITS), "backward", SIZE, slanted=True))
        self.elements += [Circle(gate, y, 9, "ink", "paper", 1.1), Label(gate, y, "×", size=11)]
        self._wire(gate + 9, x["Σ"] - 11, y, w * a, delta, arrow=True)
        self._row("weight", layer, name, w, delta * a)
        self._row("×", layer, row(name, seen.a(layer - 1, k)), w * a, delta)
        if self.both:
            share = row(seen.a(layer - 1, k), ", share of ", seen.letter("z", layer, j))
            self._row("activation", layer, share, a, delta * w)

    def _bias(self, layer: int, j: int, x: dict[str, float], middle: float) -> None:
        """A bias comes from above into the second add gate."""
        seen, y, bias = self.seen, middle - 46, self.seen.network.biases[layer]
        id = Id("b", layer, j if bias.size > 1 else 0)
        value, delta = float(bias[id.neuron]), float(seen.into_z[layer][j])
        start, end = x["Σ"] + 38, x["+"] - 12
        self.elements.append(Label(start, y, seen.quantity(id), role_of(self.seen.how, "b"), SIZE + 1, "end"))
        self._wire(start + 5, end, y, value, delta, letter="b")
        path = ((end, y), (end + 8, y), (x["+"], y + 6), (x["+"], middle - 11))
        self.elements.append(Line(path, width=0.9, arrow=True, curved=True))
        self.elements += [Circle(x["+"], middle, 11, "ink", "paper", 1.1), Label(x["+"], middle, "+", size=13)]
        shared = " (the share of this neuron)" if seen.shared(id) else ""
        self._row("bias", layer, row(seen.quantity(id), shared), value, delta)

    def _into_sigma(self, layer: int, place: _Place) -> None:
        """z into the activation gates, and a on; where there is none, z goes on."""
        seen, x, network = self.seen, place.x, self.seen.network
        active = _activated(network, seen.how, layer)
        goal = x["σ"] - 15 if active else x["end"]
        for j, y in enumerate(place.y):
            z, delta = float(seen.trace.z[layer][j]), float(seen.into_z[layer][j])
            self._wire(x["z"], goal, y, z, delta, seen.letter("z", layer, j), seen.letter("δ", layer, j), active, "z")
            self._row("+" if network.biases[layer].size else "Σ", layer, seen.letter("z", layer, j), z, delta)
        if not active:
            return
        name = Symbol("σ", seen.how.above(layer))
        if network.activations[layer].full_slope:
            first, last = place.y[0], place.y[-1]
            self.elements.append(Rect(x["σ"] - 15, first - 15, 30, last - first + 30, "ink", "paper", 1.1, 15))
            self.elements.append(Label(x["σ"], (first + last) / 2, name, size=13))
        for j, y in enumerate(place.y):
            if not network.activations[layer].full_slope:
                self.elements += [Circle(x["σ"], y, 15, "ink", "paper", 1.1), Label(x["σ"], y, name, size=13)]
            a, slope = float(seen.trace.a[layer][j]), float(seen.into_a[layer][j])
            self._wire(x["σ"] + 15, x["end"], y, a, slope, seen.a(layer, j), letter="a")
            self._row("σ", layer, seen.a(layer, j), a, slope)

    def _cost(self, x: float, ys: Sequence[float]) -> float:
        """The cost gate: the outputs from the left, the targets from below each, C to the right."""
        seen = self.seen
        gate, wire = x + 34, x + 34 + 15
        self.columns.append(gate)
        names = [seen.target(j) for j in range(len(ys))]
        room = self._widest([(brief(float(v), DIGITS),) for v in seen.y]) + 14
        for j, y in enumerate(ys):
            self.elements.append(Line(((x, y), (gate - 15, y)), width=0.9, arrow=True))
            at = y + 46
            self._wire(gate - 15 - room, gate - 15, at, float(seen.y[j]), None, arrow=True, letter="y")
            self.elements.append(Label(gate - 20 - room, at, names[j], role_of(self.seen.how, "y"), SIZE + 1, "end"))
            self._row("target", 0, names[j], float(seen.y[j]), None)
        top, bottom = ys[0] - 16, ys[-1] + 62
        self.elements.append(Rect(gate - 15, top, 30, bottom - top, "ink", "paper", 1.1, 15))
        self.elements.append(Label(gate, (top + bottom) / 2, Symbol(seen.how.letter), size=14))
        value = float(seen.pair.value(seen.trace.z[seen.network.depth][None] if seen.pair.of == "z"
                                      else seen.trace.a[seen.network.depth][None], seen.y[None])[0])  # fmt: skip
        name = Symbol(seen.how.letter)
        end = wire + self._widest([(name, " = ", brief(value, DIGITS))]) + 30
        self._wire(wire, end, (top + bottom) / 2, value, 1.0, name, arrow=True, letter="C")
        self._row("C", seen.network.depth, name, value, 1.0)
        return end

    def _wire(
        self,
        start: float,
        end: float,
        y: float,
        value: float,
        gradient: float | None,
        name: Formula | None = None,
        sent: Formula | None = None,
        arrow: bool = False,
        letter: str = "",
    ) -> None:
        """A wire with its value above and its gradient below."""
        middle = (start + end) / 2 - (3 if arrow else 0)
        self.elements.append(Line(((start, y), (end, y)), width=0.9, arrow=arrow))
        role = letter if letter and self.seen.how.colours == "symbol" else "forward"
        text = brief(value, DIGITS)
        self.elements.append(Label(middle, y - ABOVE, row(name, " = ", text) if name else text, role, SIZE))
        if self.both and gradient is not None:
            text = brief(gradient, DIGITS)
            below = row(sent, " = ", text) if sent else text
            self.elements.append(Label(middle, y + ABOVE, below, "backward", SIZE, slanted=True))

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

    def _row(self, gate: str, layer: int, wire: Formula, value: float, gradient: float | None) -> None:
        """A row of the table: a wire, the gate it leaves and the pass in which that works; sources are there before."""
        plan = passes(self.seen.network, self.seen.how)
        number_of = str(plan.index((layer, gate)) + 1) if (layer, gate) in plan else ""
        self.rows.append((gate, number_of, str(wire), written(value), "" if gradient is None else written(gradient)))

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
