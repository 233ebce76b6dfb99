"""A circuit: built by ordinary expressions, values forward, gradients backward, a tangent forward (S3.1).

    c = Circuit()
    x, y = c.input("x", 2.0), c.input("y", -3.0)
    f = (x * y + x) ** 2
    run = c.forward()                 # every value; forward(x=…) for others
    run[f]                            # 16.0
    run.backward(f)[x]                # ∂f/∂x; asked again, the same answer
    run.tangent(x=1.0)[f]             # the same derivative the other way round: forward mode

Wires come in arrays: `c.input("w", np.ones((3, 4)))` are twelve wires, and `w * a` is a multiply gate for each. Gates lie in
flat arrays in topological order, so that no expression is too deep. In a wide circuit the gates that can work at the same time
do; a deep and narrow one is run gate by gate.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.circuits.by_gate import ByGate
from chainrule.circuits.by_group import ByGroup, lay_out
from chainrule.circuits.gates import Gate
from chainrule.circuits.netlist import Netlist
from chainrule.circuits.wires import Wires
from chainrule.errors import CircuitError, brief

Array = np.ndarray
WIDE = 16  # gates a level from which arrays of them are faster than one after the other


class Circuit:
    """Gates and wires. Named inputs have a value to begin with; `forward` computes every wire for these or other values."""

    def __init__(self) -> None:
        self._netlist = Netlist()
        self._inputs: dict[str, Wires] = {}
        self._laid_out: dict[bool, ByGate | ByGroup] = {}  # by whether it is run gate by gate

    def __len__(self) -> int:
        """How many gates there are; inputs and constants are wires, and no gates."""
        return len(self._netlist) - len(self._netlist.sources)

    def __repr__(self) -> str:
        return f"Circuit({len(self):,} gates, inputs {', '.join(self._inputs) or 'none'})"

    # building -------------------------------------------------------------------------------------------------------
    def input(self, name: str, value: Any) -> Wires:
        """Wires of that name, an array of them where the value is one. Raises CircuitError for a name that is taken."""
        if name in self._inputs:
            raise CircuitError(f"this circuit has an input {name!r} already")
        self._inputs[name] = wires = self._sources(value, f"input {name!r}")
        return wires

    def constant(self, value: Any) -> Wires:
        """Wires that keep one value."""
        return self._sources(value, "a constant")

    def gate(self, gate: Gate, *inputs: Any) -> Wires:
        """A gate of that kind for each element of its inputs, which broadcast. Numbers among them become constants."""
        self._laid_out.clear()
        given: list[Any] = []
        single = True
        for each in inputs:
            number = each.number if type(each) is Wires and each.circuit is self else self._number(each)
            given.append(number)
            single = single and type(number) is int
        if single:
            return Wires(self, self._netlist.add(gate, given))
        try:
            numbers = np.broadcast_arrays(*given)
        except ValueError:
            shapes = " and ".join(str(np.shape(each)) for each in given)
            raise CircuitError(f"wires of the shapes {shapes} do not fit each other in {gate.name} gates") from None
        shape = numbers[0].shape
        return Wires(self, self._netlist.add_block(gate, np.stack([each.ravel() for each in numbers])).reshape(shape))

    def _number(self, given: Any) -> Any:
        """The number of a wire, an int; of an array of wires, an array. Numbers and arrays become constants."""
        if isinstance(given, Wires):
            if given.circuit is not self:
                raise CircuitError("these wires belong to two circuits: build both in one Circuit()")
            return given.number
        if isinstance(given, (int, float)) and math.isfinite(given):
            return self._netlist.add_source(float(given))
        return self.constant(given).number

    def _sources(self, value: Any, what: str) -> Wires:
        self._laid_out.clear()
        return Wires(self, self._netlist.add_sources(_numbers(value, what)))

    # running --------------------------------------------------------------------------------------------------------
    def forward(self, **inputs: Any) -> CircuitRun:
        """Every wire's value. Inputs not named keep theirs; a leading axis (batch, …) runs many values at once."""
        batch: int | None = None
        given: dict[str, Array] = {}
        for name, value in inputs.items():
            wires = self.input_wires(name)
            given[name] = _numbers(value, f"input {name!r}")
            extra = given[name].ndim - len(wires.shape)
            if given[name].shape[extra if extra == 1 else 0 :] != wires.shape:
                raise CircuitError(
                    f"input {name!r} has the shape {wires.shape}, or (batch, …) before it; got {given[name].shape}"
                )
            if extra:
                if len(given[name]) == 0:
                    raise CircuitError(f"input {name!r} holds no values")
                if batch not in (None, len(given[name])):
                    raise CircuitError(
                        f"inputs come in batches of {batch} and of {len(given[name])}: one size is needed"
                    )
                batch = len(given[name])
        sources = np.zeros(len(self._netlist))
        sources[self._netlist.sources] = self._netlist.values
        if batch is not None:
            sources = np.tile(sources[:, None], batch)
        for name, value in given.items():
            wires = self._inputs[name]
            flat = value.reshape(len(value), -1).T if value.ndim > len(wires.shape) else value.ravel()
            sources[wires.numbers.ravel()] = flat if sources.ndim == flat.ndim else flat[:, None]
        passes = self._passes(batch)
        return CircuitRun(self, passes, passes.forward(sources))

    def _passes(self, batch: int | None) -> ByGate | ByGroup:
        narrow = batch is None and len(self) < WIDE * int(np.max(self._netlist.levels, initial=0))
        if narrow not in self._laid_out:
            self._laid_out[narrow] = ByGate(self._netlist) if narrow else lay_out(self._netlist)
        return self._laid_out[narrow]

    def input_wires(self, name: str) -> Wires:
        """The wires of a named input."""
        if name not in self._inputs:
            raise CircuitError(f"there is no input {name!r}: inputs are {', '.join(self._inputs) or 'none'}")
        return self._inputs[name]


class CircuitRun:
    """A circuit with a value on every wire: `run[wires]`, shape of the wires, with (…, batch) where a batch was run."""

    def __init__(self, circuit: Circuit, passes: ByGate | ByGroup, values: Array) -> None:
        self.circuit = circuit
        self._passes = passes
        self._values = values

    def __getitem__(self, wires: Wires) -> Any:
        return self._look_up(self._values, wires)

    def _look_up(self, values: Array, wires: Wires) -> Any:
        self._check_known(wires)
        found = values[self._passes.at(wires.numbers)]
        return found if found.ndim else float(found)

    def _check_known(self, wires: Wires) -> None:
        if wires.circuit is not self.circuit:
            raise CircuitError("this wire belongs to another circuit")
        if wires.numbers.size and wires.numbers.max() >= len(self._values):
            raise CircuitError("this wire is newer than the run: call forward again")

    def backward(self, of: Wires) -> Gradients:
        """∂of/∂wire for every wire: one pass back, gates in reverse, every gate's shares added up (S3.11)."""
        if of.circuit is not self.circuit or of.numbers.size != 1:
            raise CircuitError("a backward phase starts from one wire of this circuit")
        self._check_known(of)
        seed = int(self._passes.at(of.numbers.ravel())[0])
        return Gradients(self, self._passes.backward(self._values, seed))

    def tangent(self, **directions: Any) -> Gradients:
        """The rate at which every wire changes when the inputs move in these directions: forward mode (S1.21)."""
        rates = np.zeros_like(self._values)
        for name, direction in directions.items():
            wires = self.circuit.input_wires(name)
            self._check_known(wires)
            given = _numbers(direction, f"direction {name!r}")
            if given.shape not in ((), wires.shape):
                raise CircuitError(f"direction {name!r} has the shape {wires.shape} of its input, got {given.shape}")
            moved = np.broadcast_to(given, wires.shape).ravel()
            rates[wires.numbers.ravel()] = moved if rates.ndim == 1 else moved[:, None]
        return Gradients(self, self._passes.tangent(self._values, rates))


class Gradients:
    """A derivative on every wire: `gradients[wires]`, shape of the wires, with (…, batch) where a batch was run.

    Raises CircuitError for a wire by which there is no derivative, as by the exponent of a power of a negative number.
    """

    def __init__(self, run: CircuitRun, values: Array) -> None:
        self._run = run
        self._values = values

    def __getitem__(self, wires: Wires) -> Any:
        found = self._run._look_up(self._values, wires)
        if np.isnan(found).any():
            raise CircuitError(
                "there is no derivative here: on the way stands ∞ − ∞, or a power of a negative number whose exponent moves"
            )
        return found


def _numbers(value: Any, what: str) -> Array:
    """The value as an array of finite numbers of its own: the caller's may change."""
    if np.ma.is_masked(value):
        raise CircuitError(f"{what} has masked entries: put numbers in, value.filled(0), or leave those entries out")
    try:
        given = np.asarray(value)
        values = np.array(given, dtype=np.float64) if given.dtype.kind in "fiubO" else None
    except (TypeError, ValueError):
        values = None
    if values is None:
        raise CircuitError(f"{what} is a real number or an array of them, got {brief(value)}")
    if not np.isfinite(values).all():
        raise CircuitError(f"{what} holds {values[~np.isfinite(values)].flat[0]}: finite numbers are needed")
    return values
