"""The processes of a race: a contestant's, one of several where it has a choice, and a neighbour that keeps a core busy."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from contestants import entry
from faster import faster

SERVER = Path(__file__).with_name("server.py")
LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # no contestant is held back by these
STARTS, ANSWERS = 900.0, 300.0  # seconds after which a contestant that says nothing is given up


class GoneError(Exception):
    """A contestant that cannot go on, and why."""


class Server:
    """A contestant's process."""

    def __init__(self, name: str, workload: str, cores: Sequence[int], environment: Mapping[str, str]) -> None:
        self.said = TemporaryFile("w+")  # noqa: SIM115  (its standard error, read once it has ended)
        inherited = {key: value for key, value in os.environ.items() if key not in LIMITS}
        self.process = subprocess.Popen(
            [sys.executable, SERVER, name, workload, ",".join(map(str, cores))], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.said, text=True, env=inherited | dict(environment), start_new_session=True,
        )  # fmt: skip

    def ask(self, **question: Any) -> dict[str, Any]:
        """Its answer. Raises GoneError where it died, failed, or says nothing."""
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._gone() from None
        return self.answer(ANSWERS)

    def answer(self, seconds: float = STARTS) -> dict[str, Any]:
        """What it says next."""
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            raise GoneError(f"said nothing for {seconds:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise self._gone()
        answer = json.loads(line)
        if why := answer.get("absent") or answer.get("failed"):
            raise GoneError(why)
        return answer

    def _gone(self) -> GoneError:
        code = self.process.wait(timeout=10)
        self.said.seek(0)
        last = (self.said.read().strip() or "no message").splitlines()[-1]
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return GoneError(f"{how}: {last}")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.said):
            try:
                stream.close()
            except BrokenPipeError:  # what it was asked and never read
                continue


class Choice:
    """The same contestant in processes with one thread and with all, for what has to be decided before it starts.

    It settles for the one that is faster; that one answers from then on.
    """

    def __init__(self, servers: dict[int, Server]) -> None:
        self.servers = servers
        self.chosen = next(iter(servers))

    def ask(self, **question: Any) -> dict[str, Any]:
        if question["do"] == "settle":
            return self._settle()
        if question["do"] == "check":  # so that each has compiled what it is to be timed on
            return [each.ask(**question) for each in self.servers.values()][-1]
        return self.servers[self.chosen].ask(**question)

    def answer(self) -> dict[str, Any]:
        answers = [each.answer() for each in self.servers.values()]
        return answers[0]

    def stop(self) -> None:
        for each in self.servers.values():
            each.stop()

    def _settle(self) -> dict[str, Any]:
        ways = {threads: partial(_once, server) for threads, server in self.servers.items()}
        self.chosen, seconds = faster(ways)
        return {"threads": self.chosen, "seconds": seconds}


def _once(server: Server) -> float:
    return server.ask(do="epochs", count=1)["seconds"][0]


def process_of(name: str, workload: str, cores: Sequence[int]) -> Server | Choice:
    """A contestant's process; or several."""
    alone = entry(name).one_thread
    everything = Server(name, workload, cores, {})
    if not alone or len(cores) == 1:
        return everything
    return Choice({len(cores): everything, 1: Server(name, workload, cores, alone)})


@contextmanager
def started(names: Iterable[str], workload: str, cores: Sequence[int]) -> Iterator[dict[str, Server | Choice]]:
    """Their processes, all starting at once; stopped at the end."""
    servers: dict[str, Server | Choice] = {}
    try:
        for name in names:
            servers[name] = process_of(name, workload, cores)
        yield servers
    finally:
        for each in servers.values():
            each.stop()


@contextmanager
def neighbour(core: int | None) -> Iterator[None]:
    """In here another process keeps that core busy; none where it is None."""
    if core is None:
        yield
        return
    pin = f"os.sched_setaffinity(0, {{{core}}})" if hasattr(os, "sched_setaffinity") else "0"
    process = subprocess.Popen([sys.executable, "-c", f"import os\n{pin}\nwhile True: pass"], start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()
