"""L-BFGS on all rows at once, by SciPy: what it minimises and the gradient it is given are of one function."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from chainrule.backward import gradient_of
from chainrule.data import Dataset
from chainrule.data.network_rows import Rows, rows_for
from chainrule.durations import seconds, written
from chainrule.engines.engine import Measured
from chainrule.engines.threads import blas_threads, look_again
from chainrule.errors import DataError, SettingError, brief
from chainrule.estimators.asked import Asked
from chainrule.evaluation import cost_and_score
from chainrule.forward import total_cost
from chainrule.network import Network
from chainrule.parameters import length
from chainrule.problem import Problem
from chainrule.regularization import Penalty
from chainrule.run import Epoch, LastStep
from chainrule.stopping import Stopping

Array = np.ndarray
BY_SCORE = Stopping(best="score")
look_again()  # scipy.optimize has brought a BLAS of its own


class Minimum(NamedTuple):
    """The network that was found, its cost, and why it ended before it converged or was stopped; empty where it did not."""

    network: Network
    cost: float
    unfinished: str
    interrupted: bool = False


class Objective:
    """J(θ), the weighted mean cost of rows and the penalties on the weights; and ∂J/∂θ, both in float64."""

    def __init__(self, network: Network, rows: Rows, penalty: Penalty) -> None:
        pair = network.cost.on(network.output)
        self.network, self._weights, self._penalty = network, rows.weights, penalty
        self._problem = Problem(network, np.asarray(rows.inputs), rows.targets, network.cost, pair, False)
        self._penalised = penalty.entries(network.parameters)
        self.seen = network.parameters.flat().astype(np.float64), np.zeros(0)  # θ and ∂J/∂θ of the last call

    def at(self, theta: Array) -> Network:
        """The network with these parameters."""
        return self.network.with_parameters(self.network.parameters.like(theta.astype(self.network.dtype)))

    def __call__(self, theta: Array) -> tuple[float, Array]:
        problem = self._problem.with_network(self.at(theta))
        with np.errstate(all="ignore"):  # a step that is too long is tried, and taken back
            cost = float(total_cost(problem, "mean", self._weights))
            gradient = gradient_of(problem, "mean", self._weights).flat().astype(np.float64)
            gradient += self._penalised * self._penalty.slope(theta)
            self.seen = theta.copy(), gradient
            return cost + self.penalty(problem.network), gradient

    def penalty(self, network: Network) -> float:
        """What J has beside the cost."""
        return float(self._penalty.value(network.parameters))


class Iterations:
    """What is done after each iteration: rows that are watched, curves, callbacks, time."""

    def __init__(self, objective: Objective, watched: Rows | None, after: Callable[[Epoch], str], most: float) -> None:
        self.count, self.stopped, self.cost = 0, "", math.nan
        self.best: tuple[float, float, Array] | None = None
        self._objective, self._watched, self._after, self._most = objective, watched, after, most
        self.reached, self._began = objective.seen[0], time.perf_counter()
        self._last = self._began

    def __call__(self, intermediate_result: Any) -> None:
        """The name of the argument tells SciPy to hand in J too."""
        theta, objective = intermediate_result.x, self._objective
        network, now = objective.at(theta), time.perf_counter()
        self.count += 1
        cost = float(intermediate_result.fun) - objective.penalty(network)
        watched: tuple[float | None, float | None, str | None] = (None, None, None)
        if self._watched is not None:
            loss, score = cost_and_score(network, self._watched, network.cost)
            watched = (loss, score.value, score.measure)
            if BY_SCORE.is_better(score.value, loss, None if self.best is None else self.best[:2]):
                self.best = score.value, loss, theta.copy()
        step = LastStep(network, self._measured(theta, cost), {"parameters": network.parameters.flat()})
        self.reached, self.cost = theta.copy(), cost
        self.stopped = self._after(Epoch(self.count, self.count, cost, now - self._last, *watched, None, step))
        if not self.stopped and now - self._began >= self._most:
            self.stopped = f"{written(self._most)} are over"
        self._last = now
        if self.stopped:
            raise StopIteration

    def _measured(self, theta: Array, cost: float) -> Measured:
        """Lengths by layer of θ before the iteration, of the gradient after it, and of the move."""
        at, gradient = self._objective.seen
        if not np.array_equal(at, theta):
            _, gradient = self._objective(theta)
        return Measured(cost, *(self._lengths(each) for each in (self.reached, gradient, theta - self.reached)))

    def _lengths(self, vector: Array) -> list[float]:
        of = self._objective.network.parameters.astype(np.float64).like(vector)
        return [length(np.append(w.ravel(), b.ravel())) for w, b in zip(of.weights, of.biases)]


def lbfgs(
    network: Network, data: Dataset, watched: Dataset | None, asked: Asked, after: Callable[[Epoch], str]
) -> Minimum:
    """The minimum of J from a network on; it ends where the largest entry of ∂J/∂θ is no more than `tol`.

    `after` gets each iteration, and gives a reason to stop, or nothing. With rows that are watched the network of the
    best score is given back. Raises SettingError where another function would be meant at each call.
    """
    _check(asked)
    settings = asked.settings
    penalty = Penalty(settings["l1"], settings["l2"])
    objective = Objective(network, rows_for(network, data, network.cost), penalty)
    rows = None if watched is None else rows_for(network, watched, network.cost)
    most = math.inf if settings["max_time"] is None else seconds(settings["max_time"], "max_time")
    each = Iterations(objective, rows, after, most)
    try:
        with blas_threads(network.parameters, len(data)):  # for SciPy's own vectors too, which are short
            found = minimize(
                objective, network.parameters.flat().astype(np.float64), jac=True, method="L-BFGS-B", callback=each,
                options={
                    "maxiter": asked.epochs, "maxfun": asked.max_fun, "gtol": asked.tol,
                    "ftol": 64 * np.finfo(network.dtype).eps,
                },
            )  # fmt: skip
    except KeyboardInterrupt:
        if math.isnan(each.cost):
            raise
        return Minimum(
            objective.at(each.reached if each.best is None else each.best[2]), each.cost, "", interrupted=True
        )
    if not np.isfinite(found.fun):
        raise DataError(
            f"L-BFGS began where the loss is {found.fun}: the numbers are too large; standardize=True scales them"
        )
    theta = found.x if each.best is None else each.best[-1]
    cost = float(found.fun) - objective.penalty(objective.at(found.x))
    return Minimum(objective.at(theta), cost, "" if found.success or each.stopped else str(found.message))


def _check(asked: Asked) -> None:
    settings = asked.settings
    if np.any(np.asarray(settings["dropout"], float) > 0):
        raise SettingError(
            f'solver="lbfgs" minimises one function, and dropout={brief(settings["dropout"])} would make it another at each '
            "call: take a rule, as adam, or dropout=0"
        )
    for name in ("clip_norm", "clip_value"):
        if settings.get(name) is not None:
            raise SettingError(
                f'solver="lbfgs" finds the length of its steps itself, and {name} would change its gradient: leave it out, or '
                "take a rule, as adam"
            )
