"""`chainrule page NAME [MODEL]`: one update in six steps, the four equations, pseudocode, a proof, the network as a formula."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any

import typer

from chainrule.cli.examples import Given, convention_of, example_of
from chainrule.cli.options import L1, L2, STEP, Author, Decay, ModelOrChain, OneRule, Own, PenalizeBiases, Which
from chainrule.cli.output import say, say_document, say_json, say_result
from chainrule.cli.remembered import Asked
from chainrule.cli.usage import PAGES
from chainrule.errors import SettingError, brief, unknown_name
from chainrule.explanation.nested_formula import nested_formula
from chainrule.explanation.proof import proof
from chainrule.explanation.pseudocode import pseudocode
from chainrule.explanation.summary import summary
from chainrule.explanation.worksheet import worksheet
from chainrule.writing import html
from chainrule.writing.sheet import Sheet

FORMATS = ("text", "latex", "html")
OF_ANY = {"equations": summary, "pseudocode": pseudocode}  # of any network, in a convention


def command(
    *,
    name: Annotated[
        str, typer.Argument(help="worksheet (one update in six steps), equations, pseudocode, proof or formula.")
    ],
    model: ModelOrChain = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="η of the worksheet's update.  [default: that of the rule]", rich_help_panel=STEP),
    ] = None,
    rule: OneRule = None,
    l1: L1 = None,
    l2: L2 = None,
    decay: Decay = None,
    penalize_biases: PenalizeBiases = None,
    dropout: Annotated[
        str | None,
        typer.Option(
            help="Leave out this share of the hidden neurons, or shares of the inputs and each layer, as train does in its "
            "first step with --seed.",
            rich_help_panel=STEP,
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Decides which neurons those are.  [default: 0]", rich_help_panel=STEP)
    ] = None,
    own: Own,
    convention: Author = None,
    which: Which,
    written: Annotated[
        str | None, typer.Option("--format", help="text, latex or html (a page with MathML).  [default: text]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print title, convention and text as JSON.")] = False,
) -> None:
    """Print a page with the numbers of one example: a worksheet, a proof, a formula; or the equations of any network."""
    if name not in PAGES:
        raise unknown_name("page", name, PAGES)
    if written is not None and written not in FORMATS:
        raise unknown_name("format", written, FORMATS)
    if written is not None and as_json:
        raise SettingError("--format and --json each say how it is written: give one of them")
    asked = Asked(rule, learning_rate, l1, l2, decay, penalize_biases)
    _check_worksheet(name, {**vars(asked), "dropout": dropout, "seed": seed})
    given = Given(model, *own)
    author, about = convention_of(given, convention), ""
    if name in OF_ANY:
        if not given.is_chain or any(each is not None for each in (own.x, own.y, *which)):
            raise SettingError(f"the page {name} is of any network: chainrule page {name} --convention {author}")
        sheet = OF_ANY[name](author)
    else:
        here = example_of("page worksheet", given, which)
        about = here.about
        if name == "worksheet":
            step = {**asked.step(here.notes), "seed": seed or 0, "dropout": 0.0 if dropout is None else _rates(dropout)}
            sheet = worksheet(here.network, here.x, here.y, convention=author, cost=here.cost, **step)
        elif name == "proof":
            sheet = proof(author, here.network, here.x, here.y, here.cost)
        else:
            sheet = nested_formula(here.network, author, here.x)
    _print(sheet, about, written or "text", as_json)


def _rates(text: str) -> float | list[float]:
    """The shares of --dropout. Raises SettingError where one is not a number."""
    try:
        rates = [float(part) for part in text.split(",")]
    except ValueError:
        raise SettingError(f"--dropout takes shares, as 0.5 or 0.2,0.5; got {brief(text)}") from None
    return rates if len(rates) > 1 else rates[0]


def _check_worksheet(name: str, asked: dict[str, Any]) -> None:
    """Raises SettingError for an option of the worksheet with another page."""
    for option, value in asked.items():
        if value is not None and name != "worksheet":
            flag, number = f"--{option.replace('_', '-')}", f"{value:g}" if isinstance(value, float) else str(value)
            written = flag if isinstance(value, bool) else f"{flag} {number}"
            raise SettingError(f"{flag} is the worksheet's: chainrule page worksheet {written}")


def _print(sheet: Sheet, about: str, written: str, as_json: bool) -> None:
    if as_json:
        say_json(sheet.to_json())
    elif written == "latex":
        say_document(sheet.latex() + "\n")
    elif written == "html":
        say_document(html.page(sheet.title, f"<p>{escape(about)}</p>" if about else "", sheet.html()))
    else:
        if about:
            say(about)
            say()
        say_result(sheet)
