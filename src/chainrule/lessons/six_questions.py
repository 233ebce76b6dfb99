"""Six questions on which the indices of backpropagation stand or fall, in a reader's convention (S4.19).

Where weights are written from,to (S0.3), rows and columns change places, and so do the two ends of a weight: the right
answers of the first, second and fourth question turn around.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainrule.conventions import Convention, as_convention
from chainrule.lessons.live import tex
from chainrule.lessons.quiz import Answer, Question
from chainrule.writing.formula import Formula, Sum, partial, row

PENALTY = 10.0


def six(convention: str | Convention = "nielsen") -> tuple[Question, ...]:
    """The six, in one convention."""
    asks = _Six(as_convention(convention))
    made = asks.layer_before(), asks.into_the_second(), asks.bias(), asks.meaning(), asks.sum_over_m(), odot()
    return tuple(replace(question, penalty=PENALTY) for question in made)


@dataclass(frozen=True)
class _Six:
    """The questions about indices, as one author writes them."""

    how: Convention

    @property
    def to_first(self) -> bool:
        return self.how.order == "to,from"

    def mark(self, step: int = 0) -> str:
        """l−1, l or l+1, with this author's letter."""
        return f"{self.how.layer_letter}{['', '+1', '−1'][step]}"

    def layer(self, step: int = 0) -> str:
        return f"layer {tex(self.mark(step))}"

    def tex(self, letter: str) -> str:
        return tex(self.how.symbol(letter, self.mark()))

    def layer_before(self) -> Question:
        w = self.tex("w")
        if self.to_first:
            rows = f"Rows count the neurons of {self.layer()} itself: each has a row of incoming weights."
            columns = f"Right: each row has one weight for every neuron of {self.layer(-1)}."
        else:
            rows = f"Right: the first index is the source here, and every neuron of {self.layer(-1)} has a row."
            columns = (
                f"The second index is the neuron a weight reaches here: columns count those of {self.layer()} itself."
            )
        answers = (
            Answer(f"rows in {w}", not self.to_first, rows),
            Answer(f"columns in {w}", self.to_first, columns),
            Answer(
                f"entries in {w}",
                False,
                f"Each entry is a weight, one for a pair of neurons of {self.layer(-1)} and {self.layer()}.",
            ),
        )
        return Question(f"There are as many neurons in {self.layer(-1)} as there are …", answers)

    def into_the_second(self) -> Question:
        w, second = self.tex("w"), self.how.base + 1
        line, other = ("row", "column") if self.to_first else ("column", "row")
        counted = f"Counting begins at {self.how.base} here, so that neuron {second} is the second."
        turned = (
            f"A {other} of {w} holds the weights that leave one neuron of {self.layer(-1)}; a {line} holds those that lead "
            f"into one of {self.layer()}."
        )
        miscounted = "first" if self.how.base == 0 else "third"
        answers = (
            Answer(f"the second row of {w}", self.to_first, counted if self.to_first else turned),
            Answer(f"the second column of {w}", not self.to_first, turned if self.to_first else counted),
            Answer(f"the {miscounted} {line} of {w}", False, counted),
            Answer(f"all of {w}", False, "The whole matrix holds the weights into every neuron of the layer."),
        )
        text = (
            f"Neurons count from {self.how.base}. Where does {w} keep the weights that lead into neuron {second} of "
            f"{self.layer()}?"
        )
        return Question(text, answers)

    def bias(self) -> Question:
        answers = (
            Answer("1", False, "One bias for a whole layer is another kind of network: here each neuron has its own."),
            Answer("3", True, "Right: each neuron adds one bias of its own, whatever the number of its inputs."),
            Answer("6", False, "6 is the number of inputs. A bias is added once all their products have been summed."),
            Answer(
                "18", False, "18 is the number of weights, one for a pair of neurons. A bias belongs to one neuron."
            ),
        )
        text = f"6 inputs lead into a layer of 3 neurons. How many entries has its bias vector {self.tex('b')}?"
        return Question(text, answers)

    def meaning(self) -> Question:
        symbol = self.how.weight(self.mark(), self.how.to_letter, self.how.from_letter)
        one, two = symbol.below[0], symbol.below[-1]
        does = "reaches" if self.to_first else "leaves"
        right = f"Right: the first index is the neuron a weight {does}."
        turned = f"The first index is the neuron a weight {does} in this convention: it is the other way round."
        late = "The mark above is the layer a weight reaches, so that it comes from the layer before."
        answers = (
            Answer(self.joins(one, two), not self.to_first, turned if self.to_first else right),
            Answer(self.joins(two, one), self.to_first, right if self.to_first else turned),
            Answer(self.joins(*((two, one) if self.to_first else (one, two)), step=1), False, late),
        )
        return Question(f"Which two neurons does the weight {tex(symbol)} join?", answers)

    def joins(self, source: str, to: str, step: int = 0) -> str:
        return f"from neuron ${source}$ of {self.layer(step - 1)} to neuron ${to}$ of {self.layer(step)}"

    def sum_over_m(self) -> Question:
        k, c = self.how.to_letter, self.how.letter
        a, z = self.how.symbol("a", self.mark(), k), self.how.symbol("z", self.mark(1), "m")
        cost = self.how.symbol(c)
        terms: Formula = Sum("m", row(partial(cost, z), " ", partial(z, a)))
        after = self.layer(1)
        answers = (
            Answer(f"because ${k}$ of {self.layer()} feeds every neuron of {after}, and each of them changes ${c}$",
                   True, f"One way to ${c}$ leads through each of them, and the ways add up."),
            Answer(f"because the network has several outputs, and ${c}$ sums over them", False,
                   f"That sum is inside ${c}$. The one over $m$ is there with a single output too, if {after} is a hidden "
                   "one."),
            Answer(f"because ${k}$ is one neuron, held fast, while $m$ goes through all that it leads to", True,
                   f"${k}$ appears on both sides and names one neuron; $m$ is summed away."),
            Answer(f"because {tex(z)} is itself a sum over the neurons of {self.layer()}", False,
                   f"That sum runs over ${k}$: of its terms only the one with this ${k}$ depends on {tex(a)}."),
        )  # fmt: skip
        text = f"Why is there a sum over $m$ in {tex(partial(cost, a), ' = ', terms)}?"
        return Question(text, answers, hint="Follow the ways from that neuron to the cost.")


def odot() -> Question:
    """The one question that no convention changes."""
    answers = (
        Answer("entry by entry: the product of each pair in the same place", True,
               "Right: both have the same shape, and so has the result."),
        Answer("row by column, and the products added: a matrix product", False,
               r"A matrix product adds up over an inner index; $\odot$ adds up nothing."),
        Answer("the sum of the products of all pairs in the same place: one number", False,
               r"That is the inner product. $\odot$ keeps the products apart, a vector for two vectors."),
        Answer("every entry of the one with every entry of the other: a larger matrix", False,
               r"That is the outer product, as of $\delta$ and $a$ in a gradient. $\odot$ pairs what stands in the same "
               "place."),
    )  # fmt: skip
    return Question(r"How does $\odot$ multiply two vectors or matrices?", answers)
