"""scores.py: accuracy and R², and what cannot be compared."""

import math
from typing import Any

import numpy as np
import pytest

from chainrule.errors import DataError, ShapeError
from chainrule.scores import (
    accuracy,
    confusion,
    mean_absolute_error,
    precision_and_recall,
    r_squared,
    root_mean_squared_error,
    subset_accuracy,
)


def test_accuracy_is_the_share_of_labels_that_are_right() -> None:
    assert accuracy(np.array(["a", "b", "ä"]), np.array(["a", "b", "b"], dtype=object)) == 2 / 3
    assert accuracy([0, 1], [0.0, 1.0]) == 1


def test_subset_accuracy_counts_rows_that_are_right_in_every_label() -> None:
    true = np.array([[0, 1], [1, 1], [0, 0]])
    assert subset_accuracy([[0, 1], [1, 0], [0, 0]], true) == 2 / 3
    with pytest.raises(ShapeError, match=r"rows of labels \(rows, labels\)"):
        subset_accuracy([0, 1], [0, 1])


def test_one_row_alone_has_no_r_squared() -> None:
    """There is no spread to compare its error with: scikit-learn too gives NaN."""
    assert np.isnan(r_squared([1.0], [1.0]))
    assert np.isnan(r_squared([[1.0, 2.0]], [[1.0, 3.0]]))


def test_r_squared_is_one_where_all_is_met_and_zero_at_the_mean(rng: np.random.Generator) -> None:
    true = rng.normal(size=(20, 3))
    assert r_squared(true, true) == 1
    assert r_squared(np.broadcast_to(true.mean(axis=0), true.shape), true) == pytest.approx(0, abs=1e-12)
    assert r_squared([1.0, 2.0, 4.0], [1.0, 2.0, 3.0]) == pytest.approx(0.5)


@pytest.mark.parametrize("unit", [1e-200, 1.0, 1e200])
def test_r_squared_does_not_depend_on_the_unit(unit: float) -> None:
    assert r_squared(np.array([1.0, 2.0, 4.0]) * unit, np.array([1.0, 2.0, 3.0]) * unit) == pytest.approx(0.5)


@pytest.mark.parametrize(("predicted", "value"), [(0.1, 1.0), (0.2, 0.0)])
def test_a_constant_target_counts_one_if_met_and_else_zero(predicted: float, value: float) -> None:
    """The mean of three times 0.1 is not 0.1 in floating point: a variance of rounding noise must not be divided by."""
    assert r_squared([predicted] * 3, [0.1] * 3) == value


@pytest.mark.parametrize("score", [accuracy, r_squared])
@pytest.mark.parametrize(("predicted", "true"), [([1, 2], [1, 2, 3]), ([], []), (1, 1), ([[1], [1, 2]], [1, 2])])
def test_arrays_of_other_shapes_are_refused(score: Any, predicted: Any, true: Any) -> None:
    with pytest.raises(ShapeError, match=r"shape|one length"):
        score(predicted, true)


@pytest.mark.parametrize(
    ("score", "predicted", "true", "reason"),
    [
        (accuracy, ["1", "2"], [1, 2], "labels of one kind, got texts such as '1' and int64"),
        (accuracy, np.eye(2), np.eye(2), r"labels \(rows,\)"),
        (r_squared, ["a", "b"], [1, 2], "R² compares numbers"),
        (r_squared, [1.0, 2.0], ["1", "2"], "R² compares numbers"),
        (r_squared, [1.0, np.nan], [1.0, 2.0], "finite numbers, got nan"),
        (r_squared, [1.0, 2.0], [1.0, np.inf], "finite numbers, got inf"),
        (r_squared, [1j, 2j], [1.0, 2.0], "R² compares numbers"),
    ],
)
def test_what_cannot_be_compared_is_no_score(score: Any, predicted: Any, true: Any, reason: str) -> None:
    with pytest.raises((DataError, ShapeError), match=reason):
        score(predicted, true)


@pytest.mark.parametrize("outputs", [(), (3,)])
@pytest.mark.parametrize("weighted", [False, True])
def test_errors_of_numbers_are_those_of_scikit_learn(
    outputs: tuple[int, ...], weighted: bool, rng: np.random.Generator
) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    true, given = rng.standard_normal((2, 30, *outputs))
    weight = rng.random(30) if weighted else None
    for ours, theirs in (
        (mean_absolute_error, metrics.mean_absolute_error),
        (root_mean_squared_error, metrics.root_mean_squared_error),
    ):
        assert ours(given, true, weight) == pytest.approx(theirs(true, given, sample_weight=weight), rel=1e-12)


@pytest.mark.parametrize("unit", [1e-200, 1.0, 1e200])
def test_errors_are_in_the_unit_of_the_numbers(unit: float) -> None:
    given, true = np.array([1.0, 2.0, 4.0]) * unit, np.array([1.0, 2.0, 1.0]) * unit
    assert mean_absolute_error(given, true) == pytest.approx(unit)
    assert root_mean_squared_error(given, true) == pytest.approx(math.sqrt(3) * unit)
    assert root_mean_squared_error([unit, 1e300], [0.0, 0.0], np.array([1.0, 0.0])) == pytest.approx(unit)
    assert root_mean_squared_error(true, true) == 0


def test_confusions_precision_and_recall_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    names = np.array(["dog", "ant", "cat", "bee"])
    true, given = names[rng.integers(0, 4, 50)], names[rng.integers(0, 3, 50)]
    for labels in (None, ["dog", "cat", "ant", "bee"]):
        found = confusion(given, true, labels)
        np.testing.assert_array_equal(found, metrics.confusion_matrix(true, given, labels=labels))
        precision, recall = precision_and_recall(found)
        expected = metrics.precision_recall_fscore_support(true, given, labels=labels, zero_division=np.nan)
        np.testing.assert_allclose(precision, expected[0])
        np.testing.assert_allclose(recall, expected[1])
    assert np.isnan(precision).any()  # nothing was answered "bee"


def test_a_label_that_is_not_known_has_no_confusions() -> None:
    with pytest.raises(DataError, match="'elk' is not one of the labels ant, bee"):
        confusion(["ant", "elk"], ["ant", "bee"], ["ant", "bee"])
    with pytest.raises(ShapeError, match=r"labels \(rows,\)"):
        confusion(np.eye(2), np.eye(2))


WEIGHT = np.array([1.0, 0.0, 3.0, 0.5, 0.0, 2.0])


@pytest.mark.parametrize("factor", [1.0, 2.0**1022, 2.0**-1000])
def test_a_row_of_weight_three_counts_as_three_rows_and_one_of_zero_not_at_all(
    factor: float, rng: np.random.Generator
) -> None:
    true, given = rng.standard_normal((6, 2)), rng.standard_normal((6, 2))
    given[1] = 1e300  # has no weight
    times = np.repeat(np.arange(6), (WEIGHT * 2).astype(int))
    assert r_squared(given, true, WEIGHT * factor) == pytest.approx(r_squared(given[times], true[times]), rel=1e-12)
    labels, guessed = np.array(list("abcabc")), np.array(list("abaaba"))
    assert accuracy(guessed, labels, WEIGHT * factor) == pytest.approx(accuracy(guessed[times], labels[times]))
    many, said = rng.integers(0, 2, (6, 2)), np.ones((6, 2), int)
    assert subset_accuracy(said, many, WEIGHT * factor) == pytest.approx(subset_accuracy(said[times], many[times]))
    assert math.isnan(r_squared(given, true, np.array([0.0, 0.0, factor, 0.0, 0.0, 0.0])))
    ones = np.full(6, factor)
    assert (r_squared(given, true, ones), accuracy(guessed, labels, ones), subset_accuracy(said, many, ones)) == (
        r_squared(given, true), accuracy(guessed, labels), subset_accuracy(said, many),
    )  # fmt: skip
