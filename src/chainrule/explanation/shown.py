"""What is shown where there is no room for all: the strongest of many, and the quantity that was asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.data import Number
from chainrule.errors import DataError, IdError, SettingError
from chainrule.explanation.view import View
from chainrule.ids import Id, parse
from chainrule.network import Network
from chainrule.writing.numbers import short


def whole_number(given: Any, what: str, least: int = 1) -> int:
    """How many are shown. Raises SettingError for anything but a whole number of at least `least`."""
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < least:
        raise SettingError(f"{what}={given!r}: how many are shown is a whole number ≥ {least}")
    return int(given)


def strongest(values: Sequence[float], most: int, pinned: int | None = None) -> list[int]:
    """Where the `most` largest |values| are, in order of place; `pinned` is always among them."""
    order = sorted(range(len(values)), key=lambda k: (k != pinned, -abs(values[k]), k))
    return sorted(order[:most])


def largest(values: np.ndarray, most: int) -> tuple[list[int], np.ndarray]:
    """Where the `most` largest |values| of (n,) are, in order of place, and the others; a single one is not left out."""
    if len(values) <= most + 1:
        return list(range(len(values))), values[:0]
    sizes = np.abs(values)
    least = np.partition(sizes, -most)[-most]  # there may be millions, which are not sorted
    above, equal = np.flatnonzero(sizes > least), np.flatnonzero(sizes == least)
    found = np.sort(np.concatenate([above, equal[: most - len(above)]]))
    return found.tolist(), np.delete(values, found)


def together(routes: int) -> str:
    """All routes, described."""
    return "both routes together" if routes == 2 else f"all {routes:,} routes together"


def steepest(seen: View, layer: int | None = None) -> Id:
    """The weight with the largest |∂C/∂w| of a layer, or of all; the first of several."""
    layers = sorted(seen.into_z) if layer is None else [layer]
    sizes = {l: np.abs(np.outer(seen.into_z[l], seen.trace.a[l - 1])) for l in layers}
    l = max(layers, key=lambda l: float(sizes[l].max()))
    return Id("w", l, *map(int, divmod(int(sizes[l].argmax()), sizes[l].shape[1])))


def neuron_of(
    network: Network, by: str | Id | None, layer: int | None, neuron: int | None, errors: Mapping[int, np.ndarray]
) -> tuple[Id, int | None]:
    """The neuron that is meant, and the input whose weight it was named by; `errors` are the δ of each layer, (n,).

    Without any name it is that with the largest |δ| of the last hidden layer, or of `layer`.
    """
    if by is None:
        layer = max(1, network.depth - 1) if layer is None else layer
        here = parse(f"z/{layer}/{neuron or 0}", network.parameters)
        return here if neuron is not None else Id("z", here.layer, int(np.abs(errors[here.layer]).argmax())), None
    if layer is not None:
        raise SettingError(f"by={str(by)!r} names a neuron and layer={layer} another: give one of them")
    id = parse(by, network.parameters)
    if id.kind in "Cx" or id.layer == 0:
        raise IdError(
            f"by={str(id)!r}: a neuron is named by its z/l/j, a/l/j, d/l/j, b/l/j, or a weight w/l/j/k into it"
        )
    return Id("z", id.layer, id.neuron), id.source if id.kind == "w" else None


def differentiable(by: str | Id, seen: View) -> Id:
    """The quantity by which the cost is differentiated; δ is no such quantity, and a/0/k is the input x/k."""
    id = parse(by, seen.network.parameters)
    if id.kind in "Cd":
        hint = f"; δ is ∂C/∂z: by='z/{id.layer}/{id.neuron}'" if id.kind == "d" else ""
        raise IdError(
            f"by={str(id)!r}: the cost is differentiated with respect to a w/l/j/k, b/l/j, z/l/j, a/l/j or x/k{hint}"
        )
    if not math.isfinite(seen.value(id)):
        value = float(seen.trace.a[id.layer][id.neuron])
        raise DataError(f"{id} is {short(value)}, where the cost has no finite slope: nothing can be shown")
    return Id("x", 0, id.neuron) if id.kind == "a" and id.layer == 0 else id


def unscaled(seen: View) -> np.ndarray | None:
    """The inputs in the user's terms where the network's are shifted and scaled numbers; None where they are not."""
    terms = seen.network.preprocessing
    if terms is None or terms.columns is None:
        return None
    numbers = [column for column in terms.columns if isinstance(column, Number) and not column.indicator]
    if len(numbers) < len(terms.columns):
        return None
    means, scales = np.array([column.mean for column in numbers]), np.array([column.scale for column in numbers])
    raw = seen.x * scales + means
    raw[np.abs(raw) <= 1e-6 * np.abs(means)] = 0.0  # what is left of a 0 that was shifted there and back
    return None if np.array_equal(raw, seen.x) else raw
