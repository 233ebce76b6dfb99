"""One step of v, and the change of everything on the way to u (S1.6, S1.7)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.aligned import Printed, Table
from chainrule.costs import Cost
from chainrule.dual import Dual, dual
from chainrule.ids import Id
from chainrule.json_text import as_json
from chainrule.network import Network
from chainrule.nudges.change import Change
from chainrule.nudges.kinks import Kink, kink_lines
from chainrule.nudges.question import NudgeQuestion, ask, finite
from chainrule.nudges.text import miss_text, named, signed, step_text
from chainrule.nudges.way import way
from chainrule.writing.numbers import style_of

Array = np.ndarray


@dataclass(frozen=True)
class NudgeLink:
    """One place on the way from v to u: a quantity, or a whole layer of them, with its change and the tangent's.

    Of a layer `change` and `predicted` are Euclidean norms, and before and after are None. `ratio` is this change over the one
    before it on the way: the derivative as a ratio of nudges (S1.7).
    """

    name: str
    neurons: int
    before: float | None
    after: float | None
    change: float
    predicted: float
    ratio: float | None

    @property
    def single(self) -> bool:
        """True for one quantity, False for a layer."""
        return self.before is not None


@dataclass(frozen=True)
class Nudge(Printed):
    """One step of v and what followed, up to u; prints as a table of the links on the way."""

    by: str
    of: str
    cost: str
    change: Change
    links: tuple[NudgeLink, ...]
    kinks: tuple[Kink, ...]

    @property
    def predicted(self) -> float:
        """∂u/∂v · Δ."""
        return self.change.predicted

    @property
    def actual(self) -> float:
        """What happened to u."""
        return self.change.actual

    @property
    def miss(self) -> float | None:
        """(actual − predicted) / predicted, None where there is none to speak of."""
        return self.change.miss

    def _parts(self) -> list[str | Table]:
        head = ["", "before", "after", "change", "predicted", "ratio"]
        rows = [head, *_link_cells(self.links)]
        title = f"{self.by} moved by {step_text(self.change.step)}, and what follows up to {named(self.of, self.cost)}"
        return [title, Table(rows), _verdict(self.change), *kink_lines(self.kinks)]

    def to_json(self) -> dict[str, Any]:
        """Everything in the table, and all kinks."""
        links = [{**link.__dict__, "single": link.single} for link in self.links]
        kinks = [kink.__dict__ for kink in self.kinks]
        head = {"by": self.by, "of": self.of, "cost": self.cost}
        return as_json({**head, **self.change.to_json(), "links": links, "kinks": kinks})


def nudge(
    network: Network, x: Any, y: Any, v: str | Id, step: float, of: str | Id = "C", cost: str | Cost | None = None
) -> Nudge:
    """Move v of one example by `step`: the change of u = `of` as predicted and as it is, and of all on the way (S1.7).

    x (in,), y (out,) or a label, or None where `of` is not a cost; v and u are ids (w/l/j/k, b/l/j, z/l/j, a/l/j, x/k; u
    also C). The cost is the natural one
    of the output unless it is given. Raises IdError, ShapeError, SettingError for what cannot be asked, FormError where u or
    its slope is not a number before anything is moved.
    """
    question = ask(network, x, y, v, of, cost)
    by = finite(step, "a step")
    return Nudge(*question.names, question.change(by), tuple(_links(question, by)), question.kinks([by]))


def _links(question: NudgeQuestion, step: float) -> Iterator[NudgeLink]:
    """Every place from v to u with what it changes by; a place is one quantity, or those of a layer."""
    start, end, rates = question.followed(0.0), question.followed(step), question.followed(Dual(0.0, 1.0))
    last: float | None = None
    for ids in way(question.network, question.v, question.u):
        before, after = (np.array([float(each.value(id)) for id in ids]) for each in (start, end))
        rate = np.array([float(dual(rates.value(id)).slope) for id in ids])
        with np.errstate(all="ignore"):
            change, predicted = _size(after - before), _size(rate * step)
        single = len(ids) == 1
        name = str(ids[0]) if single else f"{ids[0].kind}/{ids[0].layer}"
        shown = (float(before[0]), float(after[0])) if single else (None, None)
        ratio = change / last if last and math.isfinite(change / last) else None
        yield NudgeLink(name, len(ids), shown[0], shown[1], change, predicted, ratio)
        last = change


def _size(change: Array) -> float:
    return float(change[0]) + 0.0 if change.size == 1 else float(np.linalg.norm(change))


def _link_cells(links: Sequence[NudgeLink]) -> Iterator[list[str]]:
    """A row of the table for each link; the numbers of a column are written alike."""
    values = style_of(value for link in links for value in (link.before, link.after) if value is not None)
    changes = style_of(value for link in links for value in (link.change, link.predicted))
    ratios = style_of(link.ratio for link in links if link.ratio is not None)
    for link in links:
        ratio = "—" if link.ratio is None else ratios.of(link.ratio)
        if link.before is None or link.after is None:
            of_layer = [f"‖{changes.of(each)}‖" for each in (link.change, link.predicted)]
            yield [f"{link.name}, {link.neurons} neurons", "", "", *of_layer, ratio]
        else:
            moved = [changes.of(each, True) for each in (link.change, link.predicted)]
            yield [link.name, values.of(link.before), values.of(link.after), *moved, ratio]


def _verdict(change: Change) -> str:
    said = f"predicted {signed(change.predicted)}, actual {signed(change.actual)}: "
    return (
        said
        + {
            "": f"miss {miss_text(change)}",
            "nothing predicted": "a slope or a step of 0 promises nothing, so there is nothing to miss",
            "underflow": "the prediction is too small for a floating point number",
            "lost in rounding": "both are lost in the rounding of the values",
            "overflow": "the step leaves the floating point numbers",
            "undefined": "after this step there is no value",
        }[change.note]
    )
