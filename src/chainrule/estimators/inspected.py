"""What goes on inside a fitted estimator: activations, gradients, checks and explanations, in its user's terms."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from chainrule.backward import gradient_of
from chainrule.data.columns import Number
from chainrule.data.network_rows import Rows, rows_for
from chainrule.diagnostics.reasons import Reason, Slowest, slowest, why
from chainrule.errors import DataError, SettingError, ShapeError, brief, unknown_name
from chainrule.estimators.asked import Asked
from chainrule.estimators.input_slopes import output_slopes
from chainrule.explanation.derivation import Derivation
from chainrule.explanation.derivative import explain
from chainrule.explorer import Explorer, explore
from chainrule.forward import Trace, forward
from chainrule.ids import Id
from chainrule.parameters import Parameters
from chainrule.per_example import PerExampleGradients, per_example_of
from chainrule.problem import Problem
from chainrule.regularization import Penalty
from chainrule.verification.verdict import Verification
from chainrule.verification.verify import verify

Array = np.ndarray
OF = ("answers", "decision")


class Inspected(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """The methods of both estimators that look inside; X and y are as in `fit`, labels and data frames too."""

    # activations -----------------------------------------------------------------------------------------------------
    def trace(self, X: Any) -> Trace:
        """Every a^l and z^l of rows X: `trace(X).a[1]` are the activations of the first hidden layer (rows, neurons)."""
        return forward(self.network_, self._inputs(self._rows(as_rows(X))))

    def transform(self, X: Any, layer: int = -1) -> Array:
        """The activations of a hidden layer (rows, neurons): by default of the last one.

        Layers are numbered 0, 1, … L: 0 are the inputs as the network takes them, scaled, and L is the output. −1 is the last
        hidden layer, −2 the one before; without hidden layers −1 are the inputs.
        """
        check_is_fitted(self, "network_")
        place = self._hidden_layer(layer)
        trace = forward(self.network_, self._inputs(self._rows(X)))
        return np.asarray(trace.a[place])

    def _hidden_layer(self, given: Any) -> int:
        """The number of a layer. Raises SettingError where there is no such layer."""
        depth = self.network_.depth
        is_whole = isinstance(given, (int, np.integer)) and not isinstance(given, bool)
        place = int(given) + depth if is_whole and given < 0 else given
        if not is_whole or not 0 <= place <= depth:
            hidden = f"the hidden layers are 1…{depth - 1}" if depth > 1 else "there is no hidden layer"
            raise SettingError(
                f"layer={brief(given)}: 0 are the inputs, {hidden}, {depth} is the output; −1 is the last before it"
            )
        return int(place)

    @property
    def _n_features_out(self) -> int:
        """How many numbers `transform` gives a row."""
        return self.network_.sizes[self._hidden_layer(-1)]

    # derivatives with respect to the weights -------------------------------------------------------------------------
    def gradient(self, X: Any, y: Any, sample_weight: Any = None, *, penalty: bool = True) -> Parameters:
        """∂C/∂w and ∂C/∂b of all weights and biases, of what `fit` minimises on these rows as one batch.

        C is the weighted mean of the rows' costs (`sample_weight`, `class_weight`), and with `penalty` what `alpha` and `l1`
        add to it; `alpha` is divided by the rows of a batch, as in `fit`.
        """
        part = self._known(X, y, sample_weight)
        rows = self._learnt(part)
        found = gradient_of(self._problem(rows), "mean", rows.weights)
        added = self._penalty(part)
        if not (penalty and added):
            return found
        theta = self.network_.parameters
        return found + theta.like((added.slope(theta.flat()) * added.entries(theta)).astype(theta.dtype))

    def per_example_gradients(self, X: Any, y: Any) -> PerExampleGradients:
        """Each row's own gradient, computed on demand: of its whole cost, without weights or penalties."""
        return per_example_of(self._problem(self._learnt(self._known(X, y))))

    # derivatives with respect to the inputs --------------------------------------------------------------------------
    def jacobian(self, X: Any, of: str = "answers") -> Array:
        """How the answers change with the features, (rows, answers, features), in the user's units.

        A classifier's answers are the probabilities of its classes (or of its labels), a regressor's its numbers in the unit of
        y; of="decision" takes z^L instead, a classifier's `decision_function`. With respect to a feature x in its own unit: an
        answer that rises by 3 where x rises by 1, has the derivative 3. Of other features (categories, dates) there is
        none: NaN stands there.
        """
        if of not in OF:
            raise unknown_name("of", of, OF)
        rows = self._inputs(self._rows(as_rows(X)))
        slopes = self._in_answers(output_slopes(self.network_, rows, of == "decision"), of)
        return _by_feature(slopes, self.network_.preprocessing)

    def input_gradient(self, X: Any, output: Any = None, of: str = "answers") -> Array:
        """How one answer changes with the features, (rows, features): a row of `jacobian` (see there for the units).

        `output` is a class (the label as in y), or the number of a label or of a target. Without it, a classifier takes the
        class that it predicts for each row, and a regressor its only output.
        """
        slopes = self.jacobian(X, of)
        if output is None and slopes.shape[1] > 1:
            place = self._predicted_places(X)
        else:
            place = np.full(len(slopes), 0 if output is None else self._place_of(output, slopes.shape[1]))
        return np.asarray(slopes[np.arange(len(slopes)), place])

    def _in_answers(self, slopes: Array, of: str) -> Array:
        """Derivatives of a^L or z^L (rows, out, in) as those of the answers in the user's terms."""
        return slopes

    def _predicted_places(self, X: Any) -> Array:
        """Which answer of each row is meant where none is named."""
        raise SettingError(
            f"which of the {self.network_.sizes[-1]} outputs? Name one, as output=0; jacobian(X) has them all"
        )

    def _place_of(self, output: Any, count: int) -> int:
        """Which answer is meant."""
        if not isinstance(output, (int, np.integer)) or isinstance(output, bool) or not 0 <= output < count:
            raise SettingError(f"output is a number from 0 to {count - 1}, got {brief(output)}")
        return int(output)

    # checks and explanations -----------------------------------------------------------------------------------------
    def verify(self, X: Any, y: Any, **how: Any) -> Verification:
        """The gradient on these rows by up to nine independent methods, compared; `alpha` and `l1` included, weights not.

        The keywords are those of `chainrule.verify`: methods=[…], gradient=….
        """
        part = self._known(X, y)
        rows, penalty = self._learnt(part), self._penalty(part)
        return verify(self.network_, rows.inputs, rows.targets, **{"l1": penalty.l1, "l2": penalty.l2, **how})

    def explain(self, X: Any, y: Any, by: str | Id, *, row: int = 0, **how: Any) -> Derivation:
        """One derivative of one row, written out with its numbers: `explain(X, y, "w/1/0/2", row=3)`.

        Inputs and targets are shown as the network takes them. The keywords are those of `chainrule.explain`: of="a/2/0",
        form="paths", convention="nielsen". y may be None where `of` is not the cost.
        """
        if y is None:
            x = self._inputs(self._rows(as_rows(X)))
            return explain(self.network_, x[checked_row(row, len(x))], None, by, **how)
        rows = self._learnt(self._known(X, y))
        place = checked_row(row, len(rows))
        return explain(self.network_, rows.inputs[place], rows.targets[place], by, **how)

    def explore(self, X: Any, y: Any, **how: Any) -> Explorer:
        """One HTML page to explore the network by hand on these rows: `explore(X, y).open()`.

        The keywords are those of `chainrule.explore`: row=3, by="w/1/0/2", title="…".
        """
        rows = self._learnt(self._known(X, y))
        return explore(self.network_, rows.inputs, rows.targets, **{"title": type(self).__name__, **how})

    def why(self, X: Any, y: Any, by: str | Id | None = None, **how: Any) -> Reason | Slowest:
        """Why a weight or bias learns as fast or slowly as it does on these rows; without `by`, which ones learn slowly."""
        rows = self._learnt(self._known(X, y))
        if by is None:
            return slowest(self.network_, rows.inputs, rows.targets, **how)
        return why(self.network_, rows.inputs, rows.targets, by, **how)

    # the user's terms ------------------------------------------------------------------------------------------------
    def _known(self, X: Any, y: Any, weight: Any = None) -> Any:
        """Rows and targets as `fit` checks them, in the terms of the fit."""
        check_is_fitted(self, "network_")
        rows = as_rows(X)
        return self._part(rows, y if rows is X else [y], weight, False, known=True)

    def _learnt(self, part: Any) -> Rows:
        """The same as the network learns them."""
        return rows_for(self.network_, self._dataset(part), self.network_.cost)

    def _problem(self, rows: Rows) -> Problem:
        return Problem.of(self.network_, np.asarray(rows.inputs), rows.targets)

    def _penalty(self, part: Any) -> Penalty:
        """What `alpha` and `l1` add to the cost of such rows."""
        settings = Asked.of(vars(self), part.X, part.weight).settings
        return Penalty(settings["l1"], settings["l2"])

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """In a notebook: scikit-learn's box with the parameters, and once fitted the network below it."""
        shown: dict[str, str] = super()._repr_mimebundle_(**kwargs)
        if "text/html" in shown and hasattr(self, "network_"):
            shown["text/html"] += self.network_._repr_html_()
        return shown

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def as_rows(X: Any) -> Any:
    """X, or one example (features,) as rows; one of a data frame keeps the names of its columns."""
    is_list = isinstance(X, (list, tuple)) and len(X) > 0 and np.ndim(X[0]) == 0
    if getattr(X, "ndim", 1 if is_list else 2) != 1:
        return X
    return X.to_frame().T if hasattr(X, "to_frame") and hasattr(X, "index") else np.asarray(X)[None]


def checked_row(row: Any, count: int) -> int:
    """Raises DataError where there is no such row."""
    if not isinstance(row, (int, np.integer)) or isinstance(row, bool) or not 0 <= row < count:
        raise DataError(f"row={brief(row)}: the rows are numbered 0…{count - 1}")
    return int(row)


def _by_feature(slopes: Array, terms: Any) -> Array:
    """Derivatives with respect to the network's inputs (…, inputs) as those with respect to a user's features (…, features)."""
    if terms is None or terms.columns is None:
        return slopes
    found = np.full((*slopes.shape[:-1], len(terms.columns)), np.nan, slopes.dtype)
    at = 0
    for place, column in enumerate(terms.columns):
        if isinstance(column, Number):
            found[..., place] = slopes[..., at] / column.scale
        at += column.width
    if at != slopes.shape[-1]:
        raise ShapeError(f"the columns make {at} inputs, and the network takes {slopes.shape[-1]}")
    return found
