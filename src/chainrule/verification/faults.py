"""Wrong gradients, one per row: a complete backpropagation with exactly one of the mistakes that people make.

A fault replaces one of the steps that steps.py cuts backpropagation into, or multiplies the result. Where sizes would stop the
wrong code, it does what a person's code does to run: entries are read in another order (`reshape`), or neurons are cut off and
repeated. A planted fault shows that a check can fail, and a gradient that equals one of these names the mistake (causes.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainrule.activations import odot
from chainrule.costs import Cost, Pair, absolute_error, squared_error
from chainrule.equations import bp1, bp2, bp4
from chainrule.errors import unknown_name
from chainrule.forward import propagate
from chainrule.network import Network, cost_for
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.steps import Backprop, Flow, run, slope_of, top_of

Array = np.ndarray


# the wrong steps ----------------------------------------------------------------------------------------------------
Slope = Callable[[Flow, int], Array]


def _fitted(array: Array, columns: int) -> Array:
    """Columns cut off or repeated until there are so many."""
    return array[:, np.arange(columns) % array.shape[1]]


def _weight_swapped(flow: Flow, delta: Array, l: int) -> Array:
    right = bp4(flow.a[l - 1], delta)
    return right.T.reshape(right.shape)


def _in_hidden(slope: Slope) -> Slope:
    """That σ′ in hidden layers, and the right one at the output."""
    return lambda flow, l: slope_of(flow, l) if l == len(flow.a) - 1 else slope(flow, l)


def _without_mask(flow: Flow, l: int) -> Array:
    return np.ones_like(flow.z[l]) if flow.sigma[l].name == "relu" else slope_of(flow, l)


def _of_next_layer(flow: Flow, l: int) -> Array:
    return flow.sigma[l].slope(_fitted(flow.z[l + 1], flow.z[l].shape[1]))


def _of_output(flow: Flow) -> Array:
    return slope_of(flow, len(flow.a) - 1)


def _diagonal(slope: Array) -> Array:
    return slope if slope.ndim == 2 else np.diagonal(slope, axis1=1, axis2=2)


def _top_diagonal(p: Problem, flow: Flow, slope: Array | None) -> Array:
    if p.pair.delta is None or not p.network.output.full_slope:
        return top_of(p, flow, slope)
    return bp1(p.pair.slope(flow.a[-1], p.y), _diagonal(_of_output(flow)))


def _top_of(other: Cost) -> Callable[[Problem, Flow, Array | None], Array]:
    def top(p: Problem, flow: Flow, slope: Array | None) -> Array:
        pair = other.on(p.network.output)
        return top_of(p.with_cost(other), flow, _of_output(flow) if pair.delta is None else None)

    return top


def _top_of_other_cost(p: Problem, flow: Flow, slope: Array | None) -> Array:
    quadratic = p.cost.classifies or p.cost.name == "absolute_error"
    return _top_of(squared_error(half=True) if quadratic else absolute_error())(p, flow, slope)


def _through_without_bias(p: Problem) -> tuple[list[Array], list[Array]]:
    unbiased = Parameters(list(p.network.weights), [np.zeros_like(b) for b in p.network.biases])
    return propagate(unbiased, p.network.activations, p.x)


# where a mistake shows ----------------------------------------------------------------------------------------------
Needs = Callable[[Network, Array, Pair], str | None]


def _needed(holds: Callable[[Network, Array, Pair], bool], reason: str, before: Needs | None = None) -> Needs:
    """The reason where that does not hold; of two needs that of the first."""

    def needs(network: Network, x: Array, pair: Pair) -> str | None:
        first = None if before is None else before(network, x, pair)
        return first or (None if holds(network, x, pair) else reason)

    return needs


def _hidden(network: Network) -> list[str]:
    """The names of the activations below the output."""
    return [sigma.name for sigma in network.activations][:-1]


def _bends(network: Network, pair: Pair) -> bool:
    """Whether a σ that backpropagation differentiates has another slope at a than at z."""
    used = list(network.activations)[: None if pair.delta is None else -1]
    return any(sigma.own or sigma.name not in ("identity", "relu", "leaky_relu") for sigma in used)


ROWS = _needed(lambda network, x, pair: len(x) > 1, "one example alone")
OUTPUTS = _needed(lambda network, x, pair: network.sizes[-1] > 1, "one output alone")
HIDDEN = _needed(lambda network, x, pair: network.depth > 1, "no hidden layer")
RELU = _needed(lambda network, x, pair: "relu" in _hidden(network), "no relu in a hidden layer")
NOT_RELU = _needed(
    lambda network, x, pair: set(_hidden(network)) != {"relu"},
    "relu in every hidden layer: this is relu_mask_missing",
    HIDDEN,
)
WIDE = _needed(
    lambda network, x, pair: any(min(w.shape) > 1 for w in list(network.weights)[1:]),
    "no matrix between hidden layers: one with a single row or column reads the same transposed",
)
MATRICES = _needed(
    lambda network, x, pair: any(min(w.shape) > 1 for w in network.weights), "no matrix: only single rows or columns"
)
SLOPE, SLOPE_OF_ROWS = (
    _needed(
        lambda network, x, pair: network.depth > 1 or pair.delta is None,
        "σ′ enters nowhere: δ^L comes from the cost itself",
        before,
    )
    for before in (None, ROWS)
)
BENT = _needed(lambda network, x, pair: _bends(network, pair), "σ′ is the same at a as at z", SLOPE)
OUTPUT_SLOPE = _needed(lambda network, x, pair: network.output.name != "identity", "the output is linear: its σ′ is 1")
BIASES = _needed(lambda network, x, pair: any(b.size for b in network.biases), "no biases")
BIASES_NOT_0 = _needed(lambda network, x, pair: any(b.any() for b in network.biases), "every bias is zero")
SOFTMAX = _needed(lambda network, x, pair: any(sigma.full_slope for sigma in network.activations), "no softmax")


# the table ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Fault:
    """One mistake: its name, what a person did wrong, what to change, and how: a factor by (rows, outputs), or wrong steps.

    `others` are steps that are wrong in the same way, by which it is recognised too.
    """

    name: str
    says: str
    change: str
    factor: Callable[[int, int], float] | None = None
    steps: Backprop = field(default_factory=Backprop)
    others: tuple[Backprop, ...] = ()
    needs: Needs = lambda network, x, pair: None

    def gradient(self, network: Network, x: Any, y: Any, cost: str | Cost | None = None) -> Parameters:
        """The wrong gradient of the mean cost, in float64, right but for this one mistake."""
        return self.of(Problem.of(network, x, y, cost).in_float64())

    def of(self, p: Problem) -> Parameters:
        """The wrong gradient of a problem already posed."""
        found = run(p, self.steps)
        return found if self.factor is None else found * self.factor(len(p.x), p.network.sizes[-1])

    def refuses(self, network: Network, x: Any, cost: str | Cost | None = None) -> str | None:
        """Why this mistake cannot show on such a network, or None."""
        return self.needs(network, network.rows(x), cost_for(network, cost).on(network.output))


_ROWS = [
    Fault("factor_two", "a factor of 2 too many: the 2 of (a − y)² kept where the cost has a ½",
          "drop the 2, or the ½ from the cost", factor=lambda rows, outputs: 2),
    Fault("factor_half", "a factor of 2 too few: the 2 of (a − y)² forgotten, or a ½ that the cost lacks",
          "multiply by 2, or write the ½ into the cost", factor=lambda rows, outputs: 0.5),
    Fault("wrong_sign", "the sign is turned: y − a for a − y, or the descent's −∇C for ∇C",
          "write a − y, and subtract only in the update", factor=lambda rows, outputs: -1),
    Fault("sum_for_mean", "summed over the batch where the cost is the mean", "divide by the number of rows",
          factor=lambda rows, outputs: rows, needs=ROWS),
    Fault("times_outputs", "summed over the outputs where the cost is their mean, or multiplied by their number",
          "divide by the number of outputs, or sum in the cost too", factor=lambda rows, outputs: outputs,
          needs=OUTPUTS),
    Fault("mean_over_outputs", "divided by the number of outputs where the cost sums over them",
          "multiply by the number of outputs, or take the mean in the cost too",
          factor=lambda rows, outputs: 1 / outputs, needs=OUTPUTS),
    Fault("bias_gradient_missing", "the biases' gradient is zero: BP3 is missing",
          "∂C/∂b^l = δ^l, summed over the rows", steps=Backprop(bias=lambda delta: np.zeros(delta.shape[1])),
          needs=BIASES),
    Fault("swapped_indices", "a weight's indices swapped in BP4: k,j for j,k",
          "∂C/∂w_jk = δ_j a_k, a matrix (out, in): delta.T @ a", steps=Backprop(weight=_weight_swapped),
          needs=MATRICES),
    Fault("transpose", "W where Wᵀ belongs in BP2", "(W^(l+1))ᵀ δ^(l+1): with rows of examples delta @ W",
          steps=Backprop(back=lambda w_next, delta_next, slope: bp2(w_next.T.reshape(w_next.shape), delta_next, slope)),
          needs=WIDE),
    Fault("slope_missing_at_output", "σ′ of the output is missing: BP1 gives ∇_a C alone",
          "multiply ∇_a C by σ′(z^L)", steps=Backprop(top=lambda p, flow, slope: p.pair.slope(flow.a[-1], p.y)),
          needs=OUTPUT_SLOPE),
    Fault("slope_missing_in_hidden", "σ′ of the hidden layers is missing in BP2",
          "multiply (W^(l+1))ᵀ δ^(l+1) by σ′(z^l)",
          steps=Backprop(slope=_in_hidden(lambda flow, l: np.ones_like(flow.z[l]))), needs=NOT_RELU),
    Fault("relu_mask_missing", "the mask of the relu is missing in BP2: errors pass where z ≤ 0 too",
          "multiply (W^(l+1))ᵀ δ^(l+1) by (z^l > 0)", steps=Backprop(slope=_in_hidden(_without_mask)), needs=RELU),
    Fault("value_for_slope", "σ(z) where σ′(z) belongs: the activation itself, as relu's a for its mask",
          "multiply by σ′(z^l), for a relu by (z^l > 0)", steps=Backprop(slope=_in_hidden(lambda flow, l: flow.a[l])),
          needs=HIDDEN),
    Fault("slope_extra_at_output",
          "σ′ of the output is multiplied in once too often: softmax with cross-entropy has δ^L = a − y without it",
          "multiply by σ′(z^L) once, or not at all where δ^L = a − y",
          steps=Backprop(top=lambda p, flow, slope: odot(top_of(p, flow, slope), _of_output(flow))),
          others=(Backprop(top=lambda p, flow, slope: top_of(p, flow, slope) * _diagonal(_of_output(flow))),),
          needs=OUTPUT_SLOPE),
    Fault("wrong_targets",
          "the targets of other rows: x and y are not in the same order, as after a shuffle of one of them",
          "shuffle x and y with the same permutation",
          steps=Backprop(top=lambda p, flow, slope: top_of(replace(p, y=np.roll(p.y, 1, axis=0)), flow, slope)),
          needs=ROWS),
    Fault("slope_of_activation", "σ′(a) where σ′(z) belongs",
          "keep z on the way forward, or write σ′ as a function of a, as a(1 − a)",
          steps=Backprop(slope=lambda flow, l: flow.sigma[l].slope(flow.a[l])), needs=BENT),
    Fault("slope_of_wrong_layer", "σ′ at z^(l+1) where z^l belongs in BP2",
          "BP2 for layer l takes W and δ from layer l + 1, and z from l",
          steps=Backprop(slope=_in_hidden(_of_next_layer)), needs=HIDDEN),
    Fault("stale_z", "σ′ at a z kept from another pass: each row uses the z of the row before",
          "run forward with this x and these weights, then back",
          steps=Backprop(slope=lambda flow, l: flow.sigma[l].slope(np.roll(flow.z[l], 1, axis=0))),
          needs=SLOPE_OF_ROWS),
    Fault("bias_left_out", "the biases are left out on the way forward", "z = W a + b",
          steps=Backprop(through=_through_without_bias), needs=BIASES_NOT_0),
    Fault("other_cost", "the gradient of another cost: of the absolute error, or for classes of the quadratic",
          "take ∇_a C of the cost that is printed", steps=Backprop(top=_top_of_other_cost)),
    Fault("input_for_activation", "a^l where a^(l−1) belongs in BP4",
          "∂C/∂w^l takes the activations that enter layer l",
          steps=Backprop(weight=lambda flow, delta, l: bp4(_fitted(flow.a[l], flow.a[l - 1].shape[1]), delta))),
    Fault("last_example_only", "the last example alone: = where += belongs in the loop over the batch",
          "add the examples up", steps=Backprop(share=lambda rows: np.append(np.zeros(rows - 1), 1 / rows)),
          needs=ROWS),
    Fault("softmax_diagonal", "the softmax's slope taken as a(1 − a): the off-diagonal −a_i a_j of Σ′ is missing",
          "multiply by the whole matrix Σ′_ij = a_i (δ_ij − a_j)",
          steps=Backprop(slope=lambda flow, l: _diagonal(slope_of(flow, l)), top=_top_diagonal), needs=SOFTMAX),
]  # fmt: skip
FAULTS: Mapping[str, Fault] = {row.name: row for row in _ROWS}


def named(name: str) -> Fault:
    """The fault of that name."""
    key = name.strip().lower().replace("-", "_")
    if key not in FAULTS:
        raise unknown_name("fault", name, FAULTS)
    return FAULTS[key]


def of_cost(other: Cost) -> Backprop:
    """Backpropagation of another cost: its ∇_a C on the same network and targets."""
    return Backprop(top=_top_of(other))
