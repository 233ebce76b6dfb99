"""∂u/∂v of one example, worked out with this network's numbers in any form, and checked by two other methods (S1.21)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost, named
from chainrule.errors import DataError, IdError, SettingError, ShapeError
from chainrule.explanation.audit import audit_of, check
from chainrule.explanation.derivation import Derivation
from chainrule.explanation.document import CostValue, Part, Product, Statement
from chainrule.explanation.forms import as_form, written
from chainrule.explanation.in_training import in_training
from chainrule.explanation.view import View, view
from chainrule.ids import Id, parse
from chainrule.network import Network, as_network
from chainrule.regularization import Penalty
from chainrule.updates import Rule, as_rule
from chainrule.writing.document import Words
from chainrule.writing.numbers import short


def explain(
    network: Network,
    x: Any,
    y: Any,
    by: str | Id,
    *,
    of: str | Id = "C",
    convention: str | Convention = "nielsen",
    cost: str | Cost | None = None,
    form: str | None = None,
    rule: str | Rule | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    decay: float | None = None,
    penalize_biases: bool = False,
) -> Derivation:
    """The derivative of one quantity of one example by another, from symbols to numbers to independent checks.

    x (in,) and y (out,) are one example, in the network's terms; y may be None where `of` is not a cost. `by` is an id such
    as "w/2/0/0", "b/2/0", "z/1/3", "a/1/3" or "x/5", `of` is "C", "z/l/j" or "a/l/j". The cost is the network's own unless
    one is named; a convention changes how it is written, never which it is. With a rule, `l1`, `l2` or `decay`, as `train`
    takes them, the derivative of the cost with its penalty follows, and the move of the rule's first step. Without a
    `form`, a single path is shown as a product, several as δ. Numbers are computed in float64 from the network's
    parameters. Raises DisagreementError, and shows nothing, where backpropagation, dual numbers and central differences
    differ, or a symbol would stand beside another quantity's number.
    """
    how = as_convention(convention)
    if form is not None:
        form = as_form(form)
    parameters = as_network(network, "explain(network, x, y, by)").parameters
    u, v = _quantity(of, network, "of", "Cza"), _quantity(by, network, "by", "wbzax")
    if u.kind == "C":
        the_cost = how.cost_for(network, cost)
    else:
        how.cost_for(network, "quadratic")  # a convention that does not fit the network is refused all the same
        the_cost, y = named("quadratic"), np.zeros(parameters.weights[parameters.weights.last].shape[0])
    if y is None:
        raise ShapeError("the cost of an example takes its target y: pass y, or ask for of='a/l/j' or of='z/l/j'")
    seen = view(network, x, y, the_cost, u, how)
    chosen = form or ("product" if seen.is_chain(v) else "delta")
    parts = _at_once(seen, v) or written(chosen, seen, v)
    audit = audit_of(seen)
    value = 1.0 if u == v else seen.value(v)
    with np.errstate(all="ignore"):
        exact = audit.exact(v)
        if value == 0 and abs(exact) <= audit.slack(v):
            exact = 0.0  # rounding noise, as in noise.py
        checks = exact, audit.difference(v)
        found = Derivation(seen.by(v), tuple(parts), value, *checks, chosen, how, _total(seen))
        check(audit, found, v)
    if rule is None and not (l1 or l2 or decay):
        return found
    if u.kind != "C" or v.kind not in "wb":
        raise SettingError(
            f"rules and penalties move weights and biases by the derivative of the cost: with of={str(of)!r} and "
            f"by={str(by)!r} leave them out"
        )
    the_rule = as_rule("delta_rule" if rule is None else rule)
    penalty = Penalty.of(the_rule.decay, l1, l2, decay, penalize_biases)
    return replace(found, training=in_training(seen, v, found.checks, the_rule, penalty))


def _total(seen: View) -> CostValue | None:
    """C of the example, and which cost it is; where a neuron is differentiated there is none."""
    if seen.u.kind != "C":
        return None
    rows = (seen.trace.z if seen.pair.of == "z" else seen.trace.a)[seen.top][None]
    value = float(seen.pair.value(rows, seen.y[None])[0])
    return CostValue(seen.how.letter, repr(seen.cost), value)


def _quantity(given: str | Id, network: Network, which: str, kinds: str) -> Id:
    """The id, of one of these kinds; a/0/k is the input x/k."""
    id = parse(given, network.parameters, kinds)
    if id.kind not in kinds:
        known = {
            "C": "the cost C",
            "z": "z/l/j",
            "a": "a/l/j",
            "w": "a weight w/l/j/k",
            "b": "a bias b/l/j",
            "x": "x/k",
        }
        wanted = ", ".join(known[kind] for kind in kinds)
        hint = f"; δ is ∂C/∂z: by='z/{id.layer}/{id.neuron}'" if id.kind == "d" else ""
        raise IdError(f"{which}={str(id)!r}: a derivative is taken {which} {wanted}{hint}")
    if id.kind == "a" and id.layer == 0:
        if which == "of":
            raise IdError(
                f"of={str(id)!r}: an input depends on nothing in the network; of='a/1/0' is the first that does"
            )
        return Id("x", 0, id.neuron)
    return id


def _at_once(seen: View, v: Id) -> list[Part]:
    """What is the same in every form: 0 where u does not depend on v, and why; 1 by itself; ∂C/∂a^L, the cost's own."""
    if seen.u == v:
        return [Statement(seen.by(v), (("a quantity by itself",),), 1.0)]
    if seen.u.kind == "C" and v.kind == "a" and v.layer == seen.top:
        slope = seen.of_activation(v.layer, v.neuron)
        if not math.isfinite(slope.value):
            raise DataError(
                f"{v} is {short(float(seen.trace.a[v.layer][v.neuron]))}, where the cost has no slope: nothing can be explained"
            )
        return [Product(seen.by(v), (slope,), slope.value)]
    if seen.path_count(v):
        return []
    u, name = seen.quantity(seen.u), seen.quantity(v)
    if v.layer > seen.top or (v.kind == "a" and v.layer == seen.top and seen.u.kind == "z"):
        why: Words = (name, " comes after ", u, ": nothing leads back")
    else:
        why = (f"both belong to layer {seen.top}, where a neuron does not see its neighbours",)
    return [Statement(seen.by(v), ((u, " does not depend on ", name), why), 0.0)]
