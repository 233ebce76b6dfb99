"""Steps of one parameter so small that no unit passes a kink: over them C is smooth, and its differences can be trusted.

Several kinks within one step can bend the differences on all sides alike, so that neither error bar nor one-sided slopes
show it. A network that has little left to learn is such a place: its slopes are small beside those behind a kink.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.elementary import ARRAYS
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.differences import HIDDEN, Difference, closer_than_kinks, of_entries
from chainrule.verification.kinks import ABSOLUTE

Array = np.ndarray


def without_kinks(p: Problem, entry: int, given: float, share: Array | None = None) -> Difference | None:
    """∂C/∂θ of an entry from steps that pass no kink; None where ordinary steps pass none either, or all steps do.

    Where those leave too few digits to tell a gradient of that size, given or found, the entry counts as one at a kink.
    Kinks of an own cost are not known.
    """
    flat = p.network.parameters.flat().astype(np.float64)
    parameters = p.network.parameters.like(flat)  # views: a changed entry of `flat` is changed in them

    def sides(at: float) -> Array:
        flat[entry] = at
        return _sides(p, parameters)

    closer = closer_than_kinks(sides, float(flat[entry]))
    if closer is None or closer == 1:
        return None
    d = of_entries(p, [entry], share, closer)[0]
    return replace(d, beside_kink=d.error > HIDDEN * max(abs(given), abs(d.value)))


def _sides(p: Problem, parameters: Parameters) -> Array:
    """Below, at or above: −1, 0 or 1 for each kink of each unit in each row, by the forms."""
    a, y, found = np.asarray(p.x, np.float64), np.asarray(p.y, np.float64), [np.zeros(0)]
    for w, b, sigma in zip(parameters.weights, parameters.biases, p.network.activations):
        z = a @ w.T + b if b.size else a @ w.T
        found += [np.sign(z - kink).ravel() for kink in sigma.kinks]
        a = sigma.form(z, ARRAYS)
    if p.cost.name == "multiclass_hinge" and not p.cost.own:
        margin = 1 + z - (y * z).sum(axis=1, keepdims=True)
        found.append(np.sign(margin[y == 0]))
    if p.cost.name == ABSOLUTE and not p.cost.own:
        found.append(np.sign(a - y).ravel())
    return np.concatenate(found)
