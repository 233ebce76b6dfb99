"""Network: weights, biases and activations by layer, frozen."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.activations import Activation, as_activation
from chainrule.costs import Cost, as_cost, natural
from chainrule.data import Preprocessing, Table
from chainrule.data.coercion import are_finite, as_array, contents
from chainrule.data.dataset import generator
from chainrule.data.frames import is_frame, table_of_frame
from chainrule.errors import DataError, SettingError, ShapeError, brief, listed
from chainrule.ids import Id, entry_of, parse
from chainrule.initialization import Draw, first_parameters
from chainrule.memory import check_memory
from chainrule.parameters import Layers, Parameters
from chainrule.predictor import Predictor
from chainrule.writing.card import card, folded, layer_rows, lines, matrix, table

Array = np.ndarray
DTYPES = ("float32", "float64")
DEEP = 20  # layers: a notebook shows no numbers of a deeper network


class Network:
    """A fully connected network: layer l gives a^l = σ^l(w^l a^(l−1) + b^l) for l = 1…L, with a^0 = x (S4.1).

    weights      one matrix per layer, shape (out, in): row j holds the weights into neuron j (S2.10)
    biases       one vector per layer: (out,), or (1,) for one bias per layer (S0.4), or None for no bias
    activations  one name or Activation for all layers, or one for each
    preprocessing  what lies between a user's columns and labels and this network's numbers, for `predict`
    cost         C, wherever none is named: the cost it was trained with, else cross_entropy for a softmax output and quadratic
                 for any other

    Arrays decide the dtype, float32 or float64; lists are float64. Raises ShapeError where sizes do not chain.
    """

    __slots__ = ("activations", "cost", "parameters", "preprocessing")

    def __init__(
        self,
        weights: Any,
        biases: Any = None,
        activations: Any = "sigmoid",
        *,
        preprocessing: Preprocessing | None = None,
        cost: str | Cost | None = None,
    ) -> None:
        _check_not_sizes(weights, biases, activations)
        if (
            not isinstance(weights, (Sequence, Layers, np.ndarray))
            or isinstance(weights, (str, bytes))
            or not len(weights)
        ):
            raise ShapeError(
                "a network has at least one weight matrix, and weights are a list of them, each (out, in): "
                f"Network([[[1.5]], [[-2.0]]], [[0.1], [0.2]], 'tanh'); got {_named(weights)}"
            )
        count = len(weights)
        if biases is None:
            biases = [None] * count
        if isinstance(biases, str):
            raise ShapeError(
                f"the second argument is biases, and got the text {biases!r}: for a network without biases write "
                f"Network(weights, None, {biases!r})"
            )
        if not isinstance(biases, (Sequence, Layers, np.ndarray)) or len(biases) != count:
            got = len(biases) if isinstance(biases, (Sequence, Layers, np.ndarray)) else _named(biases)
            raise ShapeError(f"{count} weight matrices need as many biases (None for a layer without), got {got}")
        ws = [_numbers(w, f"weights of layer {l}") for l, w in enumerate(weights, 1)]
        bs = [np.zeros(0) if b is None else _numbers(b, f"biases of layer {l}") for l, b in enumerate(biases, 1)]
        dtype = np.result_type(*ws, *(b for b in bs if b.size))
        for layer, (w, b) in enumerate(zip(ws, bs), 1):
            _check_layer(layer, w, b, ws[layer - 2].shape[0] if layer > 1 else None)
        self.parameters = Parameters([_frozen(w, dtype) for w in ws], [_frozen(b, dtype) for b in bs])
        given = _by_layer(activations, count)
        if len(given) != count:
            raise ShapeError(f"{count} layers need one activation, or one for each, got {len(given)}")
        self.activations: Layers[Activation] = Layers([as_activation(each) for each in given])
        for layer, each in self.activations.items():
            if each.full_slope and self.sizes[layer] == 1:
                raise ShapeError(f"layer {layer}: the softmax of one neuron is always 1; use sigmoid, or two neurons")
        if preprocessing is not None and preprocessing.width not in (None, self.sizes[0]):
            raise ShapeError(
                f"the preprocessing makes {preprocessing.width} inputs and the network takes {self.sizes[0]}"
            )
        self.preprocessing = preprocessing
        self.cost: Cost = natural(self.output) if cost is None else as_cost(cost)
        if self.cost.pairs:
            self.cost.on(self.output)  # raises PairError where the two do not fit

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(self, name):
            raise AttributeError(
                f"a network is frozen: with_parameters, with_value, with_preprocessing or with_cost give a changed {name}"
            )
        object.__setattr__(self, name, value)

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        """A copy, or what was pickled: frozen again, as NumPy gives back arrays that can be written to."""
        for name, value in state[1].items():
            object.__setattr__(self, name, value)
        for array in self.parameters.arrays():
            array.flags.writeable = False

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        activations: Any = "relu",
        output: str | Activation = "identity",
        init: str | Draw | Sequence[str | Draw] = "auto",
        bias: str | Sequence[str] = "neuron",
        seed: int | np.random.Generator = 0,
        dtype: str | type | np.dtype[Any] = "float32",
    ) -> Network:
        """A network with random weights and zero biases: `Network.random([64, 30, 10], "relu", "softmax")`.

        `activations` are those of the hidden layers, `output` that of the last. `init` is the width of the weights:
        he √(2/in), glorot √(2/(in+out)), lecun √(1/in), normal 1, orthogonal, sparse, zeros; auto takes he before an activation
        of the ReLU family and glorot else. `bias` is one per neuron, one per layer or none: "neuron", "layer", "none". Both may
        be a list, one for each layer: `init=["he", "orthogonal"]`. Instead of a name a function (rng, out, in, activation) ->
        weights (out, in) may draw them. The same seed draws the same bits.
        """
        sizes = _sizes(sizes)
        hidden_count = len(sizes) - 2
        hidden = _by_layer(activations, hidden_count)
        if len(hidden) != hidden_count:
            raise ShapeError(f"sizes {sizes} have {hidden_count} hidden layers, got {len(hidden)} activations for them")
        sigmas = [as_activation(each) for each in [*hidden, output]]
        count = sum(map(operator.mul, sizes, sizes[1:]))
        shown = "-".join(map(str, sizes))
        check_memory(
            count * (8 + as_dtype(dtype).itemsize), f"Network {shown} of {count:,} weights", "take fewer neurons"
        )
        weights, biases = zip(*first_parameters(generator(seed), sizes, sigmas, init, bias, as_dtype(dtype)))
        return cls(weights, biases, sigmas)

    @property
    def weights(self) -> Layers[Array]:
        """w^1 … w^L, each (out, in), read-only."""
        return self.parameters.weights

    @property
    def biases(self) -> Layers[Array]:
        """b^1 … b^L, each (out,), (1,) or (0,), read-only."""
        return self.parameters.biases

    @property
    def depth(self) -> int:
        """L, the number of layers; the input is not counted (S3.16)."""
        return len(self.weights)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons by layer, n_0 … n_L; n_0 counts the inputs."""
        return (self.weights[1].shape[1], *map(len, self.weights))

    def shared_bias(self, layer: int) -> bool:
        """True where the neurons of a layer have one bias in common (S0.4)."""
        return 0 < self.biases[layer].size < self.sizes[layer]

    @property
    def output(self) -> Activation:
        """The last layer's activation, σ^L."""
        return self.activations[self.depth]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.parameters.dtype

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        return f"Network({sizes}, {self.activations_text()}, {self.dtype}, {self.parameters.size:,} parameters)"

    def _repr_html_(self) -> str:
        """The network as a notebook shows it: its layers, and folded its numbers and columns."""
        layers = [(repr(self.activations[l]), w, self.biases[l]) for l, w in self.weights.items()]
        facts = [("cost", repr(self.cost)), ("parameters", f"{self.parameters.size:,} numbers in {self.dtype}")]
        parts = [matrix(number, w, b) for number, (_, w, b) in enumerate(layers, 1)] if self.depth <= DEEP else []
        terms = self.preprocessing
        if terms is not None and terms.labels is not None:
            facts.append((terms.target_name, f"{len(terms.labels):,} classes: {listed(terms.labels, 8)}"))
        if terms is not None and terms.columns is not None:
            parts.append(folded(f"{len(terms.columns):,} columns", lines(str(terms).splitlines())))
        sizes = "-".join(map(str, self.sizes))
        return card(f"Network {sizes}, {self.activations_text()}", layer_rows(layers), table(facts, "facts"), *parts)

    def activations_text(self) -> str:
        """The activations in a few words: "relu → softmax", or "sigmoid" where all are the same."""
        runs: list[str] = []
        for each in map(repr, self.activations):
            if not runs or runs[-1] != each:
                runs.append(each)
        return " → ".join(runs)

    def with_parameters(self, parameters: Parameters) -> Network:
        """This network with other weights and biases of the same shapes."""
        self.parameters._same_space(parameters)
        return self._changed(parameters=parameters)

    def with_value(self, id: str | Id, value: float) -> Network:
        """This network with one weight or bias changed: `net.with_value("w/2/0/0", -1.99)`."""
        if not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
            raise SettingError(f"{id} takes a finite number, got {brief(value)}")
        flat = self.parameters.flat()
        flat[entry_of(self.parameters, parse(id, self.parameters))] = value
        return self.with_parameters(self.parameters.like(flat))

    def with_preprocessing(self, preprocessing: Preprocessing | None) -> Network:
        """This network with another way between a user's terms and its numbers."""
        return self._changed(preprocessing=preprocessing)

    def with_cost(self, cost: str | Cost) -> Network:
        """This network with another cost, the C of every call that names none. Raises PairError where it does not fit."""
        return self._changed(cost=as_cost(cost))

    def _changed(self, **changes: Any) -> Network:
        kept = {name: getattr(self, name) for name in ("parameters", "preprocessing", "cost")} | changes
        parameters = kept.pop("parameters")
        biases = [b if b.size else None for b in parameters.biases]
        return Network(list(parameters.weights), biases, list(self.activations), **kept)

    def astype(self, dtype: str | type | np.dtype[Any]) -> Network:
        """This network in float32 or float64."""
        return self.with_parameters(self.parameters.astype(as_dtype(dtype)))

    def predictor(self) -> Predictor:
        """The network prepared for many predictions: `predict = network.predictor()`, then `predict(x)`."""
        return Predictor(self)

    def rows(self, x: Any) -> Array:
        """x as rows (batch, n_0) of this network's dtype; a single example (n_0,) becomes one row.

        A Table or a data frame is in its user's terms: its columns are found by name, scaled and encoded as in training.
        Raises ShapeError for another number of inputs and DataError for NaN or infinities.
        """
        if not isinstance(x, (np.ndarray, list, tuple)) and (isinstance(x, Table) or is_frame(x)):
            table = x if isinstance(x, Table) else table_of_frame(x, optional=True)
            x = table.inputs if self.preprocessing is None else self.preprocessing.rows(table, dtype=self.dtype)
        a = as_array(x, "inputs x")
        if a.dtype.kind not in "fiub":
            raise DataError(f"inputs are numbers, got {contents(a)}")
        if a.ndim not in (1, 2) or a.shape[-1] != self.sizes[0]:
            raise ShapeError(
                f"this network ({'-'.join(map(str, self.sizes))}) takes x of shape ({self.sizes[0]},) for one example or "
                f"(batch, {self.sizes[0]}) for rows, got {a.shape}"
            )
        if a.size == 0:
            raise DataError(f"x holds no rows: its shape is {a.shape}")
        with np.errstate(over="ignore"):  # a number too large for float32 is refused below
            rows = np.atleast_2d(a.astype(self.dtype, copy=False))
        if not are_finite(rows):
            row, column = np.argwhere(~np.isfinite(rows))[0]
            raise DataError(f"x[{row}, {column}] is {rows[row, column]} in {self.dtype}: inputs are finite numbers")
        return rows


def _check_not_sizes(weights: Any, biases: Any, activations: Any) -> None:
    """Raises ShapeError for Network(2, 3, 2) and Network([2, 3, 2]): those are sizes."""
    listed = isinstance(weights, (list, tuple))
    sizes = list(weights) if listed else [weights, *(each for each in (biases, activations) if _is_size(each))]
    if sizes and all(map(_is_size, sizes)):
        written = ", ".join(map(str, sizes if len(sizes) > 1 else [*sizes, "…"]))
        raise ShapeError(
            "Network takes weight matrices, one (out, in) per layer; a network of these sizes with random weights is "
            f"Network.random([{written}])"
        )


def _is_size(given: Any) -> bool:
    return isinstance(given, (int, np.integer)) and not isinstance(given, bool)


def _by_layer(given: Any, count: int) -> list[Any]:
    if callable(given) or not isinstance(given, (str, Activation, Iterable)):
        raise SettingError(f"activations are names, or what chainrule.activation(form) returns; got {_named(given)}")
    return [given] * count if isinstance(given, (str, Activation)) else list(given)


def _numbers(given: Any, what: str) -> Array:
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise ShapeError(f"the {what} are not an array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise DataError(f"the {what} are numbers, got {contents(array)}")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def _check_layer(layer: int, w: Array, b: Array, before: int | None) -> None:
    if w.ndim != 2 or 0 in w.shape:
        hint = "; a network of one layer is Network([w], [b])" if w.ndim == 1 else ""
        raise ShapeError(f"the weights of layer {layer} are a matrix (out, in), got an array of shape {w.shape}{hint}")
    if before is not None and w.shape[1] != before:
        turned = "; transposed it would fit: weights are (out, in)" if w.shape[0] == before else ""
        raise ShapeError(
            f"layer {layer}: its weights of shape {w.shape} take {w.shape[1]} inputs, and layer {layer - 1} has {before} "
            f"neurons{turned}"
        )
    if b.ndim != 1 or b.size not in (0, 1, w.shape[0]):
        raise ShapeError(
            f"layer {layer}: its biases have the shape {b.shape}; needed are ({w.shape[0]},), (1,) for one a layer, or None"
        )
    for what, array in (("weights", w), ("biases", b)):
        if not np.isfinite(array).all():
            raise DataError(
                f"the {what} of layer {layer} hold {array[~np.isfinite(array)][0]}: finite numbers are needed"
            )


def _frozen(array: Array, dtype: Any) -> Array:
    copy = np.array(array, dtype=dtype, order="C")
    copy.flags.writeable = False
    return copy


def _sizes(sizes: Sequence[int]) -> list[int]:
    try:
        whole = [int(n) for n in sizes]
        fits = len(whole) >= 2 and min(whole) >= 1 and all(n == m for n, m in zip(whole, sizes))
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ShapeError(
            "sizes are the neurons by layer in one list, inputs first, at least two whole numbers ≥ 1, as in "
            f"Network.random([2, 3, 2]); got {brief(sizes)}"
        )
    return whole


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """float32 or float64. Raises SettingError for anything else."""
    try:
        kind = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):  # NumPy reads a text such as 1_0 as a structure
        kind = None
    if kind is None or kind.name not in DTYPES:
        raise SettingError(f"networks are float32 or float64, got {brief(dtype)}")
    return np.dtype(kind.name)  # in this machine's order of bytes


def _named(given: Any) -> str:
    return getattr(given, "__name__", type(given).__name__)


def cost_for(network: Network, given: str | Cost | None) -> Cost:
    """The cost that is meant: the one given, else the network's own."""
    return network.cost if given is None else as_cost(given)


def as_network(given: Any, call: str) -> Network:
    """The network that a call begins with. Raises SettingError for anything else, arguments in another order say."""
    if isinstance(given, Network):
        return given
    file = "; a file is read by chainrule.load(path)" if isinstance(given, (str, os.PathLike)) else ""
    raise SettingError(f"{call}: the first argument is a Network, got {type(given).__name__}{file}")
