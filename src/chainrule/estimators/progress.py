"""After each epoch: what is kept of it, what is shown, and whether training is over."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from chainrule.errors import counted
from chainrule.estimators.asked import BAR, LEAST_RATE, Asked
from chainrule.estimators.callbacks import Tasks
from chainrule.progress import Pace, progress
from chainrule.run import Epoch
from chainrule.settings import is_true
from chainrule.stopping import FEW_WATCHED, Gains


class Progress:
    """The curves of a training, and its end.

    An epoch gains where its cost is at least `tol` below the lowest before it, or, where rows are watched, its validation score
    that much above the highest; of fewer than 1,000 watched rows the score alone says little, and a validation cost that much
    below the lowest is a gain too. Training is over after more than `patience` epochs in a row that do not gain; with an
    adaptive learning rate once that is below 10⁻⁶ too.
    """

    def __init__(
        self,
        asked: Asked,
        callbacks: Sequence[Callable[[Epoch], object]],
        tasks: Tasks | None = None,
        watched: int | None = None,
    ) -> None:
        """`watched` is the number of rows that are watched; None for none."""
        self.costs: list[float] = []
        self.validation_costs: list[float] = []
        self.validation_scores: list[float] = []
        self.why = ""  # why training is over, once it is
        self._asked, self._callbacks, self._tasks = asked, callbacks, tasks
        self._gains, self._gains_in_cost = Gains(asked.tol), Gains(asked.tol)
        self._by_cost_too = watched is not None and watched < FEW_WATCHED
        self._show: Callable[[Epoch], None] = silent

    def after(self, epoch: Epoch) -> str:
        """Why no further epoch is needed; empty where one is."""
        self.why = self._why_over(epoch)
        if self._asked.verbose is True and self.why:
            print(f"Training ends after iteration {epoch.number}: {self.why}", flush=True)
        return self.why

    @contextmanager
    def shown(self, pace: Pace) -> Iterator[Callable[[int], None] | None]:
        """In here epochs are shown as `verbose` asks for. What this gives is called within an epoch, for a bar, or is None."""
        if self._asked.verbose != BAR:
            self._show = printed if self._asked.verbose else silent
            yield None
            return
        with progress(pace, say) as told:
            self._show = told.ended
            yield told.within
        why = f": {self.why}" if self.why else ""
        say(f"{counted(len(self.costs), 'epoch')} in {pace.seconds:.2f} s, {', '.join(pace.latest.values())}{why}")

    def _why_over(self, epoch: Epoch) -> str:
        self.costs.append(epoch.cost)
        value = epoch.cost
        if epoch.validation_score is not None and epoch.validation_cost is not None:
            self.validation_costs.append(epoch.validation_cost)
            self.validation_scores.append(epoch.validation_score)
            value = -epoch.validation_score
        self._show(epoch)
        without = self._gains.after(value)
        if self._by_cost_too and epoch.validation_cost is not None:
            without = min(without, self._gains_in_cost.after(epoch.validation_cost))
        asked_to_stop = [is_true(callback(epoch)) for callback in self._callbacks]
        if self._tasks is not None:
            asked_to_stop.append(self._tasks.after(lambda: epoch.network))
        if any(asked_to_stop):
            return "a callback returned True"
        if without <= self._asked.patience or (self._asked.is_adaptive and (epoch.learning_rate or 0) > LEAST_RATE):
            return ""
        if not self.validation_scores:
            which = "the training loss has not"
        else:
            which = "neither validation score nor loss has" if self._by_cost_too else "the validation score has not"
        return f"{which} improved by tol={self._asked.tol:g} for {without} epochs"

    @property
    def is_enough(self) -> bool:
        """Whether the score has ended its rise, and only the cost of a few watched rows still falls."""
        return self._by_cost_too and self._gains.without > self._asked.patience

    @property
    def has_risen(self) -> bool:
        """Whether the last cost is far above the first: by nine times that, and by `tol`."""
        first, last = self.costs[0], self.costs[-1]
        return last - first > max(9 * abs(first), self._asked.tol)

    def diverged(self) -> None:
        """The epoch that left the finite numbers."""
        self.costs.append(math.nan)
        if self.validation_scores:
            self.validation_costs.append(math.nan)
            self.validation_scores.append(math.nan)


def printed(epoch: Epoch) -> None:
    """An epoch in a line, as scikit-learn prints it."""
    text = f"Iteration {epoch.number}, loss = {epoch.cost:.8f}"
    if epoch.validation_score is not None:
        text += f", validation loss = {epoch.validation_cost:.8f}, score = {epoch.validation_score:.6f}"
    print(text, flush=True)


def silent(epoch: Epoch) -> None:
    """Nothing is shown of an epoch."""


def say(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr, flush=True)
