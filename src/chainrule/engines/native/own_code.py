"""Forms as machine code, a user's own and those of built-in activations and costs without native code of their own.

They compute in float64 and round once to the type of the network, as the forms themselves do. LLVM writes them in this process,
in about a tenth of a second. Each takes three rows of so many numbers:

value  (z, z, z, count): z ← σ(z)
slope  (z, d, d, count): d ← d ⊙ σ′(z)
cost   (a, y, d, count): d ← ∇_a C, and the result is C
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.activations import Activation
from chainrule.circuits import gates
from chainrule.circuits.gates import Gate
from chainrule.costs import Cost, Pair
from chainrule.dual import DUALS, Dual
from chainrule.engines.native import recorded
from chainrule.engines.native.code import llvm
from chainrule.engines.native.own_maths import VECTORS, Number
from chainrule.engines.native.processor import target
from chainrule.engines.native.recorded import Function, Recorded, Unrecorded
from chainrule.own_forms import FAR, exact, with_slope

Array = np.ndarray
CALLS = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_void_p] * 3, ctypes.c_int64)
KEPT = 256  # modules, so that what is compiled to be looked at is not compiled again to run
OF_C: dict[Gate, str] = {gates.ERF: "erf", gates.SIN: "sin", gates.COS: "cos", gates.POWER: "pow"}
OF_LLVM: dict[Gate, str] = {gates.SQRT: "llvm.sqrt", gates.ABS: "llvm.fabs"}


class Module:
    """Machine code in this process, for as long as this object lives."""

    def __init__(self, text: str) -> None:
        binding, _ = llvm()
        module = binding.parse_assembly(text)
        machine, builder = target(binding)
        module.triple, module.data_layout = machine.triple, str(machine.target_data)
        builder.getModulePassManager().run(module, builder)
        self._engine = binding.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        found: int = self._engine.get_function_address(name)
        return found

    def __call__(self, name: str, *rows: Array) -> float:
        """A function, on rows of its type."""
        first, second, third = (row.ctypes.data for row in rows)
        found: float = CALLS(self.address(name))(first, second, third, rows[0].size)
        return found


@lru_cache(KEPT)
def _compiled(text: str) -> Module:
    return Module(text)


# forms, as code that has been compared with them ---------------------------------------------------------------------------
def of_activation(sigma: Activation, dtype: str) -> Module:
    """`value` and `slope` of a user's own activation. Raises Unrecorded where they cannot be had from its form."""
    found = _of_activation(recorded.activation(sigma.form), dtype)
    z = np.concatenate([np.linspace(-6, 6, 49) + 0.0137, FAR, [0.0, *sigma.kinks]]).astype(dtype)
    value, slope = z.copy(), np.ones_like(z)
    found("value", value, value, value)
    found("slope", z, slope, slope)
    _check_same(value, sigma.value(z))
    _check_same(slope, sigma.slope(z))
    return found


def of_cost(cost: Cost, output: Activation, outputs: int, dtype: str) -> Module:
    """`cost` of a user's own cost for so many outputs. Raises Unrecorded likewise, and FormError where the form fails."""
    pair, half = cost.on(output), np.full((2, outputs), 0.5)
    pair.value(half, half)  # where it takes another number of outputs, that is what is wrong with it
    found = _of_cost(recorded.cost(pair.form, outputs), dtype)
    rng = np.random.default_rng(0)
    for a in (rng.random((8, outputs)), 4 * rng.standard_normal((8, outputs))):
        for y in (np.eye(outputs)[rng.integers(0, outputs, 8)], 0.01 + 0.98 * rng.random((8, outputs))):
            _check_cost(found, pair, a.astype(dtype), y.astype(dtype), rng.random((8, outputs)) + 0.5)
    return found


def _check_cost(found: Module, pair: Pair, a: Array, y: Array, direction: Array) -> None:
    """The slope in one direction alone: that of each output by itself would take as many evaluations as there are."""
    slope = np.empty_like(a)
    costs = np.array([found("cost", *rows) for rows in zip(a, y, slope)])
    _check_same(costs, pair.value(a, y))
    with np.errstate(all="ignore"):
        moved = with_slope(pair.form(Dual(exact(a), direction), exact(y), DUALS), "cost").slope.reshape(len(a))
        _check_same((slope * direction).sum(axis=1), moved, np.abs(slope * direction).sum(axis=1))


def _check_same(found: Array, right: Array, size: Any = 0.0) -> None:
    """What was recorded is what the form does at that moment; it may do something else the next time."""
    if not np.allclose(found, right, rtol=1e-4, atol=1e-6 + 1e-4 * size, equal_nan=True):
        raise Unrecorded("gives other numbers when it is recorded")


def _of_activation(function: Function, dtype: str) -> Module:
    module = llvm()[1].Module()
    writer = _Writer(module, "value", dtype, function)
    with writer.loop() as j:
        writer.store(writer.first, j, writer.rounded(writer.at(j, function.value)))
    writer.end()
    writer = _Writer(module, "slope", dtype, function)
    with writer.loop() as j:
        slope = writer.rounded(writer.at(j, function.slope))
        error = writer.build.load(writer.build.gep(writer.second, [j]))
        writer.store(writer.second, j, writer.build.fmul(error, slope))
    writer.end()
    return _compiled(str(module))


def _of_cost(function: Function, dtype: str) -> Module:
    module = llvm()[1].Module()
    writer = _Writer(module, "cost", dtype, function)
    writer.write_rows(function.value, function.slope)
    with writer.loop() as j:
        writer.store(writer.third, j, writer.rounded(writer.at(j, function.slope)))
    writer.end(writer.of_rows[function.value.number])
    return _compiled(str(module))


class _Writer:
    """The instructions of one function. Gates with a number for each output are written where they are used, in a loop."""

    def __init__(self, module: Any, name: str, dtype: str, function: Function) -> None:
        self.ir, self.module, self.recording = llvm()[1], module, function.recording
        ir, self.double, self.whole = self.ir, self.ir.DoubleType(), self.ir.IntType(64)
        self.number = ir.FloatType() if dtype == "float32" else self.double
        kind = ir.FunctionType(self.double, [*[ir.PointerType(self.number)] * 3, self.whole])
        written = ir.Function(module, kind, name)
        self.first, self.second, self.third, self.count = written.args
        self.start = written.append_basic_block("start")  # for what has an address
        body = written.append_basic_block("body")
        self.build: Any = ir.IRBuilder(body)
        self.body, self.of_rows = body, dict[int, Any]()

    def end(self, result: Any = None) -> None:
        self.build.ret(self.double(0.0) if result is None else result)
        self.ir.IRBuilder(self.start).branch(self.body)

    def variable(self, first: Any) -> Any:
        """A number that changes in a loop."""
        place = self.ir.IRBuilder(self.start).alloca(first.type)
        self.build.store(first, place)
        return place

    @contextmanager
    def loop(self) -> Iterator[Any]:
        """In here instructions are written that are done for j = 0, 1, … count − 1."""
        build, place = self.build, self.variable(self.whole(0))
        inside, after = build.append_basic_block("each"), build.append_basic_block("after")
        build.cbranch(build.icmp_signed("<", self.whole(0), self.count), inside, after)
        build.position_at_end(inside)
        j = build.load(place)
        yield j
        following = build.add(j, self.whole(1))
        build.store(following, place)
        build.cbranch(build.icmp_signed("<", following, self.count), inside, after)
        build.position_at_end(after)

    def store(self, row: Any, j: Any, value: Any) -> None:
        self.build.store(value, self.build.gep(row, [j]))

    def rounded(self, value: Any) -> Any:
        return value if self.number is self.double else self.build.fptrunc(value, self.number)

    def write_rows(self, *wanted: Recorded) -> None:
        """The gates that have one number of each row and lead to these, in order."""
        entries = self.recording.entries
        for number in self.recording.needed(*(each.number for each in wanted)):
            entry = entries[number]
            if entry.wide:
                continue
            if entry.gate in recorded.OVER_A_ROW:
                self.of_rows[number] = self._over_a_row(entry)
            else:
                self.of_rows[number] = self._gate(entry, self.of_rows, None)

    def at(self, j: Any, wanted: Recorded) -> Any:
        """That number of output j; gates that have one number of each row are there already, but for constants."""
        values, entries = dict(self.of_rows), self.recording.entries
        for number in self.recording.needed(wanted.number):
            if number not in values and (entries[number].wide or entries[number].gate is recorded.CONSTANT):
                values[number] = self._gate(entries[number], values, j)
        return values[wanted.number]

    def _over_a_row(self, entry: recorded.Entry) -> Any:
        build, source = self.build, Recorded(self.recording, entry.inputs[0])
        if entry.gate is recorded.ELEMENT:
            return self.at(self.whole(entry.detail), source)
        if entry.gate is recorded.SUM:
            total = self.variable(self.double(0.0))
            with self.loop() as j:
                build.store(build.fadd(build.load(total), self.at(j, source)), total)
            return build.load(total)
        best, place = self.variable(self.double(-np.inf)), self.variable(self.double(0.0))
        with self.loop() as j:
            value, so_far = self.at(j, source), build.load(best)
            more = build.or_(build.fcmp_unordered(">", value, so_far), build.icmp_signed("==", j, self.whole(0)))
            build.store(build.select(more, value, so_far), best)
            build.store(build.select(more, build.sitofp(j, self.double), build.load(place)), place)
        return build.load(best if entry.gate is recorded.LARGEST else place)

    def _gate(self, entry: recorded.Entry, values: Mapping[int, Any], j: Any) -> Any:
        build, gate, inputs = self.build, entry.gate, [values[each] for each in entry.inputs]
        if gate is recorded.CONSTANT:
            return self.double(entry.detail)
        if gate is recorded.GIVEN:
            row = self.second if entry.detail == "y" else self.first
            value = build.load(build.gep(row, [j]))
            return value if self.number is self.double else build.fpext(value, self.double)
        if gate is recorded.TABLE:
            return build.load(build.gep(self._table(entry.detail), [self.whole(0), j]))
        if gate is recorded.PLACE:
            return build.sitofp(j, self.double)
        if gate in VECTORS:
            return self._vector(gate, *inputs)
        if gate in OF_C:
            return self._of_c(OF_C[gate], *inputs)
        if gate in OF_LLVM:
            return build.call(self.module.declare_intrinsic(OF_LLVM[gate], [self.double]), inputs)
        if gate is recorded.LOG_ADD_EXP:
            return self._log_add_exp(*inputs)
        return INSTRUCTIONS[gate](build, *inputs)

    def _log_add_exp(self, x: Any, y: Any) -> Any:
        """log(e^x + e^y) = the larger + log(1 + e^−|x − y|)."""
        build = self.build
        apart = build.call(self.module.declare_intrinsic("llvm.fabs", [self.double]), [build.fsub(x, y)])
        rest = self._vector(gates.LOG1P, self._vector(gates.EXP, build.fneg(apart)))
        return build.fadd(INSTRUCTIONS[gates.MAXIMUM](build, x, y), rest)

    def _vector(self, gate: Gate, x: Any) -> Any:
        return VECTORS[gate](Number(self.build, x), self.whole).value

    def _of_c(self, name: str, *inputs: Any) -> Any:
        kind = self.ir.FunctionType(self.double, [self.double] * len(inputs))
        return self.build.call(self.module.globals.get(name) or self.ir.Function(self.module, kind, name), inputs)

    def _table(self, numbers: tuple[float, ...]) -> Any:
        kind = self.ir.ArrayType(self.double, len(numbers))
        table = self.ir.GlobalVariable(self.module, kind, self.module.get_unique_name("table"))
        table.initializer, table.global_constant, table.linkage = (
            self.ir.Constant(kind, list(numbers)),
            True,
            "internal",
        )
        return table


# the gates that are instructions: true is 1 and false 0 -------------------------------------------------------------------
def _is(build: Any, comparison: str, x: Any, y: Any) -> Any:
    return build.uitofp(build.fcmp_ordered(comparison, x, y), x.type)


def _select(build: Any, t: Any, x: Any, y: Any) -> Any:
    return build.select(build.fcmp_ordered(">", t, t.type(0.0)), x, y)


def _larger(comparison: str) -> Callable[..., Any]:
    """As NumPy's: NaN where one of the two is."""

    def of(build: Any, x: Any, y: Any) -> Any:
        return build.select(build.or_(build.fcmp_ordered(comparison, x, y), build.fcmp_unordered("!=", x, x)), x, y)

    return of


def _sign(build: Any, x: Any) -> Any:
    zero = x.type(0.0)
    below = build.select(build.fcmp_ordered("<", x, zero), x.type(-1.0), x)  # 0 and NaN are their own
    return build.select(build.fcmp_ordered(">", x, zero), x.type(1.0), below)


def _times(build: Any, x: Any, y: Any) -> Any:
    """x · y, and 0 where one of the two is 0, whatever the other is."""
    zero = x.type(0.0)
    none = build.or_(build.fcmp_ordered("==", x, zero), build.fcmp_ordered("==", y, zero))
    return build.select(none, zero, build.fmul(x, y))


INSTRUCTIONS: dict[Gate, Callable[..., Any]] = {
    gates.ADD: lambda build, x, y: build.fadd(x, y),
    gates.SUBTRACT: lambda build, x, y: build.fsub(x, y),
    gates.MULTIPLY: lambda build, x, y: build.fmul(x, y),
    gates.DIVIDE: lambda build, x, y: build.fdiv(x, y),
    gates.NEGATE: lambda build, x: build.fneg(x),
    gates.HOLD: lambda build, x: x,
    gates.SELECT: _select,
    gates.MAXIMUM: _larger(">"),
    gates.MINIMUM: _larger("<"),
    recorded.LESS: lambda build, x, y: _is(build, "<", x, y),
    recorded.LESS_EQUAL: lambda build, x, y: _is(build, "<=", x, y),
    recorded.EQUAL: lambda build, x, y: _is(build, "==", x, y),
    recorded.SIGN: _sign,
    recorded.TIMES: _times,
}  # fmt: skip
