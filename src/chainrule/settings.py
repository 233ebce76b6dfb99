"""The arguments of `train` and `epochs`, checked before anything is learnt: a Job."""

from __future__ import annotations

import itertools
import math
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, SupportsIndex, TypedDict

import numpy as np

from chainrule.checked_file import CHECKPOINT, is_of
from chainrule.costs import Cost
from chainrule.data import Dataset, Preprocessing, as_dataset
from chainrule.data.coercion import plain
from chainrule.data.fingerprint import fingerprint
from chainrule.data.frames import column_names
from chainrule.data.network_rows import Rows, check_width, rows_for, terms_for, weighted_by_class
from chainrule.dropout import Dropout
from chainrule.durations import seconds
from chainrule.engines.choose import check_name, choose, ready
from chainrule.engines.engine import Engine, Recipe
from chainrule.errors import DataError, DataWarning, FileError, SettingError, brief, listed, unknown_name
from chainrule.files import check_writable
from chainrule.footprint import check_fits
from chainrule.network import Network, as_network, cost_for
from chainrule.predictor import answered
from chainrule.ranges import at_least_0, positive, truth, whole
from chainrule.regularization import Clip, Penalty
from chainrule.schedules import Schedule, as_schedule
from chainrule.stopping import BEST, FEW_WATCHED, Stopping
from chainrule.updates import Rule, as_rule

MANY = 10  # rows that are too many to have one target by chance
LONGEST = 4_300  # digits of a number that Python reads


class Settings(TypedDict, total=False):
    """The settings of `train` and `epochs` that most runs leave as they are."""

    l1: float
    l2: float
    decay: float | None
    penalize_biases: bool
    clip_norm: float | None
    clip_value: float | None
    dropout: float | Sequence[float] | Mapping[int, float]
    class_weight: str | Mapping[Any, float] | Sequence[Sequence[Any]] | None
    patience: int | None
    tol: float | None
    best: str | None
    max_time: float | str | None
    schedule: str | Schedule | Callable[[int], float] | None
    checkpoint: str | os.PathLike[str] | None
    checkpoint_every: int | str | None
    record: int | None


class Changes(TypedDict, total=False):
    """What `resume` may change of a run, or has to be handed in again."""

    epochs: int | None
    validation: Any
    rule: Rule | None
    schedule: Schedule | Callable[[int], float] | None
    checkpoint: str | os.PathLike[str] | None
    checkpoint_every: int | str | None
    max_time: float | str | None
    exact: bool


@dataclass(frozen=True)
class Saving:
    """Where a run is saved: after every so many epochs, or after an epoch where so many seconds have passed."""

    path: Path
    epochs: int | None = None
    seconds: float = math.inf

    @classmethod
    def every(cls, path: Path, given: int | str | None, what: str = "checkpoint_every") -> Saving:
        """After every so many epochs, 5 or "5", or after a time such as "10min"; after each epoch unless given."""
        if isinstance(given, str) and not given.strip().isdecimal():
            return cls(path, None, seconds(given, what))
        is_number = isinstance(given, str) and len(given) < LONGEST
        return cls(path, whole(1 if given is None else int(given) if is_number else given, what))

    def is_due(self, epoch: int, since: float) -> bool:
        """Whether to save after this epoch, so many seconds after the last time."""
        return since >= self.seconds or (self.epochs is not None and epoch % self.epochs == 0)


@dataclass(frozen=True)
class Job:
    """What a call asks for, checked. `network` is as it was given, with the cost and the terms of what it is to learn."""

    network: Network
    recipe: Recipe
    rows: Rows
    watched: Rows | None
    engine: Engine
    stopping: Stopping
    saving: Saving | None
    epochs: int
    batch_size: int
    seed: int | np.random.Generator
    shuffle: bool
    learnt: Dataset
    beside: Dataset | None  # the validation rows
    share: float | None  # of the rows, where they were taken from them
    schedule: Schedule
    recorded: frozenset[int]  # the epochs whose networks are kept
    more: Settings

    @cached_property
    def fingerprints(self) -> tuple[str, str | None]:
        """Those of the rows that are learnt from, and of the validation rows."""
        return fingerprint(self.learnt), None if self.beside is None else fingerprint(self.beside)

    def told(self) -> dict[str, Any]:
        """The settings that were given beyond the first ones, as JSON that `train` takes again."""
        given = {key: value for key, value in self.more.items() if value is not None}
        told: dict[str, Any] = {key: value for key, value in given.items() if not key.startswith("checkpoint")}
        if self.recipe.dropout:
            told["dropout"] = list(self.recipe.dropout.rates)
        if isinstance(told.get("class_weight"), Mapping):
            told["class_weight"] = [[plain(label), float(w)] for label, w in told["class_weight"].items()]
        if "schedule" in told:
            told["schedule"] = repr(self.schedule)
        return told


def job_of(
    network: Any,
    data: Any,
    y: Any,
    rule: str | Rule,
    epochs: int,
    batch_size: int,
    seed: int | np.random.Generator,
    validation: Any,
    engine: str,
    cost: str | Cost | None,
    shuffle: bool,
    fixed: SupportsIndex | Iterable[SupportsIndex],
    more: Settings,
) -> Job:
    """The arguments of a call, as one Job. Raises the errors of whatever is wrong with them."""
    as_network(network, "train(network, x, y) and epochs(network, x, y)")
    check_names(more)
    y, cost = targets_or_cost(data, y, cost)
    check_rule(rule)
    seed = seed if isinstance(seed, np.random.Generator) else whole(seed, "seed", least=0)
    recipe = recipe_of(network, cost_for(network, cost), as_rule(rule), fixed_layers(fixed, network), seed, more)
    recipe.cost.on(network.output)
    check_name(engine)
    epochs, batch_size = whole(epochs, "epochs"), whole(batch_size, "batch_size")
    shuffle = truth(shuffle, "shuffle")
    stopping = stopping_of(more, validation is not None)
    learnt = with_targets(data, y, network.preprocessing)
    share = None
    if is_share(validation):
        rest, watching = learnt.split(validation, seed)
        share, learnt, validation = float(validation), rest, watching
    check_width(network, learnt)
    learner = network.with_cost(recipe.cost).with_preprocessing(terms_for(network, learnt, recipe.cost))
    beside = None if validation is None else as_dataset(validation, learner.preprocessing)
    parts = [learnt] if beside is None else [learnt, beside]
    steps = epochs * -(-len(learnt) // batch_size)
    the_engine = choose(engine, recipe, learner, steps, epochs * len(learnt))
    held = the_engine.holds(recipe, learner, min(batch_size, len(learnt)))
    check_fits(learner, parts, len(recipe.rule.slots), batch_size, held)
    rows = weighted_by_class(rows_for(learner, learnt, recipe.cost), learner, more.get("class_weight"))
    warn_of_one_target(rows, learner, learnt.name)
    watched = None
    if beside is not None:
        check_width(learner, beside)
        watched = rows_for(learner, beside, recipe.cost)
        stopping = replace(stopping, few=len(watched) < FEW_WATCHED)
    saving, schedule, recorded = saving_of(more, seed), as_schedule(more.get("schedule")), recorded_of(more, epochs)
    the_engine = ready(the_engine, engine, learner)  # last of all: it may compile
    return Job(
        learner, recipe, rows, watched, the_engine, stopping, saving, epochs, batch_size, seed, shuffle, learnt,
        beside, share, schedule, recorded, more,
    )  # fmt: skip


def warn_of_one_target(rows: Rows, network: Network, name: str) -> None:
    """A DataWarning where all rows have one target."""
    if len(rows) >= MANY and (rows.targets == rows.targets[0]).all():
        terms = network.preprocessing
        one = listed(map(str, np.ravel(answered(network, rows.targets[:1])).tolist()), 6)
        said = f" ({one})" if terms is None or terms.speaks else ""  # a class that is the only one has no label there
        warnings.warn(
            f"{name}: all {len(rows):,} rows have the same target{said}, so there is nothing to tell apart: is it the "
            "right column?",
            DataWarning,
            stacklevel=5,  # the call of train
        )


def check_names(more: Mapping[str, Any]) -> None:
    """Raises SettingError for a setting that train does not have."""
    for name in more:
        if name in ("learning_rate", "lr", "eta"):
            raise SettingError(f"{name} belongs to the rule: rule=adam(0.01), in place of {name}=0.01")
        if name not in Settings.__annotations__:
            raise unknown_name("setting of train", name, Settings.__annotations__)


def recipe_of(
    network: Network, cost: Cost, rule: Rule, fixed: frozenset[int], seed: int | np.random.Generator, more: Settings
) -> Recipe:
    """What the engine is to do, of settings that are checked here."""
    penalty = Penalty.of(
        rule.decay, more.get("l1", 0.0), more.get("l2", 0.0), more.get("decay"), more.get("penalize_biases", False)
    )
    clip = Clip(*(above_0_or_none(more.get(name), name) for name in ("clip_norm", "clip_value")))
    return Recipe(cost, rule, fixed, penalty, clip, dropout_of(more.get("dropout", 0.0), network.depth, seed))


def dropout_of(given: Any, depth: int, seed: int | np.random.Generator) -> Dropout:
    """The dropout of an argument: one rate for all hidden layers, one for inputs and each hidden layer, or {layer: rate}."""
    if isinstance(given, Mapping):
        rates = [given.get(layer, 0.0) for layer in range(depth)]
        known = all(layer in range(depth) for layer in given)
    elif isinstance(given, (Sequence, np.ndarray)) and not isinstance(given, str):
        rates, known = list(given), len(given) == depth
    else:
        rates, known = [0.0, *[given] * (depth - 1)], depth > 1 or given == 0
    numbers = all(isinstance(r, (int, float, np.number)) and not isinstance(r, bool) and 0 <= r < 1 for r in rates)
    if not (known and numbers):
        raise SettingError(
            "dropout is a rate 0 ≤ p < 1 for the hidden layers, as 0.5; or one for the inputs and each hidden layer, here "
            f"{depth} in all; or rates by layer, numbered 0…{depth - 1}, as {{0: 0.2}}; got {brief(given)}"
        )
    if not any(rates):
        return Dropout()
    key = int(seed.integers(2**63)) if isinstance(seed, np.random.Generator) else seed
    return Dropout(tuple(map(float, rates)), key)


def stopping_of(more: Settings, watches: bool) -> Stopping:
    """When to stop, of settings that are checked here."""
    patience, tol, best = more.get("patience"), more.get("tol"), more.get("best")
    if patience is not None:
        patience = whole(patience, "patience")
    if tol is not None:
        tol = at_least_0(tol, "tol")
        if patience is None:
            raise SettingError(
                f"tol={tol:g} is what epochs have to gain before patience is over: give patience=10 too, or leave tol out"
            )
    if best is not None and not (isinstance(best, str) and best in BEST):
        raise unknown_name("best", best, BEST)
    on_costs = not watches and tol is not None  # those of the rows that are learnt from
    best = best or ("last" if patience is None or on_costs else "cost")
    if not watches and (best != "last" or (patience is not None and not on_costs)):
        by_patience = patience is not None and not on_costs
        what, cure = (
            (f"patience={patience}", "; tol=1e-4 watches the others") if by_patience else (f"best={best!r}", "")
        )
        raise SettingError(
            f"{what} watches rows that are not learnt from: give validation=(x, y), or a share as 0.1{cure}"
        )
    time = more.get("max_time")
    return Stopping(patience, best, None if time is None else seconds(time, "max_time"), tol, watches)


def saving_of(more: Settings, seed: Any) -> Saving | None:
    """Where and when to save, of settings that are checked here. Raises FileError where nothing can be written there."""
    path, every = more.get("checkpoint"), more.get("checkpoint_every")
    if path is None:
        if every is not None:
            raise SettingError(f"checkpoint_every={every!r} needs the file to write: checkpoint='run.checkpoint'")
        return None
    check_can_be_kept(seed)
    check_writable(path, "run.checkpoint")
    if Path(path).exists() and not is_of(CHECKPOINT, Path(path)):
        raise FileError(f"checkpoint={str(path)!r} would replace a file that is not a checkpoint; choose another name")
    return Saving.every(Path(path), every)


def recorded_of(more: Settings, epochs: int) -> frozenset[int]:
    """The epochs whose networks are kept: so many from 0 to the last, spaced logarithmically.

    Where two of the first would be the same epoch, the first ones that are left are kept too: 0, 1, 2, 3, 4, 5, 7 … 45.
    """
    count = more.get("record")
    if count is None:
        return frozenset()
    whole(count, "record", least=2)
    spaced = {0, *np.geomspace(epochs, 1, count - 1).round().astype(int).tolist()}
    left = (epoch for epoch in range(epochs) if epoch not in spaced)
    return frozenset(spaced.union(itertools.islice(left, count - len(spaced))))


def check_can_be_kept(seed: Any) -> None:
    """Raises SettingError where a run of this seed could not be resumed from a file."""
    if isinstance(seed, np.random.Generator):
        raise SettingError("a checkpoint holds the seed, a whole number: seed=0 in place of a Generator")


def is_share(validation: Any) -> bool:
    """Whether the validation rows are to be a share of the rows."""
    return isinstance(validation, (float, np.floating)) or (
        isinstance(validation, (int, np.integer)) and not isinstance(validation, bool)
    )


def above_0_or_none(value: Any, what: str) -> float | None:
    """A number above 0, or None. Raises SettingError for anything else."""
    try:
        return None if value is None else positive(value, what)
    except SettingError:
        raise SettingError(f"{what} is a finite number above 0, as 1.0, or None, got {brief(value)}") from None


def targets_or_cost(data: Any, y: Any, cost: str | Cost | None) -> tuple[Any, str | Cost | None]:
    """(targets, cost) of a call that may have the cost where targets stand: train(network, data, "huber").

    The name of a column of a data frame or a Table is its target.
    """
    if not isinstance(y, (str, Cost)) or (isinstance(y, str) and y in column_names(data)):
        return y, cost
    if cost is not None:
        raise SettingError(
            f"two costs are given, {y!r} and cost={cost!r}; targets stand beside x: train(network, x, y)"
        )
    return None, y


def with_targets(data: Any, y: Any, terms: Preprocessing | None) -> Dataset:
    """The data set of a call, whose targets may come by themselves; `terms` are what the network learnt before."""
    if y is None:
        return as_dataset(data, terms)
    if isinstance(data, Dataset):
        raise DataError(f"{data.name} has targets of its own, and y gives others: leave y out")
    return as_dataset((data, y), terms)


def check_rule(rule: Any) -> None:
    """Raises SettingError where a rule is expected and the weights of the rows are given."""
    if isinstance(rule, (np.ndarray, list, tuple)):
        raise SettingError(
            "after the targets comes the rule; weights of the rows come with the data: train(network, (x, y, weights))"
        )


def fixed_layers(fixed: Any, network: Network) -> frozenset[int]:
    """The layers to hold fixed. Raises SettingError for what is not a layer, or where none would be left to train."""
    one = not isinstance(fixed, Iterable) or isinstance(fixed, str)
    layers = [fixed] if one else list(fixed)
    whole = all(isinstance(each, (int, np.integer)) and not isinstance(each, bool) for each in layers)
    if not (whole and all(1 <= each <= network.depth for each in layers)):
        raise SettingError(f"fixed is a layer or several, numbered 1…{network.depth}, as fixed=[1]; got {brief(fixed)}")
    if len(set(layers)) == network.depth:
        raise SettingError(f"fixed={fixed!r} holds every layer of {network!r}: nothing is left to train")
    return frozenset(int(each) for each in layers)


def is_true(value: object) -> bool:
    """Whether something is True itself, not merely what counts as true."""
    return isinstance(value, (bool, np.bool_)) and bool(value)
