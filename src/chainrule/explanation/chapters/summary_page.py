"""The four equations in the reader's convention, on one page (S2.23, S3.17, S4.13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.explanation.document import Product
from chainrule.explanation.letters import Letters
from chainrule.explanation.summary import (
    TITLE,
    Case,
    Formulation,
    Sides,
    as_dot_product,
    four_equations,
    usual_forms,
    without_delta,
)
from chainrule.explanation.typeset import Look, Typeset, typeset, wrapped
from chainrule.network import Network
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Line, Rect, extent
from chainrule.writing.formula import Formula, Symbol, row
from chainrule.writing.numbers import bracketed, cost_text, factor_numbers, number

WIDTH, EDGE = 900.0, 44.0  # of the page, and what stays free on its sides
TAG, FIRST, SECOND = EDGE, EDGE + 74, 500.0  # where the names, the formulas and the formulas neuron by neuron begin
LARGE, MEDIUM, WORDS = 22.0, 18.0, 13.0


def summary_page(
    network: Network | None = None,
    x: Any = None,
    y: Any = None,
    *,
    convention: str | Convention = "nielsen",
    cost: str | Cost | None = None,
) -> Scene:
    """The four equations of backpropagation, large, with what each says; a page to put on a wall.

    With a network and one example each equation has its numbers for one neuron, the one with the largest |δ| of its layer.
    """
    how = as_convention(convention)
    case = Case.of(how, network, x, y, cost, "summary_page(network, x, y)")
    s, forms = Letters(how), usual_forms(how)
    said = four_equations(s, case)
    said += [as_dot_product(s)] if "dot" in forms else []
    said += [without_delta(s)] if "raw" in forms else []
    scene = Page(s, said, case.example is not None).scene()
    if case.example is None:
        return scene
    return scene.footed(cost_text(how.letter, case.cost, case.example.seen.cost_value))


@dataclass(frozen=True)
class Page:
    """The equations from top to bottom; with the numbers of an example where there is one."""

    s: Letters
    said: list[Formulation]
    numbered: bool

    @property
    def how(self) -> Convention:
        return self.s.how

    def scene(self) -> Scene:
        """Title, the forward pass, a band per equation, and what the colours mean."""
        elements: list[Element] = [Label(EDGE, 50, TITLE, "ink", 25, "start", bold=True)]
        y = 86.0
        for text in self._subtitle():
            elements += typeset(text, WORDS, Look(self.how.but(colours="role"), "faint")).at(EDGE, y)
            y += 1.55 * WORDS
        elements += self._forward(y + 8)
        y += 76
        for each in self.said:
            drawn, y = self._band(each, y)
            elements += drawn
        elements += self._legend(y + 26)
        return Scene(WIDTH, y + 48, tuple(elements), TITLE, self._description(), self._table(), name="summary")

    def _subtitle(self) -> list[Formula]:
        """Which way indices run, and what δ is."""
        how, s = self.how, self.s
        return [
            row(
                s.weight(s.layer), f" is the weight to neuron {s.j} from neuron {s.k} of the layer before.  Neurons "
                f"count from {how.base}, layers from 1 to L.",
            ),
            row(
                f"The {how.word} δ of a neuron is ∂{how.letter}/∂z, how fast {how.letter} changes with its {how.input_word} z."
            ),
        ]  # fmt: skip

    def _forward(self, y: float) -> list[Element]:
        """The forward pass, on a panel."""
        s, l, look, height = self.s, self.s.layer, Look(self.how), 62.0
        middle = y + height / 2
        last = " σ on every layer but the last" if self.how.linear_output else f" σ: {self.how.function_word}"
        return [
            Rect(EDGE - 14, y, WIDTH - 2 * EDGE + 28, height, "panel", "panel", 0, 6),
            Label(TAG, middle, "forward", "faint", WORDS, "start"),
            *typeset(row(s.z(l), " = ", s.weighted(l)), MEDIUM, look).at(FIRST, middle),
            *typeset(row(s.a(l), " = σ(", s.z(l), ")"), MEDIUM, look).at(SECOND, middle),
            Label(WIDTH - EDGE, middle, last, "faint", WORDS, "end"),
        ]

    def _band(self, said: Formulation, y: float) -> tuple[list[Element], float]:
        """An equation, the same neuron by neuron beside it or, where it is wide, below it, what it says, and its numbers."""
        look = Look(self.how)
        main = typeset(_equation(said.whole), LARGE, look)
        single = typeset(_equation(said.single), MEDIUM, look) if said.single else Typeset((), 0.0, 0.0, 0.0)
        beside = main.width < SECOND - FIRST - 12 and SECOND + single.width < WIDTH - EDGE
        middle = y + 20 + (max(main.up, single.up) if beside else main.up)
        y = middle + (max(main.down, single.down) if beside else main.down)
        elements: list[Element] = [
            Label(TAG, middle, said.name, "accent", 15, "start", bold=True),
            *main.at(FIRST, middle),
        ]
        if beside:
            elements += single.at(SECOND, middle)
        elif said.single:
            elements += single.at(FIRST, y + 8 + single.up)
            y += 8 + single.up + single.down
        y += 18
        for text in wrapped(said.says, WORDS, WIDTH - EDGE - FIRST):
            elements.append(Label(FIRST, y, text, "faint", WORDS, "start"))
            y += 1.45 * WORDS
        if said.example is not None:
            left = typeset(said.example.left, WORDS, look, inside=True)
            numbers = typeset(_numbers(said.example), WORDS, look)
            elements += [*left.at(FIRST, y + 5), *numbers.at(FIRST + left.width, y + 5)]
            y += left.down + left.up + 5
        y += 4
        return [*elements, Line(((EDGE - 14, y), (WIDTH - EDGE + 14, y)), "faint", 0.6, opacity=0.45)], y

    def _legend(self, y: float) -> list[Element]:
        """What the looks of a letter mean."""
        if self.how.colours == "symbol":
            shown = typeset(row(*(Symbol(each) for each in f"wbzay{self.how.letter}")), 15, Look(self.how))
            remark = Label(EDGE + shown.width + 8, y, "a colour for every letter", "faint", WORDS, "start")
            return [*shown.at(EDGE, y), remark]
        elements: list[Element] = []
        x = EDGE
        for letters, role, slanted, words in (
            ("a z", "forward", False, "from the way forward"),
            ("δ ∂", "backward", True, "found on the way back"),
            ("w b", "ink", False, "the network's own"),
        ):
            elements.append(Label(x, y, row(letters), role, 15, "start", slanted))
            x += extent(letters)[0] * 15 + 8
            elements.append(Label(x, y, words, "faint", WORDS, "start"))
            x += extent(words)[0] * WORDS + 30
        return elements

    def _description(self) -> str:
        lines = [f"{each.name}: {_equation(each.whole)}. {each.says}" for each in self.said]
        return f"The equations as convention {self.how.name} writes them. " + " ".join(lines)

    def _table(self) -> tuple[tuple[str, ...], ...]:
        rows = [("equation", "whole layer", "neuron by neuron", "in words", "on this example")]
        for each in self.said:
            example = f"{each.example.left}{_numbers(each.example)}" if each.example else ""
            single = str(_equation(each.single)) if each.single else ""
            rows.append((each.name, str(_equation(each.whole)), single, each.says, example))
        return tuple(rows) if self.numbered else tuple(each[:-1] for each in rows)


def _equation(sides: Sides) -> Formula:
    return row(sides[0], " = ", sides[1])


def _numbers(product: Product) -> str:
    """= one number · another = their product, negative ones but the first in brackets; of a single factor its value."""
    value = f" = {number(product.value)}"
    if len(product.factors) < 2:
        return value
    return f" = {' · '.join(bracketed(factor_numbers(product.factors, product.value)))}{value}"
