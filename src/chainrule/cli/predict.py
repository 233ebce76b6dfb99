"""`chainrule predict MODEL DATA`: the network's answers, a line a row."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from chainrule.cli.output import say_json, tell
from chainrule.files import write_atomically
from chainrule.prediction import predict, score
from chainrule.storage import load
from chainrule.tables import read_table


def command(
    model: Annotated[Path, typer.Argument(help="A model's file, as written by chainrule train.")],
    data: Annotated[str, typer.Argument(help="The rows: a CSV, NPZ or IDX file, or a shipped set.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the answers there instead.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not print the score.")] = False,
) -> None:
    """Answer for every row in the target's own terms: labels, or numbers in their unit. With the target in DATA, score too."""
    network = load(model)
    terms = network.preprocessing
    table = read_table(data, terms.target_name if terms is not None else None, optional=True)
    answers = np.asarray(predict(network, table))
    scored = score(network, table) if table.target is not None else None
    name = "accuracy" if terms is not None and terms.labels is not None else "r_squared"
    if as_json:
        say_json({"predictions": answers, **({} if scored is None else {name: scored})})
        return
    text = _lines(answers)
    if output is None:
        print(text, end="", flush=True)
    else:
        write_atomically(output, text.encode())
    if scored is not None and not quiet:
        tell(f"{'R²' if name == 'r_squared' else name} {scored:.4f} on {len(table):,} rows")


def _lines(answers: np.ndarray) -> str:
    """One line a row; where a row has several numbers, or a label has commas, as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(answers.reshape(len(answers), -1).tolist())
    return stream.getvalue()
