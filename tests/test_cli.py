"""The command as a beginner meets it: short commands work, mistakes get one line, and nothing is lost or half written."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from networks import crossed

import chainrule as cr
import chainrule.cli.gradient_check
import chainrule.cli.main
import chainrule.cli.predict
import chainrule.cli.train
import chainrule.progress
from chainrule.cli import show
from chainrule.cli.gradient_check import check_gradient_on
from chainrule.cli.predict import _of_which
from chainrule.costs import as_cost
from chainrule.data.trained_rows import MOST, TrainedRows
from chainrule.explanation.figures import FIGURES
from chainrule.storage import load_notes

COMMAND = [sys.executable, "-m", "chainrule"]


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a beginner's files, which is where the command runs."""
    monkeypatch.chdir(tmp_path)
    files = {
        "xor.csv": "a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n",
        "two.csv": "a,y\n1,no\n2,yes\n",
        "one.csv": "a,y\n1,no\n2,no\n",
        "lack.csv": "a\n1\n2\n",
        "empty.csv": "",
        "header.csv": "a,y\n",
        "ragged.csv": "a,b,y\n1,2,3\n1,2\n",
        "gap.csv": "a,y\n1,0\n,1\n",
        "house.json": "{}",
        "animals.csv": "legs,weight,kind\n" + "".join(f"2,{i},hen\n4,{i + 1},dog\n" for i in range(15)),
        "nan.csv": "a,b,y\n0.1,nan,0\n1,inf,1\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder").mkdir()
    np.savez("x.npz", x=np.ones((1, 1)), y=np.ones(1))
    cr.save(cr.Network([[[1e200]], [[1e200]]], None, "identity"), "over.safetensors", {"cost": "quadratic"})
    cr.save(cr.Network([[[1.0]]]), "model")
    Path("one.quiz").write_text("??\nOne?\n\\c: yes\n\\w: no\n??\n")
    Path("other.safetensors").write_bytes(safetensors.numpy.save({"embedding": np.ones(2)}))
    for link, to in {"linked.safetensors": "xor.csv", "both.safetensors": "both.json", "soft.csv": "xor.csv",
                     "d.svg": "xor.csv", "m.svg": "model", "same.quiz": "one.quiz"}.items():  # fmt: skip
        Path(link).symlink_to(to)
    Path("hard.csv").hardlink_to("xor.csv")
    return tmp_path


@pytest.fixture
def chainrule_(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command, in this process; warnings are errors here, and few derivatives are checked, since shapes are too."""
    monkeypatch.setattr(chainrule.cli.gradient_check, "ENTRIES", 3)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["chainrule", *arguments])
        capsys.readouterr()
        code: Any = 0
        try:
            chainrule.cli.main.main()
        except SystemExit as ended:
            code = ended.code or 0
        return Said(code, *capsys.readouterr())

    return run


TRAINED: dict[str, bytes] = {}


@pytest.fixture
def xor(chainrule_: Run, here: Path) -> str:
    """A model of the four rows, barely trained: once, and from then on its files are written again."""
    if not TRAINED:
        before = files(here)
        how = ("--hidden", "4", "--epochs", "2", "--l2", "0", "-q", "-o", "xor")
        assert chainrule_("train", "xor.csv", *how) == Said(0, "", "")
        TRAINED.update({name: content for name, content in files(here).items() if name not in before})
    for name, content in TRAINED.items():
        Path(name).write_bytes(content)
    return "xor.safetensors"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# journeys -----------------------------------------------------------------------------------------------------------
def test_alone_it_works_one_derivative_out(chainrule_: Run) -> None:
    said = chainrule_()
    assert (said.code, said.err) == (0, "")
    assert "= −0.040465      central difference −0.040465  ✓" in said.out


CHAIN = "the chain x → ● → ● → ●, sigmoids, x = 0.6, y = 1, C = "


def test_without_a_model_every_command_is_about_the_same_chain_and_the_same_cost(chainrule_: Run) -> None:
    """∂C/∂w², ∂C/∂z² and C have one value each, whichever command is asked."""
    assert "= −0.040465      central" in chainrule_().out
    for line in ("explain", "explain --by w/2/0/0", "why --by w/2/0/0", "nudge --by w/2/0/0"):
        said = chainrule_(*line.split())
        assert said.out.splitlines()[0] == CHAIN + "(a − y)²", line
        assert "0.04046" in said.out, line
    slope = json.loads(chainrule_("explain", "--json").out)["value"]
    assert json.loads(chainrule_("why", "--by", "w/2/0/0", "--json").out)["value"] == pytest.approx(slope)
    assert json.loads(chainrule_("nudge", "--by", "w/2/0/0", "--json").out)["slope"] == pytest.approx(slope)
    table = chainrule_("show", "in-weight-out", "--by", "w/2/0/0", "--table").out
    assert table.startswith(CHAIN + "(a − y)²\n")
    assert "0.0404" in table
    chain = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid")
    expected = cr.figure("network", chain, [0.6], [1.0], convention="s1", cost="squared_error").svg()
    assert chainrule_("show", "network").out == expected
    assert chainrule_("quiz", "--kind", "half", "--answers", "?").out.startswith(CHAIN + "(a − y)²\n")


def test_what_comes_before_the_cost_needs_no_target(chainrule_: Run, xor: str) -> None:
    for command in ("explain", "nudge"):
        asked = [command, xor, "--by", "w/1/0/1", "--of", "a/2/0", "--row", "1"]
        with_target = json.loads(chainrule_(*asked, "--data", "xor.csv", "--json").out)
        Path("bare.csv").write_text("a,b\n0,0\n0,1\n")
        without = chainrule_(*asked, "--data", "bare.csv")
        assert without.out.startswith("row 1 of bare.csv, which has no target; inputs as the network takes them\n")
        told = json.loads(chainrule_(*asked, "--data", "bare.csv", "--json").out)
        slope = "value" if command == "explain" else "slope"
        assert told[slope] == with_target[slope]
        assert "and a cost needs one" in chainrule_(command, xor, "--data", "bare.csv").err
        assert "--of a/2/0 --by w/1/0/0" in chainrule_(command, xor, "--data", "bare.csv", "--of", "a/2/0").err


def test_show_offers_the_figures_that_it_draws(chainrule_: Run) -> None:
    assert "unrolled" not in chainrule_("show", "--help").out
    assert "unrolled" not in chainrule_("show", "demom").err
    assert "cr.figure('unrolled', recurrent, xs, ys)" in chainrule_("show", "unrolled").err


def test_why_names_the_model_as_it_is_kept(chainrule_: Run, xor: str) -> None:
    for options in ([], ["--influence"]):
        said = chainrule_("why", xor, *options).out
        assert "float32, 22 parameters" in said
        assert "float64" not in said


def test_of_the_chain_a_cost_that_is_named_wins_and_a_convention_changes_none(chainrule_: Run) -> None:
    for options in ("--cost quadratic", "--cost quadratic --convention s1", "--cost quadratic --convention s2"):
        for command in ("explain --by w/2/0/0", "why --by w/2/0/0"):
            said = chainrule_(*command.split(), *options.split())
            assert said.out.splitlines()[0] == CHAIN + "½(a − y)²"
            assert "0.02023" in said.out, (command, options)
    assert "C (quadratic)" in chainrule_("nudge", "--cost", "quadratic").out
    assert "central difference −0.040465" in chainrule_("explain", "--convention", "s2").out
    assert "C (squared_error) = 0.203198" in chainrule_("explain", "--convention", "s2").out
    assert chainrule_("explain", "--cost", "huber").out.startswith(CHAIN + "Σ ½e²")
    assert CHAIN not in chainrule_("show", "summary", "--table").out + chainrule_("why", "--activation", "tanh").out


def test_version_and_help_are_said(chainrule_: Run) -> None:
    assert chainrule_("--version").out == f"chainrule {cr.__version__}\n"
    for command in ("train", "predict", "show", "explain", "verify"):
        assert command in chainrule_("--help").out
        assert chainrule_(command, "-h").code == 0


@pytest.mark.parametrize("seed", ["0", "1"])
def test_xor_is_learnt_from_four_rows_and_predicted_in_its_labels(chainrule_: Run, seed: str) -> None:
    said = chainrule_("train", "xor.csv", "--seed", seed, "--epochs", "150", "--learning-rate", "0.01")
    assert said.code == 0
    assert "accuracy 1.0000 on the 4 rows it was trained on" in said.out
    assert chainrule_("predict", "runs/xor.safetensors", "xor.csv").out == "0\n1\n1\n0\n"


def test_diabetes_is_a_regression_that_predicts_in_its_own_unit(chainrule_: Run) -> None:
    how = ("--hidden", "none", "--epochs", "12", "--learning-rate", "0.03", "--batch-size", "32")
    said = chainrule_("train", "diabetes", *how, "--json")
    report = json.loads(said.out)
    assert report["results"]["test_r_squared"] > 0.4
    answers = json.loads(chainrule_("predict", report["model"], "diabetes", "--json").out)
    assert 25 < np.mean(answers["predictions"]) < 346
    assert answers["r_squared"] > 0.4


def test_layers_are_held_and_rows_are_taken_in_order_on_request(chainrule_: Run, here: Path) -> None:
    rows = [f"{i % 7},{(3 * i) % 5},{i % 7 - i / 5}" for i in range(60)]
    (here / "rows.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    options = ["--hidden", "4", "--epochs", "2", "--test", "0", "-q", "-o", "held", "--no-shuffle", "--fixed", "1"]
    assert chainrule_("train", "rows.csv", *options, "--batch-size", "32", "--l2", "0") == Said(0, "", "")
    start = cr.Network.random([2, 4, 1], "relu", "identity", seed=0)
    expected = cr.train(start, cr.load_data("rows.csv"), epochs=2, shuffle=False, fixed=1).network
    trained = cr.load("held.safetensors")
    assert trained.parameters.flat().tobytes() == expected.parameters.flat().tobytes()
    assert trained.weights[1].tobytes() == start.weights[1].tobytes()
    report = json.loads((here / "held.json").read_text())
    assert (report["shuffle"], report["fixed"]) == (False, [1])


def test_a_hinge_trained_classifier_answers_with_texts(chainrule_: Run) -> None:
    said = chainrule_("train", "animals.csv", "--cost", "multiclass_hinge", "--epochs", "60", "-o", "farm")
    assert said.code == 0
    answered = chainrule_("predict", "farm.safetensors", "animals.csv")
    assert answered.out.split() == ["hen", "dog"] * 15
    assert answered.err == "accuracy 1.0000 on 30 rows, all of which it was trained on: expect less of new rows\n"
    assert chainrule_("explain", "farm.safetensors", "--row", "3").out.startswith("row 3 of animals.csv: kind = dog")


def test_a_trained_model_is_shown_with_its_columns_labels_and_scores(chainrule_: Run, xor: str) -> None:
    said = chainrule_("show", xor)
    for part in (
        "Network(2-4-2",
        "columns         a, b",
        "answers         y: 0, 1",
        "cross_entropy",
        "epochs          2",
    ):
        assert part in said.out
    shown = json.loads(chainrule_("show", xor, "--json").out)
    assert shown["parameters"] == 22
    assert shown["notes"]["data"] == "xor.csv"


def test_progress_goes_to_standard_error_and_results_to_standard_output(chainrule_: Run) -> None:
    said = chainrule_("train", "xor.csv", "--epochs", "20")
    assert "epoch 20/20" in said.err
    assert "epoch 20/20" not in said.out
    assert [line.split()[0] for line in said.out.splitlines()[3:]] == [
        "chosen",
        "trained",
        "train",
        "a",
        "class",
        "0",
        "1",
        "precision",
        "gradient",
        "model",
        "report",
        "next",
        "chainrule",
    ]


def test_validation_is_shown_and_kept(chainrule_: Run) -> None:
    said = chainrule_("train", "animals.csv", "--epochs", "3", "--validation", "0.2")
    assert "6 for validation" in said.out
    assert "validation cost" in said.err
    history = json.loads(Path("runs/animals.json").read_text())["history"]
    assert all({"validation_cost", "validation_score"} <= set(facts) for facts in history)


def test_a_score_of_rows_it_was_trained_on_says_so(chainrule_: Run) -> None:
    """0.99 on the training rows is no 0.99, in whatever file and order they come."""
    chainrule_("train", "iris", "--epochs", "1", "-o", "iris")
    said = chainrule_("predict", "iris.safetensors", "iris").err
    assert re.fullmatch(
        r"accuracy 0\.\d+ on 150 rows, 12\d of which it was trained on: expect less of new rows\n", said
    )
    table = cr.read_table("iris")
    lines = [",".join([*map(str, row), label]) for row, label in zip(table.inputs.tolist(), table.target)]
    header = ",".join([*table.columns, "species"])
    Path("turned.csv").write_text("\n".join([header, *lines[::-1]]) + "\n")
    assert chainrule_("predict", "iris.safetensors", "turned.csv").err == said
    Path("other.csv").write_text(f"{header}\n9,9,9,9,setosa\n")
    assert "trained" not in chainrule_("predict", "iris.safetensors", "other.csv").err
    answered = json.loads(chainrule_("predict", "iris.safetensors", "iris", "--json").out)
    assert 0.8 <= answered["share_trained_on"] <= 0.82
    assert "trained on      120 rows" in chainrule_("show", "iris.safetensors").out


def test_a_cost_that_rose_is_no_success(chainrule_: Run) -> None:
    said = chainrule_("train", "iris", "--learning-rate", "1e9", "--epochs", "3", "-o", "rose")
    assert said.code == 0
    assert re.search(
        r"warning   the cost rose from 1\.\d+ before the training to \S+; a smaller learning rate", said.out
    )
    assert json.loads(Path("rose.json").read_text())["warnings"][0].startswith("the cost rose")


def test_three_rows_are_no_test_and_their_gradient_is_checked_where_rounding_does_not_hide_it(chainrule_: Run) -> None:
    """R² of 1 and a ✓ beside ‖Δ‖/‖g‖ = 1: neither could have failed."""
    rng = np.random.default_rng(0)
    lines = [",".join(f"{value:.3f}" for value in row) for row in rng.normal(size=(3, 30))]
    Path("wide.csv").write_text("\n".join([",".join(f"c{i}" for i in range(30)), *lines]) + "\n")
    out = chainrule_(
        "train", "wide.csv", "--epochs", "400", "--learning-rate", "0.01", "--l2", "0", "--patience", "0"
    ).out
    assert re.search(
        r"R² 1\.0000, MAE \S+, RMSE \S+ on the 3 rows it was trained on, which is not a test: 3,101 parameters", out
    )
    assert "gradient  backpropagation (float64: in float32 rounding hides so small a gradient)" in out
    distance = re.search(r"‖Δ‖/‖g‖ = (\S+) .* ✓", out)
    assert distance is not None
    assert float(distance[1].replace("−", "-")) < 1e-3
    assert "warning   wide.csv has more columns than rows (29 and 3): each line is one example" in out


def test_a_gradient_that_is_zero_or_at_kinks_alone_is_not_called_right() -> None:
    dead = cr.Network([[[-1.0]], [[1.0]]], [[-1.0], [0.5]], ["relu", "identity"])
    data = cr.Dataset(np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]]))
    check = check_gradient_on(dead, data, as_cost("quadratic"))
    assert str(check).endswith("is undecided: the gradient is 0 throughout")
    assert check.to_json()["holds"] is None
    alive = check_gradient_on(dead.with_value("b/2/0", 0.4), data, as_cost("quadratic"))
    assert str(alive).endswith("✓")


@pytest.mark.parametrize("seed", [2, 4])
def test_the_gradient_of_a_network_that_has_learnt_all_it_can_is_not_called_wrong_beside_kinks(
    chainrule_: Run, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Thirty rows of zeros and ones: weights whose slope is a billionth, and units 1e−7 from their kinks."""
    monkeypatch.setattr(chainrule.cli.gradient_check, "ENTRIES", 200)
    rng = np.random.default_rng(seed)
    rows = zip(rng.integers(0, 2, size=(30, 3)), rng.normal(size=30).round(2))
    Path("own.csv").write_text("a,b,c,target\n" + "".join(f"{a},{b},{c},{t}\n" for (a, b, c), t in rows))
    out = chainrule_("train", "own.csv").out
    assert "gradient  backpropagation" in out
    assert "✗" not in out


def test_few_test_rows_and_a_network_that_only_guesses_are_told(chainrule_: Run) -> None:
    said = chainrule_("train", "iris", "--test", "0.1", "--epochs", "1", "--learning-rate", "1e-9")
    assert "warning   an accuracy on 15 rows is uncertain: 95 % interval" in said.out
    said = chainrule_("train", "diabetes", "--test", "0.05", "--epochs", "1", "--learning-rate", "1e-9")
    assert "warning   R² on 22 rows is uncertain" in said.out
    assert "warning   the network is no better on the test rows than always answering the mean" in said.out


def test_one_test_row_has_no_r_squared(chainrule_: Run) -> None:
    Path("few.csv").write_text("x,y\n1,1.5\n2,2.5\n3,3.6\n4,4.5\n5,5.6\n")
    out = chainrule_("train", "few.csv", "--test", "0.2", "--epochs", "1", "-o", "few").out
    assert "test      R² (none of one row)" in out
    Path("one.csv").write_text("x,y\n7,7.5\n")
    assert chainrule_("predict", "few.safetensors", "one.csv").err.startswith("R² (none of one row), MAE ")


def wages(folder: Path) -> None:
    """A table with a column of each kind: an index, a constant, gaps, a rare text, dates, truth values, an unknown target."""
    lines = [
        f"{i},{'' if i % 9 == 0 else i % 5},{'uv'[i % 2] if i != 70 else 'rare'},2013-0{i % 9 + 1}-01,{i % 3 == 0},1,{i % 2}"
        for i in range(80)
    ]
    (folder / "wages.csv").write_text("\n".join([",a,b,when,member,one,y", *lines, "80,1,u,2013-01-01,True,1,"]) + "\n")


def test_train_says_what_each_column_became(chainrule_: Run, here: Path) -> None:
    """An index column of pandas, learnt from in silence, tells the target of a sorted file."""
    wages(here)
    said = chainrule_("train", "wages.csv", "--epochs", "2", "--task", "classification", "-o", "wages")
    assert said.code == 0
    assert (
        "wages.csv: 80 rows of 6 columns, 2 classes of y; 16 held out for the test\n1 row without y is left out\n"
        in said.out
    )
    lines = said.out.splitlines()
    start = lines.index("became       inputs  gaps  columns")
    assert lines[start + 1].startswith("number            2 ")
    assert lines[start + 1].endswith("a: gaps become 2, and an input tells them")
    assert "truth value       1     –  member" in lines
    assert "date              4     –  when: month, weekday" in lines
    assert "dropped           –     –  '': every row has its own number: an index or" in lines
    assert "dropped           –     –  one: constant (1)" in lines
    assert "--drop, --columns and --as NAME=KIND change that" in lines
    assert max(map(len, lines[start : lines.index("", start)])) <= 80


def test_columns_are_chosen_on_the_command_line(chainrule_: Run, here: Path) -> None:
    wages(here)
    asked = ["--columns", "a,b", "--as", "a=category", "--gaps", "drop"]
    said = chainrule_("train", "wages.csv", "--epochs", "2", "-o", "asked", *asked)
    assert said.code == 0, said.err
    assert "9 rows with gaps are left out" in said.out
    assert "dropped        –     –  '', when, member, one: as asked" in said.out.splitlines()
    columns = cr.load("asked.safetensors").preprocessing.columns or ()
    assert [column.title for column in columns] == ["dropped", "category", "category", *["dropped"] * 3]
    Path("new.csv").write_text("b,a\nu,1\nv,\n")
    answers = chainrule_("predict", "asked.safetensors", "new.csv").out.split()
    assert len(answers) == 2
    assert set(answers) <= {"0", "1"}
    said = chainrule_("train", "wages.csv", "--epochs", "2", "-o", "fewer", "--drop", "", "--drop", "a,b,one")
    assert [column.title for column in cr.load("fewer.safetensors").preprocessing.columns or ()] == [
        *["dropped"] * 3, "date", "number", "dropped",
    ]  # fmt: skip


def test_values_that_training_had_not_are_counted(chainrule_: Run, here: Path) -> None:
    """One of them stopped the whole prediction, or the training where it was among the test rows."""
    wages(here)
    for seed in ("0", "1", "2", "3", "4", "5"):
        assert chainrule_("train", "wages.csv", "--epochs", "1", "--seed", seed, "-o", "wages").code == 0
    Path("new.csv").write_text("a,b,when,member\n1,zz,2013-01-01,True\n,u,,False\n")
    said = chainrule_("predict", "wages.safetensors", "new.csv")
    assert len(said.out.splitlines()) == 2
    assert (
        "warning: new.csv: the column 'b' has 1 value not seen in training (zz): taken for none of its levels"
        in said.err
    )
    assert "warning: new.csv: the column 'when' has 1 gap, and had none in training: taken for 2013-" in said.err


def test_rows_that_are_watched_are_not_scaled_by(chainrule_: Run) -> None:
    Path("powers.csv").write_text("x,y\n" + "".join(f"{2**i},{i % 2}\n" for i in range(8)))
    assert chainrule_("train", "powers.csv", "--validation", "0.5", "--epochs", "1", "-o", "powers").code == 0
    terms = cr.load("powers.safetensors").preprocessing
    assert terms is not None
    assert terms.columns is not None
    total = 4 * terms.columns[0].mean  # a sum of powers of two tells which they are
    assert total == round(total)
    assert round(total).bit_count() == 4


def test_json_is_all_there_is_on_standard_output(chainrule_: Run) -> None:
    said = chainrule_("train", "animals.csv", "--epochs", "2", "--json")
    assert said.err == ""
    report = json.loads(said.out)
    kept = json.loads(Path(report["report"]).read_text())
    del kept["checksum"]  # of the file
    assert {key: report[key] for key in kept} == kept


def test_a_default_name_overwrites_nothing(chainrule_: Run) -> None:
    for _ in range(3):
        chainrule_("train", "xor.csv", "--epochs", "1", "--quiet")
    assert sorted(path.name for path in Path("runs").iterdir()) == sorted(
        f"xor{number}.{ending}" for number in ("", "-2", "-3") for ending in ("json", "safetensors")
    )


def test_predictions_go_where_they_are_asked_for(chainrule_: Run, xor: str) -> None:
    printed = chainrule_("predict", xor, "xor.csv", "--quiet")
    assert chainrule_("predict", xor, "xor.csv", "--quiet", "-o", "answers.csv") == Said(0, "", "")
    assert Path("answers.csv").read_text() == printed.out
    assert chainrule_("predict", xor, "xor.csv", "--json", "-o", "answers.json").out == ""
    assert json.loads(Path("answers.json").read_text())["predictions"] == [int(line) for line in printed.out.split()]


def test_rows_without_a_target_are_predicted_without_a_score(chainrule_: Run, xor: str) -> None:
    Path("new.csv").write_text("b,extra,a\n1,7,0\n")
    said = chainrule_("predict", xor, "new.csv")
    assert said.err == ""
    assert said.out.strip() in ("0", "1")


def test_a_network_saved_without_labels_is_scored_by_accuracy_if_it_tells_classes_apart(chainrule_: Run) -> None:
    cr.save(cr.Network.random([2, 2], output="softmax"), "plain.safetensors")
    np.savez("plain.npz", x=np.eye(2), y=np.array([0, 1]))
    assert "accuracy" in json.loads(chainrule_("predict", "plain.safetensors", "plain.npz", "--json").out)


def test_any_notes_that_a_user_kept_can_be_shown(chainrule_: Run) -> None:
    notes = {"cost": "quadratic", "list": [1, 2, 3], "nested": {"a": {"b": 1e-9}}, "nothing": None, "empty": []}
    cr.save(cr.Network.random([2, 1]), "noted.safetensors", notes)
    assert "[1, 2, 3]" in chainrule_("show", "noted.safetensors").out
    cr.save(cr.Network.random([2, 1]), "odd.safetensors", {"cost": 7})  # a note of the user's, which names no cost
    np.savez("rows.npz", x=np.eye(2), y=np.array([[0.0], [1.0]]))
    assert "C (quadratic) = " in chainrule_("explain", "odd.safetensors", "--data", "rows.npz").out


def test_a_model_trained_in_python_is_explained_with_the_cost_it_was_trained_with(chainrule_: Run, xor: str) -> None:
    data = cr.load_data("xor.csv")
    softmax = cr.Network.random([2, 4, 2], "tanh", "softmax", seed=1)
    cr.save(cr.train(softmax, data, "squared_error", epochs=1).network, "mine.safetensors")
    for command in ("explain", "nudge", "why", "verify"):
        assert "C (squared_error)" in chainrule_(command, "mine.safetensors", "--data", "xor.csv").out, command
    listing = chainrule_("show", "mine.safetensors").out
    assert re.search(r"^cost +squared_error$", listing, re.MULTILINE)
    cr.save(cr.train(softmax, data, epochs=1).network, "natural.safetensors")
    assert "C (cross_entropy)" in chainrule_("explain", "natural.safetensors", "--data", "xor.csv").out


def test_verify_says_whether_the_methods_agree_in_its_exit_code(chainrule_: Run, xor: str) -> None:
    said = chainrule_("verify", "--methods", "delta,raw,differences")
    assert (said.code, said.err) == (0, "")
    assert "3 methods agree over 83 derivatives" in said.out
    planted = chainrule_("verify", "--plant", "transpose", "--methods", "delta,raw")
    assert (planted.code, planted.err) == (1, "")
    assert "likely cause: transpose" in planted.out
    as_json = json.loads(chainrule_("verify", "--plant", "stale_z", "--methods", "delta,raw", "--json").out)
    assert as_json["agree"] is False
    assert as_json["rows"][-1]["causes"][0]["name"] == as_json["planted"] == "stale_z"
    assert "2-4-2" in chainrule_("verify", xor, "--rows", "3", "--methods", "delta,raw").out
    assert "1 row, C (cross_entropy) = " in chainrule_("verify", xor, "--row", "2", "--methods", "delta,raw").out
    assert chainrule_("verify", "--roads", "delta,raw") == chainrule_(
        "verify", "--methods", "delta,raw"
    )  # its old name
    surveyed = chainrule_("verify", "--survey", "5", "--methods", "delta,raw")
    assert surveyed.code == 0
    assert "5 healthy networks" in surveyed.out


def test_a_figure_is_told_the_options_that_its_function_takes() -> None:
    """The table of `show` against the figures' own functions."""
    for figure in FIGURES.values():
        listed = {name for name, told in show.TOLD.items() if figure.name in told.names}
        assert listed == (set(figure.options) & set(show.TOLD) if figure.name != "unrolled" else set()), figure.name
    for name, told in show.TOLD.items():
        assert told.for_instance.split()[0] == show._flag(name)


def test_what_an_error_says_to_write_instead_works(chainrule_: Run, xor: str) -> None:
    for told in show.TOLD.values():
        said = chainrule_("show", xor, told.names[0], *told.for_instance.split(), "--table")
        assert said.code == 0, said


def test_help_of_show_groups_its_options(chainrule_: Run) -> None:
    help = chainrule_("show", "--help").out
    heads = [line for line in help.splitlines() if line.endswith(":") and not line.startswith(" ")]
    told, own, which, how = "What the figure shows:", "A network of your own:", "Which example:", "How it is written:"
    assert heads == [
        "Examples:",
        "Arguments:",
        told,
        own,
        which,
        how,
        "Options:",
        "The notations are those of five texts:",
    ]
    assert help.index("What the figure shows:") < help.index("--bias-units") < help.index("Which example:")


@pytest.mark.parametrize(
    ("line", "name", "told"),
    [("number-lines --step 0.1", "number_lines", {"step": 0.1}), ("summary --convention s1", "summary", {"convention": "s1"}),
     ("network --bias-units --edges gradient", "network", {"bias_units": True, "edges": "gradient"}),
     ("demon --low -1 --high 1", "demon", {"low": -1.0, "high": 1.0})],
)  # fmt: skip
def test_a_figure_is_printed_as_the_library_draws_it(
    chainrule_: Run, chain: cr.Network, line: str, name: str, told: dict[str, Any]
) -> None:
    example = (None,) if name == "summary" else (chain.with_cost("squared_error"), [0.6], [1.0])
    told = {"convention": "s1", **told}  # the worked example's own
    assert chainrule_("show", *line.split()).out == cr.figure(name, *example, **told).svg()
    dark = chainrule_("show", *line.split(), "--theme", "dark", "-o", "it.svg")
    assert (dark.code, dark.out) == (0, "")
    assert Path("it.svg").read_text() == cr.figure(name, *example, **told).svg("dark")


# mistakes -----------------------------------------------------------------------------------------------------------
MISTAKES = [
    # commands and options
    ("trian", "did you mean 'train'? the commands are train, predict"),
    ("--verison", "there is no option --verison of chainrule: did you mean --version?"),
    ("train --hiden 3", "did you mean --hidden?"),
    ("train --epohcs 3", "did you mean --epochs?"),
    ("predict", "chainrule predict needs MODEL, as in chainrule predict runs/digits.safetensors digits"),
    ("predict xor.safetensors", "chainrule predict needs DATA, as in chainrule predict"),
    ("show", "show takes a model's file, or the name of a figure: chainrule show MODEL"),
    ("train xor.csv digits", "chainrule train does not know what to do with 'digits'"),
    # names
    ("train diggits", "did you mean 'digits'"),
    ("train xor.csv --cost crosentropi", "did you mean 'cross_entropy'"),
    ("train xor.csv --cost mape", "known are quadratic, squared_error"),
    ("train xor.csv --activation rleu", "did you mean 'relu'"),
    ("train xor.csv --rule addam", "did you mean 'adam'"),
    ("train xor.csv --task clasification", "did you mean 'classification'"),
    ("train xor.csv --scale stndard", "did you mean 'standard'"),
    ("train animals.csv --target knd", "did you mean 'kind'"),
    ("train xor.csv --fixed first", "--fixed takes the numbers of layers, as 1 or 1,2, or none; got 'first'"),
    ("train xor.csv --fixed 3", "fixed is a layer or several, numbered 1…2"),
    ("train xor.csv --dtype float16", "networks are float32 or float64, got 'float16'"),
    # files
    ("train nofile.csv", "there is no file nofile.csv"),
    ("train folder", "folder is a folder"),
    ("train empty.csv", "empty.csv is empty"),
    ("train header.csv", "no rows"),
    ("train ragged.csv", "line 3"),
    ("train gap.csv --gaps refuse", "line 3"),
    ("train lack.csv", "no column of inputs"),
    ("train xor.safetensors", "xor.safetensors is a model, and a data set is needed"),
    ("train one.csv", "one class only"),
    ("predict xor.csv xor.safetensors", "chainrule predict xor.safetensors xor.csv"),
    ("predict xor.safetensors lack.csv", "the data lacks b and has a"),
    ("predict nofile.safetensors xor.csv", "there is no file nofile.safetensors"),
    ("predict xor.csv xor.csv", "xor.csv is a table, and no safetensors file"),
    ("predict folder xor.csv", "folder is a folder"),
    ("show xor.csv", "if it is a table of examples, chainrule train xor.csv makes a model"),
    ("show house.json", "house.json is not a network: it has no layers"),
    # figures
    ("show xor.safetensors demom", "unknown figure 'demom': did you mean 'demon'"),
    ("show demom", "there is no file demom, and unknown figure 'demom': did you mean 'demon'"),
    ("show xor.safetensors unrolled", "is of a recurrent network, which has no model file"),
    (
        "show xor.safetensors network --step 0.1",
        "--step goes with number_lines, as in chainrule show xor.safetensors "
        "number_lines --step 0.1; the figure network takes --by, --layer, --edges, --bias-units and --most",
    ),
    (
        "show demon --phase both",
        "--phase goes with unit_circuit and whole_circuit, as in chainrule show unit_circuit "
        "--phase forward; the figure demon takes --by, --low and --high",
    ),
    ("show summary --most 3", "as in chainrule show network --most 4; the figure summary takes no such option"),
    (
        "show xor.safetensors in-weight-out --rows 3",
        "--rows goes with the figures of several rows, delta_batch, activation "
        "and gradient_vector, and in_weight_out is of one: chainrule show xor.safetensors in_weight_out --row 3",
    ),
    ("show summary --row 3", "--data, --row and --rows go with a model: chainrule show MODEL summary --row 3"),
    ("show activation --rows 3", "chainrule show activation is of the worked example"),
    (
        "show xor.safetensors --step 1",
        "--step goes with a figure: chainrule show xor.safetensors number_lines --step 0.1",
    ),
    ("show xor.safetensors --rows 3", "chainrule show xor.safetensors delta_batch --rows 20"),
    ("show xor.safetensors --theme dark", "chainrule show xor.safetensors network --theme dark"),
    ("show xor.safetensors --convention s1", "chainrule show xor.safetensors network --convention 3blue1brown"),
    ("show xor.safetensors --bias-units", "chainrule show xor.safetensors network --bias-units"),
    ("show demon --table --json", "--output, --table and --json each say what becomes of the figure: give one of them"),
    ("show demon --table -o a.svg", "give one of them"),
    ("show demon --theme drak", "'drak'"),
    ("show demon -o folder", "it is a folder; name a file in it, as in folder/demon.svg"),
    ("show demon --output=", "name a file in it, as in demon.svg"),
    ("show demon -o x.gif", "a figure is written into a file that ends in .svg, .png, .pdf, as x.svg"),
    ("show demon -o x", "ends in .svg, .png, .pdf, as x.svg"),
    ("show --open", "show takes a model's file"),
    ("explain --json --format latex", "--format and --json each say how it is written: give one of them"),
    ("quiz --write new.quiz --answers a", "--write writes the questions and asks none: leave out --answers"),
    ("predict xor.safetensors xor.csv -o folder", "as in folder/answers.csv"),
    ("show nosuch.safetensors demon", "there is no file nosuch.safetensors"),
    # numbers
    ("train xor.csv --hidden -5", "as 128 or 64,32, or none; got '-5'"),
    ("train xor.csv --hidden abc", "got 'abc'"),
    ("train xor.csv --hidden 64;32", "got '64;32'"),
    ("train xor.csv --hidden 64,", "got '64,'"),
    ("train xor.csv --hidden=", "got ''"),
    ("train xor.csv --learning-rate 0", "learning_rate is a finite number above 0, as 0.01, got 0.0"),
    ("train xor.csv --learning-rate -1", "got -1.0"),
    ("train xor.csv --learning-rate nan", "got nan"),
    ("train xor.csv --learning-rate 0,1", "--learning-rate"),
    ("train xor.csv --epochs 0", "epochs is a whole number ≥ 1, got 0"),
    ("train xor.csv --epochs 1.5", "--epochs"),
    ("train xor.csv --batch-size 0", "batch_size is a whole number ≥ 1, got 0"),
    ("train xor.csv --seed -1", "--seed is a whole number ≥ 0, got -1"),
    ("train xor.csv --test 1", "--test: a split takes a share of the rows between 0 and 1"),
    ("train xor.csv --test 20", "--test: a split"),
    ("train xor.csv --test nan", "--test: a split"),
    ("train xor.csv --test 0.01", "one side would be empty"),
    ("train xor.csv --validation 0.99", "--validation: 4 rows cannot be split"),
    ("train xor.csv --validation -1", "--validation: a split"),
    # columns
    ("train animals.csv --drop nosuch", "unknown column 'nosuch'"),
    ("train animals.csv --columns nosuch", "unknown column 'nosuch'"),
    ("train animals.csv --as nosuch=drop", "unknown column 'nosuch'"),
    ("train animals.csv --as category", "--as takes a column and what it becomes, as --as category=category"),
    ("train animals.csv --gaps imput", "did you mean 'impute'"),
    # what does not go together
    ("train diabetes --cost cross_entropy", "'progression' looks like a number, with 214 different values"),
    ("train diabetes --task regression --cost multiclass_hinge", "needs classes"),
    ("train animals.csv --task regression", "holds texts"),
    ("explain xor.safetensors --convention s3", "convention cs231n applies no activation on the last layer"),
    ("explain xor.safetensors --cost binary_cross_entropy", "needs an output of sigmoid or identity"),
    ("explain --data xor.csv", "--data and --row go with a model"),
    ("explain --row 2", "--data and --row go with a model"),
    # ids
    ("explain --by w/9/0/0", "there is no layer 9"),
    ("explain --by w/2/0", "'w/2/0' is not an id"),
    ("explain --by w/2/5/5", "layer 2"),
    ("explain --by nonsense", "'nonsense' is not an id"),
    ("explain --by=", "'' is not an id"),
    ("explain --by d/2/0", "δ is ∂C/∂z"),
    ("explain w/2/0/0", "chainrule explain --by w/2/0/0"),
    ("explain --form dleta", "did you mean 'delta'"),
    ("explain --convention s9", "unknown convention 's9'"),
    ("explain --of a", "is not an id"),
    ("explain --by w/9/0/0", "there is no layer 9, this network (1-1-1-1) has the layers 1…3"),
    ("explain --of w/1/0/0", "a derivative is taken of the cost C, z/l/j, a/l/j"),
    ("nudge --by=", "'' is not an id"),
    ("nudge --of=", "'' is not an id"),
    ("nudge --by d/1/0", "move z/1/0 instead"),
    ("nudge --by w/9/0/0", "there is no layer 9"),
    ("nudge over.safetensors --data x.npz", "take smaller weights or inputs"),
    ("explain over.safetensors --data x.npz", "layer 2 overflows on this example"),
    ("explain xor.safetensors --data nan.csv --row 1", "nan.csv, line 3: the column 'b' is inf"),
    ("why --by z/1/0", "what learns is a weight (w/l/j/k) or a bias (b/l/j)"),
    ("why --by w/9/0/0", "there is no layer 9"),
    ("why xor.safetensors --row 9", "--row 9: xor.csv has the rows 0…3"),
    ("explain xor.safetensors --row 4", "--row 4: xor.csv has the rows 0…3"),
    ("explain xor.safetensors --row -1", "--row -1"),
    # verify
    ("verify --plant transposed", "did you mean 'transpose'"),
    ("verify --methods delta", "a comparison takes two methods, got delta; there are delta, raw"),
    ("verify --methods delta,dleta", "did you mean 'delta'"),
    ("verify --methods=", "unknown method ''"),
    ("verify --survey 0", "a survey takes at least one network, got 0"),
    ("verify --survey 3 --plant transpose", "--survey draws its own networks"),
    ("verify --survey 3 --methods raw", "a comparison takes two methods, got raw"),
    ("verify --seed -1", "--seed is a whole number ≥ 0, got -1"),
    ("verify --rows 3", "--data, --row and --rows go with a model"),
    ("verify --cost crosentropi", "did you mean 'cross_entropy'"),
    ("verify nofile.safetensors", "there is no file nofile.safetensors"),
    ("verify xor.csv", "if it is a table of examples, chainrule train xor.csv makes a model"),
    ("verify xor.safetensors --row 4", "--row 4: xor.csv has the rows 0…3"),
    ("verify xor.safetensors --rows 0", "--rows is a whole number ≥ 1, got 0"),
    ("verify xor.safetensors --data lack.csv", "lack.csv has no column 'y', the target of xor.safetensors"),
    ("verify xor.safetensors --cost binary_cross_entropy", "needs an output of sigmoid or identity"),
    ("verify xor.safetensors --plant last_example_only --row 0", "cannot show here: one example alone"),
    # where the output goes
    ("train xor.csv -o missing/x.safetensors", "missing; make it first"),
    ("train xor.csv -o folder", "folder: it is a folder"),
    ("train xor.csv -o xor.csv", "ends in .safetensors, as xor.safetensors"),
    ("train xor.csv -o house.json", "ends in .safetensors"),
    ("train xor.csv -o house", "the report would replace house.json"),
    ("train xor.csv -o linked", "linked.safetensors is the data itself, which would be lost"),
    ("train xor.csv -o other", "the model would replace other.safetensors, which is not a model; choose another name"),
    ("train xor.csv -o both", "both.safetensors and both.json are one file, by a link"),
    ("train xor.csv -o /proc/self/fd/1", "cannot write /proc/self/fd/1: it is"),
    ("train xor.csv -o /dev/stdout", "cannot write /dev/stdout: it is"),
    ("predict xor.safetensors xor.csv -o /dev/stdout", "cannot write /dev/stdout: it is"),
    ("predict xor.safetensors xor.csv -o over.safetensors", "is a model, which would be lost: name another file"),
    ("predict xor.safetensors xor.csv -o model", "--output model is a model, which would be lost"),
    ("predict xor.safetensors xor.csv -o xor.json", "is the report of a training, which would be lost"),
    (
        "predict xor.safetensors xor.csv -o x.npz",
        "x.npz is not a text file and would be lost: name another file, as answers.csv",
    ),
    ("predict xor.safetensors xor.csv -o hard.csv", "--output hard.csv is the data itself"),
    ("predict xor.safetensors xor.csv -o soft.csv", "--output soft.csv is the data itself"),
    ("show model demon -o m.svg", "--output m.svg is the model itself"),
    (
        "show xor.safetensors demon -o m.svg",
        "--output m.svg is a model, which would be lost: name another file, as demon.svg",
    ),
    ("show xor.safetensors demon -o d.svg", "--output d.svg is the data itself"),
    ("quiz xor.safetensors --write xor.safetensors", "--write xor.safetensors is the model itself"),
    ("quiz xor.safetensors --write xor.csv", "--write xor.csv is the data itself"),
    ("quiz xor.safetensors --data two.csv --write two.csv", "--write two.csv is the data itself"),
    ("quiz one.quiz --write one.quiz", "--write one.quiz is the quiz itself"),
    ("quiz one.quiz --write same.quiz", "--write same.quiz is the quiz itself"),
    ("quiz --write xor.safetensors", "--write xor.safetensors is a model, which would be lost"),
    ("quiz --write new.csv", "--write new.csv: the name of a quiz ends in .quiz, .md, .markdown, .txt, as new.quiz"),
    ("predict xor.safetensors xor.csv -o xor.csv", "is the data itself, which would be lost"),
    ("predict xor.safetensors xor.csv -o ./xor.safetensors", "is the model itself, which would be lost"),
    ("predict xor.safetensors xor.csv -o missing/a.csv", "missing; make it first"),
]


LONG, DIGITS = "a" * 100_000, "1" * 5000  # Python makes no number of more than 4,300 digits


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([LONG], f"there is no command '{'a' * 59}…'"),
        ([f"--{LONG}"], f"there is no option --{'a' * 57}…"),
        (["train", "xor.csv", "--epochs", LONG], f"--epochs 3; got '{'a' * 59}…'"),
        (["train", "xor.csv", f"--epochs={DIGITS}"], f"--epochs 3; got '{'1' * 59}…'"),
        (["train", "xor.csv", f"--learning-rate={LONG}"], f"--learning-rate 0.1; got '{'a' * 59}…'"),
        (["train", "xor.csv", "--hidden", DIGITS], f"or none; got '{'1' * 59}…'"),
        (["train", "xor.csv", "--hidden", "²"], "or none; got '²'"),
        (["train", "xor.csv", "--target", LONG], f"unknown target column '{'a' * 59}…'"),
        (["train", "xor.csv", "--dtype", "1_0"], "networks are float32 or float64, got '1_0'"),
        (["train", LONG], f"cannot read {'a' * 59}…: File name too long"),
        (["show", LONG], f"cannot read or write {'a' * 59}…: File name too long"),
        (["quiz", LONG], f"cannot read or write {'a' * 59}…: File name too long"),
        (["show", LONG, "demon"], f"cannot read {'a' * 59}…: File name too long"),
        (["quiz", "--answers", "a", "--kind", LONG], f"unknown kind of question '{'a' * 59}…'"),
        (["explain", "--by", f"w/{DIGITS}/0/0"], f"'w/{'1' * 57}…' is not an id"),
        (["explain", "--by", f"w/0{DIGITS}/0/0"], f"'w/0{'1' * 56}…' is not an id"),
        (["explain", "--form", LONG], f"unknown form '{'a' * 59}…'"),
        (["nudge", "--steps", LONG], f"got '{'a' * 59}…'"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_an_error_shows_the_beginning_of_a_long_value(chainrule_: Run, arguments: list[str], message: str) -> None:
    said = chainrule_(*arguments)
    assert said.code == 2
    assert message in said.err
    assert len(said.err) < 1000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_no_model_and_no_quiz(chainrule_: Run) -> None:
    """To open one waits for a writer, who may never come."""
    for name, needed in (("pipe.safetensors", "a model's file"), ("pipe.quiz", "a quiz in a file")):
        os.mkfifo(name)
        assert chainrule_("quiz", name).err == f"error: {name} is a pipe or a device, and {needed} is needed\n"


def test_standard_input_that_cannot_be_read_is_an_error_of_reading(
    chainrule_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> str:
        raise IsADirectoryError(errno.EISDIR, "Is a directory")

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(readline=fail, isatty=lambda: False))
    assert chainrule_("quiz").err == "error: cannot read standard input: Is a directory\n"


def test_a_quiz_nested_deeper_than_can_be_shown_is_shown_as_it_is_written(chainrule_: Run) -> None:
    for nested in ("{" * 400 + "x" + "}" * 400, r"\frac" * 400 + "12", r"\frac{" * 400, "^" * 400):
        Path("deep.quiz").write_text(f"??\nWhat is ${nested}$?\n\\c: $x$\n\\w: no\n??\n")
        said = chainrule_("quiz", "deep.quiz", "--answers", f"${nested}$;a")
        assert (said.code, said.err) == (0, "")
        assert f"What is ${nested}$?" in said.out


def test_notes_nested_too_deeply_to_be_shown_are_one_error(chainrule_: Run) -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    cr.save(cr.Network([[[1.0]]]), "deep.safetensors", {"deep": deep})
    for options in ((), ("--json",)):
        said = chainrule_("show", "deep.safetensors", *options)
        assert "Traceback" not in said.err
        assert said.code == 0 or said.err == "error: what is given is nested too deeply\n"


@pytest.mark.parametrize(("line", "fragment"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_gets_one_clear_error_and_changes_nothing(
    line: str, fragment: str, chainrule_: Run, xor: str, here: Path
) -> None:
    before = files(here)
    said = chainrule_(*line.split(" "))
    assert said.code == 2, said
    assert fragment in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert said.err.startswith("error: "), said.err
    assert said.err.count("\n") == 1, said.err
    assert files(here) == before
    assert not Path("runs").exists()


def test_what_looks_like_a_mistake_and_is_none_works(chainrule_: Run) -> None:
    for line in ("two.csv --batch-size 100000", "two.csv --hidden 0", "two.csv --test 0", "animals.csv --test 0.5"):
        assert chainrule_("train", *line.split(), "--epochs", "1", "--quiet") == Said(0, "", "")
    said = chainrule_("train", "diabetes", "--cost", "cross_entropy", "--task", "classification", "--epochs", "1")
    assert "214 classes" in said.out


def test_a_model_moved_away_from_its_data_asks_for_the_data(chainrule_: Run, xor: str) -> None:
    Path("xor.csv").rename("moved.csv")
    assert "trained on xor.csv, which is not to be found here: name it with --data" in chainrule_("explain", xor).err
    assert chainrule_("explain", xor, "--data", "moved.csv").code == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only to the administrator")
def test_a_read_only_folder_is_noticed_before_training(chainrule_: Run, here: Path) -> None:
    here.chmod(0o555)
    try:
        said = chainrule_("train", "xor.csv")
    finally:
        here.chmod(0o755)
    assert said.code == 2
    assert "name a file elsewhere with --output" in said.err


@pytest.mark.parametrize("how", [[], ["--json"], ["--quiet"]])
def test_a_diverging_run_names_layer_and_step_and_leaves_the_last_good_network(chainrule_: Run, how: list[str]) -> None:
    said = chainrule_("train", "diabetes", "--rule", "delta_rule", "--learning-rate", "1e6", "--batch-size", "32", *how)
    assert said.code == 2
    assert "error: training diverged at step 3 (epoch 1): z of layer 2 became NaN or infinite" in said.err
    assert said.err.rstrip().endswith("is kept in runs/diabetes-last-good.safetensors")
    assert bool(said.out) == (not how)
    good = cr.load("runs/diabetes-last-good.safetensors")
    assert good.parameters.is_finite()
    assert load_notes("runs/diabetes-last-good.safetensors")["data"] == "diabetes"
    report = json.loads(Path("runs/diabetes-last-good.json").read_text(), parse_constant=pytest.fail)
    assert report["ended"] == "diverged at step 3 (epoch 1)"


def test_memory_that_is_not_there_is_an_error_too(chainrule_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(cr.Network, "random", none_left)
    assert chainrule_("train", "xor.csv").err.startswith("error: not enough memory")


# Ctrl-C -------------------------------------------------------------------------------------------------------------
class Interrupted:
    """Presses Ctrl-C in this process while epoch `at` is being shown, and again when `again` is called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, during: str) -> None:
        shown, kept = chainrule.progress._of_epoch, chainrule.cli.train.keep

        def of_epoch(epoch: cr.Epoch) -> dict[str, str]:
            if epoch.number == at:
                signal.raise_signal(signal.SIGINT)
            return shown(epoch)

        def keep(*arguments: Any) -> Any:
            signal.raise_signal(signal.SIGINT)
            return kept(*arguments)

        if at:
            monkeypatch.setattr(chainrule.progress, "_of_epoch", of_epoch)
        if during == "saving":
            monkeypatch.setattr(chainrule.cli.train, "keep", keep)


@pytest.mark.parametrize("during", ["", "saving"])
def test_ctrl_c_saves_what_was_learnt_and_a_second_one_cannot_lose_it(
    chainrule_: Run, monkeypatch: pytest.MonkeyPatch, during: str
) -> None:
    Interrupted(monkeypatch, 3, during)
    said = chainrule_("train", "xor.csv", "--epochs", "5")
    assert said.code == 130
    assert "stopped by Ctrl-C after 3 of 5 epochs: runs/xor.safetensors is what was learnt" in said.err
    assert "Traceback" not in said.err
    three = chainrule_("train", "xor.csv", "--epochs", "3", "-o", "three", "-q")
    assert three.code == 0
    one, other = cr.load("runs/xor.safetensors"), cr.load("three.safetensors")
    assert one.parameters.flat().tobytes() == other.parameters.flat().tobytes()
    assert json.loads(Path("runs/xor.json").read_text())["ended"] == "stopped early"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_while_a_finished_run_is_saved_loses_nothing(chainrule_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Interrupted(monkeypatch, 0, "saving")
    assert chainrule_("train", "xor.csv", "--epochs", "2").code == 0
    assert cr.load("runs/xor.safetensors").parameters.is_finite()


def test_ctrl_c_before_the_first_epoch_is_finished_saves_nothing(
    chainrule_: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chainrule.training, "epoch_order", lambda *arguments: signal.raise_signal(signal.SIGINT))
    before = files(here)
    said = chainrule_("train", "xor.csv")
    assert said.code == 130
    assert said.err == "stopped before the first epoch was finished: nothing was saved\n"
    assert files(here) == before


def test_ctrl_c_in_another_command_is_silent(chainrule_: Run, xor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chainrule.cli.predict, "load", lambda path: signal.raise_signal(signal.SIGINT))
    assert chainrule_("predict", xor, "xor.csv") == Said(130, "", "")


def started(*arguments: str, **settings: Any) -> subprocess.Popen[str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **settings}
    return subprocess.Popen([*COMMAND, *arguments], **pipes)


PRESSED = """
import os, runpy, signal, sys
module = sys.argv.pop(1)
class Pressed:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Pressed())
runpy.run_module("chainrule", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("module", "line"),
    crossed(
        ["chainrule.cli.main", "typer", "numpy", "numpy.random.mtrand", "jaxtyping", "chainrule.ids"],
        ["", "explain", "show demon", "--help"],
    ),
)
def test_ctrl_c_while_the_command_starts_is_silent(here: Path, module: str, line: str) -> None:
    """Pressed at the moment in which that module is about to be imported; of what is not imported nothing is seen."""
    done = subprocess.run(
        [sys.executable, "-c", PRESSED, module, *line.split()], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    ended = line != "--help" or module in ("chainrule.cli.main", "typer")  # help needs no mathematics
    assert (done.returncode, done.stdout == "") == ((130, True) if ended else (0, False))


def test_the_installed_command_settles_ctrl_c_before_it_imports_anything() -> None:
    """What the script of the command imports: the entry point, without the command behind it."""
    script = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]["scripts"]
    assert script == {"chainrule": "chainrule.__main__:main"}
    code = "import sys, chainrule.__main__ as m; print(callable(m.main), *(name in sys.modules for name in ('typer', 'numpy')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False False\n"


@pytest.mark.parametrize("line", ["--version", "--help", "trian"])
def test_what_needs_no_mathematics_imports_none(line: str) -> None:
    code = (
        "import runpy, sys; sys.argv = ['chainrule', *sys.argv[1:]]\ntry: runpy.run_module('chainrule', run_name='__main__')\n"
        "except SystemExit: pass\nprint([name for name in ('numpy', 'jaxtyping', 'rich.progress') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, line], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize("times", [1, 3])
def test_a_real_ctrl_c_in_the_middle_saves(here: Path, times: int) -> None:
    with started("train", "xor.csv", "--epochs", "1000000", "--patience", "0", "--engine", "reference") as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("epoch 1/")
        for _ in range(times):
            process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "runs/xor.safetensors is what was learnt" in err
    assert "Traceback" not in err
    assert cr.load("runs/xor.safetensors").parameters.is_finite()


def test_a_run_that_is_killed_leaves_no_model_rather_than_half_of_one(here: Path) -> None:
    before = files(here)
    with started("train", "xor.csv", "--epochs", "1000000", "--patience", "0", "--engine", "reference") as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.kill()
        process.communicate()
    assert files(here) == before


# terminals and pipes ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_no_encoding_of_the_terminal_stops_a_result(here: Path, encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    derived = subprocess.run([*COMMAND, "explain"], capture_output=True, env=environment, check=True)
    assert derived.stderr == b""
    first, second = derived.stdout.decode(encoding).splitlines()[:2]
    assert first.startswith("the chain x → ●" if encoding == "utf-8" else "the chain x -> o")
    assert second.startswith("∂C/∂w⁽²⁾ = a⁽¹⁾" if encoding == "utf-8" else "dC/dw^(2) = a^(1)")
    as_json = subprocess.run([*COMMAND, "explain", "--json"], capture_output=True, env=environment, check=True)
    assert json.loads(as_json.stdout.decode(encoding))["text"].startswith("∂C/∂w⁽²⁾ = a⁽¹⁾")


def test_a_reader_who_leaves_early_is_no_error(here: Path, chainrule_: Run, xor: str) -> None:
    (here / "many.csv").write_text("a,b\n" + "1,0\n" * 100_000)
    with started("predict", xor, "many.csv") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().strip() in ("0", "1")
        process.stdout.close()
        assert process.stderr.read() == ""


EVIL = "\x1b[31mred\x1bctitle\x07\r\x08\x7f\x9b2J\u202e"


def harmless(text: str) -> bool:
    """True of a text that a terminal shows and does not obey: line ends and tabs are its only control characters."""
    return not any(unicodedata.category(c) in ("Cc", "Cf") for c in text if c not in "\t\n")


@pytest.fixture
def evil(chainrule_: Run, here: Path) -> str:
    """A model of columns, labels and notes with control characters in them."""
    rows = "".join(f'{i},"hen{EVIL}"\n{i + 9},dog\n' for i in range(5))
    (here / "evil.csv").write_text(f'"legs{EVIL}","kind{EVIL}"\n{rows}', newline="")
    assert (
        chainrule_(
            "train", "evil.csv", *["--epochs", "40", "--learning-rate", "0.05", "--test", "0", "-o", "evil"]
        ).code
        == 0
    )
    network = cr.load("evil.safetensors")
    cr.save(network, "evil.safetensors", {**load_notes("evil.safetensors"), "by": f"one{EVIL}\ntwo"})
    return "evil.safetensors"


@pytest.mark.parametrize(
    ("line", "shows"),
    [
        ("show MODEL", "hen␛[31mred␛ctitle␇␍␈␡\\x9b2J\\u202e"),
        ("show MODEL", "one␛[31mred␛ctitle␇␍␈␡\\x9b2J\\u202e␊two"),
        ("explain MODEL --by w/1/0/0", "kind␛[31mred"),
        ("why MODEL --row 1", "kind␛[31mred"),
        ("predict MODEL evil.csv", "hen␛[31mred"),
        ("predict MODEL xor.csv", "the data lacks legs␛[31m"),
        ("predict MODEL no\x1b[31mfile\n.csv", "no␛[31mfile␊.csv"),
        ("explain --by w\x1b[31m", "w\\x1b[31m"),
        ("explain --b\x1b[31my", "there is no option --b␛[31my of chainrule explain: chainrule explain --help lists"),
        ("quiz evil.quiz --answers=\x1b[31m;a", "One␛[31mred"),
        ("quiz evil.quiz --answers=\x1b[31m;a", "> ␛[31m"),
        ("quiz wrong.quiz", "unknown tag '\\wrng:'"),
    ],
)
def test_control_characters_of_a_file_are_shown_and_not_obeyed(
    chainrule_: Run, evil: str, line: str, shows: str
) -> None:
    Path("evil.quiz").write_text(f"Text{EVIL}\n??\nOne{EVIL}?\n\\c: yes{EVIL}\n\\w: no\n??\n")
    Path("wrong.quiz").write_text(f"??\nOne{EVIL}?\n\\wrng: yes{EVIL}\n??\n")
    said = chainrule_(*line.replace("MODEL", evil).split(" "))
    assert harmless(said.out), repr(said.out)
    assert harmless(said.err), repr(said.err)
    assert shows in said.out + said.err
    assert said.err.count("\n") == 1 if said.err.startswith("error: ") else True


def test_json_keeps_control_characters_as_json_does(chainrule_: Run, evil: str) -> None:
    said = chainrule_("show", evil, "--json")
    assert harmless(said.out), repr(said.out)
    assert f"hen{EVIL}" in json.loads(said.out)["preprocessing"]["labels"]
    told = json.loads(chainrule_("predict", evil, "evil.csv", "--json").out)
    assert set(told["predictions"]) == {f"hen{EVIL}", "dog"}


@pytest.mark.parametrize("line", ["", "explain", "nudge --json", "quiz --answers ?;?", "show number_lines"])
def test_a_reader_who_is_not_there_is_no_error(here: Path, line: str) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with started(*line.split(), stdin=subprocess.DEVNULL, stdout=theirs) as process:
        os.close(theirs)
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 1


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="a pseudo-terminal is a Unix thing")
@pytest.mark.parametrize(
    ("ends", "code", "last"),
    [
        ("^C", 130, "\nscore 0 of 600: 0 of 6 questions right in 0 tries\n"),
        ("^D", 0, "score 100 of 600: 1 of 6 questions"),
    ],
)
def test_ctrl_c_and_the_end_of_input_leave_a_quiz_at_a_terminal(here: Path, ends: str, code: int, last: str) -> None:
    ours, theirs = os.openpty()
    with started("quiz", "--kind", "six", stdin=theirs) as process:
        assert process.stdout is not None
        while "entries" not in process.stdout.readline():
            pass
        if ends == "^D":
            os.write(ours, b"b\n\x04")
        while (
            ends == "^C" and process.poll() is None
        ):  # one that comes just before Python begins to read waits for its end
            process.send_signal(signal.SIGINT)
            time.sleep(1)
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == code
    assert last in out
    assert err.replace("> ", "") == ""


def test_a_nudge_of_what_does_not_depend_says_why(chainrule_: Run) -> None:
    said = chainrule_("nudge", "--by", "w/3/0/0", "--of", "a/1/0")
    assert said.out.endswith("a/1/0 does not depend on w/3/0/0, which comes after it: nothing leads back\n")
    assert "depend" not in chainrule_("nudge", "--by", "w/1/0/0", "--of", "a/1/0").out
    assert "depend" not in chainrule_("nudge", "--demon", "good", "--layer", "2").out
    assert "a⁽¹⁾ does not depend on w⁽³⁾" in chainrule_("explain", "--by", "w/3/0/0", "--of", "a/1/0").out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_behind_standard_output_is_one_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot write the output")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a Unix thing")
@pytest.mark.parametrize("settings", [{}, {"NO_COLOR": "1", "COLUMNS": "20"}, {"TERM": "dumb"}])
def test_a_terminal_shows_progress_whatever_it_is(here: Path, settings: dict[str, str]) -> None:
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", **settings}
    with started("train", "xor.csv", "--epochs", "3", stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
    os.close(ours)
    assert process.returncode == 0
    assert b"epoch" in seen
    assert b"Traceback" not in seen


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side has closed
        return b""


def test_the_command_starts_without_what_it_does_not_need() -> None:
    code = (
        "import sys, chainrule.cli.main; "
        "print([name for name in ('sklearn', 'scipy', 'pandas', 'matplotlib', 'torch') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_rows_without_a_target_are_passed_over_where_rows_are_drawn_and_named_where_one_is_asked_for(
    chainrule_: Run, here: Path
) -> None:
    wages(here)
    assert chainrule_("train", "wages.csv", "--epochs", "1", "-o", "wages").code == 0
    said = chainrule_("explain", "wages.safetensors", "--row", "80")
    assert said.err == "error: row 80 of wages.csv has no y, and a cost needs one: take another row\n"
    assert chainrule_("why", "wages.safetensors", "--by", "w/1/0/0").code == 0
    assert chainrule_("verify", "wages.safetensors", "--row", "78", "--rows", "3").code == 0


def test_show_tells_what_each_column_became(chainrule_: Run, here: Path) -> None:
    wages(here)
    said = json.loads(chainrule_("train", "wages.csv", "--epochs", "1", "-o", "wages", "--json").out)
    assert said["left_out"] == ["1 row without y is left out"]
    assert [column["became"] for column in said["columns"]] == [
        *("dropped", "number", "category", "date", "number", "dropped"),
    ]
    assert "truth value       1     –  member" in chainrule_("show", "wages.safetensors").out


def test_a_share_that_is_estimated_from_a_few_rows_is_no_figure() -> None:
    sketch = TrainedRows(262_144, np.zeros(MOST, dtype=np.uint64))
    assert _of_which(sketch, 0.62, 2_000).startswith(", some of which")
    assert _of_which(sketch, 1.0, 2_000).startswith(", some of which")
    assert _of_which(sketch, 0.8, 300_000).startswith(", about 80% of which")
    assert _of_which(sketch, 0.0, 300_000) == _of_which(None, 0.0, 5) == ""


@cache
def in_utf8(*arguments: str) -> bytes:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, env=environment, check=True).stdout


DOCUMENTS = (["show", "path_sum"], ["explain", "--format", "html"], ["explain", "--format", "latex"])


@pytest.mark.parametrize(
    ("arguments", "encoding"), crossed(DOCUMENTS, ["ascii", "latin-1", "cp1252", "utf-16"], each=1)
)
def test_documents_are_utf8_whatever_the_encoding_of_the_output(arguments: list[str], encoding: str) -> None:
    """An SVG with \\u2192 for an arrow, or with bytes of cp1252, is not an SVG."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    printed = subprocess.run([*COMMAND, *arguments], capture_output=True, env=environment, check=True).stdout
    assert printed == in_utf8(*arguments)
    assert "∂" in printed.decode("utf-8") or "\\partial" in printed.decode("utf-8")
