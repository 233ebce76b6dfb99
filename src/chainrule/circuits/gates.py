"""The gates, a row each: value, local slopes, where they are defined, and the rule of the backward phase in words (S3.2).

A gate knows its inputs, its output and nothing else: it multiplies the gradient it receives by its local slope and
sends that to its inputs. `value`, `slopes` and `defined` take an array or a number for each input; `add` takes any number of
inputs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import elementary
from chainrule.elementary import ARRAYS
from chainrule.errors import CircuitError

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Gate:
    """One row. `slopes(out, *inputs)` gives ∂out/∂input for each input; `defined(*inputs)` is a mask, or None for always."""

    name: str
    symbol: str
    value: Callable[..., Array]
    slopes: Callable[..., tuple[Any, ...]]
    rule: str
    defined: Callable[..., Array] | None = None
    domain: str = ""

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        """A copied circuit has the gates of this file themselves, which are compared by identity."""
        return (_gate, (self.name,)) if _GATES_BY_NAME.get(self.name) is self else super().__reduce__()


def _gate(name: str) -> Gate:
    return _GATES_BY_NAME[name]


def _add(first: Any, *rest: Any) -> Any:
    total = first + 0.0  # of its own: adding in place below must not change the first input
    for each in rest:
        total += each
    return total


def _power_slopes(out: Any, x: Any, p: Any) -> tuple[Any, Any]:
    """p xᵖ⁻¹, which is 0 for p = 0 even at x = 0; and xᵖ log x, which is 0 where xᵖ is and not real where x < 0."""
    return p * np.power(x, p - (p != 0)), out * np.log(x + (out == 0))


def _one_over_cosh_squared(x: Any) -> Any:
    e = np.exp(-2 * np.abs(x))  # 1 − tanh² would lose its digits where tanh is close to 1
    return 4 * e / (1 + e) ** 2


INPUT = Gate("input", "", lambda: np.zeros(0), lambda out: (), "keeps the gradient: the circuit ends here")
ADD = Gate(
    "add",
    "+",
    _add,
    lambda out, *x: (1.0,) * len(x),
    "distributes its gradient unchanged to every input",  # S3.9
)
MULTIPLY = Gate(
    "multiply", "×", operator.mul, lambda out, x, y: (y, x),
    "switches its inputs: each is sent the other, times the gradient",  # S3.10
)  # fmt: skip
SUBTRACT = Gate(
    "subtract", "−", operator.sub, lambda out, x, y: (1.0, -1.0),
    "sends its gradient unchanged to the first input and with the other sign to the second",
)  # fmt: skip
NEGATE = Gate("negate", "−", operator.neg, lambda out, x: (-1.0,), "turns the sign of its gradient")
DIVIDE = Gate(
    "divide", "÷", operator.truediv, lambda out, x, y: (1 / y, -out / y),
    "sends its gradient over the second input to the first, and minus its output over the second input to the second",
    lambda x, y: y != 0, "a quotient by 0",
)  # fmt: skip
POWER = Gate(
    "power", "^", np.power, _power_slopes,
    "sends p xᵖ⁻¹ times the gradient to its base x, and xᵖ log x times the gradient to its exponent p",
    lambda x, p: ((x >= 0) | (p % 1 == 0)) & ((x != 0) | (p >= 1) | (p == 0)) & np.isfinite(x),
    "a power that is not real, or has no slope, at its base",
)  # fmt: skip
EXP = Gate("exp", "exp", ARRAYS.exp, lambda out, x: (out,), "sends its own output times the gradient")
EXPM1 = Gate(
    "expm1", "exp − 1", ARRAYS.expm1, lambda out, x: (ARRAYS.exp(x),),
    "sends the exponential of its input times the gradient",
)  # fmt: skip
LOG = Gate(
    "log", "log", ARRAYS.log, lambda out, x: (1 / x,), "sends the gradient over its input",
    lambda x: (x > 0) & np.isfinite(x), "the logarithm of a number that is not above 0, or beyond all numbers",
)  # fmt: skip
LOG1P = Gate(
    "log1p", "log(1 + ·)", ARRAYS.log1p, lambda out, x: (1 / (1 + x),),
    "sends the gradient over one plus its input", lambda x: (x > -1) & np.isfinite(x),
    "log(1 + x) of a number that is not above −1, or beyond all numbers",
)  # fmt: skip
TANH = Gate(
    "tanh", "tanh", np.tanh, lambda out, x: (_one_over_cosh_squared(x),),
    "sends 1 − tanh², written 1 / cosh², times the gradient",
)  # fmt: skip
ERF = Gate(
    "erf", "erf", elementary.erf, lambda out, x: (2 / np.sqrt(np.pi) * np.exp(-x * x),),
    "sends 2/√π e^(−x²) times the gradient",
)  # fmt: skip
SIN = Gate("sin", "sin", np.sin, lambda out, x: (np.cos(x),), "sends the cosine times the gradient")
COS = Gate("cos", "cos", np.cos, lambda out, x: (-np.sin(x),), "sends minus the sine times the gradient")
SQRT = Gate(
    "sqrt", "√", np.sqrt, lambda out, x: (0.5 / out,), "sends the gradient over twice its output",
    lambda x: (x > 0) & np.isfinite(x), "the square root of a number that is not above 0, or beyond all numbers",
)  # fmt: skip
ABS = Gate(
    "abs", "|·|", np.abs, lambda out, x: (np.sign(x),), "sends the gradient with its input's sign; at 0, nothing"
)
MAXIMUM = Gate(
    "maximum", "max", np.maximum, lambda out, x, y: (x > y, x <= y),
    "routes its gradient to the larger input, at a tie to the second",  # S3.4
)  # fmt: skip
MINIMUM = Gate(
    "minimum", "min", np.minimum, lambda out, x, y: (x <= y, x > y),
    "routes its gradient to the smaller input, at a tie to the first",
)  # fmt: skip
SELECT = Gate(
    "select", "t > 0 ?", ARRAYS.where_positive, lambda out, t, x, y: (0.0, t > 0, t <= 0),
    "routes its gradient to its second input where the first is above 0, else to the third",
)  # fmt: skip
HOLD = Gate("hold", "hold", np.positive, lambda out, x: (0.0,), "passes its value on and sends no gradient back")

GATES = (
    ADD, MULTIPLY, SUBTRACT, NEGATE, DIVIDE, POWER, EXP, EXPM1, LOG, LOG1P, TANH, ERF, SIN, COS, SQRT, ABS, MAXIMUM, MINIMUM,
    SELECT, HOLD, INPUT,
)  # fmt: skip
_GATES_BY_NAME = {gate.name: gate for gate in GATES}


def check_defined(gate: Gate, inputs: Sequence[Any]) -> None:
    """Raises CircuitError where a gate has no value, or no slope, at its inputs."""
    if gate.defined is not None:
        good = np.asarray(gate.defined(*inputs))
        if not good.all():
            raise CircuitError(f"{gate.domain}: {_first(gate, inputs, ~good)}")


def check_number(gate: Gate, inputs: Sequence[Any], made: Any) -> None:
    """Raises CircuitError where a gate's output is NaN."""
    bad = np.isnan(made)
    if np.any(bad):
        raise CircuitError(f"{_first(gate, inputs, bad)}, give no number: ∞ − ∞, 0 · ∞ or ∞ / ∞")


def _first(gate: Gate, inputs: Sequence[Any], bad: Any) -> str:
    """How many gates are meant, and the inputs of the first."""
    at = ", ".join(str(float(np.broadcast_to(each, np.shape(bad))[bad].flat[0])) for each in inputs)
    return f"{int(np.sum(bad)):,} {gate.name} gate(s), the first with {at}"


def times(received: Array, slope: Any) -> Array:
    """The gradient sent on. 0 · ∞ is 0, whichever of the two is infinite: e^800 under a quotient weighs nothing."""
    if isinstance(slope, float):
        return received if slope == 1.0 else received * slope
    product = received * slope
    if np.isnan(product).any():
        product[(received == 0) | (slope == 0)] = 0.0
    return product
