"""Forward and backward through time, as a recursion: every δ_t, and what each step adds to the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from chainrule.activations import odot
from chainrule.costs import Cost
from chainrule.equations import bp1, bp3, bp4
from chainrule.errors import FormError
from chainrule.parameters import length
from chainrule.recurrent.recurrent import Recurrent, RecurrentParameters
from chainrule.recurrent.steps import TimeSteps
from chainrule.recurrent.task import Task, as_recurrent, sequence, start_of, task

Array = np.ndarray


@dataclass(frozen=True)
class RecurrentTrace:
    """What the way forward through time leaves: x[1]…x[T], z, h[0]…h[T], s and the outputs y, by step."""

    recurrent: Recurrent
    x: TimeSteps[Array]
    z: TimeSteps[Array]
    h: TimeSteps[Array]
    s: TimeSteps[Array]
    y: TimeSteps[Array]


def forward_in_time(recurrent: Recurrent, xs: Any, h0: Any = None) -> RecurrentTrace:
    """h_t = σ(W x_t + U h_(t−1) + b) and y_t = τ(V h_t + c) for t = 1…T, from h_0 = h0, or zero."""
    r = as_recurrent(recurrent)
    rows, h = sequence(r, xs), [start_of(r, h0)]
    with np.errstate(all="ignore"):  # NaN or infinity is an error below
        z = rows @ r.W.T + r.b
        for here in z:
            here += r.U @ h[-1]
            h.append(r.activation.value(here))
        s = np.stack(h[1:]) @ r.V.T + r.c
        y = r.output.value(s)
    left = ~(np.isfinite(h[1:]).all(axis=1) & np.isfinite(y).all(axis=1))
    if left.any():
        raise FormError(
            f"at step {int(np.argmax(left)) + 1} of {len(rows)} the network leaves the floating point numbers (U has the "
            f"spectral radius {r.radius:.3g}): take fewer steps, a smaller U or an activation that is bounded, such as tanh"
        )
    return RecurrentTrace(r, TimeSteps(rows), TimeSteps(z), TimeSteps(np.stack(h), 0), TimeSteps(s), TimeSteps(y))


@dataclass(frozen=True)
class RecurrentBackward:
    """What the way back through time finds, by step; steps count from 1, and C is the cost that was asked for.

    delta[t] = ∂C/∂z_t, delta_s[t] = ∂C/∂s_t, dh[0]…dh[T] = ∂C/∂h_t; each holds the costs C_t of the steps that are read.
    """

    trace: RecurrentTrace
    delta: TimeSteps[Array]
    delta_s: TimeSteps[Array]
    dh: TimeSteps[Array]
    each: Array
    cost: float

    @property
    def shares_W(self) -> TimeSteps[Array]:
        """δ_t x_tᵀ: what step t adds to ∂C/∂W."""
        return TimeSteps(_outer(self.delta.rows, self.trace.x.rows))

    @property
    def shares_U(self) -> TimeSteps[Array]:
        """δ_t h_(t−1)ᵀ: what step t adds to ∂C/∂U."""
        return TimeSteps(_outer(self.delta.rows, self.trace.h.rows[:-1]))

    @property
    def shares_b(self) -> TimeSteps[Array]:
        """δ_t: what step t adds to ∂C/∂b."""
        return self.delta

    @property
    def shares_V(self) -> TimeSteps[Array]:
        """δ^s_t h_tᵀ: what step t adds to ∂C/∂V."""
        return TimeSteps(_outer(self.delta_s.rows, self.trace.h.rows[1:]))

    @property
    def shares_c(self) -> TimeSteps[Array]:
        """δ^s_t: what step t adds to ∂C/∂c."""
        return self.delta_s

    @cached_property
    def gradient(self) -> RecurrentParameters:
        """∂C/∂W, ∂C/∂U, ∂C/∂b, ∂C/∂V, ∂C/∂c: BP3 and BP4 summed over the steps, as elsewhere over examples (S1.11)."""
        x, h, delta, delta_s = self.trace.x.rows, self.trace.h.rows, self.delta.rows, self.delta_s.rows
        return RecurrentParameters(bp4(x, delta), bp4(h[:-1], delta), bp3(delta), bp4(h[1:], delta_s), bp3(delta_s))

    @property
    def dx(self) -> TimeSteps[Array]:
        """∂C/∂x_t = Wᵀ δ_t (S3.15)."""
        return TimeSteps(self.delta.rows @ self.trace.recurrent.W)

    @property
    def dh0(self) -> Array:
        """∂C/∂h_0 = Uᵀ δ_1."""
        return self.dh[0]

    def __repr__(self) -> str:
        return f"RecurrentBackward({len(self.delta)} steps of {self.trace.recurrent!r}, C = {self.cost:.6g})"


def through_time(
    recurrent: Recurrent, xs: Any, ys: Any, cost: str | Cost | None = None, cost_at: str = "every", h0: Any = None
) -> RecurrentBackward:
    """Backpropagation through time: every δ_t from the last step to the first, and what each step adds to the gradient."""
    return backward_of(task(recurrent, xs, ys, cost, cost_at, h0))


def backward_of(given: Task) -> RecurrentBackward:
    """Backpropagation through time, once everything has been looked at."""
    r, pair = given.recurrent, given.pair
    trace = forward_in_time(r, given.xs, given.h0)
    s, y = trace.s.rows[given.reads], trace.y.rows[given.reads]
    with np.errstate(all="ignore"):  # NaN or infinity is an error below
        each = pair.value(s if pair.of == "z" else y, given.targets)
        delta_s = np.zeros_like(trace.s.rows)
        if pair.delta is not None:
            delta_s[given.reads] = given.share * pair.delta(s, given.targets)
        else:
            delta_s[given.reads] = given.share * bp1(pair.slope(y, given.targets), r.output.slope(s))
        delta, dh = _errors(r, delta_s, r.activation.slope(trace.z.rows))
        back = RecurrentBackward(
            trace, TimeSteps(delta), TimeSteps(delta_s), TimeSteps(dh, 0), each, float(given.share * each.sum())
        )
        if not (np.isfinite(back.cost) and np.isfinite(dh).all() and back.gradient.is_finite()):
            raise FormError(
                f"the cost or its gradient over {len(given)} steps leaves the floating point numbers (U has the spectral "
                f"radius {r.radius:.3g}): take fewer steps, smaller weights or smaller targets"
            )
    return back


def _errors(r: Recurrent, delta_s: Array, slopes: Array) -> tuple[Array, Array]:
    """δ_1…δ_T and ∂C/∂h_0…∂C/∂h_T, from the last step down; after it there is nothing that could send anything back."""
    steps, hidden = len(delta_s), len(r.U)
    delta, dh = np.zeros((steps, hidden)), np.zeros((steps + 1, hidden))
    from_later = np.zeros(hidden)
    for t in range(steps, 0, -1):
        dh[t] = r.V.T @ delta_s[t - 1] + from_later
        delta[t - 1] = odot(dh[t], slopes[t - 1])
        from_later = one_step_back(r.U, delta[t - 1])
    dh[0] = from_later
    return delta, dh


def one_step_back(U: Float[np.ndarray, "next hidden"], delta_next: Float[np.ndarray, " next"]) -> Array:
    r"""What step t + 1 sends back to h_t: $U^T \delta_{t+1}$."""
    return U.T @ delta_next


def _outer(delta: Array, before: Array) -> Array:
    return delta[:, :, None] * before[:, None, :]


def travel(recurrent: Recurrent, xs: Any, ys: Any, cost: str | Cost | None = None, h0: Any = None) -> list[float]:
    """How a gradient travels back through time: ‖∂C_T/∂h_t‖ for t = 0…T, C_T being the last step's cost alone.

    Each step back multiplies by Uᵀ Σ′: the norms vanish where that shrinks, and explode where it grows (S2.15).
    """
    return [length(dh) for dh in through_time(recurrent, xs, ys, cost, "last", h0).dh]
