"""Forward in native code: rows gathered, z and a of each layer, dropout, costs and δ^L."""

from __future__ import annotations

import numpy as np

from chainrule.engines.native import plan as p
from chainrule.engines.native.lookup import (
    FLOAT64,
    INT64,
    array,
    columns_of,
    depth_at_once,
    gathered,
    incoming,
    layer_of,
    own_scratch,
    packs,
    parts_of,
    rows_of,
    setting,
    share,
)
from chainrule.engines.native.passes import (
    GELU,
    OWN,
    SILU,
    SOFTMAX,
    activate,
    softmax,
    times_slope,
    times_softmax_slope,
)
from chainrule.engines.native.products import product
from chainrule.engines.native.row_costs import row_cost
from chainrule.engines.native.tiles import FIRST, at, lanes_of, native, number, prefetch
from chainrule.engines.native.waiting import wait

AHEAD = 8  # rows whose targets are on their way
GOLDEN, FIRST_MIX, SECOND_MIX = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)


@native
def gather(plan, thread, threads, step, one):
    """This thread's rows of a step, copied to where they lie together."""
    if plan[p.IN_PLACE] != 0:
        return
    layer, width = layer_of(plan, 0), plan[p.INPUT_STRIDE]
    to_row = layer[p.STRIDE]
    first, last = share(rows_of(plan, step), thread, threads)
    order = at(array(plan, p.INPUT_ORDER, INT64), step * plan[p.BATCH])
    inputs, to = array(plan, p.INPUTS, one), gathered(plan, step, one)
    for r in range(first, last):
        here, there = at(inputs, order[r] * width), at(to, r * to_row)
        for k in range(width):
            there[k] = here[k]
    if layer[p.MASKS] != 0:
        masks = at(array(layer, p.MASKS, one), first * to_row)
        drop(plan, layer, step, first, last - first, 0, width, at(to, first * to_row), masks, to_row, one)


@native
def drop(plan, layer, step, first_row, rows, first, count, values, masks, apart, one):
    """values ← masks ⊙ values, for neurons first … of a layer; whom it leaves out is what `dropout` says."""
    order = at(array(plan, p.ORDER, INT64), step * plan[p.BATCH] + first_row)
    key, below = np.uint64(array(layer, p.KEYS, INT64)[step]), np.uint64(layer[p.DROP_BELOW])
    zero, keep = number(one, 0.0), number(one, 1.0 / (1.0 - np.float64(below) / 18446744073709551616.0))
    for r in range(rows):
        start = np.uint64(order[r]) << np.uint64(32)
        for j in range(count):
            x = key + (start | np.uint64(first + j)) * GOLDEN
            x = (x ^ (x >> np.uint64(30))) * FIRST_MIX
            x = (x ^ (x >> np.uint64(27))) * SECOND_MIX
            x = x ^ (x >> np.uint64(31))
            factor = keep if x >= below else zero
            masks[r * apart + j] = factor
            values[r * apart + j] *= factor


@native
def forward(plan, thread, threads, l, step, phase, one):
    """This thread's share of a layer: some rows of all its neurons, or some neurons, of which two may be shared by rows."""
    layer, n = layer_of(plan, l), rows_of(plan, step)
    panels = layer[p.PANELS]
    if layer[p.BY_ROWS] != 0:
        first, last = share(n, thread, threads)
        forward_part(plan, thread, l, step, first, last - first, 0, panels, one)
    else:
        first, last = share(panels * n, thread, threads)
        whole, end = (first + n - 1) // n, last // n
        if first < whole * n:
            forward_part(
                plan, thread, l, step, first - (whole - 1) * n, min(last, whole * n) - first, whole - 1, 1, one
            )
        if whole < end:
            forward_part(plan, thread, l, step, 0, n, whole, end - whole, one)
        if end >= whole and end * n < last:
            forward_part(plan, thread, l, step, 0, last - end * n, end, 1, one)
        phase = wait(plan, thread, threads, phase)
    if layer[p.ACTIVATION] == SOFTMAX:
        first, last = share(n, thread, threads)
        finish(plan, layer, step, first, last - first, 0, columns_of(layer, one), one)
        if l < plan[p.LAYERS] and layer[p.BY_ROWS] == 0:
            phase = wait(plan, thread, threads, phase)
    return phase


@native
def finish(plan, layer, step, first_row, rows, first, width, one):
    """a^l = σ(z^l) in place, for neurons first …: and beside it what its slope is computed from; then dropout."""
    row, code, alpha = layer[p.STRIDE], layer[p.ACTIVATION], setting(plan, p.ALPHAS + layer[p.NUMBER], one)
    place, apart = first_row * row + first, layer[p.SOURCE] != layer[p.OUTGOING]
    z, source = at(array(layer, p.OUTGOING, one), place), at(array(layer, p.SOURCE, one), place)
    of_z = code in (GELU, SILU, OWN)
    if apart and of_z:
        copy(z, source, row, rows, width)
    if code == SOFTMAX:
        for r in range(rows):
            softmax(at(z, r * row), layer[p.NEURONS], width)
    else:
        activate(code, layer[p.OWN_VALUE], z, row, rows, width, alpha)
    if apart and not of_z:
        copy(z, source, row, rows, width)
    if layer[p.MASKS] != 0:
        count = min(width, layer[p.NEURONS] - first)
        drop(plan, layer, step, first_row, rows, first, count, z, at(array(layer, p.MASKS, one), place), row, one)


@native
def copy(here, there, row, rows, width):
    for r in range(rows):
        for j in range(r * row, r * row + width):
            there[j] = here[j]


@native
def forward_part(plan, thread, l, step, first_row, rows, panel, panels, one):
    """z^l and a^l for some rows and panels."""
    layer, lanes = layer_of(plan, l), lanes_of(one)
    (a, a_row, order), row, apart = incoming(plan, l, step, one), layer[p.STRIDE], layer[p.DEPTH] * lanes
    z = at(array(layer, p.OUTGOING, one), first_row * row + panel * lanes)
    weights, biases = at(array(layer, p.WEIGHTS, one), panel * apart), at(array(layer, p.BIASES, one), panel * lanes)
    packed = at(own_scratch(plan, thread, one), plan[p.PACKED])
    columns = min(panels * lanes, columns_of(layer, one) - panel * lanes)
    parts = parts_of(layer[p.SOURCES], depth_at_once(plan, rows))
    for part in range(parts):
        k, end = share(layer[p.SOURCES], part, parts)
        start, start_row, start_step = (z, row, lanes) if part > 0 else (biases, 0, lanes)
        product(
            z, row, at(a, k), a_row, at(order, first_row), at(weights, k * lanes), apart, start, start_row, start_step,
            columns, rows, end - k, plan[p.ROWS_AT_ONCE], layer[p.FAR] != 0, packed, packs(plan, rows, panels),
        )  # fmt: skip
    if layer[p.ACTIVATION] != SOFTMAX:
        finish(plan, layer, step, first_row, rows, panel * lanes, columns, one)


@native
def output_errors(plan, thread, threads, step, one):
    """This thread's rows of δ^L, each times its share in the step, and its costs times the same."""
    last_layer = plan[p.LAYERS]
    layer, n, order = (
        layer_of(plan, last_layer),
        rows_of(plan, step),
        at(array(plan, p.ORDER, INT64), step * plan[p.BATCH]),
    )
    row, count, width, code = layer[p.STRIDE], layer[p.NEURONS], columns_of(layer, one), layer[p.ACTIVATION]
    outputs, errors, source = array(layer, p.OUTGOING, one), array(layer, p.ERRORS, one), array(layer, p.SOURCE, one)
    targets, weights = array(plan, p.TARGETS, one), array(plan, p.ROW_WEIGHTS, FLOAT64)
    costs, alpha, of_cost = (
        array(plan, p.ROW_COSTS, FLOAT64),
        setting(plan, p.ALPHAS + last_layer, one),
        setting(plan, p.COST_SETTING, one),
    )
    first, last = share(n, thread, threads)
    for r in range(first, last):
        d = at(errors, r * row)
        y = at(targets, order[r] * count)
        prefetch(FIRST, at(targets, order[min(r + AHEAD, last - 1)] * count))
        cost = row_cost(plan[p.COST], plan[p.OWN_COST], at(outputs, r * row), y, d, count, width, of_cost)
        if code == SOFTMAX:
            times_softmax_slope(at(source, r * row), d, count)
        part = 1.0 / n
        if plan[p.ROW_WEIGHTS] != 0:
            part *= weights[order[r]]
        costs[r] = cost * part
        factor = number(one, part)
        for j in range(width):
            d[j] *= factor
    place = first * row
    times_slope(code, layer[p.OWN_SLOPE], at(source, place), at(errors, place), row, last - first, width, alpha)


@native
def sum_costs(plan, step):
    """The cost of a step, from those of its rows in their order."""
    costs, total = array(plan, p.ROW_COSTS, FLOAT64), 0.0
    for r in range(rows_of(plan, step)):
        total += costs[r]
    array(plan, p.COSTS, FLOAT64)[step] = total
