"""The gradient of a recurrent network by each method, as one vector: through time, gates, dual numbers, complex step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.dual import DUALS, Dual, dual
from chainrule.errors import ChainruleError, FormError, SettingError
from chainrule.recurrent.task import Task
from chainrule.recurrent.through_time import RecurrentBackward
from chainrule.recurrent.wiring import wired
from chainrule.verification.complex_step import COMPLEXES, STEP, analytic, plain, same
from chainrule.verification.recurrent_evaluate import cut, evaluate, point_of

Array = np.ndarray
AT_ONCE = 256  # directions
LIMIT = 20_000_000  # entries × steps of a method that takes every direction: about ten seconds


def of_time(back: RecurrentBackward) -> Array:
    """What backpropagation through time has found."""
    return np.concatenate([back.gradient.flat(), back.dh0, back.dx.rows.ravel()])


def of_gates(given: Task) -> Array:
    """What the gates of the unrolled circuit send back."""
    n = wired(given)
    back = n.run().backward(n.cost)
    wires = (n.W, n.b, n.U, n.V, n.c, n.h[0], n.x.rows)
    return np.concatenate([np.ravel(back[each]) for each in wires])


def of_duals(given: Task) -> Array:
    """C(θ + ε e_i) on dual numbers, from the first step to the last: nothing is sent backward (S1.21)."""

    def along(points: Array, directions: Array) -> Array:
        at = cut(given, Dual(points, directions))
        return dual(evaluate(given, at, DUALS)).slope.reshape(len(points))

    return _in_every_direction(given, along)


def of_complex(given: Task) -> Array:
    """Im C(θ + ih e_i) / h; where σ, τ or C is not analytic the numbers refuse it."""

    def along(points: Array, directions: Array) -> Array:
        at = cut(given, analytic(points + 1j * STEP * directions))
        found = plain(np.ravel(plain(evaluate(given, at, COMPLEXES))))
        same(found.real, np.ravel(evaluate(given, cut(given, points[:1]))))
        return found.imag / STEP

    try:
        return _in_every_direction(given, along)
    except ChainruleError:
        raise
    except Exception as error:  # a user's own form may fail in its own way
        raise FormError(f"a form fails on complex numbers, {type(error).__name__}: {error}") from error


def _in_every_direction(given: Task, along: Callable[[Array, Array], Array]) -> Array:
    """A slope for each entry of the vector: `along(points, directions)` answers some at once."""
    point, found = point_of(given), []
    if point.size * len(given) > LIMIT:
        raise SettingError(f"{point.size * len(given):,} entries × steps, and the limit is {LIMIT:,}")
    with np.errstate(all="ignore"):  # NaN or infinity is an error below
        for start in range(0, point.size, AT_ONCE):
            directions = np.eye(min(AT_ONCE, point.size - start), point.size, start)
            found.append(along(np.broadcast_to(point, directions.shape), directions))
    slopes = np.concatenate(found)
    if not np.isfinite(slopes).all():
        raise FormError("a form of the network leaves the floating point numbers here: take smaller weights or inputs")
    return slopes
