"""The explorer's questions: numbers as people type them, mistakes as in lessons, and in a browser from number to number."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Driven
from explored import choose, opener, press_button
from node import answer
from test_explorer_page import CHAIN, SMALL, chain_page, known, small_page

import chainrule as cr
from chainrule.explorer.question_data import COST, question_data
from chainrule.explorer.traced import forms_of
from chainrule.ids import Id, parse
from chainrule.lessons.live import Live
from chainrule.lessons.plain_text import plain
from chainrule.lessons.quiz import off_by
from chainrule.lessons.replies import ReplyNumber, number
from chainrule.lessons.slips import slips

GRADED = ReplyNumber(3)
SLIPS = """import { parseId } from './web/ids.js';
import { modelOf, workerOf } from './web/model.js';
import { slipsOf } from './web/slips.js';
import { textOf } from './web/symbols.js';
const model = modelOf(data.contents);
const now = workerOf(model)({ moved: new Map(), row: data.contents.rows.numbers[0], cost: model.costs[0].name });
const at = { net: now.net, cost: model.costs[0], pass: now.pass, back: now.back, activationNames: model.shape.activationNames };
const how = { convention: model.conventions[0], rate: 0.5, asked: model.questions };
console.log(JSON.stringify(data.asked.map(([text, right]) =>
  slipsOf(at, parseId(text, model.shape), right, how).map(({ name, value, says }) => [name, value, textOf(says)]))));
"""
REPLIES = """import { readNumber } from './web/replies.js';
console.log(JSON.stringify(data.map(readNumber)));
"""
GRADES = """import { gradeOf, questionOn } from './web/question.js';
import { parseId } from './web/ids.js';
import { modelOf, workerOf } from './web/model.js';
import { textOf } from './web/symbols.js';
const model = modelOf(data.contents);
const now = workerOf(model)({ moved: new Map(), row: data.contents.rows.numbers[0], cost: model.costs[0].name });
const how = { convention: model.conventions[0], cost: model.costs[0], rate: 0.5, asked: model.questions };
console.log(JSON.stringify(data.asked.map(([id, given]) => {
  const { kind, says } = gradeOf(questionOn(model, now, parseId(id, model.shape), how), given, model.questions);
  return [kind, textOf(says)];
})));
"""
FACTORS = """import { offBy } from './web/question.js';
console.log(JSON.stringify(data.cases.map(([right, given]) => offBy(right, given, data.asked))));
"""
TYPED = [
    "0.0183", ".0183", "+1.83e-2", "1.83×10⁻²", "1.83*10^-2", "1,83e-2", "11/600", "−0.5", "–3", "1 2", "1,000", "1,0.5",
    "1,2,3", "1.83 × 10^{-2}", "10^3", "-10⁻³", "+10^2", "\\frac{1}{3}", "$0.5$", "= 0.5", "≈0.25", "1/0", "1/3/2", "abc", "",
    "1.5 10^2", "2e5×10^3", "×10^3", "x10^3", "3x10^2", "1.", ".", "1e", "0", "-0", "1/-4", "1_000", "٣", "0x10", "Infinity",
    "NaN", "1e400", "1.83\\cdot10^{-2}", "1.83\\times 10^{-2}", "10^", "10^{3", "2·10⁻³", "1e5/2",
]  # fmt: skip
NETWORKS = {
    "tanh": ([2, 3, 3, 2], "tanh", "tanh", "quadratic"),
    "softmax": ([2, 3, 3], "relu", "softmax", "cross_entropy"),
    "of z": ([2, 2, 1], "tanh", "sigmoid", "binary_cross_entropy"),
    "chain": ([1, 1, 1], "sigmoid", "sigmoid", "squared_error"),
    "Σ′": ([3, 4, 3], "sigmoid", "softmax", "squared_error"),
    "linear": ([2, 12, 3], "tanh", "identity", "multiclass_hinge"),
}


# the same as in Python ---------------------------------------------------------------------------------------------------
@pytest.mark.needs("node")
def test_numbers_are_read_as_in_lessons(tmp_path: Path) -> None:
    for text, found in zip(TYPED, answer(REPLIES, TYPED, tmp_path), strict=True):
        assert found == number(text), text


@pytest.mark.needs("node")
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("convention", ["nielsen", "3blue1brown", "article"])
def test_mistakes_are_those_of_lessons(name: str, convention: str, tmp_path: Path) -> None:
    """Which ones, in that order, their numbers, and what their maker reads (S2.5, S2.8, S2.9)."""
    sizes, hidden, output, cost = NETWORKS[name]
    network = cr.Network.random(sizes, hidden, output, seed=4, dtype="float64")
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=sizes[0]), np.eye(sizes[-1])[0]
    live = Live.of(network, x, y, cost, convention)
    targets = [parse(text, network.parameters) for text in _targets(network)]
    asked = [[str(each), live.value(each)] for each in targets]
    contents = known(cr.explore(network, x, y, cost, convention=convention))
    forms = forms_of(network, live.cost)
    found = answer(SLIPS, {"contents": contents, "asked": asked}, tmp_path, {"forms.js": forms})
    for target, made in zip(targets, found, strict=True):
        wanted = slips(live, target, GRADED)
        assert [each[0] for each in made] == [each.name for each in wanted], str(target)
        assert [each[1] for each in made] == pytest.approx([each.value for each in wanted], rel=1e-11)
        assert [_bare(each[2]) for each in made] == [_bare(plain(each.says)) for each in wanted], str(target)


def _targets(network: cr.Network) -> Iterator[str]:
    for layer in range(1, network.depth + 1):
        for j in range(network.sizes[layer]):
            yield str(Id("d", layer, j))
            for k in range(network.sizes[layer - 1]):
                yield str(Id("w", layer, j, k))


def _bare(text: str) -> str:
    return text.replace(" ", "").replace("\u2009", "")


@pytest.mark.needs("node")
def test_factors_that_people_lose_are_named_as_in_lessons(tmp_path: Path) -> None:
    cases = [
        [right, right * factor]
        for right in (0.123, -4.56e-4)
        for factor in (2, 0.5, 10, 0.01, 3, 1 / 7, -1, -2, 1.37, 0)
    ]
    cases.append([0.0, 1.0])
    found = answer(
        FACTORS, {"cases": cases, "asked": question_data()}, tmp_path, {"forms.js": forms_of(CHAIN, CHAIN_COST)}
    )
    for (right, given), said in zip(cases, found, strict=True):
        assert said == off_by(right, given, GRADED), (right, given)
    assert sum(said != "" for said in found) > 12


@dataclass(frozen=True)
class Costed:
    """A network, a row, and what is to be said to wrong costs, each in a key of the sentences."""

    sizes: list[int]
    output: str
    cost: str
    said: tuple[tuple[str, Callable[[np.ndarray, np.ndarray, float], float]], ...]


COSTS = {
    "one output": Costed(
        [2, 2, 1],
        "sigmoid",
        "squared_error",
        (
            ("not squared", lambda a, y, c: a[0] - y[0]),
            ("not squared", lambda a, y, c: y[0] - a[0]),
            ("derivative", lambda a, y, c: 2 * (a[0] - y[0])),
            ("hint", lambda a, y, c: 1.37 * c),
        ),
    ),
    "one output with ½": Costed(
        [2, 2, 1],
        "tanh",
        "quadratic",
        (("not squared", lambda a, y, c: (a[0] - y[0]) / 2), ("hint", lambda a, y, c: 1.37 * c)),
    ),
    "several outputs": Costed(
        [2, 3, 2],
        "sigmoid",
        "squared_error",
        (
            ("not squared, several", lambda a, y, c: abs(a - y).sum()),
            ("squared last", lambda a, y, c: (a - y).sum() ** 2),
            ("root", lambda a, y, c: c**0.5),
            ("one output", lambda a, y, c: (a[1] - y[1]) ** 2),
            ("derivative", lambda a, y, c: 2 * (a[1] - y[1])),
            ("hint, several", lambda a, y, c: 1.37 * c),
        ),
    ),
    "a choice": Costed(
        [2, 2, 1],
        "sigmoid",
        "binary_cross_entropy",
        (
            ("other target", lambda a, y, c: -np.log(1 - a[0])),
            ("base 10", lambda a, y, c: -np.log10(a[0])),
            ("derivative", lambda a, y, c: a[0] - y[0]),
            ("hint", lambda a, y, c: 1.37 * c),
        ),
    ),
    "classes": Costed(
        [2, 3, 3],
        "softmax",
        "cross_entropy",
        (
            ("no logarithm", lambda a, y, c: a[0]),
            ("base 2", lambda a, y, c: c / np.log(2)),
            ("derivative", lambda a, y, c: a[1] - y[1]),
            ("hint, several", lambda a, y, c: 1.37 * c),
        ),
    ),
    "classes on z": Costed([2, 3, 3], "identity", "multiclass_hinge", (("hint, several", lambda a, y, c: 1.37 * c),)),
}


@pytest.mark.needs("node")
@pytest.mark.parametrize("name", COSTS)
def test_mistakes_about_the_cost_are_named_for_one_output_and_for_several(name: str, tmp_path: Path) -> None:
    case = COSTS[name]
    network = cr.Network.random(case.sizes, "tanh", case.output, seed=3, dtype="float64")
    x, y = np.array([0.6, -0.4]), np.eye(case.sizes[-1])[0]
    a, right = cr.forward(network, x).a[2], float(cr.cost(network, x, y, case.cost))
    given = [f"{wrong(a, y, right):.4g}" for _, wrong in case.said]
    contents = known(cr.explore(network, x, y, case.cost))
    asked = [["C", each] for each in (*given, f"{right:.4g}")]
    forms = forms_of(network, Live.of(network, x, y, case.cost, "nielsen").cost)
    *found, last = answer(GRADES, {"contents": contents, "asked": asked}, tmp_path, {"forms.js": forms})
    assert last[0] == "right"
    for (key, _), (kind, says) in zip(case.said, found, strict=True):
        assert kind == "wrong"
        sentence = re.escape(COST[key])
        assert re.fullmatch(re.sub(r"\\\{\w+\\\}", ".+", sentence), says), (key, says)
        assert not re.search("every|all|terms", says) or len(y) > 1


ASKED = """import { questionOn } from './web/question.js';
import { parseId } from './web/ids.js';
import { modelOf, workerOf } from './web/model.js';
import { textOf } from './web/symbols.js';
const model = modelOf(data.contents);
const now = workerOf(model)({ moved: new Map(), row: data.contents.rows.numbers[0], cost: model.costs[0].name });
const how = { convention: model.conventions[0], cost: model.costs[0], rate: 0.5, asked: model.questions };
console.log(JSON.stringify(data.asked.map((id) => {
  const found = questionOn(model, now, parseId(id, model.shape), how);
  return found && [textOf(found.told), textOf(found.hint)];
})));
"""


@pytest.mark.needs("node")
def test_what_follows_from_a_cost_is_asked_only_with_its_formula(tmp_path: Path) -> None:
    """A cost whose δ has no formula is told as a whole; of an own cost that nobody wrote as text nothing can be asked."""
    own = cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4))
    found = {}
    for name, output, cost in (("hinge", "identity", "multiclass_hinge"), ("own", "sigmoid", own)):
        network = cr.Network.random([2, 2, 3], "tanh", output, seed=3, dtype="float64")
        page = cr.explore(network, [0.6, -0.4], [1.0, 0.0, 0.0], cost)
        forms = forms_of(network, Live.of(network, [0.6, -0.4], [1.0, 0.0, 0.0], cost, "nielsen").cost)
        asked = {"contents": known(page), "asked": ["C", "d/2/0", "d/1/0"]}
        found[name] = answer(ASKED, asked, tmp_path, {"forms.js": forms})
    told, hint = found["hinge"][1]
    assert told.startswith("C = Σ_{j≠y} max(0, 1 + z_j − z_y); z²₀ = ")
    assert told.count("z²") == told.count("y₀") + 2 == 3
    assert hint == "Here ∂C/∂z²₀ = δ²₀, which follows from the formula of C."
    assert found["own"][:2] == [None, None]
    assert found["own"][2] is not None


CHAIN_COST = Live.of(CHAIN, [0.6], [1.0], None, "nielsen").cost


# in a browser ------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Opens a page in the one browser of this module."""
    yield from opener(tmp_path_factory.mktemp("questions"))


def typed(page: Driven, text: str) -> str:
    """Type an answer, press Enter: what is said to it."""
    page.evaluate(f"document.activeElement.value = ''; document.execCommand('insertText', false, {json.dumps(text)})")
    page.press("Enter")
    return feedback(page)


def feedback(page: Driven) -> str:
    return page.text(".feedback").strip()


@pytest.mark.needs("chromium")
def test_in_a_browser_every_number_of_the_chain_is_asked_for_by_the_keyboard_alone(opened: Any) -> None:
    """a¹ … a³, C, δ³ … δ¹, ∂C/∂w and ∂C/∂b, each a dash until it is answered (S1.2)."""
    page = opened(chain_page())
    live = Live.of(CHAIN, [0.6], [1.0], None, "3blue1brown")
    page.evaluate("document.querySelector('[data-act=ask]').focus()")
    page.press("Enter")
    a = [live.trace.a[layer][0] for layer in (1, 2, 3)]
    delta = [live.back.delta[layer][0] for layer in (3, 2, 1)]
    cost = cr.cost(CHAIN, [0.6], [1.0])
    for right in (*a, cost, *delta, delta[2] * 0.6, delta[2]):
        assert "—" in page.text(".screen")
        if page.text(".asking .symbol, .asking label").find("/∂b") < 0:  # ∂C/∂b is δ¹, which is known by then
            assert f"{right:.3g}".replace("-", "−") not in page.text("#app")
        assert typed(page, f"{right:.3g}").startswith("✓"), right
        assert page.evaluate("document.activeElement.value ?? ''") == ""
    assert page.evaluate("location.hash") == ""  # what was selected is selected again
    assert page.evaluate("document.querySelector('.asking')") is None
    assert page.text(".cost") != "C —"
    assert page.errors == []


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (-1.0, "The size is right and the sign is turned"),
        (None, "σ′(z20) is forgotten: that is ∂C/∂a20, and the way back leads through the activation too (BP1)."),
        (10.0, "The decimal point is 1 place too far right."),
        (1.02, "That is close, but not right to three significant digits."),
        (1.37, "Here ∂C/∂z20 = δ20 = σ′(z20) · "),
    ],
)  # fmt: skip
def test_in_a_browser_a_mistake_is_named(opened: Any, factor: float | None, says: str) -> None:
    page = opened(small_page(), "#step=3&ask=1&id=z/2/0")
    live = Live.of(SMALL, [0.6, -0.4], [1.0, 0.0], None, "nielsen")
    delta, into = live.back.delta[2][0], live.back.da[2][0]
    page.evaluate("document.querySelector('[data-act=reply]').focus()")
    given = into if factor is None else delta * factor
    said = typed(page, f"{given:.4g}")
    assert said.startswith("✗")
    assert says in said
    assert page.evaluate("document.querySelectorAll('.steps .done').length") == 3  # nothing is shown for it
    assert typed(page, "one").startswith("? This is to be a number, to three significant digits")
    assert typed(page, f"{delta:.3g}").startswith("✓ δ20 = ")
    assert page.evaluate("document.querySelectorAll('.steps .done').length") == 4
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_an_answer_counts_when_it_is_given_and_as_long_as_its_question(opened: Any) -> None:
    """Not when its field is left; and what is said to it goes where the row or the selection asks for another number."""
    x, y = np.array([[0.6, -0.4], [0.1, 0.9]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    page = opened(cr.explore(SMALL, x, y, row=0), "#step=3&ask=1&id=z/2/0")
    page.evaluate("document.querySelector('[data-act=reply]').focus()")
    page.evaluate("document.execCommand('insertText', false, '9')")
    page.evaluate("document.querySelector('[data-act=convention]').focus()")
    page.settle()
    assert feedback(page) == ""
    press_button(page, "answer")
    assert feedback(page).startswith("✗")
    choose(page, "row", "1")
    assert feedback(page) == ""
    press_button(page, "answer")
    assert feedback(page).startswith("✗")
    page.click(*page.middle('.node[data-id="z/2/1"] .fill'))
    assert feedback(page) == ""
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_an_activation_and_a_bias_can_be_forgotten(opened: Any) -> None:
    page = opened(small_page(), "#step=0&ask=1&id=z/1/0")
    z = SMALL.weights[1][0] @ [0.6, -0.4] + SMALL.biases[1][0]
    assert "0.5 · 0.6 + (−1) · (−0.4) + 0.1; σ is tanh" in page.text(".told")
    page.evaluate("document.querySelector('[data-act=reply]').focus()")
    assert "That is z10, the weighted input" in typed(page, f"{z:.3g}")
    assert "The bias is forgotten" in typed(page, f"{np.tanh(z - 0.1):.3g}")
    assert typed(page, f"{np.tanh(z):.3g}").startswith("✓")


@pytest.mark.needs("chromium")
def test_in_a_browser_an_error_of_the_output_follows_from_what_is_told(opened: Any) -> None:
    """a and y in so many digits that three of their difference are right, where an answer is almost a target."""
    network = cr.Network([np.eye(3) * 15.0], [np.zeros(3)], ["softmax"])
    page = opened(cr.explore(network, [1.0, 0.1, -0.2], [1.0, 0.0, 0.0]), "#step=2&ask=1&id=z/1/0")
    told = page.text(".told").split(", ")
    a, y = (float(each.split(" = ")[1]) for each in told)
    live = Live.of(network, [1.0, 0.1, -0.2], [1.0, 0.0, 0.0], None, "nielsen")
    assert abs(live.back.delta[1][0]) < 1e-5
    assert GRADED.same(float(live.back.delta[1][0]), a - y)
    page.evaluate("document.querySelector('[data-act=reply]').focus()")
    assert typed(page, f"{a - y:.3g}").startswith("✓")


@pytest.mark.needs("chromium")
def test_in_a_browser_a_number_can_be_shown_and_the_questions_ended(opened: Any) -> None:
    page = opened(small_page())
    press_button(page, "ask")
    press_button(page, "reveal")
    assert feedback(page).startswith("a1")
    assert page.evaluate("location.hash").endswith("&step=1&ask=all/w/2/0/1")
    press_button(page, "ask")
    assert page.evaluate("document.querySelector('.question')") is None
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_what_a_reader_had_before_the_questions_comes_back(opened: Any) -> None:
    """The selection, the step and the Δ that was tried: where questions are ended, are all answered, or are skipped by ▶|."""
    page = opened(small_page(), "#id=z/1/1&step=5&change=0.5")
    before = page.evaluate("location.hash")
    for _ in range(2):
        press_button(page, "ask")
        press_button(page, "reveal")
        assert page.evaluate("location.hash") == "#id=b/1/1&step=6&ask=5/z/1/1"
        press_button(page, "ask")
        assert page.evaluate("location.hash") == before
    press_button(page, "ask")
    address = page.evaluate("location.href")
    page.go("about:blank")
    page.go(address)
    page.press("Escape")
    assert page.evaluate("location.hash") == "#id=z/1/1&step=5"  # the address of a question holds no Δ
    press_button(page, "ask")
    assert "▶| or } all of them" in page.text(".hint")
    page.evaluate("document.querySelector('[data-act=step-on] + [data-act=step]').click()")
    page.settle()
    assert page.evaluate("location.hash") == "#id=z/1/1"
    assert "—" not in page.text(".lines") + page.text(".formula") + page.text(".hint")
    assert page.errors == []


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("said", ["1", "7/w/9/9/9", "99/z/1/0", "all/C", "", "x"])
def test_in_a_browser_an_address_that_does_not_say_what_was_before_leaves_the_selection(opened: Any, said: str) -> None:
    page = opened(small_page(), f"#id=z/2/0&step=3&ask={said}")
    press_button(page, "ask")
    assert page.evaluate("document.querySelector('.question')") is None
    assert page.evaluate("location.hash") == ("#id=z/1/0" if "z/1/0" in said else "#id=z/2/0&step=3")
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_a_layer_without_biases_has_no_question_for_them(opened: Any) -> None:
    network = cr.Network.random([2, 3, 2], "tanh", bias="none", seed=1)
    page = opened(cr.explore(network, [0.6, -0.4], [1.0, 0.0]), "#step=6&ask=1")
    assert "There is no number to ask for" in page.text(".question")
    assert page.errors == []
