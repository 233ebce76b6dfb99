"""Rows of cells as lines of text, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest


def aligned(rows: Sequence[Sequence[str]], sides: str = "<>", indent: int = 0) -> list[str]:
    """A line a row, each column as wide as its widest cell; a row may end early, and no line ends in blanks.

    `sides` tells where the cells of each column stand, < left or > right; its last serves all columns that follow.
    """
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    sides = sides.ljust(len(widths), sides[-1])
    padded = [
        [cell.ljust(width) if side == "<" else cell.rjust(width) for cell, side, width in zip(row, sides, widths)]
        for row in rows
    ]
    return [(" " * indent + "  ".join(cells)).rstrip() for cells in padded]
