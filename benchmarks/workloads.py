"""The eight workloads that speed is measured on, as data; their rows and first weights, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

import chainrule as cr

Array = np.ndarray


@dataclass(frozen=True)
class Workload:
    """What is trained: sizes, hidden activation, output, cost, rows a batch, rule and its learning rate, rows an epoch.

    `goal` is how many times as fast as the best peer the project wants to be; for gemm it is the share of the sgemm rate.
    """

    name: str
    sizes: tuple[int, ...]
    hidden: str
    output: str
    cost: str
    batch: int
    rule: str
    rate: float
    rows: int
    goal: float

    @property
    def classes(self) -> bool:
        """Whether targets are classes, as one-hot rows."""
        return self.cost == "cross_entropy" or (self.output == "sigmoid" and self.sizes[-1] > 1)

    @property
    def steps(self) -> int:
        """Of an epoch; the last may have fewer rows."""
        return -(-self.rows // self.batch)

    @property
    def products(self) -> float:
        """Floating-point operations of an epoch's matrix products: for each layer aWᵀ, δᵀa and, but for the first, δW."""
        return sum(2.0 * self.rows * n * m * (2 if l == 0 else 3) for l, (n, m) in enumerate(pairwise(self.sizes)))

    @property
    def said(self) -> str:
        """The recipe in a few words."""
        sizes, rule = "-".join(map(str, self.sizes)), f"{self.rule}({self.rate:g})"
        return f"{sizes} {self.hidden}, {self.output} output, {self.cost}, {rule}, batches of {self.batch:,}"


WORKLOADS = {
    each.name: each
    for each in (
        Workload("tiny", (16, 16, 1), "sigmoid", "sigmoid", "quadratic", 8, "delta_rule", 0.1, 20_000, 4.0),
        Workload("nielsen", (784, 30, 10), "sigmoid", "sigmoid", "quadratic", 10, "delta_rule", 0.1, 10_000, 4.0),
        Workload("small", (784, 100, 10), "relu", "softmax", "cross_entropy", 32, "momentum", 1e-3, 10_000, 1.8),
        Workload("medium", (784, 512, 512, 10), "relu", "softmax", "cross_entropy", 128, "adam", 1e-4, 5_120, 1.3),
        Workload("deep", (100, 1024, 1024, 1024, 10), "relu", "softmax", "cross_entropy", 256, "adam", 1e-4, 2_560, 1.1),
        Workload("wide", (784, 2048, 2048, 10), "relu", "softmax", "cross_entropy", 32, "delta_rule", 1e-3, 960, 1.6),
        Workload("gemm", (2048, 2048, 2048, 2048), "relu", "identity", "quadratic", 512, "delta_rule", 1e-5, 1_024, 0.97),
        Workload("tabular", (64, 128, 128, 2), "relu", "softmax", "cross_entropy", 1_024, "adam", 1e-4, 65_536, 1.8),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """A workload with what every contestant gets: rows, targets and first weights, all in float32."""

    workload: Workload
    inputs: Array  # (rows, in)
    targets: Array  # (rows, out)
    network: cr.Network
    tests: tuple[Array, Array] | None = None  # rows and classes that an accuracy is taken on

    @cached_property
    def labels(self) -> Array:
        """The classes by number, (rows,)."""
        return self.targets.argmax(axis=1)


FASHION = Workload(
    "fashion-mnist", (784, 256, 128, 10), "relu", "softmax", "cross_entropy", 128, "adam", 1e-3, 60_000, 1.0
)


def task(workload: Workload, seed: int = 0) -> Task:
    """Standardised inputs and random targets: nothing is learnt so well that numbers become too small to be ordinary ones."""
    rng = np.random.default_rng(seed)
    width = workload.sizes[-1]
    inputs = rng.standard_normal((workload.rows, workload.sizes[0]), np.float32)
    if workload.classes:
        targets = np.eye(width, dtype=np.float32)[rng.integers(width, size=workload.rows)]
    elif workload.output == "sigmoid":
        targets = rng.integers(2, size=(workload.rows, width)).astype(np.float32)
    else:
        targets = rng.standard_normal((workload.rows, width), np.float32)
    return Task(
        workload, inputs, targets, cr.Network.random(workload.sizes, workload.hidden, workload.output, seed=seed)
    )


def fashion_task(path: Path) -> Task:
    """Fashion-MNIST from the file that `fashion.py` wrote for everybody."""
    with np.load(path) as rows:
        targets = np.eye(10, dtype=np.float32)[rows["labels"]]
        return Task(FASHION, rows["inputs"], targets, first_network(0), (rows["test_inputs"], rows["test_labels"]))


def first_network(seed: int) -> cr.Network:
    return cr.Network.random(FASHION.sizes, FASHION.hidden, FASHION.output, seed=seed)
