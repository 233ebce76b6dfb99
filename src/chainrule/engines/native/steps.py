"""Whole training steps: gather, forward, cost, backward and update, over as many steps and by as many threads as asked for.

Threads go through a step together, and wait for each other after each of its phases. In a phase each has its share of what is
computed, cut by rows, or by neurons and their weights; each number is computed by one thread, from the same terms in the same
order, whoever it is: no bit depends on how many there are.
"""

from __future__ import annotations

from chainrule.engines.native import plan as p
from chainrule.engines.native.backward import backward, backward_rows, softmax_below, update_layer
from chainrule.engines.native.forward import forward, gather, output_errors, sum_costs
from chainrule.engines.native.lookup import INT64, array, layer_of
from chainrule.engines.native.moves import move_all
from chainrule.engines.native.passes import SOFTMAX
from chainrule.engines.native.tiles import at, native, observe, publish
from chainrule.engines.native.waiting import NAPS, SPINS, YIELDS, rest, wait


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
def whole_panels(plan, threads):
    """Whether each thread has whole panels of layer 1 in every phase, so that it alone needs their errors and weights."""
    layer = layer_of(plan, 1)
    return layer[p.PANELS] % threads == 0 and layer[p.BIAS_KIND] != p.BIAS_PER_LAYER and layer[p.ACTIVATION] != SOFTMAX


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
