"""Every gradient equals every other: backpropagation, central differences, per-example gradients, two precisions."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from networks import HIDDEN, LEGAL, PROOF, Drawn, Problem, make_problem, problems

import chainrule as cr
from chainrule.problem import Problem as Posed
from chainrule.verification.agreement import check_network, compare
from chainrule.verification.differences import derivative
from chainrule.verification.evaluate import evaluate
from chainrule.verification.rounding import rounding

EXAMPLES = int(os.environ.get("CHAINRULE_EXAMPLES", "120"))
SEEDS = 3 if PROOF else 1  # of each activation and each pair


def assert_agrees(problem: Problem) -> None:
    g = cr.gradient(problem.network, problem.x, problem.y, problem.cost)
    verdict = check_network(problem.network, g, problem.x, problem.y, problem.cost)
    assert verdict or verdict.undecided, str(verdict)


@settings(max_examples=EXAMPLES)
@given(problems())
@example(Drawn([5, 5, 4, 5, 1], ["leaky_relu", "gelu", "gelu"], ("softmax", "quartic"), 5, "none", 0.1, 165493))
@example(Drawn([5, 5, 4, 5, 1], ["leaky_relu", "gelu", "gelu"], ("softmax", "quartic"), 5, "none", 3.0, 165493))
def test_backpropagation_agrees_with_central_differences_on_any_network(drawn: Drawn) -> None:
    """‖Δ‖/‖g‖ ≤ 1e-6, or within the error bar of the differences (S0.14, S2.23, S3.17, S4.13)."""
    assert_agrees(drawn.make())


@pytest.mark.parametrize(
    ("widths", "hidden", "output", "cost", "batch", "scale", "seed"),
    [
        ([4, 6, 6], ["gelu"], "softmax", "huber", 2, 6.0, 463910),
        ([1, 1, 5, 1], ["softmax", "gelu"], "softplus", "huber", 5, 3.0, 756159),
    ],
)
def test_a_smaller_step_does_not_acquit_a_gradient_that_its_wider_error_bar_hides(
    widths: list[int], hidden: list[str], output: str, cost: str, batch: int, scale: float, seed: int
) -> None:
    p = make_problem(widths, hidden, output, cost, batch=batch, scale=scale, seed=seed)
    g = cr.gradient(p.network, p.x, p.y, p.cost)
    wrong = g.flat()
    wrong[np.argmax(abs(wrong))] *= 1.01
    verdict = check_network(p.network, g.like(wrong), p.x, p.y, p.cost)
    assert verdict.mark == "✗"


@pytest.mark.parametrize(("output", "cost"), LEGAL)
def test_every_legal_pair_of_output_and_cost_agrees_with_differences(output: str, cost: str) -> None:
    for seed in range(SEEDS):
        assert_agrees(make_problem([3, 4, 3], ["tanh"], output, cost, seed=seed, batch=5))


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("bias", ["neuron", "layer", "none"])
def test_every_hidden_activation_agrees_with_differences(hidden: str, bias: str) -> None:
    """S2.16: the equations hold for any activation; S0.4: one bias a neuron, or one a layer."""
    for seed in range(SEEDS):
        assert_agrees(make_problem([3, 4, 4, 2], [hidden, hidden], "softmax", "cross_entropy", bias=bias, seed=seed))


@settings(max_examples=EXAMPLES // 2)
@given(problems())
def test_the_gradient_by_the_inputs_agrees_with_differences(drawn: Drawn) -> None:
    """∂C/∂x of each example (S3.15)."""
    problem = drawn.make()
    net, x = problem.network, problem.x.copy()
    pair = problem.cost.on(net.output)
    dx = cr.backward(cr.forward(net, x), problem.y, problem.cost).dx
    found, given_slopes = [], []
    for i, k in np.ndindex(*x.shape):

        def c(at: float, i: int = i, k: int = k) -> float:
            moved = x.copy()
            moved[i, k] = at
            return float(evaluate(net.parameters, net.activations, moved, problem.y, pair).reshape(len(x))[i])

        found.append(derivative(c, float(x[i, k])))
        given_slopes.append(dx[i, k])
    names = [f"x[{i}, {k}]" for i, k in np.ndindex(*x.shape)]
    verdict = compare(np.array(given_slopes), found, names, x.size)
    assert verdict or verdict.undecided, str(verdict)


def test_norms_of_float32_gradients_are_computed_in_float64() -> None:
    """Squares of 1e25 overflow float32; and 300 rows are more than are squared at a time."""
    network = cr.Network([np.full((2, 200), 1e-6, np.float32)], [np.zeros(2, np.float32)], "identity")
    x = np.linspace(1e25, 2e25, 60_000).reshape(300, 200).astype(np.float32)
    each = cr.per_example_gradients(network, x, np.zeros((300, 2)), "quadratic")
    delta = each.biases(1).astype(np.float64)
    expected = np.sqrt((delta**2).sum(axis=1) * ((x.astype(np.float64) ** 2).sum(axis=1) + 1))
    assert np.allclose(each.norms(), expected, rtol=1e-14)


@settings(max_examples=EXAMPLES // 2)
@given(problems(), st.booleans(), st.sampled_from(["mean", "sum"]))
def test_per_example_gradients_reduce_to_the_batch_gradient(drawn: Drawn, weighted: bool, reduction: str) -> None:
    """S1.11 (mean), S4.17 (sum): the gradient of the total is the total of the examples' gradients."""
    p = drawn.make()
    weight = np.arange(1.0, len(p.x) + 1) if weighted else None
    each = cr.per_example_gradients(p.network, p.x, p.y, p.cost)
    total = cr.gradient(p.network, p.x, p.y, p.cost, weight=weight, reduction=reduction)
    share = np.ones(len(p.x)) if weight is None else weight
    share = share / share.sum() if reduction == "mean" else share
    by_hand = sum((float(s) * g for s, g in zip(share, each)), total.zeros())
    bound = rounding(Posed.of(p.network, p.x, p.y, p.cost), share).norm()  # one bias a layer may cancel down to it
    assert (by_hand - total).norm() <= bound
    assert (each.reduce(reduction, weight) - total).norm() <= bound
    assert np.allclose(each.norms(), [g.norm() for g in each], rtol=1e-12, atol=bound)
    for rows, weights, biases in each.chunks(2):
        for l in weights.numbers:
            assert weights[l].shape == (rows.stop - rows.start, *p.network.weights[l].shape)
            assert np.array_equal(weights[l][0], each[rows.start].weights[l])
            assert np.array_equal(biases[l][0], each[rows.start].biases[l])


@settings(max_examples=EXAMPLES // 2)
@given(problems())
def test_float32_stays_within_its_rounding_of_float64(drawn: Drawn) -> None:
    """Each entry of g₃₂ − g₆₄, at the same rounded parameters, is within what verification/rounding.py measures.

    Where rounding moves a z, or a margin of the cost, across a kink the slope jumps: those networks are passed over.
    """
    p = drawn.make("float32")
    low, high = p.network, p.network.astype("float64")
    below, above = cr.forward(low, p.x), cr.forward(high, p.x)
    if any(np.any((u > 0) != (v > 0)) or np.abs(v).min() < 1e-5 for u, v in zip(below.z, above.z)):
        return
    g32, g64 = cr.gradient(low, p.x, p.y, p.cost), cr.gradient(high, p.x, p.y, p.cost)
    if p.cost.name == "multiclass_hinge":
        assume(np.array_equal(*(cr.backward(t, p.y, p.cost).delta[high.depth] for t in (below, above))))
    bound = rounding(Posed.of(low, p.x, p.y, p.cost)).flat()
    assert np.all(np.abs(g32.astype(np.float64).flat() - g64.flat()) <= bound)
    assert np.all(rounding(Posed.of(high, p.x, p.y, p.cost)).flat() <= 1e-8 * bound)


def test_the_rounding_bound_is_no_blank_cheque() -> None:
    """On ordinary networks it stays far below the gradient itself, so that a wrong one in float32 is still caught."""
    for seed in range(EXAMPLES // 50):
        p = make_problem([5, 8, 3], ["tanh"], "softmax", "cross_entropy", seed=seed, dtype="float32")
        g = cr.gradient(p.network, p.x, p.y, p.cost)
        assert rounding(Posed.of(p.network, p.x, p.y, p.cost)).norm() < 1e-4 * g.norm()
        assert check_network(p.network, g, p.x, p.y, p.cost)
        assert not check_network(p.network, g * 1.0002, p.x, p.y, p.cost)


def test_a_float32_network_trained_until_nothing_is_left_to_learn_is_not_called_wrong() -> None:
    """a − y keeps no digit where a is 1 − 4e-8 in float32: that is rounding, not a fault."""
    net = cr.Network([np.array([[17.0]], np.float32)], [np.array([0.1], np.float32)], "sigmoid")
    x, y = [[1.0], [0.99]], [[1.0], [1.0]]
    g = cr.gradient(net, x, y, "quadratic")
    verdict = check_network(net, g, x, y, "quadratic")
    assert verdict.distance > 1e-3
    assert "✗" not in str(verdict)
    assert "cannot tell: " in str(verdict)


def test_a_wrong_gradient_is_not_accepted() -> None:
    """The check can fail: each of four planted slips in a healthy gradient is refused, and the worst entry is named."""
    p = make_problem([3, 4, 2], ["tanh"], "softmax", "cross_entropy")
    g = cr.gradient(p.network, p.x, p.y, p.cost)
    assert check_network(p.network, g, p.x, p.y, p.cost)
    one_off = g.flat().copy()
    one_off[17] += 1e-3 * g.norm()
    for wrong in (2 * g, g * (1 + 1e-4), -g, g.like(one_off), g * float("nan")):
        verdict = check_network(p.network, wrong, p.x, p.y, p.cost)
        assert not verdict
        assert "worst at" in str(verdict)
    assert check_network(p.network, g.like(one_off), p.x, p.y, p.cost).worst == "w/2/0/1"


def test_a_relu_exactly_at_its_kink_is_no_fault() -> None:
    """At z = 0 any slope between the one-sided ones is a subgradient (S3.4)."""
    net = cr.Network([[[1.0], [2.0]], [[1.0, -3.0]]], [[0.0, 0.0], [0.5]], ["relu", "identity"])
    g = cr.gradient(net, [[0.0]], [[2.0]])
    verdict = check_network(net, g, [[0.0]], [[2.0]], "quadratic")
    assert verdict
    assert verdict.kinks == 2  # both biases of the hidden layer; the weights see x = 0 and do nothing
    beyond = g.flat().copy()
    beyond[2] = 10.0  # no slope between 0 and −1.5
    assert not check_network(net, g.like(beyond), [[0.0]], [[2.0]], "quadratic")


@pytest.mark.parametrize("near", [1e-7, 1e-9, 1e-11])
@pytest.mark.parametrize("size", [1.0, 1e-3, 1e-6])
def test_two_kinks_within_a_step_do_not_call_a_right_gradient_wrong(near: float, size: float) -> None:
    """The slope in b is ½ of `size` between them and ⅙ beyond either, so that the two sides do not differ (S3.4)."""
    net = cr.Network([[[1.0]], [[1.0]]], [[0.0], [0.0]], ["relu", "identity"])
    x, y = [[-near], [near], [1.0]], [[size], [-size], [1 - size / 2]]
    g = cr.gradient(net, x, y, "quadratic")
    assert g.biases[1][0] == pytest.approx(size / 2, rel=0.1)
    undecided = near * size < 5e-13  # steps that pass no kink leave too few digits of so small a slope
    verdict = check_network(net, g, x, y, "quadratic")
    assert verdict, str(verdict)
    assert verdict.kinks == undecided
    for entry in range(4):
        wrong = g.flat()
        wrong[entry] *= 1.2
        assert bool(check_network(net, g.like(wrong), x, y, "quadratic")) == (undecided and entry == 1)


@pytest.mark.parametrize("l2", [0.0, 1e-9])
def test_differences_across_several_kinks_are_not_said_to_differ_from_the_other_methods(l2: float) -> None:
    """Richardson's 4D(h) − D(2h) leaves the slopes of all sides there; in b no steps beside the kinks keep enough digits."""
    net = cr.Network([[[1.0]], [[1.0]]], [[0.0], [0.0]], ["relu", "identity"])
    x = np.array([1.4e-8, -5e-5, -4.1e-5, 5.8e-9, 8.2e-5, 1.0])
    y = np.maximum(x, 0) - [-2.1e-6, -5.6e-7, -5e-6, -2.9e-6, 9.8e-6, -7e-6]
    verdict = cr.verify(net, x[:, None], y[:, None], l2=l2, penalize_biases=True)
    assert not verdict.wrong, str(verdict)
    assert verdict.kinks == 1
    assert verdict
