"""Estimators in files: the same bits after save and load, pickle and clone, and what no file can hold is asked for."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from command import Run
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import NotFittedError

import chainrule as cr
from chainrule.checked_file import MODEL, pack, unpack
from chainrule.errors import FileError, SettingError, UnknownNameError
from chainrule.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, NUMBERS = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[NUMBERS]
SHORT = {"hidden_layer_sizes": (5,), "max_iter": 6, "random_state": 0}
Array = np.ndarray


def quartic(a: Any, y: Any, m: Any) -> Any:
    return m.sum((a - y) ** 4)


def bent(z: Any, m: Any) -> Any:
    return z * z / (1 + z * z)


def fitted(kind: str) -> tuple[Any, Any, Any]:
    if kind == "classes":
        return NetworkClassifier(**SHORT).fit(X, NAMES), X, NAMES
    if kind == "float32":
        return NetworkClassifier(**SHORT).fit(X.astype(np.float32), NUMBERS), X.astype(np.float32), NUMBERS
    if kind == "labels":
        x, y = make_multilabel_classification(random_state=0)
        return NetworkClassifier(**SHORT, solver=cr.adamw(0.01, decay=0.1)).fit(x, y), x, y
    if kind == "table":
        frame = pd.DataFrame({"width": X[:, 0], "colour": np.resize(["red", "blue", None], 150), "id": np.arange(150)})
        frame.loc[::7, "width"] = np.nan
        settings = {**SHORT, "preprocess": {"drop": ["id"]}}
        return NetworkClassifier(**settings).fit(frame, NAMES), frame, NAMES
    if kind == "columns":
        frame = pd.DataFrame(X, columns=list("abcd"))
        return (
            NetworkClassifier(**SHORT, class_weight={"setosa": 2}, early_stopping=True).fit(frame, NAMES),
            frame,
            NAMES,
        )
    x, y = load_diabetes(return_X_y=True)
    settings = {**SHORT, "n_iter_no_change": np.inf, "learning_rate": "adaptive", "solver": "sgd"}
    return NetworkRegressor(**settings).fit(x, y), x, y


KINDS = ["classes", "float32", "labels", "columns", "table", "numbers"]


def answers(estimator: Any, x: Any) -> Array:
    return np.asarray(estimator.predict_proba(x) if hasattr(estimator, "classes_") else estimator.predict(x))


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_and_a_pickled_estimator_predict_the_same_bits(kind: str, tmp_path: Path) -> None:
    """In a file without pickle, attributes and all (W26)."""
    estimator, x, _ = fitted(kind)
    path = estimator.save(tmp_path / "model.safetensors")
    loaded, pickled = type(estimator).load(path), pickle.loads(pickle.dumps(estimator))
    for other in (loaded, pickled):
        np.testing.assert_array_equal(answers(other, x), answers(estimator, x))
        assert repr(other) == repr(estimator)
        assert sorted(vars(other)) == sorted(vars(estimator))
        for name in vars(estimator):
            if name.endswith("_") and not name.startswith("_") and name != "network_":
                np.testing.assert_array_equal(getattr(other, name), getattr(estimator, name), err_msg=name)
                assert type(getattr(other, name)) is type(getattr(estimator, name)), name


@pytest.mark.parametrize("kind", KINDS)
def test_a_clone_learns_the_same_bits(kind: str) -> None:
    estimator, x, y = fitted(kind)
    np.testing.assert_array_equal(answers(clone(estimator).fit(x, y), x), answers(estimator, x))


@pytest.mark.parametrize("kind", KINDS)
def test_training_goes_on_after_load_as_it_would_have(kind: str, tmp_path: Path) -> None:
    """What the rule remembers, the order of the rows and the schedule are in the file (W19, W34)."""
    estimator, x, y = fitted(kind)
    loaded = type(estimator).load(estimator.save(tmp_path / "model.safetensors"), warm_start=True)
    estimator.set_params(warm_start=True)
    for each in (estimator, loaded):
        each.fit(x, y)
    np.testing.assert_array_equal(answers(loaded, x), answers(estimator, x))
    assert loaded.loss_curve_ == estimator.loss_curve_


def test_the_command_line_reads_it_as_any_model(chainrule_: Run, tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    estimator = NetworkClassifier(**SHORT).fit(frame, NAMES)
    path = estimator.save(tmp_path / "model.safetensors")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    assert cr.predict(cr.load(path), X).tolist() == estimator.predict(frame).tolist()
    code, said, _ = chainrule_("show", str(path))
    assert code == 0
    assert "NetworkClassifier(" in said
    assert len(said.splitlines()) < 30
    code, printed, _ = chainrule_("predict", str(path), "rows.csv")
    assert code == 0
    assert printed.count("setosa") >= 40


def test_nothing_in_a_file_is_a_pickle(tmp_path: Path) -> None:
    estimator, _, _ = fitted("classes")
    header, tensors = unpack(estimator.save(tmp_path / "model.safetensors"), MODEL)
    assert {array.dtype.kind for array in tensors.values()} == {"f"}
    json.dumps(header, allow_nan=False)


# what no file can hold ---------------------------------------------------------------------------------------------------
def test_a_callback_is_asked_for(tmp_path: Path) -> None:
    seen: list[Any] = []
    estimator = NetworkClassifier(**SHORT, callbacks=[seen.append]).fit(X, NAMES)
    path = estimator.save(tmp_path / "model.safetensors")
    with pytest.raises(
        SettingError,
        match=r"callbacks, which was \[<built-in method append.*load\(path, callbacks=…\), or callbacks=None",
    ):
        NetworkClassifier.load(path)
    assert NetworkClassifier.load(path, callbacks=None).callbacks is None
    assert NetworkClassifier.load(path, callbacks=[seen.append], alpha=0.5).get_params()["alpha"] == 0.5
    with pytest.raises(UnknownNameError, match="did you mean 'alpha'"):
        NetworkClassifier.load(path, callbacks=None, alhpa=0.5)


def small(rng: np.random.Generator, out: int, given: int, sigma: Any) -> Array:
    return 0.1 * rng.normal(size=(out, given))


@pytest.mark.parametrize(
    "given", [{"random_state": np.random.RandomState(0)}, {"init": small}], ids=["generator", "function"]
)
def test_a_generator_and_a_function_are_asked_for(given: dict[str, Any], tmp_path: Path) -> None:
    estimator = NetworkClassifier(**{**SHORT, **given}).fit(X, NAMES)
    path = estimator.save(tmp_path / "model.safetensors")
    [name] = given
    with pytest.raises(SettingError, match=f"cannot hold the parameter {name}"):
        NetworkClassifier.load(path)
    np.testing.assert_array_equal(answers(NetworkClassifier.load(path, **given), X), answers(estimator, X))


def test_an_activation_and_a_cost_of_ones_own_are_handed_in(tmp_path: Path) -> None:
    mine, cost = cr.activation(bent, "bent"), cr.own_cost(quartic, "quartic")
    x, y = load_diabetes(return_X_y=True)
    estimator = NetworkRegressor(**SHORT, activation=mine, loss=cost).fit(x, y)
    path = estimator.save(tmp_path / "model.safetensors")
    with pytest.raises(FileError, match=r"load\(path, activations=\[bent\]\)"):
        NetworkRegressor.load(path)
    with pytest.raises(SettingError, match=r"load\(path, costs=\[quartic\]\)"):
        NetworkRegressor.load(path, activations=[mine])
    loaded = NetworkRegressor.load(path, activations=[mine], costs=[cost])
    np.testing.assert_array_equal(loaded.predict(x), estimator.predict(x))


def mish(z: Any) -> Any:
    return z * np.tanh(np.log1p(np.exp(z)))


def absolute(a: Any, y: Any) -> Any:
    return np.sum(np.sqrt((a - y) ** 2 + 1), axis=1)


def test_functions_as_activation_and_loss_are_handed_in(tmp_path: Path) -> None:
    x, y = load_diabetes(return_X_y=True)
    estimator = NetworkRegressor(**SHORT, activation=mish, loss=absolute).fit(x, y)
    path = estimator.save(tmp_path / "model.safetensors")
    with pytest.raises(FileError, match=r"load\(path, activations=\[mish\]\)"):
        NetworkRegressor.load(path)
    loaded = NetworkRegressor.load(path, activations=[mish], costs=absolute)
    np.testing.assert_array_equal(loaded.predict(x), estimator.predict(x))
    np.testing.assert_array_equal(loaded.fit(x, y).predict(x), estimator.fit(x, y).predict(x))


def test_an_attribute_that_no_file_can_hold_is_named(tmp_path: Path) -> None:
    estimator, _, _ = fitted("classes")
    estimator.mine = object()
    with pytest.raises(SettingError, match="the attribute mine cannot be kept"):
        estimator.save(tmp_path / "model.safetensors")


def test_metadata_requests_and_output_config_are_kept(tmp_path: Path) -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = NetworkClassifier(**SHORT).set_fit_request(sample_weight=True).set_output(transform="pandas")
        path = estimator.fit(X, NAMES).save(tmp_path / "model.safetensors")
        loaded = NetworkClassifier.load(path)
        assert loaded.get_metadata_routing().fit.requests["sample_weight"] is True
        assert isinstance(loaded.transform(X), pd.DataFrame)


# bad files ----------------------------------------------------------------------------------------------------------------
def rewritten(path: Path, **changes: Any) -> Path:
    """The file with other entries in what it says of its estimator."""
    header, tensors = unpack(path, MODEL)
    header["notes"]["fitted"] |= changes
    rest = {key: value for key, value in header.items() if key not in ("checksum", "tensors", "version")}
    path.write_bytes(pack(MODEL, rest, tensors))
    return path


def test_a_file_of_another_version_loads_or_says_what_to_do(tmp_path: Path) -> None:
    estimator, _, _ = fitted("classes")
    path = estimator.save(tmp_path / "model.safetensors")
    told = unpack(path, MODEL)[0]["notes"]["fitted"]["parameters"]
    older = {name: value for name, value in told.items() if name != "dropout"}
    assert NetworkClassifier.load(rewritten(path, parameters=older)).dropout == 0.0
    with pytest.raises(FileError, match="with the parameters mixup, which this one lacks: upgrade chainrule"):
        NetworkClassifier.load(rewritten(path, parameters={**told, "mixup": 0.1}))
    with pytest.raises(FileError, match="newer version of chainrule: upgrade"):
        NetworkClassifier.load(rewritten(path, version=2))


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    estimator, _, _ = fitted("classes")
    path = estimator.save(tmp_path / "model.safetensors")
    with pytest.raises(FileError, match=r"holds a NetworkClassifier: NetworkClassifier\.load"):
        NetworkRegressor.load(path)
    cr.save(estimator.network_, tmp_path / "network.safetensors")
    with pytest.raises(FileError, match=r"no estimator: NetworkClassifier\.from_network\(chainrule\.load"):
        NetworkClassifier.load(tmp_path / "network.safetensors")
    with pytest.raises(FileError, match="damaged"):
        NetworkClassifier.load(rewritten(path, attributes=[1]))
    with pytest.raises(NotFittedError):
        NetworkClassifier().save(path)
