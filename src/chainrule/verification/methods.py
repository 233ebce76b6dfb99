"""Every method to compute one gradient, one per row: what it is, whether it is exact, and where it is skipped.

| method       | how                                                          | cost of a gradient           |
|--------------|--------------------------------------------------------------|------------------------------|
| delta        | BP1–BP4: backpropagation itself                              | two passes                   |
| raw          | the recursion of ∂c/∂a, without δ                            | two passes per example        |
| sigma        | each δ^l as one full product of matrices Σ′ and wᵀ           | n³ a layer and example       |
| paths        | every path from a weight to the cost, multiplied out, added  | the product of the widths    |
| circuit      | gates: local slope × received slope, wired from the forms    | two passes over the gates    |
| forward_mode | dual numbers, from the input to the cost                     | a pass a parameter           |
| complex_step | Im C(θ + ih) / h, h = 1e-40                                  | a pass a parameter           |
| differences  | (C(θ + h) − C(θ − h)) / 2h, extrapolated; not exact          | 7 to 28 passes a parameter   |
| symbolic     | SymPy differentiates C written out                           | grows with paths: toys alone |

All but the first know the network by the forms of its σ and C alone, so that no two share a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.backward import gradient_of
from chainrule.circuits import of_network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification import complex_step, differences, forward_mode, paths, raw, symbolic
from chainrule.verification import sigma_matrices as sigma
from chainrule.verification.local import finite, refuse, too_many

Array = np.ndarray
Refusal = Callable[[Problem], str | None]
SAMPLED = 200  # entries at most
PASSES = 300_000_000  # parameters × rows of all the passes that a sample takes
DIFFERENCES_LIMIT = 2_000_000_000  # parameters² × rows: a minute at most


@dataclass(frozen=True)
class Method:
    """One method: `gradient(problem)` of a problem in float64, C the mean over its rows.

    says     one line, with the ids of the concepts it serves
    exact    True where only rounding lies between it and the derivative
    refuses  why it cannot go here, with the number and its limit, or None. Where a form overflows, `gradient` itself raises
             FormError: no method answers with NaN, an infinity, or a number it knows to be wrong.
    some     the same of some entries of the flat vector, for a method that takes a pass for each
    most     how many entries that may be in about a second; 0 where it cannot go whatever the size
    rounding how far its own rounding may move each entry, for a method whose terms cancel where those of no other do
    """

    name: str
    says: str
    gradient: Callable[[Problem], Parameters]
    exact: bool
    refuses: Refusal
    some: Callable[[Problem, Sequence[int]], Array] | None = None
    most: Callable[[Problem], int] = lambda p: 0
    rounding: Callable[[Problem], Parameters] | None = None


def by_delta(p: Problem) -> Parameters:
    """Backpropagation's own gradient, in float64."""
    return gradient_of(p)


def never(p: Problem) -> str | None:
    """Backpropagation has no limit but memory."""
    return None


def by_circuit(p: Problem) -> Parameters:
    """The gradient of a circuit of gates, wired for this batch."""
    refuse(circuit_refuses(p))
    with np.errstate(all="ignore"):  # NaN or infinity is an error below
        return finite(of_network.wired(p).gradient(), "circuit")


def circuit_refuses(p: Problem) -> str | None:
    """Why gates cannot go here, None where they can: a multiply and an add for each weight, some four gates for a neuron."""
    gates = len(p.x) * sum(2 * w.size + 4 * w.shape[0] for w in p.network.weights)
    return too_many("circuit", gates, of_network.MOST_GATES, "gates")


def entry_by_entry(
    name: str,
    says: str,
    exact: bool,
    refuses: Refusal,
    some: Callable[[Problem, Sequence[int]], Array],
    most: Callable[[Problem], int],
) -> Method:
    """A method that takes a pass or more for each entry."""

    def gradient(p: Problem) -> Parameters:
        refuse(refuses(p))
        return finite(p.network.parameters.like(some(p, range(p.network.parameters.size))), name)

    return Method(name, says, gradient, exact, refuses, some, most)


def differences_refuse(p: Problem) -> str | None:
    """Why differences cannot go here, None where they can."""
    return too_many("differences", p.network.parameters.size**2 * len(p.x), DIFFERENCES_LIMIT, "parameters² × rows")


def some_differences(p: Problem, entries: Sequence[int]) -> Array:
    """∂C/∂θ of some entries by central differences, without their error bars (`differences.of_entries` has those)."""
    return np.array([each.value for each in differences.of_entries(p, entries)])


def passes(p: Problem) -> int:
    """How many entries a method that takes some passes for each can be asked for."""
    return min(SAMPLED, PASSES // (p.network.parameters.size * len(p.x)))


def analytic_passes(p: Problem) -> int:
    """The same by complex numbers, and none where a form is not analytic."""
    return 0 if complex_step.not_analytic(p) else passes(p)


_ROWS = [
    Method("delta", "the recursion of δ = ∂c/∂z, BP1 to BP4", by_delta, True, never),  # S0.13, S2.23
    Method("raw", "the recursion of ∂c/∂a, without δ", raw.gradient, True, raw.refuses),  # S0.8, S0.12
    Method("sigma", "every δ as one product of Σ′ and wᵀ", sigma.gradient, True, sigma.refuses),  # S2.18–S2.20
    Method(
        "paths", "the sum over every path to the cost", paths.gradient, True, paths.refuses, paths.some,  # S1.14, S1.17
        paths.most, paths.rounding,
    ),
    Method("circuit", "a circuit of gates, each ignorant of the rest", by_circuit, True, circuit_refuses),  # S3.1–S3.17
    entry_by_entry(  # S1.7
        "forward_mode", "dual numbers from the input to the cost", True, forward_mode.refuses, forward_mode.some, passes,
    ),
    entry_by_entry(
        "complex_step", "Im C(θ + ih)/h, where C is analytic", True, complex_step.refuses, complex_step.some,  # S4.8
        analytic_passes,
    ),
    entry_by_entry(
        "differences", "(C(θ + h) − C(θ − h))/2h", False, differences_refuse, some_differences, passes,  # S1.7, S4.8
    ),
    Method("symbolic", "SymPy differentiates the formula", symbolic.gradient, True, symbolic.refuses),  # S4.5, S4.8
]  # fmt: skip
METHODS = {method.name: method for method in _ROWS}
