"""check_gradient: any pair of value and gradient, compared; and the differences it is made of."""

from __future__ import annotations

import math

import numpy as np
import pytest
from networks import PROOF

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
    with pytest.raises(cr.SettingError, match=r"takes two functions .* got a function and ndarray$"):
        cr.check_gradient(value, slope(AT), AT)  # type: ignore[arg-type]
    network = cr.Network.random([2, 2, 1])
    with pytest.raises(cr.SettingError, match=r"got Network and list; .* of a network .* cr\.verify\(network, x, y\)"):
        cr.check_gradient(network, [1, 2], [1])
    with pytest.raises(cr.SettingError, match="most=0"):
        cr.check_gradient(value, slope, AT, most=0)


def test_where_differences_cannot_tell_nothing_is_called_right() -> None:
    for v, g in ((lambda t: 1e16 + float(t @ t), lambda t: 7 * t), (lambda t: 1e16 + float(t @ t), lambda t: 2 * t)):
        verdict = cr.check_gradient(v, g, AT)
        assert not verdict
        assert "cannot tell: the value is only good to ± " in str(verdict)
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


# how exact the value is ----------------------------------------------------------------------------------------------
def networks_in_float32(count: int):  # type: ignore[no-untyped-def]
    """(loss, gradient, θ) of small networks that compute in float32 whatever they are given."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        net = cr.Network.random([3, 5, 2], ["tanh", "relu", "sigmoid", "gelu"][seed % 4], "identity", seed=seed)
        x, y, like = rng.standard_normal((6, 3)), rng.standard_normal((6, 2)), net.parameters.like

        def at(theta: np.ndarray, net: cr.Network = net, like=like) -> cr.Network:  # type: ignore[no-untyped-def]
            return net.with_parameters(like(theta.astype(np.float32)))

        loss = lambda t, at=at, x=x, y=y: cr.cost(at(t), x, y, "quadratic")
        gradient = lambda t, at=at, x=x, y=y: cr.gradient(at(t), x, y, "quadratic").flat()
        yield loss, gradient, net.parameters.flat()


@pytest.mark.parametrize("kind", [float, np.float32, lambda loss: round(float(loss), 6)])
def test_a_value_from_float32_is_as_exact_as_it_shows_itself(kind) -> None:  # type: ignore[no-untyped-def]
    """A Python float as PyTorch's `.item()` gives it says nothing of its precision: it is measured."""
    for loss, gradient, at in networks_in_float32(8 if PROOF else 2):
        value = lambda t, loss=loss: kind(loss(t))
        assert cr.check_gradient(value, gradient, at).mark == "✓"
        assert cr.check_gradient(value, lambda t, g=gradient: g(t).astype(float), at).mark == "✓"
        assert cr.check_gradient(value, lambda t, g=gradient: 1.05 * g(t), at).mark == "✗"
        largest = int(np.argmax(np.abs(gradient(at))))
        one = lambda t, g=gradient, k=largest: g(t) * np.where(np.arange(len(t)) == k, 1.05, 1).astype("f4")
        assert cr.check_gradient(value, one, at).worst == f"entry {largest}"


def test_where_the_value_is_not_exact_enough_that_is_said() -> None:
    """Slopes of 1e-7 beside a float32 value of 1: neither the right nor the wrong gradient is called wrong, or right."""
    value = lambda t: float(np.float32(1 + 1e-7 * float(t @ t)))
    for factor in (2e-7, 4e-7):
        verdict = cr.check_gradient(value, lambda t, f=factor: f * t, AT)
        assert verdict.mark == "?"
        assert "cannot tell: the value is only good to ± 6e−8" in str(verdict)


def test_two_zeros_are_no_agreement() -> None:
    for value in (lambda t: 0.7, lambda t: float(np.float32(0.7 + 1e-12 * float(t @ t)))):
        verdict = cr.check_gradient(value, lambda t: 0 * t, AT)
        assert verdict.mark == "?"
        assert "the value does not change at all" in str(verdict)
    assert cr.check_gradient(lambda t: float(t @ t), lambda t: 2 * t, [0.0, 0.0])  # it does change here


def test_steps_stay_where_the_value_is_defined() -> None:
    for at in (1e-9, 1e-3, 1.0, 1e6):
        assert cr.check_gradient(lambda t: float(np.sqrt(t).sum()), lambda t: 0.5 / np.sqrt(t), [at, 2 * at])
        assert not cr.check_gradient(lambda t: float(np.sqrt(t).sum()), lambda t: 0.51 / np.sqrt(t), [at, 2 * at])
    beside = cr.check_gradient(lambda t: math.nan if t[0] != 1 else 3.0, lambda t: t, [1.0])
    assert beside.mark == "?"
    assert "NaN or infinite" in str(beside)


# causes --------------------------------------------------------------------------------------------------------------
QUADRATIC = np.diag([1.0, 2.0, 3.0, 4.0, 5.0]) + 0.3


def cause_of(wrong) -> str:  # type: ignore[no-untyped-def]
    """What is said of a changed gradient of ½ θᵀ A θ."""
    at = [0.5, -1.2, 2.0, 0.7, -0.4]
    verdict = cr.check_gradient(lambda t: float(t @ QUADRATIC @ t) / 2, lambda t: wrong(QUADRATIC @ t, t), at)
    assert verdict.mark == "✗"
    return verdict.cause


@pytest.mark.parametrize("huge", [1e154, 1e155, 1e200, 1e308, -1e308])
def test_one_huge_entry_is_no_factor(huge: float) -> None:
    assert cause_of(lambda g, t: np.where(np.arange(5) == 3, huge, g)) == "likely cause: only entry 3 differs"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda g, t: g - 0.01 * t, "it lacks 0.01 θ: the gradient of an L2 penalty that the value has?"),
        (lambda g, t: g + 0.01 * t, "it has 0.01 θ too much: is an L2 penalty counted twice"),
        (lambda g, t: g + 0.01 * t * [1, 1, 1, 0, 0], "it has 0.01 θ too much"),
        (lambda g, t: g[[2, 0, 1, 3, 4]], "the same numbers in another order"),
        (lambda g, t: 1.00001 * g, "every entry is 1.00001 × the difference"),
        (lambda g, t: -2 * g, "every entry is −2 × the difference: the sign is turned and a sum where"),
    ],
)
def test_causes_are_read_from_the_numbers(wrong, said: str) -> None:  # type: ignore[no-untyped-def]
    assert said in cause_of(wrong)


def test_a_network_packed_in_another_order_is_recognised() -> None:
    """W1, W2, b1, b2 for W1, b1, W2, b2; W1 transposed: 20 of 20 each in `make proof`."""
    for seed in range(20 if PROOF else 5):
        net = cr.Network.random([3, 4, 2], "tanh", seed=seed, dtype="float64")
        rng = np.random.default_rng(seed)
        x, y, like = rng.standard_normal((5, 3)), rng.standard_normal((5, 2)), net.parameters.like
        value = lambda t, net=net, x=x, y=y, like=like: cr.cost(net.with_parameters(like(t)), x, y, "quadratic")
        g = cr.gradient(net, x, y, "quadratic")
        packed = np.concatenate([g.weights[1].ravel(), g.weights[2].ravel(), g.biases[1], g.biases[2]])
        turned = np.concatenate([g.weights[1].T.ravel(), g.biases[1], g.weights[2].ravel(), g.biases[2]])
        for wrong in (packed, turned):
            verdict = cr.check_gradient(value, lambda t, wrong=wrong: wrong, net.parameters.flat())
            assert verdict.mark == "✗"
            assert "the same numbers in another order" in verdict.cause


def test_right_numbers_from_float32_in_a_float64_gradient_are_named() -> None:
    for loss, gradient, at in networks_in_float32(8):
        exact = lambda t, g=gradient: g(t).astype(float) + 1e-30  # no longer numbers of float32
        fine = lambda t, loss=loss: float(loss(t))
        assert cr.check_gradient(fine, exact, at)  # the value is no better itself
    theta = np.linspace(0.3, 2, 9)
    rounded = lambda t: slope(t) * (1 + 5e-6 * np.sin(np.arange(9) + 1))
    verdict = cr.check_gradient(value, rounded, theta)
    assert verdict.mark == "?"
    assert "it differs by no more than float32 rounding does" in str(verdict)
    assert cr.check_gradient(
        value, lambda t: slope(t.astype("f4")).astype(float), theta
    )  # numbers of float32: judged so
    one_off = lambda t: rounded(t) * np.where(np.arange(9) == 4, 1.001, 1)
    assert cr.check_gradient(value, one_off, theta).worst == "entry 4"


# tensors -------------------------------------------------------------------------------------------------------------
class Tensor:
    """What check_gradient needs of a tensor, without PyTorch (test_torch.py has the real ones)."""

    def __init__(self, numbers: object, attached: bool = True) -> None:
        self.numbers, self.attached = np.array(numbers), attached
        self.ndim = self.numbers.ndim

    def detach(self) -> Tensor:
        return Tensor(self.numbers, attached=False)

    def cpu(self) -> Tensor:
        return self

    def new_tensor(self, numbers: np.ndarray) -> Tensor:
        return Tensor(numbers.astype(self.numbers.dtype))

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        if self.attached:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self.numbers


def test_tensors_are_taken_and_given() -> None:
    def both(theta: Tensor) -> tuple[Tensor, list[Tensor]]:
        assert isinstance(theta, Tensor)
        g = slope(theta.numbers)
        return Tensor(value(theta.numbers)), [Tensor(g[:1]), Tensor(g[1:].reshape(2, 1))]

    for dtype in ("f4", "f8"):
        at = Tensor(AT.astype(dtype))
        assert cr.check_gradient(lambda t: both(t)[0], lambda t: both(t)[1], at)
        assert not cr.check_gradient(lambda t: both(t)[0], lambda t: [*both(t)[1][:1], Tensor([0.0, 0.0])], at)
    with pytest.raises(cr.DataError, match="the gradient is None in place 1: did backward reach that parameter"):
        cr.check_gradient(lambda t: both(t)[0], lambda t: [both(t)[1][0], None], at)
