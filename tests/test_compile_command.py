"""`chainrule compile`: what is compiled ahead, what it says, and that it can be stopped. The compiler is a fake."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from command import Run

from chainrule.cli import compiling
from chainrule.engines import choose
from chainrule.engines.native import code, compiler

CODE = {dtype: f"code of {dtype}".encode() for dtype in code.DTYPES}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """What the compiler is asked for."""
    calls: list[Sequence[str]] = []

    def compiled(dtypes: Sequence[str]) -> dict[str, bytes]:
        calls.append(list(dtypes))
        return {dtype: CODE[dtype] for dtype in dtypes}

    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(code, "_LOADED", {})
    monkeypatch.setattr(compiler, "compiled", compiled)
    return calls


def test_both_types_are_compiled_at_once_and_then_they_are_there(
    chainrule_: Run, asked: list[Sequence[str]], tmp_path: Path
) -> None:
    names = {dtype: code.file_of(dtype).name for dtype in code.DTYPES}
    size = code.SUM + len(CODE["float32"])
    where = f"folder   {tmp_path}/cache\n"
    lines = [f"{dtype}  {{}}; {size} bytes in {names[dtype]}\n" for dtype in code.DTYPES]
    code_, out, err = chainrule_("compile")
    assert (code_, out) == (0, "".join(lines).replace("{}", "compiled in 0 s") + where)
    assert err == (
        "compiling float32 and float64 training steps for this processor, once: about 30 s\n"
        "compiled the float32 and float64 training steps in 0 s\n"
    )
    assert chainrule_("compile") == (0, "".join(lines).replace("{}", "compiled already") + where, "")
    assert chainrule_("compile", "--list") == (0, "".join(lines).replace("{}", "compiled") + where, "")
    assert asked == [["float32", "float64"]]


def test_what_there_is_can_be_read_by_a_program(chainrule_: Run, asked: list[Sequence[str]], tmp_path: Path) -> None:
    said = json.loads(chainrule_("compile", "--list", "--json")[1])
    assert said["steps"] == {"float32": {"compiled": False}, "float64": {"compiled": False}}
    assert not (tmp_path / "cache").exists()
    assert not asked
    exit_code, out, err = chainrule_("compile", "--dtype", "float64", "--json")
    assert (exit_code, err, asked) == (0, "", [["float64"]])
    assert json.loads(out)["steps"]["float64"]["file"] == code.file_of("float64").name
    old = code.file_of("float64").with_name("steps-float64-00000000000000000000.bin")
    old.write_bytes(b"of an earlier version")
    assert json.loads(chainrule_("compile", "--list", "--json")[1])["others"] == {"files": 1, "bytes": 21}
    assert "others   1 file, 21 bytes of other versions or processors" in chainrule_("compile", "--list")[1]


def test_everything_can_be_removed(chainrule_: Run, asked: list[Sequence[str]], tmp_path: Path) -> None:
    assert chainrule_("compile", "--quiet") == (0, "", "")
    (tmp_path / "cache" / "own.txt").write_text("not of chainrule")
    exit_code, out, _ = chainrule_("compile", "--remove")
    assert (exit_code, out.split("\n")[0]) == (0, "removed  2 files, 94 bytes")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["own.txt"]
    assert json.loads(chainrule_("compile", "--remove", "--json")[1])["removed"] == {"files": 0, "bytes": 0}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--dtype int8", "unknown type of numbers 'int8': known are float32, float64, both"),
        ("--list --remove", "--list shows what there is and --remove removes it: give one of them"),
        ("--remove --dtype float32", "--remove removes everything: leave --dtype out"),
    ],
)
def test_a_wrong_line_gets_one_error(line: str, says: str, chainrule_: Run, asked: list[Sequence[str]]) -> None:
    assert chainrule_("compile", *line.split()) == (2, "", f"error: {says}\n")
    assert not asked


def test_where_nothing_can_be_compiled_or_kept_it_says_why(
    chainrule_: Run, asked: list[Sequence[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "file"))
    exit_code, _, err = chainrule_("compile")
    assert (exit_code, len(err.splitlines())) == (2, 1)
    assert "/file (File exists): name one that can be written in the environment variable CHAINRULE_CACHE" in err
    monkeypatch.setattr(code, "find_spec", lambda name: None)
    exit_code, _, err = chainrule_("compile")
    assert (exit_code, len(err.splitlines())) == (2, 1)
    assert err.startswith("error: nothing can be compiled here: numba is not installed (pip install numba); training")
    out = chainrule_("compile", "--list")[1]
    assert out.startswith("float32  cannot be compiled: numba is not installed (pip install numba)\n")
    assert not asked


def test_code_that_cannot_be_kept_is_an_error_here(
    chainrule_: Run, asked: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(code, "write_atomically", full)
    exit_code, out, err = chainrule_("compile", "--dtype", "float32")
    assert (exit_code, out) == (2, "")
    assert "warning: the compiled training steps could not be kept" in err
    assert err.splitlines()[-1].startswith("error: what was compiled could not be kept in ")


@pytest.mark.skipif(os.name != "posix", reason="of POSIX systems")
@pytest.mark.parametrize("line", ["compile", "train iris --engine compiled --dtype float64 -o m --checkpoint-every 1"])
def test_ctrl_c_while_compiling_ends_at_once_and_leaves_nothing(
    line: str, chainrule_: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(code, "_LOADED", {})
    (tmp_path / "build_of_a_test.py").write_text(f"open(r'{tmp_path}/begun', 'x')\nimport time\ntime.sleep(20)")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(compiler, "BUILD", "build_of_a_test")

    def interrupt() -> None:
        while not (tmp_path / "begun").exists():
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    waiting = threading.Thread(target=interrupt)
    waiting.start()
    exit_code, out, err = chainrule_(*line.split())
    waiting.join()
    assert (exit_code, out, len(err.splitlines())) == (130, "", 1)
    assert {path.suffix for path in (tmp_path / "cache").iterdir()} == {".lock"}
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "begun", "build_of_a_test.py"}


def test_a_run_names_its_engine_and_auto_says_when_it_is_slower(
    chainrule_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ("train", "iris", "--epochs", "1", "--hidden", "2")
    monkeypatch.setattr(choose, "WORTH_COMPILING", 0.0)
    monkeypatch.setattr(code, "find_spec", lambda name: None)
    choose._say_once.cache_clear()
    exit_code, out, err = chainrule_(*line, "--json")
    assert exit_code == 0
    assert err.startswith(
        "warning: training takes the reference engine, which is slower here: the compiled engine cannot"
    )
    assert json.loads(out)["engine"] == "reference"
    exit_code, out, err = chainrule_(*line, "--engine", "compiled")
    assert (exit_code, out) == (2, "")
    assert err.startswith("error: the compiled engine cannot run here: numba is not installed")
    assert chainrule_(*line, "--engine", "quick")[2].startswith(
        "error: unknown engine 'quick': known are auto, reference"
    )


class Terminal(io.StringIO):
    """Standard error of a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "says"), [("120", "once: about 30 s"), ("50", "compiling float32"), ("24", "compiling")]
)
def test_a_terminal_shows_how_long_it_has_taken(columns: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    for name, value in {"COLUMNS": columns, "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    before = compiler.announced
    with compiling.compiling_said(True), compiler.announced(["float32"]):
        pass
    assert compiler.announced is before
    shown = terminal.getvalue()
    assert "0:00:00" in shown
    assert says in shown
    assert shown.replace("\n", " ").rstrip().endswith("steps in 0 s")
