"""How powers of ten are printed: as a ratio, or as so many times below or above."""

from __future__ import annotations

import math

from chainrule.writing.formula import Symbol
from chainrule.writing.numbers import short


def ratio(decades: float) -> str:
    """The factor that decades are, in two digits: −0.3 decades are 0.5, 0.08 are 1.2."""
    if math.isinf(decades):
        return "∞" if decades > 0 else "0"
    return "none" if math.isnan(decades) else short(10.0**decades, 2) if decades < 6 else power(decades)


def times(decades: float) -> str:
    """The factor that decades are, in two digits: 1.3 decades are 20 times."""
    if not decades < 6:
        return "∞" if math.isinf(decades) else power(decades)
    factor = float(f"{10**decades:.2g}")
    return f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}"


def power(decades: float) -> str:
    """The power of ten that is nearest: 10⁻¹⁹."""
    return str(Symbol("10", above=f"{decades:.0f}"))


def far(decades: float) -> str:
    """How far below or above."""
    return f"{times(abs(decades))} times {'above' if decades >= 0.05 else 'below'}"


def pace(decades: float) -> str:
    """How large a derivative is beside the product of its factors' references."""
    return f"{far(decades)} its {'usual ' if decades >= 0.05 else ''}maximum"
