"""The page's demon: its changes and its best Δ are those of Python's, and in a browser those of CONCEPTS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Driven
from explored import opener
from node import answer
from test_explorer_page import CHAIN, SMALL, chain_page, known, small_page

import chainrule as cr
from chainrule.explorer.traced import forms_of
from chainrule.problem import Problem

SCRIPT = """import { bestChange, changeBy, changeTexts, demonPlaces } from './web/demon.js';
import { parseId, writeId } from './web/ids.js';
import { remarkOn } from './web/remark.js';
import { modelOf, workerOf } from './web/model.js';
const model = modelOf(data.contents);
const now = workerOf(model)({ moved: new Map(), row: data.contents.rows.numbers[0], cost: model.costs[0].name });
const change = (id, by) => {
  const { predicted, actual, miss, note } = changeBy(now, id, by);
  return { predicted, actual, miss: miss === null ? null : miss, note, texts: changeTexts({ predicted, actual, miss, note }) };
};
console.log(JSON.stringify(data.ids.map((text) => {
  const id = parseId(text, model.shape);
  return { changes: data.steps.map((by) => change(id, by)), best: bestChange(now, id, data.range),
    places: demonPlaces(model, now, id).map(writeId), remark: remarkOn(now, id)?.text ?? '' };
})));
"""
STEPS = [0.01, 0.1, 0.5, 1.0, 2.0, -2.0, -0.3]
RELU = cr.Network(
    [[[1.0, -0.8], [0.6, 0.9], [-1.2, 0.4]], [[0.9, -1.1, 0.7]]], [[0.1, -0.3, 0.2], [0.05]], ["relu", "identity"]
)
BY = "[data-act='by']"  # the field of Δ
# Δz at layer 2 of the chain, predicted, actual, miss (CONCEPTS.md, the demon, S2.2)
ROWS = [
    ("0.01", "−0.000650", "−0.000650", "0.0 %"),
    ("0.1", "−0.006501", "−0.006489", "−0.2 %"),
    ("0.5", "−0.032504", "−0.031597", "−2.8 %"),
    ("1", "−0.065008", "−0.058841", "−9.5 %"),
    ("2", "−0.130016", "−0.094197", "−27.5 %"),
    ("-2", "+0.130016", "+0.097769", "−24.8 %"),
]


# the same numbers as in Python -------------------------------------------------------------------------------------------
def asked(network: cr.Network, x: Any, y: Any, ids: list[str], folder: Path, span: tuple[float, float]) -> Any:
    contents = known(cr.explore(network, x, y))
    forms = forms_of(network, Problem.one(network, x, y, None).cost)
    data = {"contents": contents, "ids": ids, "steps": STEPS, "range": list(span)}
    return answer(SCRIPT, data, folder, {"forms.js": forms})


@pytest.mark.needs("node")
@pytest.mark.parametrize(
    ("network", "x", "y", "ids"),
    [
        (CHAIN, [0.6], [1.0], ["z/2/0", "a/1/0", "w/1/0/0", "x/0", "b/3/0"]),
        (SMALL, [0.6, -0.4], [1.0, 0.0], ["z/1/1", "a/1/2", "w/2/0/1", "x/1"]),
        (RELU, [0.5, 0.7], [0.4], ["z/1/0", "z/1/2", "w/1/1/0", "x/0"]),
    ],
    ids=["chain", "small", "relu"],
)
def test_changes_and_the_best_one_are_pythons(
    network: cr.Network, x: Any, y: Any, ids: list[str], tmp_path: Path
) -> None:
    """Predicted, actual, miss and note of each Δ (S2.2), and a Δ in −3…3 at which C is as low as Python's best (S2.3)."""
    for text, found in zip(ids, asked(network, x, y, ids, tmp_path, (-3.0, 3.0)), strict=True):
        wanted = cr.nudges.sweep(network, x, y, text, STEPS)
        for change, row in zip(wanted.rows, found["changes"], strict=True):
            assert row["note"] == change.note
            assert row["predicted"] == pytest.approx(change.predicted, rel=1e-12, abs=1e-15)
            assert row["actual"] == pytest.approx(change.actual, rel=1e-9, abs=1e-14)
            assert (row["miss"] is None) == (change.miss is None)
            assert row["texts"]["miss"] == cr.nudges.miss_text(change)
        best = cr.nudges.best_move(network, x, y, text, -3.0, 3.0)
        reached = cr.nudges.nudge(network, x, y, text, found["best"]).change.actual
        assert reached <= best.change.actual + 1e-12


SATURATED = cr.Network([[[9.0], [0.5]], [[1.0, -1.0]]], [[3.0, 0.0], [0.0]], "sigmoid", cost="quadratic")
STOPPED = cr.Network([[[0.6], [0.4]], [[9.0, 9.0]]], [[0.1, 0.2], [4.0]], "sigmoid", cost="quadratic")
OFF = cr.Network([[[-1.0], [1.0]], [[1.0, 0.1]]], [[-0.3, 0.0], [0.0]], ["relu", "identity"])
CLASSES = cr.Network([[[4.0, -4.0], [0.0, 0.0]], [[3.0, 0.0], [-3.0, 0.0]]], None, ["tanh", "softmax"])


@pytest.mark.needs("node")
@pytest.mark.parametrize(
    ("network", "x", "y", "words"),
    [
        (SATURATED, [1.0], [0.0], {"saturated"}),
        (STOPPED, [0.5], [0.0], {"layer 2 is saturated", "saturated"}),
        (OFF, [0.5], [0.7], {"off (σ′ = 0)"}),
        (SMALL, [0.6, -0.4], cr.forward(SMALL, [0.6, -0.4]).a[2].ravel(), {"near optimal"}),
        (CLASSES, [0.5, -0.5], [1.0, 0.0], set()),
        (SMALL, [0.6, -0.4], [1.0, 0.0], set()),
    ],
    ids=["saturated", "stopped", "off", "right", "classes", "small"],
)
def test_what_is_said_where_little_can_be_done_are_the_words_of_python(
    network: cr.Network, x: Any, y: Any, words: set[str], tmp_path: Path
) -> None:
    """Near optimal, saturated, off, little effect: of every z, a and x, for the step that Python takes (S0.16, S2.3)."""
    wanted = {}
    for layer in range(network.depth + 1):
        for kind in ("activation", "good") if layer else ("activation",):
            for deed in cr.nudges.demon(network, x, y, layer, kind=kind).deeds:
                parts = [
                    each for each in deed.remark.split(", ") if each != "overshot" and not each.startswith("over ")
                ]
                wanted[deed.at] = ", ".join(parts)
    found = asked(network, x, y, list(wanted), tmp_path, (-1.0, 1.0))
    said = {at: each["remark"] for at, each in zip(wanted, found, strict=True)}
    without = {at: text.partition(" (σ′")[0] if text.startswith("saturated") else text for at, text in said.items()}
    assert without == wanted
    assert words <= set(without.values())


@pytest.mark.needs("node")
def test_the_demon_can_sit_on_z_a_the_strongest_weight_and_input(tmp_path: Path) -> None:
    found = asked(SMALL, [0.6, -0.4], [1.0, 0.0], ["z/2/0", "w/2/0/1", "x/1", "b/1/2"], tmp_path, (-1.0, 1.0))
    places = [each["places"] for each in found]
    assert places[0] == ["z/2/0", "a/2/0", "w/2/0/2", "x/0"]  # |a¹₂| = 0.753 is the largest
    assert places[1] == ["z/2/0", "a/2/0", "w/2/0/1", "x/0"]
    assert places[2][-1] == "x/1"
    assert places[3] == ["z/1/2", "a/1/2", "w/1/2/0", "x/0", "b/1/2"]


# in a browser --------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Opens a page in the one browser of this module: opened(page, "#id=z/2/0")."""
    yield from opener(tmp_path_factory.mktemp("demon"))


def results(page: Driven) -> tuple[str, str, str]:
    predicted, actual, miss = (page.text(f".results .{kind} b") for kind in ("predicted", "actual", "miss"))
    return predicted, actual, miss


def rounded(shown: str) -> str:
    """To six decimals, as CONCEPTS prints them."""
    return f"{float(shown.replace('−', '-')):+.6f}".replace("-", "−")


@pytest.mark.needs("chromium")
def test_in_a_browser_the_demon_gives_the_six_rows(opened: Any) -> None:
    """On layer 2 of the chain, each Δz typed into its field (S2.2)."""
    page = opened(chain_page(), "#id=z/2/0")
    found = []
    for step, *_ in ROWS:
        page.write(BY, step)
        predicted, actual, miss = results(page)
        found.append((step, rounded(predicted), rounded(actual), miss))
    assert found == ROWS
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_its_slider_is_dragged_and_pressed_and_everything_after_it_follows(opened: Any) -> None:
    page = opened(chain_page(), "#id=z/2/0")
    outputs = "document.querySelector('.node[data-id=\"z/3/0\"] .a').textContent"
    before, cost = page.evaluate(outputs), page.text(".cost")
    x, y = page.middle(".demon-slider .grip")
    page.drag((x, y), (x + 80, y), (x + 150, y + 2))
    step = float(page.evaluate("document.querySelector('.demon-slider').getAttribute('aria-valuenow')"))
    assert step > 0.5
    change = cr.nudges.nudge(CHAIN, [0.6], [1.0], "z/2/0", step).change
    assert results(page)[1] == f"{change.actual:+.6f}".replace("-", "−")
    assert page.evaluate(outputs) != before
    assert page.evaluate("document.querySelector('.line.C .bracket') !== null")
    assert page.text(".cost") == cost  # it is tried, not done
    assert page.text(".tried") == f"as tried: C {change.after:.6g}"
    assert page.evaluate("location.hash") == f"#id=z/2/0&change={step!r}"
    page.evaluate("document.querySelector('.demon-slider').focus()")
    for _ in range(3):
        page.press("ArrowLeft")
    later = float(page.evaluate("document.querySelector('.demon-slider').getAttribute('aria-valuenow')"))
    assert later == pytest.approx(step - 3 * 0.04, abs=1e-6)
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_the_dot_of_a_z_tries_it_too(opened: Any) -> None:
    page = opened(chain_page(), "#id=z/2/0")
    x, y = page.middle(".handle .grip")
    page.drag((x, y), (x + 40, y), (x + 90, y))
    value, change = (
        float(page.evaluate(f"document.querySelector('{slider}').getAttribute('aria-valuenow')"))
        for slider in (".handle", ".demon-slider")
    )
    assert change > 0.3
    assert page.middle(".handle .grip")[0] == pytest.approx(x + 90, abs=1)
    assert value == pytest.approx(-0.344919 + change, abs=1e-6)
    assert page.text(".line.z .bracket text") == f"Δ +{change:.4g}"
    page.evaluate("document.querySelector('.handle').focus()")
    page.press("ArrowRight")
    later = float(page.evaluate("document.querySelector('.demon-slider').getAttribute('aria-valuenow')"))
    assert later == pytest.approx(change + 0.04, abs=1e-6)
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_the_best_change_and_a_gradient_step(opened: Any) -> None:
    page = opened(small_page(), "#id=z/1/1")
    bounds = "[slider.getAttribute('aria-valuemin'), slider.getAttribute('aria-valuemax')].map(Number)"
    low, high = page.evaluate(f"((slider) => {bounds})(document.querySelector('.demon-slider'))")
    page.evaluate("document.querySelector('[data-act=\"best\"]').click()")
    page.settle()
    best = cr.nudges.best_move(SMALL, [0.6, -0.4], [1.0, 0.0], "z/1/1", low, high)
    step = float(page.evaluate("document.querySelector('.demon-slider').getAttribute('aria-valuenow')"))
    assert step == pytest.approx(best.step, rel=1e-6)
    assert best.at_end
    assert page.text(".results .remark") == "at the end of the range"
    page.write("[data-act='eta']", "0.2")
    assert page.text(".results .remark") == "at the end of the range"
    page.evaluate("document.querySelector('[data-act=\"take-step\"]').click()")
    page.settle()
    assert page.evaluate("document.querySelector('.results .remark')") is None  # of another network
    slope = float(page.text(".formula .numbers .value").replace("−", "-"))
    page.evaluate("document.querySelector('[data-act=\"downhill\"]').click()")
    page.settle()
    step = float(page.evaluate("document.querySelector('.demon-slider').getAttribute('aria-valuenow')"))
    assert step == pytest.approx(-0.2 * slope, rel=1e-5)  # η is that of training
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_a_prediction_beyond_the_scale_is_an_arrow_with_its_number(opened: Any) -> None:
    page = opened(chain_page(), "#id=z/1/0")
    assert page.evaluate("document.querySelector('.missed .beyond')") is None
    page.write(BY, "1.9")
    change = cr.nudges.nudge(CHAIN, [0.6], [1.0], "z/1/0", 1.9).change
    assert page.evaluate("document.querySelector('.missed .beyond').classList.contains('said')")
    assert page.text(".missed text.miss") == f"C {change.before + change.predicted:.4g}"


@pytest.mark.needs("chromium")
def test_in_a_browser_it_says_where_the_cost_rises_though_it_was_to_fall(opened: Any) -> None:
    page = opened(cr.explore(RELU, [0.5, 0.7], [0.4]), "#id=w/2/0/1&demon=true")
    slope = cr.nudges.nudge(RELU, [0.5, 0.7], [0.4], "w/2/0/1", 0.1).change.slope
    page.write(BY, f"{-5 * np.sign(slope):g}")
    assert page.text(".results .remark") == "overshot"


@pytest.mark.needs("chromium")
def test_in_a_browser_kinks_are_marked_and_counted(opened: Any) -> None:
    page = opened(cr.explore(RELU, [0.5, 0.7], [0.4]), "#id=z/1/0")
    z = RELU.weights[1][0] @ np.array([0.5, 0.7]) + 0.1  # its own kink is at Δ = −z (S3.4)
    titles = page.evaluate("[...document.querySelectorAll('.curve .kink title')].map((each) => each.textContent)")
    assert any(title == f"a kink at Δ −{z:.4g}" for title in titles), titles
    page.write(BY, "-1")
    assert page.text(".results .remark") == "over 1 kink"
    page.write(BY, "1")
    assert page.evaluate("document.querySelector('.results .remark')") is None
    page = opened(cr.explore(RELU, [0.5, 0.7], [0.4]), "#id=z/1/2")  # here it is at Δ = +0.12
    page.write(BY, "-1")
    assert page.text(".results .remark") == "off (σ′ = 0)"
    assert "does not tell what would help" in page.evaluate("document.querySelector('.results .remark').title")
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_the_demon_moves_to_a_weight_and_leaves_again(opened: Any) -> None:
    page = opened(chain_page(), "#id=z/2/0")
    page.evaluate("document.querySelector('[data-at=\"w/2/0/0\"]').click()")
    page.settle()
    page.write(BY, "0.5")
    change = cr.nudges.nudge(CHAIN, [0.6], [1.0], "w/2/0/0", 0.5).change
    assert results(page)[2] == cr.nudges.miss_text(change)
    assert page.text(".weight.chosen") == "−1.5"  # drawn as it is moved, and its own line too
    assert page.text(".line.w .value") == "−1.5"
    page.evaluate("document.activeElement.blur()")
    page.press("d")
    assert page.evaluate("document.querySelector('.demon')") is None
    assert page.evaluate("document.activeElement.dataset.act") == "nudge"
    page.press("d")
    assert page.evaluate("document.activeElement.dataset.act") == "demon"
    assert page.errors == []
