"""`chainrule explain [MODEL] --by w/2/0/0`: one derivative, worked out and checked."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Annotated

import numpy as np
import typer

from chainrule.backward import gradient
from chainrule.cli.examples import Examples, Given, check_no_id, convention_of, example_of
from chainrule.cli.options import (
    Author,
    Biases,
    CostName,
    ExampleData,
    ModelOrChain,
    OwnActivation,
    OwnX,
    OwnY,
    Row,
    Weights,
)
from chainrule.cli.output import say, say_document, say_json, say_result
from chainrule.errors import SettingError, unknown_name
from chainrule.explanation.derivation import Derivation
from chainrule.explanation.derivative import explain
from chainrule.explanation.forms import FORMS
from chainrule.ids import of_entry
from chainrule.writing import html


def command(
    model: ModelOrChain = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="By what: a weight w/l/j/k (to j from k), b/l/j, z/l/j, a/l/j or x/k; layers from 1, neurons from 0; else "
            "the steepest weight."
        ),
    ] = None,
    of: Annotated[str, typer.Option(help="What is differentiated: the cost C, or z/l/j, a/l/j of a neuron.")] = "C",
    form: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(FORMS)}; else product where a single way leads to the cost, and delta."),
    ] = None,
    weights: Weights = None,
    biases: Biases = None,
    activation: OwnActivation = None,
    x: OwnX = None,
    y: OwnY = None,
    convention: Author = None,
    cost: CostName = None,
    data: ExampleData = None,
    row: Row = None,
    written: Annotated[
        str | None, typer.Option("--format", help="text, latex or html (a page with MathML); else text.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the value, the checks and the text as JSON.")] = False,
) -> None:
    """Work out a derivative of one example, ∂C/∂w or any other, from symbols to numbers to independent checks."""
    if written is not None and written not in FORMATS:
        raise unknown_name("format", written, FORMATS)
    if written is not None and as_json:
        raise SettingError("--format and --json each say how it is written: give one of them")
    check_no_id(model, "explain")
    given = Given(model, weights, biases, activation, x, y)
    author, here = convention_of(given, convention), example_of("explain", given, data, row, cost, of)
    if by is None and here.y is None:
        raise SettingError(
            f"the steepest weight is the cost's, which takes a target: name one with --by, as in --of {of} --by w/1/0/0"
        )
    if by is None:
        by = "w/2/0/0" if given.is_chain else _steepest(here)
    derivation = explain(here.network, here.x, here.y, by, of=of, convention=author, cost=here.cost, form=form)
    if as_json:
        say_json({"of": of, "by": by, **derivation.to_json()})
        return
    if written is not None and written != "text":
        say_document(FORMATS[written](derivation, here.about))
        return
    say(here.about)
    say_result(derivation)


def _page(derivation: Derivation, about: str) -> str:
    return html.page(str(derivation.left), f"<p>{escape(about)}</p>", derivation.html())


FORMATS: dict[str, Callable[[Derivation, str], str]] = {
    "text": lambda derivation, about: str(derivation),
    "latex": lambda derivation, about: derivation.latex() + "\n",
    "html": _page,
}


def _steepest(here: Examples) -> str:
    """The weight with the largest slope."""
    with np.errstate(all="ignore"):  # what overflows is said in words, when it is explained
        slopes = gradient(here.network, here.x, here.y, here.cost)
    flat = slopes.map(lambda array: array * (array.ndim == 2)).flat()  # weights alone
    return str(of_entry(slopes, int(np.abs(flat).argmax())))
