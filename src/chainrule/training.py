"""Training: epochs(...) streams one state after another, train(...) runs them all and reports."""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, SupportsIndex, Unpack

import numpy as np

from chainrule.activations import Activation
from chainrule.checkpoints import Checkpoint, save_checkpoint
from chainrule.costs import Cost
from chainrule.data import epoch_order, step_sizes
from chainrule.data.overview import groups
from chainrule.diagnostics.divergence import first_not_finite
from chainrule.engines.engine import Measured, Steps, batches
from chainrule.errors import DataError, DivergenceError, FileError, FileWarning, SettingError, ShapeError
from chainrule.evaluation import cost_and_score, cost_on_some
from chainrule.network import Network
from chainrule.ranges import whole
from chainrule.report import Report
from chainrule.run import Epoch, LastStep, Run, TrainingState
from chainrule.settings import Changes, Saving, Settings, is_true, job_of
from chainrule.updates import Rule

Array = np.ndarray
TICK = 0.1  # seconds between two calls of `within`


def train(
    network: Network,
    data: Any,
    y: Any = None,
    rule: str | Rule = "adam",
    epochs: int = 20,
    batch_size: int = 32,
    seed: int | np.random.Generator = 0,
    validation: Any = None,
    engine: str = "auto",
    watch: Callable[[Epoch], object] | None = None,
    *,
    cost: str | Cost | None = None,
    shuffle: bool = True,
    fixed: SupportsIndex | Iterable[SupportsIndex] = (),
    **more: Unpack[Settings],
) -> Run:
    """Train, and report: `train(network, x, y)`, or `train(network, data)` with a Dataset, (x, y) or (x, y, weights).

    The cost is the network's own unless one is named, and the trained network remembers it; in the place of `y` a cost is
    read as one, `train(network, data, "huber")`. A step minimises the mean of w_i c_i over its batch, with row weights w_i of
    mean 1 over all rows. `validation` is data of the same kind, or a share of the rows such as 0.1, looked at after every epoch
    and never learnt from. `watch` is called with each Epoch, and ends the training where it returns True. With shuffle=False
    each epoch takes the rows in the given order. `fixed` names layers (1…L) whose weights and biases stay as they are:
    `fixed=1`, `fixed=[1, 2]`. The settings that follow them:

    l1, l2           l1 Σ|w| + ½ l2 Σ w² is minimised beside the cost; see `chainrule.regularization` for others' conventions
    decay            before each step w ← w − η·decay·w; adamw has one of its own, 0.01, which this replaces
    penalize_biases  True: the biases are penalised too, and decay
    clip_norm        each step's gradient is shortened to this length where it is longer
    clip_value       each entry of it is kept within ± this value; first of the two
    dropout          the share of neurons left out of each step: 0.5 in the hidden layers, [0.2, 0.5] in the inputs and each
                     hidden layer, {1: 0.5} by layer; none in `predict` and in any explanation
    class_weight     {"yes": 3.0} multiplies the weights of its rows; "balanced" gives each class the same sum
    patience         stop after so many epochs in a row whose validation cost (or score) is no better than the best before
    tol              with patience: better is what is so much better, 0.0001 say; without validation rows the cost of those that
                     are learnt is watched
    best             the network that is given back: "last", or that of the lowest validation "cost" or highest "score";
                     "cost" where patience is given
    max_time         no further epoch is begun after so many seconds, or after a time such as "1h30m"
    checkpoint       a file that the run is saved to, from which `resume` goes on
    checkpoint_every how often: after so many epochs, or after a time such as "10min"; after each epoch unless given
    record           how many networks to keep in `run.record`, from before the first epoch to the last, spaced logarithmically
    schedule         the learning rate of each step: "cosine", "one_cycle:pct_start=0.2", a Schedule, or a function of the
                     step 0, 1, … that gives its multiple of the rule's learning rate; see `chainrule.schedules`

    The same seed gives the same bits on the same engine with, on "reference", the same number of threads and the same BLAS
    and the same kind of processor; elsewhere sums may be rounded in another order. Raises DivergenceError when the cost or
    the weights become NaN or infinite, with the network of the lowest cost (or the best one, where `best` asks for it) in its
    `run`.
    """
    stream = Epochs(
        network, data, y, rule, epochs, batch_size, seed, validation, engine, cost=cost, shuffle=shuffle, fixed=fixed, **more
    )  # fmt: skip
    return _watched(stream, watch)


def resume(
    path: str | os.PathLike[str],
    data: Any,
    y: Any = None,
    *,
    watch: Callable[[Epoch], object] | None = None,
    activations: Activation | Iterable[Activation] = (),
    costs: Cost | Iterable[Cost] = (),
    **changes: Unpack[Changes],
) -> Run:
    """Go on with the training that a checkpoint holds, and report on the whole of it: the bits of a run that never stopped.

    The rows are given again as the run began with them, and the `validation` rows where there were any. `epochs` is how many
    there are to be in all, those of the checkpoint unless it is given. What no file can hold is handed in: a user's own `rule`,
    `schedule`, `activations` and `costs`. The run is saved to the same file as before, or where `checkpoint` and
    `checkpoint_every` say; `max_time` counts from here. Raises DataError for other rows, FileError for a file that is damaged
    or not a checkpoint, and SettingError where this machine would round otherwise, unless with exact=False.
    """
    checkpoint = Checkpoint.read(path, activations, costs)
    stream = Epochs.of_checkpoint(checkpoint, data, y, **changes)
    return _watched(stream, watch)


def _watched(stream: Epochs, watch: Callable[[Epoch], object] | None) -> Run:
    """All epochs of a stream, or as many as the watcher wants."""
    for epoch in stream:
        if watch is not None and is_true(watch(epoch)):
            stream.stop("watch returned True")
    return stream.run()


class Epochs:
    """The same as `train`, streamed: an Epoch after each pass over the rows, with its network. Break whenever you like.

    for epoch in chainrule.epochs(network, data, rule="adam", epochs=50): print(epoch.number, epoch.cost)

    `run()` sums up the whole epochs so far, with the network after the last of them. Iterating again begins again: the
    same network and, where the seed is a number, the same order of the rows. `within`, where it is set, is called about ten
    times a second within an epoch, with the number of its steps that are done.
    """

    within: Callable[[int], None] | None = None

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
        engine: str = "auto",
        *,
        cost: str | Cost | None = None,
        shuffle: bool = True,
        fixed: SupportsIndex | Iterable[SupportsIndex] = (),
        **more: Unpack[Settings],
    ) -> None:
        self.job = job_of(
            network, data, y, rule, epochs, batch_size, seed, validation, engine, cost, shuffle, fixed, more
        )  # fmt: skip
        self.start = TrainingState()
        self.notes: dict[str, Any] = {}
        self._begin(self.start)

    @classmethod
    def of_checkpoint(
        cls,
        saved: Checkpoint,
        data: Any,
        y: Any = None,
        **changes: Unpack[Changes],
    ) -> Epochs:
        """The epochs that follow a checkpoint; the arguments are those of `resume`."""
        told, state, exact = saved.settings, saved.state, changes.get("exact", True)
        engine = saved.engine(exact)
        epochs, validation = changes.get("epochs"), changes.get("validation")
        epochs = told["epochs"] if epochs is None else whole(epochs, "epochs")
        if epochs < state.epoch:
            raise SettingError(f"epochs={epochs}: {saved.path} has {state.epoch} epochs already; give as many or more")
        rule, more = saved.rule(changes.get("rule")), saved.more(changes)
        try:
            stream = cls(
                saved.network, data, y, rule, epochs, told["batch_size"], told["seed"],
                told["validation"] if validation is None else validation, engine, cost=saved.network.cost,
                shuffle=told["shuffle"], fixed=told["fixed"], **more,
            )  # fmt: skip
        except (ShapeError, DataError) as error:
            raise type(error)(f"the run of {saved.path} began with other rows: {error}") from None
        saved.check_data(stream.job)
        if exact:
            saved.check_machine(stream.job)
        stream.start, stream.notes = state, dict(saved.notes)
        stream._begin(state)
        return stream

    def _begin(self, state: TrainingState) -> None:
        self._state, self._facts = state, list(state.history)
        self._threads: int | None = None
        self._gains = self.job.stopping.gains(self._facts)
        self._diverged = self._stopped = ""
        self._began = time.perf_counter()
        self._saved = state.epoch, self._began
        self._saved_in: Path | None = None

    @property
    def is_over(self) -> bool:
        """Whether no further epoch is begun."""
        return not self._goes_on()

    @property
    def ended(self) -> str:
        """How the run ended: finished, stopped early and why, or where it diverged."""
        if self._diverged or self._state.epoch >= self.job.epochs:
            return self._diverged or "finished"
        return f"stopped after epoch {self._state.epoch}: {self._stopped}" if self._stopped else "stopped early"

    def saves(self, saving: Saving | None) -> None:
        """From here on the run is saved there and then."""
        self.job = replace(self.job, saving=saving)

    def stop(self, why: str) -> None:
        """No further epoch is begun; the report says why."""
        self._stopped = why

    @property
    def network(self) -> Network:
        """The network after the last whole epoch; before the first, as it was given."""
        engine = self._state.engine
        return self.job.network if engine is None else self._with(engine["parameters"])

    @property
    def kept(self) -> Network:
        """The network that `run` gives: that after the last whole epoch, or after the best one where `best` asks for it."""
        best = self._state.best
        return self.network if best is None or self.job.stopping.best == "last" else self._with(best[-1])

    @property
    def history(self) -> list[dict[str, Any]]:
        """The facts of each whole epoch so far."""
        return self._facts[: self._state.epoch]

    @property
    def state(self) -> TrainingState:
        """What `resume` takes to go on after the last whole epoch, here or in another process."""
        return replace(self._state, history=tuple(self.history))

    def __iter__(self) -> Iterator[Epoch]:
        return self.resume(self.start)

    @property
    def is_saved(self) -> bool:
        """Whether the last whole epoch is in a file."""
        return self._saved_in is not None and self._saved[0] == self._state.epoch

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the run after its last whole epoch to a file that `resume` reads; `notes`, any JSON, is kept in it.

        Raises FileError where the file cannot be written; one of that name is then as it was before.
        """
        self._saved = self._state.epoch, time.perf_counter()  # where it fails, it is tried again when it is due again
        self._saved_in = None
        self._saved_in = save_checkpoint(self.job, self.state, path, self.notes)
        return self._saved_in

    def _save(self, path: Path) -> None:
        """The same where it may fail: training goes on, and a warning tells of it."""
        try:
            self.save(path)
        except FileError as error:
            warnings.warn(
                FileWarning(f"{error}; the training goes on, and the checkpoint before it is kept"), stacklevel=3
            )

    def resume(self, state: TrainingState) -> Iterator[Epoch]:
        """The epochs after that state: those of a stream that never stopped, bit for bit where its engine repeats them."""
        self._begin(state)
        job = self.job
        rng = _generator(job.seed, state.random) if job.shuffle else None
        running = job.engine.start(job.recipe, job.network, job.rows, state.engine)
        while self._goes_on():
            epoch, after = self._pass(running, rng)
            self._facts.append(epoch.facts())
            self._state = after  # from here on the epoch counts, whenever Ctrl-C comes
            self._gains.after(*job.stopping.values(self._facts[-1]))
            saving = job.saving
            if saving is not None and saving.is_due(after.epoch, time.perf_counter() - self._saved[1]):
                self._save(saving.path)
            yield epoch
        if job.saving is not None and self._saved[0] != self._state.epoch:
            self._save(job.saving.path)

    def _goes_on(self) -> bool:
        """Whether another epoch is begun; where not, it is written down why."""
        state, stopping = self._state, self.job.stopping
        if state.epoch and not self._stopped:
            self._stopped = stopping.reason(self._gains.without, time.perf_counter() - self._began)
        return state.epoch < self.job.epochs and not self._stopped

    def _pass(self, running: Any, rng: np.random.Generator | None) -> tuple[Epoch, TrainingState]:
        """One pass over the rows, after the last whole epoch, and the state after it."""
        started, last, job, engine = time.perf_counter(), self._state, self.job, self.job.engine
        order = epoch_order(len(job.rows), job.batch_size, rng)
        every = len(order)
        base, total = job.recipe.rule.learning_rate, job.epochs * every
        rates = job.schedule.rates(last.schedule or job.schedule.begin(), last.step, every, total, every, base)
        steps, seen = self._steps(running, order, rates)
        if steps.first_bad is not None or seen is None:
            raise self._divergence(engine.snapshot(running), order, rates, steps.first_bad or 0)
        with np.errstate(over="ignore"):  # costs that are finite, times the rows of a step
            cost = float(np.average(steps.costs, weights=step_sizes(order)))
        self._threads = engine.threads(running)
        left, random = engine.snapshot(running), None if rng is None else rng.bit_generator.state
        number, step, last_step = last.epoch + 1, last.step + len(order), LastStep(job.network, seen, left)
        seconds = time.perf_counter() - started
        epoch = Epoch(number, step, cost, seconds, *self._validate(last_step), float(rates[-1]), last_step)
        looked_at = epoch.cost if epoch.validation_cost is None else epoch.validation_cost
        return epoch, TrainingState(
            number, step, left, random, good=self._good(cost), best=self._best(epoch, left),
            schedule=job.schedule.after_epoch(last.schedule or job.schedule.begin(), looked_at),
            record={**last.record, number: left["parameters"]} if number in job.recorded else last.record,
        )  # fmt: skip

    def _good(self, cost: float) -> tuple[int, float, Mapping[str, Any]]:
        """What the epoch of the lowest cost began with: this one, which follows `_state`, or the best one before."""
        last = self._state
        if last.good is not None and not cost < last.good[1]:
            return last.good
        began = {"parameters": self.job.network.parameters.flat()} if last.engine is None else last.engine
        return last.epoch, cost, began

    def _best(self, epoch: Epoch, left: Mapping[str, Any]) -> tuple[int, float, float, Array] | None:
        """The epoch that did best on the validation rows: this one, or the best one before."""
        best, stopping = self._state.best, self.job.stopping
        cost = epoch.validation_cost
        value = epoch.validation_score if stopping.measure == "score" else cost
        if value is None or cost is None or not stopping.is_better(value, cost, None if best is None else best[1:3]):
            return best
        return epoch.number, value, cost, left["parameters"]

    def _steps(self, running: Any, order: Array, rates: Array) -> tuple[Steps, Measured | None]:
        """All steps of an epoch, and what was seen of the last; None where it was not taken."""
        engine, many = self.job.engine, len(order) - 1
        steps = self._many(running, order[:many], rates[:many]) if many else Steps(np.empty(0))
        if steps.first_bad is not None:
            return steps, None
        cost, seen = engine.measured(running, next(batches(order[many:])), float(rates[many]))
        if self.within is not None and seen is not None:
            self.within(many + 1)
        return Steps(np.append(steps.costs, cost), many if seen is None else None), seen

    def _many(self, running: Any, order: Array, rates: Array) -> Steps:
        """Steps in one call of the engine, or in as many as it takes to tell `within` of them."""
        engine, within = self.job.engine, self.within
        if within is None:
            return engine.run(running, order, rates)
        costs: list[Array] = []
        done, size = 0, 1
        while done < len(order):
            started = time.perf_counter()
            part = engine.run(running, order[done : done + size], rates[done : done + size])
            costs.append(part.costs)
            if part.first_bad is not None:
                return Steps(np.concatenate(costs), done + part.first_bad)
            done = min(done + size, len(order))
            within(done)
            size = max(1, min(2 * size, round(size * TICK / max(time.perf_counter() - started, 1e-9))))
        return Steps(np.concatenate(costs))

    def run(self) -> Run:
        """The network, the history and the report of the whole epochs so far."""
        return self._run_with(self.kept)

    def _run_with(self, network: Network) -> Run:
        job, history = self.job, self.history
        before, after = (cost_on_some(each, job.rows, job.recipe.cost) for each in (job.network, network))
        report = Report(
            job.learnt.name, len(job.rows), repr(network), repr(job.recipe.cost), repr(job.recipe.rule), job.engine.name,
            job.batch_size, job.seed if isinstance(job.seed, int) else None, len(history), self._state.step,
            math.fsum(facts["seconds"] for facts in history), history, self.ended, cost_before=before, cost_after=after,
            threads=self._threads, shuffle=job.shuffle, fixed=tuple(sorted(job.recipe.fixed)),
            settings=job.told(), kept=job.stopping.kept(self._state.epoch, self._state.best and self._state.best[:2]),
            epochs_asked=job.epochs, watched=None if job.beside is None else len(job.beside), became=_became(job.network),
            command=str(self.notes.get("command", "")), chosen=dict(self.notes.get("chosen") or {}),
        )  # fmt: skip
        return Run(network, history, report, self._record() if job.recorded else {})

    def _record(self) -> dict[int, Network]:
        """The networks that are recorded, with that after the last whole epoch, wherever it ended."""
        found = {0: self.job.network, **{epoch: self._with(theta) for epoch, theta in self._state.record.items()}}
        return {**found, self._state.epoch: self.network}

    def _with(self, weights: Array) -> Network:
        return self.job.network.with_parameters(self.job.network.parameters.like(weights))

    def _validate(self, last: LastStep) -> tuple[float | None, float | None, str | None]:
        if self.job.watched is None:
            return None, None, None
        cost, score = cost_and_score(last.network, self.job.watched, self.job.recipe.cost)
        return cost, score.value, score.measure

    def _divergence(self, left: Mapping[str, Any], order: Array, rates: Array, bad: int) -> DivergenceError:
        """The error for a step that would have left the finite numbers, with the last good network."""
        job, state = self.job, self._state
        batch, rate = list(batches(order))[bad], float(rates[bad])
        place = first_not_finite(job.recipe, job.network, job.rows, left, batch, rate)
        if place is None:
            place = f"numbers became NaN or infinite on the {job.engine.name} engine, and not on the reference engine"
        self._diverged = f"diverged at step {state.step + bad + 1} (epoch {state.epoch + 1})"
        number, network = self.best_so_far()
        return DivergenceError(
            f"training {self.ended}: {place}. A smaller learning rate than in {job.recipe.rule!r} is the usual cure; "
            f"{after_epoch(number)} is kept",
            self._run_with(network),
        )

    def best_so_far(self) -> tuple[int, Network]:
        """The network to keep where training ruined it, and after how many epochs it was: what `best` asks for, where it does.

        Else the one of the lowest cost on at most 1,000 of the rows, of three: as it was given, as the epoch of the lowest cost
        began with it, and after the last whole epoch.
        """
        state, job = self._state, self.job
        if state.best is not None and job.stopping.best != "last":
            return state.best[0], self.kept
        found = {0: job.network}
        if state.good is not None:
            found |= {state.good[0]: self._with(state.good[2]["parameters"]), state.epoch: self.network}
        costs = {number: cost_on_some(network, job.rows, job.recipe.cost) for number, network in found.items()}
        number = min(found, key=lambda each: costs[each] if math.isfinite(costs[each]) else math.inf)
        return number, found[number]


epochs = Epochs


def after_epoch(number: int) -> str:
    """Which network is meant after so many epochs."""
    return f"the network after epoch {number}" if number else "the network as it was before training"


def _became(network: Network) -> list[dict[str, Any]]:
    """What the columns of a user's table became, those that became the same in one entry; none where there are no names."""
    terms = network.preprocessing
    return [] if terms is None or terms.columns is None else groups(terms.columns)


def _generator(seed: int | np.random.Generator, state: Mapping[str, Any] | None) -> np.random.Generator:
    """The generator of a seed, or one that goes on from a state."""
    if state is None:
        return np.random.default_rng(seed)
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)
