"""A training's cost as a figure, from Python and from the files of the command; and what `show MODEL` lists."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Run

import chainrule as cr
import chainrule.cli.gradient_check
import chainrule.cli.main
from chainrule.cost_curve import LEFT, POINTS, WIDTH, cost_curve
from chainrule.pictures.shapes import Line


def history(costs: list[float], watched: list[float] | None = None) -> list[dict[str, Any]]:
    """The facts of epochs with these costs."""
    facts: list[dict[str, Any]] = [{"number": n, "cost": cost} for n, cost in enumerate(costs, 1)]
    for each, cost in zip(facts, watched or ()):
        each |= {"validation_cost": cost, "validation_score": 1 - cost, "validation_measure": "accuracy"}
    return facts


def curves(facts: list[dict[str, Any]]) -> list[Line]:
    """The curves of a figure, without its level lines."""
    return [each for each in cost_curve(facts).elements if isinstance(each, Line) and each.width == 2.0]


@pytest.mark.parametrize(
    "costs", [[3.0, 2.0, 1.5], [1.0, 0.1, 0.001], [0.5, 0.5, 0.5], [1.0], [-1.0, -2.0, -3.0], [0.0, 0.0]]
)
def test_costs_of_any_kind_are_drawn_with_room_for_all_labels(costs: list[float]) -> None:
    for facts in (history(costs), history(costs, [abs(cost) / 4 for cost in costs])):
        scene = cost_curve(facts, "Network(2-3-2)")
        assert scene.clipped() == []
        assert scene.overlapping() == []
        assert scene.width <= 700
        assert [float(row[1].replace("−", "-")) for row in scene.table[1:]] == pytest.approx(costs)


def test_equal_factors_are_equal_steps_where_the_costs_spread() -> None:
    (line,) = curves(history([1.0, 0.1, 0.01]))
    (_, first), (_, second), (_, third) = line.points
    assert second - first == pytest.approx(third - second)
    (line,) = curves(history([3.0, 2.0, 1.0]))
    heights = [y for _, y in line.points]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1])


def test_a_cost_that_is_not_finite_breaks_the_curve() -> None:
    assert len(curves(history([4.0, 3.0, math.inf, 2.0, 1.5]))) == 2


def test_very_many_epochs_are_thinned_and_the_lowest_is_kept() -> None:
    costs = (2 + np.sin(np.arange(10_001))).tolist()
    costs[4321] = 0.5
    (line,) = curves(history(costs))
    assert len(line.points) <= POINTS + 3
    assert max(line.points, key=lambda point: point[1])[0] == pytest.approx(LEFT + WIDTH * 4321 / 10_000)
    assert line.points[-1][0] == LEFT + WIDTH
    assert "best 0.5 in epoch 4,322" in " ".join(str(label.text) for label in cost_curve(history(costs)).labels())


def test_a_run_has_a_figure_in_python() -> None:
    x = np.linspace(-1, 1, 6)[:, None]
    run = cr.train(cr.Network.random([1, 2, 1], seed=1), (x, 2 * x), epochs=3)
    scene = cr.figure("curve", run)
    assert scene.svg() == cr.figure("curve", run.report).svg()
    assert [row[0] for row in scene.table] == ["epoch", "1", "2", "3"]
    with pytest.raises(cr.SettingError, match=r"figure\('curve', run\); got Network"):
        cr.figure("curve", run.network)
    with pytest.raises(cr.DataError, match="no curve before the first epoch"):
        cost_curve([])


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 6)[:, None]
    report = cr.train(cr.Network.random([1, 2, 1], seed=1), (x, 2 * x), epochs=3, fixed=1).report
    assert cr.Report.read(report.write(tmp_path / "r.json")) == report
    for text in ("{}", "[]", '"x"', "{", json.dumps({"chainrule report": 0})):
        (tmp_path / "r.json").write_text(text)
        with pytest.raises(cr.FileError, match="is not a report of a training"):
            cr.Report.read(tmp_path / "r.json")


def test_show_draws_the_curve_of_a_model_or_of_its_report(chainrule_: Run) -> None:
    chainrule_("train", "iris", "--epochs", "3", "-q", "-o", "iris")
    _, of_model, err = chainrule_("show", "iris.safetensors", "curve")
    assert of_model == cr.figure("curve", cr.Report.read("iris.json")).svg(), err
    assert chainrule_("show", "iris.json", "curve")[1] == of_model
    assert chainrule_("show", "iris", "curve")[1] == of_model  # as it was named with --output
    code, out, _ = chainrule_("show", "iris.json", "curve", "--table")
    assert (code, len(out.splitlines())) == (0, 5)
    code, out, _ = chainrule_("show", "iris.json")
    assert out.startswith("iris: test accuracy ")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("show curve", "the curve is a training's: chainrule show MODEL curve"),
        ("show bare.safetensors curve", "there is no report bare.json beside bare.safetensors"),
        ("show other.safetensors curve", "other.json is the report of another model than other.safetensors"),
        ("show net.json curve", "net.json is not a report of a training"),
        ("show iris.json curve --by w/1/0/0", "--by does not apply to the curve of a training"),
        ("show iris.json curve --layer 1", "--layer does not apply to the curve of a training"),
    ],
)
def test_a_curve_that_cannot_be_drawn_says_why(line: str, says: str, chainrule_: Run) -> None:
    chainrule_("train", "iris", "--epochs", "1", "-q", "-o", "iris")
    cr.save(cr.Network([[[1.0]]]), "bare.safetensors")
    cr.save(cr.Network([[[2.0]]]), "other.safetensors")
    Path("other.json").write_bytes(Path("iris.json").read_bytes())
    Path("net.json").write_text('{"layers": [{"weights": [[1]]}]}')
    code, _, err = chainrule_(*line.split())
    assert code == 2
    assert says in err


def test_show_lists_columns_cost_scores_and_confusions(chainrule_: Run) -> None:
    chainrule_("train", "iris", "--epochs", "3", "-q", "-o", "iris")
    _, out, err = chainrule_("show", "iris.safetensors")
    report = json.loads(Path("iris.json").read_text())
    kept, first = report["results"], report["history"][0]["cost"]
    for part in (
        "columns         sepal length, sepal width",
        "cost            cross_entropy",
        f"test accuracy   {kept['test_accuracy']:.4f}",
        "  class       setosa  versicolor  virginica  recall",
        "gradient check  ‖Δ‖/‖g‖ = ",
        f"cost curve      {first:.4f} █",
        "warning         an accuracy on 30 rows is uncertain",
    ):
        assert part in out, err
    assert "[" not in out
    chainrule_("train", "diabetes", "--epochs", "3", "-q", "-o", "d")
    _, out, err = chainrule_("show", "d.safetensors")
    kept = json.loads(Path("d.json").read_text())["results"]
    assert f"test RMSE       {kept['test_rmse']:.4f}" in out, err
