"""Nudges: one quantity moved, what its tangent promises for another, and what then happens.

nudge      one step, and the change of everything on the way           (S1.6, S1.7)
sweep      several steps, one per row: predicted, actual, miss          (S2.2)
best_move  the step within a range that lowers a quantity most         (S2.3)
demon      each neuron of a layer in turn, or all weights together     (S0.16, S2.3, S2.4)

Slopes are made by dual numbers, values by the forms of σ and C in float64. On the way may lie kinks, where a unit's z passes a
kink of its σ or the hinge of a cost sets in: there the tangent no longer predicts the change (S3.4).
Those of an own cost are not known.
"""

from chainrule.nudges.best_move import BestMove, best_move
from chainrule.nudges.change import Change
from chainrule.nudges.demon import Deed, Demon, demon
from chainrule.nudges.kinks import Kink
from chainrule.nudges.nudge import Nudge, NudgeLink, nudge
from chainrule.nudges.sweep import Sweep, sweep
from chainrule.nudges.text import miss_text, signed

__all__ = [
    "BestMove",
    "Change",
    "Deed",
    "Demon",
    "Kink",
    "Nudge",
    "NudgeLink",
    "Sweep",
    "best_move",
    "demon",
    "miss_text",
    "nudge",
    "signed",
    "sweep",
]
