"""Runs side by side: which settings differ, what came of it, and which is better, as far as their test rows can tell."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from chainrule.data.overview import overview_rows
from chainrule.errors import SettingError, brief
from chainrule.files import as_path, write_atomically
from chainrule.json_text import as_json, json_text
from chainrule.pictures.converted import KINDS
from chainrule.pictures.scene import Scene
from chainrule.report import PAGES, Report
from chainrule.report_sections import best_epoch, test_rows
from chainrule.result_page import ResultPage
from chainrule.result_parts import Facts, Gallery, Grid, Part, Picture, Section
from chainrule.run import Run
from chainrule.run_facts import RunFacts, curve_text, settings_rows, titled
from chainrule.run_figures import compared_figure, together
from chainrule.verdict import Verdict, verdict_on
from chainrule.writing.numbers import minus, short

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NONE = "–"
BARS = 10  # of a curve in a line of text
CURVES: dict[str, tuple[str, Callable[..., Any]]] = {
    "cost": ("Cost", min),
    "validation_cost": ("Validation cost", min),
    "validation_score": ("Validation score", max),
    "learning_rate": ("Learning rate", max),
}


def compare(*runs: Any) -> Comparison:
    """Two runs or more side by side: what `train` gave, their reports, or the files of these.

    `print(compare(one, other))` says which settings differ, what came of it and which run is better, as far as the test rows
    can tell; `.html()`, `.write("c.html")`, `.figure()` and `.to_json()` give the same in other forms. Raises SettingError for
    fewer than two runs, FileError for a file that is not a report.
    """
    if not 2 <= len(runs) <= len(LETTERS):
        raise SettingError(f"compare takes 2 to {len(LETTERS)} runs, got {len(runs)}: compare(run, other)")
    return Comparison(tuple(map(_name, runs)), tuple(map(_report, runs)))


@dataclass(frozen=True)
class Comparison:
    """Reports side by side, each with a name beside its letter A, B, …"""

    names: tuple[str, ...]
    reports: tuple[Report, ...]

    @property
    def letters(self) -> str:
        """What each is called in tables and figures."""
        return LETTERS[: len(self.reports)]

    @cached_property
    def verdict(self) -> Verdict:
        """Which is better by what, and whether chance can explain it."""
        return verdict_on(dict(zip(self.letters, self.reports)))

    def __str__(self) -> str:
        return str(self.page)

    def lines(self, width: int | None = None) -> list[str]:
        """The comparison as text, in lines of at most so many characters."""
        return self.page.lines(width)

    @property
    def page(self) -> ResultPage:
        """The comparison at length."""
        sections = [
            Section("", [Facts([*zip(self.letters, self.names)])]),
            Section("Which is better", [*self.verdict.sentences]),
            Section("Results", [Grid(self._results(), "<>")]),
            Section("How they went", [Gallery(pictures)] if (pictures := [*self._pictures()]) else []),
            Section("Settings that differ", [*self._differing()]),
            Section("Data", [*self._data()]),
        ]
        title = (
            f"{len(self.reports)} runs on {self.reports[0].data}" if self._one("data") else f"{len(self.reports)} runs"
        )
        return ResultPage(title, self.verdict.in_short, [each for each in sections if each.parts])

    def html(self) -> str:
        """The comparison as one HTML file, which needs no script and nothing from outside."""
        return self.page.html()

    def figure(self) -> Scene:
        """The curves of the runs over each other, as one picture."""
        return together([each.scene for each in self._pictures()], "The runs, epoch by epoch")

    def write(self, path: str | os.PathLike[str], theme: str = "light") -> Path:
        """Write it as the file's ending says: a page (.html, .md, .txt), a figure (.svg, .png, .pdf), else JSON."""
        suffix = as_path(path).suffix.lower()
        if suffix in KINDS:
            return self.figure().save(path, theme)
        text = self.page.content(suffix) if suffix in PAGES else json_text(self.to_json(), indent=1) + "\n"
        return write_atomically(path, text.encode("utf-8", "backslashreplace"))

    def to_json(self) -> dict[str, Any]:
        """Names, results, settings that differ, and the verdict; in lists with a value per run."""
        return {
            "runs": list(self.names),
            "results": {key: list(values) for key, values in self._values().items()},
            "differing": {name: list(values) for name, values in self._settings().items() if not _same(values)},
            "same_data": self._one("data") and self._one("rows"),
            "verdict": as_json(self.verdict.to_json()),
        }

    # what differs ----------------------------------------------------------------------------------------------------
    def _one(self, key: str) -> bool:
        """Whether all have the same."""
        return _same([getattr(each, key) for each in self.reports])

    def _settings(self) -> dict[str, list[str]]:
        """Every setting of any of them, as each has it."""
        told = [dict(_told(each)) for each in self.reports]
        names = list(dict.fromkeys(name for each in told for name in each))
        return {name: [each.get(name, NONE) for each in told] for name in names}

    def _differing(self) -> Iterator[Part]:
        rows = [[name, *values] for name, values in self._settings().items() if not _same(values)]
        if rows:
            yield Grid([["setting", *self.letters], *rows], "<")
        else:
            yield "None that the reports tell of: the runs were asked for the same."

    def _data(self) -> Iterator[Part]:
        rows = [
            [name, *map(str, values)]
            for name, values in (
                ("data", [each.data for each in self.reports]),
                ("rows to learn from", [f"{each.rows:,}" for each in self.reports]),
                ("validation rows", [_count(each.watched) for each in self.reports]),
                ("test rows", [_count(test_rows(each)) for each in self.reports]),
                (
                    "columns",
                    ["; ".join(" ".join(row) for row in overview_rows(each.became)[1:]) for each in self.reports],
                ),
            )
            if not _same(values)
        ]
        if rows:
            yield Grid([["", *self.letters], *rows], "<")
        else:
            first = self.reports[0]
            yield f"The same name, and as many rows: {first.data}, {first.rows:,} rows to learn from."
        targets = [each.tested.get("targets_sha256") for each in self.reports]
        if None not in targets:
            yield "They were tested on the same rows." if _same(targets) else "They were tested on different rows."

    # what came of it -------------------------------------------------------------------------------------------------
    def _values(self) -> dict[str, list[Any]]:
        """Results in numbers, a list with a value per run for each; None where a run has it not."""
        told = [_results_of(each) for each in self.reports]
        names = list(dict.fromkeys(name for each in told for name in each))
        return {name: [each.get(name) for each in told] for name in names}

    def _results(self) -> list[list[str]]:
        two = len(self.reports) == 2
        rows = [["", *self.letters, *(["B − A"] if two else [])]]
        for name, values in self._values().items():
            between = [_difference(*values)] if two else []
            rows.append([name, *(_number(value) for value in values), *between])
        return rows

    def _pictures(self) -> Iterator[Picture]:
        histories = {letter: each.history for letter, each in zip(self.letters, self.reports) if each.history}
        for key, (title, best) in CURVES.items():
            having = [letter for letter, history in histories.items() if history[-1].get(key) is not None]
            if (len(having) < 2 and key != "cost") or not having:
                continue
            if key == "learning_rate" and all(_same([facts.get(key) for facts in histories[each]]) for each in having):
                continue
            lines = [f"{letter} {curve_text(histories[letter], key, BARS)}" for letter in having]
            yield Picture(
                title, compared_figure(histories, key, f"{title}, epoch by epoch", best), line=", ".join(lines)
            )


def _count(rows: int | None) -> str:
    return NONE if rows is None else f"{rows:,}"


def _same(values: Sequence[Any]) -> bool:
    return all(value == values[0] for value in values)


def _name(run: Any) -> str:
    return repr(run) if isinstance(run, Run | Report) else str(run)


def _report(run: Any) -> Report:
    if isinstance(run, Run):
        return run.report
    if isinstance(run, Report):
        return run
    if isinstance(run, str | os.PathLike):
        return Report.read(run)
    raise SettingError(f"compare takes what train gives, a report, or the file of one; got {brief(run)}")


def _told(run: RunFacts) -> Iterator[tuple[str, str]]:
    """Each setting by its name, as text."""
    yield "network", run.network
    yield "cost", run.cost
    yield "rule", minus(run.rule)
    yield "batch size", f"{run.batch_size:,}"
    yield "epochs", f"{run.epochs_asked or run.epochs:,}"
    yield "order of rows", "shuffled" if run.shuffle else "as given"
    yield "layers held fixed", ", ".join(map(str, run.fixed)) or NONE
    yield from settings_rows(run.settings)
    yield "seed", NONE if run.seed is None else str(run.seed)
    yield "engine", run.engine
    yield "threads", NONE if run.threads is None else str(run.threads)
    yield from ((name, str(value)) for name, value in run.versions.items())


def _results_of(run: RunFacts) -> dict[str, Any]:
    scores = {key: value for key, value in run.results.items() if isinstance(value, float)}
    found: dict[str, Any] = {
        titled(key): scores[key] for key in sorted(scores, key=lambda key: not key.startswith("test"))
    }
    best: Mapping[str, Any] | None = best_epoch(run)
    if best is not None:
        found |= {"best validation cost": best["validation_cost"], "in epoch": best["number"]}
    found |= {"cost after training": run.cost_after, "epochs": run.epochs, "steps": run.steps, "seconds": run.seconds}
    return found


def _number(value: Any) -> str:
    if value is None:
        return NONE
    return f"{value:,}" if isinstance(value, int) else short(float(value))


def _difference(one: Any, other: Any) -> str:
    if one is None or other is None:
        return NONE
    gap = other - one
    sign = "+" if gap > 0 else ""
    return sign + (minus(f"{gap:,}") if isinstance(gap, int) else short(float(gap), 3)) if gap else "0"
