"""Networks, runs, rules and all that holds them are copied and pickled, and are the same afterwards."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import activations, costs, updates
from chainrule.circuits.gates import GATES, Gate
from chainrule.elementary import Elementary

X = np.random.default_rng(1).standard_normal((10, 3))
Y = X[:, :2]


def own_form(z: Any, m: Elementary) -> Any:
    return z * m.tanh(z)


def own_cost_form(a: Any, y: Any, m: Elementary) -> Any:
    return m.sum((a - y) ** 4)


def start(parameters: cr.Parameters) -> dict[str, Any]:
    return {}


def move(gradient: cr.Parameters, state: Any) -> tuple[cr.Parameters, Any]:
    return gradient * -0.1, state


def form_in_numpy(z: Any) -> Any:
    return np.tanh(2 * z)


def cost_in_numpy(a: Any, y: Any) -> Any:
    return ((a - y) ** 4).sum(axis=1)


SIGMAS = [
    cr.activation(form_in_numpy, "tanh of 2z"),
    *(make() for make in activations.NAMED.values()),
    cr.leaky_relu(0.2),
    cr.activation(own_form, "own", "z tanh z", kinks=(0.5,)),
]
COSTS = [
    cr.own_cost(cost_in_numpy, "in numpy"),
    *(make() for make in costs.NAMED.values()),
    cr.huber(2.0),
    cr.own_cost(own_cost_form, "quartic", "Σ (a − y)⁴"),
]
RULES = [
    *(make() for make in updates.NAMED.values()),
    cr.adam(0.1, beta1=0.5, epsilon=1e-3),
    cr.momentum(0.3, 0.0),
    cr.Rule("mine", start, move, {"learning_rate": 0.1}),
    cr.Rule("adam", start, move, {"learning_rate": 0.1}),  # a user's own may have the name of another
]


def unpickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def by_protocol_2(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value, protocol=2))


ways = pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, unpickled, by_protocol_2])


def net(output: str = "identity", dtype: str = "float32", bias: str = "neuron") -> cr.Network:
    return cr.Network.random([3, 4, 2], "tanh", output, bias=bias, seed=2, dtype=dtype)


@ways
@pytest.mark.parametrize("sigma", SIGMAS, ids=repr)
def test_a_copied_activation_has_the_same_values_and_slopes(way: Callable[[Any], Any], sigma: cr.Activation) -> None:
    copied, z = way(sigma), np.linspace(-3, 3, 8, dtype="float32").reshape(2, 4)
    assert copied.value(z).tobytes() == sigma.value(z).tobytes()
    assert copied.slope(z).tobytes() == sigma.slope(z).tobytes()
    told = ("name", "formula", "latex", "kinks", "settings", "own", "full_slope")
    assert [getattr(copied, name) for name in told] == [getattr(sigma, name) for name in told]


@ways
@pytest.mark.parametrize("cost", COSTS, ids=repr)
def test_a_copied_cost_gives_the_same_gradient(way: Callable[[Any], Any], cost: cr.Cost) -> None:
    needed = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid", "poisson": "exponential"}
    output = needed.get(cost.name, "identity")
    y = np.eye(2)[(X[:, 0] > 0).astype(int)]
    copied = way(cost)
    assert (
        cr.gradient(net(output), X, y, copied).flat().tobytes() == cr.gradient(net(output), X, y, cost).flat().tobytes()
    )
    told = ("name", "formula", "latex", "settings", "own", "targets")
    assert [getattr(copied, name) for name in told] == [getattr(cost, name) for name in told]


@ways
def test_a_network_copied_without_its_own_cost_still_asks_for_it(way: Callable[[Any], Any]) -> None:
    network = net().with_cost(costs.absent_own_cost("quartic"))
    with pytest.raises(cr.PairError, match="hand it in"):
        cr.gradient(way(network), X, Y)
    assert way(net().with_cost("huber")).cost.name == "huber"


@ways
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_a_copied_rule_moves_alike(way: Callable[[Any], Any], rule: cr.Rule) -> None:
    runs = [cr.train(net(), X, Y, each, epochs=2, batch_size=4) for each in (rule, way(rule))]
    assert runs[0].network.parameters.flat().tobytes() == runs[1].network.parameters.flat().tobytes()
    assert (repr(way(rule)), dict(way(rule).settings)) == (repr(rule), dict(rule.settings))
    with pytest.raises(TypeError):
        way(rule).settings["learning_rate"] = 5.0  # frozen, as the first was


@ways
@pytest.mark.parametrize("bias", ["neuron", "layer", "none"])
def test_a_copied_network_is_the_same_and_frozen(way: Callable[[Any], Any], bias: str) -> None:
    data = cr.load_data("iris")
    start = cr.Network.random([4, 5, 3], "gelu", "softmax", bias=bias)
    given = cr.train(start, data, epochs=1).network
    copied = way(given)
    assert repr(copied) == repr(given)
    assert copied.parameters.flat().tobytes() == given.parameters.flat().tobytes()
    flower = [5.1, 3.5, 1.4, 0.2]
    assert cr.predict(copied, flower) == cr.predict(given, flower)
    for array in copied.parameters.arrays():
        assert not array.flags.writeable
    with pytest.raises(AttributeError, match="frozen"):
        copied.preprocessing = None
    copied.with_parameters(copied.parameters * 2)


def test_a_deep_copy_shares_no_array() -> None:
    given = net()
    for one, other in zip(given.parameters.arrays(), copy.deepcopy(given).parameters.arrays()):
        assert not np.shares_memory(one, other)


def everything() -> dict[str, Any]:
    network = net(dtype="float64")
    trace = cr.forward(network, X)
    stream = cr.epochs(network, X, Y, epochs=2)
    return {
        "run": cr.train(network, (X, Y), epochs=2),
        "epoch": next(iter(stream)),
        "stream": stream,
        "trace": trace,
        "backward": cr.backward(trace, Y, "huber"),
        "per example": cr.per_example_gradients(network, X, Y),
        "gradient": cr.gradient(network, X, Y),
        "layers": network.weights,
        "data": cr.load_data("iris"),
        "table": cr.read_table("iris"),
        "verification": cr.verify(network, X[:2], Y[:2]),
        "derivation": cr.explain(network, X[0], Y[0], "w/1/0/0"),
    }


@ways
@pytest.mark.parametrize("what", ["run", "epoch", "trace", "backward", "per example", "gradient", "layers", "data", "table",
                                  "verification", "derivation"])  # fmt: skip
def test_what_holds_a_network_is_copied_too(way: Callable[[Any], Any], what: str) -> None:
    given = everything()[what]
    assert repr(way(given)) == repr(given)


@ways
def test_a_copied_stream_goes_through_the_same_epochs(way: Callable[[Any], Any]) -> None:
    stream = cr.epochs(net(), X, Y, epochs=2)
    next(iter(stream))
    copied = way(stream)
    assert copied.history == stream.history
    assert [epoch.cost for epoch in copied] == [epoch.cost for epoch in stream]


@ways
def test_a_copied_backward_pass_still_gives_what_is_computed_on_demand(way: Callable[[Any], Any]) -> None:
    back = cr.backward(cr.forward(net(), X), Y, cr.huber(0.3))
    assert way(back).dx.tobytes() == back.dx.tobytes()
    assert way(back).da[2].tobytes() == back.da[2].tobytes()


@pytest.mark.parametrize("way", [copy.deepcopy, unpickled, by_protocol_2])
def test_a_copied_circuit_runs_alike_and_goes_on_by_itself(way: Callable[[Any], Any]) -> None:
    built = cr.circuit_of(net("softmax", "float64"), X[0], np.eye(2)[0])
    run = built.circuit.forward()
    copied, copied_run = way((built, run))
    by_weights = run.backward(built.cost)[built.weights[1]].tobytes()
    for ran in (copied_run, copied.circuit.forward()):
        assert ran.backward(copied.cost)[copied.weights[1]].tobytes() == by_weights
    gates = len(built.circuit)
    square = copied.cost * copied.cost
    assert copied.circuit.forward()[square] == run[built.cost] ** 2
    assert (len(copied.circuit), len(built.circuit)) == (gates + 1, gates)


@ways
@pytest.mark.parametrize("gate", GATES, ids=repr)
def test_a_copied_gate_is_the_gate_itself(way: Callable[[Any], Any], gate: Gate) -> None:
    assert way(gate) is gate


@ways
def test_an_error_that_holds_a_run_comes_through_a_pool_of_processes(way: Callable[[Any], Any]) -> None:
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(net(), X, Y, cr.delta_rule(1e30), epochs=50)
    copied = way(caught.value)
    assert (str(copied), copied.run.report.ended) == (str(caught.value), caught.value.run.report.ended)


def test_a_pickle_is_read_by_a_process_that_has_imported_nothing() -> None:
    held = pickle.dumps((net("softmax"), cr.adam(0.5), cr.huber(3.0)))
    code = f"import pickle; net, rule, cost = pickle.loads({held!r}); print(net, rule, cost)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{net('softmax')} {cr.adam(0.5)} {cr.huber(3.0)}"


def test_a_form_that_no_module_holds_is_copied_and_not_pickled() -> None:
    own = cr.activation(lambda z: z * 2.0, "double")
    network = cr.Network([[[1.0]]], None, own)
    assert cr.forward(copy.deepcopy(network), [1.5]).a[1] == 3.0
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(network)


def test_fields_are_replaced_as_in_any_dataclass() -> None:
    assert repr(replace(cr.adam(), settings={"learning_rate": 0.5})) == "adam(0.5)"
    assert replace(cr.train(net(), X, Y, epochs=1), history=[]).history == []
