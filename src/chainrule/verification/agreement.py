"""Two gradients compared: how far apart, where most, and whether their errors explain it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.costs import Cost
from chainrule.data.coercion import contents
from chainrule.errors import DataError, SettingError, ShapeError
from chainrule.forward import shares
from chainrule.ids import of_entry
from chainrule.network import Network
from chainrule.parameters import Parameters, length
from chainrule.problem import Problem
from chainrule.verification.causes import causes
from chainrule.verification.differences import HIDDEN, Difference, along, derivative, drawn, of_entries
from chainrule.verification.flat_causes import SINGLE, SINGLE_FLOOR, flat_cause, looks_single
from chainrule.verification.leeway import leeway
from chainrule.verification.noise import noise_of, precision_of
from chainrule.verification.rounding import rounding as rounding_of
from chainrule.verification.smooth_steps import without_kinks
from chainrule.writing.numbers import bar, short

Array = np.ndarray
TOLERANCE = 1e-6  # of an entry
ROUNDED = (
    "it differs by no more than float32 rounding does, in nearly every entry, though it is float64: "
    "compute it in float64, or pass it as float32, to be judged by that"
)
ENOUGH = 3  # entries wrong by every step: the gradient is wrong whatever is said of the others
SHARP = 1e-4  # of an entry: a smaller step acquits it only if its own bar, which rounding widens, is narrower
CLOSER = (1.0, 3.0, 9.0, 27.0)  # by how much smaller the steps are that confirm a disagreement
FLOOR = 1e-12  # of the whole gradient: what float64 leaves of an entry that is nothing beside the others


@dataclass(frozen=True)
class Agreement:
    """The verdict on a gradient. True in a condition where it holds; printed, it shows both values where they differ most.

    distance  ‖Δ‖ / ‖g‖ over the entries compared, g the larger of the two; entries at a kink are left out
    worst     the entry that differs most, by id or number, `given` there and `difference` by differences, ± its error
    checked, total  how many entries were compared, of how many; kinks  how many of them lie at a kink
    cause  where it does not hold, a line on the likely cause, if one is known
    untold  how many entries agree only since rounding hides them: the differences' error is as large as they are
    undecided  why the comparison decides nothing, where it does not: then it does not hold, and nothing is wrong either
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
    undecided: str = ""

    def __bool__(self) -> bool:
        return self.holds

    @property
    def mark(self) -> str:
        """✓ it holds, ? undecided, ✗ it is wrong."""
        return "✓" if self.holds else "?" if self.undecided else "✗"

    def __str__(self) -> str:
        share = "all" if self.checked == self.total else f"{self.checked:,} of"
        kinks = f", {self.kinks} at a kink" if self.kinks else ""
        kinks += f", {self.untold} hidden by rounding" if self.untold else ""
        line = f"‖Δ‖/‖g‖ = {short(self.distance, 2)} over {share} {self.total:,} derivatives{kinks} {self.mark}"
        if self.holds:
            return line
        if self.undecided:
            return f"{line}\ncannot tell: {self.undecided}"
        d = self.difference
        between = f" (one-sided slopes {short(d.left, 6)} and {short(d.right, 6)})" if d.kink else ""
        return (
            f"{line}\nworst at {self.worst}: the gradient says {short(self.given, 9)}, "
            f"differences say {short(d.value, 9)} ± {bar(d.error)}{between}{self.cause and chr(10)}{self.cause}"
        )


def compare(
    given: Array,
    differences: Sequence[Difference],
    names: Sequence[str],
    total: int,
    rounding: float | Array = 0.0,
    at: Array | None = None,
) -> Agreement:
    """The verdict on some entries of a gradient, against differences computed in float64.

    They agree where each entry is within a millionth of itself, its difference's error bar, and `rounding`: how far rounding
    may have moved it. At a kink any value between the one-sided slopes will do (S3.4). `at` is where θ is, for the cause.
    """
    given = np.asarray(given, np.float64)
    measured, errors = _measured(differences)
    kinks = np.array([d.kink for d in differences])
    finite = np.isfinite(given) & np.isfinite(measured) & np.isfinite(errors)
    size = length(given[finite], measured[finite])
    slack = _slack(given, differences, rounding)
    apart = ~finite | _apart(given, differences, slack)
    gap = np.where(kinks & ~apart, 0.0, np.abs(given - measured))
    distance = (length(gap) / size if size else 0.0) if finite.all() else math.inf
    excess = np.where(finite, gap - errors - slack, math.inf)
    worst = int(np.argmax(np.where(apart, excess, -math.inf) if apart.any() else excess))
    rounded = False
    if not finite.all():
        cause = "a number that is not finite: of the gradient, or of the value near this point"
    else:
        rounded = bool(apart.any()) and looks_single(given, measured, errors)
        cause = flat_cause(given, measured, errors + rounding, apart, names, at) if apart.any() and not rounded else ""
    of_each = np.maximum(np.abs(given), np.abs(measured))
    bars = np.where(kinks, 0.0, errors + rounding)
    hidden = ~apart & ~kinks & (gap > 1e-3 * of_each) & (bars > HIDDEN * of_each)
    if rounded:
        undecided = ROUNDED
    elif not finite.all() and np.isfinite(given).all():
        undecided = f"the value is NaN or infinite beside {names[int(np.argmin(finite))]}"
    else:
        undecided = "" if apart.any() else _undecided(size, length(given), bars, hidden)
    holds, there = not apart.any() and not undecided, (names[worst], float(given[worst]), differences[worst])
    counts = len(given), total, int(kinks.sum())
    return Agreement(holds, distance, *there, *counts, cause, int(hidden.sum()), undecided)


def _measured(differences: Sequence[Difference]) -> tuple[Array, Array]:
    """Their values and their error bars."""
    return np.array([d.value for d in differences]), np.array([d.error for d in differences])


def _slack(given: Array, differences: Sequence[Difference], rounding: float | Array) -> Array:
    """What may lie between two right answers beside the error bars."""
    measured, errors = _measured(differences)
    finite = np.isfinite(given) & np.isfinite(measured) & np.isfinite(errors)
    size = length(given[finite], measured[finite])
    found = TOLERANCE * np.maximum(np.abs(given), np.abs(measured)) + FLOOR * size + rounding
    return np.where(finite, found, 0.0)


def _apart(given: Array, differences: Sequence[Difference], slack: Array) -> Array:
    """The entries of finite numbers that differ by more than that."""
    sides = zip(differences, given.tolist(), slack.tolist())
    off = [math.isfinite(g + d.value + d.error) and not d.holds(g, allowed) for d, g, allowed in sides]
    return np.array(off, bool)


def _undecided(size: float, yours: float, bars: Array, hidden: Array) -> str:
    """Why agreement says nothing: every gradient of this size, or nearly any entry, would lie within the bars."""
    good = length(bars)
    if 0 < size <= 10 * good:
        return f"differences are good to ± {bar(good, 0)} here, and the gradient is {bar(yours, 0)} in size"
    if 2 * int(hidden.sum()) > len(bars):
        few = f"{int(hidden.sum()):,} of {len(bars):,} entries"
        return f"differences are good to ± {bar(float(np.median(bars)), 0)} here, which {few} do not exceed much"
    return ""


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
    p = Problem.of(network, x, y, cost, "check_network(network, gradient, x, y)")
    total = network.parameters.size
    entries = drawn(total, most, seed)
    share = shares(len(p.x), reduction, weight)
    given, rounding = gradient.flat()[entries].astype(np.float64), rounding_of(p, share).flat()[entries]
    found = of_entries(p, entries.tolist(), share)

    def again(i: int, closer: float) -> Difference:
        return of_entries(p, [int(entries[i])], share, closer)[0]

    apart = _apart(given, found, _slack(given, found, rounding))
    if apart.any():
        for i in np.flatnonzero(apart).tolist():
            found[i] = without_kinks(p, int(entries[i]), float(given[i]), share) or found[i]
        with np.errstate(all="ignore"):  # a unit that rounding may move past its kink
            rounding = rounding + np.where(apart, np.nan_to_num(leeway(p, share=share).kinks.flat()[entries]), 0.0)
        found = _confirmed(given, found, rounding, again)
    names = [str(of_entry(network.parameters, int(entry))) for entry in entries]
    verdict = compare(given, found, names, total, rounding)
    if verdict or verdict.undecided or len(entries) < total or reduction != "mean" or weight is not None:
        return verdict
    measured = gradient.astype(np.float64).like(np.array([each.value for each in found]))
    return replace(verdict, cause=str(causes(gradient, measured, p)))


def check_gradient(value: Any, gradient: Any, at: Any, most: int | None = None, seed: int = 0) -> Agreement:
    """Compare any gradient with central differences: `value(θ)` a number, `gradient(θ)` a vector like the flat θ = `at`.

    All entries, or `most` of them drawn at random. The answer is true in a condition, and prints where they differ most. How
    exact the values are is measured, and where that is not enough the answer is `undecided`.
    The functions are called with vectors of their own, float64 arrays or, where `at` is a tensor, tensors of its kind. They
    may answer tensors, and the gradient may come as a list of arrays, which are joined in their order. Raises ShapeError where
    the two do not fit `at`.
    """
    if not callable(value) or not callable(gradient):
        kinds = " and ".join("a function" if callable(each) else type(each).__name__ for each in (value, gradient))
        of_network = "; the gradient of a network is checked by cr.verify(network, x, y)"
        raise SettingError(
            "check_gradient takes two functions of a flat vector θ, value(θ) a number and gradient(θ) a vector as long as θ: "
            f"got {kinds}{of_network if isinstance(value, Network) else ''}"
        )
    start = _numbers(at, "`at`").astype(np.float64)
    if start.ndim != 1 or start.size == 0:
        raise ShapeError(f"`at` is one flat vector of parameters, got an array of shape {start.shape}: at.ravel()")
    if not np.isfinite(start).all():
        raise DataError("`at` holds NaN or infinities: choose a point where the value is defined")
    if most is not None and (not isinstance(most, (int, np.integer)) or most < 1):
        raise SettingError(f"most={most!r}: a whole number of entries, at least one, is compared")
    like = _kind_of(at)
    given = _numbers(gradient(like(start)), "the gradient")
    if given.shape != start.shape:
        raise ShapeError(f"the gradient has the shape {given.shape}, and `at` has {start.shape}")
    here, changes = _value(value, like(start)), False

    def f(theta: Array) -> float:
        nonlocal changes
        try:
            found = _value(value, like(theta))
        except (ValueError, ArithmeticError):  # log of what a step made negative: a smaller step will do
            return math.nan
        changes |= found != here
        return found

    entries = drawn(start.size, most, seed).tolist()
    with np.errstate(all="ignore"):  # a step may leave the domain of the value; what it finds there is no number
        noise = noise_of(f, start)
        found = [derivative(along(f, start, entry), float(start[entry]), noise=noise) for entry in entries]
        sizes = np.abs(given[entries].astype(np.float64))
        single = precision_of(given) != np.float64 or noise > 1e-10 * abs(here)
        rounding = SINGLE * sizes + SINGLE_FLOOR * sizes.max(initial=0) if single else 0.0
        found = _confirmed(
            given[entries].astype(np.float64),
            found,
            rounding,
            lambda i, closer: derivative(
                along(f, start, entries[i]), float(start[entries[i]]), noise=noise, closer=closer
            ),
            noise,
        )
    verdict = compare(
        given[entries], found, [f"entry {entry}" for entry in entries], start.size, rounding, start[entries]
    )
    if verdict and not changes:
        why = "the value does not change at all as the entries of θ move: it does not use θ, or only the digits it leaves out"
        return replace(verdict, holds=False, undecided=why)
    if verdict.undecided.startswith("differences") and noise:
        return replace(verdict, undecided=f"the value is only good to ± {bar(noise, 0)}, and so {verdict.undecided}")
    return verdict


def _confirmed(
    given: Array,
    found: Sequence[Difference],
    rounding: float | Array,
    again: Callable[[int, float], Difference],
    noise: float = 0.0,
) -> list[Difference]:
    """The differences, and of entries that disagree those of smaller steps where these do not disagree.

    Kinks near θ can deceive the error bar of one step: what is wrong is wrong by every step. `again(i, closer)` takes the
    i-th difference with a first step so many times smaller; `noise` of the value may hide that two sides differ.
    """
    slack, confirmed, wrong = _slack(given, found, rounding), list(found), 0
    for i in np.flatnonzero(_apart(given, found, slack)).tolist():
        for closer in CLOSER:
            d, entry = again(i, closer), float(given[i])
            sharp = noise or d.error <= SHARP * abs(entry)
            if (sharp and d.holds(entry, float(slack[i]))) or (noise and _beside_kinks(d, entry)):
                confirmed[i] = replace(d, error=max(d.error, abs(entry - d.value)))
                break
        else:
            wrong += 1
            if wrong == ENOUGH:
                break
    return confirmed


def _beside_kinks(d: Difference, other: float) -> bool:
    """Whether the slopes of the two sides differ as at kinks nearby, and `other` may lie between them."""
    return d.highest - d.lowest > 2 * d.blur and d.lowest - d.blur <= other <= d.highest + d.blur


# arrays and tensors -------------------------------------------------------------------------------------------------
def _kind_of(at: Any) -> Callable[[Array], Any]:
    """How to hand a vector to the functions: as an array of its own, or as a tensor where `at` is one."""
    if hasattr(at, "new_tensor"):
        return lambda theta: at.detach().new_tensor(theta)
    return lambda theta: theta.copy()


def _array(given: Any) -> Array:
    """A copy of an array or a tensor, cut off from its graph."""
    if not hasattr(given, "detach"):
        return np.array(given)
    tensor = given.detach().cpu()
    try:
        return np.asarray(tensor).copy()
    except TypeError:  # bfloat16, which NumPy lacks
        return np.asarray(tensor.float()).copy()


def _numbers(given: Any, what: str) -> Array:
    """A vector of real numbers, from an array, a tensor, or a list of such. Raises DataError for what is none."""
    if isinstance(given, (list, tuple)) and any(each is None for each in given):
        raise DataError(f"{what} is None in place {list(given).index(None)}: did backward reach that parameter?")
    try:
        if isinstance(given, (list, tuple)) and any(getattr(each, "ndim", 0) for each in given):
            found = np.concatenate([_array(each).ravel() for each in given])
        else:
            found = _array(given)
    except (ValueError, TypeError) as error:
        raise DataError(f"{what} is one flat vector of numbers, got {type(given).__name__}: {error}") from error
    if found.dtype.kind not in "fiub":
        raise DataError(f"{what} is real numbers, got {contents(found)}")
    return found if found.dtype.kind == "f" else found.astype(np.float64)


def _value(value: Callable[[Any], Any], theta: Any) -> float:
    """value(θ) as one real number."""
    result = _array(value(theta))
    if result.dtype.kind not in "fiub":
        raise DataError(f"the value is one real number, got {contents(result)}")
    if result.size != 1:
        raise ShapeError(f"the value is one number, got an array of shape {result.shape}")
    return float(result.reshape(()))
