"""The gradient as one ordered vector, w¹, b¹, …, w^L, b^L: its blocks, and the vectors of examples beside their mean (S1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.conventions import Convention
from chainrule.explanation.noise import exact_sum, settled_gradient
from chainrule.forward import shares
from chainrule.parameters import Parameters
from chainrule.per_example import per_example_of
from chainrule.problem import Problem
from chainrule.writing.numbers import Style, style_of

Array = np.ndarray
EXAMPLES = 4  # that stand beside their mean, those with the largest gradients


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


@dataclass(frozen=True)
class Column:
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


def columns_of(problem: Problem, how: Convention) -> list[Column]:
    """The example's vector; or those of the examples with the largest gradients, in their order, and the whole one last."""

    def vector(of: Problem, total: str) -> Array:
        return settled_gradient(of, shares(len(of.x), total)).flat()

    if problem.single:
        return [Column("", vector(problem, "sum"), True)]
    total, count = "sum" if how.over == "sum" else "mean", len(problem.x)
    with np.errstate(all="ignore"):
        norms = per_example_of(problem).norms()
    strongest = np.sort(np.argsort(-norms, kind="stable")[:EXAMPLES])
    shown = [Column(f"example {i}", vector(problem.example(i), "sum"), False) for i in strongest.tolist()]
    return [*shown, Column(f"{total} of {count:,}", vector(problem, total), True)]


def strongest(values: Array, most: int) -> tuple[list[int], float]:
    """The places of the largest |values|, and the exact sum of all the others."""
    order = np.argsort(-np.abs(values), kind="stable")
    return order[:most].tolist(), exact_sum(values[order[most:]])
