"""How good a network is on rows in its own terms: their cost, and a score."""

from __future__ import annotations

import math

import numpy as np

from chainrule.costs import Cost
from chainrule.data.coercion import are_finite
from chainrule.data.mapped import Inputs
from chainrule.data.network_rows import Rows
from chainrule.forward import shares
from chainrule.last_layer import LastLayer
from chainrule.network import Network
from chainrule.prediction import score_rows
from chainrule.scores import Score

Array = np.ndarray
SOME = 1000  # rows that tell the cost of many
CHUNK = 4096  # rows whose costs are computed at a time


def cost_and_score(network: Network, rows: Rows, cost: Cost) -> tuple[float, Score]:
    """(the weighted mean cost, the score) over all rows; the score is NaN where an output is not finite."""
    outputs, each = _costs(network, rows.inputs, rows.targets, cost)
    with np.errstate(all="ignore"):  # rows that were not learnt from may overflow; the cost says so
        total = float(each @ shares(len(each), "mean", rows.weights))
        if are_finite(outputs):
            return total, score_rows(network, outputs, rows.targets, cost, rows.weights)
        return total, Score(math.nan, score_rows(network, np.zeros_like(outputs), rows.targets, cost).measure)


def cost_on_some(network: Network, rows: Rows, cost: Cost) -> float:
    """The cost on at most 1,000 of the rows, evenly spaced; NaN where none of them has weight."""
    some = np.linspace(0, len(rows) - 1, min(len(rows), SOME)).astype(np.int64)
    weights = None if rows.weights is None else rows.weights[some]
    if weights is not None and not weights.any():
        return math.nan
    _, each = _costs(network, rows.inputs[some], rows.targets[some], cost)
    with np.errstate(all="ignore"):  # a cost may have overflowed
        return float(each @ shares(len(some), "mean", weights))


def _costs(network: Network, x: Inputs, y: Array, cost: Cost) -> tuple[Array, Array]:
    """(a^L, each row's cost), some rows at a time: only their a^L and z^L are kept."""
    pair, z = cost.on(network.output), np.empty((len(x), network.sizes[-1]), network.dtype)
    with np.errstate(all="ignore"):
        a = LastLayer(network.parameters, network.activations).of_rows(x, z)
        last = z if pair.of == "z" else a
        costs = [pair.value(last[start : start + CHUNK], y[start : start + CHUNK]) for start in range(0, len(x), CHUNK)]
    return a, np.concatenate(costs)
