"""Rows to be predicted come in parts: the same answers as in one piece, in little memory, and errors that name the row."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Run
from test_csv_readers import COLUMNS

import chainrule as cr
from chainrule.cli.rows import parts_for
from chainrule.data import csv_stream, optional_files, read_table, streaming
from chainrule.prediction import RunningScore, activations_of_rows, outputs_in_parts, scored_outputs

MODEL: list[bytes] = []
AMBIGUOUS = ("zeros", "infinities", "truth values", "truth values with gaps")
SMALL = [pytest.param(True, id="pyarrow"), pytest.param(False, id="standard library")]


@pytest.fixture(params=SMALL)
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files come in parts of a few rows, with pyarrow and without."""
    if request.param:
        pytest.importorskip("pyarrow")
    else:
        monkeypatch.setattr(csv_stream, "find_spec", lambda name: None)
    monkeypatch.setattr(csv_stream, "BLOCK", 64)
    for module in (csv_stream, optional_files, streaming):
        monkeypatch.setattr(module, "ROWS", 3)


def mixed(rows: int = 40) -> list[str]:
    """Lines of a table with numbers, a category, a date, truth values and gaps; the last column is learnt."""
    rng = np.random.default_rng(0)
    lines = ["size,city,built,open,price,kind"]
    for i in range(rows):
        size = "" if i % 9 == 4 else f"{rng.normal():.3f}"
        city = "NA" if i % 11 == 5 else ["Rome", '"Oslo, N"', "Kyiv"][i % 3]
        built = "" if i % 13 == 6 else f"20{10 + i % 7}-0{1 + i % 9}-11"
        lines.append(f"{size},{city},{built},{'true' if i % 2 else 'false'},{i % 5},{'yes' if i % 3 else 'no'}")
    return lines


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chainrule_: Run) -> Path:
    """A model trained on such rows, in the folder that the test runs in."""
    monkeypatch.chdir(tmp_path)
    if not MODEL:  # trained once
        Path("train.csv").write_text("\n".join(mixed()) + "\n")
        options = ("--epochs", "1", "--output", "m", "--test", "0", "--dtype", "float64")
        code, _, err = chainrule_("train", "train.csv", *options)
        assert code == 0, err
        MODEL.append(Path("m.safetensors").read_bytes())
        for path in tmp_path.iterdir():
            path.unlink()
    Path("m.safetensors").write_bytes(MODEL[0])
    return Path("m.safetensors")


def written(chainrule_: Run, *arguments: str) -> tuple[bytes, str]:
    """What `predict` writes to a file, and what it says."""
    code, out, err = chainrule_("predict", "m.safetensors", *arguments, "-o", "answers")
    assert (code, out) == (0, ""), err
    return Path("answers").read_bytes(), err


OPTIONS: list[tuple[str, ...]] = [(), ("--probabilities",), ("--json",), ("--json", "--probabilities")]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_same_bytes_in_parts_as_in_one_piece(
    trained: Path, chainrule_: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], end: str, tmp_path: Path
) -> None:
    lines = mixed(90)
    lines[7] = lines[7].rpartition(",")[0] + ","  # no target
    lines[70] = ",Lima,2040-01-01,,9,no"  # a city and gaps that were not seen in training
    Path("rows.csv").write_text(end.join(lines) + end, newline="")
    with pytest.MonkeyPatch.context() as whole:
        whole.setattr(streaming, "_streamed", lambda *_: iter(()))
        whole.setattr(streaming, "ROWS", 1000)
        expected = written(chainrule_, "rows.csv", *options)
    for small in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_stream, "BLOCK", 64)
            patch.setattr(csv_stream, "ROWS", 3)
            if small:
                patch.setattr(csv_stream, "find_spec", lambda name: None)
            assert written(chainrule_, "rows.csv", *options) == expected
    _, out, err = chainrule_("predict", "m.safetensors", "rows.csv", *options)
    if "--json" not in options:
        assert out.encode() == expected[0]
        assert "accuracy" in err
        assert "on 89 rows of 90 that have a target" in err
    assert "'city' has 1 value not seen in training (Lima)" in err
    assert "'open' has 1 gap, and had none in training" in err


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.zip", "rows.tsv", "rows.parquet", "rows.feather"])
def test_packed_and_typed_files_come_in_parts_too(trained: Path, chainrule_: Run, name: str) -> None:
    text = "\n".join(mixed(50)) + "\n"
    Path("plain.csv").write_text(text)
    if name.endswith(".gz"):
        Path(name).write_bytes(gzip.compress(text.encode()))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rows.csv", text)
    elif name.endswith(".tsv"):
        Path(name).write_text(text.replace('"Oslo, N"', "Oslo; N").replace(",", "\t").replace("Oslo; N", "Oslo, N"))
    else:
        pandas = pytest.importorskip("pandas")
        pytest.importorskip("pyarrow")
        frame = pandas.read_csv("plain.csv")
        frame.to_parquet(name) if name.endswith("parquet") else frame.to_feather(name)
    assert written(chainrule_, name) == written(chainrule_, "plain.csv")


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("kind", ["number", "category", "date"])
def test_whatever_a_column_holds_parts_are_taken_as_the_whole_is(tmp_path: Path, name: str, kind: str) -> None:
    """Answers, or the error, of a network that learnt the column as a number, a category or a date."""
    if kind == "category" and name in AMBIGUOUS:
        pytest.skip("two of its levels are one number or truth value: their texts decide")
    cells = COLUMNS[name]
    path = tmp_path / "d.csv"
    path.write_text("\n".join(["a,b", *(f"{cell},{i}" for i, cell in enumerate(cells * 4))]) + "\n", newline="")
    given = {"number": [1.0, 2.5, 7.0], "date": np.array(["2024-01-31", "2024-02-29"], "M8[us]").astype(object)}
    seen: Any = given.get(kind, sorted({*cells, "red", "7"})[:8])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chainrule.data.choosing.RARE", 0)
        train = cr.read_table({"a": [*seen] * 2, "b": np.arange(2.0 * len(seen))}, None, optional=True)
        terms = cr.Preprocessing.fit_table(train, kinds={"a": kind}, scale="none")
    net = cr.Network.random([terms.width or 1, 2], seed=0, dtype="float64").with_preprocessing(terms)

    def answers(tables: Iterator[cr.Table]) -> Any:
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("chainrule.data.preprocessing._warn", lambda *_, **__: None)
                return np.concatenate([terms.rows(table) for table in tables]).tolist()
        except cr.ChainruleError as error:
            return str(error)

    one, other = answers(parts_for(net, str(path))), answers(iter([read_table(path, optional=True)]))
    assert one == other or (
        isinstance(one, str) and isinstance(other, str) and one.split(":")[0] == other.split(":")[0]
    )


@pytest.mark.usefixtures("parts")
def test_the_texts_of_a_category_decide_also_where_a_part_holds_numbers_alone(tmp_path: Path) -> None:
    train = cr.read_table({"a": ["7", "7.0", "x", "7.0", "7"], "b": np.arange(5.0)}, optional=True)
    terms = cr.Preprocessing.fit_table(train, kinds={"a": "category"}, scale="none")
    path = tmp_path / "d.csv"
    path.write_text("\n".join(["a,b", *["7,1"] * 30, *["x,1"] * 30]) + "\n")
    net = cr.Network.random([terms.width or 1, 2], dtype="float64").with_preprocessing(terms)
    rows = np.concatenate([terms.rows(table) for table in parts_for(net, str(path))])
    np.testing.assert_array_equal(rows, terms.rows(read_table(path, optional=True)))
    assert rows[0].tolist() != rows[-1].tolist()


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("x7,Rome,2011-01-11,true,1,yes", r"rows.csv, line 62: the column 'size' holds 'x7'"),
        ("inf,Rome,2011-01-11,true,1,yes", r"rows.csv, line 62: the column 'size' is inf"),
        ("1,Rome,soon,true,1,yes", r"rows.csv, line 62: the column 'built' holds 'soon'"),
        ("1,Rome,2011-01-11,true,1", r"rows.csv, line 62: the number of values is 5"),
        ("1,Rome,2011-01-11,true,1,perhaps", r"rows.csv, line 62 has the target kind = 'perhaps'"),
    ],
)
def test_a_bad_value_is_an_error_with_its_line_and_nothing_is_written(
    trained: Path, chainrule_: Run, row: str, says: str
) -> None:
    lines = mixed(80)
    lines[61] = row
    Path("rows.csv").write_text("\n".join(lines) + "\n")
    Path("answers.csv").write_text("older\n")
    code, out, err = chainrule_("predict", "m.safetensors", "rows.csv", "-o", "answers.csv")
    assert (code, out) == (2, "")
    assert says in err
    assert Path("answers.csv").read_text() == "older\n"
    assert sorted(path.name for path in Path().iterdir()) == ["answers.csv", "m.safetensors", "rows.csv"]


@pytest.mark.usefixtures("parts")
def test_answers_are_printed_as_they_come(trained: Path, chainrule_: Run) -> None:
    lines = mixed(80)
    lines[61] = "x7,Rome,2011-01-11,true,1,yes"
    Path("rows.csv").write_text("\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chainrule.cli.predict.outputs_in_parts", _in_parts_of_one)
        code, out, _ = chainrule_("predict", "m.safetensors", "rows.csv")
    assert code == 2
    assert 20 < len(out.split()) < 61


def _in_parts_of_one(network: cr.Network, given: Any) -> Any:
    return outputs_in_parts(network, given, chunk=1)


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"size,city,built,open,price,kind\n", "holds no rows"),
        (b"", "is empty"),
        (b"size,city\n1,Rome\n", "the data lacks"),
        (
            b'size,city,built,open,price\n1,"Rome,2011-01-11,true,1\n' + b"2,Oslo,2011-01-11,true,1\n" * 9,
            "quotation mark",
        ),
        (b"size,city,built,open,price\n1,R\xfcgen,2011-01-11,true,1\n", "is not UTF-8 text"),
        (
            b"size,city,built,open,price\n" + b"1,Rome,2011-01-11,true,1\n" * 9 + b"1,R\xfcgen,2011-01-11,true,1\n",
            "UTF-8",
        ),
        (
            b"size,city,built,open,price\n" + b"1,Rome,2011-01-11,true,1\n" * 9 + b"\0,Rome,2011-01-11,true,1\n",
            "line 11",
        ),
    ],
)
def test_files_without_such_rows_are_refused(trained: Path, chainrule_: Run, content: bytes, says: str) -> None:
    Path("rows.csv").write_bytes(content)
    code, _, err = chainrule_("predict", "m.safetensors", "rows.csv", "-o", "answers")
    assert code == 2
    assert says in err
    assert len(err.splitlines()) <= 10
    assert not Path("answers").exists()


@pytest.mark.usefixtures("parts")
def test_a_damaged_packed_file_is_refused_wherever_it_ends(trained: Path, chainrule_: Run) -> None:
    whole = gzip.compress(("\n".join(mixed(200)) + "\n").encode())
    Path("rows.csv.gz").write_bytes(whole[:-20])
    code, _, err = chainrule_("predict", "m.safetensors", "rows.csv.gz", "-o", "answers")
    assert code == 2
    assert "cannot read rows.csv.gz" in err
    assert not Path("answers").exists()


def test_a_row_without_an_end_is_refused_before_it_fills_memory(
    trained: Path, chainrule_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(csv_stream, "BLOCK", 64)
    monkeypatch.setattr(csv_stream, "LONGEST", 500)
    Path("rows.csv").write_text("\n".join([*mixed(10), '1,"Rome', *mixed(60)]))
    code, _, err = chainrule_("predict", "m.safetensors", "rows.csv")
    assert code == 2
    assert "this row has more than 500 bytes; is a quotation mark left open?" in err


# products and scores ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sizes", [[1] * 23, [5, 1, 12, 5], [23], [10, 13], [4, 4, 4, 4, 4, 3]])
def test_products_do_not_depend_on_the_parts(sizes: list[int]) -> None:
    net = cr.Network.random([7, 9, 3], seed=0)
    rows = np.random.default_rng(0).normal(size=(23, 7))
    starts = np.cumsum([0, *sizes])
    given = [(i, rows[start : start + size]) for i, (start, size) in enumerate(zip(starts, sizes))]
    found = list(outputs_in_parts(net, iter(given), chunk=4))
    assert [(owner, len(part)) for owner, part in found] == list(enumerate(sizes))
    np.testing.assert_array_equal(np.concatenate([part for _, part in found]), activations_of_rows(net, rows, chunk=4))


@pytest.mark.parametrize("output", ["softmax", "identity", "sigmoid"])
def test_a_running_score_is_that_of_all_rows(output: str) -> None:
    rng = np.random.default_rng(0)
    net = cr.Network.random([3, 2], output, seed=0)
    given = rng.random((50, 2)) if output != "softmax" else rng.dirichlet([1, 1], 50)
    y = {
        "softmax": rng.integers(2, size=50),
        "identity": given + rng.normal(size=(50, 2)) / 4,
        "sigmoid": (given > 0.4) * 1.0,
    }
    if output == "sigmoid":
        net = net.with_cost("binary_cross_entropy")
    true, running = y[output], RunningScore(net)
    assert running.score is None
    for start, stop in ((0, 20), (20, 20), (20, 21), (21, 50)):
        running.add(given[start:stop], true[start:stop])
    assert running.score == scored_outputs(net, given, true)
    assert running.rows == 50


def test_the_score_of_numbers_in_parts_is_that_of_the_whole(
    tmp_path: Path, chainrule_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert chainrule_("train", "diabetes", "--epochs", "2", "--output", "m", "-q")[0] == 0
    _, whole, _ = chainrule_("predict", "m.safetensors", "diabetes", "--json")
    monkeypatch.setattr(streaming, "ROWS", 7)
    _, small, _ = chainrule_("predict", "m.safetensors", "diabetes", "--json")
    assert small == whole
    assert {"predictions", "mae", "rmse", "r_squared", "share_trained_on"} == set(json.loads(whole))


@pytest.mark.parametrize(
    ("block", "rows"),
    [
        (b"1,2\n3,4\n5", b"1,2\n3,4\n"),
        (b'1,"a\nb"\n2,"c\n', b'1,"a\nb"\n'),
        (b'1,"say ""x""\n"\n2', b'1,"say ""x""\n"\n'),
        (b'1,"a\nb', b""),
        (b"1,2", b""),
    ],
)
def test_a_block_ends_where_a_row_does(block: bytes, rows: bytes) -> None:
    assert block[: csv_stream._end_of_rows(block)] == rows
