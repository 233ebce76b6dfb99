"""Update rules, a row each: how a gradient becomes a move of the weights and biases.

| name       | slots       | step, entry by entry                                                 |
|------------|-------------|----------------------------------------------------------------------|
| delta_rule |             | −η g                                                       (S4.14)   |
| momentum   | v           | v ← μ v + g;  −η v                                     (Polyak 1964) |
| nesterov   | v           | v ← μ v + g;  −η (g + μ v)           (Nesterov 1983, Sutskever 2013) |
| rmsprop    | s           | s ← ρ s + (1−ρ) g²;  −η g / (√s + ε)      (Tieleman and Hinton 2012) |
| adam       | m, s        | m ← β₁m + (1−β₁)g, s ← β₂s + (1−β₂)g², −η m̂ / (√ŝ + ε) (Kingma, Ba 2015) |
| adamw      | m, s        | that of adam, and its decay    (Loshchilov and Hutter 2019) |

A rule is data: its settings, the names of its slots (what it remembers, a number for each weight) and one function
`step(g, theta, slots, t, rate, **settings) -> (move, slots)`, which works entry by entry: NumPy runs it on arrays of any shape,
a compiler on single numbers. `slots` is a tuple in the order of the names, and all are 0 before step t = 1.

`decay` is no part of the step. In each step a rule with decay moves every weight by a further −η · decay · θ, and no bias:
θ is the weight before the step. It is 0.01 for adamw and 0 for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from chainrule.errors import SettingError
from chainrule.names import Frozen, look_up, resolve
from chainrule.parameters import Parameters
from chainrule.ranges import at_least_0, positive, share
from chainrule.writing.numbers import exact

Array = np.ndarray
Step = Callable[..., tuple[Any, tuple[Any, ...]]]
State = Mapping[str, Any]  # Parameters and whole numbers by name
Memory = Mapping[str, Any]  # the same, with vectors in place of Parameters
Advance = Callable[[Array, Array, Memory, int, float], tuple[Array, Memory]]


@dataclass(frozen=True)
class TwoFunctions:
    """A user's rule on whole Parameters: `start(parameters)` gives its state, `move(gradient, state)` move and next state.

    Its rate is its own, whatever rate a step is given.
    """

    start: Callable[[Parameters], State]
    move: Callable[[Parameters, State], tuple[Parameters, State]]

    def begin(self, parameters: Parameters) -> tuple[Advance, Memory]:
        def advance(g: Array, theta: Array, memory: Memory, t: int, rate: float) -> tuple[Array, Memory]:
            move, state = self.move(parameters.like(g), memory)
            return move.flat(), state

        return advance, self.start(parameters)


@dataclass(frozen=True, init=False)
class Rule(Frozen):
    """One row of the table, or a user's own: `Rule("sign", step=lambda g, theta, slots, t, rate: (-rate * np.sign(g), ()))`.

    `learning_rate` among the settings is the rate of each step, 1 where there is none; `step` gets the others by name.
    In the place of a step may stand two functions of whole Parameters, `Rule(name, start, move, settings)`. `decay` is the
    share of itself, times the rate, that each weight loses in a step beside the rule's own move.
    """

    name: str
    step: Step | TwoFunctions
    slots: tuple[str, ...]
    settings: Mapping[str, float]
    decay: float

    def __init__(
        self,
        name: str,
        start: Callable[[Parameters], State] | None = None,
        move: Callable[[Parameters, State], tuple[Parameters, State]] | None = None,
        settings: Mapping[str, float] = MappingProxyType({}),
        *,
        step: Step | TwoFunctions | None = None,
        slots: tuple[str, ...] = (),
        decay: float = 0.0,
    ) -> None:
        if step is None and start is not None and move is not None:
            step = TwoFunctions(start, move)
        elif step is None or start is not None or move is not None:
            raise SettingError(
                f"the rule {name} needs either step, a function (g, theta, slots, t, rate) -> (move, slots), or both start "
                "and move"
            )
        for field, value in (
            ("name", name),
            ("step", step),
            ("slots", tuple(slots)),
            ("decay", at_least_0(decay, "decay")),
        ):
            object.__setattr__(self, field, value)
        object.__setattr__(self, "settings", MappingProxyType(dict(settings)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rule, (self.name, self.step, self.slots, dict(self.settings), self.decay)

    def __repr__(self) -> str:
        """The learning rate, and whatever else is not as it comes: adam(0.001, beta1=0.8)."""
        usual = NAMED[self.name]() if self.name in NAMED else None
        settings, decay = ({}, 0.0) if usual is None else (usual.settings, usual.decay)
        written = {
            key: each for key, each in self.settings.items() if key == "learning_rate" or each != settings.get(key)
        }
        if self.decay != decay:
            written["decay"] = self.decay
        shown = [f"{key}={exact(value)}".removeprefix("learning_rate=") for key, value in written.items()]
        return f"{self.name}({', '.join(shown)})"

    @property
    def learning_rate(self) -> float:
        return float(self.settings.get("learning_rate", 1.0))

    def begin(self, parameters: Parameters) -> tuple[Advance, Memory]:
        """(a step on vectors, what is remembered before the first), for weights and biases of these shapes.

        `advance(g, theta, memory, t, rate) -> (move, memory)` is what an engine in NumPy calls; it leaves its arguments alone.
        """
        if isinstance(self.step, TwoFunctions):
            return self.step.begin(parameters)
        return partial(self._advance, self.step), {
            slot: np.zeros(parameters.size, parameters.dtype) for slot in self.slots
        }

    def _advance(
        self, step: Step, g: Array, theta: Array | None, memory: Memory, t: int, rate: float
    ) -> tuple[Array, Memory]:
        others = {key: value for key, value in self.settings.items() if key != "learning_rate"}
        move, slots = step(g, theta, tuple(memory[slot] for slot in self.slots), t, rate, **others)
        return move, dict(zip(self.slots, slots))

    def start(self, parameters: Parameters) -> State:
        """What the rule remembers before its first step, for a loop of your own."""
        if isinstance(self.step, TwoFunctions):
            return self.step.start(parameters)
        return {**{slot: parameters.zeros() for slot in self.slots}, "step": 0}

    def move(
        self, gradient: Parameters, state: State, parameters: Parameters | None = None
    ) -> tuple[Parameters, State]:
        """(the move, the next state) at the rule's own rate; `parameters` for a rule with decay or whose step looks at θ.

        Raises SettingError where a rule with decay gets no parameters.
        """
        move, after = self._move(gradient, state, parameters)
        if not self.decay:
            return move, after
        if parameters is None:
            raise SettingError(
                f"the rule {self!r} has decay, so that its move depends on the weights: write "
                "rule.move(gradient, state, network.parameters)"
            )
        lost = np.where(parameters.are_weights(), parameters.flat(), 0) * (self.learning_rate * self.decay)
        return move - parameters.like(lost), after

    def _move(self, gradient: Parameters, state: State, parameters: Parameters | None) -> tuple[Parameters, State]:
        """The same without decay."""
        if isinstance(self.step, TwoFunctions):
            return self.step.move(gradient, state)
        t, theta = state["step"] + 1, None if parameters is None else parameters.flat()
        before = {slot: state[slot].flat() for slot in self.slots}
        move, memory = self._advance(self.step, gradient.flat(), theta, before, t, self.learning_rate)
        return gradient.like(move), {**{slot: gradient.like(value) for slot, value in memory.items()}, "step": t}


def _rule(
    name: str, step: Step | TwoFunctions, slots: tuple[str, ...], settings: Mapping[str, float], decay: float = 0.0
) -> Rule:
    """A rule from what `__reduce__` gives; an older version gave no decay."""
    return Rule(name, settings=settings, step=step, slots=slots, decay=decay)


def delta_rule(learning_rate: float = 0.1) -> Rule:
    """Subtract from each weight a small fraction of its derivative (S4.14, S1.19)."""
    return Rule("delta_rule", settings={"learning_rate": positive(learning_rate, "learning_rate")}, step=_downhill)


def momentum(learning_rate: float = 0.01, momentum: float = 0.9) -> Rule:
    """A velocity that remembers past gradients: v ← μ v + g, move −η v."""
    settings = {"learning_rate": positive(learning_rate, "learning_rate"), "momentum": share(momentum, "momentum")}
    return Rule("momentum", settings=settings, step=_roll, slots=("velocity",))


def nesterov(learning_rate: float = 0.01, momentum: float = 0.9) -> Rule:
    """Momentum that looks ahead, in PyTorch's form: v ← μ v + g, move −η (g + μ v).

    Source: Nesterov 1983; Sutskever, Martens, Dahl, Hinton 2013, whose θ is this one moved on by its velocity, −η μ v.
    """
    settings = {"learning_rate": positive(learning_rate, "learning_rate"), "momentum": share(momentum, "momentum")}
    return Rule("nesterov", settings=settings, step=_roll_ahead, slots=("velocity",))


def rmsprop(learning_rate: float = 0.001, rho: float = 0.99, epsilon: float = 1e-8) -> Rule:
    """Each entry's step divided by the root mean square of its past gradients: s ← ρ s + (1 − ρ) g², move −η g / (√s + ε).

    Source: Tieleman and Hinton, lecture 6.5 of Neural Networks for Machine Learning, 2012.
    """
    rate, small = positive(learning_rate, "learning_rate"), positive(epsilon, "epsilon")
    settings = {"learning_rate": rate, "rho": share(rho, "rho"), "epsilon": small}
    return Rule("rmsprop", settings=settings, step=_scale, slots=("square",))


def adam(learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Rule:
    """Each entry's step scaled by the root mean square of its past gradients, both averages corrected for their start."""
    rate, small = positive(learning_rate, "learning_rate"), positive(epsilon, "epsilon")
    b1, b2 = share(beta1, "beta1"), share(beta2, "beta2")
    settings = {"learning_rate": rate, "beta1": b1, "beta2": b2, "epsilon": small}
    return Rule("adam", settings=settings, step=_adapt, slots=("mean", "square"))


def adamw(
    learning_rate: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    decay: float = 0.01,
) -> Rule:
    """The step of adam, and decoupled weight decay: each weight, and no bias, also moves by −η · decay · θ.

    Source: Loshchilov and Hutter 2019, in PyTorch's form, where the decay is multiplied by the learning rate.
    """
    like = adam(learning_rate, beta1, beta2, epsilon)
    return Rule("adamw", settings=like.settings, step=like.step, slots=like.slots, decay=decay)


# the steps, as functions of the module, so that rules can be pickled. Numbers that are not arrays stay Python's own, which
# take the precision of the arrays ---------------------------------------------------------------------------------------
def _downhill(g: Any, theta: Any, slots: tuple[()], t: int, rate: float) -> tuple[Any, tuple[()]]:
    return g * -rate, ()


def _roll(g: Any, theta: Any, slots: tuple[Any], t: int, rate: float, momentum: float) -> tuple[Any, tuple[Any]]:
    velocity = slots[0] * momentum + g
    return velocity * -rate, (velocity,)


def _roll_ahead(g: Any, theta: Any, slots: tuple[Any], t: int, rate: float, momentum: float) -> tuple[Any, tuple[Any]]:
    velocity = slots[0] * momentum + g
    return (velocity * momentum + g) * -rate, (velocity,)


def _scale(
    g: Any, theta: Any, slots: tuple[Any], t: int, rate: float, rho: float, epsilon: float
) -> tuple[Any, tuple[Any]]:
    square = slots[0] * rho + g * g * (1 - rho)
    return g * -rate / (np.sqrt(square) + epsilon), (square,)


def _adapt(
    g: Any, theta: Any, slots: tuple[Any, Any], t: int, rate: float, beta1: float, beta2: float, epsilon: float
) -> tuple[Any, tuple[Any, Any]]:
    mean = slots[0] * beta1 + g * (1 - beta1)
    square = slots[1] * beta2 + g * g * (1 - beta2)
    rate_now, root = rate / (1 - beta1**t), (1 - beta2**t) ** 0.5
    return mean * -rate_now / (np.sqrt(square) / root + epsilon), (mean, square)


NAMED: dict[str, Callable[..., Rule]] = {
    "delta_rule": delta_rule,
    "momentum": momentum,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
}


def named(name: str, **settings: float) -> Rule:
    """The rule of that name, with its settings (`named("adam", learning_rate=0.01)`)."""
    return look_up("rule", NAMED, name, settings)


def as_rule(given: str | Rule) -> Rule:
    """A name or a rule, as a rule."""
    return resolve("rule", NAMED, given, Rule, "adam(1e-3)")
