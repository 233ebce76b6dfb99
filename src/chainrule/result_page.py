"""The page of a result: what it says, decided once, and written as text, as Markdown and as one HTML file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chainrule.aligned import Heading, Printed, Table, laid_out, wrapped
from chainrule.result_html import as_html
from chainrule.result_parts import Caution, Facts, Gallery, Grid, Listing, Part, Section, Tiles

CAUTION = "warning   "
TEXT_WIDTH = 100  # of a file


@dataclass(frozen=True)
class ResultPage(Printed):
    """A title, a line below it, and sections."""

    title: str
    says: str
    sections: Sequence[Section]

    def lines(self, width: int | None = None) -> list[str]:
        """The page as text, in lines of at most so many characters; what is to be copied is not broken."""
        lines: list[str] = [*map(Heading, wrapped(self.title, width)), *wrapped(self.says, width)]
        for section in self.sections:
            if not section.folded:
                lines += ["", *([Heading(section.title)] if section.title else [])]
                for part in section.parts:
                    lines += _lines(part, width)
        return lines

    def markdown(self) -> str:
        """The page as Markdown; of its figures there are lines of text."""
        blocks = [f"# {_plain(self.title)}", _plain(self.says)]
        for section in self.sections:
            blocks += [
                *([f"## {section.title}"] if section.title else []),
                *(block for part in section.parts for block in _marked(part)),
            ]
        return "\n\n".join(blocks) + "\n"

    def content(self, suffix: str) -> str:
        """What is written into a file that ends in .html or .htm, .md or .txt."""
        if suffix in (".html", ".htm"):
            return self.html()
        return self.markdown() if suffix == ".md" else "\n".join(self.lines(TEXT_WIDTH)) + "\n"

    def html(self) -> str:
        """The page as one HTML file: figures in it, no script, nothing from outside."""
        return as_html(self.title, self.says, self.sections)


def _lines(part: Part, width: int | None) -> list[str]:
    if isinstance(part, Listing):
        return [f"  {line}" for line in part.text.split("\n")]
    return laid_out(_printed(part), width)


def _printed(part: Part) -> Iterator[str | Table]:
    """A part as sentences and tables."""
    match part:
        case str(text):
            yield text
        case Caution(text):
            yield f"{CAUTION}{text}"
        case Tiles(rows):
            yield Table([[name, value + (f" ({remark})" if remark else "")] for name, value, remark in rows],
                        "<<", 2, head=False)  # fmt: skip
        case Facts(rows):
            yield Table([*map(list, rows)], "<<", 2, head=False)
        case Grid(rows, sides):
            yield Table(rows, sides, 2)
        case Gallery(pictures):
            drawn = [[each.title, each.line] for each in pictures if each.line]
            yield Table(drawn, "<<", 2, head=False)


def _marked(part: Part) -> Iterator[str]:
    match part:
        case str(text):
            yield _plain(text)
        case Caution(text):
            yield f"> **Warning:** {_plain(text)}"
        case Tiles(rows):
            yield _table([["", "", ""], *rows], "<<<")
        case Facts(rows):
            yield _table([["", ""], *rows], "<<")
        case Grid(rows, sides):
            yield _table(rows, sides)
        case Gallery(pictures):
            yield _table([["", ""], *([each.title, each.line] for each in pictures if each.line)], "<<")
        case Listing(text):
            yield f"```text\n{text}\n```"


def _table(rows: Sequence[Sequence[str]], sides: str) -> str:
    """A table of Markdown; every row has as many cells as the head."""
    count = max(map(len, rows))
    padded = [[*map(_cell, row), *[""] * (count - len(row))] for row in rows]
    bars = ["---:" if side == ">" else "---" for side in sides.ljust(count, sides[-1])[:count]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (padded[0], bars, *padded[1:]))


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|").replace("\n", " ")


def _plain(text: str) -> str:
    """A text in which nothing is taken for markup."""
    for sign in "\\`*_<[":
        text = text.replace(sign, f"\\{sign}")
    return text
