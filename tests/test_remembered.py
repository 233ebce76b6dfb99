"""A model's file remembers its rule, penalties and decay: pages, figures and checks of it are of that training."""

from __future__ import annotations

import pytest
from command import Run

import chainrule as cr
from chainrule.cli.remembered import Asked
from chainrule.storage import load_notes

HOW = ("iris", "--epochs", "2", "--hidden", "3", "-q", "-o", "m")
M = "m.safetensors"


@pytest.fixture
def model(chainrule_: Run) -> Run:
    assert chainrule_("train", *HOW, "--rule", "adamw:0.00123456789", "--l2", "0.01", "--decay", "0.2")[0] == 0
    return chainrule_


def test_the_worksheet_of_a_model_is_of_the_step_that_it_was_trained_by(model: Run) -> None:
    _, out, _ = model("page", "worksheet", M)
    assert "6. Update: the first step of adamw(0.00123456789)" in out
    assert "½ λ₂ Σₙ wₙ², with λ₂ = l2 = 0.01" in out
    assert "with λ = 0.2" in out
    _, out, _ = model("page", "worksheet", M, "--learning-rate", "0.5", "--l2", "0", "--decay", "0")
    assert "the first step of adamw(0.5)" in out
    assert "λ" not in out
    _, out, _ = model("page", "worksheet", M, "--rule", "sgd")  # the decay went with the rule
    assert "the first step of delta_rule(0.1)" in out
    assert "decay" not in out
    assert "l2 = 0.01" in out
    _, out, _ = model("page", "worksheet", M, "--penalize-biases")
    assert "over all weights and biases w" in out


def test_the_six_steps_of_a_model_are_of_that_step_too(model: Run) -> None:
    _, out, _ = model("show", M, "six_steps", "--table")
    assert "C + Ω" in out
    _, out, _ = model("show", M, "six_steps", "--table", "--l2", "0", "--rule", "momentum:0.5")
    assert "C + Ω" not in out
    code, _, err = model("show", M, "network", "--l2", "0.1")
    assert code == 2
    assert "--l2 goes with six_steps" in err


def test_verify_is_of_the_cost_that_was_minimised(model: Run) -> None:
    code, out, _ = model("verify", M, "--rows", "3")
    assert code == 0
    assert "C (cross_entropy) + ½ 0.01 Σ w² = " in out
    assert "C (cross_entropy) = " in model("verify", M, "--rows", "3", "--l2", "0")[1]
    code, out, _ = model("verify", M, "--rows", "3", "--plant", "factor_two", "--methods", "delta,differences")
    assert code == 1
    assert "Σ w²" not in out
    code, _, err = model("verify", M, "--plant", "factor_two", "--l2", "0.1")
    assert (code, "leave --l1 and --l2 out" in err) == (2, True)


def test_the_worksheet_leaves_out_neurons_where_it_is_asked_to(model: Run) -> None:
    _, out, _ = model("page", "worksheet", M, "--dropout", "0.2,0.5", "--seed", "3")
    assert "a¹ ← m¹ ⊙ a¹" in out
    assert "m⁰" not in model("page", "worksheet", M, "--dropout", "0.5")[1]
    assert "⊙ a¹" not in model("page", "worksheet", M)[1]
    for wrong, said in (
        ("half", "--dropout takes shares, as 0.5 or 0.2,0.5; got 'half'"),
        ("1.5", "dropout is a rate 0 ≤ p < 1"),
    ):
        code, _, err = model("page", "worksheet", M, "--dropout", wrong)
        assert (code, said in err) == (2, True)


def test_other_pages_have_no_rule(chainrule_: Run) -> None:
    for option in (["--l2", "0.1"], ["--dropout", "0.5"], ["--seed", "3"], ["--rule", "adam"], ["--penalize-biases"]):
        code, _, err = chainrule_("page", "proof", *option)
        assert code == 2
        assert f"error: {option[0]} is the worksheet's: chainrule page worksheet {' '.join(option)}\n" == err


def test_a_model_without_such_notes_is_shown_by_the_delta_rule(chainrule_: Run) -> None:
    cr.save(cr.Network.random([2, 3, 2], "tanh", "softmax"), "plain.safetensors", {"rule": "mine(0.1)", "penalty": 3})
    _, out, _ = chainrule_("page", "worksheet", "plain.safetensors", "--x", "1,2", "--y", "1")
    assert "6. Update: subtract a small fraction of the gradient" in out


def test_the_notes_of_a_model_name_its_penalty(model: Run) -> None:
    assert load_notes(M)["penalty"] == {"l1": 0.0, "l2": 0.01, "decay": 0.2, "biases": False}
    assert Asked().step(load_notes(M))["rule"].settings["learning_rate"] == 0.00123456789
