"""What the commands print: results on standard output, everything about the way there on standard error."""

from __future__ import annotations

import io
import math
import sys
from typing import Any, NoReturn

from chainrule.report import json_text


def say(text: str = "", end: str = "\n") -> None:
    """A line of a result."""
    print(text, end=end, flush=True)


def say_json(value: Any) -> None:
    """A result as JSON."""
    say(json_text(value, ascii=not _writes_unicode()))


def tell(text: str) -> None:
    """A line about the way there."""
    if sys.stderr is not None:  # where it is closed, print would turn to standard output
        print(text, file=sys.stderr, flush=True)


def fail(message: str) -> NoReturn:
    """One clear error, and exit code 2."""
    tell(f"error: {message}")
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
