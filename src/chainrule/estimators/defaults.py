"""What "auto" comes to: the settings of chainrule.defaults in the terms of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.defaults import ALPHA, batch_size, hidden_layers, l2, learning_rate, schedule, watches
from chainrule.ranges import whole

AUTO = "auto"


def is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == AUTO


def decided(
    given: Mapping[str, Any],
    shape: tuple[int, int],
    counted: float,
    watched: bool | None,
    hidden: tuple[int, ...] | None = None,
) -> dict[str, Any]:
    """The parameters that are "auto", decided for X of this shape (rows, columns), whose rows count for `counted` by weight.

    `watched` says whether rows are watched, where that is known; None leaves it to early_stopping. `hidden` are the layers of
    a network that is trained on.
    """
    rows, at_once = shape[0], isinstance(given["solver"], str) and given["solver"] == "lbfgs"
    found: dict[str, Any] = {
        "hidden_layer_sizes": hidden_layers(*shape) if hidden is None else hidden,
        "batch_size": batch_size(rows),
        "early_stopping": watches(rows) and not at_once if watched is None else watched,
    }
    found = {name: value for name, value in found.items() if is_auto(given[name])}
    asked = {**given, **found}
    if is_auto(given["learning_rate"]):
        looks = not at_once and (bool(asked["early_stopping"]) if watched is None else watched)
        found["learning_rate"] = schedule(True) if looks else "constant"
    if is_auto(given["learning_rate_init"]) and isinstance(given["solver"], str) and not at_once:
        falls = found.get("learning_rate", "constant") != "constant"
        found["learning_rate_init"] = learning_rate(rows, falls, given["solver"])
    if is_auto(given["alpha"]):
        sharing = counted if at_once else min(whole(asked["batch_size"], "batch_size"), counted)
        found["alpha"] = l2(counted) * sharing if _has_known_scale(given) else ALPHA
    return found


def _has_known_scale(given: Mapping[str, Any]) -> bool:
    """Whether the cost of a network that has learnt nothing is about 1: cross-entropy, or squares of what was standardised."""
    loss, is_classifier = given["loss"], "class_weight" in given
    usual = "log_loss" if is_classifier else "squared_error"
    return isinstance(loss, str) and loss == usual and given["standardize"] is True
