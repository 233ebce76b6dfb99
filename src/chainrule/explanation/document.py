"""The intermediate form of a derivation: formulas beside their values, before it is decided how they look."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.verification.differences import Difference
from chainrule.writing.document import Words
from chainrule.writing.formula import Formula, Matrix

Values = tuple[float, ...]
Places = tuple[int | None, ...]


@dataclass(frozen=True)
class Factor:
    """One factor of a product: how it is written and what it is here."""

    symbol: Formula
    value: float


@dataclass(frozen=True)
class Product:
    """left = factor · factor · … = numbers = value."""

    left: Formula
    factors: tuple[Factor, ...]
    value: float


@dataclass(frozen=True)
class Terms:
    """left = Σ of products, the largest first; `rest` of them are summed in one line."""

    left: Formula
    summary: Formula
    terms: tuple[Product, ...]
    rest: int
    rest_sum: float
    value: float


@dataclass(frozen=True)
class Stages:
    """A vector computed in stages, from the right of its formula: each stage's name and the vector it gives."""

    left: Formula
    formula: Formula
    stages: tuple[tuple[Formula, Values], ...]


@dataclass(frozen=True)
class Dot:
    """left = factor · (row)ᵀ column: two vectors beside each other, and their product."""

    left: Formula
    factor: Factor | None
    across: Formula
    first: Values
    down: Formula
    second: Values
    dot: float
    value: float


@dataclass(frozen=True)
class MatrixProduct:
    """matrix × column = result, entry by entry, then ⊙ slopes = value; `row` is the entry that is asked for (S4.12).

    rows, columns  the places of a large matrix that are shown, None for …; `row` is one of them
    entries  the symbols at these places, beside the numbers of all of `cells`
    """

    left: Formula
    matrix: Formula
    entries: Matrix
    cells: tuple[Values, ...]
    column: Formula
    vector: Values
    result: Values
    slope: Formula | None
    slopes: Values
    value: Values
    row: int
    rows: Places
    columns: Places


@dataclass(frozen=True)
class Entries:
    """left = a matrix of symbols = the same of numbers: Σ′(z) of a softmax of few neurons, that of `layer`."""

    left: Formula
    symbols: Matrix
    cells: tuple[Values, ...]
    layer: int


@dataclass(frozen=True)
class Lines:
    """Equations one below the other, each with what it comes to here, or None where it is a step of symbols alone."""

    lines: tuple[tuple[Formula, Formula, float | None], ...]
    note: str = ""


@dataclass(frozen=True)
class Statement:
    """left = value, and why in words: where one quantity does not depend on the other. A `said` may need its line."""

    left: Formula
    said: tuple[Words, ...]
    value: float

    @property
    def words(self) -> str:
        return ": ".join("".join(map(str, words)) for words in self.said)


@dataclass(frozen=True)
class CostValue:
    """Which cost a derivation is about, under the letter of its convention, and its value here."""

    letter: str
    name: str
    value: float


Part = Product | Terms | Stages | Dot | MatrixProduct | Entries | Lines | Statement


@dataclass(frozen=True)
class Checks:
    """A value and what two independent methods say of it: dual numbers, and a central difference with its error bar."""

    value: float
    exact: float
    check: Difference

    @property
    def confirmed_by(self) -> str:
        """The independent method that confirms the value, by a comparison that could have failed; "" where none can.

        A central difference tells nothing of a value that is smaller than twice its error bar. Dual numbers lose no digits to a
        step; theirs must agree to six.
        """
        if self.beside_kinks:
            return "dual numbers"
        if self.value == 0 or self.check.kink or 2 * self.check.error < abs(self.value):
            return "central difference"
        return "dual numbers" if abs(self.value - self.exact) <= 1e-6 * abs(self.value) else ""

    @property
    def beside_kinks(self) -> bool:
        """True where dual numbers give the value and the difference another: its steps take several units past their kinks."""
        off = not self.check.holds(self.value, 1e-3 * abs(self.value))
        return off and abs(self.value - self.exact) <= 1e-6 * abs(self.value)

    @property
    def difference(self) -> float:
        """The central difference; 0 of a value that is 0, where the error bar reaches it."""
        return 0.0 if self.value == 0 and abs(self.check.value) <= self.check.error else self.check.value
