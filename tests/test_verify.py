"""verify: a table of methods, a verdict, kinks that are not faults; and check_gradient's likely causes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.json_text import json_text
from chainrule.problem import Problem
from chainrule.verification.faults import FAULTS
from chainrule.verification.judge import LOW
from chainrule.verification.leeway import leeway
from chainrule.verification.methods import METHODS
from chainrule.verification.rounding import rounding
from chainrule.verification.verdict import YOURS
from chainrule.verification.verify import verify

RELU = cr.Network([[[1.0], [2.0]], [[1.0, -3.0]]], [[0.0, 0.0], [0.5]], ["relu", "identity"])
FOLD = cr.Network([[[1.0], [-1.0]], [[1.0, -1.0]]], [[0.0, 0.0], [0.5]], ["relu", "identity"])  # relu(t) − relu(−t)


def small(dtype: str = "float64"):  # type: ignore[no-untyped-def]
    net = cr.Network.random([3, 4, 2], "tanh", "softmax", seed=1, dtype=dtype)
    rng = np.random.default_rng(1)
    return net, rng.standard_normal((5, 3)), [0, 1, 1, 0, 1]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_method_that_can_go_agrees_and_is_in_the_table(dtype: str) -> None:
    """S0.13, S0.12, S2.18, S1.17, S1.8: one gradient."""
    net, x, y = small(dtype)
    verdict = cr.verify(net, x, y, "cross_entropy")
    assert verdict
    as_it_runs = {LOW} if dtype == "float32" else set()
    assert {row.method for row in verdict.rows} == set(METHODS) | as_it_runs
    assert [row.method for row in verdict.rows if row.refused] == ["symbolic"]
    limits = {"differences": 1e-6, LOW: 1e-4}
    assert all(row.distance < limits.get(row.method, 1e-10) for row in verdict.went)
    assert not verdict.untold
    text = str(verdict)
    assert all(name in text for name in METHODS)
    assert text.endswith("✓")
    found = json.loads(json_text(verdict.to_json()))
    assert found["agree"] is True
    assert found["rows"][0]["method"] == "delta"


def test_the_methods_may_be_chosen_and_one_may_be_your_own() -> None:
    net, x, y = small()
    verdict = verify(net, x, y, "cross_entropy", ["raw", "delta"])
    assert [row.method for row in verdict.rows] == ["raw", "delta"]
    by_old_name = verify(net, x, y, "cross_entropy", roads=["raw", "delta"])
    assert [row.road for row in by_old_name.rows] == ["raw", "delta"]
    right = cr.gradient(net, x, y, "cross_entropy")
    assert verify(net, x, y, "cross_entropy", ["differences"], right)
    one_off = right.flat().copy()
    one_off[7] += 1e-3
    wrong = verify(net, x, y, "cross_entropy", ["delta", "differences"], right.like(one_off))
    assert [row.method for row in wrong.wrong] == [YOURS]
    assert "yours is off most at w/1/2/1" in str(wrong)
    assert not verify(net, x, y, "cross_entropy", ["differences"], lambda net, x, y, cost: 2 * right)
    assert not verify(net, x, y, "cross_entropy", ["delta", "raw"], right * np.nan)


def test_a_backpropagation_that_is_wrong_itself_is_outvoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference is what most methods share, not what backpropagation says."""
    net, x, y = small()
    right = cr.gradient(net, x, y, "cross_entropy")
    broken = replace(METHODS["delta"], gradient=lambda *_: 2 * right)
    monkeypatch.setitem(METHODS, "delta", broken)
    for methods in (["delta", "raw", "differences"], ["delta", "differences"], ["raw", "delta"]):
        verdict = verify(net, x, y, "cross_entropy", methods)
        assert [row.method for row in verdict.wrong] == ["delta"]
        assert "factor_two" in str(verdict)


@pytest.mark.parametrize("net", [RELU, FOLD])
def test_a_relu_at_its_kink_is_reported_as_such_and_never_called_wrong(net: cr.Network) -> None:
    """S3.4. FOLD is smooth, and all methods but differences answer 0 where the slope is 1: no one-sided slope of C says so."""
    verdict = cr.verify(net, [[0.0]], [[2.0]])
    assert verdict
    assert verdict.kinks == 2
    assert "2 of 7 entries at a kink" in str(verdict)
    beyond = cr.gradient(net, [[0.0]], [[2.0]]).flat()
    for slope, holds in ((0.0, True), (1.0, True), (0.5, True), (-9.0, False)):  # C′ there is −1.5
        beyond[2] = -1.5 * slope
        assert bool(cr.verify(net, [[0.0]], [[2.0]], gradient=net.parameters.like(beyond.copy()))) is holds


def test_a_margin_of_the_hinge_at_zero_is_a_kink_too() -> None:
    """S3.14: 1 + z_j − z_y = 0."""
    net = cr.Network([np.zeros((2, 2))], [[1.0, 0.0]], "identity")
    verdict = cr.verify(net, [[1.0, 2.0]], [[1.0, 0.0]], "multiclass_hinge")
    assert verdict
    assert verdict.kinks == 6


def test_a_tiny_weight_gradient_does_not_hide_behind_its_bias() -> None:
    """Inputs of 1e-100: ∂C/∂w is nothing beside ∂C/∂b, and a factor 2 in it is a fault all the same."""
    net, x, y = small()

    def wrong(net: cr.Network, x: object, y: object, cost: cr.Cost) -> cr.Parameters:
        g = cr.gradient(net, x, y, cost)
        return cr.Parameters([2 * g.weights[1], g.weights[2]], list(g.biases))

    assert verify(net, 1e-100 * x, y, "cross_entropy")
    assert not verify(net, 1e-100 * x, y, "cross_entropy", gradient=cr.gradient(net, x, y, "cross_entropy"))
    assert [row.method for row in verify(net, 1e-100 * x, y, "cross_entropy", gradient=wrong).wrong] == [YOURS]


def test_unscaled_rows_in_float32_are_told_right_from_wrong() -> None:
    """Weighted inputs of some 10,000: rounding is measured, and a bound that adds up worst cases would hide 0.3 %."""
    net = cr.Network.random([64, 128, 10], "relu", "softmax", seed=0)
    x, y = 16_000 * np.random.default_rng(0).random((7, 64), np.float32), np.arange(7)
    g = cr.gradient(net, x, y, "cross_entropy")
    assert verify(net, x, y, "cross_entropy", ["delta", "raw"], g)
    assert verify(net, x, y, "cross_entropy", ["delta", "raw"], g * 1.003).wrong[0].causes.names == ["factor"]


def test_agreement_within_rounding_that_is_not_small_tells_nothing() -> None:
    """A cost at its minimum, and units saturated in float32: neither right nor wrong can be said, and why is said."""
    tanh = cr.Network.random([2, 3, 1], "tanh", seed=0, dtype="float64")
    x = np.random.default_rng(0).standard_normal((4, 2))
    best = verify(tanh, x, cr.predict(tanh, x), "quadratic")
    assert not best.wrong
    assert best.untold == [1, 2]
    assert best.kinks == 0  # on either side of a minimum the slopes differ, and yet there is no kink
    assert "? cannot tell in layers 1 and 2: rounding in float64 may move the gradient" in str(best)
    assert "since a − y keeps few digits: the outputs nearly equal the targets" in str(best)
    far = cr.Network([[[9.0, 8.0]], [[1.0]]], [[0.5], [0.1]], ["sigmoid", "identity"]).astype("float32")
    for factor in (1.0, 1.1):
        given = cr.gradient(far, [[1.0, 1.0]], [[0.3]], "quadratic") * factor
        verdict = verify(far, [[1.0, 1.0]], [[0.3]], "quadratic", ["delta", "raw"], given)
        assert not verdict
        assert bool(verdict.wrong) == (factor == 1.1)
        assert ("σ and σ′ keep few digits there, as in saturated units" in str(verdict)) == (factor == 1)
    assert "network.astype('float64')" in str(verify(far, [[1.0, 1.0]], [[0.3]], "quadratic", ["raw"], given / 1.1))


def test_away_from_kinks_nothing_is_left_open() -> None:
    net, x, _ = small()
    found = leeway(Problem.of(net, x, np.eye(2)[[0, 1, 1, 0, 1]], cr.cross_entropy()))
    assert not found.kinks.flat().any()
    assert found.rounding.norm() < 1e-11


def test_in_float32_a_wrong_gradient_is_still_caught() -> None:
    """Rounding is granted by what it can do, entry by entry: no blank cheque."""
    net, x, y = small("float32")
    g = cr.gradient(net, x, y, "cross_entropy")
    assert verify(net, x, y, "cross_entropy", ["raw"], g)
    assert not verify(net, x, y, "cross_entropy", ["raw"], g * 1.001)


def test_what_cannot_be_verified_is_said() -> None:
    net, x, y = small()
    with pytest.raises(cr.UnknownNameError, match="did you mean 'delta'"):
        verify(net, x, y, methods=["dleta", "raw"])
    with pytest.raises(cr.SettingError, match="takes two methods, got delta"):
        verify(net, x, y, methods=["delta"])
    with pytest.raises(cr.ShapeError, match=r"is chainrule\.Parameters"):
        verify(net, x, y, gradient=lambda *_: np.zeros(3))  # type: ignore[arg-type,return-value]
    with pytest.raises(cr.ShapeError, match="different shapes"):
        verify(net, x, y, gradient=RELU.parameters)
    huge = cr.Network([[[1e200]], [[1e200]]], None, "identity")
    with pytest.raises(cr.DataError, match="the cost is inf"):
        verify(huge, [[1.0]], [[0.0]])
    with pytest.raises(cr.DataError, match="fewer than two methods apply"):
        verify(RELU, [[1.0]], [[0.0]], methods=["complex_step", "delta"])


# check_gradient names causes ----------------------------------------------------------------------------------------
AT = np.array([0.5, -1.2, 2.0, 0.7, -0.4])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda g: 3 * g, "every entry is 3 × the difference: a sum where the value is a mean over 3?"),
        (lambda g: 2 * g, "a mean over 2, or a 2 or ½ in one of the two only?"),
        (lambda g: g / 7, "every entry is 1/7 × the difference: a mean over 7 where the value is a sum?"),
        (lambda g: -g, "every entry is −1 × the difference: the sign is turned?"),
        (lambda g: -3 * g, "the sign is turned and a sum where the value is a mean over 3?"),
        (lambda g: 1.37 * g, "every entry is 1.37 × the difference"),
        (lambda g: 0 * g, "every entry is zero"),
        (lambda g: g[::-1], "the same numbers in another order"),
        (lambda g: g * [1, 1, 1, 2, 2], "only entry 3…entry 4 differ; there every entry is 2 × the difference"),
        (lambda g: g + np.array([0, 0.1, 0, 0, 0]), "only entry 1 differs"),
        (lambda g: g * np.nan, "not finite"),
    ],
)
def test_check_gradient_names_the_likely_cause(wrong, said: str) -> None:  # type: ignore[no-untyped-def]
    verdict = cr.check_gradient(lambda t: float((t**2).sum()), lambda t: wrong(2 * t), AT)
    assert not verdict
    assert said in str(verdict)


def test_a_gradient_that_is_wrong_in_no_known_way_gets_no_guess() -> None:
    rng = np.random.default_rng(0)
    verdict = cr.check_gradient(lambda t: float((t**2).sum()), lambda t: 2 * t + rng.standard_normal(5), AT)
    assert not verdict
    assert verdict.cause == ""
    assert cr.check_gradient(lambda t: float((t**2).sum()), lambda t: 2 * t, AT).cause == ""


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_multi_output_regressor_is_off_by_the_number_of_outputs() -> None:
    """scikit-learn #8349, found in four lines of a user's code (issue: Shows 4)."""
    neural = pytest.importorskip("sklearn.neural_network")
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((7, 4)), rng.standard_normal((7, 3))
    mlp = neural.MLPRegressor(hidden_layer_sizes=[5], solver="lbfgs", alpha=0, max_iter=1, random_state=0).fit(x, y)
    if not hasattr(mlp, "_loss_grad_lbfgs"):
        pytest.skip("this scikit-learn has no _loss_grad_lbfgs")
    theta = np.concatenate([a.ravel() for a in mlp.coefs_ + mlp.intercepts_])
    both = lambda t: mlp._loss_grad_lbfgs(t, x, y, None, [x, None, None], [None] * 2, [None] * 2, [None] * 2)
    verdict = cr.check_gradient(lambda t: both(t)[0], lambda t: both(t)[1], theta)
    if verdict:
        pytest.skip("this scikit-learn has mended #8349")
    assert "every entry is 3 × the difference: a sum where the value is a mean over 3?" in str(verdict)


def test_a_gradient_wrong_by_a_millionth_is_told_from_a_right_one() -> None:
    """The wide bar of the differences fits both, and so may not be the judge."""
    net = cr.Network.random([4, 6, 3], "tanh", "sigmoid", seed=1, dtype="float64")
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((7, 4)), rng.random((7, 3))
    right = cr.gradient(net, x, y)
    assert cr.verify(net, x, y, gradient=right)
    assert not cr.verify(net, x, y, gradient=right * (1 + 1e-6))


def test_where_rounding_may_do_anything_nothing_is_called_right() -> None:
    net = cr.Network.random([4, 6, 3], "tanh", "identity", seed=1, dtype="float64")
    huge = net.with_parameters(net.parameters * 1e100)
    x, y = np.ones((2, 4)), np.zeros((2, 3))
    verdict = cr.verify(huge, x, y, gradient=cr.gradient(huge, x, y) * 2)
    assert not verdict
    assert verdict.untold or verdict.wrong


def test_at_a_kink_a_gradient_beyond_the_slopes_of_its_sides_is_wrong() -> None:
    """S3.4: relu at 0 leaves −1…0 open here, and nothing else; a forgotten bias gradient does not hide behind one blank row."""
    net = cr.Network([[[1.0]], [[1.0]]], [[0.0], [0.0]], ["relu", "identity"])
    none = [np.zeros((1, 1)), np.zeros((1, 1))]
    holds = {b: bool(cr.verify(net, [[0.0]], [[1.0]], gradient=cr.Parameters(none, [np.array([b]), np.array([-1.0])])))
             for b in (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0)}  # fmt: skip
    assert holds == {-1.5: False, -1.0: True, -0.5: True, 0.0: True, 0.5: False, 1.0: False}
    rng = np.random.default_rng(1)
    net = cr.Network.random([4, 6, 6, 3], "relu", "identity", seed=1, dtype="float64")
    x, y = rng.standard_normal((4, 4)), rng.standard_normal((4, 3))
    x[0] = 0
    g = cr.gradient(net, x, y)
    assert cr.verify(net, x, y, gradient=g)
    forgotten = cr.Parameters(list(g.weights), [g.biases[1] * 0, g.biases[2], g.biases[3]])
    assert not cr.verify(net, x, y, gradient=forgotten)


@pytest.mark.parametrize("size", [1e-150, 1e-170])
def test_a_gradient_whose_squares_underflow_is_judged_all_the_same(size: float) -> None:
    net = cr.Network([[[1.0, 2.0]], [[1.5]]], [[0.0], [0.0]], ["tanh", "identity"])
    x, y = np.array([[1.0, 2.0], [0.3, -0.1]]) * size, np.array([[1.0], [2.0]]) * size
    g = cr.gradient(net, x, y)
    assert [bool(cr.verify(net, x, y, gradient=g * k)) for k in (1.0, 2.0, -1.0)] == [True, False, False]


def test_a_gradient_that_is_no_vector_of_real_numbers_is_refused_and_your_arrays_stay_yours() -> None:
    net, x, y = small()
    g = cr.gradient(net, x, y, "cross_entropy")
    with pytest.raises(cr.DataError, match="got complex128"):
        verify(net, x, y, "cross_entropy", gradient=g.map(lambda each: each + 1j))
    before = x.copy()

    def careless(net: cr.Network, x: np.ndarray, y: np.ndarray, cost: cr.Cost) -> cr.Parameters:
        found = cr.gradient(net, x, y, cost)
        x *= 0
        return found

    assert verify(net, x, y, "cross_entropy", gradient=careless)
    assert np.array_equal(x, before)


def test_a_gradient_in_float32_is_judged_by_float32() -> None:
    net, x, y = small()
    g = cr.gradient(net, x, y, "cross_entropy").astype("float32")
    assert verify(net, x, y, "cross_entropy", gradient=g)
    assert not verify(net, x, y, "cross_entropy", gradient=g * 1.01)


def test_of_a_float32_network_every_planted_fault_still_has_its_cause() -> None:
    net, x, y = small("float32")
    for name in ("transpose", "factor_two", "bias_left_out", "wrong_sign"):
        fault = FAULTS[name]
        if fault.refuses(net, x, cr.squared_error()) is None:
            assert name in verify(net, x, np.eye(2)[y], "quadratic", gradient=fault.gradient).wrong[0].causes.names


def float32_networks(count: int):  # type: ignore[no-untyped-def]
    """Small ones of every activation, with rows and targets."""
    hidden = ["tanh", "sigmoid", "relu", "softplus", "gelu", "silu", "leaky_relu"]
    for i in range(count):
        rng = np.random.default_rng([5, i])
        net = cr.Network.random([3, 5, 4, 2], hidden[i % 7], ["identity", "tanh", "sigmoid"][i % 3], seed=i)
        yield net, rng.standard_normal((6, 3)), rng.standard_normal((6, 2))


def test_in_float32_healthy_networks_are_called_right_and_one_entry_off_by_a_hundredth_is_caught() -> None:
    """The largest entry, and the median one: 30 of 30 each."""
    caught = {"largest": 0, "median": 0}
    for net, x, y in float32_networks(30):
        g = cr.gradient(net, x, y, "quadratic")
        assert cr.verify(net, x, y, "quadratic", ["delta", "raw"], g)
        order = np.argsort(np.abs(g.flat()))
        moving = order[g.flat()[order] != 0]
        for name, entry in (("largest", moving[-1]), ("median", moving[len(moving) // 2])):
            wrong = g.flat()
            wrong[entry] *= np.float32(1.01)
            caught[name] += bool(cr.verify(net, x, y, "quadratic", ["delta", "raw"], g.like(wrong)).wrong)
    assert caught == {"largest": 30, "median": 30}


def test_the_bound_of_rounding_holds_and_is_no_thousand_times_too_wide() -> None:
    ratios = []
    for net, x, y in float32_networks(30):
        exact = net.astype("float64")
        rows, targets = (each.astype(np.float32).astype(np.float64) for each in (x, y))
        off = np.abs(cr.gradient(net, x, y, "quadratic").flat() - cr.gradient(exact, rows, targets, "quadratic").flat())
        bound = rounding(Problem.of(net, rows, targets, cr.squared_error(half=True))).flat()
        assert np.all(off <= bound)
        ratios.append(np.median(bound[off > 0] / off[off > 0]))
    assert np.median(ratios) < 300


def test_right_gradients_from_float32_are_no_fault_in_float64() -> None:
    """Stored as float64 they are judged as float32; with something added in float64 the rounding is named."""
    net, x, y = small()
    single = net.astype("float32")
    g = cr.gradient(single, x, y, "cross_entropy").astype("float64")
    assert cr.verify(single.astype("float64"), x, y, "cross_entropy", gradient=g)
    mixed = cr.gradient(net, x, y, "cross_entropy").map(
        lambda each: each * (1 + 1e-7 * np.sin(np.arange(each.size)).reshape(each.shape))
    )
    verdict = cr.verify(net, x, y, "cross_entropy", gradient=mixed)
    assert not verdict
    assert not verdict.wrong
    assert "cannot tell in layers 1 and 2: it differs by no more than float32 rounding does" in str(verdict)
    one_off = mixed.flat()
    one_off[3] *= 1.001
    assert cr.verify(net, x, y, "cross_entropy", gradient=mixed.like(one_off)).wrong


def test_a_large_network_is_asked_for_some_entries_by_the_slow_methods() -> None:
    net = cr.Network.random([784, 128, 10], "tanh", "softmax", seed=0)
    rng = np.random.default_rng(0)
    x, y = rng.random((7, 784)) * (rng.random((7, 784)) < 0.3), np.arange(7)
    g = cr.gradient(net, x, y, "cross_entropy")
    methods = ["delta", "paths", "forward_mode", "complex_step", "differences"]
    verdict = cr.verify(net, x, y, "cross_entropy", methods, g)
    assert verdict
    assert {row.method: row.checked for row in verdict.rows if row.checked} == dict.fromkeys(methods[1:], 200)
    assert all(row.distance < 1e-6 for row in verdict.went)
    assert "✓  on 200 of 101,770 entries" in str(verdict)
    alone = cr.verify(net, x, y, "cross_entropy", ["differences"], 2 * g)  # no answer is whole but yours
    assert [row.method for row in alone.wrong] == [YOURS]
