"""The page by the keyboard alone: where the focus is, what Esc leaves, and that everything can be reached, in a browser."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Driven
from explored import SMALL, digits_page, opener, press_button, small_page

import chainrule as cr

pytestmark = pytest.mark.needs("chromium")
HELD = "document.activeElement"
IS_LOST = "document.activeElement === document.body || document.activeElement.getClientRects().length === 0"
PAGES = {"small": small_page, "digits": digits_page}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Opens a page in the one browser of this module."""
    yield from opener(tmp_path_factory.mktemp("keyboard"))


def focus(page: Driven, selector: str) -> None:
    page.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")


def holds(page: Driven, selector: str) -> bool:
    """Whether the focus is on an element of that selector."""
    return bool(page.evaluate(f"{HELD}.matches({json.dumps(selector)})"))


# the focus -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "id"), [("small", "z/1/1"), ("digits", "w/1/1/0")])
def test_the_focus_stays_on_the_page_whatever_a_key_hides(opened: Any, name: str, id: str) -> None:
    page = opened(PAGES[name](), f"#id={id}&demon=true")
    for start in (".demon-slider", ".handle", "[data-act=best]", ".network [tabindex]", '[data-grid="pull/"]'):
        for keys in ("[[[[[[[", "}tt", "p1234p", "{}dd0"):
            if page.evaluate(f"document.querySelector({json.dumps(start)}) === null"):
                continue  # without the demon there is no slider
            focus(page, start)
            for key in keys:
                page.press(key)
                assert page.evaluate(IS_LOST) is False, (start, keys, key)
            page.press("Escape")
            assert page.evaluate(IS_LOST) is False, (start, keys)
    assert page.errors == []


def test_the_focus_comes_back_to_what_was_hidden(opened: Any) -> None:
    page = opened(small_page(), "#id=z/1/1")
    focus(page, '.edge[data-id="w/1/2/0"]')
    page.press("t")
    assert holds(page, ".table")
    page.press("t")
    assert holds(page, '.edge[data-id="w/1/2/0"]')
    focus(page, ".demon-slider")
    page.press("[")
    page.press("[")
    page.press("[")
    assert holds(page, '.node[data-id="z/1/1"]')  # what is selected, where δ¹ is not known
    page.press("p")
    page.press("4")
    assert holds(page, ".screen")
    page.press("Escape")
    assert holds(page, '.node[data-id="z/1/1"]')


def test_buttons_that_do_nothing_now_keep_the_focus(opened: Any) -> None:
    page = opened(small_page())
    for act in ("step-back", "step", "undo-step", "reset", "update", "take-step"):
        focus(page, f"button[data-act={act}]")
        for _ in range(9):
            page.press("Enter")
        assert holds(page, f"button[data-act={act}]"), act
    focus(page, "button[data-act=undo-step]")
    for _ in range(30):
        page.press("Enter")
    assert page.evaluate(f"{HELD}.getAttribute('aria-disabled')") == "true"
    assert page.text(".taken") == ""
    assert page.errors == []


# Esc -----------------------------------------------------------------------------------------------------------------------
def test_esc_leaves_the_innermost_thing_that_is_open_and_the_focus_goes_where_it_was(opened: Any) -> None:
    page = opened(small_page())
    focus(page, '.edge[data-id="w/2/0/0"]')
    for key in ("p", "t", "3", "d"):
        page.press(key)
    focus(page, "[data-act=ask]")
    page.press("Enter")
    assert holds(page, "[data-act=reply]")
    page.press("Escape")
    assert holds(page, "[data-act=ask]")
    assert page.evaluate("document.querySelector('.question')") is None
    page.press("?")
    page.press("Escape")
    assert page.evaluate("document.querySelector('dialog').open") is False
    assert holds(page, "[data-act=ask]")
    assert page.evaluate("location.hash") == "#demon=true&view=curve&tables=true"
    way = []
    for _ in range(4):
        page.press("Escape")
        way.append(page.evaluate("location.hash"))
    assert way == ["#view=curve&tables=true", "#view=curve", "", ""]
    assert page.errors == []


def test_esc_gives_up_a_trial_of_the_demon_and_what_was_said_to_the_last_answer(opened: Any) -> None:
    page = opened(small_page(), "#id=z/1/1&change=0.5")
    page.press("Escape")
    assert page.evaluate("location.hash") == "#id=z/1/1"
    page = opened(small_page(), "#step=6&ask=1")
    press_button(page, "reveal")
    assert page.text(".feedback") != ""
    page.press("Escape")
    assert page.evaluate("document.querySelector('.question')") is None


def test_esc_in_a_field_leaves_the_field_alone(opened: Any) -> None:
    page = opened(small_page(), "#demon=true")
    for act in ("set", "by", "eta"):
        before = page.evaluate(f"document.querySelector('[data-act={act}]').value")
        page.write(f"[data-act={act}]", "12", "Escape")
        assert page.evaluate(f"document.querySelector('[data-act={act}]').value") == before
        assert holds(page, '.edge[data-id="w/2/0/1"]')  # what is selected
    assert page.evaluate("location.hash") == "#demon=true"


def test_the_pass_is_gone_through_by_keys_on_other_keyboards_too(opened: Any) -> None:
    """Brackets and braces are written with Alt, or AltGr, on many keyboards; Ctrl and Cmd belong to the browser."""
    page = opened(small_page())
    send = "document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key: %s }))"
    for key, step in (
        ("'[', altKey: true", "#step=6"),
        ("'[', altKey: true, ctrlKey: true", "#step=5"),
        ("'{', altKey: true", "#step=0"),
        ("']', ctrlKey: true", "#step=0"),
        ("']', metaKey: true", "#step=0"),
        ("'}', altKey: true", ""),
        ("'t', altKey: true", ""),
    ):
        page.evaluate(send % key)
        page.settle()
        assert page.evaluate("location.hash") == step, key


# everything can be reached --------------------------------------------------------------------------------------------------
RING = """((each) => {
  const inside = each.querySelector(':scope > .reach, :scope > .stroke');
  const [own, its] = [getComputedStyle(each), inside && getComputedStyle(inside)];
  const isOwn = own.outlineStyle === 'solid' && parseFloat(own.outlineWidth) >= 2;
  return isOwn || (inside !== null && its.stroke !== 'none' && parseFloat(its.strokeWidth) >= 2);
})(document.activeElement)"""
NAME = """((each) => each.getAttribute('aria-label') ?? each.labels?.[0]?.textContent ?? each.textContent ?? '')(
  document.activeElement)"""


@pytest.mark.parametrize(("name", "address"), [("small", "#id=z/1/1&step=6&ask=1"), ("digits", "#demon=true")])
def test_every_stop_of_the_tab_key_has_a_ring_and_a_name(opened: Any, name: str, address: str) -> None:
    page = opened(PAGES[name](), address)
    seen = set()
    for _ in range(90):
        page.press("Tab")
        if holds(page, "body"):
            break
        assert page.evaluate(RING), page.evaluate(f"{HELD}.outerHTML")
        assert page.evaluate(NAME).strip() != "", page.evaluate(f"{HELD}.outerHTML")
        seen.add(
            page.evaluate(
                f"{HELD}.dataset.act ?? {HELD}.dataset.live ?? {HELD}.dataset.drag ?? {HELD}.dataset.grid ?? ''"
            )
        )
    assert holds(page, "body")  # no stop keeps the focus
    wanted = {
        "row",
        "convention",
        "cost",
        "tables",
        "projector",
        "save",
        "keys",
        "theme",
        "step",
        "ask",
        "update",
        "eta",
    }
    of_page = (
        {"reply", "answer", "reveal"}
        if name == "small"
        else {"by", "best", "sit", "demon", "epoch", "worst", "pull/", "x/"}
    )
    assert wanted | of_page <= seen


def tab_to(page: Driven, selector: str) -> None:
    for _ in range(90):
        page.press("Tab")
        if holds(page, selector):
            return
    raise AssertionError(f"the Tab key does not lead to {selector}")


def test_a_student_without_a_mouse_works_through_the_page(opened: Any, tmp_path: Path) -> None:
    """A weight is selected and dragged, the demon run, a question answered, row, cost, convention changed, numbers saved."""
    x = np.array([[0.6, -0.4], [0.1, 0.9]])
    page = opened(cr.explore(SMALL, x, np.array([[1.0, 0.0], [0.0, 1.0]]), by="w/2/0/1"))
    tab_to(page, '.edge[data-id="w/1/0/1"]')
    page.press("Enter")
    page.press("Enter")
    assert holds(page, ".handle")
    for _ in range(12):
        page.press("PageUp")
    assert "&moved=w/1/0/1%3A" in page.evaluate("location.hash")
    assert (
        float(page.evaluate(f"{HELD}.getAttribute('aria-valuenow')")) > 1.5
    )  # beyond the end of the first scale, which was 1
    page.press("Enter")
    assert holds(page, '.edge[data-id="w/1/0/1"]')
    page.press("d")
    for _ in range(12):
        page.press("PageUp")
    assert float(page.evaluate(f"{HELD}.getAttribute('aria-valuenow')")) > 2.5
    assert page.text(".results .miss b") != "—"
    tab_to(page, "[data-act=save]")  # around the page
    page.press("Escape")
    assert page.evaluate("document.querySelector('.demon')") is None
    page.press("q")
    assert holds(page, "[data-act=reply]")
    page.evaluate("document.execCommand('insertText', false, '9')")
    page.press("Enter")
    assert page.text(".feedback").startswith("✗")
    tab_to(page, "[data-act=reveal]")
    page.press("Enter")
    assert holds(page, "[data-act=reply]")
    assert "a1" in page.text(".feedback")
    page.press("Escape")
    assert holds(page, "[data-act=save]")
    for act, what in (("row", "row=1"), ("convention", "convention=article"), ("cost", "cost=")):
        tab_to(page, f"select[data-act={act}]")
        page.press("ArrowDown")
        assert what in page.evaluate("location.hash")
    page.downloads(tmp_path)
    tab_to(page, "[data-act=save]")
    page.press("Enter")
    tab_to(page, "[data-act=csv]")
    page.press("Enter")
    until = time.monotonic() + 20
    while not (tmp_path / "numbers.csv").exists():
        assert time.monotonic() < until
        page.settle()
    page.press("Escape")
    assert holds(page, "[data-act=save]")
    assert page.errors == []
