"""The reference engine: the equations as written, a step at a time. Every other engine is tested against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from chainrule.backward import collect, errors
from chainrule.costs import Pair
from chainrule.data.coercion import are_finite
from chainrule.data.network_rows import Rows
from chainrule.engines.engine import Measured, Recipe, Steps, in_halves
from chainrule.engines.threads import blas_threads
from chainrule.forward import propagate
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.prediction import activations_of_rows
from chainrule.updates import Advance, Memory, TwoFunctions

Array = np.ndarray


@dataclass
class Running:
    """A run under way. `theta` is the one vector of all weights and biases, which `parameters` shows by layer."""

    recipe: Recipe
    origin: Network
    rows: Rows
    theta: Array
    parameters: Parameters
    pair: Pair  # the cost on the network's output
    free: Array | None  # which entries of theta move; None for all
    penalized: Array | None  # 1 where an entry of theta is penalised and decays, 0 elsewhere; None for none
    advance: Advance
    memory: Memory
    step: int = 0
    threads: int | None = None


class ReferenceEngine:
    """Forward, backward, collect, move: S4.15's six steps over batches, in NumPy. It runs every recipe."""

    name = "reference"

    def refuses(self, recipe: Recipe, network: Network) -> str | None:
        return None

    def holds(self, recipe: Recipe, network: Network, batch: int) -> int:
        return 0

    def start(self, recipe: Recipe, network: Network, rows: Rows, snapshot: Mapping[str, Any] | None = None) -> Running:
        given = network.parameters
        advance, memory = recipe.rule.begin(given)
        theta, step = given.flat(), 0
        if snapshot is not None:
            theta = given.like(snapshot["parameters"]).astype(given.dtype).flat()
            step = snapshot["step"]
            memory = _remembered(snapshot, given if isinstance(recipe.rule.step, TwoFunctions) else None)
        pair, free = recipe.cost.on(network.output), _free(given, recipe.fixed) if recipe.fixed else None
        penalized = recipe.penalty.entries(given) if recipe.penalty else None
        return Running(recipe, network, rows, theta, given.like(theta), pair, free, penalized, advance, memory, step)

    def run(self, state: Running, order: Array, rates: Array) -> Steps:
        costs, sizes = np.empty(len(order)), (order >= 0).sum(axis=1).tolist()
        for size, steps in groupby(range(len(order)), key=sizes.__getitem__):  # a short batch has threads of its own
            # NaN and infinities are found step by step, so NumPy need not speak of them
            with np.errstate(all="ignore"), blas_threads(state.parameters, size) as threads:
                state.threads = _most(state.threads, threads)
                for step in steps:
                    costs[step], gradient = _gradient(state, order[step, :size])
                    if not (np.isfinite(costs[step]) and _apply(state, gradient, float(rates[step]))):
                        return Steps(costs[: step + 1], step)
        return Steps(costs)

    def gradient(self, state: Running, batch: Array) -> tuple[float, Array]:
        with np.errstate(all="ignore"), blas_threads(state.parameters, len(batch)) as threads:
            state.threads = _most(state.threads, threads)
            return _gradient(state, batch)

    def apply(self, state: Running, gradient: Array, rate: float) -> bool:
        with np.errstate(all="ignore"):
            return _apply(state, gradient, rate)

    def measured(self, state: Running, batch: Array, rate: float) -> tuple[float, Measured | None]:
        with blas_threads(state.parameters, len(batch)):  # those of a whole step
            return in_halves(self, state, batch, rate, state.parameters)

    def network(self, state: Running) -> Network:
        return state.origin.with_parameters(state.parameters)

    def predict(self, network: Network, rows: Array) -> Array:
        return activations_of_rows(network, rows)

    def snapshot(self, state: Running) -> dict[str, Any]:
        return named(state.theta.copy(), state.memory, state.step)

    def threads(self, state: Running) -> int | None:
        return state.threads


def _most(*threads: int | None) -> int | None:
    return max((n for n in threads if n is not None), default=None)


def _gradient(state: Running, batch: Array) -> tuple[float, Array]:
    sigmas, pair, recipe = state.origin.activations, state.pair, state.recipe
    y, share = state.rows.targets[batch], state.rows.shares(batch)
    masks = recipe.dropout.masks(state.step + 1, batch, state.origin.sizes, state.theta.dtype) if recipe.dropout else {}
    a, z = propagate(state.parameters, sigmas, state.rows.inputs[batch], masks)
    cost = pair.value(z[-1] if pair.of == "z" else a[-1], y) @ share
    delta = errors(state.parameters, sigmas, a, z, y, pair, masks)
    gradient = collect(state.parameters, a, delta, share).flat()
    if state.penalized is not None:
        gradient += recipe.penalty.slope(state.theta) * state.penalized
    if state.free is not None:  # the rule sees no gradient of a fixed layer
        gradient[~state.free] = 0
    return float(cost), gradient


def moved(state: Running, gradient: Array, rate: float) -> tuple[Array, Memory]:
    """(θ, what the rule remembers) as they would be after a move along this gradient; the state stays as it is."""
    recipe, theta = state.recipe, state.theta
    move, memory = state.advance(recipe.clip(gradient), theta, state.memory, state.step + 1, rate)
    if state.penalized is not None and recipe.penalty.decay:
        theta = theta - theta * (state.penalized * (rate * recipe.penalty.decay))
    theta = theta + move
    return theta if state.free is None else np.where(state.free, theta, state.theta), memory


def _apply(state: Running, gradient: Array, rate: float) -> bool:
    theta, memory = moved(state, gradient, rate)
    if not (are_finite(theta) and all(map(_is_finite, memory.values()))):
        return False
    state.theta[:], state.memory = theta, memory
    state.step += 1
    return True


def named(theta: Array, memory: Memory, step: int) -> dict[str, Any]:
    """A snapshot of these."""
    vectors = {key: value.flat() if isinstance(value, Parameters) else value for key, value in memory.items()}
    return {"parameters": theta, **{f"rule/{key}": value for key, value in vectors.items()}, "step": step}


def _remembered(snapshot: Mapping[str, Any], parameters: Parameters | None) -> Memory:
    """What a snapshot says that the rule remembers; as Parameters where the rule works on those."""
    memory = {key.removeprefix("rule/"): value for key, value in snapshot.items() if key.startswith("rule/")}
    if parameters is None:
        return memory
    return {key: parameters.like(value) if isinstance(value, np.ndarray) else value for key, value in memory.items()}


def _is_finite(value: Any) -> bool:
    return value.is_finite() if isinstance(value, Parameters) else are_finite(np.asarray(value))


def _free(parameters: Parameters, fixed: frozenset[int]) -> Array:
    """Which entries of the vector of weights and biases are of layers that move."""
    still = parameters.zeros()
    return still.map(np.ones_like).with_layers(fixed, still).flat().astype(bool)
