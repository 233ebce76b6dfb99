"""check_gradient: any pair of value and gradient, compared; and the differences it is made of."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.verification.differences import derivative

AT = np.array([0.3, -1.2, 2.0])


def value(theta: np.ndarray) -> float:
    return float(np.sum(np.sin(theta) * theta))


def slope(theta: np.ndarray) -> np.ndarray:
    return np.sin(theta) + theta * np.cos(theta)


def test_a_right_gradient_holds_and_a_wrong_one_shows_its_worst_entry() -> None:
    verdict = cr.check_gradient(value, slope, AT)
    assert verdict
    assert verdict.distance < 1e-10
    assert "over all 3 derivatives ✓" in str(verdict)
    wrong = cr.check_gradient(value, lambda t: slope(t) + np.array([0, 0, 0.1]), AT)
    assert not wrong
    assert wrong.worst == "entry 2"
    assert "the gradient says" in str(wrong)
    assert "differences say" in str(wrong)


def test_it_checks_a_network_as_a_flat_vector() -> None:
    net, x, y = cr.Network.random([3, 4, 2], "tanh", dtype="float64"), np.ones((2, 3)), np.zeros((2, 2))
    like = net.parameters.like
    assert cr.check_gradient(
        lambda t: cr.cost(net.with_parameters(like(t)), x, y),
        lambda t: cr.gradient(net.with_parameters(like(t)), x, y).flat(),
        net.parameters.flat(),
    )


def test_a_share_of_the_entries_may_be_drawn() -> None:
    verdict = cr.check_gradient(value, slope, np.linspace(-2, 2, 50), most=7)
    assert verdict.checked == 7
    assert "over 7 of 50 derivatives" in str(verdict)


def test_the_functions_cannot_disturb_each_other() -> None:
    def careless(theta: np.ndarray) -> np.ndarray:
        result = slope(theta)
        theta[:] = 99
        return result

    at = AT.copy()
    assert cr.check_gradient(value, careless, at)
    assert at.tolist() == AT.tolist()


@pytest.mark.parametrize(
    ("v", "g", "at", "error", "message"),
    [
        (value, lambda t: slope(t)[:2], AT, cr.ShapeError, r"the gradient has the shape \(2,\), and `at` has \(3,\)"),
        (lambda t: t, slope, AT, cr.ShapeError, "the value is one number"),
        (value, slope, AT.reshape(1, 3), cr.ShapeError, r"one flat vector .* at\.ravel\(\)"),
        (value, slope, [], cr.ShapeError, "one flat vector"),
        (value, slope, [math.nan], cr.DataError, "NaN or infinities"),
    ],
)
def test_what_does_not_fit_is_said(v, g, at, error, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        cr.check_gradient(v, g, at)


def test_a_gradient_that_is_not_finite_never_holds() -> None:
    assert not cr.check_gradient(value, lambda t: slope(t) * np.nan, AT)


@pytest.mark.parametrize(
    ("f", "at", "true"),
    [
        (math.exp, 1.0, math.e),
        (lambda t: t**3, 2.0, 12.0),
        (lambda t: 1e-9 * math.sin(1e3 * t), 0.4, 1e-6 * math.cos(400.0)),
        (lambda t: math.tanh(200 * t), 0.001, 200 / math.cosh(0.2) ** 2),
        (lambda t: 1e6 + t, 3.0, 1.0),
        (lambda t: max(t, 0.0), 1e-5, 1.0),
        (lambda t: 7.0, 1.0, 0.0),
    ],
)
def test_the_error_bar_holds_the_true_derivative(f, at: float, true: float) -> None:  # type: ignore[no-untyped-def]
    found = derivative(f, at)
    assert abs(found.value - true) <= found.error
    assert found.error <= 1e-4 * abs(true) + 1e-3 * abs(f(at)) * 1e-6 + 1e-12
    assert not found.kink


def test_a_kink_is_told_from_a_strong_curve() -> None:
    """S3.4: one-sided slopes 0 and 1 at a kink; a sharply curved smooth function has none."""
    kink = derivative(lambda t: max(t, 0.0), 0.0)
    assert kink.kink
    assert (round(kink.left, 9), round(kink.right, 9)) == (0.0, 1.0)
    assert kink.holds(0.0)
    assert kink.holds(1.0)
    assert not kink.holds(1.1)
    assert not derivative(lambda t: math.exp(30 * t), 0.0).kink
    assert not derivative(lambda t: t * t, 0.0).kink


@pytest.mark.parametrize(
    ("v", "g"),
    [
        (lambda t: 1e200 * float(t @ t) * 1e150, lambda t: 5e200 * t),
        (lambda t: 1e-180 * float(t @ t), lambda t: 0 * t),
        (lambda t: 1e6 * t[0] + float(t[1:] @ t[1:]), lambda t: np.concatenate([[1e6], 0 * t[1:]])),
    ],
)
def test_neither_overflow_nor_underflow_nor_one_great_entry_hides_a_wrong_one(v, g) -> None:  # type: ignore[no-untyped-def]
    with np.errstate(over="ignore"):
        assert not cr.check_gradient(v, g, AT)


def test_tiny_and_huge_gradients_that_are_right_hold() -> None:
    for factor in (1e-180, 1e180):
        assert cr.check_gradient(lambda t, f=factor: f * float(t @ t), lambda t, f=factor: 2 * f * t, AT)


def test_what_is_no_function_is_said() -> None:
    with pytest.raises(cr.SettingError, match="takes two functions"):
        cr.check_gradient(value, slope(AT), AT)  # type: ignore[arg-type]
    with pytest.raises(cr.SettingError, match="most=0"):
        cr.check_gradient(value, slope, AT, most=0)


def test_where_differences_cannot_tell_nothing_is_called_right() -> None:
    for v, g in ((lambda t: 1e16 + float(t @ t), lambda t: 7 * t), (lambda t: 1e16 + float(t @ t), lambda t: 2 * t)):
        verdict = cr.check_gradient(v, g, AT)
        assert not verdict
        assert "differences cannot tell" in str(verdict)
    with pytest.raises(cr.DataError, match="real number"):
        cr.check_gradient(lambda t: None, slope, AT)
    with pytest.raises(cr.DataError, match="real numbers, got complex"):
        cr.check_gradient(value, lambda t: slope(t) * 1j, AT)


def test_a_value_in_float32_gets_steps_that_it_can_feel() -> None:
    rng = np.random.default_rng(0)
    x, y, w = (rng.standard_normal(n).astype("f4") for n in ((50, 10), 50, 10))
    value = lambda t: ((np.tanh(x @ t.astype("f4")) - y) ** 2).mean()

    def right(t: np.ndarray) -> np.ndarray:
        h = np.tanh(x.astype(float) @ t)
        return 2 * x.astype(float).T @ ((h - y) * (1 - h * h)) / 50

    assert cr.check_gradient(value, right, w)
    assert not cr.check_gradient(value, lambda t: 1.3 * right(t), w)


@pytest.mark.parametrize("log", [np.log, lambda t: np.array([math.log(v) for v in t])])
def test_a_step_that_leaves_the_domain_is_made_smaller(log) -> None:  # type: ignore[no-untyped-def]
    assert cr.check_gradient(lambda t: float(log(t).sum()), lambda t: 1 / t, [1.0, 0.003])
    assert not cr.check_gradient(lambda t: float(log(t).sum()), lambda t: 2 / t, [1.0, 0.003])


def test_entries_that_rounding_hides_are_counted() -> None:
    value, wrong = lambda t: float(1e9 * t[0] + t[1] * t[2]), lambda t: np.array([1e9, -t[2] * 1e-3, t[1] * 1e-3])
    found = cr.check_gradient(value, wrong, [1.0, 2e-3, 3e-3])
    assert found.untold == 2
    assert "2 hidden by rounding" in str(found)


@pytest.mark.parametrize("at", ["abc", [[1, 2], [3]], [1 + 2j, 2]])
def test_a_point_that_is_no_vector_of_numbers_is_refused(at: object) -> None:
    with pytest.raises(cr.DataError, match="`at` is"):
        cr.check_gradient(lambda t: 0.0, lambda t: t, at)
