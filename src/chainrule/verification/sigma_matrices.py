"""Products of Σ′: every δ as the one full product of matrices that the third exercise asks for (S2.18–S2.20).

    δ^l = Σ′(z^l) (w^(l+1))ᵀ Σ′(z^(l+1)) … (w^L)ᵀ Σ′(z^L) ∇_a C

Σ′ is a square matrix here, off its diagonal too, and each δ^l is multiplied out anew, from the left, as it is written: no δ
helps another. Σ′[i, j] = ∂a_i/∂z_j enters transposed, which only a softmax could tell, were it not symmetric.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.local import Local, bias_part, mean_over_rows, refuse, too_many

Array = np.ndarray
LIMIT = 10_000_000_000  # multiplications: about ten seconds


def refuses(p: Problem) -> str | None:
    """Why this method is skipped here, None where it can run."""
    return too_many("sigma", multiplications(p.network) * len(p.x), LIMIT, "multiplications in matrix products")


def gradient(p: Problem) -> Parameters:
    """∂C/∂θ by the full product for each layer, the mean over the rows."""
    refuse(refuses(p))
    return mean_over_rows(p, of_example, "sigma")


def of_example(network: Network, here: Local) -> Parameters:
    """∂c/∂θ of one example: ∂c/∂w = δ aᵀ and ∂c/∂b = δ."""
    deltas = [full_product(network, here, l) for l in here.z.numbers]
    weights = [np.outer(delta, a) for delta, a in zip(deltas, here.a)]
    return Parameters(weights, [bias_part(b, delta) for b, delta in zip(network.biases, deltas)])


def full_product(network: Network, here: Local, layer: int) -> Array:
    """δ^l of one example, multiplied from the left."""
    return reduce(np.matmul, factors(network, here, layer))


def factors(network: Network, here: Local, layer: int) -> list[Array]:
    """The factors of δ^l as they are written: Σ′(z^l), (w^(l+1))ᵀ, …, Σ′(z^L), ∇_a C."""
    above = [each for m in range(layer + 1, network.depth + 1) for each in (network.weights[m].T, here.matrix(m).T)]
    return [here.matrix(layer).T, *above, here.top]


def multiplications(network: Network) -> int:
    """How many one example takes, over all layers."""
    n = network.sizes
    return sum(
        n[l] * (sum(n[m - 1] * n[m] + n[m] * n[m] for m in range(l + 1, network.depth + 1)) + n[-1])
        for l in range(1, network.depth + 1)
    )
