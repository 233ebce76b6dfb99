"""How far apart two right gradients may lie, entry by entry: by rounding, and by the slopes a kink leaves open.

Rounding is measured (rounding.py). Where a weighted input may lie at a kink of σ, as far as rounding or a step can move it, any
slope between those of the two sides is right: an interval, carried back with the signs of the weights (kinks.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.backward import bias_gradient
from chainrule.forward import propagate
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.kinks import Open, open_gradients
from chainrule.verification.rounding import rounding

Array = np.ndarray
STEEPEST = 1.2  # above every |σ′| of the named activations but the exponential


@dataclass(frozen=True)
class Leeway:
    """What may lie between two right answers, in each entry: rounding, and kinks below and above.

    `below` ≤ 0 ≤ `above` are distances from `base`, the gradient that the equations give, zero where no kink reaches.
    """

    problem: Problem
    base: Parameters
    below: Parameters
    above: Parameters

    @cached_property
    def rounding(self) -> Parameters:
        """How far rounding in the network's dtype may move each entry."""
        return rounding(self.problem)

    @property
    def open(self) -> Open:
        """The slopes that kinks leave open, as vectors."""
        return Open(self.base.flat(), self.below.flat(), self.above.flat())

    @property
    def kinks(self) -> Parameters:
        """How far a kink may move each entry."""
        return self.base.like(np.maximum(-self.below.flat(), self.above.flat()))


def leeway(problem: Problem, step: float = 0.0, share: Array | None = None) -> Leeway:
    """At the dtype of the problem's network, for the mean cost, or for Σ share_i c_i.

    `step` is how far a parameter of size 1 is moved by someone who measures: kinks within its reach count as met.
    """
    p = problem.in_float64()
    a, z = propagate(p.network.parameters, p.network.activations, p.x)
    near = _reach(p.network, a, z, float(np.finfo(problem.network.dtype).eps), step)
    opened = open_gradients(p, a, z, near, np.full(len(p.x), 1 / len(p.x)) if share is None else share)

    def total(part: str) -> Parameters:
        weights, biases = zip(*([getattr(each, part) for each in layer] for layer in opened))
        return Parameters(weights, [bias_gradient(b, found) for b, found in zip(p.network.biases, biases)])

    return Leeway(problem, total("base"), total("low"), total("high"))


def _reach(network: Network, a: Sequence[Array], z: Sequence[Array], epsilon: float, step: float) -> list[Array]:
    """How far rounding, and a step of one parameter, may have moved each z: the worst case, layer by layer."""
    off_a, reach = epsilon * np.abs(a[0]), []
    for before, after, here, w, b, sigma in zip(a, a[1:], z, network.weights, network.biases, network.activations):
        size = np.abs(before) @ np.abs(w).T + np.abs(b).max(initial=0)
        largest = max(1.0, float(np.abs(w).max()), float(np.abs(b).max(initial=0)))
        stepped = step * largest * np.maximum(1.0, np.abs(before).max(axis=1, keepdims=True))
        reach.append(off_a @ np.abs(w).T + (w.shape[1] + 2) * epsilon * size + stepped)
        unbounded = sigma.own or sigma.name == "exponential"
        steepest = max(STEEPEST, float(np.abs(sigma.slope(here)).max())) if unbounded else STEEPEST
        off_a = steepest * reach[-1] + 4 * epsilon * np.abs(after)
    return reach
