"""How many BLAS threads a training step gets: as many as its largest product keeps busy, given back afterwards."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

from chainrule.parameters import Parameters

# What one more thread must have to do. A product is done when its slowest thread is, and on a busy machine a thread waits
# for its turn: 5 Mflop took 20 to 30 times as long on two threads as on one, 500 Mflop 2 to 3 times, 8 Gflop 1.2 times.
FLOPS_A_THREAD = 5e8


def blas_threads(parameters: Parameters, rows: int) -> Limited:
    """In here BLAS uses the number of threads that suits products of `rows` rows with these weights, and gives that number.

    It is never more than was allowed before, by OMP_NUM_THREADS or threadpool_limits; None where the BLAS is one that
    threadpoolctl does not know, which keeps its own number.
    """
    return Limited(threads_for(parameters, rows))


def suited(parameters: Parameters, rows: int) -> int | None:
    """How many threads products of `rows` rows with these weights would be given now."""
    most = allowed()
    return None if most is None else min(most, threads_for(parameters, rows))


def threads_for(parameters: Parameters, rows: int) -> int:
    """How many threads products of `rows` rows with these weights keep busy."""
    flops = 2 * rows * max(w.size for w in parameters.weights)
    return max(1, int(flops // FLOPS_A_THREAD))


def allowed() -> int | None:
    """How many threads BLAS may use now; None where threadpoolctl does not know the BLAS."""
    return min([library.num_threads for library in _libraries()], default=None)


@cache
def _libraries() -> tuple[Any, ...]:
    """threadpoolctl's handles of each BLAS that is loaded. Looking for them takes milliseconds, hence once."""
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    return tuple(library for library in libraries if library.num_threads)


def look_again() -> None:
    """Find each BLAS anew: what was imported since may have brought another."""
    _libraries.cache_clear()


def is_limited(count: int) -> bool:
    """Whether BLAS uses no more than `count` threads anyway, which no run has to see to. It takes a microsecond."""
    return not _LIMIT.inside and all([library.num_threads <= count for library in _libraries()])  # noqa: C419  (faster)


class Limited:
    """In here BLAS uses no more than `count` threads."""

    __slots__ = ("_count", "_lowered")

    def __init__(self, count: int) -> None:
        self._count, self._lowered = count, False

    def __enter__(self) -> int | None:
        most = allowed()
        self._lowered = not is_limited(self._count)
        if self._lowered:
            _LIMIT.lower(self._count)
        return None if most is None else min(most, self._count)

    def __exit__(self, *_: object) -> None:
        if self._lowered:
            _LIMIT.restore()


class _Limit:
    """A limit on a number that the whole process shares: of runs in several Python threads the last one restores it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.inside = 0  # how many runs have lowered it: until the last one ends, no other may go without
        self._before: list[tuple[Any, int]] = []

    def lower(self, count: int) -> None:
        """No more threads than this from here on, until `restore`."""
        libraries = _libraries()
        with self._lock:
            if not self.inside:
                self._before = [(library, library.num_threads) for library in libraries]
            self.inside += 1
            for library in libraries:
                if library.num_threads > count:
                    library.set_num_threads(count)

    def restore(self) -> None:
        """The number as it was before, once every run has come to its end."""
        with self._lock:
            self.inside -= 1
            if not self.inside:
                for library, number in self._before:
                    library.set_num_threads(number)


_LIMIT = _Limit()
