"""What the cost depends on, back through the layers: w, a and b make z, z makes a, a and y make C (S1.5); a route lit (S1.14).

In a wider network the tree is unfolded along one neuron per layer: its inputs are above it as products, and the
other neurons of its layer are not drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import IdError
from chainrule.explanation.document import Factor
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.strongest_route import strongest_route
from chainrule.explanation.shown import differentiable, together, whole_number
from chainrule.explanation.typeset import role_of
from chainrule.explanation.view import View
from chainrule.ids import Id, activation
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, Line, Rect, heading, width_of
from chainrule.writing.formula import Formula, Row, Symbol, inline, partial, row
from chainrule.writing.numbers import bracketed, brief, factor_numbers, number

MARGIN, TOP = 24.0, 92.0
HIGH, FAN, DOWN, APART = 42.0, 50.0, 40.0, 12.0  # a box, from inputs to z, from z to a, between boxes
SIZE, NUMBER = 13.5, 11.0
IN_A_LINE = 9  # factors
FEWEST, MOST, WIDEST = 2, 6, 850.0  # inputs that are shown, and how wide the picture may be for that


@dataclass(frozen=True)
class Node:
    """A box: where (columns from the spine, row), what it holds, and what it leads to."""

    column: float
    row: int
    symbol: Formula
    numbers: str
    role: str = "ink"
    id: Id | None = None
    aside: bool = False  # one of the others, and not unfolded


@dataclass(frozen=True)
class RouteStep:
    """A step of the lit route: from, to, the derivative and what it is."""

    left: Formula
    factor: Factor


def computation_tree(seen: View, *, by: str | Id | None = None, layer: int = 1, most: int | None = None) -> Scene:
    """The tree of one example x (in,), y (out,) or its label, from the inputs of `layer` down to the cost.

    `by`, a weight, a bias, a z, an a or an input, is followed to the cost on its strongest route, one derivative per step; else
    the tree follows what a neuron gets most of. Of more than `most` inputs the largest |w a| are shown, and the exact sum of
    the others; without `most`, as many as a column of text has room for. Raises IdError for a quantity or a layer that is not
    there.
    """
    v = None if by is None else differentiable(by, seen)
    first = _first_layer(layer, seen, v)
    if most is not None:
        return _Tree(seen, v, first, whole_number(most, "most")).scene()
    scenes = [_Tree(seen, v, first, FEWEST).scene()]
    while (count := FEWEST + len(scenes)) <= MOST and scenes[-1].width <= WIDEST:
        scenes.append(_Tree(seen, v, first, count).scene())
    return next((scene for scene in reversed(scenes) if scene.width <= WIDEST), scenes[0])


def _first_layer(layer: Any, seen: View, v: Id | None) -> int:
    last = seen.network.depth
    if isinstance(layer, bool) or not isinstance(layer, (int, np.integer)) or not 1 <= layer <= last:
        raise IdError(f"layer={layer!r}: the tree begins with the inputs of one of the layers 1…{last}")
    if v is not None and layer > (v.layer + 1 if v.kind in "ax" else v.layer) and v.layer < last:
        raise IdError(f"by={str(v)!r} is not in a tree that begins with layer {layer}: give layer={max(v.layer, 1)}")
    return int(layer)


class _Tree:
    """The tree of one view: rows of boxes, two a layer, the unfolded neurons below each other on the spine."""

    def __init__(self, seen: View, v: Id | None, first: int, most: int) -> None:
        self.seen, self.v, self.first, self.most = seen, v, first, most
        self.route = [] if v is None else strongest_route(seen, v)
        self.neurons = self._spine()
        self.nodes = [node for layer in range(first, seen.network.depth + 1) for node in self._layer(layer)]
        self.nodes += self._output()
        left = -min(node.column for node in self.nodes)
        self.box = max(70.0, *(max(width_of(n.symbol, SIZE), width_of(n.numbers, NUMBER)) + 16 for n in self.nodes))
        self.spine = MARGIN + left * (self.box + APART) + self.box / 2

    # what is unfolded ------------------------------------------------------------------------------------------------
    def _spine(self) -> dict[int, tuple[int, int]]:
        """For each layer from first − 1 on, the z and the a on the spine: those of the route, above it the largest |w a|."""
        seen, last = self.seen, self.seen.network.depth
        found: dict[int, tuple[int, int]] = {}
        z = {id.layer: id.neuron for id in self.route if id.kind == "z"}
        a = {id.layer: id.neuron for id in self.route if id.kind in "ax"}
        if self.v is not None and self.v.kind == "w":
            a[self.v.layer - 1] = self.v.source
        for layer in range(last, self.first - 2, -1):
            if layer == last:
                leaves = a.get(layer, z.get(layer, int(np.argmax(np.abs(seen.into_z[last])))))
            else:
                above = found[layer + 1][0]
                leaves = a.get(layer, int(np.argmax(np.abs(self._brought(layer + 1, above)))))
            found[layer] = (z.get(layer, leaves), leaves)
        return found

    def _brought(self, layer: int, j: int) -> np.ndarray:
        """w a of every input of a neuron."""
        return np.asarray(self.seen.network.weights[layer][j] * self.seen.trace.a[layer - 1])

    # boxes -----------------------------------------------------------------------------------------------------------
    def _layer(self, layer: int) -> list[Node]:
        """The inputs of a layer's neuron, and its z; of a softmax the z of the other neurons too."""
        seen, at = self.seen, 2 * (layer - self.first)
        j, before = self.neurons[layer][0], self.neurons[layer - 1][1]
        w, a = Id("w", layer, j, before), activation(layer - 1, before)
        nodes = [
            self._node(-1, at, w, float(seen.network.weights[layer][j, before])),
            self._node(0, at, a, float(seen.trace.a[layer - 1][before])),
            self._node(0, at + 1, Id("z", layer, j), float(seen.trace.z[layer][j])),
        ]
        products = self._brought(layer, j)
        left, right, rest = _others(products, before, self.most)
        for column, k in [*((-2 - i, k) for i, k in enumerate(left)), *((1 + i, k) for i, k in enumerate(right))]:
            both = row(seen.weight(layer, j, k), " ", seen.a(layer - 1, k))
            nodes.append(Node(column, at, both, brief(float(products[k]), 6), aside=True))
        column = 1 + len(right)
        if rest:
            total = exact_sum(products[k] for k in rest)
            more = Symbol(f"{len(rest):,} more")
            nodes.append(Node(column, at, more, f"Σ = {brief(total, 6)}", aside=True))
            column += 1
        bias = seen.network.biases[layer]
        if bias.size:
            b = Id("b", layer, 0 if bias.size == 1 else j)
            nodes.append(self._node(column, at, b, float(bias[b.neuron])))
        return [*nodes, *self._softmax(layer, at + 1)]

    def _softmax(self, layer: int, at: int) -> list[Node]:
        """The other z that an a of a softmax depends on."""
        if not self.seen.network.activations[layer].full_slope:
            return []
        z, a = self.neurons[layer]
        sizes = self.seen.slopes(layer)[a]
        left, right, rest = _others(sizes, z, max(2, self.most // 2))
        shown = sorted([*left, *right], reverse=True)
        nodes = [
            self._node(-1 - i, at, Id("z", layer, k), float(self.seen.trace.z[layer][k]), aside=True)
            for i, k in enumerate(shown)
        ]
        if rest:  # a softmax adds up no z, so no sum of them is said
            more = row(f"{len(rest):,} more ", self.seen.how.symbol("z", layer))
            nodes.append(Node(-1 - len(shown), at, more, "through softmax", aside=True))
        return nodes

    def _output(self) -> list[Node]:
        """a^L and y, and the cost they make; of the other outputs those on whose z it depends most."""
        seen, last = self.seen, self.seen.network.depth
        at, j = 2 * (last - self.first + 1), self.neurons[last][1]
        target, y = seen.target(j), float(seen.y[j])
        nodes = [
            self._node(0, at, Id("a", last, j), float(seen.trace.a[last][j])),
            Node(1, at, target, brief(y, 6), role_of(seen.how, "y")),
        ]
        left, right, rest = _others(seen.into_z[last], j, self.most)
        for column, k in [*((-1 - i, k) for i, k in enumerate(left)), *((2 + i, k) for i, k in enumerate(right))]:
            both = row(seen.a(last, k), ", ", seen.target(k))
            numbers = f"{brief(float(seen.trace.a[last][k]), 6)}, {brief(float(seen.y[k]), 6)}"
            nodes.append(Node(column, at, both, numbers, aside=True))
        if rest:
            others = Symbol(f"{len(rest):,} more outputs"), "with their targets"
            nodes.append(Node(2 + len(right), at, *others, aside=True))
        return [*nodes, self._node(0, at + 1, Id("C"), seen.cost_value)]

    def _node(self, column: float, at: int, id: Id, value: float, aside: bool = False) -> Node:
        return Node(column, at, self.seen.quantity(id), brief(value, 6), role_of(self.seen.how, id.kind), id, aside)

    # the route -------------------------------------------------------------------------------------------------------
    def links(self) -> dict[Id, RouteStep]:
        """The steps of the route by where they arrive."""
        return {after: self._link(before, after) for before, after in zip(self.route, self.route[1:])}

    def _link(self, before: Id, after: Id) -> RouteStep:
        left = inline(partial(self.seen.quantity(after), self.seen.quantity(before)))
        step = self.seen.step(before, after)
        return RouteStep(left, Factor(inline(step.symbol), step.value))

    def lit(self, node: Node) -> bool:
        if node.id is None or node.aside:
            return False
        last = self.seen.network.depth
        skipped = node.id.kind == "a" and node.id.layer == last and bool(self.route)  # δ^L passes it in one step
        return node.id in self.route or (skipped and self.route[0] != node.id)

    # the picture -----------------------------------------------------------------------------------------------------
    def _place(self, node: Node) -> tuple[float, float]:
        """The middle of a box."""
        layers, within = divmod(node.row, 2)
        y = TOP + (24 if self.first > 1 else 0) + HIGH / 2 + layers * (2 * HIGH + FAN + DOWN) + within * (HIGH + FAN)
        return self.spine + node.column * (self.box + APART), y

    def scene(self) -> Scene:
        title = self._title()
        elements = heading(title, "every box depends on the boxes that lead down to it", MARGIN)
        bottom = {node.row: node for node in self.nodes if node.column == 0}
        for node in sorted(self.nodes, key=self.lit):
            if node.row + 1 in bottom:
                elements.append(self._edge(node, bottom[node.row + 1]))
        if self.first > 1:
            elements += self._stub(bottom[0])
        for node in self.nodes:
            elements += self._box(node)
        elements += self._factors(bottom)
        foot = self._place(bottom[max(bottom)])[1] + HIGH / 2
        elements += self._product_line(foot + 44)
        return Scene.around(elements, MARGIN, str(title), self._says(), self._table(), "computation-tree")

    def _title(self) -> Row:
        letter = self.seen.how.letter
        if self.v is None:
            return row("What ", letter, " depends on")
        return row("From ", self.seen.quantity(self.v), " to ", letter)

    def _edge(self, node: Node, below: Node) -> Line:
        (x, y), (to, down) = self._place(node), self._place(below)
        lit = self.lit(node)
        role, width = ("accent", 2.2) if lit else ("faint", 0.9)
        end = to + max(-self.box / 2 + 10, min(self.box / 2 - 10, (x - to) * 0.12))
        points = ((x, y + HIGH / 2), (end, down - HIGH / 2 - 1))
        return Line(points, role, width, arrow=True, opacity=0.6 if node.aside else 1.0)

    def _stub(self, node: Node) -> list[Element]:
        """The tree goes on above."""
        x, y = self._place(node)
        top = y - HIGH / 2
        ends = ((x - 22, top - 18), (x, top - 20), (x + 22, top - 18))
        return [Line((end, (x, top)), "faint", 0.9) for end in ends]

    def _box(self, node: Node) -> list[Element]:
        x, y = self._place(node)
        edge, width = ("accent", 2.2) if self.lit(node) else ("faint", 0.9)
        text = "faint" if node.aside else "forward" if node.numbers else "ink"
        corner, opacity = (x - self.box / 2, y - HIGH / 2), 0.6 if node.aside else 1.0
        of = "" if node.id is None else str(node.id)
        return [
            Rect(*corner, self.box, HIGH, edge, "paper", width, 6, opacity, of),
            Label(x, y - 8, node.symbol, "faint" if node.aside else node.role, SIZE, of=of),
            Label(x, y + 11, node.numbers, text, NUMBER, of=of),
        ]

    def _factors(self, spine: dict[int, Node]) -> list[Element]:
        """Beside each step of the route its derivative."""
        found: list[Element] = []
        for after, link in self.links().items():
            node = next(node for node in spine.values() if node.id == after)
            x, y = self._place(node)
            if after.kind == "a":
                y -= HIGH / 2 + DOWN / 2 + 1
                x += 14
            else:
                x += self.box / 2 + 14
            found.append(Label(x, y, _equation(link), "backward", 12.5, "start", slanted=True))
        last = self.seen.network.depth
        if self.route and self.route[-2].kind == "z":
            a = next(node for node in spine.values() if node.id == Id("a", last, self.neurons[last][1]))
            x, y = self._place(a)
            whole = self.seen.pair.delta is not None
            words = "in one step with the cost" if whole else "through every output of the softmax"
            found.append(Label(x + 14, y - HIGH / 2 - DOWN / 2 - 1, words, "faint", 11, "start"))
        return found

    def _product_line(self, y: float) -> list[Element]:
        """The factors multiplied, and what all routes come to."""
        if self.v is None:
            return []
        seen, v = self.seen, self.v
        factors = [link.factor for link in self.links().values()]
        product, value = math.prod(factor.value for factor in factors), seen.value(v)
        count, left = seen.route_count(v), inline(seen.by(v))
        numbers = bracketed(factor_numbers(factors, product))
        lines = [" · ".join(numbers[i : i + IN_A_LINE]) for i in range(0, len(numbers), IN_A_LINE)]
        if len(factors) > 1:
            lines[-1] += f" = {number(product)}"
        place = "the strongest of" if product else "no weaker than any of"
        head: Formula = row(left, " = ") if count == 1 else row(f"this route, {place} {count:,}: ")
        rows = [row(head, lines[0]), *(row("      · ", line) for line in lines[1:])]
        zero = next((link for link in self.links().values() if link.factor.value == 0), None)
        if zero is not None:
            rows[-1] = row(rows[-1], ", because ", zero.left, " = 0")
        if count > 1:
            rows.append(row(f"{together(count)}: ", left, f" = {number(value)}"))
        back = [count == 1 or text is rows[-1] for text in rows]  # what is the derivative
        return [
            Label(MARGIN, y + 25 * i, text, "backward" if whole else "ink", 13.5, "start", slanted=whole)
            for i, (text, whole) in enumerate(zip(rows, back))
        ]

    def _says(self) -> str:
        seen, last = self.seen, self.seen.network.depth
        chain = ", ".join(f"{node.symbol} = {node.numbers}" for node in self.nodes if node.column == 0)
        above = f" The tree goes on above layer {self.first}." if self.first > 1 else ""
        says = f"Boxes below each other, each made of the ones above it: {chain}.{above}"
        if self.v is None:
            j = self.neurons[last][1]
            return f"{says} {seen.a(last, j)} and {seen.target(j)} make the cost."
        steps = "; ".join(f"{link.left} = {number(link.factor.value)}" for link in self.links().values())
        return (
            f"{says} Lit is the route from {seen.quantity(self.v)} to {seen.how.letter}: {steps}. All routes: "
            f"{seen.by(self.v)} = {number(seen.value(self.v))}."
        )

    def _table(self) -> tuple[tuple[str, ...], ...]:
        spine = {node.row: node for node in self.nodes if node.column == 0}
        links = self.links()
        rows = [("quantity", "value", "leads to", "derivative", "its value")]
        for node in sorted(self.nodes, key=lambda node: (node.row, node.column)):
            below = spine.get(node.row + 1)
            link = None
            if node.id in self.route[:-1]:
                link = links[self.route[self.route.index(node.id) + 1]]
            step = ("", "") if link is None else (str(_derivative(link)), number(link.factor.value))
            rows.append((str(node.symbol), node.numbers, "" if below is None else str(below.symbol), *step))
        return tuple(rows)


def _derivative(link: RouteStep) -> Row:
    """∂z/∂w = a, or the one side where there is no other way to write it."""
    if str(link.left) == str(link.factor.symbol):
        return row(link.left)
    return row(link.left, " = ", link.factor.symbol)


def _equation(link: RouteStep) -> Row:
    written = _derivative(link)
    value = brief(link.factor.value, 6)
    return written if str(link.factor.symbol) == value else row(written, f" = {value}")


def _others(sizes: np.ndarray, kept: int, most: int) -> tuple[list[int], list[int], list[int]]:
    """Of all but one the largest: those to its left (nearest first), those to its right, and the ones left over.

    They stand in the order of their numbers; where some are left over, half on each side.
    """
    order = [int(k) for k in np.argsort(-np.abs(sizes), kind="stable") if k != kept]
    shown, rest = sorted(order[: most - 1]), sorted(order[most - 1 :])
    if len(rest) == 1 and most > 1:
        shown, rest = sorted(order[:most]), []
    border = sum(k < kept for k in shown) if not rest else (len(shown) + 1) // 2
    return shown[:border][::-1], shown[border:], rest
