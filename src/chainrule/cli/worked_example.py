"""The chain of three single neurons that the command shows where no model is named (S1.2), and how it is written there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.costs import Cost
from chainrule.explanation.derivative import explain
from chainrule.network import Network, cost_for

X, Y = [0.6], [1.0]
CONVENTION = "s1"  # whose chain it is
OF_MODELS = "s2"


@dataclass(frozen=True)
class Worked:
    """The chain, its example x (in,) and y (out,), a line about them that names the cost, and the cost."""

    network: Network
    x: np.ndarray
    y: np.ndarray
    about: str
    cost: Cost


def chain() -> Network:
    """The network 1-1-1-1 of the worked example, whose cost has no ½."""
    return Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid", cost="squared_error")


def worked(cost: str | None = None) -> Worked:
    """The chain with the cost that is named, else (a − y)², the worked example's own."""
    the_cost = cost_for(chain(), cost)
    formula = re.sub(r" ?Σ \(", "(", the_cost.formula)  # one output, whose sum is its term
    about = f"the chain x → ● → ● → ●, sigmoids, x = {X[0]:g}, y = {Y[0]:g}, C = {formula}"
    return Worked(chain(), np.array(X), np.array(Y), about, the_cost)


def convention_of(model: Path | None, named: str | None) -> str:
    """Whose way of writing: the one that is named; else a model's is s2, and the worked example has its own."""
    if named is not None:
        return named
    return CONVENTION if model is None else OF_MODELS


def worked_example() -> str:
    """The derivative of the cost by the middle weight, and where to go from here."""
    return f"""\
Four neurons in a row, x → ● → ● → ●, sigmoids, x = 0.6, y = 1. How does the cost C = (a⁽³⁾ − y)² change with the weight w⁽²⁾?

{explain(chain(), X, Y, "w/2/0/0", convention=CONVENTION)}

next:  chainrule train                      train on handwritten digits
       chainrule explain --by w/1/0/0       another derivative of this chain (--form delta, product, paths)
       chainrule --help"""
