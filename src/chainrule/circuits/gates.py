"""The gates, a row each: value, local slopes, where they are defined, and the rule of the backward phase in words (S3.2).

A gate knows its inputs, its output and nothing else: it multiplies the gradient it receives by its local slope and
sends that to its inputs. `value` and `slopes` take arrays, one an input; `add` takes any number of inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import elementary
from chainrule.elementary import ARRAYS

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


def _add(*x: Array) -> Array:
    return np.add.reduce(x)


def _power(x: Array, p: Array) -> Array:
    return np.power(x, p)


def _one_over_cosh_squared(x: Array) -> Array:
    e = np.exp(-2 * np.abs(x))  # 1 − tanh² would lose its digits where tanh is close to 1
    return 4 * e / (1 + e) ** 2


INPUT = Gate("input", "", lambda: np.zeros(0), lambda out: (), "keeps the gradient: the circuit ends here")
ADD = Gate(
    "add", "+", _add, lambda out, *x: (1.0,) * len(x), "distributes its gradient unchanged to every input (S3.9)"
)
MULTIPLY = Gate(
    "multiply",
    "×",
    np.multiply,
    lambda out, x, y: (y, x),
    "switches its inputs: each is sent the other, times the gradient (S3.10)",
)
SUBTRACT = Gate(
    "subtract",
    "−",
    np.subtract,
    lambda out, x, y: (1.0, -1.0),
    "sends its gradient unchanged to the first input and with the other sign to the second",
)
NEGATE = Gate("negate", "−", np.negative, lambda out, x: (-1.0,), "turns the sign of its gradient")
DIVIDE = Gate(
    "divide",
    "÷",
    np.divide,
    lambda out, x, y: (1 / y, -out / y),
    "sends its gradient over the second input to the first, and minus its output over the second input to the second",
    lambda x, y: y != 0,
    "a quotient by 0",
)
POWER = Gate(
    "power",
    "^",
    _power,
    lambda out, x, p: (p * np.power(x, p - 1), 0.0),
    "sends p xᵖ⁻¹ times the gradient; its exponent is a constant",
    lambda x, p: ((x > 0) | (p == np.round(p))) & ((x != 0) | (p >= 1)) & np.isfinite(x),
    "a power that is not real, or has no slope, at its base",
)
EXP = Gate("exp", "exp", ARRAYS.exp, lambda out, x: (out,), "sends its own output times the gradient")
LOG = Gate(
    "log",
    "log",
    ARRAYS.log,
    lambda out, x: (1 / x,),
    "sends the gradient over its input",
    lambda x: (x > 0) & np.isfinite(x),
    "the logarithm of a number that is not above 0, or beyond all numbers",
)
TANH = Gate(
    "tanh",
    "tanh",
    np.tanh,
    lambda out, x: (_one_over_cosh_squared(x),),
    "sends 1 − tanh², written 1 / cosh², times the gradient",
)
ERF = Gate(
    "erf",
    "erf",
    elementary.erf,
    lambda out, x: (2 / np.sqrt(np.pi) * np.exp(-x * x),),
    "sends 2/√π e^(−x²) times the gradient",
)
SIN = Gate("sin", "sin", np.sin, lambda out, x: (np.cos(x),), "sends the cosine times the gradient")
COS = Gate("cos", "cos", np.cos, lambda out, x: (-np.sin(x),), "sends minus the sine times the gradient")
SQRT = Gate(
    "sqrt",
    "√",
    np.sqrt,
    lambda out, x: (0.5 / out,),
    "sends the gradient over twice its output",
    lambda x: (x > 0) & np.isfinite(x),
    "the square root of a number that is not above 0, or beyond all numbers",
)
ABS = Gate(
    "abs", "|·|", np.abs, lambda out, x: (np.sign(x),), "sends the gradient with its input's sign; at 0, nothing"
)
MAXIMUM = Gate(
    "maximum",
    "max",
    np.maximum,
    lambda out, x, y: (x > y, x <= y),
    "routes its gradient to the larger input, at a tie to the second (S3.4)",
)
MINIMUM = Gate(
    "minimum",
    "min",
    np.minimum,
    lambda out, x, y: (x < y, x >= y),
    "routes its gradient to the smaller input, at a tie to the second",
)
HOLD = Gate("hold", "hold", np.positive, lambda out, x: (0.0,), "passes its value on and sends no gradient back")

GATES = (
    ADD, MULTIPLY, SUBTRACT, NEGATE, DIVIDE, POWER, EXP, LOG, TANH, ERF, SIN, COS, SQRT, ABS, MAXIMUM, MINIMUM, HOLD, INPUT,
)  # fmt: skip
