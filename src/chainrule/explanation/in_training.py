"""What training makes of ∂C/∂w: the derivative with its penalty, checked, and the move of the first step of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.dual import DUALS, Dual, dual
from chainrule.elementary import ARRAYS
from chainrule.errors import DisagreementError
from chainrule.explanation.derivation_blocks import numeral, said_by
from chainrule.explanation.document import Checks
from chainrule.explanation.rule_step import LAMBDA, OMEGA, U
from chainrule.explanation.update import SAME, one_update, setting_text
from chainrule.explanation.view import View
from chainrule.ids import Id, entry_of
from chainrule.regularization import Penalty
from chainrule.updates import Rule
from chainrule.verification.differences import Difference, derivative
from chainrule.writing.document import NOTHING, Aligned, Block, DisplayLine
from chainrule.writing.formula import Formula, Ratio, Text, joined, row
from chainrule.writing.numbers import minus, short


@dataclass(frozen=True, repr=False)
class InTraining:
    """Of one weight or bias: ∂(C + Ω)/∂w with two independent checks where Ω concerns it, and by how much a step moves it.

    slope  ∂C/∂w; `w` the number itself; `way` is u in −η u, what the rule makes of the derivative
    """

    symbol: Formula
    letter: Formula
    slope: float
    w: float
    way: float
    move: float
    rule: Rule
    penalty: Penalty
    checks: Checks | None

    @property
    def decay(self) -> float:
        return self.penalty.decay

    def blocks(self, check: bool = True) -> list[Block]:
        """The lines of both, the second as its formula, its numbers and what they come to."""
        lines = [] if self.checks is None else self._derivative(self.checks, check)
        return [*([Aligned(tuple(lines))] if lines else []), Aligned(tuple(self._move()))]

    def to_json(self) -> dict[str, Any]:
        """The derivative with the penalty, and the move."""
        value = {} if self.checks is None else {"with_penalty": self.checks.value}
        return {**value, "move": self.move, "rule": repr(self.rule)}

    def _derivative(self, checks: Checks, check: bool) -> list[DisplayLine]:
        l1, l2 = self.penalty.l1, self.penalty.l2
        by = Ratio(row("∂", self.letter), row("∂", self.symbol))
        left = Ratio(row("∂(", self.letter, " + ", OMEGA, ")"), row("∂", self.symbol))
        signed = row(LAMBDA[0], " ", Text("sign"), "(", self.symbol, ")")
        terms = [(l1, signed, float(np.sign(self.w))), (l2, row(LAMBDA[1], " ", self.symbol), self.w)]
        used = [(value, term, number) for value, term, number in terms if value]
        products = [row(setting_text(value), " · ", numeral(number)) for value, _, number in used]
        said = row(said_by(checks)) if check else NOTHING
        return [
            DisplayLine(
                left, (joined([by, *(term for _, term, _ in used)], " + "),), note=row(Text(f"Ω = {self.penalty}"))
            ),
            DisplayLine(NOTHING, (joined([numeral(self.slope), *products], " + "),)),
            DisplayLine(NOTHING, (numeral(checks.value),), note=said, check=check),
        ]

    def _move(self) -> list[DisplayLine]:
        rate, note = setting_text(self.rule.learning_rate), Text(f"{U} by the first step of {minus(repr(self.rule))}")
        letters, numbers = [row("−η ", U)], [row(f"−{rate} · ", numeral(self.way))]
        if self.decay:
            letters.append(row("η λ ", self.symbol))
            numbers.append(row(f"{rate} · {setting_text(self.decay)} · ", numeral(self.w)))
        return [
            DisplayLine(row("Δ", self.symbol), (joined(letters, " − "),), note=row(note)),
            DisplayLine(NOTHING, (joined(numbers, " − "),)),
            DisplayLine(NOTHING, (numeral(self.move),)),
        ]


def in_training(seen: View, v: Id, checks: Checks, rule: Rule, penalty: Penalty) -> InTraining:
    """Of ∂C/∂v, v a weight or a bias, whose own checks are given. Raises DisagreementError where two methods differ."""
    network, update = seen.network, one_update(seen.problem, "mean", rule, penalty)
    entry = entry_of(network.parameters, v)
    w, concerned = float(network.parameters.flat()[entry]), bool(penalty.entries(network.parameters)[entry])
    own = Penalty(penalty.l1, penalty.l2, penalty.decay if concerned else 0.0)
    both = _with_penalty(checks, own, w) if concerned and (own.l1 or own.l2) else None
    total = float(update.total.flat()[entry])
    expected = checks.value if both is None else both.value
    if abs(total - expected) > SAME * abs(expected) + 1e-12:
        raise DisagreementError(
            f"the gradient of a step is {short(total, 12)} at {v}, and the derivative {short(expected, 12)}: nothing is shown"
        )
    way = -float(update.move.flat()[entry]) / rule.learning_rate
    move = float(update.step.flat()[entry])
    symbol, letter = seen.quantity(v), seen.quantity(seen.u)
    return InTraining(symbol, letter, checks.value, w, way, move, rule, own, both)


def _with_penalty(checks: Checks, penalty: Penalty, w: float) -> Checks:
    """The value and both checks with those of l1 |w| + ½ l2 w²."""
    exact = float(dual(penalty.form(Dual(w, 1.0), DUALS)).slope)
    own, of = derivative(lambda t: float(penalty.form(t, ARRAYS)), w), checks.check
    parts = [getattr(of, part) + getattr(own, part) for part in ("value", "error", "left", "right", "blur")]
    value, slope = checks.value + float(penalty.slope(np.array([w]))[0]), Difference(*parts)
    both = Checks(value, checks.exact + exact, slope)
    if abs(value - both.exact) > SAME * abs(value) + 1e-12 or not slope.holds(value, SAME * abs(value) + 1e-12):
        raise DisagreementError(
            f"with the penalty the derivative is {short(value, 12)}, by dual numbers {short(both.exact, 12)} and by a central "
            f"difference {short(slope.value, 12)}: nothing is shown until they agree"
        )
    return both
