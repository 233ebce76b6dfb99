"""How long does it take to learn Fashion-MNIST to an accuracy of 0.88 on its 10,000 test rows, beside the peers?

784-256-128-10, ReLU, softmax, cross-entropy, Adam, batches of 128, float32: the same rows, first weights and recipe for all,
each in a process of its own, one after the other. After every epoch each looks at the test rows in its own way, and the clock
runs on. What a contestant does before its first epoch, such as compiling, is not counted. A seed draws the first weights and
the order of the rows; medians are over the seeds.

    CHAINRULE_DATA=/data python benchmarks/fashion.py           where /data/fashion-mnist holds the four files
    python benchmarks/fashion.py --peers JAX --engines compiled,reference --seeds 3
    python benchmarks/fashion.py --show build/fashion.json
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from asked import DEFAULT_ENGINE, WIDTH, core_numbers, earlier, names, positive, tell, write
from contestants import PEERS, entry
from fashion_figure import fashion_figure
from machine import cores, machine
from paired import quartiles
from processes import started
from quick import QUICK
from rounds import Race, expected_costs
from speed_tables import ratio_cells
from workloads import FASHION, fashion_task

import chainrule as cr
from chainrule.aligned import Table, laid_out
from chainrule.engines.choose import NAMED as ENGINES
from chainrule.errors import ChainruleError

APART = 1e-2  # relative: the costs of two epochs may differ by this; Adam carries a rounding on, and these rows are real ones


def rows_in(path: Path) -> None:
    """Write Fashion-MNIST's own division, its inputs standardised by the 60,000 rows, into a file for every process."""
    try:
        learnt, test = cr.load_data("fashion-mnist").split()
    except ChainruleError as error:
        raise SystemExit(f"benchmarks/fashion.py: {error}") from None
    inputs, tests = (np.asarray(each.inputs, np.float32) for each in (learnt, test))
    np.savez(path, inputs=inputs, labels=_classes(learnt), test_inputs=tests, test_labels=_classes(test))


def _classes(data: cr.Dataset) -> np.ndarray:
    """The classes by number."""
    return np.unique(data.targets, return_inverse=True)[1]


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """For each contestant the seconds and accuracies of each seed's epochs; where Ctrl-C comes, what there is by then."""
    absent = {name: why for name in asked.peers if (why := entry(name).absent())}
    contestants = [*asked.engines, *(name for name in asked.peers if name not in absent)]
    found: dict[str, Any] = {
        "machine": machine(), "goal": asked.goal, "absent": absent, "engines": asked.engines,
        "runs": {name: [] for name in contestants}, "left_out": {},
    }  # fmt: skip
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fashion-mnist.npz"
        tell("reading Fashion-MNIST")
        rows_in(path)
        with started(contestants, str(path), asked.cores) as servers:
            race = Race(str(path), contestants, servers, expected_costs(fashion_task(path)), APART)
            try:
                run(race, asked, found)
            except KeyboardInterrupt:
                print("\nstopped; this is what there is", file=sys.stderr)
            found["left_out"] = {each.name: each.why for each in race.records.values() if each.why}
    return found


def run(race: Race, asked: argparse.Namespace, found: dict[str, Any]) -> None:
    """Every seed, every contestant in turn."""
    tell("starting, and comparing costs")
    race.start()
    for record in race.alive():
        with race.or_gone(record):
            record.threads = race.servers[record.name].ask(do="settle")["threads"]
    for seed in range(asked.seeds):
        for record in race.alive():
            tell(f"seed {seed}: {record.name}")
            with race.or_gone(record):
                answer = race.servers[record.name].ask(do="goal", accuracy=asked.goal, most=asked.most, seed=seed)
                found["runs"][record.name].append(answer)
    tell("")


def report(found: dict[str, Any]) -> Iterator[str | Table]:
    """A line per contestant: seconds, epochs, and the ratio to ours seed by seed."""
    engine, goal = found["engines"][0], found["goal"]
    seeds = min((len(runs) for name, runs in found["runs"].items() if name not in found["left_out"]), default=0)
    yield f"Fashion-MNIST to {goal:g} on the test rows: {FASHION.said}"
    yield f"{seeds} seed{'s' * (seeds != 1)}, medians and quartiles, on {found['machine']['processor']}; ratio: to {engine}"
    yield ""
    rows = [("", "seconds", "", "epochs", "s an epoch", "ratio", "")]
    there = {name: runs[:seeds] for name, runs in found["runs"].items() if runs and name not in found["left_out"]}
    for name, runs in there.items():
        each_epoch = np.median([run["seconds"][-1] / len(run["seconds"]) for run in runs])
        epochs = np.median([len(run["seconds"]) for run in runs])
        rows.append((name, *seconds_and_ratio(there.get(engine, []), runs, goal, f"{epochs:.0f}", f"{each_epoch:.2f}")))
    yield Table(rows)
    yield ""
    yield from (f"{name} is absent: {why}." for name, why in found["absent"].items())
    yield from (f"{name}: {why}." for name, why in found["left_out"].items())


def seconds_and_ratio(ours: Sequence[Any], runs: Sequence[Any], goal: float, *between: str) -> Iterator[str]:
    """The cells of a contestant: seconds to the goal, what stands between, and the ratio to ours, seed by seed."""
    if not all(reached(run, goal) for run in runs):
        yield from ("not reached", "", *between)
        return
    low, middle, high = quartiles([run["seconds"][-1] for run in runs])
    yield from (f"{middle:.2f}", f"({low:.2f}–{high:.2f})", *between)
    if ours and all(reached(run, goal) for run in ours):
        yield from ratio_cells(quartiles([b["seconds"][-1] / a["seconds"][-1] for a, b in zip(ours, runs)]))


def reached(run: dict[str, Any], goal: float) -> bool:
    return bool(run["accuracies"][-1] >= goal)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", type=names(ENGINES), default=[DEFAULT_ENGINE], metavar="NAMES")
    parser.add_argument("--peers", type=names(PEERS), default=list(PEERS), metavar="NAMES")
    parser.add_argument("--seeds", type=positive(int), default=1 if QUICK else 5)
    parser.add_argument("--goal", type=float, default=0.88)
    parser.add_argument("--most", type=positive(int), default=30, metavar="EPOCHS")
    parser.add_argument(
        "--cores", type=core_numbers, default=cores(), metavar="NUMBERS", help="that all run on, such as 0,1"
    )
    parser.add_argument("--output", type=Path, default=Path("build/fashion.json"))
    parser.add_argument("--show", type=earlier, metavar="JSON", help="print the table of an earlier run")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    found = asked.show if asked.show else measured(asked)
    print("\n".join(laid_out(report(found), WIDTH)))
    if not asked.show and any(found["runs"].values()):
        write(asked.output, found, {"": fashion_figure(found)})


if __name__ == "__main__":
    main()
