"""The explorer in a browser: a pass in steps, whose numbers are dashes until they are computed, and training in the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import Driven, driven
from command import Run

import chainrule as cr
from chainrule.explorer import contents
from chainrule.ids import entry_of, parse

pytestmark = pytest.mark.needs("chromium")

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
SMALL = cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=3, dtype="float64")
STEPS = ["a¹", "a²", "C", "δ²", "δ¹", "∂C/∂w", "∂C/∂b"]
THETA = "Array.from(document.querySelectorAll('.edge'), (each) => each.getAttribute('aria-label'))"


@pytest.fixture(scope="module")
def trained() -> cr.Run:
    return cr.train(SMALL, X, Y, epochs=45, record=12, seed=1, rule=cr.adam(0.05))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    with driven("about:blank", tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def page(browser: Driven, trained: cr.Run, tmp_path: Path) -> Driven:
    """Four rows of a 2-3-2 that has learnt for 45 epochs, its weight w/2/0/0 selected."""
    made = cr.explore(trained.network, X, Y, by="w/2/0/0", row=1, snapshots=trained.record)
    return opened(browser, made, tmp_path)


def opened(browser: Driven, made: cr.Explorer, folder: Path, address: str = "") -> Driven:
    """A page opened anew; what went wrong before is forgotten."""
    browser.go("about:blank")
    browser.errors.clear()
    browser.go(f"{made.save(folder / 'page.html').as_uri()}{address}")
    return browser


def entry(parameters: cr.Parameters, name: str) -> float:
    return float(parameters.flat()[entry_of(parameters, parse(name, parameters))])


def press(page: Driven, act: str, step: int | None = None) -> None:
    """Press a button of the page."""
    chosen = "" if step is None else f'[data-step="{step}"]'
    page.evaluate(f"document.querySelector('button[data-act=\"{act}\"]{chosen}').click()")
    page.settle()


def set_field(page: Driven, selector: str, value: str, event: str = "change") -> None:
    field = f"document.querySelector({json.dumps(selector)})"
    page.evaluate(
        f"{field}.value = {json.dumps(value)}; {field}.dispatchEvent(new Event('{event}', {{ bubbles: true }}))"
    )
    page.settle()


def to_epoch(page: Driven, epochs: list[int], epoch: int) -> None:
    set_field(page, "[data-live=epoch]", str(epochs.index(epoch)), "input")


def value(page: Driven) -> float:
    """The selected weight, all its digits."""
    return float(page.evaluate("document.querySelector('[data-act=set]').value"))


def everything(page: Driven) -> list[str]:
    """Every number on the page, to its last digit where it is there."""
    found: list[str] = page.evaluate(
        f"[...{THETA}, ...Array.from(document.querySelectorAll('.node'), (each) => each.getAttribute('aria-label')), "
        "document.querySelector('[data-act=set]').value, document.querySelector('.cost').textContent, "
        "document.querySelector('.formula').textContent, document.querySelector('path.curve').getAttribute('d')]"
    )
    return found


# a pass in steps ---------------------------------------------------------------------------------------------------------
def dashes(page: Driven, selector: str) -> list[bool]:
    """Which elements are dashes."""
    found: list[bool] = page.evaluate(
        f"Array.from(document.querySelectorAll({json.dumps(selector)}), (each) => each.textContent === '—')"
    )
    return found


def test_a_number_is_a_dash_in_every_view_until_it_is_computed(page: Driven) -> None:
    assert (
        page.evaluate("Array.from(document.querySelectorAll('.steps .step:not(.update)'), (e) => e.textContent)")
        == STEPS
    )
    press(page, "step", 0)
    for step in range(len(STEPS) + 1):
        assert dashes(page, ".node .a") == [False] * 2 + [step < 1] * 3 + [step < 2] * 2, step
        assert dashes(page, ".node .delta") == [step < 5] * 3 + [step < 4] * 2, step
        assert dashes(page, ".lines .line .value") == [False, step < 2, step < 2, step < 3], step
        assert page.text(".cost").endswith("—") == (step < 3), step
        assert (page.evaluate("document.querySelector('path.curve')") is None) == (step < 3), step
        assert (page.evaluate("document.querySelector('path.tangent')") is None) == (step < 6), step
        assert (page.evaluate("document.querySelector('.check')") is None) == (step < 6), step
        assert dashes(page, ".block .value") == [step < 6, step < 4], step
        shown = page.text("#app .screen") + page.text(".head")
        assert not any(word in shown for word in ("NaN", "nan", "no number", "undefined")), step
        if step < len(STEPS):
            page.press("]")
    assert page.evaluate("location.hash") == ""
    assert page.errors == []


def test_steps_go_forward_and_back_by_keys_buttons_and_the_address(page: Driven) -> None:
    page.press("[")
    page.press("[")
    assert page.evaluate("location.hash") == "#step=5"
    assert page.text('[aria-current="step"]') == "δ¹"
    press(page, "step-back")
    press(page, "step-on")
    press(page, "step", 3)
    assert page.text('[aria-current="step"]') == "C"
    before = page.text("#app")
    address = page.evaluate("location.href")
    page.go("about:blank")
    page.go(address)
    assert page.text("#app") == before
    press(page, "step", len(STEPS))
    assert page.evaluate("location.hash") == ""
    assert page.errors == []


def test_a_bracket_typed_into_a_field_is_no_step(page: Driven) -> None:
    page.evaluate("document.querySelector('[data-act=set]').focus()")
    page.press("[")
    assert page.evaluate("location.hash") == ""


@pytest.mark.parametrize("by", ["b/1/0", "z/1/2", "a/1/1", "a/2/0", "x/1", "y/0", "w/1/0/1"])
def test_whatever_is_selected_says_nothing_too_early(browser: Driven, trained: cr.Run, tmp_path: Path, by: str) -> None:
    page = opened(browser, cr.explore(trained.network, X, Y, row=1), tmp_path, f"#id={by}&step=0")
    first_block = "document.querySelector('.block')"
    for step in range(len(STEPS) + 1):
        assert "no number" not in page.text("#app")
        assert "nan" not in page.text("#app .screen").lower()
        first = page.evaluate(
            f"({first_block}.querySelector('.total .value') ?? {first_block}.querySelector('.value')).textContent"
        )
        known = {"b": 7, "z": 5, "a": 5 if by == "a/1/1" else 4, "x": 6, "y": 4, "w": 6}[by[0]]
        assert (first == "—") == (step < known), (by, step)
        page.press("]")
    assert page.errors == []


def test_the_update_begins_a_new_pass_and_is_undone(page: Driven, trained: cr.Run) -> None:
    before, w = everything(page), value(page)
    page.press("]")  # everything is computed: the next step is the update
    assert page.evaluate("document.querySelector('.steps .done')") is None
    slope = entry(cr.gradient(trained.network, X[1:2], Y[1:2]), "w/2/0/0")
    assert value(page) == w - 0.1 * slope
    page.press("[")
    assert everything(page) == before
    assert page.evaluate("location.hash") == ""
    assert page.errors == []


# time --------------------------------------------------------------------------------------------------------------------
def test_rewind_is_exact(page: Driven, trained: cr.Run) -> None:
    """To an epoch, on to another and back: the same numbers, those of the run bit for bit."""
    epochs = sorted(trained.record)
    at_end = everything(page)
    to_epoch(page, epochs, 21)
    assert page.text(".epoch") == "epoch 21"
    at_21 = everything(page)
    assert value(page) == entry(trained.record[21].parameters, "w/2/0/0")
    assert page.evaluate("location.hash") == "#epoch=21"
    to_epoch(page, epochs, 45)
    assert everything(page) == at_end
    assert value(page) == entry(trained.network.parameters, "w/2/0/0")
    to_epoch(page, epochs, 0)
    assert value(page) == entry(SMALL.parameters, "w/2/0/0")
    to_epoch(page, epochs, 21)
    assert everything(page) == at_21
    assert page.errors == []


def test_steps_taken_are_those_of_the_delta_rule_and_undone_bit_for_bit(page: Driven, trained: cr.Run) -> None:
    set_field(page, "[data-act=eta]", "0.5")
    before = everything(page)
    network = trained.network
    for rows, count in ((slice(1, 2), 3), (slice(None), 4)):
        set_field(page, "[data-act=step-rows]", "one" if count == 3 else "all")
        for _ in range(count):
            press(page, "take-step")
            parameters = network.parameters
            network = network.with_parameters(parameters - 0.5 * cr.gradient(network, X[rows], Y[rows]))
            assert value(page) == pytest.approx(entry(network.parameters, "w/2/0/0"), rel=1e-13)
    assert page.text(".taken") == "+ 7 steps"
    page.press("0")  # as a page that is opened has its scales
    after, address = everything(page), page.evaluate("location.href")
    assert "past=0.5%401*3%3B0.5%40all*4" in address
    for _ in range(7):
        press(page, "undo-step")
    assert everything(page) == before
    page.go("about:blank")
    page.go(address)
    assert everything(page) == after
    assert page.errors == []


def test_what_was_moved_by_hand_is_where_a_step_begins(page: Driven, trained: cr.Run) -> None:
    """It is kept with the step, and is moved by hand again when the step is undone; another epoch forgets both."""
    set_field(page, "[data-act=set]", "2")
    page.press("0")  # on scales that fit, as after a step
    moved = everything(page)
    press(page, "take-step")
    network = trained.network.with_value("w/2/0/0", 2.0)
    slope = entry(cr.gradient(network, X[1:2], Y[1:2]), "w/2/0/0")
    assert value(page) == pytest.approx(2 - 0.1 * slope, rel=1e-14)
    press(page, "undo-step")
    assert everything(page) == moved
    assert page.evaluate("location.hash") == "#moved=w/2/0/0%3A2"
    press(page, "take-step")
    to_epoch(page, sorted(trained.record), 45)
    assert page.evaluate("location.hash") == ""
    assert value(page) == entry(trained.network.parameters, "w/2/0/0")


def test_one_bias_for_a_layer_and_none_are_stepped_too(browser: Driven, tmp_path: Path) -> None:
    network = cr.Network.random([2, 3, 3, 2], "tanh", bias=["layer", "none", "neuron"], seed=2, dtype="float64")
    page = opened(browser, cr.explore(network, X, Y, row=0, by="b/1/0"), tmp_path)
    press(page, "take-step")
    assert value(page) == pytest.approx(-0.1 * entry(cr.gradient(network, X[:1], Y[:1]), "b/1/0"), rel=1e-13)
    page = opened(browser, cr.explore(network, X, Y, by="w/3/1/2"), tmp_path, "#past=0.1%40all*1")
    stepped = entry(network.parameters, "w/3/1/2") - 0.1 * entry(cr.gradient(network, X, Y), "w/3/1/2")
    assert value(page) == pytest.approx(stepped, rel=1e-13)


def test_weights_that_no_epoch_has_are_a_stop_of_their_own(browser: Driven, trained: cr.Run, tmp_path: Path) -> None:
    other = trained.network.with_value("w/2/0/0", 9.0)
    page = opened(browser, cr.explore(other, X, Y, by="w/2/0/0", snapshots=trained.record), tmp_path)
    assert page.text(".epoch") == "as saved"
    assert value(page) == 9.0
    to_epoch(page, sorted(trained.record), 45)
    assert page.evaluate("location.hash") == "#epoch=45"
    assert value(page) == entry(trained.network.parameters, "w/2/0/0")


def test_without_a_record_there_is_no_slider_and_steps_can_be_taken(browser: Driven, tmp_path: Path) -> None:
    page = opened(browser, cr.explore(SMALL, X[0], Y[0]), tmp_path)
    assert page.evaluate("document.querySelector('[data-live]')") is None
    assert page.evaluate("document.querySelector('[data-act=step-rows]')") is None
    before = page.text(".cost")
    press(page, "take-step")
    assert page.text(".cost") != before


@pytest.mark.parametrize(
    "address",
    ["#step=99", "#step=-1", "#step=x", "#epoch=3x", "#epoch=1000", "#past=0.1@9*1", "#past=0.1@all*0", "#past=x@1*1", "#eta=x",
     "#past=0.1@1*1!w/9/0/0:1", "#past=0.1@1*1!w/1/0/0", "#past=%", "#past=0.1@all*9999999"],
)  # fmt: skip
def test_what_an_address_cannot_mean_is_left_out(
    browser: Driven, trained: cr.Run, tmp_path: Path, address: str
) -> None:
    made = cr.explore(trained.network, X, Y, by="w/2/0/0", row=1, snapshots=trained.record)
    page = opened(browser, made, tmp_path, address)
    assert value(page) == entry(trained.network.parameters, "w/2/0/0")
    assert page.evaluate("document.querySelectorAll('.steps .done').length") == len(STEPS)
    assert page.errors == []


# the command -------------------------------------------------------------------------------------------------------------
def test_the_command_finds_the_record_beside_the_model(chainrule_: Run) -> None:
    assert chainrule_("train", "iris", "--epochs", "30", "--record", "5", "--quiet", "-o", "m.safetensors")[0] == 0
    assert chainrule_("explore", "m.safetensors", "-o", "p.html") == (
        0,
        "",
        "with m.record, its training: 5 epochs from 0 to 30\nwrote p.html\n",
    )
    found = json.loads(Path("p.html").read_text(encoding="utf-8").split('id="contents">')[1].split("</script>")[0])
    assert [each["epoch"] for each in found["snapshots"]] == sorted(cr.load_record("m.record"))


def test_a_record_of_another_network_and_a_damaged_one_are_left_out(chainrule_: Run) -> None:
    cr.save(SMALL, "m.safetensors")
    cr.save_record({0: cr.Network.random([2, 2], seed=1)}, "m.record")
    asked = ["explore", "m.safetensors", "--x", "0,1", "--y", "1 0", "-o", "p.html"]
    code, _, err = chainrule_(*asked)
    assert code == 0
    assert err.startswith("without m.record: the snapshot of epoch 0 is a network 2-2, and the page is about 2-3-2\n")
    Path("m.record").write_bytes(b"no record")
    code, _, err = chainrule_(*asked)
    assert code == 0
    assert err.startswith("without m.record: ")


def test_of_a_record_that_is_too_large_as_many_networks_are_taken_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    record = dict.fromkeys((0, 1, 2, 4, 8, 16, 30), SMALL)
    assert contents.fitting(SMALL, record) == record
    for most, epochs in ((5, [0, 2, 4, 8, 30]), (3, [0, 4, 30]), (2, [0, 30]), (1, [])):
        monkeypatch.setattr(contents, "MOST_NUMBERS", (most + 1) * SMALL.parameters.size)
        assert sorted(contents.fitting(SMALL, record)) == epochs
