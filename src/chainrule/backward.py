"""The backward pass: every δ of every example, and from them the gradient of the total (S0.14, S4.15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from chainrule.activations import Activation
from chainrule.costs import Cost, Pair
from chainrule.engines.threads import blas_threads
from chainrule.equations import bp1, bp2, bp3, bp4
from chainrule.errors import SettingError
from chainrule.forward import NO_MASKS, Trace, shares, trace_of
from chainrule.network import Network
from chainrule.parameters import Layers, Parameters
from chainrule.problem import Problem

Array = np.ndarray


class Backward:
    """Errors δ^l = ∂c/∂z^l and ∂c/∂a^l of each example's own cost c, by layer number; shapes as in the trace.

    delta[1]…delta[L]; da[0]…da[L], where da[0] = dx = ∂c/∂x (S3.15). Mean, sum and weights are not in them: those
    enter in the gradient of the total.
    """

    def __init__(self, trace: Trace, problem: Problem, delta: Layers[Array]) -> None:
        self.trace = trace
        self.delta = delta
        self._problem = problem

    @cached_property
    def da(self) -> Layers[Array]:
        """∂c/∂a^l for l = 0…L: the cost's own ∇_a C at L, and δ^(l+1) moved back through w^(l+1) below (S0.8, S1.17)."""
        network = self.trace.network
        at_output = self._problem.pair.slope(np.atleast_2d(self.trace.a[network.depth]), self._problem.y)
        below = [self.delta[l + 1] @ network.weights[l + 1] for l in range(network.depth)]
        return Layers([*below, at_output[0] if self.trace.single else at_output], first=0)

    @property
    def dx(self) -> Array:
        """∂c/∂x, shape of x: how each example's cost changes with its inputs (S3.15)."""
        return self.da[0]

    def __repr__(self) -> str:
        sizes = ", ".join(f"δ^{l} {d.shape}" for l, d in self.delta.items())
        return f"Backward({sizes})"


def backward(trace: Trace, y: Any, cost: str | Cost | None = None) -> Backward:
    """Every δ of a trace, from the output back to layer 1, by BP1 and BP2; the cost is the network's own unless named."""
    if not isinstance(trace, Trace):
        raise SettingError(
            f"backward(trace, y) begins with what forward gives, got {type(trace).__name__}: "
            "backward(forward(network, x), y); the gradient alone is gradient(network, x, y)"
        )
    return backward_through(trace, Problem.of(trace.network, trace.a[0], y, cost))


def errors_of(problem: Problem) -> Backward:
    """Every δ of a problem's examples."""
    return backward_through(problem.once(trace_of), problem)


def backward_through(trace: Trace, problem: Problem) -> Backward:
    """Every δ of a trace of the problem's examples."""
    network = trace.network
    a, z = ([np.atleast_2d(each) for each in layers] for layers in (trace.a, trace.z))
    with blas_threads(network.parameters, len(a[0])):
        delta = errors(network.parameters, network.activations, a, z, problem.y, problem.pair)
    return Backward(trace, problem, Layers([d[0] for d in delta] if trace.single else delta))


def errors(
    parameters: Parameters,
    activations: Sequence[Activation] | Layers[Activation],
    a: Sequence[Float[np.ndarray, "batch _"]],
    z: Sequence[Float[np.ndarray, "batch _"]],
    targets: Float[np.ndarray, "batch out"],
    pair: Pair,
    masks: Mapping[int, Array] = NO_MASKS,
) -> list[Array]:
    """δ^1…δ^L of rows: the recursion alone. Where the cost is a function of z^L, δ^L = ∂C/∂z^L directly (S3.14).

    `masks` are those of dropout: with a = m ⊙ σ(z) the slope of a layer is m ⊙ σ′(z).
    """
    sigmas, weights = list(activations), list(parameters.weights)
    if pair.delta is not None:
        delta = [pair.delta(z[-1], targets)]
    else:
        delta = [bp1(pair.slope(a[-1], targets), sigmas[-1].slope(z[-1]))]
    for l in range(len(weights) - 1, 0, -1):
        slope = sigmas[l - 1].slope(z[l - 1])
        if l in masks:
            slope = slope * masks[l].reshape(masks[l].shape + (1,) * (slope.ndim - 2))  # a row of Σ′ is of one a_j
        delta.insert(0, bp2(weights[l], delta[0], slope))
    return delta


def collect(parameters: Parameters, a: Sequence[Array], delta: Sequence[Array], share: Array) -> Parameters:
    """The gradient of the total by BP3 and BP4, example i entering with share[i] (S1.11, S4.17)."""
    scaled = [d * share.astype(d.dtype)[:, None] for d in delta]
    weights = [bp4(before, d) for before, d in zip(a, scaled)]
    return Parameters(weights, [bias_gradient(b, bp3(d)) for b, d in zip(parameters.biases, scaled)])


def bias_gradient(bias: Array, delta: Array) -> Array:
    """δ for one bias per neuron, Σ_j δ_j for one per layer (S0.4), nothing for none. Neurons are the last axis."""
    if bias.size == delta.shape[-1]:
        return delta
    return delta.sum(axis=-1, keepdims=True) if bias.size else delta[..., :0]


def gradient(
    network: Network, x: Any, y: Any, cost: str | Cost | None = None, weight: Any = None, reduction: str = "mean"
) -> Parameters:
    """∂C/∂w and ∂C/∂b of every weight and bias, C being the mean over the examples, or their sum.

    The cost is the network's own unless one is named: what it was trained with, else cross_entropy for a softmax output and
    quadratic for any other. x (in,) or (batch, in), y (out,) or (batch, out) or labels; `weight` is one number ≥ 0 per example:
    then C = Σ w_i c_i / Σ w_i, or Σ w_i c_i with reduction="sum".
    """
    return gradient_of(Problem.of(network, x, y, cost, "gradient(network, x, y)"), reduction, weight)


def gradient_of(problem: Problem, reduction: str = "mean", weight: Any = None) -> Parameters:
    """∂C/∂w and ∂C/∂b of a problem, C being the mean or the sum over its examples."""
    share = shares(len(problem.x), reduction, weight)
    back, parameters = problem.once(errors_of), problem.network.parameters
    with blas_threads(parameters, len(problem.x)):
        return collect(parameters, list(back.trace.a), list(back.delta), share)
