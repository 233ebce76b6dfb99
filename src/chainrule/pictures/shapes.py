"""What a picture is made of: lines, boxes, circles and labels in one coordinate system, and how much room they take.

Roles, not colours: a theme decides what "forward" looks like. x runs to the right, y down, units are pixels at 100 %. Every
label knows the box it takes, so that a test can say that no two overlap and none is clipped. `of` is the id of the quantity
that a shape shows, such as "w/2/0/1": the figure's SVG has it as data-of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from chainrule.pictures.widths import WIDEST
from chainrule.writing.formula import Bracket, Formula, Marked, Row, Symbol, Transposed, Underbraced, Written

ROLES = ("ink", "faint", "paper", "panel", "forward", "backward", "positive", "negative", "accent",
         "w", "b", "z", "a", "y", "C")  # fmt: skip
SMALL = 0.72  # of the size: raised and lowered marks
POWER = re.compile(r"(?<=\d)e(−?\d+)(?!\w)")  # the end of 4e−5, which is drawn as 4 · 10⁻⁵
TEN = "·10"

SHARE_LEFT = {"start": 0.0, "middle": 0.5, "end": 1.0}  # of a label's width: what is left of its x
OTHER, BOLD = 1.0, 1.11  # widths of a character that no table has, and of bold type to plain


class Box(NamedTuple):
    """left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box, gap: float = 0.0) -> bool:
        """True where the two share more than an edge, or come nearer than `gap`."""
        return (
            self.left < other.right + gap
            and other.left < self.right + gap
            and self.top < other.bottom + gap
            and other.top < self.bottom + gap
        )

    def inside(self, other: Box) -> bool:
        return (
            self.left >= other.left
            and self.top >= other.top
            and self.right <= other.right
            and self.bottom <= other.bottom
        )


@dataclass(frozen=True)
class Line:
    """A line through points, or with `curved` a smooth curve (cubic, four points each, the ends shared)."""

    points: tuple[tuple[float, float], ...]
    role: str = "ink"
    width: float = 1.0
    dashed: bool = False
    arrow: bool = False
    curved: bool = False
    opacity: float = 1.0
    filled: str = ""  # a role: the area inside
    of: str = ""

    @property
    def box(self) -> Box:
        """The room it takes; of a curve, with the points that bend it."""
        xs, ys = zip(*self.points)
        return Box(min(xs), min(ys), max(xs), max(ys))


@dataclass(frozen=True)
class Rect:
    """A rectangle with rounded corners."""

    x: float
    y: float
    width: float
    height: float
    role: str = "ink"
    filled: str = ""
    stroke: float = 1.0
    round: float = 0.0
    opacity: float = 1.0
    of: str = ""

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.x + self.width, self.y + self.height)


@dataclass(frozen=True)
class Circle:
    """A circle."""

    x: float
    y: float
    radius: float
    role: str = "ink"
    filled: str = "paper"
    stroke: float = 1.0
    opacity: float = 1.0
    of: str = ""

    @property
    def box(self) -> Box:
        return Box(self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius)


@dataclass(frozen=True)
class Span:
    """A piece of a line with a role of its own."""

    content: str | Formula
    role: str
    slanted: bool = False


@dataclass(frozen=True)
class Spans:
    """Pieces of different roles in one line, which follow each other as closely as the reader's font lets them."""

    pieces: tuple[Span, ...]

    def __str__(self) -> str:
        return "".join(str(piece.content) for piece in self.pieces)


@dataclass(frozen=True)
class Label:
    """A text, a formula or spans; (x, y) is the middle of its height and, by `anchor`, its start, middle or end.

    Backward quantities are italic (`slanted`), so that nothing depends on colour alone. `halo` puts paper behind it.
    """

    x: float
    y: float
    text: str | Formula | Spans
    role: str = "ink"
    size: float = 13.0
    anchor: str = "middle"
    slanted: bool = False
    bold: bool = False
    halo: bool = False
    of: str = ""

    @property
    def box(self) -> Box:
        """The room it takes, on the generous side; worked out once (and without the lock of cached_property, a third of it)."""
        found: Box | None = self.__dict__.get("_box")
        if found is None:
            width, up, down = extent(self.text)
            width *= self.size * (BOLD if self.bold else 1.0)
            left = self.x - width * SHARE_LEFT[self.anchor]
            found = self.__dict__["_box"] = Box(left, self.y - up * self.size, left + width, self.y + down * self.size)
        return found


Element = Line | Rect | Circle | Label


def extent(content: str | Formula | Spans) -> tuple[float, float, float]:
    """Width, height above the middle and depth below it, at size 1."""
    if isinstance(content, str):  # most labels are
        return _width(content), 0.62, 0.62
    match content:
        case Written(text):
            return _width(text), 0.62, 0.62
        case Symbol(letter, above, below):
            return _with_marks((_width(letter), 0.62, 0.62), above, below)
        case Row(pieces):
            return _in_a_row(map(extent, pieces))
        case Bracket(left, inside, right):
            width, up, down = extent(inside)
            return _width(left) + width + _width(right), up, down
        case Marked(base, above, below):
            return _with_marks(extent(base), above, below)
        case Transposed(base):
            width, up, down = extent(base)
            return width + 1.3, max(up, 0.82), down
        case Underbraced(body):
            return extent(body)
        case Spans(pieces):
            return _in_a_row(extent(piece.content) for piece in pieces)
    return extent(str(content))


def _with_marks(base: tuple[float, float, float], above: str, below: str) -> tuple[float, float, float]:
    width, up, down = base
    return width + SMALL * max(_width(above), _width(below)), 0.82 if above else up, 0.85 if below else down


def _in_a_row(extents: Iterable[tuple[float, float, float]]) -> tuple[float, float, float]:
    width, up, down = 0.0, 0.62, 0.62
    for wide, high, low in extents:
        width, up, down = width + wide, max(up, high), max(down, low)
    return width, up, down


@lru_cache(maxsize=4096)
def _width(text: str) -> float:
    """The sum of its characters' widths, at size 1; of raised exponents less."""
    line, exponents = POWER.sub(TEN, text), "".join(POWER.findall(text))
    return sum(WIDEST.get(each, OTHER) for each in line) + SMALL * sum(WIDEST[each] for each in exponents)


def width_of(content: str | Formula | Spans, size: float) -> float:
    """The room a label takes across."""
    return extent(content)[0] * size


def titled(title: str | Formula, left: float, y: float = 30.0) -> Label:
    """The title of a picture."""
    return Label(left, y, title, size=16, anchor="start", bold=True)


def heading(title: str | Formula, says: str | Formula = "", left: float = 28.0) -> list[Element]:
    """The head of a picture: what it is, and below it in a few words how it is read."""
    head: list[Element] = [titled(title, left, 32)]
    return [*head, Label(left, 56, says, "faint", 12, "start")] if says else head


def brackets(left: float, top: float, right: float, bottom: float, inward: float, width: float) -> list[Element]:
    """[ and ] at the sides of a matrix or a vector, their ends bent inward."""
    return [
        Line(((edge + end, top), (edge, top), (edge, bottom), (edge + end, bottom)), "ink", width)
        for edge, end in ((left, inward), (right, -inward))
    ]


def hue(value: float) -> str:
    """The role of a value by its sign."""
    return "positive" if value > 0 else "negative" if value < 0 else "faint"


def moved(elements: Iterable[Element], dx: float, dy: float) -> tuple[Element, ...]:
    """The same elements somewhere else: how a panel is put into a page."""
    found: list[Element] = []
    for each in elements:
        if isinstance(each, Line):
            found.append(replace(each, points=tuple((x + dx, y + dy) for x, y in each.points)))
        else:
            found.append(replace(each, x=each.x + dx, y=each.y + dy))
    return tuple(found)
