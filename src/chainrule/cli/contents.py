"""What is in a model's file: its layers and columns, the cost, and how it was trained, with its scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.aligned import Printed, Table, laid_out
from chainrule.cli.examples import Given, written_example
from chainrule.cli.output import one_line, say_json, say_result, tell
from chainrule.confusions import Confusions
from chainrule.data import are_plain, overview
from chainrule.errors import counted
from chainrule.network import Network
from chainrule.report import Report, is_of_another, is_report
from chainrule.run_facts import settings_text, sparkline, titled
from chainrule.writing.numbers import minus, short, shown

LABEL = 16  # characters of what stands before a value
LISTED = 8  # columns and classes that are named
APART = ("warnings", "x", "y", "fitted")  # notes that have lines of their own, or are for an estimator alone


@dataclass(frozen=True)
class Contents(Printed):
    """A network with the notes of its file, and the report beside it where that is its own."""

    network: Network
    notes: Mapping[str, Any]
    report: Report | None = None

    def lines(self, width: int | None = None) -> list[str]:
        """All of it in lines of at most so many characters."""
        return laid_out(self._parts(width), width)

    def _parts(self, width: int | None = None) -> Iterator[str | Table]:
        yield repr(self.network)
        yield ""
        yield self._layers()
        yield ""
        yield from self._terms(width)
        yield _line("cost", one_line(repr(self.network.cost)))
        if "x" in self.notes:
            yield _line("example", self._example())
        yield from self._notes(width)

    def _layers(self) -> Table:
        rows = [["layer", "neurons", "σ", "weights", "mean", "deviation", "largest", "biases"]]
        for facts in self.layers():
            shape = f"{facts['neurons']}×{facts['inputs']}"
            numbers = [shown(facts[key]) for key in ("mean", "deviation", "largest")]
            rows.append([*map(str, (facts["layer"], facts["neurons"], facts["activation"], shape)), *numbers])
            rows[-1].append(str(facts["biases"]))
        return Table(rows, ">")

    def layers(self) -> list[dict[str, Any]]:
        """Size, activation and weights of each layer in numbers."""
        return [
            {
                "layer": layer,
                "neurons": w.shape[0],
                "inputs": w.shape[1],
                "activation": repr(self.network.activations[layer]),
                "mean": float(w.mean()),
                "deviation": float(w.std()),
                "largest": float(abs(w).max()),
                "biases": self.network.biases[layer].size,
            }
            for layer, w in self.network.weights.items()
        ]

    def _terms(self, width: int | None) -> Iterator[str]:
        terms = self.network.preprocessing
        if terms is None:
            return
        if terms.columns is not None:
            yield _line("columns", _list([column.name for column in terms.columns]))
            if not are_plain(terms.columns):
                yield from ("", *overview(terms.columns, width or 80), "")
        name = one_line(terms.target_name)
        yield _line("answers", f"{name}, a number" if terms.labels is None else f"{name}: {_list(terms.labels)}")

    def _example(self) -> str:
        x, y = self.notes["x"], self.notes.get("y")
        first = written_example(x[0], None if y is None else y[0], self.network)
        return first if len(x) == 1 else f"{first}, the first of {len(x):,}"

    def _notes(self, width: int | None) -> Iterator[str | Table]:
        """How it was trained, its scores, and what speaks against them."""
        for key, value in self.notes.items():
            if value is None or key in APART:
                continue
            if not key.endswith("_classes"):
                said = _shown(value)
                yield _line(titled(key), minus(said) if key == "rule" else said)
            elif (confusions := Confusions.of_json(value)) is not None:
                yield from confusions.parts(width)
        if self.report is not None and self.report.history:
            costs = [entry["cost"] for entry in self.report.history if entry["cost"] is not None]
            if costs:
                yield _line("cost curve", f"{shown(costs[0])} {sparkline(costs)} {shown(costs[-1])}")
        if self.report is not None:
            yield from self._of_report(self.report)
        for warning in self.notes.get("warnings") or ():
            yield _line("warning", one_line(str(warning)))

    @staticmethod
    def _of_report(report: Report) -> Iterator[str]:
        """What the report beside it says that the notes do not: settings, how the run ended, which network was kept."""
        if report.settings:
            yield _line("settings", settings_text(report.settings))
        if report.ended != "finished":
            yield _line("ended", report.ended)
        if report.kept:
            yield _line("kept", report.kept)

    def to_json(self) -> dict[str, Any]:
        """Everything but the weights."""
        terms = self.network.preprocessing
        return {
            "layers": self.layers(),
            "dtype": str(self.network.dtype),
            "parameters": self.network.parameters.size,
            "cost": repr(self.network.cost),
            "preprocessing": None if terms is None else terms.to_json(),
            "notes": self.notes,
        }


def say_contents(given: Given, as_json: bool) -> None:
    """Print what is in a model's file, or in a network of one's own."""
    network, notes = given.open()
    beside = None if given.model is None else given.model.with_suffix(".json")
    if given.model is not None and beside is not None and is_of_another(beside, given.model):
        tell(f"{beside} is the report of another model")
    found = Contents(network, notes, None if given.model is None else report_beside(given.model))
    if as_json:
        say_json(found.to_json())
    else:
        say_result(found)


def report_beside(model: Path) -> Report | None:
    """The report that lies beside a model, where it is its own."""
    path = model.with_suffix(".json")
    if path == model or not path.is_file() or is_of_another(path, model):
        return None
    if not is_report(path):
        return None  # another file of that name
    try:
        return Report.read(path)
    except OSError as error:
        tell(str(error))
        return None


def _line(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{'' if len(label) < LABEL else ' '}{text}"


def _list(values: Any) -> str:
    shown = ", ".join(one_line(str(value)) for value in list(values)[:LISTED])
    return shown + (f", … {len(values) - LISTED:,} more" if len(values) > LISTED else "")


def _shown(value: Any) -> str:
    match value:
        case float():
            return shown(value)
        case {"rows": int(rows), "sketch": str()}:  # the rows it was trained on
            return f"{rows:,} rows"
        case {"distance": float(distance), "holds": holds, "checked": int(checked)}:  # of a gradient
            mark = {True: "✓", False: "✗"}.get(holds, "?")
            return f"‖Δ‖/‖g‖ = {short(distance, 2)} over {counted(checked, 'derivative')} {mark}"
        case dict():
            return ", ".join(f"{key} {_shown(each)}" for key, each in value.items())
        case _:
            return one_line(str(value))
