"""Parameters and fitted attributes as JSON, and back: numbers, texts, arrays, rules, schedules, costs, activations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule import activations, costs
from chainrule.activations import Activation
from chainrule.costs import Cost
from chainrule.data import Preprocessing
from chainrule.errors import SettingError, brief
from chainrule.schedules import Schedule, as_schedule
from chainrule.updates import NAMED as RULES
from chainrule.updates import Rule
from chainrule.updates import named as rule_named


class NotHeldError(SettingError):
    """A value that no file can hold: a function, a random generator, a rule of the user's own."""


def written(value: Any) -> Any:
    """A value as JSON. Raises NotHeldError where there is none."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [written(each) for each in value]
    if isinstance(value, tuple):
        return {"tuple": [written(each) for each in value]}
    if isinstance(value, Mapping):
        return {"dict": [[written(key), written(each)] for key, each in value.items()]}
    if isinstance(value, np.ndarray):
        return {
            "array": {"dtype": str(value.dtype), "shape": list(value.shape), "values": written(value.ravel().tolist())}
        }
    return _row(value)


def _row(value: Any) -> dict[str, Any]:
    """A rule, a schedule, a cost, an activation, or what lies between a user's columns and the network."""
    if isinstance(value, Rule) and value.name in RULES and RULES[value.name]().step is value.step:
        return {"rule": {"name": value.name, "settings": dict(value.settings), "decay": value.decay}}
    if isinstance(value, Schedule) and not value.own:
        return {"schedule": repr(value)}
    if isinstance(value, (Activation, Cost)):
        kind = "activation" if isinstance(value, Activation) else "cost"
        return {kind: {"name": value.name, "settings": dict(value.settings), "own": value.own}}
    if isinstance(value, Preprocessing):
        return {"preprocessing": value.to_json()}
    raise NotHeldError(f"no file can hold {brief(value)}")


def read(given: Any, own: Mapping[str, Activation], own_costs: Mapping[str, Cost]) -> Any:
    """The value that JSON says. Raises KeyError, TypeError, ValueError where it is none that `written` makes.

    A user's own activations and costs are those handed in, by name; SettingError where one is missing.
    """
    if isinstance(given, list):
        return [read(each, own, own_costs) for each in given]
    if not isinstance(given, dict):
        return given
    [(kind, value)] = given.items()
    if kind == "tuple":
        return tuple(read(value, own, own_costs))
    if kind == "dict":
        return {read(key, own, own_costs): read(each, own, own_costs) for key, each in value}
    if kind == "activation":
        return _named(value, "activation", own, activations.named)
    if kind == "cost":
        return _named(value, "cost", own_costs, costs.named)
    return READ[kind](value)


def _named(told: Mapping[str, Any], kind: str, own: Mapping[str, Any], named: Callable[..., Any]) -> Any:
    if not told["own"]:
        return named(told["name"], **told["settings"])
    if told["name"] not in own:
        raise SettingError(
            f"it uses the user's own {kind} {told['name']!r}, which no file can hold: load(path, {kind}s=[{told['name']}])"
        )
    return own[told["name"]]


def _array(told: Mapping[str, Any]) -> np.ndarray:
    values, dtype = read(told["values"], {}, {}), np.dtype(told["dtype"])
    found = np.empty(len(values), dtype)
    found[:] = values
    return found.reshape(told["shape"])


def _rule(told: Mapping[str, Any]) -> Rule:
    decay = {"decay": told["decay"]} if told["decay"] != rule_named(told["name"]).decay else {}
    return rule_named(told["name"], **told["settings"], **decay)


READ: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "array": _array,
    "rule": _rule,
    "schedule": as_schedule,
    "preprocessing": Preprocessing.from_json,
}
