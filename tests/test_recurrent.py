"""A recurrent network: its gradient by every method, shared weights, gradients that travel, sequences that are learned."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from networks import COSTS, HIDDEN, LEGAL, PROOF
from typechecker import unchecked

import chainrule as cr
from chainrule.activations import as_activation, odot
from chainrule.circuits.circuit import Circuit
from chainrule.circuits.wires import MATHS
from chainrule.elementary import ARRAYS
from chainrule.recurrent import (
    COST_AT,
    Recurrent,
    RecurrentParameters,
    forward_in_time,
    through_time,
    travel,
    unroll,
)
from chainrule.recurrent.task import as_recurrent
from chainrule.verification import recurrent_methods as methods
from chainrule.verification.recurrent import check


@dataclass(frozen=True)
class Drawn:
    """What a recurrent problem is drawn from."""

    sizes: tuple[int, int, int]
    steps: int
    hidden: str
    pair: tuple[str, str]
    cost_at: str
    start: bool
    scale: float
    seed: int

    def make(self) -> tuple[Any, ...]:
        """(network, xs, ys, cost, cost_at, h0); a softmax and a hinge get two neurons at least."""
        rng, (n_in, hidden, out), (output, name) = np.random.default_rng(self.seed), self.sizes, self.pair
        hidden = max(hidden, 2) if self.hidden == "softmax" else hidden
        out = max(out, 2) if output == "softmax" or name == "multiclass_hinge" else out
        shapes = ((hidden, n_in), (hidden, hidden), (hidden,), (out, hidden), (out,))
        W, U, b, V, c = (self.scale * rng.standard_normal(shape) for shape in shapes)
        recurrent = Recurrent(W, U / hidden**0.5, b, V, c, self.hidden, output)
        xs, kind = rng.standard_normal((self.steps, n_in)), COSTS[name].targets
        ys = rng.standard_normal((self.steps, out))
        if kind == "choices":
            ys = rng.random((self.steps, out))
        elif kind != "numbers":
            ys = np.eye(out)[rng.integers(0, out, self.steps)]
            ys = 0.9 * ys + 0.1 / out if kind == "probabilities" else ys
        return recurrent, xs, ys, COSTS[name], self.cost_at, rng.standard_normal(hidden) if self.start else None


def drawn(scales: tuple[float, ...] = (0.1, 1.0, 3.0)) -> st.SearchStrategy[Drawn]:
    size = st.integers(1, 4)
    return st.builds(
        Drawn,
        st.tuples(size, size, size),
        st.integers(1, 6),
        st.sampled_from(HIDDEN),
        st.sampled_from(LEGAL),
        st.sampled_from(COST_AT),
        st.booleans(),
        st.sampled_from(scales),
        st.integers(0, 2**32 - 1),
    )


def small(steps: int = 5, activation: str = "tanh", output: str = "identity", seed: int = 1, cost: str = "quadratic"):  # type: ignore[no-untyped-def]
    """A 2-3-2 network with a sequence."""
    return Drawn((2, 3, 2), steps, activation, (output, cost), "every", False, 1.0, seed).make()[:4]


def plain_cost(r: Recurrent, xs, ys, cost_at: str, h) -> float:  # type: ignore[no-untyped-def]
    """½ Σ (y − target)² through a loop as short as it can be."""
    each = []
    for x, y in zip(xs, ys):
        h = r.activation.form(r.W @ x + r.U @ h + r.b, ARRAYS)
        each.append(0.5 * ((r.output.form(r.V @ h + r.c, ARRAYS) - y) ** 2).sum())
    return {"every": sum(each), "mean": sum(each) / len(each), "last": each[-1]}[cost_at]


# the methods ----------------------------------------------------------------------------------------------------------
@given(drawn((0.1, 1.0)))
def test_gates_and_backpropagation_through_time_give_one_gradient(problem: Drawn) -> None:
    """To 1e-10 of what the steps add, for W, U, b, V, c, every x_t and h_0."""
    r, xs, ys, cost, cost_at, h0 = problem.make()
    result, n = through_time(r, xs, ys, cost, cost_at, h0), unroll(r, xs, ys, cost, cost_at, h0)
    run = n.run()
    back = run.backward(n.cost)
    assert run[n.cost] == pytest.approx(result.cost, rel=1e-10, abs=1e-14)
    for name in "WUbVc":
        shares = getattr(result, f"shares_{name}").rows
        scale = sum(np.linalg.norm(share) for share in shares)
        gap = np.linalg.norm(back[getattr(n, name)] - getattr(result.gradient, name))
        assert gap <= 1e-10 * scale + 1e-14
        assert getattr(result.gradient, name) == pytest.approx(shares.sum(axis=0), rel=1e-12, abs=1e-12 * scale)
    for found, wires in ((result.dx.rows, n.x.rows), (result.dh.rows, n.h.rows), (result.delta.rows, n.z.rows)):
        assert np.abs(found - back[wires]).max() <= 1e-10 * np.abs(found).max() + 1e-14
    assert np.array_equal(n.gradient().flat(), np.concatenate([np.ravel(back[w]) for w in (n.W, n.b, n.U, n.V, n.c)]))


@given(drawn())
def test_all_methods_agree_within_rounding_and_error_bars(problem: Drawn) -> None:
    """Nothing is wrong, and where the verdict is not yes, rounding is to blame."""
    try:
        verdict = check(*problem.make(), most=6)
    except cr.FormError as error:
        assume("the floating point numbers" not in str(error))  # an exponential output of what nothing bounds
        raise
    assert not verdict.wrong, str(verdict)
    assert verdict or verdict.untold
    went = {row.method for row in verdict.rows if not row.refused}
    assert {"through_time", "circuit"} <= went
    if problem.scale <= 1:
        assert "forward_mode" in went


def test_every_method_runs_where_everything_is_analytic_and_none_is_farther_than_rounding() -> None:
    r, xs, ys, cost = small(output="softmax", cost="cross_entropy")
    verdict = check(r, xs, ys, cost, h0=[0.1, -0.2, 0.3])
    assert verdict
    assert [row.method for row in verdict.rows] == [
        "through_time", "circuit", "forward_mode", "complex_step", "differences",
    ]  # fmt: skip
    for row in verdict.rows:
        assert len(row.distances) == 7
        assert row.distance <= (1e-7 if row.method == "differences" else 1e-13)
    assert verdict.parts == ("W", "b", "U", "V", "c", "h0", "x")
    assert str(verdict).count("✓") == 6
    assert "2-3-2, tanh → softmax, 26 parameters), 5 steps, cross_entropy at every" in str(verdict)


@pytest.mark.parametrize("cost_at", COST_AT)
@pytest.mark.parametrize("start", [None, [0.3, -0.2, 0.5]])
def test_values_and_slopes_are_those_of_a_plain_loop(cost_at: str, start: list[float] | None) -> None:
    r, xs, ys, _ = small(output="sigmoid")
    h0 = np.zeros(3) if start is None else np.array(start)
    result = through_time(r, xs, ys, "quadratic", cost_at, start)
    assert result.cost == pytest.approx(plain_cost(r, xs, ys, cost_at, h0), rel=1e-13)

    def moved(name: str, step: float, at: tuple[int, ...]) -> float:
        p = {**{key: np.array(getattr(r, key)) for key in "WUbVc"}, "xs": xs.copy(), "h0": h0.copy()}
        p[name][at] += step
        there = Recurrent(*(p[key] for key in "WUbVc"), r.activation, r.output)
        return plain_cost(there, p["xs"], ys, cost_at, p["h0"])

    found = {**{key: getattr(result.gradient, key) for key in "WUbVc"}, "xs": result.dx.rows, "h0": result.dh0}
    for name, slopes in found.items():
        for at in np.ndindex(slopes.shape):
            difference = (moved(name, 1e-5, at) - moved(name, -1e-5, at)) / 2e-5
            assert slopes[at] == pytest.approx(difference, rel=1e-6, abs=1e-9)


def test_wires_have_the_names_of_the_equations_and_steps_their_numbers() -> None:
    r, xs, ys, cost = small(output="softmax", cost="cross_entropy")
    n, start = unroll(r, xs, ys, cost, h0=[0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.3])
    run, trace = n.run(), forward_in_time(r, xs, start)
    assert run[n.h[0]].tolist() == start.tolist()
    for t in range(1, 6):
        assert run[n.z[t]] == pytest.approx(r.W @ xs[t - 1] + r.U @ run[n.h[t - 1]] + r.b, rel=1e-13)
        assert run[n.h[t]] == pytest.approx(np.tanh(run[n.z[t]]), rel=1e-14)
        assert run[n.s[t]] == pytest.approx(r.V @ run[n.h[t]] + r.c, rel=1e-13)
        assert run[n.y[t]].sum() == pytest.approx(1)
        for wires, values in ((n.x, trace.x), (n.z, trace.z), (n.h, trace.h), (n.s, trace.s), (n.y, trace.y)):
            assert run[wires[t]] == pytest.approx(values[t], rel=1e-12)
    assert run[n.each] == pytest.approx(-(ys * np.log(run[n.y.rows])).sum(axis=1), rel=1e-12)
    assert run[n.cost] == pytest.approx(run[n.each].sum(), rel=1e-14)
    assert (list(n.z.numbers), list(n.h.numbers)) == ([1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5])
    assert len(list(n.h)) == 6
    assert "over 5 steps" in repr(n)
    with pytest.raises(cr.IdError, match="there is no step 0: these are numbered 1…5"):
        n.z[0]
    with pytest.raises(cr.IdError, match="there is no step -1: these are numbered 0…5"):
        n.h[-1]
    with pytest.raises(cr.IdError, match="given by its number"):
        n.h[1:3]


def test_a_steps_share_is_the_gradient_of_a_copy_that_this_step_alone_uses() -> None:
    """S3.11: five copies of each array, wired by hand; the shared wire's gradient is their sum."""
    r, xs, ys, _ = small()
    result, c = through_time(r, xs, ys), Circuit()
    copies = {name: [c.input(f"{name}{t}", getattr(r, name)) for t in range(5)] for name in "WUbVc"}
    h, total = c.input("h0", np.zeros(3)), 0.0
    for t in range(5):
        h = MATHS.tanh((copies["W"][t] * xs[t]).sum() + (copies["U"][t] * h[None]).sum() + copies["b"][t])
        total = total + ((((copies["V"][t] * h[None]).sum() + copies["c"][t] - ys[t]) ** 2) * 0.5).sum()
    back = c.forward().backward(total)
    for name in "WUbVc":
        shares = getattr(result, f"shares_{name}")
        for t in range(1, 6):
            assert back[copies[name][t - 1]] == pytest.approx(shares[t], rel=1e-12, abs=1e-15)
    assert np.abs(result.shares_U[1]).max() == 0  # h_0 = 0


def test_the_cost_is_the_sum_the_mean_or_the_last() -> None:
    r, xs, ys, _ = small(output="softmax")
    every, mean, last = (through_time(r, xs, ys, "quadratic", cost_at=at) for at in COST_AT)
    assert (every.gradient - mean.gradient * 5).norm() <= 1e-14
    assert mean.cost == pytest.approx(every.cost / 5)
    assert last.cost == pytest.approx(every.each[-1])
    assert np.abs(last.delta_s.rows[:-1]).max() == 0
    alone = through_time(r, xs, ys[-1:], "quadratic", cost_at="last")
    assert np.array_equal(alone.gradient.flat(), last.gradient.flat())
    labels = through_time(r, xs, [0, 1, 1, 0, 1], "cross_entropy")
    rows = through_time(r, xs, np.eye(2)[[0, 1, 1, 0, 1]], "cross_entropy")
    assert np.array_equal(labels.gradient.flat(), rows.gradient.flat())


# what a check is for ------------------------------------------------------------------------------------------------
def last_share_for_the_whole(r, xs, ys, cost):  # type: ignore[no-untyped-def]
    """Weights that are not shared."""
    result, t = through_time(r, xs, ys, cost), len(xs)
    return RecurrentParameters(*(getattr(result, f"shares_{name}")[t] for name in "WUbVc"))


def one_step_of_memory(r, xs, ys, cost):  # type: ignore[no-untyped-def]
    """Each step's own error alone: Uᵀ δ_(t+1) forgotten."""
    result = through_time(r, xs, ys, cost)
    delta = odot(result.delta_s.rows @ r.V, r.activation.slope(result.trace.z.rows))
    h = result.trace.h.rows
    return RecurrentParameters(delta.T @ xs, delta.T @ h[:-1], delta.sum(axis=0), result.gradient.V, result.gradient.c)


def bias_counted_twice(r, xs, ys, cost):  # type: ignore[no-untyped-def]
    g = through_time(r, xs, ys, cost).gradient
    return RecurrentParameters(g.W, g.U, 2 * g.b, g.V, g.c)


@pytest.mark.parametrize("fault", [last_share_for_the_whole, one_step_of_memory, bias_counted_twice])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "softmax"])
@pytest.mark.parametrize("seed", range(3 if PROOF else 1))
def test_a_wrong_gradient_of_ones_own_is_seen_and_named(fault, activation: str, seed: int) -> None:  # type: ignore[no-untyped-def]
    r, xs, ys, cost = small(activation=activation, seed=seed)
    verdict = check(r, xs, ys, cost, gradient=fault, most=5)
    assert not verdict
    assert [row.method for row in verdict.wrong] == ["yours"]
    assert not check(r, xs, ys, cost, gradient=lambda *p: (1 + 1e-7) * through_time(*p).gradient, most=5)
    assert "yours is off most at" in str(verdict)
    assert check(r, xs, ys, cost, gradient=lambda *p: through_time(*p).gradient, most=5)


@pytest.mark.parametrize(
    "back", [lambda U, delta: 0 * delta, lambda U, delta: U @ delta, lambda U, delta: -U.T @ delta]
)
def test_a_fault_in_the_recursion_itself_is_seen_by_every_other_method(back, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    module = import_module("chainrule.recurrent.through_time")  # the package binds the function by that name
    monkeypatch.setattr(module, "one_step_back", back)
    for activation in ("tanh", "relu"):
        verdict = check(*small(activation=activation))
        assert [row.method for row in verdict.wrong] == ["through_time"]
        assert verdict.reference == "circuit"
        assert {row.mark for row in verdict.rows[1:]} <= {"✓", "–"}


def test_a_slope_written_wrongly_is_seen_since_the_other_methods_take_the_forms(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    r, xs, ys, cost = small()
    wrong = as_activation("tanh")
    object.__setattr__(r, "activation", type(wrong)("tanh", wrong.value, wrong.value, wrong.form, "", ""))
    assert [row.method for row in check(r, xs, ys, cost).wrong] == ["through_time"]


def test_a_gradient_that_is_no_number_or_no_gradient_is_not_right() -> None:
    r, xs, ys, cost = small()
    verdict = check(r, xs, ys, cost, gradient=lambda *p: through_time(*p).gradient * np.nan, most=2)
    assert [row.method for row in verdict.wrong] == ["yours"]
    with pytest.raises(cr.ShapeError, match="answers RecurrentParameters"):
        check(r, xs, ys, cost, gradient=lambda *p: np.zeros(26))
    with pytest.raises(cr.ShapeError, match="different shapes"):
        check(r, xs, ys, cost, gradient=lambda *p: Recurrent.random((2, 2, 2)).parameters)
    with pytest.raises(cr.SettingError, match="at least one entry"):
        check(r, xs, ys, cost, most=0)


def test_a_network_at_its_kinks_is_no_fault_of_anyone() -> None:
    """Without biases a relu that reads zeros is at its kink at every step, in several units at once."""
    for activation in ("relu", "leaky_relu"):
        for seed in range(3):
            r = Recurrent.random((2, 3, 2), activation, seed=seed)
            verdict = check(r, np.zeros((4, 2)), np.ones((4, 2)))
            assert verdict, str(verdict)
            assert verdict.kinks > 0
            assert "at a kink" in str(verdict)
    faulty = check(r, np.zeros((4, 2)), np.ones((4, 2)), gradient=bias_counted_twice)
    assert [row.method for row in faulty.wrong] == ["yours"]  # a kink excuses no other mistake
    assert check(*small(activation="relu")).kinks == 0


def test_a_method_that_is_skipped_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    r, xs, ys, cost = small(activation="relu")
    [row] = [row for row in check(r, xs, ys, cost, most=1).rows if row.refused]
    assert row.method == "complex_step"
    assert row.refused == "not analytic, it takes np.maximum of a complex number"
    monkeypatch.setattr(methods, "LIMIT", 10)
    refused = {row.method: row.refused for row in check(r, xs, ys, cost, most=1).rows if row.refused}
    assert refused["forward_mode"] == "195 entries × steps, and the limit is 10"


def test_where_rounding_hides_the_gradient_the_check_does_not_say_yes() -> None:
    """A saturated softmax under a squared error: 1 − a has lost its digits."""
    r = Recurrent([[0.5]], [[0.3]], [0.1], [[1.0], [-1.0]], [17.0, -17.0], "tanh", "softmax")
    verdict = check(r, [[1.0], [2.0]], [[1.0, 0.0], [1.0, 0.0]], "quadratic")
    assert not verdict
    assert not verdict.wrong
    assert "? cannot tell in W, b, U, V, c, h0, x: rounding in float64 may move the gradient by" in str(verdict)


def test_an_own_form_is_verified_by_every_method() -> None:
    sigma = cr.activation(lambda z, m: z / m.sqrt(1 + z * z), "bent")
    cost = cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4), "quartic")
    r, xs, ys, _ = small()
    verdict = check(Recurrent(r.W, r.U, r.b, r.V, r.c, sigma, "identity"), xs, ys, cost)
    assert verdict
    assert not any(row.refused for row in verdict.rows)


# through time -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("radius", [0.5, 0.9, 1.0, 1.1, 2.0])
def test_a_gradient_shrinks_or_grows_with_the_spectral_radius(radius: float) -> None:
    """With σ the identity: exactly by r a step where U is r times orthogonal, and in the long run for every U."""
    rng = np.random.default_rng(3)
    turn = Recurrent.random((2, 3, 2), seed=3).U
    xs, ys = rng.standard_normal((40, 2)), rng.standard_normal((40, 2))
    others = ([0.0] * 3, rng.standard_normal((2, 3)), [0.0] * 2, "identity", "identity")
    r = Recurrent(rng.standard_normal((3, 2)), radius * turn, *others)
    norms = np.array(travel(r, xs, ys))
    assert len(norms) == 41
    assert r.radius == pytest.approx(radius, rel=1e-12)
    assert norms == pytest.approx(norms[-1] * radius ** (40.0 - np.arange(41)), rel=1e-9)

    U = np.array([[1.0, 5.0, 0.0], [0.0, 0.4, -3.0], [0.0, 0.0, -0.2]])  # far from normal: its norm is above 5
    norms = np.array(travel(Recurrent(r.W, radius * U, *others), xs, ys))
    assert norms[0] / norms[10] == pytest.approx(radius**10, rel=1e-4)


def test_a_bounded_activation_lets_a_gradient_vanish_and_travel_sees_numbers_below_the_square_root_of_the_least() -> (
    None
):
    r = Recurrent([[1.0]], [[0.1]], [0.0], [[1.0]], [0.0], "tanh")
    norms = travel(r, np.ones((200, 1)), [[0.0]])
    assert (np.diff(norms) > 0).all()
    assert 0 < norms[0] < 1e-200


def test_five_hundred_steps_are_no_depth_at_all() -> None:
    rng = np.random.default_rng(5)
    r = Recurrent.random((1, 3, 1), "tanh", seed=5)
    xs, ys = rng.standard_normal((500, 1)), rng.standard_normal((500, 1))
    result, n = through_time(r, xs, ys), unroll(r, xs, ys)
    assert (n.gradient() - result.gradient).norm() <= 1e-10 * result.gradient.norm()
    assert len(n.circuit) > 500 * 20
    assert check(r, xs, ys, most=3)


def test_a_sequence_that_leaves_the_numbers_is_an_error_and_never_a_nan() -> None:
    r = Recurrent([[1.0]], [[30.0]], [0.0], [[1.0]], [0.0], "identity")
    with pytest.raises(cr.FormError, match=r"at step 210 of 500 .* spectral radius 30\)"):
        through_time(r, np.ones((500, 1)), np.ones((500, 1)))
    with pytest.raises(cr.FormError, match="cost or its gradient over 150 steps"):
        through_time(r, np.ones((150, 1)), np.ones((150, 1)))
    assert np.isfinite(travel(r, np.zeros((150, 1)), [[1.0]])).all()


def test_a_network_learns_whether_two_bits_in_a_row_differ() -> None:
    """What the bit that is there does not tell: the cost falls to a tenth, and new sequences are answered rightly."""
    bits = np.random.default_rng(1).integers(0, 2, (60, 1)).astype(float)
    differ = np.vstack([[[0.0]], bits[1:] != bits[:-1]])
    net, rule, costs = Recurrent.random((1, 6, 1), "tanh", "sigmoid", seed=0), cr.adam(0.03), []
    state = rule.start(net.parameters)
    for _ in range(300):
        result = through_time(net, bits, differ, "binary_cross_entropy", "mean")
        costs.append(result.cost)
        move, state = rule.move(result.gradient, state)
        net = net.with_parameters(net.parameters + move)
    assert costs[-1] <= costs[0] / 10
    new = np.random.default_rng(2).integers(0, 2, (200, 1)).astype(float)
    said = forward_in_time(net, new).y.rows > 0.5
    assert (said[1:] == (new[1:] != new[:-1])).all()
    assert check(net, bits[:10], differ[:10], "binary_cross_entropy", "mean")


# the values ---------------------------------------------------------------------------------------------------------
def test_the_five_arrays_are_one_vector_space_that_every_rule_takes() -> None:
    r = Recurrent.random((2, 3, 1), seed=4)
    p = r.parameters
    assert p.flat().tolist() == np.concatenate([np.ravel(a) for a in (r.W, r.b, r.U, r.V, r.c)]).tolist()
    back = p.like(p.flat())
    assert isinstance(back, RecurrentParameters)
    assert all(np.array_equal(getattr(back, name), getattr(r, name)) for name in "WUbVc")
    assert (2 * p - p - p).norm() == 0
    assert p @ p == pytest.approx(p.norm() ** 2)
    assert p.size == 6 + 9 + 3 + 3 + 1
    g = through_time(r, np.ones((3, 2)), np.ones((3, 1))).gradient
    for rule in (cr.delta_rule(0.1), cr.momentum(0.1), cr.adam(0.1)):
        move, _ = rule.move(g, rule.start(p))
        assert isinstance(move, RecurrentParameters)
        assert move @ g < 0
    moved = r.with_parameters(p - 0.01 * g)
    assert (
        through_time(moved, np.ones((3, 2)), np.ones((3, 1))).cost
        < through_time(r, np.ones((3, 2)), np.ones((3, 1))).cost
    )
    with pytest.raises(cr.ShapeError, match="different shapes"):
        r.with_parameters(Recurrent.random((2, 2, 1)).parameters)


def test_a_network_is_frozen_and_drawn_the_same_from_the_same_seed() -> None:
    r, same, other = (Recurrent.random((2, 3, 2), "relu", "softmax", seed=seed) for seed in (7, 7, 8))
    assert np.array_equal(r.parameters.flat(), same.parameters.flat())
    assert not np.array_equal(r.parameters.flat(), other.parameters.flat())
    assert np.allclose(r.U @ r.U.T, np.eye(3), atol=1e-14)
    assert r.sizes == (2, 3, 2)
    assert repr(r) == "Recurrent(2-3-2, relu → softmax, 26 parameters)"
    with pytest.raises(AttributeError):
        r.W = r.W
    with pytest.raises(ValueError, match="read-only"):
        r.W[0, 0] = 1.0
    mine = np.ones((3, 2))
    assert Recurrent(mine, r.U, r.b, r.V, r.c).W is not mine


GOOD = {"W": np.ones((3, 2)), "U": np.eye(3), "b": np.zeros(3), "V": np.ones((2, 3)), "c": np.zeros(2)}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"U": np.ones((3, 2))}, cr.ShapeError, r"U has the shape \(3, 2\), needed is \(3, 3\)"),
        ({"b": np.ones(2)}, cr.ShapeError, r"b has the shape \(2,\), needed is \(3,\)"),
        ({"V": np.ones((2, 4))}, cr.ShapeError, r"V has the shape \(2, 4\), needed is \(2, 3\)"),
        ({"c": np.ones((2, 1))}, cr.ShapeError, r"c has the shape \(2, 1\), needed is \(2,\)"),
        ({"W": np.ones(3)}, cr.ShapeError, r"W is a matrix of at least one weight, got the shape \(3,\)"),
        ({"W": np.ones((3, 0))}, cr.ShapeError, r"W is a matrix of at least one weight, got the shape \(3, 0\)"),
        ({"W": [[1.0], [1.0, 2.0]]}, cr.ShapeError, "W make no array"),
        ({"U": np.diag([1.0, np.nan, 1.0])}, cr.DataError, r"U\[1, 1\] is nan: finite numbers are needed"),
        ({"c": ["a", "b"]}, cr.DataError, "c holds real numbers, got texts such as 'a'"),
        ({"b": np.ones(3) * 1j}, cr.DataError, "b holds real numbers, got complex128"),
        ({"activation": "tahn"}, cr.UnknownNameError, "did you mean 'tanh'"),
        ({"output": "softmax", "V": np.ones((1, 3)), "c": [0.0]}, cr.ShapeError, "the softmax of one neuron"),
    ],
)
def test_arrays_that_make_no_network_are_one_clear_error(changed, error, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        Recurrent(**{**GOOD, **changed})


@pytest.mark.parametrize("sizes", [(2, 3), (2, 0, 1), (2, 3.5, 1)])
def test_sizes_are_three_whole_numbers(sizes) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(cr.ShapeError, match="three whole numbers ≥ 1"):
        unchecked(Recurrent.random.__func__)(Recurrent, sizes)


X, Y = np.ones((4, 2)), np.ones((4, 2))


@pytest.mark.parametrize("call", [through_time, unroll, check])
@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"xs": np.ones((0, 2)), "ys": np.ones((0, 2))}, cr.DataError, r"xs holds no steps: its shape is \(0, 2\)"),
        ({"xs": np.ones((4, 3))}, cr.ShapeError, r"xs is one sequence of shape \(steps, 2\), got \(4, 3\)"),
        ({"xs": np.ones(4)}, cr.ShapeError, r"shape \(steps, 2\), got \(4,\)"),
        ({"xs": np.ones((1, 4, 2))}, cr.ShapeError, r"shape \(steps, 2\), got \(1, 4, 2\)"),
        ({"xs": X * [1, np.nan]}, cr.DataError, r"xs\[0, 1\] is nan: finite numbers are needed"),
        ({"ys": np.ones((5, 2))}, cr.ShapeError, r"xs has 4 steps and ys the shape \(5, 2\): one target a step"),
        ({"ys": np.ones((1, 2))}, cr.ShapeError, r"xs has 4 steps and ys the shape \(1, 2\)"),
        ({"ys": 1.0}, cr.ShapeError, r"xs has 4 steps and ys the shape \(\)"),
        ({"ys": np.ones((3, 2)), "cost_at": "last"}, cr.ShapeError, r'or, with cost_at="last", one alone'),
        ({"ys": np.ones((4, 3))}, cr.ShapeError, r"need targets of shape \(4, 2\)"),
        ({"ys": Y * [1, np.inf]}, cr.DataError, r"the target of step 1 is \[1.0, inf\]: finite numbers are needed"),
        (
            {"ys": np.diag([1, 1, 1, np.nan])[:, 2:], "cost_at": "last"},
            cr.DataError,
            r"target of step 4 is \[0.0, nan\]",
        ),
        ({"h0": [0.0, 0.0]}, cr.ShapeError, r"shape \(3,\), got \(2,\)"),
        ({"h0": [0.0, 0.0, np.nan]}, cr.DataError, r"h0\[2\] is nan"),
        ({"cost": "cross_entropy", "ys": Y}, cr.DataError, "each row must sum to 1"),
        ({"cost": "quadratik"}, cr.UnknownNameError, "did you mean 'quadratic'"),
        ({"cost_at": "lats"}, cr.UnknownNameError, "did you mean 'last'"),
    ],
)
def test_what_makes_no_sequence_is_one_clear_error(call, given: dict[str, Any], error, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        call(Recurrent(**GOOD), **{"xs": X, "ys": Y, **given})


def test_an_output_and_a_cost_that_do_not_fit_are_one_clear_error() -> None:
    with pytest.raises(cr.PairError, match="needs an output of softmax or identity"):
        through_time(Recurrent(**GOOD, output="tanh"), X, Y, "cross_entropy")
    with pytest.raises(cr.ShapeError, match=r"got \(4,\): write xs\[:, None\]"):
        forward_in_time(Recurrent.random((1, 2, 1)), np.ones(4))
    with pytest.raises(cr.SettingError, match="the first argument is a Recurrent, got Network"):
        as_recurrent(cr.Network.random([2, 2]))


def test_a_circuit_too_large_for_memory_is_refused_with_its_size() -> None:
    r = Recurrent.random((1, 100, 1))
    with pytest.raises(cr.SettingError, match=r"2,000 steps of .* are some [\d,]+ gates \(at most 20,000,000\)"):
        unroll(r, np.zeros((2000, 1)), np.zeros((2000, 1)))
