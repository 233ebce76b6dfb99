"""The raw recursion: backpropagation before anyone named δ, a recursion of ∂c/∂a from layer L down (S0.8, S0.11, S0.12).

    ∂c/∂a_k^(l−1) = Σ_j ∂c/∂a_j^l · ∂a_j/∂z_j · w_jk
    ∂c/∂w_jk^l    = ∂c/∂a_j^l · ∂a_j/∂z_j · a_k^(l−1)
    ∂c/∂b_j^l     = ∂c/∂a_j^l · ∂a_j/∂z_j

In a softmax layer every a_i answers to every z_j, and ∂a_j/∂z_j becomes a sum over i. Where the cost reads z^L, the
recursion starts from ∂c/∂z^L (S3.14).
"""

from __future__ import annotations

import numpy as np

from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.local import Local, bias_part, mean_over_rows, refuse, too_many

Array = np.ndarray
LIMIT = 50_000_000  # parameters × rows: about ten seconds


def refuses(p: Problem) -> str | None:
    """Why this method is skipped here, None where it can run."""
    return too_many("raw", p.network.parameters.size * len(p.x), LIMIT, "parameters × rows")


def gradient(p: Problem) -> Parameters:
    """∂C/∂θ by the recursion of ∂c/∂a, the mean over the rows."""
    refuse(refuses(p))
    return mean_over_rows(p, of_example, "raw")


def of_example(network: Network, here: Local) -> Parameters:
    """∂c/∂θ of one example."""
    dc_da = here.top
    weights: list[Array] = []
    biases: list[Array] = []
    for l in range(network.depth, 0, -1):
        w, a, da_dz = network.weights[l], here.a[l - 1], here.sigma[l]
        factors = "j,j" if da_dz.ndim == 1 else "i,ij"  # whose a answers to z_j: its own, or in a softmax each a_i
        weights.insert(0, np.einsum(f"{factors},k->jk", dc_da, da_dz, a))
        biases.insert(0, bias_part(network.biases[l], np.einsum(f"{factors}->j", dc_da, da_dz)))
        dc_da = np.einsum(f"{factors},jk->k", dc_da, da_dz, w)
    return Parameters(weights, biases)
