"""Would a training step be faster laid out in another way? Each way in turn, as ratios to the way it is.

The ways: other blocks, other cuts among threads, other numbers of threads, rows packed or read in place, more or less asked for
ahead. All give the same bits. Each round takes them in another order, and "as it is, again" says what is noise. A ratio above 1
is longer than the way it is; ~ stands before those whose quartiles are on both sides of 1. Beside a busy process, which keeps
one core busy, the way it is has one thread, as the engine would choose.

    python benchmarks/ways.py                      every workload, alone and beside a busy process, and build/ways.json
    python benchmarks/ways.py --only tabular --quiet
    python benchmarks/ways.py --show build/ways.json
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from asked import WIDTH, earlier, names, positive, tell, write
from machine import cores, machine
from paired import quartiles
from processes import neighbour
from roofline import flops
from speed_tables import number
from workloads import WORKLOADS, Task, task

from chainrule.aligned import Table, laid_out
from chainrule.costs import named as cost_named
from chainrule.data import epoch_order
from chainrule.data.network_rows import Rows
from chainrule.engines import compiled
from chainrule.engines.compiled import CompiledEngine
from chainrule.engines.engine import Recipe
from chainrule.engines.native import plan as p
from chainrule.engines.native.team import FLOPS_A_THREAD
from chainrule.updates import named as rule_named

TURN = 0.1  # seconds
ONE, ALL, AGAIN = "one thread", "all threads", "as it is, again"
WAYS: dict[str, tuple[dict[str, int], dict[str, int]]] = {  # names of the engine's module, places in the plan
    ONE: ({}, {}),
    ALL: ({}, {}),
    AGAIN: ({}, {}),
    "cut by neurons": ({"SMALL_WEIGHTS": 0}, {}),
    "cut by rows": ({"SMALL_WEIGHTS": 2**40, "MANY_ROWS": 0}, {}),
    "all prefetched": ({"FAR_WEIGHTS": 0}, {}),
    "nothing prefetched": ({"FAR_WEIGHTS": 2**40}, {}),
    "96 rows at once": ({}, {"ROWS_AT_ONCE": 96}),
    "384 rows at once": ({}, {"ROWS_AT_ONCE": 384}),
    "128 inputs at once": ({}, {"DEPTH_AT_ONCE": 128}),
    "512 inputs at once": ({}, {"DEPTH_AT_ONCE": 512}),
    "96 rows summed": ({}, {"SUMMED_AT_ONCE": 96}),
    "3 blocks at once": ({}, {"BLOCKS_AT_ONCE": 3}),
    "errors of 16 blocks": ({}, {"ERRORS_AT_ONCE": 16}),
    "never packed": ({}, {"PANELS_TO_PACK": 2**40}),
    "packed from 8 panels": ({}, {"PANELS_TO_PACK": 8}),
    "never in place": ({"IN_PLACE": 0}, {}),
    "always in place": ({"IN_PLACE": 2**40}, {}),
}


@dataclass
class Way:
    """A run that is laid out in one of the ways."""

    name: str
    state: Any
    module: dict[str, int]

    def seconds(self, order: np.ndarray, rates: np.ndarray, threads: int) -> float:
        self.state.pace.parts = lambda steps, most: [(0, steps, threads)]
        kept = {name: getattr(compiled, name) for name in self.module}
        vars(compiled).update(self.module)
        began = time.perf_counter()
        CompiledEngine().run(self.state, order, rates)
        vars(compiled).update(kept)
        return time.perf_counter() - began


def ways(task: Task) -> Iterator[Way]:
    workload = task.workload
    recipe = Recipe(cost_named(workload.cost), rule_named(workload.rule, learning_rate=workload.rate))
    for name, (module, places) in WAYS.items():
        kept = {key: getattr(compiled, key) for key in module}
        vars(compiled).update(module)
        state = CompiledEngine().start(recipe, task.network, Rows(task.inputs, task.targets))
        vars(compiled).update(kept)
        for place, value in places.items():
            state.plan[getattr(p, place)] = value
        yield Way(name, state, module)


def measured(workload: str, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """For each condition: the microseconds of a step the way it is, and each way's quartiles as ratios to it."""
    given = task(WORKLOADS[workload])
    order = epoch_order(given.workload.rows, given.workload.batch, np.random.default_rng(0))
    rates = np.full(len(order), given.workload.rate)
    there = list(ways(given))
    for busy in [False] * asked.quiet + [True] * asked.busy:
        tell(f"{workload}{' beside a busy process' if busy else ''}")
        alone = busy or flops(given.workload) < FLOPS_A_THREAD  # one thread is the way it is
        threads = {way.name: 1 if alone else len(cores()) for way in there} | {ONE: 1, ALL: len(cores())}
        first = there[0 if alone else 1]
        with neighbour(cores()[-1] if busy else None):
            for way in there:
                way.seconds(order[:2], rates[:2], threads[way.name])
            a_step = first.seconds(order[:8], rates[:8], threads[first.name]) / min(8, len(order))
            count = min(len(order), max(1, round(TURN / a_step)))
            times = {way.name: [] for way in there}
            rng = np.random.default_rng(0)
            for _ in range(asked.rounds):
                for way in rng.permuted(np.array(there, object)):
                    times[way.name].append(way.seconds(order[:count], rates[:count], threads[way.name]))
        base = np.array(times[first.name])  # of the same round
        yield {
            "workload": workload, "busy": busy, "as_it_is": first.name, "step": float(np.median(base)) / count,
            "ratios": {name: quartiles(np.array(each) / base) for name, each in times.items()},
        }  # fmt: skip


def report(found: dict[str, Any]) -> Iterator[str | Table]:
    """A table for each condition: the ways by the workloads."""
    processor, count = found["machine"]["processor"], len(found["machine"]["cores"])
    yield f"{processor}, {count} cores, {found['rounds']} rounds; times as long as the way it is, ~ where quartiles"
    yield "  are on both sides of 1"
    for busy, says in ((False, "Nothing else runs:"), (True, "One core is busy with another process:")):
        part = [each for each in found["workloads"] if each["busy"] == busy]
        if part:
            yield ""
            yield says
            rows = [(way, *(cell(each, way) for each in part)) for way in WAYS]
            steps = ("µs a step as it is", *(number(1e6 * each["step"]) for each in part))
            yield Table([("", *(each["workload"] for each in part)), *rows, steps])


def cell(each: dict[str, Any], way: str) -> str:
    low, middle, high = each["ratios"][way]
    if way == each["as_it_is"]:
        return "1"
    return f"{'~' if low <= 1 <= high else ''}{middle:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names(WORKLOADS), default=list(WORKLOADS), metavar="NAMES", help="of workloads")
    parser.add_argument("--rounds", type=positive(int), default=15)
    parser.add_argument("--quiet", action="store_true", help="only with nothing else running")
    parser.add_argument("--busy", action="store_true", help="only beside a busy process")
    parser.add_argument("--output", type=Path, default=Path("build/ways.json"))
    parser.add_argument("--show", type=earlier, metavar="JSON", help="print the table of an earlier run")
    asked = parser.parse_args()
    asked.quiet, asked.busy = asked.quiet or not asked.busy, asked.busy or not asked.quiet
    found = asked.show or {
        "machine": machine(), "rounds": asked.rounds,
        "workloads": [each for workload in asked.only for each in measured(workload, asked)],
    }  # fmt: skip
    tell("")
    print("\n".join(laid_out(report(found), WIDTH)))
    if not asked.show:
        write(asked.output, found, {})


if __name__ == "__main__":
    main()
