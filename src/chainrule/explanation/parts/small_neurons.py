"""The neurons of a large network: the input as the picture it is, neurons filled by |a| and ringed by |δ|, bars of log p."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from chainrule.explanation.parts.neurons import Neurons
from chainrule.explanation.parts.shown_network import REST, Edge, LayerColumn, Point
from chainrule.explanation.shown import unscaled
from chainrule.explanation.typeset import role_of
from chainrule.pictures.plot import Scale
from chainrule.pictures.shapes import Box, Element, Label, Line, Rect, width_of
from chainrule.pictures.tiles import IMAGE, Raster, raster_of, tile
from chainrule.writing.formula import Symbol, row
from chainrule.writing.numbers import short

SIDE = 152.0  # of the input as a picture
RADIUS, PITCH = 15.0, 66.0  # of a neuron, and from one to the next
APART, CLOSE, NAMED = 138.0, 94.0, 22.0  # of two columns; of more than three; and more where an edge has its name
BAR, BEGIN, LINE = 110.0, 26.0, 27.0  # the bar of p = 1: its length, where it begins, and from one to the next
DEEPEST = -12  # power of ten of the smallest p that has a bar
ABOVE = 28.0  # from the middle of the first bar up to its scale
SIZE = 11.5  # of numbers


class SmallNeurons(Neurons):
    """The same neurons with less room for each; biases stand in the table alone."""

    size: ClassVar[float] = RADIUS
    reach: ClassVar[float] = 12.0
    head_room: ClassVar[float] = 56.0

    def pitch(self, column: LayerColumn) -> float:
        return PITCH

    @cached_property
    def image(self) -> Raster | None:
        """How the input is laid out where it may be a picture."""
        count = self.shown.network.sizes[0]
        raster = raster_of(count, SIDE)
        return raster if count >= IMAGE and raster.image and self.shown.columns[0].rest else None

    def pictured(self, column: LayerColumn) -> bool:
        """Whether this is the input, drawn as a picture."""
        return column.layer == 0 and self.image is not None

    def barred(self, column: LayerColumn) -> bool:
        """Whether these are the outputs of a softmax, drawn as bars."""
        return column.layer == self._barred

    @cached_property
    def _barred(self) -> int | None:
        """The layer that is drawn as bars."""
        network, last = self.shown.network, self.shown.columns[-1]
        return last.layer if last.layer == network.depth and network.output.full_slope and not last.rest else None

    def plain(self, column: LayerColumn) -> bool:
        return not (self.pictured(column) or self.barred(column))

    # places ----------------------------------------------------------------------------------------------------------
    def tall(self, column: LayerColumn) -> float:
        if self.image is not None and column.layer == 0:
            return self.image.height + 30
        return LINE * len(column.slots) if self.barred(column) else super().tall(column)

    def at(self, column: LayerColumn, slot: int) -> tuple[float, float]:
        if self.image is not None and column.layer == 0:
            if slot == REST:
                return 0.0, self.image.height + 16
            line, place = divmod(slot, self.image.columns)
            return (place + 0.5) * self.image.cell - self.image.width / 2, (line + 0.5) * self.image.tall
        if self.barred(column):
            return 0.0, LINE * (column.slots.index(slot) + 0.5)
        return 0.0, PITCH * (column.slots.index(slot) + 0.5)

    def sides(self, column: LayerColumn) -> tuple[float, float]:
        if self.image is not None and column.layer == 0:
            return self.image.width / 2, self.image.width / 2 - 20
        return super().sides(column)

    def apart(self, before: LayerColumn, after: LayerColumn) -> float:
        between = CLOSE if len(self.shown.columns) > 3 else APART
        named = self.shown.lit and not self.shown.fixed  # in the places of a picture before this one
        return between + NAMED * bool(named)

    def half(self, column: LayerColumn, slot: int) -> float:
        if self.image is not None and column.layer == 0 and slot != REST:
            return self.image.cell / 2
        return 14.0 if self.barred(column) else super().half(column, slot)

    def leader(self, column: LayerColumn, slot: int, place: Point, to: Point) -> tuple[Point, Point] | None:
        if self.image is None or column.layer > 0 or slot == REST:
            return None
        (x, y), (dx, dy), image = place, self.at(column, slot), self.image
        pixel = Box(x - image.cell / 2, y - image.tall / 2, x + image.cell / 2, y + image.tall / 2)
        picture = Box(x - dx - image.width / 2, y - dy, x - dx + image.width / 2, y - dy + image.height)
        return _out_of(pixel, place, to), _out_of(picture, place, to)

    def faint(self, edge: Edge) -> bool:
        """Out of a picture come only the edges that have a number."""
        return edge.layer > 1 or self.image is None

    def reading(self) -> list[str]:
        """What fills and rings mean, and the bars."""
        said = super().reading()
        if self.barred(self.shown.columns[-1]):
            gap = ", the dashed gap to p = 1 is C" if self.shown.seen.cost.name == "cross_entropy" else ""
            said.append(f"bars: p in powers of ten{gap}")
        return ["; ".join(said)]

    # what is drawn ---------------------------------------------------------------------------------------------------
    def behind(self, column: LayerColumn, x: float, top: float) -> list[Element]:
        """The picture that the input is, in the user's terms where they are known, and the pixels that are shown."""
        if self.image is None or column.layer > 0:
            return []
        seen, image, left = self.shown.seen, self.image, x - self.image.width / 2
        pixels = unscaled(seen)
        pixels = seen.x if pixels is None else pixels
        cells = tile(pixels, float(np.abs(pixels).max()), left, top, image, ink=not (pixels < 0).any())
        rings = [
            Rect(
                x + dx - image.cell / 2,
                top + dy - image.tall / 2,
                image.cell,
                image.tall,
                "accent",
                "",
                1.6,
                of=f"x/{k}",
            )
            for k in column.shown
            for dx, dy in [self.at(column, k)]
        ]
        said = f"ringed: {len(column.shown)} of {seen.x.size:,} inputs"
        return [*cells, *rings, Label(x, top + image.height + 16, said, "faint", 11)]

    def draw(self, column: LayerColumn, slot: int, x: float, y: float) -> list[Element]:
        if self.pictured(column):
            return []
        if self.barred(column):
            return self._bar(column, slot, x, y)
        return super().draw(column, slot, x, y)

    def _bias(self, layer: int, j: int, x: float, y: float) -> list[Element]:
        return []

    def _scale(self, x: float) -> Scale:
        """Powers of ten up to p = 1, from below the smallest p."""
        smallest = float(self.shown.seen.trace.a[self.shown.network.depth].min())
        lowest = max(DEEPEST, math.floor(math.log10(smallest))) if smallest > 0 else DEEPEST
        return Scale(min(lowest, -1), 0.0, x + BEGIN, x + BEGIN + BAR)

    @cached_property
    def _beside(self) -> tuple[list[tuple[str, str]], float, float]:
        """p and δ of each output as they stand beside its bar, and how far from p = 1 δ and the word behind it begin."""
        seen, layer = self.shown.seen, self.shown.network.depth
        values = zip(seen.trace.a[layer].tolist(), seen.into_z[layer].tolist())
        texts = [(short(p, 3), short(delta, 3)) for p, delta in values]
        at = 8 + max(width_of(p, SIZE) for p, _ in texts) + 8
        return texts, at, at + max(width_of(delta, SIZE) for _, delta in texts) + 10

    def _bar(self, column: LayerColumn, j: int, x: float, y: float) -> list[Element]:
        """One output: its p on a scale of powers of ten, its number and δ; which is the target, which the answer."""
        seen, layer, scale = self.shown.seen, column.layer, self._scale(x)
        a, target = seen.trace.a[layer], bool(seen.y[j] == seen.y.max())
        answer, end = int(a.argmax()) == j, scale.at(max(scale.low, math.log10(a[j]) if a[j] > 0 else scale.low))
        role, id = "positive" if target else "negative" if answer else "faint", f"a/{layer}/{j}"
        named = role if target or answer else role_of(self.shown.how, "a")
        texts, at, behind = self._beside
        p, delta = texts[j]
        found: list[Element] = [
            Label(x, y, seen.a(layer, j), named, 12.5, bold=target),
            Rect(scale.start, y - 8, end - scale.start, 16, filled=role, stroke=0.0, of=id),
            Line(((scale.end, y - LINE / 2), (scale.end, y + LINE / 2)), "faint", 0.8),
            Label(scale.end + 8, y, p, "forward", SIZE, "start", of=id),
            Label(scale.end + at, y, delta, "backward", SIZE, "start", True, of=f"d/{layer}/{j}"),
        ]
        if j == column.slots[0]:
            ends = ((scale.low, Symbol("10", f"{scale.low:g}".replace("-", "−"))), (0.0, row("p = 1")))
            found += [Label(scale.at(power), y - ABOVE, text, "faint", 10.5) for power, text in ends]
        if target and end < scale.end - 1:
            found += self._gap(end, scale.end, y)
        if target or answer:
            found.append(Label(scale.end + behind, y, "target" if target else "answer", role, SIZE, "start"))
        return found

    def _gap(self, start: float, end: float, y: float) -> list[Element]:
        """From the end of the target's bar to p = 1, which is C where that is −ln p; above it that number.

        Of a gap too short for it the number is above the bar.
        """
        line = Line(((start, y), (end, y)), "backward", 1.4, dashed=True)
        if self.shown.seen.cost.name != "cross_entropy":
            return [line]
        text = f"{self.shown.how.letter} {short(self.shown.seen.cost_value, 3)}"
        said = Label((start + end) / 2, y - 9, text, "backward", 10.5, slanted=True)
        if said.box.left <= start + 3:
            said = replace(said, x=end - 3, y=y - LINE / 2, anchor="end")
        return [line, said]


def _out_of(box: Box, inside: Point, to: Point) -> Point:
    """Where the line from a point inside a box to one right of it crosses its side."""
    (x, y), (end, down) = inside, to
    side = box.bottom if down > y else box.top
    share = min((box.right - x) / (end - x), (side - y) / (down - y) if down != y else 1.0)
    return x + share * (end - x), y + share * (down - y)
