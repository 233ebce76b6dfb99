"""Dual numbers: every operation's slope against a central difference; NumPy's functions; what has no slope."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import chainrule as cr
from chainrule.dual import DUALS, Dual
from chainrule.elementary import ARRAYS

Z = np.array([0.3, 0.9, 1.7])
UNARY = ["exp", "log", "tanh", "erf", "sin", "cos", "sqrt", "abs"]


@pytest.mark.parametrize("name", UNARY)
def test_elementary_functions(name: str) -> None:
    found = getattr(DUALS, name)(Dual(Z, 2.0))
    h, f = 1e-6, getattr(ARRAYS, name)
    assert found.value == pytest.approx(f(Z))
    assert found.slope == pytest.approx(2 * (f(Z + h) - f(Z - h)) / (2 * h), rel=1e-8)


@pytest.mark.parametrize(
    "f",
    [
        lambda z: 2 + z, lambda z: z - 3, lambda z: 3 - z, lambda z: z * z * 2, lambda z: 1 / z, lambda z: z / (1 + z),
        lambda z: z**3, lambda z: z**-0.5, lambda z: 2.0**z, lambda z: z**z, lambda z: -z, lambda z: abs(z - 1),
        np.exp, np.square, lambda z: np.maximum(z, 1.0), lambda z: np.minimum(z * z, 1.0), lambda z: np.power(z, 2),
        lambda z: Z * z, lambda z: np.float64(2.0) * z + Z,
    ],
)  # fmt: skip
def test_arithmetic_and_numpys_own_functions(f) -> None:  # type: ignore[no-untyped-def]
    found, h = f(Dual(Z, 1.0)), 1e-6
    assert found.value == pytest.approx(f(Z))
    assert found.slope == pytest.approx((f(Z + h) - f(Z - h)) / (2 * h), rel=1e-8)


def test_a_constant_carries_no_slope_and_comparisons_look_at_values() -> None:
    z = Dual(Z, 1.0)
    assert not isinstance(DUALS.constant(z), Dual)
    assert (z > 0.5).tolist() == [False, True, True]
    assert [op(z, 0.9)[1] for op in (operator.lt, operator.le, operator.gt, operator.ge)] == [False, True, False, True]
    assert z[1].value == 0.9
    assert "Dual" in repr(z)


def test_matrix_products_follow_the_product_rule() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4) - 5
    moved, direction = Dual(b, np.ones((3, 4))), np.ones((3, 4))
    for found in (a @ moved, Dual(a) @ moved, (moved.T @ a.T).T):
        assert found.value == pytest.approx(a @ b)
        assert found.slope == pytest.approx(a @ direction)
    assert moved.size == 12


def test_what_has_no_slope_is_refused_with_what_has_one() -> None:
    with pytest.raises(
        cr.FormError, match=r"no slope is known for np\.floor: write the form with np\.absolute, np\.add, "
    ):
        np.floor(Dual(Z, 1.0))
