"""The port every engine answers to: the recipe and the rows it is given, the steps it gives back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from chainrule.costs import Cost
from chainrule.data.network_rows import Rows
from chainrule.dropout import Dropout
from chainrule.network import Network
from chainrule.parameters import Parameters, length
from chainrule.regularization import Clip, Penalty
from chainrule.updates import Rule

Array = np.ndarray
TINY = 1e-280  # a sum of squares below it may have lost some to underflow


@dataclass(frozen=True)
class Recipe:
    """What to minimise, how to move, and the layers (1…L) whose weights and biases do not move.

    A step's gradient is that of its cost, with the neurons that `dropout` leaves, and of the penalty; it is 0 in a fixed
    layer. Then it is clipped, the weights decay, and the rule moves them.
    """

    cost: Cost
    rule: Rule
    fixed: frozenset[int] = frozenset()
    penalty: Penalty = field(default_factory=Penalty)
    clip: Clip = field(default_factory=Clip)
    dropout: Dropout = field(default_factory=Dropout)


@dataclass(frozen=True)
class Steps:
    """What a call of `run` gives: each step's cost before its move, and where the run left the finite numbers.

    The cost is the mean of w_i c_i over the batch, without the penalty. `first_bad` is the number
    (0, 1, …) of the first step whose cost is NaN or infinite, or after which a weight, a bias or what the rule remembers
    would be; `costs` then ends with it. None where there is no such step.
    """

    costs: Array
    first_bad: int | None = None


@dataclass(frozen=True)
class Measured:
    """A step that was looked at: its cost, and by layer 1…L the lengths of weights and biases before it, gradient and move.

    The gradient is that before it is clipped, penalties included.
    """

    cost: float
    before: list[float]
    gradient: list[float]
    move: list[float]


@runtime_checkable
class Engine(Protocol):
    """Many training steps a call. An engine owns its buffers and changes them; the state it hands out is opaque.

    `refuses`   why it cannot run a recipe, in the user's words; None where it can
    `holds`     how many bytes a run takes beyond its rows, its batch of so many, and the weights and gradients every run has
    `start`     a state before the first step, or where a snapshot left off
    `run`       steps in this order (steps, batch) of row numbers, −1 where a batch has fewer rows, each at its rate (steps,)
    `gradient`  the first half of a step: (cost, gradient) of a batch of row numbers, as `Parameters.flat`
    `apply`     the second: moves along such a gradient, perhaps one averaged over several machines
    `measured`  a step of its own, looked at: (cost, what was seen), None where the step was not taken
    `threads`   the most that a run's products were given; None where it is not known

    A step that would leave the finite numbers is not taken: `run` stops with the state as it was before it, and `apply`
    answers False. A snapshot holds "parameters", "step" (how many were taken) and "rule/NAME" for each slot, vectors as
    `Parameters.flat` gives them, so that one engine goes on where another stopped. Whether the same call gives the same
    bits is an engine's own affair: nothing outside depends on it.
    """

    name: str

    def refuses(self, recipe: Recipe, network: Network) -> str | None: ...
    def holds(self, recipe: Recipe, network: Network, batch: int) -> int: ...
    def start(self, recipe: Recipe, network: Network, rows: Rows, snapshot: Mapping[str, Any] | None = None) -> Any: ...
    def run(self, state: Any, order: Array, rates: Array) -> Steps: ...
    def gradient(self, state: Any, batch: Array) -> tuple[float, Array]: ...
    def apply(self, state: Any, gradient: Array, rate: float) -> bool: ...
    def measured(self, state: Any, batch: Array, rate: float) -> tuple[float, Measured | None]: ...
    def network(self, state: Any) -> Network: ...
    def predict(self, network: Network, rows: Array) -> Array: ...
    def snapshot(self, state: Any) -> Mapping[str, Any]: ...
    def threads(self, state: Any) -> int | None: ...


def in_halves(
    engine: Engine, state: Any, batch: Array, rate: float, like: Parameters | None = None
) -> tuple[float, Measured | None]:
    """`measured` for an engine that has nothing faster: a step in its two halves. `like` has the shapes of the layers."""
    like = engine.network(state).parameters if like is None else like
    before = engine.snapshot(state)["parameters"].copy()
    cost, gradient = engine.gradient(state, batch)
    gradient = gradient.copy()
    if not (math.isfinite(cost) and engine.apply(state, gradient, rate)):
        return cost, None
    move = engine.snapshot(state)["parameters"] - before
    return cost, Measured(cost, *(lengths(like, each) for each in (before, gradient, move)))


def lengths(parameters: Parameters, vector: Array) -> list[float]:
    """The Euclidean length of each layer's part of a vector such as `Parameters.flat`, its weights and biases together."""
    found, start = [], 0
    for w, b in zip(parameters.weights, parameters.biases):
        part = vector[start : (start := start + w.size + b.size)].astype(np.float64)
        with np.errstate(over="ignore"):
            squared = float(part @ part)
        found.append(math.sqrt(squared) if TINY < squared < math.inf else length(part))
    return found


def batches(order: Array) -> Iterator[Array]:
    """The row numbers of each step of an order, without the −1 that fill a batch of fewer rows."""
    for batch in order:
        yield batch if batch[-1] >= 0 else batch[batch >= 0]
