"""What a run leaves behind: a few lines to read, and everything in JSON."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import FileError, counted
from chainrule.files import as_file, write_atomically
from chainrule.json_text import json_text
from chainrule.writing.numbers import minus, short

SPARKS = "▁▂▃▄▅▆▇█"
MEASURES = {"r_squared": "R²", "mae": "MAE", "rmse": "RMSE"}  # whose names are not words
MARK = "chainrule report"  # the first key of the file


@dataclass(frozen=True)
class Report:
    """The facts of one run. `print(report)` reads them; `report.write(path)` writes all of them as JSON.

    `cost_before` and `cost_after` are the cost of the network as it was given and as it is now, on the same rows: at most
    1,000, evenly spaced. (`history` has the mean over an epoch's steps, each taken before its move.)
    """

    data: str
    rows: int
    network: str
    cost: str
    rule: str
    engine: str
    batch_size: int
    seed: int | None
    epochs: int
    steps: int
    seconds: float
    history: list[dict[str, Any]]
    ended: str = "finished"
    results: Mapping[str, Any] = field(default_factory=dict)
    cost_before: float | None = None
    cost_after: float | None = None
    threads: int | None = None  # of BLAS, in the steps; None where it is not known
    shuffle: bool = True
    fixed: tuple[int, ...] = ()  # the layers whose weights and biases were held
    settings: Mapping[str, Any] = field(default_factory=dict)  # those that were given, such as dropout, by name
    kept: str = ""  # which network was given back and why, where it may not be the last epoch's
    model_sha256: str | None = None  # of the model's file that it was written beside, as sha256sum gives it

    @property
    def warnings(self) -> list[str]:
        """What speaks against the run, as sentences: a cost that rose, and what its results say."""
        return [*self._of_cost(), *self.results.get("warnings", [])]

    def _of_cost(self) -> list[str]:
        before, after = self.cost_before, self.cost_after
        if not self.epochs or before is None or after is None or not after >= before > 0:
            return []
        if f"{after:.4g}" == f"{before:.4g}":
            return [f"the cost did not fall: it is {short(after)}, as before the training"]
        return [
            f"the cost rose from {short(before)} before the training to {short(after)}; a smaller learning rate than in "
            f"{minus(self.rule)} is the usual cure"
        ]

    def __repr__(self) -> str:  # what a prompt shows
        return f"Report({self.network} on {self.data}, {self.course})"

    def __str__(self) -> str:
        costs = [entry["cost"] for entry in self.history]
        curve = f"  {short(costs[0])} {sparkline(costs)} {short(costs[-1])}" if costs else ""
        lines = [
            f"{self.network} on {self.data} ({self.rows:,} rows)",
            f"{self.cost}, {self.rule}, batches of {self.batch_size}, {self.epochs} epochs, {self.steps:,} steps, "
            f"{self.seconds:.2f} s ({self.engine} engine): {self.ended}",
            *([settings_text(self.settings)] if self.settings else []),
            *([f"layers held fixed: {', '.join(map(str, self.fixed))}"] if self.fixed else []),
            *([] if self.shuffle else ["rows in the given order, not shuffled"]),
            *([f"cost{curve}"] if costs else []),
            *([f"network of {self.kept}"] if self.kept else []),
            *(f"{titled(key)}: {text}" for key, text in self.short_results()),
            *(f"warning: {text}" for text in self.warnings),
        ]
        return "\n".join(lines)

    def short_results(self) -> list[tuple[str, str]]:
        """The results that take one line each: (name, text)."""
        return [(key, _shown(value)) for key, value in self.results.items() if _is_short(key)]

    @property
    def course(self) -> str:
        """How many epochs, the cost of the first and of the last, and how it ended."""
        costs = [short(self.history[place]["cost"]) for place in (0, -1)] if self.history else []
        change = [f"cost {' → '.join(costs)}"] if costs else []
        return ", ".join([counted(self.epochs, "epoch"), *change, self.ended])

    @property
    def in_short(self) -> str:
        """What was trained on what, and how, in a line."""
        return f"{self.network} on {self.data}; {self.cost}, {self.rule}, batches of {self.batch_size}"

    def to_json(self) -> dict[str, Any]:
        """Everything, with the versions it ran on."""
        return {
            MARK: 1,
            **{key: value for key, value in self.__dict__.items() if key != "results"},
            "results": dict(self.results),
            "warnings": self.warnings,
            "versions": {"python": platform.python_version(), "numpy": np.__version__, "machine": platform.machine()},
        }

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Report:
        """The report in a file that `write` wrote. Raises FileError for any other."""
        where = as_file(path, "the report of a training")
        try:
            told = json.loads(where.read_text("utf-8"))
            if told.get(MARK) != 1:
                raise ValueError
            known = {key: told[key] for key in cls.__dataclass_fields__ if key in told}
            return cls(**{**known, "fixed": tuple(known.get("fixed", ()))})
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            raise FileError(
                f"{where} is not a report of a training, as chainrule train writes it beside a model"
            ) from None

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as JSON, whole or not at all."""
        return write_atomically(path, (json_text(self.to_json(), indent=1) + "\n").encode("utf-8", "backslashreplace"))


def is_report(path: Path) -> bool:
    """Whether a file begins as `Report.write` begins it."""
    start = f'{{\n "{MARK}"'.encode()
    with path.open("rb") as stream:
        return stream.read(len(start)) == start


def is_of_another(report: Path, model: Path) -> bool:
    """Whether a report names another model by its checksum, as one does that lies beside a model which was replaced."""
    try:
        told = json.loads(report.read_bytes()).get("model_sha256")
    except (OSError, ValueError, AttributeError, RecursionError):
        return False  # no report
    return told is not None and told != hashlib.sha256(model.read_bytes()).hexdigest()


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings in a line: dropout 0.2, 0.5; patience 10; schedule cosine(warmup=0.1)."""
    return "; ".join(f"{key.replace('_', ' ')} {_setting(value)}" for key, value in settings.items())


def _setting(value: Any) -> str:
    if isinstance(value, list | tuple):
        pairs = all(isinstance(each, list | tuple) for each in value)
        return ", ".join(" ".join(map(_setting, each)) if pairs else _setting(each) for each in value)
    return minus(f"{value:g}") if isinstance(value, float) else str(value)


def titled(key: str) -> str:
    """The name of a result as it is printed: test R², train accuracy, test MAE."""
    part, _, measure = key.partition("_")
    return f"{part} {MEASURES[measure]}" if measure in MEASURES else key.replace("_", " ")


def _is_short(key: str) -> bool:
    """Whether a result takes one line: tables of classes are in the file alone, and warnings have lines of their own."""
    return key != "warnings" and not key.endswith("_classes")


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items())
    if not isinstance(value, float):
        return str(value)
    return minus(f"{value:.4f}") if abs(value) >= 1e-3 or value == 0 else short(value)


def sparkline(values: list[float], width: int = 24) -> str:
    """Values as a row of bars, the lowest to the highest finite one; a value that is not finite is a ×."""
    finite = [value for value in values if np.isfinite(value)]
    if not finite:
        return "×" * min(len(values), width)
    picked = [
        values[round(i * (len(values) - 1) / max(1, min(width, len(values)) - 1))]
        for i in range(min(width, len(values)))
    ]
    low, high = min(finite), max(finite)
    span = (high - low) or 1.0
    return "".join(SPARKS[int((v - low) / span * (len(SPARKS) - 1) + 0.5)] if np.isfinite(v) else "×" for v in picked)
