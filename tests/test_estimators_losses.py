"""The estimators' losses and activations, named ones and a user's own; L-BFGS: its objective, its curves and its end."""

from __future__ import annotations

import math
import pickle
from functools import cache
from typing import Any

import numpy as np
import pytest
from networks import PROOF
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import PoissonRegressor, QuantileRegressor, Ridge

import chainrule as cr
from chainrule.costs import ANY, Cost, Pair
from chainrule.data.network_rows import rows_for
from chainrule.errors import FormError, PairError, SettingError, UnknownNameError
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.base import Part
from chainrule.estimators.minimum import Objective
from chainrule.regularization import Penalty

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
REGRESSION = ["squared_error", "poisson", "absolute_error", "huber", "log_cosh"]
CLASSES = ["log_loss", "cross_entropy", "binary_cross_entropy", "multiclass_hinge", "squared_error", "huber"]


def name_of(given: Any) -> str:
    return getattr(given, "__name__", str(given))


def quartic(a: Any, y: Any) -> Any:
    return np.sum((a - y) ** 4, axis=1)


def pinball(a: Any, y: Any, m: Any) -> Any:
    return m.sum(m.maximum(0.9 * (y - a), 0.1 * (a - y)))


def mish(z: Any, m: Any) -> Any:
    return z * m.tanh(m.softplus(z))


def swish(z: Any) -> Any:
    return z / (1 + np.exp(-z))


@cache
def counts() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (120, 3))
    return x, rng.poisson(np.exp(1 + x @ [0.8, -0.5, 0.2]))


# losses of regression ------------------------------------------------------------------------------------------------------
def test_a_poisson_regressor_without_hidden_layers_is_a_generalised_linear_model() -> None:
    """scikit-learn's own test of its Poisson loss, with the trick of one hidden neuron left out (W5)."""
    x, y = counts()
    glm = PoissonRegressor(alpha=0, tol=1e-9).fit(x, y)
    for standardize in (True, False):
        found = NetworkRegressor((), loss="poisson", solver="lbfgs", alpha=0, tol=1e-9, standardize=standardize).fit(
            x, y
        )
        np.testing.assert_allclose(found.predict(x), glm.predict(x), rtol=1e-4)
        assert found.out_activation_ == "exponential"


def test_poisson_regression_begins_at_the_mean_of_large_counts() -> None:
    """Rows with weights too; without `standardize` it begins anywhere, as scikit-learn's does (W5)."""
    x, weight = np.zeros((4, 1)), np.array([1.0, 1.0, 1.0, 5.0])
    y = np.array([1000.0, 2000.0, 3000.0, 50000.0])
    settings = {"loss": "poisson", "max_iter": 1, "random_state": 0}
    mean = NetworkRegressor(**settings).fit(x, y, sample_weight=weight).predict(x)
    assert mean == pytest.approx(np.full(4, np.average(y, weights=weight)), rel=0.05)
    far = NetworkRegressor(**settings, standardize=False).fit(x, y, sample_weight=weight).predict(x)
    assert (far < 10).all()


def test_counts_below_0_are_refused() -> None:
    with pytest.raises(ValueError, match=r"row 1 of the targets is \(-1\): the cost poisson needs y ≥ 0"):
        NetworkRegressor(loss="poisson").fit([[0.0], [1.0]], [2.0, -1.0])


@pytest.mark.parametrize("loss", REGRESSION)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_every_loss_of_regression_learns_diabetes(loss: str, solver: str) -> None:
    """With either solver (W4, W5)."""
    x, y = load_diabetes(return_X_y=True)
    found = NetworkRegressor((20,), loss=loss, solver=solver, max_iter=60, learning_rate_init=0.01, random_state=0)
    assert found.fit(x, y).score(x, y) > 0.5
    np.testing.assert_array_equal(cr.predict(found.network_, x), found.predict(x))
    assert found.loss_curve_[-1] < found.loss_curve_[0]


def test_an_absolute_error_finds_the_median_and_outliers_do_not_move_it() -> None:
    """A linear model, as scikit-learn's QuantileRegressor solves it (W4)."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (101, 2))
    y = x @ [2.0, -1.0] + 0.3 + 0.1 * rng.standard_normal(101)
    y[:20] += 1000
    right = QuantileRegressor(quantile=0.5, alpha=0).fit(x, y)
    found = NetworkRegressor((), loss="absolute_error", solver="adam", learning_rate="cosine", learning_rate_init=0.05,
                             alpha=0, max_iter=400, batch_size=20, standardize=False, random_state=0).fit(x, y)  # fmt: skip
    assert found.coefs_[0][:, 0] == pytest.approx(right.coef_, abs=0.1)  # by squares 200 off
    assert found.intercepts_[0][0] == pytest.approx(right.intercept_, abs=0.1)


def test_several_outputs_by_lbfgs_are_those_of_ridge() -> None:
    """The same minimum, and the same alpha; a gradient that is n_outputs times the loss's would find another (W16, W17)."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((50, 4))
    y = x @ rng.standard_normal((4, 3)) + rng.standard_normal((50, 3))
    right = Ridge(alpha=7.0).fit(x, y)
    found = NetworkRegressor((), solver="lbfgs", alpha=7.0, tol=1e-9, standardize=False, random_state=0).fit(x, y)
    np.testing.assert_allclose(found.coefs_[0].T, right.coef_, atol=1e-6)


# losses of classification --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("loss", [*CLASSES, cr.huber(0.5), quartic], ids=name_of)
def test_every_loss_of_classes_learns_iris(loss: Any, classes: int) -> None:
    x, y = load_iris(return_X_y=True)
    x, y = x[y < classes], np.array(["setosa", "versicolor", "virginica"])[y[y < classes]]
    found = NetworkClassifier((10,), loss=loss, solver="lbfgs", max_iter=100, random_state=0).fit(x, y)
    assert found.score(x, y) > 0.95
    assert cr.predict(found.network_, x).tolist() == found.predict(x).tolist()
    assert found.decision_function(x).shape == ((100,) if classes == 2 else (150, 3))
    by_score = found.decision_function(x)
    places = (by_score > 0).astype(int) if classes == 2 else by_score.argmax(axis=1)
    assert found.classes_[places].tolist() == found.predict(x).tolist()
    if loss == "multiclass_hinge":
        assert not hasattr(found, "predict_proba")
    else:
        np.testing.assert_allclose(found.predict_proba(x).sum(axis=1), 1)
        assert found.classes_[found.predict_proba(x).argmax(axis=1)].tolist() == found.predict(x).tolist()


@pytest.mark.parametrize("loss", ["log_loss", "squared_error", quartic], ids=name_of)
def test_several_labels_a_row_take_other_losses_too(loss: Any) -> None:
    x, y = make_multilabel_classification(random_state=0)
    found = NetworkClassifier((20,), loss=loss, solver="lbfgs", max_iter=200, random_state=0).fit(x, y)
    assert found.score(x, y) > 0.9
    assert found.out_activation_ == "logistic"


@pytest.mark.parametrize(
    ("estimator", "given", "error", "said"),
    [
        (NetworkClassifier, "poisson", SettingError, "is for counts, and these are classes: NetworkRegressor"),
        (NetworkRegressor, "hubber", UnknownNameError, "did you mean 'huber'"),
        (NetworkClassifier, 3, SettingError, "loss is a name"),
        (NetworkClassifier, lambda a, y: np.median(a - y, axis=1), FormError, "no slope is known for np.median"),
        (NetworkRegressor, lambda a, y: np.sum(np.floor(a - y), axis=1), FormError, "no slope is known for np.floor"),
        (NetworkRegressor, lambda a, y: float(np.asarray(a).sum()), FormError, "one number per example"),
        (NetworkRegressor, lambda a, y: (a - y) ** 2, FormError, "one number per example"),
        (NetworkRegressor, lambda a: a, FormError, "a form takes"),
    ],
)  # fmt: skip
def test_a_loss_that_cannot_be_used_is_named(estimator: Any, given: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        estimator(loss=given).fit([[0.0], [1.0], [2.0]], [0, 1, 1])


# losses of one's own -------------------------------------------------------------------------------------------------------
def test_a_function_is_a_loss_and_its_slope_is_that_of_its_value() -> None:
    """The 0.9-quantile by the pinball loss, in the targets' own unit; nine tenths lie below it (W4)."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (400, 1))
    y = 100 * x[:, 0] + 20 * rng.standard_normal(400)
    found = NetworkRegressor(
        (), loss=pinball, learning_rate_init=1.0, learning_rate="cosine", max_iter=200, random_state=0
    )
    assert np.mean(y < found.fit(x, y).predict(x)) == pytest.approx(0.9, abs=0.01)
    right = QuantileRegressor(quantile=0.9, alpha=0).fit(x, y).predict(x)
    assert pinball_cost(found.predict(x), y) == pytest.approx(pinball_cost(right, y), rel=0.02)
    assert found.loss_curve_[-1] == pytest.approx(pinball_cost(right, y), rel=0.05)
    assert found.network_.cost.name == "pinball"


def pinball_cost(a: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.maximum(0.9 * (y - a), 0.1 * (a - y))))


def test_a_loss_of_ones_own_is_cloned_and_pickled() -> None:
    x, y = load_iris(return_X_y=True)
    found = NetworkClassifier((5,), activation=mish, loss=quartic, max_iter=3, random_state=0)
    again = clone(found).fit(x, y)
    read = pickle.loads(pickle.dumps(found.fit(x, y)))
    np.testing.assert_array_equal(read.predict_proba(x), found.predict_proba(x))
    np.testing.assert_array_equal(again.predict_proba(x), found.predict_proba(x))


@pytest.mark.parametrize(
    ("factor", "said"), [(2.0, "2 × the derivative"), (-1.0, "−1 × the derivative"), (0.5, "0.5 ×")]
)
def test_a_cost_whose_slope_is_not_that_of_its_value_is_refused_with_the_factor(factor: float, said: str) -> None:
    """A cost that is written by hand, with a slope of its own: ∇_a C is compared with central differences."""

    def by_hand(times: float) -> Cost:
        pair = Pair("a", lambda a, y: ((a - y) ** 2).sum(axis=1), lambda a, y: times * 2 * (a - y),
                    lambda a, y, m: m.sum((a - y) ** 2))  # fmt: skip
        return Cost("by_hand", "Σ (a − y)²", "", {ANY: pair})

    x, y = counts()
    with pytest.raises(FormError, match=f"the cost 'by_hand' has a slope that is {said}"):
        NetworkRegressor(loss=by_hand(factor)).fit(x, y)
    NetworkRegressor(loss=by_hand(1.0), max_iter=1).fit(x, y)


def test_a_cost_whose_form_is_another_is_refused() -> None:
    """Its form is what checks, circuits and the compiled engine take."""
    pair = Pair(
        "a", lambda a, y: ((a - y) ** 2).sum(axis=1), lambda a, y: 2 * (a - y), lambda a, y, m: m.sum((a - y) ** 4)
    )
    with pytest.raises(FormError, match="the form of the cost 'two' gives other numbers than its value"):
        NetworkRegressor(loss=Cost("two", "", "", {ANY: pair})).fit(*counts())


def test_a_cost_whose_error_of_the_weighted_inputs_is_wrong_is_refused() -> None:
    """δ^L written by hand, as if it were that of a softmax (S3.14)."""
    pair = Pair("z", lambda z, y: np.log1p(np.exp(z)).sum(axis=1) - (y * z).sum(axis=1), lambda a, y: a - y,
                lambda z, y, m: m.sum(m.softplus(z) - y * z), lambda z, y: np.tanh(z) - y)  # fmt: skip
    with pytest.raises(
        FormError, match="the cost 'logits' has a slope that is not the derivative of its value: where ∂C/∂z"
    ):
        NetworkClassifier(loss=Cost("logits", "", "", {ANY: pair}, targets="choices")).fit([[0.0], [1.0]], [0, 1])


def test_an_activation_whose_slope_is_wrong_is_refused_with_the_factor() -> None:
    wrong = cr.Activation("cubed", lambda z: z**3, lambda z: z**2, lambda z, m: z**3, "z³", "z^3")
    with pytest.raises(
        FormError, match=r"the activation 'cubed' has a slope that is 0\.3333 × the derivative of its value"
    ):
        NetworkClassifier(activation=wrong).fit([[0.0], [1.0]], [0, 1])


# activations ---------------------------------------------------------------------------------------------------------------
def test_each_hidden_layer_has_an_activation_of_its_own() -> None:
    """Names, an activation with settings, and functions of one's own among them (W6)."""
    x, y = load_iris(return_X_y=True)
    given = ["tanh", cr.leaky_relu(0.2), swish, "logistic"]
    found = NetworkClassifier((8, 7, 6, 5), given, solver="lbfgs", random_state=0).fit(x, y)
    names = [repr(each) for each in found.network_.activations]
    assert names == ["tanh", "leaky_relu(alpha=0.2)", "swish", "sigmoid", "softmax"]
    assert found.score(x, y) > 0.95


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("given", [swish, mish, cr.activation(mish, "mish")], ids=["swish", "mish", "object"])
def test_an_activation_of_ones_own_is_a_function(given: Any, engine: str) -> None:
    """Mish, in NumPy or over `m`; compiled from its form (W7, W8)."""
    x, y = load_iris(return_X_y=True)
    found = NetworkClassifier((10,), given, engine=engine, learning_rate_init=0.02, max_iter=50, random_state=0).fit(
        x, y
    )
    assert found.score(x, y) > 0.95
    assert cr.verify(found.network_, x[:3], y[:3], methods=["delta", "forward_mode"])


def test_functions_that_are_called_as_built_in_ones_are_taken_too() -> None:
    """np.tanh itself, and a user's huber; a function for all layers is one activation (W7)."""

    def huber(a: Any, y: Any) -> Any:
        return np.sum(np.where(abs(a - y) < 9, (a - y) ** 2 / 2, 9 * abs(a - y) - 40.5), axis=1)

    x, y = counts()
    found = NetworkRegressor((3, 3), np.tanh, loss=huber, max_iter=2, random_state=0).fit(x, y)
    assert [each.name for each in found.network_.activations] == ["own_tanh", "own_tanh", "identity"]
    assert found.network_.activations[1] is found.network_.activations[2]
    right = NetworkRegressor((3, 3), "tanh", loss=cr.huber(9.0), standardize=False, max_iter=2, random_state=0)
    other = NetworkRegressor((3, 3), np.tanh, loss=huber, standardize=False, max_iter=2, random_state=0)
    np.testing.assert_allclose(other.fit(x, y).predict(x), right.fit(x, y).predict(x), rtol=1e-9)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (lambda z: np.round(z), FormError, "no slope is known for np.round"),
        (lambda z: z - np.sum(z), FormError, "each element of z alone"),
        ("mosh", UnknownNameError, "activation"),
        ([mish], SettingError, "one for all 2 hidden layers"),
    ],
)  # fmt: skip
def test_an_activation_that_cannot_be_used_is_named(given: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        NetworkClassifier((3, 3), given).fit([[0.0], [1.0]], [0, 1])


# L-BFGS --------------------------------------------------------------------------------------------------------------------
OBJECTIVES = [(NetworkRegressor, loss) for loss in [*REGRESSION, quartic, pinball]] + [
    (NetworkClassifier, loss) for loss in [*CLASSES, quartic]
]


@pytest.mark.parametrize("penalty", [(0.0, 0.0), (0.2, 0.4), *([(0.3, 0.0), (0.0, 0.7)] if PROOF else [])], ids=str)
@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
@pytest.mark.parametrize(("kind", "loss"), OBJECTIVES, ids=name_of)
def test_the_gradient_of_what_lbfgs_minimises_is_its_gradient(
    kind: Any, loss: Any, several: bool, penalty: tuple[float, float]
) -> None:
    """Every loss, one output and several, weights of the rows, both penalties; against central differences (W16)."""
    if several and loss in ("cross_entropy", "multiclass_hinge"):
        pytest.skip("excludes several labels a row")
    rng = np.random.default_rng(5)
    x = rng.standard_normal((30, 3))
    y: Any = rng.poisson(3.0, (30, 2)).astype(float) if kind is NetworkRegressor else rng.integers(0, 2, (30, 2))
    y = y if several else y[:, 0] if kind is NetworkRegressor else rng.integers(0, 3, 30)
    estimator = kind((4,), "tanh", loss=loss, max_iter=1, random_state=0).fit(x, y, sample_weight=rng.random(30) + 0.1)
    part = Part(x, estimator._encoded(y, True), rng.random(30) + 0.5)
    rows = rows_for(estimator.network_, estimator._dataset(part), estimator.network_.cost)
    objective = Objective(estimator.network_, rows, Penalty(*penalty))
    theta = estimator.network_.parameters.flat()
    theta = theta + 0.3 * rng.standard_normal(theta.shape)
    most = None if PROOF else 15  # entries, drawn
    verdict = cr.check_gradient(lambda t: objective(t)[0], lambda t: objective(t)[1], theta, most)
    assert verdict, str(verdict)
    wrong = cr.check_gradient(lambda t: objective(t)[0], lambda t: 2 * objective(t)[1], theta, 5)
    assert not wrong
    assert objective(theta)[0] == pytest.approx(value_of(estimator, part, theta, penalty), rel=1e-12)


def value_of(estimator: Any, part: Part, theta: np.ndarray, penalty: tuple[float, float]) -> float:
    """The same from the forward pass alone."""
    network = estimator.network_.with_parameters(estimator.network_.parameters.like(theta))
    rows = rows_for(network, estimator._dataset(part), network.cost)
    each = cr.cost(network, rows.inputs, rows.targets, network.cost, reduction="none")
    size = sum(penalty[0] * np.abs(w).sum() + penalty[1] / 2 * (w * w).sum() for w in network.weights)
    return float(np.average(each, weights=part.weight) + size)


def test_lbfgs_watches_rows_and_gives_back_the_best_weights() -> None:
    """The user's own rows, or a share of them; the curves have an entry for each iteration (W12, W14, W28)."""
    x, y = load_diabetes(return_X_y=True)
    settings: dict[str, Any] = {"solver": "lbfgs", "alpha": 0.0, "max_iter": 300, "tol": 1e-6, "random_state": 0}
    found = NetworkRegressor(**settings).fit(x[::2], y[::2], X_val=x[1::2], y_val=y[1::2])
    assert found.score(x[1::2], y[1::2]) == pytest.approx(found.best_validation_score_, abs=1e-12)
    assert found.best_validation_score_ == max(found.validation_scores_) > found.validation_scores_[-1]
    assert found.n_iter_ == len(found.validation_losses_) == len(found.loss_curve_) < 300
    share = NetworkRegressor(early_stopping=True, **settings).fit(x, y)
    assert share.n_iter_ == len(share.validation_scores_) < 300
    alone = NetworkRegressor(**settings).fit(x[::2], y[::2])
    assert alone.score(x[1::2], y[1::2]) < found.score(x[1::2], y[1::2])


def test_the_curve_of_lbfgs_is_the_cost_after_each_iteration_without_penalties() -> None:
    """As that of a rule: loss_curve_, and what callbacks are told (W13)."""
    x, y = load_iris(return_X_y=True)
    seen: list[cr.run.Epoch] = []
    found = NetworkClassifier((5,), solver="lbfgs", alpha=5.0, max_iter=20, callbacks=[seen.append], random_state=0)
    found.fit(x, y)
    assert [epoch.cost for epoch in seen] == found.loss_curve_
    assert [epoch.number for epoch in seen] == list(range(1, found.n_iter_ + 1))
    terms = found._inputs(x)
    for epoch in (seen[0], seen[-1]):
        assert epoch.cost == pytest.approx(float(cr.cost(epoch.network, terms, y, "cross_entropy")), rel=1e-9)
    assert len(seen[0].gradient_norms) == len(seen[0].update_ratios) == 2
    slope = cr.gradient(seen[-1].network, terms, y, "cross_entropy") + (5.0 / 150) * weights_alone(seen[-1].network)
    assert seen[-1].gradient_norms == pytest.approx(
        [math.hypot(np.linalg.norm(w), np.linalg.norm(b)) for w, b in zip(slope.weights, slope.biases)], rel=1e-6
    )
    np.testing.assert_array_equal(seen[-1].network.parameters.flat(), found.network_.parameters.flat())


def weights_alone(network: cr.Network) -> Any:
    return network.parameters.like(network.parameters.flat() * penalised(network))


def penalised(network: cr.Network) -> np.ndarray:
    return Penalty(0.0, 1.0).entries(network.parameters)


def test_a_callback_and_max_time_end_lbfgs_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    x, y = load_iris(return_X_y=True)
    stopped = NetworkClassifier(solver="lbfgs", callbacks=[lambda epoch: epoch.number == 3], random_state=0).fit(x, y)
    assert stopped.n_iter_ == 3
    late = NetworkClassifier(solver="lbfgs", max_time=1e-9, random_state=0).fit(x, y)
    assert late.n_iter_ == 1
    assert not [each for each in recwarn if each.category is ConvergenceWarning]


def test_lbfgs_tells_of_its_iterations(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = load_iris(return_X_y=True)
    NetworkClassifier(solver="lbfgs", max_iter=2, verbose=True, random_state=0).fit(x, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines[:2]] == ["Iteration 1", "Iteration 2"]


def test_lbfgs_goes_on_where_it_was() -> None:
    """A second fit begins at the weights of the first, and no iteration of it is above them (W19)."""
    x, y = load_iris(return_X_y=True)
    found = NetworkClassifier((5,), solver="lbfgs", alpha=0.0, max_iter=5, warm_start=True, random_state=0).fit(x, y)
    first = found.loss_
    found.fit(x, y)
    assert len(found.loss_curve_) == 10
    assert max(found.loss_curve_[5:]) < first
    found.set_params(max_iter=500, tol=1e-3).fit(x, y)
    assert found.fit(x, y).n_iter_ <= 2


def test_a_rule_goes_on_from_what_lbfgs_found() -> None:
    """Not from where the rule was before (W19)."""
    x, y = load_iris(return_X_y=True)
    found = NetworkClassifier((5,), max_iter=2, warm_start=True, random_state=0).fit(x, y)
    low = found.set_params(solver="lbfgs", max_iter=50).fit(x, y).loss_
    after = found.set_params(solver="adam", learning_rate_init=1e-6, max_iter=1).fit(x, y).loss_
    assert after == pytest.approx(low, rel=0.01)


@pytest.mark.parametrize(
    "given", [{"dropout": 0.2}, {"dropout": [0.0, 0.1]}, {"clip_norm": 1.0}, {"clip_value": 1.0}], ids=str
)
def test_lbfgs_refuses_what_would_change_its_function(given: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=f'solver="lbfgs" .*{next(iter(given))}'):
        NetworkClassifier(solver="lbfgs", **given).fit([[0.0], [1.0]], [0, 1])


def test_a_pair_that_does_not_fit_is_named() -> None:
    """Softmax alone has a cross-entropy: labels that may be there at once are refused by their rows."""
    x, y = make_multilabel_classification(random_state=0)
    with pytest.raises((PairError, ValueError), match="sum to 1"):
        NetworkClassifier(loss="cross_entropy").fit(x, y)
