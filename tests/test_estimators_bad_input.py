"""What NetworkClassifier and NetworkRegressor say to rows, targets, weights and parameters that they cannot use."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from typechecker import ALL_TYPES

import chainrule as cr
from chainrule.errors import DataError, SettingError, UnknownNameError
from chainrule.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)
NAN = np.where(X > 7, np.nan, X)
SHORT: dict[str, Any] = {"max_iter": 3, "random_state": 0}


# rows, targets, weights -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rows", "targets", "said"),
    [
        (NAN, Y, "Input X contains NaN"),
        (X, Y * np.nan, "contains NaN"),
        (X[:0], Y[:0], "0 sample"),
        (X[:, :0], Y, "0 feature"),
        (X, Y[:9], r"inconsistent numbers of samples: \[150, 9\]"),
        (X[0], Y, "Expected 2D array"),
        ([["a"], ["b"]], [0, 1], "could not convert string to float"),
        (X, None, "requires y to be passed"),
    ],
)
@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_rows_and_targets(kind: Any, rows: Any, targets: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kind(**SHORT).fit(rows, targets)


DATES = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=150), "width": X[:, 1]})


@pytest.mark.parametrize(
    ("rows", "targets", "table"),
    [
        (NAN, Y, True),
        (DATES, Y, True),
        (DATES.assign(day="monday"), Y, True),
        (DATES.assign(day=pd.Categorical(["a", "b"] * 75)), Y, True),
        (X, np.array(["a", "b", "c"], object)[Y], False),
        (X, Y * np.nan, False),
        (X[0], Y, False),
    ],
)
def test_a_table_is_told_what_takes_it(rows: Any, targets: Any, table: bool) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        NetworkRegressor(**SHORT).fit(rows, targets)
    assert ('preprocess="auto"' in "".join(getattr(caught.value, "__notes__", []))) is table


@pytest.mark.parametrize(
    ("given", "targets", "said"),
    [
        ({}, DATES["day"], r"y holds dates \(datetime64\[.s\]\), and a regressor learns numbers"),
        ({}, DATES["day"] - DATES["day"][0], "y holds times"),
        ({"loss": "log_loss"}, Y, "loss='log_loss' is for classes, which NetworkClassifier learns"),
        ({"learning_rate": 0.1}, Y, "its size is learning_rate_init=0.1"),
        ({"early_stopping": True, "validation_fraction": 0}, Y, "validation_fraction=0 leaves no rows to watch"),
    ],
)
def test_what_a_regressor_is_told(given: Any, targets: Any, said: str) -> None:
    with pytest.raises(DataError if not given else SettingError, match=said):
        NetworkRegressor(**{**SHORT, **given}).fit(X, targets)


def test_targets_of_the_other_kind() -> None:
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        NetworkClassifier(**SHORT).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="could not convert string"):
        NetworkRegressor(**SHORT).fit(X, np.array(["a", "b", "c"])[Y])


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.linspace(-1, 1, 150), "Negative values"),
        (np.full(150, np.nan), "NaN"),
        (np.ones(5), r"\(5,\)"),
        (np.zeros(150), "zero|sample_weight is 0 for every row"),
    ],
)
def test_weights(weights: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NetworkClassifier(**SHORT).fit(X, Y, sample_weight=weights)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"X_val": X}, "give both"),
        ({"y_val": Y}, "give both"),
        ({"sample_weight_val": np.ones(150)}, "give both"),
        (
            {"X_val": X[:, :2], "y_val": Y},
            "X_val and y_val, the rows to watch: X has 2 features, but .* is expecting 4",
        ),
        ({"X_val": X, "y_val": Y[:3]}, r"X_val and y_val, the rows to watch: .*\[150, 3\]"),
        ({"X_val": NAN, "y_val": Y}, "X_val and y_val, the rows to watch: Input X contains NaN"),
        ({"X_val": X, "y_val": np.column_stack([Y, Y])}, "y_val has 2 numbers a row, and y has 1"),
        ({"X_val": X[:1], "y_val": Y[:1]}, "have one row, and their score, R², needs two or more"),
    ],
)
def test_rows_to_watch(given: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        NetworkRegressor(**SHORT).fit(X, Y, **given)


def test_labels_that_only_the_rows_to_watch_have() -> None:
    with pytest.raises(DataError, match="the rows to watch: y has 2, and the classes are 0, 1"):
        NetworkClassifier(**SHORT).fit(X[:100], Y[:100], X_val=X, y_val=Y)


def test_too_few_rows_to_hold_some_out() -> None:
    with pytest.raises(
        DataError, match=r"these have one row only: 1\. Add rows, give X_val and y_val, or set early_stopping"
    ):
        NetworkClassifier(early_stopping=True).fit(X[:51], Y[:51])
    with pytest.raises(
        DataError, match=r"The validation set is too small, .* 29 of n_samples=30, with a row of each of 3"
    ):
        NetworkClassifier(early_stopping=True, validation_fraction=0.95).fit(X[::5], Y[::5])
    with pytest.raises(DataError, match="n_samples=1"):
        NetworkRegressor(early_stopping=True).fit(X[:1], Y[:1])
    found = NetworkClassifier(early_stopping=True, **SHORT).fit(X[::10], Y[::10])  # 10 % of 15 rows: one of each class
    assert len(found.validation_scores_) == 3


# from one call to the next --------------------------------------------------------------------------------------------
def test_before_fit() -> None:
    with pytest.raises(NotFittedError):
        NetworkClassifier().predict(X)


def test_partial_fit_takes_what_the_first_call_promised() -> None:
    with pytest.raises(DataError, match="needs all classes there will be"):
        NetworkClassifier(**SHORT).partial_fit(X, Y)
    found = NetworkClassifier(**SHORT).partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(DataError, match="y has 3, and the classes are 0, 1, 2"):
        found.partial_fit(X, Y + 1)
    with pytest.raises(ValueError, match="2 features"):
        found.partial_fit(X[:, :2], Y)
    with pytest.raises(ValueError, match="classes"):
        found.partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(DataError, match="y has 2 numbers a row, and the network 1 outputs"):
        NetworkRegressor(**SHORT).partial_fit(X, Y).partial_fit(X, X[:, :2])


@pytest.mark.parametrize(
    ("given", "said"), [({"early_stopping": True}, "takes one epoch"), ({"solver": "lbfgs"}, "all rows")]
)
def test_partial_fit_is_absent_where_it_cannot_be(given: Any, said: str) -> None:
    found = NetworkRegressor(**given)
    assert not hasattr(found, "partial_fit")
    with pytest.raises(AttributeError) as caught:
        found.partial_fit(X, Y)
    assert said in str(caught.value.__cause__)


def test_a_first_part_of_one_row_is_warned_of() -> None:
    with pytest.warns(cr.DataWarning, match="from its first rows, and there is one") as told:
        model = NetworkRegressor(**SHORT).partial_fit(X[:1], Y[:1])
    assert ALL_TYPES or told[0].filename == __file__  # a check of types is a caller too
    model.partial_fit(X[:1], Y[:1])
    NetworkRegressor(standardize=False, **SHORT).partial_fit(X[:1], Y[:1])


def test_warm_start_names_both_sets_of_classes() -> None:
    found = NetworkClassifier(warm_start=True, **SHORT).fit(X, Y)
    for other in (Y[:100], Y + 1):
        with pytest.raises(DataError, match="warm_start=True goes on with the classes 0, 1, 2, and y has"):
            found.fit(X[: len(other)], other)


# training that diverges -----------------------------------------------------------------------------------------------
DIVERGING: dict[str, Any] = {
    "solver": "sgd", "learning_rate_init": 0.5, "activation": "identity", "standardize": False, "max_iter": 50,
    "batch_size": 200, "random_state": 0,
}  # fmt: skip


def test_a_training_that_diverges_names_step_and_layer_and_leaves_the_best_network() -> None:
    """It says so, and nothing of NaN among the inputs; the weights are those of the best epoch (W15, W33)."""
    found = NetworkRegressor(early_stopping=True, **DIVERGING)
    with pytest.warns(ConvergenceWarning, match=r"diverged at step \d+ .*layer \d") as warned:
        found.fit(3 * X, Y)
    assert "nput" not in str(warned[0].message)
    scores = found.validation_scores_
    assert np.isnan(scores[-1])
    assert found.best_validation_score_ == np.nanmax(scores)
    best = int(np.nanargmax(scores)) + 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        stopped = NetworkRegressor(early_stopping=True, **{**DIVERGING, "max_iter": best}).fit(3 * X, Y)
    np.testing.assert_array_equal(found.network_.parameters.flat(), stopped.network_.parameters.flat())
    assert np.isfinite(found.predict(3 * X)).all()


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_without_watched_rows_the_weights_of_the_lowest_loss_are_left(engine: str) -> None:
    """The first weight is learnt; the second swings wider with each step, of which an epoch has one (W33)."""
    seen: list[Any] = []
    x, y = np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([1.0, 3e-6])
    asked = {**DIVERGING, "max_iter": 1000, "n_iter_no_change": np.inf, "alpha": 0.0, "learning_rate_init": 0.9}
    asked |= {"momentum": 0.0, "engine": engine, "callbacks": seen.append, "warm_start": True}
    found = NetworkRegressor.from_network(cr.Network([[[0.0, 0.0]]], None, "identity"), **asked)
    with pytest.warns(
        ConvergenceWarning, match=r"diverged at step (\d+) \(epoch \1\).* the network after epoch \d+ is kept"
    ):
        found.fit(x, y)
    assert found.n_iter_ == len(seen) + 1 == len(found.loss_curve_)
    assert np.isnan(found.loss_curve_[-1])
    lowest = int(np.nanargmin(found.loss_curve_))
    assert 5 < lowest < len(seen) / 2
    np.testing.assert_array_equal(found.network_.parameters.flat(), seen[lowest - 1].network.parameters.flat())
    assert found.loss_ == pytest.approx(found.best_loss_)
    assert found.loss_ == pytest.approx(np.mean((found.predict(x) - y) ** 2) / 2)
    assert found.set_params(learning_rate_init=0.1, max_iter=30).fit(x, y).loss_ < found.loss_curve_[lowest]


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_a_loss_that_rises_without_end_is_told_and_the_weights_before_are_left(engine: str) -> None:
    """It stops before a number becomes infinite, because nothing is gained."""
    asked = {**DIVERGING, "hidden_layer_sizes": (), "momentum": 0.0, "learning_rate_init": 0.01, "engine": engine}
    found = NetworkRegressor(**asked)
    with pytest.warns(ConvergenceWarning, match=r"the loss rose from \S+ in the .*; the network as it was before"):
        found.fit(3 * X, Y)
    assert found.n_iter_ == len(found.loss_curve_) == 12
    assert found.loss_curve_[-1] > 1e3 * found.loss_
    assert np.mean((found.predict(3 * X) - Y) ** 2) / 2 == pytest.approx(found.loss_)


def test_a_first_epoch_that_diverges_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(
        DataError, match=r"layer \d.*Nothing was learnt: the numbers may be too large, and standardize=True"
    ):
        NetworkRegressor(standardize=False, solver="sgd", learning_rate_init=1e30).fit(X, Y * 1e200)
    with pytest.raises(DataError, match=r"smaller learning rate.*Nothing was learnt$"):
        NetworkRegressor(solver="sgd", learning_rate_init=1e300, batch_size=10).fit(X, Y)


# parameters -----------------------------------------------------------------------------------------------------------
WRONG: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["ten", -1, (3, "a"), 1.5, None], "activation": [3, "reluu", None], "loss": [3, None, "log_los"],
    "solver": [3, None, "adamm"], "alpha": ["a", -1, None, np.nan], "batch_size": ["big", -1, 1.5],
    "learning_rate": ["fast", 3], "learning_rate_init": ["a", -1, None, np.inf], "max_iter": ["a", 0, 1.5, None],
    "shuffle": ["no", None, 2], "tol": ["a", -1, None], "verbose": ["x", None], "warm_start": ["yes", None],
    "early_stopping": ["yes", None], "validation_fraction": ["a", -1, 1, None], "beta_1": ["a", 1, None], "beta_2": ["a", 1],
    "epsilon": ["a", 0, None], "n_iter_no_change": ["a", 0, None], "max_fun": ["a", 0, None],
    "class_weight": ["even", {7: 1.0}, 3, {0: -1}, {0: np.nan}], "dropout": ["a", 1.0, -0.1, None], "l1": ["a", -1, None],
    "clip_norm": ["a", -1, 0], "clip_value": ["a", -1], "max_time": ["soon", -1], "init": ["hee", 3, None],
    "standardize": ["yes", None], "callbacks": [3, ["a"]], "engine": ["gpuu", 3, None],
}  # fmt: skip
NAMED = {"learning_rate": "learning_rate|schedule", "loss": "loss|cost"}


@pytest.mark.skipif(ALL_TYPES, reason="the tests' own check of types would be met first")
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_parameter_of_the_wrong_kind_is_named_with_what_to_write(name: str, value: Any) -> None:
    with pytest.raises(
        (SettingError, UnknownNameError), match=f"(?:{NAMED.get(name, name)}).*(?: is |are| has |as |known)"
    ):
        NetworkClassifier(**{**SHORT, name: value}).fit(X, Y)


@pytest.mark.parametrize(
    ("name", "value"), [("momentum", "a"), ("momentum", 2), ("nesterovs_momentum", "a"), ("power_t", "a")]
)
def test_a_parameter_of_sgd_too(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=f"{name} is"):
        NetworkRegressor(solver="sgd", learning_rate="invscaling", **{name: value}).fit(X, Y)
