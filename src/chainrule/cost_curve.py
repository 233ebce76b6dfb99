"""How a training went, as a picture: the cost after each epoch and, where rows were watched, theirs and their score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.errors import DataError
from chainrule.pictures.panel import Curve, Panel, whole_foot
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, titled
from chainrule.scores import TITLES
from chainrule.writing.formula import row
from chainrule.writing.numbers import number, short

LEFT, TOP, WIDTH, LINE = 76.0, 96.0, 560.0, 22.0
HIGH, LOW, BETWEEN = 210.0, 110.0, 48.0  # heights of the two panels, and what lies between them
POINTS = 800  # of a curve; of more epochs these are drawn, and the lowest


@dataclass(frozen=True)
class Series:
    """What one curve shows: its name, its role among the colours, a value for each epoch, and which of them is marked."""

    name: str
    role: str
    values: tuple[float, ...]
    best: int

    @property
    def finite(self) -> list[float]:
        return [value for value in self.values if math.isfinite(value)]


def cost_curve(history: Sequence[Mapping[str, Any]], says: str = "") -> Scene:
    """The picture of a run's history: its facts by epoch, as `Run.history` has them; `says` stands below the title.

    Costs that spread over more than a power of ten have an axis in powers of ten. Raises DataError without an epoch.
    """
    if not history:
        raise DataError("there is no curve before the first epoch is done")
    epochs = [int(facts["number"]) for facts in history]
    costs = [_series("cost", "forward", history, "cost", min)]
    scores: list[Series] = []
    if "validation_cost" in history[-1]:
        costs.append(_series("validation cost", "accent", history, "validation_cost", min))
        measure = TITLES[history[-1]["validation_measure"]]
        scores.append(_series(f"validation {measure}", "accent", history, "validation_score", max))
    across = Scale(epochs[0], max(epochs[-1], epochs[0] + 1), LEFT, LEFT + WIDTH)
    top = TOP if says else TOP - LINE
    foot = top + HIGH
    elements: list[Element] = [titled(row("The cost, epoch by epoch"), 28)]
    elements += [Label(28, 58, says, "faint", 12, "start")] if says else []
    elements += _panel(across, top, HIGH, costs, epochs)
    if scores:
        elements += _panel(across, foot + BETWEEN, LOW, scores, epochs)
        foot += BETWEEN + LOW
    elements += [*whole_foot(across, foot), Label(LEFT + WIDTH / 2, foot + 38, "epoch", "ink", 13)]
    described = "; ".join(_told(each, epochs) for each in [*costs, *scores])
    title = "The cost, epoch by epoch"
    return Scene.around(elements, 24, title, f"{described}.", lambda: _table(epochs, [*costs, *scores]), "curve")


def _series(name: str, role: str, history: Sequence[Mapping[str, Any]], key: str, best: Any) -> Series:
    values = tuple(math.nan if facts.get(key) is None else float(facts[key]) for facts in history)
    places = [place for place, value in enumerate(values) if math.isfinite(value)]
    return Series(name, role, values, best(places, key=lambda place: values[place]) if places else 0)


def _panel(across: Scale, top: float, height: float, series: Sequence[Series], epochs: Sequence[int]) -> list[Element]:
    """Curves over the epochs in one rectangle, and their names above it."""
    curves = [
        Curve("", each.role, tuple(zip(epochs, each.values)), place > 0, each.best if each.finite else None)
        for place, each in enumerate(series)
    ]
    found, named = Panel(across, top, height, curves, most=POINTS).elements(), LEFT
    for each in series:
        name = Label(named, top - 14, _name(each, epochs), each.role, 12.5, "start")
        named = name.box.right + 24
        found.append(name)
    return found


def _name(series: Series, epochs: Sequence[int]) -> str:
    best = f", best {short(series.values[series.best])} in epoch {epochs[series.best]:,}" if series.finite else ""
    return f"{series.name} {short(series.values[-1])}{best if series.best != len(series.values) - 1 else ''}"


def _told(series: Series, epochs: Sequence[int]) -> str:
    return f"{series.name} from {short(series.values[0])} to {short(series.values[-1])} in epoch {epochs[-1]:,}"


def _table(epochs: Sequence[int], series: Sequence[Series]) -> tuple[tuple[str, ...], ...]:
    rows = [(f"{epoch:,}", *(number(each.values[place]) for each in series)) for place, epoch in enumerate(epochs)]
    return (("epoch", *(each.name for each in series)), *rows)
