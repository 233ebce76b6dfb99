"""A question with its answers, what a reply to it is worth, and a reader's way through several (S4.18).

    question = Question("How many sides has a square?", (Answer("4", True), Answer("3", False, "That is a triangle.")))
    grade(question, "3")                     # Grade(right=False, points=0, feedback='That is a triangle.')
    session, result = Session.of([question]).answer("4")
    session.score                            # 1.0

Points     a question is worth 100. Each wrong reply before the right one takes `penalty` of them, never below 0. A reply
           that cannot be read (a word for a number, the letter of no answer) is no wrong one and costs nothing.
Several    where several answers of a choice are right, exactly these are to be named. Of a typed question the right
           answers are forms of one: any of them will do.
Shown next `shownext` says what a wrong reply leads to. True: the next question is shown before this one is answered right,
           and this one comes back after the last. False, and where nothing is said: this one is asked again at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chainrule.errors import SettingError, brief
from chainrule.lessons.replies import ReplyNumber, Typed, choices, label, plainly

FULL = 100.0
COUNTS = range(3, 10)  # of outputs or examples
FACTORS = (
    2.0,
    0.5,
    *(10.0**n for n in range(-6, 7) if n),
    *map(float, COUNTS),
    *(1 / n for n in COUNTS),
)  # people lose
UNWRITABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Answer:
    """One answer: its text, whether it is right, and the reply to it (for a wrong one, which mistake it is)."""

    text: str
    right: bool
    why: str = ""

    def __post_init__(self) -> None:
        _tidy(self, "text", "why")


@dataclass(frozen=True)
class Question:
    """A question. LaTeX stands between dollar signs.

    answers   to choose from; of a typed question the right one, and known mistakes with what to say to each
    typed     what is to be typed: ReplyNumber(digits), Name(order, base) or Shape(); None for a choice
    hint      how to find the answer, said after a wrong reply that nothing else is known about
    penalty   points of 100 that each wrong reply costs; None: not said, which costs nothing
    shownext  whether a wrong reply leads to the next question; None: not said, which keeps this one

    Raises SettingError where there is no question, no right answer, or one answer twice.
    """

    text: str
    answers: tuple[Answer, ...]
    typed: Typed | None = None
    hint: str = ""
    penalty: float | None = None
    shownext: bool | None = None

    def __post_init__(self) -> None:
        _tidy(self, "text", "hint")
        object.__setattr__(self, "answers", tuple(self.answers))
        flaw = flaw_of(self.text, self.answers, self.typed)
        if flaw is not None:
            place, message = flaw
            raise SettingError(message if place is None else f"answer {label(place)}: {message}")
        number = isinstance(self.penalty, int | float) and not isinstance(self.penalty, bool)
        if self.penalty is not None and not (number and 0 <= self.penalty < math.inf):
            raise SettingError(f"a penalty is a number ≥ 0, points of 100, got {brief(self.penalty)}")

    @property
    def right(self) -> frozenset[int]:
        """The places of the right answers."""
        return frozenset(place for place, answer in enumerate(self.answers) if answer.right)


def _tidy(holder: Answer | Question, *names: str) -> None:
    for name in names:
        given = getattr(holder, name)
        if not isinstance(given, str):
            raise SettingError(f"the {name} of a question or answer is a text, got {brief(given)}")
        found = UNWRITABLE.search(given)
        if found:
            raise SettingError(
                f"the {name} of a question or answer holds the character {found.group()!r}: files cannot"
            )
        object.__setattr__(holder, name, given.replace("\r\n", "\n").replace("\r", "\n").strip())


def flaw_of(text: str, answers: Sequence[Answer], typed: Typed | None) -> tuple[int | None, str] | None:
    """What is wrong with a question, and with which of its answers; None where nothing is."""
    if not text:
        return None, "there is no question: expected its text before the first answer"
    seen: dict[str, int] = {}
    for place, answer in enumerate(answers):
        if not answer.text:
            return place, "an empty answer: expected its text behind the colon"
        if typed is not None and typed.read(answer.text) is None:
            return place, f"expected {typed.wanted}, got {brief(answer.text)}"
        if plainly(answer.text) in seen:
            return place, f"the answer {answer.text!r} is there twice: expected answers that differ"
        seen[plainly(answer.text)] = place
    if not any(answer.right for answer in answers):
        return None, r"no correct answer: expected at least one \c:"
    return None


# grading ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Grade:
    """What a reply is worth: right or not, points of 100, the reply; and False where it could not be read."""

    right: bool
    points: float
    feedback: str
    counts: bool = True


def grade(question: Question, reply: str, wrong_before: int = 0) -> Grade:
    """The grade of a reply to a question that has been answered wrongly so many times before."""
    points = max(0.0, FULL - (question.penalty or 0.0) * wrong_before)
    if question.typed is None:
        return _grade_choice(question, reply, points)
    return _grade_typed(question, question.typed, reply, points)


def _grade_choice(question: Question, reply: str, points: float) -> Grade:
    chosen = choices([answer.text for answer in question.answers], reply)
    if chosen is None:
        last = label(len(question.answers) - 1)
        return Grade(False, 0.0, f"Answer with a letter from a to {last}, a number or the full text.", counts=False)
    said = [question.answers[place].why for place in sorted(chosen)]
    if chosen == question.right:
        return Grade(True, points, " ".join(filter(None, said)) or "Right.")
    if chosen < question.right:
        return Grade(False, 0.0, "That holds, and it is not all: name every answer that does.")
    wrong = [question.answers[place].why for place in sorted(chosen - question.right)]
    return Grade(False, 0.0, " ".join(filter(None, wrong)) or question.hint or "That is not right.")


def _grade_typed(question: Question, typed: Typed, reply: str, points: float) -> Grade:
    given: Any = typed.read(reply)
    if given is None:
        return Grade(False, 0.0, f"This is to be {typed.wanted}.", counts=False)
    for answer in sorted(question.answers, key=lambda answer: not answer.right):
        if _same(typed, answer.text, given):
            if answer.right:
                return Grade(True, points, answer.why or "Right.")
            return Grade(False, 0.0, answer.why or question.hint or "That is not right.")
    factor = ""
    if isinstance(typed, ReplyNumber):
        right = next(answer.text for answer in question.answers if answer.right)
        if typed.nearly(typed.read(right) or 0.0, given):
            return Grade(False, 0.0, typed.close)
        factor = off_by(typed.read(right) or 0.0, given, typed)
    return Grade(False, 0.0, " ".join(filter(None, (factor, question.hint))) or "That is not right.")


def _same(typed: Typed, text: str, given: Any) -> bool:
    known: Any = typed.read(text)
    return known is not None and typed.same(known, given)


def off_by(right: float, given: float, number: ReplyNumber) -> str:
    """What a wrong number has to do with the right one, if it is a factor that people lose; else nothing."""
    if right == 0 or given == 0:
        return "It is not 0." if right else ""
    sign = "" if (right > 0) == (given > 0) else "the sign is turned"
    size = next((lost(f) for f in FACTORS if number.same(abs(right) * f, abs(given))), "")
    if not size and not (sign and number.same(-right, given)):
        return ""
    said = " and ".join(filter(None, (sign, size)))
    return f"{said[0].upper()}{said[1:]}."


def lost(factor: float) -> str:
    """A factor, and where it usually comes from."""
    power = round(math.log10(factor))
    if math.isclose(factor, 10.0**power):
        places = "1 place" if abs(power) == 1 else f"{abs(power)} places"
        return f"the decimal point is {places} too far {'right' if power > 0 else 'left'}"
    if factor in (2.0, 0.5):
        much = "twice" if factor == 2 else "half"
        return f"it is {much} what it should be (the 2 of a square's derivative, or a ½ of the cost?)"
    whole = round(max(factor, 1 / factor))
    if factor > 1:
        return f"it is {whole} times what it should be (a sum over {whole} outputs or examples where a mean is meant?)"
    return f"it is 1/{whole} of what it should be (a mean over {whole} outputs or examples where a sum is meant?)"


# a reader's way through ---------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Session:
    """Where a reader is: which questions wait, in that order; and of each its replies, whether it is solved, its points."""

    questions: tuple[Question, ...]
    waiting: tuple[int, ...]
    replies: tuple[tuple[str, ...], ...]
    solved: tuple[bool, ...]
    points: tuple[float, ...]

    @classmethod
    def of(cls, questions: Iterable[Question]) -> Session:
        """The beginning. Raises SettingError where there is no question."""
        asked = tuple(questions)
        if not asked:
            raise SettingError("a quiz has at least one question, got none")
        count = len(asked)
        return cls(asked, tuple(range(count)), ((),) * count, (False,) * count, (0.0,) * count)

    @property
    def current(self) -> Question | None:
        """The question to ask now; None at the end."""
        return self.questions[self.waiting[0]] if self.waiting else None

    @property
    def place(self) -> int | None:
        """Which of the questions that is, from 0."""
        return self.waiting[0] if self.waiting else None

    @property
    def given(self) -> tuple[str, ...]:
        """The replies to the question to ask now, all of them wrong."""
        return self.replies[self.waiting[0]] if self.waiting else ()

    @property
    def earned(self) -> float:
        """Points so far, 100 a question at most."""
        return sum(self.points)

    @property
    def score(self) -> float:
        """The share of all points, from 0 to 1; a question that was not answered counts 0."""
        return self.earned / (FULL * len(self.questions))

    def answer(self, reply: str) -> tuple[Session, Grade]:
        """Where the reader is after a reply, and what it was worth."""
        place, question = self._at()
        result = grade(question, reply, len(self.replies[place]))
        if not result.counts:
            return self, result
        kept = replace(self, replies=_put(self.replies, place, (*self.replies[place], reply)))
        if result.right:
            solved, points = _put(self.solved, place, True), _put(self.points, place, result.points)
            return replace(kept, waiting=self.waiting[1:], solved=solved, points=points), result
        return (replace(kept, waiting=(*self.waiting[1:], place)) if question.shownext else kept), result

    def skip(self) -> Session:
        """The reader puts the question off until after the last."""
        place, _ = self._at()
        return replace(self, waiting=(*self.waiting[1:], place))

    def give_up(self) -> Session:
        """The reader goes on without an answer, and without points."""
        self._at()
        return replace(self, waiting=self.waiting[1:])

    def _at(self) -> tuple[int, Question]:
        if not self.waiting:
            raise SettingError("every question of this quiz has been answered: Session.of(questions) begins anew")
        return self.waiting[0], self.questions[self.waiting[0]]

    def to_json(self) -> dict[str, Any]:
        """Score, points and tries, question by question."""
        rows = [
            {
                "question": question.text,
                "answer": [answer.text for answer in question.answers if answer.right],
                "replies": list(replies),
                "solved": solved,
                "points": points,
            }
            for question, replies, solved, points in zip(self.questions, self.replies, self.solved, self.points)
        ]
        return {
            "score": self.score,
            "points": self.earned,
            "of": FULL * len(self.questions),
            "solved": sum(self.solved),
            "tries": sum(map(len, self.replies)),
            "questions": rows,
        }


def _put(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])
