"""A reason in a sentence, with the numbers that are to blame: of one weight, and of a group of them (S2.12–S2.15)."""

from __future__ import annotations

import math

import numpy as np

from chainrule.diagnostics.activation_design import FLAT
from chainrule.diagnostics.blame import BLAMED, INNER, LOW, SLOW, STILL, Kind
from chainrule.diagnostics.case import ErrorStep, WeightCase
from chainrule.diagnostics.factors import WAY, Examined, overall
from chainrule.diagnostics.numbers import far, pace, power, ratio, times
from chainrule.writing.numbers import short

Array = np.ndarray
TOLD = 6  # layers that are named, of more that take from the error


def sentence(c: WeightCase, because: str) -> str:
    """Which weight learns how, why, and in how many rows, where that is worth mentioning."""
    opening = "does not learn" if c.look.vanishes(c.table.mean)[0, 0] else "learns slowly"
    opening = {Kind.NOT_FINITE: "has no derivative", Kind.NOT_SLOW: "is not slow"}.get(c.kind, opening)
    untold = c.one or c.kind in (Kind.SIGNS, Kind.UNDERFLOW, Kind.NOT_FINITE, *STILL)
    return f"{c.symbol} {opening}: {because}" + ("" if untold else f"; so in {c.holds:,} of {c.samples:,} {c.rows}")


def because(c: WeightCase) -> str:
    """The reason in words and numbers."""
    said = WORDS[c.kind][0](c)
    if c.kind not in (Kind.INPUT, Kind.SATURATED, *INNER):
        return said
    said += _others(c, "though", BLAMED[c.kind])
    if c.low_in_most_rows and c.decades["together"] <= -1:
        others = [c.symbols[what] for what in c.vectors if what != BLAMED[c.kind]]
        small = f"{' and '.join(others)} {'is' if len(others) == 1 else 'are'} small"
        said += f", and in the few {c.rows} where it is not, {small}: another factor of {times(-c.decades['together'])}"
    if not c.one and c.decades["signs"] <= -1:
        said += f", and the rows' signs another factor of {times(-c.decades['signs'])}"
    return said


# names and numbers --------------------------------------------------------------------------------------------------
def _held(c: WeightCase, what: str, at: str = "") -> str:
    """A factor with its value and how far it is from its reference: (a¹₁ = 0.003, 300 times below 1 …)."""
    share = c.shares[what]
    return f"({share.symbol} = {short(share.value, 3)}{at}, {far(share.decades)} {share.against})"


def _others(c: WeightCase, but: str, blamed: str = "") -> str:
    """The other factors, where they make up for the one to blame or, if one is, take as much again."""
    said = ""
    for what in c.vectors:
        decades = c.decades[what] if what != blamed else 0.0
        if decades >= 0.1:
            said += f", {but} {c.symbols[what]} makes up for a factor of {times(decades)} of it"
        elif blamed and decades <= -1:
            said += f", and {c.symbols[what]} takes another factor of {times(-decades)}"
    return said


def _input(c: WeightCase) -> str:
    k = c.target.source + c.look.how.base
    return f"its input {k}" if c.layer == 1 else f"its input neuron {k} of layer {c.layer - 1}"


def _neuron(c: WeightCase) -> str:
    j = c.target.neuron + c.look.how.base
    if c.whole:
        return f"layer {c.layer}"
    return f"output neuron {j}" if c.last else f"hidden neuron {j} of layer {c.layer}"


def _everywhere(c: WeightCase) -> str:
    return " in this row" if c.one else f" in all {c.samples:,} {c.rows}"


def _z(c: WeightCase) -> str:
    """z²₀ = 12.4, of the one row there is."""
    z = c.look.trace.z[c.layer][0, c.target.neuron]
    return f"{c.letter('z', c.layer, c.target.neuron)} = {short(float(z), 3)}"


# one weight, by kind ------------------------------------------------------------------------------------------------
def _not_slow(c: WeightCase) -> str:
    begins = f"; slow begins {float(f'{10**SLOW:.1g}'):.0f} times below it" if c.total < 0 else ""
    if not c.table.rule[0, 0]:
        return pace(c.total) + begins
    cause = _saturated(c) if c.decades["slope"] < math.log10(FLAT) else _low_input(c)
    return f"{pace(c.total)}, though {cause}{_others(c, 'but')}{begins}"


def _low_input(c: WeightCase) -> str:
    low = c.decades["input"] <= math.log10(LOW)
    state = ("nearly off" if c.layer > 1 else "nearly 0") if low else "small"
    return f"{_input(c)} is {state} {_held(c, 'input')}"


def _saturated(c: WeightCase) -> str:
    state = "is saturated" if c.decades["slope"] < math.log10(FLAT) else "passes little on"
    return f"{_neuron(c)} {state} {_held(c, 'slope', f' at {_z(c)}' if c.one else '')}"


def _near_optimal(c: WeightCase) -> str:
    look, targets = c.look, overall(c.look.targets)
    if look.pair.delta is None and not look.bounded and 0 < targets < LOW:
        usual = overall(look.pair.slope(look.targets + targets, look.targets))
        if overall(look.back.da[look.network.depth]) > LOW * usual:
            return f"the error is small, for the targets are ({short(targets, 3)} in the root mean square): scale them"
    if c.last:
        return f"near optimal, the error itself is small {_held(c, 'error')}"
    return f"near optimal, the outputs' error itself is small ({times(-c.way[0].decades)} times below its usual size)"


def _faded(c: WeightCase) -> str:
    what = WAY[INNER.index(c.kind)]
    said = {
        "slope": "fades on its way back, in σ′ of the layers above",
        "weights": "fades on its way back, in the weights",
        "cancelling": f"cancels: the {c.look.how.words} of layer {c.layer + 1} are of both signs here",
    }[what]
    steps = _strongest([step for step in c.way if step.what == what])
    return f"the error {said} ({steps}; in all × {ratio(c.decades['error'])})"


def _strongest(steps: list[ErrorStep]) -> str:
    """All of a few steps; of many layers those that take most, and what the others take together."""
    if len(steps) <= TOLD + 1:
        return ", ".join(map(str, steps))
    told = sorted(steps, key=lambda step: step.decades)[:TOLD]
    rest = math.fsum(step.decades for step in steps if step not in told)
    named = ", ".join(str(step) for step in steps if step in told)
    return f"{named} … and {len(steps) - TOLD:,} more, together × {ratio(rest)}"


def _seldom(c: WeightCase) -> str:
    """Factors that are large in different rows: how few rows make the derivative."""
    each = np.sort(np.abs(c.products))[::-1]
    if not each.any():
        return f"its factors are never off 0 in the same row, in {c.samples:,} of them"
    few = int(np.searchsorted(np.cumsum(each), 0.9 * each.sum())) + 1
    made = f"{few:,} of {c.samples:,} rows make 90% of it, which takes a factor of {times(-c.decades['together'])}"
    return f"its factors are seldom large in the same row: {made}"


def _cancelled(c: WeightCase) -> str:
    up, down = int((c.products > 0).sum()), int((c.products < 0).sum())
    lost = -c.decades["signs"]
    left = "the mean is 0" if math.isinf(lost) else f"|mean| is {times(lost)} times below mean |·|"
    return f"the {c.rows} pull against each other: {left}, {up:,} up and {down:,} down of {c.samples:,}"


def _off(c: WeightCase) -> str:
    sigma = c.look.network.activations[c.layer]
    if not sigma.kinks:
        return f"σ′ of {_neuron(c)} is 0{_everywhere(c)}"
    if c.one:
        return f"{_neuron(c)} is off, σ′ = 0 at {_z(c)}"
    return f"dead, {sigma.name} of {_neuron(c)} is off{_everywhere(c)}"


def _no_error(c: WeightCase) -> str:
    layer, word = c.way[-1].layer, c.look.how.word
    cause = {
        "error": f"the {'output is' if c.last else 'outputs are'} right to the last digit",
        "slope": f"layer {layer} passes nothing back, σ′ is 0 in all its neurons",
        "weights": f"the weights of layer {layer} out of it are 0, or lead to neurons without {word}",
        "cancelling": f"the {c.look.how.words} of layer {layer} cancel here to the last digit",
    }[c.way[-1].what]
    return f"no error arrives{_everywhere(c)}, {cause}"


def _underflow(c: WeightCase) -> str:
    below = f"is smaller than any {c.look.dtype} number, and not 0"
    if not c.factors.slope.any() and c.look.smooth(c.layer):
        return f"σ′ {below}{f', at {_z(c)}' if c.one else _everywhere(c)}"
    if not c.factors.error.any():
        return f"the {c.look.how.word} {below}: it underflows above layer {c.layer}"
    decades = np.sum([np.log10(np.abs(values)) for values in c.vectors.values()], axis=0).max()
    return f"no factor is 0, and their product, about {power(decades)}, {below}"


def _not_finite(c: WeightCase) -> str:
    for l, z in c.look.trace.z.items():
        if not np.isfinite(z).all():
            rows = int((~np.isfinite(z)).any(axis=1).sum())
            count = "" if c.one else f" in {rows:,} of {c.look.rows:,} rows"
            return f"the numbers end in layer {l}, where z overflows{count}"
    bad = [c.symbols[what] for what, values in c.vectors.items() if not np.isfinite(values).all()]
    return f"{' and '.join(bad)} {'is' if len(bad) == 1 else 'are'} not finite" if bad else "the product overflows"


WORDS = {  # of one weight, and of a group
    Kind.NOT_SLOW: (_not_slow, "not slow"),
    Kind.INPUT: (_low_input, "the input is low: {source}"),
    Kind.SATURATED: (_saturated, "σ′ is small in {neuron}"),
    Kind.OPTIMAL: (_near_optimal, "near optimal, the error itself is small: {neuron}"),
    Kind.FADED: (_faded, "the error fades in σ′ of the layers above: {neuron}"),
    Kind.WEIGHTS: (_faded, "the error fades in the weights above: {neuron}"),
    Kind.CANCELLING: (_faded, "the {words} of layer {above} cancel at {neuron}"),
    Kind.APART: (_seldom, "input and error are seldom large in the same row"),
    Kind.SIGNS: (_cancelled, "the rows pull against each other"),
    Kind.ZERO_INPUT: (lambda c: f"{_input(c)} is 0{_everywhere(c)}", "{source} {source_is} 0 {every}"),
    Kind.OFF: (_off, "{neuron} {neuron_is} off {every}"),
    Kind.NO_ERROR: (_no_error, "no error arrives at {neuron}"),
    Kind.UNDERFLOW: (_underflow, "the product underflows at {neuron}"),
    Kind.NOT_FINITE: (_not_finite, "not finite at {neuron}"),
}


IN_SHORT = {  # of several weights that share a reason, each with numbers of its own
    Kind.NOT_SLOW: "not slow",
    Kind.INPUT: "the input is low",
    Kind.SATURATED: "σ′ is small",
    Kind.OPTIMAL: "near optimal, the error itself is small",
    Kind.FADED: "the error fades in σ′ of the layers above",
    Kind.WEIGHTS: "the error fades in the weights above",
    Kind.CANCELLING: "the errors of the layer above cancel",
    Kind.APART: "input and error are seldom large in the same row",
    Kind.SIGNS: "the rows pull against each other",
    Kind.ZERO_INPUT: "the input is 0",
    Kind.OFF: "the neuron is off",
    Kind.NO_ERROR: "no error arrives",
    Kind.UNDERFLOW: "the product underflows",
    Kind.NOT_FINITE: "not finite",
}


def in_common(look: Examined, l: int, kind: Kind, here: Array) -> str:
    """What the weights of layer l that are marked in `here` (out, in) have in common, with the inputs or neurons counted."""
    before, size = look.network.sizes[l - 1], look.network.sizes[l]
    sources, neurons = int(here[:, :before].any(axis=0).sum()), int(here.any(axis=1).sum())
    return WORDS[kind][1].format(
        source=f"{sources:,} of {before:,} {'inputs' if l == 1 else f'neurons of layer {l - 1}'}",
        source_is="is" if sources == 1 else "are",
        neuron=f"{neurons:,} of {size:,} {'outputs' if l == look.network.depth else 'neurons'}",
        neuron_is="is" if neurons == 1 else "are",
        every="in this row" if look.rows == 1 else "in every row",
        word=look.how.word,
        words=look.how.words,
        above=l + 1,
    )
