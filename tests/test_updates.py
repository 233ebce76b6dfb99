"""Update rules against their formulas, written out by hand on vectors."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.updates import as_rule, named


def walk(rule: cr.Rule, gradients: list[np.ndarray], dtype: str = "float64") -> np.ndarray:
    """The sum of the moves for these gradients."""
    like = cr.Network.random([2, 2], dtype=dtype).parameters
    state, position = rule.start(like), like.zeros()
    for g in gradients:
        move, state = rule.move(like.like(g.astype(dtype)), state)
        position = position + move
    assert position.dtype == dtype
    return position.flat()


@pytest.fixture
def gradients(rng: np.random.Generator) -> list[np.ndarray]:
    return [rng.standard_normal(6) for _ in range(5)]


def test_the_delta_rule_subtracts_a_fraction_of_the_derivative(gradients: list[np.ndarray]) -> None:
    """S4.14."""
    assert walk(cr.delta_rule(0.3), gradients) == pytest.approx(-0.3 * sum(gradients))


def test_momentum_remembers(gradients: list[np.ndarray]) -> None:
    v, x = np.zeros(6), np.zeros(6)
    for g in gradients:
        v = 0.8 * v + g
        x = x - 0.3 * v
    assert walk(cr.momentum(0.3, 0.8), gradients) == pytest.approx(x)
    assert walk(cr.momentum(0.3, 0.0), gradients) == pytest.approx(walk(cr.delta_rule(0.3), gradients))


def test_adam_is_algorithm_1_of_its_paper(gradients: list[np.ndarray]) -> None:
    m, s, x = np.zeros(6), np.zeros(6), np.zeros(6)
    for t, g in enumerate(gradients, 1):
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g**2
        x = x - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    assert walk(cr.adam(0.01), gradients) == pytest.approx(x, rel=1e-12)


@pytest.mark.parametrize("name", ["delta_rule", "momentum", "adam"])
def test_precision_stays_and_a_zero_gradient_moves_nothing(name: str) -> None:
    assert not walk(named(name), [np.zeros(6)] * 3, "float32").any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cr.delta_rule(0.0), "learning_rate is a finite number above 0, as 0.01, got 0"),
        (lambda: cr.adam(-1e-3), "learning_rate is a finite number above 0"),
        (lambda: cr.adam(math.nan), "learning_rate is a finite number above 0, as 0.01, got nan"),
        (lambda: cr.adam(math.inf), "finite"),
        (lambda: cr.momentum(0.1, 1.0), "0 ≤ momentum < 1, got 1.0"),
        (lambda: cr.adam(beta2=1.5), "0 ≤ beta2 < 1"),
        (lambda: named("adam", rate=1.0), r"the rule adam does not take the settings \{'rate': 1.0\}"),
        (lambda: as_rule("adan"), "did you mean 'adam'"),
    ],
)
def test_settings_out_of_range_are_refused(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(cr.ChainruleError, match=message):
        make()


def decayed(g, theta, slots, t, rate, decay):  # type: ignore[no-untyped-def]
    """Weight decay beside the gradient, not in it (Loshchilov, Hutter 2019), ever slower."""
    return -rate * (g + decay / t * theta), ()


def test_a_rule_of_ones_own_is_one_step_that_sees_the_weights() -> None:
    rule = cr.Rule("decayed", settings={"learning_rate": 0.5, "decay": 0.1}, step=decayed)
    x, y = np.zeros((2, 1)), np.zeros((2, 1))
    start = cr.Network([[[2.0]]], [[0.0]], "identity")  # of inputs 0 the weight has no gradient
    run = cr.train(start, x, y, rule, epochs=2, batch_size=1)
    expected = 2.0 * math.prod(1 - 0.5 * 0.1 / t for t in (1, 2, 3, 4))
    assert run.network.weights[1][0, 0] == pytest.approx(expected, rel=1e-14)
    assert run.report.rule == "decayed(0.5, decay=0.1)"
    move, state = rule.move(start.parameters.zeros(), rule.start(start.parameters), start.parameters)
    assert (move.weights[1][0, 0], state) == (-0.1, {"step": 1})


def test_a_slot_is_remembered_from_step_to_step(gradients: list[np.ndarray]) -> None:
    def step(g, theta, slots, t, rate):  # type: ignore[no-untyped-def]
        total, largest = slots[0] + g, np.maximum(slots[1], abs(g))
        return -rate * total / largest, (total, largest)

    rule = cr.Rule("own", settings={"learning_rate": 0.1}, step=step, slots=("total", "largest"))
    so_far = np.array(gradients)
    expected = [-0.1 * so_far[:n].sum(axis=0) / abs(so_far[:n]).max(axis=0) for n in range(1, 6)]
    assert walk(rule, gradients) == pytest.approx(np.sum(expected, axis=0))


@pytest.mark.parametrize("name", ["delta_rule", "momentum", "adam"])
def test_a_step_on_single_numbers_is_the_step_on_arrays(name: str, gradients: list[np.ndarray]) -> None:
    """As a compiler takes it: entry by entry."""
    rule = named(name)
    others = {key: value for key, value in rule.settings.items() if key != "learning_rate"}
    slots, singly = ((0.0,) * len(rule.slots) for _ in range(2))
    for t, g in enumerate(gradients, 1):
        move, slots = rule.step(g, np.zeros(6), slots, t, 0.1, **others)
        one, singly = rule.step(float(g[2]), 0.0, singly, t, 0.1, **others)
        assert move[2] == pytest.approx(one, rel=1e-15)


def test_a_rule_is_either_a_step_or_two_functions() -> None:
    for given in ({}, {"start": dict}, {"start": dict, "move": divmod, "step": decayed}):
        with pytest.raises(cr.SettingError, match=r"the rule own needs either step, .* or both start and move"):
            cr.Rule("own", **given)


def test_a_rule_with_another_rate_learns_at_it(gradients: list[np.ndarray]) -> None:
    changed = replace(cr.adam(0.1, beta1=0.5), settings={**cr.adam(0.2, beta1=0.5).settings})
    assert walk(changed, gradients).tobytes() == walk(cr.adam(0.2, beta1=0.5), gradients).tobytes()


def test_a_rule_is_written_by_its_learning_rate_and_what_is_not_as_it_comes() -> None:
    assert repr(cr.adam()) == "adam(0.001)"
    assert repr(cr.adam(0.01, beta2=0.9)) == "adam(0.01, beta2=0.9)"
    assert repr(cr.momentum(0.1, 0.5)) == "momentum(0.1, momentum=0.5)"
    assert repr(cr.delta_rule(0.3)) == "delta_rule(0.3)"
    own = cr.Rule("own", lambda parameters: {}, lambda gradient, state: (gradient, state), {"clip": 2.0})
    assert (repr(own), repr(replace(own, settings={}))) == ("own(clip=2)", "own()")
