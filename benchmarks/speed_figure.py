"""The figure of `speed.py`: how many times as long each peer takes, a line per workload, on an axis in powers of ten."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from paired import Quartiles, ratios, timed
from rounds import Rounds
from speed_tables import wanted
from workloads import WORKLOADS

from chainrule.pictures.panel import Curve, legend
from chainrule.pictures.plot import Plot, Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, titled
from chainrule.writing.numbers import short

ROLES = ("forward", "w", "y", "b", "z", "accent")  # of the peers, one after the other
LEFT, WIDTH, RIGHT = 104.0, 560.0, 92.0
APART, PAD, LEAST = 11.0, 8.0, 24.0  # between the peers of a workload, above and below them; a line's height
TOP, HEAD, FOOT = 92.0, 26.0, 40.0
ROOM = 1.25  # that the axis goes beyond the smallest and the largest ratio
MARKS = (1.0, 2.0, 5.0)
THICK = 3.0


def speed_figure(found: dict[str, Any], engine: str, fastest: bool = False) -> Scene:
    """Every peer's ratios to one engine: a dot at the median of the rounds, a bar between the quartiles.

    Alone, and below that beside a busy neighbour, where both were measured.
    """
    every, peers = [Rounds.of(each) for each in found["rounds"]], found["peers"]
    taken = [each for each in every if engine in {record.name for record in timed(each)}]
    values = {(each.workload, each.busy): _of(each, engine, peers, fastest) for each in taken}
    ends = [value for one in values.values() for quartiles in one.values() for value in quartiles]
    ends += [WORKLOADS[each.workload].goal for each in taken]
    across = Scale(math.log10(min([1.0, *ends]) / ROOM), math.log10(max([2.0, *ends]) * ROOM), LEFT, LEFT + WIDTH)
    title = f"A training step: time of each peer / time of chainrule (engine {engine})"
    elements: list[Element] = [titled(title, 28), Label(28, 54, SAYS, "faint", 12, "start")]
    names, foot = legend([Curve(peer, role, ()) for peer, role in zip(peers, ROLES)], LEFT, LEFT + WIDTH, 76)
    elements += names
    foot += TOP - 76 - HEAD + 14
    for busy, says in ((False, "nothing else runs"), (True, "one core is busy with another process")):
        part = [each for each in taken if each.busy == busy]
        if part:
            drawn, foot = _panel(part, says, values, peers, across, foot + HEAD, fastest)
            elements += drawn
    table = _table(taken, values, peers)
    return Scene.around(elements, 24, title, f"{SAYS}. {_told(table)}", table, "speed")


SAYS = "Right of 1 chainrule is faster. Dot: median of the rounds; bar: quartiles; upright bar: the goal beside the best peer"


def _of(rounds: Rounds, engine: str, peers: Sequence[str], fastest: bool) -> dict[str, Quartiles]:
    there = {record.name for record in timed(rounds)}
    return {peer: ratios(rounds, engine, peer, fastest) for peer in peers if peer in there}


def _panel(
    part: Sequence[Rounds],
    says: str,
    values: dict[Any, Any],
    peers: Sequence[str],
    across: Scale,
    up: float,
    fastest: bool,
) -> tuple[list[Element], float]:
    """The workloads below each other; and the pixel where the next panel may begin."""
    high = max(LEAST, APART * (len(peers) - 1) + 2 * PAD)
    down = up + high * len(part)
    plot = Plot(across, Scale(0, 1, down, up))
    found: list[Element] = [
        Label(LEFT, up - 12, says, "ink", 12, "start", bold=True),
        Label(LEFT + WIDTH + RIGHT - 8, up - 12, "best peer", "faint", 12, "end"),
    ]
    for top in [up + place * high for place in range(0, len(part), 2)]:
        found.append(Rect(28, top, LEFT - 28 + WIDTH + RIGHT, high, "panel", "panel", 0))
    found += _axis(plot)
    for place, each in enumerate(part):
        top = up + place * high
        found += _row(each, values[each.workload, each.busy], peers, across, top, high, fastest)
    return found, down + FOOT


def _axis(plot: Plot) -> list[Element]:
    """Upright lines at 1, 2 and 5 times the powers of ten, that at 1 in ink."""
    found: list[Element] = []
    low, high = math.floor(plot.x.low), math.ceil(plot.x.high)
    for power in range(low, high + 1):
        for mark in MARKS:
            at = power + math.log10(mark)
            if plot.x.low <= at <= plot.x.high:
                x, one = plot.x.at(at), power == 0 and mark == 1
                found.append(
                    Line(
                        ((x, plot.up), (x, plot.down)),
                        "ink" if one else "faint",
                        1.2 if one else 0.6,
                        opacity=1 if one else 0.4,
                    )
                )
                found.append(Label(x, plot.down + 14, short(mark * 10.0**power), "ink" if one else "faint", 11))
    return found


def _row(
    rounds: Rounds,
    values: dict[str, Quartiles],
    peers: Sequence[str],
    across: Scale,
    top: float,
    high: float,
    fastest: bool,
) -> list[Element]:
    """One workload: its name, its goal, a dot and a bar for each peer, and the ratio of the best one in words."""
    found: list[Element] = [Label(36, top + high / 2, rounds.workload, "ink", 13, "start")]
    goal = wanted(rounds)
    if goal and "%" not in goal and across.low < math.log10(float(goal)) < across.high:
        x = across.at(math.log10(float(goal)))
        found.append(Line(((x, top + 3), (x, top + high - 3)), "accent", 2.0, opacity=0.55))
    for place, (peer, role) in enumerate(zip(peers, ROLES)):
        if peer in values:
            y = top + high / 2 + (place - (len(peers) - 1) / 2) * APART
            low, middle, right = (across.at(math.log10(value)) for value in values[peer])
            found += [Line(((low, y), (right, y)), role, THICK, opacity=0.45), Circle(middle, y, 3.6, role, role)]
    best = min(values, key=lambda peer: values[peer].middle, default=None)
    if best is not None:
        text = f"{short(values[best].middle, 2 if values[best].middle < 1 else 3)} ×"
        found.append(Label(LEFT + WIDTH + RIGHT - 8, top + high / 2, text, "ink", 13, "end", bold=True))
    return found


def _table(taken: Sequence[Rounds], values: dict[Any, Any], peers: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    rows = []
    for each in taken:
        found = values[each.workload, each.busy]
        cells = (
            f"{found[peer].middle:.2f} ({found[peer].low:.2f}–{found[peer].high:.2f})" if peer in found else "–"
            for peer in peers
        )
        rows.append((each.workload, "busy" if each.busy else "alone", *cells))
    return (("workload", "cores", *peers), *rows)


def _told(table: Sequence[Sequence[str]]) -> str:
    """The table in sentences, for whoever hears the picture."""
    head, *rows = table
    return " ".join(
        f"{row[0]}, {row[1]}: {', '.join(f'{name} {cell}' for name, cell in zip(head[2:], row[2:]))}." for row in rows
    )
