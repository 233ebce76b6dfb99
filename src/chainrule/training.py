"""Training: epochs(...) streams one state after another, train(...) runs them all and reports."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from chainrule.costs import Cost
from chainrule.data import Dataset, as_dataset, orders
from chainrule.divergence import in_the_equations, in_the_move, is_finite
from chainrule.engines.choose import choose
from chainrule.engines.engine import Recipe
from chainrule.engines.reference import batch_shares
from chainrule.engines.threads import blas_threads
from chainrule.errors import DivergenceError
from chainrule.forward import propagate, shares
from chainrule.network import Network, as_network, cost_for
from chainrule.prediction import score_rows
from chainrule.report import Report
from chainrule.settings import check_rule, fixed_layers, targets_or_cost, truth, whole, with_targets
from chainrule.training_rows import Rows, check_width, rows_for, terms_for
from chainrule.updates import Rule, as_rule

Array = np.ndarray


@dataclass(frozen=True)
class Epoch:
    """One pass over the rows: `cost` is the mean over them, each taken before the step that used it.

    `validation_cost` and `validation_score` are there where validation rows were given, and `validation_measure` says what the
    score is: accuracy, subset_accuracy or r_squared.
    """

    number: int
    steps: int
    cost: float
    seconds: float
    network: Network
    validation_cost: float | None = None
    validation_score: float | None = None
    validation_measure: str | None = None

    def facts(self) -> dict[str, Any]:
        """The epoch as plain numbers, without the network."""
        kept = ("number", "steps", "cost", "seconds", "validation_cost", "validation_score", "validation_measure")
        return {key: getattr(self, key) for key in kept if getattr(self, key) is not None}


@dataclass(frozen=True)
class Run:
    """What training gives: the network, the history as a list of facts by epoch, and the report."""

    network: Network
    history: list[dict[str, Any]]
    report: Report


def train(
    network: Network,
    data: Any,
    y: Any = None,
    rule: str | Rule = "adam",
    epochs: int = 20,
    batch_size: int = 32,
    seed: int | np.random.Generator = 0,
    validation: Any = None,
    engine: str = "reference",
    watch: Callable[[Epoch], None] | None = None,
    *,
    cost: str | Cost | None = None,
    shuffle: bool = True,
    fixed: SupportsIndex | Iterable[SupportsIndex] = (),
) -> Run:
    """Train, and report: `train(network, x, y)`, or `train(network, data)` with a Dataset, (x, y) or (x, y, weights).

    The cost is the network's own unless one is named, and the trained network remembers it; in the place of `y` a cost is
    read as one, `train(network, data, "huber")`. A step minimises the mean of w_i c_i over its batch, with row weights w_i of
    mean 1 over all rows. `validation` is data of the same kind, looked at after every epoch and never learnt from. `watch`
    is called after every epoch. With shuffle=False each epoch takes the rows in the given order. `fixed` names layers
    (1…L) whose weights and biases stay as they are: `fixed=1`, `fixed=[1, 2]`.

    The same seed gives the same bits on the same engine with the same number of threads (`report.threads`), the same BLAS
    and the same kind of processor; elsewhere sums may be rounded in another order. Raises DivergenceError, with the last
    good network in its `run`, when the cost or the weights become NaN or infinite.
    """
    stream = Epochs(
        network, data, y, rule, epochs, batch_size, seed, validation, engine, cost=cost, shuffle=shuffle, fixed=fixed
    )
    for epoch in stream:
        if watch is not None:
            watch(epoch)
    return stream.run()


class Epochs:
    """The same as `train`, streamed: an Epoch after each pass over the rows, with its network. Break whenever you like.

    for epoch in chainrule.epochs(network, data, rule="adam", epochs=50): print(epoch.number, epoch.cost)

    `run()` sums up the whole epochs so far, with the network after the last of them. Iterating again begins again: the
    same network and, where the seed is a number, the same order of the rows.
    """

    def __init__(
        self,
        network: Network,
        data: Any,
        y: Any = None,
        rule: str | Rule = "adam",
        epochs: int = 20,
        batch_size: int = 32,
        seed: int | np.random.Generator = 0,
        validation: Any = None,
        engine: str = "reference",
        *,
        cost: str | Cost | None = None,
        shuffle: bool = True,
        fixed: SupportsIndex | Iterable[SupportsIndex] = (),
    ) -> None:
        as_network(network, "train(network, x, y) and epochs(network, x, y)")
        y, cost = targets_or_cost(data, y, cost)
        check_rule(rule)
        self.recipe = Recipe(cost_for(network, cost), as_rule(rule), fixed_layers(fixed, network))
        self.recipe.cost.on(network.output)
        self.engine = choose(engine)
        self.epochs, self.batch_size = whole(epochs, "epochs"), whole(batch_size, "batch_size")
        self.seed = seed if isinstance(seed, np.random.Generator) else whole(seed, "seed", least=0)
        self.shuffle = truth(shuffle, "shuffle")
        dataset = with_targets(data, y, network.preprocessing)
        self.name, self.count = dataset.name, len(dataset)
        check_width(network, dataset)
        learner = network.with_cost(self.recipe.cost)
        self._origin = learner.with_preprocessing(terms_for(network, dataset, self.recipe.cost))
        self._rows = rows_for(self._origin, dataset, self.recipe.cost)
        self._validation = (
            None if validation is None else self._watched(as_dataset(validation, self._origin.preprocessing))
        )
        self._begin()

    def _watched(self, validation: Dataset) -> Rows:
        check_width(self._origin, validation)
        return rows_for(self._origin, validation, self.recipe.cost)

    def _begin(self) -> None:
        self._facts: list[dict[str, Any]] = []
        self._last: Epoch | None = None
        self._good: Epoch | None = None
        self._threads: int | None = None
        self.ended = "stopped early"

    @property
    def network(self) -> Network:
        """The network after the last whole epoch; before the first, as it was given."""
        return self._origin if self._last is None else self._last.network

    @property
    def history(self) -> list[dict[str, Any]]:
        """The facts of each whole epoch so far."""
        return self._facts[: 0 if self._last is None else self._last.number]

    def __iter__(self) -> Iterator[Epoch]:
        self._begin()
        rng = np.random.default_rng(self.seed) if self.shuffle else None
        rows, engine = self._rows, self.engine
        state = engine.start(self.recipe, self._origin, rows.inputs, rows.targets, rows.weights)
        before, steps, first_cost = engine.snapshot(state), 0, None
        for number in range(1, self.epochs + 1):
            started = time.perf_counter()
            costs, sizes = [], []
            for order in orders(self.count, self.batch_size, rng):
                state, part = engine.run(state, order)
                after = engine.snapshot(state)
                if not (np.isfinite(part).all() and is_finite(after)):
                    raise self._divergence(state, before, order, part, steps)
                before, steps = after, steps + len(order)
                costs.append(part)
                sizes.append(np.full(len(order), float(order.shape[1])))
                if first_cost is None:
                    first_cost = _first_cost(part, rows.weights, order)
            network, self._threads = engine.network(state), engine.threads(state)
            cost = float(np.average(np.concatenate(costs), weights=np.concatenate(sizes)))
            epoch = Epoch(number, steps, cost, time.perf_counter() - started, network, *self._validate(network))
            if first_cost is not None and cost <= first_cost:
                self._good = epoch  # what is left should a later epoch diverge
            self._facts.append(epoch.facts())
            self._last = epoch  # from here on the epoch counts, whenever Ctrl-C comes
            if number == self.epochs:
                self.ended = "finished"
            yield epoch

    def run(self) -> Run:
        """The network, the history and the report of the whole epochs so far."""
        return self._run_with(self.network)

    def _run_with(self, network: Network) -> Run:
        history = self.history
        report = Report(
            self.name, self.count, repr(network), repr(self.recipe.cost), repr(self.recipe.rule), self.engine.name,
            self.batch_size, self.seed if isinstance(self.seed, int) else None, len(history),
            history[-1]["steps"] if history else 0, math.fsum(facts["seconds"] for facts in history), history, self.ended,
            cost_before=self._cost(self._origin), cost_after=self._cost(network),
            threads=self._threads, shuffle=self.shuffle, fixed=tuple(sorted(self.recipe.fixed)),
        )  # fmt: skip
        return Run(network, history, report)

    def _cost(self, network: Network) -> float:
        """The cost on at most 1,000 of the training rows, evenly spaced."""
        some = np.linspace(0, self.count - 1, min(self.count, 1000)).astype(np.int64)
        weights = None if self._rows.weights is None else self._rows.weights[some]
        if weights is not None and not weights.any():
            return math.nan
        _, each = self._costs(network, self._rows.inputs[some], self._rows.targets[some])
        with np.errstate(all="ignore"):  # a cost may have overflowed
            return float(each @ shares(len(some), "mean", weights))

    def _costs(self, network: Network, x: Array, y: Array) -> tuple[Array, Array]:
        """(a^L, each row's cost) of rows in the network's terms."""
        pair = self.recipe.cost.on(network.output)
        with np.errstate(all="ignore"), blas_threads(network.parameters, len(x)):
            a, z = propagate(network.parameters, network.activations, x)
            return a[-1], pair.value(z[-1] if pair.of == "z" else a[-1], y)

    def _validate(self, network: Network) -> tuple[float | None, float | None, str | None]:
        if self._validation is None:
            return None, None, None
        rows = self._validation
        outputs, each = self._costs(network, rows.inputs, rows.targets)
        with np.errstate(all="ignore"):  # rows that were not learnt from may overflow; the cost says so
            cost = float(each @ shares(len(each), "mean", rows.weights))
            score = score_rows(network, outputs, rows.targets, self.recipe.cost, rows.weights)
            return cost, score.value, score.measure

    def _divergence(
        self, state: Any, before: dict[str, Any], order: Array, costs: Array, steps: int
    ) -> DivergenceError:
        """The error for a call of the engine that gave NaN or infinities: from which step on, and in which layer's what."""

        def after(count: int) -> Any:  # the same bits again
            again = self.engine.restore(state, before)
            return self.engine.run(again, order[:count])[0] if count else again

        def has_left(count: int) -> bool:
            return not is_finite(self.engine.snapshot(after(count)))

        finite = np.isfinite(costs)
        shown = len(order) if finite.all() else int(np.argmin(finite))
        # a state that is not finite never becomes finite again, but may show in a cost much later: hence halving
        step = bisect_left(range(1, shown + 1), True, key=has_left)
        network = self.engine.network(after(step))
        rows, batch = self._rows, order[step]
        share = batch_shares(rows.weights, batch)
        place = in_the_equations(network, rows.inputs[batch], rows.targets[batch], share, self.recipe.cost)
        if place is None:
            place = in_the_move(network, self.engine.snapshot(after(step + 1)))
        number, epoch = steps + step + 1, len(self.history) + 1
        self.ended = f"diverged at step {number} (epoch {epoch})"
        which = (
            "the network as it was before training"
            if self._good is None
            else f"the network after epoch {self._good.number}"
        )
        return DivergenceError(
            f"training {self.ended}: {place}. A smaller learning rate than in "
            f"{self.recipe.rule!r} is the usual cure; {which} is kept",
            self._run_with(self._origin if self._good is None else self._good.network),
        )


epochs = Epochs


def _first_cost(costs: Array, weights: Array | None, order: Array) -> float | None:
    """The mean cost of the first batch of an order (steps, batch) that has weight, over its own rows; None without one."""
    pull = np.ones(len(order)) if weights is None else weights[order].mean(axis=1)
    first = int(np.argmax(pull > 0))
    return float(costs[first] / pull[first]) if pull[first] > 0 else None
