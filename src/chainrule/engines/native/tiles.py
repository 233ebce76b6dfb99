"""What Numba has no words for, as LLVM: pointers, the register tile of a matrix product, and what threads agree by.

A tile of a product C = A B is `rows` × two vectors of C, which stay in registers while the sum over k runs: each step loads
two vectors of B and multiplies them by one number of each row of A. Each entry of C is a chain of fused multiply-adds in the
order of k, so its bits depend on nothing but that order: not on tiles, blocks, vector widths or threads.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import njit, types
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic

from chainrule.engines.native.processor import ROW_BYTES, has_wide_vectors

OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "fastmath": {"contract", "nsz"},  # no reassociation: the order of every sum is the one that is written
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
if has_wide_vectors(binding):
    VECTOR_BYTES, MOST_ROWS = 64, 12  # of 32 registers; what a row of A gives is read from memory by the multiplication
else:
    VECTOR_BYTES, MOST_ROWS = 32, 6  # 6 × 2 accumulators, 2 vectors of B and one of A: 15 of 16 registers
VECTORS = ROW_BYTES // VECTOR_BYTES
UNROLLED = 4  # steps of a sum at a time
LEAST_PACKED = 20  # so many rows and more are cut into strips
LEAST_STRIP = min(count // -(-count // MOST_ROWS) for count in range(LEAST_PACKED, 100))  # rows
COPIED = 8 * -(-MOST_ROWS // 8)  # numbers of a strip at a time
FORWARD, GRADIENT, ADDED, STRIP, ADDED_STRIP = range(5)  # kinds of tiles
FIRST, SECOND = range(2)  # caches of a core
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
    return ROW_BYTES // itemsize


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
def call(typing: Any, address: Any, first: Any, second: Any, third: Any, count: Any) -> Any:
    """What a function of `own_code` gives for three rows of so many numbers."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.DoubleType(), [each.type for each in args[1:]])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])

    return types.float64(types.intp, first, second, third, types.intp), code


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
    typing: Any, kind: Any, rows: Any, narrow: Any, c: Any, c_row: Any, a: Any, a_row: Any, order: Any, b: Any, b_row: Any,
    start: Any, start_row: Any, scale: Any, count: Any,
) -> Any:  # fmt: skip
    """One tile of so many rows, by the kind of product; sums over `count` steps.

    Of a `narrow` one only the first half of each row is worked out; GRADIENT sets the other half to 0.

    FORWARD   C = start + A B; numbers of a row of A are side by side, and rows of B are those of a panel
    GRADIENT  C = start + Aᵀ B; row k of A are the numbers of step k
    ADDED     C = C + scale · Aᵀ B
    STRIP     as GRADIENT, ADDED_STRIP as ADDED, where A is packed: LEAST_STRIP rows or more; numbers of a step lie together

    `_row` is how far one row is from the next; of A, the rows `order[0]`, `order[1]` … are taken. The kind is a constant, so
    that addresses are sums the processor does by itself: where every number of A needed an addition, a tile took a quarter
    longer.
    """
    if not isinstance(kind, types.IntegerLiteral):
        return None
    number, ip = c.dtype, types.intp
    signature = types.void(kind, ip, types.boolean, c, ip, a, ip, order, b, ip, start, ip, number, ip)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        made = _Tile(context.get_value_type(number), number.bitwidth // 8, builder)
        made.write_one_of(kind.literal_value, *args[1:])
        return context.get_dummy_value()

    return signature, code


class _Tile:
    """The instructions of a tile."""

    def __init__(self, number: Any, itemsize: int, builder: Any, narrow: bool = False) -> None:
        size = min(VECTOR_BYTES, ROW_BYTES // 2) if narrow else VECTOR_BYTES
        self.narrow, self.width = narrow, size // itemsize
        self.vectors = ROW_BYTES // (2 if narrow else 1) // size
        self.number, self.itemsize, self.builder = number, itemsize, builder
        self.vector = ir.VectorType(number, self.width)

    def write_one_of(self, kind: int, rows: Any, narrow: Any, *parts: Any) -> None:
        """The tile with so many rows. Packed ones are never narrow."""
        build, packed = self.builder, kind in (STRIP, ADDED_STRIP)
        after = build.append_basic_block("tile.after")
        shapes = build.switch(build.add(rows, build.mul(build.zext(narrow, INT), INT(MOST_ROWS))), after)
        for half in range(1 if packed else 2):
            of_shape = _Tile(self.number, self.itemsize, build, half == 1)
            for height in range(LEAST_STRIP if packed else 1, MOST_ROWS + 1):
                case = build.append_basic_block(f"tile.{height}")
                shapes.add_case(INT(height + half * MOST_ROWS), case)
                build.position_at_end(case)
                of_shape.write(height, kind, *parts)
                build.branch(after)
        build.position_at_end(after)

    def write(
        self, height: int, kind: int, c: Any, c_row: Any, a: Any, a_row: Any, order: Any, b: Any, b_row: Any, start: Any,
        start_row: Any, scale: Any, count: Any,
    ) -> None:  # fmt: skip
        build, added = self.builder, kind in (ADDED, ADDED_STRIP)
        cells = [(row, j) for row in range(height) for j in range(self.vectors)]
        zero = ir.Constant(self.vector, [0.0] * self.width)
        sums = [zero if added else self._load(start, self._place(start_row, row), j) for row, j in cells]
        if kind == FORWARD:
            b_row = INT(ROW_BYTES // self.itemsize)
            rows = [build.mul(a_row, build.load(build.gep(order, [INT(row)]))) for row in range(height)]
            first, numbers = a, lambda here, step: [(build.gep(here, [row]), INT(step)) for row in rows]
            apart = 1
        elif kind in (STRIP, ADDED_STRIP):
            first, numbers = a, lambda here, step: [(here, INT(step * height + row)) for row in range(height)]
            apart = height
        else:
            first, numbers = order, lambda here, step: self._of_row(a, a_row, build.gep(here, [INT(step)]), height)
            apart = 1
        state = [first, b, *sums]
        for steps, times in ((UNROLLED, build.sdiv(count, INT(UNROLLED))), (1, build.srem(count, INT(UNROLLED)))):
            state = self._loop(state, cells, numbers, apart, b_row, steps, times)
        factor = self._spread(scale) if added else None
        for (row, j), value in zip(cells, state[2:]):
            offset = self._place(c_row, row)
            total = value if factor is None else self._multiplied(value, factor, self._load(c, offset, j))
            build.store(total, self._pointer(c, offset, j), align=self.itemsize)
            if self.narrow and kind == GRADIENT:
                build.store(zero, self._pointer(c, offset, self.vectors + j), align=self.itemsize)

    def _of_row(self, a: Any, a_row: Any, place: Any, height: int) -> list[tuple[Any, Any]]:
        row = self.builder.gep(a, [self.builder.mul(a_row, self.builder.load(place))])
        return [(row, INT(i)) for i in range(height)]

    def _loop(self, state: Any, cells: Any, numbers: Any, apart: int, b_row: Any, steps: int, times: Any) -> list[Any]:
        """`times` times so many steps of the sums; the pointers and sums after them. `numbers` are those of A in a step."""
        build, before = self.builder, self.builder.block
        body, after = build.append_basic_block("sum"), build.append_basic_block("summed")
        build.cbranch(build.icmp_signed(">", times, INT(0)), body, after)
        build.position_at_end(body)
        done, inside = build.phi(INT), [build.phi(each.type) for each in state]
        pa, pb, *sums = inside
        for step in range(steps):
            factors = [self._spread(build.load(build.gep(here, [place]))) for here, place in numbers(pa, step)]
            of_b = [self._load(pb, build.mul(b_row, INT(step)), j) for j in range(self.vectors)]
            sums = [self._multiplied(factors[row], of_b[j], total) for (row, j), total in zip(cells, sums)]
        following = build.add(done, INT(1))
        then = [build.gep(pa, [INT(apart * steps)]), build.gep(pb, [build.mul(b_row, INT(steps))]), *sums]
        for phi, first, last in zip([done, *inside], [INT(0), *state], [following, *then]):
            phi.add_incoming(first, before)
            phi.add_incoming(last, body)
        build.cbranch(build.icmp_signed("<", following, times), body, after)
        build.position_at_end(after)
        found = [build.phi(each.type) for each in state]
        for phi, first, last in zip(found, state, then):
            phi.add_incoming(first, before)
            phi.add_incoming(last, body)
        return found

    def _multiplied(self, one: Any, other: Any, added: Any) -> Any:
        """one · other + added, rounded once."""
        return self.builder.fadd(self.builder.fmul(one, other, flags=("contract",)), added, flags=("contract",))

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


@intrinsic
def copy_some(typing: Any, here: Any, there: Any) -> Any:
    """COPIED numbers in a row, by vectors."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        numbers = ir.VectorType(context.get_value_type(here.dtype), COPIED).as_pointer()
        found = builder.load(builder.bitcast(args[0], numbers), align=here.dtype.bitwidth // 8)
        builder.store(found, builder.bitcast(args[1], numbers), align=here.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(here, there), code


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


@intrinsic(prefer_literal=True)
def prefetch(typing: Any, level: Any, pointer: Any) -> Any:
    """Ask for the cache line of a pointer: to be in a core's first cache, or in its second."""
    if not isinstance(level, types.IntegerLiteral):
        return None
    locality = {FIRST: 3, SECOND: 2}[level.literal_value]

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, WORD, WORD, WORD])
        name = "llvm.prefetch.p0"
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        builder.call(function, [builder.bitcast(args[1], byte), WORD(0), WORD(locality), WORD(1)])
        return context.get_dummy_value()

    return types.void(level, pointer), code
