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
}
COST = {
    "not squared": "That is the difference of output and target itself: this cost squares it.",
    "not squared, several": "Those are the differences of outputs and targets added: each is squared before.",
    "squared last": "That squares the sum of the differences: each is squared by itself, then they are added.",
    "root": "That is a root, the distance of outputs and targets: this cost is made of its square.",
    "derivative": "That is {slope}, a derivative of the cost: asked for is the cost itself.",
    "one output": "That is what {neuron} adds to the cost: what all {count} outputs add is summed up.",
    "base 10": "That takes the logarithm to base 10: log is the natural one here, to base e.",
    "base 2": "That takes the logarithm to base 2: log is the natural one here, to base e.",
    "no logarithm": "That is the probability of the target: this cost takes its logarithm, with a minus.",
    "other target": "That is the cost for the other target: −log p belongs to y = 1, −log(1 − p) to y = 0.",
    "hint": "Here the formula of {C} takes the output and its target.",
    "hint, several": "Here the formula of {C} takes every output and its target, and what they give is added.",
}


def question_data() -> dict[str, Any]:
    """Sentences with the {names} of symbols in them, by mistake, and [factor, sentence] of the factors that people lose."""
    return {
        "digits": GRADED.digits,
        "wanted": GRADED.wanted,
        "close": GRADED.close,
        "says": {key: plain(sentence) for key, sentence in SAYS.items()},
        "ofSoftmax": OF_SOFTMAX,
        "forward": FORWARD,
        "cost": COST,
        "lost": [[factor, lost(factor)] for factor in FACTORS],
        "ordinals": list(ORDINALS),
        "spelled": SPELLED,
    }
