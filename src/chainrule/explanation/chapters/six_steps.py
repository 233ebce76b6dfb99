"""One update as a picture: six numbered steps from top to bottom, the layers from left to right (S4.14, S4.15).

Where every neuron has its own bias, ∂C/∂b is δ, so that step 5 names the steps that have its numbers. Layers for which there
is no room beside each other continue on the next line of each step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from chainrule.conventions import plural
from chainrule.explanation.letters import Letters
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.rule_step import in_letters
from chainrule.explanation.shown import largest, whole_number
from chainrule.explanation.typeset import Look, Typeset, typeset
from chainrule.explanation.update import TITLE, Update, one_update, rule_of, setting_text, six_steps_of
from chainrule.explanation.view import View
from chainrule.ids import Id, activation, entry_of, of_entry
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, heading, width_of
from chainrule.regularization import Penalty
from chainrule.updates import Rule
from chainrule.writing.formula import Formula, Sum, inline, row
from chainrule.writing.numbers import Style, cost_text, number, style_of

Array = np.ndarray
EDGE, INDENT, TOP = 28.0, 36.0, 84.0
WIDEST, LEAST = 824.0, 680.0  # what a line of layers may reach to, and how wide the picture is at least
SIZE, PITCH, AIR = 12.0, 21.0, 18.0  # of the numbers, from line to line, and around them
GAP, NEAR, FAR = 24.0, 6.0, 10.0  # between layers, from a symbol to its number, and from there to the next symbol
ARROW: Callable[[int], Formula] = lambda i: row("→")  # the symbol of what a number becomes
HELD = 0.5  # of the predicted change: what at least is reached where the tangent holds
SHOWN = 3  # of many numbers so many are shown, and of four all
MOST_IN_LINE, LINE = 2, 23.0  # formulas that always stay in one line; from line to line of more of them
TALL, APART, ROW = (
    30.0,
    190.0,
    42.0,
)  # a step's heading; how close two costs may be in a line; from line to line of them


def six_steps(
    seen: View,
    *,
    learning_rate: float | None = None,
    most: int | None = None,
    rule: str | Rule = "delta_rule",
    l1: float = 0.0,
    l2: float = 0.0,
    decay: float | None = None,
    penalize_biases: bool = False,
) -> Scene:
    """One update on one example x (in,), y (out,) or its label: forward, δ of the last layer, back, ∂C/∂w, ∂C/∂b, update.

    The update is the first step of `rule`, with penalties and decay as `train` takes them. Of many numbers in a place the
    strongest three, or `most`, are shown, and the sum of the others.
    """
    most = None if most is None else whole_number(most, "most", 2)
    the_rule = rule_of(rule, learning_rate)
    penalty = Penalty.of(the_rule.decay, l1, l2, decay, penalize_biases)
    return Picture(seen, one_update(seen.problem, "mean", the_rule, penalty), most).scene()


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
    shown, left = largest(by, most or SHOWN)
    total = [exact_sum(left)] if len(left) else []
    digits = [[*column.values[shown].tolist(), *(total if column.values is by else [])] for column in columns]
    changes = columns[-1].symbol is ARROW
    styles = [style([*chain(*digits)] if changes else each) for each in digits]
    texts = [[own.of(float(column.values[i])) for i in shown] for column, own in zip(columns, styles)]
    if changes and styles[0].decimals is None:  # no column has one style: each number has its own
        texts = [[number(float(column.values[i])) for i in shown] for column in columns]
    rows, elements, x = list[tuple[str, str]](), list[Element](), -FAR
    for i, *line in zip(shown, *texts):
        names = [str(column.symbol(i)) for column in columns]
        rows += [(names[0], " → ".join(line))] if changes else list(zip(names, line))
    for column, line in zip(columns, texts):
        found, x = in_column(column, shown, line, x + FAR, look)
        elements += found
    if not total:
        return Place(Typeset(tuple(elements), x, PITCH / 2, PITCH * (len(shown) - 0.5)), tuple(rows))
    summed = next((own for column, own in zip(columns, styles) if column.values is by), style(total)).of(total[0])
    more = f"{len(left):,} more"
    notes = noted(f"{more}, ", f"{f'Σ {of}'.strip()} = {summed}", x, PITCH * len(shown))
    drawn = Typeset(
        (*elements, *notes), max(x, *(each.box.right for each in notes)), PITCH / 2, notes[-1].y + PITCH / 2
    )
    return Place(drawn, (*rows, (f"{more}, sum {of}".strip(), summed)))


def noted(first: str, second: str, wide: float, y: float) -> list[Label]:
    """A note in one line, or in two where it is wider than that."""
    whole = Label(0, y, first + second, "faint", 11, "start")
    return (
        [whole]
        if whole.box.right <= wide
        else [replace(whole, text=first.rstrip()), replace(whole, y=y + 15, text=second)]
    )


def in_column(
    column: Numbers, shown: Sequence[int], texts: Sequence[str], x: float, look: Look
) -> tuple[list[Element], float]:
    """Symbols from x to the right, and numbers that end below each other; and where that is."""
    symbols = [column.symbol(i) for i in shown]
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
        before, after, moved = (
            np.append(each.weights[layer], each.biases[layer])
            for each in (update.network, update.after, update.step)  # after − before loses digits
        )
        columns = [Numbers(before, lambda i: self.seen.quantity(id(i)), id, "faint"), Numbers(after, ARROW, id, "ink")]
        return place(columns, moved, self.most, "of changes", self.look)

    # the six ---------------------------------------------------------------------------------------------------------
    def steps(self) -> list[Step]:
        """The six steps."""
        s, l, network = self.s, self.s.layer, self.seen.network
        biased = [layer for layer in self.layers if network.biases[layer].size]
        softmaxes = sorted({network.activations[layer].full_slope for layer in self.layers[:-1]}) or [False]
        shared = sorted({network.shared_bias(layer) for layer in biased})
        total = {False: s.delta(l), True: Sum(s.j, s.delta(l, s.j))}
        formulas: tuple[list[Formula], ...] = (
            [row(s.z(l), " = ", s.weighted(l, bool(biased))), row(s.a(l), " = σ(", s.z(l), ")")],
            [row(s.delta("L"), " = ", self._last_delta())],
            [row(s.delta(l), " = ", s.hidden(l, full)) for full in softmaxes],
            [row(s.by(s.w(l)), " = ", s.outer(l))],
            [row(s.by(s.b(l)), " = ", total[each]) for each in shared],
            self._update(bool(biased)),
        )
        places = (
            {layer: self.forward(layer) for layer in range(self.last + 1)},
            {self.last: self.deltas(self.last)},
            {layer: self.deltas(layer) for layer in self.layers[:-1]},
            {layer: self.gradients(layer, "w") for layer in self.layers},
            {layer: self.gradients(layer, "b") for layer in self.layers},
            {layer: self.changes(layer) for layer in self.layers},
        )
        more = {3: ", of which there is none" * (self.last == 1), 5: self._biases_are if self._errors_again else ""}
        ways = (("forward", 1), ("backward", 0), ("backward", -1), ("backward", 0), ("backward", 0), ("accent", 0))
        titles = [heading.partition(": ") for heading in six_steps_of(self.seen.how, self.update)]
        return [
            Step(n, title, says + more.get(n, ""), tuple(lines), numbers, *way)
            for n, ((title, _, says), lines, numbers, way) in enumerate(zip(titles, formulas, places, ways), 1)
        ]

    def _update(self, biased: bool) -> list[Formula]:
        """The delta rule of weights and biases; of another rule, or with a penalty, what becomes of the weights."""
        s, w = self.s, self.s.w(self.s.layer)
        if not self.update.is_plain:
            return in_letters(self.update, w, s.by(w))
        return [row(each, " ← ", each, " − η ", s.by(each)) for each in (w, *([s.b(s.layer)] if biased else []))]

    def _last_delta(self) -> Formula:
        s, pair, output = self.s, self.seen.pair, self.seen.network.output
        if pair.delta is not None:
            return s.cost_delta(pair, "L")
        return s.cost_slope(pair, "L") if output.name == "identity" else s.output("L", output.full_slope)

    @property
    def _biases_are(self) -> str:
        """Where the gradient of the biases is already, each neuron having its own."""
        return f"the {plural(self.seen.how.word)} of step{'s 2 and 3' if self.last > 1 else ' 2'}"

    # drawing ---------------------------------------------------------------------------------------------------------
    def scene(self) -> Scene:
        """Heads, the six steps, and what became of the cost."""
        steps = self.steps()
        drawn = [{layer: each.drawn for layer, each in step.places.items()} for step in steps]
        if self._errors_again:
            drawn[4] = {}
        lines = self._lines(drawn)
        ends = [left + places[layer].width for line in lines for layer, left in line.items() for places in drawn
                if layer in places]  # fmt: skip
        bars = [self._heading(step) for step in steps]
        least = (
            max(max(left.width + rows[0].width, *(each.width for each in rows)) for left, rows in bars) + 24 + 2 * EDGE
        )
        head = heading(TITLE, self._subtitle(), EDGE)
        wide = math.ceil(max(LEAST, least, max(ends) + EDGE, max(each.box.right for each in head) + EDGE))
        elements, y = list(head), TOP
        if len(lines) == 1:
            elements += [label for layer, x in lines[0].items() for label in self._head(layer, x, y)]
            y += 34
        for step, bar, numbers in zip(steps, bars, drawn):
            elements += self._bar(*bar, y, wide)
            y += TALL + LINE * (len(bar[1]) - 1)
            for line in lines:
                band, y = self._band(step, numbers, line, y, len(lines) > 1)
                elements += band
        cost, y = self._cost(y, wide)
        return Scene(wide, y, (*elements, *cost), TITLE, self._description(), self._table(steps), "six-steps")

    @property
    def _errors_again(self) -> bool:
        """Whether ∂C/∂b is δ in every layer, which is there already."""
        return all(self.seen.network.biases[layer].size == self.seen.network.sizes[layer] for layer in self.layers)

    def _lines(self, drawn: Sequence[dict[int, Typeset]]) -> list[dict[int, float]]:
        """The layers, in as many lines as they take, and where each of them begins."""
        found: list[dict[int, float]] = [{}]
        x = EDGE + INDENT
        for layer in range(self.last + 1):
            heads = [head.box.right for head in self._head(layer, 0, 0)]
            wide = max([*heads, *(places[layer].width for places in drawn if layer in places)])
            if found[-1] and x + wide > WIDEST:
                found.append({})
                x = EDGE + INDENT
            found[-1][layer] = x
            x += wide + GAP
        return found

    def _head(self, layer: int, x: float, y: float) -> list[Label]:
        """Layer 2 · 3 neurons, tanh."""
        network, count = self.seen.network, self.seen.network.sizes[layer]
        sigma = f", {network.activations[layer].name.replace('_', ' ')}" if layer else ""
        below = f"{count:,} {'neuron' if layer else 'number'}{'s' * (count > 1)}{sigma}"
        head = Label(x, y, f"layer {layer}" if layer else "input", "ink", 13, "start", bold=True)
        return [head, Label(x, y + 16, below, "faint", 11, "start")]

    def _subtitle(self) -> str:
        sizes = "-".join(map(str, self.seen.network.sizes))
        cost = cost_text(self.seen.how.letter, self.seen.cost, self.seen.cost_value)
        penalty = self.update.penalty
        used = {"λ₁ = l1": penalty.l1, "λ₂ = l2": penalty.l2, "λ = decay": penalty.decay}
        more = "".join(f", {name} = {setting_text(value)}" for name, value in used.items() if value)
        return f"a network {sizes}, one example, the learning rate η = {self.update.rate_text}{more}, {cost}"

    def _heading(self, step: Step) -> tuple[Typeset, list[Typeset]]:
        """Its number, its name and what it says; and its formulas side by side, in as many lines as they take."""
        title = Label(INDENT, 0, step.title, "ink", 13, "start", bold=True)
        says = Label(title.box.right + 10, 0, step.says, "faint", 11.5, "start")
        ring = Circle(15, 0, 10, step.role, "paper", 1.4), Label(15, 0, str(step.n), step.role, 12, bold=True)
        end = says.box.right if step.says else title.box.right
        left = Typeset((*ring, title, *([says] if step.says else [])), end, 11, 11)
        lines: list[list[Formula]] = [[]]
        for each in step.formulas:
            room = WIDEST - 2 * EDGE - 24 - (left.width if len(lines) == 1 else 0)
            if len(step.formulas) > MOST_IN_LINE and lines[-1] and self._set([*lines[-1], each]).width > room:
                lines.append([])
            lines[-1].append(each)
        return left, [self._set(line) for line in lines]

    def _set(self, formulas: Sequence[Formula]) -> Typeset:
        """Formulas side by side."""
        return typeset(row(*(row("   " * bool(n), inline(each)) for n, each in enumerate(formulas))), 13.5, self.look)

    def _bar(self, left: Typeset, lines: Sequence[Typeset], y: float, wide: float) -> list[Element]:
        """A heading, with its formulas at its right end."""
        back = Rect(EDGE, y, wide - 2 * EDGE, TALL + LINE * (len(lines) - 1), "panel", "panel", 0, 4)
        places = [(each, y + TALL / 2 + LINE * n) for n, each in enumerate(lines)]
        formulas = [element for each, middle in places for element in each.at(wide - EDGE - 12 - each.width, middle)]
        return [back, *left.at(EDGE, y + TALL / 2), *formulas]

    def _band(
        self, step: Step, places: dict[int, Typeset], line: dict[int, float], y: float, named: bool
    ) -> tuple[list[Element], float]:
        """The numbers of a step below their layers, above them which way it goes; and where it ends."""
        here = {layer: places[layer] for layer in line if layer in places}
        if not here:
            return [], y if named and places else y + 6
        elements: list[Element] = []
        if named:
            names = {layer: f"layer {layer}" if layer else "input" for layer in here}
            elements += [
                Label(line[layer], y + 14, name, "ink", 11.5, "start", bold=True) for layer, name in names.items()
            ]
            y += 16
        if step.arrow:
            start, end = line[min(here)], line[max(here)] + here[max(here)].width
            after = line.get(max(here) + 1, end)
            ends = (start, end) if step.arrow > 0 else (after, start)
            elements.append(Line(tuple((x, y + 11) for x in ends), step.role, 1.3, dashed=step.arrow < 0, arrow=True))
            y += 11
        for layer, place in here.items():
            elements += place.at(line[layer], y + AIR)
        return elements, y + AIR + max(place.down for place in here.values()) + 8

    # the cost --------------------------------------------------------------------------------------------------------
    @property
    def _letter(self) -> str:
        """What is minimised: C, with a penalty C + Ω."""
        return f"{self.seen.how.letter} + Ω" if self.update.is_penalized else self.seen.how.letter

    @property
    def _too_far(self) -> str:
        """Said where less than half of what the slope predicts happens: on a parabola the step has passed the lowest point."""
        update = self.update
        told = abs(update.predicted) > np.spacing(update.cost_before)  # else any change is lost in rounding
        held = not told or update.change / update.predicted >= HELD
        return "" if held else f"η = {update.rate_text} is too large for the tangent"

    @property
    def _three(self) -> tuple[float, float, float]:
        """C before, what its slope predicts, what was reached."""
        update = self.update
        return update.cost_before, update.cost_before + update.predicted, update.cost_after

    def _cost(self, y: float, wide: float) -> tuple[list[Element], float]:
        """C before, predicted and reached on one line, the lower the further to the right; and where it ends."""
        update, letter = self.update, self._letter
        left, right, level = EDGE + 16, wide - EDGE - 16, y + TALL + 62
        high, low = max(self._three), min(self._three)
        scale = Scale(high, low if low < high else high - 1, left, right)
        places = [scale.at(value) for value in self._three]
        too_far = self._too_far
        goes = Label(EDGE + 14, y + TALL / 2, f"{letter} {update.goes}", "ink", 15, "start", bold=True)
        elements: list[Element] = [
            Rect(EDGE, y, wide - 2 * EDGE, TALL, "panel", "panel", 0, 4),
            goes,
            *([Label(goes.box.right + 14, y + TALL / 2, too_far, "accent", 11.5, "start")] if too_far else []),
            Label(wide - EDGE - 12, y + TALL / 2, f"lower {letter} →", "faint", 11.5, "end"),
            Line(((left, level), (right, level)), "faint", 1.2),
            Line(((places[0], level), (places[2], level)), "ink", 3.0),
            *(_mark(n, x, level) for n, x in enumerate(places)),
        ]
        under = ROW * (abs(places[0] - places[2]) < APART)
        said = ("before", f"predicted by its slope, change {number(update.predicted)}",
                f"reached, change {number(update.change)}")  # fmt: skip
        for n, (value, text, x, dy) in enumerate(zip(self._three, said, places, (28, -41, 28 + under))):
            cost = Label(x, level + dy, number(value), "C" if n == 2 else "ink", 15, bold=n == 2)
            words = Label(x, level + dy + 18, text, "accent" if n == 1 else "faint", 11.5)
            half = max(each.box.right - x for each in (cost, words))
            middle = min(max(x, EDGE + 4 + half), wide - EDGE - 4 - half)
            elements += [replace(each, x=middle) for each in (cost, words)]
        return elements, level + 74 + under

    def _description(self) -> str:
        update, how = self.update, self.seen.how
        return (
            f"Six steps: forward, the {how.word} of the last layer, the {plural(how.word)} before it, the gradient of the "
            f"weights and of the biases, and the update; a column for the input and for each of the {self.last} layers. The "
            f"cost {self._letter} goes from {number(update.cost_before)} to {number(update.cost_after)}."
        )

    def _table(self, steps: Sequence[Step]) -> tuple[tuple[str, ...], ...]:
        update, letter = self.update, self._letter
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
            ("the cost", "predicted by its slope", f"change of {letter}", number(update.predicted)),
            ("the cost", "as it is", f"change of {letter}", number(update.change)),
        )


def _mark(n: int, x: float, y: float) -> Circle:
    """Before, predicted, reached: a ring, a wide ring, a dot, which lies in the wide ring where the prediction was right."""
    radius, role, filled = ((6, "ink", "paper"), (10, "accent", ""), (5, "C", "C"))[n]
    return Circle(x, y, radius, role, filled, 2.0)
