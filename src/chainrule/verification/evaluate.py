"""C(θ) for any kind of number: the network as its definition reads, one plain loop. It imports the nouns alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.activations import Activation
from chainrule.costs import Pair
from chainrule.elementary import ARRAYS, Elementary
from chainrule.parameters import Layers, Parameters


def evaluate(
    parameters: Parameters,
    activations: Sequence[Activation] | Layers[Activation],
    x: Any,
    y: Any,
    pair: Pair,
    m: Elementary = ARRAYS,
) -> Any:
    """c_i of each example, shape (batch, 1), for rows x (batch, in) and y (batch, out), by the forms of σ and C."""
    a = z = x
    for w, b, sigma in zip(parameters.weights, parameters.biases, activations):
        z = a @ w.T
        if b.size:
            z = z + b
        a = sigma.form(z, m)
    return pair.form(z if pair.of == "z" else a, y, m)
