"""One contestant in a process of its own: it answers lines of JSON on its standard input, a line each.

    python benchmarks/server.py JAX small 0,1
    python benchmarks/server.py JAX build/fashion.npz 0,1

{"do": "check", "epochs": 2}   {"costs": […]}           of the first epochs, the rows in their order
{"do": "settle"}               {"threads": 1}           the number of threads that is quicker, where there is a choice
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
from pathlib import Path
from typing import Any

RESTS = 0.03  # seconds before a turn: until then the threads of the one before have stopped spinning
TRIED = 0.15  # seconds for which each number of threads is tried


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
    answer({"ready": time.perf_counter() - started, "version": one.version()})
    for line in sys.stdin:
        asked = json.loads(line)
        match asked["do"]:
            case "check":
                answer({"costs": contestant.in_order(asked["epochs"])})
            case "settle":
                answer({"threads": settle(contestant, cores)})
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


def settle(contestant: Any, cores: int) -> int | None:
    """Take one thread or all, whichever is quicker; None for a contestant that has no such choice."""
    if not hasattr(contestant, "threads"):
        contestant.epoch()
        return None
    if cores == 1:
        contestant.threads(1)
        return 1
    quickest = {count: float("inf") for count in (cores, 1)}
    for _ in range(2):
        for count in quickest:
            contestant.threads(count)
            ends = time.perf_counter() + TRIED
            while True:
                quickest[count] = min(quickest[count], *timed(contestant, 1)["seconds"])
                if time.perf_counter() > ends:
                    break
    chosen = min(quickest, key=quickest.__getitem__)
    contestant.threads(chosen)
    return chosen


if __name__ == "__main__":
    main()
