"""The four equations proved by the chain rule, a step per line, for a network with both sides in numbers (S2.22)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention, plural
from chainrule.costs import Cost, Pair, as_cost
from chainrule.dual import Dual, dual
from chainrule.errors import DisagreementError, FormError, ShapeError
from chainrule.explanation.audit import Audit, audit_of
from chainrule.explanation.summary import Letters, beside, meaning, usual_output
from chainrule.explanation.view import View, view
from chainrule.ids import Id
from chainrule.network import Network, as_network
from chainrule.verification.moved import follow, slope_by_dual
from chainrule.writing.document import Block, Equation, Heading, Words, sentence
from chainrule.writing.formula import Formula, Ratio, Sum, Symbol, partial, row
from chainrule.writing.sheet import Sheet

Array = np.ndarray
SAME = 1e-9  # of a value: what two methods may differ by, beside rounding
C = Id("C")


def proof(
    convention: str | Convention = "s2",
    network: Network | None = None,
    x: Any = None,
    y: Any = None,
    cost: str | Cost | None = None,
) -> Sheet:
    """BP1 to BP4 from the chain rule, each step a line in a convention's symbols.

    With a network and one example x (in,), y (out,), each line carries its two sides as numbers: derivatives by dual numbers,
    products with the δ of backpropagation. Raises DisagreementError, and shows nothing, where two sides differ.
    """
    how = as_convention(convention)
    if network is None:
        the_cost = how.default_cost() if cost is None else as_cost(cost)
        case = Case(the_cost.on(usual_output(how, the_cost)), the_cost, False, False, False, True)
        return _sheet(how, case, None)
    as_network(network, "proof(convention, network, x, y)")
    if x is None or y is None:
        raise ShapeError(
            "the numbers beside a proof are those of one example: pass x (in,) and y (out,) with the network"
        )
    the_cost = how.cost_for(network, cost)
    seen = view(network, x, y, the_cost, C, how)
    example = Example(seen, audit_of(seen))
    biases = seen.network.biases[example.layer]
    case = Case(
        the_cost.on(network.output),
        the_cost,
        network.output.full_slope,
        seen.network.activations[example.layer].full_slope and example.layer < network.depth,
        0 < biases.size < seen.network.sizes[example.layer],
        biases.size > 0,
    )
    return _sheet(how, case, example)


@dataclass(frozen=True)
class Case:
    """What the proof depends on: the cost on its output, whether the last and the hidden layer are softmaxes, the biases."""

    pair: Pair
    cost: Cost
    full_output: bool
    full_hidden: bool
    shared: bool
    biases: bool


# numbers ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Example:
    """One example whose numbers stand beside the lines: neuron J of the last layer, neuron j of layer l, k before it.

    Each is the one with the largest |δ|, or the largest |a|, of its layer.
    """

    seen: View
    audit: Audit

    @property
    def last(self) -> int:
        return self.seen.network.depth

    @cached_property
    def layer(self) -> int:
        """The last layer below L that is no softmax; L itself in a network of one layer."""
        hidden = range(self.last - 1, 0, -1)
        plain = [l for l in hidden if not self.seen.network.activations[l].full_slope]
        return plain[0] if plain else max(self.last - 1, 1)

    @cached_property
    def J(self) -> int:
        return int(np.argmax(np.abs(self.seen.into_z[self.last])))

    @cached_property
    def j(self) -> int:
        return int(np.argmax(np.abs(self.seen.into_z[self.layer])))

    @cached_property
    def k(self) -> int:
        return int(np.argmax(np.abs(self.seen.trace.a[self.layer - 1])))

    @cached_property
    def m(self) -> int:
        """The neuron of the next layer with the strongest weight from j."""
        return int(np.argmax(np.abs(self.seen.network.weights[self.layer + 1][:, self.j])))

    def dual(self, u: Id, v: Id) -> float:
        """∂u/∂v by dual numbers."""
        seen = self.seen
        return slope_by_dual(seen.problem, u, v)

    def duals(self, kind: str, layer: int, v: Id) -> Array:
        """∂z^l/∂v or ∂a^l/∂v of a whole layer, by dual numbers."""
        seen = self.seen
        found = follow(seen.problem, v, Dual(0.0, 1.0))
        slopes = np.array(dual({"z": found.z, "a": found.a}[kind][layer]).slope, np.float64)
        if not np.isfinite(slopes).all():
            raise FormError(f"∂{kind}/∂{v} leaves the floating point numbers here: take smaller weights or inputs")
        return slopes

    def delta(self, layer: int) -> Array:
        """δ of a layer by backpropagation."""
        return self.seen.into_z[layer]

    def slope(self, layer: int, j: int) -> float:
        return self.seen.slope(layer, j).value

    def same(self, left: float, right: float, of: Id | None = None, terms: Sequence[float] = ()) -> tuple[float, float]:
        """The two sides of a line. Raises DisagreementError where they differ by more than rounding explains."""
        slack = 1e-12 * (1.0 if of is None else 0.0) + 1e-12 * sum(map(abs, terms))
        slack += 0.0 if of is None else self.audit.slack(of)
        if not abs(left - right) <= SAME * max(abs(left), abs(right)) + slack:
            raise DisagreementError(
                f"a line of the proof says {left:.12g} on its left and {right:.12g} on its right, computed by different "
                "methods: nothing is shown until they agree; is a slope or a cost's derivative wrong?"
            )
        return left, right


Sides = tuple[float, float] | None


def _sheet(how: Convention, case: Case, example: Example | None) -> Sheet:
    s = Letters(how)
    blocks = [
        *_opening(s, example),
        *_bp1(s, case, example),
        *_bp2(s, case, example),
        *_bp3(s, case, example),
        *_bp4(s, example),
        *_closing(s),
    ]
    return Sheet("A proof of the four equations", how.name, tuple(blocks))


def _opening(s: Letters, example: Example | None) -> list[Block]:
    """What is proved, and whose numbers stand beside it."""
    how = s.how
    blocks: list[Block] = [
        sentence(
            "Everything follows from one rule: where a quantity acts on another through several in between, its derivative is "
            "the sum, over those in between, of the products of the derivatives on the way. The ", f"{how.word} ", row("δ"),
            f" of a neuron is the derivative by its {how.input_word}.",
        )
    ]  # fmt: skip
    if example is not None:
        base = how.base
        where = f"{s.layer} = {example.layer}, {s.j} = {example.j + base}, {s.k} = {example.k + base}"
        blocks.append(
            sentence(
                "Beside the lines stand the numbers of one example, each side by a method of its own: plain derivatives by "
                "dual numbers, ", row("δ"), " by backpropagation. For BP1 ", row(f"{s.j} = {example.J + base}"),
                ", after it ", row(where), ".",
            )
        )  # fmt: skip
    return blocks


# BP1 ----------------------------------------------------------------------------------------------------------------
def _bp1(s: Letters, case: Case, e: Example | None) -> list[Block]:
    z, delta = s.z("L", s.j), s.delta("L", s.j)
    z_id = Id("z", e.last, e.J) if e else C
    sides = e.same(float(e.delta(e.last)[e.J]), e.dual(C, z_id), z_id) if e else None
    direct = case.pair.delta_text.startswith("∂") and case.pair.delta is not None
    lines: list[Block] = [
        Heading(f"BP1: the {s.how.word} of the last layer"),
        Equation(delta, s.by(z), "BP1" if direct else "", why=("By definition.",), sides=sides),
    ]
    if direct:
        formula = s.cost_formula(case.cost, case.pair, "L")
        why = ("The cost is a function of ", s.z("L"), ", so that nothing lies between:")
        written = [] if formula is None else [Equation(s.cost, formula, why=why)]
        return [*lines, *written, *meaning(s, case.cost, case.pair, "L")]
    if case.pair.delta is not None:
        return [*lines, *_bp1_of_z(s, case, e)]
    if case.full_output:
        return [*lines, *_bp1_softmax(s, e)]
    return [*lines, *_bp1_plain(s, case, e)]


def _bp1_plain(s: Letters, case: Case, e: Example | None) -> list[Block]:
    """σ acts on each neuron alone."""
    z, a = s.z("L", s.j), s.a("L", s.j)
    product = a_j = slope = by_cost = None
    if e:
        z_id, a_id = Id("z", e.last, e.J), Id("a", e.last, e.J)
        by_a, local = e.dual(C, a_id), e.dual(a_id, z_id)
        product = e.same(e.dual(C, z_id), by_a * local, z_id)
        slope = e.same(local, e.slope(e.last, e.J))
        written = float(e.seen.into_a[e.last][e.J])
        by_cost = e.same(by_a, written, None, [by_a])
        a_j = e.same(e.dual(C, z_id), written * e.slope(e.last, e.J), z_id)
    if s.how.linear_output:
        why: Words = (
            "The last layer has no activation: ",
            a,
            " is ",
            z,
            ", and this cost gives",
        )
        return [Equation(s.delta("L", s.j), s.cost_slope(case.pair, "L", s.j), "BP1", why=why, sides=a_j)]
    through = (z, " acts on ", s.cost, " through ", a, " alone.")
    lines: list[Block] = [
        Equation(s.by(z), row(s.by(a), " ", partial(a, z)), why=through, sides=product),
        Equation(partial(a, z), s.slope("L", s.j), why=("For ", row(a, " = σ(", z, ")"), ":"), sides=slope),
        Equation(s.delta("L", s.j), s.output_one("L"), "BP1", why=("Put together:",), sides=a_j),
    ]  # fmt: skip
    cost_slope = s.cost_slope(case.pair, "L", s.j)
    if cost_slope != s.by(a):
        name = case.cost.name.replace("_", " ")
        lines.append(Equation(s.by(a), cost_slope, why=(f"and of the cost {name} the first factor is",), sides=by_cost))
        lines += meaning(s, case.cost, case.pair, "L")
    return [*lines, _vector(s, s.delta("L"), s.output("L"))]


def _vector(s: Letters, left: Formula, right: Formula) -> Equation:
    return Equation(left, right, why=("For all neurons at once, ", row("⊙"), " multiplying entry by entry:"))


def _bp1_softmax(s: Letters, e: Example | None) -> list[Block]:
    """Every output depends on every z of the layer."""
    z, a = s.z("L", s.j), s.a("L", s.j)
    total = local = None
    if e:
        z_id = Id("z", e.last, e.J)
        slopes, gradient = e.duals("a", e.last, z_id), e.seen.into_a[e.last]
        terms = slopes * gradient
        total = e.same(e.dual(C, z_id), float(terms.sum()), z_id, terms.tolist())
        a_j = float(e.seen.trace.a[e.last][e.J])
        local = e.same(float(slopes[e.J]), a_j * (1 - a_j))
    return [
        *_through_softmax(s, "L", total),
        *_softmax_slope(s, a, z, local),
        _softmax_vector(s, "L", s.output("L", True)),
    ]


def _through_softmax(s: Letters, layer: str, total: Sides) -> list[Block]:
    z, other = s.z(layer, s.j), s.a(layer, "r")
    why = (z, " acts on ", s.cost, " through every activation of its layer, which is a softmax.")
    return [Equation(s.by(z), Sum("r", row(s.by(other), " ", partial(other, z))), why=why, sides=total)]


def _softmax_slope(s: Letters, a: Formula, z: Formula, local: Sides) -> list[Block]:
    layer = z.above.strip("()") if isinstance(z, Symbol) else ""
    other = s.a(layer, "r")
    return [
        Equation(partial(a, z), row(a, " (1 − ", a, ")"), why=("For ", row("r = ", s.j), ":"), sides=local),
        Equation(partial(other, z), row("−", other, " ", a), why=("and for every other ", row("r"), ":")),
    ]


def _softmax_vector(s: Letters, layer: str, right: Formula) -> Equation:
    why = ("These are the entries of the symmetric matrix ", row("Σ′(", s.z(layer), ")"), ":")
    return Equation(s.delta(layer), right, "BP1" if layer == "L" else "BP2", why=why)


def _bp1_of_z(s: Letters, case: Case, e: Example | None) -> list[Block]:
    """The cost is a function of z^L, and its derivative is taken directly (S3.14)."""
    z, p = s.z("L", s.j), Symbol("p", below=s.how.below(s.j))
    sides = None
    if e:
        z_id = Id("z", e.last, e.J)
        sides = e.same(e.dual(C, z_id), float(e.delta(e.last)[e.J]), z_id)
    r, y = s.z("L", "r"), Symbol("y", below="r")
    written: dict[str, tuple[Formula, Formula]] = {
        "cross_entropy": (
            row("log ", Sum("r", _power(r)), " − ", Sum("r", row(y, " ", r))),
            row(Ratio(_power(z), Sum("r", _power(r))), " − ", Symbol("y", below=s.how.below(s.j))),
        ),
        "binary_cross_entropy": (
            Sum("r", row("(log(1 + ", _power(r), ") − ", y, " ", r, ")")),
            row(Ratio(_power(z), row("1 + ", _power(z))), " − ", Symbol("y", below=s.how.below(s.j))),
        ),
    }
    lines: list[Block] = []
    why: Words = ("The cost is a function of ", s.z("L"), ", so that nothing lies between:")
    if case.cost.name in written:
        cost, slope = written[case.cost.name]
        lines += [Equation(s.cost, cost, why=why), Equation(s.by(z), slope, why=("Term by term:",))]
        why = ("where the first term is ", p if "{p}" in case.pair.delta_text else s.a("L", s.j), ":")
    lines.append(Equation(s.delta("L", s.j), s.cost_delta(case.pair, "L", s.j), "BP1", why=why, sides=sides))
    return [*lines, *meaning(s, case.cost, case.pair, "L")]


def _power(z: Symbol) -> Formula:
    """e^z."""
    return row("exp(", z, ")")


# BP2 ----------------------------------------------------------------------------------------------------------------
def _bp2(s: Letters, case: Case, e: Example | None) -> list[Block]:
    l, above = s.layer, str(beside(s.layer, 1))
    z, a, z_m = s.z(l, s.j), s.a(l, s.j), s.z(above, s.m)
    numbers = _bp2_numbers(e) if e and e.last > 1 else {}
    lines: list[Block] = [Heading(f"BP2: the {s.how.word} one layer back")]
    if e and e.last == 1:
        lines.append(sentence("(This network has one layer: there are no numbers for it.)"))
    lines.append(Equation(s.delta(l, s.j), s.by(z), why=("By definition.",), sides=numbers.get("definition")))
    if case.full_hidden:
        lines += [*_through_softmax(s, l, numbers.get("product")), *_softmax_slope(s, a, z, numbers.get("slope"))]
    else:
        lines += [
            Equation(
                s.by(z), row(s.by(a), " ", partial(a, z)), why=(z, " acts on ", s.cost, " through ", a, " alone."),
                sides=numbers.get("product"),
            ),
            Equation(partial(a, z), s.slope(l, s.j), why=("For ", row(a, " = σ(", z, ")"), ":"), sides=numbers.get("slope")),
        ]  # fmt: skip
    lines += [
        Equation(
            s.by(a), Sum(s.m, row(s.by(z_m), " ", partial(z_m, a))),
            why=(
                a, f" enters the {s.how.input_word} of every neuron ", row(s.m), " of the next layer, and each acts on ",
                s.cost, ".",
            ),
            sides=numbers.get("fan"),
        ),
        Equation(
            partial(z_m, a), s.weight(above, s.m, s.j),
            why=("In ", row(z_m, " = ", Sum("r", row(s.weight(above, s.m, "r"), " ", s.a(l, "r"))), " + ", s.b(above, s.m)),
                 " every term but one stays as it is."),
            sides=numbers.get("weight"),
        ),
        Equation(
            s.by(a), s.moved_one(l), why=(s.by(z_m), " has a name already, ", s.delta(above, s.m), ":"),
            sides=numbers.get("moved"),
        ),
    ]  # fmt: skip
    if case.full_hidden:
        return [*lines, _softmax_vector(s, l, s.hidden(l, True))]
    lines.append(Equation(s.delta(l, s.j), s.hidden_one(l), "BP2", why=("Put together:",), sides=numbers.get("whole")))
    return [*lines, _vector(s, s.delta(l), s.hidden(l))]


def _bp2_numbers(e: Example) -> dict[str, tuple[float, float]]:
    """Both sides of every line, for neuron j of layer l."""
    l, j = e.layer, e.j
    z, a = Id("z", l, j), Id("a", l, j)
    by_z, by_a = e.dual(C, z), e.dual(C, a)
    slopes = e.duals("a", l, z)
    gradient = e.seen.into_a[l]
    through = (slopes * gradient).tolist()
    full = e.seen.network.activations[l].full_slope
    a_j = float(e.seen.trace.a[l][j])
    onward, weights, delta = e.duals("z", l + 1, a), e.seen.network.weights[l + 1][:, j], e.delta(l + 1)
    fan, moved = (onward * delta).tolist(), (weights * delta).tolist()
    slope = a_j * (1 - a_j) if full else e.slope(l, j)
    arrived = float(sum(moved))
    return {
        "definition": e.same(float(e.delta(l)[j]), by_z, z),
        "product": e.same(by_z, float(sum(through)), z, through),
        "slope": e.same(float(slopes[j]), slope),
        "fan": e.same(by_a, float(sum(fan)), z, [*fan, *moved]),
        "weight": e.same(float(onward[e.m]), float(weights[e.m])),
        "moved": e.same(by_a, arrived, z, moved),
        "whole": e.same(by_z, by_z if full else arrived * slope, z, [slope * term for term in moved]),
    }


# BP3 and BP4 --------------------------------------------------------------------------------------------------------
def _bp3(s: Letters, case: Case, e: Example | None) -> list[Block]:
    l = s.layer
    lines: list[Block] = [Heading("BP3: the derivative by a bias")]
    if case.shared:
        assert e is not None
        return [*lines, *_bp3_shared(s, e)]
    z, b = s.z(l, s.j), s.b(l, s.j)
    product = local = whole = None
    if e and case.biases:
        b_id, z_id = Id("b", e.layer, e.j), Id("z", e.layer, e.j)
        by_b, one, delta = e.dual(C, b_id), e.dual(z_id, b_id), float(e.delta(e.layer)[e.j])
        product, local, whole = e.same(by_b, e.dual(C, z_id) * one, b_id), e.same(one, 1.0), e.same(by_b, delta, b_id)
    if not case.biases:
        lines.append(
            sentence(f"(Layer {e.layer if e else ''} of this network has no biases: there are no numbers for it.)")
        )
    return [
        *lines,
        Equation(
            s.by(b), row(s.by(z), " ", partial(z, b)), why=(b, " enters ", z, " and nothing else."), sides=product
        ),
        Equation(partial(z, b), row("1"), why=("It is added there as it is.",), sides=local),
        Equation(s.by(b), s.delta(l, s.j), "BP3", why=("Put together:",), sides=whole),
    ]


def _bp3_shared(s: Letters, e: Example) -> list[Block]:
    """One bias for a whole layer enters every z of it (S0.4)."""
    l, b = s.layer, s.b(s.layer)
    z, b_id = s.z(l, s.j), Id("b", e.layer, 0)
    by_b, terms = e.dual(C, b_id), e.delta(e.layer).tolist()
    ones = e.duals("z", e.layer, b_id)
    product = e.same(by_b, float(ones @ e.delta(e.layer)), b_id, terms)
    whole = e.same(by_b, float(sum(terms)), b_id, terms)
    return [
        Equation(
            s.by(b), Sum(s.j, row(s.by(z), " ", partial(z, b))),
            why=("The one bias of the layer enters the ", s.how.input_word, " of each of its neurons."), sides=product,
        ),
        Equation(partial(z, b), row("1"), why=("It is added there as it is.",), sides=e.same(float(ones[e.j]), 1.0)),
        Equation(s.by(b), Sum(s.j, s.delta(l, s.j)), "BP3", why=("Put together:",), sides=whole),
    ]  # fmt: skip


def _bp4(s: Letters, e: Example | None) -> list[Block]:
    l = s.layer
    z, w, a = s.z(l, s.j), s.weight(l), s.a(str(beside(l, -1)), s.k)
    product = local = whole = None
    if e:
        w_id, z_id = Id("w", e.layer, e.j, e.k), Id("z", e.layer, e.j)
        by_w, onward = e.dual(C, w_id), e.dual(z_id, w_id)
        a_k = float(e.seen.trace.a[e.layer - 1][e.k])
        product = e.same(by_w, e.dual(C, z_id) * onward, w_id)
        local = e.same(onward, a_k, None, [a_k])
        whole = e.same(by_w, a_k * float(e.delta(e.layer)[e.j]), w_id)
    terms = row(z, " = ", Sum("r", row(s.weight(l, s.j, "r"), " ", s.a(str(beside(l, -1)), "r"))), " + ", s.b(l, s.j))
    return [
        Heading("BP4: the derivative by a weight"),
        Equation(
            s.by(w), row(s.by(z), " ", partial(z, w)), why=(w, " enters ", z, " and nothing else."), sides=product
        ),
        Equation(
            partial(z, w), a, why=("Of ", terms, " it stands in one term, and multiplies ", a, " there."), sides=local
        ),
        Equation(s.by(w), s.weight_one(l), "BP4", why=("Put together:",), sides=whole),
    ]


def _closing(s: Letters) -> list[Block]:
    """Why four equations are enough."""
    blocks: list[Block] = [
        Heading("And so"),
        sentence(
            f"BP1 gives the {plural(s.how.word)} of layer ", row("L"), ", BP2 from those of any layer the ones before it, down "
            "to layer 1; BP3 and BP4 turn them into the derivative by every bias and every weight. Nothing was used of ",
            row("σ"), " and of ", s.cost, " but that they have a derivative.",
        ),
    ]  # fmt: skip
    if s.how.over != "one":
        what = "mean" if s.how.over == "mean" else "sum"
        blocks.append(
            sentence(
                "This was one example. ", s.cost, f" over several is the {what} of theirs, and the derivative of a {what} is "
                f"the {what} of the derivatives.",
            )
        )  # fmt: skip
    return blocks
