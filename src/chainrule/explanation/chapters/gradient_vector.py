"""The gradient as one ordered vector, w¹, b¹, …, w^L, b^L, one bar per entry (S1.1); of rows, each beside the mean (S1.11).

A vector of few entries stands upright with every number printed. One of many lies down: a bar then shows the largest of as many
entries as are printed below it, and the strongest are listed with the exact sum of all the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.conventions import Convention
from chainrule.errors import DataError
from chainrule.explanation.parts.flat_gradient import Block, Column, blocks, columns_of, strongest
from chainrule.explanation.shown import whole_number
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View
from chainrule.ids import Id, of_entry
from chainrule.nudges.text import signed
from chainrule.pictures.plot import round_down
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Line, Rect, brackets, hue, titled, width_of
from chainrule.problem import Problem
from chainrule.writing.formula import Row, Symbol, row
from chainrule.writing.numbers import Style, number, short, style_of, times

Array = np.ndarray
UPRIGHT = 48  # entries that are printed one below the other
BARS = 180  # of a vector that lies down, more or less
NAMES, TOP = 92.0, 104.0  # where the names of entries begin, and their first line below the names of vectors
HALF, CELL = 46.0, 206.0  # half the width of a column's bars, and a column with its numbers
NAME = 12.0  # size of an entry's name
PITCH, GAP = 20.5, 9.0  # from entry to entry, and more between blocks
LYING, BAR, BETWEEN = 128.0, 4.0, 22.0  # where a lying vector begins, its bars, the gap between its blocks


def gradient_vector(problem: Problem, how: Convention, *, most: int = 8) -> Scene:
    """∇C of one example x (in,), y (out,), or of rows: then beside the mean, or the sum where the author means that.

    `most` entries are listed where there are too many to print. Raises DataError where the gradient is not finite.
    """
    parameters = problem.network.parameters
    most = whole_number(most, "most")
    vectors = columns_of(problem, how)
    with np.errstate(over="ignore"):
        sizes = [column.norm for column in vectors]  # of finite entries it may still overflow
    if not np.isfinite(sizes).all():
        raise DataError(
            "the gradient or its length overflows on these examples: nothing can be drawn; smaller inputs, targets or weights "
            "will do"
        )
    seen = View.of(problem if problem.single else problem.example(0), Id("C"), how)
    picture = Picture(seen, vectors, blocks(parameters), len(problem.x))
    return picture.upright() if parameters.size <= UPRIGHT else picture.lying(most)


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
    def shape(self) -> str:
        return " × ".join(f"{n:,}" for n in self.block.shape)

    @property
    def counts(self) -> str:
        """How many entries a bar stands for."""
        sizes = sorted({stop - first for first, stop in zip(self.edges, self.edges[1:])})
        return " or ".join(f"{size:,}" for size in sizes) + " a bar"

    def of(self, values: Array) -> Array:
        """The entries of this block."""
        return values[self.block.first : self.block.stop]


def lay(parts: Sequence[Block]) -> list[Laid]:
    """The blocks side by side, with as many bars each as there is room for, and room for their names."""
    cap = next(c for c in range(BARS, 0, -1) if c <= 4 or sum(min(part.size, c) for part in parts) <= BARS)
    found, x = [], LYING
    for part in parts:
        edges = np.linspace(part.first, part.stop, min(part.size, cap) + 1).astype(int)
        laid = Laid(part, x, tuple(edges.tolist()))
        found.append(laid)
        x += max(laid.width, width_of(laid.shape, 11), width_of(laid.counts, 11), 76.0) + BETWEEN
    return found


def binned(values: Array, laid: Laid) -> list[float]:
    """Of each bar's entries the one that is largest, with its sign."""
    parts = [values[first:stop] for first, stop in zip(laid.edges, laid.edges[1:])]
    return [float(part[np.abs(part).argmax()]) for part in parts]


def _flat_bar(x: float, y: float, length: float) -> list[Element]:
    """A bar from (x, y) that runs to the right, to the left where its length is negative, on the line of zeros."""
    zero = Line(((x, y - 10), (x, y + 10)), "faint", 0.8)
    return (
        [zero, Rect(x + min(length, 0.0), y - 5, abs(length), 10, filled=hue(length), stroke=0.0)] if length else [zero]
    )


@dataclass(frozen=True)
class Picture:
    """Vectors beside each other, the last one that of all rows; `parts` are the blocks that each of them consists of."""

    seen: View
    columns: list[Column]
    parts: list[Block]
    rows: int

    @property
    def last(self) -> Column:
        return self.columns[-1]

    @property
    def nabla(self) -> Row:
        """∇C."""
        return row(Symbol("∇"), self.seen.how.letter)

    def title(self) -> Label:
        return titled(row("The gradient ", self.nabla, f" as one vector of {self.last.values.size:,} entries"), 32)

    def symbol(self, part: Block) -> Symbol:
        """w^l or b^l."""
        return self.seen.how.symbol(part.kind, part.layer)

    def derivative(self, entry: int) -> Row:
        """∂C/∂w of an entry of the flat vector."""
        quantity = self.seen.quantity(of_entry(self.seen.network.parameters, entry))
        return row("∂", self.seen.how.letter, "/∂", quantity)

    def length(self, column: Column, style: Style) -> Row:
        """‖∇C‖ of a vector."""
        return row("‖", self.nabla, "‖ = ", style.of(column.norm))

    # upright ---------------------------------------------------------------------------------------------------------
    def upright(self) -> Scene:
        """Every entry with its bar and its number, one column per vector."""
        ys = self._heights(TOP if self.columns[0].name else TOP - 34)
        names = [self.derivative(i) for i in range(len(ys))]
        start = NAMES + max(width_of(name, NAME) for name in names) + 26
        largest = max(column.largest for column in self.columns) or 1.0
        elements: list[Element] = [self.title(), *self._braces(ys)]
        elements += [Label(start - 26, y, name, "backward", NAME, "end", slanted=True) for name, y in zip(names, ys)]
        for i, column in enumerate(self.columns):
            elements += self._column(column, start + CELL * i, ys, largest)
        elements += self._more(ys[-1] + PITCH / 2 + 56)
        return self._scene(elements, self._every_entry())

    def _heights(self, top: float) -> list[float]:
        """The height of every entry, blocks set apart."""
        ys, y = [], top + PITCH / 2
        for part in self.parts:
            ys += [y + PITCH * i for i in range(part.size)]
            y = ys[-1] + PITCH + GAP
        return ys

    def _braces(self, ys: Sequence[float]) -> list[Element]:
        """Each block's letter with a brace along its entries."""
        found: list[Element] = []
        for part in self.parts:
            first, last = ys[part.first], ys[part.stop - 1]
            role = role_of(self.seen.how, part.kind)
            found.append(Label(56, (first + last) / 2, self.symbol(part), role, 16, "end"))
            if part.size > 1:
                edge = ((74.0, first - 7), (68.0, first - 7), (68.0, last + 7), (74.0, last + 7))
                found.append(Line(edge, "faint", 1.0))
        return found

    def _column(self, column: Column, x: float, ys: Sequence[float], largest: float) -> list[Element]:
        """The bars of one vector between brackets, its numbers, its name above and its length below."""
        zero, right, middle = x + HALF, x + CELL - 36, x + (CELL - 36) / 2
        found: list[Element] = [Line(((zero, ys[0] - 9), (zero, ys[-1] + 9)), "faint", 0.8)]
        if column.name:
            found.append(Label(middle, ys[0] - 36, column.name, size=13, bold=column.total))
        found += brackets(x - 8, ys[0] - 13, right + 8, ys[-1] + 13, 6, 1.5 if column.total else 0.9)
        for value, y in zip(column.values.tolist(), ys):
            found += _flat_bar(zero, y, HALF * (value / largest))[1:]
            found.append(Label(right, y, column.style.of(value, sign=True), hue(value), 12, "end"))
        foot = ys[-1] + PITCH / 2 + 24
        return [*found, Label(middle, foot, self.length(column, column.style), "backward", 12, slanted=True)]

    def _more(self, y: float) -> list[Element]:
        """How many examples are in the total and not shown."""
        shown = len(self.columns) - 1
        if shown in (0, self.rows):
            return []
        total = self.last.name.split()[0]
        text = f"The {shown} examples with the largest gradients; {self.rows - shown:,} more are in the {total}."
        return [Label(32, y, text, "faint", 12, "start")]

    def _every_entry(self) -> list[tuple[str, ...]]:
        head = ("entry", *(column.name or str(self.nabla) for column in self.columns))
        body = [
            (str(self.derivative(i)), *(c.style.of(float(c.values[i]), sign=True) for c in self.columns))
            for i in range(self.last.values.size)
        ]
        return [head, *body, ("norm", *(column.style.of(column.norm) for column in self.columns))]

    # lying -----------------------------------------------------------------------------------------------------------
    def lying(self, most: int) -> Scene:
        """One strip per vector, the blocks side by side; below them the strongest entries, and the sum of the others."""
        laid = lay(self.parts)
        tall = 74.0 if len(self.columns) == 1 else 34.0
        largest = max(column.largest for column in self.columns)
        zeros = [TOP + 34 + tall + (2 * tall + 16) * i for i in range(len(self.columns))]
        elements: list[Element] = [self.title()]
        for each in laid:
            role = role_of(self.seen.how, each.block.kind)
            elements.append(Label(each.x, TOP - 32, self.symbol(each.block), role, 16, "start"))
            elements.append(Label(each.x, TOP - 10, each.shape, "faint", 11, "start"))
        for column, zero in zip(self.columns, zeros):
            zoom = round_down(min(largest / column.largest, 1e300)) if column.total and column.largest else 1.0
            elements += self._strip(column, laid, zero, largest or 1.0, zoom * tall)
            if zoom > 1:
                elements.append(Label(LYING - 12, zero + 19, f"{times(zoom)} taller", "accent", 10.5, "end"))
        for y, end in ((-tall + 5, largest), (tall - 5, -largest)):
            elements.append(Label(LYING - 12, zeros[0] + y, signed(end), "faint", 11, "end"))
        foot = zeros[-1] + tall + 20
        for each in laid:
            most_of_it = f"≤ {short(float(np.abs(each.of(self.last.values)).max()), 3)}"
            elements.append(Label(each.x, foot, each.counts, "faint", 11, "start"))
            elements.append(Label(each.x, foot + 16, most_of_it, "faint", 11, "start"))
        more = self._more(foot + 46)
        listing, lines = self._strongest(most, foot + (80 if more else 62))
        return self._scene([*elements, *more, *listing], self._block_by_block(laid, lines))

    def _strip(self, column: Column, laid: Sequence[Laid], zero: float, largest: float, tall: float) -> list[Element]:
        """One vector: its name, and its bars above and below zero."""
        name = column.name or self.nabla
        found: list[Element] = [Label(LYING - 12, zero, name, size=13, anchor="end", bold=column.total)]
        for each in laid:
            found.append(Line(((each.x, zero), (each.x + each.width, zero)), "faint", 0.8))
            for i, value in enumerate(binned(column.values, each)):
                up, x = tall * (value / largest), each.x + BAR * i + 0.5
                if value:
                    found.append(Rect(x, zero - max(up, 0.0), BAR - 1, abs(up), filled=hue(value), stroke=0.0))
        return found

    def _strongest(self, most: int, y: float) -> tuple[list[Element], list[tuple[str, str]]]:
        """The strongest entries with their bars, the others as a sum, and the length of the vector."""
        values = self.last.values
        places, rest = strongest(values, most)
        others = values.size - len(places)
        largest = abs(float(values[places[0]])) or 1.0
        style = style_of([*values[places].tolist(), rest, self.last.norm])
        found: list[Element] = [Label(LYING - 96, y, "the strongest entries", "faint", 12, "start")]
        lines: list[tuple[str, str]] = []
        for i in places:
            y += 22.5
            value, name = float(values[i]), self.derivative(i)
            found.append(Label(LYING + 30, y, name, "backward", 13, "end", slanted=True))
            found.append(Label(LYING + 190, y, style.of(value, sign=True), hue(value), 13, "end"))
            found += _flat_bar(LYING + 284, y, 72 * value / largest)
            lines.append((str(name), style.of(value, sign=True)))
        if others:
            y += 24
            found.append(Label(LYING + 30, y, f"{others:,} others", "ink", 13, "end"))
            found.append(Label(LYING + 190, y, f"Σ = {style.of(rest, sign=True)}", hue(rest), 13, "end"))
            lines.append((f"{others:,} others, sum", style.of(rest, sign=True)))
        found.append(Label(LYING + 190, y + 26, self.length(self.last, style), "backward", 13, "end", slanted=True))
        return found, [*lines, ("norm", style.of(self.last.norm))]

    def _block_by_block(self, laid: Sequence[Laid], lines: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [("block", "entries", "in bars", f"largest |∂{self.seen.how.letter}|", "norm")]
        for each in laid:
            values = each.of(self.last.values)
            sizes = (number(float(np.abs(values).max())), number(float(np.linalg.norm(values))))
            rows.append((str(self.symbol(each.block)), f"{each.block.size:,}", each.counts, *sizes))
        rows += [(name, "", "", text, "") for name, text in lines]
        return rows + [(c.name, "", "", number(c.largest), number(c.norm)) for c in self.columns[:-1]]

    # both ------------------------------------------------------------------------------------------------------------
    def _scene(self, elements: Sequence[Element], table: Sequence[tuple[str, ...]]) -> Scene:
        order = ", ".join(str(self.symbol(part)) for part in self.parts)
        top = int(np.abs(self.last.values).argmax())
        of = f"the {self.last.name} examples" if self.last.name else "one example"
        names = ", ".join(column.name for column in self.columns[:-1])
        beside = f", beside the vectors of {names}" if names else ""
        return Scene.around(
            elements,
            24,
            f"The gradient of {of} as one vector",
            f"Bars of the {self.last.values.size:,} entries of {self.nabla} in the order {order}{beside}. The largest is "
            f"{self.derivative(top)} = {signed(float(self.last.values[top]))}, the length of the vector "
            f"{number(self.last.norm)}.",
            tuple(table),
            "gradient-vector",
        )
