"""The algorithm of backpropagation as pseudocode in one convention, and the same as a short program that runs (S2.22)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.activations import Activation
from chainrule.conventions import Convention, as_convention, plural
from chainrule.costs import Cost, Pair
from chainrule.explanation.letters import Letters, meaning, usual_output
from chainrule.writing.document import Code, Heading, Program, Words, line, sentence
from chainrule.writing.formula import Formula, Symbol, row
from chainrule.writing.sheet import Sheet

Line = tuple[int, Words, str]
Change = tuple[Formula, Formula, str]  # what is changed, what it becomes, and by which equation
LAST_LAYER = {"identity": "but a ← z in the last layer", "softmax": "but a ← softmax(z) in the last layer"}


def pseudocode(convention: str | Convention = "nielsen") -> Sheet:
    """One update as pseudocode, by whole layers and neuron by neuron, and as a program (S2.22).

    It is written for the cost and the last layer that the author has in mind, and for one example, or the sum or the mean
    over several.
    """
    how = as_convention(convention)
    layers, neurons = Algorithm(how), Algorithm(how, by_neuron=True)
    blocks = [
        sentence(
            f"One update of the weights and biases: forward, where every {how.input_word} ", row("z"), " and every ",
            f"{how.activation_word} ", row("a"), f" is kept; backward, where the {plural(how.word)} ", row("δ"),
            " are found from the last layer to the first; and the delta rule with the learning rate ", row("η"), ".",
        ),
        Heading("By whole layers"),
        Code(tuple(layers.lines())),
        *meaning(layers.s, layers.cost, layers.pair, "L"),
        Heading("Neuron by neuron"),
        Code(tuple(neurons.lines())),
        Heading("As a program"),
        Program(runnable(how)),
    ]  # fmt: skip
    return Sheet("Backpropagation as pseudocode", how.name, tuple(blocks))


@dataclass(frozen=True)
class Algorithm:
    """The lines of one update, as an author writes them."""

    how: Convention
    by_neuron: bool = False

    @property
    def s(self) -> Letters:
        return Letters(self.how)

    @property
    def cost(self) -> Cost:
        return self.how.default_cost()

    @property
    def output(self) -> Activation:
        return usual_output(self.how, self.cost)

    @property
    def pair(self) -> Pair:
        return self.cost.on(self.output)

    def lines(self) -> list[Line]:
        """With vectors and matrices, or with an index for every neuron."""
        s, l, by_neuron, deep = self.s, self.s.layer, self.by_neuron, int(self.by_neuron)
        j, k = ((s.j,), (s.k,)) if by_neuron else ((), ())
        forward = [
            *([line(0, "for each input ", row(s.k), ":")] if by_neuron else []),
            line(deep, row(s.a(0, *k), " ← ", Symbol("x", below="".join(k)))),
            self._upwards("forward"),
            *self._each(1, s.j, l),
            line(1 + deep, row(s.z(l, *j), " ← ", s.weighted_one(l) if by_neuron else s.weighted(l)), remark="keep it"),
            line(
                1 + deep, row(s.a(l, *j), " ← σ(", s.z(l, *j), ")"), remark=LAST_LAYER.get(self.output.name, "keep it")
            ),
        ]
        backward = [
            *self._each(0, s.j, "L"),
            line(deep, row(s.delta("L", *j), " ← ", self._delta(*j)), remark="BP1"),
            line(0, "for ", row(l), " = ", row("L − 1"), ", …, 2, 1:", remark="backward"),
            *self._each(1, s.j, l),
            line(1 + deep, row(s.delta(l, *j), " ← ", s.hidden_one(l) if by_neuron else s.hidden(l)), remark="BP2"),
        ]
        weight, by_weight = (s.weight(l), s.weight_one(l)) if by_neuron else (s.w(l), s.outer(l))
        changes = [(s.b(l, *j), s.delta(l, *j), "BP3"), (weight, by_weight, "BP4")]
        update = self._one if self.how.over == "one" else self._several
        return update([*forward, *backward], changes)

    def _one(self, passes: list[Line], changes: Sequence[Change]) -> list[Line]:
        """One example, and an update at once."""
        rule = [(symbol, row(symbol, " − η ", slope), name) for symbol, slope, name in changes]
        return [self._given(), *passes, *self._changed(rule)]

    def _several(self, passes: list[Line], changes: Sequence[Change]) -> list[Line]:
        """The gradient is added up over the examples, and one update made at the end."""
        s, l, share = self.s, self.s.layer, "(η/N) " if self.how.over == "mean" else "η "
        sums = [(s.by(symbol), row(s.by(symbol), " + ", slope), name) for symbol, slope, name in changes]
        rule = [(symbol, row(symbol, " − ", share, s.by(symbol)), "delta rule") for symbol, _, _ in changes]
        inside = [*passes, *self._changed(sums)]
        return [
            self._given(row("N"), " examples "),
            line(0, "every ", s.by(s.b(l)), " ← 0, every ", s.by(s.w(l)), " ← 0"),
            line(0, "for each example ", row("x"), ", ", row("y"), ":"),
            *((indent + 1, words, remark) for indent, words, remark in inside),
            *self._changed(rule),
        ]

    def _given(self, *examples: str | Formula) -> Line:
        weights, biases = self.s.w(self.s.layer), self.s.b(self.s.layer)
        given = (row("x"), ", ", row("y"), ", the weights ", weights, ", the biases ", biases, " and ", row("η"))
        return line(0, "given ", *examples, *given)

    def _delta(self, *neuron: str) -> Formula:
        """δ^L, of the layer or of one neuron."""
        s = self.s
        if self.pair.delta is not None:
            return s.cost_delta(self.pair, "L", *neuron)
        if self.output.name == "identity":  # σ′ = 1
            return s.cost_slope(self.pair, "L", *neuron)
        times = " " if neuron else " ⊙ "
        return row(s.cost_slope(self.pair, "L", *neuron, factor=True), times, s.slope("L", *neuron))

    def _each(self, indent: int, letter: str, layer: str) -> list[Line]:
        """A loop over the neurons of a layer; with vectors there is none."""
        counts = f", from {self.how.base} on:"
        loop = line(indent, "for each neuron ", row(letter), " of layer ", row(layer), counts)
        return [loop] if self.by_neuron else []

    def _upwards(self, remark: str = "") -> Line:
        return line(0, "for ", row(self.s.layer), " = 1, 2, …, ", row("L"), ":", remark=remark)

    def _changed(self, changes: Sequence[Change]) -> list[Line]:
        """b ← …, w ← … in every layer; neuron by neuron b in a loop over j, and w in one over k inside it."""
        s, l, deep, ((b, new_b, name_b), (w, new_w, name_w)) = self.s, self.s.layer, int(self.by_neuron), changes
        return [
            self._upwards(),
            *self._each(1, s.j, l),
            line(1 + deep, row(b, " ← ", new_b), remark=name_b),
            *self._each(2, s.k, f"{l} − 1"),
            line(1 + 2 * deep, row(w, " ← ", new_w), remark=name_w),
        ]


# the program --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class WrittenCost:
    """A cost in NumPy, with {a}, {z} and {p}: functions it needs, its value, and ∂C/∂a, or ∂C/∂z where that is known."""

    value: str
    slope: str = ""
    delta: str = ""
    functions: str = ""


HUBER = """

def huber(e):
    inside = np.minimum(np.abs(e), {c})
    return inside * (np.abs(e) - inside / 2)
"""
HINGE = """

def margins(z, y):
    right = (y * z).sum(axis={axis}, keepdims=True)
    return (1 - y) * (1 + z - right)


def hinge_slope(z, y):
    over = (margins(z, y) > 0).astype(float)
    return over - y * over.sum(axis={axis}, keepdims=True)
"""
SOFTMAX = """

def softmax(z):
    e = np.exp(z - z.max(axis={axis}, keepdims=True))
    return e / e.sum(axis={axis}, keepdims=True)
"""
COSTS = {
    "quadratic": WrittenCost("0.5 * (({a} - y) ** 2).sum()", "({a} - y)"),
    "squared_error": WrittenCost("(({a} - y) ** 2).sum()", "2 * ({a} - y)"),
    "huber": WrittenCost("huber({a} - y).sum()", "np.clip({a} - y, -{c}, {c})", functions=HUBER),
    "absolute_error": WrittenCost("np.abs({a} - y).sum()", "np.sign({a} - y)"),
    "log_cosh": WrittenCost("np.log(np.cosh({a} - y)).sum()", "np.tanh({a} - y)"),
    "poisson": WrittenCost("({a} - y * np.log({a})).sum()", delta="{a} - y"),
    "cross_entropy": WrittenCost("-(y * np.log({p})).sum()", delta="{p} - y", functions=SOFTMAX),
    "binary_cross_entropy": WrittenCost("-(y * np.log({p}) + (1 - y) * np.log(1 - {p})).sum()", delta="{p} - y"),
    "multiclass_hinge": WrittenCost(
        "np.maximum(margins({z}, y), 0).sum()", delta="hinge_slope({z}, y)", functions=HINGE
    ),
}

PROGRAM = '''\
"""Backpropagation for {what}.

{indices};
{examples}.{counting}
"""

import numpy as np


def sigma(z):
    return 1 / (1 + np.exp(-z))


def sigma_prime(z):
    return sigma(z) * (1 - sigma(z))
{functions}

def forward(w, b, x):
    L, a, z = len(w), {{0: x}}, {{}}
    for l in range(1, L + 1):
        z[l] = {weighted} + b[l]
        a[l] = {activation}
    return a, z


def cost(w, b, x, y):
    L, (a, z) = len(w), forward(w, b, x)
    return {value}{share}


def gradient(w, b, x, y):
    """d{C}/dw and d{C}/db of every layer, numbered from 1."""
    L, delta = len(w), {{}}
    a, z = forward(w, b, x)
    delta[L] = {delta}
    for l in range(L - 1, 0, -1):
        delta[l] = ({moved}) * sigma_prime(z[l])
    d{C}_db = {{l: {by_bias}{share} for l in w}}
    d{C}_dw = {{l: {by_weight}{share} for l in w}}
    return d{C}_dw, d{C}_db


if __name__ == "__main__":
    rng, n = np.random.default_rng(0), [2, 3, 2]
    w = {{l: rng.normal(size=({shape})) for l in (1, 2)}}
    b = {{l: rng.normal(size={bias_shape}) for l in (1, 2)}}
    x, y = rng.normal(size={x_shape}), {targets}
    d{C}_dw, d{C}_db = gradient(w, b, x, y)

    def moved(by):
        raised = {{**w, 1: w[1].copy()}}
        raised[1][0, 0] += by
        return cost(raised, b, x, y)

    print("backpropagation", d{C}_dw[1][0, 0])
    print("difference", (moved(1e-5) - moved(-1e-5)) / 2e-5)
'''


def runnable(convention: str | Convention = "nielsen") -> str:
    """The same algorithm as a NumPy program: gradient(w, b, x, y), and a look at one derivative when it is run.

    w and b are dictionaries by layer, in the author's order of indices; x and y are columns, or rows, one for each example.
    Hidden layers are sigmoids.
    """
    how = as_convention(convention)
    algorithm = Algorithm(how)
    cost, last = COSTS[algorithm.cost.name], algorithm.output.name
    columns, to_from, one = how.orientation == "columns", how.order == "to,from", how.over == "one"
    neurons, examples = (0, 1) if columns else (1, 0)
    turned, count, names = "column" if columns else "row", 1 if one else 4, _names(algorithm.cost, last)
    first, second = ("delta[l]", "a[l - 1]") if to_from else ("a[l - 1]", "delta[l]")
    targets = "np.array([[1.0], [0.0]])" if columns else "np.array([[1.0, 0.0]])"
    several = f"np.eye(2)[[0, 1, 1, 0]]{'.T' if columns else ''}"
    slope = cost.slope + ("" if last == "identity" else " * sigma_prime(z[L])")
    return PROGRAM.format(
        what="one example" if one else f"the {how.over} over examples",
        indices=f"w[l][{'j, k' if to_from else 'k, j'}] is the weight to neuron j of layer l from neuron k",
        examples=f"x and y are a {turned}" if one else f"x and y are {turned}s, one for each example",
        counting=" NumPy counts neurons from 0." if how.base else "",
        functions=cost.functions.format(axis=neurons, c=names["c"]),
        weighted=_product("w[l]", "a[l - 1]", columns, to_from),
        moved=_product("w[l + 1]", "delta[l + 1]", columns, not to_from),
        activation=_last(last),
        value=cost.value.format(**names),
        share=f" / x.shape[{examples}]" if how.over == "mean" else "",
        C=how.letter,
        delta=(cost.delta or slope).format(**names),
        by_bias="delta[l]" if one else f"delta[l].sum(axis={examples}, keepdims=True)",
        by_weight=f"{first} @ {second}.T" if columns else f"{first}.T @ {second}",
        shape="n[l], n[l - 1]" if to_from else "n[l - 1], n[l]",
        bias_shape="(n[l], 1)" if columns else "(1, n[l])",
        x_shape=(2, count) if columns else (count, 2),
        targets=targets if one else several,
    )


def _last(output: str) -> str:
    """σ of the last layer in the program."""
    last = {"identity": "z[l]", "softmax": "softmax(z[l])", "exponential": "np.exp(z[l])"}
    return f"sigma(z[l]) if l < L else {last[output]}" if output in last else "sigma(z[l])"


def _names(cost: Cost, last: str) -> dict[str, str]:
    """What the letters of a cost are called in the program."""
    made = "softmax(z[L])" if cost.targets == "probabilities" else "sigma(z[L])"
    c = repr(float(cost.settings.get("threshold", 1.0)))
    return {"a": "a[L]", "z": "z[L]", "p": made if last == "identity" else "a[L]", "c": c}


def _product(matrix: str, vector: str, columns: bool, straight: bool) -> str:
    """A matrix times a column; transposed unless `straight`, and in reverse order where examples are rows."""
    if columns:
        return f"{matrix if straight else matrix + '.T'} @ {vector}"
    return f"{vector} @ {matrix + '.T' if straight else matrix}"
