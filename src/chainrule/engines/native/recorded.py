"""A user's own form, recorded: what it does to z, or to a and y of one row, as gates; and its slopes, as more of them.

The form is called once, on numbers that are not known yet. Each operation becomes a gate of `circuits.gates`, whose local
slopes are recorded too: that is reverse mode, whose result is again gates. A gate has one number of each row, or one of
each output. A form that needs to know them, as a branch in Python does, raises Unrecorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from chainrule.circuits import gates
from chainrule.circuits.gates import Gate
from chainrule.circuits.wires import UFUNCS, UNARY
from chainrule.elementary import Composed


class Unrecorded(Exception):
    """Why a form cannot be recorded, in the words that come after its name."""


def _still(*_: Any) -> tuple[float, ...]:
    """The slopes of what jumps from number to number."""
    return (0.0, 0.0)


def _named(name: str, value: Callable[..., Any], slopes: Callable[..., tuple[Any, ...]] = _still) -> Gate:
    return Gate(name, name, value, slopes, "")


# gates that no circuit has: those that yield 1 for true and 0 for false, and those that go over a row
EQUAL, LESS, LESS_EQUAL, SIGN = (_named(each.__name__, each) for each in (np.equal, np.less, np.less_equal, np.sign))
TIMES = _named("times", lambda x, y: x * y if x != 0 and y != 0 else 0.0)  # 0 · ∞ is 0
LOG_ADD_EXP = _named("log add exp", np.logaddexp, lambda out, x, y: (1 / (1 + np.exp(y - x)), 1 / (1 + np.exp(x - y))))
GIVEN, CONSTANT, TABLE, PLACE = (_named(name, lambda: np.nan) for name in ("given", "constant", "table", "place"))
SUM, LARGEST, PLACE_OF_LARGEST, ELEMENT = (
    _named(name, np.sum) for name in ("sum", "largest", "place of largest", "element")
)
OVER_A_ROW = (SUM, LARGEST, PLACE_OF_LARGEST, ELEMENT)


class Entry(NamedTuple):
    """One gate of a recording: what feeds it, what it holds by itself, and whether it has a number for each output."""

    gate: Gate
    inputs: tuple[int, ...] = ()
    detail: Any = None
    wide: bool = False


class Recording:
    """Gates in the order in which they were recorded, each after those that feed it; none is there twice."""

    def __init__(self, outputs: int | None = None) -> None:
        self.entries: list[Entry] = []
        self.outputs = outputs  # None for an activation, which acts on each number alone
        self._places: dict[tuple[Any, ...], int] = {}

    def gate(self, gate: Gate, *inputs: Any) -> Any:
        """A gate of that kind; a plain number where all that feeds it is known."""
        given = [self.wire(each) for each in inputs]
        constants = [self.constant(each) for each in given]
        if all(each is not None for each in constants) and constants:
            with np.errstate(all="ignore"):
                return float(gate.value(*map(np.float64, constants)))
        simpler = _simpler(gate, given, constants)
        if simpler is not None:
            return simpler
        flat = any(each.flat for each in given)
        if flat and any(not each.flat and known is None for each, known in zip(given, constants)):
            raise Unrecorded("mixes arrays of the shapes (batch,) and (batch, …)")
        wide = any(self.entries[each.number].wide for each in given)
        return self.added(Entry(gate, tuple(each.number for each in given), None, wide), flat)

    def added(self, entry: Entry, flat: bool = False) -> Recorded:
        key = (entry.gate.name, entry.inputs, repr(entry.detail))  # in which 0 and −0 differ
        if key not in self._places:
            self._places[key] = len(self.entries)
            self.entries.append(entry)
        return self.numbers(self._places[key], flat)

    def numbers(self, place: int, flat: bool = False) -> Recorded:
        """What the gate at a place gives."""
        return Recorded(self, place, flat)

    def wire(self, given: Any) -> Recorded:
        """What is given, as recorded: numbers become constants, and a number for each output a table."""
        if isinstance(given, Recorded):
            return given
        array = np.asarray(given)
        if array.dtype.kind not in "fiub":
            raise Unrecorded(f"computes with {type(given).__name__}")
        if array.size == 1 and array.ndim < 3:
            return self.added(Entry(CONSTANT, (), float(array.reshape(()))))
        if self.outputs and array.shape in ((self.outputs,), (1, self.outputs)):
            return self.added(Entry(TABLE, (), tuple(array.ravel().astype(float).tolist()), wide=True))
        raise Unrecorded(f"holds an array of shape {array.shape}")

    def constant(self, wire: Recorded) -> float | None:
        """The number of a constant; None for what is not one."""
        entry = self.entries[wire.number]
        return entry.detail if entry.gate is CONSTANT else None

    def given(self, name: str) -> Recorded:
        """What the form is called with: a number for each output."""
        return self.added(Entry(GIVEN, (), name, wide=True))

    def over_a_row(self, gate: Gate, wire: Recorded, detail: Any = None) -> Recorded:
        """One number of each row."""
        if self.outputs is None:
            raise Unrecorded("mixes the elements of z")
        if wire.flat:
            raise Unrecorded("goes over the rows of a batch")
        if not self.entries[wire.number].wide:
            return wire
        return self.added(Entry(gate, (wire.number,), detail))

    def needed(self, *numbers: int) -> list[int]:
        """These gates and all that feed them, in order."""
        found, ahead = set[int](), list(numbers)
        while ahead:
            number = ahead.pop()
            if number not in found:
                found.add(number)
                ahead.extend(self.entries[number].inputs)
        return sorted(found)


def _simpler(gate: Gate, given: Sequence[Recorded], constants: Sequence[float | None]) -> Any:
    """What a gate comes to where one of its inputs makes it needless; None elsewhere."""
    if gate is gates.POWER and constants[1] in (1.0, 2.0, 3.0, 4.0):
        x, square = given[0], given[0] * given[0]
        return {1.0: x, 2.0: square, 3.0: square * x, 4.0: square * square}[constants[1] or 0.0]
    if gate is TIMES and 0.0 in constants:
        return 0.0
    if gate in (TIMES, gates.MULTIPLY) and 1.0 in constants:
        return given[1 - constants.index(1.0)]
    if gate is gates.ADD and 0.0 in constants:
        return given[1 - constants.index(0.0)]
    return None


class Recorded(NDArrayOperatorsMixin):
    """A number of each row, or of each output, that is not known yet; NumPy's operators and functions on it are recorded.

    `flat` is one that NumPy would hold in the shape (batch,); else it is (batch, 1) or (batch, out).
    """

    def __init__(self, recording: Recording, number: int, flat: bool = False) -> None:
        self.recording, self.number, self.flat = recording, number, flat

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        if settings.keys() == {"out"} and settings["out"][0] is inputs[0]:
            settings = {}  # x += y: the sum gets the name of x
        rule = _UFUNCS.get(ufunc)
        if rule is None or method != "__call__" or settings:
            called = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise Unrecorded(f"calls np.{called}{''.join(f' with {name}=' for name in settings)}")
        return rule(self.recording, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.where and len(args) == 3:
            return _where(self.recording, *args)
        if function is np.sum and isinstance(args[0], Recorded):
            return args[0].sum(*args[1:], **kwargs)
        raise Unrecorded(f"calls np.{function.__name__}")

    def sum(self, axis: Any = -1, keepdims: bool = False) -> Recorded:
        if axis not in (1, -1):
            raise Unrecorded(f"sums over the axis {axis}")
        found = self.recording.over_a_row(SUM, self)
        return self.recording.numbers(found.number, flat=not keepdims)

    def __getitem__(self, index: Any) -> Recorded:
        whole, place = index if isinstance(index, tuple) and len(index) == 2 else (None, None)
        if whole is Ellipsis or (isinstance(whole, slice) and whole == slice(None)):
            if place is None and self.flat:
                return self.recording.numbers(self.number)
            outputs = self.recording.outputs or 0
            if isinstance(place, (int, np.integer)) and -outputs <= place < outputs and not self.flat:
                found = self.recording.over_a_row(ELEMENT, self, int(place) % outputs)
                return self.recording.numbers(found.number, flat=True)
        raise Unrecorded(f"takes the part {index!r} of an array")

    def _unknown(self, *_: object) -> NoReturn:
        raise Unrecorded("branches on a value, or turns it into a number of Python")

    __bool__ = __float__ = __int__ = __index__ = __array__ = __iter__ = __len__ = _unknown

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # which NumPy looks for
            raise AttributeError(name)
        raise Unrecorded(f"asks for .{name} of an array")


def _where(recording: Recording, condition: Any, x: Any, y: Any) -> Any:
    return recording.gate(gates.SELECT, recording.gate(gates.ABS, condition), x, y)


def _times_matrix(recording: Recording, x: Any, y: Any) -> Any:
    """The sum of a row's numbers, each times one of a list."""
    if np.shape(y) != (recording.outputs,):
        raise Unrecorded("multiplies by a matrix")
    return (x * y).sum()


def _recorded(gate: Gate) -> Callable[..., Any]:
    return lambda recording, *inputs: recording.gate(gate, *inputs)


_UFUNCS: dict[Any, Callable[..., Any]] = {
    **{ufunc: _recorded(gate) for ufunc, gate in UFUNCS.items()},
    **{each.value: _recorded(each) for each in (EQUAL, LESS, LESS_EQUAL, SIGN, LOG_ADD_EXP)},
    np.greater: lambda recording, x, y: recording.gate(LESS, y, x),
    np.greater_equal: lambda recording, x, y: recording.gate(LESS_EQUAL, y, x),
    np.not_equal: lambda recording, x, y: 1.0 - recording.gate(EQUAL, x, y),
    np.bitwise_and: _recorded(gates.MULTIPLY), np.bitwise_or: _recorded(gates.MAXIMUM), np.invert: lambda recording, x: 1.0 - x,
    np.logical_and: _recorded(gates.MULTIPLY), np.logical_or: _recorded(gates.MAXIMUM),
    np.logical_not: lambda recording, x: 1.0 - x, np.positive: lambda recording, x: x,
    np.square: lambda recording, x: x * x, np.matmul: _times_matrix,
}  # fmt: skip


class RecordedMaths(Composed):
    """The elementary functions, recorded: the namespace m of a form."""

    def __init__(self, recording: Recording) -> None:
        for gate in (*UNARY, gates.MAXIMUM, gates.MINIMUM):
            setattr(self, gate.name, partial(recording.gate, gate))
        self.where_positive = partial(recording.gate, gates.SELECT)
        self.constant = partial(recording.gate, gates.HOLD)
        self._recording = recording

    def softplus(self, x: Any) -> Any:
        """With an exponential less than the composed one."""
        return self._recording.gate(LOG_ADD_EXP, 0.0, x)

    @staticmethod
    def sum(x: Recorded) -> Recorded:
        return x.sum(keepdims=True)

    @staticmethod
    def largest(x: Recorded) -> Recorded:
        return x.recording.over_a_row(LARGEST, x)


# what is recorded ---------------------------------------------------------------------------------------------------------
class Function(NamedTuple):
    """A form, recorded: its value and its slope with respect to z or a, as gates of one recording."""

    recording: Recording
    value: Recorded
    slope: Recorded


def activation(form: Callable[..., Any]) -> Function:
    """σ(z) and σ′(z) of a form. Raises Unrecorded."""
    recording = Recording()
    return _function(recording, form, recording.given("z"))


def cost(form: Callable[..., Any], outputs: int) -> Function:
    """C of a row and ∂C/∂a_j of each of its outputs. Raises Unrecorded."""
    recording = Recording(outputs)
    a, y = recording.given("a"), recording.given("y")
    return _function(recording, form, a, y)


def _function(recording: Recording, form: Callable[..., Any], x: Recorded, *others: Recorded) -> Function:
    value = called(recording, form, x, *others, RecordedMaths(recording))
    if recording.outputs is not None:
        value = of_a_row(recording, value)
    return Function(recording, value, slope(recording, value, x))


def called(recording: Recording, function: Callable[..., Any], *given: Any) -> Recorded:
    """What a function gives for numbers that are not known yet. Raises Unrecorded."""
    try:
        return recording.wire(function(*given))
    except Unrecorded:
        raise
    except Exception as error:  # whatever a user's form does with what is not an array
        raise Unrecorded(f"fails on numbers that are not known yet ({type(error).__name__}: {error})") from error


def of_a_row(recording: Recording, value: Recorded) -> Recorded:
    """The value of a cost as one number of a row. Raises Unrecorded where it is a number for each of several outputs."""
    if not recording.entries[value.number].wide:
        return value
    if recording.outputs != 1:
        raise Unrecorded("gives more than one number for a row")
    return value.sum()


def slope(recording: Recording, value: Recorded, x: Recorded) -> Recorded:
    """∂value/∂x, backwards through the gates: each sends what it receives, times its local slope, to its inputs."""
    moving = {x.number}
    for number, entry in enumerate(recording.entries):
        if moving.intersection(entry.inputs):
            moving.add(number)
    received: dict[int, Any] = {value.number: 1.0}
    for number in range(value.number, -1, -1):
        if number in received and number != x.number:
            for place, sent in _sent(recording, number, received[number], moving):
                received[place] = received[place] + sent if place in received else sent
    return recording.wire(received.get(x.number, 0.0))


def rate(recording: Recording, value: Recorded, rates: Mapping[int, Recorded]) -> Recorded:
    """How fast a value moves where given gates, by their places, move at such rates: forwards, as dual numbers do."""
    found: dict[int, Any] = dict(rates)
    for number in recording.needed(value.number):
        if number not in found and found.keys() & set(recording.entries[number].inputs):
            found[number] = _rate_of(recording, number, found)
    return recording.wire(found.get(value.number, 0.0))


def _rate_of(recording: Recording, number: int, rates: Mapping[int, Any]) -> Any:
    """The rate of a gate from those of its inputs."""
    entry, total = recording.entries[number], recording.wire(0.0)
    inputs = [recording.numbers(place) for place in entry.inputs]
    for place, local in zip(entry.inputs, _local_slopes(recording, entry, recording.numbers(number), inputs)):
        if place in rates:
            moved = recording.gate(TIMES, rates[place], local)
            total = total + (_sum_over_outputs(recording, moved) if entry.gate in OVER_A_ROW else moved)
    return total


def _sent(recording: Recording, number: int, received: Any, moving: set[int]) -> list[tuple[int, Any]]:
    """What a gate sends to each of its inputs that moves."""
    entry, found = recording.entries[number], []
    inputs = [recording.numbers(place) for place in entry.inputs]
    for place, local in zip(entry.inputs, _local_slopes(recording, entry, recording.numbers(number), inputs)):
        if place in moving:
            sent = recording.gate(TIMES, received, local)
            spread = entry.wide and not recording.entries[place].wide
            found.append((place, _sum_over_outputs(recording, sent) if spread else sent))
    return found


def _sum_over_outputs(recording: Recording, sent: Any) -> Any:
    """What a number of a row receives that every output has used."""
    wide = isinstance(sent, Recorded) and recording.entries[sent.number].wide
    return sent.sum(keepdims=True) if wide else sent * float(recording.outputs or 1)


def _local_slopes(recording: Recording, entry: Entry, out: Recorded, inputs: list[Recorded]) -> tuple[Any, ...]:
    if entry.gate is SUM:
        return (1.0,)
    if entry.gate is LARGEST:
        place = recording.over_a_row(PLACE_OF_LARGEST, inputs[0])
        return (recording.gate(EQUAL, _places(recording), place),)
    if entry.gate is ELEMENT:
        return (recording.gate(EQUAL, _places(recording), float(entry.detail)),)
    known = [recording.constant(each) for each in inputs]
    return entry.gate.slopes(out, *(each if one is None else one for each, one in zip(inputs, known)))


def _places(recording: Recording) -> Recorded:
    """0, 1, … of each output."""
    return recording.added(Entry(PLACE, wide=True))
