"""Backward in native code: δ of the layers below, gradients, and the moves that follow them block by block."""

from __future__ import annotations

from chainrule.engines.native import plan as p
from chainrule.engines.native.lookup import (
    FLOAT64,
    INT64,
    MANY_ROWS,
    array,
    begin_of,
    columns_of,
    depth_at_once,
    incoming,
    layer_of,
    own_scratch,
    packs,
    parts_of,
    rows_of,
    setting,
    share,
)
from chainrule.engines.native.moves import measures_of_weights, move_biases, spread_bias, step_down, weigh
from chainrule.engines.native.passes import (
    DELTA_RULE,
    SOFTMAX,
    slots_of,
    times_slope,
    times_softmax_slope,
)
from chainrule.engines.native.products import gradient_block, pack_columns, product, transposed
from chainrule.engines.native.tiles import ADDED, GRADIENT, SECOND, at, lanes_of, native, number, prefetch, tile


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
    columns = min(blocks * lanes, columns_of(below, one) - first)
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
            start_row, start_step, columns, rows, depth, plan[p.ROWS_AT_ONCE], far, packed, packs(plan, rows, blocks),
        )  # fmt: skip
    if below[p.MASKS] != 0:
        masks = at(array(below, p.MASKS, one), place)
        for r in range(rows):
            for j in range(r * row, r * row + inputs):
                d[j] *= masks[j]
    if below[p.ACTIVATION] != SOFTMAX:
        source, alpha = at(array(below, p.SOURCE, one), place), setting(plan, p.ALPHAS + l - 1, one)
        times_slope(below[p.ACTIVATION], below[p.OWN_SLOPE], source, d, row, rows, columns, alpha)


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
    narrow = columns_of(layer, one) - panel * lanes < lanes
    next_d = lanes if far and n > MANY_ROWS and panel + 1 < layer[p.PANELS] else 0
    slots, apart = at(array(layer, p.WEIGHT_SLOTS, one), place), layer[p.PANELS] * layer[p.DEPTH] * lanes
    deferred = plan[p.DEFERRED] != p.AT_ONCE
    added = moves_as_summed(plan)
    g = at(array(layer, p.WEIGHT_GRADIENT, one), place) if deferred else at(zeros, (1 + lanes) * lanes)
    to, scale = (w, downhill(plan, step)) if added else (g, 0.0)
    held = (1 + slots_of(plan[p.RULE])) * (far and not deferred)
    gradient_block(
        to, added, number(one, scale), narrow, a, a_row, order, packed, d, d_row, zeros, inputs, n, at_once, next_d, w, slots,
        apart, held,
    )  # fmt: skip
    if not deferred and not added:
        measures = measures_of_weights(layer, panel, first, lanes)
        weigh(plan, g, w, inputs * lanes, lanes * lanes, 1, measures)
        step_down(plan, thread, step, g, w, slots, apart, inputs * lanes, lanes * lanes, 1, measures, one)


@native
def moves_as_summed(plan):
    """Whether a sum over the rows goes to the weights at once, as the delta rule allows: w ← w + (−η) · sum."""
    return plan[p.DEFERRED] == p.AT_ONCE and plan[p.RULE] == DELTA_RULE and plan[p.PLAIN] != 0 and plan[p.MEASURED] == 0


@native
def downhill(plan, step):
    """−η."""
    return -array(plan, p.RATES, FLOAT64)[step * p.RATE_COUNT + p.RATE]


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
def update_biases(plan, thread, l, step, panel, panels, one):
    """The same for the biases of some panels: the gradient is the sum of δ over the rows, 1ᵀδ (BP3)."""
    layer, n, lanes, zeros = layer_of(plan, l), rows_of(plan, step), lanes_of(one), own_scratch(plan, thread, one)
    row, ones, all_rows = layer[p.STRIDE], array(plan, p.ONES, one), array(plan, p.ALL_ROWS, INT64)
    deferred, added = plan[p.DEFERRED] != p.AT_ONCE, moves_as_summed(plan)
    scale = number(one, downhill(plan, step) if added else 0.0)
    for q in range(panel, panel + panels):
        d, b = at(array(layer, p.ERRORS, one), q * lanes), at(array(layer, p.BIASES, one), q * lanes)
        g = at(array(layer, p.BIAS_GRADIENT, one), q * lanes) if deferred else at(zeros, (1 + lanes) * lanes)
        if added:
            tile(ADDED, 1, False, b, 0, ones, 0, all_rows, d, row, b, 0, scale, n)
        else:
            tile(GRADIENT, 1, False, g, 0, ones, 0, all_rows, d, row, zeros, 0, one, n)
        if not (added or deferred):
            move_biases(plan, thread, layer, step, g, q, one)


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
    i, end = begin_of(count, done, total), begin_of(count, after, total)
    row, k = (first + i // lines, i % lines) if i > 0 else (first, 0)
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
