"""What the methods over local derivatives share: one example's values, and the slopes its forms have there by dual numbers.

No method takes a slope from the tables of σ and C: a slope written wrongly there would be copied by its own check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations import Activation
from chainrule.costs import Pair
from chainrule.dual import DUALS, Dual, dual
from chainrule.elementary import ARRAYS
from chainrule.errors import FormError, SettingError
from chainrule.network import Network
from chainrule.parameters import Layers, Parameters
from chainrule.problem import Problem

Array = np.ndarray


@dataclass(frozen=True)
class Local:
    """One example in a network: a[0]…a[L], z[1]…z[L], and the local derivatives between them.

    sigma[l]  Σ′ of layer l: (n,), its diagonal, or for a softmax the whole matrix (n, n) with [i, j] = ∂a_i/∂z_j
    top       ∂c/∂a^L, shape (n_L,). Where the cost reads z^L it is ∂c/∂z^L, and sigma[L] is all ones (S3.14).
    """

    a: Layers[Array]
    z: Layers[Array]
    sigma: Layers[Array]
    top: Array

    def matrix(self, layer: int) -> Array:
        """Σ′(z^l) as a square matrix, also where it is diagonal (S2.18)."""
        slope = self.sigma[layer]
        return np.diag(slope) if slope.ndim == 1 else slope


def local(network: Network, x: Array, y: Array, pair: Pair) -> Local:
    """Values and local derivatives of the one example x (in,), y (out,)."""
    a, z = [x], []
    for w, b, sigma in zip(network.weights, network.biases, network.activations):
        z.append(w @ a[-1] + b if b.size else w @ a[-1])
        a.append(np.asarray(sigma.form(z[-1][None], ARRAYS))[0])
    slopes = [slope_of(sigma, each) for sigma, each in zip(network.activations, z)]
    if pair.of == "z":
        slopes[-1] = np.ones_like(z[-1])
    top = slope_of_cost(pair, z[-1] if pair.of == "z" else a[-1], y)
    return Local(Layers(a, first=0), Layers(z), Layers(slopes), top)


def slope_of(sigma: Activation, z: Array) -> Array:
    """Σ′ at z (n,) from the form: the diagonal (n,), or where every output depends on every input the matrix (n, n)."""
    if not sigma.full_slope:
        return _slope(sigma.form(Dual(z[None], 1.0), DUALS), (1, z.size))[0]
    directions = Dual(np.tile(z, (z.size, 1)), np.eye(z.size))  # row j moves z_j
    return _slope(sigma.form(directions, DUALS), (z.size, z.size)).T


def slope_of_cost(pair: Pair, at: Array, y: Array) -> Array:
    """∂c/∂a_j^L (or ∂c/∂z_j^L, whichever the cost reads) of one example, from the form: row j of the duals moves number j."""
    directions = Dual(np.tile(at, (at.size, 1)), np.eye(at.size))
    found = pair.form(directions, np.tile(y, (at.size, 1)), DUALS)
    return _slope(found, (at.size, 1)).reshape(at.size)


def _slope(found: Any, shape: tuple[int, ...]) -> Array:
    return np.array(np.broadcast_to(dual(found).slope.reshape(-1, *shape[1:]), shape), np.float64)


def mean_over_rows(p: Problem, one: Callable[[Network, Local], Parameters], method: str) -> Parameters:
    """The mean over the rows of each example's own gradient (S1.11): `one` answers it from its local derivatives."""
    total = p.network.parameters.zeros()
    with np.errstate(all="ignore"):  # NaN or infinity is an error below
        for row, target in zip(p.x, p.y):
            total = total + one(p.network, local(p.network, row, target, p.pair))
    return finite(total / len(p.x), method)


def bias_part(bias: Array, by_neuron: Array) -> Array:
    """∂c/∂b from ∂c/∂z by neuron: each its own, their sum for one bias per layer (S0.4), nothing for none."""
    if bias.size == by_neuron.size:
        return by_neuron
    return by_neuron.sum(keepdims=True) if bias.size else by_neuron[:0]


def finite(gradient: Parameters, method: str) -> Parameters:
    """The gradient itself. Raises FormError where it holds an infinity or NaN: rather no answer than a wrong one."""
    for (layer, w), b in zip(gradient.weights.items(), gradient.biases):
        if not (np.isfinite(w).all() and np.isfinite(b).all()):
            raise FormError(
                f"{method}: a form leaves the floating point numbers, the gradient of layer {layer} is not finite; "
                "take smaller weights or inputs, or write the form so that its parts do not overflow"
            )
    return gradient


def refuse(reason: str | None) -> None:
    """Raises SettingError where a method gives a reason why it is skipped here."""
    if reason is not None:
        raise SettingError(reason)


def too_many(method: str, count: int, limit: int, what: str) -> str | None:
    """The reason of a method whose work is beyond its limit, with both numbers; None within it."""
    if count <= limit:
        return None
    return f"{method}: {count:,} {what}, and its limit is {limit:,}: take fewer rows or a smaller network, or another method"


def path_terms(p: Problem) -> int:
    """How many products one example's path sums have, over every weight and bias (S1.17).

    A route from z_j^l to C takes one neuron of each layer above; through a softmax it enters at any z and leaves by any a.
    """
    network, terms, routes = p.network, 0, 1
    for l in range(network.depth, 0, -1):
        out, into = network.weights[l].shape
        mixes = network.activations[l].full_slope and not (l == network.depth and p.pair.of == "z")
        routes *= out if mixes else 1  # from one z^l
        terms += out * (into + bool(network.biases[l].size)) * routes
        routes *= out  # from one a^(l−1)
    return terms
