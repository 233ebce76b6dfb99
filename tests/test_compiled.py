"""The compiled engine: the numbers of the reference engine, by any number of threads, bit for bit the same."""

from __future__ import annotations

import _thread
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import HIDDEN, LEGAL

import chainrule as cr
from chainrule.costs import as_cost
from chainrule.data import epoch_order
from chainrule.data.network_rows import Rows
from chainrule.dropout import Dropout, _key, keys_of_steps
from chainrule.engines.choose import choose
from chainrule.engines.compiled import PACKS, CompiledEngine
from chainrule.engines.engine import Engine, Recipe
from chainrule.engines.native.layout import Memory, Panels, shapes_of
from chainrule.engines.reference import ReferenceEngine
from chainrule.regularization import Clip, Penalty

STEPS = 100
SLACK = {"float64": 1e-10, "float32": 1e-4}  # norm-wise by layer, after so many steps
RULES: dict[str, dict[str, Any]] = {
    "delta_rule": {"rule": cr.delta_rule(0.05)},
    "momentum": {"rule": cr.momentum(0.01), "penalty": Penalty(l1=1e-4, l2=1e-3)},
    "nesterov": {"rule": cr.nesterov(0.01), "clip": Clip(norm=0.5)},
    "rmsprop": {"rule": cr.rmsprop(1e-3, epsilon=1e-3), "dropout": Dropout((0.1, 0.3, 0.3), seed=2)},
    "adam": {"rule": cr.adam(1e-3, epsilon=1e-3), "clip": Clip(value=0.05)},
    "adamw": {"rule": cr.adamw(1e-3, epsilon=1e-3), "penalty": Penalty(decay=0.1)},
}
WIDE = [21, 35, 18, 17]  # no whole number of panels in either type


def problem(
    hidden: str, output: str, cost: str, dtype: str, sizes: list[int] = WIDE, rows: int = 90
) -> tuple[cr.Network, Rows, cr.Cost]:
    """A network and rows it can learn a little of."""
    rng = np.random.default_rng(len(hidden) + 7 * len(cost))
    network = cr.Network.random(sizes, hidden, output, seed=3, dtype=dtype)
    x = rng.standard_normal((rows, sizes[0])).astype(dtype)
    y = rng.random((rows, sizes[-1]))
    made = as_cost(cost)
    if made.targets in ("probabilities", "one-hot"):
        y = np.eye(sizes[-1])[rng.integers(0, sizes[-1], rows)]
    return network, Rows(x, y.astype(dtype), rng.random(rows) + 0.5), made


def after(
    engine: Engine, recipe: Recipe, network: cr.Network, rows: Rows, batch: int, threads: int = 1, count: int = STEPS
) -> Any:
    """(costs, weights and biases) after so many steps."""
    rng = np.random.default_rng(0)
    orders = [epoch_order(len(rows), batch, rng) for _ in range(count)]
    order = np.concatenate(orders)[:count]
    state = engine.start(recipe, network, rows)
    if isinstance(engine, CompiledEngine):
        state.pace.parts = lambda steps, most: [(0, steps, threads)]
    steps = engine.run(state, order, np.full(len(order), recipe.rule.learning_rate))
    assert steps.first_bad is None
    return steps.costs, engine.network(state).parameters


@pytest.mark.parametrize("dtype", SLACK)
@pytest.mark.parametrize(("hidden", "pair", "rule"), [
    (hidden, LEGAL[i % len(LEGAL)], list(RULES)[i % len(RULES)]) for i, hidden in enumerate(HIDDEN * 3)
])  # fmt: skip
def test_it_agrees_with_the_reference_engine_after_a_hundred_steps(
    hidden: str, pair: tuple[str, str], rule: str, dtype: str
) -> None:
    network, rows, cost = problem(hidden, *pair, dtype)
    recipe = Recipe(cost, **RULES[rule])
    costs, found = after(CompiledEngine(), recipe, network, rows, 13)
    right_costs, right = after(ReferenceEngine(), recipe, network, rows, 13)
    np.testing.assert_allclose(costs, right_costs, rtol=SLACK[dtype] * 10)
    for mine, theirs in zip(found.arrays(), right.arrays()):
        assert mine.dtype == dtype
        assert np.linalg.norm(mine - theirs) <= SLACK[dtype] * np.linalg.norm(theirs)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("batch", [1, 7, 40, 300])
def test_the_number_of_threads_changes_no_bit(rule: str, batch: int) -> None:
    network, rows, cost = problem("relu", "softmax", "cross_entropy", "float32", [70, 67, 36, 10], 600)
    recipe = Recipe(cost, **RULES[rule])
    costs, found = after(CompiledEngine(), recipe, network, rows, batch)
    for threads in (2, 3):
        other_costs, other = after(CompiledEngine(), recipe, network, rows, batch, threads)
        assert np.array_equal(costs, other_costs)
        assert np.array_equal(found.flat(), other.flat())


def test_more_rows_and_inputs_at_a_time_than_are_summed_at_once() -> None:
    network, rows, cost = problem("tanh", "identity", "quadratic", "float64", [600, 9, 300, 5], 700)
    recipe = Recipe(cost, cr.delta_rule(0.01))
    costs, found = after(CompiledEngine(), recipe, network, rows, 640)
    right_costs, right = after(ReferenceEngine(), recipe, network, rows, 640)
    np.testing.assert_allclose(costs, right_costs, rtol=1e-10)
    np.testing.assert_allclose(found.flat(), right.flat(), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("rule", ["delta_rule", "nesterov", "adam"])
@pytest.mark.parametrize("batch", [11, 90, 300])
@pytest.mark.parametrize("dtype", SLACK)
def test_rows_that_are_packed_make_no_difference(rule: str, batch: int, dtype: str) -> None:
    sizes = [37, 805, 811, 5] if dtype == "float32" else [37, 421, 811, 5]
    assert min(shape.panels for shape in shapes_of(sizes, dtype)[:2]) >= 2 * PACKS  # by two threads, too
    network, rows, cost = problem("relu", "softmax", "cross_entropy", dtype, sizes, 500)
    recipe = Recipe(cost, **RULES[rule])
    right_costs, right = after(ReferenceEngine(), recipe, network, rows, batch, count=4)
    costs, found = after(CompiledEngine(), recipe, network, rows, batch, count=4)
    np.testing.assert_allclose(costs, right_costs, rtol=SLACK[dtype] * 10)
    for mine, theirs in zip(found.arrays(), right.arrays()):
        assert np.linalg.norm(mine - theirs) <= SLACK[dtype] * np.linalg.norm(theirs)
    for threads in (2, 3):
        other_costs, other = after(CompiledEngine(), recipe, network, rows, batch, threads, count=4)
        assert np.array_equal(costs, other_costs)
        assert np.array_equal(found.flat(), other.flat())


@pytest.mark.parametrize("dtype", SLACK)
def test_numbers_go_into_panels_and_come_back(dtype: str) -> None:
    network = cr.Network.random(WIDE, "tanh", seed=1, dtype=dtype, bias=["layer", "neuron", "none"])
    given = network.parameters
    panels = Panels(Memory(), shapes_of(WIDE, dtype), dtype, 2)
    panels.write(given.flat(), given, 1)
    assert np.array_equal(panels.read(given, 1), given.flat())
    assert not panels.read(given, 0).any()
    assert all(part.ctypes.data % 64 == 0 for part in (*panels.weights, *panels.biases))


def test_the_keys_of_many_steps_are_those_of_each() -> None:
    steps = np.array([1, 2, 77, 10**9])
    assert keys_of_steps(5, steps, 2).tolist() == [_key(5, step, 2) for step in steps.tolist()]


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {"rule": "momentum"},
    "all": {
        "rule": "adamw", "dropout": 0.3, "clip_norm": 0.5, "l2": 1e-3, "schedule": "cosine", "best": "cost",
        "class_weight": "balanced", "fixed": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("dtype", SLACK)
def test_a_run_that_is_resumed_has_the_bits_of_one_that_never_stopped(
    settings: dict[str, Any], dtype: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((203, 12)), rng.integers(0, 3, 203)
    network = cr.Network.random([12, 20, 3], "tanh", "softmax", seed=1, dtype=dtype)
    given = {"validation": 0.2, "seed": 4, "engine": "compiled", "batch_size": 16, "epochs": 6, **settings}
    whole = cr.train(network, x, y, **given)
    assert whole.report.engine == "compiled"
    cr.train(network, x, y, **given, watch=lambda epoch: epoch.number == 2, checkpoint=tmp_path / "run")
    rest = cr.resume(tmp_path / "run", x, y)
    assert np.array_equal(rest.network.parameters.flat(), whole.network.parameters.flat())
    seconds = {"seconds": 0}
    assert [facts | seconds for facts in rest.history] == [facts | seconds for facts in whole.history]


def test_rows_that_stay_in_a_file_train_to_the_same_bits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((500, 12)).astype("float32"), rng.random((500, 2))
    np.save(tmp_path / "x.npy", x)
    network = cr.Network.random([12, 20, 2], "tanh", seed=1)
    runs = [
        cr.train(network, rows, y, batch_size=30, epochs=2, engine="compiled")
        for rows in (x, np.load(tmp_path / "x.npy", mmap_mode="r"), np.asfortranarray(x))
    ]
    for run in runs[1:]:
        assert np.array_equal(run.network.parameters.flat(), runs[0].network.parameters.flat())


@pytest.mark.parametrize("size", [1e160, 1e-3])
def test_a_gradient_is_shortened_even_where_its_squares_are_beyond_the_largest_float(size: float) -> None:
    network = cr.Network.random([2, 3, 1], "tanh", seed=0, dtype="float64")
    rows = Rows(np.ones((4, 2)), np.full((4, 1), size))
    recipe = Recipe(as_cost("quadratic"), cr.delta_rule(0.5), clip=Clip(norm=1e-4))
    ends = []
    for engine in (CompiledEngine(), ReferenceEngine()):
        state = engine.start(recipe, network, rows)
        steps = engine.run(state, np.arange(4)[None], np.array([0.5]))
        ends.append(engine.network(state).parameters.flat())
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-12)
    assert steps.first_bad is None or size > 1e154  # the cost itself is beyond it


def by_three_threads() -> tuple[CompiledEngine, Any]:
    network, rows, cost = problem("relu", "softmax", "cross_entropy", "float32", [70, 67, 36, 10], 600)
    engine = CompiledEngine()
    state = engine.start(Recipe(cost, cr.delta_rule(0.1)), network, rows)
    state.pace.parts = lambda steps, most: [(0, steps, 3)]
    return engine, state


def a_few_steps(engine: CompiledEngine, state: Any) -> bytes:
    engine.run(state, epoch_order(600, 20, None), np.full(30, 0.1))
    return engine.network(state).parameters.flat().tobytes()


def ends(state: Any) -> bool:
    """Whether all threads of a run end, within seconds."""
    for _ in range(500):
        if not state.team._there:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("can't start new thread")])
def test_a_thread_that_does_not_start_changes_nothing(error: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = a_few_steps(*by_three_threads())
    engine, state = by_three_threads()
    real, started = _thread.start_new_thread, []

    def start(function: Any, arguments: tuple[Any, ...]) -> int:
        if started:
            raise error
        started.append(arguments)
        return real(function, arguments)

    monkeypatch.setattr("chainrule.engines.native.team._thread.start_new_thread", start)
    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            a_few_steps(engine, state)
        monkeypatch.undo()
    assert a_few_steps(engine, state) == wanted
    assert ends(state)


def test_threads_that_rest_are_woken_and_end() -> None:
    (engine, state), (_, alone) = by_three_threads(), by_three_threads()
    alone.pace.parts = lambda steps, most: [(0, steps, 1)]
    for wait in (0.0, 0.001, 0.01, 0.2):  # meanwhile they spin, give way, sleep, have ended
        time.sleep(wait)
        assert a_few_steps(engine, state) == a_few_steps(engine, alone)
    assert ends(state)


def test_auto_goes_by_the_size_of_the_work_alone() -> None:
    network = cr.Network.random([784, 100, 10], "relu", "softmax")
    recipe = Recipe(as_cost("cross_entropy"), cr.adam())
    assert choose("auto", recipe, network, steps=1000, rows=32_000).name == "reference"
    assert choose("auto", recipe, network, steps=30_000, rows=960_000).name == "compiled"


def branching(z: Any) -> Any:
    """Its branch is not known before there are numbers."""
    return z if np.all(z > 1e6) else z * np.tanh(z)


def test_auto_says_once_where_a_long_run_takes_the_slower_engine() -> None:
    network = cr.Network.random([784, 100, 10], cr.activation(branching, "once"), "softmax")
    recipe = Recipe(as_cost("cross_entropy"), cr.adam())
    with pytest.warns(
        cr.EngineWarning, match="slower here: the compiled engine has no native code for your own activation"
    ):
        assert choose("auto", recipe, network, steps=30_000, rows=960_000).name == "reference"
    assert choose("auto", recipe, network, steps=30_000, rows=960_000).name == "reference"  # a warning is an error here


def test_it_says_what_it_has_no_code_for() -> None:
    network = cr.Network.random([2, 2, 1], [cr.activation(branching, "wave")], seed=0)
    recipe = Recipe(as_cost("quadratic"), cr.adam())
    assert "your own activation wave, whose form calls np.all" in str(CompiledEngine().refuses(recipe, network))
    with pytest.raises(cr.SettingError, match=r"compiled engine has no native code.*wave.*engine='reference'"):
        cr.train(network, np.zeros((4, 2)), np.ones((4, 1)), engine="compiled", epochs=1)


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("gap", [2.0, 20.0, 40.0])
def test_the_error_of_a_saturated_softmax_keeps_its_digits(gap: float, dtype: str, engine: str) -> None:
    """δ = a ⊙ (v − Σ v·a), v counted from the largest a (S2.18): biases of zero become −δ in one step with η = 1."""
    z = np.array([-1.0, gap, 0.0])
    network = cr.Network([z[:, None].astype(dtype)], [np.zeros(3, dtype)], "softmax")
    run = cr.train(
        network, np.ones((1, 1)), np.array([[1.0, 0.0, 0.0]]), cost="quadratic", rule=cr.delta_rule(1.0),
        epochs=1, batch_size=1, engine=engine,
    )  # fmt: skip
    e = np.exp(z - gap)
    a = e / e.sum()
    v = a - [1, 0, 0]
    right = [sum(a[j] * a[i] * (v[j] - v[i]) for i in range(3)) for j in range(3)]
    assert run.network.biases[1] == pytest.approx(np.negative(right), rel=50 * float(np.finfo(dtype).eps), abs=0)
