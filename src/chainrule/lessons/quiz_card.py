"""Questions as a notebook shows them: the answers to choose from, and what is right folded below each question."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from html import escape

from chainrule.lessons.plain_text import plain
from chainrule.lessons.quiz import Question
from chainrule.lessons.replies import label
from chainrule.writing.card import card, folded


def as_card(parts: Sequence[str | Question]) -> str:
    """A quiz, texts and questions in their order, as a section of HTML without script."""
    count = sum(isinstance(part, Question) for part in parts)
    numbers = itertools.count(1)
    shown = [_question(part, next(numbers)) if isinstance(part, Question) else _paragraph(part) for part in parts]
    return card(f"Quiz, {count} questions" if count != 1 else "Quiz, 1 question", *shown)


def _question(question: Question, number: int) -> str:
    right = [place for place, answer in enumerate(question.answers) if answer.right]
    if question.typed is not None:
        choices = _paragraph(f"type {question.typed.wanted}")
        solution = [_paragraph(question.answers[place].text) for place in right]
    else:
        rows = (f"<li>{_words(answer.text)}</li>" for answer in question.answers)
        choices = f'<ol type="a">{"".join(rows)}</ol>'
        solution = [_paragraph(f"{label(place)}: {question.answers[place].text}") for place in right]
    why = [_paragraph(answer.why) for answer in question.answers if answer.right]
    return f"<p><b>{number}</b>  {_words(question.text)}</p>{choices}{folded('answer', *solution, *why)}"


def _paragraph(text: str) -> str:
    return f"<p>{_words(text)}</p>" if text.strip() else ""


def _words(text: str) -> str:
    return escape(plain(text.strip())).replace("\n", "<br/>")
