"""One quantity moved: ∂u/∂v of any pair against backpropagation, the circuit and differences, and what cannot be moved."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from networks import Drawn, Problem, make_problem, problems

import chainrule as cr
from chainrule.activations import NAMED
from chainrule.dual import Dual
from chainrule.ids import entry_of, of_entry
from chainrule.problem import Problem as Posed
from chainrule.verification.moved import BY_ACTIVATION, follow, movable, slope_by_difference, slope_by_dual


def every_id(network: cr.Network) -> list[str]:
    """All that can be moved."""
    names = [f"x/{k}" for k in range(network.sizes[0])]
    names += [f"{kind}/{l}/{j}" for l in range(1, network.depth + 1) for j in range(network.sizes[l]) for kind in "za"]
    return names + [str(of_entry(network.parameters, i)) for i in range(network.parameters.size)]


def by_backpropagation(p: Problem, v: str) -> tuple[float, float]:
    """∂C/∂v by backpropagation, and the size of its layer."""
    kind, *numbers = v.split("/")
    back = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost)
    if kind in "wb":
        found = cr.gradient(p.network, p.x[0], p.y[0], p.cost)
        return float(found.flat()[entry_of(found, movable(v, found))]), float(found.norm())
    layer, neuron = (0, int(numbers[0])) if kind == "x" else map(int, numbers)
    vector = back.delta[layer] if kind == "z" else back.da[layer]
    return float(vector[neuron]), float(np.abs(vector).max())


def at_a_kink(p: Problem) -> bool:
    """Whether rounding decides on which side of a kink a z is, as 1e-23 beside 0."""
    z = cr.forward(p.network, p.x[0]).z
    return any((np.abs(z[l] - kink) < 1e-12).any() for l, σ in p.network.activations.items() for kink in σ.kinks)


# the slopes ---------------------------------------------------------------------------------------------------------
@given(problems(), st.randoms(use_true_random=False))
@example(Drawn([4, 4, 1, 1], ["gelu", "gelu"], ("leaky_relu", "quadratic"), 1, "none", 3.0, 50), random.Random(10))
def test_the_slope_of_the_cost_by_anything_is_what_backpropagation_says(drawn: Drawn, draw: object) -> None:
    """δ for z/l/j, ∂C/∂a for a/l/j and x/k, the gradient for weights and biases (S1.21, S2.4, S3.15)."""
    p = drawn.make()
    assume(not at_a_kink(p))
    names = every_id(p.network)
    for v in draw.sample(names, min(6, len(names))):  # type: ignore[attr-defined]
        expected, size = by_backpropagation(p, v)
        found = slope_by_dual(Posed.one(p.network, p.x[0], p.y[0], p.cost), "C", v)
        assert found == pytest.approx(expected, rel=1e-8, abs=1e-10 * max(1.0, size)), v


@given(problems(), st.randoms(use_true_random=False))
@example(
    Drawn([4, 5, 2, 3, 3], ["gelu", "relu", "leaky_relu"], ("gelu", "quadratic"), 1, "none", 0.1, 707),
    random.Random(179),
)
def test_any_pair_agrees_with_differences_and_where_nothing_depends_it_is_exactly_0(drawn: Drawn, draw: object) -> None:
    p = drawn.make()
    names = every_id(p.network)
    for _ in range(3):
        u, v = draw.choice([*names, "C"]), draw.choice(names)  # type: ignore[attr-defined]
        exact = slope_by_dual(Posed.one(p.network, p.x[0], p.y[0], p.cost), u, v)
        measured = slope_by_difference(Posed.one(p.network, p.x[0], p.y[0], p.cost), u, v)
        # several kinks at one place leave more open than the slopes on both sides
        assert measured.holds(exact, slack=1e-6 * max(1.0, abs(exact))) or at_a_kink(p), (u, v)
        if not may_depend(p.network, u, v):
            assert exact == 0.0, (u, v)
            assert measured.value == 0.0, (u, v)


def may_depend(network: cr.Network, u: str, v: str) -> bool:
    """Whether u stands above v, or is v."""
    if u == v or u == "C":
        return True
    order = {"x": 0, "w": 1, "b": 1, "z": 2, "a": 3}
    (kind, *ours), (other, *theirs) = u.split("/"), v.split("/")
    if kind in "wbx":
        return False
    layer, source = int(ours[0]), 0 if other == "x" else int(theirs[0])
    if layer != source:
        return layer > source
    mixes = kind == "a" and network.activations[layer].full_slope and other != "a"
    shared = other == "b" and network.biases[layer].size == 1
    return order[kind] > order[other] and (mixes or shared or ours[1] == theirs[1])


@pytest.mark.parametrize("bias", ["neuron", "layer", "none"])
def test_every_wire_of_the_circuit_changes_at_the_same_rate(bias: str) -> None:
    """S1.21: the circuit's forward mode, gate by gate, for every z, every a and C by every weight, bias and input."""
    p = make_problem([2, 3, 2], ["tanh"], "softmax", "cross_entropy", bias=bias)
    wired = cr.circuit_of(p.network, p.x[:1], p.y[:1], p.cost)
    run, theta = wired.run(), p.network.parameters
    for v in every_id(p.network):
        if v[0] in "za":
            continue
        id = movable(v, theta)
        direction = np.zeros(2) if id.kind == "x" else theta.zeros()
        if isinstance(direction, np.ndarray):
            direction[id.neuron] = 1.0
            rates = run.tangent(x=direction[None])
        else:
            flat = direction.flat()
            flat[entry_of(theta, id)] = 1.0
            part = theta.like(flat)
            shapes = part.weights if id.kind == "w" else part.biases
            rates = run.tangent(**{f"{id.kind}{id.layer}": shapes[id.layer]})
        for u, wire in [("C", wired.cost)] + [
            (f"{kind}/{l}/{j}", wires[l][0, j])
            for kind, wires in (("z", wired.z), ("a", wired.a))
            for l in (1, 2)
            for j in range(p.network.sizes[l])
        ]:
            found = slope_by_dual(Posed.one(p.network, p.x[0], p.y[0], p.cost), u, v)
            assert found == pytest.approx(float(rates[wire]), rel=1e-12, abs=1e-15), (u, v)


def test_the_chain_of_the_concepts_has_its_numbers(chain: cr.Network) -> None:
    ask = [("C", "z/1/0"), ("C", "z/2/0"), ("C", "z/3/0"), ("C", "w/1/0/0"), ("C", "w/2/0/0"), ("C", "w/3/0/0")]
    found = [slope_by_dual(Posed.one(chain, [0.6], [1.0], "squared_error"), u, v) for u, v in ask]
    assert [round(each, 6) for each in found] == [0.030554, -0.065008, -0.223203, 0.018333, -0.040465, -0.092543]


def test_no_slope_of_the_tables_is_looked_at() -> None:
    """A witness who copied is no witness: with a wrong σ′ in the table backpropagation is wrong, and this is not."""
    p = make_problem([2, 2, 2], ["sigmoid"], "tanh", "quadratic")
    right = slope_by_dual(Posed.one(p.network, p.x[0], p.y[0], p.cost), "C", "w/1/0/0")
    sigma = NAMED["sigmoid"]()
    wrong = replace(sigma, slope=lambda z: 1.1 * sigma.slope(z))
    net = cr.Network(list(p.network.weights), list(p.network.biases), [wrong, "tanh"])
    assert slope_by_dual(Posed.one(net, p.x[0], p.y[0], p.cost), "C", "w/1/0/0") == right
    assert abs(cr.gradient(net, p.x[0], p.y[0], p.cost).weights[1][0, 0] - right) > 0.05 * abs(right)


# where v enters -----------------------------------------------------------------------------------------------------
def test_of_a_softmax_z_moves_every_output_and_a_moves_its_own() -> None:
    p = make_problem([2, 3, 2], ["softmax"], "tanh", "quadratic")
    here = follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), "z/1/1", 0.0)
    by_z = follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), "z/1/1", 0.5)
    by_a = follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), "a/1/1", 0.5)
    assert (by_z.z[1] - here.z[1]).tolist() == [0, 0.5, 0]
    assert np.all(by_z.a[1] != here.a[1])
    assert by_z.a[1].sum() == pytest.approx(1)
    assert (by_a.a[1] - here.a[1]).tolist() == pytest.approx([0, 0.5, 0])
    assert by_a.z[1].tolist() == here.z[1].tolist()


@pytest.mark.parametrize(("cost", "output"), list(BY_ACTIVATION))
def test_a_cost_computed_from_z_is_moved_by_its_output_as_the_function_of_a_that_it_is(cost: str, output: str) -> None:
    """∂C/∂a^L of −Σ y log a is −y/a although C is computed from z^L; both give C itself where nothing moves."""
    p = make_problem([2, 3, 3], ["tanh"], output, cost)
    back = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost)
    for j in range(3):
        found = slope_by_dual(Posed.one(p.network, p.x[0], p.y[0], p.cost), "C", f"a/2/{j}")
        assert found == pytest.approx(float(back.da[2][j]), rel=1e-12)
    by_a, by_z = (follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), v, 0.0).C for v in ("a/2/0", "z/2/0"))
    assert by_a == pytest.approx(by_z, rel=1e-14)
    assert by_z == pytest.approx(float(cr.cost(p.network, p.x[0], p.y[0], p.cost)), rel=1e-13)


def test_an_output_with_no_share_in_the_cost_has_no_slope_even_where_it_is_0() -> None:
    net = cr.Network([[[2000.0], [0.0]]], None, "softmax")
    assert slope_by_dual(Posed.one(net, [1.0], [1.0, 0.0], "cross_entropy"), "C", "a/1/1") == 0.0
    with pytest.raises(cr.FormError, match=r"∂C/∂a/1/1: C is inf"):
        slope_by_dual(Posed.one(net, [1.0], [0.0, 1.0], "cross_entropy"), "C", "a/1/1")
    assert slope_by_dual(Posed.one(net, [1.0], [0.0, 1.0], "cross_entropy"), "C", "z/1/1") == -1.0


def test_a_bias_of_a_layer_moves_every_neuron_of_it() -> None:
    """S0.4: its slope is the sum of the errors."""
    p = make_problem([2, 3, 2], ["tanh"], "sigmoid", "squared_error", bias="layer")
    moved = follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), "b/1/0", 0.5)
    here = follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), "b/1/0", 0.0)
    assert (moved.z[1] - here.z[1]).tolist() == pytest.approx([0.5, 0.5, 0.5])
    assert moved.value("b/1/0") - here.value("b/1/0") == pytest.approx(0.5)
    delta = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost).delta[1]
    found = slope_by_dual(Posed.one(p.network, p.x[0], p.y[0], p.cost), "C", "b/1/0")
    assert found == pytest.approx(float(delta.sum()), rel=1e-12)


@given(problems(), st.floats(-2, 2), st.randoms(use_true_random=False))
def test_a_moved_parameter_is_a_network_with_that_parameter(drawn: Drawn, by: float, draw: object) -> None:
    p = drawn.make()
    index = draw.randrange(p.network.parameters.size)  # type: ignore[attr-defined]
    v = str(of_entry(p.network.parameters, index))
    followed = follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), v, by)
    there = p.network.with_value(v, float(p.network.parameters.flat()[index]) + by)
    trace, cost = cr.forward(there, p.x[0]), float(cr.cost(there, p.x[0], p.y[0], p.cost))
    assert cost == pytest.approx(followed.C, rel=1e-9, abs=1e-9)
    for l in trace.z.numbers:
        assert followed.z[l] == pytest.approx(trace.z[l], rel=1e-9, abs=1e-9)
        assert followed.a[l] == pytest.approx(trace.a[l], rel=1e-9, abs=1e-9)


def test_several_steps_at_once_are_each_step_alone() -> None:
    p = make_problem([1, 2, 2, 2], ["tanh", "softmax"], "sigmoid", "binary_cross_entropy")
    steps = np.array([-1.0, 0.0, 0.25])
    for v in every_id(p.network):
        together = follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), v, steps)
        assert together.C.shape == (3,)
        for i, step in enumerate(steps.tolist()):
            alone = follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), v, step)
            assert isinstance(alone.C, float)
            assert together.C[i] == pytest.approx(alone.C, rel=1e-14, nan_ok=True)  # no log of an output below 0
            for u in every_id(p.network):
                found = np.broadcast_to(together.value(u), (3,))[i]
                assert found == pytest.approx(alone.value(u), rel=1e-13, abs=1e-15), (u, v)


def test_the_slope_along_the_way_comes_with_several_duals(chain: cr.Network) -> None:
    along = follow(Posed.one(chain, [0.6], [1.0], "squared_error"), "z/2/0", Dual(np.array([0.0, 1.0]), 1.0))
    there = follow(Posed.one(chain, [0.6], [1.0], "squared_error"), "z/2/0", 1.0)
    assert along.C.value[1] == there.C
    assert along.C.slope[0] == slope_by_dual(Posed.one(chain, [0.6], [1.0], "squared_error"), "C", "z/2/0")
    assert along.value("w/1/0/0").slope.tolist() == [0, 0]


# kinks, constants, ends of the numbers ------------------------------------------------------------------------------
def test_at_a_kink_the_dual_slope_is_one_of_the_two_that_differences_see() -> None:
    """S3.4: ReLU exactly at 0."""
    net = cr.Network([[[1.0]], [[3.0]]], [[0.0], [0.5]], ["relu", "identity"])
    measured = slope_by_difference(Posed.one(net, [0.0], [2.0], "quadratic"), "a/2/0", "z/1/0")
    assert slope_by_dual(Posed.one(net, [0.0], [2.0], "quadratic"), "a/2/0", "z/1/0") == 0.0
    assert measured.kink
    assert (measured.left, measured.right) == pytest.approx((0.0, 3.0), abs=1e-9)


def test_a_neuron_that_stands_still_where_its_slope_is_infinite_does_no_harm() -> None:
    """√z at z = 0 of another neuron: a dual number's 0 · ∞ would be NaN."""
    root = replace(NAMED["tanh"](), name="root", form=lambda z, m: m.sqrt(z))
    net = cr.Network([[[1.0], [2.0]], [[1.0, 1.0]]], [[0.0, 0.25], [0.1]], [root, "tanh"])
    slope = slope_by_dual(Posed.one(net, [0.0], [1.0], "quadratic"), "a/1/1", "w/1/1/0")
    assert slope == 0.0  # a_in is 0
    assert slope_by_dual(Posed.one(net, [0.0], [1.0], "quadratic"), "a/1/1", "b/1/1") == pytest.approx(1.0)
    above = (np.tanh(0.6) - 1) * (1 - np.tanh(0.6) ** 2)  # √0 + √0.25 + 0.1 = 0.6
    assert slope_by_dual(Posed.one(net, [0.0], [1.0], "quadratic"), "C", "b/1/1") == pytest.approx(above)
    with pytest.raises(cr.FormError, match=r"∂C/∂b/1/0: C is .* and its slope"):
        slope_by_dual(Posed.one(net, [0.0], [1.0], "quadratic"), "C", "b/1/0")


def test_what_leaves_the_numbers_is_not_silent() -> None:
    net = cr.Network([[[1e200]], [[1e200]]], None, "identity")
    there = follow(Posed.one(net, [1.0], [0.0], "quadratic"), "z/1/0", 0.0)
    assert np.isinf(there.value("C"))
    with pytest.raises(cr.FormError, match="leaves the floating point numbers"):
        slope_by_dual(Posed.one(net, [1.0], [0.0], "quadratic"), "C", "z/1/0")


def test_float32_networks_are_followed_in_float64() -> None:
    p = make_problem([2, 3, 2], ["tanh"], "softmax", "cross_entropy", dtype="float32")
    exact = p.network.astype("float64")
    assert follow(Posed.one(p.network, p.x[0], p.y[0], p.cost), "z/1/0", 0.25).a[2].dtype == np.float64
    ours, theirs = (slope_by_dual(Posed.one(n, p.x[0], p.y[0], p.cost), "C", "w/1/0/0") for n in (p.network, exact))
    assert ours == theirs


# bad input ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("v", "said"),
    [
        ("d/2/0", "d/2/0 cannot be moved: δ is no place in the network but a slope.*move z/2/0 instead"),
        ("C", "C cannot be moved"),
        ("z/9/0", "there is no layer 9"),
        ("w/2/0", "is not an id"),
    ],
)
def test_what_cannot_be_moved_says_why(chain: cr.Network, v: str, said: str) -> None:
    with pytest.raises(cr.IdError, match=said):
        follow(Posed.one(chain, [0.6], [1.0], "quadratic"), v, 0.1)


def test_a_slope_is_no_value_to_follow(chain: cr.Network) -> None:
    with pytest.raises(cr.IdError, match="d/1/0 is a slope"):
        slope_by_dual(Posed.one(chain, [0.6], [1.0], "quadratic"), "d/1/0", "w/1/0/0")


def test_one_example_is_followed(chain: cr.Network) -> None:
    with pytest.raises(cr.ShapeError, match=r"pass x\[i\], y\[i\]"):
        follow(Posed.one(chain, [[0.6], [0.7]], [[1.0], [0.0]], "quadratic"), "z/1/0", 0.1)
    with pytest.raises(cr.ShapeError, match=r"one number, or by several \(steps,\), got the shape \(2, 2\)"):
        follow(Posed.one(chain, [0.6], [1.0], "quadratic"), "z/1/0", np.ones((2, 2)))
    with pytest.raises(cr.PairError, match="cross_entropy needs"):
        follow(Posed.one(chain, [0.6], [1.0], "cross_entropy"), "z/1/0", 0.1)


def test_a_cost_known_as_a_function_of_z_alone_says_so() -> None:
    p = make_problem([2, 3], [], "softmax", "cross_entropy")
    mine = replace(p.cost, name="mine")
    with pytest.raises(cr.PairError, match="mine is known as a function of z alone on an output of softmax: move z"):
        follow(Posed.one(p.network, p.x[0], p.y[0], mine), "a/1/0", 0.1)
    assert slope_by_dual(Posed.one(p.network, p.x[0], p.y[0], mine), "C", "z/1/0") != 0
