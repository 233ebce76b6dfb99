"""What Numba has no words for, as LLVM: pointers, the register tile of a matrix product, and what threads agree by.

A tile of a product C = A B is `rows` × two vectors of C, which stay in registers while the sum over k runs: each step loads
two vectors of B and multiplies them by one number of each row of A. Each entry of C is a chain of fused multiply-adds in the
order of k, so its bits depend on nothing but that order: not on tiles, blocks, vector widths or threads.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic

OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "fastmath": {"contract", "nsz"},  # no reassociation: the order of every sum is the one that is written
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
VECTOR_BYTES = 32
VECTORS = 2  # of C in a row of a tile
MOST_ROWS = 6  # 6 × 2 accumulators, 2 vectors of B and one of A: 15 of 16 registers
INT, WORD = ir.IntType(64), ir.IntType(32)


class _Native(CPUDispatcher):
    """Numba compiles a function again for each constant that it is called with; once for whole numbers is enough."""

    def get_call_template(self, args: Any, kws: Any) -> Any:
        return super().get_call_template(tuple(map(types.unliteral, args)), kws)


def native(function: Any) -> Any:
    """A function of the steps, to be compiled."""
    dispatcher = njit(**OPTIONS)(function)
    dispatcher.__class__ = _Native
    return dispatcher


def lanes(itemsize: int) -> int:
    """How many columns a panel has: as many numbers as a row of a tile holds."""
    return VECTORS * VECTOR_BYTES // itemsize


@intrinsic
def at(typing: Any, pointer: Any, count: Any) -> Any:
    """pointer + count, in numbers."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.intp), code


@intrinsic
def pointer_to(typing: Any, address: Any, like: Any) -> Any:
    """An address as a pointer to numbers of the type of `like`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return types.CPointer(like)(types.intp, like), code


@intrinsic
def number(typing: Any, like: Any, value: Any) -> Any:
    """A number in the type of another one: plain literals would make all that they meet float64."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[1], value, like)

    return like(like, value), code


@intrinsic
def lanes_of(typing: Any, like: Any) -> Any:
    """How many numbers of this type a row of a tile holds."""
    count = lanes(like.bitwidth // 8)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return INT(count)

    return types.intp(like), code


@intrinsic
def bits_of(typing: Any, number: Any) -> Any:
    """A whole number as the floating-point number of the same bits."""
    real = {types.int32: types.float32, types.int64: types.float64}[number]

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(real))

    return real(number), code


@intrinsic(prefer_literal=True)
def tile(
    typing: Any, rows: Any, scaled: Any, c: Any, c_row: Any, a: Any, a_row: Any, a_step: Any, b: Any, b_row: Any,
    start: Any, start_row: Any, scale: Any, count: Any,
) -> Any:  # fmt: skip
    """C = start + A B of a tile, or with `scaled` C + scale · A B; sums over `count` steps, at least one.

    `_row` is how far one row is from the next, `a_step` one number of a row of A from the next; in numbers.
    """
    if not isinstance(rows, types.IntegerLiteral):
        return None
    number, ip = c.dtype, types.intp
    height, adds = rows.literal_value, scaled.literal_value
    signature = types.void(rows, scaled, c, ip, a, ip, ip, b, ip, start, ip, number, ip)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _Tile(context.get_value_type(number), number.bitwidth // 8, builder).write(height, adds, *args[2:])
        return context.get_dummy_value()

    return signature, code


class _Tile:
    """The instructions of a tile."""

    def __init__(self, number: Any, itemsize: int, builder: Any) -> None:
        self.width = VECTOR_BYTES // itemsize
        self.number, self.itemsize, self.builder = number, itemsize, builder
        self.vector = ir.VectorType(number, self.width)

    def write(
        self, height: int, adds: int, c: Any, c_row: Any, a: Any, a_row: Any, a_step: Any, b: Any, b_row: Any,
        start: Any, start_row: Any, scale: Any, count: Any,
    ) -> None:  # fmt: skip
        build = self.builder
        cells = [(row, j) for row in range(height) for j in range(VECTORS)]
        of_row = [build.mul(a_row, INT(row)) for row in range(height)]
        zero = ir.Constant(self.vector, [0.0] * self.width)
        firsts = [zero if adds else self._load(start, self._place(start_row, row), j) for row, j in cells]
        before, loop, after = build.block, build.append_basic_block("sum"), build.append_basic_block("stored")
        build.branch(loop)
        build.position_at_end(loop)
        step, pa, pb = build.phi(INT), build.phi(a.type), build.phi(b.type)
        sums = [build.phi(self.vector) for _ in cells]
        of_b = [self._load(pb, INT(0), j) for j in range(VECTORS)]
        factors = [self._spread(build.load(build.gep(pa, [of_row[row]]))) for row in range(height)]
        next_sums = [
            build.fadd(build.fmul(factors[row], of_b[j], flags=("contract",)), sums[i], flags=("contract",))
            for i, (row, j) in enumerate(cells)
        ]
        following = build.add(step, INT(1))
        for phi, first, then in [
            (step, INT(0), following), (pa, a, build.gep(pa, [a_step])), (pb, b, build.gep(pb, [b_row])),
            *zip(sums, firsts, next_sums),
        ]:  # fmt: skip
            phi.add_incoming(first, before)
            phi.add_incoming(then, loop)
        build.cbranch(build.icmp_signed("<", following, count), loop, after)
        build.position_at_end(after)
        factor = self._spread(scale) if adds else None
        for (row, j), value in zip(cells, next_sums):
            offset = self._place(c_row, row)
            if factor is not None:
                old = self._load(c, offset, j)
                value = build.fadd(build.fmul(value, factor, flags=("contract",)), old, flags=("contract",))
            build.store(value, self._pointer(c, offset, j), align=self.itemsize)

    def transpose(self, here: Any, row: Any, there: Any, there_row: Any) -> None:
        """Vectors are shuffled in pairs, as cards are, once for each bit of a row's number."""
        build, half = self.builder, self.width // 2
        low = [i // 2 + self.width * (i % 2) for i in range(self.width)]
        masks = [ir.Constant(ir.VectorType(WORD, self.width), [i + shift for i in low]) for shift in (0, half)]
        rows = [self._load(here, self._place(row, i), 0) for i in range(self.width)]
        for _ in range(self.width.bit_length() - 1):
            pairs = zip(rows[:half], rows[half:])
            rows = [build.shuffle_vector(one, other, mask) for one, other in pairs for mask in masks]
        for i, each in enumerate(rows):
            build.store(each, self._pointer(there, self._place(there_row, i), 0), align=self.itemsize)

    def _place(self, row_length: Any, row: int) -> Any:
        return self.builder.mul(row_length, INT(row))

    def _pointer(self, base: Any, offset: Any, j: int) -> Any:
        build = self.builder
        first = build.gep(base, [build.add(offset, INT(j * self.width))])
        return build.bitcast(first, self.vector.as_pointer())

    def _load(self, base: Any, offset: Any, j: int) -> Any:
        return self.builder.load(self._pointer(base, offset, j), align=self.itemsize)

    def _spread(self, number: Any) -> Any:
        build, undefined = self.builder, ir.Constant(self.vector, ir.Undefined)
        first = build.insert_element(undefined, number, WORD(0))
        return build.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(WORD, self.width), [0] * self.width))


@intrinsic
def transpose(typing: Any, here: Any, row: Any, there: Any, there_row: Any) -> Any:
    """A square of as many rows and columns as a vector has numbers, with its rows as columns."""
    signature = types.void(here, row, there, there_row)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        square = _Tile(context.get_value_type(here.dtype), here.dtype.bitwidth // 8, builder)
        square.transpose(*args)
        return context.get_dummy_value()

    return signature, code


# what threads agree by -----------------------------------------------------------------------------------------------
@intrinsic
def publish(typing: Any, pointer: Any, value: Any) -> Any:
    """Store a whole number so that whoever sees it sees all that was written before it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], args[0], "release", 8)
        return context.get_dummy_value()

    return types.void(types.CPointer(types.int64), types.int64), code


@intrinsic
def observe(typing: Any, pointer: Any) -> Any:
    """Load such a number."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(args[0], "acquire", 8)

    return types.int64(types.CPointer(types.int64)), code


@intrinsic
def prefetch(typing: Any, pointer: Any) -> Any:
    """Ask for the cache line of a pointer."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, WORD, WORD, WORD])
        name = "llvm.prefetch.p0"
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        builder.call(function, [builder.bitcast(args[0], byte), WORD(0), WORD(2), WORD(1)])
        return context.get_dummy_value()

    return types.void(pointer), code
