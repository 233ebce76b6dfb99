"""Central differences with an error bar: the derivative from values alone.

D(h) = (f(θ+h) − f(θ−h)) / 2h is off by some c h², so (4D(h) − D(2h)) / 3 is off by h⁴ only (Richardson 1911). Two such
values, from steps h and 2h, tell how far to trust them. Where they disagree, as across a kink, smaller steps are tried. An
entry that stays undecided, exactly at a kink, has two one-sided slopes, and any value between them is a subgradient (S3.4).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.evaluate import evaluate

Array = np.ndarray
FIRST_STEP = 2.0**-10  # where h⁴ and ε/h, the two errors, are of one size in float64
SHRINK = 2.0**-5
SMALLEST_STEP = 2.0**-40
REACH = 4  # steps on each side
NEARER = 0.25  # how much smaller a step becomes that passes a kink
HIDDEN = 0.1  # of an entry: where its error bar is wider, agreement says little about it
LARGEST_STEP = 2.0**-3
TRIES = 4
SIGMAS = 6.0  # of the noise: beyond what it ever adds to (4D(h) − D(2h)) / 3, whose standard deviation is 0.95 noise/h
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Difference:
    """One derivative by differences: its value, its error bar, the slopes on either side, and how far those may be off.

    `beside_kink`: kinks are so near that larger steps pass them, and smaller ones leave too few digits.
    """

    value: float
    error: float
    left: float
    right: float
    blur: float = 0.0
    beside_kink: bool = False

    def holds(self, other: float, slack: float = 0.0) -> bool:
        """Whether `other` may be the derivative: within the error bar, or at a kink between the slopes on its sides."""
        reach = self.error + slack
        if abs(other - self.value) <= reach:
            return True
        return self.kink and self.lowest - reach <= other <= self.highest + reach

    @property
    def kink(self) -> bool:
        """True where the slopes on the two sides differ, or where a kink hides whether they do."""
        return (
            self.beside_kink
            or abs(self.right - self.left) > 1e-3 * max(abs(self.left), abs(self.right)) + 10 * self.error + self.blur
        )

    @property
    def lowest(self) -> float:
        return min(self.left, self.right)

    @property
    def highest(self) -> float:
        return max(self.left, self.right)


def derivative(
    f: Callable[[float], float], at: float, terms: float = 0.0, noise: float = 0.0, closer: float = 1.0
) -> Difference:
    """f′(at) of a function of one number.

    `terms` is the size of the terms f sums, where it is larger than |f|; `noise` the standard deviation of its values, where
    it was measured. The first step is the larger the more noise there is, and divided by `closer`. Where a step leaves the
    domain of f, smaller ones are tried.
    """
    here = f(at)
    h, best, left = _first_step(noise, here) / closer * max(1.0, abs(at)), None, TRIES
    smallest = SMALLEST_STEP * (abs(at) or 1.0)
    while left and h >= smallest and math.isfinite(here):
        found, rounding = _by_step(f, at, here, h, terms, noise)
        if math.isfinite(found.error):
            left -= 1
            if best is None or found.error < best.error:
                best = found
            if best.error <= 1e-7 * abs(best.value) + 4 * rounding:
                break
            h *= SHRINK
        else:
            h = min(h, abs(at) or 1.0) * SHRINK
    return best or Difference(math.nan, math.nan, math.nan, math.nan)


def closer_than_kinks(sides: Callable[[float], Array], at: float) -> float | None:
    """By how much smaller than usual the first step must be for every step to leave `sides` as they are at `at`.

    sides(t) is −1, 0 or 1 for each kink: on which side of it a unit is. 1.0 where the usual step does; None where none does.
    """
    first = step = FIRST_STEP * max(1.0, abs(at))
    here = sides(at)
    while here.size and step >= SMALLEST_STEP * (abs(at) or 1.0):
        if all(np.array_equal(sides(at + way * REACH * step), here) for way in (-1, 1)):
            return first / step
        step *= NEARER
    return None if here.size else 1.0


def along(f: Callable[[Array], float], at: Array, entry: int) -> Callable[[float], float]:
    """f of a vector, as a function of one of its entries; the others stay where `at` has them."""

    def moved(number: float) -> float:
        there = at.copy()
        there[entry] = number
        return f(there)

    return moved


def drawn(total: int, most: int | None, seed: int) -> Array:
    """The numbers of the entries to compare: all, or `most` of them drawn at random, in order."""
    if most is None or most >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, most, replace=False))


def _first_step(noise: float, here: float) -> float:
    """The step at which h⁴ and noise/h, the two errors, are of one size; a power of 2."""
    relative = noise / abs(here) if here else 0.0
    if not EPSILON < relative < math.inf:  # as good as exact, or no number at all
        return FIRST_STEP
    return min(max(FIRST_STEP, 2.0 ** round(math.log2(relative) / 5)), LARGEST_STEP)


def _by_step(
    f: Callable[[float], float], at: float, here: float, h: float, terms: float, noise: float
) -> tuple[Difference, float]:
    """The derivative from steps of h, 2h and 4h, and the part of its error that rounding has."""
    h = (at + h) - at  # the step that the floating point numbers at this place can take
    up, down = [f(at + k * h) for k in (1, 2, 4)], [f(at - k * h) for k in (1, 2, 4)]
    central = [(u - d) / (2 * k * h) for u, d, k in zip(up, down, (1, 2, 4))]
    fine, coarse = (4 * central[0] - central[1]) / 3, (4 * central[1] - central[2]) / 3
    rounding = max(10 * EPSILON * max(abs(here), terms, abs(up[0]), abs(down[0])), SIGMAS * noise) / h
    (left, off_left), (right, off_right) = _one_sided(here, down, -h), _one_sided(here, up, h)
    return Difference(fine, abs(fine - coarse) + rounding, left, right, off_left + off_right), rounding


def _one_sided(here: float, beyond: Sequence[float], h: float) -> tuple[float, float]:
    """The slope on one side from f(θ+h), f(θ+2h), f(θ+4h), off by h³ only, and how far from the one that is off by h²."""
    slopes = [(value - here) / (k * h) for value, k in zip(beyond, (1, 2, 4))]
    slope = (8 * slopes[0] - 6 * slopes[1] + slopes[2]) / 3
    return slope, abs(slope - (2 * slopes[0] - slopes[1]))


def of_entries(p: Problem, entries: Sequence[int], share: Array | None = None, closer: float = 1.0) -> list[Difference]:
    """∂C/∂θ of some entries of the flat vector w¹,b¹,…,w^L,b^L, evaluated in float64 whatever the network's dtype.

    C is the mean over the rows, or Σ share_i c_i. The first step is divided by `closer`.
    """
    network, pair = p.network, p.pair
    x, y = np.asarray(p.x, np.float64), np.asarray(p.y, np.float64)
    weights = np.full(len(x), 1 / len(x)) if share is None else share
    flat = network.parameters.flat().astype(np.float64)
    parameters = network.parameters.like(flat)  # views: a changed entry of `flat` is changed in them

    def total() -> float:
        return float(weights @ evaluate(parameters, network.activations, x, y, pair).reshape(len(x)))

    def of_entry(entry: int) -> Callable[[float], float]:
        def value(at: float) -> float:  # in place: to copy all weights for each step would take longer than the step
            kept = flat[entry]
            flat[entry] = at
            try:
                return total()
            finally:
                flat[entry] = kept

        return value

    terms = _terms(parameters, network, x, y)
    return [derivative(of_entry(entry), float(flat[entry]), terms, closer=closer) for entry in entries]


def _terms(parameters: Parameters, network: Network, x: Array, y: Array) -> float:
    """The size of the numbers that a cost sums, and so of its rounding: the weighted inputs of the last layer."""
    a = z = x
    for w, b, sigma in zip(parameters.weights, parameters.biases, network.activations):
        z = a @ w.T + b if b.size else a @ w.T
        a = sigma.value(z)
    return float(np.abs(z).max())
