"""Questions about how a network is read: the shapes of its arrays, and which neurons a weight joins (S4.1, S4.6, S0.3)."""

from __future__ import annotations

import numpy as np

from chainrule.ids import Id
from chainrule.lessons.choosing import choice
from chainrule.lessons.live import Live, tex
from chainrule.lessons.quiz import Answer, Question
from chainrule.lessons.replies import Name, Shape

Pairs = list[tuple[str, str]]


# shapes -------------------------------------------------------------------------------------------------------------
def shape_question(live: Live, rng: np.random.Generator) -> Question | None:
    """The shape of w^l, b^l, δ^l or ∂C/∂w^l, rows × columns."""
    l = int(rng.integers(1, live.last + 1))
    kind = str(rng.choice(["w", "dw", "d", "b"] if live.network.biases[l].size else ["w", "dw", "d"]))
    symbol = live.symbol("w" if kind == "dw" else kind, l)
    asked = tex(live.by(symbol)) if kind == "dw" else tex(symbol)
    right, hint, wrong = _matrix(live, l, kind) if kind in ("w", "dw") else _vector(live, l, kind)
    text = f"The sizes of a network are {'-'.join(map(str, live.sizes))}, inputs first. What is the shape of {asked}?"
    if kind in ("w", "dw"):
        text += " Rows × columns, as 3×4."
    known, shapes = [], {Shape().read(each) for each in right}
    for each, says in wrong:
        if Shape().read(each) not in shapes:
            shapes.add(Shape().read(each))
            known.append(Answer(each, False, says))
    answers = (*(Answer(each, True, f"Right: {right[0]}. {hint}") for each in right), *known)
    return Question(text, answers, Shape(), hint) if known else None


def _matrix(live: Live, l: int, kind: str) -> tuple[list[str], str, Pairs]:
    before, here = live.sizes[l - 1], live.sizes[l]
    to_first = live.how.order == "to,from"
    rows, columns = (here, before) if to_first else (before, here)
    holds = (
        "the weights into one neuron of its layer" if to_first else "the weights out of one neuron of the layer before"
    )
    weights = live.tex("w", l)
    hint = f"A row of {weights} holds {holds}."
    if kind == "dw":
        hint = f"There is one derivative per weight, in the place of its weight. {hint}"
    wrong = [
        (f"{columns}×{rows}", f"Rows and columns are turned around: here a row of {weights} holds {holds}."),
        (f"{rows}×{rows}", f"That has the {rows} twice: weights stand between two layers, of {before} and {here}."),
        (f"{columns}×{columns}", f"That has the {columns} twice: weights stand between two layers, of {before} and {here}."),
        (str(here), "That is one number per neuron, as for a bias or a δ. There is one weight for each pair of neurons."),
    ]  # fmt: skip
    if l < live.last:
        after = live.sizes[l + 1]
        turned = (after, here) if to_first else (here, after)
        wrong.append(
            (
                f"{turned[0]}×{turned[1]}",
                f"That is {live.tex('w', l + 1)}, one layer on: {weights} leads into layer {l}.",
            )
        )
    return [f"{rows}×{columns}"], hint, wrong


def _vector(live: Live, l: int, kind: str) -> tuple[list[str], str, Pairs]:
    before, here = live.sizes[l - 1], live.sizes[l]
    columns = live.how.orientation == "columns"
    name = live.tex(kind, l)
    if kind == "b":
        count = live.network.biases[l].size
        each = "one bias per neuron" if count == here else "one bias for the whole layer"
    else:
        count, each = here, "one δ per neuron, the derivative with respect to its own $z$"
    lying, standing = f"1×{count}", f"{count}×1"
    right = [standing if columns else lying, str(count)]
    wrong = [(str(before), f"That is as many as layer {l - 1} has. {name} belongs to layer {l}: {each}.")]
    w = f"{here}×{before}" if live.how.order == "to,from" else f"{before}×{here}"
    wrong.append((w, f"That is the shape of the weights {live.tex('w', l)}. Of {name} there is {each}."))
    if l < live.last:
        wrong.append(
            (str(live.sizes[l + 1]), f"That is as many as layer {l + 1} has. {name} belongs to layer {l}: {each}.")
        )
    stands = "stand as columns" if columns else "lie as rows"
    wrong.append((lying if columns else standing, f"As many as that, and turned: vectors {stands} in this convention."))
    wrong.append(("1", f"One number for the whole layer is not enough: {each}."))
    return right, f"Of {name} there is {each}.", wrong


# indices ------------------------------------------------------------------------------------------------------------
def index_question(live: Live, target: Id, rng: np.random.Generator) -> Question | None:
    """Which neuron does this weight leave, or reach, or: how is the weight between these two written?"""
    form = int(rng.integers(3))
    if form == 2:
        return _named(live, target)
    return _joined(live, target, form == 0, rng)


def _joined(live: Live, target: Id, leaves: bool, rng: np.random.Generator) -> Question | None:
    """Which neuron does the weight leave, or reach?"""
    l, j, k = target.layer, target.neuron, target.source
    does, verb = ("leaves", "leave") if leaves else ("reaches", "reach")
    index = "second" if (live.how.order == "to,from") == leaves else "first"
    right = live.neuron(l - 1, k) if leaves else live.neuron(l, j)
    why = f"Right: the {index} index is the neuron a weight {does}."
    if live.bare:
        why = "Right: the mark above is the layer a weight reaches."
    wrong = [
        (live.neuron(*place), says) for place, says in _mistaken(live, target, leaves, index) if _exists(live, *place)
    ]
    text = f"Which neuron does the weight {live.tex('w', l, j, k)} {verb}?"
    return choice(text, (right, why), wrong, rng)


def _exists(live: Live, layer: int, place: int) -> bool:
    return 0 <= layer <= live.last and 0 <= place < live.sizes[layer]


def _mistaken(live: Live, target: Id, leaves: bool, index: str) -> list[tuple[tuple[int, int], str]]:
    """(layer, neuron) of those who swap indices, ends, layers or the counting, whether there is such a neuron or not."""
    l, j, k = target.layer, target.neuron, target.source
    layer, place, other = (l - 1, k, j) if leaves else (l, j, k)
    does = "leaves" if leaves else "reaches"
    swapped = f"The indices are swapped: here the {index} one is the neuron a weight {does}."
    miscounted = (layer, place + (1 if live.how.base else -1))
    if leaves:
        return [
            ((layer, other), swapped),
            ((l, j), "That is the other end: the weight reaches it."),
            ((l, place), "The mark above is the layer a weight reaches; it leaves the layer before."),
            (miscounted, _counting(live)),
        ]
    return [
        ((layer, other), swapped),
        ((l - 1, k), "That is the other end: the weight leaves it."),
        ((l + 1, place), "The mark above is the layer a weight reaches, not the one it leaves."),
        ((l - 1, place), "The mark above is the layer a weight reaches, and that is one further on."),
        (miscounted, _counting(live)),
    ]


def _counting(live: Live) -> str:
    return f"Neurons count from {live.how.base} in this convention: the number {live.how.base} is the first of them."


def _named(live: Live, target: Id) -> Question:
    """The symbol or the id of the weight between two neurons, typed."""
    l, j, k = target.layer, target.neuron, target.source
    shift = -1 if live.how.base else 1  # what a reader writes who counts from the other number
    first, second = ("reaches", "leaves") if live.how.order == "to,from" else ("leaves", "reaches")
    slips = [
        (Id("w", l, k, j), f"The indices are swapped: first comes the neuron a weight {first}, then the one it {second}."),
        (Id("w", l - 1, j, k), f"The mark above is the layer a weight reaches, here {l}."),
        (Id("w", l + 1, j, k), f"The mark above is the layer a weight reaches, here {l}."),
        (Id("w", l, j + shift, k + shift), _counting(live)),
    ]  # fmt: skip
    known, seen = [], {live.symbol("w", l, j, k)}
    for slip, says in slips:
        if slip.layer < 1 or min(slip.neuron, slip.source) < 0:
            continue
        symbol = live.symbol("w", slip.layer, slip.neuron, slip.source)
        if symbol not in seen:
            seen.add(symbol)
            known.append(Answer(tex(symbol), False, says))
    text = f"Write the weight from {live.neuron(l - 1, k)} to {live.neuron(l, j)}, in this convention or as w/l/j/k."
    right = live.tex("w", l, j, k)
    hint = "" if live.bare else live.reading
    name = Name(live.how.order, live.how.base)
    return Question(text, (Answer(right, True, f"Right: {right}."), *known), name, hint)
