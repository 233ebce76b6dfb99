"""Sheets as plain text: equals signs below each other, matrices beside each other, broken where a line gets wide."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.writing.document import (
    Block,
    Cells,
    Code,
    Equation,
    Heading,
    Piece,
    Program,
    Sentence,
    Values,
    Words,
    lowered,
    sides_of,
)

WIDE = 100  # letters in a line


def as_text(title: str, blocks: Sequence[Block]) -> str:
    """The page as text, at most some hundred letters wide."""
    head = f"{title}\n{'=' * len(title)}"
    return "\n\n".join([head, *lowered(blocks, _equations, WRITERS)]).rstrip()


def _words(words: Words) -> str:
    return "".join(map(str, words))


def _heading(block: Heading) -> str:
    return f"{block.text}\n{'-' * len(block.text)}"


def _sentence(block: Sentence) -> str:
    return textwrap.fill(_words(block.words), WIDE, break_long_words=False, break_on_hyphens=False)


def _equations(group: Sequence[Equation]) -> str:
    """Equals signs below each other; why a line holds stands above it, the numbers of its sides beside it."""
    left_width = max(len(str(each.left)) for each in group)
    written = [f"  {each.left!s:>{left_width}} = {each.right}" for each in group]
    wide = max(map(len, written))
    names = [f"   ({each.name})" if each.name else "" for each in group]
    named = max(map(len, names))
    lines = []
    for each, text, name in zip(group, written, [f"{name:<{named}}" for name in names]):
        if each.why:
            lines += textwrap.wrap(_words(each.why), WIDE, break_on_hyphens=False)
        sides = f"   {sides_of(each)}" if each.sides else ""
        lines.append(f"{text:<{wide}}{name}{sides}".rstrip())
    return "\n".join(lines)


def _values(block: Values) -> str:
    """Matrices beside each other, symbols at half their height; a new line before an equals sign where it gets wide."""
    lines: list[str] = []
    for part in broken(block, WIDE):
        lines += _beside([_piece(piece) for piece in part])
    return "\n".join(f"  {each}".rstrip() for each in lines)


def broken(block: Values, wide: int) -> list[list[Piece]]:
    """The pieces in as many lines as they need: broken before =, else before + − ⊙, else between two factors."""
    lines: list[list[Piece]] = [[]]
    for part in _parts(block.pieces, wide):
        if lines[-1] and width([*lines[-1], *part]) > wide:
            lines.append([])
        lines[-1] += part
    return [[" · ", *line[1:]] if line[0] == " " else line for line in lines]


def _parts(pieces: Sequence[Piece], wide: int) -> list[list[Piece]]:
    """What a line may be broken between: the sides of an equation, but for sides too wide for any line."""
    parts = _split(pieces, "=←")
    for signs in ("+−⊙", ""):
        parts = [each for part in parts for each in ([part] if width(part) <= wide else _split(part, signs))]
    return parts


def _split(pieces: Sequence[Piece], signs: str) -> list[list[Piece]]:
    """The pieces in parts that each begin with one of the signs, or where none are given with a space, but for the first."""
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if parts[-1] and sign(piece, signs):
            parts.append([])
        parts[-1].append(piece)
    return parts


def sign(piece: Piece, signs: str) -> bool:
    """True for a piece that begins with one of the signs, or where none are given for a space."""
    return isinstance(piece, str) and (piece.strip()[:1] in tuple(signs) if signs else piece == " ")


def width(pieces: Sequence[Piece]) -> int:
    """How many letters the pieces take beside each other."""
    return sum(max(map(len, _piece(piece)), default=0) for piece in pieces)


def _piece(piece: Piece) -> list[str]:
    if not isinstance(piece, Cells):
        return [str(piece)]
    columns = [_aligned(column) for column in zip(*piece.texts())]
    lines = [f"[ {'  '.join(cells)} ]" for cells in zip(*columns)]
    return lines if piece.whole else [*lines, f"{piece.shape:^{len(lines[0])}}"]


def _aligned(column: Sequence[str]) -> list[str]:
    """Numbers with their points below each other, all of one width."""
    places = [cell.find(".") if "." in cell else len(cell) for cell in column]
    moved = [" " * (max(places) - place) + cell for cell, place in zip(column, places)]
    return [f"{cell:<{max(map(len, moved))}}" for cell in moved]


def _beside(blocks: Sequence[list[str]]) -> list[str]:
    """Blocks of lines beside each other, their middles at one height."""
    heights = [len(block) for block in blocks]
    tallest = max(heights)
    columns = []
    for block, height in zip(blocks, heights):
        above = (tallest - height) // 2
        width = max(map(len, block))
        padded = [""] * above + block + [""] * (tallest - height - above)
        columns.append([f"{each:<{width}}" for each in padded])
    return ["".join(cells).rstrip() for cells in zip(*columns)]


def _code(block: Code) -> str:
    written = ["    " * indent + _words(words) for indent, words, _ in block.lines]
    wide = max(map(len, written))
    return "\n".join(f"  {text:<{wide}}   {remark}".rstrip() for text, (_, _, remark) in zip(written, block.lines))


def _program(block: Program) -> str:
    return textwrap.indent(block.text.rstrip("\n"), "    ")


WRITERS: dict[type, Callable[[Any], str]] = {
    Heading: _heading,
    Sentence: _sentence,
    Values: _values,
    Code: _code,
    Program: _program,
}
