"""Predictor: a network prepared to answer in its user's terms, one row after the other or many at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from chainrule.activations import Activation, sigmoid, softmax
from chainrule.costs import Cost
from chainrule.data import Dataset, Preprocessing, Table
from chainrule.data.frames import is_frame, row_of, table_of_frame, values_of_row
from chainrule.data.mapped import Inputs, MappedRows, as_inputs
from chainrule.data.one_row import OneRow
from chainrule.errors import DataError, SettingError, ShapeError
from chainrule.last_layer import LastLayer
from chainrule.parameters import Layers, Parameters

Array = np.ndarray
NUMBERS = "?bBhHiIlLqQfd"  # the types of a row of numbers
LEAD = 1e-3  # e^−0.001 is less than 1 by far more than a division rounds


@runtime_checkable
class Answering(Protocol):
    """What a predictor asks of a network."""

    @property
    def parameters(self) -> Parameters: ...
    @property
    def activations(self) -> Layers[Activation]: ...
    @property
    def preprocessing(self) -> Preprocessing | None: ...
    @property
    def cost(self) -> Cost: ...
    @property
    def output(self) -> Activation: ...
    @property
    def sizes(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    def rows(self, x: Any) -> Array: ...


class Predictor:
    """A network's answers, prepared: `predict = network.predictor()`, then `predict(x)` many times.

    predict(x)                what `chainrule.predict(network, x)` gives, bit for bit
    predict.probabilities(x)  what `chainrule.predict_probabilities(network, x)` gives
    predict.outputs(x)        a^L, (batch, out) for rows and (out,) for one example

    x is in the user's terms, as in `chainrule.predict`: one example, rows, a Table, a data frame, a dictionary. Buffers are
    allocated once per Python thread, so that several threads may call it at a time; a copy or a pickle allocates its own.
    Errors and warnings are those of `chainrule.predict`.
    """

    def __init__(self, network: Answering) -> None:
        self.network = network
        self._own = threading.local()
        self._softmax = network.output.full_slope
        self._one_row = None if network.preprocessing is None else network.preprocessing.one_row

    def __reduce__(self) -> tuple[Any, ...]:
        return Predictor, (self.network,)

    def __repr__(self) -> str:
        return f"Predictor({self.network!r})"

    def __call__(self, x: Any) -> Any:
        a, one = self._last(x, answers_only=True)
        answers = answered(self.network, a)
        return answers[0] if one else answers

    def probabilities(self, x: Any) -> Array:
        """The probability of each class (batch, classes) for rows, or (classes,) for one example.

        Raises SettingError for a network whose outputs are not probabilities.
        """
        a, one = self._last(x)
        found = probabilities(self.network, a)
        return found[0] if one else found

    def outputs(self, x: Any) -> Array:
        """a^L (batch, out) for rows, or (out,) for one example, as the last layer gives it: not in the target's unit."""
        a, one = self._last(x)
        return a[0] if one else a

    def _last(self, x: Any, answers_only: bool = False) -> tuple[Array, bool]:
        """a^L (batch, out), or of one row what has the same answer; and whether x was one example."""
        own = self._buffers()
        if isinstance(x, (list, tuple)):
            x = as_inputs(x, "inputs", gaps=True)
        row = self._single(x, own.row)
        if row is None:
            rows, one = as_rows(x)
            return own.last_layer.of_rows(encoded(self.network, rows)), one
        if answers_only and self._softmax:
            z = own.last_layer.weighted_inputs(row)
            a = z if _leads(z) else softmax.over(z)
        else:
            a = own.last_layer.of_row(row)
        axes = getattr(x, "ndim", None)
        return a[None], isinstance(x, Mapping) if axes is None else axes == 1

    def _buffers(self) -> Any:
        own = self._own
        if not hasattr(own, "row"):
            own.last_layer = LastLayer(self.network.parameters, self.network.activations)
            own.row = np.empty(self.network.sizes[0], self.network.dtype)
        return own

    def _single(self, x: Any, buffer: Array) -> Array | None:
        """x as the network takes it (in,), in a buffer where it must be changed; None where it is not one row, or strange."""
        if type(x) is np.ndarray and x.dtype == buffer.dtype and x.shape == buffer.shape and self._one_row is None:
            row: Array | None = x
        else:
            row = _encoded_row(x, self._one_row, buffer)
        if row is None:
            return None
        found = np.isfinite(row)
        return row if found[found.argmin()] else None  # the least of them, in a fourth of the time that all() takes


def _encoded_row(x: Any, one_row: OneRow | None, buffer: Array) -> Array | None:
    """One row in the user's terms written to the buffer (in,); None where it is not one, or takes longer."""
    if type(x) is not np.ndarray:
        named = None if one_row is None else values_of_row(x)
        return None if named is None or one_row is None else one_row.of_named(named, buffer)
    values = x if x.ndim == 1 else x[0] if x.ndim == 2 and len(x) == 1 else None
    width = len(buffer) if one_row is None else one_row.numbers
    if values is None or values.dtype.char not in NUMBERS or len(values) != width:
        return None
    if one_row is not None:
        return one_row.of_numbers(values, buffer)
    with np.errstate(over="ignore"):  # infinities are refused in the longer way
        buffer[:] = values
    return buffer


def _leads(z: Array) -> bool:
    """Whether the largest of z^L (classes,) leads by so much that a softmax, which rounds, has it as its first largest too."""
    first = z.argmax()
    return bool(first == 0 or z[z[:first].argmax()] < z[first] - LEAD)


# the longer way ------------------------------------------------------------------------------------------------------
def as_rows(x: Any) -> tuple[Inputs | Table, bool]:
    """Rows as a Table, where their columns have names, or as an array; and whether they were one example."""
    if isinstance(x, Dataset):
        raise DataError(
            "a Dataset is scaled and encoded already, and a network takes its user's terms: pass the Table that "
            "chainrule.read_table gives, or rows"
        )
    if isinstance(x, Table):
        return x, False
    if not isinstance(x, (np.ndarray, list, tuple)):
        row = row_of(x)
        if row is not None:
            return row, True
        if is_frame(x):
            return table_of_frame(x, optional=True), False
    rows = as_inputs(x, "inputs", gaps=True)
    return (np.asarray(rows)[None], True) if rows.ndim < 2 else (rows, False)


def encoded(network: Answering, rows: Inputs | Table) -> Inputs:
    """Rows in the user's terms as the network takes them (batch, in), in its dtype."""
    if len(rows) == 0:
        raise DataError("there are no rows to predict")
    if network.preprocessing is not None:
        rows = network.preprocessing.rows(rows, dtype=network.dtype)
    elif isinstance(rows, Table):
        rows = rows.inputs
    return inputs_for(network, rows)


def inputs_for(network: Answering, inputs: Inputs) -> Inputs:
    """Inputs (rows, in) in the network's terms as it takes them, in its dtype; those of a mapped file stay in it."""
    if not isinstance(inputs, MappedRows):
        return network.rows(inputs)
    if inputs.width != network.sizes[0]:
        raise ShapeError(f"the network takes rows of {network.sizes[0]} inputs, got {inputs!r}")
    return inputs.astype(network.dtype)


# outputs in the user's terms -----------------------------------------------------------------------------------------
def answered(network: Answering, given: Array) -> Array:
    """What outputs a^L (batch, out) answer in the user's terms: labels, class numbers or numbers, a row each."""
    if network.preprocessing is not None:
        return network.preprocessing.answers(given)
    return given.argmax(axis=1) if network.output.full_slope else given


def probabilities(network: Answering, given: Array) -> Array:
    """The same of outputs a^L (batch, out): themselves after a softmax; of one output for two classes 1 − a and a."""
    name, cost, labels = network.output.name, network.cost.name, None
    if network.preprocessing is not None:
        labels = network.preprocessing.labels
    if name == "identity" and cost == "cross_entropy":
        given, name = softmax.value(given), "softmax"
    if name == "identity" and cost == "binary_cross_entropy":
        given, name = sigmoid.value(given), "sigmoid"
    if name == "sigmoid" and given.shape[1] == 1:
        return np.concatenate([1 - given, given], axis=1)
    if name != "softmax" and not (name == "sigmoid" and cost == "binary_cross_entropy" and labels is None):
        raise SettingError(
            f"the outputs of this network ({name}, trained with {cost}) are not probabilities of classes: train with the cost "
            "cross_entropy, or binary_cross_entropy for two"
        )
    return given
