"""Parameters that change between two calls of `fit` with warm_start=True, and between two of `partial_fit`."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
from networks import PROOF
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

import chainrule as cr
from chainrule.errors import SettingError
from chainrule.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)
SHORT: dict[str, Any] = {"hidden_layer_sizes": (6,), "max_iter": 2, "tol": 0, "batch_size": 30, "random_state": 0}
OWN = cr.Rule("sign", step=lambda g, theta, slots, t, rate: (-rate * np.sign(g), slots), slots=("velocity",),
              settings={"learning_rate": 0.001})  # fmt: skip
COUNTING = cr.Rule("counting", start=lambda parameters: {"count": 0},
                   move=lambda g, state: (g * -1e-3, {"count": state["count"] + 1}))  # fmt: skip
VALUES: dict[str, list[Any]] = {
    "learning_rate": ["constant", "invscaling", "adaptive", "cosine", "one_cycle", "reduce_on_plateau", "step"],
    "solver": ["adam", "adamw", "rmsprop", "sgd", "delta_rule", "lbfgs", OWN, COUNTING],
    "early_stopping": [False, True],
    "batch_size": [30, 150, 7],
    "alpha": [0.0, 3.0],
    "dropout": [0.0, 0.5, [0.1, 0.5]],
    "class_weight": [None, "balanced"],
    "engine": ["reference", "compiled"],
    "shuffle": [True, False],
}


def ordered(values: list[Any]) -> list[tuple[Any, Any]]:
    """Each with the one before and after it, in either order; all pairs under `make proof`."""
    if PROOF or len(values) < 3:
        return list(itertools.permutations(values, 2))
    return [pair for one, other in itertools.pairwise(values) for pair in ((one, other), (other, one))]


PAIRS = [(name, *pair) for name, values in VALUES.items() for pair in ordered(values)]
OTHERS: dict[str, Any] = {  # parameters that make another network
    "hidden_layer_sizes": 5, "activation": "tanh", "loss": "huber", "standardize": False, "preprocess": "auto",
}  # fmt: skip


def said(value: Any) -> str:
    return getattr(value, "name", repr(value))


# what goes on -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "before", "after"), PAIRS, ids=said)
def test_training_goes_on_with_another(name: str, before: Any, after: Any) -> None:
    """Two epochs more from the weights before: none is lost, all are moved a little."""
    found = NetworkClassifier(warm_start=True, **{**SHORT, name: before}).fit(X, Y)
    loss, theta = found.loss_, found.network_.parameters.flat()
    found.set_params(**{name: after}).fit(X, Y)
    moved = np.abs(found.network_.parameters.flat() - theta)
    assert 0 < moved.max() < (3 if "lbfgs" in (before, after) else 0.2)
    assert found.loss_curve_[-1] < loss + 0.3
    assert len(found.loss_curve_) >= 4
    watched = (found.validation_scores_, found.best_validation_score_)
    assert watched == (None, None) if not found.chosen_.get("early_stopping", found.early_stopping) else watched[0]


PARTS = [pair for pair in PAIRS if "lbfgs" not in pair and pair[0] != "early_stopping"]


@pytest.mark.parametrize(("name", "before", "after"), PARTS, ids=said)
def test_partial_fit_goes_on_with_another(name: str, before: Any, after: Any) -> None:
    if name == "class_weight":
        before = after = None if before is None else {0: 1.0, 1: 2.0, 2: 3.0}
    found = NetworkClassifier(**{**SHORT, name: before}).partial_fit(X, Y, classes=[0, 1, 2])
    loss, theta = found.loss_, found.network_.parameters.flat()
    found.set_params(**{name: after}).partial_fit(X[:70], Y[:70])
    assert 0 < np.abs(found.network_.parameters.flat() - theta).max() < 0.2
    assert found.loss_ < loss + 0.3
    assert found.n_iter_ == len(found.loss_curve_) == 2


def rates(calls: list[dict[str, Any]], learning_rate: Any, part: bool = False) -> list[float]:
    """The learning rate at the end of each epoch, with such parameters in one call of fit or partial_fit after another."""
    seen: list[float] = []
    found = NetworkRegressor(learning_rate=learning_rate, learning_rate_init=1.0, solver="delta_rule", warm_start=True,
                             callbacks=lambda epoch: seen.append(epoch.learning_rate), **SHORT)  # fmt: skip
    for given in calls:
        found.set_params(learning_rate_init=1e-6, **given)
        found.partial_fit(X, Y) if part else found.fit(X, Y)
    return [rate * 1e6 for rate in seen]


@pytest.mark.parametrize("learning_rate", ["invscaling", "step:every=3", "cosine"])
def test_a_schedule_counts_epochs_whatever_their_batches(learning_rate: str) -> None:
    """Of batches of 7 rows an epoch has 22 steps, of 150 rows one: the rate after four epochs is the same."""
    same = rates([{"batch_size": 150}] * 3, learning_rate)
    other = rates([{"batch_size": 7}, {"batch_size": 30}, {"batch_size": 150}], learning_rate)
    assert other[-1] == pytest.approx(same[-1])


@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", "step", "invscaling", "adaptive"])
def test_a_schedule_of_partial_fit_is_that_of_so_many_epochs_of_fit(learning_rate: str) -> None:
    one = rates([{"max_iter": 6}], learning_rate)
    assert rates([{"max_iter": 6}] * 6, learning_rate, part=True) == pytest.approx(one)
    assert len(rates([{"max_iter": 2}] * 3, learning_rate, part=True)) == 3  # further than it was planned for


def test_what_is_looked_at_begins_anew_with_other_costs() -> None:
    """The lowest cost of rows that are learnt is no measure for that of rows that are watched."""
    found = NetworkClassifier(learning_rate="adaptive", warm_start=True, **SHORT).fit(X, Y)
    found._state.schedule["lowest"] = -1.0
    found.set_params(early_stopping=True).fit(X, Y)
    assert found._state.schedule["lowest"] > 0


def test_scores_of_watched_rows_are_those_since_they_are_watched() -> None:
    found = NetworkClassifier(early_stopping=True, warm_start=True, **SHORT).fit(X, Y).fit(X, Y)
    assert len(found.validation_scores_) == len(found.validation_losses_) == 4
    assert found.set_params(early_stopping=False).fit(X, Y).validation_scores_ is None
    found.set_params(early_stopping=True).fit(X, Y)
    assert found.best_validation_score_ == max(found.validation_scores_)
    assert (len(found.validation_scores_), len(found.loss_curve_)) == (2, 8)
    assert len(found.set_params(solver="lbfgs").fit(X, Y).validation_scores_) == found.n_iter_


# what does not ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("which", ["warm_start=True", "partial_fit"])
@pytest.mark.parametrize("name", OTHERS)
def test_a_parameter_that_makes_another_network_is_refused(name: str, which: str) -> None:
    found = NetworkRegressor(warm_start=True, **SHORT).fit(X, Y)
    before = found.predict(X)
    found.set_params(**{name: OTHERS[name]})
    with pytest.raises(
        SettingError, match=f"{which} goes on with a network that was made with {name}=.*: set it back, or"
    ):
        found.fit(X, Y) if which.startswith("warm") else found.partial_fit(X, Y)
    np.testing.assert_array_equal(found.predict(X), before)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert found.set_params(warm_start=False).fit(X, Y).network_ is not None


def test_another_function_of_the_same_name_is_another() -> None:
    found = NetworkRegressor(activation=lambda z: z / (1 + abs(z)), warm_start=True, **SHORT).fit(X, Y)
    with pytest.raises(SettingError, match="made with activation="):
        found.set_params(activation=lambda z: np.tanh(z)).fit(X, Y)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"hidden_layer_sizes": (5, 5)}, {"hidden_layer_sizes": [5, 5]}),
        ({"activation": "relu"}, {"activation": ["relu"]}),
        ({"activation": "logistic"}, {"activation": "sigmoid"}),
        ({"loss": "squared_error"}, {"loss": "quadratic"}),
        ({"loss": "huber"}, {"loss": cr.huber()}),
    ],
)
def test_the_same_in_other_words_is_the_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = NetworkRegressor(warm_start=True, **{**SHORT, **before}).fit(X, Y)
    found.set_params(**after).fit(X, Y).partial_fit(X, Y)
    assert len(found.loss_curve_) == 5


@pytest.mark.parametrize("given", [{"solver": "lbfgs"}, {"early_stopping": True}])
def test_what_partial_fit_cannot_do_takes_it_away(given: dict[str, Any]) -> None:
    found = NetworkClassifier(**SHORT).partial_fit(X, Y, classes=[0, 1, 2])
    assert not hasattr(found.set_params(**given), "partial_fit")


@pytest.mark.parametrize("given", [{"dropout": 0.5}, {"clip_norm": 1.0}])
def test_what_lbfgs_cannot_do_is_refused_when_it_goes_on_too(given: dict[str, Any]) -> None:
    found = NetworkClassifier(warm_start=True, **SHORT, **given).fit(X, Y)
    with pytest.raises(SettingError, match='solver="lbfgs"'):
        found.set_params(solver="lbfgs").fit(X, Y)
