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
from chainrule.elementary import Composed, Elementary
from chainrule.errors import FormError


def _compared(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda x, y: compare(dual(x).value, dual(y).value)


class Dual:
    """An array of values with the array of their slopes, of the same shape."""

    __slots__ = ("slope", "value")

    def __init__(self, value: Any, slope: Any = 0.0) -> None:
        given = np.asarray(value)
        self.value = given if given.dtype.kind in "fc" else given.astype(np.float64)
        self.slope = np.broadcast_to(np.asarray(slope, dtype=self.value.dtype), self.value.shape)

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.slope!r})"

    def _constant(self, other: Any) -> Dual:
        """The other operand as a dual number; a single number takes this one's precision, as in NumPy."""
        return dual(np.asarray(other, self.value.dtype) if isinstance(other, (int, float)) else other)

    # arithmetic: the sum, product, quotient and power rules ---------------------------------------------------------
    def __add__(self, other: Any) -> Dual:
        o = self._constant(other)
        return Dual(self.value + o.value, self.slope + o.slope)

    def __mul__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value * other, times(self.slope, other))
        return Dual(self.value * other.value, times(self.slope, other.value) + times(other.slope, self.value))

    def __truediv__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value / other, over(self.slope, other))
        quotient = self.value / other.value
        with np.errstate(invalid="ignore"):
            slope = over(self.slope - times(other.slope, quotient), other.value)
        beyond = np.isinf(other.value) & np.isfinite(self.value)  # 1 / (1 + exp(800)) is 0, and so is its slope
        return Dual(quotient, np.where(beyond, 0, slope))

    def __pow__(self, exponent: Any) -> Dual:
        """u^v has the slope v u^(v−1) u′ + u^v log u v′; where v does not move, u may be 0 or negative."""
        v = self._constant(exponent)
        value = self.value**v.value
        with np.errstate(all="ignore"):
            by_base = np.where(v.value == 0, 0, v.value * self.value ** (v.value - 1))
            slope = times(self.slope, by_base)
            if v.slope.any():
                slope = slope + np.where(value == 0, 0, times(v.slope, value * np.log(self.value)))
        return Dual(value, slope)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __pos__(self) -> Dual:
        return self

    def __sub__(self, other: Any) -> Dual:
        return self + (-self._constant(other))

    def __rsub__(self, other: Any) -> Dual:
        return self._constant(other) - self

    def __rtruediv__(self, other: Any) -> Dual:
        return self._constant(other) / self

    def __rpow__(self, base: Any) -> Dual:
        return self._constant(base) ** self

    def __abs__(self) -> Dual:
        return Dual(np.abs(self.value), times(self.slope, np.sign(self.value)))

    __radd__ = __add__
    __rmul__ = __mul__

    # comparisons look at the values, so that a form may branch by them ------------------------------------------------
    __lt__, __le__, __gt__, __ge__ = map(_compared, (operator.lt, operator.le, operator.gt, operator.ge))
    __eq__, __ne__ = map(_compared, (operator.eq, operator.ne))
    __hash__ = None  # type: ignore[assignment]  # as an array: equal where the values are

    def __getitem__(self, index: SupportsIndex | slice | tuple[Any, ...]) -> Dual:
        return Dual(self.value[index], self.slope[index])

    def __matmul__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value @ other, self.slope @ other)
        return Dual(self.value @ other.value, self.slope @ other.value + self.value @ other.slope)

    def __rmatmul__(self, other: Any) -> Dual:
        return Dual(other @ self.value, other @ self.slope)

    @property
    def T(self) -> Dual:
        return Dual(self.value.T, self.slope.T)

    def reshape(self, *shape: int) -> Dual:
        """The same numbers in another shape, as NumPy's own."""
        return Dual(self.value.reshape(*shape), self.slope.reshape(*shape))

    @property
    def size(self) -> int:
        return self.value.size

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def sum(self, axis: Any = None, keepdims: bool = False) -> Dual:
        """The sum over an axis, as NumPy's own."""
        return Dual(self.value.sum(axis=axis, keepdims=keepdims), self.slope.sum(axis=axis, keepdims=keepdims))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """`np.exp(dual)` and its like, so that a form may be written in plain NumPy."""
        rule = _UFUNCS.get(ufunc)
        if rule is None or method != "__call__" or kwargs:
            raise _unknown(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")
        return rule(*inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Dual:
        """`np.where` and `np.sum`, through which the slope would otherwise be lost silently."""
        rule = _FUNCTIONS.get(function)
        if rule is None:
            raise _unknown(function.__name__)
        return rule(*args, **kwargs)


def times(slope: Any, factor: Any) -> Any:
    """slope · factor. 0 · ∞ is 0: what does not move, or moves what is saturated, has no slope."""
    with np.errstate(all="ignore"):
        product = slope * factor
        lost = np.isnan(product)
        return np.where(lost & ((slope == 0) | (factor == 0)), 0, product) if lost.any() else product


def over(slope: Any, divisor: Any) -> Any:
    """slope / divisor, and 0 where the slope is 0. ∞ / ∞ stays NaN: what it should be is not known."""
    with np.errstate(all="ignore"):
        quotient = slope / divisor
        lost = np.isnan(quotient)
        return np.where(lost & (slope == 0), 0, quotient) if lost.any() else quotient


def dual(x: Any) -> Dual:
    """x itself if it is a dual number, else the constant x."""
    return x if isinstance(x, Dual) else Dual(x)


def _function(value: Callable[[Any], Any], slope: Callable[[Any, Any, Any], Any]) -> Callable[[Any], Dual]:
    """f of dual numbers, from f(x) and what becomes of a slope s: slope(s, x, f(x))."""

    def of(x: Any) -> Dual:
        x = dual(x)
        made = value(x.value)
        return Dual(made, slope(x.slope, x.value, made))

    return of


def _sech2(x: Any) -> Any:
    """1 / cosh², which 1 − tanh² is too, but for its digits at a saturated neuron."""
    e = np.exp(-2 * np.abs(x))
    return 4 * e / (1 + e) ** 2


exp = _function(elementary.ARRAYS.exp, lambda s, x, y: times(s, y))
expm1 = _function(elementary.ARRAYS.expm1, lambda s, x, y: times(s, elementary.ARRAYS.exp(x)))
log = _function(elementary.ARRAYS.log, lambda s, x, y: over(s, x))
log1p = _function(elementary.ARRAYS.log1p, lambda s, x, y: over(s, 1 + x))
tanh = _function(np.tanh, lambda s, x, y: times(s, _sech2(x)))
erf = _function(elementary.erf, lambda s, x, y: times(s, 2 / math.sqrt(math.pi) * np.exp(-(x**2))))
sin = _function(np.sin, lambda s, x, y: times(s, np.cos(x)))
cos = _function(np.cos, lambda s, x, y: times(s, -np.sin(x)))
# the slope of √x at 0 is infinite, but 0 where x does not move: at z = 0 √|z| has the slope 0, as |z| has
sqrt = _function(np.sqrt, lambda s, x, y: over(s, 2 * y))


def maximum(x: Any, y: Any) -> Dual:
    """The larger of two; where they tie, the slope of the second, so that ReLU's slope at 0 is 0."""
    return where(dual(x).value > dual(y).value, x, y)


def minimum(x: Any, y: Any) -> Dual:
    """The smaller of two; where they tie, the slope of the first, so that max(x, y) + min(x, y) has that of x + y."""
    return where(dual(x).value <= dual(y).value, x, y)


def log_add_exp(x: Any, y: Any) -> Dual:
    """log(e^x + e^y), NumPy's logaddexp."""
    x, y = dual(x), dual(y)
    sigmoid = elementary.ARRAYS.sigmoid
    slope = times(x.slope, sigmoid(x.value - y.value)) + times(y.slope, sigmoid(y.value - x.value))
    return Dual(np.logaddexp(x.value, y.value), slope)


def where(condition: Any, x: Any, y: Any) -> Dual:
    x, y = dual(x), dual(y)
    return Dual(np.where(condition, x.value, y.value), np.where(condition, x.slope, y.slope))


def total(x: Any) -> Dual:
    return dual(x).sum(axis=-1, keepdims=True)


def largest(x: Any) -> Dual:
    x = dual(x)
    at = np.argmax(x.value, axis=-1, keepdims=True)
    return Dual(np.take_along_axis(x.value, at, axis=-1), np.take_along_axis(x.slope, at, axis=-1))


class Duals(Composed):
    """The elementary functions of dual numbers."""

    exp, log, expm1, log1p = staticmethod(exp), staticmethod(log), staticmethod(expm1), staticmethod(log1p)
    tanh, erf = staticmethod(tanh), staticmethod(erf)
    sin, cos, sqrt, abs = staticmethod(sin), staticmethod(cos), staticmethod(sqrt), staticmethod(Dual.__abs__)
    maximum, minimum = staticmethod(maximum), staticmethod(minimum)
    sum, largest = staticmethod(total), staticmethod(largest)

    @staticmethod
    def where_positive(t: Any, x: Any, y: Any) -> Dual:
        return where(dual(t).value > 0, x, y)

    @staticmethod
    def constant(x: Any) -> Any:
        return dual(x).value


DUALS: Elementary = Duals()


_UFUNCS: dict[np.ufunc, Callable[..., Any]] = {
    np.exp: exp, np.expm1: expm1, np.log: log, np.log1p: log1p, np.logaddexp: log_add_exp, np.tanh: tanh,
    np.sin: sin, np.cos: cos, np.sqrt: sqrt, np.abs: abs, np.maximum: maximum, np.minimum: minimum,
    np.square: lambda x: dual(x) ** 2, np.negative: operator.neg, np.add: lambda x, y: dual(x) + y,
    np.subtract: lambda x, y: dual(x) - y, np.multiply: lambda x, y: dual(x) * y,
    np.divide: lambda x, y: dual(x) / y, np.power: lambda x, y: dual(x) ** y, np.matmul: lambda x, y: dual(x) @ y,
    **{each: _compared(each)
       for each in (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)},
}  # fmt: skip

_FUNCTIONS: dict[Any, Callable[..., Dual]] = {np.where: where, np.sum: Dual.sum}


def _unknown(name: str) -> FormError:
    known = ", ".join(sorted(f"np.{each.__name__}" for each in [*_UFUNCS, *_FUNCTIONS]))
    return FormError(f"no slope is known for np.{name}: write the form with {known}")
