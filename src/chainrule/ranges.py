"""Numbers that a user sets, checked: each function gives the number, or raises SettingError with what is needed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import SettingError, brief


def positive(value: Any, what: str) -> float:
    if not 0 < _float(value) < math.inf:
        raise SettingError(f"{what} is a finite number above 0, as 0.01, got {brief(value)}")
    return float(value)


def at_least_0(value: Any, what: str) -> float:
    if not 0 <= _float(value) < math.inf:
        raise SettingError(f"{what} is a finite number ≥ 0, as 0.01, got {brief(value)}")
    return float(value)


def share(value: Any, what: str) -> float:
    if not 0 <= _float(value) < 1:
        raise SettingError(f"{what} is a number 0 ≤ {what} < 1, got {brief(value)}")
    return float(value)


def whole(value: Any, what: str, least: int = 1) -> int:
    if not (isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least):
        raise SettingError(f"{what} is a whole number ≥ {least}, got {brief(value)}")
    return int(value)


def truth(value: Any, what: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise SettingError(f"{what} is True or False, got {brief(value)}")
    return bool(value)


def _float(value: Any) -> float:
    """A number as a float, infinite where it is beyond the largest; NaN for anything else."""
    if not isinstance(value, (int, float, np.integer, np.floating)) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
