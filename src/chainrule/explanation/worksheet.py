"""One update written out in six steps, from the forward pass to the delta rule, with this network's numbers (S4.14–S4.17)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations import sigmoid, softmax
from chainrule.conventions import Convention, as_convention, plural
from chainrule.costs import Cost
from chainrule.dual import DUALS, dual
from chainrule.errors import DataError, DisagreementError
from chainrule.explanation.letters import Letters, definition, meaning
from chainrule.explanation.noise import settled_gradient, settled_passes
from chainrule.forward import Trace, shares, total_cost
from chainrule.network import Network, as_network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.updates import delta_rule
from chainrule.verification.evaluate import evaluate
from chainrule.verification.forward_mode import towards
from chainrule.verification.leeway import leeway
from chainrule.writing.document import Block, Cells, Heading, Piece, Values, check_most, sentence
from chainrule.writing.formula import Formula, Ratio, Sum, Symbol, row
from chainrule.writing.numbers import number
from chainrule.writing.sheet import Sheet

Array = np.ndarray
SLICES = 3  # of the tensor of every example's own derivatives
SAME = 1e-9  # of a value: what two methods may differ by, beside rounding


@dataclass(frozen=True)
class Update:
    """One step of the delta rule in float64: what was computed on the way, and the network after it.

    promised  how far the cost falls by its slope alone, −η |∇C|²; checked  the same by dual numbers sent along the step
    """

    problem: Problem
    reduction: str
    rate: float
    gradient: Parameters
    after: Network
    cost_before: float
    cost_after: float
    promised: float
    checked: float

    @property
    def network(self) -> Network:
        return self.problem.network

    @property
    def batch(self) -> int:
        return len(self.problem.x)

    @property
    def trace(self) -> Trace:
        """Of rows."""
        return self.problem.once(settled_passes).trace

    @property
    def delta(self) -> dict[int, Array]:
        """δ^l of rows."""
        return self.problem.once(settled_passes).delta

    @property
    def da(self) -> dict[int, Array]:
        """∂c/∂a^l of rows."""
        return self.problem.once(settled_passes).da

    def shared_bias(self, layer: int) -> bool:
        """True where the neurons of a layer have one bias together (S0.4)."""
        return 0 < self.network.biases[layer].size < self.network.sizes[layer]


def one_update(problem: Problem, reduction: str, learning_rate: float) -> Update:
    """One update on a problem in float64. Raises DataError where a number overflows, DisagreementError where methods differ."""
    exact, rule = problem.network, delta_rule(learning_rate)
    found = settled_gradient(problem, shares(len(problem.x), reduction))
    with np.errstate(all="ignore"):
        move, _ = rule.move(found, rule.start(exact.parameters))
        moved = exact.parameters + move
        if not moved.is_finite():
            raise DataError(
                f"the weights overflow in this update: a smaller learning_rate than {learning_rate:g} will do"
            )
        after = exact.with_parameters(moved)
        there = problem.with_network(after)
        was, now = (float(total_cost(each, reduction)) for each in (problem, there))
    if not (np.isfinite(was) and np.isfinite(now)):
        raise DataError(f"the cost overflows in this update: a smaller learning_rate than {learning_rate:g} will do")
    step = move.flat()
    with np.errstate(all="ignore"):
        promised = float(found.flat() @ step)
    if not np.isfinite(promised):
        raise DataError(
            "the gradient is so large on these numbers that the slope of the cost along the step overflows: nothing can be "
            "shown; smaller inputs, targets or weights will do"
        )
    checked = _slope_along(problem, reduction, step)
    _same(problem, reduction, step, promised, checked)
    return Update(problem, reduction, rule.settings["learning_rate"], found, after, was, now, promised, checked)


def _slope_along(problem: Problem, reduction: str, step: Array) -> float:
    """How the cost changes along a step, by dual numbers: no δ is computed."""
    network = problem.network
    with np.errstate(all="ignore"):
        moved = towards(network.parameters, step)
        each = dual(evaluate(moved, network.activations, problem.x, problem.y, problem.pair, DUALS)).slope
    return float(each.mean() if reduction == "mean" else each.sum())


def _same(problem: Problem, reduction: str, step: Array, promised: float, checked: float) -> None:
    """Raises DisagreementError where the gradient and dual numbers promise different changes."""
    with np.errstate(all="ignore"):
        allowed = leeway(problem)
    off = allowed.rounding.flat() + allowed.kinks.flat()
    slack = float(np.abs(step) @ off) * (len(problem.x) if reduction == "sum" else 1)
    if not abs(promised - checked) <= SAME * abs(promised) + slack:
        raise DisagreementError(
            f"the gradient promises a change of the cost by {promised:.12g}, and dual numbers sent along the step find "
            f"{checked:.12g}: nothing is shown until they agree; is a slope or a cost's derivative wrong?"
        )


def probabilities(cost: Cost, z: Array) -> Array:
    """What a cost of z^L makes of it before it compares with y (S3.14)."""
    return (softmax if cost.targets == "probabilities" else sigmoid).value(z)


def worksheet(
    network: Network,
    x: Any,
    y: Any,
    *,
    convention: str | Convention = "s2",
    cost: str | Cost | None = None,
    learning_rate: float = 0.1,
    most: int = 6,
) -> Sheet:
    """The six steps of one update with every number in them, and the cost before and after (S4.15).

    x (in,) and y (out,) or a label are one example; rows (batch, in) make the matrices of S4.16, whose gradients are added up
    for an author who adds, else averaged. Of a large matrix `most` rows and columns are shown. The last line checks the
    whole gradient by dual numbers; raises DisagreementError, and shows nothing, where they differ.
    """
    how = as_convention(convention)
    most = check_most(most)
    as_network(network, "worksheet(network, x, y)")
    problem = Problem.exact(network, x, y, how.cost_for(network, cost))
    update = one_update(problem, "sum" if how.over == "sum" else "mean", learning_rate)
    page = Page(update, Letters(how), most, batch=not problem.single)
    blocks = [
        *page.given(),
        *page.ahead(),
        *page.output(),
        *page.backward(),
        *page.weights(),
        *page.biases(),
        *page.update(),
    ]
    return Sheet("One update in six steps", how.name, (*blocks, *page.ending()))


@dataclass(frozen=True)
class Page:
    """An update as it is written in one convention: `batch` where it has rows of examples, even if it is one row."""

    of: Update
    s: Letters
    most: int
    batch: bool

    # numbers as they stand on paper ----------------------------------------------------------------------------------
    def cells(self, array: Array) -> Cells:
        return Cells(array, self.most)

    def vector(self, rows: Array) -> Cells:
        """Rows of examples, as this author turns them: a column each, or a row each."""
        rows = np.atleast_2d(rows)
        return self.cells(rows.T if self.s.how.orientation == "columns" else rows)

    def matrix(self, w: Array) -> Cells:
        """(out, in) as this author writes it."""
        return self.cells(w if self.s.how.order == "to,from" else w.T)

    def product(self, w: Array, rows: Array) -> tuple[Piece, ...]:
        """w times a column, or a row times its transpose: the numbers in the order in which they are multiplied."""
        if self.s.how.orientation == "columns":
            return self.cells(w), " ", self.vector(rows)
        return self.vector(rows), " ", self.cells(w.T)

    @property
    def layers(self) -> range:
        return range(1, self.of.network.depth + 1)

    # the parts -------------------------------------------------------------------------------------------------------
    def given(self) -> list[Block]:
        """The network, the example, the cost."""
        of, s = self.of, self.s
        p, last = of.problem, of.network.depth
        sizes = "-".join(map(str, of.network.sizes))
        turned = "column" if s.how.orientation == "columns" else "row"
        examples = f" Its {of.batch:,} examples stand beside each other, a {turned} each." if self.batch else ""
        return [
            sentence(
                f"The network {sizes} ({of.network.activations_text()}), the cost {p.cost.name.replace('_', ' ')}, the "
                "learning rate ", row("η = ", self.rate), ".", examples,
            ),
            *definition(s, p.cost, p.pair, last, Symbol(s.how.letter, below="i") if self.batch else s.cost),
            *meaning(s, p.cost, p.pair, last),
            Values((row(s.a(0), " = x"), " = ", self.vector(p.x))),
            Values((Symbol("y"), " = ", self.vector(p.y))),
        ]  # fmt: skip

    @property
    def rate(self) -> str:
        return number(self.of.rate) if self.of.rate < 1e-3 else f"{self.of.rate:.12g}"

    def ahead(self) -> list[Block]:
        """Step 1: z and a of every layer."""
        how = self.s.how
        blocks: list[Block] = [Heading(f"1. Forward: every {how.input_word} and {how.activation_word}, kept for later")]
        for l in self.layers:
            blocks += self._layer_ahead(l)
        return blocks

    def _layer_ahead(self, l: int) -> list[Block]:
        of, s, how = self.of, self.s, self.s.how
        b, sigma = of.network.biases[l], of.network.activations[l]
        symbols = s.weighted(l) if b.size else s.forward(l)
        bias = (" + ", self.vector(b)) if b.size else ()
        z = self.vector(of.trace.z[l])
        products = self.product(of.network.weights[l], of.trace.a[l - 1])
        value = Values((s.z(l), " = ", symbols, " = ", *products, *bias, " = ", z))
        name = row("σ(", s.z(l), ")") if sigma.name != "identity" else s.z(l)
        activation = Values((s.a(l), " = ", name, " = ", self.vector(of.trace.a[l])))
        words = sigma.name.replace("_", " ") if sigma.name != "identity" else f"no {how.function_word}"
        shared = ", one bias for all its neurons" if of.shared_bias(l) else ""
        return [sentence(f"Layer {l}, {words}{shared}:"), value, activation]

    def output(self) -> list[Block]:
        """Step 2: δ of the last layer."""
        of, s = self.of, self.s
        last = of.network.depth
        blocks: list[Block] = [Heading(f"2. The {s.how.word} of the last layer")]
        if of.problem.pair.delta is not None:
            blocks.append(sentence("The cost is a function of ", s.z(last), ", whose derivative is known:"))
            return [*blocks, *self._known_delta(last)]
        sigma, full = of.network.output, of.network.output.full_slope
        slopes = sigma.slope(of.trace.z[last])
        gradient = self.vector(of.da[last])
        slope_of_cost = s.cost_slope(of.problem.pair, last)
        if slope_of_cost != s.gradient():
            blocks.append(Values((s.gradient(), " = ", slope_of_cost, " = ", gradient)))
        numbers = self._through(full, (gradient,), slopes)
        return [
            *blocks,
            Values((s.delta(last), " = ", s.output(last, full), *numbers, " = ", self.vector(of.delta[last]))),
        ]

    def _known_delta(self, last: int) -> list[Block]:
        of, s = self.of, self.s
        delta, text = self.vector(of.delta[last]), of.problem.pair.delta_text
        symbols: tuple[Piece, ...] = (s.delta(last), " = ", s.cost_delta(of.problem.pair, last))
        y = self.vector(of.problem.y)
        if "{p}" in text:
            p = self.vector(probabilities(of.problem.cost, of.trace.z[last]))
            return [Values((Symbol("p"), " = ", p)), Values((*symbols, " = ", p, " − ", y, " = ", delta))]
        if "{a}" in text:
            return [Values((*symbols, " = ", self.vector(of.trace.a[last]), " − ", y, " = ", delta))]
        return [Values((*symbols, " = ", delta))]

    def _through(self, full: bool, arriving: tuple[Piece, ...], slopes: Array) -> tuple[Piece, ...]:
        """What arrives at a, times σ′; of a softmax times Σ′, which is a matrix of its own for every example."""
        if not full:
            return (" = ", *arriving, " ⊙ ", self.vector(slopes))
        if self.batch:
            return ()
        if self.s.how.orientation == "columns":
            return (" = ", self.cells(slopes[0]), " ", *arriving)
        return (" = ", *arriving, " ", self.cells(slopes[0]))

    def backward(self) -> list[Block]:
        """Step 3: δ of the layers before, from the last but one to the first."""
        of, s = self.of, self.s
        blocks: list[Block] = [Heading(f"3. Backward: the {plural(s.how.word)} of the layers before")]
        if of.network.depth == 1:
            blocks.append(sentence("There is one layer: none lies before it."))
        for l in reversed(self.layers[:-1]):
            sigma = of.network.activations[l]
            above = of.network.weights[l + 1].T, of.delta[l + 1]
            moved = self.product(*above)
            arriving = moved if sigma.full_slope else ("(", *moved, ")")
            numbers = self._through(sigma.full_slope, arriving, sigma.slope(of.trace.z[l]))
            blocks.append(
                Values((s.delta(l), " = ", s.hidden(l, sigma.full_slope), *numbers, " = ", self.vector(of.delta[l])))
            )
        return blocks

    def weights(self) -> list[Block]:
        """Step 4: ∂C/∂w, an outer product a layer; of rows the tensor of every example's own, and their sum or mean."""
        of, s = self.of, self.s
        blocks: list[Block] = [Heading("4. The derivatives by the weights")]
        for l in self.layers:
            if self.batch:
                blocks += self._tensor(l)
            delta, before = of.delta[l], of.trace.a[l - 1]
            first, second = (delta, before) if s.how.order == "to,from" else (before, delta)
            product = (self.cells(first.T), " ", self.cells(second))
            found = self.matrix(of.gradient.weights[l])
            share = self._share()
            blocks.append(Values((s.by(s.w(l)), " = ", *share, s.outer(l), " = ", *share, *product, " = ", found)))
        return blocks

    def _share(self) -> tuple[Piece, ...]:
        """1/N before a mean."""
        if not self.batch or self.of.reduction == "sum":
            return ()
        return (Ratio(row("1"), row(str(self.of.batch))), " ")

    def _tensor(self, l: int) -> list[Block]:
        of, s = self.of, self.s
        out, into = of.network.weights[l].shape
        axes, shape = ("neuron, weight", (out, into)) if s.how.order == "to,from" else ("weight, neuron", (into, out))
        sizes = "\u00a0×\u00a0".join(f"{n:,}" for n in (of.batch, *shape))
        what = "sum" if of.reduction == "sum" else "mean"
        blocks: list[Block] = [
            sentence(
                f"Layer {l}: the derivatives of each example's own cost are a tensor [sample, {axes}] of shape {sizes}; its "
                f"{what} over the samples is what is asked for."
            )
        ]
        for i in range(min(of.batch, SLICES)):
            own = np.outer(of.delta[l][i], of.trace.a[l - 1][i])
            name = Ratio(row("∂", Symbol(s.how.letter, below=s.how.below(i))), row("∂", s.w(l)))
            blocks.append(Values((name, " = ", self.matrix(own))))
        if of.batch > SLICES:
            blocks.append(sentence(f"… and {of.batch - SLICES:,} more of them."))
        return blocks

    def biases(self) -> list[Block]:
        """Step 5: ∂C/∂b, which is δ."""
        of, s = self.of, self.s
        blocks: list[Block] = [Heading("5. The derivatives by the biases")]
        for l in self.layers:
            b = of.network.biases[l]
            if not b.size:
                blocks.append(sentence(f"Layer {l} has no biases."))
                continue
            blocks.append(
                Values((s.by(s.b(l)), " = ", *self._delta_of_bias(l), " = ", self.vector(of.gradient.biases[l])))
            )
        return blocks

    def _delta_of_bias(self, l: int) -> tuple[Piece, ...]:
        """δ; its sum over the neurons that share one bias (S0.4), its sum or mean over the examples."""
        of, s = self.of, self.s
        shared = of.shared_bias(l)
        index = [*(["i"] if self.batch else []), *([s.j] if shared else [])]
        whole = "·" if self.batch and not shared else None
        marks = [s.j if shared else whole, "i" if self.batch else None]
        if s.how.orientation == "rows":
            marks.reverse()
        body: Formula = s.delta(l, *(mark for mark in marks if mark))
        for letter in reversed(index):
            body = Sum(letter, body)
        return (*self._share(), body)

    def update(self) -> list[Block]:
        """Step 6: the delta rule."""
        of, s = self.of, self.s
        blocks: list[Block] = [Heading("6. Update: a small fraction of each derivative is subtracted")]
        for l in self.layers:
            turned: list[tuple[Symbol, Callable[[Array], Cells], Array, Array, Array]] = [
                (s.w(l), self.matrix, of.network.weights[l], of.gradient.weights[l], of.after.weights[l]),
                (s.b(l), self.vector, of.network.biases[l], of.gradient.biases[l], of.after.biases[l]),
            ]
            for symbol, written, before, slope, after in turned:
                if before.size:
                    blocks.append(
                        Values((
                            symbol, " ← ", row(symbol, " − η ", s.by(symbol)), " = ", written(before), f" − {self.rate} ",
                            written(slope), " = ", written(after),
                        ))
                    )  # fmt: skip
        return blocks

    def ending(self) -> list[Block]:
        """The cost before and after, and what the slope alone had promised."""
        of, s = self.of, self.s
        change = of.cost_after - of.cost_before
        went = "falls" if change < 0 else "rises" if change > 0 else "stays"
        over = f", the {of.reduction} over the examples," if self.batch else ""
        before, after = row(number(of.cost_before)), row(number(of.cost_after))
        numbers = (" from ", before, " to ", after, ", by ", row(number(change))) if change else (" at ", before)
        return [
            Heading("The cost, before and after"),
            sentence(row(s.cost), over, f" {went}", *numbers, "."),
            sentence(
                "By its slope alone it would change by ", row("−η |∇", s.cost, "|² = ", number(of.promised)),
                ", where ", row("∇", s.cost), " are all these derivatives in one vector. Dual numbers, sent along the same "
                "step without any δ, find ", row(number(of.checked)), ".",
            ),
        ]  # fmt: skip
