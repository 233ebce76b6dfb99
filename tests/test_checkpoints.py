"""A run that was saved and goes on in another process is, bit for bit, the run that never stopped."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import PROOF

import chainrule as cr
from chainrule import files
from chainrule.checked_file import CHECKPOINT, pack, unpack
from chainrule.checkpoints import Checkpoint
from chainrule.training import Epochs

RNG = np.random.default_rng(0)
X, BESIDE_X = RNG.standard_normal((30, 4)), RNG.standard_normal((12, 4))
Y, BESIDE_Y = np.where(X[:, 0] > 0, "yes", "no"), np.where(BESIDE_X[:, 0] > 0, "yes", "no")
RULES = ["delta_rule", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"schedule": "step:every=2,factor=0.5"},
    {"schedule": "cosine:warmup=0.2"},
    {"schedule": "one_cycle"},
    {"schedule": "reduce_on_plateau:patience=0,threshold=0.9", "validation": (BESIDE_X, BESIDE_Y)},
    {"clip_norm": 0.1, "clip_value": 0.05},
    {"l1": 1e-3, "l2": 1e-2, "decay": 0.1, "penalize_biases": True},
    {"dropout": [0.2, 0.4]},
    {"class_weight": {"yes": 3.0}, "validation": 0.2, "patience": 50, "best": "score"},
    {"class_weight": "balanced", "shuffle": False, "fixed": [1]},
]


def net(dtype: str = "float32") -> cr.Network:
    return cr.Network.random([4, 7, 2], "tanh", "softmax", seed=3, dtype=dtype)


def theta(network: cr.Network) -> np.ndarray:
    return network.parameters.flat()


def without_times(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in facts.items() if key != "seconds"} for facts in history]


def assert_same(one: cr.Run, other: cr.Run) -> None:
    assert theta(one.network).tobytes() == theta(other.network).tobytes()
    assert json.dumps(without_times(one.history)) == json.dumps(without_times(other.history))
    for fact in ("ended", "kept", "steps", "rule", "settings", "rows", "seed"):
        assert getattr(one.report, fact) == getattr(other.report, fact)


def beside(settings: dict[str, Any]) -> dict[str, Any]:
    """What has to be given again to go on."""
    return {key: value for key, value in settings.items() if key == "validation" and not isinstance(value, float)}


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: "+".join(settings) or "plain")
@pytest.mark.parametrize("rule", RULES)
def test_so_many_times_one_epoch_are_one_time_so_many(rule: str, settings: dict[str, Any], tmp_path: Path) -> None:
    """Each epoch is begun from the file of the one before, as in a process of its own."""
    path, given = tmp_path / "run", {"rule": rule, "epochs": 5, "batch_size": 8, "seed": 2, **settings}
    whole = cr.train(net(), X, Y, **given, checkpoint=tmp_path / "whole")
    next(iter(cr.epochs(net(), X, Y, **given, checkpoint=path)))
    for _ in range(3):
        next(iter(Epochs.of_checkpoint(Checkpoint.read(path), X, Y, **beside(settings))))
    assert_same(cr.resume(path, X, Y, **beside(settings)), whole)
    one, other = (Checkpoint.read(each).state for each in (path, tmp_path / "whole"))
    assert one.good[:2] == other.good[:2]
    np.testing.assert_array_equal(*(state.good[2]["parameters"] for state in (one, other)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_may_be_given_more_epochs(dtype: str, tmp_path: Path) -> None:
    cr.train(net(dtype), X, Y, epochs=3, checkpoint=tmp_path / "run")
    assert_same(cr.resume(tmp_path / "run", X, Y, epochs=7), cr.train(net(dtype), X, Y, epochs=7))
    with pytest.raises(cr.SettingError, match=r"epochs=6: .*run has 7 epochs already; give as many or more"):
        cr.resume(tmp_path / "run", X, Y, epochs=6)


def test_a_finished_run_is_given_back_as_it_is(tmp_path: Path) -> None:
    run = cr.train(net(), X, Y, epochs=3, checkpoint=tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    assert_same(cr.resume(tmp_path / "run", X, Y), run)
    assert (tmp_path / "run").read_bytes() == before


def test_what_no_file_can_hold_is_handed_in_again(tmp_path: Path) -> None:
    sign = cr.Rule(
        "sign", settings={"learning_rate": 0.01}, step=lambda g, theta, slots, t, rate: (-rate * np.sign(g), ())
    )
    wave = cr.activation(lambda z: z / (1 + abs(z)), "softsign_of_mine")
    network = cr.Network.random([4, 7, 2], wave, "softmax", seed=3)

    def falling(step: int) -> float:
        return 0.9**step

    given: dict[str, Any] = {"rule": sign, "epochs": 4, "schedule": falling}
    whole = cr.train(network, X, Y, **given)
    next(iter(cr.epochs(network, X, Y, **given, checkpoint=tmp_path / "run")))
    assert_same(cr.resume(tmp_path / "run", X, Y, rule=sign, schedule=falling, activations=wave), whole)
    for handed, message in (
        ({"schedule": falling, "activations": wave}, r"own rule 'sign'.*resume\(…, rule=sign\)"),
        ({"rule": sign, "activations": wave}, r"own schedule 'falling'.*resume\(…, schedule=falling\)"),
        ({"rule": sign, "schedule": falling}, "own activation 'softsign_of_mine'"),
        ({"rule": cr.adam(), "schedule": falling, "activations": wave}, "own rule 'sign'"),
    ):
        with pytest.raises((cr.SettingError, cr.FileError), match=message):
            cr.resume(tmp_path / "run", X, Y, **handed)


def test_a_rule_of_two_functions_goes_on_too(tmp_path: Path) -> None:
    def move(gradient: cr.Parameters, state: Any) -> tuple[cr.Parameters, Any]:
        mean = state["mean"] * 0.5 + gradient * 0.5
        return mean * (-0.1 / state["count"]), {"mean": mean, "count": state["count"] + 1}

    rule = cr.Rule("mean", lambda parameters: {"mean": parameters.zeros(), "count": 1}, move)
    whole = cr.train(net(), X, Y, rule, epochs=4)
    next(iter(cr.epochs(net(), X, Y, rule, epochs=4, checkpoint=tmp_path / "run")))
    assert_same(cr.resume(tmp_path / "run", X, Y, rule=rule), whole)


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.Philox, np.random.MT19937])
def test_a_generator_is_no_seed_for_a_file(bits: Any, tmp_path: Path) -> None:
    with pytest.raises(cr.SettingError, match="a checkpoint holds the seed, a whole number: seed=0"):
        cr.train(net(), X, Y, seed=np.random.Generator(bits(0)), checkpoint=tmp_path / "run")
    assert not list(tmp_path.iterdir())


# how often it is saved -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("every", "saved"), [(1, [1, 2, 3, 4, 5]), (2, [2, 4, 5]), ("3", [3, 5]), ("2s", [2, 4, 5]), (9, [5])]
)
def test_it_is_saved_as_often_as_asked_for_and_in_the_end(
    every: Any, saved: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("chainrule.training.time.perf_counter", lambda: clock[0])
    found: list[int] = []

    def save(job: Any, state: Any, path: Path, notes: Any) -> Path:
        found.append(state.epoch)
        return path

    monkeypatch.setattr("chainrule.training.save_checkpoint", save)

    def tick(epoch: cr.Epoch) -> None:
        clock[0] += 1.0

    cr.train(net(), X, Y, epochs=5, checkpoint=tmp_path / "run", checkpoint_every=every, watch=tick)
    assert found == ([3, 5] if every == "2s" else saved)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"checkpoint_every": 3}, "checkpoint_every=3 needs the file to write: checkpoint='run.checkpoint'"),
        ({"checkpoint": "run", "checkpoint_every": 0}, "checkpoint_every is a whole number ≥ 1, got 0"),
        ({"checkpoint": "run", "checkpoint_every": "soon"}, "checkpoint_every is a time above 0.*got 'soon'"),
        ({"checkpoint": "no/run"}, "there is no folder"),
        ({"checkpoint": "letter.txt"}, "would replace a file that is not a checkpoint"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_anything_is_learnt(
    settings: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("letter.txt").write_text("dear")
    with pytest.raises((cr.SettingError, cr.FileError), match=message):
        cr.train(net(), X, Y, **settings, watch=lambda epoch: pytest.fail("it has begun"))
    assert Path("letter.txt").read_text() == "dear"


def test_a_disk_that_is_full_for_a_while_costs_no_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file before is kept while nothing can be written, and the training goes on."""
    path, full = tmp_path / "run", [False]
    fsync = os.fsync

    def failing(number: int) -> None:
        if full[0]:
            raise OSError(28, "No space left on device")
        fsync(number)

    monkeypatch.setattr(files.os, "fsync", failing)

    def watch(epoch: cr.Epoch) -> None:
        full[0] = 2 <= epoch.number < 4
        assert Checkpoint.read(path).state.epoch == {1: 1, 2: 2, 3: 2, 4: 2, 5: 5}[epoch.number]

    with pytest.warns(
        cr.FileWarning, match="No space left on device; the training goes on, and the checkpoint before"
    ) as told:
        run = cr.train(net(), X, Y, epochs=5, checkpoint=path, watch=watch)
    assert len(told) == 2
    assert [each.name for each in tmp_path.iterdir()] == ["run"]
    assert_same(cr.resume(path, X, Y), run)


# what does not fit ---------------------------------------------------------------------------------------------------
def saved(tmp_path: Path, **settings: Any) -> Path:
    stream = cr.epochs(net(), X, Y, epochs=4, **settings)
    list(islice(stream, 2))
    return stream.save(tmp_path / "run")


def test_other_rows_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    moved, other = X.copy(), Y.copy()
    moved[7, 2] += 1e-12
    other[3] = "no" if other[3] == "yes" else "yes"
    for x, y in ((X[:-1], Y[:-1]), (X[::-1], Y[::-1]), (moved, Y), (X, other)):
        with pytest.raises(
            cr.DataError, match=r"these are not the rows to learn from that the run of .* began with \(30 rows of"
        ):
            cr.resume(path, x, y)
    with pytest.raises(cr.DataError, match="had no validation rows: give the same"):
        cr.resume(path, X, Y, validation=(BESIDE_X, BESIDE_Y))
    with pytest.raises(cr.DataError, match="not the rows to learn from"):
        cr.resume(path, (X, Y, np.full(30, 2.0)))
    watched = saved(tmp_path, validation=(BESIDE_X, BESIDE_Y))
    with pytest.raises(cr.DataError, match="had 12 validation rows: give the same"):
        cr.resume(watched, X, Y)
    with pytest.raises(cr.DataError, match="these are not the validation rows"):
        cr.resume(watched, X, Y, validation=(BESIDE_X[1:], BESIDE_Y[1:]))
    with pytest.raises(
        cr.ShapeError, match=r"takes x of shape \(4,\) for one example or \(batch, 4\) for rows, got \(30, 3\)"
    ):
        cr.resume(path, X[:, :3], Y)


def test_another_number_of_threads_is_refused_unless_other_bits_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path)
    monkeypatch.setattr("chainrule.checkpoints.suited", lambda parameters, rows: 7)
    with pytest.raises(
        cr.SettingError, match=r"other bits than it began with \(threads 1, now 7\): set OMP_NUM_THREADS=1, or"
    ):
        cr.resume(path, X, Y)
    assert len(cr.resume(path, X, Y, exact=False).history) == 4


def test_a_run_on_native_code_goes_on_without_it_where_other_bits_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, engine="compiled")
    wanted = cr.resume(path, X, Y).network.parameters.flat()
    path = saved(tmp_path, engine="compiled")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    with pytest.raises(
        cr.SettingError,
        match=r"began on the compiled engine, which cannot run here: NUMBA_DISABLE_JIT is set\. .*exact=False",
    ):
        cr.resume(path, X, Y)
    run = cr.resume(path, X, Y, exact=False)
    assert len(run.history) == 4
    np.testing.assert_allclose(run.network.parameters.flat(), wanted, rtol=1e-4, atol=1e-6)


def test_a_checkpoint_of_another_numpy_or_a_later_chainrule_is_told_apart(tmp_path: Path) -> None:
    path = saved(tmp_path)
    header, tensors = unpack(path, CHECKPOINT)
    rest = {key: value for key, value in header.items() if key not in ("version", "tensors", "checksum")}
    path.write_bytes(pack(CHECKPOINT, {**rest, "made_on": {**rest["made_on"], "numpy": "0.9"}}, tensors))
    with pytest.raises(cr.SettingError, match=r"\(numpy 0.9, now "):
        cr.resume(path, X, Y)
    path.write_bytes(pack(replace(CHECKPOINT, version=2), rest, tensors))
    with pytest.raises(cr.FileError, match="has the format 2, and this chainrule reads up to 1: upgrade chainrule"):
        cr.resume(path, X, Y)


@pytest.mark.parametrize(
    ("name", "kept"), [("checkpoint-1", ""), ("checkpoint-1-best", "epoch 6 of 6, whose validation score")]
)
def test_a_checkpoint_of_an_earlier_version_goes_on(name: str, kept: str, tmp_path: Path) -> None:
    """Both were written after three of six epochs, before the best epoch had its cost beside its score."""
    path = tmp_path / "run"
    path.write_bytes((Path(__file__).parent / "saved" / f"{name}.run").read_bytes())
    x = (np.arange(120) * 7 % 11 - 5).reshape(30, 4).astype(np.float32) / 4
    run = cr.resume(path, x, np.where(x[:, 0] > 0, "yes", "no"), exact=False)
    assert len(run.history) == 6
    assert run.report.kept.startswith(kept)


def test_one_changed_bit_is_an_error_and_never_another_run(tmp_path: Path) -> None:
    path = saved(tmp_path, validation=0.2, patience=3)
    content = path.read_bytes()
    for place in RNG.integers(0, 8 * len(content), 2000 if PROOF else 60).tolist():
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(cr.FileError):
            Checkpoint.read(path)


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 100, -1])
def test_a_file_that_was_cut_off_is_refused(kept: int, tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(cr.FileError):
        cr.resume(path, X, Y)


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with pytest.raises(
        cr.FileError, match=r"run is a checkpoint: chainrule train --resume or chainrule\.resume goes on from it"
    ):
        cr.load(path)
    model = cr.save(net(), tmp_path / "model")
    with pytest.raises(cr.FileError, match="model is a model: chainrule explain or chainrule predict takes it"):
        cr.resume(model, X, Y)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(cr.FileError, match=r"t.csv is a table, and no safetensors file: a checkpoint's file is needed"):
        cr.resume(tmp_path / "t.csv", X, Y)
    with pytest.raises(cr.FileError, match="nothing"):
        cr.resume(tmp_path / "nothing", X, Y)


def test_a_run_may_be_saved_before_its_first_epoch(tmp_path: Path) -> None:
    path = cr.epochs(net(), X, Y, epochs=3, validation=0.2).save(tmp_path / "run")
    assert_same(cr.resume(path, X, Y), cr.train(net(), X, Y, epochs=3, validation=0.2))
