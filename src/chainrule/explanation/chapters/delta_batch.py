"""A batch through one layer: every sample a column of a, z and δ, each one's gradient, and their sum (S4.16, S4.17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from chainrule.conventions import Convention
from chainrule.explanation.noise import exact_sum, settled_gradient, settled_passes
from chainrule.explanation.parts.grid import SIZE, Grid, as_image, laid_out
from chainrule.explanation.parts.terms import terms_of
from chainrule.explanation.shown import neuron_of, strongest, whole_number
from chainrule.explanation.typeset import role_of
from chainrule.forward import shares
from chainrule.ids import Id
from chainrule.pictures.scene import Scene, Table
from chainrule.pictures.shapes import Element, Label, Rect, width_of
from chainrule.pictures.tiles import raster_of
from chainrule.problem import Problem
from chainrule.writing.formula import Formula, Symbol, row
from chainrule.writing.numbers import brief, written

Array = np.ndarray
MARGIN, WIDEST = 24.0, 800.0  # of the page, and of a line of matrices
STEP, LINE = 15.0, 24.0  # from card to card, and of numbers
NUMBERS, SHADES, CARDS = 6, 64, 4  # rows or columns as numbers and as shades, and cards of the stack, at most


def delta_batch(
    problem: Problem,
    how: Convention,
    *,
    by: str | Id | None = None,
    layer: int | None = None,
    neuron: int | None = None,
    most: int = 8,
) -> Scene:
    """One layer for rows x (batch, in) and their targets y: a, z, a and δ as neuron × sample, and ∂c_i/∂W of each sample.

    Samples are columns, or rows by the convention's orientation; larger matrices than 6 × 6 are shown as shades. The stack
    [sample, neuron, weight] adds up to the gradient, or is averaged where the convention's C is a mean. One weight is followed
    through it: "w/2/0/1", or the steepest of a neuron, and of itself that of the neuron with the largest mean |δ|. Of more than
    `most` samples the numbers of those that add most to it are shown, and the sum of all others.
    """
    passes = problem.once(settled_passes)
    sizes = {l: np.abs(delta).mean(axis=0) for l, delta in passes.delta.items()}
    here, source = neuron_of(problem.network, by, layer, neuron, sizes)
    l, j, count = here.layer, here.neuron, whole_number(most, "most", 3)
    total = settled_gradient(problem, shares(len(problem.x), "sum" if how.over == "sum" else "mean")).weights[l]
    problem.check_finite(gradient=[(l, total)])
    k = strongest(total[j].tolist(), 1)[0] if source is None else source
    arrays = passes.trace.a[l - 1], passes.trace.z[l], passes.trace.a[l], passes.delta[l], total
    return _scene(Batch(how, max(problem.network.sizes) == 1, l, j, k, count, *arrays))


@dataclass(frozen=True)
class Batch:
    """One layer of one batch, arrays (sample, neuron) here as everywhere, and its gradient, their sum or mean.

    The weight to j from k is followed, with the numbers of `most` samples.
    """

    how: Convention
    bare: bool
    layer: int
    j: int
    k: int
    most: int
    before: Array
    z: Array
    a: Array
    delta: Array
    total: Array

    @cached_property
    def entries(self) -> list[float]:
        """∂c_i/∂w_jk of every sample."""
        found: list[float] = (self.delta[:, self.j] * self.before[:, self.k]).tolist()
        return found

    @cached_property
    def numbered(self) -> list[int]:
        """The samples whose numbers are written."""
        return strongest(self.entries, self.most)

    @cached_property
    def left(self) -> list[float]:
        """What all other samples add."""
        return [each for i, each in enumerate(self.entries) if i not in self.numbered]

    # matrices
    def look(self, letter: str) -> tuple[str, bool]:
        """The role of a letter, and whether it leans."""
        return ("backward", True) if letter == "δ" else (role_of(self.how, letter, "forward"), False)

    @cached_property
    def shown(self) -> tuple[tuple[int, ...], ...]:
        """The samples, the neurons and the inputs of the matrices, where these are large the strongest."""
        sizes, slopes = np.abs(self.delta).mean(axis=0).tolist(), self.total[self.j].tolist()
        asked = ((self.entries, None), (sizes, self.j), (slopes, self.k))
        samples, js, ks = (tuple(strongest(values, SHADES, pinned)) for values, pinned in asked)
        return samples, js, tuple(range(len(slopes))) if self.pictured else ks

    @property
    def pictured(self) -> bool:
        """Whether the samples are images, and so the weights of a neuron."""
        return self.layer == 1 and raster_of(self.before.shape[1]).image

    @cached_property
    def matrices(self) -> list[Grid]:
        """What the layer is given, makes of it, and is sent back: neuron × sample, or the other way round, one row lit."""
        (samples, js, ks), upright = self.shown, self.how.orientation == "columns"
        here = zip("zaδ", (self.z, self.a, self.delta))
        parts = [("a", self.layer - 1, self.before, ks, self.k), *((s, self.layer, v, js, self.j) for s, v in here)]
        return [
            self._grid(self.how.symbol(s, l), s, v.T, (rows, samples), ("neuron" if l else "input", "sample"), upright,
                       lit=(lit, None))
            for s, l, v, rows, lit in parts
        ]  # fmt: skip

    def weights(self, name: Formula, values: Array) -> Grid:
        """A matrix in the shape of W, the weight that is followed ringed; of images the row that it is in."""
        upright, axes = self.how.order == "to,from", ("neuron", "weight")
        js, ks = self.shown[1:]
        grid = self._grid(
            name, "δ", values, ((self.j,) if self.pictured else js, ks), axes, upright, ringed=(self.j, self.k)
        )
        return as_image(grid) if self.pictured else grid

    def _grid(
        self, name: Formula, letter: str, values: Array, shown: Any, axes: Any, upright: bool, **mark: Any
    ) -> Grid:
        (rows, columns), (role, slanted) = shown, self.look(letter)
        grid = Grid(name, values, rows, columns, role, slanted, base=self.how.base, axes=axes,
                    shaded=max(values.shape) > NUMBERS, **mark)  # fmt: skip
        return grid if upright else grid.turned()

    def followed(self) -> list[tuple[Formula, str, list[float]]]:
        """What makes the gradients of the weight that is followed: a name, a letter and one number per sample for each."""
        l, (to, source) = self.layer, ((), ()) if self.bare else ((self.j,), (self.k,))
        here = [(s, v) for s, v in zip("zaδ", (self.z, self.a, self.delta)) if s == "δ" or max(v.shape) > NUMBERS]
        return [
            (self.how.symbol("a", l - 1, *source), "a", self.before[:, self.k].tolist()),
            *((self.how.symbol(letter, l, *to), letter, v[:, self.j].tolist()) for letter, v in here),
            (row("∂", self.own, "/∂", self.weight), "δ", self.entries),
        ]

    # words
    @property
    def weight(self) -> Symbol:
        """The weight that is followed."""
        return self.how.symbol("w", self.layer) if self.bare else self.how.weight(self.layer, self.j, self.k)

    @property
    def side(self) -> str:
        """What a sample is in the matrices."""
        return self.how.orientation.removesuffix("s")

    @property
    def own(self) -> Symbol:
        """A sample's own cost, c_i."""
        return Symbol(self.how.letter.lower(), below="i")

    @property
    def gathered(self) -> tuple[Formula, str, str]:
        """How the samples' gradients make the gradient (S1.11): in a formula, between two pictures, and as a sentence."""
        count, sigma = len(self.entries), Symbol("Σ", below="i")
        if count == 1:
            return row(), "=", "is"
        if self.how.over == "sum":
            return row(sigma, " "), "Σ →", "added up over the samples, is"
        return row(f"1/{count:,} ", sigma, " "), "mean →", "averaged over the samples, is"

    @property
    def stacked(self) -> str:
        """The axes of the stack of gradients, and its shape."""
        axes, shape = "[sample, neuron, weight]", self.total.shape
        if self.how.order != "to,from":
            axes, shape = "[sample, weight, neuron]", shape[::-1]
        return f"{axes}: {' × '.join(f'{n:,}' for n in (len(self.entries), *shape))}"

    def entry(self) -> Formula:
        """How the entries of the samples give that of the gradient."""
        shown, count = [self.entries[i] for i in self.numbered], len(self.entries)
        some = [(each, "") for each in shown] if count <= NUMBERS else [(exact_sum(shown), f"{len(shown)} shown")]
        terms = terms_of([*some, *([(exact_sum(self.left), f"{len(self.left):,} more samples")] if self.left else [])])
        total = terms if self.how.over == "sum" else row("(", terms, f") / {count:,}")
        made = row(total, " = ") if count > 1 else row()
        return row("∂", self.how.letter, "/∂", self.weight, " = ", made, written(float(self.total[self.j, self.k])))

    def table(self, grids: Sequence[Grid]) -> Table:
        """The numbers of the matrices, what each sample adds to the weight that is followed, and the sum."""
        name, _, entries = self.followed()[-1]
        added = [(str(name), str(i + self.how.base), str(self.how.base), written(entries[i])) for i in self.numbered]
        cells = [cell for grid in grids for cell in grid.cells()]
        return (("matrix", "row", "column", "value"), *cells, *added, ("gradient", "", "", str(self.entry())))


# on the page --------------------------------------------------------------------------------------------------------
def _scene(batch: Batch) -> Scene:
    count, w, (gathers, sign, gathered) = len(batch.entries), batch.how.symbol("w", batch.layer), batch.gathered
    (a, *_), *_, (delta, *_), (product, *_) = batch.followed()
    name, own = row("∂", batch.how.letter, "/∂", w), row("∂", batch.own, "/∂", w)
    w_j = batch.how.symbol("w", batch.layer, batch.j) if batch.pictured else w
    elements, top = _gridwork(batch)
    front, cards, edge, bottom = _stack(batch, row("∂", batch.own, "/∂", w_j), top + 34)
    total = batch.weights(row("∂", batch.how.letter, "/∂", w_j), batch.total)
    beside = edge + total.width <= WIDEST - 80
    gradient, _, low = laid_out([sign, total], *((edge, top + 24) if beside else (MARGIN, bottom)))
    bottom = max(bottom, low) + 12
    numbers = _numbers(batch, bottom + 36)
    foot, of = numbers[-1].box.bottom + 24, f"w/{batch.layer}/{batch.j}/{batch.k}"
    elements += [
        *_band("gradient", row(name, " = ", gathers, own, ", ", batch.stacked), top),
        *cards,
        *gradient,
        *_band("one weight", row(product, " = ", a, " ", delta, " in every sample"), bottom),
        *numbers,
        Label(MARGIN, foot, batch.entry(), "backward", 13, "start", True, of=of),
    ]
    title = f"Layer {batch.layer} for a batch of {count:,}"
    says = (
        f"{title}: a sample is a {batch.side} of the matrices of activations, z and δ. Each has a gradient of its own in the "
        f"shape of W; their stack {batch.stacked}, {gathered} the gradient: {batch.entry()}."
    )
    table = partial(batch.table, (*batch.matrices, front, total))
    scene = Scene.around(elements, MARGIN, title, says, table, "delta-batch")
    return scene.headed("every sample has a gradient of its own in the shape of the weights", MARGIN)


def _band(title: str, says: Formula | str, top: float) -> list[Element]:
    """The head of a part: what it is, and how it is made."""
    role = "forward" if title == "batch" else "backward"
    head = Label(MARGIN, top + 8, title, role, 12, "start", slanted=role == "backward")
    return [head, Label(MARGIN + 84, top + 8, says, "ink", 15, "start")]


def _gridwork(batch: Batch) -> tuple[list[Element], float]:
    """The matrices of the batch in as many lines as they need, and where they end."""
    grids = batch.matrices
    for each in (4, 2, 1):  # to a line: all, in pairs, or one
        lines = [grids[i : i + each] for i in range(0, len(grids), each)]
        if max(sum(grid.width + 36 for grid in line) for line in lines) <= WIDEST:
            break
    shared = any(grid.shaded and grid.in_cell > 1 for grid in grids)
    hues = "; blue above 0, orange below" * any(grid.shaded for grid in grids) + ", a cell a mean" * shared
    elements, top = _band("batch", f"a sample is a {batch.side}{hues}", MARGIN), MARGIN + 34
    for line in lines:
        drawn, _, bottom = laid_out([piece for grid in line for piece in (grid, " ")][:-1], MARGIN, top)
        elements += drawn
        top = bottom + 12
    return elements, top + 16


def _stack(batch: Batch, name: Formula, top: float) -> tuple[Grid, list[Element], float, float]:
    """∂c_i/∂W of some samples as cards one behind the other, the first in front, and the right and lower edge."""
    count, base = len(batch.entries), batch.how.base
    first, *others = strongest(batch.entries, CARDS if count <= CARDS else CARDS - 1)
    front = batch.weights(name, np.outer(batch.delta[first], batch.before[first]))
    texts = [str(sample + base) for sample in (first, *others)] + [f"{count - CARDS + 1:,} more"] * (count > CARDS)
    width, high = front.width + 24 + 2 * front.overhang, front.above + front.height + front.below + 10
    elements: list[Element] = []
    for place, text in reversed(list(enumerate(texts))):
        x, y = MARGIN + STEP * place, top + STEP * (len(texts) - 1 - place)
        elements.append(Rect(x, y, width, high, "faint", "paper", 0.9, 4.0))
        elements.append(Label(x + width - 6, y + (STEP / 2 if place else 9), text, "faint", 10.5, "end"))
    elements += front.draw(MARGIN + 10 + front.overhang, y + 10 + front.above + front.height / 2)
    named = replace(front, name=row(name, f", sample {first + base}"))
    return named, elements, MARGIN + width + STEP * (len(texts) - 1), y + high + 24


def _numbers(batch: Batch, top: float) -> list[Element]:
    """The numbers that make the gradients of one weight, one column per sample."""
    rows = [(name, batch.look(letter), [brief(v[i]) for i in batch.numbered]) for name, letter, v in batch.followed()]
    wide = max(width_of(text, SIZE) for *_, texts in rows for text in texts) + 14
    left = MARGIN + max(width_of(name, 14) for name, *_ in rows) + wide / 2 + 8
    xs = [left + n * wide for n in range(len(batch.numbered))]
    found: list[Element] = [Label(x, top, str(i + batch.how.base), "faint", 11) for x, i in zip(xs, batch.numbered)]
    for m, (name, (role, slanted), texts) in enumerate(rows, 1):
        found.append(Label(left - wide / 2 - 4, top + m * LINE, name, role, 14, "end", slanted=slanted))
        found += [Label(x, top + m * LINE, text, role, SIZE, slanted=slanted) for x, text in zip(xs, texts)]
    return found
