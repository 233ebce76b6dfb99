"""Networks that come from elsewhere as fitted estimators: of chainrule, or a fitted network of scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted, check_random_state

from chainrule.costs import Cost, as_cost, binary_cross_entropy, cross_entropy, squared_error
from chainrule.data import Preprocessing
from chainrule.data.columns import Column, Number
from chainrule.data.labels import are_labels
from chainrule.errors import SettingError, brief
from chainrule.estimators.asked import ADAPTIVE, rule_of
from chainrule.estimators.preprocessed import AUTO
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.run import TrainingState

Array = np.ndarray
MLPS = (MLPClassifier, MLPRegressor)
SCALERS = (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler)
SAME = {"logistic": "sigmoid", "exp": "exponential"}  # scikit-learn's activations that have another name here
KEPT = {"velocity": "velocities", "mean": "ms", "square": "vs"}  # what a rule remembers, by its names here and there
NEUTRAL = {  # what an MLP does not do
    "dropout": 0.0, "l1": 0.0, "clip_norm": None, "clip_value": None, "class_weight": None, "max_time": None,
}  # fmt: skip
CURVES = ("loss_curve_", "loss_", "best_loss_", "validation_scores_", "best_validation_score_", "n_iter_", "t_")


class TakenOver:
    """`from_sklearn` of both estimators, and what their `from_network` have in common."""

    @classmethod
    def from_sklearn(cls, fitted: Any, **parameters: Any) -> Any:
        """A fitted MLPClassifier or MLPRegressor of scikit-learn, or a pipeline of scalers and one, as this estimator.

        It gives the same answers (to the roundings of another order of sums), and can be verified, explained, explored and
        saved; scalers become columns of the network, as `standardize` makes them. `partial_fit` and `warm_start` go on where
        scikit-learn stopped, with Adam's moments or the momentum where it keeps them. `parameters` are others than the MLP's.
        """
        given = taken_apart(fitted, cls)
        columns, network = columns_of(given), network_of(given.mlp)
        several = network.sizes[-1] > 1 and network.output.name == "sigmoid"  # labels a row, and no classes
        classes = getattr(given.mlp, "classes_", None)
        network = network.with_preprocessing(terms_of(columns, None if several else classes))
        own = {**shared_parameters(given.mlp, cls), "standardize": columns is not None, **parameters}
        found = cls._of_network(network, **own)
        facts = {**curves_of(given.mlp), "classes_": classes, "feature_names_in_": given.names}
        for name, value in facts.items():
            if value is not None:
                setattr(found, name, value)
        found._state = state_after(given.mlp, network, found.get_params(deep=False))
        return found

    @classmethod
    def _of_network(cls, network: Network, **parameters: Any) -> Any:
        """An estimator with this network, as if it had been fitted."""
        hidden = [sigma if sigma.own or sigma.settings else sigma.name for sigma in list(network.activations)[:-1]]
        same = hidden and all(each == hidden[0] for each in hidden)
        columns = None if network.preprocessing is None else network.preprocessing.columns
        settings = {
            "hidden_layer_sizes": network.sizes[1:-1], "activation": hidden[0] if same else hidden,
            "standardize": columns is not None, "preprocess": None if are_numbers(columns or ()) else AUTO,
        }  # fmt: skip
        found: Any = cls(**{**settings, **parameters})
        names = [f"x{i}" for i in range(network.sizes[0])] if columns is None else [each.name for each in columns]
        found.n_features_in_ = len(names)
        if names != [f"x{i}" for i in range(len(names))]:
            found.feature_names_in_ = np.array(names, dtype=object)
        found._takes_tables = found.preprocess is not None
        found._start(network, check_random_state(found._random_state()))
        return found


def are_numbers(columns: Iterable[Column]) -> bool:
    """Whether columns are numbers without gaps, as arrays have them."""
    return all(isinstance(each, Number) and not each.indicator and each.fill is None for each in columns)


def terms_of(columns: tuple[Column, ...] | None, classes: Array | None) -> Preprocessing:
    """What lies between these columns, and these classes or numbers, and a network."""
    labels = () if classes is None else tuple(classes.tolist())
    return Preprocessing(columns, labels if are_labels(labels) else None)


class Given(NamedTuple):
    """A fitted network of scikit-learn, and the scaling before it: each feature less `mean`, divided by `scale`."""

    mlp: Any
    mean: Array | None
    scale: Array | None
    names: Array | None


def taken_apart(fitted: Any, wanted: type) -> Given:
    """A fitted MLP, or a pipeline of scalers and one. Raises SettingError for anything else."""
    steps = [fitted]
    if isinstance(fitted, Pipeline):
        steps = [step for _, step in fitted.steps if step is not None and step != "passthrough"]
    *before, mlp = steps
    if not isinstance(mlp, MLPS):
        hint = ": take its best_estimator_" if hasattr(mlp, "best_estimator_") else ""
        raise SettingError(
            f"from_sklearn takes a fitted MLPClassifier or MLPRegressor, or a pipeline that ends in one, got {brief(mlp)}{hint}"
        )
    if is_classifier(mlp) != is_classifier(wanted()):
        other = "NetworkClassifier" if is_classifier(mlp) else "NetworkRegressor"
        raise SettingError(f"this is an {type(mlp).__name__}: {other}.from_sklearn(…)")
    for step in steps:
        check_is_fitted(step)
    names = getattr(steps[0], "feature_names_in_", None)
    mean, scale = np.zeros(mlp.n_features_in_), np.ones(mlp.n_features_in_)
    for step in before:
        if not isinstance(step, SCALERS) or getattr(step, "clip", False):
            raise SettingError(
                f"from_sklearn folds scalers into the network, and {brief(step)} is none it knows: take over the last step "
                "alone, pipeline[-1], and put it into a pipeline after the same steps"
            )
        own_mean, own_scale = _scaling(step, mlp.n_features_in_)
        mean, scale = mean + own_mean * scale, scale * own_scale
    return Given(mlp, mean, scale, names) if before else Given(mlp, None, None, names)


def _scaling(step: Any, count: int) -> tuple[Array, Array]:
    """(mean, scale) of a scaler that gives (x − mean) / scale."""
    if isinstance(step, MinMaxScaler):  # x scale_ + min_
        return -step.min_ / step.scale_, 1 / step.scale_
    mean = getattr(step, "center_" if isinstance(step, RobustScaler) else "mean_", None)
    scale = step.scale_
    without = isinstance(step, StandardScaler) and not step.with_mean
    return (
        np.zeros(count) if mean is None or without else np.asarray(mean, np.float64),
        np.ones(count) if scale is None else np.asarray(scale, np.float64),
    )


def columns_of(given: Given) -> tuple[Column, ...] | None:
    """The scaling as columns of numbers."""
    if given.mean is None or given.scale is None:
        return None
    names = [f"x{i}" for i in range(len(given.mean))] if given.names is None else list(map(str, given.names))
    return tuple(Number(name, mean=m, scale=s) for name, m, s in zip(names, given.mean.tolist(), given.scale.tolist()))


def network_of(mlp: Any) -> Network:
    """The network of a fitted MLP, with the cost that it was trained with."""
    output = mlp.out_activation_
    hidden = [SAME.get(mlp.activation, mlp.activation)] * (len(mlp.coefs_) - 1)
    weights = [np.array(w.T) for w in mlp.coefs_]
    network = Network(weights, [np.array(b) for b in mlp.intercepts_], [*hidden, SAME.get(output, output)])
    return network.with_cost(_cost(mlp))


def _cost(mlp: Any) -> Cost:
    if is_classifier(mlp):
        return cross_entropy() if mlp.out_activation_ == "softmax" else binary_cross_entropy()
    return squared_error(half=True) if mlp.loss == "squared_error" else as_cost(mlp.loss)


def shared_parameters(mlp: Any, cls: Any) -> dict[str, Any]:
    """The parameters of an MLP that have the same name, and meaning, here; and that it does nothing else."""
    known = cls().get_params(deep=False)
    return {name: value for name, value in (NEUTRAL | mlp.get_params(deep=False)).items() if name in known}


def curves_of(mlp: Any) -> dict[str, Any]:
    """What an MLP tells of its training; L-BFGS has no curves."""
    found = {name: getattr(mlp, name) for name in CURVES if hasattr(mlp, name)}
    return {**found, "loss_curve_": list(found.get("loss_curve_", []))}


def state_after(mlp: Any, network: Network, parameters: Mapping[str, Any]) -> TrainingState:
    """Where training goes on: with what the rule remembers, which scikit-learn keeps in an attribute of its own.

    A new state where there is none: of L-BFGS, of an MLP whose attribute was removed, or where another rule goes on.
    """
    kept, epochs = getattr(mlp, "_optimizer", None), len(getattr(mlp, "loss_curve_", []))
    rule = rule_of(parameters) if parameters["solver"] == mlp.solver != "lbfgs" else None
    if rule is None or not epochs or not all(hasattr(kept, KEPT[slot]) for slot in rule.slots):
        return TrainingState()
    rows = max(1, round(mlp.t_ / epochs))
    batch = min(200, rows) if mlp.batch_size == "auto" else min(mlp.batch_size, rows)
    step = getattr(kept, "t", epochs * -(-rows // batch))
    slots = {f"rule/{slot}": _vector(kept, slot, network) for slot in rule.slots}
    engine = {"parameters": network.parameters.flat(), **slots, "step": step}
    return TrainingState(epochs, step, engine, schedule=_schedule(mlp, kept))


def _vector(kept: Any, slot: str, network: Network) -> Array:
    """What a rule remembers; velocities are multiplied by −η in scikit-learn."""
    arrays, count = getattr(kept, KEPT[slot]), network.depth
    flat = Parameters([w.T for w in arrays[:count]], list(arrays[count:])).flat()
    return np.asarray(flat / -kept.learning_rate if slot == "velocity" else flat, network.dtype)


def _schedule(mlp: Any, kept: Any) -> dict[str, Any] | None:
    """How far the learning rate has fallen, where it falls by what is learnt."""
    if mlp.learning_rate != ADAPTIVE or mlp.solver != "sgd":
        return None
    lowest = getattr(mlp, "best_loss_", None)
    return {
        "lowest": None if lowest is None else float(lowest),
        "without": 0,
        "multiple": kept.learning_rate / mlp.learning_rate_init,
    }
