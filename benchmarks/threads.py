"""How long does a training step take on the BLAS threads that the reference engine chooses, and on all of them?

Wall and CPU time of a step, median of the rounds; each round times both, one after the other. `busy` starts a process per core
that computes alongside, as on a shared machine. A step is three products a layer, the largest 2 · batch · in · out flops.

    python benchmarks/threads.py
    python benchmarks/threads.py busy
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from contextlib import ExitStack

import numpy as np

import chainrule as cr
from chainrule.data.network_rows import Rows
from chainrule.engines import threads
from chainrule.engines.engine import Recipe
from chainrule.engines.reference import ReferenceEngine

CASES = (([784, 100, 10], 32), ([784, 512, 10], 256), ([1024, 1024, 1024], 512), ([2048, 2048, 2048], 1024))
ROUNDS = 5
SECONDS = 0.5  # of each timing, about


def step_time(sizes: list[int], batch: int, flops_a_thread: float) -> tuple[float, float, int | None]:
    """(wall, CPU) microseconds of a step, and how many threads it was given."""
    threads.FLOPS_A_THREAD = flops_a_thread
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((batch, sizes[0]), "float32"), rng.standard_normal((batch, sizes[-1]), "float32")
    engine, network = ReferenceEngine(), cr.Network.random(sizes)
    state = engine.start(Recipe(cr.squared_error(), cr.delta_rule(1e-6)), network, Rows(x, y))
    steps = max(2, min(200, int(SECONDS * 2e10 / (6 * batch * network.parameters.size))))
    order, rates = np.tile(np.arange(batch), (steps, 1)), np.full(steps, 1e-6)
    engine.run(state, order[:1], rates[:1])
    wall, cpu = time.perf_counter(), time.process_time()
    engine.run(state, order, rates)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    return spent[0] / steps * 1e6, spent[1] / steps * 1e6, engine.threads(state)


def spin() -> None:
    """Keep one core busy."""
    while True:
        pass


def main() -> None:
    chosen, everything = threads.FLOPS_A_THREAD, 1.0
    with ExitStack() as stack:
        if "busy" in sys.argv:
            for _ in range(os.cpu_count() or 1):
                neighbour = multiprocessing.Process(target=spin, daemon=True)
                neighbour.start()
                stack.callback(neighbour.terminate)
        print(f"{threads.allowed()} threads allowed; microseconds a step: wall (CPU), median of {ROUNDS} rounds")
        for sizes, batch in CASES:
            rounds = [[step_time(sizes, batch, flops) for flops in (chosen, everything)] for _ in range(ROUNDS)]
            shown = []
            for which in (0, 1):
                wall, cpu = (float(np.median([each[which][i] for each in rounds])) for i in (0, 1))
                shown.append(f"{rounds[0][which][2]} threads {wall:10,.0f} ({cpu:10,.0f})")
            print(f"{'-'.join(map(str, sizes)):15} batch {batch:5}   {'   '.join(shown)}")


if __name__ == "__main__":
    main()
