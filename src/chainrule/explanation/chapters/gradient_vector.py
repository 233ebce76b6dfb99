"""The gradient as one ordered vector, w¹, b¹, …, w^L, b^L, a bar an entry (S1.1); of rows, each beside the mean (S1.11).

A vector of few entries stands upright with every number printed. One of many lies down: a bar then shows the largest of as many
entries as are printed below it, and the strongest are listed with the exact sum of all the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.errors import DataError, SettingError, brief
from chainrule.explanation.parts.flat_gradient import Block, Column, blocks, columns_of, strongest
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View
from chainrule.ids import Id, of_entry
from chainrule.network import Network, as_network
from chainrule.nudges.text import signed
from chainrule.pictures.axes import round_down
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Line, Rect, brackets, extent
from chainrule.problem import Problem
from chainrule.writing.formula import Formula, Row, Symbol, row
from chainrule.writing.numbers import number, short, style_of, times

Array = np.ndarray
UPRIGHT = 48  # entries that are printed one below the other
BARS = 180  # of a vector that lies down, more or less
NAMES, TOP = 92.0, 104.0  # where the names of entries begin, and their first line below the names of vectors
HALF, CELL = 46.0, 206.0  # half the width of a column's bars, and a column with its numbers
NAME = 12.0  # size of an entry's name
PITCH, GAP = 20.5, 9.0  # from entry to entry, and more between blocks
LYING, BAR, BETWEEN = 128.0, 4.0, 22.0  # where a lying vector begins, its bars, the gap between its blocks


def gradient_vector(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
    most: int = 8,
) -> Scene:
    """∇C of one example x (in,), y (out,), or of rows: then beside the mean, or the sum where the author means that.

    `most` entries are listed where there are too many to print. Raises DataError where the gradient is not finite.
    """
    how = as_convention(convention)
    as_network(network, "gradient_vector(network, x, y)")
    problem = Problem.exact(network, x, y, how.cost_for(network, cost))
    rows, parameters = len(problem.x), problem.network.parameters
    if isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 1:
        raise SettingError(f"most is how many entries are listed, 1 or more; got {brief(most)}")
    vectors = columns_of(problem, how)
    with np.errstate(over="ignore"):
        sizes = [column.norm for column in vectors]  # of finite entries it may still overflow
    if not np.isfinite(sizes).all():
        raise DataError(
            "the gradient or its length overflows on these examples: nothing can be drawn; smaller inputs, targets or weights "
            "will do"
        )
    seen = View.of(problem if problem.single else problem.example(0), Id("C"), how)
    draw = _upright if parameters.size <= UPRIGHT else _lying
    return draw(seen, vectors, blocks(parameters), rows, int(most))


# upright ------------------------------------------------------------------------------------------------------------
def _upright(seen: View, columns: list[Column], parts: list[Block], rows: int, most: int) -> Scene:
    """Every entry with its bar and its number, one vector a column."""
    ys = _places(parts, TOP if columns[0].name else TOP - 34)
    names = [_derivative(seen, i) for i in range(len(ys))]
    start = NAMES + max(extent(name)[0] for name in names) * NAME + 26
    largest = max(column.largest for column in columns) or 1.0
    foot = ys[-1] + PITCH / 2
    elements: list[Element] = [_title(seen, parts), *_names(seen, parts, names, start - 26, ys)]
    for i, column in enumerate(columns):
        elements += _column(seen, column, start + CELL * i, ys, largest, foot)
    elements += _more(columns, rows, foot + 56)
    return _scene(seen, elements, columns, parts, _upright_table(seen, columns))


def _places(parts: Sequence[Block], top: float) -> list[float]:
    """The height of every entry, blocks set apart."""
    ys, y = [], top + PITCH / 2
    for part in parts:
        for _ in range(part.size):
            ys.append(y)
            y += PITCH
        y += GAP
    return ys


def _title(seen: View, parts: Sequence[Block]) -> Label:
    count = sum(part.size for part in parts)
    nabla = Symbol("∇")
    text = row("The gradient ", nabla, seen.how.letter, f" as one vector of {count:,} entries")
    return Label(32, 30, text, size=16, anchor="start", bold=True)


def _names(
    seen: View, parts: Sequence[Block], names: Sequence[Row], right: float, ys: Sequence[float]
) -> list[Element]:
    """Each block's letter with a brace along its entries, and the derivative that each entry is."""
    found: list[Element] = []
    for part in parts:
        first, last = ys[part.first], ys[part.stop - 1]
        found.append(
            Label(
                56, (first + last) / 2, seen.how.symbol(part.kind, part.layer), role_of(seen.how, part.kind), 16, "end"
            )
        )
        edge = ((74.0, first - 7), (68.0, first - 7), (68.0, last + 7), (74.0, last + 7))
        if part.size > 1:
            found.append(Line(edge, "faint", 1.0))
    return [*found, *(Label(right, y, name, "backward", NAME, "end", slanted=True) for name, y in zip(names, ys))]


def _derivative(seen: View, entry: int) -> Row:
    """∂C/∂w of an entry of the flat vector."""
    return row("∂", seen.how.letter, "/∂", seen.quantity(of_entry(seen.network.parameters, entry)))


def _column(seen: View, column: Column, x: float, ys: Sequence[float], largest: float, foot: float) -> list[Element]:
    """The bars of one vector between brackets, its numbers, its name above and its length below."""
    zero, right = x + HALF, x + CELL - 36
    found: list[Element] = [Line(((zero, ys[0] - 9), (zero, ys[-1] + 9)), "faint", 0.8)]
    if column.name:
        found.append(Label(x + (CELL - 36) / 2, ys[0] - 36, column.name, size=13, bold=column.total))
    found += brackets(x - 8, ys[0] - 13, right + 8, ys[-1] + 13, 6, 1.5 if column.total else 0.9)
    for value, y in zip(column.values.tolist(), ys):
        role = "positive" if value >= 0 else "negative"
        if value:
            found.append(_bar(zero, y - 5, HALF * (value / largest), 10, role, upright=False))
        found.append(Label(right, y, column.style.of(value, sign=True), role if value else "faint", 12, "end"))
    length = row("‖", Symbol("∇"), seen.how.letter, "‖ = ", column.style.of(column.norm))
    found.append(Label(x + (CELL - 36) / 2, foot + 24, length, "backward", 12, slanted=True))
    return found


def _bar(x: float, y: float, length: float, thick: float, role: str, upright: bool) -> Rect:
    """A bar from (x, y) that runs to the right or up, to the left or down where its length is negative."""
    if upright:
        return Rect(x, y - max(length, 0.0), thick, abs(length), filled=role, stroke=0.0)
    return Rect(x + min(length, 0.0), y, abs(length), thick, filled=role, stroke=0.0)


def _more(columns: Sequence[Column], rows: int, y: float) -> list[Element]:
    """How many examples are in the total and not shown."""
    hidden = rows - (len(columns) - 1)
    if len(columns) == 1 or hidden == 0:
        return []
    total = columns[-1].name.split()[0]
    text = f"The {len(columns) - 1} examples with the largest gradients; {hidden:,} more are in the {total}."
    return [Label(32, y, text, "faint", 12, "start")]


def _upright_table(seen: View, columns: Sequence[Column]) -> tuple[tuple[str, ...], ...]:
    head = ("entry", *(column.name or f"∇{seen.how.letter}" for column in columns))
    size = columns[0].values.size
    body = [
        (str(_derivative(seen, i)), *(c.style.of(float(c.values[i]), sign=True) for c in columns)) for i in range(size)
    ]
    return (head, *body, ("norm", *(column.style.of(column.norm) for column in columns)))


# lying --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Laid:
    """A block of a lying vector: where it begins, and the edges of its bars in the flat vector."""

    block: Block
    x: float
    edges: tuple[int, ...]

    @property
    def width(self) -> float:
        return BAR * (len(self.edges) - 1)

    @property
    def counts(self) -> str:
        """How many entries a bar stands for."""
        sizes = sorted({stop - first for first, stop in zip(self.edges, self.edges[1:])})
        return " or ".join(f"{size:,}" for size in sizes) + " a bar"


def _lying(seen: View, columns: list[Column], parts: list[Block], rows: int, most: int) -> Scene:
    """A strip a vector, the blocks side by side; below them the strongest entries, and the sum of the others."""
    laid = lay(parts)
    tall = 74.0 if len(columns) == 1 else 34.0
    largest = max(column.largest for column in columns)
    zeros = [TOP + 34 + tall + (2 * tall + 16) * i for i in range(len(columns))]
    elements: list[Element] = [_title(seen, parts), *_block_heads(seen, laid)]
    for column, zero in zip(columns, zeros):
        zoom = round_down(min(largest / column.largest, 1e300)) if column.total and column.largest else 1.0
        elements += _strip(seen, column, laid, zero, largest or 1.0, zoom * tall)
        if zoom > 1:
            elements.append(Label(LYING - 12, zero + 19, f"{times(zoom)} taller", "accent", 10.5, "end"))
    elements += [
        Label(LYING - 12, zeros[0] - tall + 5, signed(largest), "faint", 11, "end"),
        Label(LYING - 12, zeros[0] + tall - 5, signed(-largest), "faint", 11, "end"),
    ]
    foot = zeros[-1] + tall + 20
    elements += _counts(columns[-1], laid, foot)
    more = _more(columns, rows, foot + 46)
    listing, lines = _strongest(seen, columns[-1], most, foot + (80 if more else 62))
    return _scene(seen, [*elements, *more, *listing], columns, parts, _lying_table(columns, laid, lines, seen))


def lay(parts: Sequence[Block]) -> list[Laid]:
    """The blocks side by side, with as many bars each as there is room for, and room for their names."""
    cap = next(c for c in range(BARS, 0, -1) if c <= 4 or sum(min(part.size, c) for part in parts) <= BARS)
    found, x = [], LYING
    for part in parts:
        edges = np.linspace(part.first, part.stop, min(part.size, cap) + 1).astype(int)
        laid = Laid(part, x, tuple(edges.tolist()))
        found.append(laid)
        x += max(laid.width, 11 * extent(_shape(part))[0], 11 * extent(laid.counts)[0], 76.0) + BETWEEN
    return found


def _shape(part: Block) -> str:
    return " × ".join(f"{n:,}" for n in part.shape)


def binned(values: Array, laid: Laid) -> list[float]:
    """Of each bar's entries the one that is largest, with its sign."""
    parts = [values[first:stop] for first, stop in zip(laid.edges, laid.edges[1:])]
    return [float(part[np.abs(part).argmax()]) for part in parts]


def _block_heads(seen: View, laid: Sequence[Laid]) -> list[Element]:
    found: list[Element] = []
    for each in laid:
        symbol = seen.how.symbol(each.block.kind, each.block.layer)
        found.append(Label(each.x, TOP - 32, symbol, role_of(seen.how, each.block.kind), 16, "start"))
        found.append(Label(each.x, TOP - 10, _shape(each.block), "faint", 11, "start"))
    return found


def _strip(seen: View, column: Column, laid: Sequence[Laid], zero: float, largest: float, tall: float) -> list[Element]:
    """One vector: its name, and its bars above and below zero."""
    name: Formula | str = column.name or row(Symbol("∇"), seen.how.letter)
    found: list[Element] = [Label(LYING - 12, zero, name, size=13, anchor="end", bold=column.total)]
    for each in laid:
        found.append(Line(((each.x, zero), (each.x + each.width, zero)), "faint", 0.8))
        for i, value in enumerate(binned(column.values, each)):
            if value:
                role = "positive" if value > 0 else "negative"
                found.append(_bar(each.x + BAR * i + 0.5, zero, tall * (value / largest), BAR - 1, role, upright=True))
    return found


def _counts(column: Column, laid: Sequence[Laid], y: float) -> list[Element]:
    """Below each block how many entries a bar stands for, and the largest."""
    found: list[Element] = []
    for each in laid:
        values = column.values[each.block.first : each.block.stop]
        found.append(Label(each.x, y, each.counts, "faint", 11, "start"))
        found.append(Label(each.x, y + 16, f"≤ {short(float(np.abs(values).max()), 3)}", "faint", 11, "start"))
    return found


def _strongest(seen: View, column: Column, most: int, y: float) -> tuple[list[Element], list[tuple[str, str]]]:
    """The strongest entries with their bars, the others as a sum, and the length of the vector."""
    places, rest = strongest(column.values, most)
    others = column.values.size - len(places)
    largest = abs(float(column.values[places[0]])) or 1.0
    style = style_of([*column.values[places].tolist(), rest, column.norm])
    found: list[Element] = [Label(LYING - 96, y, "the strongest entries", "faint", 12, "start")]
    lines: list[tuple[str, str]] = []
    zero = LYING + 284
    for i in places:
        y += 22.5
        value = float(column.values[i])
        role = "positive" if value >= 0 else "negative"
        found.append(Label(LYING + 30, y, _derivative(seen, i), "backward", 13, "end", slanted=True))
        found.append(Label(LYING + 190, y, style.of(value, sign=True), role, 13, "end"))
        found.append(Line(((zero, y - 10), (zero, y + 10)), "faint", 0.8))
        if value:
            found.append(_bar(zero, y - 5, 72 * value / largest, 10, role, upright=False))
        lines.append((str(_derivative(seen, i)), style.of(value, sign=True)))
    if others:
        y += 24
        found.append(Label(LYING + 30, y, f"{others:,} others", "ink", 13, "end"))
        found.append(
            Label(
                LYING + 190, y, f"Σ = {style.of(rest, sign=True)}", "positive" if rest >= 0 else "negative", 13, "end"
            )
        )
        lines.append((f"{others:,} others, sum", style.of(rest, sign=True)))
    y += 26
    length = row("‖", Symbol("∇"), seen.how.letter, "‖ = ", style.of(column.norm))
    found.append(Label(LYING + 190, y, length, "backward", 13, "end", slanted=True))
    return found, [*lines, ("norm", style.of(column.norm))]


def _lying_table(
    columns: Sequence[Column], laid: Sequence[Laid], lines: Sequence[tuple[str, str]], seen: View
) -> tuple[tuple[str, ...], ...]:
    last = columns[-1]
    rows = [("block", "entries", "in bars", f"largest |∂{seen.how.letter}|", "norm")]
    for each in laid:
        values = last.values[each.block.first : each.block.stop]
        name = str(seen.how.symbol(each.block.kind, each.block.layer))
        largest, norm = float(np.abs(values).max()), float(np.linalg.norm(values))
        rows.append((name, f"{each.block.size:,}", each.counts, number(largest), number(norm)))
    rows += [(name, "", "", text, "") for name, text in lines]
    rows += [(column.name, "", "", number(column.largest), number(column.norm)) for column in columns[:-1]]
    return tuple(rows)


# both ---------------------------------------------------------------------------------------------------------------
def _scene(
    seen: View,
    elements: Sequence[Element],
    columns: Sequence[Column],
    parts: Sequence[Block],
    table: tuple[tuple[str, ...], ...],
) -> Scene:
    boxes = [each.box for each in elements if isinstance(each, Label)]
    bars = [each.x + each.width for each in elements if isinstance(each, Rect)]
    edges = [x for each in elements if isinstance(each, Line) for x, _ in each.points]
    order = ", ".join(str(seen.how.symbol(part.kind, part.layer)) for part in parts)
    last = columns[-1]
    top = int(np.abs(last.values).argmax())
    of = f"the {last.name} examples" if last.name else "one example"
    beside = f", beside the vectors of {', '.join(c.name for c in columns[:-1])}" if len(columns) > 1 else ""
    return Scene(
        max([box.right for box in boxes] + bars + edges) + 24,
        max(box.bottom for box in boxes) + 22,
        tuple(elements),
        f"The gradient of {of} as one vector",
        f"Bars of the {last.values.size:,} entries of ∇{seen.how.letter} in the order {order}{beside}. The largest is "
        f"{_derivative(seen, top)} = {signed(float(last.values[top]))}, the length of the vector {number(last.norm)}.",
        table,
        "gradient-vector",
    )
