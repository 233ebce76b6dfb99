"""The numbers on a network's edges: which of them are printed, and where on its edge each finds room (S4.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from chainrule.explanation.parts.shown_network import UNIT_SOURCE, Edge, Point, ShownNetwork
from chainrule.ids import Id
from chainrule.pictures.shapes import Box, Label, Rect, hue
from chainrule.writing.formula import Formula, row
from chainrule.writing.numbers import short

Array = np.ndarray
WHOLE = 24  # edges between two layers that may all be printed
APART = 1.0  # of two labels, at least
# Where along its edge a number may stand: the middle first, then further and further to either side.
PLACES = 0.5 + 0.06 * np.array([side * i for i in range(7) for side in ((1, -1) if i else (1,))])


@dataclass(frozen=True)
class EdgeNumbers:
    """The edges of what is shown, and both ends of each in the picture, the faintest edge first."""

    shown: ShownNetwork
    ends: dict[Edge, tuple[Point, Point]]
    pictured: bool = (
        False  # the input is a picture: of edges out of it the strongest into each neuron, a fan and no bundle
    )

    def placed(self, taken: Sequence[Box]) -> dict[Edge, Label]:
        """The numbers that found room beside what is `taken`, the strongest first; they keep out of each other's way.

        Each is on its edge where no label is and the fewest other edges pass.
        """
        tried = [(edge, label) for edge in self.wanted() for label in self._labels(edge)]
        if not tried:
            return {}
        points = self._points([edge for edge, _ in tried])
        boxes = np.array([label.box for _, label in tried]).T[:, :, None] + points[[0, 1, 0, 1]]
        free = np.asarray(~_meet(boxes[..., None], np.array(taken).T).any(axis=2))
        best = self._crossed([edge for edge, _ in tried], boxes).argsort(axis=1, kind="stable")
        rows = zip(tried, best.tolist(), free.tolist(), points.transpose(1, 2, 0).tolist())
        found: dict[Edge, Label] = {}
        for (edge, label), order, here, at in rows:
            for place in order if edge not in found else ():
                moved = replace(label, x=at[place][0], y=at[place][1]) if here[place] else None
                if moved and not any(moved.box.overlaps(one.box, APART) for one in found.values()):
                    found[edge] = moved
                    break
        return found

    def wanted(self) -> list[Edge]:
        """The edges that are to have a number, the strongest first: those lit, or all of a few, or the strongest."""
        edges = reversed(self.ends)
        if self.shown.lit:
            return [edge for edge in edges if edge.lit or self._bias(edge)]
        chosen: set[Edge] = set()
        for _, after in self.shown.gaps:
            here = [edge for edge in self.shown.edges if edge.layer == after.layer and not edge.bundle]
            whole = len(here) <= WHOLE and not any(column.rest for column in self.shown.columns)
            here.sort(key=lambda edge: -abs(edge.value))
            if self.pictured and after.layer == 1:
                here = list({edge.neuron: edge for edge in reversed(here)}.values())
            chosen.update(here if whole else here[: self.shown.most])
        return [edge for edge in edges if edge in chosen]

    def _bias(self, edge: Edge) -> bool:
        """Whether this is the bias of a neuron: in a large layer, of one that a lit edge leads into."""
        near = edge.layer not in self.shown.not_drawn or (edge.layer, edge.neuron) in self._lit_into
        return edge.source == UNIT_SOURCE and not edge.bundle and near

    @cached_property
    def _lit_into(self) -> set[tuple[int, int]]:
        return {(edge.layer, edge.neuron) for edge in self.ends if edge.lit}

    def _labels(self, edge: Edge) -> Iterator[Label]:
        """The number of an edge around (0, 0); of a weight that is lit first with its name, at worst to two digits."""
        value = ("Σ " if edge.bundle else "") + short(edge.value, 4 if edge.lit else 3)
        texts: list[str | Formula] = [value]
        if Id("w", edge.layer, edge.neuron, edge.source) in self.shown.lit:
            name = self.shown.edge_name(edge)
            texts[:0] = [row(name, f" = {value}"), row(name, f" = {short(edge.value, 2)}")]
        for text in texts:
            yield Label(0, 0, text, hue(edge.value), 10.5, slanted=self.shown.by_gradient, bold=edge.lit, of=edge.id)

    def _points(self, edges: Sequence[Edge]) -> Array:
        """x and y of the places along each edge, (2, edge, place)."""
        start, end = np.array([self.ends[edge] for edge in edges]).T[..., None].swapaxes(0, 1)
        return np.asarray(start + PLACES * (end - start))

    def _crossed(self, edges: Sequence[Edge], boxes: Array) -> Array:
        """How many of the edges of its layer, its own among them, pass through each box (4, edge, place)."""
        lines = list(dict.fromkeys(edges))
        x, y, to, down = np.array([self.ends[line] for line in lines]).reshape(-1, 4).T
        left, top, right, bottom = boxes[..., None]
        at_left, at_right = (y + (down - y) / (to - x) * (side - x) for side in (left, right))
        inside = (np.minimum(at_left, at_right) < bottom) & (top < np.maximum(at_left, at_right))
        same = np.equal.outer([edge.layer for edge in edges], [line.layer for line in lines])
        return np.asarray((inside & same[:, None]).sum(axis=2))


def _meet(boxes: Array, others: Array) -> Array:
    """Whether boxes (4, …) come nearer to others than labels may."""
    left, top, right, bottom = boxes
    (other_left, other_top), (other_right, other_bottom) = others[:2] - APART, others[2:] + APART
    return np.asarray((left < other_right) & (other_left < right) & (top < other_bottom) & (other_top < bottom))


def in_order(edges: Sequence[Edge]) -> list[Edge]:
    """As they are drawn, the faintest below."""
    return sorted(edges, key=lambda edge: (edge.lit, not edge.bundle, edge.size))


def paper(label: Label) -> Rect:
    """Paper behind a number on a line."""
    box = label.box
    return Rect(box.left, box.top + 1, box.right - box.left, box.bottom - box.top - 2, "paper", "paper", 0, 3, 0.92)
