"""Where a training step became NaN or infinite: the first such quantity of its equations, or of its move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.backward import collect, errors
from chainrule.costs import Cost
from chainrule.data.network_rows import Rows
from chainrule.engines.engine import Recipe
from chainrule.engines.reference import ReferenceEngine, moved, named
from chainrule.forward import propagate
from chainrule.network import Network
from chainrule.writing.numbers import short

Array = np.ndarray


def first_not_finite(
    recipe: Recipe, network: Network, rows: Rows, snapshot: Mapping[str, Any], batch: Array, rate: float
) -> str | None:
    """What a step on these row numbers makes NaN or infinite, with its layer; None where all stays finite.

    The step is taken again on the reference engine, from a snapshot of whichever engine ran it.
    """
    engine = ReferenceEngine()
    state = engine.start(recipe, network, rows, snapshot)
    before = engine.network(state)
    masks = recipe.dropout.masks(state.step + 1, batch, network.sizes, network.dtype)
    place = _in_the_equations(before, rows.inputs[batch], rows.targets[batch], rows.shares(batch), recipe.cost, masks)
    if place is not None:
        return place
    _, gradient = engine.gradient(state, batch)
    with np.errstate(all="ignore"):
        theta, memory = moved(state, gradient, rate)
    return _in_the_move(before, named(theta, memory, state.step + 1))


def _in_the_equations(
    network: Network, x: Array, y: Array, share: Array, cost: Cost, masks: Mapping[int, Array]
) -> str | None:
    """The first of a step's z, a, cost, δ and gradients that is not finite, with its layer; None where all are."""
    pair = cost.on(network.output)
    with np.errstate(all="ignore"):
        a, z = propagate(network.parameters, network.activations, x, masks)
        for layer in range(1, network.depth + 1):
            for letter, values in (("z", z[layer - 1]), ("a", a[layer])):
                if not np.isfinite(values).all():
                    return f"{letter} of layer {layer} became NaN or infinite ({_sizes(values)})"
        each = pair.value(z[-1] if pair.of == "z" else a[-1], y)
        if not np.isfinite(each).all():
            top = float(np.abs(z[-1]).max())
            return f"the cost overflowed, with outputs of layer {network.depth} up to {short(top, 3)}"
        delta = errors(network.parameters, network.activations, a, z, y, pair, masks)
        for layer in range(network.depth, 0, -1):
            if not np.isfinite(delta[layer - 1]).all():
                return f"δ of layer {layer} became NaN or infinite ({_sizes(delta[layer - 1])})"
        gradient = collect(network.parameters, a, delta, share)
        for layer in range(1, network.depth + 1):
            for what, values in (("weights", gradient.weights[layer]), ("biases", gradient.biases[layer])):
                if not np.isfinite(values).all():
                    return f"the gradient of the {what} of layer {layer} became NaN or infinite ({_sizes(values)})"
    return None


def _in_the_move(network: Network, snapshot: Mapping[str, Any]) -> str | None:
    """What a step's move made NaN or infinite, with its layer: weights, biases, or what the rule remembers."""
    for key, values in snapshot.items():
        if np.isfinite(values).all():
            continue
        if np.size(values) != network.parameters.size:
            return "the state of the rule became NaN or infinite"
        moved = network.parameters.like(values)
        of = "" if key == "parameters" else f"the rule's {key.removeprefix('rule/')} of "
        for layer in moved.weights.numbers:
            for what, part in (("weights", moved.weights[layer]), ("biases", moved.biases[layer])):
                if not np.isfinite(part).all():
                    return f"{of}the {what} of layer {layer} became NaN or infinite ({_sizes(part)})"
    return None


def _sizes(values: Array) -> str:
    bad = int((~np.isfinite(values)).sum())
    finite = np.abs(values[np.isfinite(values)])
    largest = f", the others up to {short(float(finite.max()), 3)}" if finite.size else ""
    return f"{bad:,} of {values.size:,} values{largest}"
