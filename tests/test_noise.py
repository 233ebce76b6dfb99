"""Rounding noise is shown as 0, in every figure and every text; small numbers that are none are shown."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.costs import as_cost
from chainrule.diagnostics.reasons import why
from chainrule.explanation.figures import FIGURES, figure
from chainrule.explanation.noise import exact_sum
from chainrule.explanation.view import view
from chainrule.explanation.worksheet import worksheet
from chainrule.ids import Id, parse
from chainrule.pictures.scene import Scene
from chainrule.problem import Problem
from chainrule.verification.moved import slope_by_dual

POWER = re.compile(r"\d[\d.]*e[−-]\d+")
ROWS = np.random.default_rng(0).standard_normal((5, 3))
LABELS = np.eye(3)[[0, 1, 2, 0, 1]]
CANCELLING = {  # Σ_j (p_j − y_j), and Σ_j of a softmax's slopes times anything, are 0: the bias of a whole layer moves nothing
    "cross_entropy": cr.Network.random([3, 4, 3], "tanh", "softmax", seed=1, bias="layer", dtype="float64"),
    "quadratic": cr.Network.random([3, 4, 3], "softmax", "softmax", seed=1, bias="layer", dtype="float64"),
}
DRAWN = sorted(set(FIGURES) - {"unrolled", "activation"})


def numbers(scene: Scene) -> list[float]:
    """Every number with a power of ten that is drawn, in the table, or in the description."""
    said = [
        *(str(label.text) for label in scene.labels()),
        scene.description,
        *(cell for row in scene.table for cell in row),
    ]
    return [float(each.replace("−", "-")) for text in said for each in POWER.findall(text)]


def drawn(name: str, network: cr.Network, cost: str, **options: Any) -> Scene:
    x, y = (ROWS, LABELS) if FIGURES[name].rows else (ROWS[0], LABELS[0])
    return figure(name, network, x, y, cost=cost, **options)


@pytest.mark.parametrize("convention", ["s2", "s4"])
@pytest.mark.parametrize("cost", sorted(CANCELLING))
@pytest.mark.parametrize("name", DRAWN)
def test_no_figure_shows_noise(name: str, cost: str, convention: str) -> None:
    network = CANCELLING[cost]
    by = name in ("computation_tree", "path_sum", "number_lines", "in_weight_out", "demon")
    for options in [{}, {"by": "b/2/0"}, {"by": "b/1/0"}] if by else [{}]:
        found = numbers(drawn(name, network, cost, convention=convention, **options))
        assert [each for each in found if 0 < abs(each) < 1e-13] == []


@pytest.mark.parametrize("cost", sorted(CANCELLING))
def test_what_the_two_methods_cannot_tell_from_0_is_0(cost: str) -> None:
    network, by = CANCELLING[cost], "b/2/0" if cost == "cross_entropy" else "b/1/0"
    x, y = ROWS[0], LABELS[0]
    id = parse(by, network.parameters)
    back = float(cr.gradient(network, x, y, cost).biases[id.layer][0])
    dual = slope_by_dual(Problem.one(network, x, y, cost), "C", by)
    assert 0 < max(abs(back), abs(dual)) < 1e-15, "there is noise to be hidden"
    told = cr.explain(network, x, y, by, cost=cost)
    assert (told.value, told.exact) == (0, 0)
    assert POWER.findall(re.sub("central difference.*", "", str(told))) == []
    reason = why(network, x, y, by, cost)
    assert (reason.value, reason.decades) == (0, -math.inf)
    sheet = str(worksheet(network, x, y, cost=cost))
    assert [each for each in POWER.findall(sheet) if float(each.replace("−", "-")) < 1e-13] == []


def test_a_small_number_that_is_no_noise_is_shown() -> None:
    """A saturated slope, a sure softmax, and a product of small factors keep all their digits."""
    saturated = cr.Network([[[40.0]]], [[0.0]], "sigmoid")
    told = cr.explain(saturated, [1.0], [0.0], "w/1/0/0", cost="quadratic")
    assert told.value == pytest.approx(math.exp(-40), rel=1e-9)
    sure = cr.Network([[[60.0], [0.0]]], None, "softmax")
    assert cr.explain(sure, [1.0], 0, "z/1/1", cost="cross_entropy").value == pytest.approx(math.exp(-60), rel=1e-9)
    tiny = cr.Network([[[1e-9]], [[1e-9]], [[1e-9]]], None, "identity")
    assert cr.explain(tiny, [1.0], [1.0], "w/1/0/0", cost="quadratic").value == pytest.approx(-1e-18, rel=1e-9)


def test_a_difference_of_equals_and_what_follows_from_it_is_0() -> None:
    """0.1 + 0.2 is 0.3 but for its last digit, as is an output for its target."""
    network = cr.Network([[[1.0, 1.0]], [[2.0]]], None, "identity")
    x, y = np.array([0.1, 0.2]), np.array([0.6])
    assert cr.forward(network, x).a[2][0] != y[0]
    seen = view(network, x, y, as_cost("quadratic"), Id("C"), cr.Convention.preset("s2"))
    assert not any(each.any() for each in [*seen.into_z.values(), *seen.into_a.values()])
    level = cr.Network([[[1.0, 1.0, -1.0]]], None, "tanh")
    assert cr.forward(level, [0.1, 0.2, 0.3]).z[1][0] != 0
    of_z = view(level, [0.1, 0.2, 0.3], [1.0], as_cost("quadratic"), Id("C"), cr.Convention.preset("s2")).trace
    assert (of_z.z[1][0], of_z.a[1][0]) == (0, 0)


def test_a_sum_is_0_where_its_terms_cannot_tell() -> None:
    assert exact_sum([0.1, 0.2, -0.3]) == 0
    assert exact_sum([1e-20, 2e-20]) == pytest.approx(3e-20)
    assert exact_sum([1.0, -1.0, 1e-9]) == 1e-9
    assert exact_sum([]) == 0
