"""Circuits: each gate's rule, ordinary expressions, deep and wide circuits, repeated passes, networks gate by gate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import Drawn, make_problem, problems

import chainrule as cr
from chainrule.circuits import gates, of_network
from chainrule.circuits.by_gate import ByGate
from chainrule.circuits.by_group import lay_out
from chainrule.circuits.circuit import Circuit
from chainrule.circuits.wires import MATHS
from chainrule.elementary import ARRAYS


def both(f, x: float, y: float):  # type: ignore[no-untyped-def]
    """(value, ∂f/∂x, ∂f/∂y backward, the same two forward) of an expression in two wires."""
    c = Circuit()
    a, b = c.input("x", x), c.input("y", y)
    out = f(a, b)
    run = c.forward()
    back = run.backward(out)
    return run[out], back[a], back[b], run.tangent(x=1.0)[out], run.tangent(y=1.0)[out]


EXPRESSIONS = [
    lambda x, y: x + y,
    lambda x, y: 2 + x * y - 3,
    lambda x, y: x / y + 1 / x - y / 2,
    lambda x, y: -((x - y) ** 3) + 4 - x,
    lambda x, y: x**-2 * y**0.5,
    lambda x, y: x**y + 2.0**x,
    lambda x, y: abs(x - 2 * y) * abs(y),
    lambda x, y: 3 * x * x + x * x,  # a shared wire is counted once for each use
]
FUNCTIONS = ["exp", "log", "tanh", "erf", "sin", "cos", "sqrt", "abs"]


@pytest.mark.parametrize("f", EXPRESSIONS)
def test_an_expression_has_its_value_and_its_two_derivatives(f) -> None:  # type: ignore[no-untyped-def]
    """S3.1, S3.2: ordinary Python builds the circuit; both modes agree with differences."""
    x, y, h = 1.3, 0.7, 1e-6
    value, dx, dy, tx, ty = both(f, x, y)
    assert value == pytest.approx(f(x, y))
    assert dx == pytest.approx((f(x + h, y) - f(x - h, y)) / (2 * h), rel=1e-7)
    assert dy == pytest.approx((f(x, y + h) - f(x, y - h)) / (2 * h), rel=1e-7, abs=1e-9)
    assert (tx, ty) == pytest.approx((dx, dy), rel=1e-14)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_elementary_function_is_a_gate(name: str) -> None:
    _, dx, _, tx, _ = both(lambda x, y: getattr(MATHS, name)(x * y), 1.3, 0.7)
    f, h = getattr(ARRAYS, name), 1e-6
    assert dx == tx == pytest.approx(0.7 * (f(0.91 + h) - f(0.91 - h)) / (2 * h), rel=1e-8)


def test_the_rules_of_the_texts() -> None:
    """S3.9 add distributes, S3.10 multiply switches, S3.11 fan-out adds up; max routes."""
    assert both(lambda x, y: 5 * (x + y), 2.0, 3.0)[1:3] == (5, 5)
    assert both(lambda x, y: x * y, 2.0, 3.0)[1:3] == (3, 2)
    assert both(lambda x, y: x * y + x * 10 + x, 2.0, 3.0)[1] == 14
    assert both(MATHS.maximum, 2.0, 3.0)[1:3] == (0, 1)
    assert both(MATHS.minimum, 2.0, 3.0)[1:3] == (1, 0)
    assert both(MATHS.maximum, 2.0, 2.0)[1:3] == (0, 1)  # at a tie, the second
    assert all(gate.rule for gate in gates.GATES)


def test_a_second_backward_pass_gives_the_same_answer() -> None:
    """Where passes add up in the circuit itself, the second is wrong."""
    c = Circuit()
    x = c.input("x", 3.0)
    f = x * x * x
    run = c.forward()
    assert [run.backward(f)[x] for _ in range(3)] == [27.0] * 3
    assert run.backward(f)[f] == 1.0
    assert run.backward(x)[x] == 1.0


def test_a_hundred_thousand_additions_in_a_chain_are_no_depth_at_all() -> None:
    c = Circuit()
    x = total = c.input("x", 0.5)
    for _ in range(100_000):
        total = total + x
    run = c.forward()
    assert run[total] == 50_000.5
    assert run.backward(total)[x] == 100_001
    assert len(c) == 100_000


def test_arrays_of_wires_broadcast_and_sum() -> None:
    c = Circuit()
    w, a = c.input("w", np.arange(6.0).reshape(2, 3)), c.input("a", np.array([1.0, -2.0, 0.5]))
    z = (w * a).sum()
    run = c.forward()
    assert run[z] == pytest.approx(np.arange(6.0).reshape(2, 3) @ [1, -2, 0.5])
    back = run.backward(z[1])
    assert back[w].tolist() == [[0, 0, 0], [1, -2, 0.5]]
    assert back[a].tolist() == [3, 4, 5]
    assert (np.array([1.0, 2.0]) * z).shape == (2,)
    assert len(c) == 6 + 2 + 2


def test_many_inputs_at_once_are_many_runs() -> None:
    c = Circuit()
    x, w = c.input("x", np.zeros(2)), c.input("w", np.array([2.0, -1.0]))
    f = MATHS.tanh((w * x).sum())
    batch = np.array([[0.1, 0.2], [1.0, -1.0], [0.0, 3.0]])
    run = c.forward(x=batch)
    back = run.backward(f)
    for i, row in enumerate(batch):
        one = c.forward(x=row)
        assert run[f][i] == one[f]
        assert back[w][:, i].tolist() == one.backward(f)[w].tolist()
    assert run.tangent(w=[1.0, 0.0])[f] == pytest.approx(back[w][0])


def test_a_saturated_sigmoid_of_gates_sends_a_zero_and_no_nan() -> None:
    for z in (-800.0, 800.0):
        value, dx, _, tx, _ = both(lambda x, y: 1 / (1 + MATHS.exp(-x)) + 0 * y, z, 1.0)
        assert (value, dx, tx) == (float(z > 0), 0.0, 0.0)


def test_a_constant_is_held_and_sends_nothing_back() -> None:
    assert both(lambda x, y: MATHS.constant(x) * y, 2.0, 3.0)[:3] == (6, 0, 2)
    c = Circuit()
    x = c.input("x", np.array([1.0, 5.0, 2.0, 4.0, 3.0]))
    top = MATHS.largest(x)
    run = c.forward()
    assert run[top].tolist() == [5.0]
    assert run.backward(top[0])[x].tolist() == [0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda c, x: MATHS.log(-x),
            r"not above 0, or beyond all numbers: 1 log gate\(s\), the first with -2.0",
        ),
        (lambda c, x: x / (x - 2), r"quotient by 0: 1 divide gate"),
        (lambda c, x: (-x) ** 0.5, r"a power that is not real"),
        (lambda c, x: MATHS.sqrt(x - 2), r"square root of a number that is not above 0"),
        (lambda c, x: x + Circuit().input("x", 1.0), r"belong to two circuits"),
        (lambda c, x: x + "one", r"a constant is a real number"),
        (
            lambda c, x: MATHS.exp(x * 400) - MATHS.exp(x * 500),
            r"1 subtract gate\(s\), the first with inf, inf, give no number",
        ),
        (lambda c, x: 1 / MATHS.log(MATHS.exp(x * 400)), r"or beyond all numbers: 1 log gate"),
        (lambda c, x: MATHS.sqrt(x * 1e200 * 1e200), r"or beyond all numbers: 1 sqrt gate"),
        (lambda c, x: (-2) ** (x + 0.5), r"a power that is not real, .*: 1 power gate\(s\), the first with -2.0, 2.5"),
        (lambda c, x: x.sum(), r"a sum runs over the last axis"),
        (lambda c, x: MATHS.maximum(3.0, 4.0), r"at least one wire is needed"),
        (
            lambda c, x: c.input("v", np.ones(2)) + c.input("w", np.ones(3)),
            r"shapes \(2,\) and \(3,\) do not fit each other",
        ),
        (lambda c, x: c.forward(x=[]), r"input 'x' holds no values"),
        (lambda c, x: c.forward().tangent(x=[1.0, 2.0]), r"direction 'x' has the shape \(\)"),
        (lambda c, x: c.forward().backward(x * x), r"newer than the run"),
        (lambda c, x: x * math.nan, r"holds nan"),
        (lambda c, x: c.input("x", 1.0), r"has an input 'x' already"),
    ],
)
def test_what_has_no_value_is_an_error_and_never_a_silent_number(build, message: str) -> None:  # type: ignore[no-untyped-def]
    c = Circuit()
    x = c.input("x", 2.0)

    def build_and_run() -> None:
        build(c, x)
        c.forward()

    with pytest.raises(cr.CircuitError, match=message):
        build_and_run()


def test_runs_and_wires_of_different_circuits_do_not_mix() -> None:
    c, other = Circuit(), Circuit()
    x, stranger = c.input("x", 2.0), other.input("x", 1.0)
    run = c.forward()
    with pytest.raises(cr.CircuitError, match="another circuit"):
        run[stranger]
    with pytest.raises(cr.CircuitError, match="starts from one wire of this circuit"):
        run.backward(stranger)
    with pytest.raises(cr.CircuitError, match="newer than the run"):
        run[x * x]
    with pytest.raises(cr.CircuitError, match="no input 'z': inputs are x"):
        c.forward(z=1.0)
    with pytest.raises(cr.CircuitError, match=r"input 'x' has the shape \(\)"):
        c.forward(x=np.ones((2, 2)))


@given(problems())
def test_a_network_of_gates_gives_backpropagations_gradient(drawn: Drawn) -> None:
    """S3.17: the circuit takes σ and C by their forms alone."""
    p = drawn.make()
    by_gates = of_network.circuit_of(p.network, p.x, p.y, p.cost).gradient()
    expected = cr.gradient(p.network, p.x, p.y, p.cost)
    scale = sum(g.norm() for g in cr.per_example_gradients(p.network, p.x, p.y, p.cost)) / len(p.x)
    assert (by_gates - expected).norm() <= 1e-10 * scale + 1e-14


def test_a_network_is_wired_as_the_text_draws_it() -> None:
    """S3.5: a multiply gate for each input, a first add gate, a second for the bias, an activation gate; S3.7: by name."""
    p = make_problem([3, 4, 2], ["tanh"], "identity", "multiclass_hinge", batch=2)
    n = of_network.circuit_of(p.network, p.x, p.y, p.cost)
    trace, back = cr.forward(p.network, p.x), cr.backward(cr.forward(p.network, p.x), p.y, p.cost)
    run = n.run()
    grads = run.backward(n.cost)
    for l in (1, 2):
        assert run[n.z[l]] == pytest.approx(trace.z[l], rel=1e-13)
        assert run[n.sums[l]] == pytest.approx(trace.z[l] - p.network.biases[l], rel=1e-12)
        assert run[n.products[l]][1, 0, 2] == pytest.approx(p.network.weights[l][0, 2] * trace.a[l - 1][1, 2])
        delta = back.delta[l] / 2  # the circuit's cost is the mean of two
        assert grads[n.z[l]] == pytest.approx(delta, rel=1e-12)
        assert grads[n.sums[l]] == pytest.approx(delta, rel=1e-12)  # the second add gate distributes
        assert grads[n.products[l]] == pytest.approx(
            np.repeat(delta[:, :, None], p.network.sizes[l - 1], axis=2), rel=1e-12
        )
        assert grads[n.a[l - 1]] == pytest.approx(back.da[l - 1] / 2, rel=1e-12)  # fan-out adds up (S3.11)
    assert len(n.circuit) > 2 * (12 + 4 + 4 + 8 + 2 + 2)
    unit = n.unit(1, 2, example=1)
    assert [row.gate for row in unit.rows][-4:] == ["first add", "bias", "second add", "activation gate"]
    assert unit.rows[-2].value == pytest.approx(trace.z[1][1, 2])
    assert unit.rows[-2].gradient == pytest.approx(back.delta[1][1, 2] / 2)
    assert "second add" in str(unit)


def test_a_hidden_unit_of_a_trained_digits_network_has_the_error_of_backpropagation() -> None:
    """Issue's line: δ of a hidden unit to 1e-12."""
    data = cr.load_data("digits")
    net = cr.train(cr.Network.random([64, 30, 10], "relu", "softmax", dtype="float64"), data, epochs=3).network
    x, y = data.inputs[:20], np.eye(10)[data.targets[:20]]
    n = of_network.circuit_of(net, x, y, cr.cross_entropy())
    grads = n.run().backward(n.cost)
    expected = cr.backward(cr.forward(net, x), y, "cross_entropy").delta[1] / 20
    assert np.abs(grads[n.z[1]] - expected).max() <= 1e-12 * np.abs(expected).max()


def test_a_circuit_too_large_for_memory_is_refused_with_its_size() -> None:
    net = cr.Network.random([784, 512, 10], "relu", "softmax")
    with pytest.raises(cr.SettingError, match=r"are some [\d,]+ gates \(at most 20,000,000\): take fewer rows"):
        of_network.circuit_of(net, np.zeros((1000, 784)), np.zeros(1000, int), cr.cross_entropy())
    n = of_network.circuit_of(cr.Network.random([2, 2]), np.zeros((1, 2)), np.zeros((1, 2)), cr.squared_error())
    with pytest.raises(cr.IdError, match="neurons 0…1"):
        n.unit(1, 2)


def test_a_circuit_of_labels_names_and_single_examples() -> None:
    net = cr.Network.random([3, 2], output="softmax", dtype="float64")
    by_label = cr.circuit_of(net, [0.1, 0.2, 0.3], 1, "cross_entropy")
    assert by_label.gradient().flat() == pytest.approx(
        cr.gradient(net, [0.1, 0.2, 0.3], 1, "cross_entropy").flat(), rel=1e-12
    )
    with pytest.raises(cr.ShapeError, match="targets of shape"):
        cr.circuit_of(net, np.ones((2, 3)), np.ones((2, 5)))
    with pytest.raises(cr.DataError, match="no rows"):
        cr.circuit_of(net, np.ones((0, 3)), np.ones((0, 2)))
    with pytest.raises(cr.IdError, match="there is no layer 9"):
        by_label.unit(9, 0)


def test_functions_of_numpy_are_gates_and_an_input_keeps_its_own_numbers() -> None:
    c = Circuit()
    given = np.array([0.5, 2.0])
    a = c.input("a", given)
    f = np.exp(a) * given + np.maximum(a, 1.0)
    given[:] = 9
    assert c.forward()[f] == pytest.approx(np.exp([0.5, 2.0]) * [0.5, 2.0] + [1.0, 2.0], rel=1e-15)
    with pytest.raises(cr.CircuitError, match=r"np\.floor is not a gate"):
        np.floor(a)


def value_and_slopes(f, *at: float) -> tuple[float, list[float]]:  # type: ignore[no-untyped-def]
    """A function of single wires: its value, and its derivative by each of them."""
    c = Circuit()
    wires = [c.input(f"x{i}", value) for i, value in enumerate(at)]
    out = f(*wires)
    run = c.forward()
    back = run.backward(out)
    return run[out], [back[each] for each in wires]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("f", "at", "value", "slope"),
    [
        (lambda x: x**0, 0.0, 1.0, 0.0),
        (lambda x: x**0.0, -2.0, 1.0, 0.0),
        (lambda x: x**1.5, 0.0, 0.0, 0.0),
        (lambda x: x**1, 0.0, 0.0, 1.0),
        (lambda x: x ** x.circuit.constant(2), -3.0, 9.0, -6.0),
        (lambda x: x ** x.circuit.constant(-3.0), -2.0, -0.125, -0.1875),
        (lambda x: np.power(x, 3), -2.0, -8.0, 12.0),
        (lambda x: 0.0**x, 2.0, 0.0, 0.0),
    ],
)
def test_powers_that_exist_have_their_value_and_their_slope(f, at, value, slope, wide) -> None:  # type: ignore[no-untyped-def]
    """0⁰, 0^1.5 and the whole powers of negative numbers were refused."""
    c = Circuit()
    x = c.input("x", np.full(100, at) if wide else at)
    out = f(x)
    run = c.forward()
    assert np.all(run[out] == value)
    one = out[0] if wide else out
    assert np.sum(run.backward(one)[x]) == slope
    assert np.all(run.tangent(x=1.0)[out] == slope)


def test_a_power_of_a_negative_number_has_no_slope_by_its_exponent() -> None:
    c = Circuit()
    x, p = c.input("x", -2.0), c.input("p", -3.0)
    f = x**p
    run = c.forward()
    assert run[f] == -0.125
    assert run.backward(f)[x] == -3 * (-2.0) ** -4
    with pytest.raises(cr.CircuitError, match=r"no derivative here: .* whose exponent moves"):
        run.backward(f)[p]
    assert value_and_slopes(lambda x, p: x**p, 2.0, 3.0)[1] == pytest.approx([12, 8 * math.log(2)])
    assert value_and_slopes(lambda x, p: x**p, 0.0, 3.0) == (0, [0, 0])
    with pytest.raises(cr.CircuitError, match="a power that is not real, or has no slope"):
        value_and_slopes(lambda x: x**0.5, 0.0)
    with pytest.raises(cr.CircuitError, match=r"the first with -2.0, 0.5"):
        value_and_slopes(lambda p: (-2.0) ** p, 0.5)


def test_a_wire_is_compared_in_a_run_and_never_by_its_object() -> None:
    """`x == 2.0` was Python's comparison of objects, and so False."""
    c = Circuit()
    x, y = c.input("x", 2.0), c.input("y", np.ones(3))
    for ask in (
        lambda: x == 2.0, lambda: x != 2.0, lambda: x == 2.0, lambda: x < 1, lambda: x >= y, lambda: bool(x), lambda: not y,
        lambda: x in [y],
    ):  # fmt: skip
        with pytest.raises(cr.CircuitError, match=r"a wire has a value in a run alone: compare run\[wire\]"):
            ask()
    assert c.forward()[x] == 2.0
    names = {x: "x", y: "y"}
    assert (names[x], names[y]) == ("x", "y")
    assert x in [y, x][1:]


def test_where_positive_chooses_by_sign_and_routes_the_gradient() -> None:
    for at, expected in ((2.0, (4.0, [0, 2, 0])), (-2.0, (3.0, [0, 0, 1])), (0.0, (3.0, [0, 0, 1]))):
        found = value_and_slopes(lambda t, x, y: MATHS.where_positive(t, 2 * x, y), at, 2.0, 3.0)
        assert found == expected
    assert value_and_slopes(MATHS.minimum, 2.0, 2.0)[1] == [1, 0]  # with max, the slopes of x + y


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False]), r"has masked entries: .*value\.filled\(0\)"),
        (np.ma.masked, r"has masked entries"),
        ("2", r"is a real number or an array of them, got '2'"),
        (1 + 2j, r"is a real number or an array of them"),
        (np.array(["1", "2", "3"]), r"is a real number or an array of them"),
        (None, r"holds nan"),
    ],
)
def test_masked_entries_and_texts_are_no_values_of_wires(value: object, message: str) -> None:
    """A masked array lost its mask: the number under it was taken."""
    c = Circuit()
    x = c.input("x", np.zeros(3))
    for use in (
        lambda: c.input("y", value), lambda: c.constant(value), lambda: x + value, lambda: c.forward(x=value),
        lambda: c.forward().tangent(x=value),
    ):  # fmt: skip
        with pytest.raises(cr.CircuitError, match=message):
            use()
    whole = np.ma.array([1.0, 2.0, 3.0], mask=False)
    assert c.forward(x=whole)[x].tolist() == [1, 2, 3]


@given(st.data())
def test_gate_by_gate_and_group_by_group_give_the_same(data: st.DataObject) -> None:
    """A deep and narrow circuit is run gate by gate, a wide one in groups: every wire has the same value and derivative."""
    c = Circuit()
    wires = [c.input(f"x{i}", data.draw(st.floats(-2, 2))) for i in range(3)]
    binary = [gates.ADD, gates.SUBTRACT, gates.MULTIPLY, gates.MAXIMUM, gates.MINIMUM]
    unary = [gates.NEGATE, gates.TANH, gates.SIN, gates.ABS, gates.HOLD, gates.ERF]
    for _ in range(data.draw(st.integers(1, 30))):
        gate = data.draw(st.sampled_from(binary + unary))
        inputs = [data.draw(st.sampled_from(wires)) for _ in range(2 if gate in binary else 1)]
        wires.append(c.gate(gate, *inputs) * 0.5)  # which keeps the numbers small
    narrow, wide = (kind(c._netlist) for kind in (ByGate, lay_out))
    sources = np.zeros(len(c._netlist))
    sources[c._netlist.sources] = c._netlist.values
    values = [passes.forward(sources) for passes in (narrow, wide)]
    assert values[0] == pytest.approx(values[1][wide.place], rel=1e-12, abs=1e-300)
    seed = int(wires[-1].numbers)
    back = narrow.backward(values[0], seed), wide.backward(values[1], int(wide.place[seed]))[wide.place]
    assert back[0] == pytest.approx(back[1], rel=1e-9, abs=1e-12)
    moved = np.zeros(len(c._netlist))
    moved[:3] = [1.0, -0.5, 0.25]
    rates = narrow.tangent(values[0], moved), wide.tangent(values[1], moved)[wide.place]
    assert rates[0] == pytest.approx(rates[1], rel=1e-9, abs=1e-12)


def test_what_a_narrow_circuit_cannot_compute_is_the_error_of_a_wide_one() -> None:
    for copies in (1, 50):
        c = Circuit()
        x = c.input("x", np.full(copies, 2.0) if copies > 1 else 2.0)
        (x * 400 - x) / (x - 2)
        with pytest.raises(
            cr.CircuitError, match=rf"a quotient by 0: {copies} divide gate\(s\), the first with 798.0, 0.0"
        ):
            c.forward()
