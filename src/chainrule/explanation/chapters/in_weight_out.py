"""One weight between the neuron it comes from and the neuron it leads to: a_in → w → δ_out (S2.9), and why it learns slowly.

Below the three elements the factors of ∂C/∂w are bars on a logarithmic scale, each compared with what it could be: the
longest bar is to blame, and the bars add up as the factors multiply (S2.15).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from chainrule.diagnostics.numbers import ratio
from chainrule.diagnostics.reasons import SLOW, Reason, Share, why
from chainrule.errors import IdError
from chainrule.explanation.document import Factor
from chainrule.explanation.typeset import role_of, wrapped
from chainrule.explanation.view import View
from chainrule.ids import Id, parse
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import BOLD, Circle, Element, Label, Line, Rect, heading, hue, width_of
from chainrule.writing.formula import SUBSCRIPT, SUPERSCRIPT, Formula, Row, Symbol, inline, row
from chainrule.writing.numbers import factor_numbers, minus, number, short

MARGIN, RADIUS = 24.0, 27.0
WIRE, ACROSS = 136.0, 360.0  # where the three elements stand, and how far apart
BARS, PITCH, AREA = 288.0, 34.0, 250.0  # the first bar, from bar to bar, the width of the scale
ROLES = {"input": "forward", "slope": "ink", "error": "backward"}
TICKS = (1, 2, 5, 10, 20, 50, 100)
BESIDE = 205.0  # how wide the words beside a bar may be
SMALL = ("faint", 11.5)  # role and size of what is said about a thing
DUST = 1e-6  # of the largest input of a layer: a smaller one is rounding noise, and no reason
RAISED, LOWERED = ("".join(map(chr, marks.values())) for marks in (SUPERSCRIPT, SUBSCRIPT))
MARKED = re.compile(  # at least one mark, and the letter before it
    rf"((?![{RAISED}{LOWERED}])[^\W\d_])?(?=[{RAISED}{LOWERED}])([{RAISED}]+)?([{LOWERED}]+(?:,[{LOWERED}]+)*)?"
)
PLAIN = {mark: chr(plain) for marks in (SUPERSCRIPT, SUBSCRIPT) for plain, mark in marks.items() if chr(plain) != "-"}


def in_weight_out(seen: View, *, by: str | Id | None = None) -> Scene:
    """One weight or bias `by` on one example x (in,), y (out,) or its label: its three elements, its factors, and the reason.

    Without `by` it is the weight with the smallest |∂C/∂w| that is not 0. Raises IdError for anything but weights and biases.
    """
    v = _slowest(seen) if by is None else parse(by, seen.network.parameters)
    if v.kind not in "wb":
        raise IdError(f"by={str(v)!r}: what learns is a weight (w/l/j/k) or a bias (b/l/j), as w/1/0/0")
    return _Picture(seen, v, why(seen.network, seen.x, seen.y, v, cost=seen.cost, convention=seen.how)).scene()


def _slowest(seen: View) -> Id:
    """The weight whose derivative is the smallest that is not 0, the first of several; w/1/0/0 where all are 0.

    Inputs that are rounding noise beside the largest of their layer are left out.
    """
    smallest, found = math.inf, Id("w", 1, 0, 0)
    for layer, delta in seen.into_z.items():
        a = np.abs(seen.trace.a[layer - 1])
        sizes = np.abs(np.outer(delta, a))
        sizes[(sizes == 0) | (a < DUST * a.max())] = math.inf
        if sizes.min() < smallest:
            smallest = float(sizes.min())
            found = Id("w", layer, *map(int, divmod(int(sizes.argmin()), sizes.shape[1])))
    return found


@dataclass(frozen=True)
class _Picture:
    """Three elements above, one bar per factor below, and the reason as a sentence."""

    seen: View
    v: Id
    reason: Reason

    # the three elements ----------------------------------------------------------------------------------------------
    @property
    def value(self) -> float:
        """∂C/∂w by backpropagation; through a softmax rounding may part the product of the factors from it."""
        return self.seen.value(self.v)

    @property
    def left(self) -> Formula:
        return inline(self.seen.by(self.v))

    @property
    def a_in(self) -> tuple[Formula, float]:
        """What the weight multiplies: an activation, or the 1 of a bias (S4.7)."""
        factor = self.seen.incoming(self.v)
        return factor.symbol, factor.value

    @property
    def out(self) -> tuple[Formula, float]:
        """δ of the neuron it leads to; of a bias for a whole layer the sum of them."""
        seen, v = self.seen, self.v
        if seen.shared(v):
            return row("Σ", seen.how.symbol("δ", v.layer)), seen.value(v)
        return seen.letter("δ", v.layer, v.neuron), float(seen.into_z[v.layer][v.neuron])

    def _values(self) -> list[str]:
        """The factors' numbers."""
        return _numbers([Factor(row(share.symbol), share.value) for share in self.reason.factors], self.value)

    def _weight(self) -> float:
        """The weight or the bias itself."""
        network, v = self.seen.network, self.v
        found = network.weights[v.layer][v.neuron, v.source] if v.kind == "w" else network.biases[v.layer][v.neuron]
        return float(found)

    def _elements(self) -> list[Element]:
        seen, v = self.seen, self.v
        left, right = MARGIN + 170, MARGIN + 170 + ACROSS
        value = self._weight()
        symbol, below = seen.quantity(v), WIRE + RADIUS + 40
        (a, in_value), (delta, error) = self.a_in, self.out
        ends = _numbers([Factor(a, in_value), Factor(delta, error)], self.value)
        start, end, middle = left + RADIUS, right - RADIUS, (left + right) / 2
        circle: Element = Circle(left, WIRE, RADIUS, "forward", "paper", 1.6)
        if v.kind == "b":
            circle = Rect(left - RADIUS, WIRE - RADIUS, 2 * RADIUS, 2 * RADIUS, "forward", "paper", 1.6, 3)
        product = row(a, " · ", delta) if v.kind == "w" else delta
        total = row(self.left, " = ", product, " = ", number(self.value))
        return [
            Line(((start + 3, WIRE - 7), (end - 4, WIRE - 7)), hue(value), 2.4, arrow=True),
            *(self._back(symbol, value, (end - 3, start + 4)) if v.kind == "w" else []),
            circle,
            Circle(right, WIRE, RADIUS, "backward", "paper", 1.6),
            Label(left, WIRE, a, role_of(seen.how, "a", "forward"), 15),
            Label(right, WIRE, delta, "backward", 15, slanted=True),
            Label(middle, WIRE - 24, row(symbol, " = ", short(value, 6)), role_of(seen.how, v.kind), 14),
            Label(middle, below + 19, total, "backward", 14, slanted=True),
            *([Label(left, WIRE - RADIUS - 14, ends[0], "forward", 13)] if v.kind == "w" else []),
            Label(right, WIRE + RADIUS + 15, ends[1], "backward", 13, slanted=True),
            Label(left, below, f"{seen.how.activation_word} in" if v.kind == "w" else "a bias has the input 1", *SMALL),
            Label(right, below, f"{seen.how.word} out", *SMALL),
        ]

    def _back(self, symbol: Formula, weight: float, ends: tuple[float, float]) -> list[Element]:
        """What travels back along a weight is w δ, its share of ∂C/∂a; a bias has nothing before it to tell."""
        (start, end), (delta, error) = ends, self.out
        sent = row(symbol, " ", delta, " = ", number(weight * error))
        return [
            Line(((start, WIRE + 8), (end, WIRE + 8)), "backward", 1.4, dashed=True, arrow=True),
            Label((start + end) / 2, WIRE + 25, sent, "backward", 14, slanted=True),
        ]

    # the factors -----------------------------------------------------------------------------------------------------
    def _symbol(self, share: Share) -> Formula | str:
        """A factor as the convention writes it."""
        seen, v = self.seen, self.v
        a = seen.a(v.layer, v.neuron)
        full = seen.network.activations[v.layer].full_slope
        if seen.shared(v):
            return share.symbol
        match share.what:
            case "input":
                return seen.incoming(v).symbol
            case "slope":
                return row(a, "(1 − ", a, ")") if full else seen.slope_symbol(v.layer, v.neuron)
            case "error":
                split = full and any(each.what == "slope" for each in self.reason.factors)
                return row(self._error(), " less the others’ mean") if split else self._error()
        return share.symbol

    def _error(self) -> Formula:
        """What comes back to the neuron: from the cost, or through the weights above."""
        seen, v = self.seen, self.v
        if v.layer == seen.network.depth:
            whole = seen.pair.delta is not None
            return seen.letter("δ", v.layer, v.neuron) if whole else inline(seen.by(Id("a", v.layer, v.neuron)))
        if seen.bare:
            return row(seen.weight(v.layer + 1, 0, 0), " ", seen.sensitivity(v.layer + 1))
        m = row(seen.weight(v.layer + 1, "m", v.neuron), " ", seen.sensitivity(v.layer + 1, "m"))
        return row(Symbol("Σ", below="m"), " ", m)

    def _scale(self, at: float) -> Scale:
        """Decades from pixel `at` on: from a whole number of them, with room for every bar that ends."""
        decades = [share.decades for share in self.reason.factors] + [self.reason.decades]
        finite = [each for each in decades if math.isfinite(each)]
        return Scale(math.floor(min([-3.0, *finite]) - 0.25), max([0.0, *finite]), at, at + AREA)

    def _bars(self) -> tuple[list[Element], float]:
        """One bar per factor, from what it could be, at the line, down to what it is; their sum last."""
        shares = self.reason.factors
        symbols = [self._symbol(share) for share in shares]
        total: Formula | str = self.left
        names = BOLD * max(width_of(each, 13.5) for each in (*symbols, total))
        texts = self._values()
        numbers = max(*(width_of(text, 12.5) for text in texts), BOLD * width_of(number(self.value), 12.5))
        scale = self._scale(MARGIN + names + 26 + numbers + 22)
        end = BARS + PITCH * len(shares) + 14
        found = _decade_axis(scale, end + PITCH / 2 + 16)
        ratios = [ratio(decades) for decades in (*(share.decades for share in shares), self.reason.decades)]
        words = scale.end + 14 + max(38.0, BOLD * max(width_of(text, 12.5) for text in ratios)) + 14
        worst = min(range(len(shares)), key=lambda i: shares[i].decades)
        for i, (share, symbol, text) in enumerate(zip(shares, symbols, texts)):
            y, role = BARS + PITCH * i, ROLES.get(share.what, "faint")
            bold = i == worst and self.reason.slow
            found += [
                Label(MARGIN + names, y, symbol, role, 13.5, "end", slanted=role == "backward", bold=bold),
                Label(MARGIN + names + 9, y, "=", "faint", 12.5, "start"),
                Label(MARGIN + names + 26, y, text, role, 12.5, "start", slanted=role == "backward"),
                *_bar(scale, y, share.decades, role, 1.0 if bold or not self.reason.slow else 0.45),
                Label(scale.end + 14, y, ratio(share.decades), role, 12.5, "start", bold=bold),
                *_in_lines(f"of {share.against}", words, y),
            ]
        found += [
            Line(((MARGIN, end - 18), (scale.end + 54, end - 18)), "faint", 0.8, opacity=0.6),
            Label(MARGIN + names, end, total, "ink", 13.5, "end", bold=True),
            Label(MARGIN + names + 9, end, "=", "faint", 12.5, "start"),
            Label(MARGIN + names + 26, end, number(self.value), "ink", 12.5, "start", bold=True),
            *_bar(scale, end, self.reason.decades, "accent", 1.0),
            Label(scale.end + 14, end, ratio(self.reason.decades), "accent", 12.5, "start", bold=True),
            Label(words, end, "together", *SMALL, "start"),
        ]
        return found, end

    # the page --------------------------------------------------------------------------------------------------------
    def scene(self) -> Scene:
        bars, end = self._bars()
        name, slow = self.seen.quantity(self.v), self.reason.slow
        asked = row("Why ", name, " learns slowly") if slow else row("How fast ", name, " learns")
        head = heading(asked, "values forward above the wire, derivatives backward below", MARGIN)
        elements = [*head, *self._elements(), *bars]
        right = max(each.box.right for each in bars)
        for i, line in enumerate(wrapped(self.reason.sentence, 13, right - MARGIN)):
            elements.append(Label(MARGIN, end + 64 + 22 * i, _with_marks(line), size=13, anchor="start"))
        title = f"{name} between its two neurons, and {'why it learns slowly' if slow else 'how fast it learns'}"
        return Scene.around(elements, MARGIN, title, self._says(), self._table(), "in-weight-out")

    def _says(self) -> str:
        (a, in_value), (delta, error), v = self.a_in, self.out, self.v
        name = self.seen.quantity(v)
        back = f"; {name} {delta} = {number(self._weight() * error)} goes back to {a}" if v.kind == "w" else ""
        bars = "; ".join(
            f"{self._symbol(share)} = {number(share.value)}, {ratio(share.decades)} of {share.against}"
            for share in self.reason.factors
        )
        return (
            f"{a} = {number(in_value)} enters {name}, {delta} = {number(error)} arrives behind it, and their product is "
            f"{self.left} = {number(self.value)}{back}. The factors on a logarithmic scale: {bars}; together "
            f"{ratio(self.reason.decades)}. {self.reason.sentence}"
        )

    def _table(self) -> tuple[tuple[str, ...], ...]:
        rows = [("factor", "value", "share", "of")]
        for share in self.reason.factors:
            rows.append((str(self._symbol(share)), number(share.value), ratio(share.decades), share.against))
        for step in self.reason.steps if len(self.reason.steps) > 1 else ():
            rows.append((f"on the way: {step.what}, layer {step.layer}", "", ratio(step.decades), ""))
        rows.append((str(self.left), number(self.value), ratio(self.reason.decades), "together"))
        return tuple(rows)


def _with_marks(text: str) -> Row:
    """A line whose raised and lowered digits are marks: w¹₁₃,₄₅₂ is w with 1 above and 13,452 below."""
    pieces: list[Formula | str] = []
    end = 0
    for found in MARKED.finditer(text):
        letter, above, below = found.groups("")
        pieces += [text[end : found.start()], Symbol(letter, above.translate(PLAIN), below.translate(PLAIN))]
        end = found.end()
    return row(*pieces, text[end:])


def _numbers(factors: list[Factor], value: float) -> list[str]:
    """Numbers whose product is the printed value, or six digits each where rounding or several neurons part the two."""
    if math.isclose(math.prod(factor.value for factor in factors), value, rel_tol=1e-9):
        return factor_numbers(factors, value)
    return [short(factor.value, 6) for factor in factors]


def _in_lines(text: str, x: float, y: float) -> list[Element]:
    """Words beside a bar, in as many lines as they take."""
    lines = wrapped(text, SMALL[1], BESIDE)
    return [Label(x, y + 15 * (i - (len(lines) - 1) / 2), line, *SMALL, "start") for i, line in enumerate(lines)]


def _decade_axis(scale: Scale, bottom: float) -> list[Element]:
    """Powers of ten above the bars, the line of the maximum, and from where on a weight is slow."""
    one, slow = scale.at(0.0), scale.at(-SLOW)
    found: list[Element] = [
        Rect(scale.start, BARS - 20, slow - scale.start, bottom - BARS + 20, "paper", "panel", 0),
        Label((scale.start + slow) / 2, bottom - 9, "slow", "faint", 11),
        Label(scale.end + 14, BARS - 34, "share", "faint", 11, "start"),
        Line(((one, BARS - 22), (one, bottom)), "ink", 1.0),
    ]
    # whole decades: a round number from tick to tick that makes six of them at most
    step = next((step for step in TICKS if (scale.high - scale.low) / step <= 6), TICKS[-1])
    for i in range(math.ceil(scale.low / step), math.floor(scale.high / step) + 1):
        x, power = scale.at(step * i), Symbol("", above=minus(str(step * i)))
        found.append(Label(x, BARS - 34, row("10", power) if i else "1", "faint", 11))
        found.append(Line(((x, BARS - 24), (x, BARS - 19)), "faint", 0.8))
    return found


def _bar(scale: Scale, y: float, decades: float, role: str, opacity: float) -> list[Element]:
    """From full pace down to what a factor is; torn off where it is 0."""
    one = scale.at(0.0)
    if not math.isfinite(decades):
        return [Line(((one, y), (scale.start + 2, y)), role, 10, opacity=opacity), *_torn(scale.start, y)]
    left, right = sorted((one, scale.at(decades)))
    return [Rect(left, y - 6, max(right - left, 1.0), 12, role, role, 0, 0, opacity)]


def _torn(x: float, y: float) -> list[Element]:
    """The end of a bar that goes on without end: its factor is 0."""
    zigzag = ((x + 4, y - 8), (x, y - 4), (x + 4, y), (x, y + 4), (x + 4, y + 8))
    return [Line(zigzag, "paper", 4), Line(zigzag, "ink", 1.0)]
