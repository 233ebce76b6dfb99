"""Rows of W¹ and of ∂C/∂W¹ as small images: what a neuron looks for, and how this example would change that (S1.22).

∂C/∂w_j = δ_j x: every tile of the gradient is the example itself, times the error of the neuron. Blue is positive, orange
negative, and the deeper the larger, on a scale with numbers that all tiles of a kind share. A few inputs have their numbers in
the cells instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from chainrule.explanation.shown import unscaled, whole_number
from chainrule.explanation.view import View
from chainrule.nudges.text import signed
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Rect, hue, width_of
from chainrule.pictures.tiles import FEW, Raster, raster_of, shade, tile
from chainrule.writing.formula import Formula, row
from chainrule.writing.numbers import brief, number, short

Array = np.ndarray
MARGIN, TOP = 28.0, 86.0
SIDE, GAP = 96.0, 12.0  # of a tile, at most, and from tile to tile
WIDTH = 700.0  # of neurons side by side
SCALE, LEGEND = 9, 134.0  # cells of a legend, and its width
TEXT, SMALL = 12.5, 10.5  # sizes of what stands below a pair of tiles, and in a cell


def weight_tiles(seen: View, *, most: int = 9) -> Scene:
    """The first layer's neurons of one example x (in,), y (out,), those with the largest ‖∂C/∂w_j‖ first, `most` of them.

    64, 81, … 784, … inputs are drawn as a square image, others as strips. Raises SettingError if `most` is not a number.
    """
    most = whole_number(most, "most")
    slopes = np.outer(seen.into_z[1], seen.trace.a[0])
    order = ranked(slopes)
    shown = [*seen.x, *seen.network.weights[1][order[:most]].flat, *slopes[order[:most]].flat]
    raster = roomy(raster_of(seen.network.sizes[0], SIDE), shown)
    return Picture(seen, slopes, order[:most], order[most:], raster).scene()


def roomy(raster: Raster, values: Sequence[float]) -> Raster:
    """Of a few inputs with cells as wide as their longest number, where a pair of tiles still fits the page."""
    if raster.columns > FEW:
        return raster
    cell = max(raster.cell, math.ceil(max(width_of(brief(float(value), 2), SMALL) for value in values)) + 2)
    return replace(raster, cell=cell) if 2 * raster.columns * cell + GAP <= WIDTH else raster


def ranked(slopes: Array) -> list[int]:
    """The neurons, those with the largest ‖∂C/∂w_j‖ first; of equals the first in order."""
    return np.argsort(-np.linalg.norm(slopes, axis=1), kind="stable").tolist()


# the picture --------------------------------------------------------------------------------------------------------
def legend(text: Formula, largest: float, x: float, y: float, ink: bool = False) -> list[Element]:
    """The scale of what a tile shows, from −largest or, with `ink`, from 0."""
    cell = LEGEND / SCALE
    found: list[Element] = [Label(x, y, text, "ink", 13, "start")]
    for i in range(SCALE if largest else 0):
        share = i / (SCALE - 1) if ink else 2 * i / (SCALE - 1) - 1
        if share:
            role = "ink" if ink else hue(share)
            found.append(Rect(x + cell * i, y + 14, cell, 11, filled=role, stroke=0.0, opacity=shade(share, 1.0)))
    found.append(Rect(x, y + 14, LEGEND, 11, "faint", stroke=0.6))
    found.append(Label(x, y + 36, "0" if ink or not largest else short(-largest, 3), "faint", 10.5, "start"))
    if largest:
        end = short(largest, 3) if ink else f"+{short(largest, 3)}"
        found.append(Label(x + LEGEND, y + 36, end, "faint", 10.5, "end"))
    return found


def numbered(values: Array, largest: float, x: float, y: float, raster: Raster, ink: bool = False) -> list[Element]:
    """A tile with the number of each cell."""
    found = tile(values, largest, x, y, raster, ink)
    for i, value in enumerate(values.tolist()):
        role = "paper" if shade(value, largest) > 0.5 else "ink"  # on a deep colour, or on a pale one
        found.append(Label(x + raster.cell * (i + 0.5), y + raster.tall / 2, brief(value, 2), role, SMALL))
    return found


@dataclass(frozen=True)
class Picture:
    """The neurons of layer 1 that are shown, and the others; `slopes` is ∂C/∂W¹."""

    seen: View
    slopes: Array
    shown: Sequence[int]
    others: Sequence[int]
    raster: Raster

    @property
    def weights(self) -> Array:
        return self.seen.network.weights[1]

    @property
    def symbols(self) -> tuple[Formula, Formula]:
        """w_j and ∂C/∂w_j, the row of W¹ that leads to neuron j."""
        w = self.seen.letter("w", 1, self.seen.how.to_letter)
        return w, row("∂", self.seen.how.letter, "/∂", w)

    @cached_property
    def numbered(self) -> bool:
        """Whether every cell has room for its number: all have one, or none."""
        values = np.concatenate([self.seen.x, *(each[j] for each in (self.weights, self.slopes) for j in self.shown)])
        few = self.raster.columns <= FEW
        return few and all(width_of(brief(each, 2), SMALL) < self.raster.cell for each in values.tolist())

    def length(self, j: int) -> float:
        """‖∂C/∂w_j‖."""
        return float(np.linalg.norm(self.slopes[j]))

    @property
    def rest(self) -> str:
        """The lengths of the others, added up."""
        return number(math.fsum(map(self.length, self.others)))

    def scene(self) -> Scene:
        """The example and the scales above; the neurons, a pair of tiles for each, below."""
        raster, (w, g) = self.raster, self.symbols
        texts = {j: self._texts(j) for j in self.shown}
        wide, text = 2 * raster.width + GAP, max(width_of(text, TEXT) for lines in texts.values() for text in lines)
        pair, beside = max(wide, text) + 22, text + 8 < wide / 3  # below a long strip all is said in one line
        across, tall = max(1, int(WIDTH // pair)), raster.height + (46 if beside else 88)
        top = TOP + max(raster.height, 30.0) + 56
        title = row("Layer 1: the weights ", w, " into a neuron, and ", g, " of this example")
        elements: list[Element] = [
            Label(MARGIN, 30, title, size=16, anchor="start", bold=True),
            *self._example(),
            Label(MARGIN, top - 20, self._reading(), "faint", 12, "start"),
        ]
        largest = [float(np.abs(values).max()) for values in (self.weights, self.slopes)]
        drawn = numbered if self.numbered else tile
        for i, (j, lines) in enumerate(texts.items()):
            x, y = MARGIN + pair * (i % across), top + tall * (i // across)
            elements += drawn(self.weights[j], largest[0], x, y, raster)
            elements += drawn(self.slopes[j], largest[1], x + raster.width + GAP, y, raster)
            for k, line in enumerate(lines):
                dx, dy, role = k * wide / 3 * beside, 21 * k * (not beside), "backward" if k else "ink"
                elements.append(Label(x + dx, y + raster.height + 17 + dy, line, role, TEXT, "start", slanted=k > 0))
        if self.others:
            some = "s" if len(self.others) > 1 else ""
            more = row(f"{len(self.others):,} more neuron{some}, Σ ‖", g, "‖ = ", self.rest)
            elements.append(Label(MARGIN, top + tall * math.ceil(len(texts) / across), more, "ink", 13, "start"))
        return Scene.around(
            elements,
            24,
            "Rows of the first weight matrix and of its gradient",
            self._description(),
            self._table(),
            "weight-tiles",
        )

    def _example(self) -> list[Element]:
        """The example as the network is given it, before it as it was where columns were shifted and scaled; the scales."""
        images = [("what the network is given", self.seen.x)]
        before = unscaled(self.seen)
        if before is not None and self.raster.image:
            images.insert(0, ("the example", before))
        found: list[Element] = []
        x = MARGIN
        for text, values in images:
            largest, plain = float(np.abs(values).max()), not (values < 0).any()
            found.append(Label(x, TOP - 20, text, "faint", 12, "start"))
            found += (numbered if self.numbered else tile)(values, largest, x, TOP, self.raster, ink=plain)
            x += max(self.raster.width, width_of(text, 12)) + 18
        x += 16
        if self.numbered:
            return found
        scales = zip((self.seen.how.symbol("a", 0), *self.symbols), (self.seen.x, self.weights, self.slopes))
        for i, (symbol, values) in enumerate(scales):
            largest, plain = float(np.abs(values).max()), not (self.seen.x < 0).any()
            found += legend(symbol, largest, x + (LEGEND + 18) * i, TOP - 20, ink=plain and i == 0)
        return found

    def _reading(self) -> Formula:
        """What a pair of tiles is."""
        hues = "; blue above 0, orange below" * self.numbered
        (w, g), delta = self.symbols, self.seen.letter("δ", 1, self.seen.how.to_letter)
        product = row(delta, " ", self.seen.how.symbol("a", 0))
        return row(w, " on the left; ", g, " = ", product, " on the right: the example, scaled", hues)

    def _texts(self, j: int) -> list[Formula]:
        """Below a pair of tiles: which neuron, its δ, and how long its gradient is, or of one input how it is made."""
        seen, w = self.seen, self.seen.letter("w", 1, j)
        delta, by = seen.letter("δ", 1, j), row("∂", seen.how.letter, "/∂", w)
        made = row("‖", by, "‖ = ", number(self.length(j)))
        if len(seen.x) == 1:
            x = brief(float(seen.x[0]))
            factors = f"{brief(float(seen.into_z[1][j]))} · {f'({x})' if x.startswith('−') else x}"
            made = row(by, f" = {factors} = {signed(float(self.slopes[j, 0]))}")
        return [
            row(w, " into ", seen.letter("a", 1, j)),
            row(delta, " = ", signed(float(seen.into_z[1][j]))),
            made,
        ]

    def _description(self) -> str:
        raster, how, first = self.raster, self.seen.how, self.shown[0]
        laid = f"{raster.rows} × {raster.columns} images" if raster.image else "strips"
        return (
            f"The weights into {len(self.shown)} of {len(self.slopes):,} neurons of layer 1 as {laid}, each beside its "
            f"derivative, which is the example times the neuron's {how.word} δ. The largest is that of neuron "
            f"{first + how.base}, of length {number(self.length(first))}."
        )

    def _table(self) -> tuple[tuple[str, ...], ...]:
        rows = [("neuron", "δ", "length of its weights", "length of their gradient", "largest |∂|")]
        for j in self.shown:
            sizes = (float(np.linalg.norm(self.weights[j])), self.length(j), float(np.abs(self.slopes[j]).max()))
            name, delta = str(j + self.seen.how.base), signed(float(self.seen.into_z[1][j]))
            rows.append((name, delta, number(sizes[0]), number(sizes[1]), number(sizes[2])))
        if self.others:
            rows.append((f"{len(self.others):,} more", "", "", f"Σ = {self.rest}", ""))
        return tuple(rows)
