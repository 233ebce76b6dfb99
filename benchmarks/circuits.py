"""Gates a second: a digits network with its batch, wired gate by gate, forward and backward; and micrograd at the same size.

One core, one BLAS thread. Median and quartiles of nine rounds, building apart; micrograd, which takes a thousand times as
long, gets fewer rounds, each beside three of ours. Needs `pip install micrograd`, or --peer-rounds 0.

    taskset -c 0 python benchmarks/circuits.py [--examples 500] [--rounds 9] [--peer-rounds 3]
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

import chainrule as cr

SIZES = (64, 30, 10)


def ours(net: cr.Network, x: np.ndarray, y: np.ndarray) -> tuple[float, int, Any]:
    """(seconds to build and lay out, gates, one round)."""
    started = time.perf_counter()
    built = cr.circuit_of(net, x, y, cr.squared_error())
    built.run()
    return time.perf_counter() - started, len(built.circuit), lambda: built.run().backward(built.cost)


def peer(net: cr.Network, x: np.ndarray, y: np.ndarray) -> tuple[int, Any]:
    """(gates, one round) of micrograd, which builds its graph in the forward phase, and so in every round."""
    from micrograd.engine import Value  # noqa: PLC0415  (not needed with --peer-rounds 0)

    weights = [[[Value(float(v)) for v in row] for row in w] for w in net.weights]
    biases = [[Value(float(v)) for v in b] for b in net.biases]

    def round() -> Value:
        total = Value(0.0)
        for row, target in zip(x, y):
            a = [Value(float(v)) for v in row]
            for l, (w, b) in enumerate(zip(weights, biases)):
                a = [sum((wi * ai for wi, ai in zip(wj, a)), bj) for wj, bj in zip(w, b)]
                a = [v.relu() for v in a] if l == 0 else a
            total = total + sum(((v - float(t)) ** 2 for v, t in zip(a, target)), Value(0.0))
        total.backward()
        return total

    per_example = sum(2 * w.size for w in net.weights) + net.sizes[1] + 3 * net.sizes[2] + 1
    return per_example * len(x), round


def seconds(run: Any) -> float:
    """How long one call takes."""
    gc.collect()
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def line(name: str, gates: int, times: list[float]) -> str:
    """A row of the table."""
    low, middle, high = np.percentile(times, [25, 50, 75])
    rate = gates / middle / 1e6
    return (
        f"{name:<10} {gates:>10,} gates  {middle:.3f} s ({low:.3f} to {high:.3f})  {rate:8.2f} million gates a second"
    )


def main() -> None:
    """Time both and print the ratio of gates a second."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--peer-rounds", type=int, default=3)
    asked = parser.parse_args()
    sys.setrecursionlimit(100_000)  # micrograd sorts its graph by recursion
    data = cr.load_data("digits")
    net = cr.Network.random(SIZES, "relu", "identity", dtype="float64")
    x, y = data.inputs[: asked.examples], np.eye(10)[data.targets[: asked.examples]]
    build, gates, run = ours(net, x, y)
    print(f"built and laid out in {build:.2f} s; then forward and backward:")
    print(line("chainrule", gates, [seconds(run) for _ in range(asked.rounds)]), flush=True)
    if asked.peer_rounds:
        peer_gates, peer_run = peer(net, x, y)
        ratios, times = [], []
        for _ in range(asked.peer_rounds):
            mine = np.median([seconds(run) for _ in range(3)])
            times.append(seconds(peer_run))
            ratios.append((gates / mine) / (peer_gates / times[-1]))
        print(line("micrograd", peer_gates, times))
        low, middle, high = min(ratios), np.median(ratios), max(ratios)
        print(f"gates a second, ours to micrograd's: {middle:.0f} ({low:.0f} to {high:.0f}); wanted ≥ 50")


if __name__ == "__main__":
    main()
