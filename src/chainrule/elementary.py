"""The elementary functions a form may be written in, and what they do to NumPy arrays.

An activation's or a cost's `form(z, m)` is its definition, written once over a namespace `m` of these functions.
Whoever brings another kind of number (dual numbers, gates of a circuit, symbols) brings another `m`, and gets the
derivative from the definition alone.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Elementary(Protocol):
    """The namespace `m` of a form. Sums and maxima run over the last axis and keep it, with size 1."""

    def exp(self, x: Any) -> Any: ...
    def log(self, x: Any) -> Any: ...
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
    def constant(self, x: Any) -> Any:
        """The value of x as a plain number, through which no derivative flows: for shifts that cancel."""
        ...


def erf(x: Any) -> Any:
    """The error function erf x = 2/√π ∫₀ˣ exp(−t²) dt, real or complex."""
    from scipy.special import erf as scipy_erf  # noqa: PLC0415  (0.2 s to import, and only GELU asks)

    return scipy_erf(x)


def erfc(x: Any) -> Any:
    """The complement 1 − erf x, accurate where erf x is close to 1."""
    from scipy.special import erfc as scipy_erfc  # noqa: PLC0415  (0.2 s to import, and only GELU asks)

    return scipy_erfc(x)


class Arrays:
    """The elementary functions of NumPy arrays, real or complex."""

    tanh = staticmethod(np.tanh)
    erf = staticmethod(erf)
    sin = staticmethod(np.sin)
    cos = staticmethod(np.cos)
    sqrt = staticmethod(np.sqrt)
    abs = staticmethod(np.abs)
    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)

    @staticmethod
    def exp(x: Any) -> Any:
        with np.errstate(over="ignore", under="ignore"):  # 1 / (1 + exp(800)) is 0, as it should be
            return np.exp(x)

    @staticmethod
    def log(x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(x)

    @staticmethod
    def sum(x: Any) -> Any:
        return np.sum(x, axis=-1, keepdims=True)

    @staticmethod
    def largest(x: Any) -> Any:
        return np.max(x, axis=-1, keepdims=True)

    @staticmethod
    def constant(x: Any) -> Any:
        return np.real(x)


ARRAYS: Elementary = Arrays()
