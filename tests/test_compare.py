"""Runs side by side: what differs, which is better, and that chance is not taken for a difference."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Run

import chainrule as cr
from chainrule.answered_rows import MOST_BITS, MOST_NUMBERS, AnsweredRows, targets_sha256
from chainrule.report import Report
from chainrule.verdict import mcnemar, newcombe, paired, sign_test


def report(**settings: Any) -> Report:
    """The report of a small run, with some of its facts replaced."""
    x = np.random.default_rng(0).normal(size=(40, 3))
    facts = {key: settings.pop(key) for key in list(settings) if key in Report.__dataclass_fields__ and key not in CALL}
    run = cr.train(
        cr.Network.random([3, 4, 2], "tanh", "softmax"), x, (x[:, 0] > 0).astype(int), **{"epochs": 3, **settings}
    )
    return replace(run.report, **facts)


CALL = ("rule", "epochs", "seed", "batch_size")


def answered(right: list[bool], **told: Any) -> dict[str, Any]:
    """What a report holds of test rows that were answered so."""
    rows = AnsweredRows(len(right), "the same", np.array(right)).to_json() | told
    return {"results": {"test_accuracy": sum(right) / len(right)}, "tested": rows}


# how each row was answered -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [1, 7, 8, 9, 360])
def test_the_rows_that_were_right_are_read_as_they_were_written(count: int) -> None:
    right = np.random.default_rng(count).integers(0, 2, count).astype(bool)
    told = json.loads(json.dumps(AnsweredRows(count, "x", right).to_json()))
    again = AnsweredRows.of_json(told)
    assert again is not None
    assert again.right is not None
    assert again.right.tolist() == right.tolist()
    assert AnsweredRows.of_json({}) is None


def test_of_too_many_rows_it_is_not_kept_how_each_was_answered() -> None:
    right, errors = np.ones(MOST_BITS + 1, bool), np.ones(MOST_NUMBERS + 1)
    assert "right" not in AnsweredRows(len(right), "x", right).to_json()
    assert "squared_errors" not in AnsweredRows(len(errors), "x", None, errors).to_json()
    assert "right" in AnsweredRows(9, "x", right[:9]).to_json()


def test_rows_are_known_again_by_their_targets_in_order() -> None:
    assert targets_sha256(np.array(["a", "b"])) == targets_sha256(np.array(["a", "b"], dtype=object))
    assert targets_sha256(np.array(["a", "b"])) != targets_sha256(np.array(["b", "a"]))


# whether chance can explain it ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", range(1, 11))
def test_the_sign_test_counts_the_falls_of_a_coin(count: int) -> None:
    """All 2ⁿ falls are counted."""
    for wins in range(count + 1):
        uneven = abs(2 * wins - count)
        hits = sum(abs(2 * sum(coins) - count) >= uneven for coins in product((0, 1), repeat=count))
        assert sign_test(wins, count - wins) == pytest.approx(hits / 2**count)


def test_the_sign_test_of_very_many_rows_goes_on_from_that_of_fewer() -> None:
    assert sign_test(530, 470) == pytest.approx(sign_test(529, 470), rel=0.1)
    assert sign_test(10**7, 0) == 0.0
    assert sign_test(0, 0) == 1.0


def test_mcnemar_looks_at_the_rows_alone_that_one_misses() -> None:
    """Fagerland, Lydersen & Laake (2013), airway hyper-responsiveness: 1 against 7 discordant pairs, exact p = 0.0703."""
    right = np.array([True] * 1 + [False] * 7 + [True] * 13)
    other = np.array([False] * 1 + [True] * 7 + [True] * 13)
    sentences, chance, numbers = mcnemar(right, other, "A", "B")
    assert numbers["mcnemar_p"] == pytest.approx(0.0703, abs=5e-5)
    assert chance is True
    assert "A is right on 1 that B misses, and B on 7 that A misses" in sentences[0]
    assert mcnemar(right, np.ones(21, bool), "A", "B")[1] is False
    assert mcnemar(right, right, "A", "B")[0] == (
        "On the same 21 test rows both are right and wrong on the same ones.",
    )


def test_newcombes_interval_is_that_of_his_paper() -> None:
    """Newcombe (1998), Statistics in Medicine 17:873, table II, method 10: 56/70 less 48/80 is 0.0524 to 0.3339."""
    _, chance, numbers = newcombe((56 / 70, 48 / 80), (70, 80), "A", "B", None)
    assert numbers["interval"] == pytest.approx([0.0524, 0.3339], abs=5e-5)
    assert chance is False
    assert newcombe((9 / 10, 8 / 10), (10, 10), "A", "B", None)[1] is True


def test_squared_errors_are_compared_row_by_row() -> None:
    errors = np.linspace(1, 2, 50)
    noise = np.random.default_rng(0).normal(size=50)
    better = paired(errors, errors + 1 + 0.1 * noise, "A", "B")
    assert better[1] is False
    low, high = better[2]["interval"]
    assert low < 1 < high
    assert high - low == pytest.approx(2 * 1.96 * 0.1 * noise.std(ddof=1) / math.sqrt(50))
    assert paired(errors, errors + noise, "A", "B")[1] is True
    assert paired(errors[:29], errors[:29] + 1, "A", "B")[1] is None


def test_a_few_rows_more_are_no_better_network() -> None:
    one, other = report(**answered([True] * 50)), report(**answered([True] * 45 + [False] * 5))
    verdict = cr.compare(one, other).verdict
    assert (verdict.better, verdict.chance) == ("A", True)
    assert verdict.in_short == "A has the better test accuracy, by no more than chance can explain"
    assert "p = 0.062" in verdict.sentences[-1]
    verdict = cr.compare(other, report(**answered([True] * 44 + [False] * 6)), one).verdict
    assert verdict.better == "C"
    assert "Of many runs" in verdict.sentences[-1]
    verdict = cr.compare(one, report(**answered([True] * 40 + [False] * 10))).verdict
    assert (verdict.better, verdict.chance) == ("A", False)


def test_other_rows_are_not_compared_row_by_row() -> None:
    one = report(**answered([True] * 50))
    other = report(**answered([True] * 45 + [False] * 5, targets_sha256="others"))
    found = cr.compare(one, other)
    assert "They were tested on different rows." in found.verdict.sentences[-1]
    assert "They were tested on different rows." in str(found)
    assert "mcnemar_p" not in found.to_json()["verdict"]
    old = replace(
        other, tested={}, results={"test_accuracy": 0.9, "test_classes": {"classes": [{"class": "a", "rows": 50}]}}
    )
    assert "do not say whether the rows are the same" in cr.compare(one, old).verdict.sentences[-1]
    bare = replace(other, tested={})
    assert "cannot be said" in cr.compare(one, bare).verdict.sentences[-1]
    assert cr.compare(one, bare).verdict.chance is None


def test_without_test_rows_it_says_what_the_numbers_are_worth() -> None:
    watched = cr.compare(report(validation=0.25), report(validation=0.25, rule=cr.adam(0.05)))
    assert watched.verdict.better == "B"
    assert "None was tested" in watched.verdict.sentences[-1]
    learnt = cr.compare(report(), report())
    assert learnt.verdict.in_short == "A and B have the same cost"
    assert "says nothing of others" in learnt.verdict.sentences[-1]
    other = cr.compare(report(), report(cost="squared_error"))
    assert other.verdict.in_short == "They cannot be compared"
    assert cr.compare(report(validation=0.25), report(validation=0.5)).verdict.in_short == "They cannot be compared"
    assert cr.compare(report(), report(rows=39)).verdict.in_short == "They cannot be compared"


def test_runs_on_different_data_are_not_compared() -> None:
    one, other = (
        report(**answered([True] * 50), data="a.csv"),
        report(**answered([True] * 30 + [False] * 20), data="b.csv"),
    )
    assert cr.compare(one, other).verdict.chance is False  # the rows they were tested on are the same
    strange = replace(other, tested={**other.tested, "targets_sha256": "others"})
    assert "different data" in cr.compare(one, strange).verdict.sentences[0]
    assert cr.compare(report(data="a.csv"), report(data="b.csv")).verdict.in_short == "They cannot be compared"


# what differs --------------------------------------------------------------------------------------------------------
def test_settings_that_differ_are_listed_and_no_others() -> None:
    found = cr.compare(report(), report(dropout=0.2, rule=cr.momentum(0.1), seed=3))
    assert found.to_json()["differing"] == {
        "rule": ["adam(0.001)", "momentum(0.1)"], "dropout": ["–", "0, 0.2"], "seed": ["0", "3"],
    }  # fmt: skip
    assert cr.compare(report(), report()).to_json()["differing"] == {}
    assert "None that the reports tell of" in str(cr.compare(report(), report()))


def test_data_that_differs_is_told() -> None:
    text = str(cr.compare(report(), report(validation=0.25)))
    assert "rows to learn from  40  30" in text
    assert "validation rows     –   10" in text


@pytest.mark.parametrize("count", [2, 3, 12])
def test_a_comparison_fits_a_terminal_and_draws_every_run(count: int, tmp_path: Path) -> None:
    found = cr.compare(*(report(validation=0.2, seed=seed, schedule="cosine") for seed in range(count)))
    assert max(map(len, found.lines(80))) <= 80
    scene = found.figure()
    assert scene.clipped() == []
    assert scene.overlapping() == []
    assert found.html().count("<svg") == 4
    for name, begins in (
        ("c.html", b"<!DOC"),
        ("c.md", b"# "),
        ("c.svg", b"<svg"),
        ("c.json", b"{\n"),
        ("c.txt", b"%d runs" % count),
    ):
        assert found.write(tmp_path / name).read_bytes().startswith(begins)


def test_a_comparison_takes_runs_reports_and_files(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 6)[:, None]
    run = cr.train(cr.Network.random([1, 2, 1]), x, 2 * x, epochs=2)
    path = run.report.write(tmp_path / "r.json")
    found = cr.compare(run, run.report, path)
    assert found.names == (repr(run), repr(run.report), str(path))
    with pytest.raises(cr.SettingError, match="compare takes 2 to 26 runs, got 1"):
        cr.compare(run)
    with pytest.raises(
        cr.SettingError, match="compare takes what train gives, a report, or the file of one; got Network"
    ):
        cr.compare(run, run.network)


# the command ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def runs(chainrule_: Run) -> Run:
    """The command, in a folder with two runs on the same data."""
    chainrule_("train", "iris", "--epochs", "4", "-q", "-o", "a")
    chainrule_("train", "iris", "--epochs", "3", "--hidden", "8", "-q", "-o", "b")
    return chainrule_


def test_two_models_are_compared_on_the_rows_they_were_tested_on(runs: Run) -> None:
    code, out, err = runs("compare", "a.safetensors", "b.json")
    assert (code, err) == (0, "")
    assert "On the same 30 test rows" in out
    assert "They were tested on the same rows." in out
    told = json.loads(runs("compare", "a.json", "b.json", "--json")[1])
    assert told["runs"] == ["a.json", "b.json"]
    assert told["differing"]["epochs"] == ["4", "3"]
    only = told["verdict"]["only_right"]
    a, b = (cr.Report.read(f"{name}.json").results["test_accuracy"] for name in "ab")
    assert only["A"] - only["B"] == round(30 * (a - b)) if told["verdict"]["better"] == "A" else True


def test_a_report_of_the_command_says_the_line_that_repeats_the_run(runs: Run) -> None:
    assert cr.Report.read("b.json").command == "chainrule train iris --hidden 8 --epochs 3"
    code, _, _ = runs(*cr.Report.read("b.json").command.split()[1:], "-q", "-o", "again")
    assert code == 0
    assert Path("again.safetensors").read_bytes() == Path("b.safetensors").read_bytes()


def test_numbers_that_were_predicted_are_compared_by_their_squared_errors(chainrule_: Run) -> None:
    for name, hidden in (("a", "none"), ("b", "4")):
        chainrule_("train", "diabetes", "--epochs", "2", "--hidden", hidden, "-q", "-o", name)
    told = json.loads(chainrule_("compare", "a.json", "b.json", "--json")[1])
    errors = told["verdict"]["mean_squared_error"]
    for letter, name in (("A", "a"), ("B", "b")):
        assert math.sqrt(errors[letter]) == pytest.approx(cr.Report.read(f"{name}.json").results["test_rmse"], rel=1e-4)


def test_a_comparison_is_written_as_a_page_or_as_curves(runs: Run) -> None:
    for name, begins in (("c.html", b"<!DOC"), ("c.svg", b"<svg"), ("c.svg", b"<svg")):
        code, out, err = runs("compare", "a.json", "b.json", "-o", name)
        assert (code, out) == (0, "")
        assert err.startswith(f"wrote {name}")
        assert Path(name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("compare", "chainrule compare needs RUNS, as in chainrule compare"),
        ("compare a.json", "compare takes 2 to 26 runs, got 1"),
        ("compare a.json none.json", "there is no file none.json"),
        ("compare a.json bare.safetensors", "there is no report bare.json beside bare.safetensors"),
        ("compare a.json b.json -o a.json", "a comparison is written into a file that ends in .html"),
        ("compare a.json b.json -o a.safetensors", "a comparison is written into a file that ends in .html"),
        ("compare a.json b.json -o c.html --json", "--output writes a file and --json prints the comparison"),
        ("compare a.json b.json --theme dark", "--theme goes with curves in a file"),
        ("compare a.json b.json -o model.html", "is a model, which would be lost"),
    ],
)
def test_runs_that_cannot_be_compared_get_one_clear_error(line: str, says: str, runs: Run) -> None:
    cr.save(cr.Network([[[1.0]]]), "bare.safetensors")
    Path("model.html").write_bytes(Path("a.safetensors").read_bytes())
    code, out, err = runs(*line.split())
    assert (code, out) == (2, "")
    assert says in err
    assert not Path("c.html").exists()
