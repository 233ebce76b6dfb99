"""A number line for every variable between one that is nudged and the cost, and the nudge on each of them (S1.6, S1.7).

All lines share one scale, and all nudges are drawn enlarged by one zoom from the value of their variable on, as 3Blue1Brown
draws them. So the ratio of a nudge to the one above it is, for a small nudge, the derivative between them, and the band between
the two shows it. A nudge too small to see is shown once more under a lens. In a wider network the nudge is followed along its
strongest route, all other neurons held still.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.errors import SettingError
from chainrule.explanation.parts.nudge_on_its_way import Link, Stop, nothing_held, travel
from chainrule.explanation.shown import steepest, together
from chainrule.explanation.typeset import Look, role_of, typeset
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.nudges.text import signed, step_text
from chainrule.pictures.plot import Scale, round_down, ticks
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, heading, hue
from chainrule.verification.moved import movable
from chainrule.writing.formula import Formula, Row, joined, row
from chainrule.writing.numbers import Style, number, short, style_of, times

EDGE, LEFT, ACROSS = 26.0, 130.0, 250.0  # the margin, where 0 … 1 of the scale begin, and how long they are
BEYOND, LONGEST = 46.0, 110.0  # how far lines reach beyond their scale, and the longest nudge
LENS, NUDGES = 448.0, 480.0  # the middle of the lenses, and where nudges and links are written
EDGED = 1.6  # the stroke around a band, by which one that is narrower than a pixel is seen
TOP, PITCH = 102.0, 86.0  # the first line, and from line to line
SEEN, GLASS, ENLARGED = 7.0, 17.0, 22.0  # a shorter nudge has a lens; its radius, and about how long the nudge is in it


def number_lines(seen: View, *, by: str | Id | None = None, step: float = 0.01) -> Scene:
    """The lines of one example x (in,), y (out,), with `by` nudged by `step`: a weight, a bias, a z, an a or an input.

    Without `by` it is the weight with the steepest cost. Raises IdError for what cannot be moved, SettingError for a step that
    is not a number or 0.
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


def zoom_of(stops: Sequence[Stop], scale: Scale) -> float:
    """By how much all nudges are enlarged: a round number, at which the largest is long and none leaves its line."""
    pixels, largest = ACROSS / (scale.high - scale.low), math.inf
    for stop in stops:
        if stop.change:
            end = scale.start - BEYOND if stop.change < 0 else scale.end + BEYOND
            room = min(LONGEST, abs(end - scale.at(stop.value)) - 3)
            largest = min(largest, room / (pixels * abs(stop.change)))
    return round_down(largest)


# the picture --------------------------------------------------------------------------------------------------------
def _drawn(seen: View, stops: list[Stop], links: list[Link], scale: Scale) -> Scene:
    ys = [TOP + PITCH * i for i in range(len(stops))]
    changes = [stop.change or 0.0 for stop in stops]
    pixels = ACROSS / (scale.high - scale.low)  # to 1
    zoom, style = zoom_of(stops, scale), style_of(changes)
    starts, lengths = [scale.at(stop.value) for stop in stops], [pixels * zoom * change for change in changes]
    ends = [(start, start + length) for start, length in zip(starts, lengths)]
    elements: list[Element] = [*_head(seen, stops, zoom), *_grid(ys, scale)]
    elements += [_band(*both, *levels) for both, levels in zip(pairwise(ends), pairwise(ys))]
    for stop, y, start, length in zip(stops, ys, starts, lengths):
        by_route = " by this route" if stop is stops[-1] and seen.route_count(stops[0].id) > 1 else ""
        elements += [*_line(seen, stop, y, scale), *_nudge(start, length, y), *_said(stop, y, style, by_route)]
        elements += _value(seen, stop, y, scale)
    for link, y in zip(links, ys):
        elements += _link(seen, link, y)
    elements += _sums(seen, stops, links, ys[-1] + 62)
    name = seen.quantity(stops[0].id)
    return Scene.around(
        elements,
        24,
        f"A nudge of {step_text(stops[0].change or 0.0)} to {name} on its way to {seen.how.letter}",
        _description(stops, links, pixels, style),
        _table(stops, links, style),
        "number-lines",
    )


def _head(seen: View, stops: list[Stop], zoom: float) -> list[Element]:
    first, letter = stops[0], seen.how.letter
    title = row("A nudge of ", step_text(first.change or 0.0), " to ", first.symbol, ", followed to ", letter)
    drawn = "as it is" if zoom == 1 else f"{times(zoom)} as large"
    return heading(title, f"All lines have one scale; on them the nudges, all drawn {drawn}.", EDGE)


def _grid(ys: list[float], scale: Scale) -> list[Element]:
    """A thin line through all zeros, and the numbers of the scale below the last line."""
    zero = scale.at(0.0)
    found: list[Element] = [Line(((zero, ys[0] - 14), (zero, ys[-1] + 16)), "faint", 0.8, opacity=0.5)]
    return found + [Label(x, ys[-1] + 22, text, "faint", 11) for x, text in scale.ticks()]


def _band(above: tuple[float, float], below: tuple[float, float], top: float, bottom: float) -> Line:
    """What joins a nudge to the next one: as wide as each of them where it meets it, and twisted where they turn around."""
    up, down, middle = top + 5, bottom - 5, (top + bottom) / 2
    here, there = above[::-1], below
    path = [(above[0], up), (above[0], middle), (there[0], middle), (there[0], down)]
    path += [(there[0], down), (there[1], down), (there[1], down)]
    path += [(there[1], middle), (here[0], middle), (here[0], up)]
    return Line(tuple(path), "accent", EDGED, curved=True, opacity=0.16, filled="accent")


def _line(seen: View, stop: Stop, y: float, scale: Scale) -> list[Element]:
    """A variable and its line, which goes on beyond the numbers."""
    left, right = scale.start - BEYOND, scale.end + BEYOND
    return [
        Label(left - 10, y, stop.symbol, role_of(seen.how, stop.id.kind), 18, "end", of=str(stop.id)),
        Line(((left, y), (right, y)), "ink", 1.0),
        *(Line(((tick, y - 4), (tick, y + 4)), "ink") for tick, _ in scale.ticks()),
    ]


def _value(seen: View, stop: Stop, y: float, scale: Scale) -> list[Element]:
    """The value on its line."""
    x = scale.at(stop.value)
    role = role_of(seen.how, stop.id.kind, "forward")
    return [
        Circle(x, y, 4.5, "paper", role, 1.5, of=str(stop.id)),
        Label(x, y - 17, number(stop.value), role, 13, halo=True, of=str(stop.id)),
    ]


def _nudge(start: float, length: float, y: float) -> list[Element]:
    """A nudge on its line; a short one under a lens too."""
    if not length:
        return []
    role = hue(length)
    found: list[Element] = [_stroke(start, start + length, y, role)]
    if abs(length) >= SEEN:
        return found
    closer = round_down(ENLARGED / abs(length))
    long = length * closer
    return [
        *found,
        Circle(LENS, y, GLASS, "faint", "paper", 1.2),
        Line(((LENS - GLASS + 2, y), (LENS + GLASS - 2, y)), "faint", 0.8),
        _stroke(LENS - long / 2, LENS + long / 2, y, role),
        Label(LENS, y + GLASS + 9, f"{times(closer)} more", "faint", 10.5),
    ]


def _stroke(start: float, end: float, y: float, role: str) -> Line:
    """From a value to where the nudge takes it: a thick line with a tick at its end."""
    return Line(((start, y), (end, y), (end, y - 6), (end, y + 6)), role, 3.0)


def _said(stop: Stop, y: float, style: Style, by_route: str) -> list[Element]:
    """The nudge as a number, written as those of the others; of C, that it is one route's where there are others."""
    if stop.change is None:
        return [Label(NUDGES, y, stop.lost or "not followed", "faint", 12, "start")]
    text = row("Δ", stop.symbol, f"{by_route} = ", style.of(stop.change, True))
    return [Label(NUDGES, y, text, hue(stop.change), 14, "start", of=str(stop.id))]


def _link(seen: View, link: Link, y: float) -> list[Element]:
    """The arrow from one nudge to the next, the derivative beside it and the ratio of the two."""
    middle, x = y + PITCH / 2, NUDGES + 8
    steps: list[Formula] = [link.left, link.factor.symbol, row(number(link.factor.value))]
    if str(link.factor.symbol) == "1":
        steps.pop()
    if str(link.factor.symbol) == str(link.left):
        del steps[1]
    said = "ratio of the nudges " + ("—" if link.ratio is None else number(link.ratio))
    if link.kink is not None:
        said += f", over the kink at {short(link.kink)}"
    formula = typeset(row("× ", joined(steps, " = ")), 13.5, Look(seen.how))
    return [
        Line(((x, y + 13), (x, y + PITCH - 13)), "faint", 1.0, arrow=True),
        *formula.at(x + 12, middle - 9),
        Label(x + 12, middle + 21, said, "faint", 11, "start"),
    ]


def _sums(seen: View, stops: list[Stop], links: list[Link], y: float) -> list[Element]:
    """What the links multiply to, what the outer brackets say, and what the other routes add."""
    v, letter = stops[0], seen.how.letter
    left, ratio = row("∂", letter, "/∂", v.symbol), row("Δ", letter, "/Δ", v.symbol)
    product = number(math.prod(link.factor.value for link in links))
    reached = stops[-1].change
    outer = "—" if reached is None else number(reached / (v.change or 1.0))
    routes = seen.route_count(v.id)
    start = EDGE
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
        f"One number line for each variable, {short(scale, 9)} pixels to 1: {', '.join(said)}. The nudge moves "
        f"{', '.join(moved)}. Each change over the one before it is close to the derivative "
        f"between the two: {', '.join(rates)}."
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
