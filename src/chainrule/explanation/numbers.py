"""How numbers are written in a derivation: six digits, zero and small told apart, factors that multiply to their value."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.explanation.document import Factor

DIGITS = 6  # of a factor; more where the product of the printed factors would miss the printed value


def number(value: float) -> str:
    """A value to six decimals, or to six digits with a power of ten where those would hide it; −, not a hyphen."""
    if value == 0:
        return "0"
    if math.isfinite(value) and 1e-3 <= abs(value) < 1e5:
        return _minus(f"{value:.6f}")
    return _minus(_short_exponent(f"{value:.5e}"))


def unit(value: float) -> float:
    """One unit of the last digit that `number` prints."""
    if 1e-3 <= abs(value) < 1e5 or value == 0:
        return 1e-6
    return float(10.0 ** (math.floor(math.log10(abs(value))) - 5))


def factor_numbers(factors: Sequence[Factor], value: float) -> list[str]:
    """The factors' numbers, six digits each, or as many more as it takes for their product to be the printed value.

    The product of what is printed is within one unit of the last digit of the value that is printed.
    """
    for digits in range(DIGITS, 18):
        texts = [f"{factor.value:.{digits}g}" for factor in factors]
        if abs(math.prod(map(float, texts)) - float(plain(number(value)))) <= unit(value):
            break
    return ["0" if float(text) == 0 else _minus(_short_exponent(text)) for text in texts]


def _minus(text: str) -> str:
    return text.replace("-", "−")


def plain(text: str) -> str:
    return text.replace("−", "-")


def _short_exponent(text: str) -> str:
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"
