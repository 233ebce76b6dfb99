"""Any ∂u/∂v in every form and every preset (S1.21): the parts multiply and add up to a number that two other methods give."""

from __future__ import annotations

import functools
import itertools
import math
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from networks import HIDDEN, LEGAL, PROOF, Problem, crossed, make_problem

import chainrule as cr
from chainrule.conventions import PRESETS, as_convention
from chainrule.explanation.audit import audit_of, check
from chainrule.explanation.document import Dot, Entries, Factor, Lines, MatrixProduct, Product, Statement, Terms
from chainrule.explanation.forms import FORMS, as_form
from chainrule.explanation.view import view
from chainrule.ids import Id, parse
from chainrule.problem import Problem as Posed
from chainrule.verification.moved import Followed, follow, slope_by_dual
from chainrule.writing import html, latex, tex
from chainrule.writing.formula import (
    Bracket,
    Formula,
    Matrix,
    Numeral,
    Ratio,
    Row,
    Sign,
    Space,
    Sum,
    Symbol,
    Text,
    Underbraced,
    Vector,
)
from chainrule.writing.mathml import mathml
from chainrule.writing.numbers import factor_numbers, number, unit

PAIRS = 200 if PROOF else 48


def a_quantity(rng: np.random.Generator, net: cr.Network, kinds: str) -> str:
    """The id of some quantity of one of these kinds."""
    kind = str(rng.choice(list(kinds)))
    layer = int(rng.integers(1, net.depth + 1))
    j = int(rng.integers(net.sizes[layer]))
    match kind:
        case "C":
            return "C"
        case "x":
            return f"x/{rng.integers(net.sizes[0])}"
        case "w":
            return f"w/{layer}/{j}/{rng.integers(net.sizes[layer - 1])}"
        case "b" if net.biases[layer].size:
            return f"b/{layer}/{rng.integers(net.biases[layer].size)}"
        case "b":
            return f"z/{layer}/{j}"
    return f"{kind}/{layer}/{j}"


def a_problem(rng: np.random.Generator, seed: int) -> Problem:
    depth = int(rng.integers(1, 5))
    sizes = [int(n) for n in rng.integers(1, 5, depth + 1)]
    bias, scale = str(rng.choice(["neuron", "layer", "none"])), float(rng.choice([0.1, 1.0, 3.0, 20.0]))
    hidden = [str(name) for name in rng.choice(HIDDEN, depth - 1)]
    return make_problem(sizes, hidden, *LEGAL[seed % len(LEGAL)], bias=bias, scale=scale, seed=seed)


def multiplies_out(product: Product) -> None:
    """The printed factors come to the printed value, within one unit of its last digit."""
    shown = math.prod(float(text.replace("−", "-")) for text in factor_numbers(product.factors, product.value))
    assert abs(shown - float(number(product.value).replace("−", "-"))) <= unit(product.value) * (1 + 1e-6)


def explained(p: Problem, u: str, v: str, presets: Sequence[str]) -> int:
    """Every form that applies, in the presets that fit; how many there were."""
    count = 0
    for form in FORMS:
        for preset in presets:
            if PRESETS[preset].linear_output and p.network.output.name != "identity":
                continue
            try:
                found = cr.explain(p.network, p.x[0], p.y[0], v, of=u, form=form, convention=preset, cost=p.cost)
            except cr.SettingError as error:
                assert f"form='{form}'" in str(error)  # noqa: PT017  (it says which form does not apply)
                continue
            except cr.DataError as error:
                assert "no slope" in str(error)  # noqa: PT017  (a saturated output under a logarithm)
                continue
            for product in found.products():
                multiplies_out(product)
            assert ("✓" in str(found)) == bool(found.confirmed_by)
            count += 1
    return count


@pytest.mark.parametrize("seed", range(8))
def test_random_pairs_in_every_form(seed: int) -> None:
    """Pairs in small networks of every kind, each form in one preset; `make proof` takes 200, in all presets."""
    rng = np.random.default_rng(seed)
    count = 0
    for number_ in range(PAIRS // 8):
        p = a_problem(rng, 1000 * seed + number_)
        presets = list(PRESETS) if PROOF else [list(PRESETS)[number_ % 5], "nielsen"][: 1 + (number_ % 5 == 3)]
        count += explained(p, a_quantity(rng, p.network, "CCCCza"), a_quantity(rng, p.network, "wwbzax"), presets)
    assert count > 3 * PAIRS // 8


@pytest.mark.parametrize("sizes", [[1, 1, 1, 1], [2, 3, 2], [784, 30, 10]])
def test_the_named_sizes_in_every_form_and_preset(sizes: list[int]) -> None:
    """Issue, Shows 1: the chain, a small one, and one of the size of the digits of MNIST."""
    p = make_problem(sizes, ["sigmoid"] * (len(sizes) - 2), "sigmoid", "quadratic", seed=3)
    rng = np.random.default_rng(4)
    ids = [
        (a_quantity(rng, p.network, "CCCza"), a_quantity(rng, p.network, "wwbzax")) for _ in range(6 if PROOF else 2)
    ]
    assert sum(explained(p, u, v, list(PRESETS)) for u, v in ids) > 12 * len(ids)


def test_from_s2_to_s1_every_delta_doubles() -> None:
    """S2's cost has a ½ and S1's has none: each is named, since a convention does not change the cost."""
    p = make_problem([2, 3, 2], ["tanh"], "sigmoid", "squared_error")
    written = {"3blue1brown": "squared_error", "nielsen": "quadratic"}

    def both(form: str) -> list[cr.Derivation]:
        return [
            cr.explain(p.network, p.x[0], p.y[0], "w/1/2/1", form=form, convention=how, cost=cost)
            for how, cost in written.items()
        ]

    for form in ("delta", "hadamard", "dot", "matrix", "sigma", "raw"):
        s1, s2 = both(form)
        assert s1.value == pytest.approx(2 * s2.value, rel=1e-14)
    deltas = [[f.value for f in found.parts[0].factors if f.symbol.letter == "δ"] for found in both("delta")]
    assert deltas[0] == pytest.approx([2 * value for value in deltas[1]], rel=1e-14)


@pytest.mark.parametrize("form", ["hadamard", "sigma", "matrix"])
def test_s0_has_no_transpose_in_bp2(form: str) -> None:
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "squared_error")
    texts = {
        c: str(cr.explain(p.network, p.x[0], p.y[0], "w/1/2/1", convention=c, form=form))
        for c in PRESETS
        if c != "cs231n"
    }
    assert [name for name, text in texts.items() if "ᵀ" not in text] == ["article"]


def test_any_pair_is_what_dual_numbers_say(chain: cr.Network) -> None:
    """S1.21: from any quantity to any other."""
    for u, v in (
        ("a/3/0", "x/0"),
        ("z/3/0", "w/1/0/0"),
        ("a/2/0", "z/2/0"),
        ("C", "a/1/0"),
        ("C", "a/3/0"),
        ("z/2/0", "b/2/0"),
    ):
        found = cr.explain(chain, [0.6], [1.0], v, of=u, cost="squared_error")
        assert found.value == pytest.approx(
            slope_by_dual(Posed.one(chain, [0.6], [1.0], "squared_error"), u, v), rel=1e-12
        )


def test_a_pair_that_is_not_connected_is_zero_and_says_why() -> None:
    p = make_problem([2, 3, 2], ["tanh"], "sigmoid", "quadratic")
    later = cr.explain(p.network, p.x[0], None, "w/2/0/1", of="a/1/0")
    assert later.value == 0
    assert "w²₀₁ comes after a¹₀: nothing leads back" in str(later)
    beside = cr.explain(p.network, p.x[0], None, "b/2/1", of="z/2/0")
    assert "a neuron does not see its neighbours" in str(beside)
    itself = cr.explain(p.network, p.x[0], None, "a/2/1", of="a/2/1")
    assert (itself.value, type(itself.parts[0])) == (1.0, Statement)


def test_why_a_pair_is_not_connected_is_said_in_every_format() -> None:
    p = make_problem([2, 3, 2], ["tanh"], "sigmoid", "quadratic")
    for v, u, words in (("w/2/0/1", "a/1/0", "nothing leads back"), ("b/2/1", "z/2/0", "does not see its neighbours")):
        found = cr.explain(p.network, p.x[0], None, v, of=u)
        for text in (str(found), found.latex(), found.html()):
            assert words in text
        assert f"${tex.latex(as_convention('nielsen').of(parse(u, p.network.parameters)))}$ does not" in found.latex()


def test_zeros_of_a_matrix_stand_in_their_column() -> None:
    """S4.12: 0 ends where the numbers above and below it end."""
    net = cr.Network(
        [[[1.0, 0.0], [-1.0, 0.5]], [[2.0, 0.0], [0.0, 3.0]]], [[0.0, 0.0], [0.0, 0.0]], ["relu", "identity"]
    )
    rows = str(cr.explain(net, [1.0, 1.0], [0.0, 0.0], "z/1/0", form="matrix")).splitlines()
    numbers = [line for line in rows if re.search(r"\[.*\d\.\d.*\]", line)]
    assert len(numbers) == 2
    assert {line.index("]") for line in numbers} == {len(numbers[0].removesuffix("  ←")) - 1}
    assert re.search(r"2\.000000 +0\]", numbers[0])


@pytest.mark.parametrize("by", ["z/1/0", "w/1/1/0"])
def test_every_line_of_the_matrix_form_is_a_true_equation(by: str) -> None:
    """Row times column is ∂C/∂a, and that times σ′ is δ: no chain of equals runs over both."""
    p = make_problem([2, 3, 2], ["tanh"], "sigmoid", "quadratic")
    back = cr.backward(cr.forward(p.network, p.x[0]), p.y[0])
    text = str(cr.explain(p.network, p.x[0], p.y[0], by, form="matrix"))
    assert "δ¹       = ((w²)ᵀ δ²) ⊙ σ′(z¹)" in text
    vectors = {
        left.strip(): [float(each.replace("−", "-")) for each in right.split(", ")]
        for left, right in re.findall(r"^(.*\S) += \((.*)\)$", text.split("σ′(z¹)\n", 1)[1], re.MULTILINE)
    }
    assert vectors["(w²)ᵀ δ²"] == pytest.approx(back.da[1], abs=1e-6)
    assert vectors["σ′(z¹)"] == pytest.approx(back.delta[1] / back.da[1], abs=1e-6)
    assert vectors["δ¹"] == pytest.approx(back.delta[1], abs=1e-6)
    assert vectors["δ²"] == pytest.approx(back.delta[2], abs=1e-6)


def test_underflow_and_zero_do_not_look_alike() -> None:
    net = cr.Network([[[700.0]], [[1.0]]], [[0.0], [0.0]], "sigmoid")
    assert "0.000000" not in str(cr.explain(net, [1.0], [0.0], "w/1/0/0"))
    assert "e−30" in str(cr.explain(net, [1.0], [0.0], "w/1/0/0"))
    dead = cr.Network([[[-1.0]], [[1.0]]], [[0.0], [0.0]], ["relu", "identity"])
    assert " = 0 " in str(cr.explain(dead, [1.0], [0.0], "w/1/0/0"))


# each form says what its source says --------------------------------------------------------------------------------
def parts(form: str, v: str = "w/1/1/0", **settings: object) -> tuple[list, Problem]:
    p = make_problem([2, 3, 2], ["tanh"], "sigmoid", "squared_error")
    return list(cr.explain(p.network, p.x[0], p.y[0], v, form=form, cost=p.cost, **settings).parts), p


def test_the_raw_form_names_no_delta() -> None:
    """S0.12: ∂C/∂a throughout."""
    found, p = parts("raw", convention="article")
    assert "δ" not in "".join(
        str(f.symbol) for part in found for t in getattr(part, "terms", [part]) for f in t.factors
    )
    back = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost)
    assert found[0].factors[0].value == back.da[1][1]
    assert isinstance(found[1], Terms)
    assert found[1].value == pytest.approx(back.da[1][1], rel=1e-13)


def test_the_dot_form_is_a_slope_times_a_dot_product() -> None:
    """S3.13."""
    found, p = parts("dot", "z/1/1")
    (part,) = found
    assert isinstance(part, Dot)
    assert part.second == tuple(p.network.weights[2][:, 1])
    assert part.factor.value * np.dot(part.first, part.second) == pytest.approx(part.value, rel=1e-14)


def test_the_matrix_form_is_the_transpose_times_a_column() -> None:
    """S4.12, with the row that is asked for."""
    found, p = parts("matrix", "z/1/1")
    (part,) = found
    assert isinstance(part, MatrixProduct)
    assert np.array(part.cells).tolist() == p.network.weights[2].T.tolist()
    assert part.row == 1
    assert str(part.entries) == "[w²₀₀  w²₁₀]\n[w²₀₁  w²₁₁]\n[w²₀₂  w²₁₂]"


@pytest.mark.parametrize("k", [0, 1, 64, 126, 127])
def test_the_matrix_form_always_shows_the_row_that_is_asked_for(k: int) -> None:
    """S4.12, where it is large: the row is there and marked, with the columns that its largest terms come from."""
    p = make_problem([8, 128, 10], ["relu"], "softmax", "cross_entropy")
    found = cr.explain(p.network, p.x[0], p.y[0], f"a/1/{k}", form="matrix", cost=p.cost)
    (part,) = found.parts
    terms = np.abs(np.array(part.cells[k]) * np.array(part.vector))
    shown = [column for column in part.columns if column is not None]
    assert sorted(terms[shown]) == sorted(terms)[-len(shown) :]
    assert [r for r in part.rows if r is not None] == sorted({0, k, 127} if 0 < k < 127 else {0, 1, 127})
    (marked,) = [line for line in str(found).splitlines() if line.endswith("←")]
    assert all(number(part.cells[k][c]) in marked for c in shown)
    assert re.search(f"{re.escape(str(found.left))} +=  ?{re.escape(number(found.value))} ", str(found))
    place = part.rows.index(k)
    arrows = found.latex().split(r"\begin{matrix}")[1].split(r"\end{matrix}")[0].split(r" \\ ")
    assert [i for i, mark in enumerate(arrows) if "arrow" in mark] == [place]
    assert f"{tex.latex(found.left)} &= {tex.latex(Numeral(number(found.value)))}" in found.latex()
    asked = [each for each in ET.fromstring(found.html()).iter("mtr") if each.get("class") == "asked"]
    assert len(asked) == 1
    assert len(asked[0]) == len(part.columns)


SQUARED = ("softmax", "squared_error")


def softmax_terms(part: Terms, p: Problem, layer: int, j: int, by_a: np.ndarray, base: int = 0) -> None:
    """Σ_i ∂u/∂a_i a_i (δ_ij − a_j), the largest first, with the numbers of this network."""
    a = cr.forward(p.network, p.x[0]).a[layer]
    terms = by_a * a * ((np.arange(a.size) == j) - a[j])
    assert [t.value for t in part.terms] == pytest.approx(sorted(terms, key=abs, reverse=True)[:8], rel=1e-9)
    assert part.rest == max(a.size - 8, 0)
    assert part.value == pytest.approx(terms.sum(), rel=1e-9)
    for term in part.terms:
        i = int(str(term.left)) - base
        wanted = [a[j], 1 - a[j]] if i == j else [-a[i], a[j]]
        assert [factor.value for factor in term.factors[-2:]] == pytest.approx(wanted, rel=1e-12)


def test_an_activation_of_a_softmax_by_a_z_is_written_in_activations() -> None:
    """S2.18: ∂a_i/∂z_j = −a_i a_j, and of a neuron itself a_j (1 − a_j)."""
    p = make_problem([2, 3, 2], ["tanh"], *SQUARED)
    for form in ("product", "delta", "raw", "paths"):
        other = str(cr.explain(p.network, p.x[0], None, "z/2/0", of="a/2/1", form=form))
        own = str(cr.explain(p.network, p.x[0], None, "z/2/1", of="a/2/1", form=form))
        assert re.search(r"−a²₁ +· a²₀\n", other), form
        assert re.search(r"a²₁ +· \(1 − a²₁\)\n", own), form
    weight = cr.explain(p.network, p.x[0], None, "w/2/0/0", of="a/2/1", convention="3blue1brown")
    assert " · ".join(str(factor.symbol) for factor in weight.parts[0].factors) == "a⁽¹⁾₀ · −a⁽²⁾₁ · a⁽²⁾₀"


def relus(bias: float) -> cr.Network:
    """relu(x + bias) − relu(−x + bias) + 0.3."""
    return cr.Network([[[1.0], [-1.0]], [[1.0, -1.0]]], [[bias, bias], [0.3]], ["relu", "identity"])


def test_a_difference_that_kinks_bend_is_not_said_to_confirm_what_it_does_not_give() -> None:
    """S3.4: relu(x) − relu(−x) is x, of slope 1; by the chain rule with relu′(0) = 0 it is 0."""
    found = cr.explain(relus(0.0), [0.0], [1.0], "x/0", cost="quadratic")
    assert found.value == 0
    assert found.confirmed_by == "dual numbers"
    said = "dual numbers 0 ✓ (several units are at their kinks and bend the central difference, −0.700000)"
    assert said in " ".join(str(found).split())


@pytest.mark.parametrize("bias", [-1e-5, -1e-7, -1e-9])
def test_a_derivative_beside_kinks_is_shown_with_a_difference_that_passes_none(bias: float) -> None:
    found = cr.explain(relus(bias), [0.0], [1.0], "x/0", cost="quadratic")
    assert found.value == 0
    assert abs(found.check.value) <= found.check.error
    assert "kink" not in str(found)


def test_one_minus_a_saturated_softmax_keeps_its_digits() -> None:
    """1 − a is what the other activations add up to: 2e^−40 here, and 1 − 1 in float64."""
    network = cr.Network([[[40.0], [0.0], [0.0]]], [[0.0, 0.0, 0.0]], "softmax")
    found = cr.explain(network, [1.0], None, "z/1/0", of="a/1/0").parts[0]
    assert found.factors[-1].value == pytest.approx(2 * math.exp(-40), rel=1e-12, abs=0)
    assert found.value == pytest.approx(2 * math.exp(-40), rel=1e-12, abs=0)


@pytest.mark.parametrize("out", [2, 12])
@pytest.mark.parametrize(
    ("form", "v", "place"),
    [
        ("delta", "z/2/1", 0),
        ("delta", "w/2/1/0", 1),
        ("raw", "z/2/1", 0),
        ("raw", "b/2/1", 1),
        ("product", "w/2/1/0", 1),
        ("product", "z/2/1", 0),
        ("paths", "z/2/1", 0),
        ("paths", "b/2/1", 1),
    ],
)
def test_a_softmax_under_another_cost_is_a_sum_over_its_activations(form: str, v: str, place: int, out: int) -> None:
    """S2.18: ∂C/∂z_j = Σ_i ∂C/∂a_i ∂a_i/∂z_j, written out; what the cross-entropy makes short stays short."""
    p = make_problem([2, 3, out], ["tanh"], *SQUARED)
    found = cr.explain(p.network, p.x[0], p.y[0], v, form=form, cost=p.cost, convention="3h4")
    assert len(found.parts) == place + 1
    part = found.parts[place]
    softmax_terms(part, p, 2, 1, 2 * (cr.forward(p.network, p.x[0]).a[2] - p.y[0]), base=1)
    assert str(part.left) == ("δ²₂" if form == "delta" else "∂C/∂z²₂")
    short = cr.explain(p.network, p.x[0], np.eye(out)[0], "z/2/1", form=form, cost="cross_entropy")
    assert re.search(r"[= ] \(a²₁ − y₁\)\n", str(short))
    assert len(short.parts) == 1


def test_the_matrix_of_a_softmax_of_few_neurons_is_written_entry_by_entry() -> None:
    """S2.18: a_i (1 − a_i) on the diagonal of Σ′(z), −a_i a_j beside it."""
    p = make_problem([2, 3, 2], ["softmax"], *SQUARED)
    for form in ("sigma", "hadamard"):
        found = cr.explain(p.network, p.x[0], p.y[0], "w/1/0/1", form=form, cost=p.cost)
        last, hidden = [part for part in found.parts if isinstance(part, Entries)]
        assert str(last.left) == "Σ′(z²)"
        assert str(last.symbols) == "[a²₀ (1 − a²₀)    −a²₀ a²₁   ]\n[  −a²₁ a²₀     a²₁ (1 − a²₁)]"
        assert np.shape(hidden.cells) == (3, 3)
        for cell in last.cells[0]:
            assert number(cell) in str(found)
            assert tex.latex(Numeral(number(cell))) in found.latex()
        bent = replace(last, cells=((last.cells[0][0] + 1e-6, *last.cells[0][1:]), *last.cells[1:]))
        seen = view(p.network, p.x[0], p.y[0], p.cost, Id("C"), as_convention("nielsen"))
        with pytest.raises(cr.DisagreementError, match=r"Σ′\(z²\)"):
            check(audit_of(seen), replace(found, parts=(*found.parts, bent)), parse("w/1/0/1", p.network.parameters))
    wide = make_problem([2, 3, 5], ["tanh"], *SQUARED)
    assert "Σ′(z²) = [" not in str(
        cr.explain(wide.network, wide.x[0], wide.y[0], "z/1/0", form="sigma", cost=wide.cost)
    )
    short = cr.explain(p.network, p.x[0], [1.0, 0.0], "z/2/0", form="sigma", cost="cross_entropy")
    assert "Σ′" not in str(short)


@pytest.mark.parametrize(
    ("settings", "component"),
    [
        ({}, "[Σ′(z¹) (w²)ᵀ δ²]₀"),
        ({"base": 1}, "[Σ′(z¹) (w²)ᵀ δ²]₁"),
        ({"order": "from,to"}, "[Σ′(z¹) w² δ²]₀"),
        ({"orientation": "rows"}, "[δ² w² Σ′(z¹)]₀"),
    ],
)
def test_a_hidden_softmax_is_an_entry_of_a_product_and_a_sum(settings: dict[str, object], component: str) -> None:
    """S2.20: a neuron's δ is one entry of Σ′(z) (w)ᵀδ, in the reader's order, and the sum over the layer's activations."""
    p = make_problem([2, 3, 3, 2], ["softmax", "softmax"], "identity", "quadratic")
    how, back = as_convention("nielsen").but(**settings), cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost)
    found = cr.explain(p.network, p.x[0], p.y[0], "w/1/0/0", form="delta", convention=how)
    assert str(found.parts[1].factors[0].symbol) == component
    softmax_terms(found.parts[2], p, 1, 0, back.da[1], base=how.base)
    lines = str(cr.explain(p.network, p.x[0], p.y[0], "z/1/0", form="kronecker", convention=how))
    j = how.base
    product = "∂C/∂a¹ Σ′(z¹)" if how.orientation == "rows" else "Σ′(z¹) ∂C/∂a¹"
    assert f"= [{product}]{'₀₁'[j]}\n" in lines
    assert f"= a¹ᵣ (δᵣ{'₀₁'[j]} − a¹{'₀₁'[j]})\n" in lines


def test_the_raw_form_goes_on_through_a_hidden_softmax() -> None:
    """S0.8: from ∂C/∂z¹ to every ∂C/∂a¹, and from each to the layer above."""
    p = make_problem([2, 3, 3, 2], ["softmax", "softmax"], "identity", "quadratic")
    found = cr.explain(p.network, p.x[0], p.y[0], "w/1/0/0", form="raw")
    back = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost)
    softmax_terms(found.parts[1], p, 1, 0, back.da[1])
    lefts = [f"∂C/∂a¹{each}" for each in "₀₁₂"] + [f"∂C/∂z²{each}" for each in "₀₁₂"]
    assert [str(part.left) for part in found.parts] == ["∂C/∂w¹₀₀", "∂C/∂z¹₀", *lefts]
    assert [part.value for part in found.parts[2:]] == pytest.approx([*back.da[1], *back.delta[2]], rel=1e-9)


def test_kroneckers_delta_picks_one_term_line_by_line() -> None:
    """S0.9, S0.10."""
    found, _ = parts("kronecker", convention="article")
    (lines,) = found
    assert isinstance(lines, Lines)
    text = [f"{left} = {right}" for left, right, _ in lines.lines]
    assert any("δₛ₂ δᵣ₁ a⁽⁰⁾ᵣ" in line for line in text)
    assert any("∂a⁽¹⁾ᵣ/∂z⁽¹⁾₂ = δᵣ₂ σ′(z⁽¹⁾₂)" in line for line in text)


def test_the_nested_form_opens_the_network_down_to_the_weight() -> None:
    """S4.5: sums inside σ, and the weight braced in LaTeX."""
    found, _ = parts("nested", convention="3h4")
    assert " = ".join(map(str, found[0].lines[0][:2])) == "a²ₙ = sigmoid(Σₘ w²ₙₘ tanh(Σₖ w¹ₘₖ a⁰ₖ + b¹ₘ) + b²ₙ)"
    assert r"\underbrace{w^{1}_{mk}}_{" in tex.latex(found[0].lines[0][1])


@dataclass(frozen=True)
class Meaning:
    """What the letters of a nested formula stand for in a network whose layers are all of one size, and its worth."""

    p: Problem
    how: cr.Convention
    values: Followed
    u: str

    def worth(self, formula: Formula, **at: int) -> float:
        """The formula's value; letters such as n are neurons as the author counts."""
        code = self.python(formula, at)
        code = re.sub(r"σ′\(value\('(z/\d+/\d+)'\)\)", r"slope('\1')", code)
        for sigma in self.p.network.activations:
            code = code.replace(f"{sigma.name.replace('_', ' ')}(", f"{sigma.name}(")
        code = re.sub(r"(?<=\)) (?=[^ +)])", " * ", code)
        sigmas = {sigma.name: sigma.value for sigma in self.p.network.activations}
        only = next((value for name, value in sigmas.items() if name != "identity"), None)
        names = {
            "value": lambda id: np.array([self.value(id)]),
            "slope": self.slope,
            "by": functools.cache(self.by),
            "σ": only,
        } | sigmas
        return float(np.sum(eval(code, names)))

    def python(self, formula: Formula, at: dict[str, int]) -> str:
        match formula:
            case Numeral() | Sign() | Space() | Text() | Symbol("σ" | "σ′"):
                return str(formula)
            case Row(pieces):
                return "".join(self.python(piece, at) for piece in pieces)
            case Bracket(_, inside):
                return f"({self.python(inside, at)})"
            case Underbraced(body, _):
                return self.python(body, at)
            case Sum(index, body):
                neurons = range(self.how.base, self.how.base + self.p.network.sizes[0])
                return f"({' + '.join(self.python(body, at | {index: j}) for j in neurons)})"
            case Ratio(_, Row((_, Symbol() as bottom))):
                return f"by({str(self.read(bottom, at))!r})"
            case Symbol():
                return f"value({str(self.read(formula, at))!r})"
        raise TypeError(formula)

    def read(self, symbol: Symbol, at: dict[str, int]) -> Id:
        below = "".join(str(at.get(mark, mark)) for mark in symbol.below)
        found = self.how.read(replace(symbol, below=below))
        assert found is not None, symbol
        return found

    def value(self, id: str) -> float:
        return float(self.values.value(id))

    def slope(self, id: str) -> float:
        l = id.split("/")[1]
        return float(self.p.network.activations[int(l)].slope(np.array([self.value(id)]))[0])

    def by(self, id: str) -> float:
        return slope_by_dual(Posed.one(self.p.network, self.p.x[0], self.p.y[0], self.p.cost), self.u, id)


ASKED = [
    ("C", "w/1/0/0"),
    ("C", "b/2/0"),
    ("C", "z/1/0"),
    ("C", "x/0"),
    ("a/2/0", "a/1/0"),
    ("z/3/0", "w/2/0/0"),
    ("z/3/0", "z/3/0"),
]


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("bias", ["neuron", "none"])
@pytest.mark.parametrize(
    ("hidden", "output", "cost"),
    [
        (["sigmoid", "sigmoid"], "sigmoid", "squared_error"),
        (["tanh", "identity"], "sigmoid", "huber"),
        (["identity", "leaky_relu"], "identity", "squared_error"),
        (["sigmoid", "tanh"], "sigmoid", "binary_cross_entropy"),
    ],
)
def test_the_nested_form_is_worth_what_stands_beside_it(
    size: int, bias: str, hidden: list[str], output: str, cost: str
) -> None:
    """S4.5: every letter is read back, every function is its layer's, and both lines come to the right number."""
    p = make_problem([size] * 4, hidden, output, cost, bias=bias, seed=5)
    values = follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), "x/0", 0.0)
    for preset, (u, v) in itertools.chain(zip(PRESETS, ASKED), zip(PRESETS, ASKED[2:]), [("nielsen", ASKED[1])]):
        how = as_convention(preset)
        if (how.linear_output and output != "identity") or (v[0] == "b" and bias == "none"):
            continue
        found = cr.explain(p.network, p.x[0], p.y[0], v, of=u, form="nested", convention=how, cost=p.cost)
        if isinstance(found.parts[0], Statement):
            continue
        (_, formula, _), (_, derivative, value) = found.parts[0].lines
        meaning = Meaning(p, how, values, u)
        reads = "z" if u[0] == "z" or (u == "C" and p.cost.on(p.network.output).of == "z") else "a"
        top, n = (3, size - 1) if u == "C" else (int(u[2]), 0)
        assert meaning.worth(formula, n=n + how.base) == pytest.approx(meaning.value(f"{reads}/{top}/{n}"), rel=1e-12)
        assert value == pytest.approx(found.exact, rel=1e-9)
        assert meaning.worth(derivative) == pytest.approx(value, rel=1e-9)


def nested_lines(sizes: list[int], hidden: list[str], v: str, bias: str = "neuron", **settings: object) -> list[str]:
    p = make_problem(sizes, hidden, "sigmoid", "squared_error", bias=bias)
    found = cr.explain(p.network, p.x[0], p.y[0], v, form="nested", cost=p.cost, **settings)
    for written in (found.latex(), found.html()):
        assert ("∑" in written or r"\sum" in written) == ("Σ" in str(found))
    return [f"{left} = {right}" for left, right, _ in found.parts[0].lines]


def test_in_a_chain_of_single_neurons_the_nested_form_has_neither_sums_nor_indices() -> None:
    """S1.2 writes such a chain without indices, and so is everything in it."""
    assert nested_lines([1, 1, 1, 1], ["sigmoid", "sigmoid"], "w/1/0/0") == [
        "a³ = σ(w³ σ(w² σ(w¹ a⁰ + b¹) + b²) + b³)",
        "∂C/∂w¹ = ∂C/∂a³ σ′(z³) w³ σ′(z²) w² σ′(z¹) a⁰",
    ]
    assert nested_lines([1, 1, 1], ["sigmoid"], "z/1/0", bias="none", of="z/2/0", convention="article") == [
        "z⁽²⁾ = w⁽²⁾ σ(w⁽¹⁾ a⁽⁰⁾)",
        "∂z⁽²⁾/∂z⁽¹⁾ = w⁽²⁾ σ′(z⁽¹⁾)",
    ]
    deep = nested_lines([1] * 31, ["tanh"] * 28 + ["identity"], "b/1/0")  # deeper than there are letters
    assert deep[0].startswith("a³⁰ = sigmoid(w³⁰ (w²⁹ tanh(w²⁸ tanh(")


def test_the_nested_form_names_the_functions_of_layers_that_differ() -> None:
    assert nested_lines([2, 2, 2, 2], ["leaky_relu", "identity"], "w/1/1/0")[0] == (
        "a³ₙ = sigmoid(Σₘ w³ₙₘ (Σₖ w²ₘₖ leaky relu(Σⱼ w¹ₖⱼ a⁰ⱼ + b¹ₖ) + b²ₘ) + b³ₙ)"
    )
    assert nested_lines([1, 1, 1], ["identity"], "x/0", bias="none") == [
        "a² = σ(w² w¹ a⁰)",
        "∂C/∂a⁰ = ∂C/∂a² σ′(z²) w² σ′(z¹) w¹",
    ]


def test_the_nested_form_says_where_it_does_not_apply() -> None:
    p = make_problem([2, 3, 2], ["tanh"], "softmax", "cross_entropy")
    for u in ("C", "a/2/1"):  # a softmax of one z is none
        with pytest.raises(cr.SettingError, match="the output is a softmax: use form='sigma'"):
            cr.explain(p.network, p.x[0], p.y[0], "w/1/0/0", of=u, form="nested", cost=p.cost)
    cr.explain(p.network, p.x[0], p.y[0], "w/1/0/0", of="z/2/1", form="nested", cost=p.cost)
    deep = make_problem([1] * 1200, ["tanh"] * 1198, "tanh", "quadratic", scale=0.1)
    with pytest.raises(cr.SettingError, match="opens at most 60 layers, and from w/1/0/0 to z/70/0 there are 70"):
        cr.explain(deep.network, deep.x[0], None, "w/1/0/0", of="z/70/0", form="nested")


def test_the_product_names_only_forms_that_apply() -> None:
    p = make_problem([2, 3, 2], ["softmax"], "sigmoid", "quadratic")
    with pytest.raises(cr.SettingError, match=r"through a softmax: use form='sigma' or 'delta'"):
        cr.explain(p.network, p.x[0], p.y[0], "w/1/0/0", form="product", cost=p.cost)
    wide = cr.Network.random([2, 150, 150, 1], "tanh", "identity", seed=0)
    with pytest.raises(cr.SettingError, match=r"22,500 ways lead from x/0 to C: use form='sigma' or 'delta'"):
        cr.explain(wide, [0.1, 0.2], [1.0], "x/0", form="product")
    narrow = cr.Network.random([2, 3, 1], "tanh", "identity", seed=0)
    with pytest.raises(cr.SettingError, match=r"use form='paths', 'sigma' or 'delta'"):
        cr.explain(narrow, [0.1, 0.2], [1.0], "x/0", form="product")


def test_a_form_is_a_name() -> None:
    for given, message in (
        (["delta"], r"unknown form \['delta'\]"),
        (3, "unknown form 3: known are delta, product, raw"),
    ):
        with pytest.raises(cr.UnknownNameError, match=message):
            as_form(given)
    assert as_form("delta") == "delta"


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_refusal_advises_applies(seed: int) -> None:
    """Every form, setting and quantity that a refusal names is taken where it is tried."""
    rng, tried = np.random.default_rng(seed), 0
    for number_ in range(PAIRS // 6):
        p = a_problem(rng, 1000 * seed + number_)
        how = as_convention("nielsen").but(orientation=str(rng.choice(["columns", "rows"])))
        pair = {"of": a_quantity(rng, p.network, "CCza"), "by": a_quantity(rng, p.network, "wbbzax"), "cost": p.cost}
        for form in FORMS:
            try:
                cr.explain(p.network, p.x[0], p.y[0], form=form, convention=how, **pair)
            except cr.SettingError as error:
                advice = str(error).split(": use ")[1]
                others = [{"form": each} for each in re.findall(r"'(\w+)'", advice) if each in FORMS]
                others += [{"form": form, "by": each} for each in re.findall(r"z/\d/\d", advice)]
                if "orientation" in advice:
                    others.append({"form": form, "convention": "nielsen"})
                for other in others:
                    cr.explain(p.network, p.x[0], p.y[0], **{"convention": how, **pair, **other})
                tried += len(others)
            except cr.DataError:
                continue
    assert tried >= PAIRS // 10


def test_a_layer_of_one_neuron_with_its_own_bias_is_no_layer_with_one_bias_for_all() -> None:
    assert nested_lines([2, 1, 2], ["tanh"], "b/1/0")[0].endswith("a⁰ₖ + b¹ₘ) + b²ₙ)")
    assert nested_lines([2, 3, 2], ["tanh"], "b/1/0", bias="layer")[0].endswith("a⁰ₖ + b¹) + b²)")


# wrong numbers and wrong conventions are refused --------------------------------------------------------------------
@pytest.mark.parametrize("form", [name for name in FORMS if name not in ("product", "kronecker", "nested")])
def test_a_mutated_factor_is_refused(form: str) -> None:
    p = make_problem([2, 3, 2], ["tanh"], "sigmoid", "squared_error")
    seen = view(p.network, p.x[0], p.y[0], p.cost, parse("C", p.network.parameters), as_convention("nielsen"))
    v, audit = parse("w/1/1/0", p.network.parameters), audit_of(seen)
    found = cr.explain(p.network, p.x[0], p.y[0], v, form=form, cost=p.cost)
    check(audit, found, v)
    for number_, part in enumerate(found.parts):
        if isinstance(part, Product):
            for i, factor in enumerate(part.factors):
                bent = Factor(factor.symbol, factor.value * 1.001)
                mutated = replace(part, factors=(*part.factors[:i], bent, *part.factors[i + 1 :]))
                wrong = replace(found, parts=(*found.parts[:number_], mutated, *found.parts[number_ + 1 :]))
                with pytest.raises(cr.DisagreementError):
                    check(audit, wrong, v)
        elif hasattr(part, "value") and isinstance(part.value, float):
            wrong = replace(
                found,
                parts=(*found.parts[:number_], replace(part, value=part.value * 1.001), *found.parts[number_ + 1 :]),
            )
            with pytest.raises(cr.DisagreementError):
                check(audit, wrong, v)


def test_symbols_of_another_convention_are_refused() -> None:
    """The number beside w²₀₁ must be that of the weight which the reader's convention calls so."""
    p = make_problem([3, 3, 3], ["tanh"], "sigmoid", "squared_error")
    seen = view(p.network, p.x[0], p.y[0], p.cost, parse("C", p.network.parameters), as_convention("nielsen"))
    v, audit = parse("w/1/1/0", p.network.parameters), audit_of(seen)
    found = cr.explain(p.network, p.x[0], p.y[0], v, form="paths", cost=p.cost)
    for change in ({"order": "from,to"}, {"base": 1}):
        with pytest.raises(cr.DisagreementError, match="in convention nielsen"):
            check(audit, replace(found, convention=as_convention("nielsen").but(**change)), v)


@pytest.mark.parametrize("scale", [0.01, 1.0, 20.0, 300.0])
def test_a_healthy_saturated_network_is_never_refused(scale: float) -> None:
    """Issue, Shows 6: tiny is not wrong."""
    rng = np.random.default_rng(int(100 * scale))
    for seed in range(30):
        hidden = HIDDEN[seed % len(HIDDEN)]
        p = make_problem([2, 3, 2], [hidden], *LEGAL[seed % len(LEGAL)], scale=scale, seed=seed)
        for form in ("delta", "paths", "hadamard", "raw"):
            v = a_quantity(rng, p.network, "wbz")
            try:
                cr.explain(p.network, p.x[0], p.y[0], v, cost=p.cost, form=form)
            except cr.SettingError:
                pass  # a softmax between
            except cr.DataError as error:
                assert "overflow" in str(error)  # noqa: PT017


# LaTeX, HTML --------------------------------------------------------------------------------------------------------
LONG = cr.Network([[[1.1]]] * 40, [[0.1]] * 40, "tanh")


@pytest.mark.parametrize("form", ["product", "paths"])
def test_a_long_product_is_broken_into_lines(form: str) -> None:
    """Some 100 characters a line, each number under its symbol, and what the lines hold is the whole product."""
    found = cr.explain(LONG, [1.0], [0.0], "w/1/0/0", form=form)
    lines = str(found).splitlines()
    assert max(map(len, lines)) <= 104
    (product,) = found.products()
    pairs = [
        (above, below) for above, below in itertools.pairwise(lines) if "w" in above.split("·")[-1] or "σ" in above
    ]
    assert len(pairs) >= 8
    for above, below in pairs[:-1]:
        places = [[i for i, character in enumerate(line) if character == "·"] for line in (above, below)]
        assert places[0] == places[1]
    symbols = [cell for line in lines for cell in re.findall(r"σ′\(z[⁰¹²³⁴-⁹]+\)|(?<!∂)w[⁰¹²³⁴-⁹]+", line)]
    assert symbols == [str(factor.symbol) for factor in product.factors[1:-1]]
    short = cr.explain(LONG, [1.0], [0.0], "w/39/0/0", form=form)
    assert len(str(short).splitlines()) == {"product": 4, "paths": 5}[form]  # the last one names the cost


@pytest.mark.needs("pdflatex")
def test_a_long_product_fits_between_the_margins(tmp_path: Path) -> None:
    found = [cr.explain(LONG, [1.0], [0.0], "w/1/0/0", form=form) for form in ("product", "paths")]
    (tmp_path / "long.tex").write_text(latex.document(*(each.latex() for each in found)))
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "long.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


@functools.cache
def every_form() -> list[cr.Derivation]:
    p = make_problem([2, 3, 5, 2], ["tanh", "relu"], "sigmoid", "squared_error")
    found = []
    for form in FORMS:
        for preset in ("article", "3blue1brown", "nielsen", "3h4"):
            for u, v in (("C", "w/1/0/0"), ("a/3/1", "b/2/1"), ("z/3/0", "x/1"), ("a/1/0", "w/3/0/0"), ("C", "z/3/0")):
                try:
                    found.append(
                        cr.explain(p.network, p.x[0], p.y[0], v, of=u, form=form, convention=preset, cost=p.cost)
                    )
                except cr.SettingError:
                    continue
    return found


def test_html_is_well_formed_mathml_core() -> None:
    """Issue, Shows 3: only elements of MathML Core, no script, nothing from outside."""
    core = {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac"}
    core |= {"munder", "mtable", "mtr", "mtd"}
    around = {"section", "style", "p", "small"}
    for found in every_form():
        root = ET.fromstring(found.html())
        assert {each.tag for each in root.iter()} <= core | around
        for element, children in (("msup", 2), ("msub", 2), ("msubsup", 3), ("mfrac", 2), ("munder", 2)):
            assert all(len(each) == children for each in root.iter(element))
        assert not any("http" in value for each in root.iter() for value in each.attrib.values())


@pytest.mark.needs("pdflatex")
def test_latex_of_every_form_compiles(tmp_path: Path) -> None:
    """Issue, Shows 3."""
    source = latex.document(*(found.latex() for found in every_form()))
    (tmp_path / "forms.tex").write_text(source)
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "forms.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_page_carries_its_font_and_asks_for_nothing_from_outside(chain: cr.Network) -> None:
    """Issue: a shipped maths font."""
    text = html.page("a page", cr.explain(chain, [0.6], [1.0], "w/2/0/0").html())
    assert "font/woff2;base64," in text
    assert "http" not in text
    assert "woff2" not in html.page("a page without formulas", "<p>words</p>")


def test_a_notebook_shows_html_and_latex(chain: cr.Network) -> None:
    found = cr.explain(chain, [0.6], [1.0], "w/2/0/0", convention="3blue1brown", cost="squared_error")
    assert found._repr_html_() == html.font_face() + found.html()
    assert r"\frac{\partial C}{\partial w^{(2)}}" in found._repr_latex_()
    assert repr(found) == str(found)
    assert found.to_json()["dual_numbers"] == pytest.approx(found.value, rel=1e-12)


# conventions --------------------------------------------------------------------------------------------------------
def test_an_author_of_rows_gets_every_product_turned_around() -> None:
    """EXPLANATION: rows a Wᵀ + b. δ is a row, matrices stand on its right, and nothing is transposed twice."""
    p = make_problem([2, 3, 3, 2], ["tanh", "tanh"], "sigmoid", "quadratic")
    rows = as_convention("nielsen").but(orientation="rows")
    text = {
        f: re.sub(" +", " ", str(cr.explain(p.network, p.x[0], p.y[0], "z/1/2", convention=rows, form=f)))
        for f in ("sigma", "hadamard", "dot")
    }
    assert "δ¹ = ∇ₐC Σ′(z³) w³ Σ′(z²) w² Σ′(z¹)" in text["sigma"]
    assert "δ² w² Σ′(z¹) = δ¹" in text["sigma"]
    assert "(δ² w²) ⊙ σ′(z¹)" in text["hadamard"]
    assert "σ′(z¹₂) · δ² w²·₂" in text["dot"]
    with pytest.raises(cr.SettingError, match="orientation='columns'"):
        cr.explain(p.network, p.x[0], p.y[0], "z/1/2", convention=rows, form="matrix")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"letter": "w"}, "letters other than"),
        ({"letter": ""}, "letter of a convention is a text"),
        ({"letter": "E_1$"}, "by letters"),
        ({"to_letter": "ij"}, "to_letter of a convention is one of the letters ijkmnpqrstuv, got 'ij'"),
        ({"to_letter": ""}, "is one of the letters"),
        ({"to_letter": "k"}, "differ, got 'k' twice"),
        ({"from_letter": "l"}, "is one of"),
        ({"orientation": "diagonal"}, "'columns', 'rows'"),
        ({"base": 2}, "base of a convention is one of 0, 1, got 2"),
        ({"cots": "huber"}, "did you mean 'cost'"),
    ],
)
def test_a_convention_that_could_not_be_read_back_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        as_convention("nielsen").but(**change)


def test_every_symbol_is_read_back_as_the_quantity_it_was_written_for() -> None:
    p = make_problem([3, 12, 2], ["tanh"], "sigmoid", "quadratic")
    for how in [*PRESETS.values(), as_convention("nielsen").but(name="mine", marks="a^(ℓ)", base=1)]:
        for text in ("w/1/11/2", "w/2/1/10", "b/1/11", "z/2/0", "a/1/3", "d/1/11", "x/2", "C"):
            id = parse(text, p.network.parameters)
            assert how.read(how.of(id)) == id, (how.name, text)


# the formats --------------------------------------------------------------------------------------------------------
def statements(derivation: cr.Derivation, write: Callable[[Formula], str]) -> Iterator[str]:
    """What is said, piece by piece, as one format writes each: left side, factors, numbers, value, note."""
    for block in derivation.blocks:
        for line in getattr(block, "lines", ()):
            yield write(line.left)
            for cell in line.cells:
                match cell:
                    case Vector(entries):
                        yield from (write(each) for each in entries if isinstance(each, Numeral))
                    case Matrix(rows):
                        yield from map(write, itertools.chain.from_iterable(rows))
                    case _:
                        yield write(cell)
            yield from (write(Numeral(each)) for each in (*line.numbers, line.value) if each)
            yield from (write(each) for each in line.note.pieces if isinstance(each, Numeral))
        yield from " ".join(map(str, getattr(block, "words", ()))).split()


def said_in_order(pieces: Iterable[str], text: str) -> int:
    """How many pieces stand in a text, one behind the other. Raises AssertionError at the first that does not."""
    place, said = 0, [piece for piece in pieces if piece]
    for piece in said:
        found = text.find(piece, place)
        assert found >= 0, f"{piece!r} is not said behind {text[max(0, place - 80) : place]!r}"
        place = found + len(piece)
    return len(said)


FORMATS: dict[str, tuple[Callable[[cr.Derivation], str], Callable[[Formula], str]]] = {
    "text": (str, str),
    "latex": (
        lambda found: found.latex().replace("(-", "-").replace(r"$\delta$", "δ"),
        lambda each: tex.latex(each).replace("(-", "-"),
    ),
    "html": (lambda found: plain_html(found.html()), lambda each: plain_html(mathml(each))),
}


def plain_html(markup: str) -> str:
    """The text of some HTML, without brackets around negative numbers."""
    bare = re.sub(r"<style.*?</style>|<[^>]*>|\s", "", markup, flags=re.DOTALL)
    return unescape(bare).replace("(−", "−")


@pytest.mark.parametrize(("form", "preset"), crossed(FORMS, list(PRESETS)))
def test_every_format_says_the_same_in_the_same_order(form: str, preset: str) -> None:
    """Text, LaTeX and MathML: every left side, factor, number, running sum, value and check (check_formats)."""
    output = "identity" if PRESETS[preset].linear_output else "softmax"
    sizes, hidden = {"product": ([1, 1, 1], "tanh"), "nested": ([2, 3, 3], "tanh")}.get(form, ([2, 3, 3], "softmax"))
    output = "sigmoid" if form in ("product", "nested") and output == "softmax" else output
    p = make_problem(sizes, [hidden], output, "squared_error")
    checked = 0
    for u, v in (("C", "w/1/0/0"), ("C", "z/1/0"), ("a/2/0", "b/1/0"), ("C", "a/1/0")):
        try:
            found = cr.explain(p.network, p.x[0], p.y[0], v, of=u, form=form, convention=preset, cost=p.cost)
        except cr.SettingError:
            continue
        counts = {
            name: said_in_order(statements(found, piece), whole(found)) for name, (whole, piece) in FORMATS.items()
        }
        assert len(set(counts.values())) == 1, counts
        checked += counts["text"]
    assert checked > 5


def test_a_line_that_one_format_drops_is_found() -> None:
    p = make_problem([2, 3, 3], ["tanh"], "sigmoid", "squared_error")
    found = cr.explain(p.network, p.x[0], p.y[0], "w/1/1/0", form="paths", cost=p.cost)
    for whole, piece in FORMATS.values():
        text, dropped = whole(found), piece(Numeral(found.blocks[0].lines[1].value))
        assert said_in_order(statements(found, piece), text)
        with pytest.raises(AssertionError, match="is not said"):
            said_in_order(statements(found, piece), text.replace(dropped, ""))
