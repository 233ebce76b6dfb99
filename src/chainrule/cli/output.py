"""What the commands print: results on standard output, everything about the way there on standard error.

Names and texts come from files of anybody's. Their control characters, which a terminal would obey, are shown instead: ␛[31m.
"""

from __future__ import annotations

import io
import math
import sys
from typing import Any, NoReturn

from chainrule.json_text import json_text

TURNS = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))  # ends of lines, and turns of their direction
SIGNS = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"} | {0x7F: "␡"}  # ␛, ␇, ␈, …
CODES = {code: f"\\x{code:02x}" for code in range(0x80, 0xA0)} | {code: f"\\u{code:04x}" for code in TURNS}
IN_JSON = {code: f"\\u{code:04x}" for code in (0x7F, *CODES)}  # what JSON does not escape by itself


def printable(text: str) -> str:
    """A text that no terminal obeys: control characters as signs of one place or by their code; tabs and line ends stay."""
    return text.replace("\r\n", "\n").translate(SIGNS | CODES)


def one_line(text: str) -> str:
    """A name or an error from outside, with its line ends as signs too."""
    return printable(text).replace("\n", "␊")


def say(text: str = "", end: str = "\n") -> None:
    """A line of a result."""
    print(printable(text), end=end, flush=True)


def say_json(value: Any) -> None:
    """A result as JSON."""
    print(json_text(value, ascii=not _writes_unicode()).translate(IN_JSON), flush=True)


def tell(text: str) -> None:
    """A line about the way there."""
    if sys.stderr is not None:  # where it is closed, print would turn to standard output
        print(printable(text), file=sys.stderr, flush=True)


def fail(message: str) -> NoReturn:
    """One clear error, and exit code 2."""
    tell(f"error: {one_line(message)}")
    sys.exit(2)


def shown(value: float) -> str:
    """A number in a few characters: four decimals, or four digits where those would be none or too many."""
    if value == 0 or (math.isfinite(value) and 1e-3 <= abs(value) < 1e5):
        return f"{value:.4f}"
    return f"{value:.3e}"


def counted(number: int, what: str) -> str:
    """1 epoch, 2 epochs."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def make_printable() -> None:
    """Let a terminal that lacks the letters of the formulas show their codes, rather than stop in the middle."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _writes_unicode() -> bool:
    return "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()
