"""NetworkClassifier: networks that tell classes apart, or give several labels a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets, type_of_target

from chainrule.activations import named
from chainrule.costs import Cost, binary_cross_entropy, cross_entropy
from chainrule.data import Preprocessing
from chainrule.data.columns import Column
from chainrule.data.labels import are_labels
from chainrule.defaults import EPOCHS, PATIENCE, TOL, WATCHED
from chainrule.errors import DataError, SettingError, ShapeError, brief, counted, listed
from chainrule.estimators.base import NetworkEstimator, Part, dense
from chainrule.estimators.inspected import as_rows
from chainrule.estimators.losses import check_cost, is_own, loss_of
from chainrule.estimators.taken_over import terms_of
from chainrule.network import Network, as_network

Array = np.ndarray
LAST = {  # activation, by cost; for others a softmax where classes exclude each other, else sigmoids
    "multiclass_hinge": "identity",
    "binary_cross_entropy": "sigmoid",
    "cross_entropy": "softmax",
}


def _one_of_many(network: Network) -> bool:
    """Whether the outputs stand for classes of which a row has one."""
    return network.output.full_slope or network.cost.targets in ("probabilities", "one-hot")


class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """A network that tells classes apart. The names are those of scikit-learn's MLPClassifier where they mean the same.

    Parameters
    ----------
    hidden_layer_sizes : int, list of int or "auto", default="auto"
        Neurons of each hidden layer. "auto" is (100,) for fewer than 10,000 rows; for as many or more it is (64, 32), and
        (256, 128) where rows times columns are 500,000 or more. () is a linear model.
    activation : str, Activation or function, or a list of them, default="relu"
        Of all hidden layers, or one for each: "identity", "logistic", "tanh", "relu", "leaky_relu", "softplus", "gelu", "silu",
        or a function of z in NumPy's functions, whose slope is made from what it does.
    loss : {"log_loss", "multiclass_hinge", "squared_error", "huber", …}, Cost or function, default="log_loss"
        "log_loss" is the cross-entropy of a softmax, or of a sigmoid for two classes and for several labels a row. With
        "multiclass_hinge" there is no predict_proba. With the others the outputs are a softmax or sigmoids, compared with 0 and
        1. A function loss(a, y) takes outputs and targets (rows, outputs) and gives a number for each row; its slope is made
        from what it does, so that it is written in NumPy's functions.
    solver : {"adam", "sgd", "lbfgs"}, the name of another rule, or Rule, default="adam"
        How the weights are moved. "rmsprop", "adamw", "nesterov" and the other rules of `chainrule.updates` take
        `learning_rate_init` and else their own settings; a Rule such as `chainrule.rmsprop(0.01)` has all its settings.
    alpha : float or "auto", default="auto"
        The L2 penalty: ½ alpha Σ w² beside the sum of a batch's losses, as in scikit-learn. "auto" makes of it
        ½ l2 Σ w² beside the mean loss, with l2 = 5 / rows, but no more than 0.01; with another loss than "log_loss", or
        with standardize=False, it is scikit-learn's 0.0001.
    batch_size : int or "auto", default="auto"
        Rows of a batch. "auto" is 32 for fewer than 1,000 rows, 200 for fewer than 10,000, and 256 for as many or more. Not
        used by "lbfgs".
    learning_rate : {"constant", "invscaling", "adaptive"}, the name of a schedule, Schedule, function or "auto", default="auto"
        How the learning rate changes, by a schedule of `chainrule.schedules` ("cosine", "one_cycle", …) too. "auto" is
        "constant"; where rows are watched it falls to a fifth after four epochs in a row without a lower validation loss.
    learning_rate_init : float or "auto", default="auto"
        The learning rate of the first steps. "auto" is 0.001; it is 0.003 for 10,000 rows or more where `learning_rate` is
        "auto", rows are watched, and the solver is "adam", "adamw" or "rmsprop". Not used by "lbfgs", nor by a Rule.
    power_t : float, default=0.5
        The exponent of "invscaling": the learning rate is divided by (1 + rows so far)^power_t.
    max_iter : int, default=200
        Epochs at most; with "lbfgs" iterations.
    shuffle : bool, default=True
        Whether the rows come in a new order in each epoch.
    random_state : int, RandomState, Generator or None, default=None
        Draws the first weights, the orders of rows, what dropout leaves out, and the rows that early stopping watches. An int
        gives the same network at each call.
    tol : float, default=0.0001
        An epoch whose loss is not tol below the lowest before it, or whose validation score is not tol above the highest, does
        not count as an improvement. "lbfgs" ends where no derivative is larger.
    verbose : bool, int or "bar", default=False
        Whether a line is printed after each epoch. "bar" shows one line on standard error, with a bar, the loss, the best epoch
        and the time left; about ten lines where that is not a terminal.
    warm_start : bool, default=False
        Whether `fit` goes on from the network that is there, with what the solver remembers.
    momentum : float, default=0.9
        For "sgd": from 0 to 1.
    nesterovs_momentum : bool, default=True
        For "sgd": whether the momentum is Nesterov's.
    early_stopping : bool or "auto", default="auto"
        Whether a part of the rows, `validation_fraction`, is watched and not learnt from, so that training ends where their
        score no longer rises (of fewer than 1,000 such rows: and their loss no longer falls), and the weights of the best epoch
        are kept. "auto" does so from 10,000 rows, except with "lbfgs".
    validation_fraction : float, default=0.1
        The share of the rows that early stopping watches, the same of each class.
    beta_1 : float, default=0.9
        For "adam": the decay rate of the mean of the gradients.
    beta_2 : float, default=0.999
        For "adam": the decay rate of the mean of their squares.
    epsilon : float, default=1e-08
        For "adam": what is added to the root of the second mean, against a division by 0.
    n_iter_no_change : int, default=10
        Training ends after more than so many epochs in a row without an improvement; `math.inf` takes all of them.
    max_fun : int, default=15000
        How often "lbfgs" may compute the loss.
    class_weight : dict, "balanced" or None, default=None
        What the rows of each class count for, {"no": 1.0, "yes": 5.0}; "balanced" gives all classes the same sum.
    dropout : float, list of float or dict, default=0.0
        The share of the neurons that each step leaves out: of all hidden layers, one for the inputs and each hidden layer, or
        {layer: share} with 0 for the inputs.
    l1 : float, default=0.0
        The L1 penalty: l1 Σ |w| beside the mean loss. It is not divided by rows, as alpha is.
    clip_norm : float or None, default=None
        The gradient of a batch, penalties included, is shortened to this length where it is longer.
    clip_value : float or None, default=None
        Each derivative is kept between -clip_value and clip_value.
    max_time : float, str or None, default=None
        Training ends after the epoch in which this time is over: seconds, or a text such as "10min" or "1h30m".
    init : str or function, or a list of them, default="glorot"
        The first weights: "glorot" (close to scikit-learn's), "he", "lecun", "orthogonal", … of `chainrule.initialization`, or
        a function (rng, out, in, activation) that gives them; of all layers, or one for each.
    standardize : bool, default=True
        Whether each column is shifted and divided to mean 0 and deviation 1.
    preprocess : None, "auto" or dict, default=None
        None takes numbers. "auto" takes tables with texts, dates and gaps too, and decides by its values what a column becomes:
        `print(estimator.preprocessing_)` shows it. A dictionary decides a part of that: {"drop": ["id"], "kinds": {"zip":
        "category"}, "gaps": "refuse"}.
    callbacks : function, list of functions or None, default=None
        Each is called with a `chainrule.Epoch` after every epoch; one that returns True ends the training.
    engine : {"auto", "reference", "compiled"}, default="auto"
        What takes the steps: the equations in NumPy, or native code. "auto" compiles where that is faster. Not used by "lbfgs".

    Attributes
    ----------
    chosen_ : dict
        What each parameter that is "auto" came to.
    network_ : Network
        The trained network, as `chainrule` has it.
    classes_ : array (classes,)
        The labels, in the order of the probabilities.
    n_features_in_ : int
        Features, as columns of X.
    feature_names_in_ : array of str
        Their names, where X has names.
    preprocessing_ : Preprocessing
        What the columns became, and what the outputs mean.
    input_names_ : array of str
        What each input of the network is called, as "cut = Ideal".
    coefs_ : list of arrays (inputs, neurons)
        The weights of each layer.
    intercepts_ : list of arrays (neurons,)
        The biases of each layer.
    n_layers_ : int
        Layers, the input counted.
    n_outputs_ : int
        Neurons of the last layer.
    out_activation_ : str
        The activation of the last layer.
    loss_curve_ : list of float
        The mean loss of each epoch, without penalties.
    loss_ : float
        The last of them; of a training that diverged that of the weights that are kept.
    best_loss_ : float or None
        The lowest of them; None where rows are watched.
    validation_losses_ : list of float or None
        The mean loss of the watched rows after each epoch since rows are watched.
    validation_scores_ : list of float or None
        Their accuracy (of several labels a row the share of rows with all of them right) after each epoch.
    best_validation_score_ : float or None
        The highest of them.
    n_iter_ : int
        Epochs of the last `fit`, or of all calls of `partial_fit`.
    t_ : int
        Rows seen in all: epochs times rows.
    """

    _numeric = False

    def __init__(
        self,
        hidden_layer_sizes: Any = "auto",
        activation: Any = "relu",
        *,
        loss: Any = "log_loss",
        solver: Any = "adam",
        alpha: Any = "auto",
        batch_size: Any = "auto",
        learning_rate: Any = "auto",
        learning_rate_init: Any = "auto",
        power_t: Any = 0.5,
        max_iter: Any = EPOCHS,
        shuffle: Any = True,
        random_state: Any = None,
        tol: Any = TOL,
        verbose: Any = False,
        warm_start: Any = False,
        momentum: Any = 0.9,
        nesterovs_momentum: Any = True,
        early_stopping: Any = "auto",
        validation_fraction: Any = WATCHED,
        beta_1: Any = 0.9,
        beta_2: Any = 0.999,
        epsilon: Any = 1e-8,
        n_iter_no_change: Any = PATIENCE,
        max_fun: Any = 15000,
        class_weight: Any = None,
        dropout: Any = 0.0,
        l1: Any = 0.0,
        clip_norm: Any = None,
        clip_value: Any = None,
        max_time: Any = None,
        init: Any = "glorot",
        standardize: Any = True,
        preprocess: Any = None,
        callbacks: Any = None,
        engine: Any = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.class_weight = class_weight
        self.dropout = dropout
        self.l1 = l1
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.max_time = max_time
        self.init = init
        self.standardize = standardize
        self.preprocess = preprocess
        self.callbacks = callbacks
        self.engine = engine

    @available_if(lambda self: self._goes_by_epochs())
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Any:
        """One epoch over these rows, after those before it: weights, and what the rule remembers, go on.

        `classes` are all there will be, needed in the first call. Means and deviations of `standardize` are those of the first
        rows.
        """
        first = not hasattr(self, "network_")
        if first and classes is None:
            raise DataError("the first call of partial_fit needs all classes there will be: classes=[…]")
        if classes is not None:
            _check_partial_fit_first_call(
                self, classes
            )  # keeps them as classes_; raises ValueError for others than before
        return self._partial_fit(X, y, sample_weight, first)

    @classmethod
    def from_network(cls, network: Any, classes: Any = None, **parameters: Any) -> NetworkClassifier:
        """A network of chainrule's, trained or written by hand, as a classifier that needs no fit.

        `classes` are its labels in the order of the outputs; of a single output two, the second where it is above ½ (0 of an
        output without sigmoid). Without them they are those of the network's data, or 0, 1, …; several sigmoid outputs are then
        several labels a row. `parameters` are the estimator's; sizes and activations are the network's.
        """
        terms = as_network(network, "NetworkClassifier.from_network(network)").preprocessing
        labels, outputs = None if terms is None else terms.labels, network.sizes[-1]
        if classes is None and labels is None and outputs > 1 and not _one_of_many(network):
            several, given = True, np.arange(outputs)
        else:
            count = 2 if outputs == 1 else outputs
            several = False
            given = np.asarray(classes if classes is not None else labels if labels is not None else range(count))
            if given.shape != (count,) or len(set(given.tolist())) != count:
                raise ShapeError(f"{counted(outputs, 'output')} need {count} different classes, got {brief(classes)}")
        terms = terms_of(None if terms is None else terms.columns, None if several else given)
        is_log_loss = network.cost.name in ("cross_entropy", "binary_cross_entropy")
        parameters = {"loss": "log_loss" if is_log_loss else network.cost, **parameters}
        found: NetworkClassifier = cls._of_network(network.with_preprocessing(terms), **parameters)
        found.classes_ = given
        return found

    # targets ---------------------------------------------------------------------------------------------------------
    def _check_going_on(self, y: Array) -> None:
        if type_of_target(y) == "multilabel-indicator":
            return
        found, before = np.unique(y).tolist(), self.classes_.tolist()
        if found != before:
            raise DataError(
                f"warm_start=True goes on with the classes {listed(map(repr, before), 8)}, and y has "
                f"{listed(map(repr, found), 8)}: fit needs a row of each of them; partial_fit takes some of them, and "
                "warm_start=False begins again"
            )

    def _encoded(self, y: Any, known: bool) -> Array:
        """The number of each row's class (rows,), or 1 for each label that it has (rows, labels)."""
        check_classification_targets(y)
        if type_of_target(y) == "multilabel-indicator":
            return self._of_labels(y, known)
        if y.ndim == 2:
            raise DataError(
                "y has several columns, and one of them other values than 0 and 1: NetworkClassifier takes a class per row, or "
                "several labels that are 0 or 1; MultiOutputClassifier of scikit-learn takes several classes a row"
            )
        found, numbers = np.unique(y, return_inverse=True)
        if not known:
            self.classes_ = found
            return numbers
        places = {label: place for place, label in enumerate(self.classes_.tolist())}
        if strange := [label for label in found.tolist() if label not in places]:
            raise DataError(
                f"y has {listed(map(repr, strange), 8)}, and the classes are {listed(map(repr, places), 8)}: they are those of "
                "the first fit, or of classes=[…] in the first partial_fit"
            )
        return np.array([places[label] for label in found.tolist()])[numbers]

    def _of_labels(self, y: Any, known: bool) -> Array:
        """Rows of several labels, as numbers."""
        rows = dense(y).astype(np.float64)
        if not known:
            self.classes_ = np.arange(rows.shape[1])
        elif rows.shape[1] != len(self.classes_):
            raise DataError(f"y has {rows.shape[1]} labels a row, and there are {len(self.classes_)} classes")
        return rows

    def _by_class(self, weight: Array | None, y: Any) -> Array | None:
        given = self.class_weight
        if given is None:
            return weight
        if isinstance(given, str) and given == "balanced":
            by_class = balanced(dense(y), weight)
        else:
            try:
                by_class = compute_sample_weight(given, y)
            except ValueError as error:
                raise SettingError(
                    'class_weight is None, "balanced", or a number ≥ 0 for each class as {"no": 1.0, "yes": 5.0}, got '
                    f"{brief(given)}: {error}"
                ) from None
        if not (np.isfinite(by_class) & (by_class >= 0)).all() or not by_class.any():
            raise SettingError(f"class_weight has numbers ≥ 0, not all of them 0; got {brief(given)}")
        return by_class if weight is None else weight * by_class

    def _strata(self, targets: Array) -> Array | None:
        return None if targets.ndim == 2 else self.classes_[targets]

    def _terms(self, columns: tuple[Column, ...] | None, part: Part) -> Preprocessing:
        labels = tuple(self.classes_.tolist()) if part.targets.ndim == 1 else ()
        return Preprocessing(columns, labels if are_labels(labels) else None)

    def _in_units(self, targets: Array) -> Array:
        """Class numbers as the network has them: one column where there is one output."""
        return targets

    def _last_layer(self, targets: Array) -> tuple[int, str, Cost]:
        several = targets.ndim == 2
        count = targets.shape[1] if several else len(self.classes_)
        one = several or count <= 2
        if isinstance(self.loss, str) and self.loss == "log_loss":
            return (
                (count if several else 1, "sigmoid", binary_cross_entropy())
                if one
                else (count, "softmax", cross_entropy())
            )
        cost = loss_of(self.loss)
        if cost.targets == "counts":
            raise SettingError(f"loss={self.loss!r} is for counts, and these are classes: NetworkRegressor takes it")
        outputs = count if not one or several or cost.targets in ("one-hot", "probabilities") else 1
        usual = "sigmoid" if several or outputs == 1 else "softmax"
        output = usual if is_own(cost) else LAST.get(cost.name, usual)
        check_cost(cost, named(output), outputs)
        return outputs, output, cost

    # answers ---------------------------------------------------------------------------------------------------------
    def predict(self, X: Any) -> Array:
        """The class of each row (rows,), or which labels it has (rows, labels)."""
        return self._answers(self._outputs(X))

    def _answers(self, outputs: Array) -> Array:
        half = 0.5 if self.network_.output.name in ("sigmoid", "softmax") else 0.0
        if self._several:
            return (outputs > half).astype(int)
        places = outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > half).astype(int)
        return self.classes_[np.minimum(places, len(self.classes_) - 1)]

    @property
    def _several(self) -> bool:
        """Whether a row may have several labels."""
        terms = self.network_.preprocessing
        return self.network_.sizes[-1] > 1 and (terms is None or terms.labels is None)

    @available_if(lambda self: self._gives_probabilities())
    def predict_proba(self, X: Any) -> Array:
        """The probability of each class (rows, classes), or of each label."""
        outputs = self._outputs(X)
        if len(self.classes_) == 1 and not self._several:
            return np.ones_like(outputs)
        if outputs.shape[1] == 1 and not self._several:
            return np.hstack([1 - outputs, outputs])
        if self._several or self.network_.output.name == "softmax":
            return outputs
        total = outputs.sum(axis=1, keepdims=True)  # of a sigmoid for each class
        return np.where(total > 0, outputs / np.where(total > 0, total, 1), 1 / outputs.shape[1]).astype(outputs.dtype)

    @available_if(lambda self: self._gives_probabilities())
    def predict_log_proba(self, X: Any) -> Array:
        """Their logarithms."""
        return np.log(self.predict_proba(X))

    def _gives_probabilities(self) -> bool:
        if not hasattr(self, "network_") or self._has_probabilities:
            return True
        raise AttributeError(f"with loss={self.loss!r} the outputs are not probabilities: see decision_function")

    @property
    def _has_probabilities(self) -> bool:
        return self.network_.output.name in ("sigmoid", "softmax")

    def decision_function(self, X: Any) -> Array:
        """z^L: of two classes (rows,), above 0 for the second; else (rows, classes). The class is where it is the highest."""
        z = self._weighted_inputs(X)
        if z.shape[1] == 2 and not self._several:
            return z[:, 1] - z[:, 0]
        return z[:, 0] if z.shape[1] == 1 else z

    # how they change with the features -------------------------------------------------------------------------------
    def _in_answers(self, slopes: Array, of: str) -> Array:
        """Of two classes: the probabilities of both, or the one number that decides."""
        if of == "decision" and slopes.shape[1] == 2 and not self._several:
            return slopes[:, 1:] - slopes[:, :1]
        one = slopes.shape[1] == 1 and not self._several and of == "answers" and self._has_probabilities
        return np.concatenate([-slopes, slopes], axis=1) if one else slopes

    def _predicted_places(self, X: Any) -> Array:
        if self._several:
            return super()._predicted_places(X)
        answers = self._answers(self._outputs(as_rows(X)))
        return np.array([self.classes_.tolist().index(label) for label in answers.tolist()])

    def _place_of(self, output: Any, count: int) -> int:
        """The place of a class by its label; where there is one number for two classes, 0 for the second."""
        if self._several:
            return super()._place_of(output, count)
        labels = self.classes_.tolist()
        if output not in labels or count == 1 != labels.index(output):
            known = labels if count > 1 else labels[1:]
            raise SettingError(f"output is one of the classes {listed(map(repr, known), 8)}, got {brief(output)}")
        return labels.index(output) if count > 1 else 0

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def balanced(y: Array, weight: Array | None) -> Array:
    """What each row's weight is multiplied by so that each class has the same sum of weights; of several labels the product."""
    found = np.ones(len(y))
    for column in y.reshape(len(y), -1).T:
        classes, places = np.unique(column, return_inverse=True)
        sums = np.bincount(places, weight)
        found *= (sums.sum() / (len(classes) * sums))[places]
    return found
