"""A fit that does not come to its end: Ctrl-C, and errors in the middle of it."""

from __future__ import annotations

import signal
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from typechecker import ALL_TYPES

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor

X, Y = load_iris(return_X_y=True)
SHORT: dict[str, Any] = {"hidden_layer_sizes": (6,), "random_state": 0}


def ctrl_c(epoch: cr.Epoch) -> None:
    if epoch.number == 4:
        signal.raise_signal(signal.SIGINT)


def refuses(*given: Any) -> Any:
    raise ZeroDivisionError


def interrupts(*given: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("given", "watches"), [({}, False), ({}, True), ({"solver": "lbfgs"}, False), ({"solver": "lbfgs"}, True)]
)
def test_ctrl_c_keeps_what_was_learnt_by_then(given: Any, watches: bool) -> None:
    rows = {"X_val": X[::2], "y_val": Y[::2]} if watches else {}
    model = NetworkClassifier(**SHORT, **given, callbacks=ctrl_c)
    with pytest.warns(ConvergenceWarning, match="interrupted after epoch 4") as told:
        model.fit(X, Y, **rows)
    assert ALL_TYPES or told[0].filename == __file__  # a check of types is a caller too
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        four = NetworkClassifier(**SHORT, **given, max_iter=4).fit(X, Y, **rows)
    assert np.array_equal(model.predict_proba(X), four.predict_proba(X))
    assert (model.n_iter_, model.loss_curve_) == (4, four.loss_curve_)


@pytest.mark.parametrize(
    ("given", "error"),
    [({"init": interrupts}, KeyboardInterrupt), ({"callbacks": refuses}, ZeroDivisionError)],
)
@pytest.mark.parametrize("before", ["nothing", "a fit", "partial_fit"])
def test_an_estimator_whose_fit_fails_is_what_it_was_before(given: Any, error: Any, before: str) -> None:
    model = NetworkRegressor(**SHORT, max_iter=2, learning_rate="cosine")
    if before != "nothing":
        (model.fit if before == "a fit" else model.partial_fit)(X, Y)
    model.set_params(**given)
    state = dict(vars(model))
    with pytest.raises(error):
        model.fit(X[:90, :2], Y[:90])
    assert vars(model) == state
    assert hasattr(model, "network_") is (before != "nothing")
