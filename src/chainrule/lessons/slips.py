"""Mistakes people make in backpropagation by hand, each made on a live network: the wrong number, and what to say to it.

| slip                  | of a δ or of ∂C/∂w it gives                                           |
|-----------------------|-----------------------------------------------------------------------|
| slope forgotten       | (Wᵀδ)_j, or ∂C/∂a_j: σ′ is missing                                     |
| slope twice           | δ^L σ′(z), where the cost already is a function of z^L                 |
| slope at a            | σ′(a) for σ′(z)                                                        |
| softmax diagonal      | a_j(1 − a_j) for the whole Σ′ of a softmax                             |
| not transposed        | (W δ)_j where W is square                                              |
| one path              | w_mj δ_m of a single m: the sum over m is missing                      |
| updated first         | W already moved by −η ∂C/∂W                                            |
| wrong sign            | the other sign                                                         |
| factor two            | the 2 of a square kept beside a ½, or lost without one                 |
| input forgotten       | δ_j alone, of a weight                                                 |
| weight for input      | δ_j w_jk: the multiply gate has not switched its inputs                |
| wrong layer           | δ_j a_j^l: the activation behind the weight for the one before         |
| indices swapped       | δ_k a_j                                                                |

A slip that cannot be made here (no hidden layer, W not square, no such neuron) is not in the list, nor is one whose number
is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.ids import Id
from chainrule.lessons.live import SPELLED, Live, tex
from chainrule.lessons.replies import ReplyNumber, written
from chainrule.writing.formula import Sum, Transposed, row

Array = np.ndarray
RATE = 0.5  # η of the step that a wrong order of update and backward pass takes too early


# What the maker of each mistake reads; {names} are symbols and neurons in the words of a convention.
SAYS = {
    "input forgotten": "That is {delta} alone: the activation that comes in through the weight, {a_in}, is forgotten (BP4).",
    "weight for input": (
        "That is {delta} times the weight itself. A multiply gate switches its inputs: the weight is sent {a_in}."
    ),
    "wrong layer": (
        "That takes {a_out}, the activation of the layer the weight leads to. The weight multiplies {a_in}, of the layer "
        "before."
    ),
    "indices swapped": (
        "The indices are swapped: that is {delta_k} times {a_j}. This weight leads from {source} to {neuron}."
    ),
    "wrong sign": (
        "The size is right and the sign is turned: the error of an output is $a-y$, not $y-a$, and the minus of the descent "
        "belongs to the update."
    ),
    "factor two, with ½": "Twice too much: the 2 of the square's derivative and the ½ of this cost cancel.",
    "factor two, without ½": "Half of it: this cost has no ½, so that the 2 of the square's derivative stays.",
    "slope forgotten, after z": (
        "That is {by_a}: an error is the derivative by {z}, behind which the activation still lies."
    ),
    "slope twice": (
        "{slope} is in there once too often: this cost is a function of {z_layer}, and its derivative by it has the "
        "activation's slope in it already."
    ),
    "slope forgotten": (
        "{slope} is forgotten: that is {by_a}, and the way back leads through the activation too ({equation})."
    ),
    "slope at a": "That is $\\sigma'$ at {a}: the slope is taken at the weighted input, {slope}.",
    "softmax diagonal": (
        "In a softmax every output depends on every input: beside $a_j(1-a_j)$ the products $-a_i a_j$ enter too."
    ),
    "not transposed": (
        "That is {wrong_matrix} {delta_after} where {right_matrix} {delta_after} belongs: backward go the weights that leave "
        "{neuron}, not those that reach {neuron_after}."
    ),
    "one path": (
        "That is the path through {neuron_m} alone. {Neuron} reaches the cost through all {count} neurons of that layer: the "
        "paths add up, {whole}."
    ),
    "updated first": (
        "There {w_after} has already been moved by $-\\eta$ times its gradient ($\\eta$ = {rate}). Every error needs the "
        "weights of the forward pass: first all errors, then the update."
    ),
}
OF_SOFTMAX = "The slope of the softmax"  # in the place of {slope}


@dataclass(frozen=True)
class Slip:
    """One wrong number: which mistake it is, and the sentence its maker reads."""

    name: str
    value: float
    says: str


def slips(live: Live, target: Id, number: ReplyNumber) -> list[Slip]:
    """The slips of a δ (d/l/j) or of ∂C/∂w (w/l/j/k) whose numbers differ from the right one and from each other."""
    with np.errstate(all="ignore"):
        made = [*(_of_weight(live, target) if target.kind == "w" else ()), *_of_delta(live, target)]
    return told_apart(live.value(target), made, number)


def told_apart(right: float, made: list[Slip], number: ReplyNumber) -> list[Slip]:
    """Slips without those whose number a reader cannot tell from the right one, or from a slip before it."""
    kept: list[Slip] = []
    for slip in made:
        if math.isfinite(slip.value) and all(number.apart(slip.value, v) for v in (right, *(s.value for s in kept))):
            kept.append(slip)
    return kept


# of the last factor, a_in -------------------------------------------------------------------------------------------
def _slip(key: str, value: float, **names: str) -> Slip:
    """A slip by the key of its sentence: the mistake's name, after a comma its case."""
    return Slip(key.partition(",")[0], float(value), SAYS[key].format(**names))


def _of_weight(live: Live, target: Id) -> Iterator[Slip]:
    l, j, k = target.layer, target.neuron, target.source
    delta, a_in, a_out = live.back.delta[l], live.trace.a[l - 1], live.trace.a[l]
    names = {"delta": live.tex("d", l, j), "a_in": live.tex("a", l - 1, k)}
    yield _slip("input forgotten", delta[j], **names)
    yield _slip("weight for input", delta[j] * live.network.weights[l][j, k], **names)
    yield _slip("wrong layer", delta[j] * a_out[j], a_out=live.tex("a", l, j), **names)
    if j != k and k < delta.size and j < a_in.size:
        yield _slip(
            "indices swapped",
            delta[k] * a_in[j],
            delta_k=live.tex("d", l, k),
            a_j=live.tex("a", l - 1, j),
            source=live.neuron(l - 1, k),
            neuron=live.neuron(l, j),
        )


# of δ ---------------------------------------------------------------------------------------------------------------
def _of_delta(live: Live, target: Id) -> Iterator[Slip]:
    """The slips of δ_j, and what becomes of them in ∂C/∂w when they are multiplied by a_in."""
    l, j = target.layer, target.neuron
    a_in = float(live.trace.a[l - 1][target.source]) if target.kind == "w" else 1.0
    found = _at_output(live, j) if l == live.last else _in_hidden(live, l, j)
    right = float(live.back.delta[l][j])
    yield _slip("wrong sign", -right * a_in)
    for slip in (*found, *_factor_two(live, right)):
        yield Slip(slip.name, slip.value * a_in, slip.says)


def _factor_two(live: Live, right: float) -> Iterator[Slip]:
    if live.cost.name == "quadratic" and not live.cost.own:
        yield _slip("factor two, with ½", 2 * right)
    if live.cost.name == "squared_error" and not live.cost.own:
        yield _slip("factor two, without ½", right / 2)


def _at_output(live: Live, j: int) -> Iterator[Slip]:
    l = live.last
    delta, into = live.back.delta[l], live.back.da[l]
    by_a, slope = tex(live.by(live.symbol("a", l, j))), _slope(live, l, j)
    if live.pair.delta is not None:
        if live.network.output.name != "identity":
            yield _slip("slope forgotten, after z", into[j], by_a=by_a, z=live.tex("z", l, j))
        if live.elementwise(l):
            yield _slip("slope twice", live.through(l, delta)[j], slope=slope, z_layer=live.tex("z", l))
        return
    yield _slip("slope forgotten", into[j], slope=slope, by_a=by_a, equation="BP1")
    if live.elementwise(l):
        yield from _slope_at_a(live, l, j, into)
    else:
        p = live.trace.a[l]
        yield _slip("softmax diagonal", into[j] * p[j] * (1 - p[j]))


def _in_hidden(live: Live, l: int, j: int) -> Iterator[Slip]:
    w, delta = live.network.weights[l + 1], live.back.delta[l + 1]
    name, after = live.tex("d", l + 1), live.symbol("w", l + 1)
    right_matrix = live.how.back(l + 1)
    wrong_matrix = after if isinstance(right_matrix, Transposed) else Transposed(after)
    into, neuron = w.T @ delta, live.neuron(l, j)
    by_a = tex(live.by(live.symbol("a", l, j)))
    yield _slip("slope forgotten", into[j], slope=_slope(live, l, j), by_a=by_a, equation="BP2")
    if live.elementwise(l):
        yield from _slope_at_a(live, l, j, into)
    if w.shape[0] == w.shape[1] > 1:
        yield _slip(
            "not transposed",
            live.through(l, w @ delta)[j],
            wrong_matrix=tex(wrong_matrix),
            right_matrix=tex(right_matrix),
            delta_after=name,
            neuron=neuron,
            neuron_after=live.neuron(l + 1, j),
        )
    if 1 < len(delta) <= SPELLED:
        whole = Sum("m", row(live.how.weight(l + 1, "m", j), " ", live.how.symbol("δ", l + 1, "m")))
        for m in range(len(delta)):
            yield _slip(
                "one path",
                live.through(l, w[m] * delta[m])[j],
                neuron_m=live.neuron(l + 1, m),
                Neuron=neuron.capitalize(),
                count=str(len(delta)),
                whole=tex(whole),
            )
    moved = w - RATE * np.outer(delta, live.trace.a[l])
    yield _slip("updated first", live.through(l, moved.T @ delta)[j], w_after=tex(after), rate=written(RATE))


def _slope(live: Live, l: int, j: int) -> str:
    return tex(live.slope(l, j)) if live.elementwise(l) else OF_SOFTMAX


def _slope_at_a(live: Live, l: int, j: int, into: Array) -> Iterator[Slip]:
    value = live.through(l, into, live.trace.a[l])[j]
    yield _slip("slope at a", value, a=live.tex("a", l, j), slope=tex(live.slope(l, j)))
