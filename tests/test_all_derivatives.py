"""Every derivative of one example, in tables that fit 80 columns, with exact sums of what is left out."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.explanation import all_derivatives as module
from chainrule.explanation.all_derivatives import all_derivatives

NETWORK = cr.Network([[[0.5, -1], [1.5, 0.3]], [[1, -2]]], [[0.1, 0], [0.2]], ["tanh", "sigmoid"])
X, Y = [0.6, -0.4], [1.0]


def numbers(line: str) -> list[float]:
    """The numbers of a row behind its name."""
    cells = re.split(r"\s{2,}", line.strip())[1:]
    return [float(cell.replace("−", "-")) for cell in cells if cell not in ("–", "Σ", "Σ δ", "")]


def test_every_delta_and_every_derivative_is_listed() -> None:
    lines = str(all_derivatives(NETWORK, X, Y)).splitlines()
    rows = {line.split()[0]: numbers(line) for line in lines if re.match(r"  [wbzx]/", line)}
    trace = cr.forward(NETWORK, X)
    back, gradient = cr.backward(trace, Y), cr.gradient(NETWORK, X, Y)
    for layer in (1, 2):
        for j in range(NETWORK.sizes[layer]):
            assert rows[f"z/{layer}/{j}"][0] == pytest.approx(trace.z[layer][j], abs=1e-6)
            assert rows[f"z/{layer}/{j}"][-1] == pytest.approx(back.delta[layer][j], abs=1e-6)
            assert rows[f"b/{layer}/{j}"][-1] == pytest.approx(gradient.biases[layer][j], abs=1e-6)
            for k in range(NETWORK.sizes[layer - 1]):
                value, a, delta, slope = rows[f"w/{layer}/{j}/{k}"]
                assert slope == pytest.approx(gradient.weights[layer][j, k], abs=1e-6)
                assert (value, a * delta) == pytest.approx((NETWORK.weights[layer][j, k], slope), abs=2e-6)
    assert [rows[f"x/{k}"][-1] for k in (0, 1)] == pytest.approx(back.dx.tolist(), abs=1e-6)
    assert lines[-1].endswith("over all 9 derivatives ✓")


def test_a_large_network_shows_the_largest_and_the_exact_sum_of_the_others() -> None:
    rng = np.random.default_rng(0)
    network = cr.Network.random([40, 128, 10], "tanh", "softmax", seed=0)
    x = rng.standard_normal(40)
    found = all_derivatives(network, x, 3)
    text = str(found)
    assert max(map(len, text.splitlines())) <= 80, max(text.splitlines(), key=len)
    assert len(text.splitlines()) < 80
    slopes = cr.gradient(network.astype("float64"), x, 3).weights[1].ravel()
    table = text.split("layer 1, tanh")[1]
    shown = [numbers(line)[-1] for line in re.findall(r"^  w/1.*", table, re.MULTILINE)]
    assert sorted(np.abs(shown), reverse=True)[0] == pytest.approx(np.abs(slopes).max(), rel=1e-4)
    assert min(np.abs(shown)) == pytest.approx(np.sort(np.abs(slopes))[-8], rel=1e-4)
    rest = next(line for line in table.splitlines() if line.startswith("  5,112 more"))
    left = np.sort(slopes[np.argsort(np.abs(slopes))[:-8]])
    assert numbers(rest)[-1] == pytest.approx(math.fsum(left), abs=1e-6)
    assert "128 biases" in table


def test_one_bias_for_a_layer_gets_the_sum_of_its_errors_and_none_has_no_row() -> None:
    network = cr.Network([[[0.5, -1], [1.5, 0.3]], [[1, -2]]], [[1], None])
    text = str(all_derivatives(network, X, Y))
    assert re.findall(r"b/\d/\d", text) == ["b/1/0"]
    row = next(line for line in text.splitlines() if "b/1/0" in line)
    assert numbers(row)[-1] == pytest.approx(cr.gradient(network, X, Y).biases[1][0], abs=1e-6)
    assert "Σ δ" in row


def test_the_json_has_all_numbers_of_a_network_of_any_size() -> None:
    network = cr.Network.random([40, 128, 10], "tanh", "softmax", seed=0, dtype="float64")
    x = np.random.default_rng(0).standard_normal(40)
    found, gradient = all_derivatives(network, x, 3).to_json(), cr.gradient(network, x, 3)
    for layer in found["layers"]:
        np.testing.assert_allclose(layer["dC_dw"], gradient.weights[layer["layer"]], rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(layer["dC_db"], gradient.biases[layer["layer"]], rtol=1e-9, atol=1e-15)


def test_a_wrong_derivative_is_noticed_by_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.np, "outer", lambda a, b: 2 * np.multiply.outer(a, b))
    found = all_derivatives(NETWORK, X, Y)
    assert not found.check
    assert "✗" in str(found)


@pytest.mark.parametrize("form", ["product", "delta", "matrix", "dot", "paths"])
def test_latex_and_html_leave_the_check_out_when_told(form: str) -> None:
    found = cr.explain(NETWORK, X, Y, "w/1/0/1", form=form)
    for written in (found.latex, found.html):
        assert "central" in written()
        assert "central" not in written(check=False)
        assert "0.0324" in written(check=False)
