"""Beartype as the tests use it: an int is a float, as in signatures everywhere (PEP 484), and a wrong type a TypeError."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial, wraps
from inspect import unwrap
from itertools import count
from typing import Any

from beartype import BeartypeConf, beartype
from jaxtyping import jaxtyped

ALL_TYPES = os.environ.get("CHAINRULE_PROOF") == "1" and "CHAINRULE_EXAMPLES" not in os.environ

FIRST, EVERY = 500, 20

checked = beartype(conf=BeartypeConf(is_pep484_tower=True, violation_type=TypeError))


def jaxtyped_where_shapes_are(made: Any = None, *, typechecker: Callable[[Any], Any]) -> Any:
    """What jaxtyping's import hook wraps every function in: shapes are checked where a signature has them.

    A call of what the hook wraps takes 25 µs, shapes or none: two thirds of the time of the tests. So the first 500 calls of
    a function are checked, and after them one in twenty; under `make proof` all.
    """
    if made is None:
        return partial(jaxtyped_where_shapes_are, typechecker=typechecker)
    if isinstance(made, type):
        if is_dataclass(made):
            made.__init__ = jaxtyped_where_shapes_are(made.__init__, typechecker=typechecker)  # type: ignore[misc]
        return made
    if _has_shapes(made):
        watched = jaxtyped(made, typechecker=typechecker)
        return watched if ALL_TYPES else _mostly_unwatched(watched, made)
    return checked(made) if ALL_TYPES and not _has_context(made) else made


def _mostly_unwatched(watched: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    numbers = count(1)

    @wraps(plain)
    def call(*args: Any, **named: Any) -> Any:
        number = next(numbers)
        return (watched if number <= FIRST or number % EVERY == 0 else plain)(*args, **named)

    return call


def unchecked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function as users call it, without the tests' check of types."""
    return unwrap(function)


def _has_context(function: Any) -> bool:
    """Whether typer calls it with its context, whose class is not the one that typer wants it to be annotated with."""
    return "typer.Context" in getattr(function, "__annotations__", {}).values()


def _has_shapes(function: Any) -> bool:
    words = re.findall(r"\w+", " ".join(map(str, function.__annotations__.values())))
    return any(getattr(function.__globals__.get(word), "__module__", "") == "jaxtyping" for word in words)
