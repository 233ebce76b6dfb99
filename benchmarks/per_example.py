"""What do the gradient norms of all examples cost, beside the gradient of their mean?

`per_example_gradients(network, x, y).norms()` and `gradient(network, x, y)`, each with its own forward and backward pass, take
turns in paired rounds: median (lower to upper quartile) of the ratio of their CPU times, BLAS with one thread. Of `norms()`
alone its share in the first. Wanted: a ratio of at most 1.3.

    python benchmarks/per_example.py
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

import chainrule as cr

ROUNDS, SECONDS = 15, 0.05
CASES = (
    ([784, 100, 10], "relu", 1000),
    ([784, 512, 512, 10], "relu", 512),
    ([64, 128, 128, 2], "relu", 4096),
    ([100, 1024, 1024, 1024, 10], "tanh", 256),
    ([16, 16, 2], "sigmoid", 4096),
)


def seconds(call: Callable[[], Any], times: int = 1) -> float:
    """CPU time of a call."""
    started = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - started) / times


def main() -> None:
    rng = np.random.default_rng(0)
    print(f"{'':22}{'rows':>6} {'':8}{'ms':>8}  {'norms / gradient':20}{'alone':>7}")
    for sizes, hidden, rows in CASES:
        for dtype in ("float32", "float64"):
            network = cr.Network.random(sizes, hidden, "softmax", dtype=dtype)
            x, y = rng.standard_normal((rows, sizes[0])).astype(dtype), np.eye(sizes[-1])[np.arange(rows) % sizes[-1]]
            each = cr.per_example_gradients(network, x, y)

            def mean(network: cr.Network = network, x: Any = x, y: Any = y) -> Any:
                return cr.gradient(network, x, y)

            def norms(network: cr.Network = network, x: Any = x, y: Any = y) -> Any:
                return cr.per_example_gradients(network, x, y).norms()

            times = max(1, round(SECONDS / seconds(mean)))
            rounds = np.array([[seconds(call, times) for call in (mean, norms, each.norms)] for _ in range(ROUNDS)])
            low, middle, high = np.percentile(rounds[:, 1] / rounds[:, 0], [25, 50, 75])
            print(
                f"{'-'.join(map(str, sizes)):22}{rows:6,} {dtype:8}{1e3 * np.median(rounds[:, 0]):8.2f}  "
                f"{f'{middle:.2f} ({low:.2f} to {high:.2f})':20}{np.median(rounds[:, 2] / rounds[:, 1]):7.0%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
