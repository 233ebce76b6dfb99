"""The whole network as one formula, sums inside σ inside sums, and its value found from the inside out (S4.5)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention
from chainrule.errors import DataError, ShapeError
from chainrule.explanation.letters import Letters
from chainrule.explanation.shown import whole_number
from chainrule.explanation.view import function_name
from chainrule.forward import forward
from chainrule.network import Network, as_network
from chainrule.writing.document import Block, Cells, Equation, Heading, Values, sentence
from chainrule.writing.formula import Formula, Sum, Symbol, row
from chainrule.writing.sheet import Sheet

NAMES = "nmkjihgfed"  # of neurons, from the last layer down to the inputs
SPELLED = 3  # layers that are all written out; of more the first two and the last one


def nested_formula(
    network: Network, convention: str | Convention = "nielsen", x: Any = None, *, most: int = 6
) -> Sheet:
    """a^L_n as one formula of x, with the size of every sum; with an example x (in,) also every bracket's value.

    A softmax takes its whole layer, so that the formula is divided there: a^L_n = softmax_n(z^L), and z^L_n goes on.
    """
    how = as_convention(convention)
    how.cost_for(as_network(network, "nested_formula(network)"), "quadratic")  # refuses a convention that does not fit
    nest = Nest(network.astype("float64"), Letters(how), whole_number(most, "most", 2))
    blocks: list[Block] = [*nest.introduction(), *nest.formulas(), *nest.sizes()]
    if x is not None:
        blocks += nest.inside_out(x)
    return Sheet("The network as one formula", how.name, tuple(blocks))


@dataclass(frozen=True)
class Nest:
    """A network's formula in one convention: neurons of layer l are called `letter(l)`, the last one's n."""

    network: Network
    s: Letters
    most: int

    @property
    def depth(self) -> int:
        return self.network.depth

    @property
    def abridged(self) -> bool:
        """True where layers are left out, which they are not around a softmax."""
        return self.depth > SPELLED and not any(self.network.activations[l].full_slope for l in range(1, self.depth))

    def letter(self, layer: int) -> str:
        """n for the last layer, m for the one before …; where layers are left out the letters go on below them."""
        steps = self.depth - layer
        return NAMES[steps % len(NAMES) if not self.abridged or steps < 2 else 4 - layer]

    def index(self, layer: int, letter: str = "") -> str:
        """An index with where it begins and ends: m=0…29."""
        return f"{letter or self.letter(layer)}={self.span(layer)}"

    def span(self, layer: int) -> str:
        """The numbers of a layer's neurons: 0…29."""
        first, count = self.s.how.base, self.network.sizes[layer]
        return f"{first}…{first + count - 1}" if count > 1 else str(first)

    # symbols ---------------------------------------------------------------------------------------------------------
    def introduction(self) -> list[Block]:
        """Which function σ is, and how many terms stand in the formula."""
        sigmas = {each.name for each in self.network.activations if each.name != "identity"}
        words: list[Block] = [sentence("A network is a function of its input, and can be written down as one.")]
        if len(sigmas) == 1:
            kind = f"{self.s.how.function_word} {sigmas.pop().replace('_', ' ')}"
            words.append(sentence(row("σ"), f" is the {kind} in every layer that has one."))
        return words

    def formulas(self) -> list[Block]:
        """The formula; divided where a softmax takes a whole layer."""
        return [Equation(left, right) for left, right in self._divided()]

    def _divided(self) -> Iterator[tuple[Formula, Formula]]:
        top = self.depth
        left = self.last()
        while top:
            if self.network.activations[top].full_slope:
                n = self.letter(top)
                yield left, self._softmax(top, n)
                left = self.s.z(top, n)
            found, below = self._opened(top, function=left != self.s.z(top, self.letter(top)))
            yield left, found
            left, top = self.s.a(below, self.letter(below)), below

    def last(self) -> Formula:
        """a^L_n; z^L_n for an author who has no activation there."""
        n = self.letter(self.depth)
        return self.s.z(self.depth, n) if self.s.how.linear_output else self.s.a(self.depth, n)

    def _opened(self, layer: int, function: bool = True) -> tuple[Formula, int]:
        """σ(Σ w σ(…) + b), and the layer at which it stops: the input, or a softmax below."""
        j, k = self.letter(layer), self.letter(layer - 1)
        stop, skips = layer - 1, self.abridged and layer == self.depth
        before = self._before(layer, k)
        if layer > 1 and not self.network.activations[layer - 1].full_slope:
            inner, stop = self._opened(2 if skips else layer - 1)
            before = row("[… ", inner, " …]", Symbol("", below=k)) if skips else inner
        inside = self._weighted(layer, j, k, before)
        name = function_name(self.network, layer) if function else ""
        alone = not name and (layer == self.depth or self.network.activations[layer].full_slope)
        return inside if alone else row(name, "(", inside, ")"), stop

    def _before(self, layer: int, k: str) -> Formula:
        """What a layer is given: a of the one before, or x."""
        return Symbol("x", below=k) if layer == 1 else self.s.a(layer - 1, k)

    def _weighted(self, layer: int, j: str, k: str, before: Formula) -> Formula:
        """Σ w a + b, without the bias where a layer has none."""
        products = Sum(self.index(layer - 1, k), row(self.s.weight(layer, j, k), " ", before))
        if not self.network.biases[layer].size:
            return row(products)
        return row(products, " + ", self.s.b(layer) if self.network.shared_bias(layer) else self.s.b(layer, j))

    def _softmax(self, layer: int, j: str) -> Formula:
        return row(Symbol("softmax", below=j), "(", self.s.z(layer), ")")

    def sizes(self) -> list[Block]:
        """How large the sums are."""
        before = list(self.network.sizes[:-1])
        sums = ", ".join(f"{n:,}" for n in before[:-1]) + (" and " if before[1:] else "") + f"{before[-1]:,}"
        n = row(f"{self.letter(self.depth)} = {self.span(self.depth)}")
        return [
            sentence(
                f"From the inside out the sums have {sums} {'term' if before == [1] else 'terms'}, and there is one such "
                "formula for each ", n, f". Written without Σ it would name inputs {_counted(math.prod(before), 'time')}; "
                "from the inside out every bracket is computed once.",
            )
        ]  # fmt: skip

    def letters(self, layer: int) -> tuple[str, str]:
        """The letters of a layer and of the one before: those of the formula, any where it leaves layers out."""
        named = not self.abridged or layer <= 2
        here = self.letter(layer) if named or layer >= self.depth - 1 else self.s.j
        before = self.letter(layer - 1) if named or layer == self.depth else self.s.k
        return here, before

    # numbers ---------------------------------------------------------------------------------------------------------
    def inside_out(self, x: Any) -> list[Block]:
        """Every bracket of one example, from the innermost to the last."""
        if np.ndim(x) != 1:
            raise ShapeError(
                f"the formula is evaluated for one example, x of shape ({self.network.sizes[0]},), got {np.shape(x)}: pass x[i]"
            )
        with np.errstate(all="ignore"):
            trace = forward(self.network, x)
        if not all(np.isfinite(each).all() for each in [*trace.z, *trace.a]):
            raise DataError("a bracket overflows on this example: nothing can be shown; smaller weights will do")
        s, how = self.s, self.s.how
        blocks: list[Block] = [Heading("From the inside out"), Values.of(row("x"), " = ", self.cells(trace.a[0]))]
        for l in range(1, self.depth + 1):
            j, k = self.letters(l)
            total = self._weighted(l, j, k, self._before(l, k))
            blocks.append(Values.of(s.z(l, j), " = ", total, " = ", self.cells(trace.z[l])))
            function = function_name(self.network, l)
            activation = row(function, "(", s.z(l, j), ")") if function else s.z(l, j)
            if self.network.activations[l].full_slope:
                activation = self._softmax(l, j)
            if not (l == self.depth and how.linear_output):
                blocks.append(Values.of(s.a(l, j), " = ", activation, " = ", self.cells(trace.a[l])))
        return blocks

    def cells(self, values: np.ndarray) -> Cells:
        """One number per neuron, as a column or a row."""
        return Cells(values[:, None] if self.s.how.orientation == "columns" else values[None], self.most)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"
