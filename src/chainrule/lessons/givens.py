"""The numbers a question tells, in the fewest digits from which its right answer follows (S2.5, S2.8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.ids import Id
from chainrule.lessons.live import SPELLED, Live, rows_of, tex, vector
from chainrule.lessons.replies import ReplyNumber, unit, written
from chainrule.lessons.slips import RATE
from chainrule.writing.formula import Formula

Array = np.ndarray
FEWEST, MOST = 4, 17  # digits of the numbers given


@dataclass(frozen=True)
class ToldNumbers:
    """The numbers given, one line per quantity, and the number that follows from what is printed."""

    lines: tuple[str, ...]
    value: float


def told(live: Live, target: Id, number: ReplyNumber) -> tuple[str, ...] | None:
    """Lines from which a reader finds δ (d/l/j) or ∂C/∂w (w/l/j/k); None where these would be too many numbers.

    Layers of up to four neurons are listed whole, so that the reader has to pick. Of larger ones there is what is needed.
    """
    right = live.value(target)
    for digits in range(FEWEST, MOST + 1):
        given = _given(live, target, digits)
        if given is None:
            return None
        if abs(given.value - right) <= unit(right, number.digits) / 2:
            return given.lines
    return None


def _given(live: Live, target: Id, digits: int) -> ToldNumbers | None:
    l, j = target.layer, target.neuron
    listed = max(live.sizes[l : l + 2]) <= SPELLED
    delta = (_at_output if l == live.last else _in_hidden)(live, l, j, digits, listed)
    if delta is None or target.kind == "d":
        return delta
    k, a = target.source, live.trace.a[l - 1]
    line = _entry_or_all(live, "a", l - 1, a, k, digits, len(a) <= SPELLED)
    return ToldNumbers((line, *delta.lines), delta.value * float(_rounded(a, digits)[k]))


def _at_output(live: Live, l: int, j: int, digits: int, listed: bool) -> ToldNumbers | None:
    a, y, z = live.trace.a[l], live.y, live.trace.z[l]
    lines = {
        "C": f"${live.how.letter}$ = {live.cost.formula}",
        "a": _entry_or_all(live, "a", l, a, j, digits, listed),
        "y": f"{tex(_target(live, j, listed))} = {_values(y, j, digits, listed)}",
        "z": _entry_or_all(live, "z", l, z, j, digits, listed),
        "σ": _sigma(live, l),
    }
    near_a, near_y, near_z = (_rounded(each, digits) for each in (a, y, z))
    if live.pair.delta is not None:
        if live.network.output.name in ("softmax", "sigmoid"):
            return _picked(lines, "Cσay", float((near_a - near_y)[j]))
        return _picked(lines, "Cσzy", float(live.pair.delta(near_z[None], near_y[None])[0, j])) if listed else None
    if not listed and not live.elementwise(l):
        return None  # a δ would need every entry of Σ′
    if live.cost.name in ("quadratic", "squared_error") and not live.cost.own:
        slope = live.pair.slope(near_a[None], near_y[None])[0]
        return _picked(lines, "Cayzσ", float(live.through(l, slope, near_z)[j]))
    into = live.back.da[l]
    lines["∇"] = f"{tex(_by_activation(live, l, j, listed))} = {_values(into, j, digits, listed)}"
    return _picked(lines, "∇zσ", float(live.through(l, _rounded(into, digits), near_z)[j]))


def _picked(lines: dict[str, str], which: str, value: float) -> ToldNumbers:
    return ToldNumbers(tuple(lines[each] for each in which), value)


def _in_hidden(live: Live, l: int, j: int, digits: int, listed: bool) -> ToldNumbers | None:
    w, delta, z = live.network.weights[l + 1], live.back.delta[l + 1], live.trace.z[l]
    z_line, near_z = _entry_or_all(live, "z", l, z, j, digits, listed), _rounded(z, digits)
    if listed:
        matrix = written(float(w[0, 0]), digits) if w.size == 1 else rows_of(live.matrix(l + 1), digits)
        step = f"$\\eta$ = {written(RATE)} for the step that follows"
        lines = (
            f"{live.tex('w', l + 1)} = {matrix} and {step}",
            _entry_or_all(live, "d", l + 1, delta, 0, digits, True),
            z_line,
            _sigma(live, l),
        )
        into = _rounded(w, digits).T @ _rounded(delta, digits)
        return ToldNumbers(lines, float(live.through(l, into, near_z)[j]))
    if not live.elementwise(l):
        return None
    into = live.back.da[l]
    by = f"{tex(_by_activation(live, l, j, False))} = {_values(into, j, digits, False)}"
    return ToldNumbers((by, z_line, _sigma(live, l)), float(live.through(l, _rounded(into, digits), near_z)[j]))


# a line -------------------------------------------------------------------------------------------------------------
def _rounded(values: Array, digits: int) -> Array:
    """Values as they are printed."""
    return np.array([float(f"{v:.{digits}g}") for v in values.ravel()]).reshape(values.shape)


def _values(values: Array, j: int, digits: int, listed: bool) -> str:
    return vector(values, digits) if listed and len(values) > 1 else written(float(values[j]), digits)


def _entry_or_all(live: Live, kind: str, layer: int, values: Array, j: int, digits: int, listed: bool) -> str:
    """a² = (…), or of a layer that is not listed a²₀ = …"""
    name = live.tex(kind, layer) if listed and len(values) > 1 else live.tex(kind, layer, j)
    return f"{name} = {_values(values, j, digits, listed)}"


def _target(live: Live, j: int, listed: bool) -> Formula:
    return live.how.symbol("y") if listed and live.sizes[-1] > 1 else live.of_output("y", j)


def _by_activation(live: Live, l: int, j: int, listed: bool) -> Formula:
    return live.by(live.symbol("a", l) if listed and live.sizes[l] > 1 else live.symbol("a", l, j))


def _sigma(live: Live, l: int) -> str:
    sigma = live.network.activations[l]
    if sigma.name == "identity" and not sigma.own:
        return f"layer {l} is linear: $\\sigma(z) = z$"
    return f"layer {l} is {sigma!r}: $\\sigma$ is {sigma.formula}"
