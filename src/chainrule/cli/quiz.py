"""`chainrule quiz [MODEL | FILE]`: questions about backpropagation, asked and graded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli.asking import HOW, ask, at_terminal, replies_of
from chainrule.cli.examples import Given, convention_of, example_of
from chainrule.cli.options import Author, Own, Which
from chainrule.cli.output import say, say_json, tell
from chainrule.cli.written import check_text
from chainrule.errors import FileError, SettingError, brief, counted, unknown_name
from chainrule.lessons.questions import KINDS, MOST, questions
from chainrule.lessons.quiz_format import Quiz, read_quiz, write_quiz
from chainrule.lessons.six_questions import six

FILES = (".quiz", ".md", ".markdown", ".txt")
SIX = "six"


def command(
    *,
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
            help="How many questions in all.  [default: 11 about the chain, the six of every lesson and 5 more; 5 about "
            "another network; all of a file]"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Decides which questions are asked about a network.  [default: 0]")
    ] = None,
    convention: Author = None,
    kind: Annotated[
        str | None,
        typer.Option(help=f"Which kinds, with commas: {', '.join(KINDS)}, or {SIX} for the six of every lesson."),
    ] = None,
    own: Own,
    which: Which,
    write: Annotated[
        Path | None, typer.Option(help="Write the questions into this file instead of asking them.")
    ] = None,
    answers: Annotated[
        str | None,
        typer.Option(help="Replies instead of asking for them, with semicolons between: 'b;0.0183;w/2/0/1'."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the score, question by question, as JSON.")] = False,
) -> None:
    """Ask questions, say what is wrong with a wrong answer, and count points. Replies may also be hint, skip, ? and quit."""
    if seed is not None and seed < 0:
        raise SettingError(f"--seed is a whole number ≥ 0, got {seed}")
    if write is not None:
        if answers is not None:
            raise SettingError("--write writes the questions and asks none: leave out --answers")
        _check_write(write, source, which.data)
    if count is not None and not 1 <= count <= MOST:
        raise SettingError(f"--count is a whole number of questions, 1 … {MOST:,}, got {brief(count)}")
    given = Given(source, *own)
    if source is not None and source.suffix.lower() in FILES:
        if given != Given(source) or any(each is not None for each in (convention, kind, seed, *which)):
            raise SettingError(
                "--convention, --kind, --cost, --data, --row, --seed, --weights and the like are for questions about a "
                "network; a file has its own"
            )
        quiz = _from_file(source, count)
    else:
        if source is not None and source.suffix not in (".safetensors", ".json", ".csv") and source.is_file():
            raise FileError(
                f"{source} is neither a model (.safetensors, or .json) nor a quiz by its name, which ends in {', '.join(FILES)}"
            )
        asked = _QuizAsked(given, convention, _kinds(kind), which)
        quiz = asked.quiz(count, seed or 0)
    if write is not None:
        _write(quiz, write, as_json)
        return
    show = tell if as_json else say
    if answers is None and at_terminal():
        show(f"{HOW}\n")
    session = ask(quiz, replies_of(answers), show, echo=answers is not None or not at_terminal())
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
    which: Which

    def quiz(self, count: int | None, seed: int) -> Quiz:
        """The six where they are wanted, and then questions about the network: `count` in all."""
        self.given.check("quiz", self.which.data, self.which.row)
        with_six = self.given.is_chain if self.kinds is None else SIX in self.kinds
        author = convention_of(self.given, self.convention)
        known = six(author)[:count] if with_six else ()
        kinds = None if self.kinds is None else [kind for kind in self.kinds if kind != SIX]
        if kinds == [] or len(known) == count:
            self._check(count, len(known))
            return Quiz.of(known)
        here = example_of("quiz", self.given, self.which)
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
