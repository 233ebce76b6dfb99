"""What is asked: u of one example as a function of a step of v."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.costs import Cost
from chainrule.dual import Dual, dual
from chainrule.errors import IdError, SettingError, brief
from chainrule.ids import Id, parse
from chainrule.network import Network, as_network
from chainrule.nudges.change import Change
from chainrule.nudges.crossings import crossings
from chainrule.nudges.kinks import Kink, KinkUnit, margins_of, units_between
from chainrule.problem import OneExample, Problem
from chainrule.verification.moved import Followed, follow, largest_term, movable, slope_by_dual

Array = np.ndarray
CALL = "nudge(network, x, y, v, step)"


@dataclass(frozen=True)
class NudgeQuestion(OneExample):
    """u as a function of a step of v, for one example in float64, with u and its slope before any step."""

    problem: Problem
    u: Id
    v: Id
    before: float
    slope: float
    terms: float

    @property
    def names(self) -> tuple[str, str, str]:
        """v, u and the cost, as an answer tells them."""
        return str(self.v), str(self.u), repr(self.cost)

    @property
    def units(self) -> list[KinkUnit]:
        """What has a kink on the way from v to u."""
        return list(units_between(self.network, self.cost, self.v, self.u, self.y))

    def followed(self, by: Any) -> Followed:
        """Everything after a step of v."""
        return follow(self.problem, self.v, by)

    def change(self, step: float) -> Change:
        """What u does at one step."""
        there = self.followed(step)
        return Change(step, self.before, float(there.value(self.u)), self.slope, self.terms, left_the_numbers(there))

    def values(self, steps: Array) -> Array:
        """u at several steps, for a search; what is not finite counts as worst."""
        return self.tangents(steps)[0]

    def tangents(self, steps: Array) -> tuple[Array, Array]:
        """u and its slope at several steps."""
        there = [dual(self.followed(Dual(part, 1.0)).value(self.u)) for part in _parts(steps)]
        values, slopes = (
            np.concatenate(
                [np.broadcast_to(getattr(each, name), part.shape) for each, part in zip(there, _parts(steps))]
            )
            for name in ("value", "slope")
        )
        return np.where(np.isfinite(values), values, np.inf), slopes

    def kinks(self, steps: Sequence[float]) -> tuple[Kink, ...]:
        """The kinks between the start and all of these steps."""
        return tuple(self.kinks_between(min(0.0, *steps), max(0.0, *steps)))

    def kinks_between(self, low: float, high: float) -> list[Kink]:
        """Where units of the way from v to u pass a kink, in the order of Δ."""
        units = self.units

        def margins(steps: Array) -> Array:
            there = (self.followed(part) for part in _parts(steps))
            return np.concatenate([margins_of(each.a, each.z, self.y, units) for each in there])

        found = crossings(margins, low, high) if units and low < high else []
        return [Kink(str(units[i].id), at, units[i].kink, units[i].of) for at, i in found]


def ask(network: Network, x: Any, y: Any, v: str | Id, of: str | Id, cost: str | Cost | None) -> NudgeQuestion:
    """The question once looked at."""
    if y is None and str(of) != "C":  # what comes before the cost needs no target, and no cost either
        y, cost = np.zeros(as_network(network, CALL).sizes[-1]), "quadratic"
    problem = Problem.one(network, x, y, cost, "nudged", CALL)
    source, u = movable(v, problem.network.parameters), parse(of, problem.network.parameters)
    if u.kind == "d":
        raise IdError(f"of={str(u)!r}: δ is itself a slope; what changes is a value, C, z/l/j or a/l/j")
    slope = slope_by_dual(problem, u, source)
    here = follow(problem, source, 0.0)
    return NudgeQuestion(problem, u, source, float(here.value(u)), slope, largest_term(here))


def left_the_numbers(there: Followed) -> bool:
    """Whether a z or an a is not a finite number."""
    return not all(bool(np.isfinite(each).all()) for each in [*there.z, *there.a])


def finite(given: Any, what: str) -> float:
    """A finite number, or SettingError."""
    if isinstance(given, (int, float, np.integer, np.floating)) and math.isfinite(given):
        return float(given)
    raise SettingError(f"{what} is a finite number such as 0.1, got {brief(given)}")


def _parts(steps: Array) -> list[Array]:
    """Steps in blocks, so that no layer has more than a few hundred rows at a time."""
    return np.array_split(steps, max(1, math.ceil(steps.size / 256)))
