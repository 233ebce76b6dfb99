"""How numbers are written: six digits, exact ones short, fewer in a figure, small told from zero, factors that multiply out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

BETWEEN = 3  # characters of " · "
DIGITS = 6  # of a factor; more where the product of the printed factors would miss the printed value


@runtime_checkable
class Valued(Protocol):
    """Anything that has a value, such as a factor of a product."""

    @property
    def value(self) -> float: ...


def cost_text(letter: str, cost: Any, value: float) -> str:
    """Which cost a result is about and what it is: "C (squared_error) = 0.203198"."""
    return f"{letter} ({cost}) = {number(value)}"


def number(value: float, sign: bool = False) -> str:
    """A value to six decimals, or to six digits with a power of ten where those would hide it; −, not a hyphen.

    With `sign` a plus too; 0 is 0.
    """
    if value == 0:
        return "0"
    if math.isnan(value):
        return "no number"
    plus = "+" if sign else ""
    if math.isinf(value):
        return "−∞" if value < 0 else f"{plus}∞"
    return minus(f"{value:{plus}.6f}" if _fixed(value) else short_exponent(f"{value:{plus}.5e}"))


def _fixed(value: float) -> bool:
    """Whether a number is written without a power of ten, in every place that can choose: 0.001 is, and 0.0005 is 5e−4."""
    return bool(1e-3 <= abs(value) < 1e5)


def unit(value: float) -> float:
    """One unit of the last digit that `number` prints."""
    return 1e-6 if value == 0 or _fixed(value) else float(10.0 ** (math.floor(math.log10(abs(value))) - 5))


def in_lines(widths: Sequence[int], most: int) -> list[slice]:
    """Cells of these widths, a dot between any two, in lines of at most so many characters; of a wider cell one by itself."""
    lines, start, wide = [], 0, 0
    for place, width in enumerate(widths):
        if place > start and wide + width > most:
            lines.append(slice(start, place))
            start, wide = place, 0
        wide += width + BETWEEN
    return [*lines, slice(start, len(widths))]


def reaches(error: float, value: float) -> bool:
    """True where an error bar may change a digit that `number` prints of this value."""
    return 2 * error >= unit(value)


def with_bar(value: float, error: float) -> str:
    """value ± error; where that reaches a digit of the value, both to its second digit, as in −1.61e−11 ± 2.5e−12."""
    if not reaches(error, value):
        return f"{number(value)} ± {bar(error)}"
    digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 2 if value else 2
    return f"{minus(short_exponent(_digits(value, min(max(digits, 2), DIGITS))))} ± {bar(error)}"


def bar(error: float, decimals: int = 1) -> str:
    """An error to two digits, or to one more than so many decimals: 2.5e−13, 0.25."""
    if error == 0 or not abs(error) < 1e-3:
        return short(error, decimals + 1)
    return minus(short_exponent(f"{error:.{decimals}e}"))


def factor_numbers(factors: Sequence[Valued], value: float) -> list[str]:
    """The factors' numbers, six digits each, or as many more as it takes for their product to be the printed value.

    The product of what is printed is within one unit of the last digit of the value that is printed. A number that is exactly
    what a shorter text says stays short, as 1.2 and −2; every other shows all its digits, the zeros among them: −0.0467800.
    """
    return factor_rows([(factors, value)])[0]


def bracketed(texts: Sequence[str]) -> list[str]:
    """Numbers as factors of a product: brackets around a negative one, but for the first."""
    return [f"({text})" if i and text.startswith("−") else text for i, text in enumerate(texts)]


def factor_rows(products: Sequence[tuple[Sequence[Valued], float]]) -> list[list[str]]:
    """The same for products that stand below each other: all have as many digits as the one that takes most."""
    for digits in range(DIGITS, 18):
        rows = [[_digits(factor.value, digits) for factor in factors] for factors, _ in products]
        if all(_multiplies(texts, value) for texts, (_, value) in zip(rows, products)):
            break
    return [["0" if float(text) == 0 else minus(short_exponent(text)) for text in texts] for texts in rows]


def _multiplies(texts: Sequence[str], value: float) -> bool:
    return abs(math.prod(map(float, texts)) - float(plain(number(value)))) <= unit(value)


def _digits(value: float, digits: int) -> str:
    """So many digits of a number, and of one that fewer digits give exactly only these."""
    short = f"{value:.{digits}g}"
    if float(short) == value or not math.isfinite(value):
        return short
    full = f"{value:#.{digits}g}"
    return (
        f"{value:#.{digits + 1}g}" if full.endswith(".") else full
    )  # a digit behind the point: 123456.7 is not 123457


def minus(text: str) -> str:
    """A text with − for every hyphen."""
    return text.replace("-", "−")


def plain(text: str) -> str:
    return text.replace("−", "-")


def short_exponent(text: str) -> str:
    """A number as Python writes it, without the zero of e-06."""
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"


def exact(value: float) -> str:
    """A number in the fewest digits that give it back: 2, 0.1, 1e-5."""
    text = f"{value:g}"
    return short_exponent(text if float(text) == value else repr(float(value)))


# in figures ---------------------------------------------------------------------------------------------------------
# A number alone in a place is `written` to six digits, or `brief` where it may be exact (0.2 is 0.2), and to three or four
# where there is no room. Numbers below each other are of one style, that of their column. A caption may have fewer digits than
# the drawing: it names a number, and the drawing and the table hold it.
MOST_DECIMALS = 9


@dataclass(frozen=True)
class Style:
    """How the numbers of a column are written: all with so many decimals, or, where that is None, with a power of ten."""

    decimals: int | None

    def of(self, value: float, sign: bool = False) -> str:
        """A number in this style, with `sign` a plus too; 0 is 0."""
        if value == 0 or not math.isfinite(value):
            return number(value, sign)
        plus = "+" if sign else ""
        return minus(
            short_exponent(f"{value:{plus}.5e}") if self.decimals is None else f"{value:{plus}.{self.decimals}f}"
        )


def style_of(values: Iterable[float]) -> Style:
    """Six decimals, or as many more, up to nine, as show four digits of the smallest; else six digits with a power of ten."""
    sizes = [abs(value) for value in values if value and math.isfinite(value)]
    if not sizes:
        return Style(6)
    decimals = max(6, 3 - math.floor(math.log10(min(sizes))))
    return Style(decimals if decimals <= MOST_DECIMALS and max(sizes) < 1e5 else None)


def written(value: float) -> str:
    """A number as everywhere, from 1,000 on with six digits."""
    return minus(f"{value:#.6g}".rstrip(".")) if 1e3 <= abs(value) < 1e5 else number(value)


def short(value: float, digits: int = 4) -> str:
    """A value rounded to a few digits, zeros at its end left out: in sentences, at ticks, and where there is no room."""
    if value == 0 or not math.isfinite(value):
        return number(value)
    if abs(value) >= 1e-3:
        return minus(short_exponent(f"{value:.{digits}g}"))
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return minus(f"{float(mantissa):g}e{int(exponent)}")


def shown(value: float) -> str:
    """A number that changes from epoch to epoch: four decimals, or four digits where those would be none or too many."""
    return minus(f"{value:.4f}" if value == 0 or _fixed(value) else short_exponent(f"{value:.3e}"))


def brief(value: float, digits: int = 3) -> str:
    """A number of few digits, where many stand side by side: 0.2 is 0.2, and 0.19996 is 0.200. The table has all digits."""
    if value == 0 or not math.isfinite(value):
        return number(value)
    if not _fixed(value):
        return minus(short_exponent(f"{value:.{digits - 1}e}"))
    short = f"{value:.{digits}g}"
    if abs(float(short)) >= 10**digits:  # 999.6 too, which three digits give as 1000
        return minus(f"{value:.0f}")
    return minus(short if float(short) == value else f"{value:#.{digits}g}".rstrip("."))


def times(zoom: float) -> str:
    """A zoom in words: 3,000 ×."""
    return f"{zoom:,.10g} ×" if 1e-3 <= zoom < 1e7 else f"{short(zoom)} ×"
