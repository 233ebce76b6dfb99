"""Do the compiled engine's blocks, and the way a step is cut, matter? One run a way, in turns; ratios to the way it is.

python benchmarks/ways.py                            every workload, by every thread that may be used
python benchmarks/ways.py --only tabular --threads 2
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from asked import WIDTH, names, positive
from machine import cores, machine
from paired import quartiles
from workloads import WORKLOADS, Task, task

from chainrule.aligned import Table, laid_out
from chainrule.costs import named as cost_named
from chainrule.data import epoch_order
from chainrule.data.network_rows import Rows
from chainrule.engines import compiled
from chainrule.engines.compiled import CompiledEngine
from chainrule.engines.engine import Recipe
from chainrule.engines.native import plan as p
from chainrule.updates import named as rule_named

TURN = 0.1  # seconds
WAYS: dict[str, tuple[dict[str, int], dict[str, int]]] = {  # names of the engine's module, places in the plan
    "as it is": ({}, {}),
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

    def seconds(self, order: np.ndarray, rates: np.ndarray) -> float:
        kept = {name: getattr(compiled, name) for name in self.module}
        vars(compiled).update(self.module)
        began = time.perf_counter()
        CompiledEngine().run(self.state, order, rates)
        vars(compiled).update(kept)
        return time.perf_counter() - began


def ways(task: Task, threads: int) -> Iterator[Way]:
    workload = task.workload
    recipe = Recipe(cost_named(workload.cost), rule_named(workload.rule, learning_rate=workload.rate))
    for name, (module, places) in WAYS.items():
        kept = {key: getattr(compiled, key) for key in module}
        vars(compiled).update(module)
        state = CompiledEngine().start(recipe, task.network, Rows(task.inputs, task.targets))
        vars(compiled).update(kept)
        for place, value in places.items():
            state.plan[getattr(p, place)] = value
        state.pace.parts = lambda steps, most: [(0, steps, threads)]  # type: ignore[method-assign]
        yield Way(name, state, module)


def measured(workload: str, threads: int, rounds: int) -> list[list[str]]:
    """Microseconds a step of each way, and how many times as long as the way it is."""
    given = task(WORKLOADS[workload])
    order = epoch_order(given.workload.rows, given.workload.batch, np.random.default_rng(0))
    rates = np.full(len(order), given.workload.rate)
    there = list(ways(given, threads))
    first = [way.seconds(order[:2], rates[:2]) for way in there] and there[0].seconds(order[:2], rates[:2]) / 2
    count = min(len(order), max(1, round(TURN / first)))
    times = np.array([[way.seconds(order[:count], rates[:count]) for way in there] for _ in range(rounds)])
    rows = []
    for i, way in enumerate(there):
        low, middle, high = quartiles(times[:, i] / times[:, 0])
        rows.append(
            [workload, way.name, f"{1e6 * np.median(times[:, i]) / count:,.1f}", f"{middle:.2f} ({low:.2f}–{high:.2f})"]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names(WORKLOADS), default=list(WORKLOADS), metavar="NAMES", help="of workloads")
    parser.add_argument("--threads", type=positive(int), default=len(cores()))
    parser.add_argument("--rounds", type=positive(int), default=9)
    asked = parser.parse_args()
    print(f"{machine()['processor']}, {asked.threads} threads; a time above 1 is longer than the way it is")
    for workload in asked.only:
        rows = measured(workload, asked.threads, asked.rounds)
        print("\n".join(laid_out([Table([["", "", "µs a step", "times"], *rows], "<<>>")], WIDTH)), flush=True)


if __name__ == "__main__":
    main()
