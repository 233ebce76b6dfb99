"""How near does `chainrule.predict` of many rows come to the speed of the matrix products alone?

For each network and dtype: rows a second; the share of the machine's gemm rate, which is that of a product of 1,024 × 1,024
matrices in the same round; and the share of the rate of the network's own three products, without biases, activations and
checks. BLAS has one thread; median (lower to upper quartile) of the rounds, CPU time. The memory is that beyond x and the
answers, as tracemalloc sees it.

    python benchmarks/many_rows.py [rows]
"""

from __future__ import annotations

import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

import chainrule as cr
from chainrule.last_layer import chunk_of

ROUNDS, ROWS, SIDE = 7, 100_000, 1024
SIZES = ([784, 512, 512, 10], [64, 128, 128, 2])


def seconds(call: Callable[[], Any]) -> float:
    """CPU time of a call."""
    started = time.process_time()
    call()
    return time.process_time() - started


def products(network: cr.Network, x: np.ndarray) -> None:
    """The products of the network's weights with rows, a chunk at a time, into buffers that are there."""
    chunk = chunk_of(network.parameters)
    places = [np.empty((chunk, len(w)), x.dtype) for w in network.weights]
    for start in range(0, len(x), chunk):
        a = x[start : start + chunk]
        for w, place in zip(network.weights, places):
            a = np.matmul(a, w.T, out=place[: len(a)])


def beyond(network: cr.Network, x: np.ndarray) -> float:
    """Megabytes that a prediction takes at most, beyond its rows and answers."""
    tracemalloc.start()
    answers = cr.predict(network, x)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (most - answers.nbytes) / 1e6


def shown(values: list[float]) -> str:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:4.0%} ({low:.0%} to {high:.0%})"


def main(rows: int = ROWS) -> None:
    rng = np.random.default_rng(0)
    print(f"{'':16}{'':8}{'rows/s':>10}  {'of gemm':19}{'of its products':18}{'MB':>5}")
    for sizes in SIZES:
        for dtype in ("float32", "float64"):
            network = cr.Network.random(sizes, "relu", "softmax", dtype=dtype)
            x = rng.standard_normal((rows, sizes[0])).astype(dtype)
            square = rng.standard_normal((SIDE, SIDE)).astype(dtype)
            out = np.empty_like(square)
            flops = 2 * rows * sum(w.size for w in network.weights)
            found: list[list[float]] = [[], [], []]
            for _ in range(ROUNDS):
                rate = 4 * 2 * SIDE**3 / seconds(lambda: [np.matmul(square, square, out=out) for _ in range(4)])  # noqa: B023
                taken = seconds(lambda: cr.predict(network, x))  # noqa: B023
                found[0].append(rows / taken)
                found[1].append(flops / taken / rate)
                found[2].append(seconds(lambda: products(network, x)) / taken)  # noqa: B023
            print(
                f"{'-'.join(map(str, sizes)):16}{dtype:8}{np.median(found[0]):10,.0f}  {shown(found[1]):19}{shown(found[2]):18}"
                f"{beyond(network, x):5.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
