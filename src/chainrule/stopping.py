"""When training stops before its last epoch, and which network is given back."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.durations import written
from chainrule.errors import counted
from chainrule.writing.numbers import short

BEST = "last", "cost", "score"


@dataclass(frozen=True)
class Stopping:
    """`patience`: stop after so many epochs in a row without a better cost (or score) on the validation rows.

    `best`: which network is given back, that of the last epoch, or that with the lowest validation cost or highest score.
    `max_time`: seconds after which no further epoch is begun.
    """

    patience: int | None = None
    best: str = "last"
    max_time: float | None = None

    @property
    def measure(self) -> str:
        """What is watched: score or cost."""
        return "score" if self.best == "score" else "cost"

    def is_better(self, value: float | None, before: float | None) -> bool:
        """Whether an epoch's value is better than the best one before; NaN never is."""
        if value is None or value != value:
            return False
        return before is None or (value > before if self.measure == "score" else value < before)

    def reason(self, epoch: int, best: int, seconds: float) -> str:
        """Why no further epoch is begun after this one; empty where one is. `best` is the number of the best epoch so far."""
        if self.patience is not None and epoch - best >= self.patience:
            return f"the validation {self.measure} has not improved for {counted(self.patience, 'epoch')}"
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
