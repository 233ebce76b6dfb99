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
def _of_weight(live: Live, target: Id) -> Iterator[Slip]:
    l, j, k = target.layer, target.neuron, target.source
    delta, a_in, a_out = live.back.delta[l], live.trace.a[l - 1], live.trace.a[l]
    names = live.tex("d", l, j), live.tex("a", l - 1, k)
    yield Slip(
        "input forgotten",
        float(delta[j]),
        f"That is {names[0]} alone: the activation that comes in through the weight, {names[1]}, is forgotten (BP4).",
    )
    yield Slip(
        "weight for input",
        float(delta[j] * live.network.weights[l][j, k]),
        f"That is {names[0]} times the weight itself. A multiply gate switches its inputs: the weight is sent {names[1]}.",
    )
    yield Slip(
        "wrong layer",
        float(delta[j] * a_out[j]),
        f"That takes {live.tex('a', l, j)}, the activation of the layer the weight leads to. The weight multiplies "
        f"{names[1]}, of the layer before.",
    )
    if j != k and k < delta.size and j < a_in.size:
        yield Slip(
            "indices swapped",
            float(delta[k] * a_in[j]),
            f"The indices are swapped: that is {live.tex('d', l, k)} times {live.tex('a', l - 1, j)}. This weight leads from "
            f"{live.neuron(l - 1, k)} to {live.neuron(l, j)}.",
        )


# of δ ---------------------------------------------------------------------------------------------------------------
def _of_delta(live: Live, target: Id) -> Iterator[Slip]:
    """The slips of δ_j, and what becomes of them in ∂C/∂w when they are multiplied by a_in."""
    l, j = target.layer, target.neuron
    a_in = float(live.trace.a[l - 1][target.source]) if target.kind == "w" else 1.0
    found = _at_output(live, j) if l == live.last else _in_hidden(live, l, j)
    right = float(live.back.delta[l][j])
    yield Slip(
        "wrong sign",
        -right * a_in,
        "The size is right and the sign is turned: the error of an output is $a-y$, not $y-a$, and the minus of the descent "
        "belongs to the update.",
    )
    for slip in (*found, *_factor_two(live, right)):
        yield Slip(slip.name, slip.value * a_in, slip.says)


def _factor_two(live: Live, right: float) -> Iterator[Slip]:
    if live.cost.name == "quadratic" and not live.cost.own:
        yield Slip(
            "factor two", 2 * right, "Twice too much: the 2 of the square's derivative and the ½ of this cost cancel."
        )
    if live.cost.name == "squared_error" and not live.cost.own:
        yield Slip(
            "factor two", right / 2, "Half of it: this cost has no ½, so that the 2 of the square's derivative stays."
        )


def _at_output(live: Live, j: int) -> Iterator[Slip]:
    l = live.last
    delta, into = live.back.delta[l], live.back.da[l]
    slope = tex(live.slope(l, j))
    if live.pair.delta is not None:
        if live.network.output.name != "identity":
            yield Slip(
                "slope forgotten",
                float(into[j]),
                f"That is {tex(live.by(live.symbol('a', l, j)))}: an error is the derivative by {live.tex('z', l, j)}, "
                "behind which the activation still lies.",
            )
        if live.elementwise(l):
            yield Slip(
                "slope twice",
                float(live.through(l, delta)[j]),
                f"{slope} is in there once too often: this cost is a function of {live.tex('z', l)}, and its derivative by it "
                "has the activation's slope in it already.",
            )
        return
    yield Slip(
        "slope forgotten",
        float(into[j]),
        f"{slope if live.elementwise(l) else 'The slope of the softmax'} is forgotten: that is "
        f"{tex(live.by(live.symbol('a', l, j)))}, and the way back leads through the activation too (BP1).",
    )
    if live.elementwise(l):
        yield from _slope_at_a(live, l, j, into)
    else:
        p = live.trace.a[l]
        yield Slip(
            "softmax diagonal",
            float(into[j] * p[j] * (1 - p[j])),
            "In a softmax every output depends on every input: beside $a_j(1-a_j)$ the products $-a_i a_j$ enter too.",
        )


def _in_hidden(live: Live, l: int, j: int) -> Iterator[Slip]:
    w, delta = live.network.weights[l + 1], live.back.delta[l + 1]
    name, after = live.tex("d", l + 1), live.symbol("w", l + 1)
    right_matrix = live.how.back(l + 1)
    wrong_matrix = after if isinstance(right_matrix, Transposed) else Transposed(after)
    into = w.T @ delta
    slope = tex(live.slope(l, j)) if live.elementwise(l) else "The slope of the softmax"
    yield Slip(
        "slope forgotten",
        float(into[j]),
        f"{slope} is forgotten: that is {tex(live.by(live.symbol('a', l, j)))}, and the way back leads through the "
        "activation too (BP2).",
    )
    if live.elementwise(l):
        yield from _slope_at_a(live, l, j, into)
    if w.shape[0] == w.shape[1] > 1:
        yield Slip(
            "not transposed",
            float(live.through(l, w @ delta)[j]),
            f"That is {tex(wrong_matrix)} {name} where {tex(right_matrix)} {name} belongs: backward go the weights that leave "
            f"{live.neuron(l, j)}, not those that reach {live.neuron(l + 1, j)}.",
        )
    if 1 < len(delta) <= SPELLED:
        whole = Sum("m", row(live.how.weight(l + 1, "m", j), " ", live.how.symbol("δ", l + 1, "m")))
        for m in range(len(delta)):
            yield Slip(
                "one path",
                float(live.through(l, w[m] * delta[m])[j]),
                f"That is the path through {live.neuron(l + 1, m)} alone. {live.neuron(l, j).capitalize()} reaches the cost "
                f"through all {len(delta)} neurons of that layer: the paths add up, {tex(whole)}.",
            )
    moved = w - RATE * np.outer(delta, live.trace.a[l])
    yield Slip(
        "updated first",
        float(live.through(l, moved.T @ delta)[j]),
        f"There {tex(after)} has already been moved by $-\\eta$ times its gradient ($\\eta$ = {written(RATE)}). Every error "
        "needs the weights of the forward pass: first all errors, then the update.",
    )


def _slope_at_a(live: Live, l: int, j: int, into: Array) -> Iterator[Slip]:
    yield Slip(
        "slope at a",
        float(live.through(l, into, live.trace.a[l])[j]),
        f"That is $\\sigma'$ at {live.tex('a', l, j)}: the slope is taken at the weighted input, {tex(live.slope(l, j))}.",
    )
