"""Colours with a meaning: what flows forward is teal, what flows backward is red, ✓ is green and ✗ red, headings are bold.

They are those of the terminal's own palette, so that they can be read on light and on dark; none of them says anything that
is not said in letters too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MARK = "[⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻ˡᴸⁿᵀ₀₁₂₃₄₅₆₇₈₉ₐᵢⱼₖₘₙₚᵣₛₜᵤᵥ₊₋]"
MARKS = rf"(?:{MARK}|(?<={MARK}),(?={MARK}))"
ID = r"/\d+(?:/\d+)*"
MEANINGS = re.compile(
    rf"(?P<backward>∂[A-Za-z]?{MARKS}*(?:/∂[A-Za-z](?:{ID}|{MARKS}+)?)?|δ(?:{MARKS}*|\^\([^)]*\))|∇C)"
    rf"|(?P<forward>(?<![\w/.∂])(?:[azx]{MARKS}+|[azx]{ID}(?![\w/.])))"
    r"|(?P<right>✓)|(?P<wrong>✗)"
    r"|^(?P<failed>error:)|^(?P<careful>warning\b)",
    re.MULTILINE,
)
FACTOR = re.compile(r"(?:^ +|= | · )([−+]?\d[\d.,]*(?:e[−+]?\d+)?)(?= |$)")  # of a product: a number and nothing else
CODES = {  # what begins it, and what ends it
    "forward": ("36", "39"), "backward": ("31", "39"), "right": ("32", "39"), "wrong": ("1;31", "22;39"),
    "failed": ("1;31", "22;39"), "careful": ("33", "39"), "heading": ("1", "22"),
}  # fmt: skip


def styled(text: str, meaning: str) -> str:
    """A text in the colour of its meaning."""
    begin, end = CODES[meaning]
    return f"\x1b[{begin}m{text}\x1b[{end}m"


def painted(text: str, above: str = "") -> str:
    """A line with everything in it that has a colour in that colour, a number in the colour of the symbol right above it."""
    spans = [(*found.span(), found.lastgroup or "") for found in MEANINGS.finditer(text)]
    spans += [span for span in _below(text, above) if span[0] not in {start for start, _, _ in spans}]
    said, last = "", 0
    for start, end, meaning in sorted(spans):
        said += text[last:start] + styled(text[start:end], meaning)
        last = end
    return said + text[last:]


def _below(text: str, above: str) -> Iterator[tuple[int, int, str]]:
    """The numbers of a product that stand below their symbols, each with the meaning of its own."""
    for found in FACTOR.finditer(text):
        symbol = above[found.start(1) :].partition(" · ")[0].strip()
        meaning = MEANINGS.fullmatch(symbol)
        if meaning and above[found.start(1) - 1 : found.start(1)] == " ":
            yield *found.span(1), meaning.lastgroup or ""
