"""While a pass is stepped through nothing on the page, nor what is taken away, says a number that is not computed yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from browser import Driven
from explored import SMALL, digits_page, dragged, opener, select, small_page
from test_explorer_page import chain_page

import chainrule as cr
from chainrule.ids import Id

pytestmark = pytest.mark.needs("chromium")
X, Y = np.array([0.6, -0.4]), np.array([1.0, 0.0])
SAID = """(() => {
  const found = [];
  for (const each of document.querySelectorAll('#app, #app *')) {
    for (const node of each.childNodes) if (node.nodeType === 3) found.push(node.data);
    for (const { name, value } of each.attributes) if (/^(aria-(label|value.*)|title|value)$/.test(name)) found.push(value);
    if (each.localName === 'textarea') found.push(each.value);
  }
  return found;
})()"""
PRINTED = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[−-]?\d+)?(?!\w)")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Opens a page in the one browser of this module."""
    yield from opener(tmp_path_factory.mktemp("hidden"))


def computed_at() -> dict[str, tuple[int, float]]:
    """Of every quantity of SMALL on its row after how many steps it is known, and its size: a¹ a² C δ² δ¹ ∂C/∂w ∂C/∂b."""
    trace = cr.forward(SMALL, X)
    back, slopes = cr.backward(trace, Y), cr.gradient(SMALL, X, Y)
    found = {"C": (3, cr.cost(SMALL, X, Y))}
    for layer in (1, 2):
        for j in range(SMALL.sizes[layer]):
            found[f"z{layer}{j}"], found[f"a{layer}{j}"] = (layer, trace.z[layer][j]), (layer, trace.a[layer][j])
            found[str(Id("d", layer, j))] = (6 - layer, back.delta[layer][j])
            for k in range(SMALL.sizes[layer - 1]):
                found[str(Id("w", layer, j, k))] = (6, slopes.weights[layer][j, k])
    return {name: (step, abs(float(value))) for name, (step, value) in found.items()}


def printed(texts: list[str]) -> Iterator[tuple[float, float, str]]:
    """(size, half a unit of its last digit, text) of every number of three digits or more."""
    for text in texts:
        for number in PRINTED.findall(text):
            mantissa, _, power = number.replace("−", "-").partition("e")
            if len(mantissa.replace(".", "").lstrip("0")) >= 3:
                scale = 10.0 ** int(power or 0)
                yield float(mantissa) * scale, 0.51 * scale * 10.0 ** -len(mantissa.partition(".")[2]), text


def said_too_early(page: Driven, step: int) -> list[tuple[str, str]]:
    quantities = computed_at()
    given = [abs(v) for layer in (1, 2) for v in (*SMALL.weights[layer].ravel(), *SMALL.biases[layer])]
    known = [*given, *map(abs, X), *(size for at, size in quantities.values() if at <= step)]
    found = []
    for size, half, text in printed(page.evaluate(SAID)):
        if not any(abs(size - each) <= half for each in known):
            found += [
                (name, text) for name, (at, value) in quantities.items() if at > step and abs(size - value) <= half
            ]
    return found


@pytest.mark.parametrize("id", ["w/1/0/0", "z/2/0", "x/1"])
def test_no_number_is_said_before_it_is_computed(opened: Any, id: str) -> None:
    """In texts, labels and values of the views, of their tables, and in the LaTeX to take away."""
    page = opened(small_page(), f"#id={id}")
    for step in range(6, -1, -1):
        page.press("[")
        assert page.evaluate(f"location.hash.endsWith('&step={step}')")
        assert said_too_early(page, step) == [], step
        page.press("s")
        assert page.text("textarea").startswith("\\begin{aligned}")
        assert said_too_early(page, step) == [], step
        page.press("Escape")
        page.press("t")
        assert said_too_early(page, step) == [], step
        page.press("t")
    page.press("}")
    assert said_too_early(page, 0) != []
    assert page.errors == []


def test_a_number_line_tells_neither_scale_nor_place_of_what_is_not_computed(opened: Any) -> None:
    page = opened(small_page(), "#id=w/1/0/0")
    dragged(page, 30)
    page.press("{")
    lines = (
        "[...document.querySelectorAll('.line')].map((each) => each.querySelectorAll('.mark, .bracket, .spot').length)"
    )
    first, *others = page.evaluate(lines)
    assert first > 3
    assert others == [0] * len(others)
    page.press("t")
    cells = "[...document.querySelectorAll('.lines tbody tr')].slice(1).flatMap((row) => [...row.children].slice(1))"
    assert set(page.evaluate(f"{cells}.map((cell) => cell.textContent)")) == {"—"}


def test_a_factor_that_is_known_is_written_as_it_will_be_with_the_others(opened: Any) -> None:
    page = opened(chain_page(), "#id=w/2/0/0")
    assert " · 1.2 · " in page.text(".formula .numbers")
    page.press("{")
    assert page.text(".formula .numbers").strip() == "= — · — · 1.2 · — · — = —"
    assert page.errors == []


def test_a_large_network_does_not_name_its_answer_before_the_outputs_are_computed(opened: Any) -> None:
    page = opened(digits_page())
    target, answer = re.findall(r"\d", page.text(".reading"))
    assert f"for {answer}" in page.text(".pulls")
    outputs = page.evaluate("[...document.querySelectorAll('.output .label')].map((each) => each.textContent)")
    select(page, "b/1/3")
    for step in range(3):
        page.evaluate(f"location.hash = 'id=b/1/3&step={step}'")
        page.settle()
        page.settle()
        said = page.evaluate("[...document.querySelectorAll('.network text')].map((each) => each.textContent)")
        of_answer = [each for each in said if re.search(rf"\bfor {answer}\b|\bto {answer}\b|^z.*{answer}|^p = 0", each)]
        assert bool(of_answer) == (step == 2), of_answer
        assert page.text(".reading") == (f"{target}, read as {answer}" if step == 2 else f"{target}, not read yet")
        shown = page.evaluate("[...document.querySelectorAll('.output .label')].map((each) => each.textContent)")
        assert shown == outputs
        assert page.evaluate("document.querySelectorAll('.output.target').length") == 1
        assert page.evaluate("document.querySelectorAll('.output.answer').length") == (step == 2)
    assert page.errors == []


def test_a_question_about_the_outputs_asks_for_the_target_not_for_the_answer(opened: Any) -> None:
    page = opened(digits_page(), "#step=1&ask=1&id=b/1/3")
    target, _ = re.findall(r"\d", page.text(".reading") + "0")
    assert page.text(".asking label").startswith(f"What is a2{target}")
