"""How an author writes: which cost, which index comes first, where counting starts, how a layer is marked, which words.

| setting     | article       | 3blue1brown    | nielsen          | cs231n          | 3h4               |
|             | s0            | s1             | s2               | s3              | s4                |
|-------------|---------------|----------------|------------------|-----------------|-------------------|
| cost        | Σ(y − a)²     | Σ(a − y)²      | ½Σ(a − y)²       | on z^L          | any               |
| examples    | one           | mean           | one              | one             | sum               |
| weight      | w_kj from, to | w_jk to, from  | w_jk to, from    | w_jk to, from   | w_kj to, from     |
| counts      | from 1        | from 0         | from 0           | from 0          | from 1            |
| output      | activated     | activated      | activated        | linear          | activated         |
| orientation | columns       | columns        | columns          | columns         | columns           |
| layer       | a⁽ˡ⁾          | a⁽ˡ⁾           | aˡ               | aˡ              | aˡ                |
| ∂C/∂z       | error         | sensitivity    | error            | gradient        | error signal      |
| z           | preactivation | weighted sum   | weighted input   | sum             | input sum         |
| σ           | activation function | the same       | the same         | activation gate | transfer function |
| colours     | by role       | by symbol      | by role          | by role         | by role           |

A convention changes what is shown, never the network: ids, arrays and files stay as they are (CONCEPTS 1.1).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from chainrule import texts
from chainrule.costs import Cost, as_cost
from chainrule.errors import PairError, SettingError, brief, unknown_name
from chainrule.ids import Id
from chainrule.network import Network, cost_for
from chainrule.writing.formula import Formula, Symbol, Transposed, row

TAKEN = "wbzaxyδσ"  # letters that name something else
INDICES = "ijkmnpqrstuv"
CHOICES = {
    "over": ("one", "mean", "sum"),
    "order": ("to,from", "from,to"),
    "base": (0, 1),
    "orientation": ("columns", "rows"),
    "marks": ("a^l", "a^(l)", "a^(ℓ)", "a^L"),
    "colours": ("role", "symbol"),
}


@dataclass(frozen=True)
class Convention:
    """One author's way of writing. The presets are those of the five texts (`texts.py`); `but(...)` changes a setting.

    cost       the cost this author writes in formulas that speak of no network; never which cost a network has
    over       what C is over examples: one example's own cost, their mean, their sum
    order      which index of a weight stands first; `to_letter`, `from_letter` are the letters in formulas
    base       where neurons count from
    linear_output  the author leaves the last layer without an activation (S3.14)
    orientation    columns: z = W a + b, a batch as columns; rows: z = a Wᵀ + b
    marks      how a layer is marked, and with which letter
    colours    by role (forward, backward), or one colour per symbol (S1.18)
    """

    name: str = "nielsen"
    cost: str = "quadratic"
    over: str = "one"
    order: str = "to,from"
    to_letter: str = "j"
    from_letter: str = "k"
    base: int = 0
    linear_output: bool = False
    orientation: str = "columns"
    marks: str = "a^l"
    letter: str = "C"
    word: str = "error"
    input_word: str = "weighted input"
    activation_word: str = "activation"
    function_word: str = "activation function"
    colours: str = "role"

    def __post_init__(self) -> None:
        for setting, choices in CHOICES.items():
            if not any(getattr(self, setting) is each or (isinstance(each, str) and getattr(self, setting) == each)
                       for each in choices):  # fmt: skip
                known = ", ".join(map(repr, choices))
                raise SettingError(f"{setting} of a convention is one of {known}, got {getattr(self, setting)!r}")
        as_cost(self.cost)
        if not isinstance(self.linear_output, bool):
            raise SettingError(f"linear_output of a convention is True or False, got {brief(self.linear_output)}")
        for setting in ("name", "letter", "word", "input_word", "activation_word", "function_word"):
            if not (isinstance(getattr(self, setting), str) and getattr(self, setting).strip()):
                raise SettingError(f"{setting} of a convention is a text, got {getattr(self, setting)!r}")
        if not self.letter.isalpha() or self.letter in TAKEN:
            raise SettingError(
                f"letter of a convention names the cost, by letters other than {TAKEN}; got {brief(self.letter)}"
            )
        for setting in ("to_letter", "from_letter"):
            if getattr(self, setting) not in tuple(INDICES):
                raise SettingError(
                    f"{setting} of a convention is one of the letters {INDICES}, got {getattr(self, setting)!r}"
                )
        if self.to_letter == self.from_letter:
            raise SettingError(f"to_letter and from_letter of a convention differ, got {brief(self.to_letter)} twice")

    @classmethod
    def preset(cls, name: str) -> Convention:
        """The convention of a text by its name: article, 3blue1brown, nielsen, cs231n or 3h4 (in short s0 … s4)."""
        if not isinstance(name, str) or texts.named(name) not in PRESETS:
            raise unknown_name("convention", str(name), PRESETS)
        return PRESETS[texts.named(name)]

    def but(self, **changes: Any) -> Convention:
        """This convention with some settings changed: `Convention.preset("nielsen").but(base=1)`."""
        try:
            return replace(self, **{"name": f"{self.name}*", **changes})
        except TypeError:
            known = [field.name for field in fields(self)]
            raise unknown_name("setting of a convention", next(iter(set(changes) - set(known)), ""), known) from None

    def cost_for(self, network: Network, given: str | Cost | None) -> Cost:
        """The cost that is meant: the one given, else the network's own. A convention never changes a number.

        Raises PairError where the author leaves the last layer without an activation (S3.14) and this network does not.
        """
        if self.linear_output and network.output.name != "identity":
            raise PairError(
                f"convention {self.name} applies no activation on the last layer, and this network's is "
                f"{network.output.name}: choose {activated()}, or build the network with output='identity'"
            )
        return cost_for(network, given)

    def default_cost(self) -> Cost:
        """The cost this author has in mind."""
        return as_cost(self.cost)

    # symbols ---------------------------------------------------------------------------------------------------------
    @property
    def brackets(self) -> bool:
        """True where a layer's mark stands in brackets."""
        return "(" in self.marks

    @property
    def layer_letter(self) -> str:
        """l, ℓ or L."""
        return self.marks.strip("a^()")

    @property
    def words(self) -> str:
        """More than one of them: errors, sensitivities."""
        return plural(self.word)

    def above(self, layer: int | str) -> str:
        """A layer's mark: "2", "(2)", or with a letter "l+1"."""
        return f"({layer})" if self.brackets else str(layer)

    def below(self, *indices: int | str) -> str:
        """Neurons in this author's counting, given from 0 or as letters; a comma between those of more than one digit."""
        shown = [index if isinstance(index, str) else str(index + self.base) for index in indices]
        return ("," if max(map(len, shown), default=0) > 1 else "").join(shown)

    def symbol(self, letter: str, layer: int | str | None = None, *indices: int | str) -> Symbol:
        """A letter with its layer above and its neurons below: a⁽¹⁾₀. Neurons come as numbers from 0, or as letters."""
        return Symbol(letter, "" if layer is None else self.above(layer), self.below(*indices))

    def weight(self, layer: int | str, neuron: int | str, source: int | str) -> Symbol:
        """The weight to `neuron` from `source`, in this author's order: w⁽²⁾₀₁."""
        pair = (neuron, source) if self.order == "to,from" else (source, neuron)
        return self.symbol("w", layer, *pair)

    def of(self, id: Id) -> Symbol:
        """How this author writes a quantity: w/2/0/1 as w²₀₁, d/2/0 as δ²₀, x/1 as x₁."""
        match id.kind:
            case "C":
                return Symbol(self.letter)
            case "x":
                return self.symbol("x", None, id.neuron)
            case "w":
                return self.weight(id.layer, id.neuron, id.source)
        return self.symbol({"d": "δ"}.get(id.kind, id.kind), id.layer, id.neuron)

    def read(self, symbol: Symbol) -> Id | None:
        """The quantity that a written symbol names in this convention, the inverse of `of`; None for letters that name none.

        Of a chain of single neurons, whose symbols go without indices (S1.2), every index is the first.
        """
        kind = {"δ": "d", self.letter: "C"}.get(symbol.letter, symbol.letter)
        if kind == "C":
            return Id("C")
        above = symbol.above.strip("()")
        if kind not in "wbzadx" or len(kind) != 1 or not (above.isdecimal() or kind == "x"):
            return None
        marks = symbol.below.split(",") if "," in symbol.below else list(symbol.below)
        if kind != "w" and "," not in symbol.below and symbol.below:
            marks = [symbol.below]
        if not all(mark.isdecimal() for mark in marks):
            return None
        places = [int(mark) - self.base for mark in marks] or [0] * (2 if kind == "w" else 1)
        if len(places) != (2 if kind == "w" else 1) or min(places) < 0:
            return None
        if kind == "x":
            return Id("x", 0, places[0])
        if kind == "w":
            to, source = places if self.order == "to,from" else places[::-1]
            return Id("w", int(above), to, source)
        return Id(kind, int(above), places[0])

    def back(self, layer: int | str) -> Formula:
        """The matrix that moves errors back: (w^l)ᵀ, or w^l itself where its rows are sources."""
        w = self.symbol("w", layer)
        return Transposed(w) if self.order == "to,from" else w

    def product(self, matrix: Formula, vector: Formula) -> Formula:
        """A matrix times a column, or a row times its transpose, as this author turns them."""
        if self.orientation == "columns":
            return row(matrix, " ", vector)
        return row(vector, " ", matrix.base if isinstance(matrix, Transposed) else Transposed(matrix))


PRESETS = {
    "article": Convention("article", cost="squared_error", order="from,to", base=1, marks="a^(ℓ)", letter="c",
                     input_word="preactivation"),
    "3blue1brown": Convention("3blue1brown", cost="squared_error", over="mean", marks="a^(l)", word="sensitivity",
                     input_word="weighted sum", colours="symbol"),
    "nielsen": Convention("nielsen"),
    "cs231n": Convention("cs231n", cost="cross_entropy", linear_output=True, word="gradient", input_word="sum",
                     function_word="activation gate"),
    "3h4": Convention("3h4", over="sum", to_letter="k", from_letter="j", base=1, word="error signal",
                     input_word="input sum", function_word="transfer function"),
}  # fmt: skip


def activated() -> str:
    """The presets that apply an activation on the last layer, as the text "article, … or 3h4"."""
    *others, last = [name for name, how in PRESETS.items() if not how.linear_output]
    return f"{', '.join(others)} or {last}"


def plural(word: str) -> str:
    """More than one of it: errors, sensitivities."""
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def as_convention(given: str | Convention) -> Convention:
    """A preset's name or a convention, as a convention."""
    if isinstance(given, Convention):
        return given
    if isinstance(given, str):
        return Convention.preset(given)
    raise SettingError(f"a convention is a name ({', '.join(PRESETS)}) or a Convention, got {brief(given)}")
