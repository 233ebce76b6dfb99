"""The page by keyboard, lit in every view, as tables, for a projector, and what can be taken away from it, in a browser."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from browser import Driven, driven
from test_explorer_demon import rounded
from test_explorer_page import SMALL, chain_page, small_page

import chainrule as cr

pytestmark = pytest.mark.needs("chromium")
LIT = "[...document.querySelectorAll('[data-lit]')].map((each) => each.closest('[data-part], .formula').className)"
SELECTED = "[...document.querySelectorAll('.edge.chosen, .node.chosen')].map((each) => each.dataset.id)"
CELLS = "((rows) => [...rows].map((row) => [...row.children].map((cell) => cell.textContent)))"
FOCUSED = "document.activeElement.dataset.id"


@pytest.fixture(scope="module")
def browser_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Driven, Path]]:
    folder = tmp_path_factory.mktemp("access")
    with driven("about:blank", folder) as page:
        yield page, folder


@pytest.fixture
def opened(browser_of_module: tuple[Driven, Path]) -> Any:
    """Opens a page in the one browser of this module: opened(page, "#id=z/2/0")."""
    page, folder = browser_of_module
    names = count(len(list(folder.glob("*.html"))))

    def go(explorer: cr.Explorer, address: str = "") -> Driven:
        file = explorer.save(folder / f"{next(names)}.html")
        page.errors.clear()
        page.go(f"{file.as_uri()}{address}")
        return page

    return go


def blurred(page: Driven) -> None:
    page.evaluate("document.activeElement.blur()")


# one selection -----------------------------------------------------------------------------------------------------------
def test_what_the_mouse_is_on_lights_in_every_view(opened: Any) -> None:
    """The weight that is selected by edge, number line, formula and curve (EXPLORER 5), and again where it is drawn anew."""
    page = opened(small_page())
    x, y = page.middle('[data-id="w/2/0/1"] .stroke')
    page.point(x, y)
    assert {"network", "lines", "curve", "formula"} <= set(page.evaluate(LIT))
    ids = set(page.evaluate("[...document.querySelectorAll('[data-lit]')].map((each) => each.dataset.id)"))
    assert ids == {"w/2/0/1"}
    page.point(5, 400)
    assert page.evaluate(LIT) == []
    assert page.errors == []


def test_a_neuron_lights_its_z_a_and_error_and_is_lit_by_each_of_them(opened: Any) -> None:
    page = opened(small_page())
    page.point(*page.middle('.node[data-id="z/2/0"] .paper'))
    ids = set(page.evaluate("[...document.querySelectorAll('[data-lit]')].map((each) => each.dataset.id)"))
    assert ids == {"z/2/0", "a/2/0", "d/2/0"}
    page.point(*page.middle('.formula [data-id="d/2/0"]'))
    assert page.evaluate("document.querySelector('.node[data-lit]').dataset.id") == "z/2/0"
    page.point(*page.middle('.formula .numbers [data-id="a/1/1"]'))  # a factor's number
    assert page.evaluate("document.querySelector('.node[data-lit]').dataset.id") == "z/1/1"


def test_it_lights_within_a_tenth_of_a_second_on_the_digits(opened: Any) -> None:
    data = cr.load_data("digits")
    network = cr.Network.random([64, 128, 10], "relu", "softmax", seed=1)
    page = opened(cr.explore(network, data.inputs[:50], data.targets[:50], row=7))
    took = page.evaluate(
        """(() => {
          const output = document.querySelector('.output[data-id="z/2/3"]');
          const began = performance.now();
          output.dispatchEvent(new PointerEvent('pointermove', { bubbles: true }));
          return output.hasAttribute('data-lit') ? performance.now() - began : -1;
        })()"""
    )
    assert 0 <= took < 100
    page.point(*page.middle('.formula .numbers [data-id^="a/1/"]'))
    lit = page.evaluate("[...document.querySelectorAll('[data-lit]')].map((each) => each.closest('section').className)")
    assert {"network", "formula"} <= set(lit)
    page.press("/")
    page.write('[data-act="goto"]', "z/1/99")  # one that was not drawn by its name
    assert page.evaluate("location.hash") == "#id=z/1/99"
    assert page.text(".demon .results .predicted b") == "0"
    assert page.errors == []


def test_the_focus_lights_too_and_nothing_does_while_something_is_dragged(opened: Any) -> None:
    page = opened(small_page())
    page.evaluate("""document.querySelector('[data-id="w/1/2/0"]').focus()""")
    assert page.evaluate("document.querySelector('.edge[data-lit]').dataset.id") == "w/1/2/0"
    page.evaluate(
        """(() => {
          window.seen = [];
          new MutationObserver(() => window.seen.push(document.querySelectorAll('[data-lit]').length))
            .observe(document.querySelector('.lines'), { subtree: true, attributes: true, attributeFilter: ['cx'] });
        })()"""
    )
    x, y = page.middle(".handle .grip")
    page.drag((x, y), (x + 20, y), (x + 30, y))
    seen = page.evaluate("window.seen")
    assert seen
    assert seen[-1] == 0


# keys --------------------------------------------------------------------------------------------------------------------
def test_by_keys_alone_a_weight_is_found_selected_and_moved_and_the_demon_run(opened: Any) -> None:
    page = opened(small_page())
    page.press("ArrowUp")
    assert page.evaluate(FOCUSED) == "w/2/0/0"
    assert page.evaluate(SELECTED) == ["w/2/0/1"]  # the focus has gone on, the selection has not
    page.press("ArrowLeft")
    page.press("ArrowDown")
    assert page.evaluate(FOCUSED) == "w/1/0/1"
    page.press("Enter")
    assert page.evaluate(SELECTED) == ["w/1/0/1"]
    page.press("d")
    assert page.evaluate("document.activeElement.dataset.act") == "demon"
    page.press("ArrowRight")
    assert page.text(".results .miss b") != "—"
    page.press("d")
    page.press("ArrowRight")
    assert page.evaluate("location.hash").startswith("#id=w/1/0/1&moved=w/1/0/1")
    assert page.errors == []


def test_arrows_go_through_layers_and_neurons(opened: Any) -> None:
    page = opened(small_page(), "#id=z/1/0")
    way = []
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.press(key)
        way.append(page.evaluate(FOCUSED))
    assert way == ["z/1/1", "z/2/1", "z/2/1", "z/2/1", "z/1/1", "x/1", "x/1"]  # at an end it stays
    page.press("Enter")
    assert page.evaluate("location.hash") == "#id=x/1"


def test_a_slash_asks_for_an_id_and_says_what_is_wrong_with_it(opened: Any) -> None:
    page = opened(small_page())
    page.press("/")
    assert page.evaluate("document.activeElement.dataset.act") == "goto"
    page.write('[data-act="goto"]', "w/2/0/9")
    assert page.text("#goto-fault") == "'w/2/0/9': layer 1 has 3 neurons (0…2); you asked for 9"
    page.write('[data-act="goto"]', "b/1/2")
    assert page.evaluate("document.querySelector('dialog').open") is False
    assert page.evaluate("location.hash") == "#id=b/1/2"
    page.press("/")
    page.press("Escape")
    assert page.evaluate("document.querySelector('dialog').open") is False
    assert page.evaluate("location.hash") == "#id=b/1/2"
    assert page.errors == []


def test_a_question_mark_lists_every_key(opened: Any) -> None:
    page = opened(small_page())
    page.press("?")
    listed = set(
        " ".join(page.evaluate("[...document.querySelectorAll('kbd')].map((each) => each.textContent)")).split()
    )
    assert {*"d/[]{}q0tps?←", "Enter,", "Space", "Tab", "Esc"} <= listed
    page.press("t")  # it means nothing while the keys are shown
    page.press("Escape")
    assert page.evaluate("document.querySelector('.table')") is None
    page.press("t")
    assert page.evaluate("document.querySelector('.table')") is not None
    assert page.evaluate("document.querySelector('dialog').open") is False  # nor is it opened again


def test_letters_typed_into_a_field_stay_there(opened: Any) -> None:
    page = opened(small_page())
    page.write('[data-act="set"]', "1.", key="0")
    page.press("t")
    assert page.evaluate("""document.querySelector('[data-act="set"]').value""") == "1.0t"
    assert page.evaluate("document.querySelector('.table')") is None


def test_targets_are_large_enough_and_signs_have_a_form(opened: Any) -> None:
    """24 pixels for what is pressed, 44 for what is dragged (WCAG 2.5.8, 2.5.5); a negative weight is dashed."""
    page = opened(small_page(), "#id=w/2/0/1&demon=true")
    assert page.evaluate("document.getAnimations().length") == 0  # nothing moves by itself
    small = page.evaluate(
        """[...document.querySelectorAll('button, input, select, .node[role="button"]')].filter((each) => {
          const box = each.getBoundingClientRect();
          return box.width < 24 || box.height < 24;
        }).map((each) => each.outerHTML)"""
    )
    assert small == []
    held = page.evaluate(
        """[...document.querySelectorAll('[role="slider"] .reach')].map((each) => each.getBoundingClientRect().width)"""
    )
    assert len(held) == 2
    assert min(held) >= 44
    dashes = page.evaluate(
        "[...document.querySelectorAll('.edge.negative .stroke')].map((each) => getComputedStyle(each).strokeDasharray)"
    )
    assert len(dashes) == 5
    assert "none" not in dashes


# tables ------------------------------------------------------------------------------------------------------------------
def test_behind_each_drawing_is_a_table_of_its_numbers(opened: Any) -> None:
    page = opened(chain_page(), "#id=z/2/0")
    page.press("t")
    captions = page.evaluate("[...document.querySelectorAll('caption')].map((each) => each.textContent)")
    assert captions == ["the network", "number lines", "the demon on z⁽²⁾"]
    assert page.evaluate("document.querySelectorAll('.screen svg').length") == 0
    rows = page.evaluate(
        "[...document.querySelectorAll('.curve tr')].map((row) => [...row.children].map((c) => c.textContent))"
    )
    (one,) = [row for row in rows if row[0] == "+1"]
    assert [rounded(one[1]), rounded(one[2]), one[3]] == ["−0.065008", "−0.058841", "−9.5 %"]
    (weight,) = page.evaluate(f"{CELLS}(document.querySelectorAll('.network tr[data-id=\"w/2/0/0\"]'))")
    assert weight == ["w⁽²⁾", "−2.000000", "", "", "−0.040465"]
    (neuron,) = page.evaluate(f"{CELLS}(document.querySelectorAll('.network tr[data-id=\"a/2/0\"]'))")
    assert neuron == ["a⁽²⁾", "0.414615", "−0.344919", "−0.065008", "−0.267844"]
    (bias,) = page.evaluate(f"{CELLS}(document.querySelectorAll('.network tr[data-id=\"b/3/0\"]'))")
    assert bias == ["b⁽³⁾", "−0.300000", "", "", "−0.223203"]
    blurred(page)
    page.press("t")
    assert page.evaluate("document.querySelectorAll('.screen svg').length") == 3
    assert page.errors == []


# for a projector -----------------------------------------------------------------------------------------------------------
SMALLEST = """Math.min(...[...document.querySelectorAll('.head *, .screen *, .foot')].filter((each) =>
  each.getClientRects().length > 0 && [...each.childNodes].some((child) => child.nodeType === 3 && child.data.trim())
  && !each.closest('sup, sub, option'))
  .map((each) => parseFloat(getComputedStyle(each).fontSize) * (each.getScreenCTM?.()?.a ?? 1)))"""
SHOWN = "[...document.querySelectorAll('.screen > section')].filter((e) => e.offsetWidth > 0).map((e) => e.className)"


def test_for_a_projector_one_view_at_a_time_in_type_of_twenty_pixels(opened: Any) -> None:
    page = opened(small_page(), "#id=w/2/0/1")
    assert page.evaluate(SMALLEST) < 20
    page.press("p")
    for key, part in (("1", "network"), ("2", "lines"), ("3", "curve"), ("4", "formula")):
        page.press(key)
        page.settle()
        assert page.evaluate(SHOWN) == [part]
        assert page.evaluate(SMALLEST) >= 19.9, part
    page.press("ArrowRight")
    assert page.evaluate(SHOWN) == ["network"]
    page.press("ArrowLeft")
    page.press("ArrowLeft")
    assert page.evaluate(SHOWN) == ["curve"]
    page.press("Escape")
    assert len(page.evaluate(SHOWN)) == 4
    assert page.errors == []


def test_what_is_enlarged_is_pressed_and_dragged_where_it_is_seen(opened: Any) -> None:
    page = opened(small_page(), "#view=network")
    page.click(*page.middle('[data-id="w/1/2/0"] .stroke'))
    assert page.evaluate(SELECTED) == ["w/1/2/0"]
    blurred(page)
    page.press("2")
    page.settle()
    x, y = page.middle(".handle .grip")
    page.drag((x, y), (x + 200, y))
    after, _ = page.middle(".handle .grip")
    assert after == pytest.approx(x + 200, abs=2)


# to take away --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def saved(browser_of_module: tuple[Driven, Path], tmp_path: Path) -> Any:
    """Presses a button of the page and waits for the file that it saves."""
    page, _ = browser_of_module
    page.downloads(tmp_path)

    def press(selector: str, name: str) -> bytes:
        page.evaluate(f"document.querySelector({json.dumps(selector)}).click()")
        until = time.monotonic() + 20
        while not is_whole(tmp_path / name):
            assert time.monotonic() < until, f"{name} is not saved"
            page.settle()
        return (tmp_path / name).read_bytes()

    return press


@pytest.mark.parametrize("part", ["network", "lines", "curve", "formula"])
def test_each_view_is_saved_as_svg_with_its_style_and_as_png(opened: Any, saved: Any, part: str) -> None:
    page = opened(small_page(), "#id=z/2/0&change=0.5&tables=true")
    page.press("s")
    drawing = ElementTree.fromstring(saved(f'[data-act="svg"][data-of="{part}"]', f"{part}.svg"))
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    texts = [each for each in drawing.iter("{http://www.w3.org/2000/svg}text") if each.text]
    assert texts
    for each in texts:
        assert each.get("fill", "").startswith("rgb")
        assert float(str(each.get("font-size")).removesuffix("px")) >= 12
        assert not [name for name in each.attrib if name in ("class", "style") or name.startswith("data-")]
    png = saved(f'[data-act="png"][data-of="{part}"]', f"{part}.png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width = int.from_bytes(png[16:20], "big")
    assert width == 2 * int(str(drawing.get("width")))
    assert page.errors == []


def test_the_numbers_are_saved_as_csv_to_the_last_digit(opened: Any, saved: Any) -> None:
    page = opened(small_page())
    page.press("s")
    rows = list(csv.reader(io.StringIO(saved('[data-act="csv"]', "numbers.csv").decode())))
    assert rows[0] == ["id", "value", "slope"]
    found = {name: (float(value), slope) for name, value, slope in rows[1:]}
    slopes = cr.gradient(SMALL, [0.6, -0.4], [1.0, 0.0])
    assert found["w/2/0/1"][0] == -2.0
    assert float(found["w/2/0/1"][1]) == pytest.approx(slopes.weights[2][0, 1], rel=1e-12)
    assert float(found["b/1/2"][1]) == pytest.approx(slopes.biases[1][2], rel=1e-12)
    assert found["d/1/2"][0] == pytest.approx(slopes.biases[1][2], rel=1e-12)
    assert found["C"][0] == pytest.approx(cr.cost(SMALL, [0.6, -0.4], [1.0, 0.0]), rel=1e-12)
    assert len(rows) == 1 + 2 + (6 + 3 + 9) + (6 + 2 + 6) + 2 + 1


def test_the_formula_is_there_as_latex_and_the_state_as_a_link(opened: Any) -> None:
    page = opened(small_page(), "#id=z/1/1&change=0.25")
    page.press("s")
    latex = page.evaluate("document.querySelector('textarea').value")
    assert latex.startswith("\\begin{aligned}\n\\frac{\\partial C}{\\partial z^{1}_{1}}")
    assert page.evaluate("document.querySelector('textarea').focus(), window.getSelection().toString()") == latex
    link = page.evaluate("document.querySelector('[data-whole=\"link\"]').value")
    assert link.endswith("#id=z/1/1&change=0.25")
    shown = page.text(".results")
    page.go("about:blank")
    page.go(link)
    assert page.text(".results") == shown
    assert np.isfinite(float(page.evaluate("document.querySelector('.demon-slider').getAttribute('aria-valuenow')")))
    assert page.errors == []


def test_in_a_notebooks_frame_files_are_saved_too_and_the_link_is_what_to_add(
    opened: Any, saved: Any, tmp_path: Path
) -> None:
    page = opened(small_page())
    cell = f"<!DOCTYPE html><meta charset='utf-8'><body>{small_page()._repr_html_()}</body>"
    (tmp_path / "notebook.html").write_text(cell, encoding="utf-8")
    page.go((tmp_path / "notebook.html").as_uri())
    page.until_framed("document.querySelector('.formula [data-id=\"a/1/1\"]') !== null")
    framed(page, "document.querySelector('.formula [data-id=\"a/1/1\"]').click()")
    framed(page, "document.querySelector('[data-act=\"save\"]').click()")
    assert page.framed("document.querySelector('[data-whole=\"link\"]').value") == "#id=a/1/1"
    framed(page, "document.querySelector('[data-act=\"png\"]').click()")
    until = time.monotonic() + 20
    while not is_whole(tmp_path / "network.png"):
        assert time.monotonic() < until
        page.settle()
    assert (tmp_path / "network.png").read_bytes()[:4] == b"\x89PNG"
    assert page.errors == []


def is_whole(file: Path) -> bool:
    """Whether a file is there and nothing is being written beside it."""
    return file.exists() and file.stat().st_size > 0 and not list(file.parent.glob("*.crdownload"))


def framed(page: Driven, expression: str) -> None:
    page.framed(expression)
    page.framed("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))")
