"""Network: sizes that chain, dtypes, first weights, frozen values, and every wrong shape in words."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.initialization import INITS, sparse


def test_lists_are_float64_and_arrays_keep_their_precision() -> None:
    assert cr.Network([[[1, 2]]], [[0]]).dtype == np.float64
    assert cr.Network([np.ones((2, 3), np.float32)], [np.zeros(2, np.float32)]).dtype == np.float32
    assert cr.Network([np.ones((2, 3), np.float32)], None).dtype == np.float32
    assert cr.Network.random([3, 2]).dtype == np.float32
    assert cr.Network.random([3, 2]).astype("float64").dtype == np.float64


def test_inputs_are_cast_to_the_networks_precision() -> None:
    net = cr.Network.random([3, 2], dtype="float32")
    assert cr.forward(net, [1, 2, 3]).a[1].dtype == np.float32
    assert cr.forward(net, np.ones((2, 3))).z[1].dtype == np.float32


def test_the_same_seed_draws_the_same_bits() -> None:
    for init in INITS:
        one, two = (cr.Network.random([5, 4, 3], init=init, seed=7).parameters.flat() for _ in range(2))
        assert one.tobytes() == two.tobytes()
    assert (
        cr.Network.random([5, 4], seed=1).parameters.flat().tobytes()
        != cr.Network.random([5, 4], seed=2).parameters.flat().tobytes()
    )


@pytest.mark.parametrize(
    ("init", "width"),
    [
        ("he", math.sqrt(2 / 300)),
        ("glorot", math.sqrt(2 / 500)),
        ("lecun", math.sqrt(1 / 300)),
        ("normal", 1.0),
        ("zeros", 0.0),
    ],
)
def test_first_weights_have_the_width_of_their_paper(init: str, width: float) -> None:
    w = cr.Network.random([300, 200], init=init).weights[1]
    assert float(w.std()) == pytest.approx(width, rel=0.02)
    assert not cr.Network.random([300, 200], init=init).biases[1].any()


def test_orthogonal_weights_are_orthonormal() -> None:
    for sizes in ([6, 4], [4, 6]):
        w = cr.Network.random(sizes, init="orthogonal", dtype="float64").weights[1]
        small = w @ w.T if w.shape[0] < w.shape[1] else w.T @ w
        assert small == pytest.approx(np.eye(4), abs=1e-14)


@pytest.mark.parametrize(("inputs", "count"), [(40, 15), (15, 15), (4, 4)])
def test_sparse_weights_are_fifteen_into_each_neuron(inputs: int, count: int) -> None:
    """Martens 2010, section 5."""
    w = cr.Network.random([inputs, 200], init="sparse", dtype="float64").weights[1]
    assert set(np.count_nonzero(w, axis=1)) == {count}
    assert w[w != 0].std() == pytest.approx(1.0, rel=0.05)
    into = np.count_nonzero(w, axis=0)  # which inputs are taken is drawn for each neuron, all alike
    assert into == pytest.approx(np.full(inputs, 200 * count / inputs), abs=40)
    few = cr.Network.random([inputs, 200], init=sparse(3, 0.1), dtype="float64").weights[1]
    assert set(np.count_nonzero(few, axis=1)) == {3}
    assert few[few != 0].std() == pytest.approx(0.1, rel=0.1)


def test_first_weights_and_biases_may_differ_from_layer_to_layer() -> None:
    net = cr.Network.random(
        [4, 8, 8, 3], init=["he", "orthogonal", "zeros"], bias=["layer", "none", "neuron"], dtype="float64"
    )
    assert [b.shape for b in net.biases] == [(1,), (0,), (3,)]
    assert net.weights[2] @ net.weights[2].T == pytest.approx(np.eye(8), abs=1e-14)
    assert not net.weights[3].any()
    plain = cr.Network.random([4, 8, 8, 3], init="he", dtype="float64")
    assert net.weights[1].tobytes() == plain.weights[1].tobytes()
    same = cr.Network.random([4, 8, 8, 3], init=["Kaiming"] * 3, bias=("neuron",) * 3, dtype="float64")
    assert same.parameters.flat().tobytes() == plain.parameters.flat().tobytes()


def test_a_function_draws_first_weights() -> None:
    def uniform(rng: np.random.Generator, n_out: int, n_in: int, sigma: cr.Activation) -> np.ndarray:
        return rng.uniform(-1, 1, (n_out, n_in)) * (2 if sigma.name == "relu" else 1)

    net = cr.Network.random([50, 40, 30], "relu", "sigmoid", init=uniform)
    assert net.dtype == "float32"
    assert [round(float(abs(w).max()), 1) for w in net.weights] == [2.0, 1.0]
    mixed = cr.Network.random([50, 40, 30], "relu", "sigmoid", init=[uniform, "zeros"])
    assert mixed.weights[1].tobytes() == net.weights[1].tobytes()
    assert not mixed.weights[2].any()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"init": "hee"}, cr.UnknownNameError, "unknown init 'hee': did you mean 'he'"),
        ({"init": "xaviar"}, cr.UnknownNameError, "unknown init 'xaviar': did you mean 'xavier'"),
        ({"init": ["he", "hee"]}, cr.UnknownNameError, "unknown init 'hee'"),
        ({"init": ["he"]}, cr.ShapeError, r"init is one for all 2 layers, or one for each of them; got 1: \['he'\]"),
        ({"bias": ["none"] * 3}, cr.ShapeError, "bias is one for all 2 layers, or one for each of them; got 3"),
        ({"bias": ["none", "one"]}, cr.UnknownNameError, "unknown bias 'one'"),
        ({"bias": [None, "none"]}, cr.UnknownNameError, "unknown bias None: did you mean 'none'"),
        ({"init": [3, "he"]}, cr.SettingError, r"init is a name \(auto, he, .*\) or a function .* got 3"),
        (
            {"init": lambda *all_of_it: np.ones((3, 3))},
            cr.ShapeError,
            r"here \(3, 4\); got float64 of the shape \(3, 3\)",
        ),
        ({"init": lambda *all_of_it: None}, cr.ShapeError, r"the shape \(out, in\), here \(3, 4\); got None"),
    ],
)
def test_what_is_no_first_weight_or_bias_is_refused(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cr.Network.random([4, 3, 2], **settings)


def test_auto_takes_he_before_the_relu_family_and_glorot_else() -> None:
    net = cr.Network.random([100, 100, 100], "relu", "softmax", init="auto")
    assert float(net.weights[1].std()) == pytest.approx(math.sqrt(2 / 100), rel=0.05)
    assert float(net.weights[2].std()) == pytest.approx(math.sqrt(1 / 100), rel=0.05)


def test_a_network_is_frozen_and_keeps_its_own_copy() -> None:
    w = np.ones((1, 2))
    net = cr.Network([w], [[0.5]])
    w[0, 0] = 9
    assert net.weights[1][0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        net.weights[1][0, 0] = 2
    with pytest.raises(AttributeError, match="a network is frozen"):
        net.parameters = net.parameters  # type: ignore[misc]
    moved = net.with_value("w/1/0/1", 3.0).with_value("b/1/0", -1.0)
    assert moved.weights[1].tolist() == [[1.0, 3.0]]
    assert moved.biases[1].tolist() == [-1.0]
    assert net.weights[1].tolist() == [[1.0, 1.0]]


def test_one_bias_a_layer_moves_every_neuron_of_it() -> None:
    """S0.4, footnote 1."""
    net = cr.Network([[[1.0], [2.0]]], [[0.5]], "identity")
    assert cr.forward(net, [1.0]).z[1].tolist() == [1.5, 2.5]
    g = cr.gradient(net, [1.0], [0.0, 0.0])
    assert g.biases[1].tolist() == [4.0]  # Σ_j δ_j


def test_it_says_what_it_is() -> None:
    net = cr.Network.random([64, 30, 30, 10], ["relu", "tanh"], "softmax")
    assert repr(net) == "Network(64-30-30-10, relu → tanh → softmax, float32, 3,190 parameters)"
    assert repr(cr.Network.random([2, 3, 3, 1], cr.leaky_relu(0.2))).startswith(
        "Network(2-3-3-1, leaky_relu(alpha=0.2) → identity"
    )
    assert net.depth == 3
    assert net.sizes == (64, 30, 30, 10)


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ([], [], "at least one weight matrix"),
        ([[[1.0, 2.0]]], [[0.0], [0.0]], "1 weight matrices need as many biases"),
        ([[1.0, 2.0]], [[0.0]], r"layer 1 are a matrix \(out, in\), got an array of shape \(2,\)"),
        (
            [np.ones((4, 3)), np.ones((4, 2))],
            None,
            r"layer 2.*\(4, 2\) take 2 inputs, and layer 1 has 4 neurons; transposed it would fit",
        ),
        ([np.ones((4, 3)), np.ones((2, 5))], None, r"layer 1 has 4 neurons$"),
        (
            [np.ones((2, 3))],
            [np.zeros(3)],
            r"biases have the shape \(3,\); needed are \(2,\), \(1,\) for one a layer, or None",
        ),
        ([np.ones((2, 3))], [np.zeros((2, 1))], r"biases have the shape \(2, 1\)"),
        ([[[1.0, 2.0], [3.0]]], None, "weights of layer 1 are not an array"),
        ([np.zeros((0, 3))], None, "are a matrix"),
        (
            np.ones((2, 3)),
            np.ones(2),
            r"got an array of shape \(3,\); a network of one layer is Network\(\[w\], \[b\]\)",
        ),
        ([np.ones((2, 3))], 5, "as many biases .*, got int"),
        (2, 3, r"with random weights is Network\.random\(\[2, 3\]\)"),
        ([2, 3, 2], None, r"Network\.random\(\[2, 3, 2\]\)"),
        ((np.int64(64), 30, 10), None, r"Network\.random\(\[64, 30, 10\]\)"),
        (784, None, r"Network\.random\(\[784, …\]\)"),
        (None, None, "weights are a list of them.* got NoneType"),
        ({"w": 1}, None, "got dict"),
        ("2-3-2", None, "got str"),
    ],
)
def test_sizes_that_do_not_chain_are_named(weights, biases, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(cr.ShapeError, match=message):
        cr.Network(weights, biases)


def test_sizes_in_the_place_of_weights_biases_and_activations_say_what_to_write() -> None:
    with pytest.raises(cr.ShapeError, match=r"a network of these sizes .* is Network\.random\(\[2, 3, 2\]\)"):
        cr.Network(2, 3, 2)
    with pytest.raises(cr.SettingError, match=r"activations are names, .* got int"):
        cr.Network([[[1.0]]], None, 5)
    with pytest.raises(cr.ShapeError, match=r"in one list, .*, as in Network\.random\(\[2, 3, 2\]\); got \[3\]"):
        cr.Network.random([3])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, net, x, y: f("backward")(net, x, y), r"got Network: backward\(forward\(network, x\), y\)"),
        (lambda f, net, x, y: f("backward")(x, y), r"got ndarray: backward\(forward\(network, x\), y\)"),
        (lambda f, net, x, y: f("gradient")(x, y, net), r"^gradient\(network, x, y\): the first .*, got ndarray$"),
        (lambda f, net, x, y: f("cost")(x, y, net), r"^cost\(network, x, y\): the first argument is a Network"),
        (lambda f, net, x, y: f("per_example_gradients")(x, y, net), r"^per_example_gradients\(network, x, y\): "),
        (lambda f, net, x, y: f("forward")(x, net), r"^forward\(network, x\): "),
        (lambda f, net, x, y: f("gradient")("a.safetensors", x, y), r"a file is read by chainrule\.load\(path\)"),
    ],
)
def test_arguments_in_another_order_are_told_which_comes_first(call: Any, message: str) -> None:
    net = cr.Network.random([3, 2])
    with pytest.raises(
        cr.SettingError, match=message
    ):  # functions without the tests' check of types, as users call them
        call(lambda name: inspect.unwrap(getattr(cr, name)), net, np.ones((4, 3)), np.ones((4, 2)))
    with pytest.raises(cr.SettingError, match=r"^train\(network, x, y\) .* got tuple$"):
        inspect.unwrap(cr.epochs.__init__)(cr.epochs.__new__(cr.epochs), (np.ones((4, 3)), np.ones((4, 2))), net)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([[["a"]]], "numbers, got texts such as 'a'"),
        ([[[math.nan]]], "layer 1 hold nan"),
        ([[[1j]]], "numbers, got complex"),
    ],
)
def test_weights_are_finite_numbers(weights, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(cr.DataError, match=message):
        cr.Network(weights)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"sizes": [3]}, cr.ShapeError, "at least two whole numbers"),
        ({"sizes": [3, 0]}, cr.ShapeError, "at least two whole numbers"),
        ({"sizes": [3, 4, 1], "output": "softmax"}, cr.ShapeError, "softmax of one neuron is always 1"),
        (
            {"sizes": [3, 4, 2], "activations": ["relu", "relu"]},
            cr.ShapeError,
            "have 1 hidden layers, got 2 activations",
        ),
        ({"sizes": [3, 2], "init": "uniform"}, cr.UnknownNameError, "unknown init 'uniform'"),
        ({"sizes": [3, 2], "bias": "all"}, cr.UnknownNameError, "unknown bias 'all'"),
        ({"sizes": [3, 2], "dtype": "float16"}, cr.SettingError, "float32 or float64, got 'float16'"),
        ({"sizes": [3, 2], "output": "sofmax"}, cr.UnknownNameError, "did you mean 'softmax'"),
    ],
)
def test_random_refuses_what_it_cannot_draw(settings, error, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        cr.Network.random(**settings)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (
            [1.0, 2.0],
            cr.ShapeError,
            r"\(3-2\) takes x of shape \(3,\) for one example or \(batch, 3\) for rows, got \(2,\)",
        ),
        (np.ones((3, 4)), cr.ShapeError, r"got \(3, 4\)"),
        (np.ones((1, 1, 3)), cr.ShapeError, r"got \(1, 1, 3\)"),
        (np.ones((0, 3)), cr.DataError, "holds no rows"),
        ([1.0, math.nan, 2.0], cr.DataError, r"x\[0, 1\] is nan"),
        ([1.0, 1e300, 2.0], cr.DataError, r"x\[0, 1\] is inf in float32"),
        (["a", "b", "c"], cr.DataError, "inputs are numbers, got texts such as 'a'"),
        ("1,2,3", cr.DataError, "inputs are numbers, got texts such as '1,2,3'"),
    ],
)
def test_inputs_that_do_not_fit_are_named(x, error, message: str) -> None:  # type: ignore[no-untyped-def]
    net = cr.Network.random([3, 2])
    with pytest.raises(error, match=message):
        cr.forward(net, x)
    with pytest.raises(error, match=message):
        cr.gradient(net, x, np.zeros(2))


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (
            np.ones((4, 3)),
            cr.ShapeError,
            r"4 rows and 2 outputs need targets of shape \(4, 2\) or class labels \(4,\), got \(4, 3\)",
        ),
        (np.ones((3, 2)), cr.ShapeError, r"got \(3, 2\)"),
        ([0, 1, 2, 0], cr.DataError, r"row 2 has the label 2, and 2 outputs stand for the labels 0…1"),
        ([0, 1, -1, 0], cr.DataError, r"row 2 has the label -1"),
        ([0.5, 1, 0, 0], cr.DataError, r"one column of fractions"),
    ],
)
def test_targets_that_do_not_fit_are_named(y, error, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        cr.gradient(cr.Network.random([3, 2]), np.ones((4, 3)), y)


def test_labels_serve_as_targets() -> None:
    net, x = cr.Network.random([3, 2], dtype="float64"), np.ones((3, 3))
    rows = cr.gradient(net, x, [[1, 0], [0, 1], [0, 1]], "cross_entropy").flat()
    assert cr.gradient(net, x, [0, 1, 1], "cross_entropy").flat().tolist() == rows.tolist()
    assert (
        cr.gradient(net, x[0], 1, "cross_entropy").flat().tolist()
        == cr.gradient(net, x[0], [0, 1], "cross_entropy").flat().tolist()
    )


def test_all_ones_weights_equal_none_and_weight_zero_equals_a_dropped_row() -> None:
    net, rng = cr.Network.random([3, 4, 2], "tanh"), np.random.default_rng(0)
    x, y = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
    plain = cr.gradient(net, x, y)
    assert cr.gradient(net, x, y, weight=np.ones(5)).flat().tobytes() == plain.flat().tobytes()
    dropped = cr.gradient(net, x, y, weight=[1, 1, 0, 1, 1]).flat()
    assert dropped == pytest.approx(cr.gradient(net, x[[0, 1, 3, 4]], y[[0, 1, 3, 4]]).flat(), rel=1e-5)
    assert cr.cost(net, x, y, weight=[0, 0, 0, 0, 2]) == pytest.approx(float(cr.cost(net, x[4], y[4])), rel=1e-6)
    for wrong, message in (
        ([1, 1], "5 rows need as many weights"),
        ([-1, 1, 1, 1, 1], "≥ 0"),
        (np.zeros(5), "not all of them 0"),
    ):
        with pytest.raises(cr.ChainruleError, match=message):
            cr.gradient(net, x, y, weight=wrong)


def test_reductions_are_mean_sum_and_none() -> None:
    """S1.11, S4.17, S0.1."""
    net, rng = cr.Network.random([3, 2], dtype="float64"), np.random.default_rng(0)
    x, y = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
    each = cr.cost(net, x, y, reduction="none")
    assert each.shape == (5,)
    assert cr.cost(net, x, y) == pytest.approx(each.mean())
    assert cr.cost(net, x, y, reduction="sum") == pytest.approx(each.sum())
    assert cr.gradient(net, x, y, reduction="sum").flat() == pytest.approx(5 * cr.gradient(net, x, y).flat())
    assert cr.cost(net, x[0], y[0], reduction="none") == each[0]
    with pytest.raises(cr.UnknownNameError, match="did you mean 'mean'"):
        cr.cost(net, x, y, reduction="means")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: cr.Network([[[1.0]]], None, None), "activations are names, or what chainrule.activation"),
        (lambda net: cr.Network([[[1.0]]], None, np.tanh), "got tanh"),
        (lambda net: cr.Network.random([2, 1], seed=-1), "a seed is a whole number ≥ 0"),
        (lambda net: net.with_value("w/1/0/0", math.nan), "w/1/0/0 takes a finite number, got nan"),
        (lambda net: cr.forward(net, [[1.0, 2.0, 3.0], [1.0]]), "rows of one length"),
        (lambda net: cr.gradient(net, [1.0, 2.0, 3.0], [[0.0], [1.0, 2.0]]), "rows of one length"),
        (lambda net: cr.gradient(net, [1.0, 2.0, 3.0], None), "targets|target"),
    ],
)
def test_what_is_no_network_and_no_array_is_said_so(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(cr.ChainruleError, match=message):
        call(cr.Network.random([3, 2]))


def test_arrays_of_the_other_byte_order_are_the_same_numbers() -> None:
    assert cr.Network.random([3, 2], dtype=">f4").dtype == np.dtype("float32")


def test_texts_are_the_networks_own_labels_where_it_has_some() -> None:
    table = cr.read_table("iris")
    terms = cr.Preprocessing.fit(table.columns, table.inputs, table.target)
    net = cr.Network.random([4, 3], output="softmax", dtype="float64").with_preprocessing(terms)
    x = terms.rows(table.inputs[:1])
    by_text = cr.cost(net, x, ["versicolor"], "cross_entropy")
    assert by_text == cr.cost(net, x, [1], "cross_entropy")
    with pytest.raises(cr.DataError, match="not one of the classes"):
        cr.cost(net, x, ["tulip"], "cross_entropy")


def test_huge_weights_have_a_mean_too() -> None:
    net = cr.Network.random([3, 2], dtype="float64")
    x, y = np.ones((2, 3)), np.zeros((2, 2))
    heavy = cr.gradient(net, x, y, weight=[1e308, 1e308])
    assert heavy.flat().tolist() == cr.gradient(net, x, y).flat().tolist()


def test_an_activation_in_the_place_of_biases_is_told_what_to_write() -> None:
    with pytest.raises(cr.ShapeError, match=r"got the text 'sigmoid'.*write Network\(weights, None, 'sigmoid'\)"):
        cr.Network([[[1.5]], [[-2.0]]], "sigmoid")  # type: ignore[arg-type]
