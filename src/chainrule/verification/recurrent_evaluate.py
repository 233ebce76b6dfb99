"""C of a recurrent network as a function of one vector, for any kind of number: the network as its definition reads.

The vector holds W, b, U, V, c, then h_0 and x_1…x_T. As `evaluate.py`, it takes the forms of σ, τ and C, and no slope.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.elementary import ARRAYS, Elementary
from chainrule.recurrent.recurrent import SHARED
from chainrule.recurrent.task import Task

Array = np.ndarray


@dataclass(frozen=True)
class Part:
    """One of the arrays in the one vector that every method answers: its name, shape and place there."""

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
