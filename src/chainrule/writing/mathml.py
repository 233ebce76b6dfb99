"""Formulas as MathML Core, without a <math> element around them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from chainrule.writing import formula as nodes

SPACE = '<mspace width="0.2em"/>'


def mathml(formula: nodes.Formula) -> str:
    """The formula as MathML Core, without its <math> element."""
    match formula:
        case nodes.Symbol(letter, above, below):
            return _scripts(_letter(letter), above, below)
        case nodes.Numeral("½"):
            return '<mfrac displaystyle="false"><mn>1</mn><mn>2</mn></mfrac>'
        case nodes.Numeral(text):
            return _number(text)
        case nodes.Text(text):
            words = f"<mtext>{escape(text.strip())}</mtext>" if text.strip() else ""
            return f"{SPACE if text[:1] == ' ' else ''}{words}{SPACE if text[-1:] == ' ' else ''}"
        case nodes.Sign(sign="/"):
            return '<mo lspace="0" rspace="0">/</mo>'
        case nodes.Sign(sign=sign):
            return f"<mo>{escape(sign)}</mo>"
        case nodes.Space():
            return SPACE
        case nodes.Row(pieces):
            elements = _elements(pieces)
            return elements[0] if len(elements) == 1 else f"<mrow>{''.join(elements)}</mrow>"
        case nodes.Bracket(left, inside, right):
            return _bracketed(left, inside, right)
        case nodes.Marked(base, above, below):
            return _scripts(mathml(base), above, below)
        case nodes.Ratio(top, bottom):
            return f"<mfrac>{mathml(top)}{mathml(bottom)}</mfrac>"
        case nodes.Root(base):
            return f"<msqrt>{mathml(base)}</msqrt>"
        case nodes.Sum(index, body):
            return f"<mrow><munder><mo>∑</mo>{mathml(nodes.marks(index))}</munder>{mathml(body)}</mrow>"
        case nodes.Transposed(base):
            return f"<msup>{_bracketed('(', base, ')')}<mi>T</mi></msup>"
        case nodes.Matrix():
            return _matrix(formula)
        case nodes.Vector():
            return _matrix(formula.column)
        case nodes.Underbraced(body, below):
            return f"<munder><munder>{mathml(body)}<mo>⏟</mo></munder>{mathml(below)}</munder>"
    raise TypeError(f"{type(formula).__name__} has no MathML")


def _matrix(matrix: nodes.Matrix) -> str:
    cell = '<mtd class="number">' if matrix.of_numbers else "<mtd>"
    asked = ' class="asked"'
    rows = "".join(
        f"<mtr{asked if i == matrix.asked else ''}>{''.join(f'{cell}{mathml(each)}</mtd>' for each in entries)}</mtr>"
        for i, entries in enumerate(matrix.rows)
    )
    return f"<mrow><mo>[</mo><mtable>{rows}</mtable><mo>]</mo></mrow>"


def _elements(pieces: Sequence[nodes.Formula]) -> list[str]:
    """The elements of a row. A minus behind a sign is the sign of its number; letters beside each other need no space."""
    found = []
    for before, each, after in zip((None, *pieces), pieces, (*pieces[1:], None)):
        if each == nodes.Sign("−") and isinstance(before, nodes.Sign):
            found.append('<mo form="prefix">−</mo>')
        elif not (isinstance(each, nodes.Space) and _is_letter(before) and _is_letter(after)):
            found.append(mathml(each))
    return found


def _is_letter(formula: nodes.Formula | None) -> bool:
    """True for what needs no space beside another, as w¹ a⁰; the name of a function, which has no marks, does."""
    return isinstance(formula, nodes.Transposed | nodes.Underbraced) or (
        isinstance(formula, nodes.Symbol) and formula.letter != str(formula)
    )


def _bracketed(left: str, inside: nodes.Formula, right: str) -> str:
    """Brackets around a formula. A stretched one is as wide as the widest of its glyphs, so only around what is tall."""
    stretched = "" if _is_tall(inside) else ' stretchy="false"'
    return f"<mrow><mo{stretched}>{left}</mo>{mathml(inside)}<mo{stretched}>{right}</mo></mrow>"


def _is_tall(formula: nodes.Formula) -> bool:
    match formula:
        case nodes.Row(pieces):
            return any(map(_is_tall, pieces))
        case nodes.Bracket(_, base) | nodes.Marked(base) | nodes.Transposed(base):
            return _is_tall(base)
        case nodes.Ratio() | nodes.Sum() | nodes.Matrix() | nodes.Vector() | nodes.Underbraced() | nodes.Numeral("½"):
            return True
    return False


def _scripts(base: str, above: str, below: str) -> str:
    """An element with its marks."""
    up, down = (mathml(nodes.marks(each)) for each in (above, below))
    if above and below:
        return f"<msubsup>{base}{down}{up}</msubsup>"
    return f"<msup>{base}{up}</msup>" if above else f"<msub>{base}{down}</msub>" if below else base


def _letter(letter: str) -> str:
    if letter.endswith("′"):
        return f"<msup>{_letter(letter[:-1])}<mo>′</mo></msup>"
    return f'<mi mathvariant="normal">{escape(letter)}</mi>' if letter in "Σ∇" else f"<mi>{escape(letter)}</mi>"


def _number(text: str) -> str:
    """A number, its sign and its power of ten as one element."""
    mantissa, mark, exponent = text.partition("e")
    sign, digits = ("<mo>−</mo>", mantissa[1:]) if mantissa[:1] == "−" else ("", mantissa)
    power = f"<mo>·</mo><msup><mn>10</mn>{_number(exponent)}</msup>" if mark else ""
    return f"<mrow>{sign}<mn>{digits}</mn>{power}</mrow>" if sign or mark else f"<mn>{digits}</mn>"
