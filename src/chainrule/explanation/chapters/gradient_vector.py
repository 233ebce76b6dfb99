"""The gradient as one ordered vector, w¹, b¹, …, w^L, b^L (S1.1); of rows, the examples beside their mean (S1.11).

A few entries have a bar and a number each. Where there are many, each layer is an image, with a row for each neuron, a column
for each input and its biases in a strip beside it; the strongest entries are listed with the exact sum of all the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from chainrule.conventions import Convention
from chainrule.errors import DataError
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.flat_gradient import Block, GradientColumn, blocks, columns_of
from chainrule.explanation.shown import largest, whole_number
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View
from chainrule.ids import Id, of_entry
from chainrule.nudges.text import signed
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Line, Rect, brackets, heading, hue, titled, width_of
from chainrule.pictures.tiles import SIDE, Raster, pooled, raster_of, tile
from chainrule.problem import Problem
from chainrule.writing.formula import Row, Symbol, row
from chainrule.writing.numbers import Style, brief, number, style_of

UPRIGHT = 48  # entries that are printed one below the other
LEFT, RIGHT, TOP = 28.0, 800.0, 104.0
NAMES = 68.0  # where the names of entries begin
HALF, NARROW = 46.0, 20.0  # half the width of a column's bars, and where there are many columns
NAME, SMALL = 12.0, 11.5  # sizes of an entry's name and number, and of what is said of an image
TINY = 5e-5  # below it five decimals show nothing
DECIMALS = 5  # of numbers beside each other, or fewer where the largest has five digits with them
PITCH, GAP = 20.5, 9.0  # from entry to entry, and more between blocks
IMAGES, WIDE = 148.0, 448.0  # where images begin, and from vector to vector at most
STRIP, APART, LEAST = 10.0, 8.0, 1.5  # a strip of biases, its distance from the image, and the smallest side of a cell
READ = (
    "Each row is a neuron, each column an input; "
    "blue is positive, orange negative, each image on a scale up to its strongest."
)


def gradient_vector(problem: Problem, how: Convention, *, most: int = 8) -> Scene:
    """∇C of one example x (in,), y (out,), or of rows: then beside the mean, or the sum where the author means that.

    `most` entries are listed where there are too many to print. Raises DataError where the gradient is not finite.
    """
    parameters = problem.network.parameters
    most = whole_number(most, "most")
    vectors, more = columns_of(problem, how)
    with np.errstate(over="ignore"):
        sizes = [column.norm for column in vectors]  # of finite entries it may still overflow
    if not np.isfinite(sizes).all():
        raise DataError(
            "the gradient or its length overflows on these examples: nothing can be drawn; smaller inputs, targets or weights "
            "will do"
        )
    seen = View.of(problem if problem.single else problem.example(0), Id("C"), how)
    picture = Picture(seen, vectors, blocks(parameters), more)
    return picture.upright() if parameters.size <= UPRIGHT else picture.images(most)


@dataclass(frozen=True)
class Picture:
    """Vectors beside each other, the last one that of all rows; `parts` are the blocks that each of them consists of.

    `more` says which examples have no vector of their own.
    """

    seen: View
    columns: list[GradientColumn]
    parts: list[Block]
    more: str

    @property
    def last(self) -> GradientColumn:
        return self.columns[-1]

    @property
    def nabla(self) -> Row:
        """∇C."""
        return row(Symbol("∇"), self.seen.how.letter)

    @property
    def title(self) -> Row:
        return row("The gradient ", self.nabla, f" as one vector of {self.last.values.size:,} entries")

    def symbol(self, part: Block) -> Symbol:
        """w^l or b^l."""
        return self.seen.how.symbol(part.kind, part.layer)

    def by(self, quantity: Symbol) -> Row:
        """∂C/∂w."""
        return row("∂", self.seen.how.letter, "/∂", quantity)

    def id(self, entry: int) -> Id:
        """The weight or bias of an entry of the flat vector."""
        return of_entry(self.seen.network.parameters, entry)

    def derivative(self, entry: int) -> Row:
        return self.by(self.seen.quantity(self.id(entry)))

    def _name(self, x: float, y: float, entry: int) -> Label:
        """∂C/∂w of an entry, up to x."""
        return Label(x, y, self.derivative(entry), "backward", NAME, "end", slanted=True, of=str(self.id(entry)))

    def _value(self, x: float, y: float, entry: int, value: float, text: str) -> Label:
        """Its number, up to x."""
        return Label(x, y, text, hue(value), NAME, "end", of=str(self.id(entry)))

    def _bar(self, x: float, y: float, entry: int, length: float) -> list[Element]:
        """Its bar from x to the right, to the left where its length is negative."""
        box = (x + min(length, 0.0), y - 5, abs(length), 10)
        return [Rect(*box, filled=hue(length), stroke=0.0, of=str(self.id(entry)))] if length else []

    def _vector(
        self, column: GradientColumn, style: Style, left: float, right: float, top: float, bottom: float
    ) -> list[Element]:
        """The brackets of a vector, its name above and its length below."""
        middle, length = (left + right) / 2, row("‖", self.nabla, "‖ = ", style.of(column.norm))
        found = brackets(left, top, right, bottom, 6, 1.5 if column.total else 0.9)
        if column.name:
            found.append(Label(middle, top - 23, column.name, size=13, bold=column.total))
        return [*found, Label(middle, bottom + 21, length, "backward", 12, slanted=True)]

    def _more(self, y: float) -> list[Element]:
        return [Label(LEFT, y, self.more, "faint", 12, "start")] if self.more else []

    # upright ---------------------------------------------------------------------------------------------------------
    def upright(self) -> Scene:
        """Every entry with its bar and its number, one column per vector."""
        ys = self._heights(TOP if self.last.name else TOP - 34)
        x = NAMES + max(width_of(self.derivative(i), NAME) for i in range(len(ys))) + 20
        elements: list[Element] = [titled(self.title, LEFT), *self._braces(ys), *self._more(ys[-1] + 66)]
        elements += [self._name(x - 20, y, i) for i, y in enumerate(ys)]
        start = x
        for column in self.columns:
            drawn, x = self._column(column, x, ys, start)
            elements += drawn
        return self._scene("Bars", elements, self._every_entry())

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
            found.append(Label(LEFT + 24, (first + last) / 2, self.symbol(part), role, 16, "end"))
            if part.size > 1:
                edge = ((LEFT + 38, first - 7), (LEFT + 32, first - 7), (LEFT + 32, last + 7), (LEFT + 38, last + 7))
                found.append(Line(edge, "faint", 1.0))
        return found

    def _digits(self, column: GradientColumn) -> float:
        """The width of a vector's longest number."""
        return max(width_of(self._text(column, value), NAME) for value in column.values.tolist())

    def _text(self, column: GradientColumn, value: float) -> str:
        """An entry, beside those of other examples rounded; the table has it in full."""
        short = self._short(column)
        if value and short is not column.style and abs(value) < max(TINY, 0.5 * 10.0 ** -(short.decimals or 0)):
            return f"{'+' if value > 0 else ''}{brief(value, 2)}"
        return short.of(value, sign=True)

    def _short(self, column: GradientColumn) -> Style:
        """How the numbers of a vector are drawn."""
        largest = max(each.largest for each in self.columns)
        if len(self.columns) == 1 or not 1e-2 <= largest < 1e3:
            return column.style
        return Style(min(DECIMALS, DECIMALS - 1 - math.floor(math.log10(largest))))

    def _half(self, start: float) -> float:
        """Half the width of the bars, in what the numbers of the vectors leave free from `start` on."""
        free = RIGHT - start - sum(self._digits(column) + 17 for column in self.columns)
        return min(HALF, max(NARROW, free / len(self.columns) / 2))

    def _column(
        self, column: GradientColumn, x: float, ys: Sequence[float], start: float
    ) -> tuple[list[Element], float]:
        """The bars and numbers of one vector from x to the right, and where the next one begins; the first at `start`."""
        half, values = self._half(start), column.values.tolist()
        largest, zero = max(each.largest for each in self.columns) or 1.0, x + half
        right = zero + half + 2 + self._digits(column)
        found: list[Element] = [Line(((zero, ys[0] - 9), (zero, ys[-1] + 9)), "faint", 0.8)]
        for i, (value, y) in enumerate(zip(values, ys)):
            found += self._bar(zero, y, i, half * (value / largest))
            found.append(self._value(right, y, i, value, self._text(column, value)))
        edges = x - 5, right + 5, ys[0] - 13, ys[-1] + 13
        return [*found, *self._vector(column, self._short(column), *edges)], right + 15

    def _every_entry(self) -> list[tuple[str, ...]]:
        head = ("entry", *(column.name or str(self.nabla) for column in self.columns))
        body = [
            (str(self.derivative(i)), *(c.style.of(float(c.values[i]), sign=True) for c in self.columns))
            for i in range(self.last.values.size)
        ]
        return [head, *body, ("norm", *(column.style.of(column.norm) for column in self.columns))]

    # images ----------------------------------------------------------------------------------------------------------
    @property
    def pitch(self) -> float:
        """From vector to vector."""
        return min(WIDE, (RIGHT + 20 - IMAGES) / len(self.columns))

    @property
    def wide(self) -> float:
        """Of the image of a layer."""
        return self.pitch - STRIP - APART - 28

    def images(self, most: int) -> Scene:
        """Each vector between brackets, its layers below each other as images; then the strongest entries."""
        single, high = len(self.columns) == 1, 90.0 if len(self.columns) > 3 else 126.0
        y = top = TOP if self.last.name else TOP - 22
        elements = heading(self.title, READ, LEFT)
        for _, parts in groupby(self.parts, key=lambda part: part.layer):
            layer = list(parts)
            drawn, y = self._layer(layer, y, *((150.0, 14.0) if single else (high, 7.0)))
            elements += drawn
            if layer[0].layer == 1 and raster_of(layer[0].shape[1]).image:
                drawn, y = self._steepest_row(layer[0], y)
                elements += drawn
        for i, column in enumerate(self.columns):
            x = IMAGES + i * self.pitch
            elements += self._vector(column, style_of([column.norm]), x - 8, x + self.pitch - 20, top, y)
        at = (IMAGES + self.pitch, top + 10, 1) if single else (LEFT, y + (86 if self.more else 62), 2)
        listed, lines = self._strongest(most, *at)
        return self._scene("Images", [*elements, *self._more(y + 52), *listed], self._block_by_block(lines))

    def _layer(self, parts: Sequence[Block], y: float, high: float, thick: float) -> tuple[list[Element], float]:
        """∂C/∂w and ∂C/∂b of a layer in every vector, below them the largest |∂| and the norm of each; and where it ends."""
        limits, weights = (int(high / LEAST), int(self.wide / LEAST)), parts[0]
        rows, columns = pooled(weights.of(self.last.values), *limits).shape
        tall = min(thick, high / rows)
        in_cell = -(-weights.shape[0] // rows) * -(-weights.shape[1] // columns)
        found: list[Element] = [
            Label(LEFT, y + 9, " × ".join(f"{n:,}" for n in weights.shape), "faint", SMALL, "start")
        ]
        if in_cell > 1:
            found.append(Label(LEFT, y + 24, f"a cell: mean of {in_cell:,}", "faint", SMALL, "start"))
        for k, part in enumerate(parts):
            line = y + 36 + rows * tall + 17 * k
            found.append(Label(LEFT, line, row(self.symbol(part), ": largest, norm"), "faint", SMALL, "start"))
            for i, column in enumerate(self.columns):
                x, end = IMAGES + i * self.pitch, IMAGES + (i + 1) * self.pitch - 28
                left, wide, edge, anchor = (end - STRIP, STRIP, end, "end") if k else (x, self.wide, x, "start")
                values = part.of(column.values)
                image, top = pooled(values, *limits), float(np.abs(values).max())
                raster = Raster(len(image), image.shape[1], wide / image.shape[1], tall, True)
                found += tile(image.ravel(), float(np.abs(image).max()), left, y + 20, raster)
                found.append(Label(edge, y + 9, self.by(self.symbol(part)), "backward", SMALL, anchor, slanted=True))
                for at, size in ((54, top), (112, float(np.linalg.norm(values)))):
                    found.append(Label(x + at, line, brief(size), "ink", SMALL, "end"))
        return found, line + 16

    def _steepest_row(self, weights: Block, y: float) -> tuple[list[Element], float]:
        """The row of ∂C/∂w¹ with the largest norm as the image that the input is, in every vector; and where it ends."""
        j = int(np.linalg.norm(weights.of(self.last.values), axis=1).argmax())
        raster = raster_of(weights.shape[1], min(self.wide, SIDE))
        name = self.by(self.seen.letter("w", 1, j))
        size = f"as {raster.rows} × {raster.columns}"
        found: list[Element] = [
            Label(LEFT, y + 9, f"its row {j + self.seen.how.base}", "faint", SMALL, "start"),
            Label(LEFT, y + 24, size, "faint", SMALL, "start"),
        ]
        for i, column in enumerate(self.columns):
            x, values = IMAGES + i * self.pitch, weights.of(column.values)[j]
            found.append(Label(x, y + 9, name, "backward", SMALL, "start", slanted=True))
            found += tile(values, float(np.abs(values).max()), x, y + 20, raster)
        return found, y + raster.height + 36

    def _strongest(self, most: int, x: float, y: float, beside: int) -> tuple[list[Element], list[tuple[str, ...]]]:
        """The strongest entries from x to the right, so many beside each other, and the sum of the others; the same as rows."""
        values = self.last.values
        shown, left = largest(values, most)
        places, rest = sorted(shown, key=lambda i: -abs(values[i])), exact_sum(left)
        style = style_of([*values[places].tolist(), rest, self.last.norm])
        others, total = f"{len(left):,} others", f"Σ = {style.of(rest, sign=True)}"
        named = x + max(width_of(others, NAME), *(width_of(self.derivative(i), NAME) for i in places))
        valued = named + 18 + width_of(total, NAME)
        whose = f" of the {self.last.name.split()[0]}" if self.last.name else ""
        found: list[Element] = [Label(x, y, f"the strongest entries{whose}", "faint", NAME, "start")]
        rows: list[tuple[str, ...]] = []
        lines = -(-len(places) // beside)
        for n, i in enumerate(places):
            value, right, line = float(values[i]), 300 * (n // lines), y + 25 + 21 * (n % lines)
            text = style.of(value, sign=True)
            found += [self._name(named + right, line, i), self._value(valued + right, line, i, value, text)]
            rows.append((str(self.derivative(i)), "1", text, ""))
        if len(left):
            line = y + 29 + 21 * lines
            found.append(Label(named, line, others, "ink", NAME, "end"))
            found.append(Label(valued, line, total, hue(rest), NAME, "end"))
            rows.append((f"{others}, sum", f"{len(left):,}", style.of(rest, sign=True), ""))
        return found, rows

    def _block_by_block(self, lines: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [("what", "entries", f"largest |∂{self.seen.how.letter}|", "norm")]
        for column in self.columns:
            name = f"{column.name}, " if column.name else ""
            for part in self.parts:
                values = part.of(column.values)
                sizes = number(float(np.abs(values).max())), number(float(np.linalg.norm(values)))
                rows.append((f"{name}{self.symbol(part)}", f"{part.size:,}", *sizes))
            whole = column.style.of(column.largest), column.style.of(column.norm)
            rows.append((column.name or str(self.nabla), f"{column.values.size:,}", *whole))
        return [*rows, *lines]

    # both ------------------------------------------------------------------------------------------------------------
    def _scene(self, drawn: str, elements: Sequence[Element], table: Sequence[tuple[str, ...]]) -> Scene:
        order = ", ".join(str(self.symbol(part)) for part in self.parts)
        top = int(np.abs(self.last.values).argmax())
        of = f"the {self.last.name} examples" if self.last.name else "one example"
        names = ", ".join(column.name for column in self.columns[:-1])
        beside = f", beside the vectors of {names}" if names else ""
        return Scene.around(
            elements,
            20,
            f"The gradient of {of} as one vector",
            f"{drawn} of the {self.last.values.size:,} entries of {self.nabla} in the order {order}{beside}. The largest is "
            f"{self.derivative(top)} = {signed(float(self.last.values[top]))}, the length of the vector "
            f"{number(self.last.norm)}.",
            tuple(table),
            "gradient-vector",
        )
