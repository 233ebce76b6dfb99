"""Questions for a number: the value of a δ, or of ∂C/∂w, from what is printed in the question (S2.5, S2.8, S2.9)."""

from __future__ import annotations

from chainrule.ids import Id
from chainrule.lessons.givens import told
from chainrule.lessons.live import Live, tex
from chainrule.lessons.quiz import Answer, Question
from chainrule.lessons.replies import ReplyNumber, written
from chainrule.lessons.slips import slips
from chainrule.writing.formula import Formula, Sum, filled, row

GRADED = ReplyNumber(3)
SMALLEST, LARGEST = 1e-9, 1e9  # beyond these a question would be about powers of ten


def value_question(live: Live, target: Id) -> Question | None:
    """What is δ (d/l/j) or ∂C/∂w (w/l/j/k) of this example? None where its number, or what it takes, is not fit to print."""
    right = live.value(target)
    if not (right == 0 or SMALLEST < abs(right) < LARGEST):
        return None
    lines = told(live, target, GRADED)
    if lines is None:
        return None
    known = [Answer(written(slip.value), False, slip.says) for slip in slips(live, target, GRADED)]
    if not known:
        return None  # everything behind it is 0: there is nothing to get wrong
    if target.kind == "d":
        asked = live.tex("d", target.layer, target.neuron)
    else:
        asked = tex(live.by(live.symbol("w", target.layer, target.neuron, target.source)))
    text = "\n".join([f"What is {asked}, to three significant digits?", *filter(None, [live.reading]), *lines])
    answer = Answer(written(right), True, _worked(live, target))
    return Question(text, (answer, *known), GRADED, _hint(live, target))


# how it is found ----------------------------------------------------------------------------------------------------
def _hint(live: Live, target: Id) -> str:
    l, j = target.layer, target.neuron
    delta = live.symbol("d", l, j)
    origin, equation = _origin(live, l, j)
    if target.kind == "d":
        return f"Here {tex(delta, ' = ', origin)} ({equation})."
    weight = live.by(live.symbol("w", l, j, target.source))
    a_in = live.symbol("a", l - 1, target.source)
    return f"Here {tex(weight, ' = ', a_in, ' ', delta)} (BP4) with {tex(delta, ' = ', origin)} ({equation})."


def _origin(live: Live, l: int, j: int) -> tuple[Formula, str]:
    """Where a δ comes from, and by which equation."""
    if l < live.last:
        return _through_weights(live, l, j), "BP2"
    if live.pair.delta is not None:
        letters: dict[str, Formula] = {letter: live.of_output(letter, j) for letter in "yp"}
        letters |= {letter: live.symbol(letter, l, j) for letter in "az"}
        return filled(live.pair.delta_text.replace("∂C", f"∂{live.how.letter}"), **letters), "the cost by $z$"
    if not live.elementwise(l):
        return row("Σ′(", live.symbol("z", l), ") ∇\u2009", live.how.letter), "BP1"
    return row(live.by(live.symbol("a", l, j)), " ", live.slope(l, j)), "BP1"


def _through_weights(live: Live, l: int, j: int) -> Formula:
    if not live.elementwise(l):
        return row("Σ′(", live.symbol("z", l), ") ", live.how.back(l + 1), " ", live.symbol("d", l + 1))
    if live.sizes[l + 1] == 1:
        return row(live.symbol("w", l + 1, 0, j), " ", live.symbol("d", l + 1, 0), " ", live.slope(l, j))
    terms = row(live.how.weight(l + 1, "m", j), " ", live.how.symbol("δ", l + 1, "m"))
    return row("(", Sum("m", terms), ") ", live.slope(l, j))


def _worked(live: Live, target: Id) -> str:
    """The right answer as the product it is."""
    l, j = target.layer, target.neuron
    delta = float(live.back.delta[l][j])
    if target.kind == "w":
        a_in = float(live.trace.a[l - 1][target.source])
        names = f"{live.tex('a', l - 1, target.source)} times {live.tex('d', l, j)}"
        return f"Right: {names}, {written(a_in, 4)} times {written(delta, 4)} (BP4)."
    if not live.elementwise(l) or (l == live.last and live.pair.delta is not None):
        return f"Right: {tex(live.symbol('d', l, j), ' = ', _origin(live, l, j)[0])}."
    slope = float(live.network.activations[l].slope(live.trace.z[l])[j])
    names = f"{tex(live.by(live.symbol('a', l, j)))} times {tex(live.slope(l, j))}"
    return f"Right: {names}, {written(float(live.back.da[l][j]), 4)} times {written(slope, 4)}."
