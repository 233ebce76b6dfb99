"""The port every engine answers to, and the recipe it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from chainrule.costs import Cost
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.updates import Rule

Array = np.ndarray


@dataclass(frozen=True)
class Recipe:
    """What to minimise, how to move, and the layers (1…L) whose weights and biases do not move."""

    cost: Cost
    rule: Rule
    fixed: frozenset[int] = frozenset()


@runtime_checkable
class Engine(Protocol):
    """Many training steps a call. An engine owns its buffers; the state it hands out is opaque to everyone else.

    Rows of inputs (rows, in) and targets (rows, out) are given once, in the network's dtype, with weights (rows,) of
    mean 1, or None. `run` takes row numbers of shape (steps, batch) and gives each step's cost before its move: the mean
    of w_i c_i over the batch, which is the function whose gradient the step follows. The same state and order give the
    same bits with the same BLAS, processor and number of threads; `threads` is the most that a run's products were given,
    or None where it is not known. `snapshot` is all it takes to go on bit for bit after `restore`.
    """

    name: str

    def start(self, recipe: Recipe, network: Network, inputs: Array, targets: Array, weights: Array | None) -> Any: ...
    def run(self, state: Any, order: Array) -> tuple[Any, Array]: ...
    def network(self, state: Any) -> Network: ...
    def threads(self, state: Any) -> int | None: ...
    def gradient(self, network: Network, inputs: Array, targets: Array, cost: Cost) -> Parameters: ...
    def predict(self, network: Network, inputs: Array) -> Array: ...
    def snapshot(self, state: Any) -> dict[str, Any]: ...
    def restore(self, state: Any, snapshot: dict[str, Any]) -> Any: ...
