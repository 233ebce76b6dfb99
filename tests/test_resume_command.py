"""`chainrule train --checkpoint-every` and `--resume`: killed at any moment, a run ends as if nothing had happened.

In real processes: kill -9, SIGTERM, Ctrl-C, and a disk that is full. At every moment each file is whole, or as it was.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Run
from networks import PROOF

import chainrule as cr
from chainrule.checkpoints import Checkpoint
from chainrule.files import TEMPORARY

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
OPTIONS = (
    "train diabetes --epochs {epochs} --hidden 16 --seed 3 --validation 0.2 --best cost --dropout 0.2 --rule adamw "
    "--schedule cosine:warmup=0.1 --clip-norm 1 --l1 1e-4 --batch-size 32 --patience 0"
)
Whole = tuple[int, bytes, dict[str, Any], int]
KILLS = 20 if PROOF else 3


def ended(folder: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chainrule", *arguments]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, **more)


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "chainrule", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def epoch_of(path: Path) -> int:
    """How far the run in a file is; it can be read at any moment."""
    return Checkpoint.read(path).state.epoch if path.exists() else -1


def wait_for(epoch: int, path: Path, process: subprocess.Popen[str]) -> None:
    while process.poll() is None and epoch_of(path) < epoch:
        time.sleep(0.002)


def parameters(path: Path) -> bytes:
    return cr.load(path).parameters.flat().tobytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A run that nothing disturbed: its epochs, its bits, its report, the size of its last checkpoint."""
    folder, epochs = tmp_path_factory.mktemp("whole"), 800 if PROOF else 120
    said = ended(folder, *OPTIONS.format(epochs=epochs).split(), "--checkpoint-every", "1", "-o", "m", "-q")
    assert said.returncode == 0, said.stderr
    report, size = json.loads((folder / "m.json").read_text()), (folder / "m.checkpoint").stat().st_size
    return epochs, parameters(folder / "m.safetensors"), report, size


def assert_as_whole(folder: Path, whole: Whole) -> None:
    """The model and the report are those of the run that nothing disturbed."""
    epochs, bits, report, _ = whole
    assert parameters(folder / "m.safetensors") == bits
    mine = json.loads((folder / "m.json").read_text())
    for told in (report, mine):
        told["history"] = [{key: value for key, value in each.items() if key != "seconds"} for each in told["history"]]
    same = ("history", "ended", "kept", "results", "steps", "settings")
    assert {key: mine[key] for key in same} == {key: report[key] for key in same}
    assert len(mine["history"]) == epochs
    assert sorted(each.name for each in folder.iterdir()) == ["m.checkpoint", "m.json", "m.safetensors"]


def test_a_run_that_is_killed_again_and_again_ends_as_one_that_was_not(whole: Whole, tmp_path: Path) -> None:
    """kill -9 at moments drawn at random, most after the first checkpoint, as each epoch writes one some inside a write."""
    epochs, rng, moments, inside = whole[0], np.random.default_rng(7), [], 0
    options = [*OPTIONS.format(epochs=epochs).split(), "--checkpoint-every", "1", "-o", "m"]
    older = cr.save(cr.Network([[[1.0]]]), tmp_path / "m.safetensors").read_bytes()
    for number in range(KILLS):
        path, done = tmp_path / "m.checkpoint", epoch_of(tmp_path / "m.checkpoint")
        process = begun(tmp_path, *(options if done < 0 else ["train", "--resume", "m.checkpoint", "-o", "m"]))
        if number:  # the first is killed at its very beginning
            wait_for(done + int(rng.integers(1, max(2, epochs // (2 * KILLS)))), path, process)
        time.sleep(float(rng.uniform(0, 0.004)) if number else float(rng.uniform(0.2, 0.6)))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        inside += any(each.name.startswith(TEMPORARY) for each in tmp_path.iterdir())  # a write was under way
        if path.exists():
            moments.append(epoch_of(path))  # it is whole
            assert moments == sorted(moments)
        assert (tmp_path / "m.safetensors").read_bytes() == older
    assert len([each for each in moments if each > 0]) >= 3 * KILLS // 4
    assert inside >= (1 if PROOF else 0)
    said = ended(tmp_path, "train", "--resume", "m.checkpoint", "-o", "m")
    assert said.returncode == 0, said.stderr
    assert f"going on after epoch {moments[-1]:,}" in said.stdout
    assert_as_whole(tmp_path, whole)


STOPS = [(signal.SIGTERM, 143), (signal.SIGINT, 130)] if PROOF else [(signal.SIGTERM, 143)]  # Ctrl-C is in test_cli too


@pytest.mark.parametrize(("number", "code"), STOPS, ids=lambda value: getattr(value, "name", ""))
def test_a_run_that_is_stopped_says_how_to_go_on(
    number: signal.Signals, code: int, whole: Whole, tmp_path: Path
) -> None:
    """Without --checkpoint-every too: what was learnt is saved beside the model."""
    process = begun(tmp_path, *OPTIONS.format(epochs=whole[0]).split(), "-o", "m")
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("epoch 1/")
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    name = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"
    assert f"stopped by {name} after " in err
    assert err.rstrip().endswith("to go on: chainrule train --resume m.checkpoint")
    assert "Traceback" not in err
    said = ended(tmp_path, "train", "--resume", "m.checkpoint")
    assert said.returncode == 0, said.stderr
    assert_as_whole(tmp_path, whole)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file system that can be limited")
def test_a_disk_that_fills_keeps_the_run_before_and_the_training_goes_on(whole: Whole, tmp_path: Path) -> None:
    """A limit of bytes per file stands for the disk: it is met in the middle of a write, as the history grows."""
    options = [*OPTIONS.format(epochs=whole[0]).split(), "--checkpoint-every", "1", "-o", "m"]
    blocks = whole[3] * 3 // 4 // 1024  # of 1,024 bytes: three quarters of what the last checkpoint needs
    command = f"ulimit -f {blocks}; exec {sys.executable} -m chainrule {' '.join(options)}"
    said = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=300
    )
    assert "Traceback" not in said.stderr
    assert "cannot write" in said.stderr
    assert 0 < epoch_of(tmp_path / "m.checkpoint") < whole[0]
    again = ended(tmp_path, "train", "--resume", "m.checkpoint")
    assert again.returncode == 0, again.stderr
    assert parameters(tmp_path / "m.safetensors") == whole[1]


def test_what_belongs_to_a_run_cannot_change_and_what_may_can(chainrule_: Run, tmp_path: Path) -> None:
    assert (
        chainrule_(*["train", "iris", "--hidden", "8", "--epochs", "2", "--checkpoint-every", "1", "-o", "m", "-q"])[0]
        == 0
    )
    resume = "train", "--resume", "m.checkpoint"
    for extra, message in (
        (("--hidden", "4"), "--hidden belongs to the run that m.checkpoint holds and cannot change"),
        (("--seed", "1"), "--seed belongs to the run"),
        (("wine",), "the run of m.checkpoint began with other rows: the data has 13 inputs a row"),
        (("--epochs", "1"), "epochs=1: m.checkpoint has 2 epochs already; give as many or more"),
    ):
        code, out, err = chainrule_(*resume, *extra)
        assert (code, out, len(err.splitlines()), message in err) == (2, "", 1, True), err
    assert chainrule_(*resume, "--epochs", "5", "-o", "five", "-q")[0] == 0
    assert chainrule_(*["train", "iris", "--hidden", "8", "--epochs", "5", "-o", "straight", "-q"])[0] == 0
    assert parameters(tmp_path / "five.safetensors") == parameters(tmp_path / "straight.safetensors")
    assert "nothing is left to do: finished; --epochs 10 would go on" in chainrule_(*resume)[1]


def test_trainings_that_begin_at_once_have_names_of_their_own(tmp_path: Path) -> None:
    options = ["train", "iris", "--epochs", "3", "--checkpoint-every", "1", "-q"]
    running = [begun(tmp_path, *options, "--seed", str(seed)) for seed in range(2)]
    assert [process.communicate()[1] for process in running] == ["", ""]
    kept = sorted(each.name for each in (tmp_path / "runs").iterdir())
    stems = ("iris", "iris-2")
    assert kept == sorted(f"{stem}.{ending}" for stem in stems for ending in ("checkpoint", "json", "safetensors"))
    for stem in stems:
        seeds = {Checkpoint.read(tmp_path / "runs" / f"{stem}.checkpoint").settings["seed"]}
        assert json.loads((tmp_path / "runs" / f"{stem}.json").read_text())["seed"] in seeds
