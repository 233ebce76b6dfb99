"""The last hidden layer as a tug of war: how hard each neuron pulls for the target and against the answer.

With z = W a + b, z_target − z_answer = Σ_k a_k (w_target,k − w_answer,k) + b_target − b_answer: one pull per neuron, and one of
the biases. Through a softmax that difference is ln(p_target / p_answer). Where the answer is right, the runner-up takes its
place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.terms import Term, summed
from chainrule.explanation.view import View
from chainrule.ids import activation
from chainrule.pictures.shapes import Element, Label, Line, Rect, hue
from chainrule.writing.formula import Formula, row
from chainrule.writing.numbers import number, short

Array = np.ndarray
HEAD, TALL = 58.0, 58.0  # the room above the bars, and from the middle line to the end of the strongest
WIDEST = 24.0  # of a bar
SIZE = 11.5


@dataclass(frozen=True)
class TugOfWar:
    """The target of one example and the output it competes with: the answer, or where that is right the runner-up."""

    seen: View
    target: int
    other: int

    @classmethod
    def of(cls, seen: View) -> TugOfWar:
        a, target = seen.trace.a[seen.network.depth], int(seen.y.argmax())
        return cls(seen, target, max((j for j in range(a.size) if j != target), key=lambda j: float(a[j])))

    @property
    def missed(self) -> bool:
        """Whether the other output is the answer."""
        a = self.seen.trace.a[self.seen.network.depth]
        return bool(a[self.other] > a[self.target])

    @cached_property
    def pulls(self) -> Array:
        """a_k (w_target,k − w_other,k) of every neuron of the last hidden layer, (n,)."""
        last = self.seen.network.depth
        weights = self.seen.network.weights[last]
        return np.asarray(self.seen.trace.a[last - 1] * (weights[self.target] - weights[self.other]))

    @cached_property
    def biases(self) -> float:
        """b_target − b_other; 0 where the layer shares one, or has none."""
        b = self.seen.network.biases[self.seen.network.depth]
        return float(b[self.target] - b[self.other]) if b.size > 1 else 0.0

    @cached_property
    def total(self) -> float:
        """z_target − z_other."""
        return exact_sum([*self.pulls.tolist(), self.biases])

    @cached_property
    def sides(self) -> tuple[float, float]:
        """The sums of the pulls for the target, and of those for the other."""
        return exact_sum(self.pulls[self.pulls > 0]), exact_sum(self.pulls[self.pulls < 0])

    def name(self, j: int) -> str:
        """The number of an output, in the reader's convention."""
        return str(j + self.seen.how.base)

    @property
    def height(self) -> float:
        """From its title to what the pulls add up to."""
        return HEAD + 2 * TALL + 38

    # what is drawn ---------------------------------------------------------------------------------------------------
    def draw(self, left: float, right: float, y: float) -> list[Element]:
        """Bars from the strongest for the target to the strongest for the other, what they are, and what they add up to."""
        order, middle = np.argsort(-self.pulls, kind="stable").tolist(), y + HEAD + TALL
        pitch = min(WIDEST, (right - left) / len(order))
        largest = float(np.abs(self.pulls).max()) or 1.0
        found: list[Element] = [
            Label(left, y, self.title, "ink", 13, "start", bold=True),
            Label(left, y + 19, self._each, "faint", SIZE, "start"),
            *self._side(order[0], left, y + 42, "start"),
        ]
        for i, (k, tall) in enumerate(zip(order, (TALL / largest * self.pulls[order]).tolist())):
            if abs(tall) > 0.05:
                place = left + pitch * i, middle - max(tall, 0.0), 0.85 * pitch, abs(tall)
                found.append(Rect(*place, filled=hue(tall), stroke=0.0, of=str(activation(self._layer, k))))
        found.append(Line(((left, middle), (left + pitch * len(order), middle)), "faint", 0.8))
        silent = int(np.count_nonzero(self.pulls == 0))
        if silent:
            first = order.index(next(k for k in order if self.pulls[k] == 0))
            said = f"{silent:,} silent"
            found.append(Label(left + pitch * (first + silent / 2), middle - 12, said, "faint", SIZE))
        bottom = y + self.height - 24
        found += self._side(order[-1], left + pitch * len(order), bottom, "end")
        return [*found, Label(left, bottom + 24, self.equation, "ink", 12, "start")]

    @property
    def title(self) -> str:
        if self.missed:
            return f"Why {self.name(self.other)} and not {self.name(self.target)}"
        return f"Why {self.name(self.target)} and not {self.name(self.other)}"

    @property
    def _layer(self) -> int:
        return self.seen.network.depth - 1

    @property
    def _each(self) -> Formula:
        """What a bar is."""
        seen, last = self.seen, self.seen.network.depth
        to_target, to_other = (seen.weight(last, j, "k") for j in (self.target, self.other))
        neuron = f"a neuron of layer {self._layer}" if self._layer else "an input"
        difference = row("(", to_target, " − ", to_other, ")")
        return row(f"each bar: {neuron} and its pull ", seen.letter("a", self._layer, "k"), " ", difference)

    def _side(self, strongest: int, x: float, y: float, anchor: str) -> list[Element]:
        """What the pulls of one side add up to, and the strongest of them."""
        target = anchor == "start"
        total, pull = self.sides[0 if target else 1], float(self.pulls[strongest])
        if total == 0:
            return []
        output = self.name(self.target if target else self.other)
        a = self.seen.letter("a", self._layer, strongest)
        text = row(f"for {output}: {short(total)}, most by ", a, f": {short(pull, 3)}")
        return [Label(x, y, text, hue(pull), SIZE, anchor)]

    @property
    def equation(self) -> Formula:
        """z_target − z_other as the sum of both sides and the biases, and what it says of p."""
        seen, last = self.seen, self.seen.network.depth
        outputs = self.target, self.other
        z, p = ([seen.letter(letter, last, j) for j in outputs] for letter in "za")
        terms: list[Term] = [
            (self.sides[0], f"for {self.name(self.target)}"),
            (self.sides[1], f"for {self.name(self.other)}"),
        ]
        terms = [(value, what) for value, what in terms if value] + [(self.biases, "biases")] * bool(self.biases)
        said = summed(row(z[0], " − ", z[1]), terms or [(0.0, "")], self.total)
        return row(said, " = ln(", p[0], "/", p[1], ")")

    def rows(self) -> list[tuple[str, str, str]]:
        """Its numbers for the table."""
        target, other = self.name(self.target), self.name(self.other)
        return [
            (f"pulls for {target}, Σ", number(self.sides[0]), ""),
            (f"pulls for {other}, Σ", number(self.sides[1]), ""),
            (f"bias of {target} − that of {other}", number(self.biases), ""),
            (f"z of {target} − z of {other}", number(self.total), ""),
        ]
