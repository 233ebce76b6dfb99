"""How each test row was answered, in little room: two runs that were tested on the same rows can be compared row by row."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray
MOST_BITS, MOST_NUMBERS = 200_000, 5_000  # rows that are kept: an eighth of a byte each, and about ten bytes
DIGITS = 6  # of an error


@dataclass(frozen=True)
class AnsweredRows:
    """`count` rows, known again by their targets in order; which were answered right (rows,), or by how much each was missed.

    Neither is kept of too many rows. `squared_errors` (rows,) are in the target's own unit, the mean over several outputs.
    """

    count: int
    targets: str
    right: Array | None = None
    squared_errors: Array | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values: the rows that were right as bits in base64."""
        told: dict[str, Any] = {"rows": self.count, "targets_sha256": self.targets}
        if self.right is not None and self.count <= MOST_BITS:
            told["right"] = base64.b64encode(np.packbits(self.right).tobytes()).decode()
        if self.squared_errors is not None and self.count <= MOST_NUMBERS:
            told["squared_errors"] = [float(f"{each:.{DIGITS}g}") for each in self.squared_errors.tolist()]
        return told

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> AnsweredRows | None:
        """Those of a report; None where it has none."""
        if "rows" not in told:
            return None
        count, right, errors = int(told["rows"]), told.get("right"), told.get("squared_errors")
        bits = None if right is None else np.unpackbits(np.frombuffer(base64.b64decode(right), np.uint8), count=count)
        return cls(count, str(told["targets_sha256"]), None if bits is None else bits.astype(bool),
                   None if errors is None else np.array(errors, dtype=float))  # fmt: skip


def targets_sha256(targets: Array) -> str:
    """SHA-256 over targets (rows,) or (rows, out) in the user's own terms, in order."""
    return hashlib.sha256(json.dumps([str(each) for each in targets.tolist()]).encode()).hexdigest()
