"""One update as a picture: six numbered steps from top to bottom, the layers from left to right (S4.14, S4.15)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from chainrule.conventions import plural
from chainrule.explanation.letters import Letters
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.shown import largest, whole_number
from chainrule.explanation.typeset import Look, Typeset, typeset
from chainrule.explanation.update import TITLE, Update, one_update, six_steps_of
from chainrule.explanation.view import View
from chainrule.ids import Id, activation, entry_of, of_entry
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, width_of
from chainrule.writing.formula import Formula, Sum, inline, row
from chainrule.writing.numbers import Style, number, style_of

Array = np.ndarray
EDGE, INDENT, TOP = 28.0, 36.0, 96.0
SIZE, PITCH, AIR = 12.0, 20.5, 18.0  # of the numbers, from line to line, and around them
GAP, NEAR, FAR = 26.0, 8.0, 14.0  # between layers, from a symbol to its number, and from there to the next symbol
ARROW: Callable[[int], Formula] = lambda i: row("→")  # the symbol of what a number becomes
FEW, SHOWN = 9, 3  # so many numbers are all shown; of more, so many


def six_steps(seen: View, *, learning_rate: float = 0.1, most: int | None = None) -> Scene:
    """One update on one example x (in,), y (out,) or its label: forward, δ of the last layer, back, ∂C/∂w, ∂C/∂b, update.

    Of more than nine numbers in a place, or than `most`, the strongest three, or `most`, are shown, and the sum of the others.
    """
    most = None if most is None else whole_number(most, "most", 2)
    return Picture(seen, one_update(seen.problem, "mean", learning_rate), most).scene()


# numbers in a place -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Numbers:
    """Numbers of one kind, below each other: the symbol of each, the id of what it is, and how they look."""

    values: Array
    symbol: Callable[[int], Formula]
    id: Callable[[int], Id | str]
    role: str
    slanted: bool = False


@dataclass(frozen=True)
class Place:
    """What one step has in one layer, drawn from (0, 0) to the right and down, and as rows of the table."""

    drawn: Typeset
    rows: tuple[tuple[str, str], ...] = ()


def place(columns: Sequence[Numbers], by: Array, most: int | None, of: str, look: Look) -> Place:
    """The lines of the largest |by|, each column in one style, and the exact sum of the others."""
    shown, left = largest(by, most or (FEW if len(by) <= FEW else SHOWN))
    total = [exact_sum(left)] if len(left) else []
    digits = [[*column.values[shown].tolist(), *(total if column.values is by else [])] for column in columns]
    changes = columns[-1].symbol is ARROW
    styles = [style([*chain(*digits)] if changes else each) for each in digits]
    rows, elements, x = [], list[Element](), -FAR
    for i in shown:
        texts = [own.of(float(column.values[i])) for column, own in zip(columns, styles)]
        names = [str(column.symbol(i)) for column in columns]
        rows += [(names[0], " → ".join(texts))] if changes else list(zip(names, texts))
    for column, own in zip(columns, styles):
        found, x = in_column(column, shown, own, x + FAR, look)
        elements += found
    if not total:
        return Place(Typeset(tuple(elements), x, PITCH / 2, PITCH * (len(shown) - 0.5)), tuple(rows))
    summed = next((own for column, own in zip(columns, styles) if column.values is by), style(total)).of(total[0])
    more = f"{len(left):,} more"
    note = Label(0, PITCH * len(shown), f"{more}, {f'Σ {of}'.strip()} = {summed}", "faint", 11, "start")
    drawn = Typeset((*elements, note), max(x, note.box.right), PITCH / 2, note.y + PITCH / 2)
    return Place(drawn, (*rows, (f"{more}, sum {of}".strip(), summed)))


def in_column(column: Numbers, shown: Sequence[int], own: Style, x: float, look: Look) -> tuple[list[Element], float]:
    """Symbols from x to the right, and numbers that end below each other; and where that is."""
    symbols, texts = [column.symbol(i) for i in shown], [own.of(float(column.values[i])) for i in shown]
    names = [typeset(symbol, SIZE, look, inside="∂" in str(symbol)) for symbol in symbols]
    end = x + max(name.width for name in names) + NEAR + max(width_of(text, SIZE) for text in texts)
    found: list[Element] = []
    for n, (i, name, text) in enumerate(zip(shown, names, texts)):
        value = Label(end, n * PITCH, text, column.role, SIZE, "end", column.slanted)
        found += [replace(each, of=str(column.id(i))) for each in (*name.at(x, n * PITCH), value)]
    return found, end


def style(values: Sequence[float]) -> Style:
    """That of a column; whole numbers, such as targets, have no decimals."""
    return Style(0) if all(value == round(value, 0) and abs(value) < 1e5 for value in values) else style_of(values)


# the picture --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Step:
    """One of the six: its heading and what it says more, its formulas, its numbers by layer, and which way it goes."""

    n: int
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
    most: int | None

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
    def _of(self, values: Array, id: Callable[[int], Id], letter: str) -> Numbers:
        """The values of quantities, in the look of a letter."""
        return Numbers(values, lambda i: self.seen.quantity(id(i)), id, *self.look.letter(letter))

    def _entries(self, layer: int, kind: str = "w") -> Callable[[int], Id]:
        """The ids of a layer's weights and, after them, its biases; or of its biases alone."""
        parameters = self.seen.network.parameters
        first = entry_of(parameters, Id(kind, layer))
        return lambda i: of_entry(parameters, first + i)

    def forward(self, layer: int) -> Place:
        """z and a of a layer; of the input a alone."""
        trace = self.seen.trace
        a = self._of(trace.a[layer], lambda j: activation(layer, j), "a")
        z = [self._of(trace.z[layer], lambda j: Id("z", layer, j), "z")] if layer else []
        return place([*z, a], a.values, self.most, "a", self.look)

    def deltas(self, layer: int) -> Place:
        """δ of a layer; of the last one beside its targets."""
        delta = self._of(self.seen.into_z[layer], lambda j: Id("d", layer, j), "δ")
        target = Numbers(self.seen.y, self.seen.target, lambda j: "", "y" if self.look.by_symbol else "faint")
        return place([delta, target] if layer == self.last else [delta], delta.values, self.most, "δ", self.look)

    def gradients(self, layer: int, kind: str) -> Place:
        """∂C/∂w or ∂C/∂b of a layer."""
        gradient, id = self.update.gradient, self._entries(layer, kind)
        values = (gradient.weights if kind == "w" else gradient.biases)[layer].ravel()
        if not values.size:
            return Place(typeset("no biases", SIZE, Look(self.seen.how, "faint")))
        found = Numbers(values, lambda i: inline(self.seen.by(id(i))), id, *self.look.letter("δ"))
        return place([found], values, self.most, "", self.look)

    def changes(self, layer: int) -> Place:
        """Weights and biases of a layer, before → after."""
        update, id = self.update, self._entries(layer)
        before, after, gradient = (
            np.append(each.weights[layer], each.biases[layer])
            for each in (update.network, update.after, update.gradient)
        )
        columns = [Numbers(before, lambda i: self.seen.quantity(id(i)), id, "faint"), Numbers(after, ARROW, id, "ink")]
        moved = -update.rate * gradient  # after − before loses digits
        return place(columns, moved, self.most, "of changes", self.look)

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
        again = "the numbers of steps 2 and 3" if self.last > 1 else "the numbers of step 2"
        more = {3: ", of which there is none" * (self.last == 1), 5: again * (False in shared)}
        ways = (("forward", 1), ("backward", 0), ("backward", -1), ("backward", 0), ("backward", 0), ("accent", 0))
        titles = [heading.partition(": ") for heading in six_steps_of(self.seen.how)]
        return [
            Step(n, title, says + more.get(n, ""), tuple(lines), numbers, *way)
            for n, ((title, _, says), lines, numbers, way) in enumerate(zip(titles, formulas, places, ways), 1)
        ]

    def _last_delta(self) -> Formula:
        s, pair, output = self.s, self.seen.pair, self.seen.network.output
        if pair.delta is not None:
            return s.cost_delta(pair, "L")
        return s.cost_slope(pair, "L") if output.name == "identity" else s.output("L", output.full_slope)

    # drawing ---------------------------------------------------------------------------------------------------------
    def scene(self) -> Scene:
        """Heads, the six steps, and what became of the cost."""
        steps, costs, biases = self.steps(), self._costs(), self.seen.network.biases
        drawn = [{layer: each.drawn for layer, each in step.places.items()} for step in steps]
        for layer in self.layers:
            if biases[layer].size == self.seen.network.sizes[layer]:
                del drawn[4][layer]  # ∂C/∂b is δ, which is there already
        subtitle = Label(EDGE, 64, self._subtitle(), "faint", 12.5, "start")
        elements: list[Element] = [Label(EDGE, 38, TITLE, "ink", 21, "start", bold=True), subtitle]
        lefts, x = {}, EDGE + INDENT
        for layer in range(self.last + 1):
            heads = self._head(layer, x)
            elements += heads
            ends = [head.box.right for head in heads] + [x + each[layer].width for each in drawn if layer in each]
            lefts[layer], x = x, max(ends) + GAP
        headings = [self._heading(step) for step in steps]
        least = max(costs.width, *(left.width + right.width + 30 for left, right in headings)) + EDGE
        wide = max(x - GAP, least, subtitle.box.right) + EDGE
        y = TOP + 36.0
        for step, (left, right), places in zip(steps, headings, drawn):
            high = max(28.0, right.up + right.down + 8)
            elements += [
                Rect(EDGE, y, wide - 2 * EDGE, high, "panel", "panel", 0, 4),
                *left.at(EDGE, y + high / 2),
                *right.at(wide - EDGE - 10 - right.width, y + high / 2 + (right.up - right.down) / 2),
            ]
            band, y = self._band(step, places, lefts, y + high)
            elements += band
        elements += [Line(((EDGE, y), (wide - EDGE, y)), "ink", 1.2), *costs.at(EDGE, y + 30)]
        elements += self._scale(EDGE + 16, wide - EDGE, y + 88)
        return Scene(wide, y + 116, tuple(elements), TITLE, self._description(), self._table(steps), "six-steps")

    def _head(self, layer: int, x: float) -> list[Label]:
        """Layer 2 · 3 neurons, tanh."""
        network, count = self.seen.network, self.seen.network.sizes[layer]
        sigma = f", {network.activations[layer].name.replace('_', ' ')}" if layer else ""
        below = f"{count:,} {'neuron' if layer else 'number'}{'s' * (count > 1)}{sigma}"
        head = Label(x, TOP, f"layer {layer}" if layer else "input", "ink", 13, "start", bold=True)
        return [head, Label(x, TOP + 17, below, "faint", 11, "start")]

    def _subtitle(self) -> str:
        sizes, cost = "-".join(map(str, self.seen.network.sizes)), self.seen.cost.name.replace("_", " ")
        return f"a network {sizes}, one example, the cost {cost}, the learning rate η = {self.update.rate_text}"

    def _heading(self, step: Step) -> tuple[Typeset, Typeset]:
        """Its number, its name and what it says; and its formulas side by side."""
        title = Label(INDENT, 0, step.title, "ink", 13.5, "start", bold=True)
        says = Label(title.box.right + 10, 0, step.says, "faint", 11.5, "start")
        ring = Circle(15, 0, 11, step.role, "paper", 1.4), Label(15, 0, str(step.n), step.role, 13, bold=True)
        left = Typeset((*ring, title, *([says] if step.says else [])), says.box.right, 11, 11)
        return left, typeset(row(*(row("      ", each) for each in step.formulas)), 14, self.look)

    def _band(
        self, step: Step, places: dict[int, Typeset], lefts: dict[int, float], y: float
    ) -> tuple[list[Element], float]:
        """The numbers of a step below their layers, above them which way it goes; and where it ends."""
        if not places:
            return [], y + 8
        elements: list[Element] = []
        if step.arrow:
            start, end = lefts[min(places)], lefts[max(places)] + places[max(places)].width
            line = ((start, y + 12), (end, y + 12)) if step.arrow > 0 else ((lefts[self.last], y + 12), (start, y + 12))
            elements.append(Line(line, step.role, 1.3, dashed=step.arrow < 0, arrow=True))
            y += 12
        for layer, place in places.items():
            elements += place.at(lefts[layer], y + AIR)
        return elements, y + AIR + max(place.down for place in places.values()) + 9

    # the cost --------------------------------------------------------------------------------------------------------
    @property
    def _three(self) -> tuple[float, float, float]:
        """C before, what its slope promised, what was reached."""
        update = self.update
        return update.cost_before, update.cost_before + update.promised, update.cost_after

    def _costs(self) -> Typeset:
        """The three with their marks, from left to right."""
        update, style = self.update, style_of(self._three)
        goes = Label(16, 0, f"{self.seen.how.letter} {update.goes}", "ink", 17, "start", bold=True)
        says = ("before", f"promised by its slope: {number(update.promised)}", f"reached: {number(update.change)}")
        elements: list[Element] = [goes]
        x = goes.box.right + 30
        for n, (value, text) in enumerate(zip(self._three, says)):
            cost = Label(x + 16, 0, style.of(value), "ink", 17, "start")
            said = Label(x + 16, 22, text, "faint", 11.5, "start")
            elements += [_mark(n, x, 0), cost, said]
            x = max(cost.box.right, said.box.right) + 50
            if n < 2:
                elements.append(Label(x - 28, 0, "→", "faint", 17))
        return Typeset(tuple(elements), x - 50, 12, 34)

    def _scale(self, left: float, right: float, y: float) -> list[Element]:
        """The three on one line, the lower the cost the further to the right."""
        lower = Label(right, y, f"lower {self.seen.how.letter} →", "faint", 11, "end")
        high, low = max(self._three), min(self._three)
        scale = Scale(high, low if low < high else high - 1, left, lower.box.left - 14)
        before, _, after = places = [scale.at(value) for value in self._three]
        found: list[Element] = [
            lower,
            Line(((left, y), (scale.end, y)), "faint"),
            Line(((before, y), (after, y)), "ink", 2.0),
        ]
        return found + [_mark(n, x, y) for n, x in enumerate(places)]

    def _description(self) -> str:
        update, how = self.update, self.seen.how
        return (
            f"Six bands: forward, the {how.word} of the last layer, the {plural(how.word)} before it, the derivatives by the "
            f"weights and by the biases, and the update; a column for the input and for each of the {self.last} layers. The "
            f"cost {how.letter} goes from {number(update.cost_before)} to {number(update.cost_after)}."
        )

    def _table(self, steps: Sequence[Step]) -> tuple[tuple[str, ...], ...]:
        update, letter = self.update, self.seen.how.letter
        return (
            ("step", "where", "quantity", "value"),
            *(
                (f"{step.n}. {step.title}", f"layer {layer}" if layer else "input", name, value)
                for step in steps
                for layer, place in step.places.items()
                for name, value in place.rows
            ),
            ("the cost", "before", letter, number(update.cost_before)),
            ("the cost", "after", letter, number(update.cost_after)),
            ("the cost", "promised by its slope", f"change of {letter}", number(update.promised)),
            ("the cost", "as it is", f"change of {letter}", number(update.change)),
        )


def _mark(n: int, x: float, y: float) -> Circle:
    """Before, promised, reached: a ring, a wide ring, a dot, which lies in the wide ring where the promise was kept."""
    radius, role, filled = ((5, "ink", "paper"), (8, "accent", ""), (4, "C", "C"))[n]
    return Circle(x, y, radius, role, filled, 1.8)
