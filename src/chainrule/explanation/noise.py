"""Rounding noise is shown as 0: a number that rounding alone may have made out of 0 has no digit to show.

A sum is noise where it is no larger than a few roundings of its terms: p − y added up over a softmax comes to 5.55e−17 by one
method and to −6e−19 by another. Products lose no digits, so a slope of 4e−18 in a saturated neuron is no noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from chainrule.activations import odot
from chainrule.backward import backward, collect
from chainrule.costs import Cost, Pair
from chainrule.forward import Trace, target_rows
from chainrule.parameters import Layers, Parameters

Array = np.ndarray
ROUNDING = 8 * float(np.finfo(np.float64).eps)  # of the size of the terms


def settled(sums: Array, off: Array) -> Array:
    """Numbers, 0 where they are no larger than what rounding may have moved them by."""
    return np.where((np.abs(sums) <= off) & np.isfinite(sums), 0.0, sums)


def exact_sum(terms: Iterable[float]) -> float:
    """The exact sum of some numbers, 0 where it is no more than noise of their last digits."""
    numbers = [float(term) for term in terms]
    found = math.fsum(numbers)
    noise = abs(found) <= ROUNDING * math.fsum(map(abs, numbers))
    return 0.0 if noise and math.isfinite(found) else found


def settled_trace(trace: Trace) -> Trace:
    """A trace whose z are 0 where they are noise; not where σ has a kink, for there the slope depends on the side."""
    network, a, z = trace.network, list(trace.a), list(trace.z)
    for l, sigma in network.activations.items():
        b = np.abs(network.biases[l])
        found = settled(z[l - 1], ROUNDING * (np.abs(a[l - 1]) @ np.abs(network.weights[l]).T + (b if b.size else 0.0)))
        if not (sigma.own or sigma.kinks) and (found != z[l - 1]).any():
            z[l - 1], a[l] = found, sigma.value(found)
    return Trace(network, Layers(a, first=0), Layers(z))


def settled_errors(trace: Trace, y: Array, cost: Cost) -> tuple[dict[int, Array], dict[int, Array]]:
    """δ^l for l = 1…L and ∂C/∂a^l for l = 0…L of a trace, by backpropagation, 0 where they are noise."""
    _, targets, pair = target_rows(trace.network, trace.a[0], y, cost)
    back = backward(trace, y, cost)
    delta, da = dict(back.delta.items()), dict(back.da.items())
    off = (
        np.zeros_like(targets) if cost.targets == "one-hot" else _off_at_output(trace, targets, pair)
    )  # counts are exact
    return settle(trace, delta, da, off[0] if trace.single else off, through_a=pair.delta is None)


def settle(
    trace: Trace, delta: dict[int, Array], da: dict[int, Array], off: Array, *, through_a: bool
) -> tuple[dict[int, Array], dict[int, Array]]:
    """∂u/∂z^l and ∂u/∂a^l from the layer of u down, 0 where they are noise.

    `off` is how far rounding may have moved those of the top layer: ∂u/∂a if the recursion starts with it (through_a), else
    ∂u/∂z. From there it is carried back through |σ′| and |w|, each sum adding its own rounding.
    """
    network, top = trace.network, max(delta, default=0)
    if through_a:
        da[top] = settled(da[top], off)
        off = _through(trace, top, da[top], off)
    for l in range(top, 0, -1):
        delta[l] = settled(delta[l], off)
        w = np.abs(network.weights[l])
        off = off @ w + ROUNDING * (np.abs(delta[l]) @ w)
        da[l - 1] = settled(da[l - 1], off)
        if l > 1:
            off = _through(trace, l - 1, da[l - 1], off)
    return delta, da


def _through(trace: Trace, l: int, da: Array, off: Array) -> Array:
    """How far rounding may have moved ∂u/∂z^l."""
    slope = np.abs(trace.network.activations[l].slope(trace.z[l])) if l else np.ones_like(da)
    return odot(off, slope) + ROUNDING * odot(np.abs(da), slope)


def _off_at_output(trace: Trace, y: Array, pair: Pair) -> Array:
    """How far ∂C/∂a^L, or δ^L where that is a function of z^L, moves with the last digits of the outputs and targets."""
    at = np.atleast_2d((trace.z if pair.delta else trace.a)[trace.network.depth])
    of = pair.delta or pair.slope
    less, more = 1 - ROUNDING, 1 + ROUNDING
    moved = [of(at * more, y), of(at * less, y), of(at, y * less)]
    return np.nan_to_num(np.max([np.abs(each - of(at, y)) for each in moved], axis=0), nan=0.0, posinf=0.0)


def settled_gradient(trace: Trace, delta: dict[int, Array], share: Array) -> Parameters:
    """The gradient over rows, example i entering with share[i], 0 where the rows or the neurons of a bias cancel to noise."""
    space, a = trace.network.parameters, [np.atleast_2d(each) for each in list(trace.a)[:-1]]
    errors = [np.atleast_2d(delta[l]) for l in sorted(delta)]
    found = collect(space, a, errors, share)
    sizes = collect(space, [np.abs(each) for each in a], [np.abs(each) for each in errors], np.abs(share))
    return found.map(lambda sums, size: settled(sums, ROUNDING * size), sizes)
