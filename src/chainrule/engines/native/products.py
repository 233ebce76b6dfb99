"""The three products of a layer, cut into tiles: forward z = a W, back δ Wᵀ, and the gradient aᵀ δ of one block of weights.

Every sum runs over its terms in their order, whatever the blocks are: a sum that is broken off is taken up from C again.

Rows of A that many panels are multiplied by are packed first: cut into strips of as many rows as a tile has, in which the
numbers of one step of a sum are side by side. A tile then reads one row of memory instead of six.
"""

from __future__ import annotations

from chainrule.engines.native.lookup import parts_of, share
from chainrule.engines.native.tiles import (
    ADDED,
    ADDED_STRIP,
    COPIED,
    FIRST,
    FORWARD,
    GRADIENT,
    MOST_ROWS,
    SECOND,
    STRIP,
    VECTORS,
    at,
    copy_some,
    lanes_of,
    native,
    number,
    prefetch,
    tile,
    transpose,
)  # fmt: skip


@native
def strips(count):
    """Into how many strips so many rows are cut, all of as many as a tile has or one fewer."""
    return (count + MOST_ROWS - 1) // MOST_ROWS


@native
def height_of(strip, of, count):
    """How many rows a strip has, if so many are cut into so many strips: the first ones may have one fewer than the last."""
    return count if of == 1 else (count + strip) // of


@native
def ask_for(here, apart, count, part, parts):
    """Have that part of so many cache lines, which are so far apart, brought to the second cache."""
    for i in range(count * part // parts, count * (part + 1) // parts):
        prefetch(SECOND, at(here, i * apart))


@native
def ask_for_now(here, apart, count, part, parts):
    """The same for the first cache."""
    for i in range(count * part // parts, count * (part + 1) // parts):
        prefetch(FIRST, at(here, i * apart))


@native
def pack_rows(a, a_row, order, rows, depth, to):
    """Rows of A in strips: `depth` numbers of each."""
    done = 0
    for s in range(strips(rows)):
        height = height_of(s, strips(rows), rows)
        for i in range(height):
            here, there = at(a, order[done + i] * a_row), at(to, done * depth + i)
            for k in range(depth):
                there[k * height] = here[k]
        done += height


@native
def pack_columns(a, a_row, order, columns, rows, to):
    """Columns of A in strips. Many numbers are copied at a time, where there are so many; the next row overwrites the rest."""
    done = 0
    for s in range(strips(columns)):
        height = height_of(s, strips(columns), columns)
        here, there = at(a, done), at(to, done * rows)
        if done + COPIED <= columns:
            for r in range(rows):
                copy_some(at(here, order[r] * a_row), at(there, r * height))
        else:
            for r in range(rows):
                row, strip = at(here, order[r] * a_row), at(there, r * height)
                for i in range(height):
                    strip[i] = row[i]
        done += height


@native
def product(
    c, c_row, a, a_row, order, b, apart, start, start_row, start_step, columns, rows, depth, rows_at_once, far, packed, packs
):  # fmt: skip
    """C = start + A B for `rows` rows and `columns` columns of B, whose panels have `apart` numbers each; `depth` terms a sum.

    C's panels lie side by side; those of `start` are `start_step` numbers apart. Rows go so many at a time, so that what is
    read again is still in a cache; with `packs` they are packed first. What is `far` is asked for ahead: the next panel of B,
    and the next rows of C.
    """
    lanes, one = lanes_of(start[0]), number(start[0], 1.0)
    panels, blocks = (columns + lanes - 1) // lanes, parts_of(rows, rows_at_once)
    for block in range(blocks):
        r, end = share(rows, block, blocks)
        height = end - r
        of_rows, of_c, of_start = at(order, r), at(c, r * c_row), at(start, r * start_row)
        if packs:
            pack_rows(a, a_row, of_rows, height, depth, packed)
        for p in range(panels):
            done, of_b, narrow = 0, at(b, p * apart), columns - p * lanes <= lanes // 2
            to, begin = at(of_c, p * lanes), at(of_start, p * start_step)
            for s in range(strips(height)):
                tall = height_of(s, strips(height), height)
                if far:
                    ask_for_now(at(of_b, apart), lanes, depth * (p + 1 < panels), s, strips(height))
                    ask_for_now(at(to, (done + tall) * c_row), c_row, MOST_ROWS, 0, 1)
                here, first = at(to, done * c_row), at(begin, done * start_row)
                if packs:
                    strip = at(packed, done * depth)
                    tile(STRIP, tall, False, here, c_row, strip, 0, order, of_b, lanes, first, start_row, one, depth)
                else:
                    these = at(of_rows, done)
                    tile(FORWARD, tall, narrow, here, c_row, a, a_row, these, of_b, lanes, first, start_row, one, depth)
                done += tall


@native
def transposed(w, panels, apart, to, far):
    """As many rows of W as a panel is wide, in every panel, as one panel `to` with a row by column of W."""
    lanes = lanes_of(w[0])
    side = lanes // VECTORS
    for p in range(panels):
        here, there = at(w, p * apart), at(to, p * lanes * lanes)
        if far:
            ask_for(at(here, 2 * apart), lanes, lanes, 0, 1)
        for i in range(0, lanes, side):
            for j in range(0, lanes, side):
                transpose(at(here, i * lanes + j), lanes, at(there, j * lanes + i), lanes)


@native
def gradient_block(
    to, added, scale, narrow, a, a_row, order, packs, d, d_row, zeros, inputs, rows, at_once, next_d, w, slots, apart, held
):  # fmt: skip
    """aᵀ δ of some inputs in a row and one panel of neurons, or, where it is `added`, C + scale · aᵀ δ.

    Of a `narrow` panel only the first half has neurons. The sum goes over `rows` rows, `at_once` of them at a time. With
    `packs` the columns of a are strips of all those rows. Meanwhile what is used next is asked for: errors that are `next_d`
    away, unless that is 0, and of such a block in w and in slots that lie `apart` the first `held`.
    """
    lanes, one = lanes_of(scale), number(scale, 1.0)
    for r in range(0, rows, at_once):
        count, done = min(at_once, rows - r), 0
        of_d, of_rows = at(d, r * d_row), at(order, r)
        for s in range(strips(inputs)):
            tall = height_of(s, strips(inputs), inputs)
            if next_d > 0:
                ask_for(at(of_d, next_d), d_row, count, s, strips(inputs))
            if held > 0 and r == 0:
                ask_for(w, lanes, inputs, s, strips(inputs))
                for slot in range(held - 1):
                    ask_for(at(slots, slot * apart), lanes, inputs, s, strips(inputs))
            c = at(to, done * lanes)
            start, row = (c, lanes) if r > 0 else (zeros, 0)
            if packs:
                strip = at(a, done * rows + r * tall)
                if added:
                    tile(ADDED_STRIP, tall, False, c, lanes, strip, 0, order, of_d, d_row, c, lanes, scale, count)
                else:
                    tile(STRIP, tall, False, c, lanes, strip, 0, order, of_d, d_row, start, row, one, count)
            elif added:
                tile(ADDED, tall, narrow, c, lanes, at(a, done), a_row, of_rows, of_d, d_row, c, lanes, scale, count)
            else:
                tile(GRADIENT, tall, narrow, c, lanes, at(a, done), a_row, of_rows, of_d, d_row, start, row, one, count)
            done += tall
