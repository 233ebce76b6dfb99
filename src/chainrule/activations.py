"""Activations σ, a row each: value, slope, formula, and the form from which every other method takes the slope.

| name       | σ(z)                | σ′(z)                       | kinks |
|------------|---------------------|-----------------------------|-------|
| identity   | z                   | 1                           |       |
| sigmoid    | 1 / (1 + e^−z)      | σ(z) σ(−z)                  |       |
| tanh       | tanh z              | 1 / cosh² z                 |       |
| relu       | max(z, 0)           | 1 where z > 0, else 0       | 0     |
| leaky_relu | max(z, αz)          | 1 where z > 0, else α       | 0     |
| softplus   | log(1 + e^z)        | 1 / (1 + e^−z)              |       |
| gelu       | z Φ(z)              | Φ(z) + z φ(z)               |       |
| silu       | z / (1 + e^−z)      | s + z s(1 − s), s = sigmoid |       |
| exponential| e^z                 | e^z                         |       |
| softmax    | e^z_i / Σ_j e^z_j   | the matrix a_i (δ_ij − a_j) |       |

At a kink the slope is that of the left side, a subgradient (S3.4). Slopes are computed from z, which the forward pass
keeps (S2.17), and stay accurate where the neuron is saturated: 1 − tanh² z would be 0 at z = 20, 1 / cosh² z is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial, reduce
from types import MappingProxyType
from typing import Any

import numpy as np

from chainrule.dual import DUALS, Dual
from chainrule.elementary import ARRAYS, Elementary, erfc
from chainrule.errors import FormError, SettingError, brief
from chainrule.names import Frozen, look_up, resolve
from chainrule.own_forms import as_form, check_activation, exact, real, with_slope

Array = np.ndarray


@dataclass(frozen=True)
class Activation(Frozen):
    """One row: σ, its slope, how it is written, and its form.

    `value(z)` has the shape of z. `slope(z)` has it too, or, where every output depends on every input of its layer
    (softmax), it is the matrix Σ′ of shape (…, n, n) with Σ′[i, j] = ∂a_i/∂z_j.
    Where it is `in_place`, `value(z, out)` writes into `out`, which may be z itself.
    """

    name: str
    value: Callable[..., Array]
    slope: Callable[[Array], Array]
    form: Callable[[Any, Elementary], Any]
    formula: str
    latex: str
    kinks: tuple[float, ...] = ()
    settings: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    own: bool = False
    in_place: bool = False

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={value:g}" for key, value in self.settings.items())
        return f"{self.name}({inside})" if inside else self.name

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as the call that makes it, by name; a user's own by its form, which pickle must find in a module."""
        if self.own:
            return activation, (self.form, self.name, self.formula, self.kinks)
        return partial(named, self.name, **self.settings), ()

    @property
    def full_slope(self) -> bool:
        """True where Σ′ is a full matrix: softmax."""
        return self.name == "softmax" and not self.own

    def over(self, z: Array) -> Array:
        """σ(z), written over z by an activation that can."""
        return self.value(z, z) if self.in_place else self.value(z)


def odot(v: Array, slope: Array) -> Array:
    """v ⊙ σ′ (S2.11); where the slope is the full matrix Σ′ of a softmax, the product Σ′ᵀ v that ⊙ abbreviates (S2.18)."""
    if slope.ndim == v.ndim:
        return v * slope
    return np.matmul(v[..., None, :], slope)[..., 0, :]


# the values and slopes that need more than one line -----------------------------------------------------------------
def _sigmoid(z: Array, out: Array | None = None) -> Array:
    e = np.exp(-np.abs(z))  # never overflows
    return np.divide(np.maximum(e, z >= 0), 1 + e, out=out)  # a maximum takes a tenth of the time that np.where takes


def _relu(z: Array, out: Array | None = None) -> Array:
    return np.maximum(z, np.zeros(z.shape[-1:], z.dtype), out=out)  # a row of zeros: twice as fast as the number 0


def _exponential(z: Array, out: Array | None = None) -> Array:
    with np.errstate(over="ignore", under="ignore"):  # what overflows is ∞
        return np.exp(z, out=out)


def _sigmoid_slope(z: Array) -> Array:
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def _tanh_slope(z: Array) -> Array:
    e = np.exp(-2 * np.abs(z))
    return 4 * e / (1 + e) ** 2


def _softplus(z: Array) -> Array:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def _normal_cdf(z: Array) -> Array:
    return (erfc(-z * math.sqrt(0.5)) / 2).astype(z.dtype)


def _gelu_slope(z: Array) -> Array:
    return _normal_cdf(z) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _silu_slope(z: Array) -> Array:
    s = _sigmoid(z)
    return s * (1 + z * _sigmoid(-z))


def _softmax(z: Array, out: Array | None = None) -> Array:
    if z.ndim == 1:  # the same numbers: an axis costs a single row more than its arithmetic
        e = np.subtract(z, z[z.argmax()], out)
        return np.divide(np.exp(e, e), np.add.reduce(e), e)
    e = np.subtract(z, of_each_row(np.maximum, z), out=out)
    np.exp(e, out=e)
    return np.divide(e, of_each_row(np.add, e), out=e)


def of_each_row(ufunc: np.ufunc, z: Array) -> Array:
    """The maximum or sum of each row (…, 1): below eight columns, column by column gives the same bits ten times as fast."""
    if z.ndim == 2 and z.shape[1] < 8 and len(z) > 16 * z.shape[1]:
        return np.asarray(reduce(ufunc, z.T))[:, None]
    return ufunc.reduce(z, axis=-1, keepdims=True)


def _softmax_slope(z: Array) -> Array:
    """Its diagonal a_i (1 − a_i), where a_i is the largest, is a_i times the sum of the others: 1 − a_i would lose digits."""
    a = _softmax(z)
    top = a.argmax(axis=-1, keepdims=True)
    others, rest = a.copy(), 1 - a
    np.put_along_axis(others, top, 0, axis=-1)
    np.put_along_axis(rest, top, others.sum(axis=-1, keepdims=True), axis=-1)
    slope = -a[..., :, None] * a[..., None, :]
    diagonal = np.arange(a.shape[-1])
    slope[..., diagonal, diagonal] = a * rest
    return slope


def _softmax_form(z: Any, m: Elementary) -> Any:
    e = m.exp(z - m.largest(m.constant(z)))  # the shift cancels in the quotient
    return e / m.sum(e)


# the table ----------------------------------------------------------------------------------------------------------
identity = Activation("identity", lambda z, out=None: z, np.ones_like, lambda z, m: z, "z", "z", in_place=True)
sigmoid = Activation(
    "sigmoid", _sigmoid, _sigmoid_slope, lambda z, m: m.sigmoid(z), "1 / (1 + e^−z)", r"\frac{1}{1+e^{-z}}",
    in_place=True,
)  # fmt: skip
tanh = Activation("tanh", np.tanh, _tanh_slope, lambda z, m: m.tanh(z), "tanh z", r"\tanh z", in_place=True)
relu = Activation(
    "relu", _relu, lambda z: (z > 0).astype(z.dtype), lambda z, m: m.maximum(z, 0.0), "max(z, 0)", r"\max(z, 0)",
    kinks=(0.0,), in_place=True,
)  # fmt: skip
softplus = Activation("softplus", _softplus, _sigmoid, lambda z, m: m.softplus(z), "log(1 + e^z)", r"\log(1+e^{z})")
gelu = Activation(
    "gelu", lambda z: z * _normal_cdf(z), _gelu_slope, lambda z, m: z * (1 + m.erf(z * 0.5**0.5)) / 2, "z Φ(z)",
    r"z\,\Phi(z)",
)  # fmt: skip
silu = Activation(
    "silu", lambda z: z * _sigmoid(z), _silu_slope, lambda z, m: z * m.sigmoid(z), "z / (1 + e^−z)",
    r"\frac{z}{1+e^{-z}}",
)  # fmt: skip
exponential = Activation(
    "exponential", _exponential, _exponential, lambda z, m: m.exp(z), "e^z", "e^{z}", in_place=True
)
softmax = Activation(
    "softmax", _softmax, _softmax_slope, _softmax_form, "e^z_i / Σ_j e^z_j", r"\frac{e^{z_i}}{\sum_j e^{z_j}}",
    in_place=True,
)  # fmt: skip


def leaky_relu(alpha: float | np.number[Any] = 0.01) -> Activation:
    """max(z, αz) with 0 ≤ α < 1: σ′ never reaches zero (S2.16)."""
    if not isinstance(alpha, (int, float, np.number)) or not 0 <= alpha < 1:
        raise SettingError(f"leaky_relu needs a slope 0 ≤ alpha < 1 for negative z, got {brief(alpha)}")
    alpha = float(alpha)
    return Activation(
        "leaky_relu",
        lambda z, out=None: np.maximum(z, z * z.dtype.type(alpha), out=out),
        lambda z: np.where(z > 0, 1, alpha).astype(z.dtype),
        lambda z, m: m.maximum(z, alpha * z),
        "max(z, αz)",
        r"\max(z, \alpha z)",
        kinks=(0.0,),
        settings=MappingProxyType({"alpha": alpha}),
        in_place=True,
    )


NAMED: dict[str, Callable[..., Activation]] = {
    "identity": lambda: identity,
    "sigmoid": lambda: sigmoid,
    "tanh": lambda: tanh,
    "relu": lambda: relu,
    "leaky_relu": leaky_relu,
    "softplus": lambda: softplus,
    "gelu": lambda: gelu,
    "silu": lambda: silu,
    "exponential": lambda: exponential,
    "softmax": lambda: softmax,
}


def named(name: str, **settings: float) -> Activation:
    """The activation of that name, with its settings (`named("leaky_relu", alpha=0.2)`)."""
    return look_up("activation", NAMED, name, settings)


def as_activation(given: str | Activation) -> Activation:
    """A name or an activation, as an activation."""
    return resolve("activation", NAMED, given, Activation, "chainrule.activation(form)")


# a user's own -------------------------------------------------------------------------------------------------------
def activation(
    form: Callable[..., Any], name: str = "own", formula: str = "σ(z)", kinks: tuple[float, ...] = ()
) -> Activation:
    """A user's own activation, its slope made from the form by dual numbers and checked against differences (S2.16).

    `form(z)` is written with NumPy functions, or `form(z, m)` with those of `m` (then circuits and symbols can read it
    too): `activation(lambda z, m: z * m.tanh(m.softplus(z)), "mish")`. It must act on each element alone. It is evaluated
    in float64 and rounded once to the precision of z, so that it may hold constants of any type.
    Raises FormError where the form fails, is not elementwise, has no value or slope somewhere in −10⁴ ≤ z ≤ 10⁴, or its
    slope disagrees with a difference.
    """
    if not callable(form):
        raise FormError(f"an activation's form is a function of z, got {brief(form)}")
    if not isinstance(name, str):
        raise FormError(
            f'activation(form, name): the name is a text, as "mish", got {brief(name)}; a slope is made from the form'
        )
    full_form = as_form(form, "z")

    def value(z: Array) -> Array:
        with np.errstate(all="ignore"):  # what overflows is ∞, as in the built-in ones
            return real(full_form(exact(z), ARRAYS), name).astype(z.dtype)

    def slope(z: Array) -> Array:
        with np.errstate(all="ignore"):
            found = with_slope(full_form(Dual(exact(z), 1.0), DUALS), name).slope
            return np.array(np.broadcast_to(found, z.shape), dtype=z.dtype)

    if name in NAMED:
        raise FormError(f"{name!r} is the name of a built-in activation, which costs and files know: choose another")
    own = Activation(name, value, slope, full_form, formula, formula, tuple(kinks), own=True)
    check_activation(own)
    return own
