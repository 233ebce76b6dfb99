"""The elementary functions a form may be written in, and what they do to NumPy arrays.

An activation's or a cost's `form(z, m)` is its definition, written once over a namespace `m` of these functions.
Whoever brings another kind of number (dual numbers, gates of a circuit, symbols) brings another `m`, and gets the
derivative from the definition alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Elementary(Protocol):
    """The namespace `m` of a form. Sums and maxima run over the last axis and keep it, with size 1."""

    def exp(self, x: Any) -> Any: ...
    def expm1(self, x: Any) -> Any: ...
    def log(self, x: Any) -> Any: ...
    def log1p(self, x: Any) -> Any: ...
    def tanh(self, x: Any) -> Any: ...
    def erf(self, x: Any) -> Any: ...
    def sin(self, x: Any) -> Any: ...
    def cos(self, x: Any) -> Any: ...
    def sqrt(self, x: Any) -> Any: ...
    def abs(self, x: Any) -> Any: ...
    def maximum(self, x: Any, y: Any) -> Any: ...
    def minimum(self, x: Any, y: Any) -> Any: ...
    def sum(self, x: Any) -> Any: ...
    def largest(self, x: Any) -> Any: ...
    def where_positive(self, t: Any, x: Any, y: Any) -> Any:
        """x where t > 0, else y. Both are evaluated everywhere, so that neither may divide by 0 where it is not taken."""
        ...

    def constant(self, x: Any) -> Any:
        """The value of x as a plain number, through which no derivative flows: for shifts that cancel."""
        ...

    def sigmoid(self, x: Any) -> Any: ...
    def softplus(self, x: Any) -> Any: ...
    def log_sigmoid(self, x: Any) -> Any: ...
    def log_sum_exp(self, x: Any) -> Any: ...


class Composed:
    """Functions made of the elementary ones, once for every kind of number. None of their parts overflows for large |x|."""

    def sigmoid(self: Any, x: Any) -> Any:
        """1 / (1 + e^−x)."""
        return 1 / (1 + self.exp(-x))

    def softplus(self: Any, x: Any) -> Any:
        """log(1 + e^x), also where e^x is too large for a floating point number or too small beside 1."""
        c = self.maximum(self.constant(x), 0.0)  # log(1 + e^x) = c + log(e^−c + e^(x−c)) for every constant c
        return c + self.log1p(self.expm1(-c) + self.exp(x - c))

    def log_sigmoid(self: Any, x: Any) -> Any:
        """log(1 / (1 + e^−x)) = −softplus(−x)."""
        return -self.softplus(-x)

    def log_sum_exp(self: Any, x: Any) -> Any:
        """log Σ_j e^x_j over the last axis."""
        c = self.largest(self.constant(x))
        return c + self.log(self.sum(self.exp(x - c)))


def erf(x: Any) -> Any:
    """The error function erf x = 2/√π ∫₀ˣ exp(−t²) dt, real or complex."""
    from scipy.special import erf as scipy_erf  # noqa: PLC0415  (0.2 s to import, and only GELU asks)

    return scipy_erf(x)


def erfc(x: Any) -> Any:
    """The complement 1 − erf x, accurate where erf x is close to 1."""
    from scipy.special import erfc as scipy_erfc  # noqa: PLC0415  (0.2 s to import, and only GELU asks)

    return scipy_erfc(x)


def _silent(function: np.ufunc) -> Callable[[Any], Any]:
    """It without a warning where it is infinite or 0: 1 / (1 + exp(800)) is 0, as it should be."""

    def of(x: Any) -> Any:
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            return function(x)

    return of


class Arrays(Composed):
    """The elementary functions of NumPy arrays, real or complex."""

    exp, expm1, log, log1p = (staticmethod(_silent(each)) for each in (np.exp, np.expm1, np.log, np.log1p))
    tanh = staticmethod(np.tanh)
    erf = staticmethod(erf)
    sin = staticmethod(np.sin)
    cos = staticmethod(np.cos)
    sqrt = staticmethod(np.sqrt)
    abs = staticmethod(np.abs)
    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)

    @staticmethod
    def sum(x: Any) -> Any:
        return np.sum(x, axis=-1, keepdims=True)

    @staticmethod
    def largest(x: Any) -> Any:
        return np.max(x, axis=-1, keepdims=True)

    @staticmethod
    def where_positive(t: Any, x: Any, y: Any) -> Any:
        return np.where(t > 0, x, y)

    @staticmethod
    def constant(x: Any) -> Any:
        return np.real(x)


ARRAYS: Elementary = Arrays()
