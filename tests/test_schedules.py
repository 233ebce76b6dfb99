"""Schedules against their formulas, written in another way, for fifty steps; and what makes a run go on as it was."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from typechecker import ALL_TYPES

import chainrule as cr
from chainrule.schedules import NAMED, as_schedule

TYPES_FIRST = pytest.mark.skipif(ALL_TYPES, reason="the check of types refuses it first")
STEPS, PER_EPOCH, BASE = 50, 4, 0.3
COSTS = [1.0, 0.8, 0.8, 0.9, 0.79999, 0.5, 0.6, 0.7, 0.6, 0.5, 0.499, 0.4, 0.45]


def rates(given: Any, costs: list[float] = COSTS, steps: int = STEPS) -> np.ndarray:
    """The rates of a run, epoch by epoch; the state goes through JSON between two epochs, as through a file."""
    schedule = cr.schedule(given)
    state, parts = schedule.begin(), []
    for epoch, first in enumerate(range(0, steps, PER_EPOCH)):
        count = min(PER_EPOCH, steps - first)
        parts.append(schedule.rates(state, first, count, steps, PER_EPOCH, BASE))
        state = schedule.after_epoch(json.loads(json.dumps(state)), costs[epoch])
    return np.concatenate(parts)


# the formulas, a multiple for each step t -------------------------------------------------------------------------------
def between(a: float, b: float, share: float) -> float:
    """From a to b along half a cosine, by its half angle."""
    return a + (b - a) * math.sin(math.pi * share / 2) ** 2


def in_steps(t: int) -> float:
    """Halved after each third epoch, one halving after another."""
    multiple = 1.0
    for done in range(1, t + 1):
        if done % (3 * PER_EPOCH) == 0:
            multiple /= 2
    return multiple


def cosine_after_rise(t: int) -> float:
    return np.linspace(0, 1, 11)[t + 1] if t < 10 else between(1, 0.2, (t - 10) / 40)


def one_cycle(t: int) -> float:
    """Highest at step 0.3 · 50 − 1 = 14, lowest at the last, 49."""
    return between(0.04, 1, t / 14) if t <= 14 else between(1, 0.04 / 1e4, (t - 14) / 35)


def plateau(t: int, patience: int = 1, threshold: float = 0.01) -> float:
    """What was reduced by then, by looking at all costs before: runs of epochs that are not lower than the lowest before."""
    before, reductions, run = COSTS[: t // PER_EPOCH], 0, 0
    for n, cost in enumerate(before):
        run = 0 if n == 0 or 1 - cost / min(before[:n]) > threshold else run + 1
        if run == patience + 1:
            reductions, run = reductions + 1, 0
    return 0.5**reductions


FORMULAS: dict[str, tuple[str, Callable[[int], float]]] = {
    "constant": ("constant", lambda t: 1.0),
    "step": ("step:every=3,factor=0.5", in_steps),
    "cosine": ("cosine:warmup=0.2,least=0.2", cosine_after_rise),
    "one_cycle": ("one_cycle", one_cycle),
    "reduce_on_plateau": ("reduce_on_plateau:factor=0.5,patience=1,threshold=0.01", plateau),
}


@pytest.mark.parametrize("name", NAMED)
def test_fifty_rates_of_a_schedule_are_those_of_its_formula(name: str) -> None:
    given, formula = FORMULAS[name]
    expected = [BASE * formula(t) for t in range(STEPS)]
    assert rates(given) == pytest.approx(expected, rel=1e-12, abs=1e-15)
    assert name == "constant" or len(set(expected)) > 2


@pytest.mark.parametrize("given", [*(text for text, _ in FORMULAS.values()), lambda step: 0.9**step])
def test_the_rate_of_a_step_is_the_same_bits_however_a_run_is_cut(given: Any) -> None:
    schedule = cr.schedule(given)
    state = schedule.after_epoch(schedule.begin(), 2.0)
    whole = schedule.rates(state, 0, STEPS, STEPS, PER_EPOCH, BASE)
    assert (whole.dtype, whole.shape) == ("float64", (STEPS,))
    for size in (1, 3, 7):
        cut = [schedule.rates(state, t, min(size, STEPS - t), STEPS, PER_EPOCH, BASE) for t in range(0, STEPS, size)]
        assert np.concatenate(cut).tobytes() == whole.tobytes()
    assert schedule.rates(state, 5, 0, STEPS, PER_EPOCH, BASE).shape == (0,)


def test_the_rates_of_constant_are_the_rules_own() -> None:
    assert set(rates("constant")) == set(rates("none")) == {BASE}
    assert as_schedule(None).name == "constant"


def test_a_function_gives_the_multiple_for_each_step() -> None:
    asked: list[Any] = []

    def falling(step: int) -> float:
        asked.append(step)
        return 1 / (1 + step)

    assert rates(falling) == pytest.approx(BASE / np.arange(1, STEPS + 1))
    assert asked == list(range(STEPS))
    assert all(type(step) is int for step in asked)
    own = cr.schedule(falling)
    assert (repr(own), own.own, cr.schedule("cosine").own) == ("falling", True, False)
    assert rates(lambda step: np.float32(0.5)) == pytest.approx(BASE / 2)


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize("name", NAMED)
def test_short_runs_have_rates_too(name: str, steps: int) -> None:
    for settings in ({}, {"warmup": 0.9}) if name == "cosine" else ({},):
        schedule = cr.schedule(name, **settings)
        short = schedule.rates(schedule.begin(), 0, steps, steps, steps, BASE)
        assert (short > 0).all()
        assert 0.5 * BASE < short.max() <= BASE


def test_steps_after_the_last_stay_at_its_rate_or_below() -> None:
    for name in ("cosine:least=0.1", "one_cycle"):
        schedule = cr.schedule(name)
        after = schedule.rates({}, STEPS, 3 * STEPS, STEPS, PER_EPOCH, BASE)
        assert len(set(after)) == 1
        assert 0 < after[0] <= 0.1 * BASE


def test_a_plateau_waits_cools_down_and_has_a_floor() -> None:
    schedule = cr.schedule("reduce_on_plateau", factor=0.5, patience=2, cooldown=2, least=0.2)
    state, multiples = schedule.begin(), []
    for _ in range(16):
        state = schedule.after_epoch(state, 1.0)
        multiples.append(state["multiple"])
    # the first cost is the lowest, three more are not lower; then two of cooldown before the next three
    assert multiples == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2]


def test_a_plateau_knows_costs_below_0() -> None:
    schedule = cr.schedule("plateau", patience=0, threshold=0.1)
    state = schedule.after_epoch(schedule.begin(), -1.0)
    assert schedule.after_epoch(state, -1.05)["multiple"] == 0.1  # not by a tenth
    assert schedule.after_epoch(state, -1.2)["multiple"] == 1.0


# how a schedule is written ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cosine", "cosine"),
        ("Cosine:warmup=0.1", "cosine(warmup=0.1)"),
        (" step : every = 3 , factor = 5e-1 ", "step(every=3, factor=0.5)"),
        ("step:every=10,factor=0.5,", "step(factor=0.5)"),
        ("cosine(warmup=0.1, least=0.01)", "cosine(warmup=0.1, least=0.01)"),
        ("step(3, 0.5)", "step(every=3, factor=0.5)"),
        ("one cycle", "one_cycle"),
        ("one_cycle:div_factor=10", "one_cycle(div_factor=10)"),
        ("ReduceLROnPlateau:patience=0", "reduce_on_plateau(patience=0)"),
    ],
)
def test_a_schedule_is_read_from_a_text_and_written_as_one(text: str, shown: str) -> None:
    schedule = cr.schedule(text)
    assert repr(schedule) == shown
    assert cr.schedule(shown).settings == schedule.settings


def test_a_name_its_function_and_the_schedule_itself_mean_the_same() -> None:
    for name, made in NAMED.items():
        assert {repr(each) for each in (cr.schedule(name), cr.schedule(made), as_schedule(made()))} == {name}
    assert repr(cr.schedule("step", every=5)) == "step(every=5)"
    assert repr(cr.schedule("step:factor=0.5", every=5)) == "step(every=5, factor=0.5)"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cosin", "unknown schedule 'cosin': did you mean 'cosine'"),
        ("", "unknown schedule '': known are constant, step"),
        (
            "step:evry=3",
            r"step does not take the settings \{'evry': 3\}: did you mean 'every'\? it takes every, factor",
        ),
        ("constant:every=3", "constant does not take the settings .* it takes none"),
        (
            "cosine:warmup",
            "a setting of the schedule cosine is a name and a number, as cosine:warmup=0.1; got 'warmup'",
        ),
        ("cosine:warmup=a", "is a name and a number.* got 'warmup=a': it takes warmup, least"),
        ("cosine:warmup=0.1,warmup=0.2", "the schedule cosine is given its warmup twice"),
        ("constant:3", "the schedule constant does not take 1 setting: it takes none"),
        ("(", r"unknown schedule '\('"),
        ("cosine:warmup=1", "warmup is a number 0 ≤ warmup < 1, got 1"),
        ("cosine:warmup=nan", "warmup is a number 0 ≤ warmup < 1, got nan"),
        ("cosine:least=2", "least is a number up to 1, as 0.1, got 2"),
        pytest.param("step:every=1.5", "every is a whole number ≥ 1, got 1.5", marks=TYPES_FIRST),
        ("step:every=0", "every is a whole number ≥ 1, got 0"),
        ("step:factor=0", "factor is a finite number above 0"),
        ("step:factor=inf", "factor is a finite number above 0"),
        ("one_cycle:div_factor=0", "div_factor is a finite number above 0"),
        ("plateau:factor=1.5", "factor is a number up to 1"),
        ("plateau:patience=-1", "patience is a whole number ≥ 0, got -1"),
        (3, r"schedule: a name \(constant, step, .*\) or an object such as cosine\(warmup=0.1\) is needed, got 3"),
        (lambda: 1.0, "a schedule's function takes one number, that of the step: <lambda>: too many"),
    ],
)
def test_what_is_no_schedule_is_refused(given: Any, message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        cr.schedule(given)


def test_settings_beside_a_function_are_refused() -> None:
    with pytest.raises(cr.SettingError, match="settings go with the name of a schedule"):
        cr.schedule(lambda step: 1.0, every=3)


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, None, "0.1", [0.1, 0.2], True])
def test_a_function_that_gives_no_multiple_is_refused_with_the_step(value: Any) -> None:
    schedule = cr.schedule(lambda step: value if step == 7 else 1.0)
    with pytest.raises(cr.SettingError, match=r"the schedule <lambda> gave .* for step 7; .* a finite number ≥ 0"):
        schedule.rates({}, 0, STEPS, STEPS, PER_EPOCH, BASE)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copied_schedule_has_the_same_rates(copied: Callable[[Any], Any]) -> None:
    for given, _ in FORMULAS.values():
        schedule = cr.schedule(given)
        again = copied(schedule)
        assert (repr(again), rates(again).tobytes()) == (repr(schedule), rates(schedule).tobytes())
        with pytest.raises((TypeError, AttributeError)):
            again.settings["every"] = 1
