"""How decades are printed: with their sign, or in words."""

from __future__ import annotations

import math

from chainrule.writing.numbers import minus


def signed(decades: float) -> str:
    """Decades with their sign: −2.1, +0.3."""
    if not math.isfinite(decades):
        return {math.inf: "+∞", -math.inf: "−∞"}.get(decades, "none")
    text = f"{decades:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else minus(text)


def in_words(decades: float) -> str:
    return f"{decades:.1f} decade{'' if f'{decades:.1f}' == '1.0' else 's'}"


def far(decades: float) -> str:
    """How far below or above."""
    return f"{in_words(abs(decades))} {'above' if decades >= 0.05 else 'below'}"
