"""What the commands print: results on standard output, everything about the way there on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import numpy as np


def say(text: str = "") -> None:
    """A line of a result."""
    print(text, flush=True)


def tell(text: str) -> None:
    """A line about the way there."""
    print(text, file=sys.stderr, flush=True)


def fail(message: str) -> NoReturn:
    """One clear error, and exit code 2."""
    tell(f"error: {message}")
    sys.exit(2)


def say_json(value: Any) -> None:
    """A result as JSON."""
    print(json.dumps(value, ensure_ascii=False, default=_plain), flush=True)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON")
