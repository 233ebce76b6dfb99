"""A matrix in a picture: its numbers between brackets, rows and columns left out, cells lit; several in a line (S4.12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainrule.pictures.shapes import Element, Label, Rect, brackets, width_of
from chainrule.writing.formula import Formula
from chainrule.writing.numbers import brief, written

Array = np.ndarray
SIZE, CELL = 12.0, 25.0  # of a number, and from row to row
GAP, LEAP = 20.0, 15.0  # the room for columns and for rows that are left out
LIT = 0.14  # how strongly a lit row is coloured


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

    @property
    def cell_width(self) -> float:
        """As wide as the longest number needs."""
        texts = [brief(float(self.values[i, j])) for i in self.rows for j in self.columns]
        boxes = [Label(0, 0, text, size=SIZE).box for text in texts]
        return max(30.0, *(box.right - box.left + 12 for box in boxes))

    @staticmethod
    def _offsets(
        shown: Sequence[int], count: int, step: float, gap: float
    ) -> tuple[dict[int, float], list[float], float]:
        """The middle of each shown row or column, the middles of the gaps, and the whole extent."""
        middles, gaps, at, expected = {}, [], 0.0, 0
        for index in shown:
            if index != expected:
                gaps.append(at + gap / 2)
                at += gap
            middles[index] = at + step / 2
            at, expected = at + step, index + 1
        if expected != count:
            gaps.append(at + gap / 2)
            at += gap
        return middles, gaps, at

    @property
    def width(self) -> float:
        """With its brackets and the numbers of its rows."""
        return self._offsets(self.columns, self.values.shape[1], self.cell_width, GAP)[2] + 12 + self._margin()

    @property
    def overhang(self) -> float:
        """How far its name or its shape reaches beyond its brackets, on each side."""
        widest = max(width_of(self.name, 15), width_of(self.shape, 10.5))
        return max(0.0, (widest - (self.width - self._margin())) / 2)

    @property
    def height(self) -> float:
        return self._offsets(self.rows, self.values.shape[0], CELL, LEAP)[2] + 4

    def _numbered(self) -> tuple[bool, bool]:
        """Whether rows and columns carry their numbers: in a matrix both, in a vector where some are left out, or named."""
        count = self.values.shape
        wide, high = count[1] > 1, count[0] > 1
        if any(self.axes):
            return high and bool(self.axes[0]), wide and bool(self.axes[1])
        short = len(self.rows) < count[0], len(self.columns) < count[1]
        return (high and (wide or short[0])), (wide and (high or short[1]))

    def _margin(self) -> float:
        if not self._numbered()[0]:
            return 0.0
        return 6 + max(width_of(str(i + self.base), 9.5) for i in self.rows)

    @property
    def above(self) -> float:
        """The room for its name and the numbers of its columns."""
        box = Label(0, 0, self.name, size=15).box
        return (16.0 if self._numbered()[1] else 4.0) + box.bottom - box.top + 2

    def draw(self, x: float, middle: float) -> list[Element]:
        """The brackets, the numbers, the name above and the shape below, from x to the right."""
        cell, margin = self.cell_width, self._margin()
        across, skipped, wide = self._offsets(self.columns, self.values.shape[1], cell, GAP)
        down, left_out, high = self._offsets(self.rows, self.values.shape[0], CELL, LEAP)
        top, left = middle - high / 2, x + margin + 6
        right, bottom = left + wide, top + high
        elements: list[Element] = [*self._light(left, top, across, down, wide, high)]
        elements += brackets(left - 5, top - 1, right + 5, bottom + 1, 5, 1.2)
        for i, dy in down.items():
            for j, dx in across.items():
                text = brief(float(self.values[i, j]))
                elements.append(Label(left + dx, top + dy, text, self.role, SIZE, slanted=self.slanted))
            elements += [Label(left + dx, top + dy, "…", "faint", SIZE) for dx in skipped]
        for dy in left_out:
            elements += [Label(left + dx, top + dy, "⋮", "faint", SIZE) for dx in across.values()]
        by_row, by_column = self._numbered()
        if by_row:
            elements += [Label(left - 10, top + dy, str(i + self.base), "faint", 9.5, "end") for i, dy in down.items()]
        if by_column:
            elements += [Label(left + dx, top - 9, str(j + self.base), "faint", 9.5) for j, dx in across.items()]
        box = Label(0, 0, self.name, size=15).box
        name_y = top - (16 if by_column else 4) - box.bottom
        elements.append(Label((left + right) / 2, name_y, self.name, self.role, 15, slanted=self.slanted))
        return [*elements, Label((left + right) / 2, bottom + 15, self.shape, "faint", 10.5)]

    @property
    def shape(self) -> str:
        """3 × 2, or 3 neurons × 2 samples."""
        if not any(self.axes):
            return " × ".join(f"{n:,}" for n in self.values.shape)
        return " × ".join(f"{n:,} {axis}{'s' * (n != 1)}" for n, axis in zip(self.values.shape, self.axes) if axis)

    def _light(
        self, left: float, top: float, across: dict[int, float], down: dict[int, float], wide: float, high: float
    ) -> list[Element]:
        found: list[Element] = []
        cell, role = self.cell_width, self.glow or ("backward" if self.slanted else "forward")
        if self.lit is not None:
            i, j = self.lit
            x, width = (left, wide) if j is None else (left + across[j] - cell / 2, cell)
            y, height = (top, high) if i is None else (top + down[i] - CELL / 2, CELL)
            found.append(Rect(x, y + 1, width, height - 2, role, role, 0.0, 3.0, LIT))
        if self.ringed is not None:
            i, j = self.ringed
            x, y = left + across[j] - cell / 2 + 1, top + down[i] - CELL / 2 + 2
            found.append(Rect(x, y, cell - 2, CELL - 4, role, "", 1.4, 4.0))
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
            x += max(0.0, piece.overhang - piece._margin() - (4 if before else 0)) + (
                10.0 if isinstance(before, Grid) else 0.0
            )
            elements += piece.draw(x, middle)
            x += piece.width + max(0.0, piece.overhang - 4)
        before = piece
    return elements, x, middle + max(grid.height / 2 for grid in grids) + 24
