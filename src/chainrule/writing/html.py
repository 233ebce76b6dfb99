"""Sheets as HTML: headings, paragraphs and MathML; no script and nothing from outside."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from importlib import resources
from textwrap import wrap

from chainrule.names import printable
from chainrule.writing import document as doc
from chainrule.writing.formula import Formula, Matrix, Numeral, Sign, Text, inline, row
from chainrule.writing.mathml import mathml
from chainrule.writing.numbers import bracketed, in_lines
from chainrule.writing.text import LONG_NAME, WIDE, broken, widths_of

FONTS = "'Chainrule Math','Latin Modern Math','STIX Two Math','Cambria Math',math"
DERIVATION = (  # every colour is mixed with that of the text around it: a notebook's dark theme is not a prefers-color-scheme
    f"<style>.chainrule-derivation math{{font-size:1.1em;font-family:{FONTS};"
    "display:block math;width:fit-content;margin:.7em 0}"
    ".chainrule-derivation mtd{text-align:left;padding:.25em;math-style:normal}"
    ".chainrule-derivation .number{text-align:right;text-align:-webkit-right}.chainrule-derivation p{margin:.3em 0}"
    ".chainrule-derivation .check{color:inherit;color:color-mix(in srgb,currentColor 40%,#00a39c)}"
    ".chainrule-derivation .asked{background:#8a63d233}</style>"
)
SPACE = '<mspace width="0.4em"/>'
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


def without_title(label: str, blocks: Sequence[doc.Block]) -> str:
    """Some blocks as a <section>, which is called `label` where it is read aloud."""
    body = DERIVATION + "".join(map(_block, doc.together(blocks)))
    return printable(f'<section class="chainrule-derivation" aria-label="{escape(label, quote=True)}">{body}</section>')


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


def as_html(title: str, blocks: Sequence[doc.Block]) -> str:
    """The page as one <section>: headings, paragraphs, MathML; no script and nothing from outside."""
    label = escape(title, quote=True)
    body = "".join([STYLE, f"<h2>{escape(title)}</h2>", *map(_block, doc.together(blocks))])
    return printable(f'<section class="chainrule-sheet" aria-label="{label}">{body}</section>\n')


def _block(block: doc.Printed | list[doc.Equation]) -> str:
    match block:
        case doc.Heading(text):
            return f"<h3>{escape(text)}</h3>"
        case doc.Sentence(words):
            return f"<p>{_words(words)}</p>"
        case doc.Values():
            return _values(block)
        case doc.Aligned():
            return "".join(map(_display, block.displays()))
        case doc.Code():
            return _code(block)
        case doc.Program(text):
            return f"<pre><code>{escape(text)}</code></pre>"
    return _equations(block)


def _math(inside: str) -> str:
    return f'<math displaystyle="true">{inside}</math>'


def _words(words: doc.Words) -> str:
    return "".join(map(_word, words))


def _word(word: str | Formula) -> str:
    """Words as they are; formulas are mathematics, and so is a number that has a power of ten."""
    if isinstance(word, str):
        return escape(word)
    if isinstance(word, Text | Sign) or (isinstance(word, Numeral) and "e" not in word.text):
        return escape(word.text)
    return f"<math>{mathml(inline(word))}</math>"


def _equations(group: Sequence[doc.Equation]) -> str:
    rows = []
    for each in group:
        if each.why:
            rows.append(f'<tr><td class="why" colspan="4">{_words(each.why)}</td></tr>')
        sides = ""
        if each.sides:
            sides = _math(mathml(doc.sides_of(each)))
        name = f"({escape(each.name)})" if each.name else ""
        rows.append(
            f'<tr><td class="left">{_math(mathml(each.left)) if str(each.left) else ""}</td>'
            f"<td>{_math('<mo>=</mo>' + mathml(each.right))}</td>"
            f'<td class="side">{sides}</td><td class="name">{name}</td></tr>'
        )
    return f'<table role="presentation">{"".join(rows)}</table>'


def _display(lines: Sequence[doc.DisplayLine]) -> str:
    """One table of mathematics, numbers below their symbols; what is no factor reaches across the columns."""
    rows: list[list[str]] = []
    terms = [line for line in lines if line.term]
    for line in lines:
        sign = "" if line.term else "<mo>=</mo>"
        noted = [mathml(line.note)] if line.note.pieces and not line.check else []
        left, cells = mathml(line.left), list(map(mathml, line.cells))
        if not line.numbers:
            rows.append([left, sign, _across("".join(_dotted(cells)))])
            continue
        if len(str(line.left)) > LONG_NAME:
            rows += [[_across(f"<mtext>{escape(each)}</mtext>")] for each in wrap(str(line.left), WIDE)]
            left = ""
        numbers = [mathml(row(each)) for each in bracketed(line.numbers)]
        ending = ["<mo>=</mo>", mathml(Numeral(line.value)), *noted] if line.term else noted
        chunks = _chunks(line, terms if line.term else [line])
        for chunk in chunks:
            mark = "<mo>·</mo>" if chunk.start else sign
            last = ending if chunk is chunks[-1] and len(chunks) == 1 else []
            rows.append(["" if chunk.start else left, mark, *_dotted(cells[chunk])])
            rows.append(["", mark, *_dotted(numbers[chunk]), *last])
        if len(chunks) > 1 and ending:
            rows.append([_across(f"<mrow>{SPACE.join(ending)}</mrow>")])
    body = "".join(
        "<mtr>" + "".join(c if c.startswith("<mtd") else f"<mtd>{c}</mtd>" for c in r) + "</mtr>" for r in rows
    )
    checks = [f'<p class="check">{_words(line.note.pieces)}</p>' for line in lines if line.check]
    return f'<math display="block"><mtable>{body}</mtable></math>{"".join(checks)}'


def _chunks(line: doc.DisplayLine, group: Sequence[doc.DisplayLine]) -> list[slice]:
    """The lines that a product takes on a page, all with as many columns, each as wide as the widest."""
    widths = widths_of(group)[: len(line.cells)]
    chunks = in_lines(widths, WIDE)
    return chunks if len(chunks) == 1 else in_lines([max(widths)] * len(widths), WIDE)


def _across(cell: str) -> str:
    """A cell that reaches across the columns, and so makes none of them wider."""
    return f'<mtd columnspan="99"><mrow>{cell}</mrow></mtd>'


def _dotted(cells: Sequence[str]) -> list[str]:
    """Cells with a dot between them."""
    return [each for i, cell in enumerate(cells) for each in (("<mo>·</mo>", cell) if i else (cell,))]


def _values(block: doc.Values) -> str:
    lines = ["".join(map(_piece, part)) for part in broken(block, WIDE)]
    return "".join(f'<div class="values">{_math(f"<mrow>{each}</mrow>")}</div>' for each in lines)


def _piece(piece: Formula) -> str:
    if not isinstance(piece, doc.Cells):
        return mathml(piece)
    matrix = mathml(Matrix(tuple(map(tuple, piece.entries()))))
    return matrix if piece.whole else f"<munder>{matrix}<mtext>{piece.shape}</mtext></munder>"


def _code(block: doc.Code) -> str:
    rows = "".join(
        f'<tr><td style="padding-left:{2 * indent}em">{_words(words)}</td><td class="remark">{escape(remark)}</td></tr>'
        for indent, words, remark in block.lines
    )
    return f'<table role="presentation">{rows}</table>'
