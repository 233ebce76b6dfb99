"""Memory-mapped rows: the bits of rows in memory, less memory than their file takes, and an error where the file changes."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Run
from networks import PROOF

import chainrule as cr
from chainrule.data import arrays, fingerprint
from chainrule.data.mapped import MappedRows
from chainrule.data.moments import moments

X = np.random.default_rng(0).normal(3, 2, (60, 4))
Y = (X.sum(axis=1) > 12).astype(np.int64)
NET = cr.Network.random([4, 3, 2], "relu", "softmax", seed=0, dtype="float32")


def mapped(folder: Path, x: np.ndarray, name: str = "x.npy") -> Any:
    """The array in a file, memory-mapped."""
    np.save(folder / name, x)
    return np.load(folder / name, mmap_mode="r")


def rows_of(folder: Path, x: np.ndarray) -> MappedRows:
    """The same as mapped rows."""
    made = cr.Dataset(mapped(folder, x), np.arange(len(x))).inputs
    assert isinstance(made, MappedRows)
    return made


def weights(run: cr.Run) -> np.ndarray:
    return run.network.parameters.flat()


@pytest.mark.parametrize(
    "x",
    [X, X.astype(np.float32), (X * 20).astype(np.uint8), X.astype(np.float16), X.astype(">f8"), np.asfortranarray(X)],
    ids=["float64", "float32", "uint8", "float16", "big-endian", "by column"],
)
def test_mapped_rows_train_to_the_bits_of_rows_in_memory(tmp_path: Path, x: np.ndarray) -> None:
    inside, outside = (cr.train(NET, each, Y, epochs=2, validation=0.2) for each in (x, mapped(tmp_path, x)))
    np.testing.assert_array_equal(weights(inside), weights(outside))
    assert [facts["validation_cost"] for facts in inside.history] == [
        facts["validation_cost"] for facts in outside.history
    ]
    assert weights(outside).dtype == np.float32
    assert cr.score(outside.network, mapped(tmp_path, x), Y) == cr.score(inside.network, x, Y)


def test_parts_of_a_mapped_file_and_weights_train_alike(tmp_path: Path) -> None:
    wide = mapped(tmp_path, np.repeat(X, 2, axis=0))
    w = mapped(tmp_path, np.linspace(0, 1, 60), "w.npy")
    inside = cr.train(NET, (X, Y, np.linspace(0, 1, 60)), epochs=1)
    outside = cr.train(NET, (wide[::2], mapped(tmp_path, Y, "y.npy"), w), epochs=1)
    np.testing.assert_array_equal(weights(inside), weights(outside))


def test_mapped_rows_are_read_as_an_array_is(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, X)
    some = np.array([5, 2, 2, -1])
    np.testing.assert_array_equal(rows[some], X[some])
    np.testing.assert_array_equal(rows.taken(some)[1:], X[[2, 2, 59]])
    np.testing.assert_array_equal(rows.taken(X[:, 0] > 3)[:], X[X[:, 0] > 3])
    np.testing.assert_array_equal(rows.taken(some).in_file_order()[:], X[[-1, 2, 2, 5]][[1, 2, 3, 0]])
    np.testing.assert_array_equal(rows[-1], X[-1])
    np.testing.assert_array_equal(rows.column(2), X[:, 2])
    np.testing.assert_array_equal(np.asarray(rows), X)
    assert (len(rows), rows.shape, rows.size, rows.dtype) == (60, (60, 4), 240, np.float64)
    assert "60 rows of 4 from" in repr(rows)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_found_before_training(tmp_path: Path, bad: float) -> None:
    x = X.copy()
    x[41, 2] = bad
    with pytest.raises(cr.DataError, match=r"row 41, column 2 of the inputs is (nan|inf)"):
        cr.train(NET, mapped(tmp_path, x), Y)
    cr.train(NET, mapped(tmp_path, x)[:41], Y[:41], epochs=1)


# moments ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_moments_are_those_of_two_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gaps: float) -> None:
    monkeypatch.setattr("chainrule.data.mapped.CHUNK", 7 * 4 * 8)
    x = X * [1, 1e-3, 5, 0] + [0, 1e6, -4, 2.5]
    x[np.random.default_rng(1).random(x.shape) < gaps] = np.nan
    rows = rows_of(tmp_path, np.zeros_like(x))
    (tmp_path / "other").mkdir()
    rows = MappedRows.of(type(rows.file).of(mapped(tmp_path / "other", x)))
    found = moments(rows.taken(np.random.default_rng(2).permutation(60)))
    np.testing.assert_allclose(found.mean, np.nanmean(x, axis=0), rtol=1e-14)
    np.testing.assert_allclose(found.deviation, np.nanstd(x, axis=0), rtol=1e-7, atol=1e-12)
    np.testing.assert_array_equal(found.largest, np.nanmax(np.abs(x), axis=0))
    np.testing.assert_array_equal(found.middle, np.nanmedian(x, axis=0))
    np.testing.assert_array_equal(found.gaps, np.isnan(x).sum(axis=0))
    np.testing.assert_array_equal(found.counts, (~np.isnan(x)).sum(axis=0))


# files --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def all_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays of any size stay in their files."""
    monkeypatch.setattr(arrays, "MAPPED", 0)


@pytest.fixture(params=["npz", "npy"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of x and y; in an NPY file y is the last column."""
    path = tmp_path / f"rows.{request.param}"
    if request.param == "npz":
        np.savez(path, x=X.astype(np.float32).reshape(60, 2, 2), y=Y)
    else:
        np.save(path, np.column_stack([X.astype(np.float32), Y.astype(np.float32)]))
    return path


@pytest.mark.usefixtures("all_mapped")
def test_a_set_from_a_mapped_file_is_that_in_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = cr.load_data(file)
    monkeypatch.setattr(arrays, "MAPPED", 2**30)
    inside = cr.load_data(file)
    assert isinstance(inside.inputs, np.ndarray)
    for one, other in zip((inside, *inside.split(0.25)), (outside, *outside.split(0.25))):
        assert isinstance(other.inputs, MappedRows)
        np.testing.assert_allclose(other.inputs[:], one.inputs, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(other.targets, one.targets)
        assert other.preprocessing is not None
        assert one.preprocessing is not None
        assert other.preprocessing.labels == one.preprocessing.labels
    terms = outside.preprocessing
    assert terms is not None
    run = cr.train(cr.Network.random([4, 3, 2], "relu", "softmax", seed=0), outside, epochs=2)
    assert cr.score(run.network, cr.read_table(file, terms.target_name)) == cr.score(run.network, outside)


@pytest.mark.usefixtures("all_mapped")
@pytest.mark.filterwarnings("ignore:.*empty$")
def test_gaps_in_a_mapped_file_become_what_they_become_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = X.copy()
    x[::7, 1] = np.nan
    x[:, 3] = np.nan
    np.savez(tmp_path / "gaps.npz", x=x, y=Y)

    def loaded(**choices: Any) -> list[cr.Dataset]:
        return [made for limit in (0, 2**30) for made in [_with_limit(limit, **choices)]]

    def _with_limit(limit: int, **choices: Any) -> cr.Dataset:
        monkeypatch.setattr(arrays, "MAPPED", limit)
        return cr.load_data(tmp_path / "gaps.npz", **choices)

    outside, inside = loaded()
    np.testing.assert_allclose(outside.inputs[:], inside.inputs[:], rtol=1e-12, atol=1e-14)
    assert outside.inputs.shape == (60, 4)  # three numbers, and one input that marks gaps
    with pytest.warns(cr.DataWarning, match="9 rows with gaps are left out"):
        outside, inside = loaded(gaps="drop")
    np.testing.assert_allclose(outside.inputs[:], inside.inputs[:], rtol=1e-12, atol=1e-14)
    with pytest.raises(cr.DataError, match="the column 'x1' has 9 gaps"):
        loaded(gaps="refuse")
    x[11, 2] = np.inf
    np.savez(tmp_path / "gaps.npz", x=x, y=Y)
    with pytest.raises(cr.DataError, match="row 11: the column 'x2' is infinite"):
        loaded()


@pytest.mark.usefixtures("all_mapped")
def test_train_and_predict_read_a_mapped_file(file: Path, chainrule_: Run) -> None:
    code, out, err = chainrule_("train", str(file), "--epochs", "2", "--output", "m", "--task", "classification")
    assert code == 0, err
    assert "stays in its file" in err
    assert "gradient  backpropagation" in out
    code, out, err = chainrule_("predict", "m.safetensors", str(file))
    assert (code, len(out.split())) == (0, 60), err


def test_compressed_arrays_are_read_whole_where_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "packed.npz", x=X, y=Y)
    monkeypatch.setattr(arrays, "MAPPED", 0)
    assert isinstance(cr.load_data(tmp_path / "packed.npz").inputs, np.ndarray)
    monkeypatch.setattr("chainrule.memory.SMALL", 0)
    monkeypatch.setattr("chainrule.memory.available", lambda: 3000)
    with pytest.raises(
        cr.MemoryLimitError,
        match=r"reading x \(60 × 4 of float64\) of .*packed.npz needs about 3.84 kB .* by numpy.savez",
    ):
        cr.load_data(tmp_path / "packed.npz")


@pytest.mark.usefixtures("all_mapped")
def test_a_damaged_archive_is_not_mapped(tmp_path: Path) -> None:
    path = tmp_path / "rows.npz"
    np.savez(path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    at = content.index(b"\x93NUMPY") + 6
    content[at : at + 2] = b"\xff\xff"
    path.write_bytes(content)
    with pytest.raises(cr.FileError, match=r"cannot read .*rows.npz"):
        cr.load_data(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"no array")
    with pytest.raises(cr.DataError, match="has no array 'x'"):
        cr.load_data(path)


# files that change --------------------------------------------------------------------------------------------------
def _write(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(200)
        stream.write(b"\x01")
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


def _cut(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.truncate(4096)


def _lengthen(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"more")


@pytest.mark.parametrize(
    ("change", "what"), [(_write, "was changed"), (_cut, "is cut short"), (_lengthen, "was changed")]
)
def test_a_file_that_changes_during_training_is_an_error_that_names_it(tmp_path: Path, change: Any, what: str) -> None:
    path = tmp_path / "x.npy"
    x = mapped(tmp_path, np.tile(X, (40, 1)))
    with pytest.raises(cr.FileError, match=f"{path} {what}.*while its rows were read"):
        cr.train(NET, x, np.tile(Y, 40), epochs=3, watch=lambda epoch: change(path) if epoch.number == 1 else None)


@pytest.mark.parametrize("gone", [True, False])
def test_a_file_that_is_removed_or_replaced_is_read_as_it_was(tmp_path: Path, gone: bool) -> None:
    path, other = tmp_path / "x.npy", tmp_path / "other.npy"
    np.save(other, np.zeros_like(X))
    x = mapped(tmp_path, X)
    run = cr.train(NET, x, Y, epochs=2, watch=lambda _: path.unlink(missing_ok=True) if gone else _moved(other, path))
    np.testing.assert_array_equal(weights(run), weights(cr.train(NET, X, Y, epochs=2)))


def _moved(path: Path, to: Path) -> None:
    if path.exists():
        path.replace(to)


# memory -------------------------------------------------------------------------------------------------------------
LIMITED = """
import resource, sys
import numpy as np
import chainrule as cr
import chainrule.data.arrays
cr.train(cr.Network.random([8, 2]), np.zeros((4, 8)), np.zeros((4, 2)), epochs=1)  # all that is imported on demand
used = int(next(line for line in open("/proc/self/status") if line.startswith("VmData")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + int(sys.argv[2]), resource.RLIM_INFINITY))
if sys.argv[3] == "copied":
    np.array(np.load(sys.argv[1], mmap_mode="r"))
if sys.argv[1].endswith(".npz"):
    data = cr.load_data(sys.argv[1])
    rest, test = data.split()
    net = cr.Network.random([data.inputs.shape[1], 4, 2], "relu", "softmax", dtype="float32")
    run = cr.train(net, rest, epochs=1, batch_size=1024)
    print(len(data), cr.score(run.network, test))
else:
    x = np.load(sys.argv[1], mmap_mode="r")
    net = cr.Network.random([x.shape[1], 4, 2], "relu", "softmax", dtype="float32")
    run = cr.train(net, x, np.arange(len(x)) % 2, epochs=1, batch_size=1024, validation=0.1)
    print(len(x), cr.score(run.network, x, np.arange(len(x)) % 2))
"""


def limited(path: Path, allowed: int, *, copied: bool = False) -> subprocess.CompletedProcess[str]:
    """A process that trains on the file and may take so many bytes more than its interpreter."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", LIMITED, str(path), str(allowed), "copied" if copied else "mapped"]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=600)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="such limits are Linux's")
@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_a_file_of_three_times_the_memory_allowed_trains(tmp_path: Path, kind: str) -> None:
    allowed = 200 * 2**20 if PROOF else 20 * 2**20
    rows = 3 * allowed // (128 * 4)
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (rows, 128))
    noise = np.random.default_rng(0).normal(size=(2048, 128)).astype(np.float32)
    for start in range(0, rows, 2048):
        x[start : start + 2048] = noise[: min(2048, rows - start)]
    x.flush()
    path = tmp_path / f"x.{kind}"
    if kind == "npz":
        np.savez(path, x=x, y=np.arange(rows) % 2)
    else:
        assert "MemoryError" in limited(path, allowed, copied=True).stderr
    done = limited(path, allowed)
    assert done.stdout.startswith(f"{rows} "), done.stderr[-2000:]


@pytest.mark.usefixtures("all_mapped")
def test_a_file_larger_than_the_addresses_allowed_is_a_clear_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(np.lib.format, "open_memmap", refused)
    monkeypatch.setattr(np, "memmap", refused)
    with pytest.raises(
        cr.MemoryLimitError, match=r"rows.np. \(\d.* bytes|kB\) cannot be mapped: .* \(ulimit -v\); raise that limit"
    ):
        cr.load_data(file)


# fingerprints ---------------------------------------------------------------------------------------------------------
def test_the_fingerprint_of_a_mapped_set_is_that_of_its_file(tmp_path: Path) -> None:
    def printed(x: np.ndarray, name: str, rows: slice = slice(None)) -> str:
        return fingerprint(cr.Dataset(mapped(tmp_path, x, name), np.zeros(60)).take(np.arange(60)[rows]))

    other = X.copy()
    other[59, 3] += 1e-12
    assert printed(X, "a.npy") == printed(X, "b.npy")
    assert len({printed(X, "a.npy"), printed(other, "c.npy"), printed(X.astype(np.float32), "d.npy")}) == 3
    assert printed(X, "a.npy", slice(0, 30)) != printed(X, "a.npy", slice(30, 60))


@pytest.mark.usefixtures("all_mapped")
def test_the_fingerprint_of_a_mapped_set_tells_how_it_is_scaled(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=X, y=Y)
    scaled, unscaled = cr.load_data(tmp_path / "rows.npz"), cr.load_data(tmp_path / "rows.npz", scale="none")
    assert fingerprint(scaled) != fingerprint(unscaled)
    assert fingerprint(scaled) == fingerprint(cr.load_data(tmp_path / "rows.npz"))
