"""The gradient of a recurrent network compared: through time, by gates, dual numbers, complex step and differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.costs import Cost
from chainrule.errors import ChainruleError, SettingError, ShapeError
from chainrule.parameters import Parameters
from chainrule.recurrent.recurrent import SHARED, Recurrent
from chainrule.recurrent.task import Task, task
from chainrule.recurrent.through_time import backward_of, length
from chainrule.verification.agreement import compare
from chainrule.verification.differences import along, derivative, drawn
from chainrule.verification.recurrent_evaluate import Part, cut, evaluate, parts_of, point_of
from chainrule.verification.recurrent_leeway import jumps_at, leeway_of
from chainrule.verification.recurrent_methods import of_complex, of_duals, of_gates, of_time
from chainrule.verification.verdict import EXACT, YOURS

Array = np.ndarray
TELLING = 1e-3  # of that norm: where rounding could move it by more, agreement within rounding tells nothing
ABATED = 1e-100  # below it the complex step's imaginary parts are no numbers any more
OURS = "through_time"
Gradient = Callable[[Recurrent, Any, Any, Cost], Parameters]


@dataclass(frozen=True)
class RecurrentRow:
    """One method's answer beside the one that most methods share: ‖Δ‖ / ‖g‖ in each part W, b, U, V, c, h0, x.

    `refused` says why the method was skipped; then there is nothing else. `untold` names the parts that are within rounding
    where rounding is not small; `worst` tells where it differs most, with both values, if it does; `kinks` counts the entries
    that it leaves out since they are at one.
    """

    method: str
    holds: bool = True
    distances: Mapping[str, float] | None = None
    untold: tuple[str, ...] = ()
    worst: str = ""
    refused: str = ""
    kinks: int = 0

    @property
    def mark(self) -> str:
        """✓ it agrees, ? it may, ✗ it does not, – it did not go."""
        return "–" if self.refused else "✗" if not self.holds else "?" if self.untold else "✓"


@dataclass(frozen=True)
class RecurrentCheck:
    """Every method's answer to one gradient: true in a condition where all that ran agree; printed, the table."""

    about: str
    rows: tuple[RecurrentRow, ...]

    def __bool__(self) -> bool:
        went = [row for row in self.rows if not row.refused]
        return len(went) > 1 and all(row.mark == "✓" for row in went)

    @property
    def wrong(self) -> tuple[RecurrentRow, ...]:
        """The rows that disagree."""
        return tuple(row for row in self.rows if not row.refused and not row.holds)

    def __str__(self) -> str:
        head = f"{'method':<14}" + "".join(f"{part:>9}" for part in (*SHARED, "h0", "x"))
        return "\n".join([self.about, head, *(_line(row) for row in self.rows)])


def _line(row: RecurrentRow) -> str:
    if row.refused:
        return f"{row.method:<14}  – {row.refused}"
    found = row.distances or {}
    numbers = (f"{found[part]:>9.1e}" if part in found else f"{'':>9}" for part in (*SHARED, "h0", "x"))
    untold = f"  cannot tell {', '.join(row.untold)}: rounding" if row.untold else ""
    kinks = f"  but {row.kinks} at a kink" if row.kinks else ""
    return f"{row.method:<14}{''.join(numbers)}  {row.mark}{untold}{kinks}{row.worst and chr(10) + '  ' + row.worst}"


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
) -> RecurrentCheck:
    """The gradient in W, b, U, V, c, h_0 and every x_t through time, by gates, dual numbers, complex step and differences.

    `gradient(recurrent, xs, ys, cost)` is one of your own, answering five arrays: it goes beside them as "yours". Differences
    go to all entries, or to `most` of them, drawn with `seed`. Two methods agree in a part where ‖Δ‖ ≤ 1e-10 ‖g‖, or where Δ is
    within what a change of the numbers by 64 ε does; differences agree within their error bars, and leave kinks out.
    """
    given = task(recurrent, xs, ys, cost, cost_at, h0)
    if most is not None and most < 1:
        raise SettingError(f"most={most}: at least one entry is compared")
    here = backward_of(given)  # what fails here, fails for every method
    answers: dict[str, Array] = {OURS: of_time(here)}
    refused: dict[str, str] = {}
    for name, method in {"circuit": of_gates, "forward_mode": of_duals, "complex_step": of_complex}.items():
        try:
            answers[name] = method(given)
        except ChainruleError as error:
            refused[name] = str(error)
    if gradient is not None:
        answers[YOURS] = _yours(gradient(recurrent, xs, ys, given.cost), recurrent)
    leeway, noise = leeway_of(given, here)
    parts = parts_of(given)
    shared = _most_shared(answers, parts, leeway)
    rows = {name: _row(name, answer, answers[shared], parts, leeway) for name, answer in answers.items()}
    rows.update({name: RecurrentRow(name, refused=reason) for name, reason in refused.items()})
    entries = drawn(len(answers[shared]), most, seed)
    rows["differences"] = _differences(given, answers[shared], leeway, noise, entries, jumps_at(given, answers[OURS]))
    about = f"{recurrent!r}, {len(given)} steps, {given.cost} at {cost_at}: ‖Δ‖/‖g‖ beside {shared}"
    order = (OURS, "circuit", "forward_mode", "complex_step", "differences", YOURS)
    return RecurrentCheck(about, tuple(rows[name] for name in order if name in rows))


def _yours(answer: Any, recurrent: Recurrent) -> Array:
    if not isinstance(answer, Parameters):
        raise ShapeError(f"your gradient answers RecurrentParameters(W, U, b, V, c), got {type(answer).__name__}")
    return recurrent.parameters.map(lambda _, mine: mine, answer).flat().astype(np.float64)


def _most_shared(answers: Mapping[str, Array], parts: Mapping[str, Part], leeway: Array) -> str:
    """The method whose answer most others share; yours is measured, and measures none."""
    methods = [name for name in answers if name != YOURS]
    return max(methods, key=lambda mine: sum(_row(n, answers[n], answers[mine], parts, leeway).holds for n in methods))


def _row(method: str, answer: Array, other: Array, parts: Mapping[str, Part], leeway: Array) -> RecurrentRow:
    distances, untold, apart = {}, [], []
    for name, part in parts.items():
        if part.place.stop > answer.size:
            continue  # yours is asked for the five arrays alone
        gap, size, allowed = (length(each) for each in _beside(answer, other, leeway, part.place))
        distances[name] = 0.0 if size <= ABATED else gap / size
        if distances[name] <= EXACT:
            continue
        if not gap <= allowed:
            apart.append(part)
        elif allowed > TELLING * size:
            untold.append(name)
    return RecurrentRow(method, not apart, distances, tuple(untold), _worst(apart[0], answer, other) if apart else "")


def _beside(answer: Array, other: Array, leeway: Array, place: slice) -> tuple[Array, Array, Array]:
    """Δ, the longer of the two, and the leeway, in one part."""
    mine, theirs = answer[place], other[place]
    return mine - theirs, mine if length(mine) > length(theirs) else theirs, leeway[place]


def _worst(part: Part, answer: Array, other: Array) -> str:
    entry = part.place.start + int(np.argmax(np.abs(answer[part.place] - other[part.place])))
    return f"worst at {part.name_of(entry)}: it says {answer[entry]:.9g}, the others {other[entry]:.9g}"


def _differences(given: Task, other: Array, leeway: Array, noise: float, entries: Array, jumps: Array) -> RecurrentRow:
    """The others' answer against central differences of C, but for entries at a kink."""

    point, parts = point_of(given), parts_of(given)
    kinks, entries = int(jumps[entries].sum()), entries[~jumps[entries]]
    if not entries.size:
        return RecurrentRow("differences", refused="every entry that it was to compare is at a kink")

    def value(at: Array) -> float:
        return float(np.ravel(evaluate(given, cut(given, at[None])))[0])

    with np.errstate(all="ignore"):  # a value that leaves the numbers is found by `compare`
        found = [derivative(along(value, point, entry), float(point[entry]), noise) for entry in entries.tolist()]
    names = [part.name_of(entry) for entry in entries.tolist() for part in parts.values() if entry in part]
    verdict = compare(other[entries], found, names, point.size, leeway[entries])
    distances = {}
    for name, part in parts.items():
        here = (entries >= part.place.start) & (entries < part.place.stop)
        if here.any():
            gap, size, _ = _beside(np.array([d.value for d in found])[here], other[entries][here], leeway, slice(None))
            distances[name] = length(gap) / length(size) if length(size) > ABATED else 0.0
    if verdict.undecided:  # nothing is wrong, and nothing is shown to be right
        return RecurrentRow("differences", True, distances, tuple(distances), kinks=kinks)
    worst = "" if verdict else str(verdict).split("\n", 1)[1].replace("the gradient says", "the others say")
    return RecurrentRow("differences", bool(verdict), distances, (), worst, kinks=kinks)
