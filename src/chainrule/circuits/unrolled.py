"""A simple recurrent network (Elman 1990), unrolled over time: as gates, and backward through time as a recursion (S4.20).

    z_t = W x_t + U h_(t−1) + b,   h_t = σ(z_t)          δ_t  = (Vᵀ δ^s_t + Uᵀ δ_(t+1)) ⊙ σ′(z_t)
    s_t = V h_t + c,               y_t = τ(s_t)          ∂C/∂U = Σ_t δ_t h_(t−1)ᵀ

The weights are the same wires at every step, so that what the steps send back adds up, as at every fan-out (S3.11). Steps
count from 1 to T, as layers do, and h_0 is where the sequence starts. All of it is float64.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import Float

from chainrule.activations import Activation, as_activation, odot
from chainrule.circuits.circuit import MATHS, Circuit, Run, Wires
from chainrule.circuits.of_network import MOST_GATES
from chainrule.costs import Cost, Pair, as_cost
from chainrule.data import encode_targets, generator
from chainrule.equations import bp1, bp3, bp4
from chainrule.errors import DataError, FormError, IdError, SettingError, ShapeError, unknown_name
from chainrule.network import INITS
from chainrule.parameters import Parameters
from chainrule.preprocessing import as_array

S = TypeVar("S")
Array = np.ndarray
SHARED = ("W", "b", "U", "V", "c")  # in the order of the flat vector
COST_AT = ("every", "mean", "last")


class Steps(Generic[S]):
    """What there is at each time step, by the number of the step: z[1]…z[T], h[0]…h[T]."""

    __slots__ = ("_rows", "first")

    def __init__(self, rows: S, first: int = 1) -> None:
        self._rows: Any = rows
        self.first = first

    @property
    def rows(self) -> S:
        """All of it, time first: the first row is that of the step `first`."""
        return self._rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def numbers(self) -> range:
        """The numbers of the steps, first…T."""
        return range(self.first, self.first + len(self))

    def __getitem__(self, t: Any) -> S:
        try:
            number = operator.index(t)
        except TypeError:
            raise IdError(f"a step is given by its number, got {t!r}; `rows` holds all steps") from None
        if number not in self.numbers:
            raise IdError(f"there is no step {number}: these are numbered {self.first}…{self.numbers[-1]}")
        return self._rows[number - self.first]

    def __iter__(self) -> Iterator[S]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"Steps({self.first}…{self.numbers[-1]}, each {self._rows.shape[1:]})"


# the network --------------------------------------------------------------------------------------------------------
class RecurrentParameters(Parameters):
    """W, U, b, V, c as one vector space: `Parameters` of three layers, (W, b), (U, none), (V, c), with their letters.

    A gradient, a momentum and a move are all one of these, and every update rule takes them. `flat` is W, b, U, V, c.
    """

    __slots__ = ()

    def __init__(self, W: Array, U: Array, b: Array, V: Array, c: Array) -> None:
        super().__init__([W, U, V], [b, np.zeros(0), c])

    W = property(lambda self: self.weights[1], doc="(hidden, in)")
    b = property(lambda self: self.biases[1], doc="(hidden,)")
    U = property(lambda self: self.weights[2], doc="(hidden, hidden), from step to step")
    V = property(lambda self: self.weights[3], doc="(out, hidden)")
    c = property(lambda self: self.biases[3], doc="(out,)")

    def map(self, function: Callable[..., Array], *others: Parameters) -> RecurrentParameters:
        """`function` of each array, with the arrays of the others at its side."""
        return _lettered(super().map(function, *others))

    def like(self, vector: Float[np.ndarray, " parameters"]) -> RecurrentParameters:
        """The way back from `flat`."""
        return _lettered(super().like(vector))


def _lettered(made: Parameters) -> RecurrentParameters:
    (W, U, V), (b, _, c) = made.weights, made.biases
    return RecurrentParameters(W, U, b, V, c)


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Recurrent:
    """A simple recurrent network: h_t = σ(W x_t + U h_(t−1) + b), y_t = τ(V h_t + c), the same five arrays at each step.

    W (hidden, in), U (hidden, hidden), b (hidden,), V (out, hidden), c (out,); `activation` is σ, `output` τ, by name or as
    an Activation. Raises ShapeError where they do not fit together.
    """

    W: Array
    U: Array
    b: Array
    V: Array
    c: Array
    activation: Activation
    output: Activation

    def __init__(
        self,
        W: Any,
        U: Any,
        b: Any,
        V: Any,
        c: Any,
        activation: str | Activation = "tanh",
        output: str | Activation = "identity",
    ) -> None:
        given = {name: _numbers(each, name) for name, each in zip("WUbVc", (W, U, b, V, c))}
        for name in "WUV":
            if given[name].ndim != 2 or given[name].size == 0:
                raise ShapeError(f"{name} is a matrix of at least one weight, got the shape {given[name].shape}")
        (hidden, _), out = given["W"].shape, len(given["V"])
        needed = {"U": (hidden, hidden), "b": (hidden,), "V": (out, hidden), "c": (out,)}
        for name, shape in needed.items():
            if given[name].shape != shape:
                raise ShapeError(
                    f"{name} has the shape {given[name].shape}, needed is {shape}: W of shape {given['W'].shape} and V of "
                    f"shape {given['V'].shape} make {hidden} hidden neurons and {out} outputs"
                )
        for name, array in given.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        for name, sigma, size in (("activation", activation, hidden), ("output", output, out)):
            object.__setattr__(self, name, as_activation(sigma))
            if getattr(self, name).full_slope and size == 1:
                raise ShapeError(f"{name}: the softmax of one neuron is always 1; use sigmoid, or two neurons")

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        activation: str | Activation = "tanh",
        output: str | Activation = "identity",
        seed: int | np.random.Generator = 0,
    ) -> Recurrent:
        """A network of sizes (in, hidden, out): W and V as `Network.random` draws weights, U orthogonal, zero biases.

        An orthogonal U keeps the length of what travels through it, so that no gradient vanishes or explodes by U alone.
        """
        if np.shape(sizes) != (3,) or not all(isinstance(n, (int, np.integer)) and n >= 1 for n in sizes):
            raise ShapeError(f"sizes are (in, hidden, out), three whole numbers ≥ 1; got {sizes!r}")
        (n_in, hidden, out), rng = sizes, generator(seed)
        sigma, tau = as_activation(activation), as_activation(output)
        W = INITS["auto"](rng, hidden, n_in, sigma)
        U = INITS["orthogonal"](rng, hidden, hidden, sigma)
        return cls(W, U, np.zeros(hidden), INITS["auto"](rng, out, hidden, tau), np.zeros(out), sigma, tau)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Inputs, hidden neurons, outputs."""
        return self.W.shape[1], self.W.shape[0], self.V.shape[0]

    @property
    def parameters(self) -> RecurrentParameters:
        """W, U, b, V, c as a point of their vector space."""
        return RecurrentParameters(self.W, self.U, self.b, self.V, self.c)

    @property
    def radius(self) -> float:
        """The spectral radius of U, the largest |eigenvalue|: in the long run the growth of a gradient a step, where σ′ = 1."""
        return float(np.abs(np.linalg.eigvals(self.U)).max())

    def with_parameters(self, parameters: Parameters) -> Recurrent:
        """This network with other numbers in its five arrays."""
        p = self.parameters.map(lambda _, new: new, parameters)
        return Recurrent(p.W, p.U, p.b, p.V, p.c, self.activation, self.output)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        return f"Recurrent({sizes}, {self.activation} → {self.output}, {self.parameters.size:,} parameters)"


# what is asked of it ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Task:
    """A network, a sequence, its start and its cost, once looked at: C = share · Σ c_t over the steps that are read.

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
    recurrent: Recurrent, xs: Any, ys: Any, cost: str | Cost = "quadratic", cost_at: str = "every", h0: Any = None
) -> Task:
    """The sequence xs (T, in) with one target a step, ys (T, out) or labels, and what C is made of.

    `cost_at`: "every" is C = Σ_t c_t, "mean" that over T, "last" c_T alone: then one target will do, and of T the last is read.
    Raises ShapeError, DataError, PairError or UnknownNameError for what does not fit.
    """
    the_cost = as_cost(cost)
    pair = the_cost.on(_as_recurrent(recurrent).output)
    if cost_at not in COST_AT:
        raise unknown_name("cost_at", cost_at, COST_AT)
    rows, start = _sequence(recurrent, xs), _start(recurrent, h0)
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


def _as_recurrent(given: Any) -> Recurrent:
    if isinstance(given, Recurrent):
        return given
    raise SettingError(f"the first argument is a Recurrent, got {type(given).__name__}")


def _numbers(given: Any, what: str) -> Array:
    array = as_array(given, what)
    if array.dtype.kind not in "fiub":
        raise DataError(f"{what} holds real numbers, got {array.dtype}")
    array = np.array(array, np.float64)
    if not np.isfinite(array).all():
        at = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
        raise DataError(f"{what}{at if at else ''} is {array[tuple(at)]}: finite numbers are needed")
    return array


def _sequence(recurrent: Recurrent, xs: Any) -> Array:
    n_in, rows = recurrent.sizes[0], _numbers(xs, "xs")
    if rows.ndim != 2 or rows.shape[1] != n_in:
        hint = ": write xs[:, None]" if rows.ndim == 1 and n_in == 1 else ""
        raise ShapeError(f"xs is one sequence of shape (steps, {n_in}), got {rows.shape}{hint}")
    if len(rows) == 0:
        raise DataError(f"xs holds no steps: its shape is {rows.shape}, at least one step is needed")
    return rows


def _start(recurrent: Recurrent, h0: Any) -> Array:
    hidden = recurrent.sizes[1]
    start = np.zeros(hidden) if h0 is None else _numbers(h0, "h0")
    if start.shape != (hidden,):
        raise ShapeError(
            f"h0 is one number for each of the {hidden} hidden neurons, shape ({hidden},), got {start.shape}"
        )
    return start


# as gates -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Unrolled:
    """The circuit of a recurrent network over the steps of one sequence, its wires by name: `run[n.h[t]]`, `back[n.W]`.

    W, U, b, V, c are one set of wires for all steps. By step: x[t], z[t], h[t] (h[0] is where it starts), s[t] = V h_t + c,
    y[t] = τ(s_t); each holds the costs c_t of the steps that are read; cost () is C.
    """

    recurrent: Recurrent
    circuit: Circuit
    W: Wires
    U: Wires
    b: Wires
    V: Wires
    c: Wires
    x: Steps[Wires]
    z: Steps[Wires]
    h: Steps[Wires]
    s: Steps[Wires]
    y: Steps[Wires]
    each: Wires
    cost: Wires

    def run(self) -> Run:
        """The forward phase, with the values it was built with."""
        return self.circuit.forward()

    def gradient(self) -> RecurrentParameters:
        """∂C/∂W, …, each the sum of what the steps send back to the one set of wires (S3.11)."""
        back = self.run().backward(self.cost)
        return RecurrentParameters(*(back[wires] for wires in (self.W, self.U, self.b, self.V, self.c)))

    def __repr__(self) -> str:
        return f"Unrolled({self.recurrent!r} over {len(self.z)} steps, {len(self.circuit):,} gates)"


def unroll(
    recurrent: Recurrent, xs: Any, ys: Any, cost: str | Cost = "quadratic", cost_at: str = "every", h0: Any = None
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
    return Unrolled(
        r, circuit, W, U, b, V, c, Steps(x), Steps(_stack(z)), Steps(_stack(h), 0), Steps(s), Steps(y), each, total
    )


def _stack(wires: Sequence[Wires]) -> Wires:
    return Wires(wires[0].circuit, np.stack([each.numbers for each in wires]))


# backward through time ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class RecurrentTrace:
    """What the way forward through time leaves: x[1]…x[T], z, h[0]…h[T], s and the outputs y, by step."""

    recurrent: Recurrent
    x: Steps[Array]
    z: Steps[Array]
    h: Steps[Array]
    s: Steps[Array]
    y: Steps[Array]


def forward_in_time(recurrent: Recurrent, xs: Any, h0: Any = None) -> RecurrentTrace:
    """h_t = σ(W x_t + U h_(t−1) + b) and y_t = τ(V h_t + c) for t = 1…T, from h_0 = h0, or zero."""
    r = _as_recurrent(recurrent)
    rows, h = _sequence(r, xs), [_start(r, h0)]
    with np.errstate(all="ignore"):  # what leaves the numbers is refused below, in words
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
    return RecurrentTrace(r, Steps(rows), Steps(z), Steps(np.stack(h), 0), Steps(s), Steps(y))


@dataclass(frozen=True)
class RecurrentBackward:
    """What the way back through time finds, by step; steps count from 1, and C is the cost that was asked for.

    delta[t] = ∂C/∂z_t, delta_s[t] = ∂C/∂s_t, dh[0]…dh[T] = ∂C/∂h_t; each holds the costs c_t of the steps that are read.
    """

    trace: RecurrentTrace
    delta: Steps[Array]
    delta_s: Steps[Array]
    dh: Steps[Array]
    each: Array
    cost: float

    @property
    def shares_W(self) -> Steps[Array]:
        """δ_t x_tᵀ: what step t adds to ∂C/∂W."""
        return Steps(_outer(self.delta.rows, self.trace.x.rows))

    @property
    def shares_U(self) -> Steps[Array]:
        """δ_t h_(t−1)ᵀ: what step t adds to ∂C/∂U."""
        return Steps(_outer(self.delta.rows, self.trace.h.rows[:-1]))

    @property
    def shares_b(self) -> Steps[Array]:
        """δ_t: what step t adds to ∂C/∂b."""
        return self.delta

    @property
    def shares_V(self) -> Steps[Array]:
        """δ^s_t h_tᵀ: what step t adds to ∂C/∂V."""
        return Steps(_outer(self.delta_s.rows, self.trace.h.rows[1:]))

    @property
    def shares_c(self) -> Steps[Array]:
        """δ^s_t: what step t adds to ∂C/∂c."""
        return self.delta_s

    @cached_property
    def gradient(self) -> RecurrentParameters:
        """∂C/∂W, ∂C/∂U, ∂C/∂b, ∂C/∂V, ∂C/∂c: BP3 and BP4 summed over the steps, as elsewhere over examples (S1.11)."""
        x, h, delta, delta_s = self.trace.x.rows, self.trace.h.rows, self.delta.rows, self.delta_s.rows
        return RecurrentParameters(bp4(x, delta), bp4(h[:-1], delta), bp3(delta), bp4(h[1:], delta_s), bp3(delta_s))

    @property
    def dx(self) -> Steps[Array]:
        """∂C/∂x_t = Wᵀ δ_t (S3.15)."""
        return Steps(self.delta.rows @ self.trace.recurrent.W)

    @property
    def dh0(self) -> Array:
        """∂C/∂h_0 = Uᵀ δ_1."""
        return self.dh[0]

    def __repr__(self) -> str:
        return f"RecurrentBackward({len(self.delta)} steps of {self.trace.recurrent!r}, C = {self.cost:.6g})"


def through_time(
    recurrent: Recurrent, xs: Any, ys: Any, cost: str | Cost = "quadratic", cost_at: str = "every", h0: Any = None
) -> RecurrentBackward:
    """Backpropagation through time: every δ_t from the last step to the first, and what each step adds to the gradient."""
    return backward_of(task(recurrent, xs, ys, cost, cost_at, h0))


def backward_of(given: Task) -> RecurrentBackward:
    """Backpropagation through time, once everything has been looked at."""
    r, pair = given.recurrent, given.pair
    trace = forward_in_time(r, given.xs, given.h0)
    s, y = trace.s.rows[given.reads], trace.y.rows[given.reads]
    with np.errstate(all="ignore"):  # what leaves the numbers is refused below, in words
        each = pair.value(s if pair.of == "z" else y, given.targets)
        delta_s = np.zeros_like(trace.s.rows)
        if pair.delta is not None:
            delta_s[given.reads] = given.share * pair.delta(s, given.targets)
        else:
            delta_s[given.reads] = given.share * bp1(pair.slope(y, given.targets), r.output.slope(s))
        delta, dh = _errors(r, delta_s, r.activation.slope(trace.z.rows))
        back = RecurrentBackward(
            trace, Steps(delta), Steps(delta_s), Steps(dh, 0), each, float(given.share * each.sum())
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


def travel(recurrent: Recurrent, xs: Any, ys: Any, cost: str | Cost = "quadratic", h0: Any = None) -> list[float]:
    """How a gradient travels back through time: ‖∂c_T/∂h_t‖ for t = 0…T, c_T being the last step's cost alone.

    Each step back multiplies by Uᵀ Σ′: the norms vanish where that shrinks, and explode where it grows (S2.15).
    """
    return [length(dh) for dh in through_time(recurrent, xs, ys, cost, "last", h0).dh]


def length(vector: Array) -> float:
    """The Euclidean length, safe from overflow and underflow."""
    largest = float(np.abs(vector).max(initial=0))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(vector / largest))
