"""The passes of a wide circuit: gates of one kind and level work at the same time, as arrays, for a batch of values too."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.circuits.gates import Gate, check_defined, check_number, times
from chainrule.circuits.netlist import Netlist

Array = np.ndarray


@dataclass(frozen=True)
class Group:
    """Gates of one kind that can work at the same time: their places, and those of their inputs, one array per input."""

    gate: Gate
    start: int
    stop: int
    inputs: Array  # (inputs, gates)
    edges: Array  # where each of them is in the list of edges, the same shape


@dataclass(frozen=True)
class ByGroup:
    """A circuit laid out to run: gates ordered by level and kind, edges ordered by the gate that they leave."""

    place: Array  # of each wire, by its number
    groups: tuple[Group, ...]
    leaving: Array  # edges leaving the gate at place p are leaving[p]…leaving[p + 1]

    def at(self, numbers: Array) -> Any:
        """Where the values of these wires lie."""
        return self.place[numbers]

    def forward(self, sources: Array) -> Array:
        """Every wire's value, by place, from what the sources hold, by number: (wires,) or (wires, batch)."""
        values = np.empty_like(sources)
        values[self.place] = sources
        with np.errstate(all="ignore"):
            for group in self.groups:
                arrived = [values[places] for places in group.inputs]
                check_defined(group.gate, arrived)
                values[group.start : group.stop] = made = group.gate.value(*arrived)
                check_number(group.gate, arrived, made)
        return values

    def backward(self, values: Array, seed: int) -> Array:
        """∂(the wire at place seed)/∂wire for every wire, gates in reverse, every gate's shares added up (S3.11)."""
        sent = np.zeros((self.leaving[-1], *values.shape[1:]))
        gradient = np.zeros_like(values)
        with np.errstate(all="ignore"):
            for group in reversed(self.groups):
                received = self._collect(sent, group.start, group.stop)
                if group.start <= seed < group.stop:
                    received[seed - group.start] += 1.0
                gradient[group.start : group.stop] = received
                out = values[group.start : group.stop]
                slopes = group.gate.slopes(out, *(values[places] for places in group.inputs))
                for edges, slope in zip(group.edges, slopes):
                    sent[edges] = times(received, slope)
        sources = self.groups[0].start if self.groups else len(self.place)  # they lie first
        gradient[:sources] = self._collect(sent, 0, sources)
        if seed < sources:
            gradient[seed] += 1.0
        return gradient

    def tangent(self, values: Array, sources: Array) -> Array:
        """The rate at which every wire changes, by place, from those of the sources, by number (S1.21)."""
        rates = np.empty_like(values)
        rates[self.place] = sources
        with np.errstate(all="ignore"):
            for group in self.groups:
                out = values[group.start : group.stop]
                slopes = group.gate.slopes(out, *(values[places] for places in group.inputs))
                shares = [times(rates[places], slope) for places, slope in zip(group.inputs, slopes)]
                rates[group.start : group.stop] = np.add.reduce(shares)
        return rates

    def _collect(self, sent: Array, start: int, stop: int) -> Array:
        """What the gates at start…stop are sent, each over all the edges that leave it: fan-out adds up (S3.11)."""
        leaving = self.leaving
        first, last = leaving[start], leaving[stop]
        if last - first == stop - start and np.array_equal(leaving[start : stop + 1], np.arange(first, last + 1)):
            return sent[first:last].copy()  # every gate feeds exactly one other
        received = np.zeros((stop - start, *sent.shape[1:]))
        used = np.flatnonzero(leaving[start + 1 : stop + 1] > leaving[start:stop])
        if used.size:
            received[used] = np.add.reduceat(sent[first:last], leaving[start:stop][used] - first, axis=0)
        return received


def lay_out(netlist: Netlist) -> ByGroup:
    """Order gates by level, then kind and number of inputs; order edges by the gate that they leave."""
    kinds, levels = np.array(netlist.kinds), np.array(netlist.levels)
    ends, inputs = np.array(netlist.ends), np.array(netlist.inputs)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    keys = (ends - starts, kinds, levels)
    order = np.lexsort(keys)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    changes = np.zeros(max(len(order) - 1, 0), bool)
    for key in keys:
        changes |= np.diff(key[order]) != 0
    bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), len(order)]
    laid = []
    for start, stop in pairwise(bounds):
        numbers = order[start:stop]
        if len(numbers) and levels[numbers[0]]:
            arity = int(ends[numbers[0]] - starts[numbers[0]])
            fed = place[inputs[starts[numbers] + np.arange(arity)[:, None]]]
            laid.append((netlist.gates[kinds[numbers[0]]], start, stop, fed))
    return _with_edges(place, laid)


def _with_edges(place: Array, laid: list[tuple[Gate, int, int, Array]]) -> ByGroup:
    ends = np.concatenate([inputs.ravel() for *_, inputs in laid]) if laid else np.zeros(0, np.int64)
    leaving = np.zeros(len(place) + 1, np.int64)
    np.cumsum(np.bincount(ends, minlength=len(place)), out=leaving[1:])
    rank = np.empty(ends.size, np.int64)
    rank[np.argsort(ends, kind="stable")] = np.arange(ends.size)
    groups, at = [], 0
    for gate, start, stop, inputs in laid:
        edges = rank[at : at + inputs.size].reshape(inputs.shape)
        groups.append(Group(gate, start, stop, inputs, edges))
        at += inputs.size
    return ByGroup(place, tuple(groups), leaving)
