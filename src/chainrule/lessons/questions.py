"""Questions made from one example in a live network, in the reader's convention: kinds, a row each.

| kind     | asks for                                                                                            |
|----------|-----------------------------------------------------------------------------------------------------|
| shapes   | the shape of w^l, b^l, δ^l or ∂C/∂w^l                                                               |
| index    | which neuron a weight leaves or reaches; how the weight between two neurons is written (S4.6)       |
| gradient | the value of ∂C/∂w (S2.9)                                                                           |
| delta    | the value of a δ (S2.5, S2.8)                                                                       |
| slow     | which of a_in, σ′ and (Wᵀδ) makes a weight learn slowly (S2.12–S2.15)                               |
| order    | the factors from a weight to the cost, in that order (S1.14)                                        |
| gates    | what an add gate, a multiply gate or a fan-out sends back (S3.9–S3.11)                              |
| sign     | whether C rises or falls with a weight                                                              |
| half     | what becomes of every δ when the cost loses its ½, or gets one (S2.6, S0.2)                         |

Wrong answers are mistakes people make, computed on this network, each with what to say to it. No two of them look
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.conventions import Convention
from chainrule.costs import Cost
from chainrule.data.dataset import generator
from chainrule.errors import SettingError, brief, unknown_name
from chainrule.ids import Id
from chainrule.lessons.chain_order import order_question
from chainrule.lessons.gate_rules import gate_question
from chainrule.lessons.live import Live
from chainrule.lessons.quiz import Question
from chainrule.lessons.quiz_format import Quiz
from chainrule.lessons.reading import index_question, shape_question
from chainrule.lessons.reasons import half_question, sign_question, slow_question
from chainrule.lessons.values import value_question
from chainrule.network import Network

PENALTY = 25.0
COUNT = 5
MOST = 1_000  # at once: a lesson has tens, and a search for millions would not come to an end
TRIES = 40  # draws of a kind in a row that give nothing new, before it is taken to be exhausted

Rng = np.random.Generator
Maker = Callable[[Live, Rng], Question | None]


def any_weight(live: Live, rng: Rng) -> Id:
    """A weight, every layer as likely as another."""
    layer = int(rng.integers(1, live.last + 1))
    return Id("w", layer, int(rng.integers(live.sizes[layer])), int(rng.integers(live.sizes[layer - 1])))


def any_delta(live: Live, rng: Rng) -> Id:
    """A δ, every layer as likely as another."""
    layer = int(rng.integers(1, live.last + 1))
    return Id("d", layer, int(rng.integers(live.sizes[layer])))


KINDS: Mapping[str, Maker] = {
    "shapes": shape_question,
    "index": lambda live, rng: index_question(live, any_weight(live, rng), rng),
    "gradient": lambda live, rng: value_question(live, any_weight(live, rng)),
    "delta": lambda live, rng: value_question(live, any_delta(live, rng)),
    "slow": lambda live, rng: slow_question(live, any_weight(live, rng), rng),
    "order": lambda live, rng: order_question(live, any_weight(live, rng), rng),
    "gates": lambda live, rng: gate_question(live, any_weight(live, rng), rng),
    "sign": lambda live, rng: sign_question(live, any_weight(live, rng), rng),
    "half": half_question,
}


def questions(
    network: Network,
    x: Any,
    y: Any,
    *,
    cost: str | Cost | None = None,
    convention: str | Convention = "nielsen",
    kinds: Sequence[str] | None = None,
    count: int | None = None,
    seed: int | Rng = 0,
    fewer: bool = False,
) -> tuple[Question, ...]:
    """So many different questions about one example, kind after kind in an order that the seed draws.

    x (in,) and y (out,) are one example; the cost is the network's own unless one is named. The same seed asks the same. A kind
    that this network has nothing for is left out. Without a count there are five, or what there is; SettingError where
    there are fewer than a count that is given, or none, unless `fewer` will do.
    """
    wanted = COUNT if count is None else count
    if isinstance(wanted, bool) or not isinstance(wanted, int | np.integer) or not 1 <= wanted <= MOST:
        raise SettingError(f"count is a whole number of questions, 1 … {MOST:,}, got {brief(wanted)}")
    live, rng = Live.of(network, x, y, cost, convention), generator(seed)
    chosen = list(KINDS) if kinds is None else list(dict.fromkeys(kinds))
    for kind in chosen:
        if kind not in KINDS:
            raise unknown_name("kind of question", kind, KINDS)
    found: dict[str, Question] = {}
    waiting: list[str] = []
    while len(found) < wanted and chosen:
        waiting = waiting or [chosen[place] for place in rng.permutation(len(chosen))]
        kind = waiting.pop(0)
        made = _another(KINDS[kind], live, rng, found)
        if made is None:
            chosen.remove(kind)
        else:
            found[made.text] = made
    if len(found) < (1 if count is None else count) and not fewer:
        of = "" if kinds is None else f" of the kinds {', '.join(kinds)}"
        raise SettingError(
            f"{wanted} questions were wanted and this network gives {len(found)}{of}: ask for fewer, for other kinds, "
            "or about a network with more neurons"
        )
    return tuple(found.values())


def quiz(
    network: Network,
    x: Any,
    y: Any,
    *,
    cost: str | Cost | None = None,
    convention: str | Convention = "nielsen",
    kinds: Sequence[str] | None = None,
    count: int | None = None,
    seed: int | Rng = 0,
    title: str = "",
) -> Quiz:
    """A quiz about one example in this network: `questions` below a title, with what to say to each wrong answer.

    Printed, it is the text that `write_quiz` puts into a file and `chainrule quiz FILE` asks; `quiz.questions` are its
    questions, and `grade(question, reply)` grades a reply. The arguments and errors are those of `questions`.
    """
    made = questions(network, x, y, cost=cost, convention=convention, kinds=kinds, count=count, seed=seed)
    return Quiz.of(made, title)


def _another(make: Maker, live: Live, rng: Rng, found: Mapping[str, Question]) -> Question | None:
    """A question that is not among those found."""
    for _ in range(TRIES):
        made = make(live, rng)
        if made is not None and made.text not in found:
            return replace(made, penalty=PENALTY)
    return None
