"""The forward pass: forward(network, x) -> Trace with a^0…a^L and z^1…z^L, kept for the way back (S2.17, S4.15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float

from chainrule.activations import Activation
from chainrule.costs import Cost
from chainrule.data.coercion import as_weights
from chainrule.engines.threads import blas_threads
from chainrule.errors import ShapeError, unknown_name
from chainrule.network import Network, as_network
from chainrule.parameters import Layers, Parameters
from chainrule.problem import Problem

Array = np.ndarray
REDUCTIONS = ("mean", "sum", "none")
NO_MASKS: Mapping[int, Array] = MappingProxyType({})


@dataclass(frozen=True)
class Trace:
    """What a forward pass leaves: a[0]…a[L] and z[1]…z[L], each (batch, neurons), or (neurons,) for one example."""

    network: Network
    a: Layers[Array]
    z: Layers[Array]

    @property
    def single(self) -> bool:
        """True where x was one example (in,) rather than rows."""
        return self.a[0].ndim == 1

    def example(self, row: int) -> Trace:
        """The trace of one of several examples."""
        return Trace(self.network, Layers([a[row] for a in self.a], first=0), Layers([z[row] for z in self.z]))

    def __repr__(self) -> str:
        shown = "one example" if self.single else f"{len(self.a[0]):,} rows"
        return f"Trace({shown} through {self.network!r})"


def forward(network: Network, x: Any) -> Trace:
    """z^l = w^l a^(l−1) + b^l and a^l = σ(z^l) for l = 1…L, from a^0 = x (S0.5, S4.1).

    x is one example (in,) or rows (batch, in), cast to the network's dtype.
    """
    rows = as_network(network, "forward(network, x)").rows(x)
    with blas_threads(network.parameters, len(rows)):
        a, z = propagate(network.parameters, network.activations, rows)
    trace = Trace(network, Layers(a, first=0), Layers(z))
    return trace.example(0) if np.ndim(x) == 1 else trace


def propagate(
    parameters: Parameters,
    activations: Sequence[Activation] | Layers[Activation],
    rows: Float[np.ndarray, "batch in"],
    masks: Mapping[int, Array] = NO_MASKS,
) -> tuple[list[Array], list[Array]]:
    """Activations a^0…a^L and weighted inputs z^1…z^L of rows: the loop alone, without a look at what it is given.

    `masks` are those of dropout: what the activations of a layer are multiplied by.
    """
    a, z = [rows * masks[0] if 0 in masks else rows], []
    for layer, (w, b, sigma) in enumerate(zip(parameters.weights, parameters.biases, activations), 1):
        z.append(a[-1] @ w.T + b if b.size else a[-1] @ w.T)
        a.append(sigma.value(z[-1]))
        if layer in masks:
            a[-1] = a[-1] * masks[layer]
    return a, z


def trace_of(problem: Problem) -> Trace:
    """The trace of a problem's examples, as rows also where there is one."""
    parameters = problem.network.parameters
    with blas_threads(parameters, len(problem.x)):
        a, z = propagate(parameters, problem.network.activations, problem.x)
    return Trace(problem.network, Layers(a, first=0), Layers(z))


def cost(
    network: Network, x: Any, y: Any, cost: str | Cost | None = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """C over the examples: their mean (S1.11), their sum (S4.17), or with reduction="none" each example's own (batch,).

    The cost is the network's own unless one is named: what it was trained with, else cross_entropy for a softmax output and
    quadratic for any other.
    With weights w_i the mean is Σ w_i c_i / Σ w_i and the sum Σ w_i c_i. One example's "none" is its c as a number.
    """
    if reduction not in REDUCTIONS:
        raise unknown_name("reduction", reduction, REDUCTIONS)
    problem = Problem.of(network, x, y, cost, "cost(network, x, y)")
    if reduction != "none":
        return total_cost(problem, reduction, weight)
    if weight is not None:
        raise ShapeError('weights enter the mean and the sum; with reduction="none" multiply them in yourself')
    each = problem.once(each_cost)
    return each[0] if problem.single else each


def each_cost(problem: Problem) -> Array:
    """c of each example (batch,)."""
    trace, last, pair = problem.once(trace_of), problem.network.depth, problem.pair
    return pair.value((trace.z if pair.of == "z" else trace.a)[last], problem.y)


def total_cost(problem: Problem, reduction: str = "mean", weight: Any = None) -> Any:
    """C, the mean or the sum over the examples, in the network's dtype."""
    each = problem.once(each_cost)
    return each.dtype.type(each @ shares(len(each), reduction, weight).astype(each.dtype))


def shares(rows: int, reduction: str, weight: Any = None) -> Float[np.ndarray, " batch"]:
    """By how much each example enters the total: w_i / Σ w for the mean, w_i for the sum, w_i = 1 unless given."""
    if reduction not in ("mean", "sum"):
        raise unknown_name("reduction", reduction, ("mean", "sum"))
    if weight is None:
        return np.full(rows, 1 / rows if reduction == "mean" else 1.0)
    w = as_weights(weight, rows)
    if reduction == "sum":
        return w
    w = w / w.max()  # weights of 1e308 have a mean too
    return w / w.sum()
