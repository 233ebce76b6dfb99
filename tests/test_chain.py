"""The numbers of CONCEPTS for the chain 1-1-1-1, digit by digit, with and without the ½."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

X, Y = [0.6], [1.0]


def rounded(values: object) -> list[float]:
    return [round(float(v), 6) for v in np.concatenate([np.ravel(v) for v in values])]  # type: ignore[attr-defined]


def test_weighted_inputs_and_activations_are_those_of_the_texts(chain: cr.Network) -> None:
    """S1.2, S0.5."""
    trace = cr.forward(chain, X)
    assert rounded(trace.z) == [0.5, -0.344919, 0.197538]
    assert rounded(trace.a) == [0.6, 0.622459, 0.414615, 0.549225]


@pytest.mark.parametrize(("cost", "factor"), [("squared_error", 1.0), ("quadratic", 0.5)])
def test_cost_errors_and_gradient_are_those_of_the_texts(chain: cr.Network, cost: str, factor: float) -> None:
    """S0.2 and S1.3 without the ½; with S2.6's ½ the cost and every δ halve."""
    assert round(float(cr.cost(chain, X, Y, cost)), 6) == round(factor * 0.20319847, 6)
    back = cr.backward(cr.forward(chain, X), Y, cost)
    delta = np.array([0.03055435, -0.06500822, -0.22320319])
    assert rounded(back.delta) == [round(factor * d, 6) for d in delta]
    by_weight = np.array([0.01833261, -0.04046498, -0.09254343])
    g = cr.gradient(chain, X, Y, cost)
    assert rounded(g.weights) == [round(factor * d, 6) for d in by_weight]
    assert rounded(g.biases) == rounded(back.delta)  # BP3 (S2.9)


def test_the_numbers_without_the_half_print_as_in_the_texts(chain: cr.Network) -> None:
    back = cr.backward(cr.forward(chain, X), Y, "squared_error")
    assert rounded(back.delta) == [0.030554, -0.065008, -0.223203]
    assert rounded(cr.gradient(chain, X, Y, "squared_error").weights) == [0.018333, -0.040465, -0.092543]
    assert round(float(cr.cost(chain, X, Y, "squared_error")), 6) == 0.203198


def test_the_gradient_vector_is_ordered_weights_before_biases_layer_by_layer(chain: cr.Network) -> None:
    """S1.1: w¹, b¹, …, w^L, b^L."""
    g = cr.gradient(chain, X, Y, "squared_error")
    assert rounded([g.flat()]) == [0.018333, 0.030554, -0.040465, -0.065008, -0.092543, -0.223203]
    assert g.like(g.flat()).flat().tolist() == g.flat().tolist()


def test_the_derivatives_by_activations_follow_the_recursion(chain: cr.Network) -> None:
    """S0.8, S0.11: ∂C/∂a^L = 2(a − y), and δ^(l+1) w^(l+1) below."""
    back = cr.backward(cr.forward(chain, X), Y, "squared_error")
    for l in (1, 2):
        assert back.da[l] == pytest.approx(back.delta[l + 1] * chain.weights[l + 1][0], rel=1e-15)
    assert float(back.da[3][0]) == pytest.approx(2 * (0.5492246 - 1), rel=1e-6)
    assert back.dx is back.da[0]
