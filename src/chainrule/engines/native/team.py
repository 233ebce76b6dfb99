"""Threads that go through native steps together, and how many of them: those that were fastest lately.

Threads are started for a few milliseconds of steps and end with them: nothing is left behind that a fork could break, or that
would take a core from others. The number of threads changes no bit, so it may follow the clock.
"""

from __future__ import annotations

import _thread
import os
import time
from collections import deque
from collections.abc import Iterator
from functools import cache

import numpy as np

from chainrule.engines.native.code import Work
from chainrule.engines.threads import allowed

Array = np.ndarray
PAST_ALL = 2**62  # a phase that no thread comes to
PART_SECONDS = 0.01  # of steps at a time
FLOPS_A_SECOND = 2e10  # that one thread comes to at least
FLOPS_A_THREAD = 5e5  # a step that has fewer is over before a second thread has helped
TRYING = 0.02  # what trying other numbers of threads may cost, as a share of the time
FIRST_STEPS, TRIAL = 4, 3  # steps of a first part, parts of a trial
SOONEST, LATEST = 24, 200  # parts after which others are tried again


def together(work: Work, plan: Array, flags: Array, threads: int, steps: int) -> None:
    """Do what the plan asks for, by so many threads: this one, and others that live no longer than the call.

    Where Ctrl-C comes before all of them have started, the others go on without waiting, and end; what they wrote is not used.
    """
    flags[:] = 0
    place, waiting = plan.ctypes.data, []
    try:
        for number in range(1, threads):
            done = _thread.allocate_lock()
            done.acquire()
            _thread.start_new_thread(_help, (work, place, number, threads, steps, done))
            waiting.append(done)
        work(place, 0, threads, 0, steps)
    except BaseException:
        flags[:] = PAST_ALL
        raise
    finally:
        for done in waiting:
            done.acquire()


def _help(work: Work, place: int, number: int, threads: int, steps: int, done: _thread.LockType) -> None:
    try:
        work(place, number, threads, 0, steps)
    finally:
        done.release()


class Pace:
    """How many steps are taken at a time, and by how many threads.

    A number of threads is tried for several parts in a row, of which the first count little: a core that slept has to wake up,
    and to fetch what it works on; for one part where that is one long step. Of the last two parts the faster one counts: one
    interruption says nothing of what follows.
    """

    def __init__(self) -> None:
        self.used: int | None = None  # the most threads so far
        self._choices = [1]
        self._recent: dict[int, deque[float]] = {}  # seconds of a step in the last parts, by the number of threads
        self._waited: dict[int, int] = {}  # parts since a number of threads was tried
        self._trying, self._left = 1, 0  # what is tried, and for how many more parts
        self._expected = 0.0  # seconds of a step before one was taken

    def suits(self, flops: float) -> None:
        """The steps that follow have so many floating-point operations each."""
        self._expected = flops / FLOPS_A_SECOND
        most = max(1, min(int(flops // FLOPS_A_THREAD), _cores(), allowed() or _cores()))
        choices = [*(2**i for i in range(most.bit_length()) if 2**i < most), most]
        if choices != self._choices:
            self._choices, self._recent, self._waited, self._left = choices, {}, {}, 0

    def parts(self, steps: int, most: int) -> Iterator[tuple[int, int, int]]:
        """(first step, how many, threads) of each part; the time between two of them is what a part took."""
        done = 0
        while done < steps:
            threads = self._threads()
            wanted = min(most, self._wanted(threads))
            count = min(steps - done, wanted)
            began = time.perf_counter()
            yield done, count, threads
            if (
                2 * count >= wanted
            ):  # a few steps that were left over say little: starting threads took most of the time
                self._took(threads, (time.perf_counter() - began) / count)
            done += count

    def _seconds(self, threads: int) -> float:
        return min(self._recent[threads])

    def _wanted(self, threads: int) -> int:
        """How many steps a part is to have."""
        if threads in self._recent:
            return max(1, int(PART_SECONDS / self._seconds(threads)))
        return max(1, min(FIRST_STEPS, int(PART_SECONDS / self._expected)))

    def _threads(self) -> int:
        """By how many threads the next part is taken."""
        if self._left == 0:
            self._trying, self._left = self._next(), TRIAL
            known = self._trying in self._recent
            if self._wanted(self._trying) == 1 or (known and self._trying == self._best()):
                self._left = 1
        return self._trying

    def _best(self) -> int:
        return min(self._recent, key=self._seconds)

    def _next(self) -> int:
        """The best number of threads, or another one that it is time to try."""
        untried = [threads for threads in self._choices if threads not in self._recent]
        if untried:
            return untried[-1]
        best = self._best()
        for threads in self._choices:
            self._waited[threads] = 0 if threads == best else self._waited.get(threads, 0) + 1
            slower = self._seconds(threads) / self._seconds(best) - 1
            if self._waited[threads] > min(max(TRIAL * slower / TRYING, SOONEST), LATEST):
                self._waited[threads] = 0
                return threads
        return best

    def _took(self, threads: int, seconds: float) -> None:
        self._recent.setdefault(threads, deque(maxlen=2)).append(seconds)
        self._left = max(0, self._left - 1)
        self.used = max(threads, self.used or 1)


def most_threads() -> int:
    """For how many threads a run has room."""
    return max(4, _cores())


@cache
def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
