"""Each road to the gradient of a recurrent network, as one vector: through time, gates, dual numbers, complex step.

The vector holds W, b, U, V, c, then h_0 and x_1…x_T. The last two roads, and differences, evaluate C by its definition alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.dual import DUALS, Dual, dual
from chainrule.elementary import ARRAYS, Elementary
from chainrule.errors import ChainruleError, FormError, SettingError
from chainrule.recurrent.recurrent import SHARED
from chainrule.recurrent.task import Task
from chainrule.recurrent.through_time import RecurrentBackward
from chainrule.recurrent.wiring import wired
from chainrule.verification.complex_step import COMPLEXES, STEP, analytic

Array = np.ndarray
AT_ONCE = 256  # directions
LIMIT = 20_000_000  # entries × steps of a road that takes every direction: some ten seconds


@dataclass(frozen=True)
class Part:
    """One of the arrays in the one vector that every road answers: its name, shape and place there."""

    name: str
    shape: tuple[int, ...]
    place: slice

    def __contains__(self, entry: int) -> bool:
        return bool(self.place.start <= entry < self.place.stop)

    def name_of(self, entry: int) -> str:
        """An entry in words: U[0, 1], or x_3[0] for the inputs of step 3."""
        at = [int(i) for i in np.unravel_index(entry - self.place.start, self.shape)]
        return f"x_{at[0] + 1}[{at[1]}]" if self.name == "x" else f"{self.name}{at}"


def parts_of(given: Task) -> dict[str, Part]:
    """W, b, U, V, c, h_0 and x_1…x_T, in the order of the vector."""
    r, parts, start = given.recurrent, {}, 0
    shapes = {**{name: getattr(r, name).shape for name in SHARED}, "h0": given.h0.shape, "x": given.xs.shape}
    for name, shape in shapes.items():
        stop = start + int(np.prod(shape))
        parts[name] = Part(name, shape, slice(start, stop))
        start = stop
    return parts


def point_of(given: Task) -> Array:
    """Where the gradient is asked for, as a vector."""
    return np.concatenate([given.recurrent.parameters.flat(), given.h0, given.xs.ravel()])


def cut(given: Task, vectors: Any) -> dict[str, Any]:
    """Vectors (many, entries) of any kind of number as their parts, each (many, …)."""
    return {name: vectors[:, part.place].reshape(-1, *part.shape) for name, part in parts_of(given).items()}


def evaluate(given: Task, point: Mapping[str, Any], m: Elementary = ARRAYS) -> Any:
    """C at many points at once, for any kind of number: the network as its definition reads, by the forms of σ, τ and C.

    Each part of `point` has an axis of points before its own.
    """
    r, h, total = given.recurrent, point["h0"], 0.0
    targets = dict(zip(given.reads.tolist(), given.targets))

    def through(weights: Any, a: Any) -> Any:
        return m.sum(weights * a[:, None, :])[..., 0]

    for t in range(len(given)):
        z = through(point["W"], point["x"][:, t]) + through(point["U"], h) + point["b"]
        h = r.activation.form(z, m)
        if t in targets:
            s = through(point["V"], h) + point["c"]
            read = s if given.pair.of == "z" else r.output.form(s, m)
            target = np.broadcast_to(targets[t], read.shape)
            total = total + given.share * given.pair.form(read, target, m)
    return total


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
        found, true = (
            np.asarray(evaluate(given, where, m), np.complex128).view(np.ndarray).reshape(-1)
            for where, m in ((at, COMPLEXES), (cut(given, points[:1]), ARRAYS))
        )
        if not np.allclose(found.real, true.real, rtol=1e-8, atol=1e-8):
            raise FormError("a form overflows here, or takes a root, power or logarithm of a negative number")
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
    with np.errstate(all="ignore"):  # what leaves the numbers is refused below, in words
        for start in range(0, point.size, AT_ONCE):
            directions = np.eye(min(AT_ONCE, point.size - start), point.size, start)
            found.append(along(np.broadcast_to(point, directions.shape), directions))
    slopes = np.concatenate(found)
    if not np.isfinite(slopes).all():
        raise FormError("a form of the network leaves the floating point numbers here: take smaller weights or inputs")
    return slopes
