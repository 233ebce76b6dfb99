"""Answers to one gradient of any C(θ) compared, entry by entry: what rounding, kinks and error bars explain, what is left."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import DataError
from chainrule.ids import of_entry
from chainrule.parameters import length
from chainrule.problem import Problem
from chainrule.verification.answers import MethodAnswer
from chainrule.verification.causes import Cause, Causes, causes
from chainrule.verification.complex_step import STEP as STEP_OF_COMPLEX
from chainrule.verification.differences import FIRST_STEP, HIDDEN
from chainrule.verification.kinks import Open
from chainrule.verification.leeway import leeway
from chainrule.verification.rounding import main_source
from chainrule.verification.verdict import EXACT, NO_CAUSES, OWN, YOURS, MethodRow, Verification
from chainrule.writing.numbers import bar

Array = np.ndarray
MEASURED = 1e-6  # of the norm, from differences
TELLING = {
    8: 1e-6,
    4: 1e-3,
    2: 1e-1,
}  # of a layer's norm, by bytes: where rounding moves it by more, the verdict is “cannot tell”
STEP = 4 * FIRST_STEP  # how far the largest of their steps reaches, and so what kinks may bend them
LOW = "delta float32"  # backpropagation as it runs; the others compute in float64
UNDERFLOW = float(np.finfo(np.float64).tiny) / STEP_OF_COMPLEX
ROUNDED = Cause(
    "float32_rounding",
    "it differs by no more than float32 rounding does, and nothing is as exact as float64",
    "compute it in float64, or pass it as float32: gradient.astype('float32')",
)


@dataclass(frozen=True)
class Judge:
    """What may lie between two right answers to ∂C/∂θ at one θ, and what explains a wrong one.

    spaces   where θ holds each layer or array, and `name_of` what an entry is called
    rounding how far rounding in numbers of precision `epsilon` may move each entry
    near     the slopes that kinks leave open; `stepped` those within the steps of differences; `kinks` the entries at one
    causes   why an answer in that dtype is not the trusted one; `because` why rounding moves part n = 1, 2, … so much
    """

    spaces: Sequence[slice]
    name_of: Callable[[int], str]
    rounding: Array
    epsilon: float
    near: Open
    stepped: Open
    kinks: Array
    causes: Callable[[Array, Array, Any], Causes] = lambda given, trusted, dtype: NO_CAUSES
    because: Callable[[int], str] = lambda part: ""

    @classmethod
    def of(cls, problem: Problem) -> Judge:
        """Of a network's gradient, layer by layer."""
        space, near = problem.network.parameters.astype(np.float64), leeway(problem)
        sizes = [w.size + b.size for w, b in zip(space.weights, space.biases)]
        ends = np.cumsum(sizes).tolist()

        def why(given: Array, trusted: Array, dtype: Any) -> Causes:
            p = problem
            posed = Problem.of(p.network.astype(str(dtype)), p.x, p.y, p.cost)
            return causes(space.like(given), space.like(trusted), posed)

        epsilon = float(np.finfo(problem.network.dtype).eps)
        return cls(
            [slice(end - size, end) for size, end in zip(sizes, ends)], lambda entry: str(of_entry(space, entry)),
            near.rounding.flat(), epsilon, near.open, leeway(problem, STEP).open, near.kinks.flat() > 0,
            why, lambda layer: main_source(problem, layer),
        )  # fmt: skip

    def verdict(self, about: str, found: Mapping[str, MethodAnswer | str], parts: tuple[str, ...] = ()) -> Verification:
        """Every answer, or the reason why there is none, beside the one that most methods share."""
        answers = {name: each for name, each in found.items() if isinstance(each, MethodAnswer)}
        if len(answers) < 2:
            reasons = "; ".join(f"{name}: {each}" for name, each in found.items() if isinstance(each, str))
            raise DataError(f"fewer than two methods apply: {reasons}")
        if not math.isfinite(length(self.rounding)):
            raise DataError(
                "this cannot be decided: rounding alone may move the gradient by more than any number; smaller weights "
                "will do"
            )
        reference = self.most_shared(list(answers.values()))
        rows = [
            MethodRow(name, refused=each) if isinstance(each, str) else self.row(each, reference)
            for name, each in found.items()
        ]
        kinks = np.logical_or.reduce([self.kinks, *(each.kinks for each in answers.values())])
        size, moved = self.rounding.size, length(self.rounding)
        made = Verification(about, tuple(rows), reference.method, moved, size, int(kinks.sum()), parts)
        return made if made.wrong or not made.untold else replace(made, reason=self._untold(made, answers))

    def most_shared(self, answers: Sequence[MethodAnswer]) -> MethodAnswer:
        """The exact answer that most others agree with; of equals the first independent one."""
        order = ["differences", *OWN[:-1], LOW, YOURS]
        ranked = sorted(answers, key=lambda each: order.index(each.method) + 1 if each.method in order else 0)
        ranked.sort(key=lambda each: (each.method == YOURS, each.sampled))  # whole answers first, yours last
        if all(self.agree(ranked[0], other) for other in answers):
            return ranked[0]  # nearly always, and then no vote is needed
        exact = [each for each in ranked if each.method not in ("differences", LOW, YOURS)]
        exact = exact if len(exact) > 1 else ranked  # differences, whose wide bars fit many, judge only if they must
        votes = [sum(self.agree(each, other) for other in answers) for each in exact]
        return exact[int(np.argmax(votes))]

    def agree(self, one: MethodAnswer, other: MethodAnswer) -> bool:
        """Whether the other is right, if one is."""
        return bool(self._parts(other, one)[1].all())

    def off_differences(self, found: Mapping[str, MethodAnswer | str]) -> list[int]:
        """The entries in which differences disagree with the most exact other answer, and nothing explains it."""
        answers = {name: each for name, each in found.items() if isinstance(each, MethodAnswer)}
        others = [each for name, each in answers.items() if name not in ("differences", LOW)]
        if "differences" not in answers or not others:
            return []
        return np.flatnonzero(self._parts(answers["differences"], others[0])[5]).tolist()

    def row(self, answer: MethodAnswer, reference: MethodAnswer) -> MethodRow:
        """The line of the table for one answer."""
        gap, right, untold, distances, hidden, _ = self._parts(answer, reference)
        plain, asked = np.abs(answer.flat - reference.flat), answer.asked & reference.asked
        worst = int(np.argmax(np.where(asked, np.where(np.isfinite(gap), gap, np.inf), -1)))
        found = NO_CAUSES
        if not right.all() and asked.all():
            found = self.causes(answer.flat, reference.flat, answer.dtype)
        if not right.all() and answer.method == YOURS and found.unexplained and self._rounded(answer, reference):
            untold, right, found = ~right, np.ones_like(right), Causes((ROUNDED,))
        reached = self.kinks | answer.kinks | reference.kinks
        kinks = int((reached & (gap == 0) & (plain > EXACT * np.abs(reference.flat))).sum())
        there = self.name_of(worst), float(answer.flat[worst]), float(reference.flat[worst])
        checked = 0 if asked.all() else int(asked.sum())
        return MethodRow(
            answer.method, bool(right.all()), tuple(distances.tolist()), *there, kinks, int(hidden.sum()), checked,
            tuple((np.flatnonzero(untold) + 1).tolist()), causes=found,
        )  # fmt: skip

    def _untold(self, verdict: Verification, answers: Mapping[str, MethodAnswer]) -> str:
        """Why some parts stay undecided."""
        number = verdict.untold[0]
        row = next(row for row in verdict.judged if number in row.untold)
        if row.causes:
            return f"{row.causes.fitting[0].says}\n{row.causes.fitting[0].change}"
        dtype = answers[row.method].dtype
        part, scale = self.spaces[number - 1], float(np.finfo(dtype).eps) / self.epsilon
        size, moved = length(self.near.base[part]), scale * length(self.rounding[part])
        by = f"by {bar(moved / size, 0)} of itself" if size else "though it is zero"
        because = self.because(number)
        advice = (
            "other rows or smaller weights" if dtype == np.float64 else "network.astype('float64'), or scaled rows,"
        )
        since = because and f", since {because}"
        return f"rounding in {dtype} may move the gradient {by}{since}\n{advice} will tell"

    def _rounded(self, answer: MethodAnswer, reference: MethodAnswer) -> bool:
        """Whether an answer in float64 is as far off as one from float32 would be."""
        single = replace(answer, dtype=np.dtype(np.float32))
        return answer.dtype == np.float64 and bool(self._parts(single, reference)[1].all())

    def _parts(self, one: MethodAnswer, other: MethodAnswer) -> tuple[Array, Array, Array, Array, Array, Array]:
        """By entry what no kink explains; by part: is it explained, by what tells nothing, and ‖Δ‖/‖g‖, NaN where nothing was
        asked; by entry again: is it so small that rounding could be all of the difference, and what nothing explains."""
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
        for part in self.spaces:
            size, off = length(each[part]), length(gap[part])
            right.append(not length(beyond[part]) > allowed and bool(np.isfinite(off)))
            telling = 1e-3 if measured else TELLING[min(dtype.itemsize, 8)]
            untold.append(length(np.where(close, 0, bars)[part]) > telling * size)
            distance = (off / size if size else off) if np.isfinite(off) else np.inf
            distances.append(distance if asked[part].any() or not asked[part].size else np.nan)
        hidden = ~close & (gap > 1e-3 * each) & (bars > HIDDEN * each)
        return gap, np.array(right), np.array(untold), np.array(distances), hidden, beyond

    def _gap(self, one: MethodAnswer, other: MethodAnswer) -> Array:
        """|Δ| of each entry; of one that a kink reaches, by how much it leaves the interval of the slopes there.

        Between the one-sided slopes of differences nothing is wrong either.
        """
        open_ = self.stepped if one.differences or other.differences else self.near
        beyond = np.maximum(np.maximum(one.flat - (open_.base + open_.high), open_.base + open_.low - one.flat), 0)
        gap = np.where(open_.low < open_.high, beyond, np.abs(one.flat - other.flat))
        for each, rest in ((one, other), (other, one)):
            between = [i for i, d in each.differences.items() if d.kink and d.holds(float(rest.flat[i]))]
            gap[between] = 0
        return gap
