"""NetworkClassifier and NetworkRegressor: what they learn, and what they say."""

import os
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

import chainrule as cr
from chainrule.engines import threads
from chainrule.errors import DataError, SettingError, UnknownNameError
from chainrule.estimators import NetworkClassifier, NetworkRegressor, progress

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


INSTALLED = {  # scikit-learn as it is found: what the import says of it
    "None": "scikit-learn 1.6 or later: pip install 'chainrule[sklearn]'",
    "'1.5.2'": "scikit-learn 1.6 or later, and 1.5.2 is installed: pip install 'chainrule[sklearn]'",
}
IMPORTED = """
import importlib.metadata, sys
found = {}
importlib.metadata.version = lambda name: found
if found is None:
    sys.modules["sklearn"] = None
from chainrule import NetworkClassifier
"""


@pytest.mark.parametrize("found", INSTALLED)
def test_the_import_says_which_scikit_learn_to_install(found: str) -> None:
    command = [sys.executable, "-c", IMPORTED.format(found)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert last == f"ImportError: NetworkClassifier and NetworkRegressor need {INSTALLED[found]}"
    assert "During handling" not in done.stderr


def test_a_star_import_works_without_scikit_learn() -> None:
    code = "import sys; sys.modules['sklearn'] = None; from chainrule import *; assert Network"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "adamw", "nesterov", cr.rmsprop(0.01)])
def test_every_solver_learns_iris(solver: Any) -> None:
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    found = NetworkClassifier(solver=solver, learning_rate_init=0.01, random_state=0).fit(x, names)
    assert found.score(x, names) >= 0.96
    assert cr.predict(found.network_, x).tolist() == found.predict(x).tolist()
    np.testing.assert_allclose(found.predict_proba(x).sum(axis=1), 1)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_regressor_answers_in_the_targets_unit(solver: str) -> None:
    x, y = load_diabetes(return_X_y=True)
    found = NetworkRegressor(solver=solver, max_iter=50, random_state=0).fit(x, y)
    assert 0.4 < found.score(x, y) < 1
    np.testing.assert_array_equal(cr.predict(found.network_, x), found.predict(x))


@pytest.mark.parametrize("exponent", [-900, 900])
def test_numbers_whose_squares_overflow_or_vanish_are_learnt_like_others(exponent: int) -> None:
    X, y = load_diabetes(return_X_y=True)
    plain, strange = (
        NetworkRegressor((6,), max_iter=3, learning_rate="cosine", random_state=0).fit(*rows).predict(rows[0])
        for rows in ((X, y), (np.ldexp(X, exponent), np.ldexp(y, exponent)))
    )
    assert np.allclose(np.ldexp(strange, -exponent), plain, rtol=1e-12)


@pytest.mark.parametrize("constant", [7.0, 1.7e18, 1e300])  # as a sum of 150 shares they are rounded
def test_a_constant_column_is_an_input_of_0_and_small_where_it_changes_a_little(constant: float) -> None:
    X, y = load_iris(return_X_y=True)
    model = NetworkClassifier((6,), max_iter=3, learning_rate="cosine", random_state=0)
    model.fit(np.c_[X, np.full(len(X), constant)], y)
    inputs = model.preprocessing_.rows(np.full((2, 5), [[constant], [constant * (1 + 1e-15)]]))[:, 4]
    assert inputs[0] == 0
    assert abs(inputs[1]) < 1


@pytest.mark.parametrize(
    "given", [{"momentum": np.float32(0.5)}, {"momentum": np.int64(0)}, {"power_t": np.float32(0.5)}]
)
def test_parameters_may_be_numbers_of_numpy(given: Any) -> None:
    x, y = load_iris(return_X_y=True)
    first, second = (
        NetworkClassifier((4,), solver="sgd", learning_rate="invscaling", max_iter=2, random_state=0, **each)
        .fit(x, y)
        .coefs_[0]
        for each in (given, {name: value.item() for name, value in given.items()})
    )
    np.testing.assert_array_equal(first, second)


class Library:
    """A BLAS as threadpoolctl shows it."""

    num_threads = 8

    def set_num_threads(self, count: int) -> None:
        self.num_threads = count


def test_lbfgs_gives_blas_the_threads_that_its_products_keep_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the products too: in SciPy's own steps a second thread made a fit ten times as long on a busy machine."""
    library, seen = Library(), set()
    monkeypatch.setattr(threads, "_libraries", lambda: (library,))
    x, y = load_iris(return_X_y=True)
    watch = lambda epoch: seen.add(library.num_threads)
    NetworkClassifier((4,), solver="lbfgs", max_iter=3, callbacks=watch).fit(x, y)
    assert seen == {1}
    assert library.num_threads == 8


def test_several_labels_a_row() -> None:
    x, y = make_multilabel_classification(random_state=0)
    found = NetworkClassifier(solver="lbfgs", random_state=0).fit(x, y)
    assert found.score(x, y) > 0.95
    assert found.predict(x).shape == y.shape


def test_early_stopping_keeps_the_best_epoch() -> None:
    """Of a share of the rows (W28)."""
    x, y = load_iris(return_X_y=True)
    found = NetworkClassifier(early_stopping=True, learning_rate_init=0.05, random_state=0).fit(x, y)
    assert found.best_validation_score_ == max(found.validation_scores_)
    assert found.n_iter_ == len(found.validation_scores_) == len(found.validation_losses_) < 200


def test_the_users_own_rows_are_watched() -> None:
    """The weights of the best epoch are left, and each epoch has its validation loss (W12, W14, W28)."""
    x, y = load_iris(return_X_y=True)
    found = NetworkClassifier(learning_rate_init=0.05, random_state=0).fit(x[::2], y[::2], X_val=x[1::2], y_val=y[1::2])
    assert found.score(x[1::2], y[1::2]) == found.best_validation_score_ == max(found.validation_scores_)
    by_epoch = zip(found.validation_scores_, np.negative(found.validation_losses_), strict=True)
    *_, best = max((*each, epoch) for epoch, each in enumerate(by_epoch))
    assert found.validation_losses_[best] == pytest.approx(log_loss(y[1::2], found.predict_proba(x[1::2])))
    assert len(found.validation_losses_) == found.n_iter_ > best + 1


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_n_times_one_epoch_is_one_time_n(solver: str) -> None:
    """To the bit, with what the rule remembers; by warm_start and by partial_fit (W19, W34)."""
    x, y = load_iris(return_X_y=True)
    kind = {"solver": solver, "random_state": 0, "batch_size": 32}
    whole = NetworkClassifier(max_iter=6, tol=0, **kind).fit(x, y)
    warm = NetworkClassifier(max_iter=2, tol=0, warm_start=True, **kind).fit(x, y).fit(x, y).fit(x, y)
    parts = NetworkClassifier(**kind)
    for _ in range(6):
        parts.partial_fit(x, y, classes=[0, 1, 2])
    for other in (warm, parts):
        np.testing.assert_array_equal(other.network_.parameters.flat(), whole.network_.parameters.flat())


def test_what_no_class_can_be_is_named() -> None:
    found = NetworkClassifier(random_state=0).partial_fit([[0.0], [1.0]], ["a", "b"], classes=["a", "b"])
    with pytest.raises(DataError, match="y has 'c', and the classes are 'a', 'b'"):
        found.partial_fit([[0.0]], ["c"])


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"solver": "sdg"}, UnknownNameError, "did you mean 'sgd'"),
        ({"hidden_layer_sizes": (3, 0)}, SettingError, "whole numbers above 0"),
        ({"batch_size": 0}, SettingError, "batch_size is a whole number"),
        ({"activation": ["relu", "tanh"]}, SettingError, "one for each"),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        NetworkClassifier(**given).fit([[0.0], [1.0]], [0, 1])


def test_training_that_has_not_ended_says_so() -> None:
    x, y = load_iris(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="after max_iter=3 epochs"):
        NetworkClassifier(max_iter=3).fit(x, y)


def test_watched_rows_that_overflow_have_no_score() -> None:
    """Their cost is infinite, and no error speaks of NaN among the inputs (W15)."""
    x, y = np.linspace(-1, 1, 20)[:, None], np.linspace(0, 1, 20)
    network = cr.Network.random([1, 200, 1], "relu", dtype="float32")
    run = cr.train(network, x, y, epochs=1, validation=(x * 3e38, y))
    assert np.isnan(run.history[0]["validation_score"])


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_dropout_leaves_neurons_out_of_each_step_and_of_no_answer(engine: str) -> None:
    """A step of one row moves the weights into those that were left, and only those (W1)."""
    x, y = load_iris(return_X_y=True)
    asked = {"activation": "tanh", "solver": "sgd", "momentum": 0.0, "alpha": 0.0, "engine": engine, "random_state": 0}
    network = cr.Network.random([4, 200, 50, 1], "tanh", "identity", seed=0, dtype="float64")
    for dropout, shares in ((0.0, (0, 0)), (0.5, (0.5, 0.5)), ([0.0, 0.2, 0.8], (0.2, 0.8))):
        found = NetworkRegressor.from_network(network, dropout=dropout, **asked).partial_fit(x[:1], y[:1] + 1)
        still = [np.mean(found.network_.biases[layer] == network.biases[layer]) for layer in (1, 2)]
        assert still == pytest.approx(shares, abs=0.12)
        np.testing.assert_array_equal(found.predict(x), cr.predict(found.network_, x).ravel())


DIGEST = """
import hashlib, warnings
from sklearn.datasets import load_iris
from chainrule.estimators import NetworkClassifier
warnings.simplefilter("ignore")
x, y = load_iris(return_X_y=True)
for engine in ("reference", "compiled"):
    found = NetworkClassifier(early_stopping=True, dropout=0.1, max_iter=5, engine=engine, random_state=3).fit(x, y)
    print(hashlib.sha256(found.network_.parameters.flat().tobytes()).hexdigest())
"""


def test_a_seed_gives_the_same_bits_in_another_process_with_more_threads(capsys: pytest.CaptureFixture[str]) -> None:
    """On either engine; where bits may differ, docs/engines.md says (W22)."""
    code = "import sys, chainrule as cr; print('sklearn' in sys.modules); cr.NetworkClassifier; print('sklearn' in sys.modules)"
    threads = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}
    said = subprocess.check_output([sys.executable, "-c", code + DIGEST], env=threads, text=True).split()
    assert said[:2] == ["False", "True"]  # importing the package imports no scikit-learn
    exec(DIGEST, {})
    assert capsys.readouterr().out.split() == said[2:]


@pytest.mark.parametrize("many", [False, True])
def test_of_few_watched_rows_the_loss_counts_too(many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The score of 15 rows is the same for dozens of epochs while the network learns; of equal ones the lower loss counts."""
    monkeypatch.setattr(progress, "FEW_WATCHED", 15 if many else 16)
    x, y = load_iris(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # that all epochs are over is none where only the loss still falls
        found = NetworkClassifier(early_stopping=True, batch_size=200, random_state=0).fit(x, y)
    assert found.n_iter_ < 40 if many else found.n_iter_ > 100
    assert many or found.score(x, y) > 0.95
    by_epoch = list(zip(found.validation_scores_, np.negative(found.validation_losses_), strict=True))
    best = by_epoch.index(max(by_epoch)) + 1
    stopped = NetworkClassifier(early_stopping=True, batch_size=200, max_iter=best, random_state=0).fit(x, y)
    np.testing.assert_array_equal(found.coefs_[0], stopped.coefs_[0])
