"""The four equations proved by the chain rule, a step per line, for a network with both sides in numbers (S2.22)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention, plural
from chainrule.costs import Cost
from chainrule.dual import Dual, dual
from chainrule.errors import DisagreementError, FormError
from chainrule.explanation.audit import Audit, audit_of
from chainrule.explanation.letters import Layer, Letters, beside, meaning
from chainrule.explanation.summary import Case, Example
from chainrule.ids import Id
from chainrule.network import Network
from chainrule.verification.moved import follow, slope_by_dual
from chainrule.writing.document import Block, Equation, Heading, Words, sentence
from chainrule.writing.formula import Formula, Ratio, Sum, Symbol, partial, row
from chainrule.writing.numbers import short
from chainrule.writing.sheet import Sheet

Array = np.ndarray
SAME = 1e-9  # of a value: what two methods may differ by, beside rounding
C = Id("C")
BothSides = dict[str, tuple[float, float]]  # both sides of the lines that have numbers, by the name of the line


def proof(
    convention: str | Convention = "nielsen",
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
    case = Case.of(how, network, x, y, cost, "proof(convention, network, x, y)")
    s, e = Letters(how), Compared(case.example.seen) if case.example else None
    parts = (_opening(s, e), _bp1(s, case, e), _bp2(s, e), _bp3(s, e), _bp4(s, e), _closing(s))
    return Sheet("A proof of the four equations", how.name, tuple(block for part in parts for block in part))


class Compared(Example):
    """An example that gives both sides of a line, each by a method of its own, and compares them."""

    @cached_property
    def audit(self) -> Audit:
        return audit_of(self.seen)

    def dual(self, u: Id, v: Id) -> float:
        """∂u/∂v by dual numbers."""
        return slope_by_dual(self.seen.problem, u, v)

    def duals(self, kind: str, layer: int, v: Id) -> Array:
        """∂z^l/∂v or ∂a^l/∂v of a whole layer, by dual numbers."""
        found = follow(self.seen.problem, v, Dual(0.0, 1.0))
        slopes = np.array(dual({"z": found.z, "a": found.a}[kind][layer]).slope, np.float64)
        if not np.isfinite(slopes).all():
            raise FormError(f"∂{kind}/∂{v} leaves the floating point numbers here: take smaller weights or inputs")
        return slopes

    def delta(self, layer: int) -> Array:
        """δ of a layer by backpropagation."""
        return self.seen.into_z[layer]

    def same(self, left: float, right: float, of: Id | None = None, terms: Sequence[float] = ()) -> tuple[float, float]:
        """The two sides of a line. Raises DisagreementError where they differ by more than rounding explains."""
        slack = (1e-12 if of is None else self.audit.slack(of)) + 1e-12 * sum(map(abs, terms))
        if not abs(left - right) <= SAME * max(abs(left), abs(right)) + slack:
            raise DisagreementError(
                f"a line of the proof says {short(left, 12)} on its left and {short(right, 12)} on its right, computed by "
                "different methods: nothing is shown until they agree; is a slope or a cost's derivative wrong?"
            )
        return left, right

    def through_activations(self, layer: int, j: int) -> BothSides:
        """∂C/∂z_j of a layer from ∂C/∂a, and the slope of a_j."""
        z, a_j = Id("z", layer, j), float(self.seen.trace.a[layer][j])
        slopes = self.duals("a", layer, z)
        terms = (slopes * self.seen.into_a[layer]).tolist()
        full = self.seen.network.activations[layer].full_slope
        slope = a_j * (1 - a_j) if full else self.seen.slope(layer, j).value
        return {
            "definition": self.same(float(self.delta(layer)[j]), self.dual(C, z), z),
            "through": self.same(self.dual(C, z), float(sum(terms)), z, terms),
            "slope": self.same(float(slopes[j]), slope),
        }


def _opening(s: Letters, example: Compared | None) -> list[Block]:
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
def _bp1(s: Letters, case: Case, e: Compared | None) -> list[Block]:
    left, z, pair = s.delta("L", s.j), s.z("L", s.j), case.pair
    direct = pair.delta_text.startswith("∂") and pair.delta is not None
    numbers = _bp1_numbers(e, by_a=pair.delta is None) if e else {}
    name, why, sides = "BP1" if direct else "", ("By definition.",), numbers.get("definition")
    lines: list[Block] = [
        Heading(f"BP1: the {s.how.word} of the last layer"),
        Equation(left, s.by(z), name, why=why, sides=sides),
    ]
    if direct:
        formula = s.cost_formula(case.cost, pair, "L")
        written = [] if formula is None else [Equation(s.cost, formula, why=_of_z(s))]
        return [*lines, *written, *meaning(s, case.cost, pair, "L")]
    if pair.delta is not None:
        return [*lines, *_bp1_of_z(s, case, sides and sides[::-1])]
    if e and e.full_output:
        return [*lines, *_through_activation(s, "L", True, numbers), _softmax_vector(s, "L", s.output("L", True))]
    if s.how.linear_output:
        no_activation = ("The last layer has no activation: ", s.a("L", s.j), " is ", z, ", and this cost gives")
        slope = s.cost_slope(pair, "L", s.j)
        return [*lines, Equation(left, slope, "BP1", why=no_activation, sides=numbers.get("whole"))]
    return [
        *lines,
        *_through_activation(s, "L", False, numbers),
        Equation(left, s.output_one("L"), "BP1", why=("Put together:",), sides=numbers.get("whole")),
        *_slope_of_cost(s, case, numbers),
        _vector(s, s.delta("L"), s.output("L")),
    ]


def _bp1_numbers(e: Compared, by_a: bool) -> BothSides:
    """Both sides for neuron J of the last layer; `by_a` where the cost is a function of a^L."""
    L, J, z, a = e.last, e.J, Id("z", e.last, e.J), Id("a", e.last, e.J)
    if not by_a:
        return {"definition": e.same(float(e.delta(L)[J]), e.dual(C, z), z)}
    found = e.through_activations(L, J)
    if e.full_output:
        return found
    by_cost, by_dual = float(e.seen.into_a[L][J]), e.dual(C, a)
    return found | {
        "cost": e.same(by_dual, by_cost, None, [by_dual]),
        "whole": e.same(e.dual(C, z), by_cost * e.seen.slope(L, J).value, z),
    }


def _through_activation(s: Letters, layer: Layer, full: bool, numbers: BothSides) -> list[Block]:
    """From ∂C/∂a to ∂C/∂z: σ acts on each neuron alone, a softmax on every neuron of its layer."""
    z, a, other = s.z(layer, s.j), s.a(layer, s.j), s.a(layer, "r")
    through, slope = numbers.get("through"), numbers.get("slope")
    if not full:
        alone = (z, " acts on ", s.cost, " through ", a, " alone.")
        return [
            Equation(s.by(z), row(s.by(a), " ", partial(a, z)), why=alone, sides=through),
            Equation(partial(a, z), s.slope(layer, s.j), why=("For ", row(a, " = σ(", z, ")"), ":"), sides=slope),
        ]
    every = (z, " acts on ", s.cost, " through every activation of its layer, which is a softmax.")
    return [
        Equation(s.by(z), Sum("r", row(s.by(other), " ", partial(other, z))), why=every, sides=through),
        Equation(partial(a, z), row(a, " (1 − ", a, ")"), why=("For ", row("r = ", s.j), ":"), sides=slope),
        Equation(partial(other, z), row("−", other, " ", a), why=("and for every other ", row("r"), ":")),
    ]


def _slope_of_cost(s: Letters, case: Case, numbers: BothSides) -> list[Block]:
    """∂C/∂a^L, where the cost has a formula for it."""
    by_a, slope = s.by(s.a("L", s.j)), s.cost_slope(case.pair, "L", s.j)
    if slope == by_a:
        return []
    why = (f"and of the cost {case.cost.name.replace('_', ' ')} the first factor is",)
    return [Equation(by_a, slope, why=why, sides=numbers.get("cost")), *meaning(s, case.cost, case.pair, "L")]


def _vector(s: Letters, left: Formula, right: Formula) -> Equation:
    return Equation(left, right, why=("For all neurons at once, ", row("⊙"), " multiplying entry by entry:"))


def _softmax_vector(s: Letters, layer: str, right: Formula) -> Equation:
    why = ("These are the entries of the symmetric matrix ", row("Σ′(", s.z(layer), ")"), ":")
    return Equation(s.delta(layer), right, "BP1" if layer == "L" else "BP2", why=why)


def _of_z(s: Letters) -> Words:
    return "The cost is a function of ", s.z("L"), ", so that nothing lies between:"


def _bp1_of_z(s: Letters, case: Case, sides: tuple[float, float] | None) -> list[Block]:
    """The cost is a function of z^L, and its derivative is taken directly (S3.14)."""
    z, r, y = s.z("L", s.j), s.z("L", "r"), Symbol("y", below="r")
    p, y_j = (Symbol(letter, below=s.how.below(s.j)) for letter in "py")
    written: dict[str, tuple[Formula, Formula]] = {
        "cross_entropy": (
            row("log ", Sum("r", _power(r)), " − ", Sum("r", row(y, " ", r))),
            row(Ratio(_power(z), Sum("r", _power(r))), " − ", y_j),
        ),
        "binary_cross_entropy": (
            Sum("r", row("(log(1 + ", _power(r), ") − ", y, " ", r, ")")),
            row(Ratio(_power(z), row("1 + ", _power(z))), " − ", y_j),
        ),
        "poisson": (Sum("r", row("(", _power(r), " − ", y, " ", r, ")")), row(_power(z), " − ", y_j)),
    }
    lines: list[Block] = []
    why = _of_z(s)
    if case.cost.name in written:
        cost, slope = written[case.cost.name]
        lines += [Equation(s.cost, cost, why=why), Equation(s.by(z), slope, why=("Term by term:",))]
        why = ("where the first term is ", p if "{p}" in case.pair.delta_text else s.a("L", s.j), ":")
    lines.append(Equation(s.delta("L", s.j), s.cost_delta(case.pair, "L", s.j), "BP1", why=why, sides=sides))
    return [*lines, *meaning(s, case.cost, case.pair, "L")]


def _power(z: Formula) -> Formula:
    """e^z."""
    return row("exp(", z, ")")


# BP2 ----------------------------------------------------------------------------------------------------------------
def _bp2(s: Letters, e: Compared | None) -> list[Block]:
    l, above = s.layer, beside(s.layer, 1)
    z, a, z_m, full = s.z(l, s.j), s.a(l, s.j), s.z(above, s.m), e is not None and e.full_hidden
    numbers = _bp2_numbers(e) if e and e.last > 1 else {}
    lines: list[Block] = [Heading(f"BP2: the {s.how.word} one layer back")]
    if e and e.last == 1:
        lines.append(sentence("(This network has one layer: there are no numbers for it.)"))
    lines += [
        Equation(s.delta(l, s.j), s.by(z), why=("By definition.",), sides=numbers.get("definition")),
        *_through_activation(s, l, full, numbers),
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
            why=("In ", row(z_m, " = ", s.weighted_one(above, s.m, "r")), " every term but one stays as it is."),
            sides=numbers.get("weight"),
        ),
        Equation(
            s.by(a), s.moved_one(l), why=(s.by(z_m), " has a name already, ", s.delta(above, s.m), ":"),
            sides=numbers.get("moved"),
        ),
    ]  # fmt: skip
    if full:
        return [*lines, _softmax_vector(s, l, s.hidden(l, True))]
    lines.append(Equation(s.delta(l, s.j), s.hidden_one(l), "BP2", why=("Put together:",), sides=numbers.get("whole")))
    return [*lines, _vector(s, s.delta(l), s.hidden(l))]


def _bp2_numbers(e: Compared) -> BothSides:
    """Both sides of every line, for neuron j of layer l."""
    l, j = e.layer, e.j
    z, a = Id("z", l, j), Id("a", l, j)
    by_z, by_a = e.dual(C, z), e.dual(C, a)
    onward, weights, delta = e.duals("z", l + 1, a), e.seen.network.weights[l + 1][:, j], e.delta(l + 1)
    fan, moved = (onward * delta).tolist(), (weights * delta).tolist()
    arrived, m = float(sum(moved)), int(np.argmax(np.abs(weights)))
    found = e.through_activations(l, j) | {
        "fan": e.same(by_a, float(sum(fan)), z, [*fan, *moved]),
        "weight": e.same(float(onward[m]), float(weights[m])),
        "moved": e.same(by_a, arrived, z, moved),
    }
    if not e.full_hidden:
        slope = e.seen.slope(l, j).value
        found["whole"] = e.same(by_z, arrived * slope, z, [slope * term for term in moved])
    return found


# BP3 and BP4 --------------------------------------------------------------------------------------------------------
def _bp3(s: Letters, e: Compared | None) -> list[Block]:
    """One bias for a whole layer enters every z of it (S0.4)."""
    l, shared = s.layer, e is not None and e.shared
    z, b = s.z(l, s.j), s.b(l) if shared else s.b(l, s.j)
    through, delta = row(s.by(z), " ", partial(z, b)), s.delta(l, s.j)
    why: Words = (b, " enters ", z, " and nothing else.")
    if shared:
        why = ("The one bias of the layer enters the ", s.how.input_word, " of each of its neurons.")
    lines: list[Block] = [Heading("BP3: the derivative with respect to a bias")]
    if e and not e.biased:
        lines.append(sentence(f"(Layer {e.layer} of this network has no biases: there are no numbers for it.)"))
    numbers = _bp3_numbers(e) if e and e.biased else {}
    return [
        *lines,
        Equation(s.by(b), Sum(s.j, through) if shared else through, why=why, sides=numbers.get("through")),
        Equation(partial(z, b), row("1"), why=("It is added there as it is.",), sides=numbers.get("local")),
        Equation(
            s.by(b), Sum(s.j, delta) if shared else delta, "BP3", why=("Put together:",), sides=numbers.get("whole")
        ),
    ]


def _bp3_numbers(e: Compared) -> BothSides:
    """Both sides for the bias of neuron j, or of its whole layer."""
    l, neurons = e.layer, list(range(len(e.delta(e.layer)))) if e.shared else [e.j]
    b = Id("b", l, 0 if e.shared else e.j)
    by_b, ones, terms = e.dual(C, b), e.duals("z", l, b), e.delta(l)[neurons].tolist()
    by_z = [e.dual(C, Id("z", l, i)) for i in neurons]
    return {
        "through": e.same(by_b, float(ones[neurons] @ by_z), b, terms),
        "local": e.same(float(ones[e.j]), 1.0),
        "whole": e.same(by_b, float(sum(terms)), b, terms),
    }


def _bp4(s: Letters, e: Compared | None) -> list[Block]:
    l = s.layer
    z, w, a = s.z(l, s.j), s.weight(l), s.a(beside(l, -1), s.k)
    numbers = _bp4_numbers(e) if e else {}
    enters = (w, " enters ", z, " and nothing else.")
    one_term = (
        "Of ",
        row(z, " = ", s.weighted_one(l, s.j, "r")),
        " it stands in one term, and multiplies ",
        a,
        " there.",
    )
    return [
        Heading("BP4: the derivative with respect to a weight"),
        Equation(s.by(w), row(s.by(z), " ", partial(z, w)), why=enters, sides=numbers.get("through")),
        Equation(partial(z, w), a, why=one_term, sides=numbers.get("local")),
        Equation(s.by(w), s.weight_one(l), "BP4", why=("Put together:",), sides=numbers.get("whole")),
    ]


def _bp4_numbers(e: Compared) -> BothSides:
    """Both sides for the weight to neuron j from k."""
    w, z = Id("w", e.layer, e.j, e.k), Id("z", e.layer, e.j)
    by_w, onward, a_k = e.dual(C, w), e.dual(z, w), float(e.seen.trace.a[e.layer - 1][e.k])
    return {
        "through": e.same(by_w, e.dual(C, z) * onward, w),
        "local": e.same(onward, a_k, None, [a_k]),
        "whole": e.same(by_w, a_k * float(e.delta(e.layer)[e.j]), w),
    }


def _closing(s: Letters) -> list[Block]:
    """Why four equations are enough."""
    blocks: list[Block] = [
        Heading("And so"),
        sentence(
            f"BP1 gives the {plural(s.how.word)} of layer ", row("L"), ", BP2 from those of any layer the ones before it, down "
            "to layer 1; BP3 and BP4 turn them into the derivatives with respect to every bias and every weight. Nothing was "
            "used of ",
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
