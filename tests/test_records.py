"""The networks of a run on its way, kept at epochs spaced logarithmically."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.checkpoints import Checkpoint
from chainrule.training import Epochs

X = np.random.default_rng(0).standard_normal((20, 3))
Y = X[:, :1] - X[:, 1:2]


def net() -> cr.Network:
    return cr.Network.random([3, 4, 1], "tanh", seed=1)


def bits(network: cr.Network) -> bytes:
    return network.parameters.flat().tobytes()


@pytest.mark.parametrize(
    ("count", "epochs", "kept"),
    [
        (2, 9, [0, 9]),
        (5, 1000, [0, 1, 10, 100, 1000]),
        (12, 3, [0, 1, 2, 3]),
        (4, 1, [0, 1]),
        (7, 32, [0, 1, 2, 4, 8, 16, 32]),
        (12, 45, [0, 1, 2, 3, 4, 5, 7, 10, 14, 21, 31, 45]),
        (4, 3, [0, 1, 2, 3]),
    ],
)
def test_networks_are_kept_from_before_the_first_epoch_to_the_last(count: int, epochs: int, kept: list[int]) -> None:
    run = cr.train(net(), X, Y, epochs=epochs, record=count)
    assert sorted(run.record) == kept
    assert bits(run.record[0]) == bits(net())
    assert bits(run.record[epochs]) == bits(run.network)


def test_a_recorded_network_is_that_of_its_epoch() -> None:
    seen: dict[int, bytes] = {}
    run = cr.train(
        net(), X, Y, epochs=30, record=6, watch=lambda epoch: seen.update({epoch.number: bits(epoch.network)})
    )
    assert {epoch: bits(network) for epoch, network in run.record.items() if epoch} == {
        e: seen[e] for e in run.record if e
    }
    assert cr.train(net(), X, Y, epochs=3).record == {}


def test_a_run_that_ends_early_records_its_last_network(tmp_path: Path) -> None:
    run = cr.train(net(), X, Y, epochs=100, record=4, watch=lambda epoch: epoch.number == 7)
    assert sorted(run.record) == [0, 1, 7]


def test_a_record_goes_on_with_its_run_and_comes_back_from_its_file(tmp_path: Path) -> None:
    whole = cr.train(net(), X, Y, epochs=20, record=5)
    stream = cr.epochs(net(), X, Y, epochs=20, record=5, checkpoint=tmp_path / "run")
    for epoch in stream:
        if epoch.number == 6:
            break
    run = cr.resume(tmp_path / "run", X, Y)
    assert {e: bits(n) for e, n in run.record.items()} == {e: bits(n) for e, n in whole.record.items()}
    path = cr.save_record(run.record, tmp_path / "r")
    back = cr.load_record(path)
    assert {e: bits(n) for e, n in back.items()} == {e: bits(n) for e, n in whole.record.items()}
    content = bytearray(path.read_bytes())
    content[-5] ^= 4
    path.write_bytes(content)
    with pytest.raises(cr.FileError, match="damaged"):
        cr.load_record(path)
    with pytest.raises(cr.FileError, match="is a checkpoint: chainrule train --resume"):
        cr.load_record(tmp_path / "run")
    assert sorted(Epochs.of_checkpoint(Checkpoint.read(tmp_path / "run"), X, Y).state.record) == [1, 3, 7, 20]


@pytest.mark.parametrize("record", [0, 1, -3, 2.5, "many", True])
def test_a_count_that_cannot_be_is_refused(record: Any) -> None:
    with pytest.raises(cr.SettingError, match="record is a whole number ≥ 2"):
        cr.train(net(), X, Y, record=record)
    with pytest.raises(cr.SettingError, match=r"there is no record to save: train\(…, record=12\) keeps one"):
        cr.save_record({}, "r")
