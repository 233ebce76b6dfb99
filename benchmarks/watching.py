"""What does it cost to watch a run: the cost and the score of validation rows after each epoch, the norms of its last step?

Epochs with and without take turns in paired rounds: median (lower to upper quartile) of what the one takes more, as a share of
the other, CPU time, BLAS with one thread. There are as many validation rows as a tenth of those that are learnt. Beside it, as
shares of an epoch too: an evaluation of these rows by itself; the operations of its products, in those of the epoch; and the
facts of an epoch, with the norms of its last step. Wanted: at most 3 %.

    python benchmarks/watching.py [--engine NAME] [--only small,tabular]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from asked import DEFAULT_ENGINE, names
from workloads import WORKLOADS, Task, Workload, task

import chainrule as cr
from chainrule.costs import as_cost
from chainrule.data.network_rows import Rows
from chainrule.evaluation import cost_and_score

QUICK = os.environ.get("QUICK") == "1"
ROUNDS, SECONDS = 5 if QUICK else 15, 0.2
SHARE = 10  # one validation row for so many that are learnt
LEFT_OUT = ("deep", "wide", "gemm") if QUICK else ("gemm",)


def seconds(call: Callable[[], Any]) -> float:
    """CPU time of a call."""
    started = time.process_time()
    call()
    return time.process_time() - started


def stream(given: Task, engine: str, watched: bool) -> Iterator[cr.Epoch]:
    """Epochs without end, with validation rows or without."""
    some = len(given.inputs) // SHARE
    validation = (given.inputs[:some], given.targets[:some]) if watched else None
    workload = given.workload
    return iter(
        cr.epochs(
            given.network, given.inputs, given.targets, getattr(cr, workload.rule)(workload.rate), 10**6, workload.batch,
            validation=validation, engine=engine, cost=workload.cost,
        )
    )  # fmt: skip


def shown(values: Any) -> str:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:+.1%} ({low:+.1%}–{high:+.1%})"


def measured(given: Task, engine: str) -> tuple[float, list[float], list[float], list[float]]:
    """Seconds of an epoch, what validation adds to it, what an evaluation takes alone, and the norms of the last step."""
    plain, watched = (stream(given, engine, each) for each in (False, True))
    next(watched)
    times = max(1, round(SECONDS / max(seconds(lambda: next(plain)), 1e-9)))
    some = len(given.inputs) // SHARE
    rows, cost = Rows(given.inputs[:some], given.targets[:some]), as_cost(given.workload.cost)
    epochs, more, alone, norms = [], [], [], []
    for _ in range(ROUNDS):
        without = seconds(lambda: [next(plain) for _ in range(times)]) / times
        last = [next(watched)]
        beside = seconds(lambda: last.extend(next(watched) for _ in range(times))) / times  # noqa: B023
        network = last[-1].network
        epochs.append(without)
        more.append(beside / without - 1)
        alone.append(seconds(lambda: cost_and_score(network, rows, cost)) / without)  # noqa: B023
        norms.append(seconds(lambda: last[-1].facts()) / without)  # noqa: B023
    return float(np.median(epochs)), more, alone, norms


def products(workload: Workload) -> float:
    """The operations of a forward pass of the validation rows, as a share of those of an epoch."""
    forward = 2 * (workload.rows // SHARE) * sum(n * m for n, m in pairwise(workload.sizes))
    return forward / workload.products


def main() -> None:
    parser = argparse.ArgumentParser(description="What it costs to watch a run, as a share of an epoch.")
    parser.add_argument("--engine", default=DEFAULT_ENGINE)
    parser.add_argument("--only", type=names(WORKLOADS), default=[each for each in WORKLOADS if each not in LEFT_OUT])
    asked = parser.parse_args()
    print(f"engine {asked.engine}, {SHARE} rows learnt for each of validation")
    print(f"{'':8}{'ms':>8}  {'validation':23}{'evaluation alone':23}{'products':>8}{'norms':>7}")
    for name in asked.only:
        epoch, more, alone, norms = measured(task(WORKLOADS[name]), asked.engine)
        shares = f"{products(WORKLOADS[name]):8.1%}{np.median(norms):7.2%}"
        print(f"{name:8}{1e3 * epoch:8.1f}  {shown(more):23}{shown(alone):23}{shares}", flush=True)


if __name__ == "__main__":
    main()
