"""One example's quantities as functions of one of them that is moved, by the forms, for any kind of number.

Raised by 0.01, a quantity moves everything above it (S1.7, S2.2); raised by a dual ε, it shows the slope ∂u/∂v of any pair
(S1.21). It imports the nouns alone: no equation, no δ and no slope written by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations import Activation
from chainrule.dual import DUALS, Dual, dual
from chainrule.elementary import ARRAYS, Elementary
from chainrule.errors import FormError, IdError, PairError, ShapeError
from chainrule.ids import Id, parse
from chainrule.network import Network
from chainrule.parameters import Layers, Parameters
from chainrule.problem import Problem
from chainrule.verification.differences import Difference, closer_than_kinks, derivative

Array = np.ndarray


@dataclass(frozen=True)
class Followed:
    """One example's quantities once `moved` is raised `by`: a[0]…a[L] and z[1]…z[L] by layer number, each (n,), and C.

    Where `by` holds several numbers (steps,), each is a row: a[l] and z[l] are (steps, n), C is (steps,).
    """

    network: Network
    moved: Id
    by: Any
    a: Layers[Any]
    z: Layers[Any]
    C: Any

    def value(self, u: str | Id) -> Any:
        """What C, z/l/j, a/l/j, x/k, w/l/j/k or b/l/j is now."""
        match u if isinstance(u, Id) else parse(u, self.network.parameters):
            case Id("C"):
                return self.C
            case Id("x", _, k):
                return self.a[0][..., k]
            case Id("a", l, j):
                return self.a[l][..., j]
            case Id("z", l, j):
                return self.z[l][..., j]
            case Id("w", l, j, k) as id:
                return self._parameter(id, float(self.network.weights[l][j, k]))
            case Id("b", l, j) as id:
                return self._parameter(id, float(self.network.biases[l][j]))
            case Id() as id:
                raise IdError(
                    f"{id} is a slope, ∂C/∂z of neuron {id.neuron}: what is followed is a value, as z/l/j or C"
                )

    def _parameter(self, id: Id, value: float) -> Any:
        return value + (self.by if id == self.moved else 0.0 * self.by)


def follow(problem: Problem, v: str | Id, by: Any, m: Elementary | None = None) -> Followed:
    """Everything that a problem of one example computes, with v raised by a number, numbers or a dual.

    z/l/j is raised before σ, a/l/j after it: of a softmax only that output moves, and a cost that is computed from z^L is then
    taken as the function of a^L that it is. `m` is the namespace of the forms, else that of the kind of number given.
    """
    exact = problem.network
    moved = movable(v, exact.parameters)
    m = m or (DUALS if isinstance(by, Dual) else ARRAYS)
    up = by if isinstance(by, Dual) else np.asarray(by)
    single, column = up.shape == (), _column(up)
    with np.errstate(all="ignore"):  # an infinity or NaN is left to the caller
        a, z = [_raised(problem.x, moved, Id("x", 0, moved.neuron), column)], []
        for l, sigma in exact.activations.items():
            z.append(_weighted(exact, l, a[-1], moved, column))
            made = _activated(sigma, z[-1], m if _reaches(moved, l) else ARRAYS)
            a.append(_raised(made, moved, Id("a", l, moved.neuron), column))
        by_activation = moved.kind == "a" and moved.layer == exact.depth
        form, of = _cost_form(problem, by_activation)
        at = a[-1] if of == "a" else z[-1]
        c = _column(form(at, np.broadcast_to(problem.y, at.shape), m))
    a, z, c = ([_shown(each, column.shape[0], single) for each in each_kind] for each_kind in (a, z, [c]))
    return Followed(exact, moved, by, Layers(a, first=0), Layers(z), _plain(c[0]))


def movable(v: str | Id, parameters: Parameters) -> Id:
    """The id of something that can be moved: a weight, a bias, a z, an activation or an input. Raises IdError for others."""
    match v if isinstance(v, Id) else parse(v, parameters):
        case Id("d") as id:
            raise IdError(
                f"{id} cannot be moved: δ is no place in the network but a slope, ∂C/∂z, that comes out of it; "
                f"move z/{id.layer}/{id.neuron} instead"
            )
        case Id("C"):
            raise IdError("C cannot be moved: it is what comes out; move a weight, a bias, a z, an a or an input x/k")
        case Id("a", 0, k):
            return Id("x", 0, k)
        case Id() as id:
            return id


def slope_by_dual(problem: Problem, u: str | Id, v: str | Id) -> float:
    """∂u/∂v of one example, exact, as the dual part of u(v + ε) (S1.21); 0.0 where u does not depend on v.

    At a kink it is the one-sided slope that the forms take there. Raises FormError where a form becomes NaN or infinite.
    """
    found = dual(follow(problem, v, Dual(0.0, 1.0)).value(u))
    if not (np.isfinite(found.value) and np.isfinite(found.slope)):
        raise FormError(
            f"∂{u}/∂{v}: {u} is {float(found.value):g} and its slope {float(found.slope):g} here: a form leaves the floating "
            "point numbers; take smaller weights or inputs, or a cost that fits the output"
        )
    return float(found.slope) + 0.0  # no −0


def slope_by_difference(problem: Problem, u: str | Id, v: str | Id) -> Difference:
    """∂u/∂v of one example by central differences, with an error bar and the one-sided slopes (S1.21, S3.4).

    Its steps pass no kink but one that v is at exactly.
    """
    here = follow(problem, v, 0.0)
    start = float(here.value(v))

    def moved_to(at: float) -> float:
        return float(follow(problem, v, at - start).value(u))

    def sides(at: float) -> Array:
        there = follow(problem, v, at - start)
        kinks = [(layer, kink) for layer, sigma in problem.network.activations.items() for kink in sigma.kinks]
        found = [np.sign(there.z[layer] - kink).ravel() for layer, kink in kinks]
        if problem.cost.name == "absolute_error" and not problem.cost.own:
            found.append(np.sign(there.a[there.a.last] - problem.y).ravel())
        return np.concatenate([np.zeros(0), *found])

    return derivative(moved_to, start, largest_term(here), closer=closer_than_kinks(sides, start) or 1.0)


def largest_term(here: Followed) -> float:
    """The largest Σ|w a| + |b| of any neuron, at least 1: rounding on the way to C is of the size of its last digit."""
    sizes = [1.0]
    for w, b, a in zip(here.network.weights, here.network.biases, here.a):
        sizes.append(float((np.abs(w) @ np.abs(a)).max() + np.abs(b).max(initial=0)))
    return max(size for size in sizes if math.isfinite(size))


# one layer ----------------------------------------------------------------------------------------------------------
def _weighted(network: Network, layer: int, before: Any, moved: Id, up: Any) -> Any:
    """z^l = w^l a^(l−1) + b^l, with the weight, the bias or the z that moves."""
    w, b = network.weights[layer], network.biases[layer]
    z = before @ w.T + b if b.size else before @ w.T
    match moved:
        case Id("w", l, _, k) if l == layer:
            return _raised(z, moved, moved, up * before[:, k : k + 1])
        case Id("b", l) if l == layer and b.size < len(w):
            return z + up  # one bias for the whole layer
        case Id("b" | "z", l) if l == layer:
            return _raised(z, moved, moved, up)
    return z


def _raised(values: Any, moved: Id, here: Id, up: Any) -> Any:
    """The values of a layer, that of one neuron raised if it is the one that moves."""
    if moved != here:
        return values
    return np.where(np.arange(values.shape[-1]) == moved.neuron, values + up, values)


def _activated(sigma: Activation, z: Any, m: Elementary) -> Any:
    """a = σ(z). The slope of a neuron that stands still is 0, even where that of its σ is infinite."""
    a = sigma.form(z, m)
    if not isinstance(z, Dual) or sigma.full_slope:
        return a
    return Dual(dual(a).value, np.where(z.slope == 0, 0, dual(a).slope))


def _reaches(moved: Id, layer: int) -> bool:
    """Whether z of that layer may depend on what moves."""
    return layer >= moved.layer + (moved.kind == "a")


# the cost -----------------------------------------------------------------------------------------------------------
CostForm = Callable[[Any, Array, Elementary], Any]


def _log(a: Any, y: Array, m: Elementary) -> Any:
    """y log a, and 0 where y is 0."""
    return y * m.log(a * (y != 0) + (y == 0))


# The costs that are computed from z^L of an output which is not z^L itself, as functions of a^L.
BY_ACTIVATION: dict[tuple[str, str], CostForm] = {
    ("cross_entropy", "softmax"): lambda a, y, m: -m.sum(_log(a, y, m)),
    ("poisson", "exponential"): lambda a, y, m: m.sum(a - _log(a, y, m)),
    ("binary_cross_entropy", "sigmoid"): lambda a, y, m: -m.sum(_log(a, y, m) + _log(1 - a, 1 - y, m)),
}


def _cost_form(problem: Problem, by_activation: bool) -> tuple[CostForm, str]:
    """The cost's form, and whether it reads a or z; by_activation asks for the one that reads a^L."""
    cost, pair, output = problem.cost, problem.pair, problem.network.output
    if pair.of == "a" or not by_activation:
        return pair.form, pair.of
    if output.name == "identity":
        return pair.form, "a"
    if (cost.name, output.name) not in BY_ACTIVATION:
        raise PairError(
            f"the cost {cost.name} is known as a function of z alone on an output of {output.name}: move z instead of a there"
        )
    return BY_ACTIVATION[cost.name, output.name], "a"


# numbers ------------------------------------------------------------------------------------------------------------
def _column(numbers: Any) -> Any:
    """A number or numbers (steps,) as a column (steps, 1)."""
    if numbers.shape not in ((), (numbers.size,), (numbers.size, 1)):
        raise ShapeError(f"a quantity is raised by one number, or by several (steps,), got the shape {numbers.shape}")
    return _each_part(numbers, lambda part: part.reshape(-1, 1))


def _shown(values: Any, steps: int, single: bool) -> Any:
    """A layer as (n,) for one step and (steps, n) for several; below what moves it is one row, the same for all steps."""
    if single:
        return values[0]
    return _each_part(values, lambda part: np.broadcast_to(part, (steps, part.shape[-1])))


def _plain(c: Any) -> Any:
    """C without the axis of neurons; a number where it is one."""
    return float(c[0]) if c.shape == (1,) and isinstance(c, np.ndarray) and c.dtype.kind == "f" else c[..., 0]


def _each_part(numbers: Any, change: Callable[[Array], Array]) -> Any:
    """A change of shape, of numbers and of the value and the slope of duals."""
    return Dual(change(numbers.value), change(numbers.slope)) if isinstance(numbers, Dual) else change(numbers)
