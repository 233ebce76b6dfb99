"""CPU time of drawing a network figure: cr.figure("network", net, x, y), without writing SVG and without its
table of numbers, which is worked out when it is first asked for.

A small network and one of the digits' size. One core, one BLAS thread; median and range of 20 calls after the first.

    taskset -c 0 python benchmarks/figures.py [--calls 20]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

import chainrule as cr

WANTED = {"2-3-2": 3.0, "64-128-10": 10.0}  # milliseconds


def drawings() -> dict[str, Callable[[], object]]:
    """The figure of each network, by its sizes."""
    small = cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=0)
    large = cr.Network.random([64, 128, 10], "relu", "softmax", seed=0)
    digits = cr.load_data("digits")
    x, y = np.asarray(digits.inputs[0]), digits.targets[0]
    return {
        "2-3-2": lambda: cr.figure("network", small, [0.5, -0.3], [1.0, 0.0]),
        "64-128-10": lambda: cr.figure("network", large, x, y),
    }


def milliseconds(run: Callable[[], object], calls: int) -> list[float]:
    """The CPU time of each call after the first."""
    run()
    times = []
    for _ in range(calls):
        started = time.process_time()
        run()
        times.append(1e3 * (time.process_time() - started))
    return times


def main() -> None:
    """Time both and print a line for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=20)
    calls = parser.parse_args().calls
    for sizes, run in drawings().items():
        times = milliseconds(run, calls)
        spread = f"{min(times):.1f} to {max(times):.1f}"
        print(f"{sizes:<10} {np.median(times):5.1f} ms ({spread})  wanted ≤ {WANTED[sizes]:g}")


if __name__ == "__main__":
    main()
