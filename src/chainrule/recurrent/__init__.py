"""A simple recurrent network (Elman 1990), unrolled over time: as gates, and backward through time as a recursion (S4.20).

    z_t = W x_t + U h_(t−1) + b,   h_t = σ(z_t)          δ_t  = (Vᵀ δ^s_t + Uᵀ δ_(t+1)) ⊙ σ′(z_t)
    s_t = V h_t + c,               y_t = τ(s_t)          ∂C/∂U = Σ_t δ_t h_(t−1)ᵀ

The weights are the same wires at every step, so that what the steps send back adds up, as at every fan-out (S3.11). Steps
count from 1 to T, as layers do, and h_0 is where the sequence starts. All of it is float64.
"""

from chainrule.recurrent.recurrent import Recurrent, RecurrentParameters
from chainrule.recurrent.steps import TimeSteps
from chainrule.recurrent.task import COST_AT
from chainrule.recurrent.through_time import RecurrentBackward, RecurrentTrace, forward_in_time, through_time, travel
from chainrule.recurrent.wiring import Unrolled, unroll

__all__ = [
    "COST_AT",
    "Recurrent",
    "RecurrentBackward",
    "RecurrentParameters",
    "RecurrentTrace",
    "TimeSteps",
    "Unrolled",
    "forward_in_time",
    "through_time",
    "travel",
    "unroll",
]
