"""A picture before it is drawn: its shapes, what it is called and says, and the table of its numbers."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from chainrule.errors import FileError
from chainrule.files import as_path, write_atomically
from chainrule.pictures.converted import KINDS, converted
from chainrule.pictures.shapes import Box, Element, Label, heading, moved
from chainrule.pictures.svg import AUTO, as_svg

HEAD = 54.0  # the room that a title and the line below it take
FOOT = 20.0  # the room that a line below a picture takes
Table = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, repr=False)
class Scene:
    """A picture: its size, what is in it from back to front, a title and a description, and its numbers as a table.

    `numbers` is that table, or a function that computes it on demand.
    """

    width: float
    height: float
    elements: tuple[Element, ...]
    title: str
    description: str
    numbers: Table | Callable[[], Table] = ()
    name: str = field(default="figure")
    frame: Any = None  # what the next picture of its kind can be drawn in, to be laid out and scaled alike

    @classmethod
    def around(
        cls,
        elements: Iterable[Element],
        margin: float,
        title: str,
        description: str,
        numbers: Table | Callable[[], Table],
        name: str,
    ) -> Scene:
        """A picture as large as its elements need, and a margin at the right and below."""
        drawn = tuple(elements)
        _, _, rights, bottoms = zip(*[each.box for each in drawn])
        size = math.ceil(max(rights) + margin), math.ceil(max(bottoms) + margin)
        return cls(*size, drawn, title, description, numbers, name)

    @cached_property
    def table(self) -> Table:
        """The numbers of the picture, a row each below a head."""
        return self.numbers() if callable(self.numbers) else self.numbers

    def labels(self) -> list[Label]:
        return [each for each in self.elements if isinstance(each, Label)]

    def clipped(self) -> list[Label]:
        """Labels that reach beyond the edges."""
        page = Box(0, 0, self.width, self.height)
        return [label for label in self.labels() if not label.box.inside(page)]

    def overlapping(self) -> list[tuple[Label, Label]]:
        """Pairs of labels whose boxes meet."""
        boxed = sorted(((label.box, label) for label in self.labels()), key=lambda pair: pair[0].left)
        found = []
        for i, (box, one) in enumerate(boxed):
            for other_box, other in boxed[i + 1 :]:
                if other_box.left >= box.right:
                    break
                if box.overlaps(other_box):
                    found.append((one, other))
        return found

    def headed(self, says: str, left: float) -> Scene:
        """The same picture below its title, and below that how it is read."""
        head = heading(self.title, says, left)
        right = max(each.box.right for each in head if isinstance(each, Label))
        elements = (*head, *moved(self.elements, 0, HEAD))
        return replace(self, width=max(self.width, round(right + left)), height=self.height + HEAD, elements=elements)

    def footed(self, says: str) -> Scene:
        """The same picture with a line of text below it, flush with its title; its description ends in it too."""
        title = min((each for each in self.labels() if each.bold), key=lambda each: each.y, default=None)
        left = title.box.left if title else 28.0
        foot = Label(left, self.height + 2, says, "faint", 12, "start")
        return replace(
            self,
            width=max(self.width, round(foot.box.right + left)),
            height=self.height + FOOT,
            elements=(*self.elements, foot),
            description=f"{self.description} {says}.",
        )

    def svg(self, theme: str = "light") -> str:
        """The picture as SVG in a theme: "light", "dark", or "auto", which follows the reader's screen."""
        return as_svg(self.elements, (self.width, self.height), self.title, self.description, self.name, theme)

    def save(self, path: str | os.PathLike[str], theme: str = "light") -> Path:
        """Write the picture into a file, which ends in .svg, .png or .pdf, whole or not at all; the file.

        PNG and PDF are light or dark: auto is light there. Raises FileError for another ending, and with what to install
        where nothing can make such a file here.
        """
        file = as_path(path)
        kind = file.suffix.lower()
        if kind not in KINDS:
            raise FileError(
                f"{file}: a picture is saved in a file that ends in {', '.join(KINDS)}, as {file.with_suffix('.svg')}"
            )
        fixed = "light" if kind != ".svg" and theme == AUTO else theme
        return write_atomically(file, converted(self.svg(fixed), kind))

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return f"<{self.title}: {self.width:g} × {self.height:g}, {len(self.table)} rows; .svg() draws it>"
