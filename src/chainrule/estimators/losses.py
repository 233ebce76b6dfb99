"""What `loss` and `activation` may be: names, objects of the package, and functions of a user's own, which are checked."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import numpy as np

from chainrule.activations import NAMED as ACTIVATIONS
from chainrule.activations import Activation, activation, odot
from chainrule.costs import NAMED, Cost, Pair, as_cost, own_cost
from chainrule.elementary import ARRAYS
from chainrule.errors import FormError, SettingError, brief
from chainrule.writing.numbers import short

Array = np.ndarray
COSTS = Cost.__module__  # whose own slopes the tests of the package compare
STEP, APART = 1e-6, 1e-4  # of a difference, and how far a slope may be from it, relative


def loss_of(given: Any) -> Cost:
    """A name, a cost, or a function of (outputs, targets) as a cost, whose slope is made from what the function does.

    Raises FormError where no slope can be had from it.
    """
    if isinstance(given, str) and given == "squared_error":
        return as_cost("quadratic")  # ½ Σ (a − y)², as scikit-learn has it
    if isinstance(given, (str, Cost)):
        return as_cost(given)
    if callable(given):
        return own_cost(given, _name(given, NAMED))
    raise SettingError(
        f"loss is a name ({', '.join(NAMED)}), a cost such as chainrule.huber(2.0), or a function of (a, y); got {brief(given)}"
    )


def is_own(cost: Cost) -> bool:
    """Whether a cost is not one of the package, so that nothing is known of it but what it says."""
    return cost.own or cost.name not in NAMED


def activation_of(given: Any) -> Any:
    """A name (scikit-learn's "logistic" is our sigmoid), an activation, or a function of z as an activation."""
    if isinstance(given, str):
        return "sigmoid" if given == "logistic" else given
    if isinstance(given, Activation):
        if not given.own and not given.full_slope:
            _check_activation(given)
        return given
    if callable(given):
        return activation(given, _name(given, ACTIVATIONS))
    return given


def _name(function: Callable[..., Any], taken: Container[str]) -> str:
    """The name of a function; "own" for a lambda, and own_tanh for one that is called as a built-in one."""
    name = getattr(function, "__name__", "own")
    if not name.isidentifier():
        return "own"
    return f"own_{name}" if name in taken else name


# slopes that were written by hand ------------------------------------------------------------------------------------------
def check_cost(cost: Cost, output: Activation, outputs: int) -> None:
    """The slope of a cost that was written by hand, against differences of its value on rows of so many outputs.

    Raises FormError where the two differ, or its form gives other values.
    """
    pair, rng = cost.on(output), np.random.default_rng(0)
    parts = (each for each in (pair.value, pair.slope, pair.form, pair.delta) if each is not None)
    if cost.own or all(getattr(part, "__module__", "") == COSTS for part in parts):
        return
    z = rng.standard_normal((8, outputs))
    y = _targets(cost, output, z, rng)
    of_z = pair.of == "z" or pair.delta is not None
    at = z if of_z else output.value(z)
    found = _slope(pair, output, z, y) if of_z else pair.slope(at, y)

    def value(there: Array) -> Array:
        return pair.value(there if pair.of == "z" else output.value(there), y) if of_z else pair.value(there, y)

    form = np.asarray(pair.form(z if pair.of == "z" else output.value(z), y, ARRAYS), float).reshape(-1)
    if not np.allclose(form, value(at), rtol=APART):
        raise FormError(
            f"the form of the cost {cost.name!r} gives other numbers than its value: {short(float(form[0]), 6)} where that is "
            f"{short(float(value(at)[0]), 6)}"
        )
    steps = STEP * np.eye(outputs)
    right = np.stack([(value(at + step) - value(at - step)) / (2 * STEP) for step in steps], axis=1)
    _compare(f"the cost {cost.name!r}", found, right, f"∂C/∂{'z' if of_z else 'a'}")


def _slope(pair: Pair, output: Activation, z: Array, y: Array) -> Array:
    """∂C/∂z^L as backpropagation takes it."""
    return odot(pair.slope(output.value(z), y), output.slope(z)) if pair.delta is None else pair.delta(z, y)


def _targets(cost: Cost, output: Activation, z: Array, rng: np.random.Generator) -> Array:
    rows, outputs = z.shape
    if cost.targets in ("one-hot", "probabilities"):
        return np.eye(outputs)[rng.integers(0, outputs, rows)]
    if cost.targets == "choices":
        return rng.integers(0, 2, (rows, outputs)).astype(float)
    return rng.poisson(2.0, (rows, outputs)).astype(float) if cost.targets == "counts" else rng.standard_normal(z.shape)


def _check_activation(sigma: Activation) -> None:
    z = np.linspace(-6.0, 6.0, 49) + 0.0137
    right = (sigma.value(z + STEP) - sigma.value(z - STEP)) / (2 * STEP)
    _compare(f"the activation {sigma.name!r}", sigma.slope(z), right, "σ′")


def _compare(what: str, found: Array, right: Array, name: str) -> None:
    """Raises FormError where a slope is not that of the value: with their quotient, where there is one."""
    size = np.abs(found) + np.abs(right).max()
    wrong = ~(np.abs(found - right) <= APART * size)
    if not wrong.any():
        return
    place = np.unravel_index(np.abs(np.where(wrong, found - right, 0)).argmax(), found.shape)
    factor = float((found * right).sum() / (right * right).sum()) if right.any() else np.inf
    proportional = np.isfinite(factor) and np.abs(found - factor * right).max() <= APART * size.max()
    by = f"{short(factor, 4)} ×" if proportional else "not"
    slope, difference = (short(float(each[place]), 6) for each in (found, right))
    raise FormError(
        f"{what} has a slope that is {by} the derivative of its value: where {name} is {slope} by the slope, it is "
        f"{difference} by central differences of the value"
    )
