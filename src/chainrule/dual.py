"""Dual numbers: a value and its slope, carried together through every operation.

(u + u′ε)(v + v′ε) = uv + (u′v + uv′)ε, since ε² = 0: arithmetic on pairs is differentiation. A user's own activation or
cost needs no hand-written slope, because its form is evaluated on dual numbers.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, SupportsIndex

import numpy as np

from chainrule import elementary
from chainrule.elementary import Elementary
from chainrule.errors import FormError


class Dual:
    """An array of values with the array of their slopes, of the same shape."""

    __slots__ = ("slope", "value")

    def __init__(self, value: Any, slope: Any = 0.0) -> None:
        self.value = np.asarray(value)
        self.slope = np.broadcast_to(np.asarray(slope, dtype=self.value.dtype), self.value.shape)

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.slope!r})"

    # arithmetic: the sum, product, quotient and power rules ---------------------------------------------------------
    def __add__(self, other: Any) -> Dual:
        o = dual(other)
        return Dual(self.value + o.value, self.slope + o.slope)

    def __mul__(self, other: Any) -> Dual:
        o = dual(other)
        return Dual(self.value * o.value, self.slope * o.value + self.value * o.slope)

    def __truediv__(self, other: Any) -> Dual:
        o = dual(other)
        quotient = self.value / o.value
        with np.errstate(invalid="ignore"):
            slope = (self.slope - quotient * o.slope) / o.value
        beyond = np.isinf(o.value) & np.isfinite(self.value)  # 1 / (1 + exp(800)) is 0, and so is its slope
        return Dual(quotient, np.where(beyond, 0, slope))

    def __pow__(self, exponent: Any) -> Dual:
        if isinstance(exponent, Dual):
            return exp(log(self) * exponent)
        return Dual(self.value**exponent, exponent * self.value ** (exponent - 1) * self.slope)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __sub__(self, other: Any) -> Dual:
        return self + (-dual(other))

    def __rsub__(self, other: Any) -> Dual:
        return dual(other) - self

    def __rtruediv__(self, other: Any) -> Dual:
        return dual(other) / self

    def __rpow__(self, base: Any) -> Dual:
        return dual(base) ** self

    def __abs__(self) -> Dual:
        return Dual(np.abs(self.value), np.sign(self.value) * self.slope)

    __radd__ = __add__
    __rmul__ = __mul__

    # comparisons look at the values, so that a form may branch on a scalar -------------------------------------------
    def __lt__(self, other: Any) -> Any:
        return self.value < dual(other).value

    def __gt__(self, other: Any) -> Any:
        return self.value > dual(other).value

    def __le__(self, other: Any) -> Any:
        return self.value <= dual(other).value

    def __ge__(self, other: Any) -> Any:
        return self.value >= dual(other).value

    def __getitem__(self, index: SupportsIndex | slice | tuple[Any, ...]) -> Dual:
        return Dual(self.value[index], self.slope[index])

    def __matmul__(self, other: Any) -> Dual:
        o = dual(other)
        return Dual(self.value @ o.value, self.slope @ o.value + self.value @ o.slope)

    def __rmatmul__(self, other: Any) -> Dual:
        return dual(other) @ self

    @property
    def T(self) -> Dual:
        return Dual(self.value.T, self.slope.T)

    @property
    def size(self) -> int:
        return self.value.size

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Dual:
        """`np.exp(dual)` and its like, so that a form may be written in plain NumPy."""
        rule = _UFUNCS.get(ufunc)
        if rule is None or method != "__call__" or kwargs:
            raise _unknown(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")
        return rule(*inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Dual:
        """`np.where` and `np.sum`, through which the slope would otherwise be lost without a word."""
        rule = _FUNCTIONS.get(function)
        if rule is None:
            raise _unknown(function.__name__)
        return rule(*args, **kwargs)


def _where(condition: Any, x: Any, y: Any) -> Dual:
    x, y = dual(x), dual(y)
    return Dual(np.where(condition, x.value, y.value), np.where(condition, x.slope, y.slope))


def _sum(x: Any, axis: Any = None, keepdims: bool = False) -> Dual:
    x = dual(x)
    return Dual(x.value.sum(axis=axis, keepdims=keepdims), x.slope.sum(axis=axis, keepdims=keepdims))


def dual(x: Any) -> Dual:
    """x itself if it is a dual number, else the constant x."""
    return x if isinstance(x, Dual) else Dual(x)


def exp(x: Any) -> Dual:
    x = dual(x)
    value = elementary.ARRAYS.exp(x.value)
    with np.errstate(over="ignore", invalid="ignore"):  # a constant stays one where the value is too large for a float
        return Dual(value, np.where(x.slope == 0, 0, value * x.slope))


def log(x: Any) -> Dual:
    x = dual(x)
    return Dual(elementary.ARRAYS.log(x.value), x.slope / x.value)


def tanh(x: Any) -> Dual:
    x = dual(x)
    e = np.exp(-2 * np.abs(x.value))  # 1 / cosh², which 1 − tanh² is too, but for its digits at a saturated neuron
    return Dual(np.tanh(x.value), 4 * e / (1 + e) ** 2 * x.slope)


def erf(x: Any) -> Dual:
    x = dual(x)
    return Dual(elementary.erf(x.value), 2 / math.sqrt(math.pi) * np.exp(-(x.value**2)) * x.slope)


def sin(x: Any) -> Dual:
    x = dual(x)
    return Dual(np.sin(x.value), np.cos(x.value) * x.slope)


def cos(x: Any) -> Dual:
    x = dual(x)
    return Dual(np.cos(x.value), -np.sin(x.value) * x.slope)


def sqrt(x: Any) -> Dual:
    x = dual(x)
    value = np.sqrt(x.value)
    return Dual(value, x.slope / (2 * value))


def maximum(x: Any, y: Any) -> Dual:
    """The larger of two; where they tie, the slope of the second, so that ReLU's slope at 0 is 0."""
    x, y = dual(x), dual(y)
    first = x.value > y.value
    return Dual(np.where(first, x.value, y.value), np.where(first, x.slope, y.slope))


def minimum(x: Any, y: Any) -> Dual:
    x, y = dual(x), dual(y)
    first = x.value < y.value
    return Dual(np.where(first, x.value, y.value), np.where(first, x.slope, y.slope))


def total(x: Any) -> Dual:
    x = dual(x)
    return Dual(x.value.sum(axis=-1, keepdims=True), x.slope.sum(axis=-1, keepdims=True))


def largest(x: Any) -> Dual:
    x = dual(x)
    at = np.argmax(x.value, axis=-1, keepdims=True)
    return Dual(np.take_along_axis(x.value, at, axis=-1), np.take_along_axis(x.slope, at, axis=-1))


class Duals:
    """The elementary functions of dual numbers."""

    exp, log, tanh, erf = staticmethod(exp), staticmethod(log), staticmethod(tanh), staticmethod(erf)
    sin, cos, sqrt, abs = staticmethod(sin), staticmethod(cos), staticmethod(sqrt), staticmethod(Dual.__abs__)
    maximum, minimum = staticmethod(maximum), staticmethod(minimum)
    sum, largest = staticmethod(total), staticmethod(largest)

    @staticmethod
    def constant(x: Any) -> Any:
        return dual(x).value


DUALS: Elementary = Duals()

_UFUNCS: dict[np.ufunc, Callable[..., Dual]] = {
    np.exp: exp,
    np.log: log,
    np.tanh: tanh,
    np.sin: sin,
    np.cos: cos,
    np.sqrt: sqrt,
    np.abs: abs,
    np.maximum: maximum,
    np.minimum: minimum,
    np.square: lambda x: dual(x) ** 2,
    np.negative: operator.neg,
    np.add: lambda x, y: dual(x) + y,
    np.subtract: lambda x, y: dual(x) - y,
    np.multiply: lambda x, y: dual(x) * y,
    np.divide: lambda x, y: dual(x) / y,
    np.power: lambda x, y: dual(x) ** y,
    np.matmul: lambda x, y: dual(x) @ y,
}

_FUNCTIONS: dict[Any, Callable[..., Dual]] = {np.where: _where, np.sum: _sum}


def _unknown(name: str) -> FormError:
    known = ", ".join(sorted(f"np.{each.__name__}" for each in [*_UFUNCS, *_FUNCTIONS]))
    return FormError(f"no slope is known for np.{name}: write the form with {known}")
