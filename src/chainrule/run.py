"""A run in values: Epoch tells of one pass, TrainingState is all it takes to go on after it, Run what training gives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.cost_curve import cost_curve
from chainrule.engines.engine import Measured
from chainrule.errors import SettingError, counted
from chainrule.network import Network
from chainrule.report import Report
from chainrule.run_facts import titled
from chainrule.writing.card import card, folded, table

Array = np.ndarray
SHOWN = 10  # epochs at the beginning and at the end that a notebook lists


@dataclass(frozen=True)
class LastStep:
    """What was seen of the last step of an epoch, and the snapshot after it; `origin` is the network as it was given."""

    origin: Network
    seen: Measured
    after: Mapping[str, Any]

    @cached_property
    def network(self) -> Network:
        """The network after it."""
        return self.origin.with_parameters(self.origin.parameters.like(self.after["parameters"]))


@dataclass(frozen=True)
class Epoch:
    """One pass over the rows: `cost` is the mean over them, each taken before the step that used it, without penalties.

    `steps` and `seconds` count from the beginning of the run and of the epoch; `learning_rate` is that of its last step.
    `validation_cost` and `validation_score` are there where validation rows were given, and `validation_measure` says what the
    score is: accuracy, subset_accuracy or r_squared.
    """

    number: int
    steps: int
    cost: float
    seconds: float
    validation_cost: float | None = None
    validation_score: float | None = None
    validation_measure: str | None = None
    learning_rate: float | None = None
    last: LastStep | None = field(default=None, repr=False, compare=False)

    @property
    def network(self) -> Network:
        """The network after the epoch, made on demand."""
        return self._last.network

    @property
    def gradient_norms(self) -> list[float]:
        """‖∂C/∂θ^l‖ of the last step's batch by layer 1…L, penalties included, before it is clipped."""
        return self._last.seen.gradient

    @property
    def update_norms(self) -> list[float]:
        """‖Δθ^l‖ by layer 1…L: how far the last step moved its weights and biases."""
        return self._last.seen.move

    @property
    def update_ratios(self) -> list[float]:
        """‖Δθ^l‖ / ‖θ^l‖ by layer 1…L, infinite where θ^l was 0. Around 10⁻³ is usual."""
        seen = self._last.seen
        return [update / size if size else math.inf for update, size in zip(seen.move, seen.before)]

    @property
    def _last(self) -> LastStep:
        if self.last is None:
            raise SettingError("this epoch was made without its last step, and so without a network")
        return self.last

    def facts(self) -> dict[str, Any]:
        """The epoch as plain numbers, without the network.

        Norms are among them in epochs 1 … 99, 100, 110, … 990, 1000, 1100, …: the history of a long run stays short.
        """
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.compare}
        facts = {key: value for key, value in values.items() if value is not None}
        if self.last is not None and len(str(self.number).rstrip("0")) <= 2:
            facts |= {"gradient_norms": self.gradient_norms, "update_ratios": self.update_ratios}
        return facts


@dataclass(frozen=True)
class TrainingState:
    """All it takes to go on after a whole epoch: plain values, and vectors of weights as `Parameters.flat` gives them.

    `engine` is its engine's snapshot, None before the first epoch, and `random` the state of the generator that shuffles.
    `good` is what the epoch of the lowest cost began with: (the number of epochs before it, its cost, snapshot).
    `best` is the epoch that did best on the validation rows: (number, its score or cost there, its cost, weights).
    `schedule` is what the schedule of the learning rate remembers, `record` the weights of the epochs that are recorded.
    """

    epoch: int = 0
    step: int = 0
    engine: Mapping[str, Any] | None = None
    random: Mapping[str, Any] | None = None
    history: tuple[dict[str, Any], ...] = ()
    good: tuple[int, float, Mapping[str, Any]] | None = None
    best: tuple[int, float, float, Array] | None = None
    schedule: Mapping[str, Any] | None = None
    record: Mapping[int, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What training gives: the network, the history as a list of facts by epoch, and the report. `print(run)` reads it.

    `record` has networks by epoch, 0 being before the first, where train(…, record=12) asked for some.
    """

    network: Network
    history: list[dict[str, Any]]
    report: Report
    record: Mapping[int, Network] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:  # what a prompt shows
        return f"Run({self.report.network}, {self.report.course})"

    def __str__(self) -> str:
        return str(self.report)

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
