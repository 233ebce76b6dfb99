"""One step of v and what u does: predicted by the tangent, actual, and by how much the tangent misses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from chainrule.json_text import as_json
from chainrule.verification.differences import EPSILON


@dataclass(frozen=True)
class Change:
    """One step of v: u before and after it, and the slope ∂u/∂v from which the change was predicted.

    `terms` is the size of the numbers summed on the way to u, whose rounding may hide a small change; `left` is True where a z
    or an a left the floating point numbers.
    """

    step: float
    before: float
    after: float
    slope: float
    terms: float = 1.0
    left: bool = False

    @property
    def predicted(self) -> float:
        """What the tangent promises: ∂u/∂v · Δ."""
        return self.slope * self.step + 0.0

    @property
    def actual(self) -> float:
        """What happens; 0 where that is no more than rounding."""
        change = self.after - self.before
        return 0.0 if math.isfinite(change) and abs(change) <= self.rounding else change

    @property
    def rounding(self) -> float:
        """How far rounding may move a change of u."""
        return 8 * EPSILON * max(abs(self.before), abs(self.after), self.terms)

    @property
    def note(self) -> str:
        """Why there is no miss to speak of; empty where there is one."""
        if math.isnan(self.after) and not self.left:
            return "undefined"  # as the logarithm of an output that was moved below 0
        if not (math.isfinite(self.actual) and math.isfinite(self.predicted)):
            return "overflow"
        if self.slope == 0 or self.step == 0:
            return "nothing predicted"
        if self.predicted == 0 and self.actual == 0:
            return "underflow"
        if self.rounding > 1e-3 * max(abs(self.predicted), abs(self.actual)):
            return "lost in rounding"
        return ""

    @property
    def miss(self) -> float | None:
        """(actual − predicted) / predicted; None where nothing was predicted or the change is hidden (see `note`)."""
        if self.note:
            return None
        return (self.actual - self.predicted) / self.predicted if self.predicted else math.inf

    def to_json(self) -> dict[str, Any]:
        """The step, both changes, the miss (null where there is none) and why."""
        names = ("step", "before", "after", "slope", "predicted", "actual", "miss", "note")
        return as_json({name: getattr(self, name) for name in names})
