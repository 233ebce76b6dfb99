"""`chainrule explore [MODEL]`: one HTML page in which a network's weights are moved by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.examples import Given, check_no_id, convention_of, examples_around
from chainrule.cli.keeping import RECORD_SUFFIX
from chainrule.cli.options import EXAMPLE, WRITTEN, Author, CostName, ExampleData, ModelOrChain, Own
from chainrule.cli.output import tell
from chainrule.cli.saved_run import opened
from chainrule.cli.written import check_not_read, check_text
from chainrule.errors import FileError, ShapeError, counted
from chainrule.explorer import explore
from chainrule.explorer.contents import fitting
from chainrule.network import Network
from chainrule.records import load_record


def command(
    *,
    model: ModelOrChain = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="What is selected first: w/l/j/k (to j from k), b/l/j, z/l/j, a/l/j or x/k; layers from 1, neurons from 0.  "
            "[default: the weight with the largest derivative]"
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            help="The networks of its training as it learnt, a file of chainrule.save_record.", rich_help_panel=EXAMPLE
        ),
    ] = None,
    own: Own,
    cost: CostName = None,
    data: ExampleData = None,
    row: Annotated[
        int | None,
        typer.Option(
            help="Which row of it is shown first, from 0.  [default: a misread one, if there is one]",
            rich_help_panel=EXAMPLE,
        ),
    ] = None,
    convention: Author = None,
    title: Annotated[str | None, typer.Option(help="What the page is called.", rich_help_panel=WRITTEN)] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write the page to this .html file.  [default: a file named after the model]",
            rich_help_panel=WRITTEN,
        ),
    ] = None,
    open_it: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser.", rich_help_panel=WRITTEN)
    ] = False,
) -> None:
    """Write one HTML page in which weights, biases, inputs and targets are dragged, and values, curve and formula follow."""
    check_no_id(model, "explore")
    given = Given(model, *own)
    given.check("explore", data, row)
    page = output or Path(f"{_stem(given)}-explorer.html")
    _check_output(page, model, data, record)
    snapshots = None if record is None else load_record(record)
    here, numbers = examples_around(given, data, row, cost)
    if record is None and model is not None:
        snapshots = _record_beside(model, here.network)
    made = explore(
        here.network,
        here.x,
        here.y,
        here.cost,
        row=None if row is None else numbers.index(row),
        by="w/2/0/0" if by is None and given.is_chain else by,
        snapshots=snapshots,
        convention=convention_of(given, convention),
        title=title or _title(given),
        numbers=numbers,
    )
    replaces = page.exists()
    made.save(page)
    tell(f"wrote {page}{', over the one before' if replaces else ''}")
    opened(page, open_it)


def _record_beside(model: Path, network: Network) -> dict[int, Network]:
    """The networks of its training that `train --record` saved beside a model, as many as the page holds."""
    file = model.with_suffix(RECORD_SUFFIX)
    if file == model or not file.is_file():
        return {}
    try:
        found = fitting(network, load_record(file))
    except (FileError, ShapeError) as error:
        tell(f"without {file}: {error}")
        return {}
    if found:
        tell(f"with {file}, its training: {counted(len(found), 'epoch')} from {min(found)} to {max(found)}")
    return found


def _stem(given: Given) -> str:
    return "chain" if given.is_chain else "own" if given.model is None else given.model.stem


def _title(given: Given) -> str:
    """What the page is called: its model."""
    if given.is_chain:
        return "The chain x → ● → ● → ●"
    return "A network of your own" if given.model is None else given.model.name


def _check_output(page: Path, model: Path | None, data: str | None, record: Path | None) -> None:
    """Raises FileError where the page cannot be written there, or would replace what is read."""
    check_text(page, "explorer.html", {"model": model, "data": data}, "--output")
    check_not_read(page, {"record": record}, "--output")
    if page.suffix.lower() not in (".html", ".htm"):
        raise FileError(
            f"--output {page}: the page is written into a file that ends in .html, as {page.with_suffix('.html')}"
        )
