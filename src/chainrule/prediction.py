"""What a network answers, in the user's own terms, and how good the answers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data import Dataset, encode_targets
from chainrule.errors import DataError, ShapeError
from chainrule.forward import propagate
from chainrule.network import Network, as_network
from chainrule.preprocessing import Preprocessing, as_array
from chainrule.scores import accuracy, r_squared
from chainrule.tables import Table

Array = np.ndarray


def predict(network: Network, x: Any) -> Any:
    """The network's answers for one example (in,) or rows (batch, in), or for a Table.

    A network trained on a data set answers with that set's labels, or its target in its own unit, and takes inputs as
    they stood in the set; where it was trained on a Table's columns, those of a Table or a data frame are found by name, in
    any order. Without labels a softmax answers with class numbers, and any other output with a^L itself (also to be had as
    `forward(network, x).a[L]`).
    """
    rows, _ = _named_columns(x)
    answers = _answers(network, outputs(network, x))
    return answers[0] if rows.ndim == 1 else answers


def outputs(network: Network, x: Any) -> Array:
    """a^L (batch, out) for rows, or one example, in the user's terms: scaled and encoded as they were in training."""
    as_network(network, "predict(network, x) and score(network, x, y)")
    rows, names = _named_columns(x)
    if rows.ndim == 1:
        rows = rows[None]
    if rows.ndim == 2 and len(rows) == 0:
        raise DataError("there are no rows to predict")
    if network.preprocessing is not None:
        rows = network.preprocessing.rows(rows, names)
    return activations_of_rows(network, network.rows(rows))


def _named_columns(x: Any) -> tuple[Array, Sequence[str] | None]:
    """Rows as an array, and the names of their columns where they have some."""
    if isinstance(x, Dataset):
        raise DataError(
            "a Dataset is scaled and encoded already, and a network takes its user's terms: pass the Table that "
            "chainrule.read_table gives, or rows"
        )
    if isinstance(x, Table):
        return x.inputs, x.columns
    names = getattr(x, "columns", None)  # a data frame has them too, and need not have them in the order of training
    return as_array(x, "inputs"), None if names is None else [str(name) for name in names]


def activations_of_rows(network: Network, rows: Array, chunk: int = 4096) -> Array:
    """a^L of rows already in the network's terms, some thousand rows at a time, so that memory stays small."""
    parts = [
        propagate(network.parameters, network.activations, rows[start : start + chunk])[0][-1]
        for start in range(0, len(rows), chunk)
    ]
    return np.concatenate(parts)


def score(network: Network, x: Any, y: Any = None) -> float:
    """Accuracy where the network tells classes apart, R² where it predicts numbers; y in the user's terms.

    A Table brings its own target, and needs no y.
    """
    if isinstance(x, Table) and y is None:
        y = x.target
    if y is None:
        raise DataError("a score compares answers with targets: pass y")
    given, true = outputs(network, x), as_array(y, "targets")
    if true.ndim == 0 or (true.ndim == 1 and len(given) == 1 and true.size > 1):
        true = true[None]  # one example's target
    if len(true) != len(given):
        raise ShapeError(f"{len(given):,} rows need as many targets, got an array of shape {true.shape}")
    terms = network.preprocessing
    if terms is not None and terms.labels is not None:
        return accuracy(terms.classes(given), terms.targets(true))
    if terms is None and network.output.full_slope:
        return accuracy(given.argmax(axis=1), _class_numbers(true, given.shape[1]))
    answers = _answers(network, given)
    return r_squared(answers.reshape(len(answers), -1), true.reshape(len(true), -1))


def _class_numbers(true: Array, classes: int) -> Array:
    """Targets of a network that has no labels of its own, class numbers or one-hot rows, as class numbers (rows,)."""
    if true.dtype.kind in "OUS":
        raise DataError(f"this network knows no labels, only the classes 0…{classes - 1}; got {str(true.flat[0])!r}")
    return encode_targets(true, classes, len(true))[0].argmax(axis=1)


def _answers(network: Network, given: Array) -> Array:
    if network.preprocessing is not None:
        return network.preprocessing.answers(given)
    return given.argmax(axis=1) if network.output.full_slope else given


def score_rows(given: Array, targets: Array, terms: Preprocessing | None) -> float:
    """The score of outputs a^L against a data set's targets (class numbers, or rows), both in the network's terms."""
    if targets.ndim == 1 and terms is not None and terms.labels is not None:
        return accuracy(terms.classes(given), targets)
    return r_squared(given, targets.reshape(len(given), -1))
