"""The route from a quantity to the cost on which the product of the derivatives is largest, found without trying them all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from chainrule.explanation.view import View
from chainrule.ids import Id

Array = np.ndarray


def strongest_route(seen: View, v: Id) -> list[Id]:
    """v, one z and one a of each layer above it, and C: the route on which the product of the derivatives is largest."""
    stages = _stages(seen, v)
    best = np.zeros(1)  # decades from a stage to the cost, one a neuron
    onward: list[Array] = []
    for below, above in reversed(list(pairwise(stages))):
        with np.errstate(divide="ignore"):
            sizes = np.log10(np.abs(_slopes(seen, below, above)))  # (above, below)
        reach = sizes + best[:, None]
        onward.insert(0, reach.argmax(axis=0))
        best = reach.max(axis=0)
    place, route = int(best.argmax()), []
    for stage, choice in zip(stages, [*onward, None]):
        route.append(stage[place])
        place = 0 if choice is None else int(choice[place])
    return route


def _stages(seen: View, v: Id) -> list[list[Id]]:
    """Everything the nudge can pass, stage by stage; C follows on z^L where it is written as a function of it (S3.14)."""
    last, stages = seen.network.depth, [[v]]
    if v.kind in "wb":
        stages.append([Id("z", v.layer, j) for j in seen.entrances(v)])
    if v.kind in "wbz" and (v.layer < last or _through_a(seen)):
        full = seen.network.activations[v.layer].full_slope
        neurons = range(seen.network.sizes[v.layer]) if full else [each.neuron for each in stages[-1]]
        stages.append([Id("a", v.layer, j) for j in neurons])
    for layer in range(v.layer + 1, last + 1):
        stages.append([Id("z", layer, j) for j in range(seen.network.sizes[layer])])
        if layer < last or _through_a(seen):
            stages.append([Id("a", layer, j) for j in range(seen.network.sizes[layer])])
    return [*stages, [Id("C")]]


def _through_a(seen: View) -> bool:
    """Whether the last link but one is σ: not where the author writes C as a function of z^L, nor through a softmax."""
    return len(seen.arriving(0)) == 2


def _slopes(seen: View, below: Sequence[Id], above: Sequence[Id]) -> Array:
    """The derivatives of one stage by the one below, (above, below)."""
    first, then = below[0], above[0]
    if then.kind == "C":
        return (seen.into_z if first.kind == "z" else seen.into_a)[first.layer][[[each.neuron for each in below]]]
    if then.kind == "a":
        slopes = seen.slopes(then.layer)
        if slopes.ndim == 1:
            slopes = np.diag(slopes)
        return slopes[np.ix_([each.neuron for each in above], [each.neuron for each in below])]
    if first.kind in "ax":
        return seen.network.weights[then.layer][:, [each.neuron for each in below]]
    return np.full((len(above), 1), seen.incoming(first).value)
