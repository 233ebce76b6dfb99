"""Options that several commands have, each said once; help lists them below the headings."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

from chainrule.cli.usage import one_of
from chainrule.costs import NAMED as COSTS
from chainrule.texts import NAMES
from chainrule.updates import NAMED as RULES

EXAMPLE, WRITTEN, OWN = "Which example", "How it is written", "A network of your own"
STEP = "How it was trained"  # a model's file remembers it

ModelOrChain = Annotated[
    Path | None,
    typer.Argument(
        help="A model's file, or a network of your own in JSON or CSV; without one, the chain of the worked example."
    ),
]
CostName = Annotated[
    str | None,
    typer.Option(
        "--cost",
        help="The cost.  [default: the one the model was trained with]",
        rich_help_panel=EXAMPLE,
        autocompletion=one_of(COSTS),
    ),
]
ExampleData = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="Where the example is from.  [default: the data the model was trained on]",
        rich_help_panel=EXAMPLE,
    ),
]
RowsData = Annotated[
    str | None, typer.Option("--data", help="Where the rows are from.  [default: the data the model was trained on]")
]
Row = Annotated[
    int | None, typer.Option("--row", help="Which row of it, from 0.  [default: the first]", rich_help_panel=EXAMPLE)
]
Author = Annotated[
    str | None,
    typer.Option(
        "--convention",
        help=f"Whose notation: {', '.join(NAMES)} (in short s0 … s4).  [default: nielsen, and 3blue1brown without a model]",
        rich_help_panel=WRITTEN,
        autocompletion=one_of(NAMES),
    ),
]

Weights = Annotated[
    list[str] | None,
    typer.Option(
        "--weights",
        help="A network of your own instead of MODEL: its weights, a row for each neuron, layers after a | or another "
        '--weights, as "0.5 -1; 1.5 0.3 | 1 -2".',
        rich_help_panel=OWN,
    ),
]
Biases = Annotated[
    list[str] | None,
    typer.Option(
        "--biases", help='Its biases by layer, such as "0.1 0 | 0.2", or none.  [default: 0]', rich_help_panel=OWN
    ),
]
OwnActivation = Annotated[
    str | None,
    typer.Option(
        "--activation",
        help="Its activation, or one for each layer, such as tanh,sigmoid.  [default: sigmoid]",
        rich_help_panel=OWN,
    ),
]
OwnX = Annotated[
    str | None,
    typer.Option(
        "--x",
        help="The inputs of an example, such as 0.6,-0.4; several examples with ; between them.",
        rich_help_panel=OWN,
    ),
]
OwnY = Annotated[
    str | None, typer.Option("--y", help="Its target, numbers or a class, such as 1 or 1,0.", rich_help_panel=OWN)
]

OneRule = Annotated[
    str | None,
    typer.Option(
        "--rule",
        help=f"The rule of the update: {', '.join(RULES)}, with settings as in adamw:decay=0.1.  [default: the rule the model "
        "was trained with, and delta_rule without a model]",
        rich_help_panel=STEP,
        autocompletion=one_of(RULES),
    ),
]
L1 = Annotated[
    float | None,
    typer.Option(
        "--l1", help="l1 · Σ|w| is minimised beside the cost.  [default: as in the training]", rich_help_panel=STEP
    ),
]
L2 = Annotated[
    float | None,
    typer.Option(
        "--l2", help="½ · l2 · Σ w² is minimised beside the cost.  [default: as in the training]", rich_help_panel=STEP
    ),
]
Decay = Annotated[
    float | None,
    typer.Option(
        "--decay", help="Each weight decays by η · decay · w.  [default: as in the training]", rich_help_panel=STEP
    ),
]
PenalizeBiases = Annotated[
    bool | None,
    typer.Option(
        "--penalize-biases/--no-penalize-biases",
        help="The same of the biases.  [default: as in the training]",
        rich_help_panel=STEP,
    ),
]


class Own(NamedTuple):
    """The options of a network of a user's own, and of an example."""

    weights: Weights = None
    biases: Biases = None
    activation: OwnActivation = None
    x: OwnX = None
    y: OwnY = None


class Which(NamedTuple):
    """The options that say which example of a model's data is looked at, and with which cost."""

    cost: CostName = None
    data: ExampleData = None
    row: Row = None


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command for Typer, in whose signature each parameter that is an Own or a Which stands as the options in it."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if hint in (Own, Which)}
    parameters: list[inspect.Parameter] = []
    for each in inspect.signature(command).parameters.values():
        options = groups.get(each.name)
        own = {each.name: hints[each.name]} if options is None else get_type_hints(options, include_extras=True)
        defaults = {each.name: each.default} if options is None else options._field_defaults
        parameters += [each.replace(name=name, annotation=hint, default=defaults[name]) for name, hint in own.items()]

    @functools.wraps(command)
    def called(**given: Any) -> None:
        grouped = {name: group(*map(given.pop, group._fields)) for name, group in groups.items()}
        command(**given, **grouped)

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called
