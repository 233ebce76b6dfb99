"""How many multiplications a derivative takes: with each route multiplied out alone, and with shared products (S1.17)."""

from __future__ import annotations

from chainrule.explanation.view import View
from chainrule.ids import Id


def work(seen: View, v: Id) -> tuple[int, int]:
    """How many multiplications ∂C/∂v takes: with every route multiplied out alone, and with δ shared by all routes."""
    first, last = seen.first_layer(v), seen.network.depth
    if first > last:
        return 0, 0
    lead, arriving = int(v.kind in "wax"), len(seen.arriving(0))
    alone = seen.route_count(v) * (lead + 2 * (last - first) + arriving - 1)
    entrances = len(seen.entrances(v))
    return alone, _shared(seen, first, entrances) + lead * (entrances if v.kind in "ax" else 1)


def _shared(seen: View, first: int, entrances: int) -> int:
    """Multiplications of the recursion from the output down to the δ of `entrances` neurons of a layer (BP1, BP2)."""
    sizes, last, count = seen.network.sizes, seen.network.depth, 0
    for layer in range(last, first - 1, -1):
        neurons = entrances if layer == first else sizes[layer]
        if layer == last:
            count += neurons * (len(seen.arriving(0)) - 1)
        elif seen.network.activations[layer].full_slope:
            count += sizes[layer] * (sizes[layer + 1] + neurons)
        else:
            count += neurons * (sizes[layer + 1] + 1)
    return count


def whole_work(seen: View) -> tuple[int, int]:
    """The same two counts for the gradient by every weight and bias."""
    network, alone, shared = seen.network, 0, _shared(seen, 1, seen.network.sizes[1])
    for layer, w in network.weights.items():
        alone += w.size * work(seen, Id("w", layer, 0, 0))[0]
        alone += network.biases[layer].size * (work(seen, Id("b", layer, 0))[0] if network.biases[layer].size else 0)
        shared += w.size
    return alone, shared
