"""How the weights and biases of a run lie in memory, and how they are put there and read."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.engines.native.processor import ROW_BYTES
from chainrule.parameters import Parameters

Array = np.ndarray
ALIGNED = 64  # bytes: a cache line, and more than any vector needs
LARGE_PAGE = 2**21


def lanes(dtype: Any) -> int:
    """How many neurons a panel has."""
    return ROW_BYTES // np.dtype(dtype).itemsize


def up_to(number: int, multiple: int) -> int:
    """The next multiple of it."""
    return -(-number // multiple) * multiple


def row_length(count: int, width: int) -> int:
    """Whole panels, an odd number of them: rows that are a power of two apart would share few places of a cache."""
    return (up_to(count, width) // width | 1) * width


class Memory:
    """Arrays of zeros in large pages, where the system has them: a product walks over many rows that lie pages apart."""

    def __init__(self) -> None:
        self._block = np.empty(0, np.uint8)
        self._used = 0

    def array(self, count: int, dtype: Any) -> Array:
        """So many zeros, from the beginning of a cache line on."""
        size = up_to(max(count, 1) * np.dtype(dtype).itemsize, ALIGNED)
        if self._used + size > self._block.size:
            self._block, self._used = _pages(size), 0
        start, self._used = self._used, self._used + size
        return self._block[start : start + size].view(dtype)[:count]


def _pages(size: int) -> Array:
    """At least so many bytes, whole large pages of them."""
    room = up_to(size, LARGE_PAGE)
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.zeros(room, np.uint8)
    held = mmap.mmap(-1, room + LARGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without large pages
        held.madvise(mmap.MADV_HUGEPAGE)
    found = np.frombuffer(held, np.uint8)
    start = -found.ctypes.data % LARGE_PAGE
    return found[start : start + room]


@dataclass(frozen=True)
class LayerShape:
    """The weights and biases of a layer in panels: of `width` neurons each, `depth` rows deep."""

    neurons: int
    sources: int
    panels: int
    depth: int
    width: int

    @property
    def weights(self) -> int:
        """How many numbers its weights take."""
        return self.panels * self.depth * self.width

    @property
    def biases(self) -> int:
        return self.panels * self.width


def shapes_of(sizes: Sequence[int], dtype: Any) -> list[LayerShape]:
    """The shape of each layer 1…L."""
    width = lanes(dtype)
    return [
        LayerShape(outputs, inputs, up_to(outputs, width) // width, up_to(inputs, width) if layer else inputs, width)
        for layer, (inputs, outputs) in enumerate(pairwise(sizes))
    ]


class Panels:
    """A vector like that of all weights and biases, in panels: `weights[i]` and `biases[i]` of layer i + 1 lie in `numbers`."""

    def __init__(self, memory: Memory, shapes: Sequence[LayerShape], dtype: Any, copies: int = 1) -> None:
        size = copies * sum(shape.weights + shape.biases for shape in shapes)
        self._hold(memory.array(size, dtype), shapes, copies)

    def copied(self, numbers: Array) -> Panels:
        """Such panels that hold other numbers."""
        found = Panels.__new__(Panels)
        found._hold(numbers, self.shapes, self.copies)
        return found

    def _hold(self, numbers: Array, shapes: Sequence[LayerShape], copies: int) -> None:
        self.numbers, self.shapes, self.copies = numbers, shapes, copies
        self.weights: list[Array] = []
        self.biases: list[Array] = []
        place = 0
        for shape in shapes:
            for parts, size in ((self.weights, shape.weights), (self.biases, shape.biases)):
                parts.append(self.numbers[place : place + copies * size])
                place += copies * size

    def write(self, vector: Array, like: Parameters, copy: int = 0) -> None:
        """The entries of such a vector, in the order of `Parameters.flat`, into their places."""
        given = like.like(vector)
        for shape, w, b, weights, biases in zip(
            self.shapes, given.weights, given.biases, self.weights, self.biases, strict=True
        ):
            filled = np.zeros((shape.panels * shape.width, shape.depth), w.dtype)
            filled[: shape.neurons, : shape.sources] = w
            to = weights[copy * shape.weights : (copy + 1) * shape.weights]
            to.reshape(shape.panels, shape.depth, shape.width)[:] = _turned(filled, shape)
            to = biases[copy * shape.biases : (copy + 1) * shape.biases]
            to[: b.size] = b
            if b.size == 1:
                to[:] = b

    def read(self, like: Parameters, copy: int = 0) -> Array:
        """The way back: a vector in the order of `Parameters.flat`."""
        parts = []
        for shape, b, weights, biases in zip(self.shapes, like.biases, self.weights, self.biases, strict=True):
            of_copy = weights[copy * shape.weights : (copy + 1) * shape.weights]
            rows = of_copy.reshape(shape.panels, shape.depth, shape.width).transpose(0, 2, 1)
            parts.append(rows.reshape(-1, shape.depth)[: shape.neurons, : shape.sources].ravel())
            parts.append(biases[copy * shape.biases :][: b.size])
        return np.concatenate(parts)


def _turned(rows: Array, shape: LayerShape) -> Array:
    return rows.reshape(shape.panels, shape.width, shape.depth).transpose(0, 2, 1)
