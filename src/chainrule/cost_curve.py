"""How a training went, as a picture: the cost after each epoch and, where rows were watched, theirs and their score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chainrule.errors import DataError
from chainrule.pictures.plot import Plot, Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, titled
from chainrule.scores import TITLES
from chainrule.writing.formula import row
from chainrule.writing.numbers import number, short

LEFT, TOP, WIDTH, LINE = 76.0, 96.0, 560.0, 22.0
HIGH, LOW, BETWEEN = 210.0, 110.0, 48.0  # heights of the two panels, and what lies between them
SPREAD = 10.0  # the largest cost by the smallest, above which the axis is in powers of ten
POINTS = 800  # of a curve; of more epochs these are drawn, and the lowest
MARKS = (1.0, 2.0, 5.0)  # on an axis in powers of ten


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
    panels = [_Panel(across, top, HIGH, costs, epochs)]
    if scores:
        panels.append(_Panel(across, top + HIGH + BETWEEN, LOW, scores, epochs))
    elements: list[Element] = [titled(row("The cost, epoch by epoch"), 28)]
    elements += [Label(28, 58, says, "faint", 12, "start")] if says else []
    for panel in panels:
        elements += panel.elements()
    foot = panels[-1].plot.down
    elements += [*_foot(across, foot, epochs[-1]), Label(LEFT + WIDTH / 2, foot + 38, "epoch", "ink", 13)]
    described = "; ".join(_told(each, epochs) for each in [*costs, *scores])
    title = "The cost, epoch by epoch"
    return Scene.around(elements, 24, title, f"{described}.", lambda: _table(epochs, [*costs, *scores]), "curve")


def _series(name: str, role: str, history: Sequence[Mapping[str, Any]], key: str, best: Any) -> Series:
    values = tuple(math.nan if facts.get(key) is None else float(facts[key]) for facts in history)
    places = [place for place, value in enumerate(values) if math.isfinite(value)]
    return Series(name, role, values, best(places, key=lambda place: values[place]) if places else 0)


@dataclass(frozen=True)
class _Panel:
    """Curves over the epochs in one rectangle."""

    across: Scale
    up: float
    height: float
    series: Sequence[Series]
    epochs: Sequence[int]

    @cached_property
    def _finite(self) -> list[float]:
        return [value for each in self.series for value in each.finite] or [0.0]

    @cached_property
    def by_powers(self) -> bool:
        """Whether the axis is in powers of ten."""
        return min(self._finite) > 0 and max(self._finite) > SPREAD * min(self._finite)

    def _height(self, value: float) -> float:
        """A value as the axis has it."""
        if not self.by_powers:
            return value
        return math.log10(value) if value > 0 else math.nan

    @property
    def plot(self) -> Plot:
        """The rectangle, a little higher than the curves."""
        low, high = (self._height(best(self._finite)) for best in (min, max))
        margin = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
        return Plot(self.across, Scale(low - margin, high + margin, self.up + self.height, self.up))

    def elements(self) -> list[Element]:
        plot = self.plot
        found = self._rules(plot) if self.by_powers else plot.rules(5)
        named = LEFT
        for place, each in enumerate(self.series):
            found += plot.curve(self._points(each), each.role, 2.0, dashed=place > 0)
            if each.finite:
                at = plot.x.at(self.epochs[each.best]), plot.y.at(self._height(each.values[each.best]))
                found.append(Circle(*at, 4, each.role, "paper", 2.0))
            name = Label(named, self.up - 14, _name(each, self.epochs), each.role, 12.5, "start")
            named = name.box.right + 24
            found.append(name)
        return found

    def _points(self, series: Series) -> Iterator[tuple[float, float]]:
        every = max(1, math.ceil(len(series.values) / POINTS))
        for place, value in enumerate(series.values):
            if place % every == 0 or place in (series.best, len(series.values) - 1):
                yield self.epochs[place], self._height(value) if math.isfinite(value) else math.nan

    def _rules(self, plot: Plot) -> list[Element]:
        """Level lines at powers of ten, and between them where there are few."""
        low, high = math.floor(plot.y.low), math.ceil(plot.y.high)
        every = max(1, (high - low) // 6)
        marks = MARKS if high - low <= 2 else (1.0,)
        found: list[Element] = []
        for power in range(low, high + 1, every):
            for mark in marks:
                at = power + math.log10(mark)
                if plot.y.low <= at <= plot.y.high:
                    y = plot.y.at(at)
                    text = short(mark * 10.0**power)
                    found += [plot.across(y, 0.6, 0.3), Label(LEFT - 8, y, text, "faint", 11, "end")]
        return found


def _foot(across: Scale, y: float, last: int) -> list[Element]:
    """The axis of epochs, whole numbers below it."""
    found: list[Element] = [Line(((across.start, y), (across.end, y)), "faint")]
    for x, text in across.ticks(8):
        if "." not in text:
            found += [Line(((x, y), (x, y + 5)), "faint"), Label(x, y + 16, text, "faint", 11)]
    return found


def _name(series: Series, epochs: Sequence[int]) -> str:
    best = f", best {short(series.values[series.best])} in epoch {epochs[series.best]:,}" if series.finite else ""
    return f"{series.name} {short(series.values[-1])}{best if series.best != len(series.values) - 1 else ''}"


def _told(series: Series, epochs: Sequence[int]) -> str:
    return f"{series.name} from {short(series.values[0])} to {short(series.values[-1])} in epoch {epochs[-1]:,}"


def _table(epochs: Sequence[int], series: Sequence[Series]) -> tuple[tuple[str, ...], ...]:
    rows = [(f"{epoch:,}", *(number(each.values[place]) for each in series)) for place, epoch in enumerate(epochs)]
    return (("epoch", *(each.name for each in series)), *rows)
