"""Values as JSON: what it knows, and its text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def json_text(value: Any, *, indent: int | None = None, ascii: bool = False) -> str:
    """A value as JSON. What JSON has no number for, NaN and the infinities, is null; arrays are lists."""
    return json.dumps(as_json(value), indent=indent, ensure_ascii=ascii, allow_nan=False)


def as_json(value: Any) -> Any:
    """A value in what JSON knows: dicts, lists, texts, truth values, finite numbers and None."""
    if hasattr(value, "tolist"):  # NumPy's arrays and numbers; without NumPy, which the command does not start with
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    return value
