"""The passes over numbers: activations, slopes and rules, chosen by code.

The functions of one number are written so that LLVM makes vectors of them: the exponential is a polynomial, as a call would
take ten times as long. What they say is what `activations` and `updates` say; the tests compare them.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from chainrule.engines.native.plan import (
    CLIP_VALUE,
    CORRECTED,
    DECAY,
    EPSILON,
    FIRST,
    L1,
    L2,
    RATE,
    ROOT,
    SECOND,
)  # fmt: skip
from chainrule.engines.native.tiles import at, bits_of, call, native, number

IDENTITY, SIGMOID, TANH, RELU, LEAKY_RELU, SOFTPLUS, GELU, SILU, SOFTMAX, OWN = range(10)
DELTA_RULE, MOMENTUM, NESTEROV, RMSPROP, ADAM = range(5)


# e^x: n = the whole number next to x / log 2, r = x − n log 2, |r| ≤ 0.35, and the series of e^r ------------------------
def exp(x):
    """e^x to an ulp or two. Beyond the range the smallest or largest number of it; NaN stays NaN."""
    raise NotImplementedError


@overload(exp)
def _exp(x):  # (without annotations, which Numba would compare)
    single = x is types.float32
    real, whole = (np.float32, np.int32) if single else (np.float64, np.int64)
    lowest, highest = (real(-87.0), real(88.0)) if single else (real(-708.0), real(709.0))
    bias, mantissa = (whole(127), whole(23)) if single else (whole(1023), whole(52))
    # log 2 in two parts, the first with so few bits that n times it is exact
    coarse = 355 / 512 if single else float.fromhex("0x1.62e42fee00000p-1")
    coarse, fine = real(coarse), real(math.log(2) - coarse if single else 1.9082149292705877e-10)
    per, half, one = real(1 / math.log(2)), real(0.5), real(1)
    c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13 = (real(1 / math.factorial(k)) for k in range(2, 14))

    def of(x):
        x = lowest if x < lowest else x
        x = highest if x > highest else x
        n = np.floor(x * per + half)
        r = (x - n * coarse) - n * fine
        p = c7
        if not single:
            p = ((((((c13 * r + c12) * r + c11) * r + c10) * r + c9) * r + c8) * r) + c7
        p = ((((p * r + c6) * r + c5) * r + c4) * r + c3) * r + c2
        p = p * (r * r) + r + one
        return p * bits_of(whole((whole(n) + bias) << mantissa))

    return of


@native
def sigmoid(z):
    one = number(z, 1.0)
    return one / (one + exp(-z))


@native
def tanh(z):
    one = number(z, 1.0)
    e = exp(number(z, -2.0) * abs(z))
    t = (one - e) / (one + e)
    return t if z >= number(z, 0.0) else -t


@native
def softplus(z):
    zero = number(z, 0.0)
    return (z if z > zero else zero) + math.log1p(exp(-abs(z)))


@native
def normal_cdf(z):
    return number(z, 0.5) * math.erfc(-z * number(z, 0.7071067811865476))


# activations. A product with 0 or 1 is faster than a choice, of which LLVM may make a store under a mask ------------------
@native
def activate(code, own, z, row, rows, width, alpha):
    """z ← σ(z) in `width` columns, whole panels, of rows that lie `row` numbers apart. `own` is where a user's code is."""
    zero, one = number(alpha, 0.0), number(alpha, 1.0)
    for r in range(rows):
        here = at(z, r * row)
        if code == SIGMOID:
            for j in range(width):
                here[j] = sigmoid(here[j])
        elif code == TANH:
            for j in range(width):
                here[j] = tanh(here[j])
        elif code == RELU:
            for j in range(width):
                x = here[j]
                here[j] = x * (zero if x < zero else one)
        elif code == LEAKY_RELU:
            for j in range(width):
                x = here[j]
                here[j] = x * (alpha if x < zero else one)
        elif code == SOFTPLUS:
            for j in range(width):
                here[j] = softplus(here[j])
        elif code == GELU:
            for j in range(width):
                here[j] *= normal_cdf(here[j])
        elif code == SILU:
            for j in range(width):
                here[j] *= sigmoid(here[j])
        elif code == OWN:
            call(own, here, here, here, width)


@native
def times_slope(code, own, source, errors, row, rows, width, alpha):
    """errors ← errors ⊙ σ′ in such columns. `source` is a = σ(z), from which most slopes follow; z for GELU, SiLU and OWN."""
    zero, one = number(alpha, 0.0), number(alpha, 1.0)
    density = number(alpha, 0.3989422804014327)  # 1 / √(2π)
    for r in range(rows):
        s, d = at(source, r * row), at(errors, r * row)
        if code == SIGMOID:
            for j in range(width):
                d[j] *= s[j] * (one - s[j])
        elif code == TANH:
            for j in range(width):
                d[j] *= one - s[j] * s[j]
        elif code == RELU:
            for j in range(width):
                d[j] *= one if s[j] > zero else zero
        elif code == LEAKY_RELU:
            for j in range(width):
                d[j] *= one if s[j] > zero else alpha
        elif code == SOFTPLUS:
            for j in range(width):
                d[j] *= one - exp(-s[j])
        elif code == GELU:
            for j in range(width):
                x = s[j]
                d[j] *= normal_cdf(x) + x * density * exp(number(x, -0.5) * x * x)
        elif code == SILU:
            for j in range(width):
                x = s[j]
                p = sigmoid(x)
                d[j] *= p * (one + x * (one - p))
        elif code == OWN:
            call(own, s, d, d, width)


@native
def softmax(z, count, width):
    """z ← the softmax of the first `count` of them; 0 in the rest of the panels."""
    top = z[0]
    for j in range(1, count):
        top = z[j] if z[j] > top else top
    for j in range(width):
        z[j] = exp(z[j] - top)
    total = number(top, 0.0)
    for j in range(count):
        total += z[j]
    for j in range(width):
        z[j] = z[j] / total if j < count else number(top, 0.0)


@native
def times_softmax_slope(a, d, count):
    """d ← Σ′ᵀ d = a ⊙ (d − a·d) (S2.18), d counted from where a is largest: that keeps the digits of an a near 1."""
    top = 0
    for j in range(1, count):
        top = j if a[j] > a[top] else top
    first, inner = d[top], number(a[0], 0.0)
    for j in range(count):
        d[j] -= first
        inner += a[j] * d[j]
    for j in range(count):
        d[j] = a[j] * (d[j] - inner)


# rules ----------------------------------------------------------------------------------------------------------------
@native
def penalize(g, w, count, settings):
    """g ← the gradient with its penalty, where there is one."""
    zero = number(g[0], 0.0)
    if settings[L1] != 0.0 or settings[L2] != 0.0:
        l1, l2 = number(zero, settings[L1]), number(zero, settings[L2])
        for i in range(count):
            sign = l1 if w[i] > zero else (-l1 if w[i] < zero else zero)
            g[i] += sign + l2 * w[i]


@native
def clip_entries(g, count, settings):
    """Each entry within ± the clip value, where there is one."""
    if settings[CLIP_VALUE] > 0.0:
        most = number(g[0], settings[CLIP_VALUE])
        for i in range(count):
            g[i] = -most if g[i] < -most else (most if g[i] > most else g[i])


@native
def sum_of_squares(g, count):
    """As float64; four sums at a time, for each addition to one has to wait for that before."""
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    fours = count - count % 4
    for i in range(0, fours, 4):
        first += np.float64(g[i]) * np.float64(g[i])
        second += np.float64(g[i + 1]) * np.float64(g[i + 1])
        third += np.float64(g[i + 2]) * np.float64(g[i + 2])
        fourth += np.float64(g[i + 3]) * np.float64(g[i + 3])
    for i in range(fours, count):
        first += np.float64(g[i]) * np.float64(g[i])
    return (first + second) + (third + fourth)


@native
def slots_of(rule):
    """How many numbers a rule remembers for each weight."""
    return 2 if rule == ADAM else (0 if rule == DELTA_RULE else 1)


@native
def move(rule, g, w, slots, apart, count, settings, rates, penalized):
    """One step of a rule for `count` numbers in a row; its second slot lies `apart` after its first."""
    one = number(g[0], 1.0)
    m, v = slots, at(slots, apart)
    rate, corrected, root = number(one, rates[RATE]), number(one, rates[CORRECTED]), number(one, rates[ROOT])
    first, second, epsilon = number(one, settings[FIRST]), number(one, settings[SECOND]), number(one, settings[EPSILON])
    rest, rest_of_second = number(one, 1.0 - settings[FIRST]), number(one, 1.0 - settings[SECOND])
    if penalized and settings[DECAY] != 0.0:
        share = number(one, rates[RATE] * settings[DECAY])
        for i in range(count):
            w[i] -= w[i] * share
    if rule == DELTA_RULE:
        for i in range(count):
            w[i] -= rate * g[i]
    elif rule == MOMENTUM:
        for i in range(count):
            velocity = m[i] * first + g[i]
            m[i] = velocity
            w[i] -= rate * velocity
    elif rule == NESTEROV:
        for i in range(count):
            velocity = m[i] * first + g[i]
            m[i] = velocity
            w[i] -= rate * (velocity * first + g[i])
    elif rule == RMSPROP:
        for i in range(count):
            square = m[i] * first + g[i] * g[i] * rest
            m[i] = square
            w[i] -= rate * g[i] / (math.sqrt(square) + epsilon)
    elif rule == ADAM:
        for i in range(count):
            mean = m[i] * first + g[i] * rest
            square = v[i] * second + g[i] * g[i] * rest_of_second
            m[i], v[i] = mean, square
            w[i] -= corrected * mean / (math.sqrt(square) * root + epsilon)
