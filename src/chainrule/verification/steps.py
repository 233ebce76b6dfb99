"""Backpropagation cut into the steps that a person writes, so that one of them can be replaced by a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chainrule.activations import Activation
from chainrule.backward import bias_gradient
from chainrule.equations import bp1, bp2, bp3, bp4
from chainrule.forward import propagate, shares
from chainrule.parameters import Parameters
from chainrule.problem import Problem

Array = np.ndarray


@dataclass(frozen=True)
class Flow:
    """What the way forward left: a[0]…a[L], z[1]…z[L] (z[0] is a[0]), and the activations by layer number."""

    a: list[Array]
    z: list[Array]
    sigma: list[Activation]


def through(p: Problem) -> tuple[list[Array], list[Array]]:
    return propagate(p.network.parameters, p.network.activations, p.x)


def slope_of(flow: Flow, l: int) -> Array:
    return flow.sigma[l].slope(flow.z[l])


def top_of(p: Problem, flow: Flow, slope: Array | None) -> Array:
    if p.pair.delta is not None:
        return p.pair.delta(flow.z[-1], p.y)
    assert slope is not None
    return bp1(p.pair.slope(flow.a[-1], p.y), slope)


@dataclass(frozen=True)
class Backprop:
    """Backpropagation as steps: forward, σ′, BP1, BP2, BP3, BP4, and how much each example counts."""

    through: Callable[[Problem], tuple[list[Array], list[Array]]] = through
    slope: Callable[[Flow, int], Array] = slope_of
    top: Callable[[Problem, Flow, Array | None], Array] = top_of
    back: Callable[[Array, Array, Array], Array] = bp2
    bias: Callable[[Array], Array] = bp3
    weight: Callable[[Flow, Array, int], Array] = lambda flow, delta, l: bp4(flow.a[l - 1], delta)
    share: Callable[[int], Array] = lambda rows: shares(rows, "mean")

    def only_in(self, layer: int) -> Backprop:
        """These σ′ and BP4 in one layer, and the right ones in all others."""
        return Backprop(
            slope=lambda flow, l: (self.slope if l == layer else slope_of)(flow, l),
            weight=lambda flow, delta, l: (self if l == layer else RIGHT).weight(flow, delta, l),
        )


def run(p: Problem, steps: Backprop) -> Parameters:
    """The gradient of the mean cost by these steps, in float64."""
    with np.errstate(all="ignore"):
        return _run(p, steps)


def _run(p: Problem, steps: Backprop) -> Parameters:
    weights, biases, last = list(p.network.weights), list(p.network.biases), p.network.depth
    a, z = steps.through(p)
    flow = Flow(a, [p.x, *z], [p.network.activations[1], *p.network.activations])
    delta = {last: steps.top(p, flow, steps.slope(flow, last) if p.pair.delta is None else None)}
    for l in range(last - 1, 0, -1):
        delta[l] = steps.back(weights[l], delta[l + 1], steps.slope(flow, l))
    share = steps.share(len(p.x))[:, None]
    shared = {l: d * share for l, d in delta.items()}
    layers = range(1, last + 1)
    return Parameters(
        [steps.weight(flow, shared[l], l) for l in layers],
        [bias_gradient(biases[l - 1], steps.bias(shared[l])) for l in layers],
    )


RIGHT = Backprop()
