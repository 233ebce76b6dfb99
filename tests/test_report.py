"""The report of a run: lines to read, and JSON that every reader of JSON can read."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.json_text import json_text
from chainrule.report import is_report
from chainrule.run_facts import sparkline


@pytest.fixture
def report() -> cr.Report:
    x = np.linspace(-1, 1, 6)[:, None]
    return cr.train(cr.Network.random([1, 2, 1], seed=1), (x, 2 * x), epochs=3, batch_size=4).report


def test_a_report_says_what_was_trained_and_how_it_went(report: cr.Report) -> None:
    text = str(replace(report, results={"test_r_squared": 0.51234, "note": "fine"}))
    for part in (
        "(6 rows)",
        "quadratic",
        "batches of 4",
        "3 epochs, 6 steps",
        "finished",
        "test R²: 0.5123",
        "fine",
    ):
        assert part in text


def test_a_run_prints_its_report_and_a_prompt_shows_a_line() -> None:
    run = cr.train(cr.Network.random([1, 2, 1], seed=1), (np.ones((2, 1)), np.ones((2, 1))), epochs=100)
    assert str(run) == str(run.report)
    first, last = (f"{run.history[i]['cost']:.4g}" for i in (0, -1))
    assert repr(run) == f"Run({run.network}, 100 epochs, cost {first} → {last}, finished)"
    assert repr(run.report) == f"Report({run.network} on data, 100 epochs, cost {first} → {last}, finished)"
    none = replace(run.report, history=[], epochs=0, ended="stopped")
    assert repr(none) == f"Report({run.network} on data, 0 epochs, stopped)"


def test_a_cost_that_did_not_fall_is_told(report: cr.Report) -> None:
    assert report.warnings == []
    assert report.cost_before is not None
    assert report.cost_after is not None
    assert report.cost_after < report.cost_before
    rose = replace(report, cost_before=0.68, cost_after=2e7)
    assert rose.warnings == [
        "the cost rose from 0.68 before the training to 2e7; a smaller learning rate than in adam(0.001) is the usual cure"
    ]
    assert f"warning: {rose.warnings[0]}" in str(rose)
    assert rose.to_json()["warnings"] == rose.warnings
    same = replace(report, cost_before=0.6931471, cost_after=0.6931472)
    assert same.warnings == ["the cost did not fall: it is 0.6931, as before the training"]


def test_what_is_written_is_what_the_report_holds(report: cr.Report, tmp_path: Path) -> None:
    path = report.write(tmp_path / "größe.json")
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["history"] == report.history
    assert read["versions"]["numpy"] == np.__version__
    assert (read["chainrule report"], read["steps"], read["ended"], read["seed"]) == (2, 6, "finished", 0)
    assert is_report(path)


@pytest.mark.parametrize("content", [b"", b"{}", b'{\n "other": 1}', b"\xff\xfe"])
def test_another_file_is_not_taken_for_a_report(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    assert not is_report(path)


def test_the_seed_of_a_generator_is_not_known() -> None:
    data = (np.ones((2, 1)), np.ones((2, 1)))
    run = cr.train(cr.Network.random([1, 1]), data, epochs=1, seed=np.random.default_rng(3))
    assert run.report.seed is None


def test_json_has_no_nan_and_no_infinity_however_deep(report: cr.Report, tmp_path: Path) -> None:
    odd = replace(
        report,
        seconds=math.nan,
        history=[{"cost": math.inf, "validation_cost": np.float32("nan")}],
        results={"scores": (1.5, [-math.inf, {"deep": np.array([0.0, np.nan])}]), 3: np.int64(4), "holds": np.True_},
    )
    text = odd.write(tmp_path / "odd.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    read = json.loads(text)
    assert read["seconds"] is None
    assert read["history"] == [{"cost": None, "validation_cost": None}]
    assert read["results"] == {"scores": [1.5, [None, {"deep": [0.0, None]}]], "3": 4, "holds": True}


def test_a_name_that_is_no_text_in_utf8_is_written_all_the_same(report: cr.Report, tmp_path: Path) -> None:
    name = b"x\xff.csv".decode("utf-8", "surrogateescape")
    path = replace(report, data=name).write(tmp_path / "report.json")
    assert json.loads(path.read_text(encoding="utf-8"))["data"] == name


def test_json_in_ascii_reads_the_same() -> None:
    value = {"σ": "∂C/∂w ✓"}
    assert json_text(value, ascii=True).isascii()
    assert json.loads(json_text(value, ascii=True)) == json.loads(json_text(value)) == value


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([], ""),
        ([1.0], "▁"),
        ([2.0, 2.0], "▁▁"),
        ([0.0, 7.0], "▁█"),
        ([8.0, math.inf, 1.0, math.nan], "█×▁×"),
        ([math.nan, math.inf], "××"),
    ],
)
def test_a_sparkline_runs_from_the_lowest_to_the_highest_finite_value(values: list[float], bars: str) -> None:
    assert sparkline(values) == bars


def test_a_long_sparkline_is_thinned_to_its_width_and_keeps_both_ends() -> None:
    line = sparkline([float(i) for i in range(1000)], width=10)
    assert len(line) == 10
    assert (line[0], line[-1]) == ("▁", "█")
