"""What many small things cost: a gate of a circuit built by operators, a per-example tensor, a prediction of one row.

CPU time, the least of several runs, beside a peer in the same run: micrograd (`pip install micrograd`, left out where it
is absent) for gates, NumPy's einsum for tensors. Wanted: ≤ 10 µs a gate to build, run forward and backward; ≤ 1.2 × einsum;
≤ 150 µs a row.

    python benchmarks/small_calls.py
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

import chainrule as cr

GATES = 100_000
RUNS = 7


def seconds(call: Callable[[], Any], runs: int = RUNS, repeats: int = 1) -> float:
    """The least CPU time of a call over some runs."""
    found = []
    for _ in range(runs):
        started = time.process_time()
        for _ in range(repeats):
            call()
        found.append((time.process_time() - started) / repeats)
    return min(found)


def chain(x: Any) -> Any:
    """An expression of GATES gates, each of which waits for the one before."""
    total = x
    for _ in range(GATES // 4):
        total = (total * x + 1.0) / 2.0 - x
    return total


def circuit() -> None:
    """Built by operators, run forward and backward."""
    c = cr.Circuit()
    x = c.input("x", 0.5)
    out = chain(x)
    c.forward().backward(out)


def micrograd() -> None:
    """The same in micrograd, whose sort of the graph recurses: in parts of 400 gates."""
    from micrograd.engine import Value  # noqa: PLC0415  (a peer, which need not be installed)

    for _ in range(GATES // 400):
        total = x = Value(0.5)
        for _ in range(100):
            total = (total * x + 1.0) / 2.0 - x
        total.backward()


def tensors() -> list[str]:
    """Per-example tensors of layers of several widths, beside einsum."""
    lines = []
    for sizes, batch in (((784, 100, 10), 1000), ((2, 64, 2), 100_000), ((30, 50, 10), 10_000)):
        net = cr.Network.random(sizes, "tanh", "softmax")
        x = np.random.default_rng(0).random((batch, sizes[0]), np.float32)
        each = cr.per_example_gradients(net, x, np.arange(batch) % sizes[-1], "cross_entropy")
        delta, a = each.biases(1).copy(), x.copy()
        ours = seconds(lambda each=each: each.tensor(1))
        peer = seconds(lambda delta=delta, a=a: np.einsum("ij,ik->ijk", delta, a))
        lines.append(
            f"{'-'.join(map(str, sizes))}, {batch:,} rows: {ours:.3f} s, einsum {peer:.3f} s, {ours / peer:.2f} ×"
        )
    return lines


def predictions() -> list[str]:
    """A row of four named columns, as a dictionary and as an array."""
    table = cr.load_data("iris")
    net = cr.train(cr.Network.random([4, 8, 3], "relu", "softmax"), table, epochs=2).network
    row = np.asarray([5.1, 3.5, 1.4, 0.2])
    names = net.preprocessing.columns if net.preprocessing is not None and net.preprocessing.columns else ()
    kinds: dict[str, Any] = {"array": row}
    if len(names) == 4:
        kinds["dictionary"] = {getattr(each, "name", each): float(v) for each, v in zip(names, row)}
    return [
        f"{kind}: {1e6 * seconds(lambda value=value: cr.predict(net, value), repeats=100):.0f} µs"
        for kind, value in kinds.items()
    ]


def main() -> None:
    """Print each figure in a line."""
    ours = seconds(circuit, 3) / GATES
    print(f"a gate, built, forward and backward: {1e6 * ours:.1f} µs (wanted ≤ 10)")
    if find_spec("micrograd") is not None:
        peer = seconds(micrograd, 3) / GATES
        print(f"micrograd: {1e6 * peer:.1f} µs, {peer / ours:.1f} times ours")
    print("per-example tensors (wanted ≤ 1.2 × einsum):", *tensors(), sep="\n  ")
    print("one row predicted (wanted ≤ 150 µs):", *predictions(), sep="\n  ")


if __name__ == "__main__":
    main()
