"""Sheets as plain text: equals signs below each other, matrices beside each other, broken where a line gets wide."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from chainrule.writing import document as doc
from chainrule.writing.formula import Formula, Numeral, Sign, Space
from chainrule.writing.numbers import in_lines

WIDE = 100  # letters in a line
LONG_NAME = 30  # of a term, which then has a line of its own


def as_text(title: str, blocks: Sequence[doc.Block]) -> str:
    """The page as text, at most some hundred letters wide."""
    head = f"{title}\n{'=' * len(title)}"
    return "\n\n".join([head, *map(_block, doc.together(blocks))]).rstrip()


def without_title(blocks: Sequence[doc.Block]) -> str:
    """Some blocks as text, close below each other."""
    return "\n".join(map(_block, doc.together(blocks)))


def _block(block: doc.Printed | list[doc.Equation]) -> str:
    match block:
        case doc.Heading(text):
            return f"{text}\n{'-' * len(text)}"
        case doc.Sentence(words):
            return textwrap.fill(_words(words), WIDE, break_long_words=False, break_on_hyphens=False)
        case doc.Values():
            return _values(block)
        case doc.Aligned():
            return _lines(block)
        case doc.Code():
            return _code(block)
        case doc.Program(text):
            return textwrap.indent(text.rstrip("\n"), "    ")
    return _equations(block)


def _words(words: doc.Words) -> str:
    return "".join(map(str, words))


def _equations(group: Sequence[doc.Equation]) -> str:
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
        sides = f"   {doc.sides_of(each)}" if each.sides else ""
        lines.append(f"{text:<{wide}}{name}{sides}".rstrip())
    return "\n".join(lines)


def _values(block: doc.Values) -> str:
    """Matrices beside each other, symbols at half their height; a new line before an equals sign where it gets wide."""
    lines: list[str] = []
    for part in broken(block, WIDE):
        lines += _beside([_piece(piece) for piece in part])
    return "\n".join(f"  {each}".rstrip() for each in lines)


def broken(block: doc.Values, wide: int) -> list[list[Formula]]:
    """The pieces in as many lines as they need: broken before =, else before + − ⊙, else between two factors."""
    lines: list[list[Formula]] = [[]]
    for part in _parts(block.pieces, wide):
        if lines[-1] and width([*lines[-1], *part]) > wide:
            lines.append([])
        lines[-1] += part
    return [[Sign(" · "), *line[1:]] if isinstance(line[0], Space) else line for line in lines]


def _parts(pieces: Sequence[Formula], wide: int) -> list[list[Formula]]:
    """What a line may be broken between: the sides of an equation, but for sides too wide for any line."""
    parts = _split(pieces, "=←")
    for signs in ("+−⊙", ""):
        parts = [each for part in parts for each in ([part] if width(part) <= wide else _split(part, signs))]
    return parts


def _split(pieces: Sequence[Formula], signs: str) -> list[list[Formula]]:
    """The pieces in parts that each begin with one of the signs, or where none are given with a space, but for the first."""
    parts: list[list[Formula]] = [[]]
    for piece in pieces:
        if parts[-1] and (sign(piece, signs) if signs else _between_factors(parts[-1][-1], piece)):
            parts.append([])
        parts[-1].append(piece)
    return parts


def _between_factors(before: Formula, piece: Formula) -> bool:
    """True for a space where a product may be broken: a number stays with the matrix behind it."""
    return isinstance(piece, Space) and not isinstance(before, Numeral)


def sign(piece: Formula, signs: str) -> bool:
    """True for one of the signs."""
    return isinstance(piece, Sign) and piece.sign in signs


def width(pieces: Sequence[Formula]) -> int:
    """How many letters the pieces take beside each other."""
    return sum(max(map(len, _piece(piece)), default=0) for piece in pieces)


def _piece(piece: Formula) -> list[str]:
    if not isinstance(piece, doc.Cells):
        return [str(piece)]
    columns = [_aligned(column) for column in zip(*piece.entries())]
    lines = [f"[ {'  '.join(cells)} ]" for cells in zip(*columns)]
    return lines if piece.whole else [*lines, f"{piece.shape:^{len(lines[0])}}"]


def _aligned(column: Sequence[Formula]) -> list[str]:
    """Numbers with their points below each other, all of one width."""
    cells = list(map(str, column))
    places = [cell.find(".") if "." in cell else len(cell) for cell in cells]
    moved = [" " * (max(places) - place) + cell for cell, place in zip(cells, places)]
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


def _lines(block: doc.Aligned) -> str:
    """Equals signs below each other, numbers below their symbols, and terms moved in, with what they come to."""
    left = max((len(str(line.left)) for line in block.lines if not line.term), default=0)
    terms = [line for line in block.lines if line.term]
    name = max((len(str(line.left)) for line in terms), default=0)
    name = 0 if name > LONG_NAME else name
    value = max((len(line.value) for line in terms), default=0)
    rows = []
    for line in block.lines:
        if not line.term:
            lead = (f"{line.left!s:<{left}} = ", f"{'':<{left}} = ", f"{'':<{left}} · ")
            rows += _line(line, lead, widths_of([line]), f"      {line.note}" if line.note.pieces else "")
            continue
        if not line.numbers:
            rows.append(f"  {''.join(map(str, line.cells))}")
            continue
        if not name:
            rows += [f"  {each}" for each in textwrap.wrap(str(line.left), WIDE)]
        widths = widths_of(terms)
        wide = "  " if len(in_lines(widths, WIDE - name - 4)) > 1 else ""
        shown = str(line.left) if name else ""
        lead = (f"  {shown:<{name}}  {wide}", f"  {'':<{name}}  {wide}", f"  {'':<{name}}  · ")
        rows += _line(line, lead, widths, f" = {line.value:>{value}}   {line.note}")
    return "\n".join(rows)


def widths_of(lines: Sequence[doc.DisplayLine]) -> list[int]:
    """How wide the columns of the factors of some lines are."""
    rows = [row for line in lines if line.numbers for row in (list(map(str, line.cells)), line.numbers)]
    return [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]


def _line(line: doc.DisplayLine, lead: tuple[str, str, str], widths: Sequence[int], ending: str) -> list[str]:
    """One line, or the two of symbols and numbers, broken where they get wide, behind their leads."""
    if not line.numbers:
        return _hung(lead[0], " · ".join(map(str, line.cells)), ending)
    rows, chunks = [], in_lines(widths[: len(line.cells)], WIDE - len(lead[0]))
    below = len(chunks) > 1 and line.term and _row(line.numbers, widths, chunks[-1], full=True)
    for chunk in chunks:
        first, again = (lead[2], lead[2]) if chunk.start else lead[:2]
        rows.append(first + _row(tuple(map(str, line.cells)), widths, chunk))
        rows.append(again + _row(line.numbers, widths, chunk, full=line.term and chunk is chunks[-1]))
    if below and len(below) + len(ending) > WIDE:
        return [*rows[:-1], rows[-1].rstrip(), f"{lead[1].rstrip()}{ending}"]
    return [*rows[:-1], rows[-1] + ending]


def _row(cells: Sequence[str], widths: Sequence[int], chunk: slice, full: bool = False) -> str:
    line = " · ".join(f"{cell:<{width}}" for cell, width in zip(cells[chunk], widths[chunk]))
    return line if full else line.rstrip()


def _hung(lead: str, text: str, ending: str) -> list[str]:
    """A cell of several lines, the first behind its lead."""
    first, *others = text.splitlines() or [""]
    rows = [lead + first, *(" " * len(lead) + each for each in others)]
    return [*rows[:-1], rows[-1] + ending]


def _code(block: doc.Code) -> str:
    written = ["    " * indent + _words(words) for indent, words, _ in block.lines]
    wide = max(map(len, written))
    return "\n".join(f"  {text:<{wide}}   {remark}".rstrip() for text, (_, _, remark) in zip(written, block.lines))
