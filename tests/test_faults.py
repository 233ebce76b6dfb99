"""Planted faults: each is caught, its cause is named, and hardly ever is another named with it (issue: Shows 2)."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.agreement import check_network
from chainrule.verification.causes import causes
from chainrule.verification.faults import FAULTS, named
from chainrule.verification.steps import RIGHT, run
from chainrule.verification.verdict import YOURS, Verification
from chainrule.verification.verify import verify

FEW_METHODS = ("delta", "sigma")


def problem(output: str = "softmax", hidden: str = "tanh", dtype: str = "float64", batch: int = 7, out: int = 3):  # type: ignore[no-untyped-def]
    """Batch 7, outputs 3, hidden layers of 6 and 5, biases that are not zero: the mistakes differ there."""
    rng = np.random.default_rng(26)
    net = cr.Network.random([4, 6, 5, out], [hidden, "sigmoid"], output, "normal", seed=rng, dtype="float64")
    net = net.with_parameters(net.parameters.map(lambda a: a + 0.3 * rng.standard_normal(a.shape))).astype(dtype)
    return net, rng.standard_normal((batch, 4)), np.eye(out)[rng.integers(0, out, batch)]


def test_there_are_at_least_sixteen_each_said_in_a_line() -> None:
    assert len(FAULTS) >= 16
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert 3 <= len(fault.says.split()) <= 25
        assert fault.change


@pytest.mark.parametrize(
    ("output", "cost"), [("softmax", "quadratic"), ("sigmoid", "binary_cross_entropy"), ("identity", "huber")]
)
def test_without_a_fault_the_steps_are_backpropagation(output: str, cost: str) -> None:
    net, x, y = problem(output)
    assert (run(Problem.of(net, x, y, cost).in_float64(), RIGHT) - cr.gradient(net, x, y, cost)).norm() == 0


def test_every_fault_is_caught_its_cause_named_and_almost_always_alone() -> None:
    """Shows 2: caught, the right one among the named, and alone for at least twelve; here for every one."""
    net, x, y = problem()
    shown = {name: fault for name, fault in FAULTS.items() if name != "relu_mask_missing"}  # there is no relu here
    verdicts: dict[str, Verification] = {
        name: verify(net, x, y, "quadratic", FEW_METHODS, fault.gradient) for name, fault in shown.items()
    }
    alone = 0
    for name, verdict in verdicts.items():
        assert not verdict, name
        assert [row.method for row in verdict.wrong] == [YOURS], name
        (row,) = verdict.wrong
        assert name in row.causes.names, (name, row.causes.names)
        assert f"{name}: {FAULTS[name].says}" in str(verdict)
        alone += row.causes.names == [name]
    assert alone == len(shown)


@pytest.mark.parametrize(
    ("output", "hidden", "cost", "dtype"),
    [
        ("softmax", "tanh", "cross_entropy", "float64"),
        ("sigmoid", "gelu", "quadratic", "float64"),
        ("identity", "relu", "quadratic", "float64"),
        ("identity", "leaky_relu", "multiclass_hinge", "float64"),
        ("softmax", "tanh", "cross_entropy", "float32"),
        ("sigmoid", "softplus", "binary_cross_entropy", "float32"),
    ],
)
def test_on_other_networks_a_fault_is_named_or_says_why_it_cannot_show(
    output: str, hidden: str, cost: str, dtype: str
) -> None:
    net, x, y = problem(output, hidden, dtype)
    shown = alone = 0
    for name, fault in FAULTS.items():
        if fault.refuses(net, x, cost) is not None:
            continue
        wrong = fault.gradient(net, x, y, cost).astype(dtype)
        (row,) = verify(net, x, y, cost, FEW_METHODS, wrong).wrong
        assert row.method == YOURS
        assert name in row.causes.names, (name, row.causes.names)
        shown, alone = shown + 1, alone + (row.causes.names == [name])
    assert shown >= 16
    assert alone >= shown - 2


def test_the_same_number_twice_is_said_with_what_would_tell_it_apart() -> None:
    """Batch 3 and outputs 3: the sum over the one is the sum over the other."""
    net, x, y = problem(batch=3)
    (row,) = verify(net, x, y, "quadratic", FEW_METHODS, FAULTS["sum_for_mean"].gradient).wrong
    assert row.causes.names == ["sum_for_mean", "times_outputs"]
    assert "a batch of 7 rows" in str(row.causes)
    net, x, y = problem(batch=2)
    (row,) = verify(net, x, y, "quadratic", FEW_METHODS, FAULTS["factor_two"].gradient).wrong
    assert row.causes.names == ["factor_two", "sum_for_mean"]


def test_what_is_no_known_mistake_is_said_by_number_or_by_place() -> None:
    net, x, y = problem()
    g = cr.gradient(net, x, y)

    def found(weights, biases):  # type: ignore[no-untyped-def]
        return causes(Parameters(weights, biases), g, Problem.of(net, x, y))

    w, b = list(g.weights), list(g.biases)
    noise = [np.random.default_rng(l).standard_normal(each.shape) * 0.01 for l, each in enumerate(w)]
    assert "5.37" in str(causes(5.37 * g, g, Problem.of(net, x, y)))
    assert causes(0 * g, g, Problem.of(net, x, y)).names == ["zero"]
    assert causes(g / 7, g, Problem.of(net, x, y)).names == ["divided_twice"]
    assert causes(g * np.nan, g, Problem.of(net, x, y)).names == ["not_finite"]
    assert not causes(g, g, Problem.of(net, x, y))
    assert "layer 1 by 1, layer 2 by 4, layer 3 by 1" in str(found([w[0], 4 * w[1], w[2]], [b[0], 4 * b[1], b[2]]))
    assert found(w, [b[0], b[1] + 0.01, b[2]]).names == ["biases_only"]
    assert "only the weights differ, in layer 2" in str(found([w[0], w[1] + noise[1], w[2]], b))
    assert "differs in layer 1 → layers above 1 are right" in str(
        found([w[0] + noise[0], *w[1:]], [b[0] + 0.01, *b[1:]])
    )
    every = found([a + n for a, n in zip(w, noise)], [each + 0.01 for each in b])
    assert "look at the cost and at BP1 first" in str(every)


def test_the_gradient_of_another_cost_is_named() -> None:
    net, x, y = problem("identity")
    right = cr.gradient(net, x, y, "quadratic")
    for other in ("cross_entropy", "binary_cross_entropy", "multiclass_hinge"):
        found = causes(cr.gradient(net, x, y, other), right, Problem.of(net, x, y, "quadratic"))
        assert found.names == ["other_cost"]
        assert f"the gradient of {other}, and the cost is quadratic" in str(found)


def test_check_network_names_the_cause_from_differences_alone() -> None:
    net, x, y = problem()
    verdict = check_network(net, FAULTS["transpose"].gradient(net, x, y, "quadratic"), x, y, "quadratic")
    assert "likely cause: transpose" in str(verdict)
    part = check_network(net, 3 * cr.gradient(net, x, y, "quadratic"), x, y, "quadratic", most=20)
    assert "every entry is 3 × the difference" in str(part)


def test_an_unknown_fault_lists_the_known() -> None:
    with pytest.raises(cr.UnknownNameError, match="did you mean 'transpose'"):
        named("transposed")
