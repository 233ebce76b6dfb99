"""Why a gradient is wrong, found by testing: every mistake in faults.py is made on purpose and its gradient compared.

A cause fits where it explains the gradient to within rounding: one number on all entries, another cost, a wrong step. Where
none fits, what is left to say is where the gradient differs. Several may fit, as the sum over a batch of 3 and over 3
outputs do; then all are named, with what would tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.costs import ANY, NAMED, Cost
from chainrule.network import Network, cost_for
from chainrule.parameters import Parameters
from chainrule.verification.faults import FAULTS, Problem, absolute_error, of_cost, posed, wrong_gradient
from chainrule.verification.leeway import leeway

Array = np.ndarray
CLOSE = 1e-6  # of the norm: how well a cause explains a gradient
EXPLAINED = 1e-2  # and of the disagreement, where that is smaller


@dataclass(frozen=True)
class Cause:
    """One explanation that fits: its name, what was done, what to change."""

    name: str
    says: str
    change: str

    def __str__(self) -> str:
        return f"{self.name}: {self.says} → {self.change}" if self.change else f"{self.name}: {self.says}"


@dataclass(frozen=True)
class Causes:
    """Every cause that fits, simplest first, and what would tell them apart. False where nothing is known."""

    fitting: tuple[Cause, ...] = ()
    advice: str = ""

    def __bool__(self) -> bool:
        return bool(self.fitting)

    @property
    def names(self) -> list[str]:
        return [cause.name for cause in self.fitting]

    def __str__(self) -> str:
        if not self.fitting:
            return "likely cause: none of the known mistakes gives this gradient"
        if len(self.fitting) == 1:
            return f"likely cause: {self.fitting[0]}"
        return "\n".join(
            ["likely causes, which are the same here:", *(f"  {each}" for each in self.fitting), self.advice]
        )

    def to_json(self) -> list[dict[str, str]]:
        return [{"name": each.name, "says": each.says, "change": each.change} for each in self.fitting]


def causes(
    given: Parameters, trusted: Parameters, network: Network, x: Any, y: Any, cost: str | Cost | None = None
) -> Causes:
    """What explains that `given` is not `trusted`, both gradients of the mean cost of these rows."""
    given, trusted = given.astype(np.float64), trusted.astype(np.float64)
    if not given.is_finite():
        return Causes(
            (Cause("not_finite", "the gradient holds NaN or infinities", "look for log 0, 0/0, or exp of much"),)
        )
    the_cost = cost_for(network, cost)
    p = posed(network, x, y, the_cost)
    rounding = leeway(network, p.x, p.y, the_cost).rounding.norm()
    judge = _Judge(given, trusted, rounding)
    if judge.same(given.flat(), trusted.flat()):
        return Causes()
    found = [*_factors(judge, len(p.x), p.outputs), *_faults(judge, p)]
    found = found or [*_costs(judge, p)]
    found = found or [*_places(judge)]
    return Causes(tuple(found), _advice(network, len(p.x)) if len(found) > 1 else "")


class _Judge:
    """A gradient to be explained: whether a candidate equals it, and is not the right one itself."""

    def __init__(self, given: Parameters, trusted: Parameters, rounding: float) -> None:
        self.given, self.trusted, self.rounding = given, trusted, rounding
        self.gap = (given - trusted).norm()

    def fits(self, candidate: Parameters) -> bool:
        size = max(self.given.norm(), candidate.norm())
        stretched = max(1.0, size / (self.trusted.norm() or 1.0))
        allowed = min(CLOSE * size + 2 * self.rounding * stretched, EXPLAINED * self.gap)
        return candidate.is_finite() and (self.given - candidate).norm() <= allowed

    def same(self, mine: Array, right: Array) -> bool:
        """Whether a part of the gradient is right."""
        gap = float(np.linalg.norm(mine - right))
        return gap <= CLOSE * float(np.linalg.norm(right)) + 2 * self.rounding


# one number ---------------------------------------------------------------------------------------------------------
def _factors(judge: _Judge, rows: int, outputs: int) -> Iterator[Cause]:
    """The number by which every entry is off, as the mistakes that give it, or as a number."""
    square = judge.trusted @ judge.trusted
    number = (judge.given @ judge.trusted) / square if square else 1.0
    if not judge.fits(judge.trusted * number):
        return
    if judge.given.norm() <= CLOSE * judge.trusted.norm():
        yield Cause("zero", "the gradient is zero everywhere", "the way back is cut, or never runs")
        return
    known = [f for f in FAULTS.values() if f.factor is not None and judge.fits(judge.trusted * f.factor(rows, outputs))]
    yield from (Cause(fault.name, fault.says, fault.change) for fault in known)
    if rows > 1 and judge.fits(judge.trusted / rows):
        yield Cause("divided_twice", "divided by the number of rows twice", "take the mean once")
    elif not known:
        yield Cause(
            "factor", f"every entry is {number:.6g} × the right one", "look for a number that multiplies all of it"
        )


# wrong steps and other costs ----------------------------------------------------------------------------------------
def _faults(judge: _Judge, p: Problem) -> Iterator[Cause]:
    for fault in FAULTS.values():
        if fault.factor is not None or fault.needs(p.network, p.x, p.pair) is not None:  # factors have been looked at
            continue
        if judge.fits(fault.of(p)):
            yield Cause(fault.name, fault.says, fault.change)


def _costs(judge: _Judge, p: Problem) -> Iterator[Cause]:
    """The costs whose gradient this is."""
    for other in [*(make() for make in NAMED.values()), absolute_error]:
        legal = p.network.output.name in other.pairs or ANY in other.pairs
        if legal and other.name != p.cost.name and judge.fits(wrong_gradient(p, of_cost(other))):
            says = f"it is the gradient of {other.name}, and the cost is {p.cost.name}"
            yield Cause("other_cost", says, f"take ∇_a C of {p.cost.name}")


# where --------------------------------------------------------------------------------------------------------------
def _places(judge: _Judge) -> Iterator[Cause]:
    """What can be said where no known mistake fits: numbers by layer, or where the entries differ."""
    given, trusted = judge.given, judge.trusted
    right_w = {l: judge.same(w, trusted.weights[l]) for l, w in given.weights.items()}
    right_b = {l: judge.same(b, trusted.biases[l]) for l, b in given.biases.items()}
    numbers = [_ratio(judge, l) for l in given.weights.numbers]
    if all(number is not None for number in numbers):
        said = ", ".join(f"layer {l} by {number:.6g}" for l, number in enumerate(numbers, 1))
        yield Cause(
            "layer_factors", f"each layer is multiplied by one number: {said}", "look at what enters between them"
        )
    elif all(right_w.values()):
        layers = _listed([l for l, right in right_b.items() if not right])
        yield Cause("biases_only", f"only the biases differ, in {layers}", "look at BP3: δ^l summed over the rows")
    elif all(right_b.values()):
        layers = _listed([l for l, right in right_w.items() if not right])
        yield Cause(
            "weights_only", f"only the weights differ, in {layers}", "δ is right: look at BP4 and what enters it"
        )
    else:
        wrong = [l for l in right_w if not (right_w[l] and right_b[l])]
        yield Cause("layers", f"the gradient differs in {_listed(wrong)}", _from_above(wrong, given.weights.last))


def _ratio(judge: _Judge, l: int) -> float | None:
    """The one number of a layer, if it is one number."""
    given, trusted = (np.concatenate([p.weights[l].ravel(), p.biases[l]]) for p in (judge.given, judge.trusted))
    square = float(trusted @ trusted)
    if not square:
        return 1.0 if judge.same(given, trusted) else None
    number = float(given @ trusted) / square
    left_over = float(np.linalg.norm(given - number * trusted))
    return number if left_over <= CLOSE * float(np.linalg.norm(given)) + 2 * judge.rounding else None


def _listed(layers: Sequence[int]) -> str:
    if len(layers) == 1:
        return f"layer {layers[0]}"
    whole = list(layers) == list(range(layers[0], layers[-1] + 1))
    return f"layers {layers[0]}…{layers[-1]}" if whole else f"layers {', '.join(map(str, layers))}"


def _from_above(wrong: Sequence[int], last: int) -> str:
    top = wrong[-1]
    if top == last:
        return "look at the cost and at BP1 first: an error there runs back through every layer"
    return f"layers above {top} are right: look at BP2 from layer {top + 1} to {top}, and at σ′ of layer {top}"


def _advice(network: Network, rows: int) -> str:
    """The changes of network and batch with which mistakes differ that are the same here."""
    outputs, hidden = network.sizes[-1], network.sizes[1:-1]
    wanted = {
        "a batch of 7 rows": rows in (1, 2, outputs),
        "3 outputs": outputs in (1, 2, rows),
        "two hidden layers of different sizes": len(set(hidden)) < 2,
        "biases that are not zero": not all(b.any() for b in network.biases),
        "tanh in the hidden layers": any(each.name != "tanh" for each in list(network.activations)[:-1]),
    }
    changes = [change for change, lacking in wanted.items() if lacking] or ["other weights and rows, drawn at random"]
    return f"to tell them apart, check with {', '.join(changes)}"


# flat vectors of unknown origin -------------------------------------------------------------------------------------
def flat_cause(given: Array, measured: Array, errors: Array, apart: Array, names: Sequence[str]) -> str:
    """A line on why a flat gradient is not what differences measured (± errors), `apart` marking the entries that differ.

    One number on all entries, or on those that differ; the same numbers in another order; else where they differ. "" where
    nothing is known.
    """
    if not np.isfinite(given).all():
        return "likely cause: it is not finite there: log 0, 0/0, or exp of much?"
    number = _number(given, measured, errors)
    if number is not None:
        return f"likely cause: {_spoken(number)}"
    if apart.all() or apart.sum() > len(given) // 2:
        slack = CLOSE * float(np.linalg.norm(measured)) + errors.max(initial=0)
        if len(given) > 2 and np.all(np.abs(np.sort(given) - np.sort(measured)) <= slack):
            return (
                "likely cause: the same numbers in another order: a matrix transposed, or parameters packed otherwise?"
            )
        return ""
    where = f"only {_runs(np.flatnonzero(apart), names)} differ{'s' if apart.sum() == 1 else ''}"
    number = _number(given[apart], measured[apart], errors[apart])
    return f"likely cause: {where}" + ("" if number is None else f"; there {_spoken(number)}")


def _number(given: Array, measured: Array, errors: Array) -> float | None:
    """c with given = c · measured in every entry, within the error bars; None where there is none, or it says nothing."""
    largest = float(np.abs(measured).max(initial=0))
    if largest == 0:
        return None
    given, measured, errors = (
        given / largest,
        measured / largest,
        errors / largest,
    )  # squares neither over- nor underflow
    square = float(measured @ measured)
    telling = np.abs(measured) > 10 * errors + CLOSE * square**0.5
    if telling.sum() < 2:  # one entry is always some number times another
        return None
    number = float(given @ measured) / square
    allowed = max(CLOSE * 10 * float(np.linalg.norm(given)), abs(number) * float(np.linalg.norm(errors)))
    if float(np.linalg.norm(given - number * measured)) > allowed + CLOSE * square**0.5 or abs(number - 1) < 1e-9:
        return None
    return number


def _spoken(number: float) -> str:
    """A factor and what it usually comes from."""
    if abs(number) < CLOSE:
        return "every entry is zero: is the way back ever run?"
    size, turned = abs(number), "the sign is turned" if number < 0 else ""
    whole, share = round(size), round(1 / size)
    if abs(size - 1) < 1e-4:
        why = ""
    elif whole >= 2 and abs(size - whole) < 1e-4 * whole:
        why = f"a sum where the value is a mean over {whole}"
    elif share >= 2 and abs(size * share - 1) < 1e-4:
        why = f"a mean over {share} where the value is a sum"
    else:
        return f"every entry is {number:.6g} × the difference{': ' + turned if turned else ''}"
    if 2 in (whole, share) and why:
        why += ", or a 2 or ½ in one of the two only"
    shown = f"{number:.6g}" if share < 2 or whole > 1 else f"1/{share}" if number > 0 else f"−1/{share}"
    because = " and ".join(filter(None, (turned, why)))
    return f"every entry is {shown} × the difference{f': {because}?' if because else ''}"


def _runs(entries: Array, names: Sequence[str]) -> str:
    """entry 3, entry 5…entry 9."""
    parts = np.split(entries, np.flatnonzero(np.diff(entries) > 1) + 1)
    shown = [names[part[0]] if len(part) == 1 else f"{names[part[0]]}…{names[part[-1]]}" for part in parts[:4]]
    return ", ".join(shown) + (", …" if len(parts) > 4 else "")
