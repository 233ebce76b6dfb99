"""One contestant in a process of its own: it answers lines of JSON on its standard input, a line each.

    python benchmarks/server.py JAX small 0,1
    python benchmarks/server.py JAX build/fashion.npz 0,1

{"do": "check", "epochs": 2}   {"costs": […]}           of the first epochs, the rows in their order
{"do": "settle"}               {"threads": 1, "seconds": 0.03}   the faster number of threads, and what an epoch takes
{"do": "epochs", "count": 8}   {"seconds": […], "cpu": 0.4, "cost": 0.3}
{"do": "goal", "accuracy": 0.88, "most": 50, "seed": 1}   {"seconds": […], "accuracies": […]} of each epoch until there

Its first line is {"ready": seconds, "version": …}, or {"absent": why} or {"failed": why}.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

RESTS = 0.03  # seconds before a turn: until then the threads of the one before have stopped spinning


def main() -> None:
    name, workload, cores = sys.argv[1:4]
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print goes to standard error
    os.environ.update(CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(map(int, cores.split(","))))  # before any library counts them
    try:
        serve(name, workload, len(cores.split(",")), lambda answer: print(json.dumps(answer), file=out, flush=True))
    except Exception as error:
        traceback.print_exc()
        print(json.dumps({"failed": f"{type(error).__name__}: {error}".splitlines()[0]}), file=out, flush=True)
        sys.exit(1)


def serve(name: str, workload: str, cores: int, answer: Callable[[dict[str, Any]], None]) -> None:
    """Make the contestant, and answer until the input ends."""
    started = time.perf_counter()
    from contestants import entry  # noqa: PLC0415  (after the cores are set)
    from workloads import FASHION, WORKLOADS, fashion_task, task  # noqa: PLC0415

    one = entry(name)
    if why := one.absent() or one.lacks(WORKLOADS.get(workload, FASHION)):
        answer({"absent": why})
        return
    contestant = one.make(task(WORKLOADS[workload]) if workload in WORKLOADS else fashion_task(Path(workload)))
    if hasattr(contestant, "threads"):
        contestant.threads(1)  # until it settles: several threads are slow where a core is busy
    answer({"ready": time.perf_counter() - started, "version": one.version()})
    for line in sys.stdin:
        asked = json.loads(line)
        match asked["do"]:
            case "check":
                answer({"costs": contestant.in_order(asked["epochs"])})
            case "settle":
                answer(settle(contestant, cores))
            case "epochs":
                answer(timed(contestant, asked["count"]))
            case "goal":
                answer(until(contestant, asked["accuracy"], asked["most"], asked["seed"]))


def timed(contestant: Any, count: int) -> dict[str, Any]:
    """The seconds of each of so many epochs, the CPU time of all, the cost of the last."""
    time.sleep(RESTS)
    seconds, cpu, cost = [], time.process_time(), 0.0
    for _ in range(count):
        started = time.perf_counter()
        cost = contestant.epoch()
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds, "cpu": time.process_time() - cpu, "cost": cost}


def until(contestant: Any, goal: float, most: int, seed: int) -> dict[str, Any]:
    """Seconds from the first weights to the end of each epoch, with a look at the test rows, and the accuracy there."""
    from workloads import first_network  # noqa: PLC0415

    contestant.restart(first_network(seed), seed)
    time.sleep(RESTS)
    seconds, accuracies, started = [], [], time.perf_counter()
    while not accuracies or (accuracies[-1] < goal and len(accuracies) < most):
        contestant.epoch()
        accuracies.append(contestant.accuracy())
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds, "accuracies": accuracies}


def settle(contestant: Any, cores: int) -> dict[str, Any]:
    """Take one thread or all, whichever is faster, where there is a choice; the seconds of an epoch so far."""
    from faster import faster  # noqa: PLC0415

    def with_threads(count: int | None) -> float:
        if count is not None:
            contestant.threads(count)
        return timed(contestant, 1)["seconds"][0]

    counts = sorted({1, cores}) if hasattr(contestant, "threads") else [None]
    chosen, seconds = faster({count: partial(with_threads, count) for count in counts})
    if chosen is not None:
        contestant.threads(chosen)
    return {"threads": chosen, "seconds": seconds}


if __name__ == "__main__":
    main()
