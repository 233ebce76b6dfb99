"""What stands behind a stream: how wide the terminal is, whether it has colours, and which letters it can show.

A pipe or a file has no width and no colour, as with git and ls: each sentence is one line there, for grep and diff.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

NARROW, BROAD, USUAL = (
    20,
    200,
    80,
)  # columns: the least and the most that is laid out for, and the width where none is known


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
RAISED, LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻⁼ˡᴸⁿᵀˢ", "₀₁₂₃₄₅₆₇₈₉ₐᵢⱼₖₘₙₚᵣₛₜᵤᵥ₊₋₌"
LEVEL = str.maketrans(RAISED + LOWERED, "0123456789()+-=lLnTs" + "0123456789aijkmnprstuv+-=")
MARKS = re.compile(rf"(?P<up>[{RAISED}]+)|(?P<down>[{LOWERED}]+(?:,[{LOWERED}]+)*)")
PLAIN = {
    "−": "-", "–": "-", "—": "-", "·": "*", "×": "x", "⊙": "(*)", "±": "+-", "½": "1/2", "√": "sqrt", "∞": "inf",
    "∂": "d", "∇": "grad ", "Σ": "Sum", "∑": "Sum", "σ": "sigma", "δ": "delta", "Δ": "Delta", "η": "eta", "ε": "epsilon",
    "θ": "theta", "′": "'", "‖": "||", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "∈": "in", "→": "->", "←": "<-",
    "●": "o", "…": "...", "⋮": ":", "✓": "ok", "✗": "X", "␛": "^[", "␊": "\\n", "\u00a0": " ",
    "λ": "lambda", "μ": "mu", "ρ": "rho", "β": "beta", "Ω": "Omega",
    **dict(zip("▁▂▃▄▅▆▇█", "_.,-=+*#")),
}  # fmt: skip


def fitting(text: str, encoding: str | None) -> str:
    """The text with w^(2)_0,12 for w⁽²⁾₀,₁₂ where an encoding lacks any of these raised and lowered signs."""
    if _encodes("".join(each[0] for each in MARKS.finditer(text)), encoding):
        return text
    return MARKS.sub(lambda marks: ("^" if marks["up"] else "_") + marks[0].translate(LEVEL), text)


def shown_in(text: str, encoding: str | None) -> str:
    """The text in letters that an encoding has, ASCII for those that it lacks."""
    known = encoding or "utf-8"
    return fitting(text, known).encode(known, "chainrule").decode(known)


def _encodes(text: str, encoding: str | None) -> bool:
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _plain(error: UnicodeError) -> tuple[str, int]:
    """ASCII for the letters that an encoding lacks, such as d for ∂; the code of what has no likeness."""
    assert isinstance(error, UnicodeEncodeError)
    letters = error.object[error.start : error.end]
    return "".join(PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode() for each in letters), error.end


codecs.register_error("chainrule", _plain)
