"""preprocessing.py: a user's columns and labels to numbers and back, and what cannot go that way."""

import json
from typing import Any

import numpy as np
import pytest

from chainrule.data import Category, Number, Preprocessing, class_numbers, find_labels, guess_task
from chainrule.data.coercion import as_array, as_target
from chainrule.errors import ChainruleError, DataError, SettingError, ShapeError, UnknownNameError

NAMES = ("a", "b", "c")
X, Y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 0, 1])
MIXED = np.array([[1, "u", 3.0], [2, "v", 4.0], [3, "u", 5.0], [4, "ä", 7.0]], dtype=object)


def objects(*values: Any) -> np.ndarray:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


# columns ------------------------------------------------------------------------------------------------------------
def test_numbers_have_mean_zero_and_deviation_one_and_categories_one_input_a_level() -> None:
    terms = Preprocessing.fit(NAMES, MIXED, Y)
    rows = terms.rows(MIXED)
    assert terms.width == rows.shape[1] == 5
    assert np.allclose(rows[:, [0, 4]].mean(axis=0), 0)
    assert np.allclose(rows[:, [0, 4]].std(axis=0), 1)
    assert rows[:, 1:4].tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]]  # u, v, ä


@pytest.mark.parametrize("value", [0.0, 7.0, 0.1, -1e300])
def test_a_constant_column_becomes_zeros(value: float) -> None:
    rows = Preprocessing.fit(("a",), np.full((3, 1), value), None).rows(np.full((3, 1), value))
    assert np.allclose(rows, 0)


def test_without_scaling_numbers_stay_as_they_are() -> None:
    terms = Preprocessing.fit(NAMES, X, Y / 2, scale="none", task="regression")
    assert np.array_equal(terms.rows(X), X)
    assert np.array_equal(terms.targets(Y / 2)[:, 0], Y / 2)


def test_columns_are_found_by_name_in_any_order_and_others_passed_over() -> None:
    terms = Preprocessing.fit(NAMES, MIXED, Y)
    more = np.column_stack([MIXED[:, 2], objects(None, 1, "x", 2.0), MIXED[:, 1], MIXED[:, 0]])
    assert np.array_equal(terms.rows(more, ("c", "extra", "b", "a")), terms.rows(MIXED))


def test_levels_that_are_numbers_are_found_again_in_a_file_of_numbers() -> None:
    """A column "1", "2", "3+" is read as texts; rows to predict that hold 1 and 2 alone are read as numbers."""
    terms = Preprocessing.fit(("a",), objects("1", "2", "3+")[:, None], None)
    for values in (np.array([[1.0], [2.0]]), objects(1, 2)[:, None], np.array([["1"], ["2"]])):
        assert terms.rows(values).tolist() == [[1, 0, 0], [0, 1, 0]]
    labels = ("1", "2", "x")
    assert class_numbers(np.array([2.0, 1.0]), labels).tolist() == [1, 0]
    with pytest.raises(DataError, match=r"row 0 has the target y = 3\.0"):
        class_numbers(np.array([3.0]), labels)


@pytest.mark.parametrize(
    ("inputs", "names", "reason"),
    [
        ([[1, "u", 3], ["q", "u", 3]], None, "row 1: the column 'a' holds 'q', and the network was trained on numbers"),
        ([["1", "u", 3], ["1", "u", "1o"]], None, "row 1: the column 'c' holds '1o'"),
        ([[1, "u", np.inf]], None, "row 0: the column 'c' is inf"),
        ([[1, "u"]], None, r"rows of 3 columns \(a, b, c\), got an array of shape \(1, 2\)"),
        ([1, "u", 3], None, "rows of 3 columns"),
        ([[1, "u"]], ("a", "b"), "lacks c and has a, b"),
        ([[1, 2, "u", 3]], ("a", "a", "b", "c"), "two columns are named 'a'"),
        ([[1, "u"]], NAMES, "3 names of columns need as many"),
        ([[1, "u", 3], [1, "u"]], None, "rows of one length"),
    ],
)
def test_rows_that_do_not_fit_are_refused_with_row_and_column(inputs: Any, names: Any, reason: str) -> None:
    terms = Preprocessing.fit(NAMES, MIXED, Y)
    rows = np.array(inputs, dtype=object) if len({len(row) for row in inputs if isinstance(row, list)}) == 1 else inputs
    with pytest.raises((DataError, ShapeError), match=reason):
        terms.rows(rows, names)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        (X[0], "3 names of columns need rows"),
        (X[:0], "3 names of columns need rows"),
        (X[:, :2], "3 names of columns need rows"),
        (X * 1j, "the column 'a' is complex128"),
        (X * 1e307, "up to 9e.307, too large to scale"),
        (np.where(X == 4, np.inf, X), "row 1: the column 'b' is inf"),
        (np.full((4, 3), "same"), r"no column is left to learn from \('a': constant .same."),
        (np.full((4, 3), None), r"no column is left to learn from \('a': empty"),
    ],
)
def test_columns_that_teach_nothing_are_refused(inputs: np.ndarray, reason: str) -> None:
    with pytest.raises((DataError, ShapeError), match=reason):
        Preprocessing.fit(NAMES, inputs, None)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="two columns are named 'a'"):
        Preprocessing.fit(("a", "b", "a"), X, Y)


# targets ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("target", "labels"),
    [
        (np.array([3, 5, 3, 5]), (3, 5)),
        (np.array([1, 2, 1, 2], dtype=np.uint8), (1, 2)),
        (np.array([0.0, 1.0, 0.0, 1.0]), (0, 1)),
        (np.array([0.5, 1.5, 0.5, 1.5]), (0.5, 1.5)),
        (np.array([True, False, True, False]), (False, True)),
        (np.array(["ö", "日", "ö", "日"]), ("ö", "日")),
        (np.array([b"u", b"v", b"u", b"v"]), ("u", "v")),
        (objects(1, 2, 1, 2), (1, 2)),
        (objects(True, False, True, False), (False, True)),
        (objects("1", 2, "1", 2), ("1", "2")),
        (np.array([2**63, 2**63 + 1] * 2, dtype=np.uint64), (2**63, 2**63 + 1)),
    ],
    ids=str,
)
def test_labels_of_every_kind_come_back_as_themselves_also_through_json(target: np.ndarray, labels: Any) -> None:
    terms = Preprocessing.fit(NAMES, X, target, task="classification")
    assert terms.labels == labels
    assert [type(label) for label in terms.labels] == [type(label) for label in labels]
    numbers = terms.targets(target)
    assert terms.answers(np.eye(2)[numbers]).tolist() == [labels[i] for i in numbers]
    assert Preprocessing.from_json(json.loads(json.dumps(terms.to_json()))) == terms


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (np.array(["a", "b"]), "classification"),
        (objects("a", "b"), "classification"),
        (np.array([True, False]), "classification"),
        (np.arange(20.0), "classification"),
        (np.arange(21.0), "regression"),
        (objects(*range(21)), "regression"),
        (np.array([0.5, 1.0]), "regression"),
        (np.eye(2), "regression"),
    ],
    ids=str,
)
def test_texts_and_few_whole_numbers_are_classes(target: np.ndarray, task: str) -> None:
    assert guess_task(target) == task


def test_numbers_to_predict_come_back_in_their_unit(rng: np.random.Generator) -> None:
    for target in (rng.normal(5, 3, size=4), rng.normal(5, 3, size=(4, 2)), np.full(4, 3.7)):
        terms = Preprocessing.fit(NAMES, X, target, task="regression")
        rows = terms.targets(target)
        assert np.allclose(rows.mean(axis=0), 0)
        assert np.allclose(terms.answers(rows), target)


@pytest.mark.parametrize(
    ("target", "task", "reason"),
    [
        (np.array([0, 1, np.nan, 1]), "auto", "row 2 has the target price = nan"),
        (objects("a", None, "b", "a"), "auto", "row 1 has the target price = None"),
        (objects(1.0, float("nan"), 2.0, 3.0), "auto", "row 1 has the target price = nan"),
        (Y.astype("M8[D]"), "auto", "is datetime64.*targets are numbers, truth values or texts"),
        (Y * 1j, "auto", "is complex128"),
        (np.array([b"\xff"] * 4), "auto", "not UTF-8 text"),
        (Y * 0, "classification", "one class only, 0, and"),
        (np.array(["a"] * 4), "auto", "one class only, a, and"),
        (np.eye(4), "classification", r"the shape \(4, 4\)"),
        (np.array(["a", "b"] * 2), "regression", "texts such as 'a': regression needs numbers"),
        (np.array([1e308, -1e308] * 2), "regression", "too large to scale"),
        (Y[:2], "auto", "4 rows need as many targets"),
        (np.array(1), "auto", "4 rows need as many targets"),
    ],
)
def test_targets_that_cannot_be_learnt_are_refused(target: np.ndarray, task: str, reason: str) -> None:
    with pytest.raises((DataError, ShapeError), match=reason):
        Preprocessing.fit(NAMES, X, target, target_name="price", task=task)


@pytest.mark.parametrize(
    ("labels", "target", "reason"),
    [
        (("a", "b"), ["a", "c"], "row 1 has the target y = 'c', which is not one of the classes a, b"),
        (("a", "b"), [0, 1], "row 0 has the target y = 0"),
        ((0, 1), ["0", "1"], "texts such as '0', and the classes are 0, 1"),
        ((0, 1), [0, 0.5], "row 1 has the target y = 0.5"),
        ((0, 1), [[1, 0], [0, 1]], r"one label per row \(rows,\), got an array of shape \(2, 2\)"),
        ((0, 1), [[1, 0], [0]], "rows of one length"),
    ],
)
def test_a_label_that_is_none_of_the_classes_is_refused(labels: Any, target: Any, reason: str) -> None:
    with pytest.raises((DataError, ShapeError), match=reason):
        class_numbers(target, labels)


@pytest.mark.parametrize("target", [[1.0, 2.0], [[1.0, 2.0]] * 3])
def test_targets_of_another_width_are_not_broadcast(target: Any) -> None:
    terms = Preprocessing.fit(("a",), np.ones((4, 1)), np.ones((4, 3)), task="regression")
    with pytest.raises(ShapeError, match="is 3 numbers a row"):
        terms.targets(target)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_outputs_that_do_not_fit_the_labels_are_refused(count: int) -> None:
    with pytest.raises(ShapeError, match=rf"{count} outputs, and the target 'y' is 3 labels \(u, v, w\)"):
        Preprocessing(labels=("u", "v", "w")).answers(np.zeros((2, count)))


def test_one_output_tells_two_labels_apart_by_the_threshold() -> None:
    outputs = np.array([[-0.1], [0.4], [0.6]])
    assert Preprocessing(labels=("no", "yes")).answers(outputs).tolist() == ["no", "no", "yes"]
    assert Preprocessing(labels=("no", "yes"), threshold=0.0).answers(outputs).tolist() == ["no", "yes", "yes"]


# settings -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("setting", "known"), [("task", "classification"), ("scale", "standard")])
def test_unknown_settings_are_answered_with_the_known_ones(setting: str, known: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown {setting} .*{known}"):
        Preprocessing.fit(NAMES, X, Y, **{setting: known[:-3]})


@pytest.mark.parametrize(
    "make",
    [
        lambda: Number("a", float("nan")),
        lambda: Number("a", 0.0, 0.0),
        lambda: Number("a", 0.0, float("inf")),
        lambda: Category("a", ()),
        lambda: Category("a", ("u", "u")),
        lambda: Preprocessing((Number("a"), Number("a"))),
        lambda: Preprocessing(labels=("u",)),
        lambda: Preprocessing(labels=("u", "u")),
        lambda: Preprocessing(labels=("u", 1)),
        lambda: Preprocessing(labels=(0.0, float("nan"))),
        lambda: Preprocessing(threshold=float("nan")),
        lambda: Preprocessing(target_mean=(0.0,)),
        lambda: Preprocessing(target_mean=(0.0,), target_scale=(-1.0,)),
        lambda: Preprocessing(target_mean=(float("inf"),), target_scale=(1.0,)),
    ],
)
def test_terms_that_could_not_be_computed_with_cannot_be_made(make: Any) -> None:
    with pytest.raises((SettingError, DataError), match=r"needed|different|finite|two columns"):
        make()


def test_arrays_that_are_none_are_refused_in_words() -> None:
    with pytest.raises(ShapeError, match="the inputs make no array; rows of one length are needed"):
        as_array([[1, 2], [3]], "inputs")
    for given in ([None], [1j], [[1], [1, 2]]):
        with pytest.raises(ChainruleError):
            as_target(given)
    with pytest.raises(DataError, match="at least two classes, and the target 'y' has one row: add rows"):
        find_labels(np.array(["a"]))
