"""A derivative worked out, and checked: as text, LaTeX, HTML and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chainrule.conventions import Convention
from chainrule.explanation.derivation_blocks import blocks_of
from chainrule.explanation.document import Checks, CostValue, Part, Product, Terms
from chainrule.explanation.in_training import InTraining
from chainrule.verification.differences import Difference
from chainrule.writing import html, latex, text
from chainrule.writing.document import Block
from chainrule.writing.formula import Formula
from chainrule.writing.numbers import number


@dataclass(frozen=True, repr=False)
class Derivation:
    """A derivative worked out: the parts that lead to it, its value, and two independent checks beside it.

    exact  by dual numbers; check  a central difference with its error bar and one-sided slopes
    total  where the cost is differentiated: which cost it is, and C of this example
    training  where it was asked for: the derivative with a penalty, and the move of a rule
    """

    left: Formula
    parts: tuple[Part, ...]
    value: float
    exact: float
    check: Difference
    form: str
    convention: Convention
    total: CostValue | None = None
    training: InTraining | None = None

    @property
    def checks(self) -> Checks:
        return Checks(self.value, self.exact, self.check)

    @property
    def confirmed_by(self) -> str:
        """The independent method that confirms the value, by a comparison that could have failed; "" where none can."""
        return self.checks.confirmed_by

    @property
    def blocks(self) -> list[Block]:
        """What is said, line by line."""
        return self._blocks(check=True)

    def _blocks(self, *, check: bool) -> list[Block]:
        training = [] if self.training is None else self.training.blocks(check)
        return [*blocks_of(self.left, self.parts, self.checks, self.total, check), *training]

    def lines(self, width: int | None = None) -> list[str]:
        """The derivation as text, in lines of at most so many characters; 100 without a width."""
        return text.without_title(self.blocks, width or text.WIDE)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:  # what a prompt shows
        return str(self)

    def latex(self, *, check: bool = True) -> str:
        """The derivation as LaTeX, an aligned display; with check=False without the line that compares it."""
        return latex.without_title(self._blocks(check=check))

    def html(self, *, check: bool = True) -> str:
        """The derivation as HTML with MathML, a <section> to put into any page; check=False as in `latex`."""
        return html.without_title(f"{self.left} = {number(self.value)}", self._blocks(check=check))

    def _repr_html_(self) -> str:
        return html.in_a_cell(self.html())

    def _repr_latex_(self) -> str:
        return self.latex()

    def products(self) -> Iterator[Product]:
        """Every product in it, those inside sums too."""
        for part in self.parts:
            if isinstance(part, Product):
                yield part
            elif isinstance(part, Terms):
                yield from part.terms

    def to_json(self) -> dict[str, Any]:
        """Value, checks and text."""
        return {
            "derivative": str(self.left),
            "form": self.form,
            "convention": self.convention.name,
            "value": self.value,
            "dual_numbers": self.exact,
            "central_difference": self.check.value,
            "error": self.check.error,
            "at_kink": self.check.kink,
            "confirmed_by": self.confirmed_by,
            **({} if self.total is None else {"cost": self.total.name, "C": self.total.value}),
            **({} if self.training is None else self.training.to_json()),
            "text": str(self),
        }
