"""A number line for every variable between one that is nudged and the cost, and the nudge that travels along them (S1.6, S1.7).

All lines share one scale, and all nudges are drawn enlarged by one zoom, so that the ratio of a bracket to the one above it is,
for a small nudge, the derivative between them; a bracket may be too small to see. In a wider network the nudge is followed
along its strongest route, all other neurons held still.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import SettingError
from chainrule.explanation.parts.nudge_on_its_way import Link, Stop, nothing_held, travel
from chainrule.explanation.shown import steepest, together
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.nudges.text import signed, step_text
from chainrule.pictures.plot import Scale, round_down, ticks
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, titled, width_of
from chainrule.verification.moved import movable
from chainrule.writing.formula import Row, joined, row
from chainrule.writing.numbers import Style, number, short, style_of, times

LEFT, ACROSS = 84.0, 300.0  # where the lines begin, and how long they are
NUDGES, ROOM = 452.0, 230.0  # the same of the column of nudges
LINKS = 722.0  # where the links are written
TOP, PITCH = 128.0, 72.0  # the first line, and from line to line


def number_lines(seen: View, *, by: str | Id | None = None, step: float = 0.01) -> Scene:
    """The lines of one example x (in,), y (out,), with `by` nudged by `step`: a weight, a bias, a z, an a or an input.

    Without `by` it is the weight with the steepest cost. Raises IdError for what cannot be moved, SettingError for a step that
    is no number or 0.
    """
    v = steepest(seen) if by is None else movable(by, seen.network.parameters)
    nudged = _step(step)
    stops, links = travel(seen, v, nudged)
    return _drawn(seen, stops, links, _window(stops, nudged))


def _step(given: Any) -> float:
    if isinstance(given, (int, float, np.integer, np.floating)) and math.isfinite(given) and given != 0:
        return float(given)
    raise SettingError(f"a nudge is a finite number other than 0, such as 0.01; got step={given!r}")


# scale and zoom -----------------------------------------------------------------------------------------------------
def _window(stops: Sequence[Stop], step: float) -> Scale:
    """The scale of all the lines, from one round number to another, with 0 and every value in between."""
    values = [stop.value for stop in stops]
    low, high = min(0.0, *values), max(0.0, *values)
    high = max(high, low + 10 * abs(step))
    apart = float(np.diff(ticks(low, high)).min())
    low, high = apart * math.floor(low / apart + 1e-9), apart * math.ceil(high / apart - 1e-9)
    return Scale(low, high, LEFT, LEFT + ACROSS)


def zoom_of(changes: Sequence[float], scale: float) -> float:
    """By how much all nudges are enlarged: a round number, at which the largest of them fits."""
    return round_down(_room(changes) / (scale * max(map(abs, changes))))


def _room(changes: Sequence[float]) -> float:
    """How long a bracket may be: half the column where nudges go up and down."""
    return ROOM / 2 if min(changes) < 0 < max(changes) else ROOM


# the picture --------------------------------------------------------------------------------------------------------
def _drawn(seen: View, stops: list[Stop], links: list[Link], scale: Scale) -> Scene:
    ys = [TOP + PITCH * i for i in range(len(stops))]
    changes = [stop.change or 0.0 for stop in stops]
    pixels = ACROSS / (scale.high - scale.low)  # to 1
    zoom, origin, style = zoom_of(changes, pixels), _origin(changes), style_of(changes)
    elements: list[Element] = [*_heads(seen, stops, zoom), *_grid(ys, scale)]
    for stop, y in zip(stops, ys):
        elements += [*_line(seen, stop, y, scale), *_nudge(stop, y, origin, pixels * zoom, style)]
    for link, y in zip(links, ys):
        elements += _link(link, y)
    elements += _sums(seen, stops, links, ys[-1] + 74)
    name = seen.quantity(stops[0].id)
    return Scene.around(
        elements,
        24,
        f"A nudge of {step_text(stops[0].change or 0.0)} to {name} on its way to {seen.how.letter}",
        _description(stops, links, pixels, style),
        _table(stops, links, style),
        "number-lines",
    )


def _origin(changes: Sequence[float]) -> float:
    """Where the brackets begin: a nudge up goes to the right, a nudge down to the left."""
    if min(changes) >= 0:
        return NUDGES
    return NUDGES + (ROOM if max(changes) <= 0 else ROOM / 2)


def _heads(seen: View, stops: list[Stop], zoom: float) -> list[Element]:
    first = stops[0]
    title = row("A nudge of ", step_text(first.change or 0.0), " to ", first.symbol, ", followed to ", seen.how.letter)
    return [
        titled(title, LEFT - 60),
        Label(LEFT, 66, "values, all on one scale", "faint", 12, "start"),
        Label(NUDGES + ROOM / 2, 66, f"the nudge, all at {times(zoom)} the scale of the lines", "accent", 12),
        Label(LINKS, 66, "what a nudge is multiplied by", "faint", 12, "start"),
    ]


def _grid(ys: list[float], scale: Scale) -> list[Element]:
    """Thin lines through all number lines, with their numbers below the last."""
    found: list[Element] = []
    for x, text in scale.ticks():
        found.append(Line(((x, ys[0] - 36), (x, ys[-1] + 16)), "faint", 0.6, opacity=0.35))
        found.append(Label(x, ys[-1] + 27, text, "faint", 11))
    return found


def _line(seen: View, stop: Stop, y: float, scale: Scale) -> list[Element]:
    """A variable, its line and its value on it."""
    x = scale.at(stop.value)
    half = width_of(number(stop.value), 13) / 2
    at = min(max(x, LEFT + half - 8), LEFT + ACROSS - half + 8)
    return [
        Label(LEFT - 22, y, stop.symbol, role_of(seen.how, stop.id.kind), 17, "end", of=str(stop.id)),
        Line(((LEFT, y), (LEFT + ACROSS, y)), "ink", 1.0),
        *(Line(((tick, y - 4), (tick, y + 4)), "ink") for tick, _ in scale.ticks()),
        Circle(x, y, 5, "paper", "forward", 1.5, of=str(stop.id)),
        Label(at, y - 17, number(stop.value), "forward", 13, halo=True, of=str(stop.id)),
    ]


def _nudge(stop: Stop, y: float, origin: float, scale: float, style: Style) -> list[Element]:
    """The bracket of a nudge, and its number, written as those of the others."""
    foot = Line(((origin, y - 7), (origin, y + 7)), "faint", 1.0)
    if stop.change is None:
        return [foot, Label(NUDGES + ROOM / 2, y - 17, stop.lost or "not followed", "faint", 12)]
    end = origin + scale * stop.change
    role = "positive" if stop.change >= 0 else "negative"
    text = row("Δ", stop.symbol, " = ", style.of(stop.change, True))
    half = width_of(text, 13) / 2
    at = min(max((origin + end) / 2, NUDGES + half), NUDGES + ROOM - half)
    bracket = ((origin, y - 7), (origin, y), (end, y), (end, y - 7))
    return [foot, *([Line(bracket, role, 2.0)] if stop.change else []), Label(at, y - 17, text, role, 13)]


def _link(link: Link, y: float) -> list[Element]:
    """The arrow from one line to the next, the derivative beside it and the ratio of the two brackets."""
    middle, x = y + PITCH / 2, LINKS - 16
    steps = [link.left, link.factor.symbol, row(number(link.factor.value))]
    if str(link.factor.symbol) == "1":
        steps.pop()
    if str(link.factor.symbol) == str(link.left):
        del steps[1]
    said = "ratio of the brackets " + ("—" if link.ratio is None else number(link.ratio))
    if link.kink is not None:
        said += f", over the kink at {short(link.kink)}"
    path = ((x, y + 8), (x + 9, y + 24), (x + 9, middle + 10), (x, y + PITCH - 8))
    return [
        Line(path, "faint", 1.0, arrow=True, curved=True),
        Label(LINKS + 6, middle - 9, joined(steps, " = "), size=14, anchor="start"),
        Label(LINKS + 6, middle + 11, said, "faint", 11.5, "start"),
    ]


def _sums(seen: View, stops: list[Stop], links: list[Link], y: float) -> list[Element]:
    """What the links multiply to, what the outer brackets say, and what the other routes add."""
    v, letter = stops[0], seen.how.letter
    left, ratio = row("∂", letter, "/∂", v.symbol), row("Δ", letter, "/Δ", v.symbol)
    product = number(math.prod(link.factor.value for link in links))
    reached = stops[-1].change
    outer = "—" if reached is None else number(reached / (v.change or 1.0))
    routes = seen.route_count(v.id)
    start = LEFT - 60
    if routes == 1:
        lines: list[tuple[Row, str]] = [
            (row("all links multiplied:  ", left, " = ", product), "backward"),
            (row("the last nudge over the first:  ", ratio, " = ", outer), "ink"),
        ]
    else:
        whole = nothing_held(seen, v)
        moved = f" is {whole.note}" if whole.note not in ("", "nothing predicted") else f" = {signed(whole.actual)}"
        one = f"this route, the strongest of {routes:,}, the other neurons held still: its links multiply to "
        lines = [
            (row(one, product), "backward"),
            (row(f"{together(routes)}:  ", left, " = ", number(seen.value(v.id))), "backward"),
            (row("the whole nudge, all neurons free to move:  Δ", letter, moved), "ink"),
        ]
    return [
        Label(start, y + 24 * i, text, role, 14, "start", slanted=role == "backward")
        for i, (text, role) in enumerate(lines)
    ]


def _description(stops: list[Stop], links: list[Link], scale: float, style: Style) -> str:
    said = [f"{stop.symbol} = {number(stop.value)}" for stop in stops]
    moved = [
        f"{stop.symbol} by {stop.lost or 'nothing known' if stop.change is None else style.of(stop.change, True)}"
        for stop in stops
    ]
    rates = [f"{link.left} = {number(link.factor.value)}" for link in links]
    return (
        f"One number line a variable, {short(scale, 9)} pixels to 1: {', '.join(said)}. The nudge moves {', '.join(moved)}. "
        f"Each change over the one before it is close to the derivative between the two: {', '.join(rates)}."
    )


def _table(stops: list[Stop], links: list[Link], style: Style) -> tuple[tuple[str, ...], ...]:
    rows = [("variable", "value", "nudge", "derivative", "ratio of nudges")]
    values = style_of(stop.value for stop in stops)
    for i, stop in enumerate(stops):
        link = links[i - 1] if i else None
        change = (stop.lost or "not followed") if stop.change is None else style.of(stop.change, True)
        ratio = "" if link is None else "—" if link.ratio is None else number(link.ratio)
        rate = "" if link is None else number(link.factor.value)
        rows.append((str(stop.symbol), values.of(stop.value), change, rate, ratio))
    return tuple(rows)
