"""Questions, replies in every form, points, the way through a quiz, and the command that asks it (S4.18, S4.19)."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

import chainrule as cr
from chainrule.cli import asking
from chainrule.cli import quiz as quiz_command
from chainrule.cli.options import with_options
from chainrule.conventions import PRESETS
from chainrule.errors import ChainruleError, SettingError
from chainrule.ids import Id
from chainrule.lessons.plain_text import plain
from chainrule.lessons.quiz import Answer, Question, Session, grade
from chainrule.lessons.quiz_format import Quiz, parse, read_quiz, text_of, write_quiz
from chainrule.lessons.replies import Name, ReplyNumber, Shape, choices, label, number, unit, written
from chainrule.lessons.six_questions import six
from chainrule.writing.formula import Sum, partial, row
from chainrule.writing.tex import latex


# numbers ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.0183", 0.0183), (".0183", 0.0183), ("+0.0183", 0.0183), (" 0.0183 ", 0.0183), ("0. 0183", 0.0183),
        ("1.83e-2", 0.0183), ("1.83E-02", 0.0183), ("1.83×10⁻²", 0.0183), ("1.83 x 10^-2", 0.0183), ("1.83·10^{-2}", 0.0183),
        ("1.83*10^-2", 0.0183), (r"$1.83\cdot 10^{-2}$", 0.0183), (r"1.83 \times 10^{-2}", 0.0183), ("1.83 10^-2", 0.0183),
        ("1,83e-2", 0.0183), ("0,0183", 0.0183), ("1,000", 1.0), ("183/10000", 0.0183), ("1/3", 1 / 3), ("-1/3", -1 / 3),
        (r"\frac{1}{3}", 1 / 3), (r"-\frac{1}{3}", -1 / 3), ("−0.0183", -0.0183), ("-0.0183", -0.0183), ("– .0183", -0.0183),
        ("−1.83×10⁻²", -0.0183), ("10⁻²", 0.01), ("-10^3", -1000.0), ("= 0.0183", 0.0183), ("≈ .0183", 0.0183), ("5.", 5.0),
        ("0", 0.0), ("-0", 0.0), ("1e400/1", None), ("1e-400", 0.0), ("0.5/2e-1", 2.5),
    ],
)  # fmt: skip
def test_a_number_is_read_in_every_form_in_which_people_write_it(text: str, value: float | None) -> None:
    assert number(text) == (value if value is None else pytest.approx(value, rel=1e-15))


@pytest.mark.parametrize(
    "text",
    ["", "x", "b", "nan", "inf", "-", ".", "e5", "1e", "1/0", "1/", "/3", "1/2/3", "1,2,3", "1,234.5", "1.2.3", "0x10", "1_0",
     "1e5×10^2", "٣", "--1", "1 or 2", "1 2", "12 345", "110^2", "1.10^2", "x10^2"],
)  # fmt: skip
def test_what_is_no_number_is_none(text: str) -> None:
    assert number(text) is None


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_a_number_that_is_written_is_read_as_the_same(value: float, digits: int) -> None:
    if f"{value:.{digits}g}" not in ("inf", "-inf") and abs(float(f"{value:.{digits}g}")) != np.inf:
        assert number(written(value, digits)) == float(f"{value:.{digits}g}")
        assert "-" not in written(value, digits)


@given(st.floats(1e-12, 1e12), st.booleans())
def test_a_number_cut_off_or_rounded_to_its_digits_is_right_and_two_units_away_is_not(size: float, above: bool) -> None:
    value, graded = (size if above else -size), ReplyNumber(3)
    one = unit(value, 3)
    cut = np.trunc(value / one) * one
    for near in (value, float(f"{value:.3g}"), float(cut)):
        assert graded.same(value, near)
    for far in (value + 2 * one, value - 2 * one, -value, 0.0):
        assert not graded.same(value, far)
    assert not graded.apart(value, value + one)
    assert graded.apart(value, value * 1.5)


def test_where_the_right_number_is_zero_nothing_else_is() -> None:
    assert ReplyNumber().same(0.0, 0.0)
    assert not ReplyNumber().same(0.0, 1e-300)


# ids and shapes -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    ["w/2/0/1", "w²₀₁", "w^2_{01}", "w^{2}_{01}", "w^{(2)}_{0,1}", "w^{(2)}_{01}", "w⁽²⁾₀₁", "w⁽²⁾₀,₁", "w2_01", "w2_{0,1}",
     "w_{01}^2", "w₀₁²", "w_01^{(2)}", "w^2_0,1", "$w^{2}_{01}$", " w ² ₀ ₁ ", "W²₀₁", "w^2_{0 1}", "w(2)_01", "w2_0_1"],
)  # fmt: skip
def test_an_id_is_read_in_every_form(text: str) -> None:
    assert Name("to,from", 0).read(text) == Id("w", 2, 0, 1)


def test_a_symbol_is_read_as_its_convention_writes_it_and_an_id_as_it_always_is() -> None:
    for convention in PRESETS.values():
        name = Name(convention.order, convention.base)
        for id in (
            Id("w", 2, 0, 1),
            Id("w", 3, 10, 0),
            Id("w", 1, 4, 11),
            Id("b", 2, 3),
            Id("d", 1, 12),
            Id("a", 0, 1),
            Id("x", 0, 2),
        ):
            symbol = convention.of(id)
            for text in (str(symbol), latex(symbol), f"${latex(symbol)}$", str(id)):
                assert name.read(text) == id, (convention.name, text)
    assert Name("from,to", 1).read("w²₂₁") == Id("w", 2, 0, 1)
    assert Name("to,from", 1).read("w²₁₂") == Id("w", 2, 0, 1)


@pytest.mark.parametrize(
    "text",
    ["", "w", "w/2/0", "w201", "w12", "w_01", "2_01", "w²₀", "w^2_{0,1,2}", "b²₀,₁", "b/2/0/1", "q²₀", "w/2/0/x", "δ", "C²"],
)  # fmt: skip
def test_what_names_no_quantity_is_none(text: str) -> None:
    assert Name().read(text) is None


def test_in_a_chain_of_single_neurons_a_weight_needs_no_indices() -> None:
    for text in ("w²", "w2", "w^{(2)}", "w/2/0/0", "w²₀₀"):
        assert Name().read(text) == Id("w", 2, 0, 0)


def test_a_neuron_before_the_first_is_none() -> None:
    assert Name("to,from", 1).read("w²₀₁") is None


@pytest.mark.parametrize(
    "text", ["3×4", "3x4", "3 X 4", "(3, 4)", "[3,4]", "3 by 4", "3*4", r"$3 \times 4$", "3 4", "( 3,4 )"]
)
def test_a_shape_is_read_in_every_form(text: str) -> None:
    assert Shape().read(text) == (3, 4)


@pytest.mark.parametrize(
    ("kind", "unit", "end"), [(ReplyNumber(3), "1", "!"), (ReplyNumber(3), "10", "!"), (None, r"\begin{matrix}", "$")]
)
def test_reading_a_reply_takes_time_in_proportion_to_its_length(kind: ReplyNumber | None, unit: str, end: str) -> None:
    """Eight times as long took 64 times as long; of one run, in CPU time, and the shortest of three."""
    choice = Question("Which?", (Answer("the weight $w_{01}^2$", True), Answer("a bias", False)))

    def taken(length: int) -> float:
        text = end + unit * (length // len(unit)) + end
        times = []
        for _ in range(3):
            start = time.process_time()
            assert kind.read(text[1:]) is None if kind else not grade(choice, text).right
            times.append(time.process_time() - start)
        return min(times)

    assert taken(24_000) < 24 * max(taken(3_000), 1e-3)


def test_a_shape_of_one_number_is_a_vectors() -> None:
    assert Shape().read("3") == Shape().read("(3,)") == Shape().read("[3]") == (3,)
    for text in ("", "x", "3×", "(3, 4", "3.5", "-3", "3×4×"):
        assert Shape().read(text) is None
    assert Shape().read("3×4×5") == (3, 4, 5)


# choices ------------------------------------------------------------------------------------------------------------
TEXTS = ["Rows of $w^{2}_{01}$", "−0.5", "the sum", "the  sum and more"]


@pytest.mark.parametrize(
    ("reply", "chosen"),
    [
        ("a", {0}), ("A)", {0}), ("(b)", {1}), ("2", {1}), (" 3. ", {2}), ("rows of w²₀₁", {0}), ("Rows of $w^{2}_{01}$", {0}),
        ("-0.5", {1}), ("THE SUM", {2}), ("the sum and more", {3}), ("a,c", {0, 2}), ("a c", {0, 2}), ("ac", {0, 2}),
        ("a and 3", {0, 2}), ("c;a", {0, 2}), ("1 & d", {0, 3}), ("the sum, a", None), ("e", None), ("5", None), ("0", None),
        ("", None), ("aa", None), ("abe", None), ("a,e", None), ("?", None), ("sum", None),
    ],
)  # fmt: skip
def test_a_choice_is_named_by_letter_number_or_text(reply: str, chosen: set[int] | None) -> None:
    found = choices(TEXTS, reply)
    assert found == (None if chosen is None else frozenset(chosen))


def test_a_text_goes_before_a_number() -> None:
    assert choices(["3", "1", "2"], "1") == {1}
    assert choices(["3", "1", "2"], "b") == {1}
    assert choices(["1", "3", "6", "18"], "3") == {1}
    assert choices(["1", "3", "6", "18"], "2") == {1}


def test_answers_beyond_z_have_numbers() -> None:
    assert [label(0), label(25), label(26)] == ["a", "z", "27"]
    assert choices([f"answer {i}" for i in range(30)], "27") == {26}


# grading ------------------------------------------------------------------------------------------------------------
def choice_of(*answers: str, penalty: float | None = 30, **settings: object) -> Question:
    """A choice; right answers begin with an exclamation mark."""
    made = tuple(Answer(text.lstrip("!"), text.startswith("!"), f"why {text.lstrip('!')}") for text in answers)
    return Question("Which?", made, penalty=penalty, **settings)  # type: ignore[arg-type]


def test_several_right_answers_need_exactly_that_set() -> None:
    question = choice_of("!one", "two", "!three")
    right = grade(question, "a,c")
    assert (right.right, right.points, right.feedback) == (True, 100, "why one why three")
    assert grade(question, "a").feedback.startswith("That holds, and it is not all")
    assert grade(question, "a,b,c").feedback == "why two"
    assert not grade(question, "a,b,c").right


def test_a_wrong_answer_gets_its_own_feedback_and_the_hint_where_it_has_none() -> None:
    assert grade(choice_of("!one", "two"), "b").feedback == "why two"
    bare = Question("Which?", (Answer("one", True), Answer("two", False)), hint="Count.")
    assert grade(bare, "b").feedback == "Count."
    assert grade(bare, "a").feedback == "Right."


NUMERIC = Question(
    "What?", (Answer("0.0183", True), Answer("0.5", False, "That is σ′ forgotten.")), ReplyNumber(3), hint="Multiply.",
    penalty=20,
)  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "feedback"),
    [
        ("1/2", "That is σ′ forgotten."),
        ("-0.0183", "The sign is turned. Multiply."),
        ("0.0366", "It is twice what it should be (the 2 of a square's derivative, or a ½ of the cost?). Multiply."),
        ("0.00915", "It is half what it should be (the 2 of a square's derivative, or a ½ of the cost?). Multiply."),
        ("-0.183", "The sign is turned and the decimal point is 1 place too far right. Multiply."),
        ("0.183", "The decimal point is 1 place too far right. Multiply."),
        ("0.000183", "The decimal point is 2 places too far left. Multiply."),
        ("0.0549", "It is 3 times what it should be (a sum over 3 outputs or examples where a mean is meant?). Multiply."),
        ("0.00261429", "It is 1/7 of what it should be (a mean over 7 outputs or examples where a sum is meant?). Multiply."),
        ("0", "It is not 0. Multiply."),
        ("0.77", "Multiply."),
        ("0.018", "That is close, but not right to three significant digits."),
        ("0.0191", "That is close, but not right to three significant digits."),
        ("0.0194", "Multiply."),
    ],
)  # fmt: skip
def test_a_wrong_number_is_told_what_it_has_to_do_with_the_right_one(reply: str, feedback: str) -> None:
    result = grade(NUMERIC, reply)
    assert (result.right, result.counts, result.feedback) == (False, True, feedback)


def test_where_one_digit_is_enough_nothing_is_close() -> None:
    assert not ReplyNumber(1).nearly(5.0, 5.5)
    assert ReplyNumber(2).nearly(0.5, 0.59)
    assert not ReplyNumber(3).nearly(0.0, 1e-9)


def test_a_known_mistake_is_named_where_it_is_close_too() -> None:
    near = Question("What?", (Answer("0.183", True), Answer("0.186", False, "Cut off.")), ReplyNumber(3))
    assert grade(near, "0.186").feedback == "Cut off."


def test_where_a_number_is_as_good_as_right_it_is_right() -> None:
    near = Question("What?", (Answer("0.501", False, "Cut off."), Answer("0.5", True)), ReplyNumber(3))
    assert grade(near, "0.5005").right


def test_a_reply_that_cannot_be_read_is_no_wrong_one() -> None:
    for question, reply in ((NUMERIC, "b"), (choice_of("!one", "two"), "c")):
        result = grade(question, reply)
        assert (result.right, result.counts) == (False, False)
    assert "a number, to three significant digits" in grade(NUMERIC, "much").feedback
    assert (
        grade(choice_of("!one", "two"), "z").feedback == "Answer with a letter from a to b, a number or the full text."
    )


def test_of_a_typed_question_any_right_answer_will_do() -> None:
    question = Question("?", (Answer("3×1", True), Answer("3", True), Answer("1×3", False, "Turned.")), Shape())
    assert grade(question, "(3,)").right
    assert grade(question, "3x1").right
    assert grade(question, "1×3").feedback == "Turned."


def test_each_wrong_reply_costs_the_penalty_and_points_end_at_zero() -> None:
    question = choice_of("!one", "two", penalty=30)
    assert [grade(question, "a", wrong).points for wrong in range(5)] == [100, 70, 40, 10, 0]
    assert grade(choice_of("!one", "two", penalty=None), "a", 9).points == 100
    assert grade(question, "b").points == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Question("", (Answer("a", True),)), "there is no question"),
        (lambda: Question("?", (Answer("a", False),)), "no correct answer"),
        (lambda: Question("?", ()), "no correct answer"),
        (lambda: Question("?", (Answer("a", True), Answer(" a\n", False))), "answer b: the answer 'a' is there twice"),
        (lambda: Question("?", (Answer("a", True), Answer(" ", False))), "answer b: an empty answer"),
        (lambda: Question("?", (Answer("so", True),), ReplyNumber()), "expected a number"),
        (lambda: Question("?", (Answer("a", True),), penalty=-1), "a penalty is a number ≥ 0"),
        (lambda: Question("?", (Answer("a", True),), penalty=float("nan")), "a penalty is a number ≥ 0"),
        (lambda: Question("?", (Answer("a", True),), penalty=True), "a penalty is a number ≥ 0"),
        (lambda: Answer("a\0", True), "holds the character"),
        (lambda: ReplyNumber(0), "graded to 1…12 significant digits"),
        (lambda: Name("from"), "order of a convention is one of"),
        (lambda: Session.of([]), "a quiz has at least one question"),
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_refused(make: object, message: str) -> None:
    with pytest.raises(SettingError, match=message.replace("(", r"\(")):
        make()  # type: ignore[operator]


# a way through ------------------------------------------------------------------------------------------------------
def test_a_question_is_asked_again_at_once_until_it_is_right() -> None:
    first, second = choice_of("!one", "two"), choice_of("!three", "four")
    session, result = Session.of([first, second]).answer("b")
    assert (session.current, result.right) == (first, False)
    session, result = session.answer("what?")
    assert not result.counts
    session, result = session.answer("a")
    assert (session.current, result.points) == (second, 70)
    session, _ = session.answer("a")
    assert (session.current, session.earned, session.score) == (None, 170, 0.85)
    with pytest.raises(SettingError, match="every question of this quiz has been answered"):
        session.answer("a")


def test_with_shownext_the_next_question_comes_first_and_this_one_after_the_last() -> None:
    first, second = choice_of("!one", "two", shownext=True), choice_of("!three", "four")
    session, _ = Session.of([first, second]).answer("b")
    assert session.current == second
    session, _ = session.answer("a")
    assert session.current == first
    session, _ = session.answer("b")
    assert session.current == first
    session, result = session.answer("a")
    assert (session.current, result.points, session.earned) == (None, 40, 140)


def test_giving_up_goes_on_without_points() -> None:
    session = Session.of([choice_of("!one", "two"), choice_of("!one", "two")]).give_up()
    session, _ = session.answer("a")
    assert (session.current, session.earned, session.solved) == (None, 100, (False, True))
    with pytest.raises(SettingError, match="has been answered"):
        session.give_up()


def test_a_session_is_json() -> None:
    session, _ = Session.of([choice_of("!one", "two"), choice_of("!one", "two")]).answer("b")
    session, _ = session.answer("1")
    kept = json.loads(json.dumps(session.to_json()))
    assert {key: kept[key] for key in ("score", "points", "of", "solved", "tries")} == {
        "score": 0.35, "points": 70, "of": 200, "solved": 1, "tries": 2,
    }  # fmt: skip
    assert kept["questions"][0] == {
        "question": "Which?", "answer": ["one"], "replies": ["b", "1"], "solved": True, "points": 70,
    }  # fmt: skip
    assert kept["questions"][1]["replies"] == []


# formulas as text ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("convention", PRESETS.values(), ids=lambda c: c.name)
def test_a_symbol_in_latex_is_shown_as_it_prints_itself(convention: cr.Convention) -> None:
    letters = [
        convention.symbol("w", convention.layer_letter),
        convention.symbol("δ", f"{convention.layer_letter}+1", "m"),
    ]
    ids = [Id("w", 2, 0, 1), Id("w", 3, 10, 2), Id("b", 1, 11), Id("d", 4, 0), Id("x", 0, 3), Id("C")]
    for symbol in [*letters, *(convention.of(id) for id in ids)]:
        assert plain(f"${latex(symbol)}$") == str(symbol)
    formulas = [
        partial(convention.of(Id("C")), convention.of(Id("w", 2, 0, 1))),
        row("σ′(", convention.of(Id("z", 2, 1)), ")"),
        row(convention.of(Id("a", 1, 0)), " · ", convention.of(Id("d", 2, 0)), " − ", convention.of(Id("x", 0, 1))),
        Sum("m", row(convention.weight(3, "m", 1), " ", convention.symbol("δ", 3, "m"))),
    ]
    for formula in formulas:
        assert plain(f"so ${latex(formula)}$, or") == f"so {formula}, or"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"$ \frac{\partial C }{\partial a_k^l} = \left( \sum_m \delta_m \right )$?", "∂C/∂aₖˡ = (Σₘ δₘ)?"),
        (r"$\bold{W}^l$ and $(W^{l+1} )^T \delta^{l+1}$", "Wˡ and (Wˡ⁺¹)ᵀ δˡ⁺¹"),
        (r"$$\begin{bmatrix} a & b \\ c & d \end{bmatrix}$$", "[a b; c d]"),
        (r"$e^{-z}$ $\frac{1}{1+e^{-z}}$ $\frac{a+b}{c}$", "e^(−z) 1/(1+e^(−z)) (a+b)/c"),
        (r"$\underbrace{ \frac{\partial z_k^l }{\partial b_k^l}}_1 = \delta_k^l$", "∂zₖˡ/∂bₖˡ = δₖˡ"),
        (r"costs \$5 and $5", "costs $5 and $5"),
        (r"$\foo{x} y$", r"\foox y"),
        ("no formula", "no formula"),
    ],
)  # fmt: skip
def test_latex_is_shown_as_a_line_of_text(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(st.sampled_from(list("$\\{}^_ ab12'&-")), max_size=30))
def test_no_latex_is_too_broken_to_be_shown(text: str) -> None:
    assert isinstance(plain(text), str)


# the six ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", PRESETS)
def test_there_are_six_questions_and_every_wrong_answer_has_its_own_feedback(name: str) -> None:
    asked = six(name)
    assert len(asked) == 6
    assert [len(question.right) for question in asked] == [1, 1, 1, 1, 2, 1]
    for question in asked:
        wrong = [answer.why for answer in question.answers if not answer.right]
        assert all(wrong)
        assert len(set(wrong)) == len(wrong)
        assert all(answer.why for answer in question.answers)
    assert parse(text_of(Quiz.of(asked))).questions == asked


def right_texts(question: Question) -> list[str]:
    return [plain(answer.text) for answer in question.answers if answer.right]


def test_under_from_to_the_right_answers_turn_around() -> None:
    """S4 writes w_kj to k from j; S0 writes w_kj from k to j. The question is the same, the answer is the other."""
    there, here = six("s4"), six("s0")
    assert plain(there[3].text) == "Which two neurons does the weight wˡₖⱼ join?"
    assert plain(here[3].text) == "Which two neurons does the weight w⁽ℓ⁾ₖⱼ join?"
    assert right_texts(there[3]) == ["from neuron j of layer l−1 to neuron k of layer l"]
    assert right_texts(here[3]) == ["from neuron k of layer ℓ−1 to neuron j of layer ℓ"]
    assert right_texts(there[0]) == ["columns in wˡ"]
    assert right_texts(here[0]) == ["rows in w⁽ℓ⁾"]
    assert right_texts(there[1]) == ["the second row of wˡ"]
    assert right_texts(here[1]) == ["the second column of w⁽ℓ⁾"]


def test_the_second_neuron_has_the_number_that_the_convention_gives_it() -> None:
    assert "neuron 1 of" in plain(six("s2")[1].text)
    assert "neuron 2 of" in plain(six("s4")[1].text)
    assert "the first row" in plain(text_of(Quiz.of(six("s2"))))
    assert "the third row" in plain(text_of(Quiz.of(six("s4"))))


def test_the_six_are_true_of_a_network() -> None:
    """Rows, columns and biases as this library keeps them are those of to,from."""
    net = cr.Network.random([6, 3], seed=0)
    assert net.weights[1].shape == (3, 6)
    assert net.biases[1].size == 3
    assert "columns" in right_texts(six("s2")[0])[0]
    assert right_texts(six("s2")[2]) == ["3"]
    x = np.eye(6)[4]
    assert cr.forward(net, x).z[1][1] == net.weights[1][1, 4]  # the second row leads into the second neuron


# the command --------------------------------------------------------------------------------------------------------
@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(with_options(quiz_command.command))

    def run(*arguments: str, typed: str | bytes = "") -> Result:
        return CliRunner().invoke(app, list(arguments), input=typed)

    return run


LESSON = """Before.

??
One?
\\c: yes
\\w: no
\\why: Not so.
\\penalty:40
\\shownext:true
??
Between $w^{2}_{01}$.
??
Two?
\\c: 0.5
\\w: 0.25
\\why: Half of it.
\\typed:number 3
??
After.
"""


def test_a_file_is_asked_from_a_pipe_with_feedback_and_a_score(ask: type, tmp_path: Path) -> None:
    (tmp_path / "lesson.md").write_text(LESSON)
    said = ask("lesson.md", typed="b\nwhat\n1/4\n1/2\nyes\n")
    assert said.exit_code == 0
    assert said.output.splitlines() == [
        "Before.", "",
        "1 of 2  One?", "   a  yes", "   b  no", "> b", "  ✗ Not so.", "",
        "Between w²₀₁.", "",
        "2 of 2  Two?", "   type a number, to three significant digits (as 0.0183, 1.83e-2 or 1/3)",
        "> what", "  · This is to be a number, to three significant digits (as 0.0183, 1.83e-2 or 1/3).",
        "> 1/4", "  ✗ Half of it.", "> 1/2", "  ✓ Right.", "",
        "1 of 2  One?", "   a  yes", "   b  no", "> yes", "  ✓ Right.  (60 points)", "",
        "score 160 of 200: 2 of 2 questions right in 4 tries",
    ]  # fmt: skip


def test_the_end_of_the_input_ends_politely_with_the_score(ask: type) -> None:
    said = ask("--kind", "six", typed="b\n")
    assert said.exit_code == 0
    assert said.output.splitlines()[-2:] == [
        "Here the answers end, after 1 of 6 questions.",
        "score 100 of 600: 1 of 6 questions right in 1 try",
    ]
    assert ask("--kind", "six").exit_code == 0


def test_ctrl_c_leaves_with_130(ask: type, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(asking, "_shown", pressed)
    assert ask("--kind", "six", typed="b\n").exit_code == 130


def test_a_question_mark_gives_up_and_shows_the_answer(ask: type) -> None:
    said = ask("--kind", "six", typed="?\n?\n")
    assert "  The answer is b (columns in w⁽ˡ⁾)" in said.output
    assert "score 0 of 600: 0 of 6 questions right in 0 tries" in said.output


TWO = "??\nOne?\n\\c: yes\n\\w: no\n??\n\n??\nTwo?\n\\c: 0.5\n\\w: 0.25\n\\typed:number 3\n??\n"


def test_a_question_is_put_off_until_after_the_last(ask: type) -> None:
    Path("lesson.quiz").write_text(TWO)
    said = ask("lesson.quiz", typed="skip\nskip\nyes\n?\n").output
    assert [line[:6] for line in said.splitlines() if " of 2  " in line] == ["1 of 2", "2 of 2", "1 of 2", "2 of 2"]
    assert said.endswith("score 100 of 200: 1 of 2 questions right in 1 try\n")
    last = ask("lesson.quiz", typed="a\nskip\n0.5\n").output
    assert "  This is the last one: ? tells its answer, quit ends the quiz.\n" in last
    assert last.endswith("score 200 of 200: 2 of 2 questions right in 2 tries\n")


def test_help_comes_in_steps_and_costs_nothing(ask: type) -> None:
    Path("lesson.quiz").write_text(TWO)
    said = ask("--kind", "six", "--count", "1", typed="hint\nhelp\nh\nhint\nb\n").output
    hints = [line for line in said.splitlines() if line.startswith("  It is not ")]
    assert len(hints) == 1  # of three answers: two are left to choose from
    assert not any(line.startswith("  It is not b") for line in hints)
    assert "There is no further hint: skip puts the question off, ? tells its answer." in said
    assert said.endswith("score 100 of 100: 1 of 1 question right in 1 try\n")
    assert "  It is positive, and its size is between 0.1 and 1.\n" in ask("lesson.quiz", typed="a\nhint\n").output


def test_a_hint_says_nothing_of_an_answer_that_was_given(ask: type) -> None:
    """Its feedback stands above already."""
    Path("lesson.quiz").write_text("??\nOne?\n\\c: a\n\\w: b\n\\why: B.\n\\w: c\n\\why: C.\n\\w: d\n\\why: D.\n??\n")
    given = {
        "hint\nhint\nhint\n": ["b: B.", "c: C."],
        "b\nhint\nhint\n": ["c: C."],
        "c\nhint\nhint\n": ["b: B."],
        "hint\nc\nhint\nhint\n": ["b: B."],
        "b\nc\nhint\n": [],
        "b\nc\nd\nhint\n": [],
    }
    for typed, said in given.items():
        out = ask("lesson.quiz", typed=typed).output
        assert [line[len("  It is not ") :] for line in out.splitlines() if line.startswith("  It is not ")] == said, (
            out
        )
        assert ("There is no further hint" in out) == (typed.count("hint") > len(said))
    Path("lesson.quiz").write_text("??\nOne?\n\\c: a\n\\w: b\n\\hint: Count.\n??\n")
    assert ask("lesson.quiz", typed="b\nhint\n").output.count("Count.") == 1


def test_a_reader_stops_with_a_word_and_is_told_the_score(ask: type) -> None:
    Path("lesson.quiz").write_text(TWO)
    for word in ("quit", "Q", " exit ", "stop"):
        said = ask("lesson.quiz", typed=f"a\n{word}\n")
        assert said.exit_code == 0
        assert said.output.endswith("score 100 of 200: 1 of 2 questions right in 1 try\n")


def test_a_word_that_is_an_answer_is_one(ask: type) -> None:
    Path("words.quiz").write_text("??\nWhat?\n\\c: skip\n\\w: quit\n\\w: help\n??\n")
    assert "score 100 of 100" in ask("words.quiz", typed="quit\nhelp\nskip\n").output


def test_answers_can_be_given_with_the_command_and_the_score_as_json(ask: type) -> None:
    said = ask("--kind", "six", "--answers", "b;a;3;a;b;a,c;a", "--json")
    assert said.exit_code == 0
    kept = json.loads(said.stdout)
    assert (kept["solved"], kept["tries"], kept["points"]) == (6, 7, 590)
    assert "✗" in said.stderr
    assert [row["replies"] for row in kept["questions"]] == [["b"], ["a"], ["3"], ["a", "b"], ["a,c"], ["a"]]


def test_without_a_model_the_six_are_asked_and_then_the_chain_of_the_worked_example(ask: type) -> None:
    said = ask("--count", "8", "--write", "out.quiz")
    assert said.output == "8 questions in out.quiz; ask them with: chainrule quiz out.quiz\n"
    written_quiz = read_quiz("out.quiz")
    assert written_quiz.questions[:6] == six("s1")
    assert text_of(written_quiz).encode() == Path("out.quiz").read_bytes()
    again = ask("out.quiz", "--write", "again.quiz", "--json")
    assert json.loads(again.stdout) == {"file": "again.quiz", "questions": 8}
    assert Path("again.quiz").read_bytes() == Path("out.quiz").read_bytes()
    assert "\n\n1 of 1  There are as many neurons" in ask("out.quiz", "--count", "1", typed="?\n").output


@pytest.mark.parametrize(
    ("arguments", "count", "of_the_six"),
    [("", 11, 6), ("--count 11", 11, 6), ("--count 7", 7, 6), ("--count 6", 6, 6), ("--count 2", 2, 2),
     ("--kind six,index --count 7", 7, 6), ("--kind six --count 3", 3, 3), ("--kind index --count 3", 3, 0)],
)  # fmt: skip
def test_a_count_is_of_all_questions(ask: type, arguments: str, count: int, of_the_six: int) -> None:
    said = ask(*arguments.split(), "--write", "out.quiz")
    assert said.output.startswith(f"{count} questions in out.quiz")
    asked = read_quiz("out.quiz").questions
    assert len(asked) == count
    assert [question in six("s1") for question in asked] == [True] * of_the_six + [False] * (count - of_the_six)


def test_the_same_seed_asks_the_same_and_another_seed_asks_otherwise(ask: type) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        ask("--kind", "gradient,delta,sign", "--count", "4", "--seed", seed, "--write", f"{name}.quiz")
    assert Path("a.quiz").read_bytes() == Path("b.quiz").read_bytes() != Path("c.quiz").read_bytes()


def test_a_model_is_asked_about_with_a_row_of_its_data(ask: type) -> None:
    net = cr.Network.random([2, 3, 2], "tanh", "softmax", seed=3)
    cr.save(net, "model.safetensors", {"cost": "cross_entropy"})
    np.savez("data.npz", x=np.array([[0.1, 0.9], [0.4, -0.2]]), y=np.array([0, 1]))
    said = ask("model.safetensors", "--data", "data.npz", "--row", "1", "--count", "3", typed="?\n")
    assert said.exit_code == 0
    assert said.output.startswith("row 1 of data.npz: y = 1, inputs as the network takes them\n\n1 of 3  ")
    more = ask(
        "model.safetensors", "--data", "data.npz", "--convention", "s0", "--kind", "six,index", "--write", "o.md"
    )
    assert more.output.startswith("11 questions in o.md")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("none.quiz", "there is no file none.quiz"),
        ("none.safetensors", "there is no file none.safetensors"),
        ("text.md", "text.md has no questions"),
        ("lesson.md --kind six", "are for questions about a network"),
        ("lesson.md --convention s1", "are for questions about a network"),
        ("--kind gradeint", "did you mean 'gradient'"),
        ("--kind ''", "unknown kind of question"),
        ("--convention s9", "unknown convention 's9'"),
        ("--convention s3", "applies no activation on the last layer"),
        ("--row 2", "--data and --row go with a model"),
        ("--seed -1", "--seed is a whole number ≥ 0, got -1"),
        ("--count 0", "--count is a whole number of questions, 1 … 1,000, got 0"),
        ("--count 1" + 30 * "0", "--count is a whole number of questions, 1 … 1,000, got 1" + 30 * "0"),
        ("lesson.md --count -1", "--count is a whole number of questions, 1 … 1,000, got -1"),
        ("--count 500", "--count 500: there are "),
        ("--count 7 --kind six", "--count 7: there are 6 questions of the kinds six: ask for no more"),
        ("--count 9 --kind six,half", "--count 9: there are 7 questions of the kinds six, half: ask for no more"),
        ("lesson.md --seed 0", "--seed, --weights and the like are for questions about a network"),
        ("lesson", "lesson is neither a model (.safetensors, or .json) nor a quiz by its name, which ends in .quiz, .md"),
        ("lesson.md --count 3", "--count 3: lesson.md has 2 questions; ask for no more"),
        ("--kind six --write nowhere/out.quiz", "there is no folder"),
        ("--cost cross_entropy", "needs an output of softmax"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_error(ask: type, arguments: str, message: str) -> None:
    Path("text.md").write_text("Only text.\n")
    for name in ("lesson.md", "lesson"):
        Path(name).write_text(LESSON)
    said = ask(*(word.strip("'") for word in arguments.split()))
    assert isinstance(said.exception, ChainruleError)
    assert message in str(said.exception)
    assert "\n" not in str(said.exception)


def test_input_that_is_no_text_is_one_clear_error(ask: type) -> None:
    said = ask("--kind", "six", typed=b"\xff\xfe\n")
    assert isinstance(said.exception, ChainruleError)
    assert "standard input is not text in utf-8" in str(said.exception)


def test_without_a_standard_input_there_are_no_replies(ask: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert list(asking.replies_of(None)) == []


def test_a_quiz_is_written_whole_with_the_bytes_that_it_is_read_with(tmp_path: Path) -> None:
    quiz = Quiz.of(six("s1"), "# Six")
    assert read_quiz(write_quiz(tmp_path / "six.md", quiz)) == quiz
