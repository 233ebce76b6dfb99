"""The cost of one row and its error δ^L, chosen by code: what `costs` says, on numbers that lie in a row."""

from __future__ import annotations

import math

from chainrule.engines.native.passes import exp, sigmoid, softplus
from chainrule.engines.native.tiles import call, native, number

SQUARED_ERROR, HUBER, CROSS_ENTROPY, BINARY_CROSS_ENTROPY, MULTICLASS_HINGE, OWN = range(6)


@native
def row_cost(code, own, out, y, d, count, width, setting):
    """c of a row, as float64, and in `d` its slope by `out`: z^L where the cost is a function of it, a^L elsewhere.

    `count` outputs, in panels of `width` numbers; what `d` has beyond `count` is 0 afterwards. `own` is where the code
    of a user's own cost is.
    """
    zero = number(setting, 0.0)
    if code == SQUARED_ERROR:
        cost = _squared_error(out, y, d, count, setting)
    elif code == HUBER:
        cost = _huber(out, y, d, count, setting)
    elif code == CROSS_ENTROPY:
        cost = _cross_entropy(out, y, d, count, width)
    elif code == BINARY_CROSS_ENTROPY:
        cost = _binary_cross_entropy(out, y, d, count)
    elif code == MULTICLASS_HINGE:
        cost = _multiclass_hinge(out, y, d, count)
    else:
        cost = call(own, out, y, d, count)
    for j in range(count, width):
        d[j] = zero
    return cost


@native
def _squared_error(a, y, d, count, factor):
    cost = 0.0
    for j in range(count):
        e = a[j] - y[j]
        cost += e * e
        d[j] = number(e, 2.0) * factor * e
    return cost * factor


@native
def _huber(a, y, d, count, most):
    cost = 0.0
    for j in range(count):
        e = a[j] - y[j]
        size = abs(e)
        inside = size if size < most else most
        cost += inside * (size - inside * number(e, 0.5))
        d[j] = -most if e < -most else (most if e > most else e)
    return cost


@native
def _cross_entropy(z, y, d, count, width):
    """From z, with p − y written so that nothing small is lost beside 1, as in `costs`."""
    first = 0
    for j in range(1, count):
        if z[j] > z[first]:
            first = j
    top, one, zero = z[first], number(z[0], 1.0), number(z[0], 0.0)
    for j in range(width):
        d[j] = exp(z[j] - top)
    rest, given = zero, zero
    for j in range(count):
        rest += zero if j == first else d[j]
        given += y[j]
    total, log_rest, cost = one + rest, math.log1p(rest), 0.0
    for j in range(count):
        p = d[j] / total
        others = rest / total if j == first else one - p
        d[j] = p * (given - y[j]) - y[j] * others
        if y[j] != zero:
            cost += y[j] * ((top - z[j]) + log_rest)
    return cost + zero * top  # NaN or infinite where a z is


@native
def _binary_cross_entropy(z, y, d, count):
    one, cost = number(z[0], 1.0), 0.0
    for j in range(count):
        cost += y[j] * softplus(-z[j]) + (one - y[j]) * softplus(z[j])
        d[j] = (one - y[j]) * sigmoid(z[j]) - y[j] * sigmoid(-z[j])
    return cost


@native
def _multiclass_hinge(z, y, d, count):
    one, zero, cost = number(z[0], 1.0), number(z[0], 0.0), 0.0
    right, over = zero, zero
    for j in range(count):
        right += y[j] * z[j]
    for j in range(count):
        excess = (one - y[j]) * (one + z[j] - right)
        more = excess > zero
        cost += excess if more else zero
        d[j] = one if more else zero
        over += d[j]
    for j in range(count):
        d[j] -= y[j] * over
    return cost
