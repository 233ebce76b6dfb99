"""A healthy network is never called wrong: 100 awkward ones here, 2,000 in `make proof`."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from networks import PROOF

import chainrule as cr
from chainrule.activations import NAMED as ACTIVATIONS
from chainrule.forward import propagate
from chainrule.json_text import json_text
from chainrule.problem import Problem
from chainrule.verification import paths
from chainrule.verification.faults import FAULTS
from chainrule.verification.methods import METHODS
from chainrule.verification.survey import draw, legal_pairs, networks, survey
from chainrule.verification.verify import verify


@pytest.mark.parametrize("seed", range(5 if PROOF else 1))
def test_no_healthy_network_is_called_wrong(seed: int) -> None:
    found = survey(100, seed)
    assert found, str(found)
    assert found.kinks >= 5
    assert found.skipped <= 5
    for name, tally in found.tallies.items():
        assert tally.wrong == 0, name
        assert tally.networks >= 25, name
    assert found.tallies["delta"].networks >= 95
    assert found.tallies["raw"].below(0.5) < 1e-12
    assert found.untold <= 5


def test_the_networks_are_awkward_as_promised() -> None:
    drawn = list(networks(400, 0))
    used = {sigma.name for d in drawn for sigma in d.network.activations}
    assert used == set(ACTIVATIONS)
    assert {(d.network.output.name, d.cost.name) for d in drawn} == set(legal_pairs())
    assert {d.network.dtype.name for d in drawn} == {"float32", "float64"}
    largest = [float(np.abs(d.network.parameters.flat()).max()) for d in drawn]
    assert min(largest) < 0.05
    assert max(largest) > 20
    exact = 0
    for d in drawn:
        z = propagate(d.network.parameters, d.network.activations, d.x)[1]
        exact += any("relu" in sigma.name and (each == 0).any() for sigma, each in zip(d.network.activations, z))
    assert exact >= 20


def test_number_i_is_the_same_whatever_the_count() -> None:
    few, many = list(networks(3, 5)), list(networks(9, 5))
    assert np.array_equal(few[2].network.parameters.flat(), many[2].network.parameters.flat())


def test_a_backpropagation_with_a_fault_raises_the_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The survey can fail."""
    monkeypatch.setitem(METHODS, "delta", replace(METHODS["delta"], gradient=FAULTS["factor_two"].of))
    found = survey(20, 0, ["delta", "raw", "differences"])
    assert not found
    assert found.tallies["delta"].wrong >= 15
    assert found.tallies["raw"].wrong == 0
    assert "called wrong" in str(found)
    assert "factor_two" in str(found)


def test_what_cancels_between_paths_is_the_rounding_of_paths() -> None:
    """A softmax whose one shared bias has the gradient 0, where the paths' products cancel last."""
    drawn = draw(np.random.default_rng([0, 1916]), ("softmax", "quadratic"))
    verdict = verify(drawn.network, drawn.x, drawn.y, drawn.cost)
    assert not verdict.wrong, str(verdict)
    assert not verdict.untold  # other methods, whose rounding is smaller there, tell
    own = paths.rounding(Problem.of(drawn.network, drawn.x, drawn.y, drawn.cost))
    assert 1e-21 < own.biases[1][0] < 1e-19  # the other methods' is below 1e-21


def test_the_rounding_of_paths_hides_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def nearly(p: Problem) -> cr.Parameters:
        return paths.gradient(p) * (1 + 1e-8)

    monkeypatch.setitem(METHODS, "paths", replace(METHODS["paths"], gradient=nearly))
    found = survey(20, 0, ["delta", "raw", "paths"])
    assert found.tallies["paths"].wrong >= 15
    assert found.tallies["raw"].wrong == 0


def test_it_prints_a_table_and_json() -> None:
    found = survey(4, 1, ["delta", "raw"])
    assert str(found).splitlines()[-1].startswith("4 healthy networks")
    assert json.loads(json_text(found.to_json()))["tallies"]["delta"]["networks"] == 4
    with pytest.raises(cr.SettingError, match="at least one network, got 0"):
        survey(0)
