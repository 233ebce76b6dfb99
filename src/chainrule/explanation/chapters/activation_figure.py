"""An activation and its slope, one above the other, with the weighted inputs that a layer really has (S2.12–S2.16).

Where σ is flat σ′ is small, and every weight into a neuron that stands there learns slowly: such zones are shaded, the neurons
in them are counted, and the slowest place is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.activations import Activation
from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.diagnostics.activation_design import FLAT, Design, design, steepest
from chainrule.diagnostics.slope_curve import Interval
from chainrule.errors import SettingError
from chainrule.forward import forward
from chainrule.network import Network, as_network
from chainrule.pictures.plot import Plot, Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, titled
from chainrule.writing.formula import Formula, Row, row
from chainrule.writing.numbers import number, short

Array = np.ndarray
LEFT, TOP, WIDTH = 80.0, 84.0, 360.0
UPPER, LOWER, BETWEEN = 190.0, 150.0, 34.0  # heights of the two panels, and what lies between them
RUG, BARS = 34.0, 64.0  # heights of the strip of z, as ticks and as bars that count them
SIDE = LEFT + WIDTH + 28
NEAR, FAR = 6.0, 30.0  # the range shown, at least and at most, on either side of 0
POINTS = 481
DOTS, TICKS = 40, 300  # more neurons than this are no longer dots on the curves, or ticks in the strip
BINS = 80
ROWS = 60  # neurons that the table lists one by one


@dataclass(frozen=True)
class Given:
    """The weighted inputs of a layer: z, σ(z) and σ′(z) of every neuron, rows × neurons or one example's."""

    layer: int
    sigma: Activation
    z: Array
    a: Array
    slope: Array
    flat: Array  # which of them lie where σ is flat

    @property
    def one(self) -> bool:
        """True for one example."""
        return self.z.ndim == 1


def activation_figure(
    network: Network,
    x: Any,
    y: Any = None,
    *,
    convention: str | Convention = "nielsen",
    cost: str | Cost | None = None,
    layer: int | None = None,
) -> Scene:
    """σ and σ′ of a layer with its z, for one example x (in,) or rows (batch, in); y is not needed.

    Without `layer` it is the one with the largest share of z in flat zones. Raises SettingError for a layer that is none, and
    for a softmax, which is not a function of one z.
    """
    how = as_convention(convention)
    exact = as_network(network, "activation_figure(network, x)").astype("float64")
    how.cost_for(exact, cost)
    z = forward(exact, x).z
    chosen = _layer(exact, layer) if layer is not None else _flattest(exact, z)
    sigma = exact.activations[chosen]
    measured = design(sigma, z[chosen], *_range(z[chosen]))
    with np.errstate(all="ignore"):
        a, slope = sigma.value(z[chosen]), sigma.slope(z[chosen])
    given = Given(chosen, sigma, z[chosen], a, slope, np.abs(slope) < FLAT * measured.scale)
    return _drawn(given, measured, how, max(exact.sizes) == 1)


def _layer(network: Network, given: Any) -> int:
    if isinstance(given, (int, np.integer)) and 1 <= given <= network.depth:
        return int(given)
    raise SettingError(f"an activation belongs to a layer 1…{network.depth}, got layer={given!r}")


def _flattest(network: Network, z: Any) -> int:
    """The layer with the largest share of z in flat zones; of equals the first, a softmax only where there is no other."""
    shares: dict[int, float] = {}
    scales: dict[int, float] = {}  # by the identity of σ: most layers have the same
    for layer, sigma in network.activations.items():
        if not sigma.full_slope:
            scale = scales.get(id(sigma)) or steepest(sigma)[0]
            scales[id(sigma)] = scale
            with np.errstate(all="ignore"):
                shares[layer] = float((np.abs(sigma.slope(z[layer])) < FLAT * scale).mean())
    return max(shares, key=lambda layer: (shares[layer], -layer)) if shares else network.depth


def _range(z: Array) -> tuple[float, float]:
    """From −6 to 6 or as far as the z go, at most to ±30."""
    reach = float(min(FAR, max(NEAR, np.ceil(np.abs(z).max()))))
    return -reach, reach


# the picture --------------------------------------------------------------------------------------------------------
def _drawn(given: Given, measured: Design, how: Convention, bare: bool) -> Scene:
    low, high = measured.near.on.low, measured.near.on.high
    grid = _pieces(given.sigma, low, high)
    with np.errstate(all="ignore"):
        values = [given.sigma.value(piece) for piece in grid]
        slopes = [given.sigma.slope(piece) for piece in grid]
    upper = _panel(values, low, high, TOP, UPPER)
    lower = _panel([*slopes, np.zeros(1)], low, high, TOP + UPPER + BETWEEN, LOWER)
    said = _said(given, measured, how, bare)
    foot = lower.down + (RUG if given.z.size <= TICKS else BARS)
    elements: list[Element] = [
        titled(row(f"The {how.function_word} of layer {given.layer} and its slope: {given.sigma!r}"), LEFT - 52),
        *_shading(measured, upper, lower),
        *_axes(upper, row("σ(z)"), "forward", False),
        *_axes(lower, row("σ′(z)"), "backward", True),
        *(line for piece, value in zip(grid, values) for line in upper.curve(zip(piece, value), "forward")),
        *(
            line
            for piece, slope in zip(grid, slopes)
            for line in lower.curve(zip(piece, slope), "backward", dashed=True)
        ),
        *_jumps(given.sigma, lower),
        *_slowest(measured, lower),
        *_dots(given, upper, lower, foot),
        *_rug(given, lower.x, foot),
        *lower.foot(foot, 8),
        Label(LEFT + WIDTH / 2, foot + 38, how.symbol("z", given.layer), "ink", 14),
        *_side(said),
    ]
    return Scene.around(
        elements,
        24,
        f"{given.sigma!r} and its slope, with the z of layer {given.layer}",
        "σ above, σ′ below it over the same z, the z of the layer as marks at the foot. "
        + " ".join(str(text) for text, _ in said),
        _table(given, measured, how, bare),
        "activation",
    )


def _pieces(sigma: Activation, low: float, high: float) -> list[Array]:
    """The z of the curves, a piece between kinks each, so that no line bridges a jump of σ′."""
    kinks = [kink for kink in sigma.kinks if low < kink < high]
    ends = [low, *kinks, high]
    step = 1e-9
    pieces = []
    for i, (start, stop) in enumerate(pairwise(ends)):
        count = max(2, round(POINTS * (stop - start) / (high - low)))
        piece = np.linspace(start, stop, count)
        piece[0] += step if i else 0.0
        pieces.append(piece)
    return pieces


def _panel(values: Sequence[Array], low: float, high: float, up: float, height: float) -> Plot:
    """A plot as high as its values need."""
    finite = np.concatenate([each[np.isfinite(each)] for each in values])
    bottom, top = float(finite.min()), float(finite.max())
    if bottom == top:
        bottom, top = bottom - 1, top + 1
    margin = 0.09 * (top - bottom)
    return Plot(Scale(low, high, LEFT, LEFT + WIDTH), Scale(bottom - margin, top + margin, up + height, up))


def _shading(measured: Design, upper: Plot, lower: Plot) -> list[Element]:
    """The flat zones, through both panels."""
    found: list[Element] = []
    for zone in measured.flat:
        left, right = upper.x.at(zone.low), upper.x.at(zone.high)
        found.append(Rect(left, upper.up, right - left, lower.down - upper.up, filled="panel", stroke=0.0))
        if right - left > 34:
            found.append(Label((left + right) / 2, upper.up - 12, "flat", "faint", 12))
    return found


def _axes(panel: Plot, name: Formula, role: str, slanted: bool) -> list[Element]:
    zero = [panel.across(panel.y.at(0.0))] if panel.y.low < 0 < panel.y.high else []
    name_of = Label(LEFT - 8, panel.up - 17, name, role, 13, "end", slanted)
    return [*panel.rules(5), *zero, panel.upright(panel.x.at(0.0), 0.6, 0.5), name_of]


def _jumps(sigma: Activation, panel: Plot) -> list[Element]:
    """At a kink σ′ has two ends: full where the slope is taken from, hollow on the other side (S3.4)."""
    found: list[Element] = []
    for kink in sigma.kinks:
        if not panel.x.low < kink < panel.x.high:
            continue
        ends = sigma.slope(np.array([kink, kink - 1e-9, kink + 1e-9]))
        for side in ends[1:]:
            filled = "backward" if side == ends[0] else "paper"
            found.append(Circle(panel.x.at(kink), panel.y.at(float(side)), 4, "backward", filled, 1.5))
    return found


def _slowest(measured: Design, panel: Plot) -> list[Element]:
    """A mark at each point where |σ′| is least; where that is a whole stretch, the shading says it."""
    places = [each.low for each in measured.slowest if each.low == each.high]
    return [
        Circle(panel.x.at(place), panel.y.at(0.0), 6, "accent", "", 1.5)
        for place in places
        if panel.x.low <= place <= panel.x.high
    ]


def _dots(given: Given, upper: Plot, lower: Plot, foot: float) -> list[Element]:
    """Each neuron on both curves, where they are few."""
    if given.z.size > DOTS:
        return []
    found: list[Element] = []
    for z, a, slope in zip(given.z.flat, given.a.flat, given.slope.flat):
        if upper.x.low <= z <= upper.x.high:
            x, y = upper.x.at(float(z)), upper.y.at(float(a))
            found.append(Line(((x, y), (x, foot)), "faint", 0.6, opacity=0.5))
            found.append(Circle(x, y, 3.5, "forward", "forward", 0.0))
            found.append(Circle(x, lower.y.at(float(slope)), 3.5, "backward", "paper", 1.5))
    return found


def _rug(given: Given, scale: Scale, foot: float) -> list[Element]:
    """One tick per neuron, those in flat zones in another colour; of very many, bars that count them."""
    inside = (given.z >= scale.low) & (given.z <= scale.high)
    found: list[Element] = []
    if given.z.size <= TICKS:
        for z, flat in zip(given.z[inside].tolist(), given.flat[inside].tolist()):
            x = scale.at(z)
            found.append(Line(((x, foot - 16), (x, foot)), "negative" if flat else "ink", 1.4))
        return found
    counts, edges = histogram(given, scale.low, scale.high)
    most = int(counts.sum(axis=0).max())
    for steep, flat, left, right in zip(*counts.tolist(), edges.tolist(), edges[1:].tolist()):
        tall, x, width = (BARS - 8) / most, scale.at(left) + 0.4, scale.at(right) - scale.at(left) - 0.8
        for count, below, role in ((flat, 0, "negative"), (steep, flat, "ink")):
            if count:
                found.append(Rect(x, foot - tall * (below + count), width, tall * count, filled=role, stroke=0.0))
    found.append(Label(SIDE, foot - BARS / 2, row(f"tallest bar: {most:,} z"), "faint", 12, "start"))
    return found


def histogram(given: Given, low: float, high: float) -> tuple[Array, Array]:
    """How many z lie in each of the bins between low and high, those not flat and those flat, and the edges."""
    edges = np.linspace(low, high, BINS + 1)
    return np.stack([np.histogram(given.z[given.flat == flat], edges)[0] for flat in (False, True)]), edges


# the numbers --------------------------------------------------------------------------------------------------------
def _said(given: Given, measured: Design, how: Convention, bare: bool) -> list[tuple[Row, str]]:
    """What is measured, a line each, with its role."""
    rug, near = measured.rug, measured.near
    assert rug is not None  # z were given
    flat, share = int(given.flat.sum()), 100 * rug.mean / measured.scale
    against = f"its largest, {short(measured.scale)}" if measured.bounded else "1, for σ′ grows"
    lines = [
        (row("σ(z) = ", given.sigma.formula), "forward"),
        (row(f"σ′ from {short(near.least)} to {short(near.most)}"), "backward"),
        (row(f"slowest, |σ′| = {short(measured.least)}, {_places(measured.slowest)}"), "accent"),
        (row(f"flat, |σ′| < {100 * FLAT:.0f} % of {against}:"), "ink"),
        (row(f"   {_zones(measured.flat)}"), "ink"),
        (row(""), "ink"),
        (_who(given, how), "ink"),
        (row(f"   {flat:,} in a flat zone, {100 * flat / given.z.size:.1f} %"), "negative" if flat else "ink"),
        (row(f"   mean |σ′| = {short(rug.mean)}, {share:.0f} % of {short(measured.scale)}"), "ink"),
    ]
    if given.one:
        j = int(np.abs(given.slope).argmin())
        name = how.symbol("z", given.layer, *(() if bare else (j,)))
        value = f" = {number(float(given.z[j]))}"
        lines.append((row("   slowest " if given.z.size > 1 else "   ", name, value), "ink"))
        lines.append((row("   where σ′ = ", number(float(given.slope[j]))), "backward"))
    low, high = near.on.low, near.on.high
    for beyond, side in ((given.z < low, f"< {short(low)}"), (given.z > high, f"> {short(high)}")):
        count = int(beyond.sum())
        if count:
            lines.append((row(f"   {count:,} beyond the picture, z {side}"), "ink"))
    return lines


def _who(given: Given, how: Convention) -> Row:
    symbol = how.symbol("z", given.layer)
    if given.one:
        return row(f"{given.z.size:,} neuron{'s' if given.z.size > 1 else ''} ", symbol, ", one example:")
    rows, neurons = given.z.shape
    return row(f"{rows:,} examples × {neurons:,} neuron{'s' if neurons > 1 else ''} ", symbol, ":")


def _zones(zones: Sequence[Interval]) -> str:
    if not zones:
        return "nowhere in this range"
    shown = ", ".join(f"{short(zone.low)} … {short(zone.high)}" for zone in zones[:3])
    return shown + (f" and {len(zones) - 3} more" if len(zones) > 3 else "")


def _places(places: Sequence[Interval]) -> str:
    shown = [short(p.low) if p.low == p.high else f"{short(p.low)} … {short(p.high)}" for p in places[:3]]
    return "at " + " and ".join(shown) + (" and more" if len(places) > 3 else "")


def _side(said: Sequence[tuple[Row, str]]) -> list[Element]:
    found: list[Element] = []
    y = TOP + 8
    for text, role in said:
        if str(text):
            found.append(Label(SIDE, y, text, role, 13, "start", slanted=role == "backward"))
        y += 25 if str(text) else 12
    return found


def _table(given: Given, measured: Design, how: Convention, bare: bool) -> tuple[tuple[str, ...], ...]:
    """Every neuron; of more than ROWS, how many lie where."""
    rows: list[tuple[str, ...]] = []
    if given.z.size > ROWS:
        counts, edges = histogram(given, measured.near.on.low, measured.near.on.high)
        for steep, flat, low, high in zip(*counts.tolist(), edges.tolist(), edges[1:].tolist()):
            if steep + flat:
                rows.append((short(low), short(high), f"{steep + flat:,}", f"{flat:,}"))
        return (("z from", "to", "neurons", "of these in a flat zone"), *rows)
    for place in np.ndindex(given.z.shape):
        name = str(how.symbol("z", given.layer, *(() if bare else (place[-1],))))
        numbers = (number(float(each[place])) for each in (given.z, given.a, given.slope))
        flat = "yes" if given.flat[place] else "no"
        rows.append((name if given.one else f"{place[0]}, {name}", *numbers, flat))
    return (("neuron" if given.one else "example, neuron", "z", "σ(z)", "σ′(z)", "in a flat zone"), *rows)
