"""The website: every page is in the table of contents, the public names have their docstrings, and Sphinx builds it without a
warning, which includes every link between pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from networks import PROOF

import chainrule as cr
from chainrule.explorer.bundle import shipped

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))
website = __import__("website")


def test_every_page_is_in_the_table_of_contents_once() -> None:
    linked = re.findall(r"^- \[[^\]]+\]\((\w+)\.md\)", (DOCS / "index.md").read_text(), flags=re.MULTILINE)
    linked += re.findall(r"\[(?:Ideas of the texts|the four equations)\]\((\w+)\.md\)", (DOCS / "index.md").read_text())
    assert sorted(linked) == sorted(page.stem for page in DOCS.glob("*.md") if page.stem != "index")


def test_the_side_bar_has_the_pages_below_their_headings(tmp_path: Path) -> None:
    website.source(tmp_path)
    index = (tmp_path / "index.md").read_text()
    assert re.findall(r":caption: (.+)", index) == [
        "Start", "In scikit-learn", "See", "Check", "The five texts", "Reference",
    ]  # fmt: skip
    assert "S2: nielsen <s2>" in index
    for name in re.findall(r"<(\w+)>$", index, flags=re.MULTILINE):
        assert (tmp_path / f"{name}.md").exists(), name
    assert "](../" not in "".join(page.read_text() for page in tmp_path.glob("*.md"))


def test_the_api_has_an_entry_for_every_public_name(tmp_path: Path) -> None:
    website.source(tmp_path)
    entries = re.findall(
        r"^\.\. auto(?:class|function|exception):: (\w+)$", (tmp_path / "api.md").read_text(), re.MULTILINE
    )
    assert sorted(entries) == sorted(set(cr.__all__) - {"__version__"})


def test_the_explorers_page_has_links_to_four_prepared_pages(tmp_path: Path) -> None:
    website.source(tmp_path)
    links = re.findall(r'<a href="(explorer-\w+\.html)">', (tmp_path / "explorer.md").read_text())
    assert links == list(website.explorer_pages.PAGES)
    assert len(links) == 4
    for page in (website.explorer_pages.chain, website.explorer_pages.xor, website.explorer_pages.softmax):
        assert page().startswith("<!DOCTYPE html>")


def test_the_explorers_keys_are_those_of_its_page() -> None:
    keys = re.findall(r"^  \['([^']+)', '([^']+)'\],$", shipped()["keys.js"], re.MULTILINE)
    section = (DOCS / "explorer.md").read_text().partition("## Keys\n")[2].partition("\n## ")[0]
    assert len(keys) > 10
    assert re.findall(r"^\| (.+?) \| (.+) \|$", section, re.MULTILINE)[1:] == keys


@pytest.mark.skipif(not PROOF, reason="takes half a minute, and Sphinx: make proof")
def test_sphinx_builds_it_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, str(DOCS / "website.py"), str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {page.stem for page in (tmp_path / "site").glob("*.html")}
    assert {page.stem for page in DOCS.glob("*.md")} <= pages
    assert {Path(name).stem for name in website.explorer_pages.PAGES} <= pages
    digits = (tmp_path / "site" / "explorer-digits.html").read_text()
    assert digits.count('"epoch":') >= 12  # snapshots
    assert "searchindex.js" in {page.name for page in (tmp_path / "site").iterdir()}
    text = "".join(page.read_text() for page in (tmp_path / "site").glob("*.html"))
    assert not re.findall(
        r"<script[^>]+src=\"(https?:[^\"]+)\"|<link[^>]+stylesheet[^>]+href=\"(https?:[^\"]+)\"", text
    )
