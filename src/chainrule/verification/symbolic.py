"""Symbols: SymPy writes c(θ, x, y) out as one expression, differentiates it, and evaluates it to 50 digits.

Needs the extra: pip install 'chainrule[symbolic]'. max(u, v) is v + (u − v) step(u − v), so that its slope at a kink is the
one of the second, as everywhere in this library: 0 for ReLU at 0 (S3.4); of min(u, v) it is that of the first. A form's
constants, shifts that cancel, are 0 here, since 50 digits with any exponent need no shift; that they do cancel is checked by
comparing the cost with its floating point value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.costs import Cost
from chainrule.elementary import ARRAYS, Composed
from chainrule.errors import FormError
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.evaluate import evaluate
from chainrule.verification.local import finite, path_terms, refuse, too_many

Array = np.ndarray
DIGITS = 50
MOST_PARAMETERS = 60
MOST_TERMS = 300  # products of paths of one example: what the expression grows with
MOST_ROWS = 100


def refuses(p: Problem) -> str | None:
    """Why this method is skipped here: no SymPy, or too large; None where it can run."""
    if find_spec("sympy") is None:
        return "symbolic: SymPy is not installed: pip install 'chainrule[symbolic]'"
    return (
        too_many("symbolic", p.network.parameters.size, MOST_PARAMETERS, "parameters")
        or too_many("symbolic", path_terms(p), MOST_TERMS, "products of paths in the expression")
        or too_many("symbolic", len(p.x), MOST_ROWS, "rows")
    )


def step_function() -> Any:
    """step(t) = 1 where t > 0, else 0, with the slope 0 everywhere: SymPy's own Heaviside would differentiate to a δ."""
    import sympy as sp  # noqa: PLC0415  (the extra [symbolic])

    return type("step", (sp.Function,), {"fdiff": lambda self, argindex=1: sp.Integer(0)})


class Symbols(Composed):
    """The elementary functions of arrays of SymPy expressions."""

    def __init__(self) -> None:
        import sympy as sp  # noqa: PLC0415  (the extra [symbolic]; half a second to import, for this method alone)

        for name in ("exp", "log", "tanh", "erf", "sin", "cos", "sqrt"):
            setattr(self, name, np.frompyfunc(getattr(sp, name), 1, 1))
        self.expm1 = np.frompyfunc(lambda u: sp.exp(u) - 1, 1, 1)
        self.log1p = np.frompyfunc(lambda u: sp.log(1 + u), 1, 1)
        step = step_function()
        self.maximum = np.frompyfunc(lambda u, v: v + (u - v) * step(u - v), 2, 1)
        self.minimum = np.frompyfunc(lambda u, v: u + (v - u) * step(u - v), 2, 1)
        self.where_positive = np.frompyfunc(lambda t, u, v: v + (u - v) * step(t), 3, 1)
        self.abs = np.frompyfunc(lambda u: u * (step(u) - step(-u)), 1, 1)

    def sum(self, x: Any) -> Any:
        return np.sum(x, axis=-1, keepdims=True)

    def largest(self, x: Any) -> Any:
        *rest, last = np.moveaxis(np.asarray(x, dtype=object), -1, 0)
        found = last
        for each in reversed(rest):
            found = self.maximum(each, found)
        return found[..., None]

    def constant(self, x: Any) -> Any:
        return np.zeros(np.shape(x), dtype=int).astype(object)


def gradient(p: Problem) -> Parameters:
    """∂C/∂θ, each derivative an expression evaluated at every row; C the mean over the rows."""
    refuse(refuses(p))
    with np.errstate(all="ignore"):
        true = np.ravel(evaluate(p.network.parameters, p.network.activations, p.x, p.y, p.pair, ARRAYS))
    values = compiled(*derivatives(p.network, p.cost))
    theta = p.network.parameters.flat()
    found = np.array([_numbers(values, theta, row, target) for row, target in zip(p.x, p.y)])
    if not np.allclose(found[:, 0], true, rtol=1e-8, atol=1e-8):
        raise FormError(
            f"symbolic: the cost of an example is {true[0]:.6g} in floating point numbers and {found[0, 0]:.6g} as an "
            "expression: a form overflows here, or its m.constant does not cancel"
        )
    return finite(p.network.parameters.like(found[:, 1:].mean(axis=0)), "symbolic")


def derivatives(network: Network, cost: Cost) -> tuple[list[Any], list[Any]]:
    """(c and every ∂c/∂θ_i as SymPy expressions, the symbols θ, x and y they are written in), of one example."""
    import sympy as sp  # noqa: PLC0415  (the extra [symbolic])

    def symbols(letter: str, count: int) -> Array:
        return np.array([sp.Symbol(f"{letter}{i}", real=True) for i in range(count)], dtype=object)

    theta, x = symbols("t", network.parameters.size), symbols("x", network.sizes[0])
    y = symbols("y", network.sizes[-1])
    rest = iter(theta)
    parameters = network.parameters.map(lambda array: _objects(array.shape, rest))
    maths: Any = Symbols()
    try:
        c = evaluate(parameters, network.activations, x[None], y[None], cost.on(network.output), maths)
    except (TypeError, AttributeError) as error:
        raise FormError(
            f"symbolic: a form does not take symbols: {error}; write it with the functions of m: form(z, m)"
        ) from None
    whole = sp.sympify(np.ravel(c)[0])
    return [whole, *(sp.diff(whole, each) for each in theta)], [*theta, *x, *y]


def _objects(shape: tuple[int, ...], symbols: Iterator[Any]) -> Array:
    return np.array([next(symbols) for _ in range(math.prod(shape))], dtype=object).reshape(shape)


def compiled(formulas: list[Any], symbols: list[Any]) -> Callable[..., Any]:
    """The formulas as one function of the symbols' values, in mpmath's numbers, sub-expressions found once."""
    import sympy as sp  # noqa: PLC0415  (the extra [symbolic])

    return sp.lambdify(symbols, formulas, modules=[{"step": lambda t: int(t > 0)}, "mpmath"], cse=True)


def _numbers(values: Callable[..., Any], *arguments: Array) -> list[float]:
    """Every formula at these arguments, in 50 digits, then rounded. Raises FormError where one is not a real number."""
    from mpmath import mp  # noqa: PLC0415  (SymPy's own numbers)

    with mp.workdps(DIGITS):
        try:
            return [float(each) for each in values(*(mp.mpf(float(each)) for part in arguments for each in part))]
        except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
            raise FormError(
                f"symbolic: a form is not a real number here, {error}: a root or logarithm of a negative number, "
                "or a division by 0"
            ) from None
