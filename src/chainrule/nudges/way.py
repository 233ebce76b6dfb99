"""The way from v to u: all that a nudge of v moves before it reaches u."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.ids import Id, parse
from chainrule.network import Network
from chainrule.verification.moved import movable


def way(network: Network, v: Id, u: Id) -> Iterator[list[Id]]:
    """v, then what it reaches of each layer below u, z and a in turn, then u."""
    yield [v]
    for kind, layer, neurons in _reached(network, v):
        if u.kind not in "zaC" or (u.kind != "C" and (layer, kind == "a") >= (u.layer, u.kind == "a")):
            break
        if layer == u.layer and not network.activations[layer].full_slope:
            neurons = [j for j in neurons if j == u.neuron]  # σ takes each z to its own a
        if neurons:
            yield [Id(kind, layer, j) for j in neurons]
    if u != v:
        yield [u]


def _reached(network: Network, v: Id) -> Iterator[tuple[str, int, list[int]]]:
    """(z or a, layer, neurons) that v reaches, from below: one neuron of its own layer, and all of those above."""
    if v.kind in "wbz":
        whole = list(range(network.sizes[v.layer]))
        shared = v.kind == "b" and network.biases[v.layer].size < len(whole)
        neurons = whole if shared else [v.neuron]
        if v.kind != "z":
            yield "z", v.layer, neurons
        yield "a", v.layer, whole if network.activations[v.layer].full_slope else neurons
    for layer in range(v.layer + 1, network.depth + 1):
        for kind in "za":
            yield kind, layer, list(range(network.sizes[layer]))


def unmoved(network: Network, of: str | Id, by: str | Id) -> str:
    """Why one quantity stays where it is whatever becomes of the other, as a sentence; nothing where a way leads to it."""
    u, v = parse(of, network.parameters), movable(by, network.parameters)
    if u.kind in "Cd":
        return ""
    u = movable(u, network.parameters)
    if u == v or any(u.kind == kind and u.layer == l and u.neuron in js for kind, l, js in _reached(network, v)):
        return ""
    if u.kind in "wbx":
        return f"{u} is set, not computed: nothing but a move of its own changes it"
    if u.layer == v.layer and u.neuron != v.neuron:
        return f"{u} does not depend on {v}: both belong to layer {u.layer}, where a neuron does not see its neighbours"
    return f"{u} does not depend on {v}, which comes after it: nothing leads back"
