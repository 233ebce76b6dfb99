"""prediction.py: answers and scores in the user's terms, however the rows come."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import Preprocessing, Table
from chainrule.data.coercion import are_finite
from chainrule.errors import ChainruleError, DataError, ShapeError
from chainrule.prediction import activations_of_rows, outputs, predict, score, scored
from chainrule.scores import Score

X, Y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 0, 1])
TABLE = Table(
    "t",
    ("a", "b", "c"),
    np.array([[1, "u", 3.0], [2, "v", 4.0], [3, "u", 5.0], [4, "v", 7.0]], dtype=object),
    np.array(["ä", "ö", "ä", "ö"], dtype=object),
    "label",
)


@pytest.fixture
def plain() -> cr.Network:
    return cr.Network.random([3, 4, 2], "tanh", "softmax", seed=1)


@pytest.fixture
def labelled() -> cr.Network:
    terms = Preprocessing.fit(TABLE.columns, TABLE.inputs, TABLE.target, target_name="label")
    return cr.Network.random([4, 5, 2], "tanh", "softmax", seed=2, dtype="float64").with_preprocessing(terms)


class Frame:
    """What a data frame has: names of columns, and an array of its rows."""

    def __init__(self, columns: list[str], rows: Any) -> None:
        self.columns, self.rows = columns, np.array(rows, dtype=object)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.rows


def test_one_example_is_answered_as_its_row_is(plain: cr.Network, labelled: cr.Network) -> None:
    assert predict(plain, X[0]) == predict(plain, X)[0] == predict(plain, X.tolist())[0]
    assert predict(labelled, TABLE.inputs[0]) == predict(labelled, TABLE)[0]
    assert set(predict(labelled, TABLE)) <= {"ä", "ö"}


def test_columns_with_names_are_found_in_any_order(labelled: cr.Network) -> None:
    """Positions would give a silent wrong answer: here c and a would change places."""
    a = outputs(labelled, TABLE)
    turned = [2, 1, 0]
    other = Table("o", ("c", "b", "a"), TABLE.inputs[:, turned], None)
    assert np.array_equal(outputs(labelled, other), a)
    assert np.array_equal(outputs(labelled, Frame(["c", "b", "a"], TABLE.inputs[:, turned])), a)
    assert not np.array_equal(outputs(labelled, TABLE.inputs[:, turned]), a)


def test_many_rows_in_chunks_are_the_rows_one_by_one(plain: cr.Network, rng: np.random.Generator) -> None:
    rows = plain.rows(rng.normal(size=(11, 3)))
    assert np.allclose(activations_of_rows(plain, rows, chunk=4), activations_of_rows(plain, rows), rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (3.0, r"takes x of shape \(3,\)"),
        (None, "inputs are numbers"),
        ("abc", "inputs are numbers"),
        ([[1, 2, 3], [1, 2]], "rows of one length"),
        (np.zeros((1, 2, 3)), "takes x of shape"),
        ([], "takes x of shape"),
        (X[:0], "there are no rows"),
        (X[:, :2], r"got \(4, 2\)"),
        (X * np.nan, r"x\[0, 0\] is nan"),
        (X * 1e300, "inf in float32"),
        (cr.Dataset(X, Y), "a Dataset (is scaled and encoded already|has targets and weights of its own)"),
    ],
)
def test_rows_that_are_none_are_refused(plain: cr.Network, x: Any, reason: str) -> None:
    for attempt in (lambda: predict(plain, x), lambda: score(plain, x, Y)):
        with pytest.raises(ChainruleError, match=reason):
            attempt()


@pytest.mark.parametrize(
    ("columns", "row", "reason"),
    [
        (("a", "b"), [1, "u"], "lacks c and has a, b"),
        (("a", "b", "c"), ["q", "u", 3], "row 0: the column 'a' holds 'q'"),
    ],
)
def test_tables_that_do_not_fit_are_refused(labelled: cr.Network, columns: Any, row: list[Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        predict(labelled, Table("t", columns, np.array([row], dtype=object), None))


def test_a_score_is_that_of_the_answers(plain: cr.Network, labelled: cr.Network) -> None:
    answers = predict(plain, X)
    assert score(plain, X, answers) == score(plain, X, np.eye(2)[answers]) == 1
    assert score(plain, X, 1 - answers) == 0
    assert score(plain, X[0], answers[0]) == score(plain, X[0], np.eye(2)[answers[0]]) == 1
    assert score(labelled, TABLE) == np.mean(predict(labelled, TABLE) == TABLE.target)
    assert score(labelled, TABLE, predict(labelled, TABLE)) == 1


def test_one_hot_rows_and_probabilities_are_classes_of_a_network_with_labels(labelled: cr.Network) -> None:
    """R² of one-hot rows would be another number under the same name."""
    one_hot = np.eye(2)[[0, 1, 0, 1]]
    assert scored(labelled, TABLE, one_hot) == scored(labelled, TABLE) == Score(score(labelled, TABLE), "accuracy")
    assert score(labelled, TABLE, 0.5 * one_hot + 0.25) == score(labelled, TABLE)
    assert score(labelled, TABLE.inputs[0], one_hot[0]) == score(labelled, TABLE.inputs[0], "ä")


def test_the_test_part_of_a_split_is_scored_as_it_is() -> None:
    rest, test = cr.load_data("wine").split(0.2, seed=0)
    network = cr.train(cr.Network.random([13, 4, 3], "relu", "softmax", seed=0), rest, epochs=2, validation=test)
    assert cr.score(network.network, test) == network.history[-1]["validation_score"]
    with pytest.raises(cr.DataError, match=r"write score\(network, data\)"):
        cr.score(network.network, test, test.targets)
    with pytest.raises(cr.DataError, match="scaled or encoded otherwise"):
        cr.score(network.network, cr.load_data("wine").split(0.3, seed=3)[1])
    with pytest.raises(cr.ShapeError, match="takes 13"):
        cr.score(network.network, cr.load_data("iris"))


@pytest.mark.parametrize("output", ["sigmoid", "identity"])
def test_class_labels_are_scored_by_accuracy_whatever_the_output_is(output: str) -> None:
    network = cr.Network.random([3, 4, 2], "tanh", output, seed=1)
    assert scored(network, X, Y) == Score(float(np.mean(outputs(network, X).argmax(axis=1) == Y)), "accuracy")


def test_r_squared_is_taken_in_the_unit_of_the_target(rng: np.random.Generator) -> None:
    target = rng.normal(100, 20, size=(4, 2))
    network = cr.Network.random([3, 4, 2], seed=1)
    network = network.with_preprocessing(Preprocessing.fit(("a", "b", "c"), X, target))
    assert score(network, X, predict(network, X)) == pytest.approx(1)
    assert score(network, X, target) == pytest.approx(cr.scores.r_squared(predict(network, X), target))


@pytest.mark.parametrize(
    ("y", "reason"),
    [
        (None, "pass y"),
        (Y[:2], "4 rows need as many targets"),
        (1, "4 rows need as many"),
        (Y[:, None], r"need targets of shape \(4, 2\) or class labels \(4,\)"),
        (np.zeros((4, 3)), "need targets of shape"),
        (np.zeros((4, 0)), "need targets of shape"),
        (np.zeros((4, 2, 2)), "need targets of shape"),
        (Y + 5, "row 0 has the label 5"),
        (Y - 1, "row 0 has the label -1"),
        (Y + 0.5, "fractions"),
        (Y * np.nan, "row 0 has the target y = nan"),
        (["a", "b", "a", "b"], "knows no labels, only the classes 0…1; got 'a'"),
        ([[1], [1, 2], [3], [4]], "rows of one length"),
    ],
)
def test_a_softmax_is_scored_against_its_classes_alone(plain: cr.Network, y: Any, reason: str) -> None:
    """An argmax over a column of labels, or over three columns, would give a number that means nothing."""
    with pytest.raises((DataError, ShapeError), match=reason):
        score(plain, X, y)


@pytest.mark.parametrize(
    ("y", "reason"),
    [
        (["ä", "zz", "ä", "ö"], "row 1 has the target label = 'zz', which is not one of the classes ä, ö"),
        ([0, 1, 0, 1], "row 0 has the target label = 0"),
        (np.eye(3)[Y], r"\(4, 2\) or class labels \(4,\), got \(4, 3\)"),
        (np.zeros((4, 2)), r"row 0 of the targets is \[0.0, 0.0\]: classes come as labels, as one-hot rows or"),
        (np.array(["ä", None, "ä", "ö"], dtype=object), "row 1 has the target label = None"),
    ],
)
def test_labels_that_the_network_does_not_know_are_no_score(labelled: cr.Network, y: Any, reason: str) -> None:
    with pytest.raises((DataError, ShapeError), match=reason):
        score(labelled, TABLE, y)


def test_a_table_without_a_target_has_no_score(labelled: cr.Network) -> None:
    with pytest.raises(DataError, match="pass y"):
        score(labelled, Table("t", TABLE.columns, TABLE.inputs, None))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_one_number_that_is_not_finite_is_found_wherever_it_is(dtype: str) -> None:
    """Numbers whose squares overflow are finite all the same."""
    values = np.full((50, 400), 1e30 if dtype == "float32" else 1e200 if dtype == "float64" else 7).astype(dtype)
    assert are_finite(values)
    assert are_finite(values[:, ::3])
    for bad in (np.nan, np.inf, -np.inf) if dtype != "int64" else ():
        for row, column in ((0, 0), (20, 192), (20, 191), (49, 399)):
            changed = values.copy()
            changed[row, column] = bad
            for given in (changed, np.asfortranarray(changed), changed[:, ::-1], changed.ravel()):
                assert not are_finite(given)


@pytest.mark.parametrize("columns", range(2, 12))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_softmax_of_many_rows_has_the_bits_of_each_row(columns: int, dtype: str, rng: np.random.Generator) -> None:
    z = (rng.normal(size=(300, columns)) * 5).astype(dtype)
    z[7] = 3.0
    one_by_one = np.array([cr.activations.softmax.value(row) for row in z])
    assert np.array_equal(cr.activations.softmax.value(z), one_by_one)
    assert np.array_equal(cr.activations.softmax.value(z[None])[0], one_by_one)
