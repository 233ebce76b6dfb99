"""NetworkRegressor: networks that answer with numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from chainrule.activations import named
from chainrule.costs import ANY, Cost
from chainrule.data import Preprocessing
from chainrule.data.columns import Column
from chainrule.defaults import EPOCHS, PATIENCE, TOL, WATCHED
from chainrule.errors import DataError, SettingError, brief
from chainrule.estimators.base import NetworkEstimator, Part
from chainrule.estimators.columns import moments
from chainrule.estimators.losses import check_cost, is_own, loss_of
from chainrule.network import Network, as_network
from chainrule.parameters import Parameters

Array = np.ndarray


class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """A network that answers with numbers. The names are those of scikit-learn's MLPRegressor where they mean the same.

    Parameters
    ----------
    hidden_layer_sizes : int, list of int or "auto", default="auto"
        Neurons of each hidden layer. "auto" is (100,) for fewer than 10,000 rows; for as many or more it is (64, 32), and
        (256, 128) where rows times columns are 500,000 or more. () is a linear model.
    activation : str, Activation or function, or a list of them, default="relu"
        Of all hidden layers, or one for each: "identity", "logistic", "tanh", "relu", "leaky_relu", "softplus", "gelu", "silu",
        or a function of z in NumPy's functions, whose slope is made from what it does.
    loss : {"squared_error", "poisson", "absolute_error", "huber", "log_cosh"}, Cost or function, default="squared_error"
        "squared_error" is half the squared error, as in scikit-learn. "poisson" is for counts y ≥ 0, and has an exponential
        output. "huber" is quadratic up to an error of 1, and `chainrule.huber(2.0)` up to one of 2. With `standardize` errors
        are counted in standard deviations of y; a loss of your own, and "poisson", always see y as it is. A function
        loss(a, y) takes outputs and targets (rows, outputs) and gives a number for each row; its slope is made from what it
        does, so that it is written in NumPy's functions.
    solver : {"adam", "sgd", "lbfgs"}, the name of another rule, or Rule, default="adam"
        How the weights are moved. "rmsprop", "adamw", "nesterov" and the other rules of `chainrule.updates` take
        `learning_rate_init` and else their own settings; a Rule such as `chainrule.rmsprop(0.01)` has all its settings.
    alpha : float or "auto", default="auto"
        The L2 penalty: ½ alpha Σ w² beside the sum of a batch's losses, as in scikit-learn. "auto" makes of it
        ½ l2 Σ w² beside the mean loss, with l2 = 5 / rows, but no more than 0.01; with another loss than "squared_error", or
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
        The share of the rows that early stopping watches.
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
        Whether each column is shifted and divided to mean 0 and deviation 1, and a target of numbers as well.
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
        The mean loss of each epoch, without penalties; with `standardize` in standard deviations of y.
    loss_ : float
        The last of them; of a training that diverged that of the weights that are kept.
    best_loss_ : float or None
        The lowest of them; None where rows are watched.
    validation_losses_ : list of float or None
        The mean loss of the watched rows after each epoch since rows are watched.
    validation_scores_ : list of float or None
        Their R² after each epoch.
    best_validation_score_ : float or None
        The highest of them.
    n_iter_ : int
        Epochs of the last `fit`, or of all calls of `partial_fit`.
    t_ : int
        Rows seen in all: epochs times rows.
    """

    _numeric = True

    def __init__(
        self,
        hidden_layer_sizes: Any = "auto",
        activation: Any = "relu",
        *,
        loss: Any = "squared_error",
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
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """One epoch over these rows, after those before it: weights, and what the rule remembers, go on.

        Means and deviations of `standardize` are those of the first rows.
        """
        return self._partial_fit(X, y, sample_weight, not hasattr(self, "network_"))

    @classmethod
    def from_network(cls, network: Any, **parameters: Any) -> NetworkRegressor:
        """A network of chainrule's, trained or written by hand, as a regressor that needs no fit.

        `parameters` are the estimator's; sizes and activations are the network's.
        """
        cost = as_network(network, "NetworkRegressor.from_network(network)").cost
        is_half = repr(cost) in ("quadratic", "squared_error(half=True)")
        found: NetworkRegressor = cls._of_network(
            network, **{"loss": "squared_error" if is_half else cost, **parameters}
        )
        return found

    # targets ---------------------------------------------------------------------------------------------------------
    def _encoded(self, y: Any, known: bool) -> Array:
        if y.dtype.kind in "mM":
            kind = "dates" if y.dtype.kind == "M" else "times"
            raise DataError(
                f"y holds {kind} ({y.dtype}), and a regressor learns numbers: give them in a unit, as (y - y.min()) / "
                "np.timedelta64(1, 'D')"
            )
        rows = y.astype(np.float64, copy=False)
        outputs = 1 if rows.ndim == 1 else rows.shape[1]
        if known and hasattr(self, "network_") and outputs != self.network_.sizes[-1]:
            raise DataError(f"y has {outputs} numbers a row, and the network {self.network_.sizes[-1]} outputs")
        return rows

    def _terms(self, columns: tuple[Column, ...] | None, part: Part) -> Preprocessing:
        _, output, cost = self._last_layer(part.targets)
        if not self.standardize or output != "identity" or is_own(cost):
            return Preprocessing(columns)
        rows = part.targets.reshape(len(part.targets), -1)
        mean, scale = moments(rows, part.weight)
        return Preprocessing(columns, target_mean=tuple(mean.tolist()), target_scale=tuple(scale.tolist()))

    def _in_units(self, targets: Array) -> Array:
        terms = self.network_.preprocessing
        return targets.reshape(len(targets), -1) if terms is None else terms.targets(targets)

    def _last_layer(self, targets: Array) -> tuple[int, str, Cost]:
        cost, outputs = loss_of(self.loss), 1 if targets.ndim == 1 else targets.shape[1]
        output = "identity" if ANY in cost.pairs else next(iter(cost.pairs))
        if output == "softmax" and outputs == 1:
            raise SettingError(
                f"loss={brief(self.loss)} is for classes, which NetworkClassifier learns; for shares from 0 to 1 take "
                '"binary_cross_entropy"'
            )
        check_cost(cost, named(output), outputs)
        return outputs, output, cost

    def _started(self, network: Network, part: Part) -> Network:
        """An exponential output begins at the mean of the targets, where those of other outputs are centred."""
        rows = part.targets.reshape(len(part.targets), -1)
        mean = np.average(rows, axis=0, weights=part.weight)
        if not self.standardize or network.output.name != "exponential" or not (mean > 0).all():
            return network
        biases = list(network.biases)
        biases[-1] = np.log(mean).astype(network.dtype)
        return network.with_parameters(Parameters([*network.weights], biases))

    # answers ---------------------------------------------------------------------------------------------------------
    def predict(self, X: Any) -> Array:
        """A number for each row (rows,), or several (rows, outputs)."""
        outputs, terms = self._outputs(X), self.network_.preprocessing
        answers = outputs if terms is None else terms.answers(outputs)
        return np.asarray(
            answers[:, 0] if answers.ndim == 2 and answers.shape[1] == 1 else answers, self.network_.dtype
        )

    def _in_answers(self, slopes: Array, of: str) -> Array:
        """In the unit of y."""
        terms = self.network_.preprocessing
        scale = () if terms is None or of == "decision" else terms.target_scale
        return slopes * np.array(scale, slopes.dtype)[:, None] if scale else slopes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
