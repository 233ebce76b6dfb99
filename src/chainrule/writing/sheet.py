"""A page: a title, the convention it is written in, and its blocks; as text, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chainrule.writing.document import Block, Equation, Values
from chainrule.writing.html import as_html, in_a_cell
from chainrule.writing.latex import as_latex
from chainrule.writing.text import WIDE, as_text


@dataclass(frozen=True, repr=False)
class Sheet:
    """A page: its title, the name of the convention it is written in, and its blocks."""

    title: str
    convention: str
    blocks: tuple[Block, ...]

    def lines(self, width: int | None = None) -> list[str]:
        """The page as text, in lines of at most so many characters; 100 without a width."""
        return as_text(self.title, self.blocks, width or WIDE)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:  # what a prompt shows
        return str(self)

    def latex(self) -> str:
        """The page as a fragment of LaTeX, for any document with amsmath."""
        return as_latex(self.title, self.blocks)

    def html(self) -> str:
        """The page as a <section> with MathML, to put into any page."""
        return as_html(self.title, self.blocks)

    def _repr_html_(self) -> str:
        return in_a_cell(self.html())

    def to_json(self) -> dict[str, Any]:
        """Title, convention and text."""
        return {"title": self.title, "convention": self.convention, "text": str(self)}

    def equations(self) -> Iterator[Equation]:
        """Every equation, in order."""
        return (block for block in self.blocks if isinstance(block, Equation))

    def values(self) -> Iterator[Values]:
        """Every line of numbers, in order."""
        return (block for block in self.blocks if isinstance(block, Values))
