"""When training stops before its last epoch, which network is given back, and what a watcher is told."""

from __future__ import annotations

import json
import math
from itertools import islice
from typing import Any

import numpy as np
import pytest
from sloppy import SloppyEngine

import chainrule as cr
from chainrule.engines import choose
from chainrule.engines.engine import Engine
from chainrule.engines.reference import ReferenceEngine
from chainrule.json_text import json_text
from chainrule.run import Epoch
from chainrule.stopping import Gains, Stopping

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 6))
Y = X[:, :1] + RNG.standard_normal((40, 1))  # mostly noise: what is learnt by heart is of no use elsewhere
BESIDE = (RNG.standard_normal((30, 6)), RNG.standard_normal((30, 1)))
LABELS = np.where(Y[:, 0] > 0.8, "yes", "no")


@pytest.fixture(autouse=True, params=[ReferenceEngine, SloppyEngine], ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    made: Engine = request.param()
    monkeypatch.setitem(choose.NAMED, "reference", lambda: made)
    return made


def net(out: int = 1, output: str = "identity") -> cr.Network:
    return cr.Network.random([6, 16, out], "tanh", output, seed=1, dtype="float64")


def theta(network: cr.Network) -> np.ndarray:
    return network.parameters.flat()


# patience and the best network --------------------------------------------------------------------------------------
@pytest.mark.parametrize("best", ["cost", "score"])
def test_training_stops_when_patience_is_over_and_gives_back_the_best_network(best: str) -> None:
    seen: list[Epoch] = []
    run = cr.train(net(), X, Y, cr.adam(0.02), 400, validation=BESIDE, patience=7, best=best, watch=seen.append)
    worth = [-epoch.validation_cost if best == "cost" else epoch.validation_score for epoch in seen]
    first = int(np.argmax(worth))
    assert len(seen) == first + 1 + 7 < 400
    assert np.array_equal(theta(run.network), theta(seen[first].network))
    assert run.report.ended == f"stopped after epoch {len(seen)}: the validation {best} has not improved for 7 epochs"
    assert run.report.kept.startswith(f"epoch {first + 1} of {len(seen)}, whose validation {best} of ")
    assert run.report.kept in str(run.report)
    assert json.loads(json_text(run.report.to_json()))["settings"] == {"patience": 7, "best": best}


def test_the_last_network_is_given_back_where_that_is_asked_for() -> None:
    seen: list[Epoch] = []
    run = cr.train(net(), X, Y, cr.adam(0.02), 400, validation=BESIDE, patience=5, best="last", watch=seen.append)
    assert np.array_equal(theta(run.network), theta(seen[-1].network))
    assert run.report.kept == ""


def test_the_best_network_comes_back_without_patience_too() -> None:
    seen: list[Epoch] = []
    run = cr.train(net(), X, Y, cr.adam(0.02), 60, validation=BESIDE, best="cost", watch=seen.append)
    first = int(np.argmin([epoch.validation_cost for epoch in seen]))
    assert first < 59
    assert np.array_equal(theta(run.network), theta(seen[first].network))
    assert run.report.ended == "finished"


def test_without_validation_rows_training_stops_when_the_cost_no_longer_falls_by_tol() -> None:
    run = cr.train(net(), X, Y, cr.adam(0.02), 400, patience=4, tol=0.01)
    costs = [facts["cost"] for facts in run.history]
    gained = [cost <= min(costs[:number], default=math.inf) - 0.01 for number, cost in enumerate(costs)]
    assert gained[-5:] == [True, False, False, False, False]
    assert all(any(gained[number - 3 : number + 1]) for number in range(4, len(costs) - 1))
    ended = f"stopped after epoch {len(costs)}: the cost has not improved by 0.01 for 4 epochs"
    assert (run.report.ended, run.report.kept) == (ended, "")
    assert run.report.settings == {"patience": 4, "tol": 0.01}


@pytest.mark.parametrize(
    ("tol", "values", "without"),
    [
        (None, [3, 2, 2, 1], 0), (None, [3, 2, 2], 1), (0.0, [3, 2, 2], 0), (0.5, [3, 2.6, 2.2], 2),
        (0.5, [3, 2.5, 2.4, 1.9], 0), (None, [math.nan, math.nan], 2), (0.1, [1, math.nan, 0.5], 0), (0.1, [1, math.nan], 1),
    ],
)  # fmt: skip
def test_an_epoch_gains_where_it_is_below_the_lowest_before_it_by_tol(
    tol: float | None, values: list[float], without: int
) -> None:
    assert Gains(tol, zip(values)).without == without
    both = Gains(tol, zip([9.0] * len(values), values))
    assert both.without == min(without, Gains(tol, zip([9.0] * len(values))).without)


def test_with_tol_the_cost_of_few_validation_rows_counts_beside_their_score(monkeypatch: pytest.MonkeyPatch) -> None:
    how: dict[str, Any] = {"validation": BESIDE, "patience": 3, "best": "score", "tol": 1.0}
    both = cr.train(net(), X, Y, cr.adam(0.02), 400, **{**how, "tol": 1e-3}).report.ended
    assert both.endswith("neither validation score nor cost has improved by 0.001 for 3 epochs")
    values = Stopping(best="score", tol=0.1, few=True).values({"validation_cost": 0.5, "validation_score": 0.9})
    assert values == (-0.9, 0.5)
    monkeypatch.setattr("chainrule.settings.FEW_WATCHED", 30)
    alone = cr.train(net(), X, Y, cr.adam(0.02), 400, **how).report.ended
    assert alone == "stopped after epoch 4: the validation score has not improved by 1 for 3 epochs"


def test_a_share_of_the_rows_is_watched_and_not_learnt_from() -> None:
    run = cr.train(net(), X, Y, epochs=2, validation=0.25)
    assert run.report.rows == 30
    assert "validation_cost" in run.history[-1]
    with pytest.raises(cr.SettingError, match=r"a share of the rows between 0 and 1, as 0\.2; got 3"):
        cr.train(net(), X, Y, epochs=2, validation=3)


def test_a_share_keeps_the_proportions_of_the_classes() -> None:
    counts = [np.count_nonzero(label == LABELS) for label in ("no", "yes")]
    data = cr.Dataset(X, LABELS)
    rest, part = data.split(0.25, 0)
    assert [np.count_nonzero(part.targets == label) for label in ("no", "yes")] == [round(c / 4) for c in counts]
    by_share = cr.train(net(2, "softmax"), data, epochs=1, validation=0.25)
    by_hand = cr.train(net(2, "softmax"), rest, epochs=1, validation=part)
    assert by_share.history[0]["validation_cost"] == pytest.approx(by_hand.history[0]["validation_cost"], rel=1e-4)


def test_nan_is_never_the_best() -> None:
    stopping = Stopping(best="cost")
    assert stopping.is_better(1.0, 1.0, None)
    assert not stopping.is_better(math.nan, math.nan, None)
    assert not stopping.is_better(1.0, 1.0, (1.0, 1.0))


def test_of_equal_scores_that_of_the_lower_cost_is_better() -> None:
    stopping = Stopping(best="score")
    assert stopping.is_better(0.9, 1.0, (0.8, 0.5))
    assert stopping.is_better(0.9, 0.4, (0.9, 0.5))
    assert not stopping.is_better(0.9, 0.5, (0.9, 0.5))
    assert not stopping.is_better(0.8, 0.4, (0.9, 0.5))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patience": 3}, r"patience=3 watches rows that are not learnt from: give validation=\(x, y\), or a share"),
        ({"best": "score"}, "best='score' watches rows that are not learnt from"),
        ({"best": "score", "patience": 3, "tol": 0.1}, "best='score' watches rows that are not learnt from"),
        ({"patience": 3, "tol": -1}, "tol is a finite number ≥ 0, as 0.01, got -1"),
        ({"tol": 0.1}, "tol=0.1 is what epochs have to gain before patience is over: give patience=10 too"),
        ({"best": "bst", "validation": 0.1}, "unknown best 'bst'.*known are last, cost, score"),
        ({"patience": 0, "validation": 0.1}, "patience is a whole number ≥ 1, got 0"),
        ({"patience": 2.5, "validation": 0.1}, "patience is a whole number ≥ 1, got 2.5"),
        ({"max_time": 0}, "max_time is a time above 0: a number of seconds, or 90s, 10min, 1h30m; got 0"),
        ({"max_time": "1 fortnight"}, "max_time is a time above 0"),
        ({"dropout": 1.0}, r"dropout is a rate 0 ≤ p < 1 for the hidden layers.*got 1.0"),
        ({"dropout": [0.1, 0.2, 0.3]}, "one for the inputs and each hidden layer, here 2 in all"),
        ({"dropout": {2: 0.5}}, r"numbered 0…1, as \{0: 0.2\}; got \{2: 0.5\}"),
        ({"dropout": "0.5"}, "dropout is a rate"),
        ({"l2": -1}, "l2 is a finite number ≥ 0, as 0.01, got -1"),
        ({"l1": math.nan}, "l1 is a finite number ≥ 0"),
        ({"decay": True}, "decay is a finite number ≥ 0"),
        ({"clip_norm": 0}, "clip_norm is a finite number above 0, as 1.0, or None, got 0"),
        ({"penalize_biases": 1}, "penalize_biases is True or False, got 1"),
        ({"lr": 0.1}, r"lr belongs to the rule: rule=adam\(0.01\), in place of lr=0.01"),
        ({"dropuot": 0.1}, "unknown setting of train 'dropuot': did you mean 'dropout'"),
        ({"class_weight": "balanced"}, "class_weight='balanced' weights classes, and these targets are numbers"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_before_anything_is_learnt(settings: dict[str, Any], message: str) -> None:
    with pytest.raises((cr.SettingError, cr.UnknownNameError), match=message):
        cr.train(net(), X, Y, **settings)


# time, and a watcher that stops ------------------------------------------------------------------------------------
def test_no_epoch_is_begun_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**6, 1))
    monkeypatch.setattr("chainrule.training.time.perf_counter", lambda: float(next(clock)))
    run = cr.train(net(), X, Y, epochs=1000, max_time=30)
    assert 2 < len(run.history) < 30
    assert run.report.ended == f"stopped after epoch {len(run.history)}: 30 s are over"


def test_a_jump_of_the_clock_neither_ends_nor_prolongs_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = iter(range(10**9, 10**12, 10**8))
    monkeypatch.setattr("time.time", lambda: float(next(jumps)))
    assert len(cr.train(net(), X, Y, epochs=3, max_time=1000).history) == 3


def test_a_watcher_ends_the_training_by_true_and_by_nothing_else() -> None:
    run = cr.train(net(), X, Y, epochs=9, watch=lambda epoch: np.bool_(epoch.number == 4))
    assert (len(run.history), run.report.ended) == (4, "stopped after epoch 4: watch returned True")
    assert len(cr.train(net(), X, Y, epochs=3, watch=lambda epoch: "a text counts as true").history) == 3


# what a watcher is told ---------------------------------------------------------------------------------------------
def test_an_epoch_knows_the_norms_of_its_last_step_by_layer() -> None:
    """One batch of all rows: the gradient is that of the network before, and the move −η times it."""
    start, rate = net(), 0.1
    (epoch,) = cr.epochs(start, X, Y, cr.delta_rule(rate), epochs=1, batch_size=40)
    slope = cr.gradient(start, X, Y)
    for layer in (1, 2):
        parts = [np.hstack([p.weights[layer].ravel(), p.biases[layer]]) for p in (slope, start.parameters)]
        size, of = (float(np.linalg.norm(part)) for part in parts)
        assert epoch.gradient_norms[layer - 1] == pytest.approx(size, rel=1e-5)
        assert epoch.update_norms[layer - 1] == pytest.approx(rate * size, rel=1e-5)
        assert epoch.update_ratios[layer - 1] == pytest.approx(rate * size / of, rel=1e-5)
    assert epoch.learning_rate == rate


def test_norms_of_a_long_run_are_kept_of_fewer_and_fewer_epochs() -> None:
    history = cr.train(net(), X, Y, epochs=230, batch_size=40).history
    kept = [facts["number"] for facts in history if "gradient_norms" in facts]
    assert kept == [*range(1, 100), *range(100, 231, 10)]


def test_the_network_of_an_epoch_is_made_when_it_is_asked_for_and_stays_that_of_the_epoch() -> None:
    stream = cr.epochs(net(), X, Y, epochs=3)
    first, *_ = list(stream)
    again = next(iter(cr.epochs(net(), X, Y, epochs=3)))
    np.testing.assert_allclose(theta(first.network), theta(again.network), rtol=1e-4, atol=1e-6)
    assert first.network is first.network
    with pytest.raises(cr.SettingError, match="made without its last step"):
        _ = Epoch(1, 10, 0.5, 0.1).network


# class weights ------------------------------------------------------------------------------------------------------
def test_class_weights_are_row_weights(engine: Engine) -> None:
    by_row = np.where(LABELS == "yes", 3.0, 1.0)
    runs = [
        cr.train(net(2, "softmax"), X, LABELS, epochs=3, class_weight={"yes": 3.0}),
        cr.train(net(2, "softmax"), (X, LABELS, by_row), epochs=3),
        cr.train(net(2, "softmax"), (X, LABELS, np.ones(40)), epochs=3, class_weight={"yes": 6, "no": 2}),
    ]
    slack = 0.0 if isinstance(engine, ReferenceEngine) else 1e-4
    for run in runs[1:]:
        np.testing.assert_allclose(theta(run.network), theta(runs[0].network), rtol=1e-12 + slack, atol=slack)


@pytest.mark.parametrize("outputs", [1, 2])
def test_balanced_classes_weigh_the_same_and_a_row_of_weight_0_is_no_row(outputs: int) -> None:
    output = "softmax" if outputs == 2 else "sigmoid"
    weights = np.ones(40)
    weights[:5] = 0
    stream = cr.epochs(net(outputs, output), (X, LABELS, weights), epochs=1, class_weight="balanced")
    w = stream.job.rows.weights
    assert w is not None
    yes, no = w[LABELS == "yes"].sum(), w[LABELS == "no"].sum()
    assert yes == pytest.approx(no)
    assert w.mean() == pytest.approx(1)
    assert not w[:5].any()


def test_class_weights_that_cannot_be_are_refused() -> None:
    for given, message in (
        ({"maybe": 2.0}, "class_weight names the class 'maybe', and the classes are 'no', 'yes'"),
        ({"yes": -1.0}, 'class_weight is "balanced", or weights ≥ 0 by class'),
        ("even", 'class_weight is "balanced"'),
        ({"yes": 0, "no": 0}, "gives every row weight 0"),
    ):
        with pytest.raises(cr.SettingError, match=message):
            cr.train(net(2, "softmax"), X, LABELS, class_weight=given)


# the same, in one piece or in several --------------------------------------------------------------------------------
@pytest.mark.parametrize("settings", [{"validation": BESIDE, "patience": 7}, {"patience": 2, "tol": 0.1}])
def test_best_and_patience_are_the_same_in_a_run_that_was_resumed(engine: Engine, settings: dict[str, Any]) -> None:
    settings = {**settings, "dropout": 0.3, "clip_norm": 0.5, "l2": 1e-3}
    stream = cr.epochs(net(), X, Y, cr.adam(0.02), 400, **settings)
    list(islice(stream, 4))
    state = stream.state
    fresh = cr.epochs(net(), X, Y, cr.adam(0.02), 400, **settings)
    list(fresh.resume(state))
    whole = cr.train(net(), X, Y, cr.adam(0.02), 400, **settings)
    if isinstance(engine, ReferenceEngine):
        assert fresh.run().report.ended == whole.report.ended
        assert np.array_equal(theta(fresh.run().network), theta(whole.network))
        assert fresh.run().report.kept == whole.report.kept
