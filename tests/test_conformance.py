"""What every engine has to do: networks × recipes × engines, each against a training in plain steps.

The plain steps take each row's gradient by forward mode, on dual numbers through the forms and with no backward pass; dropout
by a network without the neurons that are left out; penalties, clipping and decay as they are written in the docs. A new engine
is a line in ENGINES, with how far its numbers may be off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from networks import HIDDEN, LEGAL, Problem, crossed, make_problem
from sloppy import SloppyEngine

import chainrule as cr
from chainrule.data.network_rows import Rows, relative
from chainrule.dropout import Dropout
from chainrule.engines.compiled import CompiledEngine
from chainrule.engines.engine import Engine, Recipe, batches, in_halves, lengths
from chainrule.engines.reference import ReferenceEngine
from chainrule.problem import Problem as Checked
from chainrule.regularization import Clip, Penalty
from chainrule.verification import forward_mode

ENGINES: list[tuple[type[Any], float]] = [(ReferenceEngine, 1e-11), (CompiledEngine, 1e-11), (SloppyEngine, 3e-5)]
MEAN = cr.Rule(
    "mean",
    lambda parameters: {"mean": parameters.zeros(), "count": 1},
    lambda g, s: (
        s["mean"] * -0.1 + g * (-0.1 / s["count"]),
        {"mean": s["mean"] * 0.5 + g * 0.5, "count": s["count"] + 1},
    ),
)
RECIPES: dict[str, dict[str, Any]] = {
    "delta_rule": {"rule": cr.delta_rule(0.05)},
    "momentum": {"rule": cr.momentum(0.02)},
    "nesterov": {"rule": cr.nesterov(0.02)},
    "rmsprop": {"rule": cr.rmsprop(0.01, epsilon=1e-3)},
    "adam": {"rule": cr.adam(0.01, epsilon=1e-3)},
    "adamw": {"rule": cr.adamw(0.01, epsilon=1e-3), "penalty": Penalty(decay=0.3)},
    "own": {"rule": cr.Rule("twice", step=lambda g, theta, slots, t, rate: (g * (-2 * rate) - theta * 1e-3, ()))},
    "two functions": {"rule": MEAN},
    "fixed": {"rule": cr.momentum(0.02), "fixed": frozenset([1])},
    "penalties": {"rule": cr.delta_rule(0.05), "penalty": Penalty(l1=0.02, l2=0.1)},
    "of biases too": {"rule": cr.delta_rule(0.05), "penalty": Penalty(0.02, 0.1, 0.3, biases=True)},
    "fixed and clipped": {"rule": cr.momentum(0.05), "fixed": frozenset([1]), "clip": Clip(norm=0.1)},
    "fixed and penalties": {"rule": cr.momentum(0.02), "fixed": frozenset([2]), "penalty": Penalty(0.02, 0.1, 0.3, True)},
    "clipped": {"rule": cr.momentum(0.05), "clip": Clip(norm=0.2, value=0.15)},
    "dropout": {"rule": cr.delta_rule(0.05), "dropout": Dropout((0.3, 0.4), seed=11)},
    "all": {
        "rule": cr.adam(0.01, epsilon=1e-3), "penalty": Penalty(1e-3, 1e-2, 0.1), "clip": Clip(norm=0.5),
        "dropout": Dropout((0.2, 0.4), seed=5),
    },
}  # fmt: skip
ORDER = np.array(
    [[4, 0, 2], [1, 3, -1], [2, 4, 1], [0, 3, -1]]
)  # two epochs of five rows, the last batch of each shorter


def network_of(recipe: Mapping[str, Any], number: int, pair: tuple[str, str] | None = None, **more: Any) -> Problem:
    """A small problem, every one with another hidden activation and another pair of output and cost."""
    hidden = HIDDEN[number % len(HIDDEN)]
    output, cost = pair or LEGAL[(5 * number) % len(LEGAL)]
    return make_problem([2, 3, 2], [hidden], output, cost, batch=5, seed=number, **more)


def given(p: Problem, recipe: Mapping[str, Any], weights: np.ndarray | None = None) -> tuple[Recipe, cr.Network, Rows]:
    return Recipe(p.cost, **recipe), p.network, Rows(p.x, p.y, weights)


# the training in plain steps ------------------------------------------------------------------------------------------
def of_row(p: Problem, network: cr.Network, row: int, masks: dict[int, np.ndarray]) -> tuple[float, np.ndarray]:
    """(c, its gradient) of a row, with what is left of the neurons: a layer reads m ⊙ a, as one with weights w diag(m) does."""
    factors = [masks.get(layer, np.ones((1, size)))[0] for layer, size in enumerate(network.sizes[:-1])]
    thinned = network.parameters.map(np.copy)
    for layer, factor in enumerate(factors[1:], 2):
        thinned.weights[layer][:] *= factor
    x = p.x[[row]] * factors[0]
    checked = Checked.of(network.with_parameters(thinned), x, p.y[[row]], p.cost, "")
    slope = thinned.like(forward_mode.some(checked, range(thinned.size)))
    for layer, factor in enumerate(factors[1:], 2):
        slope.weights[layer][:] *= factor
    return float(cr.cost(checked.network, x, p.y[[row]], p.cost)), slope.flat()


def plain_steps(p: Problem, recipe: Recipe, order: np.ndarray, rows: Rows) -> tuple[list[float], np.ndarray]:
    """(each step's cost, the weights and biases after the last)."""
    theta, costs = p.network.parameters.flat(), []
    state = recipe.rule.start(p.network.parameters)
    penalty, like = recipe.penalty, p.network.parameters.like
    is_weight = np.concatenate([np.full(a.size, 1.0 - i % 2) for i, a in enumerate(p.network.parameters.arrays())])
    still = np.concatenate(
        [np.full(a.size, i // 2 + 1 in recipe.fixed) for i, a in enumerate(p.network.parameters.arrays())]
    )
    counts = np.ones_like(theta) if penalty.biases else is_weight
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    for t, batch in enumerate(batches(order), 1):
        network = p.network.with_parameters(like(theta))
        masks = {row: recipe.dropout.masks(t, np.array([row]), network.sizes, np.float64) for row in batch.tolist()}
        each = {row: of_row(p, network, row, masks[row]) for row in batch.tolist()}
        costs.append(sum(weights[row] * cost for row, (cost, _) in each.items()) / len(batch))
        slope = sum(weights[row] * g for row, (_, g) in each.items()) / len(batch)
        slope = slope + counts * (penalty.l1 * np.sign(theta) + penalty.l2 * theta)
        slope[still] = 0.0
        if recipe.clip.value is not None:
            slope = np.array([min(max(g, -recipe.clip.value), recipe.clip.value) for g in slope])
        if recipe.clip.norm is not None:
            slope = slope * min(1.0, recipe.clip.norm / max(math.sqrt(sum(g * g for g in slope)), 1e-300))
        plain = recipe.rule if recipe.rule.decay == 0 else cr.adam(**recipe.rule.settings)
        move, state = plain.move(like(slope), state, like(theta))
        after = theta * (1 - recipe.rule.learning_rate * penalty.decay * counts) + move.flat()
        theta = np.where(still, theta, after)
    return costs, theta


# what an engine has to do ---------------------------------------------------------------------------------------------
@pytest.fixture(params=ENGINES, ids=lambda pair: pair[0].name)
def engine(request: pytest.FixtureRequest) -> tuple[Engine, float]:
    made, slack = request.param
    return made(), slack


def rates(recipe: Recipe, order: np.ndarray) -> np.ndarray:
    return np.full(len(order), recipe.rule.learning_rate)


@pytest.mark.parametrize(("name", "number"), crossed(RECIPES, range(len(HIDDEN)), each=1))
def test_it_takes_the_steps_of_the_recipe(engine: tuple[Engine, float], name: str, number: int) -> None:
    made, slack = engine
    weights = relative(np.array([1.0, 0.0, 2.0, 0.5, 1.0])) if number % 2 else None
    p = network_of(RECIPES[name], number)
    recipe, network, rows = given(p, RECIPES[name], weights)
    refusal = made.refuses(recipe, network)
    if refusal is not None:
        assert len(refusal) > 10
        return
    state = made.start(recipe, network, rows)
    steps = made.run(state, ORDER, rates(recipe, ORDER))
    costs, theta = plain_steps(p, recipe, ORDER, rows)
    assert steps.first_bad is None
    np.testing.assert_allclose(steps.costs, costs, rtol=slack, atol=slack)
    np.testing.assert_allclose(made.network(state).parameters.flat(), theta, rtol=slack, atol=slack)
    assert made.snapshot(state)["step"] == 4


@pytest.mark.parametrize("name", RECIPES)
def test_it_goes_on_from_the_snapshot_of_any_engine(engine: tuple[Engine, float], name: str) -> None:
    made, slack = engine
    p = network_of(RECIPES[name], 3)
    parts = given(p, RECIPES[name])
    if made.refuses(*parts[:2]) is not None:
        return
    whole = made.start(*parts)
    made.run(whole, ORDER, rates(parts[0], ORDER))
    for other in (made, ReferenceEngine()):
        begun = other.start(*parts)
        other.run(begun, ORDER[:2], rates(parts[0], ORDER[:2]))
        rest = made.start(*parts, other.snapshot(begun))
        made.run(rest, ORDER[2:], rates(parts[0], ORDER[2:]))
        one, two = made.snapshot(whole), made.snapshot(rest)
        assert one.keys() == two.keys() == {"parameters", "step", *(f"rule/{slot}" for slot in slots(parts[0]))}
        for key in one:
            np.testing.assert_allclose(two[key], one[key], rtol=10 * slack, atol=10 * slack)


def slots(recipe: Recipe) -> tuple[str, ...]:
    return ("mean", "count") if recipe.rule is MEAN else recipe.rule.slots


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_halves_of_its_steps_make_the_steps_and_its_numbers_are_those_of_the_network(
    engine: tuple[Engine, float], name: str, dtype: str
) -> None:
    made, slack = engine
    p = network_of(RECIPES[name], 6, dtype=dtype)
    parts = given(p, RECIPES[name])
    if made.refuses(*parts[:2]) is not None:
        return
    at_once, halves = made.start(*parts), made.start(*parts)
    steps = made.run(at_once, ORDER, rates(parts[0], ORDER))
    slack = max(slack, 1e-5) if dtype == "float32" else slack
    for batch, cost in zip(batches(ORDER), steps.costs):
        found, gradient = made.gradient(halves, batch)
        assert gradient.dtype == dtype
        assert found == pytest.approx(cost, rel=slack, abs=slack)
        assert made.apply(halves, gradient, parts[0].rule.learning_rate)
    one, other = (made.network(state).parameters.flat() for state in (at_once, halves))
    np.testing.assert_allclose(one, other, rtol=10 * slack, atol=10 * slack)
    assert one.dtype == dtype
    for layer in parts[0].fixed:
        assert np.array_equal(made.network(at_once).weights[layer], p.network.weights[layer])


@pytest.mark.parametrize("name", RECIPES)
def test_a_step_that_is_measured_is_the_step_and_its_lengths_are_those_of_its_halves(
    engine: tuple[Engine, float], name: str
) -> None:
    made, slack = engine
    p = network_of(RECIPES[name], 4, bias="layer" if name in ("penalties", "all") else "neuron")
    parts = given(p, RECIPES[name])
    if made.refuses(*parts[:2]) is not None:
        return
    one, other = made.start(*parts), made.start(*parts)
    rate = parts[0].rule.learning_rate
    for batch in batches(ORDER):
        cost, seen = made.measured(one, batch, rate)
        right_cost, right = in_halves(made, other, batch, rate)
        assert seen is not None
        assert right is not None
        assert (cost, seen.cost) == pytest.approx((right_cost, right_cost), rel=slack, abs=slack)
        for mine, theirs in zip((seen.before, seen.gradient, seen.move), (right.before, right.gradient, right.move)):
            np.testing.assert_allclose(mine, theirs, rtol=100 * slack, atol=10 * slack)
    ends = [made.network(state).parameters.flat() for state in (one, other)]
    np.testing.assert_allclose(*ends, rtol=10 * slack, atol=10 * slack)
    assert made.measured(one, ORDER[0], np.inf)[1] is None or RECIPES[name]["rule"] is MEAN
    assert RECIPES[name]["rule"] is MEAN or np.array_equal(made.network(one).parameters.flat(), ends[0])


@pytest.mark.parametrize("pair", LEGAL, ids="-".join)
def test_it_knows_every_output_and_cost(engine: tuple[Engine, float], pair: tuple[str, str]) -> None:
    made, slack = engine
    p = network_of(RECIPES["adam"], LEGAL.index(pair), pair)
    recipe, network, rows = given(p, RECIPES["adam"])
    if made.refuses(recipe, network) is not None:
        return
    cost, gradient = made.gradient(made.start(recipe, network, rows), np.array([0, 3, 4]))
    each = [of_row(p, network, row, {}) for row in (0, 3, 4)]
    assert cost == pytest.approx(np.mean([c for c, _ in each]), rel=slack, abs=slack)
    np.testing.assert_allclose(gradient, np.mean([g for _, g in each], axis=0), rtol=slack, atol=slack)


def test_it_knows_activations_and_a_cost_of_the_users_own(engine: tuple[Engine, float]) -> None:
    made, slack = engine
    mish = cr.activation(lambda z, m: z * m.tanh(m.softplus(z)), "mish")
    bent = cr.activation(lambda z: np.where(z > 0.5, z, 0.3 * z + 0.35), "bent", kinks=(0.5,))
    p = make_problem([2, 3, 2, 2], ["tanh"] * 2, "tanh", "quartic", batch=5)
    p = replace(p, network=cr.Network(p.network.weights, p.network.biases, [mish, bent, mish]))
    recipe, network, rows = given(p, {"rule": cr.momentum(0.02), "dropout": Dropout((0.1, 0.2, 0.2), seed=1)})
    assert made.refuses(recipe, network) is None
    state = made.start(recipe, network, rows)
    made.run(state, ORDER, rates(recipe, ORDER))
    _, theta = plain_steps(p, recipe, ORDER, rows)
    np.testing.assert_allclose(made.network(state).parameters.flat(), theta, rtol=slack, atol=slack)


@pytest.mark.parametrize("bias", ["neuron", "layer", "none"])
@pytest.mark.parametrize("sizes", [[2, 2], [1, 1, 1, 1], [3, 3, 2, 2]], ids=lambda sizes: "-".join(map(str, sizes)))
def test_it_knows_every_shape_of_network(engine: tuple[Engine, float], sizes: list[int], bias: str) -> None:
    made, slack = engine
    p = make_problem(sizes, ["tanh"] * (len(sizes) - 2), "identity", "quadratic", batch=5, bias=bias)
    recipe, network, rows = given(p, {"rule": cr.momentum(0.02), "penalty": Penalty(l2=0.1, biases=True)})
    if made.refuses(recipe, network) is not None:
        return
    state = made.start(recipe, network, rows)
    made.run(state, ORDER, rates(recipe, ORDER))
    _, theta = plain_steps(p, recipe, ORDER, rows)
    np.testing.assert_allclose(made.network(state).parameters.flat(), theta, rtol=slack, atol=slack)


def test_it_stops_before_the_step_that_would_leave_the_finite_numbers(engine: tuple[Engine, float]) -> None:
    made, _ = engine
    p = make_problem([2, 3, 2], ["relu"], "identity", "quadratic", batch=5, seed=1)
    for name, recipe in RECIPES.items():
        parts = given(p, recipe)
        if recipe["rule"] is MEAN or made.refuses(*parts[:2]) is not None:
            continue  # whose rate is its own
        state = made.start(*parts)
        steps = made.run(state, ORDER, np.array([1e-3, np.inf, 1e-3, 1e-3]))
        assert (steps.first_bad, len(steps.costs)) == (1, 2), name
        assert made.snapshot(state)["step"] == 1
        assert np.isfinite(made.network(state).parameters.flat()).all()


def test_its_predictions_are_the_last_activations(engine: tuple[Engine, float]) -> None:
    made, slack = engine
    p = network_of(RECIPES["adam"], 2)
    np.testing.assert_allclose(made.predict(p.network, p.x), cr.forward(p.network, p.x).a[2], rtol=slack, atol=slack)


@pytest.mark.parametrize("scale", [1.0, 0.0, 1e-200, 1e200])
def test_the_length_of_each_layer_is_safe_from_overflow_and_underflow(scale: float) -> None:
    parameters = cr.Network.random([5, 4, 3], seed=0, dtype="float64").parameters
    vector = parameters.flat() * scale
    by_layer = zip(parameters.like(vector).weights, parameters.like(vector).biases)
    expected = [cr.Parameters([w], [b]).norm() for w, b in by_layer]
    np.testing.assert_allclose(lengths(parameters, vector), expected, rtol=1e-14)
