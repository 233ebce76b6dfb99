"""Scripts and style sheets without comments, indentation and blank lines: what a browser reads, not what we write.

What stands in quotes stays, and a template literal stays to the letter, with what is inside its ${…}. Lines stay lines, so
that a browser's message leads to one that is found in the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PIECES = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<text> '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*" )
  | (?P<template> ` )
  | (?P<word> [\w$]+ )
  | (?P<space> \s+ )
  | (?P<mark> \+\+ | -- | . )
    """,
    re.VERBOSE | re.DOTALL,
)
PATTERN = re.compile(r"/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/\w*")
INSIDE = re.compile(r"(?P<escaped>\\.)|(?P<end>`)|(?P<opens>\$\{)|(?P<other>[^\\`$]+|\$)", re.DOTALL)
BEFORE_PATTERN = {"return", "typeof", "case", "in", "of", "void", "delete", "throw", "else", "do", "await", "yield"}
STYLE_COMMENT = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|/\*.*?\*/""", re.DOTALL)


class UnreadScriptError(Exception):
    """A script that has no end of something that it begins: a fault in it, never in what a user gives."""


def short_script(text: str) -> str:
    """A script that does the same, without its comments, indentation and blank lines."""
    return "".join(_kept(text)).strip() + "\n"


def short_style(text: str) -> str:
    """A style sheet that does the same, likewise."""
    bare = STYLE_COMMENT.sub(lambda found: found[1] or "", text)
    lines = (line.strip() for line in bare.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def _kept(text: str) -> Iterator[str]:
    at, before = 0, ""  # before: the last piece that is neither a comment nor white space
    pending = ""  # white space, and the line ends inside comments, since then
    while at < len(text):
        kind, piece = _piece(text, at, before)
        at += len(piece)
        if kind in ("space", "comment"):
            pending += piece if kind == "space" else "\n" if "\n" in piece else " "
            continue
        if pending:
            yield "\n" if "\n" in pending else " "
            pending = ""
        yield piece
        before = piece


def _piece(text: str, at: int, before: str) -> tuple[str, str]:
    """What begins at a place, and of which kind it is."""
    if text[at] == "/" and _can_begin_pattern(before) and (pattern := PATTERN.match(text, at)):
        return "pattern", pattern[0]
    found = PIECES.match(text, at)
    assert found is not None  # any character is a mark
    if found.lastgroup == "template":
        return "template", text[at : _end_of_template(text, at)]
    if found[0] in ("'", '"') or (text.startswith("/*", at) and found.lastgroup != "comment"):
        raise UnreadScriptError(f"nothing ends what begins with {text[at : at + 40]!r}")
    return str(found.lastgroup), found[0]


def _can_begin_pattern(before: str) -> bool:
    """Whether a slash begins a regular expression: behind a value it divides."""
    if not before or before in BEFORE_PATTERN:
        return True
    return before not in ("++", "--") and re.fullmatch(r"[\w$)\]}\"'`]", before[-1]) is None


def _end_of_template(text: str, at: int) -> int:
    """The place behind a template literal that begins here."""
    start, at = at, at + 1
    while found := INSIDE.match(text, at):
        at = found.end()
        if found.lastgroup == "end":
            return at
        if found.lastgroup == "opens":
            at = _end_of_inset(text, at)
    raise UnreadScriptError(f"nothing ends what begins with {text[start : start + 40]!r}")


def _end_of_inset(text: str, at: int) -> int:
    """The place behind the brace that closes a ${…} whose inside begins here."""
    start, depth, before = at, 1, "{"
    while at < len(text):
        kind, piece = _piece(text, at, before)
        at += len(piece)
        depth += {"{": 1, "}": -1}.get(piece, 0) if kind == "mark" else 0
        if depth == 0:
            return at
        before = before if kind in ("space", "comment") else piece
    raise UnreadScriptError(f"nothing ends what begins with {text[start - 2 : start + 38]!r}")
