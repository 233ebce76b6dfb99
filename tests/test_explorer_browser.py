"""The explorer in Chromium, as a reader has it: its numbers are true, its state is in its address, and it asks for nothing.

One browser for all of them. What takes long is in `make proof` as a whole, and here in a part.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from browser import Driven, driven
from explored import (
    CHAIN,
    FIELD,
    SMALL,
    chain_page,
    choose,
    classes_page,
    cost_of,
    derivative,
    digits_page,
    dragged,
    last_digit,
    number,
    opened,
    press_button,
    products,
    select,
    small_page,
    state_of,
    sums,
    typed,
    unit,
)
from networks import PROOF

import chainrule as cr
from chainrule.ids import of_entry
from chainrule.names import printable

ROOT = Path(__file__).parent.parent
sys.path += [str(ROOT / "docs"), str(ROOT / "benchmarks")]
benchmark, pictures = __import__("explorer"), __import__("explorer_pictures")
pytestmark = pytest.mark.needs("chromium")

PAGES = {"1-1-1-1": chain_page, "2-3-2": small_page, "digits": digits_page}
IDS = 20 if PROOF else 5  # drawn for each network
NUDGE = 1e-4
MOVES = 60
HOSTILE = ["<script>alert(1)</script>", "]]>", "\"'&amp;", "\u202eabc", "\x1b[31mred", "</script><!--", "é漢🎲"]
CHECK = ".formula .check"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    with driven("about:blank", tmp_path_factory.mktemp("chromium")) as page:
        yield page


# truth ---------------------------------------------------------------------------------------------------------------
def drawn_ids(page: cr.Explorer) -> list[str]:
    """Weights and biases by chance, each one at most once."""
    sizes = page.known["network"]["sizes"]
    parameters = cr.Network.random(sizes, "tanh", seed=0).parameters
    count = min(IDS, parameters.size)
    return [str(of_entry(parameters, int(k))) for k in np.random.default_rng(7).permutation(parameters.size)[:count]]


@pytest.mark.parametrize("name", PAGES)
def test_a_derivative_is_what_the_cost_does_when_a_weight_is_typed(name: str, browser: Driven, tmp_path: Path) -> None:
    """∂C/∂θ as it is printed, and (C(θ + h) − C(θ − h)) / 2h with θ ± h typed into the field, agree to the digits shown."""
    page = PAGES[name]()
    opened(browser, page, tmp_path)
    first = cost_of(browser)
    for id in drawn_ids(page):
        select(browser, id)
        shown, before = derivative(browser), browser.evaluate(f"document.querySelector('{FIELD}').value")
        costs = []
        for change in (NUDGE, -NUDGE):
            typed(browser, repr(float(before) + change))
            costs.append(cost_of(browser))
        typed(browser, before)
        slope = (costs[0] - costs[1]) / (2 * NUDGE)
        assert abs(number(shown) - slope) <= unit(shown) + 1e-7 * max(1.0, abs(slope)), id
        assert cost_of(browser) == first, id
        assert browser.text(CHECK).startswith("✓"), id
    assert browser.errors == []


@pytest.mark.parametrize("name", PAGES)
def test_factors_multiply_to_their_value_and_terms_sum_to_their_total(
    name: str, browser: Driven, tmp_path: Path
) -> None:
    """As they are printed: to one unit of the last digit of the product, and half a unit for each term of a sum."""
    page = PAGES[name]()
    opened(browser, page, tmp_path)
    counted = 0
    for id in [*drawn_ids(page), "z/1/0", "z/2/0", "x/0"]:
        select(browser, id)
        for factors, value in products(browser):
            product = np.prod([number(factor) for factor in factors])
            allowed = 1.01 * last_digit(number(value)) + unit(value) / 2  # a column's numbers may have fewer digits
            assert abs(product - number(value)) <= allowed, (id, factors, value)
            counted += len(factors) > 1
        for terms, total in sums(browser):
            units = sum(unit(term) for term in [*terms, total])
            assert abs(sum(map(number, terms)) - number(total)) <= units / 2 * 1.01, (id, terms, total)
    assert counted >= len(drawn_ids(page)) / 2  # ∂C/∂b of an output has one factor where δ is known
    assert browser.errors == []


SIGMOID_SLOPE = "const t6 = t3 / t5;"


def test_a_planted_fault_shows_a_cross(browser: Driven, tmp_path: Path) -> None:
    """σ′ of the page made a thousandth too large: the check, which reads forms alone, says so wherever σ′ is a factor."""
    page = chain_page()
    assert page.forms.count(SIGMOID_SLOPE) == 1
    wrong = replace(page, forms=page.forms.replace(SIGMOID_SLOPE, "const t6 = 1.001 * t3 / t5;"))
    opened(browser, wrong, tmp_path)
    for id in ("w/1/0/0", "w/3/0/0", "b/2/0", "x/0"):
        select(browser, id)
        assert browser.text(CHECK).startswith("✗"), id
        assert browser.evaluate("document.querySelector('.check.differs') !== null")
    select(browser, "y/0")  # ∂C/∂y has no σ′ in it
    assert browser.text(CHECK).startswith("✓")


# one selection, one address -------------------------------------------------------------------------------------------
def test_a_click_selects_in_every_view_within_a_tenth_of_a_second(browser: Driven, tmp_path: Path) -> None:
    opened(browser, small_page(), tmp_path)
    x, y = browser.middle('[data-id="w/1/2/0"] .stroke')
    browser.evaluate(
        """(() => { window.took = null; addEventListener('pointerdown', () => { const began = performance.now();
        const look = () => { if (document.querySelector('.edge.chosen')?.dataset.id === 'w/1/2/0')
        window.took = performance.now() - began; else requestAnimationFrame(look); }; look(); }, { once: true }); })()"""
    )
    browser.click(x, y)
    assert browser.evaluate("window.took") < 100
    assert browser.evaluate("document.querySelector('.edge.chosen').dataset.id") == "w/1/2/0"
    assert browser.text(".lines .line .name") == "w¹₂₀"
    assert browser.text(".curve .axes .name:last-child") == "w¹₂₀"
    assert browser.evaluate("document.querySelector('.formula .symbol[data-id=\"w/1/2/0\"]') !== null")
    assert "neuron 2 of layer 1 from input 0" in browser.text(".set")


def test_an_address_gives_the_same_page_again(browser: Driven, tmp_path: Path) -> None:
    """Selection, a moved weight, a moved input, row, convention and step: all that the page shows, to the letter."""
    uri = opened(browser, digits_page(), tmp_path)
    press_button(browser, "worst")
    select(browser, "w/2/3/7")
    typed(browser, "0.75")
    select(browser, "x/20")
    typed(browser, "-0.5")
    choose(browser, "convention", "article")
    press_button(browser, "step-back")
    browser.press("0")  # scales that fit, as they are on a page that is opened
    address = browser.evaluate("location.hash")
    for part in ("row=", "step=", "id=x/20", "convention=article", "moved=w/2/3/7"):
        assert part in address
    before = state_of(browser)
    browser.fresh(f"{uri}{address}")
    assert state_of(browser) == before
    assert browser.evaluate("location.hash") == address
    assert browser.errors == []


@pytest.mark.parametrize("address", ["#id=w/9/9/9&row=x&moved=w/1/0/0:NaN,z/1/0:2", "#%", "#moved=%00", "#id=<script>"])
def test_an_address_that_says_nothing_is_left_out(address: str, browser: Driven, tmp_path: Path) -> None:
    opened(browser, small_page(), tmp_path, address)
    assert cost_of(browser) == pytest.approx(cr.cost(SMALL, [0.6, -0.4], [1.0, 0.0]), rel=1e-14)
    assert browser.text(".lines .line .name") == "w²₀₁"
    assert browser.errors == []


# conventions ----------------------------------------------------------------------------------------------------------
def test_3blue1brown_doubles_nielsens_error(browser: Driven, tmp_path: Path) -> None:
    """Each with its author's own cost, Σ(a − y)² and ½ of it: C and δ double (S1.4, S2.6); a and σ′ stay."""
    found = {}
    for author, cost in (("nielsen", "quadratic"), ("3blue1brown", "squared_error")):
        page = cr.explore(CHAIN, [0.6], [1.0], cost, by="z/2/0", convention=author)
        opened(browser, page, tmp_path)
        delta = number(derivative(browser))
        select(browser, "w/3/0/0")
        found[author] = cost_of(browser), delta, number(products(browser)[0][0][0])
    (half, delta, a), (whole, double, same) = found["nielsen"], found["3blue1brown"]
    assert whole == pytest.approx(2 * half, rel=1e-15)
    assert double == pytest.approx(2 * delta, abs=2e-6)
    assert (round(delta, 6), round(double, 6)) == (-0.032504, -0.065008)
    assert a == same == pytest.approx(0.414615)


def test_s0_has_no_transpose_and_nielsen_has_one(browser: Driven, tmp_path: Path) -> None:
    """BP2 of a layer: (w²)ᵀ δ² where the first index is where a weight leads (S2.16), w² δ² where it is where from (S0.3)."""
    opened(browser, small_page(by="z/1/1", convention="nielsen"), tmp_path)
    layer = "document.querySelector('.block.layer').textContent"
    assert "(w2)T" in browser.evaluate(layer)
    cost = cost_of(browser)
    choose(browser, "convention", "article")
    assert "T" not in browser.evaluate(layer)
    assert browser.text(".lines .line .name") == "z⁽¹⁾₂"  # counted from 1
    assert cost_of(browser) == cost  # the author's own cost is this network's
    choose(browser, "convention", "nielsen")
    assert "(w2)T" in browser.evaluate(layer)


# closed ---------------------------------------------------------------------------------------------------------------
def used(page: Driven) -> None:
    """All that a reader does with a page: drag, select, choose, switch, reset, press keys, resize."""
    dragged(page, 50)
    x, y = page.middle(".node:last-of-type .paper, .output:last-of-type .label")
    page.click(x, y)
    for act in ("worst", "theme", "theme", "reset"):
        page.evaluate(f"document.querySelector('[data-act=\"{act}\"]')?.click()")
        page.settle()
    for name in page.evaluate(
        "[...document.querySelectorAll('[data-act=\"convention\"] option:not(:disabled)')].map((each) => each.value)"
    ):
        choose(page, "convention", name)
    for key in ("0", "Tab", "ArrowRight", "Enter"):
        page.press(key)
    page.resize((390, 844))
    page.settle()


@pytest.mark.parametrize("name", PAGES)
def test_from_a_file_it_asks_for_nothing_and_says_nothing_on_the_console(
    name: str, browser: Driven, tmp_path: Path
) -> None:
    uri = opened(browser, PAGES[name](), tmp_path)
    used(browser)
    assert browser.errors == []
    assert {each.partition("#")[0] for each in browser.requests} == {uri}


def test_in_a_notebooks_frame_too(tmp_path: Path) -> None:
    """In srcdoc with a sandbox: a browser of its own, since frames of several pages would be mixed up."""
    cell = f"<!DOCTYPE html><meta charset='utf-8'><body>{small_page()._repr_html_()}</body>"
    (tmp_path / "notebook.html").write_text(cell, encoding="utf-8")
    uri = (tmp_path / "notebook.html").as_uri()
    with driven(uri, tmp_path, (1100, 900)) as page:
        page.until_framed("document.querySelector('[data-id=\"z/1/1\"]') !== null")
        cost = page.framed("document.querySelector('.cost').title")
        page.framed(
            "document.querySelector('[data-id=\"z/1/1\"]').dispatchEvent("
            "new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))"
        )
        page.until_framed("document.querySelector('.node.chosen')?.dataset.id === 'z/1/1'")
        assert page.framed("document.querySelector('.cost').title") == cost
        assert page.errors == []
        assert {each for each in page.requests if each not in ("about:srcdoc", "about:blank")} == {uri}


# speed ----------------------------------------------------------------------------------------------------------------
def test_a_drag_of_the_digits_keeps_up_and_leaves_nothing_behind(browser: Driven, tmp_path: Path) -> None:
    """Loose, for other work runs beside the tests: `python benchmarks/explorer.py` prints the figures."""
    opened(browser, digits_page(), tmp_path)
    swing(browser, 30)  # once, so that code is compiled and caches are full
    before = browser.metrics()
    costs = swing(browser, MOVES)
    after = browser.metrics()
    assert len(set(costs)) > MOVES / 2  # what is dragged is drawn
    assert (after["ThreadTime"] - before["ThreadTime"]) / MOVES < 0.1  # seconds of work for each move
    assert after["JSHeapUsedSize"] - before["JSHeapUsedSize"] < 1e6
    assert after["Nodes"] - before["Nodes"] < 200
    assert browser.errors == []


def swing(browser: Driven, moves: int) -> list[float]:
    """Drag the dot to and fro; the cost after each move."""
    x, y = browser.middle(".handle .grip")
    browser.hold((x, y))
    costs = []
    for move in range(moves):
        browser.move((x + 60 * np.sin(move / 5), y))
        browser.settle()
        costs.append(cost_of(browser))
    browser.release((x, y))
    return costs


# keys -----------------------------------------------------------------------------------------------------------------
ACTIVE = "document.activeElement.dataset.act"


def test_by_the_keyboard_alone_a_weight_is_selected_the_demon_run_and_a_question_answered(
    browser: Driven, tmp_path: Path
) -> None:
    opened(browser, chain_page(), tmp_path)
    browser.press("/")
    assert browser.evaluate(ACTIVE) == "goto"
    browser.write('[data-act="goto"]', "w/1/0/0")
    assert browser.evaluate("document.querySelector('.edge.chosen').dataset.id") == "w/1/0/0"
    browser.press("d")
    browser.press("ArrowRight")
    assert browser.text(".results .miss b") not in ("", "—")
    browser.press("d")
    for _ in range(80):
        browser.press("Tab")
        if browser.evaluate(ACTIVE) == "ask":
            break
    assert browser.evaluate(ACTIVE) == "ask"
    browser.press("Enter")
    for letter in "0.622":  # a of layer 1
        browser.press(letter)
    browser.press("Enter")
    assert browser.text(".feedback").strip().startswith("✓")
    assert browser.errors == []


# names ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_data_are_text(name: str, browser: Driven, tmp_path: Path) -> None:
    """A column, a class and a title called that: the page has no element of theirs, and shows them as they are printed."""
    terms = cr.Preprocessing.fit([name, "other"], np.array([[0.0, 1.0], [1.0, 0.0]]), np.array(["no", name]))
    network = cr.Network(list(SMALL.weights), list(SMALL.biases), ["tanh", "softmax"], preprocessing=terms)
    uri = opened(browser, cr.explore(network, [0.6, -0.4], [1.0, 0.0], title=name), tmp_path)
    shown = printable(name)
    assert browser.text("h1") == shown
    assert browser.evaluate("document.title") == " ".join(shown.split())
    assert shown in browser.text(".reading")
    assert browser.evaluate("document.querySelectorAll('#app script, #app img').length") == 0
    assert browser.errors == []
    assert {each.partition("#")[0] for each in browser.requests} == {uri}


def test_a_field_says_what_it_cannot_read_and_esc_leaves_it_as_it_was(browser: Driven, tmp_path: Path) -> None:
    opened(browser, small_page(), tmp_path)
    cost = cost_of(browser)
    browser.write(FIELD, "abc")
    browser.settle()
    assert "“abc” is not a number" in browser.text(".unread")
    assert browser.evaluate("document.querySelector('[data-act=\"set\"]').getAttribute('aria-invalid')") == "true"
    assert cost_of(browser) == cost
    browser.press("Escape")
    browser.settle()
    assert browser.evaluate("document.activeElement.dataset.act") != "set"
    assert browser.evaluate("document.querySelector('[data-act=\"set\"]').value") != "abc"
    assert browser.evaluate("document.querySelector('.unread')") is None
    typed(browser, "1/4")
    assert browser.evaluate("document.querySelector('.unread')") is None
    assert browser.evaluate("document.querySelector('.handle').getAttribute('aria-valuenow')") == "0.25"


def test_a_projectors_view_and_the_way_back_leave_nothing_on_the_console(browser: Driven, tmp_path: Path) -> None:
    opened(browser, digits_page(), tmp_path)
    for key in ("p", "2", "1", "Escape"):
        browser.press(key)
        browser.settle()
        browser.settle()
    assert browser.errors == []


# looked at ------------------------------------------------------------------------------------------------------------
SIZES = [(1280, 720), (1920, 1080), (1024, 768), (800, 600), (390, 844)]
OVERLAPS = """(() => {
  const seen = [...document.querySelectorAll('.drawing text')].filter((each) => each.textContent.trim() !== '');
  const boxes = seen.map((each) => [each, each.getBoundingClientRect(), each.closest('section').getBoundingClientRect()]);
  const found = [];
  for (const [each, box, frame] of boxes) {
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) {
      found.push(`clipped: ${each.textContent}`);
    }
  }
  boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && high > 5) found.push(`over each other: ${one.textContent} and ${other.textContent}`);
  }));
  return found;
})()"""


def drawn_page(sizes: list[int], *, names: tuple[str, ...] = (), classes: tuple[str, ...] = ()) -> cr.Explorer:
    """A network by chance, with the names of its inputs and classes."""
    rng = np.random.default_rng(sum(sizes))
    terms = None
    if names:
        rows = np.linspace(0, 1, 2 * len(classes))[:, None] * np.ones(len(names))
        terms = cr.Preprocessing.fit(list(names), rows, np.array(classes * 2))
    network = cr.Network.random(sizes, "leaky_relu", "softmax" if classes else "sigmoid", seed=1, dtype="float64")
    network = network if terms is None else network.with_preprocessing(terms)
    y = np.eye(sizes[-1])[0] if classes else rng.random(sizes[-1])
    return cr.explore(network, 5 * rng.normal(size=sizes[0]), y, convention="3blue1brown")


LONG_NAMES = ("petal length (cm)", "WIDTH OF THE SEPAL", "花弁の長さ", "a")
LONG_CLASSES = ("Iris versicolor", "MMMMMMMMMMMM", "ひおうぎあやめ", "no")
DRAWN = {
    "1-1-1-1": chain_page,
    "2-3-2": small_page,
    "classes": classes_page,
    "digits": digits_page,
    "2-3-4": lambda: drawn_page([2, 3, 4], names=LONG_NAMES[:2], classes=LONG_CLASSES),
    "4-4-3": lambda: drawn_page([4, 4, 3], names=LONG_NAMES, classes=LONG_CLASSES[:3]),
    "4-5-3": lambda: drawn_page([4, 5, 3]),
    "8-8-8": lambda: drawn_page([8, 8, 8]),
    "3-10-10-2": lambda: drawn_page([3, 10, 10, 2]),
    "12-13-12": lambda: drawn_page([12, 13, 12]),
    "3-120-4": lambda: drawn_page([3, 120, 4]),
}


EVERY_DAY = ("classes", "digits", "4-5-3")  # the others are drawn with CHAINRULE_PROOF=1


@pytest.mark.parametrize("name", DRAWN if PROOF else EVERY_DAY)
def test_no_text_is_clipped_or_over_another(name: str, browser: Driven, tmp_path: Path) -> None:
    """At every size, as it comes; then with something else selected and the demon's Δ, and two windows beside each other."""
    opened(browser, DRAWN[name](), tmp_path)
    found = {}
    for address in (
        "",
        "id=z/1/0&change=1.9",
        "id=w/1/0/0&demon=true&change=-1.7",
        "id=x/0",
        "view=network",
        "view=lines",
    ):
        browser.evaluate(f"location.hash = {json.dumps(address)}")
        for size in SIZES:
            browser.resize(size)
            browser.settle()
            browser.settle()
            found[f"{address} {size}"] = browser.evaluate(OVERLAPS)
            if "view" in address and browser.evaluate("document.querySelector('.screen svg').clientHeight") < 250:
                found[f"{address} {size}"].append("nothing to see")
            if browser.evaluate("document.documentElement.scrollWidth") > size[0]:
                found[f"{address} {size}"].append("wider than the window")
            if size[0] >= 1280 and browser.evaluate("document.documentElement.scrollHeight") > size[1]:
                found[f"{address} {size}"].append("more than a screen")
    assert {place: faults for place, faults in found.items() if faults} == {}
    least = "Math.min(...[...document.querySelectorAll('button, select, input')].map((e) => e.getBoundingClientRect().height))"
    assert browser.evaluate(least) >= 24  # on a phone


CONTRASTS = """(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const over = (top, share, below) => top.slice(0, 3).map((each, i) => share * each + (1 - share) * below[i]);
  function behind(element) {
    let here = element;
    while (here !== null && parts(getComputedStyle(here).backgroundColor)[3] === 0) here = here.parentElement;
    const paper = here === null ? [255, 255, 255] : parts(getComputedStyle(here).backgroundColor);
    const fill = element.matches('.node .name') ? element.parentElement.querySelector('.fill') : null;
    if (fill === null) return paper;
    const { fill: colour, fillOpacity, opacity } = getComputedStyle(fill);
    return over(parts(colour), fillOpacity * opacity, paper);
  }
  const isText = (each) => [...each.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== '');
  const isLeftOut = (each) => each.disabled || each.closest('title, option, sup, sub, [aria-disabled]') !== null;
  const isSeen = (each) => each.getClientRects().length > 0 && !isLeftOut(each);
  return [...document.querySelectorAll('#app *')].filter((each) => isText(each) && isSeen(each)).map((each) => {
    const style = getComputedStyle(each);
    const ink = parts(each instanceof SVGElement ? style.fill : style.color);
    const [one, other] = [light(ink), light(behind(each))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    return [ratio, each.tagName + '.' + each.getAttribute('class') + ': ' + each.textContent.slice(0, 30)];
  });
})()"""


@pytest.mark.parametrize("name", ["2-3-2", "digits"])
def test_every_text_stands_out_in_light_and_dark(name: str, browser: Driven, tmp_path: Path) -> None:
    """By 4.5 at least (WCAG 1.4.3), on what is behind it: by the reader's system, and as the button ◐ switches it."""
    opened(browser, PAGES[name](), tmp_path)
    counted, papers = 0, []
    for is_dark in (False, True):
        browser.dark(is_dark)
        for address in ("id=z/1/0&change=1.5", "step=3&ask=1", "tables=true", "id=w/1/0/0&demon=true"):
            browser.evaluate(f"location.hash = {json.dumps(address)}")
            browser.settle()
            browser.settle()
            for _ in range(2):
                found = browser.evaluate(CONTRASTS)
                assert [each for each in found if each[0] < 4.5] == [], (is_dark, address)
                counted += len(found)
                papers.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
                press_button(browser, "theme")
    browser.dark(False)
    assert counted > 16 * 50
    light, dark = "rgb(255, 255, 255)", "rgb(22, 24, 29)"
    assert papers == [light, dark] * 4 + [dark, light] * 4
    assert browser.errors == []


# commands -------------------------------------------------------------------------------------------------------------
def test_the_first_picture_of_the_readme_is_made_by_a_command(tmp_path: Path) -> None:
    """A PNG of 1280 by 720 pixels, small enough for a page."""
    for picture in (pictures.front(tmp_path / "explorer.png"), pictures.FRONT):
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) == (1280, 720)
        assert 50_000 < len(data) < 250_000


def test_the_benchmark_measures_frames_and_work(browser: Driven, tmp_path: Path) -> None:
    opened(browser, digits_page(), tmp_path)
    frames, work, moves = benchmark.drag(browser, 0.5)
    assert moves > 1
    assert len(frames) > 1
    assert 0 < sum(frames) / 1e3 < 10
    assert 0 < work < 0.5


@pytest.mark.skipif(not PROOF, reason="takes a minute: make proof")
def test_the_benchmark_prints_its_figures() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "explorer.py"), "--seconds", "1", "--minutes", "0.1"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for said in ("explorer-digits.html", "command to page", "95 % at most", "memory over 0.1 minutes"):
        assert said in printed
