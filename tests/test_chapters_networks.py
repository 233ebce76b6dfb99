"""The figures of networks, trees, paths and single weights: they show the gradient's own numbers, and nothing overlaps."""

from __future__ import annotations

import math
import re
from itertools import product as every
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Drawn, chapter, crossed, make_problem, problems

import chainrule as cr
from chainrule.backward import backward
from chainrule.conventions import Convention, as_convention
from chainrule.diagnostics.numbers import ratio
from chainrule.diagnostics.reasons import why
from chainrule.explanation.parts import routes as of_routes
from chainrule.explanation.parts.drawn_routes import RADIUS, THICK, THIN, RouteMap
from chainrule.explanation.parts.multiplications import whole_work, work
from chainrule.explanation.parts.routes import routes
from chainrule.explanation.parts.tug_of_war import TugOfWar
from chainrule.explanation.shown import steepest
from chainrule.explanation.view import View, view
from chainrule.forward import forward
from chainrule.ids import Id, parse
from chainrule.network import cost_for
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Box, Circle, Label, Line, Rect, hue
from chainrule.problem import Problem
from chainrule.verification.local import local
from chainrule.verification.paths import paths
from chainrule.writing.formula import SUBSCRIPT, Bracket, Formula, Marked, Row, Symbol, Written
from chainrule.writing.numbers import brief, factor_numbers, factor_rows, number, short, unit, written

computation_tree = chapter("computation_tree")
in_weight_out = chapter("in_weight_out")
network_figure = chapter("network")
path_sum = chapter("path_sum")

PRESETS = ["s0", "s1", "s2", "s4"]
FIGURES = {"network": network_figure, "tree": computation_tree, "paths": path_sum, "weight": in_weight_out}
FEW = settings(max_examples=15)


def drawn(sizes: list[int], hidden: str = "sigmoid", output: str = "sigmoid", scale: float = 1.0, **more: Any) -> tuple:
    """A network, an example and its target."""
    problem = make_problem(sizes, [hidden] * (len(sizes) - 2), output, "quadratic", scale=scale, batch=1, **more)
    return problem.network, problem.x[0], np.eye(problem.network.sizes[-1])[0]


def hard(name: str) -> tuple:
    match name:
        case "chain":
            return cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]]), np.array([0.6]), np.array([1.0])
        case "2-3-2":
            return drawn([2, 3, 2])
        case "5-4-3-2":
            return drawn([5, 4, 3, 2], "tanh")
        case "saturated":
            return drawn([3, 4, 3], scale=40.0)
        case "zero":
            return drawn([3, 4, 3], scale=0.0)
        case "dead":
            return drawn([3, 4, 3], "relu", "relu", scale=5.0, seed=3)
        case "tiny":
            network, x, y = drawn([3, 4, 3], "identity", "identity", scale=1.23457e-12)
            return network, x, 0 * y
        case "one layer":
            return drawn([3, 2])
        case "one bias":
            return drawn([3, 4, 2], bias="layer")
        case "no bias":
            return drawn([3, 4, 2], bias="none")
        case "softmax inside":
            return drawn([3, 4, 3], "softmax", "softmax")
        case "deep":
            return drawn([2] + [3] * 11, "tanh")
        case "large":
            rng = np.random.default_rng(0)
            network = cr.Network.random([784, 30, 10], "sigmoid", "softmax", seed=1, dtype="float64")
            return network, np.maximum(rng.random(784) - 0.6, 0), np.eye(10)[3]
    raise ValueError(name)


HARD = ["chain", "2-3-2", "5-4-3-2", "saturated", "zero", "dead", "tiny", "one layer", "one bias", "no bias",
        "softmax inside", "deep", "large"]  # fmt: skip


def seen_of(network: cr.Network, x: Any, y: Any, cost: Any = None, convention: str = "s2") -> View:
    return view(network, x, y, cost_for(network, cost), Id("C"), as_convention(convention))


def clean(scene: Scene) -> None:
    """No label meets another or the edge; what is drawn is XML, has words, and knows no NaN."""
    assert scene.overlapping() == []
    assert scene.clipped() == []
    svg = scene.svg()
    ElementTree.fromstring(svg)
    assert not re.search(r'"-?(nan|inf)', svg)
    assert scene.title
    assert len(scene.description) > 60
    assert len({len(line) for line in scene.table}) == 1


def texts(scene: Scene) -> list[str]:
    return [str(label.text) for label in scene.labels()]


def said(scene: Scene, start: str) -> str:
    """The one label that begins like this."""
    (found,) = [text for text in texts(scene) if text.startswith(start)]
    return found


def value(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("Σ", "").replace("=", "").replace("∞", "inf"))


def column(scene: Scene, name: str) -> list[str]:
    head, *rows = scene.table
    return [line[head.index(name)] for line in rows]


# room on the page ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "preset"), crossed(HARD, PRESETS))
def test_nothing_overlaps_and_nothing_is_clipped(name: str, preset: str) -> None:
    network, x, y = hard(name)
    for draw in FIGURES.values():
        clean(draw(network, x, y, convention=preset))
    clean(network_figure(network, x, y, convention=preset, edges="gradient", bias_units=True))
    clean(network_figure(network, x, y, convention=preset, by="w/1/0/0", layer=1, bias_units=True))
    clean(network_figure(network, x, y, convention=preset, by="z/1/0"))
    clean(computation_tree(network, x, y, convention=preset, by="w/1/0/0"))


@pytest.mark.parametrize("cost", ["cross_entropy", "quadratic", "multiclass_hinge", "binary_cross_entropy"])
def test_a_linear_output_is_drawn_in_the_convention_that_wants_it(cost: str) -> None:
    network, x, y = drawn([4, 5, 3], "relu", "identity")
    for draw in FIGURES.values():
        clean(draw(network, x, y, convention="s3", cost=cost))
        clean(draw(network, x, y, convention="s3", cost=cost, by="w/2/1/3"))


@FEW
@given(problems(), st.sampled_from(PRESETS), st.booleans(), st.integers(0, 10**6))
def test_any_small_problem_is_drawn_without_a_collision(draw: Drawn, preset: str, own_colours: bool, pick: int) -> None:
    problem = draw.make()
    how = Convention.preset(preset).but(orientation="rows", colours="symbol") if own_colours else preset
    sizes = problem.network.sizes
    layer = 1 + pick % problem.network.depth
    w = f"w/{layer}/{pick % sizes[layer]}/{pick % sizes[layer - 1]}"
    here = {"convention": how, "cost": problem.cost, "by": w}
    example = problem.network, problem.x[0], problem.y[0]
    for figure in FIGURES.values():
        clean(figure(*example, **here))
    clean(network_figure(*example, **here | {"by": f"z/{layer}/{pick % sizes[layer]}"}, edges="gradient"))
    clean(network_figure(*example, **here, layer=layer, bias_units=True, most=2))


def test_the_same_call_gives_the_same_bytes() -> None:
    for draw in FIGURES.values():
        assert draw(*hard("5-4-3-2")).svg() == draw(*hard("5-4-3-2")).svg()


def test_every_figure_has_a_dark_side() -> None:
    for draw in FIGURES.values():
        scene = draw(*hard("2-3-2"))
        ElementTree.fromstring(scene.svg("dark"))
        assert scene.svg("dark") != scene.svg()


def test_numbers_in_labels_are_rounded_not_cut() -> None:
    assert [short(each) for each in (0.0, -0.0, 1.5, -0.123456, 1.23456e-12, -12345.678)] == [
        "0", "0", "1.5", "−0.1235", "1.235e−12", "−1.235e4",
    ]  # fmt: skip
    assert short(-math.inf) == "−∞"


# the path sum -------------------------------------------------------------------------------------------------------
@FEW
@given(problems(), st.integers(0, 10**6))
def test_the_routes_are_those_of_path_sums(draw: Drawn, pick: int) -> None:
    problem = draw.make()
    network, x, y = problem.network, problem.x[0], problem.y[0]
    layer = 1 + pick % network.depth
    j, k = pick % network.sizes[layer], pick % network.sizes[layer - 1]
    if network.output.full_slope and problem.cost.on(network.output).delta is None:
        return  # through its last softmax path_sums go on, and this figure ends with ∂C/∂z
    found = routes(seen_of(network, x, y, problem.cost), parse(f"w/{layer}/{j}/{k}", network.parameters), 10**6)
    p = Problem.exact(network, x, y, problem.cost)
    here = local(p.network, p.x[0], p.y[0], p.pair)
    want = sorted(here.a[layer - 1][k] * path.product for path in paths(p.network, here, layer, j))
    got = sorted(route.product for route in found.ranked)
    # a slope such as GELU's far out keeps few digits: it is good to some 1e-16, and the other factors make that larger
    assert np.allclose(got, want, rtol=1e-9, atol=1e-12 * max(map(abs, want)) + 1e-14)
    assert found.count == len(want)


@pytest.mark.parametrize("by", ["w/1/1/2", "b/1/0", "z/2/1", "a/1/2", "a/0/3", "x/3", "b/2/1", "w/3/0/1", "a/3/1"])
def test_the_running_sum_ends_on_the_gradient(by: str) -> None:
    network, x, y = hard("5-4-3-2")
    scene = path_sum(network, x, y, by=by, most=3)
    seen = seen_of(network, x, y)
    id = parse(by, network.parameters)
    end = number(seen.value(id))
    assert column(scene, "running sum")[-1] == end
    assert texts(scene).count(end) >= 2, "after the last route, and as the gradient"
    if id.kind in "wb":
        gradient = cr.gradient(network, x, y)
        entry = (
            gradient.weights[id.layer][id.neuron, id.source] if id.kind == "w" else gradient.biases[id.layer][id.neuron]
        )
        assert end == number(float(entry))


def test_the_routes_that_are_not_listed_have_an_exact_sum() -> None:
    network, x, y = hard("large")
    found = routes(seen_of(network, x, y, "cross_entropy"), Id("x", 0, 150), 8)
    w1, w2 = network.weights[1], network.weights[2]
    seen = seen_of(network, x, y, "cross_entropy")
    slopes = seen.slopes(1)
    all_products = [w1[j, 150] * slopes[j] * w2[m, j] * seen.into_z[2][m] for j, m in every(range(30), range(10))]
    ranked = sorted(all_products, key=lambda each: -abs(each))
    assert found.count == 300
    assert [route.product for route in found.ranked] == pytest.approx(ranked[:8], rel=1e-12)
    assert found.rest == pytest.approx(math.fsum(ranked[8:]), rel=1e-12)
    assert math.fsum([*(route.product for route in found.ranked), found.rest]) == pytest.approx(found.total, rel=1e-13)
    scene = path_sum(network, x, y, cost="cross_entropy", by="x/150")
    assert said(scene, "292 more") == "292 more routes"
    assert number(found.rest) in texts(scene)


def test_the_bars_of_the_running_sum_are_to_scale() -> None:
    scene = path_sum(*hard("5-4-3-2"), by="w/1/1/2")
    products = [abs(value(text)) for text in column(scene, "product")]
    bars = [each.width for each in scene.elements if isinstance(each, Rect) and each.height == 12 and each.filled]
    assert np.allclose(np.array(bars) / bars[0], np.array(products) / products[0], rtol=1e-3)


def test_printed_factors_multiply_to_the_printed_product() -> None:
    scene = path_sum(*hard("5-4-3-2"), by="w/1/1/2")
    head, *rows = scene.table
    shown = [str(label.text) for label in scene.labels()]
    for line in rows:
        factors = [value(text) for text in line[1:-2]]
        assert math.prod(factors) == pytest.approx(value(line[-2]), rel=1e-3)
        assert line[-2] in shown
    assert len(head) == len(rows[0])


@pytest.mark.parametrize("by", ["w/1/1/2", "b/1/0", "x/3", "z/1/1"])
def test_routes_are_drawn_in_the_network_as_wide_as_their_products_and_in_the_hue_of_their_sum(by: str) -> None:
    network, x, y = hard("5-4-3-2")
    seen = seen_of(network, x, y)
    found = routes(seen, parse(by, network.parameters), 24)
    elements = RouteMap(seen, found).draw(0.0, 0.0, 700.0)
    lines = [each for each in elements if isinstance(each, Line)]
    places = {str(each.text): (each.x, each.y) for each in elements if isinstance(each, Label)}
    most = sum(abs(route.product) for route in found.ranked)
    for layer, after in ((1, 2), (2, 3)):
        for j, m in every(range(network.sizes[layer]), range(network.sizes[after])):
            through = [r.product for r in found.ranked if (layer, j, j) in r.neurons and (after, m, m) in r.neurons]
            ends = [places.get(str(seen.letter("z", *at))) for at in ((layer, j), (after, m))]
            drawn = [] if None in ends else [
                line for line in lines
                if (line.points[0][0] - RADIUS, line.points[0][1], line.points[-1][0] + RADIUS, line.points[-1][1])
                == pytest.approx((*ends[0], *ends[1]))
            ]  # fmt: skip
            assert len(drawn) == bool(through), (layer, j, m)
            for line in drawn:
                assert line.width == pytest.approx(THIN + (THICK - THIN) * sum(map(abs, through)) / most)
                assert line.role == hue(math.fsum(through))
    widest = max(
        sum(line.width - THIN for line in lines if line.points[0][0] == at)
        for at in {line.points[0][0] for line in lines}
    )
    assert widest == pytest.approx(THICK - THIN)  # all of them together, at every column


def test_beside_its_numbers_each_route_is_drawn_alone() -> None:
    network, x, y = hard("5-4-3-2")
    seen = seen_of(network, x, y)
    drawn = RouteMap(seen, routes(seen, Id("w", 1, 1, 2), 6))
    paths = [[each for each in drawn.one(i, 0.0, 50.0, 70.0, 24.0) if isinstance(each, Line)] for i in range(6)]
    assert all(len(lines) == 1 for lines in paths)
    for i, (line,) in enumerate(paths):
        below = [stop.shown.index(stop.neurons[i]) - (len(stop.shown) - 1) / 2 for stop in drawn.stops]
        assert [np.sign(y - 50.0) for _, y in line.points[1:-1]] == [np.sign(each) for each in below]
        assert line.role == hue(drawn.found.ranked[i].product)
    assert len({line.points for (line,) in paths}) == 6


class Counted(float):
    """A number that counts its multiplications."""

    times = 0

    def __mul__(self, other: float) -> Counted:
        Counted.times += 1
        return Counted(float(self) * float(other))

    def __add__(self, other: float) -> Counted:
        return Counted(float(self) + float(other))

    __radd__ = __add__


def counted(values: Any) -> list[Counted]:
    return [Counted(each) for each in values]


@pytest.mark.parametrize("sizes", [[1, 1, 1, 1], [2, 3, 2], [5, 4, 3, 2], [3, 2]])
def test_the_multiplications_are_those_that_are_done(sizes: list[int]) -> None:
    network, x, y = drawn(sizes, "tanh", "sigmoid")
    seen, last = seen_of(network, x, y), len(sizes) - 1
    for layer in range(1, last + 1):
        v = Id("w", layer, 0, 0)
        found = routes(seen, v, 10**6)
        Counted.times = 0
        for route in found.ranked:
            first, *rest = counted(factor.value for factor in route.factors)
            for factor in rest:
                first = first * factor
        alone = Counted.times
        Counted.times = 0
        slopes = [Counted(seen.slope(last, j).value) for j in range(sizes[last])]
        delta = [a * s for a, s in zip(counted(seen.into_a[last]), slopes if last > layer else slopes[:1])]
        for l in range(last - 1, layer - 1, -1):
            neurons = range(sizes[l]) if l > layer else range(1)
            w = network.weights[l + 1]
            back = [sum((d * Counted(w[m, j]) for m, d in enumerate(delta)), Counted(0)) for j in neurons]
            delta = [each * Counted(seen.slope(l, j).value) for j, each in zip(neurons, back)]
        gradient = delta[0] * Counted(seen.trace.a[layer - 1][0])
        assert float(gradient) == pytest.approx(found.value)
        assert work(seen, v) == (alone, Counted.times)


def test_sharing_saves_what_the_figure_says() -> None:
    network, x, y = hard("5-4-3-2")
    alone, shared = work(seen_of(network, x, y), Id("w", 1, 1, 2))
    assert f"{shared} ({alone - shared} saved)" in texts(path_sum(network, x, y, by="w/1/1/2"))


@pytest.mark.parametrize("name", ["chain", "5-4-3-2", "large"])
def test_the_bars_of_multiplications_have_a_scale_for_each_pair_that_differs(name: str) -> None:
    """Beside 249,600 multiplications 30 and 12 would both have no length; 6 against 6 says nothing."""
    network, x, y = hard(name)
    scene = path_sum(network, x, y, cost="quadratic")
    seen = seen_of(network, x, y)
    v = steepest(seen, 1)
    bars = [each.width for each in scene.elements if isinstance(each, Rect) and each.height == 10]
    pairs = [pair for pair in (work(seen, v), whole_work(seen)) if pair[0] != pair[1]]
    assert len(pairs) == (1 if name == "chain" else 2)
    assert bars == pytest.approx([240 * count / max(pair) for pair in pairs for count in pair], rel=1e-9)
    assert scene.width <= 780


def test_factors_below_each_other_have_as_many_digits() -> None:
    """Of numbers that no short text gives exactly: what one row needs, all rows have."""
    network, x, y = drawn([5, 4, 3, 2], "tanh")
    seen = seen_of(network, x, y)
    differed = 0
    for j, k in every(range(4), range(5)):
        products = [(r.factors, r.product) for r in routes(seen, parse(f"w/1/{j}/{k}", network.parameters), 8).ranked]
        rows = factor_rows(products)
        assert len({digits(text) for row in rows for text in row}) == 1
        for row, (_, product) in zip(rows, products):
            missed = math.prod(map(value, row)) - value(number(product))
            assert abs(missed) <= unit(product) * (1 + 1e-6)
        differed += len({digits(text) for each in products for text in factor_numbers(*each)}) > 1
    assert differed, "each row alone would do"


def digits(text: str) -> int:
    """How many a number is written with, without its power of ten."""
    return len(text.lstrip("−").partition("e")[0].replace(".", "").lstrip("0"))


def test_a_factor_that_a_route_above_has_used_is_pale() -> None:
    scene = path_sum(*hard("2-3-2"), by="w/1/1/0")
    a_in = column(scene, scene.table[0][1])[0]
    roles = [
        label.role for label in scene.labels() if value_or_none(str(label.text)) == pytest.approx(value(a_in), rel=1e-4)
    ]
    assert roles == ["ink", "faint"]


def value_or_none(text: str) -> float:
    try:
        return value(text)
    except ValueError:
        return math.nan


def test_routes_that_do_not_add_up_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    original = of_routes._products
    monkeypatch.setattr(of_routes, "_products", lambda seen, v: (1.01 * original(seen, v)[0], original(seen, v)[1]))
    with pytest.raises(cr.DisagreementError, match="6 routes add up to"):
        path_sum(*hard("5-4-3-2"), by="w/1/1/2")


def test_a_route_may_pass_more_layers_than_an_array_has_axes() -> None:
    network, x, y = drawn([1] * 80, "tanh", "identity")
    found = routes(seen_of(network, x, y), parse("w/1/0/0", network.parameters), 3)
    assert (found.count, len(found.ranked[0].factors)) == (1, 1 + 2 * 78 + 2)
    assert found.total == pytest.approx(found.value, rel=1e-12)


def test_too_many_routes_are_refused_with_their_number() -> None:
    network, x, y = drawn([2, 101, 101, 101, 2], "tanh")
    with pytest.raises(cr.SettingError, match="2,060,602 routes lead from x/0"):
        path_sum(network, x, y, by="x/0")


# the tree -----------------------------------------------------------------------------------------------------------
def test_the_lit_route_of_the_chain_has_the_five_factors_of_the_exercise() -> None:
    network, x, y = hard("chain")
    scene = computation_tree(network, x, y, convention="s1", cost="squared_error", by="w/2/0/0")
    seen = seen_of(network, x, y, "squared_error", "s1")
    want = [seen.trace.a[1][0], seen.slopes(2)[0], 1.2, seen.slopes(3)[0], 2 * (seen.trace.a[3][0] - 1)]
    names = [
        "∂z⁽²⁾/∂w⁽²⁾ = a⁽¹⁾", "∂a⁽²⁾/∂z⁽²⁾ = σ′(z⁽²⁾)", "∂z⁽³⁾/∂a⁽²⁾ = w⁽³⁾",
        "∂a⁽³⁾/∂z⁽³⁾ = σ′(z⁽³⁾)", "∂C/∂a⁽³⁾ = 2(a⁽³⁾ − y)",
    ]  # fmt: skip
    for name, factor in zip(names, want):
        assert said(scene, name) == f"{name} = {short(factor, 6)}"
    assert [text for text in column(scene, "its value") if text] == list(map(number, want))
    left, *numbers, end = re.split(r" = | · ", said(scene, "∂C/∂w⁽²⁾ = "))
    assert left == "∂C/∂w⁽²⁾"
    assert end == number(math.prod(want)) == "−0.040465"
    assert math.prod(value(text.strip("()")) for text in numbers) == pytest.approx(value(end), abs=1e-6)


def test_the_first_tree_shows_the_last_layer_alone_and_that_it_goes_on() -> None:
    network, x, y = hard("chain")
    scene = computation_tree(network, x, y, convention="s1", cost="squared_error", layer=3)
    names = [text for text in texts(scene) if not text[0].isdecimal() and not text.startswith("−")]
    assert {"w⁽³⁾", "a⁽²⁾", "b⁽³⁾", "z⁽³⁾", "a⁽³⁾", "y", "C"} <= set(names)
    assert not [text for text in names if "⁽¹⁾" in text or text in ("w⁽²⁾", "z⁽²⁾")]
    assert "goes on above" in scene.description
    assert "goes on above" not in computation_tree(network, x, y).description


def test_what_stands_above_a_sum_adds_up_to_it() -> None:
    network, x, y = hard("large")
    scene = computation_tree(network, x, y, cost="cross_entropy", by="w/1/3/150", most=8)
    rows = [line for line in scene.table if line[2] == "z¹₃"]
    w = next(value(line[1]) for line in rows if line[0] == "w¹₃,₁₅₀")
    a = next(value(line[1]) for line in rows if line[0] == "a⁰₁₅₀")
    others = [value(line[1]) for line in rows if line[0] not in ("w¹₃,₁₅₀", "a⁰₁₅₀")]
    z = cr.forward(network, x).z[1][3]
    assert w * a + math.fsum(others) == pytest.approx(z, abs=1e-5)
    rest = next(line for line in rows if line[0] == "776 more")
    terms = network.weights[1][3] * x
    order = [k for k in np.argsort(-np.abs(terms), kind="stable") if k != 150]
    assert value(rest[1]) == pytest.approx(math.fsum(terms[order[7:]]), rel=1e-5)
    assert scene.width > 1200
    assert (
        computation_tree(network, x, y, cost="cross_entropy", by="w/1/3/150").width <= 850
    )  # fewer, as it was not said


@pytest.mark.parametrize(
    ("hidden", "output", "cost"),
    [
        ("tanh", "softmax", "cross_entropy"),
        ("tanh", "identity", "cross_entropy"),
        ("tanh", "sigmoid", "binary_cross_entropy"),
        ("tanh", "identity", "multiclass_hinge"),
        ("sigmoid", "sigmoid", "quadratic"),
        ("sigmoid", "sigmoid", "huber"),
    ],
)
@pytest.mark.parametrize("size", [3, 12])
def test_what_the_cost_is_drawn_to_depend_on_it_depends_on(hidden: str, output: str, cost: str, size: int) -> None:
    """Outputs and targets make every cost; a difference a − y makes only some."""
    network = cr.Network.random([3, 4, size], hidden, output, seed=1, dtype="float64")
    x, y = np.array([0.5, -1.0, 0.8]), np.eye(size)[1]
    scene = computation_tree(network, x, y, cost=cost)
    into_c = [line for line in scene.table if line[2] == "C"]
    a = cr.forward(network, x).a[2]
    shown = 0
    for name, numbers, *_ in into_c:
        assert "−" not in name
        found = re.fullmatch(r"a²(\S+), y(\S+)", name)
        if found:
            j = int(found[1].translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")))
            assert [value(each) for each in numbers.split(", ")] == pytest.approx([a[j], y[j]], rel=1e-5)
            shown += 1
    more = [int(name.split()[0]) for name, *_ in into_c if name.endswith("more outputs")]
    assert shown + 1 + sum(more) == size


def test_boxes_and_edges_of_the_route_are_lit_and_no_others() -> None:
    scene = computation_tree(*hard("5-4-3-2"), by="w/2/1/0")
    boxes = [each for each in scene.elements if isinstance(each, Rect) and each.role == "accent"]
    edges = [each for each in scene.elements if isinstance(each, Line) and each.role == "accent"]
    assert (len(boxes), len(edges)) == (6, 5), "w z a z a C, and the steps between them"
    plain = computation_tree(*hard("5-4-3-2"))
    assert not [each for each in plain.elements if getattr(each, "role", "") == "accent"]


def test_the_z_of_a_softmax_that_are_not_shown_are_not_added_up() -> None:
    """It adds up no z; of inputs of a neuron, whose products are added, the sum of the others is said."""
    network, x, y = hard("large")
    into_a = [line for line in computation_tree(network, x, y, cost="cross_entropy").table if line[2].startswith("a²")]
    more = [line for line in into_a if " more " in line[0]]
    assert [line[:2] for line in more] == [("8 more z²", "through softmax")]


def test_a_product_that_is_zero_names_the_factor_that_makes_it_so() -> None:
    network, x, y = hard("5-4-3-2")
    x = np.where(np.arange(5) == 2, 0.0, x)
    scene = computation_tree(network, x, y, by="w/1/1/2")
    assert said(scene, "this route").endswith(" = 0, because ∂z¹₁/∂w¹₁₂ = 0")
    assert "because" not in said(computation_tree(network, x, y, by="w/1/1/1"), "this route")


def test_the_tree_says_which_share_of_all_routes_it_shows() -> None:
    network, x, y = hard("5-4-3-2")
    scene = computation_tree(network, x, y, by="w/1/1/2")
    strongest = routes(seen_of(network, x, y), Id("w", 1, 1, 2), 1)
    assert said(scene, "this route").endswith(f"= {number(strongest.ranked[0].product)}")
    assert said(scene, "all 6 routes together").endswith(f"= {number(strongest.value)}")


# one weight ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("by", ["w/1/1/2", "w/3/0/1", "b/2/1"])
def test_the_three_elements_multiply_to_the_derivative(by: str) -> None:
    network, x, y = hard("5-4-3-2")
    scene = in_weight_out(network, x, y, by=by)
    seen, id = seen_of(network, x, y), parse(by, network.parameters)
    delta = float(seen.into_z[id.layer][id.neuron])
    a = float(seen.trace.a[id.layer - 1][id.source]) if id.kind == "w" else 1.0
    product = f"{seen.a(id.layer - 1, id.source)} · " if id.kind == "w" else ""
    d = seen.letter("δ", id.layer, id.neuron)
    assert said(scene, f"{seen.by(id)} = ") == f"{seen.by(id)} = {product}{d} = {number(a * delta)}"
    shown = [value_or_none(text) for text in texts(scene)]
    assert any(each == pytest.approx(delta, rel=1e-5) for each in shown)
    assert any(each == pytest.approx(a, rel=1e-5) for each in shown)


@pytest.mark.parametrize("by", ["w/1/1/2", "w/2/0/1", "w/3/0/1", "b/2/1"])
def test_what_the_arrow_back_carries_is_this_weights_share_of_the_derivative_by_a(by: str) -> None:
    """w δ goes back to a, and adds up with the others to ∂C/∂a; ∂C/∂w does not travel. A bias has nothing before it."""
    network, x, y = hard("5-4-3-2")
    scene, id = in_weight_out(network, x, y, by=by), parse(by, network.parameters)
    arrows = [each for each in scene.elements if isinstance(each, Line) and each.arrow and each.role == "backward"]
    if id.kind == "b":
        assert arrows == []
        return
    (arrow,) = arrows
    (start, at), (end, _) = arrow.points
    assert start > end, "it leads back"
    beside = [label for label in scene.labels() if end < label.x < start and 0 < label.y - at < 25]
    seen = seen_of(network, x, y)
    (share,) = beside
    w, d = seen.weight(id.layer, id.neuron, id.source), seen.letter("δ", id.layer, id.neuron)
    found = cr.backward(cr.forward(network, x), y)
    sent = network.weights[id.layer][:, id.source] * found.delta[id.layer]
    assert str(share.text) == f"{w} {d} = {number(float(sent[id.neuron]))}"
    assert math.fsum(sent) == pytest.approx(found.da[id.layer - 1][id.source])


def test_the_bars_are_as_long_as_the_decades_and_add_up() -> None:
    network, x, y = hard("5-4-3-2")
    reason = why(network, x, y, "w/1/1/2")
    scene = in_weight_out(network, x, y, by="w/1/1/2")
    bars = [each.width for each in scene.elements if isinstance(each, Rect) and each.height == 12]
    decades = [abs(share.decades) for share in reason.factors]
    ticks = {str(label.text): label.x for label in scene.labels() if label.role == "faint"}
    scale = ticks["1"] - ticks["10⁻¹"]  # a decade
    assert bars[-1] == pytest.approx(scale * abs(reason.decades), rel=1e-9)
    for bar, share in zip(bars, decades):
        assert bar == pytest.approx(max(scale * share, 1.0), rel=1e-9)
    assert sum(share.decades for share in reason.factors) == pytest.approx(reason.decades)
    assert math.prod(value(text) for text in column(scene, "value")[: len(decades)]) == pytest.approx(
        reason.value, rel=1e-4
    )


def test_a_factor_of_zero_has_a_bar_without_end_and_is_no_number_of_decades() -> None:
    network, x, y = hard("large")
    k = int(np.argmin(x))
    scene = in_weight_out(network, x, y, by=f"w/1/0/{k}", cost="cross_entropy")
    assert x[k] == 0
    assert texts(scene).count("0") >= 2
    assert scene.table[1][1:3] == ("0", "0")


def test_the_factor_to_blame_is_the_one_in_bold() -> None:
    network, x, y = drawn([2, 3, 2], scale=12.0)
    reason = why(network, x, y, "w/2/1/1")
    assert reason.slow
    worst = min(reason.factors, key=lambda share: share.decades)
    bold = [str(label.text) for label in in_weight_out(network, x, y, by="w/2/1/1").labels() if label.bold]
    assert ratio(worst.decades) in bold


def test_without_an_id_the_smallest_derivative_that_is_not_zero_is_shown() -> None:
    network, _, y = hard("2-3-2")
    x = np.array([0.0, 0.7])
    gradient = cr.gradient(network, x, y)
    smallest = min(abs(float(each)) for w in gradient.weights for each in w.ravel() if each)
    assert abs(value(column(in_weight_out(network, x, y), "value")[-1])) == pytest.approx(smallest, rel=1e-3)


def test_what_is_rounding_noise_beside_the_largest_input_is_not_shown_as_the_slowest() -> None:
    network, _, y = hard("2-3-2")
    scene = in_weight_out(network, np.array([3e-19, 0.7]), y)
    assert value(scene.table[1][1]) > 1e-6


def test_the_reason_is_set_in_formulas_as_the_rest_of_the_picture() -> None:
    network, _, y = hard("2-3-2")
    scene = in_weight_out(network, np.array([3e-19, 0.7]), y, by="w/1/0/0")
    (line,) = (label.text for label in scene.labels() if str(label.text).startswith("w¹₀₀ learns slowly"))
    assert isinstance(line, Row)
    assert line.pieces[0] == Symbol("w", "1", "00")
    assert "10¹⁹ times below" in str(line)
    assert not re.search("[⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃]", "".join(each.text for each in _written(line)))


def _written(formula: Formula) -> list[Written]:
    """The texts in a formula, without its letters."""
    inside = {Row: "pieces", Bracket: "inside", Marked: "base"}.get(type(formula))
    if inside is None:
        return [formula] if isinstance(formula, Written) else []
    found = getattr(formula, inside)
    return [each for piece in (found if isinstance(found, tuple) else (found,)) for each in _written(piece)]


@pytest.mark.parametrize(("scale", "title"), [(1.0, "How fast w²₁₁ learns"), (12.0, "Why w²₁₁ learns slowly")])
def test_the_title_asks_how_fast_or_why_slowly(scale: float, title: str) -> None:
    network, x, y = drawn([2, 3, 2], scale=scale)
    assert said(in_weight_out(network, x, y, by="w/2/1/1"), title) == title


# the network --------------------------------------------------------------------------------------------------------
def wires(scene: Scene) -> list[Line]:
    """The edges: straight lines between two points that are neither arrows nor halves of neurons."""
    return [
        each for each in scene.elements
        if isinstance(each, Line) and len(each.points) == 2 and each.points[0][0] != each.points[1][0]
    ]  # fmt: skip


@pytest.mark.parametrize("edges", ["weight", "gradient"])
def test_every_edge_is_as_wide_as_its_number_and_has_its_sign_in_hue_and_print(edges: str) -> None:
    network, x, y = hard("2-3-2")
    scene = network_figure(network, x, y, edges=edges)
    gradient = cr.gradient(network, x, y)
    ws = network.weights if edges == "weight" else gradient.weights
    want = sorted(float(each) for w in ws for each in w.ravel())
    lines = wires(scene)
    widths = [0.7 + 4.8 * abs(each) / max(map(abs, want)) for each in want]
    assert sorted(line.width for line in lines) == pytest.approx(sorted(widths))
    assert sorted(line.role for line in lines) == sorted("positive" if each > 0 else "negative" for each in want)
    printed = [str(label.text) for label in scene.labels() if label.role in ("positive", "negative")]
    assert sorted(printed) == sorted([*(short(each, 3) for each in want), "positive", "negative"])
    assert all(line.dashed == (edges == "gradient") for line in lines)


@FEW
@given(problems(), st.booleans())
def test_whatever_has_a_hue_has_a_number(draw: Drawn, by_gradient: bool) -> None:
    problem = draw.make()
    edges = "gradient" if by_gradient else "weight"
    scene = network_figure(problem.network, problem.x[0], problem.y[0], cost=problem.cost, edges=edges)
    hues = ("positive", "negative")
    coloured = sum(line.role in hues for line in wires(scene))
    printed = sum(label.role in hues for label in scene.labels()) - len(hues)  # the words of the legend
    assert coloured == printed


def test_a_and_delta_of_every_neuron_stand_above_and_below_it() -> None:
    network, x, y = hard("5-4-3-2")
    scene = network_figure(network, x, y)
    back = cr.backward(cr.forward(network, x), y)
    circles = {(each.x, each.y) for each in scene.elements if isinstance(each, Circle)}
    assert len(circles) == 14
    by_place = {(round(label.x), round(label.y)): label for label in scene.labels()}
    for layer in (1, 2, 3):
        for j in range(network.sizes[layer]):
            a, delta = short(float(back.trace.a[layer][j])), short(float(back.delta[layer][j]))
            name = next(label for label in scene.labels() if str(label.text) == str(Convention().symbol("a", layer, j)))
            above, below = (by_place[round(name.x), round(name.y + side)] for side in (-26, 27))
            assert (str(above.text), above.role, above.slanted) == (a, "forward", False)
            assert (str(below.text), below.role, below.slanted) == (delta, "backward", True)
    heights = {str(label.text): label.y for label in scene.labels()}
    assert heights["a¹₀"] < heights["a¹₁"] < heights["a¹₂"] < heights["a¹₃"]


def test_neurons_are_filled_by_a_and_ringed_by_delta_as_shares_of_the_largest_anywhere() -> None:
    """So that an error that vanishes on its way back is seen to; the inputs have none, and a thin ring."""
    network, x, y = hard("chain")
    seen = seen_of(network, x, y)
    discs = [each for each in network_figure(network, x, y).elements if isinstance(each, Circle)]
    rings = {each.of: each for each in discs if each.of}
    fills = {(each.x, each.y): each.opacity for each in discs if each.filled == "forward"}
    assert len(rings) == len(fills) == 4
    assert rings["x/0"].stroke == 1.0
    for layer in (1, 2, 3):
        ring = rings[f"a/{layer}/0"]
        error, largest = abs(seen.into_z[layer][0]), max(abs(each[0]) for each in seen.into_z.values())
        assert ring.stroke == pytest.approx(1 + 4 * error / largest)
        a, most = abs(seen.trace.a[layer][0]), max(abs(each[0]) for each in seen.trace.a)
        assert fills[ring.x, ring.y] == pytest.approx(0.55 * a / most)
    for name in ("zero", "saturated", "dead"):
        clean(network_figure(*hard(name)))


def shown_in(scene: Scene, layer: int, size: int) -> set[int]:
    """The neurons of a layer that are drawn."""
    names = {str(Convention().symbol("a", layer, j)): j for j in range(size)}
    return {names[text] for text in texts(scene) if text in names}


def test_outputs_are_shown_whole_and_of_many_those_that_win_or_should() -> None:
    for outputs in (10, 12, 40):
        network = cr.Network.random([20, 30, outputs], "relu", "softmax", seed=4, dtype="float64")
        x, y = np.random.default_rng(0).standard_normal(20), np.eye(outputs)[-1]
        network = network.with_parameters(4.0 * network.parameters)
        shown = shown_in(network_figure(network, x, y, cost="cross_entropy"), 2, outputs)
        p = cr.forward(network, x).a[2].ravel()
        if outputs <= 12:
            assert shown == set(range(outputs))
        else:
            assert len(shown) == 8
            assert {outputs - 1, *np.argsort(-p)[:5]} <= shown
        few = shown_in(network_figure(network, x, y, cost="cross_entropy", most=3), 2, outputs)
        assert len(few) == 3
        assert {int(p.argmax()), outputs - 1} <= few


def test_hidden_neurons_are_chosen_by_what_they_do_on_this_example() -> None:
    network = cr.Network.random([20, 60, 4], "relu", "softmax", seed=4, dtype="float64")
    rng = np.random.default_rng(3)
    for _ in range(5):
        x = rng.standard_normal(20)
        trace = cr.forward(network, x)
        a, delta = trace.a[1].ravel(), cr.backward(trace, np.eye(4)[0], "cross_entropy").delta[1].ravel()
        sent = np.abs(network.weights[2] * a).max(axis=0)
        scene = network_figure(network, x, np.eye(4)[0], cost="cross_entropy")
        shown = shown_in(scene, 1, 60)
        assert len(shown) == 8
        assert a[list(shown)].min() > 0  # no neuron that is off
        assert {int(sent.argmax()), int(np.abs(delta).argmax())} <= shown
        rest = [j for j in range(60) if j not in shown]
        assert f"Σ {short(math.fsum(a[rest]))}" in texts(scene)
        off = int(np.flatnonzero(a == 0)[0])
        assert off in shown_in(network_figure(network, x, np.eye(4)[0], cost="cross_entropy", by=f"z/1/{off}"), 1, 60)


@pytest.mark.parametrize("options", [{}, {"bias_units": True}, {"layer": 1}, {"edges": "gradient"}, {"by": "z/2/3"}])
def test_no_line_runs_through_a_number_without_paper_behind_it(options: dict[str, Any]) -> None:
    network, x, y = drawn([30, 40, 12], "tanh")
    scene = network_figure(network, x, y, **options)
    papers = [each.box for each in scene.elements if isinstance(each, (Rect, Circle)) and each.filled]
    papers = [Box(each.left - 1, each.top - 1, each.right + 1, each.bottom + 1) for each in papers]
    struck = []
    for line in wires(scene):
        (x0, y0), (x1, y1) = line.points[0], line.points[-1]
        for label in scene.labels():
            box = label.box
            low, high = max(box.left, min(x0, x1)), min(box.right, max(x0, x1))
            if low >= high or label.halo or any(box.inside(each) for each in papers):
                continue
            heights = [y0 + (y1 - y0) * (at - x0) / (x1 - x0) for at in (low, high)]
            if min(heights) < box.bottom and box.top < max(heights):
                struck.append(str(label.text))
    assert struck == []


@pytest.mark.parametrize("sizes", [[1, 1, 1, 1], [2, 5, 3], [30, 4, 12]])
def test_columns_have_one_middle_with_units_below_or_without(sizes: list[int]) -> None:
    network, x, y = drawn(sizes)
    for units in (False, True):
        circles = [
            each
            for each in network_figure(network, x, y, bias_units=units, most=3).elements
            if isinstance(each, Circle)
        ]
        pills = [
            each for each in network_figure(network, x, y, bias_units=units, most=3).elements if isinstance(each, Rect)
        ]
        middles = []
        for at in sorted({circle.x for circle in circles}):
            ys = [circle.y for circle in circles if circle.x == at]
            ys += [pill.y + pill.height / 2 for pill in pills if pill.round == 12 and pill.x + pill.width / 2 == at]
            middles.append((min(ys) + max(ys)) / 2)
        assert max(middles) - min(middles) < 1e-9


def test_what_is_printed_at_a_neuron_has_paper_behind_it() -> None:
    """Lit edges pass behind the numbers of the neurons, also where these are split into z and a."""
    network, x, y = drawn([3, 4, 2])
    for scene in (network_figure(network, x, y), network_figure(network, x, y, layer=1, by="w/1/0/0")):
        at_neurons = [
            each for each in scene.labels() if each.size == 11.5 and re.fullmatch("[−+0-9.e]+", str(each.text))
        ]
        assert len(at_neurons) > 10
        assert all(label.halo for label in at_neurons)


def test_biases_are_visible_as_numbers_or_as_edges_from_a_square_unit() -> None:
    network, x, y = hard("2-3-2")
    biases = [float(each) for b in network.biases for each in b]
    plain, units = network_figure(network, x, y), network_figure(network, x, y, bias_units=True)
    assert {f"b = {short(each)}" for each in biases} <= set(texts(plain))
    assert not any(text.startswith("b = ") for text in texts(units))
    assert {short(each, 3) for each in biases} <= set(texts(units))
    assert len(wires(units)) == len(wires(plain)) + len(biases)
    delta = cr.backward(cr.forward(network, x), y).delta
    slopes = network_figure(network, x, y, bias_units=True, edges="gradient")
    assert {short(float(each), 3) for d in delta for each in d} <= set(texts(slopes))
    squares = [each for each in units.elements if isinstance(each, Rect) and each.width == each.height == 26]
    assert len(squares) == 2
    by_layer = drawn([3, 4, 2], bias="layer")
    assert f"b¹ = {short(float(by_layer[0].biases[1][0]))}" in texts(network_figure(*by_layer))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_lit_neuron_shows_its_edges_and_its_row_of_the_matrix(preset: str) -> None:
    network, x, y = drawn([6, 3])
    scene = network_figure(network, x, y, by="z/1/1", convention=preset)
    lit = [line for line in wires(scene) if line.role in ("positive", "negative")]
    assert len(lit) == 6
    frame = max(
        (each for each in scene.elements if isinstance(each, Rect) and each.opacity < 0.2), key=lambda r: r.width
    )
    inside = [
        label for label in scene.labels()
        if frame.x < label.x < frame.x + frame.width and frame.y < label.y < frame.y + frame.height
    ]  # fmt: skip
    ordered = sorted(inside, key=lambda label: label.x)
    assert [str(label.text) for label in ordered] == [brief(float(each)) for each in network.weights[1][1]]
    (entry,) = [text for text in texts(scene) if "row · column" in text]
    assert entry.endswith(f" = {written(float(cr.forward(network, x).z[1][1]))}")


def test_an_author_who_writes_rows_has_a_column_of_the_turned_matrix_lit() -> None:
    network, x, y = drawn([6, 3])
    scene = network_figure(network, x, y, by="z/1/1", convention=Convention.preset("s2").but(orientation="rows"))
    frame = max(
        (each for each in scene.elements if isinstance(each, Rect) and each.opacity < 0.2), key=lambda r: r.height
    )
    assert frame.height == 6 * 25 - 2
    assert "(w¹)ᵀ" in texts(scene)


def test_two_neurons_have_their_edges_lit_in_two_layers() -> None:
    scene = network_figure(*hard("5-4-3-2"), by=["z/1/2", "a/2/0"])
    assert sum(line.role in ("positive", "negative") for line in wires(scene)) == 5 + 4


def test_three_layers_split_their_middle_neurons_and_write_the_derivative() -> None:
    network, x, y = hard("5-4-3-2")
    scene = network_figure(network, x, y, by="w/2/1/2", layer=2, convention="s4")
    assert {"z²₁", "a²₁", "a¹₁", "a³₁"} <= set(texts(scene))
    assert not [text for text in texts(scene) if text.startswith("a⁰")]
    seen = seen_of(network, x, y, convention="s4")
    back, slope, a = seen.into_a[2][1], seen.slopes(2)[1], seen.trace.a[1][2]
    left, symbols, numbers, end = said(scene, "∂C/∂w²₂₃ = ").split(" = ")
    assert (left, symbols) == ("∂C/∂w²₂₃", "(Σₘ δ³ₘ w³ₘ₂) σ′(z²₂) a¹₃")
    assert [value(text) for text in numbers.strip("()").split(") (")] == pytest.approx([back, slope, a], rel=1e-5)
    assert end == number(float(cr.gradient(network, x, y).weights[2][1, 2]))
    lit = [line for line in wires(scene) if line.role in ("positive", "negative")]
    assert len(lit) == 1 + 2, "the weight, and on to every neuron of the layer above"


def test_around_a_weight_of_a_large_network_nothing_else_is_drawn_and_the_rest_is_summed_exactly() -> None:
    """The weight, its neuron with its bias, and the four outputs that it does most to; who asks for more neurons gets them."""
    network, x, y = hard("large")
    asked: dict[str, Any] = {"by": "w/1/3/150", "layer": 1, "bias_units": True, "cost": "cross_entropy"}
    scene = network_figure(network, x, y, **asked)
    lines = [line for line in wires(scene) if line.role in ("positive", "negative", "faint")]
    ids = {line.of for line in lines}
    seen = seen_of(network, x, y, "cross_entropy")
    most = np.argsort(-np.abs(seen.into_z[2] * network.weights[2][:, 3]))[:4].tolist()
    assert shown_in(scene, 2, 10) == set(most)
    assert (shown_in(scene, 1, 30), shown_in(scene, 0, 784)) == ({3}, {150})
    assert ids == {"w/1/3/150", "b/1/3", "", *(f"w/2/{j}/3" for j in most), *(f"b/2/{j}" for j in most)}
    rest = math.fsum(float(network.weights[2][j, 3]) for j in range(10) if j not in most)
    assert f"Σ {short(rest)}" in texts(scene)
    others = network.weights[2].sum() - network.weights[2][:, 3].sum()
    assert f"{300 - 10} more w², Σ = {short(float(others))}" in texts(scene)
    assert scene.height < 800
    assert len(shown_in(network_figure(network, x, y, **asked, most=6), 1, 30)) == 6


@pytest.mark.parametrize("name", ["chain", "2-3-2"])
def test_with_a_weight_lit_the_biases_that_are_units_have_their_numbers_and_its_product_every_factor(name: str) -> None:
    network, x, y = hard(name)
    scene = network_figure(network, x, y, by="w/1/0/0", layer=1, bias_units=True)
    printed = {each.of: str(each.text) for each in scene.labels() if each.of.startswith("b/")}
    assert printed == {f"b/{l}/{j}": short(float(b), 3) for l in (1, 2) for j, b in enumerate(network.biases[l])}
    answer = next(label for label in scene.labels() if str(label.text).startswith("∂C/∂w¹"))
    legend = next(label for label in scene.labels() if str(label.text).startswith("above: "))
    assert answer.y < legend.y
    if name == "chain":
        _, symbols, numbers, _ = str(answer.text).split(" = ")
        assert symbols == "δ² w² σ′(z¹) a⁰"
        seen = seen_of(network, x, y)
        want = [seen.into_z[2][0], network.weights[2][0, 0], seen.slopes(1)[0], x[0]]
        assert [value(text) for text in numbers.strip("()").split(") (")] == pytest.approx(want, rel=1e-5)


def ringed(scene: Scene) -> set[str]:
    """The pixels of the input that are shown."""
    return {each.of for each in scene.elements if isinstance(each, Rect) and each.of.startswith("x/")}


def test_a_large_network_shows_its_input_as_a_picture_and_its_outputs_as_bars_of_log_p() -> None:
    """Neurons are filled by |a| and ringed by |δ|; the dashed gap from the target's bar to p = 1 is the cross-entropy."""
    network, x, y = hard("large")
    scene = network_figure(network, x, y, cost="cross_entropy")
    seen = forward(network, x)
    delta = backward(seen, y, "cross_entropy").delta
    bars = {each.of: each for each in scene.elements if isinstance(each, Rect) and each.of.startswith("a/2/")}
    (gap,) = [each for each in scene.elements if isinstance(each, Line) and each.role == "backward" and each.dashed]
    (start, y0), (end, _) = gap.points
    (low,) = [label for label in scene.labels() if str(label.text).startswith("10")]
    decades = -float(low.text.above.replace("−", "-"))  # type: ignore[union-attr]
    pixels = (end - bars["a/2/0"].x) / decades  # to a power of ten
    for j, p in enumerate(seen.a[2]):
        assert bars[f"a/2/{j}"].width == pytest.approx(pixels * (decades + math.log10(p)))
    assert y0 == bars[f"a/2/{int(np.argmax(y))}"].y + 8
    assert (end - start) / pixels * math.log(10) == pytest.approx(cr.cost(network, x, y, "cross_entropy"))
    rings = {each.of: each for each in scene.elements if isinstance(each, Circle) and each.of}
    assert {name.split("/")[1] for name in rings} == {"1"}
    order = sorted(rings, key=lambda name: rings[name].stroke)
    assert order == sorted(rings, key=lambda name: abs(delta[1][int(name.split("/")[2])]))
    fills = {(each.x, each.y): each.opacity for each in scene.elements if isinstance(each, Circle) and each.opacity < 1}
    full = {name: fills[ring.x, ring.y] / abs(seen.a[1][int(name.split("/")[2])]) for name, ring in rings.items()}
    assert len({f"{each:.9f}" for each in full.values()}) == 1
    dark = {each.filled for each in scene.elements if isinstance(each, Rect) and not each.stroke and each.width < 20}
    assert "ink" in dark  # cells of the picture, whose x has no sign


@pytest.mark.parametrize("side", [8, 28])
def test_edges_out_of_a_picture_begin_at_its_side_and_are_the_strongest_into_each_neuron(side: int) -> None:
    """So that they hide no pixel and are a fan, whichever neuron has the largest error; thin leaders go on to the pixel."""
    network = cr.Network.random([side * side, 30, 10], "sigmoid", "softmax", seed=4, dtype="float64")
    x, y = np.random.default_rng(0).random(side * side), np.eye(10)[3]
    scene = network_figure(network, x, y, cost="cross_entropy")
    frame = next(each for each in scene.elements if isinstance(each, Rect) and each.role == "faint" and not each.filled)
    left, top, right, bottom = frame.x + 1, frame.y + 1, frame.x + frame.width - 1, frame.y + frame.height - 1
    edges = [line for line in wires(scene) if line.of.startswith("w/1/") and line.role != "faint"]
    for line in edges:
        x0, y0 = line.points[0]
        assert left < x0 < right + 1e-9
        assert top - 1e-9 < y0 < bottom + 1e-9
        assert min(abs(x0 - right), abs(y0 - top), abs(y0 - bottom)) < 1e-9
    into = [int(line.of.split("/")[2]) for line in edges]
    assert len(into) == len(set(into)) == len(shown_in(scene, 1, 30)) == 8
    slopes = np.abs(cr.gradient(network, x, y, "cross_entropy").weights[1])
    pixels = [int(each.split("/")[1]) for each in ringed(scene)]
    for line in edges:
        _, _, j, k = line.of.split("/")
        assert slopes[int(j), int(k)] == slopes[int(j), pixels].max()
    ends = sorted(line.points[1] for line in scene.elements if isinstance(line, Line) and line.role == "accent")
    assert ends == sorted(line.points[0] for line in edges)


@pytest.mark.parametrize("target", [0, 5])
@pytest.mark.parametrize("gain", [0.1, 6.0])
def test_the_scale_of_the_bars_is_right_above_the_first_and_the_cost_is_at_its_gap(target: int, gain: float) -> None:
    network, x, _ = hard("large")
    network = network.with_parameters(gain * network.parameters)
    target = int(np.argsort(-cr.forward(network, x).a[2].ravel())[target]) if target else 0
    scene = network_figure(network, x, target, cost="cross_entropy")
    first, *_ = [each.box for each in scene.elements if isinstance(each, Rect) and each.of == "a/2/0"]
    scale = [label for label in scene.labels() if str(label.text) == "p = 1" or str(label.text).startswith("10")]
    assert len(scale) == 2
    assert all(first.top - 30 < label.y < first.top for label in scale)
    value = cr.cost(network, x, np.eye(10)[target], "cross_entropy")
    own = next(each.box for each in scene.elements if isinstance(each, Rect) and each.of == f"a/2/{target}")
    said = [label for label in scene.labels() if str(label.text) == f"C {short(float(value), 3)}"]
    assert [own.top - 12 < label.y < own.bottom for label in said] == [True]
    clean(scene)


@pytest.mark.parametrize("right", [False, True])
def test_the_pulls_of_the_last_hidden_layer_add_up_to_the_difference_of_two_outputs(right: bool) -> None:
    """One bar per neuron, sorted, to scale; the sums of both sides and the biases are z_target − z_answer, exactly."""
    network, x, _ = hard("large")
    biased = cr.Parameters(list(network.weights), [np.linspace(-1, 1, b.size) for b in network.biases])
    network = network.with_parameters(biased)
    trace = forward(network, x)
    first, second = np.argsort(-trace.a[2])[:2].tolist()
    target, other = (first, second) if right else (second, first)
    tug = TugOfWar.of(seen_of(network, x, np.eye(10)[target], "cross_entropy"))
    assert (tug.target, tug.other, tug.missed) == (target, other, not right)
    pulls = trace.a[1] * (network.weights[2][target] - network.weights[2][other])
    biases = network.biases[2][target] - network.biases[2][other]
    assert tug.total == math.fsum([*pulls, biases]) == pytest.approx(trace.z[2][target] - trace.z[2][other], rel=1e-12)
    assert tug.total == pytest.approx(math.log(trace.a[2][target] / trace.a[2][other]), rel=1e-12)
    scene = network_figure(network, x, target, cost="cross_entropy")
    bars = {each.of: each for each in scene.elements if isinstance(each, Rect) and each.of.startswith("a/1/")}
    sizes = {id: (1 if bar.filled == "positive" else -1) * bar.height for id, bar in bars.items()}
    scale = max(map(abs, sizes.values())) / np.abs(pulls).max()
    assert {id: size / scale for id, size in sizes.items()} == pytest.approx(
        {f"a/1/{k}": each for k, each in enumerate(pulls) if f"a/1/{k}" in bars}
    )
    assert sum(abs(each) for k, each in enumerate(pulls) if f"a/1/{k}" not in bars) < 0.01 * np.abs(pulls).sum()
    in_order = sorted(bars, key=lambda id: bars[id].x)
    assert [sizes[id] for id in in_order] == sorted(sizes.values(), reverse=True)
    said_of = said(scene, f"z²{str(target).translate(SUBSCRIPT)} − z²{str(other).translate(SUBSCRIPT)} = ")
    assert (
        f"{written(pulls[pulls > 0].sum())} (for {target}) − {written(-pulls[pulls < 0].sum())} (for {other}) "
        in said_of
    )
    assert f"= {written(tug.total)} = ln(" in said_of
    assert f"Why {first} and not {second}" in texts(scene)


@pytest.mark.parametrize("sizes", [[64, 128, 10], [64, 32, 16, 10], [64, 10], [4, 16, 3], [13, 40, 2]], ids=str)
def test_large_networks_of_many_shapes_are_drawn_without_a_collision(sizes: list[int]) -> None:
    """Right and wrong, sure and unsure; in a README they can be read."""
    network = cr.Network.random(sizes, ["relu"] * (len(sizes) - 2), "softmax", seed=2, dtype="float64")
    rng = np.random.default_rng(5)
    for scale, target in ((1.0, 0), (3.0, 1), (6.0, 1)):
        strong = network.with_parameters(scale * network.parameters)
        scene = network_figure(strong, rng.random(sizes[0]), target)
        clean(scene)
        assert min(label.size for label in scene.labels()) * min(1, 700 / scene.width) >= 9


def test_edges_of_a_large_network_are_its_gradient_each_layer_on_a_scale_of_its_own() -> None:
    """Unless something is lit, whose numbers are weights; of a small network they are weights."""
    network, x, y = hard("large")
    gradient = cr.gradient(network, x, y, "cross_entropy")
    scene = network_figure(network, x, y, cost="cross_entropy")
    lines = {each.of: each for each in wires(scene) if each.of and each.role != "faint"}
    for layer in (1, 2):
        own = {of: line for of, line in lines.items() if of.startswith(f"w/{layer}/")}
        ids = {of: parse(of, network.parameters) for of in own}
        sizes = {of: abs(gradient.weights[layer][id.neuron, id.source]) for of, id in ids.items()}
        assert {of: (line.width - 0.7) / 4.8 for of, line in own.items()} == pytest.approx(
            {of: size / max(sizes.values()) for of, size in sizes.items()}
        )
        assert all(line.dashed for line in own.values())
    by = network_figure(network, x, y, cost="cross_entropy", by="z/1/3")
    assert not any(line.dashed for line in wires(by) if line.of.startswith("w/"))
    assert network_figure(*hard("2-3-2")).svg() == network_figure(*hard("2-3-2"), edges="weight").svg()


def test_of_a_large_layer_the_strongest_stay_and_the_others_are_summed_exactly() -> None:
    network, x, y = hard("large")
    scene = network_figure(network, x, y, by="z/1/3", cost="cross_entropy")
    order = np.argsort(-np.abs(network.weights[1][3] * x), kind="stable")
    assert ringed(scene) == {f"x/{k}" for k in order[:8]}
    assert "ringed: 8 of 784 inputs" in texts(scene)
    rest = sorted(map(int, order[8:]))
    assert f"Σ {short(math.fsum(network.weights[1][3][rest]))}" in texts(scene)
    brought = math.fsum(network.weights[1][3][rest] * x[rest])
    assert f" {written(abs(brought))} (776 more) " in said(scene, "z¹₃ = ")
    every_weight = math.fsum(network.weights[1].ravel())
    head, *rows = scene.table
    shown = math.fsum(value(line[1]) for line in rows if line[0].startswith("w¹"))
    hidden = next(line for line in rows if line[0].startswith("23,456 more"))
    assert shown + value(hidden[1]) == pytest.approx(every_weight, abs=1e-4)
    total = math.fsum(value(line[1]) for line in rows if "a⁰" in line[0])
    assert total == pytest.approx(math.fsum(x), abs=1e-4)
    assert head == ("quantity", "value", "∂C/∂ of it")


def test_what_is_lit_is_shown_however_weak_it_is() -> None:
    network, x, y = hard("large")
    k = int(np.argmin(np.abs(network.weights[1][3])))
    scene = network_figure(network, x, y, by=f"w/1/3/{k}", cost="cross_entropy")
    assert f"x/{k}" in ringed(scene)
    assert said(scene, f"{Convention().weight(1, 3, k)} = ").endswith(short(float(network.weights[1][3, k]), 2))


def test_of_a_deep_network_the_layers_between_are_counted() -> None:
    network, x, y = hard("deep")
    shown = [text for text in texts(network_figure(network, x, y, by="z/6/1")) if text.startswith("layer ")]
    assert shown == ["layer 1", "layer 5", "layer 6", "layer 7", "layer 10"]
    assert "3 more layers" in texts(network_figure(network, x, y, by="z/6/1"))


def test_the_table_holds_the_gradient() -> None:
    network, x, y = hard("2-3-2")
    rows = {line[0]: line[1:] for line in network_figure(network, x, y).table}
    gradient = cr.gradient(network, x, y)
    how = Convention()
    for layer, w in gradient.weights.items():
        for j, k in np.ndindex(w.shape):
            want = number(float(network.weights[layer][j, k])), number(float(w[j, k]))
            assert rows[str(how.weight(layer, j, k))] == want
    for layer, b in gradient.biases.items():
        for j, each in enumerate(b):
            assert rows[str(how.symbol("b", layer, j))][1] == number(float(each))


# refusals -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda *n: network_figure(*n, edges="delta"), cr.UnknownNameError, "known are weight, gradient"),
        (lambda *n: network_figure(*n, by="x/0"), cr.IdError, "no edge leads here"),
        (lambda *n: network_figure(*n, by="w/9/0/0"), cr.IdError, "there is no layer 9"),
        (lambda *n: network_figure(*n, layer=4), cr.IdError, "one of 1…3"),
        (lambda *n: network_figure(*n, layer=1, by="z/3/0"), cr.IdError, "give layer=3"),
        (lambda *n: network_figure(*n, most=0), cr.SettingError, "most=0"),
        (lambda *n: computation_tree(*n, layer=0), cr.IdError, "one of the layers 1…3"),
        (lambda *n: computation_tree(*n, layer=3, by="w/1/0/0"), cr.IdError, "give layer=1"),
        (lambda *n: computation_tree(*n, by="d/1/0"), cr.IdError, "by='z/1/0'"),
        (lambda *n: path_sum(*n, by="C"), cr.IdError, "the cost is differentiated with respect to"),
        (lambda *n: path_sum(*n, most=True), cr.SettingError, "whole number"),
        (lambda *n: in_weight_out(*n, by="z/1/0"), cr.IdError, "what learns is a weight"),
        (lambda *n: path_sum(n[0], np.zeros((2, 5)), n[2]), cr.ShapeError, "one example"),
        (lambda *n: network_figure(*n, convention="s3"), cr.PairError, "no activation on the last layer"),
        (lambda *n: in_weight_out(*n, convention="s9"), cr.UnknownNameError, "unknown convention"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_one_clear_error(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call(*hard("5-4-3-2"))


def test_an_output_without_a_slope_is_refused() -> None:
    network = cr.Network([[[2000.0]], [[1000.0], [-1000.0]]], [[0.0], [0.0, 0.0]], ["identity", "softmax"])
    with pytest.raises(cr.DataError, match="no finite slope"):
        path_sum(network, np.array([1.0]), 1, cost="cross_entropy", by="a/2/1")


def test_labels_know_their_size() -> None:
    """A wide label would be found: two at one place overlap."""
    scene = network_figure(*hard("chain"))
    doubled = Scene(scene.width, scene.height, (*scene.elements, Label(100, 100, "x" * 200)), "t", "d")
    assert doubled.overlapping()
    assert doubled.clipped()


def test_a_cost_without_a_slope_leaves_no_number_in_the_table() -> None:
    network = cr.Network([[[2000.0]], [[1000.0], [-1000.0], [-900.0]]], [[0.0], [0.0] * 3], ["identity", "softmax"])
    scene = network_figure(network, np.array([1.0]), 1, cost="cross_entropy")
    rows = {line[0]: line for line in scene.table}
    assert [rows[f"a²{mark}"][2] for mark in "₀₁₂"] == ["0", "−∞", "0"]
    assert [rows[f"z²{mark}"][2] for mark in "₀₁₂"] == [number(1.0), number(-1.0), "0"]
    clean(scene)


@pytest.mark.parametrize("seed", range(6))
def test_where_everything_cancels_the_rounding_is_named(seed: int) -> None:
    """One bias for a whole softmax moves nothing: what the routes leave is rounding, and it is told apart from the gradient."""
    network, x, y = drawn([3, 4, 3], "softmax", "sigmoid", bias="layer", seed=seed)
    scene = path_sum(network, x, y, by="b/1/0")
    clean(scene)
    found = routes(seen_of(network, x, y), Id("b", 1, 0), 8)
    assert abs(found.value) < 1e-15
    named = [text for text in texts(scene) if text.endswith("the difference is rounding")]
    assert bool(named) == (number(found.total) != number(found.value))
    assert column(scene, "running sum")[-1] == number(found.value)


def test_the_boxes_of_a_tree_show_all_six_digits_or_the_exact_number() -> None:
    """4.45550e−6 is not cut to 4.4555e−6; a weight that is 1.5 is 1.5."""
    network = cr.Network([[[1.5]], [[-2.0]]], [[-0.4], [0.9]])
    scene = computation_tree(network, np.array([4.4555e-6 / 3 * 1.0000001]), np.array([1.0]))
    assert not [text for text in texts(scene) if re.search(r"^−?\d\.\d{1,4}e", text)]
    assert {"1.5", "−2", "1"} <= set(texts(scene))
    wide = computation_tree(*drawn([3, 4, 2]))
    numbers = [text for text in texts(wide) if re.fullmatch(r"−?0\.\d+", text)]
    assert numbers
    assert not [text for text in numbers if len(text.partition(".")[2].lstrip("0")) not in (1, 6)]
