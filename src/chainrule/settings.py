"""The arguments of `train` and `epochs`, checked before anything is learnt: a Job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from chainrule.costs import Cost
from chainrule.data import Dataset, Preprocessing, as_dataset
from chainrule.data.frames import column_names
from chainrule.data.network_rows import Rows, check_width, rows_for, terms_for
from chainrule.engines.choose import choose
from chainrule.engines.engine import Engine, Recipe
from chainrule.errors import DataError, SettingError, brief
from chainrule.network import Network, as_network, cost_for
from chainrule.updates import Rule, as_rule


@dataclass(frozen=True)
class Job:
    """What a call asks for, checked. `network` is as it was given, with the cost and the terms of what it is to learn."""

    network: Network
    recipe: Recipe
    rows: Rows
    watched: Rows | None
    engine: Engine
    epochs: int
    batch_size: int
    seed: int | np.random.Generator
    shuffle: bool
    data: str


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
) -> Job:
    """The arguments of a call, as one Job. Raises the errors of whatever is wrong with them."""
    as_network(network, "train(network, x, y) and epochs(network, x, y)")
    y, cost = targets_or_cost(data, y, cost)
    check_rule(rule)
    recipe = Recipe(cost_for(network, cost), as_rule(rule), fixed_layers(fixed, network))
    recipe.cost.on(network.output)
    the_engine = choose(engine)
    if refusal := the_engine.refuses(recipe, network):
        raise SettingError(f"the {the_engine.name} engine {refusal}; engine='reference' runs everything")
    epochs, batch_size = whole(epochs, "epochs"), whole(batch_size, "batch_size")
    seed = seed if isinstance(seed, np.random.Generator) else whole(seed, "seed", least=0)
    shuffle = truth(shuffle, "shuffle")
    learnt = with_targets(data, y, network.preprocessing)
    check_width(network, learnt)
    learner = network.with_cost(recipe.cost).with_preprocessing(terms_for(network, learnt, recipe.cost))
    rows, watched = rows_for(learner, learnt, recipe.cost), None
    if validation is not None:
        beside = as_dataset(validation, learner.preprocessing)
        check_width(learner, beside)
        watched = rows_for(learner, beside, recipe.cost)
    return Job(learner, recipe, rows, watched, the_engine, epochs, batch_size, seed, shuffle, learnt.name)


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


def truth(value: Any, what: str) -> bool:
    """True or False. Raises SettingError for anything else."""
    if not isinstance(value, (bool, np.bool_)):
        raise SettingError(f"{what} is True or False, got {brief(value)}")
    return bool(value)


def whole(value: Any, what: str, least: int = 1) -> int:
    """A whole number that is large enough. Raises SettingError for anything else."""
    if not (isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least):
        raise SettingError(f"{what} is a whole number ≥ {least}, got {brief(value)}")
    return int(value)
