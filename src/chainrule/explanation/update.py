"""One step of a rule: what is computed on the way, the network after it, and dual numbers that check it (S4.15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from chainrule.conventions import Convention, plural
from chainrule.dual import DUALS, Dual, dual
from chainrule.errors import DataError, DisagreementError, SettingError
from chainrule.explanation.noise import Settled, exact_sum, settled_gradient, settled_passes
from chainrule.explanation.rule_letters import computed, lines_of
from chainrule.forward import NO_MASKS, shares, total_cost
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.regularization import Penalty
from chainrule.updates import Rule, as_rule, named
from chainrule.verification.evaluate import evaluate
from chainrule.verification.forward_mode import towards
from chainrule.verification.leeway import leeway
from chainrule.writing.numbers import exact, minus, short

Array = np.ndarray
TITLE = "One update in six steps"
NO_PENALTY = Penalty()
SAME = 1e-9  # of a value: what two methods may differ by, beside rounding


@dataclass(frozen=True)
class Update:
    """The first step of a rule in float64: what was computed on the way, and the network after it.

    problem    of dropout that of the network whose weights are multiplied by the `masks` of what comes in, else of `network`
    gradient   of the cost alone; `total`, what the rule gets, is that of the penalty too
    worked     the numbers of the rule's lines, by letter (rule_letters.py); None for a rule of the user's own
    move       what the rule adds to each weight and bias; `step` with the decay
    cost_…     C, with the penalty where there is one
    predicted  how far it falls by its slope alone, ∇C · step; checked  the same by dual numbers sent along the step
    """

    problem: Problem
    network: Network
    masks: Mapping[int, Array]
    reduction: str
    rule: Rule
    penalty: Penalty
    gradient: Parameters
    total: Parameters
    worked: Mapping[str, Parameters] | None
    move: Parameters
    step: Parameters
    after: Network
    cost_before: float
    cost_after: float
    predicted: float
    checked: float

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
    def rate(self) -> float:
        return self.rule.learning_rate

    @property
    def is_penalized(self) -> bool:
        """Whether a penalty is minimised beside the cost; decay is none."""
        return bool(self.penalty.l1 or self.penalty.l2)

    @property
    def is_plain(self) -> bool:
        """Whether it is one step of the delta rule, and no more."""
        return self.worked is not None and len(self.worked) == 1 and not self.penalty

    @property
    def rate_text(self) -> str:
        return setting_text(self.rate)


def setting_text(value: float) -> str:
    """A learning rate, or another setting."""
    return minus(exact(value))


def six_steps_of(how: Convention, update: Update | None = None) -> tuple[str, ...]:
    """What the steps of one update are called, that of the delta rule where none is given."""
    return (
        f"Forward: every {how.input_word} and {how.activation_word}, kept for later",
        f"The {how.word} of the last layer",
        f"Backward: the {plural(how.word)} of the layers before",
        "Gradient of the weights",
        "Gradient of the biases",
        "Update: subtract a small fraction of the gradient"
        if update is None or update.is_plain
        else f"Update: the first step of {minus(repr(update.rule))}",
    )


def rule_of(rule: str | Rule, learning_rate: float | None) -> Rule:
    """The rule of a call that may have its learning rate beside it. Raises SettingError where a Rule has its own."""
    if learning_rate is None:
        return as_rule(rule)
    if isinstance(rule, str):
        return named(rule, learning_rate=learning_rate)
    raise SettingError(f"{rule!r} has a learning rate of its own: leave learning_rate={learning_rate:g} out")


@np.errstate(all="ignore")
def one_update(
    problem: Problem, reduction: str, rule: Rule, penalty: Penalty = NO_PENALTY, masks: Mapping[int, Array] = NO_MASKS
) -> Update:
    """The first step of a rule on a problem in float64, all that it remembers 0; of one example with the masks of dropout.

    Raises DataError where a number overflows, DisagreementError where methods differ.
    """
    network, space = problem.network, problem.network.parameters
    thinned = problem if not masks else problem.with_network(thin(network, space, masks))
    gradient = masked(settled_gradient(thinned, shares(len(problem.x), reduction)), masks)
    entries = penalty.entries(space)
    total = space.like(gradient.flat() + penalty.slope(space.flat()) * entries) if penalty else gradient
    move, _ = replace(rule, decay=0.0).move(total, rule.start(space), space)
    worked = _worked(rule, total, move)
    step = space.like(move.flat() - space.flat() * entries * (rule.learning_rate * penalty.decay))
    moved, advice = space + step, f"a smaller learning_rate than {short(rule.learning_rate)} will do"
    if not moved.is_finite():
        raise DataError(f"the weights overflow in this update: {advice}")
    after = network.with_parameters(moved)
    before, now = (
        float(total_cost(problem.with_network(thin(network, each, masks)), reduction)) + penalty.value(each)
        for each in (space, moved)
    )
    if not (np.isfinite(before) and np.isfinite(now)):
        raise DataError(f"the cost overflows in this update: {advice}")
    predicted = float(total.flat() @ step.flat())
    if not np.isfinite(predicted):
        raise DataError(
            "the gradient is so large on these numbers that the slope of the cost along the step overflows: nothing can be "
            "shown; smaller inputs, targets or weights will do"
        )
    along = masked(step, masks).flat()
    checked = _slope_along(thinned, reduction, along) + _slope_of_penalty(penalty, space, step.flat())
    _same(thinned, reduction, along, predicted, checked)
    return Update(
        thinned, network, masks, reduction, rule, penalty, gradient, total, worked, move, step, after, before, now, predicted,
        checked,
    )  # fmt: skip


def masked(parameters: Parameters, masks: Mapping[int, Array]) -> Parameters:
    """Weights multiplied by the mask of what comes into them: w (m ⊙ a) is (w diag m) a."""
    if not masks:
        return parameters
    ws = [w * masks[l - 1][0] if l - 1 in masks else w for l, w in parameters.weights.items()]
    return Parameters(ws, parameters.biases)


def thin(network: Network, parameters: Parameters, masks: Mapping[int, Array]) -> Network:
    """The network with these weights, whose neurons are left out by the masks."""
    return network.with_parameters(masked(parameters, masks))


def _worked(rule: Rule, total: Parameters, move: Parameters) -> dict[str, Parameters] | None:
    """The numbers of a rule's lines. Raises DisagreementError where they do not lead to the move that the rule makes."""
    lines = lines_of(rule)
    if lines is None:
        return None
    numbers = computed(rule, lines, total.flat())
    last = -rule.learning_rate * list(numbers.values())[-1]
    if not np.allclose(last, move.flat(), rtol=SAME, atol=0.0, equal_nan=True):
        raise DisagreementError(f"the move of {rule!r} is not that of its formula: nothing is shown until they agree")
    return {letter: total.like(each) for letter, each in numbers.items()}


def _slope_along(problem: Problem, reduction: str, step: Array) -> float:
    """How the cost changes along a step, by dual numbers: no δ is computed."""
    moved, activations = towards(problem.network.parameters, step), problem.network.activations
    each = dual(evaluate(moved, activations, problem.x, problem.y, problem.pair, DUALS)).slope
    return float(each.mean() if reduction == "mean" else each.sum())


def _slope_of_penalty(penalty: Penalty, space: Parameters, step: Array) -> float:
    """How l1 Σ|w| + ½ l2 Σ w² changes along a step, by dual numbers."""
    if not (penalty.l1 or penalty.l2):
        return 0.0
    w = Dual(space.flat() * penalty.entries(space), step * penalty.entries(space))
    return float(dual(DUALS.sum(penalty.form(w, DUALS))).slope[0])


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
