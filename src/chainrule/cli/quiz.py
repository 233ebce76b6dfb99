"""`chainrule quiz [MODEL | FILE]`: questions about backpropagation, asked and graded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli.examples import Given, convention_of, example_of
from chainrule.cli.options import Author, Biases, CostName, ExampleData, OwnActivation, OwnX, OwnY, Row, Weights
from chainrule.cli.output import say, say_json, tell
from chainrule.cli.written import check_text
from chainrule.errors import DataError, FileError, SettingError, brief, counted, cut, unknown_name
from chainrule.lessons.plain_text import plain
from chainrule.lessons.questions import KINDS, MOST, questions
from chainrule.lessons.quiz import FULL, Grade, Question, Session
from chainrule.lessons.quiz_format import Quiz, read_quiz, write_quiz
from chainrule.lessons.replies import label
from chainrule.lessons.six_questions import six

FILES = (".quiz", ".md", ".markdown", ".txt")
SIX = "six"
GIVE_UP = "?"


def command(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[MODEL | FILE]",
            help="A model to ask about, or a quiz to read (.quiz, .md, .txt); without one, the chain of the worked example.",
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            help="How many questions in all, the six first where they are asked; else these and 5 about the network, or all "
            "of a file."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Decides which questions are asked about a network; else 0.")] = None,
    convention: Author = None,
    kind: Annotated[
        str | None,
        typer.Option(help=f"Which kinds, with commas: {', '.join(KINDS)}, or {SIX} for the six of every lesson."),
    ] = None,
    weights: Weights = None,
    biases: Biases = None,
    activation: OwnActivation = None,
    x: OwnX = None,
    y: OwnY = None,
    cost: CostName = None,
    data: ExampleData = None,
    row: Row = None,
    write: Annotated[
        Path | None, typer.Option(help="Write the questions into this file instead of asking them.")
    ] = None,
    answers: Annotated[
        str | None,
        typer.Option(help="Replies instead of asking for them, with semicolons between: 'b;0.0183;w/2/0/1'."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the score, question by question, as JSON.")] = False,
) -> None:
    """Ask questions, say what is wrong with a wrong answer, and count points. A line with ? gives a question up."""
    if seed is not None and seed < 0:
        raise SettingError(f"--seed is a whole number ≥ 0, got {seed}")
    if write is not None:
        if answers is not None:
            raise SettingError("--write writes the questions and asks none: leave out --answers")
        _check_write(write, source, data)
    if count is not None and not 1 <= count <= MOST:
        raise SettingError(f"--count is a whole number of questions, 1 … {MOST:,}, got {brief(count)}")
    given = Given(source, weights, biases, activation, x, y)
    if source is not None and source.suffix.lower() in FILES:
        if given != Given(source) or any(each is not None for each in (convention, kind, cost, data, row, seed)):
            raise SettingError(
                "--convention, --kind, --cost, --data, --row, --seed, --weights and the like are for questions about a "
                "network; a file has its own"
            )
        quiz = _from_file(source, count)
    else:
        if source is not None and source.suffix not in (".safetensors", ".json") and source.is_file():
            raise FileError(
                f"{source} is neither a model (.safetensors, or .json) nor a quiz by its name, which ends in {', '.join(FILES)}"
            )
        asked = _QuizAsked(given, convention, _kinds(kind), cost, data, row)
        quiz = asked.quiz(count, seed or 0)
    if write is not None:
        _write(quiz, write, as_json)
        return
    show = tell if as_json else say
    session = _ask(quiz, _replies(answers), show, echo=answers is not None or not _at_terminal())
    if as_json:
        say_json(session.to_json())


# the questions ------------------------------------------------------------------------------------------------------
def _from_file(path: Path, count: int | None) -> Quiz:
    quiz = read_quiz(path)
    if not quiz.questions:
        raise FileError(
            f"{path} has no questions: expected some between lines of ??, as chainrule quiz --write writes them"
        )
    if count is not None and count > len(quiz.questions):
        raise SettingError(f"--count {count}: {path} has {counted(len(quiz.questions), 'question')}; ask for no more")
    return quiz if count is None else quiz.first(count)


def _kinds(given: str | None) -> list[str] | None:
    if given is None:
        return None
    names = [name.strip().lower() for name in given.split(",")]
    for name in names:
        if name not in (*KINDS, SIX):
            raise unknown_name("kind of question", name, (*KINDS, SIX))
    return names


@dataclass(frozen=True)
class _QuizAsked:
    """Which network and example the questions are to be about, and how they are written."""

    given: Given
    convention: str | None
    kinds: list[str] | None
    cost: str | None
    data: str | None
    row: int | None

    def quiz(self, count: int | None, seed: int) -> Quiz:
        """The six where they are wanted, and then questions about the network: `count` in all."""
        self.given.check("quiz", self.data, self.row)
        with_six = self.given.is_chain if self.kinds is None else SIX in self.kinds
        author = convention_of(self.given, self.convention)
        known = six(author)[:count] if with_six else ()
        kinds = None if self.kinds is None else [kind for kind in self.kinds if kind != SIX]
        if kinds == [] or len(known) == count:
            self._check(count, len(known))
            return Quiz.of(known)
        here = example_of("quiz", self.given, self.data, self.row, self.cost)
        about: dict[str, Any] = {"cost": here.cost, "convention": author, "kinds": kinds, "seed": seed}
        if count is None:
            made = questions(here.network, here.x, here.y, **about)
        else:
            made = questions(here.network, here.x, here.y, **about, count=count - len(known), fewer=True)
            self._check(count, len(known) + len(made))
        return Quiz.of((*known, *made), here.about)

    def _check(self, count: int | None, there: int) -> None:
        """Raises SettingError where there are fewer questions than are to be asked."""
        if count is None or count <= there:
            return
        of = "" if self.kinds is None else f" of the kinds {', '.join(self.kinds)}"
        ways = ["ask for no more"] if there else []
        ways += ["name other kinds with --kind"] if self.kinds is not None else []
        ways.append("or ask about a network with more neurons")
        raise SettingError(f"--count {count}: there are {counted(there, 'question')}{of}: {', '.join(ways)}")


def _check_write(path: Path, source: Path | None, data: str | None) -> None:
    """Raises FileError where no quiz can be written there, where it would replace what it is made of, or by its name."""
    of_file = source is not None and source.suffix.lower() in FILES
    check_text(path, "new.quiz", {"quiz" if of_file else "model": source, "data": data}, "--write")
    if path.suffix.lower() not in FILES:
        raise FileError(
            f"--write {path}: the name of a quiz ends in {', '.join(FILES)}, as {path.with_suffix('.quiz')}"
        )


def _write(quiz: Quiz, path: Path, as_json: bool) -> None:
    write_quiz(path, quiz)
    if as_json:
        say_json({"file": str(path), "questions": len(quiz.questions)})
    else:
        say(f"{counted(len(quiz.questions), 'question')} in {path}; ask them with: chainrule quiz {path}")


# asking -------------------------------------------------------------------------------------------------------------
def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _replies(given: str | None) -> Iterator[str]:
    """Replies from --answers, or a line each from standard input; a person at a terminal sees a sign to type behind."""
    if given is not None:
        yield from given.split(";")
        return
    while sys.stdin is not None:
        if _at_terminal():
            tell("> ", end="")
        try:
            line = sys.stdin.readline()
        except OSError as error:
            raise FileError(f"cannot read standard input: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise DataError(f"standard input is no text in {error.encoding}: {error.reason}") from None
        if not line:
            return
        yield line


def _ask(quiz: Quiz, replies: Iterator[str], show: Callable[[str], None], *, echo: bool) -> Session:
    """Ask until every question is answered or given up, or the replies end; the state in which that leaves the reader."""
    session = Session.of(quiz.questions)
    texts = _texts_before(quiz)
    asked: int | None = None
    try:
        while session.current is not None:
            question, place = session.current, session.place
            if place != asked:
                for text in filter(None, [texts.pop(place or 0, "")]):
                    show(f"{plain(text)}\n")
                show(_shown(question, session))
                asked = place
            reply = next(replies, None)
            if reply is None:
                done = len(session.questions) - len(session.waiting)
                show(f"\nHere the answers end, after {done} of {counted(len(session.questions), 'question')}.")
                break
            if echo:
                show(f"> {cut(reply.strip())}")
            if reply.strip() == GIVE_UP:
                session = session.give_up()
                show(f"  The answer is {_answer(question)}")
            else:
                session, result = session.answer(reply)
                show(_said(result))
                if not result.right and question.shownext:
                    asked = None
            if session.place != place:
                show("")
    except KeyboardInterrupt:  # a reader who leaves is told the score all the same
        show(f"\n{_score(session)}")
        raise
    show(_score(session))
    return session


def _texts_before(quiz: Quiz) -> dict[int, str]:
    """The text that stands before each question, by its number; what stands behind the last is left unread."""
    texts: dict[int, str] = {}
    place = 0
    for part in quiz.parts:
        if isinstance(part, Question):
            place += 1
        else:
            texts[place] = part.strip()
    return texts


def _shown(question: Question, session: Session) -> str:
    """A question with its answers, or with what is to be typed."""
    assert session.place is not None
    lines = [f"{session.place + 1} of {len(session.questions)}  {plain(question.text)}".replace("\n", "\n   ")]
    if question.typed is not None:
        lines.append(f"   type {question.typed.wanted}")
    else:
        for place, answer in enumerate(question.answers):
            lines.append(f"   {label(place)}  {plain(answer.text)}".replace("\n", "\n      "))
        if len(question.right) > 1:
            lines.append("   more than one holds: name them all, as a,c")
    return "\n".join(lines)


def _said(result: Grade) -> str:
    mark = "✓" if result.right else "✗" if result.counts else "·"
    points = f"  ({result.points:g} points)" if result.right and result.points < FULL else ""
    return f"  {mark} {plain(result.feedback)}{points}"


def _answer(question: Question) -> str:
    right = [place for place, answer in enumerate(question.answers) if answer.right]
    if question.typed is not None:
        return plain(question.answers[right[0]].text)
    return ", ".join(f"{label(place)} ({plain(question.answers[place].text)})" for place in right)


def _score(session: Session) -> str:
    tries = sum(map(len, session.replies))
    return (
        f"score {session.earned:g} of {FULL * len(session.questions):g}: {sum(session.solved)} of "
        f"{counted(len(session.questions), 'question')} right in {tries} {'try' if tries == 1 else 'tries'}"
    )
