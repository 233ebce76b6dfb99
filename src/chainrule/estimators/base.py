"""What both estimators have: fit and partial_fit, and what stays from one call to the next."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    check_random_state,
    column_or_1d,
    validate_data,
)

from chainrule.costs import Cost
from chainrule.data import Dataset, Preprocessing
from chainrule.data.columns import Column
from chainrule.errors import DataError, DataWarning, DivergenceError, SettingError, listed
from chainrule.estimators.asked import LBFGS, Asked
from chainrule.estimators.begun import begun_with, check_same
from chainrule.estimators.callbacks import OUTSIDE, CallbackSupportMixin, Tasks, functions, with_callbacks
from chainrule.estimators.columns import standardised
from chainrule.estimators.inspected import Inspected
from chainrule.estimators.minimum import lbfgs
from chainrule.estimators.preprocessed import TAKES_TABLES, Preprocessed, columns_of, dtype_of, is_table, rows_taken
from chainrule.estimators.progress import Progress
from chainrule.estimators.saved import Saved
from chainrule.estimators.taken_over import TakenOver
from chainrule.evaluation import cost_on_some
from chainrule.last_layer import LastLayer
from chainrule.memory import check_memory
from chainrule.network import Network
from chainrule.progress import Pace
from chainrule.run import TrainingState
from chainrule.schedules import as_schedule
from chainrule.settings import Settings
from chainrule.training import Epochs, after_epoch
from chainrule.updates import Rule, adam

Array = np.ndarray
SPARSE = ["csr", "csc"]
DTYPES = [np.float64, np.float32]


class Part(NamedTuple):
    """Rows (rows, features), or a Table; their targets as the network learns them, and their weights or None."""

    X: Any
    targets: Array
    weight: Array | None

    def take(self, rows: Array) -> Part:
        return Part(rows_taken(self.X, rows), self.targets[rows], None if self.weight is None else self.weight[rows])


def unchanged_where_it_fails(learn: Callable[..., Any]) -> Callable[..., Any]:
    """A method that learns, after which the estimator is as it was before where it raises: no half of a fit predicts."""

    @wraps(learn)
    def method(estimator: Any, *given: Any, **named: Any) -> Any:
        before = dict(vars(estimator))
        try:
            return learn(estimator, *given, **named)
        except BaseException:
            vars(estimator).clear()
            vars(estimator).update(before)
            raise

    return method


class NetworkEstimator(Inspected, Saved, TakenOver, CallbackSupportMixin, Preprocessed, BaseEstimator):
    """What NetworkClassifier and NetworkRegressor have in common."""

    # what a subclass says of its targets -----------------------------------------------------------------------------
    @abstractmethod
    def _encoded(self, y: Any, known: bool) -> Array:
        """Targets as the network learns them: class numbers (rows,), or numbers (rows, outputs).

        `known` says that the classes are known.
        """

    @abstractmethod
    def _terms(self, columns: tuple[Column, ...] | None, part: Part) -> Preprocessing:
        """What the columns become and the outputs mean, of the rows that are learnt."""

    @abstractmethod
    def _last_layer(self, targets: Array) -> tuple[int, str, Cost]:
        """(neurons, activation, cost) of the last layer for such targets."""

    def _started(self, network: Network, part: Part) -> Network:
        """The network before its first step."""
        return network

    def _strata(self, targets: Array) -> Array | None:
        """What `validation_fraction` is to have the same shares of; None for rows at random."""
        return None

    def _check_going_on(self, y: Array) -> None:
        """Whether `warm_start` can go on with such targets. Raises DataError where not."""

    # learning --------------------------------------------------------------------------------------------------------
    @unchanged_where_it_fails
    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:
        """Train on rows X (rows, features) and targets y; from new weights, unless `warm_start` is set.

        `sample_weight` is a number ≥ 0 for each row; a row of weight 0 counts as absent. X_val, y_val and sample_weight_val are
        rows that are watched after every epoch and never learnt from: training stops when their score no longer rises (of fewer
        than 1,000 rows: and their loss no longer falls), and the weights of the best epoch are kept. Without them
        early_stopping=True takes the share `validation_fraction` of the rows, as "auto" does from 10,000 rows. What each
        parameter that is "auto" came to stands in `chosen_`.
        """
        reset = not (self.warm_start and hasattr(self, "network_"))
        if not reset:
            check_same(self._begun_with, vars(self), self.network_, "warm_start=True")
        part = self._part(X, y, sample_weight, reset, known=not reset, going_on=not reset)
        watched = self._watched(X_val, y_val, sample_weight_val, part)
        rng = check_random_state(self._random_state())
        hidden = None if reset else self.network_.sizes[1:-1]
        asked = Asked.of(vars(self), part.X, part.weight, None if watched is None else True, hidden)
        self.chosen_ = dict(asked.chosen)
        if watched is None and asked.early_stopping:
            part, watched = self._divided(part, asked.held_out, rng)
        if reset:
            self._begin(part, asked, rng)
        tasks = Tasks(self, X, y, sample_weight, asked.epochs)
        if asked.rule is None:
            self._minimise(part, watched, asked, tasks)
        else:
            self._train(part, watched, asked, tasks)
        tasks.close()
        return self

    def _watched(self, X_val: Any, y_val: Any, weight: Any, part: Part) -> Part | None:
        """The user's own rows to watch."""
        if X_val is None and y_val is None and weight is None:
            return None
        if X_val is None or y_val is None:
            raise DataError("the rows to watch are X_val and their targets y_val: give both")
        try:
            watched = self._part(X_val, y_val, weight, False, known=True)
        except ValueError as error:
            raise DataError(f"X_val and y_val, the rows to watch: {error}") from error
        if watched.targets.shape[1:] != part.targets.shape[1:]:
            of_val, of_y = (each.shape[1] if each.ndim == 2 else 1 for each in (watched.targets, part.targets))
            raise DataError(f"y_val has {of_val} numbers a row, and y has {of_y}")
        if self._numeric and len(watched.X) < 2:
            raise DataError("X_val and y_val have one row, and their score, R², needs two or more")
        return watched

    def _part(self, X: Any, y: Any, weight: Any, reset: bool, known: bool, going_on: bool = False) -> Part:
        """Rows as scikit-learn checks them, those of weight 0 left out."""
        if reset:
            self._takes_tables = self.preprocess is not None
        if self._takes_tables:
            X, y = self._table_and_target(X, y, reset, self._numeric)
        else:
            try:
                X, y = validate_data(
                    self, X, y, reset=reset, accept_sparse=SPARSE, dtype=DTYPES, order="C", multi_output=True,
                    y_numeric=self._numeric,
                )  # fmt: skip
            except (ValueError, TypeError) as error:
                if is_table(X, error):
                    error.add_note(TAKES_TABLES)
                raise
        if weight is not None:
            weight = _check_sample_weight(weight, X, dtype=DTYPES, ensure_non_negative=True)
            if not weight.any():
                raise DataError("sample_weight is 0 for every row: a weight above 0 is needed")
            if not weight.all():
                X, y, weight = rows_taken(X, weight > 0), y[weight > 0], weight[weight > 0]
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        if going_on:
            self._check_going_on(y)
        targets = self._encoded(y, known)
        return Part(dense(X, self.standardize), targets, self._by_class(weight, y))

    def _by_class(self, weight: Array | None, y: Any) -> Array | None:
        """Weights of rows, multiplied by those of their classes."""
        return weight

    def _divided(self, part: Part, share: float, rng: np.random.RandomState) -> tuple[Part, Part]:
        """The rows to learn from, and a share of them to watch."""
        if share == 0:
            raise SettingError(
                "validation_fraction=0 leaves no rows to watch: take a share above 0, as 0.1, or early_stopping=False"
            )
        rows, strata = np.arange(len(part.X)), self._strata(part.targets)
        classes, counts = (np.empty(0), np.empty(0)) if strata is None else np.unique(strata, return_counts=True)
        held = max(math.ceil(share * len(rows)), 2, len(classes))
        cure = "give X_val and y_val, or set early_stopping=False"
        if len(classes) and len(rows) > 1 and min(counts) < 2:
            alone = listed(map(repr, classes[counts < 2].tolist()), 8)
            raise DataError(
                f"early_stopping=True watches a share of each class, and these have one row only: {alone}. Add rows, {cure}"
            )
        if len(rows) - held < max(1, len(classes)):
            of_each = f", with a row of each of {len(classes)} classes on both sides" if len(classes) else ""
            raise DataError(
                f"The validation set is too small, or leaves too little to learn from: {held} of n_samples={len(rows)}"
                f"{of_each}. Lower validation_fraction={share:g}, {cure}"
            )
        learnt, others = train_test_split(rows, test_size=held, random_state=rng, stratify=strata)
        return part.take(learnt), part.take(others)

    def _random_state(self) -> Any:
        given = self.random_state
        return int(given.integers(2**31 - 1)) if isinstance(given, np.random.Generator) else given

    def _begin(self, part: Part, asked: Asked, rng: np.random.RandomState) -> None:
        """A new network for such rows."""
        terms = self._terms(self._columns(part), part)
        width = part.X.shape[1] if terms.width is None else terms.width
        outputs, output, cost = self._last_layer(part.targets)
        network = Network.random(
            [width, *asked.hidden, outputs], asked.activations, output, self.init,
            seed=int(rng.randint(2**31 - 1)), dtype=dtype_of(part.X),
        )  # fmt: skip
        self._start(self._started(network, part).with_cost(cost).with_preprocessing(terms), rng)

    def _start(self, network: Network, rng: np.random.RandomState) -> None:
        """This network, before any training."""
        self.network_ = network
        self._begun_with = begun_with(vars(self), network)
        self._state, self._seed = TrainingState(), int(rng.randint(2**31 - 1))
        self.t_: int = 0
        self.n_iter_: int = 0
        self.loss_curve_: list[float] = []
        self.best_loss_: float | None = None
        self.validation_scores_: list[float] | None = None
        self.validation_losses_: list[float] | None = None
        self.best_validation_score_: float | None = None

    def _columns(self, part: Part) -> tuple[Column, ...] | None:
        """What the columns of the rows that are learnt become; None where they stay as they are."""
        if self.preprocess is not None:
            return columns_of(part.X, part.targets if self._numeric else None, self.preprocess, self.standardize)
        names = getattr(self, "feature_names_in_", [f"x{i}" for i in range(part.X.shape[1])])
        return standardised(list(map(str, names)), part.X, part.weight) if self.standardize else None

    def _dataset(self, part: Part) -> Dataset:
        """Rows in the network's terms."""
        terms = self.network_.preprocessing
        return Dataset(self._inputs(part.X), self._in_units(part.targets), part.weight, terms, type(self).__name__)

    def _train(
        self, part: Part, watched: Part | None, asked: Asked, tasks: Tasks | None = None, once: bool = False
    ) -> None:
        """`max_iter` epochs, or as many as it takes until nothing is gained any more; `once`: the next of those alone."""
        rule, watching = asked.rule or adam(), None if watched is None else self._dataset(watched)
        before = self._before(rule, asked, len(part.X), watching is not None)
        epochs = before.epoch + (1 if once else asked.epochs)
        if once and not asked.ends_by_tol:  # the schedule is planned for all epochs
            epochs = max(epochs, asked.epochs)
        settings: Settings = {**asked.settings, "best": "last" if watching is None else "score"}
        stream = Epochs(
            self.network_, self._dataset(part), None, rule, epochs, asked.batch_size, self._seed,
            watching, self.engine, shuffle=self.shuffle, **settings,
        )  # fmt: skip
        progress = self._progress(asked, watched, tasks)
        cut_off = self._run(stream, before, progress, once)
        self._state = replace(stream.state, history=())
        self.network_ = stream.kept
        self._remember(progress, len(part.X), before.best is not None)
        if isinstance(cut_off, KeyboardInterrupt):
            warn_interrupted(self.n_iter_)
        elif cut_off is not None:
            self._go_back(stream)
            warnings.warn(ConvergenceWarning(f"{cut_off}"), stacklevel=OUTSIDE)
        elif watching is None and progress.has_risen:
            number = self._go_back(stream)
            warnings.warn(
                ConvergenceWarning(
                    f"the loss rose from {progress.costs[0]:.3g} in the first epoch to {progress.costs[-1]:.3g} in the last: "
                    f"a smaller learning rate than in {rule!r} is the usual cure; {after_epoch(number)} is kept"
                ),
                stacklevel=OUTSIDE,
            )
        elif not once and len(progress.costs) == asked.epochs and asked.ends_by_tol and not progress.is_enough:
            warnings.warn(
                ConvergenceWarning(
                    f"after max_iter={asked.epochs} epochs the loss still falls by more than tol={asked.tol:g} within "
                    f"n_iter_no_change={asked.patience:g} of them: raise max_iter, or learning_rate_init"
                ),
                stacklevel=OUTSIDE,
            )

    def _run(
        self, stream: Epochs, before: TrainingState, progress: Progress, once: bool
    ) -> DivergenceError | KeyboardInterrupt | None:
        """Epochs until training is over; what cut it off, where an epoch was finished by then."""
        try:
            with progress.shown(Pace.of(stream, before.epoch)) as stream.within:
                for epoch in stream.resume(before):
                    if why := progress.after(epoch) or ("partial_fit takes one epoch" if once else ""):
                        stream.stop(why)
        except DivergenceError as error:
            if not progress.costs:
                scale = "" if self.standardize else ": the numbers may be too large, and standardize=True scales them"
                raise DataError(f"{error}. Nothing was learnt{scale}") from error
            progress.diverged()
            return error
        except KeyboardInterrupt as error:
            if not progress.costs:
                raise
            return error
        return None

    def _progress(self, asked: Asked, watched: Part | None, tasks: Tasks | None) -> Progress:
        count = None if watched is None else len(watched.X)
        return Progress(asked, functions(self.callbacks), tasks, count)

    def _before(self, rule: Rule, asked: Asked, rows: int, watches: bool) -> TrainingState:
        """The state to go on from, on so many rows; without what another rule, another schedule or other costs left."""
        steps = self._state.epoch * math.ceil(rows / asked.batch_size)  # as if all epochs had had such rows and batches
        state, schedule = replace(self._state, step=steps, good=None), as_schedule(asked.settings["schedule"])
        if watches != (state.best is not None):
            state = replace(state, best=None, schedule=None)
        slots = {f"rule/{name}" for name in rule.begin(self.network_.parameters)[1]}
        if {name for name in state.engine or {} if name.startswith("rule/")} != slots:
            state = replace(state, engine=None)
        if (state.schedule or {}).keys() != schedule.begin().keys():
            state = replace(state, schedule=None)
        return state

    def _go_back(self, stream: Epochs) -> int:
        """To the best network there was, after so many epochs: training goes on there, and the rule remembers nothing."""
        number, self.network_ = stream.best_so_far()
        self.loss_ = cost_on_some(self.network_, stream.job.rows, self.network_.cost)
        self._state = replace(self._state, engine=None)
        return number

    def _minimise(self, part: Part, watched: Part | None, asked: Asked, tasks: Tasks) -> None:
        """L-BFGS on all rows at once; without rows that are watched it ends by itself, however little an iteration gains."""
        watching = None if watched is None else self._dataset(watched)
        patient = asked if watching else replace(asked, patience=math.inf)
        progress = self._progress(patient, watched, tasks)
        with progress.shown(Pace(asked.epochs, len(part.X), 1, may_end=True)):
            found = lbfgs(self.network_, self._dataset(part), watching, patient, progress.after)
        self.network_, self._state = found.network, TrainingState()
        progress.costs = progress.costs or [found.cost]
        self._remember(progress, len(part.X), False)
        if found.interrupted:
            warn_interrupted(self.n_iter_)
        elif found.unfinished:
            warnings.warn(
                ConvergenceWarning(f"L-BFGS ended before it converged: {found.unfinished}; raise max_iter or max_fun"),
                stacklevel=OUTSIDE,
            )

    def _remember(self, progress: Progress, rows: int, watched_before: bool) -> None:
        """What scikit-learn's estimators tell of a training.

        `watched_before` says that epochs of an earlier one may be the best: the curves of the watched rows go on then.
        """
        self.n_iter_ = len(progress.costs)
        self.t_ += self.n_iter_ * rows
        self.loss_curve_ = [*self.loss_curve_, *progress.costs]
        self.loss_ = self.loss_curve_[-1]
        if not watched_before:
            self.validation_scores_ = self.validation_losses_ = self.best_validation_score_ = None
        if progress.validation_scores:
            self.validation_scores_ = [*(self.validation_scores_ or []), *progress.validation_scores]
            self.validation_losses_ = [*(self.validation_losses_ or []), *progress.validation_costs]
            numbers = [score for score in self.validation_scores_ if score == score]
            self.best_validation_score_, self.best_loss_ = max(numbers, default=None), None
        else:
            self.best_loss_ = min(self.loss_curve_)

    def _goes_by_epochs(self) -> bool:
        if isinstance(self.solver, str) and self.solver == LBFGS:
            raise AttributeError(
                'solver="lbfgs" learns from all rows at once: partial_fit needs a rule, such as solver="adam"'
            )
        if self.early_stopping is True:
            raise AttributeError(
                "partial_fit does not support early_stopping=True: it takes one epoch, and stops no training"
            )
        return True

    @unchanged_where_it_fails
    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> Any:
        """One epoch more."""
        if not reset:
            check_same(self._begun_with, vars(self), self.network_, "partial_fit")
        part = self._part(X, y, sample_weight, reset, known=True)
        asked = Asked.of(vars(self), part.X, part.weight, False, None if reset else self.network_.sizes[1:-1])
        self.chosen_ = dict(asked.chosen)
        if reset:
            if self.standardize and len(part.X) == 1:
                told = "partial_fit takes means and deviations from its first rows, and there is one"
                warnings.warn(DataWarning(f"{told}: give more, or standardize=False"), stacklevel=4)  # its caller
            self._begin(part, asked, check_random_state(self._random_state()))
        iterations = 0 if reset else self.n_iter_
        self._train(part, None, asked, once=True)
        self.n_iter_ = iterations + 1
        return self

    # answering -------------------------------------------------------------------------------------------------------
    def _rows(self, X: Any) -> Any:
        """Rows as scikit-learn checks them, or a Table where columns are preprocessed."""
        check_is_fitted(self, "network_")
        if self._takes_tables:
            return self._table(X, False)
        return dense(validate_data(self, X, reset=False, accept_sparse=SPARSE, dtype=DTYPES), self.standardize)

    def _inputs(self, X: Any) -> Array:
        """Rows as the network takes them."""
        terms = self.network_.preprocessing
        rows = X if terms is None or terms.columns is None else terms.rows(X, dtype=self.network_.dtype)
        return np.asarray(rows, self.network_.dtype)

    def _weighted_inputs(self, X: Any) -> Array:
        """z^L (rows, outputs)."""
        rows = self._rows(X)
        rows = self._inputs(rows)
        z = np.empty((len(rows), self.network_.sizes[-1]), self.network_.dtype)
        LastLayer(self.network_.parameters, self.network_.activations).of_rows(rows, z)
        return z

    def _outputs(self, X: Any) -> Array:
        """a^L (rows, outputs)."""
        rows = self._inputs(self._rows(X))
        return LastLayer(self.network_.parameters, self.network_.activations).of_rows(rows)

    # what scikit-learn's networks have -------------------------------------------------------------------------------
    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer, (inputs, neurons): scikit-learn's order, the other way round than `network_.weights`."""
        return [w.T for w in self.network_.weights]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer, (neurons,)."""
        return list(self.network_.biases)

    @property
    def n_layers_(self) -> int:
        """Layers, the input counted."""
        return self.network_.depth + 1

    @property
    def n_outputs_(self) -> int:
        return self.network_.sizes[-1]

    @property
    def out_activation_(self) -> str:
        """By scikit-learn's name."""
        return {"sigmoid": "logistic"}.get(self.network_.output.name, self.network_.output.name)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "network_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        if self.preprocess is not None:
            tags.input_tags.allow_nan = tags.input_tags.categorical = tags.input_tags.string = True
        return tags


def warn_interrupted(epochs: int) -> None:
    """Ctrl-C during `fit`."""
    told = f"training was interrupted after epoch {epochs}: what was learnt by then is kept"
    warnings.warn(ConvergenceWarning(told), stacklevel=OUTSIDE + 1)


def dense(X: Any, scaled: bool = False) -> Any:
    """Rows as an array, and a Table as it is. Raises MemoryLimitError where sparse rows would not fit, twice where they are to
    be scaled.

    The zeros of the array take memory only when they are read, and so the memory for a second one seems to be there until then.
    """
    if not issparse(X):
        return X
    size, twice = X.shape[0] * X.shape[1] * X.dtype.itemsize, ", and once more scaled," if scaled else ""
    instead = "take fewer rows, or float32" if X.dtype.itemsize > 4 else "take fewer rows"
    check_memory(size * (1 + scaled), f"{X.shape[0]:,} sparse rows of {X.shape[1]:,} as an array{twice}", instead)
    return X.toarray(order="C")
