"""A batch as matrices, one column per sample, and the gradients of the samples as a stack that is summed (S4.16, S4.17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainrule.conventions import Convention
from chainrule.explanation.noise import exact_sum, settled_gradient, settled_passes
from chainrule.explanation.parts.grid import Grid, laid_out
from chainrule.explanation.parts.terms import terms_of
from chainrule.explanation.shown import neuron_of, strongest, whole_number
from chainrule.forward import shares
from chainrule.ids import Id
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Rect
from chainrule.problem import Problem
from chainrule.writing.formula import Formula, Symbol, row
from chainrule.writing.numbers import written

Array = np.ndarray
MARGIN, WIDEST, STEP = 30.0, 1400.0, 15.0  # of the page; of a line of matrices; from card to card of the stack
FEWER = 5  # columns of W that are shown where there are more than `most`


def delta_batch(
    problem: Problem,
    how: Convention,
    *,
    by: str | Id | None = None,
    layer: int | None = None,
    neuron: int = 0,
    most: int = 8,
) -> Scene:
    """One layer for rows x (batch, in) and their targets y: a, z, a and δ as neuron × sample, and ∂c_i/∂W of each sample.

    Samples are columns, or rows by the convention's orientation. The stack [sample, neuron, weight] adds up to the gradient,
    or is averaged where the convention's C is a mean. One weight is followed through it: "w/2/0/1", or the steepest of a
    neuron. Of more than `most` samples those that add most to it are shown, and the sum of all others.
    """
    here, source = neuron_of(problem.network, by, layer, neuron)
    return _scene(Batch.of(problem, how, here, source, whole_number(most, "most", 3)))


@dataclass(frozen=True)
class Batch:
    """One layer of one batch: arrays are (sample, neuron) here, as everywhere; the weight to j from k is followed.

    entries  ∂c_i/∂w_jk of every sample; total  the gradient matrix, their sum or mean; samples, js, ks  what is shown.
    """

    how: Convention
    bare: bool
    layer: int
    j: int
    k: int
    before: Array
    z: Array
    a: Array
    delta: Array
    entries: tuple[float, ...]
    total: Array
    samples: tuple[int, ...]
    js: tuple[int, ...]
    ks: tuple[int, ...]

    @classmethod
    def of(cls, problem: Problem, how: Convention, here: Id, source: int | None, most: int) -> Batch:
        passes = problem.once(settled_passes)
        z, a, delta = passes.trace.z[here.layer], passes.trace.a[here.layer], passes.delta[here.layer]
        before = passes.trace.a[here.layer - 1]
        share = shares(len(problem.x), "sum" if how.over == "sum" else "mean")
        total = settled_gradient(problem, share).weights[here.layer]
        problem.check_finite(gradient=[(here.layer, total)])
        j = here.neuron
        steepness = [float(each) for each in total[j]]
        k = source if source is not None else strongest(steepness, 1)[0]
        entries = tuple(float(each) for each in delta[:, j] * before[:, k])
        js = range(len(total)) if len(total) <= most else sorted({0, j, len(total) - 1})
        columns = most if len(steepness) <= most else min(most, FEWER)
        shown = (tuple(strongest(entries, most)), tuple(js), tuple(strongest(steepness, columns, k)))
        return cls(how, max(problem.network.sizes) == 1, here.layer, j, k, before, z, a, delta, entries, total, *shown)

    @property
    def left(self) -> list[float]:
        """What the samples that are not shown add."""
        return [each for i, each in enumerate(self.entries) if i not in self.samples]

    def grid(self, letter: str, layer: int, values: Array, shown: Sequence[int], lit: int | None = None) -> Grid:
        """Neuron × sample, or the other way round; the row of one neuron lit."""
        role, slanted = ("backward", True) if letter == "δ" else ("forward", False)
        if self.how.colours == "symbol" and letter in "za":
            role = letter
        axes = ("input" if layer == 0 else "neuron", "sample")
        grid = Grid(self.how.symbol(letter, layer), values.T, tuple(shown), self.samples, role, slanted,
                    None if lit is None else (lit, None), base=self.how.base, axes=axes)  # fmt: skip
        return grid if self.how.orientation == "columns" else grid.turned()

    def weights(self, name: Formula, values: Array) -> Grid:
        """A matrix in the shape of W, the weight that is followed ringed."""
        grid = Grid(name, values, self.js, self.ks, "backward", True, ringed=(self.j, self.k), base=self.how.base,
                    axes=("neuron", "weight"))  # fmt: skip
        return grid if self.how.order == "to,from" else grid.turned()

    # words
    @property
    def single(self) -> bool:
        """Whether the batch is of one sample, whose gradient is that of C."""
        return len(self.entries) == 1

    @property
    def weight(self) -> Symbol:
        """The weight that is followed."""
        return self.how.symbol("w", self.layer) if self.bare else self.how.weight(self.layer, self.j, self.k)

    @property
    def own(self) -> Symbol:
        """A sample's own cost, c_i."""
        return Symbol(self.how.letter.lower(), below="i")

    @property
    def mean(self) -> bool:
        """Whether C is the mean over the samples, not their sum."""
        return self.how.over != "sum"

    @property
    def side(self) -> str:
        """What a sample is in the matrices."""
        return "column" if self.how.orientation == "columns" else "row"

    @property
    def gathers(self) -> Formula:
        """Σ_i, or 1/n Σ_i where C is a mean (S1.11); nothing of a single sample."""
        if self.single:
            return row()
        return row(f"1/{len(self.entries):,} " if self.mean else "", Symbol("Σ", below="i"), " ")

    @property
    def stacked(self) -> tuple[str, str]:
        """The axes of the stack of gradients, and its shape."""
        upright = self.how.order == "to,from"
        shape = self.total.shape if upright else self.total.T.shape
        axes = "[sample, neuron, weight]" if upright else "[sample, weight, neuron]"
        return axes, " × ".join(f"{n:,}" for n in (len(self.entries), *shape))

    def entry(self) -> Formula:
        """How the entries of the samples give that of the gradient."""
        value = f" = {written(float(self.total[self.j, self.k]))}"
        left = row("∂", Symbol(self.how.letter), "/∂", self.weight)
        if self.single:
            return row(left, value)
        shown = exact_sum(self.entries[i] for i in self.samples)
        terms = [(shown, f"{len(self.samples)} shown"), (exact_sum(self.left), f"{len(self.left):,} more samples")]
        total = terms_of(terms if self.left else [(self.entries[i], "") for i in self.samples])
        return row(left, " = ", row("(", total, f") / {len(self.entries):,}") if self.mean else total, value)


# on the page --------------------------------------------------------------------------------------------------------
def _scene(batch: Batch) -> Scene:
    how, l, (axes, shape) = batch.how, batch.layer, batch.stacked
    matrices = [
        batch.grid("a", l - 1, batch.before, batch.ks, batch.k),
        batch.grid("z", l, batch.z, batch.js),
        batch.grid("a", l, batch.a, batch.js),
        batch.grid("δ", l, batch.delta, batch.js, batch.j),
    ]
    elements, top = _gridwork(matrices, batch.side)
    name, own = (row("∂", of, "/∂", how.symbol("w", l)) for of in (Symbol(how.letter), batch.own))
    stack, cards, edge, bottom = _stack(batch, own, top + 44)
    follow = Grid(row("∂", batch.own, "/∂", batch.weight), np.array(batch.entries)[:, None],
                  batch.samples, (0,), "backward", True, base=how.base, axes=("sample", ""))  # fmt: skip
    total = batch.weights(name, batch.total)
    gathered = "=" if batch.single else "mean →" if batch.mean else "Σ →"
    gradient, _, low = laid_out([gathered, total, " ", " ", follow], edge, top + 24)
    bottom = max(bottom, low)
    elements += [
        Label(MARGIN, top + 10, "gradient", "backward", 12, "start", slanted=True),
        Label(MARGIN + 84, top + 10, row(name, " = ", batch.gathers, own), "ink", 16, "start"),
        *cards,
        *gradient,
        Label(MARGIN, bottom - 4, f"{axes} = {shape}", "faint", 11, "start"),
        Label(MARGIN, bottom + 22, batch.entry(), "backward", 12, "start", slanted=True),
    ]
    cells = [cell for grid in (*matrices, stack, follow, total) for cell in grid.cells()]
    table = (("matrix", "row", "column", "value"), *cells, ("gradient", "", "", str(batch.entry())))
    title = f"Layer {l} for a batch of {len(batch.entries):,}"
    scene = Scene.around(elements, MARGIN, title, _description(batch), table, "delta-batch")
    return scene.headed("every sample has a gradient of its own in the shape of the weights", MARGIN)


def _gridwork(grids: Sequence[Grid], side: str) -> tuple[list[Element], float]:
    """The matrices of the batch in as many lines as they need, and where they end."""
    for each in (4, 2, 1):  # to a line: all, in pairs, or one
        lines = [grids[i : i + each] for i in range(0, len(grids), each)]
        if max(sum(grid.width + 36 for grid in line) for line in lines) <= WIDEST:
            break
    elements: list[Element] = [
        Label(MARGIN, MARGIN + 8, "batch", "forward", 12, "start"),
        Label(MARGIN + 84, MARGIN + 8, f"a sample is a {side}", "ink", 14, "start"),
    ]
    top = MARGIN + 34
    for line in lines:
        drawn, _, bottom = laid_out([piece for grid in line for piece in (grid, " ")][:-1], MARGIN, top)
        elements += drawn
        top = bottom + 12
    return elements, top + 16


def _stack(batch: Batch, name: Formula, top: float) -> tuple[Grid, list[Element], float, float]:
    """∂c_i/∂W of the shown samples as cards one behind the other, the first in front with its numbers."""
    first, base = batch.samples[0], batch.how.base
    front = batch.weights(name, np.outer(batch.delta[first], batch.before[first]))
    cards = [str(sample + base) for sample in batch.samples] + ([f"{len(batch.left):,} more"] if batch.left else [])
    width, high = front.width + 24 + 2 * front.overhang, front.above + front.height + 34
    elements: list[Element] = []
    for place, text in reversed(list(enumerate(cards))):
        x, y = MARGIN + STEP * place, top + STEP * (len(cards) - 1 - place)
        elements.append(Rect(x, y, width, high, "faint", "paper", 0.9, 4.0))
        elements.append(Label(x + width - 6, y + (STEP / 2 if place else 9), text, "faint", 9.5, "end"))
    elements += front.draw(MARGIN + 10 + front.overhang, y + 10 + front.above + front.height / 2)
    named = replace(front, name=row(name, f", sample {first + base}"))
    return named, elements, MARGIN + width + STEP * (len(cards) - 1), y + high + 24


def _description(batch: Batch) -> str:
    (axes, shape), count = batch.stacked, len(batch.entries)
    if batch.single:
        return (
            f"Layer {batch.layer} for one sample, a {batch.side} of the matrices of activations, z and δ. Its own gradient in "
            f"the shape of W is the gradient: {batch.entry()}."
        )
    gathered = "averaged" if batch.mean else "added up"
    return (
        f"Layer {batch.layer} for {count:,} samples, each a {batch.side} of the matrices of activations, z and δ. Each sample "
        f"has a gradient of its own in the shape of W; the stack {axes} of {shape} numbers, {gathered} over the samples, is "
        f"the gradient: {batch.entry()}."
    )
