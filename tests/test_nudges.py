"""Nudges: the demon's table to the digit, kinks and best moves against a scan, the demons against δ, and the command."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from networks import PROOF, Drawn, Problem, crossed, make_problem, problems
from typer.testing import CliRunner

import chainrule as cr
from chainrule.activations import NAMED
from chainrule.cli.nudge import command
from chainrule.cli.options import with_options
from chainrule.nudges import Change, best_move, demon, miss_text, nudge, sweep
from chainrule.nudges.way import unmoved

DEMON_TABLE = """\
+0.01 | −0.0006501 | −0.0006500 | 0.0 %
+0.1 | −0.0065008 | −0.0064887 | −0.2 %
+0.5 | −0.0325041 | −0.0315970 | −2.8 %
+1 | −0.0650082 | −0.0588410 | −9.5 %
+2 | −0.1300164 | −0.0941973 | −27.5 %
−2 | +0.1300164 | +0.0977688 | −24.8 %"""
STEPS = [0.01, 0.1, 0.5, 1, 2, -2]
RELUS = [[3, 6, 5, 2], [2, 8, 8, 1], [4, 3, 7, 3]]
SEEDS = range(12) if PROOF else (0, 1, 2, 6, 7, 8)  # each of RELUS, alone and with tanh between


def relu_problem(seed: int, hidden: str = "relu") -> Problem:
    sizes = RELUS[seed % len(RELUS)]
    return make_problem(sizes, [hidden, ["relu", "tanh"][seed % 2]], "identity", "quadratic", seed=seed, scale=1.5)


def cells(line: str) -> str:
    return " | ".join(re.split(r"\s{2,}", line.strip()))


# the demon's table --------------------------------------------------------------------------------------------------
def test_the_demon_on_layer_2_of_the_chain_comes_out_to_the_digit(chain: cr.Network) -> None:
    """S2.2, S2.3: predicted, actual and miss, as they stand in CONCEPTS."""
    text = str(sweep(chain, [0.6], [1.0], "z/2/0", STEPS, cost="squared_error"))
    title, head, *rows = text.splitlines()
    assert title == "C (squared_error) when z/2/0 is moved: before 0.203198, derivative −0.065008"
    assert cells(head) == "Δ | predicted | actual | miss"
    assert "\n".join(map(cells, rows)) == DEMON_TABLE
    assert len({len(line) for line in [head, *rows]}) == 1


def test_the_good_demon_lowers_the_cost_of_the_chain(chain: cr.Network) -> None:
    deed = demon(chain, [0.6], [1.0], 2, 0.1, "squared_error").best
    assert (deed.at, deed.change.step) == ("z/2/0", 0.1)
    assert (round(deed.change.predicted, 6), round(deed.change.actual, 6)) == (-0.006501, -0.006489)


@pytest.mark.parametrize(("output", "bias"), crossed(["sigmoid", "softmax"], ["neuron", "layer"], each=1))
def test_what_does_not_move_says_why(output: str, bias: str) -> None:
    """Every pair of a network in general position: a reason stands where nothing moves, and nowhere else."""
    p = make_problem([2, 3, 2], ["tanh"], output, "quadratic", bias=bias, seed=1)
    ids = ["x/0", "x/1", "w/1/0/1", "w/1/2/0", "w/2/0/0", "w/2/1/2", "b/1/0", "b/2/0"]
    ids += [f"{kind}/{layer}/{j}" for kind in "za" for layer, count in ((1, 3), (2, 2)) for j in range(count)]
    for by in ids:
        for of in [*ids, "C", "a/0/1"]:
            if (by, bias, output) == ("b/2/0", "layer", "softmax") and of[0] in "Ca":
                continue  # a way leads there, and what is added to every z of a softmax moves nothing
            still = nudge(p.network, p.x[0], p.y[0], by, 0.25, of, p.cost).change.actual == 0
            assert bool(unmoved(p.network, of, by)) == still, (of, by)
    assert (
        unmoved(p.network, "a/1/0", "w/2/0/0")
        == "a/1/0 does not depend on w/2/0/0, which comes after it: nothing leads back"
    )
    assert "where a neuron does not see its neighbours" in unmoved(p.network, "z/2/0", "w/2/1/0")
    assert "w/1/0/0 is set, not computed" in unmoved(p.network, "w/1/0/0", "z/1/0")


# one nudge ----------------------------------------------------------------------------------------------------------
def test_a_nudge_of_a_weight_travels_to_z_to_a_and_to_the_cost(chain: cr.Network) -> None:
    """S1.6, S1.7: each ratio of nudges is that link's derivative, and their product the change of C per change of w."""
    found = nudge(chain, [0.6], [1.0], "w/1/0/0", 0.01, cost="squared_error")
    assert [link.name for link in found.links] == [
        "w/1/0/0", "z/1/0", "a/1/0", "z/2/0", "a/2/0", "z/3/0", "a/3/0", "C",
    ]  # fmt: skip
    assert all(link.single for link in found.links)
    ratios = [link.ratio for link in found.links[1:]]
    assert ratios[0] == pytest.approx(0.6)  # a_in
    assert ratios[2] == pytest.approx(-2.0)  # w²
    assert ratios[4] == pytest.approx(1.2)  # w³
    trace = cr.forward(chain, [0.6])
    local = [0.6, *(float(chain.activations[l].slope(trace.z[l])[0]) for l in (1, 2, 3)), 2 * (trace.a[3][0] - 1)]
    for i, exact in zip((0, 1, 3, 5, 6), local):
        assert ratios[i] == pytest.approx(exact, rel=5e-3)
    assert np.prod(ratios) == pytest.approx(found.actual / 0.01)
    there = chain.with_value("w/1/0/0", 1.51)
    assert found.links[-1].after == pytest.approx(float(cr.cost(there, [0.6], [1.0], "squared_error")), rel=1e-14)
    assert found.links[1].after == pytest.approx(float(cr.forward(there, [0.6]).z[1][0]), rel=1e-14)
    assert found.links[-1].predicted == found.predicted == pytest.approx(0.018332608849254074 * 0.01)


def test_a_nudge_in_a_wide_network_is_followed_by_the_norm_of_each_layer() -> None:
    p = make_problem([3, 4, 5, 2], ["tanh", "softmax"], "sigmoid", "squared_error")
    found = nudge(p.network, p.x[0], p.y[0], "w/1/2/0", 0.3, cost=p.cost)
    names = [(link.name, link.neurons) for link in found.links]
    assert names == [
        ("w/1/2/0", 1),
        ("z/1/2", 1),
        ("a/1/2", 1),
        ("z/2", 5),
        ("a/2", 5),
        ("z/3", 2),
        ("a/3", 2),
        ("C", 1),
    ]
    there = p.network.with_value("w/1/2/0", p.network.weights[1][2, 0] + 0.3)
    before, after = cr.forward(p.network, p.x[0]), cr.forward(there, p.x[0])
    assert found.links[3].change == pytest.approx(float(np.linalg.norm(after.z[2] - before.z[2])), rel=1e-12)
    assert found.links[6].change == pytest.approx(float(np.linalg.norm(after.a[3] - before.a[3])), rel=1e-12)
    assert (found.links[3].before, found.links[3].single) == (None, False)
    assert "‖" in str(found)


@pytest.mark.parametrize(
    ("v", "u", "names"),
    [
        ("x/1", "C", "x/1 z/1 a/1 z/2 a/2 z/3 a/3 C"),
        ("z/2/1", "C", "z/2/1 a/2 z/3 a/3 C"),  # a softmax moves all its outputs
        ("a/2/1", "C", "a/2/1 z/3 a/3 C"),
        ("z/1/2", "a/3/0", "z/1/2 a/1/2 z/2 a/2 z/3/0 a/3/0"),
        ("z/1/2", "a/2/0", "z/1/2 a/1/2 z/2 a/2/0"),
        ("w/1/2/0", "z/1/2", "w/1/2/0 z/1/2"),
        ("w/1/2/0", "a/1/0", "w/1/2/0 a/1/0"),  # another neuron: nothing lies between
        ("z/2/0", "z/1/0", "z/2/0 z/1/0"),
        ("w/2/0/0", "w/2/0/0", "w/2/0/0"),
        ("w/2/0/0", "x/0", "w/2/0/0 x/0"),
        ("b/3/0", "C", "b/3/0 z/3 a/3 C"),
    ],
)
def test_the_way_holds_what_lies_between(v: str, u: str, names: str) -> None:
    p = make_problem([3, 4, 5, 2], ["tanh", "softmax"], "sigmoid", "squared_error", bias="layer")
    found = nudge(p.network, p.x[0], p.y[0], v, 0.1, of=u, cost=p.cost)
    assert [link.name for link in found.links] == names.split()
    assert found.links[-1].change == pytest.approx(found.actual)


def test_what_does_not_depend_has_a_change_of_0_and_a_dash(chain: cr.Network) -> None:
    found = nudge(chain, [0.6], [1.0], "z/2/0", 0.1, of="z/1/0")
    assert (found.predicted, found.actual, found.miss) == (0.0, 0.0, None)
    assert "there is nothing to miss" in str(found)


@given(problems(), st.randoms(use_true_random=False))
def test_the_miss_vanishes_with_the_step(drawn: Drawn, draw: object) -> None:
    """Predicted and actual agree as the step gets small, whatever is moved; the slope is δ (S2.2)."""
    p = drawn.make()
    layer = draw.randint(1, p.network.depth)  # type: ignore[attr-defined]
    neuron = draw.randrange(p.network.sizes[layer])  # type: ignore[attr-defined]
    found = sweep(p.network, p.x[0], p.y[0], f"z/{layer}/{neuron}", [1e-5, -1e-5], cost=p.cost)
    delta = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost).delta[layer]
    assert found.slope == pytest.approx(float(delta[neuron]), rel=1e-8, abs=1e-10 * max(1, np.abs(delta).max()))
    if found.kinks:
        return
    for change in found.rows:
        scale = max(1.0, abs(found.before), abs(found.slope)) + abs(p.x[0]).max()
        assert change.actual == pytest.approx(change.predicted, rel=1e-2, abs=1e-9 * scale)


def test_no_slope_of_the_tables_is_looked_at() -> None:
    p = make_problem([2, 2, 2], ["sigmoid"], "tanh", "quadratic")
    right = sweep(p.network, p.x[0], p.y[0], "z/1/0", [0.1], cost=p.cost)
    sigma = NAMED["sigmoid"]()
    wrong = replace(sigma, slope=lambda z: 2 * sigma.slope(z), value=lambda z: 2 * sigma.value(z))
    net = cr.Network(list(p.network.weights), list(p.network.biases), [wrong, "tanh"])
    assert sweep(net, p.x[0], p.y[0], "z/1/0", [0.1], cost=p.cost).rows == right.rows


def test_the_cost_is_the_natural_one_unless_it_is_given(chain: cr.Network) -> None:
    p = make_problem([2, 3, 2], ["tanh"], "softmax", "cross_entropy")
    assert nudge(p.network, p.x[0], [1, 0], "x/0", 0.1).cost == "cross_entropy"
    assert nudge(chain, [0.6], [1.0], "x/0", 0.1).cost == "quadratic"
    assert nudge(chain, [0.6], [1.0], "x/0", 0.1, cost=cr.huber(0.5)).cost == "huber(threshold=0.5)"


def test_a_label_will_do_for_a_target() -> None:
    p = make_problem([2, 3, 2], ["tanh"], "softmax", "cross_entropy", dtype="float32")
    by_label = nudge(p.network, p.x[0], 1, "w/1/0/0", 0.5)
    assert by_label == nudge(p.network, p.x[0], [0, 1], "w/1/0/0", 0.5)
    assert by_label == nudge(p.network.astype("float64"), p.x[0], [0.0, 1.0], "w/1/0/0", 0.5)  # float64 explains


# kinks --------------------------------------------------------------------------------------------------------------
def scanned(p: Problem, v: str, low: float, high: float, points: int) -> list[tuple[str, float]]:
    """Where a unit of a ReLU changes between z > 0 and z ≤ 0, by a scan of the forward pass: unit and middle of the cell.

    z/1/j is moved as one more input, which goes to neuron j alone.
    """
    at, net = np.linspace(low, high, points), p.network
    kind, *numbers = v.split("/")
    weights, rows, column = list(net.weights), np.tile(p.x[0], (points, 1)), int(numbers[-1])
    if kind == "z":
        weights[0] = np.hstack([weights[0], np.eye(net.sizes[1])[:, [column]]])
        rows, column = np.hstack([rows, np.zeros((points, 1))]), net.sizes[0]
    rows[:, column] += at
    trace = cr.forward(cr.Network(weights, list(net.biases), list(net.activations)), rows)
    found = []
    for l, z in trace.z.items():
        if net.activations[l].kinks:
            for i, j in np.argwhere((z[:-1] > 0) != (z[1:] > 0)):
                found.append((f"z/{l}/{j}", (at[i] + at[i + 1]) / 2))
    return sorted(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_kinks_are_where_a_scan_finds_them(seed: int) -> None:
    """S3.4: of ReLUs alone, leaky ones, and with tanh between, where a unit may turn on and off again."""
    p = relu_problem(seed, ["relu", "leaky_relu"][seed // 6])
    count = 0
    for v in ("x/0", "x/1", "z/1/0", "z/1/1"):
        expected = scanned(p, v, -4.0, 4.0, 40_001)
        kinks = sweep(p.network, p.x[0], p.y[0], v, [-4.0, 0.5, 4.0]).kinks
        assert [kink.at for kink in kinks] == sorted(kink.at for kink in kinks)
        found = sorted((kink.unit, kink.at) for kink in kinks)
        assert [unit for unit, _ in found] == [unit for unit, _ in expected], v
        for (_, ours), (_, theirs) in zip(found, expected):
            assert ours == pytest.approx(theirs, abs=1.01e-4), v
        count += len(found)
    assert count > 4


def test_a_kink_is_where_z_passes_0_to_the_last_digits() -> None:
    p = relu_problem(1)
    for kink in sweep(p.network, p.x[0], p.y[0], "x/1", [-3, 3]).kinks:
        _, l, j = kink.unit.split("/")
        moved = p.x[0] + np.array([0, kink.at])
        assert abs(cr.forward(p.network, moved).z[int(l)][int(j)]) < 1e-13
        assert (kink.passes, kink.of) == (0.0, "relu")


def test_a_large_layer_has_its_kinks_in_the_right_places_too() -> None:
    """Many steps at once round differently from one: no crossing may be taken for the end of its cell."""
    net = cr.Network.random([784, 30, 10], "relu", "softmax", seed=3, dtype="float64")
    x = np.random.default_rng(0).random(784)
    z = net.weights[1] @ x
    for k in range(5, 10 if PROOF else 7):
        kinks = sweep(net, x, 1, f"x/{k}", [-50, 50]).kinks
        crossed = -z / net.weights[1][:, k]  # z moves in straight lines
        expected = sorted((at, f"z/1/{j}") for j, at in enumerate(crossed.tolist()) if abs(at) < 50)
        assert len(expected) > 15
        assert [kink.unit for kink in kinks] == [unit for _, unit in expected]
        assert [kink.at for kink in kinks] == pytest.approx([at for at, _ in expected], rel=1e-9)


def test_a_range_of_any_size_has_the_kinks_of_a_small_one() -> None:
    """What happens near Δ = 0 is not lost between two points that are 1e297 apart."""
    p = relu_problem(0)
    near, far = (sweep(p.network, p.x[0], p.y[0], "x/0", [-size, size]).kinks for size in (4.0, 1e300))
    found = [kink for kink in far if abs(kink.at) < 4]
    assert len(near) > 4
    assert [kink.unit for kink in found] == [kink.unit for kink in near]
    assert [kink.at for kink in found] == pytest.approx([kink.at for kink in near], rel=1e-9)
    net = cr.Network(  # z/2/0 = tanh(t − 8) − tanh(t − 12) − 1
        [[[1.0], [1.0]], [[1.0, -1.0]], [[1.0]]], [[-8.0, -12.0], [-1.0], [0.0]], ["tanh", "relu", "identity"]
    )
    on, off = sweep(net, [0.0], [1.0], "x/0", [-1e6, 1e6]).kinks
    assert (on.at, off.at) == pytest.approx((8.0, 12.0), abs=1e-3)


def test_a_bump_that_just_reaches_over_the_kink_between_two_points_of_the_grid_is_found() -> None:
    """z/2/0 = tanh(100t + 1) − tanh(100t − 1) − c around a place, with c a thousandth below the top."""
    place, top = 0.5037, 2 * np.tanh(1)
    net = cr.Network(
        [[[100.0], [100.0]], [[1.0, -1.0]], [[1.0]]],
        [[1 - 100 * place, -1 - 100 * place], [-0.999 * top], [0.0]],
        ["tanh", "relu", "identity"],
    )
    kinks = sweep(net, [0.0], [1.0], "x/0", [-1, 1]).kinks
    assert [kink.unit for kink in kinks] == ["z/2/0", "z/2/0"]
    off = [kink.at - place for kink in kinks]
    assert off[0] == pytest.approx(-off[1], abs=1e-12)
    assert np.tanh(100 * off[1] + 1) - np.tanh(100 * off[1] - 1) == pytest.approx(0.999 * top, abs=1e-12)
    assert 0 < off[1] < 1 / 256


@pytest.mark.parametrize("shift", [0.0, 0.5037, -0.6671])
def test_a_unit_that_turns_on_and_off_within_a_hair_is_found(shift: float) -> None:
    """z/2/0 = max(t, 0) − 2 max(t − 0.001, 0) − 0.0005 is above 0 from t = 0.0005 to 0.0015 only."""
    net = cr.Network(
        [[[1.0], [1.0]], [[1.0, -2.0]], [[1.0]]],
        [[-shift, -shift - 0.001], [-0.0005], [0.0]],
        ["relu", "relu", "identity"],
    )
    kinks = sweep(net, [0.0], [1.0], "x/0", [-1, 1]).kinks
    expected = [("z/1/0", 0.0), ("z/2/0", 0.0005), ("z/1/1", 0.001), ("z/2/0", 0.0015)]
    assert [kink.unit for kink in kinks] == [unit for unit, _ in expected]
    assert [kink.at for kink in kinks] == pytest.approx([shift + at for _, at in expected], abs=1e-12)


def test_a_start_on_the_kink_is_a_kink_at_0_for_steps_that_leave_it() -> None:
    """The slope there is that of the left (S3.4), so that a step to the right is a surprise and one to the left is none."""
    net = cr.Network([[[1.0]], [[3.0]]], [[0.0], [0.5]], ["relu", "identity"])
    right, left = (nudge(net, [0.0], [2.0], "z/1/0", step) for step in (0.25, -0.25))
    assert [(kink.unit, kink.at) for kink in right.kinks] == [("z/1/0", 0.0)]
    assert (right.predicted, right.miss) == (0.0, None)
    assert right.actual < 0
    assert left.kinks == ()
    assert left.actual == 0
    assert "z/1/0 passes 0, the kink of relu, at Δ = 0" in str(right)


def test_an_activation_of_ones_own_has_the_kinks_it_names() -> None:
    hard = cr.activation(lambda z, m: m.maximum(m.minimum(z, 1.0), -1.0), "hard_tanh", kinks=(-1.0, 1.0))
    net = cr.Network([[[2.0]], [[1.0]]], [[0.5], [0.0]], [hard, "identity"])
    found = sweep(net, [0.0], [0.3], "x/0", [-3, 3])
    assert [(kink.passes, kink.at) for kink in found.kinks] == [(-1.0, -0.75), (1.0, 0.25)]
    assert "z/1/0 passes −1, the kink of hard_tanh, at Δ = −0.750000" in str(found)


def test_only_units_below_what_is_watched_count() -> None:
    p = relu_problem(3)
    every = sweep(p.network, p.x[0], p.y[0], "x/0", [-4, 4]).kinks
    by_layer = {l: [kink for kink in every if kink.unit.startswith(f"z/{l}/")] for l in (1, 2)}
    assert by_layer[1]
    own = [kink for kink in by_layer[1] if kink.unit == by_layer[1][0].unit]
    neuron = own[0].unit.split("/")[2]
    ask = (p.network, p.x[0], p.y[0], "x/0", [-4, 4])
    assert [kink.unit for kink in sweep(*ask, of="z/2/0").kinks] == [kink.unit for kink in by_layer[1]]
    its_own = sweep(*ask, of=f"a/1/{neuron}").kinks
    assert [kink.unit for kink in its_own] == [kink.unit for kink in own]
    assert [kink.at for kink in its_own] == pytest.approx([kink.at for kink in own], rel=1e-12)
    assert sweep(*ask, of=f"z/1/{neuron}").kinks == ()
    assert sweep(*ask, of="x/0").kinks == ()


def test_the_margin_of_the_hinge_is_a_kink_of_the_cost() -> None:
    """S3.14: max(0, 1 + z_j − z_y) sets in where z_j comes within 1 of the right output."""
    net = cr.Network([[[1.0], [0.0], [-1.0]]], [[0.0, 0.5, -3.0]], "identity")
    found = sweep(net, [0.0], [0.0, 1.0, 0.0], "x/0", [-4, 4], cost="multiclass_hinge")
    assert [(kink.unit, kink.at) for kink in found.kinks] == [("z/1/2", -3.5 + 1), ("z/1/0", -0.5)]
    assert "z/1/0 meets the margin of the right class at Δ = −0.500000" in str(found)
    assert sweep(net, [0.0], [0.0, 1.0, 0.0], "x/0", [-4, 4], of="z/1/0", cost="multiclass_hinge").kinks == ()


def test_an_output_that_passes_its_target_is_a_kink_of_the_absolute_error() -> None:
    """S3.4."""
    net = cr.Network([[[2.0], [-1.0]]], [[0.0, 0.5]], "identity")
    found = sweep(net, [0.0], [1.0, 3.0], "x/0", [-4, 4], cost="absolute_error")
    assert [(kink.unit, kink.at) for kink in found.kinks] == [("a/1/1", -2.5), ("a/1/0", 0.5)]
    assert "a/1/0 passes its target 1 at Δ = +0.5" in str(found)
    assert sweep(net, [0.0], [1.0, 3.0], "x/0", [-4, 4], of="a/1/0", cost="absolute_error").kinks == ()


def test_many_kinks_are_counted_and_the_nearest_listed() -> None:
    net = cr.Network.random([4, 40, 1], "relu", seed=5, dtype="float64")
    found = nudge(net, [0.3, -1.0, 0.5, 1.0], [0.0], "x/0", 9.0)
    assert len(found.kinks) > 8
    assert f"{len(found.kinks)} kinks on the way:" in str(found)
    assert f"  and {len(found.kinks) - 8} more, further out" in str(found)
    assert len(found.to_json()["kinks"]) == len(found.kinks)


# the best move ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
def test_no_point_of_a_scan_is_better_than_the_best_move(seed: int) -> None:
    p = relu_problem(seed)
    found = best_move(p.network, p.x[0], p.y[0], "x/0", -5, 5)
    at = np.linspace(-5, 5, 40_001)
    rows = np.tile(p.x[0], (at.size, 1))
    rows[:, 0] += at
    costs = cr.cost(p.network, rows, np.tile(p.y[0], (at.size, 1)), reduction="none")
    assert found.change.after <= costs.min() + 1e-12
    assert found.change.after >= costs.min() - 1e-3 * (1 + abs(costs.min()))
    if abs(found.step) < 5 and np.sum(costs < costs.min() + 1e-9) == 1:
        assert found.step == pytest.approx(at[costs.argmin()], abs=3e-4)


def test_of_many_valleys_the_deepest_is_found() -> None:
    """a = sin 9z + z/4 + z²/20 has some dozens of low places."""
    wave = cr.activation(lambda z, m: m.sin(9 * z) + z / 4 + z * z / 20, "wave")
    net = cr.Network([[[1.0]]], [[0.0]], [wave])
    found = best_move(net, [0.0], [0.0], "z/1/0", -20, 20, of="a/1/0")
    t = np.linspace(-20, 20, 2_000_001)
    values = np.sin(9 * t) + t / 4 + t * t / 20
    assert found.change.after <= values.min()
    assert found.step == pytest.approx(t[values.argmin()], abs=1e-4)


def test_the_best_move_of_an_output_is_its_target(chain: cr.Network) -> None:
    p = make_problem([2, 3, 2], ["tanh"], "identity", "quadratic")
    away = float(p.y[0][1] - cr.forward(p.network, p.x[0]).a[2][1])
    found = best_move(p.network, p.x[0], p.y[0], "z/2/1", -10, 10)
    assert found.step == pytest.approx(away, abs=1e-7)
    assert not found.at_end
    assert found.tangent.step == np.copysign(10, away)
    assert found.tangent.predicted < found.change.predicted < found.change.actual < 0  # a tangent promises too much
    edge = best_move(chain, [0.6], [1.0], "z/2/0", -4, 4, cost="squared_error")
    assert (edge.step, edge.at_end) == (4.0, True)
    assert "further out there may be more" in str(edge)


def test_at_a_kink_the_best_is_the_kink() -> None:
    """|t − 0.3| through two ReLUs."""
    net = cr.Network([[[1.0], [-1.0]], [[1.0, 1.0]]], [[-0.3, 0.3], [0.0]], ["relu", "identity"])
    found = best_move(net, [0.0], [0.0], "x/0", -1, 1, of="a/2/0")
    assert found.step == found.kinks[0].at == pytest.approx(0.3, abs=1e-15)
    assert found.change.after == pytest.approx(0, abs=1e-15)


def test_a_valley_between_kinks_is_found_however_narrow() -> None:
    """Three ReLUs make a dent of depth 1 and width 2e-5; a grid without its kinks sees a plain."""
    place, half = 0.5037, 1e-5
    net = cr.Network(
        [[[1.0], [1.0], [1.0]], [[-1e5, 2e5, -1e5]]],
        [[half - place, -place, -half - place], [0.0]],
        ["relu", "identity"],
    )
    found = best_move(net, [0.0], [0.0], "x/0", -2, 2, of="a/2/0")
    assert found.step == pytest.approx(place, abs=1e-12)
    assert found.change.after == pytest.approx(-1, abs=1e-6)


def test_where_nothing_helps_the_best_move_is_none() -> None:
    net = cr.Network([[[1.0]], [[3.0]]], [[-5.0], [0.5]], ["relu", "identity"])  # a dead unit
    found = best_move(net, [0.0], [2.0], "z/1/0", -2, 2)
    assert (found.step, found.tangent.step) == (0.0, 0.0)
    assert "no move in this range lowers C" in str(found)
    beside = best_move(net, [0.0], [2.0], "z/1/0", 1, 2)
    assert beside.step == 1.0
    assert best_move(net, [0.0], [2.0], "z/1/0", -2, 9).step == pytest.approx(5.5)  # but far out it wakes up


@pytest.mark.parametrize(("seed", "sizes", "hidden", "scale"), [
    (175, [2, 5, 2, 5, 6], ["relu", "relu", "relu"], 4.0),
    (208, [2, 8, 7, 6, 8], ["leaky_relu", "relu", "tanh"], 4.0),
    (448, [2, 2, 2, 2, 7], ["tanh", "tanh", "tanh"], 4.0),
])  # fmt: skip
def test_valleys_narrower_than_a_cell_are_found(seed: int, sizes: list[int], hidden: list[str], scale: float) -> None:
    """Beside a long plateau, beside kinks, and between two points of the first grid."""
    p = make_problem(sizes, hidden, "identity", "quadratic", seed=seed, scale=scale)
    at = np.linspace(-5, 5, 20_001)
    rows = np.tile(p.x[0], (at.size, 1))
    rows[:, 0] += at
    costs = cr.cost(p.network, rows, np.tile(p.y[0], (at.size, 1)), reduction="none")
    found = best_move(p.network, p.x[0], p.y[0], "x/0", -5, 5)
    assert found.change.after <= costs.min()
    assert found.step == pytest.approx(at[costs.argmin()], abs=1e-3)


def test_a_small_hole_in_a_large_range_is_found() -> None:
    """Ranges are looked at in every decade of size: C is 0 at Δ = 0.4 alone."""
    net = cr.Network([[[1.0]]], None, "tanh")
    found = best_move(net, [0.0], [float(np.tanh(0.4))], "z/1/0", -1e6, 1e6)
    assert found.step == pytest.approx(0.4, rel=1e-6)


# the demons ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_the_good_demon_moves_each_z_against_its_delta(layer: int) -> None:
    """S2.3, S0.16: the largest |δ| promises most; moving z is moving its bias."""
    p = make_problem([3, 4, 5, 3], ["tanh", "sigmoid"], "softmax", "cross_entropy")
    found = demon(p.network, p.x[0], p.y[0], layer, 0.25, p.cost)
    delta = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost).delta[layer]
    order = np.argsort(-np.abs(delta), kind="stable")
    assert [deed.at for deed in found.deeds] == [f"z/{layer}/{j}" for j in order]
    for deed, j in zip(found.deeds, order):
        assert deed.change.step == -0.25 * np.sign(delta[j])
        assert deed.change.predicted == pytest.approx(-0.25 * abs(delta[j]), rel=1e-10)
        id = f"b/{layer}/{j}"
        moved = p.network.with_value(id, float(p.network.biases[layer][j]) + deed.change.step)
        after = float(cr.cost(moved, p.x[0], p.y[0], p.cost))
        assert deed.change.after == pytest.approx(after, rel=1e-12)
        assert deed.promises_little == (0.25 * abs(delta[j]) <= 1e-3 * found.before)
    assert found.best.change.actual == min(deed.change.actual for deed in found.deeds)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_other_demon_moves_each_activation(layer: int) -> None:
    """S2.4: at ∂C/∂a; layer 0 is the input."""
    p = make_problem([3, 4, 2], ["tanh"], "sigmoid", "binary_cross_entropy")
    found = demon(p.network, p.x[0], p.y[0], layer, 0.01, p.cost, "activation")
    da = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost).da[layer]
    slopes = {deed.at: deed.change.slope for deed in found.deeds}
    for j, each in enumerate(da):
        assert slopes[f"x/{j}" if layer == 0 else f"a/{layer}/{j}"] == pytest.approx(float(each), rel=1e-9)
    assert all(deed.change.predicted < 0 for deed in found.deeds)
    assert found.best.change.actual < 0


@pytest.mark.parametrize("layer", [None, 2])
def test_the_demon_of_the_gradient_moves_all_weights_at_once(layer: int | None) -> None:
    """−∇C promises the steepest decrease, −size ‖∇C‖ (S1.19)."""
    p = make_problem([3, 4, 2], ["tanh"], "softmax", "cross_entropy")
    found = demon(p.network, p.x[0], p.y[0], layer, 0.3, p.cost, "gradient")
    g = cr.gradient(p.network, p.x[0], p.y[0], p.cost)
    if layer == 2:
        g = cr.Parameters([0 * g.weights[1], g.weights[2]], [0 * g.biases[1], g.biases[2]])
    moved = p.network.with_parameters(p.network.parameters - 0.3 / g.norm() * g)
    change = found.deeds[0].change
    assert change.predicted == pytest.approx(-0.3 * g.norm(), rel=1e-12)
    assert change.after == pytest.approx(float(cr.cost(moved, p.x[0], p.y[0], p.cost)), rel=1e-12)
    assert change.before == pytest.approx(float(cr.cost(p.network, p.x[0], p.y[0], p.cost)), rel=1e-12)


def test_a_neuron_that_is_off_is_called_off_and_is_left_alone() -> None:
    net = cr.Network([[[1.0], [1.0]], [[3.0, 1.0]]], [[-5.0, 1.0], [0.5]], ["relu", "identity"])
    found = demon(net, [0.0], [2.0], 1)
    dead = found.deeds[-1]
    assert (dead.at, dead.change.step, dead.change.actual) == ("z/1/0", 0.0, 0.0)
    assert (dead.near_optimal, dead.remark) == (False, "off (σ′ = 0)")
    assert "off: σ′ = 0" in str(found)
    assert "near optimal" not in str(found)
    assert found.deeds[0].remark == ""
    right = demon(net, [0.0], [1.5], 1)  # no error at all: off or not, there is nothing to gain
    assert [deed.remark for deed in right.deeds] == ["near optimal", "near optimal"]


@pytest.mark.parametrize(
    ("cost", "output"), [("quadratic", "identity"), ("quadratic", "sigmoid"), ("binary_cross_entropy", "sigmoid")]
)
def test_a_small_slope_is_near_optimal_only_where_the_outputs_are_right(cost: str, output: str) -> None:
    """At C = 0.995 a weight of 1e−6 lets no error through: that is little effect, and no optimum."""
    net = cr.Network([[[1.0]], [[1e-6]]], [[0.5], [0.0]], ["tanh", output])
    y = [1.0] if output == "identity" else [0.0]
    for deed in (*demon(net, [0.3], y, 1, cost=cost).deeds, *demon(net, [0.3], y, 1, cost=cost, kind="gradient").deeds):
        assert deed.promises_little
        assert abs(deed.change.before) > 0.1
        assert (deed.near_optimal, deed.remark) == (False, "little effect")
    right = cr.forward(net, [0.3]).a[2]  # a soft target leaves a cross-entropy of 0.69 at its very best
    assert {deed.remark for deed in demon(net, [0.3], right, 1, cost=cost).deeds} == {"near optimal"}


def test_a_saturated_neuron_is_not_near_optimal() -> None:
    net = cr.Network([[[1.0], [1.0]], [[3.0, 1e-5]]], [[-20.0, 0.2], [0.0]], ["tanh", "identity"])
    found = demon(net, [0.0], [1.0], 1)
    assert {deed.at: deed.remark for deed in found.deeds} == {"z/1/0": "saturated", "z/1/1": "little effect"}
    for name in ("a", "x"):
        layer = 0 if name == "x" else 1
        dark = cr.Network([[[1.0]], [[1.0]], [[2.0]]], [[1.0], [-5.0], [0.0]], ["relu", "relu", "identity"])
        (deed,) = demon(dark, [0.5], [1.0], layer, kind="activation").deeds
        assert deed.remark == "layer 2 is off"
    (deed,) = demon(dark, [0.5], [1.0], 1).deeds
    assert deed.remark == "layer 2 is off"


def test_a_demon_that_goes_too_far_is_told_so() -> None:
    net = cr.Network([[[1.0], [1.0]], [[3.0, 1.0]]], [[0.05, 1.0], [0.5]], ["relu", "identity"])
    found = demon(net, [0.0], [1.5], 1, size=0.5)
    by = {deed.at: deed for deed in found.deeds}
    assert by["z/1/0"].crossed == ("z/1/0",)
    assert by["z/1/0"].remark == "over 1 kink"
    far = demon(net, [0.0], [1.6], 1, size=9)
    assert "overshot" in str(far)
    lowers = demon(net, [0.0], [1.63], 1, size=0.2)
    assert lowers.deeds[0].at == "z/1/0"
    assert lowers.best.at == ("z/1/1" if lowers.deeds[1].change.actual < lowers.deeds[0].change.actual else "z/1/0")


def test_where_the_cost_is_0_the_demon_of_the_gradient_stays() -> None:
    net = cr.Network([[[1.0]]], None, "identity")
    change = demon(net, [1.0], [1.0], kind="gradient").deeds[0].change
    assert (change.predicted, change.actual, change.miss) == (0.0, 0.0, None)


# what is said of the miss -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(0.1, 1.0, 1.2, 2.0), "0.0 %"),
        (Change(0.5, 1.0, 2.0, 2.0), "0 %"),
        (Change(0.1, 1.0, 1.3, 2.0), "+50.0 %"),
        (Change(0.1, 1.0, 1.0, 2.0), "−100.0 %"),
        (Change(0.1, 1.0, 1.3, 0.0), "—"),
        (Change(0.0, 1.0, 1.0, 2.0), "—"),
        (Change(1e-200, 1.0, 1.0, 1e-200), "underflow"),
        (Change(1e-15, 1.0, 1.0 + 2**-52, 1.0), "lost in rounding"),
        (Change(1e-9, 1.0, 1.0, 1.0, terms=1e9), "lost in rounding"),
        (Change(0.1, 1.0, np.inf, 2.0), "overflow"),
        (Change(1e200, 1.0, 3.0, 1e200), "overflow"),
        (Change(0.1, 1.0, np.nan, 2.0, left=True), "overflow"),
        (Change(0.1, 1.0, np.nan, 2.0), "undefined"),
        (Change(0.1, 0.0, 1e6, 1e-3), "+1.00000e12 %"),
    ],
)
def test_nothing_predicted_0_underflow_rounding_and_overflow_look_different(change: Change, said: str) -> None:
    assert miss_text(change) == said
    assert (change.miss is None) == (not said.endswith("%"))


def test_a_step_that_leaves_the_numbers_says_overflow_and_one_without_a_value_undefined() -> None:
    net = cr.Network([[[1.0]], [[1e200]]], [[0.0], [0.0]], "identity")
    found = sweep(net, [1e-200], [0.0], "z/1/0", [1e-200, 1e200])
    assert [row.note for row in found.rows] == ["", "overflow"]
    assert "+∞" in str(found)
    p = make_problem([2, 2], [], "sigmoid", "binary_cross_entropy")
    beyond = nudge(p.network, p.x[0], [0.5, 0.5], "a/1/0", 3.0, cost=p.cost)
    assert beyond.change.note == "undefined"
    assert "after this step there is no value" in str(beyond)
    assert beyond.to_json()["after"] is None


def test_a_change_hidden_by_rounding_is_not_called_a_miss(chain: cr.Network) -> None:
    assert nudge(chain, [0.6], [1.0], "z/2/0", 1e-15).change.note == "lost in rounding"
    assert nudge(chain, [0.6], [1.0], "z/2/0", 1e-9).miss == pytest.approx(0, abs=1e-3)


def test_before_anything_is_moved_the_values_must_be_numbers() -> None:
    net = cr.Network([[[1e200]], [[1e200]]], None, "identity")
    with pytest.raises(cr.FormError, match="leaves the floating point numbers"):
        nudge(net, [1.0], [0.0], "z/1/0", 0.1)
    with pytest.raises(cr.FormError, match="smaller weights"), np.errstate(all="ignore"):
        demon(net, [1.0], [0.0], kind="gradient")


def test_text_has_true_minus_signs_and_json_everything() -> None:
    p = relu_problem(0)
    ask = (p.network, p.x[0], p.y[0])
    answers = [
        nudge(*ask, "x/0", -2.0),
        sweep(*ask, "x/0", [-1e-9, -2.0]),
        best_move(*ask, "x/0", -2.0, 2.0),
        demon(*ask, 1),
        demon(*ask, 1, kind="activation"),
        demon(*ask, kind="gradient"),
    ]
    for each in answers:
        assert "-" not in str(each)
        assert "−" in str(each)
        kept = json.loads(json.dumps(each.to_json(), allow_nan=False))
        assert kept["cost"] == "quadratic"
    assert answers[0].to_json()["links"][0]["change"] == -2.0
    assert [row["step"] for row in answers[1].to_json()["rows"]] == [-1e-9, -2.0]
    assert answers[2].to_json()["change"]["after"] == answers[2].change.after
    assert answers[3].to_json()["deeds"][0]["at"] == answers[3].deeds[0].at
    assert answers[3].to_json()["best"] == answers[3].best.at


# bad input ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("step", [np.nan, np.inf, -np.inf])
def test_a_step_is_a_finite_number(chain: cr.Network, step: float) -> None:
    ask = (chain, [0.6], [1.0])
    with pytest.raises(cr.SettingError, match="a step is a finite number"):
        nudge(*ask, "z/2/0", step)
    with pytest.raises(cr.SettingError, match="a step is a finite number"):
        sweep(*ask, "z/2/0", [0.1, step])
    with pytest.raises(cr.SettingError, match="the highest step is a finite number"):
        best_move(*ask, "z/2/0", 0.0, step)
    with pytest.raises(cr.SettingError, match="the demon's size is a finite number"):
        demon(*ask, 2, step)


def test_what_cannot_be_asked_is_one_clear_error(chain: cr.Network) -> None:
    ask = (chain, [0.6], [1.0])
    for call, kind, said in [
        (lambda: nudge(chain, [[0.6]], [[1.0]], "z/2/0", 0.1), cr.ShapeError, r"pass x\[i\], y\[i\]"),
        (lambda: nudge(chain, [0.6, 1.0], [1.0], "z/2/0", 0.1), cr.ShapeError, r"takes x of shape \(1,\)"),
        (lambda: nudge(chain, [0.6], [1.0, 2.0], "z/2/0", 0.1), cr.ShapeError, "targets of shape"),
        (lambda: nudge(*ask, "d/2/0", 0.1), cr.IdError, "d/2/0 cannot be moved"),
        (lambda: nudge(*ask, "z/2/0", 0.1, of="d/1/0"), cr.IdError, "δ is itself a slope"),
        (lambda: nudge(*ask, "z/2/0", 0.1, of="z/7/0"), cr.IdError, "there is no layer 7"),
        (lambda: nudge(*ask, "z/2/0", 0.1, cost="cross_entropy"), cr.PairError, "needs an output of"),
        (lambda: nudge(*ask, "z/2/0", 0.1, cost="cubic"), cr.UnknownNameError, "unknown cost"),
        (lambda: nudge("net", [0.6], [1.0], "z/2/0", 0.1), Exception, "Network"),  # type: ignore[arg-type]
        (lambda: sweep(*ask, "z/2/0", []), cr.SettingError, "steps are a list of numbers"),
        (lambda: sweep(*ask, "z/2/0", [0.1, [0.2]]), cr.SettingError, r"a finite number such as 0.1, got \[0.2\]"),
        (lambda: best_move(*ask, "z/2/0", 1.0, 1.0), cr.SettingError, "from a lower to a higher step"),
        (lambda: demon(*ask, 2, 0.0), cr.SettingError, "size is > 0"),
        (lambda: demon(*ask, 2, kind="evil"), cr.UnknownNameError, "unknown demon 'evil'"),
        (lambda: demon(*ask), cr.SettingError, "sits at a layer 1…3, got layer=None"),
        (lambda: demon(*ask, 0), cr.SettingError, "sits at a layer 1…3"),
        (lambda: demon(*ask, 4, kind="activation"), cr.SettingError, r"layer 0…3 \(0 is the input\)"),
        (lambda: demon(*ask, 4, kind="gradient"), cr.SettingError, "sits at a layer 1…3"),
    ]:
        with pytest.raises(kind, match=said):  # type: ignore[arg-type]
            call()


def test_a_range_without_any_number_is_refused() -> None:
    net = cr.Network([[[1.0]], [[1e200]]], None, "identity")
    with pytest.raises(cr.DataError, match="C is not a number between"):
        best_move(net, [0.0], [0.0], "z/1/0", 1e200, 2e200)


# the command --------------------------------------------------------------------------------------------------------
def ran(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(with_options(command))
    done = CliRunner().invoke(app, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_alone_shows_the_demons_table() -> None:
    lines = ran().splitlines()
    assert lines[0] == "the chain x → ● → ● → ●, sigmoids, x = 0.6, y = 1, C = (a − y)²"
    assert "\n".join(map(cells, lines[3:])) == DEMON_TABLE


def test_the_numbers_of_a_column_are_written_alike() -> None:
    """As many decimals as the smallest needs; with a power of ten where nine would not do."""
    net = cr.Network([[[0.1]], [[0.03]], [[1.0]]], None, "identity")
    for step, power in ((1.0, False), (1e-6, True)):
        lines = str(nudge(net, [1.0], [0.0], "w/1/0/0", step, cost="squared_error")).splitlines()[2:-1]
        changes = [line.split()[3] for line in lines]
        assert len({len(each.split("e")[0]) for each in changes}) == 1
        assert all(("e" in each) == power for each in changes)
    assert "moved by +1e−6," in str(nudge(net, [1.0], [0.0], "w/1/0/0", 1e-6, cost="squared_error"))


def test_each_option_of_the_command_asks_its_question() -> None:
    assert "w/1/0/0 moved by +0.01" in ran("--by", "w/1/0/0", "--step", "0.01")
    assert "z/2/0 moved by −0.5" in ran("--step", "-0.5")
    assert "z/3/0 when z/2/0 is moved" in ran("--of", "z/3/0")
    assert len(ran("--steps", "−1,2").splitlines()) == 5
    assert "moved between −4 and +4" in ran("--range", "-4", "4")
    assert "the good demon at layer 2 moves each z by 0.1" in ran("--demon", "good", "--layer", "2")
    assert "moves each by 0.5 against its ∂C/∂a" in ran("--demon", "activation", "--layer", "2", "--size", "0.5")
    assert "by 0.1 along −∇C" in ran("--demon", "gradient")
    assert "C (quadratic)" in ran("--cost", "quadratic")


@pytest.mark.parametrize(
    "arguments", [[], ["--step", "1"], ["--range", "-4", "4"], ["--demon", "good", "--layer", "2"]]
)
def test_the_command_answers_in_json(arguments: list[str]) -> None:
    found = json.loads(ran(*arguments, "--json"))
    assert found["cost"] == "squared_error"


def test_the_command_takes_a_model_and_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = "legs,weight,kind\n" + "".join(f"2,{i},hen\n4,{i + 1},dog\n6,0,ant\n" for i in range(15))
    Path("animals.csv").write_text(table)
    data = cr.load_data("animals.csv")
    run = cr.train(cr.Network.random([2, 4, 3], output="softmax"), data, epochs=3)
    cr.save(run.network, "animals.model")
    places = set()
    for row in range(6):
        text = ran("animals.model", "--data", "animals.csv", "--row", str(row))
        assert text.startswith(f"row {row} of animals")
        assert "C (cross_entropy)" in text
        delta = cr.backward(cr.forward(run.network, data.inputs[row]), data.targets[row], "cross_entropy").delta
        named = re.search(r"when z/(\d)/(\d) is moved", text)
        assert named is not None
        largest = max(float(np.abs(delta[l]).max()) for l in delta.numbers)
        assert abs(delta[int(named[1])][int(named[2])]) == pytest.approx(largest, rel=1e-5)
        places.add(named[0])
    assert len(places) > 1
    told = json.loads(
        ran("animals.model", "--data", "animals.csv", "--row", "3", "--by", "x/0", "--step", "1", "--json")
    )
    assert (told["by"], told["change" if "change" in told else "step"]) == ("x/0", 1.0)


def test_the_command_refuses_what_does_not_go_together() -> None:
    for arguments, said in [
        (["--step", "1", "--steps", "1,2"], "--step and --steps ask for different things"),
        (["--demon", "good"], "name it with --layer 2"),
        (["--demon", "good", "--layer", "2", "--by", "z/2/0"], "leave out --by and --of"),
        (["--layer", "2"], "--layer and --size are the demon's"),
        (["--steps", "1,two"], "--steps are numbers with commas"),
        (["--row", "3"], "go with a model"),
        (["--demon", "bad"], "unknown demon 'bad'"),
        (["z/2/0"], "what is moved is named with --by: chainrule nudge --by z/2/0"),
    ]:
        with pytest.raises(cr.ChainruleError, match=said):
            ran(*arguments)
