"""The rate of one register tile whose numbers are all in the first cache: what products of matrices can come to at best.

    python benchmarks/tiles.py

A row for each kind of product, type and height; each is the fastest of several turns, in GFLOP/s on one core.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from machine import machine
from numba import njit

from chainrule.engines.native.layout import Memory, lanes
from chainrule.engines.native.tiles import (
    FORWARD,
    GRADIENT,
    MOST_ROWS,
    OPTIONS,
    STRIP,
    at,
    pointer_to,
    tile,
)

STEPS, TILES, TURNS = 128, 4000, 20
HEIGHTS = (12, 11, 10, 9, 8)
APART = 272  # numbers from one row of A to the next
KINDS = {FORWARD: "rows of A side by side", GRADIENT: "columns of A", STRIP: "A packed"}


@njit(**{**OPTIONS, "no_cpython_wrapper": False})
def many(kind: int, height: int, c: int, a: int, order: int, b: int, width: int, one: Any) -> None:
    """So many tiles of a kind, all of the same numbers."""
    to, of_a, of_b = pointer_to(c, one), pointer_to(a, one), pointer_to(b, one)
    rows = pointer_to(order, np.int64(0))
    for _ in range(TILES):
        if kind == FORWARD:
            tile(FORWARD, height, False, to, width, of_a, APART, rows, of_b, width, at(to, 0), width, one, STEPS)
        elif kind == STRIP:
            tile(STRIP, height, False, to, width, of_a, 0, rows, of_b, width, at(to, 0), width, one, STEPS)
        else:
            tile(GRADIENT, height, False, to, width, of_a, 16, rows, of_b, width, at(to, 0), width, one, STEPS)


def rate(kind: int, height: int, dtype: str) -> float:
    """Floating-point operations a second."""
    width, memory, order = lanes(dtype), Memory(), np.arange(STEPS)
    c, b, a = (memory.array(size, dtype) for size in (MOST_ROWS * width, STEPS * width, STEPS * APART))
    places = [c.ctypes.data, a.ctypes.data, order.ctypes.data, b.ctypes.data]
    seconds = []
    for _ in range(TURNS):
        began = time.thread_time()
        many(kind, height, *places, width, np.dtype(dtype).type(1))
        seconds.append(time.thread_time() - began)
    return 2.0 * height * width * STEPS * TILES / min(seconds)


def main() -> None:
    print(f"{machine()['processor']}: GFLOP/s of a tile in the first cache, on one core")
    print(f"{'':24}" + "".join(f"{dtype:>9} × {height:<2}" for dtype in ("float32", "float64") for height in HEIGHTS))
    for kind, name in KINDS.items():
        rates = [rate(kind, height, dtype) / 1e9 for dtype in ("float32", "float64") for height in HEIGHTS]
        print(f"{name:24}" + "".join(f"{each:14.1f}" for each in rates))


if __name__ == "__main__":
    main()
