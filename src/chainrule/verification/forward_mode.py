"""Forward mode: C(θ + ε e_i) on dual numbers, one parameter at a time, from the input to the cost.

The slope travels with the value through `evaluate`, and nothing is ever sent backward. One direction costs one evaluation, so
that a gradient costs as many as there are parameters: the reason why backpropagation exists (S1.1, S2.17).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.dual import DUALS, Dual, dual
from chainrule.errors import FormError
from chainrule.parameters import Layers, Parameters
from chainrule.problem import Problem
from chainrule.verification.evaluate import evaluate
from chainrule.verification.local import too_many

Array = np.ndarray
LIMIT = 1_000_000_000  # parameters² × rows: half a minute at most


def refuses(p: Problem) -> str | None:
    """Why this method is skipped here, None where it can run."""
    return too_many("forward_mode", p.network.parameters.size**2 * len(p.x), LIMIT, "parameters² × rows")


def some(p: Problem, entries: Sequence[int]) -> Array:
    """∂C/∂θ_i for some i of the flat vector, the dual part of C(θ + ε e_i). Raises FormError where the cost is not finite."""
    theta, slopes, direction = p.network.parameters, [], np.zeros(p.network.parameters.size)
    with np.errstate(all="ignore"):  # NaN or infinity is an error below
        for entry in entries:
            direction[entry] = 1
            found = dual(evaluate(towards(theta, direction), p.network.activations, p.x, p.y, p.pair, DUALS))
            direction[entry] = 0
            if not np.isfinite(found.value).all():
                raise FormError(
                    "forward_mode: the cost is not finite here, for a form becomes NaN or infinite; smaller weights will do"
                )
            slopes.append(float(found.slope.mean()))
    return np.array(slopes)


def towards(theta: Parameters, direction: np.ndarray) -> Parameters:
    """θ + ε direction: every weight and bias a dual number."""
    step = theta.like(direction)
    weights = Layers[Any]([Dual(w, d) for w, d in zip(theta.weights, step.weights)])
    return Parameters(weights, Layers[Any]([Dual(b, d) for b, d in zip(theta.biases, step.biases)]))
