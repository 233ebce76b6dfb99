"""z = W a + b as matrices, one neuron's row of W lit (S4.3); of large layers the neurons that are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainrule.explanation.noise import exact_sum
from chainrule.explanation.parts.shown_network import Column
from chainrule.explanation.view import View
from chainrule.ids import Id
from chainrule.pictures.shapes import Element, Label, Rect, brackets, width_of
from chainrule.writing.formula import Formula, Transposed, row
from chainrule.writing.numbers import number, short

CELL = 20.0  # from line to line of a matrix


@dataclass(frozen=True)
class Block:
    """A matrix or vector: the sign before it, its name, its cells, and whether the neuron has a line in it."""

    sign: str
    name: Formula
    cells: list[list[str]]
    made: bool

    def turned(self) -> Block:
        return Block(self.sign, self.name, [list(line) for line in zip(*self.cells)], self.made)


@dataclass(frozen=True)
class MatrixRow:
    """z^l = W a + b of the layer of `id`, a neuron's z; `before` and `after` say which neurons are shown."""

    seen: View
    id: Id
    before: Column
    after: Column

    def draw(self, x: float, y: float) -> list[Element]:
        """From x to the right, its names at y."""
        blocks, left = self._blocks(), x
        wide = max(width_of(text, 11) for block in blocks for line in block.cells for text in line) + 14
        tall = CELL * max(len(block.cells) for block in blocks)
        middle = y + 24 + tall / 2
        found: list[Element] = []
        for block in blocks:
            across, down = wide * len(block.cells[0]), CELL * len(block.cells)
            if block.sign:
                found.append(Label(x + 10, middle, block.sign, size=14))
                x += 26
            top = middle - down / 2
            found.append(Label(x + across / 2, top - 17, block.name, size=13))
            found += self._lit(block, x, top, wide)
            found += brackets(x - 3, top - 2, x + across + 3, top + down + 2, 5, 1.0)
            for i, line in enumerate(block.cells):
                for k, text in enumerate(line):
                    role = "faint" if block.made and (k if self._turned else i) != self._place else "ink"
                    found.append(Label(x + wide * (k + 0.5), top + CELL * (i + 0.5), text, role, 11))
            x += across + 12
        return [*found, *self._rest(left, middle + tall / 2 + 24)]

    @property
    def _turned(self) -> bool:
        return self.seen.how.orientation == "rows"

    @property
    def _place(self) -> int:
        """Where the lit neuron stands among those shown."""
        return self.after.shown.index(self.id.neuron)

    def _blocks(self) -> list[Block]:
        """z = W a + b, or of an author who writes rows z = a Wᵀ + b."""
        seen, how, layer = self.seen, self.seen.how, self.id.layer
        rows, columns = list(self.after.shown), list(self.before.shown)
        weights, bias = seen.network.weights[layer], seen.network.biases[layer]
        dots = ["…"] * bool(self.before.rest)
        matrix = [[short(float(weights[j, k])) for k in columns] + dots for j in rows]
        z = [[short(float(seen.trace.z[layer][j]))] for j in rows]
        a = [[short(float(seen.trace.a[layer - 1][k]))] for k in columns] + [["⋮"]] * bool(self.before.rest)
        b = [[short(float(bias[j if bias.size > 1 else 0]))] for j in rows] if bias.size else []
        if self.after.rest:
            matrix.append(["⋮"] * len(matrix[0]))
            z.append(["⋮"])
            b += [["⋮"]] * bool(b)
        w: Formula = how.symbol("w", layer)
        if (how.order == "from,to") != self._turned:
            w = Transposed(w)
        left, last = Block("", how.symbol("z", layer), z, True), Block("+", how.symbol("b", layer), b, True)
        weight, vector = Block("", w, matrix, True), Block("", how.symbol("a", layer - 1), a, False)
        middle = [vector, weight] if self._turned else [weight, vector]
        blocks = [left, replace(middle[0], sign="="), middle[1], *([last] if b else [])]
        return [block.turned() for block in blocks] if self._turned else blocks

    def _lit(self, block: Block, x: float, top: float, wide: float) -> list[Element]:
        """A frame around the line that belongs to the neuron."""
        if not block.made:
            return []
        if self._turned:
            return [Rect(x + wide * self._place + 2, top, wide - 4, CELL * len(block.cells), "accent", "panel", 1.2, 4)]
        return [
            Rect(
                x + 1, top + CELL * self._place + 1, wide * len(block.cells[0]) - 2, CELL - 2, "accent", "panel", 1.2, 4
            )
        ]

    def _rest(self, x: float, y: float) -> list[Element]:
        """What the inputs that are not shown bring."""
        rest = list(self.before.rest)
        if not rest:
            return []
        seen, id = self.seen, self.id
        total = exact_sum(seen.network.weights[id.layer][id.neuron, rest] * seen.trace.a[id.layer - 1][rest])
        text = row(f"{len(rest):,} more inputs bring ", seen.quantity(id), f" another Σ w a = {number(total)}")
        return [Label(x, y, text, "faint", 12, "start")]
