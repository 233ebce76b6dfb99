"""Questions about the rule of a gate: add distributes, multiply switches, a fan-out adds up (S3.9, S3.10, S3.11)."""

from __future__ import annotations

import numpy as np

from chainrule.ids import Id
from chainrule.lessons.choosing import numbers
from chainrule.lessons.live import SPELLED, Live, tex, vector
from chainrule.lessons.quiz import Question
from chainrule.lessons.replies import written
from chainrule.lessons.slips import Slip
from chainrule.writing.formula import row

DIGITS = 4


def gate_question(live: Live, target: Id, rng: np.random.Generator) -> Question | None:
    """What one gate of the unit behind this weight sends back."""
    form = str(rng.choice(["to the weight", "to the activation", "to the bias", "fan-out"]))
    if form == "fan-out":
        return _fan_out(live, target, rng)
    if form == "to the bias":
        return _add(live, target, rng)
    return _multiply(live, target, form == "to the weight", rng)


def _multiply(live: Live, target: Id, to_weight: bool, rng: np.random.Generator) -> Question | None:
    l, j, k = target.layer, target.neuron, target.source
    received = float(live.back.delta[l][j])
    names = live.tex("w", l, j, k), live.tex("a", l - 1, k)
    values = float(live.network.weights[l][j, k]), float(live.trace.a[l - 1][k])
    (to, other), (own, sent) = (names, values) if to_weight else (names[::-1], values[::-1])
    text = (
        f"A multiply gate has the inputs {names[0]} = {written(values[0], DIGITS)} and {names[1]} = "
        f"{written(values[1], DIGITS)}, and it receives the gradient {live.tex('d', l, j)} = {written(received, DIGITS)}. "
        f"What does it send back to {to}?"
    )
    wrong = [
        Slip("own input", received * own, f"That is the gradient times {to} itself. A multiply gate switches its inputs."),
        Slip("unchanged", received, "That is what an add gate does. A multiply gate multiplies by the other input."),
        Slip("local alone", sent, f"That is the local slope alone, {other}: the gradient the gate receives is a factor too."),
        Slip("both", received * own * sent, "That has both inputs in it: the one that is sent to does not multiply itself."),
    ]  # fmt: skip
    why = f"Right: a multiply gate switches its inputs, {to} is sent {other} times the gradient."
    return _asked(text, received * sent, why, wrong, rng)


def _add(live: Live, target: Id, rng: np.random.Generator) -> Question | None:
    l, j = target.layer, target.neuron
    b = live.network.biases[l]
    if not b.size:
        return None
    bias = float(b[j if b.size > 1 else 0])
    received, rest = float(live.back.delta[l][j]), float(live.trace.z[l][j]) - bias
    z = live.tex("z", l, j)
    name = live.tex("b", l, j) if b.size > 1 or live.sizes[l] == 1 else live.tex("b", l)
    text = (
        f"An add gate makes {z} of {written(rest, DIGITS)}, the sum of the products before it, and the bias {name} = "
        f"{written(bias, DIGITS)}. It receives the gradient {live.tex('d', l, j)} = {written(received, DIGITS)}. "
        f"What does it send back to {name}?"
    )
    wrong = [
        Slip("shared out", received / 2, "An add gate does not share its gradient out: each input is sent all of it."),
        Slip("multiplied", received * bias, "That is the gradient times the bias: the slope of an add gate is 1."),
        Slip("switched", received * rest, "That is the gradient times the other input, the rule of a multiply gate."),
        Slip("local alone", 1.0, "That is the local slope alone: the gradient the gate receives is a factor too."),
    ]  # fmt: skip
    why = "Right: an add gate distributes its gradient unchanged to all its inputs."
    return _asked(text, received, why, wrong, rng)


def _fan_out(live: Live, target: Id, rng: np.random.Generator) -> Question | None:
    """The activation behind this weight, where it feeds several neurons."""
    l, j = target.layer, target.neuron
    if l == live.last or not 1 < live.sizes[l + 1] <= SPELLED:
        return None
    sent = live.back.delta[l + 1] * live.network.weights[l + 1][:, j]
    a = live.symbol("a", l, j)
    total = float(live.back.da[l][j])
    text = (
        f"{tex(a)} feeds {len(sent)} multiply gates, one for each neuron of layer {l + 1}. They send it the gradients "
        f"{vector(sent, DIGITS)}. What is {tex(live.by(a))}?"
    )
    wrong = [
        Slip("one path", float(sent[0]), "That is the first of the paths alone: what comes back along all of them adds up."),
        Slip("mean", total / len(sent), "That is the mean. Each path changes the cost on its own, so that they add up."),
        Slip("largest", float(sent[np.abs(sent).argmax()]), "That is the largest alone. The others count too: they add up."),
        Slip("product", float(np.prod(sent)), "That multiplies the paths. Along a path factors multiply; paths add up."),
        Slip("sizes", float(np.abs(sent).sum()), "That adds the sizes. The signs count: paths can cancel."),
    ]  # fmt: skip
    why = f"Right: where one value goes several ways, the gradients add up, {_sum(live, l, j)}."
    return _asked(text, total, why, wrong, rng)


def _sum(live: Live, l: int, j: int) -> str:
    terms = [row(live.symbol("w", l + 1, m, j), " ", live.symbol("d", l + 1, m)) for m in range(live.sizes[l + 1])]
    return tex(*(piece for place, term in enumerate(terms) for piece in ((" + ", term) if place else (term,))))


def _asked(text: str, right: float, why: str, wrong: list[Slip], rng: np.random.Generator) -> Question | None:
    return numbers(text, (right, why), wrong, rng) if np.isfinite(right) and right != 0 else None
