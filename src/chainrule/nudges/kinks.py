"""Kinks on the way from v to u: the units that have one, how far each is beyond it, and where a nudge passes it (S3.4).

A unit has a kink where its z passes one of its σ, where the hinge of a cost sets in, or where the absolute error is 0. Those of
an own cost are not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.costs import Cost
from chainrule.errors import counted
from chainrule.ids import Id
from chainrule.network import Network
from chainrule.nudges.text import signed
from chainrule.nudges.way import way
from chainrule.parameters import Layers
from chainrule.verification.kinks import ABSOLUTE
from chainrule.verification.moved import Followed
from chainrule.writing.numbers import minus

Array = np.ndarray
HINGE = "multiclass_hinge"
LISTED = 8  # kinks that are printed; the rest are counted


@dataclass(frozen=True)
class Kink:
    """Where on the way a unit passes a kink: its id, the Δ of v at which it does, the z it passes, and of which function."""

    unit: str
    at: float
    passes: float
    of: str

    def __str__(self) -> str:
        if self.of == HINGE:
            return f"{self.unit} meets the margin of the right class at Δ = {signed(self.at)}"
        if self.of == ABSOLUTE:
            return f"{self.unit} passes its target {minus(f'{self.passes:g}')} at Δ = {signed(self.at)}"
        return f"{self.unit} passes {minus(f'{self.passes:g}')}, the kink of {self.of}, at Δ = {signed(self.at)}"


def kink_lines(kinks: Sequence[Kink]) -> list[str]:
    """The kinks nearest to no step at all, a line each in the order of Δ, and how many more there are."""
    if not kinks:
        return []
    shown = sorted(sorted(kinks, key=lambda kink: abs(kink.at))[:LISTED], key=lambda kink: kink.at)
    rest = [f"  and {len(kinks) - LISTED:,} more, further out"] if len(kinks) > LISTED else []
    return [f"{counted(len(kinks), 'kink')} on the way:", *(f"  {kink}" for kink in shown), *rest]


@dataclass(frozen=True)
class KinkUnit:
    """What has a kink: z/l/j at a kink of its σ, an output at the margin of the hinge, or a/L/j at its target."""

    id: Id
    kink: float
    of: str


def units_between(network: Network, cost: Cost, v: Id, u: Id, y: Array) -> Iterator[KinkUnit]:
    """All units between v and u that have a kink."""
    for id in (each for stage in way(network, v, u) for each in stage if each.kind == "z"):
        if u.kind == "C" or id.layer < u.layer or (u.kind, u.layer, u.neuron) == ("a", id.layer, id.neuron):
            sigma = network.activations[id.layer]
            yield from (KinkUnit(id, kink, repr(sigma)) for kink in sigma.kinks)
    if u.kind == "C" and cost.name == HINGE and not cost.own:
        yield from (KinkUnit(Id("z", network.depth, j), 0.0, HINGE) for j in np.flatnonzero(y == 0).tolist())
    if u.kind == "C" and cost.name == ABSOLUTE and not cost.own:
        yield from (
            KinkUnit(Id("a", network.depth, j), target, ABSOLUTE) for j, target in enumerate(y.ravel().tolist())
        )


def margins_of(a: Layers[Any], z: Layers[Any], y: Array, units: Sequence[KinkUnit]) -> Array:
    """How far each unit is beyond its kink, the units as the last axis."""
    out = a[a.last]  # that of the hinge is linear
    right = 1 - out[..., int(y.argmax())]
    beyond = []
    for unit in units:
        numbers = out if unit.of in (HINGE, ABSOLUTE) else z[unit.id.layer]
        beyond.append(numbers[..., unit.id.neuron] + (right if unit.of == HINGE else -unit.kink))
    return np.stack(beyond, axis=-1)


def crossed(start: Followed, end: Followed, y: Array, units: Sequence[KinkUnit]) -> tuple[str, ...]:
    """The units that are on different sides of a kink at the start and at the end."""
    if not units:
        return ()
    sides = [margins_of(each.a, each.z, y, units) > 0 for each in (start, end)]
    return tuple(dict.fromkeys(str(unit.id) for unit, before, after in zip(units, *sides) if before != after))
