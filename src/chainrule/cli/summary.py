"""What `chainrule train` says of a run: what it learns from, and how well it went."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.aligned import Printed, Table, laid_out
from chainrule.cli.answers import answered_rows, answers_on
from chainrule.cli.gradient_check import GradientCheck, check_gradient_on
from chainrule.cli.output import one_line
from chainrule.cli.parts import FEWEST_TO_SPLIT, Parts
from chainrule.confusions import MOST_KEPT, Confusions, Misses
from chainrule.costs import Cost
from chainrule.data import Column, Number, Preprocessing, are_plain, overview
from chainrule.defaults import EPOCHS
from chainrule.errors import counted
from chainrule.prediction import scored_data
from chainrule.run import Run
from chainrule.run_facts import sparkline
from chainrule.scores import TITLES, Score, interval
from chainrule.writing.numbers import shown

MOST_NAMES = 12  # of columns that are listed by name
SCALED = ", each scaled to mean 0 and deviation 1"
BARS, ROOM = 24, 60  # of a curve of the cost, and the width that leaves room for all of them
YES_NO = ((0, 1), (1, 2), (-1, 1))  # whole numbers that stand for no and yes
WIDEST = 0.1  # an accuracy that its test rows tell less precisely is shown with what they tell


def header(parts: Parts) -> str:
    """The data in a line: its rows and columns, what is learnt, and what is held out."""
    terms, test, watched = parts.terms, parts.test, parts.watched
    kind = (
        f"{len(terms.labels)} classes of {terms.target_name}"
        if terms.labels is not None
        else f"the number {terms.target_name}"
    )
    kept = f"{len(test):,} held out for the test" if test is not None else "none held out for a test"
    watch = f", {len(watched):,} for validation" if watched is not None else ""
    size = f"{counted(len(parts.table), 'row')} of {counted(len(parts.table.columns), 'column')}"
    return f"{parts.table.name}: {size}, {kind}; {kept}{watch}"


def taken_as(terms: Preprocessing) -> list[str]:
    """That numbers were taken as classes, of which the user said nothing, and how to learn them as numbers."""
    if terms.labels is None or isinstance(terms.labels[0], (str, bool)) or tuple(terms.labels) in YES_NO:
        return []
    return [
        f"{one_line(terms.target_name)} holds whole numbers with few different values, which were taken as classes; --task "
        "regression learns them as numbers"
    ]


def became(parts: Parts, width: int | None = None) -> list[str]:
    """What each column became, in a table where not all are plain numbers; and what the rows held out lack."""
    columns = parts.terms.columns or ()
    lines = [line for remark in parts.remarks for line in textwrap.wrap(remark, width or 80)]
    if are_plain(columns):
        return [f"columns   {_plain(columns)}", *lines]
    hint = ["--drop, --columns and --as NAME=KIND change that"] if any(column.note for column in columns) else []
    return ["", *overview(columns, width or 80), *hint, *lines, ""]


def _plain(columns: Sequence[Column]) -> str:
    """Columns that are all numbers, in a line."""
    names = [one_line(column.name) for column in columns]
    shown = names if len(names) <= MOST_NAMES else [*names[:3], f"… {names[-1]}"]
    scaled = any(isinstance(column, Number) and (column.mean, column.scale) != (0, 1) for column in columns)
    how = SCALED if scaled else ""
    return f"{counted(len(names), 'number')}{how}: {', '.join(shown)}".replace(", …", " …")


def columns_json(parts: Parts) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [
        {"became": column.title, "inputs": column.width, **column.to_json()} for column in parts.terms.columns or ()
    ]


@dataclass(frozen=True)
class Summary(Printed):
    """The scores of a run on its own rows and on those held out, its answers to these, and the check of its gradient."""

    run: Run
    parts: Parts
    train: Score
    test: Score | None
    answers: Confusions | Misses  # on the test rows, else on those it was trained on
    check: GradientCheck

    @classmethod
    def of(cls, run: Run, parts: Parts, cost: Cost) -> Summary:
        """Everything measured: the scores, and the gradient on rows it has not seen, where there are some."""
        test = None if parts.testing is None else scored_data(run.network, parts.testing)
        check = check_gradient_on(run.network, parts.testing or parts.learning, cost)
        answers = answers_on(run.network, parts.testing or parts.learning, parts.terms)
        return cls(run, parts, scored_data(run.network, parts.learning), test, answers, check)

    @property
    def results(self) -> dict[str, Any]:
        """As plain values, for the report."""
        scores: dict[str, Any] = {
            f"{part}_{score.measure}": score.value
            for part, score in (("train", self.train), ("test", self.test))
            if score is not None
        }
        part = "train" if self.test is None else "test"
        if isinstance(self.answers, Misses):
            scores |= {f"{part}_{key}": value for key, value in self.answers.to_json().items()}
        elif len(self.answers.labels) <= MOST_KEPT:
            scores[f"{part}_classes"] = self.answers.to_json()
        return {**scores, "gradient_check": self.check.to_json(), "warnings": self.warnings}

    @property
    def tested(self) -> dict[str, Any]:
        """How each test row was answered, as plain values, for a comparison of reports; nothing without test rows."""
        rows = self.parts
        if rows.test is None or rows.testing is None:
            return {}
        return answered_rows(self.run.network, rows.testing, rows.terms, rows.test).to_json()

    def lines(self, width: int | None = None) -> list[str]:
        """The summary in lines of at most so many characters."""
        return laid_out(self._parts(width), width)

    def _parts(self, width: int | None = None) -> Iterator[str | Table]:
        seconds = f"{self.run.report.seconds:.2f} s"
        yield f"trained   {counted(len(self.run.history), 'epoch')} in {seconds}, cost {self._curve('cost', width)}"
        if "validation_cost" in self.run.history[-1]:
            yield f"validated {counted(len(self.parts.watched or ()), 'row')}, cost {self._curve('validation_cost', width)}"
        if self.run.report.kept:
            yield f"kept      {self._named(self.run.report.kept)}"
        yield from (f"ended     {text}" for text in self._ended())
        yield self._score()
        if isinstance(self.answers, Confusions):
            yield from self.answers.parts(width)
        yield f"gradient  {self.check}"
        yield from (f"warning   {text}" for text in [*self.run.report.warnings, *self.warnings])

    def _ended(self) -> Iterator[str]:
        """Why training ended before its last epoch; where nothing but their number ended it, that more may do better."""
        report = self.run.report
        if report.ended.startswith("stopped after"):
            yield self._named(report.ended)
        elif report.epochs == EPOCHS and "patience" in report.settings:
            yield f"after {counted(EPOCHS, 'epoch')}, and it was still gaining: --epochs {2 * EPOCHS} may do better"

    def _named(self, text: str) -> str:
        """The text with the name of the score in its place: accuracy, or R²."""
        measure = self.run.history[-1].get("validation_measure")
        return text if measure is None else text.replace("validation score", f"validation {TITLES[measure]}")

    def _curve(self, key: str, width: int | None) -> str:
        """How a cost went, from the first epoch to the last; and its lowest, where that was before."""
        costs = [facts[key] for facts in self.run.history]
        finite = [cost for cost in costs if math.isfinite(cost)]
        lowest = min(finite, default=costs[-1])
        best = (
            f", lowest {shown(lowest)} in epoch {costs.index(lowest) + 1}" if shown(lowest) != shown(costs[-1]) else ""
        )
        bars = sparkline(costs, BARS if width is None or width >= ROOM else BARS // 2)
        return f"{shown(costs[0])} {bars} {shown(costs[-1])}{best}"

    def _score(self) -> str:
        if self.test is None or self.parts.test is None:
            rows, size = len(self.parts.train), self.run.network.parameters.size
            fits = f"{size:,} parameters can fit any {rows:,} rows"
            why = fits if size >= rows else "hold rows out with --test 0.2"
            on = f"on the {counted(rows, 'row')} it was trained on"
            return f"train     {self.train}{self._misses} {on}, which is not a test: {why}"
        tested = counted(len(self.parts.test), "row")
        guess = "the mean gives 0" if self._guess is None else f"the most frequent class gives {self._guess:.4f}"
        return f"test      {self.test}{self._misses} on {tested} it has never seen (always answering {guess})"

    @property
    def _misses(self) -> str:
        return f", {self.answers}" if isinstance(self.answers, Misses) else ""

    @property
    def _guess(self) -> float | None:
        """The share of the most frequent class among the test rows."""
        if self.test is None or self.parts.testing is None or self.test.measure != "accuracy":
            return None
        return float(np.unique(self.parts.testing.targets, return_counts=True)[1].max() / len(self.parts.testing))

    @property
    def warnings(self) -> list[str]:
        """Why the score shows no success, or says little about it."""
        found, table = [], self.parts.table
        if len(table.columns) > len(table):
            found.append(
                f"{table.name} has more columns than rows ({len(table.columns):,} and {len(table):,}): each line is one example"
            )
        if self.test is not None and self.parts.test is not None:
            found += _of_test(self.test, len(self.parts.test), self._guess)
        return found


def _of_test(test: Score, rows: int, guess: float | None) -> list[str]:
    found = []
    if test.value <= (guess or 0):
        answer = "the mean" if guess is None else "the most frequent class"
        found.append(f"the network is no better on the test rows than always answering {answer}")
    if test.measure == "accuracy":
        low, high = interval(test.value, rows)
        if high - low > WIDEST:
            found.append(f"an accuracy on {counted(rows, 'row')} is uncertain: 95 % interval {low:.2f} to {high:.2f}")
    elif rows < FEWEST_TO_SPLIT:
        found.append(f"R² on {counted(rows, 'row')} is uncertain: other rows may give quite another")
    return found
