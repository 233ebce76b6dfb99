"""One layer's equations as matrices: z = W a + b forward, Wᵀ δ ⊙ σ′ backward, ∂C/∂W from δ and a (S4.3, S4.12, S2.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from chainrule.explanation.document import Factor
from chainrule.explanation.letters import Letters
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.grid import Grid, Image, as_image
from chainrule.explanation.parts.terms import Term, bracketed, sum_of, summed, terms_of
from chainrule.explanation.shown import strongest
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.pictures.tiles import raster_of
from chainrule.writing.formula import Formula, Symbol, Transposed, alone, filled, inline, joined, row
from chainrule.writing.numbers import brief, factor_numbers, number, written

Array = np.ndarray
NUMBERS = 6  # of more rows or columns a matrix is shown in shades


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
        self, name: Formula, values: Array, rows: Sequence[int], columns: Sequence[int], letter: str = "", **marks: Any
    ) -> Grid:
        """A matrix in the look of its letter, a large one in shades; `marks` are those of a Grid: lit, ringed, glow."""
        (role, slanted), base = self.look(letter), self.seen.how.base
        if max(values.shape) <= NUMBERS:
            return Grid(name, values, tuple(rows), tuple(columns), role, slanted, base=base, **marks)
        height, width = (tuple(range(count)) for count in values.shape)
        listed = tuple(rows), tuple(columns)
        return Grid(name, values, height, width, role, slanted, base=base, shaded=True, listed=listed, **marks)

    def vector(self, name: Formula, values: Array, shown: Sequence[int], letter: str = "", **marks: Any) -> Grid:
        """A column, or by the convention's orientation a row; its marks are those of a column."""
        column = self.matrix(name, np.asarray(values)[:, None], shown, (0,), letter, **marks)
        return column if self.upright else column.turned()

    @property
    def upright(self) -> bool:
        return self.seen.how.orientation == "columns"

    def pictured(self, grid: Grid) -> Grid:
        """What has a number for each input, as an image where the input may be one."""
        if self.layer > 1 or not raster_of(grid.values.size).image:
            return grid
        return as_image(grid)

    def row_image(self, name: Formula, values: Array, letter: str) -> Grid | None:
        """What the lit row holds for each input, as an image where the input may be one."""
        grid = self.matrix(name, values[None], (0,), range(len(values)), letter, lit=(None, None))
        picture = self.pictured(grid if self.seen.how.order == "to,from" else grid.turned())
        return picture if isinstance(picture, Image) else None

    def product(self, matrix: Grid, vector: Grid) -> list[Grid | str]:
        """A matrix times a column, or a row times the matrix turned around, whose name is then turned by the caller."""
        return [matrix, vector] if self.upright else [vector, matrix.turned()]

    def look(self, letter: str) -> tuple[str, bool]:
        back = letter in ("δ", "C")
        if self.seen.how.colours == "symbol" and letter in "wbzay" and letter:
            return letter, False
        return ("backward" if back else "forward" if letter and letter in "azxy" else "ink"), back


class Listed(NamedTuple):
    """Numbers below their indices: what they are called, and how they look."""

    name: Formula
    values: tuple[float, ...]
    role: str
    slanted: bool


@dataclass(frozen=True)
class Listing:
    """What a lit row of shades is multiplied with, in numbers: rows of them below the indices, and the sum of the others."""

    index: str
    indices: tuple[int, ...]
    rows: tuple[Listed, ...]
    left: int
    rest: float

    @classmethod
    def of(cls, focus: Focus, index: str, shown: Sequence[int], *columns: tuple[Formula, Array, str]) -> Listing:
        """Columns of numbers in the look of their letters, those that are shown; the rest is the sum of the last column."""
        rows = [
            Listed(name, tuple(float(values[k]) for k in shown), *focus.look(letter))
            for name, values, letter in columns
        ]
        left = [float(each) for k, each in enumerate(columns[-1][1]) if k not in shown]
        return cls(index, tuple(shown), tuple(rows), len(left), exact_sum(left))


@dataclass(frozen=True)
class Band:
    """One equation: its formula, the lines of matrices, and how the lit numbers give one entry; of shades in a listing."""

    title: str
    role: str
    formula: Formula
    lines: tuple[tuple[Grid | str, ...], ...]
    entry: Formula
    listing: Listing | None = None
    row_image: Grid | None = None  # what the lit row holds, where it is an image


def forward_band(focus: Focus) -> Band:
    """z^l = W^l a^(l−1) + b^l, row j of W and the column a lit (S4.3)."""
    seen, l, j = focus.seen, focus.layer, focus.j
    w, a, z, how = seen.network.weights[l], seen.trace.a[l - 1], seen.trace.z[l], seen.how
    products = (w[j] * a).tolist()
    ks, rows = strongest(products, focus.most, focus.source), focus.some(len(z), j)
    symbol = how.symbol("w", l)
    across: Formula = symbol if how.order == "to,from" else Transposed(symbol)
    a_name, b_name, z_name = how.symbol("a", l - 1), how.symbol("b", l), how.symbol("z", l)
    formula = row(z_name, " = ", how.product(across, a_name))
    name = across if focus.upright else _other_way(across)
    matrix = focus.matrix(name, w, rows, ks, "w", lit=(j, None))
    pieces = focus.product(matrix, focus.pictured(focus.vector(a_name, a, ks, "a", lit=(None, None))))
    biased = seen.network.biases[l].size > 0
    if biased:
        formula = row(formula, " + ", b_name)
        b = np.broadcast_to(seen.network.biases[l], z.shape)
        pieces += ["+", focus.vector(b_name, b, rows, "b", lit=(j, None))]
    pieces += ["=", focus.vector(z_name, z, rows, "z", ringed=(j, 0))]
    terms = sum_of(products, ks)
    if biased:
        terms.append((float(b[j]), b_name if seen.network.shared_bias(l) else seen.letter("b", l, j)))
    entry = summed(seen.letter("z", l, j), terms, float(z[j]))
    k = how.from_letter
    w_name, a_k = seen.weight(l, j, k), seen.a(l - 1, k)
    columns = (w_name, w[j], "w"), (a_k, a, "a"), (row(w_name, " ", a_k), w[j] * a, "")
    listing = Listing.of(focus, k, ks, *columns) if matrix.shaded else None
    image = focus.row_image(seen.letter("w", l, j), w[j], "w")
    return Band("forward", "forward", formula, (tuple(pieces),), entry, listing, image)


def backward_band(focus: Focus) -> Band:
    """δ^l = (W^(l+1))ᵀ δ^(l+1) ⊙ σ′(z^l), or at the output ∇_a C ⊙ σ′(z^L), row j lit (S4.12, S4.13)."""
    seen, l, j, how = focus.seen, focus.layer, focus.j, focus.seen.how
    delta_name = how.symbol("δ", l)
    if l == seen.network.depth and seen.pair.delta is not None:
        return _given_by_cost(focus)
    rows = focus.some(len(seen.into_z[l]), j)
    lines: list[tuple[Grid | str, ...]] = []
    arriving = focus.vector(_onto_a(focus), seen.into_a[l], rows, "δ", ringed=(j, 0))
    pieces: list[Grid | str] = [arriving]
    terms: list[Term] = []
    listing: Listing | None = None
    formula: Formula = _onto_a(focus)
    if l < seen.network.depth:
        products = (seen.network.weights[l + 1][:, j] * seen.into_z[l + 1]).tolist()
        ms = strongest(products, focus.most)
        back, next_name = how.back(l + 1), how.symbol("δ", l + 1)
        name = back if focus.upright else _other_way(back)
        whole = seen.network.weights[l + 1].T
        matrix = focus.matrix(name, whole, rows, ms, "w", lit=(j, None), glow="backward")
        given = focus.vector(next_name, seen.into_z[l + 1], ms, "δ", lit=(None, None))
        lines.append((*focus.product(matrix, given), "=", arriving))
        formula, terms = row("(", how.product(back, next_name), ")"), sum_of(products, ms)
        m = Letters(how).m
        w_name, delta_m = seen.weight(l + 1, m, j), seen.letter("δ", l + 1, m)
        w, delta = seen.network.weights[l + 1][:, j], seen.into_z[l + 1]
        columns = (w_name, w, "w"), (delta_m, delta, "δ"), (row(w_name, " ", delta_m), w * delta, "")
        listing = Listing.of(focus, m, ms, *columns) if matrix.shaded else None
    slope = seen.slopes(l)
    result = focus.vector(delta_name, seen.into_z[l], rows, "δ", ringed=(j, 0))
    if slope.ndim == 1:
        name = seen.slope_symbol_of_layer(l)
        pieces += ["⊙", focus.vector(name, slope, rows, lit=(j, None), glow="backward"), "=", result]
        formula = row(delta_name, " = ", formula, " ⊙ ", name)
        first: Formula = terms_of(terms) if terms else row(written(float(seen.into_a[l][j])))
        first = row("(", first, ")") if len(terms) > 1 else first
        times = f" · {bracketed(float(slope[j]))} (σ′) = {written(float(seen.into_z[l][j]))}"
        entry = row(seen.letter("δ", l, j), " = ", first, times)
        return Band("backward", "backward", formula, (*lines, tuple(pieces)), entry, listing)
    return _through_softmax(focus, formula, lines, result)


def _through_softmax(focus: Focus, onto: Formula, lines: list[tuple[Grid | str, ...]], result: Grid) -> Band:
    """Where every output depends on every z, ⊙ stands for the product with the matrix Σ′ (S2.18, S2.19)."""
    seen, l, j = focus.seen, focus.layer, focus.j
    slope, arriving = seen.slopes(l).T, seen.into_a[l]
    products = (slope[j] * arriving).tolist()
    ks, rows = strongest(products, focus.most), focus.some(len(arriving), j)
    name = seen.matrix_symbol(l)
    matrix = focus.matrix(name, slope, rows, ks, lit=(j, None), glow="backward")
    given = focus.vector(_onto_a(focus), arriving, ks, "δ", lit=(None, None))
    lines.append((*focus.product(matrix, given), "=", result))
    delta = seen.letter("δ", l, j)
    both = seen.how.product(name, onto) if focus.upright else row(onto, " ", name)
    formula = row(seen.how.symbol("δ", l), " = ", both)
    entry = summed(delta, sum_of(products, ks), float(seen.into_z[l][j]))
    return Band("backward", "backward", formula, tuple(lines), entry)


def _given_by_cost(focus: Focus) -> Band:
    """Where the cost is a function of z^L, δ^L = ∂C/∂z^L directly (S3.14): a − y or p − y, where it is that."""
    seen, l, j, how = focus.seen, focus.layer, focus.j, focus.seen.how
    delta, y = seen.into_z[l], seen.y
    rows = focus.some(len(delta), j)
    result = focus.vector(how.symbol("δ", l), delta, rows, "δ", ringed=(j, 0))
    names = _names(focus)
    text = seen.pair.delta_text.replace("∂C", f"∂{how.letter}")
    formula = row(how.symbol("δ", l), " = ", alone(filled(text, **names)))
    first = next((letter for letter in "ap" if f"{{{letter}}} − {{y}}" in text), None)
    if first is None:
        entry = summed(seen.letter("δ", l, j), [(float(delta[j]), "by the cost")], float(delta[j]))
        return Band("backward", "backward", formula, ((result,),), entry)
    values = seen.trace.a[l] if first == "a" else delta + y
    ahead = focus.vector(names[first], values, rows, "a", lit=(j, None))
    target = focus.vector(names["y"], y, rows, "y", lit=(j, None))
    left = seen.a(l, j) if first == "a" else Symbol("p", below="" if seen.bare else how.below(j))
    entry = row(seen.letter("δ", l, j), f" = {written(float(values[j]))} (", left, f") − {bracketed(float(y[j]))} (",
                seen.target(j), f") = {written(float(delta[j]))}")  # fmt: skip
    return Band("backward", "backward", formula, ((ahead, "−", target, "=", result),), entry)


def gradient_band(focus: Focus) -> Band:
    """∂C/∂W^l = δ^l (a^(l−1))ᵀ in the shape of W^l, and ∂C/∂b^l = δ^l (S2.9, S4.13)."""
    seen, l, j, how = focus.seen, focus.layer, focus.j, focus.seen.how
    a, delta = seen.trace.a[l - 1], seen.into_z[l]
    steepness = (delta[j] * a).tolist()
    k = focus.source if focus.source is not None else strongest(a.tolist(), 1)[0]
    ks, rows = distinct(a.tolist(), focus.most, k), focus.some(len(delta), j)
    symbol, delta_name, a_name = how.symbol("w", l), how.symbol("δ", l), how.symbol("a", l - 1)
    name = row("∂", Symbol(how.letter), "/∂", symbol)
    total = focus.matrix(name, np.outer(delta, a), rows, ks, "C", ringed=(j, k))
    column = focus.matrix(delta_name, delta[:, None], rows, (0,), "δ", lit=(j, None))
    across = focus.pictured(focus.matrix(a_name, a[None], (0,), ks, "a", lit=(None, k)))
    if how.order == "from,to":  # in the shape of W, whose rows are sources here
        total, column, across = total.turned(), across.turned(), column.turned()
    if focus.upright:
        across = replace(across, name=Transposed(across.name))
    else:
        column = replace(column, name=Transposed(column.name))
    formula = row(name, " = ", column.name, " ", across.name, ",  ", *_bias_formula(focus))
    by = row("∂", Symbol(how.letter), "/∂", seen.weight(l, j, k))
    factors = terms_of([(float(delta[j]), seen.letter("δ", l, j))])
    entry = row(by, " = ", factors, f" · {bracketed(float(a[k]))} (", seen.a(l - 1, k), f") = {written(steepness[k])}")
    index = how.from_letter
    slope = row("∂", Symbol(how.letter), "/∂", seen.weight(l, j, index))
    columns = (seen.a(l - 1, index), a, "a"), (slope, delta[j] * a, "δ")
    listing = Listing.of(focus, index, ks, *columns) if total.shaded else None
    image = focus.row_image(row("∂", Symbol(how.letter), "/∂", seen.letter("w", l, j)), delta[j] * a, "C")
    return Band("gradient", "backward", formula, ((column, across, "=", total),), entry, listing, image)


def distinct(values: Sequence[float], most: int, pinned: int) -> list[int]:
    """Where the largest |values| are, in order of place, of many only one that begins with each digit; and `pinned`."""
    if len(values) <= most:
        return list(range(len(values)))
    seen = {brief(values[pinned], 1): pinned}
    for k in sorted(range(len(values)), key=lambda k: -abs(values[k])):
        seen.setdefault(brief(values[k], 1), k)
    return sorted(list(seen.values())[:most])


def _bias_formula(focus: Focus) -> list[Formula | str]:
    seen, l, how = focus.seen, focus.layer, focus.seen.how
    if not seen.network.biases[l].size:
        return ["no biases"]
    b = how.symbol("b", l)
    if seen.network.shared_bias(l):
        sum_ = row(Symbol("Σ", below=how.to_letter), " ", how.symbol("δ", l, how.to_letter))
        total = written(exact_sum(float(d) for d in seen.into_z[l]))
        return ["∂", Symbol(how.letter), "/∂", b, " = ", sum_, f" = {total}"]
    return ["∂", Symbol(how.letter), "/∂", b, " = ", how.symbol("δ", l)]


def _onto_a(focus: Focus) -> Formula:
    """∂C/∂a^l, at the output ∇_a C as the cost writes it."""
    seen, l, how = focus.seen, focus.layer, focus.seen.how
    if l < seen.network.depth:
        return row("∂", Symbol(how.letter), "/∂", how.symbol("a", l))
    if "∂" in seen.pair.slope_text:
        return seen.gradient_symbol()
    return filled(seen.pair.slope_text, **_names(focus))


def _names(focus: Focus) -> dict[str, Formula]:
    """The letters in the formulas of a cost."""
    how, l = focus.seen.how, focus.layer
    return {"a": how.symbol("a", l), "z": how.symbol("z", l), "y": Symbol("y"), "p": Symbol("p")}


def _other_way(name: Formula) -> Formula:
    return name.base if isinstance(name, Transposed) else Transposed(name)


def derivative_line(seen: View, id: Id, middle: int | None) -> Formula:
    """∂C/∂w = δ_out a_in, and for a weight of the layer in the middle of a picture where that δ comes from (S4.9)."""
    left, value = inline(seen.by(id)), seen.value(id)
    if seen.shared(id):
        return row(left, " = Σ ", seen.how.symbol("δ", id.layer), f" = {number(value)}")
    factors = [*_error(seen, id, middle), *([seen.incoming(id)] if id.kind == "w" else [])]
    symbols = joined([factor.symbol for factor in factors], " ")
    numbers = " ".join(f"({text})" for text in factor_numbers(factors, value))
    return row(left, " = ", symbols, f" = {numbers}" if len(factors) > 1 else "", f" = {number(value)}")


def _error(seen: View, id: Id, middle: int | None) -> list[Factor]:
    """δ of a neuron, or of the layer in the middle Σ_m δ_m w_mk, which may be one product, and σ′(z)."""
    network, layer, j = seen.network, id.layer, id.neuron
    if middle != layer or layer == network.depth or network.activations[layer].full_slope:
        return [seen.error(layer, j)]
    if network.sizes[layer + 1] == 1:
        weight = Factor(seen.weight(layer + 1, 0, j), float(network.weights[layer + 1][0, j]))
        return [seen.error(layer + 1, 0), weight, seen.slope(layer, j)]
    terms = row(seen.letter("δ", layer + 1, "m"), " ", seen.weight(layer + 1, "m", j))
    onward = row("(", Symbol("Σ", below="m"), " ", terms, ")")
    return [Factor(onward, float(seen.into_a[layer][j])), seen.slope(layer, j)]
