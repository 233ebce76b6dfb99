"""Every method against backpropagation: random networks, every pair, saturation, refusals, and planted faults.

A layer agrees where ‖Δ_l‖ ≤ 1e-10 ‖g_l‖, or where rounding alone explains the rest: a layer behind a saturated one, or one
whose errors cancel, has a gradient of pure rounding, and no two methods round alike. `rounding` measures how much that may be.
Nearly all networks do not need it: a test counts them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import HIDDEN, LEGAL, PROOF, Drawn, Problem, crossed, make_problem, problems

import chainrule as cr
from chainrule import equations
from chainrule.activations import NAMED
from chainrule.elementary import ARRAYS
from chainrule.problem import Problem as Posed
from chainrule.verification import complex_step, local, paths, sigma_matrices, symbolic
from chainrule.verification.differences import of_entries
from chainrule.verification.methods import METHODS
from chainrule.verification.rounding import rounding

EXAMPLES = max(52, int(os.environ.get("CHAINRULE_EXAMPLES", "200")) // 4)
FAST = [name for name, method in METHODS.items() if method.exact and name not in ("delta", "symbolic")]


def floor(p: Problem) -> float:
    """How far rounding alone may lie apart."""
    return rounding(Posed.of(p.network, p.x, p.y, p.cost)).norm()


def assert_same(found: cr.Parameters, expected: cr.Parameters, p: Problem) -> None:
    """Layer by layer: 1e-10 of the layer's norm, or within rounding."""
    slack = floor(p)
    for l in expected.weights.numbers:
        mine, theirs = (np.append(g.weights[l].ravel(), g.biases[l]) for g in (found, expected))
        gap, norm = np.linalg.norm(mine - theirs), np.linalg.norm(theirs)
        assert gap <= 1e-10 * norm + slack, f"layer {l}: ‖Δ‖ = {gap:.2e}, ‖g‖ = {norm:.2e}, rounding {slack:.1e}"


def check(name: str, p: Problem) -> bool:
    """True where the method went and agreed, False where it said why it cannot go."""
    method = METHODS[name]
    reason = method.refuses(Posed.exact(p.network, p.x, p.y, p.cost))
    if reason is not None:
        assert reason.startswith(f"{name}: ")
        with pytest.raises(cr.SettingError):
            method.gradient(Posed.exact(p.network, p.x, p.y, p.cost))
        return False
    assert_same(method.gradient(Posed.exact(p.network, p.x, p.y, p.cost)), cr.gradient(p.network, p.x, p.y, p.cost), p)
    return True


@pytest.mark.parametrize("name", FAST)
def test_an_exact_method_agrees_with_backpropagation_on_random_networks(name: str) -> None:
    """S0.12, S1.17, S2.20: at least 50 networks a method, though some methods may not go everywhere."""
    went = 0

    @settings(max_examples=int(EXAMPLES * {"complex_step": 3.5, "paths": 1.3}.get(name, 1)))
    @given(problems())
    def run(drawn: Drawn) -> None:
        nonlocal went
        went += check(name, drawn.make())

    run()
    assert went >= 50


@st.composite
def toys(draw: st.DrawFn) -> Drawn:
    """Networks that SymPy differentiates in a fraction of a second."""
    depth = draw(st.sampled_from([1, 1, 2]))
    return Drawn(
        [*(draw(st.integers(1, 2)) for _ in range(depth)), 1 if depth == 2 else 2],
        [draw(st.sampled_from(HIDDEN)) for _ in range(depth - 1)],
        draw(st.sampled_from(LEGAL)),
        draw(st.integers(1, 2)),
        draw(st.sampled_from(["neuron", "layer", "none"])),
        draw(st.sampled_from([0.1, 1.0, 3.0])),
        draw(st.integers(0, 2**32 - 1)),
    )


@settings(max_examples=EXAMPLES // 8)  # SymPy takes half a second for each
@given(toys())
def test_the_method_of_symbols_agrees_with_backpropagation_on_toys(drawn: Drawn) -> None:
    """S4.5, S4.8: the derivative of one written-out formula."""
    assert check("symbolic", drawn.make())


def test_the_method_of_differences_is_the_middle_of_the_bars() -> None:
    p = make_problem([2, 3, 2], ["tanh"], "softmax", "quadratic")
    bars = of_entries(Posed.of(p.network, p.x, p.y, p.cost), range(p.network.parameters.size))
    found = METHODS["differences"].gradient(Posed.exact(p.network, p.x, p.y, p.cost)).flat()
    assert found.tolist() == [each.value for each in bars]


@settings(max_examples=EXAMPLES)
@given(toys())
def test_differences_agree_with_backpropagation_within_their_error_bars(drawn: Drawn) -> None:
    p = drawn.make()
    bars = of_entries(Posed.of(p.network, p.x, p.y, p.cost), range(p.network.parameters.size))
    expected = cr.gradient(p.network, p.x, p.y, p.cost).flat()
    slack = floor(p) + 1e-9 * np.linalg.norm(expected)
    assert all(bar.holds(g, slack) for bar, g in zip(bars, expected))


@pytest.mark.parametrize(("output", "cost"), LEGAL)
def test_every_legal_pair_of_output_and_cost_agrees_on_every_method(output: str, cost: str) -> None:
    """S2.7, S3.14: whichever the cost reads, a^L or z^L."""
    p = make_problem([2, 3, 2], ["tanh"], output, cost, batch=3)
    went = {name for name in FAST if check(name, p)}
    kinks = cost in ("absolute_error", "huber", "multiclass_hinge") or output in ("relu", "leaky_relu")
    assert went == {*FAST} - ({"complex_step"} if kinks else set())
    if PROOF or LEGAL.index((output, cost)) % 3 == 0:
        assert check("symbolic", make_problem([1, 2], [], output, cost, batch=2))


@pytest.mark.parametrize(("hidden", "bias"), crossed(HIDDEN, ["neuron", "layer", "none"], each=1))
def test_every_hidden_activation_agrees_on_every_method(hidden: str, bias: str) -> None:
    """S2.16 any activation; S0.4 one bias a neuron, one a layer, none."""
    p = make_problem([2, 3, 3, 2], [hidden, hidden], "softmax", "cross_entropy", bias=bias, seed=3)
    went = {name for name in FAST if check(name, p)}
    assert went == {*FAST} - ({"complex_step"} if hidden in ("relu", "leaky_relu") else set())
    if bias == "neuron" or PROOF:  # the toys above have every kind
        assert check(
            "symbolic", make_problem([1, 2, 2], [hidden], "sigmoid", "binary_cross_entropy", bias=bias, batch=2)
        )


def overflows(name: str, p: Problem) -> bool:
    try:
        METHODS[name].gradient(Posed.exact(p.network, p.x, p.y, p.cost))
    except cr.FormError:
        return True
    except cr.SettingError:  # it cannot go anywhere near here: `check` looks at that
        return False
    return False


@pytest.mark.parametrize("scale", [0.01, 0.1, 3.0, 20.0, 300.0] if PROOF else [0.01, 20.0, 300.0])
@pytest.mark.parametrize("name", [*FAST, "symbolic"])
def test_saturation_breaks_no_method_silently(name: str, scale: float) -> None:
    """Weights up to some thousands: every method agrees, or says that it cannot; none answers NaN or a wrong number (S2.13)."""
    for seed, hidden in enumerate(HIDDEN if name != "symbolic" else ["sigmoid", "relu", "silu"]):
        sizes = [2, 3, 2] if name != "symbolic" else [1, 2, 1]
        for output, cost in (("sigmoid", "binary_cross_entropy"), ("identity", "quadratic")):
            p = make_problem(sizes, [hidden], output, cost, batch=2, scale=scale, seed=seed)
            may_refuse = scale == 300.0  # in words, then
            with pytest.raises(cr.FormError, match=name) if may_refuse and overflows(name, p) else nullcontext():
                check(name, p)


def test_a_sigmoid_and_a_silu_far_out_have_the_slope_0_or_1_on_every_method() -> None:
    """1 / (1 + exp(800)) is 0 and so is its slope: not ∞/∞."""
    for sigma in ("sigmoid", "silu", "softplus", "tanh", "gelu"):
        net = cr.Network([[[800.0]], [[1.0]]], [[0.0], [0.0]], [sigma, "identity"])
        for x in ([[1.0]], [[-1.0]]):
            expected = cr.gradient(net, x, [[0.5]], "quadratic")
            for name in [*FAST, "symbolic"]:
                found = METHODS[name].gradient(Posed.exact(net, x, [[0.5]], cr.squared_error(half=True)))
                assert found.flat() == pytest.approx(expected.flat(), rel=1e-12, abs=1e-14), (sigma, x, name)


# refusals -----------------------------------------------------------------------------------------------------------
def test_paths_on_a_whole_digits_batch_are_refused_with_their_number() -> None:
    net = cr.Network.random([784, 30, 10], "sigmoid", "sigmoid")
    x, y = np.zeros((60, 784)), np.zeros((60, 10))
    expected = 60 * (785 * 30 * 10 + 31 * 10)
    reason = METHODS["paths"].refuses(Posed.exact(net, x, y, cr.squared_error()))
    assert reason == (
        f"paths: {expected:,} products of paths in this batch, and its limit is 200,000: "
        "take fewer rows or a smaller network, or another method"
    )
    with pytest.raises(cr.SettingError, match="14,148,600 products"):
        paths.gradient(Posed.exact(net, x, y, cr.squared_error()))


def test_the_number_of_paths_is_the_number_of_paths() -> None:
    """Counted before and counted after, with a softmax in the middle and at the end, of a^L and of z^L."""
    for output, cost in (("softmax", "quadratic"), ("softmax", "cross_entropy"), ("tanh", "quadratic")):
        for bias in ("neuron", "none", "layer"):
            p = make_problem([2, 3, 2, 3], ["softmax", "tanh"], output, cost, bias=bias)
            here = local.local(p.network, p.x[0], p.y[0], p.cost.on(p.network.output))
            count = sum(
                (w.shape[1] + bool(b.size)) * len(list(paths.paths(p.network, here, l, j)))
                for (l, w), b in zip(p.network.weights.items(), p.network.biases)
                for j in range(w.shape[0])
            )
            assert local.path_terms(Posed.of(p.network, p.x, p.y, p.cost)) == count


@pytest.mark.parametrize("name", [name for name in METHODS if name != "delta"])
def test_a_method_beyond_its_limit_says_both_numbers(name: str) -> None:
    net = cr.Network.random([1000, 1000, 10], "tanh")
    x, y = np.zeros((2000, 1000)), np.zeros((2000, 10))
    reason = METHODS[name].refuses(Posed.exact(net, x, y, cr.squared_error()))
    assert reason is not None
    assert name in reason
    assert len([word for word in reason.replace(":", " ").split() if word[0].isdigit()]) >= 2
    with pytest.raises(cr.SettingError):
        METHODS[name].gradient(Posed.exact(net, x, y, cr.squared_error()))


@pytest.mark.parametrize(
    ("hidden", "cost", "said"),
    [
        ("relu", "quadratic", "relu of layer 1 is not analytic, it takes np.maximum"),
        ("leaky_relu", "quadratic", r"leaky_relu\(alpha=0.01\) of layer 1 is not analytic"),
        ("tanh", "huber", r"the cost huber\(threshold=0.7\) is not analytic, it takes np.absolute"),
        ("tanh", "multiclass_hinge", "the cost multiclass_hinge is not analytic, it takes np.maximum"),
    ],
)
def test_the_complex_method_names_what_is_not_analytic(hidden: str, cost: str, said: str) -> None:
    p = make_problem([2, 3, 2], [hidden], "identity", cost)
    with pytest.raises(cr.SettingError, match=f"complex_step: {said}"):
        METHODS["complex_step"].gradient(Posed.exact(p.network, p.x, p.y, p.cost))


@pytest.mark.parametrize(
    "form",
    [lambda z: np.abs(z), lambda z: abs(z), lambda z: np.clip(z, -1, 1), lambda z: np.sign(z) * z,
     lambda z: np.abs(z + 0 * z), lambda z: np.conjugate(z) * z],
)  # fmt: skip
def test_a_form_in_plain_numpy_cannot_lose_the_imaginary_part(form: Callable[[np.ndarray], np.ndarray]) -> None:
    """|x + ih| is a real number, whose derivative would be 0 without a word."""
    sigma = replace(NAMED["tanh"](), name="mine", form=lambda z, m: form(z))
    net = cr.Network([[[1.5]], [[1.0]]], [[0.1], [0.2]], [sigma, "identity"])
    reason = METHODS["complex_step"].refuses(Posed.exact(net, [[0.3]], [[0.1]], cr.squared_error()))
    assert reason is not None
    assert "mine of layer 1 is not analytic" in reason


@pytest.mark.parametrize("name", [*FAST, "symbolic", "differences"])
def test_a_root_or_a_logarithm_of_a_negative_number_is_refused(name: str) -> None:
    for form in (lambda z, m: m.sqrt(z), lambda z, m: m.log(z), lambda z, m: z**1.5):
        sigma = replace(NAMED["tanh"](), name="mine", form=form)
        net = cr.Network([[[-1.5]], [[1.0]]], [[0.1], [0.2]], [sigma, "identity"])
        with pytest.raises(cr.ChainruleError), np.errstate(all="ignore"):
            METHODS[name].gradient(Posed.exact(net, [[0.3]], [[0.1]], cr.squared_error()))


def test_a_form_that_overflows_is_refused_by_every_method() -> None:
    sigma = replace(NAMED["tanh"](), name="mine", form=lambda z, m: m.exp(m.exp(z)))
    net = cr.Network([[[9.0]], [[1.0]]], [[0.1], [0.2]], [sigma, "identity"])
    for name in [*FAST, "symbolic", "differences"]:
        with pytest.raises(cr.ChainruleError), np.errstate(all="ignore"):
            METHODS[name].gradient(Posed.exact(net, [[1.0]], [[0.1]], cr.squared_error()))


def test_targets_that_are_no_rows_of_outputs_are_refused() -> None:
    net = cr.Network([[[9.0]], [[1.0]]], None, "tanh")
    with pytest.raises(cr.ShapeError, match=r"need targets of shape \(2, 1\) or \(2,\), got \(1, 2\)"):
        METHODS["raw"].gradient(Posed.exact(net, [[1.0], [2.0]], [[0.1, 0.2]], cr.squared_error()))


def test_symbols_say_how_to_get_sympy_and_how_to_write_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    sigma = cr.activation(lambda z: np.sin(z) + z, "wave")
    net = cr.Network([[[1.5]], [[1.0]]], [[0.1], [0.2]], [sigma, "identity"])
    with pytest.raises(cr.FormError, match=r"write it with the functions of m: form\(z, m\)"):
        symbolic.gradient(Posed.exact(net, [[0.3]], [[0.1]], cr.squared_error()))
    monkeypatch.setattr(symbolic, "find_spec", lambda name: None)
    with pytest.raises(cr.SettingError, match=r"pip install 'chainrule\[symbolic\]'"):
        symbolic.gradient(Posed.exact(net, [[0.3]], [[0.1]], cr.squared_error()))


def test_at_a_kink_the_methods_take_the_slope_the_library_takes() -> None:
    """ReLU at 0 has the slope 0, leaky ReLU α, |·| none: the same subgradient on every exact method (S3.4)."""
    for hidden in ("relu", "leaky_relu"):
        net = cr.Network([[[1.0], [2.0]], [[1.0, -3.0]]], [[0.0, 0.0], [0.5]], [hidden, "identity"])
        expected = cr.gradient(net, [[0.0]], [[2.0]], "quadratic").flat()
        for name in [*FAST, "symbolic"]:
            if name != "complex_step":
                found = METHODS[name].gradient(Posed.exact(net, [[0.0]], [[2.0]], cr.squared_error(half=True))).flat()
                assert found.tolist() == pytest.approx(expected.tolist(), abs=1e-15), name


# no method shares code with backpropagation ---------------------------------------------------------------------------------
def assert_all_see(p: Problem, wrong: cr.Parameters) -> None:
    """Every method is far from a wrong gradient."""
    for name in [*FAST, "symbolic", "differences"]:
        found = METHODS[name].gradient(Posed.exact(p.network, p.x, p.y, p.cost))
        assert (found - wrong).norm() > 1e-3 * wrong.norm(), name


def test_a_wrong_slope_in_the_table_is_seen_by_every_method() -> None:
    sigma = NAMED["sigmoid"]()
    wrong = replace(sigma, slope=lambda z: 1.1 * sigma.slope(z))
    p = make_problem([2, 2, 2], ["tanh"], "softmax", "quadratic", batch=2)
    net = cr.Network(list(p.network.weights), list(p.network.biases), [wrong, p.network.output])
    assert_all_see(replace(p, network=net), cr.gradient(net, p.x, p.y, p.cost))
    softmax = NAMED["softmax"]()
    blunt = replace(softmax, slope=lambda z: 1.1 * softmax.slope(z))
    net = cr.Network(list(p.network.weights), list(p.network.biases), ["tanh", blunt])
    assert_all_see(replace(p, network=net), cr.gradient(net, p.x, p.y, p.cost))


def test_a_wrong_slope_of_the_cost_is_seen_by_every_method() -> None:
    """∇_a C where the cost reads a^L, δ^L where it reads z^L."""
    for output, cost, part in (("tanh", "quadratic", "slope"), ("softmax", "cross_entropy", "delta")):
        p = make_problem([2, 2, 2], ["tanh"], output, cost, batch=2)
        pair = p.cost.on(p.network.output)
        right = getattr(pair, part)
        broken = replace(pair, **{part: lambda at, y, right=right: 2 * right(at, y)})
        wrong = replace(p.cost, pairs={output: broken})
        assert_all_see(replace(p, cost=wrong), cr.gradient(p.network, p.x, p.y, wrong))


def test_a_wrong_equation_is_seen_by_every_method(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule import backward as _  # noqa: F401, PLC0415  (the name in the package is the function)

    module = __import__("sys").modules["chainrule.backward"]
    p = make_problem([2, 2, 2], ["tanh"], "tanh", "quadratic", batch=2)
    monkeypatch.setattr(module, "bp2", lambda w, delta, slope: equations.bp2(w.T.copy(), delta, slope))
    assert_all_see(p, cr.gradient(p.network, p.x, p.y, p.cost))


# the methods themselves -----------------------------------------------------------------------------------------------
def test_hadamard_and_the_full_product_are_equal() -> None:
    """δ by ⊙ and by Σ′(z^l)(w^(l+1))ᵀ … Σ′(z^L)∇_a C (S2.18–S2.20); Σ′ of an elementwise σ is diagonal."""
    p = make_problem([4, 5, 6, 3], ["tanh", "sigmoid"], "softmax", "quadratic", batch=1)
    here = local.local(p.network, p.x[0], p.y[0], p.cost.on(p.network.output))
    back = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost)
    for l in back.delta.numbers:
        assert sigma_matrices.full_product(p.network, here, l) == pytest.approx(back.delta[l], rel=1e-12, abs=1e-15)
    assert [each.shape for each in sigma_matrices.factors(p.network, here, 2)] == [(6, 6), (6, 3), (3, 3), (3,)]
    assert np.count_nonzero(here.matrix(1)) == 5
    assert np.count_nonzero(here.matrix(3)) == 9


def test_paths_are_listed_with_each_product_and_add_up_to_delta() -> None:
    """S1.17: a hidden neuron reaches the cost through each neuron above it."""
    p = make_problem([2, 3, 2], ["tanh"], "sigmoid", "squared_error", batch=1)
    here = local.local(p.network, p.x[0], p.y[0], p.cost.on(p.network.output))
    found = list(paths.paths(p.network, here, 1, 2))
    assert [each.neurons for each in found] == [((1, 2, 2), (2, 0, 0)), ((1, 2, 2), (2, 1, 1))]
    assert found[0].factors[1] == p.network.weights[2][0, 2]
    delta = cr.backward(cr.forward(p.network, p.x[0]), p.y[0], p.cost).delta[1][2]
    assert sum(each.product for each in found) == pytest.approx(delta, rel=1e-13)


def test_methods_answer_for_float32_networks_in_float64() -> None:
    p = make_problem([2, 3, 2], ["tanh"], "softmax", "quadratic", dtype="float32")
    expected = METHODS["delta"].gradient(Posed.exact(p.network, p.x, p.y, p.cost))
    for method in METHODS.values():
        found = method.gradient(Posed.exact(p.network, p.x, p.y, p.cost))
        assert found.dtype == np.float64, method.name
        assert (found - expected).norm() <= (1e-10 if method.exact else 1e-6) * expected.norm(), method.name


def test_the_methods_stand_in_their_order_and_say_one_line_each() -> None:
    order = ["delta", "raw", "sigma", "paths", "circuit", "forward_mode", "complex_step", "differences", "symbolic"]
    assert list(METHODS) == [name for name in order if name in METHODS]
    for method in METHODS.values():
        assert "\n" not in method.says
        assert 10 < len(method.says) < 100
        assert METHODS[method.name] is method
    assert [method.name for method in METHODS.values() if not method.exact] == ["differences"]


def test_ordinary_networks_need_no_floor_of_rounding() -> None:
    """The floor is for saturated layers: with ordinary weights every network agrees to 1e-10 of each layer without it."""
    for seed in range(EXAMPLES):
        hidden = HIDDEN[seed % len(HIDDEN)]
        p = make_problem([3, 4, 3], [hidden], *LEGAL[seed % len(LEGAL)], seed=seed)
        went = [name for name in FAST if METHODS[name].refuses(Posed.exact(p.network, p.x, p.y, p.cost)) is None]
        expected = METHODS["delta"].gradient(Posed.exact(p.network, p.x, p.y, p.cost))
        for found in (METHODS[name].gradient(Posed.exact(p.network, p.x, p.y, p.cost)) for name in went):
            for l in expected.weights.numbers:
                gap = np.linalg.norm(found.weights[l] - expected.weights[l])
                assert gap <= 1e-10 * np.linalg.norm(expected.weights[l]), (seed, l)


def test_complex_numbers_that_are_analytic_still_do_what_forms_need() -> None:
    z = complex_step.analytic(np.array([[0.5 + 1e-200j, 2.0 + 0j]]))
    assert (z > 1).tolist() == [[False, True]]
    assert np.sum(z, axis=-1, keepdims=True).imag == 1e-200
    z += 1
    assert z.imag[0, 0] == 1e-200
    assert complex_step.COMPLEXES.constant(z).dtype == np.float64
    with pytest.raises(cr.FormError, match="not analytic"):
        np.linalg.norm(z)
    assert isinstance(complex_step.COMPLEXES, type(ARRAYS))
