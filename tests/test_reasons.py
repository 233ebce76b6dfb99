"""why and slowest: the factors multiply to the derivative, and every reason is found on a network made for it."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Drawn, make_problem, problems
from typer.testing import CliRunner

import chainrule as cr
from chainrule.cli import why as command
from chainrule.cli.options import with_options
from chainrule.diagnostics import factors as module
from chainrule.diagnostics.factors import Examined
from chainrule.diagnostics.numbers import times
from chainrule.diagnostics.reasons import SLOW, Kind, Reason, reason, slowest, why
from chainrule.ids import entry_of, of_entry, parse
from chainrule.json_text import json_text


def all_ids(network: cr.Network) -> list[str]:
    return [str(of_entry(network.parameters, i)) for i in range(network.parameters.size)]


def net(weights: list[Any], biases: list[Any] | None, activations: Any) -> cr.Network:
    return cr.Network(weights, biases, activations)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


# the factors --------------------------------------------------------------------------------------------------------
@settings(max_examples=60)
@given(problems(), st.integers(0, 10**6), st.sampled_from(["s2", "s4"]))
def test_the_factors_multiply_to_the_gradients_entry(drawn: Drawn, pick: int, convention: str) -> None:
    p = drawn.make()
    id = all_ids(p.network)[pick % p.network.parameters.size]
    found = why(p.network, p.x, p.y, id, p.cost, convention)
    reduction = "sum" if convention == "s4" else "mean"
    entry = entry_of(p.network.parameters, parse(id, p.network.parameters))
    expected = float(cr.gradient(p.network, p.x, p.y, p.cost, reduction=reduction).flat()[entry])
    each = [float(g.flat()[entry]) for g in cr.per_example_gradients(p.network, p.x, p.y, p.cost)]
    size = math.fsum(map(abs, each)) / (1 if reduction == "sum" else len(each))
    slack = 1e-12 * size + 1e-300
    l = int(id.split("/")[1])
    if p.network.activations[l].full_slope or (
        id.startswith("b") and drawn.bias == "layer"
    ):  # backpropagation subtracts there
        trace = cr.forward(p.network, p.x)
        terms = np.abs(cr.backward(trace, p.y, p.cost).da[l]).sum(axis=1) * np.abs(trace.a[l - 1]).max(initial=1)
        slack += 1e-14 * float(terms.sum() if reduction == "sum" else terms.mean())
    assert found.value == math.prod(share.value for share in reversed(found.factors))
    assert abs(found.value - expected) <= slack


@settings(max_examples=60)
@given(problems(), st.integers(0, 10**6))
def test_shares_add_up_as_factors_multiply(drawn: Drawn, pick: int) -> None:
    p = drawn.make()
    found = why(p.network, p.x, p.y, all_ids(p.network)[pick % p.network.parameters.size], p.cost)
    if found.value == 0 or not math.isfinite(found.value):
        return
    assert found.decades == pytest.approx(sum(share.decades for share in found.factors), abs=1e-9)
    pace = math.prod(share.reference for share in found.factors)
    assert found.decades == pytest.approx(math.log10(abs(found.value)) - math.log10(pace), abs=1e-9)
    error = next(share for share in found.factors if share.what == "error")
    assert error.decades == pytest.approx(sum(step.decades for step in found.steps), abs=1e-9)
    for share in found.factors:
        assert share.decades == pytest.approx(math.log10(abs(share.value)) - math.log10(share.reference), abs=1e-9)


def test_what_is_printed_multiplies_to_what_is_printed() -> None:
    p = make_problem([5, 4, 3], ["tanh"], "sigmoid", "quadratic", batch=6)
    for id in all_ids(p.network):
        lines = str(why(p.network, p.x, p.y, id, p.cost)).splitlines()
        value = number(lines[0].split(" = ")[1].split(",")[0])
        factors = [number(line.split("  of ")[0].split()[-2]) for line in lines if "  of " in line]
        unit = 10.0 ** (math.floor(math.log10(abs(value))) - 3)
        assert len(factors) >= 4
        assert abs(math.prod(factors) - value) <= unit


def test_the_chain_of_the_worked_example_by_hand(chain: cr.Network) -> None:
    """S2.9: a_in σ′(z) w δ, with the numbers of CONCEPTS; σ′ against ¼, the error against 2(a − y) of an output off by 1."""
    found = why(chain, [0.6], [1.0], "w/2/0/0", convention="s1", cost="squared_error")
    values = [share.value for share in found.factors]
    assert values == pytest.approx([0.622459, 0.242709, -0.267844], abs=1e-6)
    assert [share.reference for share in found.factors] == pytest.approx([1.0, 0.25, 2.0])
    assert found.value == pytest.approx(-0.040465, abs=1e-6)
    assert found.kind is Kind.NOT_SLOW
    assert found.sentence == "w⁽²⁾ is not slow: 12 times below its maximum; slow begins 300 times below it"
    assert [(step.what, step.layer) for step in found.steps] == [
        ("error", 3),
        ("slope", 3),
        ("weights", 3),
        ("cancelling", 3),
    ]
    assert found.steps[1].decades == pytest.approx(math.log10(0.247577), abs=1e-5)


def test_each_author_writes_the_weight_in_his_own_way() -> None:
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "quadratic")
    left = {name: why(p.network, p.x[0], p.y[0], "w/1/2/1", convention=name).left for name in ("s0", "s1", "s2", "s4")}
    assert left == {"s0": "∂c/∂w⁽¹⁾₂₃", "s1": "∂C/∂w⁽¹⁾₂₁", "s2": "∂C/∂w¹₂₁", "s4": "∂C/∂w¹₃₂"}


def test_where_rows_are_summed_the_derivative_is_as_many_times_larger() -> None:
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "quadratic", batch=7)
    mean, total = (why(p.network, p.x, p.y, "w/1/2/1", "quadratic", name) for name in ("s2", "s4"))
    assert total.value == pytest.approx(7 * mean.value, rel=1e-14)
    assert total.decades == pytest.approx(mean.decades, abs=1e-12)


def test_a_float32_network_is_explained_in_float64() -> None:
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "quadratic", dtype="float32")
    exact = why(p.network.astype("float64"), p.x, p.y, "w/1/0/0")
    assert why(p.network, p.x, p.y, "w/1/0/0") == exact


def test_of_a_softmax_the_factors_are_its_slope_and_the_error_less_the_others_mean() -> None:
    p = make_problem([3, 4], [], "softmax", "quadratic", batch=1)
    found = why(p.network, p.x, p.y, "w/1/2/1")
    a = cr.forward(p.network, p.x).a[1][0]
    v = a - p.y[0]
    others = [i for i in range(4) if i != 2]
    less = v[2] - sum(a[i] * v[i] for i in others) / sum(a[i] for i in others)
    assert [share.value for share in found.factors] == pytest.approx([p.x[0, 1], a[2] * (1 - a[2]), less], rel=1e-12)
    assert found.factors[1].reference == 0.25


def test_a_saturated_softmax_keeps_the_digits_that_1_less_a_loses() -> None:
    """At a = 1 − 1e−20 backpropagation's difference 1 − a is 0; the product of the others' a is not."""
    network = net([[[46.0], [0.0]]], None, "softmax")
    found = why(network, np.array([1.0]), np.array([0.0, 1.0]), "w/1/0/0", "quadratic")
    others = math.exp(-46)
    assert found.value == pytest.approx(others * 2, rel=1e-12)
    assert found.kind is Kind.SATURATED


def test_a_bias_that_a_layer_shares_adds_its_neurons_up() -> None:
    """S0.4: Σ_j δ_j, so neurons can cancel as rows do; the δ of a softmax with cross-entropy always do."""
    network = cr.Network.random([3, 4, 3], "tanh", "softmax", bias="layer", dtype="float64")
    x, y = np.random.default_rng(0).standard_normal((5, 3)), [0, 1, 2, 0, 1]
    found = why(network, x, y, "b/1/0", "cross_entropy")
    assert found.value == pytest.approx(float(cr.gradient(network, x, y, "cross_entropy").biases[1][0]), rel=1e-12)
    assert (found.factors[-1].what, found.factors[-1].value) == ("count", 4)
    assert why(network, x, y, "b/2/0", "cross_entropy").kind is Kind.SIGNS


# the reasons --------------------------------------------------------------------------------------------------------
ROWS = np.random.default_rng(5).standard_normal((20, 2))
TARGETS = np.random.default_rng(6).standard_normal((20, 1))
B = [[-0.4], [0.9], [-0.3]]
LOW = net([[[-9.5]], [[-2.0]], [[1.2]]], B, "sigmoid")
STEEP = net([[[1.5]], [[-2.0]], [[30.0]]], B, "sigmoid")
OFF = net([[[1.0, 0.5], [1, 1]], [[2.0, 1.0]]], [[-9.0, 0], [0.0]], ["relu", "identity"])
TWO = net([[[1.0, 0.0]]], [[0.0]], "identity")


def line(*weights: float, sigma: Any = "identity") -> cr.Network:
    """Single neurons in a row, without a bias to speak of."""
    return net([[[w]] for w in weights], [[0.0]] * len(weights), sigma)


FORK = net([[[1.0]], [[1.0], [1.0]]], [[0.0], [0.0, 0.0]], "identity")
LATE = ["sigmoid", "identity"]
CASES = [
    # S2.12: the input neuron is nearly off
    (LOW, [0.6], [0.0], "w/2/0/0", Kind.INPUT,
     "input neuron 0 of layer 1 is nearly off (a¹ = 0.00224, 450 times below 1"),
    (line(1.0), [1e-5], [1.0], "w/1/0/0", Kind.INPUT, "its input 0 is nearly 0"),
    # S2.13: the output neuron is saturated, and its bias learns slowly too
    (STEEP, [0.6], [0.0], "w/3/0/0", Kind.SATURATED, "output neuron 0 is saturated (σ′(z³) = 5.35e−6 at z³ = 12.1"),
    (STEEP, [0.6], [0.0], "b/3/0", Kind.SATURATED, "47,000 times below 0.25"),
    # S2.14: the hidden neuron is saturated
    (line(16.0, 1.0, sigma=LATE), [1.0], [1.5], "w/1/0/0", Kind.SATURATED, "hidden neuron 0 of layer 1 is saturated"),
    # the error itself
    (line(2.0), [0.5], [1.00001], "w/1/0/0", Kind.OPTIMAL,
     "near optimal, the error itself is small (∂C/∂a¹ = −1e−5"),
    (line(2e-4), [0.5], [1e-3], "w/1/0/0", Kind.OPTIMAL,
     "for the targets are (0.001 in the root mean square): scale them"),
    (line(2.0, 1.0), [0.5], [1.0001], "w/1/0/0", Kind.OPTIMAL, "is small (10,000 times below its usual size)"),
    # what is lost on the way
    (STEEP, [0.6], [0.0], "w/2/0/0", Kind.FADED, "σ′ of layer 3 × 5.3e−6"),
    (line(1.0, 1e-4), [1.0], [1.0], "w/1/0/0", Kind.WEIGHTS, "w of layer 2 × 1e−4"),
    (FORK, [1.0], [0.0, 2.00001], "w/1/0/0", Kind.CANCELLING, "cancelling from layer 2 × 5e−6"),
    # rows
    (TWO, [[1.0, 1.0], [1.0, -1.001]], [[2.0], [2.0]], "w/1/0/1", Kind.SIGNS,
     "|mean| is 2,000 times below mean |·|, 1 up and 1 down of 2"),
    (TWO, [[1.0, 1.0], [1.0, -1.0]], [[2.0], [2.0]], "w/1/0/1", Kind.SIGNS, "the mean is 0"),
    (TWO, [[1.0, 1.0], [1.0, 0.0]], [[1.00001], [2.0]], "w/1/0/1", Kind.APART,
     "seldom large in the same row: 1 of 2 rows make 90% of it"),
    (TWO, [[1.0, 1.0], [1.0, 0.0]], [[1.0], [2.0]], "w/1/0/1", Kind.APART, "never off 0 in the same row"),
    # zero, for certain
    (TWO, [[1.0, 0.0], [2.0, 0.0]], [[1.5], [2.0]], "w/1/0/1", Kind.ZERO_INPUT, "its input 1 is 0 in all 2 rows"),
    (OFF, ROWS, TARGETS, "w/1/0/0", Kind.OFF, "dead, relu of hidden neuron 0 of layer 1 is off in all 20 rows"),
    (OFF, ROWS, TARGETS, "w/2/0/0", Kind.ZERO_INPUT, "its input neuron 0 of layer 1 is 0 in all 20 rows"),
    (OFF, ROWS[0], TARGETS[0], "b/1/0", Kind.OFF, "is off, σ′ = 0 at z¹₀ = "),
    (line(2.0), [0.5], [1.0], "w/1/0/0", Kind.NO_ERROR, "the output is right to the last digit"),
    (line(1.0, 0.0, 1.0, sigma="sigmoid"), [0.5], [1.0], "w/1/0/0", Kind.NO_ERROR,
     "the weights of layer 2 out of it are 0"),
    (line(1.0, -1.0, 1.0, sigma=["identity", "relu", "identity"]), [0.5], [1.0], "w/1/0/0", Kind.NO_ERROR,
     "layer 2 passes nothing back"),
    (FORK, [1.0], [0.0, 2.0], "w/1/0/0", Kind.NO_ERROR, "the errors of layer 2 cancel here to the last digit"),
    # underflow is not zero
    (line(800.0, sigma="sigmoid"), [1.0], [0.0], "w/1/0/0", Kind.UNDERFLOW,
     "σ′ is smaller than any float64 number, and not 0, at z¹ = 800"),
    (line(1.0, 900.0, sigma=["identity", "sigmoid"]), [1.0], [0.0], "w/1/0/0", Kind.UNDERFLOW,
     "it underflows above layer 1"),
    (line(700.0, 1e-30, sigma=LATE), [1.0], [1.0], "w/1/0/0", Kind.UNDERFLOW, "about 10⁻³³⁴"),
    # nor is NaN
    (line(1e200, 1e200), [1.0], [1.0], "w/1/0/0", Kind.NOT_FINITE, "the numbers end in layer 2, where z overflows"),
]  # fmt: skip


@pytest.mark.parametrize(("network", "x", "y", "by", "kind", "words"), CASES, ids=lambda value: str(value)[:40])
def test_every_reason_is_found_on_a_network_made_for_it(
    network: cr.Network, x: Any, y: Any, by: str, kind: Kind, words: str
) -> None:
    found = why(network, np.array(x), np.array(y), by)
    assert found.kind is kind, str(found)
    assert words in found.because
    assert found.slow
    assert str(found).splitlines()[1].startswith("  ")


def test_every_kind_has_its_case() -> None:
    assert {case[4] for case in CASES} | {Kind.NOT_SLOW} == set(Kind)


def test_an_error_that_makes_up_for_saturation_is_told_with_its_decades() -> None:
    """S2.14: unless wᵀδ is large enough to make up for it: in part, and altogether."""
    y = np.array([500.0 - 16.0])
    part = why(line(20.0, 500.0, sigma=LATE), np.array([1.0]), y, "w/1/0/0")
    assert part.kind is Kind.SATURATED
    error = next(share for share in part.factors if share.what == "error")
    assert error.decades > 1
    assert f"though w² δ² makes up for a factor of {times(error.decades)} of it" in part.because
    whole = why(line(8.0, 5000.0, sigma=LATE), np.array([1.0]), np.array([100.0]), "w/1/0/0")
    assert (whole.kind, whole.rule, whole.blame) == (Kind.NOT_SLOW, True, "")
    assert "hidden neuron 0 of layer 1 is saturated" in whole.because
    assert "makes up for" in whole.because
    assert "against the rule" in str(whole)


def test_the_rule_of_two_reasons_predicts_those_two_and_no_others() -> None:
    """S2.15: low input or saturated neuron."""
    for network, x, y, by, kind, _ in CASES:
        found = why(network, np.array(x), np.array(y), by)
        if kind in (Kind.INPUT, Kind.SATURATED, Kind.ZERO_INPUT, Kind.OFF):
            assert found.rule
            assert "as the rule predicts: the input is low" in str(found)
        if kind in (Kind.OPTIMAL, Kind.WEIGHTS, Kind.CANCELLING, Kind.SIGNS, Kind.APART, Kind.NO_ERROR):
            assert not found.rule
            assert "the rule does not predict it" in str(found)


def test_zero_underflow_and_nan_are_three_things() -> None:
    by_kind = {case[4]: why(case[0], np.array(case[1]), np.array(case[2]), case[3]) for case in CASES}
    zero, under, nan = (by_kind[kind] for kind in (Kind.OFF, Kind.UNDERFLOW, Kind.NOT_FINITE))
    assert (zero.value, under.value) == (0, 0)
    assert not math.isfinite(nan.value)
    assert len({each.sentence.split(": ")[1] for each in (zero, under, nan)}) == 3
    assert "does not learn" in zero.sentence
    assert "has no derivative" in nan.sentence


def test_how_many_rows_the_reason_holds_in_is_counted() -> None:
    """Three of four rows have a nearly dead input; in the fourth the error is small."""
    network = net([[[1.0, 1.0]]], [[0.0]], "identity")
    x = np.array([[1.0, 1e-6], [1.0, 1e-6], [1.0, 1e-6], [1.0, 1e-6]])
    found = why(network, x, np.array([[0.0], [0.0], [0.0], [1.0 + 1e-6 + 1e-9]]), "w/1/0/1")
    assert (found.kind, found.holds, found.rows) == (Kind.INPUT, 3, 4)
    assert found.sentence.endswith("; so in 3 of 4 rows")


def test_the_first_layer_of_a_deep_sigmoid_network_is_slow_for_the_slopes_above_it() -> None:
    """Each σ′ takes 0.6 decades, the weights far less: the activation is why the first layer learns slowly."""
    network = cr.Network.random([60, 30, 30, 30, 30, 10], "sigmoid", "sigmoid", dtype="float64", seed=1)
    x = np.random.default_rng(1).standard_normal((50, 60))
    found = why(network, x, np.arange(50) % 10, "w/1/3/5")
    slopes = [step for step in found.steps if step.what == "slope"]
    assert [step.layer for step in slopes] == [5, 4, 3, 2]
    assert all(-0.75 < step.decades < math.log10(0.25) + 0.02 for step in slopes)
    weights = [step.decades for step in found.steps if step.what == "weights"]
    assert sum(weights) > sum(step.decades for step in slopes) / 2
    groups = slowest(network, x, np.arange(50) % 10).groups
    assert max((group for group in groups if group.layer == 1), key=lambda group: group.count).kind is Kind.FADED


def test_the_bias_of_a_neuron_with_large_inputs_is_not_called_slow_for_their_size() -> None:
    """An input is held against its layer where that is large, a bias against its own 1."""
    x = np.array([[3000.0, 1.0]])
    found = why(TWO, x, np.array([[2999.0]]), "b/1/0")
    assert found.decades == pytest.approx(math.log10(1 / 2999))
    other = why(TWO, x, np.array([[2999.0]]), "w/1/0/1")
    assert (other.kind, other.factors[0].against.split(", ")[1]) == (Kind.OPTIMAL, "the root mean square of the inputs")
    assert other.factors[0].reference == pytest.approx(math.hypot(3000, 1) / math.sqrt(2))


def test_an_own_activation_is_held_against_its_own_steepest_slope() -> None:
    quarter = cr.activation(lambda z, m: m.tanh(z) / 4, "quarter")
    network = net([[[0.0]]], [[0.0]], [quarter])
    slope = why(network, np.array([1.0]), np.array([1.0]), "w/1/0/0").factors[1]
    assert slope.reference == pytest.approx(0.25, rel=1e-9)
    assert slope.decades == pytest.approx(0, abs=1e-9)


def test_a_slope_of_0_of_an_own_activation_is_taken_as_0() -> None:
    """Nobody can tell whether an unknown form underflows."""
    own = cr.activation(lambda z, m: m.maximum(z, 0.0), "hinge")
    found = why(line(-1.0, 1.0, sigma=[own, "identity"]), np.array([1.0]), np.array([1.0]), "w/1/0/0")
    assert found.kind is Kind.OFF
    assert found.because == "σ′ of hidden neuron 0 of layer 1 is 0 in this row"


def test_errors_that_underflow_on_their_way_are_told_from_errors_that_are_0() -> None:
    """A product of factors that are not 0, at the output, and a weight times an error."""
    for weights, sigma in (((1.0, 1.0, 740.0), "sigmoid"), ((1.0, 1e-200, 1e-200), "identity")):
        found = why(line(*weights, sigma=["identity", "identity", sigma]), np.array([1.0]), np.array([1e-3]), "w/1/0/0")
        assert (found.value == 0) == (found.kind is Kind.UNDERFLOW)
    assert found.kind is Kind.UNDERFLOW


# a whole network ----------------------------------------------------------------------------------------------------
@settings(max_examples=15)
@given(problems())
def test_slowest_gives_each_weight_the_reason_that_why_gives_it(drawn: Drawn) -> None:
    p = drawn.make()
    found, look = slowest(p.network, p.x, p.y, p.cost), Examined(p.network, p.x, p.y, p.cost, "s2")
    each = {id: reason(look, parse(id, p.network.parameters)) for id in all_ids(p.network)}  # one look for all of them
    for group in found.groups:
        assert repr(why(p.network, p.x, p.y, group.example, p.cost)) == repr(each[group.example])  # NaN equals no NaN
    counted: dict[tuple[Kind, int], int] = {}
    for id, told in each.items():
        key = (told.kind, int(id.split("/")[1]))
        counted[key] = counted.get(key, 0) + 1
    grouped: dict[tuple[Kind, int], int] = {}
    for group in found.groups:
        grouped[group.kind, group.layer] = grouped.get((group.kind, group.layer), 0) + group.count
        assert each[group.example].kind is group.kind
    assert grouped == counted
    assert found.slow == sum(told.slow for told in each.values())
    assert found.predicted == sum(told.slow and told.rule for told in each.values())
    assert sum(grouped.values()) == found.total == p.network.parameters.size


def test_slowest_ranks_by_the_size_of_the_derivative_and_leaves_out_what_does_not_move() -> None:
    p = make_problem([6, 5, 4, 3], ["relu", "tanh"], "sigmoid", "quadratic", batch=9)
    found = slowest(p.network, p.x, p.y, p.cost, most=12)
    flat = np.abs(cr.gradient(p.network, p.x, p.y, p.cost).flat())
    moving = np.flatnonzero(flat)
    expected = [str(of_entry(p.network.parameters, int(i))) for i in moving[np.argsort(flat[moving])][:12]]
    assert [entry.id for entry in found.entries] == expected
    assert found.still == int((flat == 0).sum())
    assert slowest(p.network, p.x, p.y, p.cost, most=0).entries == ()


def test_inputs_that_are_0_in_every_row_are_counted() -> None:
    p = make_problem([10, 4, 3], ["tanh"], "softmax", "cross_entropy", batch=5)
    x = p.x.copy()
    x[:, [1, 4, 7]] = 0
    found = slowest(p.network, x, p.y, p.cost)
    (group,) = [group for group in found.groups if group.kind is Kind.ZERO_INPUT]
    assert (group.count, group.layer, group.sentence) == (12, 1, "3 of 10 inputs are 0 in every row")
    assert "3 of 10 inputs are 0 in every row" in str(found)


def test_a_large_network_with_hundreds_of_rows_takes_seconds() -> None:
    rng = np.random.default_rng(0)
    network = cr.Network.random([784, 30, 10], "sigmoid", "sigmoid")
    x = rng.random((400, 784)) * (rng.random(784) > 0.5)
    start = time.perf_counter()
    found = slowest(network, x, rng.integers(0, 10, 400))
    assert time.perf_counter() - start < 20
    zero = int((~x.any(axis=0)).sum())
    assert 300 < zero < 500
    assert found.groups[0].sentence == f"{zero} of 784 inputs are 0 in every row"
    assert found.groups[0].count == 30 * zero


def times_500(sizes: list[int], output: str, seed: int) -> cr.Network:
    network = cr.Network.random(sizes, "sigmoid", output, seed=seed, dtype="float64")
    return network.with_parameters(network.parameters * 500)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("hidden", "output", "cost"),
    [
        ([20], "sigmoid", "quadratic"),
        ([20, 20], "sigmoid", "binary_cross_entropy"),
        ([20, 20], "softmax", "cross_entropy"),
        ([20, 20], "softmax", "quadratic"),
    ],
)
def test_saturation_is_blamed_and_not_the_rows(hidden: list[int], output: str, cost: str, seed: int) -> None:
    """98 % of all σ′ are below 1 % of the maximum: what is slow is slow for that, in its own layer or further up."""
    digits = cr.load_data("digits")
    rows = np.random.default_rng(0).permutation(len(digits))[:200]
    network = times_500([64, *hidden, 10], output, seed)
    z = cr.forward(network, digits.inputs[rows]).z
    for l in range(1, network.depth):
        assert (network.activations[l].slope(z[l]) < 0.0025).mean() > 0.98
    found = slowest(network, digits.inputs[rows], digits.targets[rows], cost, most=5)
    count = {kind: sum(group.count for group in found.groups if group.kind is kind) for kind in Kind}
    slow = found.slow - count[Kind.ZERO_INPUT]
    assert slow > 150
    assert count[Kind.SATURATED] + count[Kind.FADED] + count[Kind.UNDERFLOW] >= 0.96 * slow
    assert count[Kind.APART] == count[Kind.WEIGHTS] == count[Kind.CANCELLING] == 0


def test_a_neuron_that_is_saturated_in_nearly_all_rows_is_to_blame_whatever_the_rest_of_them_bring() -> None:
    """One row of 50 lies where σ′ is steep, and its error is 0: no row was left in which the two could meet."""
    network = net([[[1.0]], [[1.0]]], [[0.0], [0.0]], ["sigmoid", "identity"])
    x = np.array([[0.1], *([[40.0]] * 49)])
    y = cr.forward(network, x).a[2] - 1.0
    y[0] += 1.0
    found = why(network, x, y, "b/1/0", "quadratic")
    assert (found.kind, found.holds, found.rows) == (Kind.SATURATED, 49, 50)
    together = next(share.decades for share in found.factors if share.what == "together")
    assert f"w² δ² is small: another factor of {times(-together)}" in found.because


def test_a_derivative_that_is_0_in_float32_does_not_move_a_float32_weight() -> None:
    """2.5e−147 is a number of float64, and 0 in the network's own dtype."""
    deep = line(*[1e-21] * 8)
    assert deep.dtype == np.float64
    x, y = np.array([1.0]), np.array([1.0])
    told = slowest(deep, x, y, "quadratic")
    assert (told.still, told.entries[0].id) == (0, "w/1/0/0")
    assert math.log10(abs(told.entries[0].value)) == pytest.approx(-147, abs=0.1)
    single = slowest(deep.astype("float32"), x, y, "quadratic")
    gradient = cr.gradient(deep.astype("float32"), x, y, "quadratic").flat()
    assert single.still == int((gradient == 0).sum()) > 0
    assert {entry.id for entry in single.entries} == {
        str(of_entry(deep.parameters, int(i))) for i in np.flatnonzero(gradient)
    }
    found = why(deep.astype("float32"), x, y, "w/1/0/0", "quadratic")
    assert found.kind is Kind.UNDERFLOW
    assert (
        "does not learn: no factor is 0, and their product, about 10⁻¹⁴⁷, is smaller than any float32" in found.sentence
    )


# nothing is said that does not agree --------------------------------------------------------------------------------
@pytest.mark.parametrize("off", [1 + 1e-11, 1 - 1e-9, -1.0, 0.0])
def test_nothing_is_said_where_the_product_is_not_the_gradient(monkeypatch: pytest.MonkeyPatch, off: float) -> None:
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "quadratic", batch=5)
    right = module.gradient_of
    monkeypatch.setattr(module, "gradient_of", lambda *a, **k: right(*a, **k) * off)
    with pytest.raises(cr.DisagreementError, match="nothing is said until they agree"):
        why(p.network, p.x, p.y, "w/1/0/0")
    with pytest.raises(cr.DisagreementError, match="layer 1"):
        slowest(p.network, p.x, p.y)


def test_a_wrong_slope_is_noticed() -> None:
    """An activation whose slope changes between the calls: the factors would no longer be those of the gradient."""
    calls = [0]

    def slope(z: np.ndarray) -> np.ndarray:
        calls[0] += 1
        return np.ones_like(z) * (1 + 1e-6 * calls[0])

    moody = replace(cr.activation(lambda z: z * 1.0, "moody"), slope=slope)
    with pytest.raises(cr.DisagreementError):
        why(net([[[1.0]]], [[0.0]], [moody]), np.array([1.0]), np.array([2.0]), "w/1/0/0")


@pytest.mark.parametrize(
    ("by", "error", "words"),
    [
        ("z/1/0", cr.IdError, "what learns is a weight"),
        ("w/9/0/0", cr.IdError, "there is no layer 9"),
        ("w/1/0/7", cr.IdError, r"the network has 3 inputs \(0…2\); you asked for 7"),
        ("weight", cr.IdError, "is not an id"),
    ],
)
def test_what_names_no_weight_is_refused(by: Any, error: type[Exception], words: str) -> None:
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "quadratic")
    with pytest.raises(error, match=words):
        why(p.network, p.x, p.y, by)


def test_other_bad_input_is_one_clear_error() -> None:
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "quadratic")
    with pytest.raises(cr.SettingError, match="whole number ≥ 0"):
        slowest(p.network, p.x, p.y, most=-1)
    with pytest.raises(cr.SettingError, match="the first argument is a Network"):
        inspect.unwrap(why)(p.x, p.network, p.y, "w/1/0/0")  # as users call it, without the tests' check of types
    with pytest.raises(cr.PairError):
        why(p.network, p.x, p.y, "w/1/0/0", "cross_entropy")
    with pytest.raises(cr.ShapeError):
        why(p.network, p.x[:, :2], p.y, "w/1/0/0")
    with pytest.raises(cr.DataError):
        why(p.network, p.x * np.nan, p.y, "w/1/0/0")
    with pytest.raises(cr.UnknownNameError, match="s9"):
        why(p.network, p.x, p.y, "w/1/0/0", convention="s9")


def test_a_reason_is_frozen_and_goes_to_json() -> None:
    for network, x, y, by, kind, _ in CASES:
        found = why(network, np.array(x), np.array(y), by)
        told = json.loads(json_text(found.to_json()))
        assert (told["kind"], told["id"], told["slow"]) == (str(kind), by, True)
        assert len(told["factors"]) == len(found.factors)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.value = 0.0  # type: ignore[misc]
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "quadratic")
    told = json.loads(json_text(slowest(p.network, p.x, p.y).to_json()))
    assert sum(group["count"] for group in told["groups"]) == told["total"]
    assert isinstance(Reason.to_json(found), dict)
    assert SLOW > 1


# the command --------------------------------------------------------------------------------------------------------
@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command in a small app of its own, in a folder with one model of the digits."""
    monkeypatch.chdir(tmp_path)
    network = cr.Network.random([64, 4, 10], "relu", "softmax", seed=3)
    cr.save(network, "digits.safetensors", {"data": "digits", "cost": "cross_entropy"})
    app = typer.Typer()
    app.command()(with_options(command.command))

    def run(*arguments: str, fails: bool = False) -> Any:
        done = CliRunner().invoke(app, list(arguments))
        if fails:
            assert isinstance(done.exception, cr.ChainruleError)
            return str(done.exception)
        assert done.exit_code == 0, done.exception
        return done.output

    return run


def test_alone_the_command_looks_at_the_chain(run: Any) -> None:
    assert "none of 6 weights and biases learns slowly" in run()
    assert "∂C/∂w⁽²⁾ = −0.04046" in run("--by", "w/2/0/0")
    assert json.loads(run("--by", "w/2/0/0", "--json"))["value"] == pytest.approx(-0.040465, abs=1e-6)
    assert json.loads(run("--by", "w/2/0/0", "--convention", "s2", "--json"))["value"] == pytest.approx(
        -0.040465, abs=1e-6
    )
    assert json.loads(run("--by", "w/2/0/0", "--cost", "quadratic", "--json"))["value"] == pytest.approx(
        -0.040465 / 2, abs=1e-6
    )


def test_a_model_is_looked_at_on_its_own_rows_and_with_its_own_cost(run: Any) -> None:
    said = run("digits.safetensors")
    assert said.startswith("digits, 1,797 rows, 200 of them drawn with --seed 0; inputs as the network takes them\n")
    assert "cross_entropy" in said
    assert re.search(r"\d+ of 64 inputs are 0 in every row", said)
    assert "its input 0 is 0 in all 200 rows" in run("digits.safetensors", "--by", "w/1/0/0")
    assert run("digits.safetensors", "--seed", "1") not in (said, run("digits.safetensors", "--seed", "2"))
    assert run("digits.safetensors", "--rows", "9999").startswith("digits, 1,797 rows; inputs")
    assert "its input 0 is 0 in this row" in run("digits.safetensors", "--by", "w/1/0/0", "--row", "1")
    assert "2 rows, 1…2" in run("digits.safetensors", "--row", "1", "--rows", "2")
    assert "quadratic" in run("digits.safetensors", "--cost", "quadratic", "--data", "digits")
    assert json.loads(run("digits.safetensors", "--json"))["total"] == 310


def test_the_slowest_stand_below_the_reason_that_they_share(run: Any) -> None:
    """One sentence ten times was the list of them."""
    said = run("digits.safetensors", "--cost", "quadratic")
    found = json.loads(run("digits.safetensors", "--cost", "quadratic", "--json"))
    listed = said[said.index("the slowest that move, by reason:\n") :].splitlines()[1:-1]
    reasons = [line for line in listed if not line.startswith("    ")]
    assert len(reasons) == len(set(reasons)) == len({each["kind"] for each in found["entries"]}) > 1
    assert {line.split()[0] for line in listed if line.startswith("    ")} == {each["id"] for each in found["entries"]}
    assert all(line.endswith("times below its maximum") for line in listed if line.startswith("    "))
    assert said.endswith(f"next  chainrule why digits.safetensors --by {found['entries'][0]['id']}\n")


def test_the_two_rules_and_an_activation_are_asked_for_by_option(run: Any) -> None:
    assert "rule 2: what should change" in run("digits.safetensors", "--influence")
    assert len(json.loads(run("--influence", "--json"))["tests"]) == 6
    assert "the 800 z given" in run("digits.safetensors", "--activation", "ReLU")
    assert run("--activation", "sigmoid").startswith("sigmoid: σ(z) = 1 / (1 + e^−z)")
    assert json.loads(run("--activation", "tanh", "--json"))["scale"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--row", "1"], "go with a model"),
        (["--seed", "1"], "go with a model"),
        (["digits.safetensors", "--row", "1", "--seed", "1"], "--seed draws rows, and --row names them"),
        (["--by", "w/1/0/0", "--influence"], "--by and --influence ask for different answers"),
        (["w/1/0/0"], "named with --by: chainrule why --by w/1/0/0"),
        (["digits.safetensors", "--by", "w/1/0/64"], "(0…63); you asked for 64"),
        (["digits.safetensors", "--row", "1797"], "has the rows 0…1796"),
        (["digits.safetensors", "--rows", "0"], "≥ 1"),
        (["digits.safetensors", "--activation", "tanh"], "no layer of this model uses tanh: it has relu → softmax"),
        (["digits.safetensors", "--activation", "softmax"], "softmax is not a function of one z"),
        (["--activation", "sigmod"], "did you mean 'sigmoid'"),
        (["--cost", "cubic"], "unknown cost"),
        (["no.safetensors"], "no.safetensors"),
    ],
)
def test_a_mistake_at_the_command_is_one_clear_error(run: Any, arguments: list[str], words: str) -> None:
    assert words in run(*arguments, fails=True)


def test_of_many_layers_those_that_take_most_are_named_and_the_others_summed() -> None:
    deep = cr.Network([[[1.1]]] * 40, [[0.1]] * 40, "tanh")
    reason = why(deep, [0.5], [1.0], "w/1/0/0")
    assert reason.sentence.count("σ′ of layer") == 6
    assert "… and 33 more, together × " in reason.sentence
    steps = [step.decades for step in reason.steps if step.what == "slope"]
    said = float(reason.sentence.split("more, together × ")[1].split(";")[0].split(",")[0].replace("−", "-"))
    assert said == pytest.approx(10 ** sum(sorted(steps)[6:]), rel=0.06)
