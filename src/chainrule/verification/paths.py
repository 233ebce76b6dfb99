"""Path sums: ∂C/∂w as the sum over every path from the weight to the cost, each multiplied out alone (S1.14, S1.17).

    ∂c/∂w_jk^l = Σ over paths (j, r, …, s) of  a_k^(l−1) · ∂a_j/∂z_j · w_rj · ∂a_r/∂z_r · … · ∂a_s/∂z_s · ∂c/∂a_s

Through a softmax layer a path enters at one z_j and leaves by any a_i, with the factor Σ′[i, j]. The number of paths is the
product of the widths above, so that this method is for small networks alone; backpropagation is the sum without the repetition.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.ids import Id, of_entry
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.local import Local, bias_part, local, mean_over_rows, path_terms, refuse, too_many

Array = np.ndarray
LIMIT = 200_000  # products in a batch: below a second
SAMPLED = 200  # entries at most


@dataclass(frozen=True)
class Path:
    """One way from z_j^l to the cost: the neurons (layer, enters at z, leaves by a), and a factor for each step."""

    neurons: tuple[tuple[int, int, int], ...]
    factors: tuple[float, ...]

    @property
    def product(self) -> float:
        """What this path alone contributes to ∂c/∂z_j^l."""
        return math.prod(self.factors)


def refuses(p: Problem) -> str | None:
    """Why this method is skipped here, with the number of products; None where it can run."""
    return too_many("paths", path_terms(p) * len(p.x), LIMIT, "products of paths in this batch")


def gradient(p: Problem) -> Parameters:
    """∂C/∂θ by the sum over all paths, the mean over the rows."""
    refuse(refuses(p))
    return mean_over_rows(p, of_example, "paths")


def of_example(network: Network, here: Local) -> Parameters:
    """∂c/∂θ of one example: for each weight the products of its own paths, then their sum."""
    weights, biases = [], []
    for l in here.z.numbers:
        products = [np.array([path.product for path in paths(network, here, l, j)]) for j in range(network.sizes[l])]
        weights.append(np.array([[(a_k * each).sum() for a_k in here.a[l - 1]] for each in products]))
        biases.append(bias_part(network.biases[l], np.array([each.sum() for each in products])))
    return Parameters(weights, biases)


def rounding(p: Problem) -> Parameters:
    """How far rounding may move the sums here: ε/2 of each product for each of its 2L factors, whatever the products add up to.

    What cancels between paths cancels at the very end, in their sum; backpropagation cancels layer by layer, so that its
    own rounding is smaller. The sum of the absolute products comes from the recursion, without the repetition.
    """
    size = mean_over_rows(p, _absolute, "paths")
    return size * (p.network.depth * float(np.finfo(np.float64).eps))


def _absolute(network: Network, here: Local) -> Parameters:
    """Σ |product| over the paths of each entry, times |a_k| for a weight."""
    received = np.abs(here.top)
    weights: list[Array] = []
    biases: list[Array] = []
    for l in range(network.depth, 0, -1):
        received = received @ np.abs(here.matrix(l))
        weights.insert(0, np.outer(received, np.abs(here.a[l - 1])))
        biases.insert(0, bias_part(network.biases[l], received))
        received = received @ np.abs(network.weights[l])
    return Parameters(weights, biases)


def most(p: Problem) -> int:
    """How many entries can be had one by one, each with as many paths as one of layer 1 has."""
    widest = path_terms(p) // p.network.weights[1].size
    return min(SAMPLED, LIMIT // max(1, widest * len(p.x)))


def some(p: Problem, entries: Sequence[int]) -> Array:
    """∂C/∂θ of some entries of the flat vector, the mean over the rows."""
    total = np.zeros(len(entries))
    for row, target in zip(p.x, p.y):
        here = local(p.network, row, target, p.pair)
        total += [_of_entry(p.network, here, of_entry(p.network.parameters, entry)) for entry in entries]
    return total / len(p.x)


def _of_entry(network: Network, here: Local, id: Id) -> float:
    """∂c/∂w_jk^l or ∂c/∂b_j^l of one example; one bias for a whole layer collects the paths of every neuron."""
    shared = id.kind == "b" and network.biases[id.layer].size < network.sizes[id.layer]
    neurons = range(network.sizes[id.layer]) if shared else [id.neuron]
    received = math.fsum(path.product for j in neurons for path in paths(network, here, id.layer, j))
    return received * float(here.a[id.layer - 1][id.source]) if id.kind == "w" else received


def paths(network: Network, here: Local, layer: int, neuron: int) -> Iterator[Path]:
    """Every path from z_j^l to the cost."""
    for out, slope in _ways_out(here.sigma[layer], neuron):
        step = (layer, neuron, out)
        if layer == network.depth:
            yield Path((step,), (slope, float(here.top[out])))
            continue
        for r, w_r in enumerate(network.weights[layer + 1][:, out].tolist()):
            for rest in paths(network, here, layer + 1, r):
                yield Path((step, *rest.neurons), (slope, w_r, *rest.factors))


def _ways_out(sigma: Array, neuron: int) -> list[tuple[int, float]]:
    """The activations z_j moves, with ∂a_i/∂z_j: its own, or in a softmax each."""
    if sigma.ndim == 1:
        return [(neuron, float(sigma[neuron]))]
    return list(enumerate(sigma[:, neuron].tolist()))
