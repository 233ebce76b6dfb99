"""Penalties, decay, clipping and dropout, each against a statement of its own, on both engines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from networks import HIDDEN
from sloppy import SloppyEngine

import chainrule as cr
from chainrule.data import epoch_order
from chainrule.data.network_rows import Rows
from chainrule.dropout import GOLDEN, Dropout, _mixed
from chainrule.engines.engine import Recipe
from chainrule.engines.reference import ReferenceEngine
from chainrule.regularization import Clip, Penalty
from chainrule.verification.differences import derivative

X = np.random.default_rng(1).standard_normal((6, 3))
Y = X @ [[1.0, 0.3], [-2.0, 0.1], [0.5, -1.0]] + 0.3
ALL = np.arange(6)


def net(**settings: Any) -> cr.Network:
    given = {"activations": "tanh", "seed": 4, "dtype": "float64"} | settings
    made = cr.Network.random([3, 5, 4, 2], **given)
    return made.with_parameters(made.parameters.map(lambda a: a + 0.1 * (a == 0)))  # a bias of 0 shows nothing


def gradient_on(engine: Any, network: cr.Network, **recipe: Any) -> tuple[float, cr.Parameters]:
    state = engine.start(Recipe(cr.squared_error(), cr.delta_rule(0.1), **recipe), network, Rows(X, Y))
    cost, slope = engine.gradient(state, ALL)
    return cost, network.parameters.like(slope.copy())


@pytest.fixture(params=[ReferenceEngine, SloppyEngine], ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Any:
    return request.param()


@pytest.mark.parametrize("biases", [False, True])
def test_a_penalty_adds_its_slope_to_the_weights_and_to_the_biases_only_where_asked(engine: Any, biases: bool) -> None:
    network, penalty = net(), Penalty(l1=0.03, l2=0.2, biases=biases)
    _, found = gradient_on(engine, network, penalty=penalty)
    plain = cr.gradient(network, X, Y, "squared_error")
    for layer in (1, 2, 3):
        w, b = network.weights[layer], network.biases[layer]
        signs = np.array([[math.copysign(1, v) for v in row] for row in w])
        np.testing.assert_allclose(found.weights[layer], plain.weights[layer] + 0.03 * signs + 0.2 * w, rtol=2e-6)
        extra = 0.03 * np.where(b > 0, 1, -1) + 0.2 * b if biases else 0.0
        np.testing.assert_allclose(found.biases[layer], plain.biases[layer] + extra, rtol=2e-6)


def test_the_slope_of_a_penalty_is_that_of_its_value() -> None:
    network, penalty = net(), Penalty(l1=0.03, l2=0.2)
    theta = network.parameters.flat()
    expected = penalty.slope(theta) * penalty.entries(network.parameters)
    for entry in range(theta.size):

        def value(t: float, entry: int = entry) -> float:
            moved = theta.copy()
            moved[entry] = t
            return penalty.value(network.parameters.like(moved))

        assert derivative(value, float(theta[entry])).value == pytest.approx(expected[entry], abs=1e-9)


def test_a_penalty_does_not_move_a_fixed_layer(engine: Any) -> None:
    network = net()
    recipe = Recipe(cr.squared_error(), cr.delta_rule(0.1), frozenset([2]), Penalty(0.1, 0.1, 0.1, biases=True))
    state = engine.start(recipe, network, Rows(X, Y))
    engine.run(state, epoch_order(6, 2, None), np.full(3, 0.1))
    after = engine.network(state)
    assert np.array_equal(after.weights[2], network.weights[2])
    assert np.array_equal(after.biases[2], network.biases[2])
    assert not np.allclose(after.weights[1], network.weights[1])


def test_decay_shrinks_the_weights_before_the_move_by_rate_times_decay(engine: Any) -> None:
    """Loshchilov and Hutter (2019), algorithm 2; it is not in the gradient that the rule sees."""
    network, rate, decay = net(), 0.05, 0.4
    plain = cr.gradient(network, X, Y, "squared_error")
    recipe = Recipe(cr.squared_error(), cr.adam(1.0), penalty=Penalty(decay=decay))
    state = engine.start(recipe, network, Rows(X, Y))
    engine.run(state, ALL[None], np.array([rate]))
    after = engine.network(state).parameters
    for layer in (1, 2, 3):  # Adam's first step is η sign(g) but for ε
        expected = network.weights[layer] * (1 - rate * decay) - rate * np.sign(plain.weights[layer])
        np.testing.assert_allclose(after.weights[layer], expected, rtol=1e-5)
        np.testing.assert_allclose(
            after.biases[layer], network.biases[layer] - rate * np.sign(plain.biases[layer]), rtol=1e-5
        )


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        (Clip(norm=1.0), [0.6, -0.8]),
        (Clip(norm=10.0), [3.0, -4.0]),
        (Clip(value=3.5), [3.0, -3.5]),
        (Clip(norm=0.5, value=1.0), [0.5 / math.sqrt(2), -0.5 / math.sqrt(2)]),
    ],
)
def test_clipping_cuts_entries_first_and_then_the_length(clip: Clip, expected: list[float]) -> None:
    given = np.array([3.0, -4.0])
    np.testing.assert_allclose(clip(given), expected, rtol=1e-15)
    assert given.tolist() == [3.0, -4.0]
    assert clip(given.astype("float32")).dtype == np.float32


def test_a_gradient_whose_square_overflows_is_clipped_to_its_length() -> None:
    np.testing.assert_allclose(Clip(norm=1.0)(np.array([3e200, -4e200])), [0.6, -0.8], rtol=1e-15)


def test_an_engine_clips_what_its_rule_sees(engine: Any) -> None:
    network = net()
    slope = cr.gradient(network, X, Y, "squared_error")
    recipe = Recipe(cr.squared_error(), cr.delta_rule(1.0), clip=Clip(norm=0.01))
    state = engine.start(recipe, network, Rows(X, Y))
    engine.run(state, ALL[None], np.array([1.0]))
    move = engine.network(state).parameters - network.parameters
    assert move.norm() == pytest.approx(0.01, rel=1e-5)
    np.testing.assert_allclose(move.flat(), (slope * (-0.01 / slope.norm())).flat(), rtol=1e-4, atol=1e-9)


# dropout ------------------------------------------------------------------------------------------------------------
DROPOUT = Dropout((0.2, 0.5, 0.25), seed=3)


def test_a_mask_depends_on_seed_step_layer_row_and_neuron_alone() -> None:
    whole = DROPOUT.masks(7, np.arange(100), (30, 20, 10), np.float64)
    part = DROPOUT.masks(7, np.array([93, 5]), (30, 20, 10), np.float64)
    for layer in (0, 1, 2):
        assert np.array_equal(part[layer], whole[layer][[93, 5]])
        for other in (
            Dropout(DROPOUT.rates, 4).masks(7, ALL, (30,) * 3, float),
            DROPOUT.masks(8, ALL, (30,) * 3, float),
        ):
            assert not np.array_equal(other[layer][:, :10], whole[layer][:6, :10])
    assert not np.array_equal(whole[0][:, :10] > 0, whole[2] > 0)


def test_a_mask_leaves_out_the_share_that_was_asked_for_and_keeps_the_mean() -> None:
    """1,200,000 draws: the share within four standard deviations, rows and neurons each, and no two neighbours alike."""
    masks = DROPOUT.masks(1, np.arange(4000), (300, 300, 300), np.float32)
    for layer, rate in enumerate(DROPOUT.rates):
        mask = masks[layer]
        assert mask.dtype == np.float32
        assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / (1 - rate))}
        for axis, count in ((None, mask.size), (0, 4000), (1, 300)):
            off = abs((mask == 0).mean(axis=axis) - rate)
            assert np.max(off) < 4.9 * math.sqrt(rate * (1 - rate) / count)
        kept = (mask > 0).astype(float) - (1 - rate)
        for shifted in (kept[1:] * kept[:-1], kept[:, 1:] * kept[:, :-1]):
            assert abs(shifted.mean()) < 4 * rate * (1 - rate) / math.sqrt(shifted.size)


def test_masks_are_these() -> None:
    """The first number of SplitMix64 as published, and bits written down once: others would break every resumed run."""
    assert int(_mixed(np.array([GOLDEN], np.uint64))[0]) == 0xE220A8397B1DCDAF
    mask = Dropout((0.5,), seed=0).masks(1, np.arange(3), (16,), np.float64)[0]
    assert ["".join("01"[int(v > 0)] for v in row) for row in mask] == [
        "0011111110100000",
        "1011111110010101",
        "1100010110100101",
    ]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_gradient_under_dropout_is_that_of_the_thinned_network(engine: Any, hidden: str) -> None:
    """Against central differences of the cost that the same masks give, for every hidden activation."""
    network, dropout = net(activations=hidden), Dropout((0.2, 0.4, 0.4), seed=5)
    masks = dropout.masks(1, ALL, network.sizes, np.float64)
    assert all((mask == 0).any() for mask in masks.values())

    def cost_at(theta: np.ndarray) -> float:
        moved, a = network.parameters.like(theta), X * masks[0]
        for layer, (w, b) in enumerate(zip(moved.weights, moved.biases), 1):
            a = network.activations[layer].value(a @ w.T + b) * masks.get(layer, 1.0)
        return float(((a - Y) ** 2).sum(axis=1).mean())

    _, found = gradient_on(engine, network, dropout=dropout)
    tolerance = 1e-6 if engine.name == "reference" else 3e-6
    verdict = cr.check_gradient(cost_at, lambda theta: found.flat(), network.parameters.flat())
    assert verdict or verdict.distance < tolerance, str(verdict)
