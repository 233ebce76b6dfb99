"""Each method's answer to one gradient, as one vector: whole, or of some entries where the whole would take too long."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainrule.costs import Cost
from chainrule.errors import ChainruleError, DataError, ShapeError
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.differences import Difference, of_entries
from chainrule.verification.methods import METHODS, Method
from chainrule.verification.noise import precision_of
from chainrule.verification.smooth_steps import without_kinks
from chainrule.verification.verdict import YOURS

Array = np.ndarray
Gradient = Callable[[Network, Any, Any, Cost], Parameters]
LEFT = "a number in {} is NaN or infinite"


@dataclass(frozen=True)
class MethodAnswer:
    """A method's gradient as one vector, the differences it came from, by entry, and the dtype it was computed in.

    `rounded` is how far the method's own rounding may move each entry, where that is more than any other's.
    `entries` are those that it was asked for, where that is not all.
    """

    method: str
    flat: Array
    differences: Mapping[int, Difference] = field(default_factory=dict)
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.float64))
    entries: Array | None = None
    rounded: Array | float = 0.0

    @property
    def asked(self) -> Array:
        """Which entries it was asked for."""
        mask = np.full(self.flat.size, self.entries is None)
        mask[[] if self.entries is None else self.entries] = True
        return mask

    @property
    def sampled(self) -> bool:
        """Whether that is not all."""
        return self.entries is not None

    @property
    def kinks(self) -> Array:
        """The entries where differences saw two slopes."""
        return self._of_differences(lambda d: d.kink).astype(bool)

    @property
    def bars(self) -> Array:
        """How far each entry may be off for reasons of its method: the error bars of differences, the rounding of paths."""
        return self._of_differences(lambda d: 0.0 if d.beside_kink else d.error) + self.rounded

    def _of_differences(self, key: Callable[[Difference], float]) -> Array:
        found = np.zeros(self.flat.size)
        found[list(self.differences)] = [key(each) for each in self.differences.values()]
        return found


def answer_of(name: str, p: Problem) -> MethodAnswer | str:
    """A method's answer to a problem in float64, or why there is none."""
    method, entries = METHODS[name], None
    reason = method.refuses(p)
    if reason is not None:
        entries = _sample(method, p)
        if entries is None:
            return reason.removeprefix(f"{name}: ")
    try:
        if name == "differences":
            return _measured(p, entries)
        rounded = method.rounding(p).flat() if method.rounding else 0.0
        if entries is None:
            return computed(name, method.gradient(p), rounded)
        assert method.some is not None
        return scattered(name, p.network.parameters.size, entries, method.some(p, entries.tolist()), rounded=rounded)
    except ChainruleError as error:
        return str(error).removeprefix(f"{name}: ")


def computed(name: str, found: Parameters, rounded: Array | float = 0.0) -> MethodAnswer | str:
    """Parameters as an answer, or why they are none."""
    flat = found.astype(np.float64).flat()
    return (
        MethodAnswer(name, flat, {}, found.dtype, rounded=rounded)
        if np.isfinite(flat).all()
        else LEFT.format(found.dtype)
    )


def _measured(p: Problem, entries: Array | None) -> MethodAnswer | str:
    """Differences, with their error bars."""
    size = p.network.parameters.size
    asked = np.arange(size) if entries is None else entries
    return measured(size, asked, of_entries(p, asked.tolist()))


def measured_again(answer: MethodAnswer, entries: Sequence[int], p: Problem) -> MethodAnswer:
    """Differences, of these entries by steps that pass no kink where theirs pass one."""
    flat, differences = answer.flat.copy(), dict(answer.differences)
    for entry in entries:
        differences[entry] = without_kinks(p, entry, float(flat[entry])) or differences[entry]
        flat[entry] = differences[entry].value
    return replace(answer, flat=flat, differences=differences)


def measured(size: int, entries: Array, found: Sequence[Difference]) -> MethodAnswer | str:
    """Differences of some entries of `size` as an answer, or why they are none."""
    values = np.array([each.value for each in found])
    if not np.isfinite(values).all():
        return LEFT.format("float64")
    return scattered("differences", size, entries, values, dict(zip(entries.tolist(), found)))


def scattered(
    name: str,
    size: int,
    entries: Array,
    values: Array,
    differences: Mapping[int, Difference] | None = None,
    rounded: Array | float = 0.0,
) -> MethodAnswer:
    """An answer for some entries of `size`, or all."""
    flat = np.full(size, np.nan)
    flat[entries] = values
    return MethodAnswer(
        name, flat, differences or {}, entries=entries if len(entries) < size else None, rounded=rounded
    )


# some entries -------------------------------------------------------------------------------------------------------
def _sample(method: Method, p: Problem) -> Array | None:
    """Entries to ask a method for that cannot compute all of them: as many as it can, of each layer as many.

    Half of them at random, the others at random among those that are not zero by backpropagation. None where it cannot.
    """
    network, most = p.network, method.most(p)
    if most < 2 * network.depth:
        return None
    rng, right = np.random.default_rng(0), METHODS["delta"].gradient(p).flat()
    ends = np.cumsum([w.size + b.size for w, b in zip(network.weights, network.biases)])
    chosen: list[Array] = []
    for here in np.split(np.arange(right.size), ends[:-1]):
        count = min(most // network.depth, here.size)
        moving = here[right[here] != 0]
        first = rng.choice(moving, min(count // 2, moving.size), replace=False)
        rest = np.setdiff1d(here, first)
        chosen += [first, rng.choice(rest, count - first.size, replace=False)]
    return np.sort(np.concatenate(chosen))


# yours --------------------------------------------------------------------------------------------------------------
def your_answer(gradient: Parameters | Gradient, p: Problem) -> MethodAnswer:
    """Yours to a problem in float64; a function gets arrays of its own, which it may write into.

    Numbers that all fit into float32 were computed there, whatever they are stored in, and are judged so.
    """
    given = gradient
    if callable(gradient) and not isinstance(gradient, Parameters):
        given = gradient(p.network, p.x.copy(), p.y.copy(), p.cost)
    if not isinstance(given, Parameters):
        raise ShapeError(
            f"a gradient is chainrule.Parameters of the network's shapes, or a function that gives such, got "
            f"{type(given).__name__}: cr.Parameters([∂C/∂w¹, …], [∂C/∂b¹, …])"
        )
    given = Parameters([np.asarray(w) for w in given.weights], [np.asarray(b) for b in given.biases])
    p.network.parameters._same_space(given)
    if given.dtype.kind != "f":
        raise DataError(f"a gradient is real numbers in float64 or float32, got {given.dtype}")
    flat = given.astype(np.float64).flat()
    return MethodAnswer(YOURS, flat, {}, precision_of(given.flat()))
