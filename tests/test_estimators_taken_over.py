"""Networks from elsewhere as estimators: a fitted MLP of scikit-learn, alone or after a scaler, and networks of chainrule's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import SVC

import chainrule as cr
from chainrule.errors import SettingError, ShapeError
from chainrule.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, NUMBERS = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[NUMBERS]
SOLVERS = ["adam", "sgd", "lbfgs"]
ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


def targets(kind: str) -> tuple[Any, Any, Any]:
    """(estimator of scikit-learn, X, y)."""
    if kind == "binary":
        return MLPClassifier, X[NUMBERS > 0], NAMES[NUMBERS > 0]
    if kind == "classes":
        return MLPClassifier, X, NAMES
    if kind == "labels":
        return MLPClassifier, *make_multilabel_classification(random_state=0)
    x, y = load_diabetes(return_X_y=True)
    return MLPRegressor, x, y if kind == "number" else np.stack([y, -y], axis=1)


KINDS = ["binary", "classes", "labels", "number", "numbers"]


def ours(mlp: Any) -> Any:
    return NetworkClassifier if isinstance(mlp, MLPClassifier) else NetworkRegressor


def same_answers(found: Any, fitted: Any, x: Any) -> None:
    np.testing.assert_array_equal(
        found.predict(x) if hasattr(found, "classes_") else 0, fitted.predict(x) if hasattr(found, "classes_") else 0
    )
    method = "predict_proba" if hasattr(found, "classes_") else "predict"
    given, wanted = getattr(found, method)(x), getattr(fitted, method)(x)
    assert given.shape == wanted.shape
    np.testing.assert_allclose(given, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max())


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_fitted_mlp_gives_the_same_answers_is_verified_explained_and_explored(kind: str, solver: str) -> None:
    mlp, x, y = targets(kind)
    fitted = mlp(hidden_layer_sizes=(7, 5), activation="tanh", solver=solver, max_iter=15, random_state=1).fit(x, y)
    found = ours(fitted).from_sklearn(fitted)
    same_answers(found, fitted, x)
    assert found.verify(x[:5], y[:5])
    own = found.per_example_gradients(x[:5], y[:5])[3]
    np.testing.assert_allclose(found.explain(x, y, "w/1/0/0", row=3).value, own.weights[1][0, 0], rtol=1e-8, atol=1e-14)
    assert "<html" in found.explore(x[:5], y[:5]).html
    assert found.get_params()["solver"] == solver
    if solver != "lbfgs":
        assert found.loss_curve_ == fitted.loss_curve_


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kind", ["binary", "numbers"])
def test_every_activation(kind: str, activation: str) -> None:
    mlp, x, y = targets(kind)
    fitted = mlp(hidden_layer_sizes=(6,), activation=activation, solver="lbfgs", max_iter=30, random_state=2).fit(x, y)
    same_answers(ours(fitted).from_sklearn(fitted), fitted, x)


@pytest.mark.parametrize("scaler", [StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False),
                                    MinMaxScaler((-1, 2)), MaxAbsScaler(), RobustScaler()], ids=repr)  # fmt: skip
def test_a_scaler_before_it_becomes_columns(scaler: Any) -> None:
    fitted = make_pipeline("passthrough", scaler, MLPClassifier((6,), max_iter=20, random_state=0)).fit(X, NAMES)
    found = NetworkClassifier.from_sklearn(fitted)
    same_answers(found, fitted, X)
    assert found.standardize
    assert cr.predict(found.network_, X).tolist() == fitted.predict(X).tolist()
    assert found.input_gradient(X).shape == X.shape


def test_counts_are_taken_over() -> None:
    """scikit-learn's loss="poisson", from 1.7 on."""
    if "loss" not in MLPRegressor().get_params():
        pytest.skip("this scikit-learn has no poisson")
    x, y = load_diabetes(return_X_y=True)
    fitted = MLPRegressor(loss="poisson", hidden_layer_sizes=(6,), max_iter=20, random_state=0).fit(x, y.round())
    found = NetworkRegressor.from_sklearn(fitted)
    same_answers(found, fitted, x)
    assert found.verify(x[:5], y[:5])
    assert found.loss == "poisson"


def test_names_of_columns_are_kept_and_scalers_compose() -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    fitted = make_pipeline(MinMaxScaler(), StandardScaler(), MLPClassifier((6,), max_iter=20, random_state=0))
    fitted.fit(frame, NAMES)
    found = NetworkClassifier.from_sklearn(fitted)
    same_answers(found, fitted, frame)
    assert found.feature_names_in_.tolist() == list("abcd")
    assert [column.name for column in found.network_.preprocessing.columns] == list("abcd")


@pytest.mark.parametrize("solver", ["adam", "sgd", "plain"])
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_training_goes_on_with_what_the_rule_remembers(kind: str, solver: str) -> None:
    """One more epoch of either, without shuffling: the same weights. Without the moments they are others."""
    mlp, x, y = targets(kind)
    x, y = (
        (x / 10, y) if kind == "classes" else (10 * x, y / 100)
    )  # no gradient as small as Adam's ε, which enters otherwise
    settings = {"solver": "sgd", "momentum": 0.0} if solver == "plain" else {"solver": solver}
    sizes = {"hidden_layer_sizes": (6,), "activation": "tanh", "batch_size": len(x) // 2}
    fitted = mlp(**sizes, **settings, learning_rate_init=0.001, shuffle=False, random_state=0)
    more = {"classes": np.unique(y)} if kind == "classes" else {}
    for _ in range(5):
        fitted.partial_fit(x, y, **more)
    found, anew = ours(fitted).from_sklearn(fitted), ours(fitted).from_sklearn(fitted)
    anew._state = type(anew._state)()
    fitted.partial_fit(x, y)
    for each in (found, anew):
        each.partial_fit(x, y)
    assert len(found.loss_curve_) == len(fitted.loss_curve_) == 6
    after = [np.concatenate([w.ravel() for w in each.coefs_]) for each in (fitted, found, anew)]
    np.testing.assert_allclose(after[1], after[0], rtol=1e-6, atol=1e-7)
    if solver != "plain":
        assert np.abs(after[2] - after[0]).max() > 1e-5


def test_warm_start_goes_on_from_it() -> None:
    fitted = MLPClassifier((6,), max_iter=5, random_state=0).fit(X, NAMES)
    found = NetworkClassifier.from_sklearn(fitted, warm_start=True, max_iter=30, learning_rate_init=0.01)
    before = found.score(X, NAMES)
    found.fit(X, NAMES)
    assert len(found.loss_curve_) == 35
    assert found.score(X, NAMES) > before


def test_an_early_stopped_and_an_adaptive_mlp_go_on() -> None:
    fitted = MLPClassifier((6,), early_stopping=True, max_iter=20, random_state=0).fit(X, NUMBERS)
    found = NetworkClassifier.from_sklearn(fitted, warm_start=True).fit(X, NUMBERS)
    assert found.best_validation_score_ >= fitted.best_validation_score_
    fitted = MLPClassifier((6,), solver="sgd", learning_rate="adaptive", tol=1.0, max_iter=40, random_state=0).fit(
        X, NAMES
    )
    found = NetworkClassifier.from_sklearn(fitted, warm_start=True)
    assert found._state.schedule["multiple"] < 1
    assert found.fit(X, NAMES).score(X, NAMES) > 0.3


def test_what_cannot_be_taken_over_is_named() -> None:
    fitted = MLPClassifier((6,), max_iter=5, random_state=0).fit(X, NAMES)
    with pytest.raises(SettingError, match=r"NetworkClassifier\.from_sklearn"):
        NetworkRegressor.from_sklearn(fitted)
    with pytest.raises(SettingError, match="MLPClassifier or MLPRegressor"):
        NetworkClassifier.from_sklearn(SVC())
    search = GridSearchCV(MLPClassifier((6,), max_iter=5), {"alpha": [1.0]}, cv=2).fit(X, NAMES)
    with pytest.raises(SettingError, match="take its best_estimator_"):
        NetworkClassifier.from_sklearn(search)
    with pytest.raises(NotFittedError):
        NetworkClassifier.from_sklearn(MLPClassifier())
    with pytest.raises(SettingError, match=r"PCA\(n_components=2\)"):
        NetworkClassifier.from_sklearn(make_pipeline(PCA(2), MLPClassifier((6,), max_iter=5)).fit(X, NAMES))
    with pytest.raises(SettingError, match="clip=True"):
        NetworkClassifier.from_sklearn(make_pipeline(MinMaxScaler(clip=True), MLPClassifier(max_iter=5)).fit(X, NAMES))


# networks of chainrule's ------------------------------------------------------------------------------------------------
def test_a_network_written_by_hand_needs_no_fit() -> None:
    """Its answers, and training that begins with it (W18)."""
    network = cr.Network([[[1.0, -1.0]]], [[0.0]], "sigmoid", cost="binary_cross_entropy")
    found = NetworkClassifier.from_network(network, classes=["less", "more"])
    assert found.predict([[2.0, 1.0], [1.0, 2.0]]).tolist() == ["more", "less"]
    np.testing.assert_allclose(found.predict_proba([[2.0, 1.0]])[0, 1], 1 / (1 + np.exp(-1)))
    assert found.n_iter_ == 0
    found.partial_fit([[2.0, 1.0], [1.0, 2.0]], ["less", "more"])
    assert found.network_.weights[1][0, 0] < 1.0
    assert found.loss == "log_loss"
    sums = NetworkRegressor.from_network(cr.Network([[[1.0, 1.0]]], None, "identity"))
    assert sums.predict([[2.0, 3.0]]).tolist() == [5.0]


def test_weights_may_be_set_without_a_fit() -> None:
    network = cr.Network.random([4, 3, 3], "tanh", "softmax", dtype="float64")
    found = NetworkClassifier.from_network(network)
    assert found.classes_.tolist() == [0, 1, 2]
    assert found.hidden_layer_sizes == (3,)
    assert found.activation == "tanh"
    found.network_ = found.network_.with_value("b/2/1", 100.0)
    assert set(found.predict(X).tolist()) == {1}
    several = cr.Network.random([4, 3, 3], "tanh", "sigmoid", dtype="float64")
    assert NetworkClassifier.from_network(several).predict(X).shape == (150, 3)
    assert NetworkClassifier.from_network(several, classes=["a", "b", "c"]).predict(X).shape == (150,)
    with pytest.raises(ShapeError, match="3 outputs need 3 different classes"):
        NetworkClassifier.from_network(network, classes=["a", "b"])


def test_a_trained_network_keeps_its_columns_and_labels() -> None:
    table = pd.DataFrame(X, columns=list("abcd"))
    data = cr.load_data(table.assign(species=NAMES), "species")
    network = cr.train(cr.Network.random([4, 8, 3], "relu", "softmax"), data, epochs=5).network
    found = NetworkClassifier.from_network(network)
    assert found.predict(table).tolist() == cr.predict(network, table).tolist()
    assert found.feature_names_in_.tolist() == list(table.columns)


def test_a_network_trained_on_a_table_takes_tables() -> None:
    table = pd.DataFrame({"width": X[:, 0], "colour": np.resize(["red", "blue", "green"], 150)})
    data = cr.load_data(table.assign(species=NAMES), "species")
    network = cr.train(cr.Network.random([4, 8, 3], "relu", "softmax"), data, epochs=5).network
    found = NetworkClassifier.from_network(network)
    assert found.predict(table).tolist() == cr.predict(network, table).tolist()
    found.partial_fit(table, NAMES)
