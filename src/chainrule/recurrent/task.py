"""What is asked of a recurrent network: a sequence, where it starts, its targets, and the cost that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.costs import Cost, Pair, as_cost, natural
from chainrule.data import encode_targets
from chainrule.data.coercion import as_array
from chainrule.errors import DataError, SettingError, ShapeError, unknown_name
from chainrule.recurrent.recurrent import Recurrent, numbers

Array = np.ndarray
COST_AT = ("every", "mean", "last")


@dataclass(frozen=True)
class Task:
    """A network, a sequence, its start and its cost, once looked at: C = share · Σ C_t over the steps that are read.

    xs (T, in), h0 (hidden,); reads: the rows of steps at which the cost looks, with their targets (reads, out).
    """

    recurrent: Recurrent
    xs: Array
    h0: Array
    reads: Array
    targets: Array
    share: float
    cost: Cost
    pair: Pair

    def __len__(self) -> int:
        return len(self.xs)


def task(
    recurrent: Recurrent, xs: Any, ys: Any, cost: str | Cost | None = None, cost_at: str = "every", h0: Any = None
) -> Task:
    """The sequence xs (T, in) with one target per step, ys (T, out) or labels, and what C is made of.

    `cost_at`: "every" is C = Σ_t C_t, "mean" that over T, "last" C_T alone: then one target will do, and of T the last is read.
    Raises ShapeError, DataError, PairError or UnknownNameError for what does not fit.
    """
    output = as_recurrent(recurrent).output
    the_cost = natural(output) if cost is None else as_cost(cost)
    pair = the_cost.on(output)
    if cost_at not in COST_AT:
        raise unknown_name("cost_at", cost_at, COST_AT)
    rows, start = sequence(recurrent, xs), start_of(recurrent, h0)
    steps, given = len(rows), as_array(ys, "targets ys")
    count = len(given) if given.ndim else 0
    if count != steps and not (cost_at == "last" and count == 1):
        also = ' (or, with cost_at="last", one alone)' if cost_at == "last" else ""
        raise ShapeError(f"xs has {steps} steps and ys the shape {given.shape}: one target a step is needed{also}")
    reads = np.arange(steps)[-1:] if cost_at == "last" else np.arange(steps)
    read = given[-1:] if cost_at == "last" else given
    if read.dtype.kind == "f" and not np.isfinite(read).all():
        row = int(np.argwhere(~np.isfinite(read))[0][0])
        raise DataError(f"the target of step {reads[row] + 1} is {read[row].tolist()}: finite numbers are needed")
    targets, _ = encode_targets(read, recurrent.sizes[2], len(reads))
    targets = targets.astype(np.float64)
    the_cost.check_targets(targets)
    return Task(recurrent, rows, start, reads, targets, 1 / steps if cost_at == "mean" else 1.0, the_cost, pair)


def as_recurrent(given: Any) -> Recurrent:
    """The network itself, or SettingError."""
    if isinstance(given, Recurrent):
        return given
    raise SettingError(f"the first argument is a Recurrent, got {type(given).__name__}")


def sequence(recurrent: Recurrent, xs: Any) -> Array:
    """xs as rows (T, in), one at least."""
    n_in, rows = recurrent.sizes[0], numbers(xs, "xs")
    if rows.ndim != 2 or rows.shape[1] != n_in:
        hint = ": write xs[:, None]" if rows.ndim == 1 and n_in == 1 else ""
        raise ShapeError(f"xs is one sequence of shape (steps, {n_in}), got {rows.shape}{hint}")
    if len(rows) == 0:
        raise DataError(f"xs holds no steps: its shape is {rows.shape}, at least one step is needed")
    return rows


def start_of(recurrent: Recurrent, h0: Any) -> Array:
    """h_0 (hidden,): the one that is given, else zero."""
    hidden = recurrent.sizes[1]
    start = np.zeros(hidden) if h0 is None else numbers(h0, "h0")
    if start.shape != (hidden,):
        raise ShapeError(
            f"h0 is one number for each of the {hidden} hidden neurons, shape ({hidden},), got {start.shape}"
        )
    return start
