"""The passes of a deep and narrow circuit: one gate after the other, on plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.circuits.gates import Gate, check_defined, check_number
from chainrule.circuits.netlist import Netlist

Array = np.ndarray


class ByGate:
    """A circuit run in the order in which it was built; wires lie by number."""

    def __init__(self, netlist: Netlist) -> None:
        self._netlist = netlist  # which only grows: what was there stays as it is
        self._count = len(netlist)

    def _gates(self, numbers: range) -> Iterator[tuple[int, Gate, Sequence[int]]]:
        gates, kinds, ends, inputs = self._netlist.gates, self._netlist.kinds, self._netlist.ends, self._netlist.inputs
        for number in numbers:
            start, end = ends[number - 1] if number else 0, ends[number]
            if end > start:
                yield number, gates[kinds[number]], inputs[start:end]

    def at(self, numbers: Array) -> Array:
        """Where the values of these wires lie."""
        return numbers

    def forward(self, sources: Array) -> Array:
        """Every wire's value (wires,), from what the sources hold."""
        values: list[Any] = sources.tolist()
        with np.errstate(all="ignore"):
            for number, gate, inputs in self._gates(range(self._count)):
                arrived = [values[i] for i in inputs]
                if gate.defined is not None and not gate.defined(*arrived):
                    check_defined(gate, arrived)
                values[number] = made = gate.value(*arrived)
                if made != made:
                    check_number(gate, arrived, made)
        return np.array(values)

    def backward(self, values: Array, seed: int) -> Array:
        """∂(wire seed)/∂wire for every wire, gates in reverse, every gate's shares added up (S3.11)."""
        known: list[float] = values.tolist()
        gradient = [0.0] * len(known)
        gradient[seed] = 1.0
        with np.errstate(all="ignore"):
            for number, gate, inputs in self._gates(range(seed, -1, -1)):
                received = gradient[number]
                if received:
                    for i, slope in zip(inputs, _slopes(gate, known, number, inputs)):
                        if slope:  # 0 · ∞ is 0
                            gradient[i] += received * slope
        return np.array(gradient)

    def tangent(self, values: Array, sources: Array) -> Array:
        """The rate at which every wire changes, from those of the sources (S1.21)."""
        known: list[float] = values.tolist()
        rates: list[float] = sources.tolist()
        with np.errstate(all="ignore"):
            for number, gate, inputs in self._gates(range(self._count)):
                moved = [rates[i] for i in inputs]
                if any(moved):
                    slopes = _slopes(gate, known, number, inputs)
                    rates[number] = sum(rate * slope for rate, slope in zip(moved, slopes) if rate and slope)
        return np.array(rates)


def _slopes(gate: Gate, known: Sequence[float], number: int, inputs: Sequence[int]) -> Iterable[float]:
    return gate.slopes(known[number], *[known[i] for i in inputs])
