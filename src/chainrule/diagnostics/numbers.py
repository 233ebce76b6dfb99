"""How decades are printed: with their sign, or as so many times."""

from __future__ import annotations

import math

from chainrule.writing.numbers import minus


def signed(decades: float) -> str:
    """Decades with their sign: −2.1, +0.3."""
    if not math.isfinite(decades):
        return {math.inf: "+∞", -math.inf: "−∞"}.get(decades, "none")
    text = f"{decades:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else minus(text)


def times(decades: float) -> str:
    """The factor that decades are, in two digits: 1.3 decades are 20 times."""
    if not decades < 6:
        return "∞" if math.isinf(decades) else f"10^{decades:.0f}"
    factor = float(f"{10**decades:.2g}")
    return f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}"


def far(decades: float) -> str:
    """How far below or above."""
    return f"{times(abs(decades))} times {'above' if decades >= 0.05 else 'below'}"


def pace(decades: float) -> str:
    """How large a derivative is beside the product of its factors' references."""
    return f"{far(decades)} its {'usual ' if decades >= 0.05 else ''}maximum"
