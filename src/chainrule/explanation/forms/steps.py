"""Derivatives written out line by line: with Kronecker's δ, and as one nested formula."""

from __future__ import annotations

from chainrule.explanation.document import Lines, Part
from chainrule.explanation.forms.layers import by_matrix, entry
from chainrule.explanation.forms.refusals import NESTED_LETTERS
from chainrule.explanation.view import View, function_name
from chainrule.ids import Id
from chainrule.writing.formula import Formula, Sum, Symbol, Underbraced, partial, row

Line = tuple[Formula, Formula, float | None]


def kronecker(view: View, v: Id) -> list[Part]:
    """Every index of every sum, and Kronecker's δ picking the one that is left (S0.9, S0.10)."""
    layer = v.layer
    lines = _of_parameter(view, v) if v.kind in "wb" else []
    if v.kind in "wbz":
        lines += _of_sum(view, layer, v.neuron)
    if layer < view.top:
        softmax = v.kind in "wbz" and view.network.activations[layer].full_slope  # which reads ∂u/∂a of every neuron
        lines += _of_activation(view, layer, "t" if softmax else v.neuron)
    note = "δ with two indices and no layer is Kronecker's: 1 where they are equal, else 0"
    if v.kind in "wbz" and view.network.activations[layer].full_slope:
        note += f"; layer {layer} is a softmax, where each activation depends on every z"
    return [Lines(tuple(lines), note)]


def picks(view: View, one: int | str, other: int | str) -> Symbol:
    """Kronecker's δ."""
    return Symbol("δ", below=view.how.below(one, other))


def _of_parameter(view: View, v: Id) -> list[Line]:
    """∂u/∂w_jk = Σ_s ∂u/∂z_s ∂z_s/∂w_jk, in which only s = j is left."""
    u, l, j = view.quantity(view.u), v.layer, v.neuron
    w = view.how.weight(l, v.neuron, v.source) if v.kind == "w" else view.how.symbol("b", l, j)
    left = partial(u, w)
    z_s = view.how.symbol("z", l, "s")
    lines: list[Line] = [(left, Sum("s", row(partial(u, z_s), " ", partial(z_s, w))), None)]
    if v.kind == "w":
        k = v.source
        inner = Sum("r", row(partial(view.how.weight(l, "s", "r"), w), " ", view.how.symbol("a", l - 1, "r")))
        lines.append((partial(z_s, w), inner, None))
        picked = Sum("r", row(picks(view, "s", j), " ", picks(view, "r", k), " ", view.how.symbol("a", l - 1, "r")))
        lines.append((row(""), picked, None))
        lines.append((row(""), row(picks(view, "s", j), " ", view.how.symbol("a", l - 1, k)), None))
        after = row(" ", view.how.symbol("a", l - 1, k))
    else:
        lines.append((partial(z_s, w), picks(view, "s", j), None))
        after = row("")
    z_j = view.how.symbol("z", l, j)
    lines.append((left, row(Sum("s", row(partial(u, z_s), " ", picks(view, "s", j))), after), None))
    lines.append((row(""), row(partial(u, z_j), after), view.value(v)))
    return lines


def _of_sum(view: View, l: int, j: int) -> list[Line]:
    """∂u/∂z_j = Σ_r ∂u/∂a_r ∂a_r/∂z_j, and ∂a_r/∂z_j = δ_rj σ′(z_j)."""
    u, z_j, a_r = view.quantity(view.u), view.how.symbol("z", l, j), view.how.symbol("a", l, "r")
    value = float(view.into_z[l][j])
    if l == view.top and view.u.kind == "z":
        return [(partial(u, z_j), row("1"), value)]
    if l == view.top and view.u.kind == "C" and view.pair.delta is not None:
        return [(partial(u, z_j), view.arriving(j)[0].symbol, value)]
    lines: list[Line] = [(partial(u, z_j), Sum("r", row(partial(u, a_r), " ", partial(a_r, z_j))), None)]
    if view.network.activations[l].full_slope:
        a_j, vector = view.how.symbol("a", l, j), partial(u, view.how.symbol("a", l))
        slope = row(a_r, " (", picks(view, "r", j), " − ", a_j, ")")
        lines += [(partial(a_r, z_j), slope, None), (partial(u, z_j), Sum("r", row(partial(u, a_r), " ", slope)), None)]
        return [*lines, (row(""), entry(by_matrix(view, l, vector), view, j), value)]
    slope = row("σ′(", z_j, ")")
    lines.append((partial(a_r, z_j), row(picks(view, "r", j), " ", slope), None))
    return [*lines, (partial(u, z_j), row(partial(u, view.how.symbol("a", l, j)), " ", slope), value)]


def _of_activation(view: View, l: int, k: int | str) -> list[Line]:
    """∂u/∂a_k = Σ_r ∂u/∂z_r ∂z_r/∂a_k, and ∂z_r/∂a_k = Σ_s w_rs δ_sk = w_rk; of a letter k it is no one number."""
    value = None if isinstance(k, str) else float(view.into_a[l][k])
    u, a_k = view.quantity(view.u), view.how.symbol("a", l, k)
    z_r, w_rk = view.how.symbol("z", l + 1, "r"), view.how.weight(l + 1, "r", k)
    return [
        (partial(u, a_k), Sum("r", row(partial(u, z_r), " ", partial(z_r, a_k))), None),
        (partial(z_r, a_k), Sum("s", row(view.how.weight(l + 1, "r", "s"), " ", picks(view, "s", k))), None),
        (row(""), w_rk, None),
        (partial(u, a_k), Sum("r", row(partial(u, z_r), " ", w_rk)), value),
    ]


def nested(view: View, v: Id) -> list[Part]:
    """u as one formula of sums inside σ, the place of v braced, and its derivative with one sum per layer (S4.5)."""
    return [Lines((_formula(view, v), _derivative(view, v)))]


def _index(view: View, depth: int) -> int | str:
    """The letter that goes through the neurons of a layer so deep below u; of single neurons the one there is."""
    return 0 if view.bare else NESTED_LETTERS[depth]


def _summed(index: int | str, body: Formula) -> Formula:
    """Σ over a letter; a number is one neuron, and there is nothing to sum."""
    return Sum(index, body) if isinstance(index, str) else body


def _formula(view: View, v: Id) -> Line:
    """u, opened down to the layer that v belongs to."""
    top = view.top
    if view.u.kind == "C":
        letter = "z" if view.pair.of == "z" else "a"  # what the cost reads
        n = _index(view, 0)
        return view.letter(letter, top, n), _opened(view, top, n, 0, v, activated=letter == "a"), None
    return view.quantity(view.u), _opened(view, top, view.u.neuron, 0, v, activated=view.u.kind == "a"), None


def _opened(view: View, layer: int, neuron: int | str, depth: int, v: Id, activated: bool = True) -> Formula:
    """σ(Σ_m w_nm σ(…) + b_n), down to v's layer."""
    letter, here = _index(view, depth + 1), view.first_layer(v)
    below: Formula = _opened(view, layer - 1, letter, depth + 1, v) if layer > here else view.a(layer - 1, letter)
    weight: Formula = view.weight(layer, neuron, letter)
    biases = view.network.biases[layer].size
    one_for_all = biases < view.network.sizes[layer]
    bias: Formula = view.how.symbol("b", layer) if one_for_all else view.letter("b", layer, neuron)
    if layer == here:
        mark = view.quantity(v)
        if v.kind == "w":
            weight = Underbraced(weight, mark)
        elif v.kind == "b":
            bias = Underbraced(bias, mark)
        elif v.kind in "ax":
            below = Underbraced(below, mark)
    inside = row(_summed(letter, row(weight, " ", below)), *((" + ", bias) if biases else ()))
    if layer == here and v.kind == "z":
        inside = row(Underbraced(inside, view.quantity(v)))
    function = function_name(view.network, layer) if activated else ""
    in_brackets = function or (depth and (biases or not view.bare))  # a product of single neurons needs none
    return row(function, "(", inside, ")") if in_brackets else inside


def _derivative(view: View, v: Id) -> Line:
    """∂u/∂v with one sum for each layer in between: Σ_n Σ_m ∂C/∂a_n σ′(z_n) w_nm σ′(z_m) … a_k."""
    first, top = view.first_layer(v), view.top
    names = {l: _index(view, top - l) for l in range(first, top + 1)}
    if v.kind not in "ax" and not view.shared(v):
        names[first] = v.neuron
    if view.u.kind != "C":
        names[top] = view.u.neuron
    pieces: list[Formula | str] = []
    for l in range(top, first - 1, -1):
        if l == top:
            if view.u.kind == "C" and view.pair.delta is not None:
                pieces += [partial(view.quantity(view.u), view.letter("z", l, names[l])), " "]
            elif view.u.kind != "z":
                if view.u.kind == "C":
                    pieces += [partial(view.quantity(view.u), view.letter("a", l, names[l])), " "]
                pieces += [view.slope_symbol(l, names[l]), " "]
        else:
            pieces += [view.weight(l + 1, names[l + 1], names[l]), " ", view.slope_symbol(l, names[l]), " "]
    if v.kind == "w":
        pieces.append(view.a(v.layer - 1, v.source))
    elif v.kind in "ax":
        pieces.append(view.weight(first, names[first], v.neuron))
    if pieces and pieces[-1] == " ":
        pieces.pop()
    body: Formula = row(*(pieces or ["1"]))
    for l in range(first, top + 1):
        body = _summed(names[l], body)
    return view.by(v), body, view.value(v)
