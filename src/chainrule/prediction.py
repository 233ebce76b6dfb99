"""What a network answers, in the user's own terms, and how good the answers are."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import DataError, ShapeError
from chainrule.forward import propagate
from chainrule.network import Network
from chainrule.preprocessing import Preprocessing, class_of
from chainrule.scores import accuracy, r_squared
from chainrule.tables import Table

Array = np.ndarray


def predict(network: Network, x: Any) -> Any:
    """The network's answers for one example (in,) or rows (batch, in), or for a Table.

    A network trained on a data set answers with that set's labels, or its target in its own unit, and takes inputs as
    they stood in the set. Without labels a softmax answers with class numbers, and any other output with a^L itself
    (also to be had as `forward(network, x).a[L]`).
    """
    single = not isinstance(x, Table) and np.ndim(x) == 1
    answers = _answers(network, outputs(network, [x] if single else x))
    return answers[0] if single else answers


def outputs(network: Network, x: Any) -> Array:
    """a^L (batch, out) for rows in the user's terms: columns scaled and encoded as they were in training."""
    names = x.columns if isinstance(x, Table) else None
    raw = x.inputs if isinstance(x, Table) else np.asarray(x)
    if raw.ndim == 2 and len(raw) == 0:
        raise DataError("there are no rows to predict")
    if network.preprocessing is not None:
        raw = network.preprocessing.rows(raw, names)
    return activations_of_rows(network, network.rows(raw))


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
    given = outputs(network, np.atleast_2d(x) if not isinstance(x, Table) else x)
    true = np.asarray(y)
    if true.ndim == 0 or (true.ndim == 1 and len(given) == 1 and true.size > 1):
        true = true[None]  # one example's target
    if len(true) != len(given):
        raise ShapeError(f"{len(given):,} rows need as many targets, got an array of shape {true.shape}")
    terms = network.preprocessing
    if terms is not None and terms.labels is not None:
        return accuracy(class_of(given, terms.threshold), terms.targets(true))
    if terms is None and network.output.full_slope:
        return accuracy(given.argmax(axis=1), true.argmax(axis=1) if true.ndim == 2 else true)
    answers = _answers(network, given)
    return r_squared(answers.reshape(len(answers), -1), true.reshape(len(true), -1))


def _answers(network: Network, given: Array) -> Array:
    if network.preprocessing is not None:
        return network.preprocessing.answers(given)
    return given.argmax(axis=1) if network.output.full_slope else given


def score_rows(given: Array, targets: Array, terms: Preprocessing | None) -> float:
    """The score of outputs a^L against a data set's targets (class numbers, or rows), both in the network's terms."""
    if targets.ndim == 1 and terms is not None and terms.labels is not None:
        return accuracy(class_of(given, terms.threshold), targets)
    return r_squared(given, targets.reshape(len(given), -1))
