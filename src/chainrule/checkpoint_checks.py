"""Whether what a checkpoint says can be of a run: each value of its kind and in its range, and none at odds with another.

A checksum tells that a file is as it was written, and not that chainrule wrote it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.engines.choose import check_name
from chainrule.errors import SettingError, brief
from chainrule.network import Network
from chainrule.ranges import at_least_0, truth, whole
from chainrule.run import TrainingState
from chainrule.schedules import Schedule, as_schedule
from chainrule.settings import Saving, check_names, fixed_layers, is_share, recipe_of, stopping_of
from chainrule.updates import Rule, named


def check_settings(told: Mapping[str, Any], network: Network) -> None:
    """Raises the errors of `train` for settings that it would not take; what a user's own function decides is left out."""
    rule, more = told["rule"], told["more"]
    truth(rule["own"], "own")
    _text(rule["name"], "the name of the rule")
    at_least_0(rule["decay"], "decay")
    check_names(more)
    the_rule = Rule("own", step=_no_step) if rule["own"] else named(rule["name"], **rule["settings"])
    same = rule["own"] or dict(the_rule.settings) == rule["settings"]
    _true("rule", rule["settings"], same, f"one with the settings {', '.join(the_rule.settings)}")
    _true("fixed", told["fixed"], isinstance(told["fixed"], list), "a list of layers")
    seed, fixed = whole(told["seed"], "seed", least=0), fixed_layers(told["fixed"], network)
    recipe_of(network, network.cost, the_rule, fixed, seed, more).cost.on(network.output)
    stopping_of(more, watches=True)
    if not truth(told["own_schedule"], "own_schedule"):
        as_schedule(more.get("schedule"))
    check_name(_text(told["engine"], "engine"))
    for name in ("epochs", "batch_size"):
        whole(told[name], name)
    truth(told["shuffle"], "shuffle")
    if told["validation"] is not None and not is_share(told["validation"]):
        raise SettingError(f"validation is a share of the rows or null, got {brief(told['validation'])}")
    if told["every"] is not None:
        Saving.every(Path(), told["every"])


def check_state(state: TrainingState, told: Mapping[str, Any], network: Network, rows: int) -> None:
    """Raises SettingError where a run of these settings, on so many rows, never has this state."""
    for name, value in (("epoch", state.epoch), ("step", state.step)):
        whole(value, name, least=0)
    _true("epoch", state.epoch, state.epoch <= told["epochs"], f"at most the {told['epochs']} epochs of the run")
    each = math.ceil(rows / told["batch_size"])
    steps = state.epoch * each
    _true("step", state.step, state.step == steps, f"{steps} after {state.epoch} epochs of {rows} rows")
    for number, facts in enumerate(state.history, 1):
        counts = facts.get("number") == number and facts.get("steps") == number * each
        numbers = all(_finite(facts.get(name)) for name in ("cost", "seconds", "learning_rate"))
        _true("history", facts, counts and numbers, f"the facts of epoch {number} there")
    _true("history", len(state.history), len(state.history) == state.epoch, "one entry for each epoch")
    if state.good is not None:
        before, cost, began = state.good
        _true("good", before, whole(before, "good", least=0) < state.epoch, "before an epoch that was run")
        _check_noted("good", cost, began["parameters"], network)
    if state.best is not None:
        number, measured, of_cost, theta = state.best
        _true("best", number, 1 <= whole(number, "best") <= state.epoch, "of an epoch that was run")
        _true("best", of_cost, isinstance(of_cost, float), "the cost there")
        _check_noted("best", measured, theta, network)
    for epoch, theta in state.record.items():
        _true("record", epoch, whole(epoch, "record", least=0) <= state.epoch, "of epochs that were run")
        _check_vector("record", theta, network)
    _check_engine(state, told["rule"], network)
    _check_random(state, told["shuffle"])
    if not told["own_schedule"]:
        _check_schedule(state, as_schedule(told["more"].get("schedule")))


def check_facts(data: Mapping[str, Any], made_on: Mapping[str, Any], notes: Any) -> None:
    """Raises SettingError where the data and the machine are not described as chainrule does."""
    _text(data["name"], "the name of the data")
    for rows in (data["rows"], data["watched"]):
        if rows is not None or rows is data["rows"]:
            whole(rows["rows"], "rows")
            _text(rows["sha256"], "sha256")
    for name in ("numpy", "machine"):
        _text(made_on[name], name)
    if made_on["threads"] is not None:
        whole(made_on["threads"], "threads")
    _true("notes", notes, isinstance(notes, dict), "a dictionary")


def _check_engine(state: TrainingState, rule: Mapping[str, Any], network: Network) -> None:
    """The engine's snapshot: the weights, the number of the step, and what the rule remembers."""
    held = state.engine
    _true("engine", held, (held is None) == (state.epoch == 0), "there after the first epoch, and not before it")
    if held is None:
        return
    _check_vector("parameters", held["parameters"], network)
    _true("step of the engine", held["step"], held["step"] == state.step, f"that of the run, {state.step}")
    if not rule["own"]:
        slots = [f"rule/{slot}" for slot in named(rule["name"], **rule["settings"]).slots]
        wanted = {"parameters", "step", *slots}
        _true("engine", sorted(held), set(held) == wanted, f"of the rule {rule['name']}: {', '.join(sorted(wanted))}")
        for slot in slots:
            _check_vector(slot, held[slot], network)


def _check_vector(name: str, vector: Any, network: Network) -> None:
    size, dtype = network.parameters.size, network.dtype
    fits = isinstance(vector, np.ndarray) and vector.shape == (size,) and vector.dtype == dtype
    what = f"{vector.dtype} of shape {vector.shape}" if isinstance(vector, np.ndarray) else vector
    _true(name, what, fits and bool(np.isfinite(vector).all()), f"{size} finite numbers of {dtype}")


def _check_noted(name: str, value: Any, theta: Any, network: Network) -> None:
    """What is remembered of an epoch: its cost or score, and weights."""
    _true(name, value, _finite(value), "a number")
    _check_vector(name, theta, network)


def _check_random(state: TrainingState, shuffle: bool) -> None:
    """The state of the generator that shuffles; NumPy refuses one that is none."""
    held = state.random
    _true("random", held, (held is None) == (state.epoch == 0 or not shuffle), "the state of a generator that shuffles")
    if held is not None:
        _true("random", held["bit_generator"], held["bit_generator"] == "PCG64", "PCG64")
        bits: Any = np.random.PCG64()
        bits.state = held
        as_read = [json.dumps(each, sort_keys=True) for each in (bits.state, held)]  # true is equal to 1
        _true("random", held, as_read[0] == as_read[1], "a state of PCG64")


def _check_schedule(state: TrainingState, schedule: Schedule) -> None:
    held, start = state.schedule, schedule.begin()
    kind = (
        isinstance(held, Mapping)
        and set(held) == set(start)
        and all(each is None or _finite(each) for each in held.values())
    )
    _true(
        "schedule",
        held,
        kind or (held is None and state.epoch == 0),
        f"what {schedule} remembers: {', '.join(start) or 'nothing'}",
    )


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: Any, what: str) -> str:
    _true(what, value, isinstance(value, str), "a text")
    return str(value)


def _true(what: str, value: Any, is_so: bool, needed: str) -> None:
    if not is_so:
        raise SettingError(f"{what} is {needed}, got {brief(value)}")


def _no_step(g: Any, theta: Any, slots: Any, t: int, rate: float) -> Any:
    raise AssertionError("it stands for a rule of the user's")
