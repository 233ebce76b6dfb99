"""A matrix in a picture: its numbers between brackets, rows and columns left out, cells lit; several in a line (S4.12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chainrule.pictures.shapes import Element, Label, Rect, brackets, extent, width_of
from chainrule.writing.formula import Formula
from chainrule.writing.numbers import brief, written

Array = np.ndarray
SIZE, CELL = 12.0, 25.0  # of a number, and from row to row
GAP, LEAP = 20.0, 15.0  # the room for columns and for rows that are left out
LIT = 0.14  # how strongly a lit row is coloured


class Track(NamedTuple):
    """Rows or columns: the middle of each that is shown, the middles of the gaps, and the whole extent."""

    middles: dict[int, float]
    gaps: list[float]
    extent: float

    @classmethod
    def of(cls, shown: Sequence[int], count: int, step: float, gap: float) -> Track:
        middles: dict[int, float] = {}
        gaps, at = [], 0.0
        for before, index in pairwise([-1, *shown, count]):
            if index > before + 1:
                gaps.append(at + gap / 2)
                at += gap
            if index < count:
                middles[index] = at + step / 2
                at += step
        return cls(middles, gaps, at)


@dataclass(frozen=True)
class Grid:
    """A matrix between brackets: the rows and columns that are shown, dots between those that are not next to each other.

    `lit` are cells (row, column) behind which colour stands, None for all of a row or column; `ringed` one cell.
    """

    name: Formula
    values: Array
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    role: str = "ink"
    slanted: bool = False
    lit: tuple[int | None, int | None] | None = None
    glow: str = ""  # the colour of what is lit, if it is not that of the numbers
    ringed: tuple[int, int] | None = None
    base: int = 0
    axes: tuple[str, str] = ("", "")  # what rows and columns are, where that is to be said

    def turned(self) -> Grid:
        """Rows as columns."""
        lit, ringed = self.lit and self.lit[::-1], self.ringed and self.ringed[::-1]
        turned = replace(self, values=self.values.T, rows=self.columns, columns=self.rows, axes=self.axes[::-1])
        return replace(turned, lit=lit, ringed=ringed)

    @cached_property
    def cell_width(self) -> float:
        """As wide as the longest number needs."""
        widths = [width_of(brief(float(self.values[i, j])), SIZE) for i in self.rows for j in self.columns]
        return max(30.0, max(widths) + 12)

    @cached_property
    def across(self) -> Track:
        return Track.of(self.columns, self.values.shape[1], self.cell_width, GAP)

    @cached_property
    def down(self) -> Track:
        return Track.of(self.rows, self.values.shape[0], CELL, LEAP)

    @property
    def width(self) -> float:
        """With its brackets and the numbers of its rows."""
        return self.across.extent + 12 + self.margin

    @property
    def height(self) -> float:
        return self.down.extent + 4

    @property
    def overhang(self) -> float:
        """How far its name or its shape reaches beyond its brackets, on each side."""
        widest = max(width_of(self.name, 15), width_of(self.shape, 10.5))
        return max(0.0, (widest - (self.width - self.margin)) / 2)

    def _numbered(self) -> tuple[bool, bool]:
        """Whether rows and columns carry their numbers: in a matrix both, in a vector where some are left out, or named."""
        count = self.values.shape
        wide, high = count[1] > 1, count[0] > 1
        if any(self.axes):
            return high and bool(self.axes[0]), wide and bool(self.axes[1])
        short = len(self.rows) < count[0], len(self.columns) < count[1]
        return (high and (wide or short[0])), (wide and (high or short[1]))

    @property
    def margin(self) -> float:
        """The room for the numbers of its rows."""
        if not self._numbered()[0]:
            return 0.0
        return 6 + max(width_of(str(i + self.base), 9.5) for i in self.rows)

    @property
    def above(self) -> float:
        """The room for its name and the numbers of its columns."""
        _, up, down = extent(self.name)
        return (16.0 if self._numbered()[1] else 4.0) + 15 * (up + down) + 2

    def draw(self, x: float, middle: float) -> list[Element]:
        """The brackets, the numbers, the name above and the shape below, from x to the right."""
        wide, high = self.across.extent, self.down.extent
        top, left = middle - high / 2, x + self.margin + 6
        xs = {j: left + dx for j, dx in self.across.middles.items()}
        ys = {i: top + dy for i, dy in self.down.middles.items()}
        gaps = [left + dx for dx in self.across.gaps]
        elements: list[Element] = self._light(left, top, xs, ys)
        elements += brackets(left - 5, top - 1, left + wide + 5, top + high + 1, 5, 1.2)
        for i, y in ys.items():
            texts = {at: brief(float(self.values[i, j])) for j, at in xs.items()}
            elements += [Label(at, y, text, self.role, SIZE, slanted=self.slanted) for at, text in texts.items()]
            elements += [Label(at, y, "…", "faint", SIZE) for at in gaps]
        elements += [Label(at, top + dy, "⋮", "faint", SIZE) for dy in self.down.gaps for at in xs.values()]
        by_row, by_column = self._numbered()
        if by_row:
            elements += [Label(left - 10, y, str(i + self.base), "faint", 9.5, "end") for i, y in ys.items()]
        if by_column:
            elements += [Label(at, top - 9, str(j + self.base), "faint", 9.5) for j, at in xs.items()]
        centre, name_y = left + wide / 2, top - (16 if by_column else 4) - 15 * extent(self.name)[2]
        elements.append(Label(centre, name_y, self.name, self.role, 15, slanted=self.slanted))
        return [*elements, Label(centre, top + high + 15, self.shape, "faint", 10.5)]

    @property
    def shape(self) -> str:
        """3 × 2, or 3 neurons × 2 samples."""
        if not any(self.axes):
            return " × ".join(f"{n:,}" for n in self.values.shape)
        return " × ".join(f"{n:,} {axis}{'s' * (n != 1)}" for n, axis in zip(self.values.shape, self.axes) if axis)

    def _light(self, left: float, top: float, xs: dict[int, float], ys: dict[int, float]) -> list[Element]:
        """The colour behind what is lit, and the ring around one cell."""
        found: list[Element] = []
        cell, role = self.cell_width, self.glow or ("backward" if self.slanted else "forward")
        if self.lit is not None:
            i, j = self.lit
            x, width = (left, self.across.extent) if j is None else (xs[j] - cell / 2, cell)
            y, height = (top, self.down.extent) if i is None else (ys[i] - CELL / 2, CELL)
            found.append(Rect(x, y + 1, width, height - 2, role, role, 0.0, 3.0, LIT))
        if self.ringed is not None:
            i, j = self.ringed
            found.append(Rect(xs[j] - cell / 2 + 1, ys[i] - CELL / 2 + 2, cell - 2, CELL - 4, role, "", 1.4, 4.0))
        return found

    def cells(self) -> list[tuple[str, str, str, str]]:
        """What is shown, for the table."""
        return [
            (str(self.name), str(i + self.base), str(j + self.base), written(float(self.values[i, j])))
            for i in self.rows
            for j in self.columns
        ]


def laid_out(pieces: Sequence[Grid | str], x: float, top: float) -> tuple[list[Element], float, float]:
    """Grids and the signs between them in one line whose highest part is at `top`: elements, right edge and bottom."""
    grids = [piece for piece in pieces if isinstance(piece, Grid)]
    middle = top + max(grid.above + grid.height / 2 for grid in grids)
    elements: list[Element] = []
    before: Grid | str = ""
    for piece in pieces:
        if isinstance(piece, str):
            x += 12 + width_of(piece, 17) / 2
            elements.append(Label(x, middle, piece, size=17))
            x += 12 + width_of(piece, 17) / 2
        else:
            x += max(0.0, piece.overhang - piece.margin - (4 if before else 0))
            x += 10.0 if isinstance(before, Grid) else 0.0
            elements += piece.draw(x, middle)
            x += piece.width + max(0.0, piece.overhang - 4)
        before = piece
    return elements, x, middle + max(grid.height / 2 for grid in grids) + 24
