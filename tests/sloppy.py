"""A second engine, as careless as the port allows: what trains on it leans on nothing that only the reference engine does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.backward import collect, errors
from chainrule.data.network_rows import Rows
from chainrule.engines.engine import Measured, Recipe, Steps, batches, in_halves
from chainrule.engines.threads import blas_threads
from chainrule.forward import propagate
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.prediction import activations_of_rows
from chainrule.updates import TwoFunctions

FLOAT32 = float(np.finfo("float32").eps)


@dataclass
class Buffers:
    """What a run writes over and over: the weights and the vector that shows them, their gradient, the costs."""

    recipe: Recipe
    origin: Network
    rows: Rows
    parameters: Parameters
    theta: np.ndarray
    moves: np.ndarray
    gradient: np.ndarray
    advance: Any
    memory: Mapping[str, Any]
    step: int = 0
    costs: np.ndarray = field(default_factory=lambda: np.empty(0))
    threads: int | None = None


class SloppyEngine:
    """Sums over the rows in another order each time, only as exact as float32's; what it hands out, it writes over.

    The range is that of the network's own dtype, so that a run leaves the finite numbers where it does elsewhere.
    """

    name = "sloppy"

    def __init__(self) -> None:
        self.rng = np.random.default_rng()  # not seeded: nobody may count on its bits

    def refuses(self, recipe: Recipe, network: Network) -> str | None:
        return None

    def holds(self, recipe: Recipe, network: Network, batch: int) -> int:
        return 0

    def start(self, recipe: Recipe, network: Network, rows: Rows, snapshot: Mapping[str, Any] | None = None) -> Buffers:
        given, step = network.parameters, 0
        advance, memory = recipe.rule.begin(given)
        theta = given.flat()
        if snapshot is not None:
            theta[:], step = given.like(snapshot["parameters"]).flat(), snapshot["step"]
            memory = {key.removeprefix("rule/"): value for key, value in snapshot.items() if key.startswith("rule/")}
            if isinstance(recipe.rule.step, TwoFunctions):
                memory = {key: given.like(v) if isinstance(v, np.ndarray) else v for key, v in memory.items()}
        moves = given.map(np.ones_like).with_layers(recipe.fixed, given.zeros()).flat() > 0
        return Buffers(
            recipe, network, rows, given.like(theta), theta, moves, np.empty_like(theta), advance, memory, step
        )

    def run(self, state: Buffers, order: np.ndarray, rates: np.ndarray) -> Steps:
        if len(state.costs) != len(order):
            state.costs = np.empty(len(order))
        with np.errstate(all="ignore"), blas_threads(state.parameters, order.shape[1]) as state.threads:
            for step, (batch, rate) in enumerate(zip(batches(order), rates)):
                state.costs[step], gradient = self.gradient(state, batch)
                if not (np.isfinite(state.costs[step]) and self.apply(state, gradient, float(rate))):
                    return Steps(state.costs[: step + 1], step)
        return Steps(state.costs)

    def gradient(self, state: Buffers, batch: np.ndarray) -> tuple[float, np.ndarray]:
        batch = self.rng.permutation(batch)
        pair, y, share = state.recipe.cost.on(state.origin.output), state.rows.targets[batch], state.rows.shares(batch)
        recipe, theta = state.recipe, state.theta
        with np.errstate(all="ignore"):
            masks = recipe.dropout.masks(state.step + 1, batch, state.origin.sizes, theta.dtype)
            a, z = propagate(state.parameters, state.origin.activations, state.rows.inputs[batch], masks)
            cost = pair.value(z[-1] if pair.of == "z" else a[-1], y) @ share
            delta = errors(state.parameters, state.origin.activations, a, z, y, pair, masks)
            exact = collect(state.parameters, a, delta, share).flat()
            exact = (exact + recipe.penalty.slope(theta) * recipe.penalty.entries(state.parameters)) * state.moves
            np.multiply(exact, 1 + self.rounding(exact.shape).astype(exact.dtype), out=state.gradient)
            state.gradient[~state.moves] = 0
            return float(cost * (1 + self.rounding(()))), state.gradient

    def rounding(self, shape: tuple[int, ...]) -> np.ndarray:
        """The relative errors of numbers that went through float32, at random."""
        return self.rng.uniform(-FLOAT32, FLOAT32, shape)

    def apply(self, state: Buffers, gradient: np.ndarray, rate: float) -> bool:
        with np.errstate(all="ignore"):
            recipe, theta = state.recipe, state.theta
            move, memory = state.advance(recipe.clip(gradient), theta, state.memory, state.step + 1, rate)
            left = theta * (1 - rate * recipe.penalty.decay * recipe.penalty.entries(state.parameters))
            after = np.where(state.moves, left + move, theta)
        values = [each.flat() if isinstance(each, Parameters) else each for each in (after, *memory.values())]
        if not all(np.isfinite(each).all() for each in values):
            return False
        state.theta[:], state.memory, state.step = after, memory, state.step + 1
        return True

    def measured(self, state: Buffers, batch: np.ndarray, rate: float) -> tuple[float, Measured | None]:
        with blas_threads(state.parameters, len(batch)) as state.threads:
            return in_halves(self, state, batch, rate)

    def network(self, state: Buffers) -> Network:
        return state.origin.with_parameters(state.parameters)

    def predict(self, network: Network, rows: np.ndarray) -> np.ndarray:
        return activations_of_rows(network, rows)

    def snapshot(self, state: Buffers) -> dict[str, Any]:
        memory = {key: each.flat() if isinstance(each, Parameters) else each for key, each in state.memory.items()}
        return {"parameters": state.theta.copy(), **{f"rule/{key}": v for key, v in memory.items()}, "step": state.step}

    def threads(self, state: Buffers) -> int | None:
        return state.threads
