"""Rounding noise is shown as 0: a number that rounding alone may have made out of 0 has no digit to show.

A sum is noise where it is no larger than a few roundings of its terms: p − y added up over a softmax comes to 5.55e−17 by one
method and to −6e−19 by another. Products lose no digits, so a slope of 4e−18 in a saturated neuron is not noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from chainrule.activations import odot
from chainrule.backward import backward_through, collect
from chainrule.costs import Pair
from chainrule.forward import Trace, trace_of
from chainrule.parameters import Layers, Parameters
from chainrule.problem import Problem

Array = np.ndarray
ROUNDING = 8 * float(np.finfo(np.float64).eps)  # of the size of the terms


def settled(sums: Array, off: Array) -> Array:
    """Numbers, 0 where they are no larger than what rounding may have moved them by."""
    return np.where((np.abs(sums) <= off) & np.isfinite(sums), 0.0, sums)


def exact_sum(terms: Iterable[float] | Array) -> float:
    """The exact sum of some numbers, 0 where it is no more than noise of their last digits."""
    numbers = terms.ravel() if isinstance(terms, np.ndarray) else np.array([float(term) for term in terms])
    found = math.fsum(numbers.tolist())
    noise = abs(found) <= ROUNDING * float(np.abs(numbers).sum())
    return 0.0 if noise and math.isfinite(found) else found


@dataclass(frozen=True)
class Settled:
    """Both passes over a problem's rows: the trace, δ^l for l = 1…L and ∂c/∂a^l for l = 0…L, 0 where they are noise."""

    trace: Trace
    delta: dict[int, Array]
    da: dict[int, Array]


def settled_trace(problem: Problem) -> Trace:
    """The trace of rows, its z 0 where they are noise; not where σ has a kink, for there the slope depends on the side."""
    network, trace = problem.network, problem.once(trace_of)
    a, z = list(trace.a), list(trace.z)
    for l, sigma in network.activations.items():
        b = np.abs(network.biases[l])
        found = settled(z[l - 1], ROUNDING * (np.abs(a[l - 1]) @ np.abs(network.weights[l]).T + (b if b.size else 0.0)))
        if not (sigma.own or sigma.kinks) and (found != z[l - 1]).any():
            z[l - 1], a[l] = found, sigma.value(found)
    return Trace(network, Layers(a, first=0), Layers(z))


@np.errstate(all="ignore")
def settled_passes(problem: Problem) -> Settled:
    """Backpropagation over rows. Raises DataError where a number of it is infinite or NaN."""
    trace = problem.once(settled_trace)
    back = backward_through(trace, problem)
    counts = problem.cost.targets == "one-hot"  # which are exact
    off = np.zeros_like(problem.y) if counts else _off_at_output(trace, problem.y, problem.pair)
    delta, da = settle(
        trace, dict(back.delta.items()), dict(back.da.items()), off, through_a=problem.pair.delta is None
    )
    problem.check_finite(z=trace.z.items(), a=trace.a.items(), δ=delta.items())
    return Settled(trace, delta, da)


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
    at = (trace.z if pair.delta else trace.a)[trace.network.depth]
    of = pair.delta or pair.slope
    less, more = 1 - ROUNDING, 1 + ROUNDING
    moved = [of(at * more, y), of(at * less, y), of(at, y * less)]
    return np.nan_to_num(np.max([np.abs(each - of(at, y)) for each in moved], axis=0), nan=0.0, posinf=0.0)


def settled_gradient(problem: Problem, share: Array) -> Parameters:
    """The gradient over rows, example i entering with share[i], 0 where the rows or the neurons of a bias cancel to noise."""
    passes, space = problem.once(settled_passes), problem.network.parameters
    a, errors = list(passes.trace.a)[:-1], [passes.delta[l] for l in sorted(passes.delta)]
    with np.errstate(all="ignore"):
        found = collect(space, a, errors, share)
        sizes = collect(space, [np.abs(each) for each in a], [np.abs(each) for each in errors], np.abs(share))
        return found.map(lambda sums, size: settled(sums, ROUNDING * size), sizes)
