"""The circuit of a recurrent network: wired once for each step of a sequence, its weights the same wires at all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.circuits.circuit import Circuit, CircuitRun
from chainrule.circuits.of_network import MOST_GATES
from chainrule.circuits.wires import MATHS, Wires
from chainrule.costs import Cost
from chainrule.errors import SettingError
from chainrule.recurrent.recurrent import Recurrent, RecurrentParameters
from chainrule.recurrent.steps import TimeSteps
from chainrule.recurrent.task import Task, task


@dataclass(frozen=True)
class Unrolled:
    """The circuit of a recurrent network over the steps of one sequence, its wires by name: `run[n.h[t]]`, `back[n.W]`.

    W, U, b, V, c are one set of wires for all steps. By step: x[t], z[t], h[t] (h[0] is where it starts), s[t] = V h_t + c,
    y[t] = τ(s_t); each holds the costs C_t of the steps that are read; cost () is C.
    """

    recurrent: Recurrent
    circuit: Circuit
    W: Wires
    U: Wires
    b: Wires
    V: Wires
    c: Wires
    x: TimeSteps[Wires]
    z: TimeSteps[Wires]
    h: TimeSteps[Wires]
    s: TimeSteps[Wires]
    y: TimeSteps[Wires]
    each: Wires
    cost: Wires

    def run(self) -> CircuitRun:
        """The forward phase, with the values it was built with."""
        return self.circuit.forward()

    def gradient(self) -> RecurrentParameters:
        """∂C/∂W, …, each the sum of what the steps send back to the one set of wires (S3.11)."""
        back = self.run().backward(self.cost)
        return RecurrentParameters(*(back[wires] for wires in (self.W, self.U, self.b, self.V, self.c)))

    def __repr__(self) -> str:
        return f"Unrolled({self.recurrent!r} over {len(self.z)} steps, {len(self.circuit):,} gates)"


def unroll(
    recurrent: Recurrent, xs: Any, ys: Any, cost: str | Cost | None = None, cost_at: str = "every", h0: Any = None
) -> Unrolled:
    """The network wired once for each step of xs (T, in), down to C; σ, τ and the cost enter by their forms alone.

    Raises SettingError with the number of gates where they would not fit into memory.
    """
    return wired(task(recurrent, xs, ys, cost, cost_at, h0))


def wired(given: Task) -> Unrolled:
    """The circuit, once everything has been looked at."""
    r, steps = given.recurrent, len(given)
    gates_needed = steps * sum(2 * w.size + 4 * len(w) for w in (r.W, r.U, r.V))
    if gates_needed > MOST_GATES:
        raise SettingError(
            f"{steps:,} steps of {r!r} are some {gates_needed:,} gates (at most {MOST_GATES:,}): take a shorter sequence"
        )
    circuit = Circuit()
    W, U, b, V, c = (circuit.input(name, getattr(r, name)) for name in "WUbVc")
    x, h = circuit.input("x", given.xs), [circuit.input("h0", given.h0)]
    from_x, z = (W[None] * x[:, None, :]).sum(), []
    for t in range(steps):
        z.append(from_x[t] + (U * h[-1][None, :]).sum() + b)
        h.append(r.activation.form(z[-1], MATHS))
    after = _stack(h[1:])
    s = (V[None] * after[:, None, :]).sum() + c[None]
    y = r.output.form(s, MATHS)
    found = given.pair.form((s if given.pair.of == "z" else y)[given.reads], given.targets, MATHS)
    each = Wires(circuit, found.numbers.reshape(len(given.reads)))
    total = each.sum() * given.share
    by_step = TimeSteps(x), TimeSteps(_stack(z)), TimeSteps(_stack(h), 0), TimeSteps(s), TimeSteps(y)
    return Unrolled(r, circuit, W, U, b, V, c, *by_step, each, total)


def _stack(wires: Sequence[Wires]) -> Wires:
    return Wires(wires[0].circuit, np.stack([each.numbers for each in wires]))
