"""The symbols of backpropagation as one author writes them, the products made of them, and what the letters of a cost mean.

The summary, the proof, the pseudocode and the worksheet take their symbols from here, and so write one thing one way.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.activations import Activation
from chainrule.activations import named as named_activation
from chainrule.conventions import Convention
from chainrule.costs import ANY, Cost, Pair
from chainrule.explanation.view import NABLA
from chainrule.writing.document import Block, Equation, sentence
from chainrule.writing.formula import Formula, Ratio, Sum, Symbol, Transposed, alone, filled, partial, row
from chainrule.writing.numbers import minus, plain, short

Layer = int | str  # a number, or letters such as "l", "l+1", "L−1"
Index = int | str


def beside(layer: Layer, by: int) -> Layer:
    """The layer so many further on, as a number or in letters: 3, "l+1", "L−1"."""
    if isinstance(layer, int):
        return layer + by
    letter, steps = layer[0], int(plain(layer[1:]) or 0) + by
    return minus(f"{letter}{steps:+d}") if steps else letter


def usual_output(how: Convention, cost: Cost) -> Activation:
    """The last activation that this author puts before that cost: none (S3.14), the first one the cost takes, or a sigmoid."""
    if how.linear_output:
        return named_activation("identity")
    first = next(iter(cost.pairs))
    return named_activation("sigmoid" if first == ANY else first)


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

    def symbol(self, letter: str, layer: Layer, *neuron: Index) -> Formula:
        """z, a, b or δ of a layer, or of one neuron."""
        return self.how.symbol(letter, layer, *neuron)

    def z(self, layer: Layer, *neuron: Index) -> Formula:
        return self.symbol("z", layer, *neuron)

    def a(self, layer: Layer, *neuron: Index) -> Formula:
        return self.symbol("a", layer, *neuron)

    def b(self, layer: Layer, *neuron: Index) -> Formula:
        return self.symbol("b", layer, *neuron)

    def delta(self, layer: Layer, *neuron: Index) -> Formula:
        return self.symbol("δ", layer, *neuron)

    def w(self, layer: Layer) -> Formula:
        """The matrix: its rows are where weights lead to, or for an author who writes w_from,to where they come from."""
        return self.how.symbol("w", layer)

    def y(self, *neuron: Index) -> Formula:
        return Symbol("y", below=self.how.below(*neuron))

    def p(self, *neuron: Index) -> Formula:
        """What a cost of z^L makes of it before it compares with y (S3.14)."""
        return Symbol("p", below=self.how.below(*neuron))

    def slope(self, layer: Layer, *neuron: Index) -> Formula:
        """σ′(z)."""
        return row("σ′(", self.z(layer, *neuron), ")")

    def slopes(self, layer: Layer) -> Formula:
        """Σ′(z), the matrix of a softmax."""
        return row("Σ′(", self.z(layer), ")")

    def gradient(self) -> Formula:
        """∇_a C."""
        return row(NABLA, self.cost)

    def by(self, symbol: Formula) -> Ratio:
        """∂C/∂symbol."""
        return partial(self.cost, symbol)

    # whole layers ----------------------------------------------------------------------------------------------------
    def forward(self, layer: Layer) -> Formula:
        """w a, the part of z that comes through the weights."""
        w = self.w(layer)
        return self.how.product(w if self.how.order == "to,from" else Transposed(w), self.a(beside(layer, -1)))

    def weighted(self, layer: Layer, biased: bool = True) -> Formula:
        """w a + b; without biases w a."""
        return row(self.forward(layer), " + ", self.b(layer)) if biased else self.forward(layer)

    def moved(self, layer: Layer) -> Formula:
        """What arrives at a^l from the layer above: (w)ᵀδ; without the transpose where rows of w are sources."""
        w = self.w(beside(layer, 1))
        return self.how.product(Transposed(w) if self.how.order == "to,from" else w, self.delta(beside(layer, 1)))

    def hidden(self, layer: Layer, full: bool = False) -> Formula:
        """δ^l by BP2; with the matrix Σ′ where the layer is a softmax."""
        arriving = self.moved(layer)
        return self._through(arriving if full else row("(", arriving, ")"), layer, full)

    def output(self, layer: Layer, full: bool = False) -> Formula:
        """δ^L by BP1."""
        return self._through(self.gradient(), layer, full)

    def _through(self, arriving: Formula, layer: Layer, full: bool) -> Formula:
        """What arrives at a, moved back to z."""
        if not full:
            return row(arriving, " ⊙ ", self.slope(layer))
        matrix = self.slopes(layer)  # symmetric: a row times it needs no transpose
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

    def weighted_one(self, layer: Layer, neuron: Index | None = None, source: Index | None = None) -> Formula:
        """Σ_k w_jk a_k + b_j."""
        j, k = self.j if neuron is None else neuron, self.k if source is None else source
        products = row(self.weight(layer, j, k), " ", self.a(beside(layer, -1), k))
        return row(Sum(str(k), products), " + ", self.b(layer, j))

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
        formula = filled(pair.slope_text, **self._named(layer, *neuron))
        return formula if factor else alone(formula)

    def cost_delta(self, pair: Pair, layer: Layer, *neuron: Index) -> Formula:
        """∂C/∂z^L of a cost that is a function of z^L (S3.14): a − y, p − y, or ∂C/∂z^L itself."""
        if pair.delta_text.startswith("∂"):
            return self.by(self.z(layer, *neuron))
        return alone(filled(pair.delta_text, **self._named(layer, *neuron)))

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
            "absolute_error": Sum(r, row("|", a, " − ", y, "|")),
            "log_cosh": Sum(r, row("log\u2009cosh(", a, " − ", y, ")")),
            "poisson": Sum(r, row("(", a, " − ", y, "\u2009log\u2009", a, ")")),
            "cross_entropy": row("−", Sum(r, row(y, "\u2009log\u2009", p))),
            "binary_cross_entropy": row(
                "−", Sum(r, row("(", y, "\u2009log\u2009", p, " + (1 − ", y, ")\u2009log(1 − ", p, "))"))
            ),
            "multiclass_hinge": Sum(f"{r}≠y", row("max(0, 1 + ", z, " − ", right, ")")),
        }
        return None if cost.own else bodies.get(cost.name)

    def _named(self, layer: Layer, *neuron: Index) -> dict[str, Formula]:
        return {"a": self.a(layer, *neuron), "z": self.z(layer, *neuron), "y": self.y(*neuron), "p": self.p(*neuron)}


# the cost in words --------------------------------------------------------------------------------------------------
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
        c = short(cost.settings["threshold"], 12)
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
