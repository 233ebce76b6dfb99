"""Known data sets by name: found where they are installed, with their own division; said where to get them when absent."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from command import Run

import chainrule as cr
from chainrule.data import own_division

FLIGHTS = """year,dep_time,sched_dep_time,dep_delay,arr_time,arr_delay,carrier,air_time
2013,517,515,2,830,11,UA,227
2013,533,529,4,850,20,AA,227
2013,NA,630,NA,NA,NA,AA,NA
2013,544,545,-1,1004,15,UA,183
2013,554,600,-6,812,16,B6,116
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of data sets, beside which none is found in the user's home."""
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "sets"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "sets"


def idx(path: Path, values: np.ndarray) -> None:
    """Write bytes in the format of MNIST's files."""
    content = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def images(folder: Path, suffix: str = ".gz") -> None:
    """Six images of 2 × 2 pixels to learn from, and four for the test."""
    pixels = np.random.default_rng(0).integers(0, 256, (10, 2, 2), dtype=np.uint8)
    labels = np.arange(10, dtype=np.uint8) % 2
    for part, rows in (("train", slice(0, 6)), ("t10k", slice(6, 10))):
        idx(folder / f"{part}-images-idx3-ubyte{suffix}", pixels[rows])
        idx(folder / f"{part}-labels-idx1-ubyte{suffix}", labels[rows])


@pytest.mark.parametrize(
    ("name", "place", "suffix"),
    [
        ("fashion-mnist", "fashion-mnist", ".gz"),
        ("mnist", "MNIST/raw", ""),
        ("kmnist", "../share/chainrule/kmnist", ".gz"),
    ],
)
def test_images_are_split_as_they_come(folder: Path, name: str, place: str, suffix: str) -> None:
    images(folder / place, suffix)
    data = cr.load_data(name)
    rest, test = data.split()
    assert (len(data), len(rest), len(test), data.inputs.shape[1]) == (10, 6, 4, 4)
    np.testing.assert_array_equal(rest.targets, np.arange(6) % 2)
    assert np.abs(rest.inputs.mean(axis=0)).max() < 1e-12 < np.abs(test.inputs.mean(axis=0)).max()
    assert [len(part) for part in data.split(0.2)] == [8, 2]
    assert [len(part) for part in rest.split()] == [5, 1]  # the rest has no test rows of its own any more


def test_marks_of_the_test_stay_with_their_rows(folder: Path) -> None:
    images(folder / "mnist")
    table = cr.read_table("mnist")
    turned = table.take(np.arange(10)[::-1])
    division = own_division(turned)
    assert division is not None
    assert [part.tolist() for part in division] == [[4, 5, 6, 7, 8, 9], [0, 1, 2, 3]]
    assert own_division(table.take(slice(0, 6))) is None
    assert own_division(cr.read_table("iris")) is None


def test_train_tests_on_the_rows_that_the_set_keeps_for_it(folder: Path, chainrule_: Run) -> None:
    images(folder / "fashion-mnist")
    code, out, err = chainrule_("train", "fashion-mnist", "--epochs", "1", "--hidden", "3")
    assert code == 0, err
    assert "10 rows of 4 columns, 2 classes of label; 4 held out for the test" in out
    assert "on 4 rows it has never seen" in out
    _, out, _ = chainrule_("train", "fashion-mnist", "--epochs", "1", "--test", "0")
    assert "none held out for a test" in out


def test_late_flights_are_learnt_from_what_is_known_before_they_depart(folder: Path, chainrule_: Run) -> None:
    (folder / "nycflights13").mkdir(parents=True)
    (folder / "nycflights13" / "flights.csv").write_text(FLIGHTS)
    table = cr.read_table("nycflights13")
    assert table.columns == ("year", "sched_dep_time", "carrier")
    assert np.asarray(table.target).tolist() == ["on time", "late", None, "on time", "late"]
    minutes = cr.read_table("nycflights13", "arr_delay")
    assert minutes.columns == table.columns
    np.testing.assert_array_equal(minutes.target, [11, 20, np.nan, 15, 16])
    _, out, err = chainrule_("train", "nycflights13", "--epochs", "1", "--hidden", "3")
    assert (
        "\ndep_time, dep_delay, arr_time, arr_delay, air_time are left out: they are known only after departure" in out
    ), err
    assert "1 row without arrival is left out" in out
    with pytest.warns(cr.DataWarning, match="known only after departure"):
        cr.load_data("nycflights13")
    with pytest.raises(cr.DataError, match=r"brings its own target, 'arrival', got 'carrier'"):
        cr.read_table("nycflights13", "carrier")


def test_diamonds_are_learnt_by_their_price(folder: Path) -> None:
    (folder / "diamonds").mkdir(parents=True)
    (folder / "diamonds" / "diamonds.csv").write_text("carat,cut,price,x\n0.2,Ideal,326,3.95\n0.3,Good,335,4.2\n")
    table = cr.read_table("diamonds")
    assert (table.columns, table.target_name) == (("carat", "cut", "x"), "price")
    assert np.asarray(table.target).tolist() == [326, 335]
    assert cr.read_table("diamonds", "cut").columns == ("carat", "price", "x")


def test_an_absent_set_is_told_where_to_get_and_where_to_put(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says = f"is not on this machine, and chainrule downloads nothing: take the four files.* as {folder}/kmnist or .*/share/"
    with pytest.raises(cr.UnknownNameError, match=says):
        cr.load_data("kmnist")
    monkeypatch.delenv("CHAINRULE_DATA")
    with pytest.raises(cr.UnknownNameError, match=r"as \$CHAINRULE_DATA/kmnist or "):
        cr.load_data("kmnist")


def test_a_set_in_part_or_with_strange_labels_is_refused(folder: Path) -> None:
    images(folder / "kmnist")
    labels = folder / "kmnist" / "t10k-labels-idx1-ubyte.gz"
    idx(labels, np.zeros(3, dtype=np.uint8))
    with pytest.raises(cr.DataError, match=r"holds 4 images and .*t10k-labels-idx1-ubyte.gz 3 labels"):
        cr.load_data("kmnist")
    labels.unlink()
    with pytest.raises(cr.FileError, match=r"holds kmnist in part: it lacks t10k-labels-idx1-ubyte \("):
        cr.load_data("kmnist")


def test_a_file_of_that_name_is_meant_before_a_known_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    Path("kmnist").write_text("a,b\n1,2\n")
    with pytest.raises(cr.FileError, match="cannot tell what kmnist holds"):
        cr.load_data("kmnist")
