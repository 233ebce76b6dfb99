"""Dropout: which neurons are left out of a step (Srivastava et al., 2014), each decided by a count and not by a stream.

Whether neuron j of layer l is left out for a row in a step is a function of (seed, step, l, row, j) alone. So every engine
drops the same ones, in whichever order it goes over them, and a run that is resumed drops those of one that never stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
ALL = 2**64


@dataclass(frozen=True)
class Dropout:
    """The share of neurons that are left out of each step: `rates[l]` of layer l, l = 0 being the inputs, and l < L.

    Those that stay are divided by the share that stays, so that a sum over them keeps its mean; nothing changes for
    `predict`, nor for any explanation.
    """

    rates: tuple[float, ...] = ()
    seed: int = 0

    def __bool__(self) -> bool:
        return any(self.rates)

    def masks(
        self, step: int, rows: Array, widths: Mapping[int, int] | tuple[int, ...], dtype: Any
    ) -> dict[int, Array]:
        """By layer, what its activations are multiplied by in a step (1, 2, …): 0, or 1 / (1 − rate); (rows, neurons).

        `rows` are the numbers of the rows in the data set.
        """
        return {
            layer: self._mask(rate, step, layer, rows, widths[layer], dtype)
            for layer, rate in enumerate(self.rates)
            if rate > 0
        }

    def _mask(self, rate: float, step: int, layer: int, rows: Array, width: int, dtype: Any) -> Array:
        key = np.array(_key(self.seed, step, layer), np.uint64)
        count = (rows.astype(np.uint64) << np.uint64(32))[:, None] | np.arange(width, dtype=np.uint64)
        stays = _mixed(key + count * np.uint64(GOLDEN)) >= np.uint64(int(rate * ALL))
        return stays.astype(dtype) * np.dtype(dtype).type(1 / (1 - rate))


def keys_of_steps(seed: int, steps: Array, layer: int) -> Array:
    """The key of a layer in each of these steps, by which a count decides."""
    key = np.full(len(steps), _key(seed), np.uint64)
    for numbers in (steps.astype(np.uint64), np.full(len(steps), layer, np.uint64)):
        key = _mixed(key + numbers * np.uint64(GOLDEN) + np.uint64(GOLDEN))
    return key


def _key(*numbers: int) -> int:
    """One number for several."""
    key = 0
    for number in numbers:
        key = int(_mixed(np.array([(key + number * GOLDEN + GOLDEN) % ALL], np.uint64))[0])
    return key


def _mixed(x: Array) -> Array:
    """The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): any two inputs give outputs without a visible relation."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(FIRST)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(SECOND)
    return x ^ (x >> np.uint64(31))
