"""The reference engine: the equations as written, a step at a time. Every other engine is tested against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.backward import collect, errors, gradient
from chainrule.costs import Cost
from chainrule.engines.engine import Recipe
from chainrule.engines.threads import blas_threads
from chainrule.forward import propagate, shares
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.prediction import activations_of_rows
from chainrule.updates import State

Array = np.ndarray


@dataclass(frozen=True)
class Running:
    """A run under way: the recipe and the rows, and what each step replaces."""

    recipe: Recipe
    origin: Network
    inputs: Array
    targets: Array
    weights: Array | None
    parameters: Parameters
    rule_state: State
    threads: int | None = None


class ReferenceEngine:
    """Forward, backward, collect, move: S4.15's six steps over batches, in NumPy."""

    name = "reference"

    def start(self, recipe: Recipe, network: Network, inputs: Array, targets: Array, weights: Array | None) -> Running:
        state = recipe.rule.start(network.parameters)
        return Running(recipe, network, inputs, targets, weights, network.parameters, state)

    def run(self, state: Running, order: Array) -> tuple[Running, Array]:
        sigmas, pair, move = state.origin.activations, state.recipe.cost.on(state.origin.output), state.recipe.rule.move
        parameters, rule_state, fixed = state.parameters, state.rule_state, state.recipe.fixed
        still, costs = parameters.zeros(), np.empty(len(order))
        with (
            np.errstate(all="ignore"),  # NaN and infinities are found by whoever reads the costs and the snapshot
            blas_threads(parameters, order.shape[1]) as threads,
        ):
            for step, rows in enumerate(order):
                y = state.targets[rows]
                share = batch_shares(state.weights, rows)
                a, z = propagate(parameters, sigmas, state.inputs[rows])
                costs[step] = pair.value(z[-1] if pair.of == "z" else a[-1], y) @ share
                delta = errors(parameters, sigmas, a, z, y, pair)
                slope = collect(parameters, a, delta, share)
                if fixed:  # their gradient is none of the rule's business, and nothing that it adds reaches them
                    slope = slope.with_layers(fixed, still)
                change, rule_state = move(slope, rule_state)
                parameters = (parameters + change).with_layers(fixed, parameters) if fixed else parameters + change
        most = max((n for n in (state.threads, threads) if n is not None), default=None)
        return replace(state, parameters=parameters, rule_state=rule_state, threads=most), costs

    def network(self, state: Running) -> Network:
        return state.origin.with_parameters(state.parameters)

    def threads(self, state: Running) -> int | None:
        return state.threads

    def gradient(self, network: Network, inputs: Array, targets: Array, cost: Cost) -> Parameters:
        return gradient(network, inputs, targets, cost)

    def predict(self, network: Network, inputs: Array) -> Array:
        return activations_of_rows(network, inputs)

    def snapshot(self, state: Running) -> dict[str, Any]:
        flat = {
            key: value.flat() if isinstance(value, Parameters) else value for key, value in state.rule_state.items()
        }
        return {"parameters": state.parameters.flat(), **{f"rule/{key}": value for key, value in flat.items()}}

    def restore(self, state: Running, snapshot: dict[str, Any]) -> Running:
        like = state.parameters.like
        rule = {key.removeprefix("rule/"): value for key, value in snapshot.items() if key.startswith("rule/")}
        rule_state = {key: like(value) if isinstance(value, np.ndarray) else value for key, value in rule.items()}
        return replace(state, parameters=like(snapshot["parameters"]), rule_state=rule_state)


def batch_shares(weights: Array | None, rows: Array) -> Array:
    """Each row's share in its step: w_i / (rows in the batch), the weights having mean 1 over the whole data set.

    Shares of a batch need not sum to 1: a batch of light rows moves less. So the steps of an epoch, each counted by its
    rows, have the gradient of the weighted total as their mean, whatever the batch size.
    """
    return shares(len(rows), "mean") if weights is None else weights[rows] / len(rows)
