"""How fast is a training step, beside PyTorch, JAX and scikit-learn? Eight workloads, in rounds in which all take turns.

Each contestant has a process of its own; all run on the same cores, A B C, A B C, …, and only the ratio within a round counts.
Shuffling the rows and gathering a batch are inside the measured time for everyone, and everyone gives the cost of an epoch:
those of the first two epochs, the rows in their order, must agree, or a contestant does other work and is left out. It is
measured alone, and with a process that keeps one core busy. Peers come with `pip install -e '.[bench]'`.

    python benchmarks/speed.py                          everything; QUICK=1 takes about three minutes
    python benchmarks/speed.py --only small,tiny --peers JAX --engines compiled,reference --rounds 5 --turn 0.1 --quiet
    python benchmarks/speed.py --show build/speed.json  the tables of an earlier run
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from asked import DEFAULT_ENGINE, WIDTH, core_numbers, earlier, names, positive, tell, write
from contestants import ALONE, PACE, PEERS, SGEMM, entry
from machine import cores, machine
from paired import timed
from processes import started
from quick import QUICK
from rounds import Race, Rounds, expected_costs
from speed_figure import speed_figure
from speed_tables import report
from workloads import WORKLOADS, task

from chainrule.aligned import laid_out
from chainrule.engines.choose import NAMED as ENGINES
from chainrule.pictures.scene import Scene


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names(WORKLOADS), default=list(WORKLOADS), metavar="NAMES", help="of workloads")
    parser.add_argument("--engines", type=names(ENGINES), default=[DEFAULT_ENGINE], metavar="NAMES")
    peers = [name for name in PEERS if not (QUICK and name == "torch.compile")]
    parser.add_argument("--peers", type=names(PEERS), default=peers, metavar="NAMES")
    parser.add_argument("--rounds", type=positive(int), default=3 if QUICK else 9)
    parser.add_argument(
        "--turn", type=positive(float), default=0.1 if QUICK else 0.25, metavar="SECONDS", help="of each turn"
    )
    parser.add_argument("--quiet", action="store_true", help="leave out the busy neighbour, as QUICK=1 does")
    parser.add_argument("--busy", action="store_true", help="only beside the busy neighbour")
    parser.add_argument("--without-alone", action="store_true", help="leave out the engines called by themselves")
    parser.add_argument(
        "--fastest", action="store_true", help="compare the fastest epoch of each turn, not the whole turn"
    )
    parser.add_argument(
        "--cores", type=core_numbers, default=cores(), metavar="NUMBERS", help="that all run on, such as 0,1"
    )
    parser.add_argument("--output", type=Path, default=Path("build/speed.json"))
    parser.add_argument("--show", type=earlier, metavar="JSON", help="print the tables of an earlier run")
    return parser.parse_args()


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """What the rounds gave, as JSON; where Ctrl-C comes, what there is by then."""
    absent = {name: why for name in asked.peers if (why := entry(name).absent())}
    peers = [name for name in asked.peers if name not in absent]
    found: dict[str, Any] = {
        "machine": machine(),
        "engines": asked.engines,
        "peers": peers,
        "absent": absent,
        "rounds": [],
    }
    alone = [] if asked.without_alone or QUICK else [engine + ALONE for engine in asked.engines]
    contestants = [*asked.engines, *alone, *peers, SGEMM, PACE]
    try:
        for workload in asked.only:
            race(workload, contestants, asked, found["rounds"])
    except KeyboardInterrupt:
        print("\nstopped; this is what there is", file=sys.stderr)
    return found


def race(workload: str, contestants: list[str], asked: argparse.Namespace, results: list[Any]) -> None:
    """One workload, under each condition; each condition's rounds so far are the last of the results."""
    expected = expected_costs(task(WORKLOADS[workload]))
    with started(contestants, workload, asked.cores) as servers:
        tell(f"{workload}: {WORKLOADS[workload].said}")
        race = Race(workload, contestants, servers, expected)
        race.start()
        for busy in conditions(asked):
            place = len(results)
            for number, rounds in enumerate(race.run(asked.rounds, asked.turn, busy), 1):
                results[place:] = [rounds.facts()]
                tell(f"{workload}: round {number} of {asked.rounds}{' beside a busy neighbour' if rounds.busy else ''}")
    tell("")


def conditions(asked: argparse.Namespace) -> list[int | None]:
    """None for nothing else to run, and the core that a neighbour keeps busy."""
    quiet = asked.quiet or (QUICK and not asked.busy)
    return [None] * (quiet or not asked.busy) + [asked.cores[-1]] * (asked.busy or not quiet)


def figures(found: dict[str, Any], fastest: bool) -> dict[str, Scene]:
    """A figure for each engine that was timed."""
    races = [Rounds.of(each) for each in found["rounds"]]
    engines = [name for name in found["engines"] if any(name in {each.name for each in timed(race)} for race in races)]
    return {f"-{name}" if len(engines) > 1 else "": speed_figure(found, name, fastest) for name in engines}


def main() -> None:
    asked = arguments()
    found = asked.show if asked.show else measured(asked)
    print("\n".join(laid_out(report(found, asked.fastest), WIDTH)))
    if asked.show is None and found["rounds"]:
        write(asked.output, found, figures(found, asked.fastest))
    others = [
        each for each in map(Rounds.of, found["rounds"]) if any("other work" in r.why for r in each.records.values())
    ]
    sys.exit(1 if others else 0)


if __name__ == "__main__":
    main()
