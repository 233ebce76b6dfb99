"""The figures of circuits, matrices, batches and unrolled networks: their numbers, their room on the page, their refusals."""

import inspect
import math
import re
from collections import Counter

import numpy as np
import pytest
from networks import chapter, crossed

import chainrule as cr
from chainrule.conventions import Convention
from chainrule.explanation.chapters.unrolled_figure import shares
from chainrule.explanation.chapters.whole_circuit import gate_count, passes
from chainrule.explanation.parts.grid import SHADED, Grid, Image
from chainrule.explanation.parts.layer_equations import Focus, backward_band, forward_band, gradient_band
from chainrule.explanation.parts.unit import Unit
from chainrule.explanation.view import view
from chainrule.ids import Id
from chainrule.per_example import per_example_gradients
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Label, Line, Rect
from chainrule.recurrent import Recurrent, unroll
from chainrule.recurrent.recurrent import SHARED
from chainrule.writing.formula import Symbol
from chainrule.writing.numbers import brief, written

delta_batch = chapter("delta_batch")
matrix_form = chapter("matrix_form")
unit_circuit = chapter("unit_circuit")
unrolled_figure = chapter("unrolled")
whole_circuit = chapter("whole_circuit")

PRESETS = ["s0", "s1", "s2", "s3", "s4"]


def network_of(
    sizes: list[int],
    hidden: str = "sigmoid",
    output: str = "sigmoid",
    scale: float = 1.0,
    bias: str = "neuron",
    seed: int = 0,
) -> cr.Network:
    rng = np.random.default_rng(seed)
    net = cr.Network.random(sizes, hidden, output, seed=rng, bias=bias, dtype="float64")
    return net.with_parameters(net.parameters.map(lambda p: scale * (p + 0.3 * rng.standard_normal(p.shape))))


def example_of(net: cr.Network, rows: int | None = None, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (net.sizes[0],) if rows is None else (rows, net.sizes[0])
    y = np.eye(net.sizes[-1])[rng.integers(0, net.sizes[-1], () if rows is None else rows)]
    return rng.standard_normal(shape), y


def value_of(text: str) -> float:
    """A printed number, read again."""
    return float(text.replace("−", "-").replace("∞", "inf").replace(",", ""))


def near(text: str, value: float) -> bool:
    """Whether a printed number is this value, to the digits that are printed."""
    return value_of(text) == pytest.approx(value, rel=2e-5, abs=6e-7 if abs(value) >= 1e-3 else 0)


def texts(scene: Scene) -> list[str]:
    return [str(label.text) for label in scene.labels()]


def assert_clean(scene: Scene) -> None:
    assert scene.overlapping() == []
    assert scene.clipped() == []
    assert scene.title
    assert len(scene.description) > 60
    assert len({len(row) for row in scene.table}) == 1
    assert not any("nan" in text for text in [*texts(scene), *(cell for row in scene.table for cell in row)])
    assert "<svg" in scene.svg()


SMALL = {
    "chain": lambda: network_of([1, 1, 1, 1]),
    "small": lambda: network_of([2, 3, 2]),
    "deep": lambda: network_of([5, 4, 3, 2], "tanh"),
    "wide": lambda: network_of([12, 2]),
    "relu": lambda: network_of([3, 4, 2], "relu"),
    "softmax": lambda: network_of([3, 4, 3], "softmax", "softmax"),
    "saturated": lambda: network_of([2, 3, 2], scale=60.0),
    "zero": lambda: network_of([2, 3, 2], scale=0.0),
    "tiny": lambda: network_of([2, 3, 2], "identity", "identity", scale=1.1e-6),
    "huge": lambda: network_of([2, 3, 2], "identity", "identity", scale=3e3),
    "one bias": lambda: network_of([2, 3, 2], bias="layer"),
    "no bias": lambda: network_of([2, 3, 2], bias="none"),
}


def read_by(preset: str, net: cr.Network) -> cr.Network:
    """The network as this author has it: S3 leaves the last layer linear."""
    if preset != "s3":
        return net
    sigmas = [*list(net.activations)[:-1], "identity"]
    return cr.Network(list(net.weights), [b if b.size else None for b in net.biases], sigmas)


def conventions_of(preset: str) -> list[Convention]:
    how = Convention.preset(preset)
    return [how, how.but(orientation="rows", colours="symbol")] if preset in ("s0", "s1") else [how]


# room on the page ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "preset"), crossed(SMALL, PRESETS, 1))
def test_no_two_labels_overlap_and_none_is_clipped(name: str, preset: str) -> None:
    net = read_by(preset, SMALL[name]())
    x, y = example_of(net)
    rows, targets = example_of(net, 3)
    cost = "quadratic" if preset == "s3" and net.sizes[-1] == 1 else None
    for how in conventions_of(preset):
        asked = {"convention": how, "cost": cost}
        for layer in {1, net.depth}:
            last = net.sizes[layer] - 1
            assert_clean(unit_circuit(net, x, y, layer=layer, neuron=last, **asked))
            assert_clean(matrix_form(net, x, y, layer=layer, neuron=last, **asked))
            assert_clean(delta_batch(net, rows, targets, layer=layer, neuron=last, **asked))
        assert_clean(unit_circuit(net, x, y, phase="forward", **asked))
        assert_clean(whole_circuit(net, x, y, **asked))
        assert_clean(whole_circuit(net, x, y, phase="forward", **asked))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_network_of_784_inputs_fits_on_a_page(preset: str) -> None:
    net = read_by(preset, network_of([784, 30, 10], "relu", "softmax"))
    x, y = example_of(net)
    rows, targets = example_of(net, 20)
    for how in conventions_of(preset):
        asked = {"convention": how, "cost": "cross_entropy"}
        for by in ("z/2/9", "w/1/3/400"):
            for scene in (
                unit_circuit(net, x, y, by=by, **asked),
                matrix_form(net, x, y, by=by, **asked),
                delta_batch(net, rows, targets, by=by, **asked),
            ):
                assert_clean(scene)
                assert scene.width <= (900 if scene.name in ("matrix-form", "unit-circuit") else 2000)
                assert scene.height < 2000


def test_infinite_slopes_of_a_saturated_softmax_are_printed_as_such() -> None:
    net = cr.Network([[[800.0], [-800.0]]], [[0.0, 0.0]], "softmax")
    scene = unit_circuit(net, [1.0], [0.0, 1.0], by="z/1/1", cost="cross_entropy")
    assert_clean(scene)
    assert any("−∞" in text for text in texts(scene))
    assert_clean(whole_circuit(net, [1.0], [0.0, 1.0], cost="cross_entropy"))


def test_large_numbers_have_six_digits_on_both_sides_of_a_power_of_ten() -> None:
    assert [written(value) for value in (79518.773874, 163069.3, -1234.5678, 12.5, 99999.96)] == [
        "79518.8", "1.63069e5", "−1234.57", "12.500000", "100000"
    ]  # fmt: skip


def test_few_digits_show_whether_they_are_all() -> None:
    assert [brief(v) for v in (0.2, 0.19996, 1.0, 0.99999, -1.5, 12345.6, 0.0)] == [
        "0.2", "0.200", "1", "1.00", "−1.5", "12346", "0",
    ]  # fmt: skip
    assert [brief(v) for v in (-1.23457e-12, 4e7, math.inf, -math.inf)] == ["−1.23e−12", "4.00e7", "∞", "−∞"]


# one neuron ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["chain", "small", "deep", "relu", "one bias", "no bias", "softmax"])
def test_a_units_wires_hold_what_the_circuit_of_gates_computes(name: str) -> None:
    net = SMALL[name]()
    x, y = example_of(net)
    cost = "quadratic"
    made = cr.circuit_of(net, x, y, cost)
    for layer in range(1, net.depth + 1):
        j = net.sizes[layer] - 1
        scene = unit_circuit(net, x, y, layer=layer, neuron=j, cost=cost, most=20)
        wires = [row for row in scene.table[1:] if row[0] != "all shares"]
        gates = made.unit(layer, j).rows
        assert len(wires) == len(gates)
        for row, gate in zip(wires, gates):
            assert near(row[2], gate.value), (row, gate)
            if gate.gate == "activation":
                continue
            if gate.gate == "bias" and net.biases[layer].size < net.sizes[layer]:
                continue
            assert near(row[4], gate.gradient), (row, gate)
        whole = [row for row in scene.table if row[0] == "all shares"]
        before = [gate for gate in gates if gate.gate == "activation"]
        assert [near(row[4], gate.gradient) for row, gate in zip(whole, before)] == [True] * net.sizes[layer - 1]


def test_the_share_below_a_wire_is_that_of_this_gate_alone() -> None:
    net = SMALL["small"]()
    x, y = example_of(net)
    back = cr.backward(cr.forward(net, x), y)
    sums = np.zeros(3)
    for j in range(2):
        rows = [row for row in unit_circuit(net, x, y, layer=2, neuron=j).table if row[0] == "σ of layer 1"]
        shares_of = [value_of(row[4]) for row in rows]
        assert shares_of == pytest.approx(net.weights[2][j] * back.delta[2][j], abs=1e-6)
        sums += shares_of
    assert sums == pytest.approx(back.da[1], abs=2e-6)
    assert any("only the share through this gate" in text for text in texts(unit_circuit(net, x, y, layer=2)))


def test_the_numbers_of_the_table_stand_in_the_picture() -> None:
    net = SMALL["small"]()
    scene = unit_circuit(net, *example_of(net), by="z/2/1")
    labels = {(round(label.x, 3), round(label.y, 3), str(label.text)) for label in scene.labels()}
    numbers = {(x, y): text for x, y, text in labels}
    for row in scene.table[1:]:
        if row[0] != "all shares":
            assert row[2] in numbers.values()
            beyond = [(x, y) for x, y, text in labels if text == row[3]]  # the name stands below its number
            assert any(numbers.get((x, round(y - 19.5, 3))) == row[4] for x, y in beyond), row


def test_the_gate_of_all_others_adds_up_exactly() -> None:
    net = network_of([784, 30, 10], "relu", "softmax")
    x, y = example_of(net)
    unit = Unit.of(view(net, x, y, cr.cross_entropy(), Id("C"), Convention.preset("s2")), 1, 4, 8)
    products = [float(each) for each in net.weights[1][4] * x]
    shown = [each.k for each in unit.inputs]
    assert unit.others is not None
    assert unit.left == 776
    assert unit.others.value == math.fsum(p for k, p in enumerate(products) if k not in shown)
    assert min(abs(products[k]) for k in shown) >= max(abs(p) for k, p in enumerate(products) if k not in shown)
    assert unit.total.value == math.fsum(products)
    scene = unit_circuit(net, x, y, by="z/1/4", cost="cross_entropy")
    assert "776 more" in texts(scene)
    assert f"Σ = {written(unit.others.value)}" in texts(scene)


def test_a_weight_that_is_named_is_among_those_shown() -> None:
    net = network_of([784, 30, 10], "relu", "softmax")
    x, y = example_of(net)
    weakest = int(np.argmin(np.abs(net.weights[1][4] * x)))
    shown = {row[1] for row in unit_circuit(net, x, y, by=f"w/1/4/{weakest}", cost="cross_entropy", most=2).table}
    assert str(Convention.preset("s2").weight(1, 4, weakest)) in shown


def test_activation_gates_carry_their_level_and_inputs_have_none() -> None:
    net = SMALL["deep"]()
    x, y = example_of(net)
    assert {"σ²", "σ³"} <= set(texts(unit_circuit(net, x, y, layer=3)))
    first = texts(unit_circuit(net, x, y, layer=1, convention="s0", cost="squared_error"))
    assert "σ⁽¹⁾" in first
    assert "σ⁽⁰⁾" not in first
    assert "x₁" in first  # counted from 1


def test_an_author_with_a_linear_output_sees_no_last_activation_gate() -> None:
    net = read_by("s3", SMALL["small"]())
    x, y = example_of(net)
    assert not any("σ²" in text for text in texts(unit_circuit(net, x, y, layer=2, convention="s3")))
    assert any("σ²" in text for text in texts(unit_circuit(net, x, y, layer=2, convention="s2")))


def test_weights_are_written_in_the_order_of_the_author() -> None:
    net = SMALL["deep"]()
    x, y = example_of(net)
    assert "w⁽²⁾₁₃" in texts(unit_circuit(net, x, y, by="w/2/2/0", convention="s0", cost="squared_error"))
    assert "w²₃₁" in texts(unit_circuit(net, x, y, by="w/2/2/0", convention="s4"))


def test_forward_alone_shows_no_gradient() -> None:
    net = SMALL["small"]()
    x, y = example_of(net)
    for scene in (unit_circuit(net, x, y, phase="forward"), whole_circuit(net, x, y, phase="forward")):
        assert not any(isinstance(each, (Label, Line)) and each.role == "backward" for each in scene.elements)
        assert not any("gradient" in cell for cell in scene.table[0])
        assert not any("δ" in text for text in texts(scene))


def test_backward_numbers_are_slanted_and_below_forward_ones_upright_and_above() -> None:
    net = SMALL["small"]()
    scene = unit_circuit(net, *example_of(net))
    assert all(label.slanted for label in scene.labels() if label.role == "backward")
    assert not any(label.slanted for label in scene.labels() if label.role == "forward")
    wires = [each for each in scene.elements if isinstance(each, Line) and each.points[0][1] == each.points[-1][1]]
    checked = Counter[str]()
    for label in scene.labels():
        if label.role in ("forward", "backward") and label.y > 70:
            here = [wire.points[0][1] for wire in wires if wire.points[0][0] < label.x < wire.points[-1][0]]
            wire = min(here, key=lambda y: abs(y - label.y))
            assert (label.y < wire) == (label.role == "forward"), label.text
            checked[label.role] += 1
    assert min(checked.values()) > 15


# a whole network ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["chain", "small", "deep", "relu", "softmax", "one bias", "no bias"])
def test_the_whole_circuit_holds_what_the_gates_compute(name: str) -> None:
    net = SMALL[name]()
    x, y = example_of(net)
    made = cr.circuit_of(net, x, y, "quadratic")
    run = made.run()
    back = run.backward(made.cost)
    rows = whole_circuit(net, x, y, cost="quadratic").table[1:]

    def column(gate: str) -> list[tuple[str, ...]]:
        return [row for row in rows if row[0] == gate]

    def flat(layers: object, of: object) -> list[float]:
        return [float(each) for wires in layers for each in np.ravel(of[wires])]  # type: ignore[attr-defined, index]

    sums = [wires for layer, wires in enumerate(made.sums, 1) if net.sizes[layer - 1] > 1 and net.biases[layer].size]
    for gate, wires in (("weight", made.weights), ("×", made.products), ("Σ", sums)):
        found = column(gate) if gate != "Σ" or sums else []
        if gate == "×":
            found = [row for row in found if not row[2].startswith("z")]
        assert [near(row[3], v) for row, v in zip(found, flat(wires, run))] == [True] * len(found)
        assert [near(row[4], v) for row, v in zip(found, flat(wires, back))] == [True] * len(found)
        assert len(found) == len(flat(wires, run))
    assert [value_of(row[3]) for row in column("σ")] == pytest.approx(flat(list(made.a)[1:], run), rel=1e-4, abs=1e-6)
    assert [value_of(row[4]) for row in column("σ")] == pytest.approx(flat(list(made.a)[1:], back), rel=1e-4, abs=1e-6)
    assert near(column("C")[0][3], run[made.cost])
    assert column("C")[0][4] == "1.000000"
    assert [value_of(row[4]) for row in column("input")] == pytest.approx(np.ravel(back[made.a[0]]), rel=1e-4, abs=1e-6)


def test_shares_at_a_fan_out_add_up_to_the_gradient_before_it() -> None:
    net = SMALL["deep"]()
    x, y = example_of(net)
    rows = whole_circuit(net, x, y).table
    for k in range(4):
        parts = [value_of(row[4]) for row in rows if row[2].startswith(f"a¹{'₀₁₂₃'[k]}, share of")]
        whole = next(value_of(row[4]) for row in rows if row[0] == "σ" and row[2] == f"a¹{'₀₁₂₃'[k]}")
        assert len(parts) == 3
        assert sum(parts) == pytest.approx(whole, abs=4e-6)


def test_passes_are_numbered_forward_and_backward_layer_below_layer() -> None:
    net = SMALL["small"]()
    scene = whole_circuit(net, *example_of(net))
    circles = {(each.x, each.y) for each in scene.elements if isinstance(each, Circle)}
    numbers = [label for label in scene.labels() if str(label.text).isdecimal() and (label.x, label.y) in circles]
    forward = sorted((each for each in numbers if not each.slanted), key=lambda each: (each.y, each.x))
    backward = sorted((each for each in numbers if each.slanted), key=lambda each: (-each.y, -each.x))
    assert {label.role for label in forward} == {"forward"}
    assert {label.role for label in backward} == {"backward"}
    assert [str(label.text) for label in forward] == [str(n) for n in range(1, 10)]
    assert [str(label.text) for label in backward] == [str(n) for n in range(10, 19)]
    assert [one.x for one in forward] == [other.x for other in reversed(backward)]
    assert [one.x for one in forward[:4]] == [other.x for other in forward[4:8]], (
        "gates of a kind stand below each other"
    )
    assert len({label.y for label in forward}) == net.depth + 1
    assert passes(net, Convention.preset("s2"))[-1] == (3, "C")
    dashed = [each for each in scene.elements if isinstance(each, Line) and each.dashed]
    assert dashed
    assert all(line.role == "backward" for line in dashed)


@pytest.mark.parametrize(
    ("name", "preset"), crossed(["chain", "small", "deep", "softmax", "wide", "saturated", "tiny"], PRESETS)
)
def test_a_whole_circuit_fits_across_a_page(name: str, preset: str) -> None:
    net = read_by(preset, SMALL[name]())
    for phase in ("forward", "both"):
        scene = whole_circuit(net, *example_of(net), convention=preset, phase=phase, cost="quadratic")
        assert scene.width <= 760
        in_bands = [
            label for label in scene.labels() if label.y > 70 and not str(label.text).startswith(("C (", "c ("))
        ]
        assert min(label.size for label in in_bands) >= 12


def test_no_wire_leads_from_layer_to_layer_and_each_source_has_its_name() -> None:
    net = SMALL["deep"]()
    scene = whole_circuit(net, *example_of(net))
    bands = [each.box for each in scene.elements if isinstance(each, Rect) and each.filled == "panel"]
    for line in (each for each in scene.elements if isinstance(each, Line)):
        assert sum(line.box.top < band.bottom and band.top < line.box.bottom for band in bands) == 1
    names = [label for label in scene.labels() if label.of.startswith("a/1/") and label.anchor == "end"]
    assert Counter(str(label.text) for label in names) == {f"a¹{'₀₁₂₃'[k]}": 3 for k in range(4)}


def test_a_sum_of_one_product_has_no_gate() -> None:
    net = SMALL["chain"]()
    for scene in (whole_circuit(net, *example_of(net)), unit_circuit(net, *example_of(net))):
        assert "Σ" not in texts(scene)
    assert [kind for layer, kind in passes(net, Convention.preset("s2")) if layer == 1] == ["×", "+", "σ"]


def test_gates_are_counted_as_they_are_drawn() -> None:
    how = Convention.preset("s2")
    for name in ("chain", "small", "deep", "softmax", "no bias"):
        net = SMALL[name]()
        drawn = texts(whole_circuit(net, *example_of(net), cost="quadratic"))
        counted = sum(text in ("×", "Σ", "+", "C") or text.startswith("σ") for text in drawn)
        assert counted == gate_count(net, how)


def test_more_than_300_gates_are_refused_with_their_number() -> None:
    net = network_of([784, 30, 10], "relu", "softmax")
    with pytest.raises(cr.SettingError, match="23,932 gates, and at most 300"):
        whole_circuit(net, *example_of(net), cost="cross_entropy")
    assert gate_count(net, Convention.preset("s2")) == 784 * 30 + 300 + 2 * 40 + 30 + 1 + 1
    nearly = network_of([14, 15, 2])
    assert gate_count(nearly, Convention.preset("s2")) == 292
    assert whole_circuit(nearly, *example_of(nearly)).clipped() == []


# matrices -----------------------------------------------------------------------------------------------------------
def cells(scene: Scene, name: str) -> dict[tuple[str, str], float]:
    return {(row[1], row[2]): value_of(row[3]) for row in scene.table if row[0] == name}


def test_the_matrices_are_those_of_the_network() -> None:
    net = SMALL["deep"]()
    x, y = example_of(net)
    trace, back, gradient = cr.forward(net, x), None, cr.gradient(net, x, y)
    back = cr.backward(trace, y)
    scene = matrix_form(net, x, y, by="z/2/1")
    for name, values in (
        ("w²", net.weights[2]),
        ("(w³)ᵀ", net.weights[3].T),
        ("z²", trace.z[2][:, None]),
        ("δ³", back.delta[3][:, None]),
        ("∂C/∂a²", back.da[2][:, None]),
        ("∂C/∂w²", gradient.weights[2]),
        ("(a¹)ᵀ", trace.a[1][None]),
    ):
        found = cells(scene, name)
        assert found == {
            (str(i), str(j)): pytest.approx(v, rel=1e-5, abs=1e-6) for (i, j), v in np.ndenumerate(values)
        }, name


def test_the_equations_are_written_as_the_author_turns_them() -> None:
    net = SMALL["deep"]()
    x, y = example_of(net)

    def formulas(how: str | Convention) -> str:
        return " | ".join(texts(matrix_form(net, x, y, by="z/2/1", convention=how)))

    s2, s0 = Convention.preset("s2"), Convention.preset("s0").but(marks="a^l", letter="C")
    columns, no_transpose = formulas(s2), formulas(s0)
    assert "z² = w² a¹ + b²" in columns
    assert "δ² = ((w³)ᵀ δ³) ⊙ σ′(z²)" in columns
    assert "∂C/∂w² = δ² (a¹)ᵀ" in columns
    assert "z² = (w²)ᵀ a¹ + b²" in no_transpose
    assert "δ² = (w³ δ³) ⊙ σ′(z²)" in no_transpose
    assert "∂C/∂w² = a¹ (δ²)ᵀ" in no_transpose
    rows, both = formulas(s2.but(orientation="rows")), formulas(s0.but(orientation="rows"))
    assert "z² = a¹ (w²)ᵀ + b²" in rows
    assert "δ² = (δ³ w³) ⊙ σ′(z²)" in rows
    assert "∂C/∂w² = (δ²)ᵀ a¹" in rows
    assert "z² = a¹ w² + b²" in both
    assert "δ² = (δ³ (w³)ᵀ) ⊙ σ′(z²)" in both
    assert "∂C/∂w² = (a¹)ᵀ δ²" in both


@pytest.mark.parametrize("orientation", ["columns", "rows"])
@pytest.mark.parametrize("order", ["to,from", "from,to"])
def test_shapes_and_numbers_of_each_product_fit(order: str, orientation: str) -> None:
    """The grids of a line, multiplied as they stand, give the grid behind the one sign of equality."""
    net = SMALL["deep"]()
    x, y = example_of(net)
    how = Convention.preset("s2").but(order=order, orientation=orientation)
    seen = view(net, x, y, how.cost_for(net, None), Id("C"), how)
    for layer in (1, 2):
        focus = Focus(seen, layer, 1, None, 8)
        for band in (
            forward_band(focus),
            backward_band(focus),
            gradient_band(focus),
        ):
            assert [line.count("=") for line in band.lines] == [1] * len(band.lines), "no chain of equals"
            grids = [piece for piece in band.lines[0] if isinstance(piece, Grid)]
            product = grids[0].values @ grids[1].values
            if band.title == "forward":
                product = product + grids[2].values
            result = grids[2] if band.title != "forward" else grids[3]
            assert product.shape == result.values.shape
            assert product == pytest.approx(result.values)
            if band.title == "backward":
                onto, slope, delta = [piece for piece in band.lines[1] if isinstance(piece, Grid)]
                assert onto.values == pytest.approx(grids[2].values)
                assert onto.values * slope.values == pytest.approx(delta.values)


def test_large_matrices_leave_out_rows_and_say_what_the_rest_adds_up_to() -> None:
    net = network_of([784, 30, 10], "sigmoid", "softmax")
    x, y = example_of(net)
    scene = matrix_form(net, x, y, by="z/1/7", cost="cross_entropy")
    products = [float(each) for each in net.weights[1][7] * x]
    shown = sorted({int(row[2]) for row in scene.table if row[0] == "w¹"})
    assert len(shown) == 8
    left = math.fsum(p for k, p in enumerate(products) if k not in shown)
    entry = next(row[3] for row in scene.table if row[0] == "forward")
    sign = "−" if left < 0 else "+"
    assert f"{sign} {written(abs(left))} (776 more)" in entry
    assert {row[1] for row in scene.table if row[0] == "w¹"} == {"7"}
    assert "30 × 784" in texts(scene)
    assert f"Σ {brief(left)}" in texts(scene)
    for k in shown:
        assert {brief(float(each)) for each in (net.weights[1][7, k], x[k], products[k])} <= set(texts(scene))


def test_what_is_framed_among_shades_lies_where_its_row_and_its_column_are() -> None:
    """Also where 784 columns share 28 cells."""
    values = np.zeros((30, 784))
    values[7, 700] = -2.0
    grid = Grid(Symbol("w"), values, tuple(range(30)), tuple(range(784)), ringed=(7, 700), shaded=True)
    *_, frame = [each for each in grid.draw(0.0, 100.0) if isinstance(each, Rect)]
    (cell,) = [each for each in grid.draw(0.0, 100.0) if isinstance(each, Rect) and each.filled]
    assert cell.filled == "negative"
    assert abs(cell.box.left - frame.box.left) < 6
    assert frame.y < cell.y + cell.height / 2 < frame.y + frame.height
    assert grid.width < 190
    assert cell.width == pytest.approx(SHADED / 28, abs=1)


def test_what_an_image_goes_through_is_laid_out_as_that_image() -> None:
    """a⁰, the row of w¹ that is lit and that of the gradient; of a batch ∂c_i/∂w¹ and the mean of them."""
    net = network_of([64, 12, 10], "relu", "softmax")
    x, y = example_of(net, 9)
    one = texts(matrix_form(net, x[0], y[0], by="w/1/7/30", cost="cross_entropy"))
    assert [text for text in one if "8 × 8" in text] == ["64 × 1 as 8 × 8", *["1 × 64 as 8 × 8"] * 3]
    assert {"w¹₇", "∂C/∂w¹₇"} <= set(one)
    assert texts(delta_batch(net, x, y, layer=1, cost="cross_entropy")).count("1 × 64 as 8 × 8") == 2
    assert not [
        text for text in texts(matrix_form(net, x[0], y[0], by="z/2/1", cost="cross_entropy")) if " as " in text
    ]
    image = Image(Symbol("a"), np.arange(64.0)[None], (0,), tuple(range(64)), lit=(None, 63), shaded=True)
    *cells_of, frame = [each for each in image.draw(0, 0) if isinstance(each, Rect)]
    strongest = max((each for each in cells_of if each.filled), key=lambda cell: (cell.opacity, cell.x + cell.y))
    assert abs(frame.x + frame.width - strongest.x - strongest.width) < 4
    assert frame.y < strongest.y < strongest.y + strongest.height < frame.y + frame.height


def test_of_many_nearly_equal_inputs_the_table_has_different_ones() -> None:
    net = network_of([100, 8, 2], "tanh", "softmax")
    x = np.r_[np.full(60, 1.0), np.full(20, 0.998), np.full(10, -0.5), np.full(10, 0.2)]
    scene = matrix_form(net, x, np.array([1.0, 0.0]), by="w/1/3/95", show="gradient", cost="cross_entropy")
    listed = [row for row in scene.table if row[0] == "∂C/∂w¹"]
    assert listed
    said = texts(scene)
    assert [text for text in said if text in ("1", "0.998", "−0.5", "0.2")] == ["1", "−0.5", "0.2"]
    assert "97 more" in said


def test_a_softmax_shows_the_matrix_of_its_slopes() -> None:
    net = SMALL["softmax"]()
    x, y = example_of(net)
    hidden = matrix_form(net, x, y, layer=1, cost="quadratic")
    assert any("Σ′(z¹)" in text for text in texts(hidden))
    back = cr.backward(cr.forward(net, x), y, "quadratic")
    assert cells(hidden, "δ¹")["0", "0"] == pytest.approx(back.delta[1][0], abs=1e-6)
    direct = matrix_form(net, x, y, layer=2, cost="cross_entropy", show="backward")
    assert "δ² = a² − y" in texts(direct)
    assert not any("⊙" in text for text in texts(direct))


def test_only_what_is_asked_for_is_shown() -> None:
    net = SMALL["small"]()
    x, y = example_of(net)
    assert {row[0] for row in matrix_form(net, x, y, show="forward", layer=1).table[1:]} == {
        "w¹",
        "a⁰",
        "b¹",
        "z¹",
        "forward",
    }
    with pytest.raises(cr.UnknownNameError, match="backwards"):
        matrix_form(net, x, y, show="backwards")


# a batch ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("preset", "reduction"), [("s1", "mean"), ("s4", "sum"), ("s2", "mean")])
def test_the_stack_of_a_batch_adds_up_to_the_gradient(preset: str, reduction: str) -> None:
    net = SMALL["deep"]()
    x, y = example_of(net, 5)
    how = Convention.preset(preset)
    cost = how.cost_for(net, None)
    scene = delta_batch(net, x, y, convention=preset, by="w/2/1/3")
    gradient = cr.gradient(net, x, y, cost, reduction=reduction)
    name = str(how.symbol("w", 2))
    base = how.base
    assert cells(scene, f"∂C/∂{name}") == {
        (str(i + base), str(j + base)): pytest.approx(v, rel=1e-5, abs=1e-6)
        for (i, j), v in np.ndenumerate(gradient.weights[2])
    }
    tensor = per_example_gradients(net, x, y, cost).tensor(2)
    followed = cells(scene, f"∂cᵢ/∂{how.weight(2, 1, 3)}")
    assert list(followed.values()) == pytest.approx(tensor[:, 1, 3], rel=1e-5, abs=1e-6)
    assert any("5 × 3 × 4" in text for text in texts(scene))


def test_samples_are_columns_or_rows_by_the_convention() -> None:
    net = SMALL["deep"]()
    x, y = example_of(net, 4)
    trace = cr.forward(net, x)
    columns = delta_batch(net, x, y, layer=2)
    rows = delta_batch(net, x, y, layer=2, convention=Convention.preset("s2").but(orientation="rows"))
    assert "3 neurons × 4 samples" in texts(columns)
    assert "4 samples × 3 neurons" in texts(rows)
    for i, j in np.ndindex(trace.z[2].shape):
        assert cells(columns, "z²")[str(j), str(i)] == pytest.approx(trace.z[2][i, j], rel=1e-5, abs=1e-6)
        assert cells(rows, "z²")[str(i), str(j)] == pytest.approx(trace.z[2][i, j], rel=1e-5, abs=1e-6)


def test_the_samples_that_are_left_out_are_summed_exactly() -> None:
    net = network_of([6, 12, 3], "tanh", "softmax")
    x, y = example_of(net, 32)
    summed = Convention.preset("s2").but(over="sum")
    scene = delta_batch(net, x, y, by="w/1/4/2", cost="cross_entropy", convention=summed)
    tensor = per_example_gradients(net, x, y, "cross_entropy").tensor(1)
    shown = {int(row[1]) for row in scene.table if row[0].startswith("∂cᵢ/∂w¹₄₂")}
    entries = [float(each) for each in tensor[:, 4, 2]]
    left = math.fsum(e for i, e in enumerate(entries) if i not in shown)
    assert len(shown) == 8
    assert min(abs(entries[i]) for i in shown) >= max(abs(e) for i, e in enumerate(entries) if i not in shown)
    entry = scene.table[-1][3]
    assert f"{written(abs(left))} (24 more samples)" in entry
    assert entry.endswith(f"= {written(float(tensor.sum(axis=0)[4, 2]))}")


@pytest.mark.parametrize("preset", ["s1", "s2", "s4"])
def test_a_batch_of_one_has_nothing_to_add_up(preset: str) -> None:
    net = SMALL["deep"]()
    x, y = example_of(net)
    scene = delta_batch(net, x[None], y[None], convention=preset, cost="quadratic")
    said = texts(scene)
    assert not [text for text in said if "Σ" in text or "mean" in text or text.count(" = ") > 1]
    assert "averaged" not in scene.description
    assert any(text.startswith("∂C/∂w") and text.endswith("/∂w⁽²⁾" if preset == "s1" else "/∂w²") for text in said)


def test_of_itself_the_neuron_with_the_largest_mean_delta_is_followed_and_its_steepest_weight() -> None:
    net = network_of([6, 12, 3], "relu", "softmax")
    x, y = example_of(net, 20)
    dead = net.biases[1].copy()
    dead[:4] = -100.0
    net = cr.Network(list(net.weights), [dead, net.biases[2]], ["relu", "softmax"])
    delta = np.abs(cr.backward(cr.forward(net, x), y, "cross_entropy").delta[1]).mean(axis=0)
    assert not delta[:4].any()
    slopes = cr.gradient(net, x, y, "cross_entropy").weights[1]
    j = int(delta.argmax())
    scene = delta_batch(net, x, y, layer=1, cost="cross_entropy")
    assert scene.table[-1][3].startswith(
        f"∂C/∂{Convention.preset('s2').weight(1, j, int(np.abs(slopes[j]).argmax()))} = "
    )
    dead_one = delta_batch(net, x, y, layer=1, neuron=0, cost="cross_entropy")
    assert dead_one.table[-1][3].endswith("/ 20 = 0"), "a neuron that is asked for is shown"


BATCHES = [([784, 30, 10], 12), ([64, 32, 10], 100), ([2, 3, 2], 4), ([6, 6, 6], 6)]


@pytest.mark.parametrize(("batch", "preset"), crossed(BATCHES, PRESETS))
def test_a_batch_fits_across_a_page_with_large_matrices_as_shades(batch: tuple[list[int], int], preset: str) -> None:
    sizes, rows = batch
    net = read_by(preset, network_of(sizes, "relu", "softmax"))
    x, y = example_of(net, rows)
    large = rows > 6 or max(sizes) > 6
    for how in conventions_of(preset):
        scene = delta_batch(net, x, y, convention=how, cost="cross_entropy")
        assert_clean(scene)
        assert scene.width <= 900
        cards = [
            each for each in scene.elements if isinstance(each, Rect) and each.round == 4.0 and each.filled == "paper"
        ]
        assert len(cards) == 4
        shades = [each for each in scene.elements if isinstance(each, Rect) and each.filled in ("positive", "negative")]
        assert bool(shades) == large
        said = texts(scene)
        for name in ("z", "a", "δ") if large else "δ":
            letter = name + ("⁽¹⁾" if how.brackets else "¹")
            assert any(text.startswith(letter) and len(text) > len(letter) for text in said), (
                "the row that is lit, in numbers"
            )


def test_the_strongest_shade_is_the_largest_value_and_what_is_lit_is_framed() -> None:
    values = np.array([[0.5, -1.0], [0.0, 2.0], [1.0, 0.1]])
    grid = Grid(Symbol("z"), values, (0, 1, 2), (0, 1), lit=(1, None), axes=("neuron", "sample"), shaded=True)
    drawn = grid.draw(0, 0)
    cells_of = {(each.x, each.y): each for each in drawn if isinstance(each, Rect) and not each.stroke}
    assert sorted((each.filled, each.opacity) for each in cells_of.values()) == [
        ("negative", 0.5), ("positive", 0.05), ("positive", 0.25), ("positive", 0.5), ("positive", 1.0),
    ]  # fmt: skip
    (frame,) = [each for each in drawn if isinstance(each, Rect) and each.stroke == 1.3]
    (deepest,) = [each for each in cells_of.values() if each.opacity == 1]
    assert frame.y < deepest.y < deepest.y + deepest.height < frame.y + frame.height
    assert [str(each.text) for each in drawn if isinstance(each, Label)] == [
        "up to 2",
        "1",
        "z",
        "3 neurons × 2 samples",
    ]
    assert [row[1:] for row in grid.cells()] == [("1", "0", "0"), ("1", "1", "2.000000")]


def test_a_batch_takes_labels_and_one_row() -> None:
    net = network_of([3, 4, 2], "relu", "softmax")
    x, _ = example_of(net, 3)
    assert_clean(delta_batch(net, x, [0, 1, 1], cost="cross_entropy"))
    assert_clean(delta_batch(net, x[:1], [1], cost="cross_entropy"))


# over time ----------------------------------------------------------------------------------------------------------
def sequence_of(r: Recurrent, steps: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.standard_normal((steps, r.sizes[0])), np.eye(r.sizes[2])[rng.integers(0, r.sizes[2], steps)]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("steps", [1, 4, 9, 60])
def test_an_unrolled_network_fits_on_a_page(steps: int, preset: str) -> None:
    for sizes, gain in (((1, 1, 1), 1.0), ((2, 5, 3), 1.0), ((3, 4, 2), 0.0), ((2, 3, 2), 1e-9)):
        r = Recurrent.random(sizes, output="identity" if preset == "s3" else "sigmoid", seed=1)
        r = r.with_parameters(r.parameters.map(lambda p, gain=gain: gain * (p + 0.1)))
        for how in conventions_of(preset):
            scene = unrolled_figure(r, *sequence_of(r, steps), convention=how, cost="quadratic")
            assert_clean(scene)
            smallest = min(label.size for label in scene.labels()) * 700 / scene.width
            assert smallest >= (9 if gain == 1.0 else 8.8)  # others have lengths with a power of ten


def test_unrolled_norms_and_shares_are_those_of_the_circuit() -> None:
    r = Recurrent.random((2, 5, 3), output="softmax", seed=2)
    xs, ys = sequence_of(r, 5)
    scene = unrolled_figure(r, xs, ys, cost="cross_entropy", most=5)
    n = unroll(r, xs, ys, "cross_entropy")
    back = n.run().backward(n.cost)
    for t, row in enumerate(scene.table[1:6], 1):
        assert near(row[2], float(np.linalg.norm(back[n.z[t]])))
    for column, wires in ((4, n.W), (5, n.U), (6, n.V)):
        values = [value_of(row[column]) for row in scene.table[1:6]]
        assert sum(values) == pytest.approx(float(np.linalg.norm(back[wires])), rel=1e-4)
        assert near(scene.table[-1][column], float(np.linalg.norm(back[wires])))


def test_steps_that_are_left_out_are_summed_exactly() -> None:
    r = Recurrent.random((2, 4, 2), seed=2)
    xs, ys = sequence_of(r, 50)
    scene = unrolled_figure(r, xs, ys)
    assert "46 more steps" in texts(scene)
    back = cr.recurrent.through_time(r, xs, ys)
    values = shares(back.shares_U, back.gradient.U)
    rest = math.fsum(values[t - 1] for t in range(3, 49))
    row = next(row for row in scene.table if row[0].startswith("46 more"))
    assert row[5] == written(rest)
    assert math.fsum(values) == pytest.approx(float(np.linalg.norm(back.gradient.U)), rel=1e-12)


def test_the_same_weights_are_marked_at_every_step_and_ways_back_are_dashed() -> None:
    r = Recurrent.random((1, 2, 1), seed=0)
    scene = unrolled_figure(r, *sequence_of(r, 4))
    assert texts(scene).count("W") == 4 + 1
    assert texts(scene).count("U") == 4 + 1
    lines = [each for each in scene.elements if isinstance(each, Line)]
    assert {line.role for line in lines if line.dashed} == {"backward"}
    assert {line.role for line in lines if not line.dashed} == {"forward"}
    alone = unrolled_figure(r, *sequence_of(r, 4), cost_at="last")
    ways = [text for text in texts(alone) if "δˢ" in text and "Σ" not in text]
    assert len(ways) == 1 + 1  # the equation, and the last step


@pytest.mark.parametrize("preset", ["s0", "s1", "s2", "s4"])
@pytest.mark.parametrize("cost_at", ["every", "mean", "last"])
def test_the_cost_of_a_step_is_no_bias_and_adds_up_to_the_cost(preset: str, cost_at: str) -> None:
    r = Recurrent.random((1, 2, 1), seed=0)
    xs, ys = sequence_of(r, 3)
    scene = unrolled_figure(r, xs, ys, convention=preset, cost="quadratic", cost_at=cost_at)
    said = texts(scene)
    assert not [text for text in said if re.match("c[₀-₉]", text)]  # c is the bias of the outputs, of all steps one
    each = [value_of(text.split(" = ")[1]) for text in said if re.match("C[₀-₉] = ", text)]
    (whole,) = [text for text in said if text.startswith("C (quadratic) = ")]
    total = {"every": sum(each), "mean": sum(each) / 3, "last": each[-1]}[cost_at]
    made = {"every": "C₁ + … + C₃", "mean": "(C₁ + … + C₃) / 3", "last": "C₃"}[cost_at]
    assert len(each) == (1 if cost_at == "last" else 3)
    assert whole.split(" = ")[1] == made
    assert value_of(whole.split(" = ")[2]) == pytest.approx(total, rel=0.01)


def test_every_array_that_the_steps_share_has_a_row_that_adds_up() -> None:
    r = Recurrent.random((2, 3, 2), output="sigmoid", seed=2)
    xs, ys = sequence_of(r, 4)
    g = cr.recurrent.through_time(r, xs, ys).gradient
    head, *rows = unrolled_figure(r, xs, ys).table
    for name in SHARED:
        column = [value_of(row[head.index(f"share of ‖∂C/∂{name}‖")]) for row in rows]
        assert math.fsum(column[:-1]) == pytest.approx(column[-1], rel=1e-4)
        assert column[-1] == pytest.approx(float(np.linalg.norm(getattr(g, name))), rel=1e-4)


def test_one_step_is_called_one() -> None:
    r = Recurrent.random((1, 2, 1), seed=0)
    scene = unrolled_figure(r, *sequence_of(r, 1))
    assert scene.title == "A recurrent network 1-2-1 over 1 step"
    assert "1 steps" not in scene.svg()
    assert [text for text in texts(scene) if text.startswith("C (quadratic) = C₁ = ")]


def test_a_convention_that_means_examples_means_steps() -> None:
    r = Recurrent.random((1, 2, 1), seed=0)
    xs, ys = sequence_of(r, 4)
    mean = unrolled_figure(r, xs, ys, convention="s1")
    summed = unrolled_figure(r, xs, ys, convention="s1", cost_at="every")
    assert any(text.startswith("C (squared_error) = (") for text in texts(mean))
    assert value_of(mean.table[-1][4]) == pytest.approx(value_of(summed.table[-1][4]) / 4, rel=1e-5)


# refusals -----------------------------------------------------------------------------------------------------------
def test_what_is_not_there_is_refused_in_words() -> None:
    net = SMALL["small"]()
    x, y = example_of(net)
    for figure in (unit_circuit, matrix_form, delta_batch):
        with pytest.raises(cr.IdError, match="no layer 9"):
            figure(net, x, y, layer=9)
        with pytest.raises(cr.IdError, match="layer 1 has 3 neurons"):
            figure(net, x, y, by="z/1/7")
        with pytest.raises(cr.IdError, match="a neuron is named by"):
            figure(net, x, y, by="C")
        with pytest.raises(cr.SettingError, match="give one of them"):
            figure(net, x, y, by="z/1/1", layer=1)
        with pytest.raises(cr.SettingError, match="most=0"):
            figure(net, x, y, most=0)
        with pytest.raises(cr.PairError, match="no activation on the last layer"):
            figure(net, x, y, convention="s3")
        with pytest.raises(cr.SettingError, match="first argument is a Network"):
            inspect.unwrap(figure)(None, x, y)  # as users call it, without the tests' check of types
    for figure in (unit_circuit, whole_circuit):
        with pytest.raises(cr.UnknownNameError, match="unknown phase 'back'"):
            figure(net, x, y, phase="back")
    for figure in (unit_circuit, whole_circuit, matrix_form):
        with pytest.raises(cr.ShapeError, match="one example is explained"):
            figure(net, x[None], y[None])


def test_an_unrolled_figure_refuses_what_does_not_fit() -> None:
    r = Recurrent.random((1, 2, 2), output="softmax", seed=0)
    xs, ys = sequence_of(r, 4)
    with pytest.raises(cr.PairError, match="no activation on the last layer"):
        unrolled_figure(r, xs, ys, convention="s3")
    with pytest.raises(cr.SettingError, match="most=2"):
        unrolled_figure(r, xs, ys, most=2)
    with pytest.raises(cr.ShapeError, match="one target a step"):
        unrolled_figure(r, xs, ys[:2])


def test_a_batch_that_overflows_is_refused() -> None:
    net = network_of([2, 3, 2], "identity", "identity", scale=1e200)
    with pytest.raises(cr.DataError, match="overflows"):
        delta_batch(net, [[1e10, 1e10]], [[0.0, 1.0]])


def test_figures_are_the_same_bytes_each_time() -> None:
    net = SMALL["deep"]()
    x, y = example_of(net)
    for figure in (unit_circuit, whole_circuit, matrix_form):
        assert figure(net, x, y).svg() == figure(net, x, y).svg()
    assert delta_batch(net, x[None], y[None]).svg() == delta_batch(net, x[None], y[None]).svg()
