"""A question about the chain rule: which factors a nudge picks up from a weight to the cost, in that order (S1.14)."""

from __future__ import annotations

import numpy as np

from chainrule.ids import Id
from chainrule.lessons.choosing import choice
from chainrule.lessons.live import Live, tex
from chainrule.lessons.quiz import Question
from chainrule.writing.formula import Formula, joined


def order_question(live: Live, target: Id, rng: np.random.Generator) -> Question | None:
    """The factors along one way from this weight to the cost. None where a softmax lies on it, which has no single way."""
    l = target.layer
    if not all(live.elementwise(m) for m in range(l, live.last + (live.pair.delta is None))):
        return None
    route = [target.neuron, *(int(rng.integers(n)) for n in live.sizes[l + 1 :])]
    chain = _chain(live, target, route)
    path = " → ".join([*(live.neuron(m, r) for m, r in enumerate(route, l)), f"${live.how.letter}$"])
    text = (
        f"{live.tex('w', l, target.neuron, target.source)} is nudged, and the nudge travels to the cost: {path}. Which factors "
        "does it pick up on this way, in this order?"
    )
    wrong = [(_product(each), why) for each, why in _disorders(live, target, chain, route)]
    return choice(text, (_product(chain), "Right: each factor is one step of the way."), wrong, rng)


def _chain(live: Live, target: Id, route: list[int]) -> list[Formula]:
    """a_in · σ′ · w · σ′ · … · ∂C/∂a^L, or with ∂C/∂z^L at the end where the cost is a function of z^L."""
    chain: list[Formula] = [live.symbol("a", target.layer - 1, target.source)]
    for m, (here, before) in enumerate(zip(route, [target.source, *route]), target.layer):
        if m > target.layer:
            chain.append(live.symbol("w", m, here, before))
        if m == live.last and live.pair.delta is not None:
            chain.append(live.by(live.symbol("z", m, here)))
        else:
            chain.append(live.slope(m, here))
    if live.pair.delta is None:
        chain.append(live.by(live.symbol("a", live.last, route[-1])))
    return chain


def _product(chain: list[Formula]) -> str:
    return tex(joined(chain, " · "))


def _disorders(live: Live, target: Id, chain: list[Formula], route: list[int]) -> list[tuple[list[Formula], str]]:
    """Wrong chains, the most instructive first."""
    l, j = target.layer, target.neuron
    weight, slope = live.symbol("w", l, j, target.source), live.slope(l, j)
    into = live.tex("a", l - 1, target.source)
    wrong: list[tuple[list[Formula], str]] = [
        (
            chain[::-1],
            "The right factors from the cost back to the weight: so backpropagation multiplies. A nudge goes the other way.",
        )
    ]
    if l < live.last:
        after = tex(chain[2])
        why = f"{after} multiplies the activation, so that {tex(slope)} comes before it."
        wrong.append(([chain[0], chain[2], chain[1], *chain[3:]], why))
        if route[1] != j:
            swapped = live.symbol("w", l + 1, j, route[1])
            why = f"The indices of {after} are swapped: it leads from {live.neuron(l, j)} to {live.neuron(l + 1, route[1])}."
            wrong.append(([*chain[:2], swapped, *chain[3:]], why))
    why = f"A nudge of the weight arrives multiplied by {into}, which comes in through it, not by the weight itself."
    wrong.append(([weight, *chain[1:]], why))
    if slope in chain:
        why = f"{tex(slope)} is missing: the nudge passes the activation of {live.neuron(l, j)} too."
        wrong.append(([factor for factor in chain if factor != slope], why))
    wrong.append((chain[:-1], f"That way ends before the cost: {tex(chain[-1])} is missing."))
    return wrong
