"""Questions from live networks: their right answers are right, their wrong ones are the mistakes they say they are."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from networks import LEGAL, Problem, make_problem

import chainrule as cr
from chainrule.circuits.of_network import circuit_of
from chainrule.conventions import PRESETS
from chainrule.errors import DataError, PairError, SettingError, ShapeError, UnknownNameError
from chainrule.ids import Id
from chainrule.lessons.chain_order import order_question
from chainrule.lessons.gate_rules import _add, _fan_out, _multiply
from chainrule.lessons.live import Live, ordinal
from chainrule.lessons.plain_text import plain
from chainrule.lessons.questions import KINDS, questions
from chainrule.lessons.quiz import Question, grade
from chainrule.lessons.quiz_format import Quiz, parse, text_of
from chainrule.lessons.reading import _joined, _named, shape_question
from chainrule.lessons.reasons import half_question, sign_question, slow_question
from chainrule.lessons.replies import Name, ReplyNumber, Shape, label, number, unit
from chainrule.lessons.slips import RATE, slips
from chainrule.lessons.values import value_question

Array = np.ndarray
CONVENTIONS = sorted(PRESETS)
HIDDEN = ["tanh", "sigmoid", "softplus", "silu", "relu", "identity", "softmax"]


def problem(seed: int, convention: str) -> Problem:
    """A small network of any activations, and an example with a cost that fits it, or none for the convention's own."""
    rng = np.random.default_rng([seed, 17])
    legal = [pair for pair in LEGAL if convention != "cs231n" or pair[0] == "identity"]
    output, cost = legal[rng.integers(len(legal))]
    depth = int(rng.integers(1, 4))
    sizes = [int(n) for n in rng.integers(1, 5, depth + 1)]
    hidden = [HIDDEN[i] for i in rng.integers(len(HIDDEN), size=depth - 1)]
    bias = ("neuron", "layer", "none")[rng.integers(3)]
    return make_problem(sizes, hidden, output, cost, batch=1, bias=bias, seed=seed)


def right_of(question: Question) -> str:
    return next(answer.text for answer in question.answers if answer.right)


def why_of(question: Question, wrong: str) -> str:
    return next(answer.why for answer in question.answers if answer.text == wrong)


def typed(value: float) -> str:
    """A number as a reader with a calculator types it."""
    return repr(float(value))


# three hundred questions --------------------------------------------------------------------------------------------
def forms(question: Question) -> list[str]:
    """The right answer, in every form in which it may be given."""
    right = right_of(question)
    match question.typed:
        case ReplyNumber():
            return number_forms(number(right) or 0.0)
        case Name() as name:
            id = name.read(right)
            assert isinstance(id, Id)
            convention = cr.Convention(order=name.order, base=name.base)
            symbol = convention.of(id)
            marked = ["", symbol.below] if symbol.below else [""]
            comma = ",".join(symbol.below.split(",") if "," in symbol.below else symbol.below)
            return [
                str(id), right, right.strip("$"), str(symbol), plain(right), f"w^{{({id.layer})}}_{{{comma}}}",
                f"w{id.layer}_{marked[-1]}", f"w^{id.layer}_{{{marked[-1]}}}", f" w ^ {id.layer} _ {marked[-1]}",
                f"w_{{{marked[-1]}}}^{id.layer}",
            ]  # fmt: skip
        case Shape():
            rows, *columns = (str(n) for n in Shape().read(right) or ())
            return [a.text for a in question.answers if a.right] + [
                text
                for c in columns
                for text in (f"{rows}x{c}", f"({rows}, {c})", f"[{rows},{c}]", f"{rows} by {c}", f"{rows} * {c}")
            ]
    place = next(iter(question.right))
    text, texts = question.answers[place].text, [answer.text for answer in question.answers]
    numbers = [str(place + 1)] if str(place + 1) not in texts else []  # an answer's text goes before its number
    return [label(place), label(place).upper(), f"{label(place)})", *numbers, text, plain(text), plain(text).upper()]


def number_forms(value: float) -> list[str]:
    """A number as people write it: rounded or cut off, with any sign, point, power or fraction."""
    mantissa, _, exponent = f"{value:.5e}".partition("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    one = unit(value, 3)
    fraction = Fraction(value)
    made = [
        repr(value), f"{value:.3g}", f"{value:.3g}".replace("-", "−"), f"{value:.2e}", f"{value:.2e}".replace("e", "E"),
        f"{mantissa}×10{raised}", f"{mantissa} x 10^{int(exponent)}", f"{mantissa}*10^{{{int(exponent)}}}",
        f"$ {mantissa} \\cdot 10^{{{int(exponent)}}} $", f"{mantissa.replace('.', ',')}e{exponent}",
        f"{fraction.numerator}/{fraction.denominator}", f" = {value:.6g} ",
        repr(float(np.trunc(value / one) * one)) if value else "0",
    ]  # fmt: skip
    fixed = f"{value:.14f}"
    made.append(re.sub(r"^(-?)0\.", r"\1.", fixed))
    return [*made, *(f"+{text}" for text in made[:2] if value > 0)]


def made_questions() -> list[tuple[str, Problem, Question]]:
    found = []
    for seed, convention in itertools.islice(zip(itertools.count(), itertools.cycle(CONVENTIONS)), 75):
        p = problem(seed, convention)
        for question in questions(p.network, p.x[0], p.y[0], cost=p.cost, convention=convention, count=4, seed=seed):
            found.append((convention, p, question))
    return found


@pytest.fixture(scope="module")
def three_hundred() -> list[tuple[str, Problem, Question]]:
    return made_questions()


def test_of_three_hundred_questions_the_right_answer_is_accepted_in_every_form(
    three_hundred: list[tuple[str, Problem, Question]],
) -> None:
    assert len(three_hundred) == 300
    accepted = Counter()
    for convention, _, question in three_hundred:
        for form in forms(question):
            result = grade(question, form)
            assert result.right, (convention, question.text, form, result.feedback)
            assert result.points == 100
            accepted[type(question.typed).__name__] += 1
    assert min(accepted[kind] for kind in ("ReplyNumber", "Name", "Shape", "NoneType")) > 50


def test_of_three_hundred_questions_each_wrong_answer_gets_its_own_feedback_and_no_other(
    three_hundred: list[tuple[str, Problem, Question]],
) -> None:
    for _, _, question in three_hundred:
        wrong = [answer for answer in question.answers if not answer.right]
        assert len(wrong) >= (1 if question.typed else 2), question.text
        for answer in wrong:
            result = grade(question, answer.text)
            assert (result.right, result.counts) == (False, True)
            assert result.feedback == answer.why != ""
        assert parse(text_of(Quiz.of([question]))).questions == (question,)


def test_no_two_answers_can_be_mistaken_for_each_other(three_hundred: list[tuple[str, Problem, Question]]) -> None:
    """Any number within half a unit of a listed answer is that answer, and not another."""
    for _, _, question in three_hundred:
        if isinstance(question.typed, ReplyNumber):
            values = [number(answer.text) for answer in question.answers]
            for one, other in itertools.combinations(values, 2):
                assert question.typed.apart(one or 0.0, other or 0.0)


def test_all_kinds_and_conventions_are_among_them(three_hundred: list[tuple[str, Problem, Question]]) -> None:
    parts = (
        "The sizes", "Which neuron", "Write the weight", "What is", "$\\frac", "is nudged", "multiply gate", "add gate",
        "raised", "loses its ½", "gets a ½",
    )  # fmt: skip
    for part in parts:
        assert any(part in question.text for _, _, question in three_hundred), part
    assert {convention for convention, _, _ in three_hundred} == set(PRESETS)


def test_no_question_shows_what_it_could_not_write(three_hundred: list[tuple[str, Problem, Question]]) -> None:
    braces = cr.multiclass_hinge().formula
    for _, _, question in three_hundred:
        shown = plain(text_of(Quiz.of([question])))
        for line in shown.splitlines():
            bare = re.sub(r"^\\(c|w|why|hint|typed|penalty|shownext):", "", line.replace(braces, ""))
            assert not re.search(r"[\\${}]|nan|inf\b|None|\bId\(", bare), line


# the values ---------------------------------------------------------------------------------------------------------
def test_the_value_asked_for_is_the_gradient_of_this_network_and_follows_from_what_is_told() -> None:
    """Of every weight and δ of random networks; the first also from the numbers in the question alone."""
    asked = 0
    for seed, convention in itertools.islice(zip(itertools.count(500), itertools.cycle(CONVENTIONS)), 20):
        p = problem(seed, convention)
        slopes = cr.gradient(p.network, p.x[0], p.y[0], p.cost)
        live = Live.of(p.network, p.x[0], p.y[0], p.cost, convention)
        for l, w in slopes.weights.items():
            for (j, k), slope in np.ndenumerate(w):
                question = value_question(live, Id("w", l, j, k))
                if question is not None:
                    assert number(right_of(question)) == pytest.approx(slope, rel=1e-5, abs=0)
                    asked += 1
    assert asked > 100


def told(question: Question) -> dict[str, Array]:
    """The numbers of a question by their names as shown."""
    found = {}
    for line in plain(question.text).splitlines():
        for name, value in re.findall(r"([^\s=]+) = (\([^)]*\)|\[[^\]]*\]|[−\d.e]+)", line):
            rows = value.strip("[]()").replace("−", "-").split(";")
            found[name] = np.array([[float(v) for v in re.split(r"[\s,]+", row.strip())] for row in rows])
    return found


@pytest.mark.parametrize("convention", ["article", "3blue1brown", "nielsen", "3h4"])
def test_a_reader_who_computes_from_what_is_told_is_right(convention: str) -> None:
    """By hand, from the printed numbers alone, with the index order and the counting that the question states."""
    p = make_problem([3, 2, 4], ["tanh"], "sigmoid", "quadratic", batch=1, seed=11)
    live = Live.of(p.network, p.x[0], p.y[0], None, convention)
    how = PRESETS[convention]
    for j, k in itertools.product(range(2), range(3)):
        question = value_question(live, Id("w", 1, j, k))
        assert question is not None
        known = {re.sub("[⁽⁾]", "", name): value for name, value in told(question).items()}
        w = known["w²"] if how.order == "to,from" else known["w²"].T
        delta = (known["δ²"] @ w)[0, j] * (1 - np.tanh(known["z¹"][0, j]) ** 2)
        assert grade(question, typed(known["a⁰"][0, k] * delta)).right
    for j in range(4):
        question = value_question(live, Id("d", 2, j))
        assert question is not None
        known = {re.sub("[⁽⁾]", "", name): value for name, value in told(question).items()}
        a, factor = known["a²"][0, j], 1
        assert grade(question, typed(factor * (a - known["y"][0, j]) * a * (1 - a))).right


def test_sums_that_cancel_are_told_with_more_digits() -> None:
    net = cr.Network([[[1.0], [1.0]], [[1.0, -0.99999]]], [[0.2, 0.2], [0.0]], "identity")
    live = Live.of(net, np.array([0.3]), np.array([0.1]), "quadratic", "nielsen")
    twin = cr.Network([[[1.0]], [[1.0], [-0.99998]]], [[0.2], [0.0, 0.0]], "identity")
    lost = Live.of(twin, np.array([1.0]), np.array([0.2, -2.2]), "quadratic", "nielsen")
    assert value_question(live, Id("d", 1, 0)) is not None
    question = value_question(lost, Id("d", 1, 0))
    assert question is not None
    known = told(question)
    assert grade(question, typed(float((known["w²"].T @ known["δ²"].T)[0, 0]))).right
    assert "−0.99998" in plain(question.text)


def test_of_a_large_network_a_question_tells_only_what_is_needed() -> None:
    net = cr.Network.random([784, 30, 10], "sigmoid", "sigmoid", seed=0)
    rng = np.random.default_rng(0)
    made = questions(net, rng.random(784), np.eye(10)[3], count=20, seed=1)
    assert len(made) == 20
    assert max(len(question.text) for question in made) < 600


def test_a_large_softmax_is_not_asked_about_by_hand() -> None:
    net = cr.Network.random([3, 6, 6], "softmax", "softmax", seed=0)
    live = Live.of(net, [0.1, 0.2, 0.3], np.eye(6)[0], "quadratic", "nielsen")
    assert value_question(live, Id("w", 1, 0, 0)) is None
    assert value_question(live, Id("d", 2, 0)) is None
    live = Live.of(net, [0.1, 0.2, 0.3], np.eye(6)[0], "cross_entropy", "nielsen")
    assert value_question(live, Id("d", 2, 0)) is not None


# planted mistakes ---------------------------------------------------------------------------------------------------
# 3-3-3-2, tanh · tanh · sigmoid, computed here once more with nothing but NumPy
PLANTED = make_problem([3, 3, 3, 2], ["tanh", "tanh"], "sigmoid", "quadratic", batch=1, seed=3, scale=1.3)
W = [None, *PLANTED.network.weights]
B = [None, *PLANTED.network.biases]
Y = PLANTED.y[0]
A: list[Array] = [PLANTED.x[0]]
Z: list[Array] = [np.zeros(0)]
for _l in (1, 2, 3):
    Z.append(W[_l] @ A[-1] + B[_l])
    A.append(np.tanh(Z[-1]) if _l < 3 else 1 / (1 + np.exp(-Z[-1])))


def s1(z: Array) -> Array:
    return 1 - np.tanh(z) ** 2


D3 = (A[3] - Y) * A[3] * (1 - A[3])
D2 = (W[3].T @ D3) * s1(Z[2])
D1 = (W[2].T @ D2) * s1(Z[1])
MOVED = W[2] - RATE * np.outer(D2, A[1])
LOGISTIC = 1 / (1 + np.exp(-A[3]))
J, K = 1, 2

# of ∂C/∂w¹_jk, hidden: the mistake, what a person who makes it gets, and what the feedback has to say
HIDDEN_MISTAKES: list[tuple[str, Callable[[], float], str]] = [
    ("slope forgotten", lambda: (W[2].T @ D2)[J] * A[0][K], "σ′(z¹₁) is forgotten"),
    ("slope at a", lambda: (W[2].T @ D2)[J] * s1(A[1])[J] * A[0][K], "That is σ′ at a¹₁"),
    ("not transposed", lambda: (W[2] @ D2)[J] * s1(Z[1])[J] * A[0][K], "That is w² δ² where (w²)ᵀ δ² belongs"),
    ("one path", lambda: W[2][0, J] * D2[0] * s1(Z[1])[J] * A[0][K], "the path through the first neuron of layer 2 alone"),
    ("one path", lambda: W[2][2, J] * D2[2] * s1(Z[1])[J] * A[0][K], "the path through the third neuron of layer 2 alone"),
    ("updated first", lambda: (MOVED.T @ D2)[J] * s1(Z[1])[J] * A[0][K], "w² has already been moved"),
    ("wrong sign", lambda: -D1[J] * A[0][K], "the sign is turned"),
    ("factor two", lambda: 2 * D1[J] * A[0][K], "Twice too much"),
    ("input forgotten", lambda: D1[J], "That is δ¹₁ alone"),
    ("weight for input", lambda: D1[J] * W[1][J, K], "δ¹₁ times the weight itself"),
    ("wrong layer", lambda: D1[J] * A[1][J], "That takes a¹₁, the activation of the layer the weight leads to"),
    ("indices swapped", lambda: D1[K] * A[0][J], "The indices are swapped: that is δ¹₂ times a⁰₁"),
]  # fmt: skip
# of δ³_j, at the output
OUTPUT_MISTAKES: list[tuple[str, Callable[[], float], str]] = [
    ("slope forgotten", lambda: (A[3] - Y)[1], "σ′(z³₁) is forgotten: that is ∂C/∂a³₁"),
    ("slope at a", lambda: ((A[3] - Y) * LOGISTIC * (1 - LOGISTIC))[1], "That is σ′ at a³₁"),
    ("wrong sign", lambda: -D3[1], "the sign is turned"),
    ("factor two", lambda: 2 * D3[1], "Twice too much: the 2 of the square's derivative and the ½"),
]


@pytest.mark.parametrize(("name", "wrong", "says"), HIDDEN_MISTAKES, ids=[row[0] for row in HIDDEN_MISTAKES])
def test_a_mistake_in_a_hidden_layer_is_named(name: str, wrong: Callable[[], float], says: str) -> None:
    live = Live.of(PLANTED.network, A[0], Y, "quadratic", "nielsen")
    target = Id("w", 1, J, K)
    question = value_question(live, target)
    assert question is not None
    assert grade(question, typed(D1[J] * A[0][K])).right
    result = grade(question, f"{wrong():.4g}")
    assert not result.right
    assert says in plain(result.feedback)
    assert any(
        s.name == name and s.value == pytest.approx(wrong(), rel=1e-9) for s in slips(live, target, ReplyNumber(3))
    )


@pytest.mark.parametrize(("name", "wrong", "says"), OUTPUT_MISTAKES, ids=[row[0] for row in OUTPUT_MISTAKES])
def test_a_mistake_at_the_output_is_named(name: str, wrong: Callable[[], float], says: str) -> None:
    live = Live.of(PLANTED.network, A[0], Y, "quadratic", "nielsen")
    question = value_question(live, Id("d", 3, 1))
    assert question is not None
    assert grade(question, typed(D3[1])).right
    assert says in plain(grade(question, f"{wrong():.4g}").feedback)


def test_where_the_cost_is_a_function_of_z_a_slope_too_many_is_named() -> None:
    live = Live.of(PLANTED.network, A[0], np.array([0.2, 0.9]), "binary_cross_entropy", "nielsen")
    question = value_question(live, Id("d", 3, 1))
    assert question is not None
    error = A[3][1] - 0.9
    assert grade(question, typed(error)).right
    assert "σ′(z³₁) is in there once too often" in plain(
        grade(question, typed(error * A[3][1] * (1 - A[3][1]))).feedback
    )
    into = error / (A[3][1] * (1 - A[3][1]))
    assert "That is ∂C/∂a³₁" in plain(grade(question, typed(into)).feedback)


def test_a_softmax_taken_for_its_diagonal_is_named() -> None:
    net = cr.Network.random([2, 3], output="softmax", seed=4, dtype="float64")
    x, y = np.array([0.4, -0.9]), np.array([0.0, 1.0, 0.0])
    live = Live.of(net, x, y, "quadratic", "nielsen")
    question = value_question(live, Id("d", 1, 2))
    assert question is not None
    p = cr.forward(net, x).a[1]
    assert grade(question, typed(float(p[2] * ((p - y)[2] - (p - y) @ p)))).right
    assert (
        "every output depends on every input" in grade(question, typed(float((p - y)[2] * p[2] * (1 - p[2])))).feedback
    )


def test_the_factor_two_goes_the_other_way_without_a_half() -> None:
    live = Live.of(PLANTED.network, A[0], Y, "squared_error", "nielsen")
    question = value_question(live, Id("d", 3, 1))
    assert question is not None
    assert grade(question, typed(2 * D3[1])).right
    assert "Half of it: this cost has no ½" in grade(question, typed(D3[1])).feedback


def test_under_from_to_the_matrix_that_goes_back_is_not_transposed() -> None:
    live = Live.of(PLANTED.network, A[0], Y, "quadratic", "article")
    question = value_question(live, Id("w", 1, J, K))
    assert question is not None
    wrong = (W[2] @ D2)[J] * s1(Z[1])[J] * A[0][K]
    assert "That is (w⁽²⁾)ᵀ δ⁽²⁾ where w⁽²⁾ δ⁽²⁾ belongs" in plain(grade(question, typed(wrong)).feedback)


def test_a_mistake_that_gives_the_right_number_is_no_wrong_answer() -> None:
    """A linear layer has the slope 1; a symmetric matrix is its own transpose; with a = y every slip is 0 too."""
    net = cr.Network([[[1.0, 0.5], [0.5, 2.0]], [[1.0, 0.5], [0.5, 2.0]]], None, "identity")
    live = Live.of(net, [0.3, -0.7], [0.1, 0.4], "quadratic", "nielsen")
    names = {slip.name for slip in slips(live, Id("d", 1, 0), ReplyNumber(3))}
    assert names.isdisjoint({"slope forgotten", "not transposed", "slope at a"})
    assert {"one path", "wrong sign", "factor two", "updated first"} <= names


def test_a_dead_neuron_has_a_gradient_of_exactly_zero() -> None:
    net = cr.Network([[[1.0], [-1.0]], [[1.0, 2.0]]], [[0.0, 0.0], [0.0]], ["relu", "identity"])
    live = Live.of(net, [0.5], [2.0], "quadratic", "nielsen")
    question = value_question(live, Id("w", 1, 1, 0))
    assert question is not None
    assert grade(question, "0").right
    assert not grade(question, "0.0001").right
    assert "is forgotten" in grade(question, typed(2.0 * (0.5 - 2.0) * 0.5)).feedback


# shapes and indices -------------------------------------------------------------------------------------------------
def all_shapes(live: Live) -> dict[str, str]:
    """The right shape of every array that is asked about, by its name."""
    found = {}
    for seed in range(60):
        question = shape_question(live, np.random.default_rng(seed))
        assert question is not None
        asked = re.search(r"What is the shape of (\S+)\?", plain(question.text))
        assert asked
        found[asked.group(1)] = right_of(question)
    return found


def test_shapes_are_those_of_the_arrays_and_turn_around_under_from_to() -> None:
    net = cr.Network.random([4, 3, 2], "tanh", "sigmoid", seed=0)
    there = all_shapes(Live.of(net, np.ones(4), np.ones(2), None, "nielsen"))
    assert there == {
        "w¹": "3×4", "∂C/∂w¹": "3×4", "b¹": "3×1", "δ¹": "3×1", "w²": "2×3", "∂C/∂w²": "2×3", "b²": "2×1", "δ²": "2×1",
    }  # fmt: skip
    here = all_shapes(Live.of(net, np.ones(4), np.ones(2), None, "article"))
    assert here["w⁽¹⁾"] == here["∂c/∂w⁽¹⁾"] == "4×3"
    rows = all_shapes(Live.of(net, np.ones(4), np.ones(2), None, PRESETS["nielsen"].but(orientation="rows")))
    assert rows["δ¹"] == "1×3"
    slopes = cr.gradient(net, np.ones(4), np.ones(2))
    assert there["∂C/∂w¹"] == "×".join(map(str, slopes.weights[1].shape))


def test_a_shape_that_is_turned_around_is_told_so() -> None:
    live = Live.of(cr.Network.random([4, 3, 2], "tanh", "sigmoid", seed=0), np.ones(4), np.ones(2), None, "nielsen")
    table = {
        "w¹": {"4×3": "turned around", "3×3": "twice", "4×4": "twice", "2×3": "one layer on", "3": "one number per neuron"},
        "δ¹": {
            "4": "as many as layer 0", "3×4": "the shape of the weights", "2": "as many as layer 2", "1×3": "turned",
            "1": "not enough",
        },
    }  # fmt: skip
    for seed in range(60):
        question = shape_question(live, np.random.default_rng(seed))
        assert question is not None
        for name, mistakes in table.items():
            if f"of {name}?" in plain(question.text):
                for wrong, says in mistakes.items():
                    assert says in grade(question, wrong).feedback


def test_one_bias_a_layer_has_one_entry() -> None:
    net = cr.Network.random([4, 3, 2], "tanh", "sigmoid", bias="layer", seed=0)
    assert all_shapes(Live.of(net, np.ones(4), np.ones(2), None, "nielsen"))["b¹"] == "1×1"
    net = cr.Network.random([4, 3, 2], "tanh", "sigmoid", bias="none", seed=0)
    assert "b¹" not in all_shapes(Live.of(net, np.ones(4), np.ones(2), None, "nielsen"))


def wide() -> cr.Network:
    return cr.Network.random([3, 4, 3], "tanh", "sigmoid", seed=1, dtype="float64")


@pytest.mark.parametrize("convention", ["article", "3blue1brown", "nielsen", "3h4"])
def test_the_neurons_a_weight_joins_are_its_own_whatever_the_convention(convention: str) -> None:
    """w/2/1/3 leads from the fourth neuron of layer 1 to the second of layer 2, whatever marks it is shown with."""
    live = Live.of(wide(), np.ones(3), np.ones(3), None, convention)
    for leaves, right in ((True, "the fourth neuron of layer 1"), (False, "the second neuron of layer 2")):
        question = _joined(live, Id("w", 2, 1, 3), leaves, np.random.default_rng(0))
        assert question is not None
        assert right_of(question) == right
        index = "second" if leaves == (PRESETS[convention].order == "to,from") else "first"
        assert f"the {index} index is the neuron a weight {'leaves' if leaves else 'reaches'}" in why_of(
            question, right
        )
        for answer in question.answers:
            if not answer.right:
                assert grade(question, answer.text).feedback == answer.why
    question = _joined(live, Id("w", 2, 1, 2), True, np.random.default_rng(0))
    assert question is not None
    assert "The indices are swapped" in why_of(question, "the second neuron of layer 1")
    assert "the other end" in why_of(question, "the second neuron of layer 2")
    assert "the layer a weight reaches" in why_of(question, "the third neuron of layer 2")
    other = "the second neuron of layer 1" if PRESETS[convention].base == 0 else "the fourth neuron of layer 1"
    if other == "the fourth neuron of layer 1":
        assert "Neurons count from 1" in why_of(question, other)


def test_swapped_indices_are_told_apart_from_counting_and_from_the_layer() -> None:
    for convention in ("article", "nielsen"):
        how = PRESETS[convention]
        live = Live.of(wide(), np.ones(3), np.ones(3), None, convention)
        question = _named(live, Id("w", 2, 0, 2))
        assert grade(question, "w/2/0/2").right
        assert grade(question, str(how.of(Id("w", 2, 0, 2)))).right
        assert "The indices are swapped" in grade(question, "w/2/2/0").feedback
        assert "The mark above is the layer a weight reaches, here 2" in grade(question, "w/1/0/2").feedback
        assert "The mark above is the layer a weight reaches, here 2" in grade(question, "w/3/0/2").feedback
    miscounted = _named(Live.of(wide(), np.ones(3), np.ones(3), None, "nielsen"), Id("w", 2, 0, 2))
    assert "the number 0 is the first" in grade(miscounted, "w²₁₃").feedback
    other = _named(Live.of(wide(), np.ones(3), np.ones(3), None, "3h4"), Id("w", 2, 1, 2))
    assert grade(other, "w²₂₃").right
    assert "the number 1 is the first" in grade(other, "w²₁₂").feedback


def test_ordinals_go_on_after_ten() -> None:
    assert [ordinal(i) for i in (0, 9, 10, 11, 12, 20, 21, 22, 110, 783)] == [
        "first", "tenth", "11th", "12th", "13th", "21st", "22nd", "23rd", "111th", "784th",
    ]  # fmt: skip


# gates --------------------------------------------------------------------------------------------------------------
def test_the_rule_of_a_gate_is_what_the_circuit_sends() -> None:
    """Every wire's gradient in a network wired gate by gate, by forms alone."""
    p = make_problem([3, 3, 2, 2], ["tanh", "silu"], "sigmoid", "quadratic", batch=1, seed=8)
    live = Live.of(p.network, p.x[0], p.y[0], "quadratic", "nielsen")
    circuit = circuit_of(p.network, p.x, p.y, "quadratic")
    back = circuit.run().backward(circuit.cost)
    rng, seen = np.random.default_rng(0), Counter()
    for l in (1, 2, 3):
        for j, k in itertools.product(range(live.sizes[l]), range(live.sizes[l - 1])):
            target = Id("w", l, j, k)
            sent = {
                "weight": (_multiply(live, target, True, rng), float(back[circuit.weights[l][j, k]])),
                "activation": (
                    _multiply(live, target, False, rng),
                    float(back[circuit.products[l][0, j, k]]) * float(p.network.weights[l][j, k]),
                ),
                "bias": (_add(live, target, rng), float(back[circuit.biases[l][j]])),
                "fan-out": (_fan_out(live, target, rng), float(back[circuit.a[l][0, j]])),
            }
            for name, (question, value) in sent.items():
                if question is not None:
                    assert number(right_of(question)) == float(f"{value:.3g}")
                    seen[name] += 1
    assert seen["fan-out"] >= 10
    assert min(seen.values()) >= 10


def test_the_mistakes_at_a_gate_are_named() -> None:
    live = Live.of(PLANTED.network, A[0], Y, "quadratic", "nielsen")
    rng, target = np.random.default_rng(0), Id("w", 1, J, K)
    weight = float(W[1][J, K])
    own, add, alone = "switches its inputs", "what an add gate does", "the local slope alone"
    table = [
        (_multiply(live, target, True, rng), [(D1[J] * weight, own), (D1[J], add), (A[0][K], alone)]),
        (_multiply(live, target, False, rng), [(D1[J] * A[0][K], own), (D1[J], add), (weight, alone)]),
        (
            _add(live, target, rng),
            [(D1[J] / 2, "does not share"), (D1[J] * B[1][J], "times the bias"), (1.0, alone)],
        ),
        (_fan_out(live, target, rng), [(W[2][0, J] * D2[0], "the first of"), ((W[2].T @ D2)[J] / 3, "the mean")]),
    ]
    for question, mistakes in table:
        assert question is not None
        for value, says in mistakes:
            assert says in grade(question, f"{value:.3g}").feedback, (question.text, value)


def test_a_value_that_goes_one_way_is_no_fan_out(chain: cr.Network) -> None:
    live = Live.of(chain, [0.6], [1.0], None, "nielsen")
    assert _fan_out(live, Id("w", 1, 0, 0), np.random.default_rng(0)) is None
    assert _fan_out(live, Id("w", 3, 0, 0), np.random.default_rng(0)) is None


# reasons ------------------------------------------------------------------------------------------------------------
def test_the_sign_is_what_a_nudge_of_the_weight_does() -> None:
    risen = Counter()
    for seed in range(30):
        p = problem(seed, "nielsen")
        live = Live.of(p.network, p.x[0], p.y[0], p.cost, "nielsen")
        for j, k in itertools.product(range(live.sizes[1]), range(live.sizes[0])):
            question = sign_question(live, Id("w", 1, j, k), np.random.default_rng(seed))
            slope = cr.gradient(p.network, p.x[0], p.y[0], p.cost).weights[1][j, k]
            if question is None or abs(slope) < 1e-6:
                continue
            w = float(p.network.weights[1][j, k])
            up, down = (
                float(cr.cost(p.network.with_value(f"w/1/{j}/{k}", w + h), p.x[0], p.y[0], p.cost))
                for h in (1e-6, -1e-6)
            )
            assert right_of(question) == ("$C$ rises" if up > down else "$C$ falls")
            risen[up > down] += 1
    assert min(risen[True], risen[False]) > 20


def test_no_sign_is_asked_of_a_weight_that_moves_nothing() -> None:
    net = cr.Network([[[1.0, 2.0]]], None, "identity")
    live = Live.of(net, [0.0, 1.0], [0.5], None, "nielsen")
    assert sign_question(live, Id("w", 1, 0, 0), np.random.default_rng(0)) is None


@pytest.mark.parametrize(
    ("x", "bias", "y", "slow"),
    [
        (0.01, 0.0, 5.0, "hardly active"),
        (1.0, 9.0, 5.0, "saturated"),
        (1.0, 0.0, 0.505, "what the cost sends back is small"),
    ],
)
def test_the_slow_factor_is_the_smallest(x: float, bias: float, y: float, slow: str) -> None:
    net = cr.Network([[[0.02]]], [[bias]], "sigmoid")
    live = Live.of(net, [x], [y], "quadratic", "nielsen")
    question = slow_question(live, Id("w", 1, 0, 0), np.random.default_rng(0))
    assert question is not None
    assert slow in right_of(question)
    assert len(question.answers) == 4
    assert "is not a factor of its own gradient" in why_of(question, "the weight itself is small")


def test_no_slow_factor_is_asked_for_where_none_clearly_is() -> None:
    rng = np.random.default_rng(0)
    even = Live.of(cr.Network([[[0.02]]], None, "sigmoid"), [0.3], [0.8], "quadratic", "nielsen")
    assert slow_question(even, Id("w", 1, 0, 0), rng) is None
    dead = Live.of(cr.Network([[[-1.0]], [[0.0]]], None, ["relu", "identity"]), [1.0], [0.0], "quadratic", "nielsen")
    assert slow_question(dead, Id("w", 1, 0, 0), rng) is None  # two factors are 0
    cancelled = Live.of(cr.Network([[[0.02]]], [[9.0]], "sigmoid"), [1.0], [0.5], "binary_cross_entropy", "nielsen")
    assert slow_question(cancelled, Id("w", 1, 0, 0), rng) is None  # there σ′ is not a factor


def test_the_factors_in_order_multiply_to_the_path_and_the_paths_to_the_gradient(chain: cr.Network) -> None:
    live = Live.of(chain, [0.6], [1.0], None, "3blue1brown")
    question = order_question(live, Id("w", 1, 0, 0), np.random.default_rng(0))
    assert question is not None
    order = "a⁽⁰⁾ · σ′(z⁽¹⁾) · w⁽²⁾ · σ′(z⁽²⁾) · w⁽³⁾ · σ′(z⁽³⁾) · ∂C/∂a⁽³⁾"
    assert plain(right_of(question)) == order
    values = {f"a⁽{l}⁾".translate(str.maketrans("0123", "⁰¹²³")): float(live.trace.a[l][0]) for l in range(4)}
    names = dict(zip("123", "¹²³"))
    for l in range(1, 4):
        mark = names[str(l)]
        values[f"w⁽{mark}⁾"] = float(chain.weights[l][0, 0])
        values[f"σ′(z⁽{mark}⁾)"] = float(live.network.activations[l].slope(live.trace.z[l])[0])
    values["∂C/∂a⁽³⁾"] = 2 * (values["a⁽³⁾"] - 1.0)
    product = np.prod([values[factor] for factor in order.split(" · ")])
    assert product == pytest.approx(cr.gradient(chain, [0.6], [1.0], "squared_error").weights[1][0, 0], rel=1e-12)


def test_a_wrong_order_is_named() -> None:
    live = Live.of(wide(), np.ones(3), np.ones(3), "quadratic", "nielsen")
    said: dict[str, str] = {}
    for seed in range(20):
        question = order_question(live, Id("w", 1, 3, 2), np.random.default_rng(seed))
        assert question is not None
        said |= {plain(answer.text): plain(answer.why) for answer in question.answers}
    table = {
        "∂C/∂a²₁ · σ′(z²₁) · w²₁₃ · σ′(z¹₃) · a⁰₂": "so backpropagation multiplies",
        "a⁰₂ · w²₁₃ · σ′(z¹₃) · σ′(z²₁) · ∂C/∂a²₁": "w²₁₃ multiplies the activation, so that σ′(z¹₃) comes before it",
        "a⁰₂ · σ′(z¹₃) · w²₃₁ · σ′(z²₁) · ∂C/∂a²₁": "The indices of w²₁₃ are swapped",
        "w¹₃₂ · σ′(z¹₃) · w²₁₃ · σ′(z²₁) · ∂C/∂a²₁": "multiplied by a⁰₂",
    }
    for wrong, says in table.items():
        assert says in said[wrong]


def test_through_a_softmax_there_is_no_single_way() -> None:
    net = cr.Network.random([2, 3, 2], "softmax", "sigmoid", seed=0)
    live = Live.of(net, [0.1, 0.2], [0.0, 1.0], "quadratic", "nielsen")
    assert order_question(live, Id("w", 1, 0, 0), np.random.default_rng(0)) is None
    assert order_question(live, Id("w", 2, 0, 0), np.random.default_rng(0)) is not None


def test_the_half_of_the_cost_is_a_factor_of_every_error() -> None:
    live = Live.of(PLANTED.network, A[0], Y, "quadratic", "nielsen")
    question = half_question(live, np.random.default_rng(0))
    assert question is not None
    assert right_of(question) == "every δ doubles"
    for l in (1, 2, 3):
        ratio = cr.backward(live.trace, Y, "squared_error").delta[l] / live.back.delta[l]
        assert ratio == pytest.approx(2.0)
    other = half_question(Live.of(PLANTED.network, A[0], Y, "squared_error", "nielsen"), np.random.default_rng(0))
    assert other is not None
    assert right_of(other) == "every δ halves"
    entropy = Live.of(PLANTED.network, A[0], np.array([0.0, 1.0]), "binary_cross_entropy", "nielsen")
    assert half_question(entropy, np.random.default_rng(0)) is None


# asking for questions -----------------------------------------------------------------------------------------------
def test_every_kind_can_be_asked_for_alone() -> None:
    net = cr.Network.random([3, 4, 3], "tanh", "sigmoid", seed=1)
    for kind in KINDS:
        count = 1 if kind == "half" else 4
        made = questions(net, [0.1, -0.2, 0.9], [0.0, 1.0, 0.0], kinds=[kind], count=count, seed=2)
        assert len({question.text for question in made}) == count


def test_without_a_count_there_are_five_or_what_there_is() -> None:
    assert len(questions(cr.Network.random([3, 4, 3], seed=1), [0.1, -0.2, 0.9], [0.0, 1.0, 0.0])) == 5
    assert len(questions(cr.Network([[[2.0]]], None, "sigmoid"), [0.5], [0.0], kinds=["half"])) == 1
    with pytest.raises(SettingError, match="this network gives 0 of the kinds half"):
        questions(cr.Network([[[2.0]]], None, "sigmoid"), [0.5], [0.0], cost="huber", kinds=["half"])


def test_the_same_seed_asks_the_same() -> None:
    net = cr.Network.random([3, 4, 3], "tanh", "sigmoid", seed=1)
    one, same, other = (questions(net, [0.1, -0.2, 0.9], [0, 1, 0], count=9, seed=seed) for seed in (5, 5, 6))
    assert one == same != other


def test_the_first_questions_are_of_different_kinds() -> None:
    net = cr.Network.random([3, 4, 3], "tanh", "sigmoid", seed=1)
    made = questions(net, [0.1, -0.2, 0.9], [0, 1, 0], count=9, seed=5)
    assert len({question.text.split(maxsplit=2)[0] for question in made}) >= 5


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"count": 0}, SettingError, "count is a whole number of questions, 1 … 1,000, got 0"),
        ({"count": True}, SettingError, "got True"),
        ({"kinds": ["gradeint"]}, UnknownNameError, "did you mean 'gradient'"),
        ({"kinds": ["half"], "count": 2}, SettingError, "2 questions were wanted and this network gives 1 of the kinds half"),
        ({"convention": "cs231n"}, PairError, "applies no activation on the last layer"),
        ({"cost": "cross_entropy"}, PairError, "needs an output of softmax"),
        ({"convention": "s7"}, UnknownNameError, "unknown convention"),
        ({"seed": -1}, SettingError, "seed"),
        ({"x": [[0.1, 0.2, 0.3]]}, ShapeError, "one example is asked about, x of shape"),
        ({"y": [0.1]}, ShapeError, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_clear_error(settings: dict[str, object], error: type, message: str) -> None:
    net = cr.Network.random([3, 4, 3], "tanh", "sigmoid", seed=1)
    asked = {"x": [0.1, -0.2, 0.9], "y": [0.0, 1.0, 0.0], **settings}
    with pytest.raises(error) as caught:
        questions(net, asked.pop("x"), asked.pop("y"), **asked)  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_a_network_that_leaves_the_numbers_is_not_asked_about() -> None:
    net = cr.Network([[[1e200]], [[1e200]]], None, "identity")
    with pytest.raises(DataError, match="z of layer 2 overflows"):
        questions(net, [1.0], [0.0])
