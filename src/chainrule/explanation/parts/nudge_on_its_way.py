"""A nudge on its way to the cost: what it has come to at each stop, and the link that leads from one to the next (S1.6)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from chainrule.errors import DataError
from chainrule.explanation.document import Factor
from chainrule.explanation.parts.strongest_route import strongest_route
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.nudges.change import Change
from chainrule.verification.moved import follow
from chainrule.writing.formula import Formula, Symbol, partial
from chainrule.writing.numbers import short


@dataclass(frozen=True)
class Stop:
    """A variable of the route: its value, what the nudge has come to here, and why it has not, where it got lost."""

    id: Id
    symbol: Symbol
    value: float
    change: float | None
    lost: str = ""


@dataclass(frozen=True)
class Link:
    """From one variable to the next: the derivative as it is written and as it is, the two changes, a kink in between."""

    left: Formula
    factor: Factor
    change: Change | None
    kink: float | None = None

    @property
    def ratio(self) -> float | None:
        """The second change over the first: the derivative as a ratio of nudges."""
        if self.change is None or self.change.step == 0 or self.change.note not in ("", "nothing predicted"):
            return None
        return self.change.actual / self.change.step


def travel(seen: View, v: Id, step: float) -> tuple[list[Stop], list[Link]]:
    """The stops from v to the cost on the strongest route, and the links between them: each moves the next one alone."""
    ids = strongest_route(seen, v)
    start = follow(seen.problem, v, 0.0)
    stops = [Stop(v, seen.quantity(v), float(start.value(v)), step)]
    links: list[Link] = []
    for before, after in pairwise(ids):
        factor, here = seen.step(before, after), stops[-1]
        left = partial(seen.quantity(after), seen.quantity(before))
        if here.change is None:
            links.append(Link(left, factor, None))
            stops.append(Stop(after, seen.quantity(after), float(start.value(after)), None))
            continue
        both = follow(seen.problem, before, np.array([0.0, here.change])).value(after)
        change = Change(here.change, float(both[0]), float(both[1]), factor.value, _terms(seen, before, after, factor))
        links.append(Link(left, factor, change, _kink(seen, before, here)))
        lost = change.note if change.note not in ("", "nothing predicted") else ""
        stops.append(Stop(after, seen.quantity(after), change.before, None if lost else change.actual, lost))
    for stop in stops:
        if not math.isfinite(stop.value):
            raise DataError(
                f"{stop.id} is {short(stop.value)} as a function of {v} on this example: nothing can be drawn of it"
            )
    return stops, links


def _terms(seen: View, before: Id, after: Id, factor: Factor) -> float:
    """The size of the numbers that are summed, or whose last digit is magnified, on the way to `after`."""
    if after.kind == "z":
        w, b = seen.network.weights[after.layer][after.neuron], seen.network.biases[after.layer]
        return float(np.abs(w) @ np.abs(seen.trace.a[after.layer - 1]) + np.abs(b).max(initial=0))
    values = {"z": seen.trace.z, "a": seen.trace.a, "x": seen.trace.a}[before.kind]
    return abs(factor.value * float(values[before.layer][before.neuron]))


def _kink(seen: View, before: Id, here: Stop) -> float | None:
    """The kink of σ that the nudge of this z passes, if it does."""
    if before.kind != "z" or here.change is None:
        return None
    ends = sorted((here.value, here.value + here.change))
    between = [kink for kink in seen.network.activations[before.layer].kinks if ends[0] <= kink < ends[1]]
    return between[0] if between else None


def nothing_held(seen: View, v: Stop) -> Change:
    """What the nudge does to C where nothing is held still."""
    step, last = v.change or 0.0, seen.network.depth
    both = follow(seen.problem, v.id, np.array([0.0, step])).C
    terms = float(np.abs(seen.into_z[last]) @ np.abs(seen.trace.z[last]))
    return Change(step, float(both[0]), float(both[1]), seen.value(v.id), terms)
