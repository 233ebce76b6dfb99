"""A number line for every variable between one that is nudged and the cost, and the nudge that travels along them (S1.6, S1.7).

All lines share one scale and the nudges are drawn enlarged, so that one bracket is to the bracket above it as the derivative
that stands between them. In a wider network the nudge is followed along its strongest route, all other neurons held still.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.errors import DataError, SettingError
from chainrule.explanation.axes import tick_texts, ticks
from chainrule.explanation.document import Factor
from chainrule.explanation.numbers import number, short, times
from chainrule.explanation.scene import Circle, Element, Label, Line, Scene
from chainrule.explanation.shown import together
from chainrule.explanation.view import View, view
from chainrule.ids import Id
from chainrule.network import Network
from chainrule.notation import Formula, Row, Symbol, row
from chainrule.nudges.change import Change
from chainrule.nudges.text import signed, step_text
from chainrule.verification.moved import follow, movable

Array = np.ndarray
LEFT, ACROSS = 84.0, 300.0  # where the lines begin, and how long they are
NUDGES, ROOM = 452.0, 230.0  # the same of the column of nudges
LINKS = 722.0  # where the links are written
TOP, PITCH = 128.0, 72.0  # the first line, and from line to line
RATIO = 15.0  # brackets whose sizes lie this far apart need another zoom
ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # first digits of a zoom


@dataclass(frozen=True)
class Stop:
    """A variable of the route: its value, what the nudge has come to here, and why it has not, where it got lost."""

    id: Id
    symbol: Symbol
    value: float
    change: float | None
    lost: str = ""


@dataclass(frozen=True)
class Link:
    """From one variable to the next: the derivative as it is written and as it is, the two changes, a kink in between."""

    left: Formula
    factor: Factor
    change: Change | None
    kink: float | None = None

    @property
    def ratio(self) -> float | None:
        """The second change over the first: the derivative as a ratio of nudges."""
        if self.change is None or self.change.step == 0 or self.change.note not in ("", "nothing predicted"):
            return None
        return self.change.actual / self.change.step


def number_lines(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
    by: str | Id | None = None,
    step: float = 0.01,
) -> Scene:
    """The lines of one example x (in,), y (out,), with `by` nudged by `step`: a weight, a bias, a z, an a or an input.

    Without `by` it is the weight with the steepest cost. Raises IdError for what cannot be moved, SettingError for a step that
    is no number or 0.
    """
    how = as_convention(convention)
    seen = view(network, x, y, how.cost_for(network, cost), Id("C"), how)
    v = _steepest(seen) if by is None else movable(by, seen.network.parameters)
    nudged = _step(step)
    stops, links = travel(seen, v, nudged)
    scale, low, high = _window(stops, nudged)
    zooms = zooms_of([stop.change or 0.0 for stop in stops], scale)
    return _drawn(seen, stops, links, zooms, scale, (low, high))


# the way and the nudge ----------------------------------------------------------------------------------------------
def travel(seen: View, v: Id, step: float) -> tuple[list[Stop], list[Link]]:
    """The stops from v to the cost on the strongest route, and the links between them: each moves the next one alone."""
    ids = strongest_route(seen, v)
    start = follow(seen.network, seen.x, seen.y, seen.cost, v, 0.0)
    stops = [Stop(v, seen.quantity(v), float(start.value(v)), step)]
    links: list[Link] = []
    for before, after in pairwise(ids):
        factor, here = _factor(seen, before, after), stops[-1]
        left = row("∂", seen.quantity(after), "/∂", seen.quantity(before))
        if here.change is None:
            links.append(Link(left, factor, None))
            stops.append(Stop(after, seen.quantity(after), float(start.value(after)), None))
            continue
        both = follow(seen.network, seen.x, seen.y, seen.cost, before, np.array([0.0, here.change])).value(after)
        change = Change(here.change, float(both[0]), float(both[1]), factor.value, _terms(seen, before, after, factor))
        links.append(Link(left, factor, change, _kink(seen, before, here)))
        lost = change.note if change.note not in ("", "nothing predicted") else ""
        stops.append(Stop(after, seen.quantity(after), change.before, None if lost else change.actual, lost))
    for stop in stops:
        if not math.isfinite(stop.value):
            raise DataError(
                f"{stop.id} is {stop.value:g} as a function of {v} on this example: nothing can be drawn of it"
            )
    return stops, links


def strongest_route(seen: View, v: Id) -> list[Id]:
    """v, one z and one a of each layer above it, and C: the route on which the product of the derivatives is largest."""
    stages = _stages(seen, v)
    best = np.zeros(1)  # decades from a stage to the cost, one a neuron
    onward: list[Array] = []
    for below, above in reversed(list(pairwise(stages))):
        with np.errstate(divide="ignore"):
            sizes = np.log10(np.abs(_slopes(seen, below, above)))  # (above, below)
        reach = sizes + best[:, None]
        onward.insert(0, reach.argmax(axis=0))
        best = reach.max(axis=0)
    place, route = int(best.argmax()), []
    for stage, choice in zip(stages, [*onward, None]):
        route.append(stage[place])
        place = 0 if choice is None else int(choice[place])
    return route


def _stages(seen: View, v: Id) -> list[list[Id]]:
    """Everything the nudge can pass, stage by stage; C follows on z^L where it is written as a function of it (S3.14)."""
    last, stages = seen.network.depth, [[v]]
    if v.kind in "wb":
        stages.append([Id("z", v.layer, j) for j in seen.entrances(v)])
    if v.kind in "wbz" and (v.layer < last or _through_a(seen)):
        full = seen.network.activations[v.layer].full_slope
        neurons = range(seen.network.sizes[v.layer]) if full else [each.neuron for each in stages[-1]]
        stages.append([Id("a", v.layer, j) for j in neurons])
    for layer in range(v.layer + 1, last + 1):
        stages.append([Id("z", layer, j) for j in range(seen.network.sizes[layer])])
        if layer < last or _through_a(seen):
            stages.append([Id("a", layer, j) for j in range(seen.network.sizes[layer])])
    return [*stages, [Id("C")]]


def _through_a(seen: View) -> bool:
    """Whether the last link but one is σ: not where the author writes C as a function of z^L, nor through a softmax."""
    return len(seen.arriving(0)) == 2


def _slopes(seen: View, below: Sequence[Id], above: Sequence[Id]) -> Array:
    """The derivatives of one stage by the one below, (above, below)."""
    first, then = below[0], above[0]
    if then.kind == "C":
        return (seen.into_z if first.kind == "z" else seen.into_a)[first.layer][[[each.neuron for each in below]]]
    if then.kind == "a":
        slopes = seen.slopes(then.layer)
        if slopes.ndim == 1:
            slopes = np.diag(slopes)
        return slopes[np.ix_([each.neuron for each in above], [each.neuron for each in below])]
    if first.kind in "ax":
        return seen.network.weights[then.layer][:, [each.neuron for each in below]]
    return np.full((len(above), 1), seen.incoming(first).value)


def _factor(seen: View, before: Id, after: Id) -> Factor:
    """∂after/∂before, as it is written and as it is."""
    if after.kind == "C":
        return (
            seen.of_activation(before.layer, before.neuron) if before.kind == "a" else seen.arriving(before.neuron)[0]
        )
    if after.kind == "a":
        if seen.network.activations[after.layer].full_slope:
            value = float(seen.slopes(after.layer)[after.neuron, before.neuron])
            entry = Symbol("", below=seen.how.below(after.neuron, before.neuron))
            return Factor(row("[", seen.matrix_symbol(after.layer), "]", entry), value)
        return seen.slope(after.layer, after.neuron)
    if before.kind in "ax":
        return seen.onward(after.layer, after.neuron, before.neuron)
    return seen.incoming(before)


def _terms(seen: View, before: Id, after: Id, factor: Factor) -> float:
    """The size of the numbers that are summed, or whose last digit is magnified, on the way to `after`."""
    if after.kind == "z":
        w, b = seen.network.weights[after.layer][after.neuron], seen.network.biases[after.layer]
        return float(np.abs(w) @ np.abs(seen.trace.a[after.layer - 1]) + np.abs(b).max(initial=0))
    values = {"z": seen.trace.z, "a": seen.trace.a, "x": seen.trace.a}[before.kind]
    return abs(factor.value * float(values[before.layer][before.neuron]))


def _kink(seen: View, before: Id, here: Stop) -> float | None:
    """The kink of σ that the nudge of this z passes, if it does."""
    if before.kind != "z" or here.change is None:
        return None
    ends = sorted((here.value, here.value + here.change))
    between = [kink for kink in seen.network.activations[before.layer].kinks if ends[0] <= kink < ends[1]]
    return between[0] if between else None


def _steepest(seen: View) -> Id:
    """The weight with the largest |∂C/∂w|."""
    found = {l: np.outer(seen.into_z[l], seen.trace.a[l - 1]) for l in seen.into_z}
    layer = max(sorted(found), key=lambda l: float(np.abs(found[l]).max()))
    j, k = divmod(int(np.abs(found[layer]).argmax()), found[layer].shape[1])
    return Id("w", layer, j, k)


def _step(given: Any) -> float:
    if isinstance(given, (int, float, np.integer, np.floating)) and math.isfinite(given) and given != 0:
        return float(given)
    raise SettingError(f"a nudge is a finite number other than 0, such as 0.01; got step={given!r}")


# scale and zoom -----------------------------------------------------------------------------------------------------
def _window(stops: Sequence[Stop], step: float) -> tuple[float, float, float]:
    """Pixels to 1, and the ends of all the lines: round numbers around 0 and every value."""
    values = [stop.value for stop in stops]
    low, high = min(0.0, *values), max(0.0, *values)
    high = max(high, low + 10 * abs(step))
    apart = float(np.diff(ticks(low, high)).min())
    low, high = apart * math.floor(low / apart + 1e-9), apart * math.ceil(high / apart - 1e-9)
    return ACROSS / (high - low), low, high


def zooms_of(changes: Sequence[float], scale: float) -> list[float]:
    """By how much each nudge is enlarged: a round number, the same for neighbours as long as all of them can be seen.

    Where it has to change, the nudge before fits too, unless the two are more than RATIO apart.
    """
    groups: list[list[float]] = [[]]  # sizes that share a zoom
    counts = [0]
    for before, size in zip([0.0, *map(abs, changes)], map(abs, changes)):
        seen = [each for each in [*groups[-1], size] if each]
        if seen and max(seen) > RATIO * min(seen):
            groups.append([before, size] if size < before <= RATIO * size else [size])
            counts.append(1)
        else:
            groups[-1].append(size)
            counts[-1] += 1
    room = _room(changes)
    zooms = [round_down(room / (scale * max(*group, 1e-300))) if any(group) else 1.0 for group in groups]
    return [zoom for zoom, count in zip(zooms, counts) for _ in range(count)]


def _room(changes: Sequence[float]) -> float:
    """How long a bracket may be: half the column where nudges go up and down."""
    return ROOM / 2 if min(changes) < 0 < max(changes) else ROOM


def round_down(value: float) -> float:
    """The next smaller round number, as zooms are."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(first * power for first in ROUND if first * power <= value * (1 + 1e-12) or first == 1)


# the picture --------------------------------------------------------------------------------------------------------
def _drawn(
    seen: View, stops: list[Stop], links: list[Link], zooms: list[float], scale: float, ends: tuple[float, float]
) -> Scene:
    ys = [TOP + PITCH * i for i in range(len(stops))]
    changes = [stop.change or 0.0 for stop in stops]
    origin, room = _origin(changes), _room(changes)
    elements: list[Element] = [*_heads(seen, stops, zooms[0]), *_grid(ys, scale, ends)]
    for i, (stop, y) in enumerate(zip(stops, ys)):
        elements += _line(seen, stop, y, scale, ends)
        elements += _nudge(stop, y, origin, scale * zooms[i])
        if i and zooms[i] != zooms[i - 1] and stop.change:
            elements += _new_zoom(stops[i - 1], ys[i - 1], origin, scale * zooms[i], times(zooms[i]), room)
    for link, y in zip(links, ys):
        elements += _link(link, y)
    elements += _sums(seen, stops, links, ys[-1] + 74)
    width = max(each.box.right for each in elements if isinstance(each, Label)) + 24
    height = max(each.box.bottom for each in elements if isinstance(each, Label)) + 20
    name = seen.quantity(stops[0].id)
    return Scene(
        width,
        height,
        tuple(elements),
        f"A nudge of {step_text(stops[0].change or 0.0)} to {name} on its way to {seen.how.letter}",
        _description(stops, links, scale),
        _table(stops, links, zooms),
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
        Label(LEFT - 60, 30, title, size=16, anchor="start", bold=True),
        Label(LEFT, 66, "values, all on one scale", "faint", 12, "start"),
        Label(NUDGES + ROOM / 2, 66, f"the nudge, at {times(zoom)} the scale of the lines", "accent", 12),
        Label(LINKS, 66, "what a nudge is multiplied by", "faint", 12, "start"),
    ]


def _grid(ys: list[float], scale: float, ends: tuple[float, float]) -> list[Element]:
    """Thin lines through all number lines, with their numbers below the last."""
    low, high = ends
    found: list[Element] = []
    places = ticks(low, high)
    for tick, text in zip(places, tick_texts(places)):
        x = LEFT + scale * (tick - low)
        found.append(Line(((x, ys[0] - 36), (x, ys[-1] + 16)), "faint", 0.6, opacity=0.35))
        found.append(Label(x, ys[-1] + 27, text, "faint", 11))
    return found


def _line(seen: View, stop: Stop, y: float, scale: float, ends: tuple[float, float]) -> list[Element]:
    """A variable, its line and its value on it."""
    low, high = ends
    role = _role(seen.how, stop.id)
    x = LEFT + scale * (stop.value - low)
    value = Label(x, y - 17, number(stop.value), "forward", 13, halo=True)
    half = (value.box.right - value.box.left) / 2
    at = min(max(x, LEFT + half - 8), LEFT + ACROSS - half + 8)
    return [
        Label(LEFT - 22, y, stop.symbol, role, 17, "end"),
        Line(((LEFT, y), (LEFT + ACROSS, y)), "ink", 1.0),
        *(
            Line(((LEFT + scale * (t - low), y - 4), (LEFT + scale * (t - low), y + 4)), "ink")
            for t in ticks(low, high)
        ),
        Circle(x, y, 5, "paper", "forward", 1.5),
        Label(at, y - 17, number(stop.value), "forward", 13, halo=True),
    ]


def _role(how: Convention, id: Id) -> str:
    """A colour a symbol where the author has one (S1.18)."""
    if how.colours != "symbol":
        return "ink"
    return "a" if id.kind == "x" else id.kind


def _nudge(stop: Stop, y: float, origin: float, scale: float) -> list[Element]:
    """The bracket of a nudge, and its number."""
    foot = Line(((origin, y - 7), (origin, y + 7)), "faint", 1.0)
    if stop.change is None:
        return [foot, Label(NUDGES + ROOM / 2, y - 17, stop.lost or "not followed", "faint", 12)]
    end = origin + scale * stop.change
    role = "positive" if stop.change >= 0 else "negative"
    text = Label((origin + end) / 2, y - 17, row("Δ", stop.symbol, " = ", signed(stop.change)), role, 13)
    half = (text.box.right - text.box.left) / 2
    at = min(max(text.x, NUDGES + half), NUDGES + ROOM - half)
    shape = [Line(_bracket(origin, end, y), role, 2.0)] if stop.change else []
    return [foot, *shape, Label(at, y - 17, text.text, role, 13)]


def _bracket(start: float, end: float, y: float) -> tuple[tuple[float, float], ...]:
    return (start, y - 7), (start, y), (end, y), (end, y - 7)


def _new_zoom(before: Stop, y: float, origin: float, scale: float, zoom: str, room: float) -> list[Element]:
    """A new zoom below the last bracket of the old one, and that bracket in it where it fits."""
    end = origin + scale * (before.change or 0.0)
    if abs(end - origin) > room + 1e-9:
        return [Label(NUDGES + ROOM / 2, y + 18, f"from here on at {zoom}", "accent", 11)]
    return [
        Label(NUDGES + ROOM / 2, y + 18, f"the same nudge, at {zoom}", "accent", 11),
        Line(_bracket(origin, end, y + 39), "accent", 1.2, dashed=True),
    ]


def _link(link: Link, y: float) -> list[Element]:
    """The arrow from one line to the next, the derivative beside it and the ratio of the two brackets."""
    middle, x = y + PITCH / 2, LINKS - 16
    written = row(link.left, " = ", link.factor.symbol, " = ", number(link.factor.value))
    if str(link.factor.symbol) == "1":
        written = row(link.left, " = 1")
    if str(link.factor.symbol) == str(link.left):
        written = row(link.left, " = ", number(link.factor.value))
    said = "ratio of the brackets " + ("—" if link.ratio is None else number(link.ratio))
    if link.kink is not None:
        said += f", over the kink at {short(link.kink)}"
    return [
        Line(
            ((x, y + 8), (x + 9, y + 24), (x + 9, middle + 10), (x, y + PITCH - 8)),
            "faint",
            1.0,
            arrow=True,
            curved=True,
        ),
        Label(LINKS + 6, middle - 9, written, size=14, anchor="start"),
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
        whole = _whole(seen, v)
        moved = whole.note if whole.note not in ("", "nothing predicted") else signed(whole.actual)
        one = f"this route, the strongest of {routes:,}, the other neurons held still: its links multiply to "
        lines = [
            (row(one, product), "backward"),
            (row(f"{together(routes)}:  ", left, " = ", number(seen.value(v.id))), "backward"),
            (row("the whole nudge, all neurons free to move:  Δ", letter, " = ", moved), "ink"),
        ]
    return [
        Label(start, y + 24 * i, text, role, 14, "start", slanted=role == "backward")
        for i, (text, role) in enumerate(lines)
    ]


def _whole(seen: View, v: Stop) -> Change:
    """What the nudge does to C where nothing is held still."""
    step, last = v.change or 0.0, seen.network.depth
    both = follow(seen.network, seen.x, seen.y, seen.cost, v.id, np.array([0.0, step])).C
    terms = float(np.abs(seen.into_z[last]) @ np.abs(seen.trace.z[last]))
    return Change(step, float(both[0]), float(both[1]), seen.value(v.id), terms)


def _description(stops: list[Stop], links: list[Link], scale: float) -> str:
    said = [f"{stop.symbol} = {number(stop.value)}" for stop in stops]
    moved = [
        f"{stop.symbol} by {stop.lost or 'nothing known' if stop.change is None else signed(stop.change)}"
        for stop in stops
    ]
    rates = [f"{link.left} = {number(link.factor.value)}" for link in links]
    return (
        f"One number line a variable, {short(scale, 9)} pixels to 1: {', '.join(said)}. The nudge moves {', '.join(moved)}. "
        f"Each change over the one before it is the derivative between the two: {', '.join(rates)}."
    )


def _table(stops: list[Stop], links: list[Link], zooms: list[float]) -> tuple[tuple[str, ...], ...]:
    rows = [("variable", "value", "nudge", "zoom", "derivative", "ratio of nudges")]
    for i, stop in enumerate(stops):
        link = links[i - 1] if i else None
        change = (stop.lost or "not followed") if stop.change is None else signed(stop.change)
        ratio = "" if link is None else "—" if link.ratio is None else number(link.ratio)
        rate = "" if link is None else number(link.factor.value)
        rows.append((str(stop.symbol), number(stop.value), change, times(zooms[i]), rate, ratio))
    return tuple(rows)
