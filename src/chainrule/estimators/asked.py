"""What an estimator's parameters ask for, checked, in the words of `chainrule.train`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from chainrule.errors import SettingError, UnknownNameError, brief, unknown_name
from chainrule.estimators.defaults import decided
from chainrule.estimators.losses import activation_of
from chainrule.ranges import at_least_0, positive, share, truth, whole
from chainrule.schedules import NAMED as SCHEDULES
from chainrule.schedules import Moment, Schedule, as_schedule
from chainrule.settings import Settings
from chainrule.updates import NAMED as RULES
from chainrule.updates import Rule, adam, delta_rule, momentum, nesterov

Array = np.ndarray
LBFGS, ADAPTIVE = "lbfgs", "adaptive"
BAR = "bar"  # of `verbose`: a live line in the place of one for each epoch
LEAST_RATE = 1e-6  # "adaptive" ends below it


@dataclass(frozen=True)
class Asked:
    """The parameters of one call of `fit` or `partial_fit`; `rule` is None for L-BFGS."""

    hidden: tuple[int, ...]
    activations: list[Any]
    rule: Rule | None
    batch_size: int
    settings: Settings
    epochs: int
    max_fun: int
    tol: float
    patience: float  # epochs without a gain of `tol`, after which training ends; infinite for none
    early_stopping: bool
    held_out: float  # the share of the rows that early stopping watches
    chosen: Mapping[str, Any]  # what was "auto", and what it came to
    verbose: bool | str

    @classmethod
    def of(
        cls,
        given: Mapping[str, Any],
        X: Any,
        weight: Array | None,
        watches: bool | None = None,
        hidden: tuple[int, ...] | None = None,
    ) -> Asked:
        """The parameters of an estimator, as `get_params` gives them, for rows X (rows, features) of such weights.

        `watches` says whether rows are watched, and None that early_stopping decides it; `hidden` are the hidden layers of the
        network that is trained on.
        """
        counted = len(X) if weight is None else max(1.0, float(weight.sum()))
        chosen = decided(given, X.shape, counted, watches, hidden)
        given = {**given, **chosen}
        rows, tol, patience = len(X), at_least_0(given["tol"], "tol"), given["n_iter_no_change"]
        if patience != math.inf:
            patience = whole(patience, "n_iter_no_change")
        batch = whole(given["batch_size"], "batch_size")
        rule = None if isinstance(given["solver"], str) and given["solver"] == LBFGS else rule_of(given)
        hidden = layer_sizes(given["hidden_layer_sizes"])
        sharing = min(batch, counted) if rule else counted  # rows that one penalty stands beside
        settings: Settings = {
            "l2": at_least_0(given["alpha"], "alpha") / sharing, "l1": given["l1"], "dropout": given["dropout"],
            "clip_norm": given["clip_norm"], "clip_value": given["clip_value"], "max_time": given["max_time"],
            "schedule": schedule_of(given, counted, tol, patience),
        }  # fmt: skip
        for name in ("warm_start", "standardize"):
            truth(given[name], name)
        shows = given["verbose"]
        if not isinstance(shows, (int, np.bool_)) and not (isinstance(shows, str) and shows == BAR):
            raise SettingError(f'verbose is True, False, a whole number, or "{BAR}", got {brief(shows)}')
        return cls(
            hidden, hidden_activations(given["activation"], len(hidden)), rule,
            min(batch, rows), settings, whole(given["max_iter"], "max_iter"),
            whole(given["max_fun"], "max_fun"), tol, patience, truth(given["early_stopping"], "early_stopping"),
            share(given["validation_fraction"], "validation_fraction"), chosen,
            BAR if isinstance(shows, str) else bool(shows),
        )  # fmt: skip

    @property
    def _schedule(self) -> str:
        return as_schedule(self.settings["schedule"]).name

    @property
    def is_adaptive(self) -> bool:
        """Whether the learning rate falls where nothing is gained."""
        return self._schedule == ADAPTIVE

    @property
    def ends_by_tol(self) -> bool:
        """Whether a training that takes all its epochs was to end before: not where its rates are planned for all of them."""
        return self._schedule in ("constant", "invscaling", "reduce_on_plateau", ADAPTIVE)


def hidden_activations(given: Any, count: int) -> list[Any]:
    """The activation of each hidden layer: names, activations, or functions of z."""
    each = list(given) if isinstance(given, (list, tuple)) else [given] * count
    if len(each) != count:
        raise SettingError(f"activation is one for all {count} hidden layers, or one for each; got {brief(given)}")
    made = {id(one): activation_of(one) for one in each}  # a function that is given for all layers is checked once
    return [made[id(one)] for one in each]


def layer_sizes(given: Any) -> tuple[int, ...]:
    """The neurons of the hidden layers, (100,) or 100 or [64, 32]; none for a linear model."""
    try:
        sizes = [given] if not hasattr(given, "__iter__") else list(given)
        return tuple(whole(size, "hidden_layer_sizes") for size in sizes)
    except SettingError:
        raise SettingError(
            f"hidden_layer_sizes are whole numbers above 0, as (100,) or (64, 32), got {brief(given)}"
        ) from None


def rule_of(given: Mapping[str, Any]) -> Rule:
    """The rule that moves the weights: scikit-learn's "sgd" and "adam" with its parameters, or a rule by its name."""
    solver = given["solver"]
    if isinstance(solver, Rule):
        return solver
    if not isinstance(solver, str):
        raise unknown_name("solver", solver, [LBFGS, "sgd", *RULES])
    rate = positive(given["learning_rate_init"], "learning_rate_init")
    if solver == "sgd":
        mu = given["momentum"]
        if not isinstance(mu, Real) or not 0 <= float(mu) <= 1:
            raise SettingError(f"momentum is a number from 0 to 1, as 0.9, got {brief(mu)}")
        if mu == 0:
            return delta_rule(rate)
        return (nesterov if truth(given["nesterovs_momentum"], "nesterovs_momentum") else momentum)(rate, float(mu))
    if solver == "adam":
        for name in ("beta_1", "beta_2"):
            share(given[name], name)
        return adam(rate, given["beta_1"], given["beta_2"], given["epsilon"])
    if solver in RULES:
        return RULES[solver](rate)
    raise unknown_name("solver", solver, [LBFGS, "sgd", *RULES])


# the learning rate -------------------------------------------------------------------------------------------------
def schedule_of(given: Mapping[str, Any], rows: float, tol: float, patience: float) -> Schedule:
    """scikit-learn's "constant", "invscaling" and "adaptive", or a schedule of chainrule.schedules."""
    named = given["learning_rate"]
    if isinstance(named, Real):
        raise SettingError(
            f'learning_rate is how the rate changes, as "constant" or "cosine"; its size is learning_rate_init={named}'
        )
    if isinstance(named, str) and named == "invscaling":
        power = given["power_t"]
        if not isinstance(power, Real):
            raise SettingError(f"power_t is a number, as 0.5, got {brief(power)}")
        return Schedule("invscaling", _inverse, {"power": float(power), "rows": rows})
    if isinstance(named, str) and named == ADAPTIVE:
        start = {"lowest": None, "without": 0, "multiple": 1.0}
        return Schedule(ADAPTIVE, _adapted, {"tol": tol, "patience": patience}, start, _after_epoch)
    try:
        return as_schedule(named)
    except UnknownNameError:
        raise unknown_name("learning_rate", named, ["invscaling", ADAPTIVE, *SCHEDULES]) from None


def _inverse(moment: Moment, power: float, rows: float) -> float:
    """1 / (1 + rows so far)^power, for the whole of an epoch."""
    return float((1 + moment.epoch * rows) ** -power)


def _adapted(moment: Moment, **settings: float) -> float:
    return float(moment.state["multiple"])


def _after_epoch(state: Mapping[str, Any], cost: float, tol: float, patience: float) -> Mapping[str, Any]:
    """A fifth of the rate after so many epochs in a row whose cost was not `tol` below the lowest."""
    lowest, without, multiple = state["lowest"], state["without"], state["multiple"]
    without = without + 1 if lowest is not None and cost > lowest - tol else 0
    if without > patience:
        without, multiple = 0, multiple / 5
    return {"lowest": cost if lowest is None else min(lowest, cost), "without": without, "multiple": multiple}
