"""One rule for the cost that is meant: the one named, else the network's own, which a saved network remembers."""

import json
import re
from html import unescape

import numpy as np
import pytest
import safetensors.numpy

import chainrule as cr
from chainrule.diagnostics.influence import influence
from chainrule.diagnostics.reasons import slowest
from chainrule.explanation import derivative
from chainrule.explanation.figures import FIGURES
from chainrule.explanation.worksheet import worksheet
from chainrule.nudges.best_move import best_move
from chainrule.nudges.demon import demon
from chainrule.nudges.sweep import sweep
from chainrule.verification.agreement import check_network

X = np.array([[0.3, -1.0, 0.5], [1.2, 0.1, -0.4]])
Y = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
ID = "w/1/0/1"


def network(output: str, **settings: object) -> cr.Network:
    return cr.Network.random([3, 4, 3], "tanh", output, seed=3, dtype="float64").with_cost(**settings) if settings else (
        cr.Network.random([3, 4, 3], "tanh", output, seed=3, dtype="float64")
    )  # fmt: skip


def slopes(net: cr.Network, cost: object = None) -> dict[str, float]:
    """∂C/∂w of one weight and one example by everything that can be asked for it."""
    x, y = X[0], Y[0]
    given = {} if cost is None else {"cost": cost}
    circuit = cr.circuit_of(net, X[:1], Y[:1], **given)
    return {
        "gradient": float(cr.gradient(net, x, y, **given).weights[1][0, 1]),
        "backward": float(cr.backward(cr.forward(net, x), y, **given).delta[1][0] * x[1]),
        "per_example": float(cr.per_example_gradients(net, x, y, **given)[0].weights[1][0, 1]),
        "explain": cr.explain(net, x, y, ID, **given).value,
        "explain in s1": cr.explain(net, x, y, ID, convention="s1", **given).value,
        "why": cr.why(net, x, y, ID, **given).value,
        "nudge": cr.nudge(net, x, y, ID, 1e-6, **given).predicted * 1e6,
        "circuit": float(circuit.gradient().weights[1][0, 1]),
    }


@pytest.mark.parametrize(
    ("output", "named"), [("softmax", "cross_entropy"), ("identity", "quadratic"), ("sigmoid", "quadratic")]
)
def test_an_untrained_network_has_the_natural_cost_of_its_output(output: str, named: str) -> None:
    net = network(output)
    assert repr(net.cost) == named
    assert cr.cost(net, X, Y) == cr.cost(net, X, Y, named)
    want = slopes(net, named)["gradient"]
    for what, value in slopes(net).items():
        assert value == pytest.approx(want, rel=1e-9), what
    assert f"C ({named})" in str(cr.verify(net, X, Y))
    assert check_network(net, cr.gradient(net, X, Y), X, Y)


@pytest.mark.parametrize("preset", ["s0", "s1", "s2", "s4"])
def test_a_convention_never_changes_a_number(preset: str) -> None:
    for output in ("softmax", "sigmoid"):
        net = network(output)
        assert cr.explain(net, X[0], Y[0], ID, convention=preset).value == pytest.approx(
            float(cr.gradient(net, X[0], Y[0]).weights[1][0, 1]), rel=1e-12
        )


def test_a_trained_network_remembers_its_cost_through_every_change() -> None:
    run = cr.train(network("identity"), (X, Y), cost=cr.huber(0.25), epochs=2)
    net = run.network
    assert repr(net.cost) == "huber(threshold=0.25)"
    changed = [
        net.astype("float32"), net.with_value("b/1/0", 0.5), net.with_parameters(net.parameters * 2),
        net.with_preprocessing(None), cr.train(net, (X, Y), epochs=1).network,
    ]  # fmt: skip
    assert {repr(each.cost) for each in changed} == {"huber(threshold=0.25)"}
    want = slopes(net, cr.huber(0.25))["gradient"]
    assert want != pytest.approx(slopes(net, "quadratic")["gradient"], rel=1e-3)
    for what, value in slopes(net).items():
        assert value == pytest.approx(want, rel=1e-9), what


def test_a_cost_that_does_not_fit_the_output_is_refused_at_once() -> None:
    with pytest.raises(cr.PairError, match="cross_entropy"):
        network("sigmoid").with_cost("cross_entropy")
    with pytest.raises(cr.PairError):
        cr.Network([[[1.0]]], None, "tanh", cost="binary_cross_entropy")
    with pytest.raises(cr.UnknownNameError, match="quadratic"):
        network("identity").with_cost("quadratik")


@pytest.mark.parametrize("cost", ["quadratic", "squared_error", cr.huber(2.0), "cross_entropy"])
def test_a_file_remembers_the_cost(tmp_path: object, cost: object) -> None:
    net = cr.train(network("softmax"), (X, Y), cost=cost, epochs=1).network
    again = cr.load(cr.save(net, f"{tmp_path}/net.safetensors"))
    assert repr(again.cost) == repr(net.cost)
    assert cr.cost(again, X, Y) == cr.cost(net, X, Y, cost)


def test_a_file_cannot_hold_an_own_cost_and_asks_for_it_where_it_is_needed(tmp_path: object) -> None:
    quartic = cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4), "quartic")
    net = cr.train(network("identity"), (X, Y), cost=quartic, epochs=1).network
    path = cr.save(net, f"{tmp_path}/net.safetensors")
    bare = cr.load(path)
    np.testing.assert_array_equal(cr.predict(bare, X), cr.predict(net, X))
    for ask in (lambda: cr.cost(bare, X, Y), lambda: cr.train(bare, (X, Y)), lambda: cr.explain(bare, X[0], Y[0], ID)):
        with pytest.raises(cr.PairError, match=r"load\(path, costs=\[quartic\]\)"):
            ask()
    assert cr.cost(bare, X, Y, "quadratic") == cr.cost(net, X, Y, "quadratic")
    whole = cr.load(path, costs=[quartic])
    assert cr.cost(whole, X, Y) == cr.cost(net, X, Y, quartic)
    again = cr.load(cr.save(bare, f"{tmp_path}/again.safetensors"), costs=[quartic])  # nothing is lost on the way
    assert cr.cost(again, X, Y) == cr.cost(net, X, Y, quartic)


def test_a_file_of_the_first_version_has_the_cost_its_notes_name(tmp_path: object) -> None:
    def first_version(net: cr.Network, notes: dict[str, object]) -> cr.Network:
        """The file as the first version wrote it: without a cost of its own, and without a checksum."""
        tensors = {
            f"{kind}/{l}": each
            for kind, layers in (("w", net.weights), ("b", net.biases))
            for l, each in layers.items()
        }
        sigmas = [{"name": each.name, "settings": dict(each.settings)} for each in net.activations]
        text = json.dumps({"version": 1, "activations": sigmas, "preprocessing": None, "notes": notes})
        path = f"{tmp_path}/old.safetensors"
        with open(path, "wb") as stream:  # noqa: PTH123
            stream.write(safetensors.numpy.save(tensors, {"chainrule": text}))
        return cr.load(path)

    net = network("softmax")
    assert repr(first_version(net, {"cost": ["huber", {"threshold": 0.5}]}).cost) == "huber(threshold=0.5)"
    assert repr(first_version(net, {"cost": "a note of the user's"}).cost) == "cross_entropy"
    assert repr(first_version(net, {}).cost) == "cross_entropy"
    assert repr(first_version(network("tanh"), {}).cost) == "quadratic"


def test_every_printed_result_names_its_cost_and_shows_it() -> None:
    net = network("softmax", cost="squared_error")
    x, y, value = X[0], Y[0], float(cr.cost(net, X[0], Y[0], "squared_error"))
    derivation = cr.explain(net, x, y, ID)
    shown = [
        str(derivation), derivation.latex(), unescape(derivation.html()), str(cr.nudge(net, x, y, "z/1/0", 0.1)),
        str(sweep(net, x, y, "z/1/0", [0.1])), str(best_move(net, x, y, "z/1/0", -1, 1)), str(demon(net, x, y, 1)),
        str(cr.why(net, x, y, ID)), str(slowest(net, x, y)), str(influence(net, x, y)), str(cr.verify(net, x, y)),
        str(worksheet(net, x, y)),
    ]  # fmt: skip
    for text in shown:
        assert re.search(r"squared.{0,2}[_ ]error", text), text
        assert f"{value:.4f}"[:-1] in text, text
    assert derivation.to_json()["cost"] == "squared_error"
    assert derivation.to_json()["C"] == pytest.approx(value, rel=1e-12)
    assert not re.search("squared", str(cr.explain(net, x, None, ID, of="z/2/0")))  # which has nothing to do with C


@pytest.mark.parametrize("name", sorted(set(FIGURES) - {"activation", "unrolled"}))
def test_every_figure_names_its_cost_and_shows_it(name: str) -> None:
    net = network("softmax", cost="squared_error")
    many = FIGURES[name].rows
    x, y = (X, Y) if many else (X[0], Y[0])
    scene = cr.figure(name, net, x, y)
    text = " ".join(re.findall(r"<text.*?</text>", scene.svg(), re.DOTALL))
    plain = unescape(re.sub(r"<[^>]+>", "", text))
    assert "C (squared_error) = " in plain
    assert f"{float(cr.cost(net, x, y)):.6f}" in plain
    assert not scene.clipped()
    assert not scene.overlapping()


def test_an_explanation_with_a_wrong_cost_beside_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    right = derivative._total
    monkeypatch.setattr(
        derivative, "_total", lambda seen: type(right(seen))("C", "squared_error", right(seen).value * 1.001)
    )
    with pytest.raises(cr.DisagreementError):
        cr.explain(network("softmax"), X[0], Y[0], ID)


def test_a_name_of_an_own_cost_is_text_in_latex() -> None:
    odd = cr.own_cost(lambda a, y, m: m.sum((a - y) ** 2), r"50 % & {#1} $x_2^3~\alpha")
    text = cr.explain(network("identity"), X[0], Y[0], ID, cost=odd).latex()
    assert r"\text{ (50 \% \& \{\#1\} \$x\_2\textasciicircum{}3\textasciitilde{}\textbackslash{}alpha)}" in text
