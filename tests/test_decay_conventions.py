"""What others call λ, alpha or weight decay, each in its own terms against `l1`, `l2` and `decay`: the table in docs/train.md.

PyTorch's are in test_torch_training.py.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

import chainrule as cr

ROWS, BATCH, EPOCHS, RATE = 8, 2, 5, 0.05
rng = np.random.default_rng(3)
X, Y = rng.standard_normal((ROWS, 3)), rng.standard_normal((ROWS, 2))
START = cr.Network.random([3, 4, 2], "tanh", seed=1, dtype="float64")
START = START.with_parameters(START.parameters.map(lambda array: array + 0.2))


def ours(**settings: Any) -> np.ndarray:
    """All weights and biases after training on the mean of ½ ‖a − y‖² over each batch."""
    run = cr.train(
        START, X, Y, cr.delta_rule(RATE), EPOCHS, BATCH, cost="quadratic", shuffle=False, **settings
    )  # fmt: skip
    return run.network.parameters.flat()


def by_hand(shrink: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Nielsen, chapter 3: w → shrink(w) − (η/m) Σ ∂C_x/∂w and b → b − (η/m) Σ ∂C_x/∂b, a mini-batch after another."""
    ws, bs = ([np.array(each) for each in layers] for layers in (START.weights, START.biases))
    for _ in range(EPOCHS):
        for first in range(0, ROWS, BATCH):
            nabla_w, nabla_b = [np.zeros_like(w) for w in ws], [np.zeros_like(b) for b in bs]
            for x, y in zip(X[first : first + BATCH], Y[first : first + BATCH]):
                hidden = np.tanh(ws[0] @ x + bs[0])
                delta = ws[1] @ hidden + bs[1] - y
                before = ws[1].T @ delta * (1 - hidden**2)
                for l, (d, a) in enumerate([(before, x), (delta, hidden)]):
                    nabla_w[l] += np.outer(d, a)
                    nabla_b[l] += d
            ws = [shrink(w) - RATE / BATCH * n for w, n in zip(ws, nabla_w)]
            bs = [b - RATE / BATCH * n for b, n in zip(bs, nabla_b)]
    return np.concatenate([np.ravel(each) for pair in zip(ws, bs) for each in pair])


def test_nielsens_lambda_is_l2_times_the_rows_of_the_data() -> None:
    """His equation 93: w → (1 − ηλ/n) w − …, with n the size of the whole training set."""
    lmbda = 2.0
    theirs = by_hand(lambda w: (1 - RATE * lmbda / ROWS) * w)
    assert ours(l2=lmbda / ROWS) == pytest.approx(theirs, rel=0, abs=1e-12)
    assert np.abs(theirs - ours()).max() > 0.01


def test_nielsens_lambda_of_l1_is_l1_times_the_rows_of_the_data() -> None:
    """His equation 97: w → w − (ηλ/n) sgn(w) − …."""
    lmbda = 0.5
    theirs = by_hand(lambda w: w - RATE * lmbda / ROWS * np.sign(w))
    assert ours(l1=lmbda / ROWS) == pytest.approx(theirs, rel=0, abs=1e-12)
    assert np.abs(theirs - ours()).max() > 0.01


def test_for_the_delta_rule_decay_is_l2() -> None:
    assert ours(decay=0.3) == pytest.approx(ours(l2=0.3), rel=0, abs=1e-12)
    assert ours(decay=0.3) == pytest.approx(by_hand(lambda w: w - RATE * 0.3 * w), rel=0, abs=1e-12)


def test_scikit_learns_alpha_is_l2_times_the_rows_of_a_batch() -> None:
    """Its gradient is (Σ ∂c/∂w + alpha w) / rows of the batch, biases apart."""
    alpha = 0.6
    learner = MLPRegressor(
        hidden_layer_sizes=(4,), activation="tanh", solver="sgd", alpha=alpha, batch_size=BATCH, learning_rate_init=RATE,
        shuffle=False, momentum=0.0, max_iter=1,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        learner.partial_fit(X, Y)
        for theirs, mine in zip(learner.coefs_ + learner.intercepts_, [*START.weights, *START.biases]):
            theirs[:] = mine.T
        for _ in range(EPOCHS):
            learner.partial_fit(X, Y)
    pairs = zip(learner.coefs_, learner.intercepts_)
    after = np.concatenate([np.ravel(each) for w, b in pairs for each in (w.T, b)])
    assert ours(l2=alpha / BATCH) == pytest.approx(after, rel=0, abs=1e-12)
    assert np.abs(after - ours()).max() > 0.01
