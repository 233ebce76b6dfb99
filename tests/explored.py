"""Pages of the explorer for tests and benchmarks in a browser: networks, and what a reader does and reads on such a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from browser import Driven, driven

import chainrule as cr

CHAIN = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid", cost="squared_error")
SMALL = cr.Network(
    [[[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9]], [[1.0, -2.0, 0.4], [0.6, 0.8, -1.1]]],
    [[0.1, 0.0, -0.2], [0.2, -0.1]],
    ["tanh", "sigmoid"],
    cost="squared_error",
)
FIELD = '[data-act="set"]'  # where a number is typed for what is selected


def opener(folder: Path) -> Iterator[Any]:
    """Opens pages in one browser: opened(page, "#id=z/2/0")."""
    with driven("about:blank", folder) as page:
        names = count()

        def opened(explorer: cr.Explorer, address: str = "") -> Driven:
            file = explorer.save(folder / f"{next(names)}.html")
            page.errors.clear()
            page.go(f"{file.as_uri()}{address}")
            return page

        yield opened


def chain_page(**settings: Any) -> cr.Explorer:
    """The chain of the texts, 1-1-1-1."""
    return cr.explore(CHAIN, [0.6], [1.0], **{"by": "w/2/0/0", "convention": "3blue1brown", **settings})


def small_page(**settings: Any) -> cr.Explorer:
    """A network 2-3-2."""
    return cr.explore(SMALL, [0.6, -0.4], [1.0, 0.0], **{"by": "w/2/0/1", **settings})


def classes_page(**settings: Any) -> cr.Explorer:
    """A softmax of two with long names, and a formula that is longer than its part of the page."""
    labels = np.array(["Iris versicolor", "Iris virginica"])
    terms = cr.Preprocessing.fit(["sepal length (cm)", "petal width"], np.array([[0.0, 1.0], [1.0, 0.0]]), labels)
    network = cr.Network(list(SMALL.weights), list(SMALL.biases), ["tanh", "softmax"], preprocessing=terms)
    return cr.explore(network, [0.6, -0.4], [1.0, 0.0], **{"by": "z/1/1", **settings})


@cache
def digits_page() -> cr.Explorer:
    """64-128-10 after a few epochs on the digits, with twelve snapshots; the row that is shown first is misread."""
    data = cr.load_data("digits")
    network = cr.Network.random([64, 128, 10], "relu", "softmax", seed=0)
    run = cr.train(network, data, rule=cr.adam(3e-3), epochs=5, record=12, seed=0)
    x, y = np.asarray(data.inputs[:300]), np.asarray(data.targets[:300])
    misread = np.flatnonzero(cr.forward(run.network, x).a[2].argmax(axis=1) != y)
    row = int(misread[0]) if len(misread) else 7
    return cr.explore(run.network, x, y, row=row, snapshots=run.record, title="the digits")


def opened(
    browser: Driven, page: cr.Explorer, folder: Path, address: str = "", size: tuple[int, int] = (1280, 720)
) -> str:
    """Save a page and open it as for the first time; the address of its file."""
    uri = page.save(folder / "page.html").as_uri()
    browser.fresh(f"{uri}{address}", size)
    return uri


def select(browser: Driven, id: str) -> None:
    """Select a quantity, by the address, where all else stays."""
    kept = "location.hash.slice(1).split('&').filter((part) => part !== '' && !part.startsWith('id='))"
    browser.evaluate(f"location.hash = ['id=' + {json.dumps(id)}, ...{kept}].join('&')")
    browser.settle()
    browser.settle()


def cost_of(browser: Driven) -> float:
    """The cost on the page, with all its digits."""
    return float(browser.evaluate("document.querySelector('.cost').title"))


def shown_cost(browser: Driven) -> float:
    """The cost as it is printed."""
    return number(browser.text(".cost").split()[-1])


def number(text: str) -> float:
    """A printed number, with or without brackets around it."""
    return float(text.strip().strip("()").replace("−", "-").replace("+", ""))


def choose(browser: Driven, act: str, value: str) -> None:
    """Choose from one of the lists at the head: row, convention."""
    browser.evaluate(
        f"(() => {{ const list = document.querySelector('select[data-act={json.dumps(act)}]'); "
        f"list.value = {json.dumps(value)}; list.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
    )
    browser.settle()


def typed(browser: Driven, text: str) -> None:
    """Type a number into the field of what is selected, press Enter, and leave the field."""
    browser.write(FIELD, text)
    browser.evaluate("document.activeElement.blur()")
    browser.settle()


def press_button(browser: Driven, act: str) -> None:
    """Press a button by what it does."""
    browser.evaluate(f"document.querySelector('button[data-act={json.dumps(act)}]').click()")
    browser.settle()


def unit(text: str) -> float:
    """One unit of the last digit of a printed number."""
    mantissa, _, power = text.strip().strip("()").replace("−", "-").partition("e")
    return float(10.0 ** (int(power or 0) - len(mantissa.partition(".")[2])))


def last_digit(value: float) -> float:
    """One unit of the last digit that a number is printed with as a rule: six decimals, or six digits with a power of ten."""
    size = abs(value)
    return 1e-6 if size == 0 or 1e-3 <= size < 1e5 else float(10.0 ** (np.floor(np.log10(size)) - 5))


def derivative(browser: Driven) -> str:
    """∂C/∂ of what is selected, as the formula prints it."""
    return browser.text(".formula .block .value" if not _is_sum(browser) else ".formula .block .total .value")


def _is_sum(browser: Driven) -> bool:
    return bool(browser.evaluate("document.querySelector('.formula .block').classList.contains('sum')"))


def products(browser: Driven) -> list[tuple[list[str], str]]:
    """(factors, value) of every product that the formula prints, those inside sums too."""
    lines = browser.evaluate(
        "[...document.querySelectorAll('.block.product .numbers')].map((each) => each.textContent)"
    ) + browser.evaluate(
        "[...document.querySelectorAll('.block.sum .term')].map((row) => "
        "`= ${row.querySelector('.numbers').textContent} = ${row.querySelector('.value').textContent}`)"
    )
    parts = [[each.strip() for each in line.split("=") if each.strip()] for line in lines]
    return [(re.split(r" · ", each[0]), each[1]) for each in parts if len(each) == 2]


def sums(browser: Driven) -> list[tuple[list[str], str]]:
    """(terms, total) of every sum that the formula prints."""
    found: list[tuple[list[str], str]] = browser.evaluate(
        "[...document.querySelectorAll('.block.sum')].map((block) => ["
        "[...block.querySelectorAll('.term .value, .rest .value')].map((cell) => cell.textContent), "
        "block.querySelector('.total .value').textContent])"
    )
    return found


def dragged(browser: Driven, by: float, selector: str = ".handle .grip") -> None:
    """Drag the dot of the first number line to the right by so many pixels."""
    x, y = browser.middle(selector)
    browser.drag((x, y), (x + by / 2, y + 3), (x + by, y))


def state_of(browser: Driven) -> str:
    """All that the page shows and where it is: two pages in one state have the same."""
    return str(browser.evaluate("document.getElementById('app').outerHTML"))
