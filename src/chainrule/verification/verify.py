"""One gradient by every method, compared: a table of distances, a verdict, and where methods disagree the likely cause.

Two answers agree in an entry where |Δ| ≤ 1e-10 |g|, or where rounding and kinks explain the rest (rounding.py, leeway.py).
Differences bring their own error bars and one-sided slopes. The answer that most methods share is the one the others are
measured against. What explains a gap must itself be small: where rounding could move a layer by more than a thousandth of its
gradient (a millionth in float64), agreement within rounding proves nothing, and the verdict is “cannot tell” there.
Methods that take a pass for each entry are asked for some entries where the network is large.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.backward import gradient_of
from chainrule.costs import Cost
from chainrule.engines.threads import blas_threads
from chainrule.errors import DataError, SettingError, counted, listed, unknown_name
from chainrule.forward import total_cost
from chainrule.network import Network, as_network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.regularization import Penalty
from chainrule.verification.answers import Gradient, MethodAnswer, answer_of, computed, measured_again, your_answer
from chainrule.verification.judge import LOW, Judge
from chainrule.verification.methods import METHODS
from chainrule.verification.penalized import judge_of, with_penalty
from chainrule.verification.verdict import YOURS, Verification
from chainrule.writing.numbers import short

SLOW = {"symbolic": "it takes seconds, and runs when it is named"}


def verify(
    network: Network,
    x: Any,
    y: Any,
    cost: str | Cost | None = None,
    methods: Sequence[str] | None = None,
    gradient: Parameters | Gradient | None = None,
    *,
    roads: Sequence[str] | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    penalize_biases: bool = False,
) -> Verification:
    """Compute ∂C/∂θ by every method that applies (symbolic only if named), or by those named, and compare.

    C is the mean over rows, of the network's own cost unless one is named. With `l1` or `l2` it is C + Ω that is
    differentiated, Ω = l1 Σ|w| + ½ l2 Σ w², as in `train`, by a gradient of your own too.

    x (in,) or (batch, in), y as for `gradient`. A gradient of your own, Parameters or a function (network, x, y, cost), is
    one more method. All compute in float64; of a float32 network backpropagation runs once more in float32. Raises DataError
    where the cost is not finite, SettingError where fewer than two methods are named, UnknownNameError for an unknown one.
    `roads` is the name of `methods` in earlier versions.
    """
    methods = methods if roads is None else roads
    as_network(network, "verify(network, x, y)")
    names = _names(methods, gradient is not None)
    penalty = Penalty.of(0.0, l1, l2, None, penalize_biases)
    p = Problem.of(network, x, y, cost)
    exact = p.in_float64()
    with np.errstate(all="ignore"), blas_threads(p.network.parameters, len(p.x)):
        value = float(total_cost(p))
        if not math.isfinite(value):
            raise DataError(
                f"the cost is {value} in {network.dtype}: there is no gradient to verify; smaller weights will do"
            )
        space = exact.network.parameters
        found: dict[str, MethodAnswer | str] = {name: answer_of(name, exact) for name in names}
        if "delta" in names and network.dtype != np.float64:
            found[LOW] = computed(LOW, gradient_of(p))
        judge, about, measured = Judge.of(p), f"C ({p.cost!r})", found.get("differences")
        if penalty:
            found = {name: with_penalty(name, each, penalty, space) for name, each in found.items()}
            judge = judge_of(judge, penalty, space, judge.epsilon)
            about, value = f"{about} + {penalty}", value + penalty.value(space)
        found |= SLOW if methods is None else {}
        if gradient is not None:
            found[YOURS] = your_answer(gradient, exact)
        doubtful = judge.off_differences(found)
        if doubtful and isinstance(measured, MethodAnswer):
            again = measured_again(measured, doubtful, exact)
            found["differences"] = with_penalty("differences", again, penalty, space) if penalty else again
        return judge.verdict(f"{network!r}, {counted(len(p.x), 'row')}, {about} = {short(value, 6)}", found)


def _names(methods: Sequence[str] | None, own: bool) -> list[str]:
    if methods is None:
        return [name for name in METHODS if name not in SLOW]
    given = [methods] if isinstance(methods, str) else list(dict.fromkeys(methods))
    for name in given:
        if name not in METHODS:
            raise unknown_name("method", name, METHODS)
    if len(given) + own < 2:
        raise SettingError(
            f"a comparison takes two methods, got {listed(given) or 'none'}; there are {', '.join(METHODS)}"
        )
    return given
