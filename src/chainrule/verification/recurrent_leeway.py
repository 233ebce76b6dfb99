"""How far two right gradients of a recurrent network may differ, by trying: what rounding moves, and where kinks are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.activations import Activation
from chainrule.parameters import length
from chainrule.recurrent.recurrent import Recurrent
from chainrule.recurrent.task import Task
from chainrule.recurrent.through_time import RecurrentBackward, backward_of
from chainrule.verification.recurrent_evaluate import cut, point_of
from chainrule.verification.recurrent_methods import of_time

Array = np.ndarray
NUDGE = 2.0**-46  # 64 ε, in which rounding in every method is contained
DRAWS = 8
JUMP = 1e-6  # of an entry: what no smooth gradient moves by under such a change


def leeway_of(given: Task, here: RecurrentBackward) -> tuple[Array, float]:
    """How far rounding may move each entry of a gradient, and how large the numbers are that C sums: by trying.

    Rounding is as a change of every number by some ε, given or on the way. Here they change by 64 ε, at random (a bound
    over |U| would grow without end along the steps, where U itself does not); an entry may move by twice the mean.
    """
    rng, point, answer = np.random.default_rng(0), point_of(given), of_time(here)
    moved, rounded = np.zeros_like(answer), 0.0
    for _ in range(DRAWS):
        there = backward_of(_jolted(given, point * (1 + NUDGE * rng.uniform(-1, 1, point.size)), rng))
        moved += 2 / DRAWS * np.abs(of_time(there) - answer)
        rounded = max(rounded, abs(there.cost - here.cost))
    read = here.trace.s.rows[given.reads]
    return moved, max(rounded / NUDGE, given.share * float(np.abs(read).max(axis=1).sum()))


def _jolted(given: Task, point: Array, rng: np.random.Generator) -> Task:
    """The task at another point, with σ, τ, C and their slopes each off by 64 ε."""

    def off(number: Array, floor: Any) -> Array:
        return number + NUDGE * rng.uniform(-1, 1, number.shape) * (np.abs(number) + floor)

    def sigma(exact: Activation) -> Activation:
        # where no digits cancel inside, rounding is relative: what is exactly at a kink stays there
        floor = 0.0 if exact.kinks or exact.name == "identity" else 1.0
        value, slope = exact.value, exact.slope
        return replace(exact, value=lambda z: off(value(z), floor), slope=lambda z: off(slope(z), floor))

    moved, pair = _at(given, point), given.pair
    slope, delta = pair.slope, pair.delta
    cost = replace(
        pair,
        slope=lambda a, y: off(slope(a, y), 1 + np.abs(a) + np.abs(y)),
        delta=None if delta is None else lambda z, y: off(delta(z, y), 1 + np.abs(y)),
    )
    r = moved.recurrent
    return replace(moved, recurrent=Recurrent(r.W, r.U, r.b, r.V, r.c, sigma(r.activation), sigma(r.output)), pair=cost)


def _at(given: Task, point: Array) -> Task:
    """The task with other numbers in its network, start and sequence."""
    W, b, U, V, c, h0, xs = (part[0] for part in cut(given, point[None]).values())
    r = given.recurrent
    return replace(given, recurrent=Recurrent(W, U, b, V, c, r.activation, r.output), xs=xs, h0=h0)


def jumps_at(given: Task, answer: Array) -> Array:
    """Which entries jump as everything moves by next to nothing: the network is at a kink there (S3.4).

    Zero is such a place: a relu without biases, at a first x of zeros. Several units at a kink bend C along one entry in more
    ways than its two one-sided slopes tell, so that differences have nothing to say there.
    """
    rng, point = np.random.default_rng(1), point_of(given)
    jumped, size = np.zeros(answer.shape, bool), length(answer)
    for _ in range(DRAWS):
        step = NUDGE * rng.uniform(-1, 1, point.size) * (1 + np.abs(point))
        for side in (step, -step):  # whatever z is at a kink crosses it on one of them
            gap = np.abs(of_time(backward_of(_at(given, point + side))) - answer)
            jumped |= gap > JUMP * np.abs(answer) + JUMP / 1000 * size
    return jumped
