"""How many threads take part in native steps, by a clock that the test sets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chainrule.engines.native import team
from chainrule.engines.native.team import FLOPS_A_PART, PART_SECONDS, RESTED, Pace

STEP = 1e8  # floating-point operations
Taken = list[tuple[int, int]]


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(team.time, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(team, "_cores", lambda: 2)
    monkeypatch.setattr(team, "allowed", lambda: None)
    return clock


def taken(
    pace: Pace, clock: Clock, calls: int, steps: int, seconds: Callable[[int], float], rest: float = 0.0
) -> Taken:
    """(threads, steps) of each part of so many calls, a rest before each call; a step takes `seconds(threads)`."""
    found = []
    for _ in range(calls):
        clock.now += rest
        for _, count, threads in pace.parts(steps, 10**6):
            clock.now += count * seconds(threads)
            found.append((threads, count))
    return found


def share(found: Taken, threads: int) -> float:
    """The share of the steps that so many threads took."""
    return sum(count for each, count in found if each == threads) / sum(count for _, count in found)


def a_pace() -> Pace:
    pace = Pace()
    pace.suits(STEP)
    return pace


def test_the_faster_number_of_threads_takes_nearly_all_steps(clock: Clock) -> None:
    assert share(taken(a_pace(), clock, 50, 1000, lambda threads: 1e-3 / threads), 2) > 0.95
    assert share(taken(a_pace(), clock, 50, 1000, lambda threads: 1e-3 * threads**2), 1) > 0.95


def test_one_part_says_that_fewer_threads_are_clearly_slower(clock: Clock) -> None:
    parts = [threads for threads, _ in taken(a_pace(), clock, 50, 1000, lambda threads: 1e-3 / threads)]
    alone = [i for i, threads in enumerate(parts) if threads == 1]
    assert len(alone) > 2
    assert all(parts[i + 1] == 2 for i in alone)


@pytest.mark.parametrize("rest", [0.0, 2 * RESTED])
def test_it_follows_what_the_machine_does_also_where_each_part_comes_after_a_rest(clock: Clock, rest: float) -> None:
    pace, steps = a_pace(), int(PART_SECONDS / 5e-4)
    assert share(taken(pace, clock, 40, steps, lambda threads: 1e-3 / threads, rest), 2) > 0.8
    taken(pace, clock, 40, steps, lambda threads: 1e-3 * threads, rest)  # a core is taken by others
    assert share(taken(pace, clock, 40, steps, lambda threads: 1e-3 * threads, rest), 1) > 0.8


def test_a_part_that_is_over_before_a_thread_has_woken_up_is_taken_by_one(clock: Clock) -> None:
    pace = Pace()
    pace.suits(FLOPS_A_PART / 4)
    taken(pace, clock, 50, 1000, lambda threads: 1e-4 / threads)
    assert taken(pace, clock, 1, 3, lambda threads: 1e-4 / threads) == [(1, 3)]
    assert taken(pace, clock, 1, 4, lambda threads: 1e-4 / threads) == [(2, 4)]
