"""problem.py: checked once at the door, and what is computed of it is computed once."""

from __future__ import annotations

import copy
import pickle
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from typechecker import unchecked

import chainrule as cr
from chainrule.backward import errors_of, gradient_of
from chainrule.forward import each_cost, total_cost, trace_of
from chainrule.problem import Problem

NETWORK = cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=0)
X, Y = np.array([[0.1, 0.2], [0.3, -0.4]]), np.array([[0.0, 1.0], [1.0, 0.0]])


def calls(of: Callable[[], Any]) -> Counter[str]:
    """How often each function of our own is called."""
    found: Counter[str] = Counter()

    def look(frame: FrameType, event: str, arg: object) -> None:
        if event == "call" and "chainrule" in Path(frame.f_code.co_filename).parts:
            found[frame.f_code.co_qualname] += 1

    sys.setprofile(look)
    try:
        of()
    finally:
        sys.setprofile(None)
    return found


def test_explain_validates_once_and_goes_forward_and_backward_once() -> None:
    """One forward pass beside the one of its independent checks (leeway)."""
    found = calls(lambda: cr.explain(NETWORK, X[0], Y[0], "w/1/2/0"))
    assert found["encode_targets"] == found["Cost.check_targets"] == found["Network.rows"] == 1
    assert found["trace_of"] == found["backward_through"] == 1
    assert found["propagate"] == 2
    assert found["Cost.on"] - found["Network.__init__"] == 2  # of the leeway too, in which each neuron has its own bias
    assert found["parse"] <= 5  # `of`, `by`, and each quantity that the audit finds by its symbol


def test_verify_validates_once_and_pairs_its_cost_once() -> None:
    """Networks pair their cost when they are made; every method and every bound takes the one problem."""
    found = calls(lambda: cr.verify(NETWORK, X, Y))
    assert found["encode_targets"] == found["Cost.check_targets"] == found["Problem.of"] == 1
    assert found["Cost.on"] - found["Network.__init__"] == 1


def test_a_copy_computes_anew_and_the_same() -> None:
    problem = Problem.of(NETWORK, X, Y, cr.huber(0.3))
    here = problem.once(errors_of).delta[1].tobytes()
    for copied in (copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        assert copied.once(errors_of).delta[1].tobytes() == here
        assert copied.once(errors_of) is not problem.once(errors_of)


def test_what_is_computed_is_kept() -> None:
    problem = Problem.of(NETWORK, X, Y, "quadratic")
    assert problem.once(trace_of) is problem.once(trace_of)
    assert problem.once(errors_of).trace is problem.once(trace_of)
    assert total_cost(problem) == cr.cost(NETWORK, X, Y, "quadratic") == each_cost(problem).mean()
    assert gradient_of(problem, "sum").flat() == pytest.approx(2 * cr.gradient(NETWORK, X, Y, "quadratic").flat())
    other = problem.with_cost(cr.costs.as_cost("squared_error"))
    assert total_cost(other) == pytest.approx(2 * total_cost(problem))  # nothing of the first is carried over


def test_one_example_is_a_row_and_labels_are_rows_too() -> None:
    soft = cr.Network.random([2, 3, 2], "tanh", "softmax", seed=0)
    problem = Problem.one(soft, X[0], 1, None)
    assert (problem.x.shape, problem.y.tolist(), problem.single) == ((1, 2), [[0.0, 1.0]], True)
    assert problem.network.dtype == problem.x.dtype == problem.y.dtype == np.float64
    both = Problem.of(soft, X, [1, 0])
    assert both.x.dtype == np.float32
    assert not both.single
    assert both.example(1).y.tolist() == [[1.0, 0.0]]
    assert both.in_float64().x.tolist() == both.x.tolist() != X.tolist()  # rounded as they were


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ((X, Y), cr.ShapeError, "one example is weighed, x of shape (2,), got (2, 2): pass x[i], y[i]"),
        ((X[0], Y[0][:1]), cr.ShapeError, ""),
        ((X[0] * np.nan, Y[0]), cr.DataError, "inputs are finite numbers"),
        ((X[0], Y[0], "cross_entropy"), cr.PairError, ""),
    ],
)
def test_what_does_not_go_together_is_refused_at_the_door(given: Any, error: type, message: str) -> None:
    x, y, *cost = given
    with pytest.raises(error) as caught:
        Problem.one(NETWORK, x, y, *(cost or [None]), "weighed")
    assert message in str(caught.value)
    with pytest.raises(cr.SettingError, match=r"why\(network, x, y\): the first argument is a Network"):
        unchecked(Problem.one.__func__)(Problem, x, NETWORK, y, None, "weighed", "why(network, x, y)")


def test_an_overflow_is_one_sentence() -> None:
    problem = Problem.of(NETWORK, X, Y)
    problem.check_finite(z=[(1, X)], a=[])
    with pytest.raises(
        cr.DataError, match="δ of layer 2 overflows on these rows: nothing can be shown; smaller weights"
    ):
        problem.check_finite(z=[(1, X)], δ=[(1, X), (2, X * np.inf)])
    with pytest.raises(cr.DataError, match="a of layer 0 overflows on this example"):
        problem.example(0).check_finite(a=[(0, X * np.nan)])
