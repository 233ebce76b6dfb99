"""The four equations of backpropagation as one author writes them: whole layers, neuron by neuron, dot products, without δ.

The proof, the pseudocode and the worksheet take their symbols from here, so that all of them write one thing one way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.activations import Activation
from chainrule.activations import named as named_activation
from chainrule.conventions import Convention, as_convention
from chainrule.costs import ANY, Cost, Pair
from chainrule.errors import unknown_name
from chainrule.explanation.view import NABLA
from chainrule.writing.document import Block, Equation, Heading, Sentence, sentence
from chainrule.writing.formula import Formula, Ratio, Sum, Symbol, Transposed, filled, partial, row
from chainrule.writing.sheet import Sheet

FORMS = ("layers", "neurons", "dot", "raw")
Layer = int | str  # a number, or letters such as "l", "l+1", "L-1"
Index = int | str


def beside(layer: Layer, by: int) -> Layer:
    """The layer so many further on, as a number or in letters: 3, "l+1", "L-1"."""
    return layer + by if isinstance(layer, int) else f"{layer}{by:+d}" if by else layer


def usual_output(how: Convention, cost: Cost) -> Activation:
    """The last activation that this author puts before that cost: none (S3.14), the one the cost stands on, or a sigmoid."""
    if how.linear_output:
        return named_activation("identity")
    first = next(iter(cost.pairs))
    return named_activation("sigmoid" if first == ANY else first)


def alone(text: str) -> str:
    """A text without the brackets around the whole of it, which it needs in a product only."""
    inside = re.fullmatch(r"\(([^()]*)\)", text)
    return inside[1] if inside else text


@dataclass(frozen=True)
class Letters:
    """Symbols, and the products made of them, in one convention. Layers are numbers or letters, neurons letters or from 0."""

    how: Convention

    @property
    def layer(self) -> str:
        """Any layer; the last one is always L."""
        return "l" if self.how.layer_letter == "L" else self.how.layer_letter

    @property
    def j(self) -> str:
        """The neuron a weight leads to."""
        return self.how.to_letter

    @property
    def k(self) -> str:
        """The neuron a weight comes from."""
        return self.how.from_letter

    @property
    def m(self) -> str:
        """A neuron of the next layer."""
        return next(letter for letter in "mnpq" if letter not in (self.j, self.k))

    # quantities ------------------------------------------------------------------------------------------------------
    @property
    def cost(self) -> Symbol:
        return Symbol(self.how.letter)

    def z(self, layer: Layer, *neuron: Index) -> Symbol:
        return self.how.symbol("z", layer, *neuron)

    def a(self, layer: Layer, *neuron: Index) -> Symbol:
        return self.how.symbol("a", layer, *neuron)

    def b(self, layer: Layer, *neuron: Index) -> Symbol:
        return self.how.symbol("b", layer, *neuron)

    def delta(self, layer: Layer, *neuron: Index) -> Symbol:
        return self.how.symbol("δ", layer, *neuron)

    def w(self, layer: Layer) -> Symbol:
        """The matrix: its rows are where weights lead to, or for an author who writes w_from,to where they come from."""
        return self.how.symbol("w", layer)

    def slope(self, layer: Layer, *neuron: Index) -> Formula:
        """σ′(z)."""
        return row("σ′(", self.z(layer, *neuron), ")")

    def by(self, symbol: Formula) -> Ratio:
        """∂C/∂symbol."""
        return partial(self.cost, symbol)

    # whole layers ----------------------------------------------------------------------------------------------------
    def forward(self, layer: Layer, before: Formula | None = None) -> Formula:
        """w a, the part of z that comes through the weights."""
        w = self.w(layer)
        matrix = w if self.how.order == "to,from" else Transposed(w)
        return self.how.product(matrix, before or self.a(beside(layer, -1)))

    def weighted(self, layer: Layer, before: Formula | None = None) -> Formula:
        """w a + b."""
        return row(self.forward(layer, before), " + ", self.b(layer))

    def moved(self, layer: Layer) -> Formula:
        """What arrives at a^l from the layer above: (w)ᵀδ; without the transpose where rows of w are sources."""
        above = beside(layer, 1)
        return self.how.product(self.how.back(above), self.delta(above))

    def hidden(self, layer: Layer, full: bool = False) -> Formula:
        """δ^l by BP2; with the matrix Σ′ where the layer is a softmax."""
        arriving = self.moved(layer)
        return self._through(arriving if full else row("(", arriving, ")"), layer, full)

    def output(self, layer: Layer, full: bool = False) -> Formula:
        """δ^L by BP1."""
        return self._through(self.gradient(), layer, full)

    def gradient(self) -> Formula:
        """∇_a C."""
        return row(NABLA, self.cost)

    def _through(self, arriving: Formula, layer: Layer, full: bool) -> Formula:
        """What arrives at a, moved back to z."""
        if not full:
            return row(arriving, " ⊙ ", self.slope(layer))
        matrix = row("Σ′(", self.z(layer), ")")  # symmetric: a row times it needs no transpose
        return row(matrix, " ", arriving) if self.how.orientation == "columns" else row(arriving, " ", matrix)

    def outer(self, layer: Layer) -> Formula:
        """∂C/∂w of a whole layer: δ (a)ᵀ, in the shape in which this author writes w."""
        delta, before = self.delta(layer), self.a(beside(layer, -1))
        first, second = (delta, before) if self.how.order == "to,from" else (before, delta)
        if self.how.orientation == "columns":
            return row(first, " ", Transposed(second))
        return row(Transposed(first), " ", second)

    # neuron by neuron ------------------------------------------------------------------------------------------------
    def weight(self, layer: Layer, neuron: Index | None = None, source: Index | None = None) -> Symbol:
        return self.how.weight(layer, self.j if neuron is None else neuron, self.k if source is None else source)

    def weighted_one(self, layer: Layer) -> Formula:
        """Σ_k w_jk a_k + b_j."""
        products = row(self.weight(layer), " ", self.a(beside(layer, -1), self.k))
        return row(Sum(self.k, products), " + ", self.b(layer, self.j))

    def output_one(self, layer: Layer) -> Formula:
        return row(self.by(self.a(layer, self.j)), " ", self.slope(layer, self.j))

    def moved_one(self, layer: Layer) -> Formula:
        """Σ_m w_mj δ_m."""
        above = beside(layer, 1)
        return Sum(self.m, row(self.weight(above, self.m, self.j), " ", self.delta(above, self.m)))

    def hidden_one(self, layer: Layer) -> Formula:
        return row("(", self.moved_one(layer), ") ", self.slope(layer, self.j))

    def weight_one(self, layer: Layer) -> Formula:
        return row(self.a(beside(layer, -1), self.k), " ", self.delta(layer, self.j))

    def hidden_dot(self, layer: Layer) -> Formula:
        """σ′(z_j) (δ)ᵀ w_·j: the weights out of neuron j are a column of w, or a row (S3.13)."""
        above = beside(layer, 1)
        delta, out = self.delta(above), self.weight(above, "·", self.j)
        column = self.how.order == "to,from"
        if self.how.orientation == "columns":
            product = row(Transposed(delta), " ", out) if column else row(out, " ", delta)
        else:
            product = row(delta, " ", out if column else Transposed(out))
        return row(self.slope(layer, self.j), " ", product)

    # the cost --------------------------------------------------------------------------------------------------------
    def cost_slope(self, pair: Pair, layer: Layer, *neuron: Index, factor: bool = False) -> Formula:
        """∂C/∂a^L as this cost gives it: 2(a − y); ∇_a C itself where it has no formula. As a factor it keeps its brackets."""
        if pair.slope_text.startswith("∂"):
            return self.by(self.a(layer, *neuron)) if neuron else self.gradient()
        text = pair.slope_text if factor else alone(pair.slope_text)
        return filled(text, **self._named(layer, *neuron))

    def cost_delta(self, pair: Pair, layer: Layer, *neuron: Index) -> Formula:
        """∂C/∂z^L of a cost that is a function of z^L (S3.14): a − y, p − y, or ∂C/∂z^L itself."""
        if pair.delta_text.startswith("∂"):
            return self.by(self.z(layer, *neuron))
        return filled(alone(pair.delta_text), **self._named(layer, *neuron))

    def cost_formula(self, cost: Cost, pair: Pair, layer: Layer) -> Formula | None:
        """C of one example, index by index; None for a cost of a user's own."""
        r = "r" if self.j != "r" else "s"
        a, z, y = self.a(layer, r), self.z(layer, r), Symbol("y", below=r)
        p = Symbol("p", below=r) if "{p}" in pair.delta_text else a
        right = self.z(layer, "y")
        bodies = {
            "squared_error": Sum(r, row("(", a, " − ", y, ")²")),
            "quadratic": row("½ ", Sum(r, row("(", a, " − ", y, ")²"))),
            "huber": Sum(r, row("h(", a, " − ", y, ")")),
            "cross_entropy": row("−", Sum(r, row(y, "\u2009log\u2009", p))),
            "binary_cross_entropy": row(
                "−", Sum(r, row("(", y, "\u2009log\u2009", p, " + (1 − ", y, ")\u2009log(1 − ", p, "))"))
            ),
            "multiclass_hinge": Sum(f"{r}≠y", row("max(0, 1 + ", z, " − ", right, ")")),
        }
        return None if cost.own else bodies.get(cost.name)

    def _named(self, layer: Layer, *neuron: Index) -> dict[str, Formula]:
        below = self.how.below(*neuron)
        letters: dict[str, Formula] = {"a": self.a(layer, *neuron), "z": self.z(layer, *neuron)}
        return letters | {each: Symbol(each, below=below) for each in "yp"}


# the page -----------------------------------------------------------------------------------------------------------
def summary(convention: str | Convention = "s2", *, forms: Sequence[str] | None = None) -> Sheet:
    """The four equations on one page, in a convention's symbols and words (S2.23, S3.17, S4.13).

    `forms` are "layers" (vectors and matrices), "neurons" (index by index), "dot" (S3.13) and "raw" (∂C/∂a without δ, S0.12);
    of themselves an author who leaves the last layer linear gets "dot" too, and one who writes w_from,to gets "raw".
    """
    how = as_convention(convention)
    chosen = usual_forms(how) if forms is None else tuple(forms)
    for form in chosen:
        if form not in FORMS:
            raise unknown_name("form", form, FORMS)
    blocks: list[Block] = [*introduction(how)]
    for form in chosen:
        blocks += WRITERS[form](Letters(how))
    return Sheet("The four equations of backpropagation", how.name, (*blocks, *_of_cost(how), *_examples(how)))


def usual_forms(how: Convention) -> tuple[str, ...]:
    """The forms that this author himself writes down."""
    return ("layers", "neurons", *(["dot"] if how.linear_output else []), *(["raw"] if how.order == "from,to" else []))


def introduction(how: Convention) -> list[Block]:
    """What the symbols mean, and the forward pass."""
    s = Letters(how)
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
    first = s.by(s.z("L")) if s.how.linear_output else s.output("L")
    return [
        Heading("Backward, whole layers"),
        Equation(s.delta("L"), first, "BP1"),
        Equation(s.delta(s.layer), s.hidden(s.layer), "BP2"),
        Equation(s.by(s.b(s.layer)), s.delta(s.layer), "BP3"),
        Equation(s.by(s.w(s.layer)), s.outer(s.layer), "BP4"),
        shape_of_gradient(s),
    ]


def shape_of_gradient(s: Letters) -> Sentence:
    """What the rows and columns of ∂C/∂w are (S4.13)."""
    rows, columns = s.layer, f"{s.layer} − 1"
    if s.how.order == "from,to":
        rows, columns = columns, rows
    return sentence(
        s.by(s.w(s.layer)), " has the shape of ", s.w(s.layer), ": a row for each neuron of layer ", row(rows),
        ", a column for each of layer ", row(columns), ".",
    )  # fmt: skip


def _neurons(s: Letters) -> list[Block]:
    first = s.by(s.z("L", s.j)) if s.how.linear_output else s.output_one("L")
    return [
        Heading("Backward, neuron by neuron"),
        Equation(s.delta("L", s.j), first, "BP1"),
        Equation(s.delta(s.layer, s.j), s.hidden_one(s.layer), "BP2"),
        Equation(s.by(s.b(s.layer, s.j)), s.delta(s.layer, s.j), "BP3"),
        Equation(s.by(s.weight(s.layer)), s.weight_one(s.layer), "BP4"),
    ]


def _dot(s: Letters) -> list[Block]:
    out = s.weight(beside(s.layer, 1), "·", s.j)
    return [
        Heading("The same with a dot product"),
        sentence(out, " are all the weights that lead out of neuron ", row(s.j), "."),
        Equation(s.delta(s.layer, s.j), s.hidden_dot(s.layer), "BP2"),
    ]


def _raw(s: Letters) -> list[Block]:
    above = beside(s.layer, 1)
    here, there = s.by(s.a(s.layer, s.j)), s.by(s.a(above, s.m))
    return [
        Heading("Without δ"),
        sentence(
            "The recursion runs over ", here, "; with ", row(s.delta(s.layer, s.j), " = ", here, " ", s.slope(s.layer, s.j)),
            " the four equations come out of it.",
        ),
        Equation(s.by(s.weight(s.layer)), row(here, " ", s.slope(s.layer, s.j), " ", s.a(beside(s.layer, -1), s.k))),
        Equation(s.by(s.b(s.layer, s.j)), row(here, " ", s.slope(s.layer, s.j))),
        Equation(here, Sum(s.m, row(there, " ", s.slope(above, s.m), " ", s.weight(above, s.m, s.j)))),
    ]  # fmt: skip


WRITERS = {"layers": _layers, "neurons": _neurons, "dot": _dot, "raw": _raw}


def _of_cost(how: Convention) -> list[Block]:
    """What BP1 begins with for the cost this author has in mind."""
    s, cost = Letters(how), how.default_cost()
    pair, one = cost.on(usual_output(how, cost)), s.cost if how.over == "one" else Symbol(how.letter, below="i")
    blocks: list[Block] = [
        Heading(f"With the cost {cost.name.replace('_', ' ')}"),
        *definition(s, cost, pair, "L", one),
    ]
    if pair.delta is not None:
        return [*blocks, Equation(s.delta("L"), s.cost_delta(pair, "L")), *meaning(s, cost, pair, "L")]
    left = s.by(s.z("L")) if how.linear_output else s.gradient()
    return [*blocks, Equation(left, s.cost_slope(pair, "L")), *meaning(s, cost, pair, "L")]


def definition(s: Letters, cost: Cost, pair: Pair, layer: Layer, one: Symbol) -> list[Block]:
    """C of one example, where there is a formula for it."""
    formula = s.cost_formula(cost, pair, layer)
    return [] if formula is None else [Equation(one, formula)]


def meaning(s: Letters, cost: Cost, pair: Pair, layer: Layer) -> list[Block]:
    """The letters that only this cost has: p, h, or the y of a right class."""
    z = s.z(layer)
    if "{p}" in pair.delta_text:
        function = "softmax" if cost.targets == "probabilities" else "sigmoid"
        return [
            sentence("Here ", row("p"), f" is the {function} of ", z, ": the probabilities that the cost makes of it.")
        ]
    if cost.name == "huber":
        c = f"{cost.settings['threshold']:.12g}"
        return [
            sentence(
                "Here ", row("h(e) = ½e²"), " up to ", row(f"|e| = {c}"), ", and ", row(f"{c}(|e| − ½·{c})"), " beyond."
            )
        ]
    if cost.name == "multiclass_hinge":
        return [
            sentence(
                "Here ", row("y"), " stands for the right class. An entry of ", s.by(z), " is 1 where ",
                row("1 + ", s.z(layer, "r"), " − ", s.z(layer, "y"), " > 0"), ", else 0; that of the right class is minus the "
                "number of those."
            )
        ]  # fmt: skip
    return []


def _examples(how: Convention) -> list[Block]:
    """What C is over several examples."""
    if how.over == "one":
        return []
    s, one = Letters(how), Symbol(how.letter, below="i")
    share = row(Ratio(row("1"), row("N")), " ") if how.over == "mean" else row("")
    what = "mean" if how.over == "mean" else "sum"
    words = (
        f"The equations hold for the cost of each example; the gradient of all is the {what} of theirs, as the cost is:",
    )
    return [Heading("Over examples"), Equation(s.cost, row(share, Sum("i", one)), why=words)]
