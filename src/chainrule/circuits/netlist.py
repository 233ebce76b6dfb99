"""The netlist of a circuit: every gate's kind and the wires that feed it, in flat arrays that grow."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from chainrule.circuits import gates
from chainrule.circuits.gates import Gate

Array = np.ndarray
INPUT = 0  # the kind of a source


class Netlist:
    """Sources and gates by number, each after those that feed it. Arrays that grow: a gate costs no object of its own."""

    def __init__(self) -> None:
        self.gates: list[Gate] = [gates.INPUT]  # by kind
        self.kinds = array("i")
        self.levels = array("i")  # 0 for a source, else one above the highest input's
        self.inputs, self.ends = array("q"), array("q")  # gate n is fed by inputs[ends[n − 1]:ends[n]]
        self.sources, self.values = array("q"), array("d")  # the numbers of the sources, and what they hold
        self._kind_of = {gates.INPUT: INPUT}

    def __len__(self) -> int:
        return len(self.kinds)

    def add(self, gate: Gate, inputs: Sequence[int]) -> int:
        """One gate, and the number of the wire that leaves it."""
        levels = self.levels
        levels.append(max([levels[i] for i in inputs]) + 1)
        self.kinds.append(self._kind_of[gate] if gate in self._kind_of else self._new_kind(gate))
        self.inputs.extend(inputs)
        self.ends.append(len(self.inputs))
        return len(levels) - 1

    def add_source(self, value: float) -> int:
        """One source that holds this value, and its number."""
        self.values.append(value)
        self.sources.append(len(self.levels))
        self.levels.append(0)
        self.kinds.append(INPUT)
        self.ends.append(len(self.inputs))
        return len(self.levels) - 1

    def add_sources(self, values: Array) -> Array:
        """A source for each value, and their numbers, in the shape of the values."""
        levels, ends = np.zeros(values.size, np.int32), np.full(values.size, len(self.inputs), np.int64)
        numbers = self._extend(INPUT, levels, ends)
        self.sources.frombytes(numbers.tobytes())
        self.values.frombytes(values.tobytes())
        return numbers.reshape(values.shape)

    def add_block(self, gate: Gate, inputs: Array) -> Array:
        """Gates of one kind, fed by inputs (inputs of each, gates), and their numbers (gates,)."""
        arity, count = inputs.shape
        if not count:
            return np.zeros(0, np.int64)
        levels = np.frombuffer(self.levels, np.int32)[inputs].max(axis=0) + np.int32(1)
        ends = len(self.inputs) + arity * np.arange(1, count + 1)
        self.inputs.frombytes(np.ascontiguousarray(inputs.T, np.int64).tobytes())
        return self._extend(self._kind_of[gate] if gate in self._kind_of else self._new_kind(gate), levels, ends)

    def _extend(self, kind: int, levels: Array, ends: Array) -> Array:
        start = len(self.kinds)
        kinds = np.full(len(levels), kind, np.int32)
        for mine, added in ((self.kinds, kinds), (self.levels, levels), (self.ends, ends)):
            mine.frombytes(added.tobytes())
        return np.arange(start, len(self.kinds))

    def _new_kind(self, gate: Gate) -> int:
        self._kind_of[gate] = len(self.gates)
        self.gates.append(gate)
        return self._kind_of[gate]
