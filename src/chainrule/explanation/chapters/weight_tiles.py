"""Rows of W¹ and of ∂C/∂W¹ as small images: what a neuron looks for, and how this example would change that (S1.22).

∂C/∂w_j = δ_j x: every tile of the gradient is the example itself, times the error of the neuron. Blue is positive, orange
negative, and the deeper the larger, on a scale with numbers that all tiles of a kind share.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.data import Number
from chainrule.errors import SettingError, brief
from chainrule.explanation.view import View, view
from chainrule.ids import Id
from chainrule.network import Network
from chainrule.nudges.text import signed
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Rect, extent
from chainrule.writing.formula import Formula, row
from chainrule.writing.numbers import number, short

Array = np.ndarray
IMAGE = 64  # inputs from which on a square number of them is taken to be an image
SIDE = 112.0  # of an image, at most
STRIP, WIDEST = 14.0, 24  # height of a strip's cell, and cells in a line of it
MARGIN, TOP = 32.0, 92.0
ACROSS = 4  # neurons side by side
SHADES = 20  # steps of opacity
SCALE, LEGEND = 9, 126.0  # cells of a legend, and its width
TEXT = 12.5  # size of what stands below a pair of tiles


@dataclass(frozen=True)
class Grid:
    """How the inputs are laid out: rows × columns of cells, each `cell` wide and `tall` high."""

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


def weight_tiles(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
    most: int = 8,
) -> Scene:
    """The first layer's neurons of one example x (in,), y (out,), those with the largest ‖∂C/∂w_j‖ first, `most` of them.

    64, 81, … 784, … inputs are drawn as a square image, others as strips. Raises SettingError for a `most` that is no number.
    """
    how = as_convention(convention)
    seen = view(network, x, y, how.cost_for(network, cost), Id("C"), how)
    if isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 1:
        raise SettingError(f"most is how many neurons are shown, 1 or more; got {brief(most)}")
    slopes = np.outer(seen.into_z[1], seen.trace.a[0])
    order = ranked(slopes)
    return _drawn(seen, slopes, order[: int(most)], order[int(most) :])


def ranked(slopes: Array) -> list[int]:
    """The neurons, those with the largest ‖∂C/∂w_j‖ first; of equals the first in order."""
    return np.argsort(-np.linalg.norm(slopes, axis=1), kind="stable").tolist()


def grid_of(inputs: int) -> Grid:
    """A square where the inputs may be an image, else lines of cells."""
    side = math.isqrt(inputs)
    if inputs >= IMAGE and side * side == inputs:
        cell = max(1.0, math.floor(SIDE / side))
        return Grid(side, side, cell, cell, True)
    columns = min(inputs, WIDEST)
    return Grid(math.ceil(inputs / columns), columns, max(4.0, math.floor(SIDE / columns)), STRIP, False)


def shade(value: float, largest: float) -> float:
    """How opaque a cell is: |value| / largest, in twentieths."""
    return round(SHADES * abs(value) / largest) / SHADES if largest else 0.0


# the picture --------------------------------------------------------------------------------------------------------
def _drawn(seen: View, slopes: Array, shown: Sequence[int], others: Sequence[int]) -> Scene:
    weights, grid = seen.network.weights[1], grid_of(seen.network.sizes[0])
    largest = {"w": float(np.abs(weights).max()), "g": float(np.abs(slopes).max()), "x": float(np.abs(seen.x).max())}
    w, g = _symbols(seen)
    pair = 2 * grid.width + 14
    cell = max(pair, *(TEXT * extent(text)[0] for j in shown for text in _texts(seen, slopes, j))) + 34
    left = MARGIN + max(grid.width, LEGEND) + 46
    example, below = _example(seen, largest["x"], grid)
    title = row("Layer 1: the weights ", w, " into a neuron, and ", g, " of this example")
    elements: list[Element] = [
        Label(MARGIN, 30, title, size=16, anchor="start", bold=True),
        *example,
        *_legends(seen, largest, w, g, MARGIN, below),
        Label(left, TOP - 22, row(w, " on the left, ", g, " on the right"), "faint", 12, "start"),
    ]
    tall = grid.height + 92
    for i, j in enumerate(shown):
        x, y = left + cell * (i % ACROSS), TOP + tall * (i // ACROSS)
        elements += [
            *_frame(x, y, grid),
            *_tile(weights[j], largest["w"], x, y, grid),
            *_frame(x + grid.width + 14, y, grid),
            *_tile(slopes[j], largest["g"], x + grid.width + 14, y, grid),
        ]
        for k, text in enumerate(_texts(seen, slopes, j)):
            elements.append(
                Label(x, y + grid.height + 17 + 21 * k, text, "backward" if k else "ink", TEXT, "start", slanted=k > 0)
            )
    foot = TOP + tall * math.ceil(len(shown) / ACROSS)
    if others:
        rest = math.fsum(float(np.linalg.norm(slopes[j])) for j in others)
        text = row(f"{len(others):,} more neuron{'s' if len(others) > 1 else ''}, Σ ‖", g, "‖ = ", number(rest))
        elements.append(Label(left, foot, text, "ink", 13, "start"))
    return _scene(seen, elements, slopes, shown, others, grid)


def _example(seen: View, largest: float, grid: Grid) -> tuple[list[Element], float]:
    """The example as the network is given it, above it as it was where columns were shifted and scaled; and where that ends."""
    found: list[Element] = []
    y, images = TOP, [("what the network is given", seen.x, largest)]
    before = unscaled(seen)
    if before is not None and grid.image:
        images = [("the example", before, float(np.abs(before).max())), ("what the network is given", seen.x, largest)]
    for text, values, size in images:
        found.append(Label(MARGIN, y - 22, text, "faint", 12, "start"))
        found += [*_frame(MARGIN, y, grid), *_tile(values, size, MARGIN, y, grid, ink=not (values < 0).any())]
        y += grid.height + 44
    return found, y - 6


def unscaled(seen: View) -> Array | None:
    """The inputs in the user's terms where the network's are shifted and scaled numbers; None where they are not."""
    terms = seen.network.preprocessing
    if terms is None or terms.columns is None:
        return None
    numbers = [column for column in terms.columns if isinstance(column, Number) and not column.indicator]
    if len(numbers) < len(terms.columns):
        return None
    means, scales = np.array([column.mean for column in numbers]), np.array([column.scale for column in numbers])
    raw = seen.x * scales + means
    raw[np.abs(raw) <= 1e-6 * np.abs(means)] = 0.0  # what is left of a 0 that was shifted there and back
    return None if np.array_equal(raw, seen.x) else raw


def _symbols(seen: View) -> tuple[Formula, Formula]:
    """w_j and ∂C/∂w_j, the row of W¹ that leads to neuron j."""
    w = seen.letter("w", 1, seen.how.to_letter)
    return w, row("∂", seen.how.letter, "/∂", w)


def _texts(seen: View, slopes: Array, j: int) -> list[Formula]:
    """Below a pair of tiles: which neuron, its δ, and how long its gradient is."""
    w = seen.letter("w", 1, j)
    length = number(float(np.linalg.norm(slopes[j])))
    delta = row(seen.letter("δ", 1, j), " = ", signed(float(seen.into_z[1][j])))
    return [row(w, " into ", seen.letter("a", 1, j)), delta, row("‖∂", seen.how.letter, "/∂", w, "‖ = ", length)]


def _frame(x: float, y: float, grid: Grid) -> list[Element]:
    """A thin frame around a tile."""
    return [Rect(x - 1, y - 1, grid.width + 2, grid.height + 2, "faint", stroke=0.6)]


def _tile(values: Array, largest: float, x: float, y: float, grid: Grid, ink: bool = False) -> list[Rect]:
    """The cells of a tile by shade: those of one shade become one path in the SVG."""
    return sorted(_cells(values, largest, x, y, grid, ink), key=lambda cell: (cell.filled, cell.opacity))


def _cells(values: Array, largest: float, x: float, y: float, grid: Grid, ink: bool) -> Iterator[Rect]:
    """A cell a number, neighbours of one shade drawn as one; with `ink` in the colour of text, for what is never negative."""
    for line in range(grid.rows):
        part = values[line * grid.columns : (line + 1) * grid.columns].tolist()
        shades = [(math.copysign(shade(value, largest), value)) for value in part]
        start = 0
        for i in range(1, len(shades) + 1):
            if i < len(shades) and shades[i] == shades[start]:
                continue
            if shades[start]:
                role = "ink" if ink else "positive" if shades[start] > 0 else "negative"
                place = (x + start * grid.cell, y + line * grid.tall, (i - start) * grid.cell, grid.tall)
                yield Rect(*place, filled=role, stroke=0.0, opacity=abs(shades[start]))
            start = i


def _legends(seen: View, largest: dict[str, float], w: Formula, g: Formula, x: float, y: float) -> list[Element]:
    """The scales of the example, of weights and of their derivatives, with numbers."""
    found: list[Element] = []
    plain = not (seen.x < 0).any()
    cell = LEGEND / SCALE
    for text, size, ink in (
        (seen.how.symbol("a", 0), largest["x"], plain),
        (w, largest["w"], False),
        (g, largest["g"], False),
    ):
        found.append(Label(x, y, text, "ink", 13, "start"))
        for i in range(SCALE):
            share = i / (SCALE - 1) if ink else 2 * i / (SCALE - 1) - 1
            role = "ink" if ink else "positive" if share > 0 else "negative"
            if share and size:
                found.append(Rect(x + cell * i, y + 14, cell, 11, filled=role, stroke=0.0, opacity=shade(share, 1.0)))
        found.append(Rect(x, y + 14, LEGEND, 11, "faint", stroke=0.6))
        found.append(Label(x, y + 36, "0" if ink or not size else short(-size, 3), "faint", 10.5, "start"))
        if size:
            found.append(
                Label(x + LEGEND, y + 36, short(size, 3) if ink else f"+{short(size, 3)}", "faint", 10.5, "end")
            )
        y += 66
    return found


def _scene(
    seen: View, elements: Sequence[Element], slopes: Array, shown: Sequence[int], others: Sequence[int], grid: Grid
) -> Scene:
    boxes = [each.box for each in elements if isinstance(each, Label)]
    edges = [(each.x + each.width, each.y + each.height) for each in elements if isinstance(each, Rect)]
    first = shown[0]
    laid = f"{grid.rows} × {grid.columns} images" if grid.image else "strips"
    return Scene(
        max([box.right for box in boxes] + [x for x, _ in edges]) + 24,
        max([box.bottom for box in boxes] + [y for _, y in edges]) + 22,
        tuple(elements),
        "Rows of the first weight matrix and of its gradient",
        f"The weights into {len(shown)} of {len(slopes):,} neurons of layer 1 as {laid}, each beside its derivative, which is "
        f"the example times the neuron's {seen.how.word} δ. The largest is that of neuron {first + seen.how.base}, of length "
        f"{number(float(np.linalg.norm(slopes[first])))}.",
        _table(seen, slopes, shown, others),
        "weight-tiles",
    )


def _table(seen: View, slopes: Array, shown: Sequence[int], others: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    weights = seen.network.weights[1]
    rows: list[tuple[str, ...]] = [("neuron", "δ", "length of its weights", "length of their gradient", "largest |∂|")]
    for j in shown:
        numbers = (np.linalg.norm(weights[j]), np.linalg.norm(slopes[j]), np.abs(slopes[j]).max())
        rows.append(
            (str(j + seen.how.base), signed(float(seen.into_z[1][j])), *(number(float(each)) for each in numbers))
        )
    if others:
        rest = math.fsum(float(np.linalg.norm(slopes[j])) for j in others)
        rows.append((f"{len(others):,} more", "", "", f"Σ = {number(rest)}", ""))
    return tuple(rows)
