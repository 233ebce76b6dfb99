"""Why a gradient is wrong, found by testing: every mistake in faults.py is made on purpose and its gradient compared.

A cause fits where it explains the gradient to within rounding: one number on all entries, another cost, a wrong step. Where
none fits, what is left to say is where the gradient differs. Several may fit, as the sum over a batch of 3 and over 3
outputs do; then all are named, with what would tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainrule.costs import ANY, NAMED
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.faults import FAULTS, of_cost
from chainrule.verification.rounding import rounding as rounding_of
from chainrule.verification.steps import RIGHT, run
from chainrule.writing.numbers import short

Array = np.ndarray
CLOSE = 1e-6  # of the norm: how well a cause explains a gradient
PLACES = ("layer_factors", "biases_only", "weights_only", "layers")
MOST_LABELS = 300  # rows × classes that are tried as the one wrong label
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

    @property
    def unexplained(self) -> bool:
        """True where no mistake is known that gives this gradient; at most it is said where it differs."""
        return all(name in PLACES for name in self.names)

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


def causes(given: Parameters, trusted: Parameters, problem: Problem) -> Causes:
    """What explains that `given` is not `trusted`, both gradients of the mean cost of a problem's rows."""
    given, trusted = given.astype(np.float64), trusted.astype(np.float64)
    if not given.is_finite():
        return Causes(
            (Cause("not_finite", "the gradient holds NaN or infinities", "look for log 0, 0/0, or exp of much"),)
        )
    network, p = problem.network, problem.in_float64()
    rounding = rounding_of(problem).norm()
    judge = _WrongGradient(given, trusted, rounding)
    if judge.same(given.flat(), trusted.flat()):
        return Causes()
    found = [*_factors(judge, len(p.x), p.network.sizes[-1]), *_faults(judge, p)]
    for further in (_costs, _faults_in_one_layer, _targets, _decay, _reordered):
        found = found or [*further(judge, p)]
    found = found or [*_places(judge)]
    return Causes(tuple(found), _advice(network, len(p.x)) if len(found) > 1 else "")


class _WrongGradient:
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
def _factors(judge: _WrongGradient, rows: int, outputs: int) -> Iterator[Cause]:
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
            "factor",
            f"every entry is {short(number, 6)} × the right one",
            "look for a number that multiplies all of it",
        )


# wrong steps and other costs ----------------------------------------------------------------------------------------
def _faults(judge: _WrongGradient, p: Problem) -> Iterator[Cause]:
    for fault in FAULTS.values():
        if fault.factor is not None or fault.needs(p.network, p.x, p.pair) is not None:  # factors have been looked at
            continue
        if any(judge.fits(run(p, steps)) for steps in (fault.steps, *fault.others)):
            yield Cause(fault.name, fault.says, fault.change)


def _faults_in_one_layer(judge: _WrongGradient, p: Problem) -> Iterator[Cause]:
    """A wrong σ′ or BP4 that was written in one layer only."""
    for fault in FAULTS.values():
        for l in range(1, p.network.depth + 1):
            if fault.factor is None and judge.fits(run(p, fault.steps.only_in(l))):
                yield Cause(fault.name, f"in layer {l} alone: {fault.says}", fault.change)


def _costs(judge: _WrongGradient, p: Problem) -> Iterator[Cause]:
    """The costs whose gradient this is."""
    for other in (make() for make in NAMED.values()):
        legal = p.network.output.name in other.pairs or ANY in other.pairs
        if legal and other.name != p.cost.name and judge.fits(run(p, of_cost(other))):
            says = f"it is the gradient of {other.name}, and the cost is {p.cost.name}"
            yield Cause("other_cost", says, f"take ∇_a C of {p.cost.name}")


def _targets(judge: _WrongGradient, p: Problem) -> Iterator[Cause]:
    """Targets that are not those given: of the next row, in reverse, classes counted from 1, one label wrong."""
    change = "give the gradient the same x and y as the cost, each row with its own target"
    kinds = {
        "of the next row": np.roll(p.y, -1, axis=0),
        "in reverse order": p.y[::-1],
        "one class too high, as counted from 1": np.roll(p.y, 1, axis=1),
        "one class too low": np.roll(p.y, -1, axis=1),
    }
    if p.cost.classifies and p.y.size <= MOST_LABELS:
        for row, k in np.ndindex(p.y.shape):
            label = p.y.copy()
            label[row] = np.eye(p.network.sizes[-1])[k]
            kinds[f"wrong in row {row}: class {k}"] = label
    for says, y in kinds.items():
        if judge.fits(run(replace(p, y=y), RIGHT)):
            yield Cause("wrong_targets", f"the targets are {says}", change)
            return


def _decay(judge: _WrongGradient, p: Problem) -> Iterator[Cause]:
    """c times the weights, with the biases or without, added or left out: an L2 penalty."""
    theta = p.network.parameters
    for says, w in (
        ("the weights", Parameters(list(theta.weights), [np.zeros_like(b) for b in theta.biases])),
        ("all parameters", theta),
    ):
        square = w @ w
        c = ((judge.given - judge.trusted) @ w) / square if square else 0.0
        if c and judge.fits(judge.trusted + w * c):
            found = f"{short(abs(c))} × {says} is {'added' if c > 0 else 'subtracted'}: the gradient of an L2 penalty"
            yield Cause("l2_penalty", found, "the cost and the gradient both have the penalty, or neither has")
            return


def _reordered(judge: _WrongGradient, p: Problem) -> Iterator[Cause]:
    """The same numbers in another order."""
    given, trusted = np.sort(judge.given.flat()), np.sort(judge.trusted.flat())
    if np.abs(given - trusted).max() <= CLOSE * judge.trusted.norm() + 2 * judge.rounding:
        says = "the same numbers in another order: a matrix transposed, or parameters packed otherwise"
        yield Cause("reordered", says, "pack W¹, b¹, …, W^L, b^L, each matrix (out, in) row by row")


# where --------------------------------------------------------------------------------------------------------------
def _places(judge: _WrongGradient) -> Iterator[Cause]:
    """What can be said where no known mistake fits: numbers by layer, or where the entries differ."""
    given, trusted = judge.given, judge.trusted
    right_w = {l: judge.same(w, trusted.weights[l]) for l, w in given.weights.items()}
    right_b = {l: judge.same(b, trusted.biases[l]) for l, b in given.biases.items()}
    numbers = [_ratio(judge, l) for l in given.weights.numbers]
    known = [number for number in numbers if number is not None]
    if len(known) == len(numbers):
        said = ", ".join(f"layer {l} by {short(number, 6)}" for l, number in enumerate(known, 1))
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


def _ratio(judge: _WrongGradient, l: int) -> float | None:
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
