"""Engines by name."""

from __future__ import annotations

from chainrule.engines.engine import Engine
from chainrule.engines.reference import ReferenceEngine
from chainrule.errors import unknown_name

NAMED = {"reference": ReferenceEngine}


def choose(name: str) -> Engine:
    """The engine of that name."""
    if not isinstance(name, str) or name not in NAMED:
        raise unknown_name("engine", name, NAMED)
    return NAMED[name]()
