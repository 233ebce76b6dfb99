"""Data frames of pandas, Polars and pyarrow: names are remembered, and every kind of column is what it was."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import Texts, gaps
from chainrule.errors import ChainruleError, DataError, ShapeError, UnknownNameError

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

IRIS = cr.read_table("iris")
LIBRARIES = {
    "pandas": lambda columns: pd.DataFrame(columns),
    "polars": lambda columns: pl.DataFrame(columns),
    "pyarrow": lambda columns: pa.table(columns),
    "dictionary": dict,
}


def iris(make: Any, order: slice = slice(None), target: bool = False) -> Any:
    names = list(IRIS.columns)[order]
    columns: dict[str, Any] = {name: IRIS.column(name) for name in names}
    return make(columns | ({"species": list(IRIS.target)} if target else {}))  # type: ignore[arg-type]


@pytest.fixture(params=LIBRARIES)
def make(request: pytest.FixtureRequest) -> Any:
    return LIBRARIES[request.param]


def learn(data: Any, **settings: Any) -> cr.Network:
    network = cr.Network.random([4, 8, 3], "tanh", "softmax", seed=1)
    return cr.train(network, data, epochs=10, rule=cr.adam(0.05), **settings).network


@pytest.mark.parametrize("given", ["labels", "name", "alone", "weighted", "table"])
def test_columns_that_were_learnt_are_found_by_name(make: Any, given: str) -> None:
    """Reordered columns were taken by place: 0.93 became 0.32 without a word."""
    data = {
        "labels": lambda: (iris(make), list(IRIS.target)),  # type: ignore[arg-type]
        "name": lambda: (iris(make, target=True), "species"),
        "alone": lambda: iris(make, target=True),
        "table": lambda: cr.read_table(iris(make, target=True)),
        "weighted": lambda: (iris(make), IRIS.target, np.ones(150)),
    }[given]()
    network = learn(data)
    turned = iris(make, slice(None, None, -1))
    answers = cr.predict(network, iris(make))
    assert np.mean(answers == IRIS.target) > 0.9
    assert np.array_equal(cr.predict(network, turned), answers)
    assert cr.score(network, turned, IRIS.target) == np.mean(answers == IRIS.target)
    more = iris(LIBRARIES["pandas"], slice(None, None, -1)).assign(remark="x")
    assert np.array_equal(cr.predict(network, more), answers)


def test_rows_to_watch_and_rows_to_learn_from_again_are_put_in_order() -> None:
    data, turned = (iris(pd.DataFrame), IRIS.target), (iris(pd.DataFrame, slice(None, None, -1)), IRIS.target)
    network = cr.Network.random([4, 8, 3], "tanh", "softmax", seed=1)
    straight, other = (cr.train(network, data, epochs=2, validation=each) for each in (data, turned))
    assert straight.history[-1]["validation_cost"] == other.history[-1]["validation_cost"]
    again, reordered = (cr.train(straight.network, each, epochs=1) for each in (data, turned))
    assert again.history[-1]["cost"] == reordered.history[-1]["cost"]


def test_a_targets_name_stands_where_targets_do() -> None:
    frame = iris(pd.DataFrame, target=True)
    network = cr.Network.random([4, 8, 3], "tanh", "softmax", seed=1)
    by_pair = cr.train(network, (frame, "species"), epochs=1)
    for data, y in (
        (frame, "species"),
        (frame[["species", *IRIS.columns]], "species"),
        (cr.read_table(frame), "species"),
    ):
        assert cr.train(network, data, y, epochs=1).history[0]["cost"] == by_pair.history[0]["cost"]
    assert cr.train(network, frame, "squared_error", epochs=1).report.cost == "squared_error"
    with pytest.raises(UnknownNameError, match="unknown cost 'specie'"):
        cr.train(network, frame, "specie")


def test_one_row_with_names_is_one_example_in_any_order() -> None:
    frame = iris(pd.DataFrame)
    network = learn((frame, IRIS.target))
    answers = cr.predict(network, frame)
    turned = frame[frame.columns[::-1]]
    for row in (0, 70, 149):
        assert cr.predict(network, frame.iloc[row]) == answers[row]
        assert cr.predict(network, turned.iloc[row]) == answers[row]
        assert cr.predict(network, dict(turned.iloc[row])) == answers[row]
        assert cr.predict(network, frame.iloc[row].to_numpy()) == answers[row]
    with pytest.raises(DataError, match="the data lacks sepal length and has"):
        cr.predict(network, frame.iloc[0].drop("sepal length"))


def test_a_frame_is_in_its_users_terms_wherever_rows_are_taken() -> None:
    """A gradient of reordered columns would be one of other inputs."""
    network = learn((iris(pd.DataFrame), IRIS.target))
    frame, y = iris(pd.DataFrame), np.repeat([0, 1, 2], 50)
    turned = frame[frame.columns[::-1]]
    assert cr.cost(network, turned, y) == cr.cost(network, IRIS.inputs, y)
    assert np.array_equal(cr.gradient(network, turned, y).flat(), cr.gradient(network, IRIS.inputs, y).flat())


def test_missing_columns_are_named(make: Any) -> None:
    network = learn((iris(make), IRIS.target))
    with pytest.raises(DataError, match="lacks sepal length and has sepal width, petal length, petal width"):
        cr.predict(network, iris(make, slice(1, None)))
    with pytest.raises(DataError, match="lacks sepal length"):
        cr.train(network, (iris(make, slice(1, None)), IRIS.target))


def test_a_frame_is_read_and_scaled_as_a_file_is(make: Any) -> None:
    frame = iris(make, target=True)
    table = cr.read_table(frame)
    assert (table.columns, table.target_name) == (IRIS.columns, "species")
    assert list(table.target) == list(IRIS.target)  # type: ignore[arg-type]
    assert np.array_equal(cr.load_data(frame).inputs, cr.load_data("iris").inputs)
    other = cr.read_table(frame, "petal width")
    assert (other.target_name, other.columns[-1]) == ("petal width", "species")
    with pytest.raises(UnknownNameError, match="unknown target column 'specie': did you mean 'species'"):
        cr.load_data(frame, "specie")
    assert cr.read_table(frame, "price", optional=True).target is None


def test_a_frame_brings_its_target_to_a_score(make: Any) -> None:
    network = learn((iris(make, target=True), "species"))
    assert cr.score(network, iris(make, target=True)) > 0.9
    with pytest.raises(DataError, match="pass y"):
        cr.score(network, iris(make))


def test_texts_of_a_frame_become_categories_and_are_found_again() -> None:
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "colour": ["red", "blue", "red", "blue"]})
    network = cr.Network.random([3, 4, 2], output="softmax", seed=0)
    network = cr.train(network, (frame, [0, 1, 0, 1]), epochs=60, rule=cr.adam(0.05)).network
    assert cr.predict(network, frame[["colour", "a"]]).tolist() == [0, 1, 0, 1]
    with pytest.warns(cr.DataWarning, match=r"'colour' has 1 value not seen in training \(green\)"):
        cr.predict(network, {"a": 1.0, "colour": "green"})


def test_numbers_to_predict_stay_in_their_unit() -> None:
    frame = pd.DataFrame({"a": np.linspace(0, 1, 20), "b": np.linspace(1, 0, 20) ** 2})
    y = pd.Series(3 * frame["a"] + frame["b"] + 10.5, name="price")
    network = cr.Network.random([2, 1], output="identity", seed=0)
    network = cr.train(network, (frame, y), epochs=300, rule=cr.adam(0.1)).network
    assert np.array_equal(cr.predict(network, frame[["b", "a"]]), cr.predict(network, frame))
    assert cr.predict(network, frame).mean() == pytest.approx(y.mean(), rel=0.05)
    assert network.preprocessing is not None
    assert network.preprocessing.target_name == "price"


# kinds of columns ---------------------------------------------------------------------------------------------------
NUMBERS = [
    pd.array([1, 2, None, 4], dtype="Int64"),
    pd.array([1.0, 2.0, None, 4.0], dtype="Float64"),
    pd.array([1, 2, None, 4], dtype="float32"),
    pd.array([1, 2, None, 4], dtype="int64[pyarrow]"),
    pd.Categorical([1, 2, None, 4]),
    [1, 2, None, 4],
    [Decimal(1), Decimal(2), None, Decimal(4)],
    [Fraction(1), Fraction(2), None, Fraction(8, 2)],
    [1, 2, pd.NA, 4],
    [1, 2.0, float("nan"), np.int8(4)],
    pl.Series([1, 2, None, 4]),
    pl.Series([1, 2, None, 4], dtype=pl.Float32),
    pl.Series([Decimal(1), Decimal(2), None, Decimal(4)]),
    pa.array([1, 2, None, 4]),
    pa.array([1, 2, None, 4], pa.uint8()),
    pa.chunked_array([[1, 2], [None, 4]]),
    np.ma.masked_array([1, 2, 3, 4], [False, False, True, False]),
    np.ma.masked_array([1.0, 2, 3, 4], [False, False, True, False]),
]


def column(values: Any) -> Any:
    """A column of this name as its library holds it, read."""
    library = type(values).__module__.split(".")[0]
    make: Any = {"polars": pl.DataFrame, "pyarrow": pa.table, "numpy": dict}.get(library, pd.DataFrame)
    return cr.read_table(make({"a": values}), optional=True).column("a")


@pytest.mark.parametrize("values", NUMBERS, ids=lambda values: f"{type(values).__name__}")
def test_numbers_of_every_kind_are_numbers_and_their_gaps_gaps(values: Any) -> None:
    found = column(values)
    assert found.dtype in (np.float64, np.float32)
    assert np.array_equal(found, [1, 2, np.nan, 4], equal_nan=True)
    assert gaps(found).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    "values",
    [
        ["b", None, "a", "b"],
        ["b", float("nan"), "a", "b"],
        ["b", pd.NA, "a", "b"],
        pd.array(["b", None, "a", "b"], dtype="string"),
        pd.array(["b", None, "a", "b"], dtype="string[pyarrow]"),
        pd.Categorical(["b", None, "a", "b"], categories=["b", "a", "unused"]),
        pl.Series(["b", None, "a", "b"]),
        pl.Series(["b", None, "a", "b"], dtype=pl.Categorical),
        pa.array(["b", None, "a", "b"]),
        pa.array(["b", None, "a", "b"]).dictionary_encode(),
        pa.chunked_array([["b", None], ["a", "b"]]),
    ],
    ids=lambda values: f"{type(values).__name__}",
)
def test_texts_of_every_kind_are_texts_and_a_gap_is_no_text(values: Any) -> None:
    found = column(values)
    assert isinstance(found, Texts)
    assert np.asarray(found).tolist() == ["b", None, "a", "b"]
    assert found.used == ("a", "b")


@pytest.mark.parametrize(
    "values",
    [
        [datetime(2024, 1, 2, 3), None],
        pd.Series([pd.Timestamp("2024-01-02 03:00"), pd.NaT]),
        pd.Series([pd.Timestamp("2024-01-02 04:00", tz="Europe/Berlin"), pd.NaT]),
        pl.Series([datetime(2024, 1, 2, 3), None]),
        pa.array([datetime(2024, 1, 2, 3), None]),
    ],
    ids=lambda values: f"{type(values).__name__}",
)
def test_times_are_times_and_no_time_is_a_gap(values: Any) -> None:
    found = column(values)
    assert found.dtype == "M8[us]"
    assert found[0] == np.datetime64("2024-01-02T03")
    assert gaps(found).tolist() == [False, True]


def test_dates_truth_values_and_large_numbers_stay_what_they_are() -> None:
    assert column([date(2024, 1, 2), None])[0] == np.datetime64("2024-01-02")
    truths = [True, False]
    for values in (truths, pd.array(truths, dtype="boolean"), pl.Series(truths), pa.array(truths)):
        assert column(values).dtype == bool
    for values in (pd.array([True, None], dtype="boolean"), pl.Series([True, None]), pa.array([True, None])):
        assert np.array_equal(column(values), [1, np.nan], equal_nan=True)
    large = [2**53 + 1, 2**53 + 3]
    for values in (large, pd.array(large, dtype="Int64"), pl.Series(large), pa.array(large)):
        assert column(values).tolist() == large
    assert column(["007", "7"]).levels == ("007", "7")
    assert column(["12", "13"]).levels == ("12", "13")  # texts that a frame holds are meant as such


# targets ------------------------------------------------------------------------------------------------------------
X = np.arange(8.0).reshape(4, 2)


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(["a", pd.NA, "b", "a"]),
        pd.Series(["a", None, "b", "a"], dtype="string"),
        pd.Series([1, pd.NA, 0, 1], dtype="Int64"),
        pd.Series([True, pd.NA, False, True], dtype="boolean"),
        pd.Categorical(["a", None, "b", "a"]),
        ["a", pd.NaT, "b", "a"],
        [1, Decimal("NaN"), 0, 1],
        [1, np.datetime64("NaT"), 0, 1],
        pl.Series(["a", None, "b", "a"]),
        pa.array(["a", None, "b", "a"]),
        np.ma.masked_array([1, 0, 0, 1], [False, True, False, False]),
        np.ma.masked_array(["a", "b", "b", "a"], [False, True, False, False]),
    ],
    ids=lambda values: f"{type(values).__name__}",
)
def test_a_gap_in_a_target_is_no_class(y: Any) -> None:
    """`pandas.NA` became the class "<NA>", and a masked entry the value under its mask."""
    for given in ((X, y), (pd.DataFrame(X), y)):
        with pytest.raises(DataError, match=r"row 1 (has the target|of the targets)"):
            cr.train(cr.Network.random([2, 2], output="softmax"), given)


@pytest.mark.parametrize("kind", [Decimal, Fraction, np.float16, np.longdouble])
def test_targets_that_are_numbers_of_any_kind_are_numbers(kind: Any) -> None:
    y = [kind(value) for value in (0.5, 1.25, 2.5, 3)]
    assert cr.data.guess_task(np.array(y, dtype=object)) == "regression"
    data = cr.data.as_dataset((X, y))
    assert data.targets.tolist() == [0.5, 1.25, 2.5, 3]
    assert cr.data.as_dataset((X, [kind(value) for value in (0, 1, 1, 0)])).targets.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("kind", [Decimal, Fraction])
def test_inputs_and_weights_of_any_kind_of_numbers_are_numbers(kind: Any) -> None:
    network = cr.Network.random([2, 2], output="softmax", seed=0)
    rows = [[kind(value) for value in row] for row in X.tolist()]
    assert np.array_equal(cr.predict(network, rows), cr.predict(network, X))
    assert np.array_equal(cr.forward(network, rows).a[1], cr.forward(network, X).a[1])
    assert cr.data.as_dataset((rows, [0, 1, 0, 1], [kind(1)] * 4)).weights.tolist() == [1] * 4  # type: ignore[union-attr]


def test_masked_entries_are_gaps_and_not_what_lies_under_them() -> None:
    network, mask = cr.Network.random([2, 2], output="softmax", seed=0), np.zeros((4, 2), dtype=bool)
    mask[2, 1] = True
    x = np.ma.masked_array(X, mask)
    for attempt in (
        lambda: cr.train(network, (x, [0, 1, 0, 1])),
        lambda: cr.forward(network, x),
        lambda: cr.gradient(network, x, [0, 1, 0, 1]),
    ):
        with pytest.raises(DataError, match=r"row 2 of the inputs.* is masked .*a masked entry is a gap"):
            attempt()
    with pytest.raises(ChainruleError, match=r"is nan|has no value"):
        cr.predict(network, x)
    with pytest.raises(DataError, match="row 1 of the weights is masked"):
        cr.train(network, (X, [0, 1, 0, 1], np.ma.masked_array([1, 2, 1, 1], [0, 1, 0, 0])))
    whole = np.ma.masked_array(X, False)
    assert np.array_equal(cr.predict(network, whole), cr.predict(network, X))


def test_frames_that_are_none_are_refused() -> None:
    with pytest.raises(DataError, match=r"a LazyFrame holds no values yet: pass what its collect\(\) gives"):
        cr.read_table(pl.DataFrame({"a": [1]}).lazy())
    with pytest.raises(ShapeError, match="2 columns of one length"):
        cr.read_table({"a": [1, 2], "b": [1]}, optional=True)
    with pytest.raises(DataError, match="holds no rows"):
        cr.read_table(pd.DataFrame({"a": [], "b": []}))
    twice = pd.DataFrame([[1, 2, 0], [3, 4, 1]], columns=["a", "a", "y"])
    with pytest.raises(DataError, match="two columns are named 'a'"):
        cr.load_data(twice)
