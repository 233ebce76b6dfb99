"""`chainrule explain [MODEL] --by w/2/0/0`: one derivative, worked out and checked."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Annotated, Any

import numpy as np
import typer

from chainrule.backward import gradient
from chainrule.cli.examples import Examples, Given, check_no_id, convention_of, example_of
from chainrule.cli.options import L1, L2, Author, Decay, ModelOrChain, OneRule, Own, PenalizeBiases, Which
from chainrule.cli.output import say, say_document, say_json, say_result
from chainrule.cli.remembered import Asked
from chainrule.cli.usage import one_of
from chainrule.errors import SettingError, unknown_name
from chainrule.explanation.all_derivatives import all_derivatives
from chainrule.explanation.derivation import Derivation
from chainrule.explanation.derivative import explain
from chainrule.explanation.forms import FORMS
from chainrule.ids import of_entry
from chainrule.writing import html


def command(
    *,
    model: ModelOrChain = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="With respect to what: a weight w/l/j/k (to j from k), b/l/j, z/l/j, a/l/j or x/k; layers from 1, "
            "neurons from 0.  [default: the weight with the largest derivative]"
        ),
    ] = None,
    of: Annotated[str, typer.Option(help="What is differentiated: the cost C, or z/l/j, a/l/j of a neuron.")] = "C",
    form: Annotated[
        str | None,
        typer.Option(
            help=f"{', '.join(FORMS)}.  [default: product where a single path leads to the cost, else delta]",
            autocompletion=one_of(FORMS),
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every δ and every derivative of the cost instead, in tables by layer.")
    ] = False,
    rule: OneRule = None,
    l1: L1 = None,
    l2: L2 = None,
    decay: Decay = None,
    penalize_biases: PenalizeBiases = None,
    own: Own,
    convention: Author = None,
    which: Which,
    written: Annotated[
        str | None, typer.Option("--format", help="text, latex or html (a page with MathML).  [default: text]")
    ] = None,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="With --format latex or html: without the comparison behind the value.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the value, the checks and the text as JSON.")] = False,
) -> None:
    """Work out a derivative of one example, ∂C/∂w or any other, from symbols to numbers to independent checks."""
    if written is not None and written not in FORMATS:
        raise unknown_name("format", written, FORMATS)
    if written is not None and as_json:
        raise SettingError("--format and --json each say how it is written: give one of them")
    if no_check and written not in ("latex", "html"):
        raise SettingError("--no-check goes with --format latex or --format html")
    check_no_id(model, "explain")
    given = Given(model, *own)
    author, here = convention_of(given, convention), example_of("explain", given, which, of)
    if everything:
        if (by, form, written, of) != (None, None, None, "C"):
            raise SettingError("--all is every derivative of the cost: leave out --by, --of, --form and --format")
        if any(each is not None for each in (rule, l1, l2, decay, penalize_biases)):
            raise SettingError(
                "a rule and penalties go with one weight or bias: leave out --all, and name it with --by"
            )
        found = all_derivatives(here.network, here.x, here.y, cost=here.cost, convention=author)
        if as_json:
            say_json(found.to_json())
        else:
            say(here.about)
            say_result(found)
        return
    if by is None and here.y is None:
        raise SettingError(
            f"the steepest weight is the cost's, which takes a target: name one with --by, as in --of {of} --by w/1/0/0"
        )
    if by is None:
        by = "w/2/0/0" if given.is_chain else _steepest(here)
    step = _step(Asked(rule, None, l1, l2, decay, penalize_biases), here, of, by)
    derivation = explain(here.network, here.x, here.y, by, of=of, convention=author, cost=here.cost, form=form, **step)
    if as_json:
        say_json({"of": of, "by": by, **derivation.to_json()})
        return
    if written is not None and written != "text":
        say_document(FORMATS[written](derivation, here.about, not no_check))
        return
    say(here.about)
    say_result(derivation)


def _step(asked: Asked, here: Examples, of: str, by: str) -> dict[str, Any]:
    """The penalty and the rule of the training, where they are asked for or the model was trained with a penalty or decay."""
    is_asked = any(value is not None for value in vars(asked).values())
    if not is_asked and (of != "C" or by.strip()[:1] not in ("w", "b")):
        return {}
    step = asked.step(here.notes)
    return step if is_asked or step["l1"] or step["l2"] or step["decay"] else {}


def _page(derivation: Derivation, about: str, check: bool) -> str:
    return html.page(str(derivation.left), f"<p>{escape(about)}</p>", derivation.html(check=check))


FORMATS: dict[str, Callable[[Derivation, str, bool], str]] = {
    "text": lambda derivation, about, check: str(derivation),
    "latex": lambda derivation, about, check: derivation.latex(check=check) + "\n",
    "html": _page,
}


def _steepest(here: Examples) -> str:
    """The weight with the largest slope."""
    with np.errstate(all="ignore"):  # an overflow is reported later, by the explanation
        slopes = gradient(here.network, here.x, here.y, here.cost)
    flat = slopes.map(lambda array: array * (array.ndim == 2)).flat()  # weights alone
    return str(of_entry(slopes, int(np.abs(flat).argmax())))
