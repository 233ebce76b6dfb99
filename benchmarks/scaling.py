"""How does the time of a training step grow with the width, the depth and the batch, and that of an epoch with its rows?

Each size is timed in turn, round after round, on one engine in float32; a slope is fitted to the logarithms of the median
times, over the larger half of the sizes, where arithmetic outweighs what every step costs. Doubling the rows is to double the
time, and doubling the batch is not to lower the number of rows a second.

    python benchmarks/scaling.py                        the table, build/scaling.json and build/scaling.svg
    python benchmarks/scaling.py --engine reference --only batch,rows --rounds 5
    python benchmarks/scaling.py --show build/scaling.json
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from asked import DEFAULT_ENGINE, WIDTH, earlier, names, positive, tell, write
from machine import machine
from peers.in_chainrule import Chainrule
from quick import QUICK
from scaling_figure import scaling_figure
from slopes import fitted, least_gain
from speed_tables import number as shown
from workloads import Workload, task

from chainrule.aligned import Table, laid_out
from chainrule.engines.choose import NAMED as ENGINES

LARGEST = 1e10  # floating-point operations of an epoch that is timed, about
STEPS = (2, 400)  # of such an epoch, at least and at most


def network(sizes: Sequence[int], batch: int, rows: int | None = None) -> Workload:
    """ReLU layers of these sizes on a quadratic cost, by the delta rule; as many rows as take a fraction of a second."""
    flops = 6.0 * batch * sum(n * m for n, m in pairwise(sizes))
    steps = int(np.clip(LARGEST / 10 / flops, *STEPS))
    return Workload(
        "", tuple(sizes), "relu", "identity", "quadratic", batch, "delta_rule", 1e-7, rows or batch * steps, 1.0
    )


@dataclass(frozen=True)
class Question:
    """What grows, in which sizes, on which networks; whether an epoch is looked at or a step; and the slope in the large."""

    name: str
    said: str
    sizes: tuple[int, ...]
    of: Callable[[int], Workload]
    slope: float
    per_epoch: bool = False


QUESTIONS = {
    each.name: each
    for each in (
        Question("width", "neurons n of each layer, n-n-n-n, batches of 64", tuple(2**i for i in range(4, 12)),
                 lambda n: network([n] * 4, 64), 2.0),
        Question("depth", "layers of 128 neurons, batches of 64", (1, 2, 4, 8, 16, 32, 64),
                 lambda depth: network([128] * (depth + 1), 64), 1.0),
        Question("batch", "rows of a batch, 256-256-10", tuple(2**i for i in range(13)),
                 lambda batch: network([256, 256, 10], batch), 1.0),
        Question("rows", "rows of an epoch, 32-32-2, batches of 100", tuple(1_000 * 2**i for i in range(9)),
                 lambda rows: network([32, 32, 2], 100, rows), 1.0, per_epoch=True),
    )
}  # fmt: skip


def measured(question: Question, engine: str, rounds: int) -> list[float]:
    """The median seconds of a step, or of an epoch, for each size."""
    runs = [Chainrule(task(question.of(size)), engine) for size in question.sizes]
    for run in runs:
        run.epoch()
    times: list[list[float]] = []
    for number in range(1, rounds + 1):
        tell(f"{question.name}: round {number} of {rounds}")
        times.append([seconds(run.epoch) / (1 if question.per_epoch else run.task.workload.steps) for run in runs])
    tell("")
    return np.median(times, axis=0).tolist()


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def report(found: dict[str, Any]) -> Iterator[str | Table]:
    """The slopes, and below them the times."""
    yield f"engine {found['engine']}, {found['rounds']} rounds, on {found['machine']['processor']}"
    yield ""
    rows = [("", "from", "to", "slope expected", "measured", "")]
    for each in found["questions"]:
        sizes, times = each["sizes"], each["seconds"]
        half = sizes[len(sizes) // 2]
        rows.append((
            each["name"], f"{half:,}", f"{sizes[-1]:,}", f"{each['slope']:g}", f"{fitted(sizes, times):.2f}", each["said"],
        ))  # fmt: skip
    yield Table(rows, "<>>>><")
    for each in found["questions"]:
        if each["name"] == "batch":
            gain = least_gain(each["sizes"], each["seconds"])
            yield f"When the batch is doubled the rows a second grow by at least {gain:.2f} times."
    yield ""
    yield Table(side_by_side(found["questions"]), ">")


def side_by_side(questions: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The sizes and times of every question, two columns each."""
    columns = []
    for each in questions:
        unit, factor = ("ms an epoch", 1e3) if each["per_epoch"] else ("µs a step", 1e6)
        columns.append([each["name"], *(f"{size:,}" for size in each["sizes"])])
        columns.append([unit, *(shown(factor * value) for value in each["seconds"])])
    return [list(row) for row in zip_longest(*columns, fillvalue="")]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names(QUESTIONS), default=list(QUESTIONS), metavar="NAMES", help="of questions")
    parser.add_argument("--engine", choices=list(ENGINES), default=DEFAULT_ENGINE)
    parser.add_argument("--rounds", type=positive(int), default=3 if QUICK else 9)
    parser.add_argument("--output", type=Path, default=Path("build/scaling.json"))
    parser.add_argument("--show", type=earlier, metavar="JSON", help="print the tables of an earlier run")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    if asked.show:
        found = asked.show
    else:
        found = {"machine": machine(), "engine": asked.engine, "rounds": asked.rounds, "questions": []}
        try:
            for question in map(QUESTIONS.__getitem__, asked.only):
                times = measured(question, asked.engine, asked.rounds)
                found["questions"].append({
                    "name": question.name, "said": question.said, "sizes": question.sizes, "seconds": times,
                    "slope": question.slope, "per_epoch": question.per_epoch,
                })  # fmt: skip
        except KeyboardInterrupt:
            print("\nstopped; this is what there is", file=sys.stderr)
    print("\n".join(laid_out(report(found), WIDTH)))
    if not asked.show and found["questions"]:
        write(asked.output, found, {"": scaling_figure(found)})


if __name__ == "__main__":
    main()
