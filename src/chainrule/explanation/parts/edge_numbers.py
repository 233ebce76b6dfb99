"""The numbers on a network's edges: which of them are printed, and where on its edge each finds room (S4.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.explanation.parts.shown_network import Edge, ShownNetwork
from chainrule.ids import Id
from chainrule.pictures.shapes import Box, Label, Rect, hue
from chainrule.writing.formula import row
from chainrule.writing.numbers import short

Point = tuple[float, float]
WHOLE = 24  # edges between two layers that may all be printed
PLACES = tuple(
    0.5 + side * 0.06 * i for i in range(7) for side in ((1, -1) if i else (1,))
)  # of a number along its edge


@dataclass(frozen=True)
class EdgeNumbers:
    """The edges of what is shown, and both ends of each in the picture."""

    shown: ShownNetwork
    ends: Mapping[Edge, tuple[Point, Point]]

    def placed(self, taken: Sequence[Box]) -> dict[Edge, Label]:
        """The numbers that found room beside what is `taken`, the strongest first; they keep out of each other's way."""
        found: dict[Edge, Label] = {}
        boxes = list(taken)
        for edge in reversed(in_order(self.shown.edges)):
            if edge in self.wanted:
                label = self._number(edge, boxes)
                if label is not None:
                    boxes.append(label.box)
                    found[edge] = label
        return found

    @cached_property
    def wanted(self) -> set[Edge]:
        """The edges that are to have a number: those lit, or all of a few, or the strongest."""
        if self.shown.lit:
            return {edge for edge in self.shown.edges if edge.lit}
        found: set[Edge] = set()
        for _, after in self.shown.gaps:
            here = [edge for edge in self.shown.edges if edge.layer == after.layer and not edge.bundle]
            whole = len(here) <= WHOLE and not any(column.rest for column in self.shown.columns)
            here.sort(key=lambda edge: -abs(edge.value))
            found.update(here if whole else here[: self.shown.most])
        return found

    def _number(self, edge: Edge, taken: Sequence[Box]) -> Label | None:
        """The number of an edge, on it, where no label stands and the fewest other edges pass; None without a place."""
        (x, y), (to, down) = self.ends[edge]
        value = ("Σ " if edge.bundle else "") + short(edge.value, 4 if edge.lit else 3)
        texts = [row(self.shown.edge_name(edge), f" = {value}")] * self._named(edge) + [row(value)]
        for text in texts:
            free: list[tuple[int, Label]] = []
            for t in PLACES:
                at = (x + t * (to - x), y + t * (down - y))
                label = Label(*at, text, hue(edge.value), 10.5, slanted=self.shown.by_gradient, bold=edge.lit)
                box = label.box
                if not any(box.overlaps(other, 1.0) for other in taken):
                    free.append((self._crossed(edge, box), label))
            if free:
                return min(free, key=lambda place: place[0])[1]
        return None

    def _crossed(self, edge: Edge, box: Box) -> int:
        """How many other edges that are to have a number pass through a box."""
        count = 0
        for other in self.wanted:
            if other.layer == edge.layer and other != edge:
                (x, y), (to, down) = self.ends[other]
                heights = sorted(y + (down - y) * (side - x) / (to - x) for side in (box.left, box.right))
                count += heights[0] < box.bottom and box.top < heights[1]
        return count

    def _named(self, edge: Edge) -> bool:
        """True for a weight that is lit by its own name."""
        return Id("w", edge.layer, edge.neuron, edge.source) in self.shown.lit


def in_order(edges: Sequence[Edge]) -> list[Edge]:
    """As they are drawn, the faintest below."""
    return sorted(edges, key=lambda edge: (edge.lit, not edge.bundle, abs(edge.value)))


def paper(label: Label) -> Rect:
    """Paper behind a number that stands on a line."""
    box = label.box
    return Rect(box.left, box.top + 1, box.right - box.left, box.bottom - box.top - 2, "paper", "paper", 0, 3, 0.92)
