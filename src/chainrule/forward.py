"""The forward pass: forward(network, x) -> Trace with a^0…a^L and z^1…z^L, kept for the way back (S2.17, S4.15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from chainrule.activations import Activation
from chainrule.costs import Cost, Pair
from chainrule.data import encode_targets
from chainrule.data.coercion import as_target, as_weights
from chainrule.errors import ShapeError, unknown_name
from chainrule.network import Network, as_network, cost_for
from chainrule.parameters import Layers, Parameters

Array = np.ndarray
REDUCTIONS = ("mean", "sum", "none")


@dataclass(frozen=True)
class Trace:
    """What a forward pass leaves: a[0]…a[L] and z[1]…z[L], each (batch, neurons), or (neurons,) for one example."""

    network: Network
    a: Layers[Array]
    z: Layers[Array]

    @property
    def single(self) -> bool:
        """True where x was one example (in,) rather than rows."""
        return self.a[0].ndim == 1

    def __repr__(self) -> str:
        shown = "one example" if self.single else f"{len(self.a[0]):,} rows"
        return f"Trace({shown} through {self.network!r})"


def forward(network: Network, x: Any) -> Trace:
    """z^l = w^l a^(l−1) + b^l and a^l = σ(z^l) for l = 1…L, from a^0 = x (S0.5, S4.1).

    x is one example (in,) or rows (batch, in), cast to the network's dtype.
    """
    rows = as_network(network, "forward(network, x)").rows(x)
    a, z = propagate(network.parameters, network.activations, rows)
    if np.ndim(x) == 1:
        a, z = [each[0] for each in a], [each[0] for each in z]
    return Trace(network, Layers(a, first=0), Layers(z))


def propagate(
    parameters: Parameters, activations: Sequence[Activation] | Layers[Activation], rows: Float[np.ndarray, "batch in"]
) -> tuple[list[Array], list[Array]]:
    """Activations a^0…a^L and weighted inputs z^1…z^L of rows: the loop alone, without a look at what it is given."""
    a, z = [rows], []
    for w, b, sigma in zip(parameters.weights, parameters.biases, activations):
        z.append(a[-1] @ w.T + b if b.size else a[-1] @ w.T)
        a.append(sigma.value(z[-1]))
    return a, z


def target_rows(network: Network, x: Any, y: Any, given: str | Cost | None) -> tuple[Array, Array, Pair]:
    """(x as rows, y as rows, the cost on this network's output): everything a cost needs, looked at once.

    The cost is the one given, else the network's own. y is (out,) for one example and (batch, out) for rows; class labels
    0…out−1 will do, one per row.
    """
    cost = cost_for(as_network(network, "a call with (network, x, y)"), given)
    pair = cost.on(network.output)
    rows = network.rows(x)
    targets = as_target(y)
    if np.ndim(x) == 1:
        targets = targets[None]  # one example's (out,), or its one label
    terms = network.preprocessing
    if targets.dtype.kind == "U" and terms is not None and terms.labels is not None:
        targets = terms.targets(targets)  # texts are the network's own labels, where it has some
    encoded, _ = encode_targets(targets, network.sizes[-1], len(rows))
    encoded = encoded.astype(network.dtype)
    cost.check_targets(encoded)
    return rows, encoded, pair


def cost(
    network: Network,
    x: Any,
    y: Any,
    cost: str | Cost | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    """C over the examples: their mean (S1.11), their sum (S4.17), or with reduction="none" each example's own (batch,).

    The cost is the network's own unless one is named: what it was trained with, else cross_entropy for a softmax output and
    quadratic for any other.
    With weights w_i the mean is Σ w_i c_i / Σ w_i and the sum Σ w_i c_i. One example's "none" is its c as a number.
    """
    as_network(network, "cost(network, x, y)")
    if reduction not in REDUCTIONS:
        raise unknown_name("reduction", reduction, REDUCTIONS)
    rows, targets, pair = target_rows(network, x, y, cost)
    a, z = propagate(network.parameters, network.activations, rows)
    each = pair.value(z[-1] if pair.of == "z" else a[-1], targets)
    if reduction == "none":
        if weight is not None:
            raise ShapeError('weights enter the mean and the sum; with reduction="none" multiply them in yourself')
        return each[0] if np.ndim(x) == 1 else each
    return each.dtype.type(each @ shares(len(rows), reduction, weight).astype(each.dtype))


def shares(rows: int, reduction: str, weight: Any = None) -> Float[np.ndarray, " batch"]:
    """By how much each example enters the total: w_i / Σ w for the mean, w_i for the sum, w_i = 1 unless given."""
    if reduction not in ("mean", "sum"):
        raise unknown_name("reduction", reduction, ("mean", "sum"))
    w = np.ones(rows) if weight is None else as_weights(weight, rows)
    if reduction == "sum":
        return w
    w = w / w.max()  # weights of 1e308 have a mean too
    return w / w.sum()
