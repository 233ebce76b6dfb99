"""What the commands print: results on standard output, progress and errors on standard error.

    say("accuracy 0.98 on …")        a sentence of a result: wrapped on a terminal, coloured by its meaning
    say_result(found)                whatever has `lines(width)`: a table, a derivation, a page
    say_lines(laid_out(parts, page_width()))   the same of your own sentences and tables (see `aligned.py`)
    say_data(text)                   data for other programs, such as predictions: never wrapped, never coloured
    say_json(value), say_document(svg)
    tell("epoch 3 …"), fail("…")     on standard error

Wrap nothing yourself, and write no escape codes: in a pipe a sentence stays one line, and has no colour.

Names and texts may come from any file. Their control characters, which a terminal would obey, are shown instead: ␛[31m.
A result that cannot be printed (a full disk, a reader who left) is an OutputError; other lines are lost silently.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from contextvars import ContextVar
from typing import Any, NoReturn, Protocol, runtime_checkable

from chainrule.aligned import Heading, wrapped
from chainrule.cli.colours import painted, styled
from chainrule.cli.terminal import fitting, has_colours, width
from chainrule.json_text import json_text
from chainrule.names import CODES, printable

IN_JSON = {code: f"\\u{code:04x}" for code in (0x7F, *CODES)}  # what JSON does not escape by itself


def one_line(text: str) -> str:
    """A name or an error from outside, with its line ends as signs too."""
    return printable(text).replace("\n", "␊")


class OutputError(Exception):
    """A result could not be printed; `cause` is the OSError that says why. `has_left`: its reader is gone."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(f"cannot write the output: {cause.strerror or cause}")
        self.cause = cause

    @property
    def has_left(self) -> bool:
        return isinstance(self.cause, BrokenPipeError)


_put_off: ContextVar[list[OutputError] | None] = ContextVar("_put_off", default=None)


@contextmanager
def going_on() -> Iterator[list[OutputError]]:
    """In here no line that cannot be printed ends the work; the list that this gives holds the error."""
    errors: list[OutputError] = []
    before = _put_off.set(errors)
    try:
        yield errors
    finally:
        _put_off.reset(before)


@runtime_checkable
class Laid(Protocol):
    """A result that can be laid out in a width."""

    def lines(self, width: int | None = None) -> list[str]: ...


def page_width() -> int | None:
    """The columns that a result is laid out in; None where standard output is a pipe or a file."""
    return width(sys.stdout)


def say(text: str = "") -> None:
    """A sentence of a result, or several lines of them: broken between words where the terminal ends."""
    say_lines(wrapped(text, page_width()))


def say_result(found: Laid) -> None:
    """A result in the terminal's width."""
    say_lines(found.lines(page_width()))


def say_lines(lines: Iterable[str]) -> None:
    """Lines that are laid out already."""
    _print("".join(f"{line}\n" for line in _shown_on(sys.stdout, lines)), "")


def say_data(text: str) -> None:
    """Data that other programs read too, as they are."""
    _print(printable(text), "")


def _shown_on(stream: Any, lines: Iterable[str]) -> Iterator[str]:
    """Lines as a stream can show them, without control characters but those of their own colours."""
    colours, encoding = has_colours(stream), getattr(stream, "encoding", None)
    above = ""
    for line in lines:
        text = fitting(printable(line), encoding)
        if not colours:
            yield text
            continue
        in_colours = painted(text, above)
        yield styled(in_colours, "heading") if isinstance(line, Heading) else in_colours
        above = text


def say_json(value: Any) -> None:
    """A result as JSON."""
    _print(json_text(value, ascii=not _writes_unicode()).translate(IN_JSON), "\n")


def say_document(text: str) -> None:
    """A document (SVG, HTML, LaTeX), as UTF-8 whatever the terminal's encoding is: these are read as UTF-8."""
    with _reported():
        buffer = getattr(sys.stdout, "buffer", None)
        if buffer is None:
            print(text, end="", flush=True)
        else:
            sys.stdout.flush()
            buffer.write(text.encode())
            buffer.flush()


def _print(text: str, end: str) -> None:
    with _reported():
        print(text, end=end, flush=True)


@contextmanager
def _reported() -> Iterator[None]:
    """In here an OSError means that a result cannot be printed."""
    try:
        yield
    except OSError as error:
        drop(sys.stdout)
        errors = _put_off.get()
        if errors is None:
            raise OutputError(error) from error
        errors.append(OutputError(error))


def tell(text: str, end: str = "\n") -> None:
    """A line of progress; where it cannot be printed it is lost."""
    if sys.stderr is not None:  # where it is closed, print would turn to standard output
        lines = wrapped(text, width(sys.stderr))
        with suppress(OSError):
            print("\n".join(_shown_on(sys.stderr, lines)), end=end, file=sys.stderr, flush=True)


def fail(message: str) -> NoReturn:
    """One clear error, and exit code 2."""
    tell(f"error: {one_line(message)}")
    sys.exit(2)


class _Lenient:
    """Standard error that never fails: once it cannot be written, what is printed there is lost."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return int(self._stream.write(text))
        except OSError:
            drop(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            drop(self._stream)


@contextmanager
def lenient_errors() -> Iterator[None]:
    """In here whatever is printed on standard error, by this program or a library, raises nothing."""
    if sys.stderr is None:
        yield
        return
    with redirect_stderr(_Lenient(sys.stderr)):
        yield


def drop(stream: Any) -> None:
    """Let a stream lead nowhere: what it still holds would fail once more when Python ends, and change the exit code."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def make_printable() -> None:
    """Let a terminal that lacks the letters of the formulas show ASCII for them, rather than stop in the middle."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="chainrule")


def _writes_unicode() -> bool:
    return "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()
