"""No number is shown that two other methods do not give, and no symbol that names another number than the one beside it.

The derivative itself is asked of dual numbers and of central differences. Every factor's symbol is read back in the reader's
convention, and the quantity it names is looked up in an evaluation that knows the forms alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from chainrule.conventions import Convention
from chainrule.costs import Cost, own_cost
from chainrule.dual import DUALS, Dual, dual
from chainrule.errors import DisagreementError, IdError
from chainrule.explanation.derivation import Derivation
from chainrule.explanation.document import Dot, Entries, Factor, MatrixProduct, Part, Product, Stages, Terms
from chainrule.explanation.view import View
from chainrule.ids import Id, parse
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.problem import Problem
from chainrule.verification.differences import Difference
from chainrule.verification.leeway import Leeway, leeway
from chainrule.verification.moved import Followed, follow, slope_by_difference, slope_by_dual
from chainrule.writing.formula import Bracket, Formula, Numeral, Ratio, Row, Sign, Symbol
from chainrule.writing.numbers import bar, short

SAME = 1e-9  # of a value: what different methods may differ by, beside rounding


@dataclass(frozen=True)
class Audit:
    """What the other methods say of one view: exact slopes, and how far rounding and kinks may lie between them."""

    view: View
    allowed: Leeway
    asked: dict[Id, float] = field(default_factory=dict)

    def exact(self, v: Id) -> float:
        """∂u/∂v by dual numbers."""
        if v not in self.asked:
            view = self.view
            self.asked[v] = slope_by_dual(view.problem, view.u, v)
        return self.asked[v]

    @cached_property
    def values(self) -> Followed:
        """Every z and a, by the forms."""
        return follow(self.view.problem, Id("x"), 0.0)

    def difference(self, v: Id) -> Difference:
        """∂u/∂v by central differences."""
        return slope_by_difference(self.view.problem, self.view.u, v)

    def slack(self, v: Id) -> float:
        """How far two right answers for ∂u/∂v may lie apart."""
        return _entry(self.allowed.rounding, self.view, v) + _entry(self.allowed.kinks, self.view, v)

    def rounding(self, v: Id) -> float:
        """The part of it that is rounding."""
        return _entry(self.allowed.rounding, self.view, v)


def audit_of(view: View) -> Audit:
    """The audit of everything that is seen from u."""
    network, y, cost = view.network, view.y, view.cost
    if view.u.kind != "C":
        network, y, cost = _truncated(view)
    whole = [b if b.size == len(w) else np.zeros(len(w)) + b.sum() for w, b in zip(network.weights, network.biases)]
    network = Network(
        list(network.weights), whole, list(network.activations)
    )  # one bias per neuron: each δ has an entry
    with np.errstate(all="ignore"):
        return Audit(view, leeway(Problem(network, view.problem.x, y[None], cost, cost.on(network.output), True)))


def _truncated(view: View) -> tuple[Network, np.ndarray, Cost]:
    """The network up to u, and the cost Σ y_j a_j, which is u where y picks it."""
    top = view.u.layer
    activations = list(view.network.activations)[:top]
    if view.u.kind == "z":
        activations[-1] = Network([np.eye(1)], None, "identity").output
    network = Network(list(view.network.weights)[:top], list(view.network.biases)[:top], activations)
    return network, np.eye(network.sizes[-1])[view.u.neuron], own_cost(lambda a, y, m: m.sum(a * y), "one neuron")


def _entry(rounding: Parameters, view: View, v: Id) -> float:
    if v.kind in "ax":
        if v.layer + 1 > rounding.weights.last:
            return 0.0
        w = np.abs(view.network.weights[v.layer + 1][:, v.neuron])
        below = rounding.biases[v.layer + 1]
        return float(w @ (below + 1e-15 * np.abs(view.into_z[v.layer + 1])))
    if v.layer > rounding.weights.last:
        return 0.0
    if v.kind == "w":
        return float(rounding.weights[v.layer][v.neuron, v.source])
    here = rounding.biases[v.layer]
    return float(here.sum() if view.shared(v) else here[v.neuron])


def check(audit: Audit, derivation: Derivation, v: Id) -> None:
    """Raises DisagreementError where a number of the derivation is not what other methods give."""
    value, exact, found = derivation.value, derivation.exact, derivation.check
    close = abs(value - exact) <= SAME * abs(value) + audit.slack(v)
    if not close or not found.holds(value, SAME * abs(value) + audit.slack(v)):
        raise DisagreementError(
            f"∂{audit.view.u}/∂{v}: backpropagation gives {short(value, 12)} and central differences "
            f"{short(found.value, 12)} ± {bar(found.error)}, dual numbers {short(exact, 12)}: nothing is shown until they "
            "agree; is a slope or a cost's derivative wrong?"
        )
    if derivation.total is not None:
        claimed, cost = derivation.total.value, float(audit.values.value(Id("C")))
        _same(Symbol(derivation.total.letter), cost, claimed, 1e-12 * max(1.0, abs(cost)))
    for number, part in enumerate(derivation.parts):
        _whole(audit, part, value if number == 0 else None, v)
    for product in derivation.products():
        for factor in product.factors:
            _factor(audit, factor, derivation.convention)


def _whole(audit: Audit, part: Part, value: float | None, v: Id) -> None:
    """A part's own arithmetic, and of the first part that it comes to the derivative."""
    slack = audit.rounding(v)
    match part:
        case Product(left, factors, claimed):
            _same(left, math.prod(f.value for f in factors), claimed, slack)
        case Terms(left, _, terms, _, rest_sum, claimed):
            size = sum(abs(term.value) for term in terms) + abs(rest_sum)
            _same(left, math.fsum([*(term.value for term in terms), rest_sum]), claimed, slack + 1e-13 * size)
            for term in terms:
                _same(term.left, math.prod(f.value for f in term.factors), term.value, 0.0)
        case Dot(left, factor, _, first, _, second, dot, claimed):
            size = float(np.abs(first) @ np.abs(second))
            _same(left, float(np.dot(first, second)), dot, 1e-13 * size)
            _same(left, dot * (1.0 if factor is None else factor.value), claimed, slack)
        case Entries():
            for cell, want in zip(np.ravel(part.cells), _full_slope(audit.view, part.layer).ravel()):
                _same(part.left, float(cell), float(want), 1e-12)
        case MatrixProduct():
            cells, vector = np.array(part.cells), np.array(part.vector)
            for got, said, reach in zip(cells @ vector, part.result, np.abs(cells) @ np.abs(vector)):
                _same(part.left, float(got), said, 1e-13 * float(reach))
            for slope, result, said in zip(part.slopes, part.result, part.value):
                _same(part.left, slope * result, said, 1e-300)
    if value is not None:
        claims = _claims(part)
        if claims is not None:
            _same(part.left if hasattr(part, "left") else Row(()), claims, value, slack)


def _full_slope(view: View, layer: int) -> np.ndarray:
    """Σ′(z^l), (n, n), by dual numbers: column j is how every activation moves with z_j."""
    z, sigma = view.trace.z[layer], view.network.activations[layer]
    columns = [dual(sigma.form(Dual(z[None], each[None]), DUALS)).slope for each in np.eye(z.size)]
    return np.array([np.ravel(column) for column in columns]).T


def _claims(part: Part) -> float | None:
    """What a first part says the derivative is."""
    match part:
        case Stages() | Entries():
            return None
        case MatrixProduct():
            return part.value[part.row]
    return getattr(part, "value", None)


def _factor(audit: Audit, factor: Factor, how: Convention) -> None:
    """The symbol, read back, names this number."""
    found = _named(audit, factor.symbol, how)
    if found is None:
        return
    want, slack = found
    if not abs(factor.value - want) <= SAME * abs(want) + slack:
        raise DisagreementError(
            f"{factor.symbol} would stand beside {short(factor.value, 12)}, and the quantity it names in convention {how.name} "
            f"is {short(want, 12)}: nothing is shown until they agree"
        )


def _named(audit: Audit, symbol: Formula, how: Convention) -> tuple[float, float] | None:
    """(value, slack) of the quantity that a symbol names: a weight, an activation, a δ, a ∂u/∂z, a σ′(z)."""
    view = audit.view
    match symbol:
        case Symbol():
            id = how.read(symbol)
            if id is None or id.kind == "C":
                return None
            _must_exist(view, id, symbol, how)
            if id.kind == "d":
                z = replace(id, kind="z")
                return (audit.exact(z), audit.slack(z)) if view.u.kind == "C" else None
            value = float(audit.values.value(id))
            return value, 1e-12 * max(1.0, abs(value))
        case Ratio(Row((_, Symbol() as of)), Row((_, Symbol() as by))):
            u, v = how.read(of), how.read(by)
            if u is None or v is None or u != view.u or v.kind not in "za":
                return None
            _must_exist(view, v, symbol, how)
            return audit.exact(v), audit.slack(v)
        case Row((Sign("−"), Symbol() as a)) if found := _named(audit, a, how):
            return -found[0], found[1]
        case Row((Bracket("(", Row((Numeral("1"), Sign(sign="−"), Symbol() as a))),)) if found := _named(audit, a, how):
            return 1 - found[0], found[1]
        case Row((Symbol("σ′"), Bracket("(", Row((Symbol() as z,))))):
            id = how.read(z)
            if id is None:
                return None
            _must_exist(view, id, symbol, how)
            sigma, at = view.network.activations[id.layer], float(view.trace.z[id.layer][id.neuron])
            if sigma.full_slope or any(abs(at - kink) < 1e-9 for kink in sigma.kinks):
                return None
            slope = float(np.asarray(dual(sigma.form(Dual(np.array([[at]]), np.ones((1, 1))), DUALS)).slope).item())
            return slope, 1e-12
    return None


def _must_exist(view: View, id: Id, symbol: Formula, how: Convention) -> None:
    """Raises DisagreementError for a symbol that names nothing in this network."""
    try:
        if min(id.layer, id.neuron, id.source) >= 0:
            parse(id, view.network.parameters)
            return
    except IdError:
        pass
    raise DisagreementError(
        f"{symbol} names nothing in this network in convention {how.name}: nothing is shown in symbols that cannot be read"
    )


def _same(left: Formula, got: float, said: float, slack: float) -> None:
    if not abs(got - said) <= SAME * abs(said) + slack:
        raise DisagreementError(
            f"{left}: the parts come to {short(got, 12)}, and {short(said, 12)} would stand below them: nothing is shown until "
            "they agree"
        )
