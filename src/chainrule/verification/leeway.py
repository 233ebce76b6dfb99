"""How far apart two right gradients may lie, entry by entry: by rounding, and by the slopes a kink leaves open.

Both are local errors at each unit, carried back through |w| and |σ′| as δ is, so that nothing cancels (a running error
bound, Higham 2002, section 3.3). Rounding: z is off by n ε |w| |a| and what the layer below adds, σ′ by |σ″| times that, and
each product and sum by ε of its terms. What kinks leave open is an interval, carried back with the signs (kinks.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.activations import Activation, odot
from chainrule.backward import bias_gradient
from chainrule.costs import Cost, Pair
from chainrule.forward import propagate
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.verification.kinks import Open, beside, margins, open_gradients

Array = np.ndarray
STEEPEST = 1.2  # above every |σ′| and |σ″| of the named activations
STRAIGHT = ("identity", "relu", "leaky_relu")  # |σ″| = 0 but at kinks
SAFETY = 4.0


@dataclass(frozen=True)
class Leeway:
    """What may lie between two right answers for the mean cost, in each entry: rounding, and kinks below and above.

    `below` ≤ 0 ≤ `above` are distances from `base`, the gradient that the equations give, zero where no kink reaches.
    """

    rounding: Parameters
    base: Parameters
    below: Parameters
    above: Parameters

    @property
    def kinks(self) -> Parameters:
        """How far a kink may move each entry."""
        return self.rounding.like(np.maximum(-self.below.flat(), self.above.flat()))


@dataclass(frozen=True)
class _Pass:
    """One way forward in float64, with |σ′| and how far rounding at ε may have moved a and z; layers from 1, a from 0."""

    network: Network
    a: list[Array]
    z: list[Array]
    off_a: list[Array]
    off_z: list[Array]
    epsilon: float
    tiny: float

    def sigma(self, l: int) -> Activation:
        return self.network.activations[l]

    def slope(self, l: int) -> Array:
        """|σ′|, at a kink the larger of its two sides: another road may be on the other one."""
        slope = np.abs(self.sigma(l).slope(self.z[l]))
        for kink in self.sigma(l).kinks:
            at = np.abs(self.z[l] - kink) <= self.off_z[l]
            slope[at] = np.maximum(slope[at], np.abs(beside(self.sigma(l), kink)).max())
        return slope


def leeway(network: Network, x: Array, y: Array, cost: Cost, step: float = 0.0) -> Leeway:
    """For rows x (batch, in), y (batch, out), at the network's dtype.

    `step` is how far a parameter of size 1 is moved by someone who measures: kinks within its reach count as met.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    pair, p = cost.on(network.output), _forward(network.astype("float64"), x, np.finfo(network.dtype), step)
    delta, off = _at_output(p, y, cost, pair)
    rounding: list[tuple[Array, Array]] = []
    for l in range(network.depth, 0, -1):
        lost = p.off_a[l - 1] + (len(x) + 8) * p.epsilon * np.abs(p.a[l - 1]) + p.tiny
        rounding.insert(
            0, (off.T @ np.abs(p.a[l - 1]) + delta.T @ lost, (off + len(x) * p.epsilon * delta).sum(axis=0))
        )
        if l > 1:
            delta, off = _one_back(p, l - 1, delta, off)
    opened = open_gradients(p.network, p.a, p.z[1:], p.off_z[1:], y, cost)
    return Leeway(
        _mean(network, rounding, SAFETY / len(x)),
        _mean(network, [(w.base, b.base) for w, b in opened], 1 / len(x)),
        _mean(network, [(w.low, b.low) for w, b in opened], 1 / len(x)),
        _mean(network, [(w.high, b.high) for w, b in opened], 1 / len(x)),
    )


def _mean(network: Network, sums: Sequence[tuple[Array, Array]], share: float) -> Parameters:
    biases = [bias_gradient(b, share * found) for b, (_, found) in zip(network.biases, sums)]
    return Parameters([share * found for found, _ in sums], biases)


def _forward(network: Network, x: Array, info: np.finfo, step: float) -> _Pass:
    """a, z and how far rounding, and a step of one parameter, may have moved them."""
    epsilon = float(info.eps)
    a, z = propagate(network.parameters, network.activations, x)
    off_a, off_z = [epsilon * np.abs(x)], [np.zeros(0)]
    for before, after, here, w, b, sigma in zip(a, a[1:], z, network.weights, network.biases, network.activations):
        size = np.abs(before) @ np.abs(w).T + np.abs(b).max(initial=0)
        largest = max(1.0, float(np.abs(w).max()), float(np.abs(b).max(initial=0)))
        stepped = step * largest * np.maximum(1.0, np.abs(before).max(axis=1, keepdims=True))
        off_z.append(off_a[-1] @ np.abs(w).T + (w.shape[1] + 2) * epsilon * size + stepped)
        steepest = max(STEEPEST, float(np.abs(sigma.slope(here)).max())) if sigma.own else STEEPEST
        off_a.append(steepest * off_z[-1] + 4 * epsilon * np.abs(after))
    return _Pass(network, a, [x, *z], off_a, off_z, epsilon, float(info.tiny))


def _through(p: _Pass, l: int, moved: Array) -> tuple[Array, Array]:
    """A quantity carried through |σ′| of layer l, and what rounding adds where σ′ itself is off."""
    slope, off = p.slope(l), p.off_z[l]
    if slope.ndim == 3:  # each row of Σ′ sums to less than 1, and moves by less than 4 times the largest of z
        lost = moved.max(axis=1, keepdims=True) * (4 * off.max(axis=1, keepdims=True) + 8 * p.epsilon)
        return odot(moved, slope), np.broadcast_to(lost, off.shape)
    bend = 0.0 if p.sigma(l).name in STRAIGHT and not p.sigma(l).own else STEEPEST
    return moved * slope, moved * (bend * off + 8 * p.epsilon)


def _one_back(p: _Pass, l: int, delta: Array, off: Array) -> tuple[Array, Array]:
    """|δ| and its rounding, from layer l + 1 to layer l."""
    w = np.abs(p.network.weights[l + 1])
    below, lost = _through(p, l, delta @ w)
    carried, _ = _through(p, l, off @ w)
    return below, carried + lost + (len(w) + 2) * p.epsilon * below + p.tiny


def _at_output(p: _Pass, y: Array, cost: Cost, pair: Pair) -> tuple[Array, Array]:
    """|δ^L| and its rounding."""
    last = p.network.depth
    a, z, off = p.a[last], p.z[last], p.off_z[last]
    if pair.delta is not None:
        delta = np.abs(pair.delta(z, y))
        if cost.name == "multiclass_hinge":  # whole numbers, each margin that may be 0 counted
            counted = margins(Open.shut(pair.delta(z, y)), z, off, y)
            return np.maximum(np.abs(counted.base + counted.low), np.abs(counted.base + counted.high)), np.full_like(
                z, p.tiny
            )
        return delta, off.max(axis=1, keepdims=True) + 8 * p.epsilon * (1 + np.abs(y))
    moved = p.off_a[last] + 4 * p.epsilon * (np.abs(a) + np.abs(y))
    grad_a = np.abs(pair.slope(a, y))
    off_grad = np.abs(pair.slope(a + moved, y) - pair.slope(a - moved, y)) + 8 * p.epsilon * grad_a
    delta, lost = _through(p, last, grad_a)
    carried, _ = _through(p, last, off_grad)
    return delta, carried + lost + p.tiny
