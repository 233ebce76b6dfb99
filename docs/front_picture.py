"""The picture at the top of the README: a network, the routes of one weight to the cost, and its derivative worked out.

Every number comes from the library's own forward and backward pass, and the product is compared with `explain`.
"""

from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.conventions import as_convention
from chainrule.explanation.typeset import Look, typeset
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line
from chainrule.writing.formula import Ratio, Symbol, row
from chainrule.writing.numbers import short

WIDTH, HEIGHT, RADIUS = 900, 505, 25.0
COLUMNS = (96.0, 376.0, 640.0)  # the middle of each layer
COST = (826.0, 183.0)
ROWS = {1: (183.0,), 2: (108.0, 258.0), 3: (53.0, 183.0, 313.0)}
WEIGHT = "w/1/1/0"


def front_picture(network: cr.Network, x: list[float], y: list[float]) -> Scene:
    """The routes of w¹₁₀ through a network 2-3-2, and the four factors of its derivative."""
    trace = cr.forward(network, x)
    errors = cr.backward(trace, y).delta
    explained = cr.explain(network, x, y, WEIGHT)
    how, look = as_convention("nielsen"), Look(as_convention("nielsen"))
    places = {
        (layer, j): (COLUMNS[layer], ROWS[size][j]) for layer, size in enumerate(network.sizes) for j in range(size)
    }
    lit = {(0, 0), (1, 1), (2, 0), (2, 1)}

    drawn: list[Element] = []
    for layer in (1, 2):
        for (j, k), w in np.ndenumerate(network.weights[layer]):
            between = (places[layer - 1, k], places[layer, j])
            if (layer == 1 and (j, k) == (1, 0)) or (layer == 2 and k == 1):
                continue
            drawn.append(Line(_shortened(*between), "faint", 0.8 + abs(w), opacity=0.3))
    drawn.append(Line(_shortened(places[0, 0], places[1, 1]), "accent", 6, of=WEIGHT))
    for j in (0, 1):
        drawn.append(Line(_shortened(places[1, 1], places[2, j]), "backward", 4.5))
        drawn.append(Line(_shortened(places[2, j], COST), "backward", 4.5))
    for place, (across, down) in places.items():
        role = "ink" if place in lit else "faint"
        drawn.append(Circle(across, down, RADIUS, role, "paper", 2.0 if place in lit else 1.0))
        drawn.append(Label(across, down, how.symbol("a", *place), role, 17))
    drawn += [Circle(*COST, RADIUS, "backward", "paper", 2.0), Label(*COST, Symbol("C"), "backward", 19, slanted=True)]

    def beside(place: tuple[int, int], text: str, role: str, above: bool) -> None:
        across, down = places[place]
        edge = RADIUS + 14
        drawn.append(Label(across, down + (-edge if above else edge), text, role, 18, slanted=not above, halo=True))

    for layer, j in sorted(lit):
        beside((layer, j), short(trace.a[layer][j], 4), "forward", above=True)
        if layer:
            beside((layer, j), short(errors[layer][j], 4), "backward", above=False)

    for layer, j, k, role, size in ((1, 1, 0, "accent", 19), (2, 0, 1, "backward", 17), (2, 1, 1, "backward", 17)):
        (left, high), (right, low) = places[layer - 1, k], places[layer, j]
        value = short(network.weights[layer][j, k], 4)
        text = row(how.weight(layer, j, k), f" = {value}")
        drawn.append(Label((left + right) / 2 + 8, (high + low) / 2 - 24, text, role, size, bold=layer == 1, halo=True))

    drawn += _columns(_formula(how, network, trace, errors, explained), look)
    return Scene(WIDTH, HEIGHT, tuple(drawn), "One weight, its routes to the cost, and its derivative", str(explained), (),
                 "front")  # fmt: skip


def _formula(how, network, trace, errors, explained):  # type: ignore[no-untyped-def]
    """The formula, piece by piece, and below each piece its number."""
    w, delta = network.weights[2][:, 1], errors[2]
    slope = network.activations[1].slope(trace.z[1])[1]
    a, value = trace.a[0][0], float(explained.value)
    assert np.isclose(a * slope * (w @ delta), value, rtol=1e-12)
    left = Ratio(row("∂", Symbol("C")), row("∂", how.weight(1, 1, 0)))
    sigma = row("σ′(", how.symbol("z", 1, 1), ")")
    terms = [(how.weight(2, j, 1), how.symbol("δ", 2, j)) for j in (0, 1)]
    return [
        (left, ""), ("=", "="), (how.symbol("a", 0, 0), short(a, 4)), ("·", "·"), (sigma, short(slope, 4)), ("·", "·"),
        ("(", "("), (row(terms[0][0], " ", terms[0][1]), f"{short(w[0] * delta[0], 4)}"), ("+", "+"),
        (row(terms[1][0], " ", terms[1][1]), short(w[1] * delta[1], 4)), (")", ")"), ("", "="),
        ("", short(value, 4)), ("", "✓"),
    ]  # fmt: skip


def _columns(pieces, look: Look) -> list[Element]:  # type: ignore[no-untyped-def]
    """Each piece above its number, in columns, in the middle of the picture."""
    size, gap = 27.0, 11.0
    made = [(typeset(above, size, look), below) for above, below in pieces]
    widths = [max(one.width, len(below) * size * 0.44) for one, below in made]
    across = (WIDTH - sum(widths) - gap * (len(widths) - 1)) / 2
    drawn: list[Element] = []
    for (above, _), (one, below), width in zip(pieces, made, widths):
        drawn += one.around(across + width / 2, 392) if str(above) else ()
        result = below in (pieces[-1][1], pieces[-2][1])
        if below:
            drawn.append(Label(across + width / 2, 446, below, "backward" if result else "ink", 22, bold=result))
        across += width + gap
    says = "above a neuron its activation a, below it its error δ = ∂C/∂z; ✓ a central difference gives the same"
    return [*drawn, Label(WIDTH / 2, 486, says, "faint", 14)]


def _shortened(start: tuple[float, float], end: tuple[float, float]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The line between two neurons, from edge to edge."""
    a, b = np.array(start), np.array(end)
    inward = (b - a) / np.linalg.norm(b - a) * RADIUS
    return tuple((a + inward).tolist()), tuple((b - inward).tolist())
