"""`chainrule predict MODEL DATA`: the network's answers, a line a row."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from chainrule.cli.output import counted, say, say_json, tell
from chainrule.errors import FileError
from chainrule.files import check_writable, write_atomically
from chainrule.json_text import json_text
from chainrule.prediction import answered, outputs, scored_outputs
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
    if Path(data).suffix == ".safetensors":
        raise FileError(f"{data} is a model, and DATA is a table: chainrule predict {_in_order(model, data)}")
    if output is not None:
        check_writable(output, "answers.json" if as_json else "answers.csv")
        _check_not_input(output, model, data)
    network = load(model)
    terms = network.preprocessing
    table = read_table(data, terms.target_name if terms is not None else None, optional=True)
    given = outputs(network, table)
    answers = answered(network, given)
    score = None if table.target is None else scored_outputs(network, given, table.target)
    found = {"predictions": answers, **({} if score is None else {score.measure: score.value})}
    if output is not None:
        text = json_text(found) + "\n" if as_json else _lines(answers)
        write_atomically(output, text.encode("utf-8", "backslashreplace"))
    elif as_json:
        say_json(found)
    else:
        say(_lines(answers), end="")
    if score is not None and not (quiet or as_json):
        tell(f"{score.title} {score.value:.4f} on {counted(len(table), 'row')}")


def _in_order(model: Path, data: str) -> str:
    """The command that was meant where the model was named last."""
    return "MODEL DATA" if model.suffix == ".safetensors" else f"{data} {model}"


def _check_not_input(output: Path, model: Path, data: str) -> None:
    """Raises FileError where the answers would be written over what they are made from."""
    for what, given in (("model", model), ("data", Path(data))):
        if output.exists() and given.exists() and output.samefile(given):
            raise FileError(f"--output {output} is the {what} itself, which would be lost: name another file")


def _lines(answers: np.ndarray) -> str:
    """One line a row; where a row has several numbers, or a label has commas, as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(answers.reshape(len(answers), -1).tolist())
    return stream.getvalue()
