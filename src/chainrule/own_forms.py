"""A user's own form of an activation or a cost: how it is called, what it may give, and how it is checked.

It is evaluated in float64 and rounded once to the precision that is asked for, so that it may hold constants of any type.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from chainrule.dual import Dual
from chainrule.errors import ChainruleError, FormError
from chainrule.form_failures import failed

Array = np.ndarray


def exact(x: Array) -> Array:
    """x in float64, in which a user's own forms are evaluated."""
    return x.astype(np.float64, copy=False)


def real(result: Any, name: str) -> Array:
    """What a form gave, as an array of real numbers. Raises FormError where it is none."""
    made = np.asarray(result)
    if result is None:
        raise FormError(f"the form of {name!r} gives nothing: it ends with return and the value")
    if made.dtype.kind not in "fiub":
        raise FormError(f"the form of {name!r} must give real numbers, and it gave {made.dtype}")
    return made


def with_slope(result: Any, name: str) -> Dual:
    """What a form gave for a dual number. Raises FormError where the slope was lost on the way."""
    if isinstance(result, Dual):
        return result
    if isinstance(result, list):
        raise FormError(
            f"the form of {name!r} gives a list: write it for all numbers at once, without a loop, as np.where(z > 0, z, 0)"
        )
    raise FormError(
        f"the form of {name!r} gives {type(result).__name__} and no slope for a dual number: write it with + − × ÷, with m, "
        "or with NumPy's own functions, without np.asarray, float() or the like"
    )


def as_form(form: Callable[..., Any], arguments: str) -> Callable[..., Any]:
    """A form that takes the namespace m last, from one that may have been written in plain NumPy."""
    given = arguments.split()
    if isinstance(form, InNumpy):
        return form
    if isinstance(form, np.ufunc):
        count = form.nin
    else:
        try:
            parameters = inspect.signature(form).parameters.values()
            takes_any = any(each.kind is each.VAR_POSITIONAL for each in parameters)  # as those of np.vectorize
            count = len(given) if takes_any else len(parameters)
        except (TypeError, ValueError):  # some built-ins tell no signature
            count = len(given)
    if count == len(given) + 1:
        return form
    if count != len(given):
        raise FormError(
            f"a form takes ({', '.join(given)}) or ({', '.join([*given, 'm'])}); "
            f"{getattr(form, '__name__', 'this one')} takes {count} arguments"
        )
    return InNumpy(form)


@dataclass(frozen=True)
class InNumpy:
    """A form written in plain NumPy, called as one that takes m too. Pickle finds it where it finds the form."""

    form: Callable[..., Any]

    def __call__(self, *values: Any) -> Any:
        return self.form(*values[:-1])


@runtime_checkable
class Own(Protocol):
    """What is checked of an activation."""

    @property
    def name(self) -> str: ...
    @property
    def kinks(self) -> tuple[float, ...]: ...
    def value(self, z: Array, /) -> Array: ...
    def slope(self, z: Array, /) -> Array: ...


SAFE = (
    "m has functions that do not overflow: m.softplus(z) is log(1 + e^z), m.sigmoid(z), m.log_sigmoid(z), m.expm1(z), "
    "m.log1p(z)"
)
LIMIT = "where a quotient has a limit, write the limit in: m.where_positive(abs(z), f(z), limit)"
TIE = "where max and min tie only one of the two has a slope: m.where_positive(t, x, y) is x where t > 0, else y"
FAR = np.array([sign * 10.0**power for power in range(-3, 5) for sign in (1, -1)])


def check_activation(own: Own) -> None:
    near = np.concatenate([np.linspace(-6.0, 6.0, 49) + 0.0137, [-30.03, 30.03]])
    bends = np.array([0.0, *own.kinks])
    try:
        _check_elementwise(own, near)
        for z in (near, FAR, bends):
            _check_finite(own, z)
        _check_differences(own, near[_apart(near, own.kinks)])
        _check_one_sided(own, bends)
    except ChainruleError:
        raise
    except Exception as error:
        raise failed(f"activation {own.name!r}", "an array", error) from error


def _apart(z: Array, kinks: tuple[float, ...]) -> Array:
    return np.all(np.abs(z[:, None] - np.array([*kinks, np.inf])) > 1e-3, axis=1)


def _check_elementwise(own: Own, z: Array) -> None:
    value = own.value(z)
    alone = np.array([own.value(each[None]) for each in z])
    if value.shape != z.shape or alone.shape != (z.size, 1):
        shape = value.shape if value.shape != z.shape else alone.shape[1:]
        raise FormError(
            f"the form of activation {own.name!r} must act on each element of z alone, and keep its shape; it gave {shape}"
        )
    if not np.allclose(value, alone[:, 0], rtol=1e-12, atol=1e-12, equal_nan=True):
        raise FormError(f"the form of activation {own.name!r} must act on each element of z alone, and it mixes them")


def _check_finite(own: Own, z: Array) -> None:
    """A value and a slope at every z; far out they may be infinite, as e^z is at 1000, but not NaN."""
    for what, numbers in (("value", own.value(z)), ("slope", own.slope(z))):
        bad = np.isnan(numbers) | (np.isinf(numbers) & (np.abs(z) < 40))
        if bad.any():
            at = z[bad][np.abs(z[bad]).argmin()]
            raise FormError(
                f"activation {own.name!r} has the {what} {numbers[z == at][0]} at z = {at:g}: a form needs a value and a "
                f"slope at every z; {SAFE if abs(at) > 1 else LIMIT}"
            )


def _check_differences(own: Own, z: Array) -> None:
    h = 1e-6
    value, slope = own.value(z), own.slope(z)
    difference = (own.value(z + h) - own.value(z - h)) / (2 * h)
    wrong = np.abs(slope - difference) > 1e-5 * (1 + np.abs(slope) + np.abs(value))
    if wrong.any():
        i = int(np.argmax(np.abs(slope - difference) * wrong))
        raise FormError(
            f"activation {own.name!r}: at z = {z[i]:g} dual numbers give the slope {slope[i]:.6g}, a central difference "
            f"{difference[i]:.6g}; where the form has kinks, name them: activation(form, kinks=(0.0,))"
        )


def _check_one_sided(own: Own, z: Array) -> None:
    """At 0 and at the kinks the slope is that of one side, or lies between the two: a subgradient (S3.4)."""
    h, value, slope = 1e-6, own.value(z), own.slope(z)
    left, right = ((4 * own.value(z + step) - own.value(z + 2 * step) - 3 * value) / (2 * step) for step in (-h, h))
    leeway = 1e-5 * (1 + np.abs(slope) + np.abs(value))
    wrong = (slope < np.minimum(left, right) - leeway) | (slope > np.maximum(left, right) + leeway)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise FormError(
            f"activation {own.name!r}: at z = {z[i]:g} dual numbers give the slope {slope[i]:.6g}, and differences "
            f"{left[i]:.6g} on the left and {right[i]:.6g} on the right; {TIE}"
        )


def activation_values(value: Callable[[Array], Array]) -> list[float]:
    """An activation's values at fixed points, which distinguish it from another of the same name."""
    found: list[float] = value(np.array([-5.0, -2.5, -1.0, -0.3, 0.2, 1.0, 2.5, 5.0])).tolist()
    return found


def cost_values(value: Callable[[Array, Array], Array], outputs: int) -> list[float] | None:
    """A cost's values for fixed outputs and targets; None where it has none there, or is not at hand."""
    a = 0.5 + 0.4 * np.sin(np.arange(4 * outputs)).reshape(4, outputs)
    try:
        found: list[float] = value(a, np.roll(np.eye(4, outputs), 1, axis=1)).tolist()
    except ChainruleError:
        return None
    return found if np.isfinite(found).all() else None
