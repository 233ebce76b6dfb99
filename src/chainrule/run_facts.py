"""The facts of one run, in values: what was trained on what and how, how it went, and what came of it."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import counted
from chainrule.writing.numbers import minus, short

SPARKS = "▁▂▃▄▅▆▇█"
MEASURES = {"r_squared": "R²", "mae": "MAE", "rmse": "RMSE"}  # whose names are not words


def versions() -> dict[str, str]:
    """What this process runs on."""
    try:
        own = importlib.metadata.version("chainrule")
    except importlib.metadata.PackageNotFoundError:
        own = "not installed"
    return {
        "chainrule": own,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": platform.system(),
        "machine": platform.machine(),
    }


@dataclass(frozen=True)  # its annotations are types and no texts, for whoever inherits them
class RunFacts:
    """The facts of one run.

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
    command: str = ""  # the line that began the run, where a command did
    epochs_asked: int | None = None  # those that there were to be
    watched: int | None = None  # the validation rows
    chosen: Mapping[str, Any] = field(default_factory=dict)  # options of the command that the rows decided, by name
    became: Sequence[Mapping[str, Any]] = ()  # what the columns became: those that became the same in one entry
    tested: Mapping[str, Any] = field(default_factory=dict)  # the test rows, as `chainrule.tested_rows` says
    versions: Mapping[str, str] = field(default_factory=versions)

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

    def short_results(self) -> list[tuple[str, str]]:
        """The results that take one line each: (name, text)."""
        return [(key, shown(value)) for key, value in self.results.items() if _is_short(key)]

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


def titled(key: str) -> str:
    """The name of a result as it is printed: test R², train accuracy, test MAE."""
    part, _, measure = key.partition("_")
    return f"{part} {MEASURES[measure]}" if measure in MEASURES else key.replace("_", " ")


def shown(value: Any) -> str:
    """A result in a few characters."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(each)}" for key, each in value.items())
    if not isinstance(value, float):
        return str(value)
    return minus(f"{value:.4f}") if abs(value) >= 1e-3 or value == 0 else short(value)


def _is_short(key: str) -> bool:
    """Whether a result takes one line: tables of classes are in the file alone, and warnings have lines of their own."""
    return key != "warnings" and not key.endswith("_classes")


def settings_rows(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings by their names: (dropout, 0.2, 0.5), (patience, 10), (schedule, cosine(warmup=0.1))."""
    return [(key.replace("_", " "), _setting(value)) for key, value in settings.items()]


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings in a line: dropout 0.2, 0.5; patience 10; schedule cosine(warmup=0.1)."""
    return "; ".join(f"{key} {value}" for key, value in settings_rows(settings))


def _setting(value: Any) -> str:
    if isinstance(value, list | tuple):
        pairs = all(isinstance(each, list | tuple) for each in value)
        return ", ".join(" ".join(map(_setting, each)) if pairs else _setting(each) for each in value)
    return minus(f"{value:g}") if isinstance(value, float) else str(value)


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


def curve_text(history: Sequence[Mapping[str, Any]], key: str, width: int = 24) -> str:
    """How a number of each epoch went, in a line: its first value, bars, its last."""
    values = [float("nan") if facts.get(key) is None else float(facts[key]) for facts in history]
    first, last = (short(value) if np.isfinite(value) else "not finite" for value in (values[0], values[-1]))
    return f"{first} {sparkline(values, width)} {last}"
