"""A user's own activations and costs in native code: the numbers of the reference engine, or a reason why there are none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import crossed
from test_compiled import RULES, SLACK, STEPS, after, branching
from test_own_forms import COSTS as SOME_COSTS
from test_own_forms import OWN, POINTS

import chainrule as cr
from chainrule.activations import Activation, identity
from chainrule.costs import ANY, Cost, as_cost
from chainrule.data.network_rows import Rows
from chainrule.dropout import Dropout
from chainrule.dual import Dual
from chainrule.engines.choose import choose
from chainrule.engines.compiled import CompiledEngine
from chainrule.engines.engine import Recipe
from chainrule.engines.native import own_code, recorded
from chainrule.engines.native.recorded import Recorded, Unrecorded
from chainrule.engines.reference import ReferenceEngine


def in_place(z: Any) -> Any:
    e = np.exp(-z)
    e += 1
    return z / e


WEIGHTS = np.array([1.0, 0.5, 2.0])
ACTIVATIONS: dict[str, Activation] = {
    **OWN,
    "wave": cr.activation(lambda z, m: z * m.tanh(z), "wave"),
    "hard tanh": cr.activation(lambda z: np.minimum(np.maximum(z, -1.0), 1), "hard_tanh", kinks=(-1.0, 1.0)),
    "mask": cr.activation(lambda z: z * ((z > -1) & ~(z >= 1.0)), "mask", kinks=(-1.0, 1.0)),
    "gaussian": cr.activation(lambda z: np.exp(-np.square(z) / 2), "gaussian"),
    "sine": cr.activation(lambda z: np.sin(z) + 0.3 * np.cos(2 * z), "sine"),
    "gelu": cr.activation(lambda z, m: 0.5 * z * (1 + m.erf(z / np.sqrt(2))), "own_gelu"),
    "in place": cr.activation(in_place, "in_place"),
    "powers": cr.activation(lambda z: 0.1 * z**3 - z**2 / 4 + 2 ** (-abs(z)), "powers", kinks=(0.0,)),
}
UNBOUNDED = ("root", "cusp")  # their slope is beyond every bound near 0, where rounding is magnified step by step
COSTS: dict[str, Cost] = {
    **{name: cost for name, cost in SOME_COSTS.items() if cost.own and name != "weights"},
    "quartic": cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4), "quartic"),
    "cross entropy": cr.own_cost(lambda a, y, m: m.sum(y * (m.log_sum_exp(a) - a)), "own_cross_entropy"),
    "weighted": cr.own_cost(lambda a, y: ((a - y) ** 2) @ WEIGHTS, "weighted"),
    "elements": cr.own_cost(lambda a, y: (a[:, 0] - y[:, 1]) ** 2 + np.log1p(a[..., -1] ** 2), "elements"),
    "worst": cr.own_cost(lambda a, y, m: m.largest(abs(a - y)), "worst"),
    "pinball": cr.own_cost(lambda a, y: np.sum(np.where(y >= a, 0.9 * (y - a), 0.1 * (a - y)), axis=1), "pinball"),
    "twice": cr.own_cost(lambda a, y, m: m.sum(m.sum((a - y) ** 2)), "twice"),
    "spread": cr.own_cost(lambda a, y, m: m.sum(m.sum(a * a) + y * m.sum(a * y) + (a - m.sum(a) / 3) ** 2), "spread"),
    "norm": cr.own_cost(lambda a, y, m: m.sqrt(1 + m.sum((a - y) ** 2)), "norm"),
}


def problem(sizes: list[int], hidden: Any, output: Any, dtype: str) -> tuple[cr.Network, Rows]:
    rng = np.random.default_rng(5)
    network = cr.Network.random(sizes, hidden, output, seed=3, dtype=dtype)
    x, y = rng.standard_normal((60, sizes[0])), rng.random((60, sizes[-1]))
    return network, Rows(x.astype(dtype), y.astype(dtype), rng.random(60) + 0.5)


def check_agreement(recipe: Recipe, network: cr.Network, rows: Rows, count: int = STEPS) -> None:
    """With the reference engine, after a hundred steps; and of two threads with one, in every bit."""
    dtype = str(network.dtype)
    assert CompiledEngine().refuses(recipe, network) is None
    costs, found = after(CompiledEngine(), recipe, network, rows, 13, count=count)
    right_costs, right = after(ReferenceEngine(), recipe, network, rows, 13, count=count)
    np.testing.assert_allclose(costs, right_costs, rtol=SLACK[dtype] * 10)
    for mine, theirs in zip(found.arrays(), right.arrays()):
        assert mine.dtype == dtype
        assert np.linalg.norm(mine - theirs) <= SLACK[dtype] * np.linalg.norm(theirs)
    other_costs, other = after(CompiledEngine(), recipe, network, rows, 13, 2, count)
    assert np.array_equal(costs, other_costs)
    assert np.array_equal(found.flat(), other.flat())


@pytest.mark.parametrize(
    ("name", "rule", "dtype"),
    [(*pair, dtype) for pair, dtype in crossed(zip(ACTIVATIONS, list(RULES) * 4, strict=False), list(SLACK), 1)],
)
def test_an_own_activation_trains_to_the_numbers_of_the_reference_engine(name: str, rule: str, dtype: str) -> None:
    network, rows = problem([7, 11, 9, 3], [ACTIVATIONS[name], "tanh"], ACTIVATIONS["double"], dtype)
    check_agreement(
        Recipe(cr.squared_error(half=True), **RULES[rule]), network, rows, STEPS if name not in UNBOUNDED else 20
    )


@pytest.mark.parametrize(("name", "dtype"), crossed(COSTS, list(SLACK), 1))
def test_an_own_cost_trains_to_the_numbers_of_the_reference_engine(name: str, dtype: str) -> None:
    network, rows = problem([7, 11, 3], "tanh", "sigmoid", dtype)
    check_agreement(Recipe(COSTS[name], cr.momentum(0.01)), network, rows)


@pytest.mark.parametrize("dtype", SLACK)
@pytest.mark.parametrize("cost", ["absolute_error", "log_cosh", "poisson"])
def test_a_built_in_cost_without_native_code_is_compiled_from_its_form(cost: str, dtype: str) -> None:
    """Its output too: an exponential, in a hidden layer as well."""
    network, rows = problem([7, 11, 5, 3], ["exponential", "tanh"], "exponential", dtype)
    check_agreement(Recipe(as_cost(cost), cr.momentum(0.003)), network, rows, count=50)


def test_auto_takes_native_code_for_a_long_run_with_own_forms() -> None:
    network = cr.Network.random([784, 100, 10], ACTIVATIONS["wave"], seed=0)
    assert choose("auto", Recipe(COSTS["quartic"], cr.adam()), network, steps=30_000, rows=960_000).name == "compiled"


@pytest.mark.parametrize("dtype", SLACK)
def test_own_activations_and_an_own_cost_in_one_network(dtype: str) -> None:
    sigma = [ACTIVATIONS["wave"], "softmax", ACTIVATIONS["where"]]
    network, rows = problem([21, 35, 18, 5, 3], sigma, ACTIVATIONS["mish"], dtype)
    check_agreement(
        Recipe(COSTS["weighted"], cr.adam(1e-3, epsilon=1e-3), dropout=Dropout((0, 0.2, 0, 0))), network, rows
    )


@pytest.mark.parametrize(("name", "dtype"), crossed(ACTIVATIONS, list(SLACK), 1))
def test_value_and_slope_are_those_of_the_form(name: str, dtype: str) -> None:
    sigma = ACTIVATIONS[name]
    z = np.concatenate([np.linspace(-7, 7, 99) + 0.0137, POINTS, sigma.kinks]).astype(dtype)
    value, slope, code = z.copy(), np.full_like(z, 2), own_code.of_activation(sigma, dtype)
    code("value", value, value, value)
    code("slope", z, slope, slope)
    near = 1e-9 if dtype == "float64" else 1e-6  # a few bits, and more where a form takes a small difference
    np.testing.assert_allclose(value, sigma.value(z), rtol=near, atol=1e-15)
    np.testing.assert_allclose(slope, 2 * sigma.slope(z), rtol=near, atol=1e-15)


@pytest.mark.parametrize(("name", "outputs"), crossed(COSTS, [1, 3, 20], 2))
def test_an_own_cost_and_its_slope_are_those_of_the_form(name: str, outputs: int) -> None:
    if outputs != 3 and name in ("weighted", "elements"):
        outputs = 3
    pair, rng = COSTS[name].pairs[ANY], np.random.default_rng(1)
    a, y = 3 * rng.standard_normal((9, outputs)), rng.random((9, outputs))
    code, slope = own_code.of_cost(COSTS[name], identity, outputs, "float64"), np.empty_like(a)
    np.testing.assert_allclose([code("cost", *rows) for rows in zip(a, y, slope)], pair.value(a, y), rtol=1e-12)
    np.testing.assert_allclose(slope, pair.slope(a, y), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh"])
def test_functions_that_become_vectors_are_those_of_numpy_to_a_few_last_bits(name: str) -> None:
    rng = np.random.default_rng(0)
    far = [
        0,
        np.inf,
        np.nan,
        5e-324,
        1e-310,
        2**-1022,
        1e-17,
        1 - 2**-53,
        1,
        2**0.5,
        2**-0.5,
        2,
        709.7,
        709.79,
        720,
        745,
        1e5,
        1e308,
    ]
    z = np.concatenate(
        [far, *(rng.standard_normal(999) * 10.0**power for power in (-3, 0, 2)), np.exp(rng.uniform(-700, 700, 999))]
    )
    z = np.concatenate([z, -z])
    value = z.copy()
    own_code._of_activation(recorded.activation(lambda z, m: getattr(m, name)(z)), "float64")(
        "value", value, value, value
    )
    with np.errstate(all="ignore"):
        right = getattr(np, name)(z)
        near = np.abs(value - right) <= 4 * np.spacing(np.abs(right))
    assert (near | (value == right) | (np.isnan(value) & np.isnan(right))).all()


def by_truth(z: Any) -> Any:
    return np.where(z > 0, 1.0, 0.5) * z if isinstance(z, np.ndarray) or not z.size or bool((z > 0)[0] + 1) else z


def by_kind(z: Any) -> Any:
    return np.tanh(z) if isinstance(z, (np.ndarray, Dual)) else np.sin(z)


REFUSED: dict[str, tuple[Any, str]] = {
    "np": (branching, r"calls np\.all"),
    "size": (by_truth, r"asks for \.size of an array"),
    "kind": (by_kind, "gives other numbers when it is recorded"),
    "out": (lambda z: np.multiply(z, 2, out=None if isinstance(z, Dual) else z * 0), "calls np.multiply with out="),
    "part": (lambda z: z[...] * 2, r"takes the part Ellipsis of an array"),
    "bool": (lambda z: z * 2 if not isinstance(z, Recorded) or z > 0 else z, "branches on a value"),
    "fails": (lambda z: z * 2 if not isinstance(z, Recorded) else {}["no"], "fails .*KeyError"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_form_that_cannot_be_recorded_is_refused_with_the_reason(name: str) -> None:
    form, reason = REFUSED[name]
    own = cr.activation(form, "odd", kinks=(0.0,))
    network = cr.Network.random([2, 2, 1], [own], seed=0)
    with pytest.raises(
        cr.SettingError, match=f"no native code for your own activation odd, whose form {reason}.*engine="
    ):
        cr.train(network, np.zeros((4, 2)), np.ones((4, 1)), engine="compiled", epochs=1)


def test_a_cost_of_many_outputs_is_compared_with_its_form_in_a_few_evaluations() -> None:
    calls = []

    def form(a: Any, y: Any) -> Any:
        calls.append(a)
        return np.sum((a - y) ** 2, axis=1)

    own = cr.own_cost(form)
    calls.clear()
    own_code.of_cost(own, identity, 200, "float64")
    assert len(calls) < 20


def test_a_cost_for_another_number_of_outputs_is_an_error_that_says_so() -> None:
    network = cr.Network.random([2, 4], "tanh", seed=0)
    with pytest.raises(cr.FormError, match=r"weighted.*fails on arrays of shape \(\d, 4\)"):
        cr.train(network, np.zeros((4, 2)), np.ones((4, 4)), cost=COSTS["weighted"], engine="compiled", epochs=1)


def test_a_cost_whose_slope_is_another_when_it_is_recorded_is_refused() -> None:
    def form(a: Any, y: Any, m: Any) -> Any:
        return m.sum((a - y) * (m.constant(a) - y if isinstance(a, Recorded) else a - y))

    with pytest.raises(Unrecorded, match="gives other numbers when it is recorded"):
        own_code.of_cost(cr.own_cost(form), identity, 7, "float32")


@pytest.mark.parametrize(("form", "reason"), [
    (lambda a, y: ((a - y) ** 2).T.sum(axis=0) if not isinstance(a, Recorded) else a.T, r"asks for \.T"),
    (lambda a, y: ((a - y) ** 2)[:, :1].sum(axis=1), "takes the part"),
    (lambda a, y: np.sum((a - np.mean(y)) ** 2, axis=1), r"calls np\.mean"),
    (lambda a, y: ((a - y) @ np.ones((2, 2))).sum(axis=1), "multiplies by a matrix"),
])  # fmt: skip
def test_a_cost_that_cannot_be_recorded_is_refused_with_the_reason(form: Any, reason: str) -> None:
    own = cr.own_cost(form, "odd")
    recipe, network = Recipe(own, cr.adam()), cr.Network.random([2, 2, 2], "tanh", seed=0)
    refusal = CompiledEngine().refuses(recipe, network)
    assert refusal is not None
    assert re.search(f"no native code for your own cost odd, whose form {reason}", refusal)


def test_a_run_with_own_forms_is_resumed_with_the_bits_of_one_that_never_stopped(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((203, 12)), rng.random((203, 3))
    network = cr.Network.random([12, 20, 3], ACTIVATIONS["mish"], ACTIVATIONS["wave"], seed=1)
    given: dict[str, Any] = {"cost": COSTS["quartic"], "seed": 4, "engine": "compiled", "batch_size": 16, "epochs": 6}
    whole = cr.train(network, x, y, **given)
    assert whole.report.engine == "compiled"
    cr.train(network, x, y, **given, watch=lambda epoch: epoch.number == 2, checkpoint=tmp_path / "run")
    own = {"activations": [ACTIVATIONS["mish"], ACTIVATIONS["wave"]], "costs": [COSTS["quartic"]]}
    rest = cr.resume(tmp_path / "run", x, y, **own)
    assert np.array_equal(rest.network.parameters.flat(), whole.network.parameters.flat())
