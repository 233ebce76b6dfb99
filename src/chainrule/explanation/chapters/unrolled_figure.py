"""A recurrent network unrolled over time: forward solid, backward dashed, the same weights at every step (S4.20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.conventions import Convention, activated, as_convention
from chainrule.costs import Cost, as_cost
from chainrule.errors import PairError
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.shown import whole_number
from chainrule.parameters import length
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect
from chainrule.recurrent.recurrent import Recurrent
from chainrule.recurrent.steps import TimeSteps
from chainrule.recurrent.through_time import RecurrentBackward, through_time
from chainrule.writing.formula import Formula, Symbol, Transposed, row
from chainrule.writing.numbers import brief, written

Array = np.ndarray
MARGIN, PITCH, LONG, SIZE = 26.0, 118.0, 122.0, 12.0  # from step to step, of nine at most and of more
UP, DOWN, HALF = 108.0, 92.0, 27.0  # from h to y and to x; half the width of h
EARLY = 2  # of many steps the first two and the last ones are drawn
TAKEN = ("W", "U", "V", "b", "c", "h", "s")  # letters that name something else here


def unrolled_figure(
    recurrent: Recurrent,
    xs: Any,
    ys: Any,
    *,
    convention: str | Convention = "nielsen",
    cost: str | Cost | None = None,
    cost_at: str | None = None,
    h0: Any = None,
    most: int = 4,
) -> Scene:
    """One column per step t of the sequence xs (T, in) with targets ys: x_t below, h_t, y_t above, and ‖δ_t‖ going back.

    C_t above a step is its own cost; an author who writes the cost as the bias c is here read with C. Below stands what each
    step adds to ‖∂C/∂W‖ and to the lengths by U, V, b and c: its share along the gradient, so that the shares add up.
    `cost_at` as in `through_time`; unless given, "mean" where the convention's C is a mean, else "every". Of more than `most`
    steps the first two and the last ones are drawn.
    """
    how = as_convention(convention)
    drawn = whole_number(most, "most", 3)  # the first two and the last
    if how.linear_output and isinstance(recurrent, Recurrent) and recurrent.output.name != "identity":
        raise PairError(
            f"convention {how.name} applies no activation on the last layer, and this network's is "
            f"{recurrent.output.name}: choose {activated()}, or build the network with output='identity'"
        )
    the_cost = as_cost(cost if cost is not None else how.default_cost())
    at = cost_at if cost_at is not None else "mean" if how.over == "mean" else "every"
    return _Picture(through_time(recurrent, xs, ys, the_cost, at, h0), the_cost, how, drawn, at).scene()


def shares(steps: TimeSteps[Array], gradient: Array) -> list[float]:
    """How much each step adds to ‖gradient‖: its share along the direction of the sum, which add up to that norm."""
    size = float(np.linalg.norm(gradient))
    if size == 0:
        return [0.0] * len(steps)
    direction = gradient / size
    return [exact_sum(share * direction) for share in steps]


@dataclass
class _Picture:
    """Columns of steps from left to right, dots for those left out; elements and rows of the table gather on the way."""

    back: RecurrentBackward
    cost: Cost
    how: Convention
    most: int
    at: str
    elements: list[Element] = field(default_factory=list)

    @property
    def steps(self) -> int:
        return len(self.back.delta)

    @property
    def pitch(self) -> float:
        """From step to step: numbers of two digits take more room."""
        return PITCH if self.steps < 10 else LONG

    @property
    def columns(self) -> list[int | None]:
        """The steps that are drawn; None stands for those between."""
        if self.steps <= self.most:
            return [*range(1, self.steps + 1)]
        late = range(self.steps - (self.most - EARLY) + 1, self.steps + 1)
        return [*range(1, EARLY + 1), None, *late]

    @property
    def letter(self) -> str:
        """Of the whole cost, and with a step's number of that step's: never the letter of something else that is drawn."""
        return "C" if self.how.letter in TAKEN else self.how.letter

    @property
    def left(self) -> list[int]:
        """The steps that are not drawn."""
        return [t for t in range(1, self.steps + 1) if t not in self.columns]

    @property
    def reads(self) -> set[int]:
        """The steps at which the cost looks."""
        return {self.steps} if self.at == "last" else set(range(1, self.steps + 1))

    def scene(self) -> Scene:
        top = MARGIN + 92
        middle = top + 50 + UP
        start = MARGIN + 54 + HALF
        self._equations()
        self._state(start, middle, 0)
        before = start
        for n, t in enumerate(self.columns, 1):
            x = start + n * self.pitch
            self._arrows(before, x, middle, t, self.columns[n - 2] if n > 1 else 0)
            if t is None:
                self.elements.append(Label(x, middle, "…", "faint", 20))
                self.elements.append(Label(x, middle + 54, f"{len(self.left):,} more steps", "faint", SIZE))
            else:
                self._step(x, middle, t)
            before = x
        self._shares(start, middle + DOWN + 66, before)
        sizes = "-".join(map(str, self.back.trace.recurrent.sizes))
        title = f"A recurrent network {sizes} over {self._steps()}"
        scene = Scene.around(self.elements, MARGIN, title, self._description(sizes), self._table(), "unrolled")
        return scene.headed("forward solid, backward through time dashed", MARGIN)

    # parts
    def _equations(self) -> None:
        """What every step does, forward and backward."""

        def times(letter: str, vector: Formula, back: bool = False) -> Formula:
            columns = self.how.orientation == "columns"
            matrix = Symbol(letter, "" if back != (columns == (self.how.order == "to,from")) else "T")
            return row(matrix, " ", vector) if columns else row(vector, " ", matrix)

        h, x, s, z = (Symbol(letter, below="t") for letter in "hxsz")
        before, after, onto = Symbol("h", below="t−1"), Symbol("δ", below="t+1"), Symbol("δ", "s", "t")
        forward = row(h, " = σ(", z, "),  ", z, " = ", times("W", x), " + ", times("U", before), " + b;   ",
                      Symbol("y", below="t"), " = τ(", s, "),  ", s, " = ", times("V", h), " + c")  # fmt: skip
        sent = row(times("V", onto, True), " + ", times("U", after, True))
        backward = row(Symbol("δ", below="t"), " = (", sent, ") ⊙ σ′(", z, ")")
        whole = row(self.letter, f" ({self.cost!r}) = ", self._whole(), f" = {brief(self.back.cost)}")
        self.elements += [
            Label(MARGIN, MARGIN, forward, "forward", 14, "start"),
            Label(MARGIN, MARGIN + 26, backward, "backward", 14, "start", slanted=True),
            Label(MARGIN, MARGIN + 52, whole, "forward", 14, "start"),
        ]

    def _whole(self) -> Formula:
        """What the cost is made of: the costs of its steps, or their mean, or that of the last."""
        first, last = (Symbol(self.letter, below=str(t)) for t in (1, self.steps))
        if len(self.reads) == 1:
            return last
        total = row(first, " + " if self.steps == 2 else " + … + ", last)
        return row("(", total, f") / {self.steps}") if self.at == "mean" else total

    def _steps(self) -> str:
        return f"{self.steps:,} step" + ("s" if self.steps > 1 else "")

    def _state(self, x: float, y: float, t: int) -> None:
        role = "ink" if t else "faint"
        self.elements.append(Rect(x - HALF, y - 22, 2 * HALF, 44, role, "paper", 1.2, 8.0))
        self.elements.append(Label(x, y, Symbol("h", below=str(t)), role, 15))

    def _step(self, x: float, y: float, t: int) -> None:
        """One step: x_t, h_t, y_t, and C_t where the cost looks at it."""
        trace, back = self.back.trace, self.back
        self._state(x, y, t)
        low, high = y + DOWN, y - UP
        for at, letter, vector in ((low, "x", trace.x[t]), (high, "y", trace.y[t])):
            self.elements.append(Circle(x, at, 19, "ink", "paper", 1.2))
            self.elements.append(Label(x, at, Symbol(letter, below=str(t)), self._role(letter), 14))
            if vector.size == 1:
                value = f"= {brief(float(vector[0]))}"
                self.elements.append(Label(x + 25, at, value, self._role(letter, "forward"), SIZE, "start"))
        self.elements.append(Line(((x, low - 19), (x, y + 22)), "forward", 1.3, arrow=True))
        self._badge(x - 17, (low + y) / 2 + 10, "W")
        self.elements.append(Line(((x - 7, y - 22), (x - 7, high + 18)), "forward", 1.3, arrow=True))
        self._badge(x - 21, (high + y) / 2 + 13, "V")
        if t not in self.reads:
            return
        self.elements.append(Line(((x + 7, high + 18), (x + 7, y - 22)), "backward", 1.2, dashed=True, arrow=True))
        norm = row("‖", Symbol("δ", "s", str(t)), f"‖ = {_norm(back.delta_s[t])}")
        self.elements.append(Label(x + 12, (high + y) / 2 - 13, norm, "backward", SIZE, "start", slanted=True))
        cost = float(back.each[t - 1 if len(self.reads) == self.steps else 0])
        text = row(Symbol(self.letter, below=str(t)), f" = {brief(cost)}")
        self.elements.append(Label(x, high - 32, text, "forward", SIZE))

    def _arrows(self, before: float, x: float, y: float, t: int | None, last: int | None) -> None:
        """h goes on through U; δ comes back the same way, with its length."""
        left, right = before + (HALF if last is not None else 16), x - (HALF if t is not None else 16)
        self.elements.append(Line(((left, y - 8), (right, y - 8)), "forward", 1.3, arrow=True))
        self.elements.append(Line(((right, y + 8), (left, y + 8)), "backward", 1.2, dashed=True, arrow=True))
        self._badge((left + right) / 2, y - 24, "U")
        known = t if t is not None else self.left[0]
        norm = row("‖", Symbol("δ", below=str(known)), f"‖ = {_norm(self.back.delta[known])}")
        self.elements.append(Label((left + right) / 2, y + 31, norm, "backward", SIZE, slanted=True))

    def _badge(self, x: float, y: float, letter: str) -> None:
        """A weight that is the same at every step."""
        self.elements.append(Rect(x - 9, y - 9, 18, 18, "faint", "panel", 0.7, 4.0))
        self.elements.append(Label(x, y, letter, "w" if self.how.colours == "symbol" else "ink", SIZE, bold=True))

    def _role(self, letter: str, otherwise: str = "ink") -> str:
        return letter if self.how.colours == "symbol" and letter == "y" else otherwise

    def _parts(self) -> list[tuple[str, Formula, list[float], float]]:
        """W, U, V, b, c: what a step adds, how far that goes along the sum at each step, and the length of the sum."""
        g, back = self.back.gradient, self.back
        delta, of_s = Symbol("δ", below="t"), Symbol("δ", "s", "t")
        x, h, before = (Symbol(letter, below=t) for letter, t in (("x", "t"), ("h", "t"), ("h", "t−1")))
        parts = (
            ("W", self._outer(delta, x), back.shares_W, g.W),
            ("U", self._outer(delta, before), back.shares_U, g.U),
            ("V", self._outer(of_s, h), back.shares_V, g.V),
            ("b", delta, back.shares_b, g.b),
            ("c", of_s, back.shares_c, g.c),
        )
        return [(name, term, shares(steps, total), length(total)) for name, term, steps, total in parts]

    def _outer(self, delta: Symbol, into: Symbol) -> Formula:
        """δ xᵀ, turned as the author turns vectors and orders indices."""
        left, right = (delta, into) if self.how.order == "to,from" else (into, delta)
        columns = self.how.orientation == "columns"
        return row(left, " ", _turned(right)) if columns else row(_turned(left), " ", right)

    def _shares(self, start: float, y: float, end: float) -> None:
        """Below each step what it adds to the gradients; at the right their sums."""
        for i, line in enumerate(self._reading()):
            self.elements.append(Label(MARGIN, y + 18 * i, line, "faint", SIZE, "start"))
        y += 18 * (len(self._reading()) - 1) + 4
        for name, term, values, total in self._parts():
            y += 26
            self._badge(MARGIN + 9, y, name)
            adds = row("∂", self.letter, "/∂", name, " = Σ ", term)
            self.elements.append(Label(MARGIN + 26, y, adds, "backward", SIZE, "start", slanted=True))
            for n, t in enumerate(self.columns, 1):
                text = brief(values[t - 1]) if t is not None else f"Σ = {brief(self._rest(values))}"
                self.elements.append(Label(start + n * self.pitch, y, text, "backward", SIZE, slanted=True))
            total_text = row("Σ = ", self._length(name), f" = {brief(total)}")
            self.elements.append(Label(end + HALF + 16, y, total_text, "backward", SIZE, "start", slanted=True))

    def _reading(self) -> tuple[str, ...]:
        """How the shares are read."""
        if self.steps == 1:
            return ("The one step makes the whole gradient by W, U, V, b and c.",)
        return (
            "W, U, V, b and c are the same at every step: the gradient by each is the sum of what the steps send back.",
            "Below a step stands how far its term goes in the direction of that sum; so a row adds up to the sum’s length.",
        )

    def _length(self, name: str) -> Formula:
        """‖∂C/∂W‖."""
        return row("‖∂", Symbol(self.letter), "/∂", Symbol(name), "‖")

    def _rest(self, values: Sequence[float]) -> float:
        return exact_sum(values[t - 1] for t in self.left)

    # words
    def _description(self, sizes: str) -> str:
        norms = [length(each) for each in self.back.delta]
        lines = "; ".join(f"{self._length(name)} = {written(total)}" for name, _, _, total in self._parts())
        return (
            f"A recurrent network {sizes} unrolled over {self._steps()} with the same W, U, V, b and c at each. Forward, "
            f"each h goes on to the next step; the cost, {self.cost!r}, is {written(self.back.cost)}. Backward, the length of "
            f"δ is {written(norms[-1])} at step {self.steps} and {written(norms[0])} at step 1. Over all steps {lines}."
        )

    def _table(self) -> tuple[tuple[str, ...], ...]:
        parts, back = self._parts(), self.back
        head = ("step", "‖h‖", "‖δ‖", "‖δˢ‖", *(f"share of {self._length(name)}" for name, *_ in parts))
        rows = []
        for t in self.columns:
            if t is None:
                rest = [written(self._rest(values)) for *_, values, _ in parts]
                rows.append((f"{len(self.left):,} more, Σ", "", "", "", *rest))
            else:
                norms = [written(length(each)) for each in (back.trace.h[t], back.delta[t], back.delta_s[t])]
                rows.append((str(t), *norms, *(written(values[t - 1]) for *_, values, _ in parts)))
        return (head, *rows, ("all", "", "", "", *(written(total) for *_, total in parts)))


def _norm(vector: Array) -> str:
    """A length to three digits, or to two and a power of ten, which is as long."""
    size = length(vector)
    return brief(size, 3 if size >= 1e-3 else 2)


def _turned(vector: Symbol) -> Formula:
    """xᵀ, and with brackets where another mark stands above already."""
    return Transposed(vector) if vector.above else Symbol(vector.letter, "T", vector.below)
