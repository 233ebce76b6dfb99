"""Pages of headed blocks: the worksheet, the nested formula, pseudocode, the proof, the summary (S4.5, S4.15, S2.22, S2.23)."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from networks import LEGAL, PROOF, make_problem
from typechecker import unchecked

import chainrule as cr
from chainrule.backward import backward_through
from chainrule.conventions import PRESETS, Convention, plural
from chainrule.explanation.letters import Letters, usual_output
from chainrule.explanation.nested_formula import nested_formula
from chainrule.explanation.noise import settled_gradient
from chainrule.explanation.proof import proof
from chainrule.explanation.pseudocode import COSTS as WRITTEN
from chainrule.explanation.pseudocode import Algorithm, pseudocode, runnable
from chainrule.explanation.summary import summary
from chainrule.explanation.update import one_update
from chainrule.explanation.worksheet import worksheet
from chainrule.problem import Problem
from chainrule.writing.document import Cells, Code, Equation, Heading, Program, Sentence, Values, sentence
from chainrule.writing.formula import (
    Bracket,
    Formula,
    Numeral,
    Ratio,
    Row,
    Sign,
    Space,
    Sum,
    Symbol,
    Transposed,
    inline,
    row,
)  # fmt: skip
from chainrule.writing.html import in_a_cell
from chainrule.writing.numbers import number
from chainrule.writing.sheet import Sheet

COSTS = (
    "quadratic",
    "squared_error",
    "absolute_error",
    "huber",
    "log_cosh",
    "cross_entropy",
    "binary_cross_entropy",
    "multiclass_hinge",
)
ORDERS, TURNS = ("to,from", "from,to"), ("columns", "rows")


def problem(preset="nielsen", sizes=(3, 4, 5, 2), **settings):
    """A network that a preset fits, rows and targets."""
    output = "identity" if preset == "cs231n" else "sigmoid"
    cost = "cross_entropy" if preset == "cs231n" else "quadratic"
    return make_problem(list(sizes), ["tanh"] * (len(sizes) - 2), output, cost, **settings)


def cells_of(sheet, left):
    """Every line of numbers whose first piece is written so: its last matrix, which the others lead to."""
    return [values.cells()[-1].array for values in sheet.values() if str(values.pieces[0]) == left]


def every_sheet(preset):
    p = problem(preset)
    x, y = p.x[0], p.y[0]
    return [
        worksheet(p.network, x, y, convention=preset),
        worksheet(p.network, p.x, p.y, convention=preset),
        worksheet(p.network, x, y, convention=preset, rule="adamw", l1=0.01, l2=0.1),
        nested_formula(p.network, preset, x),
        pseudocode(preset),
        proof(preset),
        proof(preset, p.network, x, y),
        summary(preset, forms=("layers", "neurons", "dot", "raw")),
    ]


# formulas that compute ----------------------------------------------------------------------------------------------
class Meaning:
    """What the symbols of one convention mean on one example: a formula of them is evaluated as it is written."""

    def __init__(self, how, network, x, y=None, cost=None):
        self.how, self.network, self.x = how, network, np.asarray(x)
        self.trace = cr.forward(network, x)
        self.values = {"a": self.trace.a, "z": self.trace.z, "b": network.biases}
        if cost is not None:
            self.back = cr.backward(self.trace, y, cost)
            self.values["δ"] = self.back.delta

    def turned(self, vector):
        """A column or a row."""
        return vector[:, None] if self.how.orientation == "columns" else vector[None]

    def whole(self, letter, layer):
        """A vector or a matrix as this author turns it."""
        if letter == "w":
            return self.network.weights[layer] if self.how.order == "to,from" else self.network.weights[layer].T
        return self.turned(self.values[letter][layer])

    def entry(self, letter, layer, *indices):
        """One number; of w_·j a column of the matrix, of w_j· a row."""
        places = [index if index == "·" else index - self.how.base for index in indices]
        if "·" in places:
            matrix = self.whole("w", layer)
            return matrix[:, places[1:]] if places[0] == "·" else matrix[places[:1], :]
        if letter == "w":
            return float(self.whole("w", layer)[places[0], places[1]])
        return float((self.x if letter == "x" else self.values[letter][layer])[places[0]])

    def slope(self, layer, index=None):
        slopes = self.network.activations[layer].slope(self.trace.z[layer])
        return self.turned(slopes) if index is None else float(slopes[index - self.how.base])

    def sigma(self, value):
        return float(self.network.output.value(np.array([value]))[0])

    def nabla(self):
        return self.turned(self.back.da[self.network.depth])

    def span(self, index, body):
        """The numbers a sum runs over: those it says, or all neurons of the layer whose a or δ has that index."""
        name, *ends = re.split("[=…]", index)
        if ends:
            return name, range(int(ends[0]), int(ends[-1]) + 1)
        layer = next(layer_of(symbol) for symbol in symbols(body) if symbol.below == name)
        return name, range(self.how.base, self.how.base + self.network.sizes[layer])

    def of(self, formula, **letters):
        """The value of a formula; letters are neurons in this author's counting."""
        return eval(python(formula, self), {"q": self} | letters)


def layer_of(symbol):
    return int(symbol.above.strip("()"))


FUNCTIONS = (Symbol("σ"), Symbol("σ′"))


def symbols(formula):
    """The quantities of a formula."""
    match formula:
        case Symbol():
            yield from () if formula in FUNCTIONS else (formula,)
        case Bracket(_, inside):
            yield from symbols(inside)
        case Row(pieces):
            for piece in pieces:
                yield from symbols(piece)
        case Sum(_, body) | Transposed(body):
            yield from symbols(body)


def python(formula, meaning):
    """A formula as Python."""
    match formula:
        case Sum(index, body):
            name, span = meaning.span(index, body)
            return f"sum(({python(body, meaning)}) for {name} in range({span.start}, {span.stop}))"
        case Transposed(base):
            return f"({python(base, meaning)}).T"
        case Symbol("∇"):
            return "q.nabla()"
        case Symbol(letter, "", "") if letter == meaning.how.letter:
            return ""
        case Symbol(letter, _, ""):
            return f"q.whole({letter!r}, {layer_of(formula)})"
        case Symbol(letter, above, below):
            indices = ", ".join("'·'" if index == "·" else index for index in below)
            return f"q.entry({letter!r}, {layer_of(formula) if above else 0}, {indices})"
        case Row(pieces):
            return "".join(pieces_in_python(pieces, meaning))
        case Bracket(_, inside):
            return f"({python(inside, meaning)})"
        case Numeral(text):
            return text
    raise TypeError(formula)


def pieces_in_python(pieces, meaning):
    """A space between two numbers, or beside brackets or a function, is their product; between matrices it is theirs."""
    numbers = all(symbol.below and "·" not in symbol.below for symbol in symbols(Row(pieces)))
    for before, piece, after in zip((None, *pieces), pieces, (*pieces[1:], None)):
        match piece:
            case Symbol("σ"):
                yield "q.sigma"
            case Symbol("σ′"):
                yield "q.slope"
            case Bracket(_, Row((Symbol("z") as z,))) if before == Symbol("σ′"):
                yield f"({layer_of(z)}, {z.below or None})"
            case Space():
                yield " * " if numbers or isinstance(before, Bracket) or after in FUNCTIONS else " @ "
            case Sign(sign="⊙"):
                yield " * "
            case Sign(sign=sign):
                yield sign.replace("−", "-")
            case _:
                yield python(piece, meaning)


def conventions():
    for name, order, turn in itertools.product(("article", "nielsen", "cs231n", "3h4"), ORDERS, TURNS):
        yield Convention.preset(name).but(order=order, orientation=turn)


def named(how):
    return f"{how.name}-{how.order}-{how.orientation}"


@pytest.mark.parametrize("how", list(conventions()), ids=named)
def test_each_equation_computes_what_backpropagation_does(how):
    """The symbols of the equations, read as NumPy, give forward's and backward's numbers: no index and no ᵀ is out of place."""
    p = problem("cs231n" if how.linear_output else "nielsen")
    s, meaning = Letters(how), Meaning(how, p.network, p.x[0], p.y[0], p.cost)
    gradient = cr.gradient(p.network, p.x[0], p.y[0], p.cost)
    same = lambda got, want: np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-15)
    for l in (1, 2, 3):
        by_weights = gradient.weights[l] if how.order == "to,from" else gradient.weights[l].T
        same(meaning.of(s.weighted(l)), meaning.whole("z", l))
        same(meaning.of(s.outer(l)), by_weights)
        for j, k in itertools.product(range(p.network.sizes[l]), range(p.network.sizes[l - 1])):
            at = {s.j: j + how.base, s.k: k + how.base}
            same(meaning.of(s.weighted_one(l), **at), p_z(meaning, l, j))
            same(meaning.of(s.weight_one(l), **at), gradient.weights[l][j, k])
    if not how.linear_output:
        same(meaning.of(s.output(3)), meaning.whole("δ", 3))
    for l in (1, 2):
        same(meaning.of(s.moved(l)), meaning.turned(meaning.back.da[l]))
        same(meaning.of(s.hidden(l)), meaning.whole("δ", l))
        for j in range(p.network.sizes[l]):
            at = {s.j: j + how.base}
            same(meaning.of(s.moved_one(l), **at), meaning.back.da[l][j])
            same(meaning.of(s.hidden_one(l), **at), meaning.back.delta[l][j])
            same(np.squeeze(meaning.of(s.hidden_dot(l), **at)), meaning.back.delta[l][j])


def p_z(meaning, l, j):
    return meaning.trace.z[l][j]


@pytest.mark.parametrize("how", list(conventions()), ids=named)
@pytest.mark.parametrize("sizes", [(3, 2), (2, 3, 2), (2, 3, 4, 2), (1, 1, 1, 1)])
def test_the_nested_formula_computes_what_the_network_does(how, sizes):
    """S4.5: the formula itself, with its sums from here to there, is evaluated for every output."""
    output = "identity" if how.linear_output else "sigmoid"
    network = make_problem(list(sizes), [output] * (len(sizes) - 2), output, "quadratic").network
    x = np.linspace(-1, 1, sizes[0])
    (equation,) = nested_formula(network, how).equations()
    assert str(equation.left) == str(how.symbol("z" if how.linear_output else "a", network.depth, "n"))
    meaning = Meaning(how, network, x)
    for n, value in enumerate(cr.forward(network, x).a[network.depth]):
        assert meaning.of(equation.right, n=n + how.base) == pytest.approx(value, rel=1e-12)


def test_a_formula_with_a_wrong_index_is_seen():
    """The tests above can fail: the weights of another author, a sum that ends too early."""
    p = problem("nielsen")
    right, wrong = Convention.preset("nielsen"), Convention.preset("nielsen").but(order="from,to")
    meaning = Meaning(right, p.network, p.x[0], p.y[0], p.cost)
    with pytest.raises((ValueError, AssertionError)):
        np.testing.assert_allclose(meaning.of(Letters(wrong).moved(2)), meaning.turned(meaning.back.da[2]))
    good, bad = (Sum(i, row(right.weight(1, 0, "k"), " ", right.symbol("a", 0, "k"))) for i in ("k=0…2", "k=0…1"))
    assert meaning.of(good) == pytest.approx(p_z(meaning, 1, 0) - p.network.biases[1][0])
    assert meaning.of(bad) != pytest.approx(meaning.of(good))


# the worksheet ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("turn", TURNS)
def test_every_number_of_one_example_is_forwards_backwards_gradients_or_the_delta_rules(preset, turn):
    how = Convention.preset(preset).but(orientation=turn)
    p = problem(preset)
    x, y, cost = p.x[0], p.y[0], how.default_cost()
    sheet = worksheet(p.network, x, y, convention=how, cost=cost, learning_rate=0.3)
    trace = cr.forward(p.network, x)
    back, gradient = cr.backward(trace, y, cost), cr.gradient(p.network, x, y, cost)
    after = p.network.with_parameters(p.network.parameters - gradient * 0.3)
    vector = lambda values: values[:, None] if turn == "columns" else values[None]
    matrix = lambda w: w if how.order == "to,from" else w.T
    for l in (1, 2, 3):
        mark = lambda letter, l=l: str(how.symbol(letter, l))
        (z,), (a,), (delta,) = cells_of(sheet, mark("z")), cells_of(sheet, mark("a")), cells_of(sheet, mark("δ"))
        np.testing.assert_array_equal(z, vector(trace.z[l]))
        np.testing.assert_array_equal(a, vector(trace.a[l]))
        np.testing.assert_array_equal(delta, vector(back.delta[l]))
        (by_w,), (new_w,) = cells_of(sheet, f"∂{how.letter}/∂{mark('w')}"), cells_of(sheet, mark("w"))
        (by_b,), (new_b,) = cells_of(sheet, f"∂{how.letter}/∂{mark('b')}"), cells_of(sheet, mark("b"))
        np.testing.assert_array_equal(by_w, matrix(gradient.weights[l]))
        np.testing.assert_array_equal(new_w, matrix(after.weights[l]))
        np.testing.assert_array_equal(by_b, vector(gradient.biases[l]))
        np.testing.assert_array_equal(new_b, vector(after.biases[l]))
    before, now = cr.cost(p.network, x, y, cost), cr.cost(after, x, y, cost)
    assert f"from {number(float(before))} to {number(float(now))}, by {number(float(now - before))}" in str(
        sheet
    ).replace("\n", " ")


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_line_of_numbers_multiplies_and_adds_to_what_stands_at_its_end(preset):
    """[W] [a] + [b] = [z]: the matrices of a line are worked out as they stand there."""
    for turn, rows in itertools.product(TURNS, (False, True)):
        p = problem(preset)
        x, y = (p.x, p.y) if rows else (p.x[0], p.y[0])
        sheet = worksheet(p.network, x, y, convention=Convention.preset(preset).but(orientation=turn))
        worked = 0
        for values in sheet.values():
            sides = numbers_between(values)
            if len(sides) > 1:
                np.testing.assert_allclose(eval_side(sides[0]), sides[-1][0], rtol=1e-12, atol=1e-15)
                worked += 1
        assert worked > 12


def numbers_between(values):
    """The sides of an equation that hold matrices, as lists of matrices and the signs between them."""
    sides, current = [], []
    for piece in values.pieces:
        if isinstance(piece, Sign) and piece.sign in ("=", "←"):
            sides, current = [*sides, current], []
        elif isinstance(piece, Cells):
            current.append(piece.array)
        else:
            current.append(piece)
    return [side for side in [*sides, current] if any(isinstance(each, np.ndarray) for each in side)]


def eval_side(side):
    """Matrices beside each other are multiplied first, then ⊙, then + and −; a number before them is a factor."""
    code, arrays = "", []
    for piece in side:
        if isinstance(piece, np.ndarray):
            code += f"({len(arrays)})"
            arrays.append(piece)
        elif isinstance(piece, Ratio):
            code += f"1/{piece.bottom}"
        else:
            code += str(piece)
    code = code.strip().replace("⊙", "*").replace("−", "-")
    code = re.sub(r"\((\d+)\) \((\d+)\)", r"(q[\1] @ q[\2])", code)
    code = re.sub(r"(?<!q)\((\d+)\)", r"q[\1]", code)
    code = re.sub(r"([\d.]+) (?=\(?q)", r"\1 * ", code)
    code = re.sub(r"\((\(q\[\d+\] @ q\[\d+\]\))\)", r"\1", code)
    return eval(code, {"q": arrays})


@pytest.mark.parametrize(("preset", "reduction"), [("3blue1brown", "mean"), ("nielsen", "mean"), ("3h4", "sum")])
def test_rows_are_columns_their_gradients_a_tensor_that_is_reduced(preset, reduction):
    """S4.16, S4.17: row = neuron, column = sample; a slice for each sample, and their sum or mean."""
    p = problem(preset, batch=5)
    how = Convention.preset(preset)
    cost = how.default_cost()
    sheet = worksheet(p.network, p.x, p.y, convention=preset, cost=cost)
    trace = cr.forward(p.network, p.x)
    own = cr.per_example_gradients(p.network, p.x, p.y, cost)
    gradient = cr.gradient(p.network, p.x, p.y, cost, reduction=reduction)
    text = str(sheet).replace("\n", " ")
    for l in (1, 2, 3):
        w = how.symbol("w", l)
        np.testing.assert_array_equal(cells_of(sheet, str(how.symbol("z", l)))[0], trace.z[l].T)
        for i in range(3):
            (slice_,) = cells_of(sheet, f"∂{Symbol('C', below=how.below(i))}/∂{w}")
            np.testing.assert_allclose(slice_, own[i].weights[l], rtol=1e-14)
        (total,) = cells_of(sheet, f"∂C/∂{w}")
        np.testing.assert_array_equal(total, gradient.weights[l])
        (bias,) = cells_of(sheet, f"∂C/∂{how.symbol('b', l)}")
        np.testing.assert_array_equal(bias, gradient.biases[l][:, None])
        out, into = p.network.weights[l].shape
        assert f"[sample, neuron, weight] of shape 5 × {out} × {into}" in text.replace("\u00a0", " ")
    assert "… and 2 more of them." in text
    assert f"C, the {reduction} over the examples, falls from" in text


def test_the_order_of_indices_turns_the_tensor_and_the_matrices():
    p = problem("article", batch=2)
    sheet = worksheet(p.network, p.x, p.y, convention="article", cost="squared_error")
    gradient = cr.gradient(p.network, p.x, p.y, "squared_error")
    (found,) = cells_of(sheet, "∂c/∂w⁽¹⁾")
    np.testing.assert_array_equal(found, gradient.weights[1].T)
    assert "[sample, weight, neuron] of shape 2 × 3 × 4" in str(sheet).replace("\n", " ").replace("\u00a0", " ")


BIASES = ("neuron", "layer", "none")


@pytest.mark.parametrize(
    ("output", "cost", "bias"), [(*pair, BIASES[i % 3]) for i, pair in enumerate(LEGAL)][:: 1 if PROOF else 2]
)
def test_any_network_with_any_cost_is_written_out(output, cost, bias):
    """Softmax inside and outside, own costs, one bias a layer or none: dual numbers agree, or nothing is shown."""
    p = make_problem([3, 4, 3], ["softmax" if bias == "none" else "gelu"], output, cost, bias=bias, scale=2.0)
    for x, y in ((p.x[0], p.y[0]), (p.x, p.y)):
        sheet = worksheet(p.network, x, y, cost=p.cost)
        assert "Dual numbers" in str(sheet)
        assert ("Layer 1 has no biases." in str(sheet)) == (bias == "none")
        assert ("one bias for all its neurons" in str(sheet)) == (bias == "layer")


def test_large_matrices_show_their_exact_shape_and_leave_cells_out():
    net = cr.Network.random([784, 30, 10], "relu", "softmax", seed=0)
    x = np.random.default_rng(0).random(784)
    text = str(worksheet(net, x, 3, cost="cross_entropy", most=4))
    assert "30 × 784" in text
    assert "784 × 1" in text
    assert "10 × 30" in text
    assert "…" in text
    assert "⋮" in text
    assert max(map(len, text.splitlines())) <= 110


def test_what_is_printed_of_a_matrix_are_its_own_numbers():
    array = np.arange(63.0).reshape(7, 9) / 7
    cells = Cells(array, 4)
    assert cells.rows == [0, 1, 2, None, 6]
    assert cells.columns == [0, 1, 2, None, 8]
    assert not cells.whole
    assert cells.shape == "7 × 9"
    texts = [list(map(str, entries)) for entries in cells.entries()]
    assert texts[0][0] == number(0.0)
    assert texts[1][2] == number(11 / 7)
    assert texts[-1][-1] == number(62 / 7)
    assert {texts[0][3], texts[3][0]} == {"…", "⋮"}
    assert Cells(array[:4, :4], 4).whole


@pytest.mark.parametrize("most", [1, 0, -2, True])
def test_a_matrix_shows_at_least_two_rows(most):
    p = problem()
    with pytest.raises(cr.SettingError, match="whole number ≥ 2"):
        worksheet(p.network, p.x[0], p.y[0], most=most)


def test_a_float32_network_is_written_in_float64():
    p = problem(dtype="float32")
    sheet = worksheet(p.network, p.x[0], p.y[0])
    assert all(cells.array.dtype == np.float64 for values in sheet.values() for cells in values.cells())


def test_a_wrong_gradient_is_not_shown(monkeypatch):
    """A planted fault: one entry of the gradient is 1 % too large."""
    p = problem()

    def bent(*given):
        found = settled_gradient(*given)
        flat = found.flat()
        flat[3] *= 1.01
        return found.like(flat)

    monkeypatch.setattr("chainrule.explanation.update.settled_gradient", bent)
    with pytest.raises(cr.DisagreementError, match="nothing is shown until they agree"):
        worksheet(p.network, p.x[0], p.y[0])


def test_a_wrong_slope_is_not_shown():
    p = problem(sizes=(2, 3, 2))
    sigmoid = p.network.output
    bent = replace(sigmoid, slope=lambda z: 1.001 * sigmoid.slope(z))
    wrong = cr.Network(list(p.network.weights), list(p.network.biases), ["tanh", bent])
    for attempt in (
        lambda: worksheet(wrong, p.x[0, :2], p.y[0]),
        lambda: proof("nielsen", wrong, p.x[0, :2], p.y[0]),
    ):
        with pytest.raises(cr.DisagreementError):
            attempt()


def test_numbers_that_overflow_are_refused_in_words():
    net = cr.Network([[[1e200]], [[1e200]]], [[0.0], [0.0]], "identity")
    with pytest.raises(cr.DataError, match="overflows"):
        worksheet(net, [1e100], [0.0])
    fine = cr.Network([[[1.0]]], [[0.0]], "identity")
    with pytest.raises(cr.DataError, match="smaller learning_rate"):
        worksheet(fine, [2.0], [1e3], learning_rate=1e200)


def test_a_learning_rate_is_above_zero():
    p = problem()
    with pytest.raises(cr.SettingError, match="learning_rate"):
        worksheet(p.network, p.x[0], p.y[0], learning_rate=-1.0)


def test_the_promise_of_the_slope_is_kept_by_small_steps():
    p = problem()
    small = one_update(Problem.exact(p.network, p.x, p.y, "quadratic"), "mean", cr.delta_rule(1e-6))
    assert small.cost_after - small.cost_before == pytest.approx(small.predicted, rel=1e-4)
    assert small.predicted == pytest.approx(-1e-6 * small.gradient.norm() ** 2, rel=1e-12)
    assert small.checked == pytest.approx(small.predicted, rel=1e-12)


# the nested formula -------------------------------------------------------------------------------------------------
def test_a_small_network_is_written_to_the_letter():
    net = make_problem([2, 3, 2], ["sigmoid"], "sigmoid", "quadratic").network
    (s4,) = nested_formula(net, "3h4").equations()
    (s0,) = nested_formula(net, "article").equations()
    assert f"{s4.left} = {s4.right}" == "a²ₙ = σ(Σₘ₌₁…₃ w²ₙₘ σ(Σₖ₌₁…₂ w¹ₘₖ xₖ + b¹ₘ) + b²ₙ)"
    assert f"{s0.left} = {s0.right}" == "a⁽²⁾ₙ = σ(Σₘ₌₁…₃ w⁽²⁾ₘₙ σ(Σₖ₌₁…₂ w⁽¹⁾ₖₘ xₖ + b⁽¹⁾ₘ) + b⁽²⁾ₙ)"


def test_a_softmax_divides_the_formula():
    net = cr.Network.random([3, 4, 2], "tanh", "softmax", seed=0)
    first, second = nested_formula(net).equations()
    assert str(first.right) == "softmaxₙ(z²)"
    assert str(second.left) == "z²ₙ"
    inside = cr.Network.random([3, 4, 5, 2], ["softmax", "tanh"], "identity", seed=0)
    assert [str(each.left) for each in nested_formula(inside, "cs231n").equations()] == ["z³ₙ", "a¹ₖ", "z¹ₖ"]


def test_a_deep_network_leaves_layers_out_and_a_bias_that_is_not_there_too():
    deep = cr.Network.random([2] * 10, "tanh", "tanh", bias="none")
    (equation,) = nested_formula(deep, x=[0.1, 0.2]).equations()
    assert "[… tanh" not in str(equation.right)
    assert "[… σ(Σ" in str(equation.right)
    assert " + " not in str(equation.right)
    shared = cr.Network.random([2, 3, 2], "tanh", "tanh", bias="layer")
    assert " + b¹)" in str(next(nested_formula(shared).equations()).right)


def test_the_inside_out_numbers_are_the_forward_pass():
    for sizes in ([2, 3, 2], [2] * 10):
        net = make_problem(sizes, ["tanh"] * (len(sizes) - 2), "sigmoid", "quadratic").network
        x = np.array([0.3, -0.7])
        trace = cr.forward(net, x)
        found = [values.cells()[-1].array[:, 0] for values in nested_formula(net, x=x).values()]
        want = [x, *(each for l in range(1, net.depth + 1) for each in (trace.z[l], trace.a[l]))]
        assert len(found) == len(want)
        for got, said in zip(found, want):
            np.testing.assert_array_equal(got, said)


def test_the_formula_is_evaluated_for_one_example():
    p = problem()
    with pytest.raises(cr.ShapeError, match="one example"):
        nested_formula(p.network, x=p.x)
    with pytest.raises(cr.PairError, match="cs231n applies no activation"):
        nested_formula(p.network, "cs231n")
    with pytest.raises(cr.DataError, match="overflows"):
        nested_formula(cr.Network([[[1e200]], [[1e200]]], None, "identity"), x=[1.0])


# pseudocode ---------------------------------------------------------------------------------------------------------
def code_of(sheet):
    return "\n".join("    " * depth + "".join(map(str, words)) for block in sheet.blocks if isinstance(block, Code)
                     for depth, words, _ in block.lines)  # fmt: skip


def test_transposes_are_gone_from_the_way_back_under_s0():
    s0, s2 = code_of(pseudocode("article")), code_of(pseudocode("nielsen"))
    assert "δ⁽ℓ⁾ ← (w⁽ℓ⁺¹⁾ δ⁽ℓ⁺¹⁾) ⊙ σ′(z⁽ℓ⁾)" in s0
    assert "δˡ ← ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ)" in s2
    assert "from 1 on" in s0
    assert "from 0 on" in s2


def test_the_last_layer_of_s3_is_linear_and_its_delta_is_that_of_its_cost():
    text = str(pseudocode("cs231n"))
    assert "but a ← z in the last layer" in text
    assert "δᴸ ← p − y" in text
    assert "p is the softmax of zᴸ" in text


def test_several_examples_are_added_up_before_the_update():
    one, mean, total = (code_of(pseudocode(preset)) for preset in ("nielsen", "3blue1brown", "3h4"))
    assert "for each example" not in one
    assert "bˡ ← bˡ − η δˡ" in one
    assert "∂C/∂b⁽ˡ⁾ ← ∂C/∂b⁽ˡ⁾ + δ⁽ˡ⁾" in mean
    assert "w⁽ˡ⁾ ← w⁽ˡ⁾ − (η/N) ∂C/∂w⁽ˡ⁾" in mean
    assert "wˡ ← wˡ − η ∂C/∂wˡ" in total
    assert "N)" not in total


def test_the_cost_decides_how_the_way_back_begins():
    how = Convention.preset("nielsen")
    begins = lambda cost: code_of(pseudocode(how.but(cost=cost)))
    assert "δᴸ ← 2(aᴸ − y) ⊙ σ′(zᴸ)" in begins("squared_error")
    assert "δᴸ ← aᴸ − y" in begins("cross_entropy")
    assert "δᴸ ← clip(aᴸ − y, ±1) ⊙ σ′(zᴸ)" in begins("huber")
    assert "δᴸ ← sign(aᴸ − y) ⊙ σ′(zᴸ)" in begins("absolute_error")
    assert "δᴸ ← tanh(aᴸ − y) ⊙ σ′(zᴸ)" in begins("log_cosh")
    assert "δᴸ ← aᴸ − y" in begins("poisson")


def every_convention():
    for name in sorted(PRESETS):
        yield Convention.preset(name)
    for turn, order, over, cost in itertools.product(TURNS, ORDERS, ("one", "mean", "sum"), COSTS):
        for linear in (False, True):
            yield Convention.preset("nielsen").but(
                orientation=turn, order=order, over=over, cost=cost, linear_output=linear
            )
    for turn, order, over in itertools.product(TURNS, ORDERS, ("one", "mean", "sum")):
        yield Convention.preset("nielsen").but(orientation=turn, order=order, over=over, cost="poisson")


@pytest.mark.parametrize(
    "how", list(every_convention()), ids=lambda how: f"{named(how)}-{how.over}-{how.cost}-{how.linear_output}"
)
def test_the_program_gives_the_gradient(how):
    """Executed for every preset, cost, orientation, order of indices and sum: the numbers of cr.gradient, to 1e-12."""
    names = {"__name__": "program"}
    exec(runnable(how), names)
    several = how.over != "one"
    p = make_problem(
        [3, 4, 5, 3], ["sigmoid", "sigmoid"], Algorithm(how).output.name, how.cost, batch=5 if several else 1
    )
    turn = (lambda rows: rows.T) if how.orientation == "columns" else (lambda rows: rows)
    matrix = (lambda w: w) if how.order == "to,from" else (lambda w: w.T)
    w = {l: matrix(p.network.weights[l]) for l in (1, 2, 3)}
    b = {l: turn(p.network.biases[l][None]) for l in (1, 2, 3)}
    by_w, by_b = names["gradient"](w, b, turn(p.x), turn(p.y))
    reduction = "sum" if how.over == "sum" else "mean"
    gradient = cr.gradient(p.network, p.x, p.y, how.cost, reduction=reduction)
    for l in (1, 2, 3):
        np.testing.assert_allclose(by_w[l], matrix(gradient.weights[l]), rtol=0, atol=1e-12)
        np.testing.assert_allclose(by_b[l], turn(gradient.biases[l][None]), rtol=0, atol=1e-12)
    found = names["cost"](w, b, turn(p.x), turn(p.y))
    assert found == pytest.approx(float(cr.cost(p.network, p.x, p.y, how.cost, reduction)), rel=1e-12)


@pytest.mark.parametrize("preset", ["article", "3blue1brown", "nielsen", "cs231n", "3h4"])
def test_the_program_runs_by_itself_and_checks_one_derivative(preset):
    done = subprocess.run([sys.executable, "-c", runnable(preset)], capture_output=True, text=True, check=True)
    (one, value), (other, difference) = (line.split() for line in done.stdout.splitlines())
    assert (one, other) == ("backpropagation", "difference")
    assert float(value) == pytest.approx(float(difference), rel=1e-6)
    assert float(value) != 0


@pytest.mark.parametrize("cost", COSTS)
def test_a_program_fits_on_a_page(cost):
    for preset in ("article", "3blue1brown", "3h4"):
        assert max(map(len, runnable(Convention.preset(preset).but(cost=cost)).splitlines())) <= 80


def test_every_named_cost_has_its_program():
    assert set(WRITTEN) == set(cr.costs.NAMED)


# the proof ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_proof_ends_each_part_with_its_equation(preset):
    p = problem(preset)
    for sheet in (proof(preset), proof(preset, p.network, p.x[0], p.y[0])):
        names = [equation.name for equation in sheet.equations() if equation.name]
        assert names == ["BP1", "BP2", "BP3", "BP4"]
        assert all(equation.why for equation in sheet.equations())
    assert all(equation.sides is None for equation in proof(preset).equations())


@pytest.mark.parametrize(("output", "cost"), LEGAL)
@pytest.mark.parametrize(("hidden", "bias"), [("tanh", "layer"), ("relu", "none"), ("softmax", "neuron")])
def test_both_sides_of_every_line_agree(output, cost, hidden, bias):
    p = make_problem([3, 4, 3], [hidden], output, cost, bias=bias)
    sheet = proof("nielsen", p.network, p.x[0], p.y[0], p.cost)
    lines = [equation for equation in sheet.equations() if equation.sides is not None]
    assert len(lines) >= (9 if bias != "none" else 7)
    for equation in lines:
        left, right = equation.sides
        assert left == pytest.approx(right, rel=1e-9, abs=1e-12), equation


def test_the_last_lines_are_the_entries_of_the_gradient():
    p = problem("3blue1brown")
    gradient = cr.gradient(p.network, p.x[0], p.y[0], "squared_error")
    sheet = proof("3blue1brown", p.network, p.x[0], p.y[0], cost="squared_error")
    (weight,) = [equation for equation in sheet.equations() if equation.name == "BP4"]
    (bias,) = [equation for equation in sheet.equations() if equation.name == "BP3"]
    strongest = max(gradient.biases[2].tolist(), key=abs)
    assert bias.sides[1] == strongest
    assert abs(weight.sides[1]) == pytest.approx(np.abs(gradient.weights[2]).max(), rel=1e-12)


def test_a_network_of_one_layer_has_no_numbers_for_bp2():
    net = cr.Network([[[0.5, -1.0]]], [[0.2]], "tanh")
    sheet = proof("nielsen", net, [0.3, 0.4], [1.0])
    assert "This network has one layer" in str(sheet)
    assert sum(equation.sides is not None for equation in sheet.equations()) == 11


def test_a_line_that_is_not_true_is_refused(monkeypatch):
    """A planted fault: δ of backpropagation is a hair too large, and no line stands."""
    p = problem()

    def bent(trace, problem):
        found = backward_through(trace, problem)
        found.delta = cr.Layers([1.0001 * each for each in found.delta])
        return found

    monkeypatch.setattr("chainrule.explanation.noise.backward_through", bent)
    with pytest.raises(cr.DisagreementError, match="a line of the proof says"):
        proof("nielsen", p.network, p.x[0], p.y[0])


def test_numbers_beside_a_proof_need_an_example():
    p = problem()
    with pytest.raises(cr.ShapeError, match="pass x"):
        proof("nielsen", p.network)
    with pytest.raises(cr.ShapeError, match="one example"):
        proof("nielsen", p.network, p.x, p.y)
    with pytest.raises(cr.SettingError, match="first argument is a Network"):
        unchecked(proof)("nielsen", "network", p.x, p.y)


# the summary --------------------------------------------------------------------------------------------------------
def lines_of(sheet):
    return [f"{equation.left} = {equation.right}" for equation in sheet.equations()]


def test_s0_has_no_transpose_in_bp2_and_its_raw_equations():
    s0, s2 = lines_of(summary("article")), lines_of(summary("nielsen"))
    assert "δ⁽ℓ⁾ = (w⁽ℓ⁺¹⁾ δ⁽ℓ⁺¹⁾) ⊙ σ′(z⁽ℓ⁾)" in s0
    assert "∂c/∂a⁽ℓ⁾ⱼ = Σₘ ∂c/∂a⁽ℓ⁺¹⁾ₘ σ′(z⁽ℓ⁺¹⁾ₘ) w⁽ℓ⁺¹⁾ⱼₘ" in s0
    assert "δˡ = ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ)" in s2
    assert "δᴸⱼ = ∂C/∂aᴸⱼ σ′(zᴸⱼ)" in s2
    assert not [line for line in s2 if line.startswith("∂C/∂aˡ")]


def test_s3_begins_at_z_and_has_a_dot_product():
    s3 = lines_of(summary("cs231n"))
    assert "δᴸ = ∂C/∂zᴸ" in s3
    assert "δᴸⱼ = ∂C/∂zᴸⱼ" in s3
    assert "δˡⱼ = σ′(zˡⱼ) (δˡ⁺¹)ᵀ wˡ⁺¹·ⱼ" in s3


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_summary_has_the_authors_words(preset):
    how, text = Convention.preset(preset), str(summary(preset)).replace("\n", " ")
    for word in (how.word, how.input_word, how.activation_word, how.function_word):
        assert word in text
    assert f"neurons from {how.base}" in text


def test_the_forms_of_a_summary_are_chosen():
    assert "Without δ" in str(summary("nielsen", forms=("raw",)))
    assert "neuron by neuron" not in str(summary("nielsen", forms=("layers",)))
    with pytest.raises(cr.UnknownNameError, match="did you mean 'neurons'"):
        summary("nielsen", forms=("neuron",))


def test_a_layer_letter_that_is_L_does_not_stand_for_two_layers():
    """marks="a^L" writes any layer as L; in one equation with the last one it is l."""
    assert Letters(Convention.preset("nielsen").but(marks="a^L")).layer == "l"
    assert Letters(Convention.preset("article")).layer == "ℓ"


def test_words_have_their_plurals():
    assert [plural(Convention.preset(preset).word) for preset in ("article", "3blue1brown", "cs231n", "3h4")] == [
        "errors", "sensitivities", "gradients", "error signals",
    ]  # fmt: skip


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("cost", COSTS)
def test_every_named_cost_has_its_formula_and_its_beginning(preset, cost):
    how = Convention.preset(preset).but(cost=cost)
    s, chosen = Letters(how), how.default_cost()
    pair = chosen.on(usual_output(how, chosen))
    assert s.cost_formula(chosen, pair, "L") is not None
    assert f"With the cost {cost.replace('_', ' ')}" in str(summary(how))


# lowerings ----------------------------------------------------------------------------------------------------------
@pytest.mark.needs("pdflatex")
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_latex_compiles_with_amsmath_alone_and_stays_on_the_page(preset, tmp_path):
    body = "\n".join(sheet.latex() for sheet in every_sheet(preset))
    source = f"\\documentclass{{article}}\n\\usepackage{{amsmath}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (tmp_path / "sheet.tex").write_text(source)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    log = (tmp_path / "sheet.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    wide = [float(found) for found in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)]
    assert max(wide, default=0) < 12, wide
    assert "Missing character" not in log


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_html_is_well_formed_and_asks_for_nothing(preset):
    for sheet in every_sheet(preset):
        html = sheet.html()
        tree = ElementTree.fromstring(html)
        assert tree.tag == "section"
        tags = {each.tag for each in tree.iter()}
        assert {"h2", "math", "mi", "mo"} <= tags
        assert not {"script", "link", "img", "iframe"} & tags
        assert "http" not in html
        assert sheet._repr_html_() == in_a_cell(html)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_text_latex_and_html_hold_the_same_numbers(preset):
    p = problem(preset, sizes=(2, 2))
    sheet = worksheet(p.network, p.x[0], p.y[0], convention=preset)
    plain = ElementTree.fromstring(sheet.html())
    in_html, in_text, in_latex = "".join(plain.itertext()).replace(" ", ""), str(sheet), sheet.latex()
    for values in sheet.values():
        for cells in values.cells():
            for text in map(str, itertools.chain(*cells.entries())):
                assert text in in_text
                if "e" not in text:
                    assert text.replace("−", "-") in in_latex
                    assert text in in_html


def test_words_are_escaped_for_latex_and_html():
    sheet = Sheet(
        "50 % & more_of {it}",
        "nielsen",
        (sentence("a_b < 3 & $5 #1 ~ ^ \\ of ", row("σ")), Program("if a < b:\n    pass")),
    )
    latex, html = sheet.latex(), sheet.html()
    assert r"50 \% \& more\_of \{it\}" in latex
    assert r"a\_b < 3 \& \$5 \#1" in latex
    assert "a_b &lt; 3 &amp; $5" in html
    assert "if a &lt; b:" in html
    assert "if a < b:" in latex
    ElementTree.fromstring(html)


def test_equals_signs_stand_below_each_other_and_reasons_above():
    z, a = Symbol("z", "1"), Symbol("a", "1")
    sheet = Sheet(
        "t", "nielsen", (Equation(z, row("1"), "BP1"), Equation(row("∂", a), z, why=("because",), sides=(0.5, 0.5)))
    )
    lines = str(sheet).splitlines()
    assert lines[-3:] == ["   z¹ = 1    (BP1)", "because", "  ∂a¹ = z¹           0.500000 = 0.500000"]
    assert r"\tag{BP1}" in sheet.latex()
    assert r"\intertext{because}" in sheet.latex()


def test_two_sides_that_round_apart_are_not_called_equal():
    sheet = Sheet("t", "nielsen", (Equation(row("a"), row("b"), sides=(0.1234564999, 0.1234565001)),))
    assert "0.123456 ≈ 0.123457" in str(sheet)


def test_fractions_in_a_sentence_have_a_stroke():
    s = Letters(Convention.preset("nielsen"))
    assert inline(s.by(s.z("l", "j"))) == row("∂", Symbol("C"), "/∂", Symbol("z", "l", "j"))
    assert r"\frac" not in Sheet("t", "nielsen", (sentence("so ", s.by(s.z("l")), "."),)).latex()


def test_columns_of_numbers_have_their_points_below_each_other():
    text = str(
        Sheet("t", "nielsen", (Values.of(Symbol("v"), " = ", Cells(np.array([[1.5], [-12.25], [0.0], [2e-9]]))),))
    )
    rows = [line for line in text.splitlines() if "[" in line]
    points = {line.index(".") for line in rows if "." in line}
    assert len(points) == 1
    assert len({len(line) for line in rows}) == 1


def test_a_wide_line_is_broken_at_its_signs():
    wide = Cells(np.full((2, 6), 0.123456))
    text = str(Sheet("t", "nielsen", (Values.of(Symbol("z"), " = ", wide, " ", wide, " + ", wide, " = ", wide),)))
    lines = text.splitlines()[3:]
    assert max(map(len, lines)) <= 105
    assert sum("=" in line for line in lines) == 2
    assert any(line.strip().startswith("+") for line in lines)


def test_a_sheet_tells_what_it_is():
    sheet = summary("3h4")
    assert sheet.to_json() == {"title": sheet.title, "convention": "3h4", "text": str(sheet)}
    assert isinstance(sheet.blocks[0], Sentence)
    assert any(isinstance(block, Heading) for block in sheet.blocks)
    assert all(isinstance(equation.right, Formula) for equation in sheet.equations())
