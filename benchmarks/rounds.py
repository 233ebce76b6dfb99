"""Rounds in which contestants take turns, A B C, A B C, …: each in a process of its own, all on the same cores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from contestants import PACE, SGEMM
from machine import SIDE
from processes import Choice, GoneError, Server, neighbour
from quick import QUICK
from workloads import Task

CHECKED = 1 if QUICK else 2  # epochs whose costs are compared
APART = 1e-4  # relative: how far the costs of two contestants may differ that do the same work


@dataclass
class Record:
    """What one contestant did. Of each turn: its epochs, their seconds, the fastest, the CPU seconds. `why` it is left out."""

    name: str
    turns: list[dict[str, float]] = field(default_factory=list)
    version: str = ""
    threads: int | None = None
    costs: list[float] = field(default_factory=list)
    why: str = ""

    def per_epoch(self, fastest: bool = False) -> list[float]:
        """Seconds an epoch in each of its turns: their mean, or the fastest."""
        return [turn["fastest"] if fastest else turn["seconds"] / turn["count"] for turn in self.turns]


@dataclass
class Rounds:
    """The records of one workload under one condition, quiet or beside a busy neighbour, and the machine's yardsticks."""

    workload: str
    busy: bool
    records: dict[str, Record]
    sgemm: list[float] = field(default_factory=list)  # floating-point operations a second, round by round
    pace: list[float] = field(default_factory=list)  # seconds of a loop on one core

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        records = {name: dict(vars(each)) for name, each in self.records.items()}
        return {
            "workload": self.workload,
            "busy": self.busy,
            "records": records,
            "sgemm": self.sgemm,
            "pace": self.pace,
        }

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Rounds:
        """From JSON."""
        records = {name: Record(**each) for name, each in facts["records"].items()}
        return cls(facts["workload"], facts["busy"], records, facts["sgemm"], facts["pace"])


class Race:
    """The contestants of one workload: started, compared, then timed under each condition."""

    def __init__(
        self,
        workload: str,
        names: Sequence[str],
        servers: Mapping[str, Server | Choice],
        expected: list[float],
        apart: float = APART,
    ) -> None:
        self.workload, self.servers, self.expected, self.apart = workload, servers, expected, apart
        self.records = {name: Record(name) for name in names}

    def alive(self) -> list[Record]:
        return [each for each in self.records.values() if not each.why]

    def start(self) -> None:
        """Wait until each is ready, and compare the costs of its first epochs with those expected."""
        for record in self.alive():
            with self.or_gone(record):
                record.version = self.servers[record.name].answer()["version"]
        for record in self.alive():
            with self.or_gone(record):
                record.costs = self.servers[record.name].ask(do="check", epochs=CHECKED)["costs"]
                if record.name not in (SGEMM, PACE) and (why := other_work(record.costs, self.expected, self.apart)):
                    raise GoneError(why)

    def run(self, rounds: int, seconds: float, busy: int | None) -> Iterator[Rounds]:
        """The rounds so far, after each of them; a turn takes about so many seconds."""
        for record in self.records.values():
            record.turns = []
        with neighbour(busy):
            counts = {record.name: self._settled(record, seconds) for record in self.alive()}
            for _ in range(rounds):
                for record in self.alive():
                    with self.or_gone(record):
                        self._turn(record, counts[record.name])
                yield self._rounds(self._copies(), busy is not None)

    def _settled(self, record: Record, seconds: float) -> int:
        """How many epochs a turn has, once the contestant has chosen its threads."""
        with self.or_gone(record):
            answer = self.servers[record.name].ask(do="settle")
            record.threads = answer["threads"]
            return max(1, round(seconds / answer["seconds"]))
        return 0

    def _turn(self, record: Record, count: int) -> None:
        answer = self.servers[record.name].ask(do="epochs", count=count)
        times = answer["seconds"]
        if answer["cost"] != answer["cost"]:
            raise GoneError("its cost became NaN")
        turn = {"seconds": sum(times), "fastest": min(times), "cpu": answer["cpu"]}
        record.turns.append({"count": count} | {key: float(f"{value:.6g}") for key, value in turn.items()})

    @contextmanager
    def or_gone(self, record: Record) -> Iterator[None]:
        """A contestant that cannot go on is left out from here on, and its record tells why."""
        try:
            yield
        except GoneError as gone:
            record.why = str(gone)

    def _copies(self) -> dict[str, Record]:
        return {name: Record(**{**vars(each), "turns": list(each.turns)}) for name, each in self.records.items()}

    def _rounds(self, records: dict[str, Record], busy: bool) -> Rounds:
        sgemm, pace = (records.pop(name, None) for name in (SGEMM, PACE))
        return Rounds(
            self.workload, busy, records,
            [2 * SIDE**3 / each for each in sgemm.per_epoch()] if sgemm else [], pace.per_epoch() if pace else [],
        )  # fmt: skip


def other_work(costs: Sequence[float], expected: Sequence[float], apart: float = APART) -> str:
    """Why these are not the costs of the same work; empty where they are."""
    if all(abs(a - b) <= apart * abs(b) for a, b in zip(costs, expected, strict=True)):
        return ""
    shown, wanted = (" and ".join(f"{each:.6g}" for each in values) for values in (costs, expected))
    return f"does other work: its first epochs cost {shown}, and they should cost {wanted}"


def expected_costs(task: Task) -> list[float]:
    """The costs of the first epochs, the rows in their order, on the reference engine."""
    from peers.in_chainrule import EngineAlone  # noqa: PLC0415  (of the parent alone)

    return EngineAlone(task, "reference").in_order(CHECKED)
