"""Numbers as cells, the deeper the larger, blue where positive and orange where negative: images and strips."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from chainrule.pictures.shapes import Element, Rect, hue

Array = np.ndarray
IMAGE = 64  # numbers from which on a square number of them is taken to be an image
SIDE = 112.0  # of an image, at most
STRIP, WIDEST = 14.0, 24  # height of a strip's cell, and cells in a line of it
FEW, ROOMY, HIGH = 6, 49.0, 24.0  # so many cells have room for their numbers: width and height of each
SHADES = 20  # steps of opacity


@dataclass(frozen=True)
class Raster:
    """How numbers are laid out: rows × columns of cells, each `cell` wide and `tall` high."""

    rows: int
    columns: int
    cell: float
    tall: float
    image: bool

    @property
    def width(self) -> float:
        return self.columns * self.cell

    @property
    def height(self) -> float:
        return self.rows * self.tall


def raster_of(count: int, side: float = SIDE) -> Raster:
    """A square where the numbers may be an image, else lines of cells; a few have room for their numbers."""
    rows = math.isqrt(count)
    if count >= IMAGE and rows * rows == count:
        cell = max(1.0, math.floor(side / rows))
        return Raster(rows, rows, cell, cell, True)
    if count <= FEW:
        return Raster(1, count, max(ROOMY, math.floor(side / count)), HIGH, False)
    columns = min(count, WIDEST)
    return Raster(math.ceil(count / columns), columns, max(4.0, math.floor(side / columns)), STRIP, False)


def shade(value: float, largest: float) -> float:
    """How opaque a cell is: |value| / largest, in twentieths."""
    return round(SHADES * abs(value) / largest) / SHADES if largest else 0.0


def tile(values: Array, largest: float, x: float, y: float, raster: Raster, ink: bool = False) -> list[Element]:
    """One cell per number, in a thin frame; with `ink` in the colour of text, for what is never negative.

    Neighbours of one shade are drawn as one, and all cells of one shade become one path in the SVG.
    """
    cells: list[Rect] = []
    for line in range(raster.rows):
        part = values[line * raster.columns : (line + 1) * raster.columns].tolist()
        start = 0
        for shaded, run in groupby(math.copysign(shade(value, largest), value) for value in part):
            length = len(list(run))
            if shaded:
                role = "ink" if ink else hue(shaded)
                place = (x + start * raster.cell, y + line * raster.tall, length * raster.cell, raster.tall)
                cells.append(Rect(*place, filled=role, stroke=0.0, opacity=abs(shaded)))
            start += length
    frame = Rect(x - 1, y - 1, raster.width + 2, raster.height + 2, "faint", stroke=0.6)
    return [frame, *sorted(cells, key=lambda cell: (cell.filled, cell.opacity))]


def pooled(values: Array, rows: int, columns: int) -> Array:
    """A matrix in at most so many rows and columns: the mean of the neighbours that share a cell."""
    for axis, most in enumerate((rows, columns)):
        count = values.shape[axis]
        starts = np.arange(0, count, math.ceil(count / most))
        sizes = np.diff(starts, append=count)
        share = np.repeat(sizes, sizes).reshape((-1, 1) if axis == 0 else (1, -1))
        values = np.add.reduceat(values / share, starts, axis)
    return values
