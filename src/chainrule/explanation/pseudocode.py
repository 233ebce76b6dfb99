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


def pseudocode(convention: str | Convention = "s2") -> Sheet:
    """One update as pseudocode, by whole layers and neuron by neuron, and as a program (S2.22).

    It is written for the cost and the last layer that the author has in mind, and for one example, or the sum or the mean
    over several.
    """
    how = as_convention(convention)
    lines = Algorithm(how)
    blocks = [
        sentence(
            f"One update of the weights and biases: forward, where every {how.input_word} ", row("z"), " and every ",
            f"{how.activation_word} ", row("a"), f" is kept; backward, where the {plural(how.word)} ", row("δ"),
            " are found from the last layer to the first; and the delta rule with the learning rate ", row("η"), ".",
        ),
        Heading("By whole layers"),
        Code(tuple(lines.layers())),
        *meaning(lines.s, lines.cost, lines.pair, "L"),
        Heading("Neuron by neuron"),
        Code(tuple(lines.neurons())),
        Heading("As a program"),
        Program(runnable(how)),
    ]  # fmt: skip
    return Sheet("Backpropagation as pseudocode", how.name, tuple(blocks))


@dataclass(frozen=True)
class Algorithm:
    """The lines of one update, as an author writes them."""

    how: Convention

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

    @property
    def several(self) -> bool:
        """True where C is a sum or a mean over examples."""
        return self.how.over != "one"

    # whole layers ----------------------------------------------------------------------------------------------------
    def layers(self) -> list[Line]:
        """With vectors and matrices."""
        s, l = self.s, self.s.layer
        ahead = [
            line(0, s.a(0), " ← ", row("x")),
            self.upwards(0, "forward"),
            line(1, row(s.z(l), " ← ", s.weighted(l)), remark="keep it"),
            *self._activation(1, s.z(l), s.a(l)),
        ]
        back = [
            *self._output(),
            self.downwards(0),
            line(1, row(s.delta(l), " ← ", s.hidden(l)), remark="BP2"),
        ]
        by_bias, by_weights = s.delta(l), s.outer(l)
        changes = [(s.b(l), by_bias, "BP3"), (s.w(l), by_weights, "BP4")]
        return self._update(ahead, back, changes, 1, [])

    def _output(self) -> list[Line]:
        s = self.s
        return [line(0, row(s.delta("L"), " ← ", self._delta()), remark="BP1")]

    def _delta(self, *neuron: str) -> Formula:
        """δ^L, of the layer or of one neuron."""
        s = self.s
        if self.pair.delta is not None:
            return s.cost_delta(self.pair, "L", *neuron)
        if self.output.name == "identity":  # σ′ = 1
            return s.cost_slope(self.pair, "L", *neuron)
        times = " " if neuron else " ⊙ "
        return row(s.cost_slope(self.pair, "L", *neuron, factor=True), times, s.slope("L", *neuron))

    def _activation(self, indent: int, z: Formula, a: Formula) -> list[Line]:
        """a ← σ(z), and what the last layer does instead where it does something else."""
        remark = {"identity": "but a ← z in the last layer", "softmax": "but a ← softmax(z) in the last layer"}
        return [line(indent, row(a, " ← σ(", z, ")"), remark=remark.get(self.output.name, "keep it"))]

    # neuron by neuron ------------------------------------------------------------------------------------------------
    def neurons(self) -> list[Line]:
        """With an index for every neuron."""
        s, l, j, k = self.s, self.s.layer, self.s.j, self.s.k
        ahead = [
            line(0, "for each input ", row(k), ":"),
            line(1, row(s.a(0, k), " ← ", Symbol("x", below=k))),
            self.upwards(0, "forward"),
            self.each(1, j, l),
            line(2, row(s.z(l, j), " ← ", s.weighted_one(l)), remark="keep it"),
            *self._activation(2, s.z(l, j), s.a(l, j)),
        ]
        back = [
            self.each(0, j, "L"),
            line(1, row(s.delta("L", j), " ← ", self._delta(j)), remark="BP1"),
            self.downwards(0),
            self.each(1, j, l),
            line(2, row(s.delta(l, j), " ← ", s.hidden_one(l)), remark="BP2"),
        ]
        changes = [(s.b(l, j), s.delta(l, j), "BP3"), (s.weight(l), s.weight_one(l), "BP4")]
        return self._update(ahead, back, changes, 2, [self.each(1, j, l), self.each(2, k, f"{l} − 1")])

    def each(self, indent: int, letter: str, layer: str) -> Line:
        return line(indent, "for each neuron ", row(letter), " of layer ", row(layer), f", from {self.how.base} on:")

    # both ------------------------------------------------------------------------------------------------------------
    def upwards(self, indent: int, remark: str = "") -> Line:
        return line(indent, "for ", row(self.s.layer), " = 1, 2, …, ", row("L"), ":", remark=remark)

    def downwards(self, indent: int) -> Line:
        return line(indent, "for ", row(self.s.layer), " = ", row("L − 1"), ", …, 2, 1:", remark="backward")

    def _update(
        self,
        ahead: list[Line],
        back: list[Line],
        changes: Sequence[Change],
        depth: int,
        loops: list[Line],
    ) -> list[Line]:
        """The whole: for one example an update at once, for several the gradient added up and one update at the end."""
        given = line(
            0, "given ", row("x"), ", ", row("y"), ", the weights ", self.s.w(self.s.layer), ", the biases ",
            self.s.b(self.s.layer), " and ", row("η"),
        )  # fmt: skip
        if not self.several:
            rule = [(symbol, row(symbol, " − η ", slope), name) for symbol, slope, name in changes]
            return [given, *ahead, *back, *self._changed(0, rule, depth, loops)]
        given = line(
            0, "given ", row("N"), " examples ", row("x"), ", ", row("y"), ", the weights ", self.s.w(self.s.layer),
            ", the biases ", self.s.b(self.s.layer), " and ", row("η"),
        )  # fmt: skip
        share = "(η/N) " if self.how.over == "mean" else "η "
        sums = [(self.s.by(symbol), row(self.s.by(symbol), " + ", slope), name) for symbol, slope, name in changes]
        rule = [(symbol, row(symbol, " − ", share, self.s.by(symbol)), "delta rule") for symbol, _, _ in changes]
        start = line(
            0, "every ", self.s.by(self.s.b(self.s.layer)), " ← 0, every ", self.s.by(self.s.w(self.s.layer)), " ← 0"
        )
        inside = [*ahead, *back, *self._changed(0, sums, depth, loops)]
        return [
            given, start, line(0, "for each example ", row("x"), ", ", row("y"), ":"),
            *((indent + 1, words, remark) for indent, words, remark in inside),
            *self._changed(0, rule, depth, loops),
        ]  # fmt: skip

    def _changed(self, indent: int, changes: Sequence[Change], depth: int, loops: list[Line]) -> list[Line]:
        """b ← …, w ← … in every layer; where there are loops over neurons, b in the first and w in the second."""
        (b, new_b, name_b), (w, new_w, name_w) = changes
        outer, inner = loops[:1], loops[1:]
        return [
            self.upwards(indent),
            *((indent + 1, words, remark) for _, words, remark in outer),
            line(indent + depth, row(b, " ← ", new_b), remark=name_b),
            *((indent + depth, words, remark) for _, words, remark in inner),
            line(indent + depth + len(inner), row(w, " ← ", new_w), remark=name_w),
        ]


# the program --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Written:
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
    "quadratic": Written("0.5 * (({a} - y) ** 2).sum()", "({a} - y)"),
    "squared_error": Written("(({a} - y) ** 2).sum()", "2 * ({a} - y)"),
    "huber": Written("huber({a} - y).sum()", "np.clip({a} - y, -{c}, {c})", functions=HUBER),
    "cross_entropy": Written("-(y * np.log({p})).sum()", delta="{p} - y", functions=SOFTMAX),
    "binary_cross_entropy": Written("-(y * np.log({p}) + (1 - y) * np.log(1 - {p})).sum()", delta="{p} - y"),
    "multiclass_hinge": Written("np.maximum(margins({z}, y), 0).sum()", delta="hinge_slope({z}, y)", functions=HINGE),
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


def runnable(convention: str | Convention = "s2") -> str:
    """The same algorithm as a NumPy program: gradient(w, b, x, y), and a look at one derivative when it is run.

    w and b are dictionaries by layer, in the author's order of indices; x and y are columns, or rows, one for each example.
    Hidden layers are sigmoids.
    """
    how = as_convention(convention)
    algorithm = Algorithm(how)
    cost, last = algorithm.cost, algorithm.output.name
    columns, to_from, one = how.orientation == "columns", how.order == "to,from", how.over == "one"
    neurons, examples = (0, 1) if columns else (1, 0)
    turned = "column" if columns else "row"
    names = _names(cost, last)
    return PROGRAM.format(
        what={"one": "one example", "mean": "the mean over examples", "sum": "the sum over examples"}[how.over],
        indices=f"w[l][{'j, k' if to_from else 'k, j'}] is the weight to neuron j of layer l from neuron k",
        examples=f"x and y are a {turned}" if one else f"x and y are {turned}s, one for each example",
        counting=" NumPy counts neurons from 0." if how.base else "",
        functions=COSTS[cost.name].functions.format(axis=neurons, c=names["c"]),
        weighted=_product("w[l]", "a[l - 1]", columns, to_from),
        moved=_product("w[l + 1]", "delta[l + 1]", columns, not to_from),
        activation=LAST.get(last, "sigma(z[l])"),
        value=COSTS[cost.name].value.format(**names),
        share=f" / x.shape[{examples}]" if how.over == "mean" else "",
        C=how.letter,
        delta=_delta(cost, last, names),
        by_bias="delta[l]" if one else f"delta[l].sum(axis={examples}, keepdims=True)",
        by_weight=_outer(columns, to_from),
        shape="n[l], n[l - 1]" if to_from else "n[l - 1], n[l]",
        bias_shape="(n[l], 1)" if columns else "(1, n[l])",
        x_shape=_shape(2, 1 if one else 4, columns),
        targets=_targets(one, columns),
    )


LAST = {
    "identity": "sigma(z[l]) if l < L else z[l]",
    "softmax": "sigma(z[l]) if l < L else softmax(z[l])",
}


def _names(cost: Cost, last: str) -> dict[str, str]:
    """What the letters of a cost are called in the program."""
    made = "softmax(z[L])" if cost.targets == "probabilities" else "sigma(z[L])"
    c = repr(float(cost.settings.get("threshold", 1.0)))
    return {"a": "a[L]", "z": "z[L]", "p": made if last == "identity" else "a[L]", "c": c}


def _delta(cost: Cost, last: str, names: dict[str, str]) -> str:
    """δ^L, times σ′ where there is one."""
    written = COSTS[cost.name]
    if written.delta:
        return written.delta.format(**names)
    return written.slope.format(**names) + ("" if last == "identity" else " * sigma_prime(z[L])")


def _product(matrix: str, vector: str, columns: bool, straight: bool) -> str:
    """A matrix times a column; turned around where its rows are not what comes out, or where examples are rows."""
    if columns:
        return f"{matrix if straight else matrix + '.T'} @ {vector}"
    return f"{vector} @ {matrix + '.T' if straight else matrix}"


def _outer(columns: bool, to_from: bool) -> str:
    first, second = ("delta[l]", "a[l - 1]") if to_from else ("a[l - 1]", "delta[l]")
    return f"{first} @ {second}.T" if columns else f"{first}.T @ {second}"


def _shape(neurons: int, examples: int, columns: bool) -> str:
    return str((neurons, examples) if columns else (examples, neurons))


def _targets(one: bool, columns: bool) -> str:
    if one:
        return "np.array([[1.0], [0.0]])" if columns else "np.array([[1.0, 0.0]])"
    return f"np.eye(2)[[0, 1, 1, 0]]{'.T' if columns else ''}"
