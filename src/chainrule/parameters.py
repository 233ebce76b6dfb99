"""The vector space of weights and biases: a network, its gradient, a momentum and a move are all one of these.

g.weights[l], g.biases[l]     layer l = 1…L
g + h, 2 * g, -g, g @ h       sum, multiple, inner product
g.norm(), g.flat(), g.like(v) length, one vector w¹,b¹,…,w^L,b^L (S1.1), and back
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import Bool, Float

from chainrule.data.coercion import are_finite
from chainrule.errors import IdError, ShapeError, brief

T = TypeVar("T")
Array = np.ndarray


class Layers(Generic[T]):
    """A sequence indexed by layer number, as in the mathematics: z[1] … z[L], and a[0] … a[L] for the activations."""

    __slots__ = ("_items", "first")

    def __init__(self, items: Sequence[T], first: int = 1) -> None:
        self._items = tuple(items)
        self.first = first

    @property
    def last(self) -> int:
        """The number of the last layer, L."""
        return self.first + len(self._items) - 1

    def __getitem__(self, layer: Any) -> T:
        try:
            number = operator.index(layer)
        except TypeError:
            raise IdError(f"a layer is given by its number {self.first}…{self.last}, got {brief(layer)}") from None
        if not self.first <= number <= self.last:
            zero = "; layer 0 is the input, which has activations alone" if number == 0 else ""
            back = f"; the last layer is [{self.last}]" if number < 0 else ""
            raise IdError(f"there is no layer {number}: layers are numbered {self.first}…{self.last}{zero}{back}")
        return self._items[number - self.first]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    @property
    def numbers(self) -> range:
        """The layer numbers first…last."""
        return range(self.first, self.last + 1)

    def items(self) -> Iterator[tuple[int, T]]:
        """Pairs (layer number, item)."""
        return zip(self.numbers, self._items)

    def __repr__(self) -> str:
        return "Layers(" + ", ".join(f"{number}: {item!r}" for number, item in self.items()) + ")"


def length(*vectors: Array) -> float:
    """The Euclidean length of the longest of them, safe from overflow and underflow."""
    largest = max((float(np.abs(v).max(initial=0)) for v in vectors), default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * max(float(np.linalg.norm(v / largest)) for v in vectors)


class Parameters:
    """Weights of shape (out, in) and biases of shape (out,), (1,) for one a layer (S0.4), or (0,) for none, by layer."""

    __slots__ = ("biases", "weights")

    def __init__(self, weights: Sequence[Array] | Layers[Array], biases: Sequence[Array] | Layers[Array]) -> None:
        self.weights = weights if isinstance(weights, Layers) else Layers(weights)
        self.biases = biases if isinstance(biases, Layers) else Layers(biases)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{w.shape}+{b.shape}" for w, b in zip(self.weights, self.biases))
        return f"Parameters({shapes}, {self.dtype}, norm {self.norm():.6g})"

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.weights[1].dtype

    @property
    def size(self) -> int:
        """How many numbers these are."""
        return sum(array.size for array in self.arrays())

    def arrays(self) -> Iterator[Array]:
        """Every array in the order of the gradient vector (S1.1): w¹, b¹, …, w^L, b^L."""
        for w, b in zip(self.weights, self.biases):
            yield w
            yield b

    def map(self, function: Callable[..., Array], *others: Parameters) -> Parameters:
        """`function` of each array, with the arrays of the others at its side."""
        for other in others:
            self._same_space(other)
        made = [function(*arrays) for arrays in zip(self.arrays(), *(other.arrays() for other in others))]
        return Parameters(made[0::2], made[1::2])

    def _same_space(self, other: Parameters) -> None:
        if not isinstance(other, Parameters):
            raise ShapeError(f"weights and biases go with chainrule.Parameters, got {type(other).__name__}")
        mine, theirs = [a.shape for a in self.arrays()], [a.shape for a in other.arrays()]
        if mine != theirs:
            raise ShapeError(f"these belong to networks of different shapes: {mine} and {theirs}")

    def __add__(self, other: Parameters) -> Parameters:
        return self.map(np.add, other)

    def __sub__(self, other: Parameters) -> Parameters:
        return self.map(np.subtract, other)

    def __mul__(self, factor: float) -> Parameters:
        return self.map(lambda array: array * array.dtype.type(factor))

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Parameters:
        return self.map(lambda array: array / array.dtype.type(divisor))

    def __neg__(self) -> Parameters:
        return self.map(np.negative)

    def __matmul__(self, other: Parameters) -> float:
        """The inner product, summed in float64."""
        self._same_space(other)
        pairs = zip(self.arrays(), other.arrays())
        return float(sum(np.sum(a.astype(np.float64) * b.astype(np.float64)) for a, b in pairs))

    def norm(self) -> float:
        """The Euclidean length, safe from overflow and underflow."""
        largest = max(float(np.abs(array).max(initial=0)) for array in self.arrays())
        if largest == 0 or not math.isfinite(largest):
            return largest
        return largest * math.hypot(*(float(np.linalg.norm(a.astype(np.float64) / largest)) for a in self.arrays()))

    def zeros(self) -> Parameters:
        """The origin of this space."""
        return self.map(np.zeros_like)

    def astype(self, dtype: Any) -> Parameters:
        return self.map(lambda array: array.astype(dtype))

    def with_layers(self, layers: Collection[int], other: Parameters) -> Parameters:
        """These, with the weights and biases of some layers, given by number, taken from `other`."""
        self._same_space(other)
        return Parameters(
            [(other if l in layers else self).weights[l] for l in self.weights.numbers],
            [(other if l in layers else self).biases[l] for l in self.biases.numbers],
        )

    def flat(self) -> Float[np.ndarray, " parameters"]:
        """One vector w¹,b¹,…,w^L,b^L, each weight matrix row by row (S1.1)."""
        return np.concatenate([array.ravel() for array in self.arrays()])

    def like(self, vector: Float[np.ndarray, " parameters"]) -> Parameters:
        """The way back from `flat`: the entries of a vector, in the shapes of these arrays."""
        vector = np.asarray(vector)
        if vector.shape != (self.size,):
            raise ShapeError(f"these weights and biases are {self.size} numbers, got a vector of shape {vector.shape}")
        ends = np.cumsum([array.size for array in self.arrays()])[:-1]
        made = [part.reshape(a.shape) for part, a in zip(np.split(vector, ends), self.arrays())]
        return Parameters(made[0::2], made[1::2])

    def are_weights(self) -> Bool[np.ndarray, " parameters"]:
        """For each entry of `flat`: True for a weight, False for a bias."""
        return np.concatenate([np.full(array.size, place % 2 == 0) for place, array in enumerate(self.arrays())])

    def is_finite(self) -> bool:
        """False as soon as one entry is infinite or not a number."""
        return all(map(are_finite, self.arrays()))
