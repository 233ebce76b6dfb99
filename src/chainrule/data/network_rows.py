"""A data set in the terms of the network that learns it: inputs, encoded targets, weights of mean 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.costs import Cost
from chainrule.data import Dataset, Preprocessing, encode_targets
from chainrule.data.mapped import Inputs
from chainrule.errors import DataError, SettingError, ShapeError, brief, listed
from chainrule.forward import shares
from chainrule.network import Network
from chainrule.predictor import inputs_for

Array = np.ndarray


@dataclass(frozen=True)
class Rows:
    """Inputs (rows, in) and targets (rows, out) in the network's terms and dtype, with weights (rows,) of mean 1, or None."""

    inputs: Inputs
    targets: Array
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def shares(self, batch: Array) -> Array:
        """Each row's share in its step: w_i / (rows in the batch), the weights having mean 1 over the whole data set.

        Shares of a batch need not sum to 1: a batch of light rows moves less. So the steps of an epoch, each counted by its
        rows, have the gradient of the weighted total as their mean, whatever the batch size.
        """
        return shares(len(batch), "mean") if self.weights is None else self.weights[batch] / len(batch)


def relative(weights: Array) -> Array:
    """Row weights divided by their mean. The division by the largest comes first: weights of 1e308 have a mean too."""
    w = weights / weights.max()
    return w / w.mean()


def terms_for(network: Network, data: Dataset, cost: Cost) -> Preprocessing | None:
    """How the trained network will speak: as its data did, or as it did before."""
    terms = data.preprocessing or network.preprocessing
    if terms is None or not terms.speaks:
        labels = None
        if data.targets.ndim == 1:
            _, labels = encode_targets(data.targets, network.sizes[-1], len(data))
        if labels is None and cost.classifies:
            labels = _unnamed_classes(network.sizes[-1], data, cost)
        terms = terms if labels is None else replace(terms or Preprocessing(), labels=labels)
    if terms is not None and terms.labels is not None:
        logit = network.output.name == "identity" and cost.name == "binary_cross_entropy"
        terms = replace(terms, threshold=0.0 if logit else 0.5)
    return terms


def _unnamed_classes(outputs: int, data: Dataset, cost: Cost) -> tuple[Any, ...] | None:
    """The classes of targets that are numbers: 0 and 1 in one column, or the columns of one-hot rows by their numbers."""
    if outputs == 1:
        values = np.unique(data.targets)
        return tuple(values.tolist()) if np.array_equal(values, [0, 1]) else None
    return tuple(range(outputs)) if cost.targets in ("probabilities", "one-hot") else None


def check_width(network: Network, data: Dataset) -> None:
    """Raises ShapeError where rows that are in the network's terms have not the network's number of inputs."""
    raw = data.preprocessing is None and network.preprocessing is not None
    width, needed = data.inputs.shape[1], network.sizes[0]
    if not raw and width != needed:
        raise ShapeError(
            f"the data has {width} inputs a row and the network ({'-'.join(map(str, network.sizes))}) takes {needed}: "
            f"Network.random([{width}, …])"
        )


def rows_for(network: Network, data: Dataset, cost: Cost) -> Rows:
    """Rows as the network takes them. Arrays given to a network that has its own preprocessing go through it."""
    inputs, targets, terms = data.inputs, data.targets, network.preprocessing
    if data.preprocessing is None and terms is not None:
        inputs = terms.rows(inputs)
        if targets.ndim == 1 or terms.labels is None:
            targets = terms.targets(targets)
    elif data.preprocessing is not None and (terms is None or not _same_terms(data.preprocessing, terms)):
        raise DataError(
            f"{data.name} was scaled or encoded otherwise than the rows that are learnt from: take both from one Dataset "
            "(data.split(0.2)), or make it by Dataset.from_table(table, data.preprocessing)"
        )
    elif data.preprocessing is not None and terms is not None and terms.labels and not data.preprocessing.labels:
        targets = terms.targets(targets) if targets.ndim == 1 else targets
    encoded, _ = encode_targets(targets, network.sizes[-1], len(inputs))
    with np.errstate(over="ignore"):  # a target too large for float32 is refused below
        encoded = encoded.astype(network.dtype)
    cost.check_targets(encoded)
    weights = None if data.weights is None else relative(data.weights)
    return Rows(inputs_for(network, inputs), encoded, weights)


def weighted_by_class(rows: Rows, network: Network, given: Any) -> Rows:
    """The rows with each weight multiplied by that of its class: {label: weight}, 1 where it names none, or "balanced".

    Balanced weights give every class the same sum: n / (k n_c), with the rows counted by their weights. Raises SettingError
    where the targets are not classes.
    """
    if given is None:
        return rows
    if isinstance(given, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in given):
        given = dict(given)  # pairs, as JSON has them
    labels = None if network.preprocessing is None else network.preprocessing.labels
    one = len(rows.targets[0]) == 1
    if labels is None or not (one or (np.sort(rows.targets, axis=1)[:, :-1] == 0).all()):
        raise SettingError(
            f"class_weight={brief(given)} weights classes, and these targets are numbers, or rows of several classes: give "
            "weights by row, train(network, (x, y, weights))"
        )
    classes = (rows.targets[:, 0] > 0).astype(int) if one else rows.targets.argmax(axis=1)
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    by_class = _by_class(given, labels, np.bincount(classes, weights, len(labels)))
    weighted = weights * by_class[classes]
    if not weighted.any():
        raise SettingError(
            f"class_weight={brief(given)} gives every row weight 0: at least one class needs a weight above 0"
        )
    return replace(rows, weights=relative(weighted))


def _by_class(given: Any, labels: tuple[Any, ...], counts: Array) -> Array:
    """The weight of each class in the order of the labels."""
    if isinstance(given, str) and given == "balanced":
        present = counts > 0
        return np.divide(counts.sum(), present.sum() * counts, out=np.zeros(len(labels)), where=present)
    weights = list(given.values()) if isinstance(given, Mapping) else [None]
    if not all(isinstance(w, (int, float, np.number)) and 0 <= w < np.inf for w in weights):
        raise SettingError(
            f'class_weight is "balanced", or weights ≥ 0 by class, as {{{labels[0]!r}: 2.0}}; got {brief(given)}'
        )
    unknown = [label for label in given if label not in labels]
    if unknown:
        raise SettingError(
            f"class_weight names the class {brief(unknown[0])}, and the classes are {listed(map(repr, labels), 8)}"
        )
    return np.array([given.get(label, 1.0) for label in labels], float)


def _same_terms(one: Preprocessing, other: Preprocessing) -> bool:
    """Whether both make the same numbers of a row; where the answer turns is the network's affair."""
    if not one.speaks:  # columns alone: the targets are in the user's terms yet
        return one.columns == other.columns
    return replace(one, threshold=0.0) == replace(other, threshold=0.0)
