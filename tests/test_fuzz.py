"""Files, arguments and calls that are invalid by construction: each gets one short error, and nothing is written.

The cases are made in tests/invalid*.py, each with the reason why it is invalid. Every one is run under `make proof`; else a
part of them that a seed draws.
"""

from __future__ import annotations

import io
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import invalid
import numpy as np
import pytest
from invalid import Case
from invalid_arguments import arguments
from invalid_calls import calls
from invalid_files import files
from invalid_runs import runs
from networks import PROOF
from typechecker import ALL_TYPES

import chainrule as cr
import chainrule.cli.gradient_check
import chainrule.cli.main
from chainrule.checkpoints import Checkpoint
from chainrule.cli.main import Commands
from chainrule.records import load_record, save_record

DRAWN, PROCESSES, FLIPS, PATIENCE = (1200, 30, 500, 20) if PROOF else (80, 1, 30, 20)
VALID = (
    "train points.csv -q --hidden 3,2 --epochs 1 --checkpoint-every 1 -o new",
    "train rows.npz -q --epochs 1 --hidden none",
    "train rows.npy -q --epochs 1 --hidden 2",
    "train points.zip -q --epochs 1 --hidden 2 --validation 0.4 --patience 1 --best cost",
    "train train-images-idx3-ubyte -q --epochs 1 --hidden 2",
    "train prices.csv -q --epochs 1 --hidden 2",
    f"train --resume {invalid.RUN} -q --epochs 3",
    f"predict {invalid.MODEL} points.csv -o new.csv",
    f"explain {invalid.MODEL} --row 11 --by w/2/0/0",
    "explain net.json",
    f"show {invalid.REPORT}",
    "quiz lesson.quiz --answers yes",
)


class World:
    """A folder of valid files, in which a case is put, run and cleared away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        invalid.put(folder, invalid.world())
        self.valid = invalid.content(folder)

    def file(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def restore(self) -> None:
        """Make the folder as it was."""
        now = invalid.content(self.folder)
        for name in sorted(now, reverse=True):  # what is in a folder comes after it
            if now[name] != self.valid.get(name):
                path = self.folder / name
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for name, (_, _, held) in self.valid.items():
            if name not in now or now[name] != self.valid[name]:
                assert isinstance(held, bytes)
                (self.folder / name).write_bytes(held)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in here after so long: a pipe that is opened never ends."""

    def over(number: int, frame: Any) -> None:
        raise TimeoutError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The folder, which is where everything runs, temporary files too."""
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setattr(chainrule.cli.gradient_check, "ENTRIES", 3)
        patched.setattr("tempfile.tempdir", str(folder))
        build, built = Commands.__getitem__, dict[str, Any]()  # which takes as long as all the rest
        patched.setattr(
            Commands, "__getitem__", lambda self, name: built.get(name) or built.setdefault(name, build(self, name))
        )
        (folder / "points.csv").write_text(invalid.POINTS)
        code, out, err = ran(("train", "points.csv", "--hidden", "3", "--epochs", "2", "--checkpoint-every", "1", "-q"))
        assert (code, out, err) == (0, "", "")
        yield World(folder)


@pytest.fixture(scope="module")
def cases(world: World) -> list[Case]:
    rng = np.random.default_rng(12)
    valid = {name: world.file(name) for name, (kind, _, _) in world.valid.items() if kind.startswith("-")}
    return [*files(valid, rng), *runs(valid, rng), *arguments(rng)]


def ran(line: tuple[str, ...]) -> tuple[int, str, str]:
    """`chainrule LINE` in this process: (exit code, standard output, standard error)."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        pytest.MonkeyPatch.context() as patched,
        warnings.catch_warnings(),
        redirect_stdout(out),
        redirect_stderr(err),
        within(PATIENCE),
    ):
        patched.setattr(sys, "argv", ["chainrule", *line])
        patched.setattr(sys, "stdin", io.StringIO())
        try:
            chainrule.cli.main.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        except BaseException as error:
            code = -1
            err.write(f"Traceback: {type(error).__name__}: {error}")
    return code, out.getvalue(), err.getvalue()


def flaw(code: int, out: str, err: str) -> str:
    """What is wrong with the answer to something invalid; nothing where it is one short error."""
    lines = err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    wrong = {
        f"exit code {code}": code != 2,
        f"{len(errors)} errors": len(errors) != 1,
        "something on standard output": out != "",
        "a traceback": "Traceback" in err,
        f"{len(err)} characters": len(err) > 10 * 80,  # ten lines of a terminal
        "other lines than an error": any(not line.startswith(("error: ", "warning: ")) for line in lines),
    }
    return ", ".join(what for what, is_so in wrong.items() if is_so)


def failures(world: World, cases: Iterable[Case]) -> list[str]:
    """The cases that are answered wrongly, or leave another folder than they found."""
    found = []
    for case in cases:
        invalid.put(world.folder, case.files)
        before = invalid.content(world.folder)
        code, out, err = ran(case.line)
        after = invalid.content(world.folder)
        changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        wrong = ", ".join(filter(None, [flaw(code, out, err), f"changed {changed}" if changed else ""]))
        if wrong:
            found.append(f"{case}: {wrong}: {err[-300:]}")
        world.restore()
    return found


def test_what_is_invalid_gets_one_short_error_and_writes_nothing(world: World, cases: list[Case]) -> None:
    drawn = random.Random(DRAWN).sample(cases, DRAWN)
    assert len(cases) > 600
    found = failures(world, drawn)
    assert not found, "\n".join(found)


def test_the_same_lines_with_valid_files_are_no_errors(world: World) -> None:
    """What the cases differ from: so it is the one place in which they do that is answered with an error."""
    for line in VALID:
        code, _, err = ran(tuple(line.split()))
        assert (code, err.count("error: ")) == (0, 0), (line, err)
        world.restore()


def test_it_is_the_same_in_processes_of_their_own(world: World, cases: list[Case]) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(world.folder)}
    printable = [case for case in cases if not any("\0" in word or len(word) > 9_000 for word in case.line)]
    for case in random.Random(DRAWN).sample(printable, PROCESSES):
        invalid.put(world.folder, case.files)
        before = invalid.content(world.folder)
        words = [os.fsencode(word.encode("utf-8", "surrogateescape")) for word in case.line]
        said = subprocess.run(
            [os.fsencode(sys.executable), b"-m", b"chainrule", *words], cwd=world.folder, env=environment, input=b"",
            capture_output=True, timeout=60,
        )  # fmt: skip
        assert not flaw(said.returncode, said.stdout.decode(), said.stderr.decode()), (str(case), said)
        assert invalid.content(world.folder) == before, str(case)
        world.restore()


@pytest.mark.parametrize("kind", ["a model", "a run", "a report", "a record"])
def test_one_flipped_bit_is_an_error_in_every_file_that_is_written(kind: str, tmp_path: Path) -> None:
    """Of 1,500 flips 345 loaded once. Half of these turn a letter into its capital, as in 1E-05, which says the same."""
    path, rng = tmp_path / "file", np.random.default_rng(3)
    network = cr.Network.random([2, 3, 2], "tanh", "softmax", seed=1)
    given: dict[str, Any] = {"rule": cr.adam(1e-5), "epochs": 2, "validation": 0.25}
    data = cr.load_data({"größe": invalid.X[:, 0], "b": invalid.X[:, 1], "side": ["left", "right"] * 6})
    run = cr.train(network, data, checkpoint=path, record=2, **given)
    readers = {"a model": cr.load, "a run": Checkpoint.read, "a report": cr.Report.read, "a record": load_record}
    if kind == "a model":
        cr.save(run.network, path, {"rate": 1e-5})
    elif kind == "a record":
        save_record(run.record, path)
    elif kind == "a report":
        run.report.write(path.with_suffix(".json")).rename(path)
    readers[kind](path)
    held = path.read_bytes()
    letters = [8 * found.start() + 5 for found in re.finditer(rb"(?<=[0-9a-f])[a-f]", held)]
    assert letters
    bits = [*rng.integers(0, 8 * len(held), FLIPS).tolist(), *rng.choice(letters, FLIPS).tolist()]
    for bit in bits:
        flipped = bytearray(held)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(cr.FileError):
            pytest.fail(f"with bit {bit} flipped it loads as {readers[kind](path)!r}")


@pytest.mark.skipif(ALL_TYPES, reason="the tests' own check of types would be met first")
def test_a_call_that_is_invalid_is_a_chainrule_error_of_a_few_lines(world: World) -> None:
    every, found = list(calls()), []
    assert len(every) > 800
    for case in every if PROOF else random.Random(DRAWN).sample(every, 240):
        error = _answer(case)
        wrong = "no error" if error is None else _flaw_of(error)
        if invalid.content(world.folder) != world.valid:
            wrong += ", something was written"
            world.restore()
        found += [f"{case}: {wrong}"] if wrong else []
    assert not found, "\n".join(found)


def _answer(case: Case) -> BaseException | None:
    """The error that a call raises; None where it raises none."""
    assert case.call is not None
    with warnings.catch_warnings(), within(PATIENCE):
        warnings.simplefilter("ignore", cr.DataWarning)
        try:
            case.call()
        except BaseException as error:
            return error
    return None


def _flaw_of(error: BaseException) -> str:
    if not isinstance(error, cr.ChainruleError):
        return f"{type(error).__name__}: {error}"[:300]
    return f"{len(str(error))} characters: {error}" if len(str(error)) > 10 * 80 else ""
