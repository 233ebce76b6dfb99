"""A user's own forms: their precision, functions that do not overflow, values and slopes up to ±1e4, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.activations import NAMED, Activation, named
from chainrule.costs import Cost
from chainrule.dual import DUALS, Dual
from chainrule.elementary import ARRAYS
from chainrule.verification import complex_step

FAR = np.array([0.0, *(sign * 10.0**power for power in range(-3, 5) for sign in (1, -1))])
BETWEEN = np.array([88.0, 88.8, -88.8, 709.0, 709.9, -709.9, 37.0, -37.0])
POINTS = np.concatenate([FAR, BETWEEN])


def sinc(z: Any, m: Any) -> Any:
    safe = m.where_positive(m.abs(z), z, 1.0)
    return m.where_positive(m.abs(z), m.sin(safe) / safe, 1.0)


# forms with constants of every kind, the documented ones, and textbook activations written with m
OWN: dict[str, Activation] = {
    "double": cr.activation(lambda z: 2 * z, "double"),
    "numpy scalar": cr.activation(lambda z, m: np.float64(0.5) * m.tanh(z), "numpy_scalar"),
    "array constant": cr.activation(lambda z: z + np.array([2.0]), "array_constant"),
    "power": cr.activation(lambda z: abs(z) ** np.float64(1.5), "power"),
    "one": cr.activation(lambda z: z**0, "one"),
    "where": cr.activation(lambda z: np.where(z > 0, z, np.float64(0.1) * z), "where", kinks=(0.0,)),
    "mish": cr.activation(lambda z, m: z * m.tanh(m.softplus(z)), "mish"),
    "mish that overflows": cr.activation(lambda z: z * np.tanh(np.log(1 + np.exp(z))), "mish_that_overflows"),
    "elu": cr.activation(lambda z, m: m.maximum(z, 0.0) + m.expm1(m.minimum(z, 0.0)), "elu"),
    "elu by sign": cr.activation(lambda z, m: m.where_positive(z, z, m.expm1(z)), "elu_by_sign"),
    "swish": cr.activation(lambda z: z / (1 + np.exp(-z)), "swish"),
    "log sigmoid": cr.activation(lambda z, m: m.log_sigmoid(z), "log_sigmoid"),
    "logaddexp": cr.activation(lambda z: np.logaddexp(0, z), "logaddexp"),
    "log1p": cr.activation(lambda z, m: m.log1p(z * z), "log_one_plus"),
    "root": cr.activation(lambda z, m: m.sqrt(m.abs(z)), "root", kinks=(0.0,)),
    "cusp": cr.activation(lambda z: np.sqrt(np.abs(z)), "cusp", kinks=(0.0,)),
    "sinc": cr.activation(lambda z, m: sinc(z, m), "sinc"),
}
COSTS: dict[str, Cost] = {
    "half": cr.own_cost(lambda a, y, m: 0.5 * m.sum((a - y) ** 2), "half"),
    "weights": cr.own_cost(lambda a, y, m: m.sum(np.array([1.0, 2.0]) * (a - y) ** 2), "weights"),
    "numpy": cr.own_cost(lambda a, y: ((a - y) ** 2).sum(axis=1) * np.float64(0.5), "numpy"),
    "huber": cr.huber(np.float64(0.5)),
    "huber32": cr.huber(np.float32(0.5)),
}


# the precision of what comes out -----------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OWN)
def test_an_own_activation_keeps_the_precision_of_the_network(name: str, dtype: str) -> None:
    """Python's floats, NumPy's scalars and captured arrays: `lambda z: 2 * z` made float64 gradients of a float32 network."""
    net = cr.Network.random([2, 3, 2], OWN[name], "softmax", dtype=dtype)
    assert_precision(net, "cross_entropy", dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", COSTS)
def test_an_own_cost_keeps_the_precision_of_the_network(name: str, dtype: str) -> None:
    assert_precision(cr.Network.random([2, 3, 2], "tanh", dtype=dtype), COSTS[name], dtype)


def assert_precision(net: cr.Network, cost: str | Cost, dtype: str) -> None:
    """What every function of the library gives for this network and cost has the network's precision."""
    x, y = np.array([[0.5, -1.0], [0.25, 2.0], [-1.5, 0.125]], dtype), np.eye(2, dtype=dtype)[[0, 1, 1]]
    trace = cr.forward(net, x)
    back = cr.backward(trace, y, cost)
    each = cr.per_example_gradients(net, x, y, cost)
    run = cr.train(net, (x, y), cost=cost, epochs=1, batch_size=2)
    arrays = [*trace.a, *trace.z, *back.delta, *back.da, *cr.gradient(net, x, y, cost).arrays()]
    arrays += [each.tensor(1), each.biases(1), *each[0].arrays(), *run.network.parameters.arrays()]
    arrays += [cr.cost(net, x, y, cost), cr.cost(net, x, y, cost, reduction="none")]
    if not net.output.full_slope:  # which answers with classes
        arrays.append(cr.predict(net, x))
    assert {np.asarray(each).dtype for each in arrays} == {np.dtype(dtype)}
    if net.activations[1].name in ("where", "logaddexp"):  # np.where and np.logaddexp are not gates
        with pytest.raises(cr.CircuitError, match=r"where_positive\(t, x, y\)|np\.logaddexp is not a gate"):
            cr.circuit_of(net, x, y, cost)
        return
    by_gates = cr.circuit_of(net, x, y, cost).gradient().flat()  # gates are float64 numbers
    assert cr.gradient(net, x, y, cost).flat() == pytest.approx(by_gates, rel=1e-4, abs=1e-6)


# values and slopes everywhere ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*(each for each in NAMED if each not in ("softmax", "exponential")), *OWN])
def test_value_and_slope_are_finite_from_a_thousandth_to_ten_thousand(name: str, dtype: str) -> None:
    """The documented mish had the slope NaN beyond z = 88.7 in float32 and 709.8 in float64, z⁰ and √|z| at 0.

    The exponential is infinite there, and is to be.
    """
    sigma, z = OWN.get(name) or named(name), POINTS.astype(dtype)
    assert np.isfinite(sigma.value(z)).all()
    assert np.isfinite(sigma.slope(z)).all()
    by_duals = sigma.form(Dual(z.astype(np.float64), 1.0), DUALS)
    small = 1e-15 if name == "gelu" else 1e-37  # its form holds 1 + erf, which is 0 far out
    assert sigma.value(z) == pytest.approx(by_duals.value, rel=1e-6, abs=small)
    assert sigma.slope(z) == pytest.approx(by_duals.slope, rel=2e-6, abs=small)


SMOOTH: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {  # value and slope in many digits
    "mish": (
        lambda z: z * mp().tanh(mp().log(1 + mp().exp(z))),
        lambda z: (
            mp().tanh(mp().log(1 + mp().exp(z))) + z * mp().sech(mp().log(1 + mp().exp(z))) ** 2 / (1 + mp().exp(-z))
        ),
    ),
    "elu": (lambda z: z if z > 0 else mp().expm1(z), lambda z: 1 if z >= 0 else mp().exp(z)),
    "log sigmoid": (lambda z: -mp().log(1 + mp().exp(-z)), lambda z: 1 / (1 + mp().exp(z))),
    "logaddexp": (lambda z: mp().log(1 + mp().exp(z)), lambda z: 1 / (1 + mp().exp(-z))),
    "swish": (
        lambda z: z / (1 + mp().exp(-z)),
        lambda z: (1 + z * mp().exp(-z) / (1 + mp().exp(-z))) / (1 + mp().exp(-z)),
    ),
}


def mp() -> Any:
    from mpmath import mp as exact  # noqa: PLC0415  (of the extra [symbolic])

    exact.dps = 400
    return exact


@pytest.mark.parametrize("name", SMOOTH)
def test_values_and_slopes_are_those_of_many_digits(name: str) -> None:
    z = np.concatenate([POINTS, np.linspace(-6, 6, 25)])
    for found, exact in zip((OWN[name].value(z), OWN[name].slope(z)), SMOOTH[name]):
        wanted = np.array([float(exact(mp().mpf(float(each)))) for each in z])
        assert found == pytest.approx(wanted, rel=1e-12, abs=1e-300)


@given(st.floats(-1e4, 1e4), st.sampled_from(["sigmoid", "softplus", "log_sigmoid", "expm1", "tanh"]))
def test_every_kind_of_number_knows_the_functions_that_do_not_overflow(at: float, name: str) -> None:
    """Arrays, dual numbers, complex steps and gates, on the same form."""
    from chainrule.circuits.wires import MATHS  # noqa: PLC0415  (beside the others)

    def form(z: Any, m: Any) -> Any:
        return m.tanh(getattr(m, name)(z)) if name == "expm1" else getattr(m, name)(z)

    value = float(form(np.array([at]), ARRAYS)[0])
    moved = form(Dual(np.array([at]), 1.0), DUALS)
    assert float(moved.value[0]) == value
    slope = pytest.approx(float(moved.slope[0]), rel=1e-12, abs=1e-120)
    with np.errstate(all="ignore"):
        step = form(complex_step.analytic(np.array([at + 1j * complex_step.STEP])), complex_step.COMPLEXES)
    assert float(np.asarray(step).imag[0]) / complex_step.STEP == slope
    c = cr.Circuit()
    z = c.input("z", at)
    out = form(z, MATHS)
    run = c.forward()
    assert run[out] == pytest.approx(value, rel=1e-15, abs=1e-320)
    assert run.backward(out)[z] == slope
    assert run.tangent(z=1.0)[out] == slope


@pytest.mark.parametrize("name", ["mish", "elu", "elu by sign", "log sigmoid", "sinc", "log1p"])
def test_every_method_takes_an_own_activation_made_of_safe_functions(name: str) -> None:
    net = cr.Network.random([2, 2, 1], OWN[name], dtype="float64", seed=3)
    report = cr.verify(net, [[0.5, -1.0], [40.0, 3.0]], [[1.0], [0.0]])
    assert report, str(report)


def test_slopes_at_zero_are_the_limits_or_those_of_the_kink() -> None:
    at = np.zeros(1)
    limits = {"one": 0, "elu": 1, "elu by sign": 1, "sinc": 0, "root": 0, "cusp": 0, "power": 0, "mish": 0.6}
    for name, slope in limits.items():
        assert OWN[name].slope(at)[0] == pytest.approx(slope, rel=1e-12), name
    assert [OWN[name].value(at)[0] for name in ("one", "sinc", "root")] == [1, 1, 0]


# what is refused ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("form", "kinks", "message"),
    [
        (lambda z, m: m.log(1 + m.exp(z)), (), r"has the slope nan at z = 1000: .*m\.softplus\(z\) is log"),
        (lambda z: np.exp(z) / (1 + np.exp(z)), (), r"has the value nan at z = 1000: .*m\.sigmoid\(z\)"),
        (lambda z: np.sin(z) / z, (), r"has the value nan at z = 0: .*where_positive\(abs\(z\), f\(z\), limit\)"),
        (lambda z: np.sin(z) / z, (0.0,), r"has the value nan at z = 0"),
        (lambda z: 1 / z, (0.0,), r"has the value inf at z = 0"),
        (lambda z: np.sqrt(np.abs(z) + z * z + z), (), r"has the (value|slope) (nan|inf) at z = "),
        (
            lambda z, m: m.maximum(z, 0.0) + m.expm1(m.minimum(0.0, z)),
            (),
            r"at z = 0 .*slope 0, .*1 on the left and 1 on",
        ),
        (lambda z, m: m.maximum(z, 0.0) + m.expm1(m.minimum(0.0, z)), (0.0,), r"where max and min tie only one"),
        (lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))), (), r"at z = 0 .*where max and min tie"),
        (lambda z: np.sqrt(z + 0j), (), r"must give real numbers, and it gave complex128"),
    ],
)
def test_a_form_without_a_value_or_slope_somewhere_is_refused_with_what_to_write(
    form: Callable[..., Any], kinks: tuple[float, ...], message: str
) -> None:
    with pytest.raises(cr.FormError, match=message):
        cr.activation(form, "bad", kinks=kinks)


def leaky(z: Any) -> Any:
    if z > 0:
        return z
    return 0.1 * z


def looped(z: Any) -> Any:
    found = []
    for each in z:
        found.append(max(each, 0.0))
    return found


BRANCH = r"a branch asks about one number, and there are many: write np\.where\(z > 0, …, …\) instead"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (leaky, rf"fails on an array, in leaky, line \d+, `if z > 0:`: {BRANCH}"),
        (lambda z: leaky(z) + 1, rf"in leaky, line \d+, .*: {BRANCH}"),
        (lambda z: z if z > 0 else 0 * z, rf"line \d+, `.*z > 0.*`: {BRANCH}"),
        (lambda z, m: m.exp(z) if -1 < z < 1 else z, BRANCH),
        (lambda z: (z > 0) and z, BRANCH),
        (lambda z: 1 / (1 + math.exp(-z)), r"math\.exp takes one number, .*: write np\.exp or m\.exp instead"),
        (lambda z: math.pow(z, 2), r"math\.pow takes one number, .*: write \*\* instead"),
        (lambda z: max(z, 0), r"max compares two numbers, .*: write np\.maximum\(…, …\) instead"),
        (lambda z: min(z, 1), r"min compares two numbers, .*: write np\.minimum\(…, …\) instead"),
        (lambda z: float(z) ** 2, r"float takes one number, .*: leave it out"),
        (looped, r"gives a list: write it for all numbers at once, without a loop, as np\.where\(z > 0, z, 0\)"),
        (lambda z: np.array([math.tanh(each) for each in z]), r"math\.tanh takes one number"),
        (np.vectorize(lambda each: math.tanh(each)), r"math\.tanh takes one number"),
        (lambda z: z.clip(0), r"dual numbers, which have no \.clip: write it with"),
        (lambda z: None, r"gives nothing: it ends with return and the value"),
        (lambda z: np.thanh(z), r"line \d+, `.*thanh.*`: AttributeError: module 'numpy' has no attribute 'thanh'"),
    ],
)  # fmt: skip
def test_a_form_for_one_number_is_told_what_to_write_for_many(form: Callable[..., Any], message: str) -> None:
    with pytest.raises(cr.FormError, match=message) as raised:
        cr.activation(form, "bad")
    assert "ambiguous" not in str(raised.value)


@pytest.mark.parametrize("made", [cr.own_cost, cr.activation])
def test_a_slope_in_the_place_of_the_name_is_refused(made: Any) -> None:
    with pytest.raises(cr.FormError, match=r"the name is a text, .* a slope is made from the form"):
        made(lambda *z: z[0].sum(axis=1), lambda *z: z[0])


def test_a_cost_for_one_number_is_told_the_same_at_once() -> None:
    with pytest.raises(cr.FormError, match=r"cost 'bad' fails on arrays of shape \(2, 3\), .*: write np\.maximum"):
        cr.own_cost(lambda a, y: max(a - y, 0), "bad")
    with pytest.raises(cr.FormError, match=r"cost 'bad' fails .*: a branch asks about one number"):
        cr.own_cost(lambda a, y, m: m.sum(a - y) if a > y else 0, "bad")


def test_what_is_infinite_far_out_may_be_infinite() -> None:
    explosive = cr.activation(lambda z, m: m.exp(z * z / 2), "explosive")
    for dtype in ("float32", "float64"):
        z = np.array([-1e4, 100.0], dtype)
        assert explosive.value(z).tolist() == [math.inf, math.inf]
        assert explosive.slope(z).tolist() == [-math.inf, math.inf]


@pytest.mark.parametrize("outputs", [1, 2, 3, 4, 10])
def test_an_own_cost_may_hold_a_weight_for_each_output(outputs: int) -> None:
    """It was refused unless there were three outputs."""
    weights = np.arange(1.0, outputs + 1)
    mine = cr.own_cost(lambda a, y, m: m.sum(weights * (a - y) ** 2), "weighted")
    net = cr.Network.random([2, outputs], dtype="float64", seed=1)
    x, y = np.array([[0.5, -1.0], [2.0, 0.25]]), np.ones((2, outputs))
    error = cr.forward(net, x).a[1] - y
    assert cr.backward(cr.forward(net, x), y, mine).delta[1] == pytest.approx(2 * weights * error, rel=1e-12)
    wrong = cr.Network.random([2, outputs + 1], dtype="float64")
    if outputs > 1:
        with pytest.raises(
            cr.FormError, match=rf"'weighted' fails on arrays of shape \(2, {outputs + 1}\), \(batch, out\)"
        ):
            cr.gradient(wrong, x, np.ones((2, outputs + 1)), mine)
