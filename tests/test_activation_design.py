"""What an activation does to learning (S2.16): numbers that a formula gives, and properties that hold on any range."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.activations import NAMED
from chainrule.activations import named as activation_named
from chainrule.diagnostics.activation_design import FLAT, design, steepest
from chainrule.diagnostics.slope_curve import Interval
from chainrule.json_text import json_text

SCALARS = sorted(set(NAMED) - {"softmax"})
SMOOTH = sorted(set(SCALARS) - {"relu", "leaky_relu", "identity"})


def number(text: str) -> float:
    return float(text.replace("−", "-"))


# numbers that a formula gives ---------------------------------------------------------------------------------------
def test_the_sigmoid_is_flat_where_a_one_minus_a_is_a_twentieth_of_a_quarter() -> None:
    found = design("sigmoid")
    a = (1 + math.sqrt(1 - FLAT)) / 2
    edge = math.log(a / (1 - a))
    assert [end for zone in found.flat for end in (zone.low, zone.high)] == pytest.approx([-8, -edge, edge, 8])
    assert (found.scale, found.bounded, found.away) == (0.25, True, 0.0)
    assert found.slowest == (Interval(-8.0, -8.0), Interval(8.0, 8.0))
    assert found.least == pytest.approx(math.exp(-8) / (1 + math.exp(-8)) ** 2, rel=1e-12)
    assert found.near.most == found.wide.most == 0.25
    assert (found.monotone, found.kinks, found.turns) == ("rising", (), ())


def test_tanh_is_flat_beyond_the_place_where_its_slope_is_a_twentieth() -> None:
    edge = math.acosh(math.sqrt(1 / FLAT))
    assert design("tanh").flat[1].low == pytest.approx(edge, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "turn", "most"),
    [
        ("silu", lambda z: 1 + z / (1 + math.exp(z)), None),
        (
            "gelu",
            lambda z: (1 + math.erf(z / 2**0.5)) / 2 + z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
            math.sqrt(2),
        ),
    ],
)
def test_where_a_slope_turns_its_sign_it_is_0(name: str, turn: Any, most: float | None) -> None:
    found = design(name)
    root = scipy.optimize.brentq(turn, -2, -0.5)
    assert found.turns == pytest.approx((root,), abs=1e-9)
    assert (found.least, [each.low for each in found.slowest]) == (0.0, pytest.approx([root], abs=1e-9))
    assert found.monotone == "neither rising nor falling"
    if most is not None:
        assert found.near.most == pytest.approx(float(cr.activations.gelu.slope(np.array([most]))[0]), rel=1e-12)
    assert f"σ′ = 0 at {found.slowest[0]}: a neuron there passes nothing back" in found.advice


def test_relu_is_dead_on_its_left_and_leaky_relu_never() -> None:
    relu, leaky = design("relu"), design(cr.leaky_relu(0.02))
    assert (relu.least, relu.slowest, relu.flat) == (0.0, (Interval(-8.0, 0.0),), (Interval(-8.0, 0.0),))
    assert relu.monotone == "rising, constant where σ′ = 0"
    assert any("on [−8, 0]: a neuron whose z stays there for every row is dead" in each for each in relu.advice)
    assert [(kink.at, kink.left, kink.right, kink.declared) for kink in relu.kinks] == [(0.0, 0.0, 1.0, True)]
    assert (relu.away, leaky.away) == (0.0, 0.02)
    assert leaky.advice[0] == (
        "σ′ ≥ 0.02 on [−50, 50], and the tails do not lower it: no neuron can saturate fully, "
        "but where it is flat it learns at 0.02 of its pace"
    )


def test_an_activation_with_a_slope_kept_from_0_is_told_from_one_without() -> None:
    """S2.16: σ′ > 0 everywhere is not enough: the sigmoid's is, and is not bounded away from 0."""
    kept = design(cr.activation(lambda z, m: m.tanh(z) + 0.01 * z, "kept"))
    assert kept.away == pytest.approx(0.01, rel=1e-9)
    assert "no neuron can saturate fully" in kept.advice[0]
    slow = design(cr.activation(lambda z: z / np.sqrt(1 + z * z), "slow tails"))
    assert slow.wide.least > 0
    assert slow.away == 0
    for name in ("sigmoid", "tanh", "softplus"):
        assert design(name).away == 0


@pytest.mark.parametrize("name", sorted({*SMOOTH, "relu"} - {"exponential"}))
def test_the_advice_keeps_its_word(name: str) -> None:
    """The activation that is advised has the slope that is promised."""
    sigma = activation_named(name)
    (line,) = [each for each in design(name).advice if each.startswith("σ(z) + ")]
    share, promised = (number(each) for each in re.findall(r"\+ (\S+) z would keep σ′ ≥ (\S+) on", line)[0])
    better = replace(sigma, slope=lambda z: sigma.slope(z) + share, own=True, name="better")
    z = np.linspace(-50, 50, 200_001)
    assert better.slope(z).min() >= promised * (1 - 1e-3)
    assert 0.01 <= promised < 0.012


def test_an_exponential_is_flat_below_and_grows_without_bound_above() -> None:
    found = design("exponential")
    assert (found.scale, found.bounded, found.monotone) == (1.0, False, "rising")
    assert [(zone.low, zone.high) for zone in found.flat] == [(-8.0, pytest.approx(math.log(FLAT), abs=1e-9))]
    assert any("still grows at the ends" in each for each in found.advice)


def test_slopes_that_grow_have_no_largest_and_are_held_against_1() -> None:
    cube = cr.activation(lambda z: z**3, "cube")
    found = design(cube)
    assert (found.scale, found.bounded) == (1.0, False)
    assert found.slowest == (Interval(0.0, 0.0),)
    assert found.flat[0].high == pytest.approx(math.sqrt(FLAT / 3), abs=1e-9)
    assert any("still grows at the ends of [−50, 50]" in each for each in found.advice)
    assert "for σ′ grows" in str(found)
    assert steepest(cube) == (1.0, False)
    assert steepest(activation_named("sigmoid")) == (0.25, True)


def test_kinks_are_found_whether_they_are_named_or_not() -> None:
    unnamed = cr.activation(lambda z, m: m.abs(z - 2.05001), "unnamed")
    (kink,) = design(unnamed).kinks
    assert (kink.at, kink.left, kink.right, kink.declared) == (pytest.approx(2.05001, abs=1e-9), -1.0, 1.0, False)
    assert "which the activation does not name" in str(kink)
    assert any("jumps from one sign to the other at 2.05" in each for each in design(unnamed).advice)
    smooth = cr.activation(lambda z, m: m.tanh(z), "smooth", kinks=(0.0,))
    (kink,) = design(smooth).kinks
    assert kink.left == kink.right
    assert "does not jump" in str(kink)
    steep = cr.activation(lambda z, m: m.tanh(200 * (z - 0.001234)) / 200 + z, "steep")
    assert design(steep).kinks == ()


def test_a_jump_of_the_activation_itself_is_seen_although_no_slope_tells() -> None:
    step = replace(activation_named("identity"), value=lambda z: z + (z > 1.25), name="step", own=True)
    found = design(step)
    assert found.jumps == pytest.approx((1.25,), abs=1e-9)
    assert "σ itself jumps at 1.25" in str(found)
    assert design("sigmoid").jumps == design("relu").jumps == ()


def test_a_range_of_ones_own() -> None:
    found = design("sigmoid", low=-1, high=2)
    assert (found.near.on, found.wide.on) == (Interval(-1.0, 2.0), Interval(-50.0, 50.0))
    assert found.flat == ()
    assert "flat     nowhere on [−1, 2]" in str(found)
    assert any("is not kept away from 0" in each for each in found.advice)
    assert design("tanh", low=60, high=70).flat == (Interval(60.0, 70.0),)
    nothing = design(cr.activation(lambda z: 0 * z, "nothing"))
    assert (nothing.monotone, nothing.scale, nothing.bounded) == ("constant", 1.0, True)
    assert nothing.slowest == nothing.flat == (Interval(-8.0, 8.0),)


# properties ---------------------------------------------------------------------------------------------------------
@settings(max_examples=40)
@given(st.sampled_from(SCALARS), st.floats(-20, 19), st.floats(0.5, 20), st.integers(0, 2**32 - 1))
def test_zones_and_bounds_hold_at_random_places(name: str, low: float, width: float, seed: int) -> None:
    sigma, found = activation_named(name), design(name, low=low, high=low + width)
    z = np.random.default_rng(seed).uniform(low, low + width, 2000)
    slope = sigma.slope(z)
    assert slope.min() >= found.near.least - 1e-6
    assert slope.max() <= found.near.most + 1e-6
    assert np.abs(slope).min() >= found.least * (1 - 1e-6)
    inside = np.any([(zone.low <= z) & (z <= zone.high) for zone in found.flat] or [np.zeros(z.size, bool)], axis=0)
    near = np.any([np.abs(z - end) < 1e-6 for zone in found.flat for end in (zone.low, zone.high)] or [inside], axis=0)
    assert np.array_equal(inside | near, (np.abs(slope) < FLAT * found.scale) | near)


# rows of z ----------------------------------------------------------------------------------------------------------
def test_given_z_are_laid_over_the_curve() -> None:
    found = design("relu", z=[[-1.0, 1.0], [2.0, -3.0], [4.0, 5.0]])
    rug = found.rug
    assert rug is not None
    assert (rug.count, rug.low, rug.high) == (6, -3.0, 5.0)
    assert (rug.mean, rug.flat, rug.zero) == pytest.approx((4 / 6, 2 / 6, 2 / 6))
    assert "the 6 z given, −3 … 5: mean |σ′| = 0.6667, 33.3% in a flat zone, 33.3% where σ′ is 0" in str(found)


@pytest.mark.parametrize(
    ("name", "z", "warned"),
    [
        ("sigmoid", [0.0] * 7 + [9.0] * 3, True),
        ("sigmoid", [0.0] * 9 + [9.0], False),
        ("relu", [1.0, -1.0], False),
        ("relu", [-1.0] * 9 + [1.0], True),
    ],
)
def test_z_in_flat_zones_are_worth_a_word_from_a_fifth_on_or_where_half_is_usual_from_three_quarters_on(
    name: str, z: list[float], warned: bool
) -> None:
    assert any("of the given z lie in a flat zone" in each for each in design(name, z=z).advice) == warned


def test_a_networks_z_are_taken_as_they_come() -> None:
    network = cr.Network.random([5, 4, 3], "tanh", "softmax")
    x = np.random.default_rng(0).standard_normal((9, 5))
    z = cr.forward(network, x).z[1]
    rug = design("tanh", z=z).rug
    assert rug is not None
    assert rug.count == 36
    assert rug.mean == pytest.approx(float((1 - np.tanh(z) ** 2).mean()), rel=1e-5)


# refusals and forms -------------------------------------------------------------------------------------------------
def test_a_softmax_is_refused_with_the_reason() -> None:
    with pytest.raises(cr.SettingError, match="softmax is not a function of one z: each output depends on every z"):
        design("softmax")


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, -2), (math.nan, 1), (0, math.inf)])
def test_a_range_that_is_none_is_refused(low: float, high: float) -> None:
    with pytest.raises(cr.SettingError, match="low < high"):
        design("tanh", low=low, high=high)


@pytest.mark.parametrize("z", [[], [math.nan, 1.0], [math.inf], ["a"], [True]])
def test_z_that_are_no_numbers_are_refused(z: Any) -> None:
    with pytest.raises(cr.DataError):
        design("tanh", z=z)


def test_an_unknown_name_and_a_slope_that_leaves_the_numbers_are_refused() -> None:
    with pytest.raises(cr.UnknownNameError, match="did you mean 'sigmoid'"):
        design("sigmod")
    explosive = cr.activation(lambda z, m: m.exp(z * z / 2), "explosive")
    assert design(explosive).wide.on.high < 50
    with pytest.raises(cr.FormError, match="σ′ is not finite at z = "):
        design(explosive, low=-60, high=60)


@pytest.mark.parametrize("name", SCALARS)
def test_every_design_prints_a_line_a_property_and_goes_to_json(name: str) -> None:
    found = design(name, z=[0.5])
    heads = [line.split()[0] for line in str(found).splitlines()[1:7]]
    assert heads == ["σ′", "flat", "slowest", "monotone", "kinks", "given"]
    told = json.loads(json_text(found.to_json()))
    assert told["flat_below"] == pytest.approx(FLAT * found.scale)
    assert told["rug"]["count"] == 1
    assert told["wide"]["on"] == {"low": -50.0, "high": 50.0}
