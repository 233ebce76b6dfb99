"""The intermediate form of a derivation: symbols beside their values, before anybody decides how they look."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.verification.differences import Difference


@dataclass(frozen=True)
class Factor:
    """One factor of a product: how it is written and what it is here."""

    symbol: str
    value: float


@dataclass(frozen=True)
class Product:
    """left = factor · factor · … = numbers = value."""

    left: str
    factors: tuple[Factor, ...]
    value: float


@dataclass(frozen=True)
class Terms:
    """left = Σ of products, the largest first; `rest` of them are summed in one line."""

    left: str
    summary: str
    terms: tuple[Product, ...]
    rest: int
    rest_sum: float
    value: float


@dataclass(frozen=True)
class Stages:
    """A product of matrices applied from the right: each stage's name and the vector it gives."""

    left: str
    formula: str
    stages: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True)
class Derivation:
    """A derivative worked out: the parts that lead to it, its value, and an independent check beside it."""

    left: str
    parts: tuple[Product | Terms | Stages, ...]
    value: float
    check: Difference

    def __str__(self) -> str:
        from chainrule.explanation.text import as_text  # noqa: PLC0415  (a document does not know its lowerings)

        return as_text(self)
