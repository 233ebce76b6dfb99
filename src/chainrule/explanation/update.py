"""One step of the delta rule: what is computed on the way, the network after it, and dual numbers that check it (S4.15)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.conventions import Convention, plural
from chainrule.dual import DUALS, dual
from chainrule.errors import DataError, DisagreementError
from chainrule.explanation.noise import Settled, exact_sum, settled_gradient, settled_passes
from chainrule.forward import shares, total_cost
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.updates import delta_rule
from chainrule.verification.evaluate import evaluate
from chainrule.verification.forward_mode import towards
from chainrule.verification.leeway import leeway
from chainrule.writing.numbers import number, short

Array = np.ndarray
TITLE = "One update in six steps"
SAME = 1e-9  # of a value: what two methods may differ by, beside rounding


@dataclass(frozen=True)
class Update:
    """One step of the delta rule in float64: what was computed on the way, and the network after it.

    predicted  how far the cost falls by its slope alone, −η |∇C|²; checked  the same by dual numbers sent along the step
    """

    problem: Problem
    reduction: str
    rate: float
    gradient: Parameters
    after: Network
    cost_before: float
    cost_after: float
    predicted: float
    checked: float

    @property
    def network(self) -> Network:
        return self.problem.network

    @property
    def passes(self) -> Settled:
        """Forward and backward over the rows of the problem."""
        return self.problem.once(settled_passes)

    @property
    def change(self) -> float:
        """How far the cost goes, 0 where that is noise of its last digits."""
        return exact_sum([self.cost_after, -self.cost_before])

    @property
    def goes(self) -> str:
        """Where the cost goes, in a word."""
        return "falls" if self.change < 0 else "rises" if self.change > 0 else "stays"

    @property
    def rate_text(self) -> str:
        return number(self.rate) if self.rate < 1e-3 else short(self.rate, 12)


def six_steps_of(how: Convention) -> tuple[str, ...]:
    """What the steps of one update are called."""
    return (
        f"Forward: every {how.input_word} and {how.activation_word}, kept for later",
        f"The {how.word} of the last layer",
        f"Backward: the {plural(how.word)} of the layers before",
        "Gradient of the weights",
        "Gradient of the biases",
        "Update: subtract a small fraction of the gradient",
    )


@np.errstate(all="ignore")
def one_update(problem: Problem, reduction: str, learning_rate: float) -> Update:
    """One update on a problem in float64. Raises DataError where a number overflows, DisagreementError where methods differ."""
    network, rule = problem.network, delta_rule(learning_rate)
    gradient = settled_gradient(problem, shares(len(problem.x), reduction))
    move, _ = rule.move(gradient, rule.start(network.parameters))
    moved, advice = network.parameters + move, f"a smaller learning_rate than {short(learning_rate)} will do"
    if not moved.is_finite():
        raise DataError(f"the weights overflow in this update: {advice}")
    after = network.with_parameters(moved)
    before, now = (float(total_cost(each, reduction)) for each in (problem, problem.with_network(after)))
    if not (np.isfinite(before) and np.isfinite(now)):
        raise DataError(f"the cost overflows in this update: {advice}")
    step = move.flat()
    predicted = float(gradient.flat() @ step)
    if not np.isfinite(predicted):
        raise DataError(
            "the gradient is so large on these numbers that the slope of the cost along the step overflows: nothing can be "
            "shown; smaller inputs, targets or weights will do"
        )
    checked = _slope_along(problem, reduction, step)
    _same(problem, reduction, step, predicted, checked)
    return Update(problem, reduction, rule.settings["learning_rate"], gradient, after, before, now, predicted, checked)


def _slope_along(problem: Problem, reduction: str, step: Array) -> float:
    """How the cost changes along a step, by dual numbers: no δ is computed."""
    moved, activations = towards(problem.network.parameters, step), problem.network.activations
    each = dual(evaluate(moved, activations, problem.x, problem.y, problem.pair, DUALS)).slope
    return float(each.mean() if reduction == "mean" else each.sum())


def _same(problem: Problem, reduction: str, step: Array, predicted: float, checked: float) -> None:
    """Raises DisagreementError where the gradient and dual numbers predict different changes."""
    allowed = leeway(problem)
    off = allowed.rounding.flat() + allowed.kinks.flat()
    slack = float(np.abs(step) @ off) * (len(problem.x) if reduction == "sum" else 1)
    if not abs(predicted - checked) <= SAME * abs(predicted) + slack:
        raise DisagreementError(
            f"the gradient predicts a change of the cost by {short(predicted, 12)}, and dual numbers sent along the step find "
            f"{short(checked, 12)}: nothing is shown until they agree; is a slope or a cost's derivative wrong?"
        )
