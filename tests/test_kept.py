"""What was learnt is kept: beside other trainings, through kills and signals, on a full disk, and with nowhere to print."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
import chainrule.cli.gradient_check
import chainrule.cli.main
import chainrule.cli.train
import chainrule.progress

COMMAND = [sys.executable, "-m", "chainrule"]
PROOF = os.environ.get("CHAINRULE_PROOF") == "1"
AT_ONCE, KILLS = (20, 20) if PROOF else (3, 2)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, links and limits of a Unix")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n")
    monkeypatch.setattr(chainrule.cli.gradient_check, "ENTRIES", 3)
    return tmp_path


@pytest.fixture
def command(here: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["chainrule", *arguments])
        try:
            chainrule.cli.main.main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    return run


def started(*arguments: str, **settings: Any) -> subprocess.Popen[str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **settings}
    return subprocess.Popen([*COMMAND, *arguments], **pipes)


def in_shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line of sh, in which `chainrule` is the command."""
    text = line.replace("chainrule", f"'{sys.executable}' -m chainrule")
    return subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False)


def check_pairs(folder: Path) -> int:
    """How many models there are. Each can be loaded, and a report beside one is its own."""
    models = list(folder.glob("*.safetensors"))
    for model in models:
        assert cr.load(model).parameters.is_finite()
        report = model.with_suffix(".json")
        if report.exists():
            assert json.loads(report.read_text())["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    return len(models)


# several at once, and kills -------------------------------------------------------------------------------------------
def test_trainings_at_the_same_time_each_keep_their_model(here: Path) -> None:
    """Several runs of the same data printed the same name, and all but one of their models were lost."""
    running = [started("train", "t.csv", "--epochs", "30", "--seed", str(i), "--json") for i in range(AT_ONCE)]
    reports = []
    for process in running:
        out, err = process.communicate(timeout=600)
        assert (process.returncode, err) == (0, "")
        reports.append(json.loads(out))
    names = ["t.safetensors", *(f"t-{number}.safetensors" for number in range(2, AT_ONCE + 1))]
    assert sorted(report["model"] for report in reports) == sorted(f"runs/{name}" for name in names)
    for report in reports:
        assert json.loads(Path(report["report"]).read_text())["seed"] == report["seed"]
        assert cr.load(report["model"]).parameters.is_finite()
    assert check_pairs(Path("runs")) == AT_ONCE
    assert len(list(Path("runs").iterdir())) == 2 * AT_ONCE


AGAIN_AND_AGAIN = """
import sys
from chainrule.cli.main import main
sys.argv = ["chainrule", "train", "t.csv", "--epochs", "1", "--hidden", "400", "--quiet", *sys.argv[1:]]
print("ready", flush=True)
while True:
    try: main()
    except SystemExit: pass
    print("kept", flush=True)
"""


@pytest.mark.parametrize("named", [(), ("-o", "m")], ids=["new names", "one name"])
def test_kills_at_any_moment_lose_nothing_that_was_finished(here: Path, named: tuple[str, ...]) -> None:
    chance = random.Random(len(named))
    folder = here if named else here / "runs"
    finished = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", AGAIN_AND_AGAIN, *named], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.5, 1.5))
        process.kill()
        finished += process.communicate()[0].count("kept")
        models = check_models(folder)
        assert models >= min(finished, 1) if named else models >= finished
    assert subprocess.run([*COMMAND, "train", "t.csv", "--epochs", "1", "-q", *named], check=True).returncode == 0
    assert not list(folder.glob(".chainrule-*"))


def check_models(folder: Path) -> int:
    """How many models there are, each of which can be loaded."""
    models = list(folder.glob("*.safetensors"))
    assert all(cr.load(model).parameters.is_finite() for model in models)
    return len(models)


def test_a_report_names_the_model_it_is_of(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """A run that was killed between its two files left the old report beside the new model, and nothing told them apart."""
    for seed in "01":
        assert command("train", "t.csv", "--epochs", "2", "--seed", seed, "-q", "-o", "m") == 0
        told = json.loads(Path("m.json").read_text())["model_sha256"]
        assert told == hashlib.sha256(Path("m.safetensors").read_bytes()).hexdigest()
    assert (command("show", "m.safetensors"), capsys.readouterr().err) == (0, "")
    cr.save(cr.load("m.safetensors"), "m.safetensors")
    assert command("show", "m.safetensors") == 0
    assert capsys.readouterr().err == "m.json is the report of another model\n"


# signals ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("number", "code", "name"), [
    (signal.SIGTERM, 143, "SIGTERM"), (signal.SIGHUP, 129, "SIGHUP"),
])  # fmt: skip
def test_a_signal_in_the_middle_keeps_what_was_learnt(here: Path, number: int, code: int, name: str) -> None:
    with started("train", "t.csv", "--epochs", "1000000", "--patience", "0", "--engine", "reference") as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("epoch 1/")
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert f"stopped by {name} after" in err
    assert check_pairs(Path("runs")) == 1


def test_a_signal_that_is_ignored_stays_ignored(here: Path) -> None:
    done = in_shell("trap '' HUP; chainrule train t.csv --epochs 6000 --patience 0 -q & sleep 1; kill -HUP $!; wait $!")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(Path("runs/t.json").read_text())["ended"] == "finished"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_quiz_with_its_score(here: Path, number: int) -> None:
    ours, theirs = os.pipe()
    with started("quiz", "--kind", "six", stdin=ours) as process:
        assert process.stdout is not None
        while "entries" not in process.stdout.readline():
            pass
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, err) == (128 + number, "")
    assert out.endswith("score 0 of 600: 0 of 6 questions right in 0 tries\n")


def test_the_command_runs_outside_the_main_thread(command: Callable[..., int]) -> None:
    """Signals are for the main thread alone, and to set one elsewhere is a ValueError."""
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(command("train", "t.csv", "--epochs", "2", "-q")))
    thread.start()
    thread.join()
    assert codes == [0]
    code = "import sys, threading, chainrule.__main__ as m; sys.argv[1:] = ['--version']; t = threading.Thread(target=m.main)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; t.start(); t.join()"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == (f"chainrule {cr.__version__}\n", "")


# nowhere to print ------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize(
    ("to", "code", "err"),
    [
        ("2>/dev/full", 0, ""),
        (">&- 2>&-", 0, ""),
        (">/dev/full", 2, "m.safetensors is what was learnt\nerror: cannot write the output: No space left on device\n"),
        (">/dev/full 2>&1", 2, ""),
        ("2>&1 | head -1", 0, ""),
    ],
)  # fmt: skip
def test_with_nowhere_to_print_the_model_is_kept(here: Path, to: str, code: int, err: str) -> None:
    done = in_shell(f"chainrule train t.csv --epochs 3 -o m {to}")
    assert done.returncode == code
    assert done.stderr.endswith(err)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert check_pairs(here) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_of_a_result_that_cannot_be_printed_each_command_says_so(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cr.save(cr.Network.random([2, 2], seed=1), "m.safetensors")
    Path("new.csv").write_text("0,1\n")
    lines = [
        *("", "--version", "--help", "train --help", "explain", "explain --json", "nudge", "why", "quiz --answers a;b"),
        *("show m.safetensors", "show demon", "show demon --table", "verify --methods delta,raw"),
        *("predict m.safetensors new.csv", "predict m.safetensors new.csv --json", "quiz --count 1 --write new.quiz"),
    ]
    for line in lines:
        with Path("/dev/full").open("w") as full, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", full)
            assert command(*line.split()) == 2, line
        assert capsys.readouterr().err == "error: cannot write the output: No space left on device\n", line


# places that cannot be written ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("link", "reason"), [("gone", "no folder"), ("gone/deep", "no folder"), ("runs", "symbolic links")]
)
def test_a_link_that_leads_nowhere_is_noticed_before_training(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], link: str, reason: str
) -> None:
    Path("runs").symlink_to(link)
    for arguments in ((), ("-o", "runs/m")):
        assert command("train", "t.csv", *arguments) == 2
        said = capsys.readouterr()
        assert (said.out, "epoch" in said.err) == ("", False)
        assert reason in said.err


def test_a_folder_that_another_training_makes_in_between_is_no_error(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("runs").mkdir()
    monkeypatch.setattr("chainrule.cli.keeping.os.path.lexists", lambda path: False)
    assert command("train", "t.csv", "--epochs", "1", "-q") == 0
    assert Path("runs/t.safetensors").is_file()


def test_a_link_to_a_file_that_is_yet_to_be_written_is_followed(command: Callable[..., int]) -> None:
    Path("m.safetensors").symlink_to("elsewhere.safetensors")
    assert command("train", "t.csv", "--epochs", "1", "-q", "-o", "m") == 0
    assert Path("m.safetensors").is_symlink()
    assert cr.load("elsewhere.safetensors").sizes[0] == 2


@pytest.mark.parametrize("letter", ["n", "日"])
def test_the_longest_name_of_a_data_file_still_gives_the_model_a_name(command: Callable[..., int], letter: str) -> None:
    data = letter * (250 // len(letter.encode())) + ".csv"
    Path(data).write_bytes(Path("t.csv").read_bytes())
    for _ in range(2):
        assert command("train", data, "--epochs", "1", "-q") == 0
    assert check_pairs(Path("runs")) == 2
    assert all(path.name.startswith(letter * 70) for path in Path("runs").iterdir())


def test_the_longest_name_of_a_model_leaves_room_for_the_last_good_one(command: Callable[..., int]) -> None:
    for _ in range(2):
        assert command("train", "t.csv", "--rule", "delta_rule", "--learning-rate", "1e30", "-q", "-o", "m" * 240) == 2
    assert check_pairs(Path()) == 2  # nor does the second replace the first


DISK_FULL = OSError(errno.ENOSPC, "No space left on device")


def full(monkeypatch: pytest.MonkeyPatch, is_full: Callable[[Path], bool]) -> None:
    """Let the disk be full for files in some folders."""

    def sync(number: int) -> None:
        if is_full(Path(f"/proc/self/fd/{number}").readlink().parent):
            raise DISK_FULL

    monkeypatch.setattr(os, "fsync", sync)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")
@pytest.mark.parametrize("named", [(), ("-o", "there/m")], ids=["new name", "named"])
def test_where_the_disk_is_full_the_model_is_kept_elsewhere(
    command: Callable[..., int],
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    named: Any,
) -> None:
    Path("there").mkdir()
    full(monkeypatch, lambda folder: folder.name in ("there", "runs"))
    assert command("train", "t.csv", "--epochs", "2", *named) == 2
    said, stem = capsys.readouterr(), "m" if named else "t"
    place = Path(named[-1]).with_suffix(".safetensors") if named else Path("runs/t.safetensors")
    assert said.err.splitlines()[-1] == (
        f"error: cannot write {place}: No space left on device; the model is kept in {stem}-kept.safetensors"
    )
    assert f"model     {stem}-kept.safetensors" in said.out
    assert check_pairs(here) == 1
    assert not list(here.rglob(".chainrule-*"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")
def test_where_the_folder_here_is_full_too_the_model_is_kept_with_temporary_files(
    command: Callable[..., int], here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory
) -> None:  # fmt: skip
    last = tmp_path_factory.mktemp("last")
    monkeypatch.setattr("tempfile.tempdir", str(last))
    full(monkeypatch, lambda folder: folder != last)
    assert command("train", "t.csv", "--epochs", "2", "-q") == 2
    assert capsys.readouterr().err.endswith(f"the model is kept in {last}/t-kept.safetensors\n")
    assert check_pairs(last) == 1
    full(monkeypatch, lambda folder: True)
    assert command("train", "t.csv", "--epochs", "2", "-q") == 2
    assert capsys.readouterr().err.endswith("No space left on device; nor could the model be kept anywhere else\n")


def test_a_model_that_no_place_has_room_for_leaves_the_old_one(command: Callable[..., int], here: Path) -> None:
    """Room by a limit on the size of files, of which a new model with 4,000 neurons takes more."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))

    assert command("train", "t.csv", "--epochs", "2", "--hidden", "2", "-q", "-o", "m") == 0
    with started("train", "t.csv", "--epochs", "2", "--hidden", "4000", "-o", "m", preexec_fn=limit) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.endswith("cannot write m.safetensors: File too large; nor could the model be kept anywhere else\n")
    assert cr.load("m.safetensors").sizes == (2, 2, 2)
    assert check_pairs(here) == 1


def test_a_folder_that_vanishes_while_it_trains_costs_nothing(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there").mkdir()
    shown = chainrule.progress._of_epoch

    def vanish(epoch: cr.Epoch) -> dict[str, str]:
        if Path("there").exists():
            Path("there").rmdir()
        return shown(epoch)

    monkeypatch.setattr(chainrule.progress, "_of_epoch", vanish)
    assert command("train", "t.csv", "--epochs", "2", "-o", "there/m") == 2
    assert capsys.readouterr().err.endswith("make it first; the model is kept in m-kept.safetensors\n")
    assert check_pairs(Path()) == 1


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("a bug")])
@pytest.mark.parametrize("where", ["progress._of_epoch", "cli.train.Summary.of"])
def test_an_error_on_the_way_or_in_the_scores_keeps_what_was_learnt(
    command: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Any,
    where: str,
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(f"chainrule.{where}", fail)
    if isinstance(error, MemoryError):
        assert command("train", "t.csv", "--epochs", "2") == 2
    else:
        with pytest.raises(RuntimeError, match="a bug"):
            command("train", "t.csv", "--epochs", "2")
    assert "runs/t.safetensors is what was learnt" in capsys.readouterr().err
    assert check_pairs(Path("runs")) == 1
