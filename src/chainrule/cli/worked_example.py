"""What the command says alone: a derivative of the chain of three single neurons (S1.2), worked out."""

from __future__ import annotations

from chainrule.aligned import Paragraph, Table, laid_out
from chainrule.cli.examples import CHAIN_CONVENTION, X, Y, chain
from chainrule.explanation.derivative import explain

QUESTION = (
    "Four neurons in a row, x → ● → ● → ●, sigmoids, x = 0.6, y = 1. How does the cost C = (a⁽³⁾ − y)² change with the "
    "weight w⁽²⁾?"
)
NEXT = [
    ["next:", "chainrule train", "train on handwritten digits"],
    ["", "chainrule explain --by w/1/0/0", "another derivative of this chain (--form delta, product, paths)"],
    ["", "chainrule quiz", "questions about it"],
    ["", "chainrule --help", "every command"],
]


def worked_example(width: int | None = None) -> list[str]:
    """The derivative of the cost with respect to the middle weight, and where to go from here, in lines."""
    derivation = explain(chain(), X, Y, "w/2/0/0", convention=CHAIN_CONVENTION)
    question, to_go_on = laid_out([Paragraph(QUESTION)], width), Table(NEXT, "<", head=False)
    return [*question, "", *derivation.lines(width), "", *to_go_on.lines(width)]
