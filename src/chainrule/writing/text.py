"""Sheets as plain text: equals signs below each other, matrices beside each other, broken where a line gets wide."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from chainrule.aligned import Heading
from chainrule.writing import document as doc
from chainrule.writing.formula import LEFT_OUT, Formula, Matrix, Numeral, Sign, Space
from chainrule.writing.numbers import in_lines

WIDE = 100  # letters in a line
LONG_NAME = 30  # of a term, which then has a line of its own
GAP = 3  # between an equation and its name
FACTOR = 7  # letters of a sign and a number before a matrix, as − 0.1
INDENT = 4  # of a matrix that has no room behind its equals sign
SIGNS = "=+−·⊙±≈←→"  # before which a formula is broken


def as_text(title: str, blocks: Sequence[doc.Block], wide: int = WIDE) -> list[str]:
    """The page in lines of text, at most so many letters wide."""
    lines = _headed(title, "=", wide)
    for block in doc.together(blocks):
        lines += ["", *_block(block, wide)]
    return lines


def without_title(blocks: Sequence[doc.Block], wide: int = WIDE) -> list[str]:
    """Some blocks in lines of text, close below each other."""
    return [line for block in doc.together(blocks) for line in _block(block, wide)]


def _headed(text: str, sign: str, wide: int) -> list[str]:
    lines = textwrap.wrap(text, wide, break_long_words=False)
    return [*map(Heading, lines), Heading(sign * max(map(len, lines)))]


def _block(block: doc.Printed | list[doc.Equation], wide: int) -> list[str]:
    match block:
        case doc.Heading(text):
            return _headed(text, "-", wide)
        case doc.Sentence(words):
            return textwrap.wrap(_words(words), wide, break_long_words=False, break_on_hyphens=False)
        case doc.Values():
            return _values(block, wide)
        case doc.Aligned():
            return _lines(block, wide)
        case doc.Code():
            return _code(block, wide)
        case doc.Program(text):
            return textwrap.indent(text.rstrip("\n"), "    ").split("\n")
    return _equations(block, wide)


def _words(words: doc.Words) -> str:
    return "".join(map(str, words))


def _equations(group: Sequence[doc.Equation], wide: int) -> list[str]:
    """Equals signs below each other; why a line holds stands above it, the numbers of its sides beside it."""
    left_width = max(len(str(each.left)) for each in group)
    leads = [f"  {each.left!s:>{left_width}} = " for each in group]
    right_width = max(len(str(each.right)) for each in group)
    named = max(len(each.name) + GAP + 2 if each.name else 0 for each in group)
    lines = []
    for each, lead in zip(group, leads):
        if each.why:
            lines += textwrap.wrap(_words(each.why), wide, break_long_words=False, break_on_hyphens=False)
        name = f"{' ' * GAP}({each.name})" if each.name else ""
        sides = f"{' ' * GAP}{doc.sides_of(each)}" if each.sides else ""
        line = f"{lead}{each.right!s:<{right_width}}{name:<{named}}{sides}".rstrip()
        if len(line) <= wide:
            lines.append(line)
        else:
            lines += _hung(lead, str(each.right), f"{name}{sides}", wide)
    return lines


def _values(block: doc.Values, wide: int) -> list[str]:
    """Matrices beside each other, symbols at half their height; a new line before an equals sign where it gets wide."""
    room = wide - 2
    pieces = tuple(_fitting(piece, room - FACTOR) if isinstance(piece, doc.Cells) else piece for piece in block.pieces)
    lines: list[str] = []
    for part in broken(doc.Values(pieces), room - 2):  # a line may get a dot before it
        lines += _beside([_piece(piece) for piece in part])
    return [f"  {each}".rstrip() for each in lines]


def _fitting(cells: doc.Cells, room: int) -> doc.Cells:
    """The matrix, or fewer of its rows and columns where a line has no room for them."""
    while width([cells]) > room and cells.most > 2:
        cells = replace(cells, most=cells.most - 1)
    return cells


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


def _lines(block: doc.Aligned, wide: int) -> list[str]:
    """Equals signs below each other, numbers below their symbols, and terms moved in, with what they come to."""
    lefts = [len(str(line.left)) for line in block.lines if not line.term]
    left = max((each for each in lefts if each <= wide // 2), default=0)
    terms = [line for line in block.lines if line.term]
    name = max((len(str(line.left)) for line in terms), default=0)
    name = 0 if name > min(LONG_NAME, wide // 3) else name
    value = max((len(line.value) for line in terms), default=0)
    rows = []
    for line in block.lines:
        if not line.term:
            alone = len(str(line.left)) > left  # too wide to have anything behind it
            rows += [f"{line.left} ="] if alone else []
            shown = f"{'':<{left}}   " if alone else f"{line.left!s:<{left}} = "
            lead = (shown, f"{'':<{left}} = ", f"{'':<{left}} · ")
            rows += _line(line, lead, widths_of([line]), f"      {line.note}" if line.note.pieces else "", wide)
            continue
        if not line.numbers:
            rows += _hung("  ", "".join(map(str, line.cells)), "", wide)
            continue
        if not name:
            rows += [f"  {each}" for each in in_pieces(str(line.left), wide - 2)]
        widths = widths_of(terms)
        moved = "  " if len(in_lines(widths, wide - name - 4)) > 1 else ""
        shown = str(line.left) if name else ""
        lead = (f"  {shown:<{name}}  {moved}", f"  {'':<{name}}  {moved}", f"  {'':<{name}}  · ")
        rows += _line(line, lead, widths, f" = {line.value:>{value}}   {line.note}", wide)
    return rows


def widths_of(lines: Sequence[doc.DisplayLine]) -> list[int]:
    """How wide the columns of the factors of some lines are."""
    rows = [row for line in lines if line.numbers for row in (list(map(str, line.cells)), line.numbers)]
    return [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]


def _line(
    line: doc.DisplayLine, lead: tuple[str, str, str], widths: Sequence[int], ending: str, wide: int
) -> list[str]:
    """One line, or the two of symbols and numbers, broken where they get wide, behind their leads."""
    if not line.numbers:
        if isinstance(line.cells[0], Matrix):
            return _matrix(lead[0], line.cells[0], wide)
        return _hung(lead[0], " · ".join(map(str, line.cells)), ending, wide)
    rows, room = [], wide - len(lead[0])
    chunks = in_lines(widths[: len(line.cells)], room)
    for chunk in chunks:
        first, again = (lead[2], lead[2]) if chunk.start else lead[:2]
        full = line.term and chunk is chunks[-1]
        if widths[chunk.start] > room:  # one factor by itself, wider than a line
            rows += _hung(first, str(line.cells[chunk][0]), "", wide)
            rows.append(f"{again}{line.numbers[chunk.start]}")
            continue
        rows.append(first + _row(tuple(map(str, line.cells)), widths, chunk))
        rows.append(again + _row(line.numbers, widths, chunk, full=full))
    if len(rows[-1]) + len(ending) <= wide or not ending:
        return [*rows[:-1], rows[-1] + ending]
    begin = f"{lead[2][:-2]}= " if line.term else " " * len(lead[1])
    return [*rows[:-1], rows[-1].rstrip(), *_behind(begin, ending.strip().removeprefix("= "), wide)]


def _row(cells: Sequence[str], widths: Sequence[int], chunk: slice, full: bool = False) -> str:
    line = " · ".join(f"{cell:<{width}}" for cell, width in zip(cells[chunk], widths[chunk]))
    return line if full else line.rstrip()


def _hung(lead: str, text: str, ending: str, wide: int) -> list[str]:
    """A formula behind its lead, broken before its signs where it gets wide; what stands behind it, if need be below it."""
    rows = _behind(lead, text, wide)
    if not ending or len(rows[-1]) + len(ending) <= wide:
        return [*rows[:-1], rows[-1] + ending]
    return [*rows, *_behind(" " * len(lead), ending.strip(), wide)]


def _behind(lead: str, text: str, wide: int) -> list[str]:
    """A formula in lines that begin below each other, the first behind its lead."""
    first, *others = in_pieces(text, wide - len(lead))
    return [lead + first, *(" " * len(lead) + each for each in others)]


def _matrix(lead: str, matrix: Matrix, wide: int) -> list[str]:
    """A matrix behind its lead, or below it where there is more room; without its middle columns where there is not enough."""
    lines = str(matrix).splitlines()
    most = max(map(len, lines))
    if len(lead) + most > wide and len(lead) > INDENT:
        return [lead.rstrip(), *_matrix(" " * INDENT, matrix, wide)]
    shown = len(matrix.rows[0])
    while len(lead) + most > wide and shown > 3:
        shown -= 1
        kept = [row[: shown - 2] for row in matrix.rows]
        rows = tuple((*some, LEFT_OUT, row[-1]) for some, row in zip(kept, matrix.rows))
        lines = str(Matrix(rows, matrix.asked)).splitlines()
        most = max(map(len, lines))
    return [lead + lines[0], *(" " * len(lead) + each for each in lines[1:])]


def in_pieces(text: str, room: int) -> list[str]:
    """A formula on a line of text in pieces of at most so many letters, each but the first beginning with a sign.

    It is broken outside brackets where it can be, else behind a comma, else between words.
    """
    pieces = []
    while len(text) > room:
        place = _break(text, room)
        if not place:
            break
        pieces.append(text[:place].rstrip())
        text = text[place:].lstrip()
    return [*pieces, text]


def _break(text: str, room: int) -> int:
    """Where to break a text that is too wide; 0 if it is one word."""
    depth, found = 0, []
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == " " and text[place + 1 :].strip(" ✓"):  # which is not left alone
            before_sign = text[place + 1] in SIGNS and text[place + 2 : place + 3] == " "
            rank = depth if before_sign else 10 + depth if text[place - 1] == "," else 20 + depth
            found.append((rank + (30 if place < room // 3 else 0), -place))
    inside = [each for each in found if -each[1] <= room]
    best = min(inside) if inside else max(found, default=(0, 0), key=lambda each: each[1])
    return -best[1]


def _code(block: doc.Code, wide: int) -> list[str]:
    """The lines of an algorithm, remarks in a column behind them; or above them where that gets wide."""
    written = [" " * (4 * indent + 2) + _words(words) for indent, words, _ in block.lines]
    longest = max(map(len, written))
    remarks = [remark for _, _, remark in block.lines]
    if longest + max((len(remark) + GAP for remark in remarks if remark), default=0) <= wide:
        return [f"{text:<{longest}}   {remark}".rstrip() for text, remark in zip(written, remarks)]
    lines = []
    for text, remark in zip(written, remarks):
        indent = len(text) - len(text.lstrip())
        lines += _hung(" " * indent, f"({remark})", "", wide) if remark else []
        first, *others = in_pieces(text.lstrip(), wide - indent)
        lines += [" " * indent + first, *(" " * (indent + 4) + each for each in others)]
    return lines
