"""What `verify` answers: a table of methods with a verdict, printed or as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chainrule.aligned import Printed, Table
from chainrule.json_text import as_json
from chainrule.verification.causes import Causes
from chainrule.writing.numbers import bar, short

EXACT = 1e-10  # of an entry, between methods where only rounding differs
YOURS = "yours"
OWN = ("delta", "through_time", YOURS)  # the library's own backpropagation, and yours
NO_CAUSES = Causes()


@dataclass(frozen=True)
class MethodRow:
    """One method's answer beside the others': ‖Δ^l‖/‖g^l‖ by layer, without what a kink explains, and its worst entry.

    Of a recurrent network the parts are W, b, U, V, c, h0 and x, in the place of layers; NaN where it was not asked.

    `refused` says why the method was skipped; then there is nothing else. `checked` is how many entries it was asked for where
    all would take too long, else 0. `kinks` counts the entries where it differs by a kink, `hidden` those that rounding
    could move by a tenth of their size or more, so that agreement says little about them. `untold` names the layers of which
    that holds as a whole.
    """

    method: str
    holds: bool = True
    distances: tuple[float, ...] = ()
    worst: str = ""
    given: float = math.nan
    expected: float = math.nan
    kinks: int = 0
    hidden: int = 0
    checked: int = 0
    untold: tuple[int, ...] = ()
    refused: str = ""
    causes: Causes = NO_CAUSES

    @property
    def road(self) -> str:
        """The name of `method` in earlier versions."""
        return self.method

    @property
    def distance(self) -> float:
        """The largest of its layers."""
        return max((each for each in self.distances if not math.isnan(each)), default=0.0)

    @property
    def mark(self) -> str:
        """✓ it agrees, ? it may, ✗ it does not."""
        return "✗" if not self.holds else "?" if self.untold else "✓"


@dataclass(frozen=True)
class Verification(Printed):
    """The verdict on one network: true in a condition where all methods agree and that tells something; printed, the table.

    `parts` names the parts of the gradient that are not layers.
    """

    about: str
    rows: tuple[MethodRow, ...]
    reference: str
    rounding: float
    total: int
    kinks: int
    parts: tuple[str, ...] = ()
    reason: str = ""

    def __bool__(self) -> bool:
        """No method is wrong; and for a gradient of yours, or one through time, the comparison can decide it."""
        return not self.wrong and not (self.untold and any(row.method in OWN[1:] for row in self.rows))

    @property
    def went(self) -> list[MethodRow]:
        """The methods that gave an answer."""
        return [row for row in self.rows if not row.refused]

    @property
    def wrong(self) -> list[MethodRow]:
        """The methods that disagree with most."""
        return [row for row in self.rows if not row.holds]

    @property
    def judged(self) -> list[MethodRow]:
        """The rows that decide what stays undecided: the library's own gradient and yours; without them, all."""
        others = [row for row in self.went if row.method != self.reference]
        return [row for row in others if row.method in OWN] or others

    @property
    def untold(self) -> list[int]:
        """The layers where delta, or yours, agrees but within rounding that is not small; or, without them, every method."""
        several = any if self.judged[0].method in OWN else all
        layers = range(1, len(self.judged[0].distances) + 1)
        return [l for l in layers if several(l in row.untold for row in self.judged)]

    def _parts(self) -> list[str | Table]:
        layers = max(len(row.distances) for row in self.rows)
        cells = [["method", *(self.parts or [f"layer {l}" for l in range(1, layers + 1)]), ""]]
        for row in self.went:
            sampled = [f"on {row.checked:,} of {self.total:,} entries"] if row.checked else []
            cells.append([row.method, *("" if math.isnan(d) else bar(d) for d in row.distances), row.mark, *sampled])
        width = max(len(row[0]) for row in cells)
        skipped = [[row.method.ljust(width), f"skipped: {row.refused}"] for row in self.rows if row.refused]
        table, below = Table(cells, "<"), Table(skipped, "<", head=False)
        return [self.about, table, below, *self._notes(), *map(self._said, self.wrong)]

    def _notes(self) -> Iterator[str]:
        if self.kinks:
            yield f"{self.kinks:,} of {self.total:,} entries at a kink: any slope between the one-sided ones is right there"
        if any(row.mark == "?" for row in self.went):
            yield "?  within rounding, which is not small beside the gradient of some layer: that tells little"
        hidden = sum(row.hidden for row in self.rows if row.method == YOURS)
        if hidden and not (self.untold or self.wrong):  # single entries, where their layer as a whole is large enough
            yield f"{hidden:,} of {self.total:,} entries are so small that rounding alone may explain how far off they are"
        yield self._verdict()

    def _verdict(self) -> str:
        went = len(self.went)
        explained = f"|Δ| ≤ {bar(EXACT, 0)} |g|, or within rounding"
        if not self.wrong and not self.untold:
            most = max(row.checked or self.total for row in self.went)
            return f"{went} methods agree over {most:,} derivatives ({explained}) ✓"
        if not self.wrong:
            names = [self.parts[l - 1] for l in self.untold] if self.parts else map(str, self.untold)
            where = ", ".join(names) if self.parts else f"layer{'s'[: len(self.untold) - 1]} {' and '.join(names)}"
            return f"? cannot tell in {where}: {self.reason}"
        wrong = ", ".join(row.method for row in self.wrong)
        return f"✗ {wrong} of {went} methods {'differs' if len(self.wrong) == 1 else 'differ'} ({explained})"

    def _said(self, row: MethodRow) -> str:
        says = f"{self.reference} says {short(row.expected, 9)}"
        there = f"{row.method} is off most at {row.worst}: {short(row.given, 9)}, and {says}"
        return there if self.parts else f"{there}\n{row.causes}"

    def to_json(self) -> dict[str, Any]:
        """Everything in the table."""
        rows = [{**row.__dict__, "causes": row.causes.to_json()} for row in self.rows]
        return as_json({"agree": bool(self), "untold": self.untold, **self.__dict__, "rows": rows})
