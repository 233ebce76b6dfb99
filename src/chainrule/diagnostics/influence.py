"""Two rules read off the equations and put to the test on a network (S0.17, S0.18).

1. What changes a lot is a weight with a strong activation before it: ∂C/∂w_jk = a_k δ_j.
2. What should change a lot is an activation with strong weights behind it: ∂C/∂a_k = Σ_j w_jk δ_j.

Each is tested in every layer by Spearman's rank correlation, and as it is said, with its "only if": of the tenth that changes
most, how much has an influence above the median. Where a rule breaks, the factor it leaves out tells why: δ in both, and what
cancels over rows or neurons.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from chainrule.aligned import Heading, Printed, Table
from chainrule.backward import Backward, collect, errors_of
from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.diagnostics.factors import rms
from chainrule.errors import SettingError, ShapeError, counted
from chainrule.forward import Trace, shares, total_cost, trace_of
from chainrule.json_text import as_json
from chainrule.network import Network, as_network
from chainrule.problem import Problem
from chainrule.writing.numbers import minus, short

Array = np.ndarray
TOP = 0.1  # the share that changes most


@dataclass(frozen=True)
class Standing:
    """One weight or activation: how much it changes and how influential what it meets is, each with its rank from 1."""

    id: str
    change: float
    influence: float
    change_rank: float
    influence_rank: float
    why: str


@dataclass(frozen=True)
class RuleTest:
    """One rule in one layer.

    correlation  Spearman's, between change and influence; NaN where one of them is the same throughout
    within       the same for the weights of one neuron, on average over the layer's neurons; NaN for rule 2
    weighted     the same where the weights met are weighted by their neurons' δ; NaN for rule 1
    only_if      of the tenth that changes most, the share whose influence is above the median
    top          those that change most; `breaks` those that change a lot with the least influence, and why
    """

    rule: int
    layer: int
    count: int
    correlation: float
    within: float
    weighted: float
    only_if: float
    top: tuple[Standing, ...]
    breaks: tuple[Standing, ...]


@dataclass(frozen=True)
class Influence(Printed):
    """Both rules in every layer of a network; printed, a table, then for each rule what changes most and where it breaks."""

    about: str
    tests: tuple[RuleTest, ...]

    def _parts(self) -> list[str | Table]:
        return [self.about, *self._table(1), *self._table(2)]

    def _table(self, rule: int) -> list[str | Table]:
        tests = [test for test in self.tests if test.rule == rule]
        extra = "in one neuron" if rule == 1 else "weighted by δ"
        cells = [["layer", "count", "correlation", extra, f"only if (top {TOP:.0%})"]]
        for test in tests:
            other = test.within if rule == 1 else test.weighted
            cells.append(
                [_layer(test), f"{test.count:,}", _shown(test.correlation), _shown(other), f"{test.only_if:.0%}"]
            )
        lines: list[str | Table] = [Heading(RULES[rule]), Table(cells, ">", indent=2)]
        for test in tests:
            lines += _pairs(f"  {_layer(test)}: most change", test.top)
            lines += _pairs(f"  {_layer(test)}: much change, little influence", test.breaks)
        return lines

    def to_json(self) -> dict[str, Any]:
        """Everything; a correlation that does not exist is null."""
        return as_json(asdict(self))


RULES = {
    1: "rule 1: what changes a lot is a weight with a strong activation before it (|∂C/∂w| against |a_in|)",
    2: "rule 2: what should change a lot is an activation with strong weights behind it (|∂C/∂a| against ‖w‖)",
}


def influence(
    network: Network,
    x: Any,
    y: Any,
    cost: str | Cost | None = None,
    most: int = 3,
    convention: str | Convention = "nielsen",
) -> Influence:
    """Test both rules on rows (or one example) of a network, in float64.

    Rule 1 holds |∂C/∂w| of the mean cost against the root mean square of a_in over the rows, in each layer. Rule 2 holds the
    root mean square of ∂c/∂a^l over the rows, l = 0…L−1, against ‖w^(l+1)_.k‖, and against Σ_j |w_jk| rms δ_j. `most` are
    listed of each. The cost is the network's own unless one is named.
    """
    if isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 0:
        raise SettingError(f"most={most!r}: how many are listed is a whole number ≥ 0")
    how = as_convention(convention)
    as_network(network, "influence(network, x, y)")
    problem = Problem.exact(network, x, y, how.cost_for(network, cost))
    with np.errstate(all="ignore"):
        trace, value, back = problem.once(trace_of), float(total_cost(problem)), problem.once(errors_of)
    problem.check_finite(δ=back.delta.items())
    rows, layers = len(problem.x), range(1, network.depth + 1)
    tests = [
        *(_weights(trace, back, l, int(most)) for l in layers),
        *(_activations(trace, back, l - 1, int(most)) for l in layers),
    ]
    about = f"{network!r}, {counted(rows, 'row')}, {how.letter} ({problem.cost!r}) = {short(value)}"
    return Influence(about, tuple(tests))


def spearman(a: Float[np.ndarray, " n"], b: Float[np.ndarray, " n"]) -> float:
    """Spearman's rank correlation: Pearson's of the ranks, equal values sharing the mean of theirs. NaN where all are equal."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ShapeError(f"a rank correlation takes two vectors of one length, got {a.shape} and {b.shape}")
    if a.size < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return math.nan
    first, second = ranks(a) - (a.size + 1) / 2, ranks(b) - (b.size + 1) / 2
    size = math.sqrt(float(first @ first) * float(second @ second))
    return float(first @ second) / size if size else math.nan


def ranks(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Ranks from 1, the smallest first; equal values share the mean of their ranks."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[group.reshape(-1)], dtype=np.float64)


# rule 1 -------------------------------------------------------------------------------------------------------------
def _weights(trace: Trace, back: Backward, l: int, most: int) -> RuleTest:
    """The weights into layer l."""
    a, delta = trace.a[l - 1], back.delta[l]
    n = len(a)
    slopes = collect(trace.network.parameters, list(trace.a), list(back.delta), shares(n, "mean")).weights[l]
    change = np.abs(slopes)
    a_in, d_out = rms(a), rms(delta)
    met = np.broadcast_to(a_in, change.shape)
    inside = [spearman(row, a_in) for row in change]
    known = [each for each in inside if not math.isnan(each)]
    kept = change / np.where(change > 0, d_out[:, None] * a_in, 1.0)  # |Σ a δ| of its largest, by Cauchy and Schwarz

    def why(i: int) -> str:
        j, k = divmod(i, a.shape[1])
        return _left_out(
            f"δ of neuron {j}", d_out[j], rms(delta.reshape(-1, 1))[0], kept[j, k], rms(kept.reshape(-1, 1))[0]
        )

    names = [f"w/{l}/{j}/{k}" for j in range(change.shape[0]) for k in range(change.shape[1])]
    mean = sum(known) / len(known) if known else math.nan
    return _tested(1, l, names, change.ravel(), met.ravel(), (mean, math.nan), why, most)


# rule 2 -------------------------------------------------------------------------------------------------------------
def _activations(trace: Trace, back: Backward, l: int, most: int) -> RuleTest:
    """The activations of layer l, which meet the weights of layer l + 1; of layer 0, the inputs."""
    w, delta = trace.network.weights[l + 1], back.delta[l + 1]
    change, length, d_out = rms(back.da[l]), np.linalg.norm(w, axis=0), rms(delta)
    reached = np.abs(w).T @ d_out
    kept = change / np.where(reached > 0, reached, 1.0)
    usual = float(np.linalg.norm(d_out)) / math.sqrt(d_out.size)

    def why(k: int) -> str:
        meets = math.sqrt(float((w[:, k] ** 2) @ d_out**2) / float(w[:, k] @ w[:, k])) if length[k] else 0.0
        return _left_out("δ of the neurons it meets", meets, usual, kept[k], rms(kept[:, None])[0])

    names = [f"a/{l}/{k}" if l else f"x/{k}" for k in range(w.shape[1])]
    return _tested(2, l, names, change, length, (math.nan, spearman(change, reached)), why, most)


# both ---------------------------------------------------------------------------------------------------------------
def _tested(
    rule: int,
    layer: int,
    names: Sequence[str],
    change: Array,
    met: Array,
    others: tuple[float, float],
    why: Any,
    most: int,
) -> RuleTest:
    """Ranks, the top and the breaks of one rule in one layer."""
    change_ranks, met_ranks = ranks(change), ranks(met)
    order = np.lexsort((-met, -change))
    leading = order[: max(1, math.ceil(TOP * change.size))]
    middle = float(np.median(met))
    against = sorted(
        (i for i in leading if met[i] <= middle and met[i] < met.max()), key=lambda i: (met[i], -change[i])
    )

    def pair(i: int, reason: str) -> Standing:
        above, beyond = (float(change.size + 1 - each[i]) for each in (change_ranks, met_ranks))
        return Standing(names[i], float(change[i]), float(met[i]), above, beyond, reason)

    top = tuple(pair(int(i), "") for i in order[:most])
    breaks = tuple(pair(int(i), why(int(i))) for i in against[:most])
    only_if = 1 - len(against) / len(leading)
    return RuleTest(rule, layer, change.size, spearman(change, met), *others, only_if, top, breaks)


def _left_out(what: str, here: float, usual: float, kept: float, usually_kept: float) -> str:
    """What the rule leaves out: the error, or how much is left when terms of both signs are summed."""
    larger = here / usual if usual else 1.0
    surviving = kept / usually_kept if usually_kept else 1.0
    if larger >= surviving:
        return f"{what} is {short(larger, 2)} × the layer's"
    return f"less cancels than usual, {short(surviving, 2)} × as much is left"


def _layer(test: RuleTest) -> str:
    return "inputs" if test.rule == 2 and test.layer == 0 else f"layer {test.layer}"


def _pairs(title: str, pairs: Sequence[Standing]) -> list[str]:
    if not pairs:
        return []
    rows = [
        f"    {each.id}  {short(each.change, 3)} (rank {each.change_rank:,.6g}), it meets {short(each.influence, 3)} "
        f"(rank {each.influence_rank:,.6g}){': ' if each.why else ''}{each.why}"
        for each in pairs
    ]
    return [title, *rows]


def _shown(correlation: float) -> str:
    return "none" if math.isnan(correlation) else minus(f"{correlation:+.2f}")
