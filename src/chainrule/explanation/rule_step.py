"""One step of a rule in letters and numbers: the derivative with its penalty, the lines of the rule, the move and the decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from chainrule.explanation.rule_letters import SIGNS, Line, in_numbers, letters, lines_of
from chainrule.explanation.update import Update, setting_text
from chainrule.parameters import Parameters
from chainrule.writing.document import Block, Cells, Values, sentence
from chainrule.writing.formula import Bracket, Formula, Row, Sign, Sum, Symbol, Text, Transposed, joined, row

Pick = Callable[[Parameters], Cells]  # the weights or the biases of a layer as they are shown
G, U = Symbol("g"), Symbol("u")  # what a rule gets, and what one of the user's own gives
LAMBDA, OMEGA = (Symbol("λ", below="1"), Symbol("λ", below="2")), Symbol("Ω")


def in_line(formula: Formula) -> list[Formula]:
    """The pieces of a formula of numbers, brackets and the signs between matrices each a piece of its own."""
    match formula:
        case Row(pieces):
            return [each for piece in pieces for each in in_line(piece)]
        case Bracket(left, inside, right):
            return [Sign(left), *in_line(inside), Sign(right)]
        case Transposed(Cells(array, most)):
            return [Cells(array.T, most)]
    return [formula]


def minimised(of: Update) -> list[Block]:
    """What is minimised beside the cost, and how weights decay."""
    which = "weights and biases w" if of.penalty.biases else "weights w"
    w = Symbol("w", below="n")
    terms = (
        (of.penalty.l1, "l1", LAMBDA[0], row(LAMBDA[0], " ", Sum("n", row("|", w, "|")))),
        (of.penalty.l2, "l2", LAMBDA[1], row("½ ", LAMBDA[1], " ", Sum("n", row(w, "²")))),
    )
    used = [each for each in terms if each[0]]
    blocks: list[Block] = []
    if used:
        omega = row(OMEGA, " = ", joined([term for *_, term in used], " + "))
        told = joined(
            [row(sign, " = ", Text(name), f" = {setting_text(value)}") for value, name, sign, _ in used], ", "
        )
        blocks.append(sentence(f"Beside the cost, over all {which}, it minimises ", omega, ", with ", told, "."))
    if of.penalty.decay:
        decay = row("λ = ", setting_text(of.penalty.decay))
        blocks.append(sentence(f"All {which} also decay by ", row("η λ w"), ", with ", decay, "."))
    return blocks


def beginning(of: Update) -> list[Block]:
    """What is said before the layers: the settings of the rule, and what it remembers."""
    if of.worked is None:
        return [sentence(f"The rule {of.rule.name} is one of your own; ", U, " is what it adds.")]
    used = [row(SIGNS[name], f" = {setting_text(value)}") for name, value in of.rule.settings.items() if name in SIGNS]
    slots = [Symbol(line.letter) for line in lines_of(of.rule) or () if line.slot]
    if not slots:
        return []
    return [sentence("Here ", joined(used, ", "), "; ", joined(slots, ", "), f" begin{'s' * (len(slots) == 1)} at 0.")]


def moved(of: Update, symbol: Formula, by: Formula, pick: Pick, *, penalized: bool) -> list[Block]:
    """The weights or the biases of a layer: the derivative that the rule gets, its lines, and the move. `by` is ∂C/∂symbol."""
    lines, before = lines_of(of.rule), pick(of.network.parameters)
    blocks: list[Block] = []
    way, numbers = by, pick(of.gradient)
    if lines != () or (penalized and of.is_penalized):
        blocks.append(_derivative(of, symbol, by, pick, penalized))
        way, numbers = G, pick(of.total)
    for line in lines or ():
        assert of.worked is not None
        blocks.append(_line(of, line, of.worked, pick))
        way, numbers = Symbol(line.letter), pick(of.worked[line.letter])
    sign, factor = " − η ", f" − {of.rate_text} "
    if lines is None:
        way, numbers, sign, factor = U, pick(of.move), " + ", " + "
    left, right = row(symbol, sign, way), list[str | Formula]([before, factor, numbers])
    if penalized and of.penalty.decay:
        left, decay = row(left, " − η λ ", symbol), f" − {of.rate_text} · {setting_text(of.penalty.decay)} "
        right += [decay, before]
    return [*blocks, Values.of(symbol, " ← ", left, " = ", *right, " = ", pick(of.after.parameters))]


def in_letters(of: Update, symbol: Formula, by: Formula) -> list[Formula]:
    """The same for weights, as formulas alone."""
    lines = lines_of(of.rule)
    found: list[Formula] = []
    way = by
    if lines != () or of.is_penalized:
        penalties = (of.penalty.l1, row(Text("sign"), "(", symbol, ")")), (of.penalty.l2, symbol)
        terms = [row(sign, " ", term) for sign, (value, term) in zip(LAMBDA, penalties) if value]
        found.append(row(G, " = ", joined([by, *terms], " + ")))
        way = G
    for line in lines or ():
        found.append(row(Symbol(line.letter), " ← " if line.slot else " = ", letters(line)))
        way = Symbol(line.letter)
    move = row(" + ", U) if lines is None else row(" − η ", way)
    decay = row(" − η λ ", symbol) if of.penalty.decay else row()
    return [*found, row(symbol, " ← ", symbol, move, decay)]


def _derivative(of: Update, symbol: Formula, by: Formula, pick: Pick, penalized: bool) -> Block:
    """g: ∂C/∂w, and with a penalty its derivative too."""
    before = pick(of.network.parameters)
    left, right = list[str | Formula]([by]), list[str | Formula]([pick(of.gradient)])
    signs = Cells(np.sign(before.array), before.most)
    terms = (of.penalty.l1, row(Text("sign"), "(", symbol, ")"), signs), (of.penalty.l2, symbol, before)
    for sign, (value, term, cells) in zip(LAMBDA, terms):
        if penalized and value:
            left += [" + ", sign, " ", term]
            right += [f" + {setting_text(value)} ", cells]
    worked: list[str | Formula] = [" = ", *right] if len(right) > 1 else []
    return Values.of(G, " = ", row(*left), *worked, " = ", pick(of.total))


def _line(of: Update, line: Line, now: Mapping[str, Parameters], pick: Pick) -> Block:
    """What the rule remembers, or works out of it; what it remembers was 0 before."""

    def cells(letter: str) -> Cells:
        return pick(now[letter].zeros() if line.slot and letter == line.letter else now[letter])

    worked: list[str | Formula] = [" = ", *in_line(in_numbers(line, of.rule, cells))] if line.in_numbers else []
    sign = " ← " if line.slot else " = "
    return Values.of(Symbol(line.letter), sign, letters(line), *worked, " = ", pick(now[line.letter]))
