"""a^L of rows alone: the forward pass of predictions, which keeps nothing on its way and allocates its buffers once."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import numpy as np
from jaxtyping import Float

from chainrule.activations import Activation
from chainrule.data.mapped import Inputs
from chainrule.engines.threads import Limited, allowed, blas_threads, is_limited, threads_for
from chainrule.parameters import Layers, Parameters

Array = np.ndarray
FEWEST, MOST = 2**10, 2**13  # rows of a chunk
LEAST = 2  # chunks for each thread
NUMBERS = 2**17  # of a chunk by the widest layer: they fit in a cache of half a megabyte or one


class LastLayer:
    """a^L of rows in the network's terms and dtype; for one Python thread at a time.

    Rows are taken a chunk at a time: so many that a product is as fast as one of all rows, and so few that what stands
    between two products stays in the processor's cache. The buffers are two, of a chunk by the widest layer, and one row per
    hidden layer. What is returned is a new array.
    """

    def __init__(
        self, parameters: Parameters, activations: Sequence[Activation] | Layers[Activation], chunk: int | None = None
    ) -> None:
        biases = [b if b.size else None for b in parameters.biases]
        self._layers = list(zip(parameters.weights, biases, [sigma.over for sigma in activations]))
        self._sizes, self._dtype = [len(w) for w in parameters.weights], parameters.dtype
        self._chunk, self._activations = chunk, activations
        self._shares = not any(sigma.own for sigma in activations)  # a user's function may count on one thread
        self._parameters, self._few = parameters, threads_for(parameters, 1)
        self._row = [np.empty(size, self._dtype) for size in self._sizes[:-1]]
        self._two = [np.empty(0, self._dtype)] * 2

    def of_rows(self, rows: Inputs, z: Array | None = None) -> Float[np.ndarray, "batch out"]:
        """a^L of rows (batch, in); z^L is written to `z` (batch, out), where that is given.

        Many chunks are taken by as many Python threads as BLAS may use, each with a BLAS of one thread: the same bits.
        """
        made = np.empty((len(rows), self._sizes[-1]), self._dtype)
        size = self._chunk or chunk_of(self._parameters)
        chunks = deque(slice(start, start + size) for start in range(0, len(rows), size))
        helpers = min(allowed() or 1, len(chunks) // LEAST) - 1 if self._shares else 0
        if helpers < 1:
            with blas_threads(self._parameters, min(len(rows), size)):
                self._take(chunks, rows, made, z)
            return made
        with Limited(1), ThreadPoolExecutor(helpers) as pool:
            others = [LastLayer(self._parameters, self._activations, size) for _ in range(helpers)]
            busy = [pool.submit(copy_context().run, other._take, chunks, rows, made, z) for other in others]
            self._take(chunks, rows, made, z)
            for each in busy:
                each.result()
        return made

    def _take(self, chunks: deque[slice], rows: Inputs, made: Array, z: Array | None) -> None:
        """Write a^L of one chunk after the other, and z^L, while there are any; after an error none are left."""
        try:
            while chunks:
                try:
                    here = chunks.popleft()
                except IndexError:  # another thread took the last one
                    break
                self._write(here, rows, made, z)
        finally:
            chunks.clear()

    def _write(self, here: slice, rows: Inputs, made: Array, z: Array | None) -> None:
        a, out = np.ascontiguousarray(rows[here], self._dtype), made[here]
        for (w, b, over), place in zip(self._layers, [*self._hidden(len(a)), out]):
            np.matmul(a, w.T, place)
            if b is not None:
                np.add(place, b, place)
            if place is out and z is not None:
                z[here] = out
            a = over(place)
        if a is not out:
            out[...] = a

    def of_row(self, row: Float[np.ndarray, " in"]) -> Float[np.ndarray, " out"]:
        """a^L of one row."""
        z = self.weighted_inputs(row)
        return self._layers[-1][2](z)

    def weighted_inputs(self, row: Float[np.ndarray, " in"]) -> Float[np.ndarray, " out"]:
        """z^L of one row."""
        if is_limited(self._few):
            return self._weighted_inputs(row)
        with Limited(self._few):
            return self._weighted_inputs(row)

    def _weighted_inputs(self, a: Array) -> Array:
        for (w, b, over), place in zip(self._layers, self._row):
            np.dot(w, a, place)  # a microsecond faster than matmul
            if b is not None:
                np.add(place, b, place)
            a = over(place)
        w, b, _ = self._layers[-1]
        z = np.dot(w, a)
        return z if b is None else np.add(z, b, z)

    def _hidden(self, rows: int) -> list[Array]:
        """The places of z^1…z^(L−1) of so many rows, in two buffers by turns."""
        sizes = self._sizes[:-1]
        if sizes and len(self._two[0]) < rows * max(sizes):
            self._two = [np.empty(rows * max(sizes), self._dtype) for _ in range(2)]
        return [self._two[l % 2][: rows * size].reshape(rows, size) for l, size in enumerate(sizes)]


def chunk_of(parameters: Parameters) -> int:
    """How many rows are taken at a time, by the sizes alone: so are the bits.

    BLAS copies the weights once per product, which costs little where the rows are many.
    """
    widest = max(max(w.shape) for w in parameters.weights)
    return min(MOST, max(FEWEST, 1 << (NUMBERS // widest).bit_length() - 1))
