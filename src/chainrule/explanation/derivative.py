"""∂C/∂w or ∂C/∂b of one example, worked out with this network's numbers, in three forms, and checked.

delta    a_in · δ_out, and where that δ comes from              (S2.9, S0.13, S4.10)
product  the chain rule's factors from the weight to the cost    (S1.10, S1.14), or, where there are several
         ways to the cost, the product of matrices               (S2.20)
paths    one such product for every way to the cost, and their sum (S1.17)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from chainrule.backward import Backward, backward, gradient
from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost, Pair
from chainrule.errors import DisagreementError, IdError, SettingError, ShapeError, unknown_name
from chainrule.explanation.document import Derivation, Factor, Product, Stages, Terms
from chainrule.forward import Trace, forward
from chainrule.ids import Id, entry_of, parse
from chainrule.network import Network
from chainrule.verification.differences import Difference, of_entries

FORMS = ("delta", "product", "paths")
MOST_PATHS = 20_000
LISTED_PATHS = 8
SPELLED_TERMS = 3


def explain(
    network: Network,
    x: Any,
    y: Any,
    by: str | Id,
    *,
    of: str = "C",
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
    form: str | None = None,
) -> Derivation:
    """The derivative of one example's cost by a weight or a bias, from symbols to numbers to an independent check.

    x (in,) and y (out,) are one example, in the network's terms; `by` is an id such as "w/2/0/0". The convention supplies
    the cost unless one is given. Without a `form`, a single way to the cost is shown as a product, several as δ. Numbers
    are computed in float64 from the network's parameters. Raises DisagreementError, and prints nothing, where
    backpropagation and central differences differ.
    """
    how = as_convention(convention)
    if form is not None and form not in FORMS:
        raise unknown_name("form", form, FORMS)
    if of != "C":
        raise IdError(f"of={of!r}: what is explained is the cost, of='C'")
    target = parse(by, network.parameters)
    if target.kind not in "wb":
        raise IdError(f"by={str(target)!r}: derivatives are explained by a weight (w/l/j/k) or a bias (b/l/j)")
    if np.ndim(x) != 1:
        raise ShapeError(
            f"one example is explained, x of shape ({network.sizes[0]},), got {np.shape(x)}: pass x[i], y[i]"
        )
    the_cost = how.cost_for(network, cost)
    exact = network.astype("float64")
    trace = forward(exact, x)
    back = backward(trace, y, the_cost)
    work = _Work(exact, trace, back, the_cost.on(network.output), how)
    value = float(gradient(exact, x, y, the_cost).flat()[entry_of(exact.parameters, target)])
    check = _check(exact, x, y, the_cost, target, value)
    if form is None:
        form = "product" if work.is_chain(target) else "delta"
    parts = {"delta": work.delta_form, "product": work.product_form, "paths": work.path_form}[form](target)
    return Derivation(work.left(target), tuple(parts), value, check)


def _check(network: Network, x: Any, y: Any, cost: Cost, target: Id, value: float) -> Difference:
    targets = np.asarray(y, np.float64)
    if targets.ndim == 0 and network.sizes[-1] > 1:
        targets = np.eye(network.sizes[-1])[int(targets)]
    entry = entry_of(network.parameters, target)
    found = of_entries(network, np.atleast_2d(x), targets.reshape(1, -1), cost, [entry])[0]
    if not found.holds(value, slack=1e-9 * abs(value)):
        raise DisagreementError(
            f"{target}: backpropagation gives {value:.12g} and central differences {found.value:.12g} ± {found.error:.1e}: "
            "nothing is shown until they agree; is a slope or a cost's derivative wrong?"
        )
    return found


@dataclass(frozen=True)
class _Work:
    """One example's trace and errors, and how to write them."""

    network: Network
    trace: Trace
    back: Backward
    pair: Pair
    how: Convention

    # symbols ---------------------------------------------------------------------------------------------------------
    @property
    def bare(self) -> bool:
        """True in a chain of single neurons, which are written without indices (S1.2)."""
        return max(self.network.sizes) == 1

    def letter(self, letter: str, layer: int, *indices: int | str) -> str:
        return self.how.symbol(letter, layer, *(() if self.bare else indices))

    def weight(self, layer: int, j: int | str, k: int | str) -> str:
        return self.how.symbol("w", layer) if self.bare else self.how.weight(layer, j, k)

    def left(self, target: Id) -> str:
        match target:
            case Id("w", layer, j, k):
                below = self.weight(layer, j, k)
            case _:
                below = self.letter("b", target.layer, *(() if self._shared(target) else (target.neuron,)))
        return f"∂{self.how.letter}/∂{below}"

    # the factors of the chain rule -----------------------------------------------------------------------------------
    def incoming(self, target: Id) -> Factor:
        """∂z/∂w = a_in, ∂z/∂b = 1 (S1.8, S1.12)."""
        if target.kind == "b":
            return Factor("1", 1.0)
        before = target.layer - 1
        return Factor(self.letter("a", before, target.source), float(self.trace.a[before][target.source]))

    def slope(self, layer: int, j: int) -> Factor:
        """∂a/∂z = σ′(z)."""
        sigma = self.network.activations[layer]
        value = sigma.slope(np.atleast_1d(self.trace.z[layer]))[j]
        return Factor(f"σ′({self.letter('z', layer, j)})", float(value))

    def onward(self, layer: int, j: int, k: int) -> Factor:
        """∂z_j of this layer / ∂a_k of the one before = w_jk (S1.13)."""
        return Factor(self.weight(layer, j, k), float(self.network.weights[layer][j, k]))

    def at_cost(self, j: int) -> list[Factor]:
        """From z_j of the last layer to the cost: σ′(z) · ∂C/∂a, or δ^L where the cost is a function of z^L (S3.14)."""
        last = self.network.depth
        letters = {
            "a": self.letter("a", last, j),
            "z": self.letter("z", last, j),
            "y": "y" + ("" if self.bare else self.how.subscript(j)),
            "p": "p" + ("" if self.bare else self.how.subscript(j)),
        }
        delta = float(self.back.delta[last][j])
        if self.pair.delta is not None:
            text = self.pair.delta_text.replace("∂C", f"∂{self.how.letter}")
            return [Factor(text.format(**letters), delta)]
        if self.network.output.full_slope:  # every output depends on z_j: one number, not a product
            return [Factor(f"∂{self.how.letter}/∂{letters['z']}", delta)]
        text = self.pair.slope_text.replace("∂C", f"∂{self.how.letter}")
        return [self.slope(last, j), Factor(text.format(**letters), float(self.back.da[last][j]))]

    def chain(self, target: Id, route: Sequence[int]) -> Product:
        """One way from a weight or bias to the cost: through neuron route[0] of its layer, route[1] of the next, …"""
        factors = [self.incoming(target)]
        for step, j in enumerate(route):
            layer = target.layer + step
            if step:
                factors.append(self.onward(layer, j, route[step - 1]))
            factors += self.at_cost(j) if layer == self.network.depth else [self.slope(layer, j)]
        numbers = " → ".join(str(j + self.how.base) for j in route)
        return Product(numbers, tuple(factors), math.prod(f.value for f in factors))

    # the ways to the cost --------------------------------------------------------------------------------------------
    def _shared(self, target: Id) -> bool:
        return target.kind == "b" and self.network.biases[target.layer].size != self.network.sizes[target.layer]

    def _entrances(self, target: Id) -> range:
        """The neurons whose z the weight or bias enters: one, or all of a layer with one bias (S0.4)."""
        if self._shared(target):
            return range(self.network.sizes[target.layer])
        return range(target.neuron, target.neuron + 1)

    def path_count(self, target: Id) -> int:
        """How many ways lead from a weight or bias to the cost."""
        return len(self._entrances(target)) * math.prod(self.network.sizes[target.layer + 1 :])

    def _softmaxes(self, target: Id) -> list[int]:
        """The layers between a weight and the output in which every neuron depends on every z."""
        return [l for l in range(target.layer, self.network.depth) if self.network.activations[l].full_slope]

    def is_chain(self, target: Id) -> bool:
        """True where a single way leads to the cost, a factor a step."""
        return self.path_count(target) == 1 and not self._softmaxes(target)

    def path_form(self, target: Id) -> list[Product | Terms | Stages]:
        count = self.path_count(target)
        for layer in self._softmaxes(target):
            raise SettingError(
                f"form='paths': layer {layer} is a softmax, where every neuron depends on every z: use form='delta'"
            )
        if count > MOST_PATHS:
            raise SettingError(
                f"form='paths' would multiply out {count:,} paths from {target} to the cost (at most {MOST_PATHS:,}): "
                "use form='delta', which shares them, or a weight nearer to the output"
            )
        sizes = self.network.sizes[target.layer + 1 :]
        chains = [self.chain(target, route) for route in product(self._entrances(target), *map(range, sizes))]
        chains.sort(key=lambda chain: -abs(chain.value))
        shown, rest = chains[:LISTED_PATHS], chains[LISTED_PATHS:]
        total = math.fsum(chain.value for chain in chains)
        layers = f"layer {target.layer}" + (f"…{self.network.depth}" if sizes else "")
        summary = f"the sum over {count:,} path{'s' if count > 1 else ''}, named by their neurons in {layers}"
        rest_sum = math.fsum(chain.value for chain in rest)
        return [Terms(self.left(target), summary, tuple(shown), len(rest), rest_sum, total)]

    def product_form(self, target: Id) -> list[Product | Terms | Stages]:
        if self.is_chain(target):
            only = self.chain(
                target, [0 if step else target.neuron for step in range(self.network.depth - target.layer + 1)]
            )
            return [Product(self.left(target), only.factors, only.value)]
        first, stages = self._delta_product(target)
        return [*first, stages]

    def delta_form(self, target: Id) -> list[Product | Terms | Stages]:
        if self._shared(target):
            return self._in_times_delta(target)
        return [*self._in_times_delta(target), self._origin_of_delta(target.layer, target.neuron)]

    def _in_times_delta(self, target: Id) -> list[Product | Terms | Stages]:
        layer, delta = target.layer, self.back.delta[target.layer]
        if self._shared(target):
            terms = tuple(
                Product(str(j + self.how.base), (Factor(self.letter("δ", layer, j), float(delta[j])),), float(delta[j]))
                for j in self._entrances(target)
            )
            summary = f"the sum of the {self.how.word}s δ of layer {layer}, which share this bias"
            rest = math.fsum(term.value for term in terms[LISTED_PATHS:])
            total = math.fsum(term.value for term in terms)
            more = max(0, len(terms) - LISTED_PATHS)
            return [Terms(self.left(target), summary, terms[:LISTED_PATHS], more, rest, total)]
        out = Factor(self.letter("δ", layer, target.neuron), float(delta[target.neuron]))
        factors = (self.incoming(target), out) if target.kind == "w" else (out,)
        return [Product(self.left(target), factors, math.prod(f.value for f in factors))]

    def _origin_of_delta(self, layer: int, j: int) -> Product:
        """δ^L by BP1, δ^l by BP2 for one neuron."""
        left = self.letter("δ", layer, j)
        value = float(self.back.delta[layer][j])
        if layer == self.network.depth:
            return Product(left, tuple(self.at_cost(j)), value)
        into = float(self.back.da[layer][j])
        count = self.network.sizes[layer + 1]
        if count <= SPELLED_TERMS:
            terms = [f"{self.weight(layer + 1, m, j)} {self.letter('δ', layer + 1, m)}" for m in range(count)]
            text = terms[0] if count == 1 else f"({' + '.join(terms)})"
        else:
            text = f"(Σₘ {self.weight(layer + 1, 'm', j)} {self.letter('δ', layer + 1, 'm')})"
        if self.network.activations[layer].full_slope:
            return Product(left, (Factor(f"[Σ′({self.letter('z', layer)}) {text}]", value),), value)
        return Product(left, (Factor(text, into), self.slope(layer, j)), value)

    def _delta_product(self, target: Id) -> tuple[list[Product | Terms | Stages], Stages]:
        """S2.20: δ^l as a product of matrices, applied one after another from the right."""
        layer, last = target.layer, self.network.depth
        z = [self.how.symbol("z", l) for l in range(1, last + 1)]
        gradient_text = f"∇ₐ{self.how.letter}"
        if self.pair.delta is not None:
            formula = [self.how.symbol("δ", last)]
            stages = [(self.how.symbol("δ", last), self.back.delta[last])]
        else:
            formula = [f"Σ′({z[last - 1]})", gradient_text]
            stages = [(gradient_text, self.back.da[last])]
            stages.append((f"Σ′({z[last - 1]}) {gradient_text} = {self.how.symbol('δ', last)}", self.back.delta[last]))
        for l in range(last - 1, layer - 1, -1):
            back, delta_next = self.how.back(l + 1), self.how.symbol("δ", l + 1)
            formula = [f"Σ′({z[l - 1]})", back, *formula]
            stages.append((f"{back} {delta_next}", self.back.da[l]))
            stages.append((f"Σ′({z[l - 1]}) {back} {delta_next} = {self.how.symbol('δ', l)}", self.back.delta[l]))
        left = self.how.symbol("δ", layer)
        vectors = tuple((name, tuple(float(v) for v in np.atleast_1d(values))) for name, values in stages)
        return self._in_times_delta(target), Stages(left, " ".join(formula), vectors)
