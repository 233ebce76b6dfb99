"""The first step of each update rule, written out: what it remembers and which way it goes, in letters and in numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.updates import NAMED, Rule
from chainrule.writing.formula import Formula, Numeral, Root, Row, Symbol, filled
from chainrule.writing.numbers import short

Array = np.ndarray
G = "g"  # the derivative that the rule gets
SIGNS: dict[str, Formula] = {
    "momentum": Symbol("μ"), "rho": Symbol("ρ"), "beta1": Symbol("β", below="1"), "beta2": Symbol("β", below="2"),
    "epsilon": Symbol("ε"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """letter = template, an operation entry by entry; `slot` is the number that the rule remembers by that name.

    `in_numbers` where the numbers are put into the template too; {root_s} is √s.
    """

    letter: str
    template: str
    compute: Callable[[Mapping[str, Any]], Any]
    slot: str = ""
    in_numbers: bool = True


MOMENTUM = Line("v", "{momentum} {v} + {g}", lambda n: n["momentum"] * n["v"] + n["g"], "velocity")
SQUARE = "{beta2} {s} + (1 − {beta2}) {g} ⊙ {g}"
ADAM = (
    Line("m", "{beta1} {m} + (1 − {beta1}) {g}", lambda n: n["beta1"] * n["m"] + (1 - n["beta1"]) * n["g"], "mean"),
    Line("s", SQUARE, lambda n: n["beta2"] * n["s"] + (1 - n["beta2"]) * n["g"] ** 2, "square"),
    Line("M", "{m}/(1 − {beta1})", lambda n: n["m"] / (1 - n["beta1"]), in_numbers=False),
    Line("S", "{s}/(1 − {beta2})", lambda n: n["s"] / (1 - n["beta2"]), in_numbers=False),
    Line("u", "{M}/({root_S} + {epsilon})", lambda n: n["M"] / (np.sqrt(n["S"]) + n["epsilon"]), in_numbers=False),
)
LINES: dict[str, tuple[Line, ...]] = {  # the last of them is what η is multiplied with
    "delta_rule": (),
    "momentum": (MOMENTUM,),
    "nesterov": (MOMENTUM, Line("u", "{g} + {momentum} {v}", lambda n: n["g"] + n["momentum"] * n["v"])),
    "rmsprop": (
        Line("s", SQUARE.replace("beta2", "rho"), lambda n: n["rho"] * n["s"] + (1 - n["rho"]) * n["g"] ** 2, "square"),
        Line("u", "{g}/({root_s} + {epsilon})", lambda n: n["g"] / (np.sqrt(n["s"]) + n["epsilon"]), in_numbers=False),
    ),
    "adam": ADAM,
    "adamw": ADAM,
}


def lines_of(rule: Rule) -> tuple[Line, ...] | None:
    """The lines of a rule, None for one of the user's own."""
    named = rule.name in LINES and rule.step is NAMED[rule.name]().step
    return LINES[rule.name] if named else None


def computed(rule: Rule, lines: tuple[Line, ...], g: Array) -> dict[str, Array]:
    """The number of each line, entry by entry, worked out as it is written: all that a rule remembers begins at 0."""
    numbers: dict[str, Any] = {**rule.settings, G: g, **{line.letter: np.zeros_like(g) for line in lines if line.slot}}
    for line in lines:
        numbers[line.letter] = line.compute(numbers)
    return {letter: numbers[letter] for letter in (G, *(line.letter for line in lines))}


def letters(line: Line) -> Row:
    """The right side of a line in letters."""

    def of(name: str) -> Formula:
        return Root(Symbol(name.removeprefix("root_"))) if name.startswith("root_") else SIGNS.get(name) or Symbol(name)

    return _filled(line, of)


def in_numbers(line: Line, rule: Rule, cells: Callable[[str], Formula]) -> Row:
    """The right side of a line in numbers, those of a letter as `cells`."""
    settings = {name: Numeral(short(value, 12)) for name, value in rule.settings.items()}
    return _filled(line, lambda name: settings.get(name) or cells(name))


def _filled(line: Line, of: Callable[[str], Formula]) -> Row:
    return filled(line.template, **{name: of(name) for name in re.findall(r"{(\w+)}", line.template)})
