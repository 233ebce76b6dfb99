"""Figures of whole pages: one update in six steps, the four equations (S4.15, S2.23, S3.17, S4.13)."""

import math
import re

import numpy as np
import pytest
from networks import chapter, crossed

import chainrule as cr
from chainrule.conventions import Convention
from chainrule.explanation.chapters.six_steps import strongest
from chainrule.explanation.letters import Letters
from chainrule.explanation.noise import settled_gradient
from chainrule.explanation.summary import summary
from chainrule.explanation.typeset import Look, typeset, wrapped
from chainrule.explanation.update import one_update, six_steps_of
from chainrule.explanation.view import view
from chainrule.explanation.worksheet import worksheet
from chainrule.ids import Id
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Label, Line, Rect, Spans, extent
from chainrule.pictures.svg import THEMES
from chainrule.problem import Problem
from chainrule.writing.formula import Symbol, row
from chainrule.writing.numbers import number, short

gradient_vector = chapter("gradient_vector")
six_steps = chapter("six_steps")
summary_page = chapter("summary")

PRESETS = ["s0", "s1", "s2", "s3", "s4"]


def drawn(sizes, hidden, output, *, scale=1.0, seed=0, bias="neuron", shift=0.3):
    network = cr.Network.random(sizes, hidden, output, bias=bias, seed=seed, dtype="float64")
    rng = np.random.default_rng(seed + 1)
    return network.with_parameters(
        network.parameters.map(lambda array: scale * (array + shift * rng.standard_normal(array.shape)))
    )


CHAIN = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid")
NETWORKS = {
    "1-1-1-1": CHAIN,
    "1-1": cr.Network([[[1.5]]], [[0.2]], "identity"),
    "2-3-2": drawn([2, 3, 2], "tanh", "sigmoid"),
    "5-4-3-2": drawn([5, 4, 3, 2], ["relu", "gelu"], "softmax"),
    "20-9-4": drawn([20, 9, 4], "sigmoid", "softmax"),
    "784-30-10": drawn([784, 30, 10], "sigmoid", "softmax", shift=0.02),
    "relu 784-30-10": drawn([784, 30, 10], "relu", "identity", shift=0.02),
    "saturated": drawn([2, 3, 2], "sigmoid", "sigmoid", scale=14.0, shift=1.0),
    "zero": cr.Network([np.zeros((3, 2)), np.zeros((2, 3))], [np.zeros(3), np.zeros(2)], ["relu", "sigmoid"]),
    "tiny": drawn([2, 3, 2], "tanh", "identity", scale=1.234567e-6),
    "one bias a layer": drawn([2, 3, 2], "leaky_relu", "sigmoid", bias="layer"),
    "softmax inside, no bias": drawn([2, 3, 4, 2], ["softmax", "tanh"], "identity", bias="none"),
    "softmax next to the last": drawn([2, 3, 4, 2], ["tanh", "softmax"], "softmax"),
    "nine layers": drawn([2] * 10, "tanh", "sigmoid"),
}


def example(network, kind="random"):
    x = np.random.default_rng(5).standard_normal(network.sizes[0]) if kind == "random" else np.zeros(network.sizes[0])
    return x, np.eye(network.sizes[-1])[-1]


def texts(scene):
    return [str(label.text) for label in scene.labels()]


def said(text):
    """A printed number, read back."""
    return float(text.replace("−", "-").replace(",", ""))


def cases():
    """Networks in conventions that fit them; large ones in the convention with the longest marks alone."""
    large = [(name, "s0") for name in NETWORKS if "784" in name]
    return large + [
        (name, preset)
        for name, preset in crossed([name for name in NETWORKS if "784" not in name], PRESETS, each=3)
        if preset != "s3" or NETWORKS[name].output.name == "identity"
    ]


# both ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "preset"), cases())
@pytest.mark.parametrize("figure", [six_steps, summary_page], ids=lambda figure: figure.__name__)
def test_no_label_meets_another_or_the_edge(figure, name, preset):
    network = NETWORKS[name]
    for kind in ("random", "zero") if preset == "s2" else ("random",):
        scene = figure(network, *example(network, kind), convention=preset)
        assert scene.overlapping() == []
        assert scene.clipped() == []
        assert scene.title
        assert len(scene.description) > 60
        assert len(scene.table) > 1
        assert len({len(row) for row in scene.table}) == 1


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("orientation", ["columns", "rows"])
@pytest.mark.parametrize("colours", ["role", "symbol"])
def test_the_page_needs_no_network_and_takes_any_convention(preset, orientation, colours):
    for order in ("to,from", "from,to"):
        how = Convention.preset(preset).but(orientation=orientation, colours=colours, order=order)
        scene = summary_page(convention=how)
        assert scene.overlapping() == []
        assert scene.clipped() == []
        assert len(scene.table) >= 5


@pytest.mark.parametrize("figure", [six_steps, summary_page], ids=lambda figure: figure.__name__)
def test_every_number_of_the_table_stands_in_the_picture(figure):
    network = NETWORKS["2-3-2"]
    scene = figure(network, *example(network), convention="s1", cost="squared_error")
    written = " ".join(texts(scene))
    for line in scene.table[1:]:
        for part in line[-1].split(" → "):
            assert (part.split(" = ")[-1] if figure is summary_page else part) in written, line


@pytest.mark.parametrize("figure", [six_steps, summary_page], ids=lambda figure: figure.__name__)
def test_the_same_call_gives_the_same_bytes(figure):
    network = NETWORKS["5-4-3-2"]
    first, again = (figure(network, *example(network)).svg() for _ in range(2))
    assert first == again
    assert first != figure(network, *example(network), convention="s0", cost="squared_error").svg()


@pytest.mark.parametrize("figure", [six_steps, summary_page], ids=lambda figure: figure.__name__)
def test_rows_are_refused(figure):
    network = NETWORKS["2-3-2"]
    with pytest.raises(cr.ShapeError, match="one example is explained"):
        figure(network, np.zeros((4, 2)), np.zeros((4, 2)))


@pytest.mark.parametrize("figure", [six_steps, summary_page], ids=lambda figure: figure.__name__)
def test_an_author_of_linear_outputs_is_refused_on_an_activated_one(figure):
    with pytest.raises(cr.PairError, match="applies no activation"):
        figure(CHAIN, [0.6], [1.0], convention="s3")


# six steps ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["1-1-1-1", "2-3-2", "one bias a layer", "softmax inside, no bias", "20-9-4"])
def test_the_numbers_are_those_of_forward_backward_gradient_and_the_delta_rule(name):
    network = NETWORKS[name]
    x, y = example(network)
    trace, back = cr.forward(network, x), cr.backward(cr.forward(network, x), y)
    gradient = cr.gradient(network, x, y)
    after = network.parameters - gradient * 0.25
    scene = six_steps(network, x, y, learning_rate=0.25)
    rows = {(step[0], name): value for step, _, name, value in scene.table[1:]}
    how = Convention.preset("s2")
    bare = max(network.sizes) == 1
    checked = 0

    def expected(step, symbol, value):
        nonlocal checked
        if (step, symbol) in rows:
            assert rows[step, symbol] == value, (step, symbol)
            checked += 1

    for l in range(1, network.depth + 1):
        for j in range(network.sizes[l]):
            at = () if bare else (j,)
            expected("1", str(how.symbol("z", l, *at)), number(float(trace.z[l][j])))
            expected("1", str(how.symbol("a", l, *at)), number(float(trace.a[l][j])))
            expected("2" if l == network.depth else "3", str(how.symbol("δ", l, *at)), number(float(back.delta[l][j])))
            if l == network.depth:
                expected("2", "y" if bare else str(Symbol("y", below=how.below(j))), short(float(y[j]), 6))
            for k in range(network.sizes[l - 1]):
                w = how.symbol("w", l) if bare else how.weight(l, j, k)
                expected("4", f"∂C/∂{w}", number(float(gradient.weights[l][j, k])))
                change = f"{number(float(network.weights[l][j, k]))} → {number(float(after.weights[l][j, k]))}"
                expected("6", str(w), change)
        for j, b in enumerate(gradient.biases[l]):
            single = bare or len(gradient.biases[l]) < network.sizes[l]
            symbol = how.symbol("b", l, *(() if single else (j,)))
            expected("5", f"∂C/∂{symbol}", number(float(b)))
            change = f"{number(float(network.biases[l][j]))} → {number(float(after.biases[l][j]))}"
            expected("6", str(symbol), change)
    numbered = [row for row in scene.table[1:] if row[0] != "the cost" and "more" not in row[2] and row[1] != "input"]
    assert checked == len(numbered) > 5
    costs = [value for step, _, _, value in scene.table if step == "the cost"]
    assert costs[0] == number(float(cr.cost(network, x, y)))
    assert costs[1] == number(float(cr.cost(network.with_parameters(after), x, y)))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_a_cost_is_called_a_cost_in_the_table_and_a_change_a_change(name):
    network = NETWORKS[name]
    x, y = example(network)
    update = one_update(Problem.exact(network, x, y, "quadratic"), "mean", 0.1)
    rows = [row[1:] for row in six_steps(network, x, y, cost="quadratic").table if row[0] == "the cost"]
    ends = ("before", "C", number(update.cost_before)), ("after", "C", number(update.cost_after))
    assert tuple(row for row in rows if row[1] == "C") == ends
    changes = {row[0]: row[2] for row in rows if row[1] == "change of C"}
    assert changes["promised by its slope"] == number(update.promised)
    assert len(rows) == 4


def test_of_many_the_strongest_are_shown_and_the_sum_of_the_rest_is_exact():
    network = NETWORKS["784-30-10"]
    x, y = example(network)
    scene = six_steps(network, x, y)
    gradient = cr.gradient(network, x, y)
    flat = gradient.weights[1].ravel()
    order = np.argsort(-np.abs(flat), kind="stable")
    (rest,) = [row for row in scene.table if row[0].startswith("4") and row[1] == "layer 1" and "more" in row[2]]
    assert rest[2] == "23,512 more, sum"
    assert rest[3] == number(math.fsum(flat[order[8:]].tolist()))
    shown = {row[3] for row in scene.table if row[0].startswith("4") and row[1] == "layer 1" and "more" not in row[2]}
    assert shown == {number(float(flat[i])) for i in order[:8]}
    inputs = [row for row in scene.table if row[1] == "input"]
    assert len(inputs) == 9
    left = sorted(np.abs(x))[:-8]
    assert inputs[-1][2] == "776 more, sum a"
    total = math.fsum(v for v in x if abs(v) in set(left))
    assert said(inputs[-1][3]) == pytest.approx(total, abs=1e-6)


def test_the_strongest_are_those_that_sorting_finds_and_the_first_of_equals():
    rng = np.random.default_rng(0)
    for values in (rng.standard_normal(50), rng.integers(-2, 3, 50).astype(float), np.zeros(50), -np.ones(9)):
        for most in (2, 7, 8, 30, 60):
            shown, left = strongest(values, most)
            if len(values) <= most + 1:
                assert (shown, left.size) == (list(range(len(values))), 0)
                continue
            ranked = sorted(range(len(values)), key=lambda i: (-abs(values[i]), i))
            assert shown == sorted(ranked[:most])
            assert left.tolist() == [values[i] for i in sorted(ranked[most:])]


class Walked(np.ndarray):
    """An array that may be computed with, and not gone through one by one."""

    def __iter__(self):
        raise AssertionError("gone through entry by entry")


def test_many_values_are_ranked_as_an_array():
    shown, left = strongest(np.arange(1000.0).view(Walked), 3)
    assert shown == [997, 998, 999]
    assert np.asarray(left).tolist() == list(range(997))


def test_inputs_so_large_that_the_slope_along_the_step_overflows_are_called_an_overflow():
    network = cr.Network.random([2, 3, 2], "relu", "identity", seed=0, dtype="float64")
    with pytest.raises(cr.DataError, match="slope of the cost along the step overflows"):
        six_steps(network, np.array([1e100, 1e100]), np.zeros(2))
    with pytest.raises(cr.DataError, match="its length overflows"):
        gradient_vector(network, np.array([1e100, 1e100]), np.zeros(2))


@pytest.mark.parametrize(
    ("values", "shown", "left"),
    [([3, -5, 1], [0, 1, 2], []), ([3, -5, 1, 2], [0, 1], [1, 2]), ([1, 1, 1, 1], [0, 1], [1, 1])],
)
def test_a_single_one_is_not_left_out(values, shown, left):
    found, others = strongest(np.array(values, float), 2)
    assert (found, others.tolist()) == (shown, left)


def test_forward_is_solid_and_upright_backward_dashed_and_slanted():
    network = NETWORKS["2-3-2"]
    scene = six_steps(network, *example(network))
    arrows = {line.role: line for line in scene.elements if isinstance(line, Line) and line.arrow}
    assert not arrows["forward"].dashed
    assert arrows["forward"].points[0][0] < arrows["forward"].points[1][0]
    assert arrows["backward"].dashed
    assert arrows["backward"].points[0][0] > arrows["backward"].points[1][0]
    for label in scene.labels():
        for piece in label.text.pieces if isinstance(label.text, Spans) else [label]:
            if piece.role == "backward" and not label.bold:
                assert piece.slanted, label
            if piece.role == "forward":
                assert not piece.slanted, label


def test_layers_stand_below_their_heads_in_every_step():
    network = NETWORKS["2-3-2"]
    scene = six_steps(network, *example(network))
    heads = {str(label.text): label.x for label in scene.labels() if label.bold and "layer" in str(label.text)}
    delta = [label for label in scene.labels() if re.fullmatch("δ[¹²][₀₁₂]", str(label.text))]
    columns = {min(heads, key=lambda head: abs(heads[head] - label.x)) for label in delta if label.x > 300}
    assert columns == {"layer 1", "layer 2"}


def test_the_bars_are_as_long_as_the_costs():
    scene = six_steps(CHAIN, [0.6], [1.0], learning_rate=1.0)
    before, after = [rect.width for rect in scene.elements if isinstance(rect, Rect) and rect.filled in ("faint", "C")]
    x, y = np.array([0.6]), np.array([1.0])
    update = one_update(Problem.exact(CHAIN, x, y, "quadratic"), "mean", 1.0)
    assert after / before == pytest.approx(update.cost_after / update.cost_before)
    assert "C falls" in texts(scene)


def test_a_step_too_long_is_seen_to_raise_the_cost():
    net = cr.Network([[[2.0]]], [[0.0]], "identity")
    assert "C rises" in texts(six_steps(net, [3.0], [1.0], learning_rate=1.0))


def test_a_target_below_zero_has_a_minus_as_every_number():
    scene = six_steps(cr.Network([[[2.0]]], [[0.0]], "identity"), [3.0], [-0.5])
    assert ("2. The error of the last layer", "layer 1", "y", "−0.5") in scene.table
    assert "−0.5" in texts(scene)


@pytest.mark.parametrize("preset", ["s0", "s3"])
def test_page_and_picture_have_the_same_six_steps(preset):
    network, how = cr.Network([[[2.0]]], [[0.0]], "identity"), Convention.preset(preset)
    page = str(worksheet(network, [3.0], [1.0], convention=how))
    picture = " ".join(texts(six_steps(network, [3.0], [1.0], convention=how)))
    for i, heading in enumerate(six_steps_of(how), 1):
        assert f"{i}. {heading}" in page
        assert all(part in picture for part in heading.split(": "))


def test_a_wrong_slope_is_not_drawn(monkeypatch):
    monkeypatch.setattr("chainrule.explanation.update.settled_gradient", lambda *given: -1 * settled_gradient(*given))
    with pytest.raises(cr.DisagreementError):
        six_steps(CHAIN, [0.6], [1.0])


@pytest.mark.parametrize("most", [1, 0, -3, True])
def test_how_many_are_shown_is_a_number_of_at_least_two(most):
    with pytest.raises(cr.SettingError, match="whole number ≥ 2"):
        six_steps(CHAIN, [0.6], [1.0], most=most)


# the page -----------------------------------------------------------------------------------------------------------
def formulas(scene):
    return {row[0]: row[1:] for row in scene.table[1:]}


def test_s0_moves_errors_back_without_a_transpose_and_adds_its_raw_equations():
    rows = formulas(summary_page(convention="s0"))
    assert "ᵀ" not in rows["BP2"][0]
    assert "raw" in rows
    assert "δ" not in rows["raw"][0]
    assert "ᵀ" in formulas(summary_page(convention="s2"))["BP2"][0]
    assert "raw" not in formulas(summary_page(convention="s2"))


def test_s3_begins_with_the_derivative_by_z_and_ends_with_a_dot_product():
    scene = summary_page(convention="s3")
    assert formulas(scene)["BP1"][0] == "δᴸ = ∂C/∂zᴸ"
    assert scene.table[-1][1] == "δˡⱼ = σ′(zˡⱼ) (δˡ⁺¹)ᵀ wˡ⁺¹·ⱼ"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_words_are_those_of_the_author(preset):
    how = Convention.preset(preset)
    text = " ".join(texts(summary_page(convention=preset)))
    assert how.word in text
    assert how.input_word in text
    assert how.linear_output or how.function_word in text


@pytest.mark.parametrize("name", ["2-3-2", "5-4-3-2", "one bias a layer", "softmax inside, no bias", "1-1"])
def test_the_numbers_below_the_equations_are_those_of_backpropagation(name):
    network = NETWORKS[name]
    x, y = example(network)
    seen = view(network, x, y, network.cost, Id("C"), Convention.preset("s2"))
    rows = formulas(summary_page(network, x, y))
    last, hidden = network.depth, max(network.depth - 1, 1)
    strong = {l: max(seen.into_z[l].tolist(), key=abs) for l in (last, hidden)}
    assert rows["BP1"][-1].endswith(f"= {number(strong[last])}")
    if network.depth > 1:
        assert rows["BP2"][-1].endswith(f"= {number(strong[hidden])}")
    gradient = cr.gradient(network, x, y)
    steepest = max(gradient.weights[hidden].ravel().tolist(), key=abs)
    assert said(rows["BP4"][-1].split(" = ")[-1]) == pytest.approx(steepest, abs=1e-6)
    if gradient.biases[hidden].size:
        total = max(gradient.biases[hidden].tolist(), key=abs)
        assert rows["BP3"][-1].endswith(f"= {number(total)}")
    else:
        assert rows["BP3"][-1] == ""


def test_one_bias_for_a_layer_is_a_sum_and_a_layer_without_biases_has_the_usual_equation():
    for bias, right in (("layer", "Σⱼ δˡⱼ"), ("none", "δˡ"), ("neuron", "δˡ")):
        network = cr.Network.random([2, 3, 2], "tanh", "sigmoid", bias=bias, seed=0, dtype="float64")
        whole, single, *_, numbers = formulas(summary_page(network, *example(network)))["BP3"]
        assert whole == f"∂C/∂bˡ = {right}"
        assert (single == "") == (bias == "layer")
        assert (numbers == "") == (bias == "none")


def test_page_and_picture_write_the_same_equations():
    for how in (Convention.preset("s0"), Convention.preset("s2"), Convention.preset("s3")):
        page = [(each.name, f"{each.left} = {each.right}") for each in summary(how).equations() if each.name]
        rows = [(row[0], cell) for row in summary_page(convention=how).table[1:] for cell in row[1:3] if cell]
        assert {each for each in rows if each[0] != "raw"} == set(page)


def test_a_network_without_an_example_is_refused():
    with pytest.raises(cr.ShapeError, match="pass x"):
        summary_page(CHAIN)


# setting formulas ---------------------------------------------------------------------------------------------------
def test_a_fraction_has_its_parts_above_and_below_a_line():
    s = Letters(Convention.preset("s2"))
    made = typeset(s.by(s.z("l", "j")), 20, Look(s.how))
    (bar,) = [each for each in made.elements if isinstance(each, Line)]
    labels = [each for each in made.elements if isinstance(each, Label)]
    above, below = sorted(labels, key=lambda label: label.y)
    assert str(above.text) == "∂C"
    assert above.y < bar.points[0][1] - 5 < bar.points[0][1] + 5 < below.y
    assert all(label.anchor == "middle" and label.x == above.x for label in labels)
    assert all(span.slanted and span.role == "backward" for label in labels for span in label.text.pieces)
    assert made.up > 20 > 0
    assert made.down > 20


def test_a_line_of_letters_is_one_label_with_the_marks_at_their_letters():
    """So that the reader's own font spaces them, whichever it is."""
    s = Letters(Convention.preset("s0"))
    (label,) = typeset(row(s.weight("ℓ", "j", "k"), " ", s.a("ℓ", "k")), 20, Look(s.how)).elements
    assert [span.content for span in label.text.pieces] == [s.weight("ℓ", "j", "k"), " ", s.a("ℓ", "k")]
    assert [span.role for span in label.text.pieces] == ["ink", "ink", "forward"]
    svg = Scene(99, 40, (label,), "t", "d").svg()
    assert svg.count("<text") == 1
    assert svg.index(">(ℓ)<") < svg.index(">kj<") < svg.index(f'fill="{THEMES["light"]["forward"]}"')


def test_what_stands_beside_a_fraction_keeps_clear_of_it():
    s = Letters(Convention.preset("s2"))
    made = typeset(row(s.w("l"), " ← ", s.w("l"), " − η ", s.by(s.w("l")), " · 2"), 20, Look(s.how))
    (bar,) = [each for each in made.elements if isinstance(each, Line)]
    before, after = [each for each in made.elements if isinstance(each, Label) and each.y == 0]
    assert (before.anchor, after.anchor) == ("start", "start")
    assert 0 < bar.points[0][0] - before.box.right < 8
    assert 0 < after.box.left - bar.points[1][0] < 8


def test_letters_keep_their_colour_where_an_author_colours_letters():
    how = Convention.preset("s1").but(colours="symbol")
    s = Letters(how)
    (label,) = typeset(s.weighted("l"), 20, Look(how)).elements
    roles = {span.content.letter: span.role for span in label.text.pieces if isinstance(span.content, Symbol)}
    assert roles == {"w": "w", "a": "a", "b": "b"}
    assert Look(how).letter("C") == ("C", True)


def test_words_are_wrapped_to_a_width():
    text = "the error of the neuron it leads to and nothing else " * 4
    lines = wrapped(text, 13, 300)
    assert " ".join(lines) == text.strip()
    assert all(extent(line)[0] * 13 <= 300 for line in lines)
