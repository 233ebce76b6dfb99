"""Formulas set for a picture: real fractions, and each letter in the look of its role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from chainrule.conventions import Convention
from chainrule.pictures.shapes import Element, Label, Line, Span, Spans, extent, moved
from chainrule.writing.formula import Bracket, Formula, Marked, Ratio, Row, Sum, Symbol, Transposed

SPACE = 0.28  # of the size: between a line and a fraction
NARROWER = 0.94  # of a line's box: what it takes in a font halfway between the widest and the most common ones


def role_of(how: Convention, letter: str, otherwise: str = "ink") -> str:
    """The colour of a letter where the author gives every symbol its own (S1.18)."""
    return {"x": "a"}.get(letter, letter) if how.colours == "symbol" and letter in "wbzayCx" else otherwise


@dataclass(frozen=True)
class Look:
    """Which role a letter has, and whether it leans: forward upright, backward leaning; or one colour per letter (S1.18)."""

    how: Convention
    plain: str = "ink"  # the role of everything else

    @property
    def by_symbol(self) -> bool:
        return self.how.colours == "symbol"

    def letter(self, letter: str) -> tuple[str, bool]:
        back = letter in ("δ", "∂", "∇", self.how.letter)
        if self.by_symbol and letter.casefold() in ("w", "b", "z", "a", "y", "c"):
            return ("C" if letter == self.how.letter else letter), back
        if back:
            return "backward", True
        return ("forward" if letter in ("a", "z", "y", "x", "p") else self.plain), False

    def derivative(self, letter: str) -> tuple[str, bool]:
        """In a fraction ∂C/∂w every letter belongs to the way back."""
        return self.letter(letter) if self.by_symbol else ("backward", True)


@dataclass(frozen=True)
class Typeset:
    """A formula as elements around (0, 0), its left end at the height of the middle of its line; how far it reaches."""

    elements: tuple[Element, ...]
    width: float
    up: float
    down: float

    def at(self, x: float, y: float) -> tuple[Element, ...]:
        return moved(self.elements, x, y)

    def around(self, x: float, y: float) -> tuple[Element, ...]:
        """The same with its middle at x, which a single label finds in the reader's own font."""
        match self.elements:
            case (Label() as label,):
                return (replace(label, x=x, y=label.y + y, anchor="middle"),)
        return self.at(x - self.width / 2, y)


def typeset(formula: Formula | str, size: float, look: Look, *, inside: bool = False) -> Typeset:
    """A formula with real fractions, each letter in its role; `inside` a derivative all belong to the way back.

    Letters in a line are one label, spaced by the reader's font, which may be narrower than its box (WIDEST). So a space
    before a fraction is left out where the box alone makes up for it.
    """
    elements: list[Element] = []
    x, up, down = 0.0, 0.62 * size, 0.62 * size
    groups = [list(group) for _, group in groupby(_pieces(formula, size, look, inside), key=type)]
    for i, group in enumerate(groups):
        spans = [piece for piece in group if isinstance(piece, Span)]
        last = i == len(groups) - 1
        for made in [_line(spans, size, last)] if spans else [piece for piece in group if isinstance(piece, Typeset)]:
            elements += made.at(x, 0)
            x, up, down = x + made.width, max(up, made.up), max(down, made.down)
    return Typeset(tuple(elements), x, up, down)


def _line(spans: Sequence[Span], size: float, last: bool) -> Typeset:
    """Spans as one label."""
    space = 0.0
    if not last and isinstance(spans[-1].content, str) and spans[-1].content.endswith(" "):
        spans = [*spans[:-1], replace(spans[-1], content=spans[-1].content.rstrip())]
        space = SPACE * size
    text = Spans(tuple(spans))
    width, up, down = (length * size for length in extent(text))
    reaches = width if last else max(width, NARROWER * width + space)
    roles = {span.role for span in spans}
    role, slanted = roles.pop() if len(roles) == 1 else "ink", all(span.slanted for span in spans)
    return Typeset((Label(0, 0, text, role, size, "start", slanted),), reaches, up, down)


def _pieces(formula: Formula | str, size: float, look: Look, inside: bool) -> list[Span | Typeset]:
    """Spans of a line, and what is set by itself: fractions."""
    role = look.derivative if inside else look.letter
    match formula:
        case Symbol(letter):
            return [Span(formula, *role(letter))]
        case Row(pieces):
            return [run for piece in pieces for run in _pieces(piece, size, look, inside)]
        case Bracket(left, between, right):
            return [Span(left, look.plain), *_pieces(between, size, look, inside), Span(right, look.plain)]
        case Marked(base, above, below):
            return [*_pieces(base, size, look, inside), Span(Symbol("", above, below), look.plain)]
        case Transposed(base):
            opened, closed = Span("(", look.plain), Span(Symbol(")", above="T"), look.plain)
            return [opened, *_pieces(base, size, look, inside), closed]
        case Ratio(top, bottom):
            return [_fraction(top, bottom, size, look)]
        case Sum(index, body):
            sign = Span(
                Symbol("Σ", below=index), look.plain
            )  # in the line: a label of its own would stand apart in a narrow font
            return [sign, Span(" ", look.plain), *_pieces(body, size, look, inside)]
    text = str(formula)
    return [Span(text, *(role(text.strip("/ ") or "∂") if inside else (look.plain, False)))]


def _fraction(top: Formula, bottom: Formula, size: float, look: Look) -> Typeset:
    size = 0.88 * size
    above, below = (typeset(part, size, look, inside=True) for part in (top, bottom))
    width, gap = max(above.width, below.width) + 0.3 * size, 0.12 * size
    high, low = above.down + gap, below.up + gap
    return Typeset(
        (
            *above.around(width / 2, -high),
            *below.around(width / 2, low),
            Line(((0.05 * size, 0), (width - 0.05 * size, 0)), look.derivative("∂")[0], 1.1),
        ),
        width + 0.1 * size,
        high + above.up,
        low + below.down,
    )


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Words in lines no wider than that."""
    lines: list[str] = []
    for word in text.split():
        if lines and extent(f"{lines[-1]} {word}")[0] * size <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
