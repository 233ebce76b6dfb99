"""What the estimators show of themselves: traces, gradients, derivatives with respect to the inputs, checks, explanations."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from typechecker import ALL_TYPES

import chainrule as cr
from chainrule.errors import DataError, SettingError, UnknownNameError
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.regularization import Penalty

X, NUMBERS = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[NUMBERS]
Array = np.ndarray


def classifier(y: Any = NAMES, x: Any = X, **given: Any) -> NetworkClassifier:
    settings = {"hidden_layer_sizes": (6, 5), "activation": "tanh", "max_iter": 20, "random_state": 0, **given}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return NetworkClassifier(**settings).fit(x, y)


def regressor(x: Any, y: Any, **given: Any) -> NetworkRegressor:
    settings = {"hidden_layer_sizes": (6, 5), "activation": "tanh", "max_iter": 20, "random_state": 0, **given}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return NetworkRegressor(**settings).fit(x, y)


def by_differences(function: Any, x: Array) -> Array:
    """∂function/∂x of each row, (rows, answers, features), by central differences."""
    columns = []
    for k in range(x.shape[1]):
        step = 1e-5 * max(1.0, float(np.abs(x[:, k]).max()))
        up, down = x.copy(), x.copy()
        up[:, k] += step
        down[:, k] -= step
        columns.append((function(up) - function(down)) / (2 * step))
    found = np.stack(columns, axis=-1)
    return found if found.ndim == 3 else found[:, None, :]


# activations ------------------------------------------------------------------------------------------------------------
def test_a_trace_has_the_activations_of_every_layer() -> None:
    """Inputs, hidden layers and outputs (W9)."""
    found = classifier()
    trace = found.trace(X[:7])
    assert [a.shape for a in trace.a] == [(7, 4), (7, 6), (7, 5), (7, 3)]
    np.testing.assert_allclose(trace.a[0], (X[:7] - X.mean(axis=0)) / X.std(axis=0), atol=1e-12)
    np.testing.assert_array_equal(trace.a[3], found.predict_proba(X[:7]))


def test_transform_gives_the_last_hidden_layer_and_any_other() -> None:
    """Hidden features, with names (W10)."""
    found = classifier()
    np.testing.assert_array_equal(found.transform(X), found.trace(X).a[2])
    np.testing.assert_array_equal(found.transform(X, layer=1), found.trace(X).a[1])
    np.testing.assert_array_equal(found.transform(X, layer=-2), found.trace(X).a[1])
    np.testing.assert_array_equal(found.transform(X, layer=3), found.predict_proba(X))
    assert found.get_feature_names_out().tolist() == [f"networkclassifier{i}" for i in range(5)]


def test_hidden_activations_are_features_in_a_pipeline_and_in_a_data_frame() -> None:
    pipeline = make_pipeline(NetworkClassifier((8,), random_state=0, solver="lbfgs"), LogisticRegression(max_iter=1000))
    assert pipeline.fit(X, NAMES).score(X, NAMES) > 0.95
    frame = (
        NetworkClassifier((3,), solver="lbfgs", random_state=0).set_output(transform="pandas").fit_transform(X, NAMES)
    )
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == ["networkclassifier0", "networkclassifier1", "networkclassifier2"]


@pytest.mark.parametrize("layer", [4, -4, True, *([] if ALL_TYPES else [1.0])])
def test_a_layer_that_is_not_there_is_named(layer: Any) -> None:
    with pytest.raises(SettingError, match="hidden layers are 1…2"):
        classifier().transform(X, layer=layer)


def test_a_network_without_hidden_layers_gives_its_scaled_inputs() -> None:
    found = classifier(hidden_layer_sizes=(), activation=[])
    np.testing.assert_allclose(found.transform(X), (X - np.mean(X, axis=0)) / np.std(X, axis=0), rtol=1e-12, atol=1e-12)
    with pytest.raises(SettingError, match="no hidden layer"):
        found.transform(X, layer=2)
    assert found.transform(X, layer=1).shape == (150, 3)


# gradients --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("penalty", [False, True])
def test_the_gradient_is_that_of_what_is_minimised(weighted: bool, penalty: bool) -> None:
    """Against central differences of the weighted mean cost and the penalties, with class weights (W17, W29, W31)."""
    found = classifier(alpha=3.0, l1=0.01, class_weight={"setosa": 2.0, "versicolor": 1.0, "virginica": 0.5})
    weight = np.linspace(0, 2, 150) if weighted else None
    given = found.gradient(X, NAMES, weight, penalty=penalty)
    all_weights = (np.ones(150) if weight is None else weight) * np.array([2.0, 1.0, 0.5])[NUMBERS]
    net, rows = found.network_, found.trace(X).a[0]
    kept = all_weights[all_weights > 0]
    ours = Penalty(0.01, 3.0 / min(32, kept.sum()))  # rows of a batch, counted by their weights

    def total(theta: Array) -> float:
        at = net.with_parameters(net.parameters.like(theta))
        return float(cr.cost(at, rows, NUMBERS, weight=all_weights)) + penalty * ours.value(at.parameters)

    theta, differences = net.parameters.flat(), []
    for entry in range(0, theta.size, 5):
        step = np.zeros(theta.size)
        step[entry] = 1e-5
        differences.append((total(theta + step) - total(theta - step)) / 2e-5)
    np.testing.assert_allclose(given.flat()[::5], differences, atol=1e-8)


def test_each_rows_own_gradient_sums_to_the_whole() -> None:
    found = classifier()
    each = found.per_example_gradients(X, NAMES)
    assert len(each) == 150
    np.testing.assert_allclose(each.reduce().flat(), found.gradient(X, NAMES, penalty=False).flat(), atol=1e-14)
    np.testing.assert_allclose(each[3].flat(), found.gradient(X[3], NAMES[3], penalty=False).flat(), atol=1e-14)


# derivatives with respect to the inputs ---------------------------------------------------------------------------------
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_jacobian_of_the_probabilities_is_in_the_users_units(standardize: bool, classes: int) -> None:
    """Against central differences of predict_proba and decision_function (W11)."""
    x, y = X[classes > NUMBERS] * [1, 10, 100, 1], NAMES[classes > NUMBERS]
    found = classifier(y, x, standardize=standardize, solver="lbfgs")
    slopes = found.jacobian(x)
    assert slopes.shape == (len(x), classes, 4)
    np.testing.assert_allclose(slopes, by_differences(found.predict_proba, x), atol=1e-7)
    of_z = found.jacobian(x, of="decision")
    np.testing.assert_allclose(of_z, by_differences(found.decision_function, x), rtol=1e-5, atol=1e-6)
    predicted = found.input_gradient(x)
    places = np.searchsorted(found.classes_, found.predict(x))
    np.testing.assert_array_equal(predicted, slopes[np.arange(len(x)), places])
    np.testing.assert_array_equal(found.input_gradient(x, "versicolor"), slopes[:, 1])
    np.testing.assert_array_equal(
        found.input_gradient(x, "versicolor", of="decision"), of_z[:, -1 if classes == 2 else 1]
    )


def test_two_outputs_for_two_classes_have_one_decision() -> None:
    """As decision_function has (W11)."""
    x, y = X[NUMBERS > 0], NAMES[NUMBERS > 0]
    found = classifier(y, x, loss="multiclass_hinge")
    of_z = found.jacobian(x, of="decision")
    assert of_z.shape[1] == np.ndim(found.decision_function(x))
    np.testing.assert_allclose(of_z, by_differences(found.decision_function, x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_regressors_jacobian_is_in_the_unit_of_y(outputs: int) -> None:
    """Against central differences of predict (W11)."""
    x, y = load_diabetes(return_X_y=True, scaled=False)
    y = y if outputs == 1 else np.stack([y, 1000 * y], axis=1)
    found = regressor(x, y)
    slopes = found.jacobian(x[:9])
    np.testing.assert_allclose(slopes, by_differences(found.predict, x[:9]), rtol=1e-6, atol=1e-6)
    if outputs == 1:
        np.testing.assert_array_equal(found.input_gradient(x[:9]), slopes[:, 0])
    else:
        np.testing.assert_array_equal(found.input_gradient(x[:9], output=1), slopes[:, 1])
        with pytest.raises(SettingError, match="which of the 2 outputs"):
            found.input_gradient(x[:9])


def test_several_labels_have_a_derivative_each() -> None:
    x, y = make_multilabel_classification(random_state=0)
    found = classifier(y, x)
    np.testing.assert_allclose(found.jacobian(x), by_differences(found.predict_proba, x), atol=1e-8)
    np.testing.assert_array_equal(found.input_gradient(x, output=4), found.jacobian(x)[:, 4])


def mixed() -> pd.DataFrame:
    """Two numbers, one of them with gaps, and a category between them."""
    colour = np.resize(["red", "blue", "green"], 150)
    frame = pd.DataFrame({"width": X[:, 0], "colour": colour, "length": 10 * X[:, 2]})
    frame.loc[5::30, "length"] = np.nan
    return frame


def test_of_a_table_the_numbers_have_derivatives_and_categories_none() -> None:
    frame = mixed()
    found = classifier(x=frame, preprocess="auto")
    slopes = found.jacobian(frame)
    assert slopes.shape == (150, 3, 3)
    assert np.isnan(slopes[:, :, 1]).all()
    for place, name in ((0, "width"), (2, "length")):
        up, down = frame.copy(), frame.copy()
        up[name] += 1e-5
        down[name] -= 1e-5
        known = frame[name].notna().to_numpy()
        wanted = (found.predict_proba(up) - found.predict_proba(down))[known] / 2e-5
        np.testing.assert_allclose(slopes[known, :, place], wanted, atol=1e-7)


def test_a_table_is_traced_verified_and_explained() -> None:
    frame = mixed()
    found = classifier(x=frame, preprocess="auto")
    assert found.trace(frame).a[0].shape == (150, len(found.input_names_))
    assert found.verify(frame[:9], NAMES[:9])
    whole = found.explain(frame, NAMES, "w/1/0/2", row=3).value
    assert found.explain(frame.iloc[3], NAMES[3], "w/1/0/2").value == whole
    assert found.transform(frame).shape == (150, 5)
    assert "colour" in found.explore(frame, NAMES).html


def test_what_has_no_derivative_is_named() -> None:
    found = classifier()
    with pytest.raises(SettingError, match="one of the classes 'setosa'"):
        found.input_gradient(X, "rose")
    with pytest.raises(UnknownNameError, match="did you mean 'decision'"):
        found.jacobian(X, of="decisions")
    with pytest.raises(NotFittedError):
        NetworkClassifier().jacobian(X)


# checks and explanations ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("given", [{}, {"l1": 0.01, "alpha": 0.5}])
def test_the_gradient_is_verified_by_other_methods(given: dict[str, float]) -> None:
    """A right gradient passes, and one that is 1 % too large does not (W35)."""
    found = classifier(**given)
    assert found.verify(X[:10], NAMES[:10])
    assert found.verify(X[:10], NAMES[:10], methods=["delta"], gradient=found.gradient(X[:10], NAMES[:10]))
    wrong = found.gradient(X[:10], NAMES[:10]) * 1.01
    assert not found.verify(X[:10], NAMES[:10], methods=["delta"], gradient=wrong)


def test_one_derivative_is_written_out() -> None:
    found = classifier()
    derivation = found.explain(X, NAMES, "w/1/0/2", row=77)
    own = found.per_example_gradients(X, NAMES)[77]
    np.testing.assert_allclose(derivation.value, own.weights[1][0, 2], rtol=1e-9)
    assert found.explain(X[77], NAMES[77], "w/1/0/2").value == derivation.value
    assert found.explain(X, None, "x/1", of="a/1/0").value != 0
    with pytest.raises(DataError, match="numbered 0…149"):
        found.explain(X, NAMES, "w/1/0/2", row=150)


def test_a_row_of_a_data_frame_keeps_its_names() -> None:
    frame = pd.DataFrame(X, columns=["sepal length", "sepal width", "petal length", "petal width"])
    found = classifier(x=frame)
    assert (
        found.explain(frame.iloc[3], NAMES[3], "w/1/0/2").value == found.explain(frame, NAMES, "w/1/0/2", row=3).value
    )


def test_a_page_to_explore_has_the_classes_and_the_columns() -> None:
    frame = pd.DataFrame(X, columns=["sepal length", "sepal width", "petal length", "petal width"])
    page = classifier(x=frame).explore(frame, NAMES, by="w/1/0/0").html
    assert all(name in page for name in ("NetworkClassifier", "petal width", "versicolor"))


def test_why_a_weight_learns_slowly() -> None:
    """One of the checks that are there, beside `verify` (W35)."""
    found = classifier()
    assert "w/1/0/0" in str(found.why(X, NAMES, "w/1/0/0").id)
    assert found.why(X, NAMES).total == found.network_.parameters.size


def test_a_notebook_shows_the_parameters_and_the_network() -> None:
    before = NetworkClassifier(alpha=0.5)._repr_mimebundle_()
    assert "chainrule-card" not in before["text/html"]
    after = classifier()._repr_mimebundle_()
    assert "chainrule-card" in after["text/html"]
    assert "tanh" in after["text/html"]
    assert repr(NetworkClassifier(alpha=0.5, solver=cr.rmsprop(0.01))) == (
        "NetworkClassifier(alpha=0.5, solver=rmsprop(0.01))"
    )
