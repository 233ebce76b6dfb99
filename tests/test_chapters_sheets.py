"""Figures of whole pages: one update in six steps, the four equations (S4.15, S2.23, S3.17, S4.13)."""

import math
import re

import numpy as np
import pytest
from drawings import CHAIN, PRESETS, cases, drawn, example, said, texts
from drawings import NETWORKS as COMMON
from networks import chapter

import chainrule as cr
from chainrule.conventions import Convention
from chainrule.explanation.letters import Letters
from chainrule.explanation.noise import settled_gradient
from chainrule.explanation.shown import largest
from chainrule.explanation.summary import summary
from chainrule.explanation.typeset import Look, typeset, wrapped
from chainrule.explanation.update import one_update, six_steps_of
from chainrule.explanation.view import view
from chainrule.explanation.worksheet import worksheet
from chainrule.ids import Id
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Label, Line, Spans, extent
from chainrule.pictures.svg import THEMES
from chainrule.problem import Problem
from chainrule.writing.formula import Symbol, row
from chainrule.writing.numbers import number

gradient_vector = chapter("gradient_vector")
six_steps = chapter("six_steps")
summary_page = chapter("summary")


NETWORKS = COMMON | {
    "1-1": cr.Network([[[1.5]]], [[0.2]], "identity"),
    "20-9-4": drawn([20, 9, 4], "sigmoid", "softmax"),
    "softmax next to the last": drawn([2, 3, 4, 2], ["tanh", "softmax"], "softmax"),
    "nine layers": drawn([2] * 10, "tanh", "sigmoid"),
}


# both ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "preset"), cases(NETWORKS))
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
    scene = six_steps(network, x, y, learning_rate=0.25, most=200)
    rows = {(step[0], name): value for step, _, name, value in scene.table[1:]}
    how = Convention.preset("s2")
    bare = max(network.sizes) == 1
    checked = 0

    def expected(step, symbol, *values):
        nonlocal checked
        printed = [said(text) for text in rows[step, symbol].split(" → ")]
        assert printed == pytest.approx([float(value) for value in values], rel=1e-5, abs=5e-7), (step, symbol)
        checked += 1

    for l in range(1, network.depth + 1):
        for j in range(network.sizes[l]):
            at = () if bare else (j,)
            expected("1", str(how.symbol("z", l, *at)), trace.z[l][j])
            expected("1", str(how.symbol("a", l, *at)), trace.a[l][j])
            expected("2" if l == network.depth else "3", str(how.symbol("δ", l, *at)), back.delta[l][j])
            if l == network.depth:
                expected("2", "y" if bare else str(Symbol("y", below=how.below(j))), y[j])
            for k in range(network.sizes[l - 1]):
                w = how.symbol("w", l) if bare else how.weight(l, j, k)
                expected("4", f"∂C/∂{w}", gradient.weights[l][j, k])
                expected("6", str(w), network.weights[l][j, k], after.weights[l][j, k])
        for j, b in enumerate(gradient.biases[l]):
            single = bare or len(gradient.biases[l]) < network.sizes[l]
            symbol = how.symbol("b", l, *(() if single else (j,)))
            expected("5", f"∂C/∂{symbol}", b)
            expected("6", str(symbol), network.biases[l][j], after.biases[l][j])
    numbered = [row for row in scene.table[1:] if row[0] != "the cost" and "more" not in row[2] and row[1] != "input"]
    assert checked == len(numbered) > 5
    costs = [value for step, _, _, value in scene.table if step == "the cost"]
    assert costs[0] == number(float(cr.cost(network, x, y)))
    assert costs[1] == number(float(cr.cost(network.with_parameters(after), x, y)))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_a_cost_is_called_a_cost_in_the_table_and_a_change_a_change(name):
    network = NETWORKS[name]
    x, y = example(network)
    update = one_update(Problem.exact(network, x, y, "quadratic"), "mean", cr.delta_rule(0.1))
    rows = [row[1:] for row in six_steps(network, x, y, cost="quadratic").table if row[0] == "the cost"]
    ends = ("before", "C", number(update.cost_before)), ("after", "C", number(update.cost_after))
    assert tuple(row for row in rows if row[1] == "C") == ends
    changes = {row[0]: row[2] for row in rows if row[1] == "change of C"}
    assert changes["predicted by its slope"] == number(update.predicted)
    assert len(rows) == 4


@pytest.mark.parametrize(("most", "shown"), [(None, 3), (8, 8), (2, 2)])
def test_of_many_the_strongest_are_shown_and_the_sum_of_the_rest_is_exact(most, shown):
    network = NETWORKS["784-30-10"]
    x, y = example(network)
    scene = six_steps(network, x, y, **({} if most is None else {"most": most}))
    flat = cr.gradient(network, x, y).weights[1].ravel()
    order = np.argsort(-np.abs(flat), kind="stable")
    *numbers, rest = [row for row in scene.table if row[0].startswith("4") and row[1] == "layer 1"]
    assert rest[2] == f"{23520 - shown:,} more, sum"
    assert said(rest[3]) == pytest.approx(math.fsum(flat[order[shown:]].tolist()), abs=1e-9, rel=1e-5)
    assert [said(row[3]) for row in numbers] == pytest.approx(flat[sorted(order[:shown])], rel=1e-3)
    *inputs, rest = [row for row in scene.table if row[1] == "input"]
    assert len(inputs) == shown
    left = sorted(np.abs(x))[:-shown]
    assert rest[2] == f"{784 - shown} more, sum a"
    assert said(rest[3]) == pytest.approx(math.fsum(v for v in x if abs(v) in set(left)), abs=1e-6)


@pytest.mark.parametrize(("outputs", "shown"), [(4, 4), (5, 3)])
def test_four_numbers_are_all_shown_and_of_five_three(outputs, shown):
    network = drawn([2, 3, outputs], "tanh", "softmax")
    deltas = [row for row in six_steps(network, *example(network)).table if row[0].startswith("2") and "δ" in row[2]]
    assert sum("more" not in row[2] for row in deltas) == shown
    assert any("2 more" in row[2] for row in deltas) == (shown == 3)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_the_numbers_of_a_column_are_of_one_style(name):
    scene = six_steps(NETWORKS[name], *example(NETWORKS[name]))
    columns = {}
    for label in scene.labels():
        if label.anchor == "end" and label.text not in ("0", "lower C →"):
            columns.setdefault((label.role, label.box.right, label.of[:4], label.of[:1]), []).append(label.text)
    shapes = [
        {("e" in text, len(text.partition(".")[2].partition("e")[0])) for text in texts} for texts in columns.values()
    ]
    assert any(len(texts) > 1 for texts in columns.values()) or name in ("1-1", "1-1-1-1", "zero")
    assert all(len(each) == 1 for each in shapes), columns


def test_a_number_before_and_after_its_change_is_of_one_style():
    start = cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=2, dtype="float64")  # whose biases are 0
    saturated = start.with_parameters(start.parameters.map(lambda each: 40 * each))
    table = six_steps(saturated, *example(saturated), most=20).table
    pairs = [row[3].split(" → ") for row in table if "→" in row[3]]
    assert any("e" in new for _, new in pairs)
    assert all(("e" in old) == ("e" in new) for old, new in pairs if "0" not in (old, new))


def test_targets_that_are_whole_have_no_decimals_and_others_six():
    network = drawn([2, 3, 2], "tanh", "identity")
    for y, printed in (([1.0, 0.0], ["1", "0"]), ([0.5, 1.0], ["0.500000", "1.000000"])):
        table = six_steps(network, [0.1, 0.2], y).table
        assert [row[3] for row in table if row[2].startswith("y")] == printed


def heads(scene):
    """y of each step's number in its ring."""
    return {str(label.text): label.y for label in scene.labels() if label.bold and str(label.text) in "123456"}


@pytest.mark.parametrize(
    ("name", "sums"), [("2-3-2", 0), ("1-1", 0), ("one bias a layer", 2), ("softmax inside, no bias", 0)]
)
def test_the_gradient_of_the_biases_names_the_errors_that_it_is_and_has_numbers_only_where_it_is_a_sum(name, sums):
    scene = six_steps(NETWORKS[name], *example(NETWORKS[name]))
    levels = heads(scene)
    assert [levels[n] for n in "123456"] == sorted(levels.values())
    assert ("the errors of steps 2 and 3" in texts(scene)) == (name == "2-3-2")
    assert ("the errors of step 2" in texts(scene)) == (name == "1-1")
    assert (
        sum(label.of.startswith("b/") and label.slanted and label.anchor == "end" for label in scene.labels()) == sums
    )
    assert texts(scene).count("no biases") == (3 if "no bias" in name else 0)
    assert "Gradient of the biases" in texts(scene)


def test_layers_that_do_not_fit_beside_each_other_go_on_in_the_next_line():
    network = NETWORKS["nine layers"]
    scene = six_steps(network, *example(network))
    assert scene.width <= 900
    named = [str(label.text) for label in scene.labels() if re.fullmatch("layer .", str(label.text))]
    assert named.count("layer 9") == 4  # forward, its error, the weights, the update
    places = {
        label.of: (label.x, label.y) for label in scene.labels() if label.role == "forward" and label.anchor == "end"
    }
    assert len(set(places.values())) == len(places) == 2 + 9 * 4
    levels = {layer: places[f"z/{layer}/0"][1] for layer in range(1, 10)}
    assert sorted(levels.values()) == list(levels.values())
    assert 2 < len(set(levels.values())) < 9


def test_numbers_and_their_symbols_say_which_quantity_they_are():
    network = NETWORKS["2-3-2"]
    x, y = example(network)
    scene, trace = six_steps(network, x, y, most=9), cr.forward(network, x)
    shown = {label.of: label.text for label in scene.labels() if label.role == "forward" and label.anchor == "end"}
    assert said(shown["z/2/1"]) == pytest.approx(trace.z[2][1], abs=1e-6)
    assert said(shown["x/0"]) == pytest.approx(x[0], abs=1e-6)
    assert {"a/1/2", "d/1/0", "w/2/1/2", "b/2/0"} <= {label.of for label in scene.labels()}


def test_the_strongest_are_those_that_sorting_finds_and_the_first_of_equals():
    rng = np.random.default_rng(0)
    for values in (rng.standard_normal(50), rng.integers(-2, 3, 50).astype(float), np.zeros(50), -np.ones(9)):
        for most in (2, 7, 8, 30, 60):
            shown, left = largest(values, most)
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
    shown, left = largest(np.arange(1000.0).view(Walked), 3)
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
    found, others = largest(np.array(values, float), 2)
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
    heads = {str(label.text): label.x for label in scene.labels() if re.fullmatch("layer .", str(label.text))}
    symbols = [label for label in scene.labels() if re.fullmatch("(δ|∂C/∂w)[¹²][₀₁₂]+", str(label.text))]
    assert {label.x for label in symbols} == set(heads.values())
    assert all(label.x == heads[f"layer {label.of.split('/')[1]}"] for label in symbols)


def marks(scene):
    """x of the costs before, promised and reached on the line below the numbers."""
    lowest = max(each.y for each in scene.elements if isinstance(each, Circle))
    return [each.x for each in scene.elements if isinstance(each, Circle) and each.y == lowest]


@pytest.mark.parametrize("rate", [0.1, 1.0, 100.0])
def test_before_promised_and_reached_stand_on_one_scale_with_their_numbers(rate):
    scene = six_steps(CHAIN, [0.6], [1.0], learning_rate=rate)
    update = one_update(
        Problem.exact(CHAIN, np.array([0.6]), np.array([1.0]), "quadratic"), "mean", cr.delta_rule(rate)
    )
    before, promised, reached = marks(scene)
    assert (reached - before) / (promised - before) == pytest.approx(update.change / update.predicted)
    assert promised > before  # the lower the cost the further to the right
    costs = (update.cost_before, update.cost_before + update.predicted, update.cost_after)
    assert {number(cost) for cost in costs} <= set(texts(scene))
    assert "C falls" in texts(scene)


def test_where_the_gradient_is_zero_the_three_marks_are_one():
    network = NETWORKS["zero"]
    x = np.zeros(2)
    scene = six_steps(network, x, cr.forward(network, x).a[2])
    assert len(set(marks(scene))) == 1
    assert "C stays" in texts(scene)


def test_a_step_too_long_is_seen_to_raise_the_cost():
    net = cr.Network([[[2.0]]], [[0.0]], "identity")
    scene = six_steps(net, [3.0], [1.0], learning_rate=1.0)
    before, promised, reached = marks(scene)
    assert "C rises" in texts(scene)
    assert reached < before < promised
    assert "η = 1 is too large for the tangent" in texts(scene)
    small = six_steps(net, [3.0], [1.0], learning_rate=0.1)  # on this parabola 1/9 reaches the lowest point
    assert "C falls" in texts(small)
    assert not any("too large" in text for text in texts(small))


def test_a_target_below_zero_has_a_minus_as_every_number():
    scene = six_steps(cr.Network([[[2.0]]], [[0.0]], "identity"), [3.0], [-0.5])
    assert ("2. The error of the last layer", "layer 1", "y", "−0.500000") in scene.table
    assert "−0.500000" in texts(scene)


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
