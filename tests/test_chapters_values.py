"""Figures of values: number lines, the demon, an activation, the gradient vector, tiles (S1.1, S1.6, S1.22, S2.2, S2.12)."""

import itertools
import math
import re

import numpy as np
import pytest
from drawings import CHAIN, NETWORKS, cases, drawn, example, said, texts
from networks import chapter

import chainrule as cr
from chainrule.conventions import Convention
from chainrule.diagnostics.activation_design import design
from chainrule.explanation.chapters import activation_figure as of_activation
from chainrule.explanation.chapters import demon as of_demon
from chainrule.explanation.chapters import gradient_vector as of_vector
from chainrule.explanation.chapters import number_lines as of_lines
from chainrule.explanation.chapters import weight_tiles as of_tiles
from chainrule.explanation.parts import flat_gradient
from chainrule.explanation.parts import strongest_route as of_route
from chainrule.explanation.parts.nudge_on_its_way import travel
from chainrule.explanation.parts.strongest_route import strongest_route
from chainrule.explanation.shown import largest, steepest, unscaled
from chainrule.explanation.view import view
from chainrule.ids import Id, of_entry, parse
from chainrule.nudges import best_move, signed
from chainrule.pictures.plot import Plot, Scale, tick_texts, ticks
from chainrule.pictures.shapes import Circle, Label, Line, Rect
from chainrule.pictures.tiles import SHADES, Raster, pooled, raster_of
from chainrule.problem import Problem
from chainrule.verification.moved import follow, slope_by_dual
from chainrule.writing.numbers import brief, number, short, style_of

activation_figure = chapter("activation")
demon = chapter("demon")
gradient_vector = chapter("gradient_vector")
number_lines = chapter("number_lines")
weight_tiles = chapter("weight_tiles")

FIGURES = [number_lines, demon, activation_figure, gradient_vector, weight_tiles]


def seen_by(network, x, y, preset="s2", cost=None):
    how = Convention.preset(preset)
    return view(network, x, y, how.cost_for(network, cost), Id("C"), how)


def lines(scene, role, **wanted):
    found = [each for each in scene.elements if isinstance(each, Line) and each.role == role]
    return [each for each in found if all(getattr(each, name) == value for name, value in wanted.items())]


# all five -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "preset"), cases(NETWORKS))
@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
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
        drawing = scene.svg()
        assert "nan" not in drawing
        assert "inf" not in drawing


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_a_convention_that_leaves_the_output_linear_is_refused_on_one_that_is_not(figure):
    with pytest.raises(cr.PairError, match="cs231n"):
        figure(CHAIN, [0.6], [1.0], convention="s3")


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_the_same_call_gives_the_same_bytes_and_a_label_will_do_for_y(figure):
    network = NETWORKS["5-4-3-2"]
    x, y = example(network)
    assert figure(network, x, y).svg() == figure(network.astype("float64"), x, int(y.argmax())).svg()


@pytest.mark.parametrize("figure", [number_lines, demon, weight_tiles], ids=lambda figure: figure.__name__)
def test_rows_are_refused_where_one_example_is_meant(figure):
    with pytest.raises(cr.ShapeError, match=r"x\[i\], y\[i\]"):
        figure(CHAIN, [[0.6], [0.1]], [[1.0], [0.0]])


@pytest.mark.parametrize("figure", [gradient_vector, weight_tiles], ids=lambda figure: figure.__name__)
@pytest.mark.parametrize("most", [0, -1, True])
def test_a_most_that_counts_nothing_is_refused(figure, most):
    with pytest.raises(cr.SettingError, match="how many are shown is a whole number"):
        figure(CHAIN, [0.6], [1.0], most=most)


# number lines (S1.6, S1.7) ------------------------------------------------------------------------------------------
def brackets(scene, lens=False):
    """(start, end, y) of every nudge on its line, or under its lens, from above."""
    shapes = [each for each in lines(scene, "positive") + lines(scene, "negative") if len(each.points) == 4]
    found = sorted(((each.points[0][0], each.points[1][0], each.points[0][1]) for each in shapes), key=lambda b: b[2])
    return [each for each in found if (each[0] > of_lines.LENS - of_lines.GLASS) == lens]


def zoom(scene):
    """The one zoom of all nudges."""
    (text,) = [text for text in texts(scene) if text.startswith("All lines have one scale")]
    drawn = text.split("all drawn ")[1]
    return 1.0 if drawn == "as it is." else said(drawn.split(" ×")[0])


def pixels_to_one(scene):
    return said(scene.description.split("variable, ")[1].split(" pixels")[0])


@pytest.mark.parametrize("step", [0.01, -0.3, 2.0])
@pytest.mark.parametrize("by", ["w/1/0/0", "b/2/0", "w/3/0/0", "x/0", "z/2/0", "a/2/0"])
def test_brackets_divided_by_their_one_zoom_are_the_changes_that_happen(by, step):
    scene = number_lines(CHAIN, [0.6], [1.0], convention="s1", cost="squared_error", by=by, step=step)
    rows = scene.table[1:]
    before, after = (follow(Problem.one(CHAIN, [0.6], [1.0], "squared_error"), by, each) for each in (0.0, step))
    first = parse(by, CHAIN.parameters)
    names = [f"{kind}/{layer}/0" for layer in (1, 2, 3) for kind in "za"]
    names = names[names.index(f"z/{first.layer}/0") :] if first.kind in "wb" else names
    if first.kind in "za":
        names = names[names.index(by) + 1 :]
    changes = [step] + [float(after.value(name) - before.value(name)) for name in [*names, "C"]]
    assert len(rows) == len(changes)
    ticks = {said(str(label.text)): label.x for label in scene.labels() if label.size == 11 and label.role == "faint" and
             label.anchor == "middle"}  # fmt: skip
    values = [said(row[1]) for row in rows]
    for (start, end, _), row, change, value in zip(brackets(scene), rows, changes, values, strict=True):
        assert start == pytest.approx(ticks[0.0] + pixels_to_one(scene) * value, abs=1e-3)  # where the value is
        assert (end - start) / zoom(scene) / pixels_to_one(scene) == pytest.approx(change, rel=1e-8)
        assert said(row[2]) == pytest.approx(change, rel=1e-5, abs=5e-7)


def test_values_stand_where_the_scale_says():
    scene = number_lines(CHAIN, [0.6], [1.0], convention="s1", cost="squared_error", by="w/1/0/0")
    trace = cr.forward(CHAIN, [0.6])
    values = [1.5, *(v for l in (1, 2, 3) for v in (trace.z[l][0], trace.a[l][0])), 0.203198]
    dots = sorted((each.y, each.x) for each in scene.elements if isinstance(each, Circle) and each.of)
    ticks = {said(str(label.text)): label.x for label in scene.labels() if label.size == 11 and label.role == "faint" and
             label.anchor == "middle"}  # fmt: skip
    for (_, x), value in zip(dots, values, strict=True):
        assert x - ticks[0.0] == pytest.approx(pixels_to_one(scene) * value, abs=1e-3)
    assert ticks[1.5] - ticks[1.0] == pytest.approx(0.5 * pixels_to_one(scene))


@pytest.mark.parametrize("name", ["1-1-1-1", "2-3-2", "5-4-3-2", "softmax inside, no bias"])
@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy"])
def test_the_ratio_of_adjacent_brackets_is_that_links_derivative(name, cost):
    network = NETWORKS[name]
    if cost == "cross_entropy" and network.output.name not in ("softmax", "identity"):
        return
    x, y = example(network)
    seen = seen_by(network, x, y, cost=cost)
    for by in (
        "w/1/0/1" if network.sizes[0] > 1 else "w/1/0/0",
        "x/0",
        "z/1/0",
        "a/1/0",
        f"a/{network.depth}/{y.size - 1}",
    ):
        stops, links = travel(seen, parse(by, network.parameters), 1e-6)
        assert stops[-1].id == Id("C")
        for first, second, link in zip(stops, stops[1:], links):
            exact = slope_by_dual(Problem.one(network, x, y, cost), second.id, first.id)
            assert link.factor.value == pytest.approx(exact, rel=1e-9, abs=1e-15)
            if link.ratio is not None:
                assert link.ratio == pytest.approx(exact, rel=2e-3, abs=1e-12)
        assert by[0] == "z" or any(link.ratio for link in links)  # a dead ReLU lets nothing through


def test_in_a_chain_the_links_multiply_to_the_entry_of_the_gradient():
    for by in ("w/1/0/0", "b/1/0", "w/2/0/0", "b/3/0"):
        _, links = travel(seen_by(CHAIN, [0.6], [1.0], "s1", "squared_error"), parse(by, CHAIN.parameters), 0.01)
        id = parse(by, CHAIN.parameters)
        slopes = cr.gradient(CHAIN, [0.6], [1.0], "squared_error")
        entry = slopes.weights[id.layer][0, 0] if id.kind == "w" else slopes.biases[id.layer][0]
        assert math.prod(link.factor.value for link in links) == pytest.approx(entry, rel=1e-12)
        shown = number_lines(CHAIN, [0.6], [1.0], convention="s1", cost="squared_error", by=by)
        assert any(text.startswith("all links multiplied") and text.endswith(number(entry)) for text in texts(shown))


@pytest.mark.parametrize("name", ["2-3-2", "5-4-3-2", "softmax inside, no bias"])
def test_the_route_is_the_strongest_of_as_many_as_are_printed(name):
    network = NETWORKS[name]
    x, y = example(network)
    seen = seen_by(network, x, y)
    v = parse("x/0", network.parameters)
    stages = of_route._stages(seen, v)
    slope = {
        (before, after): slope_by_dual(Problem.one(network, x, y, None), after, before)
        for below, above in itertools.pairwise(stages)
        for before, after in itertools.product(below, above)
    }
    products = {}
    for route in itertools.product(*stages):
        factors = [slope[step] for step in itertools.pairwise(route)]
        full = [network.activations[each.layer].full_slope for each in route[1:] if each.kind == "a"]
        same = [a.neuron == z.neuron for z, a in itertools.pairwise(route) if a.kind == "a"]
        if all(crosses or stays for crosses, stays in zip(full, same)):
            products[route] = abs(math.prod(factors))
    assert len(products) == seen.route_count(v)
    chosen = strongest_route(seen, v)
    assert products[tuple(chosen)] == pytest.approx(max(products.values()))
    assert len(set(products.values())) > 1
    scene = number_lines(network, x, y, by="x/0")
    assert any(f"the strongest of {len(products):,}, the other neurons held still" in text for text in texts(scene))
    assert any(text.endswith(number(seen.value(v))) for text in texts(scene) if "routes together" in text)


def test_a_change_of_the_cost_by_one_route_of_several_is_called_so():
    network = NETWORKS["2-3-2"]
    x, y = example(network)
    scene = number_lines(network, x, y, by="x/0", step=-0.1)
    (route,) = [text for text in texts(scene) if text.startswith("ΔC by this route = ")]
    assert route.endswith(f" = {scene.table[-1][2]}")
    whole = follow(Problem.one(network, x, y, None), "x/0", np.array([0.0, -0.1])).C
    assert f"the whole nudge, all neurons free to move:  ΔC = {signed(float(whole[1] - whole[0]))}" in texts(scene)
    assert not any("by this route" in text for text in texts(number_lines(CHAIN, [0.6], [1.0], by="x/0")))


def test_a_nudge_is_followed_until_it_is_lost_and_says_why():
    deaf = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-40.0]], "sigmoid")
    scene = number_lines(deaf, [0.6], [1.0], by="w/1/0/0")
    assert "lost in rounding" in texts(scene)
    assert scene.table[-1][2] == "lost in rounding"
    assert scene.table[-1][4] == "—"
    assert len(brackets(scene)) == len(scene.table) - 2
    zero = number_lines(NETWORKS["zero"], [0.5, 0.5], [0.0, 1.0], by="w/1/0/0")
    assert [row[2] for row in zero.table[-3:]] == ["0", "0", "0"]  # dead: nothing arrives, and nothing is hidden


def test_a_kink_that_is_passed_is_named():
    relu = cr.Network([[[1.5]], [[-2.0]]], [[-0.905], [0.9]], ["relu", "sigmoid"])
    scene = number_lines(relu, [0.6], [1.0], by="w/1/0/0")
    assert "ratio of the nudges 0.166667, over the kink at 0" in texts(scene)  # 0.006 of z, of which 0.001 is above 0


def test_a_nudge_too_short_to_see_is_enlarged_once_more_under_a_lens():
    scene = number_lines(CHAIN, [0.6], [1.0], by="w/1/0/0")
    short_ones = [each for each in brackets(scene) if abs(each[1] - each[0]) < of_lines.SEEN]
    enlarged = brackets(scene, lens=True)
    factors = sorted(
        (label.y, said(str(label.text).removesuffix(" × more")))
        for label in scene.labels()
        if str(label.text).endswith(" × more")
    )
    assert 0 < len(short_ones) < len(brackets(scene))
    for (start, end, y), (left, right, level), (_, factor) in zip(short_ones, enlarged, factors, strict=True):
        assert level == y
        assert right - left == pytest.approx(factor * (end - start), rel=1e-6)
        assert of_lines.ENLARGED / 2 < abs(right - left) < 2 * of_lines.GLASS


@pytest.mark.parametrize("name", ["1-1-1-1", "2-3-2", "5-4-3-2", "vanishing"])
def test_neighbouring_brackets_are_to_each_other_as_the_derivative_between_them(name):
    """Also where a nudge shrinks a thousandfold on its way: no bracket changes the zoom."""
    network = cr.Network([[[0.5]]] * 5, [[3.0]] * 5, "sigmoid") if name == "vanishing" else NETWORKS[name]
    x, y = example(network)
    scene = number_lines(network, x, y, by="w/1/0/0", step=1e-3)
    head, *rows = scene.table
    rates = [said(row[head.index("derivative")]) for row in rows[1:]]
    lengths = [end - start for start, end, _ in brackets(scene)]
    assert len(lengths) == len([row for row in rows if row[2] != "0"]) > 1  # a dead neuron passes nothing on
    for before, after, rate in zip(lengths, lengths[1:], rates):
        assert after / before == pytest.approx(rate, rel=5e-3)
    assert max(map(abs, lengths)) > 50, "the largest is to be seen"


def test_without_a_name_the_steepest_weight_is_nudged():
    network = NETWORKS["5-4-3-2"]
    x, y = example(network)
    found = steepest(seen_by(network, x, y))
    slopes = cr.gradient(network, x, y)
    largest = max(float(np.abs(w).max()) for w in slopes.weights)
    assert abs(slopes.weights[found.layer][found.neuron, found.source]) == largest


@pytest.mark.parametrize("step", [0, math.nan, math.inf, "0.01", None])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises(cr.SettingError, match="a nudge is a finite number other than 0"):
        of_lines._step(step)
    with pytest.raises(cr.SettingError, match="a nudge is a finite number other than 0"):
        number_lines(CHAIN, [0.6], [1.0], step=0.0)


def test_a_cost_that_is_infinite_as_a_function_of_what_is_moved_is_not_drawn():
    sure = cr.Network([[[100.0]]], [[0.0]], "sigmoid")
    assert number_lines(sure, [1.0], [0.0], by="z/1/0", cost="binary_cross_entropy").table[-1][1] == "100.000000"
    with pytest.raises(cr.DataError, match="C is ∞ as a function of a/1/0"):
        number_lines(sure, [1.0], [0.0], by="a/1/0", cost="binary_cross_entropy")


@pytest.mark.parametrize("by", ["d/1/0", "C", "w/9/0/0", "nonsense"])
def test_only_what_can_be_moved_is_nudged(by):
    with pytest.raises(cr.IdError):
        number_lines(CHAIN, [0.6], [1.0], by=by)
    with pytest.raises(cr.IdError):
        demon(CHAIN, [0.6], [1.0], by=by)


def test_symbols_and_values_take_their_colours_where_the_author_has_them():
    scene = number_lines(CHAIN, [0.6], [1.0], convention="3blue1brown", by="w/3/0/0")
    by_height = sorted(scene.labels(), key=lambda label: label.y)
    assert [label.role for label in by_height if label.size == 18] == ["w", "z", "a", "C"]
    assert [label.role for label in by_height if label.size == 13 and label.of] == ["w", "z", "a", "C"]
    assert {"w", "z", "a", "C"}.isdisjoint(label.role for label in number_lines(CHAIN, [0.6], [1.0]).labels())


@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 1.0), (0.0, 0.37), (-3e-12, 2e-12), (0.2031, 0.20314), (-1e9, 4e9), (5.0, 11.0)]
)
def test_ticks_are_round_told_apart_and_inside(low, high):
    places = ticks(low, high)
    assert 2 <= len(places) <= 7
    assert all(low - 1e-9 * (high - low) <= place <= high + 1e-9 * (high - low) for place in places)
    shown = tick_texts(places)
    assert len(set(shown)) == len(shown)
    assert [said(text) for text in shown] == pytest.approx(places, rel=1e-3, abs=1e-3 * (high - low))


def test_a_curve_is_broken_where_a_number_is_infinite_or_none():
    plot = Plot(Scale(0.0, 4.0, 100.0, 500.0), Scale(0.0, 1.0, 300.0, 200.0))
    heights = [0.0, 1.0, math.inf, 0.5, 0.5, math.nan, 0.0]
    first, second = plot.curve(enumerate(heights), "forward")
    assert first.points == ((100.0, 300.0), (200.0, 200.0))
    assert second.points == ((400.0, 250.0), (500.0, 250.0))


# the demon (S2.2–S2.4) ----------------------------------------------------------------------------------------------
def plotted(scene, role, dashed):
    """The points of a line in the plot, in Δ and C, by the ticks that are printed."""
    faint = [label for label in scene.labels() if label.role == "faint" and label.size == 11]
    across = sorted((label.x, said(str(label.text))) for label in faint if label.anchor == "middle")
    up = sorted((label.y, said(str(label.text))) for label in faint if label.anchor == "end")
    (x0, t0), (x1, t1) = across[0], across[-1]
    (y0, c0), (y1, c1) = up[0], up[-1]
    found = [each for each in lines(scene, role, dashed=dashed) if each.points[0][1] > 70]
    return [
        [(t0 + (x - x0) * (t1 - t0) / (x1 - x0), c0 + (y - y0) * (c1 - c0) / (y1 - y0)) for x, y in each.points]
        for each in found
    ]


@pytest.mark.parametrize(
    ("by", "preset"), [("z/2/0", "s1"), ("a/1/0", "s2"), ("w/1/0/0", "s0"), ("b/3/0", "s4"), ("x/0", "s2")]
)
def test_the_curve_is_the_cost_and_the_line_its_tangent(by, preset):
    cost = Convention.preset(preset).default_cost()
    scene = demon(CHAIN, [0.6], [1.0], convention=preset, cost=cost, by=by, low=-3, high=3)
    (curve,) = plotted(scene, "forward", False)
    for step, value in curve[:: len(curve) // 20]:
        if by[0] in "wb":
            moved = CHAIN.with_value(by, float(follow(Problem.one(CHAIN, [0.6], [1.0], cost), by, step).value(by)))
            expected = cr.cost(moved, [0.6], [1.0], cost)
        elif by == "x/0":
            expected = cr.cost(CHAIN, [0.6 + step], [1.0], cost)
        else:
            expected = follow(Problem.one(CHAIN, [0.6], [1.0], cost), by, step).C
        assert value == pytest.approx(expected, abs=2e-4)
    ((left, at_left), (right, at_right)) = plotted(scene, "backward", True)[0]
    slope = slope_by_dual(Problem.one(CHAIN, [0.6], [1.0], cost), "C", by)
    before = cr.cost(CHAIN, [0.6], [1.0], cost)
    assert (at_right - at_left) / (right - left) == pytest.approx(slope, rel=1e-2)
    assert at_left - slope * left == pytest.approx(before, abs=2e-4)


def test_predicted_actual_and_miss_stand_together():
    steps = [-1.5, -0.25, 0.5, 1.75]
    scene = demon(CHAIN, [0.6], [1.0], convention="s1", cost="squared_error", by="z/2/0", steps=steps)
    before = cr.cost(CHAIN, [0.6], [1.0], "squared_error")
    delta = cr.backward(cr.forward(CHAIN, [0.6]), [1.0], "squared_error").delta[2][0]
    shown = [(str(label.text), label.x) for label in scene.labels()]
    columns = dict(shown)
    for step, row in zip(steps, scene.table[1:], strict=False):
        actual = follow(Problem.one(CHAIN, [0.6], [1.0], "squared_error"), "z/2/0", step).C - before
        assert said(row[1]) == step
        assert row[2] == signed(delta * step)
        assert row[3] == signed(actual)
        assert said(row[4]) == pytest.approx(100 * (actual - delta * step) / (delta * step), abs=0.051)
        for head, cell in zip(("Δ", "predicted", "actual", "miss"), row[1:5]):
            assert (cell, columns[head]) in shown
    misses = lines(scene, "accent", width=3.0)
    assert len(misses) == len(steps)


def test_without_steps_the_demon_goes_against_the_slope():
    scene = demon(CHAIN, [0.6], [1.0], convention="s1", cost="squared_error", by="z/2/0")  # δ < 0
    assert [said(row[1]) for row in scene.table[1:4]] == [0.4, 1.0, 2.0]
    assert any("a good demon raises z" in text for text in texts(scene))
    scene = demon(CHAIN, [0.6], [0.0], convention="s1", cost="squared_error", by="z/2/0", low=-2)  # δ > 0
    assert [said(row[1]) for row in scene.table[1:4]] == [-0.2, -0.5, -1.0]
    assert any("a good demon lowers z" in text for text in texts(scene))
    scene = demon(
        CHAIN, [0.6], [0.0], convention="s1", cost="squared_error", by="z/2/0", low=0, high=1
    )  # the good end is 0 itself
    assert [said(row[1]) for row in scene.table[1:4]] == [0.1, 0.25, 0.5]
    assert any("No move in 0 … 1 lowers C" in text for text in texts(scene))


@pytest.mark.parametrize(
    ("by", "name", "doubled"),
    [("z/2/0", "1-1-1-1", 2.0), ("x/0", "2-3-2", 4.0), ("z/1/0", "784-30-10", 4.0), ("x/0", "relu 784-30-10", 8.0)],
)
def test_the_range_is_doubled_until_the_tangent_misses_by_a_fifth_at_half_of_it(by, name, doubled):
    network = NETWORKS[name]
    x, y = example(network)
    problem, reach = Problem.one(network, x, y, None), 2.0
    slope = slope_by_dual(problem, "C", by)

    def miss(step):
        actual = float(follow(problem, by, -math.copysign(step, slope)).C - follow(problem, by, 0.0).C)
        return abs(actual / (-abs(slope) * step) - 1)

    while miss(reach / 2) < 0.2:
        reach *= 2
    assert reach == doubled
    steps = [abs(said(row[1])) for row in demon(network, x, y, by=by).table if row[0] in ("1", "2", "3")]
    assert sorted(steps) == pytest.approx([0.1 * reach, 0.25 * reach, 0.5 * reach])
    (asked,) = [row for row in demon(network, x, y, by=by, steps=[0.5]).table if row[0] == "1"]
    assert asked[1] == "+0.5"
    with pytest.raises(cr.SettingError, match="between −2 and 2"):  # the range of steps that are asked for
        demon(network, x, y, by=by, steps=[2.5])


def test_a_step_that_goes_the_wrong_way_is_said_to_and_has_no_percentage():
    network = cr.Network([[[2.0]]], [[0.0]], "identity")  # C = z²/2 at z = 2, whose slope is 2
    scene = demon(network, [1.0], [0.0], cost="quadratic", by="z/1/0", low=-6, high=6, steps=[-5, -1, 1])
    assert [row[2:5] for row in scene.table[1:4]] == [
        ("−10.000000", "+2.500000", "wrong way"),
        ("−2.000000", "−1.500000", "−25.0 %"),
        ("+2.000000", "+2.500000", "+25.0 %"),
    ]


def test_the_best_move_at_the_end_of_the_range_is_called_the_lowest():
    end = demon(CHAIN, [0.6], [1.0], by="z/3/0")
    assert [row[0] for row in end.table[1:]] == ["1", "2", "3", "lowest"]
    assert any("C is lowest at the end of −2 … 2, and may be lower beyond" in text for text in texts(end))
    inside = demon(CHAIN, [0.6], [0.5], by="z/3/0", low=-3, high=3)  # C is 0 where the output is 0.5
    assert [row[0] for row in inside.table[1:]] == ["1", "2", "3", "best"]
    assert "A demon adds Δ to z³; a good demon tries to lower C." in texts(inside)


def test_a_demon_that_sees_no_slope_looks_to_one_side_all_the_same():
    scene = demon(NETWORKS["zero"], [0.5, 0.5], [0.0, 1.0], by="w/1/0/0")
    assert [said(row[1]) for row in scene.table[1:4]] == [0.2, 0.5, 1.0]


def test_a_dot_stands_where_the_cost_is_before_anything_is_moved():
    scene = demon(CHAIN, [0.6], [1.0], by="z/2/0", low=-3, high=3)
    (curve,) = lines(scene, "forward", width=2.0, dashed=False)[1:]  # the first is the key
    dot, _ = [each for each in scene.elements if isinstance(each, Circle) and each.filled == "ink"]  # and its key
    assert dot.x == pytest.approx(80 + 300)
    assert min(math.dist((dot.x, dot.y), point) for point in curve.points) < 1e-6


def test_the_largest_error_is_chosen_where_no_place_is_named():
    network = NETWORKS["5-4-3-2"]
    x, y = example(network)
    delta = cr.backward(cr.forward(network, x), y).delta
    layer = max(delta.numbers, key=lambda l: np.abs(delta[l]).max())
    name = Convention.preset("s2").symbol("z", layer, int(np.abs(delta[layer]).argmax()))
    assert demon(network, x, y).title.startswith(f"The demon at {name}:")


def test_kinks_are_marked_where_they_are():
    network = cr.Network([[[1.5], [-1.0]], [[-2.0, 0.7]]], [[-0.61, 1.003], [0.9]], ["relu", "sigmoid"])
    scene = demon(network, [0.6], [1.0], by="x/0", low=-2, high=2)
    expected = [0.61 / 1.5 - 0.6, 1.003 - 0.6]  # where 1.5x − 0.61 and 1.003 − x are 0
    kinks = [said(row[1]) for row in scene.table if row[0] == "kink"]
    assert kinks == pytest.approx(expected, abs=1e-6)
    wedges = [each for each in scene.elements if isinstance(each, Line) and each.filled == "ink"]
    faint = [
        label for label in scene.labels() if label.role == "faint" and label.anchor == "middle" and label.size == 11
    ]
    scale = {said(str(label.text)): label.x for label in faint}
    assert sorted(each.points[0][0] for each in wedges) == pytest.approx(
        [scale[0.0] + at * (scale[1.0] - scale[0.0]) for at in expected], abs=1e-3
    )
    assert any("passes 0 at Δ = −0.193333" in text for text in texts(scene))
    (curve,) = lines(scene, "forward", width=2.0, dashed=False)[1:]  # the first is the key
    corners = [min(abs(each.points[0][0] - x) for x, _ in curve.points) for each in wedges]
    assert max(corners) < 1e-9


def test_the_best_move_is_no_worse_than_any_point_of_the_curve():
    network = NETWORKS["relu 784-30-10"]
    x, y = example(network)
    scene = demon(network, x, y, by="x/100", low=-20, high=20)
    best = next(row for row in scene.table if row[0] == "best")
    values = follow(Problem.one(network, x, y, None), "x/100", np.linspace(-20, 20, 2001)).C
    assert said(best[5]) <= values.min() + 1e-6
    mark = next(each for each in scene.elements if isinstance(each, Circle) and each.role == "accent")
    lowest = max(y for each in lines(scene, "forward", width=2.0) for _, y in each.points)
    assert mark.y == pytest.approx(lowest, abs=0.01)
    assert sum(row[0] == "kink" for row in scene.table) > of_demon.LISTED
    assert any(text.strip().endswith("more, further out") for text in texts(scene))


def test_a_change_too_small_for_the_axis_is_what_the_axis_shows():
    nearly = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-20.0]], "sigmoid")
    scene = demon(nearly, [0.6], [1.0], by="w/1/0/0")
    assert "ΔC" in texts(scene)
    (curve,) = plotted(scene, "forward", False)
    before = follow(Problem.one(nearly, [0.6], [1.0], "quadratic"), "w/1/0/0", 0.0).C
    for step, change in curve[::60]:
        expected = follow(Problem.one(nearly, [0.6], [1.0], "quadratic"), "w/1/0/0", step).C - before
        assert change == pytest.approx(expected, abs=2e-3 * abs(curve[0][1] - curve[-1][1]))


@pytest.mark.parametrize("steps", [[], [3.0], "0.1", [0.1, "b"], 0.5, [0.1] * 9, [math.nan]])
def test_steps_that_are_not_in_the_range_are_refused(steps):
    best = best_move(CHAIN, [0.6], [1.0], "z/2/0", -2.0, 2.0)
    with pytest.raises(cr.SettingError, match="steps are one to eight numbers"):
        of_demon._chosen(steps, best, -2.0, 2.0)
    with pytest.raises(cr.SettingError, match="steps are one to eight numbers between −2 and 2"):
        demon(CHAIN, [0.6], [1.0], by="z/2/0", steps=[2.5])


def test_a_range_that_is_none_is_refused():
    with pytest.raises(cr.SettingError, match="range"):
        demon(CHAIN, [0.6], [1.0], by="z/2/0", low=1, high=1)


# an activation (S2.12–S2.16) ----------------------------------------------------------------------------------------
def rug(scene):
    return lines(scene, "ink", width=1.4) + lines(scene, "negative", width=1.4)


def scale_of(scene):
    """z → x by the printed ticks."""
    faint = [
        label for label in scene.labels() if label.role == "faint" and label.anchor == "middle" and label.size == 11
    ]
    places = {said(str(label.text)): label.x for label in faint}
    ends = min(places), max(places)
    return lambda z: places[ends[0]] + (z - ends[0]) * (places[ends[1]] - places[ends[0]]) / (ends[1] - ends[0])


def test_the_rug_is_the_z_of_the_layer_and_counts_those_in_flat_zones():
    network = drawn([2, 9, 2], "sigmoid", "sigmoid", scale=4.0, shift=1.0)
    x, _ = example(network)
    z = cr.forward(network, x).z[1]
    scene = activation_figure(network, x, None, layer=1)
    at = scale_of(scene)
    assert sorted(each.points[0][0] for each in rug(scene)) == pytest.approx(sorted(map(at, z)), abs=0.01)
    flat = np.abs(network.activations[1].slope(z)) < 0.05 * 0.25
    assert 0 < flat.sum() < z.size
    assert len(lines(scene, "negative", width=1.4)) == flat.sum()
    assert any(text.strip() == f"{flat.sum()} in a flat zone, {100 * flat.mean():.1f} %" for text in texts(scene))
    assert [row[4] for row in scene.table[1:]] == ["yes" if each else "no" for each in flat]


@pytest.mark.parametrize("sigma", ["sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu", "silu", "identity"])
def test_both_panels_share_their_z_and_flat_zones_are_where_the_slope_is_small(sigma):
    network = drawn([3, 4, 2], sigma, "identity")
    x, _ = example(network)
    scene = activation_figure(network, x, layer=1)
    at = scale_of(scene)
    upper = [point for each in lines(scene, "forward", width=2.0) for point in each.points]
    lower = [point for each in lines(scene, "backward", width=2.0) for point in each.points]
    assert [x for x, _ in upper] == pytest.approx([x for x, _ in lower])
    assert max(y for _, y in upper) < min(y for _, y in lower)
    assert all(each.dashed for each in lines(scene, "backward", width=2.0))
    zones = [each for each in scene.elements if isinstance(each, Rect) and each.filled == "panel"]
    edges = [edge for each in zones for edge in (each.x, each.x + each.width)]
    flat = design(sigma, low=-6.0, high=6.0).flat
    assert edges == pytest.approx([at(end) for zone in flat for end in (zone.low, zone.high)], abs=0.02)
    dots = [each for each in scene.elements if isinstance(each, Circle) and each.role == "forward"]
    assert sorted(each.x for each in dots) == pytest.approx(sorted(map(at, cr.forward(network, x).z[1])), abs=0.01)
    hollow = [
        each for each in scene.elements if isinstance(each, Circle) and each.role == "backward" and each.radius < 4
    ]
    for curve, marks in ((upper, dots), (lower, hollow)):
        assert len(marks) == 4
        for each in marks:
            assert each.y == pytest.approx(np.interp(each.x, *zip(*curve)), abs=0.3)


def test_a_jump_of_the_slope_is_not_bridged_and_shows_which_side_counts():
    network = drawn([3, 4, 2], "relu", "identity")
    scene = activation_figure(network, example(network)[0], layer=1)
    assert len(lines(scene, "backward", width=2.0)) == 2
    ends = [each for each in scene.elements if isinstance(each, Circle) and each.radius == 4]
    (full,) = [each for each in ends if each.filled == "backward"]
    (hollow,) = [each for each in ends if each.filled == "paper"]
    assert full.y > hollow.y  # σ′(0) = 0


def test_of_many_z_bars_count_every_one():
    network = NETWORKS["784-30-10"]
    x = np.random.default_rng(0).standard_normal((60, 784)) / 3
    z = cr.forward(network, x).z[1]
    scene = activation_figure(network, x, layer=1)
    assert rug(scene) == []
    assert sum(said(row[2]) for row in scene.table[1:]) == z.size
    flat = int((np.abs(network.activations[1].slope(z)) < 0.0125).sum())
    assert sum(said(row[3]) for row in scene.table[1:]) == flat
    bars = [each for each in scene.elements if isinstance(each, Rect) and each.filled in ("ink", "negative")]
    tallest = max(said(row[2]) for row in scene.table[1:])
    height = (of_activation.BARS - 8) / tallest
    assert f"tallest bar: {tallest:,.0f} z" in texts(scene)
    assert sum(each.height for each in bars) == pytest.approx(height * z.size)
    assert any(text == "60 examples × 30 neurons z¹:" for text in texts(scene))


def test_z_beyond_the_picture_are_counted():
    network = cr.Network([[[45.0], [-45.0], [1.0]], [[1.0, 1.0, 1.0]]], [[0.0, 0.0, 0.0], [0.0]], "sigmoid")
    scene = activation_figure(network, [1.0], layer=1)
    assert any(text.strip() == "1 beyond the picture, z > 30" for text in texts(scene))
    assert any(text.strip() == "1 beyond the picture, z < −30" for text in texts(scene))
    assert len(rug(scene)) == 1


def test_the_flattest_layer_is_chosen_and_a_softmax_left_out():
    network = cr.Network(
        [[[0.1]], [[9.0], [9.0]], [[1.0, 0.0], [0.0, 1.0]]],
        [[0.0], [9.0, 9.0], [0.0, 0.0]],
        ["sigmoid", "sigmoid", "softmax"],
    )
    assert activation_figure(network, [0.3]).title.endswith("layer 2")
    with pytest.raises(cr.SettingError, match="softmax is not a function of one z"):
        activation_figure(network, [0.3], layer=3)
    with pytest.raises(cr.SettingError, match="layer 1…3, got layer=4"):
        activation_figure(network, [0.3], layer=4)


def test_the_slowest_place_is_named():
    scene = activation_figure(CHAIN, [0.6], [1.0], layer=1)
    slope = CHAIN.activations[1].slope(np.array([6.0]))[0]
    assert f"slowest, |σ′| = {slope:.4g}, at −6 and 6" in texts(scene)
    at = scale_of(scene)
    marks = [each.x for each in scene.elements if isinstance(each, Circle) and each.role == "accent"]
    assert sorted(marks) == pytest.approx([at(-6.0), at(6.0)], abs=0.01)


# the gradient vector (S1.1, S1.11) ----------------------------------------------------------------------------------
def numbers_in_column(scene, column):
    return [said(row[column]) for row in scene.table[1:-1]]


@pytest.mark.parametrize("name", ["1-1-1-1", "2-3-2", "one bias a layer", "softmax inside, no bias", "saturated"])
def test_every_entry_stands_in_its_place_with_its_bar(name):
    network = NETWORKS[name]
    x, y = example(network)
    scene = gradient_vector(network, x, y)
    flat = cr.gradient(network, x, y).flat()
    style = style_of([*flat, float(np.linalg.norm(flat))])
    assert [row[1] for row in scene.table[1:-1]] == [style.of(value, sign=True) for value in flat]
    order = [str(symbol.text) for symbol in scene.labels() if symbol.size == 16 and symbol.x < 60 and not symbol.bold]
    marks = "¹²³"
    expected = [f"{kind}{marks[l - 1]}" for l in range(1, network.depth + 1) for kind in "wb"]
    assert order == ([each for each in expected if each[0] == "w"] if "no bias" in name else expected)
    bars = [each for each in scene.elements if isinstance(each, Rect) and each.filled in ("positive", "negative")]
    shown = flat[flat != 0]
    assert len(bars) == shown.size
    for bar, value in zip(sorted(bars, key=lambda bar: bar.y), shown):
        assert bar.width == pytest.approx(of_vector.HALF * abs(value) / np.abs(flat).max())
        assert bar.filled == ("positive" if value > 0 else "negative")
    assert any(text == f"‖∇C‖ = {style.of(float(np.linalg.norm(flat)))}" for text in texts(scene))


@pytest.mark.parametrize(("preset", "word"), [("s1", "mean"), ("s2", "mean"), ("s4", "sum")])
def test_each_examples_vector_stands_beside_their_mean_or_sum(preset, word):
    network = NETWORKS["2-3-2"]
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((6, 2)), rng.integers(0, 2, 6)
    cost = Convention.preset(preset).default_cost()
    scene = gradient_vector(network, x, y, convention=preset, cost=cost)
    each = [cr.gradient(network, x[i], np.eye(2)[y[i]], cost).flat() for i in range(6)]
    strongest = sorted(sorted(range(6), key=lambda i: -np.linalg.norm(each[i]))[: flat_gradient.EXAMPLES])
    assert scene.table[0] == ("entry", *(f"example {i}" for i in strongest), f"{word} of 6")
    for column, i in enumerate(strongest, 1):
        assert numbers_in_column(scene, column) == pytest.approx(each[i].tolist(), rel=1e-4, abs=1e-6)
    total = np.mean(each, axis=0) if word == "mean" else np.sum(each, axis=0)
    assert numbers_in_column(scene, 5) == pytest.approx(total.tolist(), rel=1e-4, abs=1e-6)
    left = [np.linalg.norm(each[i]) for i in range(6) if i not in strongest]
    bound = max(5, int(100 * max(left) / sum(map(np.linalg.norm, each))) + 1)
    assert f"2 more examples, each under {bound} % of all norms added up" in texts(scene)
    assert scene.overlapping() == []
    assert scene.clipped() == []


def test_examples_of_a_twentieth_of_all_norms_are_left_out_and_counted():
    network, rng = NETWORKS["2-3-2"], np.random.default_rng(3)
    x = rng.standard_normal((5, 2))
    near = cr.forward(network, x).a[2]
    near[[1, 3]] = np.eye(2)[[0, 1]]  # the others are nearly on target
    near[[0, 2, 4]] += 1e-4
    scene = gradient_vector(network, x, near)
    norms = cr.per_example_gradients(network, x, near).norms()
    assert set(np.flatnonzero(norms / norms.sum() >= 0.05)) == {1, 3}
    assert scene.table[0] == ("entry", "example 1", "example 3", "mean of 5")
    assert "3 more examples, each under 5 % of all norms added up" in texts(scene)
    alone = gradient_vector(network, x[:2], near[:2])
    assert alone.table[0] == ("entry", "example 1", "mean of 2")
    assert "1 more example, under 5 % of all norms added up" in texts(alone)
    assert not any("more example" in text for text in texts(gradient_vector(network, x[[1, 3]], near[[1, 3]])))


def test_where_every_gradient_is_zero_one_example_stands_beside_the_mean():
    network = NETWORKS["2-3-2"]
    x = np.random.default_rng(3).standard_normal((3, 2))
    scene = gradient_vector(network, x, cr.forward(network, x).a[2])
    assert scene.table[0] == ("entry", "example 0", "mean of 3")


def test_of_a_vector_of_many_the_strongest_are_listed_and_the_sum_of_the_others_is_exact():
    network = NETWORKS["784-30-10"]
    x, y = example(network)
    scene = gradient_vector(network, x, y, most=5)
    flat = cr.gradient(network, x, y).flat()
    order = np.argsort(-np.abs(flat), kind="stable")
    shown, left = largest(flat, 5)
    assert (set(shown), math.fsum(left)) == (set(order[:5]), math.fsum(flat[order[5:]]))
    assert f"{flat.size - 5:,} others" in texts(scene)
    assert f"Σ = {signed(math.fsum(flat[order[5:]]))}" in texts(scene)
    listed = [label for label in scene.labels() if label.of and not label.slanted]
    ids = [str(of_entry(network.parameters, int(i))) for i in order[:5]]
    assert [(label.of, label.text) for label in listed] == [(id, signed(flat[i])) for id, i in zip(ids, order)]


def images(scene):
    """The frames of the images, w and b of each layer in every vector, and of a row of w¹: from above, then from the left."""
    frames = [each for each in scene.elements if isinstance(each, Rect) and each.stroke == 0.6]
    return sorted(frames, key=lambda frame: (frame.y, frame.x))


@pytest.mark.parametrize("sizes", [[9, 8, 3], [64, 32, 10], [784, 30, 10], [3, 200, 1]])
def test_each_layer_is_an_image_of_its_gradient_with_its_biases_beside_it(sizes):
    network = drawn(sizes, "tanh", "identity", shift=0.1)
    x, y = example(network)
    scene, gradient = gradient_vector(network, x, y), cr.gradient(network, x, y)
    frames = images(scene)
    if sizes[0] >= 64:  # an image: the steepest row of ∂C/∂w¹ is laid out as one
        side, (row,) = math.isqrt(sizes[0]), [frames.pop(2)]
        steepest = max(gradient.weights[1], key=np.linalg.norm)
        grid = Raster(side, side, (row.width - 2) / side, (row.height - 2) / side, True)
        shown = cells(scene, row.x + 1, row.y + 1, grid, np.abs(steepest).max())
        assert np.abs(shown - steepest).max() <= np.abs(steepest).max() / SHADES / 2 + 1e-12
        assert f"as {side} × {side}" in texts(scene)
    assert len(frames) == 4
    order = [str(label.text) for label in scene.labels() if re.fullmatch("∂C/∂[wb][¹²]", str(label.text))]
    assert order == ["∂C/∂w¹", "∂C/∂b¹", "∂C/∂w²", "∂C/∂b²"]
    blocks = [each[layer] for layer in (1, 2) for each in (gradient.weights, gradient.biases)]
    for frame, values in zip(frames, blocks):
        values = values.reshape(len(values), -1)
        shape = pooled(values, 100, 267 if values.shape[1] > 1 else 1).shape
        grid = Raster(*shape, (frame.width - 2) / shape[1], (frame.height - 2) / shape[0], True)
        means = pooled(values, *shape).ravel()
        most = np.abs(means).max()
        shown = cells(scene, frame.x + 1, frame.y + 1, grid, most)
        assert np.abs(shown - means).max() <= most / SHADES / 2 + 1e-12
        for size in (np.abs(values).max(), np.linalg.norm(values)):
            assert brief(float(size)) in texts(scene)
    per_cell = -(-sizes[0] // 267) * -(-sizes[1] // 100)
    assert (f"a cell: mean of {per_cell}" in texts(scene)) == (per_cell > 1)


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (10, 4), (30, 784)])
def test_a_cell_that_several_numbers_share_shows_their_mean(shape):
    values = np.random.default_rng(0).standard_normal(shape)
    for rows, columns in ((1, 1), (2, 3), (10, 100), (50, 1000)):
        found = pooled(values, rows, columns)
        high, wide = (-(-n // most) for n, most in zip(shape, (rows, columns)))
        assert found.shape == (-(-shape[0] // high), -(-shape[1] // wide))
        for i, j in np.ndindex(found.shape):
            part = values[i * high : (i + 1) * high, j * wide : (j + 1) * wide]
            assert found[i, j] == pytest.approx(part.mean())


@pytest.mark.parametrize("count", [2, 20])
def test_many_examples_of_a_large_network_stand_beside_their_mean(count):
    network = NETWORKS["784-30-10"]
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((count, 784)), rng.integers(0, 10, count)
    scene = gradient_vector(network, x, y, convention="s1", cost="squared_error")
    flat = cr.gradient(network, x, y, "squared_error").flat()
    assert f"‖∇C‖ = {number(float(np.linalg.norm(flat)))}" in texts(scene)
    assert f"mean of {count}" in texts(scene)
    assert "the strongest entries of the mean" in texts(scene)
    norms = cr.per_example_gradients(network, x, y, "squared_error").norms()
    shown = [int(text.split()[1]) for text in texts(scene) if text.startswith("example ")]
    assert shown == sorted(np.argsort(-norms)[:2])
    assert len(images(scene)) == 5 * (len(shown) + 1)
    assert scene.width <= 900
    assert scene.overlapping() == []
    assert scene.clipped() == []
    rows = {row[0]: row[1:] for row in scene.table}
    assert said(rows[f"example {shown[0]}"][2]) == pytest.approx(norms[shown[0]], rel=1e-5)
    assert any(name.startswith(f"mean of {count}, w") and row[0] == "23,520" for name, row in rows.items())


def test_a_gradient_that_is_no_number_is_not_drawn():
    network = cr.Network([[[1e200]], [[1e200]]], [[0.0], [0.0]], "identity")
    with pytest.raises(cr.DataError):
        gradient_vector(network, [1.0], [0.0])


# tiles (S1.22) ------------------------------------------------------------------------------------------------------
def cells(scene, left, top, grid, largest):
    """The numbers that a tile shows, read from its cells."""
    found = np.zeros((grid.rows, grid.columns))
    for each in scene.elements:
        if not isinstance(each, Rect) or each.stroke or each.filled not in ("positive", "negative", "ink"):
            continue
        row, start = (each.y - top) / grid.tall, (each.x - left) / grid.cell
        if 0 <= row < grid.rows and 0 <= start < grid.columns and each.height == grid.tall:
            count = round(each.width / grid.cell)
            sign = -1 if each.filled == "negative" else 1
            found[round(row), round(start) : round(start) + count] = sign * each.opacity * largest
    return found.ravel()


@pytest.mark.parametrize("inputs", [784, 64, 5, 48, 1])
def test_tiles_are_the_rows_of_the_weights_and_of_their_gradient(inputs):
    network = drawn([inputs, 6, 3], "tanh", "softmax", shift=0.1)
    x, y = example(network)
    slopes = cr.gradient(network, x, y).weights[1]
    scene = weight_tiles(network, x, y, most=4)
    grid = raster_of(inputs, of_tiles.SIDE)
    assert (grid.rows, grid.columns) == {784: (28, 28), 64: (8, 8), 5: (1, 5), 48: (2, 24), 1: (1, 1)}[inputs]
    order = np.argsort(-np.linalg.norm(slopes, axis=1))
    frames = [e for e in scene.elements if isinstance(e, Rect) and e.stroke == 0.6 and e.width == grid.width + 2]
    tiles = [frame for frame in frames if frame.y > of_tiles.TOP]  # below the example
    assert len(tiles) == 8
    assert scene.width <= 780
    weights = network.weights[1]
    for i, j in enumerate(order[:4]):
        for frame, values, all_values in ((tiles[2 * i], weights[j], weights), (tiles[2 * i + 1], slopes[j], slopes)):
            largest = np.abs(all_values).max()
            shown = cells(scene, frame.x + 1, frame.y + 1, grid, largest)[:inputs]
            assert np.abs(shown - values).max() <= largest / SHADES / 2 + 1e-12
    assert [row[0] for row in scene.table[1:5]] == [str(j) for j in order[:4]]
    assert any("2 more neurons" in text for text in texts(scene))
    rest = math.fsum(float(np.linalg.norm(slopes[j])) for j in order[4:])
    assert scene.table[-1][3] == f"Σ = {number(rest)}"
    assert any(text.endswith(f"‖ = {number(rest)}") for text in texts(scene))


def test_the_example_is_shown_as_it_was_where_its_columns_were_scaled():
    data = cr.load_data("digits")
    network = drawn([64, 6, 10], "tanh", "softmax").with_preprocessing(data.preprocessing)
    plain = drawn([64, 6, 10], "tanh", "softmax")
    x, y = data.inputs[5], int(data.targets[5])
    scene = weight_tiles(network, x, y)
    assert {"the example", "what the network is given"} <= set(texts(scene))
    assert "the example" not in texts(weight_tiles(plain, x, y))
    grid = raster_of(64, of_tiles.SIDE)
    raw = cells(scene, of_tiles.MARGIN, of_tiles.TOP, grid, 1.0)
    pixels = unscaled(seen_by(network, x, y))
    assert np.abs(pixels - np.round(pixels)).max() < 1e-4  # whole grey levels 0…16
    assert pixels.min() == 0
    assert np.abs(raw - pixels / pixels.max()).max() <= 0.5 / SHADES + 1e-9


def test_cells_of_a_few_inputs_hold_their_numbers_where_there_is_room():
    network = drawn([2, 6, 3], "tanh", "softmax", shift=0.1)
    x, y = example(network)
    scene = weight_tiles(network, x, y)
    top = of_tiles.TOP + 40
    cells = {str(each.text) for each in scene.labels() if each.size == of_tiles.SMALL and each.y > top}
    for values in (network.weights[1], cr.gradient(network, x, y).weights[1]):
        assert cells >= {brief(value, 2) for value in values.ravel().tolist()}
    tiny = weight_tiles(network, x * 1e-120, y)
    slopes = cr.gradient(network, x * 1e-120, y).weights[1]
    assert set(texts(tiny)) >= {brief(value, 2) for value in slopes.ravel().tolist()}, "wider cells"
    six = drawn([6, 4, 3], "tanh", "softmax", shift=0.1)
    tiny = weight_tiles(six, 1e-120 * example(six)[0], y)
    assert not [each for each in tiny.labels() if each.size == of_tiles.SMALL and each.y > top], "all have one, or none"
    chain = weight_tiles(CHAIN, [0.6], [1.0])
    delta = cr.backward(cr.forward(CHAIN, [0.6]), [1.0]).delta[1][0]
    assert f"∂C/∂w¹ = {brief(float(delta))} · 0.6 = {signed(0.6 * delta)}" in texts(chain)
    pictures = weight_tiles(NETWORKS["784-30-10"], *example(NETWORKS["784-30-10"]))
    assert not [each for each in pictures.labels() if each.size == of_tiles.SMALL and each.y > top]


def test_a_legend_says_how_deep_the_deepest_colour_is():
    network = NETWORKS["784-30-10"]
    x, y = example(network)
    scene = weight_tiles(network, x, y)
    slopes = cr.gradient(network, x, y).weights[1]
    for values in (network.weights[1], slopes):
        largest = short(float(np.abs(values).max()), 3)
        assert {f"+{largest}", f"−{largest}"} <= set(texts(scene))
    inputs = weight_tiles(drawn([7, 3, 2], "tanh", "sigmoid"), [0.1, 0.2, 0.3, 0.4, 0.5, 0.0, 0.6123], [1.0, 0.0])
    assert {"0", "0.612"} <= set(texts(inputs))  # what is never negative goes from 0 to its largest
    deepest = max(each.opacity for each in scene.elements if isinstance(each, Rect) and each.stroke == 0)
    assert deepest == 1.0


def test_labels_below_tiles_are_upright_for_weights_and_slanted_for_derivatives():
    scene = weight_tiles(NETWORKS["5-4-3-2"], *example(NETWORKS["5-4-3-2"]))
    below = [label for label in scene.labels() if isinstance(label, Label) and label.size == of_tiles.TEXT]
    assert {(label.role, label.slanted) for label in below} == {("ink", False), ("backward", True)}


@pytest.mark.parametrize("most", [3, 40])
@pytest.mark.parametrize("scale", [1.0, 1e-2, 1e-6, 1e6])
def test_the_numbers_of_a_vector_are_of_one_style_with_its_length(scale, most):
    for sizes in ([2, 3, 2], [9, 8, 3]):
        network = cr.Network.random(sizes, "tanh", "identity", seed=1, dtype="float64")
        target = cr.forward(network, np.ones(sizes[0])).a[2].ravel()
        scene = gradient_vector(network, np.ones(sizes[0]), target + scale * np.arange(1, 1 + sizes[-1]), most=most)
        table = scene.table[1:]
        printed = [line[2 if sizes[0] == 9 else 1] for line in table if line[0].startswith("∂") or "sum" in line[0]]
        printed += [line[-1] for line in table if line[0] == "norm"]
        shapes = {("e" in text, len(text.partition(".")[2].partition("e")[0])) for text in printed if text != "0"}
        assert len(shapes) == 1, printed


def test_a_column_shows_four_digits_of_its_smallest_or_a_power_of_ten():
    assert [style_of([0.5, 2e-4]).of(value, sign=True) for value in (0.5, -2e-4, 0)] == [
        "+0.5000000",
        "−0.0002000",
        "0",
    ]
    assert [style_of([0.5, 2e-7]).of(value) for value in (0.5, -2e-7)] == ["5.00000e−1", "−2.00000e−7"]
    assert style_of([0.0]).of(0.25) == "0.250000"
    assert style_of([1.0, 2e5]).of(1.0) == "1.00000e0"


def test_cells_of_one_shade_are_one_path_with_every_cell_in_it():
    network = cr.Network.random([784, 30, 10], "sigmoid", "softmax", seed=0, dtype="float64")
    scene = weight_tiles(network, np.random.default_rng(0).random(784), np.eye(10)[3])
    svg = scene.svg()
    assert len(svg) < 400_000
    cells = [each for each in scene.elements if isinstance(each, Rect) and not each.stroke]
    found = [tuple(map(float, place)) for place in re.findall(
        r'<rect x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)" shape-rendering', svg)]  # fmt: skip
    for path, height in re.findall(
        r'd="M0 0([^"]+)" shape-rendering="crispEdges" stroke="[^"]+" stroke-width="([^"]+)"', svg
    ):
        x = y = 0.0
        for dx, dy, width in re.findall(r"m(\S+) (\S+?)h([^m]+)", path):
            x, y = x + float(dx), y + float(dy)
            found.append((x, y - float(height) / 2, float(width), float(height)))
            x += float(width)
    assert np.array(sorted(found)) == pytest.approx(
        np.array(sorted((c.x, c.y, c.width, c.height) for c in cells)), abs=0.011
    )
