"""One weight or bias: its factors as they are written, their shares, the way of its error, and how often its reason holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.diagnostics.blame import BLAMED, FACTORS, LOW, SLOW, STILL, Kind, judge, low_in_most_rows, lowest
from chainrule.diagnostics.factors import WAY, Examined, overall
from chainrule.diagnostics.numbers import ratio
from chainrule.ids import Id

Array = np.ndarray
STEPS = dict(zip(WAY, ("the error itself", "σ′ of layer {}", "w of layer {}", "cancelling from layer {}")))


@dataclass(frozen=True)
class Share:
    """One factor: how it is written, its value here, its reference in words, and log10 |value| / reference."""

    what: str
    symbol: str
    value: float
    reference: float
    against: str
    decades: float


@dataclass(frozen=True)
class ErrorStep:
    """What a step on the way of the error to this neuron did to its size, in decades: error, slope, weights, cancelling."""

    what: str
    layer: int
    decades: float

    def __str__(self) -> str:
        return f"{STEPS[self.what].format(self.layer)} × {ratio(self.decades)}"


class WeightCase:
    """One weight or bias with everything known about it, put together from a look at its network."""

    def __init__(self, look: Examined, target: Id) -> None:
        l, j, sizes = target.layer, target.neuron, look.network.sizes
        self.look, self.target, self.layer = look, target, l
        self.last, self.bare = l == look.network.depth, max(sizes) == 1  # a chain is written without indices (S1.2)
        self.whole = target.kind == "b" and look.network.shared_bias(l)  # all neurons are meant that share a bias
        if self.whole:
            self.factors, self.entry = look.factors(l).pooled(), look.gradient.biases[l][:, None]
        else:
            k = target.source if target.kind == "w" else -1
            self.factors, self.entry = look.factors(l).taken([k], [j]), look.entries(l)[[j]][:, [k]]
        self.count = look.count * (sizes[l] if self.whole else 1)  # how many derivatives like the mean add up
        self.table = judge(look, self.factors)
        self.decades = {what: float(values[0, 0]) for what, values in self.table.decades.items()}
        self.total = float(np.sum(list(self.decades.values())))
        self.kind = Kind(self.table.kinds[0, 0])
        self.samples = len(self.factors.error)
        self.one, self.rows = self.samples == 1, "rows and neurons" if self.whole else "rows"
        vectors = {"input": self.factors.a, "slope": self.factors.slope, "error": self.factors.error}
        absent = ("input" if target.kind == "b" else "", "slope" if look.on_z(l) else "")  # a bias has no input
        self.vectors = {what: values[:, 0] for what, values in vectors.items() if what not in absent}
        self.products: Array = math.prod(self.vectors.values(), start=np.ones(self.samples))

    # how it is written -----------------------------------------------------------------------------------------------
    def letter(self, letter: str, l: int, *indices: int | str) -> str:
        return str(self.look.how.symbol(letter, l, *(() if self.bare or self.whole else indices)))

    @property
    def symbol(self) -> str:
        if self.target.kind == "b" or self.bare:
            return self.letter(self.target.kind, self.layer, self.target.neuron)
        return str(self.look.how.weight(self.layer, self.target.neuron, self.target.source))

    @cached_property
    def symbols(self) -> dict[str, str]:
        """How its factors are written."""
        how, j, l = self.look.how, self.target.neuron, self.layer
        a, on_z = self.letter("a", l, j), self.look.on_z(l)
        if on_z:
            error = self.letter("δ", l, j)
        elif self.last:
            error = f"∂{how.letter}/∂{a}"
        elif self.bare or self.whole:
            error = f"{how.symbol('w', l + 1)} {how.symbol('δ', l + 1)}"
        else:
            m = "m" if self.look.network.sizes[l + 1] > 1 else 0
            error = f"{'Σₘ ' if m else ''}{how.weight(l + 1, m, j)} {how.symbol('δ', l + 1, m)}"
        softmax = self.look.network.activations[l].full_slope and not on_z
        return {
            "input": self.letter("a", l - 1, self.target.source),
            "slope": f"{a}(1 − {a})" if softmax else f"σ′({self.letter('z', l, j)})",
            "error": f"{error} less the others' mean" if softmax else error,
        }

    # the factors -----------------------------------------------------------------------------------------------------
    @cached_property
    def shares(self) -> dict[str, Share]:
        """The factors in order; their values multiply to the derivative."""
        made = {}
        for what, values in self.vectors.items():
            reference = self.factors.references[FACTORS.index(what)]
            symbol = self.symbols[what] if self.one else f"rms {self.symbols[what]}"
            value = float(values[0]) if self.one else overall(values)
            made[what] = Share(what, symbol, value, reference.value, reference.words, self.decades[what])
        if not self.one:  # what lies between the product of the root mean squares and the mean of the products
            mean, size = float(self.table.mean[0, 0]), float(self.table.size[0, 0])
            product = math.prod(share.value for share in reversed(made.values()))
            for what, symbol, value, words in (
                ("together", f"in the same {self.rows}", size / product if product else 1.0, "large in the same rows"),
                ("signs", "signs", mean / size if size else 1.0, "all of one sign"),
            ):
                made[what] = Share(what, symbol, value, 1.0, f"1, {words}", self.decades[what])
        if (n := self.count) != 1:
            made["count"] = Share("count", "how many add up", float(n), float(n), f"{n:,}", 0.0)
        return made

    @property
    def value(self) -> float:
        """Its factors multiplied, from the output back. Raises DisagreementError where it is not the gradient's entry."""
        product = math.prod(share.value for share in reversed(self.shares.values()))
        self.look.check(self.factors, np.array([[product]]), self.table.size * self.count, self.entry)
        return product

    @cached_property
    def way(self) -> tuple[ErrorStep, ...]:
        """The steps of the error's share, up to the one that leaves nothing."""
        made = []
        for what, layer, decades in self.look.steps(self.factors):
            made.append(ErrorStep(what, layer, float(decades[0])))
            if not math.isfinite(made[-1].decades):
                break
        return tuple(made)

    @cached_property
    def low_in_most_rows(self) -> bool:
        """Whether the blamed factor is low in more than half of the samples, and so to blame for what "together" takes."""
        low, blamed = int(low_in_most_rows(self.factors)[0, 0]), BLAMED.get(self.kind)
        return not self.one and low >= 0 and FACTORS[low] == blamed

    @cached_property
    def holds(self) -> int:
        """In how many of the samples the same reason holds; where signs cancel, how many pull against the mean."""
        kind, each = self.kind, self.products
        if kind is Kind.SIGNS:
            return min(int((each > 0).sum()), int((each < 0).sum()))
        if kind is Kind.NOT_FINITE:
            return int((~np.isfinite(each)).sum())
        if kind in (Kind.UNDERFLOW, *STILL):
            return int((each == 0).sum())
        logs = [np.log10(np.abs(each)) - math.log10(self.shares[what].reference) for what, each in self.vectors.items()]
        slow = np.sum(logs, axis=0) <= -SLOW
        if self.low_in_most_rows and self.decades["together"] <= -1:
            return int((slow & (logs[list(self.vectors).index(BLAMED[kind])] <= math.log10(LOW))).sum())
        if kind is Kind.NOT_SLOW:
            return int((~slow).sum())
        mine = True if kind is Kind.APART else lowest(np.stack(logs)) == list(self.vectors).index(BLAMED[kind])
        return int((slow & mine).sum())
