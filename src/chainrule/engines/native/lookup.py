"""What the plan of a run says: where arrays lie, which rows and shares there are, and how much is worked on at a time."""

from __future__ import annotations

import numpy as np

from chainrule.engines.native import plan as p
from chainrule.engines.native.tiles import LEAST_PACKED, at, lanes_of, native, number, pointer_to

INT64, FLOAT64 = np.int64(0), np.float64(0)
MANY_ROWS = 64  # whose errors do not stay in the first cache


@native
def array(record, place, like):
    """The array of numbers of the type of `like` whose address is in that place."""
    return pointer_to(record[place], like)


@native
def layer_of(plan, l):
    """What the plan says of layer l."""
    return at(plan, p.GENERAL + l * p.BY_LAYER)


@native
def setting(plan, place, one):
    return number(one, array(plan, p.SETTINGS, FLOAT64)[place])


@native
def rows_of(plan, step):
    """How many rows a step has: −1 fills its batch up."""
    batch = plan[p.BATCH]
    order = at(array(plan, p.ORDER, INT64), step * batch)
    while batch > 0 and order[batch - 1] < 0:
        batch -= 1
    return batch


@native
def begin_of(total, part, parts):
    """Where a part of `total` things begins. A division takes as long as twenty sums, and most often there is one part."""
    return 0 if part == 0 else total if part == parts else total * part // parts


@native
def share(total, thread, threads):
    """(first, last) of this thread's part of `total` things."""
    return begin_of(total, thread, threads), begin_of(total, thread + 1, threads)


@native
def parts_of(total, at_once):
    return 1 if 0 < total <= at_once else (total + at_once - 1) // at_once


@native
def columns_of(layer, one):
    """In how many columns the rows of a layer are worked on: those of its neurons, and what fills the last half panel up."""
    half = lanes_of(one) // 2
    return (layer[p.NEURONS] + half - 1) // half * half


@native
def packs(plan, rows, panels):
    """Whether so many rows or columns are packed for so many panels: the strips have LEAST_STRIP rows or more then."""
    return rows >= LEAST_PACKED and panels >= plan[p.PANELS_TO_PACK]


@native
def depth_at_once(plan, rows):
    """How many terms of a sum: where few rows are multiplied by a panel, the next one is to be in the first cache in time."""
    return plan[p.DEPTH_AT_ONCE] if rows > MANY_ROWS else plan[p.DEPTH_AT_ONCE] // 2


@native
def incoming(plan, l, step, one):
    """(a^(l−1), how far its rows are apart, which of them in which order).

    Rows of inputs are gathered in two places in turn, unless they are read where they are.
    """
    all_rows = array(plan, p.ALL_ROWS, INT64)
    if l > 1:
        below = layer_of(plan, l - 1)
        return array(below, p.OUTGOING, one), below[p.STRIDE], all_rows
    if plan[p.IN_PLACE] != 0:
        return (
            array(plan, p.INPUTS, one),
            plan[p.INPUT_STRIDE],
            at(array(plan, p.INPUT_ORDER, INT64), step * plan[p.BATCH]),
        )
    return gathered(plan, step, one), layer_of(plan, 0)[p.STRIDE], all_rows


@native
def gathered(plan, step, one):
    return at(array(plan, p.GATHERED, one), (step & 1) * plan[p.BATCH] * layer_of(plan, 0)[p.STRIDE])


@native
def own_scratch(plan, thread, one):
    """What this thread alone writes: a row of zeros, a block of weights, blocks of a gradient; TURNED, PACKED."""
    return at(array(plan, p.SCRATCH, one), thread * plan[p.SCRATCH_SIZE])
