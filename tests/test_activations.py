"""Each activation: its slope against dual numbers and differences, its accuracy in the tails, its dtype; a user's own."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.activations import NAMED, as_activation, named, odot
from chainrule.dual import DUALS, Dual
from chainrule.elementary import ARRAYS

ELEMENTWISE = [name for name in NAMED if name != "softmax"]
Z = np.concatenate([np.linspace(-9, 9, 73) + 0.01, [-40.0, 40.0, -700.0, 700.0]])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_value_and_slope_are_those_of_the_form(name: str) -> None:
    """The hand-written row against the form's own value and its dual numbers (S2.16)."""
    sigma = named(name)
    by_form = sigma.form(Dual(Z, 1.0), DUALS)
    assert sigma.value(Z) == pytest.approx(by_form.value, rel=1e-9, abs=1e-15)
    assert sigma.slope(Z[:-2]) == pytest.approx(by_form.slope[:-2], rel=1e-7, abs=1e-15)
    assert sigma.form(Z, ARRAYS) == pytest.approx(sigma.value(Z), rel=1e-9, abs=1e-15)


def test_the_slope_of_softmax_is_the_full_matrix() -> None:
    """Σ′[i, j] = ∂a_i/∂z_j (S2.18), a direction at a time by dual numbers."""
    sigma, z = named("softmax"), np.array([[0.3, -1.0, 2.0], [500.0, 0.0, -500.0]])
    for j in range(3):
        seed = np.zeros_like(z)
        seed[:, j] = 1
        assert sigma.slope(z)[:, :, j] == pytest.approx(sigma.form(Dual(z, seed), DUALS).slope, abs=1e-15)
    assert sigma.value(z).sum(axis=1) == pytest.approx(1.0)


def test_odot_is_the_diagonal_case_of_the_matrix_product(rng: np.random.Generator) -> None:
    """S2.18, S2.11."""
    v, slope = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    diagonal = slope[:, :, None] * np.eye(3)
    assert odot(v, slope) == pytest.approx(odot(v, diagonal), rel=1e-15)
    full = rng.standard_normal((4, 3, 3))
    assert odot(v, full)[2] == pytest.approx(full[2].T @ v[2], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "z", "slope"),
    [
        ("sigmoid", 40.0, 4.248354255291589e-18),
        ("tanh", 20.0, 1.6993417021166355e-17),
        ("softplus", -40.0, 4.248354255291589e-18),
        ("silu", -40.0, -1.6568581595637194e-16),
        ("gelu", -10.0, -7.618e-22),
    ],
)
def test_slopes_stay_accurate_where_a_neuron_is_saturated(name: str, z: float, slope: float) -> None:
    """1 − tanh² z would be 0 here. The values are those of e^z / (1 + e^z)² and its like, written out for large |z|."""
    assert float(named(name).slope(np.array([z]))[0]) == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("gap", [0.0, 3.0, 10.0, 20.0, 40.0, 80.0])
def test_the_slope_of_a_saturated_softmax_keeps_its_digits(gap: float, dtype: str) -> None:
    """a(1 − a) would lose all of them from a gap of 37 on, in float32 from 17 on (S2.18): 1 − a is the sum of the others."""
    z = np.array([[-1.0, gap, 0.0], [gap + 2, -gap, 1.0]])
    e = [[math.exp(each - max(row)) for each in row] for row in z.tolist()]
    slope = named("softmax").slope(z.astype(dtype))
    one = named("softmax").slope(z[0].astype(dtype))
    for row, found in ((e[0], slope[0]), (e[1], slope[1]), (e[0], one)):
        total = sum(row)
        for i, j in np.ndindex(3, 3):
            others = sum(each for k, each in enumerate(row) if k != i)
            right = row[i] * (others if i == j else -row[j]) / total**2
            assert found[i, j] == pytest.approx(right, rel=20 * float(np.finfo(dtype).eps), abs=1e-38)


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_comes_in_decides_the_precision_that_goes_out(name: str, dtype: str) -> None:
    highest = 80 if name == "exponential" else 200  # beyond 88 it is infinite in float32
    z = np.linspace(-200, highest, 12, dtype=dtype).reshape(3, 4)
    sigma = named(name)
    assert sigma.value(z).dtype == dtype
    assert sigma.slope(z).dtype == dtype
    assert np.isfinite(sigma.value(z)).all()
    assert np.isfinite(sigma.slope(z)).all()


def test_at_a_kink_the_slope_is_the_left_one() -> None:
    """S3.4: a subgradient."""
    assert named("relu").slope(np.zeros(1)) == 0
    assert named("leaky_relu", alpha=0.2).slope(np.zeros(1)) == 0.2


def test_a_users_own_activation_gets_its_slope_from_its_form() -> None:
    """S2.16: swish by hand, with σ′ bounded away from nothing; written with m, or in NumPy."""
    with_m = cr.activation(lambda z, m: z / (1 + m.exp(-z)), "mine")
    in_numpy = cr.activation(lambda z: z / (1 + np.exp(-z)), "mine")
    for own in (with_m, in_numpy):
        z = np.linspace(-5, 5, 40).reshape(4, 10)
        assert own.value(z) == pytest.approx(named("silu").value(z))
        assert own.slope(z) == pytest.approx(named("silu").slope(z))
        assert own.value(z.astype(np.float32)).dtype == np.float32
    net = cr.Network.random([2, 3, 1], with_m, with_m, dtype="float64")
    assert cr.gradient(net, [[0.1, 0.2]], [[1.0]]).is_finite()


def test_a_constant_activation_has_slope_zero() -> None:
    flat = cr.activation(lambda z, m: 0 * z + 1.0, "flat")
    assert not flat.slope(np.ones(3)).any()


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (lambda z, m: m.log(z), r"has the value nan at z ="),
        (lambda z, m: z - m.sum(z), r"must act on each element of z alone"),
        (lambda z, m: m.constant(z) * z, r"dual numbers give the slope .*, a central difference"),
        (lambda z, m: z.undefined, r"fails on an array, line \d+, .*: AttributeError"),
        (lambda z, a, b, m: z, r"takes 4 arguments"),
        (lambda z: np.asarray(np.zeros(np.shape(z))) + 1.0, r"no slope is known for np\.shape"),
        (lambda z: np.floor(z), r"no slope is known for np\.floor"),
        (lambda z, m: np.zeros(3), r"must act on each element of z alone, and keep its shape; it gave \(3,\)"),
        (lambda z, m: 0 * m.constant(z), r"no slope for a dual number"),
    ],
)
def test_a_form_that_cannot_be_used_is_refused_with_its_reason(form, message: str) -> None:  # type: ignore[no-untyped-def]
    with np.errstate(all="ignore"), pytest.raises(cr.FormError, match=message):
        cr.activation(form, "bad")


def test_unknown_names_list_the_known_ones_nearest_first() -> None:
    with pytest.raises(cr.UnknownNameError, match=r"did you mean 'sigmoid'\? known are sigmoid, "):
        as_activation("sigmoyd")
    assert as_activation("Leaky ReLU").name == "leaky_relu"
    with pytest.raises(cr.SettingError, match=r"0 ≤ alpha < 1"):
        cr.leaky_relu(1.5)
    with pytest.raises(cr.SettingError, match=r"does not take the settings"):
        named("relu", alpha=0.1)


def test_a_form_may_branch_by_where_and_be_a_numpy_function_itself() -> None:
    z = np.linspace(-2, 2, 9)
    leaky = cr.activation(lambda z: np.where(z > 0, z, 0.1 * z), "leaky", kinks=(0.0,))
    assert leaky.slope(z) == pytest.approx(named("leaky_relu", alpha=0.1).slope(z))
    assert cr.activation(np.tanh, "mine").slope(z) == pytest.approx(named("tanh").slope(z))


def test_the_name_of_a_built_in_is_taken() -> None:
    """A cost chooses its short way to δ^L by the output's name."""
    with pytest.raises(cr.FormError, match="'softmax' is the name of a built-in activation"):
        cr.activation(lambda z, m: m.tanh(z), "softmax")
