"""Estimators to and from one file each, never a pickle: a model's file, with parameters and fitted facts as notes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from chainrule.activations import Activation
from chainrule.checkpoints import state_of, state_tensors, state_told
from chainrule.costs import Cost
from chainrule.errors import ChainruleError, FileError, SettingError, brief, listed, unknown_name
from chainrule.estimators.losses import activation_of, loss_of
from chainrule.estimators.plain_values import NotHeldError, read, written
from chainrule.files import write_atomically
from chainrule.network import Network
from chainrule.run import TrainingState
from chainrule.storage import by_name, to_bytes
from chainrule.storage import read as read_model

VERSION = 1  # of what a file says of an estimator
APART = ("network_", "_state", "_metadata_request")  # attributes that are kept in ways of their own
TAKEN_OFF = {"_skl_callbacks": "set_callbacks() without any takes scikit-learn's callbacks off"}
ABSENT = "absent"  # a parameter that the file only names


class Saved:
    """`save` and `load` of both estimators."""

    network_: Network
    _state: TrainingState

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the fitted estimator to one file, whole or not at all: a model's file, which `chainrule predict` takes too.

        It holds the network, all parameters, the fitted attributes, and what the rule remembers, so that `warm_start` and
        `partial_fit` go on after `load` as they would have here. Of a parameter that no file can hold (a callback, a function,
        a random generator, a rule of your own) the file keeps the name: `load` asks for it.
        """
        check_is_fitted(self, "network_")
        notes = {"estimator": " ".join(repr(self).split()), "fitted": _told(self)}
        return write_atomically(path, to_bytes(self.network_, notes, state_tensors(self._state)))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        activations: Any = (),
        costs: Any = (),
        **parameters: Any,
    ) -> Any:
        """The estimator in a file that `save` wrote: it predicts the same bits.

        Activations and costs of your own, which no file can hold, are handed in, `load(path, activations=[mish])`; so is any
        parameter that the file only names, `load(path, callbacks=[log])`, and any that is to be another than it was.
        Raises FileError for a file that is missing, damaged, or of something else.
        """
        activations, costs = _each(activations, activation_of), _each(costs, loss_of)
        network, notes, tensors = read_model(path, activations, costs)
        if "fitted" not in notes:
            raise FileError(
                f"{path} holds a network and no estimator: {cls.__name__}.from_network(chainrule.load({str(path)!r}))"
            )
        own = by_name(activations, Activation), by_name(costs, Cost)
        try:
            return _estimator(cls, path, network, notes["fitted"], tensors, own, parameters)
        except ChainruleError as error:
            raise type(error)(str(error) if str(path) in str(error) else f"{path}: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise FileError(f"{path} is damaged: {type(error).__name__}: {error}") from error


# what a file says ---------------------------------------------------------------------------------------------------
def _told(estimator: Any) -> dict[str, Any]:
    """Parameters, fitted attributes and state of an estimator as JSON."""
    parameters = estimator.get_params(deep=False)
    attributes = {name: value for name, value in vars(estimator).items() if name not in (*parameters, *APART)}
    return {
        "version": VERSION,
        "kind": _kind(type(estimator)),
        "parameters": {name: _parameter(name, value) for name, value in parameters.items()},
        "attributes": {name: _attribute(name, value) for name, value in attributes.items()},
        "requests": _requests(estimator),
        "state": state_told(estimator._state),
    }


def _kind(kind: type) -> str:
    return "NetworkClassifier" if is_classifier(kind()) else "NetworkRegressor"


def _parameter(name: str, value: Any) -> Any:
    try:
        return written(_of_functions(name, value))
    except NotHeldError:
        return {ABSENT: brief(value)}


def _of_functions(name: str, value: Any) -> Any:
    """A parameter whose functions are activations and costs, which a file can name."""
    if name == "loss" and callable(value):
        return loss_of(value)
    if name == "activation":
        return [activation_of(each) if callable(each) else each for each in value] if isinstance(value, list) else (
            activation_of(value) if callable(value) else value
        )  # fmt: skip
    return value


def _each(given: Any, made: Callable[[Any], Any]) -> Any:
    """Activations or costs that are handed in, with functions as what they mean for an estimator."""
    return [made(each) if callable(each) else each for each in (given if isinstance(given, (list, tuple)) else [given])]


def _attribute(name: str, value: Any) -> Any:
    try:
        return written(value)
    except NotHeldError as error:
        how = TAKEN_OFF.get(name, f"del estimator.{name} takes it off")
        raise SettingError(f"save: the attribute {name} cannot be kept, for {error}: {how}") from None


def _requests(estimator: Any) -> dict[str, Any]:
    """Which metadata each method asks for, where a user said so by set_fit_request and the like."""
    if "_metadata_request" not in vars(estimator):
        return {}
    routing = estimator.get_metadata_routing()
    methods = [name for name in dir(routing) if hasattr(estimator, f"set_{name}_request")]
    return {name: dict(getattr(routing, name).requests) for name in methods}


def _estimator(
    cls: Any,
    path: Any,
    network: Network,
    told: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray],
    own: tuple[Mapping[str, Activation], Mapping[str, Cost]],
    parameters: Mapping[str, Any],
) -> Any:
    if told["version"] > VERSION:
        raise FileError(f"{path} was saved by a newer version of chainrule: upgrade chainrule")
    if told["kind"] != _kind(cls):
        raise FileError(f"{path} holds a {told['kind']}: {told['kind']}.load({str(path)!r})")
    known = cls().get_params(deep=False)
    if strange := [name for name in told["parameters"] if name not in known]:
        raise FileError(
            f"{path} was saved by another version of chainrule, with the parameters {listed(strange)}, which this one lacks: "
            "upgrade chainrule"
        )
    for name in parameters:
        if name not in known:
            raise unknown_name(f"parameter of {cls.__name__}", name, known)
    held = {name: value for name, value in told["parameters"].items() if name not in parameters}
    for name, value in held.items():
        if isinstance(value, dict) and ABSENT in value:
            raise SettingError(
                f"{path} cannot hold the parameter {name}, which was {value[ABSENT]}: load(path, {name}=…), or {name}=None"
            )
    found = cls(**{name: read(value, *own) for name, value in held.items()} | dict(parameters))
    for name, value in told["attributes"].items():
        setattr(found, name, read(value, *own))
    for method, requests in told["requests"].items():
        getattr(found, f"set_{method}_request")(**requests)
    found.network_, found._state = network, state_of(told["state"], dict(tensors))
    for name, tensor in tensors.items():
        if tensor.shape != (network.parameters.size,):
            raise FileError(f"{path} is damaged: {name} has the shape {tensor.shape}")
    return found
