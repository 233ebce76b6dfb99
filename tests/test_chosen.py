"""What `chainrule train` decides by the rows: the same as the estimators do, and visible."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from command import Run
from resealed import sealed

import chainrule as cr
from chainrule.checked_file import CHECKPOINT, unpack
from chainrule.cli.chosen import PLAIN, chosen, listed, said
from chainrule.cli.parts import divide
from chainrule.costs import as_cost
from chainrule.data import Choices, Table
from chainrule.defaults import BATCH, LARGE, LARGER, LARGEST, RATE, WATCHED
from chainrule.schedules import as_schedule
from chainrule.updates import named

NOT_GIVEN = dict.fromkeys(("hidden", "batch_size", "validation", "schedule", "best", "l2", "learning_rate"))
PLATEAU = "reduce_on_plateau:factor=0.2,patience=3"


def table(rows: int, task: str, columns: int = 2) -> Table:
    x = np.random.default_rng(0).normal(size=(rows, columns))
    y = x[:, 0] + np.sin(x[:, 1])
    return Table("t", [f"c{i}" for i in range(columns)], x, np.where(y > 0, "yes", "no") if task[0] == "c" else y)


def decided(
    rows: int, task: str = "regression", cost: str = "", weights: Any = None, columns: int = 2, **given: Any
) -> dict[str, Any]:
    """What is chosen for so many rows to learn from, where the options `given` stand in the line."""
    asked = SimpleNamespace(**{**NOT_GIVEN, "rule": "adam", "scale": "standard", **given})
    choices = Choices(scale=asked.scale)
    parts = divide(table(rows, task, columns), task, choices, 0.0, asked.validation, 0, "float32")
    usual = "quadratic" if task == "regression" else "cross_entropy"
    return chosen(asked, parts, as_cost(cost or usual), named(asked.rule), weights)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("rows", [60, LARGE])
def test_the_command_chooses_what_the_estimators_choose(chainrule_: Run, task: str, rows: int) -> None:
    kind = cr.NetworkClassifier if task == "classification" else cr.NetworkRegressor
    data = table(rows, task)
    np.savez("t.npz", x=data.inputs, y=data.target)
    how = ("--test", "0", "--epochs", "1", "--engine", "reference", "--json")
    report = json.loads(chainrule_("train", "t.npz", "--task", task, *how)[1])
    model = kind(random_state=0, max_iter=1, tol=10.0, engine="reference").fit(data.inputs, data.target)
    here, there = report["chosen"], model.chosen_
    assert tuple(map(int, here["hidden"].split(","))) == there["hidden_layer_sizes"] == model.network_.sizes[1:-1]
    assert here["batch_size"] == report["batch_size"] == there["batch_size"]
    assert here["validation"] == (model.validation_fraction if there["early_stopping"] else 0)
    assert here["best"] == ("score" if there["early_stopping"] else "last")
    assert repr(as_schedule(here["schedule"])) == repr(as_schedule(there["learning_rate"]))
    assert here["l2"] == pytest.approx(there["alpha"] / min(there["batch_size"], rows), rel=1e-3)
    assert report["rule"] == f"adam({there['learning_rate_init']})"
    assert report["settings"]["l2"] == here["l2"]
    assert (report["settings"]["patience"], report["settings"]["tol"]) == (model.n_iter_no_change, 1e-4)
    assert f"Network(2-{here['hidden'].replace(',', '-')}-" in report["network"]


@pytest.mark.parametrize(
    ("rows", "given", "found"),
    [
        (60, {"validation": 0.2}, {"schedule": PLATEAU, "best": "score", "validation": None}),
        (LARGE, {}, {"schedule": PLATEAU, "best": "score", "learning_rate": RATE[True], "hidden": listed(LARGER)}),
        (LARGE, {"columns": 100}, {"hidden": listed(LARGEST)}),
        (LARGE, {"validation": 0.0}, {"schedule": "constant", "best": "last", "learning_rate": None}),
        (LARGE, {"schedule": "cosine"}, {"schedule": None, "learning_rate": None}),
        (LARGE, {"rule": "delta_rule"}, {"learning_rate": None}),
        (LARGE, {"rule": "adam:0.01"}, {"learning_rate": None}),
        (LARGE, {"learning_rate": 0.1}, {"learning_rate": None}),
        (60, {"l2": 0.0, "hidden": "none", "batch_size": 7}, {"l2": None, "hidden": None, "batch_size": None}),
        (1000, {"batch_size": 50}, {"l2": 0.005}),
        (1000, {"cost": "huber"}, {"l2": 1e-4 / 200}),
        (1000, {"cost": "huber", "batch_size": 50}, {"l2": 1e-4 / 50}),
        (1000, {"scale": "none"}, {"l2": 1e-4 / 200}),
        (1000, {"task": "classification", "cost": "binary_cross_entropy"}, {"l2": 0.005}),
        (1000, {"task": "classification", "cost": "multiclass_hinge"}, {"l2": 1e-4 / 200}),
        (1000, {"task": "classification", "weights": {"yes": 3.0, "no": 3.0}}, {"l2": 0.001667}),
        (1000, {"task": "classification", "weights": "balanced"}, {"l2": 0.005}),
    ],
)  # fmt: skip
def test_with_options_given_the_others_are_decided(rows: int, given: dict[str, Any], found: dict[str, Any]) -> None:
    made = decided(rows, **given)
    assert {name: made.get(name) for name in found} == found


def test_what_is_chosen_is_said_as_options_that_choose_it_again(chainrule_: Run) -> None:
    (line,) = said(decided(LARGE), LARGE)
    assert line == (
        f"chosen    for 10,000 rows: --hidden={listed(LARGER)} --batch-size={BATCH[2]} --validation={WATCHED} --best=score "
        f"--schedule={PLATEAU} --l2=0.0005 --learning-rate={RATE[True]}"
    )
    assert list(said(PLAIN, 3)) == []
    _, out, err = chainrule_("train", "iris", "--epochs", "2", "--validation", "0.2", "-o", "one")
    (line,) = (line for line in out.splitlines() if line.startswith("chosen    for 120 rows: "))
    assert "at most 2 epochs of 3 steps, batches of 32, seed 0" in out
    assert "kept      epoch 2 of 2, whose validation accuracy of " in out
    given = line.split(": ")[1].split()
    assert chainrule_("train", "iris", "--epochs", "2", "--validation", "0.2", "-o", "two", *given)[0] == 0
    one, two = (cr.load(f"{name}.safetensors").parameters.flat() for name in ("one", "two"))
    assert one.tobytes() == two.tobytes(), err
    assert "chosen by the rows  hidden 100; batch size 32; best score; schedule" in chainrule_("show", "one.json")[1]
    assert cr.Report.read("two.json").chosen == {}


def test_training_ends_where_nothing_is_gained_unless_patience_is_0(chainrule_: Run) -> None:
    how = ("train", "iris", "--epochs", "9", "--tol", "0.5", "--patience", "2")
    _, out, err = chainrule_(*how, "-o", "m")
    assert ended(out) == "stopped after epoch 3: the cost has not improved by 0.5 for 2 epochs", err
    _, out, err = chainrule_("train", "iris", "--epochs", "9", "--tol", "0.5", "--patience", "0")
    assert (ended(out), "trained   9 epochs" in out, " 9 epochs of 4 steps" in out) == ("", True, True), err
    code, _, err = chainrule_("train", "iris", "--best", "cost")
    assert (code, err) == (
        2,
        "error: --best cost needs validation rows, which are not learnt from: add --validation 0.1\n",
    )


def test_where_only_the_number_of_epochs_ends_it_more_are_named(
    chainrule_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.cli.summary.EPOCHS", 3)
    says = "after 3 epochs, and it was still gaining: --epochs 6 may do better"
    how = ("train", "iris", "--hidden", "none")
    assert ended(chainrule_(*how, "--epochs", "3")[1]) == says
    assert ended(chainrule_(*how, "--epochs", "4")[1]) == ""
    assert ended(chainrule_(*how, "--epochs", "3", "--patience", "0")[1]) == ""


def ended(out: str) -> str:
    """How a training ended, as its summary says."""
    return next((line.removeprefix("ended     ") for line in out.splitlines() if line.startswith("ended ")), "")


def test_a_run_that_was_begun_without_such_decisions_goes_on(chainrule_: Run) -> None:
    """An older file says of each option what it was, and nothing of what the rows decided."""
    given = {"hidden": "8", "batch_size": 32, "validation": 0.0, "schedule": "constant", "l2": 0.0}
    options = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    how = ("train", "iris", "--patience", "0", "--checkpoint-every", "1", "-q", *options)
    assert chainrule_(*how, "--epochs", "2", "-o", "old")[0] == 0
    assert chainrule_(*how, "--epochs", "4", "-o", "straight")[0] == 0
    header, tensors = unpack("old.checkpoint", CHECKPOINT)
    notes = header["notes"]
    assert notes.pop("chosen") == {"best": "last"}
    notes["asked"] = {key: value for key, value in notes["asked"].items() if key != "tol"}
    notes["asked"] |= {"patience": None, "epochs": None}
    Path("old.checkpoint").write_bytes(sealed(CHECKPOINT.key, header, tensors))
    code, _, err = chainrule_("train", "--resume", "old.checkpoint", "--epochs", "4", "-q")
    assert (code, err) == (0, "")
    one, two = (cr.load(f"{name}.safetensors").parameters.flat() for name in ("old", "straight"))
    assert one.tobytes() == two.tobytes()
    reports = [cr.Report.read(f"{name}.json") for name in ("old", "straight")]
    assert reports[0].command == reports[1].command
    assert chainrule_("train", "--resume", "straight.checkpoint", "-q")[0] == 0


@pytest.mark.parametrize("wrong", [3, {"hidden": 3}, {"l2": "x"}])
def test_a_checkpoint_with_decisions_that_are_none_is_refused(chainrule_: Run, wrong: Any) -> None:
    assert chainrule_("train", "iris", "--epochs", "1", "--checkpoint-every", "1", "-q", "-o", "m")[0] == 0
    header, tensors = unpack("m.checkpoint", CHECKPOINT)
    header["notes"]["chosen"] = wrong
    Path("m.checkpoint").write_bytes(sealed(CHECKPOINT.key, header, tensors))
    code, _, err = chainrule_("train", "--resume", "m.checkpoint", "--epochs", "2")
    assert (code, err.startswith("error: m.checkpoint is damaged: it says ")) == (2, True), err


def test_a_run_goes_on_with_what_was_decided_when_it_began(chainrule_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where another version would decide otherwise: here that 50 rows are as many as 10,000."""
    monkeypatch.setattr("chainrule.defaults.LARGE", 50)
    how = ("train", "iris", "--checkpoint-every", "1", "-q")
    assert chainrule_(*how, "--epochs", "2", "-o", "m")[0] == 0
    assert chainrule_(*how, "--epochs", "4", "-o", "straight")[0] == 0
    monkeypatch.setattr("chainrule.defaults.LARGE", 10_000)
    code, out, err = chainrule_("train", "--resume", "m.checkpoint", "--epochs", "4")
    assert (code, "12 for validation" in out) == (0, True), err
    one, two = (cr.load(f"{name}.safetensors").parameters.flat() for name in ("m", "straight"))
    assert one.tobytes() == two.tobytes()
    assert cr.Report.read("m.json").chosen["validation"] == 0.1
