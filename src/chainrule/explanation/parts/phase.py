"""Which numbers stand at the wires of a circuit: values alone, or gradients as well (S3.6, S3.12)."""

from __future__ import annotations

from chainrule.conventions import Convention
from chainrule.errors import unknown_name

PHASES = ("forward", "both")


def backward_too(phase: str) -> bool:
    """Whether gradients stand below the wires. Raises UnknownNameError for another phase than "forward" or "both"."""
    if phase not in PHASES:
        raise unknown_name("phase", phase, PHASES)
    return phase == "both"


def reading(how: Convention, both: bool) -> str:
    """How the numbers at the wires are read (S3.6, S3.12)."""
    return "values forward above the wires" + (f", derivatives of {how.letter} backward below" if both else "")
