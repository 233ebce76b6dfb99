"""Whole training steps: gather, forward, cost, backward and update, over as many steps and by as many threads as asked for.

Threads go through a step together, and wait for each other after each of its phases. In a phase each has its share of what is
computed, cut by rows, or by neurons and their weights; each number is computed by one thread, from the same terms in the same
order, whoever it is: no bit depends on how many there are.
"""

from __future__ import annotations

import math
import sys

import numpy as np
from numba import types

from chainrule.engines.native import plan as p
from chainrule.engines.native.passes import (
    DELTA_RULE,
    GELU,
    OWN,
    SILU,
    SOFTMAX,
    activate,
    clip_entries,
    move,
    penalize,
    slots_of,
    softmax,
    sum_of_squared_differences,
    sum_of_squares,
    times_slope,
    times_softmax_slope,
)  # fmt: skip
from chainrule.engines.native.products import gradient_block, pack_columns, product, transposed
from chainrule.engines.native.row_costs import row_cost
from chainrule.engines.native.tiles import SECOND, at, lanes_of, native, number, observe, pointer_to, prefetch, publish

GOLDEN, FIRST_MIX, SECOND_MIX = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
INT64, FLOAT64 = np.int64(0), np.float64(0)
MANY_ROWS = 64  # whose errors do not stay in the first cache
LEAST_PACKED = 20  # so many and more are cut into strips of 5 or 6
WINDOWS = sys.platform == "win32"
give_way = types.ExternalFunction("SwitchToThread" if WINDOWS else "sched_yield", types.int32())
nap = types.ExternalFunction("Sleep" if WINDOWS else "usleep", types.int32(types.uint32))
SPINS, YIELDS, NAPS = 20_000, 200, 300  # about 0.03 ms, 0.1 ms, 30 ms
NAP = np.uint32(1 if WINDOWS else 50)  # milliseconds there, microseconds elsewhere


# what is where ----------------------------------------------------------------------------------------------------------
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


# threads --------------------------------------------------------------------------------------------------------------
# Flags lie a cache line apart: the command, then for each thread the phase it has come to, and the last command it has seen.
# A command is one number, so that who reads it reads all of it: its own number, for how many threads, and how many steps.
@native
def wait(plan, thread, threads, phase):
    """Until every thread has come to this phase; the next phase."""
    if threads > 1:
        flags = at(array(plan, p.FLAGS, INT64), p.LINE)
        publish(at(flags, p.LINE * thread), phase)
        for other in range(threads):
            asked = 0
            while observe(at(flags, p.LINE * other)) < phase:
                asked += 1
                rest(asked)
    return phase + 1


@native
def rest(asked):
    """Between two looks at a flag: nothing for a while, then give way to others, then sleep, so that they have the core."""
    if asked > SPINS + YIELDS:
        nap(NAP)
    elif asked > SPINS:
        give_way()


@native
def lead(plan, threads, steps, one):
    """As the first of so many threads: give the command to the others, and take part."""
    flags = array(plan, p.FLAGS, INT64)
    command = (flags[0] >> p.NUMBER_FROM) + 1 << p.NUMBER_FROM
    publish(flags, command | threads << p.THREADS_FROM | steps)
    part(plan, 0, threads, steps, command, one)


@native
def follow(plan, thread, one):
    """As another thread: carry out the commands, until none has come for a few hundredths of a second."""
    flags = array(plan, p.FLAGS, INT64)
    seen, asked = at(flags, p.LINE * (1 + thread) + 1), 0
    while asked < SPINS + YIELDS + NAPS:
        command = observe(flags)
        if command == seen[0]:
            asked += 1
            rest(asked)
        else:
            seen[0], asked = command, 0
            rest_of, number = command & (1 << p.NUMBER_FROM) - 1, command >> p.NUMBER_FROM
            threads, steps = rest_of >> p.THREADS_FROM, rest_of & (1 << p.THREADS_FROM) - 1
            if thread < threads:
                part(plan, thread, threads, steps, number << p.NUMBER_FROM, one)


@native
def share(total, thread, threads):
    """(first, last) of this thread's part of `total` things."""
    return total * thread // threads, total * (thread + 1) // threads


# dropout --------------------------------------------------------------------------------------------------------------
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
def parts_of(total, at_once):
    return (total + at_once - 1) // at_once


@native
def packs(plan, rows, panels):
    """Whether so many rows or columns are packed for so many panels: the strips have 5 or 6 rows then."""
    return rows >= LEAST_PACKED and panels >= plan[p.PANELS_TO_PACK]


@native
def depth_at_once(plan, rows):
    """How many terms of a sum: where few rows are multiplied by a panel, the next one is to be in the first cache in time."""
    return plan[p.DEPTH_AT_ONCE] if rows > MANY_ROWS else plan[p.DEPTH_AT_ONCE] // 2


# forward --------------------------------------------------------------------------------------------------------------
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
    parts = parts_of(layer[p.SOURCES], depth_at_once(plan, rows))
    for part in range(parts):
        k, end = share(layer[p.SOURCES], part, parts)
        start, start_row, start_step = (z, row, lanes) if part > 0 else (biases, 0, lanes)
        product(
            z, row, at(a, k), a_row, at(order, first_row), at(weights, k * lanes), apart, start, start_row, start_step, panels,
            rows, end - k, plan[p.ROWS_AT_ONCE], layer[p.FAR] != 0, packed, packs(plan, rows, panels),
        )  # fmt: skip
    if layer[p.ACTIVATION] != SOFTMAX:
        finish(plan, layer, step, first_row, rows, panel * lanes, panels * lanes, one)


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
        finish(plan, layer, step, first, last - first, 0, panels * lanes_of(one), one)
        if l < plan[p.LAYERS] and layer[p.BY_ROWS] == 0:
            phase = wait(plan, thread, threads, phase)
    return phase


@native
def output_errors(plan, thread, threads, step, one):
    """This thread's rows of δ^L, each times its share in the step, and its costs times the same."""
    last_layer = plan[p.LAYERS]
    layer, n, order = (
        layer_of(plan, last_layer),
        rows_of(plan, step),
        at(array(plan, p.ORDER, INT64), step * plan[p.BATCH]),
    )
    row, count, width, code = layer[p.STRIDE], layer[p.NEURONS], layer[p.PANELS] * lanes_of(one), layer[p.ACTIVATION]
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
        cost = row_cost(plan[p.COST], plan[p.OWN_COST], at(outputs, r * row), y, d, count, width, of_cost)
        if code == SOFTMAX:
            times_softmax_slope(at(source, r * row), d, count)
        else:
            times_slope(code, layer[p.OWN_SLOPE], at(source, r * row), d, row, 1, width, alpha)
        part = 1.0 / n
        if plan[p.ROW_WEIGHTS] != 0:
            part *= weights[order[r]]
        costs[r] = cost * part
        factor = number(one, part)
        for j in range(width):
            d[j] *= factor


@native
def sum_costs(plan, step):
    """The cost of a step, from those of its rows in their order."""
    costs, total = array(plan, p.ROW_COSTS, FLOAT64), 0.0
    for r in range(rows_of(plan, step)):
        total += costs[r]
    array(plan, p.COSTS, FLOAT64)[step] = total


# backward and update --------------------------------------------------------------------------------------------------
@native
def errors_below(plan, thread, l, step, first, inputs, first_row, rows, one):
    """δ^(l−1) of neurons first … of the layer below, for some rows: δ^l Wᵀ ⊙ σ′ (BP2). A softmax's Σ′ comes later, by rows."""
    layer, below, lanes = layer_of(plan, l), layer_of(plan, l - 1), lanes_of(one)
    zeros = own_scratch(plan, thread, one)
    turned, packed = at(zeros, plan[p.TURNED]), at(zeros, plan[p.PACKED])
    apart, row, far = layer[p.DEPTH] * lanes, below[p.STRIDE], layer[p.FAR] != 0
    weights, blocks = at(array(layer, p.WEIGHTS, one), first * lanes), (inputs + lanes - 1) // lanes
    place = first_row * row + first
    d, errors, all_rows = (
        at(array(below, p.ERRORS, one), place),
        array(layer, p.ERRORS, one),
        array(plan, p.ALL_ROWS, INT64),
    )
    parts = parts_of(layer[p.PANELS], depth_at_once(plan, rows) // lanes)
    for part in range(parts):
        panel, end = share(layer[p.PANELS], part, parts)
        apart_turned = (end - panel) * lanes * lanes
        for block in range(blocks):
            here = at(weights, panel * apart + block * lanes * lanes)
            transposed(here, end - panel, apart, at(turned, block * apart_turned), far)
        start, start_row, start_step = (d, row, lanes) if part > 0 else (zeros, 0, 0)
        depth = min(end * lanes, layer[p.NEURONS]) - panel * lanes
        product(
            d, row, at(errors, panel * lanes), layer[p.STRIDE], at(all_rows, first_row), turned, apart_turned, start,
            start_row, start_step, blocks, rows, depth, plan[p.ROWS_AT_ONCE], far, packed, packs(plan, rows, blocks),
        )  # fmt: skip
    if below[p.MASKS] != 0:
        masks = at(array(below, p.MASKS, one), place)
        for r in range(rows):
            for j in range(r * row, r * row + inputs):
                d[j] *= masks[j]
    if below[p.ACTIVATION] != SOFTMAX:
        source, alpha = at(array(below, p.SOURCE, one), place), setting(plan, p.ALPHAS + l - 1, one)
        times_slope(below[p.ACTIVATION], below[p.OWN_SLOPE], source, d, row, rows, blocks * lanes, alpha)


@native
def pack(plan, thread, l, step, first, inputs, one):
    """The columns of a^(l−1) from `first` on, in strips."""
    (a, a_row, order), packed = incoming(plan, l, step, one), at(own_scratch(plan, thread, one), plan[p.PACKED])
    pack_columns(at(a, first), a_row, order, inputs, rows_of(plan, step), packed)
    return packed


@native
def update_weights(plan, thread, l, step, panel, first, inputs, a, a_row, order, packed, one):
    """The gradient of one panel's weights from inputs first …, and their move; or only the gradient, kept for later.

    a^(l−1) begins with those inputs; where it is `packed` it is in strips.
    """
    layer, n, lanes, zeros = layer_of(plan, l), rows_of(plan, step), lanes_of(one), own_scratch(plan, thread, one)
    d, d_row, at_once = at(array(layer, p.ERRORS, one), panel * lanes), layer[p.STRIDE], plan[p.SUMMED_AT_ONCE]
    place, far = (panel * layer[p.DEPTH] + first) * lanes, layer[p.FAR] != 0
    w = at(array(layer, p.WEIGHTS, one), place)
    next_d = lanes if far and n > MANY_ROWS and panel + 1 < layer[p.PANELS] else 0
    slots, apart = at(array(layer, p.WEIGHT_SLOTS, one), place), layer[p.PANELS] * layer[p.DEPTH] * lanes
    deferred = plan[p.DEFERRED] != p.AT_ONCE
    added = not deferred and plan[p.RULE] == DELTA_RULE and plan[p.PLAIN] != 0 and plan[p.MEASURED] == 0
    g = at(array(layer, p.WEIGHT_GRADIENT, one), place) if deferred else at(zeros, (1 + lanes) * lanes)
    to, scale = (w, -array(plan, p.RATES, FLOAT64)[step * p.RATE_COUNT + p.RATE]) if added else (g, 0.0)
    held = (1 + slots_of(plan[p.RULE])) * (far and not deferred)
    gradient_block(
        to, added, number(one, scale), a, a_row, order, packed, d, d_row, zeros, inputs, n, at_once, next_d, w, slots, apart,
        held,
    )  # fmt: skip
    if not deferred and not added:
        measures = measures_of_weights(layer, panel, first, lanes)
        weigh(plan, g, w, inputs * lanes, lanes * lanes, 1, measures)
        step_down(plan, thread, step, g, w, slots, apart, inputs * lanes, lanes * lanes, 1, measures, one)


@native
def measures_of_weights(layer, panel, first, lanes):
    """Where the squares of the blocks of a panel begin that belong to inputs first …"""
    blocks = (layer[p.SOURCES] + lanes - 1) // lanes
    return layer[p.MEASURES] + (panel * blocks + first // lanes) * p.MEASURE_COUNT


@native
def measures_of_biases(layer, panel, lanes):
    blocks = (layer[p.SOURCES] + lanes - 1) // lanes
    return layer[p.MEASURES] + (layer[p.PANELS] * blocks + panel) * p.MEASURE_COUNT


@native
def weigh(plan, g, w, count, block, penalized, measures):
    """The gradient with its penalty; where the step is measured, its squares and those of the weights, block by block."""
    settings = array(plan, p.SETTINGS, FLOAT64)
    if penalized != 0:
        penalize(g, w, count, settings)
    if plan[p.MEASURED] != 0:
        found = at(array(plan, p.MEASURED, FLOAT64), measures)
        for i in range(0, count, block):
            size = min(block, count - i)
            found[p.BEFORE], found[p.SLOPE] = sum_of_squares(at(w, i), size), sum_of_squares(at(g, i), size)
            found = at(found, p.MEASURE_COUNT)
    clip_entries(g, count, settings)


@native
def step_down(plan, thread, step, g, w, slots, apart, count, block, penalized, measures, one):
    """The move along a gradient; where the step is measured, its squares, block by block."""
    settings, rates = array(plan, p.SETTINGS, FLOAT64), at(array(plan, p.RATES, FLOAT64), step * p.RATE_COUNT)
    if plan[p.MEASURED] == 0:
        move(plan[p.RULE], g, w, slots, apart, count, settings, rates, penalized)
        return
    found, before = at(array(plan, p.MEASURED, FLOAT64), measures), at(own_scratch(plan, thread, one), lanes_of(one))
    for i in range(0, count, block):
        size = min(block, count - i)
        for j in range(size):
            before[j] = w[i + j]
        move(plan[p.RULE], at(g, i), at(w, i), at(slots, i), apart, size, settings, rates, penalized)
        found[p.MOVE] = sum_of_squared_differences(at(w, i), before, size)
        found = at(found, p.MEASURE_COUNT)


@native
def update_biases(plan, thread, l, step, panel, panels, one):
    """The same for the biases of some panels: the gradient is the sum of δ over the rows (BP3)."""
    layer, n, lanes = layer_of(plan, l), rows_of(plan, step), lanes_of(one)
    row, errors, deferred = layer[p.STRIDE], array(layer, p.ERRORS, one), plan[p.DEFERRED] != p.AT_ONCE
    for q in range(panel, panel + panels):
        g = at(own_scratch(plan, thread, one), (1 + lanes) * lanes)
        if deferred:
            g = at(array(layer, p.BIAS_GRADIENT, one), q * lanes)
        for j in range(lanes):
            g[j] = number(one, 0.0)
        for r in range(n):
            d = at(errors, r * row + q * lanes)
            for j in range(lanes):
                g[j] += d[j]
        if not deferred:
            move_biases(plan, thread, layer, step, g, q, one)


@native
def move_biases(plan, thread, layer, step, g, panel, one):
    """The move of a panel's biases. A layer's one bias is measured once, though it stands in every place."""
    lanes, penalized = lanes_of(one), layer[p.PENALIZED_BIAS]
    b, slots = at(array(layer, p.BIASES, one), panel * lanes), at(array(layer, p.BIAS_SLOTS, one), panel * lanes)
    measures, apart = measures_of_biases(layer, panel, lanes), layer[p.PANELS] * lanes
    block = lanes if layer[p.BIAS_KIND] == p.BIAS_PER_NEURON else 1
    count = lanes if block > 1 else 1
    weigh(plan, g, b, count, block, penalized, measures)
    step_down(plan, thread, step, g, b, slots, apart, count, block, penalized, measures, one)


@native
def update_one_bias(plan, thread, l, step, one):
    """The same for a layer's one bias, which moves in the first place and is copied to the others."""
    layer, n = layer_of(plan, l), rows_of(plan, step)
    row, errors, total = layer[p.STRIDE], array(layer, p.ERRORS, one), number(one, 0.0)
    for r in range(n):
        for j in range(layer[p.NEURONS]):
            total += errors[r * row + j]
    if plan[p.DEFERRED] != p.AT_ONCE:
        array(layer, p.BIAS_GRADIENT, one)[0] = total
    else:
        g = at(own_scratch(plan, thread, one), (1 + lanes_of(one)) * lanes_of(one))
        g[0] = total
        move_biases(plan, thread, layer, step, g, 0, one)
        spread_bias(layer, one)


@native
def spread_bias(layer, one):
    b = array(layer, p.BIASES, one)
    for j in range(1, layer[p.PANELS] * lanes_of(one)):
        b[j] = b[0]


@native
def biases(plan, thread, threads, l, step, one):
    """This thread's share of the biases of a layer."""
    layer = layer_of(plan, l)
    if layer[p.FIXED] != 0 or layer[p.BIAS_KIND] == p.NO_BIAS:
        return
    if layer[p.BIAS_KIND] == p.BIAS_PER_NEURON:
        first, last = share(layer[p.PANELS], thread, threads)
        update_biases(plan, thread, l, step, first, last - first, one)
    elif thread == 0:
        update_one_bias(plan, thread, l, step, one)


@native
def backward(plan, thread, threads, l, step, one):
    """This thread's share of layer l ≥ 2, cut by what comes in: δ^(l−1), then the move of the weights that it was read from."""
    layer, lanes, n = layer_of(plan, l), lanes_of(one), rows_of(plan, step)
    sources, panels, at_once = layer[p.SOURCES], layer[p.PANELS], plan[p.BLOCKS_AT_ONCE]
    first, last = share((sources + lanes - 1) // lanes, thread, threads)
    errors_at_once = plan[p.ERRORS_AT_ONCE] if n > MANY_ROWS else at_once
    a, a_row, order = incoming(plan, l, step, one)
    for many in range(first, last, errors_at_once):
        end = min(many + errors_at_once, last)
        errors_below(plan, thread, l, step, many * lanes, min(end * lanes, sources) - many * lanes, 0, n, one)
        groups = parts_of(end - many, at_once) * (layer[p.FIXED] == 0)
        for group in range(groups):
            block, after = share(end - many, group, groups)
            start = (many + block) * lanes
            inputs = min((many + after) * lanes, sources) - start
            packed = packs(plan, inputs, panels)
            of_a = pack(plan, thread, l, step, start, inputs, one) if packed else at(a, start)
            for panel in range(panels):
                update_weights(plan, thread, l, step, panel, start, inputs, of_a, a_row, order, packed, one)
    biases(plan, thread, threads, l, step, one)


@native
def backward_rows(plan, thread, threads, l, step, one):
    """δ^(l−1) of this thread's rows, whole; the weights move later."""
    layer, at_once = layer_of(plan, l), plan[p.ERRORS_AT_ONCE] * lanes_of(one)
    first, last = share(rows_of(plan, step), thread, threads)
    for start in range(0, layer[p.SOURCES], at_once):
        inputs = min(at_once, layer[p.SOURCES] - start)
        errors_below(plan, thread, l, step, start, inputs, first, last - first, one)
    if layer_of(plan, l - 1)[p.ACTIVATION] == SOFTMAX:
        softmax_below(plan, thread, threads, l, step, one)


@native
def softmax_below(plan, thread, threads, l, step, one):
    """This thread's rows of δ^(l−1) where the layer below is a softmax."""
    below = layer_of(plan, l - 1)
    first, last = share(rows_of(plan, step), thread, threads)
    for r in range(first, last):
        place = r * below[p.STRIDE]
        source, errors = at(array(below, p.SOURCE, one), place), at(array(below, p.ERRORS, one), place)
        times_softmax_slope(source, errors, below[p.NEURONS])


@native
def prefetch_rows(plan, thread, threads, step, done, after, total, one):
    """Ask for this thread's rows of the next step, as great a part as `done` … `after` is of `total`; and for all targets."""
    if step > plan[p.LAST]:
        return
    if done == 0:
        prefetch_targets(plan, thread, threads, step, one)
    width = plan[p.INPUT_STRIDE]
    line = lanes_of(one)  # a cache line has as many numbers as a panel has columns
    lines = (width + line - 1) // line
    first, last = share(rows_of(plan, step), thread, threads)
    order, inputs = at(array(plan, p.INPUT_ORDER, INT64), step * plan[p.BATCH]), array(plan, p.INPUTS, one)
    count = (last - first) * lines
    i, end = count * done // total, count * after // total
    row, k = first + i // lines, i % lines
    while i < end:
        here = at(inputs, order[row] * width)
        stop = min(lines, k + end - i)
        for l in range(k, stop):
            prefetch(SECOND, at(here, l * line))
        i += stop - k
        row, k = row + 1, 0


@native
def prefetch_targets(plan, thread, threads, step, one):
    order, count = at(array(plan, p.ORDER, INT64), step * plan[p.BATCH]), layer_of(plan, plan[p.LAYERS])[p.NEURONS]
    first, last = share(rows_of(plan, step), thread, threads)
    for r in range(first, last):
        here = at(array(plan, p.TARGETS, one), order[r] * count)
        for j in range(0, count, lanes_of(one)):
            prefetch(SECOND, at(here, j))


@native
def update_layer(plan, thread, threads, l, step, one):
    """This thread's share of a layer's weights, cut by neurons, some of them by what comes in too; and of its biases.

    While those of layer 1 move, the rows of the next step are asked for.
    """
    layer = layer_of(plan, l)
    if layer[p.FIXED] == 0:
        if packs(plan, layer[p.SOURCES], layer[p.PANELS] // threads):
            move_packed(plan, thread, threads, l, step, one)
        else:
            move_plain(plan, thread, threads, l, step, one)
    biases(plan, thread, threads, l, step, one)


@native
def move_plain(plan, thread, threads, l, step, one):
    """This thread's share of the weights, panel by panel."""
    layer, lanes, at_once = layer_of(plan, l), lanes_of(one), plan[p.BLOCKS_AT_ONCE]
    sources = layer[p.SOURCES]
    blocks, (a, a_row, order) = parts_of(sources, lanes), incoming(plan, l, step, one)
    begin, last = share(layer[p.PANELS] * blocks, thread, threads)
    first = begin
    while first < last:
        panel, block = first // blocks, first % blocks
        count = min(min(at_once, blocks - block), last - first)
        inputs = min(count * lanes, sources - block * lanes)
        update_weights(
            plan, thread, l, step, panel, block * lanes, inputs, at(a, block * lanes), a_row, order, False, one
        )
        if l == 1:
            prefetch_rows(plan, thread, threads, step + 1, first - begin, first + count - begin, last - begin, one)
        first += count


@native
def move_packed(plan, thread, threads, l, step, one):
    """This thread's share, a group of inputs after the other, which are packed and then used for all its panels."""
    layer, lanes, at_once = layer_of(plan, l), lanes_of(one), plan[p.BLOCKS_AT_ONCE]
    panels, (_, a_row, order) = layer[p.PANELS], incoming(plan, l, step, one)
    blocks = parts_of(layer[p.SOURCES], lanes)
    groups = parts_of(blocks, at_once)
    begin, end = share(panels * groups, thread, threads)
    for group in range(groups):
        block, after = share(blocks, group, groups)
        inputs = min(after * lanes, layer[p.SOURCES]) - block * lanes
        a = pack(plan, thread, l, step, block * lanes, inputs, one)
        for panel in range(panels):
            if begin <= panel * groups + group < end:
                update_weights(plan, thread, l, step, panel, block * lanes, inputs, a, a_row, order, True, one)
        if l == 1:
            prefetch_rows(plan, thread, threads, step + 1, group, group + 1, groups, one)


# a gradient that is looked at before the move ---------------------------------------------------------------------------
@native
def move_all(plan, thread, threads, step, phase, one):
    """Clip the length of the whole gradient, then move everything: each thread some panels of each layer."""
    settings, squares, place = array(plan, p.SETTINGS, FLOAT64), array(plan, p.SQUARES, FLOAT64), 0
    for l in range(1, plan[p.LAYERS] + 1):
        layer = layer_of(plan, l)
        first, last = share(layer[p.PANELS], thread, threads)
        for panel in range(first, last):
            if layer[p.FIXED] == 0:
                squares[place + panel] = weigh_panel(plan, layer, panel, one)
        place += layer[p.PANELS]
    phase = wait(plan, thread, threads, phase)
    total = 0.0
    for i in range(place):
        total += squares[i]
    norm = math.sqrt(total) if total < math.inf else norm_of_large(plan, one)
    factor = number(one, 1.0)
    if settings[p.CLIP_NORM] > 0.0 and math.inf > norm > settings[p.CLIP_NORM]:
        factor = number(one, settings[p.CLIP_NORM] / norm)
    for l in range(1, plan[p.LAYERS] + 1):
        layer = layer_of(plan, l)
        first, last = share(layer[p.PANELS], thread, threads)
        for panel in range(first, last):
            if layer[p.FIXED] == 0:
                move_panel(plan, thread, layer, step, panel, factor, one)
    phase = wait(plan, thread, threads, phase)
    for l in range(1, plan[p.LAYERS] + 1):
        if thread == 0 and layer_of(plan, l)[p.BIAS_KIND] == p.BIAS_PER_LAYER:
            spread_bias(layer_of(plan, l), one)
    return wait(plan, thread, threads, phase)


@native
def norm_of_large(plan, one):
    """The length of a gradient whose squares are beyond float64."""
    total, scale = 0.0, 1e-200
    for l in range(1, plan[p.LAYERS] + 1):
        layer = layer_of(plan, l)
        for panel in range(layer[p.PANELS]):
            place, size, of_bias, count = of_panel(layer, panel, one)
            for i in range(place, place + size):
                e = np.float64(array(layer, p.WEIGHT_GRADIENT, one)[i]) * scale
                total += e * e
            for i in range(of_bias, of_bias + count):
                e = np.float64(array(layer, p.BIAS_GRADIENT, one)[i]) * scale
                total += e * e
    return math.sqrt(total) / scale


@native
def of_panel(layer, panel, one):
    """Of its weights (first number, how many); of its biases likewise: a layer's one bias belongs to the first panel."""
    lanes, kind = lanes_of(one), layer[p.BIAS_KIND]
    size = layer[p.DEPTH] * lanes
    count = lanes if kind == p.BIAS_PER_NEURON else 0
    if kind == p.BIAS_PER_LAYER and panel == 0:
        count = 1
    return panel * size, layer[p.SOURCES] * lanes, panel * lanes, count


@native
def weigh_panel(plan, layer, panel, one):
    """The gradient of a panel before it is shortened; the sum of its squares."""
    lanes = lanes_of(one)
    place, size, of_bias, count = of_panel(layer, panel, one)
    g, w = at(array(layer, p.WEIGHT_GRADIENT, one), place), at(array(layer, p.WEIGHTS, one), place)
    weigh(plan, g, w, size, lanes * lanes, 1, measures_of_weights(layer, panel, 0, lanes))
    total = sum_of_squares(g, size)
    if count > 0:
        g, b = at(array(layer, p.BIAS_GRADIENT, one), of_bias), at(array(layer, p.BIASES, one), of_bias)
        weigh(plan, g, b, count, lanes, layer[p.PENALIZED_BIAS], measures_of_biases(layer, panel, lanes))
        total += sum_of_squares(g, count)
    return total


@native
def move_panel(plan, thread, layer, step, panel, factor, one):
    lanes = lanes_of(one)
    place, size, of_bias, count = of_panel(layer, panel, one)
    g, w = at(array(layer, p.WEIGHT_GRADIENT, one), place), at(array(layer, p.WEIGHTS, one), place)
    slots, apart = at(array(layer, p.WEIGHT_SLOTS, one), place), layer[p.PANELS] * layer[p.DEPTH] * lanes
    shorten(g, size, factor)
    measures = measures_of_weights(layer, panel, 0, lanes)
    step_down(plan, thread, step, g, w, slots, apart, size, lanes * lanes, 1, measures, one)
    if count > 0:
        g, b = at(array(layer, p.BIAS_GRADIENT, one), of_bias), at(array(layer, p.BIASES, one), of_bias)
        slots, apart = at(array(layer, p.BIAS_SLOTS, one), of_bias), layer[p.PANELS] * lanes
        shorten(g, count, factor)
        measures = measures_of_biases(layer, panel, lanes)
        step_down(plan, thread, step, g, b, slots, apart, count, lanes, layer[p.PENALIZED_BIAS], measures, one)


@native
def shorten(g, count, factor):
    if factor < number(factor, 1.0):
        for i in range(count):
            g[i] *= factor


@native
def whole_panels(plan, threads):
    """Whether each thread has whole panels of layer 1 in every phase, so that it alone needs their errors and weights."""
    layer = layer_of(plan, 1)
    return layer[p.PANELS] % threads == 0 and layer[p.BIAS_KIND] != p.BIAS_PER_LAYER and layer[p.ACTIVATION] != SOFTMAX


# steps ----------------------------------------------------------------------------------------------------------------
@native
def one_step(plan, thread, threads, step, phase, one):
    """Costs, gradient and, unless it is deferred, the move of one step whose rows have been gathered."""
    layers, by_rows = plan[p.LAYERS], plan[p.ALL_BY_ROWS] != 0
    for l in range(1, layers + 1):
        phase = forward(plan, thread, threads, l, step, phase, one)
        if l < layers and layer_of(plan, l)[p.BY_ROWS] != 0 and layer_of(plan, l + 1)[p.BY_ROWS] == 0:
            phase = wait(plan, thread, threads, phase)
    output_errors(plan, thread, threads, step, one)
    if by_rows:
        for l in range(layers, 1, -1):
            backward_rows(plan, thread, threads, l, step, one)
    phase = wait(plan, thread, threads, phase)
    if thread == 0:
        sum_costs(plan, step)
    for l in range(layers, 1, -1):
        if by_rows:
            update_layer(plan, thread, threads, l, step, one)
        else:
            backward(plan, thread, threads, l, step, one)
            if l > 2 or not whole_panels(plan, threads):
                phase = wait(plan, thread, threads, phase)
            if layer_of(plan, l - 1)[p.ACTIVATION] == SOFTMAX:
                softmax_below(plan, thread, threads, l, step, one)
                phase = wait(plan, thread, threads, phase)
    update_layer(plan, thread, threads, 1, step, one)
    return phase


@native
def run(plan, thread, threads, steps, phase, one):
    """So many steps, as one of so many threads, whose phases are counted from one on."""
    gather(plan, thread, threads, 0, one)
    phase = wait(plan, thread, threads, phase)
    for step in range(steps):
        phase = one_step(plan, thread, threads, step, phase, one)
        if plan[p.DEFERRED] == p.AT_THE_END:
            phase = wait(plan, thread, threads, phase)
            phase = move_all(plan, thread, threads, step, phase, one)
        if step + 1 < steps:
            gather(plan, thread, threads, step + 1, one)
        phase = wait(plan, thread, threads, phase)


@native
def part(plan, thread, threads, steps, number, one):
    """What the plan asks for: whole steps, the gradient of one, or the move along a gradient that is there."""
    if plan[p.DEFERRED] == p.MOVE_ALONE:
        move_all(plan, thread, threads, 0, number + 1, one)
    else:
        run(plan, thread, threads, steps, number + 1, one)


@native
def work(plan, thread, threads, steps, one):
    if thread == 0:
        lead(plan, threads, steps, one)
    else:
        follow(plan, thread, one)
