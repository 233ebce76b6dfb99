"""a^L of rows alone: the forward pass of predictions, which keeps nothing on its way and allocates its buffers once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from chainrule.activations import Activation
from chainrule.data.mapped import Inputs
from chainrule.engines.threads import Limited, blas_threads, is_limited, threads_for
from chainrule.parameters import Layers, Parameters

Array = np.ndarray
FEWEST, MOST = 2**10, 2**13  # rows of a chunk
NUMBERS = 2**17  # of a chunk by the widest layer: they fit in a cache of half a megabyte or one


class LastLayer:
    """a^L of rows (batch, in), or of one row (in,), in the network's terms and dtype; for one Python thread at a time.

    Rows are taken a chunk at a time: so many that a product is as fast as one of all rows, and so few that what stands
    between two products stays in the processor's cache. The buffers are two, of a chunk by the widest layer, and one row per
    hidden layer. What is returned is a new array.
    """

    def __init__(
        self, parameters: Parameters, activations: Sequence[Activation] | Layers[Activation], chunk: int | None = None
    ) -> None:
        self._layers = list(zip(parameters.weights, parameters.biases, activations))
        self._sizes, self._dtype = [len(w) for w in parameters.weights], parameters.dtype
        self._chunk = chunk_of(parameters) if chunk is None else chunk
        self._parameters, self._few = parameters, threads_for(parameters, 1)
        self._row = [np.empty(size, self._dtype) for size in self._sizes[:-1]]
        self._two = [np.empty(0, self._dtype)] * 2

    def __call__(self, rows: Inputs, z: Array | None = None) -> Array:
        """a^L; of rows (batch, in) also z^L, written to `z` (batch, out) where that is given."""
        if rows.ndim == 1:
            places = [*self._row, np.empty(self._sizes[-1], self._dtype)]
            if is_limited(self._few):
                return self._through(np.ascontiguousarray(rows), places)
            with Limited(self._few):
                return self._through(np.ascontiguousarray(rows), places)
        made = np.empty((len(rows), self._sizes[-1]), self._dtype)
        with blas_threads(self._parameters, min(len(rows), self._chunk)):
            for start in range(0, len(rows), self._chunk):
                here = slice(start, start + self._chunk)
                part, out = np.ascontiguousarray(rows[here], self._dtype), made[here]
                found = self._through(part, [*self._hidden(len(part)), out], None if z is None else z[here])
                if found is not out:
                    out[...] = found
        return made

    def _hidden(self, rows: int) -> list[Array]:
        """The places of z^1…z^(L−1) of so many rows, in two buffers by turns."""
        sizes = self._sizes[:-1]
        if sizes and len(self._two[0]) < rows * max(sizes):
            self._two = [np.empty(rows * max(sizes), self._dtype) for _ in range(2)]
        return [self._two[l % 2][: rows * size].reshape(rows, size) for l, size in enumerate(sizes)]

    def _through(
        self, a: Float[np.ndarray, "*batch in"], places: Sequence[Array], last: Array | None = None
    ) -> Float[np.ndarray, "*batch out"]:
        """a^L from a^0: z^l = w^l a^(l−1) + b^l is written to its place, and a^l over it; z^L is copied to `last`."""
        for (w, b, sigma), z in zip(self._layers, places):
            if a.ndim == 1:
                np.dot(w, a, z)  # a microsecond faster than matmul
            else:
                np.matmul(a, w.T, z)
            if b.size:
                np.add(z, b, z)
            if last is not None and z is places[-1]:
                last[...] = z
            a = sigma.over(z)
        return a


def chunk_of(parameters: Parameters) -> int:
    """How many rows are taken at a time, by the sizes alone: so are the bits.

    BLAS copies the weights once per product, which costs little where the rows are many.
    """
    widest = max(max(w.shape) for w in parameters.weights)
    return min(MOST, max(FEWEST, 1 << (NUMBERS // widest).bit_length() - 1))
