"""A network wired gate by gate: multiply gates, a first add gate, a second for the bias, then σ and C by their forms (S3.5).

An independent check: activations and costs enter through their `form`, taken apart into elementary gates, so that no slope
that was written by hand is looked at. Every example of a batch has gates of its own; a weight's wire fans out to all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.circuits.circuit import Circuit, CircuitRun, Gradients
from chainrule.circuits.wires import MATHS, Wires
from chainrule.costs import Cost
from chainrule.errors import IdError, SettingError
from chainrule.network import Network
from chainrule.parameters import Layers, Parameters
from chainrule.problem import Problem

Array = np.ndarray
MOST_GATES = 20_000_000  # about 3 GB


@dataclass(frozen=True)
class NetworkCircuit:
    """The circuit of a network, rows and a cost, with its wires by name (S3.7): arrays of wires, rows are examples.

    weights[l] (out, in) and biases[l]; products[l] (batch, out, in) = w a; sums[l] (batch, out) = Σ w a; z[l], a[l]
    (batch, neurons); each (batch,) = c_i; cost (), their mean.
    """

    network: Network
    circuit: Circuit
    weights: Layers[Wires]
    biases: Layers[Wires]
    products: Layers[Wires]
    sums: Layers[Wires]
    z: Layers[Wires]
    a: Layers[Wires]
    each: Wires
    cost: Wires

    def run(self) -> CircuitRun:
        """The forward phase, with the values it was built with."""
        return self.circuit.forward()

    def gradient(self) -> Parameters:
        """∂C/∂w and ∂C/∂b, collected from the wires after one forward and one backward phase."""
        back = self.run().backward(self.cost)
        return Parameters([back[w] for w in self.weights], [np.atleast_1d(back[b]) for b in self.biases])

    def unit(self, layer: int, neuron: int, example: int = 0) -> NeuronGates:
        """One unit's gates with their values and gradients, as S3's figures draw them (S3.6, S3.12)."""
        if not 1 <= layer <= self.network.depth:
            raise IdError(f"there is no layer {layer}: layers are numbered 1…{self.network.depth}")
        if not 0 <= neuron < self.network.sizes[layer] or not 0 <= example < len(self.z[layer]):
            raise IdError(
                f"layer {layer} has the neurons 0…{self.network.sizes[layer] - 1}, the circuit the examples "
                f"0…{len(self.z[layer]) - 1}; got neuron {neuron} of example {example}"
            )
        run = self.run()
        back = run.backward(self.cost)
        bias = self.biases[layer]
        rows = [
            row
            for k in range(self.network.sizes[layer - 1])
            for row in (
                ("weight", f"w/{layer}/{neuron}/{k}", self.weights[layer][neuron, k]),
                ("activation", f"a/{layer - 1}/{k}", self.a[layer - 1][example, k]),
                ("multiply", f"w a, k = {k}", self.products[layer][example, neuron, k]),
            )
        ]
        rows.append(("first add", "Σ w a", self.sums[layer][example, neuron]))
        if bias.shape != (0,):
            rows.append(("bias", f"b/{layer}/{neuron}", bias[neuron if len(bias) > 1 else 0]))
            rows.append(("second add", f"z/{layer}/{neuron}", self.z[layer][example, neuron]))
        rows.append(("activation gate", f"a/{layer}/{neuron}", self.a[layer][example, neuron]))
        return NeuronGates(tuple(UnitRow(kind, name, run[wire], _gradient(back, wire)) for kind, name, wire in rows))


def _gradient(back: Gradients, wire: Wires) -> float:
    return float(back[wire])


@dataclass(frozen=True)
class UnitRow:
    """One wire of a unit: which gate it leaves, its name, the value above it and the gradient below it."""

    gate: str
    name: str
    value: float
    gradient: float


@dataclass(frozen=True)
class NeuronGates:
    """A unit's wires in order; prints as a table. Weights, biases and activations show the whole gradient that they
    receive, by all examples and all units that they feed, not the share of this unit alone."""

    rows: tuple[UnitRow, ...]

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        head = f"{'gate':<16}{'wire':<{width}}  {'value':>12}  {'gradient':>12}"
        lines = [f"{r.gate:<16}{r.name:<{width}}  {r.value:>12.6g}  {r.gradient:>12.6g}" for r in self.rows]
        return "\n".join([head, *lines])


def circuit_of(network: Network, x: Any, y: Any, cost: str | Cost | None = None) -> NetworkCircuit:
    """The circuit of rows x (batch, in) and y (batch, out) through the network to the mean of their costs (S3.5).

    Raises SettingError with the number of gates where they would not fit into memory.
    """
    return wired(Problem.exact(network, x, y, cost, "circuit_of(network, x, y)"))


def wired(p: Problem) -> NetworkCircuit:
    """The circuit of a problem in float64."""
    network, pair, rows = p.network, p.pair, len(p.x)
    gates_needed = rows * sum(2 * w.size + 4 * w.shape[0] for w in network.weights)
    if gates_needed > MOST_GATES:
        raise SettingError(
            f"{rows:,} examples of {network!r} are some {gates_needed:,} gates (at most {MOST_GATES:,}): take fewer rows"
        )
    circuit = Circuit()
    weights = [circuit.input(f"w{l}", w) for l, w in network.weights.items()]
    biases = [circuit.input(f"b{l}", b) for l, b in network.biases.items()]
    a, z, sums, products = [circuit.input("x", p.x)], [], [], []
    for into, bias, sigma in zip(weights, biases, network.activations):
        products.append(into[None] * a[-1][:, None, :])
        sums.append(products[-1].sum())
        z.append(sums[-1] + bias[None] if bias.shape != (0,) else sums[-1])
        a.append(sigma.form(z[-1], MATHS))
    each = Wires(circuit, pair.form(z[-1] if pair.of == "z" else a[-1], p.y, MATHS).numbers.reshape(rows))
    total = each.sum() * (1 / rows)
    w, b, wa, swa, zs = (Layers(made) for made in (weights, biases, products, sums, z))
    return NetworkCircuit(network, circuit, w, b, wa, swa, zs, Layers(a, first=0), each, total)
