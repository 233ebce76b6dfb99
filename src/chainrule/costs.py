"""Costs C of one example, a row each: value, ∇_a C, formula, form, and the output activations each fits.

| name                 | C of one example                | ∇_a C          | output        | then δ^L = ∂C/∂z^L |
|----------------------|---------------------------------|----------------|---------------|---------------------|
| squared_error        | Σ_j (a_j − y_j)²                | 2(a − y)       | any           | by BP1              |
| quadratic            | ½ Σ_j (a_j − y_j)²              | a − y          | any           | by BP1              |
| absolute_error       | Σ_j \\|a_j − y_j\\|               | sign(a − y)    | any           | by BP1              |
| huber                | Σ_j ½e² or c(\\|e\\| − ½c), e=a−y | clip(a − y, ±c)| any           | by BP1              |
| log_cosh             | Σ_j log cosh(a_j − y_j)         | tanh(a − y)    | any           | by BP1              |
| poisson              | Σ_j a_j − y_j log a_j           | 1 − y / a      | exponential   | a − y               |
| cross_entropy        | −Σ_j y_j log a_j                | −y / a         | softmax       | a − y               |
|                      | log Σ_j e^a_j − Σ_j y_j a_j     | softmax(a) − y | identity      | softmax(z) − y      |
| binary_cross_entropy | −Σ_j y_j log a_j + (1−y_j) …    | (a−y) / a(1−a) | sigmoid       | a − y               |
|                      | Σ_j log(1 + e^a_j) − y_j a_j    | sigmoid(a) − y | identity      | sigmoid(z) − y      |
| multiclass_hinge     | Σ_{j≠y} max(0, 1 + a_j − a_y)   | counts of ±1   | identity      | the same            |

At the kink of an absolute error, a_j = y_j, its slope is 0, a subgradient (S3.4).

Where a cost meets its own output activation, C is a function of z^L (S3.14) and is computed from it, so that
neither the value nor δ^L loses digits in a saturated output. Every other pair is an error, not a guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from chainrule.activations import Activation, exponential, of_each_row, sigmoid, softplus
from chainrule.dual import DUALS, Dual
from chainrule.elementary import ARRAYS, Elementary
from chainrule.errors import ChainruleError, DataError, FormError, PairError, SettingError, brief
from chainrule.form_failures import failed, is_of_one_number
from chainrule.names import Frozen, look_up, resolve
from chainrule.own_forms import as_form, exact, real, with_slope

Array = np.ndarray
ANY = "any"


@dataclass(frozen=True)
class Pair:
    """A cost on one output activation. Arrays are rows (batch, out); `value` answers (batch,).

    `of` says whether value and form read a^L or z^L. `slope(a, y)` is ∇_a C. `delta(z, y)` is δ^L = ∂C/∂z^L where it is
    known without BP1; `delta_text` writes it, with {a}, {y}, {z} and {p} for the letters.
    """

    of: str
    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    form: Callable[[Any, Array, Elementary], Any]
    delta: Callable[[Array, Array], Array] | None = None
    slope_text: str = "∂C/∂{a}"
    delta_text: str = "∂C/∂{z}"


@dataclass(frozen=True)
class Cost(Frozen):
    """One cost: its name, its settings, and its pairs by the name of the output activation."""

    name: str
    formula: str
    latex: str
    pairs: Mapping[str, Pair]
    targets: str = (
        "numbers"  # numbers · counts (0 or more) · probabilities (rows that sum to 1) · choices (0…1 each) · one-hot
    )
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    own: bool = False

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={value}" for key, value in self.settings.items())
        return f"{self.name}({inside})" if inside else self.name

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as the call that makes it, by name; a user's own by its form, which pickle must find in a module."""
        if not self.pairs:
            return absent_own_cost, (self.name,)
        if self.own:
            return own_cost, (self.pairs[ANY].form, self.name, self.formula)
        return partial(named, self.name, **self.settings), ()

    @property
    def classifies(self) -> bool:
        """True where the targets are classes."""
        return self.targets not in ("numbers", "counts")

    def on(self, output: Activation) -> Pair:
        """This cost on that output activation. Raises PairError where the two do not fit."""
        pair = (None if output.own else self.pairs.get(output.name)) or self.pairs.get(ANY)
        if not self.pairs:
            raise PairError(
                f"this network was trained with your own cost {self.name!r}, whose formula no file can hold: hand it in, "
                f"load(path, costs=[{self.name}]), or name another cost"
            )
        if pair is None:
            legal = " or ".join(self.pairs)
            raise PairError(
                f"the cost {self.name} needs an output of {legal}, and this network's last layer is {output.name}: "
                f"build it with output={next(iter(self.pairs))!r}, or use the cost quadratic, which takes any output"
            )
        return pair

    def check_targets(self, y: Array) -> None:
        """Raises DataError where rows of targets are not what this cost is defined for."""
        if not np.isfinite(y).all():
            row = int(np.argwhere(~np.isfinite(y))[0][0])
            raise DataError(
                f"row {row} of the targets has the value {y[row][~np.isfinite(y[row])][0]}: targets are finite"
            )
        if self.targets == "numbers":
            return
        if self.targets == "counts":
            if y.min() < 0:
                row = int(np.argwhere(y < 0)[0][0])
                raise DataError(f"row {row} of the targets is {_short(y[row])}: the cost {self.name} needs y ≥ 0")
            return
        if y.min() < 0 or y.max() > 1:
            row = int(np.argwhere((y < 0) | (y > 1))[0][0])
            raise DataError(f"row {row} of the targets is {_short(y[row])}: the cost {self.name} needs 0 ≤ y ≤ 1")
        if self.targets == "choices":
            return
        wrong = np.abs(y.sum(axis=1) - 1) > 1e-4
        if self.targets == "one-hot":
            wrong |= (y != 0).sum(axis=1) != 1
        if wrong.any():
            row, need = int(np.argmax(wrong)), "one 1 and else 0" if self.targets == "one-hot" else "sum to 1"
            raise DataError(
                f"row {row} of the targets is {_short(y[row])}: for the cost {self.name} each row must {need}"
            )


def _short(row: Array) -> str:
    shown = ", ".join(f"{value:g}" for value in row[:6])
    return f"({shown}{', …' if row.size > 6 else ''})"


# the rows -----------------------------------------------------------------------------------------------------------
def squared_error(half: bool = False) -> Cost:
    """Σ_j (a_j − y_j)² of one example (S0.2, S1.3); with half=True half of it, then named quadratic (S2.6)."""
    factor = 0.5 if half else 1.0
    pair = Pair(
        of="a",
        value=lambda a, y: a.dtype.type(factor) * ((a - y) ** 2).sum(axis=1),
        slope=lambda a, y: a.dtype.type(2 * factor) * (a - y),
        form=lambda a, y, m: factor * m.sum((a - y) ** 2),
        slope_text="({a} − {y})" if half else "2({a} − {y})",
    )
    return Cost(
        "quadratic" if half else "squared_error",
        "½ Σ (a − y)²" if half else "Σ (a − y)²",
        r"\tfrac12 \sum_j (a_j - y_j)^2" if half else r"\sum_j (a_j - y_j)^2",
        {ANY: pair},
    )


def huber(threshold: float | np.number[Any] = 1.0) -> Cost:
    """½e² up to |e| = threshold, then threshold·(|e| − ½ threshold), with e = a − y: outliers pull with bounded force."""
    if not isinstance(threshold, (int, float, np.number)) or not 0 < threshold < np.inf:
        raise SettingError(f"huber needs a finite threshold > 0, got {brief(threshold)}")
    c = float(threshold)

    def value(a: Array, y: Array) -> Array:
        e = np.abs(a - y)
        inside = np.minimum(e, c)
        return (inside * (e - inside / 2)).sum(axis=1)

    def form(a: Any, y: Array, m: Elementary) -> Any:
        e = m.abs(a - y)
        inside = m.minimum(e, c)
        return m.sum(inside * (e - inside / 2))

    bound = f"{c:g}".replace("e-0", "e-").replace("-", "−")
    pair = Pair("a", value, lambda a, y: np.clip(a - y, -c, c), form, slope_text=f"clip({{a}} − {{y}}, ±{bound})")
    return Cost(
        "huber",
        "Σ ½e² or c(|e| − ½c)",
        r"\sum_j h_c(a_j - y_j)",
        {ANY: pair},
        settings=MappingProxyType({"threshold": c}),
    )


def absolute_error() -> Cost:
    """Σ_j |a_j − y_j|: an outlier pulls no harder than any other example; its kink is where a_j = y_j."""
    pair = Pair(
        "a",
        lambda a, y: np.abs(a - y).sum(axis=1),
        lambda a, y: np.sign(a - y),
        lambda a, y, m: m.sum(m.abs(a - y)),
        slope_text="sign({a} − {y})",
    )
    return Cost("absolute_error", "Σ |a − y|", r"\sum_j |a_j - y_j|", {ANY: pair})


def log_cosh() -> Cost:
    """Σ_j log cosh(a_j − y_j): ½e² where e = a − y is small, |e| − log 2 where it is large, and smooth between (S2.7)."""

    def value(a: Array, y: Array) -> Array:
        e = np.abs(a - y)
        near = np.minimum(e, 1)
        small = np.log1p(np.expm1(near) ** 2 * np.exp(-near) / 2)  # cosh e = 1 + (e^e − 1)² e^−e / 2
        return np.where(e < 1, small, e + np.log1p(np.exp(-2 * e)) - math.log(2)).sum(axis=1)

    def form(a: Any, y: Array, m: Elementary) -> Any:
        e = a - y
        return m.sum(m.softplus(2 * e) - e - math.log(2))

    pair = Pair("a", value, lambda a, y: np.tanh(a - y), form, slope_text="tanh({a} − {y})")
    return Cost("log_cosh", "Σ log cosh(a − y)", r"\sum_j \log\cosh(a_j - y_j)", {ANY: pair})


def poisson() -> Cost:
    """Σ_j a_j − y_j log a_j for counts y ≥ 0, on an exponential output: it is least where a is the mean of y (S3.14)."""

    def form(z: Any, y: Array, m: Elementary) -> Any:
        return m.sum(m.exp(z) - y * z)

    pair = Pair(
        of="z",
        value=lambda z, y: (exponential.value(z) - y * z).sum(axis=1),
        slope=lambda a, y: 1 + _probability_slope(a, y),
        form=form,
        delta=lambda z, y: exponential.value(z) - y,
        slope_text="(1 − {y}/{a})",
        delta_text="({a} − {y})",
    )
    return Cost("poisson", "Σ a − y log a", r"\sum_j a_j - y_j \log a_j", {"exponential": pair}, targets="counts")


def _parts(z: Array) -> tuple[Array, Array, Array]:
    """(largest z, e^(z − largest), Σ of those without the largest itself), by which nothing small is lost beside 1."""
    top = of_each_row(np.maximum, z)
    e = np.exp(z - top)
    first = np.arange(z.shape[1]) == z.argmax(axis=1)[:, None]
    return top, e, of_each_row(np.add, np.where(first, 0, e))


def _cross_entropy_form(z: Any, y: Array, m: Elementary) -> Any:
    return m.sum(y * (m.log_sum_exp(z) - z))


def _cross_entropy_value(z: Array, y: Array) -> Array:
    top, _, rest = _parts(z)
    return of_each_row(np.add, y * ((top - z) + np.log1p(rest)))[:, 0]


def _cross_entropy_delta(z: Array, y: Array) -> Array:
    """p − y, written p_j Σ_{i≠j} y_i − y_j Σ_{i≠j} p_i: where p_j is close to 1 the second sum keeps the digits."""
    _, e, rest = _parts(z)
    total = 1 + rest
    p = e / total
    first = np.arange(z.shape[1]) == z.argmax(axis=1)[:, None]
    others = np.where(first, rest / total, 1 - p)
    return p * (y.sum(axis=1, keepdims=True) - y) - y * others


def _probability_slope(a: Array, y: Array) -> Array:
    with np.errstate(divide="ignore", over="ignore"):  # a = 0 where y = 1 costs infinitely much, and says so
        return np.where(y == 0, 0, -y / np.where(y == 0, 1, a)).astype(a.dtype)


def cross_entropy() -> Cost:
    """−Σ_j y_j log p_j, p the softmax of z^L: the output may be that softmax, or z^L itself (S3.14)."""
    value, form, delta = _cross_entropy_value, _cross_entropy_form, _cross_entropy_delta
    return Cost(
        "cross_entropy",
        "−Σ y log p",
        r"-\sum_j y_j \log p_j",
        {
            "softmax": Pair("z", value, _probability_slope, form, delta, "−{y}/{a}", "({a} − {y})"),
            "identity": Pair("z", value, delta, form, delta, "({p} − {y})", "({p} − {y})"),
        },
        targets="probabilities",
    )


def _binary_form(z: Any, y: Array, m: Elementary) -> Any:
    return m.sum(m.softplus(z) - y * z)


def _binary_value(z: Array, y: Array) -> Array:
    return (y * softplus.value(-z) + (1 - y) * softplus.value(z)).sum(axis=1)


def _binary_delta(z: Array, y: Array) -> Array:
    """p − y, written (1 − y) σ(z) − y σ(−z), which keeps its digits where p is close to 1."""
    return (1 - y) * sigmoid.value(z) - y * sigmoid.value(-z)


def _choice_slope(a: Array, y: Array) -> Array:
    return _probability_slope(a, y) - _probability_slope(1 - a, 1 - y)


def binary_cross_entropy() -> Cost:
    """−Σ_j (y_j log p_j + (1 − y_j) log(1 − p_j)), p the sigmoid of z^L: the output may be it, or z^L itself."""
    value, form, delta = _binary_value, _binary_form, _binary_delta
    return Cost(
        "binary_cross_entropy",
        "−Σ y log p + (1 − y) log(1 − p)",
        r"-\sum_j y_j \log p_j + (1 - y_j) \log (1 - p_j)",
        {
            "sigmoid": Pair("z", value, _choice_slope, form, delta, "({a} − {y})/({a}(1 − {a}))", "({a} − {y})"),
            "identity": Pair("z", value, delta, form, delta, "({p} − {y})", "({p} − {y})"),
        },
        targets="choices",
    )


def multiclass_hinge() -> Cost:
    """Σ_{j≠y} max(0, 1 + z_j − z_y), the multiclass SVM, on a linear output (S3.14)."""

    def excess(z: Array, y: Array) -> Array:
        right = (y * z).sum(axis=1, keepdims=True)
        return (1 - y) * (1 + z - right)

    def delta(z: Array, y: Array) -> Array:
        over = (excess(z, y) > 0).astype(z.dtype)
        return over - y * over.sum(axis=1, keepdims=True)

    def form(z: Any, y: Array, m: Elementary) -> Any:
        return m.sum(m.maximum((1 - y) * (1 + z - m.sum(y * z)), 0.0))

    pair = Pair(of="z", value=lambda z, y: np.maximum(excess(z, y), 0).sum(axis=1), slope=delta, form=form, delta=delta)
    return Cost(
        "multiclass_hinge",
        "Σ_{j≠y} max(0, 1 + z_j − z_y)",
        r"\sum_{j \ne y} \max(0, 1 + z_j - z_y)",
        {"identity": pair},
        targets="one-hot",
    )


NAMED: dict[str, Callable[..., Cost]] = {
    "quadratic": lambda: squared_error(half=True),
    "squared_error": squared_error,
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "multiclass_hinge": multiclass_hinge,
    "absolute_error": absolute_error,
    "huber": huber,
    "log_cosh": log_cosh,
    "poisson": poisson,
}


def named(name: str, **settings: Any) -> Cost:
    """The cost of that name, with its settings (`named("huber", threshold=2.0)`)."""
    return look_up("cost", NAMED, name, settings)


def as_cost(given: str | Cost) -> Cost:
    """A name or a cost, as a cost."""
    return resolve("cost", NAMED, given, Cost, "squared_error(half=True)")


def natural(output: Activation) -> Cost:
    """The cost of a network that was trained with no other: cross_entropy for a softmax output, else quadratic."""
    return named("cross_entropy" if output.name == "softmax" and not output.own else "quadratic")


def absent_own_cost(name: str) -> Cost:
    """Stands for a user's own cost that a file names and cannot hold: the network predicts, and has no C until it is given."""
    return Cost(name, "C(a, y)", "C(a, y)", {}, own=True)


def own_cost(form: Callable[..., Any], name: str = "own", formula: str = "C(a, y)") -> Cost:
    """A user's own cost of one example, on any output; ∇_a C is made from the form by dual numbers (S2.7).

    `form(a, y)` in NumPy functions, or `form(a, y, m)` with those of `m`; sums run over the outputs with `m.sum`:
    `own_cost(lambda a, y, m: m.sum((a - y) ** 4), "quartic")`. Rows are examples: a and y have the shape (batch, out), and
    come in float64. Raises FormError where the form fails, or does not give one number per example; a form that takes
    another number of outputs than three (it holds a weight per output, say) is first tried when it is used.
    """
    if not callable(form):
        raise FormError(f"a cost's form is a function of a and y, got {brief(form)}")
    if not isinstance(name, str):
        raise FormError(
            f'own_cost(form, name): the name is a text, as "quartic", got {brief(name)}; a slope is made from the form'
        )
    own = _OwnCost(as_form(form, "a y"), name)
    a, y = np.array([[0.3, 0.6, 0.1], [0.2, 0.1, 0.7]]), np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    try:
        own.value(a, y), own.slope(a, y)
    except FormError as error:
        cause = error.__cause__
        if not isinstance(cause, (ValueError, IndexError)) or is_of_one_number(
            cause
        ):  # others may be the number of outputs
            raise
    return Cost(name, formula, formula, {ANY: Pair("a", own.value, own.slope, own.form)}, own=True)


@dataclass(frozen=True)
class _OwnCost:
    """Value and slope of a user's own form, evaluated in float64 and rounded once to the precision of a."""

    form: Callable[..., Any]
    name: str

    def value(self, a: Array, y: Array) -> Array:
        result = real(self._of(exact(a), exact(y), ARRAYS), self.name)
        self._check(result.shape, a.shape)
        with np.errstate(over="ignore"):
            return result.astype(a.dtype).reshape(len(a))

    def slope(self, a: Array, y: Array) -> Array:
        columns = []
        for seed in np.eye(a.shape[1]):  # one direction at a time: ∂C/∂a_j of every example
            found = self._of(Dual(exact(a), np.broadcast_to(seed, a.shape)), exact(y), DUALS)
            moved = with_slope(found, self.name).slope
            self._check(moved.shape, a.shape)
            columns.append(moved.reshape(len(a)))
        with np.errstate(over="ignore"):
            return np.stack(columns, axis=1).astype(a.dtype)

    def _of(self, a: Any, y: Array, m: Elementary) -> Any:
        try:
            with np.errstate(all="ignore"):  # what overflows is ∞, as in the built-in ones
                return self.form(a, y, m)
        except ChainruleError:
            raise
        except Exception as error:
            raise failed(f"cost {self.name!r}", f"arrays of shape {a.shape}, (batch, out)", error) from error

    def _check(self, shape: tuple[int, ...], a: tuple[int, ...]) -> None:
        if shape not in ((a[0],), (a[0], 1)):
            raise FormError(
                f"the cost {self.name!r} must give one number per example: for a of shape {a} it gave {shape}; "
                "sum over the outputs with m.sum(…)"
            )
