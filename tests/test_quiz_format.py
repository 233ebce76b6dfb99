"""Blocks of questions in a text: read, written, and refused with a line number (S4.18)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import FileError, SettingError
from chainrule.lessons.questions import questions
from chainrule.lessons.quiz import Answer, Question
from chainrule.lessons.quiz_format import Quiz, block, parse, read_quiz, text_of, write_quiz
from chainrule.lessons.replies import Name, ReplyNumber, Shape

# the shapes of S4's own quizzes: a \c: among \w:, blank lines between answers, a space at an end, no settings, several \c:
LESSON = r"""# Shapes

A layer has a matrix $\bold{A}$ and a vector.
??
How many rows has $\bold{A}$ when $\sum_i x_i$
runs over 4 inputs and 2 outputs come out?
\w: 4
\c: 2
\w: 8
\penalty:5
\shownext:true
??

??
An edge $e_{uv}$ joins

\w: The $u$:th and the $v$:th

\c: The $v$:th
and the $u$:th


\w: nothing 
\penalty:10
??
Text between.

$$
a = b
$$

??
Why?
\c: Because $a$.
\c: Because $b$.
??
??
What does "$\odot$" mean?
\c: A product.
\w: A sum.
\shownext:false
??

The end, without a line end"""  # noqa: W291  (the space at the end is one of the shapes)


def test_a_lesson_is_read_with_its_questions_and_its_text() -> None:
    quiz = parse(LESSON)
    rows, edge, why, odot = quiz.questions
    assert rows.text == "How many rows has $\\bold{A}$ when $\\sum_i x_i$\nruns over 4 inputs and 2 outputs come out?"
    assert [(a.text, a.right) for a in rows.answers] == [("4", False), ("2", True), ("8", False)]
    assert (rows.penalty, rows.shownext) == (5, True)
    assert edge.answers[1] == Answer("The $v$:th\nand the $u$:th", True)
    assert edge.answers[2].text == "nothing"
    assert (edge.penalty, edge.shownext) == (10, None)
    assert why.right == {0, 1}
    assert (odot.penalty, odot.shownext) == (None, False)
    texts = [part for part in quiz.parts if isinstance(part, str)]
    assert texts[0] == "# Shapes\n\nA layer has a matrix $\\bold{A}$ and a vector.\n"
    assert texts[-1] == "\nThe end, without a line end"


def test_what_was_written_here_is_read_and_written_with_the_same_bytes(tmp_path: Path) -> None:
    once = text_of(parse(LESSON))
    assert once != LESSON
    assert text_of(parse(once)) == once
    path = write_quiz(tmp_path / "lesson.md", parse(once))
    assert path.read_bytes() == once.encode()
    write_quiz(tmp_path / "again.md", read_quiz(path))
    assert (tmp_path / "again.md").read_bytes() == path.read_bytes()
    assert read_quiz(path) == parse(LESSON)


def test_only_blocks_change_when_a_lesson_is_written() -> None:
    outside = re.compile(r"^\?\?$.*?^\?\?$", re.MULTILINE | re.DOTALL)
    assert outside.split(text_of(parse(LESSON))) == outside.split(LESSON)


def test_line_ends_of_windows_stay_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "windows.quiz"
    path.write_bytes(text_of(parse(LESSON)).replace("\n", "\r\n").encode())
    assert read_quiz(path).questions == parse(LESSON).questions
    write_quiz(tmp_path / "again.quiz", read_quiz(path))
    assert (tmp_path / "again.quiz").read_bytes() == path.read_bytes()


def test_a_file_of_mixed_line_ends_keeps_the_text_around_its_blocks() -> None:
    mixed = "one\r\ntwo\n??\r\nWhy?\r\n\\??\r\nso?\r\n\\c: so\n??\nthree\r\n"
    quiz = parse(mixed)
    assert quiz.questions == (Question("Why?\n??\nso?", (Answer("so", True),)),)
    assert text_of(quiz) == "one\r\ntwo\n??\nWhy?\n\\??\nso?\n\\c: so\n??\nthree\r\n"


def test_a_byte_order_mark_is_no_text() -> None:
    assert parse("\ufeff??\nWhy?\n\\c: so\n??\n").questions[0].text == "Why?"


def test_lines_that_look_like_tags_or_fences_are_kept_by_a_backslash() -> None:
    question = Question(
        "\\c: is a tag\n??\n\\\\w: too\n\\??", (Answer("\\w: here\n  \\penalty:5\n ??", True, "??\n\\c:"),)
    )
    text = block(question)
    assert (
        "\\\\c: is a tag\n\\??\n\\\\\\w: too\n\\\\??\n\\c: \\w: here\n  \\\\penalty:5\n \\??\n\\why: ??\n\\\\c:\n"
        in text
    )
    assert parse(text).questions == (question,)


def test_our_own_tags_are_read_and_written() -> None:
    question = Question(
        "What is it?",
        (Answer("0.018345", True, "Right: $a\\delta$."), Answer("−0.018345", False, "The sign\nis turned.")),
        ReplyNumber(4),
        hint="Multiply.",
        penalty=12.5,
        shownext=False,
    )
    text = block(question)
    assert text.splitlines()[2:] == [
        "\\c: 0.018345", "\\why: Right: $a\\delta$.", "\\w: −0.018345", "\\why: The sign", "is turned.", "\\hint: Multiply.",
        "\\typed:number 4", "\\penalty:12.5", "\\shownext:false", "??",
    ]  # fmt: skip
    assert parse(text).questions == (question,)


@pytest.mark.parametrize("typed", [ReplyNumber(), ReplyNumber(12), Name(), Name("from,to", 1), Shape()])
def test_every_typed_answer_is_named_in_a_file(typed: ReplyNumber | Name | Shape) -> None:
    answer = {ReplyNumber: "1/3", Name: "w^2_{11}", Shape: "3×4"}[type(typed)]
    question = Question("?", (Answer(answer, True),), typed)
    assert parse(block(question)).questions == (question,)


def test_a_reader_that_skips_lines_it_does_not_know_still_has_the_whole_choice(chain: object) -> None:
    made = questions(chain, [0.6], [1.0], kinds=["gradient", "delta", "shapes", "index"], count=8)  # type: ignore[arg-type]
    for question in made:
        known = [line for line in block(question).splitlines() if not re.match(r"\\(why|hint|typed):", line)]
        plain_question = parse("\n".join(known)).questions[0]
        assert plain_question.typed is None
        assert [(a.text, a.right) for a in plain_question.answers] == [(a.text, a.right) for a in question.answers]


# any question -------------------------------------------------------------------------------------------------------
LETTERS = st.one_of(
    st.sampled_from(list("\\?:cwhyt$ \n\t\r{}^_")),
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
)
PIECES = st.sampled_from(
    ["??", "\\c:", "\\w: x", "\\\\c:", "\\why:", "\n??\n", "\\penalty:5", "\\??", "\n\\hint: y\n", "\r\n"]
)
TEXTS = st.lists(st.one_of(LETTERS, PIECES), max_size=12).map("".join)
SOME = TEXTS.filter(str.strip)
ANSWERS = st.lists(
    st.tuples(SOME, st.booleans(), TEXTS), min_size=1, max_size=5, unique_by=lambda answer: " ".join(answer[0].split())
).filter(lambda answers: any(right for _, right, _ in answers))
PENALTIES = st.none() | st.integers(0, 200) | st.floats(0, 1e300)
DRAWN = st.tuples(SOME, ANSWERS, TEXTS, PENALTIES, st.none() | st.booleans())


@given(st.lists(DRAWN, max_size=4), TEXTS.filter(lambda t: "??" not in t))
def test_every_question_that_can_be_written_is_read_as_the_same(drawn: list[Any], title: str) -> None:
    """The questions are built in here: inside a strategy nothing else may draw, and the checks of types do."""
    asked = [
        Question(text, tuple(Answer(*each) for each in answers), None, hint, penalty, shownext)
        for text, answers, hint, penalty, shownext in drawn
    ]
    quiz = Quiz.of(asked, title)
    text = text_of(quiz)
    if text.strip():
        found = parse(text)
        assert found.questions == tuple(asked)
        assert text_of(found) == text


@given(st.lists(st.one_of(LETTERS, PIECES, st.just("\n??\nWhy?\n\\c: so\n??\n")), max_size=12).map("".join))
def test_any_text_is_read_or_refused_and_written_the_same_from_then_on(text: str) -> None:
    try:
        quiz = parse(text)
    except FileError:
        return
    once = text_of(quiz)
    assert parse(once).questions == quiz.questions
    assert text_of(parse(once)) == once


# what cannot be read ------------------------------------------------------------------------------------------------
MALFORMED = [
    ("text\n??\nWhy?\n\\c: so\n", 2, "the block that begins here is not closed: expected a line ??"),
    ("??\nWhy?\n\\c: so\n??\n\n??\nHow?\n", 6, "is not closed"),
    ("??\nWhy?\n\\w: so\n??\n", 1, r"no correct answer: expected at least one \c:"),
    ("??\nWhy?\n??\n", 1, "no correct answer"),
    ("a\nb\n??\n\n\\c: so\n??\n", 3, "there is no question: expected its text before the first answer"),
    ("??\nWhy?\n\\c: so\n\\pennalty:5\n??\n", 4, r"did you mean '\penalty:'"),
    ("??\nWhy?\n\\correct: so\n??\n", 3, r"known are"),
    ("??\n\\alpha: the rate. Why?\n\\c: so\n??\n", 2, r"is written \\alpha:"),
    ("??\nWhy?\n\\C: so\n??\n", 3, r"unknown tag '\C:'"),
    ("??\nWhy?\n\\c: so\n\\penalty:-5\n??\n", 4, r"\penalty: is a number ≥ 0, points of 100, got '-5'"),
    ("??\nWhy?\n\\c: so\n\\penalty:much\n??\n", 4, "got 'much'"),
    ("??\nWhy?\n\\c: so\n\\penalty:nan\n??\n", 4, "got 'nan'"),
    ("??\nWhy?\n\\c: so\n\\penalty:1e999\n??\n", 4, "got '1e999'"),
    ("??\nWhy?\n\\c: so\n\\penalty:\n??\n", 4, "got ''"),
    ("??\nWhy?\n\\c: so\n\\shownext:yes\n??\n", 4, r"\shownext: is true or false, got 'yes'"),
    ("??\nWhy?\n\\c: so\n\\typed:text\n??\n", 4, r"\typed: is number 3, id to,from 0 or shape, got 'text'"),
    ("??\nWhy?\n\\typed:number\n\\c: 1.5\n\\w: so\n??\n", 5, "expected a number, to three significant digits"),
    ("??\nWhy?\n\\typed:number 13\n\\c: 1.5\n??\n", 3, "got 'number 13'"),
    ("??\nWhy?\n\\c: so\n\\w: no\n\\w:  so\n??\n", 5, "the answer 'so' is there twice: expected answers that differ"),
    ("??\nWhy?\n\\c: so\n\\w:\n\\penalty:5\n??\n", 4, "an empty answer: expected its text behind the colon"),
    ("??\nWhy?\n\\c: so\n\\penalty:5\n\\penalty:5\n??\n", 5, r"\penalty: is there twice"),
    (
        "??\nWhy?\n\\c: so\n\\penalty:5\nOne thing we can do\n??\n",
        5,
        "expected another tag or the closing ?? after \\penalty:",
    ),
    ("??\nWhy?\n\\why: because\n\\c: so\n??\n", 3, r"belongs to the answer before it"),
    ("??\nWhy?\n\\c: so\n\\why: a\n\\why: b\n??\n", 5, r"belongs to the answer before it"),
    ("one\ntwo \0\n", 2, "expected text, got the character 0"),
    (b"one\ntwo\nthr\xff\n", 3, "expected text in UTF-8, got the byte 0xff"),
    ("??\nWhy?\n\\c: so\n??\n".encode("utf-16"), 1, "expected text in UTF-8, got UTF-16: save it as UTF-8"),
    ("??\nWhy?\n\\c: so\n??\n".encode("utf-16-le"), 1, "expected text, got the character 0"),
    (b"\x89PNG\r\n\x1a\n\0\0", 1, "expected text in UTF-8, got the byte 0x89"),
]


@pytest.mark.parametrize(("content", "line", "expected"), MALFORMED)
def test_a_malformed_file_is_one_error_with_its_line_and_what_was_expected(
    content: str | bytes, line: int, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "lesson.quiz"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(FileError) as caught:
        read_quiz(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize("content", ["", "\n \n\t", "\ufeff"])
def test_an_empty_file_is_an_error(content: str, tmp_path: Path) -> None:
    path = tmp_path / "lesson.quiz"
    path.write_text(content)
    with pytest.raises(FileError, match="is empty: expected a text with questions"):
        read_quiz(path)


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no file"):
        read_quiz(tmp_path / "none.quiz")
    with pytest.raises(FileError, match="is a folder"):
        read_quiz(tmp_path)
    with pytest.raises(FileError, match="no file can have the name"):
        read_quiz("a\0.quiz")


def test_a_quiz_is_put_together_from_whole_lines() -> None:
    question = Question("Why?", (Answer("so", True),))
    with pytest.raises(SettingError, match="ends its last line"):
        Quiz(("text", question))
    with pytest.raises(SettingError, match=r"begins a question"):
        Quiz(("a\n??\nb\n",))
    assert Quiz.of([question, question]).first(1).questions == (question,)
    assert Quiz.of([question]).first(7) == Quiz.of([question])
