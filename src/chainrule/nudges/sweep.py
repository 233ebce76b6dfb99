"""Several steps of v, a row each: what the tangent promises for u, what happens, and the miss (S2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.aligned import Printed, Table
from chainrule.costs import Cost
from chainrule.errors import SettingError, brief
from chainrule.ids import Id
from chainrule.json_text import as_json
from chainrule.network import Network
from chainrule.nudges.change import Change
from chainrule.nudges.kinks import Kink, kink_lines
from chainrule.nudges.question import ask, finite
from chainrule.nudges.text import miss_text, named, step_text, style_of_changes
from chainrule.writing.numbers import number


@dataclass(frozen=True)
class Sweep(Printed):
    """Several steps of v, a row each; `kinks` are those between the lowest and the highest step, 0 included."""

    by: str
    of: str
    cost: str
    before: float
    slope: float
    rows: tuple[Change, ...]
    kinks: tuple[Kink, ...]

    def _parts(self) -> list[str | Table]:
        cells, style = [["Δ", "predicted", "actual", "miss"]], style_of_changes(self.rows)
        for r in self.rows:
            cells.append([step_text(r.step), style.of(r.predicted, True), style.of(r.actual, True), miss_text(r)])
        title = (
            f"{named(self.of, self.cost)} when {self.by} is moved: before {number(self.before)}, "
            f"derivative {number(self.slope)}"
        )
        return [title, Table(cells, ">"), *kink_lines(self.kinks)]

    def to_json(self) -> dict[str, Any]:
        """Everything in the table, and all kinks."""
        rows, kinks = [row.to_json() for row in self.rows], [kink.__dict__ for kink in self.kinks]
        return as_json({**self.__dict__, "rows": rows, "kinks": kinks})


def sweep(
    network: Network, x: Any, y: Any, v: str | Id, steps: Any, of: str | Id = "C", cost: str | Cost | None = None
) -> Sweep:
    """Move v of one example by each of a list of `steps`: predicted and actual change of u = `of`, and the miss (S2.2).

    Arguments and errors as for `nudge`.
    """
    question = ask(network, x, y, v, of, cost)
    if isinstance(steps, (str, bytes)) or not hasattr(steps, "__len__") or len(steps) == 0:
        raise SettingError(f"steps are a list of numbers such as [0.01, 0.1, 1], got {brief(steps)}")
    by = [finite(step, "a step") for step in steps]
    rows = tuple(question.change(step) for step in by)
    return Sweep(*question.names, question.before, question.slope, rows, question.kinks(by))
