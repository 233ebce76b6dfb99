"""Two gradients compared: how far apart, where most, and whether their errors explain it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.costs import Cost
from chainrule.errors import DataError, SettingError, ShapeError
from chainrule.forward import shares, target_rows
from chainrule.ids import of_entry
from chainrule.network import Network, as_network, cost_for
from chainrule.parameters import Parameters
from chainrule.verification.causes import causes, flat_cause
from chainrule.verification.differences import Difference, derivative, of_entries
from chainrule.verification.leeway import leeway
from chainrule.verification.rounding import rounding_bound

Array = np.ndarray
TOLERANCE = 1e-6  # of an entry
UNDECIDED = (
    "differences cannot tell: the value is so large, or the gradient so small, that its changes drown in rounding"
)
FLOOR = 1e-12  # of the whole gradient: what float64 leaves of an entry that is nothing beside the others


@dataclass(frozen=True)
class Agreement:
    """The verdict on a gradient. True in a condition where it holds; printed, it shows both values where they differ most.

    distance  ‖Δ‖ / ‖g‖ over the entries compared, g the larger of the two; entries at a kink are left out
    worst     the entry that differs most, by id or number, `given` there and `difference` by differences, ± its error
    checked, total  how many entries were compared, of how many; kinks  how many of them lie at a kink
    cause  where it does not hold, a line on the likely cause, if one is known
    untold  how many entries agree only since rounding hides them: the differences' error is as large as they are
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
    untold: int = 0

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        share = "all" if self.checked == self.total else f"{self.checked:,} of"
        kinks = f", {self.kinks} at a kink" if self.kinks else ""
        kinks += f", {self.untold} hidden by rounding" if self.untold else ""
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
    given: Array,
    differences: Sequence[Difference],
    names: Sequence[str],
    total: int,
    rounding: float | Array = 0.0,
) -> Agreement:
    """The verdict on some entries of a gradient, against differences computed in float64.

    They agree where each entry is within a millionth of itself, its difference's error bar, and `rounding`: how far rounding
    may have moved it. At a kink any value between the one-sided slopes will do (S3.4).
    """
    given = np.asarray(given, np.float64)
    measured, errors = (np.array([getattr(d, key) for d in differences]) for key in ("value", "error"))
    kinks = np.array([d.kink for d in differences])
    finite = np.isfinite(given) & np.isfinite(measured) & np.isfinite(errors)
    size = _length(given[finite], measured[finite])
    slack = TOLERANCE * np.maximum(np.abs(given), np.abs(measured)) + FLOOR * size + rounding
    sides = zip(differences, given.tolist(), np.where(finite, slack, 0.0).tolist())
    apart = ~finite | np.array([not d.holds(g, allowed) for d, g, allowed in sides])
    gap = np.where(kinks & ~apart, 0.0, np.abs(given - measured))
    distance = (_length(gap) / size if size else 0.0) if finite.all() else math.inf
    excess = np.where(finite, gap - errors - slack, math.inf)
    worst = int(np.argmax(np.where(apart, excess, -math.inf) if apart.any() else excess))
    if not finite.all():
        cause = "a number that is not finite: of the gradient, or of the value near this point"
    else:
        cause = flat_cause(given, measured, errors, apart, names) if apart.any() else ""
    size_of_each = np.maximum(np.abs(given), np.abs(measured))
    hidden = ~apart & ~kinks & (gap > 1e-3 * size_of_each) & (errors > 0.1 * size_of_each)
    return Agreement(
        not apart.any(),
        distance,
        names[worst],
        float(given[worst]),
        differences[worst],
        len(given),
        total,
        int(kinks.sum()),
        cause,
        int(hidden.sum()),
    )


def _length(*vectors: Array) -> float:
    """The length of the longest of them, safe from overflow and underflow."""
    largest = max((float(np.abs(v).max(initial=0)) for v in vectors), default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * max(float(np.linalg.norm(v / largest)) for v in vectors)


def check_network(
    network: Network,
    gradient: Parameters,
    x: Any,
    y: Any,
    cost: str | Cost | None = None,
    *,
    most: int | None = None,
    seed: int = 0,
    reduction: str = "mean",
    weight: Any = None,
) -> Agreement:
    """Compare a network's gradient with central differences, on all entries or on `most` of them, drawn at random."""
    the_cost = cost_for(as_network(network, "check_network(network, gradient, x, y)"), cost)
    rows, targets, _ = target_rows(network, x, y, the_cost)
    total = network.parameters.size
    every = most is None or most >= total
    entries = np.arange(total) if every else np.sort(np.random.default_rng(seed).choice(total, most, replace=False))
    share = shares(len(rows), reduction, weight)
    found = of_entries(network, rows, targets, the_cost, entries.tolist(), share)
    names = [str(of_entry(network.parameters, int(entry))) for entry in entries]
    if reduction == "mean" and weight is None:
        rounding = leeway(network, rows, targets, the_cost).rounding.flat()[entries]
    else:
        rounding = np.full(len(entries), rounding_bound(network, rows, targets, the_cost, share) / math.sqrt(total))
    verdict = compare(gradient.flat()[entries], found, names, total, rounding)
    if verdict or not every or reduction != "mean" or weight is not None:
        return verdict
    measured = gradient.astype(np.float64).like(np.array([each.value for each in found]))
    return replace(verdict, cause=str(causes(gradient, measured, network, rows, targets, the_cost)))


def check_gradient(value: Any, gradient: Any, at: Any, most: int | None = None, seed: int = 0) -> Agreement:
    """Compare any gradient with central differences: `value(θ)` a number, `gradient(θ)` a vector like the flat θ = `at`.

    All entries, or `most` of them drawn at random. The answer is true in a condition, and prints where they differ most.
    The functions are called with float64 vectors of their own. Raises ShapeError where the two do not fit `at`.
    """
    if not callable(value) or not callable(gradient):
        raise SettingError(
            "check_gradient takes two functions of a flat vector: value(θ) a number, gradient(θ) a vector"
        )
    start = _numbers(at, "`at`")
    if start.ndim != 1 or start.size == 0:
        raise ShapeError(f"`at` is one flat vector of parameters, got an array of shape {start.shape}: at.ravel()")
    if not np.isfinite(start).all():
        raise DataError("`at` holds NaN or infinities: choose a point where the value is defined")
    if most is not None and (not isinstance(most, (int, np.integer)) or most < 1):
        raise SettingError(f"most={most!r}: a whole number of entries, at least one, is compared")
    given = _numbers(gradient(start.copy()), "the gradient", keep=True)
    if given.shape != start.shape:
        raise ShapeError(f"the gradient has the shape {given.shape}, and `at` has {start.shape}")

    precision = float(np.finfo(_value(value, start).dtype).eps)

    def along(entry: int) -> Callable[[float], float]:
        def f(moved: float) -> float:
            theta = start.copy()
            theta[entry] = moved
            try:
                return float(_value(value, theta))
            except (ValueError, ArithmeticError):  # log of what a step made negative: a smaller step will do
                if moved == start[entry]:
                    raise
                return math.nan

        return f

    entries = list(range(start.size))
    if most is not None and most < start.size:
        entries = sorted(np.random.default_rng(seed).choice(start.size, most, replace=False).tolist())
    with np.errstate(all="ignore"):  # a step may leave the domain of the value; what it finds there is no number
        found = [derivative(along(entry), float(start[entry]), epsilon=precision) for entry in entries]
    single = given.dtype.kind == "f" and given.dtype.itemsize < 8  # carries 7 digits, and loses some on the way
    sizes = np.abs(given[entries]).astype(np.float64)
    rounding = 1e-4 * sizes + 1e-6 * sizes.max(initial=0) if single else 0.0
    verdict = compare(given[entries], found, [f"entry {entry}" for entry in entries], start.size, rounding)
    bar, size = _length(np.array([d.error for d in found])), _length(given[entries].astype(np.float64))
    if verdict and 0 < size <= 10 * bar:  # every gradient of this size would be within the bars
        return replace(verdict, holds=False, cause=f"{UNDECIDED} (± {bar:.1e} on a gradient of {size:.1e})")
    return verdict


def _numbers(given: Any, what: str, keep: bool = False) -> Array:
    """A vector of real numbers in float64, or with `keep` as it is. Raises DataError for what is none."""
    try:
        found = np.array(given)
    except (ValueError, TypeError) as error:
        raise DataError(f"{what} is one flat vector of numbers, got {type(given).__name__}: {error}") from error
    if found.dtype.kind not in "fiub":
        raise DataError(f"{what} is real numbers, got {found.dtype}")
    return found if keep else found.astype(np.float64)


def _value(value: Callable[[Array], Any], theta: Array) -> Array:
    """value(θ) as one real number in its own precision."""
    result = np.asarray(value(theta.copy()))
    if result.dtype.kind not in "fiub":
        raise DataError(f"the value is one real number, got {result.dtype}")
    if result.size != 1:
        raise ShapeError(f"the value is one number, got an array of shape {result.shape}")
    found = result.reshape(())
    return found if found.dtype.kind == "f" else found.astype(np.float64)
