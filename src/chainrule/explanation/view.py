"""One example seen from one quantity u: ∂u/∂z^l and ∂u/∂a^l of every layer, and how to write them in a convention.

Seen from the cost they are δ^l and ∂C/∂a^l. Seen from a neuron's a or z, the recursion starts there (S1.21).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.conventions import Convention
from chainrule.costs import Cost
from chainrule.equations import bp1, bp2
from chainrule.explanation.document import Factor, Product
from chainrule.explanation.noise import exact_sum, settle, settled_passes, settled_trace
from chainrule.forward import Trace
from chainrule.ids import Id
from chainrule.network import Network
from chainrule.problem import OneExample, Problem
from chainrule.writing.formula import Formula, Symbol, filled, partial, row

Array = np.ndarray
NABLA = Symbol("∇", below="a")


@dataclass(frozen=True)
class View(OneExample):
    """One example in float64, its trace (n,), the quantity u it is seen from, and how things are written.

    into_z[l]  ∂u/∂z^l, (n_l,), for l = 1…top; into_a[l]  ∂u/∂a^l for l = 0…top. Layers above `top` are not before u.
    """

    problem: Problem
    trace: Trace
    u: Id
    how: Convention
    into_z: dict[int, Array]
    into_a: dict[int, Array]

    @classmethod
    def of(cls, problem: Problem, u: Id, how: Convention) -> View:
        """A problem of one example. Raises DataError where u or a number on the way to it is not finite."""
        if u.kind == "C":
            passes = problem.once(settled_passes)
            into_z, into_a = ({l: v[0] for l, v in each.items()} for each in (passes.delta, passes.da))
            return cls(problem, passes.trace.example(0), u, how, into_z, into_a)
        with np.errstate(all="ignore"):
            trace = problem.once(settled_trace).example(0)
            into_z, into_a = _from_neuron(trace, u)
        problem.check_finite(z=trace.z.items(), a=trace.a.items(), derivatives=into_z.items())
        return cls(problem, trace, u, how, into_z, into_a)

    @property
    def top(self) -> int:
        """The layer u is made of: the last one for the cost."""
        return self.network.depth if self.u.kind == "C" else self.u.layer

    @cached_property
    def cost_value(self) -> float:
        """C of the example."""
        given = self.trace.z if self.pair.of == "z" else self.trace.a
        return float(self.pair.value(given[self.network.depth][None], self.y[None])[0])

    # symbols ---------------------------------------------------------------------------------------------------------
    @cached_property
    def bare(self) -> bool:
        """True in a chain of single neurons, which are written without indices (S1.2)."""
        return max(self.network.sizes) == 1

    def letter(self, letter: str, layer: int | str | None, *indices: int | str) -> Symbol:
        return self.how.symbol(letter, layer, *(() if self.bare else indices))

    def a(self, layer: int, *indices: int | str) -> Symbol:
        """a^l_j; of the inputs x_k in the convention of the texts, a⁰."""
        return self.letter("a", layer, *indices)

    def weight(self, layer: int, j: int | str, k: int | str) -> Symbol:
        return self.how.symbol("w", layer) if self.bare else self.how.weight(layer, j, k)

    def quantity(self, id: Id) -> Symbol:
        """How a quantity is written here."""
        match id.kind:
            case "C":
                return Symbol(self.how.letter)
            case "x":
                return self.letter("a", 0, id.neuron)
            case "w":
                return self.weight(id.layer, id.neuron, id.source)
            case "b" if self.shared(id):
                return self.how.symbol("b", id.layer)
        return self.letter({"d": "δ"}.get(id.kind, id.kind), id.layer, id.neuron)

    def by(self, id: Id) -> Formula:
        """∂u/∂id."""
        return partial(self.quantity(self.u), self.quantity(id))

    def sensitivity(self, layer: int, *indices: int | str) -> Formula:
        """∂u/∂z^l, which is written δ^l where u is the cost."""
        if self.u.kind == "C":
            return self.letter("δ", layer, *indices)
        return partial(self.quantity(self.u), self.letter("z", layer, *indices))

    def slope_symbol(self, layer: int, *indices: int | str) -> Formula:
        """σ′(z^l_j)."""
        return row("σ′(", self.letter("z", layer, *indices), ")")

    def slope_symbol_of_layer(self, layer: int) -> Formula:
        """σ′(z^l), of the whole layer."""
        return row("σ′(", self.how.symbol("z", layer), ")")

    def matrix_symbol(self, layer: int) -> Formula:
        """Σ′(z^l)."""
        return row("Σ′(", self.how.symbol("z", layer), ")")

    def gradient_symbol(self) -> Formula:
        """∇_a C."""
        return row(NABLA, self.how.letter)

    def target(self, *indices: int | str) -> Symbol:
        return Symbol("y", below="" if self.bare else self.how.below(*indices))

    # factors ---------------------------------------------------------------------------------------------------------
    def slope(self, layer: int, j: int) -> Factor:
        """∂a/∂z = σ′(z)."""
        value = self.network.activations[layer].slope(np.atleast_1d(self.trace.z[layer]))[j]
        return Factor(self.slope_symbol(layer, j), float(value))

    def slopes(self, layer: int) -> Array:
        """σ′(z^l), (n,), or for a softmax Σ′(z^l), (n, n)."""
        return np.asarray(self.network.activations[layer].slope(self.trace.z[layer][None])[0])

    def onward(self, layer: int, j: int, k: int) -> Factor:
        """∂z_j of a layer / ∂a_k of the one before = w_jk (S1.13)."""
        return Factor(self.weight(layer, j, k), float(self.network.weights[layer][j, k]))

    def error(self, layer: int, j: int) -> Factor:
        """δ^l_j, or ∂u/∂z^l_j."""
        return Factor(self.sensitivity(layer, j), float(self.into_z[layer][j]))

    def of_activation(self, layer: int, j: int) -> Factor:
        """∂u/∂a^l_j."""
        if self.u.kind == "C" and layer == self.network.depth:
            text = self.pair.slope_text.replace("∂C", f"∂{self.how.letter}")
            return Factor(filled(text, **self._letters(j)), float(self.into_a[layer][j]))
        return Factor(self.by(Id("a", layer, j)), float(self.into_a[layer][j]))

    def incoming(self, v: Id) -> Factor:
        """∂z/∂w = a_in, ∂z/∂b = 1 (S1.8, S1.12)."""
        if v.kind == "b":
            return Factor(row("1"), 1.0)
        before = v.layer - 1
        return Factor(self.a(before, v.source), float(self.trace.a[before][v.source]))

    def step(self, before: Id, after: Id) -> Factor:
        """∂after/∂before of two neighbours on the way to the cost, as it is written and as it is."""
        if after.kind == "C":
            return (
                self.of_activation(before.layer, before.neuron)
                if before.kind == "a"
                else self.arriving(before.neuron)[0]
            )
        if after.kind == "a" and self.network.activations[after.layer].full_slope:
            entry = Symbol("", below=self.how.below(after.neuron, before.neuron))
            value = float(self.slopes(after.layer)[after.neuron, before.neuron])
            return Factor(row("[", self.matrix_symbol(after.layer), "]", entry), value)
        if after.kind == "a":
            return self.slope(after.layer, after.neuron)
        if before.kind in "ax":
            return self.onward(after.layer, after.neuron, before.neuron)
        return self.incoming(before)

    def arriving(self, j: int) -> list[Factor]:
        """From z_j of the top layer to u: for the cost σ′(z) · ∂C/∂a, or δ^L where it is a function of z^L (S3.14)."""
        top = self.top
        if self.u.kind == "z":
            return []
        full = self.network.activations[top].full_slope
        if self.u.kind == "a":
            if not full:
                return [self.slope(top, j)]
            return [Factor(self.by(Id("z", top, j)), float(self.into_z[top][j]))]
        delta = float(self.into_z[top][j])
        if self.pair.delta is not None:
            text = self.pair.delta_text.replace("∂C", f"∂{self.how.letter}")
            return [Factor(filled(text, **self._letters(j)), delta)]
        if full:  # every output depends on z_j: one number, not a product
            return [Factor(self.by(Id("z", top, j)), delta)]
        return [self.slope(top, j), self.of_activation(top, j)]

    def softmax_slope(self, layer: int, i: int, j: int) -> list[Factor]:
        """∂a_i/∂z_j of a softmax: a_i (1 − a_i), or −a_i a_j."""
        a = self.trace.a[layer]
        a_i, a_j = self.a(layer, i), self.a(layer, j)
        if i == j:
            return [Factor(a_i, float(a[i])), Factor(row("(1 − ", a_i, ")"), float(np.delete(a, i).sum()))]
        return [Factor(row("−", a_i), -float(a[i])), Factor(a_j, float(a[j]))]

    def written_out(self, j: int) -> list[Factor]:
        """From z_j of the top layer to u as `arriving` has it; to an activation of a softmax, in its activations."""
        if self.u.kind == "a" and self.network.activations[self.top].full_slope:
            return self.softmax_slope(self.top, self.u.neuron, j)
        return self.arriving(j)

    def _letters(self, j: int) -> dict[str, Formula]:
        last, below = self.network.depth, "" if self.bare else self.how.below(j)
        letters: dict[str, Formula] = {each: self.letter(each, last, j) for each in "az"}
        return letters | {each: Symbol(each, below=below) for each in "yp"}

    # the ways to u ---------------------------------------------------------------------------------------------------
    def shared(self, v: Id) -> bool:
        """True for the one bias of a whole layer (S0.4)."""
        return v.kind == "b" and self.network.shared_bias(v.layer)

    def first_layer(self, v: Id) -> int:
        """The layer whose z comes next after v."""
        return v.layer + 1 if v.kind in "ax" else v.layer

    def entrances(self, v: Id) -> list[int]:
        """The neurons of that layer whose z it enters: one, all of a layer with one bias, all above an activation."""
        if v.kind in "ax" or self.shared(v):
            return list(range(self.network.sizes[self.first_layer(v)]))
        return [v.neuron]

    def exits(self) -> list[int]:
        """The neurons of the top layer whose z u depends on."""
        full = self.u.kind == "a" and self.network.activations[self.top].full_slope
        return list(range(self.network.sizes[self.top])) if self.u.kind == "C" or full else [self.u.neuron]

    def stops(self, v: Id) -> list[list[int]]:
        """Layer by layer from v to u the neurons a way may pass; empty where u does not depend on v."""
        first = self.first_layer(v)
        if first > self.top:
            return []
        between = [list(range(self.network.sizes[l])) for l in range(first, self.top + 1)]
        between[0] = self.entrances(v)
        between[-1] = [j for j in between[-1] if j in self.exits()]
        return between if between[-1] else []

    def path_count(self, v: Id) -> int:
        """How many ways lead from v to u."""
        return math.prod(map(len, self.stops(v))) if self.stops(v) else 0

    def route_count(self, v: Id) -> int:
        """How many routes lead from v to the cost: one neuron per layer, and through a softmax below the output any two."""
        return max(1, self.path_count(v)) * math.prod(self.network.sizes[l] for l in self.softmaxes(v))

    def softmaxes(self, v: Id) -> list[int]:
        """The layers between v and u in which every neuron depends on every z."""
        return [l for l in range(self.first_layer(v), self.top) if self.network.activations[l].full_slope]

    def is_chain(self, v: Id) -> bool:
        """True where a single path leads to u, one factor per step."""
        return self.path_count(v) == 1 and not self.softmaxes(v)

    def chain(self, v: Id, route: Sequence[int]) -> Product:
        """One way from v to u: through neuron route[0] of the layer after v, route[1] of the next, …"""
        first = self.first_layer(v)
        factors = (
            [] if v.kind == "z" else [self.incoming(v)] if v.kind in "wb" else [self.onward(first, route[0], v.neuron)]
        )
        for step, j in enumerate(route):
            layer = first + step
            if step:
                factors.append(self.onward(layer, j, route[step - 1]))
            factors += self.written_out(j) if layer == self.top else [self.slope(layer, j)]
        factors = factors or [Factor(row("1"), 1.0)]
        numbers = " → ".join(str(j + self.how.base) for j in route)
        return Product(row(numbers), tuple(factors), math.prod(f.value for f in factors))

    def value(self, v: Id) -> float:
        """∂u/∂v by the recursion."""
        if v.kind in "ax":
            return float(self.into_a[v.layer][v.neuron]) if v.layer in self.into_a else 0.0
        if v.layer not in self.into_z:
            return 0.0
        errors = exact_sum(float(self.into_z[v.layer][j]) for j in self.entrances(v))
        return errors * (self.incoming(v).value if v.kind == "w" else 1.0)


def function_name(network: Network, layer: int) -> str:
    """How a layer's function is written before its brackets: σ, or its name where layers differ; identity is not written."""
    names = {each.name for each in network.activations if each.name != "identity"}
    name = network.activations[layer].name
    if name == "identity":
        return ""
    return name.replace("_", " ") if len(names) > 1 else "σ"


def view(network: Network, x: Any, y: Any, cost: str | Cost | None, u: Id, how: Convention) -> View:
    """One example x (in,), y (out,) or its label, seen from u. Raises ShapeError for rows, DataError where u is not finite."""
    return View.of(Problem.one(network, x, y, cost), u, how)


def _from_neuron(trace: Trace, u: Id) -> tuple[dict[int, Array], dict[int, Array]]:
    """The same recursion, started at z^l_j with 1, or at a^l_j with 1 before σ′."""
    network, top = trace.network, u.layer
    one = np.eye(trace.a[top].size)[u.neuron]
    into_a, into_z = ({top: one}, {}) if u.kind == "a" else ({}, {top: one})
    if u.kind == "a" and top > 0:
        into_z[top] = bp1(one[None], network.activations[top].slope(trace.z[top][None]))[0]
    for l in range(top, 0, -1):
        into_a[l - 1] = into_z[l] @ network.weights[l]
        if l > 1:
            slope = network.activations[l - 1].slope(trace.z[l - 1][None])
            into_z[l - 1] = bp2(network.weights[l], into_z[l][None], slope)[0]
    return settle(trace, into_z, into_a, np.zeros_like(one), through_a=u.kind == "a")
