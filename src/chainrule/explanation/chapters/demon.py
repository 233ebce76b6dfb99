"""The demon's bargain: what the cost really does as one quantity is moved, against the tangent that δ promises (S2.2–S2.4).

The curve is C(z + Δz), exact; the tangent is C + δ Δz. At chosen steps predicted, actual and miss stand side by side; kinks,
where the prediction fails, are marked (S3.4), and so is the best move in the range.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import SettingError, brief
from chainrule.explanation.view import View
from chainrule.ids import Id, parse
from chainrule.nudges.best_move import BestMove, best_move
from chainrule.nudges.change import Change
from chainrule.nudges.demon import NEAR, outputs_are_right, stopped_by
from chainrule.nudges.kinks import HINGE, Kink
from chainrule.nudges.sweep import Sweep, sweep
from chainrule.nudges.text import miss_text, signed, step_text, style_of_changes
from chainrule.pictures.plot import Plot, Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import BOLD, Circle, Element, Label, Line, titled, width_of
from chainrule.verification.kinks import ABSOLUTE
from chainrule.verification.moved import follow, movable
from chainrule.writing.formula import Formula, Row, row
from chainrule.writing.numbers import cost_text, number, short, style_of, written

Array = np.ndarray
LEFT, TOP, WIDTH, HEIGHT = 80.0, 118.0, 600.0, 280.0  # of the plot, without what stands above it
EDGE, SIDE = 28.0, 500.0  # the margin, and where what is said of the whole stands beside the table
COLUMNS = {"Δ": 112.0, "predicted": 222.0, "actual": 332.0, "miss": 440.0}  # right ends, from EDGE on
REACH, WIDEST, MISS = 2.0, 64.0, 0.2  # how far the range goes: widened until the tangent misses so much at half of it
LINE = 25.0  # from row to row of numbers
POINTS = 321  # of the curve
BEST, LOWEST = WORDS = ("best", "lowest")  # what the best move is called: in the range, and at its end
WRONG_WAY = "wrong way"  # the miss of a step at which the cost goes up where it should go down, or down where up
LISTED = 6  # kinks that are spelled out
TRIED = 0.1  # the step whose predicted change decides whether a place has little effect
SMALL, FLAT = 1e-4, 1e-12  # of the cost: from where on its change is on the axis, and below which it is a level line


def demon(
    seen: View,
    *,
    by: str | Id | None = None,
    low: float | None = None,
    high: float | None = None,
    steps: Sequence[float] | None = None,
) -> Scene:
    """The cost of one example x (in,), y (out,) as `by` is moved within low…high, with predicted and actual at `steps`.

    `by` is a z, an activation (S2.4), a weight, a bias or an input; without it, the z with the largest |δ|. Without `steps`,
    three in the direction of a good demon, against δ (S2.3). Without them all the range is −2…2, or as much wider as it
    takes for the tangent to miss by a fifth on the way. The picture begins or ends at 0 where the range lies beside it:
    there the tangent touches. Raises IdError, and SettingError for ranges that are none.
    """
    v = _largest_error(seen) if by is None else movable(by, seen.network.parameters)
    reach = _reach(seen, v) if low is None and high is None and steps is None else REACH
    low, high = -reach if low is None else low, reach if high is None else high
    best = best_move(seen.network, seen.x, seen.y, v, low, high, "C", seen.cost)
    chosen = _chosen(steps, best, float(low), float(high))
    swept = sweep(seen.network, seen.x, seen.y, v, chosen, "C", seen.cost)
    if seen.value(v) == 0:  # what dual numbers have of it is rounding noise
        swept, best = _level(swept, best)
    return _drawn(seen, v, swept, best)


def _level(swept: Sweep, best: BestMove) -> tuple[Sweep, BestMove]:
    """The same with a slope of 0."""
    rows = tuple(replace(change, slope=0.0) for change in swept.rows)
    return replace(swept, slope=0.0, rows=rows), replace(best, change=replace(best.change, slope=0.0))


def _reach(seen: View, v: Id) -> float:
    """How far the range goes to either side, doubled until the tangent misses by MISS at half of it; else as it was."""
    slope, reach = seen.value(v), REACH
    while slope and reach <= WIDEST:
        with np.errstate(all="ignore"):
            before, after = np.broadcast_to(
                follow(seen.problem, v, np.array([0.0, -math.copysign(reach / 2, slope)])).C, 2
            )
        if not math.isfinite(after):
            break
        if abs(float(after - before) / (abs(slope) * reach / 2) + 1) >= MISS:
            return reach
        reach *= 2
    return REACH


def _largest_error(seen: View) -> Id:
    """The z with the largest |δ|."""
    layer = max(sorted(seen.into_z), key=lambda l: float(np.abs(seen.into_z[l]).max()))
    return Id("z", layer, int(np.abs(seen.into_z[layer]).argmax()))


def _chosen(steps: Any, best: BestMove, low: float, high: float) -> list[float]:
    """The steps asked for, in order; or a tenth, a quarter and half of the way to the end that the slope points away from.

    Of these the smallest is the first.
    """
    if steps is None:
        start = min(max(low, 0.0), high)  # 0, or where the range is nearest to it
        away = high if start < high else low  # where the slope points nowhere, or away from the range
        end = away if best.tangent.step == start else best.tangent.step
        return sorted((start + (end - start) * share for share in (0.1, 0.25, 0.5)), key=abs)
    wrong = isinstance(steps, (str, bytes)) or np.ndim(steps) != 1 or not 0 < len(steps) <= 8
    if wrong or not all(isinstance(s, (int, float, np.number)) and min(low, 0) <= s <= max(high, 0) for s in steps):
        raise SettingError(
            f"steps are one to eight numbers between {short(min(low, 0))} and {short(max(high, 0))}, such as [0.1, 0.5]; "
            f"got {brief(steps)}"
        )
    return sorted({float(step) for step in steps})


# the picture --------------------------------------------------------------------------------------------------------
def _drawn(seen: View, v: Id, swept: Sweep, best: BestMove) -> Scene:
    curve = _curve(seen, v, swept, best)
    marks = _marks(swept, best)
    steps = Scale(min(best.lowest, 0.0), max(best.highest, 0.0), LEFT, LEFT + WIDTH)
    levels = _levels([(mark, steps.at(change.step)) for mark, change in marks])
    plot = Plot(steps, _costs(curve, swept, TOP + 19 * max(levels)))
    elements: list[Element] = [
        *_heads(seen, v, swept),
        *_axes(seen, v, plot),
        *_kink_marks(best.kinks, plot),
        *_missed(curve, swept, plot),
        *_tangent(swept, plot),
        *plot.curve(curve, "forward"),
        *(each for (mark, change), level in zip(marks, levels) for each in _mark(mark, change, level, plot)),
        *_here(swept, plot),
        *_numbers(seen, v, swept, best, marks, plot.down + 74),
    ]
    return Scene.around(
        elements,
        24,
        f"The demon at {seen.quantity(v)}: {seen.how.letter} against its tangent",
        _description(seen, v, swept, best),
        _table(seen, v, swept, best),
        "demon",
    )


def _marks(swept: Sweep, best: BestMove) -> list[tuple[str, Change]]:
    """The steps by their numbers, and the best move, by LOWEST where the range may have cut it off."""
    word = LOWEST if best.at_end and best.change.actual < 0 else BEST
    return [*((str(i), change) for i, change in enumerate(swept.rows, 1)), (word, best.change)]


def _curve(seen: View, v: Id, swept: Sweep, best: BestMove) -> list[tuple[float, float]]:
    """(Δ, C) on an even grid, and at every step and kink, so that corners are sharp."""
    low, high = min(best.lowest, 0.0), max(best.highest, 0.0)
    places = [0.0, best.step, *(kink.at for kink in best.kinks), *(change.step for change in swept.rows)]
    at = np.union1d(np.linspace(low, high, POINTS), [place for place in places if low <= place <= high])
    values = np.broadcast_to(follow(seen.problem, v, at).C, at.shape)
    return list(zip(at.tolist(), values.tolist()))


def _levels(marks: Sequence[tuple[str, float]]) -> list[int]:
    """On which line above the plot each mark stands, so that neighbours do not meet."""
    ends: list[float] = []
    found = {}
    for i in sorted(range(len(marks)), key=lambda i: marks[i][1]):
        text, x = marks[i]
        half = BOLD * width_of(text, 12) / 2 + 4 if text in WORDS else 11.0
        level = next((n for n, end in enumerate(ends) if end <= x - half), len(ends))
        ends[level : level + 1] = [x + half]
        found[i] = level
    return [found[i] for i in range(len(marks))]


def _costs(curve: Sequence[tuple[float, float]], swept: Sweep, up: float) -> Scale:
    """The scale of the curve and of the tangent as far as it is spoken of; from C before where little more can be seen."""
    predicted = [change.before + change.predicted for change in swept.rows]
    finite = [value for value in [*(c for _, c in curve), swept.before, *predicted] if math.isfinite(value)]
    bottom, top = min(finite), max(finite)
    least = FLAT * max(abs(bottom), abs(top)) or 1.0
    if top - bottom < least:
        middle = bottom / 2 + top / 2
        bottom, top = middle - least, middle + least
    margin = 0.06 * (top - bottom)
    base = swept.before if top - bottom < SMALL * max(abs(bottom), abs(top)) else 0.0
    return Scale(bottom - margin, top + margin, up + HEIGHT, up, base)


def _heads(seen: View, v: Id, swept: Sweep) -> list[Element]:
    name, letter = seen.quantity(v), seen.how.letter
    tangent = row("the tangent, ", letter, " + ", _slope(seen, v), " · Δ")
    curve = Label(EDGE + 36, 60, row(letter, "(", name, " + Δ), exact"), "forward", 13, "start")
    next_to = curve.box.right + 26
    return [
        titled(row("The demon at ", name), EDGE),
        Line(((EDGE, 60), (EDGE + 28, 60)), "forward", 2.0),
        curve,
        Line(((next_to, 60), (next_to + 28, 60)), "backward", 1.6, dashed=True),
        Label(next_to + 36, 60, tangent, "backward", 13, "start", slanted=True),
    ]


def _slope(seen: View, v: Id) -> Formula:
    """δ of a z, ∂C/∂ of anything else."""
    if v.kind == "z":
        return seen.letter("δ", v.layer, v.neuron)
    return row("∂", seen.how.letter, "/∂", seen.quantity(v))


def _axes(seen: View, v: Id, plot: Plot) -> list[Element]:
    cost = row("Δ" if plot.y.base else "", seen.how.letter)
    return [
        *plot.rules(),
        *plot.foot(plot.down),
        plot.upright(plot.x.at(0.0)),
        Label(LEFT + WIDTH / 2, plot.down + 38, row("Δ, added to ", seen.quantity(v)), "ink", 12.5),
        Label(LEFT - 24, plot.up - 19, cost, "ink", 14, "end"),
    ]


def _ends(swept: Sweep, plot: Plot) -> tuple[float, float]:
    """From where to where the tangent lies in the plot."""
    low, high = plot.x.low, plot.x.high
    if swept.slope:
        crossing = sorted((edge - swept.before) / swept.slope for edge in (plot.y.low, plot.y.high))
        low, high = max(low, crossing[0]), min(high, crossing[1])
    return low, high


def _here(swept: Sweep, plot: Plot) -> list[Element]:
    """Where the cost is: the point that both lines have."""
    x, y = plot.x.at(0.0), plot.y.at(swept.before)
    return [Circle(x, y, 5.5, "paper", "ink", 1.5)] if math.isfinite(swept.before) else []


def _missed(curve: Sequence[tuple[float, float]], swept: Sweep, plot: Plot) -> list[Element]:
    """What lies between the curve and its tangent."""
    low, high = _ends(swept, plot)
    between = [(plot.x.at(x), plot.y.at(y), x) for x, y in curve if low <= x <= high and math.isfinite(y)]
    if len(between) < 2:
        return []
    back = [(x, plot.y.at(swept.before + swept.slope * step)) for x, _, step in reversed(between)]
    return [Line((*((x, y) for x, y, _ in between), *back), "accent", 0.0, opacity=0.13, filled="accent")]


def _tangent(swept: Sweep, plot: Plot) -> list[Element]:
    """C + δ Δ, as far as it lies in the plot."""
    low, high = _ends(swept, plot)
    ends = [(step, swept.before + swept.slope * step) for step in (low, high)] if low < high else []
    return plot.curve(ends, "backward", 1.6, dashed=True)


def _number(mark: str, x: float, y: float) -> list[Element]:
    """The number of a step in a ring, or the word for the best one."""
    if mark in WORDS:
        return [Label(x, y, mark, "accent", 12, bold=True)]
    return [Circle(x, y, 8.5, "ink", "paper", 0.8), Label(x, y, mark, "ink", 12, bold=True)]


def _mark(mark: str, change: Change, level: int, plot: Plot) -> list[Element]:
    """A step: its number above the plot, a line down, and between tangent and curve the miss."""
    x, top = plot.x.at(change.step), plot.up - 18 - 19 * level
    best = mark in WORDS
    down = Line(((x, top + 9), (x, plot.down)), "accent" if best else "ink", 0.8, opacity=0.45)
    found: list[Element] = [down, *_number(mark, x, top)]
    if not math.isfinite(change.after):
        return found
    actual = plot.y.at(change.after)
    if best:
        return [*found, Circle(x, actual, 5.5, "accent", "paper", 1.5)]
    predicted = plot.y.at(change.before + change.predicted)
    return [
        *found,
        Line(((x, predicted), (x, actual)), "accent", 3.0),
        Circle(x, predicted, 3.5, "backward", "paper", 1.5),
        Circle(x, actual, 3.5, "forward", "forward", 1.5),
    ]


def _kink_marks(kinks: Sequence[Kink], plot: Plot) -> list[Element]:
    """A thin line and a wedge at the foot of the plot for every kink."""
    found: list[Element] = []
    for x in (plot.x.at(kink.at) for kink in kinks):
        found.append(Line(((x, plot.up), (x, plot.down)), "ink", 0.7, dashed=True, opacity=0.4))
        wedge = ((x, plot.down - 9), (x - 4.5, plot.down), (x + 4.5, plot.down), (x, plot.down - 9))
        found.append(Line(wedge, "ink", 0.0, filled="ink"))
    return found


# the numbers --------------------------------------------------------------------------------------------------------
def _numbers(
    seen: View, v: Id, swept: Sweep, best: BestMove, marks: Sequence[tuple[str, Change]], y: float
) -> list[Element]:
    """The table of steps, beside it the slope, and below it what there is to say."""
    before = cost_text(seen.how.letter, seen.cost, swept.before)
    slope: Row = row(_slope(seen, v), " = ", number(swept.slope))
    found: list[Element] = [Circle(SIDE + 6, y + 27, 5.0, "paper", "ink", 1.5)]
    found.append(Label(SIDE + 20, y + 27, before, "forward", 14, "start"))
    found.append(Label(SIDE + 20, y + 54, slope, "backward", 14, "start", slanted=True))
    found += [Label(EDGE + end, y, text, "faint", 12, "end") for text, end in COLUMNS.items()]
    found.append(Line(((EDGE, y + 12), (EDGE + COLUMNS["miss"], y + 12)), "faint", 0.7))
    y += 27
    for (mark, _), cells in zip(marks, _cells([change for _, change in marks])):
        roles = ("ink", "backward", "forward", "accent")
        found += _number(mark, EDGE + max(14.0, BOLD * width_of(mark, 12) / 2), y)
        found += [
            Label(EDGE + end, y, cell, role, 12.5, "end", slanted=role == "backward")
            for cell, role, end in zip(cells, roles, COLUMNS.values())
        ]
        y += LINE
    y += 12
    for text in _said(seen, v, swept, best):
        found.append(Label(EDGE, y, text, "ink", 12.5, "start"))
        y += 21
    return found


def _cells(changes: Sequence[Change]) -> Iterator[tuple[str, str, str, str]]:
    """Each step, to six digits, what was predicted, what happened, and the miss; the numbers of a column alike."""
    style = style_of_changes(changes)
    for change in changes:
        step = step_text(float(f"{change.step:.6g}"))
        miss = WRONG_WAY if change.miss is not None and change.miss < -1 else miss_text(change)
        yield step, style.of(change.predicted, True), style.of(change.actual, True), miss


def _said(seen: View, v: Id, swept: Sweep, best: BestMove) -> list[Row]:
    """The demon's advice, what ended the search, and the kinks."""
    name = seen.quantity(v)
    said: list[Row] = [row("A demon adds Δ to ", name, "; a good demon tries to lower ", seen.how.letter, ".")]
    little = abs(swept.slope * TRIED) <= NEAR * abs(swept.before)
    stopped = stopped_by(seen.network, seen.cost, v, seen.trace.z) if v.kind in "zax" and little else ""
    if stopped and abs(swept.before) > NEAR:
        here = stopped if stopped.startswith("layer") else f"the neuron is {stopped}"
        said.append(row("The slope is ", written(swept.slope), " as ", here, ": it does not tell what would help."))
    elif swept.slope == 0:
        said.append(row("The slope is 0: the demon sees no way to help."))
    else:
        said.append(row("The slope is ", "> 0" if swept.slope > 0 else "< 0", ": a good demon ",
                        "lowers " if swept.slope > 0 else "raises ", name, "."))  # fmt: skip
        if little:
            start = follow(seen.problem, v, 0.0)
            right = outputs_are_right(start, seen.y, seen.cost, TRIED)
            why = (
                "near optimal, for the outputs are right"
                if right
                else "it has little effect, and the outputs are not right"
            )
            said.append(row(f"A step of {TRIED} promises next to nothing: {why}."))
    reach = f"{short(best.lowest, 6)} … {short(best.highest, 6)}"
    if not best.change.actual < 0:
        said.append(row(f"No move in {reach} lowers ", seen.how.letter, "."))
    elif best.at_end:
        said.append(row(seen.how.letter, f" is lowest at the end of {reach}, and may be lower beyond."))
    else:
        said.append(row(f"The best move in {reach} leaves ", seen.how.letter, " = ", number(best.change.after), "."))
    if best.kinks:
        said.append(row(f"{len(best.kinks):,} kink{'s' if len(best.kinks) > 1 else ''} in this range:"))
        near = sorted(sorted(best.kinks, key=lambda kink: abs(kink.at))[:LISTED], key=lambda kink: kink.at)
        said += [row("   ", _kink(seen, kink)) for kink in near]
        if len(best.kinks) > LISTED:
            said.append(row(f"   and {len(best.kinks) - LISTED:,} more, further out"))
    return said


def _kink(seen: View, kink: Kink) -> Row:
    name = seen.quantity(parse(kink.unit, seen.network.parameters))
    if kink.of == HINGE:
        return row(name, " meets the margin at Δ = ", signed(kink.at))
    if kink.of == ABSOLUTE:
        return row(name, f" passes its target {short(kink.passes)} at Δ = ", signed(kink.at))
    return row(name, f" passes {short(kink.passes)} at Δ = ", signed(kink.at))


def _description(seen: View, v: Id, swept: Sweep, best: BestMove) -> str:
    rows = "; ".join("at {} predicted {}, actual {}, miss {}".format(*cells) for cells in _cells(swept.rows))
    return (
        f"{seen.how.letter} as a curve over what is added to {seen.quantity(v)}, with its tangent at 0, whose slope is "
        f"{number(swept.slope)}: {rows}. {' '.join(str(line).strip() for line in _said(seen, v, swept, best))}"
    )


def _table(seen: View, v: Id, swept: Sweep, best: BestMove) -> tuple[tuple[str, ...], ...]:
    rows = [("step", "Δ", "predicted", "actual", "miss", seen.how.letter)]
    marks = _marks(swept, best)
    changes, after = [change for _, change in marks], style_of(change.after for _, change in marks)
    rows += [(mark, *cells, after.of(change.after)) for (mark, change), cells in zip(marks, _cells(changes))]
    rows += [("kink", signed(kink.at), "", "", "", str(_kink(seen, kink))) for kink in best.kinks]
    return tuple(rows)
