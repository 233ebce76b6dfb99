"""The page's ids are those of Python, and it writes them in every author's convention with the same marks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from node import answer

import chainrule as cr
from chainrule import ids
from chainrule.conventions import PRESETS, Convention
from chainrule.costs import NAMED
from chainrule.errors import IdError
from chainrule.explanation.view import View
from chainrule.explorer.convention_data import convention_data, cost_data
from chainrule.ids import Id
from chainrule.problem import Problem
from chainrule.writing.formula import filled
from chainrule.writing.tex import LATEX, latex

NETWORKS = {
    "chain": cr.Network.random([1, 1, 1, 1], seed=0),
    "one bias": cr.Network.random([2, 3, 2], bias="layer", seed=1),
    "wide": cr.Network([[[0.1] * 3] * 12, [[0.2] * 12] * 2], [None, [0.1, 0.2]], ["tanh", "identity"]),
}
CONVENTIONS = {
    **PRESETS,
    "own": PRESETS["nielsen"].but(letter="Loss", marks="a^L", base=1, orientation="rows"),
    "two": PRESETS["article"].but(letter="λ", order="to,from"),
}
WRONG = [
    "w2", "w²₀₁", "w⁽²⁾₀₁", "w₁,₁₂", "w[2][0,1]", "W/2/0/1", "dC/dw", "∂C/∂b", "weight 2", "bias", "w210", "d_2_1", "a3", "x",
    "q/1", "", "w/1/0", "w/01/0/0", "w/9/0/0", "b/2/7", "b/1/1", "a/0/5", "x/9", "z/0/0", "C/1", "w/1/0/99999999999999999999",
    "w/2/0/40", "it's", 'say "z"', "z/1/40", "zz", "b",
]  # fmt: skip


def network_data(network: cr.Network) -> dict[str, Any]:
    """A network as the page's ids know it."""
    kinds = [
        "none" if not b.size else "layer" if network.shared_bias(l) else "neuron" for l, b in network.biases.items()
    ]
    return {"sizes": list(network.sizes), "biases": kinds}


def every_id(network: cr.Network) -> Iterator[Id]:
    """Inputs, then layer by layer weights, biases, z, a and δ, then the cost."""
    yield from (Id("x", 0, k) for k in range(network.sizes[0]))
    for layer, (before, size) in enumerate(zip(network.sizes, network.sizes[1:]), 1):
        yield from (Id("w", layer, j, k) for j in range(size) for k in range(before))
        yield from (Id("b", layer, j) for j in range(network.biases[layer].size))
        yield from (Id(kind, layer, j) for kind in "zad" for j in range(size))
    yield Id("C")


def said(network: cr.Network, text: str) -> str:
    with pytest.raises(IdError) as error:
        ids.parse(text, network.parameters)
    return str(error.value)


@pytest.mark.needs("node")
@pytest.mark.parametrize("name", NETWORKS)
def test_every_id_of_a_network_is_read_written_and_named_as_in_python(name: str, tmp_path: Path) -> None:
    network = NETWORKS[name]
    script = """import { idsOf, parseId, wordsOf, writeId } from './web/ids.js';
    const there = [...idsOf(data)].filter((id) => id.kind !== 'y').map(writeId);
    console.log(JSON.stringify(there.map((text) => [text, writeId(parseId(text, data)), wordsOf(parseId(text, data))])));"""
    names = [str(id) for id in every_id(network)]
    words = [ids._in_words(id) if id.kind != "C" else "the cost" for id in every_id(network)]
    assert answer(script, network_data(network), tmp_path) == [list(each) for each in zip(names, names, words)]


@pytest.mark.needs("node")
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_not_an_id_gets_the_same_answer_as_in_python(name: str, tmp_path: Path) -> None:
    network = NETWORKS[name]
    wrong = [text for text in WRONG if not is_id(network, text)]
    script = """import { parseId } from './web/ids.js';
    const said = (text) => { try { return parseId(text, data.network, 'wbzadxC'); } catch (error) { return error.message; } };
    console.log(JSON.stringify(data.wrong.map(said)));"""
    assert len(wrong) > 25
    found = answer(script, {"network": network_data(network), "wrong": wrong}, tmp_path)
    assert found == [said(network, text) for text in wrong]


def is_id(network: cr.Network, text: str) -> bool:
    try:
        ids.parse(text, network.parameters)
    except IdError:
        return False
    return True


@pytest.mark.needs("node")
def test_arrows_lead_through_layers_and_neurons_and_end_at_the_ends(tmp_path: Path) -> None:
    steps = [
        ("x/1", "right", "z/1/1"), ("x/2", "down", None), ("x/1", "up", "x/0"), ("x/0", "left", None),
        ("z/1/11", "left", "x/2"), ("z/1/11", "right", "z/2/1"), ("a/2/1", "right", "C"), ("C", "left", "z/2/0"),
        ("C", "right", None), ("C", "up", None), ("d/1/3", "down", "d/1/4"), ("y/0", "down", "y/1"),
        ("y/1", "left", "z/2/1"), ("w/1/0/2", "down", "w/1/1/0"), ("w/1/1/0", "up", "w/1/0/2"), ("w/1/0/0", "up", None),
        ("w/2/1/11", "down", None), ("w/1/5/1", "right", "w/2/1/1"), ("w/2/1/7", "left", "w/1/1/2"),
        ("w/2/0/0", "right", None), ("b/2/0", "down", "b/2/1"), ("b/2/0", "left", None),
    ]  # fmt: skip
    script = """import { neighbour, parseId, writeId } from './web/ids.js';
    const led = ([from, direction]) => neighbour(data.network, parseId(from, data.network), direction);
    console.log(JSON.stringify(data.steps.map(led).map((id) => id && writeId(id))));"""
    found = answer(script, {"network": network_data(NETWORKS["wide"]), "steps": [step[:2] for step in steps]}, tmp_path)
    assert found == [step[2] for step in steps]


SYMBOLS = """import { parseId } from './web/ids.js';
import { latexOf, quantitySymbol, symbolOf, textOf } from './web/symbols.js';
const both = (symbol) => [textOf(symbol), latexOf(symbol)];
const written = (how, text) => {
  const id = parseId(text, data.network);
  return [both(symbolOf(how, id)), both(quantitySymbol(how, data.network, id))];
};
console.log(JSON.stringify(data.conventions.map((how) => data.ids.map((text) => written(how, text)))));"""


@pytest.mark.needs("node")
@pytest.mark.parametrize("name", NETWORKS)
def test_every_id_is_written_as_in_python_in_every_convention(name: str, tmp_path: Path) -> None:
    network = NETWORKS[name]
    problem = Problem.one(network, [0.5] * network.sizes[0], [0.2] * network.sizes[-1], None)
    names = list(every_id(network))
    data = {
        "network": network_data(network),
        "conventions": [convention_data(how) for how in CONVENTIONS.values()],
        "ids": list(map(str, names)),
    }
    for how, found in zip(CONVENTIONS.values(), answer(SYMBOLS, data, tmp_path)):
        seen = View.of(problem, Id("C"), how)
        for id, there in zip(names, found):
            here = [[str(each), latex(each)] for each in (how.of(id), seen.quantity(id))]
            assert there == here, (how.name, str(id))


@pytest.mark.needs("node")
def test_the_formulas_of_every_cost_and_every_sign_are_the_same_in_latex(tmp_path: Path) -> None:
    how = Convention()
    letters = {each: how.symbol(each, 2, 0) for each in "azyp"}
    costs = [make() for make in NAMED.values()] + [cr.huber(1e-7)]
    templates = [t for cost in costs for pair in cost.pairs.values() for t in (pair.slope_text, pair.delta_text)]
    script = """import { filled, latexOf, symbol, textOf } from './web/symbols.js';
    const letters = Object.fromEntries([...'azyp'].map((letter) => [letter, symbol(data.how, letter, 2, 0)]));
    const formulas = data.templates.map((template) => filled(template, letters));
    console.log(JSON.stringify([formulas.map(textOf), formulas.map(latexOf), data.signs.map(latexOf)]));"""
    data = {"how": convention_data(how), "templates": templates, "signs": list(LATEX)}
    texts, in_latex, signs = answer(script, data, tmp_path)
    assert texts == [str(filled(template, **letters)) for template in templates]
    assert in_latex == [latex(filled(template, **letters)) for template in templates]
    assert signs == list(LATEX.values())


def test_a_convention_says_its_own_cost_only_where_the_network_can_have_it() -> None:
    softmax = cr.Network.random([2, 3], output="softmax", seed=0)
    quadratic = convention_data(PRESETS["nielsen"], softmax)["cost"]
    assert quadratic == {"name": "quadratic", "text": "½ Σ (a − y)²", "of": "a", "slope": "({a} − {y})", "delta": None}
    assert convention_data(PRESETS["cs231n"], softmax)["cost"] == cost_data(cr.cross_entropy(), softmax)
    assert cost_data(cr.cross_entropy(), softmax)["delta"] == "({a} − {y})"
    sigmoid = cr.Network.random([2, 3], output="sigmoid", seed=0)
    assert convention_data(PRESETS["cs231n"], sigmoid)["cost"] is None
