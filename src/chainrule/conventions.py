"""How an author writes: which cost, which index comes first, where counting starts, how a layer is marked.

| setting   | s0            | s1            | s2          | s3              | s4             |
|-----------|---------------|---------------|-------------|-----------------|----------------|
| cost      | Σ(y − a)²     | Σ(a − y)²     | ½Σ(a − y)²  | on z^L          | any            |
| weight    | w_kj from, to | w_jk to, from | to, from    | to, from        | to, from       |
| counts    | from 1        | from 0        | from 0      | from 0          | from 1         |
| output    | activated     | activated     | activated   | linear          | activated      |
| layer     | a⁽ˡ⁾          | a⁽ˡ⁾          | aˡ          | aˡ              | aˡ             |
| ∂C/∂z     | error         | sensitivity   | error       | gradient        | error signal   |

A convention changes what is shown, never the network: ids, arrays and files stay as they are (CONCEPTS 1.1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chainrule.costs import Cost, as_cost
from chainrule.errors import PairError, SettingError, unknown_name
from chainrule.network import Network

SUPERSCRIPT = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")
SUBSCRIPT = str.maketrans("0123456789jkmr", "₀₁₂₃₄₅₆₇₈₉ⱼₖₘᵣ")


@dataclass(frozen=True)
class Convention:
    """One author's way of writing. Presets s0 … s4 are the five texts; `but(...)` changes a setting."""

    name: str = "s2"
    cost: str = "quadratic"
    order: str = "to,from"
    base: int = 0
    linear_output: bool = False
    brackets: bool = False
    letter: str = "C"
    word: str = "error"

    def __post_init__(self) -> None:
        if self.order not in ("to,from", "from,to"):
            raise unknown_name("index order", self.order, ("to,from", "from,to"))
        if self.base not in (0, 1):
            raise SettingError(f"neurons count from 0 or from 1, got {self.base}")

    @classmethod
    def preset(cls, name: str) -> Convention:
        """The convention of a text, s0 … s4."""
        if name.lower() not in PRESETS:
            raise unknown_name("convention", name, PRESETS)
        return PRESETS[name.lower()]

    def but(self, **changes: Any) -> Convention:
        """This convention with some settings changed: `Convention.preset("s2").but(base=1)`."""
        try:
            return replace(self, name=f"{self.name}*", **changes)
        except TypeError:
            known = ("cost", "order", "base", "linear_output", "brackets", "letter", "word")
            raise unknown_name("setting of a convention", next(iter(set(changes) - set(known)), ""), known) from None

    def cost_for(self, network: Network, given: str | Cost | None) -> Cost:
        """The cost that is meant: the one given, else this author's. Raises PairError where it does not fit the network.

        An author who leaves the last layer linear (S3.14) is not read on a network that does not, and the network is not
        changed for him.
        """
        if self.linear_output and network.output.name != "identity":
            raise PairError(
                f"convention {self.name} applies no activation on the last layer (S3.14), and this network's is "
                f"{network.output.name}: choose s0, s1, s2 or s4, or build the network with output='identity'"
            )
        return as_cost(given if given is not None else self.default_cost())

    def default_cost(self) -> Cost:
        """The cost this author has in mind."""
        return as_cost(self.cost)

    # symbols ---------------------------------------------------------------------------------------------------------
    def symbol(self, letter: str, layer: int | None = None, *indices: int | str) -> str:
        """A letter with its layer above and its neurons below: a⁽¹⁾₀. Neurons come as numbers from 0, or as letters."""
        above = "" if layer is None else (f"({layer})" if self.brackets else str(layer))
        return letter + above.translate(SUPERSCRIPT) + self.subscript(*indices)

    def weight(self, layer: int, neuron: int | str, source: int | str) -> str:
        """The weight to `neuron` from `source`, in this author's order: w⁽²⁾₀₁."""
        pair = (neuron, source) if self.order == "to,from" else (source, neuron)
        return self.symbol("w", layer, *pair)

    def subscript(self, *indices: int | str) -> str:
        """Indices below the line, in this author's counting; a comma between those of more than one digit."""
        shown = [index if isinstance(index, str) else str(index + self.base) for index in indices]
        return ("," if any(len(index) > 1 for index in shown) else "").join(shown).translate(SUBSCRIPT)

    def back(self, layer: int) -> str:
        """The matrix that moves errors back: (w^l)ᵀ, or w^l itself where rows are sources."""
        w = self.symbol("w", layer)
        return f"({w})ᵀ" if self.order == "to,from" else w


PRESETS = {
    "s0": Convention("s0", cost="squared_error", order="from,to", base=1, brackets=True, letter="c"),
    "s1": Convention("s1", cost="squared_error", brackets=True, word="sensitivity"),
    "s2": Convention("s2"),
    "s3": Convention("s3", cost="cross_entropy", linear_output=True, word="gradient"),
    "s4": Convention("s4", base=1, word="error signal"),
}


def as_convention(given: str | Convention) -> Convention:
    """A preset's name or a convention, as a convention."""
    if isinstance(given, Convention):
        return given
    if isinstance(given, str):
        return Convention.preset(given)
    raise SettingError(f"a convention is a name ({', '.join(PRESETS)}) or a Convention, got {given!r}")
