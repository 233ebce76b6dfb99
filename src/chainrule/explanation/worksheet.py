"""One update written out in six steps, from the forward pass to the delta rule, with this network's numbers (S4.14–S4.17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations import sigmoid, softmax
from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.errors import SettingError
from chainrule.explanation.letters import Index, Layer, Letters, definition, meaning
from chainrule.explanation.rule_step import OMEGA, Pick, beginning, in_line, minimised, moved
from chainrule.explanation.shown import whole_number
from chainrule.explanation.update import TITLE, Update, one_update, rule_of, six_steps_of
from chainrule.network import Network, as_network
from chainrule.problem import Problem
from chainrule.ranges import whole
from chainrule.regularization import Penalty
from chainrule.settings import dropout_of
from chainrule.updates import Rule
from chainrule.writing.document import Block, Cells, Heading, Values, sentence
from chainrule.writing.formula import (
    Formula,
    Ratio,
    Sign,
    Space,
    Sum,
    Symbol,
    joined,
    row,
)
from chainrule.writing.numbers import number
from chainrule.writing.sheet import Sheet

Array = np.ndarray
SLICES = 3  # of the tensor of every example's own derivatives


def worksheet(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "nielsen",
    cost: str | Cost | None = None,
    learning_rate: float | None = None,
    most: int = 6,
    rule: str | Rule = "delta_rule",
    l1: float = 0.0,
    l2: float = 0.0,
    decay: float | None = None,
    penalize_biases: bool = False,
    dropout: Any = 0.0,
    seed: int = 0,
) -> Sheet:
    """The six steps of one update with every number in them, and the cost before and after (S4.15).

    The update is the first step of `rule`, with the penalties, the decay and the dropout that `train` takes by these names: of
    one example, the neurons left out are those that `train` leaves out with this seed where it is the first row.

    x (in,) and y (out,) or a label are one example; rows (batch, in) make the matrices of S4.16, whose gradients are added up
    for an author who adds, else averaged. Of a large matrix `most` rows and columns are shown. The last line checks the
    whole gradient by dual numbers; raises DisagreementError, and shows nothing, where they differ.
    """
    how = as_convention(convention)
    most = whole_number(most, "most", 2)
    as_network(network, "worksheet(network, x, y)")
    problem = Problem.exact(network, x, y, how.cost_for(network, cost))
    the_rule = rule_of(rule, learning_rate)
    penalty = Penalty.of(the_rule.decay, l1, l2, decay, penalize_biases)
    masks = _masks(problem, dropout, seed)
    update = one_update(problem, "sum" if how.over == "sum" else "mean", the_rule, penalty, masks)
    page = WorksheetPage(update, InLetters(how, update), InNumbers(how, update, most), batch=not problem.single)
    return Sheet(TITLE, how.name, tuple(page.blocks()))


def _masks(problem: Problem, dropout: Any, seed: int) -> dict[int, Array]:
    """What the activations of each layer are multiplied by, nothing where no neuron is left out."""
    recipe = dropout_of(dropout, problem.network.depth, whole(seed, "seed", 0))
    if recipe and not problem.single:
        raise SettingError("each row leaves out other neurons: dropout is shown of one example, x of shape (in,)")
    return recipe.masks(1, np.zeros(1, np.int64), problem.network.sizes, np.float64) if recipe else {}


@dataclass(frozen=True)
class InLetters(Letters):
    """The letters of an author, in which m^l leaves out neurons of a layer: a^l = m^l ⊙ σ(z^l)."""

    of: Update

    def mask(self, layer: Layer) -> Formula:
        return self.how.symbol("m", layer)

    def hidden(self, layer: Layer, full: bool = False) -> Formula:
        """δ^l by BP2, what arrives at a neuron that is left out being 0."""
        if layer not in self.of.masks:
            return super().hidden(layer, full)
        arriving = row("(", self.mask(layer), " ⊙ (", self.moved(layer), "))")
        return self._through(arriving, layer, full)


@dataclass(frozen=True)
class InNumbers(InLetters):
    """The letters of an author with numbers in their place: a product made of them is the formula in numbers.

    Vectors are turned as this author turns them, of several examples a matrix with one column, or row, for each.
    """

    most: int

    def mask(self, layer: Layer) -> Cells:
        return self.vector(self.of.masks[int(layer)])

    def whole(self, layer: int) -> Cells:
        """a^l before neurons are left out."""
        return self.vector(self.of.passes.trace.a[layer])

    def vector(self, rows: Array) -> Cells:
        return Cells(np.atleast_2d(rows).T if self.how.orientation == "columns" else np.atleast_2d(rows), self.most)

    def matrix(self, w: Array) -> Cells:
        """(out, in) as this author writes it."""
        return Cells(w if self.how.order == "to,from" else w.T, self.most)

    def symbol(self, letter: str, layer: Layer, *neuron: Index) -> Cells:
        l, trace, biases = int(layer), self.of.passes.trace, self.of.network.biases
        rows = self.of.passes.delta[l] if letter == "δ" else {"z": trace.z, "a": trace.a, "b": biases}[letter][l]
        return self.vector(rows * self.of.masks[l] if letter == "a" and l in self.of.masks else rows)

    def w(self, layer: Layer) -> Cells:
        return self.matrix(self.of.network.weights[int(layer)])

    def gradient(self) -> Cells:
        return self.vector(self.of.passes.da[self.of.network.depth])

    def slope(self, layer: Layer, *neuron: Index) -> Cells:
        return self.vector(self._slope(int(layer)))

    def slopes(self, layer: Layer) -> Cells:
        """Of one example: Σ′ is another matrix for each."""
        return Cells(self._slope(int(layer))[0], self.most)

    def _slope(self, l: int) -> Array:
        return self.of.network.activations[l].slope(self.of.passes.trace.z[l])

    def y(self, *neuron: Index) -> Cells:
        return self.vector(self.of.problem.y)

    def p(self, *neuron: Index) -> Cells:
        function = softmax if self.of.problem.cost.targets == "probabilities" else sigmoid
        return self.vector(function.value(self.of.passes.trace.z[self.of.network.depth]))


@dataclass(frozen=True)
class WorksheetPage:
    """An update as it is written in one convention: `batch` where it has rows of examples, even if it is one row."""

    of: Update
    s: InLetters
    n: InNumbers
    batch: bool

    @property
    def layers(self) -> range:
        return range(1, self.of.network.depth + 1)

    @property
    def share(self) -> tuple[Formula, ...]:
        """1/N before a mean."""
        mean = self.batch and self.of.reduction == "mean"
        return (Ratio(row("1"), row(str(len(self.of.problem.x)))), Space(" ")) if mean else ()

    def blocks(self) -> list[Block]:
        """What is given, the six steps with their headings, and where the cost goes."""
        steps = (self.forward, self.output, self.backward, self.weights, self.biases, self.update)
        blocks = self.given()
        for i, (heading, step) in enumerate(zip(six_steps_of(self.s.how, self.of), steps), 1):
            blocks += [Heading(f"{i}. {heading}"), *step()]
        return [*blocks, *self.ending()]

    def given(self) -> list[Block]:
        """The network, the example, the cost."""
        s, p, last = self.s, self.of.problem, self.of.network.depth
        sizes = "-".join(map(str, self.of.network.sizes))
        turned = "column" if s.how.orientation == "columns" else "row"
        examples = f" Its {len(p.x):,} examples stand beside each other, a {turned} each." if self.batch else ""
        return [
            sentence(
                f"The network {sizes} ({self.of.network.activations_text()}), the cost {p.cost.name.replace('_', ' ')}, the "
                "learning rate ", row("η = ", self.of.rate_text), ".", examples,
            ),
            *definition(s, p.cost, p.pair, last, Symbol(s.how.letter, below="i") if self.batch else s.cost),
            *meaning(s, p.cost, p.pair, last),
            *minimised(self.of),
            *self.dropout(),
            Values.of(row(s.a(0), " = x"), " = ", self.n.whole(0)),
            *self.thinned(0),
            Values.of(s.y(), " = ", self.n.y()),
        ]  # fmt: skip

    def dropout(self) -> list[Block]:
        """What the masks are."""
        if not self.of.masks:
            return []
        kept = joined([self.s.mask(l) for l in self.of.masks], ", ")
        return [
            sentence("Dropout leaves out neurons of this step: where one stays, ", kept, " is 1 over the share that stays, "
                     "where it is left out 0.")
        ]  # fmt: skip

    def thinned(self, l: int) -> list[Block]:
        """a^l with the neurons that stay."""
        s, n = self.s, self.n
        if l not in self.of.masks:
            return []
        worked = n.mask(l), Sign(" ⊙ "), n.whole(l)
        return [Values.of(s.a(l), " ← ", row(s.mask(l), " ⊙ ", s.a(l)), " = ", *worked, " = ", n.a(l))]

    def forward(self) -> list[Block]:
        """Step 1: z and a of every layer."""
        return [block for l in self.layers for block in self._layer(l)]

    def _layer(self, l: int) -> list[Block]:
        s, n, network = self.s, self.n, self.of.network
        biased, sigma = network.biases[l].size > 0, network.activations[l]
        linear = sigma.name == "identity"
        words = f"no {s.how.function_word}" if linear else sigma.name.replace("_", " ")
        shared = ", one bias for all its neurons" if network.shared_bias(l) else ""
        return [
            sentence(f"Layer {l}, {words}{shared}:"),
            Values.of(s.z(l), " = ", s.weighted(l, biased), " = ", *in_line(n.weighted(l, biased)), " = ", n.z(l)),
            Values.of(s.a(l), " = ", s.z(l) if linear else row("σ(", s.z(l), ")"), " = ", n.whole(l)),
            *self.thinned(l),
        ]

    def output(self) -> list[Block]:
        """Step 2: δ of the last layer."""
        s, n, pair, last = self.s, self.n, self.of.problem.pair, self.of.network.depth
        if pair.delta is not None:
            known = sentence("The cost is a function of ", s.z(last), ", whose derivative is known:")
            p: list[Block] = [Values.of(s.p(), " = ", n.p())] if "{p}" in pair.delta_text else []
            difference = "{p}" in pair.delta_text or "{a}" in pair.delta_text
            numbers = n.cost_delta(pair, last) if difference else None
            return [known, *p, self._delta(last, s.cost_delta(pair, last), numbers)]
        full = self.of.network.output.full_slope
        slope, blocks = s.cost_slope(pair, last), []
        if slope != s.gradient():
            blocks.append(Values.of(s.gradient(), " = ", slope, " = ", n.gradient()))
        return [*blocks, self._delta(last, s.output(last, full), None if full and self.batch else n.output(last, full))]

    def _delta(self, l: int, formula: Formula, numbers: Formula | None) -> Block:
        """δ^l by its formula, the same in numbers where they are to be seen, and what it comes to."""
        worked = [Sign(" = "), *in_line(numbers)] if numbers else []
        return Values.of(self.s.delta(l), " = ", formula, *worked, " = ", self.n.delta(l))

    def backward(self) -> list[Block]:
        """Step 3: δ of the layers before, from the last but one to the first."""
        blocks: list[Block] = []
        for l in reversed(self.layers[:-1]):
            full = self.of.network.activations[l].full_slope
            numbers = None if full and self.batch else self.n.hidden(l, full)
            blocks.append(self._delta(l, self.s.hidden(l, full), numbers))
        return blocks or [sentence("There is one layer: none lies before it.")]

    def weights(self) -> list[Block]:
        """Step 4: ∂C/∂w, one outer product per layer; of rows every example's own as a tensor, and their sum or mean."""
        s, n, share = self.s, self.n, self.share
        blocks: list[Block] = []
        for l in self.layers:
            worked, found = in_line(n.outer(l)), n.matrix(self.of.gradient.weights[l])
            blocks += self._tensor(l) if self.batch else []
            blocks.append(Values.of(s.by(s.w(l)), " = ", *share, s.outer(l), " = ", *share, *worked, " = ", found))
        return blocks

    def _tensor(self, l: int) -> list[Block]:
        s, count, (out, into) = self.s, len(self.of.problem.x), self.of.network.weights[l].shape
        axes, shape = ("neuron, weight", (out, into)) if s.how.order == "to,from" else ("weight, neuron", (into, out))
        sizes = "\u00a0×\u00a0".join(f"{n:,}" for n in (count, *shape))
        blocks: list[Block] = [
            sentence(
                f"Layer {l}: the derivatives of each example's own cost are a tensor [sample, {axes}] of shape {sizes}; its "
                f"{self.of.reduction} over the samples is what is asked for."
            )
        ]
        for i in range(min(count, SLICES)):
            own = np.outer(self.of.passes.delta[l][i], self.of.passes.trace.a[l - 1][i])
            name = Ratio(row("∂", Symbol(s.how.letter, below=s.how.below(i))), row("∂", s.w(l)))
            blocks.append(Values.of(name, " = ", self.n.matrix(own)))
        if count > SLICES:
            blocks.append(sentence(f"… and {count - SLICES:,} more of them."))
        return blocks

    def biases(self) -> list[Block]:
        """Step 5: ∂C/∂b, which is δ."""
        blocks: list[Block] = []
        for l in self.layers:
            found, by_bias = self.of.gradient.biases[l], self.s.by(self.s.b(l))
            if found.size:
                line = Values.of(by_bias, " = ", *self.share, self._delta_of_bias(l), " = ", self.n.vector(found))
            blocks.append(line if found.size else sentence(f"Layer {l} has no biases."))
        return blocks

    def _delta_of_bias(self, l: int) -> Formula:
        """δ; its sum over the neurons that share one bias (S0.4), and over the examples."""
        s, shared = self.s, self.of.network.shared_bias(l)
        marks = [s.j if shared else "·" if self.batch else "", "i" if self.batch else ""]
        if s.how.orientation == "rows":
            marks.reverse()
        body = s.delta(l, *filter(None, marks))
        body = Sum(s.j, body) if shared else body
        return Sum("i", body) if self.batch else body

    def update(self) -> list[Block]:
        """Step 6: the rule, of the weights and the biases of each layer."""
        n, of, blocks = self.n, self.of, beginning(self.of)
        for l in self.layers:
            w, b = self.s.w(l), self.s.b(l)
            blocks += moved(of, w, self.s.by(w), lambda p, l=l: n.matrix(p.weights[l]), penalized=True)  # type: ignore[misc]
            if of.network.biases[l].size:
                pick: Pick = lambda p, l=l: n.vector(p.biases[l])  # type: ignore[misc]
                blocks += moved(of, b, self.s.by(b), pick, penalized=of.penalty.biases)
        return blocks

    def ending(self) -> list[Block]:
        """The cost before and after, and what the slope alone predicted."""
        of, s = self.of, self.s
        over = f", the {of.reduction} over the examples," if self.batch else ""
        before, after = row(number(of.cost_before)), row(number(of.cost_after))
        change = (" from ", before, " to ", after, ", by ", row(number(of.change))) if of.change else (" at ", before)
        cost = row(s.cost, " + ", OMEGA) if of.is_penalized else row(s.cost)
        nabla = row("∇(", cost, ")") if of.is_penalized else row("∇", s.cost)
        by_slope = row("−η |", nabla, "|²") if of.is_plain else row(nabla, " · Δ")
        return [
            Heading("The cost, before and after"),
            sentence(cost, over, f" {of.goes}", *change, "."),
            sentence(
                "By its slope alone it would change by ", row(by_slope, " = ", number(of.predicted)),
                ", where ", nabla, " are all these derivatives in one vector",
                *(() if of.is_plain else (" and ", row("Δ"), " all these moves in another")),
                ". Dual numbers, sent along the same step without any δ, find ", row(number(of.checked)), ".",
            ),
        ]  # fmt: skip
