"""preprocess="auto": tables with texts, dates and gaps in the estimators."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import chainrule as cr
from chainrule.errors import ChainruleError, DataError, DataWarning
from chainrule.estimators import NetworkClassifier, NetworkRegressor

ROWS = 120
SETTINGS = {"learning_rate": "cosine", "learning_rate_init": 0.02, "max_iter": 100, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore:.*the column .(id|x4).:chainrule.errors.DataWarning")
KINDS = ("fair", "good", "ideal")


def mixed(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Numbers, a category, truth values, dates; gaps in some of them; an identifier."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "carat": rng.uniform(0.2, 3, rows),
        "cut": rng.choice(KINDS, rows),
        "sold": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, rows), "D"),
        "boxed": rng.random(rows) < 0.5,
        "id": [f"stone {i}" for i in range(rows)],
    })  # fmt: skip
    frame.loc[3, "carat"] = np.nan
    frame.loc[5, "cut"] = None
    return frame


def price(frame: pd.DataFrame) -> np.ndarray:
    worth = frame["cut"].map({kind: place for place, kind in enumerate(KINDS)}).fillna(1)
    return (1000 * frame["carat"].fillna(1) + 1000 * worth + 100 * frame["boxed"]).to_numpy()


def dear(frame: pd.DataFrame) -> np.ndarray:
    return np.where(price(frame) > 2600, "dear", "cheap")


def regressor(**more) -> NetworkRegressor:
    return NetworkRegressor((16,), preprocess="auto", **(SETTINGS | more))


def classifier(**more) -> NetworkClassifier:
    return NetworkClassifier((16,), preprocess="auto", **(SETTINGS | more))


@pytest.fixture
def frame() -> pd.DataFrame:
    return mixed()


def test_it_learns_from_texts_dates_and_gaps(frame):
    assert regressor().fit(frame, price(frame)).score(frame, price(frame)) > 0.97
    assert classifier().fit(frame, dear(frame)).score(frame, dear(frame)) > 0.95


def test_what_was_done_is_visible(frame):
    model = classifier().fit(frame, dear(frame))
    said = str(model.preprocessing_)
    assert "carat" in said
    assert "every row has its own text" in said
    assert model.feature_names_in_.tolist() == list(frame.columns)
    assert model.n_features_in_ == 5
    names = model.input_names_.tolist()
    assert len(names) == model.network_.sizes[0]
    assert {"carat", "carat missing", "cut = ideal", "cut missing", "sold, month sin"} <= set(names)
    assert not any(name.startswith("id") for name in names)


def test_it_does_what_the_package_does(frame):
    """`chainrule train` and `load_data` decide the same about columns."""
    model = regressor().fit(frame, price(frame))
    columns = cr.load_data(frame.assign(price=price(frame)), "price").preprocessing.columns
    assert model.preprocessing_.columns == columns
    np.testing.assert_array_equal(cr.predict(model.network_, frame), model.predict(frame))
    labelled = classifier().fit(frame, dear(frame))
    assert cr.predict(labelled.network_, frame).tolist() == labelled.predict(frame).tolist()


def test_columns_are_found_by_name(frame):
    model = regressor().fit(frame, price(frame))
    turned = frame[frame.columns[::-1]].assign(more=1)
    np.testing.assert_array_equal(model.predict(turned), model.predict(frame))
    np.testing.assert_array_equal(model.predict(pl.from_pandas(frame)), model.predict(frame))
    with pytest.raises(DataError, match=r"the data lacks cut and has"):
        model.predict(frame.drop(columns="cut"))


def test_new_values_and_gaps_at_predict_time_are_counted(frame):
    model = regressor().fit(frame, price(frame))
    strange = frame.assign(cut="bad", boxed=[None, *frame["boxed"][1:]])
    with pytest.warns(DataWarning) as said:
        answers = model.predict(strange)
    assert np.isfinite(answers).all()
    texts = [str(each.message) for each in said]
    assert any("120 values not seen in training (bad)" in text for text in texts)
    assert any("'boxed' has 1 gap, and had none in training" in text for text in texts)


def test_choices_about_columns(frame):
    chosen = {"kinds": {"boxed": "category"}, "drop": ["sold"], "scale": "none"}
    model = NetworkRegressor((4,), preprocess=chosen, max_iter=2, tol=0, n_iter_no_change=2, random_state=0)
    model.set_params(learning_rate="cosine").fit(frame, price(frame))
    assert model.preprocessing_.columns[0].scale == 1
    assert [column.width for column in model.preprocessing_.columns][2:] == [0, 2, 0]
    with pytest.raises(DataError, match="gap"):
        NetworkRegressor(preprocess={"gaps": "refuse"}).fit(frame, price(frame))


@pytest.mark.parametrize(
    ("preprocess", "said"),
    [
        ("automatic", "preprocess is None"),
        ({"gaps": "drop"}, "left out of X and y"),
        ({"gap": 1}, "choice about columns"),
    ],
)
def test_wrong_choices_are_refused(frame, preprocess, said):
    with pytest.raises(ChainruleError, match=said):
        NetworkRegressor(preprocess=preprocess).fit(frame, price(frame))


def test_arrays_and_sparse_rows(frame):
    """An array of objects, and one of numbers with NaN, whose columns have no names."""
    model = classifier(max_iter=60).fit(frame.to_numpy(dtype=object), dear(frame))
    assert not hasattr(model, "feature_names_in_")
    assert model.score(frame.to_numpy(dtype=object), dear(frame)) > 0.9
    with pytest.raises(DataError, match="X has 3 columns without names"):
        model.predict(frame.to_numpy(dtype=object)[:, :3])
    numbers = np.array([[0.0, np.nan], [1.0, 2.0], [2.0, 1.0]] * 10)
    assert regressor(max_iter=5).fit(numbers, numbers[:, 0]).input_names_.tolist() == [
        "x0", "x1", "x1 missing",
    ]  # fmt: skip


def test_float32_columns_stay_float32(frame):
    small = frame.assign(carat=frame["carat"].astype(np.float32))
    settings = {"max_iter": 3, "learning_rate": "cosine"}
    assert regressor(**settings).fit(small, price(frame)).network_.dtype == np.float32
    assert regressor(**settings).fit(frame, price(frame)).network_.dtype == np.float64


def test_weights_of_0_leave_rows_out(frame):
    weight = np.ones(ROWS)
    weight[60:] = 0
    some = regressor(max_iter=20)
    part = clone(some).fit(frame[:60], price(frame)[:60])
    np.testing.assert_array_equal(
        some.fit(frame, price(frame), sample_weight=weight).predict(frame[:60]), part.predict(frame[:60])
    )


def test_early_stopping_learns_columns_from_the_rows_it_learns(frame):
    frame = frame.assign(carat=frame["carat"].fillna(1), cut=frame["cut"].fillna("good"))
    model = regressor(early_stopping=True, validation_fraction=0.5).fit(frame, price(frame))
    assert len(model.validation_scores_) == model.n_iter_
    assert model.preprocessing_.columns[0].mean != pytest.approx(frame["carat"].mean())
    watched = regressor(max_iter=5).fit(frame[:60], price(frame)[:60], X_val=frame[60:], y_val=price(frame)[60:])
    assert len(watched.validation_scores_) == 5


def test_partial_fit_keeps_the_first_columns(frame):
    model = classifier()
    for start in (0, 60):
        part = frame[start : start + 60]
        model.partial_fit(part, dear(part), classes=["cheap", "dear"])
    assert model.preprocessing_.columns[0].mean == pytest.approx(frame["carat"][:60].mean())
    assert model.n_iter_ == 2


@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_scikit_learn_takes_it_as_any_estimator(frame):
    model = regressor(max_iter=100)
    assert clone(model).get_params() == model.get_params()
    found = cross_validate(model, frame, price(frame), cv=3)
    assert found["test_score"].min() > 0.6
    piped = make_pipeline(FunctionTransformer(), model).fit(frame, price(frame))
    assert piped.score(frame, price(frame)) > 0.9
    search = GridSearchCV(model, {"preprocess": ["auto", {"drop": ["carat"]}]}, cv=2).fit(frame, price(frame))
    assert search.best_params_ == {"preprocess": "auto"}


def test_a_pickle_predicts_the_same_bits(frame):
    model = classifier().fit(frame, dear(frame))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(frame), model.predict_proba(frame))
    assert str(again.preprocessing_) == str(model.preprocessing_)


def test_without_it_nothing_changes(frame):
    with pytest.raises(ValueError, match="could not convert"):
        NetworkRegressor().fit(frame[["cut"]], price(frame))
    assert LogisticRegression().__sklearn_tags__().input_tags.allow_nan is False
    assert NetworkRegressor().__sklearn_tags__().input_tags.allow_nan is False
    assert regressor().__sklearn_tags__().input_tags.allow_nan is True
