"""The step of v within a range that lowers u most, beside the one that the tangent would take (S2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.aligned import Printed, Table
from chainrule.costs import Cost
from chainrule.errors import SettingError
from chainrule.ids import Id
from chainrule.json_text import as_json
from chainrule.network import Network
from chainrule.nudges.change import Change
from chainrule.nudges.kinks import Kink, kink_lines
from chainrule.nudges.lowest_point import lowest_point
from chainrule.nudges.question import ask, finite
from chainrule.nudges.text import miss_text, named, step_text, style_of_changes
from chainrule.writing.numbers import number, short


@dataclass(frozen=True)
class BestMove(Printed):
    """The step between `lowest` and `highest` that lowers u most, beside the one that the tangent would have taken."""

    by: str
    of: str
    cost: str
    lowest: float
    highest: float
    change: Change
    tangent: Change
    kinks: tuple[Kink, ...]

    @property
    def step(self) -> float:
        """The best Δ."""
        return self.change.step

    @property
    def at_end(self) -> bool:
        """True where the range ends the search: beyond it there may be more to gain."""
        return self.step in (self.lowest, self.highest)

    def _parts(self) -> list[str | Table]:
        rows, style = [["", "Δ", "predicted", "actual", "miss"]], style_of_changes((self.change, self.tangent))
        for name, each in (("best move", self.change), ("the tangent's", self.tangent)):
            step = step_text(float(f"{each.step:.7g}"))
            rows.append([name, step, style.of(each.predicted, True), style.of(each.actual, True), miss_text(each)])
        title = (
            f"{named(self.of, self.cost)} when {self.by} is moved between {step_text(self.lowest)} and "
            f"{step_text(self.highest)}: before {number(self.change.before)}, at best {number(self.change.after)}"
        )
        said = []
        if not self.change.actual < 0:
            said.append(f"no move in this range lowers {self.of}")
        elif self.at_end:
            said.append("the best is at the end of the range: further out there may be more")
        return [title, Table(rows), *said, *kink_lines(self.kinks)]

    def to_json(self) -> dict[str, Any]:
        """Both moves, and all kinks in the range."""
        parts = {"change": self.change.to_json(), "tangent": self.tangent.to_json(), "at_end": self.at_end}
        return as_json({**self.__dict__, **parts, "kinks": [kink.__dict__ for kink in self.kinks]})


def best_move(
    network: Network,
    x: Any,
    y: Any,
    v: str | Id,
    lowest: float,
    highest: float,
    of: str | Id = "C",
    cost: str | Cost | None = None,
) -> BestMove:
    """The step of v within lowest…highest that lowers u = `of` most, and what the tangent predicted for it.

    The range is searched on a grid that holds every kink, made finer where u bends, and then within each valley. Where nothing
    is gained but rounding it is no step at all. Arguments and errors as for `nudge`; DataError where u is nowhere a number.
    """
    question = ask(network, x, y, v, of, cost)
    low, high = finite(lowest, "the lowest step"), finite(highest, "the highest step")
    if not low < high:
        raise SettingError(f"a range goes from a lower to a higher step, got {short(low)} to {short(high)}")
    kinks = question.kinks_between(low, high)
    step = lowest_point(question, low, high, [kink.at for kink in kinks])
    nearest = min(max(0.0, low), high)  # where the tangent stays if it promises nothing
    towards = nearest if question.slope == 0 else min((low, high), key=lambda end: question.slope * end)
    return BestMove(*question.names, low, high, question.change(step), question.change(towards), tuple(kinks))
