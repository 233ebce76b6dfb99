"""What is "auto" in the estimators: what it comes to, and how good that is."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from networks import PROOF

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

import estimators as benchmark

from chainrule.aligned import laid_out
from chainrule.defaults import LARGE
from chainrule.estimators import NetworkClassifier, NetworkRegressor, columns
from chainrule.estimators.columns import moments
from chainrule.estimators.defaults import decided
from chainrule.schedules import Schedule

AUTO = dict.fromkeys(
    ("hidden_layer_sizes", "batch_size", "early_stopping", "learning_rate", "learning_rate_init", "alpha"), "auto"
)
GIVEN = {**AUTO, "solver": "adam", "loss": "squared_error", "standardize": True}


def rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 2))
    return x, x[:, 0] + np.sin(x[:, 1])


def test_few_rows_are_all_learnt_from_by_a_small_network():
    x, y = rows(300)
    model = NetworkRegressor(random_state=0, max_iter=30, tol=0.1).fit(x, y)
    assert model.network_.sizes == (2, 100, 1)
    assert model.validation_scores_ is None
    assert model.chosen_ == {
        "hidden_layer_sizes": (100,), "batch_size": 32, "early_stopping": False, "learning_rate": "constant",
        "learning_rate_init": 0.001, "alpha": pytest.approx(0.32),
    }  # fmt: skip


def test_of_many_rows_a_tenth_is_watched_and_the_rate_falls_on_a_plateau():
    x, y = rows(LARGE)
    model = NetworkRegressor(random_state=0, max_iter=4, tol=10.0, n_iter_no_change=1, engine="reference").fit(x, y)
    assert model.network_.sizes == (2, 64, 32, 1)
    assert len(model.validation_scores_) == model.n_iter_
    assert model.t_ == model.n_iter_ * LARGE * 9 // 10
    chosen = dict(model.chosen_)
    assert isinstance(chosen.pop("learning_rate"), Schedule)
    assert chosen == {
        "hidden_layer_sizes": (64, 32), "batch_size": 256, "early_stopping": True, "learning_rate_init": 0.003,
        "alpha": pytest.approx(0.128),
    }  # fmt: skip


def test_what_is_given_is_taken():
    x, y = rows(60)
    given = {
        "hidden_layer_sizes": (3,),
        "batch_size": 7,
        "early_stopping": True,
        "alpha": 0.5,
        "learning_rate": "cosine",
        "learning_rate_init": 0.01,
    }
    model = NetworkRegressor(**given, max_iter=2, random_state=0).fit(x, y)
    assert model.chosen_ == {}
    assert model.network_.sizes == (2, 3, 1)


def test_where_rows_are_watched_the_rate_falls_on_a_plateau():
    x, y = rows(60)
    model = NetworkRegressor(max_iter=4, tol=1.0, n_iter_no_change=1, random_state=0)
    model.fit(x[:40], y[:40], X_val=x[40:], y_val=y[40:])
    assert model.chosen_["learning_rate"].name == "reduce_on_plateau"
    assert model.chosen_["early_stopping"] is True
    assert decided({**GIVEN, "early_stopping": True}, (60, 2), 60, None)["learning_rate"].name == "reduce_on_plateau"


def test_partial_fit_watches_nothing():
    x, y = rows(LARGE)
    model = NetworkClassifier(random_state=0, engine="reference").partial_fit(x, y > 0, classes=[False, True])
    assert model.chosen_["early_stopping"] is False
    assert model.chosen_["learning_rate"] == "constant"
    model.partial_fit(x[:50], y[:50] > 0)
    assert model.chosen_["hidden_layer_sizes"] == (64, 32)


def test_warm_start_keeps_its_layers():
    x, y = rows(LARGE)
    model = NetworkRegressor(
        warm_start=True, random_state=0, max_iter=4, tol=10.0, n_iter_no_change=1, engine="reference"
    )
    assert model.fit(x[:50], y[:50]).network_.sizes == (2, 100, 1)
    assert model.fit(x, y).network_.sizes == (2, 100, 1)
    assert model.chosen_["hidden_layer_sizes"] == (100,)


def test_lbfgs_takes_all_rows_at_once():
    found = decided({**GIVEN, "solver": "lbfgs"}, (LARGE, 2), LARGE, None)
    assert found["early_stopping"] is False
    assert found["alpha"] == pytest.approx(5)  # 5 / rows beside the mean cost
    assert "learning_rate_init" not in found


@pytest.mark.parametrize(
    ("shape", "layers"),
    [((9_999, 784), (100,)), ((10_000, 49), (64, 32)), ((10_000, 50), (256, 128)), ((100_000, 5), (256, 128))],
)
def test_a_larger_table_has_larger_layers(shape, layers):
    assert decided(GIVEN, shape, shape[0], None)["hidden_layer_sizes"] == layers


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        ({}, 0.003),
        ({"solver": "sgd"}, 0.001),
        ({"learning_rate": "constant"}, 0.001),
        ({"early_stopping": False}, 0.001),
    ],
)
def test_a_rate_that_will_fall_begins_higher_with_adam(given, rate):
    assert decided({**GIVEN, **given}, (LARGE, 2), LARGE, None)["learning_rate_init"] == rate
    assert decided({**GIVEN, **given}, (60, 2), 60, True)["learning_rate_init"] == 0.001


@pytest.mark.parametrize(("count", "batch"), [(999, 32), (1_000, 200), (9_999, 200), (10_000, 256)])
def test_a_small_table_has_small_batches(count, batch):
    assert decided(GIVEN, (count, 2), count, None)["batch_size"] == batch


@pytest.mark.parametrize(("count", "l2"), [(4, 0.01), (400, 0.01), (1000, 0.005), (100_000, 5e-5)])
def test_the_penalty_of_the_mean_cost_falls_with_the_rows(count, l2):
    found = decided(GIVEN, (count, 2), count, None)
    assert found["alpha"] / min(found["batch_size"], count) == pytest.approx(l2)


@pytest.mark.parametrize("given", [{"loss": "huber"}, {"standardize": False}, {"loss": abs}, {"class_weight": None}])
def test_where_the_scale_of_the_cost_is_not_known_the_penalty_is_scikit_learns(given):
    assert decided({**GIVEN, **given}, (100, 2), 100, None)["alpha"] == 1e-4
    assert decided({**GIVEN, "loss": "log_loss", "class_weight": None}, (100, 2), 100, None)["alpha"] == pytest.approx(
        0.32
    )


def test_a_row_of_weight_2_is_penalised_as_two_rows():
    """How alpha scales with weights, where it is "auto" (W3)."""
    x, y = rows(600)
    settings = {"max_iter": 1, "learning_rate": "cosine", "batch_size": 200, "random_state": 0}
    doubled = NetworkRegressor(**settings).fit(x, y, sample_weight=np.full(600, 2.0))
    repeated = NetworkRegressor(**settings).fit(np.tile(x, (2, 1)), np.tile(y, 2))
    assert doubled.chosen_["alpha"] == pytest.approx(repeated.chosen_["alpha"])
    assert repeated.chosen_["alpha"] < NetworkRegressor(**settings).fit(x, y).chosen_["alpha"]


def test_means_and_deviations_do_not_depend_on_how_many_rows_are_taken_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(3, 2, (57, 3)), rng.random(57)
    x[:, 2] = 1
    monkeypatch.setattr(columns, "NUMBERS", 30)
    mean, scale = moments(x, weight)
    expected = np.average(x, axis=0, weights=weight)
    np.testing.assert_allclose(mean, expected, rtol=1e-13)
    np.testing.assert_allclose(
        scale[:2], np.sqrt(np.average((x - expected) ** 2, axis=0, weights=weight))[:2], rtol=1e-13
    )
    assert scale[2] == 1


def measured(scores: list[float], cpu: float) -> dict[str, dict[str, float | int]]:
    return {str(seed): {"score": score, "seconds": cpu, "cpu": cpu, "epochs": 9} for seed, score in enumerate(scores)}


def test_the_benchmark_compares_seed_by_seed_with_the_better_of_the_two() -> None:
    """The means of both vary by 0.1 from seed to seed, and their difference by nothing."""
    results = {
        "chainrule": measured([0.7, 0.8, 0.9], 2),
        "MLP": measured([0.1, 0.2, 0.3], 1),
        "MLP scaled": measured([0.71, 0.81, 0.91], 8),
    }
    found = benchmark.comparison(("wine", {"rows": 10, "results": results}))
    assert (found.peer, found.faster) == ("MLP scaled", 4)
    assert found.difference == pytest.approx(-0.01)
    assert found.error == pytest.approx(0, abs=1e-12)
    assert found.is_worse
    assert benchmark.comparison(("wine", {"results": {"chainrule": results["chainrule"]}})) is None


def test_the_benchmark_prints_who_is_better_and_what_is_absent() -> None:
    better, equal = measured([0.9, 0.8], 1), measured([0.7, 0.9], 1)
    found = {
        "machine": {"date": "2026-11-30", "processor": "a processor", "cores": [0], "python": "3.11", "numpy": "2.0"},
        "versions": {"sklearn": "1.9"}, "contestants": ["chainrule", "MLP", "LightGBM"],
        "sets": {"wine": {"rows": 178, "results": {"chainrule": better, "MLP": equal}}},
        "absent": {"diamonds": "pip install plotnine"},
    }  # fmt: skip
    text = "\n".join(laid_out(benchmark.report(found), benchmark.WIDTH))
    assert "0.8500 ± 0.050" in text
    assert "no worse on all 1; a higher mean on 1 of 1" in text
    assert "left out: diamonds: pip install plotnine" in text


@pytest.mark.skipif(not PROOF, reason="trains for a minute: CHAINRULE_PROOF=1")
def test_the_defaults_are_no_worse_than_scikit_learns_on_small_tables(tmp_path):
    """Of six seeds other than those of the docs, the mean is no more than one standard error below the better of its two."""
    script = Path(__file__).parents[1] / "benchmarks" / "estimators.py"
    seeds, sets = "200,201,202,203,204,205", ("digits", "breast_cancer", "wine", "diabetes")
    command = [
        sys.executable,
        str(script),
        "--only",
        ",".join(sets),
        "--seeds",
        seeds,
        "--contestants",
        "chainrule,MLP,MLP scaled",
    ]
    subprocess.run([*command, "--output", str(tmp_path / "found.json")], check=True, capture_output=True)
    shown = subprocess.run(
        [sys.executable, str(script), "--show", str(tmp_path / "found.json")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "no worse on all 4" in shown
