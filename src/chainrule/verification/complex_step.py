"""The complex step: ∂C/∂θ = Im C(θ + ih) / h with h = 1e-40 (Squire and Trapp 1998).

Where C is analytic, C(θ + ih) = C(θ) + ih C′(θ) + O(h²): no difference is taken, so that no digit is lost, and h may be as
small as floating point numbers go. |·|, max and min are not analytic: the numbers here refuse them, by whatever name a form
calls them, and a root or logarithm that leaves the reals is found by comparing Re C with C. Slopes below about 1e-120 come out
as 0, since h times them underflows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.costs import Pair
from chainrule.elementary import ARRAYS, Arrays
from chainrule.errors import FormError
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.evaluate import evaluate
from chainrule.verification.local import too_many

Array = np.ndarray
STEP = 1e-40
LIMIT = 50_000_000  # parameters² × rows: half a minute at most
LARGEST_EXPONENT = float(np.log(np.finfo(np.float64).max))

# NumPy's functions by name: those that are analytic, those that ask and move nothing, those that only arrange
ANALYTIC, BRANCHES, SHAPES = (
    set(names.split())
    for names in (
        "add subtract multiply divide negative positive power float_power square reciprocal matmul sqrt exp expm1 log log1p "
        "log2 log10 sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh erf erfc",
        "greater less greater_equal less_equal equal not_equal isfinite isnan isinf",
        "sum mean where reshape transpose broadcast_to concatenate stack squeeze expand_dims shape ndim size",
    )
)


class Analytic(np.ndarray):
    """Complex numbers that take analytic functions alone; anything else is a FormError, never a lost imaginary part."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = ufunc.__name__
        if name not in ANALYTIC | BRANCHES or (method != "__call__" and (name, method) != ("add", "reduce")):
            raise FormError(f"not analytic, it takes np.{name} of a complex number")
        stripped = [plain(each) for each in inputs]
        if "out" in kwargs:
            kwargs["out"] = tuple(plain(each) for each in kwargs["out"])
        growing = name in ("exp", "expm1")
        result = _growing(ufunc, *stripped) if growing else getattr(ufunc, method)(*stripped, **kwargs)
        return analytic(result) if np.iscomplexobj(result) else result

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        if func.__name__ not in SHAPES:
            raise FormError(f"not analytic, it takes np.{func.__name__} of complex numbers")
        return super().__array_function__(func, types, args, kwargs)


def analytic(x: Any) -> Array:
    """x as complex numbers that refuse what is not analytic."""
    return np.asarray(x, np.complex128).view(Analytic)


def plain(x: Any) -> Any:
    """x as NumPy's own numbers."""
    return x.view(np.ndarray) if isinstance(x, Analytic) else x


def _growing(function: Callable[[Any], Any], x: Array) -> Array:
    """e^x or e^x − 1; where it is too large for a float the real ∞, by which 1 / (1 + exp(800)) is 0, as it should be."""
    beyond = np.real(x) > LARGEST_EXPONENT
    return np.where(beyond, np.inf, function(np.where(beyond, 0, x)))


class Complexes(Arrays):
    """The elementary functions of analytic complex numbers: NumPy's own, and the numbers refuse |·|, max, min, largest."""

    @staticmethod
    def where_positive(t: Any, x: Any, y: Any) -> Any:
        return np.where(np.real(plain(t)) > 0, x, y)

    @staticmethod
    def constant(x: Any) -> Any:
        return np.real(plain(x))


COMPLEXES = Complexes()


def refuses(p: Problem) -> str | None:
    """Why this method is skipped here: too large, or the first activation or cost that is not analytic; None if it can run."""
    size = too_many("complex_step", p.network.parameters.size**2 * len(p.x), LIMIT, "parameters² × rows")
    return not_analytic(p) or size


def not_analytic(p: Problem) -> str | None:
    """The first activation or the cost that is not analytic, named, or None."""
    with np.errstate(all="ignore"):
        for layer, sigma in p.network.activations.items():
            probe = analytic(p.x[:1] @ np.zeros((p.x.shape[1], p.network.sizes[layer])) + 0.5)
            reason = _not_analytic(lambda probe=probe, sigma=sigma: sigma.form(probe, COMPLEXES))  # type: ignore[misc]
            if reason:
                return f"complex_step: {sigma} of layer {layer} is {reason}"
        probe = analytic(0 * p.y[:1] + 0.5)
        reason = _not_analytic(lambda: p.pair.form(probe, p.y[:1], COMPLEXES))
    return f"complex_step: the cost {p.cost} is {reason}" if reason else None


def _not_analytic(call: Callable[[], Any]) -> str | None:
    try:
        call()
    except FormError as error:
        return str(error)
    except Exception as error:  # a user's own form may fail in its own way
        return f"of a form that fails on complex numbers, {type(error).__name__}: {error}"
    return None


def some(p: Problem, entries: Sequence[int]) -> Array:
    """∂C/∂θ_i = Im C(θ + ih e_i) / h for some i of the flat vector. Raises FormError where a form leaves the real numbers."""
    theta, slopes, direction = p.network.parameters, [], np.zeros(p.network.parameters.size)
    with np.errstate(all="ignore"):  # NaN or infinity is an error below
        true = _values(theta, p.network, p.x, p.y, p.pair)
        for entry in entries:
            direction[entry] = STEP
            found = _values(towards(theta, direction), p.network, p.x, p.y, p.pair, COMPLEXES)
            direction[entry] = 0
            same(found.real, true)
            slopes.append(float((found.imag / STEP).mean()))
    return np.array(slopes)


def towards(theta: Parameters, direction: Array) -> Parameters:
    """θ + i direction: every weight and bias an analytic complex number."""
    return theta.map(lambda t, d: analytic(t + 1j * d), theta.like(direction))


def _values(theta: Parameters, network: Network, x: Array, y: Array, pair: Pair, m: Any = ARRAYS) -> Array:
    return plain(np.ravel(plain(evaluate(theta, network.activations, x, y, pair, m))))


def same(found: Array, true: Array | Sequence[float]) -> None:
    """Raises FormError where Re C(θ + ih) is not C(θ): a root, logarithm or power then took a complex branch, or overflowed."""
    if not (np.isfinite(true).all() and np.allclose(found, true, rtol=1e-8, atol=1e-8)):
        raise FormError(
            f"complex_step: the cost of an example is {np.ravel(true)[0]:.6g} in real numbers and {found[0]:.6g} with a "
            "complex step: a form overflows here, or takes a root, power or logarithm of a negative number"
        )
