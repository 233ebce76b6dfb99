"""Lengths of time as people write them: 90, 90s, 10min, 1h30m, 2 days."""

from __future__ import annotations

import re
from typing import Any

from chainrule.errors import SettingError, brief
from chainrule.ranges import positive

SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
UNITS = {"d": "d|days?", "h": "h|hrs?|hours?", "m": "m|mins?|minutes?", "s": "s|secs?|seconds?"}
WRITTEN = re.compile(
    "".join(rf"(?:(?P<{key}>\d+(?:\.\d+)?)\s*(?:{unit})\s*)?" for key, unit in UNITS.items()), re.IGNORECASE
)


def seconds(given: Any, what: str) -> float:
    """A time in seconds: a number of them, or a text such as 90s, 10min or 1h30m. Raises SettingError for anything else."""
    value = given
    if isinstance(given, str):
        text = given.strip()
        found = WRITTEN.fullmatch(text)
        parts = {key: float(each) for key, each in found.groupdict().items() if each} if found else {}
        value = sum(SECONDS[key] * each for key, each in parts.items()) if parts else _number(text)
    try:
        return positive(value, what)
    except SettingError:
        raise SettingError(
            f"{what} is a time above 0: a number of seconds, or 90s, 10min, 1h30m; got {brief(given)}"
        ) from None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def written(time: float) -> str:
    """A time in one or two units: 12 s, 3 min, 2 h 5 min."""
    if time < 90:
        return f"{time:.0f} s"
    minutes = round(time / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
