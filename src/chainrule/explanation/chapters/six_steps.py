"""One update as a picture: six numbered steps from top to bottom, the layers from left to right (S4.14, S4.15)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.conventions import plural
from chainrule.explanation.letters import Letters
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.shown import whole_number
from chainrule.explanation.typeset import Look, Typeset, typeset, wrapped
from chainrule.explanation.update import TITLE, Update, one_update, six_steps_of
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, Span, extent, moved, width_of
from chainrule.writing.formula import Formula, Sum, inline, row
from chainrule.writing.numbers import number, short

Array = np.ndarray
EDGE, TOP = 36.0, 112.0
LEFT = 330.0  # the room for what each step is
SIZE, PITCH = 12.5, 23.0  # of the numbers, and from line to line
GAP, AIR = 46.0, 22.0  # between layers, and above and below the numbers of a step
NEAR, FAR = 9.0, 22.0  # from a symbol to its number, and from there to the next symbol


def six_steps(seen: View, *, learning_rate: float = 0.1, most: int = 8) -> Scene:
    """One update on one example x (in,), y (out,) or its label: forward, δ of the last layer, back, ∂C/∂w, ∂C/∂b, update.

    Of more than `most` numbers in a place the largest are shown, and how many more there are with their sum.
    """
    most = whole_number(most, "most", 2)
    return Picture(seen, one_update(seen.problem, "mean", learning_rate), most).scene()


# numbers in a place -------------------------------------------------------------------------------------------------
Quantity = tuple[Span, ...]  # a symbol, and its number or numbers


@dataclass(frozen=True)
class Place:
    """What one step has in one layer: quantities in lines, how many more there are, of what, and their sum."""

    lines: tuple[tuple[Quantity, ...], ...]
    more: int = 0
    of: str = ""
    total: str = ""

    @property
    def rest(self) -> str:
        return f"{self.more:,} more, {f'Σ {self.of}'.strip()} = {self.total}" if self.more else ""

    @property
    def height(self) -> float:
        return PITCH * (len(self.lines) + bool(self.rest))

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The same for the table: the name of each quantity and its numbers."""
        shown = [quantity for line in self.lines for quantity in line if len(quantity) > 1]
        rows = [(str(symbol.content), " ".join(str(each.content) for each in values)) for symbol, *values in shown]
        return [*rows, (f"{self.more:,} more, sum {self.of}".strip(), self.total)] if self.more else rows


def strongest_of(values: Array, most: int, line: Callable[[int], tuple[Quantity, ...]], of: str = "") -> Place:
    """The lines of the largest |values|, and the exact sum of the others."""
    shown, left = strongest(values, most)
    return Place(tuple(map(line, shown)), len(left), of, number(exact_sum(left.tolist())))


def strongest(values: Array, most: int) -> tuple[list[int], Array]:
    """Which of the values (n,) are shown, in their own order, and the others; to leave out a single one would save no line."""
    if len(values) <= most + 1:
        return list(range(len(values))), values[:0]
    sizes = np.abs(values)
    least = np.partition(sizes, -most)[-most]  # there may be millions, which are not sorted
    above, equal = np.flatnonzero(sizes > least), np.flatnonzero(sizes == least)
    shown = np.sort(np.concatenate([above, equal[: most - len(above)]]))
    return shown.tolist(), np.delete(values, shown)


def set_place(place: Place, look: Look) -> Typeset:
    """Its lines in columns, numbers ending below each other; the first line at the height 0."""
    lines = [[span for quantity in line for span in quantity] for line in place.lines]
    drawn = [[_set(span, look) for span in line] for line in lines]
    count = max(map(len, drawn), default=0)
    widths = [max((line[i].width for line in drawn if i < len(line)), default=0.0) for i in range(count)]
    elements: list[Element] = []
    reached = 0.0
    for n, (line, spans) in enumerate(zip(drawn, lines)):
        x = 0.0
        for made, span, width in zip(line, spans, widths):
            ends = isinstance(span.content, str)  # a number
            elements += made.at(x + (width - made.width if ends else 0.0), n * PITCH)
            x += width + (FAR if ends else NEAR)
        reached = max(reached, x)
    width = max(reached - FAR, width_of(place.rest, 0.9 * SIZE), 0.0)
    if place.rest:
        elements.append(Label(0, len(lines) * PITCH, place.rest, "faint", 0.9 * SIZE, "start"))
    return Typeset(tuple(elements), width, PITCH / 2, PITCH / 2)


def _set(span: Span, look: Look) -> Typeset:
    if isinstance(span.content, str):
        width, up, down = (size * SIZE for size in extent(span.content))
        return Typeset((Label(width, 0, span.content, span.role, SIZE, "end", span.slanted),), width, up, down)
    return typeset(span.content, SIZE, look, inside="∂" in str(span.content))


# the picture --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Step:
    """One of the six: its heading and what it says more, its formulas, its numbers by layer, and which way it goes."""

    title: str
    says: str
    formulas: tuple[Formula, ...]
    places: dict[int, Place]
    role: str
    arrow: int = 0  # 1 to the right, −1 to the left


@dataclass(frozen=True)
class Picture:
    """One update, seen by its layers."""

    seen: View
    update: Update
    most: int

    @property
    def s(self) -> Letters:
        return Letters(self.seen.how)

    @property
    def look(self) -> Look:
        return Look(self.seen.how)

    @property
    def last(self) -> int:
        return self.seen.network.depth

    @property
    def layers(self) -> range:
        return range(1, self.last + 1)

    # what each step has in each layer --------------------------------------------------------------------------------
    def _quantity(self, symbol: Formula, letter: str, value: float) -> Quantity:
        """A symbol and its number, in the look of its letter."""
        return Span(symbol, ""), Span(number(value), *self.look.letter(letter))

    def forward(self, layer: int) -> Place:
        """z and a of a layer; of the input a alone."""
        seen, trace = self.seen, self.seen.trace

        def line(j: int) -> tuple[Quantity, ...]:
            a = self._quantity(seen.a(layer, j), "a", float(trace.a[layer][j]))
            if not layer:
                return (a,)
            return self._quantity(seen.letter("z", layer, j), "z", float(trace.z[layer][j])), a

        return strongest_of(trace.a[layer], self.most, line, "a")

    def deltas(self, layer: int) -> Place:
        """δ of a layer; of the last one beside its targets."""
        seen, values = self.seen, self.seen.into_z[layer]

        def line(j: int) -> tuple[Quantity, ...]:
            delta = self._quantity(seen.sensitivity(layer, j), "δ", float(values[j]))
            if layer < self.last:
                return (delta,)
            target = Span(short(float(seen.y[j]), 6), "y" if self.look.by_symbol else "faint")
            return delta, (Span(seen.target(j), ""), target)

        return strongest_of(values, self.most, line, "δ")

    def gradients(self, layer: int, kind: str) -> Place:
        """∂C/∂w or ∂C/∂b of a layer."""
        gradient = self.update.gradient
        values = (gradient.weights if kind == "w" else gradient.biases)[layer].ravel()
        if not values.size:
            return Place((((Span(row("no biases"), "faint"),),),))

        def line(i: int) -> tuple[Quantity, ...]:
            return (self._quantity(inline(self.seen.by(self._id(kind, layer, i))), "δ", float(values[i])),)

        return strongest_of(values, self.most, line)

    def changes(self, layer: int) -> Place:
        """Weights and biases of a layer, before → after."""
        before, after, gradient = (
            np.append(each.weights[layer], each.biases[layer])
            for each in (self.update.network, self.update.after, self.update.gradient)
        )
        weights = self.seen.network.weights[layer].size

        def line(i: int) -> tuple[Quantity, ...]:
            id = self._id("w", layer, i) if i < weights else self._id("b", layer, i - weights)
            old, new = (number(float(each[i])) for each in (before, after))
            arrow, role = Span(row("→"), ""), self.look.letter(id.kind)[0]
            return ((Span(self.seen.quantity(id), ""), Span(old, "faint"), arrow, Span(new, role)),)

        return strongest_of(-self.update.rate * gradient, self.most, line, "of changes")  # after − before loses digits

    def _id(self, kind: str, layer: int, entry: int) -> Id:
        return (
            Id("b", layer, entry) if kind == "b" else Id("w", layer, *divmod(entry, self.seen.network.sizes[layer - 1]))
        )

    # the six ---------------------------------------------------------------------------------------------------------
    def steps(self) -> list[Step]:
        """The six steps."""
        s, l, network = self.s, self.s.layer, self.seen.network
        biased = [layer for layer in self.layers if network.biases[layer].size]
        softmaxes = sorted({network.activations[layer].full_slope for layer in self.layers[:-1]}) or [False]
        shared = sorted({network.shared_bias(layer) for layer in biased})
        total = {False: s.delta(l), True: Sum(s.j, s.delta(l, s.j))}
        formulas = (
            [row(s.z(l), " = ", s.weighted(l, bool(biased))), row(s.a(l), " = σ(", s.z(l), ")")],
            [row(s.delta("L"), " = ", self._last_delta())],
            [row(s.delta(l), " = ", s.hidden(l, full)) for full in softmaxes],
            [row(s.by(s.w(l)), " = ", s.outer(l))],
            [row(s.by(s.b(l)), " = ", total[each]) for each in shared],
            [row(each, " ← ", each, " − η ", s.by(each)) for each in ([s.w(l), s.b(l)] if biased else [s.w(l)])],
        )
        places = (
            {layer: self.forward(layer) for layer in range(self.last + 1)},
            {self.last: self.deltas(self.last)},
            {layer: self.deltas(layer) for layer in self.layers[:-1]},
            {layer: self.gradients(layer, "w") for layer in self.layers},
            {layer: self.gradients(layer, "b") for layer in self.layers},
            {layer: self.changes(layer) for layer in self.layers},
        )
        ways = (("forward", 1), ("backward", 0), ("backward", -1), ("backward", 0), ("backward", 0), ("accent", 0))
        titles = [heading.partition(": ") for heading in six_steps_of(self.seen.how)]
        return [
            Step(title, says, tuple(lines), numbers, *way)
            for (title, _, says), lines, numbers, way in zip(titles, formulas, places, ways)
        ]

    def _last_delta(self) -> Formula:
        s, pair, output = self.s, self.seen.pair, self.seen.network.output
        if pair.delta is not None:
            return s.cost_delta(pair, "L")
        return s.cost_slope(pair, "L") if output.name == "identity" else s.output("L", output.full_slope)

    # drawing ---------------------------------------------------------------------------------------------------------
    def scene(self) -> Scene:
        """Heads, the six steps, and the cost before and after."""
        steps, ending, subtitle = self.steps(), self._ending(), self._subtitle()
        drawn = [{layer: set_place(place, self.look) for layer, place in step.places.items()} for step in steps]
        lefts, x = {}, EDGE + LEFT
        elements: list[Element] = [
            Label(EDGE, 44, TITLE, "ink", 23, "start", bold=True),
            Label(EDGE, 74, subtitle, "faint", 13, "start"),
        ]
        for layer in range(self.last + 1):
            head, below = self._head(layer)
            elements.append(Label(x, TOP, head, "ink", 13.5, "start", bold=True))
            elements.append(Label(x, TOP + 17, below, "faint", 11.5, "start"))
            numbers = [places[layer].width for places in drawn if layer in places]
            lefts[layer], x = x, x + max(width_of(head, 13.5), width_of(below, 11.5), *numbers) + GAP
        wide = max(x - GAP + EDGE, ending.width + 2 * EDGE, width_of(subtitle, 13) + 2 * EDGE)
        y = TOP + 36.0
        for n, (step, places) in enumerate(zip(steps, drawn), 1):
            elements.append(Line(((EDGE, y), (wide - EDGE, y)), "faint", 0.6, opacity=0.45))
            band, y = self._band(n, step, places, lefts, y)
            elements += band
        elements += ending.at(EDGE, y)
        height = y + ending.down + 24
        return Scene(wide, height, tuple(elements), TITLE, self._description(), self._table(steps), "six-steps")

    def _head(self, layer: int) -> tuple[str, str]:
        """Layer 2 · 3 neurons, tanh."""
        network, count = self.seen.network, self.seen.network.sizes[layer]
        some = "s" if count > 1 else ""
        if layer == 0:
            return "input", f"{count:,} number{some}"
        return f"layer {layer}", f"{count:,} neuron{some}, {network.activations[layer].name.replace('_', ' ')}"

    def _subtitle(self) -> str:
        sizes, cost = "-".join(map(str, self.seen.network.sizes)), self.seen.cost.name.replace("_", " ")
        return f"a network {sizes}, one example, the cost {cost}, the learning rate η = {self.update.rate_text}"

    def _band(
        self, n: int, step: Step, places: dict[int, Typeset], lefts: dict[int, float], y: float
    ) -> tuple[list[Element], float]:
        """One step: its number, words and formulas on the left, its numbers below their layers; and where it ends."""
        top = y + AIR + (16 if step.arrow else 4)
        elements: list[Element] = [
            *self._arrow(step, places, lefts, y + 13),
            Circle(EDGE + 13, top, 13, step.role, "paper", 1.4),
            Label(EDGE + 13, top, str(n), step.role, 13.5, bold=True),
            Label(EDGE + 38, top, step.title, "ink", 14, "start", bold=True),
        ]
        lowest = top + 14
        for text in wrapped(step.says, 11.5, LEFT - 48):
            elements.append(Label(EDGE + 38, lowest + 6, text, "faint", 11.5, "start"))
            lowest += 16
        for formula in step.formulas:
            made = typeset(formula, 14.5, self.look)
            elements += made.at(EDGE + 38, lowest + made.up)
            lowest += made.up + made.down + 4
        for layer, place in places.items():
            elements += moved(place.elements, lefts[layer], top)
            lowest = max(lowest, top + step.places[layer].height - PITCH / 2)
        if not places:
            elements.append(Label(lefts[1], top, "one layer: none lies before it", "faint", SIZE, "start"))
        return elements, lowest + AIR - 6

    def _arrow(self, step: Step, places: dict[int, Typeset], lefts: dict[int, float], y: float) -> list[Element]:
        """Which way a step goes through the layers: forward solid, backward dashed."""
        if not step.arrow or not places:
            return []
        start, end = lefts[min(places)], lefts[max(places)] + places[max(places)].width
        if step.arrow < 0:
            start, end = lefts[self.last], lefts[min(places)]
        return [Line(((start, y), (end, y)), step.role, 1.3, dashed=step.arrow < 0, arrow=True)]

    def _ending(self) -> Typeset:
        """Two bars, the cost before and after, on a panel whose corner is at (0, 0)."""
        update, longest, left, height = self.update, 200.0, 190.0, 3 * PITCH + 28
        costs = {"before": update.cost_before, "after": update.cost_after}
        promise = f"its slope alone promised {number(update.promised)}, it changed by {number(update.change)}"
        width = left + width_of(promise, SIZE) + 20
        elements: list[Element] = [
            Rect(0, 0, width, height, "panel", "panel", 0, 6),
            Label(18, height / 2, f"{self.seen.how.letter} {update.goes}", "ink", 15, "start", bold=True),
            Label(left, height - 22, promise, "faint", SIZE, "start"),
        ]
        for n, (name, value) in enumerate(costs.items()):
            middle, bar = 24 + n * PITCH, max(longest * value / (max(costs.values()) or 1.0), 0.5)
            elements += [
                Label(left, middle, name, "faint", SIZE, "start"),
                Rect(left + 55, middle - 6, bar, 12, "ink", "C" if n else "faint", 0),
                Label(left + 55 + longest + 14, middle, number(value), "ink", SIZE, "start"),
            ]
        return Typeset(tuple(elements), width, 0.0, height)

    def _description(self) -> str:
        update, how = self.update, self.seen.how
        return (
            f"Six rows: forward, the {how.word} of the last layer, the {plural(how.word)} before it, the derivatives by the "
            f"weights and by the biases, and the update; a column for the input and for each of the {self.last} layers. The "
            f"cost {how.letter} goes from {number(update.cost_before)} to {number(update.cost_after)}."
        )

    def _table(self, steps: Sequence[Step]) -> tuple[tuple[str, ...], ...]:
        update, letter = self.update, self.seen.how.letter
        return (
            ("step", "where", "quantity", "value"),
            *(
                (f"{n}. {step.title}", f"layer {layer}" if layer else "input", name, value)
                for n, step in enumerate(steps, 1)
                for layer, place in step.places.items()
                for name, value in place.rows
            ),
            ("the cost", "before", letter, number(update.cost_before)),
            ("the cost", "after", letter, number(update.cost_after)),
            ("the cost", "promised by its slope", f"change of {letter}", number(update.promised)),
            ("the cost", "as it is", f"change of {letter}", number(update.change)),
        )
