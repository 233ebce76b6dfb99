"""Each example's own gradient, computed on demand: a tensor of them is batch times the network's size (S4.17)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

from chainrule.backward import bias_gradient, collect, errors_of
from chainrule.costs import Cost
from chainrule.errors import IdError, SettingError
from chainrule.forward import shares
from chainrule.network import Network
from chainrule.parameters import Layers, Parameters
from chainrule.problem import Problem

Array = np.ndarray
NUMBERS = 2**15  # that are squared at a time


class PerExampleGradients:
    """∂c_i/∂w and ∂c_i/∂b of each example i: whole costs' gradients, not shares of a mean.

    gradients[i]          of one example, as Parameters
    gradients.norms()     ‖∂c_i‖ of every example, without making any of the gradients
    gradients.tensor(l)   ∂c_i/∂w^l, shape (sample, neuron, weight), the tensor of S4.17
    gradients.chunks(n)   (row numbers, weights, biases) for n examples at a time
    gradients.reduce()    their mean or sum, with weights: the gradient of the total
    """

    def __init__(self, network: Network, a: list[Array], delta: list[Array]) -> None:
        self._network = network
        self._a = [np.ascontiguousarray(each) for each in a]  # inputs may come column by column, as from a data frame
        self._delta = delta

    def __len__(self) -> int:
        return len(self._delta[0])

    def __repr__(self) -> str:
        return f"PerExampleGradients({len(self):,} examples of {self._network!r})"

    def __getitem__(self, i: int) -> Parameters:
        if not -len(self) <= i < len(self):
            raise IdError(f"there are {len(self)} examples, numbered 0…{len(self) - 1}, got {i}")
        row = slice(i % len(self), i % len(self) + 1)
        a, delta = [each[row] for each in self._a], [each[row] for each in self._delta]
        return collect(self._network.parameters, a, delta, np.ones(1))

    def __iter__(self) -> Iterator[Parameters]:
        return (self[i] for i in range(len(self)))

    def norms(self) -> Float[np.ndarray, " batch"]:
        """‖∂c_i‖ of every example: ∂c_i/∂w is an outer product, so its norm is ‖δ_i‖ ‖a_i‖ (Goodfellow 2015)."""
        square = np.zeros(len(self))
        for before, delta, b in zip(self._a, self._delta, self._network.biases):
            if b.size == delta.shape[1]:  # one per neuron, as the weight of an input that is always 1
                square += _squares(delta) * (_squares(before) + 1)
            else:
                square += _squares(delta) * _squares(before)
                square += _squares(bias_gradient(b, delta.astype(np.float64)))
        return np.sqrt(square)

    def tensor(self, layer: int, rows: slice = slice(None)) -> Float[np.ndarray, "sample neuron weight"]:
        """∂c_i/∂w^l of the examples, or of a slice of them: δ_i,j a_i,k, one example after the other in memory."""
        delta, before = Layers(self._delta)[layer], Layers(self._a, first=0)[layer - 1]
        return np.einsum("ij,ik->ijk", delta[rows], before[rows])  # broadcasting is slow where a neuron has few weights

    def biases(self, layer: int, rows: slice = slice(None)) -> Float[np.ndarray, "sample bias"]:
        """∂c_i/∂b^l of the examples, or of a slice of them."""
        return bias_gradient(self._network.biases[layer], Layers(self._delta)[layer][rows])

    def chunks(self, size: int) -> Iterator[tuple[slice, Layers[Array], Layers[Array]]]:
        """The tensors of `size` examples at a time, as (rows, weights by layer, biases by layer)."""
        if size < 1:
            raise SettingError(f"a chunk holds at least one example, got {size}")
        numbers = range(1, self._network.depth + 1)
        for start in range(0, len(self), size):
            rows = slice(start, min(start + size, len(self)))
            yield rows, Layers([self.tensor(l, rows) for l in numbers]), Layers([self.biases(l, rows) for l in numbers])

    def reduce(self, reduction: str = "mean", weight: Any = None) -> Parameters:
        """The gradient of the total (S1.11): the mean or the sum of these, weighted if weights are given."""
        return collect(self._network.parameters, self._a, self._delta, shares(len(self), reduction, weight))


def _squares(rows: Array) -> Float[np.ndarray, " batch"]:
    """‖row‖² of each row (batch, n) in float64, some rows at a time, which stay in the processor's cache."""
    found, size = np.empty(len(rows)), max(1, NUMBERS // max(1, rows.shape[1]))
    for start in range(0, len(rows), size):
        part = rows[start : start + size].astype(np.float64, copy=False)
        np.vecdot(part, part, out=found[start : start + size])
    return found


def per_example_gradients(network: Network, x: Any, y: Any, cost: str | Cost | None = None) -> PerExampleGradients:
    """Each example's own gradient, lazily: one forward and one backward pass now, the products computed on demand.

    The cost is the network's own unless one is named.
    """
    return per_example_of(Problem.of(network, x, y, cost, "per_example_gradients(network, x, y)"))


def per_example_of(problem: Problem) -> PerExampleGradients:
    """Each example's own gradient of a problem."""
    back = problem.once(errors_of)
    return PerExampleGradients(problem.network, list(back.trace.a), list(back.delta))
