"""The gradient of a recurrent network compared: through time, by gates, dual numbers, complex step and differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.costs import Cost
from chainrule.errors import ChainruleError, SettingError, ShapeError
from chainrule.parameters import Parameters
from chainrule.recurrent.recurrent import Recurrent
from chainrule.recurrent.task import Task, task
from chainrule.recurrent.through_time import backward_of
from chainrule.verification.answers import MethodAnswer, measured, scattered
from chainrule.verification.differences import EPSILON, along, derivative, drawn
from chainrule.verification.judge import Judge
from chainrule.verification.kinks import Open
from chainrule.verification.recurrent_evaluate import cut, evaluate, parts_of, point_of
from chainrule.verification.recurrent_leeway import jumps_at, leeway_of
from chainrule.verification.recurrent_methods import of_complex, of_duals, of_gates, of_time
from chainrule.verification.verdict import YOURS, Verification
from chainrule.writing.numbers import short

Array = np.ndarray
OURS = "through_time"
OTHERS = {"circuit": of_gates, "forward_mode": of_duals, "complex_step": of_complex}
Gradient = Callable[[Recurrent, Any, Any, Cost], Parameters]


def check(
    recurrent: Recurrent,
    xs: Any,
    ys: Any,
    cost: str | Cost | None = None,
    cost_at: str = "every",
    h0: Any = None,
    gradient: Gradient | None = None,
    most: int | None = None,
    seed: int = 0,
) -> Verification:
    """The gradient in W, b, U, V, c, h_0 and every x_t through time, by gates, dual numbers, complex step and differences.

    `gradient(recurrent, xs, ys, cost)` is one of your own, answering five arrays: it goes beside them as "yours". Differences
    go to all entries but those at a kink, or to `most` of them, drawn with `seed`. What a change of the numbers by 64 ε does
    may lie between two right answers.
    """
    given = task(recurrent, xs, ys, cost, cost_at, h0)
    if most is not None and most < 1:
        raise SettingError(f"most={most}: at least one entry is compared")
    here = backward_of(given)  # what fails here, fails for every method
    answer = of_time(here)
    found: dict[str, MethodAnswer | str] = {OURS: MethodAnswer(OURS, answer)}
    for name, method in OTHERS.items():
        try:
            found[name] = MethodAnswer(name, method(given))
        except ChainruleError as error:
            found[name] = str(error)
    (rounding, terms), jumps = leeway_of(given, here), jumps_at(given, answer)
    entries = drawn(answer.size, most, seed)
    found["differences"] = _differences(given, entries[~jumps[entries]], terms)
    if gradient is not None:
        found[YOURS] = _yours(gradient(recurrent, xs, ys, given.cost), recurrent, answer.size)
    parts, shut = parts_of(given), Open.shut(answer)
    spaces = [part.place for part in parts.values()]
    judge = Judge(spaces, lambda entry: _name(given, entry), rounding, EPSILON, shut, shut, jumps)
    about = f"{recurrent!r}, {len(given)} steps, {given.cost} at {cost_at}, C = {short(here.cost, 6)}"
    return judge.verdict(about, found, tuple(parts))


def _name(given: Task, entry: int) -> str:
    return next(part.name_of(entry) for part in parts_of(given).values() if entry in part)


def _yours(answer: Any, recurrent: Recurrent, size: int) -> MethodAnswer:
    """Yours, which is asked for the five arrays alone."""
    if not isinstance(answer, Parameters):
        raise ShapeError(f"your gradient answers RecurrentParameters(W, U, b, V, c), got {type(answer).__name__}")
    flat = recurrent.parameters.map(lambda _, mine: mine, answer).flat().astype(np.float64)
    return scattered(YOURS, size, np.arange(flat.size), flat)


def _differences(given: Task, entries: Array, terms: float) -> MethodAnswer | str:
    """Central differences of C, with their error bars; `terms` is the size of the numbers that C sums."""
    if not entries.size:
        return "every entry that it was to compare is at a kink"
    point = point_of(given)

    def value(at: Array) -> float:
        return float(np.ravel(evaluate(given, cut(given, at[None])))[0])

    with np.errstate(all="ignore"):  # a step may become NaN or infinite: then a smaller one is taken
        found = [derivative(along(value, point, entry), float(point[entry]), terms) for entry in entries.tolist()]
    return measured(point.size, entries, found)
