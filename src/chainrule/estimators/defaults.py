"""What "auto" comes to: parameters that the rows decide, chosen by what benchmarks/estimators.py measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.ranges import whole
from chainrule.schedules import reduce_on_plateau

AUTO = "auto"
LARGE = 10_000  # rows from which a part is held out to stop early, as scikit-learn's HistGradientBoosting does
BATCH = {False: 200, True: 256}  # by whether there are so many
FEW, LARGER, LARGEST = (100,), (128, 64), (256, 128)  # hidden layers for fewer, for as many, and for
NUMBERS = 1_000_000  # entries (rows times columns) or more
RATE = {False: 0.001, True: 0.003}  # by whether a rate that falls where nothing is gained begins on so many rows
SCALED = "adam", "adamw", "rmsprop"  # rules whose steps do not grow with the gradient
# Beside the mean cost stands ½ l2 Σ w², with l2 = PENALTY / rows: the more rows, the less is left to the penalty.
# That supposes errors of about 1. Where their scale is not known, alpha is scikit-learn's.
PENALTY, MOST_PENALTY, ALPHA = 5.0, 0.01, 0.0001


def is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == AUTO


def decided(
    given: Mapping[str, Any],
    shape: tuple[int, int],
    counted: float,
    watches: bool | None,
    hidden: tuple[int, ...] | None = None,
) -> dict[str, Any]:
    """The parameters that are "auto", decided for X of this shape (rows, columns), whose rows count for `counted` by weight.

    `watches` says whether rows are watched, where that is known; None leaves it to early_stopping. `hidden` are the layers of
    a network that is trained on.
    """
    is_large, at_once = shape[0] >= LARGE, isinstance(given["solver"], str) and given["solver"] == "lbfgs"
    found: dict[str, Any] = {
        "hidden_layer_sizes": _layers(*shape) if hidden is None else hidden,
        "batch_size": BATCH[is_large],
        "early_stopping": is_large and not at_once if watches is None else watches,
    }
    found = {name: value for name, value in found.items() if is_auto(given[name])}
    asked = {**given, **found}
    if is_auto(given["learning_rate"]):
        looks = not at_once and (bool(asked["early_stopping"]) if watches is None else watches)
        found["learning_rate"] = reduce_on_plateau(0.2, 3) if looks else "constant"
    if is_auto(given["learning_rate_init"]) and isinstance(given["solver"], str) and not at_once:
        falls = found.get("learning_rate", "constant") != "constant"
        found["learning_rate_init"] = RATE[is_large and falls and given["solver"] in SCALED]
    if is_auto(given["alpha"]):
        sharing = counted if at_once else min(whole(asked["batch_size"], "batch_size"), counted)
        found["alpha"] = min(PENALTY / counted, MOST_PENALTY) * sharing if _has_known_scale(given) else ALPHA
    return found


def _layers(rows: int, columns: int) -> tuple[int, ...]:
    """The neurons of the hidden layers."""
    if rows < LARGE:
        return FEW
    return LARGER if rows * columns < NUMBERS else LARGEST


def _has_known_scale(given: Mapping[str, Any]) -> bool:
    """Whether the cost of a network that has learnt nothing is about 1: cross-entropy, or squares of what was standardised."""
    loss, is_classifier = given["loss"], "class_weight" in given
    usual = "log_loss" if is_classifier else "squared_error"
    return isinstance(loss, str) and loss == usual and given["standardize"] is True
