"""Schedules, a row each: the learning rate of each step, as a multiple of the rule's own.

Step t = 0, 1, …, T − 1 of a run of T steps is in epoch e = 0, 1, …:

| name              | multiple of the learning rate                                                      |
|-------------------|------------------------------------------------------------------------------------|
| constant          | 1                                                                                  |
| step              | factor^⌊e / every⌋                                                                 |
| cosine            | (t + 1) / W for t < W, then least + (1 − least) ½ (1 + cos π (t − W)/(T − W))      |
| one_cycle         | 1/div_factor up to 1 and down to 1/(div_factor · final_div_factor), along cosines  |
| reduce_on_plateau | × factor after each `patience` + 1 epochs in a row without a lower cost            |
| an own function   | f(t)                                                                               |

A schedule is data, like a rule: its settings, and a function `multiple(moment, **settings)` of the step alone. What it must
remember from epoch to epoch (the lowest cost so far) is a dict of plain numbers that the caller keeps, in a checkpoint say. So
a run that goes on from there has the rates of one that never stopped.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from chainrule.errors import SettingError, brief
from chainrule.names import Frozen, look_up, resolve
from chainrule.ranges import at_least_0, positive, share, whole
from chainrule.writing.numbers import exact

State = Mapping[str, Any]  # plain numbers, or None, by name
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Moment(NamedTuple):
    """Where a step stands in its run: `step` and `epoch` count those before it, `steps` all of the run."""

    step: int
    steps: int
    epoch: int
    state: State


@dataclass(frozen=True, init=False)
class Schedule(Frozen):
    """The learning rate of each step as a multiple of the rule's own: a row of the table, or `schedule(f)` of a function.

    `multiple(moment, **settings)` is the multiple of one step. A schedule that looks at the cost starts with the state
    `start`, and `after(state, cost, **settings)` is the state after an epoch.
    """

    name: str
    multiple: Callable[..., float]
    settings: Mapping[str, float]
    start: State
    after: Callable[..., State] | None

    def __init__(
        self,
        name: str,
        multiple: Callable[..., float],
        settings: Mapping[str, float] = NOTHING,
        start: State = NOTHING,
        after: Callable[..., State] | None = None,
    ) -> None:
        given = {"name": name, "multiple": multiple, "settings": settings, "start": start, "after": after}
        for field, value in given.items():
            object.__setattr__(self, field, MappingProxyType(dict(value)) if isinstance(value, Mapping) else value)

    def __reduce__(self) -> tuple[Any, ...]:
        return Schedule, (self.name, self.multiple, dict(self.settings), dict(self.start), self.after)

    def __repr__(self) -> str:
        """Its settings where they are not as they come, all digits: cosine(warmup=0.1). `as_schedule` reads it."""
        usual = NAMED[self.name]().settings if self.name in NAMED else {}
        shown = [f"{key}={exact(value)}" for key, value in self.settings.items() if value != usual.get(key)]
        return f"{self.name}({', '.join(shown)})" if shown else self.name

    @property
    def own(self) -> bool:
        """True for a function of the user's, which a file can name and not hold."""
        return isinstance(self.multiple, OwnFunction)

    def begin(self) -> dict[str, Any]:
        """The state before the first epoch: plain numbers, None or nothing."""
        return dict(self.start)

    def after_epoch(self, state: State, cost: float) -> dict[str, Any]:
        """The state after an epoch of this cost, the validation cost where there is one."""
        return dict(state if self.after is None else self.after(state, cost, **self.settings))

    def rates(self, state: State, first: int, count: int, total: int, steps_per_epoch: int, base: float) -> np.ndarray:
        """The rates (count,) of the steps first, first + 1, … (from 0) of `total`; `base` is the rule's learning rate.

        Each rate is worked out by itself, so that it is the same bits whatever steps are asked for with it.
        Raises SettingError where a function of the user's gives anything but a finite number ≥ 0.
        """
        begins = range(count)
        if self.multiple in (_same, _staircase, _remembered):  # one multiple for all steps of an epoch
            begins = range(-(first % steps_per_epoch), count, steps_per_epoch)
        moments = (Moment(t, total, t // steps_per_epoch, state) for t in (first + max(k, 0) for k in begins))
        multiples = np.array([self.multiple(moment, **self.settings) for moment in moments], np.float64)
        return np.repeat(multiples, begins.step)[-begins.start :][:count] * base


@dataclass(frozen=True)
class OwnFunction:
    """A user's function of the step, called and checked."""

    function: Callable[[int], float]

    def __call__(self, moment: Moment) -> float:
        value = self.function(moment.step)
        try:
            return at_least_0(np.asarray(value).item(), "it")
        except (SettingError, ValueError):
            raise SettingError(
                f"the schedule {_name_of(self.function)} gave {brief(value)} for step {moment.step}; it gives the multiple of "
                "the rule's learning rate, a finite number ≥ 0, for a step 0, 1, 2, …"
            ) from None


# the rows -------------------------------------------------------------------------------------------------------------
def constant() -> Schedule:
    """The rule's own learning rate at each step."""
    return Schedule("constant", _same)


def step(every: int = 10, factor: float = 0.1) -> Schedule:
    """The rate times `factor` after every `every` epochs, as PyTorch's StepLR stepped once per epoch."""
    return Schedule("step", _staircase, {"every": whole(every, "every"), "factor": positive(factor, "factor")})


def cosine(warmup: float = 0.0, least: float = 0.0) -> Schedule:
    """Half a cosine from the rate down to `least` times it, after a linear rise in the first `warmup` of all steps.

    `warmup` is a share of the steps, 0.1 for a tenth of them. Source: Loshchilov and Hutter 2017, without restarts; the rise
    is that of Goyal et al. 2017.
    """
    return Schedule("cosine", _half_wave, {"warmup": share(warmup, "warmup"), "least": _up_to_1(least, "least")})


def one_cycle(pct_start: float = 0.3, div_factor: float = 25.0, final_div_factor: float = 1e4) -> Schedule:
    """Up from 1/div_factor of the rate to all of it in the first `pct_start` of all steps, and down to nearly 0.

    It ends at 1/(div_factor · final_div_factor). The rule's learning rate is the highest. Source: Smith and Topin 2018, in
    the form of PyTorch's OneCycleLR with its cosines; momentum and β₁ stay as they are.
    """
    settings = {
        "pct_start": share(pct_start, "pct_start"),
        "div_factor": positive(div_factor, "div_factor"),
        "final_div_factor": positive(final_div_factor, "final_div_factor"),
    }
    return Schedule("one_cycle", _up_and_down, settings)


def reduce_on_plateau(
    factor: float = 0.1, patience: int = 10, threshold: float = 1e-4, cooldown: int = 0, least: float = 0.0
) -> Schedule:
    """The rate times `factor` where the cost has not fallen for more than `patience` epochs, never below `least` times it.

    A cost c counts as lower than the lowest, c*, where c < c* − threshold |c*|. For `cooldown` epochs after a reduction none is
    counted. It is the cost of the validation rows where there are any. Source: PyTorch's ReduceLROnPlateau.
    """
    settings = {
        "factor": _up_to_1(positive(factor, "factor"), "factor"),
        "patience": whole(patience, "patience", 0),
        "threshold": share(threshold, "threshold"),
        "cooldown": whole(cooldown, "cooldown", 0),
        "least": _up_to_1(least, "least"),
    }
    start = {"lowest": None, "without": 0, "cooling": 0, "multiple": 1.0}
    return Schedule("reduce_on_plateau", _remembered, settings, start, _after_epoch)


# what they do, as functions of the module, so that schedules can be pickled -------------------------------------------
def _same(moment: Moment) -> float:
    return 1.0


def _staircase(moment: Moment, every: int, factor: float) -> float:
    return float(factor ** (moment.epoch // every))


def _wave(share: float) -> float:
    """1 at 0, 0 at 1, along half a cosine."""
    return 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


def _half_wave(moment: Moment, warmup: float, least: float) -> float:
    rise = round(warmup * moment.steps)
    if moment.step < rise:
        return (moment.step + 1) / rise
    return least + (1 - least) * _wave((moment.step - rise) / max(moment.steps - rise, 1))


def _up_and_down(moment: Moment, pct_start: float, div_factor: float, final_div_factor: float) -> float:
    top, start, last = max(pct_start * moment.steps - 1, 0.0), 1 / div_factor, moment.steps - 1
    if moment.step < top:
        return 1 - (1 - start) * _wave(moment.step / top)
    end = start / final_div_factor
    return end + (1 - end) * _wave((moment.step - top) / max(last - top, 1.0))


def _remembered(moment: Moment, **settings: float) -> float:
    return float(moment.state["multiple"])


def _after_epoch(
    state: State, cost: float, factor: float, patience: int, threshold: float, cooldown: int, least: float
) -> State:
    lowest, multiple = state["lowest"], state["multiple"]
    lower = lowest is None or cost < lowest - threshold * abs(lowest)
    without, cooling = 0 if lower else state["without"] + 1, max(state["cooling"] - 1, 0)
    if state["cooling"]:
        without = 0
    if without > patience:
        multiple, without, cooling = max(multiple * factor, least), 0, cooldown
    return {"lowest": float(cost) if lower else lowest, "without": without, "cooling": cooling, "multiple": multiple}


NAMED: dict[str, Callable[..., Schedule]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "one_cycle": one_cycle,
    "reduce_on_plateau": reduce_on_plateau,
}


# what a user gives ----------------------------------------------------------------------------------------------------
def schedule(given: Any, **settings: float) -> Schedule:
    """A schedule by name, `schedule("cosine", warmup=0.1)`, or from a function: `schedule(lambda step: 0.99**step)`.

    A function gets the number of the step, 0 for the first, and gives the multiple of the rule's learning rate. A text may hold
    the settings, as on the command line: `schedule("step:every=10,factor=0.5")`. Raises SettingError or UnknownNameError.
    """
    if isinstance(given, str):
        return look_up("schedule", NAMED, given, settings)
    if any(given is row for row in NAMED.values()):
        return look_up("schedule", NAMED, _name_of(given), settings)
    if settings:
        raise SettingError(
            f"settings go with the name of a schedule, as schedule('cosine', warmup=0.1); got {brief(given)}"
        )
    if callable(given) and not isinstance(given, Schedule):
        return _own(given)
    return resolve("schedule", NAMED, given, Schedule, "cosine(warmup=0.1)")


def as_schedule(given: Any) -> Schedule:
    """A name, a function or a schedule, as a schedule; None is constant."""
    return constant() if given is None else schedule(given)


def _own(function: Callable[[int], float]) -> Schedule:
    try:
        inspect.signature(function).bind(0)
    except (TypeError, ValueError) as error:
        if isinstance(error, TypeError):
            raise SettingError(
                f"a schedule's function takes one number, that of the step: {_name_of(function)}: {error}"
            ) from None
    return Schedule(_name_of(function), OwnFunction(function))


def _name_of(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _up_to_1(value: Any, what: str) -> float:
    if at_least_0(value, what) > 1:
        raise SettingError(f"{what} is a number up to 1, as 0.1, got {brief(value)}")
    return float(value)
