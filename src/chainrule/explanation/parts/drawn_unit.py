"""A neuron drawn as gates: a weight and an activation into each ×, Σ, the bias from above, and on to σ (S3.5–S3.7)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chainrule.explanation.parts.gates import WireNumbers, gate, tall_gate
from chainrule.explanation.parts.unit import Input, Unit, Wire
from chainrule.explanation.typeset import role_of
from chainrule.pictures.shapes import Element, Label, Line, width_of

NAME = 5.0  # from the name of a source to its wire


@dataclass(frozen=True)
class DrawnUnit:
    """How units are drawn that stand below each other.

    x  of each kind of gate, "×", "Σ", "+" and "σ", and of where wires start, bend and end
    apart, lift  how far the two wires into × are from its middle, and the bias above the sum
    """

    numbers: WireNumbers
    radius: float
    apart: float
    lift: float
    x: dict[str, float]

    @property
    def space(self) -> float:
        """Of a wire beside the longest number on it."""
        return 8.0 if self.numbers.terse else 14.0

    def within(self, units: Sequence[Unit], start: float) -> DrawnUnit:
        """The same with columns from `start` on, as wide as the numbers on the wires of these units.

        Terse, a weight starts where its activation's number ends, so that the two wires can be close together.
        """
        r, inputs = self.radius, [each for unit in units for each in unit.inputs]
        biases = [unit.bias for unit in units if unit.bias is not None]
        a_end = start + self._room(each.activation for each in inputs)
        x = {"a": start, "w": start}
        if self.numbers.terse:
            x["w"] = a_end + self._names(each.weight for each in inputs)
        x["bend"] = max(a_end, x["w"] + self._room((each.weight for each in inputs), False))
        x["a end"] = a_end if self.numbers.terse else x["bend"]
        at = x["×"] = x["bend"] + 2 * r
        onward = [each.product for each in inputs] + [unit.others for unit in units if unit.others is not None]
        if any(unit.summed for unit in units):
            at = x["Σ"] = at + 2 * r + self._room(onward)
            onward = [unit.total for unit in units if unit.summed]
        if biases:
            bias = self._names(biases) + self._room(biases, False) + r / 2
            at = x["+"] = at + 2 * r + max(self._room(onward), bias)
        at = x["σ"] = at + 2 * r + self._room((unit.z for unit in units), True, True)
        x["end"] = at + r + self._room((unit.a for unit in units if unit.activated), True)
        return replace(self, x=x)

    def _room(self, wires: Iterable[Wire], named: bool | None = None, sent: bool | None = None) -> float:
        return self.numbers.room(wires, named, sent) + self.space

    def _names(self, wires: Iterable[Wire]) -> float:
        return max(width_of(wire.name, self.numbers.size + 1) for wire in wires) + 2 * NAME

    def draw(self, unit: Unit, ys: Sequence[float]) -> list[Element]:
        """Its wires and gates up to z, which goes into σ; ys are those of what Σ takes."""
        x, r, middle, found = self.x, self.radius, (ys[0] + ys[-1]) / 2, []
        gates = ["×"] + ["Σ"] * unit.summed + ["+"] * (unit.bias is not None)
        after = [*gates, "σ"]
        for each, y in zip(unit.inputs, ys):
            found += self._multiply(each, y)
            if len(gates) > 1:
                found += self.wire(each.product, x["×"] + r, x[after[1]] - r, y)
        if unit.summed:
            found += tall_gate(x["Σ"], ys[0] - r, ys[-1] + r, "Σ", r, self.numbers.size + 2)
        if unit.bias is not None:
            found += self._bias(unit.bias, middle)
            if unit.summed:
                found += self.wire(unit.total, x["Σ"] + r, x["+"] - r, middle)
        goal = x["σ"] - r if unit.activated or not self.numbers.terse else x["end"]
        return [*found, *self.wire(unit.z, x[gates[-1]] + r, goal, middle, named=True, sent=True)]

    def wire(self, wire: Wire, start: float, end: float, y: float, arrow: bool = True, **said: bool) -> list[Element]:
        """A level wire with its numbers at its middle."""
        line = Line(((start, y), (end, y)), width=1.1, arrow=arrow, of=wire.of)
        return [line, *self.numbers.at(wire, (start + end) / 2 - 3 * arrow, y, **said)]

    def source(self, wire: Wire, x: float, y: float, letter: str) -> Label:
        """The name of a source before its wire."""
        role = role_of(self.numbers.how, letter)
        return Label(x - NAME, y, wire.name, role, self.numbers.size + 1, "end", of=wire.of)

    def _multiply(self, each: Input, y: float) -> list[Element]:
        """A weight from above and an activation from below into their multiply gate."""
        x, r, at = self.x, self.radius, self.x["×"]
        above, below = y - self.apart, y + self.apart
        found: list[Element] = [
            *self.wire(each.weight, x["w"], x["bend"], above, arrow=False, named=False),
            *self.wire(each.activation, x["a"], x["a end"], below, arrow=False),
            Line(((x["a end"], below), (x["bend"], below)), width=1.1),
            self.source(each.weight, x["w"], above, "w"),
            *gate(at, y, "×", r, self.numbers.size + 2),
        ]
        for level in (above, below):
            end = (at - 0.82 * r, y + math.copysign(0.6 * r, level - y))
            path = ((x["bend"], level), (x["bend"] + r, level), (end[0] - 0.7 * r, level), end)
            found.append(Line(path, width=1.1, arrow=True, curved=True))
        return found

    def _bias(self, wire: Wire, middle: float) -> list[Element]:
        """The second add gate, and the bias that comes into it from above."""
        at, y, r = self.x["+"], middle - self.lift, self.radius
        bend = at - 1.5 * r
        start = bend - self._room([wire], False)
        path = ((bend, y), (bend + r, y), (at, y + 0.8 * r), (at, middle - r))
        return [
            self.source(wire, start, y, "b"),
            *self.wire(wire, start, bend, y, arrow=False, named=False),
            Line(path, width=1.1, arrow=True, curved=True),
            *gate(at, middle, "+", r, self.numbers.size + 2),
        ]
