"""Colours with a meaning: what flows forward is teal, what flows backward is red, ✓ is green and ✗ red, headings are bold.

They are those of the terminal's own palette, so that they can be read on light and on dark; none of them says anything that
is not said in letters too.
"""

from __future__ import annotations

import re

MARK = "[⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻ˡᴸⁿᵀ₀₁₂₃₄₅₆₇₈₉ₐᵢⱼₖₘₙₚᵣₛₜᵤᵥ₊₋]"
MARKS = rf"(?:{MARK}|(?<={MARK}),(?={MARK}))"
ID = r"/\d+(?:/\d+)*"
MEANINGS = re.compile(
    rf"(?P<backward>∂[A-Za-z]?{MARKS}*(?:/∂[A-Za-z](?:{ID}|{MARKS}+)?)?|δ{MARKS}*|∇C)"
    rf"|(?P<forward>(?<![\w/.∂])(?:[azx]{MARKS}+|[azx]{ID}(?![\w/.])))"
    r"|(?P<right>✓)|(?P<wrong>✗)"
    r"|^(?P<failed>error:)|^(?P<careful>warning\b)",
    re.MULTILINE,
)
CODES = {  # what begins it, and what ends it
    "forward": ("36", "39"), "backward": ("31", "39"), "right": ("32", "39"), "wrong": ("1;31", "22;39"),
    "failed": ("1;31", "22;39"), "careful": ("33", "39"), "heading": ("1", "22"),
}  # fmt: skip


def styled(text: str, meaning: str) -> str:
    """A text in the colour of its meaning."""
    begin, end = CODES[meaning]
    return f"\x1b[{begin}m{text}\x1b[{end}m"


def painted(text: str) -> str:
    """A text with everything in it that has a colour in that colour."""
    return MEANINGS.sub(lambda found: styled(found[0], found.lastgroup or ""), text)
