"""Training: epochs(...) streams one state after another, train(...) runs them all and reports."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.backward import collect, errors
from chainrule.costs import Cost, as_cost, natural
from chainrule.data import Dataset, as_dataset, encode_targets, orders
from chainrule.engines.choose import choose
from chainrule.engines.engine import Recipe
from chainrule.engines.reference import batch_shares
from chainrule.errors import DataError, DivergenceError, SettingError, ShapeError
from chainrule.forward import propagate
from chainrule.network import Network
from chainrule.prediction import score_rows
from chainrule.preprocessing import Preprocessing
from chainrule.report import Report
from chainrule.updates import Rule, as_rule

Array = np.ndarray


@dataclass(frozen=True)
class Epoch:
    """One pass over the rows: `cost` is the mean over them, each taken before the step that used it.

    `validation_cost` and `validation_score` (accuracy or R²) are there where validation rows were given.
    """

    number: int
    steps: int
    cost: float
    seconds: float
    network: Network
    validation_cost: float | None = None
    validation_score: float | None = None

    def facts(self) -> dict[str, Any]:
        """The epoch as plain numbers, without the network."""
        kept = ("number", "steps", "cost", "seconds", "validation_cost", "validation_score")
        return {key: getattr(self, key) for key in kept if getattr(self, key) is not None}


@dataclass(frozen=True)
class Run:
    """What training gives: the network, the history as a list of facts by epoch, and the report."""

    network: Network
    history: list[dict[str, Any]]
    report: Report


@dataclass(frozen=True)
class _Rows:
    """A data set in the network's terms."""

    inputs: Array
    targets: Array
    weights: Array | None
    classes: Array | None


def train(
    network: Network,
    data: Any,
    cost: str | Cost | None = None,
    rule: str | Rule = "adam",
    epochs: int = 20,
    batch_size: int = 32,
    seed: int | np.random.Generator = 0,
    validation: Any = None,
    engine: str = "reference",
    watch: Callable[[Epoch], None] | None = None,
) -> Run:
    """Train on a Dataset, on (x, y) or on (x, y, weights), and report.

    The cost is cross_entropy for a softmax output and quadratic else, unless named. `validation` is data of the same kind,
    looked at after every epoch and never learnt from. `watch` is called after every epoch. The same seed gives the same
    bits. Raises DivergenceError, with the last good network in its `run`, when the cost or the weights leave the numbers.
    """
    started = time.perf_counter()
    stream = Epochs(network, data, cost, rule, epochs, batch_size, seed, validation, engine)
    for epoch in stream:
        if watch is not None:
            watch(epoch)
    return stream.run(time.perf_counter() - started)


class Epochs:
    """The same as `train`, streamed: an Epoch after each pass over the rows, with its network. Break whenever you like.

    for epoch in chainrule.epochs(network, data, rule="adam", epochs=50): print(epoch.number, epoch.cost)

    `run(seconds)` sums up what has been seen so far. Iterating again goes on with the same order of random numbers from the
    network it began with.
    """

    def __init__(
        self,
        network: Network,
        data: Any,
        cost: str | Cost | None = None,
        rule: str | Rule = "adam",
        epochs: int = 20,
        batch_size: int = 32,
        seed: int | np.random.Generator = 0,
        validation: Any = None,
        engine: str = "reference",
    ) -> None:
        self.recipe = Recipe(natural(network.output) if cost is None else as_cost(cost), as_rule(rule))
        self.recipe.cost.on(network.output)
        self.engine = choose(engine)
        self.epochs, self.batch_size = _whole(epochs, "epochs"), _whole(batch_size, "batch_size")
        dataset = as_dataset(data)
        self.name, self.count = dataset.name, len(dataset)
        self.network = network.with_preprocessing(_terms(network, dataset, self.recipe.cost))
        self._rows = _in_network_terms(self.network, dataset, self.recipe.cost)
        self._validation = (
            None if validation is None else _in_network_terms(self.network, as_dataset(validation), self.recipe.cost)
        )
        self.seed = seed
        self.history: list[dict[str, Any]] = []
        self.ended = "stopped early"
        self.kept = 0

    def __iter__(self) -> Iterator[Epoch]:
        rng, rows = np.random.default_rng(self.seed), self._rows
        state = self.engine.start(self.recipe, self.network, rows.inputs, rows.targets, rows.weights)
        steps, first_cost = 0, math.inf
        for number in range(1, self.epochs + 1):
            started = time.perf_counter()
            costs, sizes = [], []
            for order in orders(self.count, self.batch_size, rng):
                before = self.engine.snapshot(state)
                state, part = self.engine.run(state, order)
                network = self._checked(state, before, order, part, steps)
                steps += len(order)
                costs.append(part)
                sizes.append(np.full(len(order), order.shape[1]))
            cost = float(np.average(np.concatenate(costs), weights=np.concatenate(sizes)))
            if number == 1:
                first_cost = float(costs[0][0])
            epoch = Epoch(number, steps, cost, time.perf_counter() - started, network, *self._validate(network))
            if cost <= first_cost or number == self.epochs:
                self.network, self.kept = network, number  # what is left should a later epoch diverge
            self.history.append(epoch.facts())
            if number == self.epochs:
                self.ended = "finished"
            yield epoch

    def run(self, seconds: float) -> Run:
        """The network, the history and the report so far; `seconds` is how long the caller has measured."""
        steps = self.history[-1]["steps"] if self.history else 0
        report = Report(
            self.name, self.count, repr(self.network), repr(self.recipe.cost), repr(self.recipe.rule), self.engine.name,
            self.batch_size, self.seed if isinstance(self.seed, int) else None, len(self.history), steps, seconds,
            self.history, self.ended,
        )  # fmt: skip
        return Run(self.network, self.history, report)

    def _validate(self, network: Network) -> tuple[float | None, float | None]:
        if self._validation is None:
            return None, None
        rows, pair = self._validation, self.recipe.cost.on(network.output)
        a, z = propagate(network.parameters, network.activations, rows.inputs)
        cost = float(np.mean(pair.value(z[-1] if pair.of == "z" else a[-1], rows.targets)))
        true = rows.targets if rows.classes is None else rows.classes
        return cost, score_rows(a[-1], true, network.preprocessing)

    def _checked(self, state: Any, before: dict[str, Any], order: Array, costs: Array, steps: int) -> Network:
        """The network after a call of the engine. Raises DivergenceError where a cost or a weight is not finite."""
        good = np.isfinite(costs)
        if good.all():
            with contextlib.suppress(DataError):  # which refuses a network of weights that are not finite
                return self.engine.network(state)
        step = int(np.argmin(good)) if not good.all() else len(order) - 1
        last = None
        while last is None:  # the same bits again, up to the step before the one that shows it
            again = self.engine.restore(state, before)
            reached = self.engine.run(again, order[:step])[0] if step else again
            try:
                last = self.engine.network(reached)
            except DataError:  # the cost shows a step late what the weights lost a step before
                step -= 1
        place = _where_it_left(last, self._rows, order[step], self.recipe)
        number, epoch = steps + step + 1, len(self.history)
        self.ended = f"diverged at step {number}"
        which = f"the network after epoch {self.kept}" if self.kept else "the network as it was before training"
        raise DivergenceError(
            f"training diverged at step {number} (epoch {epoch + 1}): {place}. A smaller learning rate than in "
            f"{self.recipe.rule!r} is the usual cure; {which} is kept",
            self.run(math.nan),
        )


epochs = Epochs


def _where_it_left(network: Network, rows: _Rows, batch: Array, recipe: Recipe) -> str:
    """The first quantity of a step that is not finite: a z, an a, the cost, a δ, or the move, with its layer."""
    pair = recipe.cost.on(network.output)
    with np.errstate(all="ignore"):
        y = rows.targets[batch]
        a, z = propagate(network.parameters, network.activations, rows.inputs[batch])
        for layer in range(1, network.depth + 1):
            for letter, values in (("z", z[layer - 1]), ("a", a[layer])):
                if not np.isfinite(values).all():
                    return f"{letter} of layer {layer} left the numbers ({_sizes(values)})"
        cost = pair.value(z[-1] if pair.of == "z" else a[-1], y)
        if not np.isfinite(cost).all():
            top = float(np.abs(z[-1]).max())
            return f"the cost overflowed, with outputs of layer {network.depth} up to {top:.3g}"
        delta = errors(network.parameters, network.activations, a, z, y, pair)
        for layer in range(network.depth, 0, -1):
            if not np.isfinite(delta[layer - 1]).all():
                return f"δ of layer {layer} left the numbers ({_sizes(delta[layer - 1])})"
        gradient = collect(network.parameters, a, delta, batch_shares(rows.weights, batch))
        for layer in range(1, network.depth + 1):
            for what, values in (("weights", gradient.weights[layer]), ("biases", gradient.biases[layer])):
                if not np.isfinite(values).all():
                    return f"the gradient of the {what} of layer {layer} left the numbers ({_sizes(values)})"
    steepest = max(range(1, network.depth + 1), key=lambda l: float(np.abs(gradient.weights[l]).max()))
    largest = float(np.abs(gradient.weights[steepest]).max())
    return f"the move of layer {steepest} left the numbers: its gradient is up to {largest:.3g}"


def _sizes(values: Array) -> str:
    bad = int((~np.isfinite(values)).sum())
    finite = np.abs(values[np.isfinite(values)])
    largest = f", the others up to {finite.max():.3g}" if finite.size else ""
    return f"{bad:,} of {values.size:,} values{largest}"


def _terms(network: Network, data: Dataset, cost: Cost) -> Preprocessing | None:
    """How the trained network will speak: as its data did, or as it did before."""
    terms = data.preprocessing or network.preprocessing
    if terms is None and data.targets.ndim == 1:
        _, labels = encode_targets(data.targets, network.sizes[-1], len(data))
        terms = None if labels is None else Preprocessing(labels=labels)
    if terms is not None and terms.labels is not None:
        logit = network.output.name == "identity" and cost.name == "binary_cross_entropy"
        terms = replace(terms, threshold=0.0 if logit else 0.5)
    return terms


def _in_network_terms(network: Network, data: Dataset, cost: Cost) -> _Rows:
    """Rows as the network takes them. Arrays given to a network that has its own preprocessing go through it."""
    inputs, targets = data.inputs, data.targets
    terms = network.preprocessing
    if terms is not None and data.preprocessing is None:
        inputs = terms.rows(inputs)
        if (terms.labels is not None and targets.ndim == 1) or terms.labels is None:
            targets = terms.targets(targets)
    if inputs.shape[1] != network.sizes[0]:
        raise ShapeError(
            f"the data has {inputs.shape[1]} inputs a row and the network ({'-'.join(map(str, network.sizes))}) takes "
            f"{network.sizes[0]}: Network.random([{inputs.shape[1]}, …])"
        )
    encoded, _ = encode_targets(targets, network.sizes[-1], len(inputs))
    encoded = encoded.astype(network.dtype)
    cost.check_targets(encoded)
    classes = targets if targets.ndim == 1 and terms is not None and terms.labels is not None else None
    return _Rows(network.rows(inputs), encoded, data.weights, classes)


def _whole(value: int, what: str) -> int:
    if not (isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 1):
        raise SettingError(f"{what} is a whole number ≥ 1, got {value!r}")
    return int(value)
