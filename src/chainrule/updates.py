"""Update rules, a row each: how a gradient becomes a move of the weights and biases.

| name       | state       | move                                                                 |
|------------|-------------|----------------------------------------------------------------------|
| delta_rule |             | −η g                                                       (S4.14)   |
| momentum   | v           | v ← μ v + g;  −η v                                     (Polyak 1964) |
| adam       | m, s, t     | m ← β₁m + (1−β₁)g, s ← β₂s + (1−β₂)g², −η m̂ / (√ŝ + ε) (Kingma, Ba 2015) |

Gradient, state and move are all `Parameters`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from chainrule.errors import SettingError, brief
from chainrule.names import Frozen, look_up, resolve
from chainrule.parameters import Parameters

State = Mapping[str, Any]  # Parameters and whole numbers by name


@dataclass(frozen=True)
class Rule(Frozen):
    """One row: `start(parameters)` gives the state, `move(gradient, state)` the move and the next state."""

    name: str
    start: Callable[[Parameters], State]
    move: Callable[[Parameters, State], tuple[Parameters, State]]
    settings: Mapping[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Rule, (self.name, self.start, self.move, dict(self.settings))

    def __repr__(self) -> str:
        """The learning rate, and whatever else is not as it comes: adam(0.001, beta1=0.8)."""
        usual = NAMED[self.name]().settings if self.name in NAMED else {}
        shown = [
            f"{key}={value:g}".removeprefix("learning_rate=")
            for key, value in self.settings.items()
            if key == "learning_rate" or value != usual.get(key)
        ]
        return f"{self.name}({', '.join(shown)})"


def delta_rule(learning_rate: float = 0.1) -> Rule:
    """Subtract from each weight a small fraction of its derivative (S4.14, S1.19)."""
    rate = _positive(learning_rate, "learning_rate")
    return Rule("delta_rule", _remembers_nothing, partial(_downhill, rate), {"learning_rate": rate})


def momentum(learning_rate: float = 0.01, momentum: float = 0.9) -> Rule:
    """A velocity that remembers past gradients: v ← μ v + g, move −η v."""
    rate, mu = _positive(learning_rate, "learning_rate"), _share(momentum, "momentum")
    return Rule("momentum", _at_rest, partial(_roll, rate, mu), {"learning_rate": rate, "momentum": mu})


def adam(learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Rule:
    """Each entry's step scaled by the root mean square of its past gradients, both averages corrected for their start."""
    rate, small = _positive(learning_rate, "learning_rate"), _positive(epsilon, "epsilon")
    b1, b2 = _share(beta1, "beta1"), _share(beta2, "beta2")
    settings = {"learning_rate": rate, "beta1": b1, "beta2": b2, "epsilon": small}
    return Rule("adam", _no_averages, partial(_adapt, rate, b1, b2, small), settings)


# start and move of each, as functions of the module, so that rules can be pickled -----------------------------------
def _remembers_nothing(parameters: Parameters) -> State:
    return {}


def _downhill(rate: float, gradient: Parameters, state: State) -> tuple[Parameters, State]:
    return gradient * -rate, state


def _at_rest(parameters: Parameters) -> State:
    return {"velocity": parameters.zeros()}


def _roll(rate: float, mu: float, gradient: Parameters, state: State) -> tuple[Parameters, State]:
    velocity = state["velocity"] * mu + gradient
    return velocity * -rate, {"velocity": velocity}


def _no_averages(parameters: Parameters) -> State:
    return {"mean": parameters.zeros(), "square": parameters.zeros(), "step": 0}


def _adapt(
    rate: float, b1: float, b2: float, small: float, gradient: Parameters, state: State
) -> tuple[Parameters, State]:
    t = state["step"] + 1
    mean = state["mean"] * b1 + gradient * (1 - b1)
    square = state["square"].map(lambda s, g: s * s.dtype.type(b2) + g * g * s.dtype.type(1 - b2), gradient)
    rate_now, root = rate / (1 - b1**t), (1 - b2**t) ** 0.5

    def step(m: np.ndarray, s: np.ndarray) -> np.ndarray:
        return m * m.dtype.type(-rate_now) / (np.sqrt(s) / s.dtype.type(root) + s.dtype.type(small))

    return mean.map(step, square), {"mean": mean, "square": square, "step": t}


NAMED: dict[str, Callable[..., Rule]] = {"delta_rule": delta_rule, "momentum": momentum, "adam": adam}


def named(name: str, **settings: float) -> Rule:
    """The rule of that name, with its settings (`named("adam", learning_rate=0.01)`)."""
    return look_up("rule", NAMED, name, settings)


def as_rule(given: str | Rule) -> Rule:
    """A name or a rule, as a rule."""
    return resolve("rule", NAMED, given, Rule, "adam(1e-3)")


def _positive(value: float, what: str) -> float:
    if not (isinstance(value, (int, float, np.number)) and 0 < value < np.inf):
        raise SettingError(f"{what} is a finite number above 0, got {brief(value)}")
    return float(value)


def _share(value: float, what: str) -> float:
    if not (isinstance(value, (int, float, np.number)) and 0 <= value < 1):
        raise SettingError(f"{what} is a number 0 ≤ {what} < 1, got {brief(value)}")
    return float(value)
