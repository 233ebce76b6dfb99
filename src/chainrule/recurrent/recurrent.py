"""A simple recurrent network (Elman 1990): five arrays that are the same at each step, and the space they form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from chainrule.activations import Activation, as_activation
from chainrule.data.coercion import as_array, contents
from chainrule.data.dataset import generator
from chainrule.errors import DataError, ShapeError, brief
from chainrule.initialization import INITS
from chainrule.parameters import Parameters

Array = np.ndarray
SHARED = ("W", "b", "U", "V", "c")  # in the order of the flat vector


class RecurrentParameters(Parameters):
    """W, U, b, V, c as one vector space: `Parameters` of three layers, (W, b), (U, none), (V, c), with their letters.

    A gradient, a momentum and a move are all one of these, and every update rule takes them. `flat` is W, b, U, V, c.
    """

    __slots__ = ()

    def __init__(self, W: Array, U: Array, b: Array, V: Array, c: Array) -> None:
        super().__init__([W, U, V], [b, np.zeros(0), c])

    W = property(lambda self: self.weights[1], doc="(hidden, in)")
    b = property(lambda self: self.biases[1], doc="(hidden,)")
    U = property(lambda self: self.weights[2], doc="(hidden, hidden), from step to step")
    V = property(lambda self: self.weights[3], doc="(out, hidden)")
    c = property(lambda self: self.biases[3], doc="(out,)")

    def map(self, function: Callable[..., Array], *others: Parameters) -> RecurrentParameters:
        """`function` of each array, with the arrays of the others at its side."""
        return _lettered(super().map(function, *others))

    def like(self, vector: Float[np.ndarray, " parameters"]) -> RecurrentParameters:
        """The way back from `flat`."""
        return _lettered(super().like(vector))


def _lettered(made: Parameters) -> RecurrentParameters:
    (W, U, V), (b, _, c) = made.weights, made.biases
    return RecurrentParameters(W, U, b, V, c)


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Recurrent:
    """A simple recurrent network: h_t = σ(W x_t + U h_(t−1) + b), y_t = τ(V h_t + c), the same five arrays at each step.

    W (hidden, in), U (hidden, hidden), b (hidden,), V (out, hidden), c (out,); `activation` is σ, `output` τ, by name or as
    an Activation. Raises ShapeError where they do not fit together.
    """

    W: Array
    U: Array
    b: Array
    V: Array
    c: Array
    activation: Activation
    output: Activation

    def __init__(
        self,
        W: Any,
        U: Any,
        b: Any,
        V: Any,
        c: Any,
        activation: str | Activation = "tanh",
        output: str | Activation = "identity",
    ) -> None:
        given = {name: numbers(each, name) for name, each in zip("WUbVc", (W, U, b, V, c))}
        for name in "WUV":
            if given[name].ndim != 2 or given[name].size == 0:
                raise ShapeError(f"{name} is a matrix of at least one weight, got the shape {given[name].shape}")
        (hidden, _), out = given["W"].shape, len(given["V"])
        needed = {"U": (hidden, hidden), "b": (hidden,), "V": (out, hidden), "c": (out,)}
        for name, shape in needed.items():
            if given[name].shape != shape:
                raise ShapeError(
                    f"{name} has the shape {given[name].shape}, needed is {shape}: W of shape {given['W'].shape} and V of "
                    f"shape {given['V'].shape} make {hidden} hidden neurons and {out} outputs"
                )
        for name, array in given.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        for name, sigma, size in (("activation", activation, hidden), ("output", output, out)):
            object.__setattr__(self, name, as_activation(sigma))
            if getattr(self, name).full_slope and size == 1:
                raise ShapeError(f"{name}: the softmax of one neuron is always 1; use sigmoid, or two neurons")

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        activation: str | Activation = "tanh",
        output: str | Activation = "identity",
        seed: int | np.random.Generator = 0,
    ) -> Recurrent:
        """A network of sizes (in, hidden, out): W and V as `Network.random` draws weights, U orthogonal, zero biases.

        An orthogonal U keeps the length of what travels through it, so that no gradient vanishes or explodes by U alone.
        """
        if np.shape(sizes) != (3,) or not all(isinstance(n, (int, np.integer)) and n >= 1 for n in sizes):
            raise ShapeError(f"sizes are (in, hidden, out), three whole numbers ≥ 1; got {brief(sizes)}")
        (n_in, hidden, out), rng = sizes, generator(seed)
        sigma, tau = as_activation(activation), as_activation(output)
        W = INITS["auto"](rng, hidden, n_in, sigma)
        U = INITS["orthogonal"](rng, hidden, hidden, sigma)
        return cls(W, U, np.zeros(hidden), INITS["auto"](rng, out, hidden, tau), np.zeros(out), sigma, tau)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Inputs, hidden neurons, outputs."""
        return self.W.shape[1], self.W.shape[0], self.V.shape[0]

    @property
    def parameters(self) -> RecurrentParameters:
        """W, U, b, V, c as a point of their vector space."""
        return RecurrentParameters(self.W, self.U, self.b, self.V, self.c)

    @property
    def radius(self) -> float:
        """The spectral radius of U, the largest |eigenvalue|: the growth of a gradient per step in the long run, for σ′ = 1."""
        return float(np.abs(np.linalg.eigvals(self.U)).max())

    def with_parameters(self, parameters: Parameters) -> Recurrent:
        """This network with other numbers in its five arrays."""
        p = self.parameters.map(lambda _, new: new, parameters)
        return Recurrent(p.W, p.U, p.b, p.V, p.c, self.activation, self.output)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        return f"Recurrent({sizes}, {self.activation} → {self.output}, {self.parameters.size:,} parameters)"


def numbers(given: Any, what: str) -> Array:
    """Finite real numbers, as float64. Raises DataError with the first that is not."""
    array = as_array(given, what)
    if array.dtype.kind not in "fiub":
        raise DataError(f"{what} holds real numbers, got {contents(array)}")
    array = np.array(array, np.float64)
    if not np.isfinite(array).all():
        at = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
        raise DataError(f"{what}{at if at else ''} is {array[tuple(at)]}: finite numbers are needed")
    return array
