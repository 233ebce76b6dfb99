"""Each cost on each of its outputs: value and slopes against the form; targets it cannot take; a user's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from networks import COSTS, LEGAL, make_problem

import chainrule as cr
from chainrule.activations import named as activation
from chainrule.activations import odot
from chainrule.costs import NAMED, as_cost, named
from chainrule.dual import DUALS, Dual
from chainrule.elementary import ARRAYS
from chainrule.problem import Problem
from chainrule.verification.agreement import check_network
from chainrule.verification.leeway import leeway


def by_duals(pair, q: np.ndarray, y: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """The derivative of the form by what it reads, a direction at a time."""
    columns = []
    for j in range(q.shape[1]):
        seed = np.zeros_like(q)
        seed[:, j] = 1
        columns.append(pair.form(Dual(q, seed), y, DUALS).slope[:, 0])
    return np.stack(columns, axis=1)


@pytest.mark.parametrize(("output", "cost"), LEGAL)
def test_value_and_slopes_are_those_of_the_form(output: str, cost: str) -> None:
    """The rows of the table against dual numbers: C, ∇_a C, and δ^L both by the short way and by BP1 (S2.7, S3.14)."""
    p = make_problem([3, 4], [], output, cost, batch=6, seed=3)
    pair, sigma = p.cost.on(p.network.output), p.network.output
    trace = cr.forward(p.network, p.x)
    z, a = trace.z[1], trace.a[1]
    q = z if pair.of == "z" else a
    assert pair.value(q, p.y) == pytest.approx(pair.form(q, p.y, ARRAYS).reshape(6), rel=1e-12, abs=1e-13)
    derivative = by_duals(pair, q, p.y)
    if pair.of == "a":
        assert pair.slope(a, p.y) == pytest.approx(derivative, rel=1e-10, abs=1e-12)
    else:
        assert pair.delta is not None
        assert pair.delta(z, p.y) == pytest.approx(derivative, rel=1e-10, abs=1e-12)
        assert odot(pair.slope(a, p.y), sigma.slope(z)) == pytest.approx(derivative, rel=1e-9, abs=1e-11)  # BP1 agrees


@pytest.mark.parametrize(("output", "cost"), LEGAL)
def test_float32_stays_float32(output: str, cost: str) -> None:
    p = make_problem([3, 4], [], output, cost, dtype="float32")
    assert cr.cost(p.network, p.x, p.y, p.cost).dtype == np.float32
    assert cr.cost(p.network, p.x, p.y, p.cost, reduction="none").dtype == np.float32
    assert {d.dtype for d in cr.backward(cr.forward(p.network, p.x), p.y, p.cost).delta} == {np.dtype("float32")}
    assert {g.dtype for g in cr.gradient(p.network, p.x, p.y, p.cost).arrays()} == {np.dtype("float32")}


def test_values_of_each_cost_by_hand() -> None:
    """S0.2, S2.6, S3.14."""
    y = np.array([[0.0, 1.0, 0.0]])
    z = np.array([[1.0, 2.0, 1.5]])
    identity, softmax = activation("identity"), activation("softmax")
    assert named("squared_error").on(identity).value(z, y)[0] == pytest.approx(1 + 1 + 2.25)
    assert named("quadratic").on(identity).value(z, y)[0] == pytest.approx((1 + 1 + 2.25) / 2)
    assert named("huber", threshold=1.2).on(identity).value(z, y)[0] == pytest.approx(0.5 + 0.5 + 1.2 * (1.5 - 0.6))
    assert named("multiclass_hinge").on(identity).value(z, y)[0] == pytest.approx(0 + 0.5)
    p = np.exp(z) / np.exp(z).sum()
    for output in (softmax, identity):
        assert named("cross_entropy").on(output).value(z, y)[0] == pytest.approx(-math.log(p[0, 1]))
    s = 1 / (1 + np.exp(-z))
    both = -(y * np.log(s) + (1 - y) * np.log(1 - s)).sum()
    assert named("binary_cross_entropy").on(identity).value(z, y)[0] == pytest.approx(both)


def test_a_saturated_softmax_loses_neither_its_cost_nor_its_error() -> None:
    """a^L = (1, 0) to the last bit: −log a would be infinite, and a − y from a is still right."""
    net = cr.Network([[[800.0], [-800.0]]], None, ["softmax"])
    assert cr.cost(net, [1.0], [0.0, 1.0], "cross_entropy") == pytest.approx(1600.0)
    assert cr.backward(cr.forward(net, [1.0]), [0.0, 1.0], "cross_entropy").delta[1].tolist() == [1.0, -1.0]
    logistic = cr.Network([[[-800.0]]], None, ["sigmoid"])
    assert cr.cost(logistic, [1.0], [1.0], "binary_cross_entropy") == pytest.approx(800.0)


@pytest.mark.parametrize(
    ("output", "cost"),
    [(o, "cross_entropy") for o in ("sigmoid", "relu", "tanh")]
    + [(o, "binary_cross_entropy") for o in ("softmax", "tanh")]
    + [(o, "multiclass_hinge") for o in ("softmax", "sigmoid", "relu")],
)
def test_an_illegal_pair_of_output_and_cost_is_an_error_that_names_the_legal_ones(output: str, cost: str) -> None:
    net = cr.Network.random([2, 3], output=output)
    with pytest.raises(
        cr.PairError, match=rf"the cost {cost} needs an output of .* last layer is {output}: build it with"
    ):
        cr.gradient(net, [[0.1, 0.2]], [[1.0, 0.0, 0.0]], cost)


@pytest.mark.parametrize(
    ("cost", "y", "message"),
    [
        ("cross_entropy", [[0.5, 0.6, 0.0]], "each row must sum to 1"),
        ("cross_entropy", [[2.0, -1.0, 0.0]], "0 ≤ y ≤ 1"),
        ("multiclass_hinge", [[0.5, 0.5, 0.0]], "one 1 and else 0"),
        ("binary_cross_entropy", [[0.0, 1.5, 0.0]], "0 ≤ y ≤ 1"),
        ("quadratic", [[0.0, math.nan, 0.0]], "finite numbers are needed"),
        ("quadratic", [[0.0, math.inf, 0.0]], "finite numbers are needed"),
    ],
)
def test_targets_a_cost_is_not_defined_for_are_refused_with_their_row(
    cost: str, y: list[list[float]], message: str
) -> None:
    net = cr.Network.random([2, 3])
    with pytest.raises(cr.DataError, match=rf"row 1 .*{message}"):
        cr.cost(net, [[0.1, 0.2]] * 2, [[1.0, 0.0, 0.0], *y], cost)


def test_values_of_the_costs_of_regression_by_hand() -> None:
    """S2.7, S3.14."""
    y, a = np.array([[0.0, 3.0, 1.0]]), np.array([[0.5, 1.0, 1.0]])
    assert named("absolute_error").on(activation("tanh")).value(a, y)[0] == 2.5
    assert named("absolute_error").on(activation("tanh")).slope(a, y).tolist() == [[1.0, -1.0, 0.0]]
    log_cosh = math.log(math.cosh(0.5)) + math.log(math.cosh(2.0))
    assert named("log_cosh").on(activation("identity")).value(a, y)[0] == pytest.approx(log_cosh, rel=1e-15)
    poisson = a.sum() - 3 * math.log(1.0) - math.log(1.0)
    assert named("poisson").on(activation("exponential")).value(np.log(a), y)[0] == pytest.approx(poisson, rel=1e-15)


@pytest.mark.parametrize("e", [1e-12, 1e-5, 0.99, 1.01, 30.0, 1e5, -1e-9, -700.0])
def test_log_cosh_keeps_its_digits_near_0_and_far_from_it(e: float) -> None:
    right = e * e / 2 if abs(e) < 1e-4 else abs(e) + math.log1p(math.exp(-2 * abs(e))) - math.log(2)
    for dtype, digits in (("float64", 1e-9), ("float32", 1e-5)):
        found = named("log_cosh").on(activation("identity")).value(np.array([[e]], dtype), np.zeros((1, 1), dtype))
        assert found.tolist() == pytest.approx([right], rel=digits)


def test_a_poisson_cost_is_least_where_the_output_is_the_mean_of_the_counts() -> None:
    """A bias alone, by 200 steps of the delta rule: it comes to the logarithm of the mean."""
    counts = np.array([[0.0], [1.0], [4.0], [2.0], [8.0]])
    network = cr.Network([[[0.0]]], [[0.0]], "exponential", cost="poisson")
    run = cr.train(network, np.zeros((5, 1)), counts, rule=cr.delta_rule(0.1), epochs=200, batch_size=5)
    assert run.network.biases[1].tolist() == pytest.approx([math.log(3)], rel=1e-6)
    assert cr.predict(run.network, [[0.0]]).tolist() == [pytest.approx([3.0], rel=1e-6)]


def test_counts_below_0_are_refused_with_their_row() -> None:
    network = cr.Network.random([2, 3], output="exponential")
    with pytest.raises(cr.DataError, match=r"row 1 of the targets is \(0, -1, 0\): the cost poisson needs y ≥ 0"):
        cr.cost(network, [[0.1, 0.2]] * 2, [[1.0, 0.0, 7.0], [0.0, -1.0, 0.0]], "poisson")


@pytest.mark.parametrize("output", ["identity", "softmax", "exponential", "relu"])
def test_at_the_kink_of_an_absolute_error_any_slope_between_the_two_sides_is_right(output: str) -> None:
    """S3.4: an output that is its target, to the digit."""
    x = np.array([[0.5, -1.0]])
    network = cr.Network.random([2, 3], output=output, seed=1, dtype="float64").with_cost("absolute_error")
    y = np.array(cr.forward(network, x).a[1])
    y[0, 0] += 0.25
    right = cr.gradient(network, x, y).flat()
    verdict = cr.verify(network, x, y)
    assert not verdict.wrong, str(verdict)
    assert verdict.kinks
    slope = network.output.slope(cr.forward(network, x).z[1])[0]
    for share in (0.999, -0.999):  # of the second output's error, whose slope is anything from −1 to 1
        delta = share * (slope[1] if slope.ndim == 2 else slope * [0, 1, 0])
        given = right + np.concatenate([np.outer(delta, x[0]).ravel(), delta])
        assert check_network(network, network.parameters.like(given), x, y, "absolute_error")
        opened = leeway(Problem.of(network, x, y, "absolute_error")).open
        assert (given >= opened.base + opened.low - 1e-12).all()
        assert (given <= opened.base + opened.high + 1e-12).all()
        assert np.abs(right - opened.base).max() < 1e-12
    assert check_network(network, network.parameters.like(right + 0.5), x, y, "absolute_error").mark == "✗"


def test_names_mean_defaults_and_objects_carry_settings() -> None:
    assert as_cost("huber").settings["threshold"] == 1.0
    assert repr(cr.huber(2.0)) == "huber(threshold=2.0)"
    assert as_cost("quadratic").name == "quadratic"
    assert cr.squared_error(half=True).name == "quadratic"
    with pytest.raises(cr.UnknownNameError, match="did you mean 'cross_entropy'"):
        as_cost("crossentrpy")
    with pytest.raises(cr.SettingError, match="finite threshold > 0"):
        cr.huber(-1)


def test_a_users_own_cost_gets_its_slope_from_its_form() -> None:
    """S2.7: any cost for which ∂C/∂a is known; here it is made known by dual numbers."""
    mine = cr.own_cost(lambda a, y, m: m.sum((a - y) ** 2) / 2, "mine")
    p = make_problem([3, 4, 2], ["tanh"], "softmax", "quadratic")
    ours, theirs = (cr.gradient(p.network, p.x, p.y, cost) for cost in (mine, "quadratic"))
    assert ours.flat() == pytest.approx(theirs.flat(), rel=1e-12)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (lambda a, y, m: (a - y) ** 2, r"one number per example: for a of shape \(2, 3\) it gave \(2, 3\)"),
        (lambda a, y, m: a.nothing, r"fails on arrays of shape \(2, 3\), .*: AttributeError"),
        (lambda a: a, r"a form takes \(a, y\) or \(a, y, m\)"),
    ],
)
def test_a_cost_that_cannot_be_used_is_refused(form, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(cr.FormError, match=message):
        cr.own_cost(form, "bad")


def test_every_named_cost_is_in_the_tests() -> None:
    assert set(NAMED) <= set(COSTS)


def test_a_form_that_loses_its_slope_is_refused_and_one_in_numpy_keeps_it() -> None:
    """A cost whose value is right and whose gradient is silently zero would never train."""
    net, x, y = (
        cr.Network.random([2, 3], dtype="float64"),
        [[0.1, 0.2], [2.0, -3.0]],
        [[1.0, 0.0, 0.0], [0.0, 0.0, 4.0]],
    )
    pieces = cr.own_cost(
        lambda a, y: np.sum(np.where(np.abs(a - y) < 1, (a - y) ** 2 / 2, np.abs(a - y) - 0.5), axis=1)
    )
    assert cr.gradient(net, x, y, pieces).flat() == pytest.approx(cr.gradient(net, x, y, "huber").flat(), rel=1e-12)
    for lost in (
        lambda a, y, m: np.asarray([float(np.sum(getattr(row, "value", row))) for row in a]),
        lambda a, y: 1.0,
    ):
        with pytest.raises(cr.FormError):
            cr.own_cost(lost, "lost")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_error_of_a_saturated_output_keeps_its_digits(dtype: str) -> None:
    """δ = p − y where p is 1 − 1e-8 or 1 − 1e-14: the naive difference keeps none in float32, two in float64."""
    z = 18.0 if dtype == "float32" else 32.4
    logistic = cr.Network([np.array([[z]], dtype)], None, "sigmoid")
    true = -math.exp(-z) / (1 + math.exp(-z))
    assert float(cr.gradient(logistic, [1.0], [1.0], "binary_cross_entropy").flat()[0]) == pytest.approx(true, rel=1e-5)
    net = cr.Network([np.array([[z], [0.0]], dtype)], None, "softmax")
    delta = cr.backward(cr.forward(net, [1.0]), [1.0, 0.0], "cross_entropy").delta[1]
    assert delta.tolist() == pytest.approx([true, -true], rel=1e-5)
    assert float(cr.cost(net, [1.0], [1.0, 0.0], "cross_entropy")) == pytest.approx(math.log1p(math.exp(-z)), rel=1e-5)


def test_soft_targets_that_miss_1_by_rounding_have_the_gradient_of_their_own_cost() -> None:
    net, y = cr.Network([[[0.3], [-1.0]]], None, "softmax"), np.array([[0.50004, 0.5]])
    z = np.array([[0.3, -1.0]])
    p = np.exp(z) / np.exp(z).sum()
    assert cr.backward(cr.forward(net, [[1.0]]), y, "cross_entropy").delta[1] == pytest.approx(
        y.sum() * p - y, rel=1e-12
    )
