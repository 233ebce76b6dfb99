"""Questions to choose from: the right answer among wrong ones, in an order that is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.lessons.quiz import Answer, Question
from chainrule.lessons.replies import ReplyNumber, plainly, written
from chainrule.lessons.slips import Slip, told_apart

FEWEST_WRONG, MOST_WRONG = 2, 4
SHOWN = ReplyNumber(3)  # numbers to choose from have three significant digits


def choice(
    text: str, right: tuple[str, str], wrong: Sequence[tuple[str, str]], rng: np.random.Generator
) -> Question | None:
    """A question with (answer, what to say to it) once right and several times wrong; None with fewer than two wrong ones."""
    seen, kept = {plainly(right[0])}, []
    for each in wrong:
        if plainly(each[0]) not in seen:
            seen.add(plainly(each[0]))
            kept.append(each)
    if len(kept) < FEWEST_WRONG:
        return None
    answers = [Answer(right[0], True, right[1]), *(Answer(each, False, why) for each, why in kept[:MOST_WRONG])]
    return Question(text, tuple(answers[place] for place in rng.permutation(len(answers))))


def numbers(text: str, right: tuple[float, str], wrong: Sequence[Slip], rng: np.random.Generator) -> Question | None:
    """The same with numbers to choose from, without those that look like another one."""
    apart = told_apart(right[0], list(wrong), SHOWN)
    told = [(written(slip.value, SHOWN.digits), slip.says) for slip in apart]
    return choice(text, (written(right[0], SHOWN.digits), right[1]), told, rng)
