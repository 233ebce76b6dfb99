"""Who takes part: each contestant's name, what it needs to be installed, and how it is made for a task."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Protocol

from machine import Pace, Sgemm
from workloads import Task, Workload

from chainrule import Network
from chainrule.engines.choose import NAMED as ENGINES

ALONE = " alone"  # behind the name of an engine that is called through its port


class Contestant(Protocol):
    """One that trains a task; where it has a method `threads(count)` its products take that many.

    `in_order`  the costs of so many first epochs, from the first weights, the rows in their order
    `epoch`     the cost of one more epoch, its rows shuffled
    `restart`   again from these weights, its rows shuffled by this seed; all but an engine alone have it
    `accuracy`  after an epoch, on the task's test rows; the same
    """

    def in_order(self, epochs: int) -> list[float]: ...
    def epoch(self) -> float: ...
    def restart(self, network: Network, seed: int) -> None: ...
    def accuracy(self) -> float: ...


@dataclass(frozen=True)
class Entry:
    """A contestant before it is made. `lacks` says why it cannot train a workload, and is empty where it can."""

    name: str
    make: Callable[[Task], Contestant]
    package: str = ""  # what is imported
    distribution: str = ""  # what is installed
    program: tuple[str, ...] = ()  # one of these has to be there
    lacks: Callable[[Workload], str] = lambda workload: ""
    one_thread: Mapping[str, str] | None = None  # what the environment tells it where it is to start with one thread

    def absent(self) -> str:
        """Why it cannot take part on this machine; empty where it can."""
        if self.package and find_spec(self.package) is None:
            return f"{self.distribution} is not installed"
        if self.program and not any(map(shutil.which, self.program)):
            return f"needs a C++ compiler ({' or '.join(self.program)}), and there is none"
        return ""

    def version(self) -> str:
        try:
            return version(self.distribution or "chainrule")
        except PackageNotFoundError:
            return "?"


def _jax(task: Task) -> Contestant:
    from peers.in_jax import Jax  # noqa: PLC0415  (a peer, which need not be installed)

    return Jax(task)


def _torch(task: Task, compiled: bool = False) -> Contestant:
    from peers.in_torch import Torch  # noqa: PLC0415

    return Torch(task, compiled)


def _sklearn(task: Task) -> Contestant:
    from peers.in_sklearn import Sklearn  # noqa: PLC0415

    return Sklearn(task)


def _sklearn_lacks(workload: Workload) -> str:
    from peers.in_sklearn import lacks  # noqa: PLC0415

    return lacks(workload)


def _chainrule(task: Task, engine: str, alone: bool) -> Any:
    from peers.in_chainrule import Chainrule, EngineAlone  # noqa: PLC0415  (after the server has set the cores)

    return (EngineAlone if alone else Chainrule)(task, engine)


PEERS = {
    each.name: each
    for each in (
        Entry("JAX", _jax, "jax", "jax", one_thread={"PJRT_NPROC": "1"}),
        Entry("PyTorch", _torch, "torch", "torch"),
        Entry("torch.compile", lambda task: _torch(task, compiled=True), "torch", "torch", ("g++", "clang++", "c++")),
        Entry("scikit-learn", _sklearn, "sklearn", "scikit-learn", lacks=_sklearn_lacks),
    )
}


SGEMM, PACE = "sgemm", "pace"
YARDSTICKS = {SGEMM: Entry(SGEMM, lambda task: Sgemm()), PACE: Entry(PACE, lambda task: Pace())}


def entry(name: str) -> Entry:
    """A peer by its name; or an engine of chainrule by its own, "reference", or called alone, "reference alone"."""
    known = PEERS | YARDSTICKS
    if name in known:
        return known[name]
    engine = name.removesuffix(ALONE)
    if engine not in ENGINES:
        raise SystemExit(f"there is no contestant {name!r}: known are {', '.join([*PEERS, *ENGINES])}")
    return Entry(name, lambda task: _chainrule(task, engine, name.endswith(ALONE)))
