"""First weights, a row each: how wide they are drawn, and which biases a layer has.

`in` is the number of weights into a neuron (fan-in), `out` that of the layer's neurons (fan-out). Weights are (out, in).

| name       | weights                                              | source                | in torch.nn.init           |
|------------|------------------------------------------------------|-----------------------|----------------------------|
| he         | normal, deviation √(2/in)                            | He et al. 2015        | kaiming_normal_            |
| glorot     | normal, deviation √(2/(in + out))                    | Glorot, Bengio 2010   | xavier_normal_             |
| lecun      | normal, deviation √(1/in)                            | LeCun et al. 1998     | kaiming_normal_, linear    |
| normal     | normal, deviation 1                                  |                       | normal_                    |
| orthogonal | orthonormal rows or columns, whichever are fewer     | Saxe et al. 2014      | orthogonal_                |
| sparse     | 15 per neuron are normal, deviation 1, the others 0  | Martens 2010          | sparse_, of columns        |
| zeros      | 0                                                    |                       | zeros_                     |
| auto       | he before an activation of the ReLU family, else glorot |                    |                            |

There is no further gain: he has that of ReLU, √2, whatever the activation, and all others have 1. All biases begin at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from chainrule.activations import Activation
from chainrule.errors import SettingError, ShapeError, brief, counted, unknown_name
from chainrule.names import SAME, meant

T = TypeVar("T")
Array = np.ndarray
Draw = Callable[[np.random.Generator, int, int, Activation], Array]  # (rng, out, in, activation) -> (out, in)
RELU_FAMILY = {"relu", "leaky_relu", "gelu", "silu", "softplus"}
BIASES = {"neuron": lambda out: out, "layer": lambda out: 1, "none": lambda out: 0}  # how many a layer has
CONNECTIONS = 15  # into a neuron, as in Martens's experiments


def first_parameters(
    rng: np.random.Generator, sizes: Sequence[int], sigmas: Sequence[Activation], init: Any, bias: Any, dtype: Any
) -> Iterator[tuple[Array, Array | None]]:
    """The weights and the biases (None for none) of each layer. `init` and `bias` are one name, or one for each layer."""
    inits = by_layer(init, len(sigmas), "init", _drawn)
    counts = by_layer(bias, len(sigmas), "bias", _count)
    for n_in, n_out, sigma, draw, count in zip(sizes, sizes[1:], sigmas, inits, counts):
        weights = draw(rng, n_out, n_in, sigma).astype(dtype)
        yield weights, np.zeros(count(n_out), dtype) if count(n_out) else None


def by_layer(given: Any, count: int, what: str, made: Callable[[Any], T]) -> list[T]:
    """What is given for each layer: one for all of them, or as many as there are. Raises ShapeError for another number."""
    one = isinstance(given, str) or not isinstance(given, Iterable)
    each = [given] * count if one else list(given)
    if len(each) != count:
        raise ShapeError(
            f"{what} is one for all {counted(count, 'layer')}, or one for each of them; got {len(each)}: {brief(given)}"
        )
    return [made(one) for one in each]


def _drawn(init: Any) -> Draw:
    """The function that draws a layer's weights: of that name, or a user's own, whose result is checked."""
    if isinstance(init, str):
        name = meant("init", INITS, init)
        if name not in INITS:
            raise unknown_name("init", init, INITS, SAME["init"])
        return INITS[name]
    if not callable(init):
        raise SettingError(
            f"init is a name ({', '.join(INITS)}) or a function (rng, out, in, activation) -> weights (out, in), got "
            f"{brief(init)}"
        )
    return lambda rng, n_out, n_in, sigma: _checked(init(rng, n_out, n_in, sigma), n_out, n_in)


def _checked(weights: Any, n_out: int, n_in: int) -> Array:
    array = np.asarray(weights)
    if array.shape != (n_out, n_in) or array.dtype.kind not in "fiu":
        raise ShapeError(
            f"an init's function gives the weights of a layer, numbers of the shape (out, in), here ({n_out}, {n_in}); got "
            f"{brief(weights) if array.ndim == 0 else f'{array.dtype} of the shape {array.shape}'}"
        )
    return array


def _count(bias: Any) -> Callable[[int], int]:
    if not isinstance(bias, str) or bias not in BIASES:
        raise unknown_name("bias", bias, BIASES)
    return BIASES[bias]


# the rows -------------------------------------------------------------------------------------------------------------
def _normal(width: Callable[[int, int], float]) -> Draw:
    return lambda rng, n_out, n_in, sigma: rng.standard_normal((n_out, n_in)) * width(n_in, n_out)


def _orthogonal(rng: np.random.Generator, n_out: int, n_in: int, sigma: Activation) -> Array:
    """Orthonormal rows or columns, whichever are fewer, uniform over all such matrices (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.standard_normal((max(n_out, n_in), min(n_out, n_in))))
    q = q * np.sign(np.diag(r))
    return q if n_out >= n_in else q.T


def sparse(connections: int = CONNECTIONS, width: float = 1.0) -> Draw:
    """So many weights into each neuron, drawn with this deviation, and no others: `Network.random(sizes, init=sparse(5))`.

    Which inputs they come from is drawn for each neuron. Of fewer inputs it takes all. Source: Martens 2010.
    """

    def draw(rng: np.random.Generator, n_out: int, n_in: int, sigma: Activation) -> Array:
        count = min(connections, n_in)
        weights, chosen = np.zeros((n_out, n_in)), rng.random((n_out, n_in)).argsort(axis=1)[:, :count]
        np.put_along_axis(weights, chosen, rng.standard_normal((n_out, count)) * width, axis=1)
        return weights

    return draw


def _auto(rng: np.random.Generator, n_out: int, n_in: int, sigma: Activation) -> Array:
    return INITS["he" if sigma.name in RELU_FAMILY else "glorot"](rng, n_out, n_in, sigma)


INITS: dict[str, Draw] = {
    "auto": _auto,
    "he": _normal(lambda n_in, n_out: math.sqrt(2 / n_in)),
    "glorot": _normal(lambda n_in, n_out: math.sqrt(2 / (n_in + n_out))),
    "lecun": _normal(lambda n_in, n_out: math.sqrt(1 / n_in)),
    "normal": _normal(lambda n_in, n_out: 1.0),
    "orthogonal": _orthogonal,
    "sparse": sparse(),
    "zeros": lambda rng, n_out, n_in, sigma: np.zeros((n_out, n_in)),
}
