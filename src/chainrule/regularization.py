"""What keeps weights and steps small: penalties on the weights, decay, and clipped gradients.

What training minimises is C + l1 Σ|w| + ½ l2 Σ w², where C is the mean of w_i c_i over the rows: nothing is divided by the
number of rows. The same in the terms of others (S2's author and scikit-learn divide, WANTS W17):

| here           | elsewhere                                                                          |
|----------------|------------------------------------------------------------------------------------|
| l2             | PyTorch's `weight_decay` of SGD and Adam (which penalises biases too)               |
| l2 × rows      | Nielsen's λ, chapter 3; the rows are those of the whole data                        |
| l2 × batch     | scikit-learn's `alpha`, divided by the rows of each batch                           |
| decay          | PyTorch's `weight_decay` of AdamW (Loshchilov and Hutter, 2019)                     |
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.elementary import Elementary
from chainrule.parameters import Parameters, length
from chainrule.ranges import at_least_0, truth
from chainrule.writing.numbers import exact, minus

Array = np.ndarray


@dataclass(frozen=True)
class Penalty:
    """l1 Σ|w| + ½ l2 Σ w², minimised beside the cost; and decay, by which each step first shrinks w: w ← w − η·decay·w.

    The weights alone, or with `biases` the biases too.
    """

    l1: float = 0.0
    l2: float = 0.0
    decay: float = 0.0
    biases: bool = False

    @classmethod
    def of(cls, own_decay: float, l1: float, l2: float, decay: float | None, biases: Any) -> Penalty:
        """The settings of a call, checked; without a `decay` it is the rule's own."""
        decay = own_decay if decay is None else at_least_0(decay, "decay")
        return cls(at_least_0(l1, "l1"), at_least_0(l2, "l2"), decay, truth(biases, "penalize_biases"))

    def __bool__(self) -> bool:
        return bool(self.l1 or self.l2 or self.decay)

    def __str__(self) -> str:
        """What is minimised beside the cost: 0.001 Σ|w| + ½ 0.01 Σ w²."""
        terms = [(self.l1, "", "Σ|w|"), (self.l2, "½ ", "Σ w²")]
        return " + ".join(f"{half}{minus(exact(value))} {of}" for value, half, of in terms if value)

    def form(self, w: Any, m: Elementary) -> Any:
        """l1 |w| + ½ l2 w² of each entry, by the functions of any kind of number."""
        square = 0.5 * self.l2 * (w * w)
        return square + self.l1 * m.abs(w) if self.l1 else square

    def value(self, parameters: Parameters) -> float:
        """l1 Σ|w| + ½ l2 Σ w², summed in float64."""
        w = self.entries(parameters) * parameters.flat().astype(np.float64)
        l1 = self.l1 * np.abs(w).sum() if self.l1 else 0.0
        return float(l1 + 0.5 * self.l2 * (w @ w) if self.l2 else l1)

    def slope(self, theta: Array) -> Array:
        """Its derivative, l1 sign(w) + l2 w, for each entry; at w = 0 that of l1 is taken as 0."""
        return np.sign(theta) * self.l1 + theta * self.l2 if self.l1 else theta * self.l2

    def entries(self, parameters: Parameters) -> Array:
        """1 where an entry of `Parameters.flat` is penalised, 0 elsewhere, in its dtype."""
        return (parameters.are_weights() | self.biases).astype(parameters.dtype)


@dataclass(frozen=True)
class Clip:
    """Limits of a step's gradient: each entry to ±value, then the length of the whole to `norm` (Pascanu et al., 2013)."""

    norm: float | None = None
    value: float | None = None

    def __bool__(self) -> bool:
        return self.norm is not None or self.value is not None

    def __call__(self, gradient: Array) -> Array:
        if self.value is not None:
            gradient = np.clip(gradient, -self.value, self.value)
        if self.norm is not None:
            size = length(gradient)
            if self.norm < size < math.inf:
                gradient = gradient * (self.norm / size)
        return gradient
