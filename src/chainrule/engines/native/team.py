"""Threads that go through native steps together, and how many of them: those that were fastest lately.

Threads are started for a few milliseconds of steps and end with them: nothing is left behind that a fork could break, or that
would take a core from others. The number of threads changes no bit, so it may follow the clock.
"""

from __future__ import annotations

import _thread
import os
import time
from collections.abc import Iterator
from functools import cache

import numpy as np

from chainrule.engines.native.code import Work
from chainrule.engines.threads import allowed

Array = np.ndarray
PART_SECONDS = 0.01  # of steps at a time
FLOPS_A_THREAD = 1e6  # a step that has fewer is over before a second thread has helped
TRYING = 0.02  # what trying other numbers of threads may cost, as a share of the time
SOONEST, LATEST = 8, 100  # parts after which they are tried again


def together(work: Work, plan: Array, flags: Array, threads: int, steps: int) -> None:
    """Do what the plan asks for, by so many threads: this one, and others that live no longer than the call."""
    flags[:] = 0
    place, waiting = plan.ctypes.data, []
    for number in range(1, threads):
        done = _thread.allocate_lock()
        done.acquire()
        _thread.start_new_thread(_help, (work, place, number, threads, steps, done))
        waiting.append(done)
    work(place, 0, threads, 0, steps)
    for done in waiting:
        done.acquire()


def _help(work: Work, place: int, number: int, threads: int, steps: int, done: _thread.LockType) -> None:
    try:
        work(place, number, threads, 0, steps)
    finally:
        done.release()


class Pace:
    """How many steps are taken at a time, and by how many threads."""

    def __init__(self) -> None:
        self.used: int | None = None  # the most threads so far
        self._choices = [1]
        self._seconds: dict[int, float] = {}  # a step takes, by the number of threads
        self._parts: dict[int, int] = {}  # since a number of threads was tried

    def suits(self, flops: float) -> None:
        """The steps that follow have so many floating-point operations each."""
        most = max(1, min(int(flops // FLOPS_A_THREAD), _cores(), allowed() or _cores()))
        choices = [1, *(2**i for i in range(1, most.bit_length()) if 2**i < most), most][: most.bit_length() + 1]
        if sorted(set(choices)) != self._choices:
            self._choices, self._seconds, self._parts = sorted(set(choices)), {}, {}

    def parts(self, steps: int, most: int) -> Iterator[tuple[int, int, int]]:
        """(first step, how many, threads) of each part; the time between two of them is what a part took."""
        done = 0
        while done < steps:
            threads = self._threads()
            count = min(steps - done, most, self._count(threads))
            began = time.perf_counter()
            yield done, count, threads
            self._took(threads, (time.perf_counter() - began) / count)
            done += count

    def _count(self, threads: int) -> int:
        known = self._seconds.get(threads) or max(self._seconds.values(), default=None)
        return 4 if known is None else max(1, int(PART_SECONDS / known))

    def _threads(self) -> int:
        untried = [threads for threads in self._choices if threads not in self._seconds]
        if untried:
            return untried[-1]
        best = min(self._seconds, key=self._seconds.__getitem__)
        for threads in self._choices:
            self._parts[threads] = 0 if threads == best else self._parts.get(threads, 0) + 1
            slower = self._seconds[threads] / self._seconds[best] - 1
            if threads != best and self._parts[threads] > min(max(slower / TRYING, SOONEST), LATEST):
                self._parts[threads] = 0
                return threads
        return best

    def _took(self, threads: int, seconds: float) -> None:
        before = self._seconds.get(threads, seconds)
        # a part that was interrupted says little of the next one: half of the news counts, and never more than twice as slow
        self._seconds[threads] = min(before, seconds) if seconds < before else (before + min(seconds, 2 * before)) / 2
        self.used = max(threads, self.used or 1)


def most_threads() -> int:
    """For how many threads a run has room."""
    return max(4, _cores())


@cache
def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
