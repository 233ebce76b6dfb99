"""Every derivative of one example's cost in tables, layer by layer: δ of each neuron, ∂C/∂w and ∂C/∂b, and ∂C/∂x."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.aligned import Heading, Printed, Table
from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.shown import largest
from chainrule.explanation.view import View, view
from chainrule.ids import Id
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.verification.agreement import Agreement, check_network
from chainrule.writing.numbers import cost_text, number

Array = np.ndarray
ALL, SOME = 24, 8  # so many rows are printed all, and of more these, the strongest
CHECKED = 200  # derivatives that are compared with central differences


@dataclass(frozen=True, repr=False)
class AllDerivatives(Printed):
    """Every derivative of the cost of one example, and their comparison with central differences.

    Printed, each layer has a table of its neurons and one of its weights and biases, the last layer first, as backpropagation
    computes them: all rows where they are few, else the largest, and the exact sum of the others.
    """

    seen: View
    gradient: Parameters
    check: Agreement

    @property
    def how(self) -> Convention:
        return self.seen.how

    def __repr__(self) -> str:
        return str(self)

    def _parts(self) -> Iterator[str | Table]:
        """The tables, and below them the check."""
        network = self.seen.network
        yield cost_text(self.how.letter, self.seen.cost, self.seen.cost_value)
        for layer in reversed(network.weights.numbers):
            yield ""
            yield Heading(f"layer {layer}, {network.activations[layer]!r}")
            yield Table(self._neurons(layer), indent=2)
            yield ""
            yield Table(self._parameters(layer), indent=2)
        yield ""
        yield Table(self._inputs(), indent=2)
        yield ""
        yield f"central differences: {self.check}"

    def _neurons(self, layer: int) -> list[list[str]]:
        """z, a, σ′(z), ∂C/∂a and δ of the neurons of a layer with the largest |δ|."""
        seen, C = self.seen, self.how.letter
        slopes = seen.slopes(layer)
        delta, into_a = seen.into_z[layer], seen.into_a[layer]
        shown, rest = _strongest(delta)
        rows = [["neuron", "z", "a", "σ′(z)", f"∂{C}/∂a", f"δ = ∂{C}/∂z"]]
        for j in shown:
            slope = "–" if slopes.ndim == 2 else number(float(slopes[j]))  # of a softmax it is a matrix
            z, a = (number(float(values[layer][j])) for values in (seen.trace.z, seen.trace.a))
            rows.append([str(Id("z", layer, j)), z, a, slope, number(float(into_a[j])), number(float(delta[j]))])
        if rest:
            sums = [number(exact_sum(values[rest])) for values in (into_a, delta)]
            rows.append([f"{len(rest):,} more", "", "", "Σ", *sums])
        return rows

    def _parameters(self, layer: int) -> list[list[str]]:
        """The weights and biases of a layer with the largest derivatives, each with a and δ, whose product that is."""
        seen, C = self.seen, self.how.letter
        before, delta = seen.trace.a[layer - 1], seen.into_z[layer]
        weights, slopes = seen.network.weights[layer], self.gradient.weights[layer]
        rows = [["weight", "value", "a", "δ", f"∂{C}/∂w = a · δ"]]
        shown, rest = _strongest(slopes.ravel())
        for j, k in (divmod(place, slopes.shape[1]) for place in shown):
            numbers = weights[j, k], before[k], delta[j], slopes[j, k]
            rows.append([str(Id("w", layer, j, k)), *(number(float(each)) for each in numbers)])
        if rest:
            rows.append([f"{len(rest):,} more", "", "", "Σ", number(exact_sum(slopes.ravel()[rest]))])
        biases, by = seen.network.biases[layer], self.gradient.biases[layer]
        if by.size > ALL:
            return [*rows, [f"{by.size:,} biases", "", "1", "δ", "∂C/∂b = δ, as above".replace("C", C)]]
        for j in range(by.size):
            error = "Σ δ" if seen.network.shared_bias(layer) else number(float(delta[j]))
            rows.append([str(Id("b", layer, j)), number(float(biases[j])), "1", error, number(float(by[j]))])
        return rows

    def _inputs(self) -> list[list[str]]:
        seen = self.seen
        shown, rest = _strongest(seen.into_a[0])
        rows = [["input", "x", f"∂{self.how.letter}/∂x"]]
        rows += [[f"x/{k}", number(float(seen.trace.a[0][k])), number(float(seen.into_a[0][k]))] for k in shown]
        return [*rows, [f"{len(rest):,} more", "Σ", number(exact_sum(seen.into_a[0][rest]))]] if rest else rows

    def to_json(self) -> dict[str, Any]:
        """All numbers: of each layer z, a, δ and ∂C/∂a by neuron, ∂C/∂w as rows, ∂C/∂b; and the check."""
        seen = self.seen
        layers = [
            {
                "layer": l,
                "z": seen.trace.z[l],
                "a": seen.trace.a[l],
                "dC_da": seen.into_a[l],
                "delta": seen.into_z[l],
                "dC_dw": self.gradient.weights[l],
                "dC_db": self.gradient.biases[l],
            }
            for l in seen.network.weights.numbers
        ]
        check = {"holds": self.check.holds, "distance": self.check.distance, "checked": self.check.checked}
        return {
            "cost": seen.cost.name,
            "C": seen.cost_value,
            "x": seen.trace.a[0],
            "dC_dx": seen.into_a[0],
            "layers": layers,
            "check": check,
        }


def all_derivatives(
    network: Network, x: Any, y: Any, *, cost: str | Cost | None = None, convention: str | Convention = "nielsen"
) -> AllDerivatives:
    """Every derivative of the cost of one example x (in,), y (out,) or its label, in float64, and compared with differences.

    Raises ShapeError for rows, and DataError where a number on the way is not finite.
    """
    how = as_convention(convention)
    seen = view(network, x, y, how.cost_for(network, cost), Id("C"), how)
    layers = seen.network.weights.numbers
    weights = [np.outer(seen.into_z[l], seen.trace.a[l - 1]) for l in layers]
    biases = [_by_bias(seen, l) for l in layers]
    gradient = Parameters(weights, biases)
    check = check_network(seen.network, gradient, seen.x, seen.y, seen.cost, most=CHECKED)
    return AllDerivatives(seen, gradient, check)


def _by_bias(seen: View, layer: int) -> Array:
    """∂C/∂b^l: δ^l, or its sum where the layer has one bias, or nothing where it has none."""
    delta = seen.into_z[layer]
    if seen.network.shared_bias(layer):
        return np.array([exact_sum(delta)])
    return delta[: seen.network.biases[layer].size]


def _strongest(values: Array) -> tuple[list[int], list[int]]:
    """Where the values are that are shown, in order of place, and where the others are."""
    if values.size <= ALL:
        return list(range(values.size)), []
    shown, _ = largest(values, SOME)
    return shown, np.delete(np.arange(values.size), shown).tolist()
