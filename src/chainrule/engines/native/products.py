"""The three products of a layer, cut into tiles: forward z = a W, back δ Wᵀ, and the gradient aᵀ δ of one block of weights.

Every sum runs over its terms in their order, whatever the blocks are: a sum that is broken off is taken up from C again.
"""

from __future__ import annotations

from chainrule.engines.native.tiles import at, lanes_of, native, number, prefetch, tile, transpose


@native
def prefetch_block(here, count):
    """Ask for so many numbers in a row."""
    for i in range(0, count, lanes_of(here[0])):  # a row of a panel is a cache line
        prefetch(at(here, i))


@native
def prefetch_column(here, row, rows):
    """Ask for one panel of so many rows."""
    for r in range(rows):
        prefetch(at(here, r * row))


@native
def rows_of_tiles(rows, scaled, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count):
    """One tile of 1…6 rows: C = start + A B; or with `scaled` C + scale · A B."""
    if scaled:
        if rows == 6:
            tile(6, 1, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
        elif rows == 5:
            tile(5, 1, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
        elif rows == 4:
            tile(4, 1, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
        elif rows == 3:
            tile(3, 1, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
        elif rows == 2:
            tile(2, 1, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
        elif rows == 1:
            tile(1, 1, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
    elif rows == 6:
        tile(6, 0, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
    elif rows == 5:
        tile(5, 0, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
    elif rows == 4:
        tile(4, 0, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
    elif rows == 3:
        tile(3, 0, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
    elif rows == 2:
        tile(2, 0, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)
    elif rows == 1:
        tile(1, 0, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count)


@native
def column(rows, scaled, c, c_row, a, a_row, a_step, b, b_row, start, start_row, scale, count, far):
    """The same for any number of rows, in tiles of nearly equal height. `far` says that C is asked for a tile ahead."""
    tiles = (rows + 5) // 6
    done = 0
    for t in range(tiles):
        height = (rows - done) // (tiles - t)
        if far:
            prefetch_column(at(c, (done + height) * c_row), c_row, 6)
        rows_of_tiles(
            height, scaled, at(c, done * c_row), c_row, at(a, done * a_row), a_row, a_step, b, b_row,
            at(start, done * start_row), start_row, scale, count,
        )  # fmt: skip
        done += height


@native
def product(c, c_row, a, a_row, b, apart, start, start_step, panels, rows, count, rows_at_once, count_at_once, far):
    """C = start + A B for `rows` rows and `panels` panels of B, each of which has `apart` numbers.

    C's panels lie side by side; those of `start` have one row each, `start_step` numbers apart. The sum goes `count_at_once`
    terms at a time and the rows so many, so that what is read again is still in a cache. What is `far` from it is prefetched.
    """
    one, lanes = number(start[0], 1.0), lanes_of(start[0])
    parts = (count + count_at_once - 1) // count_at_once
    for part in range(parts):
        k = count * part // parts
        depth = count * (part + 1) // parts - k
        for r in range(0, rows, rows_at_once):
            height = min(rows_at_once, rows - r)
            for p in range(panels):
                to, of_b = at(c, r * c_row + p * lanes), at(b, p * apart + k * lanes)
                first, row = (to, c_row) if k > 0 else (at(start, p * start_step), 0)
                if far and p + 1 < panels:
                    prefetch_block(at(of_b, apart), depth * lanes)
                column(height, 0, to, c_row, at(a, r * a_row + k), a_row, 1, of_b, lanes, first, row, one, depth, far)


@native
def transposed(w, panels, apart, to, far):
    """As many rows of W as a panel is wide, in every panel, as one panel `to` with a row by column of W."""
    lanes = lanes_of(w[0])
    half = lanes // 2
    for p in range(panels):
        here, there = at(w, p * apart), at(to, p * lanes * lanes)
        if far:
            prefetch_block(at(here, 2 * apart), lanes * lanes)
        for i in range(0, lanes, half):
            for j in range(0, lanes, half):
                transpose(at(here, i * lanes + j), lanes, at(there, j * lanes + i), lanes)


@native
def gradient_block(g, a, a_row, d, d_row, zeros, inputs, rows, at_once):
    """aᵀ δ of some inputs in a row and one panel of neurons; the sum goes over `rows` rows, `at_once` of them at a time."""
    one, lanes = number(zeros[0], 1.0), lanes_of(zeros[0])
    for r in range(0, rows, at_once):
        first, row = (g, lanes) if r > 0 else (zeros, 0)
        height = min(at_once, rows - r)
        column(inputs, 0, g, lanes, at(a, r * a_row), 1, a_row, at(d, r * d_row), d_row, first, row, one, height, False)


@native
def add_gradient(w, scale, a, a_row, d, d_row, inputs, rows, at_once):
    """w ← w + scale · aᵀ δ of such a block, without the gradient by itself."""
    lanes = lanes_of(scale)
    for r in range(0, rows, at_once):
        height = min(at_once, rows - r)
        column(inputs, 1, w, lanes, at(a, r * a_row), 1, a_row, at(d, r * d_row), d_row, w, lanes, scale, height, False)
