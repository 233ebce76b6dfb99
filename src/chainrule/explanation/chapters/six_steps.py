"""One update as a picture: six numbered steps from top to bottom, the layers from left to right (S4.14, S4.15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention, plural
from chainrule.costs import Cost
from chainrule.explanation.letters import Letters
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.typeset import Look, Typeset, typeset
from chainrule.explanation.view import View, view
from chainrule.explanation.worksheet import Update, one_update
from chainrule.ids import Id
from chainrule.network import Network, as_network
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, extent, moved
from chainrule.writing.document import check_most
from chainrule.writing.formula import Formula, Sum, inline, row
from chainrule.writing.numbers import number

Array = np.ndarray
EDGE, TOP = 36.0, 112.0
LEFT = 330.0  # the room for what each step is
SIZE, PITCH = 12.5, 23.0  # of the numbers, and from line to line
GAP, AIR = 46.0, 22.0  # between layers, and above and below the numbers of a step
NEAR, FAR = 9.0, 22.0  # from a symbol to its number, and from there to the next symbol


def six_steps(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
    learning_rate: float = 0.1,
    most: int = 8,
) -> Scene:
    """One update on one example x (in,), y (out,) or its label: forward, δ of the last layer, back, ∂C/∂w, ∂C/∂b, update.

    Of more than `most` numbers in a place the largest are shown, and how many more there are with their sum.
    """
    how = as_convention(convention)
    most = check_most(most)
    chosen = how.cost_for(as_network(network, "six_steps(network, x, y)"), cost)
    seen = view(network, x, y, chosen, Id("C"), how)
    update = one_update(seen.problem, "mean", learning_rate)
    return Picture(seen, update, most).scene()


# numbers in a place -------------------------------------------------------------------------------------------------
Part = tuple[Formula | str, str, bool]  # what is written, its role, and whether it leans


@dataclass(frozen=True)
class Place:
    """What one step has in one layer: lines of symbols and numbers, and what they say in the table."""

    lines: tuple[tuple[Part, ...], ...]
    rest: str = ""
    rows: tuple[tuple[str, str], ...] = ()

    @property
    def height(self) -> float:
        return PITCH * (len(self.lines) + bool(self.rest))


EMPTY = Place(())


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
    rows = [[_set_part(part, look) for part in line] for line in place.lines]
    count = max(map(len, rows), default=0)
    widths = [max((line[i].width for line in rows if i < len(line)), default=0.0) for i in range(count)]
    elements: list[Element] = []
    reached = 0.0
    for n, (line, parts) in enumerate(zip(rows, place.lines)):
        x = 0.0
        for made, (content, _, _), width in zip(line, parts, widths):
            ends = isinstance(content, str)  # a number
            elements += made.at(x + (width - made.width if ends else 0.0), n * PITCH)
            x += width + (FAR if ends else NEAR)
        reached = max(reached, x)
    width = max(reached - FAR, 0.0)
    if place.rest:
        elements.append(Label(0, len(rows) * PITCH, place.rest, "faint", 0.9 * SIZE, "start"))
        width = max(width, extent(place.rest)[0] * 0.9 * SIZE)
    return Typeset(tuple(elements), width, PITCH / 2, PITCH / 2)


def _set_part(part: Part, look: Look) -> Typeset:
    content, role, slanted = part
    if isinstance(content, str):
        width, up, down = (size * SIZE for size in extent(content))
        return Typeset((Label(width, 0, content, role, SIZE, "end", slanted),), width, up, down)
    return typeset(content, SIZE, look, inside="∂" in str(content))


# the picture --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Step:
    """One of the six: its heading, its formulas, what it has in each layer, and which way it goes."""

    title: str
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

    def role(self, letter: str) -> tuple[str, bool]:
        return self.look.letter(letter)

    # what each step has in each layer --------------------------------------------------------------------------------
    def ahead(self, layer: int) -> Place:
        """z and a of a layer; of the input a alone."""
        seen, a = self.seen, self.seen.trace.a[layer]
        shown, left = strongest(a, self.most)
        lines: list[tuple[Part, ...]] = []
        rows: list[tuple[str, str]] = []
        for j in shown:
            parts: list[Part] = []
            if layer:
                z = float(seen.trace.z[layer][j])
                parts = [(seen.letter("z", layer, j), "", False), (number(z), *self.role("z"))]
                rows.append((str(seen.letter("z", layer, j)), number(z)))
            parts += [(seen.a(layer, j), "", False), (number(float(a[j])), *self.role("a"))]
            rows.append((str(seen.a(layer, j)), number(float(a[j]))))
            lines.append(tuple(parts))
        if not left.size:
            return Place(tuple(lines), "", tuple(rows))
        total = exact_sum(left.tolist())
        rest = f"{len(left):,} more, Σ a = {number(total)}"
        return Place(tuple(lines), rest, (*rows, (f"{len(left):,} more a, sum", number(total))))

    def deltas(self, layer: int) -> Place:
        """δ of a layer; of the last one beside its targets."""
        seen, delta = self.seen, self.seen.into_z[layer]
        shown, left = strongest(delta, self.most)
        lines: list[tuple[Part, ...]] = []
        rows: list[tuple[str, str]] = []
        for j in shown:
            value = number(float(delta[j]))
            parts: list[Part] = [(seen.sensitivity(layer, j), "", True), (value, *self.role("δ"))]
            if layer == self.last:
                parts += [
                    (seen.target(j), "", False),
                    (f"{float(seen.y[j]):.6g}", "y" if self.look.by_symbol else "faint", False),
                ]
            lines.append(tuple(parts))
            rows.append((str(seen.sensitivity(layer, j)), value))
        return self._with_rest(lines, rows, left, "δ")

    def gradients(self, layer: int, kind: str) -> Place:
        """∂C/∂w or ∂C/∂b of a layer."""
        values = {"w": self.update.gradient.weights, "b": self.update.gradient.biases}[kind][layer]
        if not values.size:
            return Place((((row("no biases"), "faint", False),),))
        flat = values.ravel()
        shown, left = strongest(flat, self.most)
        lines: list[tuple[Part, ...]] = []
        rows: list[tuple[str, str]] = []
        for i in shown:
            symbol = inline(self.seen.by(self._id(kind, layer, i)))
            lines.append(((symbol, "", True), (number(float(flat[i])), *self.role("δ"))))
            rows.append((str(symbol), number(float(flat[i]))))
        return self._with_rest(lines, rows, left, "")

    def changes(self, layer: int) -> Place:
        """Weights and biases of a layer, before → after."""
        before, after = self.update.network, self.update.after
        olds, news = (np.append(each.weights[layer], each.biases[layer]) for each in (before, after))
        gradient = self.update.gradient
        moves = -self.update.rate * np.append(
            gradient.weights[layer], gradient.biases[layer]
        )  # news − olds loses digits
        shown, left = strongest(moves, self.most)
        weights = before.weights[layer].size
        lines: list[tuple[Part, ...]] = []
        rows: list[tuple[str, str]] = []
        for i in shown:
            id = self._id("w", layer, i) if i < weights else self._id("b", layer, i - weights)
            symbol = self.seen.quantity(id)
            old, new = number(float(olds[i])), number(float(news[i]))
            role, _ = self.role(id.kind)
            lines.append(((symbol, "", False), (old, "faint", False), (row("→"), "", False), (new, role, False)))
            rows.append((str(symbol), f"{old} → {new}"))
        return self._with_rest(lines, rows, left, "of changes")

    def _id(self, kind: str, layer: int, entry: int) -> Id:
        if kind == "b":
            return Id("b", layer, entry)
        return Id("w", layer, *divmod(entry, self.seen.network.sizes[layer - 1]))

    @staticmethod
    def _with_rest(lines: list[tuple[Part, ...]], rows: list[tuple[str, str]], left: Array, what: str) -> Place:
        if not left.size:
            return Place(tuple(lines), "", tuple(rows))
        total = number(exact_sum(left.tolist()))
        name = f"Σ {what}".strip()
        return Place(
            tuple(lines),
            f"{len(left):,} more, {name} = {total}",
            (*rows, (f"{len(left):,} more, sum {what}".strip(), total)),
        )

    # the six ---------------------------------------------------------------------------------------------------------
    def steps(self) -> list[Step]:
        """The six steps."""
        s, how, l = self.s, self.seen.how, self.s.layer
        changed = (s.w(l), s.b(l)) if self._any_bias else (s.w(l),)
        return [
            Step(
                "Forward, everything is kept",
                (row(s.z(l), " = ", s.weighted(l) if self._any_bias else s.forward(l)), row(s.a(l), " = σ(", s.z(l), ")")),
                {layer: self.ahead(layer) for layer in range(self.last + 1)}, "forward", 1,
            ),
            Step(
                f"The {how.word} of the last layer", (row(s.delta("L"), " = ", self._last_delta()),),
                {self.last: self.deltas(self.last)}, "backward",
            ),
            Step(
                f"Back: the {plural(how.word)} before it", self._hidden_delta(),
                {layer: self.deltas(layer) for layer in self.layers[:-1]}, "backward", -1,
            ),
            Step(
                "The derivatives by the weights", (row(s.by(s.w(l)), " = ", s.outer(l)),),
                {layer: self.gradients(layer, "w") for layer in self.layers}, "backward",
            ),
            Step(
                "The derivatives by the biases", self._by_bias(),
                {layer: self.gradients(layer, "b") for layer in self.layers}, "backward",
            ),
            Step(
                f"The update, η = {self.update.rate:.12g}",
                tuple(row(each, " ← ", each, " − η ", s.by(each)) for each in changed),
                {layer: self.changes(layer) for layer in self.layers}, "accent",
            ),
        ]  # fmt: skip

    @property
    def _any_bias(self) -> bool:
        return any(b.size for b in self.seen.network.biases)

    def _last_delta(self) -> Formula:
        s, pair, output = self.s, self.seen.pair, self.seen.network.output
        if pair.delta is not None:
            return s.cost_delta(pair, "L")
        return s.cost_slope(pair, "L") if output.name == "identity" else s.output("L", output.full_slope)

    def _hidden_delta(self) -> tuple[Formula, ...]:
        """BP2, and its form for a softmax where there is one."""
        s, l = self.s, self.s.layer
        kinds = sorted({self.seen.network.activations[layer].full_slope for layer in self.layers[:-1]})
        return tuple(row(s.delta(l), " = ", s.hidden(l, full)) for full in kinds or [False])

    def _by_bias(self) -> tuple[Formula, ...]:
        """BP3, and its sum where a layer has one bias (S0.4)."""
        s, l, biases = self.s, self.s.layer, self.seen.network.biases
        shared = sorted({self.update.shared_bias(layer) for layer in self.layers if biases[layer].size})
        sums = {False: s.delta(l), True: Sum(s.j, s.delta(l, s.j))}
        return tuple(row(s.by(s.b(l)), " = ", sums[each]) for each in shared)

    # drawing ---------------------------------------------------------------------------------------------------------
    def scene(self) -> Scene:
        """Heads, the six steps, and the cost before and after."""
        steps = self.steps()
        made = [{layer: set_place(place, self.look) for layer, place in step.places.items()} for step in steps]
        heads = {layer: self._head(layer) for layer in range(self.last + 1)}
        widths = {
            layer: max(
                [
                    *(each[layer].width for each in made if layer in each),
                    *(extent(text)[0] * size for text, size in heads[layer]),
                ]
            )
            for layer in heads
        }
        lefts, x = {}, EDGE + LEFT
        for layer, width in widths.items():
            lefts[layer], x = x, x + width + GAP
        wide = x - GAP + EDGE
        ending = self._ending()
        wide = max(wide, ending.width + 2 * EDGE, EDGE + extent(self._subtitle())[0] * 13 + EDGE)
        elements: list[Element] = [
            Label(EDGE, 44, "One update in six steps", "ink", 23, "start", bold=True),
            Label(EDGE, 74, self._subtitle(), "faint", 13, "start"),
        ]
        for layer, texts in heads.items():
            for n, (text, size) in enumerate(texts):
                elements.append(
                    Label(lefts[layer], TOP + 17 * n, text, "ink" if n == 0 else "faint", size, "start", bold=n == 0)
                )
        y = TOP + 36.0
        for n, (step, places) in enumerate(zip(steps, made), 1):
            y = self._band(elements, n, step, places, lefts, y, wide)
        elements += ending.at(EDGE, y)
        return Scene(
            wide,
            y + ending.down + 24,
            tuple(elements),
            "One update in six steps",
            self._description(),
            self._table(steps),
            "six-steps",
        )

    def _head(self, layer: int) -> list[tuple[str, float]]:
        """Layer 2 · 3 neurons, tanh."""
        network = self.seen.network
        count = network.sizes[layer]
        if layer == 0:
            return [("input", 13.5), (f"{count:,} number{'s' if count > 1 else ''}", 11.5)]
        sigma = network.activations[layer].name.replace("_", " ")
        return [(f"layer {layer}", 13.5), (f"{count:,} neuron{'s' if count > 1 else ''}, {sigma}", 11.5)]

    def _subtitle(self) -> str:
        sizes = "-".join(map(str, self.seen.network.sizes))
        return f"a network {sizes}, one example, the cost {self.seen.cost.name.replace('_', ' ')}"

    def _band(
        self,
        elements: list[Element],
        n: int,
        step: Step,
        places: dict[int, Typeset],
        lefts: dict[int, float],
        y: float,
        wide: float,
    ) -> float:
        """One step: its number and formula on the left, its numbers below their layers."""
        elements.append(Line(((EDGE, y), (wide - EDGE, y)), "faint", 0.6, opacity=0.45))
        elements += self._arrow(step, places, lefts, y + 13)
        top = y + AIR + (16 if step.arrow else 4)
        elements += [
            Circle(EDGE + 13, top, 13, step.role, "paper", 1.4),
            Label(EDGE + 13, top, str(n), step.role, 13.5, bold=True),
            Label(EDGE + 38, top, step.title, "ink", 14, "start", bold=True),
        ]
        below = top + 14
        for formula in step.formulas:
            made = typeset(formula, 14.5, self.look)
            elements += made.at(EDGE + 38, below + made.up)
            below += made.up + made.down + 4
        lowest = below
        for layer, place in places.items():
            elements += moved(place.elements, lefts[layer], top)
            lowest = max(lowest, top + step.places[layer].height - PITCH / 2)
        if not places:
            elements.append(Label(lefts[1], top, "one layer: none lies before it", "faint", SIZE, "start"))
        return lowest + AIR - 6

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
        before, after = self.update.cost_before, self.update.cost_after
        letter, longest, largest = self.seen.how.letter, 200.0, max(before, after) or 1.0
        change = "falls" if after < before else "rises" if after > before else "stays where it is"
        moved = number(exact_sum([after, -before]))
        promise = f"its slope alone promised {number(self.update.promised)}, it changed by {moved}"
        left, height = 190.0, 3 * PITCH + 28
        width = left + extent(promise)[0] * SIZE + 20
        elements: list[Element] = [
            Rect(0, 0, width, height, "panel", "panel", 0, 6),
            Label(18, height / 2, f"{letter} {change}", "ink", 15, "start", bold=True),
            Label(left, height - 22, promise, "faint", SIZE, "start"),
        ]
        for n, (name, value) in enumerate((("before", before), ("after", after))):
            middle, bar = 24 + n * PITCH, max(longest * value / largest, 0.5)
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
        rows = [
            (f"{n}. {step.title}", "input" if layer == 0 else f"layer {layer}", name, value)
            for n, step in enumerate(steps, 1)
            for layer, place in step.places.items()
            for name, value in place.rows
        ]
        letter = self.seen.how.letter
        before, after, change = self.update.cost_before, self.update.cost_after, f"change of {letter}"
        return (
            ("step", "where", "quantity", "value"), *rows,
            ("the cost", "before", letter, number(before)),
            ("the cost", "after", letter, number(after)),
            ("the cost", "promised by its slope", change, number(self.update.promised)),
            ("the cost", "as it is", change, number(exact_sum([after, -before]))),
        )  # fmt: skip
