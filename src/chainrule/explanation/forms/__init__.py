"""The forms a derivative can be written in, a row each: where it comes from, and the function that writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.explanation.document import Part
from chainrule.explanation.forms import factors, steps, vectors
from chainrule.explanation.view import View
from chainrule.ids import Id


@dataclass(frozen=True)
class Form:
    """One form: `write(view, v)` gives the parts of ∂u/∂v, or raises SettingError where the form does not apply."""

    name: str
    says: str
    write: Callable[[View, Id], list[Part]]


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form("delta", "a_in · δ_out, and where that δ comes from (S0.13, S2.9, S4.10)", factors.delta),
        Form("product", "the factors of the chain rule, where a single way leads to u (S1.10, S1.14)", factors.product),
        Form("raw", "the recursion of ∂C/∂a, without δ (S0.8, S0.12)", factors.raw),
        Form("paths", "a product for every way to u, added up (S1.17)", factors.paths),
        Form("hadamard", "vectors: ((w)ᵀδ) ⊙ σ′(z), layer by layer (S2.5, S2.8)", vectors.hadamard),
        Form("sigma", "one product of the matrices Σ′ and wᵀ (S2.18–S2.20)", vectors.sigma),
        Form("dot", "σ′(z_j) times a dot product, the gates' view (S3.13)", vectors.dot),
        Form("matrix", "(W)ᵀδ entry by entry, then ⊙ σ′ (S4.12)", vectors.matrix),
        Form("kronecker", "index by index, with Kronecker's δ, line by line (S0.9)", steps.kronecker),
        Form("nested", "u as one nested formula, and its derivative (S4.5)", steps.nested),
    )
}
