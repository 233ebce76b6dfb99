"""The factors of every derivative, row by row, and what each is compared with (S2.9, S2.12–S2.14).

∂C/∂w = a_in · σ′(z) · wᵀδ     in a hidden layer
      = a_in · σ′(z) · ∂C/∂a   at the output
      = a_in · δ               where the cost is a function of z^L (S3.14)

a_in     against 1, the input that a bias has (S4.7), or the root mean square of its layer where that is larger
σ′(z)    against the largest |σ′| there is, ¼ for the sigmoid; 1 where |σ′| grows without bound
wᵀδ …    against ∂C/∂a of an output that is off by 1, or by the targets' root mean square where outputs have no bounds;
         against 1 where δ^L is a difference of probabilities or a count of margins

Of a softmax, δ_j = a_j(1 − a_j) · (∂C/∂a_j less the others' mean).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from chainrule.backward import errors_of, gradient_of
from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.diagnostics.activation_design import steepest
from chainrule.errors import DisagreementError
from chainrule.forward import total_cost, trace_of
from chainrule.network import as_network
from chainrule.problem import Problem
from chainrule.writing.numbers import short

Array = np.ndarray
EPS = float(np.finfo(np.float64).eps)
EXACT = 1e-12  # of mean |∂c/∂w|: how closely the product of the factors meets the gradient
TINY = float(np.finfo(np.float64).smallest_subnormal)
BOUNDED = ("sigmoid", "tanh", "softmax")
WAY = ("error", "slope", "weights", "cancelling")  # what changes the size of an error on its way back


class Reference(NamedTuple):
    """What a factor is compared with, and its description."""

    value: float
    words: str


@dataclass(frozen=True)
class Factors:
    """The factors of the weights from some sources into some neurons of layer l, sample by sample.

    a           (samples, in); `usual` (in,) is what each is compared with, 1 for a bias's 1
    slope       (samples, out); 1 where the cost is a function of z^L
    error       (samples, out); `spread` is Σ_m |w_mj δ_m|, the error before its terms cancel, None where there are none
    blur        how far rounding alone parts slope · error from δ of backpropagation, where that subtracts (softmax)
    references  of input, slope and error
    """

    l: int
    a: Array
    usual: Array
    slope: Array
    error: Array
    spread: Array | None
    blur: Array
    references: tuple[Reference, Reference, Reference]

    def taken(self, sources: Any, neurons: Any) -> Factors:
        """Those of some sources and neurons alone."""
        return self._with(self.a[:, sources], self.usual[sources], lambda each: each[:, neurons])

    def pooled(self) -> Factors:
        """All neurons as one, which has a sample for each: they share a bias (S0.4)."""
        ones = np.ones((self.error.size, 1))
        return self._with(ones, ones[0], lambda each: each.reshape(-1, 1))

    def row_shares(self) -> tuple[Array, Array, Array]:
        """log10 of input (samples, in), slope and error (samples, out) against their references, sample by sample."""
        scales = (self.usual[None], *(each.value for each in self.references[1:]))
        a, slope, error = (np.log10(np.abs(each) / s) for each, s in zip((self.a, self.slope, self.error), scales))
        return a, slope, error

    def _with(self, a: Array, usual: Array, of: Callable[[Array], Array]) -> Factors:
        spread = None if self.spread is None else of(self.spread)
        slope, error, blur = map(of, (self.slope, self.error, self.blur))
        return replace(self, a=a, usual=usual, slope=slope, error=error, spread=spread, blur=blur)


class Examined:
    """A network and rows with their one forward and backward pass, and the gradient that every answer is checked against."""

    @np.errstate(all="ignore")
    def __init__(self, network: Any, x: Any, y: Any, given: str | Cost | None, convention: str | Convention) -> None:
        self.how = as_convention(convention)
        as_network(network, "why(network, x, y, by)")
        self.dtype = network.dtype  # in which it learns
        self.problem = problem = Problem.exact(network, x, y, self.how.cost_for(network, given))
        self.network, self.cost, self.pair, self.targets = problem.network, problem.cost, problem.pair, problem.y
        self.rows, reduction = len(problem.x), "sum" if self.how.over == "sum" else "mean"
        self.count = self.rows if reduction == "sum" else 1  # how many times the mean over the rows C is
        self.trace, self.back = problem.once(trace_of), problem.once(errors_of)
        self.cost_value = float(total_cost(problem, reduction))
        self.gradient = gradient_of(problem, reduction)
        self.bounded = self.network.output.name in BOUNDED and not self.network.output.own
        self._error = self._error_reference()
        self._factors: dict[int, Factors] = {}

    def vanishes(self, values: Array) -> Array:
        """Where numbers are 0 in the network's own dtype: in float32 whatever is smaller than 1.4e−45."""
        return np.asarray(values).astype(self.dtype) == 0

    @property
    def cost_text(self) -> str:
        """Which cost is meant and what it is: "C (squared_error) = 0.2032"."""
        return f"{self.how.letter} ({self.cost!r}) = {short(self.cost_value)}"

    def own_bias(self, l: int) -> bool:
        """Whether each neuron of layer l has a bias of its own, the weight of one more input, which is 1."""
        return self.network.biases[l].size == self.network.sizes[l]

    def on_z(self, l: int) -> bool:
        """Whether the cost is a function of z of layer l, which leaves no slope (S3.14)."""
        return l == self.network.depth and self.pair.delta is not None

    def smooth(self, l: int) -> bool:
        """Whether σ′ of layer l is 0 only because it is smaller than any number there is."""
        sigma = self.network.activations[l]
        return not sigma.kinks and not sigma.own

    # factors ---------------------------------------------------------------------------------------------------------
    def factors(self, l: int) -> Factors:
        """Those of all weights into layer l, and of the biases that each neuron has for itself."""
        if l not in self._factors:
            self._factors[l] = self._made(l)
        return self._factors[l]

    @np.errstate(all="ignore")
    def _made(self, l: int) -> Factors:
        a, sigma, references = self.trace.a[l - 1], self.network.activations[l], self._references(l)
        usual = np.full(a.shape[1], references[0].value)
        if self.own_bias(l):
            a, usual = np.column_stack([a, np.ones(self.rows)]), np.append(usual, 1.0)
        error, spread = self.back.delta[l] if self.on_z(l) else self.back.da[l], None
        slope, blur = np.ones_like(error), np.zeros_like(error)
        if sigma.full_slope and not self.on_z(l):
            p, size = self.trace.a[l], np.abs(error)
            blur = p * (size + (p * size).sum(axis=1, keepdims=True))
            slope, error = _softmax_factors(p, error)
        elif not self.on_z(l):
            slope = sigma.slope(self.trace.z[l])
            if l < self.network.depth:
                spread = np.abs(self.back.delta[l + 1]) @ np.abs(self.network.weights[l + 1])
        return Factors(l, a, usual, slope, error, spread, blur, references)

    def _references(self, l: int) -> tuple[Reference, Reference, Reference]:
        """Of a_in, σ′ and the error of the weights into layer l."""
        a_in, typical = Reference(1.0, "1, the input of a bias"), overall(self.trace.a[l - 1])
        if math.isfinite(typical) and typical > 1:
            where = f"layer {l - 1}" if l > 1 else "the inputs"
            a_in = Reference(typical, f"{short(typical, 3)}, the root mean square of {where}")
        if self.on_z(l):
            return a_in, Reference(1.0, "1"), self._error
        sigma = self.network.activations[l]
        scale, bounded = (0.25, True) if sigma.full_slope else steepest(sigma)  # a(1 − a) is ¼ at a = ½
        words = f"{short(scale, 3)}, the largest σ′" if bounded else "1, an error passed on whole"
        return a_in, Reference(scale, words), self._error

    def _error_reference(self) -> Reference:
        """How large ∂C/∂a is where an output is off by what is usual for it."""
        if self.cost.targets == "counts":
            off = max(1.0, overall(self.targets))
            return Reference(off, f"{short(off, 3)}, for an output off by that")
        if self.pair.delta is not None:
            return Reference(1.0, "1, an answer wholly wrong")
        off = 1.0 if self.bounded else max(1.0, overall(self.targets))
        sizes = [overall(self.pair.slope(self.targets + way, self.targets)) for way in (off, -off)]
        scale = max((size for size in sizes if math.isfinite(size) and size > 0), default=0.0)
        return (
            Reference(scale, f"{short(scale, 3)}, for an output off by {short(off, 3)}")
            if scale
            else Reference(1.0, "1")
        )

    # the way of the error --------------------------------------------------------------------------------------------
    def steps(self, factors: Factors) -> list[tuple[str, int, Array]]:
        """From the cost to these neurons: (what of WAY, layer, decades by neuron); they add up to the error's share."""
        return _changes(
            factors, [(what, m, rms(v if own else v.reshape(-1, 1))) for what, m, v, own in self._way(factors)]
        )

    def row_steps(self, factors: Factors) -> list[tuple[str, int, Array]]:
        """The same in each sample: (what of WAY, layer, decades (samples, 1 or out))."""
        each = len(factors.error) // self.rows  # samples of a row: neurons that share a bias have one each
        sizes = [(what, m, np.abs(v) if own else np.repeat(rms(v.T)[:, None], each, axis=0))
                 for what, m, v, own in self._way(factors)]  # fmt: skip
        return _changes(factors, sizes)

    def _way(self, factors: Factors) -> list[tuple[str, int, Array, bool]]:
        """The error's stages: what made it, in which layer, its values, and whether they are those of the neurons' own."""
        l, last, back = factors.l, self.network.depth, self.back
        if l == last:
            return [("error", last, factors.error, True)]
        stages = [("error", last, back.delta[last] if self.on_z(last) else back.da[last], False)]
        if not self.on_z(last):
            stages.append(("slope", last, back.delta[last], False))
        for m in range(last - 1, l, -1):
            stages += [("weights", m + 1, back.da[m], False), ("slope", m, back.delta[m], False)]
        if factors.spread is None:
            return [*stages, ("weights", l + 1, factors.error, True)]
        return [*stages, ("weights", l + 1, factors.spread, True), ("cancelling", l + 1, factors.error, True)]

    def underflows_above(self, l: int) -> bool:
        """Whether all errors are 0 somewhere above layer l although none of their factors is."""
        for m in range(self.network.depth, l, -1):
            here, delta, w = self.factors(m), np.abs(self.back.delta[m]), np.abs(self.network.weights[m])
            if not delta.any() and here.error.any():
                return self.smooth(m) or bool(((here.slope != 0) & (here.error != 0)).any())
            if delta.any() and not (delta @ w).any():
                return bool((delta.any(axis=0) & w.any(axis=1)).any())
        return False

    # the gradient ----------------------------------------------------------------------------------------------------
    def entries(self, l: int) -> Array:
        """The gradient's entries of layer l, the biases as one more column where each neuron has its own."""
        w, b = self.gradient.weights[l], self.gradient.biases[l]
        return np.column_stack([w, b]) if self.own_bias(l) else w

    @np.errstate(all="ignore")
    def check(self, factors: Factors, mine: Array, size: Array, entries: Array) -> None:
        """Raises DisagreementError where the product of the factors is not the gradient's entry."""
        a = np.abs(factors.a)
        allowed = max(EXACT, self.rows * EPS) * size + 4 * TINY * len(a) * np.maximum(1.0, a.max(axis=0))
        allowed = allowed + 64 * EPS * (factors.blur.T @ a) / len(a)
        apart = (np.abs(mine - entries) > allowed) | (np.isfinite(mine) != np.isfinite(entries))
        if apart.any():
            j, k = np.argwhere(apart)[0]
            raise DisagreementError(
                f"layer {factors.l}: the factors of the weight to neuron {j} from {k} multiply to {mine[j, k]:.15g} and the "
                f"gradient says {entries[j, k]:.15g}: nothing is said until they agree; "
                "is a slope or a cost's derivative wrong?"
            )


def _changes(factors: Factors, sizes: list[tuple[str, int, Array]]) -> list[tuple[str, int, Array]]:
    """By how many decades each stage changes the size, from the error's reference on."""
    found, before = [], np.log10([factors.references[2].value])
    for what, m, size in sizes:
        after = np.log10(size)
        found.append((what, m, after - before))
        before = after
    return found


def _softmax_factors(p: Array, v: Array) -> tuple[Array, Array]:
    """a_j(1 − a_j) and v_j less the mean of the others' v, weighted by their a: together Σ′ᵀ v, without a difference from 1."""
    others = 1.0 - np.eye(p.shape[1])
    rest = p @ others
    mean = np.where(rest > 0, (p * v) @ others / np.where(rest > 0, rest, 1.0), 0.0)
    return p * rest, v - mean


def rms(values: Array) -> Array:
    """The root mean square of each column, safe from underflow and overflow."""
    largest = np.abs(values).max(axis=0)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    with np.errstate(under="ignore"):
        return np.asarray(scale * np.sqrt(((values / scale) ** 2).mean(axis=0)))


def overall(values: Array) -> float:
    """The root mean square of all values."""
    return float(rms(values.reshape(-1, 1))[0])
