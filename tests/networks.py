"""Random small networks with an example set and a legal cost: what the tests of every method draw from."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

import chainrule as cr
from chainrule.activations import NAMED as ACTIVATIONS
from chainrule.costs import Cost
from chainrule.explanation.figures import FIGURES

PROOF = os.environ.get("CHAINRULE_PROOF") == "1"
Row, Column = TypeVar("Row"), TypeVar("Column")


def crossed(rows: Iterable[Row], columns: Sequence[Column], each: int = 2) -> list[tuple[Row, Column]]:
    """Rows with columns, to draw one in the manner of the other: every pair under `make proof`, else `each` columns to a row,
    taken in turn, so that every column comes up too."""
    rows = list(rows)
    if PROOF:
        return list(itertools.product(rows, columns))
    turn = itertools.cycle(columns)
    return [(row, next(turn)) for row in rows for _ in range(min(each, len(columns)))]


OUTPUTS = sorted(ACTIVATIONS)
HIDDEN = [name for name in OUTPUTS if name != "exponential"]  # of which a few layers overflow
COSTS: dict[str, Cost] = {
    "quadratic": cr.squared_error(half=True),
    "squared_error": cr.squared_error(),
    "huber": cr.huber(0.7),
    "absolute_error": cr.absolute_error(),
    "log_cosh": cr.log_cosh(),
    "poisson": cr.poisson(),
    "cross_entropy": cr.cross_entropy(),
    "binary_cross_entropy": cr.binary_cross_entropy(),
    "multiclass_hinge": cr.multiclass_hinge(),
    "quartic": cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4), "quartic"),
}
ANY_OUTPUT = ("quadratic", "squared_error", "huber", "absolute_error", "log_cosh", "quartic")
LEGAL = [(output, cost) for cost in ANY_OUTPUT for output in OUTPUTS] + [
    ("exponential", "poisson"),
    ("softmax", "cross_entropy"),
    ("identity", "cross_entropy"),
    ("sigmoid", "binary_cross_entropy"),
    ("identity", "binary_cross_entropy"),
    ("identity", "multiclass_hinge"),
]


@dataclass(frozen=True)
class Problem:
    """A network, rows, targets and a cost that fits."""

    network: cr.Network
    x: np.ndarray
    y: np.ndarray
    cost: Cost


def make_problem(
    sizes: list[int],
    hidden: list[str],
    output: str,
    cost: str,
    *,
    batch: int = 4,
    bias: str = "neuron",
    scale: float = 1.0,
    seed: int = 0,
    dtype: str = "float64",
) -> Problem:
    """A problem drawn from a seed; a softmax gets at least two neurons, where one is given; exponentials stay finite."""
    scale = min(scale, 1.0) if output == "exponential" else scale
    rng = np.random.default_rng(seed)
    sizes = [sizes[0], *(max(n, 2) if s == "softmax" else n for n, s in zip(sizes[1:], [*hidden, output]))]
    if cost == "multiclass_hinge":
        sizes[-1] = max(sizes[-1], 2)
    network = cr.Network.random(sizes, hidden, output, init="lecun", bias=bias, seed=rng, dtype="float64")
    drawn = network.parameters.map(lambda array: scale * (array + 0.3 * rng.standard_normal(array.shape)))
    network = network.with_parameters(drawn).astype(dtype).with_cost(COSTS[cost])
    x = rng.standard_normal((batch, sizes[0])).astype(dtype)
    out = sizes[-1]
    if COSTS[cost].targets in ("one-hot", "probabilities"):
        y = np.eye(out)[rng.integers(0, out, batch)]
        if COSTS[cost].targets == "probabilities":
            y = 0.9 * y + 0.1 / out
    elif COSTS[cost].targets == "counts":
        y = rng.poisson(2.0, (batch, out)).astype(float)
    elif COSTS[cost].targets == "choices":
        y = rng.random((batch, out))
    else:
        y = rng.standard_normal((batch, out))
    return Problem(network, x, y.astype(dtype), COSTS[cost])


@dataclass(frozen=True)
class Drawn:
    """What a problem is drawn from. (The network itself is built in the test: inside a strategy nothing else may draw.)"""

    sizes: list[int]
    hidden: list[str]
    pair: tuple[str, str]
    batch: int
    bias: str
    scale: float
    seed: int

    def make(self, dtype: str = "float64") -> Problem:
        """The problem itself."""
        settings = {"batch": self.batch, "bias": self.bias, "scale": self.scale, "seed": self.seed, "dtype": dtype}
        return make_problem(self.sizes, self.hidden, *self.pair, **settings)


@st.composite
def problems(draw: st.DrawFn) -> Drawn:
    """Any small problem: one to four layers, one to five neurons each, every activation, every legal cost."""
    depth = draw(st.integers(1, 4))
    return Drawn(
        [draw(st.integers(1, 5)) for _ in range(depth + 1)],
        [draw(st.sampled_from(HIDDEN)) for _ in range(depth - 1)],
        draw(st.sampled_from(LEGAL)),
        draw(st.integers(1, 6)),
        draw(st.sampled_from(["neuron", "layer", "none"])),
        draw(st.sampled_from([0.1, 1.0, 3.0])),
        draw(st.integers(0, 2**32 - 1)),
    )


def chapter(name):
    """One figure as a function: chapter("path_sum")(network, x, y, by="w/1/0/0")."""

    def draw(*given, **options):
        return FIGURES[name].draw(*given, **options)

    draw.__name__ = FIGURES[name].chapter
    return draw
