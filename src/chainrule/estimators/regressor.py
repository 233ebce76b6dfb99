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
from chainrule.errors import DataError
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
    hidden_layer_sizes : int, list of int, or "auto"
        Neurons of each hidden layer. "auto" is (100,) for fewer than 10,000 rows; for as many or more it is (128, 64), and
        (256, 128) where rows times columns are 1,000,000 or more.
    activation : str, Activation or function, or a list of them
        Of all hidden layers, or one for each: "relu", "tanh", "logistic", "gelu", …, or a function of z in NumPy's functions,
        whose slope is made from what it does.
    loss : {"squared_error", "poisson", "absolute_error", "huber", "log_cosh"}, Cost or function
        "squared_error" is half the squared error, as in scikit-learn. "poisson" is for counts y ≥ 0, and has an exponential
        output. "huber" is quadratic up to an error of 1, and `chainrule.huber(2.0)` up to one of 2. With `standardize` errors
        are counted in standard deviations of y; a loss of your own, and "poisson", always see y as it is. A function
        loss(a, y) takes outputs and targets (rows, outputs) and gives a number for each row; its slope is made from what it
        does, so that it is written in NumPy's functions.
    alpha : float, or "auto"
        The penalty on the weights: ½ alpha Σ w² beside the sum of a step's costs, as in scikit-learn. "auto" makes of it
        ½ l2 Σ w² beside the mean cost, with l2 = 5 / rows, but no more than 0.01; with another loss than "squared_error", or
        with standardize=False, it is scikit-learn's 0.0001.
    batch_size : int, or "auto"
        Rows of a step. "auto" is 200 for fewer than 10,000 rows, and 256 for as many or more.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine", …}, Schedule or function, or "auto"
        How the learning rate changes. "auto" is "constant"; where rows are watched it falls to a fifth after four epochs in a
        row without a lower validation loss.
    learning_rate_init : float, or "auto"
        The learning rate of the first steps. "auto" is 0.001; it is 0.003 for 10,000 rows or more where `learning_rate` is
        "auto", rows are watched, and the solver is "adam", "adamw" or "rmsprop".
    early_stopping : bool, or "auto"
        Whether a part of the rows, `validation_fraction`, is watched and not learnt from, so that training ends where their
        score no longer rises, and the weights of the best epoch are kept. "auto" does so from 10,000 rows.
    init : str or function
        The first weights, by a name of chainrule.initialization: "glorot" (close to scikit-learn's), "he", "orthogonal", …
    standardize : bool
        Whether each column is shifted and divided to mean 0 and deviation 1, and a target of numbers as well.
    preprocess : None, "auto" or dict
        None takes numbers. "auto" takes tables with texts, dates and gaps too, and decides by its values what a column becomes:
        `print(estimator.preprocessing_)` shows it. A dictionary decides a part of that: {"drop": ["id"], "kinds": {"zip":
        "category"}, "gaps": "refuse"}.

    Attributes
    ----------
    chosen_ : dict
        What each parameter that is "auto" came to.
    preprocessing_ : Preprocessing
        What the columns became, and what the outputs mean.
    input_names_ : array of str
        What each input of the network is called, as "cut = Ideal".
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
    def _encoded(self, y: Array, known: bool) -> Array:
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
