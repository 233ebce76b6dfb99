"""A quiz asked: questions shown, replies graded, the score at the end; a reader may skip, get a hint and stop."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator

from chainrule.cli.output import tell
from chainrule.errors import DataError, FileError, counted, cut
from chainrule.lessons.plain_text import plain
from chainrule.lessons.quiz import FULL, Grade, Question, Session
from chainrule.lessons.quiz_format import Quiz
from chainrule.lessons.replies import choices, label, plainly

ANSWER, HINT, SKIP, QUIT = "answer", "hint", "skip", "quit"
WORDS = {"?": ANSWER, ANSWER: ANSWER, HINT: HINT, "help": HINT, "h": HINT, SKIP: SKIP, "s": SKIP, "next": SKIP, QUIT: QUIT,
         "exit": QUIT, "stop": QUIT, "q": QUIT}  # fmt: skip
NO_HINT = "There is no further hint: skip puts the question off, ? tells its answer."
HOW = "hint helps, skip puts a question off, ? tells its answer, quit ends the quiz"


def at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def replies_of(given: str | None) -> Iterator[str]:
    """Replies from --answers, or a line each from standard input; a person at a terminal sees a sign to type behind."""
    if given is not None:
        yield from given.split(";")
        return
    while sys.stdin is not None:
        if at_terminal():
            tell("> ", end="")
        try:
            line = sys.stdin.readline()
        except OSError as error:
            raise FileError(f"cannot read standard input: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise DataError(f"standard input is not text in {error.encoding}: {error.reason}") from None
        if not line:
            return
        yield line


def ask(quiz: Quiz, replies: Iterator[str], show: Callable[[str], None], *, echo: bool) -> Session:
    """Ask until every question is answered or given up, or the replies end; the state in which that leaves the reader."""
    session = Session.of(quiz.questions)
    texts = _texts_before(quiz)
    asked: int | None = None
    helped: list[str] = []
    try:
        while session.current is not None:
            question, place = session.current, session.place
            if place != asked:
                for text in filter(None, [texts.pop(place or 0, "")]):
                    show(f"{plain(text)}\n")
                show(_shown(question, session))
                asked, helped = place, []
            reply = next(replies, None)
            if reply is None:
                done = len(session.questions) - len(session.waiting)
                show(f"\nHere the answers end, after {done} of {counted(len(session.questions), 'question')}.")
                break
            if echo:
                show(f"> {cut(reply.strip())}")
            word = _word(reply, question)
            if word == QUIT:
                break
            if word == HINT:
                helped.append(next((each for each in _hints(question, session.given) if each not in helped), NO_HINT))
                show(f"  {helped[-1]}")
            elif word == SKIP:
                if len(session.waiting) == 1:
                    show("  This is the last one: ? tells its answer, quit ends the quiz.")
                session = session.skip()
            elif word == ANSWER:
                session = session.give_up()
                show(f"  The answer is {_answer(question)}")
            else:
                session, result = session.answer(reply)
                show(_said(result))
                helped.append(plain(result.feedback))
                if not result.right and question.shownext:
                    asked = None
            if session.place != place:
                show("")
    except KeyboardInterrupt:  # the score is printed all the same
        show(f"\n{_score(session)}")
        raise
    show(_score(session))
    return session


def _word(reply: str, question: Question) -> str:
    """What a reader wants who types no answer; nothing for what is one, as the letter s of nineteen answers."""
    letters = {} if question.typed else {label(place) for place, _ in enumerate(question.answers)}
    if plainly(reply) in {*letters, *(plainly(answer.text) for answer in question.answers)}:
        return ""
    return WORDS.get(reply.strip().lower(), "")


def _hints(question: Question, given: Iterable[str]) -> Iterator[str]:
    """Help with a question: its own hint, a number's sign and size; all wrong answers that were not given but one, and why."""
    if question.hint:
        yield plain(question.hint)
    right = [answer for answer in question.answers if answer.right]
    if question.typed is None:
        texts = [each.text for each in question.answers]
        tried = {place for reply in given for place in choices(texts, reply) or ()}
        wrong = [(label(i), each) for i, each in enumerate(question.answers) if not each.right and i not in tried]
        for letter, each in wrong[:-1]:
            yield plain(f"It is not {letter}{f': {each.why}' if each.why else '.'}")
    elif isinstance(value := question.typed.read(right[0].text), float) and value:
        size = math.floor(math.log10(abs(value)))
        sign = "negative" if value < 0 else "positive"
        yield f"It is {sign}, and its size is between {10.0**size:g} and {10.0 ** (size + 1):g}."


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
