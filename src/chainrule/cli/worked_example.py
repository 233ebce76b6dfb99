"""The chain of three single neurons that the command shows when it is called alone (S1.2)."""

from __future__ import annotations

from chainrule.explanation.derivative import explain
from chainrule.network import Network


def chain() -> Network:
    """The network 1-1-1-1 of the worked example."""
    return Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid")


X, Y = [0.6], [1.0]


def worked_example() -> str:
    """The derivative of the cost by the middle weight, and where to go from here."""
    return f"""\
Four neurons in a row, x → ● → ● → ●, sigmoids, x = 0.6, y = 1. How does the cost C = (a⁽³⁾ − y)² change with the weight w⁽²⁾?

{explain(chain(), X, Y, "w/2/0/0", convention="s1")}

next:  chainrule train                      train on handwritten digits
       chainrule explain --by w/1/0/0       another derivative of this chain (--form delta, product, paths)
       chainrule --help"""
