"""Wires, and the elementary functions of wires: arithmetic on them adds gates to their circuit (S3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Protocol, runtime_checkable

import numpy as np

from chainrule.circuits import gates
from chainrule.circuits.gates import Gate
from chainrule.elementary import Composed
from chainrule.errors import CircuitError

Array = np.ndarray


@runtime_checkable
class Builder(Protocol):
    """What adds gates and gives the wires they end in: a circuit."""

    def gate(self, gate: Gate, *inputs: Any) -> Wires: ...


def _operators(gate: Gate) -> tuple[Callable[[Wires, Any], Wires], Callable[[Wires, Any], Wires]]:
    """wires ∘ other and other ∘ wires, by a gate."""
    return (
        lambda self, other: self.circuit.gate(gate, self, other),
        lambda self, other: self.circuit.gate(gate, other, self),
    )


class Wires:
    """An array of wires of one circuit; arithmetic on it adds gates. A single wire has the shape ()."""

    __slots__ = ("circuit", "number")

    def __init__(self, circuit: Builder, numbers: Any) -> None:
        self.circuit = circuit
        if type(numbers) is not int:
            numbers = np.asarray(numbers)
            numbers = numbers if numbers.ndim else int(numbers)
        self.number: int | Array = numbers  # an int for a single wire, for speed

    @property
    def numbers(self) -> Array:
        """The wires' places in their circuit, an array of their shape."""
        return np.asarray(self.number)

    def __repr__(self) -> str:
        return f"Wires{self.shape}"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Wires:
        """np.exp(wires), array * wires and the like: a gate, as m.exp(wires) and wires * array are."""
        gate = UFUNCS.get(ufunc)
        if gate is None or method != "__call__" or settings:
            known = ", ".join(f"np.{each.__name__}" for each in UFUNCS)
            raise CircuitError(f"np.{ufunc.__name__} is not a gate: the functions are {known}")
        return _circuit_of(*inputs).gate(gate, *inputs)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.numbers.shape

    def __getitem__(self, index: Any) -> Wires:
        return Wires(self.circuit, self.numbers[index])

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Wires]:
        return (self[i] for i in range(len(self)))

    def sum(self, axis: int = -1) -> Wires:
        """One add gate for each row: the sum over the last axis (S3.5, the first add gate)."""
        if not self.shape or not self.shape[-1] or axis not in (-1, len(self.shape) - 1):
            raise CircuitError(f"a sum runs over the last axis of an array of wires, got the shape {self.shape}")
        return self.circuit.gate(gates.ADD, *(Wires(self.circuit, each) for each in np.moveaxis(self.numbers, -1, 0)))

    __add__, __radd__ = _operators(gates.ADD)
    __mul__, __rmul__ = _operators(gates.MULTIPLY)
    __sub__, __rsub__ = _operators(gates.SUBTRACT)
    __truediv__, __rtruediv__ = _operators(gates.DIVIDE)
    __pow__, __rpow__ = _operators(gates.POWER)

    def __neg__(self) -> Wires:
        return self.circuit.gate(gates.NEGATE, self)

    def __pos__(self) -> Wires:
        return self

    def __abs__(self) -> Wires:
        return self.circuit.gate(gates.ABS, self)

    # a wire has no value before a run, so that Python's own answer to a comparison would be about the object -----------
    def _no_value(self, *_: object) -> NoReturn:
        raise CircuitError(
            "a wire has a value in a run alone: compare run[wire], with run = circuit.forward(); whether two names are one "
            "wire is asked with `is`; what depends on a sign inside a circuit is np.maximum, np.minimum or "
            "MATHS.where_positive(t, x, y)"
        )

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _no_value
    __bool__ = _no_value
    __hash__ = object.__hash__  # a wire may be a key of a dictionary: it is found as the object that it is


class Maths(Composed):
    """The elementary functions of wires: the namespace in which forms of activations and costs become gates."""

    def __init__(self) -> None:
        for gate in UNARY:
            setattr(self, gate.name, self._unary(gate))

    @staticmethod
    def _unary(gate: Gate) -> Any:
        return lambda x: x.circuit.gate(gate, x)

    def maximum(self, x: Any, y: Any) -> Wires:
        return _circuit_of(x, y).gate(gates.MAXIMUM, x, y)

    def minimum(self, x: Any, y: Any) -> Wires:
        return _circuit_of(x, y).gate(gates.MINIMUM, x, y)

    def where_positive(self, t: Any, x: Any, y: Any) -> Wires:
        return _circuit_of(t, x, y).gate(gates.SELECT, t, x, y)

    def constant(self, x: Any) -> Any:
        return x.circuit.gate(gates.HOLD, x) if isinstance(x, Wires) else x

    def sum(self, x: Wires) -> Wires:
        return x.sum()[..., None]

    def largest(self, x: Wires) -> Wires:
        """The largest of each row, by max gates in pairs."""
        while x.shape[-1] > 1:
            half = x.shape[-1] // 2
            pairs = self.maximum(x[..., :half], x[..., half : 2 * half])
            x = Wires(x.circuit, np.concatenate([pairs.numbers, x.numbers[..., 2 * half :]], axis=-1))
        return x


UNARY = (
    gates.EXP, gates.EXPM1, gates.LOG, gates.LOG1P, gates.TANH, gates.ERF, gates.SIN, gates.COS, gates.SQRT, gates.ABS,
)  # fmt: skip
UFUNCS: dict[np.ufunc, Gate] = {
    np.add: gates.ADD, np.subtract: gates.SUBTRACT, np.multiply: gates.MULTIPLY, np.divide: gates.DIVIDE,
    np.negative: gates.NEGATE, np.absolute: gates.ABS, np.power: gates.POWER, np.exp: gates.EXP, np.expm1: gates.EXPM1,
    np.log: gates.LOG, np.log1p: gates.LOG1P, np.tanh: gates.TANH, np.sin: gates.SIN, np.cos: gates.COS,
    np.sqrt: gates.SQRT, np.maximum: gates.MAXIMUM, np.minimum: gates.MINIMUM,
}  # fmt: skip
MATHS: Any = Maths()


def _circuit_of(*wires: Any) -> Builder:
    for each in wires:
        if isinstance(each, Wires):
            return each.circuit
    raise CircuitError("at least one wire is needed: between two numbers use max and min")
