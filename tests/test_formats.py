"""The formats of files that rows come in, beside CSV, NPZ and IDX; and rows to predict that fit a model in all but form."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import rows as cli_rows
from chainrule.data import read_table
from chainrule.errors import DataError, FileError

ROWS = {"size": [1.0, 2.5, None, 4.0], "colour": ["red", "blue", "red", None], "count": [1, 2, 3, 4]}
X, Y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 0, 1])


def is_the_table(table: cr.Table) -> None:
    assert table.columns == ("size", "colour")
    assert np.array_equal(table.column("size"), [1, 2.5, np.nan, 4], equal_nan=True)
    assert np.asarray(table.column("colour")).tolist() == ["red", "blue", "red", None]
    assert table.target is not None
    assert table.target.tolist() == [1, 2, 3, 4]
    assert table.target_name == "count"


def write(path: Path) -> Path:
    """ROWS in the format of the path's suffix."""
    pa = pytest.importorskip("pyarrow")
    match path.suffix:
        case ".parquet":
            pytest.importorskip("pyarrow.parquet").write_table(pa.table(ROWS), path)
        case ".feather" | ".arrow":
            pytest.importorskip("pyarrow.feather").write_feather(pa.table(ROWS), path)
        case ".jsonl" | ".ndjson":
            rows = [dict(zip(ROWS, row)) for row in zip(*ROWS.values())]
            path.write_text("\n".join(map(json.dumps, rows)))
        case ".xlsx":
            book = pytest.importorskip("openpyxl").Workbook()
            for row in (list(ROWS), *zip(*ROWS.values()), [None, None, None]):
                book.active.append(row)
            book.save(path)
        case ".zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("__MACOSX/._rows.csv", "x")
                archive.writestr("folder/rows.csv", "size,colour,count\n1,red,1\n2.5,blue,2\nNA,red,3\n4,,4\n")
    return path


SUFFIXES = [".parquet", ".feather", ".arrow", ".jsonl", ".ndjson", ".xlsx", ".csv.zip", ".zip"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_holds_the_same_table(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"rows{suffix}")
    is_the_table(read_table(path))
    is_the_table(read_table(path, "count", optional=True))
    assert read_table(path, "size").target_name == "size"
    assert read_table(path, "price", optional=True).target is None


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".jsonl", ".xlsx"])
@pytest.mark.parametrize("content", [b"", b"no such file", b"PK\x03\x04 but no more"])
def test_damaged_files_are_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"rows{suffix}").write_bytes(content)
    with pytest.raises(FileError, match=f"cannot read .*rows{suffix}"):
        read_table(tmp_path / f"rows{suffix}")


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".jsonl", ".xlsx"])
def test_a_format_whose_package_is_missing_says_what_to_install(tmp_path: Path, suffix: str) -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = sys.modules['openpyxl'] = None\n"
        f"import chainrule as cr\ntry: cr.read_table({str(write(tmp_path / f'rows{suffix}'))!r})\n"
        "except cr.FileError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "chainrule[tables]"' in done.stdout
    assert f"rows{suffix} is a" in done.stdout


def test_lists_in_a_column_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": [1, 2], "y": 1}\n')
    pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match="the column 'a' holds lists or records"):
        read_table(tmp_path / "a.jsonl")


def test_an_archive_of_no_rows_or_of_several_files_is_refused(tmp_path: Path) -> None:
    for names in ([], ["a.csv", "b.csv"], ["a.png"]):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name in names:
                archive.writestr(name, "x,y\n1,2\n")
        with pytest.raises(FileError, match="must hold one file of rows"):
            read_table(tmp_path / "a.zip")
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(FileError, match="is not a ZIP file"):
        read_table(tmp_path / "a.zip")
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(FileError, match=r"old Excel: save it as \.xlsx"):
        read_table(tmp_path / "a.xls")


# arrays -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("x", "y"), [("x", "y"), ("X", "y"), ("X", "Y"), ("x", "Y")])
def test_the_arrays_of_an_archive_may_have_capital_letters(tmp_path: Path, x: str, y: str) -> None:
    np.savez(tmp_path / "a.npz", **{x: X, y: Y})
    table = read_table(tmp_path / "a.npz")
    assert np.array_equal(table.inputs, X)
    assert table.target is not None
    assert table.target.tolist() == Y.tolist()


def test_small_letters_come_before_capital_ones(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=X + 1, x=X, Y=1 - Y, y=Y)
    table = read_table(tmp_path / "a.npz")
    assert (table.inputs[0, 0], table.target_name) == (0, "y")


def test_a_plain_array_is_rows_whose_last_column_is_learnt(tmp_path: Path) -> None:
    path = tmp_path / "rows.npy"
    np.save(path, np.column_stack([X, Y]).astype(np.float32))
    table = read_table(path)
    assert (table.columns, table.target_name, table.inputs.dtype) == (
        ("column 0", "column 1", "column 2"), "column 3", np.float32,
    )  # fmt: skip
    assert read_table(path, optional=True).inputs.shape == (4, 4)
    assert read_table(path, "column 0").target.tolist() == X[:, 0].tolist()  # type: ignore[union-attr]
    fields = np.array([(1.0, "a", 0), (2.0, "b", 1)], dtype=[("size", "f8"), ("kind", "U1"), ("y", "i4")])
    np.save(path, fields)
    assert read_table(path).columns == ("size", "kind")


@pytest.mark.parametrize(
    ("array", "error", "reason"),
    [
        (np.arange(3.0), DataError, r"is float64 of shape \(3,\)"),
        (np.array([["a"]]), DataError, "rows of numbers"),
        (np.array([[1, None]], dtype=object), FileError, "cannot read"),
        (np.zeros((0, 3)), DataError, "holds no rows"),
    ],
)
def test_plain_arrays_that_are_no_rows_are_refused(tmp_path: Path, array: Any, error: Any, reason: str) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(error, match=reason):
        read_table(tmp_path / "a.npy")
    whole = (tmp_path / "a.npy").read_bytes()
    for cut in (0, 5, 40, len(whole) - 1):
        (tmp_path / "a.npy").write_bytes(whole[:cut])
        with pytest.raises((FileError, DataError)):
            read_table(tmp_path / "a.npy")


# sizes and hangs ----------------------------------------------------------------------------------------------------
def test_an_array_that_is_not_needed_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """80 MB of zeros are 80 kB in the file."""
    np.savez_compressed(tmp_path / "a.npz", x=X, y=Y, other=np.zeros(10_000_000))
    read: list[str] = []
    get = np.lib.npyio.NpzFile.__getitem__
    monkeypatch.setattr(np.lib.npyio.NpzFile, "__getitem__", lambda self, name: read.append(name) or get(self, name))
    read_table(tmp_path / "a.npz")
    assert sorted(read) == ["x", "y"]


def test_a_file_that_unpacks_to_much_says_so_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((1000, 250)), y=np.arange(1000))
    cli_rows.read_rows(str(tmp_path / "a.npz"))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(cli_rows, "LARGE", 1_000_000)
    cli_rows.read_rows(str(tmp_path / "a.npz"))
    assert "a.npz unpacks to 2 MB: reading it" in capsys.readouterr().err


def test_a_size_that_is_not_true_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    whole = (tmp_path / "a.npz").read_bytes()
    shape = whole.index(b"(4, 3), }     ")
    (tmp_path / "a.npz").write_bytes(whole[:shape] + b"(9999999999, 3), }"[:14].ljust(14) + whole[shape + 14 :])
    with pytest.raises(FileError, match=r"cannot read .*a\.npz"):
        read_table(tmp_path / "a.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["a.csv", "a.npz", "a.npy", "t-images-idx3-ubyte", "a.parquet", "a.csv.gz"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(FileError, match="is a pipe or a device: write what it gives to a file"):
        read_table(tmp_path / name)


# rows to predict ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def network() -> cr.Network:
    frame = {"a": [1.0, 2, 3, 4], "b": [0.0, 1, 0, 1], "y": ["n", "n", "p", "p"]}
    return cr.train(cr.Network.random([2, 4, 2], output="softmax", seed=0), cr.load_data(frame), epochs=2).network


def test_a_gap_in_a_column_that_is_not_used_is_no_obstacle(tmp_path: Path, network: cr.Network) -> None:
    (tmp_path / "a.csv").write_text("remark,b,a,other\n,0,1,inf\n,1,2,\nNA,0,3,x\nseen,1,4,\n")
    answers = cr.predict(network, read_table(tmp_path / "a.csv", "y", optional=True))
    assert answers.tolist() == cr.predict(network, {"a": [1, 2, 3, 4], "b": [0, 1, 0, 1]}).tolist()
    (tmp_path / "a.csv").write_text("b,a\n0,1\n1,\n")
    with pytest.warns(cr.DataWarning, match=r"a\.csv: the column 'a' has 1 gap"):
        cr.predict(network, read_table(tmp_path / "a.csv", "y", optional=True))


def test_a_target_filled_in_part_is_predicted_whole_and_scored_where_it_is_filled(
    tmp_path: Path, network: cr.Network
) -> None:
    (tmp_path / "a.csv").write_text("b,a,y\n0,1,n\n1,2,\n0,3,?\n1,4,p\n")
    table = read_table(tmp_path / "a.csv", "y", optional=True)
    answers = cr.predict(network, table)
    assert len(answers) == 4
    assert cr.score(network, table) == np.mean(answers[[0, 3]] == ["n", "p"])


def test_a_matrix_without_names_is_taken_in_the_order_of_training(tmp_path: Path, network: cr.Network) -> None:
    x = np.array([[1.0, 0], [2, 1], [3, 0], [4, 1]])
    np.savez(tmp_path / "a.npz", x=x)
    np.save(tmp_path / "a.npy", x)
    np.savetxt(tmp_path / "a.csv", x, delimiter=",")
    for name in ("a.npz", "a.npy", "a.csv"):
        table = read_table(tmp_path / name, "y", optional=True)
        assert cr.predict(network, table).tolist() == cr.predict(network, x).tolist()
    np.save(tmp_path / "a.npy", np.zeros((4, 3)))
    with pytest.raises(DataError, match="the network was trained on a, b; the data lacks a, b and has column 0"):
        cr.predict(network, read_table(tmp_path / "a.npy", "y", optional=True))
