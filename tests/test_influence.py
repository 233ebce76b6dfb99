"""The two rules of S0.17 on networks: exact where the equations make them so, broken where they leave a factor out."""

from __future__ import annotations

import inspect
import json
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Drawn, make_problem, problems

import chainrule as cr
from chainrule.diagnostics.influence import RuleTest, influence, ranks, spearman
from chainrule.json_text import json_text

VALUES = st.lists(st.integers(-3, 3), min_size=2, max_size=12)


def one(network: cr.Network, x: np.ndarray, y: np.ndarray, rule: int, layer: int) -> RuleTest:
    tests = influence(network, x, y, "quadratic").tests
    return next(test for test in tests if (test.rule, test.layer) == (rule, layer))


# ranks --------------------------------------------------------------------------------------------------------------
@settings(max_examples=100)
@given(VALUES, st.data())
def test_the_rank_correlation_is_scipys_with_ties(values: list[int], data: st.DataObject) -> None:
    a = np.array(values, float)
    b = np.array(data.draw(st.lists(st.integers(-3, 3), min_size=len(a), max_size=len(a))), float)
    assert np.array_equal(ranks(a), scipy.stats.rankdata(a))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert math.isnan(spearman(a, b))
    else:
        assert spearman(a, b) == pytest.approx(scipy.stats.spearmanr(a, b).statistic, abs=1e-12)


def test_order_alone_decides_a_rank_correlation() -> None:
    a = np.array([0.1, 5.0, 2.0, 3.0])
    assert spearman(a, np.exp(a)) == 1
    assert spearman(a, -(a**3)) == -1
    assert math.isnan(spearman(a, np.array([1.0, np.nan, 2.0, 3.0])))
    with pytest.raises(cr.ShapeError, match="two vectors of one length"):
        inspect.unwrap(spearman)(a, a[:3])


# rule 1 -------------------------------------------------------------------------------------------------------------
@settings(max_examples=40)
@given(problems())
def test_on_one_example_the_weights_of_one_neuron_follow_their_inputs_exactly(drawn: Drawn) -> None:
    """∂C/∂w_jk = a_k δ_j: for one j the order is that of |a_k|."""
    p = drawn.make()
    for test in influence(p.network, p.x[0], p.y[0], p.cost).tests:
        if test.rule == 1 and not math.isnan(test.within):
            assert test.within > 0.9  # products may tie where factors do not


def test_with_one_neuron_the_first_rule_holds_exactly() -> None:
    p = make_problem([7, 1], [], "identity", "quadratic", batch=1)
    test = one(p.network, p.x, p.y, 1, 1)
    assert test.correlation == test.within == pytest.approx(1)
    assert (test.only_if, test.breaks) == (1, ())


def test_changes_and_influences_are_the_gradients_and_the_inputs() -> None:
    p = make_problem([4, 3, 2], ["tanh"], "sigmoid", "quadratic", batch=6)
    gradient, a = cr.gradient(p.network, p.x, p.y), cr.forward(p.network, p.x).a
    for test in influence(p.network, p.x, p.y, most=99).tests:
        for each in test.top if test.rule == 1 else ():
            _, l, j, k = (int(n) if n.isdecimal() else n for n in each.id.split("/"))
            assert each.change == pytest.approx(abs(gradient.weights[l][j, k]), rel=1e-12)
            assert each.influence == pytest.approx(float(np.sqrt((a[l - 1][:, k] ** 2).mean())), rel=1e-12)
    changes = [each.change for each in test.top]
    assert changes == sorted(changes, reverse=True)
    assert [each.change_rank for each in test.top] == list(range(1, len(changes) + 1))


def test_a_large_error_breaks_the_first_rule_and_is_named() -> None:
    """Of 30 neurons three have δ = 100: half of the weights that change most have the smaller input."""
    network = cr.Network([np.zeros((30, 2))], None, "identity")
    y = np.ones((1, 30))
    y[0, :3] = 100
    test = one(network, np.array([[1.0, 0.5]]), y, 1, 1)
    assert test.only_if == 0.5
    assert {each.id for each in test.breaks} == {"w/1/0/1", "w/1/1/1", "w/1/2/1"}
    usual = math.sqrt((3 * 100**2 + 27) / 30)
    assert test.breaks[0].why == f"δ of neuron 0 is {100 / usual:.2g} × the layer's"


def test_an_influence_is_little_up_to_the_median() -> None:
    """Of nine weights that change most, three have the influence 1 and the others the median, 0.6, or less."""
    network = cr.Network([np.zeros((30, 3))], None, "identity")
    y = np.ones((1, 30))
    y[0, :3] = 100
    test = one(network, np.array([[1.0, 0.5, 0.6]]), y, 1, 1)
    assert test.only_if == pytest.approx(1 / 3)
    assert [each.influence for each in test.breaks] == [0.5, 0.5, 0.5]


def test_cancelling_rows_break_the_first_rule_and_are_named() -> None:
    """The larger input turns its sign from row to row, so its weight does not move."""
    x = np.array([[1.0, 0.1], [-0.9, 0.1]])
    test = one(cr.Network([[[0.0, 0.0]]], None, "identity"), x, np.array([[1.0], [1.0]]), 1, 1)
    assert test.correlation == -1
    assert test.only_if == 0
    assert test.breaks[0].id == "w/1/0/1"
    kept = np.array([0.05 / math.sqrt((1 + 0.9**2) / 2), 1.0])  # |mean a δ| of rms a rms δ
    share = 1 / math.sqrt((kept**2).mean())
    assert test.breaks[0].why == f"less cancels than usual, {share:.2g} × as much is left"
    assert (test.breaks[0].change_rank, test.breaks[0].influence_rank) == (1, 2)


# rule 2 -------------------------------------------------------------------------------------------------------------
def test_towards_one_neuron_the_second_rule_holds_exactly() -> None:
    """∂C/∂a_k = w_k δ."""
    p = make_problem([3, 6, 1], ["tanh"], "identity", "quadratic", batch=5)
    test = one(p.network, p.x, p.y, 2, 1)
    assert test.correlation == test.weighted == pytest.approx(1)
    assert test.only_if == 1


def test_weighted_by_the_errors_the_second_rule_holds_where_plain_weights_do_not_tell() -> None:
    """Each activation meets one neuron: ∂C/∂a_k = w_k δ_k, and the δ are in the opposite order of the weights."""
    weights = np.diag([1.0, 2.0, 3.0, 4.0])
    y = -np.array([[1000.0, 200.0, 30.0, 4.0]])
    test = one(cr.Network([weights], None, "identity"), np.zeros((1, 4)), y, 2, 0)
    assert test.correlation == -1
    assert test.weighted == 1
    assert test.top[0].id == "x/0"
    assert test.breaks[0].id == "x/0"
    assert test.breaks[0].why.startswith("δ of the neurons it meets is")


def test_the_changes_of_activations_are_those_of_the_backward_pass() -> None:
    p = make_problem([4, 3, 5, 2], ["tanh", "relu"], "softmax", "cross_entropy", batch=6)
    back = cr.backward(cr.forward(p.network, p.x), p.y, p.cost)
    tests = [test for test in influence(p.network, p.x, p.y, p.cost, most=9).tests if test.rule == 2]
    assert [test.layer for test in tests] == [0, 1, 2]
    for test in tests:
        for each in test.top:
            k = int(each.id.split("/")[-1])
            assert each.change == pytest.approx(float(np.sqrt((back.da[test.layer][:, k] ** 2).mean())), rel=1e-12)
            assert each.influence == pytest.approx(
                float(np.linalg.norm(p.network.weights[test.layer + 1][:, k])), rel=1e-12
            )


# both ---------------------------------------------------------------------------------------------------------------
def test_the_only_if_is_counted_over_the_tenth_that_changes_most() -> None:
    """30 weights of one neuron, one example: the three with the largest inputs change most."""
    x = np.arange(1.0, 31.0)[None]
    network = cr.Network([np.zeros((1, 30))], None, "identity")
    test = one(network, x, np.array([[1.0]]), 1, 1)
    assert (test.only_if, test.count) == (1, 30)
    assert [each.id for each in test.top] == ["w/1/0/29", "w/1/0/28", "w/1/0/27"]


def test_it_prints_both_rules_and_goes_to_json() -> None:
    p = make_problem([4, 3, 2], ["tanh"], "sigmoid", "quadratic", batch=6)
    found = influence(p.network, p.x, p.y, most=2)
    text = str(found)
    assert text.splitlines()[0] == (
        "Network(4-3-2, tanh → sigmoid, float64, 23 parameters), 6 rows, "
        f"C (quadratic) = {cr.cost(p.network, p.x, p.y):.4g}"
    )
    for words in (
        "rule 1: what changes",
        "rule 2: what should change",
        "layer 1: most change",
        "inputs: most change",
        "in one neuron",
    ):
        assert words in text
    assert all(len(test.top) <= 2 and len(test.breaks) <= 2 for test in found.tests)
    told = json.loads(json_text(found.to_json()))
    assert [test["rule"] for test in told["tests"]] == [1, 1, 2, 2]
    assert told["tests"][2]["within"] is None
    chain = influence(cr.Network([[[1.5]]], [[0.0]], "sigmoid"), [0.6], [1.0])
    assert "none" in str(chain)


def test_a_convention_changes_no_number_and_bad_input_is_one_clear_error() -> None:
    p = make_problem([4, 3, 2], ["tanh"], "sigmoid", "quadratic", batch=6)
    s1, s2 = (influence(p.network, p.x, p.y, convention=name).tests[0].top[0].change for name in ("s1", "s2"))
    assert s1 == s2
    with pytest.raises(cr.SettingError, match="whole number ≥ 0"):
        influence(p.network, p.x, p.y, most=-1)
    with pytest.raises(cr.SettingError, match="the first argument is a Network"):
        inspect.unwrap(influence)(p.x, p.network, p.y)  # as users call it, without the tests' check of types
    with pytest.raises(cr.DataError, match="overflows on"):
        influence(cr.Network([[[1e200]], [[1e200]]], None, "identity"), [1.0], [1.0])
    with pytest.raises(cr.ShapeError):
        influence(p.network, p.x[:, :1], p.y)
