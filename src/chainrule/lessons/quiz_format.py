r"""Quizzes in a text: blocks between lines of two question marks, read and written (S4.18).

    Any text, Markdown for example.

    ??
    How many components has $b^l$ of a layer of 3 neurons?
    \c: 3
    \w: 9
    \penalty:5
    \shownext:true
    ??

`\c:` begins a correct answer and `\w:` a wrong one, several of each if need be, and their text may go on over lines.
`\penalty:N` are points of 100 for each wrong reply, `\shownext:` is true or false (quiz.py says what for).

Three tags are our own. A reader that skips lines it does not know still has a whole quiz of choices:

    \why: …     after an answer, what to say to a reader who gives it
    \hint: …    after the answers, what to say to a wrong reply that nothing else is known about
    \typed:…    number DIGITS, id ORDER BASE (as to,from 0) or shape: the answer is typed, and the answers given are the
                right one and known mistakes

A line of text that would read as a fence or a tag has one more backslash in front: `\??`, `\\c:`. The text around the blocks
is kept to the letter, and so is every block that was written here; of others the layout is made the same. A file is UTF-8,
with the line ends it came with.
"""

from __future__ import annotations

import codecs
import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chainrule.errors import FileError, SettingError, brief, unknown_name
from chainrule.files import as_file, write_atomically
from chainrule.lessons.quiz import Answer, Question, flaw_of
from chainrule.lessons.quiz_card import as_card
from chainrule.lessons.replies import Typed, typed

FENCE = "??"
TAG = re.compile(r"[ \t]*\\([A-Za-z]+):(.*)", re.DOTALL)
GUARDED = re.compile(r"([ \t]*)(\\+[A-Za-z]+:.*|\\*\?\?[ \t]*)", re.DOTALL)
ESCAPED = re.compile(r"([ \t]*)\\(\\+[A-Za-z]+:.*|\\*\?\?[ \t]*)", re.DOTALL)  # with a backslash too many
TAGS = ("c", "w", "why", "hint", "typed", "penalty", "shownext")
TYPED_FORMS = "number 3, id to,from 0 or shape"


@dataclass(frozen=True)
class Quiz:
    """A text with questions in it: texts and questions in their order. Texts end a line before a question begins."""

    parts: tuple[str | Question, ...]
    newline: str = "\n"

    def __post_init__(self) -> None:
        for part, after in zip(self.parts, (*self.parts[1:], "")):
            if isinstance(part, str) and any(line.strip(" \t\r") == FENCE for line in part.split("\n")):
                raise SettingError(f"a line {FENCE} in the text of a quiz begins a question: give a Question for it")
            if isinstance(part, str) and isinstance(after, Question) and not part.endswith("\n"):
                raise SettingError("the text before a question ends its last line: add a line end to it")

    @classmethod
    def of(cls, questions: Iterable[Question], title: str = "") -> Quiz:
        """Questions below a title, an empty line between them."""
        parts: list[str | Question] = [f"{title.strip()}\n\n"] if title.strip() else []
        for place, question in enumerate(questions):
            parts += ["\n", question] if place else [question]
        return cls(tuple(parts))

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions alone."""
        return tuple(part for part in self.parts if isinstance(part, Question))

    def first(self, count: int) -> Quiz:
        """This quiz up to its question of that number, and the text before it."""
        ends = [place for place, part in enumerate(self.parts, 1) if isinstance(part, Question)]
        return Quiz(self.parts[: ends[count - 1]], self.newline) if count <= len(ends) else self

    def __str__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        """The questions as a notebook shows them, the answers folded."""
        return as_card(self.parts)


# writing ------------------------------------------------------------------------------------------------------------
def write_quiz(path: str | os.PathLike[str], quiz: Quiz) -> Path:
    """Put a quiz at `path`, whole or not at all."""
    return write_atomically(path, text_of(quiz).encode())


def text_of(quiz: Quiz) -> str:
    """The text of a quiz, as `parse` reads it."""
    text = "".join(part if isinstance(part, str) else block(part) for part in quiz.parts)
    return text.replace("\n", quiz.newline)


def block(question: Question) -> str:
    """One question between its fences."""
    lines = [FENCE, *_guarded(question.text)]
    for answer in question.answers:
        lines += _tagged("c" if answer.right else "w", answer.text)
        lines += _tagged("why", answer.why)
    lines += _tagged("hint", question.hint)
    if question.typed is not None:
        lines.append(f"\\typed:{question.typed.tag}")
    if question.penalty is not None:
        lines.append(f"\\penalty:{_penalty(question.penalty)}")
    if question.shownext is not None:
        lines.append(f"\\shownext:{str(question.shownext).lower()}")
    return "\n".join([*lines, FENCE]) + "\n"


def _penalty(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and value < 1e15 else repr(float(value))


def _tagged(tag: str, text: str) -> list[str]:
    first, *more = text.split("\n")
    return [f"\\{tag}: {first}", *_guarded("\n".join(more))] if more else [f"\\{tag}: {first}"] if text else []


def _guarded(text: str) -> list[str]:
    """The lines of a text, a backslash before those that would read as something else."""
    return [GUARDED.sub(r"\1\\\2", line) if GUARDED.fullmatch(line) else line for line in text.split("\n")]


# reading ------------------------------------------------------------------------------------------------------------
def read_quiz(path: str | os.PathLike[str]) -> Quiz:
    """The quiz of a file. Raises FileError, with the line and what was expected there, where it is none."""
    where = as_file(path, "a quiz in a file")
    try:
        content = where.read_bytes()
    except OSError as error:
        raise FileError(f"cannot read {where}: {error.strerror or error}") from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileError(f"{where}, line 1: expected text in UTF-8, got UTF-16: save it as UTF-8")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileError(
            f"{where}, line {line}: expected text in UTF-8, got the byte {content[error.start]:#04x}: save it as UTF-8"
        ) from None
    return parse(text, str(where))


def parse(text: str, name: str = "the quiz") -> Quiz:
    """The quiz in a text; `name` stands in its errors."""
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise FileError(f"{name}, line {line}: expected text, got the character 0: is it a text file, and in UTF-8?")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise FileError(f"{name} is empty: expected a text with questions between lines of {FENCE}")
    whole = "\r\n" if text.count("\r\n") == text.count("\n") > 0 else "\n"
    lines = text.replace("\r\n", "\n").split("\n") if whole == "\r\n" else text.split("\n")
    return Quiz(tuple(_parts(lines, name)), whole)


def _parts(lines: list[str], name: str) -> Iterator[str | Question]:
    """Texts and questions, by the fences between them."""
    around: list[str] = []
    opened: int | None = None
    for number, line in enumerate(lines, 1):
        if line.strip(" \t\r") != FENCE:
            if opened is None:
                around.append(line)
        elif opened is None:
            if around:
                yield "\n".join(around) + "\n"
            around, opened = [], number
        else:
            yield _BlockReader(name, opened).question(lines[opened : number - 1])
            opened = None
    if opened is not None:
        raise FileError(
            f"{name}, line {opened}: the block that begins here is not closed: expected a line {FENCE} after it"
        )
    if around != [""] and around:
        yield "\n".join(around)


@dataclass
class _Piece:
    """A part of a block: which tag it began with, in which line, and its lines of text."""

    tag: str
    line: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


@dataclass(frozen=True)
class _BlockReader:
    """The reader of one block: `opened` is the line of its first fence."""

    name: str
    opened: int

    def error(self, line: int, message: str) -> FileError:
        return FileError(f"{self.name}, line {line}: {message}")

    def question(self, lines: list[str]) -> Question:
        pieces = self.pieces(lines)
        asked = pieces.pop(0).text
        answers: list[Answer] = []
        places: list[int] = []
        settings: dict[str, _Piece] = {}
        before = ""
        for piece in pieces:
            if piece.tag in ("c", "w"):
                answers.append(Answer(piece.text, piece.tag == "c"))
                places.append(piece.line)
            elif piece.tag == "why":
                if before not in ("c", "w"):
                    raise self.error(piece.line, r"\why: belongs to the answer before it: expected a \c: or \w: first")
                answers[-1] = Answer(answers[-1].text, answers[-1].right, piece.text)
            elif piece.tag in settings:
                raise self.error(piece.line, rf"\{piece.tag}: is there twice: expected it once")
            else:
                settings[piece.tag] = piece
            before = piece.tag
        kind = self.typed(settings.get("typed"))
        flaw = flaw_of(asked, answers, kind)
        if flaw is not None:
            place, message = flaw
            raise self.error(self.opened if place is None else places[place], message)
        hint = settings["hint"].text if "hint" in settings else ""
        penalty, shownext = self.penalty(settings.get("penalty")), self.shownext(settings.get("shownext"))
        return Question(asked, tuple(answers), kind, hint, penalty, shownext)

    def pieces(self, lines: list[str]) -> list[_Piece]:
        """The question's own lines, and then a piece for every tag."""
        found = [_Piece("", self.opened)]
        for number, line in enumerate(lines, self.opened + 1):
            line = line.rstrip("\r")
            tag = TAG.fullmatch(line)
            if tag:
                found.append(_Piece(self.known(tag.group(1), number), number, [tag.group(2)]))
            elif found[-1].tag not in ("typed", "penalty", "shownext"):
                found[-1].lines.append(ESCAPED.sub(r"\1\2", line) if ESCAPED.fullmatch(line) else line)
            elif line.strip():
                raise self.error(
                    number,
                    rf"expected another tag or the closing {FENCE} after \{found[-1].tag}:, got {brief(line.strip())}",
                )
        return found

    def known(self, tag: str, line: int) -> str:
        if tag in TAGS:
            return tag
        error = unknown_name("tag", f"\\{tag}:", [f"\\{each}:" for each in TAGS])
        said = str(error).replace("\\\\", "\\")  # tags are shown as they are typed
        raise self.error(line, f"{said}; a line of text that begins like one is written \\\\{tag}:")

    def typed(self, piece: _Piece | None) -> Typed | None:
        if piece is None:
            return None
        found = typed(piece.text)
        if found is None:
            raise self.error(piece.line, rf"\typed: is {TYPED_FORMS}, got {brief(piece.text)}")
        return found

    def penalty(self, piece: _Piece | None) -> float | None:
        if piece is None:
            return None
        value = float(piece.text) if re.fullmatch(r"[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?", piece.text) else math.inf
        if value == math.inf:
            raise self.error(piece.line, rf"\penalty: is a number ≥ 0, points of 100, got {brief(piece.text)}")
        return value

    def shownext(self, piece: _Piece | None) -> bool | None:
        if piece is None:
            return None
        if piece.text not in ("true", "false"):
            raise self.error(piece.line, rf"\shownext: is true or false, got {brief(piece.text)}")
        return piece.text == "true"
