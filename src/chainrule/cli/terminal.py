"""What stands behind a stream: how wide the terminal is, whether it has colours, and which letters it can show.

A pipe or a file has no width and no colour, as with git and ls: each sentence is one line there, for grep and diff.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from typing import Any

NARROW, BROAD, USUAL = 20, 200, 80  # columns: the least and the most that is laid out for, and where nobody says


def is_terminal(stream: Any) -> bool:
    """Whether a person reads this as it is printed."""
    try:
        return bool(stream is not None and stream.isatty())
    except ValueError:  # it is closed
        return False


def width(stream: Any, environment: Mapping[str, str] = os.environ) -> int | None:
    """The columns of the terminal behind a stream, as COLUMNS or else the terminal itself says; None where there is none."""
    if not is_terminal(stream):
        return None
    named = environment.get("COLUMNS", "")
    columns = int(named) if named.isascii() and named.isdigit() and len(named) < 6 else 0
    if columns == 0:
        try:
            columns = os.get_terminal_size(stream.fileno()).columns or USUAL
        except (OSError, ValueError, AttributeError):
            columns = USUAL
    return min(max(columns, NARROW), BROAD)


def has_colours(stream: Any, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether colours are wanted: NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then TERM=dumb and CLICOLOR=0 decide.

    Otherwise a terminal has colours, and a pipe or a file has none. The order is that of Python's own tracebacks.
    """
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if environment.get("TERM") == "dumb" or environment.get("CLICOLOR") == "0":
        return False
    if sys.platform == "win32" and not {"WT_SESSION", "ANSICON", "TERM", "TERM_PROGRAM"} & environment.keys():
        return False  # an old console, which prints the codes
    return is_terminal(stream)


# letters ------------------------------------------------------------------------------------------------------------
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻⁼ˡᴸⁿᵀˢ", "0123456789()+-=lLnTs")
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐᵢⱼₖₘₙₚᵣₛₜᵤᵥ₊₋₌", "0123456789aijkmnprstuv+-=")
PLAIN = {
    "−": "-", "–": "-", "—": "-", "·": "*", "×": "x", "⊙": "(*)", "±": "+-", "½": "1/2", "√": "sqrt", "∞": "inf",
    "∂": "d", "∇": "grad ", "Σ": "Sum", "∑": "Sum", "σ": "sigma", "δ": "delta", "Δ": "Delta", "η": "eta", "ε": "epsilon",
    "θ": "theta", "′": "'", "‖": "||", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "∈": "in", "→": "->", "←": "<-",
    "●": "o", "…": "...", "⋮": ":", "✓": "ok", "✗": "X", "␛": "^[", "␊": "\\n", "\u00a0": " ",
    **dict(zip("▁▂▃▄▅▆▇█", "_.,-=+*#")),
}  # fmt: skip


def _plain(error: UnicodeError) -> tuple[str, int]:
    """ASCII for letters that an encoding lacks: w^(2)_01 for w⁽²⁾₀₁, d for ∂; the code of what has no likeness."""
    assert isinstance(error, UnicodeEncodeError)
    text, place, said = error.object, error.start, ""
    marks = ""  # whether the letter before was raised or lowered
    if place >= 2 and text[place - 1] == "," and ord(text[place - 2]) in SUBSCRIPTS:
        marks = "_"  # as in w₀,₁₂
    while place < error.end:
        letter = text[place]
        for sign, table in (("^", SUPERSCRIPTS), ("_", SUBSCRIPTS)):
            if ord(letter) in table:
                said += ("" if marks == sign else sign) + letter.translate(table)
                marks = sign
                break
        else:
            marks = ""
            said += PLAIN.get(letter) or letter.encode("ascii", "backslashreplace").decode()
        place += 1
    return said, error.end


codecs.register_error("chainrule", _plain)
