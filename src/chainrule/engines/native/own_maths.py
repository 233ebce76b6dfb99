"""exp, log and their like as plain arithmetic, of which LLVM makes vectors: a call of C's library takes five times as long.

All are within three units of the last place of a float64, infinite and NaN where NumPy's are. `log` and `log1p` are those of
fdlibm (Sun Microsystems, 1993).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chainrule.circuits import gates
from chainrule.circuits.gates import Gate

COARSE, FINE = float.fromhex("0x1.62e42fee00000p-1"), 1.90821492927058770002e-10  # log 2: n times the first is exact
OF_EXP = [1 / math.factorial(k) for k in range(13, 1, -1)]
OF_LOG = [
    1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
    2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01,
]  # fmt: skip
TO_WHOLE = 1.5 * 2.0**52  # added to x, the sum's last bits are the whole number next to x
BIAS, MANTISSA = 1023, 52  # of a float64
ROOT_OF_HALF = 0x3FE6A09E667F3BCD  # its bits


class Number:
    """A float64 of a function that is being written: arithmetic on it writes instructions."""

    def __init__(self, build: Any, value: Any) -> None:
        self.build, self.value = build, value

    def _value(self, other: Any) -> Any:
        return other.value if isinstance(other, Number) else self.value.type(other)

    def _by(self, instruction: Any, one: Any, other: Any) -> Number:
        return Number(self.build, instruction(self._value(one), self._value(other)))

    def __add__(self, other: Any) -> Number:
        return self._by(self.build.fadd, self, other)

    def __sub__(self, other: Any) -> Number:
        return self._by(self.build.fsub, self, other)

    def __rsub__(self, other: Any) -> Number:
        return self._by(self.build.fsub, other, self)

    def __mul__(self, other: Any) -> Number:
        return self._by(self.build.fmul, self, other)

    def __truediv__(self, other: Any) -> Number:
        return self._by(self.build.fdiv, self, other)

    __radd__, __rmul__ = __add__, __mul__

    def if_(self, comparison: str, other: float, then: Any) -> Number:
        """`then` where this number compares so, else the number itself, which NaN stays."""
        return self.chosen(self, comparison, other, then)

    def chosen(self, asked: Number, comparison: str, other: float, then: Any) -> Number:
        """`then` where another number compares so, else this one."""
        holds = self.build.fcmp_ordered(comparison, asked.value, self._value(other))
        return Number(self.build, self.build.select(holds, self._value(then), self.value))

    def bits(self, whole: Any) -> Any:
        return self.build.bitcast(self.value, whole)

    def of_bits(self, bits: Any) -> Number:
        return Number(self.build, self.build.bitcast(bits, self.value.type))


def _polynomial(coefficients: list[float], x: Number) -> Number:
    total: Any = coefficients[0]
    for each in coefficients[1:]:
        total = total * x + each
    found: Number = total
    return found


def _power_of_two(shifted: Number, whole: Any) -> Number:
    """2^n, −1023 < n < 1024, from n + TO_WHOLE."""
    build = shifted.build
    return shifted.of_bits(build.shl(build.add(shifted.bits(whole), whole(BIAS)), whole(MANTISSA)))


def _cut(x: Number) -> tuple[Number, Number]:
    """(n, e^r − 1) of x = n log 2 + r, |r| ≤ ½ log 2."""
    n = (x * (1 / math.log(2)) + TO_WHOLE) - TO_WHOLE
    r = (x - n * COARSE) - n * FINE
    return n, r + r * r * _polynomial(OF_EXP, r)


def exp(x: Number, whole: Any) -> Number:
    n, rest = _cut(x.if_("<", -746.0, -746.0).if_(">", 710.0, 710.0))
    half = n * 0.5 + TO_WHOLE
    others = (n - (half - TO_WHOLE)) + TO_WHOLE
    return (rest + 1.0) * _power_of_two(half, whole) * _power_of_two(others, whole)


def expm1(x: Number, whole: Any) -> Number:
    """2^n (e^r − 1) + (2^n − 1), both halved before they may overflow. Where n = 0 nothing is lost."""
    n, rest = _cut(x.if_("<", -60.0, -60.0).if_(">", 710.0, 710.0))
    half = _power_of_two((n - 1.0) + TO_WHOLE, whole)
    return (half * rest + (half - 0.5)) * 2.0


def tanh(x: Number, whole: Any) -> Number:
    """−e / (2 + e) with the sign of x, e = exp(−2|x|) − 1."""
    e = expm1((x * -2.0).if_(">", 0.0, x * 2.0), whole)
    size = e / (e + 2.0)
    return (0.0 - size).chosen(x, "<", 0.0, size)


def _log(u: Number, whole: Any, near_one: Number, lost: Number, shift: Any) -> Number:
    """log u of u = 2^k (1 + f). Where k = 0, f is `near_one`; elsewhere `lost` is added; `shift` is added to k."""
    build, bits = u.build, u.bits(whole)
    moved = build.add(build.sub(bits, whole(ROOT_OF_HALF)), whole(BIAS << MANTISSA))
    power = build.lshr(moved, whole(MANTISSA))
    k = u.of_bits(build.or_(power, whole((BIAS + MANTISSA) << MANTISSA))) - (2.0**MANTISSA + BIAS)
    exact = u.of_bits(build.add(build.sub(bits, build.shl(power, whole(MANTISSA))), whole(BIAS << MANTISSA))) - 1.0
    f, lost, k = exact.chosen(k, "==", 0.0, near_one), lost.chosen(k, "==", 0.0, 0.0), k + shift
    s, half = f / (f + 2.0), f * f * 0.5
    z = s * s
    inner = s * (half + z * _polynomial(OF_LOG, z)) + (k * FINE + lost)
    found = k * COARSE - ((half - inner) - f)
    found = found.chosen(u, "==", 0.0, -math.inf).chosen(u, "<", 0.0, math.nan).chosen(u, "==", math.inf, u)
    return Number(build, build.select(build.fcmp_unordered("uno", u.value, u.value), u.value, found.value))


def log(x: Number, whole: Any) -> Number:
    least, zero = 2.0**-1022, Number(x.build, x.value.type(0.0))  # numbers below it have no bits to spare
    u = x.if_("<", least, x * 2.0**54)
    return _log(u, whole, u - 1.0, zero, zero.chosen(x, "<", least, -54.0))


def log1p(x: Number, whole: Any) -> Number:
    u = x + 1.0
    return _log(u, whole, x, (x - (u - 1.0)) / u, 0.0)


VECTORS: dict[Gate, Callable[[Number, Any], Number]] = {
    gates.EXP: exp, gates.EXPM1: expm1, gates.TANH: tanh, gates.LOG: log, gates.LOG1P: log1p,
}  # fmt: skip
