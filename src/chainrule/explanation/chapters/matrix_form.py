"""One layer as matrices with numbers: z = W a + b forward, Wᵀ δ ⊙ σ′ backward, ∂C/∂W from δ and a (S4.3, S4.12, S2.9)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.errors import SettingError, unknown_name
from chainrule.explanation.numbers import brief, written
from chainrule.explanation.scene import Element, Label, Line, Rect, Scene
from chainrule.explanation.shown import neuron_of, strongest
from chainrule.explanation.view import View, view
from chainrule.ids import Id
from chainrule.network import Network, as_network
from chainrule.notation import Formula, Symbol, Transposed, filled, row

Array = np.ndarray
BANDS = ("forward", "backward", "gradient")
MARGIN, SIZE, CELL = 30.0, 12.0, 25.0
GAP, LEAP = 20.0, 15.0  # the room for columns and for rows that are left out
LIT = 0.14  # how strongly a lit row is coloured


def matrix_form(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
    by: str | Id | None = None,
    layer: int | None = None,
    neuron: int = 0,
    show: str | Sequence[str] = BANDS,
    most: int = 8,
) -> Scene:
    """The equations of one layer for one example x (in,), y (out,) or its label, as matrices with shapes and numbers.

    Lit are the row and the column that meet in one neuron, named by an id such as "z/2/0", or by layer and neuron; in the
    gradient the two numbers that meet in one weight, "w/2/0/1" or the steepest of that neuron. `show` picks among "forward",
    "backward" and "gradient". Of sums over more than `most` terms the largest are shown, and the sum of all others.
    """
    how = as_convention(convention)
    here, source = neuron_of(as_network(network, "matrix_form(network, x, y)"), by, layer, neuron)
    bands = (show,) if isinstance(show, str) else tuple(show)
    for band in bands:
        if band not in BANDS:
            raise unknown_name("part of the matrix form", band, BANDS)
    if not isinstance(most, int) or most < 3:
        raise SettingError(f"most={most!r}: at least three rows and terms are shown, the first, the lit and the last")
    seen = view(network, x, y, how.cost_for(network, cost), Id("C"), how)
    focus = Focus(seen, here.layer, here.neuron, source, most)
    made = [
        {"forward": forward_band, "backward": backward_band, "gradient": gradient_band}[band](focus) for band in bands
    ]
    return _scene(focus, made)


@dataclass(frozen=True)
class Focus:
    """The layer, the neuron whose row is lit, and, if a weight was named, where it comes from."""

    seen: View
    layer: int
    j: int
    source: int | None
    most: int

    def some(self, count: int, lit: int) -> tuple[int, ...]:
        """Rows of a matrix: all, or of many the first, the lit one and the last."""
        return tuple(range(count)) if count <= self.most else tuple(sorted({0, lit, count - 1}))

    def matrix(
        self, name: Formula, values: Array, rows: Sequence[int], columns: Sequence[int], letter: str = ""
    ) -> Grid:
        return Grid(name, values, tuple(rows), tuple(columns), *self._look(letter), base=self.seen.how.base)

    def vector(self, name: Formula, values: Array, shown: Sequence[int], letter: str = "") -> Grid:
        """A column, or a row by the convention's orientation."""
        column = self.matrix(name, np.asarray(values)[:, None], shown, (0,), letter)
        return column if self.upright else column.turned()

    @property
    def upright(self) -> bool:
        return self.seen.how.orientation == "columns"

    def product(self, matrix: Grid, vector: Grid) -> list[Grid | str]:
        """A matrix times a column, or a row times the matrix turned around, whose name is then turned by the caller."""
        return [matrix, vector] if self.upright else [vector, matrix.turned()]

    def _look(self, letter: str) -> tuple[str, bool]:
        back = letter in ("δ", "C")
        if self.seen.how.colours == "symbol" and letter in "wbzay" and letter:
            return letter, False
        return ("backward" if back else "forward" if letter and letter in "azxy" else "ink"), back


# a matrix as it is drawn --------------------------------------------------------------------------------------------
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
        widest = max(_width(self.name, 15), _width(self.shape, 10.5))
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
        return 6 + max(_width(str(i + self.base), 9.5) for i in self.rows)

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
        for edge, inward in ((left - 5, 5), (right + 5, -5)):
            path = ((edge + inward, top - 1), (edge, top - 1), (edge, bottom + 1), (edge + inward, bottom + 1))
            elements.append(Line(path, "ink", 1.2))
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


def _width(text: str | Formula, size: float) -> float:
    box = Label(0, 0, text, size=size).box
    return box.right - box.left


def laid_out(pieces: Sequence[Grid | str], x: float, top: float) -> tuple[list[Element], float, float]:
    """Grids and the signs between them in one line whose highest part is at `top`: elements, right edge and bottom."""
    grids = [piece for piece in pieces if isinstance(piece, Grid)]
    middle = top + max(grid.above + grid.height / 2 for grid in grids)
    elements: list[Element] = []
    before: Grid | str = ""
    for piece in pieces:
        if isinstance(piece, str):
            x += 12 + _width(piece, 17) / 2
            elements.append(Label(x, middle, piece, size=17))
            x += 12 + _width(piece, 17) / 2
        else:
            x += max(0.0, piece.overhang - piece._margin() - (4 if before else 0)) + (
                10.0 if isinstance(before, Grid) else 0.0
            )
            elements += piece.draw(x, middle)
            x += piece.width + max(0.0, piece.overhang - 4)
        before = piece
    return elements, x, middle + max(grid.height / 2 for grid in grids) + 24


# the three equations ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Band:
    """One equation: its formula, the lines of matrices, and how the lit numbers give one entry."""

    title: str
    role: str
    formula: Formula
    lines: tuple[tuple[Grid | str, ...], ...]
    entry: Formula


def forward_band(focus: Focus) -> Band:
    """z^l = W^l a^(l−1) + b^l, row j of W and the column a lit (S4.3)."""
    seen, l, j = focus.seen, focus.layer, focus.j
    w, a, z, how = seen.network.weights[l], seen.trace.a[l - 1], seen.trace.z[l], seen.how
    products = [float(each) for each in w[j] * a]
    ks, rows = strongest(products, focus.most, focus.source), focus.some(len(z), j)
    symbol = how.symbol("w", l)
    across: Formula = symbol if how.order == "to,from" else Transposed(symbol)
    a_name, b_name, z_name = how.symbol("a", l - 1), how.symbol("b", l), how.symbol("z", l)
    formula = row(z_name, " = ", how.product(across, a_name))
    name = across if focus.upright else _other_way(across)
    matrix = replace(focus.matrix(name, w, rows, ks, "w"), lit=(j, None))
    pieces = focus.product(matrix, _all_lit(focus.vector(a_name, a, ks, "a")))
    biased = seen.network.biases[l].size > 0
    if biased:
        formula = row(formula, " + ", b_name)
        b = np.broadcast_to(seen.network.biases[l], z.shape)
        pieces += ["+", _lit_at(focus, focus.vector(b_name, b, rows, "b"), j)]
    pieces += ["=", _ringed_at(focus, focus.vector(z_name, z, rows, "z"), j)]
    terms = _sum_of(products, ks)
    if biased:
        terms.append((float(b[j]), b_name if seen.shared(Id("b", l, 0)) else seen.letter("b", l, j)))
    return Band("forward", "forward", formula, (tuple(pieces),), _summed(seen.letter("z", l, j), terms, float(z[j])))


def backward_band(focus: Focus) -> Band:
    """δ^l = (W^(l+1))ᵀ δ^(l+1) ⊙ σ′(z^l), or at the output ∇_a C ⊙ σ′(z^L), row j lit (S4.12, S4.13)."""
    seen, l, j, how = focus.seen, focus.layer, focus.j, focus.seen.how
    delta_name = how.symbol("δ", l)
    if l == seen.network.depth and seen.pair.delta is not None:
        return _given_by_cost(focus)
    rows = focus.some(len(seen.into_z[l]), j)
    lines: list[tuple[Grid | str, ...]] = []
    arriving = _ringed_at(focus, focus.vector(_onto_a(focus), seen.into_a[l], rows, "δ"), j)
    pieces: list[Grid | str] = [arriving]
    terms: list[Term] = []
    formula: Formula = _onto_a(focus)
    if l < seen.network.depth:
        products = [float(each) for each in seen.network.weights[l + 1][:, j] * seen.into_z[l + 1]]
        ms = strongest(products, focus.most)
        back, next_name = how.back(l + 1), how.symbol("δ", l + 1)
        name = back if focus.upright else _other_way(back)
        whole = seen.network.weights[l + 1].T
        matrix = replace(focus.matrix(name, whole, rows, ms, "w"), lit=(j, None), glow="backward")
        given = _all_lit(focus.vector(next_name, seen.into_z[l + 1], ms, "δ"))
        pieces = [*focus.product(matrix, given), "=", arriving]
        formula, terms = how.product(back, next_name), _sum_of(products, ms)
    slope = seen.slopes(l)
    result = _ringed_at(focus, focus.vector(delta_name, seen.into_z[l], rows, "δ"), j)
    if slope.ndim == 1:
        name = seen.slope_symbol_of_layer(l)
        beside = replace(_lit_at(focus, focus.vector(name, slope, rows), j), glow="backward")
        pieces += ["⊙", beside, "=", result]
        entry = _times(
            seen.letter("δ", l, j), terms, float(seen.into_a[l][j]), float(slope[j]), float(seen.into_z[l][j])
        )
        return Band("backward", "backward", row(delta_name, " = ", formula, " ⊙ ", name), (tuple(pieces),), entry)
    if len(pieces) > 1:
        lines.append(tuple(pieces))
    return _through_softmax(focus, formula, lines, result)


def _through_softmax(focus: Focus, onto: Formula, lines: list[tuple[Grid | str, ...]], result: Grid) -> Band:
    """Where every output depends on every z, ⊙ stands for the product with the matrix Σ′ (S2.18, S2.19)."""
    seen, l, j = focus.seen, focus.layer, focus.j
    slope, arriving = seen.slopes(l).T, seen.into_a[l]
    products = [float(each) for each in slope[j] * arriving]
    ks, rows = strongest(products, focus.most), focus.some(len(arriving), j)
    name = seen.matrix_symbol(l)
    matrix = replace(focus.matrix(name, slope, rows, ks), lit=(j, None), glow="backward")
    given = _all_lit(focus.vector(_onto_a(focus), arriving, ks, "δ"))
    lines.append((*focus.product(matrix, given), "=", result))
    delta = seen.letter("δ", l, j)
    formula = row(
        seen.how.symbol("δ", l), " = ", seen.how.product(name, onto) if focus.upright else row(onto, " ", name)
    )
    entry = _summed(delta, _sum_of(products, ks), float(seen.into_z[l][j]))
    return Band("backward", "backward", formula, tuple(lines), entry)


def _given_by_cost(focus: Focus) -> Band:
    """Where the cost is a function of z^L, δ^L = ∂C/∂z^L directly (S3.14): a − y or p − y, where it is that."""
    seen, l, j, how = focus.seen, focus.layer, focus.j, focus.seen.how
    delta, y = seen.into_z[l], seen.y
    rows = focus.some(len(delta), j)
    result = _ringed_at(focus, focus.vector(how.symbol("δ", l), delta, rows, "δ"), j)
    names = {"a": how.symbol("a", l), "z": how.symbol("z", l), "y": Symbol("y"), "p": Symbol("p")}
    text = seen.pair.delta_text.replace("∂C", f"∂{how.letter}")
    formula = row(how.symbol("δ", l), " = ", filled(text.strip("()"), **names))
    first = next((letter for letter in "ap" if f"{{{letter}}} − {{y}}" in text), None)
    if first is None:
        entry = _summed(seen.letter("δ", l, j), [(float(delta[j]), "by the cost")], float(delta[j]))
        return Band("backward", "backward", formula, ((result,),), entry)
    values = seen.trace.a[l] if first == "a" else delta + y
    ahead = _lit_at(focus, focus.vector(names[first], values, rows, "a"), j)
    target = _lit_at(focus, focus.vector(names["y"], y, rows, "y"), j)
    left = seen.a(l, j) if first == "a" else Symbol("p", below="" if seen.bare else how.below(j))
    entry = row(seen.letter("δ", l, j), f" = {written(float(values[j]))} (", left, f") − {_bracketed(float(y[j]))} (",
                seen.target(j), f") = {written(float(delta[j]))}")  # fmt: skip
    return Band("backward", "backward", formula, ((ahead, "−", target, "=", result),), entry)


def gradient_band(focus: Focus) -> Band:
    """∂C/∂W^l = δ^l (a^(l−1))ᵀ in the shape of W^l, and ∂C/∂b^l = δ^l (S2.9, S4.13)."""
    seen, l, j, how = focus.seen, focus.layer, focus.j, focus.seen.how
    a, delta = seen.trace.a[l - 1], seen.into_z[l]
    steepness = [float(each) for each in delta[j] * a]
    k = focus.source if focus.source is not None else strongest([float(each) for each in a], 1)[0]
    ks, rows = strongest([float(each) for each in a], focus.most, k), focus.some(len(delta), j)
    symbol, delta_name, a_name = how.symbol("w", l), how.symbol("δ", l), how.symbol("a", l - 1)
    name = row("∂", Symbol(how.letter), "/∂", symbol)
    total = replace(focus.matrix(name, np.outer(delta, a), rows, ks, "C"), ringed=(j, k))
    column = replace(focus.matrix(delta_name, delta[:, None], rows, (0,), "δ"), lit=(j, None))
    across = replace(focus.matrix(a_name, a[None], (0,), ks, "a"), lit=(None, k))
    if how.order == "from,to":  # in the shape of W, whose rows are sources here
        total, column, across = total.turned(), across.turned(), column.turned()
    first, second = column.name, across.name
    if focus.upright:
        across = replace(across, name=Transposed(second))
    else:
        column = replace(column, name=Transposed(first))
    formula = row(name, " = ", column.name, " ", across.name, ",  ", *_bias_formula(focus))
    by = row("∂", Symbol(how.letter), "/∂", seen.weight(l, j, k))
    factors = terms_of([(float(delta[j]), seen.letter("δ", l, j))])
    entry = row(by, " = ", factors, f" · {_bracketed(float(a[k]))} (", seen.a(l - 1, k), f") = {written(steepness[k])}")
    left = [each for i, each in enumerate(steepness) if i not in ks]
    if left:
        entry = row(entry, f";  {len(left):,} more of this neuron, Σ = {written(math.fsum(left))}")
    return Band("gradient", "backward", formula, ((column, across, "=", total),), entry)


def _bias_formula(focus: Focus) -> list[Formula | str]:
    seen, l, how = focus.seen, focus.layer, focus.seen.how
    if not seen.network.biases[l].size:
        return ["no biases"]
    b = how.symbol("b", l)
    if seen.shared(Id("b", l, 0)):
        sum_ = row(Symbol("Σ", below=how.to_letter), " ", how.symbol("δ", l, how.to_letter))
        total = written(math.fsum(float(d) for d in seen.into_z[l]))
        return ["∂", Symbol(how.letter), "/∂", b, " = ", sum_, f" = {total}"]
    return ["∂", Symbol(how.letter), "/∂", b, " = ", how.symbol("δ", l)]


def _onto_a(focus: Focus) -> Formula:
    """∂C/∂a^l, at the output ∇_a C as the cost writes it."""
    seen, l, how = focus.seen, focus.layer, focus.seen.how
    if l < seen.network.depth:
        return row("∂", Symbol(how.letter), "/∂", how.symbol("a", l))
    if "∂" in seen.pair.slope_text:
        return seen.gradient_symbol()
    names: dict[str, Formula] = {"a": how.symbol("a", l), "z": how.symbol("z", l), "y": Symbol("y"), "p": Symbol("p")}
    return filled(seen.pair.slope_text, **names)


def _other_way(name: Formula) -> Formula:
    return name.base if isinstance(name, Transposed) else Transposed(name)


def _all_lit(vector: Grid) -> Grid:
    return replace(vector, lit=(None, None))


def _lit_at(focus: Focus, vector: Grid, j: int) -> Grid:
    return replace(vector, lit=(j, None) if focus.upright else (None, j))


def _ringed_at(focus: Focus, vector: Grid, j: int) -> Grid:
    return replace(vector, ringed=(j, 0) if focus.upright else (0, j))


Term = tuple[float, Formula | str]  # a number and where it comes from


def _sum_of(products: Sequence[float], shown: Sequence[int]) -> list[Term]:
    """The terms that are shown as one number, and all others as another; both sums are exact."""
    left = [each for i, each in enumerate(products) if i not in shown]
    if not left:
        return [(math.fsum(products), "row · column")]
    return [(math.fsum(products[i] for i in shown), f"{len(shown)} shown"), (math.fsum(left), f"{len(left):,} more")]


def terms_of(terms: Sequence[Term]) -> Formula:
    """0.1 (8 shown) − 0.2 (776 more) + 0.3 (b)."""
    pieces: list[Formula | str] = []
    for n, (term, what) in enumerate(terms):
        sign = "" if n == 0 else " − " if term < 0 else " + "
        pieces += [sign + written(abs(term) if n else term), *([" (", what, ")"] if what else [])]
    return row(*pieces)


def _summed(name: Formula, terms: Sequence[Term], value: float) -> Formula:
    return row(name, " = ", terms_of(terms), f" = {written(value)}")


def _times(name: Formula, terms: Sequence[Term], onto: float, slope: float, value: float) -> Formula:
    """δ = (the terms) · σ′ = …"""
    first: Formula = terms_of(terms) if terms else row(written(onto))
    first = row("(", first, ")") if len(terms) > 1 else first
    return row(name, " = ", first, f" · {_bracketed(slope)} (σ′) = {written(value)}")


def _bracketed(value: float) -> str:
    return f"({written(value)})" if value < 0 else written(value)


# on the page --------------------------------------------------------------------------------------------------------
def _scene(focus: Focus, bands: Sequence[Band]) -> Scene:
    seen, top = focus.seen, MARGIN
    elements: list[Element] = []
    rows: list[tuple[str, ...]] = [("matrix", "row", "column", "value")]
    right = 0.0
    for n, band in enumerate(bands):
        top += 22 if n else 0
        slanted = band.role == "backward"
        head = Label(MARGIN, top + 8, band.title, band.role, 12, "start", slanted=slanted)
        elements += [head, Label(MARGIN + 84, top + 8, band.formula, "ink", 16, "start")]
        top += 34
        for pieces in band.lines:
            drawn, edge, bottom = laid_out(pieces, MARGIN, top)
            elements += drawn
            right, top = max(right, edge), bottom + 14
            rows += [cell for piece in pieces if isinstance(piece, Grid) for cell in piece.cells()]
        elements.append(Label(MARGIN, top + 2, band.entry, band.role, SIZE, "start", slanted=slanted))
        rows.append((band.title, "", "", str(band.entry)))
        top += 32
    labels = [each for each in elements if isinstance(each, Label)]
    width = max(right, *(label.box.right for label in labels)) + MARGIN
    shapes = "; ".join(str(band.formula) for band in bands)
    description = f"Layer {focus.layer} in matrix form, neuron {focus.j + seen.how.base} lit: {shapes}. " + " ".join(
        f"{band.title.capitalize()}: {band.entry}." for band in bands
    )
    return Scene(
        round(width), round(top), tuple(elements), f"Layer {focus.layer} in matrix form", description, tuple(rows),
        "matrix-form",
    ).headed(f"lit: what makes one number of neuron {focus.j + seen.how.base}", MARGIN)  # fmt: skip
