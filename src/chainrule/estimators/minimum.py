"""L-BFGS on all rows at once, by SciPy: what it minimises and the gradient it is given are of one function."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from chainrule.backward import gradient_of
from chainrule.data import Dataset
from chainrule.data.network_rows import Rows, rows_for
from chainrule.errors import DataError
from chainrule.forward import total_cost
from chainrule.network import Network
from chainrule.problem import Problem
from chainrule.regularization import Penalty

Array = np.ndarray


class Minimum(NamedTuple):
    """The network that was found, the cost after each iteration, and whether it ended because nothing is gained any more."""

    network: Network
    costs: list[float]
    converged: bool
    said: str


class Objective:
    """J(θ), the weighted mean cost of rows and the penalties on the weights; and ∂J/∂θ, both in float64."""

    def __init__(self, network: Network, rows: Rows, penalty: Penalty) -> None:
        pair = network.cost.on(network.output)
        self.network, self._weights, self._penalty = network, rows.weights, penalty
        self._problem = Problem(network, np.asarray(rows.inputs), rows.targets, network.cost, pair, False)
        self._penalised = penalty.entries(network.parameters)

    def at(self, theta: Array) -> Network:
        """The network with these parameters."""
        return self.network.with_parameters(self.network.parameters.like(theta.astype(self.network.dtype)))

    def __call__(self, theta: Array) -> tuple[float, Array]:
        problem = self._problem.with_network(self.at(theta))
        with np.errstate(all="ignore"):  # a step that is too long is tried, and taken back
            cost = float(total_cost(problem, "mean", self._weights))
            gradient = gradient_of(problem, "mean", self._weights).flat().astype(np.float64)
            penalised = self._penalised * self._penalty.slope(theta)
            return cost + self._penalty.value(problem.network.parameters), gradient + penalised


def lbfgs(network: Network, data: Dataset, penalty: Penalty, most: int, calls: int, tol: float) -> Minimum:
    """At most so many iterations and calls of J; it ends where the largest entry of ∂J/∂θ is no more than `tol`."""
    objective = Objective(network, rows_for(network, data, network.cost), penalty)
    costs: list[float] = []

    def after(intermediate_result: object) -> None:
        costs.append(float(intermediate_result.fun))  # type: ignore[attr-defined]

    found = minimize(
        objective, network.parameters.flat().astype(np.float64), jac=True, method="L-BFGS-B", callback=after,
        options={"maxiter": most, "maxfun": calls, "gtol": tol, "ftol": 64 * np.finfo(network.dtype).eps},
    )  # fmt: skip
    if not np.isfinite(found.fun):
        raise DataError(
            f"L-BFGS began where the loss is {found.fun}: the numbers are too large; standardize=True scales them"
        )
    at_end = objective.at(found.x)
    costs = costs or [float(found.fun)]
    return Minimum(at_end, costs, bool(found.success), str(found.message))
