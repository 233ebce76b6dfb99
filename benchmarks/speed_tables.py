"""The tables of `speed.py`, from its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from contestants import ALONE
from paired import Quartiles, best_peer, microseconds, quartiles, ratios, share_of_sgemm, timed
from rounds import Rounds
from workloads import WORKLOADS

from chainrule.aligned import Table


def report(found: dict[str, Any], fastest: bool = False) -> Iterator[str | Table]:
    """Everything that was measured: the machine, a table of ratios for each engine, what everybody took, who was left out."""
    rounds = [Rounds.of(each) for each in found["rounds"]]
    engines, peers = found["engines"], found["peers"]
    yield machine_line(found["machine"], rounds)
    records = [record for each in rounds for record in each.records.values()]
    versions = {each.name: each.version for each in records if each.version and each.name in peers}
    if versions:
        yield ", ".join(f"{name} {version}" for name, version in versions.items())
    for busy in (False, True):
        part = [each for each in rounds if each.busy == busy]
        if not part:
            continue
        turns = sum(1 for _ in part[0].pace) or max((len(each.turns) for each in part[0].records.values()), default=0)
        beside = "one core is busy with another process" if busy else "nothing else runs"
        for engine in engines:
            yield ""
            yield f"engine {engine}, {turns} rounds, {beside}; peer / ours, median and quartiles:"
            yield goal_table(part, engine, peers, fastest)
        yield ""
        yield "µs a step, median:"
        yield time_table(part, engines, peers, fastest)
        for engine in engines:
            yield ""
            yield f"each peer / {engine}, median and quartiles of the rounds:"
            yield ratio_table(part, engine, peers, fastest)
    yield from left_out(rounds, found.get("absent", {}))


def machine_line(machine: dict[str, Any], rounds: Sequence[Rounds]) -> str:
    """The processor, its rate of matrix products, and how evenly a core ran while nothing else was to run."""
    quiet = [each for each in rounds if not each.busy]
    rates, pace = ([value for each in quiet for value in getattr(each, name)] for name in ("sgemm", "pace"))
    cores = len(machine["cores"])
    said = f"{machine['date']}, " if "date" in machine else ""
    said += f"{machine['processor']}, {cores} core{'s' * (cores != 1)}"
    said += f", {machine['vectors']}" if machine["vectors"] else ""
    said += f", {machine['megahertz']:,.0f} MHz" if machine["megahertz"] else ""
    if rates:
        low, middle, high = (rate / 1e9 for rate in quartiles(rates))
        said += f"; sgemm {middle:.0f} GFLOP/s (quartiles {low:.0f}–{high:.0f})"
    if pace:
        low, middle, high = quartiles(pace)
        said += f"; a loop on one core takes {1e3 * middle:.2f} ms (quartiles {1e3 * low:.2f}–{1e3 * high:.2f})"
    return said


def goal_table(rounds: Sequence[Rounds], engine: str, peers: Sequence[str], fastest: bool = False) -> Table:
    """A line per workload: ours, the best peer, the ratio, what is wanted, the share of the sgemm rate."""
    rows = [("", "µs a step", "best peer", "", "ratio", "", "goal", "sgemm")]
    for each in rounds:
        if engine not in {record.name for record in timed(each)}:
            continue
        peer, share = best_peer(each, peers, fastest), share_of_sgemm(each, engine, fastest)
        one = () if peer is None else (
            peer, number(microseconds(each, peer, fastest).middle), *ratio_cells(ratios(each, engine, peer, fastest)),
        )  # fmt: skip
        rows.append((
            each.workload, number(microseconds(each, engine, fastest).middle), *(one or ("none", "", "", "")),
            wanted(each), "" if share is None else percent(share.middle),
        ))  # fmt: skip
    return Table(rows, "<><>><>>")


def wanted(rounds: Rounds) -> str:
    """The goal of a workload."""
    name, goal = rounds.workload, WORKLOADS[rounds.workload].goal
    if name == "gemm":
        return "" if rounds.busy else f"{100 * goal:.0f} %"
    return f"{1.3 if rounds.busy else goal:.1f}"


def time_table(rounds: Sequence[Rounds], engines: Sequence[str], peers: Sequence[str], fastest: bool = False) -> Table:
    """Microseconds a step of everybody."""
    ours = [name for engine in engines for name in (engine, engine + ALONE)]
    names = [name for name in (*ours, *peers) if any(name in each.records for each in rounds)]
    rows = [("", *(name.replace(engines[0] + ALONE, "alone") for name in names))]
    for each in rounds:
        there = {record.name for record in timed(each)}
        cells = (number(microseconds(each, name, fastest).middle) if name in there else "–" for name in names)
        rows.append((each.workload, *cells))
    return Table(rows)


def ratio_table(rounds: Sequence[Rounds], engine: str, peers: Sequence[str], fastest: bool = False) -> Table:
    """How many times as long each peer takes."""
    rows = [("", *peers)]
    for each in rounds:
        there = {record.name for record in timed(each)}
        if engine in there:
            cells = (" ".join(ratio_cells(ratios(each, engine, p, fastest))) if p in there else "–" for p in peers)
            rows.append((each.workload, *cells))
    return Table(rows)


def left_out(rounds: Sequence[Rounds], absent: dict[str, str]) -> Iterator[str]:
    """Who did not take part, and why: each peer, or a peer's reason with the workloads that it holds for."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for each in rounds:
        for record in each.records.values():
            if record.why and each.workload not in reasons.setdefault((record.name, record.why), []):
                reasons[record.name, record.why].append(each.workload)
    if reasons or absent:
        yield ""
    yield from (f"{name} is absent: {why}." for name, why in absent.items())
    yield from (f"{name} ({', '.join(where)}): {why}." for (name, why), where in reasons.items())


def ratio_cells(found: Quartiles) -> tuple[str, str]:
    digits = max(0, 2 - int(np.log10(max(found.middle, 1.0))))
    low, middle, high = (f"{value:.{digits}f}" for value in found)
    return middle, f"({low}–{high})"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"


def number(value: float) -> str:
    """Three digits, thousands apart."""
    digits = max(0, 2 - int(np.floor(np.log10(value))))
    return f"{value:,.{digits}f}"
