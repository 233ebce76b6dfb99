"""What `chainrule train` says: its columns, how far it is, its cost as a curve, which classes it confuses; and `predict`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command import Run

import chainrule as cr
import chainrule.cli.gradient_check
import chainrule.cli.main
from chainrule import progress
from chainrule.aligned import laid_out
from chainrule.confusions import Confusions
from chainrule.durations import written
from chainrule.progress import Pace
from chainrule.run import Epoch


def test_the_header_says_what_plain_columns_became(chainrule_: Run) -> None:
    _, out, err = chainrule_("train", "iris", "--epochs", "1")
    assert "\ncolumns   4 numbers, each scaled to mean 0 and deviation 1: sepal length, sepal width," in out, err
    _, out, err = chainrule_("train", "iris", "--epochs", "1", "--scale", "none")
    assert "\ncolumns   4 numbers: sepal length" in out, err
    _, out, err = chainrule_("train", "digits", "--epochs", "1")
    assert ": pixel 0, pixel 1, pixel 2 … pixel 63\n" in out, err


@pytest.mark.parametrize(
    ("values", "options", "says"),
    [("2468", (), 1), ("2468", ("--task", "classification"), 0), ("2468", ("--cost", "cross_entropy"), 0), ("0101", (), 0),
     ("1212", (), 0),
     ("3553", (), 1), ("3553", ("--task", "classification"), 0),
     ("abab", (), 0)],
)  # fmt: skip
def test_few_whole_numbers_that_were_taken_as_classes_are_said_so_once(
    chainrule_: Run, values: str, options: tuple[str, ...], says: int
) -> None:
    Path("d.csv").write_text("x,y\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values)))
    _, out, err = chainrule_("train", "d.csv", "--epochs", "1", "--hidden", "none", *options)
    hint = (
        "y holds whole numbers with few different values, which were taken as classes; --task regression learns them as"
    )
    assert out.count(hint) == out.count("--task") == says, err


def test_commands_to_go_on_with_are_not_broken_on_a_narrow_terminal(
    chainrule_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.cli.output.width", lambda stream: 40)
    name = "a-model-with-a-very-long-name-of-its-own.safetensors"
    _, out, err = chainrule_("train", "iris", "--epochs", "1", "--hidden", "none", "-o", name)
    assert f"\nnext      chainrule explain {name}\n          chainrule show {name} curve\n" in out, err


def test_each_layer_may_have_its_own_first_weights_and_biases(chainrule_: Run) -> None:
    how = ("iris", "--epochs", "1", "--hidden", "3", "-q", "-o", "own", "--learning-rate", "1e-30")
    assert chainrule_("train", *how, "--init", "orthogonal, zeros", "--bias", "layer, none")[0] == 0
    net = cr.load("own.safetensors")
    assert [b.size for b in net.biases] == [1, 0]
    assert net.weights[1] @ net.weights[1].T == pytest.approx(np.eye(3), abs=1e-6)
    assert not np.any(np.abs(net.weights[2]) > 1e-20)
    for option, wrong, said in (
        (
            "--init",
            "he,he,he",
            "--init names 3 ('he,he,he'), and the network has 2 layers: name one for all, or one for each",
        ),
        ("--init", "hee", "unknown init 'hee': did you mean 'he'? known are "),
        ("--bias", "layers", "unknown bias 'layers': did you mean 'layer'? known are layer, neuron, none"),
    ):
        code, _, err = chainrule_("train", *how, option, wrong)
        assert code == 2
        assert said in err


def test_each_hidden_layer_may_have_its_own_activation(chainrule_: Run) -> None:
    _, out, err = chainrule_("train", "iris", "--epochs", "1", "--hidden", "3,2", "--activation", "tanh, relu")
    assert "Network(4-3-2-3, tanh → relu → softmax" in out, err
    code, _, err = chainrule_("train", "iris", "--activation", "tanh,relu")
    assert (code, err) == (
        2,
        "error: --activation names 2 ('tanh,relu'), and --hidden has 1 layer: name one for all, or one for each\n",
    )


def test_the_cost_is_a_curve_and_its_lowest_epoch_is_told(chainrule_: Run) -> None:
    _, out, err = chainrule_("train", "iris", "--epochs", "12", "--validation", "0.2", "--learning-rate", "0.2")
    history = json.loads(Path("runs/iris.json").read_text())["history"]
    found = re.search(r"^trained   12 epochs in .* s, cost (\S+) ([▁-█]{12}) (\S+?)(,|$)", out, re.MULTILINE)
    assert found is not None, out + err
    assert found.group(1) == f"{history[0]['cost']:.4f}"
    watched = [facts["validation_cost"] for facts in history]
    assert "validated 24 rows, cost " in out
    lowest = int(np.argmin(watched))
    if lowest < 11:
        assert f"lowest {watched[lowest]:.4f} in epoch {lowest + 1}" in out


def test_the_last_line_says_how_to_see_more(chainrule_: Run) -> None:
    _, out, _ = chainrule_("train", "iris", "--epochs", "1", "-o", "m")
    assert out.endswith("\nnext      chainrule explain m.safetensors\n          chainrule show m.safetensors curve\n")


def test_after_a_run_with_a_record_the_explorer_is_named_too(chainrule_: Run) -> None:
    _, out, _ = chainrule_("train", "iris", "--epochs", "1", "--record", "2", "-o", "m")
    assert out.endswith(
        "          chainrule show m.safetensors curve\n          chainrule explore m.safetensors --open\n"
    )


def test_classes_have_a_confusion_matrix_with_precision_and_recall(chainrule_: Run) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    _, out, err = chainrule_("train", "iris", "--epochs", "12", "--test", "0")
    table = cr.read_table("iris")
    given = cr.predict(cr.load("runs/iris.safetensors"), table)
    counts = metrics.confusion_matrix(table.target, given)
    lines = out.splitlines()
    start = lines.index("a row for each class of the data, a column for each answer of the network") + 1
    assert lines[start].split() == ["class", "setosa", "versicolor", "virginica", "recall"], err
    for row, (label, expected) in enumerate(zip(("setosa", "versicolor", "virginica"), counts.tolist())):
        recall = f"{expected[row] / sum(expected):.2f}"
        assert lines[start + 1 + row].split() == [label, *(str(n) if n else "·" for n in expected), recall]
    kept = json.loads(Path("runs/iris.json").read_text())["results"]["train_classes"]
    assert kept["confusion"] == counts.tolist()
    assert [each["rows"] for each in kept["classes"]] == [50, 50, 50]


def test_long_names_of_classes_have_letters_above_the_columns() -> None:
    labels = tuple(f"a rather long name {i}" for i in range(5))
    lines = Confusions(labels, np.eye(5, dtype=int)).lines()
    assert lines[1].split() == ["class", "a", "b", "c", "d", "e", "recall"]
    assert lines[2].split("  ")[1:3] == ["a", "a rather long name 0"]
    assert max(map(len, lines)) <= 80


def test_a_matrix_that_is_wider_than_the_terminal_gives_way_to_the_worst() -> None:
    found = Confusions(tuple(map(str, range(10))), np.eye(10, dtype=int))
    wide, narrow = (laid_out(found.parts(width), width) for width in (80, 40))
    assert wide == found.lines()
    assert len(wide) == 13
    assert narrow[0].startswith("of 10 classes, those with the lowest")
    assert max(map(len, narrow)) <= 40


def test_of_many_classes_the_worst_are_told() -> None:
    counts = np.diag(np.arange(20, 40))
    counts[3, 5], counts[7, 1], counts[19] = 30, 4, 0
    text = "\n".join(Confusions(tuple(f"c{i}" for i in range(20)), counts).lines())
    worst, confused = text.split("most frequent confusions")
    assert [line.split()[0] for line in worst.splitlines()[2:4]] == ["c3", "c7"]  # c19 is not among the rows
    assert "c19" not in worst
    assert [line.split() for line in confused.splitlines()[2:]] == [["c3", "c5", "30"], ["c7", "c1", "4"]]


def test_a_class_that_is_never_answered_has_no_precision() -> None:
    confusions = Confusions(("a", "b"), np.array([[2, 0], [1, 0]]))
    assert confusions.lines()[-1].split() == ["precision", "0.67", "–"]
    assert confusions.to_json()["classes"][1] == {"class": "b", "rows": 1, "precision": None, "recall": 0.0}


def test_numbers_are_told_with_their_mean_miss_in_their_unit(chainrule_: Run) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    _, out, err = chainrule_("train", "diabetes", "--epochs", "12", "--test", "0")
    table = cr.read_table("diabetes")
    given = cr.predict(cr.load("runs/diabetes.safetensors"), table)
    mae, rmse = metrics.mean_absolute_error(table.target, given), metrics.root_mean_squared_error(table.target, given)
    found = re.search(r"R² \S+, MAE (\S+), RMSE (\S+) on the 442 rows", out)
    assert found is not None, out + err
    assert (float(found.group(1)), float(found.group(2))) == pytest.approx((mae, rmse), rel=1e-3)
    kept = json.loads(Path("runs/diabetes.json").read_text())["results"]
    assert (kept["train_mae"], kept["train_rmse"]) == pytest.approx((mae, rmse), rel=1e-5)
    _, out, err = chainrule_("predict", "runs/diabetes.safetensors", "diabetes")
    assert f", MAE {found.group(1)}, RMSE {found.group(2)} on 442 rows" in err
    assert json.loads(chainrule_("predict", "runs/diabetes.safetensors", "diabetes", "--json")[1])[
        "mae"
    ] == pytest.approx(mae)


def test_json_lines_give_each_epoch_as_it_ends_and_the_report_last(chainrule_: Run) -> None:
    code, out, err = chainrule_("train", "iris", "--epochs", "3", "--json-lines")
    *epochs, report = map(json.loads, out.splitlines())
    assert (code, err) == (0, "")
    assert [each["epoch"] for each in epochs] == [1, 2, 3]
    assert [each["cost"] for each in epochs] == [each["cost"] for each in report["history"]]
    assert report["model"] == "runs/iris.safetensors"


# how far it is ------------------------------------------------------------------------------------------------------
def test_a_long_epoch_is_told_of_within(chainrule_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "QUIET", 0.0)
    _, _, err = chainrule_("train", "iris", "--epochs", "2")
    assert re.search(r"^epoch 1/2, \d+% of it  [\d,]+ rows/s", err, re.MULTILINE), err
    assert re.search(r"^epoch 2/2, \d+% of it  cost \d", err, re.MULTILINE), err


def test_the_best_epoch_so_far_is_told_by_what_is_watched() -> None:
    pace = Pace(10, 320, 10)
    for number, cost, watched in ((1, 0.5, 0.7), (2, 0.4, 0.6), (3, 0.3, 0.8)):
        pace.ended(Epoch(number, 10 * number, cost, 0.1, watched, 0.5, "accuracy"))
    assert pace.said().startswith("cost 0.3000, validation cost 0.8000, accuracy 0.5000, best 0.6000 (epoch 2); ")
    pace.within(5)
    assert pace.done == 35


def test_the_time_that_is_left_is_what_the_steps_so_far_took(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(10, 320, 10, began=0.0)
    monkeypatch.setattr(progress.time, "perf_counter", lambda: 4.0)
    pace.within(20)
    assert pace.said() == "160 rows/s, 16 s left"
    assert pace.in_room(80) == ("epoch 3/10", "16 s left, 160 rows/s")
    assert pace.in_room(25) == ("epoch 3/10", "16 s left")


def test_where_the_score_is_watched_the_best_epoch_is_that_of_the_highest() -> None:
    pace = Pace(10, 320, 10, by_score=True, may_end=True, began=-(10.0**6))
    for number, watched, score in ((1, 0.6, 0.7), (2, 0.7, 0.8), (3, 0.5, 0.8)):
        pace.ended(Epoch(number, 10 * number, 0.5, 0.1, watched, score, "accuracy"))
    assert pace.best == (0.8, 2)
    assert pace.said().startswith("cost 0.5000, validation cost 0.5000, accuracy 0.8000, best 0.8000 (epoch 2); ")
    assert re.search(r" rows/s, at most \d+ h .*left$", pace.said())


def test_a_run_that_goes_on_is_as_fast_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(10, 320, 10, began=0.0, epoch=4, done=40, before=40, best=(0.25, 3))
    assert pace.said() == "best 0.2500 (epoch 3); 0 rows/s"
    monkeypatch.setattr(progress.time, "perf_counter", lambda: 4.0)
    pace.within(20)
    assert pace.said() == "best 0.2500 (epoch 3); 160 rows/s, 8 s left"
    assert pace.in_room(80) == ("epoch 7/10", "best 0.2500 (epoch 3), 8 s left, 160 rows/s")


def test_a_narrow_terminal_is_told_what_matters_most() -> None:
    pace = Pace(10, 320, 10)
    pace.ended(Epoch(1, 10, 0.5, 0.1, 0.7, 0.5, "accuracy"))
    for room in range(12, 130):
        begin, said = pace.in_room(room)
        assert begin == "epoch 2/10"
        assert len(begin) + len(said) + 2 <= max(room, 12)
    wide, narrower, narrow = (pace.in_room(room)[1] for room in (120, 80, 30))
    assert re.fullmatch(
        r"cost 0.5000, validation cost 0.7000, accuracy 0.5000, best 0.7000 \(epoch 1\), [\d,]+ rows/s", wide
    )
    assert narrower == "cost 0.5000, validation cost 0.7000, best 0.7000 (epoch 1)"
    assert narrow == "cost 0.5000"


@pytest.mark.parametrize(("seconds", "said"), [(12.4, "12 s"), (89, "89 s"), (170, "3 min"), (7500, "2 h 5 min")])
def test_times_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert written(seconds) == said


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal of its own")
def test_a_terminal_shows_rate_and_best_on_one_line(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "chainrule", "train", "iris", "--epochs", "40"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:
                break
            if not chunk:
                break
            seen += chunk
    os.close(ours)
    assert process.returncode == 0
    assert re.search(r"epoch \d+/40 .*cost \d.\d+, best \d.\d+ \(epoch \d+\), [\d,]+ rows/s", seen.decode()), seen


# probabilities ------------------------------------------------------------------------------------------------------
def test_predict_gives_the_probability_of_each_class(chainrule_: Run) -> None:
    chainrule_("train", "iris", "--epochs", "20", "-o", "iris")
    network, table = cr.load("iris.safetensors"), cr.read_table("iris")
    code, out, _ = chainrule_("predict", "iris.safetensors", "iris", "--probabilities")
    lines = [line.split(",") for line in out.splitlines()]
    assert (code, lines[0]) == (0, ["answer", "setosa", "versicolor", "virginica"])
    assert [line[0] for line in lines[1:]] == cr.predict(network, table).tolist()
    shares = cr.predict_probabilities(network, table)
    np.testing.assert_allclose(np.array([line[1:] for line in lines[1:]], float), shares, atol=1e-6)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    told = json.loads(chainrule_("predict", "iris.safetensors", "iris", "--probabilities", "--json")[1])
    assert told["classes"] == ["setosa", "versicolor", "virginica"]
    np.testing.assert_allclose(told["probabilities"], shares)


def test_one_output_for_two_classes_gives_both_probabilities(chainrule_: Run) -> None:
    Path("two.csv").write_text("a,y\n" + "".join(f"{i},{'no' if i < 6 else 'yes'}\n" for i in range(12)))
    chainrule_("train", "two.csv", "--cost", "binary_cross_entropy", "--epochs", "1", "-o", "two")
    network, rows = cr.load("two.safetensors"), [[1.0], [9.0]]
    shares = cr.predict_probabilities(network, rows)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert cr.predict(network, rows).tolist() == [["no", "yes"][i] for i in shares.argmax(axis=1)]
    assert cr.predict_probabilities(network, [1.0]).shape == (2,)


@pytest.mark.parametrize("cost", ["cross_entropy", "binary_cross_entropy"])
def test_outputs_before_softmax_or_sigmoid_become_probabilities(cost: str) -> None:
    """A cost on an identity output takes the function into itself: the network's outputs are logits."""
    count = 3 if cost == "cross_entropy" else 1
    output = "softmax" if count == 3 else "sigmoid"
    logits = cr.Network.random([2, 3, count], "tanh", "identity", seed=0, dtype="float64").with_cost(cost)
    direct = cr.Network(list(logits.weights), list(logits.biases), ["tanh", output])
    x = np.random.default_rng(0).standard_normal((5, 2))
    np.testing.assert_allclose(cr.predict_probabilities(logits, x), cr.predict_probabilities(direct, x), rtol=1e-12)


def test_outputs_that_are_no_probabilities_are_refused(chainrule_: Run) -> None:
    cr.save(cr.Network.random([10, 3, 1], "tanh"), "numbers.safetensors")
    code, _, err = chainrule_("predict", "numbers.safetensors", "diabetes", "--probabilities")
    assert code == 2
    assert (
        "(identity, trained with quadratic) are not probabilities of classes: train with the cost cross_entropy" in err
    )
