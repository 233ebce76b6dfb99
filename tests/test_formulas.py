"""Formulas: texts are read into nodes once, and every format writes these."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.costs import ANY
from chainrule.writing.formula import (
    Bracket,
    Formula,
    Marked,
    Numeral,
    Row,
    Sign,
    Space,
    Symbol,
    Text,
    alone,
    marks,
    partial,
    row,
)
from chainrule.writing.mathml import mathml
from chainrule.writing.tex import latex

A, Z = Symbol("a", "2", "0"), Symbol("z", "2", "0")
READ = {
    "1 − a": (Numeral("1"), Sign(" − "), Symbol("a")),
    "max(0, z)": (Text("max"), Bracket("(", Row((Numeral("0"), Sign(", "), Symbol("z"))), ")")),
    "½e² > 1,000": (Numeral("½"), Marked(Symbol("e"), "2"), Sign(" > "), Numeral("1,000")),
    "−5e−4 of them": (Sign("−"), Numeral("5e−4"), Space(" "), Text("of them")),
    "1 + e^−z": (Numeral("1"), Sign(" + "), Symbol("e", "−z")),
    "σ′(|z|)": (Symbol("σ′"), Bracket("(", Row((Bracket("|", Row((Symbol("z"),)), "|"),)), ")")),
    "(]": (Sign("("), Sign("]")),
}


@pytest.mark.parametrize("text", READ)
def test_a_text_is_read_into_nodes(text: str) -> None:
    assert row(text).pieces == READ[text]
    assert text == "1 + e^−z" or str(row(text)) == text


def test_brackets_hold_what_stands_between_them_wherever_they_come_from() -> None:
    assert row("(1 − ", A, ")").pieces == (Bracket("(", row("1 − ", A), ")"),)
    assert row(row("2("), A, row(")²")).pieces == (Numeral("2"), Marked(Bracket("(", Row((A,)), ")"), "2"))
    assert alone(row("(", A, " − y)")) == row(A, " − y")
    assert alone(row("(", A, ") − (y)")) == row("(", A, ") − (y)")


def test_the_a_of_words_is_no_quantity_and_the_a_of_a_product_is() -> None:
    assert row("a good demon raises ", Z).pieces == (Text("a good demon raises "), Z)
    assert row("in a flat zone").pieces == (Text("in "), Text("a flat zone"))
    assert Symbol("a") in row("y log a + a exp(z)").pieces
    assert row("a log a").pieces[0] == Symbol("a")


def test_marks_are_read_letter_by_letter() -> None:
    assert marks("jk").pieces == (Symbol("j"), Symbol("k"))
    assert marks("11,0").pieces == (Numeral("11"), Sign(","), Numeral("0"))
    assert marks("(l−1)").pieces == (Bracket("(", Row((Symbol("l"), Sign("−"), Numeral("1"))), ")"),)


FORMULAS: list[tuple[Formula, str, str]] = [
    (row(A, " = 5e−4"), r"a^{2}_{0} = 5 \cdot 10^{-4}", "<mn>5</mn><mo>·</mo><msup><mn>10</mn>"),
    (row("σ′(", Z, ")"), r"\sigma '(z^{2}_{0})", "<msup><mi>σ</mi><mo>′</mo></msup>"),
    (Symbol("softmax", below="m"), r"\mathrm{softmax}_{m}", "<msub><mi>softmax</mi><mi>m</mi></msub>"),
    (row(Text("50 % "), Z), r"\text{50 \% }z^{2}_{0}", '<mtext>50 %</mtext><mspace width="0.2em"/>'),
    (partial(A, Z), r"\frac{\partial a^{2}_{0}}{\partial z^{2}_{0}}", "<mfrac><mrow><mi>∂</mi>"),
]


@pytest.mark.parametrize(("formula", "in_latex", "in_mathml"), FORMULAS, ids=lambda given: str(given)[:12])
def test_every_format_writes_the_same_nodes(formula: Formula, in_latex: str, in_mathml: str) -> None:
    assert latex(formula) == in_latex
    assert in_mathml in mathml(formula)


def test_letters_beside_each_other_need_no_space_and_functions_do() -> None:
    assert "mspace" not in mathml(row(A, " ", Z))
    assert "mspace" in mathml(row(A, " σ′(", Z, ")"))
    assert "mspace" in mathml(row(partial(A, Z), " ", A))


def test_a_bound_in_a_formula_has_a_minus_sign() -> None:
    text = cr.huber(1e-5).pairs[ANY].slope_text
    assert text == "clip({a} − {y}, ±1e−5)"
    assert latex(row("±1e−5")) == r"\pm 1 \cdot 10^{-5}"
