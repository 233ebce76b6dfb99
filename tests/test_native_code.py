"""Native code on machines that are not as they should be: no compiler, no place to keep the code, other processes at work."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import PROOF

import chainrule as cr
from chainrule import memory
from chainrule.costs import as_cost
from chainrule.data import epoch_order
from chainrule.data.network_rows import Rows
from chainrule.engines import choose as choosing
from chainrule.engines.compiled import CompiledEngine
from chainrule.engines.engine import Recipe
from chainrule.engines.native import code, compiler
from chainrule.engines.native.team import Pace, _cores
from chainrule.errors import EngineError, EngineWarning
from chainrule.updates import as_rule

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 5)), RNG.random((60, 2))
NET = cr.Network.random([5, 9, 2], "tanh", seed=0, dtype="float64")
posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX systems")


class Fake:
    """A compiler that takes no time; it counts its calls."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.seconds = 0.0

    def __call__(self, dtypes: Sequence[str]) -> dict[str, bytes]:
        if dtypes:
            self.calls.append(list(dtypes))
            time.sleep(self.seconds)
        return {dtype: f"code of {dtype}".encode() for dtype in dtypes}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for machine code that does not exist yet, of a process that has loaded none."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "a" / "cache"))
    monkeypatch.setattr(code, "_LOADED", {})
    monkeypatch.setattr(compiler, "announced", _silent)
    choosing._say_once.cache_clear()
    return tmp_path / "a" / "cache"


@pytest.fixture
def fake(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake()
    monkeypatch.setattr(compiler, "compiled", made)
    return made


def _silent(dtypes: Sequence[str]) -> AbstractContextManager[None]:
    return nullcontext()


def build_is(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that compiles runs this instead."""
    (tmp_path / "build_of_a_test.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(compiler, "BUILD", "build_of_a_test")


# where there is no compiler -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("absent", ["numba", "llvmlite", "NUMBA_DISABLE_JIT"])
def test_without_numba_everything_works_slower_which_is_said_once(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if absent == "NUMBA_DISABLE_JIT":
        monkeypatch.setenv(absent, "1")
    else:
        monkeypatch.setattr(code, "find_spec", lambda name: None if name == absent else object())
    monkeypatch.setattr(choosing, "WORTH_COMPILING", 0.0)
    choosing._say_once.cache_clear()
    with pytest.warns(EngineWarning, match=rf"slower here: the compiled engine cannot run here: {absent} is "):
        run = cr.train(NET, X, Y, epochs=1)
    assert run.report.engine == "reference"
    with warnings.catch_warnings(action="error"):
        cr.train(NET, X, Y, epochs=1)
    with pytest.raises(cr.SettingError, match=rf"compiled engine cannot run here: {absent} is .*engine='reference'"):
        cr.train(NET, X, Y, engine="compiled")


@pytest.mark.parametrize("no_python", ["", None, "frozen"])
def test_a_program_that_runs_python_inside_cannot_compile(
    no_python: str | None, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if no_python == "frozen":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        monkeypatch.setattr(sys, "executable", no_python)
    with pytest.raises(EngineError, match="run chainrule compile first, in a terminal"):
        cr.train(NET, X, Y, engine="compiled")
    monkeypatch.setattr(choosing, "WORTH_COMPILING", 0.0)
    with pytest.warns(EngineWarning, match=r"which is slower here: .*run chainrule compile first"):
        assert cr.train(NET, X, Y, epochs=1).report.engine == "reference"


def test_a_python_that_is_gone_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(EngineError, match="no compiler can be started: /nowhere/python: No such file"):
        code.work_for("float64")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise ImportError('no LLVM for this processor')", "failed: ImportError: no LLVM for this processor"),
        ("", "failed: $"),
        pytest.param(
            "import os; os.kill(os.getpid(), 9)", "its process was ended by SIGKILL, perhaps for want", marks=posix
        ),
    ],
)
def test_a_compiler_that_fails_is_asked_once(
    text: str, says: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_is(text, tmp_path, monkeypatch)
    with pytest.raises(EngineError, match=says):
        code.work_for("float64")
    monkeypatch.setattr(compiler, "compiled", None)  # calling it would be a TypeError
    with pytest.raises(EngineError, match=says):
        code.work_for("float64")
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_a_users_settings_of_numba_and_modules_of_the_folder_do_not_reach_the_compiler(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("NUMBA_OPT", "max")
    monkeypatch.setenv("NUMBA_DUMP_IR", "1")
    text = "import os, json; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('NUMBA')}), end='')"
    build_is(text, tmp_path, monkeypatch)
    assert compiler.compiled(["float64"]) == {"float64": b'{"NUMBA_OPT": "0"}'}


# where the code is kept -----------------------------------------------------------------------------------------------
def test_code_is_kept_for_the_next_process(fake: Fake, cache: Path) -> None:
    mask = os.umask(0)  # under which files would be written that others may write
    try:
        assert not code.is_compiled("float64")
        assert code.compile_steps("float64") == {"float64": b"code of float64"}
    finally:
        os.umask(mask)
    assert code.is_compiled("float64")
    assert code.compile_steps("float32", "float64") == {
        "float32": b"code of float32",
        "float64": b"code of float64",
    }
    assert fake.calls == [["float64"], ["float32"]]
    if os.name == "posix":
        assert stat.S_IMODE(cache.stat().st_mode) == 0o700
        assert stat.S_IMODE(code.file_of("float64").stat().st_mode) == 0o644


def damaged(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")


@pytest.mark.parametrize(
    "harm",
    [
        damaged,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_bytes(path.read_bytes()[code.SUM :]),
        pytest.param(lambda path: path.chmod(0o666), marks=posix),
        pytest.param(lambda path: path.chmod(0o664), marks=posix),
    ],
    ids=["damaged", "empty", "cut", "no-checksum", "writable-by-all", "writable-by-the-group"],
)
def test_what_cannot_be_trusted_is_compiled_again_and_put_right(harm: Any, fake: Fake, cache: Path) -> None:
    code.compile_steps("float64")
    harm(code.file_of("float64"))
    assert not code.is_compiled("float64")
    assert code.compile_steps("float64") == {"float64": b"code of float64"}
    assert len(fake.calls) == 2
    assert code.is_compiled("float64")


@posix
def test_a_file_of_another_user_is_not_loaded(fake: Fake, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code.compile_steps("float64")
    path = code.file_of("float64")
    owner = path.stat().st_uid
    usual = os.fstat

    def of_another(number: int) -> Any:
        found = list(usual(number))
        found[4] = 1234  # st_uid
        return os.stat_result(found)

    monkeypatch.setattr(code.os, "fstat", of_another)
    monkeypatch.setattr(code.os, "getuid", lambda: owner)
    assert not code.is_compiled("float64")
    monkeypatch.setattr(code.os, "getuid", lambda: 1234)
    assert code.is_compiled("float64")


@pytest.mark.parametrize("where", ["file", "/proc/chainrule"])
def test_where_nothing_can_be_kept_each_process_compiles(
    where: str, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / where / "inside"))
    with pytest.warns(EngineWarning, match=r"could not be kept \(.*inside.*CHAINRULE_CACHE") as said:
        assert code.compile_steps("float64") == {"float64": b"code of float64"}
    assert len(said) == len(fake.calls) == 1


def test_a_full_disk_costs_no_second_compilation(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise cr.FileError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr(code, "write_atomically", full)
    with pytest.warns(EngineWarning, match="No space left on device"):
        code.compile_steps("float64")
    assert len(fake.calls) == 1


def test_a_user_without_a_home_has_a_folder_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("CHAINRULE_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    assert code.folder().name == "chainrule"  # of the home that the system knows
    monkeypatch.setattr(code.Path, "home", nowhere)
    assert code.folder().name == f"chainrule-{os.getuid()}"
    monkeypatch.setenv("CHAINRULE_CACHE", "/somewhere")
    assert code.folder() == Path("/somewhere")


def test_the_name_of_the_file_says_what_the_code_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = code.file_of("float64")
    made: Any = code._made_of
    try:
        made.cache_clear()
        monkeypatch.setattr(code, "version", lambda name: "0.0")
        assert code.file_of("float64") != usual
    finally:
        made.cache_clear()


# several at once ------------------------------------------------------------------------------------------------------
@posix
def test_of_those_who_compile_at_once_one_does(fake: Fake, cache: Path) -> None:
    """Each opens the lock for itself, as processes do."""
    fake.seconds = 0.05
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(code.compile_steps("float64"))) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [{"float64": b"code of float64"}] * 3
    assert len(fake.calls) == 1


@posix
def test_an_interrupt_ends_the_compiler_and_leaves_nothing(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "pids"
    there.mkdir()
    text = (
        f"import os, time\nopen(f'{there}/{{os.getpid()}}', 'x').close()\ntime.sleep(20)\n"
        f"open(r'{tmp_path}/not_ended', 'x').close()"
    )
    build_is(text, tmp_path, monkeypatch)

    def interrupt() -> None:
        while len(list(there.iterdir())) < 2:
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    waiting = threading.Thread(target=interrupt)
    waiting.start()
    with pytest.raises(KeyboardInterrupt):
        code.compile_steps("float32", "float64")
    waiting.join()
    assert not (tmp_path / "not_ended").exists()
    for path in there.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.name), 0)
    assert {path.suffix for path in cache.iterdir()} == {".lock"}


@posix
def test_a_fork_does_not_wait_for_a_thread_that_it_does_not_have(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "_loaded", lambda content: len)
    with code._LOADING[0]:  # as a thread that compiles
        assert in_a_fork(lambda: code.work_for("float64") is not None)


def in_a_fork(does: Any) -> bool:
    """Whether it is true in a forked process, which is given ten seconds."""
    with warnings.catch_warnings(action="ignore"):
        child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            os._exit(0 if does() else 1)
        except BaseException:
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0


# real runs ------------------------------------------------------------------------------------------------------------
def learnt(**settings: Any) -> bytes:
    """The bits that such a training of the compiled engine comes to."""
    given = {"x": X, "y": Y, "epochs": 2, "batch_size": 16, "engine": "compiled", **settings}
    return cr.train(NET, given.pop("x"), given.pop("y"), **given).network.parameters.flat().tobytes()


@posix
def test_a_process_that_has_trained_can_be_forked() -> None:
    wanted = learnt()
    assert in_a_fork(lambda: learnt() == wanted)


def test_two_python_threads_train_at_once() -> None:
    wanted = learnt(epochs=40)
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(learnt(epochs=40))) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [wanted, wanted]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="of Linux")
def test_a_process_that_is_kept_on_one_core_has_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.engines.native.team.allowed", lambda: None)
    pace, cores = Pace(), os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})
        _cores.cache_clear()
        pace.suits(1e12)
    finally:
        os.sched_setaffinity(0, cores)
        _cores.cache_clear()
    assert pace._choices == [1]


def as_rows(name: str, tmp_path: Path) -> dict[str, Any]:
    """Arguments of train by what is odd about them."""
    if name == "mapped":
        np.save(tmp_path / "x.npy", X)
        return {"x": np.load(tmp_path / "x.npy", mmap_mode="r")}
    return {
        "fortran": {"x": np.asfortranarray(X), "y": np.asfortranarray(Y)},
        "strided": {"x": np.repeat(X, 2, axis=0)[::2], "y": Y[::-1][::-1]},
        "batch": {"batch_size": 10**6},
        "one row": {"x": X[:1], "y": Y[:1]},
        "single": {"batch_size": 1},
    }[name]


@pytest.mark.parametrize("name", ["mapped", "fortran", "strided", "batch", "one row", "single"])
def test_odd_rows_are_learnt_as_by_the_reference_engine(name: str, tmp_path: Path) -> None:
    given = as_rows(name, tmp_path)
    found, wanted = (np.frombuffer(learnt(engine=engine, **given)) for engine in ("compiled", "reference"))
    np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-13)


def test_a_class_that_counts_more_counts_as_on_the_reference_engine() -> None:
    network = cr.Network.random([5, 9, 3], "relu", "softmax", seed=0, dtype="float64")
    found, wanted = (
        cr.train(network, X, np.arange(60) % 3, engine=engine, epochs=2, class_weight={0: 3, 1: 1, 2: 0.5}).network
        for engine in ("compiled", "reference")
    )
    np.testing.assert_allclose(found.parameters.flat(), wanted.parameters.flat(), rtol=1e-11)


def test_what_is_wrong_with_the_data_is_said_before_anything_is_compiled(fake: Fake) -> None:
    bad = X.copy()
    bad[3, 1] = np.nan
    for wrong in ({"x": bad}, {"schedule": "nothing"}, {"record": -1}, {"checkpoint": "/nowhere/run.checkpoint"}):
        with pytest.raises(cr.ChainruleError):
            learnt(**wrong)
    assert not fake.calls


# memory ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def running() -> Any:
    """A run of the workload tiny that has taken its first steps, and what takes so many more."""
    network = cr.Network.random([16, 16, 1], "sigmoid", "sigmoid", seed=0, dtype="float64")
    rows = Rows(RNG.random((4096, 16)), RNG.random((4096, 1)), None)
    engine = CompiledEngine()
    state = engine.start(Recipe(as_cost("quadratic"), cr.delta_rule(0.1)), network, rows)
    order = np.tile(epoch_order(4096, 8, np.random.default_rng(0)), (20, 1))
    rates = np.full(len(order), 0.1)

    def more(steps: int) -> None:
        engine.run(state, order[:steps], rates[:steps])

    more(600)
    return more


def test_nothing_is_allocated_for_a_step(running: Any) -> None:
    """A call allocates the costs that it gives, a row of rates for each of its steps, and nothing besides that grows."""

    def peak(steps: int) -> int:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        running(steps)
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        peak(1000)
        few, many = peak(1000), peak(10_000)
        left = tracemalloc.get_traced_memory()[0]
        running(10_000)
        grown = tracemalloc.get_traced_memory()[0] - left
    finally:
        tracemalloc.stop()
    assert many - few <= 9000 * (8 + 3 * 8 + 8)  # cost, rates, and one temporary
    assert grown < 5000


@pytest.mark.parametrize(("rule", "dtype"), [("delta_rule", "float64"), ("adam", "float64")])
def test_what_the_engine_holds_is_counted_before_a_run(rule: str, dtype: str) -> None:
    network = cr.Network.random([40, 70, 30, 3], "relu", "softmax", seed=0, dtype=dtype)
    rows = Rows(RNG.random((8, 40)), np.eye(3)[RNG.integers(0, 3, 8)], None)
    recipe, engine = Recipe(as_cost("cross_entropy"), as_rule(rule)), CompiledEngine()
    state = engine.start(recipe, network, rows)
    engine.run(state, np.arange(8)[None], np.array([0.1]))
    held = [*state.numbers, *state.backup, state.gradient.numbers]
    scratch = state.kept["scratch"].nbytes
    assert engine.holds(recipe, network, 8) == sum(each.nbytes for each in held) + scratch


PEAK = """
import numpy as np
import chainrule as cr
from chainrule import footprint

def memory(what):
    with open("/proc/self/status") as file:
        return int(next(line for line in file if line.startswith(what)).split()[1]) * 1024

rng, stated, check = np.random.default_rng(0), [], footprint.check_memory
footprint.check_memory = lambda size, *more: stated.append(size) or check(size, *more)
few, x = cr.Network.random([2, 2], output="softmax", dtype="float32"), rng.random((2048, 1024), dtype="f")
cr.train(few, x[:8, :2], np.arange(8) % 2, engine="compiled", epochs=1)
network, before = cr.Network.random([1024, 2048, 1024, 10], "relu", "softmax", dtype="float32"), memory("VmRSS")
cr.train(network, x, np.arange(2048) % 10, rule="adam", engine="compiled", epochs=2, batch_size=256)
print(stated[-1], memory("VmHWM") - before)
"""


@pytest.mark.skipif(not PROOF or sys.platform != "linux", reason="takes seconds")
def test_a_run_takes_no_more_memory_than_is_stated() -> None:
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    stated, peak = map(int, done.stdout.split())
    assert stated / 4 < peak <= stated


def test_a_run_whose_engine_does_not_fit_is_refused_before_it_is_compiled(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "SMALL", 0)
    monkeypatch.setattr(memory, "available", lambda: 15_000)
    with pytest.raises(
        cr.MemoryLimitError, match=r"kB for the compiled engine\).*take engine='reference', or a smaller"
    ):
        learnt(batch_size=1)
    assert not fake.calls
    learnt(batch_size=1, engine="reference")


@pytest.mark.skipif(not PROOF or not Path("/proc/self/statm").exists(), reason="long; of Linux")
def test_the_process_does_not_grow_over_100_000_steps(running: Any) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    running(10_000)
    before = resident()
    for _ in range(10):
        running(10_000)
    assert resident() - before < 2**20


# the real compiler ----------------------------------------------------------------------------------------------------
TRAIN = """
import numpy as np, chainrule as cr
def learnt(*_):
    net = cr.Network.random([5, 9, 2], "tanh", seed=0, dtype="float64")
    x = np.random.default_rng(0).normal(size=(60, 5))
    return cr.train(net, x, x[:, :2], engine="compiled", epochs=2).network.parameters.flat().tobytes()
"""


@pytest.mark.skipif(not PROOF, reason="takes seconds")
@pytest.mark.parametrize("how", ["fork", "spawn", "forkserver"])
def test_processes_that_are_started_in_any_way_train(how: str, tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(
        f"{TRAIN}\nimport multiprocessing as mp\nif __name__ == '__main__':\n    wanted = learnt()\n"
        f"    with mp.get_context({how!r}).Pool(2) as pool:\n        print(set(pool.map(learnt, range(4))) == {{wanted}})"
    )
    done = subprocess.run([sys.executable, tmp_path / "job.py"], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.skipif(not PROOF, reason="takes seconds")
def test_workers_of_joblib_share_the_cores() -> None:
    pytest.importorskip("joblib")
    text = (
        "import joblib\nfrom chainrule.engines.native.team import Pace, _cores\n"
        "def most(i):\n    pace = Pace(); pace.suits(1e12); return max(pace._choices)\n"
        "n = _cores()\nprint(set(joblib.Parallel(n_jobs=n)(joblib.delayed(most)(i) for i in range(2 * n))) == {1})"
    )
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", text], env=free, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.skipif(not PROOF or os.name != "posix", reason="takes seconds")
def test_the_compiler_ends_when_its_caller_is_killed() -> None:
    command = [sys.executable, "-P", "-m", compiler.BUILD, "float64"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 1


@pytest.mark.skipif(not PROOF, reason="compiles once more")
def test_code_compiled_anew_gives_the_same_bits(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not code.is_compiled("float64")
    found = learnt()
    assert code.is_compiled("float64")
    monkeypatch.setattr(code, "_LOADED", {})
    assert learnt() == found
