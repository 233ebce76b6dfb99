"""Sheets as HTML: headings, paragraphs and MathML; no script and nothing from outside."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape
from importlib import resources
from typing import Any

from chainrule.names import printable
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
from chainrule.writing.formula import Formula, inline, mathml, row
from chainrule.writing.text import WIDE, broken

FONTS = "'Chainrule Math','Latin Modern Math','STIX Two Math','Cambria Math',math"
STYLE = (
    "<style>.chainrule-sheet{max-width:60em;line-height:1.5}"
    f".chainrule-sheet math{{font-family:{FONTS}}}"
    ".chainrule-sheet h2{font-size:1.5em;margin:0 0 .6em}"
    ".chainrule-sheet h3{font-size:1.1em;margin:1.6em 0 .4em}.chainrule-sheet table{border-collapse:collapse;margin:.8em 1em}"
    ".chainrule-sheet td{padding:.3em .1em;vertical-align:baseline}.chainrule-sheet .left{text-align:right}"
    ".chainrule-sheet .side,.chainrule-sheet .remark,.chainrule-sheet .name{padding-left:2em;opacity:.75}"
    ".chainrule-sheet .why{padding-top:.9em}.chainrule-sheet .values{overflow-x:auto;margin:.8em 1em}"
    ".chainrule-sheet .number{text-align:right;text-align:-webkit-right;padding:.15em .35em}"
    ".chainrule-sheet pre{overflow-x:auto;padding:1em;"
    "border-left:3px solid #9994}</style>"
)


def page(title: str, *bodies: str) -> str:
    """A page of its own around sections and figures; where there are formulas it carries the font for them."""
    font = font_face() if any("<math" in body for body in bodies) else ""
    return printable(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/><title>{escape(title)}</title>{font}'
        "<style>body{font-family:Helvetica,Arial,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}</style></head><body>"
        f"{''.join(bodies)}</body></html>\n"
    )


def in_a_cell(section: str) -> str:
    """A section as a notebook shows it: with the font, for whoever reads it has no say in the page around it."""
    return font_face() + section


def font_face() -> str:
    """The maths font as a style, so that formulas look the same everywhere, where no maths font is installed too."""
    data = resources.files("chainrule.writing").joinpath("fonts/chainrule-math.woff2").read_bytes()
    source = f"data:font/woff2;base64,{b64encode(data).decode()}"
    return f"<style>@font-face{{font-family:'Chainrule Math';src:url({source}) format('woff2')}}</style>"


def as_html(title: str, blocks: Sequence[Block]) -> str:
    """The page as one <section>: headings, paragraphs, MathML; no script and nothing from outside."""
    label = escape(title, quote=True)
    body = "".join([STYLE, f"<h2>{escape(title)}</h2>", *lowered(blocks, _equations, WRITERS)])
    return printable(f'<section class="chainrule-sheet" aria-label="{label}">{body}</section>\n')


def _mathml(formula: str | Formula) -> str:
    return mathml(formula).replace("<mi>-</mi>", "<mo>−</mo>")  # the hyphen of a layer's mark, l-1, is a minus


def _math(inside: str) -> str:
    return f'<math displaystyle="true">{inside}</math>'


def _words(words: Words) -> str:
    return "".join(
        f"<math>{_mathml(inline(each))}</math>" if isinstance(each, Formula) else escape(each) for each in words
    )


def _equations(group: Sequence[Equation]) -> str:
    rows = []
    for each in group:
        if each.why:
            rows.append(f'<tr><td class="why" colspan="4">{_words(each.why)}</td></tr>')
        sides = ""
        if each.sides:
            sides = _math(_mathml(sides_of(each)))
        name = f"({escape(each.name)})" if each.name else ""
        rows.append(
            f'<tr><td class="left">{_math(_mathml(each.left)) if str(each.left) else ""}</td>'
            f"<td>{_math('<mo>=</mo>' + _mathml(each.right))}</td>"
            f'<td class="side">{sides}</td><td class="name">{name}</td></tr>'
        )
    return f'<table role="presentation">{"".join(rows)}</table>'


def _heading(block: Heading) -> str:
    return f"<h3>{escape(block.text)}</h3>"


def _sentence(block: Sentence) -> str:
    return f"<p>{_words(block.words)}</p>"


def _values(block: Values) -> str:
    lines = ["".join(map(_piece, part)) for part in broken(block, WIDE)]
    return "".join(f'<div class="values">{_math(f"<mrow>{each}</mrow>")}</div>' for each in lines)


def _piece(piece: Piece) -> str:
    if not isinstance(piece, Cells):
        return _mathml(piece)
    cells = "".join(
        "<mtr>" + "".join(f'<mtd class="number">{_mathml(row(cell))}</mtd>' for cell in cells) + "</mtr>"
        for cells in piece.texts()
    )
    matrix = f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"
    return matrix if piece.whole else f"<munder>{matrix}<mtext>{piece.shape}</mtext></munder>"


def _code(block: Code) -> str:
    rows = "".join(
        f'<tr><td style="padding-left:{2 * indent}em">{_words(words)}</td><td class="remark">{escape(remark)}</td></tr>'
        for indent, words, remark in block.lines
    )
    return f'<table role="presentation">{rows}</table>'


def _program(block: Program) -> str:
    return f"<pre><code>{escape(block.text)}</code></pre>"


WRITERS: dict[type, Callable[[Any], str]] = {
    Heading: _heading,
    Sentence: _sentence,
    Values: _values,
    Code: _code,
    Program: _program,
}
