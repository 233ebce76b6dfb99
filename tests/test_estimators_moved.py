"""Programs for scikit-learn's networks, on the subjects of examples in its gallery: each runs with either class, unchanged.

What they measure need not be equal, for first weights and orders are drawn otherwise; it is as good.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_moons
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler

from chainrule.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
CLASSIFIERS, REGRESSORS = [MLPClassifier, NetworkClassifier], [MLPRegressor, NetworkRegressor]
STRATEGIES: dict[str, dict[str, Any]] = {
    "constant": {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.2},
    "momentum": {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False, "learning_rate_init": 0.2},
    "nesterov": {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True, "learning_rate_init": 0.2},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "momentum": 0.9, "learning_rate_init": 0.2},
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
}
Array = np.ndarray


def curves_by_strategy(kind: Any) -> dict[str, tuple[float, list[float]]]:
    """(score, curve of the loss) of each way to learn, on iris and between 0 and 1."""
    x, y = load_iris(return_X_y=True)
    x = MinMaxScaler().fit_transform(x)
    found = {}
    for name, given in STRATEGIES.items():
        mlp = kind(random_state=0, max_iter=150, **given).fit(x, y)
        found[name] = mlp.score(x, y), mlp.loss_curve_
    return found


def decisions_by_alpha(kind: Any) -> dict[float, tuple[float, Array]]:
    """(score, decision function on a grid) of each penalty, on two moons."""
    x, y = make_moons(noise=0.3, random_state=0)
    x = StandardScaler().fit_transform(x)
    learnt, held, y_learnt, y_held = train_test_split(x, y, test_size=0.4, random_state=42)
    across, up = np.meshgrid(np.linspace(-2, 2, 21), np.linspace(-2, 2, 21))
    found = {}
    for alpha in (1e-5, 1e-1, 1e3):
        mlp = kind(solver="lbfgs", alpha=alpha, random_state=1, max_iter=2000, hidden_layer_sizes=[10, 10])
        mlp.fit(learnt, y_learnt)
        found[alpha] = (
            mlp.score(held, y_held),
            mlp.decision_function(np.c_[across.ravel(), up.ravel()])
            if hasattr(mlp, "decision_function")
            else mlp.predict_proba(np.c_[across.ravel(), up.ravel()])[:, 1],
        )
    return found


def weights_as_pictures(kind: Any) -> tuple[float, Array]:
    """(score on rows held out, the weights into each hidden neuron as a picture of 8 × 8)."""
    x, y = load_digits(return_X_y=True)
    learnt, held, y_learnt, y_held = train_test_split(x / 16, y, random_state=0, test_size=0.3)
    mlp = kind(hidden_layer_sizes=(40,), max_iter=15, alpha=1e-4, solver="sgd", random_state=1, learning_rate_init=0.2)
    mlp.fit(learnt, y_learnt)
    return mlp.score(held, y_held), np.array([w.reshape(8, 8) for w in mlp.coefs_[0].T])


def test_training_curves_of_each_strategy() -> None:
    theirs, ours = map(curves_by_strategy, CLASSIFIERS)
    for name in STRATEGIES:
        score, curve = ours[name]
        assert curve[-1] < curve[0]
        if name != "invscaling":  # which hardly learns in either
            assert score >= theirs[name][0] - 0.03


def test_a_larger_alpha_makes_a_flatter_decision() -> None:
    for found in map(decisions_by_alpha, CLASSIFIERS):
        reach = [float(np.ptp(decision)) for _, decision in found.values()]
        assert reach[0] > reach[1] > 5 * reach[2]
        assert found[1e-1][0] >= 0.85


def test_the_weights_of_the_first_layer_are_pictures() -> None:
    theirs, ours = map(weights_as_pictures, CLASSIFIERS)
    assert ours[0] >= theirs[0] - 0.02
    assert ours[1].shape == theirs[1].shape == (40, 8, 8)


@pytest.mark.parametrize("kind", REGRESSORS)
def test_a_regressor_in_a_pipeline_is_inspected_by_scikit_learn(kind: Any) -> None:
    x, y = load_diabetes(return_X_y=True, as_frame=True)
    model = make_pipeline(
        QuantileTransformer(n_quantiles=100),
        kind(hidden_layer_sizes=(20,), solver="lbfgs", alpha=10.0, max_iter=100, random_state=0),
    )
    assert cross_val_score(model, x, y, cv=2).mean() > 0.2
    model.fit(x, y)
    dependence = partial_dependence(model, x, ["bmi"], grid_resolution=5)
    assert dependence["average"].shape == (1, 5)
    importance = permutation_importance(model, x, y, n_repeats=2, random_state=0)
    assert importance["importances_mean"].argmax() in (x.columns.get_loc("bmi"), x.columns.get_loc("s5"))
