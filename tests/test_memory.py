"""Too little memory is said before anything is read or learnt: how much is needed, how much there is, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Run
from scipy import sparse

import chainrule as cr
from chainrule import memory
from chainrule.data import arrays

NET = cr.Network.random([40, 8, 3], "relu", "softmax", seed=0)
X, Y = np.random.default_rng(0).normal(size=(600, 40)), np.arange(600) % 3
LIMITS = "VmSize:\t  5000 kB\nVmData:\t  2000 kB\nThreads:\t1\n"


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 100 kB."""
    monkeypatch.setattr(memory, "SMALL", 0)
    monkeypatch.setattr(memory, "available", lambda: 100_000)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files in which a system of no limits says what there is."""
    monkeypatch.setattr(memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "groups")
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "status").write_text(LIMITS)
    (tmp_path / "proc" / "meminfo").write_text("MemTotal:  90000 kB\nMemAvailable:   70000 kB\n")
    return tmp_path


def group(system: Path, folder: str, version: int, limit: str, used: int, cached: int) -> None:
    """A control group of the process, in either version of them."""
    place = system / "groups" / ("" if version == 2 else "memory") / folder
    place.mkdir(parents=True)
    line = f"0::/{folder}" if version == 2 else f"3:cpu,memory:/{folder}"
    (system / "proc" / "self" / "cgroup").write_text(f"9:pids:/other\n{line}\n")
    names = ("memory.max", "memory.current", "inactive_file")
    names = names if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    for name, text in zip(names, (limit, str(used))):
        (place / name).write_text(f"{text}\n")
    (place / "memory.stat").write_text(f"anon 5\n{names[2]} {cached}\n")


def test_the_machine_says_what_is_available(system: Path) -> None:
    assert memory.available() == 70_000 * 1024
    (system / "proc" / "meminfo").unlink()
    assert memory.available() is None or memory.sys.platform == "darwin"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "left"), [("RLIMIT_AS", 9_000_000 - 5000 * 1024), ("RLIMIT_DATA", 9_000_000 - 2000 * 1024)]
)
def test_limits_of_the_process_count(system: Path, monkeypatch: pytest.MonkeyPatch, name: str, left: int) -> None:
    resource = pytest.importorskip("resource")
    which = getattr(resource, name)
    monkeypatch.setattr(
        memory.resource, "getrlimit", lambda limit: (9_000_000 if limit == which else resource.RLIM_INFINITY, -1)
    )
    assert memory.available() == left


@pytest.mark.parametrize("version", [1, 2])
def test_limits_of_control_groups_count(system: Path, version: int) -> None:
    group(system, "jobs/mine", version, "10000000", 4_000_000, 1_000_000)
    assert memory.available() == 7_000_000
    (system / "groups" / ("" if version == 2 else "memory") / "jobs/mine" / "memory.current").write_text("x")


@pytest.mark.parametrize(("version", "limit"), [(1, "9223372036854771712"), (2, "max")])
def test_groups_without_a_limit_do_not(system: Path, version: int, limit: str) -> None:
    group(system, "mine", version, limit, 4_000_000, 0)
    assert memory.available() == 70_000 * 1024


def test_more_than_all_is_used(system: Path) -> None:
    group(system, "mine", 2, "1000", 4_000_000, 0)
    assert memory.available() == 0


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.00 kB"), (99_960, "100 kB"), (9_996_000, "10.0 MB"), (999_600, "1.00 MB"),
     (2.5e9, "2.50 GB"), (1e19, "10000 PB")],
)  # fmt: skip
def test_bytes_are_written_in_three_digits(count: float, text: str) -> None:
    assert memory.in_bytes(count) == text


# what needs too much ------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(
    ("network", "x", "settings", "says"),
    [
        (NET, X, {}, r"training 40-8-3 on 600 rows \(120 kB for the inputs, .* are available: memory-map the inputs"),
        (NET, X.astype("f4"), {"batch_size": 512}, r"417.9 kB|418 kB for the batch.*: take a smaller batch_size"),
        (
            cr.Network.random([40, 99, 3], dtype="float64"),
            X,
            {"batch_size": 1},
            r"kB for the parameters.*dtype=\"float32\"",
        ),
        (NET, X.astype("f4"), {"validation": 0.5}, r"for the batch"),
    ],
)
def test_a_run_that_does_not_fit_is_refused_before_it_starts(
    network: cr.Network, x: np.ndarray, settings: dict[str, object], says: str
) -> None:
    with pytest.raises(cr.MemoryLimitError, match=says) as caught:
        cr.train(network, x, Y, **settings)  # type: ignore[arg-type]
    assert isinstance(caught.value, MemoryError)
    assert "and 100 kB are available" in str(caught.value)


@pytest.mark.usefixtures("little")
def test_what_fits_is_not_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    small = cr.Network.random([40, 2, 3], "relu", "softmax", seed=0)
    cr.train(small, np.load(tmp_path / "x.npy", mmap_mode="r"), Y, epochs=1)


@pytest.mark.usefixtures("little")
def test_a_network_that_does_not_fit_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(cr.MemoryLimitError, match=r"Network 1000-1000-10 of 1,010,000 weights needs about 12.1 MB"):
        cr.Network.random([1000, 1000, 10])


def test_the_command_says_it_in_one_line(chainrule_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = chainrule_("train", "iris", "--hidden", "9999999,9999999")
    assert (code, out) == (2, "")
    assert "Network 4-9999999-9999999-3 of 100,000,049,999,994 weights needs about 1.20 PB of memory, and " in err
    assert err.endswith("are available: take fewer neurons\n")
    assert len(err.splitlines()) == 1


@pytest.mark.usefixtures("little")
def test_a_text_file_that_does_not_fit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "1,2\n" * 9000)
    with pytest.raises(cr.MemoryLimitError, match=r"reading .*rows.csv needs about 108 kB .* by numpy.save"):
        cr.load_data(path)


@pytest.mark.usefixtures("little")
def test_categories_that_make_too_many_inputs_are_refused() -> None:
    texts = np.array([f"t{i % 90}" for i in range(900)], dtype=object)
    with pytest.raises(
        cr.MemoryLimitError, match=r"data as 900 rows of 90 inputs needs about 648 kB .*: leave out columns"
    ):
        cr.load_data({"a": texts, "b": np.arange(900) % 2})


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (sparse.csr_matrix(X[:200]), r"200 sparse rows of 40 as an array, and once more scaled, needs about 128 kB"),
        (X, r"inputs as 600 rows of 40 inputs needs about 192 kB .*: take fewer rows"),
    ],
)
def test_rows_that_do_not_fit_once_more_are_refused_before_they_are_scaled(rows: Any, says: str) -> None:
    with pytest.raises(cr.MemoryLimitError, match=says):
        cr.NetworkClassifier((2,)).fit(rows, Y[: rows.shape[0]])


def test_an_array_stays_in_its_file_where_memory_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "SMALL", 0)
    np.savez(tmp_path / "rows.npz", x=X, y=Y)
    for free, inside in ((2 * X.size * 24 - 1, False), (2 * X.size * 24 + 1, True), (None, True)):
        monkeypatch.setattr(arrays, "available", lambda free=free: free)
        assert isinstance(cr.load_data(tmp_path / "rows.npz").inputs, np.ndarray) == inside
