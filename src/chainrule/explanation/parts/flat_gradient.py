"""The gradient as one ordered vector, w¹, b¹, …, w^L, b^L: its blocks, and the vectors of examples beside their mean (S1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.conventions import Convention
from chainrule.explanation.noise import settled_gradient
from chainrule.forward import shares
from chainrule.parameters import Parameters
from chainrule.per_example import per_example_of
from chainrule.problem import Problem
from chainrule.writing.numbers import Style, style_of

Array = np.ndarray
EXAMPLES, PERCENT = 4, 5  # as many at most stand beside their mean, each with so large a part of all norms
LONG, FEWER = 24, 2  # beside a vector of more entries stand fewer


@dataclass(frozen=True)
class Block:
    """w^l or b^l: its entries first ≤ i < stop of the flat vector."""

    kind: str
    layer: int
    shape: tuple[int, ...]
    first: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.first

    def of(self, values: Array) -> Array:
        """Its entries of a flat vector: (out, in) of weights, (out, 1) of biases."""
        return values[self.first : self.stop].reshape(self.shape[0], -1)


@dataclass(frozen=True)
class GradientColumn:
    """One vector: of an example, or of all of them."""

    name: str
    values: Array
    total: bool

    @property
    def norm(self) -> float:
        return float(np.linalg.norm(self.values))

    @cached_property
    def style(self) -> Style:
        """How its entries and its length are written, which stand below each other."""
        return style_of([*self.values.tolist(), self.norm])

    @property
    def largest(self) -> float:
        return float(np.abs(self.values).max())


def blocks(parameters: Parameters) -> list[Block]:
    """w¹, b¹, …, w^L, b^L with their places in the flat vector; a layer without biases has no block for them."""
    found, place = [], 0
    for layer in parameters.weights.numbers:
        for kind, array in (("w", parameters.weights[layer]), ("b", parameters.biases[layer])):
            if array.size:
                found.append(Block(kind, layer, array.shape, place, place + array.size))
            place += array.size
    return found


def columns_of(problem: Problem, how: Convention) -> tuple[list[GradientColumn], str]:
    """The example's vector; or those of the strongest examples, the whole one last, and which examples have none.

    An example is left out whose norm is under a twentieth of all norms added up; the strongest one never is.
    """

    def vector(of: Problem, total: str) -> Array:
        return settled_gradient(of, shares(len(of.x), total)).flat()

    if problem.single:
        return [GradientColumn("", vector(problem, "sum"), True)], ""
    total, count = "sum" if how.over == "sum" else "mean", len(problem.x)
    with np.errstate(all="ignore"):
        norms = per_example_of(problem).norms()
        parts = 100 * np.nan_to_num(norms / norms.sum())
    order = np.argsort(-norms, kind="stable")
    most = min(FEWER if problem.network.parameters.size > LONG else EXAMPLES, max(1, int((parts >= PERCENT).sum())))
    shown = [
        GradientColumn(f"example {i}", vector(problem.example(i), "sum"), False) for i in np.sort(order[:most]).tolist()
    ]
    whole = GradientColumn(f"{total} of {count:,}", vector(problem, total), True)
    return [*shown, whole], left_out(parts[order[most:]])


def left_out(percent: Array) -> str:
    """How many examples have no vector of their own, and how small these are."""
    count, most = len(percent), max(PERCENT, int(percent.max(initial=0)) + 1)
    some, each = ("s", "each ") if count > 1 else ("", "")
    return f"{count:,} more example{some}, {each}under {most} % of all norms added up" if count else ""
