"""How good the answers of a network are on some rows: which classes are confused, or by how much numbers are missed."""

from __future__ import annotations

import numpy as np

from chainrule.answered_rows import MOST_BITS, AnsweredRows, targets_sha256
from chainrule.cli.output import one_line
from chainrule.confusions import Confusions, Misses
from chainrule.data import Dataset, Preprocessing, Table, class_of, encode_targets, target_of
from chainrule.network import Network
from chainrule.prediction import activations_of_rows
from chainrule.predictor import inputs_for
from chainrule.scores import confusion

Array = np.ndarray


def answers_on(network: Network, data: Dataset, terms: Preprocessing) -> Confusions | Misses:
    """What is to be said of the network's answers on rows that are scaled and encoded as its own were."""
    given = activations_of_rows(network, inputs_for(network, data.inputs))
    true, _ = encode_targets(data.targets, network.sizes[-1], len(data))
    return compared(given, true, terms)


def answered_rows(network: Network, data: Dataset, terms: Preprocessing, table: Table) -> AnsweredRows:
    """How each of the same rows was answered; `table` has them as the user does."""
    targets = targets_sha256(target_of(table))
    if len(data) > MOST_BITS:
        return AnsweredRows(len(data), targets)
    given = activations_of_rows(network, inputs_for(network, data.inputs))
    true, _ = encode_targets(data.targets, network.sizes[-1], len(data))
    if terms.labels is not None:
        return AnsweredRows(len(data), targets, class_of(given, terms.threshold) == class_of(true, 0.5))
    scale = np.array(terms.target_scale) if terms.target_scale else 1.0
    errors = np.square((given - true).astype(float) * scale).reshape(len(data), -1).mean(axis=1)
    return AnsweredRows(len(data), targets, squared_errors=errors)


def compared(given: Array, true: Array, terms: Preprocessing) -> Confusions | Misses:
    """The same of outputs a^L (rows, out) and targets (rows, out) in the network's terms."""
    if terms.labels is not None:
        answered, known = class_of(given, terms.threshold), class_of(true, 0.5)
        count = range(len(terms.labels))
        return Confusions(tuple(one_line(str(label)) for label in terms.labels), confusion(answered, known, count))
    scale = np.array(terms.target_scale) if terms.target_scale else 1.0
    return Misses.of(given * scale, true * scale)
