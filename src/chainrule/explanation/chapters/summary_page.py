"""The four equations in the reader's convention, on one page (S2.23, S3.17, S4.13)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chainrule.conventions import Convention, as_convention, plural
from chainrule.costs import Cost, Pair, as_cost
from chainrule.errors import ShapeError
from chainrule.explanation.document import Factor
from chainrule.explanation.summary import Letters, beside, usual_forms, usual_output
from chainrule.explanation.typeset import Look, typeset, wrapped
from chainrule.explanation.view import View, view
from chainrule.ids import Id
from chainrule.network import Network, as_network
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Line, Rect, extent
from chainrule.writing.formula import Formula, Sum, Symbol, inline, row
from chainrule.writing.numbers import factor_numbers, number

WIDTH, EDGE = 900.0, 44.0  # of the page, and what stays free on its sides
TAG, FIRST, SECOND = EDGE, EDGE + 74, 500.0  # where the names, the formulas and the formulas neuron by neuron begin
LARGE, MEDIUM, WORDS = 22.0, 18.0, 13.0


# the page -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Band:
    """One equation: its name, the formula, the same neuron by neuron, what it says, and its numbers on an example."""

    name: str
    formula: Formula
    single: Formula | None
    says: str
    example: tuple[Formula, str] | None = None


def summary_page(
    network: Network | None = None,
    x: Any = None,
    y: Any = None,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
) -> Scene:
    """The four equations of backpropagation, large, with what each says in words; a page to put on a wall.

    With a network and one example each equation has its numbers for one neuron, the one with the largest |δ| of its layer.
    """
    how = as_convention(convention)
    seen = None
    if network is not None:
        as_network(network, "summary_page(network, x, y)")
        if x is None or y is None:
            raise ShapeError(
                "the numbers of the four equations are those of one example: pass x (in,) and y (out,) too"
            )
        seen = view(network, x, y, how.cost_for(network, cost), Id("C"), how)
        pair, chosen = seen.pair, seen.cost
    else:
        chosen = how.default_cost() if cost is None else as_cost(cost)
        pair = chosen.on(usual_output(how, chosen))
    page = Page(Letters(how), pair, chosen, seen)
    return page.scene()


@dataclass(frozen=True)
class Page:
    """What stands on the page."""

    s: Letters
    pair: Pair
    cost: Cost
    seen: View | None

    @property
    def how(self) -> Convention:
        return self.s.how

    @property
    def full_output(self) -> bool:
        return self.seen is not None and self.seen.network.output.full_slope

    @property
    def full_hidden(self) -> bool:
        """True where the layer whose numbers are shown is a softmax."""
        return (
            self.seen is not None
            and self.hidden < self.seen.network.depth
            and self.seen.network.activations[self.hidden].full_slope
        )

    @property
    def shared(self) -> bool:
        """True where that layer has one bias for all its neurons (S0.4)."""
        return self.seen is not None and self.seen.shared(Id("b", self.hidden, 0))

    def bands(self) -> list[Band]:
        """The four equations, and those that only this author writes down."""
        forms = usual_forms(self.how)
        four = [self._output(), self._hidden(), self._bias(), self._weight()]
        return [*four, *([self._dot()] if "dot" in forms else []), *([self._raw()] if "raw" in forms else [])]

    def _output(self) -> Band:
        how, s = self.how, self.s
        direct = f"The last layer: the cost is a function of {plural(how.input_word)}, and its slope there is the {how.word}."
        says = f"The last layer: how fast {how.letter} changes with each output, times the slope of σ there."
        right: tuple[Formula, Formula | None]
        if how.linear_output:
            right, says = (s.by(s.z("L")), s.by(s.z("L", s.j))), direct
        elif self.pair.delta is not None:
            right, says = (s.cost_delta(self.pair, "L"), s.cost_delta(self.pair, "L", s.j)), direct
        else:
            right = s.output("L", self.full_output), None if self.full_output else s.output_one("L")
        single = None if right[1] is None else row(s.delta("L", s.j), " = ", right[1])
        return Band("BP1", row(s.delta("L"), " = ", right[0]), single, says, self._bp1())

    def _hidden(self) -> Band:
        s, l = self.s, self.s.layer
        says = f"One layer back: every {self.how.word} through the weights it came in by, then times the slope of σ."
        single = None if self.full_hidden else row(s.delta(l, s.j), " = ", s.hidden_one(l))
        return Band("BP2", row(s.delta(l), " = ", s.hidden(l, self.full_hidden)), single, says, self._bp2())

    def _bias(self) -> Band:
        s, l, word = self.s, self.s.layer, self.how.word
        if self.shared:
            total = row(s.by(s.b(l)), " = ", Sum(s.j, s.delta(l, s.j)))
            return Band(
                "BP3",
                total,
                None,
                f"A bias of a whole layer: the {plural(word)} of its neurons, added up.",
                self._bp3(),
            )
        single = row(s.by(s.b(l, s.j)), " = ", s.delta(l, s.j))
        says = f"A bias: the {word} of its neuron, as it is."
        return Band("BP3", row(s.by(s.b(l)), " = ", s.delta(l)), single, says, self._bp3())

    def _weight(self) -> Band:
        how, s, l = self.how, self.s, self.s.layer
        says = f"A weight: the {how.activation_word} it carries, times the {how.word} of the neuron it leads to."
        single = row(s.by(s.weight(l)), " = ", s.weight_one(l))
        return Band("BP4", row(s.by(s.w(l)), " = ", s.outer(l)), single, says, self._bp4())

    def _dot(self) -> Band:
        s, l = self.s, self.s.layer
        says = f"The same as a dot product, with all the weights that lead out of neuron {s.j}."
        return Band("BP2", row(s.delta(l, s.j), " = ", s.hidden_dot(l)), None, says)

    def _raw(self) -> Band:
        s, l = self.s, self.s.layer
        above = beside(l, 1)
        here, there = s.by(s.a(l, s.j)), s.by(s.a(above, s.m))
        return Band(
            "raw",
            row(here, " = ", Sum(s.m, row(there, " ", s.slope(above, s.m), " ", s.weight(above, s.m, s.j)))),
            row(s.by(s.weight(l)), " = ", here, " ", s.slope(l, s.j), " ", s.a(beside(l, -1), s.k)),
            f"The same without δ: the recursion runs over the {plural(self.how.activation_word)}.",
        )

    # numbers ---------------------------------------------------------------------------------------------------------
    def _strongest(self, layer: int) -> int:
        assert self.seen is not None
        sizes = [abs(float(delta)) for delta in self.seen.into_z[layer]]
        return sizes.index(max(sizes))

    @property
    def hidden(self) -> int:
        """The last layer before L, or L itself where there is none."""
        assert self.seen is not None
        return max(self.seen.network.depth - 1, 1)

    def _bp1(self) -> tuple[Formula, str] | None:
        seen = self.seen
        if seen is None:
            return None
        j = self._strongest(seen.network.depth)
        factors = seen.arriving(j)
        delta = float(seen.into_z[seen.network.depth][j])
        left = seen.sensitivity(seen.network.depth, j)
        if len(factors) < 2:
            return left, f" = {number(delta)}"
        return left, _multiplied(factors[::-1], delta)

    def _bp2(self) -> tuple[Formula, str] | None:
        seen = self.seen
        if seen is None or seen.network.depth == 1:
            return None
        layer = self.hidden
        j = self._strongest(layer)
        left, delta = seen.sensitivity(layer, j), float(seen.into_z[layer][j])
        if seen.network.activations[layer].full_slope:
            return left, f" = {number(delta)}"
        slope = seen.slope(layer, j)
        arrived = replace(slope, value=float(seen.into_a[layer][j]))
        return left, _multiplied([arrived, slope], delta)

    def _bp3(self) -> tuple[Formula, str] | None:
        seen = self.seen
        if seen is None or not seen.network.biases[self.hidden].size:
            return None
        v = Id("b", self.hidden, 0 if self.shared else self._strongest(self.hidden))
        return inline(seen.by(v)), f" = {number(seen.value(v))}"

    def _bp4(self) -> tuple[Formula, str] | None:
        seen = self.seen
        if seen is None:
            return None
        j, before = self._strongest(self.hidden), seen.trace.a[self.hidden - 1]
        k = max(range(before.size), key=lambda each: abs(float(before[each])))
        v = Id("w", self.hidden, j, k)
        factors = [seen.incoming(v), seen.error(self.hidden, j)]
        value = math.prod(factor.value for factor in factors)
        return inline(seen.by(v)), _multiplied(factors, value)

    # the picture -----------------------------------------------------------------------------------------------------
    def scene(self) -> Scene:
        """Title, the forward pass, a band an equation, and what the colours mean."""
        look = Look(self.how)
        elements: list[Element] = [
            Label(EDGE, 50, "The four equations of backpropagation", "ink", 25, "start", bold=True),
        ]
        y = 86.0
        for text in self._subtitle():
            elements += typeset(text, WORDS, Look(self.how.but(colours="role"), "faint")).at(EDGE, y)
            y += 1.55 * WORDS
        made, y = self._forward(y + 8, look)
        elements += made
        for band in self.bands():
            made, y = self._band(band, y, look)
            elements += made
        made, y = self._legend(y + 26)
        elements += made
        return Scene(
            WIDTH, y + 22, tuple(elements), "The four equations of backpropagation", self._description(),
            self._table(), name="summary",
        )  # fmt: skip

    def _subtitle(self) -> list[Formula]:
        """Which way indices run, and what δ is."""
        how, s = self.how, self.s
        return [
            row(
                s.weight(s.layer), f" is the weight to neuron {s.j} from neuron {s.k} of the layer before.  Neurons count from "
                f"{how.base}, layers from 1 to L.",
            ),
            row(
                f"The {how.word} δ of a neuron is ∂{how.letter}/∂z, how fast {how.letter} changes with its {how.input_word} z."
            ),
        ]  # fmt: skip

    def _forward(self, y: float, look: Look) -> tuple[list[Element], float]:
        """The way there, on a panel."""
        s, l = self.s, self.s.layer
        z = typeset(row(s.z(l), " = ", s.weighted(l)), MEDIUM, look)
        a = typeset(row(s.a(l), " = σ(", s.z(l), ")"), MEDIUM, look)
        height = 62.0
        middle = y + height / 2
        last = " σ on every layer but the last" if self.how.linear_output else f" σ: {self.how.function_word}"
        return [
            Rect(EDGE - 14, y, WIDTH - 2 * EDGE + 28, height, "panel", "panel", 0, 6),
            Label(TAG, middle, "forward", "faint", WORDS, "start"),
            *z.at(FIRST, middle),
            *a.at(SECOND, middle),
            Label(WIDTH - EDGE, middle, last, "faint", WORDS, "end"),
        ], y + height + 6

    def _band(self, band: Band, y: float, look: Look) -> tuple[list[Element], float]:
        """An equation, the same neuron by neuron beside it or, where it is wide, below it, what it says, and its numbers."""
        main = typeset(band.formula, LARGE, look)
        single = None if band.single is None else typeset(band.single, MEDIUM, look)
        fits = single is None or (main.width < SECOND - FIRST - 12 and SECOND + single.width < WIDTH - EDGE)
        up, down = main.up, main.down
        if single and fits:
            up, down = max(up, single.up), max(down, single.down)
        middle = y + 20 + up
        elements: list[Element] = [
            Label(TAG, middle, band.name, "accent", 15, "start", bold=True),
            *main.at(FIRST, middle),
        ]
        y = middle + down
        if single and fits:
            elements += single.at(SECOND, middle)
        elif single:
            elements += single.at(FIRST, y + 8 + single.up)
            y += 8 + single.up + single.down
        y += 18
        for text in wrapped(band.says, WORDS, WIDTH - EDGE - FIRST):
            elements.append(Label(FIRST, y, text, "faint", WORDS, "start"))
            y += 1.45 * WORDS
        if band.example is not None:
            left, right = band.example
            small, numbers = typeset(left, WORDS, look, inside=True), typeset(right, WORDS, look)
            elements += [*small.at(FIRST, y + 5), *numbers.at(FIRST + small.width, y + 5)]
            y += small.down + small.up + 5
        y += 4
        return [*elements, Line(((EDGE - 14, y), (WIDTH - EDGE + 14, y)), "faint", 0.6, opacity=0.45)], y

    def _legend(self, y: float) -> tuple[list[Element], float]:
        """What the looks of a letter mean."""
        if self.how.colours == "symbol":
            shown = typeset(row(*(Symbol(each) for each in f"wbzay{self.how.letter}")), 15, Look(self.how))
            remark = Label(EDGE + shown.width + 8, y, "a colour for every letter", "faint", WORDS, "start")
            return [*shown.at(EDGE, y), remark], y
        parts = (
            ("a z", "forward", False, "from the way forward"),
            ("δ ∂", "backward", True, "found on the way back"),
            ("w b", "ink", False, "the network's own"),
        )
        elements: list[Element] = []
        x = EDGE
        for letters, role, slanted, words in parts:
            elements.append(Label(x, y, letters, role, 15, "start", slanted))
            x += extent(letters)[0] * 15 + 8
            elements.append(Label(x, y, words, "faint", WORDS, "start"))
            x += extent(words)[0] * WORDS + 30
        return elements, y

    def _description(self) -> str:
        lines = [f"{band.name}: {band.formula}. {band.says}" for band in self.bands()]
        return f"The equations as convention {self.how.name} writes them. " + " ".join(lines)

    def _table(self) -> tuple[tuple[str, ...], ...]:
        head = ("equation", "whole layer", "neuron by neuron", "in words", *(["on this example"] if self.seen else []))
        rows = []
        for band in self.bands():
            cells = (band.name, str(band.formula), "" if band.single is None else str(band.single), band.says)
            rows.append(
                (*cells, *(["" if band.example is None else "".join(map(str, band.example))] if self.seen else []))
            )
        return head, *rows


def _multiplied(factors: Sequence[Factor], value: float) -> str:
    """= one number · another = their product, negative ones but the first in brackets."""
    texts = factor_numbers(factors, value)
    shown = [f"({text})" if text.startswith("−") and i else text for i, text in enumerate(texts)]
    return f" = {' · '.join(shown)} = {number(value)}"
