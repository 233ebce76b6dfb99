"""C + Ω verified, Ω = l1 Σ|w| + ½ l2 Σ w²: each method's ∂C/∂θ with ∂Ω/∂θ by its own means.

| method             | ∂Ω/∂w                                                       |
|--------------------|-------------------------------------------------------------|
| delta              | the formula by which training steps, l1 sign(w) + l2 w      |
| circuit            | a circuit of gates                                          |
| complex_step       | Im Ω(w + ih)/h; skipped with l1, for |w| is not analytic    |
| differences        | central differences, with their error bars                  |
| all others         | dual numbers                                                |

At w = 0 any slope of l1 |w| from −l1 to l1 is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from chainrule.circuits.circuit import Circuit
from chainrule.circuits.wires import MATHS
from chainrule.dual import DUALS, Dual, dual
from chainrule.elementary import ARRAYS
from chainrule.errors import ChainruleError
from chainrule.parameters import Parameters
from chainrule.regularization import Penalty
from chainrule.verification.answers import MethodAnswer
from chainrule.verification.complex_step import COMPLEXES, STEP, analytic, plain
from chainrule.verification.differences import FIRST_STEP, Difference, derivative
from chainrule.verification.judge import Judge
from chainrule.verification.kinks import Open

Array = np.ndarray
Slope = Callable[[Penalty, Array], Array]  # of Ω, for each entry of a vector of weights
REACH = 4 * FIRST_STEP  # how far the steps of differences move a weight of size 1


def _by_formula(penalty: Penalty, w: Array) -> Array:
    return penalty.slope(w)


def _by_dual_numbers(penalty: Penalty, w: Array) -> Array:
    return np.asarray(dual(penalty.form(Dual(w, np.ones_like(w)), DUALS)).slope)


def _by_gates(penalty: Penalty, w: Array) -> Array:
    circuit = Circuit()
    wires = circuit.input("w", w)
    total = penalty.form(wires, MATHS).sum()
    return np.asarray(circuit.forward().backward(total)[wires])


def _by_complex_step(penalty: Penalty, w: Array) -> Array:
    return np.asarray(np.imag(plain(penalty.form(analytic(w + 1j * STEP), COMPLEXES))) / STEP)


SLOPES: dict[str, Slope] = {"delta": _by_formula, "circuit": _by_gates, "complex_step": _by_complex_step}


def with_penalty(name: str, answer: MethodAnswer | str, penalty: Penalty, space: Parameters) -> MethodAnswer | str:
    """A method's answer to C + Ω from its answer to C, or why there is none."""
    if isinstance(answer, str):
        return answer
    w, entries = space.flat(), penalty.entries(space)
    if name == "differences":
        return _with_differences(answer, penalty, w, entries)
    try:
        slopes = SLOPES.get(name, _by_dual_numbers)(penalty, w)
    except ChainruleError as error:
        return f"of the penalty, {str(error).removeprefix(f'{name}: ')}"
    return replace(answer, flat=answer.flat + slopes * entries)


def _with_differences(answer: MethodAnswer, penalty: Penalty, w: Array, entries: Array) -> MethodAnswer:
    """Differences of Ω, entry by entry, beside those of C."""
    flat, both = answer.flat.copy(), dict(answer.differences)
    for entry in both:
        if entries[entry]:
            omega = derivative(lambda t: float(penalty.form(t, ARRAYS)), float(w[entry]))
            both[entry] = _added(both[entry], omega)
            flat[entry] += omega.value
    return replace(answer, flat=flat, differences=both)


def _added(one: Difference, other: Difference) -> Difference:
    parts = {part: getattr(one, part) + getattr(other, part) for part in ("value", "error", "left", "right", "blur")}
    return replace(one, **parts)


def judge_of(judge: Judge, penalty: Penalty, space: Parameters, epsilon: float) -> Judge:
    """A judge of answers to C + Ω from one of answers to C: Ω moves its base, and its kinks open slopes of their own."""
    w, entries = space.flat(), penalty.entries(space)
    slopes, sign = penalty.slope(w) * entries, np.sign(w)

    def moved(open_: Open, reach: float) -> Open:
        near = entries * penalty.l1 * (np.abs(w) <= reach * np.maximum(1.0, np.abs(w)))
        return Open(open_.base + slopes, open_.low - near * (1 + sign), open_.high + near * (1 - sign))

    return replace(
        judge,
        rounding=judge.rounding + 4 * epsilon * np.abs(slopes),
        near=moved(judge.near, 0.0),
        stepped=moved(judge.stepped, REACH),
        kinks=judge.kinks | ((w == 0) & (entries > 0) & (penalty.l1 > 0)),
        causes=lambda given, trusted, dtype: judge.causes(given - slopes, trusted - slopes, dtype),
    )
