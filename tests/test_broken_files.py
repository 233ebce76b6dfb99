"""Files of rows that are cut short, damaged or of another kind: an error of at most ten lines, or the table that is in them."""

from __future__ import annotations

import random
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from networks import PROOF

import chainrule as cr
from chainrule.data import arrays, csv_stream
from chainrule.data.streaming import read_parts

X = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
Y = np.arange(30) % 2
FOREIGN = [b"", b"\n", b"\0", b"PK\3\4", b"PAR1", b"ARROW1", b"{}", b"<html>", b"\x93NUMPY", b"\x1f\x8b"]
KINDS = ["npz", "packed.npz", "npy", "fields.npy", "csv", "csv.gz", "zip", "parquet", "feather", "jsonl", "xlsx", "idx"]
COUNT = 200 if PROOF else 12


def idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def whole(folder: Path, kind: str) -> Path:
    """A file of such a kind that can be read."""
    path = folder / (f"rows.{kind}" if kind != "idx" else "rows-images-idx3-ubyte")
    if kind.endswith("npz"):
        (np.savez_compressed if kind == "packed.npz" else np.savez)(path, x=X, y=Y)
    elif kind == "npy":
        np.save(path, np.column_stack([X, Y]))
    elif kind == "fields.npy":
        np.save(path, np.array([(1, 2.5, 0), (2, 3.5, 1)] * 12, dtype=[("a", "i4"), ("b", "f8"), ("y", "i4")]))
    elif kind == "idx":
        path.write_bytes(idx(np.arange(120, dtype=np.uint8).reshape(30, 2, 2)))
        (folder / "rows-labels-idx1-ubyte").write_bytes(idx(Y.astype(np.uint8)))
    else:
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame(X, columns=list("abc")).assign(t=["u", "v", "w"] * 10, y=Y)
        if kind in ("parquet", "feather", "jsonl"):
            pytest.importorskip("pyarrow")
        if kind == "xlsx":
            pytest.importorskip("openpyxl")
            frame.to_excel(path, index=False)
        elif kind == "parquet":
            frame.to_parquet(path)
        elif kind == "feather":
            frame.to_feather(path)
        elif kind == "jsonl":
            frame.to_json(path, orient="records", lines=True)
        else:
            packed = {"method": "zip", "archive_name": "rows.csv"} if kind == "zip" else "infer"
            frame.to_csv(path, index=False, compression=packed)
    return path


def broken(content: bytes, chance: random.Random) -> bytes:
    """The content cut short, with bits turned, bytes put in or left out; or other content."""
    at, count = chance.randrange(len(content)), chance.randrange(1, 40)
    match chance.randrange(6):
        case 0:
            return content[:at]
        case 1:
            turned = bytearray(content)
            for _ in range(chance.choice([1, 3, 20])):
                turned[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            return bytes(turned)
        case 2:
            return content[:at] + chance.randbytes(count) + content[at:]
        case 3:
            return content[:at] + content[at + count :]
        case 4:
            return content[:at] + b"\0" * count + content[at:]
    return chance.choice(FOREIGN)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mapped", [False, True])
def test_a_broken_file_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, mapped: bool
) -> None:
    monkeypatch.setattr(arrays, "MAPPED", 0 if mapped else 2**30)
    monkeypatch.setattr(csv_stream, "BLOCK", 200)
    path, chance = whole(tmp_path, kind), random.Random(1 + mapped)
    content, errors = path.read_bytes(), list[str]()
    cr.load_data(path)
    for _ in range(COUNT):
        path.write_bytes(broken(content, chance))
        for read in (lambda: cr.load_data(path), lambda: list(read_parts(str(path), None))):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", cr.DataWarning)
                try:
                    read()
                except cr.ChainruleError as error:
                    errors.append(str(error))
    assert errors
    assert all(0 < len(error.splitlines()) <= 10 for error in errors)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_under_the_name_of_another_kind_is_refused(tmp_path: Path, kind: str) -> None:
    for other in KINDS:
        if other.removeprefix("packed.").removeprefix("fields.") != kind.removeprefix("packed.").removeprefix(
            "fields."
        ):
            (tmp_path / other).mkdir()
            path = whole(tmp_path / other, kind)
            named = path.with_name(f"named.{other}" if other != "idx" else "named-images-idx3-ubyte")
            path.rename(named)
            with pytest.raises((cr.FileError, cr.DataError)):
                cr.load_data(named)


def test_a_file_that_changes_while_its_rows_are_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_stream, "BLOCK", 64)
    monkeypatch.setattr(csv_stream, "ROWS", 3)
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "1,2\n" * 90)
    tables = read_parts(str(path), None)
    next(tables)
    with path.open("a") as stream:
        stream.write("3,4\n")
    with pytest.raises(cr.FileError, match=r"rows.csv was changed while its rows were read"):
        list(tables)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        ([2.5] * 12, "the same target (2.5)"),
        ([1] * 12, "the same target (1)"),
        ([[1.0, 0.0]] * 12, "the same target (1.0, 0.0)"),
    ],
)
def test_one_target_in_all_rows_is_warned_of(y: list[object], says: str) -> None:
    net = cr.Network.random([3, 1] if y[0] == 2.5 else [3, 2], "relu" if y[0] == 2.5 else "softmax", seed=0)
    with pytest.warns(cr.DataWarning, match="all 12 rows have") as caught:
        cr.train(net, X[:12], np.array(y), epochs=1)
    assert says in str(caught[0].message)
    cr.train(net, X[:9], np.array(y[:9]), epochs=1)  # so few rows may be a small example
