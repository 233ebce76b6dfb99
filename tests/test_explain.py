"""explain: the README's lines, every form in every preset, and the refusal to print what does not agree."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import Drawn, make_problem, problems

import chainrule as cr
from chainrule.conventions import Convention
from chainrule.explanation import view as module
from chainrule.explanation.document import Factor, Product, Terms
from chainrule.nudges import signed
from chainrule.writing.formula import row
from chainrule.writing.numbers import brief, factor_numbers, number, plain, short, unit, with_bar, written

WORKED = """\
∂C/∂w⁽²⁾ = a⁽¹⁾     · σ′(z⁽²⁾) · w⁽³⁾ · σ′(z⁽³⁾) · 2(a⁽³⁾ − y)
         = 0.622459 · 0.242709 · 1.2  · 0.247577 · −0.901551
         = −0.040465      central difference −0.040465  ✓
C (squared_error) = 0.203198"""


def test_the_worked_example_is_printed_to_the_letter(chain: cr.Network) -> None:
    """S1.10, S1.14: the five factors between a weight and the cost."""
    assert str(cr.explain(chain, x=[0.6], y=[1.0], by="w/2/0/0", convention="s1", cost="squared_error")) == WORKED


def test_without_the_half_the_derivative_doubles(chain: cr.Network) -> None:
    """S0.2, S2.6: whose ½ it is, the cost says, never the convention."""
    whole, half = (
        cr.explain(chain, [0.6], [1.0], "b/1/0", convention="s1", cost=cost) for cost in ("squared_error", "quadratic")
    )
    assert whole.value == pytest.approx(2 * half.value, rel=1e-15)
    assert "2(" in str(whole)
    assert "2(" not in str(half)
    assert half.value == cr.explain(chain, [0.6], [1.0], "b/1/0", convention="s2").value


@pytest.mark.parametrize(
    ("convention", "weight"),
    [("s0", "∂c/∂w⁽¹⁾₂₃"), ("s1", "∂C/∂w⁽¹⁾₂₁"), ("s2", "∂C/∂w¹₂₁"), ("s4", "∂C/∂w¹₃₂")],
)
def test_each_author_numbers_the_same_weight_in_his_own_way(convention: str, weight: str) -> None:
    """S0.3 from,to counted from 1; S1.15 to,from counted from 0; S4.6 to,from counted from 1: all the weight w/1/2/1."""
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "squared_error")
    assert str(cr.explain(p.network, p.x[0], p.y[0], "w/1/2/1", convention=convention)).startswith(weight + " ")


def test_s0_moves_errors_back_without_a_transpose() -> None:
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "squared_error")
    texts = {c: str(cr.explain(p.network, p.x[0], p.y[0], "w/1/2/1", convention=c, form="sigma")) for c in ("s0", "s2")}
    assert "ᵀ" in texts["s2"]
    assert "ᵀ" not in texts["s0"]


def test_s3_is_refused_on_an_activated_output_and_changes_nothing(chain: cr.Network) -> None:
    with pytest.raises(cr.PairError, match=r"cs231n applies no activation on the last layer"):
        cr.explain(chain, [0.6], [1.0], "w/2/0/0", convention="s3")


@given(problems(), st.randoms())
def test_printed_factors_multiply_to_the_printed_value_within_one_unit_of_its_last_digit(drawn: Drawn, random) -> None:  # type: ignore[no-untyped-def]
    p = drawn.make()
    target = cr.ids.of_entry(p.network.parameters, random.randrange(p.network.parameters.size))
    for part in cr.explain(p.network, p.x[0], p.y[0], target, cost=p.cost, form="delta").parts:
        if isinstance(part, Product):
            shown = math.prod(float(text.replace("−", "-")) for text in factor_numbers(part.factors, part.value))
            assert abs(shown - float(number(part.value).replace("−", "-"))) <= unit(part.value) * (1 + 1e-6)


def said(value: float) -> str:
    (text,) = factor_numbers([Factor(row("w"), value)], value)
    return text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.5, "−0.5"),
        (1.2, "1.2"),
        (1.0, "1"),
        (0.0, "0"),
        (-2.0, "−2"),
        (2e-7, "2e−7"),
        (250000.0, "250000"),
        (1e6, "1e6"),
    ],
)
def test_a_factor_that_is_exactly_what_a_short_text_says_stays_short(value: float, text: str) -> None:
    assert said(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0467799996, "−0.0467800"),
        (0.1 + 0.2, "0.300000"),
        (float(np.float32(1.2)), "1.20000"),
        (0.99999999, "1.00000"),
        (-3.0000000004e-9, "−3.00000e−9"),
        (123456.7, "123456.7"),
        (999999.99, "1.00000e6"),
    ],
)
def test_every_other_factor_shows_all_its_digits(value: float, text: str) -> None:
    """A reader tells −0.0467799996, shown as −0.0467800, from a weight that is −0.04678."""
    assert said(value) == text


@given(value=st.floats(-1e9, 1e9).filter(bool), digits=st.integers(0, 8))
def test_a_factor_of_few_digits_is_exact_and_the_text_of_six_is_not(value: float, digits: int) -> None:
    for number_ in (value, round(value, digits)):
        text = plain(said(number_))
        mantissa = text.split("e")[0].replace("-", "").replace(".", "").lstrip("0")
        assert float(text) == number_ or len(mantissa) >= 6
        assert math.isclose(float(text), number_, rel_tol=1e-5)


def test_nothing_is_printed_where_backpropagation_and_differences_differ(
    chain: cr.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted fault: σ′ of layer 3 is 1 % too large. explain refuses, and says what both methods gave."""
    sigmoid = chain.activations[3]
    bent = replace(sigmoid, slope=lambda z: 1.01 * sigmoid.slope(z))
    wrong = cr.Network(list(chain.weights), list(chain.biases), [sigmoid, sigmoid, bent])
    with pytest.raises(cr.DisagreementError, match=r"backpropagation gives −?-?0\.0\d+ and central differences"):
        cr.explain(wrong, [0.6], [1.0], "w/2/0/0", convention="s1", cost="squared_error")
    monkeypatch.setattr(module.View, "value", lambda self, v: 1.0)
    with pytest.raises(cr.DisagreementError):
        cr.explain(chain, [0.6], [1.0], "w/2/0/0")


def tiny(size: float) -> cr.Network:
    """Three weights that multiply to size³; ∂C/∂w¹ is about −size³ at the target 1."""
    return cr.Network([[[size]], [[size]], [[size]], [[size]]], None, "identity")


def test_a_tick_stands_only_beside_a_comparison_that_could_have_failed() -> None:
    """A central difference of 0 ± 2e−12 says nothing of −1e−90; dual numbers do, and are named."""
    found = cr.explain(tiny(1e-30), [1.0], [1.0], "w/1/0/0", cost="quadratic")
    assert found.value == pytest.approx(-1e-90, rel=1e-9)
    assert found.check.error > abs(found.value)
    assert (found.confirmed_by, found.to_json()["confirmed_by"]) == ("dual numbers", "dual numbers")
    assert "dual numbers −1.00000e−90  ✓ (central difference 0 ± " in str(found)
    assert "central difference 0  ✓" not in str(found)
    wrong = replace(found, exact=-1.1e-90)  # within all rounding of C, and not what was shown
    assert wrong.confirmed_by == ""
    assert "✓" not in str(wrong)
    assert "✓" not in wrong.html()
    assert "neither is fine enough to confirm it" in str(wrong)
    large = cr.explain(tiny(0.5), [1.0], [1.0], "w/1/0/0", cost="quadratic")
    assert large.confirmed_by == "central difference"


@pytest.mark.parametrize("weight", [1e-8, 1.0, 30.0, 500.0])
def test_a_healthy_saturated_network_is_never_refused(weight: float) -> None:
    """S2.13: saturation makes derivatives tiny, not wrong."""
    net = cr.Network([[[weight]], [[weight]], [[-weight]]], [[0.1], [-0.1], [0.3]], "sigmoid")
    for x in (-2.0, 0.0, 0.7):
        for entry in ("w/1/0/0", "b/2/0", "w/3/0/0"):
            assert "✓" in str(cr.explain(net, [x], [1.0], entry))


SATURATED = cr.Network([[[30.0]], [[3.0]], [[-2.0]]], [[0.0]] * 3, "sigmoid")


def test_an_error_bar_that_reaches_a_printed_digit_is_printed() -> None:
    """Two numbers that differ beside each other, and ✓: the bar says why, and the exact method is named."""
    found = cr.explain(SATURATED, [1.0], [0.0], "w/1/0/0")
    assert number(found.check.value) != number(found.value)
    exact, error = number(found.exact), f"{found.check.error:.1e}".replace("-", "−")
    assert re.search(rf"dual numbers {exact}  ✓ \(central difference −2\.8e−16 ± {error}\)\n", str(found))
    assert rf"{found.check.error:.1e}".split("e")[0] + r" \cdot 10^{-12}" in found.latex()
    deep = str(cr.explain(cr.Network([[[1.1]]] * 40, [[0.1]] * 40, "tanh"), [1.0], [0.0], "w/1/0/0"))
    assert re.search(r"dual numbers −?\d\.\d{5}e−11, central difference −?\d\.\d\de−11 ± \d\.\de−12  ✓", deep)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-0.040465, 1.4e-11, "−0.040465 ± 1.4e−11"),
        (0.0123456, 3e-6, "0.0123456 ± 3.0e−6"),
        (-1.61250e-11, 2.48e-12, "−1.61e−11 ± 2.5e−12"),
        (-1.61250e-11, 2.48e-14, "−1.6125e−11 ± 2.5e−14"),
        (2.0, 0.0, "2.000000 ± 0"),
        (0.0, 3e-5, "0 ± 3.0e−5"),
    ],
)
def test_a_value_has_no_digits_behind_those_of_its_error_bar(value: float, error: float, text: str) -> None:
    assert with_bar(value, error) == text


def test_html_writes_every_power_of_ten_in_one_way() -> None:
    found = cr.explain(SATURATED, [1.0], [0.0], "w/1/0/0")
    words = re.sub(r"<[^>]*>", "", found.html().split("</style>")[1])
    assert not re.search(r"\de[−-]?\d", words)
    assert re.search(r"± ?\d\.\d·10−\d", words)


def test_at_a_kink_the_one_sided_slopes_are_shown() -> None:
    """S3.4: ReLU at exactly 0; backpropagation takes the left slope, and the text says that it is a kink."""
    net = cr.Network([[[1.0]], [[2.0]]], [[0.0], [0.5]], ["relu", "identity"])
    text = str(cr.explain(net, [0.0], [3.0], "b/1/0", convention="s2"))
    assert "at a kink: one-sided slopes 0 and −5.000000  ✓" in text


def test_path_sums_list_the_strongest_paths_and_add_the_rest_exactly() -> None:
    """S1.17, in a digits-sized network: 10 paths, 8 of them spelled out."""
    p = make_problem([64, 30, 10], ["tanh"], "softmax", "cross_entropy", batch=1)
    found = cr.explain(p.network, p.x[0], p.y[0], "w/1/3/5", cost=p.cost, form="paths")
    terms = found.parts[0]
    assert isinstance(terms, Terms)
    assert (len(terms.terms), terms.rest) == (8, 2)
    sizes = [abs(term.value) for term in terms.terms]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(t.value for t in terms.terms) + terms.rest_sum == pytest.approx(found.value, rel=1e-12)
    assert "2 more of them, together" in str(found)


def test_too_many_paths_are_refused_with_their_number() -> None:
    net = cr.Network.random([2, 200, 200, 10], dtype="float64")
    with pytest.raises(cr.SettingError, match=r"would multiply out 400,000 paths"):
        cr.explain(cr.Network.random([2, 9, 200, 200, 10]), [0.1, 0.2], np.zeros(10), "w/1/0/0", form="paths")
    assert cr.explain(net, [0.1, 0.2], np.zeros(10), "w/1/0/0", form="paths").parts[0].value is not None


def test_a_float32_network_is_explained_in_float64() -> None:
    net = cr.Network.random([3, 4, 2], "tanh", "softmax", dtype="float32")
    found = cr.explain(net, [0.1, 0.2, 0.3], [0.0, 1.0], "w/1/2/1", cost="cross_entropy")
    exact = cr.gradient(net.astype("float64"), [0.1, 0.2, 0.3], [0.0, 1.0], "cross_entropy")
    assert found.value == exact.weights[1][2, 1]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"by": "w/9/0/0"}, cr.IdError, r"there is no layer 9.*layers 1…3"),
        ({"by": "w/1/5/0"}, cr.IdError, r"layer 1 has one neuron \(0\); you asked for 5"),
        (
            {"by": "weight 3"},
            cr.IdError,
            r"is not an id: write w/3/0/0 for the weight to neuron 0 of layer 3 from neuron 0",
        ),
        ({"by": "some 3"}, cr.IdError, r"from neuron k\), b/l/j, z/l/j, a/l/j, x/k$"),
        ({"by": "w/2/0/0", "of": "cost"}, cr.IdError, r"is not an id: ids are C, z/l/j, a/l/j$"),
        ({"by": "w/１/0/0"}, cr.IdError, r"is not an id: .*; '１' is written 1$"),
        ({"by": "w/01/0/0"}, cr.IdError, r"is not an id: .*; '01' is written 1$"),
        (
            {"by": "w/2/0/0", "convention": "s9"},
            cr.UnknownNameError,
            r"unknown convention 's9': known are article, 3blue1brown, nielsen,",
        ),
        ({"by": "d/1/0"}, cr.IdError, r"by='d/1/0'.*δ is ∂C/∂z: by='z/1/0'"),
        ({"by": "C"}, cr.IdError, r"by='C': a derivative is taken by a weight"),
        ({"by": "w/2/0/0", "of": "w/1/0/0"}, cr.IdError, r"taken of the cost C, z/l/j, a/l/j"),
        ({"by": "w/2/0/0", "of": "a/0/0"}, cr.IdError, r"an input depends on nothing"),
        ({"by": "w/2/0/0", "y": None}, cr.ShapeError, r"takes its target y"),
        ({"by": "w/2/0/0", "form": "dot", "of": "z/2/0"}, cr.SettingError, r"form='dot' is a sum over the layer above"),
        ({"by": "w/2/0/0", "form": "detla"}, cr.UnknownNameError, r"did you mean 'delta'"),
        ({"by": "w/2/0/0", "convention": "s9"}, cr.UnknownNameError, r"unknown convention 's9'"),
        ({"by": "w/2/0/0", "x": [[0.6]]}, cr.ShapeError, r"one example is explained"),
        ({"by": "w/2/0/0", "x": [0.6, 1.0]}, cr.ShapeError, r"takes x of shape \(1,\)"),
        ({"by": "w/2/0/0", "x": [math.nan]}, cr.DataError, r"finite"),
        ({"by": "w/2/0/0", "y": [math.inf]}, cr.DataError, r"finite"),
        ({"by": "w/2/0/0", "cost": "cross_entropy"}, cr.PairError, r"needs an output of softmax or identity"),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_sentence(chain: cr.Network, settings, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        cr.explain(chain, **{"x": [0.6], "y": [1.0], **settings})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0404651, "−0.040465"),
        (1.2, "1.200000"),
        (1e-9, "1.00000e−9"),
        (-3e7, "−3.00000e7"),
        (0.001, "0.001000"),
    ],
)
def test_numbers_are_written_so_that_zero_and_small_look_different(value: float, text: str) -> None:
    assert number(value) == text


def test_a_number_of_two_digits_gets_a_comma_between_indices() -> None:
    assert str(Convention.preset("s1").weight(2, 12, 3)) == "w⁽²⁾₁₂,₃"
    assert re.fullmatch(r"w¹₂₃", str(Convention.preset("s2").weight(1, 2, 3)))
    assert str(Convention.preset("s2").but(base=1).weight(1, 2, 3)) == "w¹₃₄"


@pytest.mark.parametrize("write", [number, written, short, brief, signed])
def test_a_small_number_is_written_one_way_everywhere(write: Callable[[float], str]) -> None:
    """From 0.001 on as a decimal, below it with a power of ten; with a true minus, and 0 as 0."""
    assert float(write(0.001).replace("−", "-")) == 0.001
    assert "e" not in write(0.001) + write(-0.25) + write(1234.5)
    assert re.fullmatch(r"\+?5(\.0+)?e−4", write(0.0005))
    assert re.fullmatch(r"−5(\.0+)?e−4", write(-0.0005))
    assert write(0.0) == write(-0.0) == "0"
    assert write(-math.inf) == "−∞"
