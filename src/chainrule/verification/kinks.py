"""The interval of gradients that kinks leave open: where a unit may lie at one, its slope is any between those of its sides.

Each z near a kink of σ, each margin of the hinge near 0 and each absolute error near 0 opens an interval of slopes (S3.4). It
is carried back by interval arithmetic, with the signs of the weights, as distances below and above the gradient that the
equations give. One-sided slopes of the whole cost would be too narrow: relu(t) − relu(−t) = t is smooth, and the chain rule
with relu′(0) = 0 answers 0 there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.activations import Activation, odot
from chainrule.costs import Cost, Pair
from chainrule.problem import Problem

Array = np.ndarray
ABSOLUTE = "absolute_error"


@dataclass(frozen=True)
class Open:
    """Numbers, and how far below (≤ 0) and above (≥ 0) each may lie."""

    base: Array
    low: Array
    high: Array

    @classmethod
    def shut(cls, base: Array) -> Open:
        return cls(base, np.zeros_like(base), np.zeros_like(base))

    def times(self, other: Open) -> Open:
        """The products, elementwise: the lowest and the highest of the four corners."""
        corners = [
            self.base * b + a * other.base + a * b for a in (self.low, self.high) for b in (other.low, other.high)
        ]
        return Open(self.base * other.base, np.minimum.reduce(corners), np.maximum.reduce(corners))

    def through(self, matrix: Array) -> Open:
        """The product with a matrix from the right, which turns an interval around where it is negative."""
        up, down = np.maximum(matrix, 0), np.minimum(matrix, 0)
        low, high = self.low @ up + self.high @ down, self.high @ up + self.low @ down
        return Open(self.base @ matrix, low, high)


def open_gradients(
    p: Problem, a: Sequence[Array], z: Sequence[Array], near: Sequence[Array], share: Array
) -> list[tuple[Open, Open]]:
    """(∂C/∂w^l, ∂C/∂b^l) of l = 1…L as sums over the rows, each times its share; one bias per neuron.

    a^0…a^L, z^1…z^L and how near to a kink counts as at it, `near`, an array like z each.
    """
    network, sigmas = p.network, list(p.network.activations)
    delta = _at_output(sigmas[-1], a[-1], z[-1], near[-1], p.y, p.cost, p.pair).times(Open.shut(share[:, None]))
    found = [_collected(delta, a[-2])]
    for l in range(network.depth - 1, 0, -1):
        delta = _through(delta.through(network.weights[l + 1]), sigmas[l - 1], z[l - 1], near[l - 1])
        found.insert(0, _collected(delta, a[l - 1]))
    return found


def _through(arriving: Open, sigma: Activation, z: Array, near: Array) -> Open:
    """Through σ′, which is open at a kink; a softmax has none."""
    slope = sigma.slope(z)
    if slope.ndim == 3:
        up, down = np.maximum(slope, 0), np.minimum(slope, 0)
        low = odot(arriving.low, up) + odot(arriving.high, down)
        return Open(odot(arriving.base, slope), low, odot(arriving.high, up) + odot(arriving.low, down))
    low, high = np.zeros_like(z), np.zeros_like(z)
    for kink in sigma.kinks:
        sides = beside(sigma, kink)
        at = np.abs(z - kink) <= near
        low[at] = np.minimum(low[at], np.minimum(sides.min() - slope[at], 0))
        high[at] = np.maximum(high[at], np.maximum(sides.max() - slope[at], 0))
    return arriving.times(Open(slope, low, high))


def beside(sigma: Activation, kink: float) -> Array:
    """σ′ on the two sides of a kink."""
    step = 1e-6 * max(1.0, abs(kink))
    return sigma.slope(np.array([kink - step, kink + step]))


def _at_output(sigma: Activation, a: Array, z: Array, near: Array, y: Array, cost: Cost, pair: Pair) -> Open:
    if pair.delta is None:
        slope = Open.shut(pair.slope(a, y))
        if cost.name == ABSOLUTE and not cost.own:
            slope = _signs(slope, sigma, a, z, near, y)
        return _through(slope, sigma, z, near)
    delta = Open.shut(pair.delta(z, y))
    return margins(delta, z, near, y) if cost.name == "multiclass_hinge" else delta


def _signs(slope: Open, sigma: Activation, a: Array, z: Array, near: Array, y: Array) -> Open:
    """Where a_j may be y_j, the slope of |a_j − y_j| is anything from −1 to 1."""
    steep = np.abs(sigma.slope(z)).max(axis=-1 if sigma.full_slope else None, initial=1.2)
    reach = near.max(axis=1, keepdims=True) if sigma.full_slope else near
    at = np.abs(a - y) <= steep * reach + 4 * np.finfo(np.float64).eps * (np.abs(a) + np.abs(y))
    return Open(slope.base, np.where(at, -1.0 - slope.base, 0.0), np.where(at, 1.0 - slope.base, 0.0))


def margins(delta: Open, z: Array, near: Array, y: Array) -> Open:
    """Where a margin 1 + z_j − z_y may be 0, δ_j is anything from 0 to 1, and δ_y moves against it."""
    right, near_right = (y * z).sum(axis=1, keepdims=True), (y * near).sum(axis=1, keepdims=True)
    margin = 1 + z - right
    at = (np.abs(margin) <= near + near_right + 4 * np.finfo(np.float64).eps) & (y == 0)
    low, high = -1.0 * (at & (margin > 0)), 1.0 * (at & (margin <= 0))
    return Open(delta.base, low - y * high.sum(axis=1, keepdims=True), high - y * low.sum(axis=1, keepdims=True))


def _collected(delta: Open, before: Array) -> tuple[Open, Open]:
    """δᵀ a and Σ δ over the rows."""
    turned = Open(delta.base.T, delta.low.T, delta.high.T)
    return turned.through(before), Open(delta.base.sum(axis=0), delta.low.sum(axis=0), delta.high.sum(axis=0))
