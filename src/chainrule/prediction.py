"""What a network answers, in the user's own terms, and how good the answers are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from chainrule.costs import Cost
from chainrule.data import Dataset, Table, class_of, encode_targets, gaps
from chainrule.data.coercion import as_array, as_weights
from chainrule.data.conversions import Where
from chainrule.data.frames import is_frame, table_of_frame
from chainrule.data.mapped import Inputs
from chainrule.data.network_rows import check_width, rows_for
from chainrule.errors import DataError, ShapeError
from chainrule.last_layer import LastLayer, chunk_of
from chainrule.network import Network, as_network, cost_for
from chainrule.predictor import as_rows, encoded
from chainrule.scores import Score, accuracy, r_squared, subset_accuracy

Array = np.ndarray
T = TypeVar("T")
CALL = "predict(network, x) and score(network, x, y)"


def predict(network: Network, x: Any) -> Any:
    """The network's answers for one example (in,) or rows (batch, in), or for a Table.

    A network trained on a data set answers with that set's labels, or its target in its own unit, and takes inputs as
    they stood in the set; where it was trained on columns with names, those of a Table, a data frame, a Series of one row
    or a dictionary are found by name, in any order, and others are passed over. Without labels a softmax answers with class
    numbers, and any other output with a^L itself (also available as `forward(network, x).a[L]`).
    For many calls, prepare once: `predict = network.predictor()`, then `predict(x)`.
    """
    return as_network(network, CALL).predictor()(x)


def predict_probabilities(network: Network, x: Any) -> Array:
    """The probability of each class (batch, classes) for rows, or (classes,) for one example; x as in `predict`.

    Classes stand in the order of the labels the network was trained with (`network.preprocessing.labels`). Raises
    SettingError for a network whose outputs are not probabilities.
    """
    return as_network(network, "predict_probabilities(network, x)").predictor().probabilities(x)


def outputs(network: Network, x: Any) -> Array:
    """a^L (batch, out) for rows, or one example, in the user's terms: scaled and encoded as they were in training."""
    return activations_of_rows(network, network_rows(network, x))


def network_rows(network: Network, x: Any) -> Inputs:
    """Rows, or one example, in the user's terms as the network takes them (batch, in), in its dtype."""
    as_network(network, CALL)
    return encoded(network, as_rows(x)[0])


def activations_of_rows(network: Network, rows: Inputs, chunk: int | None = None) -> Array:
    """a^L of rows already in the network's terms, a few thousand rows at a time, so that memory stays small."""
    return LastLayer(network.parameters, network.activations, chunk).of_rows(rows)


def outputs_in_parts(
    network: Network, parts: Iterable[tuple[T, Inputs]], chunk: int | None = None
) -> Iterator[tuple[T, Array]]:
    """a^L of rows in the network's terms that come in parts, each with what belongs to it.

    The products are those of all rows at once, bit for bit, whatever the parts are: rows that fill no chunk wait for more.
    """
    chunk = chunk_of(network.parameters) if chunk is None else chunk
    last_layer = LastLayer(network.parameters, network.activations, chunk)
    waiting: deque[tuple[T, int]] = deque()
    rest, made = np.empty((0, network.sizes[0]), network.dtype), np.empty((0, network.sizes[-1]), network.dtype)
    for owner, part in parts:
        waiting.append((owner, len(part)))
        rows = np.concatenate([rest, part[:]])
        whole = len(rows) // chunk * chunk
        rest = rows[whole:].copy()
        if whole:
            made = np.concatenate([made, last_layer.of_rows(rows[:whole])])
        while waiting and len(made) >= waiting[0][1]:
            owner, count = waiting.popleft()
            yield owner, made[:count]
            made = made[count:]
    if len(rest):
        made = np.concatenate([made, last_layer.of_rows(rest)])
    for owner, count in waiting:
        yield owner, made[:count]
        made = made[count:]


def score(network: Network, x: Any, y: Any = None, weight: Any = None) -> float:
    """How good the answers are; y in the user's terms, as labels, one-hot rows or numbers. A Table or a data
    frame may bring its own y; rows in which that has a gap are left out. A Dataset, such as the test part of a split, brings
    its own targets and weights. `weight` is one number ≥ 0 per row.

    Accuracy where the network tells classes apart: it knows labels, or its output is a softmax, or y are class labels. Subset
    accuracy (the share of rows right in every output) where it was trained with binary_cross_entropy to give several labels a
    row. R² (the mean over the outputs) else.
    """
    return scored(network, x, y, weight).value


def scored(network: Network, x: Any, y: Any = None, weight: Any = None) -> Score:
    """The same as `score`, with the name of the measure."""
    if isinstance(x, Dataset):
        if y is not None or weight is not None:
            raise DataError("a Dataset has targets and weights of its own: write score(network, data)")
        return scored_data(network, x)
    if y is None and not isinstance(x, np.ndarray) and is_frame(x):
        x = table_of_frame(
            x, None if network.preprocessing is None else network.preprocessing.target_name, optional=True
        )
    if y is None and isinstance(x, Table) and x.target is not None:
        known = ~gaps(x.target)
        if weight is not None:
            weight = as_weights(weight, len(known))[known]
        x, y = (x, x.target) if known.all() else (x.take(known), x.target[known])
    if y is None:
        raise DataError("a score compares answers with targets: pass y")
    return scored_outputs(network, outputs(network, x), y, weight)


def scored_outputs(network: Network, given: Array, y: Any, weight: Any = None) -> Score:
    """The score of outputs a^L (batch, out) against targets in the user's terms."""
    rows, classes = _true_rows(network, given, y)
    w = None if weight is None else as_weights(weight, len(given))
    return score_rows(network, given, rows, network.cost, w, classes=classes)


def _true_rows(network: Network, given: Array, y: Any, where: Where = "row {}".format) -> tuple[Array, bool]:
    """Targets in the user's terms as rows (batch, out) in the network's; and whether they are classes."""
    true = as_array(y, "targets")
    if true.ndim == 0 or (true.ndim == 1 and len(given) == 1 and true.size > 1):
        true = true[None]  # one example's target
    if len(true) != len(given):
        raise ShapeError(f"{len(given):,} rows need as many targets, got an array of shape {true.shape}")
    terms = network.preprocessing
    if terms is None or terms.labels is None:
        _refuse_texts(true, given.shape[1])
    if terms is not None and (true.ndim == 1 or terms.labels is None):
        true = terms.targets(true, where)
    rows, labels = encode_targets(true, given.shape[1], len(given))
    classes = labels is not None or tells_classes(network)
    if classes and given.shape[1] > 1:
        _check_probabilities(rows)
    return rows, classes


class RunningScore:
    """The score of rows that come in parts: that of all of them at once, bit for bit.

    Right answers are counted; of numbers the outputs and targets are kept, for R² needs the mean of all.
    """

    def __init__(self, network: Network) -> None:
        self.network, self.rows, self._right = network, 0, 0.0
        self._measure = ""
        self._given: list[Array] = []
        self._true: list[Array] = []

    def add(self, given: Array, y: Any, where: Where = "row {}".format) -> None:
        """More outputs a^L (batch, out), with their targets in the user's terms; `where` names a row in errors."""
        if not len(given):
            return
        true, classes = _true_rows(self.network, given, y, where)
        score = score_rows(self.network, given, true, self.network.cost, classes=classes)
        self._measure, self.rows = score.measure, self.rows + len(given)
        if score.measure == "r_squared":
            self._given.append(given)
            self._true.append(true)
        else:
            self._right += round(score.value * len(given))

    @property
    def score(self) -> Score | None:
        """The score so far; None before the first row."""
        if self._measure != "r_squared":
            return Score(self._right / self.rows, self._measure) if self.rows else None
        return Score(r_squared(np.concatenate(self._given), np.concatenate(self._true)), self._measure)


def scored_data(network: Network, data: Dataset) -> Score:
    """The score on a Dataset. Raises DataError where it was scaled or encoded otherwise than the network's own."""
    check_width(network, data)
    rows = rows_for(network, data, cost_for(network, None))
    return score_rows(network, activations_of_rows(network, rows.inputs), rows.targets, network.cost, rows.weights)


def score_rows(
    network: Network,
    given: Array,
    targets: Array,
    cost: Cost | None,
    weight: Array | None = None,
    *,
    classes: bool | None = None,
) -> Score:
    """The score of outputs a^L (batch, out) against targets (batch, out), both in the network's terms; weights (batch,)."""
    if tells_classes(network) if classes is None else classes:
        threshold = 0.5 if network.preprocessing is None else network.preprocessing.threshold
        return Score(accuracy(class_of(given, threshold), class_of(targets, 0.5), weight), "accuracy")
    if cost is not None and cost.targets == "choices":
        half = 0.5 if network.output.name == "sigmoid" else 0.0  # the output is a logit there
        return Score(subset_accuracy(given > half, targets > 0.5, weight), "subset_accuracy")
    return Score(r_squared(given, targets, weight), "r_squared")


def tells_classes(network: Network) -> bool:
    """Whether each row of the network's outputs stands for one class."""
    return network.output.full_slope or (network.preprocessing is not None and network.preprocessing.labels is not None)


def _refuse_texts(true: Array, classes: int) -> None:
    if true.dtype.kind in "OUS" and any(isinstance(value, (str, bytes)) for value in true.flat[:1].tolist()):
        raise DataError(f"this network knows no labels, only the classes 0…{classes - 1}; got {str(true.flat[0])!r}")


def _check_probabilities(rows: Array) -> None:
    """Raises DataError where a row of targets names no class."""
    wrong = (rows.min(axis=1) < 0) | (np.abs(rows.sum(axis=1) - 1) > 1e-4)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"row {row} of the targets is {rows[row].tolist()}: classes come as labels, as one-hot rows or as rows of "
            "probabilities that sum to 1"
        )
