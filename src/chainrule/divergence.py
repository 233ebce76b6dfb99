"""Where a training step became NaN or infinite: the first such quantity of its equations, or of its move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.backward import collect, errors
from chainrule.costs import Cost
from chainrule.forward import propagate
from chainrule.network import Network

Array = np.ndarray


def is_finite(snapshot: Mapping[str, Any]) -> bool:
    """False where a weight, a bias or a number the rule remembers is infinite or NaN."""
    return all(bool(np.isfinite(values).all()) for values in snapshot.values())


def in_the_equations(network: Network, x: Array, y: Array, share: Array, cost: Cost) -> str | None:
    """The first of a step's z, a, cost, δ and gradients that is not finite, with its layer; None where all are."""
    pair = cost.on(network.output)
    with np.errstate(all="ignore"):
        a, z = propagate(network.parameters, network.activations, x)
        for layer in range(1, network.depth + 1):
            for letter, values in (("z", z[layer - 1]), ("a", a[layer])):
                if not np.isfinite(values).all():
                    return f"{letter} of layer {layer} became NaN or infinite ({_sizes(values)})"
        each = pair.value(z[-1] if pair.of == "z" else a[-1], y)
        if not np.isfinite(each).all():
            top = float(np.abs(z[-1]).max())
            return f"the cost overflowed, with outputs of layer {network.depth} up to {top:.3g}"
        delta = errors(network.parameters, network.activations, a, z, y, pair)
        for layer in range(network.depth, 0, -1):
            if not np.isfinite(delta[layer - 1]).all():
                return f"δ of layer {layer} became NaN or infinite ({_sizes(delta[layer - 1])})"
        gradient = collect(network.parameters, a, delta, share)
        for layer in range(1, network.depth + 1):
            for what, values in (("weights", gradient.weights[layer]), ("biases", gradient.biases[layer])):
                if not np.isfinite(values).all():
                    return f"the gradient of the {what} of layer {layer} became NaN or infinite ({_sizes(values)})"
    return None


def in_the_move(network: Network, snapshot: Mapping[str, Any]) -> str:
    """What a step's move made NaN or infinite, with its layer: weights, biases, or what the rule remembers."""
    for key, values in snapshot.items():
        if np.size(values) != network.parameters.size or np.isfinite(values).all():
            continue
        moved = network.parameters.like(values)
        of = "" if key == "parameters" else f"the rule's {key.removeprefix('rule/')} of "
        for layer in moved.weights.numbers:
            for what, part in (("weights", moved.weights[layer]), ("biases", moved.biases[layer])):
                if not np.isfinite(part).all():
                    return f"{of}the {what} of layer {layer} became NaN or infinite ({_sizes(part)})"
    return "the state of the rule became NaN or infinite"


def _sizes(values: Array) -> str:
    bad = int((~np.isfinite(values)).sum())
    finite = np.abs(values[np.isfinite(values)])
    largest = f", the others up to {finite.max():.3g}" if finite.size else ""
    return f"{bad:,} of {values.size:,} values{largest}"
