"""Routes drawn in the network that they lead through: all of them at once, and each alone beside its numbers (S1.17)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from chainrule.explanation.parts.routes import Routes
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View
from chainrule.pictures.shapes import Circle, Element, Label, Line, Rect, hue, width_of
from chainrule.writing.formula import Symbol

RADIUS, DOT = 15.0, 2.5  # of a neuron, and of one without its name
PITCH, ROOM = 38.0, 46.0  # from neuron to neuron, and the least from column to column at which they have names
THIN, THICK = 1.4, 9.0  # of a line of no product, and of one through which everything goes


@dataclass(frozen=True)
class Stop:
    """A column of neurons: its letter with its layer, and the neuron of every route."""

    symbol: Symbol
    neurons: tuple[int, ...]

    @cached_property
    def shown(self) -> list[int]:
        """The neurons that a route passes."""
        return sorted(set(self.neurons))


@dataclass(frozen=True)
class RouteMap:
    """The neurons that the listed routes pass, and the routes between them."""

    seen: View
    found: Routes

    @cached_property
    def stops(self) -> list[Stop]:
        """Layer by layer the neurons that are passed; through a softmax a route may leave another than it enters."""
        network, found = self.seen.network, list[Stop]()
        for i, (layer, _, _) in enumerate(self.found.ranked[0].neurons):
            ways = [route.neurons[i] for route in self.found.ranked]
            whole = layer < network.depth and network.activations[layer].full_slope
            for letter, place in (("z", 1), ("a", 2)) if whole else (("z", 1),):
                symbol = self.seen.how.symbol(letter, layer)
                found.append(Stop(symbol, tuple(way[place] for way in ways)))
        return found

    @property
    def height(self) -> float:
        """Of all the routes at once."""
        return PITCH * max((len(stop.shown) for stop in self.stops), default=1)

    def draw(self, left: float, top: float, width: float) -> list[Element]:
        """All routes: a line is as wide as the sizes of the products through it together, its hue that of their sum."""
        v, starts = self.found.v, self.found.v.kind != "z"
        columns = len(self.stops) + 1 + starts
        apart = min(200.0, (width - 2 * RADIUS) / max(columns - 1, 1))
        xs = [left + RADIUS + apart * i for i in range(columns)]
        places = self._places(top + self.height / 2, PITCH if apart >= ROOM else 3 * DOT)
        radius = RADIUS if apart >= ROOM else DOT
        lines, sizes = dict[tuple[int, float, float], float](), dict[tuple[int, float, float], float]()
        for route, ys in zip(self.found.ranked, places):
            for i, (y, then) in enumerate(pairwise(ys if starts else ys[1:])):
                lines[i, y, then] = lines.get((i, y, then), 0.0) + route.product
                sizes[i, y, then] = sizes.get((i, y, then), 0.0) + abs(route.product)
        most = max(sum(abs(route.product) for route in self.found.ranked), 1e-300)
        elements: list[Element] = []
        for (i, y, then), size in sorted(sizes.items(), key=lambda each: -each[1]):
            middle = (xs[i] + xs[i + 1]) / 2
            path = ((xs[i] + radius, y), (middle, y), (middle, then), (xs[i + 1] - radius, then))
            wide = THIN + (THICK - THIN) * size / most
            elements.append(Line(path, hue(lines[i, y, then]), wide, curved=True, opacity=0.8))
        middle = top + self.height / 2
        if starts:
            elements += self._start(xs[0], middle, xs[1] - xs[0], radius)
        for n, (stop, x) in enumerate(zip(self.stops, xs[starts:])):
            for j in stop.shown:
                y = places[stop.neurons.index(j)][1 + n]
                lit = n == 0 and v.kind == "z"
                elements.append(Circle(x, y, radius, "accent" if lit else "ink", "paper", 2.0 if lit else 1.1))
                if radius > DOT:
                    below = "" if self.seen.bare else self.seen.how.below(j)
                    name = Symbol(stop.symbol.letter, stop.symbol.above, below)
                    elements.append(Label(x, y, name, role_of(self.seen.how, name.letter), 11.5))
        end = Circle(xs[-1], middle, radius, "ink", "paper", 1.1)
        letter = Label(xs[-1], middle, Symbol(self.seen.how.letter), role_of(self.seen.how, "C"), 14)
        return [
            *elements,
            end,
            letter if radius > DOT else Label(xs[-1] + 14, middle, Symbol(self.seen.how.letter), size=13),
        ]

    def one(self, route: int, left: float, y: float, width: float, height: float) -> list[Element]:
        """One route among the neurons that any passes."""
        starts = self.found.v.kind != "z"
        columns = len(self.stops) + 1 + starts
        xs = [left + width * i / max(columns - 1, 1) for i in range(columns)]
        most = max((len(stop.shown) for stop in self.stops), default=1)
        places = self._places(y, min(7.0, height / max(most - 1, 1)))
        ys = places[route] if starts else places[route][1:]
        path = Line(tuple(zip(xs, ys)), hue(self.found.ranked[route].product), 1.8)
        dots = {(x, each[i]) for each in places for i, x in enumerate(xs, 0 if starts else 1)}
        lit = set(zip(xs, ys))
        found: list[Element] = [Circle(*at, 1.3, "faint", "faint", 0.0, 0.6) for at in sorted(dots - lit)]
        return [*found, path, *(Circle(*at, 2.2, "ink", "ink", 0.0) for at in sorted(lit))]

    def _places(self, middle: float, pitch: float) -> list[list[float]]:
        """y of every stop of each route: where it starts, its neurons, and the cost."""
        tables = []
        for stop in self.stops:
            top = middle - pitch * (len(stop.shown) - 1) / 2
            tables.append({j: top + pitch * n for n, j in enumerate(stop.shown)})
        return [
            [middle, *(table[stop.neurons[i]] for table, stop in zip(tables, self.stops)), middle]
            for i in range(len(self.found.ranked))
        ]

    def _start(self, x: float, y: float, apart: float, radius: float) -> list[Element]:
        """What the routes lead from: a weight stands at its line, anything else at their beginning."""
        seen, v = self.seen, self.found.v
        name = seen.quantity(v)
        at = seen.a(v.layer - 1, v.source) if v.kind == "w" else name
        letter = "a" if v.kind == "w" else v.kind
        role = "ink" if v.kind == "w" else "accent"
        if radius == DOT:
            return [Circle(x, y, DOT, role, "paper", 1.0), Label(x, y - 14, name, role_of(seen.how, letter), 12)]
        half = max(RADIUS, width_of(at, 11.5) / 2 + 3)
        found: list[Element] = [
            Rect(x - RADIUS, y - 13, 2 * RADIUS, 26, role, "paper", 2.0, 4.0) if v.kind == "b"
            else Circle(x, y, RADIUS, role, "paper", 1.1 if v.kind == "w" else 2.0),
            Label(x, y, at, role_of(seen.how, letter), 11.5 if half == RADIUS else 10),
        ]  # fmt: skip
        if v.kind == "w":
            found.append(Label(x + apart / 2, y - 17, name, role_of(seen.how, "w", "accent"), 14))
        return found
