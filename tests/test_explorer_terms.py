"""The explorer in its user's terms: names and units of columns and classes, its first row, and addresses that say too much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Driven
from command import Run
from explored import FIELD, choose, opener, small_page
from node import answer

import chainrule as cr
from chainrule.data import Table, read_table
from chainrule.explorer.contents import telling_row
from chainrule.problem import Problem

FRUIT = """length,colour,day,state
1.4,red,2024-01-05,ripe
2.0,<b>green,2024-03-09,<i>raw
1.1,red,2024-02-11,ripe
3.1,blue,2024-06-21,<i>raw
2.2,<b>green,2024-08-02,ripe
1.8,red,2024-11-30,<i>raw
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from opener(tmp_path_factory.mktemp("terms"))


@pytest.fixture(scope="module")
def fruit(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """A number, a text and a date, and two classes."""
    file = tmp_path_factory.mktemp("fruit") / "fruit.csv"
    file.write_text(FRUIT)
    return read_table(str(file), "state")


def random_network(terms: cr.Preprocessing, outputs: int, output: str) -> cr.Network:
    made = cr.Network.random([terms.width or 0, 3, outputs], "tanh", output, seed=1, dtype="float64")
    return cr.Network(list(made.weights), list(made.biases), ["tanh", output], preprocessing=terms)


def fruit_page(fruit: Table, **settings: Any) -> cr.Explorer:
    terms = cr.Preprocessing.fit_table(fruit)
    y = np.eye(2)[[1, 0, 1, 0, 1, 0]]
    return cr.explore(random_network(terms, 2, "softmax"), terms.rows(fruit), y, **settings)


def price_page(**settings: Any) -> cr.Explorer:
    """Two columns and a target that is a number, all of them scaled."""
    x, y = np.array([[100.0, 3.0], [200.0, 1.0], [400.0, 2.0]]), np.array([10.0, 20.0, 60.0])
    terms = cr.Preprocessing.fit(["area", "rooms"], x, y, target_name="price", task="regression")
    scaled = (y - terms.target_mean[0]) / terms.target_scale[0]
    return cr.explore(random_network(terms, 1, "identity"), terms.rows(x), scaled[:, None], **settings)


# names -------------------------------------------------------------------------------------------------------------------
def test_inputs_are_called_by_what_they_are_made_of(fruit: Table) -> None:
    names = fruit_page(fruit).known["rows"]["inputNames"]
    assert names[0] == "length"
    assert set(names[1:4]) == {"colour = blue", "colour = red", "colour = <b>green"}
    assert {"day, month sin", "day, month cos"} <= set(names)


def test_every_kind_of_column_names_its_inputs_and_says_how_they_are_scaled(fruit: Table) -> None:
    tall = np.array([1.0, np.nan, 3.0, 4.0, 5.0, 6.0])
    columns = [fruit.values(place) for place in range(3)]
    table = Table("gaps", [*fruit.columns, "tall"], [*columns, tall], fruit.target, "state")
    terms = cr.Preprocessing.fit_table(table)
    for column in terms.columns or ():
        assert len(column.inputs) == column.width
    assert terms.inputs is not None
    assert [each.name for each in terms.inputs[-2:]] == ["tall", "tall missing"]
    rows = terms.rows(table)
    for place, values in ((0, [1.4, 2.0, 1.1, 3.1, 2.2, 1.8]), (-2, np.where(np.isnan(tall), 4.0, tall))):
        assert rows[:, place] * terms.inputs[place].scale + terms.inputs[place].mean == pytest.approx(values)


@pytest.mark.needs("chromium")
def test_names_and_values_before_scaling_stand_in_every_view(opened: Any, fruit: Table) -> None:
    page: Driven = opened(fruit_page(fruit, row=3, by="x/0"))
    assert "input 0, length" in page.text(".set")
    assert page.text(".reading").startswith("<i>raw, read ")
    assert page.evaluate("document.querySelector('#app i, #app b')") is None  # names are text
    assert "3.1 before scaling" in page.text(".set")
    assert page.text(".lines .note") == "length, 3.1 before scaling"
    assert page.evaluate("document.querySelector('[data-act=row]').selectedOptions[0].textContent") == "3: <i>raw"
    assert page.evaluate("document.querySelector('.handle').getAttribute('aria-label')") == "input 0, length"
    notes = "[...document.querySelectorAll('.node .note')].map((each) => each.textContent)"
    assert "length 3.1" in page.evaluate(notes)
    page.press("t")
    assert "length, 3.1 before scaling" in page.text('[data-part="network"]')
    assert "colour = <b>green" in page.text('[data-part="network"]')
    page.press("t")
    page.write(FIELD, "0")
    assert page.text(".set .unscaled").strip() == "1.933 before scaling"  # an input of 0 is the mean of its column
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_what_is_selected_is_named_with_its_class_though_that_is_a_number(opened: Any) -> None:
    network = cr.Network.random([2, 3, 2], "tanh", "softmax", seed=1, dtype="float64")
    page = opened(cr.explore(network, [0.6, -0.4], [1.0, 0.0]), "#id=z/2/1")
    assert page.text(".lines .note") == "class 1"
    assert "the weighted input of neuron 1 of layer 2, class 1" in page.text(".set")
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_a_large_network_lists_its_inputs_by_name_and_before_scaling(opened: Any) -> None:
    terms = cr.Preprocessing.fit(["area", "rooms"], np.array([[100.0, 3.0], [300.0, 1.0]]), None)
    made = cr.Network.random([2, 20, 2], "tanh", "softmax", seed=1)
    network = cr.Network(list(made.weights), list(made.biases), ["tanh", "softmax"], preprocessing=terms)
    page = opened(cr.explore(network, terms.rows(np.array([[300.0, 3.0]])), [[0.0, 1.0]]))
    texts = page.evaluate("[...document.querySelectorAll('.input text')].map((each) => each.textContent)")
    assert texts == ["area", "300 → 1", "rooms", "3 → 1"]
    assert page.evaluate("document.querySelector('.input').getAttribute('aria-label')").endswith(
        "area: 1, 300 before scaling"
    )
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_a_target_that_is_a_number_is_said_in_its_unit(opened: Any) -> None:
    page = opened(price_page(row=1), "#id=y/0")
    assert re.match(r"price 20 → −0\.\d+, answer \S+ → \S+$", page.text(".reading"))
    assert "target 0, price" in page.text(".set")
    assert "20 before scaling" in page.text(".set")
    assert page.evaluate("document.querySelector('[data-act=row]').selectedOptions[0].textContent") == "1: 20"
    assert page.errors == []


# the first row -------------------------------------------------------------------------------------------------------------
def test_a_page_opens_on_the_most_wrong_of_the_misread_rows() -> None:
    network = cr.Network([[[1.0], [-1.0]]], [[0.0, 0.0]], "softmax")
    x, classes = np.array([[3.0], [-0.1], [-2.0], [1.0], [0.1]]), np.array([0, 1, 0, 0, 0])
    assert cr.explore(network, x, np.eye(2)[classes]).known["rows"]["chosen"] == 2
    right = np.array([0, 1, 1, 0, 0])
    assert (
        cr.explore(network, x, np.eye(2)[right]).known["rows"]["chosen"] == 1
    )  # the first of two with the largest cost
    assert cr.explore(network, x, np.eye(2)[right], row=3).known["rows"]["chosen"] == 3


def test_where_targets_are_numbers_it_opens_on_the_median_cost() -> None:
    network = cr.Network([[[1.0]]], [[0.0]], "identity")
    x, y = np.zeros((4, 1)), np.array([[0.0], [5.0], [1.0], [2.0]])
    assert cr.explore(network, x, y).known["rows"]["chosen"] == 2
    with np.errstate(all="ignore"):
        huge = Problem.exact(network, [[1e200], [0.0]], [[0.0], [1.0]], None, "a test")
        assert telling_row(huge) == 1  # of the other the cost overflows


def test_of_one_output_the_classes_are_its_sides() -> None:
    terms = cr.Preprocessing(labels=("no", "yes"))
    labelled = cr.Network([[[1.0]]], [[0.0]], "sigmoid", cost="squared_error", preprocessing=terms)
    x, y = np.array([[4.0], [-0.5], [-3.0]]), np.array([[1.0], [1.0], [0.0]])
    assert cr.explore(labelled, x, y).known["rows"]["chosen"] == 1


def test_the_command_opens_on_such_a_row_too(chainrule_: Run) -> None:
    Path("t.csv").write_text("a,b,y\n1,2,\n2,3,3\n3,4,5\n4,1,700\n")
    cr.save(cr.Network.random([2, 3, 1], seed=1), "m.safetensors")
    assert chainrule_("explore", "m.safetensors", "--data", "t.csv")[0] == 0
    assert '"numbers":[1,2,3],' in Path("m-explorer.html").read_text(encoding="utf-8").replace(" ", "")


# addresses -----------------------------------------------------------------------------------------------------------------
WRONG = {
    "id=w/9/0/0": "there is no layer 9, this network (2-3-2) has the layers 1…2; w/2/0/1 is selected",
    "id=C": "C follows from others: take a weight, a bias, z, a, an input or a target; w/2/0/1 is selected",
    "row=9999": "there is no such row on this page; row 0 is shown",
    "row=": "there is no such row on this page; row 0 is shown",
    "convention=euler": "there is no euler; nielsen is used",
    "convention=cs231n": "cs231n applies no activation on the last layer, and this network's is sigmoid; nielsen is used",
    "cost=hinge": "there is no hinge; squared_error is used",
    "theme=green": "there is no green; system is used",
    "view=3d": "there is no such view; all are shown",
    "tables=1": "only true can be said of it",
    "change=much": "that is no number; nothing is tried",
    "own=0:00": "there is no such picture for these inputs; row 0 is shown",
    "moved=w/1/0/0:2,w/9/0/0:1": "w/9/0/0:1 is no weight, bias, input or target and its number; it is left out",
    "epoch=7": "there are no weights of that epoch; shown are those of as saved",
    "eta=-1": "η is a number above 0 and at most 1000; it is 0.1",
    "eta=1e308": "η is a number above 0 and at most 1000; it is 0.1",
    "step=99": "the steps of a pass are 0 …",
    "past=0.1@0*1;-1@0*2": "of its 2 parts 1 can be taken here, up to the first that cannot",
    "of=some": "a step is of this row",
    "ask=2": "it does not say what was selected before the questions",
    "colour=red": "the page has nothing of that name",
    "title=%zz": "it has a % that is no code, and is left out",
}


@pytest.mark.needs("chromium")
def test_what_an_address_asks_for_in_vain_is_said_in_one_line(opened: Any) -> None:
    page: Driven = opened(small_page())
    assert page.evaluate("document.querySelector('.doubts')") is None
    for part, says in WRONG.items():
        page.evaluate(f"location.hash = {part!r}")
        page.settle()
        page.settle()
        said = page.text(".doubts")
        assert f"{part}: {says}" in said, part
    assert page.evaluate("document.querySelector('.doubts').role") == "alert"
    page.evaluate("location.hash = ['a', 'b', 'c', 'd', 'e'].join('&')")
    page.settle()
    page.settle()
    assert page.text(".doubts span").endswith(" · and 2 more")
    page.evaluate("document.querySelector('.doubts button').click()")
    page.settle()
    assert page.evaluate("document.querySelector('.doubts')") is None
    page = opened(small_page(), "#id=w/1/0/0&row=12")  # and when it is opened
    assert page.text(".doubts").startswith("Not all of the address could be followed. row=12: there is no such row")
    assert "layer 1" in page.text(".set")
    assert page.errors == []


@pytest.mark.needs("chromium")
def test_a_learning_rate_has_bounds_and_a_convention_that_does_not_fit_says_so(opened: Any) -> None:
    page: Driven = opened(small_page())
    for text in ("-1", "0", "1e308", "much"):
        page.write('[data-act="eta"]', text)
        assert f"“{text}”: η is a number above 0 and at most 1000" in page.text(".time")
    page.write('[data-act="eta"]', "0,5")
    assert "η is a number" not in page.text(".time")
    assert "eta=0.5" in page.evaluate("location.hash")
    assert page.text('[data-act="convention"] option:disabled') == "cs231n: of linear outputs alone"
    choose(page, "convention", "article")
    assert page.errors == []


# the command -----------------------------------------------------------------------------------------------------------------
def test_an_option_with_one_value_is_given_once(chainrule_: Run) -> None:
    code, _, err = chainrule_("explore", "--x", "1", "--x", "2", "--y", "0")
    assert code == 2
    assert err.startswith(
        "error: --x is given 2 times: give it once; several examples stand in it with ; between them, as"
    )
    assert err.count("\n") == 1
    assert "--row is given 2 times: give it once" in chainrule_("explain", "--row", "0", "--row", "1")[2]
    assert chainrule_("explore", "--x", "1; 2", "--y", "0; 1")[0] == 0
    assert chainrule_("explore", "--weights", "1 2; 3 4", "--weights", "1 -2", "--x", "1,2", "--y", "0")[0] == 0


def test_a_class_that_is_called_by_a_number_is_said_to_be_a_class(tmp_path: Path) -> None:
    """Beside a number line "3" alone would be read as a mark of its scale."""
    script = """
    import { ownText } from './web/terms.js';
    const model = (classNames) => ({ inputNames: ['7', 'area'], classNames, shape: { sizes: [2, 2] } });
    const id = (kind, layer) => ({ kind, layer, neuron: 0 });
    console.log(JSON.stringify([['3', '5'], ['ripe', 'raw']].map((names) =>
      [id('a', 1), id('y', 1), id('x', 0)].map((each) => ownText(model(names), each, 0.5)))));
    """
    assert answer(script, None, tmp_path) == [["class 3", "class 3", "7"], ["ripe", "ripe", "7"]]
