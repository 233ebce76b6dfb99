"""How good answers are, beyond one score: which classes are confused, and by how much numbers are missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.aligned import Heading, Printed, Table
from chainrule.errors import cut
from chainrule.scores import mean_absolute_error, precision_and_recall, root_mean_squared_error
from chainrule.writing.numbers import short

Array = np.ndarray
MOST_CLASSES = 12  # of a confusion matrix that is printed
MOST_KEPT, MOST_IN_MATRIX = 100, 30  # whose scores a report holds, and whose matrix
WORST = 8  # confusions, and classes, of more classes than are printed
NAME, WIDE = 20, 100  # characters of a class's name, and of a matrix of unknown width
NAMED = 78  # characters of a matrix whose columns have names


@dataclass(frozen=True)
class Confusions(Printed):
    """How often each class was answered as each, counts (classes, classes), with precision and recall of every class."""

    labels: tuple[str, ...]
    counts: Array

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Confusions | None:
        """Those that `to_json` gave; None where it left the matrix out, of very many classes."""
        if "confusion" not in told:
            return None
        return cls(tuple(str(each["class"]) for each in told["classes"]), np.array(told["confusion"]))

    @property
    def rates(self) -> tuple[Array, Array]:
        """(precision, recall) of each class; NaN where it was never answered, or is not among the rows."""
        return precision_and_recall(self.counts)

    def _parts(self) -> Iterator[str | Table]:
        return self.parts()

    def parts(self, width: int | None = None) -> Iterator[str | Table]:
        """The matrix of few classes where there is room for it; else the worst of them."""
        matrix = self._matrix() if len(self.labels) <= MOST_CLASSES else None
        if matrix is None or max(map(len, matrix.lines())) > (width or WIDE):
            yield from self._worst()
        else:
            yield Heading("a row for each class of the data, a column for each answer of the network")
            yield matrix

    def _matrix(self) -> Table:
        names = [cut(label, NAME) for label in self.labels]
        heads = names
        if max(map(len, names)) + sum(max(len(name), 4) + 2 for name in names) + 8 > NAMED:  # letters, as WEKA has them
            heads = [chr(ord("a") + place) for place in range(len(names))]
            names = [f"{head}  {name}" for head, name in zip(heads, names)]
        precision, recall = self.rates
        rows = [["class", *heads, "recall"]]
        for name, counts, rate in zip(names, self.counts.tolist(), recall.tolist()):
            rows.append([name, *(f"{n:,}" if n else "·" for n in counts), _rate(rate)])
        return Table([*rows, ["precision", *map(_rate, precision.tolist())]], indent=2)

    def _worst(self) -> Iterator[str | Table]:
        precision, recall = self.rates
        present = np.flatnonzero(self.counts.sum(axis=1))
        yield Heading(f"of {len(self.labels):,} classes, those with the lowest recall")
        rows = [["class", "rows", "precision", "recall"]]
        for place in present[np.argsort(recall[present], kind="stable")[:WORST]].tolist():
            count = f"{int(self.counts[place].sum()):,}"
            rows.append([cut(self.labels[place], NAME), count, _rate(precision[place]), _rate(recall[place])])
        yield Table(rows, indent=2)
        wrong = self.counts - np.diag(np.diag(self.counts))
        order = np.argsort(-wrong, axis=None, kind="stable")[:WORST]
        pairs = [divmod(int(place), len(self.labels)) for place in order if wrong.flat[place]]
        if pairs:
            yield Heading("most frequent confusions")
            said = [["class", "taken for", "rows"]]
            said += [[*(cut(self.labels[each], NAME) for each in pair), f"{int(wrong[pair]):,}"] for pair in pairs]
            yield Table(said, "<<>", indent=2)

    def to_json(self) -> dict[str, Any]:
        """The rows, precision and recall of each class; and of not too many classes the whole matrix."""
        precision, recall = self.rates
        rows = self.counts.sum(axis=1)
        classes = [
            {"class": label, "rows": int(n), "precision": _or_none(p), "recall": _or_none(r)}
            for label, n, p, r in zip(self.labels, rows.tolist(), precision.tolist(), recall.tolist())
        ]
        matrix = {"confusion": self.counts.tolist()} if len(self.labels) <= MOST_IN_MATRIX else {}
        return {"classes": classes, **matrix}


@dataclass(frozen=True)
class Misses:
    """By how much numbers are missed, in their own unit: the mean of |y − ŷ|, and the root of the mean of (y − ŷ)²."""

    mean_absolute_error: float
    root_mean_squared_error: float

    @classmethod
    def of(cls, predicted: Array, true: Array) -> Misses:
        """Those of numbers against numbers, (rows,) or (rows, out)."""
        predicted, true = (values.reshape(len(true), -1) for values in (predicted, true))
        return cls(mean_absolute_error(predicted, true), root_mean_squared_error(predicted, true))

    def __str__(self) -> str:
        return f"MAE {_in_units(self.mean_absolute_error)}, RMSE {_in_units(self.root_mean_squared_error)}"

    def to_json(self) -> dict[str, Any]:
        """Both by their names."""
        return {"mae": self.mean_absolute_error, "rmse": self.root_mean_squared_error}


def _in_units(value: float) -> str:
    """A number in the unit of a target: 22,780, where four digits would be 2.278e4."""
    return f"{value:,.0f}" if 1e4 <= value < 1e9 else short(value)


def _rate(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
