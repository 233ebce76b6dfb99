"""The gallery: each script of docs/examples runs and prints what its section shows, and its picture is whole and small."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
sys.path.insert(0, str(DOCS))
examples_page = __import__("examples_page")
PAGE = (DOCS / "examples.md").read_text()


@pytest.mark.parametrize("script", examples_page.SCRIPTS, ids=lambda script: script.stem)
def test_a_script_prints_what_the_page_shows_and_draws_its_picture(script: Path) -> None:
    example = examples_page.run(script)
    assert example.section in PAGE
    assert example.cell in PAGE
    assert example.picture.clipped() == []
    assert example.picture.overlapping() == []
    kept = (DOCS / "figures" / f"{example.name}.svg").read_text()
    assert len(kept.encode()) < 60_000
    assert re.findall("<title.*?</title>", without_digest(kept)) == re.findall(
        "<title.*?</title>", without_digest(example.svg)
    )


def without_digest(svg: str) -> str:
    """A picture without what depends on the last digits of its numbers."""
    return re.sub(r"-[0-9a-f]{8}\b", "", svg)


def test_the_page_shows_the_scripts_that_are_there() -> None:
    assert re.findall(r"\(examples/(\w+)\.py\)", PAGE) == [script.stem for script in examples_page.SCRIPTS]
    lines = [script.read_text().count("\n") for script in examples_page.SCRIPTS]
    assert 20 <= min(lines) <= max(lines) <= 65
