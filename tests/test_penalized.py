"""The gradient of C + l1 Σ|w| + ½ l2 Σ w² by every method, and what is said of one that leaves the penalty out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.regularization import Penalty
from chainrule.verification import penalized
from chainrule.verification.differences import Difference, derivative

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((5, 2)), np.eye(3)[[0, 1, 2, 1, 1]]
NET = cr.Network.random([2, 4, 3], "tanh", "softmax", seed=1, dtype="float64")
NET = NET.with_parameters(NET.parameters.map(lambda array: array + 0.3))


def total(l1: float, l2: float, biases: bool = False, divide: float = 1.0) -> cr.Parameters:
    """The gradient of the cost and the penalty, by loops of ours."""
    g = cr.gradient(NET, X, Y)

    def added(slope: np.ndarray, w: np.ndarray) -> np.ndarray:
        return (
            slope
            + np.array([(l1 if v > 0 else -l1 if v < 0 else 0) + l2 * v for v in w.ravel()]).reshape(w.shape) / divide
        )

    ws = [added(slope, w) for slope, w in zip(g.weights, NET.weights)]
    bs = [added(slope, b) if biases else slope for slope, b in zip(g.biases, NET.biases)]
    return cr.Parameters(ws, bs)


@pytest.mark.parametrize("settings", [{"l2": 0.1}, {"l1": 0.05}, {"l1": 0.05, "l2": 0.1, "penalize_biases": True}])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_method_gives_the_gradient_with_the_penalty(settings: dict[str, Any], dtype: str) -> None:
    mine = total(settings.get("l1", 0.0), settings.get("l2", 0.0), "penalize_biases" in settings)
    found = cr.verify(NET.astype(dtype), X, Y, gradient=mine.astype(dtype), **settings)
    assert found, str(found)
    skipped = {row.method: row.refused for row in found.rows if row.refused}
    assert set(skipped) == {"symbolic"} | ({"complex_step"} if "l1" in settings else set())
    if "l1" in settings:
        assert "absolute" in skipped["complex_step"]
    assert {row.method for row in found.went} >= {"delta", "circuit", "forward_mode", "differences", "yours"}
    omega = Penalty(settings.get("l1", 0.0), settings.get("l2", 0.0), biases="penalize_biases" in settings)
    assert f"+ {omega} = " in found.about
    assert float(found.about.rpartition("= ")[2]) == pytest.approx(
        cr.cost(NET, X, Y) + omega.value(NET.parameters), rel=1e-5
    )


def test_without_a_penalty_nothing_changes() -> None:
    assert str(cr.verify(NET, X, Y, l2=0.0)) == str(cr.verify(NET, X, Y))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: cr.gradient(NET, X, Y), "0.1 × the weights is subtracted: the gradient of an L2 penalty"),
        (lambda: total(0.0, 0.2), "0.1 × the weights is added"),
        (lambda: total(0.0, 0.1, divide=len(X)), "× the weights is subtracted"),
    ],
)
def test_a_gradient_with_another_penalty_is_wrong_and_the_cause_is_named(wrong: Any, said: str) -> None:
    found = cr.verify(NET, X, Y, l2=0.1, gradient=wrong())
    assert not found
    assert [row.method for row in found.wrong] == ["yours"]
    assert said in str(found)


def test_a_mistake_in_the_network_is_still_named_beside_a_penalty() -> None:
    g = total(0.0, 0.1)
    slopes = cr.gradient(NET, X, Y)
    doubled = cr.Parameters([g.weights[1] + slopes.weights[1], g.weights[2] + slopes.weights[2]],
                            [g.biases[1] + slopes.biases[1], g.biases[2] + slopes.biases[2]])  # fmt: skip
    said = str(cr.verify(NET, X, Y, l2=0.1, gradient=doubled))
    assert "factor" in said
    assert "2" in said.partition("likely cause")[2]


def test_at_a_weight_of_0_every_slope_between_is_right_and_none_beyond() -> None:
    start = NET.with_value("w/1/0/0", 0.0)
    right = total(0.05, 0.0)
    at = cr.gradient(start, X, Y)
    flat = at.flat() + Penalty(0.05).slope(start.parameters.flat()) * Penalty(0.05).entries(start.parameters)
    for moved, holds in ((0.0, True), (0.04, True), (-0.05, True), (0.06, False)):
        mine = flat.copy()
        mine[0] += moved
        found = cr.verify(start, X, Y, l1=0.05, gradient=right.like(mine))
        assert bool(found) is holds, (moved, str(found))
    assert "1 of 27 entries at a kink" in str(cr.verify(start, X, Y, l1=0.05))


def twice(f: Any, at: float) -> Difference:
    one = derivative(f, at)
    return penalized._added(one, one)


@pytest.mark.parametrize("method", ["delta", "circuit", "forward_mode", "differences", "complex_step"])
def test_a_wrong_slope_of_one_method_is_found(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if method == "differences":
        monkeypatch.setattr(penalized, "derivative", twice)
    else:
        right = penalized.SLOPES.get(method, penalized._by_dual_numbers)
        monkeypatch.setitem(penalized.SLOPES, method, lambda penalty, w: 2 * right(penalty, w))
    found = cr.verify(NET, X, Y, l2=0.1)
    assert [row.method for row in found.wrong] == [method]


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(cr.SettingError, match="l2 is a finite number ≥ 0"):
        cr.verify(NET, X, Y, l2=-1.0)


def test_the_penalized_cost_is_checked_by_check_gradient_too() -> None:
    penalty = Penalty(0.05, 0.1)

    def value(theta: np.ndarray) -> float:
        net = NET.with_parameters(NET.parameters.like(theta))
        return cr.cost(net, X, Y) + penalty.value(net.parameters)

    assert cr.check_gradient(value, lambda theta: total(0.05, 0.1).flat(), NET.parameters.flat())
    assert not cr.check_gradient(value, lambda theta: total(0.05, 0.2).flat(), NET.parameters.flat())
