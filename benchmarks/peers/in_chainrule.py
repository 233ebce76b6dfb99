"""chainrule itself, through `chainrule.epochs`, and one of its engines alone, through the engine's port."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from workloads import Task

import chainrule as cr
from chainrule.costs import named as cost_named
from chainrule.data.dataset import epoch_order, step_sizes
from chainrule.data.network_rows import Rows
from chainrule.engines.choose import NAMED
from chainrule.engines.engine import Recipe, Steps
from chainrule.updates import Rule
from chainrule.updates import named as rule_named

ENDLESS = 1_000_000_000  # epochs


class Chainrule:
    """The public way: a stream of epochs."""

    def __init__(self, task: Task, engine: str) -> None:
        self.task, self.engine = task, engine
        self.restart(task.network, 0)

    def restart(self, network: cr.Network, seed: int) -> None:
        self.network, self.seed = network, seed
        self._stream: Iterator[cr.Epoch] = iter(self._epochs(shuffle=True))

    def in_order(self, epochs: int) -> list[float]:
        return [each.cost for each in islice(self._epochs(shuffle=False), epochs)]

    def epoch(self) -> float:
        self.last = next(self._stream)
        return self.last.cost

    def accuracy(self) -> float:
        """That on the validation rows, which belongs to an epoch."""
        return float(self.last.validation_score or 0.0)

    def _epochs(self, shuffle: bool) -> cr.Epochs:
        task = self.task
        return cr.epochs(
            self.network, (task.inputs, task.targets), rule=_rule(task), cost=task.workload.cost, epochs=ENDLESS,
            batch_size=task.workload.batch, engine=self.engine, shuffle=shuffle, seed=self.seed, validation=task.tests,
        )  # fmt: skip


class EngineAlone:
    """The same epochs in one call each of `Engine.run`: what is left is the price of what stands around an engine."""

    def __init__(self, task: Task, engine: str) -> None:
        self.task, self.engine, self.rng = task, NAMED[engine](), np.random.default_rng(0)
        self.state = self._start()
        self.rates = np.full(task.workload.steps, task.workload.rate)

    def in_order(self, epochs: int) -> list[float]:
        state = self._start()
        return [self._run(state, None) for _ in range(epochs)]

    def epoch(self) -> float:
        return self._run(self.state, self.rng)

    def _start(self) -> object:
        task = self.task
        recipe = Recipe(cost_named(task.workload.cost), _rule(task))
        return self.engine.start(recipe, task.network, Rows(task.inputs, task.targets))

    def _run(self, state: object, rng: np.random.Generator | None) -> float:
        order = epoch_order(self.task.workload.rows, self.task.workload.batch, rng)
        steps: Steps = self.engine.run(state, order, self.rates)
        return float(np.average(steps.costs, weights=step_sizes(order)))


def _rule(task: Task) -> Rule:
    return rule_named(task.workload.rule, learning_rate=task.workload.rate)
