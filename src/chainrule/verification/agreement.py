"""Two gradients compared: how far apart, where most, and whether their errors explain it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.costs import Cost, as_cost
from chainrule.errors import DataError, ShapeError
from chainrule.forward import shares, target_rows
from chainrule.ids import of_entry
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.verification.causes import causes, flat_cause
from chainrule.verification.differences import Difference, derivative, of_entries
from chainrule.verification.rounding import rounding_bound

Array = np.ndarray
TOLERANCE = 1e-6  # of ‖Δ‖ / ‖g‖


@dataclass(frozen=True)
class Agreement:
    """The verdict on a gradient. True in a condition where it holds; printed, it shows both values where they differ most.

    distance  ‖Δ‖ / ‖g‖ over the entries compared, g the larger of the two; entries at a kink are left out
    worst     the entry that differs most, by id or number, `given` there and `difference` by differences, ± its error
    checked, total  how many entries were compared, of how many; kinks  how many of them lie at a kink
    cause  where it does not hold, a line on the likely cause, if one is known
    """

    holds: bool
    distance: float
    worst: str
    given: float
    difference: Difference
    checked: int
    total: int
    kinks: int
    cause: str = ""

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        share = "all" if self.checked == self.total else f"{self.checked:,} of"
        kinks = f", {self.kinks} at a kink" if self.kinks else ""
        line = (
            f"‖Δ‖/‖g‖ = {self.distance:.1e} over {share} {self.total:,} derivatives{kinks} {'✓' if self.holds else '✗'}"
        )
        if self.holds:
            return line
        d = self.difference
        between = f" (one-sided slopes {d.left:.6g} and {d.right:.6g})" if d.kink else ""
        return (
            f"{line}\nworst at {self.worst}: the gradient says {self.given:.9g}, "
            f"differences say {d.value:.9g} ± {d.error:.1e}{between}{self.cause and chr(10)}{self.cause}"
        )


def compare(
    given: Array, differences: Sequence[Difference], names: Sequence[str], total: int, rounding: float = 0.0
) -> Agreement:
    """The verdict on some entries of a gradient, against differences computed in float64.

    Two gradients agree where ‖Δ‖ ≤ 1e-6 ‖g‖, or where the differences' own error bars and `rounding`, how far rounding may
    have moved the gradient as a whole, explain the rest.
    """
    given = np.asarray(given, np.float64)
    measured = np.array([d.value for d in differences])
    errors = np.array([d.error for d in differences])
    kinks = np.array([d.kink for d in differences])
    if not np.isfinite(given).all():
        at = int(np.argmin(np.isfinite(given)))
        cause = flat_cause(given, measured, errors, kinks, names)
        return Agreement(
            False, np.inf, names[at], float(given[at]), differences[at], len(given), total, int(kinks.sum()), cause
        )
    size = max(float(np.linalg.norm(given)), float(np.linalg.norm(measured)))
    allowed = TOLERANCE * size + rounding
    slack = allowed / math.sqrt(len(given))
    apart = np.array([not d.holds(g, slack) for d, g in zip(differences, given.tolist())])
    gap = np.where(kinks & ~apart, 0.0, np.abs(given - measured))
    distance = float(np.linalg.norm(gap)) / size if size else 0.0
    excess = np.where(apart, gap, 0.0) if apart.any() else np.maximum(gap - errors, 0)
    worst = int(np.argmax(excess))
    holds = bool(not apart.any() or distance * size <= allowed)
    return Agreement(
        holds,
        distance,
        names[worst],
        float(given[worst]),
        differences[worst],
        len(given),
        total,
        int(kinks.sum()),
        "" if holds else flat_cause(given, measured, errors, apart, names),
    )


def check_network(
    network: Network,
    gradient: Parameters,
    x: Any,
    y: Any,
    cost: str | Cost,
    *,
    most: int | None = None,
    seed: int = 0,
    reduction: str = "mean",
    weight: Any = None,
) -> Agreement:
    """Compare a network's gradient with central differences, on all entries or on `most` of them, drawn at random."""
    the_cost = as_cost(cost)
    rows, targets, _ = target_rows(network, x, y, the_cost)
    total = network.parameters.size
    every = most is None or most >= total
    entries = np.arange(total) if every else np.sort(np.random.default_rng(seed).choice(total, most, replace=False))
    share = shares(len(rows), reduction, weight)
    found = of_entries(network, rows, targets, the_cost, entries.tolist(), share)
    names = [str(of_entry(network.parameters, int(entry))) for entry in entries]
    rounding = rounding_bound(network, rows, targets, the_cost, share)
    verdict = compare(gradient.flat()[entries], found, names, total, rounding)
    if verdict or not every or reduction != "mean" or weight is not None:
        return verdict
    measured = gradient.astype(np.float64).like(np.array([each.value for each in found]))
    return replace(verdict, cause=str(causes(gradient, measured, network, rows, targets, the_cost)))


def check_gradient(
    value: Callable[[Array], Any], gradient: Callable[[Array], Any], at: Any, most: int | None = None, seed: int = 0
) -> Agreement:
    """Compare any gradient with central differences: `value(θ)` a number, `gradient(θ)` a vector like the flat θ = `at`.

    All entries, or `most` of them drawn at random. The answer is true in a condition, and prints where they differ most.
    The functions are called with float64 vectors of their own. Raises ShapeError where the two do not fit `at`.
    """
    start = np.array(at, dtype=np.float64)
    if start.ndim != 1 or start.size == 0:
        raise ShapeError(f"`at` is one flat vector of parameters, got an array of shape {start.shape}: at.ravel()")
    if not np.isfinite(start).all():
        raise DataError("`at` holds NaN or infinities: choose a point where the value is defined")
    given = np.asarray(gradient(start.copy()))
    if given.shape != start.shape:
        raise ShapeError(f"the gradient has the shape {given.shape}, and `at` has {start.shape}")

    def along(entry: int) -> Callable[[float], float]:
        def f(moved: float) -> float:
            theta = start.copy()
            theta[entry] = moved
            result = np.asarray(value(theta))
            if result.size != 1:
                raise ShapeError(f"the value is one number, got an array of shape {result.shape}")
            return float(result.reshape(()))

        return f

    entries = list(range(start.size))
    if most is not None and most < start.size:
        entries = sorted(np.random.default_rng(seed).choice(start.size, most, replace=False).tolist())
    found = [derivative(along(entry), float(start[entry])) for entry in entries]
    single = given.dtype.itemsize < 8  # float32 carries 7 digits, and loses some on the way
    rounding = 1e-3 * float(np.linalg.norm(given[entries])) if single else 0.0
    return compare(given[entries], found, [f"entry {entry}" for entry in entries], start.size, rounding)
