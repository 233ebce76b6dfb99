"""dataset.py and labels.py: data sets in memory, targets as rows, splits, and the order of the batches."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data import Dataset, Preprocessing, Table, as_dataset, encode_targets, epoch_order, load_data, split_rows
from chainrule.errors import DataError, SettingError, ShapeError

X, Y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 0, 1])


def objects(*values: Any) -> np.ndarray:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((X[0], Y), r"inputs are rows of numbers \(rows, in\), got an array of shape \(3,\)"),
        (([[1, 2], [3]], Y), "the inputs make no array"),
        ((X, [[1], [1, 2], [3], [4]]), "the targets 'y' make no array"),
        (([["a", "b"]], [1]), "inputs are numbers, got texts such as 'a': read tables with texts by"),
        ((X * 1j, Y), "inputs are numbers, got complex128"),
        (([], []), "rows of numbers"),
        ((X[:0], Y[:0]), r"needs rows and columns, got inputs of shape \(0, 3\)"),
        ((X[:, :0], Y), "needs rows and columns"),
        ((X, Y[:2]), r"4 rows of inputs need as many targets, got targets of shape \(2,\)"),
        ((X, 3), "need as many targets"),
        ((X, np.zeros((4, 0))), "need as many targets"),
        ((X, np.zeros((4, 1, 1))), "need as many targets"),
        ((X, Y * 1j), "the target 'y' is complex128"),
        ((X, Y.astype("M8[D]")), "the target 'y' is datetime64"),
        ((X, objects("a", None, "b", "c")), "row 1 has the target y = None"),
        ((X, [["a"], ["b"], ["a"], ["b"]]), r"labels come as \(rows,\)"),
        ((np.where(X == 4, np.nan, X), Y), r"row 1, column 1 of the inputs is nan \(1 such"),
        ((X, [0, 1, np.nan, 1]), "row 2 has the target y = nan"),
        ((X, [[0.0], [1.0], [np.inf], [1.0]]), "row 2 has the target"),
        ((X, Y, [1, 1, 1]), "4 rows need as many weights"),
        ((X, Y, [1, 1, 1, -1]), "finite numbers ≥ 0, and not all"),
        ((X, Y, [0, 0, 0, 0]), "not all of them 0"),
        ((X, Y, [np.nan, 0, 0, 1]), "finite numbers ≥ 0"),
        ((X, Y, ["a", "b", "c", "d"]), "weights are numbers, got texts such as 'a'"),
        ((X, Y, [[1], [1, 2], 3, 4]), "the weights make no array"),
        ((X,), r"as \(x, y\) or as \(x, y, weights\), or as a data frame with its target, got tuple"),
        (X, "got ndarray"),
        ("digits", "files are read by chainrule.load_data"),
        (None, "got NoneType"),
    ],
)
def test_data_that_cannot_be_learnt_is_refused(given: Any, reason: str) -> None:
    with pytest.raises((DataError, ShapeError), match=reason):
        as_dataset(given)


def test_lists_and_objects_of_numbers_are_data_too() -> None:
    assert as_dataset(([[1, 2], [3, 4]], objects(0, 1))).targets.tolist() == [0, 1]
    assert as_dataset((X, Y, None)).weights is None


def test_a_table_without_a_target_cannot_be_learnt() -> None:
    with pytest.raises(DataError, match="no target column"):
        Dataset.from_table(Table("t", ("a", "b", "c"), X, None), Preprocessing())


def test_a_file_is_read_scaled_and_encoded(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("n,colour,kind\n1,rot,ü\n3,grün,v\n", encoding="utf-8")
    data = load_data(tmp_path / "d.csv")
    assert data.inputs.tolist() == [[-1, 0, 1], [1, 1, 0]]
    assert data.preprocessing is not None
    assert data.preprocessing.labels == ("v", "ü")
    assert data.targets.tolist() == [1, 0]


def test_a_split_scales_by_the_rows_left_to_learn_from_alone(tmp_path: Path) -> None:
    """Means over all rows would tell the training rows something of the test rows."""
    (tmp_path / "d.csv").write_text("n,y\n" + "".join(f"{i * i},{i % 2}\n" for i in range(20)))
    whole = load_data(tmp_path / "d.csv")
    rest, test = whole.split(0.25, seed=1)
    assert np.allclose((rest.inputs.mean(), rest.inputs.std()), (0, 1))
    assert not np.isclose(test.inputs.mean(), 0)
    assert rest.preprocessing is test.preprocessing
    learning, watched = rest.split(0.2)
    assert learning.preprocessing is watched.preprocessing is test.preprocessing
    part, _ = whole.take(np.arange(10)).split(0.2)
    assert np.isclose(part.inputs.mean(), 0)


def test_a_split_keeps_the_classes_of_all_rows(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("n,y\n1,a\n2,b\n3,a\n4,b\n5,c\n")
    for seed in range(9):
        rest, part = load_data(tmp_path / "d.csv").split(0.6, seed)
        assert len(rest) == 2
        assert (
            rest.preprocessing.labels == part.preprocessing.labels == ("a", "b", "c")
        )  # two rows have two classes at most


# targets ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("targets", "outputs", "rows", "labels"),
    [
        ([0, 1, 0], 2, [[1, 0], [0, 1], [1, 0]], (0, 1)),
        ([0.0, 1.0, 0.0], 2, [[1, 0], [0, 1], [1, 0]], (0, 1)),
        (objects(0, 1, 0), 2, [[1, 0], [0, 1], [1, 0]], (0, 1)),
        ([True, False, True], 2, [[0, 1], [1, 0], [0, 1]], (0, 1)),
        (["é", "b", "é"], 2, [[0, 1], [1, 0], [0, 1]], ("b", "é")),
        (["é", "b", "é"], 1, [[1], [0], [1]], ("b", "é")),
        ([0.5, 1.5, 2.5], 1, [[0.5], [1.5], [2.5]], None),
        ([[0.5, 1], [1, 2], [2, 3]], 2, [[0.5, 1], [1, 2], [2, 3]], None),
    ],
)
def test_targets_become_rows(targets: Any, outputs: int, rows: list[Any], labels: Any) -> None:
    encoded, found = encode_targets(targets, outputs, 3)
    assert encoded.tolist() == rows
    assert found == labels


@pytest.mark.parametrize(
    ("targets", "outputs", "reason"),
    [
        ([0, 1, 5], 3, "row 2 has the label 5, and 3 outputs stand for the labels 0…2: number the classes from 0"),
        ([0, -1, 2], 3, "row 1 has the label -1"),
        ([0, 1e30, 1], 3, r"row 1 has the label 1e\+30"),
        ([0.5, 0.5, 1], 2, "got one column of fractions"),
        ([0, np.nan, 1], 2, "row 1 has the target y = nan"),
        (["a", "b", "c"], 2, r"3 classes \(a, b, c\) and the network 2 outputs"),
        (["a", "b", "c"], 1, "3 classes"),
        (["a", "a", "a"], 2, "one class only"),
        ([[0], [1], [2]], 3, r"need targets of shape \(3, 3\) or class labels \(3,\), got \(3, 1\)"),
        ([["a", "b"]] * 3, 2, "rows of numbers, got texts"),
        ([[1], [1, 2], [3]], 2, "make no array"),
        ([1j, 2, 3], 1, "complex128"),
    ],
)
def test_targets_that_do_not_fit_the_outputs_are_refused(targets: Any, outputs: int, reason: str) -> None:
    with pytest.raises((DataError, ShapeError), match=reason):
        encode_targets(targets, outputs, 3)


# splits and batches -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("labels", [None, np.repeat([0, 1], [80, 20]), objects(*(["a"] * 80 + ["ä"] * 20))], ids=str)
def test_a_split_takes_every_row_once_and_keeps_the_shares_of_the_classes(labels: np.ndarray | None) -> None:
    rest, part = split_rows(100, 0.25, 3, labels)
    assert sorted([*rest, *part]) == list(range(100))
    assert len(part) == 25
    if labels is not None:
        assert sum(labels[part] == labels[0]) == 20
    again = split_rows(100, 0.25, np.random.default_rng(3), labels)
    assert np.array_equal(again[1], part)


@pytest.mark.parametrize("share", [0, 1, -0.5, 2.0, float("nan")])
def test_a_share_outside_of_zero_and_one_is_refused(share: float) -> None:
    with pytest.raises(SettingError, match="a share of the rows between 0 and 1"):
        split_rows(10, share, 0)


@pytest.mark.parametrize("scaled", [True, False])
def test_weights_stay_with_their_rows_in_a_split(scaled: bool) -> None:
    data = load_data("iris") if scaled else Dataset(np.arange(150.0)[:, None], np.repeat([0, 1, 2], 50))
    names = np.arange(150.0) + 1
    rest, part = replace(data, weights=names).split(0.2, seed=4)
    rows = split_rows(150, 0.2, 4, data.targets)
    assert (rest.weights.tolist(), part.weights.tolist()) == tuple((names[each]).tolist() for each in rows)
    assert part.take(np.array([3, 1])).weights.tolist() == names[rows[1][[3, 1]]].tolist()


def test_a_split_with_an_empty_side_is_refused() -> None:
    with pytest.raises(DataError, match="one side would be empty"):
        Dataset(X[:1], Y[:1]).split()


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(SettingError, match="a seed is a whole number ≥ 0"):
        Dataset(X, Y).split(0.5, seed=-1)


def test_without_a_generator_an_epoch_takes_the_rows_in_their_order() -> None:
    assert epoch_order(5, 2, None).tolist() == [[0, 1], [2, 3], [4, -1]]


@pytest.mark.parametrize(("rows", "batch_size"), [(10, 3), (10, 5), (1, 4), (3, 1)])
def test_an_epoch_visits_every_row_once(rows: int, batch_size: int) -> None:
    order = epoch_order(rows, batch_size, np.random.default_rng(0))
    assert sorted(order[order >= 0]) == list(range(rows))
    assert order.shape == (math.ceil(rows / batch_size), min(rows, batch_size))
    assert (order[:-1] >= 0).all()  # only the last batch may be short


def test_a_data_set_prints_its_size_and_what_is_learnt_and_no_arrays() -> None:
    assert repr(load_data("wine")) == "<Dataset wine: 178 rows × 13 inputs, 3 classes of cultivar>"
    many = load_data("diabetes").take(np.arange(2000) % 442)
    assert repr(many) == "<Dataset diabetes: 2,000 rows × 10 inputs, target 'progression'>"
    assert (
        repr(Dataset(np.ones((4, 3)), np.ones((4, 2)))) == "<Dataset data: 4 rows × 3 inputs, targets of shape (4, 2)>"
    )
