"""How far rounding alone may move a gradient: the same recursion with every term at its absolute value, times ε.

Nothing cancels in G: |a| + |y| at the cost, |w| between the layers, |σ′| + Z at each neuron, where Z bounds the weighted inputs
and so how far a rounded z moves a slope (|σ″| is at most about 1). Then ‖g_computed − g_exact‖ ≤ 8 (L + n) ε ‖G‖, with n the
widest layer: the constant stands for a product, a sum and a function a layer (Higham 2002, chapter 3). Where rounding moves a z
across a kink the slope jumps, and no such bound holds.
"""

from __future__ import annotations

import numpy as np

from chainrule.costs import Cost
from chainrule.network import Network

Array = np.ndarray


def rounding_bound(network: Network, x: Array, y: Array, cost: Cost, share: Array) -> float:
    """The bound for rows x (batch, in), y (batch, out), example i entering with share[i], at the network's dtype."""
    exact = network.astype("float64")
    a, z = [np.asarray(x, np.float64)], []
    for w, b, sigma in zip(exact.weights, exact.biases, exact.activations):
        z.append(a[-1] @ w.T + b if b.size else a[-1] @ w.T)
        a.append(sigma.value(z[-1]))
    reach = [  # Z of each layer
        float((np.abs(before) @ np.abs(w).T).max()) + float(np.abs(b).max(initial=0))
        for before, w, b in zip(a, exact.weights, exact.biases)
    ]
    pair, top = cost.on(exact.output), np.abs(a[-1]) + np.abs(y)
    at_cost = np.maximum(np.abs(pair.slope(np.sign(a[-1]) * top, 0 * y)), top) if pair.delta is None else 2 + top
    delta = at_cost * (1 + reach[-1])
    square = 0.0
    for l in range(exact.depth, 0, -1):
        shared = delta * share[:, None]
        square += float(((shared.T @ np.abs(a[l - 1])) ** 2).sum() + (shared.sum(axis=0) ** 2).sum())
        if l > 1:
            slope = np.abs(exact.activations[l - 1].slope(z[l - 2]))
            if slope.ndim == 3:  # every neuron of a softmax meets every error
                delta = (delta @ np.abs(exact.weights[l])).max(axis=1, keepdims=True) * (
                    slope.sum(axis=-1) + reach[l - 2]
                )
            else:
                delta = (delta @ np.abs(exact.weights[l])) * (slope + reach[l - 2])
    return float(8 * (exact.depth + max(exact.sizes)) * np.finfo(network.dtype).eps * square**0.5)
