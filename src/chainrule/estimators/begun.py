"""The parameters that make a network: training goes on with it only where they are as they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.activations import Activation, as_activation
from chainrule.costs import ANY, Cost
from chainrule.errors import SettingError, brief
from chainrule.estimators.asked import hidden_activations, layer_sizes
from chainrule.estimators.defaults import is_auto
from chainrule.estimators.losses import loss_of
from chainrule.network import Network


def begun_with(given: Mapping[str, Any], network: Network) -> dict[str, Any]:
    """Those parameters of an estimator that decide what its network is, as values that can be compared and saved."""
    sizes, loss = given["hidden_layer_sizes"], given["loss"]
    hidden = network.sizes[1:-1] if is_auto(sizes) else layer_sizes(sizes)
    return {
        "hidden_layer_sizes": hidden,
        "activation": [as_activation(each) for each in hidden_activations(given["activation"], len(hidden))],
        "loss": loss if isinstance(loss, str) and loss == "log_loss" else loss_of(loss),
        "standardize": given["standardize"],
        "preprocess": given["preprocess"],
    }


def check_same(before: Mapping[str, Any], given: Mapping[str, Any], network: Network, which: str) -> None:
    """Raises SettingError where an estimator's parameters would make another network than `before` did.

    `which` is the call that goes on with it, "partial_fit" for example.
    """
    now = begun_with(given, network)
    for name, value in now.items():
        if _compared(value) != _compared(before[name]):
            raise SettingError(
                f"{which} goes on with a network that was made with {name}={brief(before[name])}, and {name} is now "
                f"{brief(value)}: set it back, or begin a new network with fit and warm_start=False"
            )


def _compared(value: Any) -> Any:
    """What is equal where a parameter is the same."""
    if isinstance(value, list):
        return [_compared(each) for each in value]
    if not isinstance(value, (Activation, Cost)):
        return value
    return repr(value), _code(value) if value.own else None


def _code(own: Activation | Cost) -> Any:
    """What tells apart two forms of a user's own that have the same name."""
    form = own.form if isinstance(own, Activation) else getattr(own.pairs.get(ANY), "form", None)
    function = getattr(form, "form", form)  # without what calls one that is written in plain NumPy
    return getattr(function, "__code__", function)
