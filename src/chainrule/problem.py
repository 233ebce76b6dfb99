"""Problem: a network, its examples x and y, and a cost on its output, checked and encoded once.

Whatever computes, explains or judges takes a Problem and checks nothing again. Results are computed on demand and kept:
`problem.once(trace_of)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from chainrule.costs import Cost, Pair
from chainrule.data import encode_targets
from chainrule.data.coercion import as_target
from chainrule.errors import DataError, ShapeError
from chainrule.network import Network, as_network, cost_for

Array = np.ndarray
Found = TypeVar("Found")
CALL = "a call with (network, x, y)"


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, rows x (batch, in) and y (batch, out) in its dtype, and a cost with its `pair`, how it fits the output.

    `single` is True where x came as one example (in,).
    """

    network: Network
    x: Array
    y: Array
    cost: Cost
    pair: Pair
    single: bool
    _found: dict[Callable[[Problem], Any], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, network: Any, x: Any, y: Any, cost: str | Cost | None = None, call: str = CALL) -> Problem:
        """x (in,) or (batch, in), y (out,) or (batch, out), or labels, one per row; the cost is the network's own unless named.

        Raises PairError, ShapeError or DataError where these do not fit each other.
        """
        the_cost = cost_for(as_network(network, call), cost)
        pair = the_cost.on(network.output)
        rows, single = network.rows(x), np.ndim(x) == 1
        targets = as_target(y)
        if single:
            targets = targets[None]  # one example's (out,), or its one label
        terms = network.preprocessing
        if targets.dtype.kind == "U" and terms is not None and terms.labels is not None:
            targets = terms.targets(targets)  # texts are the network's own labels, where it has some
        encoded = encode_targets(targets, network.sizes[-1], len(rows))[0].astype(network.dtype)
        the_cost.check_targets(encoded)
        return cls(network, rows, encoded, the_cost, pair, single)

    @classmethod
    def exact(cls, network: Any, x: Any, y: Any, cost: str | Cost | None = None, call: str = CALL) -> Problem:
        """The same in float64."""
        return cls.of(as_network(network, call).astype("float64"), x, y, cost, call)

    @classmethod
    def one(
        cls, network: Any, x: Any, y: Any, cost: str | Cost | None, done: str = "explained", call: str = CALL
    ) -> Problem:
        """One example in float64. Raises ShapeError for rows, which says what would be `done` with one."""
        as_network(network, call)
        if np.ndim(x) != 1:
            raise ShapeError(
                f"one example is {done}, x of shape ({network.sizes[0]},), got {np.shape(x)}: pass x[i], y[i]"
            )
        return cls.exact(network, x, y, cost, call)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, or what was pickled, computes anew: a pair may hold functions that no module has."""
        return _posed, (self.network, self.x, self.y, self.cost, self.single)

    def in_float64(self) -> Problem:
        """The same numbers, rounded as they are, in float64."""
        x, y = self.x.astype(np.float64), self.y.astype(np.float64)
        return Problem(self.network.astype("float64"), x, y, self.cost, self.pair, self.single)

    def with_cost(self, cost: Cost) -> Problem:
        """The same examples under another cost."""
        return _posed(self.network, self.x, self.y, cost, self.single)

    def with_network(self, network: Network) -> Problem:
        """The same examples in a network of the same shapes and dtype."""
        return Problem(network, self.x, self.y, self.cost, self.pair, self.single)

    def example(self, row: int) -> Problem:
        """One of its examples alone."""
        here = slice(row, row + 1)
        return Problem(self.network, self.x[here], self.y[here], self.cost, self.pair, True)

    def once(self, of: Callable[[Problem], Found]) -> Found:
        """What a function of this problem answers, computed on demand, once."""
        if of not in self._found:
            self._found[of] = of(self)
        found: Found = self._found[of]
        return found

    def check_finite(self, **quantities: Iterable[tuple[int, Array]]) -> None:
        """Raises DataError where a quantity (z, a, δ …), (layer, values) by layer, is infinite or NaN."""
        for letter, layers in quantities.items():
            for layer, values in layers:
                if not np.isfinite(values).all():
                    where = "this example" if len(self.x) == 1 else "these rows"
                    raise DataError(
                        f"{letter} of layer {layer} overflows on {where}: nothing can be shown; smaller weights or inputs "
                        "will do"
                    )


def _posed(network: Network, x: Array, y: Array, cost: Cost, single: bool) -> Problem:
    return Problem(network, x, y, cost, cost.on(network.output), single)


class OneExample:
    """What is about a problem of one example: its network, x (in,), y (out,), cost and pair by these names."""

    problem: Problem

    @property
    def network(self) -> Network:
        return self.problem.network

    @property
    def x(self) -> Array:
        return self.problem.x[0]

    @property
    def y(self) -> Array:
        return self.problem.y[0]

    @property
    def cost(self) -> Cost:
        return self.problem.cost

    @property
    def pair(self) -> Pair:
        return self.problem.pair
