"""One example in a live network with its δ, and how a convention writes its quantities: the basis of generated questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations import odot
from chainrule.backward import Backward, backward_through
from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.forward import Trace, trace_of
from chainrule.ids import Id
from chainrule.lessons.replies import written
from chainrule.network import Network
from chainrule.problem import OneExample, Problem
from chainrule.writing.formula import Formula, Symbol, partial, row
from chainrule.writing.tex import latex

Array = np.ndarray
SPELLED = 4  # the most neurons of a layer whose numbers a question lists
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True)
class Live(OneExample):
    """One example in float64, its trace (n,) and errors (n,), and the way of writing."""

    problem: Problem
    trace: Trace
    back: Backward
    how: Convention

    @classmethod
    def of(cls, network: Network, x: Any, y: Any, cost: str | Cost | None, convention: str | Convention) -> Live:
        """x (in,) and y (out,) are one example; the cost is the network's own unless one is named.

        Raises ShapeError for rows of examples, DataError where the passes become NaN or infinite.
        """
        how = as_convention(convention)
        problem = Problem.one(network, x, y, how.cost_for(network, cost), "asked about")
        with np.errstate(all="ignore"):
            trace = problem.once(trace_of).example(0)
            back = backward_through(trace, problem)
        problem.check_finite(z=trace.z.items(), a=trace.a.items(), δ=back.delta.items())
        return cls(problem, trace, back, how)

    # values ----------------------------------------------------------------------------------------------------------
    @property
    def last(self) -> int:
        """L."""
        return self.network.depth

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.network.sizes

    def through(self, layer: int, v: Array, z: Array | None = None) -> Array:
        """v ⊙ σ′(z) of a layer, at another z if one is given."""
        at = self.trace.z[layer] if z is None else z
        return odot(v[None], self.network.activations[layer].slope(at[None]))[0]

    def elementwise(self, layer: int) -> bool:
        """True where each neuron of the layer has a σ′ of its own; not of a softmax."""
        return not self.network.activations[layer].full_slope

    def value(self, target: Id) -> float:
        """∂C/∂w of a weight, δ of a neuron."""
        delta = float(self.back.delta[target.layer][target.neuron])
        return delta if target.kind == "d" else delta * float(self.trace.a[target.layer - 1][target.source])

    # writing ---------------------------------------------------------------------------------------------------------
    @property
    def bare(self) -> bool:
        """True in a chain of single neurons, which are written without indices (S1.2)."""
        return max(self.sizes) == 1

    def symbol(self, kind: str, layer: int, *places: int) -> Symbol:
        """How a quantity is written: symbol("w", 2, 0, 1) as w²₀₁; without places the whole matrix or vector."""
        if not places or self.bare:
            return self.how.symbol({"d": "δ"}.get(kind, kind), layer)
        return self.how.of(Id(kind, layer, *places))

    def of_output(self, letter: str, j: int) -> Symbol:
        """A letter of the output's neuron j that has no layer, as y₀."""
        return self.how.symbol(letter, None, *(() if self.bare else (j,)))

    def tex(self, kind: str, layer: int, *places: int) -> str:
        """The same between dollar signs."""
        return tex(self.symbol(kind, layer, *places))

    def slope(self, layer: int, j: int) -> Formula:
        """σ′(z) of a neuron."""
        return row("σ′(", self.symbol("z", layer, j), ")")

    def by(self, symbol: Symbol) -> Formula:
        """∂C/∂ of a quantity."""
        return partial(self.how.of(Id("C")), symbol)

    def neuron(self, layer: int, j: int) -> str:
        """A neuron in words that no counting changes: the second neuron of layer 1, the third input."""
        if self.sizes[layer] == 1:
            return "the one input" if layer == 0 else f"the one neuron of layer {layer}"
        return f"the {ordinal(j)} input" if layer == 0 else f"the {ordinal(j)} neuron of layer {layer}"

    def matrix(self, layer: int) -> Array:
        """The weight matrix as this author writes it: rows are destinations, or sources where those come first (S0.3)."""
        w = self.network.weights[layer]
        return w if self.how.order == "to,from" else w.T

    @property
    def reading(self) -> str:
        """How weights and neurons are to be read, in a sentence; nothing where there are no indices."""
        if self.bare:
            return ""
        layer = self.how.layer_letter
        weight = tex(self.how.weight(layer, self.how.to_letter, self.how.from_letter))
        return (
            f"Neurons count from {self.how.base}; {weight} leads from ${self.how.from_letter}$ in layer {tex(layer, '−1')} "
            f"to ${self.how.to_letter}$ in layer {tex(layer)}."
        )


def tex(*pieces: Formula | str) -> str:
    """Formulas and texts in a row, between dollar signs."""
    return f"${latex(row(*pieces))}$"


def ordinal(place: int) -> str:
    """first for place 0, 11th for place 10."""
    number = place + 1
    if number <= len(ORDINALS):
        return ORDINALS[place]
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def vector(values: Array, digits: int) -> str:
    """(0.31, −0.62), so many significant digits each."""
    return f"({', '.join(written(float(v), digits) for v in values)})"


def rows_of(values: Array, digits: int) -> str:
    """[0.5 −1.2; 0.3 0.4], row after row."""
    return "[" + "; ".join(" ".join(written(float(v), digits) for v in each) for each in values) + "]"
