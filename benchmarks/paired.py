"""What paired rounds say: the ratio of two contestants in each round, its median and quartiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rounds import Record, Rounds
from workloads import WORKLOADS


class Quartiles(NamedTuple):
    """25 %, 50 % and 75 % of some values."""

    low: float
    middle: float
    high: float


def quartiles(values: Sequence[float]) -> Quartiles:
    return Quartiles(*np.percentile(values, [25, 50, 75]).tolist())


def ratios(rounds: Rounds, ours: str, peer: str, fastest: bool = False) -> Quartiles:
    """How many times as long the peer takes as we do, round by round."""
    mine, theirs = (rounds.records[name].per_epoch(fastest) for name in (ours, peer))
    return quartiles([b / a for a, b in zip(mine, theirs)])


def microseconds(rounds: Rounds, name: str, fastest: bool = False) -> Quartiles:
    """Of a step."""
    steps = WORKLOADS[rounds.workload].steps
    return quartiles([1e6 * each / steps for each in rounds.records[name].per_epoch(fastest)])


def share_of_sgemm(rounds: Rounds, name: str, fastest: bool = False) -> Quartiles | None:
    """What of the machine's rate of matrix products the products of a step reach, round by round."""
    if not rounds.sgemm:
        return None
    products = WORKLOADS[rounds.workload].products
    return quartiles(
        [products / each / rate for each, rate in zip(rounds.records[name].per_epoch(fastest), rounds.sgemm)]
    )


def timed(rounds: Rounds) -> list[Record]:
    """Those that took part in every round."""
    return [each for each in rounds.records.values() if each.turns and not each.why]


def best_peer(rounds: Rounds, peers: Sequence[str], fastest: bool = False) -> str | None:
    """The peer whose median is the least; None where none was timed."""
    there = [each.name for each in timed(rounds) if each.name in peers]
    return min(there, key=lambda name: microseconds(rounds, name, fastest).middle, default=None)
