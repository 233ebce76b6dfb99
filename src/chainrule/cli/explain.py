"""`chainrule explain [MODEL] --by w/2/0/0`: one derivative, worked out and checked."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from chainrule.backward import gradient
from chainrule.cli.examples import example_of
from chainrule.cli.output import say, say_document, say_json
from chainrule.cli.worked_example import convention_of, worked
from chainrule.costs import Cost
from chainrule.errors import FileError, SettingError, unknown_name
from chainrule.explanation.derivation import Derivation
from chainrule.explanation.derivative import explain
from chainrule.explanation.forms import FORMS
from chainrule.ids import of_entry
from chainrule.network import Network
from chainrule.writing import html


def command(
    model: Annotated[
        Path | None, typer.Argument(help="A model's file; without one, the chain of the worked example.")
    ] = None,
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
    convention: Annotated[
        str | None, typer.Option(help="Whose way of writing: s0, s1, s2, s3 or s4; else s2, and s1 without a model.")
    ] = None,
    cost: Annotated[str | None, typer.Option(help="The cost; else the one the model was trained with.")] = None,
    data: Annotated[
        str | None, typer.Option(help="Where the example is from; else the data the model was trained on.")
    ] = None,
    row: Annotated[int | None, typer.Option(help="Which row of it, from 0; else the first.")] = None,
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
    if model is None and (data is not None or row is not None):
        raise SettingError("--data and --row go with a model: chainrule explain MODEL --data FILE --row 3")
    author = convention_of(model, convention)
    network, x, y, about, the_cost = _example(model, data, row or 0, convention, cost, of)
    if by is None and y is None:
        raise SettingError(
            f"the steepest weight is the cost's, which takes a target: name one with --by, as in --of {of} --by w/1/0/0"
        )
    target = _default(model, network, x, y, author, the_cost) if by is None else by
    derivation = explain(network, x, y, target, of=of, convention=author, cost=the_cost, form=form)
    if as_json:
        say_json({"of": of, "by": target, **derivation.to_json()})
        return
    if written is not None and written != "text":
        say_document(FORMATS[written](derivation, about))
        return
    say(about)
    say(str(derivation))


def _page(derivation: Derivation, about: str) -> str:
    return html.page(str(derivation.left), f"<p>{escape(about)}</p>", derivation.html())


FORMATS: dict[str, Callable[[Derivation, str], str]] = {
    "text": lambda derivation, about: str(derivation),
    "latex": lambda derivation, about: derivation.latex() + "\n",
    "html": _page,
}


def _default(model: Path | None, network: Network, x: Any, y: Any, convention: str, cost: Cost | None) -> str:
    """The weight that is explained when none is named: of the worked example the middle one, of a model the steepest."""
    if model is None:
        return "w/2/0/0"
    with np.errstate(all="ignore"):  # what overflows is said in words, when it is explained
        slopes = gradient(network, x, y, cost)
    flat = slopes.map(lambda array: array * (array.ndim == 2)).flat()  # weights alone
    return str(of_entry(slopes, int(np.abs(flat).argmax())))


def _example(
    model: Path | None, data: str | None, row: int, convention: str | None, cost: str | None, of: str
) -> tuple[Network, Any, Any, str, Cost | None]:
    """The chain, or the model with one row of its data in the network's terms; a line about that, and the cost meant."""
    if model is None:
        it = worked(cost)
        return it.network, it.x, it.y, it.about, it.cost
    if not model.exists() and "/" in str(model) and model.parts[0] in ("w", "b"):
        raise FileError(
            f"there is no file {model}; a weight or a bias is named with --by: chainrule explain --by {model}"
        )
    found = example_of(model, data, row, cost, of)
    return found.network, found.x[0], None if found.y is None else found.y[0], found.about, found.cost
