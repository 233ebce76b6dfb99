"""The forms a derivative can be written in, a row each: where it comes from, and the function that writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.errors import SettingError, unknown_name
from chainrule.explanation.document import Part
from chainrule.explanation.forms import factors, refusals, steps, vectors
from chainrule.explanation.forms.refusals import Refusal
from chainrule.explanation.view import View
from chainrule.ids import Id


@dataclass(frozen=True)
class Form:
    """One form: `write(view, v)` gives the parts of ∂u/∂v wherever `refuses(view, v)` has nothing against it."""

    name: str
    says: str
    write: Callable[[View, Id], list[Part]]
    refuses: Callable[[View, Id], Refusal | None] = refusals.never


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form("delta", "a_in · δ_out, and where that δ comes from", factors.delta),  # S0.13, S2.9, S4.10
        Form(
            "product",
            "the chain rule's factors, where a single way leads to u",  # S1.10, S1.14
            factors.product,
            refusals.of_product,
        ),
        Form("raw", "the recursion of ∂C/∂a, without δ", factors.raw),  # S0.8, S0.12
        Form("paths", "a product for every way to u, added up", factors.paths, refusals.of_paths),  # S1.17
        Form("hadamard", "vectors: ((w)ᵀδ) ⊙ σ′(z), layer by layer", vectors.hadamard),  # S2.5, S2.8
        Form("sigma", "one product of the matrices Σ′ and wᵀ", vectors.sigma),  # S2.18–S2.20
        Form("dot", "σ′(z_j) times a dot product, the gates' view", vectors.dot, refusals.of_dot),  # S3.13
        Form("matrix", "(W)ᵀδ entry by entry, then ⊙ σ′", vectors.matrix, refusals.of_matrix),  # S4.12
        Form(
            "kronecker",
            "index by index, with Kronecker's δ, line by line",  # S0.9
            steps.kronecker,
            refusals.of_kronecker,
        ),
        Form("nested", "u as one nested formula, and its derivative", steps.nested, refusals.of_nested),  # S4.5
    )
}


def as_form(given: object) -> str:
    """The name of a form. Raises UnknownNameError for anything else."""
    if not (isinstance(given, str) and given in FORMS):
        raise unknown_name("form", given, FORMS)
    return given


def written(name: str, view: View, v: Id) -> list[Part]:
    """The parts of ∂u/∂v in that form. Raises SettingError where it does not apply, with forms that do."""
    refusal = FORMS[name].refuses(view, v)
    if refusal is None:
        return FORMS[name].write(view, v)
    *others, last = [repr(each) for each in refusal.instead if FORMS[each].refuses(view, v) is None] or ["'delta'"]
    advice = f"{', '.join(others)} or {last}" if others else last
    raise SettingError(f"form={name!r}{refusal.why}: use form={advice}{refusal.otherwise}")
