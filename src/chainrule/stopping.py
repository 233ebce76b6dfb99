"""When training stops before its last epoch, and which network is given back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.durations import written
from chainrule.errors import counted
from chainrule.writing.numbers import exact, short

BEST = "last", "cost", "score"


class Gains:
    """How many epochs in a row have not gained, of values that are to become small.

    An epoch gains where its value is at least `tol` below the lowest before it; with None, where it is below it.
    """

    def __init__(self, tol: float | None = None, values: Iterable[float] = ()) -> None:
        self.without = 0
        self._tol, self._lowest = tol, math.inf
        for value in values:
            self.after(value)

    def after(self, value: float) -> int:
        """One epoch more, which has not gained where its value is NaN."""
        gained = value < self._lowest if self._tol is None else value <= self._lowest - self._tol
        self.without = 0 if gained else self.without + 1
        self._lowest = min(self._lowest, value)
        return self.without


@dataclass(frozen=True)
class Stopping:
    """`patience`: stop after so many epochs in a row that do not gain, by `tol` where it is given.

    What is to gain is the cost, or the score, of the validation rows; with `watches` False the cost of the rows learnt from.
    `best`: which network is given back, that of the last epoch, or that with the lowest validation cost or highest score (of
    equal scores that with the lower cost).
    `max_time`: seconds after which no further epoch is begun.
    """

    patience: int | None = None
    best: str = "last"
    max_time: float | None = None
    tol: float | None = None
    watches: bool = True

    @property
    def measure(self) -> str:
        """What is watched: score or cost."""
        return "score" if self.best == "score" else "cost"

    def is_better(self, value: float, cost: float, before: tuple[float, float] | None) -> bool:
        """Whether an epoch of this score (or cost) and cost is better than the best one before; NaN never is."""
        if value != value or before is None:
            return value == value
        if self.measure == "score":
            return (value, -cost) > (before[0], -before[1])
        return value < before[0]

    def gains(self, history: Iterable[Mapping[str, Any]]) -> Gains:
        """How many of these epochs, the last ones in a row, have not gained."""
        return Gains(self.tol, map(self.value, history))

    def value(self, facts: Mapping[str, Any]) -> float:
        """What is to become small of an epoch: a cost, or the negative of a score."""
        if not self.watches:
            return float(facts["cost"])
        value = facts.get(f"validation_{self.measure}")
        return math.nan if value is None else -value if self.measure == "score" else value

    def reason(self, without: int, seconds: float) -> str:
        """Why no further epoch is begun, after so many in a row that have not gained; empty where one is."""
        if self.patience is not None and without >= self.patience:
            what = f"validation {self.measure}" if self.watches else "cost"
            by = "" if self.tol is None else f" by {exact(self.tol)}"
            return f"the {what} has not improved{by} for {counted(self.patience, 'epoch')}"
        if self.max_time is not None and seconds >= self.max_time:
            return f"{written(self.max_time)} are over"
        return ""

    def kept(self, epoch: int, best: tuple[int, float] | None) -> str:
        """Which network is given back after so many epochs, and why, as a clause; empty where it is the last one's anyway."""
        if self.best == "last" or best is None:
            return ""
        extreme = "highest" if self.measure == "score" else "lowest"
        value = f"{best[1]:.4f}" if self.measure == "score" else short(best[1])
        return f"epoch {best[0]} of {epoch}, whose validation {self.measure} of {value} is the {extreme}"
