"""The move of weights and biases along a gradient that is there: of one block, or of everything once the whole gradient is."""

from __future__ import annotations

import math

import numpy as np

from chainrule.engines.native import plan as p
from chainrule.engines.native.lookup import FLOAT64, array, layer_of, own_scratch, share
from chainrule.engines.native.passes import clip_entries, move, penalize, sum_of_squares
from chainrule.engines.native.tiles import at, lanes_of, native, number
from chainrule.engines.native.waiting import wait


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
        for j in range(size):
            before[j] -= w[i + j]
        found[p.MOVE] = sum_of_squares(before, size)
        found = at(found, p.MEASURE_COUNT)


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
def spread_bias(layer, one):
    b = array(layer, p.BIASES, one)
    for j in range(1, layer[p.PANELS] * lanes_of(one)):
        b[j] = b[0]


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
