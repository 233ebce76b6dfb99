"""Circuits as they are drawn: gates, and at the wires between them the value above and the gradient below (S3.6, S3.12)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chainrule.conventions import Convention
from chainrule.errors import unknown_name
from chainrule.explanation.parts.unit import Wire
from chainrule.explanation.typeset import role_of
from chainrule.pictures.shapes import Circle, Element, Label, Rect, width_of
from chainrule.writing.formula import Formula, row

PHASES = ("forward", "both")


def backward_too(phase: str) -> bool:
    """Whether gradients stand below the wires. Raises UnknownNameError for another phase than "forward" or "both"."""
    if phase not in PHASES:
        raise unknown_name("phase", phase, PHASES)
    return phase == "both"


def gate(x: float, y: float, symbol: str | Formula, radius: float, size: float) -> list[Element]:
    """A gate: a circle with what it does."""
    return [Circle(x, y, radius, "ink", "paper", 1.2), Label(x, y, symbol, size=size)]


def tall_gate(x: float, top: float, bottom: float, symbol: str | Formula, half: float, size: float) -> list[Element]:
    """A gate as high as all the wires that it takes, `half` its width."""
    outline = Rect(x - half, top, 2 * half, bottom - top, "ink", "paper", 1.2, half)
    return [outline, Label(x, (top + bottom) / 2, symbol, size=size)]


@dataclass(frozen=True)
class WireNumbers:
    """How the numbers at the wires look: in which convention, with gradients or without, how large and how far away.

    Terse, they stand without what they are, unless that is asked for; stacked, what they are stands above or below them.
    """

    how: Convention
    both: bool
    size: float
    above: float
    text: Callable[[float], str]
    terse: bool = False
    stacked: bool = False

    @property
    def reading(self) -> str:
        """How they are read (S3.6, S3.12)."""
        below = f", derivatives of {self.how.letter} backward below" if self.both else ""
        return "values forward above the wires" + below

    def at(self, wire: Wire, x: float, y: float, named: bool | None = None, sent: bool | None = None) -> list[Label]:
        """The value of a wire above (x, y) and its gradient below; `named` and `sent` say whether with what they are."""
        named, sent = (not self.terse if each is None else each for each in (named, sent))
        value, role = self.text(wire.value), role_of(self.how, wire.letter, "forward")
        found = self._pair(wire, wire.name, value, named, x, y, -1, role)
        if self.both and not math.isnan(wire.gradient):
            found += self._pair(wire, wire.sent, self.text(wire.gradient), sent, x, y, 1, "backward")
        return found

    def _pair(
        self, wire: Wire, name: Formula, value: str, named: bool, x: float, y: float, side: int, role: str
    ) -> list[Label]:
        """A number on one side of a wire, −1 above or 1 below, with its name before it or beyond it."""
        text = row(name, " = ", value) if named and not self.stacked else value
        found = [Label(x, y + side * self.above, text, role, self.size, slanted=side > 0, of=wire.of)]
        if named and self.stacked:
            beyond = y + side * (self.above + 1.5 * self.size)
            found.append(Label(x, beyond, name, role, self.size, slanted=side > 0, of=wire.of))
        return found

    def room(self, wires: Iterable[Wire], named: bool | None = None, sent: bool | None = None) -> float:
        """The width of the longest number at these wires."""
        labels = [label for wire in wires for label in self.at(wire, 0, 0, named, sent)]
        return max((width_of(label.text, self.size) for label in labels), default=0.0)
