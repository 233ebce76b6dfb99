"""docs/published.md: worked examples of the literature, every printed number beside what this library computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

WRONG, ROUNDED, SAME = "wrong", "rounded", "same"
ULPS = 4  # by as many units in a double's last place may ours differ where a text prints all its digits


@dataclass(frozen=True)
class Row:
    """One quantity: its numbers as printed, and ours.

    A row agrees in every printed digit unless `why` says otherwise: then it is either off by at most `within`, because the
    source rounded on the way, or, with `within` 0, the source errs.
    """

    quantity: str
    printed: tuple[str, ...]
    ours: tuple[float, ...]
    why: str = ""
    within: float = 0.0

    @property
    def verdict(self) -> str:
        """ "same", "rounded" or "wrong". Raises ValueError where that is not what the row says of itself."""
        same = all(agrees(text, value) for text, value in zip(self.printed, self.ours))
        if same == bool(self.why):
            raise ValueError(
                f"{self.quantity}: printed {self.printed}, computed {self.ours}, explained by {self.why!r}"
            )
        off = max(abs(float(text) - value) for text, value in zip(self.printed, self.ours))
        if self.within and off > self.within:
            raise ValueError(
                f"{self.quantity}: {off:g} away from what is printed, and at most {self.within:g} expected"
            )
        return SAME if same else ROUNDED if self.within else WRONG


@dataclass(frozen=True)
class Example:
    """A worked example: title, source and link, its rows, and how it is set up here."""

    title: str
    source: str
    link: str
    rows: Sequence[Row]
    setup: str


def row(quantity: str, printed: str, ours: Any, why: str = "", within: float = 0.0) -> Row:
    """A row from a text of numbers separated by spaces, and as many computed ones.

    Raises ValueError where there are more or fewer.
    """
    texts = tuple(printed.split())
    values = tuple(float(v) for v in np.ravel(ours))
    if len(texts) != len(values):
        raise ValueError(f"{quantity}: {len(texts)} numbers are printed, and {len(values)} computed")
    return Row(quantity, texts, values, why, within)


def as_printed(text: str, value: float, more: int = 0) -> str:
    """A value in the form of a printed number: as many decimals (and `more`), an exponent where it has one."""
    mantissa, e, _ = text.partition("e")
    decimals = len(mantissa.partition(".")[2]) + more
    written = f"{value:.{decimals}{e or 'f'}}"
    return written.removeprefix("-") if float(written) == 0 else written


def agrees(text: str, value: float) -> bool:
    """Whether a value, rounded as the text is, has every digit of it; a double has about 16, and no text can ask for more."""
    return as_printed(text, value) == text or abs(float(text) - value) <= ULPS * np.spacing(abs(value))


def page(examples: Sequence[Callable[[], Example]]) -> str:
    """The page: counts, then a table for each example. Raises ValueError where a row is not what it says it is."""
    made = [example() for example in examples]
    rows = [row for example in made for row in example.rows]
    counts = {verdict: sum(len(r.printed) for r in rows if r.verdict == verdict) for verdict in (SAME, ROUNDED, WRONG)}
    lines = [
        "# Published examples, recomputed",
        "",
        "Generated from `docs/published_rows.py` by `make docs`; a test compares every digit. Networks, circuits, costs and",
        "training steps are this library's. Ours are rounded as the source rounds; where they differ they have two more",
        "digits, and a note says why.",
        "",
        f"**{len(made)} examples, {sum(counts.values())} printed numbers: {counts[SAME]} agree in every digit,",
        f"{counts[ROUNDED]} differ because the source rounded on the way, and {counts[WRONG]} are wrong in the source.**",
    ]
    for example in made:
        lines += ["", f"## {example.title}", "", f"[{example.source}]({example.link}). {example.setup}", ""]
        lines += ["| quantity | published | ours | |", "|---|---|---|---|", *map(table_row, example.rows)]
    return "\n".join([*lines, ""])


def table_row(row: Row) -> str:
    """A row of the table: the numbers that agree as they are printed, ours with two more digits where they do not."""
    shown = [
        text if agrees(text, value) else as_printed(text, value, more=2) for text, value in zip(row.printed, row.ours)
    ]
    note = "✓" if row.verdict == SAME else f"{row.verdict}: {row.why}"
    numbers = ["  ".join(texts).replace("-", "−") for texts in (row.printed, shown)]
    return f"| {row.quantity} | {numbers[0]} | {numbers[1]} | {note} |"
