"""Both estimators inside scikit-learn: routing, searches, ensembles, data frames, labels of every kind."""

import os
import pickle
import subprocess
import sys
from typing import Any

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from networks import PROOF
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.ensemble import BaggingRegressor, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule as cr
from chainrule.errors import DataWarning
from chainrule.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)
XD, YD = load_diabetes(return_X_y=True)
XM, YM = make_multilabel_classification(random_state=0)
SHORT: dict[str, Any] = {"solver": "adam", "max_iter": 15, "learning_rate_init": 0.02, "random_state": 0}
WEIGHTS = np.linspace(0, 2, len(X))
NAMES = np.array(["setosa", "versicolor", "virginica"])
VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])


@pytest.fixture
def routed() -> Any:
    with sklearn.config_context(enable_metadata_routing=True):
        yield


# metadata -----------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(VERSION < (1, 8), reason="a search over a pipeline routes no weights before scikit-learn 1.8")
@pytest.mark.usefixtures("routed")
def test_weights_are_routed_through_a_pipeline_and_a_search() -> None:
    network = NetworkClassifier(**SHORT).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    whole = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), network)
    search = GridSearchCV(whole, {"networkclassifier__alpha": [0.0, 0.1]}, cv=2).fit(X, Y, sample_weight=WEIGHTS)
    alone = clone(whole).set_params(**search.best_params_).fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(search.predict_proba(X), alone.predict_proba(X))
    unweighted = clone(whole).set_params(**search.best_params_).fit(X, Y)
    assert not np.array_equal(unweighted.predict_proba(X), alone.predict_proba(X))
    scores = cross_validate(whole, X, Y, params={"sample_weight": WEIGHTS}, cv=2)["test_score"]
    assert np.isfinite(scores).all()


@pytest.mark.usefixtures("routed")
def test_rows_to_watch_go_through_the_pipeline_that_scales_them() -> None:
    """A validation set of the user's own, inside a pipeline (W14)."""
    network = NetworkClassifier(**SHORT).set_fit_request(X_val=True, y_val=True)
    whole = Pipeline([("scale", StandardScaler()), ("network", network)], transform_input=["X_val"])
    whole.fit(X[::2], Y[::2], X_val=X[1::2], y_val=Y[1::2])
    assert whole.score(X[1::2], Y[1::2]) == whole[-1].best_validation_score_


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_what_may_be_routed_has_a_request(kind: Any) -> None:
    requests = kind().get_metadata_routing()
    assert requests.fit.requests.keys() == {"sample_weight", "X_val", "y_val", "sample_weight_val"}
    assert requests.score.requests.keys() == {"sample_weight"}
    assert "sample_weight" in requests.partial_fit.requests


# inside others --------------------------------------------------------------------------------------------------------
def test_targets_keep_one_dimension_inside_others() -> None:
    """In ensembles and transformed targets (W32)."""
    bag = BaggingRegressor(NetworkRegressor(**SHORT), n_estimators=2, random_state=0).fit(XD, YD)
    scaled = TransformedTargetRegressor(NetworkRegressor(**SHORT), func=np.log1p, inverse_func=np.expm1).fit(XD, YD)
    for found in (bag, scaled):
        assert found.predict(XD).shape == (len(XD),)
        assert found.score(XD, YD) > 0.3


def test_calibrated_voting_and_permuted() -> None:
    calibrated = CalibratedClassifierCV(NetworkClassifier(**SHORT), cv=2).fit(X, Y)
    voting = VotingClassifier(
        [("a", NetworkClassifier(**SHORT)), ("b", NetworkClassifier(solver="lbfgs"))], voting="soft"
    )
    assert calibrated.score(X, Y) > 0.9
    assert voting.fit(X, Y).score(X, Y) > 0.9
    importance = permutation_importance(voting, X, Y, n_repeats=2, random_state=0).importances_mean
    assert importance[2:].sum() > importance[:2].sum()


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_a_copy_by_pickle_joblib_or_clone_predicts_and_learns_the_same_bits(kind: Any, tmp_path: Any) -> None:
    found = kind(warm_start=True, callbacks=len_of, **SHORT).fit(X, Y)
    joblib.dump(found, tmp_path / "network.joblib")
    copies = [pickle.loads(pickle.dumps(found)), joblib.load(tmp_path / "network.joblib"), clone(found).fit(X, Y)]
    for copy in copies:
        np.testing.assert_array_equal(copy.predict(X), found.predict(X))
    found.fit(X, Y)
    for copy in copies:
        np.testing.assert_array_equal(copy.fit(X, Y).predict(X), found.predict(X))


def len_of(epoch: Any) -> bool:
    """A callback that pickle finds."""
    return len(epoch.gradient_norms) == 0


SEARCH = """
import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from chainrule.engines.threads import allowed
from chainrule.errors import DataWarning
from chainrule.estimators import NetworkClassifier
import warnings; warnings.simplefilter("ignore")

def threads(estimator, x, y):
    return float(allowed() or 0)

x, y = load_iris(return_X_y=True)
for engine in ("reference", "compiled"):
    asked = dict(max_iter=5, random_state=0, engine=engine)
    found = [GridSearchCV(NetworkClassifier(**asked), {"alpha": [0, 0.1]}, cv=2, n_jobs=n).fit(x, y) for n in (1, 2)]
    assert (found[0].predict_proba(x) == found[1].predict_proba(x)).all()
counted = GridSearchCV(NetworkClassifier(max_iter=1), {"alpha": [0, 0.1]}, cv=2, n_jobs=2, scoring=threads, refit=False)
counted.fit(x, y)
print(counted.cv_results_["mean_test_score"].max())
"""


@pytest.mark.skipif(not PROOF, reason="long: make proof runs it")
def test_a_search_in_two_processes_ends_with_the_same_bits_and_no_more_threads_than_cores() -> None:
    """It ends, and the cores are shared out (W21)."""
    free = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}  # which the tests set
    environment = {key: value for key, value in os.environ.items() if key not in free}
    said = subprocess.run(
        [sys.executable, "-c", SEARCH], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert said.returncode == 0, said.stderr
    assert float(said.stdout) <= max(1, joblib.cpu_count() // 2)


def test_a_search_in_two_threads_finds_the_same_bits() -> None:
    """Two threads of one process (W21)."""

    def search(jobs: int) -> Any:
        with joblib.parallel_config("threading"):
            return GridSearchCV(NetworkClassifier(**SHORT), {"alpha": [0.0, 0.1]}, cv=2, n_jobs=jobs).fit(X, Y)

    one, two = search(1), search(2)
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))
    np.testing.assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])


# rows -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_data_frames_keep_their_names(library: str, kind: Any) -> None:
    frames = pytest.importorskip(library)
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    rows = frames.DataFrame({name: X[:, place] for place, name in enumerate(names)})
    if not hasattr(StandardScaler().fit(rows), "feature_names_in_"):
        pytest.skip("this scikit-learn does not see the column names of Polars 2")
    targets = frames.Series(NAMES[Y] if kind is NetworkClassifier else Y.astype(float))
    found = kind(**SHORT).fit(rows, targets, X_val=rows, y_val=targets)
    assert found.feature_names_in_.tolist() == names
    assert [column.name for column in found.network_.preprocessing.columns] == names
    plain = kind(**SHORT).fit(X, np.asarray(targets), X_val=X, y_val=np.asarray(targets))
    np.testing.assert_array_equal(found.predict(rows), plain.predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        found.predict(rows[names[::-1]])
    scaled = make_pipeline(StandardScaler().set_output(transform=library), kind(**SHORT)).fit(rows, targets)
    assert scaled[-1].feature_names_in_.tolist() == names


@pytest.mark.parametrize("made", [sp.csr_array, sp.csc_array, sp.coo_array, sp.csr_matrix])
def test_sparse_rows_are_learnt_as_dense_ones(made: Any) -> None:
    dense = NetworkClassifier(**SHORT).fit(X, Y, X_val=X, y_val=Y)
    sparse = NetworkClassifier(**SHORT).fit(made(X), Y, X_val=made(X), y_val=Y)
    np.testing.assert_array_equal(sparse.predict_proba(made(X)), dense.predict_proba(X))


# targets --------------------------------------------------------------------------------------------------------------
LABELS = {
    "bool": Y == 1, "object": NAMES.astype(object)[Y], "text": NAMES[Y], "float": Y.astype(float), "int8": Y.astype(np.int8),
    "below 0": Y - 1, "one column": Y[:, None],
}  # fmt: skip


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
def test_labels_of_every_kind_come_back_as_they_were(name: str) -> None:
    labels = LABELS[name]
    found = NetworkClassifier(**SHORT).fit(X, labels)
    answers = found.predict(X)
    assert found.classes_.dtype == answers.dtype == labels.dtype
    assert found.classes_.tolist() == sorted(set(labels.ravel().tolist()))
    assert np.mean(answers == labels.ravel()) > 0.85
    assert answers.shape == (len(X),)
    assert found.predict_proba(X).shape == (len(X), len(found.classes_))


@pytest.mark.parametrize("classes", [2, 3])
def test_text_labels_are_watched_and_come_back_as_texts(classes: int) -> None:
    """Early stopping compares texts with texts (W23)."""
    x, labels = X[classes > Y], NAMES[Y[classes > Y]]
    found = NetworkClassifier(**{**SHORT, "max_iter": 40}, early_stopping=True).fit(x, labels)
    assert found.best_validation_score_ > 0.8
    assert set(found.predict(x).tolist()) == set(labels.tolist())
    own = NetworkClassifier(**SHORT).fit(x, labels, X_val=x[::3], y_val=labels[::3])
    assert own.best_validation_score_ == own.score(x[::3], labels[::3])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_float32_stays_float32(kind: Any, solver: str) -> None:
    """Weights, answers and what is in between; and about the same answers as in float64 (W25)."""
    narrow = X.astype(np.float32)
    few, wide = (kind(**{**SHORT, "solver": solver}).fit(x, Y) for x in (narrow, X))
    answers = "predict_proba" if kind is NetworkClassifier else "predict"
    kept = {getattr(few, answers)(narrow).dtype, few.transform(narrow).dtype, few.coefs_[0].dtype}
    assert kept == {np.dtype(np.float32)}
    assert getattr(wide, answers)(X).dtype == np.float64
    np.testing.assert_allclose(getattr(few, answers)(narrow), getattr(wide, answers)(X), atol=2e-2)


def test_one_class_is_certain() -> None:
    with pytest.warns(DataWarning, match="have the same target, so there is nothing to tell apart"):
        found = NetworkClassifier(**SHORT).fit(X, ["only"] * len(X))
    assert set(found.predict(X)) == {"only"}
    np.testing.assert_array_equal(found.predict_proba(X), np.ones((len(X), 1)))


def test_several_labels_a_row_in_fit_partial_fit_and_scores() -> None:
    """With rows to watch, and sparse labels in parts (W20)."""
    found = NetworkClassifier(**{**SHORT, "max_iter": 60}).fit(XM[:80], YM[:80], X_val=XM[80:], y_val=YM[80:])
    assert found.score(XM[80:], YM[80:]) == pytest.approx(found.best_validation_score_)
    assert found.predict(XM).shape == found.predict_proba(XM).shape == found.decision_function(XM).shape == YM.shape
    in_parts = NetworkClassifier(**SHORT)
    for _ in range(60):
        in_parts.partial_fit(sp.csr_array(XM), sp.csr_array(YM), classes=np.arange(5))
    assert in_parts.score(XM, YM) > 0.6


def test_numbers_in_several_columns() -> None:
    found = NetworkRegressor(**{**SHORT, "max_iter": 60}).fit(X, X[:, :2])
    assert found.predict(X).shape == (len(X), 2)
    assert found.score(X, X[:, :2]) > 0.9
    one = NetworkRegressor(**SHORT).fit(X, Y)
    assert one.predict(X).shape == (len(X),)


def test_several_classes_a_row_are_refused_with_what_takes_them() -> None:
    """Targets of several columns with several classes each (W24)."""
    several = np.column_stack([Y, 2 - Y])
    with pytest.raises(ValueError, match="MultiOutputClassifier of scikit-learn takes several classes a row"):
        NetworkClassifier(**SHORT).fit(X, several)
    assert MultiOutputClassifier(NetworkClassifier(**SHORT)).fit(X, several).score(X, several) > 0.85


# weights --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_a_row_of_weight_2_is_two_rows_and_of_weight_0_none(kind: Any) -> None:
    """The same minimum: alpha is divided by the sum of the weights, and means the same for rows that are repeated (W3, W29)."""
    asked = {
        "hidden_layer_sizes": (),
        "solver": "lbfgs",
        "alpha": 2.0,
        "tol": 1e-7,
        "max_iter": 2000,
        "random_state": 0,
    }
    counts = np.arange(len(X)) % 3
    repeated = np.repeat(np.arange(len(X)), counts)
    weighted = kind(**asked).fit(X, Y, sample_weight=counts)
    plain = kind(**asked).fit(X[repeated], Y[repeated])
    np.testing.assert_allclose(weighted.coefs_[0], plain.coefs_[0], atol=1e-4)
    assert np.abs(weighted.coefs_[0] - kind(**asked).fit(X, Y).coefs_[0]).max() > 1e-3


ALPHA = [  # rows, weight of each, batch_size, and what alpha is divided by
    (150, 1.0, 150, 150), (50, 1.0, 50, 50), (50, 1.0, 200, 50), (50, 2.0, 200, 100), (50, 2.0, 60, 60), (50, 0.5, 200, 25),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "weight", "batch_size", "divisor"), ALPHA)
def test_alpha_is_divided_by_the_rows_of_a_batch(rows: int, weight: float, batch_size: int, divisor: float) -> None:
    """By what one step moves with it and without: η alpha w / divisor (W17)."""
    settings = {
        "solver": "sgd",
        "momentum": 0.0,
        "learning_rate_init": 0.1,
        "batch_size": batch_size,
        "random_state": 0,
    }
    network = cr.Network.random([4, 3, 1], "tanh", "identity", seed=1, dtype="float64")
    none, some = (
        NetworkRegressor.from_network(network, **settings, alpha=alpha)
        .partial_fit(X[:: 150 // rows], Y[:: 150 // rows], sample_weight=np.full(rows, weight))
        .network_
        for alpha in (0.0, 6.0)
    )
    for w, without, penalised in zip(network.weights, none.weights, some.weights, strict=True):
        np.testing.assert_allclose(without - penalised, 0.1 * 6.0 * w / divisor, rtol=1e-9)
    for without, penalised in zip(none.biases, some.biases, strict=True):
        np.testing.assert_allclose(without, penalised, rtol=1e-12)


def test_weights_of_1_are_no_weights() -> None:
    """The same bits (W30)."""
    for kind in (NetworkClassifier, NetworkRegressor):
        weighted, plain = (kind(**SHORT).fit(X, Y, sample_weight=weight) for weight in (np.ones(len(X)), None))
        np.testing.assert_array_equal(weighted.predict(X), plain.predict(X))


def test_balanced_classes_have_the_same_weight_whatever_their_rows_weigh() -> None:
    """Against weights of rows by hand (W2, W31)."""
    rare = np.r_[np.arange(100), np.arange(100, 104)]
    asked = {**SHORT, "class_weight": "balanced", "alpha": 0.0}
    found = NetworkClassifier(**asked).fit(X[rare], Y[rare])
    by_hand = np.where(Y[rare] == 2, 104 / (3 * 4), 104 / (3 * 50))
    weighted = NetworkClassifier(**{**asked, "class_weight": None}).fit(X[rare], Y[rare], sample_weight=by_hand)
    np.testing.assert_allclose(found.predict_proba(X), weighted.predict_proba(X), rtol=1e-9)
    twice = np.where(Y[rare] == 2, 3.0, 1.0)
    again = NetworkClassifier(**asked).fit(X[rare], Y[rare], sample_weight=twice)
    np.testing.assert_allclose(again.predict_proba(X), found.predict_proba(X), rtol=1e-6)
