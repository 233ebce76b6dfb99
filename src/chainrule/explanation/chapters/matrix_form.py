"""One layer as matrices with numbers: z = W a + b forward, Wᵀ δ ⊙ σ′ backward, ∂C/∂W from δ and a (S4.3, S4.12, S2.9)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from chainrule.errors import unknown_name
from chainrule.explanation.parts.grid import SIZE, Grid, laid_out
from chainrule.explanation.parts.layer_equations import Band, Focus, Listing, backward_band, forward_band, gradient_band
from chainrule.explanation.shown import neuron_of, whole_number
from chainrule.explanation.typeset import Look, typeset
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Line, width_of
from chainrule.writing.formula import Symbol
from chainrule.writing.numbers import brief

BANDS = {"forward": forward_band, "backward": backward_band, "gradient": gradient_band}
MARGIN, LINE, BESIDE, WIDEST = 20.0, 22.0, 730.0, 850.0


def matrix_form(
    seen: View,
    *,
    by: str | Id | None = None,
    layer: int | None = None,
    neuron: int | None = None,
    show: str | Sequence[str] = tuple(BANDS),
    most: int = 8,
) -> Scene:
    """The equations of one layer for one example x (in,), y (out,) or its label, as matrices with shapes and numbers.

    Lit are the row and the column that meet in one neuron, named by an id such as "z/2/0" or by layer and neuron, else the one
    with the largest |δ| of the last hidden layer, or of `layer`; in the gradient the two numbers that meet in one weight,
    "w/2/0/1" or the steepest of that neuron. `show` picks among "forward", "backward" and "gradient". Of sums over more than
    `most` terms the largest are shown, and the sum of all others.
    """
    here, source = neuron_of(seen.network, by, layer, neuron, seen.into_z)
    bands = (show,) if isinstance(show, str) else tuple(show)
    for band in bands:
        if band not in BANDS:
            raise unknown_name("part of the matrix form", band, BANDS)
    count = whole_number(most, "most", 3)  # rows: the first, the lit and the last
    focus = Focus(seen, here.layer, here.neuron, source, count)
    return _scene(focus, [BANDS[band](focus) for band in bands])


def _listed(listing: Listing, top: float, base: int) -> tuple[list[Element], float]:
    """The numbers of a listing in columns below their indices, the sum of the others behind them; and where it ends."""
    texts = [[brief(value) for value in values] for _, values, _, _ in listing.rows]
    start = MARGIN + max(width_of(name, SIZE + 1) for name, *_ in listing.rows) + 4
    wide = [max(width_of(text, SIZE) for text in column) + 14 for column in zip(*texts)]
    ends = [*accumulate(wide, initial=start)][1:]
    found: list[Element] = [Label(MARGIN, top, Symbol(listing.index), "faint", SIZE, "start")]
    found += [Label(end, top, str(k + base), "faint", 11, "end") for end, k in zip(ends, listing.indices)]
    for n, ((name, _, role, slanted), line) in enumerate(zip(listing.rows, texts), 1):
        y = top + LINE * n
        found.append(Label(MARGIN, y, name, role, SIZE + 1, "start", slanted))
        found += [Label(end, y, text, role, SIZE, "end", slanted) for end, text in zip(ends, line)]
    bottom = top + LINE * len(listing.rows)
    if listing.left:
        found.append(Label(ends[-1] + 18, top, f"{listing.left:,} more", "faint", 11, "start"))
        found.append(Label(ends[-1] + 18, bottom, f"Σ {brief(listing.rest)}", "faint", SIZE, "start"))
    rule = Line(((MARGIN, top + 11), (ends[-1], top + 11)), "faint", 0.7, opacity=0.6)
    return [rule, *found], bottom + 26


def _scene(focus: Focus, bands: Sequence[Band]) -> Scene:
    seen, top = focus.seen, MARGIN
    elements: list[Element] = []
    rows: list[tuple[str, ...]] = [("matrix", "row", "column", "value")]
    for n, band in enumerate(bands):
        top += 22 if n else 0
        slanted = band.role == "backward"
        head = Label(MARGIN, top + 8, band.title, band.role, 12, "start", slanted=slanted)
        elements += [head, *typeset(band.formula, 16, Look(seen.how)).at(MARGIN + 84, top + 8)]
        top += 34
        x, bottom = MARGIN, top
        for pieces in band.lines:
            drawn, right, below = laid_out(pieces, x, top)
            if x > MARGIN and right > BESIDE:  # the second line of a band stands beside the first where there is room
                top, x = bottom + 14, MARGIN
                drawn, right, below = laid_out(pieces, x, top)
            elements += drawn
            x, bottom = right + 48, max(below, bottom)
            rows += [cell for piece in pieces if isinstance(piece, Grid) for cell in piece.cells()]
        if band.row_image is not None:
            drawn, right, below = laid_out([band.row_image], x, top)
            if right > WIDEST:
                drawn, _, below = laid_out([band.row_image], MARGIN, bottom + 14)
            elements, bottom = elements + drawn, max(below, bottom)
        top = bottom + 14
        if band.listing is not None:
            drawn, top = _listed(band.listing, top + 2, seen.how.base)
            elements += drawn
        elements.append(Label(MARGIN, top + 2, band.entry, band.role, SIZE, "start", slanted=slanted))
        rows.append((band.title, "", "", str(band.entry)))
        top += 32
    shapes = "; ".join(str(band.formula) for band in bands)
    description = f"Layer {focus.layer} in matrix form, neuron {focus.j + seen.how.base} lit: {shapes}. " + " ".join(
        f"{band.title.capitalize()}: {band.entry}." for band in bands
    )
    title = f"Layer {focus.layer} in matrix form"
    scene = Scene.around(elements, MARGIN, title, description, tuple(rows), "matrix-form")
    grids = [piece for band in bands for line in band.lines for piece in line if isinstance(piece, Grid)]
    shaded, shared = any(grid.shaded for grid in grids), any(grid.shaded and grid.in_cell > 1 for grid in grids)
    hues = "; blue above 0, orange below" * shaded + ", a cell the mean of its numbers" * shared
    what = "framed" if shaded else "lit"
    return scene.headed(f"{what}: what makes one number of neuron {focus.j + seen.how.base}{hues}", MARGIN)
