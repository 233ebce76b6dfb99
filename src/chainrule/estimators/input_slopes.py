"""How a network's outputs change with its inputs: ∂a^L/∂x and ∂z^L/∂x of each row, by BP2 from every output at once."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from chainrule.engines.threads import blas_threads
from chainrule.forward import propagate
from chainrule.network import Network

Array = np.ndarray
NUMBERS = 2**22  # of the widest product, that are kept at a time


def output_slopes(
    network: Network, rows: Float[np.ndarray, "batch in"], of_z: bool = False
) -> Float[np.ndarray, "batch out in"]:
    """∂a^L_j/∂x_k of each row, or ∂z^L_j/∂x_k; in the network's terms."""
    found = np.empty((len(rows), network.sizes[-1], network.sizes[0]), network.dtype)
    size = max(1, NUMBERS // (network.sizes[-1] * max(network.sizes)))
    with blas_threads(network.parameters, size):
        for start in range(0, len(rows), size):
            found[start : start + size] = _of_chunk(network, rows[start : start + size], of_z)
    return found


def _of_chunk(network: Network, rows: Array, of_z: bool) -> Array:
    _, z = propagate(network.parameters, network.activations, rows)
    slopes = np.broadcast_to(np.eye(network.sizes[-1], dtype=network.dtype), (len(rows), *2 * network.sizes[-1:]))
    for layer in range(network.depth, 0, -1):
        if layer < network.depth or not of_z:
            own = network.activations[layer].slope(z[layer - 1])
            slopes = slopes @ own if own.ndim == 3 else slopes * own[:, None, :]
        slopes = slopes @ network.weights[layer]
    return slopes
