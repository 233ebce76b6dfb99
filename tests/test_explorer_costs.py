"""The cost of an explorer's page: which ones are offered, what a convention brings, what a reader's choice keeps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Driven, driven
from explored import (
    CHAIN,
    SMALL,
    chain_page,
    choose,
    cost_of,
    derivative,
    number,
    opened,
    press_button,
    select,
    small_page,
    state_of,
)

import chainrule as cr

OUTPUTS = ("softmax", "identity", "exponential")
COST = "select[data-act='cost']"


def offered(page: cr.Explorer) -> list[str]:
    return [each["name"] for each in page.known["costs"]]


def classifier(output: str, **settings: Any) -> cr.Explorer:
    network = cr.Network(list(SMALL.weights), list(SMALL.biases), ["tanh", output])
    return cr.explore(network, [0.6, -0.4], [1.0, 0.0], **settings)


# which ones ----------------------------------------------------------------------------------------------------------
def test_a_page_offers_its_own_cost_first_and_each_other_that_its_output_can_have() -> None:
    """S3.14: cross-entropies and hinges stand on outputs of their own."""
    any_output = ["quadratic", "squared_error", "absolute_error", "huber(threshold=1.0)", "log_cosh"]
    assert offered(small_page()) == [
        "squared_error", "quadratic", "binary_cross_entropy", *any_output[2:],
    ]  # fmt: skip
    assert offered(classifier("softmax")) == ["cross_entropy", *any_output]
    of_sums = ["cross_entropy", "binary_cross_entropy", "multiclass_hinge"]
    assert set(offered(classifier("identity"))) == {*any_output, *of_sums}
    assert offered(classifier("tanh", cost=cr.huber(2.0))) == [
        "huber(threshold=2.0)", *any_output,
    ]  # fmt: skip


def test_a_cost_for_which_the_targets_do_not_fit_is_left_out() -> None:
    network = cr.Network(list(SMALL.weights), list(SMALL.biases), ["tanh", "identity"])
    of_numbers = ["absolute_error", "huber(threshold=1.0)", "log_cosh"]
    assert offered(cr.explore(network, [0.6, -0.4], [0.3, 0.2])) == [
        "quadratic", "squared_error", "binary_cross_entropy", *of_numbers,
    ]  # fmt: skip
    assert offered(cr.explore(network, [0.6, -0.4], [3.0, 0.2])) == ["quadratic", "squared_error", *of_numbers]
    counts = cr.Network(list(SMALL.weights), list(SMALL.biases), ["tanh", "exponential"])
    assert offered(cr.explore(counts, [0.6, -0.4], [3.0, 0.0])) == [
        "quadratic", "squared_error", *of_numbers, "poisson",
    ]  # fmt: skip


def test_a_cost_of_ones_own_that_is_called_as_another_stays_the_only_one_of_that_name() -> None:
    own = cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4), "quadratic")
    page = cr.explore(SMALL, [0.6, -0.4], [1.0, 0.0], own)
    assert offered(page) == [
        "quadratic", "squared_error", "binary_cross_entropy", "absolute_error", "huber(threshold=1.0)", "log_cosh",
    ]  # fmt: skip
    assert page.known["costs"][0]["text"] == "C(a, y)"


# in a browser --------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    with driven("about:blank", tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.mark.needs("chromium")
def test_3blue1browns_own_cost_doubles_nielsens_error_on_one_page(browser: Driven, tmp_path: Path) -> None:
    """Σ(a − y)² instead of ½ of it: C and δ double (S1.4, S2.6), and the ✓ stays."""
    opened(browser, chain_page(by="z/2/0"), tmp_path)
    found = {}
    for author in ("nielsen", "3blue1brown", "nielsen"):
        choose(browser, "convention", author)
        again = found.get(author)
        found[author] = (
            cost_of(browser),
            number(derivative(browser)),
            browser.evaluate(f"document.querySelector({COST!r}).value"),
        )
        assert again in (None, found[author])
        assert browser.text(".formula .check").startswith("✓")
    (half, delta, one), (whole, double, other) = found["nielsen"], found["3blue1brown"]
    assert whole == pytest.approx(2 * half, rel=1e-15)
    assert (delta, double) == (-0.032504, -0.065008)
    assert (one, other) == ("quadratic", "squared_error")
    assert browser.errors == []


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("page", [small_page, *(partial(classifier, output) for output in OUTPUTS)],
                         ids=["sigmoid", *OUTPUTS])  # fmt: skip
def test_every_cost_gives_the_numbers_of_python(page: Any, browser: Driven, tmp_path: Path) -> None:
    """C, and δ of a hidden neuron by the passes and by the check beside it."""
    made = page()
    last = SMALL if page is small_page else cr.Network(
        list(SMALL.weights), list(SMALL.biases), ["tanh", made.known["network"]["activations"][-1]]
    )  # fmt: skip
    opened(browser, made, tmp_path, "#id=z/1/1")
    for name in offered(made):
        choose(browser, "cost", name)
        cost = cr.huber() if name.startswith("huber") else name
        trace = cr.forward(last, [0.6, -0.4])
        assert cost_of(browser) == pytest.approx(cr.cost(last, [0.6, -0.4], [1.0, 0.0], cost), rel=1e-12)
        assert number(derivative(browser)) == pytest.approx(cr.backward(trace, [1.0, 0.0], cost).delta[1][1], abs=1e-6)
        assert browser.text(".formula .check").startswith("✓"), name
        assert browser.evaluate(f"document.querySelector({COST!r}).selectedOptions[0].textContent") != ""
    assert browser.errors == []


@pytest.mark.needs("chromium")
def test_an_absolute_error_has_its_kink_where_the_target_is_the_output(browser: Driven, tmp_path: Path) -> None:
    """S3.4: marked on the curve of a target, and of what moves the output."""
    opened(browser, cr.explore(CHAIN, [0.6], [0.5], by="z/2/0"), tmp_path)
    kinks = "document.querySelectorAll('.curve path.kink').length"
    for id in ("y/0", "b/3/0"):
        select(browser, id)
        choose(browser, "cost", "quadratic")
        assert browser.evaluate(kinks) == 0
        choose(browser, "cost", "absolute_error")
        assert browser.evaluate(kinks) == 1, id
    assert browser.errors == []


@pytest.mark.needs("chromium")
def test_a_cost_is_chosen_by_keyboard_and_stays_with_other_conventions(browser: Driven, tmp_path: Path) -> None:
    """Until another is chosen; the address gives both back, and what they mean for the next convention."""
    uri = opened(browser, small_page(), tmp_path)
    first = cost_of(browser)
    assert browser.evaluate(f"document.querySelector({COST!r}).closest('label').textContent").startswith("cost ")
    assert (
        browser.evaluate(f"document.querySelector({COST!r}).selectedOptions[0].parentElement.label")
        == "the network's own"
    )
    browser.evaluate(f"document.querySelector({COST!r}).focus()")
    browser.press("ArrowDown")
    assert cost_of(browser) == pytest.approx(first / 2, rel=1e-15)
    choose(browser, "convention", "3blue1brown")
    choose(browser, "convention", "article")
    assert cost_of(browser) == pytest.approx(first / 2, rel=1e-15)
    address = browser.evaluate("location.hash")
    assert address == "#convention=article&cost=quadratic&keepsCost=true"
    before = state_of(browser)
    browser.fresh(f"{uri}{address}")
    assert state_of(browser) == before
    choose(browser, "convention", "3blue1brown")
    assert cost_of(browser) == pytest.approx(first / 2, rel=1e-15)
    choose(browser, "cost", "squared_error")
    assert cost_of(browser) == first
    assert browser.errors == []


@pytest.mark.needs("chromium")
def test_what_a_convention_brought_is_in_the_address_too(browser: Driven, tmp_path: Path) -> None:
    uri = opened(browser, chain_page(), tmp_path)
    choose(browser, "convention", "nielsen")
    address = browser.evaluate("location.hash")
    assert address == "#convention=nielsen&cost=quadratic"
    cost = cost_of(browser)
    browser.fresh(f"{uri}{address}")
    assert cost_of(browser) == cost
    choose(browser, "convention", "3blue1brown")
    assert cost_of(browser) == pytest.approx(2 * cost, rel=1e-15)
    browser.fresh(f"{uri}#cost=euler&keepsCost=maybe")  # no cost of this page
    assert cost_of(browser) == pytest.approx(2 * cost, rel=1e-15)
    assert browser.errors == []


@pytest.mark.needs("chromium")
def test_curve_demon_and_most_wrong_row_follow_the_cost(browser: Driven, tmp_path: Path) -> None:
    x = np.array([[0.3, -0.3], [1.3, 0.2], [-1.1, 0.7]])
    y = np.array([[0.6, 0.7], [0.5, 0.9], [0.8, 0.0]])  # either cost is largest on another row
    opened(browser, cr.explore(SMALL, x, y, by="z/2/0"), tmp_path)
    curve = "document.querySelector('.curve path.curve, .curve .curve').getAttribute('d')"
    before = browser.evaluate(curve)
    browser.write("[data-act='by']", "0.5")
    predicted = browser.text(".curve")
    choose(browser, "cost", "binary_cross_entropy")
    assert browser.evaluate(curve) != before
    assert browser.text(".curve") != predicted
    select(browser, "y/0")
    for name in ("squared_error", "binary_cross_entropy"):
        choose(browser, "cost", name)
        costs = cr.cost(SMALL, x, y, name, reduction="none")
        choose(browser, "row", str(int(np.argmin(costs))))
        press_button(browser, "worst")
        assert cost_of(browser) == pytest.approx(max(costs), rel=1e-12)
    assert browser.errors == []


@pytest.mark.needs("chromium")
def test_a_step_of_training_stays_one_of_the_cost_it_was_taken_for(browser: Driven, tmp_path: Path) -> None:
    """Also when another cost is chosen afterwards, and when its address is opened."""
    uri = opened(browser, small_page(), tmp_path)
    choose(browser, "cost", "quadratic")
    press_button(browser, "take-step")
    choose(browser, "cost", "squared_error")
    press_button(browser, "take-step")
    after = SMALL.parameters
    for name in ("quadratic", "squared_error"):
        after = after - 0.1 * cr.gradient(SMALL.with_parameters(after), [0.6, -0.4], [1.0, 0.0], name)
    right = cr.cost(SMALL.with_parameters(after), [0.6, -0.4], [1.0, 0.0])
    assert cost_of(browser) == pytest.approx(right, rel=1e-12)
    address = browser.evaluate("location.hash")
    assert "past=0.1%400*1~quadratic%3B0.1%400*1" in address
    browser.fresh(f"{uri}{address}")
    assert cost_of(browser) == pytest.approx(right, rel=1e-12)
    browser.fresh(f"{uri}{address.replace('~quadratic', '~euler')}")  # no step of that cost, and none behind it
    assert cost_of(browser) == pytest.approx(cr.cost(SMALL, [0.6, -0.4], [1.0, 0.0]), rel=1e-12)
    assert browser.errors == []
