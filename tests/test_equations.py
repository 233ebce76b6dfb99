"""equations.py: one screen, one line each, and every text's own form of it computed in plain loops."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest
from networks import make_problem

import chainrule as cr
from chainrule import equations
from chainrule.backward import bias_gradient


def test_the_file_fits_one_screen_and_each_equation_is_one_line() -> None:
    source = Path(inspect.getsourcefile(equations) or "").read_text()
    assert len(source.splitlines()) <= 50
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert [f.name for f in functions] == ["bp1", "bp2", "bp3", "bp4"]
    for f in functions:
        assert len(f.body) == 2  # its docstring and its return
        assert isinstance(f.body[1], ast.Return)
        assert f.body[1].lineno == f.body[1].end_lineno


@pytest.fixture
def case():  # type: ignore[no-untyped-def]
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "squared_error", batch=1)
    trace = cr.forward(p.network, p.x[0])
    return p.network, trace, cr.backward(trace, p.y[0], p.cost), p.y[0]


def test_s0_in_loops(case) -> None:  # type: ignore[no-untyped-def]
    """S0.7–S0.14: δ_j = 2(a_j − y_j)σ′(z_j) at L; (Σ_r δ_r w_jr)σ′(z_j) below; δ_j a_k and δ_j for weights and biases."""
    net, trace, back, y = case
    slope = [None, *(s.slope(z) for s, z in zip(net.activations, trace.z))]
    d2 = [2 * (trace.a[2][j] - y[j]) * slope[2][j] for j in range(2)]
    d1 = [sum(d2[r] * net.weights[2][r, j] for r in range(2)) * slope[1][j] for j in range(4)]
    assert back.delta[2] == pytest.approx(d2, rel=1e-14)
    assert back.delta[1] == pytest.approx(d1, rel=1e-13)
    g = cr.gradient(net, trace.a[0], y, "squared_error")
    for l, d in ((1, d1), (2, d2)):
        for j in range(net.sizes[l]):
            assert g.biases[l][j] == pytest.approx(d[j], rel=1e-13)
            for k in range(net.sizes[l - 1]):
                assert g.weights[l][j, k] == pytest.approx(d[j] * trace.a[l - 1][k], rel=1e-13)


def test_s2_in_columns(case) -> None:  # type: ignore[no-untyped-def]
    """S2.5, S2.8, S2.18–S2.20, S4.12: with ⊙ and with Σ′, column vectors and transposes as printed."""
    net, trace, back, y = case
    grad_a = (2 * (trace.a[2] - y))[:, None]
    big = [None, *(np.diag(s.slope(z)) for s, z in zip(net.activations, trace.z))]
    d2 = big[2] @ grad_a
    assert back.delta[2] == pytest.approx(d2[:, 0], rel=1e-14)
    assert back.delta[1] == pytest.approx((big[1] @ net.weights[2].T @ big[2] @ grad_a)[:, 0], rel=1e-13)
    assert back.delta[1] == pytest.approx(((net.weights[2].T @ d2)[:, 0]) * np.diag(big[1]), rel=1e-13)


def test_s3_by_dot_products(case) -> None:  # type: ignore[no-untyped-def]
    """S3.11, S3.13: σ′(z_j)(δ^(l+1))ᵀ w_.j, the column of all weights from unit j."""
    net, trace, back, _ = case
    for j in range(4):
        dot = back.delta[2] @ net.weights[2][:, j]
        assert back.da[1][j] == pytest.approx(dot, rel=1e-13)
        assert back.delta[1][j] == pytest.approx(net.activations[1].slope(trace.z[1])[j] * dot, rel=1e-13)


def test_a_linear_output_starts_from_the_costs_own_error() -> None:
    """S3.14: δ^L = ∂C/∂z^L directly, for cross-entropy and the multiclass SVM on z^L."""
    for cost in ("cross_entropy", "multiclass_hinge"):
        p = make_problem([3, 4, 3], ["relu"], "identity", cost, batch=2)
        back = cr.backward(cr.forward(p.network, p.x), p.y, p.cost)
        assert back.delta[2] == pytest.approx(back.da[2], rel=1e-13)


def test_a_batch_is_the_sum_over_its_rows_and_the_tensor_is_theirs() -> None:
    """S4.16, S4.17: BP3 and BP4 of rows sum over the examples; the tensor [sample, neuron, weight] is what they sum."""
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "quadratic", batch=5)
    trace = cr.forward(p.network, p.x)
    back = cr.backward(trace, p.y, p.cost)
    tensor = cr.per_example_gradients(p.network, p.x, p.y, p.cost).tensor(1)
    assert tensor.shape == (5, 4, 3)
    by_column = cr.per_example_gradients(p.network, np.asfortranarray(p.x), p.y, p.cost).tensor(1)
    assert by_column.flags.c_contiguous  # one example after the other in memory, however the inputs lay
    assert by_column.tobytes() == tensor.tobytes()
    assert equations.bp4(trace.a[0], back.delta[1]) == pytest.approx(tensor.sum(axis=0), rel=1e-12)
    assert equations.bp3(back.delta[1]) == pytest.approx(back.delta[1].sum(axis=0))


def test_one_bias_a_layer_collects_every_error_of_it() -> None:
    """S0.4."""
    delta = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert bias_gradient(np.zeros(3), delta).tolist() == delta.tolist()
    assert bias_gradient(np.zeros(1), delta).tolist() == [[6.0], [15.0]]
    assert bias_gradient(np.zeros(0), delta).shape == (2, 0)
