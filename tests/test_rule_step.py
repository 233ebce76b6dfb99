"""One step of any rule, with penalties and decay, on the worksheet and in the six steps: the numbers against a loop of ours."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explanation import rule_letters
from chainrule.explanation.update import one_update
from chainrule.problem import Problem
from chainrule.regularization import Penalty
from chainrule.updates import NAMED
from chainrule.writing.document import Cells, Values
from chainrule.writing.numbers import number

X, Y = [0.6, -0.4], [1.0, 0.0]
NET = cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=1, dtype="float64")
NET = NET.with_parameters(NET.parameters.map(lambda array: array + 0.1))
CHAIN = cr.Network([[[1.5]], [[-2.0]]], [[-0.4], [0.9]], "sigmoid")


def sign(g: Any, theta: Any, slots: Any, t: int, rate: float) -> Any:
    return -rate * np.sign(g), ()


OWN = cr.Rule("own", settings={"learning_rate": 0.1}, step=sign)
FIRST = {  # u of θ ← θ − η u, of the derivative g, where all that is remembered was 0
    "delta_rule": lambda g: g,
    "momentum": lambda g: g,
    "nesterov": lambda g: g + 0.9 * g,
    "rmsprop": lambda g: g / (math.sqrt(0.01 * g * g) + 1e-8),
    "adam": lambda g: g / (abs(g) + 1e-8),
    "adamw": lambda g: g / (abs(g) + 1e-8),
}


def sixth(text: str) -> str:
    return text.partition("6. Update")[2].partition("The cost, before and after")[0]


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("name", NAMED)
def test_the_step_is_that_of_the_formula_number_by_number(name: str, biases: bool) -> None:
    l1, l2, decay, rate = 0.03, 0.2, 0.4, 0.05
    rule = NAMED[name](learning_rate=rate)
    update = one_update(Problem.exact(NET, X, Y, "quadratic"), "mean", rule, Penalty(l1, l2, decay, biases))
    plain = cr.gradient(NET, X, Y, "quadratic")
    for layer in (1, 2):
        for kind in ("weights", "biases"):
            before, slopes, after = (getattr(each, kind)[layer].ravel().tolist() for each in (NET, plain, update.after))
            penalized = biases or kind == "weights"
            for w, slope, new in zip(before, slopes, after):
                g = slope + (l1 * math.copysign(1, w) + l2 * w if penalized else 0)
                expected = w - rate * FIRST[name](g) - (rate * decay * w if penalized else 0)
                assert new == pytest.approx(expected, rel=1e-12)
    for network, cost in ((NET, update.cost_before), (update.after, update.cost_after)):
        arrays = [*network.weights, *(network.biases if biases else ())]
        omega = sum(l1 * abs(w) + l2 * w * w / 2 for array in arrays for w in array.ravel().tolist())
        assert cost == pytest.approx(cr.cost(network, X, Y, "quadratic") + omega)
    assert update.checked == pytest.approx(update.predicted, rel=1e-9)


def test_a_plain_worksheet_is_that_of_the_delta_rule_as_before() -> None:
    plain = str(cr.worksheet(CHAIN, [0.6], [1.0]))
    for same in (
        {"rule": "sgd"},
        {"rule": cr.delta_rule(0.1)},
        {"rule": "delta_rule", "learning_rate": 0.1, "l2": 0.0},
    ):
        assert str(cr.worksheet(CHAIN, [0.6], [1.0], **same)) == plain
    assert "6. Update: subtract a small fraction of the gradient" in plain
    assert "−η |∇C|²" in plain


def test_a_penalty_and_decay_are_written_with_their_numbers() -> None:
    text = str(cr.worksheet(CHAIN, [0.6], [1.0], learning_rate=0.5, l1=0.001, l2=0.01, decay=0.1))
    assert "it minimises Ω = λ₁ Σₙ |wₙ| + ½ λ₂ Σₙ wₙ²" in text
    assert "All weights w also decay by η λ w, with λ = 0.1." in text
    step = " ".join(sixth(text).split())
    assert (
        "g = ∂C/∂w² + λ₁ sign(w²) + λ₂ w² = [ −0.088438 ] + 0.001 [ −1.000000 ] + 0.01 [ −2.000000 ] = [ −0.109438 ] "
        "w² ← w² − η g − η λ w² = [ −2.000000 ] − 0.5 [ −0.109438 ] − 0.5 · 0.1 [ −2.000000 ] = [ −1.845281 ]"
    ) in step
    assert "b² ← b² − η ∂C/∂b² = [ 0.900000 ] − 0.5 [ −0.142078 ] = [ 0.971039 ]" in step
    assert "C + Ω falls from 0.206088 to" in text
    assert "∇(C + Ω) · Δ" in text
    both = sixth(str(cr.worksheet(CHAIN, [0.6], [1.0], l2=0.01, penalize_biases=True)))
    assert "g = ∂C/∂b² + λ₂ b² = [ −0.142078 ] + 0.01 [ 0.900000 ] = [ −0.133078 ]" in both


def test_what_a_rule_remembers_begins_at_0_and_is_written_line_by_line() -> None:
    text = str(cr.worksheet(CHAIN, [0.6], [1.0], rule="nesterov:momentum=0.8"))
    assert "6. Update: the first step of nesterov(0.01, momentum=0.8)" in text
    assert "Here μ = 0.8; v begins at 0." in text
    for line in (
        "g = ∂C/∂w¹ = [ 0.040067 ]",
        "v ← μ v + g = 0.8 [ 0 ] + [ 0.040067 ] = [ 0.040067 ]",
        "u = g + μ v = [ 0.040067 ] + 0.8 [ 0.040067 ] = [ 0.072120 ]",
        "w¹ ← w¹ − η u = [ 1.500000 ] − 0.01 [ 0.072120 ] = [ 1.499279 ]",
    ):
        assert f"  {line}\n" in text
    adam = str(cr.worksheet(CHAIN, [0.6], [1.0], rule="adamw"))
    assert "Here β₁ = 0.9, β₂ = 0.999, ε = 1e−8; m, s begin at 0." in adam
    assert "u = M/(√S + ε) = [ 1.000000 ]" in adam
    assert "with λ = 0.01" in adam
    assert r"u = M/(\sqrt{S} + \varepsilon )" in cr.worksheet(CHAIN, [0.6], [1.0], rule="adam").latex()
    assert "<msqrt><mi>S</mi></msqrt>" in cr.worksheet(CHAIN, [0.6], [1.0], rule="adam").html()


def test_a_rule_of_ones_own_is_shown_by_what_it_adds() -> None:
    step = sixth(str(cr.worksheet(CHAIN, [0.6], [1.0], rule=OWN, l2=0.1)))
    assert "The rule own is one of your own; u is what it adds." in step
    assert "w¹ ← w¹ + u = [ 1.500000 ] + [ −0.100000 ] = [ 1.400000 ]" in step
    assert "g = ∂C/∂w¹ + λ₂ w¹" in step
    assert rule_letters.lines_of(replace(OWN, name="adam")) is None  # it may have the name of another


@pytest.mark.parametrize("preset", ["article", "3blue1brown", "nielsen", "cs231n", "3h4"])
@pytest.mark.parametrize("rule", [*NAMED, OWN])
def test_each_line_of_the_update_is_true_in_its_numbers(preset: str, rule: Any) -> None:
    """What a line comes to is its formula in the numbers that it shows."""
    net = cr.Network(list(NET.weights), list(NET.biases), ["tanh", "identity"])
    sheet = cr.worksheet(net, [X, [0.3, 0.8]], [Y, Y], convention=preset, rule=rule, l1=0.02, l2=0.1, decay=0.3)
    blocks = [block for block in sheet.blocks if isinstance(block, Values)]
    lines = [b for b in blocks if str(b.pieces[0]) in ("g", "v", "u") or "←" in "".join(map(str, b.pieces[:2]))]
    assert lines
    counted = 0
    for line in lines:
        pieces = [piece if isinstance(piece, Cells) else str(piece) for piece in line.pieces]
        first = next((i for i, piece in enumerate(pieces) if isinstance(piece, Cells)), len(pieces))
        if sum(isinstance(piece, Cells) for piece in pieces) < 2:
            continue
        shown, text = [piece for piece in pieces if isinstance(piece, Cells)], ""
        for piece in pieces[first:-1]:
            text += f"c[{shown.index(piece)}]" if isinstance(piece, Cells) else piece
        text = text.rpartition("=")[0] or text
        for written, python in (("−", "-"), ("·", "*"), ("⊙", "*")):
            text = text.replace(written, python)
        text = "".join(
            f"*{ch}" if ch == "c" and i and text[:i].rstrip()[-1:] in "0123456789)" else ch for i, ch in enumerate(text)
        )
        value = eval(text, {"c": [each.array for each in shown]})
        np.testing.assert_allclose(value, shown[-1].array, rtol=1e-9, atol=1e-12)
        counted += 1
    assert counted >= 4


def test_the_figure_of_six_steps_shows_the_rule_and_the_same_numbers() -> None:
    plain = cr.figure("six_steps", NET, X, Y)
    assert plain.svg() == cr.figure("six_steps", NET, X, Y, rule="delta_rule", learning_rate=0.1).svg()
    scene = cr.figure("six_steps", NET, X, Y, rule="adamw", l2=0.01, most=20)
    svg, rows = scene.svg(), {(row[0], row[2]): row[3] for row in scene.table}
    for text in ("the first step of adamw(0.001)", "λ₂ = l2 = 0.01, λ = decay = 0.01", "C + Ω falls"):
        assert text in svg
    update = one_update(Problem.exact(NET, X, Y, "quadratic"), "mean", cr.adamw(), Penalty(0.0, 0.01, 0.01))
    assert rows["the cost", "C + Ω"] == number(update.cost_after)
    before, after = (each.weights[1][0, 1] for each in (NET, update.after))
    told = next(value for (step, name), value in rows.items() if step.startswith("6") and name == "w¹₀₁")
    assert [float(each.replace("−", "-")) for each in told.split(" → ")] == pytest.approx([before, after], abs=1e-6)


def test_a_wrong_line_or_a_wrong_rule_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(rule_letters.LINES["nesterov"][1], compute=lambda n: n["g"])
    monkeypatch.setitem(rule_letters.LINES, "nesterov", (rule_letters.LINES["nesterov"][0], wrong))
    with pytest.raises(cr.DisagreementError, match=r"the move of nesterov.* is not that of its formula"):
        cr.worksheet(CHAIN, [0.6], [1.0], rule="nesterov")


def test_a_wrong_slope_of_a_penalty_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Penalty, "slope", lambda self, theta: 2 * self.l2 * theta)
    with pytest.raises(cr.DisagreementError, match="dual numbers sent along the step find"):
        cr.worksheet(CHAIN, [0.6], [1.0], l2=0.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rule": cr.adam(), "learning_rate": 0.1}, r"adam\(0.001\) has a learning rate of its own"),
        ({"rule": "addam"}, "did you mean 'adam'"),
        ({"l2": -1.0}, "l2 is a finite number ≥ 0"),
        ({"decay": math.nan}, "decay is a finite number ≥ 0"),
        ({"learning_rate": 0.0}, "learning_rate is a finite number above 0"),
    ],
)
def test_settings_that_do_not_go_are_refused(settings: dict[str, Any], message: str) -> None:
    for shown in (
        lambda: cr.worksheet(CHAIN, [0.6], [1.0], **settings),
        lambda: cr.figure("six_steps", CHAIN, [0.6], [1.0], **settings),
    ):
        with pytest.raises(cr.ChainruleError, match=message):
            shown()


# dropout ----------------------------------------------------------------------------------------------------------------
WIDE = cr.Network.random([2, 4, 3, 2], "tanh", "sigmoid", seed=1, dtype="float64")
WIDE = WIDE.with_parameters(WIDE.parameters.map(lambda array: array + 0.1))


@pytest.mark.parametrize("preset", ["article", "3blue1brown", "nielsen", "3h4"])
@pytest.mark.parametrize("dropout", [0.5, [0.3, 0.5, 0.5], {1: 0.4}])
def test_the_step_with_dropout_is_the_first_of_a_training(dropout: Any, preset: str) -> None:
    settings: dict[str, Any] = {"rule": "adamw", "dropout": dropout, "seed": 3, "l2": 0.1}
    after = cr.train(WIDE, [X], [Y], epochs=1, cost="squared_error", **settings).network
    sheet = cr.worksheet(WIDE, X, Y, convention=preset, cost="squared_error", **settings)
    blocks = [block for block in sheet.blocks if isinstance(block, Values)]
    moves = [b for b in blocks if str(b.pieces[0])[:1] in ("w", "b") and "←" in "".join(map(str, b.pieces[1:2]))]
    found = [b.cells()[-1].array for b in moves]
    wanted = [np.atleast_2d(array) for pair in zip(after.weights, after.biases) for array in pair]
    assert len(found) == len(wanted) == 6
    for shown, right in zip(found, wanted):  # no matrix here is square, so that its shape tells how it is turned
        np.testing.assert_allclose(shown if shown.shape == right.shape else shown.T, right, rtol=1e-9)


def test_dropout_is_written_with_its_masks_forward_and_back() -> None:
    text = str(cr.worksheet(WIDE, X, Y, dropout=[0.3, 0.5, 0.5], seed=3))
    flat = " ".join(text.split())
    assert "a⁰ ← m⁰ ⊙ a⁰ = [ 1.428571 ] ⊙" in flat
    assert "a¹ ← m¹ ⊙ a¹ =" in text
    assert "δ¹ = (m¹ ⊙ ((w²)ᵀ δ²)) ⊙ σ′(z¹)" in text
    assert str(cr.worksheet(WIDE, X, Y, dropout=0.0, seed=3)) == str(cr.worksheet(WIDE, X, Y))


def test_each_matrix_with_dropout_is_the_product_of_those_beside_it() -> None:
    sheet = cr.worksheet(WIDE, X, Y, dropout=[0.3, 0.5, 0.5], seed=3)
    lines = {
        str(b.pieces[0]) + str(b.pieces[1]): [c.array for c in b.cells()] for b in sheet.blocks if isinstance(b, Values)
    }
    for l in (1, 2, 3):
        mark = "⁰¹²³"[l]
        w, a, b, z = lines[f"z{mark} = "]
        assert w @ a + b == pytest.approx(z)
        assert np.array_equal(w, WIDE.weights[l])
    for mark in "¹²":
        m, w, delta, slope, result = lines[f"δ{mark} = "]
        assert m * (w @ delta) * slope == pytest.approx(result)
        before, thinned, left = lines[f"a{mark} ← "]
        assert before * thinned == pytest.approx(left)


def test_dropout_is_shown_of_one_example() -> None:
    with pytest.raises(cr.SettingError, match="dropout is shown of one example"):
        cr.worksheet(WIDE, [X, X], [Y, Y], dropout=0.5)
    with pytest.raises(cr.SettingError, match="dropout is a rate"):
        cr.worksheet(WIDE, X, Y, dropout=1.0)
    with pytest.raises(cr.SettingError, match="seed is a whole number"):
        cr.worksheet(WIDE, X, Y, dropout=0.5, seed=-1)
