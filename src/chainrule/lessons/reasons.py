"""Questions about why: what makes a weight slow, where its gradient points, what the ½ of a cost does (S2.15, S2.6)."""

from __future__ import annotations

import math

import numpy as np

from chainrule.backward import backward
from chainrule.costs import squared_error
from chainrule.ids import Id
from chainrule.lessons.choosing import choice
from chainrule.lessons.live import Live, tex
from chainrule.lessons.quiz import Question
from chainrule.lessons.replies import written
from chainrule.writing.formula import Formula, joined

CLEARLY = 3.0  # by which factor the smallest of three is below the next, so that the answer is beyond dispute
DIGITS = 4


def slow_question(live: Live, target: Id, rng: np.random.Generator) -> Question | None:
    """∂C/∂w = a_in · σ′(z) · ∂C/∂a: which of the three holds the weight back? None where none clearly does."""
    l, j, k = target.layer, target.neuron, target.source
    if not live.elementwise(l) or (l == live.last and live.pair.delta is not None):
        return None
    sigma = live.network.activations[l]
    values = [float(live.trace.a[l - 1][k]), float(sigma.slope(live.trace.z[l])[j]), float(live.back.da[l][j])]
    sizes = [abs(value) for value in values]
    least = int(np.argmin(sizes))
    others = sorted(sizes[:least] + sizes[least + 1 :])
    if not all(map(math.isfinite, sizes)) or sizes[least] * CLEARLY >= others[0] or sizes[least] >= 1:
        return None
    symbols: list[Formula] = [live.symbol("a", l - 1, k), live.slope(l, j), live.by(live.symbol("a", l, j))]
    below = "what comes back through the weights" if l < live.last else "what the cost sends back"
    words = [
        f"{tex(symbols[0])}: the neuron it comes from is hardly active",
        f"{tex(symbols[1])}: the neuron it leads to hardly reacts, it is saturated",
        f"{tex(symbols[2])}: {below} is small",
    ]
    text = (
        f"{tex(live.by(live.symbol('w', l, j, k)), ' = ', joined(symbols, ' · '))} is a product of three. Here "
        f"{tex(symbols[0])} = {written(values[0], DIGITS)}, {live.tex('z', l, j)} = "
        f"{written(float(live.trace.z[l][j]), DIGITS)} under {sigma!r}, and {tex(symbols[2])} = "
        f"{written(values[2], DIGITS)}. Which factor slows this weight most?"
    )
    told = ", ".join(f"{tex(symbol)} = {written(value, 3)}" for symbol, value in zip(symbols, values))
    wrong = [(words[i], f"{tex(symbols[i])} is not the smallest: {told}.") for i in range(3) if i != least]
    wrong.append(
        ("the weight itself is small", "A weight is not a factor of its own gradient: only what it multiplies is.")
    )
    return choice(text, (words[least], f"Right: {told}."), wrong, rng)


def sign_question(live: Live, target: Id, rng: np.random.Generator) -> Question | None:
    """Does C rise or fall with this weight? None where it does neither."""
    l, j, k = target.layer, target.neuron, target.source
    delta, a_in = float(live.back.delta[l][j]), float(live.trace.a[l - 1][k])
    value = delta * a_in
    if not math.isfinite(value) or value == 0:
        return None
    into, error, weight = live.tex("a", l - 1, k), live.tex("d", l, j), live.tex("w", l, j, k)
    cost, by = f"${live.how.letter}$", tex(live.by(live.symbol("w", l, j, k)))
    own = written(float(live.network.weights[l][j, k]), DIGITS)
    text = (
        f"Here {into} = {written(a_in, DIGITS)} and {error} = {written(delta, DIGITS)}. The weight {weight} = {own} is raised "
        f"a little. What does {cost} do?"
    )
    told = f"{by} = {into} {error} = {written(value, 3)}"
    uphill = "above 0: raising the weight goes uphill" if value > 0 else "below 0: raising the weight goes downhill"
    right, other = (f"{cost} {does}" for does in (("rises", "falls") if value > 0 else ("falls", "rises")))
    wrong = [
        (other, f"The sign is turned: {told} is {uphill}, and descent moves the weight the other way."),
        (f"{cost} stays as it is", f"It would if the derivative were 0, and {told}."),
        (
            "that depends on the sign of the weight itself",
            f"A weight is not a factor of its own gradient: {told}, whatever the sign of {weight}.",
        ),
    ]
    return choice(text, (right, f"Right: {told}."), wrong, rng)


def half_question(live: Live, rng: np.random.Generator) -> Question | None:
    """What becomes of every δ when the cost loses its ½, or gets one? The factor is measured with both costs."""
    if live.cost.own or live.cost.name not in ("quadratic", "squared_error"):
        return None
    halved = live.cost.name == "quadratic"
    other_cost = squared_error(half=not halved)
    other = backward(live.trace, live.y, other_cost)
    ratios = [other.delta[l] / live.back.delta[l] for l in range(1, live.last + 1) if live.back.delta[l].all()]
    factor, every, reverse = (2.0, "doubles", "halves") if halved else (0.5, "halves", "doubles")
    if not ratios or not all(np.allclose(ratio, factor, rtol=1e-12) for ratio in ratios):
        return None
    does = "loses its ½" if halved else "gets a ½"
    layers = "one layer" if live.last == 1 else f"layers 1 to {live.last}"
    text = (
        f"The cost {live.cost.formula} {does} and becomes {other_cost.formula}. What happens to the δ of this network, "
        f"which has {layers}?"
    )
    wrong = [
        (
            "nothing: a constant drops out of a derivative",
            "A constant that is added drops out; one that multiplies stays a factor.",
        ),
        (f"every δ {reverse}", f"The other way round: δ is a derivative of the cost, and the cost {every} too."),
        ("every δ is squared", "δ is proportional to the cost's slope: a factor in the one is a factor in the other."),
    ]
    if live.last > 1:
        last = live.tex("d", live.last)
        wrong[:0] = [
            (
                f"only {last} {every}, the layers before keep theirs",
                "Every δ before is made of the δ behind it: the factor goes all the way back.",
            ),
            (
                f"δ {every} once more with each layer on the way back",
                "The factor enters once, at the output, and is then carried along.",
            ),
        ]
    right = "Right: the factor enters at the output and goes all the way back."
    return choice(text, (f"every δ {every}", right), wrong, rng)
