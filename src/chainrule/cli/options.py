"""Options that several commands have, each said once; `show` lists them below the headings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.texts import NAMES

EXAMPLE, WRITTEN = "Which example", "How it is written"

ModelOrChain = Annotated[
    Path | None, typer.Argument(help="A model's file; without one, the chain of the worked example.")
]
CostName = Annotated[
    str | None,
    typer.Option("--cost", help="The cost; else the one the model was trained with.", rich_help_panel=EXAMPLE),
]
ExampleData = Annotated[
    str | None,
    typer.Option(
        "--data", help="Where the example is from; else the data the model was trained on.", rich_help_panel=EXAMPLE
    ),
]
RowsData = Annotated[
    str | None, typer.Option("--data", help="Where the rows are from; else the data the model was trained on.")
]
Row = Annotated[
    int | None, typer.Option("--row", help="Which row of it, from 0; else the first.", rich_help_panel=EXAMPLE)
]
Author = Annotated[
    str | None,
    typer.Option(
        "--convention",
        help=f"Whose notation: {', '.join(NAMES)} (in short s0 … s4); else nielsen, and 3blue1brown without a model.",
        rich_help_panel=WRITTEN,
    ),
]
