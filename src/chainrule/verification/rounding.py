"""How far rounding alone moves a gradient, entry by entry: measured by rounding every operation at random.

The equations run in float64, and after each operation its result is moved by a normal random number of the size that one
rounding has there: ε/2 of the terms that a sum adds up (more for long sums, whose errors grow as √n), of an activation and its
slope, of a − y. The average move of an entry over some such runs, times 8, bounds what any sound program in that precision may
be off by. Bounds that add up worst cases are thousands of times wider (Higham and Mary 2019 on why).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.activations import Activation, odot
from chainrule.backward import bias_gradient
from chainrule.costs import Pair
from chainrule.forward import propagate
from chainrule.parameters import Parameters
from chainrule.problem import Problem

Array = np.ndarray
DRAWS = 24
AT_ONCE = 4_000_000  # numbers in all draws that go together
SAFETY = 8.0  # 2 is the most that was met in any entry of thousands of networks
MAGNIFIED = 2.0**10  # in a float64 network the moves are larger than the rounding of the runs themselves, by this
STRAIGHT = ("identity", "relu", "leaky_relu", "exponential")  # their values and slopes keep every digit

SOURCES: Mapping[str, str] = {
    "sums": "the sums w a + b add up terms that are large beside what σ′ can bear",
    "slopes": "σ and σ′ keep few digits there, as in saturated units",
    "output": "a − y keeps few digits: the outputs nearly equal the targets",
    "back": "the terms of wᵀδ cancel",
    "rows": "what the rows contribute cancels",
}


def rounding(p: Problem, share: Array | None = None) -> Parameters:
    """How far rounding may move each entry of ∂C/∂θ computed in the network's dtype.

    C is the mean over the rows, or Σ share_i c_i. Infinite where rounding may do anything.
    """
    return p.network.parameters.astype(np.float64).like(SAFETY * _moves(p, share, SOURCES))


def main_source(p: Problem, layer: int) -> str:
    """Which operation's rounding moves the gradient of a layer most, described."""
    if _learnt(p):
        return SOURCES["output"]
    space = p.network.parameters

    def moved(source: str) -> float:
        found = space.astype(np.float64).like(_moves(p, None, [source]))
        return float(found.weights[layer].sum() + found.biases[layer].sum())

    return SOURCES[max(SOURCES, key=moved)]


def _learnt(p: Problem) -> bool:
    """Whether the outputs equal the targets to within about a thousand times rounding, wherever that comes from."""
    a, z = propagate(p.network.parameters, p.network.activations, p.x)
    left = p.pair.slope(a[-1], p.y) if p.pair.delta is None else p.pair.delta(z[-1], p.y)
    return bool(np.abs(left).max() <= 1e4 * np.finfo(p.network.dtype).eps * (np.abs(a[-1]) + np.abs(p.y)).max())


def _moves(p: Problem, share: Array | None, sources: Collection[str]) -> Array:
    """The standard deviation of each entry under the rounding of these sources."""
    info = np.finfo(p.network.dtype)
    magnified = MAGNIFIED if p.network.dtype == np.float64 else 1.0
    exact, pair = p.in_float64(), p.pair
    weights = np.full(len(p.x), 1 / len(p.x)) if share is None else share
    draw = _Rounded(np.random.default_rng(0), magnified * float(info.eps) / 2, magnified * float(info.tiny), sources)
    at_once = max(1, min(DRAWS, AT_ONCE // (p.network.parameters.size + len(p.x) * sum(p.network.sizes))))
    with np.errstate(all="ignore"):
        right = _gradients(exact, pair, weights, _Rounded(draw.rng, 0.0, 0.0, ()), 1)
        total = np.zeros(p.network.parameters.size)
        for begun in range(0, DRAWS, at_once):
            drawn = _gradients(exact, pair, weights, draw, min(at_once, DRAWS - begun))
            total += np.abs(drawn - right).sum(axis=0)
        found = np.sqrt(np.pi / 2) / DRAWS / magnified * total  # the mean |move| of a normal number is √(2/π) of σ
    return np.where(np.isfinite(found), found, np.inf)


@dataclass(frozen=True)
class _Rounded:
    """Results moved at random by `epsilon` of their terms' size, and by `tiny`, the smallest normal number."""

    rng: np.random.Generator
    epsilon: float
    tiny: float
    sources: Collection[str]

    def __call__(self, source: str, result: Array, size: Array, terms: int = 1) -> Array:
        if source not in self.sources:
            return result
        reach = self.epsilon * (1 + 0.25 * terms**0.5 if terms > 1 else 1)
        return result + self.rng.standard_normal(result.shape) * (reach * size + self.tiny)


def _gradients(p: Problem, pair: Pair, share: Array, off: _Rounded, draws: int) -> Array:
    """BP1 to BP4 with each result moved by `off`, (draws, parameters): the rows of all draws go through together."""
    network, x, y = p.network, np.tile(p.x, (draws, 1)), np.tile(p.y, (draws, 1))
    weights, sigmas = list(network.weights), list(network.activations)
    a, slopes = [off("sums", x, np.abs(x))], []
    for w, b, sigma in zip(weights, network.biases, sigmas):
        z = a[-1] @ w.T + b if b.size else a[-1] @ w.T
        z = off("sums", z, np.abs(a[-1]) @ np.abs(w).T + np.abs(b).max(initial=0), w.shape[1])
        value, slope = sigma.value(z), sigma.slope(z)
        a.append(off("slopes", value, np.abs(value) + _floor(sigma)))
        slopes.append(off("slopes", slope, np.abs(slope) + _floor(sigma)))
    delta = [_at_output(p, pair, a[-1], z, y, slopes[-1], off)]
    for l in range(len(weights) - 1, 0, -1):
        back = off("back", delta[0] @ weights[l], np.abs(delta[0]) @ np.abs(weights[l]), len(weights[l]))
        delta.insert(0, odot(back, slopes[l - 1]))
    found = _collected(p, a, delta, share, draws)
    size = _collected(p, [np.abs(each) for each in a], [np.abs(each) for each in delta], share, draws)
    return off("rows", found, size, len(p.x))


def _collected(p: Problem, a: Sequence[Array], delta: Sequence[Array], share: Array, draws: int) -> Array:
    """BP3 and BP4 over the rows of each draw apart, (draws, parameters) in the order of the flat vector."""
    parts = []
    for bias, before, error in zip(p.network.biases, a, delta):
        scaled = share[:, None] * error.reshape(draws, len(share), -1)
        by_weight = scaled.transpose(0, 2, 1) @ before.reshape(draws, len(share), -1)
        parts += [by_weight.reshape(draws, -1), bias_gradient(bias, scaled.sum(axis=1))]
    return np.concatenate(parts, axis=1)


def _at_output(p: Problem, pair: Pair, a: Array, z: Array, y: Array, slope: Array, off: _Rounded) -> Array:
    """δ^L, from a difference a − y that is as good as the larger of the two."""
    if pair.delta is None:
        grad = pair.slope(a, y)
        signs = p.cost.name == "absolute_error" and not p.cost.own  # −1, 0 and 1, which are exact
        return odot(off("output", grad, 0 * y if signs else np.abs(grad) + np.abs(a) + np.abs(y)), slope)
    delta = pair.delta(z, y)
    counts = p.cost.name == "multiclass_hinge"  # whole numbers, which are exact
    return off("output", delta, np.abs(delta) + (0 if counts else 1 + np.abs(y)))


def _floor(sigma: Activation) -> float:
    """What σ and σ′ are rounded to beside their own size: formulas such as 1 − a² or log(1 + e^z) subtract from 1."""
    return 0.0 if sigma.name in STRAIGHT and not sigma.own else 1.0
