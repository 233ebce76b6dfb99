"""A run in values: Epoch tells of one pass, TrainingState is all it takes to go on after it, Run what training gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.cost_curve import cost_curve
from chainrule.errors import counted
from chainrule.network import Network
from chainrule.report import Report, titled
from chainrule.writing.card import card, folded, table

Array = np.ndarray
SHOWN = 10  # epochs at the beginning and at the end that a notebook lists


@dataclass(frozen=True)
class Epoch:
    """One pass over the rows: `cost` is the mean over them, each taken before the step that used it.

    `validation_cost` and `validation_score` are there where validation rows were given, and `validation_measure` says what the
    score is: accuracy, subset_accuracy or r_squared.
    """

    number: int
    steps: int
    cost: float
    seconds: float
    network: Network
    validation_cost: float | None = None
    validation_score: float | None = None
    validation_measure: str | None = None

    def facts(self) -> dict[str, Any]:
        """The epoch as plain numbers, without the network."""
        kept = ("number", "steps", "cost", "seconds", "validation_cost", "validation_score", "validation_measure")
        return {key: getattr(self, key) for key in kept if getattr(self, key) is not None}


@dataclass(frozen=True)
class TrainingState:
    """All it takes to go on after a whole epoch: plain values, and vectors of weights as `Parameters.flat` gives them.

    `engine` is its engine's snapshot, None before the first epoch, and `random` the state of the generator that shuffles.
    `first_cost` is that of the first batch with weight, `best` the last epoch whose cost was no higher: (number, weights).
    """

    epoch: int = 0
    step: int = 0
    engine: Mapping[str, Any] | None = None
    random: Mapping[str, Any] | None = None
    history: tuple[dict[str, Any], ...] = ()
    first_cost: float | None = None
    best: tuple[int, Array] | None = None


@dataclass(frozen=True)
class Run:
    """What training gives: the network, the history as a list of facts by epoch, and the report."""

    network: Network
    history: list[dict[str, Any]]
    report: Report

    def _repr_html_(self) -> str:
        """The run as a notebook shows it: the curve of its cost, its facts, and folded the epochs and the network."""
        report = self.report
        facts = [
            ("data", f"{report.data}, {report.rows:,} rows"),
            ("training", f"{report.rule}, batches of {report.batch_size}, {report.steps:,} steps, {report.ended}"),
            *((titled(key), text) for key, text in report.short_results()),
            *(("warning", text) for text in report.warnings),
        ]
        curve = [cost_curve(self.history).svg("auto")] if self.history else []
        epochs = [cost_curve(self.history).table] if self.history else []
        return card(
            f"Run: {report.network}, {report.cost}, {counted(report.epochs, 'epoch')} in {report.seconds:.2f} s",
            *curve,
            table(facts, "facts"),
            *(folded("epochs", table(_ends(rows))) for rows in epochs),
            folded("the network", self.network._repr_html_()),
        )


def _ends(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The head of a table, its first rows and its last."""
    if len(rows) <= 2 * SHOWN + 1:
        return list(rows)
    return [*rows[: SHOWN + 1], ["…"], *rows[-SHOWN:]]
