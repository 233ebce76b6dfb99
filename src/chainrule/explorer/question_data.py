"""What the page needs to ask for a number and to say which mistake an answer is, as JSON: the sentences of lessons."""

from __future__ import annotations

from typing import Any

from chainrule.lessons.live import ORDINALS, SPELLED
from chainrule.lessons.plain_text import plain
from chainrule.lessons.quiz import FACTORS, lost
from chainrule.lessons.slips import OF_SOFTMAX, SAYS
from chainrule.lessons.values import GRADED

FORWARD = {
    "activation forgotten": "That is {z}, the weighted input: {a} is what the activation makes of it.",
    "bias forgotten": "The bias is forgotten: it is added to {z} before the activation.",
    "hint": "Here {a} = σ({z}): first the weighted input, then the activation.",
    "cost": "Here every output is compared with its target, and the terms are added.",
}


def question_data() -> dict[str, Any]:
    """Sentences with the {names} of symbols in them, by mistake, and [factor, sentence] of the factors that people lose."""
    return {
        "digits": GRADED.digits,
        "wanted": GRADED.wanted,
        "says": {key: plain(sentence) for key, sentence in SAYS.items()},
        "ofSoftmax": OF_SOFTMAX,
        "forward": FORWARD,
        "lost": [[factor, lost(factor)] for factor in FACTORS],
        "ordinals": list(ORDINALS),
        "spelled": SPELLED,
    }
