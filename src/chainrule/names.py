"""Tables of named things: how a name, with settings, becomes an activation, a cost or a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chainrule.errors import SettingError, brief, unknown_name

T = TypeVar("T")


class Frozen:
    """A value that never changes and may hold functions: its copies are itself, as those of a tuple or a function are."""

    def __copy__(self: T) -> T:
        return self

    def __deepcopy__(self: T, memo: dict[int, Any]) -> T:
        return self


def look_up(what: str, table: Mapping[str, Callable[..., T]], name: str, settings: Mapping[str, Any]) -> T:
    """The entry of that name, made with these settings; "Leaky ReLU" and "leaky-relu" find leaky_relu too."""
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    if key not in table:
        raise unknown_name(what, name, table)
    try:
        return table[key](**settings)
    except TypeError:
        raise SettingError(f"the {what} {key} does not take the settings {dict(settings)}") from None


def resolve(what: str, table: Mapping[str, Callable[..., T]], given: str | T, kind: type[T], example: str) -> T:
    """A name or the thing itself, as the thing."""
    if isinstance(given, kind):
        return given
    if isinstance(given, str):
        return look_up(what, table, given, {})
    raise SettingError(
        f"{what}: a name ({', '.join(table)}) or an object such as {example} is needed, got {brief(given)}"
    )
