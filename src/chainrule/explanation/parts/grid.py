"""A matrix in a picture: its numbers between brackets, rows and columns left out, cells lit; several in a line (S4.12)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chainrule.pictures.shapes import Element, Label, Rect, brackets, extent, width_of
from chainrule.pictures.tiles import Raster, pooled, raster_of, tile
from chainrule.writing.formula import Formula
from chainrule.writing.numbers import brief, written

Array = np.ndarray
SIZE, CELL = 12.0, 25.0  # of a number, and from row to row
GAP, LEAP = 20.0, 15.0  # the room for columns and for rows that are left out
LIT = 0.14  # how strongly a lit row is coloured
SHADED, LEAST, MOST = 160.0, 3.0, 10.0  # how far a matrix of shades reaches, and the sides of its cells
POOLED, FRAME = 28, 4.0  # cells in a line where neighbours share them, and the least side of a frame around cells


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

    `lit` are cells (row, column) behind which colour stands, None for all of a row or column; `ringed` one cell. `shaded`,
    its numbers are cells without gaps, and of its rows and columns only what is lit or ringed has its number; of more than
    there is room for, neighbours share a cell, in the shade of their mean. `listed` are the rows and columns that
    the table has of it then.
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
    shaded: bool = False
    listed: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    @property
    def mark(self) -> tuple[int | None, int | None]:
        """What is lit or ringed."""
        return self.lit or self.ringed or (None, None)

    def turned(self) -> Grid:
        """Rows as columns."""
        lit, ringed, listed = self.lit and self.lit[::-1], self.ringed and self.ringed[::-1], self.listed
        turned = replace(self, values=self.values.T, rows=self.columns, columns=self.rows, axes=self.axes[::-1])
        return replace(turned, lit=lit, ringed=ringed, listed=listed and listed[::-1])

    @cached_property
    def cell(self) -> tuple[float, float]:
        """Width, as the longest number needs, and height; of shades, as many as there are."""
        if self.shaded:
            wide, high = (_side(len(shown)) for shown in (self.columns, self.rows))
            return wide, high
        widths = [width_of(brief(float(self.values[i, j])), SIZE) for i in self.rows for j in self.columns]
        return max(30.0, max(widths) + 12), CELL

    @cached_property
    def across(self) -> Track:
        return self._track(self.columns, 1, GAP)

    @cached_property
    def down(self) -> Track:
        return self._track(self.rows, 0, LEAP)

    def _track(self, shown: Sequence[int], axis: int, gap: float) -> Track:
        return Track.of(shown, self.values.shape[axis], self.cell[1 - axis], 0.0 if self.shaded else gap)

    @property
    def width(self) -> float:
        """With its brackets and the numbers of its rows."""
        return self.across.extent + 12 + self.margin

    @property
    def height(self) -> float:
        return self.down.extent + 4

    @property
    def below(self) -> float:
        """The room for its shape, and for what the strongest shade is."""
        return 38.0 if self.shaded else 24.0 if self.shape else 6.0

    @property
    def overhang(self) -> float:
        """How far its name or its shape reaches beyond its brackets, on each side."""
        widest = max(width_of(self.name, 15), width_of(self.shape, 10.5))
        if self.shaded:
            widest = max(widest, width_of(self._strongest, 10.5))
        return max(0.0, (widest - (self.width - self.margin)) / 2)

    @cached_property
    def _numbered(self) -> tuple[list[int], list[int]]:
        """The rows and the columns that carry their numbers: in a matrix all, in a vector where some are left out, or named."""
        if self.shaded:
            i, j = self.mark
            rows, columns = self.values.shape
            return [] if i is None or rows == 1 else [i], [] if j is None or columns == 1 else [j]
        count = self.values.shape
        wide, high = count[1] > 1, count[0] > 1
        if any(self.axes):
            by = high and bool(self.axes[0]), wide and bool(self.axes[1])
        else:
            by = high and (wide or len(self.rows) < count[0]), wide and (high or len(self.columns) < count[1])
        return [*self.rows] * by[0], [*self.columns] * by[1]

    @property
    def margin(self) -> float:
        """The room for the numbers of its rows."""
        return max((6 + width_of(str(i + self.base), 10.5) for i in self._numbered[0]), default=0.0)

    @property
    def above(self) -> float:
        """The room for its name and the numbers of its columns."""
        _, up, down = extent(self.name)
        return self._lift + 15 * (up + down) + 2

    @property
    def _lift(self) -> float:
        """From its upper end to its name."""
        return 16.0 if self._numbered[1] else 10.0 if self.shaded else 4.0

    def draw(self, x: float, middle: float) -> list[Element]:
        """The brackets, the numbers, the name above and the shape below, from x to the right."""
        wide, high = self.across.extent, self.down.extent
        top, left = middle - high / 2, x + self.margin + 6
        if self.shaded:  # short coordinates: there are a thousand of them
            top, left = round(top), round(left)
        xs = {j: left + dx for j, dx in self.across.middles.items()}
        ys = {i: top + dy for i, dy in self.down.middles.items()}
        by_row, by_column = self._numbered
        elements = [] if self.shaded else self._light(left, top, xs, ys)
        elements += brackets(left - 5, top - 1, left + wide + 5, top + high + 1, 5, 1.2)
        elements += (self._cells if self.shaded else self._digits)(left, top, xs, ys)
        elements += [Label(left - 10, ys[i], str(i + self.base), "faint", 10.5, "end") for i in by_row]
        elements += [Label(xs[j], top - 9, str(j + self.base), "faint", 10.5) for j in by_column]
        centre, name_y = left + wide / 2, top - self._lift - 15 * extent(self.name)[2]
        elements.append(Label(centre, name_y, self.name, self.role, 15, slanted=self.slanted))
        shape = [Label(centre, top + high + 15, self.shape, "faint", 10.5)] if self.shape else []
        return [*elements, *shape]

    def _digits(self, left: float, top: float, xs: dict[int, float], ys: dict[int, float]) -> list[Element]:
        """Its numbers, dots where rows and columns are left out."""
        found, gaps = list[Element](), [left + dx for dx in self.across.gaps]
        for i, y in ys.items():
            texts = {at: brief(float(self.values[i, j])) for j, at in xs.items()}
            found += [Label(at, y, text, self.role, SIZE, slanted=self.slanted) for at, text in texts.items()]
            found += [Label(at, y, "…", "faint", SIZE) for at in gaps]
        return found + [Label(at, top + dy, "⋮", "faint", SIZE) for dy in self.down.gaps for at in xs.values()]

    @cached_property
    def _strongest(self) -> str:
        """What the strongest shade is."""
        return f"up to {brief(float(np.abs(self._shares).max()), 2)}"

    @cached_property
    def _shares(self) -> Array:
        """What its cells show: the numbers, or the means of neighbours."""
        shown = self.values[np.ix_(self.rows, self.columns)]
        return pooled(shown, *map(_cells_for, shown.shape))

    @property
    def in_cell(self) -> int:
        """How many numbers share a cell, at most."""
        return math.prod(-(-n // m) for n, m in zip((len(self.rows), len(self.columns)), self._shares.shape))

    def _laid(self) -> Raster:
        """How its shades are laid out."""
        rows, columns = self._shares.shape
        return Raster(rows, columns, self.across.extent / columns, self.down.extent / rows, False)

    def _cells(self, left: float, top: float, xs: dict[int, float], ys: dict[int, float]) -> list[Element]:
        """Its numbers as shades, the strongest the largest |value|, and a frame around what is lit or ringed."""
        shown, raster = self._shares, self._laid()
        x, y, width, height = self._area(*self.mark, left, top, xs, ys)
        wide, high = max(width + 3, FRAME), max(height + 3, FRAME)
        return [
            *tile(shown.ravel(), float(np.abs(shown).max()), left, top, raster),
            Rect(x + width / 2 - wide / 2, y + height / 2 - high / 2, wide, high, "ink", "", 1.3, 1.0),
            Label(left + raster.width / 2, top + raster.height + 29, self._strongest, "faint", 10.5),
        ]

    def _area(
        self, i: int | None, j: int | None, left: float, top: float, xs: dict[int, float], ys: dict[int, float]
    ) -> tuple[float, float, float, float]:
        """x, y, width and height of a cell, a row or a column, or of all."""
        wide, high = self.cell
        x, width = (left, self.across.extent) if j is None else (xs[j] - wide / 2, wide)
        y, height = (top, self.down.extent) if i is None else (ys[i] - high / 2, high)
        return x, y, width, height

    @property
    def shape(self) -> str:
        """3 × 2, or 3 neurons × 2 samples; of a single number nothing."""
        if self.values.size == 1 and not any(self.axes):
            return ""
        if not any(self.axes):
            return " × ".join(f"{n:,}" for n in self.values.shape)
        shown = [len(each) if self.shaded else n for each, n in zip((self.rows, self.columns), self.values.shape)]
        some = [f"{m} of {n:,}" if m < n else f"{n:,}" for m, n in zip(shown, self.values.shape)]
        many = [f"{axis}{'s' * (n != 1)}" if axis else "" for n, axis in zip(self.values.shape, self.axes)]
        return " × ".join(f"{n} {axis}" for n, axis in zip(some, many) if axis)

    def _light(self, left: float, top: float, xs: dict[int, float], ys: dict[int, float]) -> list[Element]:
        """The colour behind what is lit, and the ring around one cell."""
        found: list[Element] = []
        role = self.glow or ("backward" if self.slanted else "forward")
        if self.lit is not None:
            x, y, width, height = self._area(*self.lit, left, top, xs, ys)
            found.append(Rect(x, y + 1, width, height - 2, role, role, 0.0, 3.0, LIT))
        if self.ringed is not None:
            x, y, width, height = self._area(*self.ringed, left, top, xs, ys)
            found.append(Rect(x + 1, y + 2, width - 2, height - 4, role, "", 1.4, 4.0))
        return found

    def cells(self) -> list[tuple[str, str, str, str]]:
        """What is shown in numbers, for the table; of shades, the row or the column that is lit, or the cell that is ringed."""
        i, j = self.mark if self.shaded else (None, None)
        rows, columns = self.listed or (self.rows, self.columns)
        rows, columns = rows if i is None else (i,), columns if j is None else (j,)
        return [
            (str(self.name), str(i + self.base), str(j + self.base), written(float(self.values[i, j])))
            for i in rows
            for j in columns
        ]


@dataclass(frozen=True)
class Image(Grid):
    """The one row or column shown, a number for each pixel of an image, laid out as that image; marked is one pixel, or all."""

    @cached_property
    def across(self) -> Track:
        return Track({}, [], self._laid().width)

    @cached_property
    def down(self) -> Track:
        return Track({}, [], self._laid().height)

    @cached_property
    def _shares(self) -> Array:
        return self.values[np.ix_(self.rows, self.columns)]

    @cached_property
    def _numbered(self) -> tuple[list[int], list[int]]:
        return [], []

    def _laid(self) -> Raster:
        return raster_of(self._shares.size)

    def _area(
        self, i: int | None, j: int | None, left: float, top: float, xs: dict[int, float], ys: dict[int, float]
    ) -> tuple[float, float, float, float]:
        raster, pixel = self._laid(), i if len(self.columns) == 1 else j
        if pixel is None:
            return left, top, raster.width, raster.height
        line, place = divmod(pixel, raster.columns)
        return left + place * raster.cell, top + line * raster.tall, raster.cell, raster.tall

    @property
    def shape(self) -> str:
        """784 × 1 as 28 × 28."""
        raster = self._laid()
        return f"{' × '.join(f'{n:,}' for n in self._shares.shape)} as {raster.rows} × {raster.columns}"


def as_image(grid: Grid) -> Image:
    """A vector as the image that it is."""
    return Image(**{each.name: getattr(grid, each.name) for each in fields(grid)})


def _cells_for(count: int) -> int:
    """How many cells so many numbers in a line have."""
    return count if count <= SHADED // LEAST else POOLED


def _side(count: int) -> float:
    """The side of a cell, where so many stand in a line."""
    return min(MOST, SHADED // count) if count <= SHADED // LEAST else SHADED / count


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
    return elements, x, middle + max(grid.height / 2 + grid.below for grid in grids)
