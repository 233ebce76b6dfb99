"""Training: the same seed gives the same bits, weights count, and a run that diverges says where and gives back.

Every test runs on the reference engine and on one whose bits never repeat: nothing outside an engine may depend on them.
"""

from __future__ import annotations

import json
import math
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sloppy import SloppyEngine

import chainrule as cr
from chainrule import settings
from chainrule.data import epoch_order
from chainrule.data.network_rows import Rows, relative
from chainrule.engines import choose, threads
from chainrule.engines.engine import Engine, Recipe, Steps, batches
from chainrule.engines.reference import ReferenceEngine
from chainrule.json_text import json_text

X = np.random.default_rng(1).standard_normal((10, 3))
NUMBERS = X @ [[1.0], [-2.0], [0.5]] + 0.3
CLASSES = (NUMBERS[:, 0] > 0).astype(int)
TEXTS = np.where(CLASSES == 1, "yes", "no")
RULES = [cr.delta_rule(0.05), cr.momentum(0.02), cr.adam(0.01)]
by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def net(out: int = 1, output: str = "identity", dtype: str = "float64", hidden: str = "tanh") -> cr.Network:
    return cr.Network.random([3, 5, out], hidden, output, seed=4, dtype=dtype)


@pytest.fixture(autouse=True, params=[ReferenceEngine, SloppyEngine], ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine that all training of a test runs on."""
    made: Engine = request.param()
    monkeypatch.setitem(choose.NAMED, "reference", lambda: made)
    return made


on_the_reference_engine = pytest.mark.parametrize("engine", [ReferenceEngine], indirect=True)


@pytest.fixture
def slack(engine: Engine) -> float:
    """How far, relatively, numbers may be off that an engine would give exactly."""
    return 0.0 if engine.name == "reference" else 1e-5


@pytest.fixture
def same(slack: float) -> Callable[..., bool]:
    """Whether networks, or sequences of numbers, are the same: bit for bit, or as nearly as the engine repeats itself."""

    def are_the_same(*given: Any) -> bool:
        first, *others = (bits_of(each) for each in given)
        if slack:
            return all(np.allclose(first, each, rtol=10 * slack, atol=slack) for each in others)
        return all(first.tobytes() == each.tobytes() for each in others)

    return are_the_same


def bits_of(given: Any) -> np.ndarray:
    return given.parameters.flat() if isinstance(given, cr.Network) else np.asarray(given)


def bits(network: cr.Network) -> bytes:
    return bits_of(network).tobytes()


# the same bits ------------------------------------------------------------------------------------------------------
@by_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(
    rule: cr.Rule, dtype: str, same: Callable[..., bool]
) -> None:
    runs = [cr.train(net(dtype=dtype), (X, NUMBERS), rule=rule, epochs=3, batch_size=4, seed=s) for s in (7, 7, 8)]
    assert same(runs[0].network, runs[1].network)
    assert not same(runs[0].network, runs[2].network)
    assert runs[0].network.dtype == dtype


@pytest.mark.parametrize("engine", [SloppyEngine], indirect=True)
def test_the_second_engine_never_repeats_its_bits(engine: Engine, same: Callable[..., bool]) -> None:
    """Else the tests would show nothing by it."""
    runs = [cr.train(net(), (X, NUMBERS), epochs=3) for _ in range(2)]
    assert bits(runs[0].network) != bits(runs[1].network)
    assert same(runs[0].network, runs[1].network)
    assert runs[0].report.engine == "sloppy"


def test_streamed_epochs_are_those_of_train_bit_for_bit(same: Callable[..., bool]) -> None:
    run = cr.train(net(), (X, NUMBERS), epochs=4, batch_size=3)
    streamed = list(cr.epochs(net(), (X, NUMBERS), epochs=4, batch_size=3))
    assert same(streamed[-1].network, run.network)
    assert same([epoch.cost for epoch in streamed], [facts["cost"] for facts in run.history])
    assert [epoch.steps for epoch in streamed] == [4, 8, 12, 16]


def test_a_break_keeps_the_network_of_the_last_epoch_and_iterating_again_begins_again(
    same: Callable[..., bool],
) -> None:
    stream = cr.epochs(net(), (X, NUMBERS), rule=cr.delta_rule(0.5), epochs=9)
    for first in stream:
        if first.number == 3:
            break
    run = stream.run()
    assert bits(run.network) == bits(first.network)
    assert (run.report.epochs, run.report.ended, len(run.history)) == (3, "stopped early", 3)
    again = list(islice(stream, 3))
    assert same(again[-1].network, first.network)
    assert len(stream.history) == 3


def test_the_network_after_a_break_is_the_last_one_even_where_the_cost_has_risen() -> None:
    stream = cr.epochs(net(), (X, NUMBERS), rule=cr.delta_rule(1.5), epochs=3, batch_size=10)
    last = list(islice(stream, 2))[-1]
    assert last.cost > stream.history[0]["cost"]
    assert bits(stream.run().network) == bits(last.network)


def test_a_stream_that_has_not_begun_gives_the_network_it_was_given() -> None:
    run = cr.epochs(net(), (X, NUMBERS)).run()
    assert bits(run.network) == bits(net())
    assert (run.history, run.report.epochs, run.report.steps) == ([], 0, 0)
    assert "cost " not in str(run.report).splitlines()[-1]


def test_watch_sees_every_epoch() -> None:
    seen: list[int] = []
    cr.train(net(), (X, NUMBERS), epochs=3, watch=lambda epoch: seen.append(epoch.number))
    assert seen == [1, 2, 3]


@by_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_restored_snapshot_goes_on_bit_for_bit(
    rule: cr.Rule, dtype: str, engine: Engine, same: Callable[..., bool]
) -> None:
    rng = np.random.default_rng(0)
    order, rest = (epoch_order(10, 4, rng) for _ in range(2))
    rates = np.full(3, rule.learning_rate)
    given = Recipe(cr.squared_error(), rule), net(dtype=dtype), Rows(X.astype(dtype), NUMBERS.astype(dtype))
    straight = engine.start(*given)
    engine.run(straight, order, rates)
    again = engine.start(*given, engine.snapshot(straight))
    costs, costs_again = (engine.run(state, rest, rates).costs for state in (straight, again))
    assert same(engine.network(again), engine.network(straight))
    assert same(costs_again, costs)
    one, after = engine.snapshot(straight), engine.snapshot(again)
    assert one.keys() == after.keys()
    assert all(same(one[key], after[key]) for key in one)


@by_rule
@pytest.mark.parametrize("fixed", [(), (2,)])
def test_an_engine_goes_on_where_another_stopped(
    rule: cr.Rule, fixed: tuple[int, ...], engine: Engine, slack: float
) -> None:
    given = Recipe(cr.squared_error(), rule, frozenset(fixed)), net(), Rows(X, NUMBERS)
    order, rates, other = epoch_order(10, 4, None), np.full(3, rule.learning_rate), ReferenceEngine()
    whole, begun = (each.start(*given) for each in (other, engine))
    engine.run(begun, order, rates)
    taken_over = other.start(*given, engine.snapshot(begun))
    for state, epochs in ((whole, 2), (taken_over, 1)):
        for _ in range(epochs):
            other.run(state, order, rates)
    one, two = other.snapshot(whole), other.snapshot(taken_over)
    assert one["step"] == two["step"] == 6
    for key in one:
        np.testing.assert_allclose(one[key], two[key], rtol=10 * slack, atol=slack)


@by_rule
@pytest.mark.parametrize("shuffle", [True, False])
def test_a_stream_goes_on_from_a_state_in_another_process(
    rule: cr.Rule, shuffle: bool, same: Callable[..., bool]
) -> None:
    """What begins anew is given what was kept: the stream, and by itself the state."""
    stream = cr.epochs(net(), X, NUMBERS, rule, epochs=5, batch_size=4, shuffle=shuffle)
    first = list(islice(stream, 2))
    kept = pickle.dumps(stream.state)
    rest = list(stream.resume(stream.state))
    fresh = cr.epochs(net(), X, NUMBERS, rule, epochs=5, batch_size=4, shuffle=shuffle)
    again = list(fresh.resume(pickle.loads(kept)))
    whole = cr.train(net(), X, NUMBERS, rule, epochs=5, batch_size=4, shuffle=shuffle)
    assert [epoch.number for epoch in again] == [3, 4, 5]
    assert same(again[-1].network, rest[-1].network, whole.network)
    costs = [facts["cost"] for facts in whole.history]
    assert same(costs, [facts["cost"] for facts in fresh.history], [epoch.cost for epoch in first + rest])
    assert (fresh.run().report.steps, fresh.ended) == (whole.report.steps, "finished")


def test_a_state_of_another_network_is_refused() -> None:
    stream = cr.epochs(net(), X, NUMBERS, epochs=2)
    list(stream)
    with pytest.raises(cr.ShapeError, match="these weights and biases are 32 numbers, got a vector of shape"):
        next(cr.epochs(net(2), X, np.hstack([NUMBERS, NUMBERS])).resume(stream.state))


@by_rule
@pytest.mark.parametrize("fixed", [(), (1,)])
def test_the_two_halves_of_a_step_make_the_step(
    rule: cr.Rule, fixed: tuple[int, ...], engine: Engine, slack: float
) -> None:
    """As when several machines take the gradients of a part each, and all move along their mean."""
    order = epoch_order(10, 4, None)
    given = Recipe(cr.squared_error(), rule, frozenset(fixed)), net(), Rows(X, NUMBERS)
    at_once, halves = engine.start(*given), engine.start(*given)
    steps = engine.run(at_once, order, np.full(3, rule.learning_rate))
    for batch, cost in zip(batches(order), steps.costs):
        (cost_1, first), (cost_2, second) = (
            (c, g.copy()) for c, g in (engine.gradient(halves, part) for part in np.split(batch, 2))
        )
        assert (cost_1 + cost_2) / 2 == pytest.approx(cost, rel=1e-12 + slack)
        assert engine.apply(halves, (first + second) / 2, rule.learning_rate)
    one, other = (engine.network(state).parameters.flat() for state in (at_once, halves))
    np.testing.assert_allclose(one, other, rtol=1e-10 + 10 * slack, atol=slack)


def test_each_step_has_a_rate_of_its_own(engine: Engine, slack: float) -> None:
    order, rates = epoch_order(10, 4, None), np.array([0.3, 0.1, 0.2])
    state = engine.start(Recipe(cr.squared_error(), cr.delta_rule(5.0)), net(), Rows(X, NUMBERS))
    engine.run(state, order, rates)
    network = net()
    for batch, rate in zip(batches(order), rates):
        slope = cr.gradient(network, X[batch], NUMBERS[batch], "squared_error")
        network = network.with_parameters(network.parameters + slope * -rate)
    np.testing.assert_allclose(
        engine.network(state).parameters.flat(), network.parameters.flat(), rtol=1e-12 + 10 * slack, atol=slack
    )


def test_a_step_that_would_leave_the_finite_numbers_is_not_taken(engine: Engine) -> None:
    state = engine.start(Recipe(cr.squared_error(), cr.momentum(1.0)), net(), Rows(X, NUMBERS))
    rates = np.array([0.01, 0.01, 1e308, 0.01])
    steps = engine.run(state, epoch_order(10, 3, None), rates)
    assert (steps.first_bad, len(steps.costs)) == (2, 3)
    before = engine.snapshot(state)
    assert before["step"] == 2
    assert not engine.apply(state, np.full(26, np.inf), 0.01)
    after = engine.snapshot(state)
    assert all(np.array_equal(before[key], after[key]) for key in before)


def test_what_an_engine_refuses_is_said_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Narrow(ReferenceEngine):
        name = "narrow"

        def refuses(self, recipe: Recipe, network: cr.Network) -> str | None:
            return None if network.depth == 1 else f"runs networks of one layer, and {network!r} has {network.depth}"

    monkeypatch.setitem(choose.NAMED, "narrow", Narrow)
    with pytest.raises(
        cr.SettingError, match=r"the narrow engine runs networks of one layer, .* has 2; engine='reference'"
    ):
        cr.train(net(), X, NUMBERS, engine="narrow")
    assert cr.train(linear(1.0), ONE, ONE, engine="narrow", epochs=1).report.engine == "narrow"


def test_one_full_batch_of_the_delta_rule_is_one_step_down_the_gradient(slack: float) -> None:
    rate, start = 0.1, net()
    run = cr.train(start, (X, NUMBERS), rule=cr.delta_rule(rate), epochs=1, batch_size=10)
    expected = start.parameters + cr.gradient(start, X, NUMBERS) * -rate
    np.testing.assert_allclose(run.network.parameters.flat(), expected.flat(), rtol=1e-13 + 10 * slack, atol=slack)
    assert run.history[0]["cost"] == pytest.approx(cr.cost(start, X, NUMBERS), rel=1e-14 + slack)


# the arguments ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("out", "output", "x", "y"),
    [
        (1, "identity", X, NUMBERS),
        (1, "identity", X.tolist(), NUMBERS.tolist()),
        (2, "softmax", X, TEXTS),
        (2, "softmax", tuple(map(tuple, X)), list(TEXTS)),
        (2, "softmax", X, CLASSES.tolist()),
    ],
)
def test_targets_may_stand_beside_the_inputs(out: int, output: str, x: Any, y: Any, same: Callable[..., bool]) -> None:
    beside, inside = cr.train(net(out, output), x, y, epochs=2), cr.train(net(out, output), (X, y), epochs=2)
    streamed = list(cr.epochs(net(out, output), x, y, epochs=2))[-1]
    assert same(beside.network, inside.network, streamed.network)
    assert same(beside.history[-1]["cost"], inside.history[-1]["cost"], streamed.cost)


def test_a_cost_in_the_place_of_targets_is_a_cost(same: Callable[..., bool]) -> None:
    runs = [
        cr.train(net(), X, NUMBERS, cost="huber", rule="momentum", epochs=2),
        cr.train(net(), (X, NUMBERS), "huber", "momentum", 2),
        cr.train(net(), (X, NUMBERS), cr.huber(), "momentum", epochs=2),
        cr.train(net(), (X, NUMBERS), None, "momentum", cost=cr.huber(), epochs=2),
    ]
    assert {run.report.cost for run in runs} == {"huber(threshold=1.0)"}
    assert same(*(run.network for run in runs))


def test_without_shuffling_rows_are_taken_in_the_given_order(slack: float) -> None:
    """A rule that writes down what it is given sees the gradients of the batches, one after the other, each epoch."""
    seen: list[np.ndarray] = []

    def move(gradient: cr.Parameters, state: Any) -> tuple[cr.Parameters, Any]:
        seen.append(gradient.flat())
        return gradient.zeros(), state

    spy = cr.Rule("spy", lambda parameters: {}, move, {})
    run = cr.train(net(), X, NUMBERS, spy, epochs=2, batch_size=4, shuffle=False)
    parts = [slice(0, 4), slice(4, 8), slice(8, 10)] * 2
    expected = [cr.gradient(net(), X[part], NUMBERS[part], "quadratic").flat() for part in parts]
    np.testing.assert_allclose(seen, expected, rtol=1e-12 + 10 * slack, atol=slack)
    assert run.report.to_json()["shuffle"] is False
    assert "not shuffled" in str(run.report)


@by_rule
@pytest.mark.parametrize("fixed", [1, [2], (1, 3), {2, 3}, np.array([1])])
def test_layers_that_are_fixed_keep_their_bits_and_the_others_learn(rule: cr.Rule, fixed: Any) -> None:
    start = cr.Network.random([3, 4, 4, 1], "tanh", bias="layer", seed=2, dtype="float32")
    held = {fixed} if isinstance(fixed, int) else {int(layer) for layer in fixed}
    run = cr.train(start, X, NUMBERS, rule, epochs=20, batch_size=4, fixed=fixed)
    for layer in (1, 2, 3):
        same = np.array_equal(run.network.weights[layer], start.weights[layer])
        assert same == np.array_equal(run.network.biases[layer], start.biases[layer]) == (layer in held)
    assert run.history[-1]["cost"] < run.history[0]["cost"]
    assert run.report.to_json()["fixed"] == tuple(sorted(held))
    assert f"held fixed: {', '.join(map(str, sorted(held)))}" in str(run.report)


def test_a_rule_neither_sees_a_fixed_layer_nor_moves_it() -> None:
    """Weight decay moves without a gradient, and a gradient that overflows in Adam's memory is not the fixed layer's."""

    def decay(gradient: cr.Parameters, state: Any) -> tuple[cr.Parameters, Any]:
        assert not gradient.weights[1].any()
        assert gradient.weights[2].any()
        return gradient * -0.01 + gradient.map(lambda g: np.full_like(g, 0.1)), state

    rule = cr.Rule("decay", lambda parameters: {}, decay, {})
    run = cr.train(net(), X, NUMBERS, rule, epochs=2, fixed=1)
    assert np.array_equal(run.network.weights[1], net().weights[1])
    far = cr.Network([np.array([[1e-30]], "float32"), np.array([[1.0]], "float32")], None, "identity")
    held = cr.train(far, ONE * 1e30, ONE * 2, cr.adam(1e-3), cost="huber", epochs=1, fixed=[1])
    assert held.report.ended == "finished"


def test_arguments_of_a_wrong_kind_are_named() -> None:
    for given in ("w/1", None, [1.0], ["1"], True):
        with pytest.raises(cr.SettingError, match=r"numbered 1…2, as fixed=\[1\]; got " + re.escape(repr(given))):
            settings.fixed_layers(given, net())
    with pytest.raises(cr.SettingError, match="shuffle is True or False, got 'no'"):
        settings.truth("no", "shuffle")
    with pytest.raises(cr.SettingError, match=r"train\(network, \(x, y, weights\)\)"):
        settings.check_rule(np.ones(10))


# threads ------------------------------------------------------------------------------------------------------------
@dataclass
class Library:
    """A BLAS as threadpoolctl shows it."""

    num_threads: int

    def set_num_threads(self, count: int) -> None:
        self.num_threads = count


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    one = Library(8)
    monkeypatch.setattr(threads, "_libraries", lambda: (one,))
    return one


def watching(library: Library, seen: list[int]) -> cr.Rule:
    def move(gradient: cr.Parameters, state: Any) -> tuple[cr.Parameters, Any]:
        seen.append(library.num_threads)
        return gradient * -1e-9, state

    return cr.Rule("watching", lambda parameters: {}, move, {})


@pytest.mark.parametrize(
    ("sizes", "batch", "allowed", "used"),
    [
        ([784, 100, 10], 32, 8, 1),
        ([784, 100, 10], 32, 1, 1),
        ([1000, 500, 1], 2000, 8, 4),  # 2 · 2000 · 1000 · 500 is 2 Gflop
        ([1000, 500, 1], 2000, 3, 3),
        ([1, 500, 1000], 2000, 8, 4),
        ([1000, 500, 1], 499, 8, 1),
    ],
)
def test_threads_are_chosen_by_the_largest_product_and_given_back(
    library: Library, sizes: list[int], batch: int, allowed: int, used: int
) -> None:
    library.num_threads = allowed
    with threads.blas_threads(cr.Network.random(sizes).parameters, batch) as count:
        assert count == library.num_threads == used
    assert library.num_threads == allowed


def test_a_training_step_runs_on_the_chosen_threads_and_the_report_says_how_many(library: Library) -> None:
    seen: list[int] = []
    stream = cr.epochs(net(), X, NUMBERS, watching(library, seen), epochs=2, batch_size=4)
    for _ in stream:
        assert library.num_threads == 8  # between epochs the program has its threads
    assert seen == [1] * 6
    assert json.loads(json_text(stream.run().report.to_json()))["threads"] == 1


def test_steps_are_told_within_an_epoch_and_change_no_bit(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.training.TICK", 0.0)  # as often as there are steps
    x = np.random.default_rng(0).standard_normal((50, 3))
    network = cr.Network.random([3, 4, 2], "tanh", "softmax", seed=0)
    streams = [cr.epochs(network, x, np.arange(50) % 2, "momentum", 2, 8, seed=1) for _ in range(2)]
    told: list[int] = []
    streams[0].within = told.append
    costs = [[epoch.cost for epoch in stream] for stream in streams]
    assert told == [1, 2, 3, 4, 5, 6, 7] * 2
    if isinstance(engine, ReferenceEngine):
        assert costs[0] == costs[1]
        assert np.array_equal(*(stream.network.parameters.flat() for stream in streams))


def test_a_step_that_diverges_has_its_number_within_an_epoch_too(engine: Engine) -> None:
    x = np.linspace(1, 2, 40)[:, None]
    network = cr.Network([[[1.0]]], None, "identity")
    found = []
    for within in (None, lambda done: None):
        stream = cr.epochs(network, x, 2 * x, cr.delta_rule(1e40), 1, 4, shuffle=False)
        stream.within = within
        with pytest.raises(cr.DivergenceError) as raised:
            list(stream)
        found.append(str(raised.value))
    assert "diverged at step" in found[0]
    if isinstance(engine, ReferenceEngine):
        assert found[0] == found[1]


@on_the_reference_engine
def test_a_short_last_batch_has_the_threads_that_suit_it(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as it would have by itself: another number would round its sums in another order."""
    monkeypatch.setattr(threads, "FLOPS_A_THREAD", 2 * 15)  # a thread for each row, 3 · 5 being the largest product
    seen: list[int] = []
    run = cr.train(net(), X, NUMBERS, watching(library, seen), epochs=2, batch_size=4)
    assert (seen, run.report.threads) == ([4, 4, 2] * 2, 4)


def test_threads_are_given_back_after_an_error_and_after_divergence(library: Library) -> None:
    def broken(gradient: cr.Parameters, state: Any) -> Any:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        cr.train(net(), X, NUMBERS, cr.Rule("broken", lambda parameters: {}, broken, {}))
    assert library.num_threads == 8
    diverging(net(), (X, NUMBERS), cr.delta_rule(1e9))
    assert library.num_threads == 8


def test_of_runs_side_by_side_the_last_gives_the_threads_back(library: Library) -> None:
    parameters = net().parameters
    first, second = threads.blas_threads(parameters, 1), threads.blas_threads(parameters, 1)
    with first:
        second.__enter__()
    assert library.num_threads == 1  # the second still runs
    second.__exit__(None, None, None)
    assert library.num_threads == 8


@on_the_reference_engine
@pytest.mark.parametrize(
    "call",
    [
        lambda net: cr.forward(net, X), lambda net: cr.gradient(net, X, NUMBERS), lambda net: cr.cost(net, X, NUMBERS),
        lambda net: cr.predict(net, X), lambda net: cr.predict(net, X[0]), lambda net: net.predictor()(X[0]),
        lambda net: cr.verify(net, X, NUMBERS, methods=["delta", "differences"]),
    ],
)  # fmt: skip
def test_predictions_gradients_and_checks_have_the_threads_that_suit_them(library: Library, call: Any) -> None:
    seen: list[int] = []

    def form(z: Any, m: Any) -> Any:
        seen.append(library.num_threads)
        return m.tanh(z)

    network = cr.Network.random([3, 5, 1], cr.activation(form, "mine"))
    seen.clear()
    call(network)
    assert set(seen) == {1}
    assert library.num_threads == 8


def test_a_blas_that_is_not_known_keeps_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_libraries", tuple)
    assert cr.train(net(), X, NUMBERS, epochs=1).report.threads is None


def test_the_threads_of_the_blas_that_is_loaded_are_found_and_set() -> None:
    (found, *_) = threads._libraries()
    before = found.num_threads
    with threads.blas_threads(net().parameters, 1) as count:
        assert count == found.num_threads == 1
    assert found.num_threads == before


@on_the_reference_engine
def test_a_small_recipe_trains_to_the_same_bits_whatever_threads_are_allowed() -> None:
    code = (
        "import hashlib, numpy as np, chainrule as cr; rng = np.random.default_rng(0); "
        "x = rng.standard_normal((256, 784)); y = rng.integers(0, 10, 256); "
        "run = cr.train(cr.Network.random([784, 100, 10], output='softmax'), x, y, epochs=1, batch_size=128); "
        "print(hashlib.sha256(run.network.parameters.flat().tobytes()).hexdigest(), run.report.threads)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": count, "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for count in ("1", "2")
    ]
    assert said[0] == said[1]


# batches and weights ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("batch_size", "steps"), [(3, 4), (10, 1), (999, 1), (1, 10)])
def test_every_row_is_used_once_an_epoch_whatever_the_batch_size(batch_size: int, steps: int, slack: float) -> None:
    slow = cr.delta_rule(1e-12)  # the network stands still, so the epoch's cost is that of all rows
    run = cr.train(net(), (X, NUMBERS), rule=slow, epochs=1, batch_size=batch_size)
    assert run.history[0]["steps"] == steps
    assert run.history[0]["cost"] == pytest.approx(cr.cost(net(), X, NUMBERS), rel=1e-9 + slack)


@by_rule
def test_weights_of_one_equal_none_bit_for_bit(rule: cr.Rule, same: Callable[..., bool]) -> None:
    runs = [
        cr.train(net(dtype="float32"), data, rule=rule, epochs=3, batch_size=4)
        for data in ((X, NUMBERS), (X, NUMBERS, np.ones(10)))
    ]
    assert same(*(run.network for run in runs))
    assert same(*([facts["cost"] for facts in run.history] for run in runs))


WEIGHTS = {
    "one heavy row": np.array([100.0, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
    "with zeros": np.array([0.0, 3, 1, 0, 2, 5, 0.5, 1, 7, 0]),
    "huge": np.linspace(0.2, 1.7, 10) * 1e308,
    "tiny": np.linspace(0.2, 1.7, 10) * 1e-310,
    "of 600 decades": np.array([1e308, 1e-300, 1e308, 1, 1e307, 1e308, 5e-324, 0, 1e308, 1e300]),
}
by_weights = pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)


def gradients_of_steps(engine: Engine, start: cr.Network, data: Any, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """(gradient of each step of an epoch, rows of each), all at `start`: each step is taken from there by itself."""
    found, sizes = [], []
    for batch in batches(epoch_order(10, batch_size, np.random.default_rng(0))):
        state = engine.start(Recipe(cr.squared_error(), cr.delta_rule(1.0)), start, Rows(*data))
        engine.run(state, batch[None], np.ones(1))
        found.append((start.parameters - engine.network(state).parameters).flat())
        sizes.append(len(batch))
    return np.array(found), np.array(sizes)


@by_weights
@pytest.mark.parametrize("batch_size", [1, 2, 4, 5, 7, 10])
def test_an_epochs_steps_have_the_gradient_of_the_weighted_total_as_their_mean(
    weights: np.ndarray, batch_size: int, engine: Engine, slack: float
) -> None:
    steps, sizes = gradients_of_steps(engine, net(), (X, NUMBERS, relative(weights)), batch_size)
    mean = np.average(steps, axis=0, weights=sizes)  # a short last batch counts by its rows
    total = cr.gradient(net(), X, NUMBERS, cr.squared_error(), weight=weights).flat()
    assert mean @ total / np.linalg.norm(mean) / np.linalg.norm(total) == pytest.approx(1, abs=1e-12 + slack)
    np.testing.assert_allclose(mean, total, rtol=1e-9, atol=(1e-12 + slack) * np.abs(total).max())


@by_weights
@pytest.mark.parametrize("batch_size", [1, 2, 4, 5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_epoch_at_a_tiny_rate_goes_down_the_gradient_of_the_weighted_total(
    weights: np.ndarray, batch_size: int, dtype: str, slack: float
) -> None:
    count, start = (8 if batch_size == 4 else 10), net(dtype=dtype)  # no short last batch, which would count double
    rate = 1e-4 if dtype == "float32" else 1e-9
    data, w = (X[:count], NUMBERS[:count]), weights[:count]
    run = cr.train(start, (*data, w), cr.squared_error(), cr.delta_rule(rate), epochs=1, batch_size=batch_size)
    mean = (start.parameters - run.network.parameters).flat().astype(float) / rate / (count / batch_size)
    total = cr.gradient(start, *data, cr.squared_error(), weight=w).flat().astype(float)
    assert np.linalg.norm(mean - total) < (1e-2 if dtype == "float32" else 1e-6 + slack) * np.linalg.norm(total)
    assert run.history[0]["cost"] == pytest.approx(
        cr.cost(start, *data, cr.squared_error(), weight=w), rel=2e-2 if dtype == "float32" else 1e-6 + slack
    )


@by_rule
@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_weights_change_nothing_when_all_are_multiplied_by_one_number(
    rule: cr.Rule, batch_size: int, same: Callable[..., bool]
) -> None:
    by_factor = [
        cr.train(net(), (X, NUMBERS, WEIGHTS["with zeros"] * factor), rule=rule, epochs=3, batch_size=batch_size)
        for factor in (1.0, 2.0**900, 2.0**-1000)
    ]
    assert same(*(run.network for run in by_factor))
    equal = cr.train(net(), (X, NUMBERS, np.full(10, 3.7)), rule=rule, epochs=3, batch_size=batch_size)
    none = cr.train(net(), (X, NUMBERS), rule=rule, epochs=3, batch_size=batch_size)
    assert same(equal.network, none.network)
    assert same(equal.history[0]["cost"], none.history[0]["cost"])


def test_weights_of_1e308_train_and_count(slack: float) -> None:
    weights = np.array([1e308, 1e308, 1e308, 1e307, 1e308, 0, 1e308, 1e308, 1e308, 1e308])
    huge, plain = (cr.train(net(), (X, NUMBERS, w), epochs=3, batch_size=4) for w in (weights, weights / 1e308))
    assert np.isfinite(huge.history[0]["cost"])
    np.testing.assert_allclose(
        [e["cost"] for e in huge.history], [e["cost"] for e in plain.history], rtol=1e-12 + 10 * slack
    )
    watched = cr.train(net(), (X, NUMBERS), epochs=1, validation=(X, NUMBERS, weights))
    expected = cr.cost(watched.network, X, NUMBERS, weight=weights)
    assert watched.history[0]["validation_cost"] == pytest.approx(expected, rel=1e-12)
    assert watched.history[0]["validation_score"] == cr.score(watched.network, X, NUMBERS, weight=weights)


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, lambda w: pd.Series(w, index=range(90, 100))])
def test_weights_of_any_kind_weigh_the_same(kind: Any, same: Callable[..., bool]) -> None:
    weights = [2, 0, 1, 5, 1, 1, 3, 0, 1, 7]
    expected = cr.train(net(), (X, NUMBERS, np.array(weights, float)), epochs=2, batch_size=3)
    run = cr.train(net(), (X, NUMBERS, kind(weights)), epochs=2, batch_size=3, validation=(X, NUMBERS, kind(weights)))
    assert same(run.network, expected.network)
    one, other = (cr.gradient(net(), X, NUMBERS, weight=w).flat() for w in (kind(weights), np.array(weights, float)))
    assert one.tobytes() == other.tobytes()
    assert cr.score(net(), X, NUMBERS, kind(weights)) == cr.score(net(), X, NUMBERS, np.array(weights, float))


@pytest.mark.parametrize(("out", "output", "y"), [(1, "identity", NUMBERS), (2, "softmax", TEXTS)])
def test_a_watched_row_of_weight_zero_is_left_out(out: int, output: str, y: np.ndarray, slack: float) -> None:
    weights = np.array([1.0, 0, 1, 0, 1, 1, 1, 0, 1, 1])
    kept = weights > 0
    runs = [
        cr.train(net(out, output), (X, y), epochs=2, validation=watched).history[-1]
        for watched in ((X, y, weights), (X[kept], y[kept]))
    ]
    assert runs[0]["validation_score"] == pytest.approx(runs[1]["validation_score"], rel=1e-12 + 10 * slack)
    assert runs[0]["validation_cost"] == pytest.approx(runs[1]["validation_cost"], rel=1e-12 + 10 * slack)


@by_rule
def test_a_weight_of_zero_is_a_row_left_out(rule: cr.Rule, slack: float) -> None:
    weights = np.ones(10)
    weights[[2, 7]] = 0
    kept = weights > 0
    weighted = cr.train(net(), (X, NUMBERS, weights), rule=rule, epochs=5, batch_size=10)
    dropped = cr.train(net(), (X[kept], NUMBERS[kept]), rule=rule, epochs=5, batch_size=8)
    np.testing.assert_allclose(
        weighted.network.parameters.flat(), dropped.network.parameters.flat(), rtol=1e-9 + 10 * slack, atol=slack
    )
    for one, other in zip(weighted.history, dropped.history):
        assert one["cost"] == pytest.approx(other["cost"], rel=1e-10 + 10 * slack)


def test_the_cost_of_an_epoch_counts_each_row_by_its_weight(slack: float) -> None:
    weights = np.array([5.0, 0, 0, 0, 0, 0, 0, 0, 0, 1])  # some batches of two weigh nothing at all
    run = cr.train(net(), (X, NUMBERS, weights), rule=cr.delta_rule(1e-12), epochs=1, batch_size=2)
    expected = cr.cost(net(), X, NUMBERS, weight=weights)
    assert run.history[0]["cost"] == pytest.approx(expected, rel=1e-9 + slack)
    watched = cr.train(net(), (X, NUMBERS), rule=cr.delta_rule(1e-12), epochs=1, validation=(X, NUMBERS, weights))
    assert watched.history[0]["validation_cost"] == pytest.approx(expected, rel=1e-9 + slack)


@by_rule
def test_a_batch_whose_weights_are_all_zero_does_no_harm(rule: cr.Rule) -> None:
    weights = np.array([0.0, 1.0] * 5)
    run = cr.train(net(), (X, NUMBERS, weights), rule=rule, epochs=20, batch_size=1)
    assert run.network.parameters.is_finite()
    assert run.history[-1]["cost"] < run.history[0]["cost"]


# labels, and data of other kinds ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("out", "output", "cost", "targets", "answers"),
    [
        (2, "softmax", None, TEXTS, TEXTS),
        (2, "softmax", None, CLASSES, CLASSES),
        (2, "softmax", None, CLASSES == 1, CLASSES),
        (2, "softmax", None, np.eye(2)[CLASSES], CLASSES),
        (2, "identity", "multiclass_hinge", TEXTS, TEXTS),
        (2, "identity", "cross_entropy", TEXTS, TEXTS),
        (1, "sigmoid", "binary_cross_entropy", TEXTS, TEXTS),
        (1, "identity", "binary_cross_entropy", TEXTS, TEXTS),
        (1, "identity", "quadratic", TEXTS, TEXTS),
    ],
)
def test_a_network_answers_with_the_labels_it_was_trained_on(
    out: int, output: str, cost: str | None, targets: np.ndarray, answers: np.ndarray
) -> None:
    run = cr.train(net(out, output), (X, targets), cost, cr.adam(0.1), epochs=40)
    assert cr.predict(run.network, X).tolist() == answers.tolist()


@pytest.mark.parametrize("targets", [CLASSES, CLASSES == 1, CLASSES.astype(float)], ids=["int", "bool", "float"])
@pytest.mark.parametrize("output", ["sigmoid", "identity"])
def test_zeros_and_ones_of_one_output_are_answered_as_they_came(targets: np.ndarray, output: str) -> None:
    run = cr.train(net(1, output), (X, targets), "binary_cross_entropy", cr.adam(0.1), epochs=40)
    assert cr.predict(run.network, X).tolist() == targets.tolist()
    assert cr.score(run.network, X, targets) == 1.0


@pytest.mark.parametrize(
    "data", [(X, TEXTS), [X.tolist(), TEXTS.tolist()], cr.Dataset(X, TEXTS), (X, np.eye(2)[CLASSES])]
)
def test_validation_may_come_in_another_form_than_the_data(data: Any) -> None:
    run = cr.train(net(2, "softmax"), (X, TEXTS), rule=cr.adam(0.1), epochs=40, validation=data)
    assert run.history[-1]["validation_score"] == 1.0
    assert run.history[-1]["validation_measure"] == "accuracy"
    assert run.history[0]["validation_cost"] > run.history[-1]["validation_cost"] > 0


@pytest.mark.parametrize("output", ["sigmoid", "identity"])
def test_several_labels_a_row_are_scored_by_the_rows_right_in_all_of_them(output: str) -> None:
    """R² does not measure labels; scikit-learn's is subset accuracy."""
    labels = (X[:, :2] > 0).astype(float)
    data = cr.Dataset(X, labels)
    run = cr.train(net(2, output), data, "binary_cross_entropy", cr.adam(0.1), epochs=3, validation=data)
    above = cr.forward(run.network, X).a[2] > (0.5 if output == "sigmoid" else 0)
    assert 0 < np.mean(above == labels) < 1
    assert run.history[-1]["validation_measure"] == "subset_accuracy"
    assert run.history[-1]["validation_score"] == np.mean((above == labels).all(axis=1))


def test_one_validation_row_has_no_r_squared() -> None:
    run = cr.train(net(), (X, NUMBERS), epochs=1, validation=(X[:1], NUMBERS[:1]))
    assert run.history[0]["validation_measure"] == "r_squared"
    assert np.isnan(run.history[0]["validation_score"])


def test_validation_of_a_single_class_is_read_in_the_terms_of_the_training_rows() -> None:
    one = CLASSES == 1
    run = cr.train(net(2, "softmax"), (X, TEXTS), rule=cr.adam(0.1), epochs=40, validation=(X[one], TEXTS[one]))
    assert run.history[-1]["validation_score"] == 1.0


def test_raw_rows_may_watch_over_a_scaled_dataset_and_train_its_network_on(same: Callable[..., bool]) -> None:
    data, table = cr.load_data("iris"), cr.read_table("iris")
    first = cr.train(
        cr.Network.random([4, 8, 3], output="softmax"), data, epochs=3, validation=(table.inputs, table.target)
    )
    scored = cr.score(first.network, table)
    assert first.history[-1]["validation_score"] == scored
    by_rows = cr.train(first.network, (table.inputs, table.target), epochs=2)
    by_data = cr.train(first.network, data, epochs=2)
    assert same(by_rows.network, by_data.network)
    assert cr.predict(by_rows.network, table)[0] in ("setosa", "versicolor", "virginica")


def test_validation_that_was_scaled_otherwise_is_refused() -> None:
    table = cr.read_table("iris")
    odd = cr.Preprocessing.fit(table.columns, table.inputs[::3], table.target[::3])
    with pytest.raises(cr.DataError, match="scaled or encoded otherwise"):
        cr.epochs(
            cr.Network.random([4, 3], output="softmax"),
            cr.load_data("iris"),
            validation=cr.Dataset.from_table(table, odd),
        )


@pytest.mark.parametrize(
    ("change", "error", "fragment"),
    [
        ({"y": NUMBERS, "data": cr.Dataset(X, NUMBERS)}, cr.DataError, "data has targets of its own"),
        ({"y": NUMBERS[:4], "data": X}, cr.ShapeError, "10 rows of inputs need as many targets"),
        ({"y": "quadratic", "cost": "huber"}, cr.SettingError, "two costs are given, 'quadratic' and cost='huber'"),
        ({"fixed": 3}, cr.SettingError, r"numbered 1…2, as fixed=\[1\]; got 3"),
        ({"fixed": [0]}, cr.SettingError, r"got \[0\]"),
        ({"fixed": True}, cr.SettingError, "got True"),
        ({"fixed": [1, 2]}, cr.SettingError, "nothing is left to train"),
        ({"epochs": 0}, cr.SettingError, "epochs is a whole number ≥ 1, got 0"),
        ({"epochs": True}, cr.SettingError, "got True"),
        ({"batch_size": -1}, cr.SettingError, "batch_size is a whole number ≥ 1"),
        ({"seed": -1}, cr.SettingError, "seed is a whole number ≥ 0, got -1"),
        ({"rule": "addam"}, cr.UnknownNameError, "did you mean 'adam'"),
        ({"cost": "quadratik"}, cr.UnknownNameError, "did you mean 'quadratic'"),
        ({"engine": "refrence"}, cr.UnknownNameError, "did you mean 'reference'"),
        ({"cost": "cross_entropy", "network": net(2, "tanh")}, cr.PairError, "softmax or identity"),
        ({"data": X}, cr.DataError, r"as \(x, y\)"),
        ({"data": (X, NUMBERS[:4])}, cr.ShapeError, "need as many targets"),
        ({"data": (X[:, :2], NUMBERS)}, cr.ShapeError, "the data has 2 inputs a row and the network"),
        ({"data": cr.load_data("iris")}, cr.ShapeError, "the data has 4 inputs a row and the network"),
        ({"data": (X, NUMBERS * 1e300)}, cr.DataError, "row 0 of the targets"),
        ({"data": (X, NUMBERS, -np.ones(10))}, cr.DataError, "weights are finite numbers ≥ 0"),
        ({"validation": (X[:, :2], NUMBERS)}, cr.ShapeError, "the data has 2 inputs"),
        ({"network": net(2, "softmax"), "data": (X, NUMBERS[:, 0])}, cr.DataError, "column of fractions"),
        ({"network": net(3, "softmax"), "data": (X, TEXTS)}, cr.DataError, "2 classes .* 3 outputs"),
        ({"cost": "binary_cross_entropy"}, cr.DataError, "needs 0 ≤ y ≤ 1"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_it_begins(change: Any, error: Any, fragment: str) -> None:
    given = {"network": net(dtype="float32"), "data": (X, NUMBERS), **change}
    with pytest.raises(error, match=fragment):
        cr.epochs(**given)


# leaving the numbers ------------------------------------------------------------------------------------------------
def diverging(
    start: cr.Network, data: Any, rule: cr.Rule, cost: str | cr.Cost | None = None, epochs: int = 50, size: int = 2
) -> cr.DivergenceError:
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(start, data, cost, rule, epochs=epochs, batch_size=size, seed=3)
    return caught.value


@by_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_huge_learning_rate_stops_and_gives_back_the_last_good_network(rule: cr.Rule, dtype: str) -> None:
    rate = 1e6 if rule.name != "adam" else float(np.sqrt(np.finfo(dtype).max))
    huge = {"delta_rule": cr.delta_rule, "momentum": cr.momentum, "adam": cr.adam}[rule.name](rate)
    start = net(dtype=dtype, hidden="relu")
    error = diverging(start, (X, NUMBERS), huge, "quadratic")
    assert "diverged at step" in str(error)
    assert "layer" in str(error)
    assert error.run.network.parameters.is_finite()
    assert bits(error.run.network) == bits(start)
    assert error.run.report.ended in str(error)
    json.dumps(error.run.report.to_json(), allow_nan=False)


def step_by_hand(start: cr.Network, data: Any, rule: cr.Rule, cost: cr.Cost, size: int) -> int:
    """The number of the first step of the delta rule whose cost or whose outcome is not finite, without an engine."""
    network, rng, number = start, np.random.default_rng(3), 0
    while True:
        for batch in batches(epoch_order(len(data[0]), size, rng)):
            number, x, y = number + 1, data[0][batch], data[1][batch]
            with np.errstate(all="ignore"):
                moved = network.parameters + cr.gradient(network, x, y, cost) * -rule.learning_rate
                if not (np.isfinite(cr.cost(network, x, y, cost)) and moved.is_finite()):
                    return number
            network = network.with_parameters(moved)


@pytest.mark.parametrize("rate", [3.0, 30.0, 1e4, 1e30])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", ["leaky_relu", "identity", "softplus"])
def test_the_step_that_is_named_is_the_first_that_leaves_the_numbers(rate: float, dtype: str, hidden: str) -> None:
    start, rule, data = net(dtype=dtype, hidden=hidden), cr.delta_rule(rate), (X, NUMBERS * 10)
    error = diverging(start, data, rule)
    expected = step_by_hand(start, data, rule, cr.squared_error(half=True), 2)
    assert f"diverged at step {expected} (epoch {math.ceil(expected / 5)})" in str(error)


def linear(w: float, dtype: str = "float64") -> cr.Network:
    return cr.Network([np.array([[w]], dtype)], [np.zeros(1, dtype)], "identity")


ONE = np.ones((4, 1))


@pytest.mark.parametrize(
    ("start", "data", "rule", "fragment"),
    [
        # 1e25 squared is beyond float32, while its slope is not
        (linear(1e25, "float32"), (ONE, ONE), cr.delta_rule(0.1), "step 1 .*the cost overflowed, with outputs of layer 1"),
        # the product of two layers is
        (
            cr.Network([np.full((1, 1), 1e30, "float32")] * 2, None, "identity"),
            (ONE, ONE),
            cr.delta_rule(0.1),
            r"step 1 \(epoch 1\): z of layer 2 became NaN or infinite \(2 of 2 values\)",
        ),
        # slope 1e15, a move of 1e45
        (linear(1e15, "float32"), (ONE, ONE), cr.delta_rule(1e30), "step 1 .*the weights of layer 1 became NaN or infinite"),
        # g² overflows in Adam's memory and would freeze the weight for good, without a trace in cost or weight
        (
            cr.Network([np.array([[1e-10]], "float32")], None, "identity"),
            (ONE * 1e30, ONE),
            cr.adam(1e-9),
            "step 1 .*the rule's square of the weights of layer 1 became NaN or infinite",
        ),
    ],
)  # fmt: skip
def test_what_left_the_numbers_is_named_with_its_layer(
    start: cr.Network, data: Any, rule: cr.Rule, fragment: str
) -> None:
    error = diverging(start, data, rule, "huber" if rule.name == "adam" else "quadratic")
    assert bits(error.run.network) == bits(start)
    assert re.search(fragment, str(error)), str(error)


@on_the_reference_engine
def test_where_the_reference_engine_stays_finite_the_engine_that_did_not_is_named(engine: Engine) -> None:
    def overflows(state: Any, order: np.ndarray, rates: np.ndarray) -> Steps:
        """As one does that keeps its numbers in 16 bits."""
        taken = ReferenceEngine.run(engine, state, order[:2], rates[:2])
        return Steps(np.append(taken.costs, np.inf), 2)

    engine.run = overflows  # type: ignore[method-assign]
    error = diverging(net(), (X, NUMBERS), cr.delta_rule(0.1))
    assert "at step 3 (epoch 1): numbers became NaN or infinite on the reference engine, and not on the" in str(error)


def test_a_weight_that_hides_behind_a_saturated_unit_is_found_at_its_own_step() -> None:
    """σ(∞) = 1 with slope 0: neither a cost nor a gradient shows the step at which the weight left."""
    start = cr.Network([[[0.0]]], None, "sigmoid")
    targets = np.full((64, 1), 0.5)  # met exactly, so that nothing moves before the one row that is not
    targets[8] = 1.0
    place = epoch_order(64, 1, np.random.default_rng(3))[:, 0].tolist().index(8)
    assert 5 < place < 60
    error = diverging(start, (np.full((64, 1), 100.0), targets), cr.delta_rule(1e308), epochs=1, size=1)
    assert f"diverged at step {place + 1} (epoch 1): the weights of layer 1 became NaN or infinite" in str(error)


def test_a_late_divergence_gives_back_the_network_of_the_lowest_cost() -> None:
    """The first weight is learnt; the second swings wider with each step, from a millionth on."""
    start = cr.Network([[[0.0, 0.0]]], None, "identity")
    seen: list[cr.Epoch] = []
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(
            start,
            ([[1.0, 0.0], [0.0, 3.0]], [[1.0], [3e-6]]),
            rule=cr.delta_rule(0.9),
            epochs=2000,
            watch=seen.append,
        )
    error = caught.value
    best = (
        min(seen, key=lambda epoch: epoch.cost).number - 1
    )  # the cost of an epoch of one step is that before its move
    assert 5 < best < len(seen) / 2
    assert f"(epoch {len(seen) + 1})" in str(error)
    assert f"the network after epoch {best} is kept" in str(error)
    assert bits(error.run.network) == bits(seen[best - 1].network)
    assert len(error.run.history) == len(seen)


@pytest.mark.parametrize("size", [4, 12])
@pytest.mark.parametrize("rate", [3.0, 30.0])
def test_a_first_epoch_that_overshoots_is_not_given_back(rate: float, size: int, engine: Engine) -> None:
    """Each epoch is worse than the one before, long before a number becomes infinite."""
    x = np.linspace(-1, 1, 12)[:, None]
    start, seen = cr.Network.random([1, 4, 1], "relu", seed=0), []
    with pytest.raises(cr.DivergenceError, match="the network as it was before training is kept") as caught:
        cr.train(start, x, 3 * x, cr.delta_rule(rate), 300, size, watch=seen.append)
    assert len(seen) > 1
    assert bits(caught.value.run.network) == bits(start)


def test_a_divergence_gives_back_the_network_that_best_asks_for() -> None:
    """The cost of the rows that are learnt rises from the first step on; the watched row is met better at first."""
    start, watched = linear(0.0), (ONE[:1], 20 * ONE[:1])
    seen: list[cr.Epoch] = []
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(start, ONE, ONE, cr.delta_rule(2.1), 3000, validation=watched, best="cost", watch=seen.append)
    best = min(seen, key=lambda epoch: epoch.validation_cost)
    assert 1 < best.number < len(seen)
    assert f"the network after epoch {best.number} is kept" in str(caught.value)
    assert bits(caught.value.run.network) == bits(best.network)


def test_a_watched_row_that_leaves_the_numbers_stops_nothing_and_stays_out_of_the_report() -> None:
    far = (np.full((1, 1), 1e30), np.zeros((1, 1)))
    run = cr.train(linear(1.0, "float32"), (ONE, ONE), epochs=1, validation=far)
    assert run.history[0]["validation_cost"] == np.inf
    assert "Infinity" not in json_text(run.report.to_json())
    assert run.report.ended == "finished"


def test_numbers_that_are_classes_are_answered_as_classes() -> None:
    """0 and 1 under binary_cross_entropy, and one-hot rows, are classes although nobody gave them names."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 2))
    y = (x[:, 0] > 0).astype(int)
    net = cr.train(cr.Network.random([2, 4, 1], "tanh", "sigmoid"), (x, y), "binary_cross_entropy", epochs=60).network
    assert set(cr.predict(net, x).tolist()) <= {0, 1}
    assert cr.score(net, x, y) > 0.8
    hinge = cr.train(cr.Network.random([2, 4, 2], "tanh"), (x, np.eye(2)[y]), "multiclass_hinge", epochs=60).network
    assert cr.score(hinge, x, y) > 0.8
