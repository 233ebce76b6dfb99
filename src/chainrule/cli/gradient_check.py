"""The gradient of a trained network against central differences, on rows of its own data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.backward import gradient
from chainrule.costs import Cost
from chainrule.data import Dataset, encode_targets
from chainrule.engines.threads import blas_threads
from chainrule.network import Network
from chainrule.verification.agreement import Agreement, check_network
from chainrule.writing.numbers import bar

ROWS, ENTRIES = 32, 200
CLOSE = 0.01  # ‖Δ‖/‖g‖ above which two gradients that rounding may explain away show nothing


@dataclass(frozen=True)
class GradientCheck:
    """The verdict; the dtype it was reached in; and why it decides nothing, where it could not have failed."""

    agreement: Agreement
    dtype: str
    asked: str
    undecided: str = ""

    def __str__(self) -> str:
        if self.undecided:
            return f"backpropagation against central differences is undecided: {self.undecided}"
        why = "" if self.dtype == self.asked else f": in {self.asked} rounding hides so small a gradient"
        return f"backpropagation ({self.dtype}{why}) against central differences: {self.agreement}"

    def to_json(self) -> dict[str, Any]:
        """As plain values, for the report."""
        found = self.agreement
        return {
            "distance": found.distance,
            "holds": None if self.undecided else found.holds,
            "checked": found.checked,
            "dtype": self.dtype,
        }


def check_gradient_on(network: Network, data: Dataset, cost: Cost) -> GradientCheck:
    """Backpropagation on the first rows: as many entries as a fraction of a second allows.

    Where rounding in float32 is as large as the gradient, any gradient would pass; then float64 decides.
    """
    batch = data.take(np.arange(min(ROWS, len(data))))
    x = np.asarray(batch.inputs)
    y, _ = encode_targets(batch.targets, network.sizes[-1], len(batch))
    most = min(ENTRIES, max(20, int(2e9 / (12 * network.parameters.size * len(batch)))))
    asked = str(network.dtype)
    for each in [network] if asked == "float64" else [network, network.astype("float64")]:
        with blas_threads(each.parameters, len(batch)):
            found = gradient(each, x, y, cost)
            verdict = check_network(each, found, x, y, cost, most=most)
        undecided = _undecided(verdict, found.norm())
        if not undecided:
            break
    return GradientCheck(verdict, str(each.dtype), asked, undecided)


def _undecided(verdict: Agreement, norm: float) -> str:
    """Why the comparison could not have failed, if so."""
    if norm == 0 and (verdict.holds or verdict.undecided):
        return "the gradient is 0 throughout"
    if verdict.undecided:
        return verdict.undecided
    if not verdict.holds:
        return ""
    if verdict.kinks == verdict.checked:
        return f"all {verdict.checked:,} derivatives looked at lie at a kink"
    if verdict.distance > CLOSE:
        return f"rounding hides so small a gradient (its norm is {bar(norm)})"
    return ""
