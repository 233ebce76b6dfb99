"""Why a weight learns slowly: the factors of its derivative, each beside what it could be (S2.9, S2.12–S2.15)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chainrule.aligned import TIED, Heading, Printed, Table
from chainrule.conventions import Convention
from chainrule.costs import Cost
from chainrule.diagnostics.blame import BLAMED, SLOW, BlameTable, Kind, judge
from chainrule.diagnostics.case import ErrorStep, Share, WeightCase
from chainrule.diagnostics.factors import Examined, rms
from chainrule.diagnostics.numbers import pace, ratio
from chainrule.diagnostics.sentences import IN_SHORT, because, in_common, sentence
from chainrule.errors import IdError, SettingError, counted
from chainrule.ids import Id, of_entry, parse
from chainrule.json_text import as_json
from chainrule.network import Network
from chainrule.writing.numbers import short

Array = np.ndarray
__all__ = ["SLOW", "ErrorStep", "Kind", "Reason", "ReasonGroup", "Share", "Slowest", "rms", "slowest", "why"]


@dataclass(frozen=True)
class Reason(Printed):
    """Why one weight or bias learns as it does; printed, the factors, the way of the error and a sentence.

    value     ∂C/∂w, the product of the factors' values
    decades   the sum of the factors' shares: how far from the product of the references
    kind      what is to blame; `because` says it with numbers
    rule      whether a low input or a saturated neuron alone would have predicted it (S2.15)
    holds     in how many of the `rows` the same reason holds
    cost      which cost is meant, and what it is
    """

    id: str
    left: str
    value: float
    factors: tuple[Share, ...]
    steps: tuple[ErrorStep, ...]
    decades: float
    kind: Kind
    because: str
    sentence: str
    rule: bool
    rows: int
    holds: int
    cost: str

    @property
    def slow(self) -> bool:
        """True where it learns slowly or not at all."""
        return self.kind is not Kind.NOT_SLOW

    @property
    def blame(self) -> str:
        """The factor to blame: input, slope, error, together or signs; "" where there is none."""
        return BLAMED.get(self.kind, "")

    def _parts(self) -> Iterator[str | Table]:
        size = f", {pace(self.decades)}" if math.isfinite(self.decades) else ""
        yield f"{self.left} = {short(self.value)}{size}"
        cells = [
            [each.symbol, short(each.value, 6), ratio(each.decades), f"of {each.against}"] for each in self.factors
        ]
        yield Table(cells, "<<><", indent=2, head=False)
        telling = [str(step) for step in self.steps if not abs(step.decades) < 0.05]
        if len(self.steps) > 1 and telling:
            whole = (step.replace(" ", TIED) for step in telling)  # a step is not broken
            yield f"  the error on its way back: {', '.join(whole)}"
        yield self.sentence
        if self.kind not in (Kind.UNDERFLOW, Kind.NOT_FINITE):
            otherwise = "against the rule" if self.rule else "the rule does not predict it"
            state = "low or the neuron saturated" if self.rule else "not low, the neuron not saturated"
            yield f"{'as the rule predicts' if self.rule == self.slow else otherwise}: the input is {state}"
        yield self.cost

    def to_json(self) -> dict[str, Any]:
        """Everything; what is not finite is null."""
        return as_json({**asdict(self), "slow": self.slow, "blame": self.blame})


@dataclass(frozen=True)
class ReasonGroup:
    """Weights and biases of one layer that share a reason: how many, a sentence, and one of them."""

    kind: Kind
    layer: int
    count: int
    sentence: str
    example: str


@dataclass(frozen=True)
class Slowest(Printed):
    """Every weight and bias of a network by its reason, and the slowest of those that move at all.

    groups   by layer and reason, the largest first; `slow` counts those that learn slowly, of `total`
    predicted how many of the slow ones the rule alone predicts: a low input or a saturated neuron (S2.15)
    still    how many have the derivative 0 in the network's dtype
    entries  the smallest derivatives that are not 0, the smallest first
    """

    about: str
    total: int
    slow: int
    predicted: int
    still: int
    groups: tuple[ReasonGroup, ...]
    entries: tuple[Reason, ...]

    def _parts(self) -> list[str | Table]:
        groups = [["weights", "layer", "reason", "such as"]]
        groups += [[f"{g.count:,}", str(g.layer), g.sentence, g.example] for g in self.groups]
        said: list[str | Table] = [self.about, self._counted(), Table(groups, ">><", indent=2)]
        return [*said, *self._listed()] if self.entries else said

    def _listed(self) -> Iterator[str | Table]:
        """The slowest that move, each below the reason that it shares with others."""
        yield Heading("the slowest that move, by reason:" if self.slow else "the slowest that move:")
        widths = [max(len(text) for text in column) for column in zip(*((e.id, short(e.value)) for e in self.entries))]
        for kind in dict.fromkeys(e.kind for e in self.entries):
            if self.slow:
                yield f"  {IN_SHORT[kind]}"
            alike = [e for e in self.entries if e.kind is kind]
            rows = [[e.id.ljust(widths[0]), short(e.value).ljust(widths[1]), pace(e.decades)] for e in alike]
            yield Table(rows, "<", indent=4, head=False)

    def _counted(self) -> str:
        if not self.slow:
            return f"none of {self.total:,} weights and biases learns slowly"
        still = f", {self.still:,} of them have the derivative 0" if self.still else ""
        told = f"the rule, a low input or a saturated neuron, predicts {self.predicted:,} of them"
        return f"{self.slow:,} of {self.total:,} weights and biases learn slowly{still}; {told}"

    def to_json(self) -> dict[str, Any]:
        """Everything, each entry as its reason is."""
        return as_json({**asdict(self), "entries": [each.to_json() for each in self.entries]})


def why(
    network: Network,
    x: Any,
    y: Any,
    by: str | Id,
    cost: str | Cost | None = None,
    convention: str | Convention = "nielsen",
) -> Reason:
    """Why the weight or bias `by` ("w/2/0/1", "b/1/3") learns as fast or slowly as it does, on one example or on rows.

    C is the mean over the rows, or their sum where the convention says so; the cost is the network's own unless one is named.
    Numbers are computed in float64; a derivative that is 0 in the network's own dtype does not move the weight. Raises IdError
    where `by` names no weight or bias, and DisagreementError, saying nothing, where the product of the factors is not the
    gradient's entry to within 1e-12 of mean |∂c/∂w| (of a softmax's terms, where it has one).
    """
    look = Examined(network, x, y, cost, convention)
    target = parse(by, look.network.parameters)
    if target.kind not in ("w", "b"):
        raise IdError(f"by={str(target)!r}: what learns is a weight (w/l/j/k) or a bias (b/l/j), as w/1/0/0")
    return reason(look, target)


@np.errstate(all="ignore")
def reason(look: Examined, target: Id) -> Reason:
    """The reason of one weight or bias, checked against the gradient."""
    c = WeightCase(look, target)
    value, said, rule, left = c.value, because(c), bool(c.table.rule[0, 0]), f"∂{look.how.letter}/∂{c.symbol}"
    factors, words = tuple(c.shares.values()), sentence(c, said)
    return Reason(str(target), left, value, factors, c.way, c.total, c.kind, said, words, rule, c.samples, c.holds,
                  look.cost_text)  # fmt: skip


def slowest(
    network: Network,
    x: Any,
    y: Any,
    cost: str | Cost | None = None,
    most: int = 10,
    convention: str | Convention = "nielsen",
) -> Slowest:
    """The reason of every weight and bias, in groups with counts, and of the `most` slowest that move, each with its own."""
    if isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 0:
        raise SettingError(f"most={most!r}: how many are listed is a whole number ≥ 0")
    look = Examined(network, x, y, cost, convention)
    groups: list[ReasonGroup] = []
    found: list[
        tuple[Array, ...]
    ] = []  # mean, kind and rule of all entries, in the order of the flat vector w¹,b¹,…,w^L,b^L
    for l in range(1, look.network.depth + 1):
        factors, n = look.factors(l), look.network.sizes[l - 1]
        table = judge(look, factors)
        look.check(factors, table.mean * look.count, table.size * look.count, look.entries(l))
        groups += _groups(look, l, table)
        told = table.mean * look.count, table.kinds, table.rule
        found += [tuple(each[:, :n].ravel() for each in told), tuple(each[:, n:].ravel() for each in told)]
        if look.network.shared_bias(l):
            only = reason(look, Id("b", l, 0))
            groups.append(ReasonGroup(only.kind, l, 1, f"the bias of the layer: {only.because}", only.id))
            found.append(tuple(np.array([each]) for each in (only.value, only.kind, only.rule)))
    mean, kinds, rule = map(np.concatenate, zip(*found))
    slow = kinds != Kind.NOT_SLOW
    of_kind = Counter(kinds.tolist())
    still = look.vanishes(mean)
    moving = np.flatnonzero(~still & np.isfinite(mean))
    first = moving[np.argsort(np.abs(mean[moving]), kind="stable")][:most]
    return Slowest(
        f"{network!r}, {counted(look.rows, 'row')}, {look.cost_text}",
        look.network.parameters.size,
        int(slow.sum()),
        int((slow & rule).sum()),
        int(still.sum()),
        tuple(sorted(groups, key=lambda group: (group.kind is Kind.NOT_SLOW, -of_kind[group.kind], -group.count))),
        tuple(reason(look, of_entry(look.network.parameters, int(i))) for i in first),
    )


def _groups(look: Examined, l: int, table: BlameTable) -> Iterator[ReasonGroup]:
    """The weights of a layer by kind."""
    for kind in Kind:
        here = table.kinds == kind
        if here.any():
            j, k = (int(i) for i in np.argwhere(here)[0])
            id = Id("w", l, j, k) if k < look.network.sizes[l - 1] else Id("b", l, j)
            yield ReasonGroup(kind, l, int(here.sum()), in_common(look, l, kind, here), str(id))
