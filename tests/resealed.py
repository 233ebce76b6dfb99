"""Files whose checksum is right and whose content was changed, so that what refuses them is something else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import safetensors.numpy

from chainrule.checked_file import checksum


def sealed(key: str, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> bytes:
    """A file of these parts, whose list of tensors and whose checksum are right."""
    whole = {**{name: value for name, value in header.items() if name != "checksum"}, "tensors": list(tensors)}
    text = json.dumps({**whole, "checksum": checksum(whole, dict(tensors))})
    return safetensors.numpy.save(dict(tensors), {key: text})


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside of a JSON value: names in dictionaries, numbers in lists."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*at, key)
        yield from places(each, (*at, key))


def replaced(header: Any, at: tuple[Any, ...], value: Any) -> Any:
    """The header with one value replaced, or, with ..., taken out."""
    made = copy.deepcopy(header)
    holder = made
    for key in at[:-1]:
        holder = holder[key]
    if value is ...:
        del holder[at[-1]]
    else:
        holder[at[-1]] = value
    return made
