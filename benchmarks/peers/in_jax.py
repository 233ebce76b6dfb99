"""JAX at its best on these tasks: a whole epoch in one compiled call, by lax.scan, whose weights are donated."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from workloads import Task

Tree = Any  # a tree of arrays, as JAX has them
HIDDEN = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}


class Jax:
    """`order` are row numbers, drawn by NumPy: its permutation is faster than jax.random's."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.inputs = jnp.asarray(task.inputs)
        self.targets = jnp.asarray(task.labels if task.workload.cost == "cross_entropy" else task.targets)
        self._right = jax.jit(_right_of(task))
        self._epoch = jax.jit(_epoch_of(task), donate_argnums=0)
        self.restart(task.network, 0)

    def restart(self, network: Any, seed: int) -> None:
        self.network, self.rng = network, np.random.default_rng(seed)
        self.state = self._start()

    def in_order(self, epochs: int) -> list[float]:
        rows, costs, self.state = np.arange(self.task.workload.rows), [], self._start()
        for _ in range(epochs):
            costs.append(self._run(rows))
        self.state = self._start()
        return costs

    def epoch(self) -> float:
        return self._run(self.rng.permutation(self.task.workload.rows))

    def accuracy(self) -> float:
        inputs, labels = self.task.tests
        return float(self._right(self.state[0], inputs, labels))

    def _start(self) -> Tree:
        network = self.network
        weights = [(jnp.array(w.T), jnp.array(b)) for w, b in zip(network.weights, network.biases)]
        slots = {"delta_rule": 0, "momentum": 1, "adam": 2}[self.task.workload.rule]
        return weights, [jax.tree.map(jnp.zeros_like, weights) for _ in range(slots)], jnp.zeros((), jnp.int32)

    def _run(self, order: np.ndarray) -> float:
        self.state, cost = self._epoch(self.state, self.inputs, self.targets, order.astype(np.int32))
        return float(cost)


def _epoch_of(task: Task) -> Any:
    """(state, inputs, targets, order) -> (state, mean cost of its rows)."""
    workload, slope = task.workload, jax.value_and_grad(_cost_of(task))

    def step(state: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, jax.Array]:
        weights, slots, t = state
        cost, gradient = slope(weights, x, y)
        moves, slots = MOVES[workload.rule](gradient, slots, t + 1, workload.rate)
        return (jax.tree.map(jnp.add, weights, moves), slots, t + 1), cost

    def epoch(state: Tree, inputs: jax.Array, targets: jax.Array, order: jax.Array) -> tuple[Tree, jax.Array]:
        whole = workload.rows // workload.batch * workload.batch
        state, costs = lax.scan(
            lambda state, rows: step(state, inputs[rows], targets[rows]),
            state,
            order[:whole].reshape(-1, workload.batch),
        )
        total = costs.sum() * workload.batch
        if rest := workload.rows - whole:  # the last batch has fewer rows
            state, cost = step(state, inputs[order[whole:]], targets[order[whole:]])
            total += cost * rest
        return state, total / workload.rows

    return epoch


def _outputs(task: Task, weights: Tree, x: jax.Array) -> jax.Array:
    """z of the last layer."""
    for w, b in weights[:-1]:
        x = HIDDEN[task.workload.hidden](x @ w + b)
    w, b = weights[-1]
    return x @ w + b


def _right_of(task: Task) -> Any:
    """The share of rows whose largest output is that of their class."""
    return lambda weights, x, labels: (_outputs(task, weights, x).argmax(axis=1) == labels).mean()


def _cost_of(task: Task) -> Any:
    workload = task.workload

    def cost(weights: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        z = _outputs(task, weights, x)
        if workload.cost == "cross_entropy":
            return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1).mean()
        a = jax.nn.sigmoid(z) if workload.output == "sigmoid" else z
        return 0.5 * ((a - y) ** 2).sum(axis=1).mean()

    return cost


def _delta_rule(gradient: Tree, slots: list[Tree], t: jax.Array, rate: float) -> tuple[Tree, list[Tree]]:
    return jax.tree.map(lambda g: -rate * g, gradient), slots


def _momentum(gradient: Tree, slots: list[Tree], t: jax.Array, rate: float) -> tuple[Tree, list[Tree]]:
    velocity = jax.tree.map(lambda v, g: 0.9 * v + g, slots[0], gradient)
    return jax.tree.map(lambda v: -rate * v, velocity), [velocity]


def _adam(gradient: Tree, slots: list[Tree], t: jax.Array, rate: float) -> tuple[Tree, list[Tree]]:
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, slots[0], gradient)
    square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, slots[1], gradient)
    now, root = rate / (1 - 0.9**t), jnp.sqrt(1 - 0.999**t)
    return jax.tree.map(lambda m, s: -now * m / (jnp.sqrt(s) / root + 1e-8), mean, square), [mean, square]


MOVES = {"delta_rule": _delta_rule, "momentum": _momentum, "adam": _adam}
