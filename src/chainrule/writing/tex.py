"""Formulas as LaTeX, for its mathematics mode."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.writing import formula as nodes

LATEX = {
    "δ": r"\delta ", "σ": r"\sigma ", "Σ": r"\Sigma ", "∇": r"\nabla ", "∂": r"\partial ", "·": r"\cdot ", "−": "-", "′": "'",
    "⊙": r"\odot ", "…": r"\ldots ", "η": r"\eta ", "←": r"\leftarrow ", "→": r"\to ", "ℓ": r"\ell ", "±": r"\pm ",
    "≈": r"\approx ", "∞": r"\infty ", "≠": r"\ne ", "½": r"\tfrac12 ", "×": r"\times ", "Δ": r"\Delta ", "τ": r"\tau ",
    "\u2009": r"\,", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "≤": r"\le ", "∈": r"\in ",
    "⋮": r"\vdots ", "ᵀ": "^{T}", "ε": r"\varepsilon ", "≡": r"\equiv ", "^": r"\hat{}", "²": "^{2}",
    "λ": r"\lambda ", "μ": r"\mu ", "ρ": r"\rho ", "β": r"\beta ", "Ω": r"\Omega ",
}  # fmt: skip
ESCAPED = {character: "\\" + character for character in "{}$&#%_"} | {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "–": "--", "’": "'", "✓": r"$\surd$",
}  # fmt: skip


def latex(formula: nodes.Formula) -> str:
    """The formula for LaTeX's mathematics mode."""
    match formula:
        case nodes.Symbol(letter, above, below):
            primed = letter.endswith("′") and (above or below)  # a prime is a superscript already
            return (f"{{{_letter(letter)}}}" if primed else _letter(letter)) + _scripts(above, below)
        case nodes.Numeral(text):
            mantissa, mark, exponent = text.partition("e")
            return _in_latex(mantissa) + (rf" \cdot 10^{{{_in_latex(exponent)}}}" if mark else "")
        case nodes.Text(text):
            return rf"\text{{{words_in_latex(text)}}}"
        case nodes.Sign(text) | nodes.Space(text):
            return _in_latex(text)
        case nodes.Row(pieces):
            return "".join(map(latex, pieces))
        case nodes.Bracket(left, inside, right):
            return f"{left}{latex(inside)}{right}"
        case nodes.Marked(base, above, below):
            return latex(base) + _scripts(above, below)
        case nodes.Ratio(top, bottom):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}"
        case nodes.Root(base):
            return rf"\sqrt{{{latex(base)}}}"
        case nodes.Sum(index, body):
            return rf"\sum_{{{latex(nodes.marks(index))}}} {latex(body)}"
        case nodes.Transposed(base):
            return f"({latex(base)})^T"
        case nodes.Matrix(rows, asked):
            matrix = rf"\begin{{bmatrix}}{entries_in_latex(rows)}\end{{bmatrix}}"
            return matrix if asked < 0 else matrix + _arrow(rows, asked)
        case nodes.Vector():
            return latex(formula.column)
        case nodes.Underbraced(body, below):
            return rf"\underbrace{{{latex(body)}}}_{{{latex(below)}}}"
    raise TypeError(f"{type(formula).__name__} has no LaTeX")


def _letter(letter: str) -> str:
    base = letter.removesuffix("′")
    name = _in_latex(base) if len(base) < 2 else rf"\mathrm{{{_in_latex(base).strip()}}}"
    return name if base == letter else f"{name}'"


def _scripts(above: str, below: str) -> str:
    up, down = latex(nodes.marks(above)), latex(nodes.marks(below))
    return (f"^{{{up}}}" if up else "") + (f"_{{{down}}}" if down else "")


def entries_in_latex(rows: Sequence[Sequence[nodes.Formula]]) -> str:
    """What stands inside a matrix."""
    return r" \\ ".join(" & ".join(DOTS.get(each) or latex(each) for each in entries) for entries in rows)


DOTS: dict[nodes.Formula, str] = {nodes.Sign("⋮"): r"\vdots", nodes.LEFT_OUT: r"\cdots"}  # of a matrix


def _arrow(rows: Sequence[Sequence[nodes.Formula]], asked: int) -> str:
    """A column without brackets that points at the row which is asked for."""
    marks = [
        r"\leftarrow" if i == asked else r"\vphantom{\vdots}" if nodes.LEFT_OUT in r else "" for i, r in enumerate(rows)
    ]
    return r" \begin{matrix}" + r" \\ ".join(marks) + r"\end{matrix}"


def _in_latex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in text)


def words_in_latex(text: str) -> str:
    """Words with their special characters escaped, the letters of mathematics in mathematics mode."""
    found = []
    for character in text:
        if character in ESCAPED:
            found.append(ESCAPED[character])
        elif character in LATEX and not character.isascii():
            found.append(f"${LATEX[character].strip()}$")
        else:
            found.append(character)
    return "".join(found)
