"""Threads that go through native steps together, and how many of them: those that were fastest lately.

A run of some milliseconds of steps is a part. The threads of a part wait for the next one, and end by themselves where none
comes for a few hundredths of a second: nothing is left behind that would take a core from others. The number of threads changes
no bit, so it may follow the clock.
"""

from __future__ import annotations

import _thread
import os
import time
from collections import deque
from collections.abc import Iterator
from functools import cache

import numpy as np

from chainrule.engines.native import plan as p
from chainrule.engines.native.code import Work
from chainrule.engines.threads import allowed

Array = np.ndarray
PART_SECONDS = 0.01  # of steps at a time
FLOPS_A_SECOND = 2e10  # that one thread comes to at least
FLOPS_A_THREAD = 5e5  # a step that has fewer is over before a second thread has helped
FLOPS_A_PART = 1.5e7  # a part that has fewer is over before a thread that sleeps has woken up
FIRST_STEPS, TRIAL = 4, 3  # steps of a first part, parts of a trial
CLEARLY = 1.2  # times as long: a trial of fewer threads is over
SLACK = 0.05  # as a share of the time: what trying fewer threads may cost
RESTED = 0.005  # seconds without a part, after which the next one says little: caches and cores have to be woken up
SOONEST, LATEST = 3, 200  # parts after which other numbers of threads are tried again


class Team:
    """The threads of one run. All of them work on its plan, whose flags hold their commands (`steps.lead`, `steps.follow`)."""

    def __init__(self, work: Work, plan: Array, flags: Array) -> None:
        self._work, self._plan, self.flags = work, plan, flags
        self._of_process()

    def _of_process(self) -> None:
        self._process, self._lock, self._there = os.getpid(), _thread.allocate_lock(), set[int]()
        self._parts = 0  # that were given out

    def do(self, threads: int, steps: int) -> None:
        """Do what the plan asks for, by so many threads; by fewer where the system gives no more."""
        if self._process != os.getpid():  # a fork has none of the threads, and its lock may be locked for ever
            self._of_process()
        with self._lock:
            for number in range(1, threads):
                if number not in self._there and not self._started(number):
                    threads = number
                    break
            self._parts += 1
        self._work(self._plan.ctypes.data, 0, threads, steps)

    def _started(self, number: int) -> bool:
        self.flags[p.LINE * (1 + number) + 1] = self.flags[0]  # it has seen all commands so far
        try:
            _thread.start_new_thread(self._help, (number,))
        except RuntimeError:
            return False
        self._there.add(number)
        return True

    def _help(self, number: int) -> None:
        while True:
            given = self._parts
            self._work(self._plan.ctypes.data, number, 0, 0)  # until no command has come for a while
            with self._lock:
                if given == self._parts:
                    self._there.discard(number)
                    return


class Pace:
    """How many steps are taken at a time, and by how many threads.

    A number of threads is tried for several parts in a row, of which the first count little: a core that slept has to wake up,
    and to fetch what it works on. Of the last two parts the faster one counts: one interruption says nothing of what follows.
    More threads are tried again soon, and then, as long as they are no faster, after twice as many parts each time; fewer
    threads as often as what that costs allows.
    """

    def __init__(self) -> None:
        self.used: int | None = None  # the most threads so far
        self._choices = [1]
        self._recent: dict[int, deque[float]] = {}  # seconds of a step in the last parts, by the number of threads
        self._waited: dict[int, int] = {}  # parts since a number of threads was tried
        self._patience: dict[int, int] = {}  # after how many parts more threads are tried again
        self._trying, self._left = 1, 0  # what is tried, and for how many more parts
        self._flops = 0.0  # of a step
        self._ended, self._rested = -RESTED, False  # when the last part ended, whether a rest had been before it

    def suits(self, flops: float) -> None:
        """The steps that follow have so many floating-point operations each."""
        self._flops = flops
        most = max(1, min(int(flops // FLOPS_A_THREAD), _cores(), allowed() or _cores()))
        choices = [*(2**i for i in range(most.bit_length()) if 2**i < most), most]
        if choices != self._choices:
            self._choices, self._recent, self._waited, self._patience, self._left = choices, {}, {}, {}, 0

    def parts(self, steps: int, most: int) -> Iterator[tuple[int, int, int]]:
        """(first step, how many, threads) of each part; the time between two of them is what a part took."""
        done = 0
        while done < steps:
            threads = self._threads()
            wanted = min(most, self._wanted(threads))
            count = min(steps - done, wanted)
            if count * self._flops < FLOPS_A_PART and 1 in self._recent:
                threads = 1
            began = time.perf_counter()
            yield done, count, threads
            ended = time.perf_counter()
            # a few steps that were left over say little, and so do those after a rest, unless all are
            if 2 * count >= wanted:
                rested, self._rested = self._rested, began - self._ended >= RESTED
                if rested or not self._rested or threads not in self._recent:
                    self._took(threads, (ended - began) / count)
            self._ended = ended
            done += count

    def _seconds(self, threads: int) -> float:
        return min(self._recent[threads])

    def _wanted(self, threads: int) -> int:
        """How many steps a part is to have."""
        if threads in self._recent:
            return max(1, int(PART_SECONDS / self._seconds(threads)))
        return max(1, min(FIRST_STEPS, int(PART_SECONDS * FLOPS_A_SECOND / self._flops)))

    def _threads(self) -> int:
        """By how many threads the next part is taken."""
        if self._left == 0:
            self._trying, self._left = self._next(), TRIAL
            if self._trying in self._recent and self._trying == self._best():
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
        self._patience[best] = SOONEST
        for threads in reversed(self._choices):
            if self._waited[threads] > self._patience_for(threads, best):
                self._waited[threads] = 0
                if threads > best:
                    self._patience[threads] = min(2 * self._patience[threads], LATEST)
                return threads
        return best

    def _patience_for(self, threads: int, best: int) -> float:
        if threads > best:
            return self._patience.setdefault(threads, SOONEST)
        slower = self._seconds(threads) / self._seconds(best) - 1
        return min(max(TRIAL * slower / SLACK, TRIAL / SLACK), LATEST)

    def _took(self, threads: int, seconds: float) -> None:
        self._recent.setdefault(threads, deque(maxlen=2)).append(seconds)
        best = self._best()
        over = threads < best and seconds > CLEARLY * self._seconds(best)  # one part of fewer threads says enough
        self._left = 0 if over else max(0, self._left - 1)
        self.used = max(threads, self.used or 1)


def most_threads() -> int:
    """For how many threads a run has room."""
    return max(4, _cores())


@cache
def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
