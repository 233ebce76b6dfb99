"""The four equations of backpropagation, for a layer, for a neuron, as a sentence, on an example; and their page.

The page writes them as text, LaTeX or HTML; the figure `summary` draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention, plural
from chainrule.costs import Cost, Pair, as_cost
from chainrule.errors import ShapeError, unknown_name
from chainrule.explanation.document import Factor, Product
from chainrule.explanation.letters import Letters, beside, definition, meaning, usual_output
from chainrule.explanation.view import View, view
from chainrule.ids import Id
from chainrule.network import as_network
from chainrule.writing.document import Block, Equation, Heading, Sentence, sentence
from chainrule.writing.formula import Formula, Ratio, Sum, Symbol, inline, row
from chainrule.writing.sheet import Sheet

TITLE = "The four equations of backpropagation"
FORMS = ("layers", "neurons", "dot", "raw")
Sides = tuple[Formula, Formula]  # left = right


# what the equations are written for ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class Example:
    """One example whose numbers are shown: neuron J of the last layer, neuron j of layer l, k before it.

    Each is the one with the largest |δ|, or the largest |a|, of its layer.
    """

    seen: View

    @property
    def last(self) -> int:
        return self.seen.network.depth

    @cached_property
    def layer(self) -> int:
        """The last layer below L that is not a softmax; L itself in a network of one layer."""
        plain = [l for l in range(1, self.last) if not self.seen.network.activations[l].full_slope]
        return plain[-1] if plain else max(self.last - 1, 1)

    @cached_property
    def J(self) -> int:
        return int(np.argmax(np.abs(self.seen.into_z[self.last])))

    @cached_property
    def j(self) -> int:
        return int(np.argmax(np.abs(self.seen.into_z[self.layer])))

    @cached_property
    def k(self) -> int:
        return int(np.argmax(np.abs(self.seen.trace.a[self.layer - 1])))

    @property
    def full_output(self) -> bool:
        """True where the last layer is a softmax, whose slope is a matrix."""
        return self.seen.network.output.full_slope

    @property
    def full_hidden(self) -> bool:
        """True where layer l is a softmax below the last layer."""
        return self.layer < self.last and self.seen.network.activations[self.layer].full_slope

    @property
    def biased(self) -> bool:
        return self.seen.network.biases[self.layer].size > 0

    @property
    def shared(self) -> bool:
        """True where layer l has one bias for all its neurons (S0.4)."""
        return self.seen.network.shared_bias(self.layer)

    def output_error(self) -> Product:
        """δ of the last layer, in its factors where it has several."""
        value = float(self.seen.into_z[self.last][self.J])
        return Product(self.seen.sensitivity(self.last, self.J), tuple(self.seen.arriving(self.J)[::-1]), value)

    def hidden_error(self) -> Product | None:
        """δ of layer l; nothing in a network of one layer."""
        seen, l, j = self.seen, self.layer, self.j
        if self.last == 1:
            return None
        factors = (
            () if self.full_hidden else (Factor(seen.by(Id("a", l, j)), float(seen.into_a[l][j])), seen.slope(l, j))
        )
        return Product(seen.sensitivity(l, j), factors, float(seen.into_z[l][j]))

    def by_bias(self) -> Product | None:
        bias = Id("b", self.layer, 0 if self.shared else self.j)
        return Product(inline(self.seen.by(bias)), (), self.seen.value(bias)) if self.biased else None

    def by_weight(self) -> Product:
        seen, weight = self.seen, Id("w", self.layer, self.j, self.k)
        factors = (seen.incoming(weight), seen.error(self.layer, self.j))
        return Product(inline(seen.by(weight)), factors, seen.value(weight))


@dataclass(frozen=True)
class Case:
    """A cost on its output and, where there is a network, one example."""

    cost: Cost
    pair: Pair
    example: Example | None = None

    @classmethod
    def of(cls, how: Convention, network: Any, x: Any, y: Any, cost: str | Cost | None, call: str) -> Case:
        """Without a network (None) the cost and the last layer are those the author has in mind, but for a cost that is given.

        Raises ShapeError for a network without an example, or with several.
        """
        if network is None:
            chosen = how.default_cost() if cost is None else as_cost(cost)
            return cls(chosen, chosen.on(usual_output(how, chosen)))
        as_network(network, call)
        if x is None or y is None:
            raise ShapeError("the numbers of the equations are those of one example: pass x (in,) and y (out,) too")
        seen = view(network, x, y, how.cost_for(network, cost), Id("C"), how)
        return cls(seen.cost, seen.pair, Example(seen))


# what is said -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Formulation:
    """One equation in all its forms: its name, a sentence, for a layer, for a neuron, in the numbers of an example."""

    name: str
    says: str
    whole: Sides
    single: Sides | None = None
    example: Product | None = None


def four_equations(s: Letters, case: Case | None = None) -> list[Formulation]:
    """BP1 to BP4; of no case in particular as they are for any cost and any layer but a softmax."""
    e = case.example if case else None
    return [_output_error(s, case), _hidden_error(s, e), _by_bias(s, e), _by_weight(s, e)]


def _output_error(s: Letters, case: Case | None) -> Formulation:
    how, left, left_one = s.how, s.delta("L"), s.delta("L", s.j)
    e = case.example if case else None
    example = e.output_error() if e else None
    direct = (
        f"The last layer: the cost is a function of {plural(how.input_word)}, and its slope there is the {how.word}."
    )
    if how.linear_output:
        return Formulation("BP1", direct, (left, s.by(s.z("L"))), (left_one, s.by(s.z("L", s.j))), example)
    if case and case.pair.delta is not None:
        right, right_one = s.cost_delta(case.pair, "L"), s.cost_delta(case.pair, "L", s.j)
        return Formulation("BP1", direct, (left, right), (left_one, right_one), example)
    says = f"The last layer: how fast {how.letter} changes with each output, times the slope of σ there."
    full = e is not None and e.full_output
    return Formulation(
        "BP1", says, (left, s.output("L", full)), None if full else (left_one, s.output_one("L")), example
    )


def _hidden_error(s: Letters, e: Example | None) -> Formulation:
    l, full = s.layer, e is not None and e.full_hidden
    says = f"One layer back: every {s.how.word} through the weights it came in by, then times the slope of σ."
    single = None if full else (s.delta(l, s.j), s.hidden_one(l))
    return Formulation("BP2", says, (s.delta(l), s.hidden(l, full)), single, e.hidden_error() if e else None)


def _by_bias(s: Letters, e: Example | None) -> Formulation:
    l, word = s.layer, s.how.word
    if e and e.shared:
        says = f"A bias of a whole layer: the {plural(word)} of its neurons, added up."
        return Formulation("BP3", says, (s.by(s.b(l)), Sum(s.j, s.delta(l, s.j))), None, e.by_bias())
    says = f"A bias: the {word} of its neuron, as it is."
    single = (s.by(s.b(l, s.j)), s.delta(l, s.j))
    return Formulation("BP3", says, (s.by(s.b(l)), s.delta(l)), single, e.by_bias() if e else None)


def _by_weight(s: Letters, e: Example | None) -> Formulation:
    l = s.layer
    says = f"A weight: the {s.how.activation_word} it carries, times the {s.how.word} of the neuron it leads to."
    single = (s.by(s.weight(l)), s.weight_one(l))
    return Formulation("BP4", says, (s.by(s.w(l)), s.outer(l)), single, e.by_weight() if e else None)


def as_dot_product(s: Letters) -> Formulation:
    """BP2 of one neuron (S3.13)."""
    says = f"The same as a dot product, with all the weights that lead out of neuron {s.j}."
    return Formulation("BP2", says, (s.delta(s.layer, s.j), s.hidden_dot(s.layer)))


def without_delta(s: Letters) -> Formulation:
    """The recursion over ∂C/∂a, and the derivative with respect to a weight that follows from it (S0.12)."""
    l, above = s.layer, beside(s.layer, 1)
    here, there = s.by(s.a(l, s.j)), s.by(s.a(above, s.m))
    recursion = Sum(s.m, row(there, " ", s.slope(above, s.m), " ", s.weight(above, s.m, s.j)))
    by_weight = row(here, " ", s.slope(l, s.j), " ", s.a(beside(l, -1), s.k))
    says = f"The same without δ: the recursion runs over the {plural(s.how.activation_word)}."
    return Formulation("raw", says, (here, recursion), (s.by(s.weight(l)), by_weight))


def usual_forms(how: Convention) -> tuple[str, ...]:
    """The forms that this author himself writes down."""
    return ("layers", "neurons", *(["dot"] if how.linear_output else []), *(["raw"] if how.order == "from,to" else []))


# the page -----------------------------------------------------------------------------------------------------------
def summary(convention: str | Convention = "nielsen", *, forms: Sequence[str] | None = None) -> Sheet:
    """The four equations on one page, in a convention's symbols and words (S2.23, S3.17, S4.13).

    `forms` are "layers" (vectors and matrices), "neurons" (index by index), "dot" (S3.13) and "raw" (∂C/∂a without δ, S0.12);
    of themselves an author who leaves the last layer linear gets "dot" too, and one who writes w_from,to gets "raw".
    """
    how = as_convention(convention)
    chosen = usual_forms(how) if forms is None else tuple(forms)
    for form in chosen:
        if form not in FORMS:
            raise unknown_name("form", form, FORMS)
    s = Letters(how)
    parts = [WRITERS[form](s) for form in chosen]
    blocks = [block for part in (_introduction(s), *parts, _of_cost(s), _over_examples(s)) for block in part]
    return Sheet(TITLE, how.name, tuple(blocks))


def _introduction(s: Letters) -> list[Block]:
    """What the symbols mean, and the forward pass."""
    how = s.how
    blocks: list[Block] = [
        sentence(
            s.z(s.layer, s.j), f" is the {how.input_word} of neuron ", row(s.j), " in layer ", row(s.layer), ", ",
            s.a(s.layer, s.j), f" its {how.activation_word}, ", row("σ"), f" the {how.function_word}, and ", s.weight(s.layer),
            " the weight to ", row(s.j), " from ", row(s.k), " in the layer before. Layers count from 1 to ", row("L"),
            f", neurons from {how.base}; the input is ", row(s.a(0), " = x"), ". The ", f"{how.word} ",
            row(s.delta(s.layer, s.j), " = ", s.by(s.z(s.layer, s.j))), " says how fast ", s.cost, " changes with that ",
            f"{how.input_word}.",
        ),
        Heading("Forward"),
        Equation(s.z(s.layer), s.weighted(s.layer)),
        Equation(s.a(s.layer), row("σ(", s.z(s.layer), ")")),
    ]  # fmt: skip
    if how.linear_output:
        blocks.append(sentence("The last layer has no activation: ", s.z("L"), " is what the network gives."))
    return blocks


def _layers(s: Letters) -> list[Block]:
    equations = [Equation(*each.whole, each.name) for each in four_equations(s)]
    return [Heading("Backward, whole layers"), *equations, _shape_of_gradient(s)]


def _shape_of_gradient(s: Letters) -> Sentence:
    """What the rows and columns of ∂C/∂w are (S4.13)."""
    rows, columns = s.layer, f"{s.layer} − 1"
    if s.how.order == "from,to":
        rows, columns = columns, rows
    return sentence(
        s.by(s.w(s.layer)), " has the shape of ", s.w(s.layer), ": a row for each neuron of layer ", row(rows),
        ", a column for each of layer ", row(columns), ".",
    )  # fmt: skip


def _neurons(s: Letters) -> list[Block]:
    equations = [Equation(*each.single, each.name) for each in four_equations(s) if each.single]
    return [Heading("Backward, neuron by neuron"), *equations]


def _dot(s: Letters) -> list[Block]:
    out, said = s.weight(beside(s.layer, 1), "·", s.j), as_dot_product(s)
    return [
        Heading("The same with a dot product"),
        sentence(out, " are all the weights that lead out of neuron ", row(s.j), "."),
        Equation(*said.whole, said.name),
    ]


def _raw(s: Letters) -> list[Block]:
    said = without_delta(s)
    here, by_z = said.whole[0], row(said.whole[0], " ", s.slope(s.layer, s.j))
    assert said.single is not None
    return [
        Heading("Without δ"),
        sentence(
            "The recursion runs over ", here, "; with ", row(s.delta(s.layer, s.j), " = ", by_z),
            " the four equations come out of it.",
        ),
        Equation(*said.single),
        Equation(s.by(s.b(s.layer, s.j)), by_z),
        Equation(*said.whole),
    ]  # fmt: skip


WRITERS = {"layers": _layers, "neurons": _neurons, "dot": _dot, "raw": _raw}


def _of_cost(s: Letters) -> list[Block]:
    """What BP1 begins with for the cost this author has in mind."""
    how, cost = s.how, s.how.default_cost()
    pair, one = cost.on(usual_output(how, cost)), s.cost if how.over == "one" else Symbol(how.letter, below="i")
    if pair.delta is not None:
        begins = Equation(s.delta("L"), s.cost_delta(pair, "L"))
    else:
        begins = Equation(s.by(s.z("L")) if how.linear_output else s.gradient(), s.cost_slope(pair, "L"))
    heading = Heading(f"With the cost {cost.name.replace('_', ' ')}")
    return [heading, *definition(s, cost, pair, "L", one), begins, *meaning(s, cost, pair, "L")]


def _over_examples(s: Letters) -> list[Block]:
    """What C is over several examples."""
    if s.how.over == "one":
        return []
    mean = s.how.over == "mean"
    total = row(
        Ratio(row("1"), row("N")) if mean else "", " " if mean else "", Sum("i", Symbol(s.how.letter, below="i"))
    )
    why = f"The equations hold for the cost of each example; the gradient of all is the {s.how.over} of theirs, as the cost is:"
    return [Heading("Over examples"), Equation(s.cost, total, why=(why,))]
