"""Write the coefficients in src/chainrule/explorer/web/erf.js: python docs/erf_coefficients.py

Each table is a polynomial in u, −1 ≤ u ≤ 1, that passes through its function at the zeros of a Chebyshev polynomial, which is
close to the best there is. The functions are smooth and have no zero on their pieces: erf x / x as a function of x², and the
scaled complement e^(x²) erfc x of x, or x times it of 1/x² where x is large.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import mpmath
from mpmath import mp

TARGET = Path(__file__).resolve().parents[1] / "src/chainrule/explorer/web/erf.js"
BEGIN, END = "// written by docs/erf_coefficients.py: highest power first\n", "// until here\n"
DIGITS = 60
BELOW = 2.0**-56  # of the size of the function: what a fit may leave out


class Piece(NamedTuple):
    """A function of u, −1 ≤ u ≤ 1, and the name of its coefficients."""

    name: str
    function: Callable[[Any], Any]


def scaled(x: Any) -> Any:
    """e^(x²) erfc x."""
    return mpmath.exp(x * x) * mpmath.erfc(x)


def between(left: Any, right: Any) -> Callable[[Any], Any]:
    """The scaled complement for left ≤ x ≤ right."""
    return lambda u: scaled((mp.mpf(left) + right) / 2 + (mp.mpf(right) - left) / 2 * u)


def near(u: Any) -> Any:
    """erf x / x for u = 2x² − 1."""
    x = mpmath.sqrt((u + 1) / 2)
    return mpmath.erf(x) / x if x else 2 / mpmath.sqrt(mp.pi)


def far(u: Any) -> Any:
    """x e^(x²) erfc x for u = 32/x² − 1, x ≥ 4."""
    x = mpmath.sqrt(32 / (u + 1))
    return x * scaled(x)


PIECES = [
    Piece("ERF_NEAR", near),
    *(Piece(f"FROM_{text}", between(left, right)) for text, left, right in (
        ("0", 0, 0.5), ("HALF", 0.5, 1), ("1", 1, 2), ("2", 2, 4),
    )),
    Piece("ERFC_FAR", far),
]  # fmt: skip


def chebyshev(function: Callable[[Any], Any], count: int) -> list[Any]:
    """The coefficients of T_0, T_1, … of the polynomial through `count` points."""
    angles = [(k + mp.mpf(1) / 2) * mp.pi / count for k in range(count)]
    values = [function(mpmath.cos(angle)) for angle in angles]
    found = [2 * mpmath.fsum(v * mpmath.cos(n * t) for v, t in zip(values, angles)) / count for n in range(count)]
    return [found[0] / 2, *found[1:]]


def in_powers(coefficients: list[Any]) -> list[Any]:
    """The same polynomial in 1, u, u², …"""
    total = [mp.mpf(0)] * len(coefficients)
    before, here = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    for c in coefficients:
        for power, each in enumerate(before):
            total[power] += c * each
        doubled = [mp.mpf(0), *(2 * each for each in here)]
        before, here = here, [d - (before[i] if i < len(before) else 0) for i, d in enumerate(doubled)]
    return total


def fitted(function: Callable[[Any], Any]) -> list[float]:
    """Coefficients of powers of u, highest first: as many as it takes."""
    for count in range(6, 30):
        found = chebyshev(function, count + 2)
        if sum(map(abs, found[count:])) < BELOW * abs(found[0]):
            return [float(each) for each in reversed(in_powers(found[:count]))]
    raise ValueError("no polynomial of fewer than 30 coefficients is close enough")


def lines() -> str:
    """The arrays, as they are in the module."""
    with mp.workdps(DIGITS):
        tables = {piece.name: fitted(piece.function) for piece in PIECES}
    written = ""
    for name, numbers in tables.items():
        rows = [", ".join(map(repr, numbers[i : i + 4])) for i in range(0, len(numbers), 4)]
        written += f"const {name} = [\n" + "".join(f"  {row},\n" for row in rows) + "];\n"
    return written


def module() -> str:
    """The text of the module with these coefficients."""
    text = TARGET.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return before + BEGIN + lines() + END + after


if __name__ == "__main__":
    TARGET.write_text(module(), encoding="utf-8")
    print(TARGET)
