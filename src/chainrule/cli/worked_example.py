"""What the command says alone: a derivative of the chain of three single neurons (S1.2), worked out."""

from __future__ import annotations

from chainrule.cli.examples import CHAIN_CONVENTION, X, Y, chain
from chainrule.explanation.derivative import explain


def worked_example() -> str:
    """The derivative of the cost by the middle weight, and where to go from here."""
    return f"""\
Four neurons in a row, x → ● → ● → ●, sigmoids, x = 0.6, y = 1. How does the cost C = (a⁽³⁾ − y)² change with the weight w⁽²⁾?

{explain(chain(), X, Y, "w/2/0/0", convention=CHAIN_CONVENTION)}

next:  chainrule train                      train on handwritten digits
       chainrule explain --by w/1/0/0       another derivative of this chain (--form delta, product, paths)
       chainrule --help"""
