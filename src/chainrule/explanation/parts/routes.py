"""Every route from a quantity to the cost: its factors and their product, the largest first, and the sum of all (S1.17)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.errors import DataError, DisagreementError, SettingError
from chainrule.explanation.document import Factor
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.writing.numbers import short

Array = np.ndarray
MOST_ROUTES = 1_000_000  # multiplied out in a fraction of a second
SAME = 1e-11  # of Σ |product|: rounding may part the sum over routes from backpropagation by less


@dataclass(frozen=True)
class Route:
    """One way to the cost: for each layer where it enters (z) and leaves (a), its factors, and their product."""

    neurons: tuple[tuple[int, int, int], ...]
    factors: tuple[Factor, ...]
    product: float


@dataclass(frozen=True)
class Routes:
    """The ways from v to the cost, the largest products first.

    rest   the sum of the products that are not among the ranked
    total  the sum of all `count` of them, added without rounding on the way
    value  ∂C/∂v by backpropagation
    """

    v: Id
    ranked: tuple[Route, ...]
    count: int
    rest: float
    total: float
    value: float


def routes(seen: View, v: Id, most: int) -> Routes:
    """The `most` largest routes from v to the cost, and exact sums of the others and of all."""
    count = seen.route_count(v)
    if count > MOST_ROUTES:
        raise SettingError(
            f"{count:,} routes lead from {v} to the cost, and at most {MOST_ROUTES:,} are multiplied out: take a quantity "
            "nearer to the output"
        )
    with np.errstate(all="ignore"):
        flat, choices = _products(seen, v)
    if not np.isfinite(flat).all():
        raise DataError(f"the product of a route from {v} overflows on this example: nothing can be added up")
    order = np.argsort(-np.abs(flat), kind="stable")[:most]
    total, value = exact_sum(flat), seen.value(v)
    if not abs(total - value) <= SAME * math.fsum(np.abs(flat)) + 1e-300:
        raise DisagreementError(
            f"∂C/∂{v}: its {count:,} routes add up to {short(total, 12)} and backpropagation gives {short(value, 12)}: nothing "
            "is shown until they agree; is a slope or a cost's derivative wrong?"
        )
    ranked = [_route(seen, v, _chosen(int(i), choices)) for i in order]
    return Routes(v, tuple(ranked), count, exact_sum(np.delete(flat, order)), total, value)


def _products(seen: View, v: Id) -> tuple[Array, list[int]]:
    """The product of every route in one row, the last choice of a neuron running first, and how many each choice is of.

    Multiplied from v on, as math.prod does. (An axis a choice would be shorter; NumPy has 64 of them, a network more layers.)
    """
    first, last = seen.first_layer(v), seen.network.depth
    if first > last:
        return np.array([seen.of_activation(v.layer, v.neuron).value]), [1]
    here = seen.entrances(v)
    found, choices = np.array([[math.prod(factor.value for factor in _lead(seen, v, j)) for j in here]]), [len(here)]
    for layer in range(first, last):
        slopes = seen.slopes(layer)
        through = slopes[here] if slopes.ndim == 1 else slopes.T[here]  # a softmax leads from any z to any a
        w = seen.network.weights[layer + 1].T
        for step in (through, w[here] if slopes.ndim == 1 else w):
            if step.ndim == 1:
                found = found * step
            else:
                found = (found[..., None] * step).reshape(-1, step.shape[1])
                choices.append(step.shape[1])
        here = list(range(seen.network.sizes[layer + 1]))
    for factors in zip(*(seen.arriving(j) for j in here)):
        found = found * np.array([factor.value for factor in factors])
    return found.ravel(), choices


def _chosen(route: int, choices: Sequence[int]) -> list[int]:
    """Which neurons a route's place in the row stands for."""
    found = []
    for count in reversed(choices):
        route, neuron = divmod(route, count)
        found.append(neuron)
    return found[::-1]


def _lead(seen: View, v: Id, j: int) -> list[Factor]:
    """What leads from v to the z_j it enters; nothing where that factor is 1 (S1.12)."""
    if v.kind in "ax":
        return [seen.onward(v.layer + 1, j, v.neuron)]
    return [seen.incoming(v)] if v.kind == "w" else []


def _route(seen: View, v: Id, choices: Sequence[int]) -> Route:
    """One route from the neurons that are chosen, one after the other."""
    first, last = seen.first_layer(v), seen.network.depth
    if first > last:
        slope = seen.of_activation(v.layer, v.neuron)
        return Route((), (slope,), slope.value)
    left = list(choices)
    j = seen.entrances(v)[left.pop(0)]
    factors, neurons = _lead(seen, v, j), []
    for layer in range(first, last):
        leaves = left.pop(0) if seen.network.activations[layer].full_slope else j
        neurons.append((layer, j, leaves))
        factors.append(seen.step(Id("z", layer, j), Id("a", layer, leaves)))
        after = left.pop(0)
        factors.append(seen.onward(layer + 1, after, leaves))
        j = after
    neurons.append((last, j, j))
    factors += seen.arriving(j)
    return Route(tuple(neurons), tuple(factors), math.prod(factor.value for factor in factors))
