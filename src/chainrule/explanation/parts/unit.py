"""One neuron as the wires between its gates: inputs, products, Σ w a, b, z and a, with values and gradients (S3.5–S3.12)."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.explanation.noise import exact_sum
from chainrule.explanation.shown import strongest
from chainrule.explanation.view import View
from chainrule.ids import Id, activation
from chainrule.writing.formula import Formula, Symbol, Transposed, row


@dataclass(frozen=True)
class Wire:
    """A wire: its name, the value above it, and the gradient below it with how that is written; `letter` colours it.

    `of` is the id of the quantity on it, where it has one.
    """

    name: Formula
    value: float
    sent: Formula
    gradient: float
    letter: str = "ink"
    of: str = ""


@dataclass(frozen=True)
class Input:
    """One multiply gate: the wires of its weight and of its activation, and of their product."""

    k: int
    weight: Wire
    activation: Wire
    product: Wire


@dataclass(frozen=True)
class Unit:
    """The wires of one neuron (S3.7): the inputs that are shown, all others as one, then Σ w a, b, z and a.

    `others` is Σ w a over the inputs that are not shown, `left` of them; without a bias z is the sum itself.
    """

    seen: View
    layer: int
    j: int
    inputs: tuple[Input, ...]
    left: int
    others: Wire | None
    total: Wire
    bias: Wire | None
    z: Wire
    a: Wire
    slope: Wire

    @classmethod
    def of(cls, seen: View, layer: int, j: int, most: int, pinned: int | None = None) -> Unit:
        network, trace = seen.network, seen.trace
        delta = float(seen.into_z[layer][j])
        back = seen.letter("δ", layer, j)
        products = [float(each) for each in network.weights[layer][j] * trace.a[layer - 1]]
        shown = strongest(products, most, pinned)
        left = [each for k, each in enumerate(products) if k not in shown]
        total = Wire(_sum_symbol(seen, layer, j), exact_sum(products), back, delta, "z")
        bias = network.biases[layer]
        z_name, z_value = seen.letter("z", layer, j), float(trace.z[layer][j])
        b = None
        if bias.size:
            id = Id("b", layer, j if bias.size > 1 else 0)
            b = Wire(seen.quantity(id), float(bias[id.neuron]), back, delta, "b", str(id))
        a = Wire(seen.a(layer, j), float(trace.a[layer][j]), *_onto_output(seen, layer, j), "a", f"a/{layer}/{j}")
        slope = seen.slopes(layer)
        own = float(slope[j] if slope.ndim == 1 else slope[j, j])
        return cls(
            seen,
            layer,
            j,
            tuple(_input(seen, layer, j, k) for k in shown),
            len(left),
            Wire(row("Σ"), exact_sum(left), back, delta) if left else None,
            total,
            b,
            Wire(z_name, z_value, back, delta, "z", f"z/{layer}/{j}"),
            a,
            Wire(seen.slope_symbol(layer, j), own, back, delta),
        )

    @property
    def activated(self) -> bool:
        """False on the last layer of an author who leaves it without an activation gate (S3.14)."""
        return not (self.seen.how.linear_output and self.layer == self.seen.network.depth)

    @property
    def summed(self) -> bool:
        """Whether its products are added up: not where there is one alone."""
        return len(self.inputs) + self.left > 1

    @property
    def whole(self) -> bool:
        """True for an activation that takes every z of its layer (softmax)."""
        return self.seen.network.activations[self.layer].full_slope

    def wires(self) -> list[tuple[str, Wire]]:
        """Every wire with the gate that it leaves, from the inputs on."""
        before = "input" if self.layer == 1 else f"σ of layer {self.layer - 1}"
        found = [
            pair
            for each in self.inputs
            for pair in (("weight", each.weight), (before, each.activation), ("multiply", each.product))
        ]
        if self.others is not None:
            found.append((f"{self.left:,} more multiply gates", self.others))
        if self.bias is None:
            found.append(("first add", self.z))
        else:
            found += [("first add", self.total), ("bias", self.bias), ("second add", self.z)]
        return [*found, ("activation gate", self.a)] if self.activated else found


def _input(seen: View, layer: int, j: int, k: int) -> Input:
    """The wires around one multiply gate: it switches its inputs and multiplies them with δ (S3.10)."""
    w, a = float(seen.network.weights[layer][j, k]), float(seen.trace.a[layer - 1][k])
    delta, back = float(seen.into_z[layer][j]), seen.letter("δ", layer, j)
    w_name, a_name = seen.weight(layer, j, k), seen.a(layer - 1, k)
    return Input(
        k,
        Wire(w_name, w, row(back, a_name), delta * a, "w", f"w/{layer}/{j}/{k}"),
        Wire(a_name, a, row(back, w_name), delta * w, "a", str(activation(layer - 1, k))),
        Wire(row(w_name, a_name), w * a, back, delta),
    )


def _sum_symbol(seen: View, layer: int, j: int) -> Formula:
    """Σ_k w_jk a_k, the name of the wire between the two add gates (S3.7)."""
    if seen.bare:
        return row(seen.weight(layer, 0, 0), seen.a(layer - 1, 0))
    k = seen.how.from_letter
    return row(Symbol("Σ", below=k), " ", seen.how.weight(layer, j, k), seen.how.symbol("a", layer - 1, k))


def _onto_output(seen: View, layer: int, j: int) -> tuple[Formula, float]:
    """What the gates after it send to a^l_j: (δ^{l+1})ᵀ w^{l+1}_.j, or the cost's own slope (S3.11)."""
    if layer == seen.network.depth:
        return row("∂", Symbol(seen.how.letter), "/∂", seen.a(layer, j)), float(seen.into_a[layer][j])
    value = float(seen.into_a[layer][j])
    if seen.bare:
        return row(seen.letter("δ", layer + 1), seen.weight(layer + 1, 0, 0)), value
    return row(Transposed(seen.how.symbol("δ", layer + 1)), seen.how.weight(layer + 1, ".", j)), value
