"""The mathematics of pages as Chromium draws it: every token is there, apart, in its place, and in the shipped font."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from browser import measured
from networks import PROOF

import chainrule as cr
from chainrule.cli.examples import X, Y, chain
from chainrule.conventions import PRESETS
from chainrule.explanation.forms import FORMS
from chainrule.explanation.nested_formula import nested_formula
from chainrule.explanation.proof import proof
from chainrule.explanation.pseudocode import pseudocode
from chainrule.explanation.summary import summary
from chainrule.explanation.worksheet import worksheet
from chainrule.writing.formula import Sum, Symbol, Transposed, partial, row
from chainrule.writing.html import page
from chainrule.writing.mathml import mathml

Box = Sequence[float]  # left, top, right, bottom, in pixels
HAIR = 0.5
MEASURE = """
const box = of => { const b = of.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
const faces = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules]).filter(rule => rule instanceof CSSFontFaceRule);
const twice = new FontFace('Twice', faces[0].style.getPropertyValue('src'), {sizeAdjust: '200%'});
document.fonts.add(await twice.load());
const pen = document.createElement('canvas').getContext('2d');
const written = (font, text) => { pen.font = font; return pen.measureText(text).width; }, kept = {};
const wide = (family, size, text) => kept[[family, size, text]] ??= written(`${size} '${family}'`, text);
const leaning = letter => {  // the letter that Chromium draws for an <mi> of one letter
  const c = letter.codePointAt(0), from = (first, start) => String.fromCodePoint(start + c - first);
  if (letter === 'h') return '\\u210e';
  if (/[A-Z]/.test(letter)) return from(0x41, 0x1d434);
  if (/[a-z]/.test(letter)) return from(0x61, 0x1d44e);
  if (/[\\u03b1-\\u03c9]/.test(letter)) return from(0x3b1, 0x1d6fc);
  return letter === '\\u2202' ? '\\u{1d715}' : letter;
};
const foreign = {}, isForeign = letter => foreign[letter] ??=  // twice as large a font does not change a letter it lacks
  wide('Twice', '100px', letter) < 1.9 * wide('Chainrule Math', '100px', letter) ? 'yes' : 'no';
const token = each => {
  const style = getComputedStyle(each), text = each.textContent;
  const upright = each.localName !== 'mi' || each.getAttribute('mathvariant') || [...text].length > 1;
  const drawn = upright ? text : leaning(text);
  return {text, box: box(each), foreign: [...drawn].filter(letter => letter.trim() && isForeign(letter) === 'yes').join(''),
          wide: /mn|mtext/.test(each.localName) ? wide('Chainrule Math', style.fontSize, drawn) : null};
};
return {
  maths: [...document.querySelectorAll('math')].map(math => ({
    id: math.id, label: math.textContent, family: getComputedStyle(math).fontFamily,
    tokens: [...math.querySelectorAll('mi, mn, mo, mtext')].map(token),
    stacks: [...math.querySelectorAll('mfrac, msub, msup, msubsup, munder')]
      .map(each => ({tag: each.localName, boxes: [...each.children].map(box)})),
  })),
  size: [document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight],
  fonts: [...document.fonts].map(font => [font.family.replaceAll('"', ''), font.status]),
};
"""

PLANTED = {  # a fault of each kind: the page holds them all, and the test must find these and no other
    "no box": '<math id="no box"><mn style="font-size:0">1</mn></math>',
    "off the page": '<math id="off the page" style="position:absolute;left:-500px"><mn>1</mn></math>',
    "two on one place": '<math id="two on one place"><mn>12</mn><mn style="position:relative;left:-1em">34</mn></math>',
    "upside down": '<math id="upside down" display="block" style="transform:scaleY(-1)">'
    "<mfrac><mn>1</mn><mn>2</mn></mfrac></math>",
    "another font": '<math id="another font" style="font-family:monospace"><mn>1</mn></math>',
    "a letter the font lacks": '<math id="a letter the font lacks"><mi>☃</mi></math>',
}


def sections() -> Iterator[str]:
    """Every form and every sheet, of the chain of the texts and of a network 2-3-2, in two presets; every one in the proof."""
    for preset in PRESETS if PROOF else ("article", "3h4"):
        how = PRESETS[preset]
        one, several = chain(), cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=2, dtype="float64")
        if how.linear_output:
            one, several = (
                cr.Network(list(net.weights), list(net.biases), [net.activations[1].name, *more, "identity"])
                for net, more in ((one, ["sigmoid"]), (several, []))
            )
        for network, x, y, by in ((one, X, Y, "w/2/0/0"), (several, [0.6, -0.4], [1.0, 0.0], "w/1/1/0")):
            for form in FORMS:
                if form != "product" or network is one:  # several ways lead to the cost of the other
                    yield cr.explain(network, x, y, by, form=form, convention=preset).html()
            yield worksheet(network, x, y, convention=preset).html()
            yield nested_formula(network, preset, x).html()
        yield cr.explain(several, x, None, "z/1/1", of="a/2/0", form="hadamard", convention=preset).html()
        yield proof(preset, several, x, y).html()
        yield pseudocode(preset).html()
        yield summary(preset, forms=("layers", "neurons", "dot", "raw")).html()


def middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


def in_its_place(tag: str, boxes: Sequence[Box]) -> bool:
    """A numerator above its denominator, marks above and below the middle of their letter."""
    base, *marks = boxes
    match tag:
        case "mfrac":
            return base[3] <= marks[0][1] + HAIR
        case "msup":
            return middle(marks[0]) < middle(base)
        case "msub":
            return middle(marks[0]) > middle(base)
        case "msubsup":
            return middle(marks[0]) > middle(base) > middle(marks[1]) and marks[1][3] <= marks[0][1] + HAIR
        case "munder":  # below, or on a line of words behind
            return middle(marks[0]) > middle(base) and (marks[0][1] >= base[3] - HAIR or marks[0][0] >= base[2] - HAIR)
    raise ValueError(tag)


def overlap(one: Box, other: Box) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    return across > HAIR and min(one[3], other[3]) - max(one[1], other[1]) > HAIR


def faults_of(math: Any, size: Sequence[float]) -> Iterator[str]:
    """What is wrong with one <math>."""
    tokens = math["tokens"]
    for box in (each["box"] for each in tokens):
        if not (box[2] > box[0] and box[3] > box[1]):
            yield "no box"
        if not (box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] + HAIR and box[3] <= size[1] + HAIR):
            yield "off the page"
    if any(overlap(one["box"], other["box"]) for one, other in itertools.combinations(tokens, 2)):
        yield "two on one place"
    if not all(in_its_place(each["tag"], each["boxes"]) for each in math["stacks"]):
        yield "upside down"
    if any(each["foreign"] for each in tokens):
        yield "a letter the font lacks"
    by_font = [(each["wide"], each["box"][2] - each["box"][0]) for each in tokens if each["wide"] is not None]
    if not math["family"].startswith('"Chainrule Math"') or any(abs(a - b) > HAIR for a, b in by_font if b):
        yield "another font"


@pytest.mark.needs("chromium")
def test_every_token_is_drawn_apart_in_its_place_and_in_the_shipped_font(tmp_path: Path) -> None:
    """Issue, Shows 3; one fault of each kind is planted on the page, and found."""
    planted = f'<section class="chainrule-sheet">{"".join(PLANTED.values())}</section>'
    text = page("mathematics", *sections(), planted)
    found = measured(text, MEASURE, tmp_path)
    assert len(found["maths"]) == text.count("<math") > (1000 if PROOF else 400)
    assert ["Chainrule Math", "loaded"] in found["fonts"]
    wrong = {
        (fault, math["id"] or math["label"]) for math in found["maths"] for fault in faults_of(math, found["size"])
    }
    assert wrong == {(name, name) for name in PLANTED}


@pytest.mark.needs("chromium")
def test_a_line_of_words_below_the_paths_makes_no_column_wider(tmp_path: Path) -> None:
    """2 more of them, together: the line reaches across the columns, and the factors stay beside each other."""
    net = cr.Network.random([64, 30, 10], "tanh", "sigmoid", seed=0, dtype="float64")
    found = cr.explain(net, [0.1] * 64, [1.0] * 10, "w/1/3/5", form="paths").html()
    assert found.count("more of them, together") == 1
    script = """return [...document.querySelectorAll('mtr')].filter(row => row.children.length > 4)
      .map(row => [...row.children].map(cell => cell.getBoundingClientRect().width));"""
    widths = measured(page("paths", found), script, tmp_path)
    assert len(widths) == 16
    assert max(max(each) for each in widths) < 150


@pytest.mark.needs("chromium")
def test_a_notebooks_cells_bring_the_font(tmp_path: Path) -> None:
    """Where no maths font is installed δ and ∂ would be empty boxes."""
    cells = cr.explain(chain(), X, Y, "w/2/0/0")._repr_html_() + summary("nielsen")._repr_html_()
    found = measured(f"<!DOCTYPE html><html><body>{cells}</body></html>", MEASURE, tmp_path)
    assert ["Chainrule Math", "loaded"] in found["fonts"]
    assert [fault for math in found["maths"] for fault in faults_of(math, found["size"])] == []


# MathML -------------------------------------------------------------------------------------------------------------
def test_brackets_grow_around_what_is_tall_alone() -> None:
    """A stretched bracket takes the width of the widest one, and in one row with a fraction it would grow with that."""
    z, flat = Symbol("z", "1"), '<mo stretchy="false">(</mo>'
    assert flat in mathml(row("σ′(", z, ")"))
    assert flat in mathml(row(partial(Symbol("C"), z), " σ′(", z, ")"))
    assert flat in mathml(Transposed(z))
    assert "<mo>(</mo>" in mathml(row("σ(", Sum("k", z), ")"))
    assert mathml(row("(((")) == f"<mrow>{3 * '<mo>(</mo>'}</mrow>"


def test_a_minus_behind_a_sign_or_a_bracket_is_a_sign() -> None:
    sign = '<mo form="prefix">−</mo>'
    assert f"<mo>=</mo>{sign}<mn>2</mn>" in mathml(row("a = −2"))
    assert "(</mo><mrow><mo>−</mo><mn>2</mn></mrow>" in mathml(row("(−2)"))  # the first of a row is one by itself
    assert "<mi>a</mi><mo>−</mo><mi>b</mi>" in mathml(row("a − b"))


def test_marks_without_a_letter_belong_to_what_stands_before_them() -> None:
    assert mathml(row("[", Symbol("δ"), "]", Symbol("", below="2"))).startswith("<msub><mrow><mo")
    assert mathml(row("(", Symbol("a"), ")²")).endswith("<mn>2</mn></msup>")
    assert "<mfrac" in mathml(row("½ a"))
