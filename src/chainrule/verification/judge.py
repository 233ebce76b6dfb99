"""Two answers compared, entry by entry: what rounding, kinks and error bars explain, and what they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chainrule.ids import of_entry
from chainrule.problem import Problem
from chainrule.verification.agreement import length
from chainrule.verification.answers import MethodAnswer
from chainrule.verification.causes import Cause, Causes, causes
from chainrule.verification.complex_step import STEP as STEP_OF_COMPLEX
from chainrule.verification.differences import FIRST_STEP
from chainrule.verification.leeway import leeway
from chainrule.verification.rounding import main_source
from chainrule.verification.verdict import EXACT, NO_CAUSES, YOURS, MethodRow, Verification

Array = np.ndarray
MEASURED = 1e-6  # of the norm, from differences
TELLING = {
    8: 1e-6,
    4: 1e-3,
    2: 1e-1,
}  # of a layer's norm, by bytes: where rounding may move it by more, it tells nothing
HIDDEN = 0.1  # of an entry, likewise
STEP = 4 * FIRST_STEP  # how far the largest of their steps reaches, and so what kinks may bend them
LOW = "delta float32"  # backpropagation as it runs; the others compute in float64
UNDERFLOW = float(np.finfo(np.float64).tiny) / STEP_OF_COMPLEX
ROUNDED = Cause(
    "float32_rounding",
    "it differs by no more than float32 rounding does, and nothing is as exact as float64",
    "compute it in float64, or pass it as float32: gradient.astype('float32')",
)


class Judge:
    """What may lie between two right answers on this network: rounding, kinks, error bars."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.space = problem.network.parameters.astype(np.float64)
        self.near, self.stepped = leeway(problem), leeway(problem, STEP)
        self.rounding, self.epsilon = self.near.rounding.flat(), float(np.finfo(problem.network.dtype).eps)
        self.spread = self.near.kinks.flat()

    def most_shared(self, answers: Sequence[MethodAnswer]) -> MethodAnswer:
        """The exact answer that most others agree with; of equals the first independent one."""
        order = ["differences", "delta", LOW, YOURS]
        ranked = sorted(answers, key=lambda each: order.index(each.method) + 1 if each.method in order else 0)
        ranked = sorted(
            ranked, key=lambda each: (each.method == YOURS, each.sampled)
        )  # whole answers first, yours last
        if all(self.agree(ranked[0], other) for other in answers):
            return ranked[0]  # nearly always, and then nobody need vote
        exact = [each for each in ranked if each.method not in ("differences", LOW, YOURS)]
        exact = (
            exact if len(exact) > 1 else ranked
        )  # the differences' wide bars fit many, so they judge only if they must
        votes = [sum(self.agree(each, other) for other in answers) for each in exact]
        return exact[int(np.argmax(votes))]

    def agree(self, one: MethodAnswer, other: MethodAnswer) -> bool:
        """Whether the other is right, if one is."""
        return bool(self._layers(other, one)[1].all())

    def row(self, answer: MethodAnswer, reference: MethodAnswer) -> MethodRow:
        """The line of the table for one answer."""
        gap, right, untold, distances, hidden = self._layers(answer, reference)
        plain = np.abs(answer.flat - reference.flat)
        worst = int(np.argmax(np.where(np.isfinite(gap), gap, np.inf)))
        found = NO_CAUSES if right.all() else self._causes(answer, reference)
        if not right.all() and answer.method == YOURS and found.unexplained and self._rounded(answer, reference):
            untold, right, found = ~right, np.ones_like(right), Causes((ROUNDED,))
        reached = (self.spread > 0) | answer.kinks | reference.kinks
        return MethodRow(
            answer.method,
            bool(right.all()),
            tuple(distances.tolist()),
            str(of_entry(self.space, worst)),
            float(answer.flat[worst]),
            float(reference.flat[worst]),
            int((reached & (gap == 0) & (plain > EXACT * np.abs(reference.flat))).sum()),
            int(hidden.sum()),
            int((answer.asked & reference.asked).sum()) if answer.sampled or reference.sampled else 0,
            tuple((np.flatnonzero(untold) + 1).tolist()),
            causes=found,
        )

    def explained(self, verdict: Verification, answers: Mapping[str, MethodAnswer]) -> Verification:
        """The verdict with the reason why nothing can be told in some layers, where there are such."""
        if verdict.wrong or not verdict.untold:
            return verdict
        layer = verdict.untold[0]
        row = next(row for row in verdict.judged if layer in row.untold)
        if row.causes:
            return replace(verdict, reason=f"{row.causes.fitting[0].says}\n{row.causes.fitting[0].change}")
        dtype = answers[row.method].dtype
        part, scale = self._parts()[layer - 1], float(np.finfo(dtype).eps) / self.epsilon
        size, moved = length(self.near.base.flat()[part]), scale * length(self.rounding[part])
        by = f"by {moved / size:.0e} of itself" if size else "though it is zero"
        because = main_source(self.problem, layer)
        advice = (
            "other rows or smaller weights" if dtype == np.float64 else "network.astype('float64'), or scaled rows,"
        )
        return replace(
            verdict,
            reason=f"rounding in {dtype} may move the gradient {by}, since {because}\n{advice} will tell",
        )

    def _rounded(self, answer: MethodAnswer, reference: MethodAnswer) -> bool:
        """Whether an answer in float64 is as far off as one from float32 would be."""
        single = replace(answer, dtype=np.dtype(np.float32))
        return answer.dtype == np.float64 and bool(self._layers(single, reference)[1].all())

    def _causes(self, answer: MethodAnswer, reference: MethodAnswer) -> Causes:
        if answer.sampled or reference.sampled:
            return NO_CAUSES
        given, trusted = self.space.like(answer.flat), self.space.like(reference.flat)
        p = self.problem
        return causes(given, trusted, Problem.of(p.network.astype(str(answer.dtype)), p.x, p.y, p.cost))

    def _layers(self, one: MethodAnswer, other: MethodAnswer) -> tuple[Array, Array, Array, Array, Array]:
        """By entry what no kink explains; by layer: is it explained, by what tells nothing, and ‖Δ^l‖/‖g^l‖; by entry again:
        is it so small that rounding could be all of the difference."""
        asked = one.asked & other.asked
        gap, each = self._gap(one, other), np.maximum(np.abs(one.flat), np.abs(other.flat))
        dtype = min(one.dtype, other.dtype, key=lambda each: each.itemsize)  # the coarser of the two
        bars = one.bars + other.bars + self.rounding * (float(np.finfo(dtype).eps) / self.epsilon)
        if "complex_step" in (one.method, other.method):  # whose imaginary parts underflow first
            bars = bars + UNDERFLOW
        measured = bool(one.differences or other.differences)
        gap, each, bars = (np.where(asked, values, 0.0) for values in (gap, each, bars))
        allowed = MEASURED * length(each) if measured else 0.0
        close = gap <= (MEASURED if measured else EXACT) * each  # two methods to the same digits: that tells
        beyond = np.where(close, 0, np.maximum(gap - bars, 0))
        right, untold, distances = [], [], []
        for part in self._parts():
            size, off = length(each[part]), length(gap[part])
            right.append(not length(beyond[part]) > allowed and bool(np.isfinite(off)))
            telling = 1e-3 if measured else TELLING[min(dtype.itemsize, 8)]
            untold.append(length(np.where(close, 0, bars)[part]) > telling * size)
            distances.append((off / size if size else off) if np.isfinite(off) else np.inf)
        hidden = ~close & (gap > 1e-3 * each) & (bars > HIDDEN * each)
        return gap, np.array(right), np.array(untold), np.array(distances), hidden

    def _gap(self, one: MethodAnswer, other: MethodAnswer) -> Array:
        """|Δ| of each entry; of one that a kink reaches, by how much it leaves the interval of the slopes there.

        Between the one-sided slopes of differences nothing is wrong either.
        """
        open_ = self.stepped if one.differences or other.differences else self.near
        base, below, above = open_.base.flat(), open_.below.flat(), open_.above.flat()
        beyond = np.maximum(np.maximum(one.flat - (base + above), base + below - one.flat), 0)
        gap = np.where(below < above, beyond, np.abs(one.flat - other.flat))
        for each, rest in ((one, other), (other, one)):
            between = [i for i, d in each.differences.items() if d.kink and d.holds(float(rest.flat[i]))]
            gap[between] = 0
        return gap

    def _parts(self) -> list[slice]:
        """Where the flat vector holds each layer."""
        sizes = [w.size + b.size for w, b in zip(self.space.weights, self.space.biases)]
        ends = np.cumsum(sizes).tolist()
        return [slice(end - size, end) for size, end in zip(sizes, ends)]
