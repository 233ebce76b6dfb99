"""Which factor is to blame for a slow weight: shares in decades, and of them the lowest (S2.15).

A factor's share is log10 of its size against its reference, so shares add up as factors multiply. Over rows a factor is its
root mean square; then two more make the product the derivative to the last digit: whether the factors are large in the same
rows, and |mean| / mean |·|, what is left when signs cancel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from chainrule.diagnostics.activation_design import FLAT
from chainrule.diagnostics.factors import EPS, WAY, Examined, Factors, rms

Array = np.ndarray
SLOW = 2.5  # decades: slow is below a 300th of the references; of healthy new networks half the weights are 1 to 2 below it
LOW = FLAT  # an input is low below 5 % of its reference, as a neuron is saturated below 5 % of its largest σ′
NOISE = 8 * EPS  # of mean |·|: a mean below it is what rounding leaves of 0
FACTORS = ("input", "slope", "error", "together", "signs")


class Kind(StrEnum):
    """What is to blame."""

    NOT_SLOW = "not slow"
    INPUT = "low input"
    SATURATED = "small slope"
    OPTIMAL = "near optimal"
    FADED = "faded in σ′ above"
    WEIGHTS = "faded in the weights above"
    CANCELLING = "errors cancel"
    APART = "seldom in the same row"
    SIGNS = "signs cancel over the rows"
    ZERO_INPUT = "input is 0"
    OFF = "off"
    NO_ERROR = "no error"
    UNDERFLOW = "underflow"
    NOT_FINITE = "not finite"


INNER = (Kind.OPTIMAL, Kind.FADED, Kind.WEIGHTS, Kind.CANCELLING)  # as in WAY
BY_FACTOR = (Kind.INPUT, Kind.SATURATED, Kind.OPTIMAL, Kind.APART, Kind.SIGNS)
STILL = (Kind.ZERO_INPUT, Kind.OFF, Kind.NO_ERROR)
BLAMED = dict(zip(BY_FACTOR, FACTORS)) | dict.fromkeys(INNER, "error") | dict(zip(STILL, FACTORS))


@dataclass(frozen=True)
class BlameTable:
    """Every weight of some factors at once, each (out, in): means over the samples, decades by factor, kinds.

    `rule` says whether a low input or a saturated neuron alone would have predicted that it is slow.
    """

    mean: Array
    size: Array
    decades: dict[str, Array]
    kinds: Array
    rule: Array


@np.errstate(all="ignore")
def judge(look: Examined, factors: Factors) -> BlameTable:
    """The shares and the kind of every weight, from means over the samples."""
    a, error, slope = factors.a, factors.error, factors.slope
    delta = slope * error / len(a)
    mean, size = delta.T @ a, np.abs(delta).T @ np.abs(a)
    mean = np.where(np.abs(mean) <= NOISE * size, 0.0, mean)
    typical = [rms(a)[None], rms(slope)[:, None], rms(error)[:, None]]
    scales = [factors.usual[None], *(np.array(each.value) for each in factors.references[1:])]
    logs, none = [np.log10(each) for each in typical], [each == 0 for each in typical]
    together = signs = np.zeros((1, 1))
    if len(a) > 1:
        nothing = none[0] | none[1] | none[2]
        together = np.where(nothing, 0.0, np.log10(size) - logs[0] - logs[1] - logs[2])
        signs = np.where(size > 0, np.log10(np.abs(mean)) - np.log10(size), 0.0)
    shares = [log - np.log10(scale) for log, scale in zip(logs, scales)]
    stack = np.stack(np.broadcast_arrays(*shares, together, signs))
    total, blamed = stack.sum(axis=0), lowest(_with_rows_told(stack, low_in_most_rows(factors)))

    kinds = np.array(BY_FACTOR)[blamed]
    kinds = np.where(blamed == FACTORS.index("error"), _inner(look, factors)[:, None], kinds)
    kinds = np.where(total > -SLOW, Kind.NOT_SLOW, kinds)
    no_slope = Kind.UNDERFLOW if look.smooth(factors.l) else Kind.OFF
    no_error = Kind.UNDERFLOW if none[2].any() and look.underflows_above(factors.l) else Kind.NO_ERROR
    for nothing, kind in zip(reversed(none), (no_error, no_slope, Kind.ZERO_INPUT)):
        kinds = np.where(nothing, kind, kinds)
    met = ((error != 0) & (slope != 0)).astype(float).T @ (a != 0).astype(float) > 0
    kinds = np.where(look.vanishes(size) & met, Kind.UNDERFLOW, kinds)
    finite = np.isfinite(np.stack(np.broadcast_arrays(*typical, mean))).all(axis=0)
    kinds = np.where(finite, kinds, Kind.NOT_FINITE)
    rule = np.broadcast_to((typical[0] < LOW * scales[0]) | (typical[1] < FLAT * scales[1]), mean.shape)
    return BlameTable(mean, size, dict(zip(FACTORS, stack)), kinds, rule)


def low_in_most_rows(factors: Factors) -> Array:
    """Which of input, slope and error is low in more than half of the rows, (out, in); −1 where none is.

    Of several it is the one that matters most: were it at its reference, the mean size would rise to the largest number.
    """
    a, slope, error = (10.0**each for each in factors.row_shares())
    shape = error.shape[1], a.shape[1]
    without = ((slope * error).sum(axis=0)[:, None], error.T @ a, slope.T @ a)
    low = [2 * (each <= LOW).sum(axis=0) > len(a) for each in (a, slope, error)]
    often = (low[0][None], low[1][:, None], low[2][:, None])
    sizes = np.stack([np.broadcast_to(np.where(it, size, -1.0), shape) for it, size in zip(often, without)])
    return np.where(sizes.max(axis=0) < 0, -1, sizes.argmax(axis=0))


def _with_rows_told(stack: Array, low: Array) -> Array:
    """The shares, with what "together" takes added to the factor that is low in most rows, if there is one.

    A neuron that is saturated in 199 of 200 rows keeps the root mean square slope of the one row that is left. That this
    row brings little of the other factors is no matter of timing: there is no other row to choose.
    """
    stack, together = stack.copy(), FACTORS.index("together")
    j, k = np.nonzero(low >= 0)
    stack[low[j, k], j, k] += stack[together, j, k]
    stack[together, j, k] = 0
    return stack


def lowest(shares: Array) -> Array:
    """Which of the shares is the lowest; one that is not known is none."""
    return np.asarray(np.argmin(np.nan_to_num(shares, nan=0.0, neginf=-np.inf), axis=0))


def _inner(look: Examined, factors: Factors) -> Array:
    """For each neuron, what of its way took most from the error in most of the rows that bring little of it."""
    sums = np.zeros((len(WAY), *factors.error.shape))
    for what, _, decades in look.row_steps(factors):
        sums[WAY.index(what)] += np.nan_to_num(decades, nan=0.0, neginf=-np.inf)
    low = factors.row_shares()[2] <= math.log10(LOW)
    low |= ~low.any(axis=0)
    votes = [((sums.argmin(axis=0) == which) & low).sum(axis=0) for which in range(len(WAY))]
    return np.array(INNER)[np.argmax(votes, axis=0)]
