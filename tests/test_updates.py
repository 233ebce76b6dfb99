"""Update rules against their formulas, written out by hand on vectors."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest

import chainrule as cr
from chainrule.updates import NAMED, as_rule, named


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


# each rule for fifty steps against its paper, in forty digits ---------------------------------------------------------
STEPS, X_ROW, Y_ROW = 50, 0.7, -0.4
Vector = list[Any]  # numbers of mpmath: the weight and the bias of one neuron


def slopes(theta: Vector) -> Vector:
    """The gradient of ½ (tanh(w x + b) − y)²."""
    a = mpmath.tanh(theta[0] * X_ROW + theta[1])
    delta = (a - Y_ROW) * (1 - a**2)
    return [delta * X_ROW, delta]


def mean_of(past: list[Vector], share: Any, entry: int, power: int) -> Any:
    """(1 − share) Σ share^(t−k) g_k^power: what an exponential average comes to, as Kingma and Ba write it out."""
    t = len(past)
    return (1 - share) * sum(share ** (t - k) * g[entry] ** power for k, g in enumerate(past, 1))


def delta_move(past: list[Vector], theta: Vector, entry: int) -> Any:
    return -mpmath.mpf(0.3) * past[-1][entry]


def momentum_move(past: list[Vector], theta: Vector, entry: int) -> Any:
    share = mpmath.mpf(0.8)
    return -mpmath.mpf(0.3) * mean_of(past, share, entry, 1) / (1 - share)


def rmsprop_move(past: list[Vector], theta: Vector, entry: int) -> Any:
    return -mpmath.mpf(0.02) * past[-1][entry] / (mpmath.sqrt(mean_of(past, mpmath.mpf(0.95), entry, 2)) + 1e-8)


def adam_move(past: list[Vector], theta: Vector, entry: int) -> Any:
    b1, b2, t = mpmath.mpf(0.9), mpmath.mpf(0.999), len(past)
    mean, square = mean_of(past, b1, entry, 1) / (1 - b1**t), mean_of(past, b2, entry, 2) / (1 - b2**t)
    return -mpmath.mpf(0.05) * mean / (mpmath.sqrt(square) + 1e-8)


def adamw_move(past: list[Vector], theta: Vector, entry: int) -> Any:
    return adam_move(past, theta, entry) - (mpmath.mpf(0.05) * mpmath.mpf(0.3) * theta[0] if entry == 0 else 0)


def way(move: Callable[[list[Vector], Vector, int], Any]) -> list[list[float]]:
    """The weight and the bias after each step of a formula."""
    with mpmath.workdps(40):
        theta, past, places = [mpmath.mpf(1.5), mpmath.mpf(0.25)], [], []
        for _ in range(STEPS):
            past.append(slopes(theta))
            theta = [theta[entry] + move(past, theta, entry) for entry in (0, 1)]
            places.append([float(each) for each in theta])
        return places


def nesterov_way() -> list[list[float]]:
    """Sutskever et al. 2013, equations 3 and 4: v ← μ v − ε ∇f(θ + μ v), θ ← θ + v, seen from θ + μ v."""
    with mpmath.workdps(40):
        theta, v, share, places = [mpmath.mpf(1.5), mpmath.mpf(0.25)], [mpmath.mpf(0)] * 2, mpmath.mpf(0.8), []
        for _ in range(STEPS):
            ahead = slopes([theta[i] + share * v[i] for i in (0, 1)])
            v = [share * v[i] - mpmath.mpf(0.3) * ahead[i] for i in (0, 1)]
            theta = [theta[i] + v[i] for i in (0, 1)]
            places.append([float(theta[i] + share * v[i]) for i in (0, 1)])
        return places


WAYS: dict[str, tuple[cr.Rule, Callable[[], list[list[float]]]]] = {
    "delta_rule": (cr.delta_rule(0.3), lambda: way(delta_move)),
    "momentum": (cr.momentum(0.3, 0.8), lambda: way(momentum_move)),
    "nesterov": (cr.nesterov(0.3, 0.8), nesterov_way),
    "rmsprop": (cr.rmsprop(0.02, rho=0.95), lambda: way(rmsprop_move)),
    "adam": (cr.adam(0.05), lambda: way(adam_move)),
    "adamw": (cr.adamw(0.05, decay=0.3), lambda: way(adamw_move)),
}


@pytest.mark.parametrize("name", NAMED)
def test_fifty_steps_of_a_rule_are_those_of_its_formula(name: str) -> None:
    rule, formula = WAYS[name]
    net = cr.Network([[[1.5]]], [[0.25]], "tanh")
    state, places = rule.start(net.parameters), []
    for _ in range(STEPS):
        move, state = rule.move(cr.gradient(net, [X_ROW], [Y_ROW], "quadratic"), state, net.parameters)
        net = net.with_parameters(net.parameters + move)
        places.append(net.parameters.flat().tolist())
    assert np.array(places) == pytest.approx(np.array(formula()), rel=0, abs=1e-12)


def test_momentum_0_is_the_delta_rule(gradients: list[np.ndarray]) -> None:
    plain = walk(cr.delta_rule(0.3), gradients)
    assert walk(cr.momentum(0.3, 0.0), gradients) == pytest.approx(plain)
    assert walk(cr.nesterov(0.3, 0.0), gradients) == pytest.approx(plain)


# decay ----------------------------------------------------------------------------------------------------------------
def test_decay_shrinks_weights_and_no_biases() -> None:
    """Whatever the layers' biases: one per neuron, one per layer, none."""
    net = cr.Network([np.full((2, 3), 2.0), np.full((2, 2), -4.0), [[8.0, 8.0]]], [[1.0, 1.0], [1.0], None], "identity")
    for rule in (cr.adamw(0.5, decay=0.25), replace(cr.momentum(0.5), decay=0.25)):
        move, _ = rule.move(net.parameters.zeros(), rule.start(net.parameters), net.parameters)
        assert [w.tolist() for w in move.weights] == [[[-0.25] * 3] * 2, [[0.5, 0.5]] * 2, [[-1.0, -1.0]]]
        assert not any(b.any() for b in move.biases)


def test_decay_is_no_setting_of_the_step_and_travels_with_the_rule() -> None:
    rule = cr.adamw(0.1, decay=0.5)
    assert (rule.decay, cr.adamw().decay, cr.adam().decay) == (0.5, 0.01, 0.0)
    assert "decay" not in rule.settings
    for copied in (pickle.loads(pickle.dumps(rule)), replace(rule), named("adamw", learning_rate=0.1, decay=0.5)):
        assert (copied.decay, repr(copied)) == (0.5, "adamw(0.1, decay=0.5)")
    assert repr(cr.adamw()) == "adamw(0.001)"
    assert repr(replace(cr.adamw(), decay=0.0)) == "adamw(0.001, decay=0)"
    assert repr(replace(cr.momentum(), decay=1e-5)) == "momentum(0.01, decay=1e-5)"


def test_a_rule_with_decay_asks_for_the_weights() -> None:
    like = cr.Network.random([2, 2]).parameters
    with pytest.raises(
        cr.SettingError, match=r"adamw\(0.001\) has decay.* rule.move\(gradient, state, network.parameters\)"
    ):
        cr.adamw().move(like.zeros(), cr.adamw().start(like))


@pytest.mark.parametrize("decay", [-0.1, math.nan, math.inf])
def test_a_decay_out_of_range_is_refused(decay: float) -> None:
    for make in (cr.adamw, lambda decay: replace(cr.adam(), decay=decay)):
        with pytest.raises(cr.SettingError, match=r"decay is a finite number ≥ 0, as 0\.01, got"):
            make(decay=decay)


@pytest.mark.parametrize("name", NAMED)
def test_precision_stays_and_a_zero_gradient_moves_nothing(name: str) -> None:
    rule = named(name)
    like = cr.Network.random([2, 2], bias="none", init="zeros").parameters
    state = rule.start(like)
    for _ in range(3):
        move, state = rule.move(like, state, like)
        assert move.dtype == "float32"
        assert not move.flat().any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cr.delta_rule(0.0), "learning_rate is a finite number above 0, as 0.01, got 0"),
        (lambda: cr.adam(-1e-3), "learning_rate is a finite number above 0"),
        (lambda: cr.adam(math.nan), "learning_rate is a finite number above 0, as 0.01, got nan"),
        (lambda: cr.adam(math.inf), "finite"),
        (lambda: cr.momentum(0.1, 1.0), "0 ≤ momentum < 1, got 1.0"),
        (lambda: cr.adam(beta2=1.5), "0 ≤ beta2 < 1"),
        (lambda: cr.nesterov(0.1, -0.1), "0 ≤ momentum < 1, got -0.1"),
        (lambda: cr.rmsprop(rho=1), "0 ≤ rho < 1, got 1"),
        (lambda: cr.rmsprop(epsilon=0.0), "epsilon is a finite number above 0"),
        (lambda: as_rule("rmspropp"), "did you mean 'rmsprop'"),
        (lambda: named("adam", decay=0.1), r"the rule adam does not take the settings \{'decay': 0.1\}"),
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


@pytest.mark.parametrize("name", NAMED)
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


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("adamw:decay=0.1", cr.adamw(decay=0.1)),
        ("AdamW : learning_rate = 1e-2, decay = .1", cr.adamw(0.01, decay=0.1)),
        ("momentum(0.1, momentum=0.5)", cr.momentum(0.1, 0.5)),
        ("sgd(0.5)", cr.delta_rule(0.5)),
        ("adam(1e−3)", cr.adam()),  # with the minus sign of a report
        ("adam:", cr.adam()),
        *((repr(rule), rule) for rule in (cr.adam(0.00123456789, beta2=0.99), cr.adamw(1 / 3, decay=1e-7))),
    ],
)
def test_a_rule_is_read_from_a_text(text: str, rule: cr.Rule) -> None:
    read = as_rule(text)
    assert (read.name, read.settings, read.decay) == (rule.name, rule.settings, rule.decay)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "adam:a",
            "a setting of the rule adam is a name and a number, as adam:learning_rate=0.1; got 'a': it takes learning_r",
        ),
        ("adam:0.1,learning_rate=0.2", "the rule adam is given its learning_rate twice"),
        ("delta_rule(1, 2)", "the rule delta_rule does not take 2 settings: it takes learning_rate"),
        ("adam(nan)", "learning_rate is a finite number above 0, as 0.01, got nan"),
        ("adamm:3", "unknown rule 'adamm': did you mean 'adam'"),
        ("adam(0.1", r"unknown rule 'adam\(0.1': did you mean 'adam'"),
    ],
)
def test_a_text_that_is_no_rule_is_refused(text: str, message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        as_rule(text)


def test_a_rule_is_written_by_its_learning_rate_and_what_is_not_as_it_comes() -> None:
    assert repr(cr.adam()) == "adam(0.001)"
    assert repr(cr.adam(0.01, beta2=0.9)) == "adam(0.01, beta2=0.9)"
    assert repr(cr.momentum(0.1, 0.5)) == "momentum(0.1, momentum=0.5)"
    assert repr(cr.delta_rule(0.3)) == "delta_rule(0.3)"
    own = cr.Rule("own", lambda parameters: {}, lambda gradient, state: (gradient, state), {"clip": 2.0})
    assert (repr(own), repr(replace(own, settings={}))) == ("own(clip=2)", "own()")
