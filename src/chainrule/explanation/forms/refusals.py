"""Where a form does not apply to a pair of quantities, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainrule.explanation.view import View
from chainrule.ids import Id

MOST_PATHS = 20_000
NESTED_LETTERS = "nmkjihgfedcb"  # from the output down, as far as letters go
NESTED_MOST = 60  # layers of single neurons, which need no letters: more brackets could not be read


@dataclass(frozen=True)
class Refusal:
    """Why a form does not apply, forms to write instead where they apply themselves, and what else would do."""

    why: str
    instead: tuple[str, ...] = ("delta",)
    otherwise: str = ""


def never(view: View, v: Id) -> Refusal | None:
    return None


def of_product(view: View, v: Id) -> Refusal | None:
    if view.is_chain(v):
        return None
    count = view.path_count(v)
    ways = "1 way leads" if count == 1 else f"{count:,} ways lead"
    through = ", through a softmax" if view.softmaxes(v) else ""
    why = f" writes one chain of factors, and {ways} from {v} to {view.u}{through}"
    return Refusal(why, ("paths", "sigma", "delta"))


def of_paths(view: View, v: Id) -> Refusal | None:
    for layer in view.softmaxes(v):
        return Refusal(f": layer {layer} is a softmax, where every neuron depends on every z")
    count = view.path_count(v)
    if count <= MOST_PATHS:
        return None
    why = f" would multiply out {count:,} paths from {v} to {view.u} (at most {MOST_PATHS:,})"
    return Refusal(why, otherwise=", which shares them, or a quantity nearer to the output")


def of_dot(view: View, v: Id) -> Refusal | None:
    layer = v.layer
    if layer == view.top:
        return Refusal(f" is a sum over the layer above, and {v} belongs to layer {layer}, the one {view.u} is made of")
    if v.kind not in "ax" and view.network.activations[layer].full_slope:
        why = f" multiplies with one σ′(z), and layer {layer} is a softmax, whose neurons depend on every z"
        return Refusal(why, ("sigma",))
    return _of_a_shared_bias(view, v)


def of_matrix(view: View, v: Id) -> Refusal | None:
    layer = v.layer
    if layer == view.top:
        why = f" moves δ back through the weights above, and {v} belongs to layer {layer}, the one {view.u} is made of"
        return Refusal(why, ("hadamard",))
    if v.kind not in "ax" and view.network.activations[layer].full_slope:
        return Refusal(f" ends in ⊙ σ′, and layer {layer} is a softmax", ("sigma",))
    shared, rows = _of_a_shared_bias(view, v), view.how.orientation == "rows"
    if shared:
        return replace(shared, otherwise="") if rows else shared  # one neuron's z is refused for the rows too
    why = " lists a matrix times a column, and this convention has rows"
    return Refusal(why, ("hadamard",), ", or orientation='columns'") if rows else None


def _of_a_shared_bias(view: View, v: Id) -> Refusal | None:
    if not view.shared(v):
        return None
    why = f" is about one neuron, and {v} is the bias of a whole layer"
    return Refusal(why, otherwise=f", or z/{v.layer}/0")


def of_kronecker(view: View, v: Id) -> Refusal | None:
    return Refusal(f" follows one index, and {v} is the bias of a whole layer") if view.shared(v) else None


def of_nested(view: View, v: Id) -> Refusal | None:
    for layer in view.softmaxes(v):
        return Refusal(f": layer {layer} is a softmax, which takes its whole layer", ("sigma",))
    if view.u.kind != "z" and view.network.activations[view.top].full_slope:
        place = "the output" if view.top == view.network.depth else f"layer {view.top}"
        return Refusal(f" writes σ neuron by neuron, and {place} is a softmax", ("sigma",))
    deepest = view.top - max(view.first_layer(v) - 1, 0)
    if view.bare and deepest > NESTED_MOST:
        why = f" opens at most {NESTED_MOST} layers, and from {v} to {view.u} there are {deepest}"
        return Refusal(why, ("product",))
    if not view.bare and deepest + 1 > len(NESTED_LETTERS):
        return Refusal(f" has letters for {len(NESTED_LETTERS)} layers, and this takes {deepest + 1}", ("sigma",))
    return None
