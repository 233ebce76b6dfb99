"""When training stops before its last epoch, and which network is given back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.durations import written
from chainrule.errors import counted
from chainrule.writing.numbers import exact, short

BEST = "last", "cost", "score"
FEW_WATCHED = 1000  # validation rows, whose score alone says little


class Gains:
    """How many epochs in a row have not gained, of a value that is to become small, or of several.

    An epoch gains where one of them is at least `tol` below the lowest before it; with None, where it is below it.
    """

    def __init__(self, tol: float | None = None, before: Iterable[Sequence[float]] = ()) -> None:
        self.without = 0
        self._tol = tol
        self._lowest: tuple[float, ...] = (math.inf, math.inf)
        for values in before:
            self.after(*values)

    def after(self, *values: float) -> int:
        """One epoch more; a value that is NaN has not gained."""
        pairs = list(zip(values, self._lowest))
        gained = any(value < low if self._tol is None else value <= low - self._tol for value, low in pairs)
        self.without = 0 if gained else self.without + 1
        self._lowest = tuple(min(low, value) for value, low in pairs)
        return self.without


@dataclass(frozen=True)
class Stopping:
    """`patience`: stop after so many epochs in a row that do not gain, by `tol` where it is given.

    What is to gain is the cost, or the score, of the validation rows; with `watches` False the cost of the rows learnt from.
    Of a `few` validation rows the score alone says little: with a `tol` a gain in their cost counts too.
    `best`: which network is given back, that of the last epoch, or that with the lowest validation cost or highest score (of
    equal scores that with the lower cost).
    `max_time`: seconds after which no further epoch is begun.
    """

    patience: int | None = None
    best: str = "last"
    max_time: float | None = None
    tol: float | None = None
    watches: bool = True
    few: bool = False

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
        return Gains(self.tol, map(self.values, history))

    def values(self, facts: Mapping[str, Any]) -> tuple[float, ...]:
        """What is to become small of an epoch: a cost, the negative of a score, or both."""
        if not self.watches:
            return (facts["cost"],)
        cost, score = (facts.get(name) for name in ("validation_cost", "validation_score"))
        found = (
            [cost] if self.measure == "cost" else [None if score is None else -score, *([cost] if self._both else [])]
        )
        return tuple(math.nan if value is None else value for value in found)

    @property
    def _both(self) -> bool:
        """Whether score and cost both count."""
        return self.few and self.measure == "score" and self.tol is not None

    def reason(self, without: int, seconds: float) -> str:
        """Why no further epoch is begun, after so many in a row that have not gained; empty where one is."""
        if self.patience is not None and without >= self.patience:
            what = f"the validation {self.measure} has not" if self.watches else "the cost has not"
            what = "neither validation score nor cost has" if self._both else what
            by = "" if self.tol is None else f" by {exact(self.tol)}"
            return f"{what} improved{by} for {counted(self.patience, 'epoch')}"
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
