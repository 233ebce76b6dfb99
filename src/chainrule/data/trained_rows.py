"""Which rows a network was trained on: a small sketch of them, kept in its file, by which they are known again.

Of all rows the 1,024 smallest of their 64-bit hashes are kept: a random sample of the distinct rows, the same in every order
and every file (the K-minimum-values sketch of Bar-Yossef et al., 2002). Up to that many rows it holds all of them.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.mapped import Inputs, MappedRows

Array = np.ndarray
MOST = 1024
CHUNK = 4096


@dataclass(frozen=True)
class TrainedRows:
    """A sketch of `count` rows of inputs as the network takes them: the smallest hashes, sorted (≤ 1,024, uint64)."""

    count: int
    hashes: Array

    @classmethod
    def of(cls, rows: Inputs) -> TrainedRows:
        """The sketch of rows (rows, in) as a network takes them."""
        rows = rows.in_file_order() if isinstance(rows, MappedRows) else rows  # the sketch knows no order
        return cls(len(rows), np.unique(_hashes(rows))[:MOST])

    def share(self, rows: Inputs) -> float:
        """The share of these rows (rows, in) that are among those of the sketch: exact up to 1,024 rows, else estimated."""
        found, looked_at = self.found(rows)
        return found / looked_at if looked_at else 0.0

    def found(self, rows: Inputs) -> tuple[int, int]:
        """(how many of these rows are among those of the sketch, of how many it can tell)."""
        hashes = _hashes(rows)
        if len(self.hashes) == MOST:
            hashes = hashes[hashes <= self.hashes[-1]]  # of the others the sketch knows nothing
        return int(np.isin(hashes, self.hashes).sum()), hashes.size

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a file's header."""
        return {"rows": self.count, "sketch": base64.b64encode(self.hashes.astype("<u8").tobytes()).decode()}

    @classmethod
    def from_json(cls, given: Any) -> TrainedRows | None:
        """The way back from `to_json`; None where there is no such sketch."""
        match given:
            case {"rows": int(count), "sketch": str(text)}:
                content = base64.b64decode(text)
                return cls(count, np.frombuffer(content[: len(content) // 8 * 8], "<u8").astype(np.uint64))
            case _:
                return None


def _hashes(rows: Inputs) -> Array:
    """A 64-bit hash of each row: Σ odd_k · bits_k modulo 2⁶⁴, then mixed so that all its bits depend on all others."""
    odd = np.random.default_rng(0x5EED).integers(2**63, size=rows.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(
        1
    )
    sums = np.empty(len(rows), dtype=np.uint64)
    for start in range(0, len(rows), CHUNK):
        part = np.ascontiguousarray(rows[start : start + CHUNK]) + rows.dtype.type(0)  # −0 is 0
        bits = part.view(f"u{part.dtype.itemsize}").astype(np.uint64, copy=False)
        bits = bits ^ bits >> np.uint64(32)  # the low bits of most floats are zeros
        sums[start : start + CHUNK] = bits @ odd
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # the finish of SplitMix64
        sums = (sums ^ sums >> np.uint64(shift)) * np.uint64(factor)
    return sums ^ sums >> np.uint64(31)
