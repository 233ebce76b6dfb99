"""What could a training step take at best? Arithmetic, bytes and calls of each workload, at the rates of this machine.

Arithmetic: the three products of a layer, 2·B·K·N operations each, and two for the first layer, at the rate of a large sgemm
(the best of the run, on one thread or on all). Bytes: the least that has to move, if each pass reads and writes its arrays
once: the rows of a batch gathered, weights read forward, read backward and moved, what the rule remembers read and written,
activations and errors; at the rate of a sum of arrays whose size is that of all of these together, on all cores, so that it is
that of the cache they fit in. The roof is the larger of the two. Beside them, measured: NumPy's products alone in just these
shapes, a step of the engine, and, by a profile of the reference engine, how many functions of Python and of NumPy one of its
steps calls.

    python benchmarks/roofline.py                      the table and build/roofline.json
    python benchmarks/roofline.py --only small,deep --engine reference
    python benchmarks/roofline.py --show build/roofline.json
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from asked import DEFAULT_ENGINE, WIDTH, earlier, names, tell, write
from machine import SIDE, Sgemm, cores, machine
from peers.in_chainrule import EngineAlone
from quick import QUICK
from speed_tables import number
from threadpoolctl import threadpool_limits
from workloads import WORKLOADS, Workload, task

from chainrule.aligned import Table, laid_out
from chainrule.engines.choose import NAMED as ENGINES

ITEM = 4  # bytes of a float32
SLOTS = {"delta_rule": 0, "momentum": 1, "adam": 2}  # numbers that a rule remembers for each weight
TIMES = 6  # at least: the engine tries in the first ones how many threads are fastest
LEAST = 1 << 16  # bytes of the arrays whose sum is timed: a smaller sum tells of the call
PROFILED = 5  # steps
SECONDS = 0.2 if QUICK else 0.5  # of each timing


def flops(workload: Workload) -> float:
    """Of the products of a step with a full batch."""
    return workload.products * workload.batch / workload.rows


def parameters(workload: Workload) -> int:
    return sum((n + 1) * m for n, m in pairwise(workload.sizes))


def moved(workload: Workload) -> int:
    """The bytes that a step has to move at least."""
    batch, sizes = workload.batch, workload.sizes
    rows = 2 * batch * (sizes[0] + sizes[-1])  # read where they are, written where the batch is
    weights = sum(n * m * (3 if l == 0 else 4) for l, (n, m) in enumerate(pairwise(sizes)))
    remembered = 2 * SLOTS[workload.rule] * parameters(workload)
    passed = (
        batch * sum(sizes[1:]) * (4 + 3)
    )  # a: written, and read by the next layer, by σ′ and δᵀa; δ: written, read twice
    return ITEM * (rows + weights + remembered + passed)


def held(workload: Workload) -> int:
    """The bytes that a step works on: parameters, what the rule remembers, a batch with its activations and errors."""
    return ITEM * (parameters(workload) * (1 + SLOTS[workload.rule]) + workload.batch * 2 * sum(workload.sizes))


def least(call: Callable[[], object]) -> float:
    """The least seconds of a call, repeated for a while: what a machine can do, not what it did beside other programs."""
    call()
    ends, found = time.perf_counter() + SECONDS, []
    while len(found) < TIMES or time.perf_counter() < ends:
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return min(found)


def bandwidth(size: int) -> float:
    """Bytes a second that all cores read and write together, a += b on arrays of so many bytes in all."""
    count = len(cores())
    length = max(size, LEAST * count) // (2 * ITEM * count)
    pairs = [(np.ones(length, np.float32), np.zeros(length, np.float32)) for _ in range(count)]
    repeats = max(1, int(2e6 / length))

    def adds(pair: tuple[np.ndarray, np.ndarray]) -> None:
        for _ in range(repeats):
            np.add(*pair, out=pair[0])

    with ThreadPoolExecutor(count) as pool:
        return 3 * ITEM * length * count * repeats / least(lambda: list(pool.map(adds, pairs)))


def products(workload: Workload) -> float:
    """Seconds of a step's products alone: NumPy's, in their shapes, on one thread or on all, whichever is faster."""
    calls, rng = [], np.random.default_rng(0)
    for l, (n, m) in enumerate(pairwise(workload.sizes)):
        a, delta, w = (
            rng.standard_normal(shape, np.float32) for shape in ((workload.batch, n), (workload.batch, m), (m, n))
        )
        calls += [(a, w.T, np.empty_like(delta)), (delta.T, a, np.empty_like(w))]
        calls += [(delta, w, np.empty_like(a))] if l else []

    def step() -> None:
        for left, right, out in calls:
            np.matmul(left, right, out=out)

    return on_one_thread_or_all(step)


def on_one_thread_or_all(call: Callable[[], object]) -> float:
    """The least seconds of a call of BLAS, with whichever number of threads is faster."""
    found = []
    for threads in (1, len(cores())):
        with threadpool_limits(threads, "blas"):
            found.append(least(call))
    return min(found)


def calls(workload: Workload) -> dict[str, float]:
    """Functions of Python and built-in ones (NumPy's among them) that a step of the reference engine calls."""
    few = Workload(**{**vars(workload), "rows": workload.batch * PROFILED})
    engine, counted = EngineAlone(task(few), "reference"), Counter()
    engine.epoch()
    sys.setprofile(lambda frame, event, arg: counted.update([event]))
    try:
        engine.epoch()
    finally:
        sys.setprofile(None)
    return {"python": counted["call"] / PROFILED, "built_in": counted["c_call"] / PROFILED}


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """A row of facts per workload, and the machine's rates."""
    found: dict[str, Any] = {"machine": machine(), "engine": asked.engine, "sgemm": 0.0, "workloads": []}
    sgemm = Sgemm()
    for workload in map(WORKLOADS.__getitem__, asked.only):
        tell(workload.name)
        found["sgemm"] = max(found["sgemm"], 2 * SIDE**3 / on_one_thread_or_all(sgemm.epoch))
        engine = EngineAlone(task(workload), asked.engine)
        found["workloads"].append({
            "name": workload.name, "flops": flops(workload), "moved": moved(workload), "held": held(workload),
            "bandwidth": bandwidth(held(workload)), "products": products(workload), "calls": calls(workload),
            "step": least(engine.epoch) / workload.steps,
        })  # fmt: skip
    tell("")
    return found


def roof(facts: dict[str, Any], rate: float) -> tuple[float, float]:
    """(seconds of the arithmetic, seconds of the bytes) of a step."""
    return facts["flops"] / rate, facts["moved"] / facts["bandwidth"]


def report(found: dict[str, Any]) -> Iterator[str | Table]:
    """What there is to do, what that takes at best, and what it takes."""
    yield f"{found['machine']['processor']}, {len(found['machine']['cores'])} cores, sgemm {found['sgemm'] / 1e9:.0f} GFLOP/s"
    yield ""
    yield "A step: operations, bytes moved and worked on, calls of the reference engine"
    rows = [("", "MFLOP", "kB moved", "kB held", "GB/s", "Python calls", "built-in calls")]
    for each in found["workloads"]:
        rows.append((
            each["name"], number(each["flops"] / 1e6), number(each["moved"] / 1e3), number(each["held"] / 1e3),
            number(each["bandwidth"] / 1e9), f"{each['calls']['python']:.0f}", f"{each['calls']['built_in']:.0f}",
        ))  # fmt: skip
    yield Table(rows)
    yield ""
    yield f"µs: at best by arithmetic and by bytes; measured: NumPy's products, a step of the engine {found['engine']}"
    rows = [("", "arithmetic", "bytes", "roof", "products", "step", "step / roof")]
    for each in found["workloads"]:
        by = roof(each, found["sgemm"])
        times = (*by, max(by), each["products"], each["step"])
        rows.append((each["name"], *(number(1e6 * value) for value in times), number(each["step"] / max(by))))
    yield Table(rows)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names(WORKLOADS), default=list(WORKLOADS), metavar="NAMES", help="of workloads")
    parser.add_argument("--engine", choices=list(ENGINES), default=DEFAULT_ENGINE)
    parser.add_argument("--output", type=Path, default=Path("build/roofline.json"))
    parser.add_argument("--show", type=earlier, metavar="JSON", help="print the table of an earlier run")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    found = asked.show if asked.show else measured(asked)
    print("\n".join(laid_out(report(found), WIDTH)))
    if not asked.show:
        write(asked.output, found, {})


if __name__ == "__main__":
    main()
