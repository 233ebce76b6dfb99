"""What explain says of a derivative in training: with its penalty, checked, and the move of a rule's first step."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from command import Run

import chainrule as cr
from chainrule.regularization import Penalty
from chainrule.updates import NAMED

X, Y = [0.6, -0.4], [1.0, 0.0]
NET = cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=1, dtype="float64", bias=["neuron", "layer"])
NET = NET.with_parameters(NET.parameters.map(lambda array: array + 0.1))


def of_entry(parameters: cr.Parameters, id: str) -> float:
    _, layer, *place = id.split("/")
    found = (parameters.weights if id[0] == "w" else parameters.biases)[int(layer)]
    return float(found[tuple(map(int, place))])


@pytest.mark.parametrize("by", ["w/1/2/1", "w/2/0/2", "b/1/0", "b/2/0"])
@pytest.mark.parametrize("rule", NAMED)
@pytest.mark.parametrize("biases", [False, True])
def test_the_move_is_that_of_a_step_of_the_rule_in_training(by: str, rule: str, biases: bool) -> None:
    settings: dict[str, Any] = {"rule": rule, "l1": 0.02, "l2": 0.1, "decay": 0.3, "penalize_biases": biases}
    after = cr.train(NET, [X], [Y], epochs=1, batch_size=1, cost="quadratic", **settings).network
    found = cr.explain(NET, X, Y, by, cost="quadratic", **settings)
    assert found.training is not None
    w, slope = of_entry(NET.parameters, by), of_entry(cr.gradient(NET, X, Y, "quadratic"), by)
    assert found.training.move == pytest.approx(of_entry(after.parameters, by) - w, rel=1e-9)
    assert found.value == pytest.approx(slope)
    penalized = biases or by[0] == "w"
    told = found.to_json()
    if penalized:
        assert told["with_penalty"] == pytest.approx(slope + 0.02 * math.copysign(1, w) + 0.1 * w)
    assert ("with_penalty" in told) is penalized
    assert (" η λ " in str(found)) is penalized


def test_it_is_written_with_its_numbers_and_its_check() -> None:
    chain = cr.Network([[[1.5]], [[-2.0]]], [[-0.4], [0.9]], "sigmoid")
    text = str(cr.explain(chain, [0.6], [1.0], "w/1/0/0", rule="adamw", l1=0.01, l2=0.1))
    assert text.startswith(str(cr.explain(chain, [0.6], [1.0], "w/1/0/0")))
    lines = [" ".join(line.split()) for line in text.splitlines()[-6:]]
    assert lines == [
        "∂(C + Ω)/∂w¹ = ∂C/∂w¹ + λ₁ sign(w¹) + λ₂ w¹ Ω = 0.01 Σ|w| + ½ 0.1 Σ w²",
        "= 0.040067 + 0.01 · 1.000000 + 0.1 · 1.500000",
        "= 0.200067 central difference 0.200067 ✓",
        "Δw¹ = −η u − η λ w¹ u by the first step of adamw(0.001)",
        "= −0.001 · 1.000000 − 0.001 · 0.01 · 1.500000",
        "= −0.001015",
    ]
    found = cr.explain(chain, [0.6], [1.0], "w/1/0/0", l2=0.1)
    assert "u by the first step of delta_rule(0.1)" in str(found)
    assert r"\frac{\partial (C + \Omega )}{\partial w^{1}}" in found.latex()
    assert found.latex(check=False).count("surd") == 0
    assert "<mfrac>" in found.html()


def test_numbers_on_a_line_come_to_the_one_below() -> None:
    for rule in NAMED:
        lines = str(
            cr.explain(NET, X, Y, "w/1/0/1", rule=rule, l1=0.02, l2=0.1, decay=0.3, cost="quadratic")
        ).splitlines()
        for first, second in ((-5, -4), (-2, -1)):
            parts = [re.split(r" {3,}", lines[i].partition("=")[2].strip())[0] for i in (first, second)]
            values = [eval(part.replace("−", "-").replace("·", "*")) for part in parts]
            assert values[0] == pytest.approx(values[1], abs=2e-6)


def test_a_wrong_slope_of_the_penalty_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Penalty, "slope", lambda self, theta: self.l2 * theta * 1.001)
    with pytest.raises(cr.DisagreementError):
        cr.explain(NET, X, Y, "w/1/0/1", l2=0.1)


def test_at_a_weight_of_0_the_slopes_on_both_sides_are_said() -> None:
    found = cr.explain(NET.with_value("w/1/0/1", 0.0), X, Y, "w/1/0/1", l1=0.1)
    assert "at a kink: one-sided slopes" in str(found)


@pytest.mark.parametrize(
    ("by", "settings", "message"),
    [
        ("z/1/0", {"l2": 0.1}, "leave them out"),
        ("x/0", {"rule": "adam"}, "leave them out"),
        ("w/1/0/0", {"rule": "adam", "of": "z/2/0"}, "leave them out"),
        ("w/1/0/0", {"rule": "addam"}, "did you mean 'adam'"),
        ("w/1/0/0", {"l1": -1.0, "l2": 0.1}, "l1 is a finite number ≥ 0"),
    ],
)
def test_what_has_no_step_is_refused(by: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        cr.explain(NET, X, Y, by, **settings)


def test_the_command_takes_it_from_the_model_or_from_options(chainrule_: Run) -> None:
    how = ("train", "iris", "--epochs", "1", "--hidden", "3", "-q")
    assert chainrule_(*how, "-o", "m", "--l2", "0.01")[0] == 0
    assert chainrule_(*how, "-o", "plain", "--l2", "0")[0] == 0
    _, out, _ = chainrule_("explain", "m.safetensors", "--by", "w/2/0/1")
    assert "∂(C + Ω)/∂w²₀₁" in out
    assert "by the first step of adam(0.001)" in out
    assert "Ω" not in chainrule_("explain", "m.safetensors", "--by", "z/1/0")[1]
    assert "Δ" not in chainrule_("explain", "plain.safetensors", "--by", "w/2/0/1")[1]
    assert "by the first step of momentum(0.01)" in chainrule_("explain", "--rule", "momentum")[1]
    code, _, err = chainrule_("explain", "--all", "--l2", "0.1")
    assert (code, "leave out --all" in err) == (2, True)
