"""Every route from a quantity to the cost, drawn and multiplied out; their running sum ends on the gradient (S1.17).

A factor is printed dark where it first occurs and pale where a route above has used it already: sharing those products, as
backpropagation does, saves the multiplications that are counted below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.drawn_routes import RouteMap
from chainrule.explanation.parts.multiplications import whole_work, work
from chainrule.explanation.parts.routes import Route, Routes, routes
from chainrule.explanation.shown import differentiable, steepest, whole_number
from chainrule.explanation.typeset import Look, typeset
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import BOLD, Element, Label, Line, Rect, heading, hue, moved, width_of
from chainrule.writing.formula import Formula, Symbol, inline, partial, row
from chainrule.writing.numbers import factor_rows, number

MARGIN, MAP, PITCH, LINE = 26.0, 76.0, 34.0, 22.0  # MAP is where the network begins
WIDE, ROUTE = 700.0, 60.0  # of the network, and of a route alone
FACTORS, AREA = 460.0, 80.0  # the widths of a line of factors, and of the running sum
APART = 15.0  # from a column of factors to the next
LONGEST = 240.0  # of the bars of multiplications


def path_sum(seen: View, *, by: str | Id | None = None, most: int = 8) -> Scene:
    """∂C/∂by of one example x (in,), y (out,) or its label, as the sum over the routes from `by` to the cost.

    `by` is a weight, a bias, a z, an a or an input; without it, the weight of layer 1 with the largest |∂C/∂w|. `most` routes
    are listed, all others in one exact sum. Raises SettingError where there are more than a million routes,
    DisagreementError, drawing nothing, where their sum is not the gradient.
    """
    v = steepest(seen, 1) if by is None else differentiable(by, seen)
    return _Picture(seen, routes(seen, v, whole_number(most, "most")), work(seen, v), whole_work(seen)).scene()


@dataclass(frozen=True)
class _Picture:
    """The routes as rows: neurons, factors, product, and the step each makes in the running sum."""

    seen: View
    found: Routes
    this_work: tuple[int, int]
    whole_work: tuple[int, int]

    @property
    def left(self) -> Formula:
        return inline(self.seen.by(self.found.v))

    @property
    def more(self) -> int:
        """How many routes are not listed."""
        return self.found.count - len(self.found.ranked)

    def steps(self) -> list[float]:
        """What each route adds, and what the rest does."""
        return [*(route.product for route in self.found.ranked), *([self.found.rest] if self.more else [])]

    def sums(self) -> list[float]:
        """The running sum before the first route, after each, and after the rest."""
        products = [route.product for route in self.found.ranked]
        parts = [exact_sum(products[:i]) for i in range(len(products) + 1)]
        return [*parts, self.found.total] if self.more else [*parts[:-1], self.found.total]

    def running(self) -> list[str]:
        """The running sum as it is printed; it ends on the gradient."""
        return [*map(number, self.sums()[1:-1]), number(self.found.value)]

    def heads(self) -> list[Formula]:
        """What stands above the columns of factors."""
        seen, v, last = self.seen, self.found.v, self.seen.network.depth
        if not self.found.ranked[0].neurons:
            return [self.left]
        heads: list[Formula] = []
        if v.kind == "w":
            heads.append(self.found.ranked[0].factors[0].symbol)
        if v.kind in "ax":
            heads.append(seen.how.symbol("w", v.layer + 1))
        for layer in range(seen.first_layer(v), last):
            whole = seen.network.activations[layer].full_slope
            a, z = seen.how.symbol("a", layer), seen.how.symbol("z", layer)
            heads += [
                inline(partial(a, z)) if whole else seen.slope_symbol_of_layer(layer),
                seen.how.symbol("w", layer + 1),
            ]
        if len(seen.arriving(0)) == 1:
            return [*heads, seen.how.symbol("δ", last)]
        a, cost = seen.how.symbol("a", last), Symbol(seen.how.letter)
        return [*heads, seen.slope_symbol_of_layer(last), inline(partial(cost, a))]

    @cached_property
    def map(self) -> RouteMap:
        return RouteMap(self.seen, self.found)

    @cached_property
    def columns(self) -> list[_Column]:
        """The factors in columns; where they are many, in several lines."""
        written = list(zip(*factor_rows([(route.factors, route.product) for route in self.found.ranked])))
        widths = [
            max(width_of(head, 13), *(width_of(text, 12) for text in texts))
            for head, texts in zip(self.heads(), written)
        ]
        whole = sum(widths) + APART * len(widths)
        most = max(whole / math.ceil(whole / FACTORS), max(widths))  # of lines about as long as each other
        found, x, line = list[_Column](), 0.0, 0
        for head, texts, wide in zip(self.heads(), written, widths):
            if x and x + wide / 2 > most:
                x, line = 0.0, line + 1
            found.append(_Column(head, texts, x, wide, line))
            x += wide + APART
        return found

    @property
    def lines(self) -> int:
        """How many lines of factors a route has."""
        return self.columns[-1].line + 1

    @property
    def top(self) -> float:
        """Where the rows begin."""
        return MAP + self.map.height + 28 + LINE * self.lines

    def scene(self) -> Scene:
        rows, pitch = len(self.found.ranked) + bool(self.more), max(PITCH, LINE * self.lines + 6)
        ys = [self.top + pitch * (i + 0.5) for i in range(rows)]
        elements = self.map.draw(MARGIN, MAP, WIDE)
        x = MARGIN + ROUTE + 12
        elements += self._routes(ys)
        more, x = self._factors(x, ys)
        elements += more
        more, x = self._products(x, ys)
        elements += more
        more, right = self._running(x + 20, ys, pitch)
        elements += [*more, *self._head(), *self._work(ys[-1] + pitch / 2 + 84)]
        rule = Line(((MARGIN, self.top - 2), (right, self.top - 2)), "faint", 0.8, opacity=0.5)
        if self.lines > 1:  # else nothing says which lines of factors are of one route
            elements += [moved([rule], 0, pitch * i)[0] for i in range(1, rows)]
        routes = f"{self.found.count:,} route" + ("s" if self.found.count > 1 else "")
        title = f"{self.seen.by(self.found.v)} as a sum over {routes}"
        return Scene.around([rule, *elements], MARGIN, title, self._says(), self._table(), "path-sum")

    def _head(self) -> list[Element]:
        count = self.found.count
        said = "One route leads" if count == 1 else f"{count:,} routes lead"
        v, letter = self.seen.quantity(self.found.v), self.seen.how.letter
        listed = "all of them drawn" if not self.more else f"the strongest {len(self.found.ranked)} drawn"
        many = f"{listed}, as wide as their products; pale below: a factor that a route above has used already"
        says = many if count > 1 else "the derivative is the product of its factors"
        return heading(row(said + " from ", v, " to ", letter), says, MARGIN)

    def _routes(self, ys: list[float]) -> list[Element]:
        """Each route alone among the neurons that are drawn; and how many are not."""
        found = [
            each
            for i, y in enumerate(ys[: len(self.found.ranked)])
            for each in self.map.one(i, MARGIN + 4, y, ROUTE - 8, 24)
        ]
        if self.more:
            words = f"{self.more:,} more route" + ("s" if self.more > 1 else "")
            found.append(Label(MARGIN, ys[-1], words, "faint", 12, "start"))
        return found

    def _factors(self, x: float, ys: list[float]) -> tuple[list[Element], float]:
        """The factors, a column each; pale where the same factor stands further up."""
        found: list[Element] = []
        first = self.top - 16 - LINE * (self.lines - 1)
        for n, (column, factors) in enumerate(zip(self.columns, zip(*(route.factors for route in self.found.ranked)))):
            middle, last = x + column.x + column.wide / 2, n == len(self.columns) - 1
            found += typeset(column.head, 13, Look(self.seen.how)).around(middle, first + LINE * column.line)
            used: set[str] = set()
            for factor, text, y in zip(factors, column.texts, ys):
                role = "faint" if str(factor.symbol) in used else "ink"
                at = y + LINE * (column.line - (self.lines - 1) / 2)
                found.append(Label(middle, at, text, role, 12))
                used.add(str(factor.symbol))
                found.append(Label(x + column.x + column.wide + APART / 2, at, "=" if last else "·", "faint", 12))
        return found, x + max(column.x + column.wide for column in self.columns) + APART

    def _products(self, x: float, ys: list[float]) -> tuple[list[Element], float]:
        """What each route contributes, and the rest together."""
        values = self.steps()
        wide = max(50.0, *(width_of(number(value), 12.5) for value in values))
        found: list[Element] = [Label(x + wide, self.top - 16, "product", "faint", 11.5, "end")]
        for value, y in zip(values, ys):
            found.append(Label(x + wide, y, number(value), hue(value), 12.5, "end"))
        if self.more:
            found.append(Label(x - 8, ys[-1], "Σ =", "faint", 12, "end"))
        return found, x + wide

    def _running(self, x: float, ys: list[float], pitch: float) -> tuple[list[Element], float]:
        """Each product as a step from the sum before to the sum after; the last bar is the gradient."""
        sums = self.sums()
        low, high = min(0.0, *sums), max(0.0, *sums)
        scale = Scale(low, high if high > low else 1.0, x, x + AREA)
        zero, *places = map(scale.at, (0.0, *sums))
        bottom = ys[-1] + pitch / 2 + 17
        found: list[Element] = [
            Label(x + AREA / 2, self.top - 16, "running sum", "faint", 11.5),
            Line(((zero, self.top - 2), (zero, bottom + 12)), "faint", 0.8),
            Label(zero, bottom + 20, "0", "faint", 11),
        ]
        texts, total = self.running(), number(self.found.value)
        room = max(BOLD * width_of(total, 13), *(width_of(text, 12) for text in texts))
        right = x + AREA + 14 + room
        nexts = [*ys[1:], bottom]
        for (before, after), value, text, y, then in zip(pairwise(places), self.steps(), texts, ys, nexts):
            if value:
                found.append(_step(before, after, y, hue(value)))
            found.append(Line(((after, y + (6 if value else -6)), (after, then - 6)), "faint", 0.8))
            found.append(Label(right, y, text, size=12, anchor="end"))
        found.append(replace(_step(zero, places[-1], bottom, "backward"), filled="", stroke=1.2))
        found.append(Label(right, bottom, total, "backward", 13, "end", slanted=True, bold=True))
        found.append(Label(x - 14, bottom, row(self.left, " ="), "backward", 13, "end", slanted=True))
        if self._rounding():
            found.append(Label(right, bottom + 35, self._rounding(), "faint", 11, "end"))
        return found, right

    def _rounding(self) -> str:
        """What is said where rounding parts the exact sum from backpropagation in what is printed."""
        exact = number(self.found.total)
        return "" if exact == number(self.found.value) else f"added exactly {exact}; the difference is rounding"

    def _work(self, y: float) -> list[Element]:
        """Multiplications with and without sharing, for this derivative and for the whole gradient."""
        blocks = [(row("for ", self.left), self.this_work), (row("for the whole gradient"), self.whole_work)]
        blocks = [block for block in blocks if block[1][0] != block[1][1]] or blocks[:1]  # where nothing is shared: one
        says = "multiplications, each pair of bars on its own scale" if len(blocks) > 1 else "multiplications"
        left, found = MARGIN + 300, list[Element]([Label(MARGIN, y, says, size=12.5, anchor="start", bold=True)])
        for n, (words, counts) in enumerate(blocks):
            top = y + 28 + 52 * n
            found.append(Line(((left, top - 10), (left, top + 28)), "faint", 0.8))
            found.append(Label(MARGIN, top, words, size=12, anchor="start"))
            found += _bars(left, top, LONGEST / max(*counts, 1), *counts)
        return found

    def _says(self) -> str:
        found, (alone, shared), whole = self.found, self.this_work, self.whole_work
        listed = "; ".join(f"{_way(self.seen, route)}: {number(route.product)}" for route in found.ranked)
        rest = f"; {self.more:,} more, together {number(found.rest)}" if self.more else ""
        rounding = f" ({self._rounding()})" if self._rounding() else ""
        return (
            f"The routes by the neurons they pass, each with the product of its factors: {listed}{rest}. They add up to "
            f"{self.seen.by(found.v)} = {number(found.value)}{rounding}. Multiplications for it: {alone:,} with each route "
            f"alone, {shared:,} when products are shared; for the whole gradient {whole[0]:,} and {whole[1]:,}."
        )

    def _table(self) -> tuple[tuple[str, ...], ...]:
        found, texts = self.found, self.running()
        rows = [("route", *map(str, self.heads()), "product", "running sum")]
        for route, text in zip(found.ranked, texts):
            factors = (number(factor.value) for factor in route.factors)
            rows.append((_way(self.seen, route), *factors, number(route.product), text))
        if self.more:
            blank = [""] * len(found.ranked[0].factors)
            rows.append((f"{self.more:,} more", *blank, number(found.rest), texts[-1]))
        return tuple(rows)


@dataclass(frozen=True)
class _Column:
    """The factors of all routes below each other: what stands above, the numbers, where they stand, and in which line."""

    head: Formula
    texts: tuple[str, ...]
    x: float
    wide: float
    line: int


def _step(start: float, end: float, y: float, role: str) -> Rect:
    """A bar from one running sum to the next."""
    return Rect(min(start, end), y - 6, max(abs(end - start), 1.0), 12, role, role, 0)


def _bars(left: float, y: float, scale: float, alone: int, shared: int) -> list[Element]:
    """Two numbers of multiplications, `scale` pixels each, and how many are saved."""
    saved = f" ({alone - shared:,} saved)" if shared < alone else ""
    found: list[Element] = []
    rows = (("each route alone", alone, "faint", ""), ("shared", shared, "accent", saved))
    for at, (what, count, role, more) in zip((y, y + 18), rows):
        found.append(Label(left - 12, at, what, "faint", 11.5, "end"))
        found.append(Rect(left, at - 5, scale * count, 10, role, role, 0))
        found.append(Label(left + scale * count + 8, at, f"{count:,}{more}", size=11.5, anchor="start"))
    return found


def _way(seen: View, route: Route) -> str:
    """The neurons a route passes, in the reader's counting."""
    stops = [
        str(j + seen.how.base) if j == i else f"{j + seen.how.base}⇢{i + seen.how.base}" for _, j, i in route.neurons
    ]
    return " → ".join([*stops, seen.how.letter])
