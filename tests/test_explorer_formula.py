"""The page's formula: the factors, terms and values of the derivation in Python, numbers that multiply out, and a check."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from node import answer
from test_explorer_symbols import every_id, network_data

import chainrule as cr
from chainrule.conventions import PRESETS
from chainrule.explanation.document import Product, Terms
from chainrule.explanation.forms import factors
from chainrule.explanation.letters import Letters
from chainrule.explanation.view import View
from chainrule.explorer.convention_data import convention_data, cost_data
from chainrule.explorer.traced import forms_of, keys_of
from chainrule.ids import Id
from chainrule.problem import Problem
from chainrule.writing.numbers import number, plain, unit
from chainrule.writing.tex import latex

LISTED = 6  # terms that the page lists
CASES: dict[str, tuple[list[int], list[str], str, str]] = {
    "chain": ([1, 1, 1, 1], ["sigmoid"] * 3, "squared_error", "neuron"),
    "chain of a choice": ([1, 1, 1, 1], ["tanh", "softplus", "sigmoid"], "binary_cross_entropy", "layer"),
    "2-3-2": ([2, 3, 2], ["sigmoid"] * 2, "quadratic", "neuron"),
    "2-3-2 with one bias per layer": ([2, 3, 2], ["tanh"] * 2, "huber", "layer"),
    "one output": ([3, 4, 1], ["tanh", "identity"], "quadratic", "neuron"),
    "classes": ([3, 5, 9, 8], ["sigmoid", "gelu", "softmax"], "cross_entropy", "layer"),
    "classes by a hinge": ([2, 3, 3], ["relu", "identity"], "multiclass_hinge", "neuron"),
    "softmax with a quadratic cost": ([2, 3, 8], ["softmax", "softmax"], "quadratic", "none"),
    "saturated softmax": ([2, 3, 3], ["tanh", "softmax"], "quadratic", "neuron"),
}
SCRIPT = """import { derivationOf } from './web/derivation.js';
import { parseId, writeId } from './web/ids.js';
import { latexOf, textOf } from './web/symbols.js';
import { checkLine, formulaLatex, formulaText, formulaView, isConfirmed } from './web/views/formula.js';
const float = (rows) => rows.map((row) => row && Float64Array.from(row));
const layer = ({ full, slopes }) => ({ full, slope: (z, out) => out.set(slopes) });
const net = { ...data.net, w: float(data.net.w), sigma: data.net.sigma.map((each) => each && layer(each)) };
const pass = { z: float(data.pass.z), a: float(data.pass.a) };
const back = { C: data.back.C, delta: float(data.back.delta), raw: float(data.back.raw) };
const at = { net, cost: data.cost, pass, back };
const factor = ({ symbol, value }) => [textOf(symbol), value];
const product = ({ factors, value }) => ({ factors: factors.map(factor), value });
const block = (each) => ({ ...(each.factors ? product(each) : each), left: textOf(each.left), latex: latexOf(each.left),
  right: each.right && textOf(each.right), terms: each.terms && each.terms.map(product) });
const everything = (how, text) => {
  const id = parseId(text, net);
  return { blocks: derivationOf(at, id, how).map(block), lines: formulaText(at, id, how), latex: formulaLatex(at, id, how),
    view: formulaView(at, id, how) };
};
"""
PRINTED = (
    SCRIPT + "console.log(JSON.stringify(data.conventions.map((how) => data.ids.map((id) => everything(how, id)))));"
)


def problem_of(case: str) -> Problem:
    sizes, activations, cost, bias = CASES[case]
    rng = np.random.default_rng(7)
    random = cr.Network.random(sizes, "tanh", bias=bias, seed=rng)
    biases = [b + 0.1 * rng.normal(size=b.size) if b.size else None for b in random.biases]
    network = cr.Network([(80 if "saturated" in case else 1.3) * w for w in random.weights], biases, activations)
    y = np.eye(sizes[-1])[0] if cost in ("cross_entropy", "multiclass_hinge") else rng.uniform(0.1, 0.9, sizes[-1])
    return Problem.one(network, rng.normal(size=sizes[0]), y, cost)


def page_data(problem: Problem) -> dict[str, Any]:
    """What the page computes, computed in Python."""
    seen = View.of(problem, Id("C"), PRESETS["nielsen"])
    network, layers = problem.network, range(1, problem.network.depth + 1)
    full = {l: network.activations[l].full_slope for l in layers}
    sigma = [{"full": full[l], "slopes": [] if full[l] else seen.slopes(l).tolist()} for l in layers]
    return {
        "net": {
            **network_data(network),
            "w": [None, *(w.ravel().tolist() for w in network.weights)],
            "sigma": [None, *sigma],
        },
        "cost": cost_data(problem.cost, network),
        "pass": {
            "z": [None, *(seen.trace.z[l].tolist() for l in layers)],
            "a": [a.tolist() for _, a in seen.trace.a.items()],
        },
        "back": {
            "C": seen.cost_value,
            "delta": [None, *(seen.into_z[l].tolist() for l in layers)],
            "raw": [seen.into_a[l].tolist() for l in range(network.depth + 1)],
        },
    }


def asked(script: str, data: Any, folder: Path) -> Any:
    return answer(script, data, folder, {"forms.js": "export const activations = {};"})  # the slopes come with the data


def printed(case: str, folder: Path, conventions: list[str]) -> tuple[Problem, list[Id], list[list[Any]]]:
    problem = problem_of(case)
    names = list(every_id(problem.network))
    data = {
        **page_data(problem),
        "conventions": [convention_data(PRESETS[each]) for each in conventions],
        "ids": list(map(str, names)),
    }
    return problem, names, asked(PRINTED, data, folder)


def bare(text: str) -> list[str]:
    """A factor without the brackets around it, and a weight times a δ as its two factors."""
    inside = re.sub(r"^\(([^()]*(?:\([^()]*\)[^()]*)*)\)$", r"\1", text)
    return inside.split(" ") if re.fullmatch(r"w\S+ δ\S+", inside) else [inside]


def symbols(found: list[str]) -> list[str]:
    return sorted(each for text in found for each in bare(text))


def expected(seen: View, id: Id) -> list[Product | Terms]:
    """The derivation in Python; of a softmax without the product that names an entry of its matrix."""
    if id.kind == "d":
        id = Id("z", id.layer, id.neuron)
    if id.kind == "a" and id.layer == seen.top:
        return [Product(seen.by(id), (seen.of_activation(id.layer, id.neuron),), seen.value(id))]
    parts = factors.product(seen, id) if max(seen.network.sizes) == 1 else factors.delta(seen, id)
    entries = [i for i, part in enumerate(parts) if isinstance(part, Product) and "Σ′" in str(part.factors[0].symbol)]
    return [part for i, part in enumerate(parts) if i not in entries and isinstance(part, (Product, Terms))]


@pytest.mark.needs("node")
@pytest.mark.parametrize("case", CASES)
def test_factors_and_terms_are_those_of_the_derivation_in_every_convention(case: str, tmp_path: Path) -> None:
    """S0.8, S1.2, S1.17, S2.9: in a chain the whole product, else a · δ, δ by BP1 or BP2, and the sum in it."""
    conventions = ["article", "3blue1brown"] if max(CASES[case][0]) > 4 else list(PRESETS)
    problem, names, found = printed(case, tmp_path, conventions)
    for how, of_convention in zip([PRESETS[each] for each in conventions], found):
        seen = View.of(problem, Id("C"), how)
        for id, there in zip(names, of_convention):
            if id.kind == "C":
                continue
            blocks = [block for block in there["blocks"] if "value" in block]
            for part, block in zip(expected(seen, id), blocks):
                where = (how.name, str(id), block)
                assert block["value"] == pytest.approx(part.value, rel=1e-12, abs=1e-15), where
                if isinstance(part, Terms):
                    assert block["rest"]["count"] == max(0, len(part.terms) + part.rest - LISTED), where
                    assert block["rest"]["value"] == pytest.approx(rest_of(part), rel=1e-9, abs=1e-15), where
                    for here, term in zip(part.terms, block["terms"]):
                        assert [factor[0] for factor in term["factors"]] == [str(f.symbol) for f in here.factors], where
                        assert term["value"] == pytest.approx(here.value, rel=1e-12, abs=1e-300), where
                else:
                    assert symbols([f[0] for f in block["factors"]]) == symbols(
                        [str(f.symbol) for f in part.factors]
                    ), where
            assert len(blocks) >= len(expected(seen, id)), (how.name, str(id))


def rest_of(part: Terms) -> float:
    return math.fsum([*(term.value for term in part.terms[LISTED:]), part.rest_sum])


@pytest.mark.needs("node")
@pytest.mark.parametrize("case", CASES)
def test_printed_factors_multiply_to_the_printed_value_which_is_the_gradient(case: str, tmp_path: Path) -> None:
    problem, names, (found,) = printed(case, tmp_path, ["nielsen"])
    gradient = cr.gradient(problem.network, problem.x[0], problem.y[0], problem.cost).flat()
    products = 0
    for id, there in zip(names, found):
        for line in there["lines"]:
            numbers = re.fullmatch(r"= (\S+(?: · \S+)+) = (\S+)", line)
            if numbers:
                value = float(plain(numbers[2]))
                product = math.prod(float(plain(text).strip("()")) for text in numbers[1].split(" · "))
                assert "· −" not in line
                assert abs(product - value) <= unit(value) * 1.0001, (str(id), line)
                products += 1
        if id.kind in "wb":
            value = there["blocks"][0]["value"]
            entry = gradient[cr.ids.entry_of(problem.network.parameters, id)]
            assert value == pytest.approx(entry, rel=1e-12, abs=1e-15), str(id)
            assert f"= {number(value)}" in there["lines"][1], str(id)
    assert products > len(names) / 4


@pytest.mark.needs("node")
def test_a_chain_is_one_product_in_the_order_of_its_layers(tmp_path: Path) -> None:
    """S0.2, S1.2: of 1-1-1-1 under both texts' conventions; no index, and 2(a − y) at the end."""
    _, names, found = printed("chain", tmp_path, ["3blue1brown", "article"])
    lines = [each[names.index(Id("w", 1))]["lines"] for each in found]
    assert [each[0] for each in lines] == [
        "∂C/∂w⁽¹⁾ = a⁽⁰⁾ · σ′(z⁽¹⁾) · w⁽²⁾ · σ′(z⁽²⁾) · w⁽³⁾ · σ′(z⁽³⁾) · 2(a⁽³⁾ − y)",
        "∂c/∂w⁽¹⁾ = a⁽⁰⁾ · σ′(z⁽¹⁾) · w⁽²⁾ · σ′(z⁽²⁾) · w⁽³⁾ · σ′(z⁽³⁾) · 2(a⁽³⁾ − y)",
    ]
    assert lines[0][1].count(" · ") == 6


@pytest.mark.needs("node")
def test_the_transpose_of_bp2_is_there_where_an_author_needs_it(tmp_path: Path) -> None:
    """S0 writes w_from,to and needs none; the others do (S2.10)."""
    _, names, found = printed("2-3-2", tmp_path, list(PRESETS))
    for how, of_convention in zip(PRESETS.values(), found):
        there = of_convention[names.index(Id("w", 1, 2, 0))]
        (layer,) = [block["right"] for block in there["blocks"] if "value" not in block]
        assert layer == str(Letters(how).hidden(1)), how.name
        assert ("ᵀ" in layer) == (how.order == "to,from")
        assert latex(Letters(how).hidden(1)) in there["latex"]


@pytest.mark.needs("node")
def test_every_number_and_symbol_of_the_view_is_an_element_with_its_id(tmp_path: Path) -> None:
    """Elements hold one text or elements, and each symbol of a quantity has the id by which it lights up elsewhere."""
    problem, names, (found,) = printed("classes", tmp_path, ["nielsen"])
    known = {*map(str, names), *(f"y/{j}" for j in range(problem.network.sizes[-1]))}

    def check(element: Any) -> set[str]:
        tag, attributes, *children = element
        assert isinstance(tag, str)
        assert isinstance(attributes, dict)
        assert len(children) <= 1 or all(isinstance(child, list) for child in children), element
        mine = {attributes["data-id"]} if "data-id" in attributes else set()
        return mine.union(*(check(child) for child in children if isinstance(child, list)))

    seen = set().union(*(check(there["view"]) for there in found))
    assert seen <= known
    assert {"w/3/0/0", "d/3/1", "a/1/0", "z/2/8", "y/0"} <= seen


CHECKS = (
    SCRIPT
    + """const line = (value, check) => checkLine(value, check);
console.log(JSON.stringify(data.checks.map(([value, found]) => line(value, found))));"""
)


@pytest.mark.needs("node")
def test_a_check_is_passed_inside_the_bar_only(tmp_path: Path) -> None:
    right, nan = -0.04046512345, math.nan

    def said(difference: float, error: float, dual: float = right, **sides: Any) -> dict[str, Any]:
        return {"difference": difference, "error": error, "dual": dual, "kink": False, **sides}

    kink = said(0.5, 0.2, 0.0, kink=True, left=0.0, right=1.0)
    checks = [
        (right, said(right + 8e-11, 9e-11)), (right, said(right + 1e-10, 9e-11)), (right, said(right, 9e-11, right * 1.001)),
        (right, said(right, 2e-5)), (nan, said(right, 9e-11)), (right, said(nan, nan)), (0.0, said(0.0, 0.0, 0.0)),
        (0.0, kink), (1.3, kink),
    ]  # fmt: skip
    found = asked(CHECKS, {**page_data(problem_of("chain")), "checks": checks}, tmp_path)
    assert [each[1]["class"].split()[1] for each in found] == [
        "agrees", "differs", "differs", "agrees", "differs", "differs", "agrees", "agrees", "differs",
    ]  # fmt: skip
    assert found[0][2] == "✓ central difference −0.040465 ± 9.0e−11, dual numbers −0.040465"
    assert found[1][2].startswith("✗ central difference −0.040465")
    assert found[7][2] == "✓ at a kink: slopes 0 and 1 on its two sides"


LIVE = """import { check } from './web/check.js';
import { backward, forward, networkOf } from './web/engine.js';
import { costs } from './web/forms.js';
import { idsOf, writeId } from './web/ids.js';
import { derivationOf } from './web/derivation.js';
import { formulaText, formulaView } from './web/views/formula.js';
const net = networkOf(data.network, Float64Array.from(data.theta));
const cost = costs[data.cost.name];
const [x, y] = [Float64Array.from(data.x), Float64Array.from(data.y)];
const pass = forward(net, x);
const back = backward(net, cost, pass, y);
const wrong = { ...back, raw: back.raw.map((row) => row.map((each) => each * data.fault)),
  delta: back.delta.map((row) => row && row.map((each) => each * data.fault)) };
const line = (view) => view.slice(2).find((each) => each[1].class.startsWith('check'))[2];
const seen = (from, id) => {
  const at = { net, cost: data.cost, pass, back: from };
  const found = check(net, cost, x, y, id);
  const [first] = derivationOf(at, id, data.how);
  return [first.value, line(formulaView(at, id, data.how, found)), formulaText(at, id, data.how)[0]];
};
const moved = [...idsOf(data.network)].filter((id) => 'wbzax'.includes(id.kind) || (id.kind === 'y' && data.fault === 1));
console.log(JSON.stringify(moved.map((id) => [writeId(id), ...seen(wrong, id)])));"""


def live(problem: Problem, fault: float, folder: Path) -> dict[str, list[Any]]:
    """Of each id the derivative, the check and the formula of the page's own engine, whose δ and ∂C/∂a are off by a factor."""
    network = problem.network
    data = {
        "network": {**network_data(network), "activations": list(keys_of(network))},
        "theta": network.parameters.flat().tolist(),
        "x": problem.x[0].tolist(),
        "y": problem.y[0].tolist(),
        "cost": cost_data(problem.cost, network),
        "how": convention_data(PRESETS["nielsen"]),
        "fault": fault,
    }
    found = answer(LIVE, data, folder, {"forms.js": forms_of(network, problem.cost)})
    return {id: rest for id, *rest in found}


@pytest.mark.needs("node")
@pytest.mark.parametrize("case", CASES)
def test_the_page_computes_what_python_computes_and_checks_it(case: str, tmp_path: Path) -> None:
    problem = problem_of(case)
    found = live(problem, 1.0, tmp_path)
    seen = View.of(problem, Id("C"), PRESETS["nielsen"])
    for id in every_id(problem.network):
        if id.kind not in "dC":
            assert found[str(id)][0] == pytest.approx(seen.value(id), rel=1e-11, abs=1e-14), str(id)
    assert all(line.startswith("✓") for _, line, _ in found.values()), found
    assert found["y/0"][2] == ("∂C/∂y" if case.startswith("chain") else "∂C/∂y₀")


@pytest.mark.needs("node")
@pytest.mark.parametrize("case", ["chain", "2-3-2"])
def test_a_planted_fault_is_marked(case: str, tmp_path: Path) -> None:
    """A thousandth too much in every δ, which no number on the page would show."""
    found = live(problem_of(case), 1.001, tmp_path)
    assert all(line.startswith("✗") for _, line, _ in found.values()), found


@pytest.mark.needs("node")
@pytest.mark.parametrize("beside", [0.0, 1e-7])
def test_several_units_at_or_beside_their_kinks_are_no_fault(beside: float, tmp_path: Path) -> None:
    """relu(x) − relu(−x) is x: a difference shows its slope 1, the chain rule 0 (S3.4). A fault is marked."""
    network = cr.Network([[[1.0], [-1.0]], [[1.0, -1.0]]], [[-beside, -beside], [0.3]], ["relu", "identity"])
    problem = Problem.one(network, np.array([0.0]), np.array([1.0]), "quadratic")
    found = live(problem, 1.0, tmp_path)
    assert all(line.startswith("✓") for _, line, _ in found.values()), found
    if beside == 0:
        together = "2 units at their kinks bend the central difference, −0.700000"
        assert found["x/0"][1] == f"✓ dual numbers 0; {together}"
    else:
        assert re.fullmatch(r"✓ central difference 0 ± \S+, dual numbers 0", found["x/0"][1])
    for value, line, _ in live(problem, 1.001, tmp_path).values():
        assert line.startswith("✗" if value else "✓")
