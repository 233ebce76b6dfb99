"""docs/published.md: every number that a text printed stands beside ours, digit by digit.

The page is made again and compared by `test_docs.py`; here its tables are read as a reader reads them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent / "docs"
sys.path.insert(0, str(DOCS))
published: Any = __import__("published")

PAGE = (DOCS / "published.md").read_text(encoding="utf-8")
SECTIONS = PAGE.split("\n## ")[1:]
MAZUR = next(each for each in SECTIONS if "Mazur" in each)


def table(section: str) -> list[tuple[str, list[str], list[str], str]]:
    """(quantity, printed numbers, ours, note) of each row of a section's table."""
    found = []
    for line in re.findall(r"^\| (.+) \|$", section, re.MULTILINE)[1:]:
        quantity, printed, ours, note = line.split(" | ")
        found.append((quantity, printed.split(), ours.split(), note))
    return found


ROWS = [(section.splitlines()[0], *row) for section in SECTIONS for row in table(section)]


@pytest.mark.parametrize(
    ("example", "quantity", "printed", "ours", "note"), ROWS, ids=[f"{r[0]}: {r[1]}" for r in ROWS]
)
def test_ours_has_every_digit_that_was_printed_or_a_reason(
    example: str, quantity: str, printed: list[str], ours: list[str], note: str
) -> None:
    assert printed
    assert len(printed) == len(ours)
    if note == "✓":
        assert ours == printed
    else:
        assert ours != printed
        assert re.match(r"(rounded|wrong): \w", note)


def test_there_are_at_least_twelve_examples_each_with_a_source_and_a_link() -> None:
    assert len(SECTIONS) >= 12
    for section in SECTIONS:
        assert re.search(r"^\[.+\]\(https?://\S+\)\. \S", section, re.MULTILINE), section


def test_the_counts_at_the_top_are_those_of_the_tables() -> None:
    def numbers(verdict: str) -> int:
        return sum(len(printed) for *_, printed, _, note in ROWS if note.startswith(verdict))

    assert [int(n) for n in re.findall(r"\d+", PAGE.split("**")[1])] == [
        len(SECTIONS),
        sum(len(printed) for *_, printed, _, _ in ROWS),
        *map(numbers, ("✓", "rounded", "wrong")),
    ]


def test_mazurs_figures_after_the_step_are_told_with_ours_and_with_the_order_that_gives_his() -> None:
    rows = {quantity: (printed, ours, note[:5]) for quantity, printed, ours, note in table(MAZUR)}
    assert rows["total error after the step"] == (["0.291027924"], ["0.29102777369"], "wrong")
    assert rows["total error after 10,000 steps"] == (["0.0000351085"], ["0.000035101878"], "wrong")
    assert "0.2910277737 after one step and 0.0000351019 after 10,000" in MAZUR


# the comparison itself ------------------------------------------------------------------------------------------------
def test_numbers_are_compared_by_the_digits_that_were_printed() -> None:
    assert published.agrees("0.4770", 0.47704)
    assert not published.agrees("0.4770", 0.47706)
    assert published.agrees("-9.2783e-03", -0.00927825236)
    assert not published.agrees("-9.2783e-03", -0.00927838)
    assert published.agrees("0.00", -1e-9)
    assert published.agrees("0.1", 0.10000000000000002)
    assert published.agrees("0.10000000000000001", 0.10000000000000002), "a neighbouring double"
    assert not published.agrees("0.10000000000000001", 0.1000000000000002)


def test_a_row_that_differs_needs_a_reason_and_one_that_agrees_none() -> None:
    row = published.row
    assert row("x", "0.5 1", [0.5, 1.0]).verdict == "same"
    assert row("x", "0.5", 0.6, "a slip").verdict == "wrong"
    assert row("x", "0.5", 0.6, "cut off", within=0.11).verdict == "rounded"
    for wrong in (row("x", "0.5", 0.6), row("x", "0.5", 0.5, "a slip"), row("x", "0.5", 0.7, "cut off", within=0.11)):
        with pytest.raises(ValueError, match=r"^x: "):
            published.page([lambda wrong=wrong: published.Example("t", "s", "l", [wrong], "")])
    with pytest.raises(ValueError, match="2 numbers are printed, and 1 computed"):
        row("x", "0.5 0.6", 0.5)
