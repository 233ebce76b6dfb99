"""What the page of a result is made of: facts, tables, figures, warnings and lines to copy, in sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.pictures.scene import Scene

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Tiles:
    """The few numbers to read first: (name, value, remark)."""

    rows: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Facts:
    """Names and values, a line each."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Grid:
    """A table whose first row is its head. `sides` says where the cells of each column stand, < or >.

    `shades` has a number from 0 to 1 for each cell below the head that is shaded, and None for the others.
    """

    rows: Rows
    sides: str = "<>"
    shades: Sequence[Sequence[float | None]] = ()


@dataclass(frozen=True)
class Caution:
    """A sentence that the reader must not miss."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A figure with its title, what it says in a sentence, and how its values go as a line of text."""

    title: str
    scene: Scene
    says: str = ""
    line: str = ""


@dataclass(frozen=True)
class Gallery:
    """Figures beside each other, as many in a row as there is room for."""

    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Listing:
    """Lines to copy, as they are."""

    text: str


Part = str | Tiles | Facts | Grid | Caution | Gallery | Listing


@dataclass(frozen=True)
class Section:
    """Parts below a heading; `folded` away where a page can do that, for they are long."""

    title: str
    parts: Sequence[Part]
    folded: bool = False
